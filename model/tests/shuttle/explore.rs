//! Which programs run on which schedules, in child processes: a failing program can abort.

use crate::play::play;
use shuttle::scheduler::{PctScheduler, RandomScheduler, ReplayScheduler, Scheduler};
use shuttle::{Config, MaxSteps, Runner};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use striped_pool_model::programs::Program;
use striped_pool_model::programs::random::program;

/// How many ordering constraints a bug may take to be found with a known probability.
const DEPTH: usize = 3;
/// How many programs one child explores.
const BATCH: u64 = 5;
/// More steps than any program takes that is not stuck.
const MAX_STEPS: usize = 200_000;
/// The argument by which the harness asks a child to explore a range of seeds.
const RANGE: &str = "--range";

/// The value of a named argument.
fn text(name: &str) -> Option<String> {
    std::env::args().skip_while(|argument| argument != name).nth(1)
}

fn number(name: &str, default: u64) -> u64 {
    text(name).map_or(default, |value| value.parse().unwrap_or_else(|_| panic!("{name} needs a number, not {value}")))
}

/// Runs the program on the schedules of `scheduler`; how many those were, and whether one failed.
fn run(scheduler: impl Scheduler + 'static, program: &Program) -> (usize, bool) {
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
            play(&program);
        })
    }));
    (count.load(Ordering::Relaxed), failed.is_err())
}

/// In the child: explores one program, and prints a line; whether nothing failed.
fn explore(program: &Program, seed: u64, iterations: usize) -> bool {
    let (pct, is_failed) = run(PctScheduler::new_from_seed(seed, DEPTH, iterations), program);
    if is_failed {
        println!("failed {pct} PCT schedules of depth {DEPTH}");
        return false;
    }
    let (random, is_failed) = run(RandomScheduler::new_from_seed(seed, iterations), program);
    if is_failed {
        println!("failed {pct} PCT schedules of depth {DEPTH} and {random} random ones");
        return false;
    }
    println!("{}", pct + random);
    std::io::stdout().flush().unwrap();
    true
}

/// What was explored, by all children until now.
#[derive(Default)]
struct Total {
    programs: AtomicU64,
    schedules: AtomicU64,
    failures: Mutex<Vec<String>>,
}

impl Total {
    /// Explores the seeds from `from` to before `to` in a child.
    fn explore_apart(&self, from: u64, to: u64, iterations: u64) {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args([RANGE, &from.to_string(), &to.to_string(), "--iterations", &iterations.to_string()]);
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped()).env("RUST_BACKTRACE", "0");
        let mut child = command.spawn().unwrap();
        let (mut at, mut verdict) = (from, "failed".to_owned());
        for line in BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap) {
            match line.parse() {
                Ok(schedules) => {
                    self.schedules.fetch_add(schedules, Ordering::Relaxed);
                    self.programs.fetch_add(1, Ordering::Relaxed);
                    at += 1;
                }
                Err(_) => verdict = line,
            }
        }
        let mut error = String::new();
        child.stderr.take().unwrap().read_to_string(&mut error).unwrap();
        if !child.wait().unwrap().success() || at < to {
            self.failures.lock().unwrap().push(tell(&program(at), at, &verdict, &error));
        }
    }
}

/// A failure with the line that replays it.
fn tell(program: &Program, seed: u64, verdict: &str, error: &str) -> String {
    let command = "cargo test -p striped-pool-model --features shuttle --test shuttle --";
    // shuttle prints the schedule between two lines of one quotation mark, in several lines.
    let mut parts = error.split("failing schedule:\n\"\n");
    let before = parts.next().unwrap_or_default();
    let (schedule, after) = parts.next().and_then(|part| part.split_once("\n\"\n")).unwrap_or_default();
    let said = before.lines().chain(after.lines()).filter(|line| !line.starts_with("pass that string"));
    let said: Vec<&str> = said.take(12).collect();
    let schedule: String = schedule.split_whitespace().collect();
    format!(
        "program {seed}, {program}: {verdict}\n{}\nagain: {command} --program '{program}' --replay '{schedule}'",
        said.join("\n")
    )
}

/// Explores all programs on all cores, and prints progress; stops at the first failure.
fn explore_all(seed: u64, programs: u64, iterations: u64) -> Total {
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
                    total.explore_apart(seed + from, seed + programs.min(from + BATCH), iterations);
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

/// One program: on one schedule if it is given, else on sampled ones.
fn one(program: &Program, iterations: usize) -> bool {
    let Some(schedule) = text("--replay") else { return explore(program, number("--seed", 1), iterations) };
    let mut scheduler = ReplayScheduler::new_from_encoded(&schedule);
    // A program that does not fail any more goes on where the failure ended the schedule.
    scheduler.set_allow_incomplete();
    let (_, is_failed) = run(scheduler, program);
    println!("replayed {program}: {}", if is_failed { "it fails" } else { "nothing fails" });
    !is_failed
}

pub(crate) fn main() -> ExitCode {
    if std::env::args().any(|argument| argument == "--list") {
        println!("shuttle: test");
        return ExitCode::SUCCESS;
    }
    let (seed, programs, iterations) = (number("--seed", 1), number("--programs", 200), number("--iterations", 300));
    let each = usize::try_from(iterations).unwrap();
    let verdict = |is_passed| if is_passed { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    if let Some(program) = text("--program") {
        return verdict(one(&program.parse().unwrap_or_else(|error| panic!("{error}")), each));
    }
    if let Some(from) = text(RANGE) {
        let to = std::env::args().skip_while(|argument| argument != RANGE).nth(2).unwrap();
        return verdict((from.parse().unwrap()..to.parse().unwrap()).all(|seed| explore(&program(seed), seed, each)));
    }
    let begin = Instant::now();
    let total = explore_all(seed, programs, iterations);
    let (explored, schedules) = (total.programs.into_inner(), total.schedules.into_inner());
    println!(
        "shuttle: {explored} of {programs} programs, {schedules} schedules, {:.1} s",
        begin.elapsed().as_secs_f64()
    );
    let failures = total.failures.into_inner().unwrap();
    failures.iter().for_each(|failure| println!("\nFAILED {failure}"));
    verdict(failures.is_empty() && explored == programs && programs > 0)
}
