//! User code that calls back into the same pool: create, free, and the work of `with`.
//!
//! Each of these would deadlock, recurse or lose something in a pool that ran user code inside its own critical
//! section. What may not work, and is documented so, is a create that waits for its own permit.

use crate::threads::{joined, wait_until};
use crate::world::{Refused, Resource, TestPool, World, assert_sound};
use std::sync::{Arc, Mutex};
use std::thread::spawn;
use striped_pool::{Acquired, LocalPool, Pool, PoolConfig, Unavailable};

/// Where user code finds the pool that it is a part of, until [`release`].
type Later = Arc<Mutex<Option<TestPool>>>;

/// A pool whose create and free call `on_create` and `on_free` with the pool.
fn reentrant(
    world: &Arc<World>,
    max_resources: u32,
    on_create: impl Fn(&TestPool) + Send + Sync + 'static,
    on_free: impl Fn(&TestPool, &Resource) + Send + Sync + 'static,
) -> (TestPool, Later) {
    let later: Later = Arc::default();
    let (maker, ender) = (Arc::clone(world), Arc::clone(world));
    let (of_create, of_free) = (Arc::clone(&later), Arc::clone(&later));
    let create = move || {
        with_pool(&of_create, &on_create);
        Ok::<_, Refused>(maker.make())
    };
    let free = move |resource| {
        with_pool(&of_free, |pool| on_free(pool, &resource));
        ender.end(resource);
    };
    let config = PoolConfig::builder(max_resources, create).free(free);
    let pool = Pool::new(config.build().expect("the settings are valid"));
    *later.lock().expect("not poisoned") = Some(pool.clone());
    (pool, later)
}

/// Runs `work` with the pool, if it is still there. The lock is not held meanwhile.
fn with_pool(later: &Later, work: impl FnOnce(&TestPool)) {
    let pool = later.lock().expect("not poisoned").clone();
    if let Some(pool) = pool {
        work(&pool);
    }
}

/// Lets go of the handle that user code had.
fn release(later: &Later) {
    let pool = later.lock().expect("not poisoned").take();
    drop(pool);
}

#[test]
fn create_may_get_another_permit_while_there_is_room() {
    let world = World::new();
    let depth = Mutex::new(0);
    let nest = move |pool: &TestPool| {
        let level = {
            let mut depth = depth.lock().expect("not poisoned");
            *depth += 1;
            *depth
        };
        if level < 3 {
            drop(pool.get().expect("there is room for three"));
        }
    };
    let (pool, later) = reentrant(&world, 3, nest, |_, _| ());
    let lease = pool.get().expect("room");
    assert_eq!((world.made(), pool.status().idle(), pool.status().out()), (3, 2, 1));
    drop(lease);
    assert_sound(&pool);
    release(&later);
}

#[test]
fn create_may_look_change_and_close_the_pool() {
    let world = World::new();
    let nest = |pool: &TestPool| {
        assert_eq!(pool.status().out(), 1);
        assert!(pool.try_get().is_err_and(|error| error.is_exhausted()), "the only permit is this create's");
        assert_eq!((pool.drain(), pool.reap()), (0, 0));
        pool.resize(2).expect("open");
        pool.resize(1).expect("open");
        pool.close();
    };
    let (pool, later) = reentrant(&world, 1, nest, |_, _| ());
    let lease = pool.get().expect("a create that finishes after the close is lent");
    drop(lease);
    assert_eq!(world.freed(), [0]);
    release(&later);
}

/// What every free does to the pool in the tests below: everything that a user may call.
fn use_everything(pool: &TestPool, _: &Resource) {
    let status = pool.status();
    assert!(status.stripes[0].freeing >= 1, "this one is being freed: {status:?}");
    if let Ok(lease) = pool.try_get() {
        drop(lease);
    }
    drop(pool.try_get_owned());
    drop(pool.get_timeout(core::time::Duration::ZERO));
    pool.reap();
    let size = status.max_resources();
    assert_eq!(pool.resize(size + 1).is_ok(), pool.resize(size).is_ok(), "open or closed");
}

