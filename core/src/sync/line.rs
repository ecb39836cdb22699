//! How long a stripe's line is, without a look at the stripe, under std.

use super::Ordering;
use crate::stripe::queue::ENDS;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64};

/// So many waits that were spent awake in vain, more than others, make a line slow, and as many the other way round make it quick.
/// More than one hiccup of the machine lengthens: all who stand in a short line.
const SLOW: u8 = 32;

/// Hints about a stripe's line, for those who wait in it or are about to: whether there is one, how many stand before a
/// waiter by now, and whether it has been slow. Each is as old as it may be, and the number is too low if somebody behind has left
/// the line; nothing but how a waiter passes its time, and whether it looks for something idle first, may follow from them.
///
/// On the head's cache line: who notes has just changed the head, and who tells seldom writes.
#[derive(Debug)]
pub(crate) struct Line {
    /// Whose turn is next: the oldest id, if those in line have consecutive ones.
    turn: AtomicU64,
    is_formed: AtomicBool,
    is_long: AtomicBool,
    /// Counts waits that were spent awake in vain up and others down, from 0 to twice [`SLOW`].
    slowness: AtomicU8,
}

impl Line {
    pub(crate) fn new() -> Self {
        Self {
            turn: AtomicU64::new(0),
            is_formed: AtomicBool::new(false),
            is_long: AtomicBool::new(false),
            slowness: AtomicU8::new(0),
        }
    }

    /// Notes that so many waited after a commit, and that `next` is the id that nobody has yet.
    pub(crate) fn note(&self, waiting: u32, next: u64) {
        let turn = next.saturating_sub(waiting.into());
        // ORDERING: Relaxed, both: hints that nothing is published with. Written only if they change, so that who queues up
        // behind others leaves the cache line alone.
        if self.turn.load(Ordering::Relaxed) != turn {
            self.turn.store(turn, Ordering::Relaxed);
        }
        note(&self.is_formed, waiting > 0);
        note(&self.is_long, waiting > ENDS);
    }

    /// Whether somebody waits.
    #[inline]
    pub(crate) fn is_formed(&self) -> bool {
        // ORDERING: Relaxed: as above.
        self.is_formed.load(Ordering::Relaxed)
    }

    /// Whether so many wait that there is a tree to change, which takes time.
    #[inline]
    pub(crate) fn is_long(&self) -> bool {
        // ORDERING: Relaxed: as above.
        self.is_long.load(Ordering::Relaxed)
    }

    /// Takes note of a wait that has ended: whether it was no use to stay awake.
    pub(crate) fn tell(&self, was_in_vain: bool) {
        // ORDERING: Relaxed, both: as above. One of two that meet may be lost. Steady, as most lines are, it is not written.
        let before = self.slowness.load(Ordering::Relaxed);
        let after = if was_in_vain { before.saturating_add(1).min(2 * SLOW) } else { before.saturating_sub(1) };
        if after != before {
            self.slowness.store(after, Ordering::Relaxed);
        }
    }

    /// Whether it was no use to stay awake in most of the waits of late.
    pub(crate) fn is_slow(&self) -> bool {
        // ORDERING: Relaxed: as above.
        self.slowness.load(Ordering::Relaxed) >= SLOW
    }

    /// How many stand before this id.
    pub(crate) fn ahead_of(&self, id: u64) -> u32 {
        // ORDERING: Relaxed: as above.
        id.saturating_sub(self.turn.load(Ordering::Relaxed)).try_into().unwrap_or(u32::MAX)
    }
}

fn note(hint: &AtomicBool, holds: bool) {
    // ORDERING: Relaxed, both: as above.
    if hint.load(Ordering::Relaxed) != holds {
        hint.store(holds, Ordering::Relaxed);
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

    #[test]
    fn a_line_is_formed_as_long_as_somebody_waits() {
        let line = Line::new();
        assert!(!line.is_formed());
        for waiting in [2, 1, 0] {
            line.note(waiting, 2);
            assert_eq!(line.is_formed(), waiting > 0);
        }
    }

    #[test]
    fn a_line_is_long_while_more_wait_than_its_ends_hold() {
        let line = Line::new();
        assert!(!line.is_long());
        for (waiting, is_long) in [(16, false), (17, true), (1000, true), (16, false), (0, false)] {
            line.note(waiting, 2000);
            assert_eq!(line.is_long(), is_long);
        }
    }

    #[test]
    fn a_line_is_slow_after_32_more_waits_in_vain_than_others_and_quick_after_as_many_of_those() {
        let line = Line::new();
        let tell = |was_in_vain, times| {
            (0..times).for_each(|_| line.tell(was_in_vain));
            line.is_slow()
        };
        assert!(!tell(false, 1000));
        assert!(!tell(true, 31));
        assert!(tell(true, 1));
        assert!(tell(true, 1000), "32 and 31 more, however long it lasts");
        assert!(tell(false, 32));
        assert!(!tell(false, 1));
    }
}
