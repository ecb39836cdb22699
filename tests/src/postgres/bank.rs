//! A bank: accounts and a ledger, and who may move money.
//!
//! Rules:
//! 1. Money moves from one account to another in one transaction, which also writes one row of the ledger, under a ticket that is
//!    used once. So the sum of all balances never changes, and each balance is what the ledger says.
//! 2. A commit that was acknowledged is in the ledger, whatever became of the server afterwards.

use tokio_postgres::{Client, Error};

/// How many accounts there are, numbered from 1.
pub const ACCOUNTS: i32 = 32;
/// What each account starts with.
pub const START: i64 = 1_000;
/// The most that one transfer moves.
pub(super) const LARGEST: i64 = 100;
/// Whom the pool connects as.
pub(super) const TELLER: &str = "teller";

const SCHEMA: &str = "
    DROP TABLE IF EXISTS account, ledger;
    DROP ROLE IF EXISTS teller;
    CREATE TABLE account (id integer PRIMARY KEY, balance bigint NOT NULL);
    CREATE TABLE ledger (ticket bigint PRIMARY KEY, source integer NOT NULL, target integer NOT NULL, amount bigint NOT NULL);
    INSERT INTO account SELECT id, 1000 FROM generate_series(1, 32) AS id;
    CREATE ROLE teller LOGIN;
    GRANT ALL ON account, ledger TO teller;";
/// In one order, so that no two wait for each other.
const LOCK: &str = "SELECT FROM account WHERE id IN ($1, $2) ORDER BY id FOR UPDATE";
const DEBIT: &str = "UPDATE account SET balance = balance - $1 WHERE id = $2 AND balance >= $1";
const CREDIT: &str = "UPDATE account SET balance = balance + $1 WHERE id = $2";
const RECORD: &str = "INSERT INTO ledger VALUES ($1, $2, $3, $4)";
const TOTAL: &str = "SELECT sum(balance)::bigint FROM account";
/// How many accounts differ from what the ledger says.
const ASTRAY: &str = "
    WITH moved AS (SELECT source AS id, -amount AS amount FROM ledger UNION ALL SELECT target, amount FROM ledger),
         due AS (SELECT id, sum(amount) AS amount FROM moved GROUP BY id)
    SELECT count(*) FROM account LEFT JOIN due USING (id) WHERE balance <> $1::bigint + coalesce(due.amount, 0)";
const MISSING: &str = "
    SELECT count(*) FROM unnest($1::bigint[]) AS told (ticket)
    WHERE NOT EXISTS (SELECT FROM ledger WHERE ledger.ticket = told.ticket)";

/// An order to move money.
#[derive(Clone, Copy, Debug)]
pub(super) struct Order {
    pub(super) ticket: i64,
    pub(super) source: i32,
    pub(super) target: i32,
    pub(super) amount: i64,
}

/// What is read from the database when all is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Audit {
    /// The sum of all balances.
    pub total: i64,
    /// How many accounts differ from what the ledger says.
    pub astray: i64,
    /// How many acknowledged transfers are not in the ledger.
    pub missing: i64,
}

/// A new bank, instead of whatever there was. With a `limit` the server itself lets in only so many tellers at once.
pub(super) async fn found(client: &Client, limit: Option<u32>) -> Result<(), Error> {
    client.batch_execute(SCHEMA).await?;
    match limit {
        Some(limit) => client.batch_execute(&format!("ALTER ROLE {TELLER} CONNECTION LIMIT {limit}")).await,
        None => Ok(()),
    }
}

/// Moves money. `Ok` is an acknowledged commit, or `false` if there was too little.
pub(super) async fn transfer(client: &mut Client, order: Order, is_debited: bool) -> Result<bool, Error> {
    let Order { ticket, source, target, amount } = order;
    let transaction = client.transaction().await?;
    transaction.execute(LOCK, &[&source, &target]).await?;
    if is_debited && transaction.execute(DEBIT, &[&amount, &source]).await? == 0 {
        transaction.rollback().await?;
        return Ok(false);
    }
    transaction.execute(CREDIT, &[&amount, &target]).await?;
    transaction.execute(RECORD, &[&ticket, &source, &target, &amount]).await?;
    transaction.commit().await?;
    Ok(true)
}

/// Takes money away in a transaction, and panics in the middle of it.
pub(super) async fn panic_midway(client: &mut Client, order: Order) -> Result<(), Error> {
    let transaction = client.transaction().await?;
    transaction.execute(DEBIT, &[&order.amount, &order.source]).await?;
    // Not `panic!`: nobody needs to read of it.
    std::panic::resume_unwind(Box::new("a holder panics"));
}

/// Reads everything back.
pub(super) async fn audit(client: &Client, acknowledged: &[i64]) -> Result<Audit, Error> {
    Ok(Audit {
        total: client.query_one(TOTAL, &[]).await?.try_get(0)?,
        astray: client.query_one(ASTRAY, &[&START]).await?.try_get(0)?,
        missing: client.query_one(MISSING, &[&acknowledged]).await?.try_get(0)?,
    })
}

/// What the sum of all balances is, always.
pub(super) fn total() -> i64 {
    i64::from(ACCOUNTS) * START
}
