//! What a run of a real pool looked like from outside: calls and answers of every thread, in the order of real time.
//!
//! Owns the record. Rules:
//! 1. A call is recorded before the pool sees it, an answer after the pool has given it. So if one call was answered before
//!    another was made, it stands before it, and whatever the pool did for a call lies between call and answer.
//! 2. Each column records for itself, with a ticket from one counter: on real threads, recording puts nobody in a queue.
//! 3. The last column is the main thread's, which primes the pool, finds it at rest, closes it and looks what is left.
//!
//! What it does not do: judge. `spec.rs` says what is right, `linear.rs` whether a history is.

use crate::programs::Op;
use core::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A resource by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resource {
    /// Of this identity.
    Known(u64),
    /// Without an identity: the number is the runner's, and new with each take.
    Nameless(u64),
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(number) => write!(f, "r{number}"),
            Self::Nameless(_) => write!(f, "one"),
        }
    }
}

/// What a call was answered with, without the resource itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It is done.
    Done,
    /// This resource.
    Got(Resource),
    /// There is nothing now.
    Nothing,
    /// The pool is closed.
    Closed,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done => write!(f, "done"),
            Self::Got(resource) => write!(f, "{resource}"),
            Self::Nothing => write!(f, "nothing"),
            Self::Closed => write!(f, "closed"),
        }
    }
}

/// What a column did.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum What {
    /// It called the pool, and gave this back with it.
    Called(Op, Option<Resource>),
    /// The pool answered its last call.
    Answered(Outcome),
    /// It found that nobody moves any more: whoever has no answer waits.
    Rested,
    /// The pool's own remark, made by [`note`](super::note()).
    Noted(String),
}

/// Something that a column did.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Event {
    /// Who.
    pub column: usize,
    /// What.
    pub what: What,
}

/// Events in the order of real time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct History(pub Vec<Event>);

/// A call, and when it was made and answered, as places in the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// Who called.
    pub column: usize,
    /// What; nothing is the moment of rest.
    pub op: Option<Op>,
    /// What was given back with it.
    pub given: Option<Resource>,
    /// When it was made.
    pub made: usize,
    /// When it was answered, and with what.
    pub answer: Option<(usize, Outcome)>,
}

impl Call {
    /// Whether it was answered before the event at `place`.
    #[must_use]
    pub fn is_answered_before(&self, place: usize) -> bool {
        self.answer.is_some_and(|(answered, _)| answered < place)
    }

    /// Whether there was a moment at which both were under way.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        !self.is_answered_before(other.made) && !other.is_answered_before(self.made)
    }
}

impl History {
    /// The calls, in the order in which they were made.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        let mut calls: Vec<Call> = Vec::new();
        for (place, Event { column, what }) in self.0.iter().enumerate() {
            let call = Call { column: *column, op: None, given: None, made: place, answer: None };
            match what {
                What::Called(op, given) => calls.push(Call { op: Some(*op), given: *given, ..call }),
                What::Rested => calls.push(Call { answer: Some((place, Outcome::Done)), ..call }),
                What::Answered(outcome) => {
                    if let Some(last) = calls.iter_mut().rev().find(|call| call.column == *column) {
                        last.answer = Some((place, *outcome));
                    }
                }
                What::Noted(_) => {}
            }
        }
        calls
    }

    /// The first `len` events.
    #[must_use]
    pub fn prefix(&self, len: usize) -> Self {
        Self(self.0.iter().take(len).cloned().collect())
    }

    /// The same without remarks: two histories that agree in this are judged alike.
    #[must_use]
    pub fn bare(&self) -> Self {
        Self(self.0.iter().filter(|event| !matches!(event.what, What::Noted(_))).cloned().collect())
    }

    /// How long it is to read: events first, then how often it turns from one column to another.
    #[must_use]
    pub fn length(&self) -> (usize, usize) {
        let turns = self.0.windows(2).filter(|pair| matches!(pair, [one, next] if one.column != next.column));
        (self.0.len(), turns.count())
    }
}

/// Records one run (rules 1 and 2).
#[derive(Debug)]
pub(crate) struct Recorder {
    tickets: AtomicUsize,
    columns: Vec<Mutex<Vec<(usize, What)>>>,
    nameless: AtomicUsize,
}

impl Recorder {
    /// For so many threads, and the main thread.
    pub(crate) fn new(threads: usize) -> Self {
        let columns = (0..=threads).map(|_| Mutex::new(Vec::new())).collect();
        Self { tickets: AtomicUsize::new(0), columns, nameless: AtomicUsize::new(0) }
    }

    /// The main thread's column.
    pub(crate) fn main(&self) -> usize {
        self.columns.len().saturating_sub(1)
    }

    pub(crate) fn record(&self, column: usize, what: What) {
        if let Some(lane) = self.columns.get(column) {
            let mut lane = locked(lane);
            // Sequentially consistent: tickets follow real time.
            lane.push((self.tickets.fetch_add(1, Ordering::SeqCst), what));
        }
    }

    /// The name of what a take got.
    pub(crate) fn name(&self, identity: Option<u64>) -> Resource {
        let number = || self.nameless.fetch_add(1, Ordering::Relaxed) as u64;
        identity.map_or_else(|| Resource::Nameless(number()), Resource::Known)
    }

    /// What was recorded until now.
    pub(crate) fn history(&self) -> History {
        let lanes: Vec<_> = self.columns.iter().map(locked).collect();
        let column = |(column, lane): (usize, &MutexGuard<'_, Vec<(usize, What)>>)| {
            lane.iter().map(|(ticket, what)| (*ticket, column, what.clone())).collect::<Vec<_>>()
        };
        let mut events: Vec<(usize, usize, What)> = lanes.iter().enumerate().flat_map(column).collect();
        events.sort_by_key(|event| event.0);
        History(events.into_iter().map(|(_, column, what)| Event { column, what }).collect())
    }

    /// Forgets what was recorded.
    pub(crate) fn clear(&self) {
        self.columns.iter().for_each(|lane| locked(lane).clear());
    }
}

/// The content of a lock, whatever became of who held it.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
