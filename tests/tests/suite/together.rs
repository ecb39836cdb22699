//! Threads and tasks on one pool at once: one line, first come, first served among both, and everything conserved.

use crate::pools::{Async, Blocking, CountedPool, counted_pool};
use crate::runtimes::{Smol, Tokio};
use crate::subject::{TestPool, Worker, assert_sound, start, start_taker, start_waiter, take};
use crate::world::{LIMIT, World};
use core::mem::replace;
use core::time::Duration;
use std::sync::mpsc::{Sender, channel};

/// The same pool as each of its kinds: for threads, for tasks on tokio, for tasks on smol.
fn kinds(pool: &CountedPool) -> [TestPool; 3] {
    [TestPool::of(Blocking::of(pool)), TestPool::of(Async::<Tokio>::of(pool)), TestPool::of(Async::<Smol>::of(pool))]
}

/// Somebody in line who tells his number when he is served.
fn queue_up(pool: &TestPool, number: u32, served: &Sender<u32>) -> Worker<()> {
    let served = served.clone();
    start_waiter(pool, move |pool| async move {
        let lease = pool.get().await.expect("open");
        served.send(number).expect("the test listens");
        drop(lease);
    })
}

#[test]
fn threads_and_tasks_are_served_first_in_first_out() {
    let world = World::new();
    let [threads, tokio, smol] = kinds(&counted_pool(&world, 1));
    let (served, order) = channel();
    for round in 0..3 {
        let lease = if round % 2 == 0 { take(&threads) } else { take(&tokio) };
        let line: Vec<_> = (0..20)
            .map(|number| match (number * 7 + round) % 3 {
                0 => queue_up(&threads, number, &served),
                1 => queue_up(&tokio, number, &served),
                _ => queue_up(&smol, number, &served),
            })
            .collect();
        // What is handed over: resources, and once the room for a new one.
        if round == 1 {
            lease.discard();
        } else {
            drop(lease);
        }
        line.into_iter().for_each(|waiter| waiter.joined());
        assert_eq!(order.try_iter().collect::<Vec<_>>(), (0..20).collect::<Vec<_>>());
    }
    assert_sound(&world, &threads, 1, 0);
    assert_eq!(world.made(), 2);
}

/// Takes and gives back, sometimes discards, sometimes does not wait for long.
fn press(pool: &TestPool, worker: u32) -> Worker<()> {
    start(pool, move |pool| async move {
        for round in 0..100 {
            let wait = if (worker + round) % 8 == 3 { Duration::from_micros(30) } else { LIMIT };
            let Ok(mut lease) = pool.get_within(wait).await else { continue };
            assert!(!replace(&mut lease.is_held, true), "two hold the same resource");
            if (worker + round).is_multiple_of(4) {
                pool.give_way().await;
            }
            lease.is_held = false;
            if (worker + round).is_multiple_of(16) {
                lease.discard();
            }
        }
    })
}

#[test]
fn threads_and_tasks_share_a_few_resources() {
    let world = World::new();
    let [threads, tokio, smol] = kinds(&counted_pool(&world, 3));
    let workers: Vec<_> = (0..48)
        .map(|worker| match worker % 6 {
            0 => press(&threads, worker),
            number if number % 2 == 0 => press(&tokio, worker),
            _ => press(&smol, worker),
        })
        .collect();
    workers.into_iter().for_each(|worker| worker.joined());
    assert_sound(&world, &threads, 3, 0);
    assert!(world.most() <= 3, "{} at once", world.most());
    assert!(!world.freed().is_empty());
}

#[test]
fn a_task_that_is_dropped_leaves_its_place_to_a_thread_and_a_thread_that_gives_up_to_a_task() {
    let world = World::new();
    let [threads, tokio, smol] = kinds(&counted_pool(&world, 1));
    let lease = take(&threads);
    let (task, thread) = (start_taker(&tokio), start_taker(&threads));
    task.cancel();
    threads.wait_until("the task has left the line", || threads.look().waiting == 1);
    drop(lease);
    assert_eq!(thread.joined(), Ok(0));

    let lease = take(&smol);
    let thread = start_waiter(&threads, |pool| async move { pool.get_within(Duration::from_secs(3)).await.is_err() });
    let task = start(&smol, |pool| async move { pool.get().await.map(|lease| lease.id) });
    assert!(thread.joined(), "its time is over");
    threads.wait_until("only the task waits", || threads.look().waiting == 1);
    drop(lease);
    assert_eq!(task.joined(), Ok(0));
    assert_sound(&world, &threads, 1, 0);
    assert_eq!(world.made(), 1);
}
