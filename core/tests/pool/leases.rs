//! What can become of a lease: given back, discarded, detached, leaked; from any thread; owned leases without a pool.

use crate::threads::{LIMIT, joined, start_waiter};
use crate::world::{Resource, World, assert_at_rest, assert_sound, located, the_stripe};
use core::cell::Cell;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::thread::{scope, spawn};
use std::time::Instant;
use striped_pool::{Acquired, CreatePermit, Lease, LocalPool, OwnedLease, PendingTake, Pool, PoolConfig, Reaper};

#[test]
fn a_discarded_resource_is_freed_and_its_place_is_free_again() {
    let world = World::new();
    let pool = world.pool(2);
    let borrowed = pool.get().expect("room");
    let owned = pool.get_owned().expect("room");
    borrowed.discard();
    assert_eq!((world.freed(), pool.status().available(), pool.status().out()), (vec![0], 1, 1));
    owned.discard();
    assert_eq!((world.freed(), world.live()), (vec![0, 1], 0));
    assert_sound(&pool);
}

#[test]
fn a_detached_resource_leaves_alive_and_another_may_be_made_in_its_place() {
    let world = World::new();
    let pool = world.pool(2);
    let (borrowed, owned) = (pool.get().expect("room"), pool.get_owned().expect("room"));
    let (first, second): (Resource, Resource) = (borrowed.detach(), owned.detach());
    assert_eq!((first.id, second.id), (0, 1));
    assert_at_rest(&pool.status());
    assert_eq!(pool.status().available(), 2);
    assert_sound(&pool);
    assert_eq!((world.made(), world.live()), (4, 4), "two in the pool, two outside");
    drop((first, second));
    assert_eq!((world.live(), world.freed()), (2, vec![]), "what is detached is never freed by the pool");
}

#[test]
fn a_detach_wakes_the_next_waiter() {
    let world = World::new();
    let pool = world.pool(1);
    let lease = pool.get().expect("room");
    let waiter = start_waiter(&pool, |pool| pool.get().expect("open").id);
    let detached = lease.detach();
    assert_eq!((joined(waiter), detached.id), (1, 0));
    assert_sound(&pool);
}

#[test]
fn a_leaked_lease_keeps_its_place_and_breaks_nothing_else() {
    let world = World::new();
    let pool = world.pool(2);
    core::mem::forget(pool.get().expect("room"));
    assert_eq!((pool.status().out(), pool.status().available()), (1, 1));
    assert_eq!(pool.with(|resource| resource.id), Ok(1));
    assert_eq!((pool.drain(), pool.status().out()), (1, 1));
    pool.close();
    assert_eq!(world.live(), 1);
}

#[test]
fn leases_may_be_given_back_by_another_thread() {
    let world = World::new();
    let pool = world.pool(3);
    let leases = [pool.get().expect("room"), pool.get().expect("room")];
    let owned = pool.get_owned().expect("room");
    scope(|scope| {
        for mut lease in leases {
            scope.spawn(move || lease.is_held = true);
        }
    });
    assert_eq!(pool.status().idle(), 2);
    joined(spawn(move || owned.discard()));
    assert_eq!(world.freed(), [2]);
    assert_sound(&pool);
}

/// On every stripe: threads differ in where they are at home, so the test starts new ones until it has seen all.
#[test]
fn an_owned_lease_that_was_waited_for_goes_back_where_it_came_from() {
    let world = World::new();
    let pool = world.striped(3, 3);
    let mut homes = BTreeSet::new();
    let start = Instant::now();
    while homes.len() < 3 {
        assert!(start.elapsed() < LIMIT, "some stripe is nobody's home: {homes:?}");
        let leases = [located(&pool), located(&pool), located(&pool)];
        let waiter = start_waiter(&pool, |pool| pool.get_owned().expect("open"));
        let home = the_stripe(&pool.status(), |stripe| stripe.waiting == 1);
        drop(leases);
        drop(joined(waiter));
        assert_eq!(pool.status().stripes[home].idle, 1);
        assert_at_rest(&pool.status());
        homes.insert(home);
    }
    assert_eq!(world.made(), 3);
    assert_sound(&pool);
}

#[test]
fn an_owned_lease_outlives_the_pool_and_frees_its_resource() {
    for stripes in [1, 3] {
        let world = World::new();
        let pool = world.striped(3, stripes);
        let leases: Vec<_> = (0..3).map(|_| pool.get_owned().expect("room")).collect();
        drop(pool);
        assert_eq!((world.live(), world.freed()), (3, vec![]), "what is lent stays");
        for (lease, id) in leases.into_iter().zip(0..) {
            assert_eq!(lease.id, id, "and is still there");
            drop(lease);
            assert_eq!(world.freed().last(), Some(&id));
        }
        assert_eq!(
            (world.live(), world.freed().len(), Arc::strong_count(&world)),
            (0, 3, 1),
            "all of the pool is gone"
        );
    }
}

#[test]
fn owned_leases_without_a_pool_can_be_discarded_and_detached() {
    let world = World::new();
    let pool = world.pool(2);
    let (first, second) = (pool.get_owned().expect("room"), pool.get_owned().expect("room"));
    drop(pool);
    first.discard();
    assert_eq!((world.live(), world.freed()), (1, vec![0]));
    let detached = second.detach();
    assert_eq!((detached.id, world.live(), world.freed()), (1, 1, vec![0]));
    drop(detached);
    assert_eq!((world.live(), Arc::strong_count(&world)), (0, 1), "all of the pool is gone");
}

#[test]
fn leases_are_what_they_lend() {
    let pool = Pool::new(PoolConfig::builder(2, || Ok::<_, ()>(vec![1, 2])).build().expect("valid"));
    let mut borrowed = pool.get().expect("room");
    let mut owned = pool.get_owned().expect("room");
    borrowed.push(3);
    owned.clear();
    assert_eq!((borrowed.len(), owned.len()), (3, 0));
    assert_eq!(format!("{borrowed:?} {owned:?}"), "Lease([1, 2, 3]) OwnedLease([])");
    drop((owned, borrowed));
    assert_sound(&pool);
}

#[test]
fn resources_without_a_size_work() {
    let pool = Pool::new(PoolConfig::builder(3, || Ok::<_, ()>(())).build().expect("valid"));
    assert_sound(&pool);
    pool.get().expect("idle").discard();
    assert_eq!(pool.get_owned().expect("idle").detach(), ());
    assert_sound(&pool);
}

/// Compiles only if the bound holds.
fn is_send<T: Send>() {}
/// Compiles only if the bound holds.
fn is_sync<T: Sync>() {}

#[test]
fn pools_and_leases_may_be_sent_if_their_resources_may() {
    // Send and not Sync, as many connections are.
    type Unshared = Cell<u32>;
    is_send::<Pool<Unshared, String>>();
    is_sync::<Pool<Unshared, String>>();
    is_send::<LocalPool<Unshared>>();
    is_sync::<LocalPool<Unshared>>();
    is_send::<Lease<'static, Unshared>>();
    is_send::<OwnedLease<Unshared>>();
    is_send::<CreatePermit<'static, Unshared>>();
    is_send::<Acquired<'static, Unshared>>();
    is_send::<PendingTake<'static, Unshared>>();
    is_send::<Reaper>();
    is_sync::<Reaper>();
    // Send and Sync.
    is_sync::<Lease<'static, u32>>();
    is_sync::<OwnedLease<u32>>();
    // Handles do not depend on what the error is.
    is_send::<Pool<Unshared, std::rc::Rc<()>>>();
}
