//! One run: the load on one pool, a conductor who takes the server away and gives it back, and what is left at the end.
//!
//! Rules:
//! 1. The conductor is the caller's thread, outside of the runtime: it may block.
//! 2. Every step waits for something that is counted, at most [`Options::patience`]; if that is over, the outcome says so.
//! 3. Every check of an outcome fails in some rigged run (`tests/postgres/load.rs`).

use super::bank::{self, TELLER};
use super::census::{Census, backends, connect};
use super::doorman::Doorman;
use super::load::{Count, Tally, World, customer};
use super::outcome::Outcome;
use super::server::{Halt, Server};
use super::session::{Database, Session};
use core::time::Duration;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Instant;
use striped_pool::{AsyncManager, ManagedPool, PoolStatus};
use tokio::runtime::{Builder, Handle};
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_postgres::{Client, Config};

/// By which the server knows the pool's backends.
pub(super) const APPLICATION: &str = "striped-pool";
const PAUSE: Duration = Duration::from_millis(2);
/// How many of what is waited for are enough.
const ENOUGH: u64 = 150;
const SOME: u64 = 20;

/// How a run goes.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The pool's maximum.
    pub connections: u32,
    /// Tasks.
    pub tasks: u32,
    /// Decides which turn takes what.
    pub seed: u64,
    /// Whether who leaves is seen to the door.
    pub waits: bool,
    /// Whether the server itself lets in only as many as the maximum.
    pub is_limited: bool,
    /// How the server goes down.
    pub halt: Halt,
    /// How long any step may take.
    pub patience: Duration,
    /// What is wrong with the run.
    pub rig: Rig,
}

impl Options {
    /// What the pool is told, which should be what is said.
    fn maximum(&self) -> u32 {
        if self.rig == Rig::TwiceAsLarge {
            self.connections * 2
        } else if self.rig == Rig::Smaller {
            self.connections - 1
        } else {
            self.connections
        }
    }
}

/// How a run lies, so that the checks are seen to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rig {
    /// It does not.
    None,
    /// The pool may have twice as many connections as is said.
    TwiceAsLarge,
    /// It may have one less.
    Smaller,
    /// Each task forgets its first lease.
    LeaksLeases,
    /// One is forgotten at the end.
    LeaksAtLast,
    /// Transfers take from nobody.
    LosesMoney,
    /// Transfers are claimed that nobody ordered.
    ClaimsTickets,
    /// The server is not taken away.
    StaysUp,
    /// It is not given back before the end.
    StaysDown,
    /// It is not held.
    IsNotHeld,
    /// Nobody gives up, discards or panics.
    Patient,
    /// Somebody does not come home.
    StaysBehind,
}

/// What the conductor saw.
#[derive(Clone, Copy, Debug, Default)]
pub struct Notes {
    /// Failures that callers were told of while the server was down.
    pub failures: u64,
    /// Transfers committed after that, by the same pool.
    pub committed_after: u64,
    /// Timeouts in creates and in checks while the server was held.
    pub unanswered: u64,
    /// Transfers committed after that.
    pub committed_at_last: u64,
    /// Tasks that did not end.
    pub behind: u32,
}

/// What was left when the tasks had ended.
#[derive(Clone, Debug)]
pub struct Rest {
    /// The pool.
    pub status: PoolStatus,
    /// Connections made, and not ended.
    pub alive: u64,
    /// Backends, when those on their way out were gone.
    pub backends: u32,
    /// Backends after `close_async`, likewise.
    pub after_close: u32,
}

/// Runs the load on `server` with the managers that `manager` makes.
///
/// # Errors
///
/// What went wrong with the server; what goes wrong with the pool is in the outcome.
pub fn run<M>(
    server: &mut Server,
    options: Options,
    manager: impl FnOnce(Config) -> M,
) -> Result<Outcome, Box<dyn Error>>
where
    M: AsyncManager<Resource: Session, Error: Database>,
{
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let outside = server.config();
    let limit = options.is_limited.then_some(options.connections);
    runtime.block_on(async { bank::found(&connect(&outside).await?, limit).await })?;
    let mut config = outside.clone();
    let doorman = Doorman::new(manager(config.user(TELLER).application_name(APPLICATION).clone()), options.waits);
    let door = doorman.door();
    let maximum = options.maximum();
    let pool = ManagedPool::builder(maximum, doorman).label("bank").build()?;
    let world = Arc::new(World {
        pool,
        tally: Tally::default(),
        is_over: AtomicBool::new(false),
        is_held: AtomicBool::new(false),
        patient: AtomicU64::new(0),
        rig: options.rig,
        seed: options.seed,
        patience: options.patience,
    });
    let census = Census::start(runtime.handle(), outside.clone(), APPLICATION);
    let tasks: Vec<_> = (0..options.tasks).map(|index| runtime.spawn(customer(Arc::clone(&world), index))).collect();
    let conductor = Conductor { world: &world, options, census: &census, runtime: runtime.handle() };
    let mut notes = conductor.conduct(server)?;
    let (acknowledged, count) = runtime.block_on(conductor.gather(tasks, &mut notes));
    server.start_again()?;
    let client = runtime.block_on(connect(&outside))?;
    if options.rig == Rig::LeaksAtLast {
        core::mem::forget(runtime.block_on(world.pool.get_owned_async()));
    }
    let status = world.pool.status();
    let alive = door.made() - door.ended();
    let rest = runtime.block_on(async {
        let backends = settled(&client, u32::try_from(alive)?, options.patience).await?;
        world.pool.close_async().await;
        let after_close = settled(&client, 0, options.patience).await?;
        Ok::<_, Box<dyn Error>>(Rest { status, alive, backends, after_close })
    })?;
    let audit = runtime.block_on(bank::audit(&client, &acknowledged))?;
    let seen = runtime.block_on(census.end());
    Ok(Outcome { options, count, notes, rest, audit, seen, made: door.made(), acknowledged: acknowledged.len() })
}

