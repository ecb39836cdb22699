//! Generated programs on the shipped runtime, under loom.
//!
//! Each program of `striped_pool_model::programs` is explored to its preemption bound. In every interleaving:
//! 1. The committed transitions, in commit order, are a run of the pure machine: the history is linearizable, blocking
//!    operations included, since each take's result comes from one of those transitions.
//! 2. Whoever still waits when nothing else moves waits in the machine's queue as well. If somebody sleeps whom the machine
//!    does not know as waiting, the program never comes to rest, and fails. Those whom the specification lets wait for
//!    ever are then released by a close.
//! 3. At the end everything is given back, conserved, and freed with the pool: nothing leaked.
//!
//! Suites: 2 threads × 1 operation of all, bound 3; with `--deep` also 3 × 1 and 2 × 2 of the core alphabet, bound 2, which take
//! much longer. `tests/programs.rs` counts them in another way. What a pass does not show: longer scripts, more threads, what
//! loom leaves out of C11.
//!
//! Usage: `cargo test --features loom --test generated -- [--deep] [--list] [part of a name …]`
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../common/actor.rs"]
mod actor;
mod play;

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use striped_pool_model::programs::{Op, Program, programs};

/// How many programs one child process explores: a failing model can abort, and starting a process takes time.
const BATCH: usize = 24;
/// The argument by which the harness asks a child to explore a range of a suite.
const RANGE: &str = "--range";

struct Suite {
    name: &'static str,
    bound: usize,
    /// Explored only if asked for.
    is_deep: bool,
    programs: Vec<Program>,
}

fn suites() -> Vec<Suite> {
    vec![
        Suite { name: "2x1", bound: 3, is_deep: false, programs: programs(&Op::ALL, 2, 1) },
        Suite { name: "3x1", bound: 2, is_deep: true, programs: programs(&Op::CORE, 3, 1) },
        Suite { name: "2x2", bound: 2, is_deep: true, programs: programs(&Op::CORE, 2, 2) },
    ]
}

/// Explores one program to its bound and returns the number of interleavings.
fn explore(program: &Program, bound: usize) -> usize {
    let iterations = std::sync::Arc::new(AtomicUsize::new(0));
    let (counter, program) = (std::sync::Arc::clone(&iterations), program.clone());
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(bound);
    builder.max_branches = 20_000;
    builder.max_permutations = None;
    builder.max_duration = None;
    builder.check(move || {
        counter.fetch_add(1, Ordering::Relaxed);
        play::play(&program);
    });
    iterations.load(Ordering::Relaxed)
}

/// In the child: explores part of a suite, and prints a line for each program.
fn explore_range(suite: &Suite, from: usize, to: usize) {
    for program in &suite.programs[from..to] {
        println!("{}", explore(program, suite.bound));
        std::io::stdout().flush().unwrap();
    }
}

/// What was explored of a batch, and what failed in it.
#[derive(Default)]
struct Outcome {
    programs: usize,
    iterations: usize,
    failure: Option<String>,
}

fn start_child(suite: &Suite, from: usize, to: usize) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([RANGE, suite.name, &from.to_string(), &to.to_string()]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).env("RUST_BACKTRACE", "0").spawn().unwrap()
}

fn explore_apart(suite: &Suite, from: usize, to: usize) -> Outcome {
    let mut child = start_child(suite, from, to);
    let mut outcome = Outcome::default();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let iterations: usize = line.unwrap().parse().unwrap();
        outcome.programs += 1;
        outcome.iterations += iterations;
        if iterations < 2 {
            outcome.failure = Some(format!("{} explored nothing", suite.programs[from + outcome.programs - 1]));
        }
    }
    let output = child.wait_with_output().unwrap();
    if outcome.programs < to - from || !output.status.success() {
        let (program, error) = (&suite.programs[from + outcome.programs], String::from_utf8_lossy(&output.stderr));
        outcome.failure = Some(format!("{program} (bound {}):\n{error}", suite.bound));
    }
    outcome
}

/// Explores a suite on all cores; prints progress and the total. Returns it, with all failures.
fn explore_suite(suite: &Suite) -> (usize, Vec<String>) {
    let starts = Mutex::new((0..suite.programs.len()).step_by(BATCH));
    let total = Mutex::new((0_usize, 0_usize, Vec::new()));
    let (begin, quiet) = (Instant::now(), Mutex::new(Instant::now()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let Some(from) = starts.lock().unwrap().next() else { return };
                    let outcome = explore_apart(suite, from, suite.programs.len().min(from + BATCH));
                    let mut total = total.lock().unwrap();
                    total.0 += outcome.programs;
                    total.1 += outcome.iterations;
                    total.2.extend(outcome.failure);
                    let mut quiet = quiet.lock().unwrap();
                    if quiet.elapsed() > Duration::from_secs(5) {
                        *quiet = Instant::now();
                        eprintln!("{}: {} of {} programs", suite.name, total.0, suite.programs.len());
                    }
                }
            });
        }
    });
    let (programs, iterations, failures) = total.into_inner().unwrap();
    let (name, bound, all, seconds) = (suite.name, suite.bound, suite.programs.len(), begin.elapsed().as_secs_f64());
    let verdict = if programs == all { "complete" } else { "INCOMPLETE" };
    println!(
        "{name}  bound {bound}  {programs:>5} of {all} programs  {iterations:>9} iterations  {seconds:>6.1} s  {verdict}"
    );
    (iterations, failures)
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [first, name, from, to] = arguments.as_slice()
        && first == RANGE
    {
        let suite = suites().into_iter().find(|suite| suite.name == name).unwrap();
        explore_range(&suite, from.parse().unwrap(), to.parse().unwrap());
        return ExitCode::SUCCESS;
    }
    let wanted: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let is_wanted = |name: String| wanted.is_empty() || wanted.iter().any(|part| name.contains(part.as_str()));
    let is_deep = arguments.iter().any(|argument| argument == "--deep");
    let mut chosen: Vec<Suite> = suites().into_iter().filter(|suite| is_deep || !suite.is_deep).collect();
    for suite in &mut chosen {
        suite.programs.retain(|program| is_wanted(format!("{} {program}", suite.name)));
    }
    if arguments.iter().any(|argument| argument == "--list") {
        for (suite, program) in chosen.iter().flat_map(|suite| suite.programs.iter().map(move |one| (suite, one))) {
            println!("{} {program}: test", suite.name);
        }
        return ExitCode::SUCCESS;
    }
    let mut failures = Vec::new();
    let mut iterations = 0;
    for suite in chosen.iter().filter(|suite| !suite.programs.is_empty()) {
        let (explored, failed) = explore_suite(suite);
        iterations += explored;
        failures.extend(failed);
    }
    let programs: usize = chosen.iter().map(|suite| suite.programs.len()).sum();
    println!("\nloom: {programs} programs, {iterations} iterations, none truncated");
    println!("{} passed, {} failed", programs.saturating_sub(failures.len()), failures.len());
    failures.iter().for_each(|failure| println!("FAILED {failure}"));
    let is_empty = programs == 0 && wanted.is_empty();
    if failures.is_empty() && !is_empty { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
