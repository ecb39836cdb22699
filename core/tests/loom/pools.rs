//! Whole pools: handles, owned leases, several stripes.

use super::Entry;
use super::world::{Resource, World};
use loom::thread;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use striped_pool::{Pool, PoolConfig, Unavailable};

pub(crate) const PROGRAMS: &[Entry] = &[
    ("pools::drop_races_an_outstanding_lease", 3, drop_races_an_outstanding_lease),
    ("pools::last_handle_races_another", 3, last_handle_races_another),
    ("pools::put_races_get", 2, put_races_get),
    ("pools::resize_races_close", 2, resize_races_close),
    ("pools::close_tells_those_who_wait_before_it_frees", 2, close_tells_those_who_wait_before_it_frees),
    ("pools::put_on_one_stripe_races_try_get_from_another", 2, put_on_one_stripe_races_try_get_from_another),
];

pub(crate) fn pool(world: &World, max_resources: u32, stripes: u32) -> Pool<Resource, Infallible> {
    let (maker, freer) = (world.clone(), world.clone());
    let config = PoolConfig::builder(max_resources, move || Ok(maker.make()));
    Pool::new(config.free(move |resource| freer.free(resource)).stripes(stripes).build().unwrap())
}

pub(crate) fn assert_all_freed(world: &World) {
    assert_eq!(world.made(), world.freed(), "a resource outlived its pool");
}

fn drop_races_an_outstanding_lease() {
    let world = World::default();
    let pool = pool(&world, 1, 1);
    let lease = pool.get_owned().unwrap();
    let holder = thread::spawn(move || drop(lease));
    drop(pool);
    holder.join().unwrap();
    assert_eq!(world.made(), 1);
    assert_all_freed(&world);
}

fn last_handle_races_another() {
    let world = World::default();
    let pool = pool(&world, 1, 1);
    let other = pool.clone();
    let user = thread::spawn(move || drop(other.get().unwrap()));
    drop(pool);
    user.join().unwrap();
    assert_eq!(world.made(), 1, "a pool with a handle is open");
    assert_all_freed(&world);
}

fn put_races_get() {
    let world = World::default();
    let pool = pool(&world, 1, 1);
    let lease = pool.get_owned().unwrap();
    let other = pool.clone();
    let user = thread::spawn(move || drop(other.get().unwrap()));
    drop(lease);
    user.join().unwrap();
    assert_eq!((world.made(), pool.status().idle()), (1, 1));
    drop(pool);
    assert_all_freed(&world);
}

fn resize_races_close() {
    let world = World::default();
    let pool = pool(&world, 2, 2);
    drop(pool.get().unwrap());
    let other = pool.clone();
    let closer = thread::spawn(move || other.close());
    let resized = pool.resize(4);
    closer.join().unwrap();
    let status = pool.status();
    assert!(status.is_closed());
    // Serialised: all stripes were resized or none.
    assert_eq!(status.max_resources(), if resized.is_ok() { 4 } else { 2 });
    assert_all_freed(&world);
}

/// A waiter on one stripe, and on the other a free that lasts until the waiter has its answer.
fn close_tells_those_who_wait_before_it_frees() {
    let (world, is_told) = (World::default(), Arc::new(AtomicBool::new(false)));
    let (maker, freer, told) = (world.clone(), world.clone(), Arc::clone(&is_told));
    let free = move |resource| {
        // Whoever can run does so when this thread yields: not told after so many turns is asleep.
        let mut turns = 0..50;
        while !told.load(Ordering::Relaxed) {
            assert!(turns.next().is_some(), "a free began before the waiter was woken");
            thread::yield_now();
        }
        freer.free(resource);
    };
    let config = PoolConfig::builder(2, move || Ok::<_, Infallible>(maker.make())).free(free).stripes(2);
    let pool = Pool::new(config.build().unwrap());
    let (here, there) = (pool.get_owned().unwrap(), pool.get_owned().unwrap());
    let other = pool.clone();
    let waiter = thread::spawn(move || {
        let answer = other.get();
        is_told.store(true, Ordering::Relaxed);
        drop(answer);
    });
    drop(here);
    pool.close();
    drop(there);
    waiter.join().unwrap();
    drop(pool);
    assert_all_freed(&world);
}

/// A look at one stripe after the other: it finds the resource, or misses it, but never finds too much.
fn put_on_one_stripe_races_try_get_from_another() {
    let world = World::default();
    let pool = pool(&world, 2, 2);
    let (one, two) = (pool.get_owned().unwrap(), pool.get_owned().unwrap());
    let other = pool.clone();
    let seeker = thread::spawn(move || match other.try_get() {
        Ok(lease) => assert!(lease.0 < 2),
        Err(reason) => assert_eq!(reason, Unavailable::Exhausted.into()),
    });
    drop(two);
    seeker.join().unwrap();
    drop(one);
    assert_eq!((world.made(), pool.status().idle(), pool.status().out()), (2, 2, 0));
    drop(pool);
    assert_all_freed(&world);
}
