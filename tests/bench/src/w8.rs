//! W8: memory. Bytes for a pool, an idle entry and a waiter; allocations for a round trip and for a hand-off.
//!
//! The program `memory` counts them (`memory.rs`), so that no timed loop pays for counting.

use crate::child::{self, Measured};
use crate::measure::Spread;
use crate::peers::{Facts, Peer, ours};
use crate::progress::Progress;
use crate::report::all_facts;
use crate::section::{Figure, Section, Table};
use crate::show;
use crate::workload::Effort;
use core::time::Duration;

/// What ours is called where one thread stands in line many times.
pub const IN_LINE: &str = "striped-pool (LocalPool::enqueue)";

/// About how long it takes.
pub fn cost(effort: Effort) -> Duration {
    effort.pick(Duration::from_secs(3), Duration::from_secs(9), Duration::from_secs(9))
}

/// Has all pools measured.
pub fn run(effort: Effort, progress: &mut Progress) -> Section {
    progress.show("W8");
    let measured = child::measure("sizes", effort);
    progress.advance(cost(effort));
    match measured {
        Ok(measured) => section(&measured),
        Err(gap) => Section { gap: Some(gap), ..Section::default() },
    }
}

fn section(measured: &Measured) -> Section {
    let text = "Counted by an allocator, in a program of its own. Bytes are those asked for, on the heap. *Pool*: two resources in \
                it; the stacks of the three threads that each pool of r2d2 has do not count. *Idle entry*: what 1 000 more \
                resources take, each divided by 1 000; 16 bytes are the resource, 8 more of ours are a note. *Waiter*: a thread blocked in `get`, without \
                what it needed before. *Round trip*: one thread, uncontended. *Hand-off*: a `get` that waited, until its \
                lease is given back. object-pool and opool do not wait, qp can lose a wake; of ours \
                with two stripes nobody need wait while the other stripe has something.";
    let key = |facts: Facts, of: &str| Figure {
        key: format!("w8 allocations for a round trip, {of}"),
        values: measured.get(facts.name, "round trip"),
    };
    let figures = vec![
        key(ours::Borrowed::FACTS, "borrowed"),
        key(ours::WithTtl::FACTS, "TTL"),
        key(ours::Owned::FACTS, "owned"),
    ];
    Section { text: text.into(), tables: vec![table(measured)], figures, ..Section::default() }
}

fn table(measured: &Measured) -> Table {
    let names = all_facts().into_iter().map(|facts| facts.name).chain([IN_LINE]);
    let rows = names.map(|name| {
        let cell = |figure: &&str| show::number(Spread::of(&measured.get(name, figure)).median);
        let cells = ["pool", "idle entry", "waiter", "round trip", "hand-off"];
        core::iter::once(name.to_owned()).chain(cells.iter().map(cell)).collect::<Vec<_>>()
    });
    let is_measured = |row: &Vec<String>| row.iter().skip(1).any(|cell| cell != "–");
    Table {
        title: "Bytes, and allocations".into(),
        columns: [
            "pool",
            "bytes: pool",
            "bytes: idle entry",
            "bytes: waiter",
            "allocations: round trip",
            "allocations: hand-off",
        ]
        .map(String::from)
        .to_vec(),
        rows: rows.filter(is_measured).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_measured_has_no_row() {
        let mut measured = Measured::default();
        measured.add(ours::Borrowed::FACTS.name, "pool", 900.0);
        measured.add(ours::Borrowed::FACTS.name, "round trip", 0.0);
        let section = section(&measured);
        assert_eq!(section.tables[0].rows, [[ours::Borrowed::FACTS.name, "900", "–", "–", "0.00", "–"]]);
        assert_eq!(section.figures[0].values, [0.0]);
    }
}
