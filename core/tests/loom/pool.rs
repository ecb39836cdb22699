//! One stripe with resources: each way of giving something back against each way of asking for it.
//!
//! A thread that may be unparked late does not join others (loom forbids it), so waiters are spawned and the main thread
//! gives back.

use super::Entry;
use super::world::{Resource, World};
use loom::thread::{self, JoinHandle};
use std::time::Duration;
use striped_pool::{Acquired, CreatePermit, Lease, LocalPool, PendingTake, Unavailable};

pub(crate) const PROGRAMS: &[Entry] = &[
    ("pool::put_races_take", 3, put_races_take),
    ("pool::put_races_try_take", 3, put_races_try_take),
    ("pool::put_races_cancel", 3, put_races_cancel),
    ("pool::put_races_two_takes", 2, put_races_two_takes),
    ("pool::two_puts_race_two_takes", 2, two_puts_race_two_takes),
    ("pool::timeout_races_hand_off", 3, timeout_races_hand_off),
    ("pool::timeout_races_permit", 3, timeout_races_permit),
    ("pool::timeout_races_close", 3, timeout_races_close),
    ("pool::hand_off_to_an_abandoned_slot_reaches_the_next", 2, hand_off_to_an_abandoned_slot_reaches_the_next),
    ("pool::permit_to_an_abandoned_slot_reaches_the_next", 2, permit_to_an_abandoned_slot_reaches_the_next),
    ("pool::create_failure_races_take", 3, create_failure_races_take),
    ("pool::discard_races_take", 3, discard_races_take),
    ("pool::detach_races_take", 3, detach_races_take),
    ("pool::close_races_take", 3, close_races_take),
    ("pool::close_races_put", 3, close_races_put),
    ("pool::close_races_put_and_take", 2, close_races_put_and_take),
    ("pool::reap_races_take", 3, reap_races_take),
    ("pool::reap_races_put", 3, reap_races_put),
    ("pool::drain_races_put", 3, drain_races_put),
    ("pool::shrink_races_put", 3, shrink_races_put),
    ("pool::grow_races_two_takes", 2, grow_races_two_takes),
    ("pool::waiters_are_served_in_order", 2, waiters_are_served_in_order),
];

/// A pool that threads borrow for as long as the program runs.
pub(crate) struct Shared {
    pool: Box<LocalPool<Resource>>,
    pub(crate) world: World,
}

impl Shared {
    pub(crate) fn new(capacity: u32) -> Self {
        let world = World::default();
        Self { pool: Box::new(world.pool(capacity)), world }
    }

    pub(crate) fn pool(&self) -> &'static LocalPool<Resource> {
        // SAFETY: every program joins its threads and drops its leases before it calls `finish`, which drops the pool.
        unsafe { &*core::ptr::from_ref(self.pool.as_ref()) }
    }

    /// Takes and gives back, blocking; the waiter of most programs.
    pub(crate) fn spawn_take(&self) -> JoinHandle<()> {
        let (pool, world) = (self.pool(), self.world.clone());
        thread::spawn(move || drop(world.fulfil(pool.acquire().expect("the pool stays open"))))
    }

    pub(crate) fn lease(&self) -> Lease<'static, Resource> {
        self.world.lease(self.pool())
    }

    pub(crate) fn permit(&self) -> CreatePermit<'static, Resource> {
        let Ok(Acquired::Permit(permit)) = self.pool().try_acquire() else { panic!("a fresh pool has a permit") };
        permit
    }

    pub(crate) fn finish(self) {
        self.world.assert_at_rest(&self.pool);
        drop(self.pool);
        assert_eq!(self.world.made(), self.world.freed(), "a resource outlived the pool");
    }
}

fn put_races_take() {
    let shared = Shared::new(1);
    let lease = shared.lease();
    let waiter = shared.spawn_take();
    drop(lease);
    waiter.join().unwrap();
    assert_eq!(shared.world.made(), 1, "the waiter got the resource that was given back");
    shared.finish();
}

fn put_races_try_take() {
    let shared = Shared::new(1);
    let lease = shared.lease();
    let pool = shared.pool();
    let thread = thread::spawn(move || match pool.try_acquire() {
        Ok(Acquired::Lease(lease)) => assert_eq!(*lease, Resource(0)),
        Ok(Acquired::Permit(_)) => panic!("the only permit is out"),
        Err(reason) => assert_eq!(reason, Unavailable::Exhausted),
    });
    drop(lease);
    thread.join().unwrap();
    shared.finish();
}

