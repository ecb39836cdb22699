//! One program, played once by shuttle's threads on a stripe of the shipped runtime.

use crate::actor::{Ledger, Tag, check_rest, hand_out, prime};
use crate::crew::{Crew, Seen};
use crate::judge::judge;
use crate::planted::{Planted, TURNS};
use shuttle::thread;
use std::cell::Cell;
use striped_pool_model::programs::Program;

shuttle::thread_local! {
    /// Which operation this thread is at; none of a script, outside of one.
    static TAG: Cell<Tag> = Cell::new(Tag { thread: usize::MAX, op: 0 });
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
            threads.push(scope.spawn(move || crew.act(&mut actor, script, thread, |tag| TAG.with(|at| at.set(tag)))));
        }
        if !crew.rest(threads.len(), &ledger, capacity, thread::yield_now) {
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
