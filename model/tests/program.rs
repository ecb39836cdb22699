//! The program: its help, each exit code, each complaint.
#![cfg(not(feature = "loom"))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::{Command, Output, Stdio};

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_striped-pool-model"));
    command.args(arguments).stdin(Stdio::null());
    command
}

/// Exit code, stdout, stderr.
fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = program(arguments).output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

/// As [`run`], for arguments that must be complained about in one line, with nothing on stdout.
fn complaint(arguments: &[&str]) -> String {
    let (code, stdout, stderr) = run(arguments);
    assert_eq!((code, stdout.as_str(), stderr.lines().count()), (Some(2), "", 1), "{arguments:?}: {stderr}");
    stderr
}

#[test]
fn help_names_every_command_and_every_exit_code() {
    for arguments in [&["--help"][..], &["-h"], &["help"]] {
        let (code, help, stderr) = run(arguments);
        assert_eq!((code, stderr.as_str()), (Some(0), ""));
        for wanted in ["explore", "check", "replay", "render", "transitions", "  0 ", "  1 ", "  2 ", "  130 "] {
            assert!(help.contains(wanted), "{wanted}");
        }
    }
}

#[test]
fn help_of_a_command_names_its_options() {
    let explore =
        ["--machine", "--clients", "--capacity", "--max-capacity", "--clock", "--threads", "--json", "--html"];
    let check = ["--machine", "--list", "--json", "--html"];
    let replay = ["--rewrite", "--print", "----", "raise EVENT"];
    let render = ["--specimen", "--html", "FILE"];
    let transitions = ["--exhaustive", "--random", "--recorded", "--seed", "LISTS"];
    let commands = [("explore", &explore[..]), ("check", &check), ("replay", &replay), ("render", &render)];
    for (command, options) in commands.into_iter().chain([("transitions", &transitions[..])]) {
        let (code, help, stderr) = run(&[command, "--help"]);
        assert_eq!((code, stderr.as_str()), (Some(0), ""));
        options.iter().for_each(|option| assert!(help.contains(option), "{option}"));
    }
}

#[test]
fn without_a_command_the_help_is_the_complaint() {
    let (code, stdout, stderr) = run(&[]);
    assert_eq!((code, stdout.as_str()), (Some(2), ""));
    assert!(stderr.contains("a command is missing") && stderr.contains("Usage"));
}

#[test]
fn what_is_not_known_is_complained_about() {
    assert!(complaint(&["explroe"]).contains("unknown command `explroe`"));
    assert!(complaint(&["--version"]).contains("--version"));
    assert!(complaint(&["explore", "--client", "3"]).contains("--client"));
    assert!(complaint(&["explore", "3"]).contains('3'));
    assert!(complaint(&["explore", "--machine", "mine"]).contains("shipped, plain, tombstones, all, ancestor"));
    assert!(complaint(&["check", "8-unheard-of"]).contains("1-put-counts-twice"));
    assert!(complaint(&["check", "--lst"]).contains("--lst"));
}

#[test]
fn impossible_bounds_are_complained_about_with_what_is_allowed() {
    let bounds = [
        ("--clients", "0", "1 to 6"),
        ("--clients", "7", "1 to 6"),
        ("--clients", "many", "1 to 6"),
        ("--clients", "-1", "1 to 6"),
        ("--capacity", "0", "1 to 4"),
        ("--max-capacity", "0", "1 to 4"),
        ("--max-capacity", "5", "1 to 4"),
        ("--clock", "4", "0 to 3"),
        ("--threads", "0", "1 to 64"),
    ];
    for (option, value, allowed) in bounds {
        let complaint = complaint(&["explore", option, value]);
        assert!(complaint.contains(&format!("{option} {value} is impossible: allowed is {allowed}")), "{complaint}");
    }
    assert!(complaint(&["explore", "--clients"]).contains("--clients"));
    assert!(complaint(&["explore", "--capacity", "3", "--max-capacity", "2"]).contains("--max-capacity 2"));
}

