//! Sampling on real threads: faults that no schedule hides are found, and what is found can be run again.
#![allow(clippy::unwrap_used, reason = "locks of pools that are made to fail")]

use std::cell::Cell;
use std::panic::catch_unwind;
use std::sync::{Condvar, Mutex};
use std::time::Duration;
use striped_pool_model::programs::Op;
use striped_pool_model::real::{Answer, Fault, RealPool, Reason, Sampling, sample};

const NONE: u8 = 0;
const PUT_WAKES_NOBODY: u8 = 1;
const PUT_KEEPS_A_COPY: u8 = 2;
const EVERY_TENTH_PUT_FORGETS: u8 = 3;
const CLOSE_FORGETS: u8 = 4;
const LOSES_ONE: u8 = 5;
const LOSES_ONE_WITHOUT_CLOSE: u8 = 6;
const HAS_NO_TAKE: u8 = 7;
const PANICS_IN_A_PUT: u8 = 8;
const PANICS_WHEN_ALONE: u8 = 9;
const HAS_NO_TRY: u8 = 10;

std::thread_local! {
    /// Whether this is the thread of a test, which is alone with the pool before and after the others.
    static IS_ALONE: Cell<bool> = const { Cell::new(false) };
}

/// Takes its time to go, after the lock that was taken later.
struct Late(bool);

impl Drop for Late {
    fn drop(&mut self) {
        if self.0 {
            std::thread::sleep(Duration::from_millis(200));
        }
    }
}

/// Idle resources, how many puts there were, and whether it is closed.
struct Pool<const FAULT: u8>(Mutex<(Vec<u64>, u32, bool)>, Condvar);

impl<const FAULT: u8> RealPool for Pool<FAULT> {
    type Held = u64;
    const OPERATIONS: &'static [Op] = match FAULT {
        HAS_NO_TAKE => &[Op::Put, Op::Close],
        HAS_NO_TRY => &[Op::Take, Op::Put, Op::Close],
        LOSES_ONE_WITHOUT_CLOSE => &[Op::Take, Op::TryTake, Op::Put],
        _ => &[Op::Take, Op::TryTake, Op::Put, Op::Close],
    };

    fn new(capacity: usize) -> Self {
        Self(Mutex::new(((0..capacity as u64).collect(), 0, false)), Condvar::new())
    }

    fn run(&self, op: Op, held: Option<u64>) -> Answer<u64> {
        let mut late = Late(false);
        let mut state = self.0.lock().unwrap();
        if op == Op::Take {
            while state.0.is_empty() && !state.2 {
                state = self.1.wait(state).unwrap();
            }
        }
        if op.takes() && state.2 {
            return Answer::Closed;
        }
        if op.takes() {
            return state.0.pop().map_or(Answer::Nothing, Answer::Got);
        }
        state.1 += u32::from(op == Op::Put);
        late.0 = FAULT == PANICS_IN_A_PUT && state.1 == 100;
        assert!(!late.0, "the hundredth put");
        assert!(FAULT != PANICS_WHEN_ALONE || op != Op::Close || !IS_ALONE.get(), "it was closed already");
        let copies = match FAULT {
            PUT_KEEPS_A_COPY => 2,
            EVERY_TENTH_PUT_FORGETS if state.1.is_multiple_of(10) => 0,
            LOSES_ONE | LOSES_ONE_WITHOUT_CLOSE if state.1 == 1_000 => 0,
            _ => 1,
        };
        state.0.extend(held.into_iter().flat_map(|one| vec![one; copies]));
        state.2 |= op == Op::Close && FAULT != CLOSE_FORGETS;
        if FAULT != PUT_WAKES_NOBODY {
            self.1.notify_all();
        }
        Answer::Done
    }

    fn identity(held: &u64) -> Option<u64> {
        Some(*held)
    }
}

