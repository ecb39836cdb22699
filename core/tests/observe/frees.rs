//! Each resource that ends is told of once, on whatever path: what is told is what is gone outside.

use super::panics;
use super::polls::{begin, now};
use super::watcher::{Watcher, count};
use super::world::{Fault, Managed, Plain, World};
use core::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Does `work` on a new pool of two; then as many are gone, and told to be, as it should end.
#[track_caller]
fn assert_frees(what: &str, expected: u64, work: impl FnOnce(&Arc<World>, Managed)) {
    let (watcher, world) = (Watcher::new(), World::new());
    watcher.run(|| {
        let pool = world.managed(2);
        let kept_open = pool.clone();
        work(&world, pool);
        assert_eq!((count(&watcher.told(), "free"), world.gone()), (expected, expected), "{what}");
        world.mend();
        let all = (kept_open.try_get(), kept_open.try_get());
        assert!(kept_open.is_closed() || all.0.is_ok() && all.1.is_ok(), "{what}: a place is lost");
    });
}

/// The same, on a pool of its own creates.
#[track_caller]
fn assert_plain_frees(what: &str, expected: u64, work: impl FnOnce(&Arc<World>, &Plain)) {
    let (watcher, world) = (Watcher::new(), World::new());
    watcher.run(|| {
        let pool = world.plain(2);
        work(&world, &pool);
        assert_eq!((count(&watcher.told(), "free"), world.gone()), (expected, expected), "{what}");
        world.mend();
        let all = (pool.try_get(), pool.try_get());
        assert!(pool.is_closed() || all.0.is_ok() && all.1.is_ok(), "{what}: a place is lost");
    });
}

/// Reaps until something was stale: the clock moves in steps.
#[track_caller]
fn reap(reap: impl Fn() -> u32) {
    let start = Instant::now();
    while reap() == 0 {
        assert!(start.elapsed() < Duration::from_secs(20), "nothing becomes stale");
        std::thread::yield_now();
    }
}

#[test]
fn in_a_pool_of_its_own_creates() {
    assert_plain_frees("a drop", 0, |_, pool| drop(pool.get()));
    assert_plain_frees("a detach", 0, |_, pool| core::mem::forget(pool.get().map(striped_pool::Lease::detach)));
    assert_plain_frees("discards", 2, |_, pool| {
        pool.get().expect("room").discard();
        pool.get_owned().expect("room").discard();
    });
    assert_plain_frees("a free that panics", 1, |world, pool| {
        let lease = pool.get().expect("room");
        world.fault(Fault::FreePanics);
        assert!(panics(|| lease.discard()));
    });
    assert_plain_frees("a drain", 1, |_, pool| {
        drop(pool.get());
        pool.drain();
    });
    assert_plain_frees("a reap", 1, |_, pool| {
        drop(pool.get());
        reap(|| pool.reap());
    });
    assert_plain_frees("a close, then a drop", 2, |_, pool| {
        let (idle, lent) = (pool.get(), pool.get());
        drop(idle);
        pool.close();
        drop(lent);
    });
    assert_plain_frees("panics of holders", 2, |_, pool| {
        assert!(panics(|| pool.with(|_| panic!("the holder panics"))));
        assert!(panics(|| {
            let _lease = pool.get_owned();
            panic!("the holder panics")
        }));
    });
    assert_plain_frees("a create that panics", 0, |world, pool| {
        world.fault(Fault::CreatePanics);
        assert!(panics(|| pool.get()));
    });
}

#[test]
fn when_a_pool_shrinks_or_goes() {
    let (watcher, world) = (Watcher::new(), World::new());
    watcher.run(|| {
        let pool = world.plain(3);
        let (one, two, three) = (pool.get(), pool.get(), pool.get());
        drop(one);
        pool.resize(1).expect("open");
        assert_eq!(count(&watcher.told(), "free"), 1);
        drop(two);
        assert_eq!(count(&watcher.told(), "free"), 1);
        drop(three);
        drop(pool);
        assert_eq!((count(&watcher.told(), "free"), world.gone()), (1, 3));
        let pool = world.managed(3);
        let (one, two, three) = (pool.get(), pool.get(), pool.get_owned());
        drop(one);
        pool.resize(1).expect("open");
        assert_eq!(count(&watcher.told(), "free"), 1);
        drop(two);
        assert_eq!(count(&watcher.told(), "free"), 1);
        drop(pool);
        drop(three);
        assert_eq!((count(&watcher.told(), "free"), world.gone()), (1, 6));
    });
}

