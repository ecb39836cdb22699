//! Each fault that the harness is for, planted in a pool under loom, is found, by the check that is meant for it.
#![cfg(feature = "loom")]
#![allow(clippy::unwrap_used, reason = "locks of pools that are made to fail")]

use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::sync::{Condvar, Mutex};
use striped_pool_model::programs::{Op, Prime, Program, Script, programs};
use striped_pool_model::real::{Answer, Bounds, Counterexample, Fault, RealPool, Reason, Resource, explore_all};

const NONE: u8 = 0;
const PUT_WAKES_NOBODY: u8 = 1;
const CLOSE_WAKES_ONE: u8 = 2;
const LENDS_WITHOUT_REMOVING: u8 = 3;
const PUT_FORGETS: u8 = 4;
const LOOKS_AT_A_STALE_COUNT: u8 = 5;
const GIVES_AFTER_CLOSE: u8 = 6;
const LENDS_WHAT_WAS_DISCARDED: u8 = 7;
const MAKES_TOO_MANY: u8 = 8;
const LEAVES_ONE_BEHIND: u8 = 9;
const LOCKS_IN_ANOTHER_ORDER: u8 = 10;
const PANICS: u8 = 11;
const CLAIMS_TO_BE_CLOSED: u8 = 12;
/// No fault: it has other operations.
const ONLY_TAKES_TIMED: u8 = 13;
const ONLY_CLOSES: u8 = 14;

#[derive(Default)]
struct State {
    idle: Vec<u64>,
    made: u64,
    exist: usize,
    is_closed: bool,
}

/// A pool that makes resources when they are needed; with one fault.
struct Pool<const FAULT: u8> {
    capacity: usize,
    state: Mutex<State>,
    other: Mutex<()>,
    changed: Condvar,
    /// As many as could be taken; a hint that is written with the lock held, and may be read without it.
    free: AtomicUsize,
}

impl<const FAULT: u8> Pool<FAULT> {
    fn look(&self, state: &mut State) -> Answer<u64> {
        if state.is_closed && FAULT != GIVES_AFTER_CLOSE {
            return Answer::Closed;
        }
        let last = state.idle.last().copied();
        if FAULT != LENDS_WITHOUT_REMOVING || state.idle.len() > 1 {
            state.idle.pop();
        }
        let capacity = if FAULT == MAKES_TOO_MANY { self.capacity + 1 } else { self.capacity };
        if let Some(resource) = last {
            return Answer::Got(resource);
        }
        if state.exist == capacity {
            return if FAULT == CLAIMS_TO_BE_CLOSED { Answer::Closed } else { Answer::Nothing };
        }
        (state.exist, state.made) = (state.exist + 1, state.made + 1);
        Answer::Got(state.made - 1)
    }

    fn count(&self, state: &State) {
        self.free.store(self.capacity + state.idle.len() - state.exist.min(self.capacity), Ordering::Relaxed);
    }

    fn take(&self) -> Answer<u64> {
        let mut state = self.state.lock().unwrap();
        loop {
            let answer = self.look(&mut state);
            if answer != Answer::Nothing {
                self.count(&state);
                return answer;
            }
            state = self.changed.wait(state).unwrap();
        }
    }

    fn try_take(&self) -> Answer<u64> {
        if FAULT == LOOKS_AT_A_STALE_COUNT && self.free.load(Ordering::Relaxed) == 0 {
            return Answer::Nothing;
        }
        let _other = (FAULT == LOCKS_IN_ANOTHER_ORDER).then(|| self.other.lock().unwrap());
        let mut state = self.state.lock().unwrap();
        let answer = self.look(&mut state);
        self.count(&state);
        assert!(FAULT != PANICS || answer != Answer::Nothing, "there is always something");
        answer
    }

