//! Memory and progress: what a stripe occupies after millions of timeouts, what the steady state allocates, and how
//! many attempts a commit needs beside a busy thread when thousands wait.
//!
//! | file | question |
//! |---|---|
//! | `growth/memory.rs` | INV-BOUNDED: the state is as large as who waits, whoever has waited; a round trip allocates nothing |
//! | `growth/progress.rs` | INV-COST: an operation on a stripe with 10 000 waiters or idle entries gets through beside a thread that never rests |
//!
//! One test at a time, because they measure: bytes of the whole process, attempts that another test's threads would
//! disturb. Run with `--nocapture` for the figures.
//!
//! Not here: allocations of single transitions (`containers.rs`, `machine/cost.rs`), and how long anything takes.
#![cfg(not(feature = "loom"))]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the lints keep the pool behind its facade; its tests use std, as its users do"
)]

#[path = "common/heap.rs"]
mod heap;
#[path = "common/threads.rs"]
mod threads;

#[path = "growth/bench.rs"]
mod bench;
#[path = "growth/memory.rs"]
mod memory;
#[path = "growth/progress.rs"]
mod progress;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// One measurement at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}