fn put_races_cancel() {
    let shared = Shared::new(1);
    let lease = shared.lease();
    let pool = shared.pool();
    let waiter = thread::spawn(move || drop(pool.enqueue()));
    drop(lease);
    waiter.join().unwrap();
    assert_eq!(shared.pool().status().idle, 1);
    shared.finish();
}

fn put_races_two_takes() {
    let shared = Shared::new(1);
    let lease = shared.lease();
    let waiters = [shared.spawn_take(), shared.spawn_take()];
    drop(lease);
    waiters.into_iter().for_each(|waiter| waiter.join().unwrap());
    assert_eq!(shared.world.made(), 1);
    shared.finish();
}

fn two_puts_race_two_takes() {
    let shared = Shared::new(2);
    let (one, two) = (shared.lease(), shared.lease());
    let waiter = shared.spawn_take();
    let putter = thread::spawn(move || drop(two));
    drop(one);
    putter.join().unwrap();
    waiter.join().unwrap();
    assert_eq!(shared.pool().status().idle, 2);
    shared.finish();
}

fn timeout_races_hand_off() {
    let shared = Shared::new(1);
    let lease = shared.lease();
    let pool = shared.pool();
    let waiter = thread::spawn(move || match pool.acquire_timeout(Duration::ZERO) {
        Ok(Acquired::Lease(lease)) => assert_eq!(*lease, Resource(0)),
        Ok(Acquired::Permit(_)) => panic!("no permit came free"),
        Err(reason) => assert_eq!(reason, Unavailable::TimedOut),
    });
    drop(lease);
    waiter.join().unwrap();
    shared.finish();
}

fn timeout_races_permit() {
    let shared = Shared::new(1);
    let permit = shared.permit();
    let pool = shared.pool();
    // The first look may find the permit. A wait that is over does not keep one.
    let waiter = thread::spawn(move || match pool.acquire_timeout(Duration::ZERO) {
        Ok(Acquired::Permit(_)) => {}
        Ok(Acquired::Lease(_)) => panic!("nothing was created"),
        Err(reason) => assert_eq!(reason, Unavailable::TimedOut),
    });
    drop(permit);
    waiter.join().unwrap();
    assert_eq!(shared.pool().status().available, 1);
    shared.finish();
}

fn timeout_races_close() {
    let shared = Shared::new(1);
    let lease = shared.lease();
    let pool = shared.pool();
    let waiter = thread::spawn(move || {
        let pending = pool.enqueue();
        let was_closed = pool.status().is_closed;
        let reason = pending.wait_timeout(Duration::ZERO).expect_err("nothing was given back");
        // A wait that the close has ended is closed, also if nobody has told it yet.
        assert!(reason == Unavailable::Closed || reason == Unavailable::TimedOut && !was_closed);
    });
    pool.close();
    waiter.join().unwrap();
    drop(lease);
    finish_closed(shared);
}

/// Two in the queue, the first is dropped while the hand-off is on its way: the second gets it.
fn hand_off_to_an_abandoned_slot_reaches_the_next() {
    let shared = Shared::new(1);
    let lease = shared.lease();
    let (quitter, waiter) = (shared.pool().enqueue(), shared.pool().enqueue());
    let waiter = thread::spawn(move || {
        let Ok(Acquired::Lease(lease)) = waiter.wait() else { panic!("the waiter gets the resource") };
        assert_eq!(*lease, Resource(0));
    });
    let quitter = thread::spawn(move || drop(quitter));
    drop(lease);
    quitter.join().unwrap();
    waiter.join().unwrap();
    shared.finish();
}

fn permit_to_an_abandoned_slot_reaches_the_next() {
    let shared = Shared::new(1);
    let permit = shared.permit();
    let (quitter, waiter) = (shared.pool().enqueue(), shared.pool().enqueue());
    let waiter = thread::spawn(move || assert!(matches!(waiter.wait(), Ok(Acquired::Permit(_)))));
    let quitter = thread::spawn(move || drop(quitter));
    drop(permit);
    quitter.join().unwrap();
    waiter.join().unwrap();
    shared.finish();
}

fn create_failure_races_take() {
    let shared = Shared::new(1);
    let permit = shared.permit();
    let waiter = shared.spawn_take();
    drop(permit);
    waiter.join().unwrap();
    assert_eq!(shared.world.made(), 1);
    shared.finish();
}

fn discard_races_take() {
    let shared = Shared::new(1);
    let lease = shared.lease();
    let waiter = shared.spawn_take();
    lease.discard();
    waiter.join().unwrap();
    assert_eq!((shared.world.made(), shared.world.most()), (2, 1), "the second was made after the first had gone");
    shared.finish();
}

