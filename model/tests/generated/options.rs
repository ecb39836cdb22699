//! What the harness was asked for: its own options, and those by which `cargo test` and `cargo nextest` ask.

use lexopt::prelude::{Long, Short, Value, ValueExt as _};
use std::time::Duration;

pub(crate) const HELP: &str = "\
Generated programs on the shipped runtime, under loom.

Usage: cargo test -p striped-pool-model --features loom --test generated -- [OPTIONS] [PART OF A NAME …]

Options:
  --deep          instead of the suites: a seeded sample of larger programs, until the time is over
  --minutes N     how long `--deep` goes on (default 10)
  --seed N        what `--deep` draws (default 1)
  --bound N       a preemption bound other than the suites' own
  --list          only name the programs; with --ignored one round of the sample
  --exact         names are whole names
  -h, --help      this

Split over machines: cargo nextest run … --test generated [--run-ignored only] --partition hash:1/4
There, GENERATED_SEED and GENERATED_ROUNDS (default 1) say what is drawn.

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
#[derive(Debug, Default)]
pub(crate) struct Options {
    pub(crate) mode: Mode,
    pub(crate) minutes: Option<u64>,
    pub(crate) seed: Option<u64>,
    pub(crate) bound: Option<usize>,
    pub(crate) ignored: bool,
    pub(crate) exact: bool,
    pub(crate) names: Vec<String>,
}

impl Options {
    pub(crate) fn read() -> Result<Self, lexopt::Error> {
        let mut options = Self::default();
        let mut arguments = lexopt::Parser::from_env();
        while let Some(argument) = arguments.next()? {
            match argument {
                Long("deep") => options.mode = Mode::Deep,
                Long("minutes") => options.minutes = Some(arguments.value()?.parse()?),
                Long("seed") => options.seed = Some(arguments.value()?.parse()?),
                Long("bound") => options.bound = Some(arguments.value()?.parse()?),
                Long("list") => options.mode = Mode::List,
                Long("ignored") => options.ignored = true,
                Long("exact") => options.exact = true,
                Long("help") | Short('h') => options.mode = Mode::Help,
                Long(CHILD) => options.mode = Mode::Child(arguments.value()?.parse()?),
                // Of the runners; there is nothing to capture.
                Long("format" | "color" | "test-threads") => drop(arguments.value()?),
                Long("nocapture" | "no-capture" | "quiet" | "include-ignored" | "show-output") | Short('q') => {}
                Value(name) => options.names.push(name.string()?),
                other @ (Long(_) | Short(_)) => return Err(other.unexpected()),
            }
        }
        Ok(options)
    }

    pub(crate) fn seed(&self) -> u64 {
        self.seed.or_else(|| from_environment("GENERATED_SEED")).unwrap_or(1)
    }

    /// How many rounds of the sample the runners are told of.
    pub(crate) fn rounds() -> u64 {
        from_environment("GENERATED_ROUNDS").unwrap_or(1)
    }

    pub(crate) fn time(&self) -> Duration {
        Duration::from_secs(60 * self.minutes.unwrap_or(10))
    }

    /// Whether the names given ask for `name`.
    pub(crate) fn asks_for(&self, name: &str) -> bool {
        let matches = |part: &String| if self.exact { name == part } else { name.contains(part.as_str()) };
        self.names.is_empty() || self.names.iter().any(matches)
    }
}

/// A runner that has no options for us has an environment.
fn from_environment(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

/// The option by which the harness asks a child to explore programs.
pub(crate) const CHILD: &str = "explore-at";
