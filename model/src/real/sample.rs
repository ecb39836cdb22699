//! Random scripts on a real pool, on the system's threads.
//!
//! Rules:
//! 1. A round is one script for each thread, started together; between rounds nobody is under way. The states in which the
//!    specification may be after one round are those in which the next may start, so a run may be long although
//!    each search is short.
//! 2. A thread holds at most one resource, so nobody rightly waits for ever: who has no answer after
//!    [`Sampling::patience`] is judged as one who waits at rest.
//! 3. The pool is closed, if that is one of its operations, by one thread in the middle of the last round.
//! 4. That all of the capacity can be taken is looked at while nobody else is there, and while the pool is open: before the last
//!    round if that closes the pool, after it otherwise. What a round that closes loses shows only in [`RealPool::end`].
//!    Of a pool that has grown beyond 64, 64 are taken.
//! 5. The scripts follow from the seed. The schedule does not: the same line may have to be run more than once.
//!
//! A panic of the pool is printed by its thread, and is what is wrong with the round. Threads that hang in a round that fails
//! are left to themselves.

use super::RealPool;
use super::actor::{Actor, Run};
use super::history::What;
use super::linear::{MOST_CALLS, judge};
use super::spec::Spec;
use super::tell::{Counterexample, Fault, capacity};
use crate::machine::message;
use crate::programs::{Op, Script};
use crate::progress::Progress;
use core::cell::Cell;
use core::fmt;
use core::time::Duration;
use fastrand::Rng;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Barrier};

/// Each thread has at least two operations in a round, gives back, and one closes.
const MOST_THREADS: usize = MOST_CALLS / 4;
/// How often a look at all there is takes: each is given back.
const MOST_TAKEN: usize = MOST_CALLS / 2;

/// What to sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sampling {
    /// How many threads: 1 to 32.
    pub threads: usize,
    /// How many resources: 1 to 63, so that to take them all and give them back is no more than [`MOST_CALLS`]. Those beyond
    /// one for each thread are missed only when all are taken.
    pub capacity: usize,
    /// How many rounds: at least 1.
    pub rounds: usize,
    /// How many operations each thread has in a round, at least 1, not counting what it gives back at the end. Fewer are
    /// played if the round would have more than [`MOST_CALLS`].
    pub length: usize,
    /// What the scripts follow from.
    pub seed: u64,
    /// How long nobody may end, in a round, before all are believed at rest: long enough for a busy machine.
    pub patience: Duration,
}

impl Default for Sampling {
    fn default() -> Self {
        Self { threads: 4, capacity: 2, rounds: 500, length: 12, seed: 1, patience: Duration::from_secs(10) }
    }
}

impl Sampling {
    fn check(&self, operations: &[Op]) {
        let Self { threads, capacity, .. } = self;
        assert!((1..=MOST_THREADS).contains(threads), "1 to {MOST_THREADS} threads, not {threads}");
        assert!((1..MOST_TAKEN).contains(capacity), "1 to {} resources, not {capacity}", MOST_TAKEN - 1);
        assert!(self.rounds > 0 && self.length > 0, "nothing to play: {self}");
        assert!(operations.iter().any(|op| op.takes()), "nothing to play: no operation takes: {operations:?}");
    }
}

impl fmt::Display for Sampling {
    /// One line to run it again by.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { threads, capacity, rounds, length, seed, patience } = self;
        write!(f, "Sampling {{ threads: {threads}, capacity: {capacity}, rounds: {rounds}, length: {length}, ")?;
        write!(f, "seed: {seed}, patience: Duration::from_millis({}) }}", patience.as_millis())
    }
}

/// What was sampled, and found right.
#[must_use]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sampled {
    /// Rounds.
    pub rounds: usize,
    /// Calls in them.
    pub calls: usize,
    /// Whether it was looked whether all of the capacity can be taken: not without [`Op::TryTake`].
    pub is_capacity_known: bool,
}

impl fmt::Display for Sampled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rounds, calls, is_capacity_known } = self;
        write!(f, "{rounds} rounds, {calls} calls{}", capacity(*is_capacity_known))
    }
}

thread_local! {
    static COLUMN: Cell<Option<usize>> = const { Cell::new(None) };
}

/// Plays random scripts on a new pool. Between rounds it says on stderr how far it is, every few seconds, past libtest's
/// capture.
///
/// # Errors
///
/// The first round that goes wrong; its program is the line to run it again by.
///
/// # Panics
///
/// If a number of `sampling` is not within its bounds, or no operation takes: nothing would be looked at.
pub fn sample<P: RealPool>(sampling: &Sampling) -> Result<Sampled, Counterexample> {
    sampling.check(P::OPERATIONS);
    let pool = Arc::new(P::new(sampling.capacity));
    let is_capacity_known = P::OPERATIONS.contains(&Op::TryTake);
    let (mut rounds, mut sampled) = (Rounds::new(*sampling), Sampled { is_capacity_known, ..Sampled::default() });
    let (closes, mut progress) = (P::OPERATIONS.contains(&Op::Close), Progress::begin());
    for round in 1..=sampling.rounds {
        if closes && round == sampling.rounds {
            rounds.look(&pool, "before the last round")?;
        }
        rounds.play(&pool, round)?;
        sampled.calls = sampled.calls.saturating_add(rounds.run.history().calls().len());
        rounds.run.clear();
        sampled.rounds = round;
        let (all, calls) = (sampling.rounds, sampled.calls);
        progress.tell(|elapsed| format!("{round} of {all} rounds, {calls} calls ({} s)", elapsed.as_secs()));
    }
    if !closes {
        rounds.look(&pool, "after the last round")?;
    }
    rounds.close(&pool)?;
    let end = || Arc::try_unwrap(pool).map_or_else(|_| Err("somebody still has the pool".to_owned()), P::end);
    rounds.alone(end)?.map_err(|what| rounds.fails(Fault::Left(what)))?;
    Ok(sampled)
}

