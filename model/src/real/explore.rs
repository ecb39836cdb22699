//! Programs on a real pool under loom, in every interleaving within bounds.
//!
//! Rules:
//! 1. Calls and answers are recorded where loom does not see it. So that their *order* is explored too (that one operation
//!    is over before another begins is what linearizability is about), each is preceded by a relaxed read-modify-write of
//!    one atomic: loom tries both orders of any two, and no memory is synchronised by them.
//! 2. Rest is when the main thread has yielded [`Bounds::yields`] times: loom runs a thread that yields after all others,
//!    except where it interrupts on purpose, which it does no more often than the preemption bound and blocked threads let it.
//! 3. A wrong history does not stop the exploration of its program, which looks for a shorter one; a fault after which the
//!    threads cannot end does.
//! 4. A model runs on a thread of its own. If its threads cannot end, that thread is parked for good, as to unwind loom's
//!    threads where they stand would abort the process. The same when the pool panics, even if it would not have mattered.
//! 5. What loom itself panics about while threads stand still (a deadlock that the main thread is part of, an endless loop) may
//!    abort the process all the same: so then the run is printed before anything else.

use super::RealPool;
use super::actor::{Actor, Run};
use super::history::{History, What, locked};
use super::linear::judge;
use super::spec::{Reason, Spec};
use super::tell::{Counterexample, Fault, capacity};
use crate::machine::message;
use crate::programs::{Op, Prime, Program, Script};
use crate::progress::Progress;
use core::cell::RefCell;
use core::fmt;
use loom::MAX_THREADS;
use loom::sync::atomic::AtomicUsize;
use loom::thread::{JoinHandle, ThreadId};
use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, Once};

/// How far to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// How often a thread may be interrupted in one run.
    pub preemptions: usize,
    /// After how many yields of the main thread the others are believed to be at rest. More than the default only for a
    /// pool whose own threads yield in a loop.
    pub yields: usize,
    /// How many steps a run may have; more is an endless loop.
    pub branches: usize,
    /// Whether the main thread looks after the others also while only operations are under way that do not wait, instead of
    /// joining their threads. Four times as many interleavings; but if these operations deadlock, it comes back as a value
    /// (rule 5).
    pub watches_all: bool,
    /// How many more runs of a program to look for a shorter counterexample in.
    pub patience: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { preemptions: 2, yields: 200, branches: 20_000, watches_all: false, patience: 20_000 }
    }
}

/// What was explored.
#[must_use]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Explored {
    /// Programs, each to its bound.
    pub programs: usize,
    /// Interleavings.
    pub iterations: usize,
    /// Different histories among them, each found right.
    pub histories: usize,
    /// Whether some program looked whether all of the capacity can be taken: none without [`Op::TryTake`], and none of those that
    /// close the pool.
    pub is_capacity_known: bool,
}

impl fmt::Display for Explored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { programs, iterations, histories, is_capacity_known } = self;
        let capacity = capacity(*is_capacity_known);
        write!(f, "{programs} programs, {iterations} iterations, {histories} histories{capacity}")
    }
}

/// Explores `programs` in order, up to the first that fails. Says how far it is, as [`explore`] does.
///
/// # Errors
///
/// Its shortest counterexample.
///
/// # Panics
///
/// If there are no programs; and as [`explore`].
pub fn explore_all<P: RealPool>(programs: &[Program], bounds: Bounds) -> Result<Explored, Counterexample> {
    assert!(!programs.is_empty(), "no programs: nothing would be explored");
    let mut progress = Progress::begin();
    programs.iter().try_fold(Explored::default(), |sum, program| {
        let so_far = format!("{} of {} programs, ", sum.programs, programs.len());
        let explored = search::<P>(program, bounds, &mut progress, &so_far)?;
        Ok(Explored {
            programs: sum.programs.saturating_add(1),
            iterations: sum.iterations.saturating_add(explored.iterations),
            histories: sum.histories.saturating_add(explored.histories),
            is_capacity_known: sum.is_capacity_known || explored.is_capacity_known,
        })
    })
}

