//! Pools with a manager: what is checked when, and what becomes of what is refused, fails, panics or is dropped.
#![cfg(not(feature = "loom"))]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the lints keep the pool behind its facade; its tests use std, as its users do"
)]

#[path = "managed/tasks.rs"]
mod tasks;
#[path = "common/threads.rs"]
mod threads;
#[path = "managed/world.rs"]
mod world;

#[path = "managed/both.rs"]
mod both;
#[path = "managed/checkin.rs"]
mod checkin;
#[path = "managed/checkout.rs"]
mod checkout;
#[path = "managed/dropping.rs"]
mod dropping;
#[path = "managed/ending.rs"]
mod ending;
#[path = "managed/hooks.rs"]
mod hooks;
#[path = "managed/introspection.rs"]
mod introspection;
#[path = "managed/panics.rs"]
mod panics;
#[path = "managed/timeouts.rs"]
mod timeouts;

use core::future::ready;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::rc::Rc;
use striped_pool::{AsyncManager, GetError, ManagedLease, ManagedPool, Manager};
use tasks::now;
use world::{Broken, Ours, TestPool, World};

/// A get by a thread, or by a task that does not have to wait.
fn get(pool: &TestPool, is_async: bool) -> Result<ManagedLease<'_, Ours>, GetError<Broken>> {
    if is_async { now(pool.get_async()) } else { pool.get() }
}

/// The number of what a get has lent.
fn id_of(pool: &TestPool, is_async: bool) -> Result<u32, GetError<Broken>> {
    get(pool, is_async).map(|lease| lease.id)
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
    drop(assert_send(pool.get_owned_async_until(ready(()))));
    drop(assert_send(pool.try_get_async()));
    drop(assert_send(pool.try_get_owned_async()));
    drop(assert_send(pool.drain_async()));
    drop(assert_send(pool.close_async()));
    drop(assert_send(now(pool.get_async()).expect("room").discard_async()));
    drop(assert_send(now(pool.get_owned_async()).expect("room").discard_async()));
}

#[test]
fn a_pool_can_be_used_after_a_panic() {
    fn assert_unwind_safe<T: UnwindSafe + RefUnwindSafe>(_: &T) {}
    assert_unwind_safe(&World::new().pool(1));
}

/// Its errors cannot be sent.
struct Rough;

impl Manager for Rough {
    type Resource = ();
    type Error = Rc<str>;
}

impl AsyncManager for Rough {
    async fn create(&self) -> Result<(), Rc<str>> {
        Err(Rc::from("rough"))
    }
}

#[test]
fn the_futures_of_a_manager_whose_errors_cannot_be_sent_can() {
    let pool = ManagedPool::builder(1, Rough).build().expect("valid");
    let error = now(assert_send(pool.get_async())).map(drop).expect_err("rough");
    assert_eq!(error.into_create().as_deref(), Some("rough"));
    drop(assert_send(pool.get_owned_async_until(ready(()))));
}
