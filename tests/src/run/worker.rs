//! A thread that makes transfers until the pool is closed.

use super::Shared;
use super::count::Count;
use crate::bank::{Bank, Connection, OpenError, Order};
use crate::faults::{Dice, InjectedPanic, Rig, Turn, inject_panic};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::sleep;
use std::time::Instant;
use striped_pool::{GetError, Pool};

/// How a get went that did not panic.
type Got = Result<(), GetError<OpenError>>;

/// See the module's documentation.
pub(super) struct Worker {
    shared: Arc<Shared>,
    dice: Dice,
    desk: Desk,
}

/// What a worker uses while it holds a lease.
struct Desk {
    rig: Rig,
    /// Whether it has a lease to leak.
    is_leaky: bool,
    asked: Instant,
    count: Count,
}

impl Worker {
    /// The first worker is the one that leaks a lease, if the run is rigged so.
    pub(super) fn new(shared: Arc<Shared>, dice: Dice, is_first: bool) -> Self {
        let rig = shared.options.rig;
        let is_leaky = is_first && rig == Rig::LeaksLease;
        let desk = Desk { rig, is_leaky, asked: Instant::now(), count: Count::default() };
        Self { shared, dice, desk }
    }

    /// Takes turns until a get says that the pool is closed.
    pub(super) fn work(mut self) -> Count {
        let shared = Arc::clone(&self.shared);
        while self.desk.count.closed == 0 {
            shared.gate.pass();
            let (turn, order) = (self.dice.turn(), self.dice.order());
            self.desk.asked = Instant::now();
            self.desk.count.gets += 1;
            if let Err(error) = self.desk.take_turn(&shared.pool, turn, order) {
                self.desk.note_failed(&error, &shared);
            }
            shared.live.operations.fetch_add(1, Ordering::Relaxed);
        }
        if self.desk.rig == Rig::StaysBehind {
            sleep(shared.options.patience * 5);
        }
        self.desk.count
    }
}

impl Desk {
    fn take_turn(&mut self, pool: &Pool<Connection, OpenError>, turn: Turn, order: Order) -> Got {
        match turn {
            Turn::Lease => {
                let mut lease = pool.get()?;
                self.transfer(&mut lease, order);
                if core::mem::take(&mut self.is_leaky) {
                    core::mem::forget(lease);
                }
            }
            Turn::OwnedLease => self.transfer(&mut *pool.get_owned()?, order),
            Turn::Closure => pool.with(|connection| self.transfer(connection, order))?,
            Turn::Read => pool.with(|connection| self.read(connection))?,
            Turn::Impatient(wait) => self.transfer(&mut *pool.get_timeout(wait)?, order),
            Turn::Try => self.transfer(&mut *pool.try_get()?, order),
            Turn::Panic => return self.panic(pool, order),
            Turn::Discard => {
                let mut lease = pool.get()?;
                self.transfer(&mut lease, order);
                self.count.discarded += 1;
                lease.discard();
            }
            Turn::Detach => {
                let mut lease = pool.get()?;
                self.transfer(&mut lease, order);
                self.count.detached += 1;
                lease.note_detached();
                let closed = lease.detach().close();
                self.note(closed);
            }
        }
        Ok(())
    }

    /// Panics in the middle of a transfer, and goes on if it was that panic which came through.
    fn panic(&mut self, pool: &Pool<Connection, OpenError>, order: Order) -> Got {
        let is_caught_early = self.rig == Rig::CatchesPanic;
        let work = AssertUnwindSafe(|| {
            pool.with(|connection| {
                self.lent(connection);
                let work = AssertUnwindSafe(|| connection.transfer(order, inject_panic));
                if is_caught_early {
                    return catch_unwind(work).unwrap_or(Ok(false));
                }
                work()
            })
        });
        match catch_unwind(work) {
            Ok(transferred) => {
                let transferred = transferred?;
                self.count.panicked += u64::from(is_caught_early);
                // Only if the database failed before the middle, or in a rigged run.
                self.note(transferred.map(|_| ()));
            }
            Err(panic) if panic.is::<InjectedPanic>() => self.count.panicked += 1,
            Err(panic) => resume_unwind(panic),
        }
        Ok(())
    }

    /// Notes that a connection was lent, and that it is clean; if it is not, cleans it.
    fn lent(&mut self, connection: &mut Connection) {
        self.count.leases += u64::from(self.rig != Rig::IgnoresLeases);
        self.count.waits.note(self.asked.elapsed());
        if connection.is_midway() {
            self.count.unclean += 1;
            let rolled_back = connection.roll_back();
            self.note(rolled_back);
        }
    }

    fn transfer(&mut self, connection: &mut Connection, order: Order) {
        self.lent(connection);
        match connection.transfer(order, || {}) {
            Ok(true) => self.count.committed += 1,
            Ok(false) => self.count.refused += 1,
            Err(error) => self.count.database_failed(&error),
        }
    }

    fn read(&mut self, connection: &mut Connection) {
        self.lent(connection);
        self.count.reads += 1;
        match connection.total() {
            Ok(total) => self.count.wrong_reads += u64::from(total != Bank::total()),
            Err(error) => self.count.database_failed(&error),
        }
    }

    fn note(&mut self, done: rusqlite::Result<()>) {
        if let Err(error) = done {
            self.count.database_failed(&error);
        }
    }

    fn note_failed(&mut self, error: &GetError<OpenError>, shared: &Shared) {
        if error.is_timeout() {
            shared.live.timed_out.fetch_add(1, Ordering::Relaxed);
            if self.rig == Rig::IgnoresTimeouts {
                return;
            }
        }
        self.count.failed(error);
    }
}