/// Explores one program. Every few seconds it says on stderr how far it is, past libtest's capture.
///
/// # Errors
///
/// Its shortest counterexample.
///
/// # Panics
///
/// If no thread of the program has an operation, or more threads than loom has beside the main one; if something is held or
/// idle at the start, and no operation takes; or if the system has no more threads.
pub fn explore<P: RealPool>(program: &Program, bounds: Bounds) -> Result<Explored, Counterexample> {
    search::<P>(program, bounds, &mut Progress::begin(), "")
}

/// As [`explore`]; when it says how far it is, it begins with `so_far`.
fn search<P: RealPool>(
    program: &Program,
    bounds: Bounds,
    progress: &mut Progress,
    so_far: &str,
) -> Result<Explored, Counterexample> {
    let is_idle = program.scripts.iter().all(|script| script.0.is_empty());
    assert!(!is_idle, "nobody does anything in `{program}`");
    let threads = program.scripts.len();
    assert!((1..MAX_THREADS).contains(&threads), "1 to {} threads, not {threads}: `{program}`", MAX_THREADS - 1);
    let takes = P::OPERATIONS.iter().any(|op| op.takes());
    let is_primed = program.tokens() > 0 || program.prime == Prime::Idle;
    assert!(takes || !is_primed, "no operation takes what is held or idle at the start of `{program}`");
    hook_panics();
    let (sender, receiver) = channel();
    let search = Arc::new(Search { program: program.clone(), bounds, found: Mutex::new(Found::default()), sender });
    // No more than that: once the model has let go of it, nothing more is received.
    let under_way = Arc::downgrade(&search);
    let model = std::thread::Builder::new().name("loom".to_owned()).spawn(move || {
        SEARCH.set(Some(Arc::clone(&search)));
        search.run::<P>();
    });
    let _ = model.expect("a thread for the model");
    loop {
        match receiver.recv_timeout(progress.quiet()) {
            Ok(explored) => return explored,
            Err(RecvTimeoutError::Timeout) => progress.tell(|elapsed| {
                let iterations = under_way.upgrade().map_or(0, |search| locked(&search.found).iterations);
                format!("{so_far}{iterations} iterations of `{program}` ({} s)", elapsed.as_secs())
            }),
            Err(RecvTimeoutError::Disconnected) => {
                let fault = Fault::Panicked("the model ended without a word".to_owned());
                let (program, threads) = (program.to_string(), program.scripts.len());
                return Err(Counterexample { program, threads, history: History::default(), fault });
            }
        }
    }
}

/// Which column loom's threads have.
type Names = Arc<Mutex<Vec<(ThreadId, usize)>>>;

/// The exploration of one program.
struct Search {
    program: Program,
    bounds: Bounds,
    found: Mutex<Found>,
    sender: Sender<Result<Explored, Counterexample>>,
}

#[derive(Default)]
struct Found {
    iterations: usize,
    /// Histories that are right, without remarks.
    right: HashSet<History>,
    /// The shortest wrong one so far, and the iteration that found the first.
    wrong: Option<(Counterexample, usize)>,
    /// The run under way.
    run: Option<Arc<Run>>,
    /// What the last panic said.
    panic: Option<String>,
}

thread_local! {
    static SEARCH: RefCell<Option<Arc<Search>>> = const { RefCell::new(None) };
}

/// Panics on a thread of ours are noted, and told to nobody else; rule 5.
fn hook_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let others = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| match SEARCH.with_borrow(Option::clone) {
            Some(search) => search.note_panic(words(panic)),
            None => others(panic),
        }));
    });
}

fn words(panic: &PanicHookInfo<'_>) -> String {
    let message = message(panic.payload());
    // Of the machine that built it, only the file's name.
    let place = panic.location().and_then(|place| Some((place.file().rsplit(['/', '\\']).next()?, place.line())));
    place.map_or_else(|| message.to_owned(), |(file, line)| format!("{message} ({file}, line {line})"))
}