    fn give(&self, resource: u64, is_kept: bool) {
        let mut state = self.state.lock().unwrap();
        let _other = (FAULT == LOCKS_IN_ANOTHER_ORDER).then(|| self.other.lock().unwrap());
        if is_kept || FAULT == LENDS_WHAT_WAS_DISCARDED {
            state.idle.extend((FAULT != PUT_FORGETS).then_some(resource));
        } else {
            state.exist -= 1;
        }
        self.count(&state);
        drop(state);
        if FAULT != PUT_WAKES_NOBODY {
            self.changed.notify_one();
        }
    }

    fn close(&self) {
        self.state.lock().unwrap().is_closed = true;
        if FAULT == CLOSE_WAKES_ONE { self.changed.notify_one() } else { self.changed.notify_all() }
    }
}

impl<const FAULT: u8> RealPool for Pool<FAULT> {
    type Held = u64;
    const OPERATIONS: &'static [Op] = match FAULT {
        ONLY_TAKES_TIMED => &[Op::Put, Op::TimedTake, Op::Close],
        ONLY_CLOSES => &[Op::Put, Op::Close],
        _ => &[Op::Take, Op::TryTake, Op::Put, Op::Discard, Op::Close],
    };

    fn new(capacity: usize) -> Self {
        let (state, changed) = (Mutex::new(State::default()), Condvar::new());
        Self { capacity, state, other: Mutex::new(()), changed, free: AtomicUsize::new(capacity) }
    }

    fn run(&self, op: Op, held: Option<u64>) -> Answer<u64> {
        assert!(Self::OPERATIONS.contains(&op), "{op:?} is not one of the operations");
        match (op, held) {
            (Op::Take, _) => return self.take(),
            (Op::TryTake | Op::TimedTake, _) => return self.try_take(),
            (Op::Close, _) => self.close(),
            (_, Some(resource)) => self.give(resource, op == Op::Put),
            (op, None) => unreachable!("{op:?}"),
        }
        Answer::Done
    }

    fn identity(held: &u64) -> Option<u64> {
        Some(*held)
    }

    fn end(self) -> Result<(), String> {
        if FAULT == LEAVES_ONE_BEHIND { Err("one is left".to_owned()) } else { Ok(()) }
    }
}

fn explore<const FAULT: u8>(alphabet: &[Op], length: usize) -> Option<Counterexample> {
    let bounds = Bounds { preemptions: 1, watches_all: FAULT == LOCKS_IN_ANOTHER_ORDER, ..Bounds::default() };
    explore_all::<Pool<FAULT>>(&programs(alphabet, 2, length), bounds).err()
}

/// What fails in programs over `alphabet`; the whole run is in the output of the test.
fn fault<const FAULT: u8>(alphabet: &[Op], length: usize) -> Fault {
    let wrong = explore::<FAULT>(alphabet, length).unwrap();
    println!("{}", wrong.story("a broken pool").text());
    wrong.fault
}

fn found<const FAULT: u8>() -> Fault {
    fault::<FAULT>(Pool::<FAULT>::OPERATIONS, 1)
}

fn reason_of(fault: Fault) -> Reason {
    let Fault::Wrong(wrong) = fault else { panic!("{fault}") };
    wrong.reason
}

fn reason<const FAULT: u8>() -> Reason {
    reason_of(found::<FAULT>())
}

#[test]
fn without_a_fault_nothing_is_found() {
    assert_eq!(explore::<NONE>(Pool::<NONE>::OPERATIONS, 1), None);
    assert_eq!(explore::<NONE>(&[Op::Take], 2), None);
}

#[test]
#[should_panic(expected = "no programs")]
fn no_programs_are_refused() {
    let _ = explore_all::<Pool<NONE>>(&[], Bounds::default());
}

#[test]
#[should_panic(expected = "nobody does anything in")]
fn a_program_without_operations_is_refused() {
    let idle = Program { scripts: vec![Script(Vec::new()); 2], prime: Prime::Tight };
    let _ = explore_all::<Pool<NONE>>(&[idle], Bounds::default());
}

