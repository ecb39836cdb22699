//! Golden traces: every file in `traces/` is replayed and compared, and malformed ones are complained about by line.
//!
//! `REWRITE=1` writes the outputs anew instead of comparing them.
#![cfg(not(feature = "loom"))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use striped_pool_model::Which;
use striped_pool_model::script::Script;

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("traces");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files
}

fn read(file: &Path) -> (String, Script) {
    let text = std::fs::read_to_string(file).unwrap();
    let script = Script::parse(&text).unwrap_or_else(|wrong| panic!("{}:{wrong}", file.display()));
    (text, script)
}

#[test]
fn every_trace_is_as_written() {
    assert!(files().len() >= 14, "traces are missing");
    for file in files() {
        let (text, script) = read(&file);
        let played = script.play().unwrap_or_else(|wrong| panic!("{}:{wrong}", file.display()));
        let rewritten = script.rewritten(&played);
        if std::env::var_os("REWRITE").is_some() {
            std::fs::write(&file, &rewritten).unwrap();
            continue;
        }
        if let Some(difference) = script.difference(&played) {
            panic!("{}:{}: found\n{}", file.display(), difference.line, difference.found);
        }
        assert!(rewritten == text, "{} is written in another form:\n{rewritten}", file.display());
        assert!(!script.title.is_empty(), "{} has no title", file.display());
    }
}

#[test]
fn every_machine_but_the_ancestor_plays_the_same() {
    let same = |file: &PathBuf| !file.ends_with("ancestor-puts-twice.txt");
    for file in files().into_iter().filter(same) {
        let (_, script) = read(&file);
        let shipped = script.rewritten(&script.play().unwrap());
        for which in [Which::Plain, Which::Tombstones, Which::All] {
            let other = script.rewritten(&script.play_with(which).unwrap());
            assert_eq!(other, shipped, "{} with {}", file.display(), which.name());
        }
    }
}

#[test]
fn another_output_is_noticed_with_its_line() {
    let script = Script::parse("# t\nworld clients 1 capacity 1\n0 take\n----\n\n0 gets\n----\nnot this\n").unwrap();
    let played = script.play().unwrap();
    let first = script.difference(&played).unwrap();
    assert_eq!((first.line, first.expected.as_str()), (5, ""));
    let mended = Script::parse(&script.rewritten(&played)).unwrap();
    assert_eq!(mended.difference(&played), None);
    assert_eq!(mended.blocks(), 2);
    let wrong = script.rewritten(&played).replace("0 creates", "0 holds r0");
    let second = Script::parse(&wrong).unwrap().difference(&played).unwrap();
    assert!(second.expected.contains("0 holds r0") && second.found.contains("0 creates"));
}

/// What is complained about when `commands` stand in a world of two clients.
fn complaint(commands: &str) -> String {
    let text = format!("world clients 2 capacity 1\n{commands}\n----\n");
    match Script::parse(&text).and_then(|script| script.play()) {
        Ok(_) => panic!("{commands} is accepted"),
        Err(wrong) => wrong.to_string(),
    }
}

#[test]
fn a_command_that_cannot_be_is_complained_about_with_its_line() {
    assert_eq!(complaint("0 take\n1 tkae"), "3: unknown command `1 tkae`");
    assert_eq!(complaint("take"), "2: unknown command `take`");
    assert_eq!(complaint("raise nothing"), "2: unknown command `raise nothing`");
    assert_eq!(complaint("2 take"), "2: there is no client 2: the first is 0, the last 1");
    assert_eq!(complaint("0 put at 3"), "2: client 0 cannot do this: it has nothing and waits for nothing");
    assert_eq!(complaint("0 take\n0 return"), "3: client 0 cannot do this: it waits for a result that is on its way");
    assert_eq!(complaint("0 take\n1 take\n1 take"), "4: client 1 cannot do this: it waits");
    assert_eq!(complaint("0 gets"), "2: no commit has this effect to perform next");
    assert_eq!(complaint("resize to many"), "2: `many` is not a number from 0 to 99");
    assert_eq!(complaint("reap at 100 keep 0"), "2: `100` is not a number from 0 to 99");
    assert_eq!(complaint("free 0"), "2: `0` is not a resource, such as r0");
    assert_eq!(complaint("raise cancel 0"), "2: `0` is not an id, such as #0");
    assert_eq!(complaint("world clients 1 capacity 1"), "2: `world` must be the first command, and there is only one");
}

#[test]
fn a_file_that_is_no_trace_is_complained_about_with_its_line() {
    let form = "`world clients N capacity N [machine NAME] [sequential]`";
    let first = format!("1: the first command must be {form}, not `0 take`");
    let cases = [
        ("", "1: no block: commands, then `----`"),
        ("# only\n# remarks\n", "2: no block: commands, then `----`"),
        ("0 take\n----\n", first.as_str()),
        ("world clients 1 capacity 1\n0 take\n", "2: no `----` after this command"),
        ("\n----\n", "2: `----` without a command before it"),
        ("world clients 1 capacity 1\n0 take\n----\n\n----\n", "5: `----` without a command before it"),
        (
            "world clients 1 capacity 1\n0 take\n----\n0 gets\n----\n",
            "5: `----` in an output, which a blank line must end",
        ),
        ("world clients 0 capacity 1\n----\n", "1: clients 0 is impossible: allowed is 1 to 99"),
        ("world clients 1 capacity 0\n----\n", "1: capacity 0 is impossible: allowed is 1 to 99"),
        ("world clients 1 capacity 1 machine x\n----\n", "1: no machine is called `x`"),
        ("world clients 1 capacity 1 parallel\n----\n", "1: `parallel` is not part of"),
    ];
    for (text, complaint) in cases {
        let wrong = Script::parse(text).unwrap_err().to_string();
        assert!(wrong.starts_with(complaint), "{text:?}: {wrong}");
    }
}
