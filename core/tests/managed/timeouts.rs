//! A get whose time runs out says doing what, and what the pool looked like.

use crate::tasks::{Task, now, start_waiter};
use crate::threads::{LIMIT, joined};
use crate::world::{Answer, Broken, Part, TestPool, World};
use core::future::{pending, ready};
use core::task::Poll;
use core::time::Duration;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use striped_pool::{GetError, Timeout, WaitedFor};

/// A deadline that a test lets pass, and that may not be polled again then.
#[derive(Clone, Default)]
struct Bell(Arc<AtomicBool>);

impl Bell {
    fn ring(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    fn deadline(&self) -> impl Future<Output = ()> + Send + use<> {
        let (bell, mut is_over) = (self.clone(), false);
        core::future::poll_fn(move |_| {
            assert!(!is_over, "a deadline was polled after it was ready");
            is_over = bell.0.load(Ordering::SeqCst);
            if is_over { Poll::Ready(()) } else { Poll::Pending }
        })
    }
}

#[track_caller]
fn timeout<L>(result: Result<L, GetError<Broken>>) -> Timeout {
    let error = result.err().expect("its time ran out");
    assert!(error.is_timeout());
    error.timeout().cloned().expect("a pool says what it looked like")
}

/// What a get waits for that does `part` `suspends` times when its time runs out, having polled `polls` times.
fn rung(pool: &TestPool, polls: u32) -> Timeout {
    let bell = Bell::default();
    let mut task = Task::new(pool.get_async_until(bell.deadline()));
    (0..polls).for_each(|_| assert!(task.poll().is_none()));
    bell.ring();
    timeout(task.poll().expect("its time has run out"))
}

#[test]
fn a_wait_in_line_is_for_a_resource() {
    let world = World::new();
    let pool = world.builder(1).label("ours").build().expect("valid");
    let lease = pool.get().expect("room");
    let mut other = Task::waiting(pool.get_async());
    for told in
        [timeout(pool.get_timeout(Duration::ZERO)), timeout(now(pool.get_async_until(ready(())))), rung(&pool, 2)]
    {
        let status = &told.status;
        assert_eq!((told.waited_for, &*status.label), (WaitedFor::Resource, "ours"));
        assert_eq!((status.out(), status.idle(), status.waiting()), (1, 0, 1), "it has left the line itself");
    }
    drop(lease);
    assert_eq!(other.woken().map(|lease| lease.id), Ok(0), "who was before it is served");
    world.assert_at_rest(&pool);
}

#[test]
fn a_wait_that_is_over_does_not_hold_up_those_behind_it() {
    let world = World::new();
    let pool = world.pool(1);
    let lease = pool.get().expect("room");
    let bell = Bell::default();
    let mut first = Task::waiting(pool.get_async_until(bell.deadline()));
    let second = start_waiter(&pool, |pool| pool.get_timeout(LIMIT).map(|lease| lease.id));
    bell.ring();
    assert_eq!(timeout(first.poll().expect("over")).waited_for, WaitedFor::Resource);
    drop(lease);
    assert_eq!(joined(second), Ok(0));
    world.assert_at_rest(&pool);
}

#[test]
fn a_create_that_takes_too_long_is_said() {
    let world = World::new();
    let pool = world.pool(1);
    world.suspend(Part::Create, 5);
    for polls in [0, 1, 3] {
        assert_eq!(rung(&pool, polls).waited_for, WaitedFor::Create);
        world.assert_at_rest(&pool);
    }
    assert_eq!((world.made(), world.most()), (0, 1));
}

#[test]
fn a_check_that_takes_too_long_is_said_and_frees_what_it_checked() {
    let world = World::new();
    let pool = world.pool(1);
    for polls in [0, 1, 3] {
        world.behave();
        drop(pool.get().expect("room or idle"));
        world.suspend(Part::Validate, 5);
        let freed = world.freed();
        assert_eq!((rung(&pool, polls).waited_for, world.freed()), (WaitedFor::Recycle, freed + 1));
        world.assert_at_rest(&pool);
    }
}

#[test]
fn the_end_of_a_refused_one_that_takes_too_long_is_said() {
    let world = World::new();
    let pool = world.pool(1);
    for polls in [0, 1, 3] {
        world.behave();
        drop(pool.get().expect("room or idle"));
        world.answer(Part::Validate, Answer::Bad);
        world.suspend(Part::Close, 5);
        assert_eq!(rung(&pool, polls).waited_for, WaitedFor::Recycle);
        world.assert_at_rest(&pool);
    }
    assert_eq!((world.closed(), world.freed()), (3, 0));
}

#[test]
fn the_replacement_of_a_refused_one_that_takes_too_long_is_said() {
    let world = World::new();
    let pool = world.pool(1);
    drop(pool.get().expect("room"));
    world.answer(Part::Validate, Answer::Bad);
    world.suspend(Part::Close, 1);
    world.suspend(Part::Create, 5);
    assert_eq!(rung(&pool, 1).waited_for, WaitedFor::Create);
    world.assert_at_rest(&pool);
}

#[test]
fn a_thread_whose_time_is_over_when_the_check_refuses_says_so_and_creates_nothing() {
    let world = World::new();
    let pool = world.pool(1);
    drop(pool.get().expect("room"));
    world.answer(Part::Validate, Answer::Bad);
    assert_eq!(timeout(pool.get_timeout(Duration::ZERO)).waited_for, WaitedFor::Recycle);
    assert_eq!((world.made(), world.freed()), (1, 1));
    world.assert_at_rest(&pool);
    drop(pool.get().expect("room"));
    assert_eq!(pool.get_timeout(LIMIT).map(|lease| lease.id), Ok(2), "with time left it is replaced");
    assert_eq!(timeout(pool.get_owned_timeout(Duration::ZERO)).waited_for, WaitedFor::Recycle);
    world.assert_at_rest(&pool);
}

#[test]
fn a_thread_is_lent_what_passes_or_is_made_although_its_time_is_over() {
    let world = World::new();
    let pool = world.pool(1);
    assert_eq!(pool.get_timeout(Duration::ZERO).map(|lease| lease.id), Ok(0), "new");
    assert_eq!(pool.get_timeout(Duration::ZERO).map(|lease| lease.id), Ok(0), "idle");
    world.assert_at_rest(&pool);
}

#[test]
fn if_a_task_and_its_deadline_are_ready_at_once_the_lease_wins() {
    let world = World::new();
    let pool = world.pool(1);
    for _ in 0..2 {
        assert_eq!(now(pool.get_async_until(ready(()))).map(|lease| lease.id), Ok(0));
    }
    world.suspend(Part::Validate, 1);
    let bell = Bell::default();
    let mut task = Task::waiting(pool.get_async_until(bell.deadline()));
    bell.ring();
    assert_eq!(task.woken().map(|lease| lease.id), Ok(0));
    world.assert_at_rest(&pool);
}

#[test]
fn without_a_deadline_time_does_not_run_out() {
    let world = World::new();
    let pool = world.pool(1);
    world.suspend(Part::Create, 100);
    let mut task = Task::new(pool.get_async_until(pending()));
    (0..100).for_each(|_| assert!(task.poll().is_none()));
    assert_eq!(task.woken().map(|lease| lease.id), Ok(0));
}

#[test]
fn a_timeout_can_be_read() {
    let world = World::new();
    let pool = world.builder(1).label("ours").build().expect("valid");
    world.suspend(Part::Create, 1);
    assert_eq!(
        rung(&pool, 0).to_string(),
        "pool \"ours\": creating a resource took too long: wait longer, or see why it is slow \
         (of 1 resources 1 are out and 0 idle; 0 wait)"
    );
    world.assert_at_rest(&pool);
}
