//! Hooks: after the create, before the lend, after the return.

use crate::world::{Answer, Broken, Part, TestPool, World};
use crate::{get, id_of};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use striped_pool::{GetError, ManagedPoolBuilder};

/// A switch that a hook looks at.
fn switch() -> (Arc<AtomicBool>, Arc<AtomicBool>) {
    let switch = Arc::new(AtomicBool::new(true));
    (Arc::clone(&switch), switch)
}

fn build(builder: ManagedPoolBuilder<crate::world::Ours>) -> TestPool {
    builder.build().expect("valid")
}

#[test]
fn each_is_asked_after_the_manager() {
    for is_async in [false, true] {
        let world = World::new();
        let log: Arc<Mutex<Vec<&str>>> = Arc::default();
        let say = |what: &'static str| {
            let log = Arc::clone(&log);
            move || log.lock().expect("whole").push(what)
        };
        let (made, lend, back) = (say("after create"), say("before lend"), say("after return"));
        world.aside(Part::Create, say("create"));
        world.aside(Part::Validate, say("validate"));
        world.aside(Part::Recycle, say("recycle"));
        let builder = world.builder(1).after_create(move |_| {
            made();
            Ok(())
        });
        let builder = builder.before_lend(move |_, _| {
            lend();
            true
        });
        let pool = build(builder.after_return(move |_, _| {
            back();
            true
        }));
        let said = || core::mem::take(&mut *log.lock().expect("whole"));
        drop(get(&pool, is_async).expect("room"));
        assert_eq!(said(), ["create", "after create", "before lend", "recycle", "after return"]);
        drop(get(&pool, is_async).expect("idle"));
        assert_eq!(said(), ["validate", "before lend", "recycle", "after return"]);
    }
}

#[test]
fn an_error_after_the_create_is_that_of_the_create() {
    for is_async in [false, true] {
        let world = World::new();
        let pool = build(world.builder(1).after_create(|_| Err(Broken)));
        assert_eq!(id_of(&pool, is_async), Err(GetError::Create(Broken)));
        assert_eq!((world.made(), world.freed()), (1, 1));
        world.assert_at_rest(&pool);
    }
}

#[test]
fn the_place_of_a_new_one_that_a_hook_refuses_is_free_after_its_free() {
    for hooks in [0, 1] {
        let world = World::new();
        let builder = world.builder(1);
        let pool = build(match hooks {
            0 => builder.after_create(|_| Err(Broken)),
            _ => builder.before_lend(|_, _| false),
        });
        let seen = world.look(Part::Free, &pool);
        assert!(pool.get().is_err());
        assert_eq!(*seen.lock().expect("whole"), [0]);
        world.behave();
        world.assert_at_rest(&pool);
    }
}

#[test]
fn a_new_one_that_may_not_be_lent_is_an_error_and_not_tried_again() {
    for is_async in [false, true] {
        let world = World::new();
        let pool = build(world.builder(1).before_lend(|_, _| false));
        assert_eq!(id_of(&pool, is_async), Err(GetError::Refused));
        assert_eq!((world.made(), world.freed()), (1, 1));
        world.assert_at_rest(&pool);
    }
}

#[test]
fn an_idle_one_that_may_not_be_lent_is_replaced() {
    for is_async in [false, true] {
        let world = World::new();
        let pool = build(world.builder(1).before_lend(|_, usage| usage.uses < 3));
        let ids: Vec<_> = (0..5).map(|_| id_of(&pool, is_async)).collect();
        assert_eq!(ids, [Ok(0), Ok(0), Ok(1), Ok(1), Ok(2)], "each is lent twice");
        assert_eq!((world.freed() + world.closed(), world.most()), (2, 1));
        world.assert_at_rest(&pool);
    }
}

#[test]
fn one_that_may_not_be_kept_is_freed() {
    let world = World::new();
    let (keeps, told) = switch();
    let pool = build(world.builder(1).after_return(move |_, _| keeps.load(Ordering::SeqCst)));
    drop(pool.get().expect("room"));
    assert_eq!((world.freed(), pool.status().idle()), (0, 1));
    told.store(false, Ordering::SeqCst);
    drop(pool.get_owned().expect("idle"));
    assert_eq!((world.freed(), pool.status().idle()), (1, 0));
    world.assert_at_rest(&pool);
}

#[test]
fn nobody_is_asked_for_what_the_manager_refuses() {
    for is_async in [false, true] {
        let world = World::new();
        let asked: Arc<Mutex<Vec<(&str, u32)>>> = Arc::default();
        let (lend, back) = (Arc::clone(&asked), Arc::clone(&asked));
        let builder = world.builder(1).before_lend(move |resource, _| {
            lend.lock().expect("whole").push(("lend", resource.id));
            true
        });
        let pool = build(builder.after_return(move |resource, _| {
            back.lock().expect("whole").push(("return", resource.id));
            true
        }));
        drop(get(&pool, is_async).expect("room"));
        world.answer(Part::Validate, Answer::Bad);
        world.answer(Part::Recycle, Answer::Bad);
        drop(get(&pool, is_async).expect("a new one"));
        assert_eq!(*asked.lock().expect("whole"), [("lend", 0), ("return", 0), ("lend", 1)]);
        world.assert_at_rest(&pool);
    }
}

#[test]
fn what_a_hook_sets_up_is_there_for_the_holder() {
    let world = World::new();
    let pool = build(world.builder(1).after_create(|resource| {
        resource.note = "set up";
        Ok(())
    }));
    assert_eq!(pool.get().map(|lease| lease.note), Ok("set up"));
}

#[test]
fn a_hook_may_call_back_into_its_pool() {
    let world = World::new();
    let own: Arc<Mutex<Option<TestPool>>> = Arc::default();
    let other = Arc::clone(&own);
    let pool = build(world.builder(2).after_return(move |_, _| {
        let pool = other.lock().expect("whole").take();
        pool.is_none_or(|pool| pool.try_get().is_ok())
    }));
    *own.lock().expect("whole") = Some(pool.clone());
    drop(pool.get().expect("room"));
    assert_eq!((world.made(), pool.status().idle()), (2, 2));
    world.assert_at_rest(&pool);
}
