//! Permits of an importing pool: held across awaits, let go, filled; and those that come from a resource taken out of its lease.

use crate::futures::{assert_at_rest, first, lease_of, local, permit_of};
use crate::tasks::{Alarm, at_once, poll};
use crate::world::{Resource, World};
use core::task::Poll;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use striped_pool::{Acquired, CreatePermit, LocalPool, Unavailable};

/// What an importing pool does: a permit that is held across awaits.
async fn create(pool: &LocalPool<Resource>, world: &Arc<World>, connected: impl Future<Output = bool>) -> Option<u32> {
    match pool.acquire_async().await.ok()? {
        Acquired::Lease(lease) => Some(lease.id),
        Acquired::Permit(permit) => connected.await.then(|| permit.fulfil(world.make()).id),
    }
}

#[test]
fn the_permit_of_an_async_create_that_ends_early_goes_to_the_next() {
    let world = World::new();
    let pool = local(&world, 1);
    let fails = async { false };
    assert_eq!(at_once(create(&pool, &world, fails)), None);
    assert_eq!(pool.status().available, 1);
    let panics = async { resume_unwind(Box::new(())) };
    assert!(catch_unwind(AssertUnwindSafe(|| at_once(create(&pool, &world, panics)))).is_err());
    assert_eq!(pool.status().available, 1);
    let mut connecting = Box::pin(create(&pool, &world, core::future::pending()));
    assert!(poll(&mut connecting).is_pending());
    let (mut next, alarm) = (Box::pin(create(&pool, &world, async { true })), Alarm::new());
    assert!(alarm.poll(&mut next).is_pending());
    assert_eq!((alarm.wakes(), pool.status().waiting), (0, 1));
    drop(connecting);
    assert_eq!((alarm.wakes(), alarm.poll(&mut next)), (1, Poll::Ready(Some(0))));
    assert_at_rest(&pool);
}

#[test]
fn a_resource_can_be_taken_out_of_its_place() {
    let world = World::new();
    let pool = local(&world, 1);
    let (old, permit) = first(&world, &pool).remove();
    assert_eq!((old.id, pool.status().out, pool.status().available), (0, 1, 0), "its place is kept");
    assert!(matches!(pool.try_acquire(), Err(Unavailable::Exhausted)));
    drop(old);
    assert_eq!((world.live(), world.freed()), (0, vec![]), "it is the caller's: `free` does not run");
    let replacement = permit.fulfil(world.make());
    assert_eq!((replacement.id, pool.status().out), (1, 1));
    drop(replacement);
    assert_eq!(lease_of(poll(&mut pool.acquire_async())).id, 1);
    assert_at_rest(&pool);
}

#[test]
fn a_place_that_is_let_go_is_the_next_ones() {
    let world = World::new();
    let pool = local(&world, 1);
    let (old, permit) = first(&world, &pool).remove();
    let (mut take, alarm) = (pool.acquire_async(), Alarm::new());
    assert!(alarm.poll(&mut take).is_pending());
    drop(old);
    assert_eq!(alarm.wakes(), 0, "not before the permit goes");
    drop(permit);
    assert_eq!(alarm.wakes(), 1);
    drop(permit_of(alarm.poll(&mut take)).fulfil(world.make()));
    assert_eq!((world.made(), world.most()), (2, 1));
    assert_at_rest(&pool);
}

fn fill_or_let_go(is_filled: bool, permit: CreatePermit<'_, Resource>, world: &Arc<World>) {
    if is_filled {
        drop(permit.fulfil(world.make()));
    } else {
        drop(permit);
    }
}

#[test]
fn a_place_can_be_filled_or_let_go_after_a_close_and_after_a_shrink() {
    for is_filled in [false, true] {
        let world = World::new();
        let pool = local(&world, 2);
        let (one, two) = (first(&world, &pool), first(&world, &pool));
        let (old, permit) = one.remove();
        pool.resize(1);
        drop(old);
        fill_or_let_go(is_filled, permit, &world);
        assert_eq!((pool.status().owed, pool.status().out), (0, 1));
        let (old, permit) = two.remove();
        pool.close();
        drop(old);
        fill_or_let_go(is_filled, permit, &world);
        assert_eq!((pool.status().out, world.live()), (0, 0));
    }
}
