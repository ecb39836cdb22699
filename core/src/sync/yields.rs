//! How long a waiter stays awake before it parks, under std.

use super::Line;
use std::time::{Duration, Instant};

/// Where a turn takes longer than this, it may be better to park at once: a system call or two cost less than staying awake so long.
const SLOW: Duration = Duration::from_micros(30);
/// And if less than half of the time awake goes in yields of at least this length, it is: nobody works meanwhile but others who wait,
/// so those who hold are asleep.
const WORK: Duration = Duration::from_micros(15);
/// In a slow line so many waits one after the other are spent awake nevertheless, to see whether it still is: most of them behind others
/// that are awake, because behind one that has to be woken each turn is slow, however short it would be.
const TRIAL: u64 = 64;
/// Of so many.
const BETWEEN_TRIALS: u64 = 64 * TRIAL;
/// With more in line before it, a waiter's turn is far off.
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
/// Not in a line in which waiters have lately stayed awake in vain. What each wait came to is told to the [`Line`] when it ends.
#[derive(Debug)]
pub(crate) struct Yields {
    started: Instant,
    /// When the last yield ended.
    last: Instant,
    /// So long somebody worked meanwhile.
    worked: Duration,
    /// In line when the wait began.
    ahead: u32,
    long: u32,
    idle: Duration,
}

impl Yields {
    /// For the waiter with this number, which has so many in line before it.
    pub(crate) fn new(number: u64, ahead: u32, line: &Line) -> Self {
        let now = Instant::now();
        let long = match ahead {
            _ if line.is_slow() && number % BETWEEN_TRIALS >= TRIAL => 0,
            0..=NEAR => LONG_IF_NEAR,
            _ => LONG_IF_FAR,
        };
        Self { started: now, last: now, worked: Duration::ZERO, ahead, long, idle: IDLE }
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

    /// Tells the line whether the wait was one to stay awake for, if that is known.
    pub(crate) fn end(&self, line: &Line, is_served: bool) {
        if let Some(was_in_vain) = self.was_in_vain(self.started.elapsed(), is_served) {
            line.tell(was_in_vain);
        }
    }

    /// Whether it was no use to stay awake in a wait that took so long, if that is known.
    fn was_in_vain(&self, waited: Duration, is_served: bool) -> Option<bool> {
        if waited <= SLOW.saturating_mul(self.ahead.saturating_add(1)) {
            // Who gave up has not seen all the turns.
            return is_served.then_some(false);
        }
        let awake = self.last.saturating_duration_since(self.started);
        (!awake.is_zero()).then_some(self.worked < awake / 2)
    }

    /// How often a waiter looks for its result again after a yield, with so many in line before it by then, and spins after each
    /// look. Who is next is often served by a thread that runs on another core just now; another yield would let all others
    /// on this core go first, and under Linux each yield also counts as a slice of time used.
    #[allow(clippy::unused_self, reason = "part of the same policy")]
    pub(crate) fn looks(&self, ahead: u32) -> u32 {
        if ahead <= NEXT { LOOKS } else { 0 }
    }

    fn count(&mut self, took: Duration) {
        if took >= WORK {
            self.worked = self.worked.saturating_add(took);
        }
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

    /// One in which 32 waited in vain.
    fn slow_line() -> Line {
        let line = Line::new();
        (0..32).for_each(|_| line.tell(true));
        line
    }

    #[track_caller]
    fn assert_last(ahead: u32, each: Duration, times: u32) {
        let mut yields = Yields::new(1, ahead, &Line::new());
        for done in 0..times {
            assert!(yields.are_left(), "parks after {done}");
            yields.count(each);
        }
        assert!(!yields.are_left(), "does not park after {times}");
    }

    #[test]
    fn in_a_slow_line_all_park_at_once_but_64_of_4096() {
        let line = slow_line();
        let stays_awake = |number, ahead| Yields::new(number, ahead, &line).are_left();
        assert!([0, 8, 9].iter().all(|ahead| !stays_awake(64, *ahead) && stays_awake(63, *ahead)));
        let awake: Vec<_> = (0..8192).filter(|number| stays_awake(*number, 0)).collect();
        assert_eq!(awake, (0..64).chain(4096..4160).collect::<Vec<_>>());
        line.tell(false);
        assert!((0..8192).all(|number| Yields::new(number, 0, &line).are_left()));
    }

    const fn micros(micros: u64) -> Duration {
        Duration::from_micros(micros)
    }

    /// After yields that took so long each.
    fn after(ahead: u32, yields: &[u64]) -> Yields {
        let mut yielded = Yields::new(1, ahead, &Line::new());
        yielded.last += yields.iter().map(|took| micros(*took)).sum::<Duration>();
        yields.iter().for_each(|took| yielded.count(micros(*took)));
        yielded
    }

    #[test]
    fn a_wait_is_in_vain_if_its_turns_took_more_than_30_microseconds_and_most_of_it_nobody_worked() {
        for (ahead, quick) in [(0, 30), (6, 210)] {
            let judged = |waited, yields: &[u64]| after(ahead, yields).was_in_vain(micros(waited), true);
            assert_eq!(judged(quick, &[2, 2]), Some(false), "a turn was quick");
            assert_eq!(judged(quick + 1, &[2, 2]), Some(true));
            assert_eq!(judged(quick + 1, &[14, 14]), Some(true));
            assert_eq!([judged(quick + 1, &[14, 15]), judged(quick + 1, &[14, 2, 15])], [Some(false), Some(true)]);
            assert_eq!(judged(quick + 1, &[]), None, "nobody knows");
        }
        assert_eq!(after(u32::MAX, &[1]).was_in_vain(Duration::MAX, true), Some(true));
    }

    #[test]
    fn a_wait_that_was_given_up_tells_of_the_turns_that_it_has_seen() {
        let judged = |waited| after(0, &[2]).was_in_vain(micros(waited), false);
        assert_eq!(judged(30), None, "the others may be slow");
        assert_eq!(judged(31), Some(true), "slow whatever was still to come");
    }

    #[test]
    fn what_a_wait_came_to_is_told_when_it_ends() {
        let line = Line::new();
        let mut yields = Yields::new(1, 0, &line);
        yields.started = yields.started.checked_sub(Duration::from_millis(1)).expect("a clock older than that");
        (0..32).for_each(|_| yields.end(&line, true));
        assert!(line.is_slow(), "a turn of a millisecond, and nobody worked");
        yields.ahead = 1_000_000;
        yields.end(&line, false);
        assert!(line.is_slow(), "not known");
        yields.end(&line, true);
        assert!(!line.is_slow());
    }

    #[test]
    fn what_a_yield_takes_is_counted_from_the_last_one_on() {
        let mut yields = Yields::new(1, 0, &Line::new());
        yields.last = yields.last.checked_sub(Duration::from_millis(1)).expect("a clock older than that");
        yields.once();
        assert!(yields.worked >= Duration::from_millis(1));
        assert!(yields.last > yields.started);
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
        let yields = Yields::new(1, 0, &Line::new());
        assert_eq!([0, 1, 2, u32::MAX].map(|ahead| yields.looks(ahead)), [LOOKS, LOOKS, 0, 0]);
    }

    #[test]
    fn yielding_ends() {
        let mut yields = Yields::new(1, 0, &Line::new());
        while yields.are_left() {
            yields.once();
        }
    }
}
