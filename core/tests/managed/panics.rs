//! Panics of the manager and of hooks, wherever they run: calls pass them on, drops do not; what was in hand is freed, its
//! place goes to the next, and a drop that a panic runs does not abort.

use crate::get;
use crate::tasks::{Task, now, start_waiter};
use crate::threads::joined;
use crate::world::{Answer, Broken, Oops, Ours, Part, TestPool, World};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex};
use std::thread::panicking;
use striped_pool::{BlockingManager, ManagedPool, ManagedPoolBuilder, Manager, Usage};

/// What a hook panics with.
const HOOK: Oops = Oops(Part::Detach);

fn hook_panics() -> ! {
    std::panic::panic_any(HOOK)
}

/// What `work` panics with.
#[track_caller]
fn oops_of<A>(work: impl FnOnce() -> A) -> Oops {
    let Err(panic) = catch_unwind(AssertUnwindSafe(work)) else { panic!("it does not panic") };
    *panic.downcast::<Oops>().unwrap_or_else(|other| panic!("another panic: {:?}", other.downcast_ref::<String>()))
}

#[test]
fn a_create_that_panics_leaves_room() {
    for is_async in [false, true] {
        let world = World::new();
        let pool = world.pool(1);
        world.answer(Part::Create, Answer::Panics);
        assert_eq!(oops_of(|| get(&pool, is_async).map(|lease| lease.id)), Oops(Part::Create));
        world.assert_at_rest(&pool);
    }
}

#[test]
fn a_create_that_panics_later_gives_its_place_to_the_next() {
    let world = World::new();
    let pool = world.pool(1);
    world.answer(Part::Create, Answer::Panics);
    world.suspend(Part::Create, 2);
    let mut task = Task::waiting(pool.get_async());
    world.behave();
    let mut next = Task::waiting(pool.get_async());
    let thread = start_waiter(&pool, |pool| pool.get().map(|lease| lease.id));
    assert!(task.poll().is_none());
    assert_eq!(oops_of(|| task.poll().is_some()), Oops(Part::Create));
    drop(task);
    assert_eq!(next.woken().map(|lease| lease.id), Ok(0));
    assert_eq!(joined(thread), Ok(0));
    world.assert_at_rest(&pool);
}

#[test]
fn a_check_that_panics_frees_what_it_checked() {
    for is_async in [false, true] {
        let world = World::new();
        let pool = world.pool(1);
        drop(pool.get().expect("room"));
        world.answer(Part::Validate, Answer::Panics);
        assert_eq!(oops_of(|| get(&pool, is_async).map(|lease| lease.id)), Oops(Part::Validate));
        assert_eq!((world.freed(), world.closed()), (1, 0));
        world.assert_at_rest(&pool);
    }
}

#[test]
fn a_check_that_panics_later_frees_what_it_checked_and_serves_the_next() {
    let world = World::new();
    let pool = world.pool(1);
    drop(pool.get().expect("room"));
    world.answer(Part::Validate, Answer::Panics);
    world.suspend(Part::Validate, 1);
    let mut task = Task::waiting(pool.get_async());
    let mut next = Task::waiting(pool.get_async());
    assert_eq!(oops_of(|| task.poll().is_some()), Oops(Part::Validate));
    assert_eq!((world.freed(), next.woken().map(|lease| lease.id)), (1, Ok(1)));
    drop(task);
    world.assert_at_rest(&pool);
}

/// A pool whose hook panics, at which point.
fn hooked(world: &Arc<World>, hook: u32) -> TestPool {
    let builder: ManagedPoolBuilder<Ours> = match hook {
        0 => world.builder(1).after_create(|_| hook_panics()),
        1 => world.builder(1).before_lend(|_, _| hook_panics()),
        2 => world.builder(1).before_lend(|_, usage| usage.uses == 1 || hook_panics()),
        _ => world.builder(1).after_return(|_, _| hook_panics()),
    };
    builder.build().expect("valid")
}

