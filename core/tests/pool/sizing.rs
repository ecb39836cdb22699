//! Stripes and their capacities, status, resize, drain and reap.

use crate::threads::{LIMIT, joined, start, start_waiter, wait_until};
use crate::world::{Refused, Resource, World, assert_at_rest, assert_sound, located};
use core::time::Duration;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::spawn;
use std::time::Instant;
use striped_pool::{LocalPool, Pool, PoolConfig, PoolStatus, Reaper, ResizeError};

fn capacities(status: &PoolStatus) -> Vec<u32> {
    status.stripes.iter().map(|stripe| stripe.capacity).collect()
}

/// INV of a pool's layout: as many stripes as asked for, none empty, all alike but for one, and nothing over.
#[track_caller]
fn assert_shared(status: &PoolStatus, max_resources: u32, stripes: usize) {
    let capacities = capacities(status);
    let (least, most) = (capacities.iter().min().expect("a stripe"), capacities.iter().max().expect("a stripe"));
    assert_eq!(capacities.len(), stripes);
    assert_eq!(capacities.iter().map(|capacity| u64::from(*capacity)).sum::<u64>(), u64::from(max_resources));
    assert!(*least >= 1 && most - least <= 1, "{capacities:?}");
    assert_eq!(status.max_resources(), max_resources);
}

#[test]
fn capacities_differ_by_at_most_one_and_add_up() {
    for stripes in 1..=9 {
        for max_resources in stripes..40 {
            let pool = World::new().striped(max_resources, stripes);
            let wanted = stripes.try_into().expect("small");
            assert_shared(&pool.status(), max_resources, wanted);
            for resized in stripes..stripes + 12 {
                pool.resize(resized).expect("as many as stripes");
                assert_shared(&pool.status(), resized, wanted);
                assert_at_rest(&pool.status());
            }
        }
    }
    assert_eq!(capacities(&World::new().striped(7, 3).status()), [3, 2, 2]);
}

#[test]
fn the_largest_pool_adds_up() {
    let pool = World::new().striped(u32::MAX, 3);
    assert_shared(&pool.status(), u32::MAX, 3);
    drop(pool.get().expect("room"));
    assert_eq!((pool.status().available(), pool.status().idle()), (u32::MAX - 1, 1));
    pool.resize(3).expect("as many as stripes");
    assert_sound(&pool);
    pool.resize(u32::MAX).expect("open");
    assert_at_rest(&pool.status());
}

#[test]
fn status_tells_every_stripe_and_the_sums() {
    let world = World::new();
    let config = world.config(5).stripes(2).label("demo").build().expect("valid");
    let pool = Pool::new(config);
    let mut leases: Vec<_> = (0..5).map(|_| located(&pool)).collect();
    let waiter = start_waiter(&pool, |pool| pool.get().map(|lease| lease.id));
    let stripe_of_waiter = pool.status().stripes.iter().position(|stripe| stripe.waiting == 1).expect("one waits");
    let index = leases.iter().position(|(stripe, _)| *stripe != stripe_of_waiter).expect("both stripes lend");
    let (other, lease) = leases.remove(index);
    drop(lease);

    let status = pool.status();
    assert_eq!((status.label.as_str(), capacities(&status)), ("demo", vec![3, 2]));
    let stripe = status.stripes[other];
    assert_eq!((stripe.available, stripe.idle, stripe.out), (0, 1, stripe.capacity - 1));
    assert_eq!((stripe.waiting, stripe.freeing, stripe.owed, stripe.is_closed), (0, 0, 0, false));
    let stripe = status.stripes[stripe_of_waiter];
    assert_eq!((stripe.available, stripe.idle, stripe.out), (0, 0, stripe.capacity));
    assert_eq!((stripe.waiting, stripe.freeing, stripe.owed, stripe.is_closed), (1, 0, 0, false));
    assert_eq!((status.max_resources(), status.available(), status.idle()), (5, 0, 1));
    assert_eq!((status.out(), status.waiting(), status.is_closed()), (4, 1, false));

    drop(leases);
    joined(waiter).expect("served");
    pool.close();
    let closed = pool.status();
    assert!(closed.is_closed() && closed.stripes.iter().all(|stripe| stripe.is_closed));
    assert_ne!(closed, status);
    assert_eq!((status.waiting(), status.idle()), (1, 1), "a status is what was seen, and does not change");
}

/// A pool of counted resources whose free waits, each time, for a message.
struct Gated {
    pool: Pool<Resource, Refused>,
    begun: Receiver<()>,
    go: Sender<()>,
}