/// With patience for a machine that stalls: a call that takes longer is said to sleep for ever.
const SAMPLING: Sampling =
    Sampling { threads: 8, capacity: 2, rounds: 200, length: 8, seed: 7, patience: Duration::from_secs(20) };

fn fault<const FAULT: u8>() -> Fault {
    // Where somebody does sleep for ever, it is waited for.
    let is_put_lost = matches!(FAULT, PUT_WAKES_NOBODY | EVERY_TENTH_PUT_FORGETS);
    let patience = if is_put_lost { Duration::from_secs(2) } else { SAMPLING.patience };
    let sampling = Sampling { patience, ..SAMPLING };
    let wrong = sample::<Pool<FAULT>>(&sampling).unwrap_err();
    assert!(wrong.program.starts_with(&sampling.to_string()), "it says how to run it again: {}", wrong.program);
    wrong.fault
}

fn reason<const FAULT: u8>() -> Reason {
    let fault = fault::<FAULT>();
    let Fault::Wrong(wrong) = fault else { panic!("{fault}") };
    wrong.reason
}

#[test]
fn without_a_fault_nothing_is_found() {
    let sampled = sample::<Pool<NONE>>(&SAMPLING).unwrap_or_else(|wrong| panic!("{}", wrong.story("a pool").text()));
    println!("{sampled}");
    assert!(sampled.rounds == 200 && sampled.calls > 8_000);
    assert_eq!(sampled.to_string(), format!("200 rounds, {} calls", sampled.calls));
    let sampled =
        sample::<Pool<HAS_NO_TRY>>(&SAMPLING).unwrap_or_else(|wrong| panic!("{}", wrong.story("a pool").text()));
    assert_eq!(sampled.to_string(), format!("200 rounds, {} calls; capacity not looked at", sampled.calls));
}

#[test]
fn faults_are_found() {
    assert_eq!(reason::<PUT_WAKES_NOBODY>(), Reason::Sleeps);
    assert!(matches!(reason::<PUT_KEEPS_A_COPY>(), Reason::LentTwice(_)));
    assert!(matches!(reason::<EVERY_TENTH_PUT_FORGETS>(), Reason::Sleeps | Reason::WasFree));
    assert!(matches!(reason::<CLOSE_FORGETS>(), Reason::GaveAlthoughClosed | Reason::WasFree));
}

/// With what it said, and the round to run again; the others do not hide it, though they find a poisoned lock before.
#[test]
fn a_panic_is_reported_as_one() {
    let wrong = sample::<Pool<PANICS_IN_A_PUT>>(&SAMPLING).unwrap_err();
    assert_eq!(wrong.fault, Fault::Panicked("the hundredth put".to_owned()));
    assert!(wrong.program.starts_with(&format!("{SAMPLING}, round ")), "{}", wrong.program);
    let story = wrong.story("a pool").text();
    assert!(story.contains("(panics: the hundredth put)"), "{story}");
    // On the thread that is alone with the pool.
    IS_ALONE.set(true);
    let wrong = sample::<Pool<PANICS_WHEN_ALONE>>(&SAMPLING).unwrap_err();
    assert_eq!(wrong.fault, Fault::Panicked("it was closed already".to_owned()));
    assert!(wrong.program.ends_with("at the end"), "{}", wrong.program);
}

/// There is one for each thread, and one more that nobody misses until all of them are taken: before the pool is closed, or at the
/// end if it never is.
#[test]
fn what_is_lost_is_found_by_taking_all_there_is() {
    fn look<const FAULT: u8>(stage: &str) {
        let sampling = Sampling { capacity: SAMPLING.threads + 1, ..SAMPLING };
        let wrong = sample::<Pool<FAULT>>(&sampling).unwrap_err();
        let Fault::Wrong(found) = &wrong.fault else { panic!("{}", wrong.fault) };
        assert_eq!(found.reason, Reason::WasFree);
        assert!(wrong.program.ends_with(stage), "{}", wrong.program);
        assert!(wrong.history.0.iter().all(|event| event.column == SAMPLING.threads), "the main thread is alone");
        assert_eq!(wrong.history.calls().len(), sampling.capacity);
    }
    look::<LOSES_ONE>("before the last round");
    look::<LOSES_ONE_WITHOUT_CLOSE>("after the last round");
}

