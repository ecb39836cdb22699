//! The seeded bugs as data, and the program that runs them. None is built here: `make mutants` does that.
#![cfg(not(feature = "loom"))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use striped_pool_model::mutants::table::{expected_rows, rows};
use striped_pool_model::mutants::{Collection, read_folder};

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn collection() -> Collection {
    read_folder(&top().join("model/mutants")).unwrap_or_else(|wrong| panic!("{wrong}"))
}

#[test]
fn every_mutant_still_applies() {
    for mutant in collection().mutants {
        let source = std::fs::read_to_string(top().join(&mutant.file)).unwrap();
        let changed = mutant
            .apply(&source)
            .unwrap_or_else(|places| panic!("{}: what it finds stands {places} times in {}", mutant.name, mutant.file));
        assert_ne!(source, changed, "{}", mutant.name);
    }
}

#[test]
fn every_class_has_a_mutant_or_an_argument() {
    let collection = collection();
    assert_eq!(collection.undecided(), Vec::<&str>::new());
    assert_eq!(collection.classes.len(), 22);
    for mutant in collection.mutants {
        assert!(mutant.name.starts_with(&format!("{}-", mutant.class.to_lowercase())), "{}", mutant.name);
    }
}

#[test]
fn every_part_and_every_kind_of_check_is_there() {
    let mutants = collection().mutants;
    for part in ["machine", "runtime", "reclamation", "pool"] {
        assert!(mutants.iter().any(|mutant| mutant.part() == part), "{part}");
    }
    for kind in ["loom", "generated", "explore", "test"] {
        assert!(mutants.iter().any(|mutant| mutant.killer.kind() == kind), "{kind}");
    }
}

#[test]
fn the_table_is_of_these_mutants() {
    let page = std::fs::read_to_string(top().join("docs/mutants.md")).unwrap();
    let (found, expected) = (rows(&page), expected_rows(&collection().mutants));
    let stale: Vec<_> = found.iter().filter(|row| !expected.contains(row)).collect();
    let missing: Vec<_> = expected.iter().filter(|row| !found.contains(row)).collect();
    assert!(
        stale.is_empty() && missing.is_empty(),
        "stale {stale:#?}, missing {missing:#?}: make mutants TABLE=docs/mutants.md"
    );
    assert_eq!(found.len(), expected.len());
}

/// A project of one file, with one class and these mutants; the fake cargo builds a check that passes unless the file says
/// `bad`, does not build what says `broken`, and hangs on `slow`.
struct Project {
    top: PathBuf,
}

const SOURCE: &str = "good\nmore\n";
#[cfg(unix)]
const CARGO: &str = r#"#!/bin/sh
if grep -q broken core/lib.rs; then echo "error: broken" >&2; exit 101; fi
program="$CARGO_TARGET_DIR/check"
mkdir -p "$CARGO_TARGET_DIR"
cat > "$program" <<'END'
#!/bin/sh
case "$2" in
  known) ;;
  *) echo "running 0 tests"; exit 0 ;;
esac
echo "running 1 test"
if grep -q slow core/lib.rs; then sleep 60; fi
if grep -q bad core/lib.rs; then echo "test result: FAILED. 0 passed"; exit 101; fi
echo "test result: ok. 1 passed"
END
chmod +x "$program"
echo '{"reason":"compiler-artifact","target":{"name":"other"},"executable":"/nowhere"}'
echo "{\"target\":{\"name\":\"any\"},\"executable\":\"$program\"}"
"#;

impl Project {
    fn new(name: &str, mutants: &[(&str, &str)]) -> Self {
        let top = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = std::fs::remove_dir_all(&top);
        let project = Self { top };
        ["core", "model/mutants", "tests"].iter().for_each(|part| project.folder(part));
        [("Cargo.toml", ""), ("Cargo.lock", ""), ("core/lib.rs", SOURCE)]
            .iter()
            .for_each(|(at, text)| project.write(at, text));
        project.write("model/mutants/classes.txt", "C01  what goes wrong\n");
        mutants.iter().for_each(|(name, text)| project.write(&format!("model/mutants/{name}.txt"), text));
        project
    }

    fn folder(&self, part: &str) {
        std::fs::create_dir_all(self.top.join(part)).unwrap();
    }

    fn write(&self, at: &str, text: &str) {
        std::fs::write(self.top.join(at), text).unwrap();
    }

