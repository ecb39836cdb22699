//! Gets that are given up: nothing is lost, and nobody sleeps for it.

use crate::subject::{Failure, Got, Kind, TestPool, assert_sound, start, start_taker, start_waiter, take};
use crate::world::World;
use core::time::Duration;
use smol::future::{or, poll_once};
use std::sync::mpsc::channel;

pub(crate) fn a_waiter_that_times_out_leaves_nothing_behind(kind: Kind) {
    let mut wait = Duration::from_millis(20);
    // The wait is repeated, longer, until it was seen in line before the other.
    while wait < kind.limit() {
        let world = World::new();
        let pool = kind.pool(&world, 1);
        let lease = take(&pool);
        let (over, is_over) = channel();
        let leaving = start(&pool, move |pool| async move {
            let got = pool.get_within(wait).await.map(drop);
            over.send(got).expect("the test listens");
        });
        let mut failure = None;
        let mut is_in_line = |place| {
            failure = failure.take().or_else(|| is_over.try_recv().ok());
            failure.is_some() || pool.look().waiting == place
        };
        pool.wait_until("it waits, or its wait is over", || is_in_line(1));
        let staying = start(&pool, |pool| async move { pool.get().await.map(|lease| lease.id) });
        pool.wait_until("both wait, or one wait is over", || is_in_line(2));
        let is_seen = failure.is_none();
        leaving.joined();
        let failure = failure.or_else(|| is_over.try_recv().ok());
        assert_eq!(failure, Some(Err(Failure::TimedOut)));
        pool.wait_until("only the other waits", || pool.look().waiting == 1);
        drop(lease);
        assert_eq!(staying.joined(), Ok(0), "the next is served");
        assert_sound(&world, &pool, 1, 0);
        assert_eq!(world.made(), 1);
        if is_seen {
            return;
        }
        wait *= 2;
    }
    panic!("the one that times out was never seen in line before the other");
}

/// How long a worker waits: about as long as a lease is held, so that many waits end at the moment at which they are served.
fn short(worker: u64, round: u64) -> Duration {
    Duration::from_micros((worker * 37 + round * 13) % 400)
}

/// Eight workers on one resource, with short waits: some are served, some are not, and nothing is lost.
fn wait_shortly<F>(kind: Kind, get: impl Fn(TestPool, Duration) -> F + Clone + Send + 'static)
where
    F: Future<Output = Got> + Send,
{
    let world = World::new();
    let pool = kind.pool(&world, 1);
    let workers: Vec<_> = (0..8)
        .map(|worker| {
            let get = get.clone();
            start(&pool, move |pool| async move {
                let mut served = 0;
                for round in 0..100 {
                    match get(pool.clone(), short(worker, round)).await {
                        Ok(lease) => {
                            pool.sleep(Duration::from_micros(50)).await;
                            drop(lease);
                            served += 1;
                        }
                        Err(failure) => assert_eq!(failure, Failure::TimedOut),
                    }
                }
                served
            })
        })
        .collect();
    let served: u32 = workers.into_iter().map(|worker| worker.joined()).sum();
    assert_sound(&world, &pool, 1, 0);
    assert!((1..800).contains(&served), "{served} of 800 were served: nothing was tried");
    // A pool may free what it was about to check when the time was over.
    assert_eq!(world.most(), 1);
}

pub(crate) fn waits_that_end_as_they_are_served_lose_nothing(kind: Kind) {
    wait_shortly(kind, |pool: TestPool, wait| async move { pool.get_within(wait).await });
}

/// The timer is looked at first, so that a get that was served meanwhile is dropped without having seen it.
pub(crate) fn gets_that_are_dropped_as_they_are_served_lose_nothing(kind: Kind) {
    wait_shortly(kind, |pool: TestPool, wait| {
        let timer = pool.sleep(wait);
        let timer = async {
            timer.await;
            Err(Failure::TimedOut)
        };
        or(timer, async move { pool.get().await })
    });
}

pub(crate) fn a_dropped_waiter_leaves_nothing_behind(kind: Kind) {
    let world = World::new();
    let pool = kind.pool(&world, 1);
    let lease = take(&pool);
    let [first, second, third, fourth] = [(); 4].map(|()| start_taker(&pool));
    for (left, dropped) in [(3, third), (2, first)] {
        dropped.cancel();
        pool.wait_until("it has left the line", || pool.look().waiting == left);
    }
    drop(lease);
    assert_eq!((second.joined(), fourth.joined()), (Ok(0), Ok(0)), "the others are served");
    assert_sound(&world, &pool, 1, 0);
    assert_eq!(world.made(), 1);
}

/// A get that is polled once, so that it waits, and never again: it is dropped when it has been served, without having seen it.
pub(crate) fn what_was_handed_to_a_dropped_get_goes_to_the_next(kind: Kind) {
    let world = World::new();
    let pool = kind.pool(&world, 1);
    for round in 0..2 {
        let lease = take(&pool);
        let (tell, told) = smol::channel::bounded::<()>(1);
        let dropping = start_waiter(&pool, |pool| async move {
            let mut get = Box::pin(pool.get());
            assert!(poll_once(get.as_mut()).await.is_none(), "there is nothing to be had");
            told.recv().await.expect("the test tells");
            drop(get);
        });
        let next = start_taker(&pool);
        // What is handed over: in the first round a resource, in the second the room for one.
        if round == 0 {
            drop(lease);
        } else {
            lease.discard();
        }
        pool.wait_until("the first of the two is served", || pool.look().waiting == 1);
        tell.send_blocking(()).expect("the worker listens");
        dropping.joined();
        assert_eq!(next.joined(), Ok(round));
    }
    assert_sound(&world, &pool, 1, 0);
    assert_eq!(world.made(), 2);
}

pub(crate) fn a_get_that_is_dropped_unpolled_did_nothing(kind: Kind) {
    let world = World::new();
    let pool = kind.pool(&world, 1);
    let dropping = |pool: TestPool| async move {
        let before = pool.look();
        let get = pool.get();
        assert_eq!(pool.look(), before);
        drop(get);
        assert_eq!(pool.look(), before);
    };
    start(&pool, dropping).joined();
    let lease = take(&pool);
    start(&pool, dropping).joined();
    drop(lease);
    assert_sound(&world, &pool, 1, 0);
    assert_eq!(world.made(), 1);
}

pub(crate) fn a_get_dropped_in_its_create_leaves_its_room_to_the_next(kind: Kind) {
    let world = World::new();
    let pool = kind.pool(&world, 1);
    let gate = world.gate();
    let dropped = start(&pool, |pool| async move { pool.get().await.map(drop) });
    pool.wait_until("it is in its create", || gate.is_reached());
    let next = start_taker(&pool);
    dropped.cancel();
    assert_eq!(next.joined(), Ok(0), "the room was handed on");
    assert_sound(&world, &pool, 1, 0);
    assert_eq!(world.made(), 1);
}
