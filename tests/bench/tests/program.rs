//! The program as a person runs it.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn bench(arguments: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_striped-pool-bench");
    Command::new(program).args(arguments).output().unwrap_or_else(|error| panic!("{program}: {error}"))
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_run_prints_its_bars_and_writes_report_and_pictures() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("report");
    let _ = fs::remove_dir_all(&folder);
    let output = bench(&["--smoke", "--only", "w1,w3,w4", "--out", folder.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(stdout(&output).contains("musts"));
    let report = fs::read_to_string(folder.join("bench.md")).unwrap();
    assert!(report.contains("## Bars") && report.contains("not run"), "W2 did not run");
    assert!(!report.contains("not measured |"), "each workload has figures for all its bars");
    for picture in ["bench-w1.svg", "bench-w3-8-on-2.svg", "bench-w3-64-on-8.svg", "bench-w4.svg"] {
        assert!(report.contains(picture));
        let svg = fs::read_to_string(folder.join(picture)).unwrap();
        assert!(svg.starts_with("<svg") && svg.ends_with("</svg>\n") && !svg.contains("NaN"), "{picture}");
    }
}

#[test]
fn a_missed_must_fails_only_a_run_that_checks_the_bars() {
    let output = bench(&["--smoke", "--only", "w1", "--check-bars"]);
    let is_missed = stdout(&output).lines().any(|line| line.contains("  must  ") && line.contains("MISSED"));
    assert_eq!(output.status.code(), Some(i32::from(is_missed)), "{}", stdout(&output));
}

#[test]
fn what_is_wrong_with_the_options_is_said() {
    let output = bench(&["--only", "w99"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("w99"));
}

#[test]
fn the_list_names_workloads_and_pools_and_the_help_options() {
    let list = stdout(&bench(&["--list"]));
    assert!(
        ["w1", "w2", "w3", "w4", "w5", "w6", "w7", "w8", "w9", "r2d2 0.8.10", "test_on_check_out(false)"]
            .iter()
            .all(|name| list.contains(name))
    );
    assert!(stdout(&bench(&["--help"])).contains("--check-bars"));
}

#[test]
fn memory_is_counted_by_the_other_program_and_ours_allocates_nothing_in_a_round_trip() {
    let output = bench(&["--smoke", "--only", "w8", "--check-bars"]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(text.contains("3 of 3 musts"), "{text}");
    let row = text.lines().find(|line| line.contains("parking_lot by hand")).unwrap_or_default();
    assert!(row.trim_end().ends_with("0.00"), "a mutex allocates for no hand-off: {row}");
}

/// Alone in a folder; a link, as a file that is being written while another test forks cannot be run.
#[test]
fn without_the_other_program_the_bars_on_memory_are_missed_and_it_is_said_how_to_build_it() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("alone");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let program = folder.join("bench");
    fs::hard_link(env!("CARGO_BIN_EXE_striped-pool-bench"), &program).unwrap();
    let run = |arguments: &[&str]| Command::new(&program).args(["--smoke", "--only"]).args(arguments).output().unwrap();
    for (workload, musts) in [("w6", 1), ("w8", 3)] {
        let output = run(&[workload, "--check-bars"]);
        let text = stdout(&output);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert!(text.contains(&format!("0 of {musts} musts")), "{text}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            [&*text, &*said].iter().all(|text| text.contains("`memory`") && text.contains("cargo build")),
            "{output:?}"
        );
    }
    assert_eq!(run(&["w8"]).status.code(), Some(0), "the bars were not to be checked");
    assert_eq!(run(&["w9", "--check-bars"]).status.code(), Some(0), "W9 has no bars");
}

#[test]
fn the_memory_program_says_how_it_is_used() {
    let program = env!("CARGO_BIN_EXE_memory");
    let output = Command::new(program).args(["sizes", "slowly"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("smoke|quick|full"));
}
