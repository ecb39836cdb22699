//! Building your own pool on [`LocalPool`](striped_pool::LocalPool): `pool.rs` is the pool, `show.rs` uses it, `runtime.rs` is the
//! little of a runtime that this needs.
//!
//! `cargo run -p striped-pool --example own_pool`
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "an example uses std, as the pool's users do")]

#[cfg(not(any(feature = "loom", feature = "shuttle")))]
mod pool;
#[cfg(not(any(feature = "loom", feature = "shuttle")))]
mod runtime;
#[cfg(not(any(feature = "loom", feature = "shuttle")))]
mod show;

/// Under the features that replace std, nothing runs outside their schedulers.
fn main() {
    #[cfg(not(any(feature = "loom", feature = "shuttle")))]
    show::run();
}
