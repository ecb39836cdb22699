//! What pools tell: each row of the table in `src/pool/observe.rs`, provoked in a pool of its own creates and in one with a
//! manager, by threads and by tasks; that each resource that ends is told of once; and what each lease tells of itself.
#![cfg(not(feature = "loom"))]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the lints keep the pool behind its facade; its tests use std, as its users do"
)]

#[cfg(any(feature = "metrics", feature = "tracing"))]
#[path = "observe/frees.rs"]
mod frees;
#[path = "observe/introspects.rs"]
mod introspects;
#[path = "observe/polls.rs"]
mod polls;
#[cfg(any(feature = "metrics", feature = "tracing"))]
#[path = "observe/rows.rs"]
mod rows;
#[path = "observe/table.rs"]
mod table;
#[cfg(any(feature = "metrics", feature = "tracing"))]
#[path = "observe/unwatched.rs"]
mod unwatched;
#[cfg(any(feature = "metrics", feature = "tracing"))]
#[path = "observe/watcher.rs"]
mod watcher;
#[path = "observe/world.rs"]
mod world;

/// Whether `work` panics.
#[cfg(any(feature = "metrics", feature = "tracing"))]
fn panics<A>(work: impl FnOnce() -> A) -> bool {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).is_err()
}

#[test]
fn the_page_has_the_table_of_the_code() {
    assert_eq!(table::written(table::PAGE), table::written(table::SOURCE));
    assert_eq!(table::rows().len(), 8);
}
