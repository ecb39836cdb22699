//! The threads' part of a program on a stripe of the shipped runtime, whichever scheduler runs the threads: what they do, what
//! they count, and what they report of it.
#![allow(dead_code, reason = "each harness uses a part of it")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use striped_pool::runtime::PoolStripe;
use striped_pool::runtime::trace::{Mismatch, Recorder, Transition, replay};
use striped_pool::{Acquired, LocalPool};
use striped_pool_model::programs::{Op, Prime, Program, Script, Token};

pub(crate) type Pool = LocalPool<usize>;

/// Which operation of which thread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Tag {
    pub(crate) thread: usize,
    pub(crate) op: usize,
}

/// A committed transition, and the operation that committed it.
pub(crate) type Line = (Tag, Transition);

/// What an operation came to, as its thread saw it. Resources are told apart by their address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It had nothing to do.
    Nothing,
    /// It got this resource.
    Lease(usize),
    /// It got a permit.
    Permit,
    /// It got neither, or gave it back at once.
    Refused,
    /// It gave this resource back.
    Put(usize),
    /// It gave this resource back to be freed.
    Discarded(usize),
    /// It took a resource out.
    Detached,
    /// It gave a permit back.
    Unused,
    /// It freed so many.
    Freed(u32),
    /// It asked for this capacity.
    Resized(u32),
    /// It closed the stripe.
    Closed,
}

/// What the outside world has seen. std's atomics: invisible to a model checker, so counting adds no interleavings.
#[derive(Clone, Default)]
pub(crate) struct Ledger {
    made: Arc<AtomicUsize>,
    /// Freed by the pool, or detached from it.
    gone: Arc<AtomicUsize>,
    history: Arc<Mutex<Vec<Line>>>,
}

impl Ledger {
    fn make(&self) -> usize {
        self.made.fetch_add(1, Ordering::Relaxed)
    }

    fn lose(&self) {
        self.gone.fetch_add(1, Ordering::Relaxed);
    }

    /// What was recorded until now.
    pub(crate) fn lines(&self) -> Vec<Line> {
        self.history.lock().unwrap().clone()
    }

    /// How much was recorded until now.
    pub(crate) fn len(&self) -> usize {
        self.history.lock().unwrap().len()
    }

    /// The stripe that the recorded transitions make of a fresh one.
    pub(crate) fn replay(&self, capacity: u32) -> Result<PoolStripe, Mismatch> {
        replay(capacity, self.history.lock().unwrap().iter().map(|(_, transition)| transition.clone()).collect())
    }

    /// How many wait, by the machine; none can tell while a transition is committed and not recorded yet.
    pub(crate) fn waiting(&self, capacity: u32) -> Option<usize> {
        match self.replay(capacity) {
            Ok(stripe) => Some(stripe.queue().len() as usize),
            Err(Mismatch::Gap { .. }) => None,
            Err(mismatch) => panic!("{mismatch}"),
        }
    }

    fn alive(&self) -> usize {
        self.made.load(Ordering::Relaxed) - self.gone.load(Ordering::Relaxed)
    }
}

/// A fresh stripe, recorded from here on; `who` says on whose behalf the calling thread commits.
pub(crate) fn stage(capacity: u32, ttl: Duration, ledger: &Ledger, who: fn() -> Tag) -> Box<Pool> {
    let (freed, lines) = (ledger.clone(), Arc::clone(&ledger.history));
    let mut pool = Box::new(LocalPool::with_ttl(capacity, ttl, move |_| freed.lose()));
    pool.set_recorder(Recorder::new(move |transition| lines.lock().unwrap().push((who(), transition))));
    pool
}

/// The stripe that `program` starts with.
pub(crate) fn prime(program: &Program, ledger: &Ledger, who: fn() -> Tag) -> Box<Pool> {
    stage(u32::try_from(program.capacity()).unwrap(), Duration::from_nanos(1), ledger, who)
}

/// Tokens for each thread, taken before the threads start.
pub(crate) fn hand_out<'p>(program: &Program, pool: &'p Pool, ledger: &Ledger) -> Vec<Actor<'p>> {
    let take = |token: &Token| match (token, pool.try_acquire().unwrap()) {
        (Token::Lease, Acquired::Permit(permit)) => Acquired::Lease(permit.fulfil(ledger.make())),
        (_, acquired) => acquired,
    };
    let actor = |script: &Script| {
        let mut actor = Actor::new(pool, ledger);
        actor.held.extend(script.tokens().iter().map(take));
        actor
    };
    let actors = program.scripts.iter().map(actor).collect();
    if program.prime == Prime::Idle {
        let Ok(Acquired::Permit(permit)) = pool.try_acquire() else { panic!("room for one idle resource") };
        drop(permit.fulfil(ledger.make()));
    }
    actors
}

