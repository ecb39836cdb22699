//! One thread's part in a run: it plays its script on the pool, and everything is recorded.
//!
//! Owns what the thread holds. Rules: those of `programs.rs` about what an operation gives back, and when; and an operation
//! that would give something back does not take place while nothing is held.

use super::history::{History, Outcome, Recorder, Resource, What, locked};
use super::{Answer, RealPool};
use crate::machine::message;
use crate::programs::{Op, Script};
#[cfg(feature = "loom")]
use crate::programs::{Prime, Program};
use core::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex};

/// What to do before something is recorded.
type Ordering = dyn Fn(usize, &What) + Send + Sync;

/// A run under way.
pub(crate) struct Run {
    recorder: Recorder,
    /// Done before each record: makes the order of records part of what loom explores.
    order: Box<Ordering>,
    /// Who is running.
    column: Box<dyn Fn() -> Option<usize> + Send + Sync>,
    /// Done when the pool has panicked.
    panicked: Box<dyn Fn() + Send + Sync>,
    /// Threads that have played their scripts.
    done: Mutex<usize>,
}

thread_local! {
    /// The run that this thread takes part in. Under loom all threads of a run are one thread of the system.
    static CURRENT: RefCell<Option<Arc<Run>>> = const { RefCell::new(None) };
}

/// A remark of the pool on what it is about to do, for whoever reads a counterexample. Outside a run it goes nowhere.
///
/// It changes nothing about the run: say what was seen, at the place where it decides.
pub fn note(words: &str) {
    let run = CURRENT.with_borrow(Option::clone);
    if let Some((run, column)) = run.and_then(|run| (run.column)().map(|column| (run, column))) {
        run.recorder.record(column, What::Noted(words.to_owned()));
    }
}

impl Run {
    pub(crate) fn new(
        threads: usize,
        order: impl Fn(usize, &What) + Send + Sync + 'static,
        column: impl Fn() -> Option<usize> + Send + Sync + 'static,
        panicked: impl Fn() + Send + Sync + 'static,
    ) -> Arc<Self> {
        let (order, column, panicked) = (Box::new(order), Box::new(column), Box::new(panicked));
        Arc::new(Self { recorder: Recorder::new(threads), order, column, panicked, done: Mutex::new(0) })
    }

    /// Makes it the run that this thread takes part in, or none.
    pub(crate) fn enter(run: Option<Arc<Self>>) {
        CURRENT.set(run);
    }

    pub(crate) fn history(&self) -> History {
        self.recorder.history()
    }

    /// How many threads have played their scripts.
    pub(crate) fn done(&self) -> usize {
        *locked(&self.done)
    }

    /// Starts again with an empty record.
    pub(crate) fn clear(&self) {
        self.recorder.clear();
        *locked(&self.done) = 0;
    }

    pub(crate) fn rest(&self) {
        self.record(self.recorder.main(), What::Rested);
    }

    fn record(&self, column: usize, what: What) {
        (self.order)(column, &what);
        self.recorder.record(column, what);
    }
}

/// A thread.
pub(crate) struct Actor<P: RealPool> {
    pool: Arc<P>,
    run: Arc<Run>,
    column: usize,
    held: Vec<(Resource, P::Held)>,
}

impl<P: RealPool> Actor<P> {
    /// In the last column.
    pub(crate) fn main(pool: &Arc<P>, run: &Arc<Run>) -> Self {
        Self::new(pool, run, run.recorder.main())
    }

    pub(crate) fn new(pool: &Arc<P>, run: &Arc<Run>, column: usize) -> Self {
        Self { pool: Arc::clone(pool), run: Arc::clone(run), column, held: Vec::new() }
    }

    /// Plays the script, gives back what is left, and is done.
    pub(crate) fn play(mut self, script: &Script) {
        for op in &script.0 {
            self.act(*op);
        }
        self.give_back();
        let run = Arc::clone(&self.run);
        drop(self);
        *locked(&run.done) += 1;
    }

    /// Takes all there is, at most `most`, and gives it back.
    pub(crate) fn probe(&mut self, most: usize) {
        if P::OPERATIONS.contains(&Op::TryTake) {
            let mut takes = 0..most;
            while takes.next().is_some() && matches!(self.act(Op::TryTake), Some(Outcome::Got(_))) {}
            self.give_back();
        }
    }

    fn give_back(&mut self) {
        while !self.held.is_empty() {
            self.act(Op::Put);
        }
    }

    /// Does `op`, unless it gives something back and there is nothing.
    pub(crate) fn act(&mut self, op: Op) -> Option<Outcome> {
        let (name, given) = match op.gives().then(|| self.held.pop()) {
            Some(None) => return None,
            Some(Some((name, given))) => (Some(name), Some(given)),
            None => (None, None),
        };
        self.run.record(self.column, What::Called(op, name));
        let answer = catch_unwind(AssertUnwindSafe(|| self.pool.run(op, given))).unwrap_or_else(|panic| {
            self.run.recorder.record(self.column, What::Noted(format!("panics: {}", message(panic.as_ref()))));
            (self.run.panicked)();
            resume_unwind(panic)
        });
        let outcome = match answer {
            Answer::Done => Outcome::Done,
            Answer::Nothing => Outcome::Nothing,
            Answer::Closed => Outcome::Closed,
            Answer::Got(held) => {
                let name = self.run.recorder.name(P::identity(&held));
                self.held.push((name, held));
                Outcome::Got(name)
            }
        };
        self.run.record(self.column, What::Answered(outcome));
        Some(outcome)
    }
}

#[cfg(feature = "loom")]
impl<P: RealPool> Actor<P> {
    pub(crate) fn column(&self) -> usize {
        self.column
    }

    /// Gives each thread of `program` what it must hold at the start, and makes the primed state.
    pub(crate) fn prime(&mut self, program: &Program) -> Vec<Self> {
        let mut actors = Vec::new();
        for (column, script) in program.scripts.iter().enumerate() {
            let mut actor = Self::new(&self.pool, &self.run, column);
            script.tokens().iter().for_each(|_| self.quick_take());
            actor.held.append(&mut self.held);
            actors.push(actor);
        }
        if program.prime == Prime::Idle {
            self.quick_take();
            self.act(Op::Put);
        }
        actors
    }

    /// One that does not wait, if there is one: what it takes is free.
    fn quick_take(&mut self) {
        let takes = P::OPERATIONS.iter().filter(|op| op.takes());
        if let Some(op) = takes.min_by_key(|op| **op != Op::TryTake) {
            self.act(*op);
        }
    }
}
