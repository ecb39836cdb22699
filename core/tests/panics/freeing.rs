//! A panic in free: everything else still runs; calls resume it afterwards, drops swallow it.

use crate::threads::{joined, start_waiter, wait_until};
use crate::world::{Refused, TestPool, World, assert_at_rest, assert_sound, located, the_stripe};
use crate::{OnDrop, Oops, caught, oops, oops_of};
use core::time::Duration;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::sync::Arc;
use std::thread::panicking;
use striped_pool::{Acquired, LocalPool, Pool, PoolConfig, Reaper};

/// A pool whose free panics with the id of each resource for which `is_bad`, after it is gone.
fn explosive(
    world: &Arc<World>,
    max_resources: u32,
    stripes: u32,
    is_bad: impl Fn(u32) -> bool + Send + Sync + 'static,
) -> TestPool {
    let (maker, ender) = (Arc::clone(world), Arc::clone(world));
    let config = PoolConfig::builder(max_resources, move || Ok::<_, Refused>(maker.make()))
        .stripes(stripes)
        .cache_ttl(Duration::from_nanos(1))
        .free(move |resource| {
            let id = resource.id;
            ender.end(resource);
            if is_bad(id) {
                oops(id);
            }
        });
    Pool::new(config.build().expect("the settings are valid"))
}

/// Takes everything once and gives it back: all resources exist and are idle.
fn fill(pool: &TestPool) {
    let leases: Vec<_> = (0..pool.status().max_resources()).map(|_| pool.try_get().expect("room")).collect();
    drop(leases);
}

#[test]
fn a_panic_from_discard_is_resumed_after_the_place_is_free() {
    let world = World::new();
    let pool = explosive(&world, 2, 1, |id| id < 2);
    let (borrowed, owned) = (pool.get().expect("room"), pool.get_owned().expect("room"));
    let waiter = start_waiter(&pool, |pool| pool.get().map(|lease| lease.id));
    assert_eq!(oops_of(|| borrowed.discard()), Oops(0));
    assert_eq!(joined(waiter), Ok(2), "the waiter got the place");
    assert_eq!(oops_of(|| owned.discard()), Oops(1));
    assert_eq!(world.freed(), [0, 1]);
    assert_sound(&pool);
}

#[test]
fn a_panic_from_the_discard_of_the_last_owned_lease_leaves_nothing() {
    let world = World::new();
    let pool = explosive(&world, 1, 1, |_| true);
    let lease = pool.get_owned().expect("room");
    drop(pool);
    assert_eq!(oops_of(|| lease.discard()), Oops(0));
    assert_eq!((world.live(), Arc::strong_count(&world)), (0, 1), "all of the pool is gone");
}

#[test]
fn a_panic_from_drain_is_resumed_after_everything_is_freed() {
    for stripes in [1, 3] {
        for bad in 0..6 {
            let world = World::new();
            let pool = explosive(&world, 6, stripes, move |id| id == bad);
            fill(&pool);
            assert_eq!(oops_of(|| pool.drain()), Oops(bad));
            assert_eq!((world.freed_sorted(), world.live()), ((0..6).collect(), 0));
            assert_sound(&pool);
        }
    }
}

#[test]
fn of_several_panics_the_first_is_resumed() {
    for stripes in [1, 2] {
        let world = World::new();
        let pool = explosive(&world, 4, stripes, |id| id < 4);
        fill(&pool);
        let Oops(first) = oops_of(|| pool.drain());
        assert_eq!((Some(&first), world.freed().len()), (world.freed().first(), 4));
        assert_sound(&pool);
    }
}

#[test]
fn a_panic_from_reap_is_resumed_after_everything_is_freed() {
    for stripes in [1, 3] {
        let world = World::new();
        let pool = explosive(&world, 6, stripes, |id| id < 6);
        fill(&pool);
        wait_until("all are stale and freed", || reaped(&pool, &world));
        assert_eq!((world.freed_sorted(), world.live()), ((0..6).collect(), 0));
        assert_sound(&pool);
    }
}

