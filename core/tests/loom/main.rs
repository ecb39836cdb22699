//! The shipped runtime under loom: every interleaving, within a preemption bound, of small concurrent programs.
//!
//! Each program is named by its race and ends in an assertion of conservation. For each, the run prints how many
//! iterations (interleavings) it took to exhaust the bound. Nothing can cut the exploration short: the builder's limits
//! on iterations and time are unset, whatever the environment says, and a program that explores fewer than two
//! iterations fails, since then no race was run.
//!
//! Where a race can come to several things, the program names them, and each must be met in some interleaving (`census.rs`).
//!
//! Bounds: preemption bound 2 or 3 as stated at each program (bound 1 is known to miss lost wake-ups), 2 to 4 threads,
//! one or two operations each. What a pass does not show: load buffering and other behaviours of C11 that loom does not
//! produce; more threads or preemptions.
//!
//! Usage: `cargo test --features loom --test loom -- [--list] [part of a name …]`

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "clocks and counters that loom must not see; meant for the crate itself"
)]

mod cell;
mod census;
mod creates;
mod futures;
mod managed;
mod pool;
mod pools;
mod reclaim;
mod slot;
mod task;
mod tasks;
mod world;

use std::io::Write as _;
use std::process::{Command, ExitCode};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// One concurrent program.
struct Program {
    name: &'static str,
    /// How many preemptions an interleaving may have.
    bound: usize,
    run: fn(),
}

/// What came of one.
struct Outcome {
    /// Those explored; of a failed program those up to the one that failed, if that is known.
    iterations: usize,
    time: Duration,
    /// What it met, of what it must meet in some interleaving (`census.rs`).
    seen: String,
    failure: Option<String>,
}

/// The argument by which the harness runs one program in a process of its own: a failing model can abort.
const ONLY: &str = "--only";
/// How the child says how far it came.
const ITERATIONS: &str = "iterations: ";
/// How it says in which one it failed.
const FAILED_IN: &str = "failed in iteration: ";
/// How it says what it met.
const SEEN: &str = "seen: ";

/// Explores one program, here and now.
fn explore(program: &Program) {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let run = program.run;
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        println!("{FAILED_IN}{}", COUNT.load(Ordering::Relaxed));
        report(panic);
    }));
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(program.bound);
    builder.max_branches = 100_000;
    builder.max_permutations = None;
    builder.max_duration = None;
    builder.check(move || {
        COUNT.fetch_add(1, Ordering::Relaxed);
        run();
    });
    println!("{SEEN}{}", census::line());
    let missing = census::missing();
    assert!(missing.is_empty(), "no interleaving came to: {}", missing.join(", "));
    println!("{ITERATIONS}{}", COUNT.load(Ordering::Relaxed));
}

/// Explores one program in a child process.
fn explore_apart(program: &Program) -> Outcome {
    let start = Instant::now();
    let itself = std::env::current_exe().unwrap();
    let child = Command::new(itself).arg(ONLY).arg(program.name).output().unwrap();
    let output = String::from_utf8_lossy(&child.stdout);
    let after = |prefix| output.lines().find_map(|line| line.strip_prefix(prefix));
    let find = |prefix| after(prefix)?.parse().ok();
    let count: Option<usize> = find(ITERATIONS);
    let iterations = count.or_else(|| find(FAILED_IN)).unwrap_or(0);
    let seen = after(SEEN).unwrap_or_default().to_owned();
    let failure = match count {
        Some(_) if !child.status.success() => Some(format!("failed: {}", child.status)),
        None => Some(String::from_utf8_lossy(&child.stderr).into_owned()),
        Some(0 | 1) => Some("explored nothing: no race was run".to_owned()),
        Some(_) => None,
    };
    Outcome { iterations, time: start.elapsed(), seen, failure }
}

fn report(program: &Program, outcome: &Outcome) {
    let verdict = if outcome.failure.is_some() { "FAILED" } else { "complete" };
    let (name, bound, iterations, seconds) =
        (program.name, program.bound, outcome.iterations, outcome.time.as_secs_f64());
    let mut line = format!("{name:<60} bound {bound} {iterations:>9} iterations {seconds:>6.1} s  {verdict}\n");
    if !outcome.seen.is_empty() {
        line.extend(["    ", outcome.seen.as_str(), "\n"]);
    }
    line.extend(outcome.failure.iter().flat_map(|failure| [failure.as_str(), "\n"]));
    // A closed pipe is no reason to fail.
    let _ = std::io::stdout().write_all(line.as_bytes());
}

/// Runs the programs, as many at once as there are cores; returns the failed ones and the sum of iterations.
fn explore_all(programs: Vec<Program>) -> (Vec<&'static str>, usize) {
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let queue = Mutex::new(programs.into_iter());
    let failed = Mutex::new(Vec::new());
    let total = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let Some(program) = queue.lock().unwrap().next() else { return };
                    let outcome = explore_apart(&program);
                    report(&program, &outcome);
                    total.fetch_add(outcome.iterations, Ordering::Relaxed);
                    if outcome.failure.is_some() {
                        failed.lock().unwrap().push(program.name);
                    }
                }
            });
        }
    });
    (failed.into_inner().unwrap(), total.into_inner())
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let wanted: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let lower = [reclaim::PROGRAMS, slot::PROGRAMS, cell::PROGRAMS];
    let upper = [pool::PROGRAMS, pools::PROGRAMS, futures::PROGRAMS, creates::PROGRAMS, tasks::PROGRAMS];
    let all = lower.into_iter().chain(upper).flatten();
    let is_only = arguments.iter().any(|argument| argument == ONLY);
    let is_wanted =
        |name: &str| is_only && wanted.iter().any(|exact| *exact == name) || !is_only && is_part(name, &wanted);
    let all = all.chain(managed::PROGRAMS);
    let chosen: Vec<Program> =
        all.filter(|(name, ..)| is_wanted(name)).map(|&(name, bound, run)| Program { name, bound, run }).collect();
    if arguments.iter().any(|argument| argument == "--list") {
        chosen.iter().for_each(|program| println!("{}: test", program.name));
        return ExitCode::SUCCESS;
    }
    if is_only {
        chosen.iter().for_each(explore);
        return ExitCode::SUCCESS;
    }
    let (count, start) = (chosen.len(), Instant::now());
    let (failed, iterations) = explore_all(chosen);
    println!(
        "\nloom: {count} programs, {iterations} iterations, {:.1} s, none truncated",
        start.elapsed().as_secs_f64()
    );
    println!("{} passed, {} failed", count - failed.len(), failed.len());
    failed.iter().for_each(|name| println!("FAILED {name}"));
    // A filter that matches nothing is the caller's business; a suite of nothing is a failure.
    let is_empty = count == 0 && wanted.is_empty();
    if failed.is_empty() && !is_empty { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Whether `name` contains one of the wanted parts, or nothing in particular is wanted.
fn is_part(name: &str, wanted: &[&String]) -> bool {
    wanted.is_empty() || wanted.iter().any(|part| name.contains(part.as_str()))
}

/// Name, preemption bound, program.
type Entry = (&'static str, usize, fn());
