//! How resources end: an async end cannot run in a drop, so drops `free`, and what is awaited is `close`d. Either way the place
//! is kept until it is over.

use crate::get;
use crate::tasks::{Task, block_on, now, start_waiter};
use crate::threads::joined;
use crate::world::{Answer, Part, World};
use std::convert::Infallible;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::spawn;
use striped_pool::{AsyncManager, BlockingManager, GetError, ManagedPool, Manager, Unavailable};

#[test]
fn what_ends_in_a_drop_or_a_blocking_call_is_freed() {
    let world = World::new();
    let pool = world.pool(1);
    world.answer(Part::Recycle, Answer::Bad);
    drop(now(pool.get_async()).expect("room"));
    now(pool.get_async()).expect("room").discard();
    world.behave();
    drop(now(pool.get_async()).expect("room"));
    pool.drain();
    assert_eq!((world.freed(), world.closed()), (3, 0));
    world.assert_at_rest(&pool);
}

#[test]
fn what_ends_where_it_is_awaited_is_closed() {
    let world = World::new();
    let pool = world.pool(1);
    now(pool.get().expect("room").discard_async());
    now(pool.get_owned().expect("room").discard_async());
    drop(pool.get().expect("room"));
    world.answer(Part::Validate, Answer::Bad);
    drop(get(&pool, true).expect("a new one"));
    assert_eq!(now(pool.drain_async()), 1);
    drop(pool.get().expect("room"));
    assert_eq!(now(pool.close_async()), 1);
    assert_eq!((world.freed(), world.closed(), world.calls(Part::Recycle)), (0, 5, 3));
    world.assert_at_rest(&pool);
}

#[test]
fn the_place_is_kept_until_a_discarded_one_is_closed() {
    let world = World::new();
    let pool = world.pool(1);
    world.suspend(Part::Close, 2);
    let mut closing = Task::waiting(pool.get().expect("room").discard_async());
    let mut task = Task::waiting(pool.get_async());
    let thread = start_waiter(&pool, |pool| pool.get().map(|lease| lease.id));
    assert!(closing.poll().is_none());
    assert_eq!((task.wakes(), pool.status().available()), (0, 0));
    closing.woken();
    assert_eq!(task.woken().map(|lease| lease.id), Ok(1));
    assert_eq!(joined(thread), Ok(1));
    world.assert_at_rest(&pool);
}

#[test]
fn the_place_is_kept_until_a_drained_one_is_closed() {
    let world = World::new();
    let pool = world.pool(1);
    drop(pool.get().expect("room"));
    world.suspend(Part::Close, 2);
    let mut draining = Task::waiting(pool.drain_async());
    let mut task = Task::waiting(pool.get_async());
    assert!(draining.poll().is_none());
    assert_eq!(task.wakes(), 0);
    assert_eq!(draining.woken(), 1);
    assert_eq!(task.woken().map(|lease| lease.id), Ok(1));
    world.assert_at_rest(&pool);
}

#[test]
fn the_place_is_kept_until_a_refused_one_is_closed_and_then_its_getters() {
    let world = World::new();
    let pool = world.pool(1);
    drop(pool.get().expect("room"));
    world.answer(Part::Validate, Answer::Bad);
    world.suspend(Part::Close, 2);
    let mut getting = Task::waiting(pool.get_async());
    let mut behind = Task::waiting(pool.get_async());
    assert!(getting.poll().is_none());
    assert_eq!((behind.wakes(), world.alive()), (0, 1));
    let lease = getting.woken().expect("it is replaced");
    assert_eq!((lease.id, behind.wakes()), (1, 0));
    world.behave();
    drop(lease);
    assert_eq!(behind.woken().map(|lease| lease.id), Ok(1));
    world.assert_at_rest(&pool);
}

#[test]
fn a_discard_that_is_never_polled_frees() {
    let world = World::new();
    let pool = world.pool(2);
    let borrowed = pool.get().expect("room").discard_async();
    let owned = pool.get_owned().expect("room").discard_async();
    let seen = world.look(Part::Free, &pool);
    assert_eq!((world.freed(), pool.status().out()), (0, 2), "nothing has happened yet");
    drop((borrowed, owned));
    assert_eq!(*seen.lock().expect("whole"), [0, 1], "each place is free after its free");
    assert_eq!((world.freed(), world.closed()), (2, 0));
    world.behave();
    world.assert_at_rest(&pool);
}

#[test]
fn an_owned_discard_outlives_the_pool() {
    let world = World::new();
    for is_polled in [false, true] {
        let pool = world.pool(1);
        world.suspend(Part::Close, 1);
        let mut closing = Task::new(pool.get_owned().expect("room").discard_async());
        drop(pool);
        if is_polled {
            assert!(closing.poll().is_none());
            closing.woken();
        }
        drop(closing);
        assert_eq!((world.alive(), Arc::strong_count(&world)), (0, 1), "and the manager with it");
    }
    assert_eq!((world.freed(), world.closed()), (1, 1));
}

#[test]
fn a_drain_ends_what_is_idle_on_every_stripe_and_nothing_else() {
    let world = World::new();
    let pool = world.builder(6).stripes(3).build().expect("valid");
    let mut leases: Vec<_> = (0..6).map(|_| pool.get().expect("room")).collect();
    drop(leases.split_off(2));
    assert_eq!(now(pool.drain_async()), 4);
    assert_eq!((world.closed(), pool.status().out(), pool.status().available()), (4, 2, 4));
    drop(leases);
    assert_eq!((now(pool.drain_async()), now(pool.drain_async())), (2, 0));
    world.assert_at_rest(&pool);
}