#[test]
fn when_a_lease_ends() {
    assert_frees("a drop", 0, |_, pool| drop(pool.get()));
    assert_frees("a detach", 0, |_, pool| core::mem::forget(pool.get().map(striped_pool::ManagedLease::detach)));
    for fault in [Fault::RecycleRefuses, Fault::RecyclePanics, Fault::ReturnIsRefused] {
        assert_frees("drops that are refused", 2, |world, pool| {
            let leases = (pool.get(), pool.get_owned());
            world.fault(fault);
            drop(leases);
        });
    }
    assert_frees("panics of holders", 2, |_, pool| {
        assert!(panics(|| {
            let _leases = (pool.get(), pool.get_owned());
            panic!("the holder panics")
        }));
    });
    assert_frees("discards", 2, |_, pool| {
        pool.get().expect("room").discard();
        pool.get_owned().expect("room").discard();
    });
    assert_frees("frees that panic", 2, |world, pool| {
        let (lease, other) = (pool.get().expect("room"), pool.get());
        world.fault(Fault::FreePanics);
        world.fault(Fault::RecycleRefuses);
        assert!(panics(|| lease.discard()));
        drop(other);
    });
    assert_frees("discards that are awaited", 2, |_, pool| {
        now(pool.get().expect("room").discard_async());
        now(pool.get_owned().expect("room").discard_async());
    });
    assert_frees("discards that are never awaited", 2, |_, pool| {
        drop(pool.get().expect("room").discard_async());
        drop(pool.get_owned().expect("room").discard_async());
    });
    assert_frees("a discard that is dropped half-way", 1, |world, pool| {
        world.fault(Fault::CloseHangs);
        begin(pin!(pool.get().expect("room").discard_async()));
    });
}

#[test]
fn when_a_get_ends_one() {
    for is_async in [false, true] {
        let get = |pool: &Managed| if is_async { now(pool.get_async()).map(drop) } else { pool.get().map(drop) };
        for (fault, frees) in [(Fault::CheckRefuses, 1), (Fault::LendIsRefused, 2)] {
            // What takes the place of an idle one that the hook refuses is refused too.
            assert_frees("an idle one that is refused", frees, |world, pool| {
                get(&pool).expect("room");
                world.fault(fault);
                assert_eq!(get(&pool).is_err(), frees == 2);
            });
        }
        assert_frees("a check that panics", 1, |world, pool| {
            get(&pool).expect("room");
            world.fault(Fault::CheckPanics);
            assert!(panics(|| get(&pool)));
        });
        assert_frees("a free that panics in a get", 1, |world, pool| {
            get(&pool).expect("room");
            world.fault(Fault::CheckRefuses);
            world.fault(Fault::FreePanics);
            assert!(panics(|| get(&pool)));
        });
        for fault in [Fault::AfterCreateFails, Fault::LendIsRefused] {
            assert_frees("a new one that is refused", 1, |world, pool| {
                world.fault(fault);
                assert!(get(&pool).is_err());
            });
        }
        assert_frees("a hook after the create that panics", 1, |world, pool| {
            world.fault(Fault::AfterCreatePanics);
            assert!(panics(|| get(&pool)));
        });
        assert_frees("a create that panics", 0, |world, pool| {
            world.fault(Fault::CreatePanics);
            assert!(panics(|| get(&pool)));
        });
    }
    assert_frees("a get that is dropped in the check, and in the close", 2, |world, pool| {
        drop(pool.get());
        world.fault(Fault::CheckHangs);
        begin(pin!(pool.get_async()));
        world.mend();
        drop(pool.get());
        world.fault(Fault::CheckRefuses);
        world.fault(Fault::CloseHangs);
        begin(pin!(pool.get_async()));
    });
}

#[test]
fn when_the_pool_ends_some() {
    let with_idle = |pool: &Managed| drop((pool.get(), pool.get()));
    assert_frees("a drain", 2, |_, pool| {
        with_idle(&pool);
        pool.drain();
    });
    assert_frees("a drain that is awaited", 2, |_, pool| {
        with_idle(&pool);
        assert_eq!(now(pool.drain_async()), 2);
    });
    assert_frees("a drain that is dropped half-way", 1, |world, pool| {
        with_idle(&pool);
        world.fault(Fault::CloseHangs);
        begin(pin!(pool.drain_async()));
    });
    assert_frees("a reap", 2, |_, pool| {
        with_idle(&pool);
        let start = Instant::now();
        let mut reaped = 0;
        while reaped < 2 {
            assert!(start.elapsed() < Duration::from_secs(20), "nothing becomes stale");
            reaped += pool.reap();
        }
    });
    assert_frees("a close, then drops", 2, |_, pool| {
        let (idle, lent) = (pool.get(), pool.get());
        drop(idle);
        pool.close();
        drop(lent);
    });
    assert_frees("a close that is awaited, then drops", 2, |_, pool| {
        let (idle, lent) = (pool.get(), pool.get());
        drop(idle);
        assert_eq!(now(pool.close_async()), 1);
        drop(lent);
    });
}
