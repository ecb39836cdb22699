//! One program, played once by loom's threads on a stripe of the shipped runtime.

use crate::actor::{Actor, Ledger, Outcome, Pool, Tag, check_rest, hand_out, prime};
use crate::judge::judge;
use core::cell::{Cell, RefCell};
use loom::thread::{self, JoinHandle};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use striped_pool_model::Story;
use striped_pool_model::history::{Line, story};
use striped_pool_model::programs::{Op, Program, Script};

/// Whose transitions are nobody's of the program: the harness primes the stripe, and may close it.
const HARNESS: Tag = Tag { thread: usize::MAX, op: 0 };

loom::thread_local! {
    static TAG: Cell<Tag> = Cell::new(HARNESS);
}

std::thread_local! {
    /// The interleaving that is being played: all of loom's threads are one of the system's.
    static PLAYED: RefCell<Option<(Program, Ledger)>> = const { RefCell::new(None) };
}

/// The interleaving that is being played, as far as it has come.
pub(crate) fn told(verdict: &str) -> Option<Story> {
    let (program, ledger) = PLAYED.with_borrow(Clone::clone)?;
    let line = |(tag, transition): (Tag, _)| -> Line { ((tag != HARNESS).then_some(tag.thread), transition) };
    let lines = ledger.lines().into_iter().map(line).collect();
    let capacity = u32::try_from(program.capacity()).ok()?;
    Some(story(&program.to_string(), verdict, capacity, program.scripts.len(), lines))
}

/// What one thread saw.
type Seen = Vec<(Tag, Op, Outcome)>;

/// One thread: its script, and then it gives back what it holds, last first.
fn run(mut actor: Actor<'static>, script: &Script, thread: usize) -> Seen {
    let mut seen = Seen::new();
    let mut act = |actor: &mut Actor<'static>, op| {
        let tag = Tag { thread, op: seen.len() };
        TAG.with(|own| own.set(tag));
        seen.push((tag, op, actor.act(op)));
    };
    script.0.iter().for_each(|op| act(&mut actor, *op));
    while actor.holds() {
        act(&mut actor, Op::Put);
    }
    seen
}

fn spawn(actor: Actor<'static>, script: &Script, thread: usize, done: &Arc<AtomicUsize>) -> JoinHandle<Seen> {
    let (script, done) = (script.clone(), Arc::clone(done));
    thread::spawn(move || {
        let seen = run(actor, &script, thread);
        done.fetch_add(1, Ordering::Relaxed);
        seen
    })
}

/// Runs the program once, and checks what `main.rs` promises.
pub(crate) fn play(program: &Program) {
    let ledger = Ledger::default();
    PLAYED.set(Some((program.clone(), ledger.clone())));
    let owner = prime(program, &ledger, || TAG.with(Cell::get));
    let capacity = u32::try_from(program.capacity()).unwrap();
    // SAFETY: every thread is joined, and with it every lease dropped, before `owner` is.
    let pool: &'static Pool = unsafe { &*core::ptr::from_ref(owner.as_ref()) };
    let actors = hand_out(program, pool, &ledger);
    let done = Arc::new(AtomicUsize::new(0));
    let (mut others, mut waiters) = (Vec::new(), Vec::new());
    for ((number, actor), script) in actors.into_iter().enumerate().zip(&program.scripts) {
        let threads = if script.waits() { &mut waiters } else { &mut others };
        threads.push(spawn(actor, script, number, &done));
    }
    let all = others.len() + waiters.len();
    let mut seen: Seen = others.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    // Rest: whoever is not done waits, and the machine says so: its state is computed from the history, which loom does not
    // see, because a look at the stripe itself would race with everything and multiply the interleavings. A sleeper
    // that the machine does not know keeps this loop going until loom's limit on branches fails the program.
    while ledger.waiting(capacity).is_none_or(|waiting| done.load(Ordering::Relaxed) + waiting != all) {
        thread::yield_now();
    }
    if done.load(Ordering::Relaxed) != all {
        pool.close();
    }
    seen.extend(waiters.into_iter().flat_map(|thread| thread.join().unwrap()));
    judge(ledger.lines(), &seen).unwrap_or_else(|wrong| panic!("{program}: {wrong}"));
    check_rest(capacity, &ledger, owner);
}