#[test]
#[should_panic(expected = "1 to 4 threads, not 5: `TryTake | TryTake | TryTake | TryTake | TryTake from Tight`")]
fn more_threads_than_loom_has_are_refused() {
    let five = Program { scripts: vec![Script(vec![Op::TryTake]); 5], prime: Prime::Tight };
    let _ = explore_all::<Pool<NONE>>(&[five], Bounds::default());
}

#[test]
#[should_panic(expected = "no operation takes what is held or idle at the start of `Put from Tight`")]
fn what_nobody_can_take_is_refused() {
    let put = Program { scripts: vec![Script(vec![Op::Put])], prime: Prime::Tight };
    let _ = explore_all::<Pool<ONLY_CLOSES>>(&[put], Bounds::default());
}

/// What is held at the start was taken with what there is; and who cannot look at the capacity says so.
#[test]
fn only_the_operations_that_it_has_are_used() {
    let looked = |explored: String| !explored.ends_with("; capacity not looked at");
    let bounds = Bounds { preemptions: 1, ..Bounds::default() };
    let all = programs(Pool::<ONLY_TAKES_TIMED>::OPERATIONS, 2, 1);
    let explored = explore_all::<Pool<ONLY_TAKES_TIMED>>(&all, bounds).unwrap();
    assert!(explored.programs > 10 && !looked(explored.to_string()), "{explored}");
    let explore = |ops: &[Op]| explore_all::<Pool<NONE>>(&programs(ops, 2, 1), bounds).unwrap().to_string();
    assert!(looked(explore(&[Op::Take])) && !looked(explore(&[Op::Close])) && looked(explore(&[Op::Put, Op::Close])));
    let four = Program { scripts: vec![Script(vec![Op::TryTake]); 4], prime: Prime::Tight };
    assert!(explore_all::<Pool<NONE>>(&[four], Bounds { preemptions: 0, ..bounds }).is_ok());
}

#[test]
fn a_lost_wake_up_is_found() {
    assert_eq!(reason::<PUT_WAKES_NOBODY>(), Reason::Sleeps);
    // One holds and waits for more, the other waits too: rightly, until the pool is closed.
    assert_eq!(reason_of(fault::<CLOSE_WAKES_ONE>(&[Op::Take], 2)), Reason::SleepsClosed);
}

#[test]
fn what_is_lent_twice_or_too_often_is_found() {
    let r0 = Resource::Known(0);
    assert_eq!(reason::<LENDS_WITHOUT_REMOVING>(), Reason::LentTwice(r0));
    assert_eq!(reason::<LENDS_WHAT_WAS_DISCARDED>(), Reason::Gone(r0));
    assert_eq!(reason::<MAKES_TOO_MANY>(), Reason::OverCapacity(1));
}

#[test]
fn what_is_lost_is_found() {
    assert_eq!(reason::<PUT_FORGETS>(), Reason::Sleeps);
    assert_eq!(reason_of(fault::<PUT_FORGETS>(&[Op::TryTake], 1)), Reason::WasFree);
    // Nobody takes: only who looks at the end sees it.
    assert_eq!(reason_of(fault::<PUT_FORGETS>(&[Op::Put], 1)), Reason::WasFree);
    assert_eq!(found::<LEAVES_ONE_BEHIND>(), Fault::Left("one is left".to_owned()));
}

#[test]
fn a_try_that_fails_although_something_is_free_is_found() {
    assert_eq!(reason::<LOOKS_AT_A_STALE_COUNT>(), Reason::WasFree);
}

#[test]
fn what_is_wrong_about_closing_is_found() {
    assert_eq!(reason::<GIVES_AFTER_CLOSE>(), Reason::GaveAlthoughClosed);
    assert_eq!(reason::<CLAIMS_TO_BE_CLOSED>(), Reason::NotClosed);
}

#[test]
fn a_deadlock_and_a_panic_come_back_as_values() {
    assert!(matches!(reason::<LOCKS_IN_ANOTHER_ORDER>(), Reason::Unanswered(_)));
    let fault = found::<PANICS>();
    assert!(matches!(&fault, Fault::Panicked(message) if message.starts_with("there is always something")), "{fault}");
}