/// One thread's part.
pub(crate) struct Actor<'p> {
    pool: &'p Pool,
    ledger: Ledger,
    held: Vec<Acquired<'p, usize>>,
    /// How long a timed take waits.
    pub(crate) wait: Duration,
    /// No further does a grow go.
    pub(crate) most: u32,
}

impl<'p> Actor<'p> {
    pub(crate) fn new(pool: &'p Pool, ledger: &Ledger) -> Self {
        Self { pool, ledger: ledger.clone(), held: Vec::new(), wait: Duration::ZERO, most: u32::MAX }
    }

    pub(crate) fn holds(&self) -> bool {
        !self.held.is_empty()
    }

    pub(crate) fn act(&mut self, op: Op) -> Outcome {
        let capacity = || self.pool.status().capacity;
        match op {
            Op::Take => self.keep(self.pool.acquire().ok()),
            Op::TryTake => self.keep(self.pool.try_acquire().ok()),
            Op::TimedTake => self.keep(self.pool.acquire_timeout(self.wait).ok()),
            Op::CancelledTake => {
                drop(self.pool.enqueue());
                Outcome::Refused
            }
            Op::Reap => Outcome::Freed(self.pool.reap()),
            Op::Drain => Outcome::Freed(self.pool.drain()),
            Op::Grow => self.resize((capacity() + 1).min(self.most)),
            Op::Shrink => self.resize((capacity() - 1).max(1)),
            Op::Close => {
                self.pool.close();
                Outcome::Closed
            }
            // A take that got nothing leaves nothing to give back.
            Op::Put | Op::Discard | Op::Detach | Op::FailCreate => {
                self.held.pop().map_or(Outcome::Nothing, |held| self.give(op, held))
            }
        }
    }

    fn keep(&mut self, acquired: Option<Acquired<'p, usize>>) -> Outcome {
        let outcome = match &acquired {
            Some(Acquired::Lease(lease)) => Outcome::Lease(address(lease)),
            Some(Acquired::Permit(_)) => Outcome::Permit,
            None => Outcome::Refused,
        };
        self.held.extend(acquired);
        outcome
    }

    fn resize(&self, capacity: u32) -> Outcome {
        self.pool.resize(capacity);
        Outcome::Resized(capacity)
    }

    fn give(&self, op: Op, held: Acquired<'p, usize>) -> Outcome {
        match (op, held) {
            (Op::Discard, Acquired::Lease(lease)) => {
                let address = address(&lease);
                lease.discard();
                Outcome::Discarded(address)
            }
            (Op::Detach, Acquired::Lease(lease)) => {
                let _ = lease.detach();
                self.ledger.lose();
                Outcome::Detached
            }
            (Op::FailCreate, Acquired::Permit(permit)) => {
                drop(permit);
                Outcome::Unused
            }
            (_, Acquired::Lease(lease)) => {
                let address = address(&lease);
                drop(lease);
                Outcome::Put(address)
            }
            (_, Acquired::Permit(permit)) => {
                let lease = permit.fulfil(self.ledger.make());
                let address = address(&lease);
                drop(lease);
                Outcome::Put(address)
            }
        }
    }
}

fn address(resource: &usize) -> usize {
    core::ptr::from_ref(resource).addr()
}

/// All is given back, conserved, as the machine says, and freed with the pool.
pub(crate) fn check_rest(capacity: u32, ledger: &Ledger, pool: Box<Pool>) {
    let status = pool.status();
    assert_eq!(
        (status.out, status.owed, status.freeing, status.waiting),
        (0, 0, 0, 0),
        "not all came back: {status:?}"
    );
    assert_eq!(status.available + status.idle, status.capacity, "permits do not add up: {status:?}");
    assert_eq!(ledger.alive(), status.idle as usize, "lost or duplicated: {status:?}");
    let end = ledger.replay(capacity).unwrap_or_else(|mismatch| panic!("{mismatch}"));
    assert_eq!(striped_pool::StripeStatus::of(&end), status);
    drop(pool);
    assert_eq!(ledger.alive(), 0, "a resource outlived the pool");
}
