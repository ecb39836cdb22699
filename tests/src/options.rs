//! What a run is made of, and how the command line says it.

use crate::faults::Rig;
use core::fmt;
use core::str::FromStr;
use core::time::Duration;
use lexopt::{Arg, Parser};
use std::error::Error;
use std::ffi::OsString;

/// What `--help` prints.
pub const HELP: &str = "\
A bank in SQLite under a striped pool of connections: more threads than connections, injected faults, and checks.

Usage: demo [OPTIONS]

      --seconds N      how long to work, 1 to 86400 [default: 5]
      --threads N      how many threads make transfers, 1 to 256 [default: 16]
      --connections N  how many connections the pool may have, 1 to 64 [default: 4]
      --stripes N      over how many stripes they are spread, 1 to the number of connections [default: 2, or 1]
      --seed N         decides which turn takes which fault [default: 1]
      --faults on|off  whether creates fail, closures panic, waits time out, leases are discarded and detached
                       [default: on]
      --validate       replay every transition of the pool through the pure machine
                       [only in a build with the feature trace: make validate]
  -h, --help           this text

While it works, progress goes to standard error; the table and the checks go to standard output.
Exit code: 0 if every check passes, 1 if one fails, 2 for a wrong option.
";

/// What a run is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// How long to work before the pool is closed.
    pub length: Duration,
    /// How many threads make transfers; at least 1.
    pub threads: u32,
    /// How many connections the pool may have; at least 1.
    pub connections: u32,
    /// Over how many stripes they are spread; at least 1, at most as many as connections.
    pub stripes: u32,
    /// Decides which turn takes which fault.
    pub seed: u64,
    /// Whether faults are injected.
    pub faults: bool,
    /// Whether every transition is replayed through the pure machine.
    pub validate: bool,
    /// The lie, if any.
    pub rig: Rig,
    /// How long to wait for other threads before saying that they do not come.
    pub patience: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            length: Duration::from_secs(5),
            threads: 16,
            connections: 4,
            stripes: 2,
            seed: 1,
            faults: true,
            validate: false,
            rig: Rig::None,
            patience: Duration::from_secs(30),
        }
    }
}

/// What the command line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// A run.
    Run(Options),
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
        let mut options = Options::default();
        let mut stripes = None;
        while let Some(argument) = parser.next()? {
            match argument {
                Arg::Long("seconds") => {
                    options.length = Duration::from_secs(number(&mut parser, "--seconds", 1, 86_400)?);
                }
                Arg::Long("threads") => options.threads = number(&mut parser, "--threads", 1, 256)?,
                Arg::Long("connections") => options.connections = number(&mut parser, "--connections", 1, 64)?,
                Arg::Long("stripes") => stripes = Some(number(&mut parser, "--stripes", 1, 64)?),
                Arg::Long("seed") => options.seed = number(&mut parser, "--seed", 0, u64::MAX)?,
                Arg::Long("faults") => options.faults = switch(&mut parser, "--faults")?,
                #[cfg(feature = "trace")]
                Arg::Long("validate") => options.validate = true,
                #[cfg(not(feature = "trace"))]
                Arg::Long("validate") => {
                    return Err(UsageError("--validate needs a build with the feature trace: make validate".into()));
                }
                Arg::Long("help") | Arg::Short('h') => return Ok(Self::Help),
                Arg::Long(_) | Arg::Short(_) | Arg::Value(_) => return Err(argument.unexpected().into()),
            }
        }
        options.stripes = stripes.unwrap_or(options.stripes.min(options.connections));
        if options.stripes > options.connections {
            let Options { stripes, connections, .. } = options;
            return Err(UsageError(format!(
                "--stripes {stripes} is more than --connections {connections}: each stripe needs a connection"
            )));
        }
        Ok(Self::Run(options))
    }
}

fn number<N: Copy + FromStr + PartialOrd + fmt::Display>(
    parser: &mut Parser,
    name: &str,
    least: N,
    most: N,
) -> Result<N, UsageError> {
    let value = value(parser, name)?;
    match value.parse() {
        Ok(number) if least <= number && number <= most => Ok(number),
        Ok(_) | Err(_) => Err(UsageError(format!("{name} must be a number from {least} to {most}, not '{value}'"))),
    }
}

fn switch(parser: &mut Parser, name: &str) -> Result<bool, UsageError> {
    match value(parser, name)?.as_str() {
        "on" => Ok(true),
        "off" => Ok(false),
        value => Err(UsageError(format!("{name} must be on or off, not '{value}'"))),
    }
}

fn value(parser: &mut Parser, name: &str) -> Result<String, UsageError> {
    let value = parser.value().map_err(|_| UsageError(format!("{name} needs a value")))?;
    Ok(value.to_string_lossy().into_owned())
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
