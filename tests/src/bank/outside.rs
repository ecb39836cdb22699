//! Who counts connections outside the pool.
//!
//! A [`Place`] is taken before a connection is opened and left after it is closed, so the count includes what is being
//! opened and what is being closed, which is what the pool promises to bound. One lock makes each count and its
//! comparison with the limit one step.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The counter of all connections of one bank.
#[derive(Clone, Debug)]
pub struct Outside {
    seen: Arc<Mutex<Seen>>,
}

/// What has been counted until some moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// How many there may be.
    pub limit: u32,
    /// Attempts to open a connection.
    pub attempts: u64,
    /// Attempts that failed.
    pub failed: u64,
    /// Connections opened.
    pub created: u64,
    /// Connections that the pool gave to its `free`.
    pub freed: u64,
    /// Those of them that were in the middle of a transaction.
    pub freed_midway: u64,
    /// Connections that were taken out of the pool for good.
    pub detached: u64,
    /// Connections closed, whoever closed them.
    pub closed: u64,
    /// Places taken: connections of the pool that are being opened, open, or being closed.
    pub open: u32,
    /// The most places taken at once.
    pub peak: u32,
    /// How often there were more than the limit.
    pub breaches: u64,
}

impl Outside {
    /// Nothing is open; `limit` connections may be. `phantoms` places are taken from the start by nobody.
    pub(super) fn new(limit: u32, phantoms: u32) -> Self {
        let seen = Seen { limit, open: phantoms, ..Seen::default() };
        Self { seen: Arc::new(Mutex::new(seen)) }
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What has been counted until now.
    #[must_use]
    pub fn seen(&self) -> Seen {
        *self.lock()
    }

    /// From now on `limit` connections may be open; if more are, that is a breach.
    ///
    /// Raise it before the pool may open more; lower it when what was above has been closed.
    pub fn set_limit(&self, limit: u32) {
        let mut seen = self.lock();
        seen.limit = limit;
        seen.judge();
    }

    /// Notes that the pool frees a connection.
    pub fn note_freed(&self, is_midway: bool) {
        let mut seen = self.lock();
        seen.freed += 1;
        seen.freed_midway += u64::from(is_midway);
    }

    /// Takes a place for a connection that is about to be opened; also the number of the attempt, from 0.
    pub(super) fn enter(&self) -> (Place, u64) {
        let mut seen = self.lock();
        let attempt = seen.attempts;
        seen.attempts += 1;
        seen.open += 1;
        seen.judge();
        (Place { outside: self.clone(), is_counted: true, is_open: false }, attempt)
    }
}

impl Seen {
    fn judge(&mut self) {
        self.peak = self.peak.max(self.open);
        self.breaches += u64::from(self.open > self.limit);
    }
}

/// A connection's place in the count. Dropped after the connection is closed.
#[derive(Debug)]
pub(super) struct Place {
    outside: Outside,
    /// Whether it is one of those that the pool bounds.
    is_counted: bool,
    /// Whether its connection was opened.
    is_open: bool,
}

impl Place {
    /// Notes that the connection was opened.
    pub(super) fn opened(mut self) -> Self {
        self.is_open = true;
        self.outside.lock().created += 1;
        self
    }

    /// Notes that the connection leaves the pool for good: it is no longer one of those that the pool bounds.
    pub(super) fn detach(&mut self) {
        if core::mem::replace(&mut self.is_counted, false) {
            let mut seen = self.outside.lock();
            seen.open -= 1;
            seen.detached += 1;
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut seen = self.outside.lock();
        seen.open -= u32::from(self.is_counted);
        if self.is_open {
            seen.closed += 1;
        } else {
            seen.failed += 1;
        }
    }
}
