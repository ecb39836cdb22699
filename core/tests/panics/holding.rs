//! A panic while a lease is held: the resource may have been left half-changed, so it is freed.

use crate::threads::{joined, start, start_waiter};
use crate::world::{World, assert_sound};
use crate::{OnDrop, Oops, oops, oops_of};
use core::time::Duration;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::panicking;

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
            drop(pool.get().expect("room"));
            drop(pool.get_owned().expect("idle"));
            assert_eq!(pool.with(|resource| resource.id), Ok(0));
        });
        oops(1)
    };
    assert_eq!(oops_of(unwinding), Oops(1));
    assert_eq!((pool.status().idle(), world.freed(), world.made()), (1, vec![], 1));
    assert_sound(&pool);
}

/// What a lease was taken in is forgotten with it: the next lease of the same resource is one like others.
#[test]
fn the_next_lease_of_what_was_lent_in_a_panic_is_freed_by_its_own() {
    for is_kept in [false, true] {
        let world = World::new();
        let pool = world.pool(1);
        let mut kept = None;
        let unwinding = || {
            let _cleanup = OnDrop(|| kept = Some(pool.get_owned().expect("room")).filter(|_| is_kept));
            oops(1)
        };
        assert_eq!(oops_of(unwinding), Oops(1));
        drop(kept);
        assert_eq!((pool.status().idle(), world.freed()), (1, vec![]), "kept: {is_kept}");
        let again = || {
            let _lease = pool.get().expect("idle");
            oops(2)
        };
        assert_eq!(oops_of(again), Oops(2));
        assert_eq!((world.freed(), world.made()), (vec![0], 1), "kept: {is_kept}");
        assert_sound(&pool);
    }
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