/// What the run is refused with.
fn refused<const FAULT: u8>(sampling: Sampling) -> String {
    let panic = catch_unwind(|| sample::<Pool<FAULT>>(&sampling)).expect_err("nothing would be looked at");
    *panic.downcast::<String>().unwrap()
}

#[test]
fn a_run_of_nothing_is_refused() {
    let few = Sampling { threads: 2, rounds: 2, length: 2, ..SAMPLING };
    for threads in [0, 33, 64] {
        assert_eq!(refused::<NONE>(Sampling { threads, ..few }), format!("1 to 32 threads, not {threads}"));
    }
    for capacity in [0, 64] {
        assert_eq!(refused::<NONE>(Sampling { capacity, ..few }), format!("1 to 63 resources, not {capacity}"));
    }
    for none in [Sampling { rounds: 0, ..few }, Sampling { length: 0, ..few }] {
        assert_eq!(refused::<NONE>(none), format!("nothing to play: {none}"));
    }
    assert_eq!(refused::<HAS_NO_TAKE>(few), "nothing to play: no operation takes: [Put, Close]");
}

#[test]
fn the_largest_runs_are_played() {
    let most = Sampling { threads: 32, capacity: 63, rounds: 3, length: 100, ..SAMPLING };
    for most in [most, Sampling { threads: 1, ..most }] {
        for wrong in [sample::<Pool<NONE>>(&most).err(), sample::<Pool<LOSES_ONE_WITHOUT_CLOSE>>(&most).err()] {
            assert_eq!(wrong, None);
        }
    }
}

/// Makes resources when they are needed, and frees what is idle when it is told to. Idle ones, how many exist, how many were made.
struct Reaping<const IS_NAMED: bool>(Mutex<(Vec<u64>, usize, u64)>, Condvar, usize);

impl<const IS_NAMED: bool> RealPool for Reaping<IS_NAMED> {
    type Held = u64;
    const OPERATIONS: &'static [Op] = &[Op::Take, Op::TryTake, Op::Put, Op::Reap];

    fn new(capacity: usize) -> Self {
        Self(Mutex::default(), Condvar::new(), capacity)
    }

    fn run(&self, op: Op, held: Option<u64>) -> Answer<u64> {
        let mut state = self.0.lock().unwrap();
        while op == Op::Take && state.0.is_empty() && state.1 == self.2 {
            state = self.1.wait(state).unwrap();
        }
        if op == Op::Reap {
            state.1 -= state.0.len();
            state.0.clear();
        } else if op.takes() && state.0.is_empty() && state.1 < self.2 {
            (state.1, state.2) = (state.1 + 1, state.2 + 1);
            return Answer::Got(state.2);
        } else if op.takes() {
            return state.0.pop().map_or(Answer::Nothing, Answer::Got);
        }
        state.0.extend(held);
        self.1.notify_all();
        Answer::Done
    }

    fn identity(held: &u64) -> Option<u64> {
        IS_NAMED.then_some(*held)
    }
}

/// After each reap any idle ones may be gone: nothing that grows with their number, or from round to round.
#[test]
fn a_pool_of_many_that_reaps_is_soon_sampled() {
    for (threads, capacity) in [(4, 4), (4, 16), (8, 63)] {
        let sampling = Sampling { threads, capacity, ..SAMPLING };
        for sampled in [sample::<Reaping<true>>(&sampling), sample::<Reaping<false>>(&sampling)] {
            let sampled = sampled.unwrap_or_else(|wrong| panic!("{}", wrong.story("a pool that reaps").text()));
            println!("{threads} threads, {capacity} resources: {sampled}");
        }
    }
}
