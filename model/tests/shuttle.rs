//! Random programs on the shipped runtime, on schedules that shuttle samples: longer scripts and more threads than loom can
//! search.
//!
//! Programs of 4 to 6 threads with 4 to 8 operations each (`striped_pool_model::programs::random`), each on so many schedules of
//! probabilistic concurrency testing (depth 3: it finds any bug that takes three ordering constraints with a known
//! probability) and as many uniformly random ones. On every schedule:
//! 1. The committed transitions, in commit order, are a run of the pure machine, none missing (`replay`).
//! 2. Each operation saw what the machine answered (`common/judge.rs`).
//! 3. Whoever still waits when nothing else moves waits in the machine's queue as well; the specification lets them wait for
//!    ever, so they are released by a close. Anybody else who sleeps fails the program.
//! 4. At the end everything is given back, conserved, and freed with the pool.
//!
//! A failure is printed with one line that runs the same program on the same schedule; `shuttle/planted.rs` plants failures,
//! and runs such a line, before each run. The default run is the same each
//! time; `--seed` draws other programs and schedules. What a pass does not show: schedules that were not drawn, and weak
//! memory, for shuttle takes every atomic for sequentially consistent (loom does not).
//!
//! Usage: `cargo test -p striped-pool-model --features shuttle --test shuttle -- [--seed N] [--programs N] [--iterations N]
//! [--program '…' [--replay '…']]`
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[cfg(not(feature = "loom"))]
#[path = "common/actor.rs"]
mod actor;
#[cfg(not(feature = "loom"))]
#[path = "common/crew.rs"]
mod crew;
#[cfg(not(feature = "loom"))]
#[path = "shuttle/explore.rs"]
mod explore;
#[cfg(not(feature = "loom"))]
#[path = "common/judge.rs"]
mod judge;
#[cfg(not(feature = "loom"))]
#[path = "shuttle/options.rs"]
mod options;
#[cfg(not(feature = "loom"))]
#[path = "shuttle/planted.rs"]
mod planted;
#[cfg(not(feature = "loom"))]
#[path = "shuttle/play.rs"]
mod play;
#[cfg(not(feature = "loom"))]
#[path = "common/runner.rs"]
mod runner;

#[cfg(not(feature = "loom"))]
fn main() -> std::process::ExitCode {
    explore::main()
}

/// The runtime is loom's then.
#[cfg(feature = "loom")]
fn main() {}
