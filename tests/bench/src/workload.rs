//! Which workloads there are. Adding one: write `wN.rs` with `cost` and `run`, and name it in [`WORKLOADS`]; what it
//! must reach stands in [`bars`](crate::bars).

use crate::progress::Progress;
use crate::section::Section;
use crate::{w1, w2, w3, w4, w5, w6, w7, w8, w9};
use core::time::Duration;

/// How much is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// Enough to see that everything runs; the figures mean nothing.
    Smoke,
    /// Two to three minutes for all workloads.
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
pub const WORKLOADS: [Workload; 9] = [
    Workload { id: "w1", title: "W1: one thread, uncontended round trip", cost: w1::cost, run: w1::run },
    Workload { id: "w2", title: "W2: two threads, uncontended pools", cost: w2::cost, run: w2::run },
    Workload { id: "w3", title: "W3: more threads than resources", cost: w3::cost, run: w3::run },
    Workload { id: "w4", title: "W4: a thousand tasks on eight resources", cost: w4::cost, run: w4::run },
    Workload { id: "w5", title: "W5: churn", cost: w5::cost, run: w5::run },
    Workload { id: "w6", title: "W6: a timeout storm on an exhausted pool", cost: w6::cost, run: w6::run },
    Workload { id: "w7", title: "W7: growth", cost: w7::cost, run: w7::run },
    Workload { id: "w8", title: "W8: memory", cost: w8::cost, run: w8::run },
    Workload { id: "w9", title: "W9: the explorer", cost: w9::cost, run: w9::run },
];
