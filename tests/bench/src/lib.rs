//! striped-pool measured beside other pools: `make bench`.
//!
//! ```text
//!   options ─▶ workload ─▶ w1 … wN ── each over peers, in rounds (measure) ─▶ section ─▶ bars ─▶ report, plot
//! ```
//!
//! The peers are pinned, have their documented fast settings, and take part in every round beside ours; what is compared
//! is a ratio within a round. What is allocated is counted by another program (bin/memory, child), instructions by a third
//! (bin/instructions). This package is a workspace of its own, so that no peer is built for anything else.

pub mod bars;
pub mod child;
pub mod counting;
pub mod machine;
pub mod measure;
pub mod memory;
pub mod options;
pub mod peers;
pub mod plot;
pub mod progress;
pub mod report;
pub mod section;
pub mod show;
pub mod w1;
pub mod w2;
pub mod w3;
pub mod w4;
pub mod w5;
pub mod w6;
pub mod w7;
pub mod w8;
pub mod w9;
pub mod waiting;
pub mod workload;
