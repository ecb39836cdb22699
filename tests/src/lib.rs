//! End-to-end tests of `striped-pool`: a bank in `SQLite`, more threads than connections, and injected faults.
//!
//! ```text
//!   options ─▶ run ─┬─ worker × threads    turns: transfers and reads through the pool, with faults
//!                   ├─ conductor           resizes, drains, reaps, closes while the workers work
//!                   └─ report ─▶ checks    from what was counted outside the pool, and from the database
//!              bank: the database, its connections, and who counts them outside the pool
//!              faults: which turn takes which fault; rigs, which make a run lie
//!              validate: with the feature `trace`, replays every transition of the run through the pure machine
//! ```
//!
//! Rules:
//! 1. What is checked is counted outside the pool, or read back from the database; the pool's own status is only
//!    asked whether it agrees.
//! 2. No check is about time. Every wait for other threads ends after [`Options::patience`], and says so.
//! 3. Every check fails in some rigged run (`tests/bank.rs`, `tests/validate.rs`), so that none holds because it cannot fail.
//! 4. The seed decides which turn of which thread takes which fault, and which attempt to connect fails. The order in
//!    which threads meet is the system's.
//!
//! Beside that: [`postgres`], a server that the tests start, take away and give back under a load of tasks, through the managers of
//! other pools (`tests/postgres.rs`); and `SQLite` through theirs (`tests/sqlite.rs`).
//!
//! What it does not do: search interleavings (loom, in the package `striped-pool`) or states (`striped-pool-model`).

#![forbid(unsafe_code)]

#[cfg(not(feature = "loom"))]
pub mod bank;
#[cfg(not(feature = "loom"))]
pub mod faults;
#[cfg(not(feature = "loom"))]
pub mod options;
#[cfg(all(unix, not(feature = "loom")))]
pub mod postgres;
#[cfg(not(feature = "loom"))]
pub mod progress;
#[cfg(not(feature = "loom"))]
pub mod report;
#[cfg(not(feature = "loom"))]
pub mod run;
#[cfg(all(feature = "trace", not(feature = "loom")))]
pub mod validate;

#[cfg(not(feature = "loom"))]
pub use options::Options;
#[cfg(not(feature = "loom"))]
pub use report::{Check, Report};
#[cfg(not(feature = "loom"))]
pub use run::run;
