//! One program, played once by shuttle's threads on a stripe of the shipped runtime.

use crate::actor::{Actor, Ledger, Outcome, Tag, check_rest, hand_out, prime};
use crate::judge::judge;
use crate::planted::{Planted, TURNS};
use shuttle::thread;
use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use striped_pool_model::programs::{Op, Program, Script};

/// How often the harness looks, while nothing is committed, until it says that somebody is stuck.
const LOOKS: u32 = 1_000;

/// What one thread saw.
type Seen = Vec<(Tag, Op, Outcome)>;

shuttle::thread_local! {
    /// Which operation this thread is at; none of a script, outside of one.
    static TAG: Cell<Tag> = Cell::new(Tag { thread: usize::MAX, op: 0 });
}

/// How far the threads are. std's atomics: invisible to shuttle, so counting adds no schedules.
#[derive(Default)]
struct Crew {
    /// Threads at an operation that may wait for ever.
    patient: AtomicUsize,
    done: AtomicUsize,
}

impl Crew {
    fn act(&self, actor: &mut Actor<'_>, script: &Script, thread: usize) -> Seen {
        let mut seen = Seen::new();
        let mut act = |actor: &mut Actor<'_>, op| {
            let tag = Tag { thread, op: seen.len() };
            TAG.with(|at| at.set(tag));
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

    /// Waits until all `threads` have ended (`true`), or those who have not wait by right (`false`).
    fn rest(&self, threads: usize, ledger: &Ledger, capacity: u32) -> bool {
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
            thread::yield_now();
        }
    }
}

/// Runs the program once, and checks what `shuttle.rs` promises.
pub(crate) fn play(program: &Program, planted: Option<Planted>) {
    let (ledger, crew) = (Ledger::default(), Crew::default());
    let capacity = u32::try_from(program.capacity()).unwrap();
    let pool = prime(program, &ledger, || TAG.with(Cell::get));
    let actors = hand_out(program, &pool, &ledger);
    let seen = thread::scope(|scope| {
        let mut threads = Vec::new();
        for (thread, (mut actor, script)) in actors.into_iter().zip(&program.scripts).enumerate() {
            let crew = &crew;
            threads.push(scope.spawn(move || crew.act(&mut actor, script, thread)));
        }
        if !crew.rest(threads.len(), &ledger, capacity) {
            pool.close();
        }
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect::<Seen>()
    });
    ledger.replay(capacity).unwrap_or_else(|mismatch| panic!("{mismatch}"));
    judge(ledger.lines(), &seen).unwrap_or_else(|mistake| panic!("{mistake}"));
    check_rest(capacity, &ledger, pool);
    if let Some(Planted::Turns | Planted::Flood) = planted {
        let threads = ledger.lines().into_iter().map(|(tag, _)| tag.thread);
        let turns: Vec<usize> = threads.filter(|thread| *thread != usize::MAX).collect();
        assert!(turns.is_sorted(), "{TURNS}{turns:?}");
    }
}
