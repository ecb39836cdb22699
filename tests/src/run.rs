//! One run: workers and a conductor on one pool, watched by the caller, and the report of what they counted.

mod conductor;
mod count;
mod gate;
mod worker;

pub use conductor::{Closed, Emptied, Notes, Resize};
pub use count::{Count, Waits};

use crate::bank::{Bank, Connection, OpenError};
use crate::faults::{Faults, hush_injected_panics};
use crate::options::Options;
use crate::report::Report;
#[cfg(feature = "trace")]
use crate::validate::Validator;
use conductor::{Conductor, TTL};
use core::time::Duration;
use gate::Gate;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{Builder, JoinHandle, sleep};
use std::time::Instant;
use striped_pool::pool::PoolConfigBuilder;
use striped_pool::{Pool, PoolConfig};
use worker::Worker;

/// How often the caller looks.
const TICK: Duration = Duration::from_millis(10);

/// What all threads of a run share.
struct Shared {
    options: Options,
    bank: Arc<Bank>,
    pool: Pool<Connection, OpenError>,
    gate: Gate,
    live: LiveCounters,
}

/// What the workers count for the progress line. Nothing is published with it, so Relaxed will do; what is checked is
/// counted by each thread for itself.
#[derive(Default)]
struct LiveCounters {
    operations: AtomicU64,
    timed_out: AtomicU64,
    replayed: Arc<AtomicU64>,
}

/// A run at some moment.
#[derive(Clone, Copy, Debug)]
pub struct Live {
    /// Since the start.
    pub elapsed: Duration,
    /// Gets by the workers.
    pub operations: u64,
    /// Connections open, as counted outside the pool.
    pub open: u32,
    /// How many may be.
    pub limit: u32,
    /// How many wait.
    pub waiting: u32,
    /// Gets that timed out.
    pub timed_out: u64,
    /// Transitions that the auditor has read, if the run is validated.
    pub replayed: Option<u64>,
}

/// Which threads came to their end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Threads {
    /// Threads started.
    pub started: u32,
    /// Threads that ended in time, and as they should.
    pub ended: u32,
    /// Threads that ended by a panic that nobody injected.
    pub panicked: u32,
}

/// Runs a bank under a pool as `options` say, and calls `watch` about a hundred times a second.
///
/// A run whose threads do not end is given up after the options' patience, and its report says so.
///
/// # Errors
///
/// If the run cannot begin or be judged: the database, the pool or a thread cannot be made, or not be read back.
pub fn run(options: &Options, mut watch: impl FnMut(&Live)) -> Result<Report, Box<dyn Error>> {
    hush_injected_panics();
    let folder = tempfile::Builder::new().prefix("striped-pool-").tempdir()?;
    let faults = Faults::new(options.seed, options.faults);
    let bank = Arc::new(Bank::found(folder.path(), options.connections, faults, options.rig)?);
    let live = LiveCounters::default();
    let config = config(options, &bank);
    #[cfg(feature = "trace")]
    let validator = options.validate.then(|| Validator::start(options, Arc::clone(&live.replayed))).transpose()?;
    #[cfg(feature = "trace")]
    let config = validator.iter().fold(config, |config, validator| config.record(validator.recorder()));
    let pool = Pool::new(config.build()?);
    let shared = Arc::new(Shared { options: options.clone(), bank, pool, gate: Gate::default(), live });

    let started = Instant::now();
    let mut tick = |shared: &Shared| {
        watch(&shared.look(started));
        sleep(TICK);
    };
    let mut workers = Vec::new();
    for index in 0..options.threads {
        let worker = Worker::new(Arc::clone(&shared), faults.dice(index), index == 0);
        workers.push(Builder::new().name(format!("worker {index}")).spawn(|| worker.work())?);
    }
    let conductor = Conductor::new(Arc::clone(&shared));
    let conductor = Builder::new().name("conductor".into()).spawn(|| conductor.conduct())?;

    // The conductor waits up to nine times, each time for at most the patience.
    let mut threads = Threads { started: options.threads + 1, ..Threads::default() };
    let deadline = started + options.length + options.patience * 10;
    let (mut count, notes) = joined(conductor, deadline, &mut threads, || tick(&shared)).unwrap_or_default();
    let worked = started.elapsed();
    let deadline = Instant::now() + options.patience;
    for worker in workers {
        count += joined(worker, deadline, &mut threads, || tick(&shared)).unwrap_or_default();
    }

    let outside = shared.bank.outside();
    let status = shared.pool.status();
    let audit = shared.bank.audit()?;
    let report = Report {
        options: options.clone(),
        worked,
        count,
        seen: outside.seen(),
        notes,
        threads,
        status,
        audit,
        #[cfg(feature = "trace")]
        validation: validator.map(Validator::end),
    };
    drop(shared);
    folder.close()?;
    Ok(report)
}

/// What a pool of connections to `bank` is made from.
fn config(options: &Options, bank: &Arc<Bank>) -> PoolConfigBuilder<Connection, OpenError> {
    let (opener, outside) = (Arc::clone(bank), bank.outside().clone());
    PoolConfig::builder(options.connections, move || opener.open())
        .free(move |connection: Connection| {
            outside.note_freed(connection.is_midway());
            drop(connection);
        })
        .stripes(options.stripes)
        .cache_ttl(TTL)
        .label("bank")
}

impl Shared {
    fn look(&self, started: Instant) -> Live {
        let seen = self.bank.outside().seen();
        Live {
            elapsed: started.elapsed(),
            operations: self.live.operations.load(Ordering::Relaxed),
            open: seen.open,
            limit: seen.limit,
            waiting: self.pool.status().waiting(),
            timed_out: self.live.timed_out.load(Ordering::Relaxed),
            replayed: self.options.validate.then(|| self.live.replayed.load(Ordering::Relaxed)),
        }
    }
}

/// What a thread returned, if it ends before the deadline; calls `tick` until then.
fn joined<A>(thread: JoinHandle<A>, deadline: Instant, threads: &mut Threads, mut tick: impl FnMut()) -> Option<A> {
    while !thread.is_finished() {
        if Instant::now() >= deadline {
            return None;
        }
        tick();
    }
    let returned = thread.join();
    threads.ended += u32::from(returned.is_ok());
    threads.panicked += u32::from(returned.is_err());
    returned.ok()
}

/// Waits until `is_so`, for at most `patience`; whether it became so.
fn wait_until(patience: Duration, mut is_so: impl FnMut() -> bool) -> bool {
    let started = Instant::now();
    while !is_so() {
        if started.elapsed() >= patience {
            return false;
        }
        sleep(Duration::from_micros(200));
    }
    true
}