#[test]
fn a_search_in_which_all_holds_says_what_it_covered() {
    let bounds = ["explore", "--clients", "3", "--capacity", "1", "--max-capacity", "1"];
    for machine in ["shipped", "plain", "tombstones", "all"] {
        let (code, stdout, stderr) = run(&[&bounds[..], &["--machine", machine]].concat());
        assert_eq!(code, Some(0), "{stdout}");
        for wanted in ["states       576\n", "transitions  3798\n", "complete: every check holds", "never seen"] {
            assert!(stdout.contains(wanted), "{wanted} in {stdout}");
        }
        assert!(stderr.contains("576 states") && stderr.contains("frontier 0 in all"), "{stderr}");
    }
}

#[test]
fn a_fact_that_is_never_seen_is_a_finding_if_asked_for() {
    let small = ["explore", "--clients", "1", "--capacity", "1", "--max-capacity", "1"];
    let (code, stdout, _) = run(&small);
    assert!(code == Some(0) && stdout.contains("TwoWaiters             never seen"), "{stdout}");
    let (code, stdout, _) = run(&[&small[..], &["--all-facts"]].concat());
    assert!(code == Some(1) && stdout.contains("but a fact is never seen"), "{stdout}");
    let (code, stdout, _) = run(&["explore", "--clients", "3", "--all-facts"]);
    assert!(code == Some(0) && stdout.contains("34 of 34 seen"), "{stdout}");
}

#[test]
fn a_search_that_finds_something_shows_a_shortest_trace() {
    let (code, stdout, _) = run(&["explore", "--machine", "ancestor", "--threads", "1"]);
    assert_eq!(code, Some(1));
    assert!(stdout.contains("a check fails") && stdout.contains(" fails:\n#  client 0"), "{stdout}");
}

#[test]
fn json_says_the_same() {
    let (code, stdout, _) = run(&["explore", "--clients", "3", "--capacity", "1", "--max-capacity", "1", "--json"]);
    let value: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((code, &value["states"], &value["transitions"]), (Some(0), &576.into(), &3798.into()));
    assert_eq!((&value["complete"], value["failed"].as_array().map(Vec::len)), (&true.into(), Some(0)));
    let facts = |key| value["facts"][key].as_array().map_or(0, Vec::len);
    assert_eq!(facts("seen") + facts("never_seen"), striped_pool_model::Fact::ALL.len());

    let (code, stdout, _) = run(&["explore", "--machine", "ancestor", "--json"]);
    let value: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((code, &value["complete"]), (Some(1), &false.into()));
    assert_eq!(value["traces"].as_array().map(Vec::len), value["failed"].as_array().map(Vec::len));
}

#[test]
fn specimens_are_refuted() {
    let (code, stdout, _) = run(&["check"]);
    assert_eq!(code, Some(0));
    assert!(stdout.ends_with("8 refuted, 0 standing\n"), "{stdout}");
    let golden = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden")).unwrap();
    let is_number = |first: char| first.is_ascii_digit();
    let is_specimen = |name: &str| name.strip_suffix(".txt").is_some_and(|name| name.starts_with(is_number));
    let texts = golden.map(|file| file.unwrap()).filter(|file| is_specimen(&file.file_name().to_string_lossy()));
    let texts = texts.map(|file| file.path());
    let traces: Vec<String> = texts.map(|path| std::fs::read_to_string(path).unwrap()).collect();
    assert_eq!(traces.len(), 8);
    traces.iter().for_each(|trace| assert!(stdout.contains(trace), "{trace}"));
    let (code, stdout, _) = run(&["check", "--list"]);
    assert_eq!((code, stdout.lines().count()), (Some(0), 8));
    let (code, stdout, _) = run(&["check", "4-insert-without-second-look", "--json"]);
    let value: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((code, &value["specimens"][0]["refuted"], &value["standing"]), (Some(0), &true.into(), &0.into()));
}

