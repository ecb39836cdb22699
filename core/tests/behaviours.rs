//! The nine behaviours that the suite of the pool's ancestor tests, each as one test named for it.
//!
//! acquire and release · the maximum bound · waiters resume · first in, first out · wake with `Create` after a destroy ·
//! idle clean-up · destroy all · stripe locality · resource locality
//!
//! What is counted is counted outside the pool. Not here: everything else that the pool promises (`pool.rs`), panics
//! (`panics.rs`), and interleavings, which threads of an operating system only sample (`loom/`).
#![cfg(not(feature = "loom"))]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the lints keep the pool behind its facade; its tests use std, as its users do"
)]

#[path = "common/threads.rs"]
mod threads;
#[path = "common/world.rs"]
mod world;

use core::time::Duration;
use std::collections::BTreeSet;
use std::sync::mpsc::channel;
use std::thread::{spawn, yield_now};
use std::time::Instant;
use striped_pool::{Pool, Reaper};
use threads::{LIMIT, joined, start, start_waiter, wait_until};
use world::{TestPool, World, assert_at_rest, assert_sound, located, the_stripe};

#[test]
fn acquire_and_release() {
    let world = World::new();
    let pool = world.pool(2);
    assert_eq!(world.made(), 0, "resources are made when they are needed");

    let first = pool.get().expect("there is room");
    let second = pool.get().expect("there is room");
    assert_eq!((first.id, second.id), (0, 1));
    assert_eq!((pool.status().out(), pool.status().idle(), pool.status().available()), (2, 0, 0));
    drop(first);
    assert_eq!((pool.status().out(), pool.status().idle(), pool.status().available()), (1, 1, 0));

    let again = pool.get().expect("one is idle");
    assert_eq!(again.id, 0, "the idle one is lent again");
    drop((again, second));
    assert_eq!((world.made(), world.live(), world.freed()), (2, 2, vec![]));
    assert_sound(&pool);
}

/// 50 threads take and give back; what they hold is stamped and counted by themselves.
fn press(pool: &TestPool, rounds: u32) {
    let threads: Vec<_> = (0..50)
        .map(|thread| {
            start(pool, move |pool| {
                for round in 0..rounds {
                    let mut lease = pool.get().expect("open");
                    assert!(!core::mem::replace(&mut lease.is_held, true), "two threads hold the same resource");
                    if (thread + round) % 4 == 0 {
                        yield_now();
                    }
                    lease.is_held = false;
                    if (thread + round) % 16 == 0 {
                        lease.discard();
                    }
                }
            })
        })
        .collect();
    threads.into_iter().for_each(joined);
}

#[test]
fn maximum_bound_under_fifty_threads() {
    for (max_resources, stripes) in [(1, 1), (5, 1), (5, 4)] {
        let world = World::new();
        let pool = world.striped(max_resources, stripes);
        press(&pool, 200);
        assert!(world.most() <= max_resources, "{} at once, of {max_resources}", world.most());
        assert_eq!(world.live(), pool.status().idle());
        assert_sound(&pool);
    }
}

#[test]
fn a_waiter_resumes_when_a_lease_is_given_back() {
    let world = World::new();
    let pool = world.pool(1);
    let lease = pool.get().expect("there is room");
    let waiter = start_waiter(&pool, |pool| pool.get().expect("open").id);
    assert!(!waiter.is_finished());
    drop(lease);
    assert_eq!(joined(waiter), 0, "the same resource, handed over");
    assert_eq!(world.made(), 1);
    assert_sound(&pool);
}

#[test]
fn ten_waiters_are_served_first_in_first_out() {
    let world = World::new();
    let pool = world.pool(1);
    let lease = pool.get().expect("there is room");
    let (served, order) = channel();
    let waiters: Vec<_> = (0..10)
        .map(|number| {
            let served = served.clone();
            start_waiter(&pool, move |pool| {
                let lease = pool.get().expect("open");
                served.send(number).expect("the test listens");
                drop(lease);
            })
        })
        .collect();
    drop(lease);
    waiters.into_iter().for_each(joined);
    assert_eq!(order.try_iter().collect::<Vec<_>>(), (0..10).collect::<Vec<_>>());
    assert_sound(&pool);
}

#[test]
fn a_destroy_wakes_the_waiter_to_create() {
    let world = World::new();
    let pool = world.pool(1);
    let lease = pool.get().expect("there is room");
    let waiter = start_waiter(&pool, |pool| pool.get().expect("open").id);
    lease.discard();
    assert_eq!(joined(waiter), 1, "a new resource");
    assert_eq!((world.made(), world.live(), world.most(), world.freed()), (2, 1, 1, vec![0]));
    assert_sound(&pool);
}

/// A pool of two whose idle resources are stale after `ttl`.
fn ageing(world: &std::sync::Arc<World>, ttl: Duration) -> TestPool {
    Pool::new(world.config(2).cache_ttl(ttl).build().expect("the settings are valid"))
}

/// Makes two resources and gives both back.
fn make_two(pool: &TestPool) {
    drop((pool.get().expect("there is room"), pool.get().expect("there is room")));
    assert_eq!(pool.status().idle(), 2);
}

