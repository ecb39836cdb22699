//! Every state of the shipped machine within bounds, against every check; within the smaller ones beside the plain machine.
//!
//! The counts are exact: a search that becomes smaller, or larger, is to be looked at, and the number below then changed.
#![cfg(not(feature = "loom"))]

use std::fmt::Write;
use striped_pool::stripe::Invariant;
use striped_pool_model::{Check, Env, Machine, Plain, Report, Shipped, Twin, explore, render, shortest};

/// Both processors of a small machine.
const THREADS: usize = 2;

/// Searches `env`; if a check fails, shows a shortest trace for each that does.
fn holds_everywhere<M: Machine>(name: &str, env: Env) -> Report {
    let report = explore::explore::<M>(name, env, THREADS);
    let mut traces = String::new();
    for check in report.failed.iter() {
        let moves = shortest::<M>(env, check).unwrap_or_default();
        let _ =
            writeln!(traces, "{} fails after {} moves\n{}", check.id(), moves.len(), render::trace::<M>(&env, &moves));
    }
    assert!(report.failed.is_empty(), "{name}\n{traces}");
    report
}

/// As `holds_everywhere`, with these counts and every fact seen.
fn holds<M: Machine>(name: &str, env: Env, states: usize, transitions: usize) {
    let report = holds_everywhere::<M>(name, env);
    assert_eq!(report.facts.missing().collect::<Vec<_>>(), [], "never seen");
    assert_eq!((report.states, report.transitions), (states, transitions), "states and transitions of {name}");
}

/// The shipped machine, and whether the plain one answers the same.
type Both = Twin<Shipped, Plain>;

#[test]
fn three_clients_three_resources_three_clock_readings() {
    holds::<Both>("3 clients, 2 of 3 resources, 3 readings", Env::new(3, 2, 3, 2), 32_027, 361_297);
}

#[test]
fn four_clients_three_resources() {
    holds::<Both>("4 clients, 2 of 3 resources, 2 readings", Env::new(4, 2, 3, 1), 80_159, 937_309);
}

#[test]
fn five_clients_two_resources() {
    holds::<Both>("5 clients, 1 of 2 resources, 2 readings", Env::new(5, 1, 2, 1), 33_339, 369_216);
}

#[test]
fn three_clients_four_resources() {
    holds::<Shipped>("3 clients, 1 of 4 resources, 2 readings", Env::new(3, 1, 4, 1), 126_207, 1_555_191);
}

#[test]
fn five_clients_three_resources() {
    holds::<Shipped>("5 clients, 3 of 3 resources, 2 readings", Env::new(5, 3, 3, 1), 192_801, 2_490_013);
}

#[test]
fn every_invariant_but_the_cost_is_checked() {
    let unchecked: Vec<Invariant> = Invariant::ALL.into_iter().filter(|one| Check::of(*one).is_none()).collect();
    assert_eq!(unchecked, [Invariant::Cost]);
}