    /// Exit code, stdout, stderr.
    fn run(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_striped-pool-model"));
        command.args(["mutants", "--root"]).arg(&self.top).args(arguments).stdin(Stdio::null());
        let Output { status, stdout, stderr } = command.env("CARGO", self.top.join("cargo")).output().unwrap();
        (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
    }

    #[cfg(unix)]
    fn with_cargo(self) -> Self {
        use std::os::unix::fs::PermissionsExt;
        self.write("cargo", CARGO);
        std::fs::set_permissions(self.top.join("cargo"), std::fs::Permissions::from_mode(0o755)).unwrap();
        self
    }
}

/// A mutant that replaces `find` by `replace`, and names this test.
fn seeding(find: &str, replace: &str, test: &str) -> String {
    format!(
        "# What goes wrong.\nclass C01\nreference a/b#1\nfile core/lib.rs\ncheck test any any {test}\n\n\
         ---- find\n{find}\n---- replace\n{replace}\n"
    )
}

#[cfg(unix)]
#[test]
fn a_mutant_that_its_check_notices_is_killed_and_the_sources_are_left_alone() {
    let project = Project::new("killed", &[("one", &seeding("good", "bad", "known"))]).with_cargo();
    let table = project.top.join("table.md");
    let (code, stdout, stderr) = project.run(&["--table", table.to_str().unwrap()]);
    assert_eq!(code, Some(0), "{stdout}{stderr}");
    assert!(
        stdout.contains(
            "one: killed (–)\n1 mutants: 1 killed, 0 survived, 0 no longer apply, 0 say nothing, 0 not judged"
        ),
        "{stdout}"
    );
    assert!(stderr.contains("  1 of 1  one: killed") && stderr.contains("to go"), "{stderr}");
    assert_eq!(std::fs::read_to_string(project.top.join("core/lib.rs")).unwrap(), SOURCE);
    assert_eq!(std::fs::read_to_string(project.top.join("target/mutants/tree/core/lib.rs")).unwrap(), SOURCE);
    let page = std::fs::read_to_string(table).unwrap();
    assert!(
        page.contains("| [one](../model/mutants/one.txt) | C01 | a/b#1 | core/lib.rs | `test any any known` | – |"),
        "{page}"
    );
    let (code, stdout, _) = project.run(&["--json"]);
    let value: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((code, &value["killed"], &value["mutants"][0]["killed"]), (Some(0), &1.into(), &true.into()));
}

#[cfg(unix)]
#[test]
fn what_is_not_killed_is_told_apart_and_fails_the_run() {
    let mutants = [
        ("broken", seeding("good", "broken", "known")),
        ("harmless", seeding("good", "fine", "known")),
        ("killed", seeding("good", "bad", "known")),
        ("misnamed", seeding("good", "bad", "unknown")),
        ("slow", seeding("good", "slow", "known")),
    ];
    let mutants = mutants.each_ref().map(|(name, text)| (*name, text.as_str()));
    let project = Project::new("survivors", &mutants).with_cargo();
    let (code, stdout, _) = project.run(&["--timeout", "5", "--table", "never"]);
    assert_eq!(code, Some(1), "{stdout}");
    for wanted in [
        "broken: SAYS NOTHING: it does not build, see target/mutants/log/broken.build.txt",
        "harmless: SURVIVED",
        "killed: killed (–)",
        "misnamed: SAYS NOTHING: no test is called unknown",
        "slow: SAYS NOTHING: its check takes more than 5 s",
        "5 mutants: 1 killed, 1 survived, 0 no longer apply, 3 say nothing, 0 not judged",
    ] {
        assert!(stdout.contains(wanted), "{wanted} in {stdout}");
    }
    assert!(!Path::new("never").exists(), "no table of a failed run");
    assert_eq!(project.run(&["killed"]).0, Some(0), "what was not asked for does not count");
}

#[cfg(unix)]
#[test]
fn a_check_that_fails_by_itself_kills_nothing() {
    let project = Project::new("failing", &[("one", &seeding("more", "less", "known"))]).with_cargo();
    project.write("core/lib.rs", "bad\nmore\n");
    let (code, stdout, _) = project.run(&[]);
    assert_eq!(code, Some(1));
    assert!(stdout.contains("one: SAYS NOTHING: its check fails without it"), "{stdout}");
}

#[test]
fn a_mutant_that_no_longer_applies_fails_the_run_before_anything_is_built() {
    let gone = seeding("gone", "bad", "known");
    let twice = seeding("o", "bad", "known");
    let project =
        Project::new("stale", &[("gone", &gone), ("good", &seeding("good", "bad", "known")), ("twice", &twice)]);
    let (code, stdout, stderr) = project.run(&[]);
    assert_eq!((code, stderr.as_str()), (Some(1), ""));
    for wanted in [
        "gone: NO LONGER APPLIES: what it finds stands 0 times",
        "twice: NO LONGER APPLIES",
        "2 no longer apply, 0 say nothing, 1 not judged",
    ] {
        assert!(stdout.contains(wanted), "{wanted} in {stdout}");
    }
}

#[test]
fn a_malformed_file_is_complained_about_with_its_line() {
    let whole = seeding("good", "bad", "known");
    let flaws = [
        (whole.replace("# What", "What"), 1, "# what goes wrong"),
        (whole.replace("C01", "C99"), 2, "no class `C99`"),
        (whole.replace("reference a/b#1", "reference"), 3, "each once with a value"),
        (whole.replace("reference", "class"), 3, "each once with a value"),
        (whole.replace("reference", "referense"), 3, "`referense a/b#1`"),
        (whole.replace("test any any known", "test any"), 5, "there are `loom PROGRAM`"),
        (whole.replace("test any any known", "explore INV-NONE"), 5, "no check is called `INV-NONE`"),
        (whole.replace("file core/lib.rs\n", ""), 6, "`file` is missing"),
        (whole.replace("---- find", "----"), 7, "wanted is"),
        (whole.replace("\ngood", ""), 7, "nothing to find"),
        (whole.replace("---- replace", "----"), 10, "`---- replace` is missing"),
    ];
    for (number, (text, line, wanted)) in flaws.iter().enumerate() {
        let project = Project::new(&format!("malformed-{number}"), &[("one", text)]);
        let (code, stdout, stderr) = project.run(&[]);
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{text}");
        assert!(stderr.contains(&format!("one.txt:{line}: ")) && stderr.contains(wanted), "{wanted} in {stderr}");
    }
    let project = Project::new("malformed-classes", &[("one", &whole)]);
    for (classes, line) in [("C01\n", 1), ("C01  a\nC01  b\n", 2), ("# none\ncannot be: so\n", 2)] {
        project.write("model/mutants/classes.txt", classes);
        let (code, _, stderr) = project.run(&[]);
        assert!(code == Some(2) && stderr.contains(&format!("classes.txt:{line}: ")), "{stderr}");
    }
}

#[test]
fn what_is_asked_for_must_make_sense() {
    let project = Project::new("asked", &[("one", &seeding("good", "bad", "known"))]);
    let complaints: [(&[&str], &str); 6] = [
        (&["two"], "no mutant's name contains `two`"),
        (&["--table", "x", "one"], "--table is of all mutants"),
        (&["--timeout", "0"], "allowed is 1 to 3600"),
        (&["--tabel"], "--tabel"),
        (&["--data", "nowhere"], "nowhere/classes.txt: "),
        (&["--root"], "--root"),
    ];
    for (arguments, wanted) in complaints {
        let (code, stdout, stderr) = project.run(arguments);
        assert_eq!((code, stdout.as_str(), stderr.lines().count()), (Some(2), "", 1), "{arguments:?}: {stderr}");
        assert!(stderr.contains(wanted), "{wanted} in {stderr}");
    }
    let (code, stdout, _) = project.run(&["--list"]);
    assert_eq!((code, stdout.as_str()), (Some(0), "one  test any any known\n"));
    let (code, help, _) = project.run(&["--help"]);
    assert_eq!(code, Some(0));
    for option in ["--root", "--data", "--list", "--json", "--table", "--timeout", "target/mutants/log", "$CARGO"] {
        assert!(help.contains(option), "{option}");
    }
}

/// A class without a mutant, and one with a mutant and an argument, fail a run of all.
#[cfg(unix)]
#[test]
fn a_class_that_is_undecided_fails_the_run() {
    let project = Project::new("undecided", &[("one", &seeding("good", "bad", "known"))]).with_cargo();
    for (classes, code) in [
        ("C01  a\nC02  b\n", 1),
        ("C01  a\n  cannot be: so\n", 1),
        ("C01  a\nC02  b\n  cannot be: nothing of the kind\n", 0),
    ] {
        project.write("model/mutants/classes.txt", classes);
        let (found, stdout, _) = project.run(&[]);
        assert_eq!(found, Some(code), "{stdout}");
        assert_eq!(stdout.contains("neither a mutant nor an argument"), code == 1);
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_the_run_with_what_was_judged() {
    use std::io::{BufRead, BufReader};
    let mutants = [("a", seeding("good", "bad", "known")), ("b", seeding("good", "slow", "known"))];
    let project =
        Project::new("interrupted", &mutants.each_ref().map(|(name, text)| (*name, text.as_str()))).with_cargo();
    let mut command = Command::new(env!("CARGO_BIN_EXE_striped-pool-model"));
    command.args(["mutants", "--root"]).arg(&project.top).env("CARGO", project.top.join("cargo"));
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(lines.map(Result::unwrap).any(|line| line.contains("1 of 2  a: killed")));
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let Output { status, stdout, .. } = child.wait_with_output().unwrap();
    let stdout = String::from_utf8(stdout).unwrap();
    assert_eq!(status.code(), Some(130), "{stdout}");
    assert!(stdout.contains("1 killed, 0 survived, 0 no longer apply, 0 say nothing, 1 not judged"), "{stdout}");
}
