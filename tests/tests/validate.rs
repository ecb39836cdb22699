//! The bank under faults, every transition replayed through the pure machine: all checks pass, and each check of the replay
//! fails in some rigged run.
#![cfg(all(feature = "trace", not(feature = "loom")))]

use core::time::Duration;
use std::collections::BTreeSet;
use std::process::Command;
use striped_pool_tests::faults::Rig;
use striped_pool_tests::{Options, run};

fn options() -> Options {
    Options { length: Duration::from_secs(1), validate: true, ..Options::default() }
}

#[test]
fn every_transition_is_replayed() {
    for stripes in [1, 2, 4] {
        let report = run(&Options { stripes, ..options() }, |_| {}).expect("a run begins");
        assert!(report.is_passed(), "\n{report}");
        let validation = report.validation.as_ref().expect("the run is validated");
        assert_eq!(validation.stripes.len(), stripes as usize);
        for stripe in &validation.stripes {
            // Contention, waits and refusals happened: it was not a trivial run.
            let tally = stripe.tally;
            assert!(tally.changes > 200 && tally.transitions > tally.changes, "hardly a transition\n{report}");
            assert!(tally.permits > 0 && tally.delivered > 0 && tally.freed > 0, "{tally:?}\n{report}");
        }
        let tally = validation.tally();
        assert!(tally.unused > 0 && tally.discarded > 0 && tally.detached > 0, "{tally:?}\n{report}");
    }
}

const IS_MACHINES: &str = "each transition is the machine's";
const IS_WHOLE: &str = "no transition is missing, none left over";
const ENDS_ALIKE: &str = "the replay ends where the pool does";
const MADE_ALIKE: &str = "it made and freed what was counted outside";
const LENT_ALIKE: &str = "it lent and discarded what the threads say";

/// What must fail, at least, in which rigged run.
const RIGGED: [(Rig, &[&str]); 6] = [
    (Rig::LosesTransition, &[IS_WHOLE]),
    (Rig::LosesLook, &[IS_WHOLE]),
    (Rig::RepeatsTransition, &[IS_WHOLE]),
    (Rig::SwapsEffects, &[IS_MACHINES]),
    (Rig::StopsRecording, &[IS_WHOLE, ENDS_ALIKE, MADE_ALIKE]),
    (Rig::IgnoresLeases, &[LENT_ALIKE]),
];

#[test]
fn every_check_of_the_replay_fails_in_some_rigged_run() {
    for (rig, expected) in RIGGED {
        let options = Options { length: Duration::from_millis(600), stripes: 1, rig, ..options() };
        let report = run(&options, |_| {}).unwrap();
        let failed: BTreeSet<_> =
            report.checks().iter().filter(|check| !check.is_passed).map(|check| check.name).collect();
        for name in expected {
            assert!(failed.contains(name), "{rig:?} passes: {name}\n{report}");
        }
        // The run itself was sound: only what was made of it is not.
        let mine = BTreeSet::from([IS_MACHINES, IS_WHOLE, ENDS_ALIKE, MADE_ALIKE, LENT_ALIKE]);
        assert!(rig == Rig::IgnoresLeases || failed.is_subset(&mine), "{rig:?}\n{report}");
    }
    let can_fail: BTreeSet<_> = RIGGED.iter().flat_map(|(_, names)| names.iter()).collect();
    assert_eq!(can_fail.len(), 5, "each check is expected to fail somewhere");
}

#[test]
fn the_demo_shows_the_replay() {
    let demo = Command::new(env!("CARGO_BIN_EXE_demo")).args(["--seconds", "1", "--validate"]).output().unwrap();
    let (table, progress) = (String::from_utf8(demo.stdout).unwrap(), String::from_utf8(demo.stderr).unwrap());
    assert_eq!(demo.status.code(), Some(0), "{table}\n{progress}");
    assert!(table.contains("transitions replayed") && table.ends_with("22 of 22 checks pass\n"), "{table}");
    assert!(progress.contains("replayed"), "{progress}");
}
