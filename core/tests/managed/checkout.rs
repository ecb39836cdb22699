//! What is lent: an idle one that passes the check, or a new one.

use crate::tasks::{Task, now};
use crate::threads::joined;
use crate::world::{Answer, Broken, Part, TestPool, World};
use crate::{get, id_of};
use core::future::pending;
use core::time::Duration;
use striped_pool::{GetError, ManagedPool, Unavailable};

#[test]
fn an_idle_one_is_validated_before_it_is_lent_and_a_new_one_is_not() {
    for is_async in [false, true] {
        let world = World::new();
        let pool = world.pool(1);
        assert_eq!((id_of(&pool, is_async), world.calls(Part::Validate)), (Ok(0), 0));
        assert_eq!((id_of(&pool, is_async), world.calls(Part::Validate)), (Ok(0), 1));
        world.assert_at_rest(&pool);
    }
}

#[test]
fn nothing_is_validated_if_the_pool_is_told_not_to() {
    for is_async in [false, true] {
        let world = World::new();
        let pool = world.builder(1).validate_on_checkout(false).build().expect("valid");
        world.answer(Part::Validate, Answer::Bad);
        assert_eq!((id_of(&pool, is_async), id_of(&pool, is_async)), (Ok(0), Ok(0)));
        assert_eq!(world.calls(Part::Validate), 0);
    }
}

#[test]
fn one_that_is_refused_is_replaced_by_the_same_get() {
    for is_async in [false, true] {
        let world = World::new();
        let pool = world.pool(1);
        drop(get(&pool, is_async).expect("room"));
        world.answer(Part::Validate, Answer::Bad);
        assert_eq!(id_of(&pool, is_async), Ok(1));
        let ended = if is_async { (0, 1) } else { (1, 0) };
        assert_eq!((world.freed(), world.closed()), ended, "a thread frees, a task closes");
        assert_eq!(world.most(), 1, "the new one was begun after the old one had ended");
        world.assert_at_rest(&pool);
    }
}

#[test]
fn an_error_of_the_create_is_its_callers() {
    for is_async in [false, true] {
        let world = World::new();
        let pool = world.pool(1);
        world.answer(Part::Create, Answer::Bad);
        assert_eq!(id_of(&pool, is_async), Err(GetError::Create(Broken)));
        world.assert_at_rest(&pool);
    }
}

#[test]
fn a_replacement_that_cannot_be_made_leaves_the_place_free() {
    for is_async in [false, true] {
        let world = World::new();
        let pool = world.pool(1);
        drop(get(&pool, is_async).expect("room"));
        world.answer(Part::Validate, Answer::Bad);
        world.answer(Part::Create, Answer::Bad);
        assert_eq!(id_of(&pool, is_async), Err(GetError::Create(Broken)));
        assert_eq!((world.alive(), pool.status().available()), (0, 1));
        world.assert_at_rest(&pool);
    }
}

#[test]
fn a_create_that_fails_gives_the_place_to_the_next_in_line() {
    let world = World::new();
    let pool = world.pool(1);
    world.answer(Part::Create, Answer::Bad);
    world.suspend(Part::Create, 1);
    let mut first = Task::waiting(pool.get_async());
    world.behave();
    let mut second = Task::waiting(pool.get_async());
    let third = crate::tasks::start_waiter(&pool, |pool| id_of(pool, false));
    assert_eq!(first.woken().map(|lease| lease.id), Err(GetError::Create(Broken)));
    assert_eq!(second.woken().map(|lease| lease.id), Ok(0));
    assert_eq!(joined(third), Ok(0));
    world.assert_at_rest(&pool);
}

#[test]
fn who_had_its_turn_does_not_queue_again() {
    let world = World::new();
    let pool = world.pool(1);
    drop(pool.get().expect("room"));
    world.answer(Part::Validate, Answer::Bad);
    world.suspend(Part::Validate, 1);
    let mut first = Task::waiting(pool.get_async());
    let mut second = Task::waiting(pool.get_async());
    let lease = first.woken().expect("the refused one is replaced");
    assert_eq!((lease.id, second.poll().is_none()), (1, true), "before those behind it");
    world.behave();
    drop(lease);
    assert_eq!(second.woken().map(|lease| lease.id), Ok(1));
    world.assert_at_rest(&pool);
}

#[test]
fn what_is_handed_over_is_checked_as_well() {
    let world = World::new();
    let pool = world.pool(1);
    let lease = pool.get().expect("room");
    let mut task = Task::waiting(pool.get_async());
    world.answer(Part::Validate, Answer::Bad);
    drop(lease);
    assert_eq!((task.woken().map(|lease| lease.id), world.closed()), (Ok(1), 1));
    world.assert_at_rest(&pool);
}

#[test]
fn a_try_does_not_wait_for_a_lease() {
    let world = World::new();
    let pool = world.pool(1);
    let lease = pool.try_get().expect("room");
    let none = Err(GetError::Unavailable(Unavailable::Exhausted));
    assert_eq!(pool.try_get().map(|lease| lease.id), none);
    assert_eq!(pool.try_get_owned().map(|lease| lease.id), none);
    assert_eq!(now(pool.try_get_async()).map(|lease| lease.id), none);
    assert_eq!(now(pool.try_get_owned_async()).map(|lease| lease.id), none);
    drop(lease);
    assert_eq!(now(pool.try_get_async()).map(|lease| lease.id), Ok(0));
    assert_eq!(now(pool.try_get_owned_async()).map(|lease| lease.id), Ok(0));
    world.assert_at_rest(&pool);
}

type Answered = Result<u32, GetError<Broken>>;

#[test]
fn every_kind_of_get_checks_and_lends_the_one_there_is() {
    const LONG: Duration = Duration::from_secs(60);
    let gets: [fn(&TestPool) -> Answered; 11] = [
        |pool| pool.get().map(|lease| lease.id),
        |pool| pool.get_timeout(LONG).map(|lease| lease.id),
        |pool| pool.try_get().map(|lease| lease.id),
        |pool| pool.get_owned().map(|lease| lease.id),
        |pool| pool.get_owned_timeout(LONG).map(|lease| lease.id),
        |pool| pool.try_get_owned().map(|lease| lease.id),
        |pool| now(pool.get_async()).map(|lease| lease.id),
        |pool| now(pool.get_async_until(pending())).map(|lease| lease.id),
        |pool| now(pool.try_get_async()).map(|lease| lease.id),
        |pool| now(pool.get_owned_async()).map(|lease| lease.id),
        |pool| now(pool.get_owned_async_until(pending())).map(|lease| lease.id),
    ];
    let world = World::new();
    let pool = world.pool(1);
    for (get, validations) in gets.into_iter().zip(0..) {
        assert_eq!((get(&pool), world.calls(Part::Validate)), (Ok(0), validations));
    }
    pool.close();
    for get in gets {
        assert_eq!(get(&pool), Err(GetError::Unavailable(Unavailable::Closed)));
    }
    world.assert_at_rest(&pool);
}

#[test]
fn a_change_by_the_holder_is_there_at_the_next_get() {
    let world = World::new();
    let pool = world.pool(1);
    pool.get().expect("room").note = "changed";
    assert_eq!(pool.get_owned().map(|lease| lease.note), Ok("changed"));
}

#[test]
fn settings_that_make_no_pool_are_said() {
    let world = World::new();
    assert!(world.builder(0).build().is_err());
    assert!(world.builder(1).stripes(2).build().is_err());
    assert!(ManagedPool::builder(1, crate::world::Ours(world)).cache_ttl(Duration::ZERO).build().is_err());
}