/// How many backends there are, when there are as many as `expected`, or `patience` is over.
async fn settled(client: &Client, expected: u32, patience: Duration) -> Result<u32, tokio_postgres::Error> {
    let deadline = Instant::now() + patience;
    loop {
        let counted = backends(client, APPLICATION).await?;
        if counted == expected || Instant::now() > deadline {
            return Ok(counted);
        }
        sleep(PAUSE).await;
    }
}

/// The postmaster, which lets people in, and everything else that the server runs.
async fn processes(server: &Server) -> Result<Vec<i32>, tokio_postgres::Error> {
    let client = connect(&server.config()).await?;
    let rows = client.query("SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()", &[]).await?;
    let processes = rows.iter().map(|row| row.try_get(0));
    server.postmaster().map(Ok).into_iter().chain(processes).collect()
}

struct Conductor<'a, M: AsyncManager> {
    world: &'a World<M>,
    options: Options,
    census: &'a Census,
    runtime: &'a Handle,
}

impl<M: AsyncManager> Conductor<'_, M> {
    fn conduct(&self, server: &mut Server) -> Result<Notes, Box<dyn Error>> {
        let mut notes = Notes::default();
        let rig = self.options.rig;
        self.until(ENOUGH, |count| count.committed);
        // Until as many backends as there may be were counted at once.
        self.wait(|| self.census.seen().peak >= self.options.connections);
        if rig != Rig::StaysUp {
            server.stop(self.options.halt)?;
            notes.failures = self.until(SOME, Count::failures);
        }
        if rig == Rig::StaysDown {
            return Ok(notes);
        }
        server.start_again()?;
        notes.committed_after = self.until(ENOUGH, |count| count.committed);
        if rig != Rig::IsNotHeld {
            notes.unanswered = self.hold(server)?;
        }
        notes.committed_at_last = self.until(ENOUGH, |count| count.committed);
        Ok(notes)
    }

    /// Holds all that the server runs until that was noticed; how often it was.
    fn hold(&self, server: &Server) -> Result<u64, Box<dyn Error>> {
        self.world.is_held.store(true, Ordering::SeqCst);
        self.wait(|| self.world.patient.load(Ordering::SeqCst) == 0);
        let processes = self.runtime.block_on(processes(server))?;
        processes.iter().try_for_each(|&process| server.hold(process))?;
        let unanswered = self.until(SOME, Count::unanswered);
        processes.iter().try_for_each(|&process| server.release(process))?;
        self.world.is_held.store(false, Ordering::SeqCst);
        Ok(unanswered)
    }

    /// Waits until there are `more` of something; how many more there are then.
    fn until(&self, more: u64, of: impl Fn(&Count) -> u64) -> u64 {
        let before = of(&self.world.tally.count());
        let gained = || of(&self.world.tally.count()) - before;
        self.wait(|| gained() >= more);
        gained()
    }

    /// Waits until it is so, or patience is over.
    fn wait(&self, is_so: impl Fn() -> bool) {
        let deadline = Instant::now() + self.options.patience;
        while !is_so() && Instant::now() < deadline {
            thread::sleep(PAUSE);
        }
    }

    /// Ends the tasks; what they committed.
    async fn gather(&self, tasks: Vec<JoinHandle<Vec<i64>>>, notes: &mut Notes) -> (Vec<i64>, Count) {
        self.world.is_over.store(true, Ordering::Relaxed);
        let mut acknowledged = Vec::new();
        let mut tasks = tasks;
        if self.options.rig == Rig::StaysBehind {
            tasks.push(tokio::spawn(core::future::pending()));
        }
        let deadline = tokio::time::Instant::now() + self.options.patience;
        for task in tasks {
            match tokio::time::timeout_at(deadline, task).await {
                Ok(Ok(tickets)) => acknowledged.extend(tickets),
                Ok(Err(_)) | Err(_) => notes.behind += 1,
            }
        }
        (acknowledged, self.world.tally.count())
    }
}
