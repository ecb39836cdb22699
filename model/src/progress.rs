//! What something long says on stderr meanwhile, so that nobody takes it for dead.

use core::time::Duration;
use std::io::Write;
use std::time::Instant;

/// How long a search or a run may be silent.
const QUIET: Duration = Duration::from_secs(3);

/// When it began, and when it last said something.
pub(crate) struct Progress {
    start: Instant,
    said: Instant,
    /// How long it may be silent.
    most: Duration,
}

impl Progress {
    pub(crate) fn begin() -> Self {
        Self::every(QUIET)
    }

    fn every(most: Duration) -> Self {
        let now = Instant::now();
        Self { start: now, said: now, most }
    }

    /// Since it began.
    pub(crate) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// How long it may still be silent: then there is something to tell.
    pub(crate) fn quiet(&self) -> Duration {
        self.most.saturating_sub(self.said.elapsed())
    }

    /// Says how far it is, if it has been silent for so long.
    pub(crate) fn tell(&mut self, how_far: impl FnOnce(Duration) -> String) {
        if self.quiet().is_zero() {
            self.said = Instant::now();
            say(&how_far(self.elapsed()));
        }
    }
}

/// Writes a line to stderr, past libtest's capture.
pub fn say(line: &str) {
    let _ = std::io::stderr().write_all(format!("{line}\n").as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_asked_how_far_it_is_only_after_a_silence() {
        let mut progress = Progress::every(Duration::from_secs(3600));
        progress.tell(|_| unreachable!("it has just begun"));
        let mut progress = Progress::every(Duration::from_millis(20));
        let mut told = 0;
        while told < 2 {
            std::thread::sleep(progress.quiet());
            progress.tell(|elapsed| {
                told += 1;
                assert!(elapsed >= Duration::from_millis(20 * told), "{elapsed:?} after {told}");
                format!("told {told} times")
            });
        }
    }
}
