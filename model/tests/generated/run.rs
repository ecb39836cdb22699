//! Explores many programs: in child processes, because a failing model can abort, as many at once as there are cores.

use crate::options::CHILD;
use crate::suites::Case;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use striped_pool_model::Story;
use striped_pool_model::programs::Program;
use striped_pool_model::programs::strata::Coverage;

/// How many programs one child process explores: starting one takes time, and after a failure the rest is left out.
const BATCH: usize = 24;
/// And how many if there is an end to the time: the last batches begun are finished.
const SMALL_BATCH: usize = 2;

/// How many interleavings of the program at hand have begun.
static BEGUN: AtomicUsize = AtomicUsize::new(0);

/// Lets a panic say in which interleaving it happened, and tell it. The first one only: others follow from it.
fn explain_panics() {
    let (report, is_first) = (std::panic::take_hook(), AtomicBool::new(true));
    std::panic::set_hook(Box::new(move |panic| {
        let payload = panic.payload();
        let message = payload.downcast_ref::<String>().map(String::as_str).or(payload.downcast_ref().copied());
        // What loom unwinds its threads' stacks with says nothing.
        let Some(message) = message.filter(|_| is_first.swap(false, Ordering::Relaxed)) else { return };
        report(panic);
        eprintln!("failed in iteration: {}", BEGUN.load(Ordering::Relaxed));
        if let Some(story) = crate::play::told(verdict(message)) {
            eprint!("{}", story.text());
            write_page(&story);
        }
    }));
}

/// A panic's message, in a line.
fn verdict(message: &str) -> &str {
    if message.contains("exceeded maximum number of branches") {
        return "never comes to rest: a thread sleeps, or spins, whom the machine does not know as waiting";
    }
    message.lines().next().unwrap_or("a panic")
}

/// Writes the story into the folder that `GENERATED_HTML` names, if it does.
fn write_page(story: &Story) {
    let Some(folder) = std::env::var_os("GENERATED_HTML") else { return };
    let letters = |c: char| if c.is_alphanumeric() { c } else { '-' };
    let page = Path::new(&folder).join(story.title.chars().map(letters).collect::<String>()).with_extension("html");
    match std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&page, story.html())) {
        Ok(()) => eprintln!("to step through: {}", page.display()),
        Err(error) => eprintln!("{}: {error}", page.display()),
    }
}

/// Explores one program to its bound, here and now; returns the number of interleavings.
fn explore(program: &Program, bound: usize) -> usize {
    BEGUN.store(0, Ordering::Relaxed);
    let program = program.clone();
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(bound);
    // A program that needs more fails: it does not come to rest.
    builder.max_branches = 20_000;
    builder.max_permutations = None;
    builder.max_duration = None;
    builder.check(move || {
        BEGUN.fetch_add(1, Ordering::Relaxed);
        crate::play::play(&program);
    });
    BEGUN.load(Ordering::Relaxed)
}

/// In the child: explores the programs on standard input, and prints the interleavings of each.
pub(crate) fn explore_from_stdin(bound: usize) {
    explain_panics();
    for line in std::io::stdin().lines() {
        let program: Program = line.unwrap().parse().unwrap();
        println!("{}", explore(&program, bound));
        std::io::stdout().flush().unwrap();
    }
}

fn start_child(cases: &[Case]) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([format!("--{CHILD}"), cases[0].bound.to_string()]).env("RUST_BACKTRACE", "0");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // A child that fails at once may have closed its end.
    cases.iter().for_each(|case| drop(writeln!(stdin, "{}", case.program)));
    child
}

/// What was explored.
#[derive(Debug, Default)]
pub(crate) struct Explored {
    pub(crate) programs: usize,
    pub(crate) iterations: usize,
    pub(crate) coverage: Coverage,
    pub(crate) failures: Vec<String>,
}

impl Explored {
    pub(crate) fn add(&mut self, other: Self) {
        self.programs += other.programs;
        self.iterations += other.iterations;
        self.failures.extend(other.failures);
        self.coverage.extend(&other.coverage);
    }
}

/// Explores cases of one bound in a child, up to the first that fails.
fn explore_apart(cases: &[Case]) -> Explored {
    let mut child = start_child(cases);
    let mut explored = Explored::default();
    let (stdout, mut stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    // Read beside the other one: a child that is full of words would wait for us.
    let error = std::thread::spawn(move || {
        let mut error = Vec::new();
        stderr.read_to_end(&mut error).map(|_| String::from_utf8_lossy(&error).into_owned())
    });
    for (line, case) in BufReader::new(stdout).lines().zip(cases) {
        let Some(iterations) = line.ok().and_then(|line| line.parse::<usize>().ok()).filter(|count| *count > 1) else {
            explored.failures.push(format!("{}: explored nothing, no race was run", case.name()));
            continue;
        };
        explored.programs += 1;
        explored.iterations += iterations;
        explored.coverage.add(&case.program);
    }
    let (status, error) = (child.wait().unwrap(), error.join().unwrap().unwrap_or_default());
    let at = explored.programs + explored.failures.len();
    if let Some(case) = cases.get(at) {
        explored.failures.push(format!("{} (bound {}):\n{error}", case.name(), case.bound));
    } else if !status.success() {
        explored.failures.push(format!("after {}: {status}\n{error}", cases[at - 1].name()));
    }
    explored
}

/// Explores as many of the cases, of one bound, as there is time for; after a failure in a batch the next batch goes on.
pub(crate) fn explore_all(name: &str, cases: &[Case], until: Option<Instant>) -> Explored {
    let batch = if until.is_some() { SMALL_BATCH } else { BATCH };
    let starts = Mutex::new((0..cases.len()).step_by(batch));
    let (total, spoken) = (Mutex::new(Explored::default()), Mutex::new(Instant::now()));
    let next = || starts.lock().unwrap().next().filter(|_| until.is_none_or(|end| Instant::now() < end));
    let work = || {
        while let Some(from) = next() {
            let explored = explore_apart(&cases[from..cases.len().min(from + batch)]);
            let mut total = total.lock().unwrap();
            total.add(explored);
            let mut spoken = spoken.lock().unwrap();
            if spoken.elapsed() > Duration::from_secs(5) {
                *spoken = Instant::now();
                eprintln!("{name}: {} of {} programs, {} iterations", total.programs, cases.len(), total.iterations);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    total.into_inner().unwrap()
}
