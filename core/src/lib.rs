//! A striped resource pool whose whole concurrency is one pure state machine.
//!
//! - [`stripe`]: the machine. `step(state, event)` answers with a new state and effects; total, pure, no unsafe code.
//! - [`runtime`]: wraps it in a compare-and-swap loop and performs the effects only after the commit.
//! - [`pool`]: pools on top, for threads and tasks alike: [`Pool`], and [`ManagedPool`] with a manager and hooks; and [`LocalPool`], the
//!   one-stripe part for authors of other pools.
//! - `adapters`: managers of r2d2, bb8 and deadpool, each behind the feature of its name.
//!
//! Start with [`Pool`]; read [`stripe`] to know what it does, and [`runtime`] to see which file may touch an atomic, use
//! unsafe, or run user code.

mod reclaim;
mod sync;

#[cfg(any(feature = "r2d2", feature = "bb8", feature = "deadpool"))]
pub mod adapters;
pub mod pool;
pub mod runtime;
pub mod stripe;

pub use pool::{
    Acquire, Acquired, Acquisition, ArcLease, ArcPermit, AsyncManager, BlockingManager, ConfigError, CreatePermit,
    GetError, Introspection, Lease, LocalPool, ManagedLease, ManagedPool, ManagedPoolBuilder, Manager, OwnedLease,
    OwnedManagedLease, PendingTake, Pool, PoolConfig, PoolConfigBuilder, PoolStatus, Reaper, ResizeError, StripeStatus,
    Timeout, Unavailable, Usage, WaitedFor,
};

/// The example of the README, so that it is compiled and run.
#[cfg(all(doctest, not(feature = "loom")))]
#[doc = include_str!("../README.md")]
struct Readme;
