//! Tasks on tokio. `SQLite` blocks, so everything that touches a connection runs on the threads that tokio has for that: the
//! manager's calls, and the queries, into which the lease moves as one that is owned.

use crate::bank::{Bank, Count, Counted, Place, prepare, transfer};
use core::time::Duration;
use fastrand::Rng;
use rusqlite::Connection;
use std::path::PathBuf;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use striped_pool::{AsyncManager, ManagedPool, Manager, Usage};
use tokio::runtime::Builder;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

const CONNECTIONS: u32 = 3;
const PATIENCE: Duration = Duration::from_secs(60);

/// Opens and checks connections on the threads for blocking calls.
struct Blocking {
    path: PathBuf,
    count: Arc<Mutex<Count>>,
}

/// A connection that a check can take with it; it brings it back, unless the check is dropped.
struct Portable(Option<Counted>);

const HERE: &str = "a connection is back before it is lent";

impl Portable {
    fn connection(&mut self) -> &mut Connection {
        self.0.as_mut().expect(HERE)
    }
}

impl Manager for Blocking {
    type Resource = Portable;
    type Error = rusqlite::Error;

    fn recycle(&self, portable: &mut Portable, _: &Usage) -> bool {
        portable.connection().is_autocommit()
    }
}

impl AsyncManager for Blocking {
    async fn create(&self) -> rusqlite::Result<Portable> {
        let (path, count) = (self.path.clone(), Arc::clone(&self.count));
        on_its_own_thread(move || {
            let place = Place::take(count);
            let mut connection = Connection::open(path)?;
            prepare(&mut connection)?;
            Ok(Portable(Some(Counted::new(connection, place))))
        })
        .await
    }

    async fn validate(&self, portable: &mut Portable, _: &Usage) -> rusqlite::Result<()> {
        let connection = portable.0.take().expect(HERE);
        let checked = on_its_own_thread(move || connection.execute_batch("SELECT 1").map(|()| connection));
        portable.0 = Some(checked.await?);
        Ok(())
    }
}

/// What `work` comes to, on a thread that may block.
async fn on_its_own_thread<A: Send + 'static>(work: impl FnOnce() -> A + Send + 'static) -> A {
    spawn_blocking(work).await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
}

fn pool(bank: &Bank) -> ManagedPool<Blocking> {
    let manager = Blocking { path: bank.path(), count: bank.counter() };
    ManagedPool::builder(CONNECTIONS, manager).build().expect("valid")
}

fn run(work: impl Future<Output = ()>) {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async { timeout(PATIENCE, work).await.expect("it ends") });
}

#[test]
fn money_is_conserved_by_many_tasks_on_few_connections() {
    let bank = Bank::found();
    let pool = pool(&bank);
    run(async {
        let tasks = (0..32).map(|seed| {
            let pool = pool.clone();
            tokio::spawn(async move {
                let mut dice = Rng::with_seed(seed);
                for _ in 0..15 {
                    let mut lease = pool.get_owned_async().await.expect("a connection");
                    let mut fork = dice.fork();
                    on_its_own_thread(move || transfer(lease.connection(), &mut fork, true)).await.expect("moved");
                }
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.expect("it does not panic");
        }
        assert_eq!(pool.status().out(), 0);
        assert_eq!(bank.count(), Count { made: CONNECTIONS, open: CONNECTIONS, peak: CONNECTIONS });
        assert_eq!(pool.close_async().await, CONNECTIONS);
    });
    assert_eq!(bank.count().open, 0);
    bank.audit();
}

/// The task that awaits the query is gone, the query is not: its connection is not lent before it has ended.
#[test]
fn a_query_that_nobody_awaits_any_more_keeps_its_connection() {
    let bank = Bank::found();
    let pool = pool(&bank);
    run(async {
        let (begun, has_begun) = channel();
        let (go_on, may_go_on) = channel::<()>();
        let task = tokio::spawn({
            let pool = pool.clone();
            async move {
                let mut lease = pool.get_owned_async().await.expect("a connection");
                let work = move || {
                    begun.send(()).expect("somebody listens");
                    may_go_on.recv().expect("somebody speaks");
                    transfer(lease.connection(), &mut Rng::with_seed(1), true)
                };
                on_its_own_thread(work).await
            }
        });
        on_its_own_thread(move || has_begun.recv().expect("it begins")).await;
        task.abort();
        assert!(task.await.expect_err("it was aborted").is_cancelled());
        assert_eq!((pool.status().out(), pool.status().idle()), (1, 0));
        go_on.send(()).expect("it still listens");
        while pool.status().out() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!((pool.status().idle(), bank.count().made), (1, 1));
    });
    bank.audit();
}

/// Whenever a get is dropped: nothing is lost. What is being opened or checked on its thread then ends there, so that for this
/// moment there may be more connections than the pool has places.
#[test]
fn dropped_gets_lose_nothing() {
    const TASKS: u32 = 16;
    // Each a fixed number of gets and not of drops: the last task has nobody to wait for, so that it drops few.
    const TRIES: u32 = 100;
    let bank = Bank::found();
    let pool = pool(&bank);
    run(async {
        let tasks = (0..TASKS).map(|task| {
            let pool = pool.clone();
            tokio::spawn(async move {
                let mut dice = Rng::with_seed(task.into());
                let mut dropped = 0;
                for _ in 0..TRIES {
                    // At once: wherever it has to wait. Or a little later: the clock of the runtime ticks each millisecond.
                    let moment = if dice.bool() { Duration::ZERO } else { Duration::from_micros(dice.u64(..300)) };
                    let Ok(got) = timeout(moment, pool.get_owned_async()).await else {
                        dropped += 1;
                        continue;
                    };
                    let mut lease = got.expect("a connection");
                    let mut fork = dice.fork();
                    on_its_own_thread(move || transfer(lease.connection(), &mut fork, true)).await.expect("moved");
                }
                dropped
            })
        });
        let mut dropped = 0;
        for task in tasks.collect::<Vec<_>>() {
            dropped += task.await.expect("it does not panic");
        }
        assert!(dropped > 0);
        // Who has nobody before it, and is to be dropped at once, is dropped while its connection is being opened or checked.
        assert!(bank.count().made > CONNECTIONS, "none was");
        let mut lease = pool.get_owned_async().await.expect("a connection");
        on_its_own_thread(move || transfer(lease.connection(), &mut Rng::with_seed(0), true)).await.expect("moved");
        let status = pool.status();
        assert_eq!((status.out(), status.waiting()), (0, 0));
        assert_eq!(status.idle() + status.available(), CONNECTIONS);
        while bank.count().open > status.idle() {
            tokio::task::yield_now().await;
        }
        assert_eq!(bank.count().open, status.idle());
        pool.close_async().await;
    });
    assert_eq!(bank.count().open, 0);
    bank.audit();
}