fn detach_races_take() {
    let shared = Shared::new(1);
    let lease = shared.lease();
    let waiter = shared.spawn_take();
    // The one that is detached, and the one that takes its room.
    shared.world.allow(2);
    let detached = lease.detach();
    waiter.join().unwrap();
    assert_eq!(detached, Resource(0));
    assert_eq!(shared.world.made(), 2);
    shared.world.free(detached);
    shared.finish();
}

fn close_races_take() {
    let shared = Shared::new(1);
    let lease = shared.lease();
    let pool = shared.pool();
    let waiter = thread::spawn(move || assert_eq!(pool.acquire().unwrap_err(), Unavailable::Closed));
    pool.close();
    waiter.join().unwrap();
    drop(lease);
    finish_closed(shared);
}

fn close_races_put() {
    let shared = Shared::new(1);
    let lease = shared.lease();
    let putter = thread::spawn(move || drop(lease));
    shared.pool().close();
    putter.join().unwrap();
    finish_closed(shared);
}

fn close_races_put_and_take() {
    let shared = Shared::new(1);
    let lease = shared.lease();
    let pool = shared.pool();
    let putter = thread::spawn(move || drop(lease));
    let waiter = thread::spawn(move || match pool.acquire() {
        Ok(acquired) => assert!(matches!(acquired, Acquired::Lease(_)), "no permit came free before the close"),
        Err(reason) => assert_eq!(reason, Unavailable::Closed),
    });
    pool.close();
    putter.join().unwrap();
    waiter.join().unwrap();
    finish_closed(shared);
}

/// A closed pool keeps nothing.
pub(crate) fn finish_closed(shared: Shared) {
    assert_eq!(shared.world.made(), shared.world.freed(), "a closed pool kept a resource");
    shared.finish();
}

fn reap_races_take() {
    let shared = Shared::new(1);
    drop(shared.lease());
    let pool = shared.pool();
    let reaper = thread::spawn(move || pool.reap());
    let waiter = shared.spawn_take();
    waiter.join().unwrap();
    assert!(reaper.join().unwrap() <= 1);
    assert_eq!(shared.world.most(), 1, "the new one was made after the reaped one had gone");
    shared.finish();
}

fn reap_races_put() {
    let shared = Shared::new(2);
    let lease = shared.lease();
    let pool = shared.pool();
    let reaper = thread::spawn(move || pool.reap());
    drop(lease);
    reaper.join().unwrap();
    shared.finish();
}

fn drain_races_put() {
    let shared = Shared::new(2);
    let (one, two) = (shared.lease(), shared.lease());
    drop(one);
    let pool = shared.pool();
    let drainer = thread::spawn(move || pool.drain());
    drop(two);
    let drained = drainer.join().unwrap();
    assert!((1..=2).contains(&drained));
    assert_eq!(shared.world.freed(), drained as usize);
    shared.finish();
}

fn shrink_races_put() {
    let shared = Shared::new(2);
    let (one, two) = (shared.lease(), shared.lease());
    drop(one);
    let pool = shared.pool();
    let shrinker = thread::spawn(move || pool.resize(1));
    drop(two);
    shrinker.join().unwrap();
    assert_eq!((shared.world.freed(), shared.pool().status().idle), (1, 1), "a shrink by one frees one");
    shared.finish();
}

fn grow_races_two_takes() {
    let shared = Shared::new(1);
    let lease = shared.lease();
    let waiters = [shared.spawn_take(), shared.spawn_take()];
    shared.world.allow(2);
    shared.pool().resize(2);
    drop(lease);
    waiters.into_iter().for_each(|waiter| waiter.join().unwrap());
    shared.finish();
}

/// Two in the queue, one permit and one resource come back, on two threads: the first in line gets what comes first.
fn waiters_are_served_in_order() {
    let shared = Shared::new(1);
    let lease = shared.lease();
    let (first, second) = (shared.pool().enqueue(), shared.pool().enqueue());
    let served = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let spawn = |pending: PendingTake<'static, Resource>, number: usize| {
        let served = std::sync::Arc::clone(&served);
        thread::spawn(move || {
            let acquired = pending.wait().expect("the pool stays open");
            served.lock().unwrap().push(number);
            drop(acquired);
        })
    };
    let waiters = [spawn(first, 1), spawn(second, 2)];
    drop(lease);
    waiters.into_iter().for_each(|waiter| waiter.join().unwrap());
    assert_eq!(*served.lock().unwrap(), [1, 2]);
    shared.finish();
}
