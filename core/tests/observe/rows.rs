//! One test for each row.

use super::polls::{begin, now};
use super::watcher::{Told, Watcher};
use super::world::{Fault, World};
use core::future::ready;
use core::pin::pin;
use std::time::{Duration, Instant};
use striped_pool::{PoolStatus, WaitedFor};

#[track_caller]
fn assert_told(watcher: &Watcher, expected: &[(&str, u64)]) {
    let expected: Told = expected.iter().map(|(line, count)| (String::from(*line), *count)).collect();
    assert_eq!(watcher.told(), expected);
}

/// Waits until somebody stands in line; panics after a while that is longer than anything that does not hang.
#[track_caller]
fn await_waiter(status: impl Fn() -> PoolStatus) {
    let start = Instant::now();
    while status().waiting() == 0 {
        assert!(start.elapsed() < Duration::from_secs(20), "nobody waits");
        std::thread::yield_now();
    }
}

#[test]
fn a_new_one_then_an_idle_one() {
    let (watcher, world) = (Watcher::new(), World::new());
    let expected = [("create", 2), ("acquire how=created", 2), ("acquire how=idle", 3)];
    watcher.run(|| {
        let pool = world.plain(2);
        let both = (pool.get().expect("room"), now(pool.get_async()).expect("room"));
        drop(both);
        drop((pool.try_get().expect("idle"), pool.get_owned().expect("idle")));
        drop(now(pool.get_owned_async()).expect("idle"));
        assert_told(&watcher, &expected);

        let pool = world.managed(2);
        let both = (pool.get().expect("room"), now(pool.get_async()).expect("room"));
        drop(both);
        drop((pool.try_get().expect("idle"), pool.get_owned().expect("idle")));
        drop(now(pool.get_owned_async()).expect("idle"));
    });
    // Both pools go at the end, with two idle resources each.
    let others = [("validate outcome=kept", 3), ("recycle outcome=kept", 5), ("free", 4)];
    assert_told(&watcher, &[expected, others].concat());
}

#[test]
fn a_hand_over_to_a_thread() {
    let (watcher, world) = (Watcher::new(), World::new());
    let pool = world.plain(1);
    let lease = pool.get().expect("room");
    std::thread::scope(|scope| {
        scope.spawn(|| watcher.run(|| drop(pool.get().expect("its turn"))));
        await_waiter(|| pool.status());
        drop(lease);
    });
    assert_told(&watcher, &HANDED);

    let pool = world.managed(1);
    let lease = pool.get().expect("room");
    std::thread::scope(|scope| {
        scope.spawn(|| watcher.run(|| drop(pool.get().expect("its turn"))));
        await_waiter(|| pool.status());
        drop(lease);
    });
    let checks = [("validate outcome=kept", 1), ("recycle outcome=kept", 1)];
    assert_told(&watcher, &[HANDED, checks].concat());
}

const HANDED: [(&str, u64); 2] = [("hand_off", 1), ("acquire how=handed_over", 1)];

#[test]
fn a_hand_over_to_a_task() {
    let (watcher, world) = (Watcher::new(), World::new());
    let pool = world.plain(1);
    let lease = pool.get().expect("room");
    watcher.run(|| {
        let mut get = pin!(pool.get_async());
        begin(get.as_mut());
        drop(lease);
        drop(now(get).expect("its turn"));
    });
    assert_told(&watcher, &HANDED);

    let pool = world.managed(1);
    let lease = pool.get().expect("room");
    watcher.run(|| {
        let mut get = pin!(pool.get_async());
        begin(get.as_mut());
        drop(lease);
        drop(now(get).expect("its turn"));
    });
    let checks = [("validate outcome=kept", 1), ("recycle outcome=kept", 2)];
    assert_told(&watcher, &[HANDED, checks].concat());
}

#[test]
fn a_create_that_fails() {
    let (watcher, world) = (Watcher::new(), World::new());
    world.fault(Fault::CreateFails);
    watcher.run(|| {
        let pool = world.plain(1);
        assert!(pool.get().is_err() && now(pool.get_async()).is_err());
        let pool = world.managed(1);
        assert!(pool.get().is_err() && now(pool.get_async()).is_err());
    });
    assert_told(&watcher, &[("create_failure", 4)]);
}

