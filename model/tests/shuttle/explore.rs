//! Which programs run on which schedules, in child processes: a failing program can abort.

use crate::options::{HELP, Options, PLANTED, RANGE, Schedule};
use crate::planted::{Planted, check};
use crate::play::play;
use shuttle::scheduler::{PctScheduler, RandomScheduler, Scheduler};
use shuttle::{Config, MaxSteps, Runner};
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Command, ExitCode, Output};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use striped_pool_model::programs::Program;
use striped_pool_model::programs::random::program;

/// How many ordering constraints a bug may take to be found with a known probability.
const DEPTH: usize = 3;
/// How many programs one child explores.
const BATCH: u64 = 5;
/// Runs this harness.
const AGAIN: &str = "cargo test -p striped-pool-model --features shuttle --test shuttle --";
/// More steps than any program takes that is not stuck.
const MAX_STEPS: usize = 200_000;
/// Runs the program on the schedules of `scheduler`; how many those were, and whether one failed.
fn run(scheduler: impl Scheduler + 'static, program: &Program, planted: Option<Planted>) -> (usize, bool) {
    let mut config = Config::new();
    config.silence_warnings = true;
    config.max_steps = MaxSteps::FailAfter(MAX_STEPS);
    config.ungraceful_shutdown_config.immediately_return_on_panic = true;
    let count = Arc::new(AtomicUsize::new(0));
    let (counter, program) = (Arc::clone(&count), program.clone());
    let runner = Runner::new(scheduler, config);
    let failed = catch_unwind(AssertUnwindSafe(|| {
        runner.run(move || {
            counter.fetch_add(1, Ordering::Relaxed);
            play(&program, planted);
        })
    }));
    (count.load(Ordering::Relaxed), failed.is_err())
}

/// In the child: explores one program, and prints a line; whether nothing failed.
fn explore(program: &Program, seed: u64, options: &Options) -> bool {
    let iterations = options.iterations as usize;
    let (pct, is_failed) = run(PctScheduler::new_from_seed(seed, DEPTH, iterations), program, options.planted);
    if is_failed {
        println!("failed {pct} PCT schedules of depth {DEPTH}");
        return false;
    }
    let (random, is_failed) = run(RandomScheduler::new_from_seed(seed, iterations), program, options.planted);
    if is_failed {
        println!("failed {pct} PCT schedules of depth {DEPTH} and {random} random ones");
        return false;
    }
    println!("{}", pct + random);
    std::io::stdout().flush().unwrap();
    true
}

/// This program again, with these arguments, until it ends. Both its outputs are read at the same time: a failing schedule can
/// be more than a pipe holds.
pub(crate) fn child(arguments: &[String], planted: Option<Planted>) -> Output {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(arguments).env("RUST_BACKTRACE", "0");
    if let Some(planted) = planted {
        command.args([format!("--{PLANTED}"), format!("{planted:?}")]);
    }
    command.output().unwrap()
}

/// What was explored, by all children until now.
#[derive(Default)]
pub(crate) struct Total {
    programs: AtomicU64,
    schedules: AtomicU64,
    failures: Mutex<Vec<String>>,
}

impl Total {
    /// Explores the seeds from `from` to before `to` in a child.
    pub(crate) fn explore_apart(&self, from: u64, to: u64, iterations: u32, planted: Option<Planted>) {
        let range = [format!("--{RANGE}"), from.to_string(), to.to_string()];
        let each = ["--iterations".to_owned(), iterations.to_string()];
        let output = child(&[&range[..], &each].concat(), planted);
        let (mut at, mut verdict) = (from, None);
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            match line.parse() {
                Ok(schedules) if at < to => {
                    self.schedules.fetch_add(schedules, Ordering::Relaxed);
                    self.programs.fetch_add(1, Ordering::Relaxed);
                    at += 1;
                }
                _ => verdict = Some(line.to_owned()),
            }
        }
        if output.status.success() && at == to && verdict.is_none() {
            return;
        }
        let status = output.status;
        let silent = || {
            let what = if at < to { "said nothing of it" } else { "failed after its last program" };
            format!("the child {what}: {status}")
        };
        let verdict = verdict.unwrap_or_else(silent);
        let failure = tell(at.min(to - 1), iterations, &verdict, &String::from_utf8_lossy(&output.stderr));
        self.failures.lock().unwrap().push(failure);
    }

    pub(crate) fn into_failures(self) -> Vec<String> {
        self.failures.into_inner().unwrap()
    }
}

