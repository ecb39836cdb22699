//! Generated programs on the shipped runtime, under loom.
//!
//! Each program of `striped_pool_model::programs` is explored to its preemption bound. In every interleaving:
//! 1. The committed transitions, in commit order, are a run of the pure machine: the history is linearizable, blocking
//!    operations included: each operation saw what the machine answered (`common/judge.rs`).
//! 2. Whoever still waits when nothing else moves waits in the machine's queue as well, by the record (`common/crew.rs`). If
//!    somebody sleeps whom the machine does not know as waiting, the program never comes to rest, and fails. Those whom
//!    the specification lets wait for ever are then released by a close.
//! 3. At the end everything is given back, conserved, and freed with the pool: nothing leaked.
//!
//! `suites.rs` says what is explored in full, and what `--deep` samples; `tests/programs.rs` counts the former in another
//! way. What a pass does not show: longer scripts, more threads, what loom leaves out of C11.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../common/actor.rs"]
mod actor;
#[path = "../common/crew.rs"]
mod crew;
#[path = "../common/judge.rs"]
mod judge;
mod options;
mod play;
mod run;
mod suites;

use options::{HELP, Mode, Options};
use run::{Explored, explore_all, explore_from_stdin};
use std::process::ExitCode;
use std::time::Instant;
use striped_pool_model::programs::Shape;
use suites::{Case, Deep, Suite, suites};

fn main() -> ExitCode {
    let options = match Options::read() {
        Ok(options) => options,
        Err(error) => {
            eprintln!("{error}; see --help");
            return ExitCode::from(2);
        }
    };
    match options.mode {
        Mode::Explore => return explore_suites(&options),
        Mode::Deep => return sample(&options),
        Mode::Child(bound) => explore_from_stdin(bound),
        Mode::List => {
            chosen(&options).iter().flat_map(|suite| &suite.cases).for_each(|case| println!("{}: test", case.name()));
        }
        Mode::Help => print!("{HELP}"),
    }
    ExitCode::SUCCESS
}

/// What was asked for: programs by their whole names, or the suites, or rounds of the sample, as far as a part of the name fits.
fn chosen(options: &Options) -> Vec<Suite> {
    let named: Option<Vec<Case>> = options.names.iter().map(|name| Case::of(name)).collect();
    let mut chosen = match named {
        Some(cases) if !cases.is_empty() => Suite::named(cases),
        Some(_) | None if options.ignored => Deep::new(options.seed).rounds(options.rounds),
        Some(_) | None => suites(),
    };
    for suite in &mut chosen {
        suite.cases.retain(|case| options.asks_for(&case.name()));
        suite.cases.iter_mut().for_each(|case| case.bound = options.bound.unwrap_or(case.bound));
    }
    chosen
}

fn explore_suites(options: &Options) -> ExitCode {
    let suites = chosen(options);
    let mut total = Explored::default();
    // A filter that matches nothing is the caller's business; a suite of nothing, or a name of nothing, is a failure.
    let mut is_empty = options.exact && suites.iter().all(|suite| suite.cases.is_empty());
    for suite in &suites {
        is_empty |= suite.cases.is_empty() && options.names.is_empty();
        let Some(Case { bound, .. }) = suite.cases.first() else { continue };
        let (begin, all) = (Instant::now(), suite.cases.len());
        let explored = explore_all(suite.name, &suite.cases, None);
        let seconds = begin.elapsed().as_secs_f64();
        let verdict = if explored.programs == all { "complete" } else { "INCOMPLETE" };
        println!(
            "{}  bound {bound}  {:>5} of {all} programs  {:>9} iterations  {seconds:>6.1} s  {verdict}",
            suite.name, explored.programs, explored.iterations
        );
        total.add(explored);
    }
    finish(&total, is_empty)
}

/// Rounds of the sample until the time is over.
fn sample(options: &Options) -> ExitCode {
    let seed = options.seed;
    let (begin, end) = (Instant::now(), Instant::now() + options.time);
    let mut deep = Deep::new(seed);
    let shapes: Vec<(Shape, usize)> = deep.shapes().collect();
    let mut sampled: Vec<Explored> = shapes.iter().map(|_| Explored::default()).collect();
    let mut rounds = 0;
    while Instant::now() < end && sampled.iter().all(|explored| explored.failures.is_empty()) {
        rounds += 1;
        for (suite, explored) in deep.round().iter().zip(&mut sampled) {
            explored.add(explore_all(suite.name, &suite.cases, Some(end)));
        }
        eprintln!("round {rounds} of seed {seed}: {:.0} s", begin.elapsed().as_secs_f64());
    }
    let mut total = Explored::default();
    for ((shape, strata), explored) in shapes.into_iter().zip(sampled) {
        let (name, bound) = (shape.name, shape.bound);
        let Explored { programs, iterations, coverage, .. } = &explored;
        println!(
            "{name}  bound {bound}  {programs:>6} programs  {iterations:>9} iterations  of {strata} strata: {coverage}"
        );
        total.add(explored);
    }
    println!("seed {seed}, {rounds} rounds, the last one as far as time allowed");
    let is_empty = total.programs == 0;
    finish(&total, is_empty)
}

/// How many failures are told in full: the first are of the smallest programs.
const TOLD: usize = 3;

fn finish(total: &Explored, is_empty: bool) -> ExitCode {
    let Explored { programs, iterations, failures, .. } = total;
    let verdict = if failures.is_empty() { "none truncated" } else { "and what comes after a failure left out" };
    println!("\nloom: {programs} programs, {iterations} iterations, {verdict}");
    println!("{} passed, {} failed", programs, failures.len());
    failures.iter().take(TOLD).for_each(|failure| println!("FAILED {failure}"));
    for failure in failures.iter().skip(TOLD) {
        println!("FAILED {}", failure.lines().next().unwrap_or_default());
    }
    if failures.is_empty() && !is_empty { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
