//! What comes back: asked for, kept or freed; and what leaves.

use crate::get;
use crate::tasks::{Task, start_waiter};
use crate::threads::joined;
use crate::world::{Answer, Part, World};
use core::time::Duration;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::thread::spawn;

#[test]
fn what_comes_back_is_recycled_and_lent_again() {
    for is_async in [false, true] {
        let world = World::new();
        let pool = world.pool(1);
        drop(get(&pool, is_async).expect("room"));
        assert_eq!((world.calls(Part::Recycle), pool.status().idle()), (1, 1));
        drop(pool.get_owned().expect("idle"));
        assert_eq!((world.calls(Part::Recycle), pool.status().idle()), (2, 1));
        world.assert_at_rest(&pool);
    }
}

#[test]
fn one_that_recycle_refuses_is_freed_and_its_place_goes_to_the_next() {
    let world = World::new();
    let pool = world.pool(1);
    let lease = pool.get().expect("room");
    let mut task = Task::waiting(pool.get_async());
    let thread = start_waiter(&pool, |pool| pool.get().map(|lease| lease.id));
    world.answer(Part::Recycle, Answer::Bad);
    drop(lease);
    assert_eq!(world.freed(), 1);
    world.behave();
    assert_eq!(task.woken().map(|lease| lease.id), Ok(1));
    assert_eq!(joined(thread), Ok(1));
    world.assert_at_rest(&pool);
}

#[test]
fn the_place_of_a_refused_one_is_free_after_its_free() {
    let world = World::new();
    let pool = world.pool(1);
    let lease = pool.get().expect("room");
    let seen = world.look(Part::Free, &pool);
    world.answer(Part::Recycle, Answer::Bad);
    drop(lease);
    assert_eq!((&**seen.lock().expect("whole"), pool.status().available()), (&[0][..], 1));
    world.behave();
    world.assert_at_rest(&pool);
}

#[test]
fn one_that_is_discarded_is_freed_without_being_asked_for() {
    let world = World::new();
    let pool = world.pool(2);
    let (borrowed, owned) = (pool.get().expect("room"), pool.get_owned().expect("room"));
    borrowed.discard();
    owned.discard();
    assert_eq!((world.freed(), world.calls(Part::Recycle)), (2, 0));
    world.assert_at_rest(&pool);
}

#[test]
fn one_that_is_detached_is_let_go_before_its_place_is_free() {
    let world = World::new();
    let pool = world.pool(1);
    let seen = world.look(Part::Detach, &pool);
    let borrowed = pool.get().expect("room").detach();
    let owned = pool.get_owned().expect("the place is free again").detach();
    assert_eq!((borrowed.id, owned.id, world.let_go()), (0, 1, 2));
    assert_eq!(*seen.lock().expect("whole"), [0, 0]);
    assert_eq!((world.freed(), world.calls(Part::Recycle)), (0, 0));
    world.behave();
    drop((borrowed, owned));
    world.assert_at_rest(&pool);
}

#[test]
fn one_whose_holder_panics_is_freed_without_being_asked_for() {
    let world = World::new();
    let pool = world.pool(2);
    let panicked = catch_unwind(|| {
        let _leases = (pool.get().expect("room"), pool.get_owned().expect("room"));
        resume_unwind(Box::new(()));
    });
    assert!(panicked.is_err());
    assert_eq!((world.freed(), world.calls(Part::Recycle)), (2, 0));
    world.assert_at_rest(&pool);
}

#[test]
fn a_task_that_panics_frees_what_it_holds() {
    let world = World::new();
    let pool = world.pool(1);
    let mut task = Task::new(async {
        let _lease = pool.get_async().await.expect("room");
        resume_unwind(Box::new(()));
    });
    assert!(catch_unwind(AssertUnwindSafe(|| task.poll())).is_err());
    assert_eq!((world.freed(), world.calls(Part::Recycle)), (1, 0));
    drop(task);
    world.assert_at_rest(&pool);
}

#[test]
fn one_can_come_back_from_another_thread() {
    let world = World::new();
    let pool = world.builder(2).stripes(2).build().expect("valid");
    let lease = pool.get_owned().expect("room");
    joined(spawn(move || drop(lease)));
    world.assert_at_rest(&pool);
}

#[test]
fn an_owned_lease_outlives_the_pool_and_is_freed() {
    let world = World::new();
    let pool = world.pool(1);
    let lease = pool.get_owned().expect("room");
    drop(pool);
    assert_eq!((lease.id, world.freed()), (0, 0));
    drop(lease);
    assert_eq!((world.freed(), world.alive(), Arc::strong_count(&world)), (1, 0, 1), "and the manager with it");
}

#[test]
fn what_is_stale_drained_closed_or_too_many_is_freed_once() {
    let world = World::new();
    let pool = world.builder(4).cache_ttl(Duration::from_nanos(1)).build().expect("valid");
    let mut leases: Vec<_> = (0..4).map(|_| pool.get().expect("room")).collect();
    drop(leases.pop());
    crate::threads::wait_until("it is stale and reaped", || pool.reap() == 1);
    drop(leases.pop());
    assert_eq!((pool.drain(), world.freed()), (1, 2));
    pool.resize(1).expect("open");
    drop(leases.pop());
    assert_eq!(world.freed(), 3, "one too many");
    drop(leases.pop());
    world.assert_at_rest(&pool);
    pool.close();
    assert_eq!((world.freed(), world.closed(), pool.is_closed()), (4, 0, true));
    world.assert_at_rest(&pool);
}
