//! Failures of a child, planted to see that the harness tells them, and that the line it prints replays them.

use crate::explore::{Total, child};
use std::process::Output;
use std::str::FromStr;
use striped_pool_model::programs::Program;

/// How a child fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Planted {
    /// The threads commit by turns: an assertion that most schedules break, and not all.
    Turns,
    /// The same, after more words than a pipe holds.
    Flood,
    /// It dies before it says anything.
    Silent,
    /// All programs pass, and then it fails.
    Late,
}

impl Planted {
    const ALL: [Self; 4] = [Self::Turns, Self::Flood, Self::Silent, Self::Late];
}

impl FromStr for Planted {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|planted| format!("{planted:?}") == text).ok_or("no such failure")
    }
}

/// What begins the message of a planted assertion.
pub(crate) const TURNS: &str = "planted: the threads committed by turns: ";

/// The words of a line as a shell takes them; none has a quotation mark within.
fn words(line: &str) -> Vec<String> {
    let quoted = line.split('\'').enumerate().flat_map(|(at, part)| {
        if at % 2 == 1 { vec![part.to_owned()] } else { part.split_whitespace().map(str::to_owned).collect() }
    });
    quoted.collect()
}

/// The line of `text` that begins so.
fn line<'t>(text: &'t str, begin: &str) -> Result<&'t str, String> {
    text.lines().find(|line| line.starts_with(begin)).ok_or_else(|| format!("there is no `{begin}` in:\n{text}"))
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What is told of the planted failure.
fn told(planted: Planted) -> Result<String, String> {
    let total = Total::default();
    total.explore_apart(1, 3, 100, Some(planted));
    let failures = total.into_failures();
    let [told] = &failures[..] else { return Err(format!("{planted:?}: {} failures, not 1", failures.len())) };
    Ok(told.clone())
}

/// The line that is printed replays the schedule that failed: the threads commit in the same order.
fn check_replay(planted: Planted) -> Result<(), String> {
    let told = told(planted)?;
    let arguments = line(&told, "again: ")?.split_once(" -- ").map(|(_, arguments)| words(arguments));
    let arguments = arguments.unwrap_or_default();
    let [program, text, replay, schedule] = &arguments[..] else { return Err(format!("not replayable:\n{told}")) };
    if program != "--program" || replay != "--replay" || schedule.is_empty() || text.parse::<Program>().is_err() {
        return Err(format!("not replayable:\n{told}"));
    }
    let again = child(&arguments, Some(Planted::Turns));
    let (first, second) = (line(&told, TURNS)?.to_owned(), stderr(&again));
    if again.status.success() || line(&second, TURNS)? != first {
        return Err(format!("replayed otherwise, {}:\n{told}\n{second}", again.status));
    }
    // It is the assertion that fails, not the replay.
    let passed = child(&arguments, None);
    if passed.status.success() { Ok(()) } else { Err(format!("the replay itself fails:\n{}", stderr(&passed))) }
}

/// A child without a schedule is told as such, with what runs its programs again.
fn check_told(planted: Planted, verdict: &str) -> Result<(), String> {
    let told = told(planted)?;
    let is_told = told.contains(verdict) && told.contains("\nagain: ") && !told.contains("--replay");
    if is_told { Ok(()) } else { Err(format!("{planted:?} is told as:\n{told}")) }
}

/// Plants each failure in a child.
pub(crate) fn check() -> Result<(), String> {
    check_replay(Planted::Turns)?;
    check_replay(Planted::Flood)?;
    check_told(Planted::Silent, "the child said nothing of it")?;
    check_told(Planted::Late, "the child failed after its last program")
}