#[test]
fn a_new_one_that_a_hook_refuses() {
    for fault in [Fault::AfterCreateFails, Fault::LendIsRefused] {
        let (watcher, world) = (Watcher::new(), World::new());
        world.fault(fault);
        watcher.run(|| {
            let pool = world.managed(1);
            assert!(pool.get().is_err() && now(pool.get_async()).is_err());
        });
        assert_told(&watcher, &[("create_failure", 2), ("free", 2)]);
    }
}

#[test]
fn one_that_the_check_refuses() {
    for is_async in [false, true] {
        let (watcher, world) = (Watcher::new(), World::new());
        let pool = world.managed(1);
        let get = || if is_async { now(pool.get_async()) } else { pool.get() };
        drop(get().expect("room"));
        world.fault(Fault::CheckRefuses);
        watcher.run(|| drop(get().expect("another")));
        let expected = ["validate outcome=refused", "free", "create", "acquire how=created", "recycle outcome=kept"];
        assert_told(&watcher, &expected.map(|line| (line, 1)));
    }
}

#[test]
fn one_that_is_refused_when_it_comes_back() {
    for fault in [Fault::RecycleRefuses, Fault::RecyclePanics, Fault::ReturnIsRefused] {
        let (watcher, world) = (Watcher::new(), World::new());
        let pool = world.managed(2);
        let (lease, owned) = (pool.get().expect("room"), pool.get_owned().expect("room"));
        world.fault(fault);
        watcher.run(|| {
            drop(lease);
            drop(owned);
        });
        assert_told(&watcher, &[("recycle outcome=refused", 2), ("free", 2)]);
    }
}

#[test]
fn a_wait_in_line_that_takes_too_long() {
    let (watcher, world) = (Watcher::new(), World::new());
    let pool = world.plain(1);
    let lease = pool.get().expect("room");
    watcher.run(|| {
        let errors = [
            pool.get_timeout(Duration::ZERO).map(drop).expect_err("lent"),
            pool.get_owned_timeout(Duration::ZERO).map(drop).expect_err("lent"),
            now(pool.get_async_until(ready(()))).map(drop).expect_err("lent"),
            now(pool.get_owned_async_until(ready(()))).map(drop).expect_err("lent"),
        ];
        assert!(errors.iter().all(|error| error.timeout().is_some_and(|late| late.waited_for == WaitedFor::Resource)));
        assert!(pool.try_get().is_err());
    });
    drop(lease);
    assert_told(&watcher, &[("timeout waited_for=resource", 4)]);

    let pool = world.managed(1);
    let lease = pool.get().expect("room");
    watcher.run(|| {
        assert!(pool.get_timeout(Duration::ZERO).is_err() && pool.get_owned_timeout(Duration::ZERO).is_err());
        assert!(now(pool.get_async_until(ready(()))).is_err() && now(pool.get_owned_async_until(ready(()))).is_err());
        assert!(pool.try_get().is_err() && now(pool.try_get_async()).is_err());
    });
    drop(lease);
    assert_told(&watcher, &[("timeout waited_for=resource", 4)]);
}

#[test]
fn a_create_or_a_check_that_takes_too_long() {
    let (watcher, world) = (Watcher::new(), World::new());
    let pool = world.managed(1);
    world.fault(Fault::CreateHangs);
    watcher.run(|| assert!(now(pool.get_async_until(ready(()))).is_err()));
    assert_told(&watcher, &[("timeout waited_for=create", 1)]);

    world.mend();
    drop(pool.get().expect("room"));
    world.fault(Fault::CheckHangs);
    watcher.run(|| assert!(now(pool.get_async_until(ready(()))).is_err()));
    assert_told(&watcher, &[("timeout waited_for=recycle", 1), ("free", 1)]);

    world.mend();
    drop(pool.get().expect("room"));
    world.fault(Fault::CheckRefuses);
    world.fault(Fault::CloseHangs);
    watcher.run(|| assert!(now(pool.get_async_until(ready(()))).is_err()));
    let refused = ("validate outcome=refused", 1);
    assert_told(&watcher, &[refused, ("timeout waited_for=recycle", 1), ("free", 1)]);

    drop(pool.get().expect("room"));
    watcher.run(|| assert!(pool.get_timeout(Duration::ZERO).is_err()));
    assert_told(&watcher, &[refused, ("timeout waited_for=recycle", 1), ("free", 1)]);
}
