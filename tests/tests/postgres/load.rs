//! The load, on a server that is taken away, given back and held; and the same rigged, so that each check is seen to fail.

use crate::world::{self, bb8, deadpool};
use core::time::Duration;
use std::collections::BTreeSet;
use striped_pool_tests::postgres::{Halt, Options, Outcome, Rig, run};

fn options() -> Options {
    Options {
        connections: 4,
        tasks: 48,
        seed: 1,
        waits: true,
        is_limited: false,
        halt: Halt::Immediate,
        patience: world::PATIENCE,
        rig: Rig::None,
    }
}

fn assert_sound(outcome: &Outcome) {
    assert!(outcome.is_passed(), "\n{outcome}");
    println!("{outcome}");
}

#[test]
fn bb8_and_a_server_that_is_stopped() {
    let Some(mut server) = world::server() else { return };
    assert_sound(&run(&mut server, options(), bb8).expect("the server works"));
    let limited = Options { is_limited: true, seed: 2, ..options() };
    assert_sound(&run(&mut server, limited, bb8).expect("the server works"));
}

#[test]
fn deadpool_and_a_server_that_is_killed() {
    let Some(mut server) = world::server() else { return };
    let options = Options { halt: Halt::Kill, ..options() };
    assert_sound(&run(&mut server, options, deadpool).expect("the server works"));
    let limited = Options { is_limited: true, seed: 2, ..options };
    assert_sound(&run(&mut server, limited, deadpool).expect("the server works"));
}

/// As these managers are, who is let go is at the server for a moment longer: nothing is lost by that, but the bound at the
/// server is only approximate. How approximate, the outcome shows.
#[test]
fn without_a_doorman_nothing_is_lost_either() {
    let Some(mut server) = world::server() else { return };
    let options = Options { waits: false, ..options() };
    assert_sound(&run(&mut server, options, bb8).expect("the server works"));
    let limited = Options { is_limited: true, ..options };
    assert_sound(&run(&mut server, limited, deadpool).expect("the server works"));
}

/// What must fail, at least, in which rigged run.
const RIGGED: [(Rig, bool, &[&str]); 12] = [
    (Rig::TwiceAsLarge, false, &["never more backends than allowed"]),
    (Rig::TwiceAsLarge, true, &["the server never had to refuse one"]),
    (Rig::Smaller, false, &["as many backends as allowed"]),
    (Rig::LeaksLeases, false, &["each get ended"]),
    (
        Rig::LeaksAtLast,
        false,
        &[
            "nothing is left in the pool",
            "made less ended is idle",
            "the server has the idle ones and no more",
            "closed, the pool has no backends",
        ],
    ),
    (Rig::LosesMoney, false, &["money is conserved", "each balance is what the ledger says"]),
    (Rig::ClaimsTickets, false, &["each acknowledged commit is in the ledger"]),
    (Rig::StaysUp, false, &["callers were told that the server was down"]),
    (Rig::StaysDown, false, &["after that the same pool served", "after that the same pool served again"]),
    (Rig::IsNotHeld, false, &["timeouts said that the server did not answer"]),
    (Rig::Patient, false, &["gets were dropped, leases cut short, discarded, spoilt"]),
    (Rig::StaysBehind, false, &["all tasks ended"]),
];

#[test]
fn every_check_fails_in_some_rigged_run() {
    let Some(mut server) = world::server() else { return };
    let mut can_fail = BTreeSet::new();
    let mut all = BTreeSet::new();
    for (rig, is_limited, expected) in RIGGED {
        let options = Options { rig, is_limited, patience: Duration::from_millis(500), ..options() };
        let outcome = run(&mut server, options, bb8).expect("the server works");
        let checks = outcome.checks();
        let failed: BTreeSet<_> = checks.iter().filter(|check| !check.is_passed).map(|check| check.name).collect();
        all.extend(checks.iter().map(|check| check.name));
        for name in expected {
            assert!(failed.contains(name), "{rig:?} passes: {name}\n{outcome}");
            can_fail.insert(*name);
        }
    }
    assert_eq!(can_fail, all, "each check is expected to fail somewhere");
}
