//! How long a waiter stays awake before it parks, under std.

use std::time::{Duration, Instant};

/// With more in line before it, a waiter's turn is too far off to stay awake for.
const NEAR: u32 = 8;
/// A yield that takes longer has let somebody work.
const LONG: Duration = Duration::from_micros(5);
/// So many long ones if the turn is near: then those who work need the cores more.
const LONG_IF_NEAR: u32 = 8;
/// And if it is far: with as many threads ready to run as there are resources, often the turn has come when even this one ends.
const LONG_IF_FAR: u32 = 1;
/// And so much time in short ones, of cores that are idle otherwise.
const IDLE: Duration = Duration::from_micros(200);
/// With no more in line before it, a waiter that a yield has brought back looks some more before it yields again.
const NEXT: u32 = 1;
/// So often: about what the switch to another thread would cost.
const LOOKS: u32 = 30;

/// What is left of a waiter's yields. It yields its time slice before it parks, so that a hand-over meanwhile needs no system
/// call. Measured on 2 cores: 8 threads on 2 resources run 3 to 5 times as fast as with parking at once, 64 on 8 up to 1.5 times.
#[derive(Debug)]
pub(crate) struct Yields {
    long: u32,
    idle: Duration,
}

impl Yields {
    /// For a waiter that has so many in line before it.
    pub(crate) fn new(ahead: u32) -> Self {
        Self { long: if ahead <= NEAR { LONG_IF_NEAR } else { LONG_IF_FAR }, idle: IDLE }
    }

    /// Whether to yield once more, or to park.
    pub(crate) fn are_left(&self) -> bool {
        self.long > 0 && !self.idle.is_zero()
    }

    /// Yields.
    pub(crate) fn once(&mut self) {
        let start = Instant::now();
        std::thread::yield_now();
        self.count(start.elapsed());
    }

    /// How often a waiter looks for its result again after a yield, with so many in line before it by then, and spins after each
    /// look. Who is next is often served by a thread that runs on another core just now; another yield would let all others
    /// on this core go first, and under Linux each yield also counts as a slice of time used.
    #[allow(clippy::unused_self, reason = "part of the same policy")]
    pub(crate) fn looks(&self, ahead: u32) -> u32 {
        if ahead <= NEXT { LOOKS } else { 0 }
    }

    fn count(&mut self, took: Duration) {
        if took >= LONG {
            self.long = self.long.saturating_sub(1);
        } else {
            // At least a nanosecond, so that an end comes whatever the clock says.
            self.idle = self.idle.saturating_sub(took.max(Duration::from_nanos(1)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_last(ahead: u32, each: Duration, times: u32) {
        let mut yields = Yields::new(ahead);
        for done in 0..times {
            assert!(yields.are_left(), "parks after {done}");
            yields.count(each);
        }
        assert!(!yields.are_left(), "does not park after {times}");
    }

    #[test]
    fn a_waiter_whose_turn_is_near_lets_others_work_eight_times_and_another_once() {
        assert_last(0, LONG, 8);
        assert_last(8, Duration::from_secs(1), 8);
        assert_last(9, LONG, 1);
        assert_last(u32::MAX, LONG, 1);
    }

    #[test]
    fn nobody_stays_awake_beside_idle_cores_for_more_than_200_microseconds() {
        let short = Duration::from_micros(4);
        assert_last(0, short, 50);
        assert_last(9, short, 50);
        assert_last(0, Duration::ZERO, 200_000);
    }

    #[test]
    fn only_the_next_two_look_on_after_a_yield() {
        let yields = Yields::new(0);
        assert_eq!([0, 1, 2, u32::MAX].map(|ahead| yields.looks(ahead)), [LOOKS, LOOKS, 0, 0]);
    }

    #[test]
    fn yielding_ends() {
        let mut yields = Yields::new(0);
        while yields.are_left() {
            yields.once();
        }
    }
}
