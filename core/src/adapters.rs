//! Managers that people already have, each behind the feature of its pool: wrap one, and it manages a
//! [`ManagedPool`](crate::ManagedPool).
//!
//! | feature | wrapper | manager | gets |
//! |---|---|---|---|
//! | `r2d2` | [`R2d2Manager`] | `r2d2::ManageConnection` | blocking |
//! | `bb8` | [`Bb8Manager`] | `bb8::ManageConnection` | for tasks |
//! | `deadpool` | [`DeadpoolManager`] | `deadpool::managed::Manager` | for tasks |
//!
//! A manager needs nothing else: no `Clone`, no `Debug`. What differs from the pool that it was written for stands with each wrapper;
//! what differs between the pools, and what stands in for settings of theirs, in `docs/moving-over.md`.
//!
//! Where it is tested: `core/tests/adapters/`, beside the pools themselves; on databases in `tests/`.

#[cfg(feature = "bb8")]
mod bb8;
#[cfg(feature = "deadpool")]
mod deadpool;
#[cfg(feature = "r2d2")]
mod r2d2;

#[cfg(feature = "bb8")]
pub use self::bb8::Bb8Manager;
#[cfg(feature = "deadpool")]
pub use self::deadpool::{DeadpoolError, DeadpoolManager};
#[cfg(feature = "r2d2")]
pub use self::r2d2::R2d2Manager;
