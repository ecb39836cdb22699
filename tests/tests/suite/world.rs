//! Resources that are counted outside of any pool, and creates that do what a test plans: fail, panic, or wait at a gate.
//!
//! A resource lives from its create until it is dropped; `freed` lists the ids of those that went through a pool's free, in order.
//! So one that is lost, freed twice, or dropped without a free shows.

use crate::runtimes::Runtime;
use core::fmt;
use std::collections::VecDeque;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Longer than anything takes that does not hang.
pub(crate) const LIMIT: Duration = Duration::from_secs(20);

/// What a planned panic carries, so that it is not taken for a failed assertion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Oops;

/// Panics with [`Oops`], and prints nothing.
pub(crate) fn oops() -> ! {
    resume_unwind(Box::new(Oops))
}

/// The error of a create that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refused;

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("refused, as planned")
    }
}

impl std::error::Error for Refused {}

/// What a create does instead of succeeding.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Plan {
    Fail,
    Panic,
}

/// Where the next create waits until it is opened.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gate(Arc<AtomicU32>);

const SHUT: u32 = 0;
const REACHED: u32 = 1;
const OPEN: u32 = 2;

impl Gate {
    /// Whether a create waits at it.
    pub(crate) fn is_reached(&self) -> bool {
        self.0.load(SeqCst) == REACHED
    }

    /// Lets the create go on.
    pub(crate) fn open(&self) {
        self.0.store(OPEN, SeqCst);
    }

    /// As seen by the create: whether it may go on.
    fn is_open(&self) -> bool {
        self.0.compare_exchange(SHUT, REACHED, SeqCst, SeqCst).is_err_and(|state| state == OPEN)
    }
}

/// What the outside world knows of its resources, and what it plans.
#[derive(Debug, Default)]
pub(crate) struct World {
    made: AtomicU32,
    live: AtomicU32,
    most: AtomicU32,
    freed: Mutex<Vec<u32>>,
    plans: Mutex<VecDeque<Plan>>,
    gate: Mutex<Option<Gate>>,
}

/// One counted resource.
#[derive(Debug)]
pub(crate) struct Resource {
    /// Resources are numbered from 0 as they are made.
    pub(crate) id: u32,
    /// For a test to note that somebody has it.
    pub(crate) is_held: bool,
    /// For a test to say that it must not be lent again.
    pub(crate) is_broken: bool,
    world: Arc<World>,
}

impl Resource {
    /// As [`World::end`].
    pub(crate) fn end(self) {
        Arc::clone(&self.world).end(self);
    }
}

impl Drop for Resource {
    fn drop(&mut self) {
        self.world.live.fetch_sub(1, SeqCst);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl World {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    /// What the next creates do, one each; those after them succeed.
    pub(crate) fn plan(&self, plans: impl IntoIterator<Item = Plan>) {
        lock(&self.plans).extend(plans);
    }

    /// How many plans have not been carried out.
    pub(crate) fn left(&self) -> usize {
        lock(&self.plans).len()
    }

    /// A gate for the next create.
    pub(crate) fn gate(&self) -> Gate {
        let gate = Gate::default();
        *lock(&self.gate) = Some(gate.clone());
        gate
    }

    /// A create that blocks at the gate.
    pub(crate) fn create(self: &Arc<Self>) -> Result<Resource, Refused> {
        let gate = lock(&self.gate).take().unwrap_or_else(|| Gate(Arc::new(AtomicU32::new(OPEN))));
        let start = Instant::now();
        while !gate.is_open() {
            assert!(start.elapsed() < LIMIT, "nobody opens the gate");
            std::thread::sleep(Duration::from_micros(200));
        }
        self.carry_out()
    }

    /// A create that awaits the gate, and gives way once in any case.
    pub(crate) async fn create_async<R: Runtime>(self: &Arc<Self>) -> Result<Resource, Refused> {
        let gate = lock(&self.gate).take().unwrap_or_else(|| Gate(Arc::new(AtomicU32::new(OPEN))));
        R::give_way().await;
        while !gate.is_open() {
            R::sleep(Duration::from_micros(200)).await;
        }
        self.carry_out()
    }

    fn carry_out(self: &Arc<Self>) -> Result<Resource, Refused> {
        let plan = lock(&self.plans).pop_front();
        match plan {
            Some(Plan::Fail) => return Err(Refused),
            Some(Plan::Panic) => oops(),
            None => {}
        }
        let live = self.live.fetch_add(1, SeqCst) + 1;
        self.most.fetch_max(live, SeqCst);
        let id = self.made.fetch_add(1, SeqCst);
        Ok(Resource { id, is_held: false, is_broken: false, world: Arc::clone(self) })
    }

    /// What a pool's free does: notes the id and drops the resource.
    pub(crate) fn end(&self, resource: Resource) {
        lock(&self.freed).push(resource.id);
        drop(resource);
    }

    /// How many were ever made.
    pub(crate) fn made(&self) -> u32 {
        self.made.load(SeqCst)
    }

    /// How many exist now.
    pub(crate) fn live(&self) -> u32 {
        self.live.load(SeqCst)
    }

    /// How many existed at once at most.
    pub(crate) fn most(&self) -> u32 {
        self.most.load(SeqCst)
    }

    /// The ids that were freed, smallest first.
    pub(crate) fn freed(&self) -> Vec<u32> {
        let mut freed = lock(&self.freed).clone();
        freed.sort_unstable();
        freed
    }
}
