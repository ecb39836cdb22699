//! The line that shows a run at work.

use crate::report::per_second;
use crate::run::Live;
use core::time::Duration;
use std::io::{self, IsTerminal, Write};

/// Writes progress to standard error: one line rewritten five times a second on a terminal, otherwise a line a second.
#[derive(Debug)]
pub struct Progress {
    is_terminal: bool,
    next: Duration,
    last: (Duration, u64),
}

impl Progress {
    /// Nothing is shown yet.
    #[must_use]
    pub fn start() -> Self {
        Self { is_terminal: io::stderr().is_terminal(), next: Duration::ZERO, last: (Duration::ZERO, 0) }
    }

    fn interval(&self) -> Duration {
        if self.is_terminal { Duration::from_millis(200) } else { Duration::from_secs(1) }
    }

    /// Shows this moment, if it is time to.
    pub fn show(&mut self, live: &Live) {
        if live.elapsed < self.next {
            return;
        }
        self.next = live.elapsed + self.interval();
        let line = self.line(live);
        let (before, after) = if self.is_terminal { ("\r\x1b[2K", "") } else { ("", "\n") };
        // Nobody is left to be told if standard error is gone.
        let _ = write!(io::stderr().lock(), "{before}{line}{after}");
    }

    /// The rate is that since the last line.
    fn line(&mut self, live: &Live) -> String {
        let (then, before) = core::mem::replace(&mut self.last, (live.elapsed, live.operations));
        let rate = per_second(live.operations - before, live.elapsed.saturating_sub(then));
        let replayed = live.replayed.map_or_else(String::new, |count| format!("  {count:>9} replayed"));
        format!(
            "{:5.1} s  {:>9} operations  {rate:>7.0}/s  {}/{} open  {:>3} waiting  {:>6} timed out{replayed}",
            live.elapsed.as_secs_f64(),
            live.operations,
            live.open,
            live.limit,
            live.waiting,
            live.timed_out,
        )
    }

    /// Clears the line.
    pub fn end(self) {
        if self.is_terminal {
            let _ = write!(io::stderr().lock(), "\r\x1b[2K");
        }
    }
}
