//! Pools with a manager: what is checked when, and what becomes of what is refused, fails, panics or is dropped.
#![cfg(not(feature = "loom"))]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the lints keep the pool behind its facade; its tests use std, as its users do"
)]

#[path = "managed/world.rs"]
mod world;

use core::future::ready;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use std::panic::{RefUnwindSafe, UnwindSafe};
use striped_pool::GetError;
use world::{Broken, World};

/// A future that is ready, or at least does not have to be woken.
fn now<A>(future: impl Future<Output = A>) -> A {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("it waits"),
    }
}

fn assert_send<T: Send>(value: T) -> T {
    value
}

#[test]
fn the_futures_can_be_sent() {
    let pool = World::new().pool(1);
    drop(assert_send(pool.get_async()));
    drop(assert_send(pool.get_owned_async()));
    drop(assert_send(pool.get_async_until(ready(()))));
    drop(assert_send(pool.try_get_async()));
    drop(assert_send(pool.drain_async()));
    drop(assert_send(pool.close_async()));
    drop(assert_send(now(pool.get_async()).expect("room").discard_async()));
    drop(assert_send(now(pool.get_owned_async()).expect("room").discard_async()));
}

#[test]
fn one_that_is_refused_on_checkout_is_replaced_by_the_same_get() {
    for is_async in [false, true] {
        let world = World::new();
        let pool = world.pool(1);
        let get = || if is_async { now(pool.get_async()) } else { pool.get() };
        drop(get().expect("room"));
        world.refuse_checkout();
        assert_eq!(get().map(|lease| lease.id), Ok(1));
        assert_eq!((world.freed(), pool.status().idle()), (1, 1));
    }
}

#[test]
fn an_error_of_the_create_is_its_callers() {
    let world = World::new();
    let pool = world.pool(1);
    world.fail_creates();
    assert_eq!(pool.get().map(|lease| lease.id), Err(GetError::Create(Broken)));
    assert_eq!(now(pool.get_async()).map(|lease| lease.id), Err(GetError::Create(Broken)));
    assert_eq!(pool.status().available(), 1);
}

#[test]
fn a_pool_can_be_used_after_a_panic() {
    fn assert_unwind_safe<T: UnwindSafe + RefUnwindSafe>(_: &T) {}
    assert_unwind_safe(&World::new().pool(1));
}
