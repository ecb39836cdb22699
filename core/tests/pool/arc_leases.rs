//! Leases from a one-stripe part in an `Arc`: they outlive every other handle, and otherwise do what leases do.

use crate::threads::joined;
use crate::world::{Resource, World, is_at_rest};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::spawn;
use striped_pool::{Acquired, ArcLease, LocalPool};

pub(crate) fn local(world: &Arc<World>, capacity: u32) -> Arc<LocalPool<Resource>> {
    let ender = Arc::clone(world);
    Arc::new(LocalPool::new(capacity, move |resource| ender.end(resource)))
}

/// A lease on what is idle, or on a new resource.
#[track_caller]
fn take(world: &Arc<World>, pool: &Arc<LocalPool<Resource>>) -> ArcLease<Resource> {
    let lease = match pool.try_acquire().expect("there is room") {
        Acquired::Lease(lease) => lease,
        Acquired::Permit(permit) => permit.fulfil(world.make()),
    };
    lease.into_arc(Arc::clone(pool))
}

/// Drops what it holds in the middle of a panic.
fn drop_in_a_panic(work: impl FnOnce()) {
    struct Cleanup<F: FnOnce()>(Option<F>);
    impl<F: FnOnce()> Drop for Cleanup<F> {
        fn drop(&mut self) {
            self.0.take().into_iter().for_each(|work| work());
        }
    }
    let unwinding = || {
        let _cleanup = Cleanup(Some(work));
        panic!("on purpose");
    };
    assert!(catch_unwind(AssertUnwindSafe(unwinding)).is_err());
}

#[test]
fn in_a_panic_it_frees_what_is_from_before_and_keeps_what_is_not() {
    let world = World::new();
    let pool = local(&world, 1);
    let Acquired::Permit(permit) = pool.try_acquire().expect("there is room") else { panic!("nothing is idle") };
    let before = permit.fulfil(world.make());
    drop_in_a_panic(|| drop(before.into_arc(Arc::clone(&pool))));
    assert_eq!(world.freed(), [0]);
    drop_in_a_panic(|| drop(take(&world, &pool)));
    assert_eq!((world.freed(), pool.status().idle), (vec![0], 1));
    let again = take(&world, &pool);
    drop_in_a_panic(|| drop(again));
    assert_eq!(world.freed(), [0, 1]);
}

#[test]
fn it_gives_back_discards_and_detaches_as_others_do() {
    let world = World::new();
    let pool = local(&world, 3);
    let (kept, broken, taken) = (take(&world, &pool), take(&world, &pool), take(&world, &pool));
    drop(kept);
    broken.discard();
    let mut taken = taken.detach();
    taken.is_held = true;
    assert_eq!((taken.id, world.freed()), (2, vec![1]));
    assert_eq!((pool.status().idle, pool.status().available, pool.status().out), (1, 2, 0));
    let mut again = take(&world, &pool);
    again.is_held = true;
    assert!(again.id == 0 && again.is_held, "the idle one, and it can be changed");
    assert!(format!("{again:?}").contains("ArcLease(Resource"));
    drop(again);
    assert!(is_at_rest(&pool.status()), "{:?}", pool.status());
    assert_eq!(Arc::strong_count(&pool), 1, "no lease left a reference behind");
}

#[test]
fn it_keeps_the_pool_alive_and_the_last_one_ends_it() {
    let world = World::new();
    let pool = local(&world, 2);
    let (first, second) = (take(&world, &pool), take(&world, &pool));
    drop(pool);
    joined(spawn(move || drop(first)));
    assert_eq!((world.live(), world.freed()), (2, vec![]), "idle in a pool that the other lease keeps");
    joined(spawn(move || drop(second)));
    assert_eq!((world.live(), world.freed_sorted()), (0, vec![0, 1]));
    assert_eq!(Arc::strong_count(&world), 1, "nothing of the pool is left");
}

#[test]
fn a_discard_or_a_detach_may_be_the_last_that_keeps_the_pool() {
    let world = World::new();
    let lease = take(&world, &local(&world, 1));
    lease.discard();
    assert_eq!((world.freed(), Arc::strong_count(&world)), (vec![0], 1));
    let lease = take(&world, &local(&world, 1));
    drop(lease.detach());
    assert_eq!((world.freed(), world.live(), Arc::strong_count(&world)), (vec![0], 0, 1));
}

#[test]
fn it_is_freed_after_a_close_and_by_a_panic() {
    let world = World::new();
    let pool = local(&world, 2);
    let (late, broken) = (take(&world, &pool), take(&world, &pool));
    let panic = catch_unwind(AssertUnwindSafe(move || {
        let _broken = broken;
        std::panic::resume_unwind(Box::new(()))
    }));
    assert!(panic.is_err());
    assert_eq!((world.freed(), pool.status().out), (vec![1], 1));
    pool.close();
    assert_eq!(world.live(), 1, "the close leaves what is lent alone");
    drop(late);
    assert_eq!((world.freed(), pool.status().out), (vec![1, 0], 0));
}

#[test]
fn another_pools_lease_is_refused_and_loses_nothing() {
    let world = World::new();
    let (pool, other) = (local(&world, 1), local(&world, 1));
    let Ok(Acquired::Permit(permit)) = pool.try_acquire() else { panic!("there is room") };
    let lease = permit.fulfil(world.make());
    let refused = catch_unwind(AssertUnwindSafe(|| drop(lease.into_arc(other))));
    assert!(refused.is_err());
    assert_eq!((world.freed(), pool.status().available, pool.status().out), (vec![0], 1, 0));
    assert!(is_at_rest(&pool.status()), "{:?}", pool.status());
}
