//! Model checking for `striped-pool`: the machine that ships, in a world that does everything a runtime may do.
//!
//! ```text
//!   Machine          the pure step function: shipped, plain reference, the seed's layout, two at once, or the ancestor
//!      │
//!   World            clients, effects in flight, resources outside: one Move at a time, judged after each
//!      │
//!   explore          every state within bounds         tests/random.rs    long random walks, larger bounds
//!   specimens        the ancestor, refuted             script             golden traces: commands and what comes of them
//!   programs         small programs, and random ones: tests/generated (loom), sample.rs (real threads), shuttle.rs
//!   render, story    a trace as a table or a page      which              a machine by its name
//!   mutants          seeded bugs: data, checks, table  transitions        what the machine does, for the proved one
//! ```
//!
//! For a pool that is not a pure machine, anybody's: [`real`] runs operations on threads and compares histories with a
//! specification, under loom or on real ones.
//!
//! The program `striped-pool-model` searches (`explore`), refutes the specimens (`check`), replays golden traces
//! (`replay`), shows a run as a text or a page (`render`), seeds bugs (`mutants`) and writes transitions for the checker in
//! `proofs/conformance` (`transitions`) from the command line. The traces of the important scenarios are in `traces/`, the
//! seeded bugs in `mutants/`.
//!
//! Rules:
//! 1. The machine under test is `striped_pool::stripe`, unchanged: small numbers stand for resources and wake slots.
//! 2. Every [`Check`] is named by its invariant id, and has [`Fact`]s that a search must see (`--all-facts`, and the tests of
//!    the large ones), so that nothing holds because nothing happened; but for STEP-TOTAL, which every step meets, and
//!    STEP-TWIN, which compares at every step, and only where machines run side by side.
//! 3. A search ends at a fixpoint, never at a depth; its exact counts are asserted, so that a space that shrinks by
//!    mistake is noticed.
//!
//! What it does not do: INV-COST (measured elsewhere), memory orderings and reclamation (loom), the code of the runtime
//! (its obligations are modelled in [`world`], not executed), several stripes at once (guarantees are per stripe).

#![forbid(unsafe_code)]

pub mod check;
pub mod explore;
pub mod fact;
#[cfg(feature = "trace")]
pub mod history;
pub mod machine;
pub mod mutants;
pub mod plain;
pub mod programs;
mod progress;
pub mod real;
pub mod render;
pub mod script;
pub mod specimens;
pub mod step_check;
pub mod story;
pub mod tombstones;
pub mod transitions;
pub mod which;
pub mod world;

pub use check::{Check, Checks};
pub use explore::{Report, explore, shortest};
pub use fact::{Fact, Facts};
pub use machine::{Effect, Input, Machine, Shipped, Stepped, View};
pub use plain::{Plain, Twin};
pub use story::Story;
pub use tombstones::Tombstones;
pub use which::Which;
pub use world::{Env, Kind, Move, World};
