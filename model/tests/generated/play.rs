//! One program, played once by loom's threads on a stripe of the shipped runtime.

use crate::actor::{Actor, Ledger, Pool, Tag, check_rest, hand_out, prime};
use crate::crew::{Crew, Seen};
use crate::judge::judge;
use core::cell::{Cell, RefCell};
use loom::thread::{self, JoinHandle};
use std::sync::Arc;
use striped_pool_model::Story;
use striped_pool_model::history::{Line, story};
use striped_pool_model::programs::{Program, Script};

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

fn spawn(mut actor: Actor<'static>, script: &Script, thread: usize, crew: &Arc<Crew>) -> JoinHandle<Seen> {
    let (script, crew) = (script.clone(), Arc::clone(crew));
    thread::spawn(move || crew.act(&mut actor, &script, thread, |tag| TAG.with(|own| own.set(tag))))
}

/// Runs the program once, and checks what `main.rs` promises.
pub(crate) fn play(program: &Program) {
    let (ledger, crew) = (Ledger::default(), Arc::<Crew>::default());
    PLAYED.set(Some((program.clone(), ledger.clone())));
    let owner = prime(program, &ledger, || TAG.with(Cell::get));
    let capacity = u32::try_from(program.capacity()).unwrap();
    // SAFETY: every thread is joined, and with it every lease dropped, before `owner` is.
    let pool: &'static Pool = unsafe { &*core::ptr::from_ref(owner.as_ref()) };
    let actors = hand_out(program, pool, &ledger);
    let (mut others, mut waiters) = (Vec::new(), Vec::new());
    for ((number, actor), script) in actors.into_iter().enumerate().zip(&program.scripts) {
        let threads = if script.waits() { &mut waiters } else { &mut others };
        threads.push(spawn(actor, script, number, &crew));
    }
    let all = others.len() + waiters.len();
    // Those who never wait for ever are joined first: that takes no looks.
    let mut seen: Seen = others.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    if !crew.rest(all, &ledger, capacity, thread::yield_now) {
        pool.close();
    }
    seen.extend(waiters.into_iter().flat_map(|thread| thread.join().unwrap()));
    judge(ledger.lines(), &seen).unwrap_or_else(|wrong| panic!("{program}: {wrong}"));
    check_rest(capacity, &ledger, owner);
}