impl Search {
    fn run<P: RealPool>(self: Arc<Self>) {
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = Some(self.bounds.preemptions);
        builder.max_branches = self.bounds.branches;
        builder.max_threads = self.program.scripts.len().saturating_add(1);
        builder.max_permutations = None;
        builder.max_duration = None;
        let search = Arc::clone(&self);
        let checked = catch_unwind(AssertUnwindSafe(|| builder.check(move || search.iterate::<P>())));
        if checked.is_err() {
            self.give_up(self.panicked());
        }
        let found = locked(&self.found);
        let histories = found.right.len();
        let is_capacity_known = P::OPERATIONS.contains(&Op::TryTake) && !self.closes();
        let explored = Explored { programs: 1, iterations: found.iterations, histories, is_capacity_known };
        let _ = self.sender.send(found.wrong.clone().map_or(Ok(explored), |(wrong, _)| Err(wrong)));
    }

    fn note_panic(&self, message: String) {
        let mut found = locked(&self.found);
        if ["deadlock", "Model exceeded"].iter().any(|start| message.starts_with(start)) {
            let history = found.run.as_ref().map(|run| run.history()).unwrap_or_default();
            let run = self.counterexample(history, Fault::Panicked(message.clone()));
            eprintln!("{}", run.story("a run that cannot end").text());
        }
        found.panic = Some(message);
    }

    fn panicked(&self) -> Fault {
        Fault::Panicked(locked(&self.found).panic.clone().unwrap_or_default())
    }

    /// Ends the exploration here and now, whatever the threads are doing.
    fn give_up(&self, fault: Fault) -> ! {
        let found = locked(&self.found);
        let history = found.run.as_ref().map(|run| run.history()).unwrap_or_default();
        let counterexample = self.counterexample(history, fault);
        let shortest = found.wrong.clone().map_or(counterexample, |(wrong, _)| wrong);
        let _ = self.sender.send(Err(shortest));
        drop(found);
        loop {
            std::thread::park();
        }
    }

    fn counterexample(&self, history: History, fault: Fault) -> Counterexample {
        let history =
            if let Fault::Wrong(wrong) = &fault { history.prefix(wrong.place.saturating_add(1)) } else { history };
        Counterexample { program: self.program.to_string(), threads: self.program.scripts.len(), history, fault }
    }

    /// One interleaving.
    fn iterate<P: RealPool>(&self) {
        let (run, threads) = self.begin();
        let pool = Arc::new(P::new(self.program.capacity()));
        let mut main = Actor::main(&pool, &run);
        let actors = main.prime(&self.program);
        let spawn = |(actor, script)| spawn(actor, script, &threads);
        let pairs = actors.into_iter().zip(self.program.scripts.clone());
        let (waiting, others): (Vec<_>, Vec<_>) =
            pairs.partition(|(_, script)| self.bounds.watches_all || script.waits());
        let waiting: Vec<JoinHandle<()>> = waiting.into_iter().map(spawn).collect();
        others.into_iter().map(spawn).collect::<Vec<_>>().into_iter().for_each(join);
        let mut is_closed = self.closes();
        if !self.wait(&run) {
            run.rest();
            if self.judge(&run) {
                self.give_up(Fault::Stuck);
            }
            main.act(Op::Close);
            is_closed = true;
            if !self.wait(&run) {
                run.rest();
                self.judge(&run);
                self.give_up(Fault::Stuck);
            }
        }
        waiting.into_iter().for_each(join);
        if !is_closed {
            main.probe(self.most());
            main.act(Op::Close);
        }
        drop(main);
        self.end(pool, &run);
    }

    fn begin(&self) -> (Arc<Run>, Names) {
        let threads: Names = Arc::default();
        let names = Arc::clone(&threads);
        let main = self.program.scripts.len();
        let column = move || {
            let current = loom::thread::current().id();
            Some(locked(&names).iter().find(|(thread, _)| *thread == current).map_or(main, |(_, column)| *column))
        };
        let order = Order::new(main);
        let order = move |column, what: &What| order.before(column, what);
        let panicked = || {
            if let Some(search) = SEARCH.with_borrow(Option::clone) {
                search.give_up(search.panicked());
            }
        };
        let run = Run::new(main, order, column, panicked);
        let mut found = locked(&self.found);
        found.iterations = found.iterations.saturating_add(1);
        found.run = Some(Arc::clone(&run));
        Run::enter(Some(Arc::clone(&run)));
        (run, threads)
    }