#[test]
fn a_hook_that_panics_over_a_new_one_frees_it() {
    for is_async in [false, true] {
        for hook in [0, 1] {
            let world = World::new();
            let pool = hooked(&world, hook);
            let seen = world.look(Part::Free, &pool);
            assert_eq!(oops_of(|| get(&pool, is_async).map(|lease| lease.id)), HOOK);
            assert_eq!((world.made(), world.freed()), (1, 1), "by the manager");
            assert_eq!(*seen.lock().expect("whole"), [0], "and then its place is free");
            world.behave();
            world.assert_at_rest(&pool);
        }
    }
}

#[test]
fn a_hook_that_panics_over_an_idle_one_frees_it() {
    for is_async in [false, true] {
        let world = World::new();
        let pool = hooked(&world, 2);
        drop(get(&pool, is_async).expect("the first use"));
        assert_eq!(oops_of(|| get(&pool, is_async).map(|lease| lease.id)), HOOK);
        assert_eq!((world.made(), world.freed()), (1, 1));
        world.assert_at_rest(&pool);
    }
}

#[test]
fn a_panic_over_one_that_comes_back_frees_it_and_stays_in_the_drop() {
    for hook in [false, true] {
        let world = World::new();
        let pool = if hook { hooked(&world, 3) } else { world.pool(1) };
        if !hook {
            world.answer(Part::Recycle, Answer::Panics);
        }
        drop(pool.get().expect("room"));
        drop(pool.get_owned().expect("room again"));
        assert_eq!((world.made(), world.freed(), world.calls(Part::Recycle)), (2, 2, 2));
        world.answer(Part::Free, Answer::Panics);
        drop(pool.get().expect("room again"));
        assert_eq!(world.freed(), 3, "a panic of the free stays there too");
        world.assert_at_rest(&pool);
    }
}

#[test]
fn a_free_that_panics_over_a_refused_one_serves_the_next() {
    let world = World::new();
    let pool = world.pool(1);
    drop(pool.get().expect("room"));
    world.answer(Part::Validate, Answer::Bad);
    world.answer(Part::Free, Answer::Panics);
    let (own, next) = (pool.clone(), Arc::new(Mutex::new(None)));
    let started = Arc::clone(&next);
    world.aside(Part::Free, move || {
        *started.lock().expect("whole") = Some(start_waiter(&own, |pool| pool.get().map(|lease| lease.id)));
    });
    assert_eq!(oops_of(|| pool.get().map(|lease| lease.id)), Oops(Part::Free));
    let next = next.lock().expect("whole").take().expect("it has been started");
    assert_eq!(joined(next), Ok(1));
    world.behave();
    world.assert_at_rest(&pool);
}

#[test]
fn a_free_that_panics_over_a_new_one_that_is_refused_leaves_room() {
    for is_async in [false, true] {
        let world = World::new();
        let pool = world.builder(1).after_create(|_| Err(Broken)).build().expect("valid");
        world.answer(Part::Free, Answer::Panics);
        assert_eq!(oops_of(|| get(&pool, is_async).map(|lease| lease.id)), Oops(Part::Free));
        assert_eq!(world.freed(), 1);
        world.assert_at_rest(&pool);
    }
}

#[test]
fn a_free_that_panics_reaches_who_discards() {
    let world = World::new();
    let pool = world.pool(1);
    world.answer(Part::Free, Answer::Panics);
    assert_eq!(oops_of(|| pool.get().expect("room").discard()), Oops(Part::Free));
    assert_eq!(oops_of(|| pool.get_owned().expect("room").discard()), Oops(Part::Free));
    drop(pool.get().expect("room"));
    assert_eq!(oops_of(|| pool.drain()), Oops(Part::Free));
    world.assert_at_rest(&pool);
}

#[test]
fn a_free_that_panics_in_the_drop_of_a_future_stays_there() {
    let world = World::new();
    let pool = world.pool(1);
    world.answer(Part::Free, Answer::Panics);
    drop(pool.get().expect("room").discard_async());
    drop(pool.get_owned().expect("room").discard_async());
    drop(pool.get().expect("room"));
    world.suspend(Part::Validate, 1);
    drop(Task::waiting(pool.get_async()));
    assert_eq!((world.made(), world.freed()), (3, 3));
    world.assert_at_rest(&pool);
}

