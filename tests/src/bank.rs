//! A bank: accounts and a ledger in an `SQLite` database, and the connections that the pool lends.
//!
//! Rules:
//! 1. Money moves from one account to another in one transaction, which also writes one row of the ledger. So the sum
//!    of all balances never changes, and each balance is what the ledger says.
//! 2. Nothing guards a transaction that unwinds: if a closure panics in the middle, only closing the connection rolls
//!    back. A pool that lends such a connection again lends half a transfer.
//! 3. A connection holds its place in the count outside the pool from before it is opened until after it is closed.

mod outside;

pub use outside::{Outside, Seen};

use crate::faults::{Faults, Rig};
use core::fmt;
use core::time::Duration;
use outside::Place;
use rusqlite::{TransactionBehavior, params};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread::sleep;

/// How many accounts there are, numbered from 1.
pub const ACCOUNTS: u32 = 64;
/// What each account starts with.
pub const START: i64 = 1_000;
/// The most that one transfer moves.
pub const LARGEST: i64 = 100;

/// How long to wait between two looks whether another connection still writes, and how often to look: 20 s.
const BUSY_PAUSE: Duration = Duration::from_micros(200);
const BUSY_LOOKS: i32 = 100_000;

const SCHEMA: &str = "
    PRAGMA journal_mode = WAL;
    CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL);
    CREATE TABLE ledger (id INTEGER PRIMARY KEY, source INTEGER NOT NULL, target INTEGER NOT NULL, amount INTEGER NOT NULL);";
const DEBIT: &str = "UPDATE account SET balance = balance - ?1 WHERE id = ?2 AND balance >= ?1";
const CREDIT: &str = "UPDATE account SET balance = balance + ?1 WHERE id = ?2";
const RECORD: &str = "INSERT INTO ledger (source, target, amount) VALUES (?1, ?2, ?3)";
/// Into a ledger that nobody has.
const LOST: &str = "INSERT INTO lost (source, target, amount) VALUES (?1, ?2, ?3)";
const TOTAL: &str = "SELECT sum(balance) FROM account";
const ROWS: &str = "SELECT count(*) FROM ledger";
/// How many accounts differ from what the ledger says.
const ASTRAY: &str = "
    WITH moved AS (SELECT source AS id, -amount AS amount FROM ledger UNION ALL SELECT target, amount FROM ledger),
         due AS (SELECT id, sum(amount) AS amount FROM moved GROUP BY id)
    SELECT count(*) FROM account LEFT JOIN due USING (id) WHERE balance <> ?1 + coalesce(due.amount, 0)";

/// A database of accounts, and what its connections are made with.
#[derive(Debug)]
pub struct Bank {
    path: PathBuf,
    outside: Outside,
    faults: Faults,
    rig: Rig,
    /// Never used. While it is open, no other connection is the last to close, which would lock the whole database.
    /// The lock only makes it shareable.
    _anchor: Mutex<rusqlite::Connection>,
}

/// What is read from the database when all is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Audit {
    /// The sum of all balances.
    pub total: i64,
    /// The rows of the ledger.
    pub rows: u64,
    /// How many accounts differ from what the ledger says.
    pub astray: u64,
}

/// An order to move money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// Whom it comes from.
    pub source: u32,
    /// Whom it goes to.
    pub target: u32,
    /// How much.
    pub amount: i64,
}

/// Why no connection could be opened.
#[derive(Debug)]
pub enum OpenError {
    /// The fault was injected.
    Injected,
    /// The database refused.
    Database(rusqlite::Error),
}

impl Bank {
    /// A new bank in `folder`, of which at most `limit` connections may be open.
    ///
    /// # Errors
    ///
    /// Whatever the database says.
    pub fn found(folder: &Path, limit: u32, faults: Faults, rig: Rig) -> rusqlite::Result<Self> {
        let path = folder.join("bank.sqlite");
        let mut anchor = rusqlite::Connection::open(&path)?;
        anchor.execute_batch(SCHEMA)?;
        let transaction = anchor.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for id in 1..=ACCOUNTS {
            transaction.execute("INSERT INTO account VALUES (?1, ?2)", params![id, START])?;
        }
        transaction.commit()?;
        let outside = Outside::new(limit, u32::from(rig == Rig::CountsPhantom));
        Ok(Self { path, outside, faults, rig, _anchor: Mutex::new(anchor) })
    }

    /// Opens a connection: the pool's `create`.
    ///
    /// # Errors
    ///
    /// [`OpenError::Injected`] if the faults say so, and whatever the database says.
    pub fn open(&self) -> Result<Connection, OpenError> {
        let (place, attempt) = self.outside.enter();
        if self.faults.create_fails(attempt) {
            return Err(OpenError::Injected);
        }
        let database = connect(&self.path).map_err(OpenError::Database)?;
        Ok(Connection { database, rig: self.rig, place: place.opened() })
    }