fn gated(world: &Arc<World>, max_resources: u32) -> Gated {
    let (maker, ender) = (Arc::clone(world), Arc::clone(world));
    let (begin, begun) = channel();
    let (go, gone) = channel();
    let gone = Mutex::new(gone);
    let free = move |resource| {
        begin.send(()).expect("the test listens");
        gone.lock().expect("not poisoned").recv_timeout(LIMIT).expect("the test says when");
        ender.end(resource);
    };
    let config = PoolConfig::builder(max_resources, move || Ok(maker.make())).free(free);
    Gated { pool: Pool::new(config.build().expect("the settings are valid")), begun, go }
}

#[test]
fn what_is_being_freed_is_out_until_it_is_gone() {
    let world = World::new();
    let Gated { pool, begun, go } = gated(&world, 1);
    let lease = pool.get_owned().expect("room");
    let discarder = spawn(move || lease.discard());
    begun.recv().expect("the free begins");
    let stripe = pool.status().stripes[0];
    assert_eq!((stripe.out, stripe.freeing, stripe.available), (1, 1, 0));
    assert!(pool.try_get().is_err_and(|error| error.is_exhausted()), "the old one still exists");
    let waiter = start_waiter(&pool, |pool| pool.get().map(|lease| lease.id));
    go.send(()).expect("the free waits");
    joined(discarder);
    assert_eq!((joined(waiter), world.most()), (Ok(1), 1), "never two at once");
    assert_sound(&pool);
    go.send(()).expect("the pool is there");
}

#[test]
fn each_place_is_free_as_soon_as_its_own_free_is_over() {
    let world = World::new();
    let Gated { pool, begun, go } = gated(&world, 2);
    drop((pool.get().expect("room"), pool.get().expect("room")));
    let drainer = start(&pool, Pool::drain);
    begun.recv().expect("the first free begins");
    let waiter = start_waiter(&pool, |pool| pool.get().map(|lease| lease.id));
    go.send(()).expect("the first free waits");
    begun.recv().expect("the second free begins");
    assert_eq!(joined(waiter), Ok(2), "served while the second free still waits");
    assert_eq!((pool.status().stripes[0].freeing, pool.status().idle()), (1, 1));
    go.send(()).expect("the second free waits");
    assert_eq!((joined(drainer), world.most()), (2, 2));
    assert_sound(&pool);
    (0..2).for_each(|_| go.send(()).expect("the pool is there"));
}

#[test]
fn growing_gives_the_new_room_to_those_who_wait() {
    let world = World::new();
    let pool = world.pool(1);
    let lease = pool.get().expect("room");
    let waiters: Vec<_> = (0..3)
        .map(|_| {
            start_waiter(&pool, |pool| {
                let lease = pool.get_owned().expect("open");
                (lease.id, lease)
            })
        })
        .collect();
    pool.resize(3).expect("open");
    wait_until("two are served", || waiters.iter().filter(|waiter| waiter.is_finished()).count() == 2);
    assert_eq!((pool.status().waiting(), pool.status().out(), world.made()), (1, 3, 3));
    pool.resize(5).expect("open");
    let served: Vec<_> = waiters.into_iter().map(joined).collect();
    assert_eq!((world.made(), world.live(), pool.status().available()), (4, 4, 1));
    drop((lease, served));
    assert_sound(&pool);
}

#[test]
fn shrinking_takes_unused_room_first() {
    let world = World::new();
    let pool = world.pool(5);
    drop((pool.get().expect("room"), pool.get().expect("room")));
    pool.resize(2).expect("open");
    assert_eq!((pool.status().idle(), pool.status().available(), world.freed()), (2, 0, vec![]));
    assert_sound(&pool);
    assert_eq!(world.made(), 2);
}

#[test]
fn shrinking_frees_idle_resources_at_once_oldest_first() {
    let world = World::new();
    let pool = world.pool(5);
    let leases: Vec<_> = (0..4).map(|_| pool.get().expect("room")).collect();
    drop(leases);
    pool.resize(2).expect("open");
    assert_eq!((world.freed_sorted(), pool.status().idle()), (vec![0, 1], 2));
    assert_sound(&pool);
}

#[test]
fn shrinking_frees_lent_resources_as_they_come_back() {
    let world = World::new();
    let pool = world.pool(4);
    let mut leases: Vec<_> = (0..4).map(|_| pool.get().expect("room")).collect();
    pool.resize(2).expect("open");
    let stripe = pool.status().stripes[0];
    assert_eq!((stripe.capacity, stripe.owed, stripe.out, world.live()), (2, 2, 4, 4));
    drop(leases.remove(0));
    assert_eq!((pool.status().stripes[0].owed, world.freed()), (1, vec![0]));
    leases.remove(0).discard();
    assert_eq!((pool.status().stripes[0].owed, world.freed()), (0, vec![0, 1]));
    assert!(pool.try_get().is_err_and(|error| error.is_exhausted()), "two are lent, two are allowed");
    drop(leases);
    assert_eq!((pool.status().idle(), world.live()), (2, 2), "these are kept");
    assert_sound(&pool);
}