/// Reaps; whether that has freed the last one. It may find nothing stale yet. Every free panics.
fn reaped(pool: &TestPool, world: &World) -> bool {
    let before = world.freed().len();
    match catch_unwind(AssertUnwindSafe(|| pool.reap())) {
        Ok(freed) => assert_eq!((freed, world.freed().len()), (0, before), "no panic, so nothing was freed"),
        Err(panic) => assert_eq!(panic.downcast_ref(), world.freed().get(before).map(|id| Oops(*id)).as_ref()),
    }
    pool.status().idle() == 0
}

#[test]
fn a_panic_from_resize_is_resumed_after_the_pool_has_shrunk() {
    let world = World::new();
    let pool = explosive(&world, 6, 2, |id| id < 6);
    fill(&pool);
    let Oops(first) = oops_of(|| pool.resize(2));
    assert_eq!(Some(&first), world.freed().first());
    assert_eq!((world.freed().len(), world.live(), pool.status().max_resources()), (4, 2, 2));
    assert_at_rest(&pool.status());
    assert_sound(&pool);
}

#[test]
fn a_panic_from_close_is_resumed_after_everything_is_closed() {
    for stripes in [1, 2] {
        let world = World::new();
        let pool = explosive(&world, 4, stripes, |_| true);
        let kept: Vec<_> = (0..4).map(|_| pool.get().expect("room")).collect();
        let waiter = start_waiter(&pool, |pool| pool.get().map(|lease| lease.id));
        pool.resize(8).expect("open");
        joined(waiter).expect("there is room now");
        assert_eq!(pool.status().idle(), 1);
        let Oops(first) = oops_of(|| pool.close());
        assert_eq!((pool.is_closed(), world.freed(), world.live()), (true, vec![first], 4));
        drop(kept);
        assert_eq!((world.live(), pool.status().out()), (0, 0), "the panics of drops are swallowed");
        pool.close();
    }
}

#[test]
fn a_panic_from_close_does_not_keep_waiters_waiting() {
    let world = World::new();
    let pool = explosive(&world, 2, 2, |_| true);
    let leases = [located(&pool), located(&pool)];
    let waiter = start_waiter(&pool, |pool| pool.get().map(|lease| lease.id));
    let home = the_stripe(&pool.status(), |stripe| stripe.waiting == 1);
    let (at_home, away): (Vec<_>, Vec<_>) = leases.into_iter().partition(|(stripe, _)| *stripe == home);
    drop(away);
    assert_eq!(pool.status().idle(), 1, "one stripe has something to free, the other somebody to tell");
    oops_of(|| pool.close());
    assert!(joined(waiter).is_err_and(|error| error.is_closed()));
    drop(at_home);
    assert_eq!((world.live(), world.freed().len()), (0, 2));
}

#[test]
fn a_panic_from_the_drop_of_a_lease_is_swallowed() {
    let world = World::new();
    let pool = explosive(&world, 4, 1, |id| id < 4);
    let shrunk = (pool.get().expect("room"), pool.get_owned().expect("room"));
    let closed = (pool.get().expect("room"), pool.get_owned().expect("room"));
    pool.resize(2).expect("nothing is idle");
    drop(shrunk);
    assert_eq!((world.freed_sorted(), pool.status().out()), (vec![0, 1], 2), "freed for the shrink");
    pool.close();
    drop(closed);
    assert_eq!((world.freed_sorted(), pool.status().out()), (vec![0, 1, 2, 3], 0), "freed for the close");
    assert_at_rest(&pool.status());
}

#[test]
fn a_panic_from_the_drop_of_the_last_handle_is_swallowed() {
    for stripes in [1, 2] {
        let world = World::new();
        let pool = explosive(&world, 4, stripes, |_| true);
        fill(&pool);
        drop(pool);
        assert_eq!((world.live(), world.freed_sorted(), Arc::strong_count(&world)), (0, (0..4).collect(), 1));
    }
    let local = LocalPool::new(2, |id: u32| oops(id));
    let Ok(Acquired::Permit(permit)) = local.acquire() else { panic!("there is room") };
    drop(permit.fulfil(7));
    drop(local);
}