#[test]
fn a_drain_ends_although_others_use_the_pool() {
    let world = World::new();
    let pool = world.pool(2);
    drop(pool.get().expect("room"));
    world.suspend(Part::Close, 1);
    let mut draining = Task::waiting(pool.drain_async());
    for _ in 0..100 {
        drop(pool.get().expect("another"));
        if let Some(closed) = draining.poll() {
            assert_eq!(closed, 1);
            world.assert_at_rest(&pool);
            return;
        }
    }
    panic!("it goes on for ever: {world:?}");
}

#[test]
fn a_close_ends_what_is_idle_and_what_is_lent_is_freed_as_it_comes_back() {
    let world = World::new();
    let pool = world.pool(3);
    let mut leases: Vec<_> = (0..3).map(|_| pool.get().expect("room")).collect();
    drop(leases.pop());
    let back_meanwhile = leases.pop();
    world.suspend(Part::Close, 1);
    let mut closing = Task::waiting(pool.close_async());
    drop(back_meanwhile);
    assert_eq!(closing.woken(), 1);
    assert_eq!((world.closed(), world.freed(), pool.is_closed()), (1, 1, true));
    drop(leases);
    assert_eq!((world.closed(), world.freed()), (1, 2));
    assert_eq!(now(pool.close_async()), 0);
    world.assert_at_rest(&pool);
}

#[test]
fn those_who_wait_are_told_of_an_awaited_close() {
    let world = World::new();
    let pool = world.pool(1);
    let lease = pool.get().expect("room");
    let mut task = Task::waiting(pool.get_async());
    let thread = start_waiter(&pool, |pool| pool.get().map(|lease| lease.id));
    assert_eq!(now(pool.close_async()), 0);
    let closed = GetError::Unavailable(Unavailable::Closed);
    assert_eq!(task.woken().map(|lease| lease.id), Err(closed.clone()));
    assert_eq!(joined(thread), Err(closed));
    drop(lease);
    world.assert_at_rest(&pool);
}

/// A manager that says goodbye to each session, which takes an await. What drops free goes to a task of its own.
struct Polite {
    made: AtomicU32,
    parted: Arc<Mutex<Vec<u32>>>,
    leavers: Sender<u32>,
}

/// Says goodbye.
async fn goodbye(session: u32, parted: &Mutex<Vec<u32>>) {
    core::future::ready(()).await;
    parted.lock().expect("whole").push(session);
}

impl Manager for Polite {
    type Resource = u32;
    type Error = Infallible;

    fn free(&self, session: u32) {
        self.leavers.send(session).expect("the task is there as long as the manager");
    }
}

impl BlockingManager for Polite {
    fn create(&self) -> Result<u32, Infallible> {
        Ok(self.made.fetch_add(1, Ordering::SeqCst))
    }
}

impl AsyncManager for Polite {
    async fn create(&self) -> Result<u32, Infallible> {
        BlockingManager::create(self)
    }

    async fn close(&self, session: u32) {
        goodbye(session, &self.parted).await;
    }
}

#[test]
fn a_manager_can_send_what_drops_free_to_a_task_of_its_own() {
    let (leavers, leaving) = channel();
    let parted: Arc<Mutex<Vec<u32>>> = Arc::default();
    let own = Arc::clone(&parted);
    let usher = spawn(move || leaving.into_iter().for_each(|session| block_on(goodbye(session, &own))));
    let manager = Polite { made: AtomicU32::new(0), parted: Arc::clone(&parted), leavers };
    let pool = ManagedPool::builder(3, manager).build().expect("valid");
    let leases: Vec<_> = (0..3).map(|_| block_on(pool.get_async()).expect("room")).collect();
    let owned = leases.into_iter().map(|lease| {
        lease.discard();
        pool.get_owned().expect("the place is free at once")
    });
    let mut owned: Vec<_> = owned.collect();
    block_on(owned.pop().expect("three").discard_async());
    drop(owned.pop().expect("two").discard_async());
    drop(pool);
    drop(owned);
    joined(usher);
    let mut parted = parted.lock().expect("whole").clone();
    parted.sort_unstable();
    assert_eq!(parted, [0, 1, 2, 3, 4, 5], "each once, wherever it ended");
}

/// Has no end of its own for tasks.
struct Plain(Arc<AtomicU32>);

impl Manager for Plain {
    type Resource = ();
    type Error = Infallible;

    fn free(&self, (): ()) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl AsyncManager for Plain {
    async fn create(&self) -> Result<(), Infallible> {
        Ok(())
    }
}

#[test]
fn a_close_of_its_own_is_not_asked_of_a_manager() {
    let freed = Arc::new(AtomicU32::new(0));
    let pool = ManagedPool::builder(1, Plain(Arc::clone(&freed))).build().expect("valid");
    now(now(pool.get_async()).expect("room").discard_async());
    drop(now(pool.get_async()).expect("room"));
    assert_eq!((now(pool.drain_async()), freed.load(Ordering::SeqCst)), (1, 2));
}
