//! Managers written for other pools: what the adapters call, step by step, beside what the pools that they were written for call
//! on the same course. The tables of the adapters say the same in words.
//!
//! The managers here can do nothing but what their trait asks: they are not cloned, printed, or told of a pool.
#![cfg(all(not(feature = "loom"), any(feature = "r2d2", feature = "bb8", feature = "deadpool")))]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the lints keep the pool behind its facade; its tests use std, as its users do"
)]

#[path = "adapters/server.rs"]
mod server;

#[cfg(feature = "bb8")]
#[path = "adapters/bb8.rs"]
mod of_bb8;
#[cfg(feature = "deadpool")]
#[path = "adapters/deadpool.rs"]
mod of_deadpool;
#[cfg(feature = "r2d2")]
#[path = "adapters/r2d2.rs"]
mod of_r2d2;

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Whether `work` panics.
fn panics<A>(work: impl FnOnce() -> A) -> bool {
    catch_unwind(AssertUnwindSafe(work)).is_err()
}

/// Panics while it holds `loan`.
fn panic_with<L>(loan: L) -> ! {
    let _loan = loan;
    panic!("the holder panics");
}

/// What polls futures by hand.
#[cfg(any(feature = "bb8", feature = "deadpool"))]
mod polls {
    use core::pin::pin;
    use core::task::{Context, Poll, Waker};

    /// What a future that does not wait comes to.
    #[track_caller]
    pub(crate) fn now<A>(future: impl Future<Output = A>) -> A {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(answer) => answer,
            Poll::Pending => panic!("it waits"),
        }
    }

    /// Polls a future that has to wait, once, and drops it.
    #[track_caller]
    pub(crate) fn begin<A>(future: impl Future<Output = A>) {
        assert!(pin!(future).poll(&mut Context::from_waker(Waker::noop())).is_pending(), "it does not wait");
    }
}
