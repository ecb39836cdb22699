//! What a pool of resources does if calls come one at a time: the specification that histories are compared with.
//!
//! Rules:
//! 1. At most the capacity is lent. What is neither lent nor idle may be made anew, as long as no more than the capacity exists.
//! 2. A resource is lent to one at a time, and never again after it was discarded, detached, reaped or drained, or given back to
//!    a pool that is closed or too large.
//! 3. A take waits exactly while everything is lent. One that does not wait comes back with nothing only then, where what other
//!    operations that are under way may hold for a moment ([`holds_briefly`]) counts as lent; that may also be hidden from a drain.
//! 4. A closed pool gives nothing out, and nobody waits for it.
//! 5. Who is served first is open.
//! 6. What a reap freed is not known before it is lent again, or there is no room for it (`perhaps.rs`).
//!
//! What it does not say: how long idle resources are kept, which idle one a take gets, and after a reap how many a shrink frees.

use super::history::{Outcome, Resource};
use super::perhaps::Perhaps;
use crate::programs::Op;
use core::fmt;
use core::ops::Bound::{Excluded, Unbounded};
use im::OrdSet;

/// A pool, between two calls.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Spec {
    capacity: usize,
    idle: OrdSet<Resource>,
    /// Idle, or gone: a reap went by.
    perhaps: Perhaps,
    lent: OrdSet<Resource>,
    gone: OrdSet<Resource>,
    is_closed: bool,
}

/// Why an answer cannot be given here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The resource is lent to somebody else.
    LentTwice(Resource),
    /// The resource has left the pool for good.
    Gone(Resource),
    /// As much as is allowed is lent, or exists.
    OverCapacity(usize),
    /// The pool is closed.
    GaveAlthoughClosed,
    /// The pool is not closed.
    NotClosed,
    /// Not everything is lent.
    WasFree,
    /// What comes back is not lent.
    NotLent(Resource),
    /// The pool has come to rest, and somebody waits for what is free.
    Sleeps,
    /// The pool has come to rest, and somebody waits although it is closed.
    SleepsClosed,
    /// The pool has come to rest, and an operation that does not wait has no answer.
    Unanswered(Op),
    /// That operation has no such answer.
    Unfit(Op),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LentTwice(resource) => write!(f, "{resource} is lent to somebody else"),
            Self::Gone(resource) => write!(f, "{resource} has left the pool for good"),
            Self::OverCapacity(capacity) => write!(f, "the pool has no more than {capacity}"),
            Self::GaveAlthoughClosed => write!(f, "the pool is closed"),
            Self::NotClosed => write!(f, "the pool is not closed"),
            Self::WasFree => write!(f, "something was free all the time"),
            Self::NotLent(resource) => write!(f, "{resource} is not lent"),
            Self::Sleeps => write!(f, "lost wake-up: nobody moves, and a take waits although something is free"),
            Self::SleepsClosed => write!(f, "lost wake-up: nobody moves, and a take waits although the pool is closed"),
            Self::Unanswered(op) => write!(f, "nobody moves, and {op:?} has no answer"),
            Self::Unfit(op) => write!(f, "{op:?} has no such answer"),
        }
    }
}

/// How much an operation may hold for a moment while it is under way, or keep from others, at most: a take that gives up
/// may have got one just then, and what is freed, one by a shrink and however much otherwise, is neither there nor replaced
/// until it is.
#[must_use]
pub const fn holds_briefly(op: Op) -> usize {
    if matches!(op, Op::Reap | Op::Drain) {
        usize::MAX
    } else {
        matches!(op, Op::TimedTake | Op::CancelledTake | Op::Shrink) as usize
    }
}

