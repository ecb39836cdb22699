//! The bank under faults, in several configurations: every check passes, what it checks has happened, and in a rigged
//! run it fails.
#![cfg(not(feature = "loom"))]

use core::time::Duration;
use std::collections::BTreeSet;
use striped_pool_tests::faults::{Faults, Rig, Turn};
use striped_pool_tests::{Options, Report, run};

fn options() -> Options {
    Options { length: Duration::from_secs(1), ..Options::default() }
}

/// Runs, and requires every check to pass and everything that is checked to have happened.
fn run_soundly(options: &Options) -> Report {
    let report = run(options, |_| {}).expect("a run begins");
    assert!(report.is_passed(), "\n{report}");
    let Report { count, notes, seen, .. } = &report;
    assert!(count.committed > 0, "no transfer\n{report}");
    assert!(count.reads > 0, "no read\n{report}");
    assert!(count.leases > u64::from(options.threads), "hardly a lease\n{report}");
    assert!(seen.peak >= options.connections.min(options.threads), "never full\n{report}");
    assert!(notes.close.out > 0, "nothing was lent at the close\n{report}");
    if options.threads >= options.connections {
        assert!(notes.close.waiting > 0, "nobody waited at the close\n{report}");
    }
    assert!(count.closed >= u64::from(options.threads), "not every worker met the close\n{report}");
    report
}

/// The same, with faults, each of which must have happened.
fn run_with_faults(options: &Options) {
    let report = run_soundly(options);
    let Report { count, seen, .. } = &report;
    let happened = [
        ("timed out", count.timed_out),
        ("exhausted", count.exhausted),
        ("create failed", seen.failed),
        ("panicked", count.panicked),
        ("freed in mid-transaction", seen.freed_midway),
        ("discarded", count.discarded),
        ("detached", count.detached),
    ];
    for (what, times) in happened {
        assert!(times > 0, "never {what}\n{report}");
    }
}

#[test]
fn one_stripe() {
    run_with_faults(&Options { stripes: 1, ..options() });
}

#[test]
fn two_stripes() {
    run_with_faults(&Options { seed: 2, ..options() });
}

#[test]
fn one_connection() {
    run_with_faults(&Options { connections: 1, stripes: 1, seed: 3, ..options() });
}

/// With a short queue, a wait often times out at the moment at which it is served.
#[test]
fn hardly_more_threads_than_connections() {
    run_with_faults(&Options { threads: 6, stripes: 1, seed: 7, ..options() });
}

#[test]
fn many_threads() {
    run_with_faults(&Options { threads: 32, connections: 8, stripes: 4, seed: 4, ..options() });
}

#[test]
fn a_stripe_for_each_connection() {
    run_with_faults(&Options { connections: 4, stripes: 4, seed: 5, ..options() });
}

#[test]
fn more_connections_than_threads() {
    run_soundly(&Options { threads: 3, connections: 6, stripes: 3, seed: 6, ..options() });
}

#[test]
fn without_faults_no_get_fails() {
    for stripes in [1, 2] {
        let options = Options { stripes, faults: false, ..options() };
        let report = run_soundly(&options);
        let Report { count, seen, .. } = &report;
        assert_eq!(
            count.closed,
            u64::from(options.threads) + 4,
            "one for each worker, four for the conductor\n{report}"
        );
        assert_eq!(count.failed_gets(), count.closed, "\n{report}");
        assert_eq!((count.panicked, count.discarded, seen.detached, seen.failed), (0, 0, 0, 0), "\n{report}");
    }
}

/// What must fail, at least, in which rigged run.
const RIGGED: [(Rig, &[&str]); 13] = [
    (
        Rig::LosesMoney,
        &["money is conserved", "each balance is what the ledger says", "every reader saw the whole sum"],
    ),
    (Rig::SkipsLedger, &["each committed transfer is in the ledger", "each balance is what the ledger says"]),
    (Rig::LosesLedger, &["the database never failed"]),
    (Rig::CountsPhantom, &["never more connections open than allowed", "nothing is left open"]),
    (Rig::LeaksLease, &["nothing is left in the pool", "nothing is left open"]),
    (Rig::CatchesPanic, &["no lease had a transaction open", "each panic destroyed its connection"]),
    (Rig::IgnoresTimeouts, &["each get lent a connection or gave its reason"]),
    (Rig::SkipsShrink, &["never more connections open than allowed"]),
    (Rig::HoldsThroughShrink, &["each resize was carried out"]),
    (Rig::SkipsDrain, &["a drain frees all that is idle", "a reap frees all that is stale"]),
    (Rig::AsksEarly, &["once closed, the pool says so"]),
    (Rig::DropsEarly, &["a lease outlives the close"]),
    (Rig::StaysBehind, &["all threads ended"]),
];

#[test]
fn every_check_fails_in_some_rigged_run() {
    let mut can_fail = BTreeSet::new();
    let mut all = BTreeSet::new();
    for (rig, expected) in RIGGED {
        let patience = Duration::from_millis(500);
        let options = Options { length: Duration::from_millis(600), stripes: 1, rig, patience, ..options() };
        let report = run(&options, |_| {}).unwrap();
        assert!(!report.is_passed(), "{rig:?}\n{report}");
        let checks = report.checks();
        let failed: BTreeSet<_> = checks.iter().filter(|check| !check.is_passed).map(|check| check.name).collect();
        all.extend(checks.iter().map(|check| check.name));
        for name in expected {
            assert!(failed.contains(name), "{rig:?} passes: {name}\n{report}");
            can_fail.insert(*name);
        }
    }
    assert_eq!(can_fail, all, "each check is expected to fail somewhere");
}

#[test]
fn the_seed_decides_the_turns() {
    let turns = |seed, index| {
        let mut dice = Faults::new(seed, true).dice(index);
        (0..1000).map(|_| (dice.turn(), dice.order())).collect::<Vec<_>>()
    };
    assert_eq!(turns(7, 3), turns(7, 3));
    assert_ne!(turns(7, 3), turns(7, 4));
    assert_ne!(turns(7, 3), turns(8, 3));
    for fault in [Turn::Panic, Turn::Discard, Turn::Detach, Turn::Try] {
        assert!(turns(7, 3)[..5].iter().any(|(turn, _)| *turn == fault), "{fault:?} is not among the first turns");
    }
    let failures =
        |seed| (0..1000).filter(|&attempt| Faults::new(seed, true).create_fails(attempt)).collect::<Vec<_>>();
    assert_eq!(failures(7), failures(7));
    assert_ne!(failures(7), failures(8));
    assert!(failures(7).contains(&1));
}