#[test]
fn a_close_that_panics_gives_its_place_to_the_next() {
    for suspends in [0, 1] {
        let world = World::new();
        let pool = world.pool(1);
        world.answer(Part::Close, Answer::Panics);
        world.suspend(Part::Close, suspends);
        let mut closing = Task::new(pool.get().expect("room").discard_async());
        let mut next = Task::waiting(pool.get_async());
        (0..suspends).for_each(|_| assert!(closing.poll().is_none()));
        assert_eq!(oops_of(|| closing.poll()), Oops(Part::Close));
        assert_eq!(next.woken().map(|lease| lease.id), Ok(1));
        drop(closing);
        world.answer(Part::Validate, Answer::Bad);
        let mut getting = Task::new(pool.get_async());
        (0..suspends).for_each(|_| assert!(getting.poll().is_none()));
        assert_eq!(oops_of(|| getting.poll().is_some()), Oops(Part::Close));
        drop(getting);
        world.assert_at_rest(&pool);
    }
}

#[test]
fn a_close_that_panics_ends_a_drain_and_leaves_the_rest_idle() {
    let world = World::new();
    let pool = world.pool(3);
    drop((pool.get().expect("room"), pool.get().expect("room"), pool.get().expect("room")));
    world.answer(Part::Close, Answer::Panics);
    assert_eq!(oops_of(|| now(pool.drain_async())), Oops(Part::Close));
    assert_eq!((world.closed(), pool.status().idle()), (1, 2));
    assert_eq!(oops_of(|| now(pool.close_async())), Oops(Part::Close));
    assert_eq!((world.closed(), pool.status().idle(), pool.is_closed()), (2, 1, false));
    world.assert_at_rest(&pool);
}

#[test]
fn a_detach_that_panics_frees_what_it_was_to_let_go() {
    let world = World::new();
    let pool = world.pool(1);
    world.answer(Part::Detach, Answer::Panics);
    assert_eq!(oops_of(|| pool.get().expect("room").detach().id), Oops(Part::Detach));
    assert_eq!(oops_of(|| pool.get_owned().expect("room").detach().id), Oops(Part::Detach));
    assert_eq!((world.freed(), world.let_go()), (2, 0));
    world.answer(Part::Free, Answer::Panics);
    assert_eq!(oops_of(|| pool.get().expect("room").detach().id), Oops(Part::Detach), "the first panic arrives");
    world.assert_at_rest(&pool);
}

/// Does `work` when it is dropped.
struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        assert!(panicking());
        (self.0)();
    }
}

/// Does `work` while the thread unwinds; that it returns at all shows that nothing aborted.
#[track_caller]
fn while_unwinding(work: impl FnMut()) {
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        let _cleanup = OnDrop(work);
        resume_unwind(Box::new("the first panic"));
    }));
    let first = unwound.expect_err("it unwinds");
    assert_eq!(first.downcast_ref(), Some(&"the first panic"), "the first panic arrives");
}

#[test]
fn leases_that_a_panic_drops_are_freed_though_the_free_panics() {
    let world = World::new();
    let pool = world.pool(2);
    world.answer(Part::Free, Answer::Panics);
    let unwound = catch_unwind(|| {
        let _leases = (pool.get().expect("room"), pool.get_owned().expect("room"));
        resume_unwind(Box::new(()));
    });
    assert!(unwound.is_err());
    assert_eq!((world.freed(), world.calls(Part::Recycle)), (2, 0));
    world.assert_at_rest(&pool);
}

#[test]
fn what_panics_in_a_get_while_the_thread_unwinds_does_not_abort() {
    for part in [Part::Create, Part::Validate, Part::Close, Part::Detach] {
        let world = World::new();
        let pool = world.pool(1);
        if part != Part::Create {
            drop(pool.get().expect("room"));
        }
        world.answer(Part::Free, Answer::Panics);
        world.answer(part, Answer::Panics);
        while_unwinding(|| match part {
            Part::Close => assert_eq!(oops_of(|| now(pool.drain_async())), Oops(part)),
            Part::Detach => assert_eq!(oops_of(|| pool.get().expect("idle").detach().id), Oops(part)),
            Part::Create | Part::Validate | Part::Recycle | Part::Free => {
                assert_eq!(oops_of(|| now(pool.get_async()).map(|lease| lease.id)), Oops(part));
            }
        });
        world.behave();
        world.assert_at_rest(&pool);
    }
}