#[test]
fn a_free_that_panics_while_the_thread_unwinds_does_not_abort() {
    let world = World::new();
    let pool = explosive(&world, 3, 1, |id| id < 3);
    let unwinding = || {
        let _held = (pool.get().expect("room"), pool.get_owned().expect("room"));
        let _cleanup = OnDrop(|| {
            assert!(panicking());
            assert_eq!(oops_of(|| pool.get().expect("room").discard()), Oops(2));
        });
        oops(9)
    };
    assert_eq!(oops_of(unwinding), Oops(9), "the first panic arrives");
    assert_eq!(world.freed_sorted(), [0, 1, 2]);
    assert_sound(&pool);
}

#[test]
fn the_last_handle_dropped_by_a_panic_does_not_abort() {
    let world = World::new();
    let pool = explosive(&world, 2, 1, |_| true);
    fill(&pool);
    let unwinding = move || {
        let _pool = pool;
        oops(9)
    };
    assert_eq!(oops_of(unwinding), Oops(9));
    assert_eq!((world.live(), Arc::strong_count(&world)), (0, 1));
}

/// A payload whose own drop panics.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        oops(99);
    }
}

/// A pool whose free always panics with a bomb.
fn bombs(world: &Arc<World>, max_resources: u32) -> TestPool {
    let (maker, ender) = (Arc::clone(world), Arc::clone(world));
    let config = PoolConfig::builder(max_resources, move || Ok::<_, Refused>(maker.make())).free(move |resource| {
        ender.end(resource);
        panic_any(Bomb);
    });
    Pool::new(config.build().expect("the settings are valid"))
}

/// Catches a bomb and disarms it.
#[track_caller]
fn disarm<A>(work: impl FnOnce() -> A) {
    let panic = caught(work);
    assert!(panic.is::<Bomb>());
    core::mem::forget(panic);
}

#[test]
fn a_panic_payload_whose_drop_panics_does_no_harm() {
    let world = World::new();
    let pool = bombs(&world, 3);
    fill(&pool);
    // The first is resumed, the others are dropped, and so explode, inside.
    disarm(|| pool.drain());
    assert_eq!((world.live(), world.freed().len()), (0, 3));
    assert_sound(&pool);

    let leases: Vec<_> = (0..3).map(|_| pool.get().expect("room")).collect();
    pool.resize(1).expect("nothing is idle");
    drop(leases);
    assert_eq!((world.live(), pool.status().idle()), (1, 1));
    assert_sound(&pool);

    let lease = pool.get_owned().expect("idle");
    disarm(|| lease.discard());
    fill(&pool);
    drop(pool);
    assert_eq!((world.live(), Arc::strong_count(&world)), (0, 1));
}

#[test]
fn a_bomb_in_a_drop_that_a_panic_runs_does_not_abort() {
    let world = World::new();
    let pool = bombs(&world, 2);
    let unwinding = || {
        let _leases = (pool.get().expect("room"), pool.get().expect("room"));
        oops(9)
    };
    assert_eq!(oops_of(unwinding), Oops(9));
    assert_eq!(world.live(), 0);
    assert_sound(&pool);
}

/// A resource that panics when it is dropped, which is what the default free does with it.
struct Brittle;

impl Drop for Brittle {
    fn drop(&mut self) {
        if !panicking() {
            oops(5);
        }
    }
}

#[test]
fn a_resource_whose_drop_panics_is_like_a_free_that_panics() {
    let pool = Pool::new(PoolConfig::builder(2, || Ok::<_, Refused>(Brittle)).build().expect("valid"));
    assert_eq!(oops_of(|| pool.get().expect("room").discard()), Oops(5));
    drop((pool.get().expect("room"), pool.get().expect("room")));
    assert_eq!(oops_of(|| pool.drain()), Oops(5));
    assert_sound(&pool);
    assert_eq!(oops_of(|| pool.resize(1)), Oops(5));
    drop(pool);
}

#[test]
fn a_reaper_survives_a_free_that_panics() {
    let world = World::new();
    let pool = explosive(&world, 3, 1, |id| id < 3);
    let reaper = Reaper::start(&pool, Duration::from_millis(1)).expect("a thread");
    for made in [1, 2, 3] {
        drop(pool.get().expect("room"));
        wait_until("the reaper has freed it", || world.freed().len() == made);
    }
    wait_until("the frees are over", || pool.status().out() == 0);
    drop(reaper);
    assert_sound(&pool);
}
