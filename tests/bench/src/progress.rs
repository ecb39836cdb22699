//! The line that shows a run at work, and how long it will take.

use core::time::Duration;
use std::io::{self, IsTerminal, Write};
use std::time::Instant;

/// Writes to standard error: one line rewritten on a terminal, otherwise a line every five seconds.
#[derive(Debug)]
pub struct Progress {
    is_terminal: bool,
    started: Instant,
    /// When the next line may be written.
    next: Duration,
    /// What was expected for all, and for what is done.
    expected: Duration,
    done: Duration,
}

impl Progress {
    /// Nothing is shown yet; all together is expected to take `expected`.
    pub fn start(expected: Duration) -> Self {
        Self {
            is_terminal: io::stderr().is_terminal(),
            started: Instant::now(),
            next: Duration::ZERO,
            expected,
            done: Duration::ZERO,
        }
    }

    /// Shows nothing.
    pub fn silent() -> Self {
        Self { next: Duration::MAX, is_terminal: false, ..Self::start(Duration::ZERO) }
    }

    /// What was expected to take `expected` is done.
    pub fn advance(&mut self, expected: Duration) {
        self.done += expected;
    }

    /// Shows what is under way, if it is time to.
    pub fn show(&mut self, what: &str) {
        let elapsed = self.started.elapsed();
        if elapsed < self.next {
            return;
        }
        let (interval, before, after) = if self.is_terminal { (200, "\r\x1b[2K", "") } else { (5_000, "", "\n") };
        self.next = elapsed + Duration::from_millis(interval);
        let left = clock(to_go(elapsed, self.done, self.expected));
        // Nobody is left to be told if standard error is gone.
        let _ = write!(io::stderr().lock(), "{before}{}  about {left} to go  {what}{after}", clock(elapsed));
    }

    /// Clears the line.
    pub fn end(self) {
        if self.is_terminal {
            let _ = write!(io::stderr().lock(), "\r\x1b[2K");
        }
    }
}

/// What is left, at the pace so far.
fn to_go(elapsed: Duration, done: Duration, expected: Duration) -> Duration {
    let left = expected.saturating_sub(done);
    // Too little to know the pace from.
    if done < Duration::from_millis(500) {
        return left;
    }
    left.mul_f64(elapsed.as_secs_f64() / done.as_secs_f64())
}

/// Minutes and seconds.
fn clock(time: Duration) -> String {
    format!("{}:{:02}", time.as_secs() / 60, time.as_secs() % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_follows_the_pace() {
        let seconds = Duration::from_secs;
        assert_eq!(to_go(seconds(0), seconds(0), seconds(60)), seconds(60));
        assert_eq!(to_go(seconds(20), seconds(10), seconds(60)), seconds(100));
        assert_eq!(to_go(seconds(20), seconds(70), seconds(60)), seconds(0));
    }

    #[test]
    fn a_time_reads_as_minutes_and_seconds() {
        assert_eq!(clock(Duration::from_secs(125)), "2:05");
    }
}
