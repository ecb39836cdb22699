//! How long a stripe's line is, without a look at the stripe, under std.

use super::Ordering;
use std::sync::atomic::AtomicU64;

/// A hint for those who wait in a stripe's line: how many stand before them by now. As old as it may be, and too low if somebody
/// behind has left the line; nothing but how a waiter passes its time may follow from it.
#[derive(Debug)]
pub(crate) struct Line {
    /// Whose turn is next: the oldest id, if those in line have consecutive ones.
    turn: AtomicU64,
}

impl Line {
    pub(crate) fn new() -> Self {
        Self { turn: AtomicU64::new(0) }
    }

    /// Notes that so many waited after a commit, and that `next` is the id that nobody has yet.
    pub(crate) fn note(&self, waiting: u32, next: u64) {
        let turn = next.saturating_sub(waiting.into());
        // ORDERING: Relaxed: a hint that nothing is published with. Written only if it changes, so that who queues up behind
        // others leaves the cache line alone.
        if self.turn.load(Ordering::Relaxed) != turn {
            self.turn.store(turn, Ordering::Relaxed);
        }
    }

    /// How many stand before this id.
    pub(crate) fn ahead_of(&self, id: u64) -> u32 {
        // ORDERING: Relaxed: as above.
        id.saturating_sub(self.turn.load(Ordering::Relaxed)).try_into().unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_waiter_comes_nearer_as_others_are_served() {
        let line = Line::new();
        line.note(1, 8);
        assert_eq!(line.ahead_of(7), 0);
        line.note(3, 10);
        assert_eq!([7, 8, 9].map(|id| line.ahead_of(id)), [0, 1, 2]);
        line.note(1, 10);
        assert_eq!([7, 9].map(|id| line.ahead_of(id)), [0, 0], "one has been served, one is next");
        line.note(0, 10);
        assert_eq!(line.ahead_of(u64::MAX), u32::MAX);
    }
}
