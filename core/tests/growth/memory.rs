//! What a stripe occupies, and what a round trip allocates.

use crate::alone;
use crate::heap::{allocations, growth, live_bytes};
use crate::threads::{joined, start_waiter};
use core::time::Duration;
use std::sync::mpsc::sync_channel;
use std::thread::spawn;
use std::time::Instant;
use striped_pool::{Acquired, LocalPool, Pool, PoolConfig, Unavailable};

const THREADS: u32 = 8;
const TIMEOUTS: u32 = 10_000_000;

/// Bytes by which the process may be larger after the timeouts than before: a few nodes that threads recycle.
const SLACK: i64 = 16 * 1024;

fn pool() -> Pool<u32, ()> {
    Pool::new(PoolConfig::builder(1, || Ok(7)).build().expect("the settings are valid"))
}

/// `THREADS` threads that together give up `timeouts` waits; returns when they have ended.
fn time_out(pool: &Pool<u32, ()>, timeouts: u32) {
    let threads: Vec<_> = (0..THREADS)
        .map(|_| {
            let pool = pool.clone();
            spawn(move || {
                for _ in 0..timeouts / THREADS {
                    assert!(pool.get_timeout(Duration::ZERO).is_err_and(|error| error.is_timeout()));
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().expect("the thread does not panic"));
}

#[test]
fn ten_million_timeouts_behind_a_patient_waiter_leave_nothing() {
    let _alone = alone();
    let pool = pool();
    let lease = pool.get().expect("room");
    let patient = start_waiter(&pool, |pool| pool.get().map(|lease| *lease));
    time_out(&pool, THREADS);
    let before = live_bytes();
    let start = Instant::now();
    time_out(&pool, TIMEOUTS);
    let grown = live_bytes() - before;
    println!("{TIMEOUTS} timeouts from {THREADS} threads: {grown} bytes more, {:?}", start.elapsed());
    assert!(grown <= SLACK, "{TIMEOUTS} waits that were given up left {grown} bytes");
    assert_eq!((pool.status().waiting(), pool.status().out()), (1, 1), "the patient one is still there");
    drop(lease);
    assert_eq!(joined(patient), Ok(7), "and is served");
}

#[test]
fn dropped_takes_behind_a_patient_one_leave_nothing() {
    let _alone = alone();
    let pool = LocalPool::new(1, drop::<u32>);
    let Ok(Acquired::Permit(permit)) = pool.try_acquire() else { panic!("there is room") };
    let patient = pool.enqueue();
    let give_up = |times: u32| (0..times).for_each(|_| drop(pool.enqueue()));
    give_up(100);
    let grown = growth(|| give_up(1_000_000));
    assert_eq!((grown, pool.status().waiting), (0, 1), "takes that were given up left {grown} bytes");
    drop(permit.fulfil(7));
    let Ok(Acquired::Lease(lease)) = patient.wait() else { panic!("it was handed over") };
    drop(lease);
    assert_eq!(pool.try_acquire().map(|_| ()), Ok::<_, Unavailable>(()));
}

#[test]
fn resources_that_come_and_go_leave_nothing() {
    let _alone = alone();
    let pool = pool();
    let turn = |times: u32| {
        for _ in 0..times {
            pool.get().expect("room").discard();
            drop(pool.get().expect("room"));
            pool.drain();
            assert_eq!(pool.get_owned().expect("room").detach(), 7);
        }
    };
    turn(100);
    assert_eq!(growth(|| turn(200_000)), 0);
}

#[test]
fn a_pool_that_is_gone_leaves_nothing() {
    let _alone = alone();
    let live = |idle: u32| {
        let pool = Pool::new(PoolConfig::builder(idle, || Ok::<_, ()>([0_u8; 100])).build().expect("valid"));
        let leases: Vec<_> = (0..idle).map(|_| pool.get().expect("room")).collect();
        drop(leases);
    };
    live(10);
    assert!(growth(|| live(10_000)) <= SLACK, "the thread's list of spare nodes may have been filled, and that is all");
}

#[test]
fn a_thread_keeps_the_memory_of_one_tree_of_idle_entries_until_its_next_transition() {
    /// Of one idle entry in a tree.
    const ENTRY: i64 = 64;
    const IDLE: u32 = 10_000;
    const POOLS: u32 = 5;
    let _alone = alone();
    let other = pool();
    drop(other.get());
    let (asked, answered) = (sync_channel::<Option<Pool<u32, ()>>>(0), sync_channel(0));
    let (ask, answer) = (asked.0, answered.1);
    let visitor = spawn(move || {
        for pool in asked.1 {
            drop(pool.as_ref().unwrap_or(&other).get());
            drop(pool);
            // Adds what this thread has freed.
            live_bytes();
            answered.0.send(()).expect("somebody listens");
        }
    });
    let visit = |pool| {
        ask.send(pool).expect("the visitor lives");
        answer.recv().expect("the visitor lives");
    };
    let live = || {
        for _ in 0..POOLS {
            let pool = Pool::new(PoolConfig::builder(IDLE, || Ok::<_, ()>(7)).build().expect("valid"));
            let leases: Vec<_> = (0..IDLE).map(|_| pool.get().expect("room")).collect();
            drop(leases);
            visit(Some(pool.clone()));
        }
    };
    visit(None);
    let before = live_bytes();
    live();
    let kept = live_bytes() - before;
    assert!(kept > i64::from(IDLE) * ENTRY / 2, "a tree is kept: {kept} bytes");
    assert!(kept <= i64::from(IDLE) * ENTRY + SLACK, "and one only: {kept} bytes");
    visit(None);
    let left = live_bytes() - before;
    assert!(left <= SLACK, "and let go by the next transition: {left} bytes are left");
    drop(ask);
    visitor.join().expect("the visitor does not panic");
}

#[test]
fn a_round_trip_allocates_nothing() {
    let _alone = alone();
    for idle in [1, 8, 100] {
        let pool = Pool::new(PoolConfig::builder(idle, || Ok::<_, ()>(7)).build().expect("valid"));
        let leases: Vec<_> = (0..idle).map(|_| pool.get().expect("room")).collect();
        drop(leases);
        let round_trips = |times: u32| {
            for _ in 0..times {
                drop(pool.get().expect("one is idle"));
            }
        };
        round_trips(100);
        assert_eq!(allocations(|| round_trips(10_000)), 0, "with {idle} idle");
    }
}

#[test]
fn the_other_kinds_of_round_trip_allocate_nothing() {
    let _alone = alone();
    let ttl = Duration::from_secs(3600);
    let config = PoolConfig::builder(3, || Ok::<_, ()>(7)).stripes(3).cache_ttl(ttl).build().expect("valid");
    let pool = Pool::new(config);
    let kinds: [(&str, &dyn Fn()); 6] = [
        ("get_owned", &|| drop(pool.get_owned())),
        ("get_timeout", &|| drop(pool.get_timeout(Duration::MAX))),
        ("try_get", &|| drop(pool.try_get())),
        ("with", &|| assert_eq!(pool.with(|value| *value), Ok(7))),
        ("from another stripe", &|| drop((pool.get(), pool.get()))),
        ("refused", &|| {
            let all = (pool.try_get(), pool.try_get(), pool.try_get());
            assert!(pool.try_get().is_err());
            drop(all);
        }),
    ];
    for (name, kind) in kinds {
        let repeat = |times: u32| (0..times).for_each(|_| kind());
        repeat(100);
        assert_eq!(allocations(|| repeat(10_000)), 0, "{name}");
    }
}
