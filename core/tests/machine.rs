//! The pure machine against the protocol: one test for each row and branch of its transition table.
//!
//! A row names what happened before, the event, the exact effects and the exact state after it (notation in
//! `machine/notation.rs`). Every step of every test also goes through the same checks: no invariant is violated,
//! `changed` says whether the state differs, a rejected event changed nothing, the state before is untouched, and
//! `Stripe::apply` in place agrees with `step`. One random walk with a ghost of the outside world covers what a table
//! cannot: long and absurd orders of events.
//!
//! Costs are counted in `machine/cost.rs`. Not here: that queue and cache are the lists they claim to be
//! (`containers.rs`); every state within bounds, and the invariants of several transitions or of the world outside (the
//! model package); threads (the runtime's tests).
//!
//! Three things the public interface cannot reach: `Reject::QueueFull` (2⁶⁴ waits, or 2³² waiters at once; tested in
//! `src/stripe/tests.rs`), a stripe for which `violations` has anything to report (in `src/stripe/invariant.rs`), and `Close` with both
//! waiters and idle entries, which no test shows (INV-WORK forbids the state; each half is tested alone).
#![cfg(not(feature = "loom"))]

#[path = "machine/counting.rs"]
mod counting;
#[path = "machine/notation.rs"]
mod notation;

#[path = "machine/cost.rs"]
mod cost;
#[path = "machine/extremes.rs"]
mod extremes;
#[path = "machine/giving.rs"]
mod giving;
#[path = "machine/invariants.rs"]
mod invariants;
#[path = "machine/rejects.rs"]
mod rejects;
#[path = "machine/shrinking.rs"]
mod shrinking;
#[path = "machine/taking.rs"]
mod taking;
#[path = "machine/values.rs"]
mod values;
#[path = "machine/walk.rs"]
mod walk;