    /// Who counts the connections.
    #[must_use]
    pub fn outside(&self) -> &Outside {
        &self.outside
    }

    /// The sum of all balances, always.
    #[must_use]
    pub fn total() -> i64 {
        i64::from(ACCOUNTS) * START
    }

    /// Reads everything back, through a connection that the pool never had.
    ///
    /// # Errors
    ///
    /// Whatever the database says.
    pub fn audit(&self) -> rusqlite::Result<Audit> {
        let database = connect(&self.path)?;
        Ok(Audit {
            total: database.query_row(TOTAL, [], |row| row.get(0))?,
            rows: database.query_row(ROWS, [], |row| row.get(0))?,
            astray: database.query_row(ASTRAY, [START], |row| row.get(0))?,
        })
    }
}

/// One connection, as the pool lends it.
#[derive(Debug)]
pub struct Connection {
    // Fields are dropped in this order: the database is closed before the place is left (rule 3).
    database: rusqlite::Connection,
    rig: Rig,
    place: Place,
}

impl Connection {
    /// Moves money, and calls `midway` when it has left the source and not reached the target. `false` if the source
    /// has too little, and nothing is changed.
    ///
    /// If `midway` panics, the transaction stays open (rule 2).
    ///
    /// # Errors
    ///
    /// Whatever the database says; nothing is changed then.
    pub fn transfer(&mut self, order: Order, midway: impl FnOnce()) -> rusqlite::Result<bool> {
        self.database.execute_batch("BEGIN IMMEDIATE")?;
        let moved = self.book(order, midway);
        let end = if matches!(moved, Ok(true)) { "COMMIT" } else { "ROLLBACK" };
        self.database.execute_batch(end)?;
        moved
    }

    fn book(&self, order: Order, midway: impl FnOnce()) -> rusqlite::Result<bool> {
        let Order { source, target, amount } = order;
        let debited = self.database.prepare_cached(DEBIT)?.execute(params![amount, source])?;
        midway();
        if debited == 0 {
            return Ok(false);
        }
        let credit = if self.rig == Rig::LosesMoney { amount - 1 } else { amount };
        self.database.prepare_cached(CREDIT)?.execute(params![credit, target])?;
        if self.rig != Rig::SkipsLedger {
            let record = if self.rig == Rig::LosesLedger { LOST } else { RECORD };
            self.database.prepare_cached(record)?.execute(params![source, target, amount])?;
        }
        Ok(true)
    }

    /// The sum of all balances, as this connection sees it.
    ///
    /// # Errors
    ///
    /// Whatever the database says.
    pub fn total(&self) -> rusqlite::Result<i64> {
        self.database.prepare_cached(TOTAL)?.query_row([], |row| row.get(0))
    }

    /// Whether a transaction is open.
    #[must_use]
    pub fn is_midway(&self) -> bool {
        !self.database.is_autocommit()
    }

    /// Ends an open transaction, as if it had never been.
    ///
    /// # Errors
    ///
    /// Whatever the database says.
    pub fn roll_back(&mut self) -> rusqlite::Result<()> {
        self.database.execute_batch("ROLLBACK")
    }

    /// Leaves the count of what the pool bounds. To be called before the lease is detached, because from then on the
    /// pool may open another.
    pub fn note_detached(&mut self) {
        self.place.detach();
    }

    /// Closes the connection by hand.
    ///
    /// # Errors
    ///
    /// Whatever the database says.
    pub fn close(self) -> rusqlite::Result<()> {
        let Self { database, place, rig: _ } = self;
        let closed = database.close().map_err(|(_, error)| error);
        drop(place);
        closed
    }
}

/// An open connection that waits while another writes.
fn connect(path: &Path) -> rusqlite::Result<rusqlite::Connection> {
    let database = rusqlite::Connection::open(path)?;
    // SQLite's own busy timeout sleeps for up to 100 ms at a time, and unfairly so: look more often.
    database.busy_handler(Some(|looks| {
        sleep(BUSY_PAUSE);
        looks < BUSY_LOOKS
    }))?;
    database.execute_batch("PRAGMA synchronous = NORMAL")?;
    Ok(database)
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Injected => f.write_str("this attempt was chosen to fail"),
            Self::Database(_) => f.write_str("the database refused a connection"),
        }
    }
}

impl Error for OpenError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Injected => None,
            Self::Database(error) => Some(error),
        }
    }
}
