//! The thread that changes the pool while the workers work: resizes, drains, reaps, and closes it.
//!
//! ```text
//!   0      1/6       2/6        3/6       4/6      5/6      6/6 of the length
//!   ├ work ┼ shrink ─┼ grow ────┼ shrink ─┼ drain ─┼ reap ──┼ close
//! ```

use super::count::Count;
use super::{Shared, wait_until};
use crate::bank::{Connection, OpenError, Order};
use crate::faults::Rig;
use core::time::Duration;
use std::sync::Arc;
use std::thread::sleep;
use std::time::Instant;
use striped_pool::{GetError, OwnedLease};

/// For how long an idle connection is kept: less than a pause, so that a reap during one finds all of them stale.
pub(super) const TTL: Duration = Duration::from_millis(20);

/// What the conductor did and saw.
#[derive(Clone, Debug, Default)]
pub struct Notes {
    /// Changes of the pool's size, in turn.
    pub resizes: Vec<Resize>,
    /// A drain while the workers stood still.
    pub drain: Emptied,
    /// A reap while the workers stood still, longer than the time to live.
    pub reap: Emptied,
    /// Connections freed by a drain while the workers worked.
    pub drained_at_work: u32,
    /// The close.
    pub close: Closed,
    /// Calls to the pool that returned an error which they must not.
    pub refusals: Vec<String>,
}

/// A change of the pool's size.
#[derive(Clone, Copy, Debug)]
pub struct Resize {
    /// What it was.
    pub from: u32,
    /// What it is.
    pub to: u32,
    /// Whether the pool said in time that it owes nothing any more.
    pub is_settled: bool,
}

/// What a drain or a reap did while nothing was lent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Emptied {
    /// Whether the workers stood still.
    pub is_still: bool,
    /// Connections open before, as counted outside.
    pub before: u32,
    /// Connections freed, as the pool says.
    pub freed: u32,
    /// Connections open after, as counted outside.
    pub after: u32,
}

/// The pool just before and just after its close.
#[derive(Clone, Copy, Debug, Default)]
pub struct Closed {
    /// How many were waiting, as the pool said just before.
    pub waiting: u32,
    /// How many connections were lent.
    pub out: u32,
    /// Of four calls afterwards, one of each kind, how many answered that the pool is closed.
    pub answers: u32,
    /// Whether a lease from before still worked.
    pub is_lease_usable: bool,
}

/// See the module's documentation.
pub(super) struct Conductor {
    shared: Arc<Shared>,
    started: Instant,
    count: Count,
    notes: Notes,
}