#[test]
fn free_may_use_the_pool_whatever_it_was_called_for() {
    let world = World::new();
    let (pool, later) = reentrant(&world, 3, |_| (), use_everything);
    let leases: Vec<_> = (0..3).map(|_| pool.get().expect("room")).collect();
    drop(leases);
    pool.get().expect("idle").discard();
    pool.get_owned().expect("idle").discard();
    pool.drain();
    drop((pool.get().expect("room"), pool.get().expect("room"), pool.get().expect("room")));
    pool.resize(1).expect("open");
    assert_sound(&pool);
    pool.close();
    assert_eq!(world.live(), 0);
    release(&later);
    drop(pool);
    assert_eq!(world.freed_sorted(), (0..world.made()).collect::<Vec<_>>(), "each freed, and once");
}

#[test]
fn free_may_drain_close_and_shrink_the_pool_that_is_being_drained() {
    let drain = |pool: &TestPool| {
        pool.drain();
    };
    let shrink = |pool: &TestPool| assert!(pool.resize(1).is_ok() || pool.is_closed());
    for change in [drain, TestPool::close, shrink] {
        let world = World::new();
        let (pool, later) = reentrant(&world, 5, |_| (), move |pool, _| change(pool));
        let mut leases: Vec<_> = (0..5).map(|_| pool.get().expect("room")).collect();
        let kept = leases.pop();
        drop(leases);
        pool.drain();
        assert_eq!((world.live(), pool.status().out()), (1, 1));
        drop(kept);
        pool.close();
        assert_eq!((world.live(), pool.status().out()), (0, 0));
        release(&later);
    }
}

#[test]
fn free_may_wait_for_a_resource_that_others_give_back() {
    let world = World::new();
    let (pool, later) = reentrant(
        &world,
        2,
        |_| (),
        |pool, resource| {
            if resource.id == 0 {
                assert_eq!(pool.get().expect("open").id, 1);
            }
        },
    );
    let (first, second) = (pool.get_owned().expect("room"), pool.get().expect("room"));
    let discarder = spawn(move || first.discard());
    wait_until("the free waits", || pool.status().waiting() == 1);
    drop(second);
    joined(discarder);
    assert_eq!(world.freed(), [0]);
    assert_sound(&pool);
    release(&later);
}

#[test]
fn the_work_of_with_may_use_the_pool() {
    let world = World::new();
    let pool = world.pool(2);
    let ids = pool.with(|outer| pool.with(|inner| (outer.id, inner.id, pool.try_get().is_err())));
    assert_eq!(ids, Ok(Ok((0, 1, true))));
    assert_eq!(pool.with(|_| pool.close()), Ok(()));
    assert_eq!(world.live(), 0, "what was lent during the close is freed as well");
}

#[test]
fn the_last_handle_may_go_inside_the_work_and_inside_free() {
    let world = World::new();
    let pool = world.pool(1);
    let lease = pool.get_owned().expect("room");
    let holder = Mutex::new(Some(pool));
    let work = |_: &mut Resource| drop(holder.lock().expect("not poisoned").take());
    let inner = World::new().pool(1);
    assert_eq!(inner.with(work), Ok(()));
    assert_eq!(world.live(), 1, "still lent");
    drop(lease);
    assert_eq!(world.freed(), [0]);

    // A resource that holds a handle of the pool that it lives in: dropping it in `free` drops a handle.
    let cyclic = Pool::new(PoolConfig::builder(2, || Ok::<_, ()>(None)).build().expect("valid"));
    let mut lease = cyclic.get_owned().expect("room");
    let handle: Option<Box<dyn core::any::Any + Send>> = Some(Box::new(cyclic.clone()));
    *lease = handle;
    drop(cyclic);
    lease.discard();
}

#[test]
fn dropping_a_lease_inside_a_free_of_a_local_pool_is_fine() {
    let outer = Arc::new(LocalPool::new(1, drop::<u32>));
    let inner = Arc::clone(&outer);
    let pool = LocalPool::new(1, move |value: u32| {
        let Ok(Acquired::Permit(permit)) = inner.try_acquire() else { panic!("the outer pool has room") };
        drop(permit.fulfil(value));
    });
    let Ok(Acquired::Permit(permit)) = pool.acquire() else { panic!("there is room") };
    permit.fulfil(7).discard();
    assert_eq!((outer.status().idle, pool.status().available), (1, 1));
    outer.close();
    assert_eq!(outer.try_acquire().expect_err("closed"), Unavailable::Closed);
}
