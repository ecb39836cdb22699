//! What a cell committed, for whoever replays it through the pure machine (feature `trace`).
//!
//! Each node carries how many changes led to it, so the transitions of all threads can be put in the order in which they were
//! committed, without a clock and without slowing anybody down to agree on one:
//! 1. The changes of a cell are numbered 1, 2, 3 … without gaps, in commit order.
//! 2. A transition that changes nothing bears the number of the change before it: it saw the state after that change.
//! 3. A transition is recorded after its commit and before its effects run, by the thread that committed it, once.
//!
//! So sorting by number, changes first, and stepping through from a fresh stripe must reproduce every effect, and no
//! number may be missing: that is what [`replay`] and [`Replay`] require. The commit order is a linearization,
//! checked against the pure machine. Without the feature none of this is compiled in.

use super::{PoolEffects, PoolEvent, PoolStripe};
use crate::stripe::{Invariant, StripeStep, step, violations};
use crate::sync::Shared;
use core::fmt;
use std::collections::BTreeMap;
use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// One committed transition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transition {
    /// Rules 1 and 2.
    pub number: u64,
    /// What happened.
    pub event: PoolEvent,
    /// What it answered.
    pub effects: PoolEffects,
    /// Whether it changed the stripe.
    pub changed: bool,
}

/// Receives the transitions of one cell, from any thread, in no particular order. It runs inside the pool's operations:
/// it may block, and must not call back into the pool. A panic is caught, and its transition is missing from the record.
#[derive(Clone)]
pub struct Recorder(Shared<dyn Fn(Transition) + Send + Sync>);

impl Recorder {
    /// Calls `record` for each transition.
    pub fn new(record: impl Fn(Transition) + Send + Sync + 'static) -> Self {
        Self(Shared::new(record))
    }

    pub(super) fn record(&self, transition: Transition) {
        // A panic here must not lose the effects of the commit; the hook has reported it.
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| (self.0)(transition))) {
            core::mem::forget(panic);
        }
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").finish_non_exhaustive()
    }
}

/// Why a run is not one of the machine's.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mismatch {
    /// After change `after` the next one has number `found`: one was lost, or committed twice.
    Gap {
        /// The number of the last change that was in order.
        after: u64,
        /// The transition that does not follow it.
        found: Box<Transition>,
    },
    /// The machine answers the event otherwise.
    Differs {
        /// What was recorded.
        found: Box<Transition>,
        /// What the machine answers.
        effects: PoolEffects,
        /// Whether it changes the stripe.
        changed: bool,
    },
    /// The machine agrees, and the state that follows breaks an invariant.
    Violates {
        /// The transition.
        found: Box<Transition>,
        /// What it breaks.
        invariants: Vec<Invariant>,
    },
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gap { after, found } => write!(f, "change {after} is followed by {found:?}"),
            Self::Differs { found, effects, changed } => {
                write!(f, "{found:?}, where the machine answers {effects:?} (changed: {changed})")
            }
            Self::Violates { found, invariants } => write!(f, "{found:?} violates {invariants:?}"),
        }
    }
}

impl Error for Mismatch {}

/// Steps a fresh stripe of `capacity` through all `transitions` of a cell, in any order, and requires that every one of
/// them matches, that none is missing, and that none is left over. Returns the state at the end.
///
/// O(n log n) for n transitions, and the whole state is checked after each change: for tests. [`Replay`] does the same for a
/// run that is too long to be kept.
///
/// # Errors
///
/// The first [`Mismatch`].
pub fn replay(capacity: u32, transitions: Vec<Transition>) -> Result<PoolStripe, Mismatch> {
    let mut replay = Replay::new(capacity, usize::MAX);
    for transition in transitions {
        replay.push(transition)?;
    }
    while replay.pull()?.is_some() {}
    Ok(replay.stripe)
}

/// A replay that is fed while the run goes on, in memory that does not grow with it.
///
/// Threads record in no particular order, but nearly in order: a transition is late by what the others did between its commit
/// and its record. So the `window` latest are kept and sorted, and of more than that the first has its turn. Whatever
/// is later than the window is not forgiven: it is a [`Mismatch::Gap`], as if it had been lost.
#[derive(Debug)]
pub struct Replay {
    stripe: PoolStripe,
    window: usize,
    /// By number, changes first, then as they came. Among those of one number the change comes first: the others saw what it
    /// made. They do not change anything, so their order does not matter.
    kept: BTreeMap<(u64, bool, u64), Transition>,
    pushed: u64,
    last: u64,
    newest: u64,
    lateness: u64,
}

impl Replay {
    /// The replay of a cell that began with `capacity`, which forgives `window` transitions of disorder.
    #[must_use]
    pub fn new(capacity: u32, window: usize) -> Self {
        let (stripe, kept) = (PoolStripe::new(capacity), BTreeMap::new());
        Self { stripe, window, kept, pushed: 0, last: 0, newest: 0, lateness: 0 }
    }

    /// Takes one more; returns the one whose turn this makes it, if any, once it has matched.
    ///
    /// # Errors
    ///
    /// The first [`Mismatch`]; the replay is over then.
    pub fn push(&mut self, transition: Transition) -> Result<Option<Transition>, Mismatch> {
        self.newest = self.newest.max(transition.number);
        self.lateness = self.lateness.max(self.newest - transition.number);
        self.pushed += 1;
        self.kept.insert((transition.number, !transition.changed, self.pushed), transition);
        if self.kept.len() > self.window { self.pull() } else { Ok(None) }
    }

    /// Gives the first of those that are kept its turn, and returns it if there is one: for the end of the run, when none
    /// can come before it any more.
    ///
    /// # Errors
    ///
    /// As [`push`](Self::push).
    pub fn pull(&mut self) -> Result<Option<Transition>, Mismatch> {
        let Some((_, found)) = self.kept.pop_first() else { return Ok(None) };
        let StripeStep { stripe, effects, changed } = step(&self.stripe, found.event);
        if found.number != self.last + u64::from(found.changed) {
            return Err(Mismatch::Gap { after: self.last, found: Box::new(found) });
        }
        if effects != found.effects || changed != found.changed {
            return Err(Mismatch::Differs { found: Box::new(found), effects, changed });
        }
        let invariants = if changed { violations(&stripe) } else { Vec::new() };
        if !invariants.is_empty() {
            return Err(Mismatch::Violates { found: Box::new(found), invariants });
        }
        (self.stripe, self.last) = (stripe, found.number);
        Ok(Some(found))
    }

    /// The state after the last transition that had its turn.
    #[must_use]
    pub fn stripe(&self) -> &PoolStripe {
        &self.stripe
    }

    /// How many changes had been committed, at most, between a transition and its record: what the window must cover.
    #[must_use]
    pub fn lateness(&self) -> u64 {
        self.lateness
    }
}
