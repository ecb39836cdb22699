//! Arguments in, text and an exit code out.
//!
//! Owns the exit codes and the help. Rules:
//! 1. Results go to stdout, progress and errors to stderr.
//! 2. Whatever is wrong with the input is one message, and exit code 2; nothing is searched before all of it is known
//!    to be right.
//! 3. The first Ctrl-C ends a search, which prints what it covered; a second one ends the program.

mod check;
mod explore;
mod mutants;
mod options;
mod render;
mod replay;
mod transitions;

use core::sync::atomic::{AtomicBool, Ordering};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use striped_pool_model::Story;
use striped_pool_model::script::{Played, Script};

const HELP: &str = "\
striped-pool-model: model checking for striped-pool

Usage: striped-pool-model COMMAND [OPTIONS]

Commands:
  explore      search every state of a machine within bounds
  check        refute the specimens: the ancestor's faults, one shortest trace each
  replay       run golden traces, compare or rewrite them
  render       show a golden trace or a specimen as a table, or as a page to step through
  mutants      seed bugs in a copy of the sources; the check that each names must fail
  transitions  write what the machine does, for the checker that runs the proved machine beside it

`striped-pool-model COMMAND --help` says more.

Exit codes:
  0    what was looked at holds
  1    something was found: a check fails, a specimen stands, a golden trace differs, a mutant survives
  2    the arguments or a file are wrong
  130  stopped by Ctrl-C
";

/// How a command ends.
#[derive(Clone, Copy)]
enum End {
    Holds = 0,
    Found = 1,
    Interrupted = 130,
}

/// What is wrong with the input: one message.
struct Wrong(String);

/// For [`Wrong`]: the exit code.
const WRONG: u8 = 2;

/// Set by Ctrl-C.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

impl From<lexopt::Error> for Wrong {
    fn from(error: lexopt::Error) -> Self {
        Self(error.to_string())
    }
}

/// Runs the program.
pub(crate) fn main() -> ExitCode {
    match run(lexopt::Parser::from_env()) {
        Ok((text, end)) => {
            // Whoever closes the pipe has read enough.
            let _ = std::io::stdout().write_all(text.as_bytes());
            ExitCode::from(end as u8)
        }
        Err(Wrong(message)) => {
            let _ = writeln!(std::io::stderr(), "striped-pool-model: {message}");
            ExitCode::from(WRONG)
        }
    }
}

fn run(mut arguments: lexopt::Parser) -> Result<(String, End), Wrong> {
    use lexopt::prelude::{Long, Short, Value};
    match arguments.next()? {
        None => Err(Wrong(format!("a command is missing\n\n{HELP}"))),
        Some(Long("help") | Short('h')) => Ok((HELP.to_owned(), End::Holds)),
        Some(Value(command)) => match command.to_string_lossy().as_ref() {
            "explore" => explore::run(arguments),
            "check" => check::run(arguments),
            "replay" => replay::run(arguments),
            "render" => render::run(arguments),
            "mutants" => mutants::run(arguments),
            "transitions" => transitions::run(arguments),
            "help" => Ok((HELP.to_owned(), End::Holds)),
            other => Err(Wrong(format!("unknown command `{other}`; see striped-pool-model --help"))),
        },
        Some(other @ (Long(_) | Short(_))) => Err(other.unexpected().into()),
    }
}

/// Reads and plays a golden trace.
fn read(file: &str) -> Result<(Script, Played), Wrong> {
    let text = std::fs::read_to_string(file).map_err(|error| Wrong(format!("{file}: {error}")))?;
    let script = Script::parse(&text);
    let played = script.and_then(|script| script.play().map(|played| (script, played)));
    played.map_err(|wrong| Wrong(format!("{file}:{wrong}")))
}

/// Writes a story's page.
fn write_page(file: &Path, story: &Story) -> Result<(), Wrong> {
    std::fs::write(file, story.html()).map_err(|error| Wrong(format!("{}: {error}", file.display())))
}

/// Makes a folder for pages, if it is not there.
fn make_folder(folder: Option<&PathBuf>) -> Result<(), Wrong> {
    let Some(folder) = folder else { return Ok(()) };
    std::fs::create_dir_all(folder).map_err(|error| Wrong(format!("{}: {error}", folder.display())))
}

/// Writes the page of a story called `name` into `folder`, if there is one, and says where.
fn write_page_into(folder: Option<&PathBuf>, name: &str, story: &Story) -> Result<Option<String>, Wrong> {
    let Some(folder) = folder else { return Ok(None) };
    let file = folder.join(format!("{name}.html"));
    write_page(&file, story).map(|()| Some(file.display().to_string()))
}

/// From now on Ctrl-C is noticed instead of ending the program; the second one ends it.
fn watch_for_interrupt() {
    // ORDERING: Relaxed: nothing is handed over with it.
    let handler = || {
        if INTERRUPTED.swap(true, Ordering::Relaxed) {
            std::process::exit(End::Interrupted as i32);
        }
    };
    // Without a handler Ctrl-C simply ends the program.
    let _ = ctrlc::set_handler(handler);
}

fn is_interrupted() -> bool {
    // ORDERING: Relaxed, as where it is set.
    INTERRUPTED.load(Ordering::Relaxed)
}
