//! Threads and tasks, through one manager that serves both: one pool, one line.

use crate::tasks::{Task, block_on, now, start_waiter};
use crate::threads::joined;
use crate::world::{Answer, Part, World};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::spawn;

#[test]
fn threads_and_tasks_stand_in_one_line() {
    let world = World::new();
    let pool = world.pool(1);
    let order = Arc::new(AtomicU32::new(0));
    let turn = |order: &AtomicU32| order.fetch_add(1, Ordering::SeqCst);
    let lease = pool.get().expect("room");
    let mut first = Task::waiting(pool.get_async());
    let ours = Arc::clone(&order);
    let second = start_waiter(&pool, move |pool| pool.get().map(|_lease| turn(&ours)));
    let mut third = Task::waiting(pool.get_async());
    let ours = Arc::clone(&order);
    let fourth = start_waiter(&pool, move |pool| pool.get().map(|_lease| turn(&ours)));
    drop(lease);
    assert_eq!((first.wakes(), third.wakes()), (1, 0));
    assert_eq!(first.woken().map(|_lease| turn(&order)), Ok(0));
    assert_eq!(joined(second), Ok(1));
    assert_eq!(third.woken().map(|_lease| turn(&order)), Ok(2));
    assert_eq!(joined(fourth), Ok(3));
    world.assert_at_rest(&pool);
}

#[test]
fn what_a_task_gives_back_a_thread_gets_and_the_other_way_round() {
    let world = World::new();
    let pool = world.pool(1);
    let lease = now(pool.get_async()).expect("room");
    let thread = start_waiter(&pool, |pool| pool.get().map(|lease| lease.id));
    drop(lease);
    assert_eq!(joined(thread), Ok(0));
    let lease = pool.get().expect("idle");
    let mut task = Task::waiting(pool.get_async());
    drop(lease);
    assert_eq!(task.woken().map(|lease| lease.id), Ok(0));
    world.assert_at_rest(&pool);
}

#[test]
fn a_place_goes_from_a_task_that_creates_to_a_thread_that_does() {
    let world = World::new();
    let pool = world.pool(1);
    world.suspend(Part::Create, 1);
    world.answer(Part::Create, Answer::Bad);
    let mut task = Task::waiting(pool.get_async());
    world.behave();
    let thread = start_waiter(&pool, |pool| pool.get().map(|lease| lease.id));
    assert!(task.woken().is_err());
    assert_eq!(joined(thread), Ok(0));
    world.assert_at_rest(&pool);
}

/// What threads do here: one round in five ends its resource, in each of the ways there are.
#[test]
fn many_of_both_never_have_too_many_and_lose_nothing() {
    const ROUNDS: u32 = 2_000;
    let world = World::new();
    let pool = world.builder(2).before_lend(|_, usage| usage.uses < 7).build().expect("valid");
    world.suspend(Part::Create, 1);
    world.suspend(Part::Close, 1);
    let work = |is_async: bool, index: u32| {
        let pool = pool.clone();
        move || {
            for round in (0..ROUNDS).map(|round| round + index) {
                let lease = if is_async { block_on(pool.get_owned_async()) } else { pool.get_owned() };
                let lease = lease.expect("the manager makes all that is asked for");
                match round % 15 {
                    0 => lease.discard(),
                    3 => block_on(lease.discard_async()),
                    6 => drop(lease.discard_async()),
                    9 => drop(Task::waiting(lease.discard_async())),
                    12 => drop(pool.get_async()),
                    _ => drop(lease),
                }
            }
        }
    };
    let threads: Vec<_> = (0..4).map(|index| spawn(work(index % 2 == 0, index))).collect();
    threads.into_iter().for_each(joined);
    assert!(world.freed() > 0 && world.closed() > 0, "{world:?}");
    world.behave();
    world.assert_at_rest(&pool);
}