impl Spec {
    /// A pool in which nothing has been made.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        let none = OrdSet::new();
        Self {
            capacity,
            idle: none.clone(),
            perhaps: Perhaps::default(),
            lent: none.clone(),
            gone: none,
            is_closed: false,
        }
    }

    /// Whether a take would get something.
    #[must_use]
    pub fn is_free(&self) -> bool {
        self.is_free_beside(0)
    }

    /// The same, if as much as `hidden` is held for a moment.
    fn is_free_beside(&self, hidden: usize) -> bool {
        !self.is_closed && self.lent.len().saturating_add(hidden) < self.capacity
    }

    /// Whether a take may wait here for ever.
    ///
    /// # Errors
    ///
    /// Why not.
    pub fn lets_wait(&self) -> Result<(), Reason> {
        match (self.is_closed, self.is_free()) {
            (true, _) => Err(Reason::SleepsClosed),
            (false, true) => Err(Reason::Sleeps),
            (false, false) => Ok(()),
        }
    }

    /// What the pool may be after `op`, which gives `given` back, if it was answered with `outcome`, while others held `hidden`
    /// at most for a moment (rule 3).
    ///
    /// # Errors
    ///
    /// Why it cannot be answered so.
    pub fn after(&self, op: Op, given: Option<Resource>, outcome: Outcome, hidden: usize) -> Result<Vec<Self>, Reason> {
        match (op, outcome) {
            (Op::Take | Op::TryTake | Op::TimedTake, Outcome::Got(resource)) => Ok(vec![self.lend(resource)?]),
            (Op::Take | Op::TryTake | Op::TimedTake, Outcome::Closed) if self.is_closed => Ok(vec![self.clone()]),
            (Op::Take | Op::TryTake | Op::TimedTake, Outcome::Closed) => Err(Reason::NotClosed),
            (Op::TryTake | Op::TimedTake, Outcome::Nothing) if self.is_free_beside(hidden) => Err(Reason::WasFree),
            (Op::TryTake | Op::TimedTake, Outcome::Nothing) | (Op::CancelledTake, Outcome::Done) => {
                Ok(vec![self.clone()])
            }
            (Op::Put, Outcome::Done) => Ok(vec![self.put(given, true)?]),
            (Op::Discard | Op::Detach | Op::FailCreate, Outcome::Done) => Ok(vec![self.put(given, false)?]),
            (Op::Drain, Outcome::Done) => Ok(vec![self.reaped().at_most(hidden)]),
            (Op::Reap, Outcome::Done) => Ok(vec![self.reaped()]),
            (Op::Grow, Outcome::Done) => Ok(vec![self.resized(self.capacity.saturating_add(1))]),
            (Op::Shrink, Outcome::Done) => Ok(self.resized(self.capacity.saturating_sub(1).max(1)).shrunk()),
            (Op::Close, Outcome::Done) => Ok(vec![Self { is_closed: true, ..self.drained() }]),
            (op, _) => Err(Reason::Unfit(op)),
        }
    }

    fn lend(&self, resource: Resource) -> Result<Self, Reason> {
        let exist = self.lent.len().saturating_add(self.idle.len());
        let is_known = self.idle.contains(&resource) || self.perhaps.contains(&resource);
        let reason = if self.is_closed {
            Reason::GaveAlthoughClosed
        } else if self.lent.contains(&resource) {
            Reason::LentTwice(resource)
        } else if self.gone.contains(&resource) {
            Reason::Gone(resource)
        } else if !self.is_free() || (!is_known && exist >= self.capacity) {
            Reason::OverCapacity(self.capacity)
        } else {
            let kept = if is_known {
                self.known(self.perhaps.without(&resource))
            } else {
                self.at_most(self.capacity.saturating_sub(exist.saturating_add(1)))
            };
            return Ok(Self { idle: self.idle.without(&resource), lent: self.lent.update(resource), ..kept });
        };
        Err(reason)
    }

    fn put(&self, given: Option<Resource>, is_kept: bool) -> Result<Self, Reason> {
        let Some(resource) = given.filter(|resource| self.lent.contains(resource)) else {
            return Err(Reason::NotLent(given.unwrap_or(Resource::Nameless(0))));
        };
        let after = Self { lent: self.lent.without(&resource), ..self.clone() };
        Ok(match resource {
            // It will come back under another name.
            Resource::Nameless(_) => after,
            Resource::Known(_) if is_kept && !self.is_closed && self.lent.len() <= self.capacity => {
                Self { idle: self.idle.update(resource), ..after }
            }
            Resource::Known(_) => Self { gone: self.gone.update(resource), ..after },
        })
    }

    /// Every way in which `count` idle resources may be freed, each once.
    fn without_idle(&self, count: usize) -> Vec<Self> {
        self.without_idle_after(None, count)
    }

    /// The same, if only those after `last` may be: each is chosen after the one before.
    fn without_idle_after(&self, last: Option<Resource>, count: usize) -> Vec<Self> {
        if count == 0 {
            return vec![self.clone()];
        }
        let freed = |resource: &Resource| Self {
            idle: self.idle.without(resource),
            gone: self.gone.update(*resource),
            ..self.clone()
        };
        let later = self.idle.range((last.map_or(Unbounded, Excluded), Unbounded));
        later.flat_map(|one| freed(one).without_idle_after(Some(*one), count.saturating_sub(1))).collect()
    }

    fn resized(&self, capacity: usize) -> Self {
        Self { capacity, ..self.clone() }
    }

    fn shrunk(&self) -> Vec<Self> {
        let exist = self.lent.len().saturating_add(self.idle.len());
        if self.perhaps.most() == 0 {
            return self.without_idle(exist.saturating_sub(self.capacity).min(self.idle.len()));
        }
        if exist.saturating_add(self.perhaps.most()) <= self.capacity {
            return vec![self.clone()];
        }
        // How many were freed is not known: any, as long as no more are left than may be.
        vec![self.reaped().at_most(self.capacity.saturating_sub(self.lent.len()))]
    }

    /// Any number of idle ones may be gone.
    fn reaped(&self) -> Self {
        Self { idle: OrdSet::new(), perhaps: self.perhaps.and(self.idle.clone()), ..self.clone() }
    }

    /// All idle ones are gone.
    fn drained(&self) -> Self {
        let gone = self.gone.clone().union(self.idle.clone()).union(self.perhaps.all());
        Self { idle: OrdSet::new(), perhaps: Perhaps::default(), gone, ..self.clone() }
    }

    /// Of those that are perhaps gone, so many are left at most.
    fn at_most(&self, most: usize) -> Self {
        self.known(self.perhaps.at_most(most))
    }

    /// Now this is known of them.
    fn known(&self, (perhaps, gone): (Perhaps, OrdSet<Resource>)) -> Self {
        Self { perhaps, gone: self.gone.clone().union(gone), ..self.clone() }
    }
}

impl fmt::Display for Spec {
    /// Such as `1 of 2 lent: r0; idle: r1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = |set: &OrdSet<Resource>| set.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        write!(f, "{} of {} lent", self.lent.len(), self.capacity)?;
        if !self.lent.is_empty() {
            write!(f, ": {}", names(&self.lent))?;
        }
        if !self.idle.is_empty() {
            write!(f, "; idle: {}", names(&self.idle))?;
        }
        let perhaps = self.perhaps.all();
        if !perhaps.is_empty() {
            write!(f, "; idle or reaped: {}", names(&perhaps))?;
        }
        if self.is_closed {
            write!(f, "; closed")?;
        }
        Ok(())
    }
}
