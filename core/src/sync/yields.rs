//! How long a waiter stays awake before it parks, under std.

use super::Line;
use std::time::{Duration, Instant};

/// Where a turn takes longer than this, waiters park at once: a system call or two cost less than staying awake so long.
const SLOW: Duration = Duration::from_micros(30);

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
///
/// Not in a line that has been slow lately: then it is the holders who take their time, mostly asleep themselves. What each wait
/// came to is told to the [`Line`] when it ends.
#[derive(Debug)]
pub(crate) struct Yields {
    started: Instant,
    /// When the last yield ended.
    last: Instant,
    /// In line when the wait began.
    ahead: u32,
    long: u32,
    idle: Duration,
}

impl Yields {
    /// For a waiter that has so many in line before it.
    pub(crate) fn new(ahead: u32, line: &Line) -> Self {
        let now = Instant::now();
        let long = match ahead {
            _ if line.is_slow() => 0,
            0..=NEAR => LONG_IF_NEAR,
            _ => LONG_IF_FAR,
        };
        Self { started: now, last: now, ahead, long, idle: IDLE }
    }

    /// Whether to yield once more, or to park.
    pub(crate) fn are_left(&self) -> bool {
        self.long > 0 && !self.idle.is_zero()
    }

    /// Yields.
    pub(crate) fn once(&mut self) {
        std::thread::yield_now();
        let now = Instant::now();
        let took = now.saturating_duration_since(self.last);
        self.last = now;
        self.count(took);
    }

    /// Tells the line how long each turn has taken, if that is known: a wait that was given up has seen some of the turns only.
    pub(crate) fn end(&self, line: &Line, is_served: bool) {
        let is_slow = is_slow(self.started.elapsed(), self.ahead);
        if is_slow || is_served {
            line.tell(is_slow);
        }
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

/// Whether so long a wait was one of slow turns, with so many ahead when it began.
fn is_slow(waited: Duration, ahead: u32) -> bool {
    waited > SLOW.saturating_mul(ahead.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quick_line() -> Line {
        Line::new()
    }

    /// One in which 32 waited for slow turns.
    fn slow_line() -> Line {
        let line = Line::new();
        (0..32).for_each(|_| line.tell(true));
        line
    }

    /// For a waiter that has waited so long already.
    fn waited(ahead: u32, wait: Duration) -> Yields {
        let mut yields = Yields::new(ahead, &quick_line());
        yields.started = yields.started.checked_sub(wait).expect("a clock older than a minute");
        yields
    }

    #[track_caller]
    fn assert_last(ahead: u32, each: Duration, times: u32) {
        let mut yields = Yields::new(ahead, &quick_line());
        for done in 0..times {
            assert!(yields.are_left(), "parks after {done}");
            yields.count(each);
        }
        assert!(!yields.are_left(), "does not park after {times}");
    }

    #[test]
    fn in_a_slow_line_everybody_parks_at_once() {
        let line = slow_line();
        assert!([0, 8, 9].iter().all(|ahead| !Yields::new(*ahead, &line).are_left()));
        line.tell(false);
        assert!(Yields::new(0, &line).are_left());
    }

    #[test]
    fn turns_of_more_than_30_microseconds_are_slow() {
        let micros = Duration::from_micros;
        assert!(!is_slow(micros(30), 0));
        assert!(is_slow(micros(31), 0));
        assert!(!is_slow(micros(210), 6));
        assert!(is_slow(micros(211), 6));
        assert!(is_slow(Duration::MAX, u32::MAX));
    }

    /// What a line that was about to be slow is after one more wait.
    fn is_slow_after(ahead: u32, wait: Duration, is_served: bool) -> bool {
        let line = slow_line();
        line.tell(false);
        waited(ahead, wait).end(&line, is_served);
        line.is_slow()
    }

    #[test]
    fn a_wait_of_slow_turns_is_told_and_one_of_quick_ones_if_it_was_served() {
        let second = Duration::from_secs(1);
        assert!(is_slow_after(6, second, true));
        assert!(is_slow_after(6, second, false), "longer than it takes to be slow, whatever was still to come");
        assert!(!is_slow_after(1_000_000, second, true));
        let line = slow_line();
        waited(1_000_000, second).end(&line, false);
        assert!(line.is_slow(), "the turns that were still to come may have been slow");
        waited(1_000_000, second).end(&line, true);
        assert!(!line.is_slow());
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
        let yields = Yields::new(0, &quick_line());
        assert_eq!([0, 1, 2, u32::MAX].map(|ahead| yields.looks(ahead)), [LOOKS, LOOKS, 0, 0]);
    }

    #[test]
    fn yielding_ends() {
        let mut yields = Yields::new(0, &quick_line());
        while yields.are_left() {
            yields.once();
        }
    }
}
