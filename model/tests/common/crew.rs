//! The threads of a program, and when they are at rest: whichever model checker runs them.
//!
//! Owns what each thread saw, and who may wait for ever. At rest is a program whose threads have all ended, or wait in an
//! operation that may wait for ever *and* in the machine's queue. Nobody else knows: a thread that is queued for a moment only
//! (a take with a deadline, or one that is cancelled) still moves, and one that sleeps without being queued is a fault.

use crate::actor::{Actor, Ledger, Outcome, Tag};
use std::sync::atomic::{AtomicUsize, Ordering};
use striped_pool_model::programs::{Op, Script};

/// How often the harness looks, while nothing is committed, until it says that somebody is stuck.
const LOOKS: u32 = 1_000;

/// What one thread saw.
pub(crate) type Seen = Vec<(Tag, Op, Outcome)>;

/// How far the threads are. std's atomics: invisible to a model checker, so counting adds no schedules.
#[derive(Default)]
pub(crate) struct Crew {
    /// Threads at an operation that may wait for ever.
    patient: AtomicUsize,
    done: AtomicUsize,
}

impl Crew {
    /// One thread: its script, and then it gives back what it holds, last first. `mark` notes which operation it is at.
    pub(crate) fn act(&self, actor: &mut Actor<'_>, script: &Script, thread: usize, mark: impl Fn(Tag)) -> Seen {
        let mut seen = Seen::new();
        let mut act = |actor: &mut Actor<'_>, op| {
            let tag = Tag { thread, op: seen.len() };
            mark(tag);
            let patient = usize::from(op == Op::Take);
            self.patient.fetch_add(patient, Ordering::Relaxed);
            seen.push((tag, op, actor.act(op)));
            self.patient.fetch_sub(patient, Ordering::Relaxed);
        };
        for op in &script.0 {
            act(actor, *op);
        }
        while actor.holds() {
            act(actor, Op::Put);
        }
        self.done.fetch_add(1, Ordering::Relaxed);
        seen
    }

    /// Waits until all `threads` have ended (`true`), or those who have not wait by right (`false`); lets the others run
    /// meanwhile by `pause`.
    ///
    /// The machine's queue is known from the record, which no model checker sees: a look at the stripe itself would race with
    /// everything, and multiply the schedules.
    pub(crate) fn rest(&self, threads: usize, ledger: &Ledger, capacity: u32, pause: fn()) -> bool {
        let (mut committed, mut looks) = (0, 0);
        loop {
            let (done, patient) = (self.done.load(Ordering::Relaxed), self.patient.load(Ordering::Relaxed));
            if done == threads {
                return true;
            }
            if done + patient == threads && ledger.waiting(capacity) == Some(patient) {
                return false;
            }
            looks = if ledger.len() == committed { looks + 1 } else { 0 };
            committed = ledger.len();
            assert!(
                looks < LOOKS,
                "STUCK: of {threads} threads {done} have ended and {patient} may wait; by the machine {:?} do",
                ledger.waiting(capacity)
            );
            pause();
        }
    }
}
