//! What `cargo test` and `cargo nextest` ask of a harness of one test, beside what the harness itself can be asked.

use lexopt::prelude::{Long, Short, Value, ValueExt as _};
use std::str::FromStr;

/// What to do.
#[derive(Clone, Copy, Debug, Default)]
enum Mode {
    #[default]
    Run,
    List,
    Help,
}

/// What they ask for.
#[derive(Debug, Default)]
pub(crate) struct Runner {
    mode: Mode,
    ignored: bool,
    exact: bool,
    names: Vec<String>,
    skipped: Vec<String>,
}

impl Runner {
    /// Reads the arguments of this process. `own` reads the value of an option of the harness, and says whether it is one.
    pub(crate) fn read(
        mut own: impl FnMut(&str, &mut lexopt::Parser) -> Result<bool, lexopt::Error>,
    ) -> Result<Self, lexopt::Error> {
        let mut runner = Self::default();
        let mut arguments = lexopt::Parser::from_env();
        while let Some(argument) = arguments.next()? {
            let option = match argument {
                Long(option) => option.to_owned(),
                Short('h') => "help".to_owned(),
                Short('q') => "quiet".to_owned(),
                Short('Z') => "format".to_owned(),
                Value(name) => {
                    runner.names.push(name.string()?);
                    continue;
                }
                other @ Short(_) => return Err(other.unexpected()),
            };
            match option.as_str() {
                "help" => runner.mode = Mode::Help,
                "list" => runner.mode = Mode::List,
                "ignored" => runner.ignored = true,
                "exact" => runner.exact = true,
                "skip" => runner.skipped.push(arguments.value()?.string()?),
                // There is nothing to capture, to shuffle, or to include.
                "format" | "color" | "test-threads" | "logfile" | "shuffle-seed" => drop(arguments.value()?),
                "nocapture" | "no-capture" | "quiet" | "show-output" | "include-ignored" | "report-time"
                | "shuffle" => {
                    drop(arguments.optional_value());
                }
                option if own(option, &mut arguments)? => {}
                option => return Err(Long(option).unexpected()),
            }
        }
        Ok(runner)
    }

    /// Whether the test called `test` is to run; prints what is asked for instead.
    pub(crate) fn wants_run(&self, test: &str, help: &str) -> bool {
        let matches = |part: &String| if self.exact { test == part } else { test.contains(part.as_str()) };
        let is_named = self.names.is_empty() || self.names.iter().any(matches);
        // It is not an ignored one.
        let is_wanted = is_named && !self.ignored && !self.skipped.iter().any(matches);
        match self.mode {
            Mode::Run if is_wanted => return true,
            Mode::Run => println!("{test}: not asked for"),
            Mode::List if is_wanted => println!("{test}: test"),
            Mode::List => {}
            Mode::Help => print!("{help}"),
        }
        false
    }
}

/// The value of `option`; an error names both.
pub(crate) fn value<T: FromStr<Err: ToString>>(
    option: &str,
    arguments: &mut lexopt::Parser,
) -> Result<Option<T>, lexopt::Error> {
    let text = arguments.value()?.string()?;
    let wrong = |error: T::Err| format!("`{text}` is nothing for --{option}: {}", error.to_string());
    Ok(Some(text.parse().map_err(wrong)?))
}