#[test]
fn growing_again_forgives_what_is_owed() {
    let world = World::new();
    let pool = world.pool(4);
    let leases: Vec<_> = (0..4).map(|_| pool.get().expect("room")).collect();
    for max_resources in [1, 4, 2, 6, 3, 4] {
        pool.resize(max_resources).expect("open");
    }
    assert_eq!((pool.status().stripes[0].owed, pool.status().available()), (0, 0));
    drop(leases);
    assert_eq!((pool.status().idle(), world.freed()), (4, vec![]));
    assert_sound(&pool);
}

#[test]
fn a_shrink_reaches_every_stripe() {
    let world = World::new();
    let pool = world.striped(9, 3);
    let leases: Vec<_> = (0..9).map(|_| pool.get().expect("room")).collect();
    drop(leases);
    pool.resize(4).expect("open");
    assert_eq!((capacities(&pool.status()), world.live()), (vec![2, 1, 1], 4));
    assert_sound(&pool);
}

#[test]
fn a_size_below_the_number_of_stripes_is_an_error_and_changes_nothing() {
    let world = World::new();
    let pool = world.striped(6, 3);
    for max_resources in [0, 1, 2] {
        assert_eq!(pool.resize(max_resources), Err(ResizeError::FewerThanStripes { stripes: 3, max_resources }));
    }
    assert_eq!(capacities(&pool.status()), [2, 2, 2]);
    assert_eq!(pool.resize(3), Ok(()));
    assert_sound(&pool);
    assert_eq!(pool.config().max_resources(), 6, "the configuration keeps the size it started with");
}

#[test]
fn a_closed_pool_cannot_be_resized() {
    let pool = World::new().striped(4, 2);
    pool.close();
    assert_eq!(pool.resize(8), Err(ResizeError::Closed));
    assert_eq!(pool.status().max_resources(), 4);
    assert!(matches!(pool.resize(1), Err(ResizeError::FewerThanStripes { .. })), "wrong either way");
}

#[test]
fn without_a_time_to_live_nothing_is_stale() {
    let world = World::new();
    let pool = world.striped(4, 2);
    let leases: Vec<_> = (0..4).map(|_| pool.get().expect("room")).collect();
    drop(leases);
    assert_eq!((pool.reap(), pool.status().idle()), (0, 4));
    let local = LocalPool::new(1, drop::<u32>);
    assert_eq!(local.reap(), 0);
}

#[test]
fn reap_and_drain_count_what_they_freed_on_all_stripes() {
    let world = World::new();
    let pool = Pool::new(world.config(6).stripes(3).cache_ttl(Duration::from_nanos(1)).build().expect("valid"));
    let make = || drop((0..6).map(|_| pool.get().expect("room")).collect::<Vec<_>>());
    make();
    let mut reaped = 0;
    let start = Instant::now();
    while reaped < 6 && start.elapsed() < LIMIT {
        reaped += pool.reap();
    }
    assert_eq!((reaped, world.live()), (6, 0));
    make();
    assert_eq!((pool.drain(), pool.drain(), world.live()), (6, 0, 0));
    assert_sound(&pool);
}

#[test]
fn the_longest_time_to_live_frees_nothing() {
    let world = World::new();
    let pool = Pool::new(world.config(1).cache_ttl(Duration::from_nanos(u64::MAX)).build().expect("valid"));
    drop(pool.get().expect("room"));
    assert_eq!((pool.reap(), pool.status().idle()), (0, 1));
}

#[test]
fn a_reaper_needs_an_interval() {
    let pool = World::new().pool(1);
    let refused = Reaper::start(&pool, Duration::ZERO).expect_err("no interval");
    assert_eq!(refused.kind(), std::io::ErrorKind::InvalidInput);
    assert!(format!("{:?}", Reaper::start(&pool, Duration::MAX).expect("a thread")).contains("Reaper"));
}

#[test]
fn a_reaper_does_not_keep_the_pool_open_and_ends_with_it() {
    let world = World::new();
    let pool = world.pool(1);
    let reaper = Reaper::start(&pool, Duration::from_millis(1)).expect("a thread");
    drop(pool.get().expect("room"));
    drop(pool);
    assert_eq!(world.live(), 0, "closed, although the reaper runs");
    wait_until("the reaper has let go of the pool", || Arc::strong_count(&world) == 1);
    drop(reaper);
}

#[test]
fn a_dropped_reaper_ends_although_its_interval_is_long() {
    let world = World::new();
    let pool = Pool::new(world.config(1).cache_ttl(Duration::from_nanos(1)).build().expect("valid"));
    let reaper = Reaper::start(&pool, Duration::from_secs(3600)).expect("a thread");
    drop(reaper);
    drop(pool);
    wait_until("the reaper has let go of the pool", || Arc::strong_count(&world) == 1);
}