#[test]
fn idle_resources_are_cleaned_up_after_their_time() {
    let world = World::new();
    let pool = ageing(&world, Duration::from_nanos(1));
    make_two(&pool);
    wait_until("the clock has moved on and both are stale", || {
        pool.reap();
        pool.status().idle() == 0
    });
    assert_eq!(world.freed_sorted(), [0, 1]);
    assert_sound(&pool);

    let patient = ageing(&world, Duration::from_secs(3600));
    make_two(&patient);
    assert_eq!((patient.reap(), patient.status().idle()), (0, 2), "an hour has not passed");
}

#[test]
fn only_what_has_been_idle_for_its_time_is_cleaned_up() {
    const TTL: Duration = Duration::from_millis(200);
    // By how much the pool's clock may be behind.
    const STEP: Duration = Duration::from_millis(20);
    // If this thread is held up for a whole time to live the experiment says nothing, and is repeated.
    let start = Instant::now();
    while start.elapsed() < LIMIT {
        let world = World::new();
        let pool = ageing(&world, TTL);
        make_two(&pool);
        let stale_from = Instant::now() + TTL + STEP;
        wait_until("both are stale", || Instant::now() > stale_from);
        let used_again = Instant::now();
        drop(pool.get().expect("one is idle"));
        let freed = pool.reap();
        if used_again.elapsed() + STEP < TTL {
            assert_eq!(freed, 1, "the one that was used again stays");
            assert_eq!((pool.status().idle(), world.live()), (1, 1));
            return;
        }
    }
    panic!("this machine never let the thread run for a whole time to live");
}

#[test]
fn a_reaper_cleans_up_by_itself() {
    let world = World::new();
    let pool = ageing(&world, Duration::from_nanos(1));
    let reaper = Reaper::start(&pool, Duration::from_millis(1)).expect("the system has a thread left");
    make_two_or_fewer(&pool);
    wait_until("the reaper has freed all", || world.live() == 0);
    make_two_or_fewer(&pool);
    wait_until("the reaper is still there", || world.live() == 0);
    wait_until("the frees are over", || pool.status().out() == 0);
    drop(reaper);
    assert_sound(&pool);
}

/// As [`make_two`], while a reaper may be quicker.
fn make_two_or_fewer(pool: &TestPool) {
    drop((pool.get().expect("open"), pool.get().expect("open")));
}

#[test]
fn destroy_all_frees_what_is_idle_and_leaves_what_is_lent() {
    for stripes in [1, 3] {
        let world = World::new();
        let pool = world.striped(9, stripes);
        let mut leases: Vec<_> = (0..9).map(|_| pool.get().expect("there is room")).collect();
        let kept = leases.split_off(7);
        drop(leases);
        assert_eq!(pool.drain(), 7);
        assert_eq!(world.freed_sorted(), (0..7).collect::<Vec<_>>());
        assert_eq!((pool.status().idle(), pool.status().available(), pool.status().out()), (0, 7, 2));
        assert_eq!((pool.drain(), world.live()), (0, 2));
        drop(kept);
        assert_eq!((pool.drain(), world.live()), (2, 0));
        assert_sound(&pool);
    }
}

/// Where the calling thread's leases come from, seen from outside: the stripe that has one out more.
fn stripe_of_a_lease(pool: &TestPool) -> usize {
    let lease = pool.get().expect("there is room");
    let stripe = the_stripe(&pool.status(), |stripe| stripe.out == 1);
    drop(lease);
    stripe
}

#[test]
fn a_thread_keeps_to_its_stripe() {
    const STRIPES: usize = 4;
    let world = World::new();
    let pool = world.striped(8, 4);
    let mut homes = BTreeSet::new();
    let start_time = Instant::now();
    while homes.len() < STRIPES {
        assert!(start_time.elapsed() < LIMIT, "some stripe is nobody's home: {homes:?}");
        let home = start(&pool, |pool| {
            let home = stripe_of_a_lease(pool);
            let before = pool.status();
            for _ in 0..20 {
                assert_eq!(stripe_of_a_lease(pool), home, "the same stripe each time");
            }
            assert_eq!(pool.status(), before, "what came from a stripe went back there, and nothing new was made");
            home
        });
        homes.insert(joined(home));
    }
    assert_eq!(pool.status().idle(), 4, "one resource for each stripe: nobody used another's");
    assert_sound(&pool);
}

#[test]
fn a_resource_goes_back_where_it_came_from() {
    let world = World::new();
    let pool = world.striped(6, 3);
    // Two from home, then two from each other stripe: (id, stripe) in the order of the search.
    let leases: Vec<_> = (0..6).map(|_| located(&pool)).collect();
    let from: Vec<usize> = leases.iter().map(|(stripe, _)| *stripe).collect();
    let home = from[0];
    let turn = [home, home, (home + 1) % 3, (home + 1) % 3, (home + 2) % 3, (home + 2) % 3];
    assert_eq!(from, turn, "home first, then the others in turn");

    // Given back by another thread each, whose home may be any stripe.
    for (stripe, lease) in leases {
        let before = pool.status().stripes[stripe];
        joined(spawn(move || drop(lease)));
        let after = pool.status().stripes[stripe];
        assert_eq!((after.out, after.idle), (before.out - 1, before.idle + 1), "it went back to stripe {stripe}");
    }
    assert_at_rest(&pool.status());
    assert_eq!(world.made(), 6);
    assert_sound(&pool);
}
