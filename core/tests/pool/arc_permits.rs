//! Permits from a one-stripe part in an `Arc`: they go where they like, and otherwise do what permits do.

use crate::arc_leases::local;
use crate::threads::{LIMIT, joined};
use crate::world::{Resource, World, is_at_rest};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::spawn;
use striped_pool::{Acquired, ArcPermit, CreatePermit, LocalPool};

fn borrowed(pool: &LocalPool<Resource>) -> CreatePermit<'_, Resource> {
    let Ok(Acquired::Permit(permit)) = pool.try_acquire() else { panic!("there is room, and nothing idle") };
    permit
}

fn permit(pool: &Arc<LocalPool<Resource>>) -> ArcPermit<Resource> {
    borrowed(pool).into_arc(Arc::clone(pool))
}

#[test]
fn a_create_goes_on_elsewhere_although_the_pool_has_no_other_handle() {
    let world = World::new();
    let pool = local(&world, 1);
    let permit = permit(&pool);
    assert!(format!("{permit:?}").contains("ArcPermit"));
    assert_eq!((pool.status().available, pool.status().out), (0, 1));
    drop(pool);
    let maker = Arc::clone(&world);
    let lease = joined(spawn(move || permit.fulfil(maker.make())));
    assert_eq!((lease.id, world.freed()), (0, vec![]));
    drop(lease);
    assert_eq!((world.live(), world.freed()), (0, vec![0]), "the lease was the last that kept the pool");
}

#[test]
fn a_fulfilled_one_leaves_nothing_behind_and_its_resource_comes_back() {
    let world = World::new();
    let pool = local(&world, 1);
    drop(permit(&pool).fulfil(world.make()));
    assert_eq!((pool.status().idle, pool.status().out, Arc::strong_count(&pool)), (1, 0, 1));
    assert!(is_at_rest(&pool.status()), "{:?}", pool.status());
}

#[test]
fn a_dropped_one_goes_to_the_next_in_line() {
    let world = World::new();
    let pool = local(&world, 1);
    let permit = permit(&pool);
    let next = pool.enqueue();
    drop(permit);
    let Ok(Acquired::Permit(handed_over)) = next.wait_timeout(LIMIT) else { panic!("it was handed a permit") };
    drop(handed_over);
    assert_eq!((pool.status().available, Arc::strong_count(&pool)), (1, 1));
    assert!(is_at_rest(&pool.status()), "{:?}", pool.status());
}

#[test]
fn one_that_outlives_a_close_is_fulfilled_all_the_same_and_its_resource_freed() {
    let world = World::new();
    let pool = local(&world, 1);
    let permit = permit(&pool);
    pool.close();
    drop(permit.fulfil(world.make()));
    assert_eq!((world.freed(), pool.status().out), (vec![0], 0));
}

#[test]
fn another_pools_permit_is_refused_and_loses_nothing() {
    let world = World::new();
    let (pool, other) = (local(&world, 1), local(&world, 1));
    let refused = catch_unwind(AssertUnwindSafe(|| drop(borrowed(&pool).into_arc(other))));
    assert!(refused.is_err());
    assert_eq!((pool.status().available, pool.status().out), (1, 0));
    assert!(is_at_rest(&pool.status()), "{:?}", pool.status());
}
