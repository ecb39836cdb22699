//! The demo as a program: what it prints, and its exit codes.
#![cfg(not(feature = "loom"))]

use std::path::Path;
use std::process::{Command, Output};

/// Runs the demo with its temporary files in `folder`.
fn demo_in(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_demo")).args(arguments).env("TMPDIR", folder).output().expect("the demo starts")
}

fn demo(arguments: &[&str]) -> (Option<i32>, String, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let output = demo_in(folder.path(), arguments);
    let left: Vec<_> = folder.path().read_dir().expect("the folder is still there").collect();
    assert!(left.is_empty(), "{arguments:?} leaves {left:?} behind");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn shows_a_table_and_the_checks() {
    let (code, table, progress) = demo(&["--seconds", "1"]);
    assert_eq!(code, Some(0), "{table}\n{progress}");
    for row in ["operations", "wait p50 p90 p99 max", "timed out", "panicked", "connections created", "creates failed"]
    {
        assert!(table.contains(row), "no row '{row}' in\n{table}");
    }
    assert!(table.contains("  pass  money is conserved"), "{table}");
    assert!(!table.contains("FAIL"), "{table}");
    assert!(table.ends_with("17 of 17 checks pass\n"), "{table}");
    let lines = progress.lines().collect::<Vec<_>>();
    assert!(lines.iter().all(|line| line.contains("operations") && line.contains("waiting")), "litter in\n{progress}");
    assert!(!lines.is_empty());
}

#[test]
fn takes_its_options() {
    let (code, table, progress) = demo(&[
        "--seconds=1",
        "--threads",
        "6",
        "--connections",
        "2",
        "--stripes",
        "1",
        "--seed",
        "9",
        "--faults",
        "off",
    ]);
    assert_eq!(code, Some(0), "{table}\n{progress}");
    assert!(table.contains("threads 6, connections 2, stripes 1, seed 9, faults off"), "{table}");
}

#[test]
fn a_wrong_option_is_named() {
    let wrong: [(&[&str], &str); 12] = [
        (&["--seconds", "0"], "--seconds must be a number from 1 to 86400, not '0'"),
        (&["--seconds", "1.5"], "--seconds must be"),
        (&["--threads", "many"], "--threads must be a number from 1 to 256, not 'many'"),
        (&["--threads", "-1"], "--threads must be"),
        (&["--threads"], "--threads needs a value"),
        (&["--connections", "65"], "--connections must be"),
        (&["--stripes", "5"], "--stripes 5 is more than --connections 4"),
        (&["--seed", "x"], "--seed must be"),
        (&["--faults", "maybe"], "--faults must be on or off, not 'maybe'"),
        (&["--fault", "off"], "--fault"),
        (&["-x"], "-x"),
        (&["now"], "now"),
    ];
    for (arguments, message) in wrong {
        let (code, table, error) = demo(arguments);
        assert_eq!(code, Some(2), "{arguments:?}: {error}");
        assert!(error.contains(message), "{arguments:?}: {error}");
        assert!(error.contains("--help"), "{arguments:?}: {error}");
        assert_eq!(table, "", "{arguments:?}");
    }
}

#[test]
fn helps() {
    for flag in ["--help", "-h"] {
        let (code, help, error) = demo(&["--seconds", "9", flag]);
        assert_eq!((code, error.as_str()), (Some(0), ""));
        for option in ["--seconds", "--threads", "--connections", "--stripes", "--seed", "--faults", "--help"] {
            assert!(help.contains(option), "no {option} in\n{help}");
        }
    }
}
