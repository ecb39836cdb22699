//! The checks that a mutant can name, how each is built and run, and how its output is read.

use crate::check::Check;
use core::fmt;

/// A check that must fail on a mutant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Killer {
    /// A program of `core/tests/loom`.
    Loom {
        /// Its name, such as `slot::publish_races_park`.
        program: String,
    },
    /// A generated program of `model/tests/generated`.
    Generated {
        /// Its suite and text, such as `2x1 Take | Put from Tight`.
        program: String,
    },
    /// The exhaustive search of the shipped machine.
    Explore {
        /// What must fail.
        check: Check,
        /// The options of `explore` that set the bounds.
        bounds: Vec<String>,
    },
    /// A test.
    Test {
        /// Its package.
        package: String,
        /// Its file under `tests/`, or `lib`.
        binary: String,
        /// Its full name.
        name: String,
    },
}

/// What the output of a check says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// It passed.
    Passed,
    /// It failed, at this bound or depth.
    Failed {
        /// Such as `bound 3, iteration 17`.
        at: String,
    },
    /// It did not run, or something else failed: what was looked for.
    Other(String),
}

/// Where nothing is bounded.
const UNBOUNDED: &str = "–";

impl Killer {
    /// Reads `kind name`.
    ///
    /// # Errors
    ///
    /// What is wrong, in a line.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (kind, rest) = text.split_once(' ').unwrap_or((text, ""));
        let words: Vec<&str> = rest.split_whitespace().collect();
        match (kind, words.as_slice()) {
            ("loom", [program]) => Ok(Self::Loom { program: (*program).to_owned() }),
            ("generated", [_, _, ..]) => Ok(Self::Generated { program: rest.trim().to_owned() }),
            ("explore", [id, bounds @ ..]) => {
                let check = Check::ALL.into_iter().find(|check| check.id() == *id);
                let check = check.ok_or_else(|| format!("no check is called `{id}`"))?;
                Ok(Self::Explore { check, bounds: bounds.iter().map(|word| (*word).to_owned()).collect() })
            }
            ("test", [package, binary, name]) => {
                let [package, binary, name] = [package, binary, name].map(|word| (*word).to_owned());
                Ok(Self::Test { package, binary, name })
            }
            _ => Err(format!(
                "`{text}` names no check: there are `loom PROGRAM`, `generated SUITE PROGRAM`, \
                 `explore CHECK [BOUNDS]` and `test PACKAGE BINARY NAME`"
            )),
        }
    }

    /// Its kind, such as `loom`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Loom { .. } => "loom",
            Self::Generated { .. } => "generated",
            Self::Explore { .. } => "explore",
            Self::Test { .. } => "test",
        }
    }

    /// The arguments with which cargo builds it. Checks with the same arguments are one program.
    #[must_use]
    pub fn build(&self) -> Vec<String> {
        let test = |words: &[&str], binary: &str| {
            let target = if binary == "lib" { vec!["--lib"] } else { vec!["--test", binary] };
            ["test", "--no-run"].iter().chain(words).copied().chain(target).map(str::to_owned).collect()
        };
        match self {
            Self::Loom { .. } => test(&["-p", "striped-pool", "--features", "loom"], "loom"),
            Self::Generated { .. } => test(&["-p", "striped-pool-model", "--features", "loom"], "generated"),
            Self::Explore { .. } => {
                ["build", "-p", "striped-pool-model", "--bin", "striped-pool-model"].map(str::to_owned).to_vec()
            }
            Self::Test { package, binary, .. } => test(&["-p", package], binary),
        }
    }

    /// What cargo calls the program that it builds.
    #[must_use]
    pub fn program(&self) -> String {
        match self {
            Self::Loom { .. } => "loom".to_owned(),
            Self::Generated { .. } => "generated".to_owned(),
            Self::Explore { .. } => "striped-pool-model".to_owned(),
            Self::Test { package, binary, .. } if binary == "lib" => package.replace('-', "_"),
            Self::Test { binary, .. } => binary.clone(),
        }
    }

    /// The arguments with which the built program runs this check and no other.
    #[must_use]
    pub fn run(&self) -> Vec<String> {
        match self {
            Self::Loom { program } => vec![program.clone()],
            Self::Generated { program } => vec!["--exact".to_owned(), program.clone()],
            Self::Explore { bounds, .. } => {
                // On one thread, so that it is always the same check that fails first.
                ["explore", "--json", "--threads", "1"]
                    .iter()
                    .map(|word| (*word).to_owned())
                    .chain(bounds.iter().cloned())
                    .collect()
            }
            Self::Test { name, .. } => vec!["--exact".to_owned(), name.clone()],
        }
    }

    /// What it said, from its output and whether it succeeded.
    #[must_use]
    pub fn read(&self, output: &str, succeeded: bool) -> Said {
        match self {
            Self::Loom { program } => read_loom(program, output),
            Self::Generated { program } => read_generated(program, output, succeeded),
            Self::Explore { check, .. } => read_explore(*check, output),
            Self::Test { name, .. } => read_test(name, output, succeeded),
        }
    }
}

