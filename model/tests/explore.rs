//! Every state of the shipped machine within bounds, against every check; within the smaller ones beside the plain machine
//! and the one with tombstones, and within the smallest beside every layout of those.
//!
//! The counts are exact: a search that becomes smaller, or larger, is to be looked at, and the number below then changed.
#![cfg(not(feature = "loom"))]

use std::fmt::Write;
use striped_pool::stripe::Invariant;
use striped_pool_model::{
    Check, Checks, Env, Fact, Machine, Plain, Report, Shipped, Tombstones, Twin, explore, render, shortest,
};

/// All processors of a small machine.
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

/// A check of the machine itself can only be trusted where something happened that it could have failed at. (That it
/// does not panic is met by every step, and the twin's check compares two machines at every step.)
#[test]
fn every_check_has_a_fact_that_keeps_it() {
    for check in Checks::ALL.iter().filter(|check| !matches!(check, Check::Twin | Check::Total)) {
        assert!(Fact::ALL.iter().any(|fact| fact.keeps() == check), "{} holds for nothing", check.id());
    }
}

/// The shipped machine, and whether the plain one and the one with tombstones answer the same.
type All = Twin<Shipped, Twin<Plain, Tombstones>>;

/// The shipped machine beside tombstones wherever they can lie, so many in a row told apart.
type Lying<const RUN: usize> = Twin<Shipped, Tombstones<RUN>>;

#[test]
fn three_clients_three_resources_three_clock_readings() {
    holds::<All>("3 clients, 2 of 3 resources, 3 readings", Env::new(3, 2, 3, 2), 32_027, 361_297);
}

#[test]
fn four_clients_three_resources() {
    holds::<All>("4 clients, 2 of 3 resources, 2 readings", Env::new(4, 2, 3, 1), 80_159, 937_309);
}

#[test]
fn five_clients_two_resources() {
    holds::<All>("5 clients, 1 of 2 resources, 2 readings", Env::new(5, 1, 2, 1), 33_339, 369_216);
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
fn three_clients_two_resources_and_tombstones() {
    holds::<Lying<1>>("3 clients, 1 of 2 resources, 2 readings, layouts", Env::new(3, 1, 2, 1), 52_702, 470_052);
}

/// A capacity of one leaves some facts out of reach; those that concern waiting are seen.
#[test]
fn three_clients_one_resource_and_pairs_of_tombstones() {
    let env = Env::new(3, 1, 1, 1);
    let report = holds_everywhere::<Lying<2>>("3 clients, 1 of 1 resource, 2 readings, layouts", env);
    assert_eq!((report.states, report.transitions), (24_156, 167_522));
    let seen = [Fact::TwoWaiters, Fact::CancelOldest, Fact::CancelBehind, Fact::SecondLook, Fact::CloseWakes];
    assert!(seen.into_iter().all(|fact| report.facts.has(fact)));
}

#[test]
fn every_invariant_but_the_cost_is_checked() {
    let unchecked: Vec<Invariant> = Invariant::ALL.iter().copied().filter(|one| Check::of(*one).is_none()).collect();
    assert_eq!(unchecked, [Invariant::Cost]);
}
