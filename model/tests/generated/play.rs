//! One program, played once by loom's threads on a stripe of the shipped runtime.

use crate::actor::{Actor, Ledger, Pool, Tag, check_rest, hand_out, prime};
use loom::thread::{self, JoinHandle};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use striped_pool_model::programs::{Op, Program, Script};

fn spawn(mut actor: Actor<'static>, script: &Script, done: &Arc<AtomicUsize>) -> JoinHandle<()> {
    let (script, done) = (script.clone(), Arc::clone(done));
    thread::spawn(move || {
        for op in &script.0 {
            actor.act(*op);
        }
        while actor.holds() {
            actor.act(Op::Put);
        }
        done.fetch_add(1, Ordering::Relaxed);
    })
}

/// Runs the program once, and checks what `main.rs` promises.
pub(crate) fn play(program: &Program) {
    let ledger = Ledger::default();
    let owner = prime(program, &ledger, Tag::default);
    let capacity = u32::try_from(program.capacity()).unwrap();
    // SAFETY: every thread is joined, and with it every lease dropped, before `owner` is.
    let pool: &'static Pool = unsafe { &*core::ptr::from_ref(owner.as_ref()) };
    let actors = hand_out(program, pool, &ledger);
    let done = Arc::new(AtomicUsize::new(0));
    let (mut others, mut waiters) = (Vec::new(), Vec::new());
    for (actor, script) in actors.into_iter().zip(&program.scripts) {
        let threads = if script.waits() { &mut waiters } else { &mut others };
        threads.push(spawn(actor, script, &done));
    }
    let all = others.len() + waiters.len();
    others.into_iter().for_each(|thread| thread.join().unwrap());
    // Rest: whoever is not done waits, and the machine says so: its state is computed from the history, which loom does not
    // see, because a look at the stripe itself would race with everything and multiply the interleavings. A sleeper
    // that the machine does not know keeps this loop going until loom's limit on branches fails the program.
    while ledger.waiting(capacity).is_none_or(|waiting| done.load(Ordering::Relaxed) + waiting != all) {
        thread::yield_now();
    }
    if done.load(Ordering::Relaxed) != all {
        pool.close();
    }
    waiters.into_iter().for_each(|thread| thread.join().unwrap());
    check_rest(capacity, &ledger, owner);
}