#[test]
fn specimens_stand_where_the_rules_are_right() {
    let (code, stdout, _) = run(&["check", "--machine", "shipped"]);
    assert_eq!(code, Some(1));
    assert!(stdout.ends_with("0 refuted, 7 standing\n"), "{stdout}");
    let complaint = complaint(&["check", "--machine", "shipped", "7-stripe-count-is-ignored"]);
    assert!(complaint.contains("is the ancestor's alone"), "{complaint}");
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_search_with_what_was_covered() {
    use std::io::{BufRead, BufReader};
    let bounds = ["explore", "--clients", "6", "--max-capacity", "4", "--threads", "1"];
    let mut child = program(&bounds).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    stderr.read_line(&mut line).unwrap();
    assert!(line.contains("so far") && line.contains("transitions/s"), "{line}");
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(130), "{stdout}");
    assert!(stdout.contains("states") && stdout.contains("interrupted: every check holds so far"), "{stdout}");
}

/// A file of this content, and its name.
fn file(name: &str, content: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, content).unwrap();
    path.to_string_lossy().into_owned()
}

#[test]
fn a_golden_trace_is_replayed() {
    let trace = concat!(env!("CARGO_MANIFEST_DIR"), "/traces/clocks-out-of-order.txt");
    let (code, stdout, stderr) = run(&["replay", trace]);
    assert_eq!((code, stdout, stderr), (Some(0), format!("{trace}: 2 blocks as written\n"), String::new()));
    let (code, stdout, _) = run(&["replay", "--print", trace]);
    assert_eq!(code, Some(0));
    assert!(stdout.starts_with(&std::fs::read_to_string(trace).unwrap()), "{stdout}");
}

#[test]
fn a_golden_trace_that_differs_is_shown_and_can_be_rewritten() {
    let trace = file("differs.txt", "# t\nworld clients 1 capacity 1\n0 take\n----\nnothing\n");
    let (code, stdout, _) = run(&["replay", &trace]);
    assert_eq!(code, Some(1));
    assert!(stdout.contains(&format!("{trace}:5: expected\nnothing\nfound\n#  client 0")), "{stdout}");
    let (code, stdout, _) = run(&["replay", "--rewrite", &trace]);
    assert_eq!((code, stdout), (Some(0), format!("{trace}: 1 blocks rewritten\n")));
    assert_eq!(run(&["replay", &trace]).0, Some(0));
}

#[test]
fn a_malformed_golden_trace_is_complained_about_with_file_and_line_and_left_alone() {
    let content = "world clients 1 capacity 1\n0 tkae\n----\n";
    let trace = file("malformed.txt", content);
    assert!(complaint(&["replay", &trace]).contains(&format!("{trace}:2: unknown command `0 tkae`")));
    let differs = file("differs-too.txt", "# t\nworld clients 1 capacity 1\n0 take\n----\nnothing\n");
    assert!(complaint(&["replay", "--rewrite", &differs, &trace]).contains(&trace));
    assert!(std::fs::read_to_string(&differs).unwrap().contains("nothing"));
    assert_eq!(std::fs::read_to_string(&trace).unwrap(), content);
    assert!(complaint(&["replay", "no-such-file.txt"]).contains("no-such-file.txt: "));
    assert!(complaint(&["replay"]).contains("needs a file"));
    assert!(complaint(&["replay", "--rewrit", &trace]).contains("--rewrit"));
}

/// Where a file or folder of this name can be made: nothing is there, whatever an earlier run has left.
fn absent(name: &str) -> std::path::PathBuf {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_file(&path);
    let _ = std::fs::remove_dir_all(&path);
    assert!(!path.exists(), "{}", path.display());
    path
}

#[test]
fn a_golden_trace_is_rendered_as_text_or_as_a_page() {
    let trace = concat!(env!("CARGO_MANIFEST_DIR"), "/traces/cancel-before-and-after-the-hand-off.txt");
    let (code, stdout, stderr) = run(&["render", trace]);
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    for wanted in ["Cancel: before the hand-off", "every check holds", "#   client 0", "12 ", "before step 5: Before:"]
    {
        assert!(stdout.contains(wanted), "{wanted} in {stdout}");
    }
    let page = file("rendered.html", "");
    let (code, stdout, stderr) = run(&["render", trace, "--html", &page]);
    assert_eq!((code, stdout, stderr), (Some(0), format!("{page}: 12 steps\n"), String::new()));
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.starts_with("<!doctype html>") && page.contains("<h1>Cancel: before the hand-off"));
}

