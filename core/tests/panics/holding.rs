//! A panic while a lease is held: the resource may have been left half-changed, so it is freed.

use crate::threads::{joined, start, start_waiter};
use crate::world::{Refused, Resource, TestPool, World, assert_sound};
use crate::{OnDrop, Oops, oops, oops_of};
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::task::Wake;
use std::thread::{panicking, spawn};
use striped_pool::{GetError, OwnedLease};

#[test]
fn a_panic_while_a_lease_is_held_frees_its_resource() {
    let world = World::new();
    let pool = world.pool(1);
    let borrowed = || {
        let _lease = pool.get().expect("room");
        oops(1)
    };
    assert_eq!(oops_of(borrowed), Oops(1));
    assert_eq!((world.freed(), pool.status().available()), (vec![0], 1));
    let owned = || {
        let _lease = pool.get_owned().expect("room");
        oops(2)
    };
    assert_eq!(oops_of(owned), Oops(2));
    assert_eq!(world.freed(), [0, 1]);
    assert_sound(&pool);
}

#[test]
fn a_panic_in_the_work_of_with_frees_the_resource() {
    let world = World::new();
    let pool = world.pool(1);
    assert_eq!(oops_of(|| pool.with(|_| oops(1))), Oops(1));
    assert_eq!(oops_of(|| pool.with_timeout(Duration::ZERO, |_| oops(2))), Oops(2));
    assert_eq!(oops_of(|| pool.try_with(|_| oops(3))), Oops(3));
    assert_eq!((world.freed(), world.live()), (vec![0, 1, 2], 0));
    assert_sound(&pool);
}

#[test]
fn the_place_of_a_resource_that_a_panic_freed_goes_to_the_next_waiter() {
    let world = World::new();
    let pool = world.pool(1);
    let lease = pool.get_owned().expect("room");
    let waiter = start_waiter(&pool, |pool| pool.get().map(|lease| lease.id));
    let holder = move || {
        let _lease = lease;
        oops(1)
    };
    assert_eq!(oops_of(holder), Oops(1));
    assert_eq!(joined(waiter), Ok(1), "a new one");
    assert_eq!((world.freed(), world.most()), (vec![0], 1));
    assert_sound(&pool);
}

#[test]
fn only_the_lease_that_the_panic_drops_is_freed() {
    let world = World::new();
    let pool = world.pool(2);
    let outer = pool.get().expect("room");
    let panicking = || {
        let _inner = pool.get().expect("room");
        oops(1)
    };
    assert_eq!(oops_of(panicking), Oops(1));
    drop(outer);
    assert_eq!((world.freed(), pool.status().idle()), (vec![1], 1));
    assert_sound(&pool);
}

#[test]
fn a_lease_taken_and_given_back_while_the_thread_unwinds_is_kept() {
    let world = World::new();
    let pool = world.pool(1);
    let unwinding = || {
        let _cleanup = OnDrop(|| {
            assert!(panicking());
            pool.get().expect("room").is_held = true;
            drop(pool.get_owned().expect("idle"));
            assert_eq!(pool.with(|resource| resource.id), Ok(0));
        });
        oops(1)
    };
    assert_eq!(oops_of(unwinding), Oops(1));
    assert_eq!((pool.status().idle(), world.freed(), world.made()), (1, vec![], 1));
    assert_sound(&pool);
}

/// The note that a lease was taken in a panic ends with the lease, whoever drops it: the next one of the same resource is like others.
#[test]
fn the_next_lease_of_what_was_lent_in_a_panic_is_freed_by_its_own() {
    for ended in ["in the panic", "after it", "by another thread"] {
        let world = World::new();
        let pool = world.pool(1);
        let mut kept = None;
        let unwinding = || {
            let _cleanup = OnDrop(|| kept = Some(pool.get_owned().expect("room")).filter(|_| ended != "in the panic"));
            oops(1)
        };
        assert_eq!(oops_of(unwinding), Oops(1));
        if ended == "by another thread" {
            spawn(move || drop(kept)).join().expect("no panic there");
        } else {
            drop(kept);
        }
        assert_eq!((pool.status().idle(), world.freed()), (1, vec![]), "ended {ended}");
        let again = || {
            let _lease = pool.get().expect("idle");
            oops(2)
        };
        assert_eq!(oops_of(again), Oops(2));
        assert_eq!((world.freed(), world.made()), (vec![0], 1), "ended {ended}");
        assert_sound(&pool);
    }
}

type Get = Pin<Box<dyn Future<Output = Result<OwnedLease<Resource>, GetError<Refused>>> + Send>>;

/// A task that takes a lease: whoever wakes it polls it on the spot.
struct TakesWhenWoken {
    get: Mutex<Get>,
    lease: Mutex<Option<OwnedLease<Resource>>>,
}

impl TakesWhenWoken {
    fn started(pool: &TestPool) -> Arc<Self> {
        let pool = pool.clone();
        let get: Get = Box::pin(async move { pool.get_owned_async().await });
        let task = Arc::new(Self { get: Mutex::new(get), lease: Mutex::new(None) });
        Arc::clone(&task).wake();
        task
    }
}

