//! The pool's backends as the server sees them: counted by a connection from outside, all the time, also after an outage.

use core::time::Duration;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_postgres::{Client, Config, Error, NoTls};

/// Between two counts, and between two attempts to connect.
const PAUSE: Duration = Duration::from_micros(500);
/// How long the server may take to answer; held, it does not.
const PATIENCE: Duration = Duration::from_secs(1);
const COUNT: &str = "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1";

/// Counts until it is told to end.
#[derive(Debug)]
pub struct Census {
    seen: Arc<Mutex<Seen>>,
    is_over: Arc<AtomicBool>,
    task: JoinHandle<()>,
}

/// What has been counted until some moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// How often.
    pub counts: u64,
    /// The most backends at once.
    pub peak: u32,
    /// How often the server was lost.
    pub outages: u64,
}

impl Census {
    /// Begins, on `runtime`. `config` is not the pool's; `application` is the name by which the pool's backends are known.
    #[must_use]
    pub fn start(runtime: &Handle, config: Config, application: &'static str) -> Self {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let is_over = Arc::new(AtomicBool::new(false));
        let task = runtime.spawn(count_all_the_time(config, application, Arc::clone(&seen), Arc::clone(&is_over)));
        Self { seen, is_over, task }
    }

    /// What has been counted until now.
    #[must_use]
    pub fn seen(&self) -> Seen {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends it.
    pub async fn end(self) -> Seen {
        self.is_over.store(true, Ordering::Relaxed);
        // It does not panic; if it did, there would be few counts.
        let _ = self.task.await;
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn count_all_the_time(config: Config, application: &str, seen: Arc<Mutex<Seen>>, is_over: Arc<AtomicBool>) {
    while !is_over.load(Ordering::Relaxed) {
        let Ok(Ok(client)) = timeout(PATIENCE, connect(&config)).await else {
            sleep(PAUSE).await;
            continue;
        };
        while !is_over.load(Ordering::Relaxed) {
            let counted = timeout(PATIENCE, backends(&client, application)).await;
            if !note(&seen, counted.ok().and_then(Result::ok)) {
                break;
            }
            sleep(PAUSE).await;
        }
    }
}

/// Whether the server answered.
fn note(seen: &Mutex<Seen>, counted: Option<u32>) -> bool {
    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(counted) = counted else {
        seen.outages += 1;
        return false;
    };
    seen.counts += 1;
    seen.peak = seen.peak.max(counted);
    true
}

/// A connection that no pool has.
///
/// # Errors
///
/// Whatever the server says.
pub async fn connect(config: &Config) -> Result<Client, Error> {
    let (client, connection) = config.connect(NoTls).await?;
    // How it ends its client will hear.
    tokio::spawn(async move { drop(connection.await) });
    Ok(client)
}

/// How many backends the server has for `application`.
///
/// # Errors
///
/// Whatever the server says.
pub async fn backends(client: &Client, application: &str) -> Result<u32, Error> {
    let counted: i64 = client.query_one(COUNT, &[&application]).await?.try_get(0)?;
    Ok(u32::try_from(counted).unwrap_or(u32::MAX))
}
