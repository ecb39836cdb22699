//! What the documentation of [`Pool`](striped_pool::Pool), [`LocalPool`](striped_pool::LocalPool) and leases promises,
//! promise by promise, on threads of the operating system.
//!
//! | file | promises |
//! |---|---|
//! | `pool/getting.rs` | every kind of get: what it answers when there is something, nothing, or the pool is closed |
//! | `pool/leases.rs` | give back, discard, detach, from any thread; owned leases; what may be sent where |
//! | `pool/sizing.rs` | stripes and their capacities, status, resize, drain, reap |
//! | `pool/closing.rs` | close, and the drop of the last handle |
//! | `pool/reentry.rs` | user code that calls back into the same pool |
//! | `pool/arc_leases.rs` | leases that keep a one-stripe part in an `Arc` alive |
//! | `pool/arc_permits.rs` | permits that do |
//! | `pool/local.rs` | the one-stripe part: leases, permits, pending takes |
//! | `pool/futures.rs` | the same for tasks: takes that are awaited, dropped, sent |
//! | `pool/places.rs` | permits across awaits, and those of resources that were taken out of their leases |
//! | `pool/wakers.rs` | what the wakers of such takes may do: call back, panic, end their own future |
//! | `pool/tasks.rs` | every kind of get for tasks |
//! | `pool/deadlines.rs` | those that give up at a deadline |
//!
//! Resources are counted outside the pool (`common/world.rs`), and every test ends by looking whether all capacity is
//! there and can be lent. Not here: panics (`panics.rs`), memory and progress (`growth.rs`), configurations
//! (`config.rs`), and interleavings, which threads only sample: `loom/` explores them.
#![cfg(not(feature = "loom"))]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the lints keep the pool behind its facade; its tests use std, as its users do"
)]

#[path = "common/tasks.rs"]
mod tasks;
#[path = "common/threads.rs"]
mod threads;
#[path = "common/world.rs"]
mod world;

#[path = "pool/arc_leases.rs"]
mod arc_leases;
#[path = "pool/arc_permits.rs"]
mod arc_permits;
#[path = "pool/closing.rs"]
mod closing;
#[path = "pool/deadlines.rs"]
mod deadlines;
#[path = "pool/futures.rs"]
mod futures;
#[path = "pool/getting.rs"]
mod getting;
#[path = "pool/leases.rs"]
mod leases;
#[path = "pool/local.rs"]
mod local;
#[path = "pool/places.rs"]
mod places;
#[path = "pool/reentry.rs"]
mod reentry;
#[path = "pool/sizing.rs"]
mod sizing;
#[path = "pool/tasks.rs"]
mod tasking;
#[path = "pool/wakers.rs"]
mod wakers;
