//! Real threads, long random scripts, on a small stripe of the shipped runtime.
//!
//! 4 to 8 threads take thousands of operations each from the whole alphabet of `striped_pool_model::programs`, and close the
//! stripe at their end. For each run:
//! 1. The committed transitions, in commit order, are a run of the pure machine, none missing (`replay`).
//! 2. Each operation saw what the machine answered: which resource, permit, refusal, how many freed (`common/judge.rs`).
//! 3. At the end everything is given back, conserved, and freed with the pool.
//! 4. Nobody is stuck: a thread that may wait for ever holds nothing meanwhile, so while it waits the others go on. If nothing
//!    is committed for [`QUIET`], the harness says who waits and what the machine knows of it.
//!
//! A failure is printed with one line that runs the same scripts again. The schedule is the system's and cannot be replayed
//! exactly; `--rounds` repeats the scripts. What a pass does not show: schedules that the system did not choose.
//!
//! Usage: `cargo test -p striped-pool-model --features trace --test sample -- [--seed N] [--threads N] [--capacity N]
//! [--steps N] [--rounds N]`
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[cfg(not(any(feature = "loom", feature = "shuttle")))]
#[path = "common/actor.rs"]
mod actor;
#[cfg(not(any(feature = "loom", feature = "shuttle")))]
#[path = "common/judge.rs"]
mod judge;
#[cfg(not(any(feature = "loom", feature = "shuttle")))]
#[path = "common/runner.rs"]
mod runner;

#[cfg(not(any(feature = "loom", feature = "shuttle")))]
fn main() -> std::process::ExitCode {
    sample::main()
}

/// The primitives of loom and shuttle work only inside their schedulers, and this program runs on real threads.
#[cfg(any(feature = "loom", feature = "shuttle"))]
fn main() {}

#[cfg(not(any(feature = "loom", feature = "shuttle")))]
mod sample {
    use crate::actor::{Actor, Ledger, Outcome, Pool, Tag, check_rest, stage};
    use crate::judge::judge;
    use crate::runner::{Runner, value};
    use core::fmt;
    use core::num::{NonZeroU8, NonZeroU16, NonZeroU32};
    use std::cell::Cell;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::process::ExitCode;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread::ScopedJoinHandle;
    use std::time::{Duration, Instant};
    use striped_pool_model::programs::Op;
    use striped_pool_model::programs::random::script;

    /// For how long nothing may be committed while threads have work left.
    const QUIET: Duration = Duration::from_secs(10);
    /// From which age an idle resource is stale.
    const TTL: Duration = Duration::from_micros(20);
    /// A timed take waits for less than this.
    const LONGEST_WAIT_MICROS: u64 = 50;

    /// What a run is made of.
    #[derive(Clone, Copy, Debug)]
    struct Shape {
        seed: u64,
        threads: usize,
        capacity: u32,
        steps: u64,
    }

