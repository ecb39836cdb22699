//! Panics in user code: while a lease is held, in create, in free, in wakers. After each, all capacity is there and
//! works.
//!
//! A panic that is documented to reach a caller is caught where that caller would catch it; one that is documented to
//! be swallowed would fail the test by itself. Not here: user code that behaves (`pool.rs`).
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

#[path = "panics/creating.rs"]
mod creating;
#[path = "panics/freeing.rs"]
mod freeing;
#[path = "panics/holding.rs"]
mod holding;
#[path = "panics/waking.rs"]
mod waking;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};

/// What a test panics with, so that it is not mistaken for a failed assertion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Oops(u32);

/// Panics with `Oops(number)`.
fn oops(number: u32) -> ! {
    panic_any(Oops(number))
}

/// The `Oops` that `work` panics with.
#[track_caller]
fn oops_of<A>(work: impl FnOnce() -> A) -> Oops {
    let panic = caught(work);
    *panic.downcast::<Oops>().unwrap_or_else(|other| panic!("another panic: {:?}", other.downcast_ref::<String>()))
}

/// What `work` panics with.
#[track_caller]
fn caught<A>(work: impl FnOnce() -> A) -> Box<dyn Any + Send> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(_) => panic!("it does not panic"),
        Err(panic) => panic,
    }
}

/// Does `work` when it is dropped: a destructor that uses the pool while the thread unwinds.
struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}
