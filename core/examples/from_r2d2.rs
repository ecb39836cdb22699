//! Migrating from r2d2: one manager, written for r2d2 and not changed, first in r2d2's own pool and then in ours.
//!
//! `cargo run -p striped-pool --features r2d2 --example from_r2d2`
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "an example uses std, as users do")]

use r2d2::{CustomizeConnection, ManageConnection};
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;
use striped_pool::adapters::R2d2Manager;
use striped_pool::{ManagedPool, Reaper};

/// A database in memory: accounts and their money.
#[derive(Clone, Debug, Default)]
struct Database(Arc<Mutex<BTreeMap<u32, u64>>>);

/// A session in it, opened by a login.
#[derive(Debug)]
struct Session {
    database: Database,
    is_logged_in: bool,
}

/// That the session was not logged in.
#[derive(Debug)]
struct LoggedOut;

impl fmt::Display for LoggedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the session is not logged in")
    }
}

impl Error for LoggedOut {}

impl Session {
    fn deposit(&mut self, account: u32, money: u64) -> Result<(), LoggedOut> {
        if !self.is_logged_in {
            return Err(LoggedOut);
        }
        *self.database.0.lock().unwrap_or_else(PoisonError::into_inner).entry(account).or_default() += money;
        Ok(())
    }
}

/// The manager that people have, written for r2d2. Nothing here changes.
#[derive(Debug)]
struct Sessions(Database);

impl ManageConnection for Sessions {
    type Connection = Session;
    type Error = LoggedOut;

    fn connect(&self) -> Result<Session, LoggedOut> {
        Ok(Session { database: self.0.clone(), is_logged_in: false })
    }

    fn is_valid(&self, session: &mut Session) -> Result<(), LoggedOut> {
        if session.is_logged_in { Ok(()) } else { Err(LoggedOut) }
    }

    fn has_broken(&self, session: &mut Session) -> bool {
        !session.is_logged_in
    }
}

const WAIT: Duration = Duration::from_secs(30);
const IDLE: Duration = Duration::from_secs(600);
const LIFETIME: Duration = Duration::from_secs(1800);

/// Before: r2d2 logs in by a customizer, opens two sessions ahead of time, and closes old ones in threads of its own.
#[derive(Debug)]
struct Login;

impl CustomizeConnection<Session, LoggedOut> for Login {
    fn on_acquire(&self, session: &mut Session) -> Result<(), LoggedOut> {
        session.is_logged_in = true;
        Ok(())
    }
}

fn before(database: &Database) -> Result<(), Box<dyn Error>> {
    let pool = r2d2::Pool::builder()
        .max_size(4)
        .min_idle(Some(2))
        .connection_timeout(WAIT)
        .idle_timeout(Some(IDLE))
        .max_lifetime(Some(LIFETIME))
        .connection_customizer(Box::new(Login))
        .build(Sessions(database.clone()))?;
    serve(|account| {
        let mut session = pool.get()?;
        Ok(session.deposit(account, 1)?)
    })
}

/// After: the same by hooks; sessions are opened when they are needed, or ahead of time by whoever wants them.
fn after(database: &Database) -> Result<(), Box<dyn Error>> {
    let pool = ManagedPool::builder(4, R2d2Manager(Sessions(database.clone())))
        .cache_ttl(IDLE)
        .before_lend(|_, usage| usage.age < LIFETIME)
        .after_create(|session| {
            session.is_logged_in = true;
            Ok(())
        })
        .build()?;
    let _reaper: Reaper = pool.start_reaper(Duration::from_secs(30))?;
    drop((pool.get_timeout(WAIT)?, pool.get_timeout(WAIT)?)); // what `min_idle` did at the start

    serve(|account| {
        let mut session = pool.get_timeout(WAIT)?;
        Ok(session.deposit(account, 1)?)
    })?;

    // What differs: a session whose holder panics is not lent again.
    let idle = pool.status().idle();
    let panicked = thread::scope(|scope| {
        scope
            .spawn(|| pool.get_timeout(WAIT).map(|_session| panic!("a request panics (this is meant)")))
            .join()
            .is_err()
    });
    assert!(panicked && pool.status().idle() == idle - 1);
    Ok(())
}

/// Eight threads with a hundred requests each.
fn serve(request: impl Fn(u32) -> Result<(), Box<dyn Error>> + Sync) -> Result<(), Box<dyn Error>> {
    let failed: usize = thread::scope(|scope| {
        let requests = |account| (0..100).filter(|_| request(account).is_err()).count();
        let threads: Vec<_> = (0..8).map(|account| scope.spawn(move || requests(account))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or(100)).sum()
    });
    if failed == 0 { Ok(()) } else { Err(format!("{failed} requests failed").into()) }
}

fn main() -> Result<(), Box<dyn Error>> {
    let database = Database::default();
    before(&database)?;
    after(&database)?;
    let accounts = database.0.lock().unwrap_or_else(PoisonError::into_inner);
    assert_eq!(accounts.values().copied().collect::<Vec<_>>(), [200; 8]);
    println!("8 accounts with 200 each: 100 through r2d2's pool, 100 through ours");
    Ok(())
}
