//! Managers that people already have, each behind the feature of its pool: wrap one, and it manages a
//! [`ManagedPool`](crate::ManagedPool).
//!
//! | feature | wrapper | manager | gets |
//! |---|---|---|---|
//! | `r2d2` | [`R2d2Manager`] | `r2d2::ManageConnection` | blocking |
//! | `bb8` | [`Bb8Manager`] | `bb8::ManageConnection` | for tasks |
//! | `deadpool` | [`DeadpoolManager`] | `deadpool::managed::Manager` | for tasks |
//!
//! What differs from the pool that each was written for stands with each wrapper, and in the README.

#[cfg(feature = "bb8")]
mod bb8;
#[cfg(feature = "deadpool")]
mod deadpool;
#[cfg(feature = "r2d2")]
mod r2d2;

#[cfg(feature = "bb8")]
pub use self::bb8::Bb8Manager;
#[cfg(feature = "deadpool")]
pub use self::deadpool::DeadpoolManager;
#[cfg(feature = "r2d2")]
pub use self::r2d2::R2d2Manager;
