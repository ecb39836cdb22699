//! deadpool: its own pool and ours, by the same manager.

use super::polls::{begin, now};
use super::server::{Connection, Down, Fault, Server};
use super::{panic_with, panics};
use deadpool::managed::{self, Metrics, Object, PoolError, RecycleError, RecycleResult};
use std::error::Error;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use striped_pool::adapters::{DeadpoolError, DeadpoolManager};
use striped_pool::{GetError, ManagedPool};

struct ToServer {
    server: Arc<Server>,
    metrics: Arc<Mutex<Vec<Metrics>>>,
}

impl managed::Manager for ToServer {
    type Type = Connection;
    type Error = Down;

    async fn create(&self) -> Result<Connection, Down> {
        self.server.connect()
    }

    async fn recycle(&self, connection: &mut Connection, metrics: &Metrics) -> RecycleResult<Down> {
        self.metrics.lock().expect("no panic").push(*metrics);
        Ok(self.server.check_async(connection).await?)
    }

    fn detach(&self, connection: &mut Connection) {
        self.server.note(format!("detach {}", connection.id));
    }
}

struct World {
    server: Arc<Server>,
    metrics: Arc<Mutex<Vec<Metrics>>>,
}

impl World {
    fn new() -> Self {
        Self { server: Server::new(), metrics: Arc::default() }
    }

    fn manager(&self) -> ToServer {
        ToServer { server: Arc::clone(&self.server), metrics: Arc::clone(&self.metrics) }
    }

    fn recycle_counts(&self) -> Vec<usize> {
        self.metrics.lock().expect("no panic").iter().map(|metrics| metrics.recycle_count).collect()
    }
}

fn theirs(max_size: usize) -> (World, managed::Pool<ToServer>) {
    let world = World::new();
    let pool = managed::Pool::builder(world.manager()).max_size(max_size).build().expect("valid");
    (world, pool)
}

fn ours(max_resources: u32) -> (World, ManagedPool<DeadpoolManager<ToServer>>) {
    let world = World::new();
    let pool = ManagedPool::builder(max_resources, DeadpoolManager(world.manager())).build().expect("valid");
    (world, pool)
}

/// Gets and drops on a pool of one, the same for theirs and ours: both answer alike.
macro_rules! course {
    ($world:ident, $get:expr, $take:expr) => {{
        let server = &$world.server;
        drop($get);
        assert_eq!(server.calls(), ["connect 0"]);
        drop($get);
        assert_eq!(server.calls(), ["check 0"]);
        drop($get);
        drop($get);
        assert_eq!(server.calls(), ["check 0", "check 0"]);
        assert_eq!($world.recycle_counts(), [0, 1, 2]);
        server.break_down(Fault::Invalid(0));
        drop($get);
        assert_eq!(server.calls(), ["check 0", "detach 0", "end 0", "connect 1"]);
        assert_eq!($world.recycle_counts(), [0, 1, 2, 3]);
        drop($get);
        assert_eq!($world.recycle_counts(), [0, 1, 2, 3, 0]);
        drop(server.calls());
        let taken = $take;
        assert_eq!(server.calls(), ["check 1", "detach 1"]);
        drop(taken);
        assert_eq!(server.calls(), ["end 1"]);
        assert_eq!($get.id, 2);
    }};
}

#[test]
fn each_step_calls_what_their_pool_calls() {
    let (world, pool) = theirs(1);
    course!(world, now(pool.get()).expect("room"), Object::take(now(pool.get()).expect("idle")));
    let (world, pool) = ours(1);
    course!(world, now(pool.get_async()).expect("room"), now(pool.get_async()).expect("idle").detach());
}

/// Longer than a step of the system's coarse clock, in which ages are measured.
const AGE: Duration = Duration::from_millis(20);

#[test]
fn its_metrics_are_plausible() {
    let (world, pool) = ours(1);
    let start = Instant::now();
    let lease = now(pool.get_async()).expect("room");
    while lease.usage().age < AGE {
        assert!(start.elapsed() < Duration::from_secs(20), "it does not age");
        std::thread::yield_now();
    }
    drop(lease);
    drop(now(pool.get_async()).expect("idle"));
    drop(now(pool.get_async()).expect("idle"));
    let metrics = world.metrics.lock().expect("no panic");
    let [first, second] = metrics[..] else { panic!("two checks: {metrics:?}") };
    assert!(first.recycled.is_none() && second.recycled.is_some_and(|recycled| recycled >= second.created + AGE));
    for metrics in [first, second] {
        assert!(metrics.age() >= AGE && metrics.created + AGE >= start, "since {start:?}: {metrics:?}");
    }
}

