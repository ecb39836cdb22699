//! The modelled environment of one stripe: clients, effects in flight, resources outside, and what must be true of them.
//!
//! Owns the state ([`World`]) and the bounds ([`Env`]). `world/moves.rs` says what can happen next, `world/commit.rs`
//! does it, `world/judge.rs` judges the result, `world/canon.rs` says which worlds are the same, `world/progress.rs`
//! and `world/stale.rs` look ahead from one.
//!
//! Rules:
//! 1. A commit and each of its effects are separate moves. The effects of one commit run in order; those of different
//!    commits interleave freely. A client goes on as soon as its own event is committed: more orders than any runtime
//!    has, never fewer.
//! 2. A free is two moves: the resource ceases to exist, then `Freed` is raised.
//! 3. A result that arrives at an abandoned take is given back by whoever delivers it: later, as a move of its own.
//! 4. Ghosts know what the machine cannot: which resource is where, who waits for what. Every resource that exists is in
//!    the cache, in one client's hands or in one effect in flight.
//! 5. Any clock reading within bounds may accompany any event: clocks read out of order are the rule here.
//! 6. Everything is finite: clients, capacity, clock readings, and names. A new resource takes the smallest free name.
//!
//! Not modelled: the inside of a commit (one atomic step; loom checks that), more than one stripe.

mod canon;
mod commit;
mod judge;
mod moves;
mod progress;
mod stale;

pub use commit::Outcome;
pub use moves::{Kind, Kinds, Move};

use crate::check::Checks;
use crate::machine::{Machine, View};
use core::fmt;
use striped_pool::stripe::WakeResult;

/// Bounds, and what the environment does.
#[derive(Clone, Copy, Debug)]
pub struct Env {
    /// How many clients there are.
    pub clients: u8,
    /// The capacity at the start.
    pub capacity: u32,
    /// The largest capacity that a resize asks for.
    pub max_capacity: u32,
    /// The largest clock reading; the smallest is 0.
    pub clock: u64,
    /// What may happen.
    pub kinds: Kinds,
    /// Whether effects are performed at once, with nothing in between.
    pub sequential: bool,
    /// Whether a take may be given up by `Cancel` even after its result was committed, and the result is then dropped
    /// where it arrives: how the ancestor waits. Otherwise rule 3.
    pub drops_late_results: bool,
}

impl Env {
    /// Everything happens, interleaved, for `clients` clients and up to `max_capacity` resources.
    #[must_use]
    pub const fn new(clients: u8, capacity: u32, max_capacity: u32, clock: u64) -> Self {
        Self { clients, capacity, max_capacity, clock, kinds: Kinds::ALL, sequential: false, drops_late_results: false }
    }
}

/// One client, and the wake slot of the same number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Client {
    /// Has nothing and wants nothing.
    Idle,
    /// Has raised `Take`, and no result has arrived.
    Waiting {
        /// The id under which it was queued; none if it was served at once and the result is on its way.
        id: Option<u64>,
        /// Nobody will read the result.
        abandoned: bool,
    },
    /// Holds a permit and creates a resource.
    Creating,
    /// Holds a resource.
    Holding(u8),
}

/// One thing that is still to be done for a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Task {
    /// Publish a result in a client's slot.
    Wake(u8, WakeResult<u8>),
    /// Read the clock, raise `Put`.
    Stamp(u8),
    /// Let the resource cease to exist.
    Free(u8),
    /// Raise `Freed`.
    Freed,
    /// Raise `Return` for a resource that arrived at an abandoned take.
    GiveBack(u8),
    /// Raise `CreateFailed` for a permit that did.
    GiveBackPermit,
}

/// A machine and its surroundings.
#[derive(Clone, PartialEq, Eq)]
pub struct World<M> {
    /// The machine.
    pub machine: M,
    /// Its state as plain data.
    pub view: View,
    /// The clients.
    pub clients: Vec<Client>,
    /// What is left to do for each commit whose effects are not finished.
    pub jobs: Vec<Vec<Task>>,
    /// The resources that exist and belong to the pool.
    pub alive: Resources,
    /// The checks that failed on the way here.
    pub failed: Checks,
}

/// A set of resources.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Resources(u128);

impl Resources {
    /// Adds a resource.
    pub fn insert(&mut self, resource: u8) {
        self.0 |= 1 << (resource & 127);
    }

    /// Removes a resource.
    pub fn remove(&mut self, resource: u8) {
        self.0 &= !(1 << (resource & 127));
    }

    /// How many there are.
    #[must_use]
    pub const fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The resources, smallest name first.
    pub fn iter(self) -> impl Iterator<Item = u8> {
        (0..128).filter(move |resource| self.0 & (1 << resource) != 0)
    }

    /// The smallest name that no resource has.
    #[must_use]
    pub fn unused(self) -> u8 {
        u8::try_from(self.0.trailing_ones() & 127).unwrap_or(0)
    }
}

impl fmt::Debug for Resources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl<M: Machine> World<M> {
    /// A fresh machine, idle clients.
    #[must_use]
    pub fn new(env: &Env) -> Self {
        let machine = M::new(env.capacity);
        Self {
            view: machine.observe(),
            machine,
            clients: vec![Client::Idle; usize::from(env.clients)],
            jobs: Vec::new(),
            alive: Resources::default(),
            failed: Checks::NONE,
        }
    }

    /// A client by its number.
    #[must_use]
    pub fn client(&self, client: u8) -> Client {
        self.clients.get(usize::from(client)).copied().unwrap_or(Client::Idle)
    }
}

impl<M: fmt::Debug> fmt::Debug for World<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World")
            .field("machine", &self.machine)
            .field("clients", &self.clients)
            .field("jobs", &self.jobs)
            .field("alive", &self.alive)
            .field("failed", &self.failed)
            .finish_non_exhaustive()
    }
}