    impl fmt::Display for Shape {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            let Self { seed, threads, capacity, steps } = self;
            write!(f, "--seed {seed} --threads {threads} --capacity {capacity} --steps {steps}")
        }
    }

    /// What one thread saw.
    type Seen = Vec<(Tag, Op, Outcome)>;

    std::thread_local! {
        /// Which operation this thread is at; none of a script, outside of one.
        static TAG: Cell<Tag> = const { Cell::new(Tag { thread: usize::MAX, op: 0 }) };
    }

    /// One thread, from its first operation to its close.
    fn play(mut actor: Actor<'_>, shape: Shape, thread: usize, at: &AtomicUsize) -> Seen {
        let mut random = fastrand::Rng::with_seed(shape.seed.wrapping_mul(64).wrapping_add(thread as u64));
        let mut seen = Seen::new();
        let mut act = |actor: &mut Actor<'_>, op| {
            let tag = Tag { thread, op: seen.len() };
            TAG.set(tag);
            at.store(seen.len(), Ordering::Relaxed);
            seen.push((tag, op, actor.act(op)));
        };
        for op in script(&mut random, shape.steps).0.into_iter().chain([Op::Close]) {
            actor.wait = Duration::from_micros(random.u64(0..LONGEST_WAIT_MICROS));
            // Whoever may wait for ever, and whoever ends, holds nothing.
            while actor.holds() && matches!(op, Op::Take | Op::Close) {
                act(&mut actor, Op::Put);
            }
            act(&mut actor, op);
        }
        seen
    }

    /// Waits until all threads have ended. If they are stuck, says so and ends the process: they cannot be ended.
    fn watch(threads: &[ScopedJoinHandle<'_, Seen>], at: &[AtomicUsize], pool: &Pool, ledger: &Ledger, shape: Shape) {
        let (mut committed, mut since) = (0, Instant::now());
        while !threads.iter().all(ScopedJoinHandle::is_finished) {
            std::thread::sleep(Duration::from_millis(2));
            let now = ledger.len();
            if now != committed {
                (committed, since) = (now, Instant::now());
            } else if since.elapsed() > QUIET {
                let stuck = threads.iter().zip(at).enumerate().filter(|(_, (thread, _))| !thread.is_finished());
                let at = stuck.map(|(thread, (_, at))| format!("{thread} at {}", at.load(Ordering::Relaxed)));
                let at: Vec<String> = at.collect();
                let waiting = ledger.waiting(shape.capacity);
                println!("STUCK: nothing was committed for {QUIET:?} after {committed} transitions");
                println!("  threads at their operations: {}", at.join(", "));
                println!("  waiting, by the machine: {waiting:?}; {:?}", pool.status());
                println!("{}", again(shape));
                std::process::exit(1);
            }
        }
    }

    /// One run; how many transitions it had.
    fn run(shape: Shape) -> Result<usize, String> {
        let ledger = Ledger::default();
        let pool = stage(shape.capacity, TTL, &ledger, || TAG.get());
        let at: Vec<AtomicUsize> = (0..shape.threads).map(|_| AtomicUsize::new(0)).collect();
        let seen = std::thread::scope(|scope| {
            let start = |thread| {
                let mut actor = Actor::new(&pool, &ledger);
                actor.most = shape.capacity + 2;
                let at: &AtomicUsize = &at[thread];
                scope.spawn(move || play(actor, shape, thread, at))
            };
            let threads: Vec<_> = (0..shape.threads).map(start).collect();
            watch(&threads, &at, &pool, &ledger, shape);
            threads.into_iter().map(ScopedJoinHandle::join).collect::<Result<Vec<Seen>, _>>()
        });
        let seen = seen.map_err(|_| "a thread panicked".to_owned())?.concat();
        ledger.replay(shape.capacity).map_err(|mismatch| mismatch.to_string())?;
        judge(ledger.lines(), &seen)?;
        let rest = catch_unwind(AssertUnwindSafe(|| check_rest(shape.capacity, &ledger, pool)));
        rest.map(|()| ledger.len()).map_err(|_| "something was left or lost".to_owned())
    }

    fn again(shape: Shape) -> String {
        let command = "cargo test -p striped-pool-model --features trace --test sample --";
        format!("again, the same scripts on whatever schedule the system chooses: {command} {shape} --rounds 100")
    }

    const HELP: &str = "\
Random scripts on real threads, on a small stripe of the shipped runtime.

Usage: cargo test -p striped-pool-model --features trace --test sample -- [OPTIONS]

Options:
  --seed N        the scripts of every run (default: others in each)
  --threads N     1 to 255 (default: 4, 6, 8)
  --capacity N    1 to 65535 (default: 1, 2, 3, 4)
  --steps N       how many operations each thread takes (default 4000)
  --rounds N      how often all of it (default 1)
  -h, --help      this
";

    /// What was asked for.
    #[derive(Default)]
    struct Options {
        runner: Runner,
        seed: Option<u64>,
        threads: Option<NonZeroU8>,
        capacity: Option<NonZeroU16>,
        steps: Option<u32>,
        rounds: Option<NonZeroU32>,
    }

    impl Options {
        fn read() -> Result<Self, lexopt::Error> {
            let mut options = Self::default();
            let runner = Runner::read(|option, arguments| {
                match option {
                    "seed" => options.seed = value(option, arguments)?,
                    "threads" => options.threads = value(option, arguments)?,
                    "capacity" => options.capacity = value(option, arguments)?,
                    "steps" => options.steps = value(option, arguments)?,
                    "rounds" => options.rounds = value(option, arguments)?,
                    _ => return Ok(false),
                }
                Ok(true)
            })?;
            Ok(Self { runner, ..options })
        }

        /// The shapes of all rounds.
        fn shapes(&self) -> impl Iterator<Item = Shape> {
            let threads = self.threads.map_or_else(|| vec![4, 6, 8], |asked| vec![usize::from(asked.get())]);
            let capacities = self.capacity.map_or(1..=4, |asked| u32::from(asked.get())..=u32::from(asked.get()));
            let round = move |_| {
                let capacities = capacities.clone();
                let one = move |threads| capacities.clone().map(move |capacity| (threads, capacity));
                threads.clone().into_iter().flat_map(one)
            };
            let (seed, steps) = (self.seed, u64::from(self.steps.unwrap_or(4_000)));
            let shape = move |(index, (threads, capacity))| {
                let seed = seed.unwrap_or(index);
                Shape { seed, threads, capacity, steps }
            };
            (1..).zip((0..self.rounds.map_or(1, NonZeroU32::get)).flat_map(round)).map(shape)
        }
    }

    pub(super) fn main() -> ExitCode {
        let options = match Options::read() {
            Ok(options) => options,
            Err(error) => {
                eprintln!("{error}; see --help");
                return ExitCode::from(2);
            }
        };
        if options.runner.wants_run("sample", HELP) { run_all(&options) } else { ExitCode::SUCCESS }
    }

    fn run_all(options: &Options) -> ExitCode {
        let (mut runs, mut transitions, begin) = (0, 0, Instant::now());
        for shape in options.shapes() {
            let start = Instant::now();
            match run(shape) {
                Ok(count) => {
                    println!("{shape}: {count:>7} transitions  {:>5.1} s", start.elapsed().as_secs_f64());
                    (runs, transitions) = (runs + 1, transitions + count);
                }
                Err(failure) => {
                    println!("{shape}: FAILED: {failure}\n{}", again(shape));
                    return ExitCode::FAILURE;
                }
            }
        }
        println!("\nreal threads: {runs} runs, {transitions} transitions, {:.1} s", begin.elapsed().as_secs_f64());
        ExitCode::SUCCESS
    }
}