impl Conductor {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, started: Instant::now(), count: Count::default(), notes: Notes::default() }
    }

    /// Does everything once, in the order of the picture.
    pub(super) fn conduct(mut self) -> (Count, Notes) {
        let size = self.shared.options.connections;
        let small = (size / 2).max(self.shared.options.stripes);
        let large = size + (size / 2).max(1);
        self.work_until(1);
        self.resize(size, small);
        self.work_until(2);
        self.resize(small, large);
        self.work_until(3);
        self.resize(large, size);
        self.work_until(4);
        self.notes.drained_at_work = self.shared.pool.drain();
        self.notes.drain = self.empty(Duration::ZERO, |shared| shared.pool.drain());
        self.work_until(5);
        self.notes.reap = self.empty(TTL * 2, |shared| shared.pool.reap());
        self.work_until(6);
        self.close();
        (self.count, self.notes)
    }

    /// Lets the workers work until so many sixths of the time have passed.
    fn work_until(&self, sixths: u32) {
        let moment = self.started + self.shared.options.length * sixths / 6;
        sleep(moment.saturating_duration_since(Instant::now()));
    }

    /// Changes the pool's size. The limit outside is the larger one until the pool owes nothing, then the new one.
    fn resize(&mut self, from: u32, to: u32) {
        let shared = Arc::clone(&self.shared);
        let Shared { pool, bank, options, .. } = &*shared;
        bank.outside().set_limit(from.max(to));
        let is_held = options.rig == Rig::HoldsThroughShrink && to < from;
        let held: Vec<_> = (0..from).filter(|_| is_held).filter_map(|_| self.get()).collect();
        if !(options.rig == Rig::SkipsShrink && to < from)
            && let Err(error) = pool.resize(to)
        {
            self.notes.refusals.push(format!("resize to {to}: {error}"));
        }
        let is_settled = wait_until(options.patience, || pool.status().stripes.iter().all(|stripe| stripe.owed == 0));
        if is_settled {
            bank.outside().set_limit(to);
        }
        self.notes.resizes.push(Resize { from, to, is_settled });
        drop(held);
    }

    /// Stops the workers, sees to it that at least one connection is idle, waits, and lets `empty` free all of them.
    fn empty(&mut self, wait: Duration, empty: impl FnOnce(&Shared) -> u32) -> Emptied {
        let shared = Arc::clone(&self.shared);
        let is_still = shared.gate.shut(shared.options.threads, shared.options.patience);
        drop(self.get());
        sleep(wait);
        let open = || shared.bank.outside().seen().open;
        let before = open();
        let freed = if shared.options.rig == Rig::SkipsDrain { 0 } else { empty(&shared) };
        let after = open();
        shared.gate.open();
        Emptied { is_still, before, freed, after }
    }

    /// Closes the pool while the conductor holds a lease and, if there are workers enough, somebody waits.
    fn close(&mut self) {
        let shared = Arc::clone(&self.shared);
        let Shared { pool, options, .. } = &*shared;
        let held = self.get().filter(|_| options.rig != Rig::DropsEarly);
        let is_crowded = options.threads >= options.connections;
        let mut status = pool.status();
        wait_until(options.patience.min(Duration::from_secs(5)), || {
            status = pool.status();
            !is_crowded || status.waiting() > 0
        });
        if options.rig == Rig::AsksEarly {
            self.notes.close.answers = self.count_closed();
        }
        pool.close();
        if options.rig != Rig::AsksEarly {
            self.notes.close.answers = self.count_closed();
        }
        self.notes.close.waiting = status.waiting();
        self.notes.close.out = status.out();
        self.notes.close.is_lease_usable = held.is_some_and(|lease| self.use_lease(lease));
    }

    /// How many of four gets, one of each kind, say that the pool is closed.
    fn count_closed(&mut self) -> u32 {
        let pool = self.shared.pool.clone();
        let second = Duration::from_secs(1);
        let gets = [
            pool.try_get().map(drop),
            pool.get_timeout(second).map(drop),
            pool.get_owned_timeout(second).map(drop),
            pool.get().map(drop),
        ];
        gets.into_iter().map(|got| u32::from(self.note(got).is_err_and(|error| error.is_closed()))).sum()
    }

    /// A transfer of nothing, from an account to itself.
    fn use_lease(&mut self, mut lease: OwnedLease<Connection>) -> bool {
        let transferred = lease.transfer(Order { source: 1, target: 1, amount: 0 }, || {});
        let is_committed = matches!(transferred, Ok(true));
        self.count.committed += u64::from(is_committed);
        is_committed
    }

    /// A lease; tries again when an injected create fails.
    fn get(&mut self) -> Option<OwnedLease<Connection>> {
        let pool = self.shared.pool.clone();
        loop {
            match self.note(pool.get_owned_timeout(self.shared.options.patience)) {
                Ok(lease) => return Some(lease),
                Err(GetError::Create(OpenError::Injected)) => {}
                Err(error) => {
                    self.notes.refusals.push(format!("get: {error}"));
                    return None;
                }
            }
        }
    }

    /// Counts a get.
    fn note<L>(&mut self, got: Result<L, GetError<OpenError>>) -> Result<L, GetError<OpenError>> {
        self.count.gets += 1;
        match &got {
            Ok(_) => self.count.leases += 1,
            Err(error) => self.count.failed(error),
        }
        got
    }
}