/// The schedule that shuttle printed, and what it said just before and after: shuttle prints it between two lines of one
/// quotation mark, in several lines.
fn schedule(error: &str) -> Option<(String, String)> {
    let (before, part) = error.split_once("failing schedule:\n\"\n")?;
    let (schedule, after) = part.split_once("\n\"\n")?;
    let schedule: String = schedule.split_whitespace().collect();
    let mut said: Vec<&str> = before.lines().rev().take(2).collect();
    said.reverse();
    said.push(after);
    schedule.parse::<Schedule>().is_ok().then(|| (schedule, said.join("\n")))
}

/// A failure of the program of `seed`, with the line that replays it.
fn tell(seed: u64, iterations: u32, verdict: &str, error: &str) -> String {
    let program = program(seed);
    let (schedule, rest) = schedule(error).unzip();
    let said = rest.as_deref().unwrap_or(error).lines().filter(|line| !line.starts_with("pass that string"));
    let said = said.take(12).collect::<Vec<_>>().join("\n");
    let again = match schedule {
        Some(schedule) => format!("again: {AGAIN} --program '{program}' --replay '{schedule}'"),
        None => format!(
            "shuttle printed no schedule that it can replay; the same sample of schedules\n\
             again: {AGAIN} --program '{program}' --seed {seed} --iterations {iterations}"
        ),
    };
    format!("program {seed}, {program}: {verdict}\n{said}\n{again}")
}

/// Explores all programs on all cores, and prints progress; stops at the first failure.
fn explore_all(options: &Options) -> Total {
    let &Options { seed, programs, iterations, .. } = options;
    let (total, next) = (Total::default(), AtomicU64::new(0));
    let quiet = Mutex::new(Instant::now());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while total.failures.lock().unwrap().is_empty() {
                    let from = next.fetch_add(BATCH, Ordering::Relaxed);
                    if from >= programs {
                        return;
                    }
                    total.explore_apart(seed + from, seed + programs.min(from + BATCH), iterations, None);
                    let mut quiet = quiet.lock().unwrap();
                    if quiet.elapsed() > Duration::from_secs(5) {
                        *quiet = Instant::now();
                        eprintln!("{} of {programs} programs", total.programs.load(Ordering::Relaxed));
                    }
                }
            });
        }
    });
    total
}

/// In the child: explores the programs from `from` to before `to`; whether nothing failed.
fn explore_range(from: u64, to: u64, options: &Options) -> bool {
    match options.planted {
        Some(Planted::Silent) => std::process::abort(),
        Some(Planted::Flood) => eprintln!("{}", "many words\n".repeat(50_000)),
        Some(Planted::Turns | Planted::Late) | None => {}
    }
    (from..to).all(|seed| explore(&program(seed), seed, options)) && options.planted != Some(Planted::Late)
}

/// One program on one schedule; whether nothing failed.
fn replay(program: &Program, schedule: Schedule, planted: Option<Planted>) -> bool {
    let (_, is_failed) = run(schedule.0, program, planted);
    println!("replayed {program}: {}", if is_failed { "it fails" } else { "nothing fails" });
    !is_failed
}

/// All programs, after the planted failures; whether nothing else failed.
fn explore_and_tell(options: &Options) -> bool {
    if let Err(error) = check() {
        println!("FAILED: a planted failure is not told as it should be: {error}");
        return false;
    }
    let begin = Instant::now();
    let total = explore_all(options);
    let explored = total.programs.load(Ordering::Relaxed);
    println!(
        "shuttle: {explored} of {} programs, {} schedules, {:.1} s; planted failures were told and replayed",
        options.programs,
        total.schedules.load(Ordering::Relaxed),
        begin.elapsed().as_secs_f64()
    );
    let failures = total.into_failures();
    failures.iter().for_each(|failure| println!("\nFAILED {failure}"));
    failures.is_empty() && explored == options.programs
}

pub(crate) fn main() -> ExitCode {
    let mut options = match Options::read() {
        Ok(options) => options,
        Err(error) => {
            eprintln!("{error}; see --help");
            return ExitCode::from(2);
        }
    };
    if !options.runner.wants_run("shuttle", HELP) {
        return ExitCode::SUCCESS;
    }
    let is_passed = match (&options.program, options.replay.take(), options.range) {
        (Some(program), Some(schedule), _) => replay(program, schedule, options.planted),
        (Some(program), None, _) => explore(program, options.seed, &options),
        (None, _, Some((from, to))) => explore_range(from, to, &options),
        (None, _, None) => explore_and_tell(&options),
    };
    if is_passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
