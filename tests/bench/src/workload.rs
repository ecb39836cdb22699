//! Which workloads there are. Adding one: write `wN.rs` with `cost` and `run`, and name it in [`WORKLOADS`]; what it
//! must reach stands in [`bars`](crate::bars).

use crate::progress::Progress;
use crate::section::Section;
use crate::{w1, w2, w3};
use core::time::Duration;

/// How much is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// Enough to see that everything runs; the figures mean nothing.
    Smoke,
    /// About two minutes for all workloads.
    Quick,
    /// What is published.
    Full,
}

impl Effort {
    /// One of three.
    pub fn pick<A>(self, smoke: A, quick: A, full: A) -> A {
        match self {
            Self::Smoke => smoke,
            Self::Quick => quick,
            Self::Full => full,
        }
    }
}

/// One kind of work that all pools are put to.
#[derive(Clone, Copy, Debug)]
pub struct Workload {
    /// By which it is asked for.
    pub id: &'static str,
    /// What it is.
    pub title: &'static str,
    /// About how long it takes.
    pub cost: fn(Effort) -> Duration,
    /// Does it.
    pub run: fn(Effort, &mut Progress) -> Section,
}

/// All of them, in the order of the report.
pub const WORKLOADS: [Workload; 3] = [
    Workload { id: "w1", title: "W1: one thread, uncontended round trip", cost: w1::cost, run: w1::run },
    Workload { id: "w2", title: "W2: two threads, uncontended pools", cost: w2::cost, run: w2::run },
    Workload { id: "w3", title: "W3: more threads than resources", cost: w3::cost, run: w3::run },
];