#[test]
fn replay_and_render_say_the_same_in_json() {
    let trace = file("json.txt", "# One.\nworld clients 1 capacity 1\n0 take\n----\nwrong\n");
    let (code, stdout, _) = run(&["replay", &trace, "--json"]);
    let value: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    let entry = &value["files"][0];
    assert_eq!(
        (code, &entry["rewritten"], &entry["difference"]["expected"]),
        (Some(1), &false.into(), &"wrong\n".into())
    );
    let (code, stdout, _) = run(&["replay", &trace, "--json", "--rewrite"]);
    let value: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((code, &value["files"][0]["rewritten"]), (Some(0), &true.into()), "{stdout}");
    assert!(complaint(&["replay", &trace, "--json", "--print"]).contains("not both"));
    let (code, stdout, _) = run(&["render", "--json", &trace]);
    let value: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    let step = &value["steps"][1];
    assert_eq!((code, &step["actor"], &step["action"]), (Some(0), &"client 0".into(), &"take".into()), "{stdout}");
}

#[test]
fn a_specimen_is_rendered() {
    let name = "4-insert-without-second-look";
    let (code, stdout, _) = run(&["render", "--specimen", name]);
    assert_eq!(code, Some(0));
    assert!(stdout.starts_with(&format!("{name}\nfails INV-WORK\npublished")), "{stdout}");
    assert!(stdout.ends_with("step 6 fails INV-WORK\n"), "{stdout}");
    let page = file("specimen.html", "");
    assert_eq!(run(&["render", "--specimen", name, "--html", &page]).1, format!("{page}: 6 steps\n"));
    assert!(std::fs::read_to_string(page).unwrap().contains("fails INV-WORK"));
    let (code, stdout, _) = run(&["render", "--specimen", "7-stripe-count-is-ignored"]);
    assert_eq!((code, stdout.contains("take on stripe 1")), (Some(0), true), "{stdout}");
}

#[test]
fn what_cannot_be_rendered_is_complained_about_and_nothing_is_written() {
    let trace = file("unrenderable.txt", "# t\nworld clients 1 capacity 1\n0 take\n0 tkae\n----\n");
    let page = absent("unrenderable.html");
    let to = page.to_string_lossy();
    assert!(complaint(&["render", &trace, "--html", &to]).contains(&format!("{trace}:4: unknown command `0 tkae`")));
    let impossible = file("impossible.txt", "# t\nworld clients 1 capacity 1\n0 take\n0 take\n----\n");
    assert!(complaint(&["render", &impossible, "--html", &to]).contains(&format!("{impossible}:4: client 0 cannot")));
    assert!(!page.exists());
    assert!(complaint(&["render"]).contains("needs a file or --specimen"));
    assert!(complaint(&["render", "no-such-file.txt"]).contains("no-such-file.txt: "));
    assert!(complaint(&["render", "--specimen", "8-unheard-of"]).contains("1-put-counts-twice"));
    assert!(complaint(&["render", &trace, "--specimen", "1-put-counts-twice"]).contains("not both"));
    assert!(complaint(&["render", &trace, &trace]).contains("unexpected"));
    assert!(complaint(&["render", "--hmtl", &trace]).contains("--hmtl"));
    let nowhere = absent("nowhere").join("page.html");
    assert!(
        complaint(&["render", "--specimen", "1-put-counts-twice", "--html", &nowhere.to_string_lossy()])
            .contains("page.html: ")
    );
}

