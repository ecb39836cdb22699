//! What the command line asks for.

use crate::workload::{Effort, WORKLOADS, Workload};
use core::fmt;
use lexopt::{Arg, Parser};
use std::error::Error;
use std::ffi::OsString;
use std::path::PathBuf;

/// What `--help` prints.
pub const HELP: &str = "\
striped-pool beside other pools on the same work: tables, and the bars that it is to reach.

Usage: striped-pool-bench [OPTIONS]

      --quick        fewer and shorter rounds: two minutes for all workloads
      --smoke        only whether everything runs; the figures mean nothing
      --only W,W     only these workloads, such as w1,w3 [default: all]
      --out DIR      write the report (bench.md) and the pictures (bench-*.svg) into this folder
      --check-bars   fail if a bar that must be met is missed
      --list         the workloads, about how long each takes, and the pools with their settings
  -h, --help         this text

W6, W8 and W9 run the program `memory` beside this one, which counts what is allocated; `make bench` and
`make bench-quick` build both. Instructions are counted by `make bench-instructions`.
Progress goes to standard error, the tables to standard output. Nothing else should run meanwhile: the load of the
machine before the run stands in the report.
Exit code: 0, whatever the bars say; with --check-bars 1 if a must is missed, also if a workload that ran could not
measure it; 2 for a wrong option or a folder that cannot be written.
";

/// A run.
#[derive(Clone, Debug)]
pub struct Options {
    /// How much is measured.
    pub effort: Effort,
    /// Which workloads, in the order of the report.
    pub workloads: Vec<Workload>,
    /// Where to write the report, if it shall be written.
    pub out: Option<PathBuf>,
    /// Whether a missed must fails the run.
    pub is_checked: bool,
}

/// What the command line asks for.
#[derive(Clone, Debug)]
pub enum Command {
    /// A run.
    Run(Options),
    /// The list.
    List,
    /// The help.
    Help,
}

/// What is wrong with the command line, in words that name the option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageError(String);

impl Command {
    /// Reads the arguments that follow the program's name.
    ///
    /// # Errors
    ///
    /// [`UsageError`] for an option or a value that makes no sense.
    pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, UsageError> {
        let mut parser = Parser::from_args(arguments);
        let mut options = Options { effort: Effort::Full, workloads: WORKLOADS.to_vec(), out: None, is_checked: false };
        while let Some(argument) = parser.next()? {
            match argument {
                Arg::Long("quick") => options.effort = Effort::Quick,
                Arg::Long("smoke") => options.effort = Effort::Smoke,
                Arg::Long("only") => options.workloads = chosen(&value(&mut parser, "--only")?.to_string_lossy())?,
                Arg::Long("out") => options.out = Some(value(&mut parser, "--out")?.into()),
                Arg::Long("check-bars") => options.is_checked = true,
                Arg::Long("list") => return Ok(Self::List),
                Arg::Long("help") | Arg::Short('h') => return Ok(Self::Help),
                Arg::Long(_) | Arg::Short(_) | Arg::Value(_) => return Err(argument.unexpected().into()),
            }
        }
        Ok(Self::Run(options))
    }
}

/// The workloads that a list names, in the order of the report.
fn chosen(list: &str) -> Result<Vec<Workload>, UsageError> {
    let named: Vec<_> = list.split(',').map(|name| name.trim().to_lowercase()).collect();
    if let Some(unknown) = named.iter().find(|name| WORKLOADS.iter().all(|workload| workload.id != **name)) {
        let known = WORKLOADS.map(|workload| workload.id).join(", ");
        return Err(UsageError(format!("--only knows {known}, not '{unknown}'")));
    }
    Ok(WORKLOADS.into_iter().filter(|workload| named.iter().any(|name| name == workload.id)).collect())
}

fn value(parser: &mut Parser, name: &str) -> Result<OsString, UsageError> {
    parser.value().map_err(|_| UsageError(format!("{name} needs a value")))
}

impl From<lexopt::Error> for UsageError {
    fn from(error: lexopt::Error) -> Self {
        Self(error.to_string())
    }
}

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for UsageError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(arguments: &[&str]) -> Result<Options, String> {
        match Command::parse(arguments.iter().map(OsString::from)) {
            Ok(Command::Run(options)) => Ok(options),
            Ok(other) => panic!("{other:?}"),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn without_options_everything_runs_in_full_and_nothing_is_written() {
        let options = run(&[]).unwrap();
        assert_eq!(options.effort, Effort::Full);
        assert_eq!(options.workloads.len(), WORKLOADS.len());
        assert!(options.out.is_none() && !options.is_checked);
    }

    #[test]
    fn each_option_does_what_it_says() {
        let options = run(&["--quick", "--only", "w3, W1", "--out", "somewhere", "--check-bars"]).unwrap();
        assert_eq!(options.effort, Effort::Quick);
        let ids: Vec<_> = options.workloads.iter().map(|workload| workload.id).collect();
        assert_eq!(ids, ["w1", "w3"]);
        assert_eq!(options.out, Some(PathBuf::from("somewhere")));
        assert!(options.is_checked);
        assert!(matches!(Command::parse(["--list".into()]), Ok(Command::List)));
        assert!(matches!(Command::parse(["-h".into()]), Ok(Command::Help)));
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        let known = WORKLOADS.map(|workload| workload.id).join(", ");
        assert_eq!(run(&["--only", "w1,w99"]).unwrap_err(), format!("--only knows {known}, not 'w99'"));
        assert_eq!(run(&["--out"]).unwrap_err(), "--out needs a value");
        assert!(run(&["--fast"]).unwrap_err().contains("--fast"));
    }
}
