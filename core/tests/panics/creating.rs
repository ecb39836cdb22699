//! A panic in create: it is its caller's, and the permit is the next waiter's.

use crate::threads::{joined, start, start_waiter};
use crate::world::{Refused, TestPool, World, assert_at_rest, assert_sound};
use crate::{OnDrop, Oops, caught, oops, oops_of};
use core::time::Duration;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use striped_pool::{Acquired, LocalPool, Pool, PoolConfig};

/// A pool of one whose first `panics` creates panic with their number, each after `before`.
fn panicking(world: &Arc<World>, panics: u32, before: impl Fn(u32) + Send + Sync + 'static) -> TestPool {
    let (maker, ender, calls) = (Arc::clone(world), Arc::clone(world), AtomicU32::new(0));
    let create = move || {
        let call = calls.fetch_add(1, Ordering::SeqCst);
        before(call);
        if call < panics { oops(call) } else { Ok::<_, Refused>(maker.make()) }
    };
    let config = PoolConfig::builder(1, create).free(move |resource| ender.end(resource));
    Pool::new(config.build().expect("the settings are valid"))
}

#[test]
fn a_panic_in_create_is_its_callers_and_frees_the_room() {
    let world = World::new();
    let pool = panicking(&world, 9, |_| ());
    let calls: [&dyn Fn(); 9] = [
        &|| drop(pool.get()),
        &|| drop(pool.get_owned()),
        &|| drop(pool.get_timeout(Duration::ZERO)),
        &|| drop(pool.get_owned_timeout(Duration::MAX)),
        &|| drop(pool.try_get()),
        &|| drop(pool.try_get_owned()),
        &|| assert!(pool.with(|_| ()).is_ok()),
        &|| assert!(pool.with_timeout(Duration::ZERO, |_| ()).is_ok()),
        &|| assert!(pool.try_with(|_| ()).is_ok()),
    ];
    for (number, call) in (0..).zip(calls) {
        assert_eq!(oops_of(call), Oops(number));
        assert_at_rest(&pool.status());
    }
    assert_sound(&pool);
    assert_eq!(world.made(), 1);
}

#[test]
fn the_permit_of_a_panicking_create_goes_to_the_next_waiter() {
    let world = World::new();
    let (gate, go) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    let (begun, told) = (Arc::clone(&gate), Arc::clone(&go));
    // The first create waits until others are queued behind it.
    let pool = panicking(&world, 2, move |call| {
        if call == 0 {
            begun.wait();
            told.wait();
        }
    });
    let get = |pool: &TestPool| {
        let got = catch_unwind(AssertUnwindSafe(|| pool.get().map(|lease| lease.id)));
        got.map_err(|panic| panic.downcast_ref::<Oops>().copied())
    };
    let first = start(&pool, get);
    gate.wait();
    let (second, third) = (start_waiter(&pool, get), start_waiter(&pool, get));
    go.wait();
    assert_eq!(joined(first), Err(Some(Oops(0))));
    assert_eq!(joined(second), Err(Some(Oops(1))));
    assert_eq!(joined(third), Ok(Ok(0)), "two panics later");
    assert_sound(&pool);
}

#[test]
fn a_panic_in_create_after_the_close_loses_nothing() {
    let world = World::new();
    let later: Arc<Mutex<Option<TestPool>>> = Arc::default();
    let itself = Arc::clone(&later);
    let pool = panicking(&world, 1, move |_| {
        let pool = itself.lock().expect("not poisoned").take();
        pool.expect("the first call").close();
    });
    *later.lock().expect("not poisoned") = Some(pool.clone());
    assert_eq!(oops_of(|| pool.get().map(drop)), Oops(0));
    assert!(pool.is_closed());
    assert_at_rest(&pool.status());
}

#[test]
fn a_create_that_panics_while_the_thread_unwinds_does_not_abort() {
    let world = World::new();
    let pool = panicking(&world, 1, |_| ());
    let unwinding = || {
        let _cleanup = OnDrop(|| assert_eq!(oops_of(|| pool.get().map(drop)), Oops(0)));
        oops(7)
    };
    assert_eq!(oops_of(unwinding), Oops(7));
    assert_sound(&pool);
}

#[test]
fn a_permit_that_a_panic_drops_goes_back() {
    let local = LocalPool::new(1, drop::<u32>);
    let unwinding = || {
        let _permit = local.acquire();
        oops(1)
    };
    assert_eq!(oops_of(unwinding), Oops(1));
    assert_eq!((local.status().available, local.status().out), (1, 0));

    let pending = local.acquire();
    let unwinding = || {
        let _queued = [local.enqueue(), local.enqueue()];
        oops(2)
    };
    assert_eq!(oops_of(unwinding), Oops(2));
    assert_eq!(local.status().waiting, 0);
    let Ok(Acquired::Permit(permit)) = pending else { panic!("there was room") };
    drop(permit.fulfil(3));
    assert_eq!((local.status().idle, local.status().out), (1, 0));
}

#[test]
fn a_payload_is_passed_on_as_it_is() {
    let pool = Pool::new(PoolConfig::builder(1, || -> Result<u8, ()> { panic!("a message") }).build().expect("valid"));
    let panic = caught(|| pool.get().map(drop));
    assert_eq!(panic.downcast_ref(), Some(&"a message"));
    assert_at_rest(&pool.status());
}