#[test]
fn counterexamples_are_written_as_pages() {
    let pages = absent("specimens");
    let to = pages.to_string_lossy();
    let (code, stdout, _) = run(&["check", "--html", &to, "1-put-counts-twice", "7-stripe-count-is-ignored"]);
    assert_eq!((code, std::fs::read_dir(&pages).unwrap().count()), (Some(0), 2));
    assert!(stdout.contains(&pages.join("1-put-counts-twice.html").to_string_lossy().into_owned()), "{stdout}");

    let pages = absent("found");
    let to = pages.to_string_lossy();
    let (code, stdout, _) = run(&["explore", "--machine", "ancestor", "--json", "--html", &to]);
    let value: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    let traces = value["traces"].as_array().unwrap();
    assert_eq!((code, std::fs::read_dir(&pages).unwrap().count()), (Some(1), traces.len()));
    for trace in traces {
        let page = std::fs::read_to_string(trace["page"].as_str().unwrap()).unwrap();
        assert!(page.contains(&format!("fails {}", trace["check"].as_str().unwrap())));
    }
    let blocked = file("blocked", "");
    assert!(complaint(&["check", "--html", &blocked]).contains("blocked: "));
    assert!(complaint(&["explore", "--html", &blocked]).contains("blocked: "));
}

/// What `transitions` writes, line by line.
fn transitions(arguments: &[&str]) -> Vec<String> {
    let (code, stdout, stderr) = run(&[&["transitions"], arguments].concat());
    assert_eq!(code, Some(0), "{stderr}");
    stdout.lines().map(str::to_owned).collect()
}

#[test]
fn transitions_that_cannot_be_written_are_complained_about() {
    assert!(complaint(&["transitions"]).contains("needs --exhaustive, --random N or --recorded N"));
    assert!(complaint(&["transitions", "--seed", "1"]).contains("needs --exhaustive"));
    assert!(complaint(&["transitions", "--random", "0"]).contains("--random 0 is impossible: allowed is 1 to"));
    assert!(complaint(&["transitions", "--random", "many"]).contains("--random many is impossible"));
    assert!(complaint(&["transitions", "--random"]).contains("--random"));
    assert!(complaint(&["transitions", "--random", "1", "--seed", "-1"]).contains("--seed -1 is impossible"));
    assert!(complaint(&["transitions", "--recorded", "0"]).contains("--recorded 0 is impossible"));
    assert!(complaint(&["transitions", "--exhaustively"]).contains("--exhaustively"));
    assert!(complaint(&["transitions", "--exhaustive", "file"]).contains("file"));
}

#[test]
fn random_transitions_are_as_many_as_asked_for_and_the_seed_decides_them() {
    let lines = transitions(&["--random", "3000", "--seed", "7"]);
    let is_transition = |line: &&String| !line.starts_with("new ") && !line.starts_with("end ");
    assert_eq!(lines.iter().filter(is_transition).count(), 3000);
    assert!(lines[0].starts_with("new ") && lines.last().is_some_and(|last| last == "end 3000"));
    assert_eq!(lines, transitions(&["--random", "3000", "--seed", "7"]));
    assert_ne!(lines, transitions(&["--random", "3000", "--seed", "8"]));
}

#[test]
fn exhaustive_transitions_contain_each_event_that_can_happen_first() {
    let lines = transitions(&["--exhaustive"]);
    assert_eq!(lines[0], "at 1 1 0 0 0 0 0 0 :");
    for line in ["t 10 1 S 10 N 1 0 0 0 0 0 0 0 :", "a 0 0 R n 1 1 0 0 0 0 0 0 :", "q 1 - 1 1 0 0 0 1 0 0 :"] {
        assert!(lines[1..70].iter().any(|found| found == line), "{line}");
    }
    let (states, transitions) = (lines.iter().filter(|line| line.starts_with("at ")).count(), lines.len() - 1);
    assert_eq!((states, transitions - states), (17_280, 1_145_490));
    assert_eq!(lines.last().unwrap(), "end 1145490");
}

#[cfg(all(feature = "trace", not(feature = "shuttle")))]
#[test]
fn what_threads_commit_is_recorded_in_order() {
    let lines = transitions(&["--recorded", "500"]);
    assert_eq!(lines[0], "new 4 1");
    assert_eq!(lines.last().unwrap(), &format!("end {}", lines.len() - 2));
    assert!(lines.len() >= 502);
}

#[cfg(not(all(feature = "trace", not(feature = "shuttle"))))]
#[test]
fn nothing_is_recorded_without_the_feature() {
    assert!(complaint(&["transitions", "--recorded", "500"]).contains("the feature `trace`"));
}
