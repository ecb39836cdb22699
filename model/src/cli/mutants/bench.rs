//! Builds a check and runs it, with or without a mutant.

use super::process::{Ended, run};
use super::tree::Tree;
use core::fmt;
use core::time::Duration;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use striped_pool_model::mutants::{Killer, Mutant, Said};

/// A build is not part of the check, and takes longest when nothing is there yet.
const BUILD_TIMEOUT: Duration = Duration::from_secs(1800);

/// What came of a mutant, or of a check without one.
#[derive(Clone)]
pub(super) enum Outcome {
    /// The check failed.
    Killed {
        /// At which bound or depth.
        at: String,
    },
    /// The check passed.
    Survived,
    /// What the mutant finds is not there.
    Stale(String),
    /// Nothing was shown: it does not build, or the check did not run.
    Useless(String),
}

impl Outcome {
    pub(super) const fn is_killed(&self) -> bool {
        matches!(self, Self::Killed { .. })
    }

    pub(super) fn at(&self) -> String {
        match self {
            Self::Killed { at } => at.clone(),
            Self::Survived | Self::Stale(_) | Self::Useless(_) => String::new(),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Killed { at } => write!(f, "killed ({at})"),
            Self::Survived => f.write_str("SURVIVED"),
            Self::Stale(why) => write!(f, "NO LONGER APPLIES: {why}"),
            Self::Useless(why) => write!(f, "SAYS NOTHING: {why}"),
        }
    }
}

pub(super) struct Bench {
    tree: Tree,
    timeout: Duration,
}

impl Bench {
    pub(super) fn new(tree: Tree, timeout: Duration) -> Self {
        Self { tree, timeout }
    }

    /// What each of these checks, which are built alike, says without a mutant.
    pub(super) fn baseline(&self, killers: Vec<Killer>) -> Vec<(Killer, Outcome)> {
        let Some(first) = killers.first() else { return Vec::new() };
        let built = self.build(first, "baseline");
        let check = |killer: Killer| {
            let outcome = built.clone().and_then(|program| self.check(&program, &killer, "baseline"));
            (killer, outcome.unwrap_or_else(Outcome::Useless))
        };
        killers.into_iter().map(check).collect()
    }

    /// What its check says with the mutant.
    pub(super) fn judge(&self, mutant: &Mutant) -> Outcome {
        let seeded = match self.tree.seed(mutant) {
            Ok(seeded) => seeded,
            Err(error) => return Outcome::Stale(error.to_string()),
        };
        let built = self.build(&mutant.killer, &mutant.name);
        let outcome = built.and_then(|program| self.check(&program, &mutant.killer, &mutant.name));
        drop(seeded);
        outcome.unwrap_or_else(Outcome::Useless)
    }

    /// The program of a check.
    fn build(&self, killer: &Killer, name: &str) -> Result<PathBuf, String> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command.args(killer.build()).arg("--message-format=json-render-diagnostics").current_dir(self.tree.sources());
        // Nobody looks at a backtrace, and it builds faster.
        command.env("CARGO_TARGET_DIR", self.tree.target()).env("CARGO_PROFILE_DEV_DEBUG", "0");
        let (out, err) = (self.tree.log(&format!("{name}.build.json")), self.tree.log(&format!("{name}.build.txt")));
        let no_build = |why: &str| format!("{why}, see {}", named(&err));
        match run(&mut command, &out, &err, BUILD_TIMEOUT).map_err(|error| format!("cargo: {error}"))? {
            Ended::Itself { succeeded: true } => {}
            Ended::Itself { succeeded: false } => return Err(no_build("it does not build")),
            Ended::TooLong => return Err(no_build("its build takes too long")),
            Ended::Interrupted => return Err("interrupted".to_owned()),
        }
        let messages = read(&out).map_err(|error| error.to_string())?;
        let program = messages.lines().find_map(|message| executable(message, &killer.program()));
        program.ok_or_else(|| no_build("nothing was built"))
    }

    fn check(&self, program: &Path, killer: &Killer, name: &str) -> Result<Outcome, String> {
        let mut command = Command::new(program);
        command.args(killer.run()).current_dir(self.tree.sources()).env("RUST_BACKTRACE", "0");
        let (out, err) = (self.tree.log(&format!("{name}.out.txt")), self.tree.log(&format!("{name}.err.txt")));
        match run(&mut command, &out, &err, self.timeout).map_err(|error| format!("the check: {error}"))? {
            Ended::Itself { succeeded } => {
                let output = read(&out).map_err(|error| error.to_string())?;
                match killer.read(&output, succeeded) {
                    Said::Passed => Ok(Outcome::Survived),
                    Said::Failed { at } => Ok(Outcome::Killed { at }),
                    Said::Other(why) => Err(format!("{why}, see {}", named(&err))),
                }
            }
            Ended::TooLong => Err(format!("its check takes more than {} s", self.timeout.as_secs())),
            Ended::Interrupted => Err("interrupted".to_owned()),
        }
    }
}

/// A log, as somebody at the top of the project would name it.
fn named(log: &Path) -> String {
    let file = log.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    format!("target/mutants/log/{file}")
}

fn read(file: &Path) -> io::Result<String> {
    Ok(String::from_utf8_lossy(&std::fs::read(file)?).into_owned())
}

/// The program of this name, if it is what a message of cargo announces.
fn executable(message: &str, name: &str) -> Option<PathBuf> {
    let message: serde_json::Value = serde_json::from_str(message).ok()?;
    let program = message["executable"].as_str()?;
    (message["target"]["name"] == name).then(|| PathBuf::from(program))
}