    /// Waits until all threads are done, or at rest (rule 2). Returns whether they are done.
    fn wait(&self, run: &Run) -> bool {
        let all = self.program.scripts.len();
        let mut yields = 0..self.bounds.yields;
        while run.done() < all && yields.next().is_some() {
            loom::thread::yield_now();
        }
        run.done() == all
    }

    /// Whether the program closes the pool.
    fn closes(&self) -> bool {
        self.program.scripts.iter().any(|script| script.0.contains(&Op::Close))
    }

    /// More than the pool can have.
    fn most(&self) -> usize {
        let grown = self.program.scripts.iter().flat_map(|script| &script.0).filter(|op| **op == Op::Grow).count();
        self.program.capacity().saturating_add(grown).saturating_add(1)
    }

    fn end<P: RealPool>(&self, pool: Arc<P>, run: &Run) {
        self.judge(run);
        let ended = Arc::try_unwrap(pool).map_or_else(|_| Err("somebody still has the pool".to_owned()), P::end);
        if let Err(what) = ended {
            self.keep(self.counterexample(run.history(), Fault::Left(what)));
        }
        Run::enter(None);
        locked(&self.found).run = None;
    }

    /// Returns whether what is wrong is that an operation which does not wait has no answer: then a close may have none either.
    fn judge(&self, run: &Run) -> bool {
        let history = run.history();
        let bare = history.bare();
        if locked(&self.found).right.contains(&bare) {
            return false;
        }
        match judge(&[Spec::new(self.program.capacity())], &history) {
            Ok(_) => {
                locked(&self.found).right.insert(bare);
                false
            }
            Err(wrong) => {
                let is_unanswered = matches!(wrong.reason, Reason::Unanswered(_));
                self.keep(self.counterexample(history, Fault::Wrong(Box::new(wrong))));
                is_unanswered
            }
        }
    }

    /// Rule 3.
    fn keep(&self, counterexample: Counterexample) {
        let mut found = locked(&self.found);
        let now = found.iterations;
        let first = found.wrong.as_ref().map_or(now, |(_, first)| *first);
        if found.wrong.as_ref().is_none_or(|(wrong, _)| counterexample.length() < wrong.length()) {
            found.wrong = Some((counterexample.clone(), first));
        }
        drop(found);
        if now.saturating_sub(first) >= self.bounds.patience {
            self.give_up(counterexample.fault);
        }
    }
}

/// Rule 1: one atomic for each pair of threads, such that an answer of one and a call of the other touch it, and nothing else.
struct Order {
    threads: usize,
    pairs: Vec<AtomicUsize>,
}

impl Order {
    fn new(threads: usize) -> Self {
        let pairs = (0..threads.saturating_mul(threads)).map(|_| AtomicUsize::new(0)).collect();
        Self { threads, pairs }
    }

    /// What `column` does before this is recorded. The main thread has nothing to order: the others do not run with it.
    fn before(&self, column: usize, what: &What) {
        for other in (0..self.threads).filter(|other| *other != column && column < self.threads) {
            let (answers, calls) = match what {
                What::Answered(_) => (column, other),
                What::Called(..) => (other, column),
                What::Rested | What::Noted(_) => return,
            };
            if let Some(pair) = self.pairs.get(answers.saturating_mul(self.threads).saturating_add(calls)) {
                pair.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

/// A panic has ended the exploration already.
fn join(handle: JoinHandle<()>) {
    let _ = handle.join();
}

fn spawn<P: RealPool>(actor: Actor<P>, script: Script, threads: &Names) -> JoinHandle<()> {
    let threads = Arc::clone(threads);
    let column = actor.column();
    loom::thread::spawn(move || {
        locked(&threads).push((loom::thread::current().id(), column));
        actor.play(&script);
    })
}