struct Rounds {
    sampling: Sampling,
    random: Rng,
    run: Arc<Run>,
    /// Where the specification may be.
    specs: Vec<Spec>,
    /// How far it is.
    stage: String,
}

impl Rounds {
    fn new(sampling: Sampling) -> Self {
        let run = Run::new(sampling.threads, |_, what| crowd(what), || COLUMN.get(), || ());
        Self {
            sampling,
            random: Rng::with_seed(sampling.seed),
            run,
            specs: vec![Spec::new(sampling.capacity)],
            stage: String::new(),
        }
    }

    fn play<P: RealPool>(&mut self, pool: &Arc<P>, round: usize) -> Result<(), Counterexample> {
        self.stage = format!("round {round}");
        let closes = round == self.sampling.rounds && P::OPERATIONS.contains(&Op::Close);
        let mut scripts: Vec<Script> = (0..self.sampling.threads).map(|_| self.script(P::OPERATIONS)).collect();
        if closes && let Some(script) = scripts.first_mut() {
            script.0.insert(script.0.len() / 2, Op::Close);
        }
        let all = scripts.len();
        let done = self.start(pool, scripts);
        if !self.wait(&done, all).map_err(|message| self.fails(Fault::Panicked(message)))? {
            self.run.rest();
        }
        self.judge()?;
        if self.run.done() < all { Err(self.fails(Fault::Stuck)) } else { Ok(()) }
    }

    /// Waits until all are done; returns whether they are. If one panics, that is what it says.
    fn wait(&self, done: &Receiver<Result<(), String>>, all: usize) -> Result<bool, String> {
        let mut poisoned = None;
        for _ in 0..all {
            match done.recv_timeout(self.sampling.patience) {
                Ok(Ok(())) => {}
                // Another panicked before, and will say why.
                Ok(Err(message)) if message.contains("PoisonError") => poisoned = Some(message),
                Ok(Err(message)) => return Err(message),
                Err(_) => return poisoned.map_or(Ok(false), Err),
            }
        }
        poisoned.map_or(Ok(true), Err)
    }

    fn start<P: RealPool>(&self, pool: &Arc<P>, scripts: Vec<Script>) -> Receiver<Result<(), String>> {
        let (sender, done) = channel();
        let start = Arc::new(Barrier::new(scripts.len()));
        for (column, script) in scripts.into_iter().enumerate() {
            let actor = Actor::new(pool, &self.run, column);
            let (run, start, sender) = (Arc::clone(&self.run), Arc::clone(&start), sender.clone());
            std::thread::spawn(move || {
                COLUMN.set(Some(column));
                Run::enter(Some(run));
                start.wait();
                let played = catch_unwind(AssertUnwindSafe(|| actor.play(&script)));
                // Nobody listens any more if the round has failed.
                let _ = sender.send(played.map_err(|panic| message(panic.as_ref()).to_owned()));
            });
        }
        done
    }

    fn judge(&mut self) -> Result<(), Counterexample> {
        let judged = judge(&self.specs, &self.run.history());
        self.specs = judged.map_err(|wrong| self.fails(Fault::Wrong(Box::new(wrong))))?;
        Ok(())
    }

    fn fails(&self, fault: Fault) -> Counterexample {
        let history = self.run.history();
        let history =
            if let Fault::Wrong(wrong) = &fault { history.prefix(wrong.place.saturating_add(1)) } else { history };
        let program = format!("{}, {}", self.sampling, self.stage);
        Counterexample { program, threads: self.sampling.threads, history, fault }
    }

    /// Rule 4.
    fn look<P: RealPool>(&mut self, pool: &Arc<P>, stage: &str) -> Result<(), Counterexample> {
        stage.clone_into(&mut self.stage);
        let grows = P::OPERATIONS.contains(&Op::Grow);
        let most = if grows { MOST_TAKEN } else { self.sampling.capacity.saturating_add(1) };
        self.alone(|| Actor::main(pool, &self.run).probe(most))?;
        self.judge()?;
        self.run.clear();
        Ok(())
    }

    fn close<P: RealPool>(&mut self, pool: &Arc<P>) -> Result<(), Counterexample> {
        "at the end".clone_into(&mut self.stage);
        self.alone(|| Actor::main(pool, &self.run).act(Op::Close))?;
        self.judge()
    }

    /// Does something while nobody else is there.
    fn alone<T>(&self, work: impl FnOnce() -> T) -> Result<T, Counterexample> {
        let done = catch_unwind(AssertUnwindSafe(work));
        done.map_err(|panic| self.fails(Fault::Panicked(message(panic.as_ref()).to_owned())))
    }

    /// Rule 2.
    fn script(&mut self, operations: &[Op]) -> Script {
        let most = MOST_CALLS / self.sampling.threads.max(1);
        let length = self.sampling.length.min(most.saturating_sub(2));
        let (mut script, mut may_hold) = (Vec::new(), false);
        for _ in 0..length {
            let fits = |op: &&Op| **op != Op::Close && if may_hold { !op.takes() } else { !op.gives() };
            let fitting: Vec<Op> = operations.iter().filter(fits).copied().collect();
            let Some(op) = self.random.choice(fitting) else { break };
            may_hold = op.takes() || (may_hold && !op.gives());
            script.push(op);
        }
        Script(script)
    }
}

/// Before each call others run, if they can: they meet while something is held, which they would hardly do otherwise.
fn crowd(what: &What) {
    if matches!(what, What::Called(..)) {
        std::thread::yield_now();
    }
}
