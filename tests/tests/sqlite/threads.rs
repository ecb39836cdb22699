//! Threads, and the manager of r2d2.

use crate::bank::{Bank, Count, Counted, Place, prepare, transfer};
use fastrand::Rng;
use r2d2::ManageConnection;
use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::limits::Limit;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::thread;
use striped_pool::adapters::R2d2Manager;
use striped_pool::{ManagedPool, ManagedPoolBuilder};

const CONNECTIONS: u32 = 3;

/// r2d2's manager, whose connections are counted.
struct Counting {
    manager: SqliteConnectionManager,
    count: Arc<Mutex<Count>>,
}

impl ManageConnection for Counting {
    type Connection = Counted;
    type Error = rusqlite::Error;

    fn connect(&self) -> rusqlite::Result<Counted> {
        let place = Place::take(Arc::clone(&self.count));
        Ok(Counted::new(self.manager.connect()?, place))
    }

    fn is_valid(&self, connection: &mut Counted) -> rusqlite::Result<()> {
        self.manager.is_valid(connection)
    }

    fn has_broken(&self, connection: &mut Counted) -> bool {
        self.manager.has_broken(connection)
    }
}

fn builder(bank: &Bank) -> ManagedPoolBuilder<R2d2Manager<Counting>> {
    let manager = SqliteConnectionManager::file(bank.path()).with_init(prepare);
    ManagedPool::builder(CONNECTIONS, R2d2Manager(Counting { manager, count: bank.counter() }))
}

/// At rest: what was made and is not idle has been closed.
fn assert_at_rest(pool: &ManagedPool<R2d2Manager<Counting>>, bank: &Bank) {
    let status = pool.status();
    let count = bank.count();
    assert_eq!((status.out(), status.waiting(), status.idle()), (0, 0, count.open), "{status:?} {count:?}");
    pool.close();
    assert_eq!(bank.count().open, 0);
}

#[test]
fn money_is_conserved_by_many_threads_on_few_connections() {
    let bank = Bank::found();
    let pool = builder(&bank).build().expect("valid");
    thread::scope(|scope| {
        for seed in 0..8 {
            let pool = &pool;
            scope.spawn(move || {
                let mut dice = Rng::with_seed(seed);
                for turn in 0..60 {
                    let mut lease = pool.get().expect("a connection");
                    let is_whole = turn % 20 != 7;
                    let moved = catch_unwind(AssertUnwindSafe(|| {
                        // By value: the holder panics while it has it.
                        transfer(&mut lease, &mut dice, is_whole).map(|()| drop(lease))
                    }));
                    assert_eq!(moved.is_ok(), is_whole);
                    moved.unwrap_or(Ok(())).expect("moved");
                }
            });
        }
    });
    bank.audit();
    let count = bank.count();
    assert_eq!(count.peak, CONNECTIONS);
    assert_eq!(count.made - count.open, 8 * 3, "each panic ended its connection");
    assert_at_rest(&pool, &bank);
}

#[test]
fn a_broken_connection_is_replaced_by_the_same_get() {
    let bank = Bank::found();
    let pool = builder(&bank).build().expect("valid");
    let broken = pool.get().expect("a connection");
    // From now on it refuses every statement, the manager's too.
    broken.set_limit(Limit::SQLITE_LIMIT_SQL_LENGTH, 1).expect("set");
    drop(broken);
    assert_eq!((bank.count().made, pool.status().idle()), (1, 1), "r2d2's has_broken does not see it");
    let mut lease = pool.get().expect("another");
    transfer(&mut lease, &mut Rng::with_seed(1), true).expect("it works");
    assert_eq!((lease.usage().uses, bank.count()), (1, Count { made: 2, open: 1, peak: 1 }));
    drop(lease);
    assert_at_rest(&pool, &bank);
}

#[test]
fn a_transaction_left_open_is_seen_by_a_hook() {
    let bank = Bank::found();
    let pool = builder(&bank).after_return(|connection, _| connection.is_autocommit()).build().expect("valid");
    let lease = pool.get().expect("a connection");
    lease.execute_batch("BEGIN IMMEDIATE; UPDATE account SET balance = 0").expect("begun");
    drop(lease);
    assert_eq!((bank.count().open, pool.status().available()), (0, CONNECTIONS));
    transfer(&mut pool.get().expect("another"), &mut Rng::with_seed(1), true).expect("nobody holds the lock");
    bank.audit();
    assert_at_rest(&pool, &bank);
}