impl Wake for TakesWhenWoken {
    fn wake(self: Arc<Self>) {
        let waker = Waker::from(Arc::clone(&self));
        let polled = self.get.lock().expect("one poll at a time").as_mut().poll(&mut Context::from_waker(&waker));
        if let Poll::Ready(lease) = polled {
            *self.lease.lock().expect("one lease") = Some(lease.expect("handed over"));
        }
    }
}

/// A lease that is dropped lets go of its resource and then touches it no more: the next owner may have it within that drop.
#[test]
fn what_is_handed_over_in_a_panic_is_its_taker_s_at_once() {
    let world = World::new();
    let pool = world.pool(1);
    let unwinding = || {
        let _cleanup = OnDrop(|| {
            let lease = pool.get_owned().expect("room");
            let task = TakesWhenWoken::started(&pool);
            drop(lease);
            let handed_over = task.lease.lock().expect("nobody polls").take();
            drop(handed_over.expect("the drop woke the task"));
        });
        oops(1)
    };
    assert_eq!(oops_of(unwinding), Oops(1));
    assert_eq!((pool.status().idle(), world.freed()), (1, vec![]), "also the second lease was taken in the panic");
    assert_sound(&pool);
}

#[test]
fn a_lease_from_before_the_panic_is_freed_by_whichever_drop_the_panic_runs() {
    let world = World::new();
    let pool = world.pool(1);
    let mut lease = Some(pool.get().expect("room"));
    let unwinding = || {
        let _cleanup = OnDrop(|| drop(lease.take()));
        oops(1)
    };
    assert_eq!(oops_of(unwinding), Oops(1));
    assert_eq!(world.freed(), [0]);
    assert_sound(&pool);
}

#[test]
fn a_panic_that_is_caught_while_the_lease_is_held_does_not_free_it() {
    let world = World::new();
    let pool = world.pool(1);
    let lease = pool.get().expect("room");
    assert_eq!(oops_of(|| oops(1)), Oops(1));
    drop(lease);
    assert_eq!((pool.status().idle(), world.freed()), (1, vec![]));
    assert_sound(&pool);
}

#[test]
fn a_panic_of_the_thread_that_a_lease_was_sent_to_frees_it() {
    let world = World::new();
    let pool = world.pool(1);
    let lease = pool.get_owned().expect("room");
    let thread = start(&pool, move |_| {
        catch_unwind(AssertUnwindSafe(move || {
            let _lease = lease;
            oops(1)
        }))
        .is_err()
    });
    assert!(joined(thread));
    assert_eq!(world.freed(), [0]);
    assert_sound(&pool);
}

#[test]
fn leases_of_a_thread_that_ends_in_a_panic_are_not_lost() {
    let world = World::new();
    let pool = world.pool(3);
    for round in 0..10 {
        let thread = start(&pool, move |pool| {
            let _leases = [pool.get_owned().expect("room"), pool.get_owned().expect("room")];
            let _borrowed = pool.get().expect("room");
            oops(round)
        });
        let panic = thread.join().map(|()| unreachable!("it panics")).expect_err("it panics");
        assert_eq!(panic.downcast_ref(), Some(&Oops(round)));
    }
    assert_eq!((world.made(), world.live()), (30, 0));
    assert_sound(&pool);
}

#[test]
fn a_panic_in_the_work_of_with_frees_the_resource_also_while_the_thread_unwinds() {
    let world = World::new();
    let pool = world.pool(1);
    let unwinding = || {
        let _cleanup = OnDrop(|| assert_eq!(oops_of(|| pool.with(|_| oops(2))), Oops(2)));
        oops(1)
    };
    assert_eq!(oops_of(unwinding), Oops(1));
    assert_eq!((world.freed(), pool.status().idle()), (vec![0], 0));
    assert_sound(&pool);
}

#[test]
fn a_lease_taken_while_one_thread_unwinds_is_freed_by_the_panic_of_another() {
    let world = World::new();
    let pool = world.pool(1);
    let mut lease = None;
    let unwinding = || {
        let _cleanup = OnDrop(|| lease = Some(pool.get_owned().expect("room")));
        oops(1)
    };
    assert_eq!(oops_of(unwinding), Oops(1));
    let thread = start(&pool, move |_| {
        oops_of(move || {
            let _lease = lease;
            oops(2)
        })
    });
    assert_eq!(joined(thread), Oops(2));
    assert_eq!((world.freed(), pool.status().idle()), (vec![0], 0));
    assert_sound(&pool);
}

#[test]
fn a_lease_taken_in_a_panic_and_changed_after_it_is_freed_by_the_next() {
    let world = World::new();
    let pool = world.pool(1);
    let mut kept = None;
    let unwinding = || {
        let _cleanup = OnDrop(|| kept = Some(pool.get_owned().expect("room")));
        oops(1)
    };
    assert_eq!(oops_of(unwinding), Oops(1));
    let again = || {
        let mut lease = kept.take().expect("taken above");
        lease.is_held = true;
        oops(2)
    };
    assert_eq!(oops_of(again), Oops(2));
    assert_eq!((world.freed(), pool.status().idle()), (vec![0], 0));
    assert_sound(&pool);
}
