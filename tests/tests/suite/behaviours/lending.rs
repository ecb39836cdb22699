//! Who gets what, and how much there is.

use crate::subject::{Kind, Look, TestPool, assert_sound, start, start_taker, start_waiter, take};
use crate::world::{World, oops};
use core::mem::replace;
use std::sync::mpsc::channel;

pub(crate) fn what_is_given_back_is_lent_again(kind: Kind) {
    let world = World::new();
    let pool = kind.pool(&world, 2);
    assert_eq!(world.made(), 0, "resources are made when they are needed");
    let (first, second) = (take(&pool), take(&pool));
    assert_eq!((first.id, second.id), (0, 1));
    assert_eq!(pool.look(), Look { available: 0, idle: 0, out: 2, waiting: 0 });
    drop(first);
    pool.wait_until("it is idle", || pool.look() == Look { available: 0, idle: 1, out: 1, waiting: 0 });
    let again = take(&pool);
    assert_eq!(again.id, 0, "the idle one is lent again");
    drop((again, second));
    assert_sound(&world, &pool, 2, 0);
    assert_eq!((world.made(), world.freed()), (2, vec![]));
}

const WORKERS: u32 = 50;
const ROUNDS: u32 = 40;

/// Whether a worker discards in a round.
fn discards(worker: u32, round: u32) -> bool {
    (worker + round).is_multiple_of(16)
}

/// Fifty workers take and give back; each fourth time they give way meanwhile, each sixteenth they discard.
pub(crate) fn never_more_than_the_maximum_under_fifty_workers(kind: Kind) {
    for max_resources in [1, 5] {
        let world = World::new();
        let pool = kind.pool(&world, max_resources);
        let press = |worker: u32| {
            move |pool: TestPool| async move {
                for round in 0..ROUNDS {
                    let mut lease = pool.get().await.expect("open");
                    assert!(!replace(&mut lease.is_held, true), "two workers hold the same resource");
                    if (worker + round).is_multiple_of(4) {
                        pool.give_way().await;
                    }
                    lease.is_held = false;
                    if discards(worker, round) {
                        lease.discard();
                    }
                }
            }
        };
        // They start while nothing is to be had, so that they meet.
        let kept: Vec<_> = (0..max_resources).map(|_| take(&pool)).collect();
        let workers: Vec<_> = (0..WORKERS).map(|worker| start(&pool, press(worker))).collect();
        pool.wait_until("all wait", || pool.look().waiting == WORKERS);
        drop(kept);
        workers.into_iter().for_each(|worker| worker.joined());
        assert_sound(&world, &pool, max_resources, 0);
        assert_eq!(world.most(), max_resources, "how many there were at once");
        let turns = (0..WORKERS).flat_map(|worker| (0..ROUNDS).map(move |round| (worker, round)));
        assert_eq!(world.freed().len(), turns.filter(|(worker, round)| discards(*worker, *round)).count());
    }
}

pub(crate) fn a_waiter_resumes_when_a_lease_comes_back(kind: Kind) {
    let world = World::new();
    let pool = kind.pool(&world, 1);
    let lease = take(&pool);
    let waiter = start_taker(&pool);
    drop(lease);
    assert_eq!(waiter.joined(), Ok(0), "the same resource, handed over");
    assert_sound(&world, &pool, 1, 0);
    assert_eq!(world.made(), 1);
}

pub(crate) fn ten_waiters_are_served_first_in_first_out(kind: Kind) {
    let world = World::new();
    let pool = kind.pool(&world, 1);
    let lease = take(&pool);
    let (served, order) = channel();
    let waiters: Vec<_> = (0..10)
        .map(|number| {
            let served = served.clone();
            start_waiter(&pool, move |pool| async move {
                let lease = pool.get().await.expect("open");
                served.send(number).expect("the test listens");
                drop(lease);
            })
        })
        .collect();
    drop(lease);
    waiters.into_iter().for_each(|waiter| waiter.joined());
    assert_eq!(order.try_iter().collect::<Vec<_>>(), (0..10).collect::<Vec<_>>());
    assert_sound(&world, &pool, 1, 0);
}

pub(crate) fn a_discard_wakes_a_waiter_who_creates(kind: Kind) {
    let world = World::new();
    let pool = kind.pool(&world, 1);
    let lease = take(&pool);
    let waiter = start_taker(&pool);
    lease.discard();
    assert_eq!(waiter.joined(), Ok(1), "a new resource");
    assert_eq!((world.made(), world.most(), world.freed()), (2, 1, vec![0]), "after the old one was freed");
    assert_sound(&world, &pool, 1, 0);
}

pub(crate) fn what_is_detached_makes_room(kind: Kind) {
    let world = World::new();
    let pool = kind.pool(&world, 1);
    let lease = take(&pool);
    let waiter = start_taker(&pool);
    let detached = lease.detach();
    assert_eq!(waiter.joined(), Ok(1), "a new resource");
    assert_eq!((detached.id, world.live(), world.freed()), (0, 2, vec![]));
    drop(detached);
    assert_sound(&world, &pool, 1, 1);
}

pub(crate) fn a_panic_while_a_lease_is_held_frees_its_resource(kind: Kind) {
    let world = World::new();
    let pool = kind.pool(&world, 1);
    let kept = take(&pool);
    let panicking = start_waiter(&pool, |pool| async move {
        let mut lease = pool.get().await.expect("open");
        lease.is_held = true;
        oops()
    });
    let next = start_taker(&pool);
    drop(kept);
    assert!(panicking.ended().is_err());
    assert_eq!(next.joined(), Ok(1), "not the one that was left half-changed");
    assert_eq!(world.freed(), [0]);
    assert_sound(&world, &pool, 1, 0);
}
