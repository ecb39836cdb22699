//! One program, played once by loom's threads on a stripe of the shipped runtime.

use loom::thread::{self, JoinHandle};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use striped_pool::runtime::PoolStripe;
use striped_pool::runtime::trace::{Mismatch, Recorder, Transition, replay};
use striped_pool::{Acquired, LocalPool};
use striped_pool_model::programs::{Op, Prime, Program, Script, Token};

/// What the outside world has seen. std's atomics: invisible to loom, so counting adds no interleavings.
#[derive(Clone, Default)]
struct Ledger {
    made: Arc<AtomicUsize>,
    /// Freed by the pool, or detached from it.
    gone: Arc<AtomicUsize>,
    history: Arc<Mutex<Vec<Transition>>>,
}

impl Ledger {
    fn make(&self) -> usize {
        self.made.fetch_add(1, Ordering::Relaxed)
    }

    fn lose(&self) {
        self.gone.fetch_add(1, Ordering::Relaxed);
    }

    /// The stripe that the recorded transitions make of the primed one.
    fn replay(&self, program: &Program) -> Result<PoolStripe, Mismatch> {
        replay(u32::try_from(program.capacity()).unwrap(), self.history.lock().unwrap().clone())
    }

    /// How many wait, by the machine; none can tell while a transition is committed and not recorded yet.
    fn waiting(&self, program: &Program) -> Option<usize> {
        match self.replay(program) {
            Ok(stripe) => Some(stripe.queue().len() as usize),
            Err(Mismatch::Gap { .. }) => None,
            Err(mismatch) => panic!("{program}: {mismatch}"),
        }
    }

    fn alive(&self) -> usize {
        self.made.load(Ordering::Relaxed) - self.gone.load(Ordering::Relaxed)
    }
}

type Pool = LocalPool<usize>;
type Held = Acquired<'static, usize>;

/// One thread's part.
struct Actor {
    pool: &'static Pool,
    ledger: Ledger,
    held: Vec<Held>,
}

impl Actor {
    fn play(mut self, script: &Script) {
        script.0.iter().for_each(|op| self.act(*op));
        while let Some(held) = self.held.pop() {
            self.put(held);
        }
    }

    fn act(&mut self, op: Op) {
        let capacity = || self.pool.status().capacity;
        match op {
            Op::Take => self.held.extend(self.pool.acquire()),
            Op::TryTake => self.held.extend(self.pool.try_acquire()),
            Op::TimedTake => self.held.extend(self.pool.acquire_timeout(Duration::ZERO)),
            Op::CancelledTake => drop(self.pool.enqueue()),
            Op::Reap => drop(self.pool.reap()),
            Op::Drain => drop(self.pool.drain()),
            Op::Grow => self.pool.resize(capacity() + 1),
            Op::Shrink => self.pool.resize((capacity() - 1).max(1)),
            Op::Close => self.pool.close(),
            Op::Put | Op::Discard | Op::Detach | Op::FailCreate => {
                // A take that got nothing leaves nothing to give back.
                if let Some(held) = self.held.pop() {
                    self.give(op, held);
                }
            }
        }
    }

    fn give(&self, op: Op, held: Held) {
        match (op, held) {
            (Op::Discard, Acquired::Lease(lease)) => lease.discard(),
            (Op::Detach, Acquired::Lease(lease)) => {
                let _ = lease.detach();
                self.ledger.lose();
            }
            (Op::FailCreate, Acquired::Permit(permit)) => drop(permit),
            (_, held) => self.put(held),
        }
    }

    fn put(&self, held: Held) {
        match held {
            Acquired::Lease(lease) => drop(lease),
            Acquired::Permit(permit) => drop(permit.fulfil(self.ledger.make())),
        }
    }
}

/// The stripe that `program` starts from, recorded from here on.
fn prime(program: &Program, ledger: &Ledger) -> Box<Pool> {
    let (freed, lines) = (ledger.clone(), Arc::clone(&ledger.history));
    let capacity = u32::try_from(program.capacity()).unwrap();
    let ttl = Duration::from_nanos(1);
    let mut pool = Box::new(LocalPool::with_ttl(capacity, ttl, move |_| freed.lose()));
    pool.set_recorder(Recorder::new(move |transition| lines.lock().unwrap().push(transition)));
    pool
}

/// Tokens for each thread, taken before the threads start.
fn hand_out(program: &Program, pool: &'static Pool, ledger: &Ledger) -> Vec<Actor> {
    let take = |token: &Token| match (token, pool.try_acquire().unwrap()) {
        (Token::Lease, Acquired::Permit(permit)) => Acquired::Lease(permit.fulfil(ledger.make())),
        (_, acquired) => acquired,
    };
    let actor = |script: &Script| {
        let held = script.tokens().iter().map(take).collect();
        Actor { pool, ledger: ledger.clone(), held }
    };
    let actors = program.scripts.iter().map(actor).collect();
    if program.prime == Prime::Idle {
        let Ok(Acquired::Permit(permit)) = pool.try_acquire() else { panic!("room for one idle resource") };
        drop(permit.fulfil(ledger.make()));
    }
    actors
}

fn spawn(actor: Actor, script: &Script, done: &Arc<AtomicUsize>) -> JoinHandle<()> {
    let (script, done) = (script.clone(), Arc::clone(done));
    thread::spawn(move || {
        actor.play(&script);
        done.fetch_add(1, Ordering::Relaxed);
    })
}

/// Runs the program once, and checks what `main.rs` promises.
pub(crate) fn play(program: &Program) {
    let ledger = Ledger::default();
    let owner = prime(program, &ledger);
    // SAFETY: every thread is joined, and with it every lease dropped, before `owner` is.
    let pool: &'static Pool = unsafe { &*core::ptr::from_ref(owner.as_ref()) };
    let actors = hand_out(program, pool, &ledger);
    let done = Arc::new(AtomicUsize::new(0));
    let (mut others, mut waiters) = (Vec::new(), Vec::new());
    for (actor, script) in actors.into_iter().zip(&program.scripts) {
        let threads = if script.waits() { &mut waiters } else { &mut others };
        threads.push(spawn(actor, script, &done));
    }
    let all = others.len() + waiters.len();
    others.into_iter().for_each(|thread| thread.join().unwrap());
    // Rest: whoever is not done waits, and the machine says so: its state is computed from the history, which loom does not
    // see, because a look at the stripe itself would race with everything and multiply the interleavings. A sleeper
    // that the machine does not know keeps this loop going until loom's limit on branches fails the program.
    while ledger.waiting(program).is_none_or(|waiting| done.load(Ordering::Relaxed) + waiting != all) {
        thread::yield_now();
    }
    if done.load(Ordering::Relaxed) != all {
        pool.close();
    }
    waiters.into_iter().for_each(|thread| thread.join().unwrap());
    check(program, &ledger, owner);
}

fn check(program: &Program, ledger: &Ledger, pool: Box<Pool>) {
    let status = pool.status();
    assert_eq!((status.out, status.owed, status.freeing, status.waiting), (0, 0, 0, 0), "{program}: {status:?}");
    assert_eq!(status.available + status.idle, status.capacity, "{program}: {status:?}");
    assert_eq!(ledger.alive(), status.idle as usize, "{program}: lost or duplicated: {status:?}");
    let end = ledger.replay(program).unwrap_or_else(|mismatch| panic!("{program}: {mismatch}"));
    assert_eq!((end.capacity(), end.available(), end.idle()), (status.capacity, status.available, status.idle));
    drop(pool);
    assert_eq!(ledger.alive(), 0, "{program}: a resource outlived the pool");
}
