//! What the harness was asked for: its own options, and those by which `cargo test` and `cargo nextest` ask.

use lexopt::prelude::{Long, Short, Value, ValueExt as _};
use std::time::Duration;

pub(crate) const HELP: &str = "\
Generated programs on the shipped runtime, under loom.

Usage: cargo test -p striped-pool-model --features loom --test generated -- [OPTIONS] [NAME …]

A NAME is a whole one, in quotes, such as '2x1 Take | Put from Tight', or a part of those of the suites.

Options:
  --deep          instead of the suites: a seeded sample of larger programs, until the time is over; a program that was
                  begun is finished
  --minutes N     how long `--deep` goes on, 1 to 10080 (default 10)
  --seed N        what is drawn (default 1)
  --bound N       a preemption bound other than the suites' own
  --list          only name the programs; with --ignored those of the sample
  --exact         names are whole names
  -h, --help      this

Split over machines: cargo nextest run … --test generated [--run-ignored only] --partition hash:1/4
There, GENERATED_SEED and GENERATED_ROUNDS (default 1) say what is drawn; rounds take the place of the time, and each machine
prints what it ran, without the coverage.

A failing program is printed with its history; in the folder GENERATED_HTML, if set, a page to step through is left.
Its name runs it alone.
";

/// What to do.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Mode {
    /// Explore what is asked for.
    #[default]
    Explore,
    /// Explore a sample until the time is over.
    Deep,
    /// Name it.
    List,
    /// In a child process: explore the programs on standard input, at this bound.
    Child(usize),
    /// Say how to ask.
    Help,
}

/// What to do, and with what.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) mode: Mode,
    pub(crate) time: Duration,
    pub(crate) seed: u64,
    /// How many rounds of the sample the runners are told of.
    pub(crate) rounds: u64,
    pub(crate) bound: Option<usize>,
    pub(crate) ignored: bool,
    pub(crate) exact: bool,
    pub(crate) names: Vec<String>,
}

impl Options {
    /// What stands before the arguments: a runner that has no options for us has an environment.
    fn from_environment() -> Result<Self, lexopt::Error> {
        Ok(Self {
            mode: Mode::Explore,
            time: Duration::from_secs(600),
            seed: number("GENERATED_SEED")?,
            rounds: number("GENERATED_ROUNDS")?,
            bound: None,
            ignored: false,
            exact: false,
            names: Vec::new(),
        })
    }

    pub(crate) fn read() -> Result<Self, lexopt::Error> {
        let mut options = Self::from_environment()?;
        let mut arguments = lexopt::Parser::from_env();
        while let Some(argument) = arguments.next()? {
            match argument {
                Long("deep") => options.mode = Mode::Deep,
                Long("minutes") => options.time = minutes(&arguments.value()?.string()?)?,
                Long("seed") => options.seed = arguments.value()?.parse()?,
                Long("bound") => options.bound = Some(arguments.value()?.parse()?),
                Long("list") => options.mode = Mode::List,
                Long("ignored") => options.ignored = true,
                Long("exact") => options.exact = true,
                Long("help") | Short('h') => options.mode = Mode::Help,
                Long(CHILD) => options.mode = Mode::Child(arguments.value()?.parse()?),
                // Of the runners; there is nothing to capture.
                Long("format" | "color" | "test-threads" | "skip") => drop(arguments.value()?),
                Long("nocapture" | "no-capture" | "quiet" | "include-ignored" | "show-output") | Short('q') => {}
                Value(name) => options.names.push(name.string()?),
                other @ (Long(_) | Short(_)) => return Err(other.unexpected()),
            }
        }
        if matches!(options.mode, Mode::Deep) && (options.bound.is_some() || !options.names.is_empty()) {
            return Err("--deep draws its programs, and has bounds of its own: leave out names and --bound".into());
        }
        Ok(options)
    }

    /// Whether the names given ask for `name`.
    pub(crate) fn asks_for(&self, name: &str) -> bool {
        let matches = |part: &String| if self.exact { name == part } else { name.contains(part.as_str()) };
        self.names.is_empty() || self.names.iter().any(matches)
    }
}

/// A whole number from the environment; 1 if it says nothing.
fn number(name: &str) -> Result<u64, lexopt::Error> {
    let Ok(text) = std::env::var(name) else { return Ok(1) };
    text.parse().map_err(|_| format!("{name}={text} is no whole number").into())
}

/// From one minute to a week.
fn minutes(text: &str) -> Result<Duration, lexopt::Error> {
    let minutes = text.parse().ok().filter(|minutes| (1..=10_080).contains(minutes));
    let seconds = minutes.map(|minutes: u64| Duration::from_secs(60 * minutes));
    seconds.ok_or_else(|| format!("--minutes {text} is impossible: allowed is 1 to 10080").into())
}

/// The option by which the harness asks a child to explore programs.
pub(crate) const CHILD: &str = "explore-at";
