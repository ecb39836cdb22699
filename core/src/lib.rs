//! A striped resource pool whose whole concurrency is one pure state machine.
//!
//! - [`stripe`]: the machine. `step(state, event)` answers with a new state and effects; total, pure, no unsafe code.
//! - [`runtime`]: wraps it in a compare-and-swap loop and performs the effects only after the commit.
//! - [`pool`]: a blocking pool on top, and [`LocalPool`], the one-stripe part for authors of other pools.
//!
//! Start with [`Pool`]; read [`stripe`] to know what it does, and [`runtime`] to see which file may touch an atomic, use
//! unsafe, or run user code.

mod reclaim;
mod sync;

pub mod pool;
pub mod runtime;
pub mod stripe;

pub use pool::{
    Acquire, Acquired, ConfigError, CreatePermit, GetError, Lease, LocalPool, OwnedLease, PendingTake, Pool,
    PoolConfig, PoolStatus, Reaper, ResizeError, StripeStatus, Timeout, Unavailable, WaitedFor,
};

/// The example of the README, so that it is compiled and run.
#[cfg(all(doctest, not(feature = "loom")))]
#[doc = include_str!("../../README.md")]
struct Readme;