#[test]
fn what_panics_in_a_drop_while_the_thread_unwinds_does_not_abort() {
    let world = World::new();
    let pool = world.pool(2);
    world.answer(Part::Recycle, Answer::Panics);
    world.answer(Part::Free, Answer::Panics);
    while_unwinding(|| {
        drop(pool.get().expect("room"));
        drop(pool.get_owned().expect("room"));
        drop(pool.get().expect("room").discard_async());
    });
    assert_eq!((world.made(), world.freed()), (3, 3));
    world.behave();
    drop(pool.get().expect("room"));
    world.answer(Part::Free, Answer::Panics);
    world.suspend(Part::Validate, 1);
    world.suspend(Part::Close, 1);
    while_unwinding(|| drop(Task::waiting(pool.get_async())));
    let mut half_way = Some(Task::waiting(pool.get().expect("room").discard_async()));
    while_unwinding(|| drop(half_way.take()));
    world.assert_at_rest(&pool);
}

#[test]
fn a_hook_that_panics_while_the_thread_unwinds_does_not_abort() {
    for hook in [0, 1] {
        let world = World::new();
        let pool = hooked(&world, hook);
        world.answer(Part::Free, Answer::Panics);
        while_unwinding(|| assert_eq!(oops_of(|| pool.get().map(|lease| lease.id)), HOOK));
        assert_eq!((world.made(), world.freed()), (1, 1));
        world.assert_at_rest(&pool);
    }
}

#[test]
fn a_pool_that_a_panic_drops_frees_what_is_idle_though_the_free_panics() {
    let world = World::new();
    let mut pool = Some(world.pool(2));
    if let Some(pool) = &pool {
        drop((pool.get().expect("room"), pool.get().expect("room")));
    }
    world.answer(Part::Free, Answer::Panics);
    while_unwinding(|| drop(pool.take()));
    assert_eq!((world.freed(), world.alive(), Arc::strong_count(&world)), (2, 0, 1));
}

/// A resource that panics when it is dropped, which is what the default free does with it.
struct Brittle;

impl Drop for Brittle {
    fn drop(&mut self) {
        std::panic::panic_any(Oops(Part::Free));
    }
}

struct Glass;

impl Manager for Glass {
    type Resource = Brittle;
    type Error = Broken;

    fn detach(&self, _: &mut Brittle) {
        std::panic::panic_any(Oops(Part::Detach));
    }
}

impl BlockingManager for Glass {
    fn create(&self) -> Result<Brittle, Broken> {
        Ok(Brittle)
    }
}

#[test]
fn a_resource_whose_drop_panics_does_not_abort_when_a_panic_ends_it() {
    let hooked = ManagedPool::builder(1, Glass).after_create(|_| hook_panics()).build().expect("valid");
    assert_eq!(oops_of(|| hooked.get().is_ok()), HOOK);
    let pool = ManagedPool::builder(1, Glass).build().expect("valid");
    assert_eq!(oops_of(|| core::mem::forget(pool.get().expect("room").detach())), Oops(Part::Detach));
    drop(pool.get().expect("room"));
    assert_eq!((hooked.status().available(), pool.status().idle()), (1, 1));
}

/// A panic whose own drop panics.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        std::panic::panic_any(Oops(Part::Free));
    }
}

struct Mined;

impl Manager for Mined {
    type Resource = ();
    type Error = Broken;

    fn recycle(&self, (): &mut (), _: &Usage) -> bool {
        std::panic::panic_any(Bomb)
    }

    fn free(&self, (): ()) {
        std::panic::panic_any(Bomb)
    }
}

impl BlockingManager for Mined {
    fn create(&self) -> Result<(), Broken> {
        Ok(())
    }
}

/// Neither in a drop that a panic runs, nor in one of a lease.
#[test]
fn a_panic_of_the_manager_whose_own_drop_panics_does_no_harm() {
    let hooked = ManagedPool::builder(1, Mined).after_create(|()| hook_panics()).build().expect("valid");
    assert_eq!(oops_of(|| hooked.get().is_ok()), HOOK);
    let pool = ManagedPool::builder(1, Mined).build().expect("valid");
    drop(pool.get().expect("room"));
    assert_eq!((hooked.status().available(), pool.status().available()), (1, 1));
}