/// The line of the program: name, bound, iterations, time, verdict.
fn read_loom(program: &str, output: &str) -> Said {
    let is_its = |line: &&str| line.split_whitespace().next() == Some(program);
    let Some(line) = output.lines().find(is_its) else { return Said::Other(format!("no line for {program}")) };
    let words: Vec<&str> = line.split_whitespace().collect();
    match words.as_slice() {
        [_, "bound", bound, iterations, "iterations", .., "FAILED"] => {
            Said::Failed { at: format!("bound {bound}, iteration {iterations}") }
        }
        [.., "complete"] => Said::Passed,
        _ => Said::Other(format!("what does this mean: {line}")),
    }
}

/// The line `FAILED name (bound N):`, and the first after it that says in which iteration.
fn read_generated(program: &str, output: &str, succeeded: bool) -> Said {
    if succeeded && output.lines().any(|line| line == "1 passed, 0 failed") {
        return Said::Passed;
    }
    let bound = |line: &str| {
        let rest = line.strip_prefix("FAILED ")?.strip_prefix(program)?.trim().strip_prefix("(bound ")?;
        rest.strip_suffix("):").map(str::to_owned)
    };
    let Some(bound) = output.lines().find_map(bound) else {
        return Said::Other(format!("neither one program passed nor {program} failed"));
    };
    let iteration = output.lines().find_map(|line| line.strip_prefix("failed in iteration: "));
    Said::Failed { at: format!("bound {bound}, iteration {}", iteration.unwrap_or("unknown")) }
}

/// The object that `explore --json` prints.
fn read_explore(check: Check, output: &str) -> Said {
    let object = output.find('{').and_then(|start| output.get(start..));
    let Some(report) = object.and_then(|text| serde_json::from_str::<serde_json::Value>(text).ok()) else {
        return Said::Other("the search did not end".to_owned());
    };
    let traces = report["traces"].as_array().map(Vec::as_slice).unwrap_or_default();
    let moves = traces.iter().find(|trace| trace["check"] == check.id()).and_then(|trace| trace["moves"].as_u64());
    match moves {
        Some(moves) => Said::Failed { at: format!("{} at depth {moves}", check.id()) },
        None if report["complete"] == true => Said::Passed,
        None => Said::Other(format!("not {} failed but {}", check.id(), report["failed"])),
    }
}

/// The first and the last line of the test harness.
fn read_test(name: &str, output: &str, succeeded: bool) -> Said {
    let has = |wanted: &str| output.lines().any(|line| line.trim_start().starts_with(wanted));
    if !has("running 1 test") {
        return Said::Other(format!("no test is called {name}"));
    }
    match succeeded {
        true if has("test result: ok. 1 passed") => Said::Passed,
        true => Said::Other(format!("{name} was left out")),
        false => Said::Failed { at: UNBOUNDED.to_owned() },
    }
}

impl fmt::Display for Killer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Loom { program } => write!(f, "loom {program}"),
            Self::Generated { program } => write!(f, "generated {program}"),
            Self::Explore { check, bounds } => write!(f, "explore {} {}", check.id(), bounds.join(" ")),
            Self::Test { package, binary, name } => write!(f, "test {package} {binary} {name}"),
        }
    }
}