#[test]
fn an_error_of_create_is_its_callers_as_it_was() {
    let (world, pool) = theirs(1);
    world.server.break_down(Fault::Down);
    assert!(matches!(now(pool.get()), Err(PoolError::Backend(Down))));

    let (world, pool) = ours(1);
    world.server.break_down(Fault::Down);
    let error = now(pool.get_async()).map(|lease| lease.id).expect_err("down");
    assert_eq!(error, GetError::Create(DeadpoolError::Backend(Down)));
    assert_eq!(error.source().map(ToString::to_string), Some(String::from("the server is down")));
    world.server.mend();
    assert_eq!(now(pool.get_async()).map(|lease| lease.id), Ok(0));
}

#[test]
fn an_error_of_recycle_keeps_what_it_says() {
    assert_eq!(DeadpoolError::from(RecycleError::Backend(Down)), DeadpoolError::Backend(Down));
    let said = DeadpoolError::from(RecycleError::<Down>::message("old"));
    assert_eq!((said.to_string(), said.source().is_none()), (String::from("old"), true));
}

#[test]
fn an_invalid_one_is_replaced_at_once_although_another_is_idle() {
    let (world, pool) = theirs(2);
    drop((now(pool.get()).expect("room"), now(pool.get()).expect("room")));
    world.server.break_down(Fault::Invalid(0));
    drop(world.server.calls());
    assert_eq!(now(pool.get()).expect("the other").id, 1);
    assert_eq!(world.server.calls(), ["check 0", "detach 0", "end 0", "check 1"]);

    let (world, pool) = ours(2);
    drop((now(pool.get_async()).expect("room"), now(pool.get_async()).expect("room")));
    world.server.break_down(Fault::Invalid(1));
    drop(world.server.calls());
    assert_eq!(now(pool.get_async()).expect("another").id, 2);
    assert_eq!(world.server.calls(), ["check 1", "detach 1", "end 1", "connect 2"]);
}

#[test]
fn what_a_close_frees_is_detached_here_and_not_there() {
    let (world, pool) = theirs(2);
    let (idle, lent) = (now(pool.get()).expect("room"), now(pool.get()).expect("room"));
    drop(idle);
    drop(world.server.calls());
    pool.close();
    assert_eq!(world.server.calls(), ["end 0"]);
    drop(lent);
    assert_eq!(world.server.calls(), ["detach 1", "end 1"]);

    let (world, pool) = ours(2);
    let (idle, lent) = (now(pool.get_async()).expect("room"), now(pool.get_async()).expect("room"));
    drop(idle);
    drop(world.server.calls());
    pool.close();
    assert_eq!(world.server.calls(), ["detach 0", "end 0"]);
    drop(lent);
    assert_eq!(world.server.calls(), ["detach 1", "end 1"]);
}

#[test]
fn a_get_that_is_dropped_or_panics_in_the_check_frees_what_it_checked() {
    for fault in [Fault::CheckHangs(0), Fault::CheckPanics(0)] {
        let (world, pool) = theirs(1);
        drop(now(pool.get()).expect("room"));
        drop(world.server.calls());
        world.server.break_down(fault);
        let has_panicked = panics(|| begin(pool.get()));
        assert_eq!(has_panicked, fault == Fault::CheckPanics(0));
        assert_eq!(world.server.calls(), ["check 0", "detach 0", "end 0"]);
        assert_eq!(now(pool.get()).expect("room").id, 1);

        let (world, pool) = ours(1);
        drop(now(pool.get_async()).expect("room"));
        drop(world.server.calls());
        world.server.break_down(fault);
        let has_panicked = panics(|| begin(pool.get_async()));
        assert_eq!(has_panicked, fault == Fault::CheckPanics(0));
        assert_eq!(world.server.calls(), ["check 0", "detach 0", "end 0"]);
        assert_eq!(now(pool.try_get_async()).map(|lease| lease.id), Ok(1));
    }
}

#[test]
fn a_panic_of_create_loses_no_place() {
    let (world, pool) = ours(1);
    world.server.break_down(Fault::ConnectPanics);
    assert!(panics(|| now(pool.get_async())));
    world.server.mend();
    assert_eq!(now(pool.try_get_async()).map(|lease| lease.id), Ok(0));
}

#[test]
fn what_a_panicking_holder_held_is_freed() {
    let (world, pool) = theirs(1);
    assert!(panics(|| panic_with(now(pool.get()).expect("room"))));
    assert_eq!(world.server.calls(), ["connect 0"]);
    assert_eq!(now(pool.get()).expect("theirs lends it again").id, 0);

    let (world, pool) = ours(1);
    assert!(panics(|| panic_with(now(pool.get_async()).expect("room"))));
    assert_eq!(world.server.calls(), ["connect 0", "detach 0", "end 0"]);
    assert_eq!(now(pool.get_async()).map(|lease| lease.id), Ok(1));
}
