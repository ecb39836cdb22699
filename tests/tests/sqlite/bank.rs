//! Accounts in a file, and connections to it that are counted outside the pool.

use core::ops::{Deref, DerefMut};
use core::time::Duration;
use fastrand::Rng;
use rusqlite::{Connection, TransactionBehavior, params};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use tempfile::TempDir;

const ACCOUNTS: i64 = 16;
const START: i64 = 1_000;
/// How long to wait for another connection's transaction.
const BUSY: Duration = Duration::from_secs(30);

/// A bank, removed when it is dropped.
pub(crate) struct Bank {
    folder: TempDir,
    count: Arc<Mutex<Count>>,
}

/// Connections, counted outside the pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) made: u32,
    pub(crate) open: u32,
    pub(crate) peak: u32,
}

/// A connection that is counted from before it is opened until after it is closed.
#[derive(Debug)]
pub(crate) struct Counted {
    // In this order: it is counted until it is closed.
    connection: Connection,
    _place: Place,
}

#[derive(Debug)]
pub(crate) struct Place(Arc<Mutex<Count>>);

impl Bank {
    pub(crate) fn found() -> Self {
        let bank = Self { folder: TempDir::new().expect("a folder"), count: Arc::default() };
        let mut connection = bank.connect();
        connection
            .execute_batch(
                "PRAGMA journal_mode = WAL; CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL)",
            )
            .expect("a table");
        let transaction = connection.transaction().expect("begun");
        for id in 0..ACCOUNTS {
            transaction.execute("INSERT INTO account VALUES (?1, ?2)", params![id, START]).expect("inserted");
        }
        transaction.commit().expect("committed");
        bank
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("bank.sqlite")
    }

    fn connect(&self) -> Connection {
        Connection::open(self.path()).expect("opened")
    }

    pub(crate) fn counter(&self) -> Arc<Mutex<Count>> {
        Arc::clone(&self.count)
    }

    pub(crate) fn count(&self) -> Count {
        *self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Money is conserved, and moved.
    pub(crate) fn audit(&self) {
        let connection = self.connect();
        let all = |sql| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).expect("read");
        assert_eq!(all("SELECT sum(balance) FROM account"), ACCOUNTS * START);
        assert!(all("SELECT count(*) FROM account WHERE balance <> 1000") > 0, "nobody moved any");
    }
}

impl Place {
    pub(crate) fn take(count: Arc<Mutex<Count>>) -> Self {
        let mut now = count.lock().unwrap_or_else(PoisonError::into_inner);
        now.open += 1;
        now.peak = now.peak.max(now.open);
        drop(now);
        Self(count)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).open -= 1;
    }
}

impl Counted {
    pub(crate) fn new(connection: Connection, place: Place) -> Self {
        place.0.lock().unwrap_or_else(PoisonError::into_inner).made += 1;
        Self { connection, _place: place }
    }
}

impl Deref for Counted {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl DerefMut for Counted {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }
}

/// Sets up a connection.
pub(crate) fn prepare(connection: &mut Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY)
}

/// Moves some money from one account to another. `is_whole` is whether it also arrives.
pub(crate) fn transfer(connection: &mut Connection, dice: &mut Rng, is_whole: bool) -> rusqlite::Result<()> {
    let source = dice.i64(0..ACCOUNTS);
    let target = (source + dice.i64(1..ACCOUNTS)) % ACCOUNTS;
    let amount = dice.i64(1..=100);
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute("UPDATE account SET balance = balance - ?1 WHERE id = ?2", params![amount, source])?;
    if !is_whole {
        // Not `panic!`: nobody needs to read of it.
        std::panic::resume_unwind(Box::new("a holder panics"));
    }
    transaction.execute("UPDATE account SET balance = balance + ?1 WHERE id = ?2", params![amount, target])?;
    transaction.commit()
}
