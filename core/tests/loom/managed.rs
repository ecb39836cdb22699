//! Managed pools: gets that are dropped in the middle of the manager's work, and places that are kept until it is over, against
//! a thread that waits for them.
//!
//! Each part of the manager's that is awaited suspends once. A future is polled by hand, so it needs nobody to wake it.

use super::Entry;
use loom::thread::{self, JoinHandle};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use striped_pool::{AsyncManager, BlockingManager, ManagedPool, Manager, Usage};

pub(crate) const PROGRAMS: &[Entry] = &[
    ("managed::get_dropped_in_its_create_races_get", 3, get_dropped_in_its_create_races_get),
    ("managed::get_dropped_in_its_check_races_get", 3, get_dropped_in_its_check_races_get),
    ("managed::get_dropped_in_its_close_races_get", 3, get_dropped_in_its_close_races_get),
    ("managed::replacement_of_a_refused_one_races_get", 3, replacement_of_a_refused_one_races_get),
    ("managed::get_that_is_handed_something_is_dropped", 2, get_that_is_handed_something_is_dropped),
    ("managed::close_async_races_get", 3, close_async_races_get),
];

/// Counts outside the pool, and outside of loom.
#[derive(Default)]
struct World {
    alive: AtomicUsize,
    most: AtomicUsize,
    made: AtomicUsize,
    refuses: AtomicBool,
}

/// There from the first step of its create to the last step of its end.
struct Session(Arc<World>);

impl Drop for Session {
    fn drop(&mut self) {
        self.0.alive.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Why a session is not lent again.
#[derive(Debug)]
struct Refused;

struct Sessions(Arc<World>);

impl Sessions {
    fn make(&self) -> Session {
        let alive = self.0.alive.fetch_add(1, Ordering::Relaxed) + 1;
        self.0.most.fetch_max(alive, Ordering::Relaxed);
        self.0.made.fetch_add(1, Ordering::Relaxed);
        Session(Arc::clone(&self.0))
    }
}

impl Manager for Sessions {
    type Resource = Session;
    type Error = Refused;
}

impl BlockingManager for Sessions {
    fn create(&self) -> Result<Session, Refused> {
        Ok(self.make())
    }
}

/// Pending once.
async fn suspend() {
    let mut is_over = false;
    std::future::poll_fn(|_| if std::mem::replace(&mut is_over, true) { Poll::Ready(()) } else { Poll::Pending }).await;
}

impl AsyncManager for Sessions {
    async fn create(&self) -> Result<Session, Refused> {
        let session = self.make();
        suspend().await;
        Ok(session)
    }

    async fn validate(&self, _: &mut Session, _: &Usage) -> Result<(), Refused> {
        suspend().await;
        if self.0.refuses.load(Ordering::Relaxed) { Err(Refused) } else { Ok(()) }
    }

    async fn close(&self, session: Session) {
        suspend().await;
        drop(session);
    }
}

/// A pool of one.
struct Shared {
    pool: ManagedPool<Sessions>,
    world: Arc<World>,
}

impl Shared {
    fn new() -> Self {
        let world = Arc::new(World::default());
        Self { pool: ManagedPool::builder(1, Sessions(Arc::clone(&world))).build().unwrap(), world }
    }

    /// The same, with an idle one, which tasks refuse if `refuses`.
    fn with_idle(refuses: bool) -> Self {
        let shared = Self::new();
        drop(shared.pool.get().unwrap());
        shared.world.refuses.store(refuses, Ordering::Relaxed);
        shared
    }

    /// Takes and gives back, blocking.
    fn spawn_get(&self) -> JoinHandle<()> {
        let pool = self.pool.clone();
        thread::spawn(move || drop(pool.get().unwrap()))
    }

    /// Nothing is out or waited for, `made` were made, never two at once, and with the pool they end.
    fn finish(self, made: usize) {
        let status = self.pool.status();
        assert_eq!((status.out(), status.waiting(), status.available() + status.idle()), (0, 0, 1), "{status:?}");
        let of = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
        assert_eq!((of(&self.world.made), of(&self.world.alive)), (made, status.idle() as usize));
        assert_eq!(of(&self.world.most), 1, "a place was given before what had it was gone");
        drop(self.pool);
        assert_eq!(of(&self.world.alive), 0, "a session outlived the pool");
    }
}

type Future<'a, A> = Pin<Box<dyn std::future::Future<Output = A> + 'a>>;

fn poll<A>(future: &mut Future<'_, A>) -> Option<A> {
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => Some(answer),
        Poll::Pending => None,
    }
}

/// A future that was polled so often, and is pending.
fn polled<'a, A>(future: impl std::future::Future<Output = A> + 'a, times: u32) -> Future<'a, A> {
    let mut future: Future<'a, A> = Box::pin(future);
    (0..times).for_each(|_| assert!(poll(&mut future).is_none()));
    future
}

fn get_dropped_in_its_create_races_get() {
    let shared = Shared::new();
    let creating = polled(shared.pool.get_async(), 1);
    let waiter = shared.spawn_get();
    drop(creating);
    waiter.join().unwrap();
    shared.finish(2);
}

fn get_dropped_in_its_check_races_get() {
    let shared = Shared::with_idle(false);
    let checking = polled(shared.pool.get_async(), 1);
    let waiter = shared.spawn_get();
    drop(checking);
    waiter.join().unwrap();
    shared.finish(2);
}

fn get_dropped_in_its_close_races_get() {
    let shared = Shared::with_idle(true);
    let closing = polled(shared.pool.get_async(), 2);
    let waiter = shared.spawn_get();
    drop(closing);
    waiter.join().unwrap();
    shared.finish(2);
}

/// Who waits gets neither the place while the refused one is being closed, nor the one after it: that has its getter.
fn replacement_of_a_refused_one_races_get() {
    let shared = Shared::with_idle(true);
    let mut getting = polled(shared.pool.get_async(), 2);
    let waiter = shared.spawn_get();
    assert!(poll(&mut getting).is_none(), "it creates");
    let lease = poll(&mut getting).unwrap().unwrap();
    drop(lease);
    drop(getting);
    waiter.join().unwrap();
    shared.finish(2);
}

/// In line, handed something and not told, or checking it: wherever it is dropped, the thread behind it is served.
fn get_that_is_handed_something_is_dropped() {
    let shared = Shared::new();
    let lease = shared.pool.get_owned().unwrap();
    let mut task = polled(shared.pool.get_async(), 1);
    let waiter = shared.spawn_get();
    let holder = thread::spawn(move || drop(lease));
    assert!(poll(&mut task).is_none(), "it is in line, or checks");
    drop(task);
    holder.join().unwrap();
    waiter.join().unwrap();
    // One that was being checked was freed.
    let made = shared.world.made.load(Ordering::Relaxed);
    assert!(made == 1 || made == 2);
    shared.finish(made);
}

fn close_async_races_get() {
    let shared = Shared::with_idle(false);
    let mut closing = polled(shared.pool.close_async(), 1);
    let pool = shared.pool.clone();
    let getter = thread::spawn(move || match pool.get() {
        Ok(lease) => drop(lease),
        Err(reason) => assert!(reason.is_closed()),
    });
    assert_eq!(poll(&mut closing), Some(1));
    drop(closing);
    getter.join().unwrap();
    assert!(shared.pool.is_closed());
    let of = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
    assert_eq!((of(&shared.world.most), of(&shared.world.alive)), (1, 0));
}
