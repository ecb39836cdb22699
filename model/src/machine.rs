//! What the world runs: any pure stripe machine over small numbers, and its state as plain data.
//!
//! Owns the trait and the shipped machine's place behind it. A machine may not look inside resources and wakes; the
//! shipped one cannot, being generic in both. The world relies on that when it treats states that differ only in names
//! as one.

use crate::check::{Check, Checks};
use core::any::Any;
use core::fmt::Debug;
use core::hash::Hash;
use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use striped_pool::stripe::{
    Event, Recipient, Reject, Stripe, StripeEffect, Timestamp, WaiterId, WakeResult, step, violations,
};

/// An event over small numbers.
pub type Input = Event<u8, u8>;

/// The machine that ships.
pub type Shipped = Stripe<u8, u8>;

/// An effect as plain data, the same for every machine.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// One result for one take.
    Wake(Recipient<u8>, WakeResult<u8>),
    /// One result for several queued takes, in order.
    WakeMany(Vec<u8>, WakeResult<u8>),
    /// Read the clock and come back with `Put`.
    InsertWithTimestamp(u8),
    /// Free these, one `Freed` each.
    FreeMany(Vec<u8>),
    /// Nothing happened.
    Reject(Reject),
}

/// What an event makes of a machine.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stepped<M> {
    /// The machine afterwards.
    pub machine: M,
    /// What is to be done, in order.
    pub effects: Vec<Effect>,
    /// Whether the machine says that it changed.
    pub changed: bool,
}

/// A machine's state as plain data: everything that its future depends on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct View {
    /// How many resources there may be.
    pub capacity: u32,
    /// Free permits.
    pub available: u32,
    /// Permits that a shrink still has to swallow.
    pub owed: u32,
    /// Resources that are being freed.
    pub freeing: u32,
    /// Idle resources and their stamps, newest first.
    pub idle: Vec<(u8, u64)>,
    /// Queued ids and wakes, oldest first.
    pub waiters: Vec<(u64, u8)>,
    /// Ids that are kept although nobody can be woken by them any more. The shipped machine has no such thing.
    pub tombstones: Vec<u64>,
    /// The next id.
    pub next_id: u64,
    /// Whether the stripe is closed.
    pub closed: bool,
}

/// What `event` makes of `machine`; or what it said when it panicked.
pub(crate) fn attempt<M: Machine>(machine: &M, event: Input) -> Result<Stepped<M>, String> {
    // One can go on after a panic: nobody but the call had the new machine, and the old one is never changed.
    let stepped = catch_unwind(AssertUnwindSafe(|| machine.step(event)));
    stepped.map_err(|panic| message(&*panic).to_owned())
}

/// What a panic said.
pub(crate) fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("something that is no text")
}

impl View {
    /// What is neither a free permit nor idle: lent, being created, delivered, stamped or freed.
    #[must_use]
    pub fn out(&self) -> i64 {
        i64::from(self.capacity) + i64::from(self.owed) - i64::from(self.available) - count(self.idle.len())
    }

    /// Whether `id` is queued.
    #[must_use]
    pub fn is_queued(&self, id: u64) -> bool {
        self.waiters.iter().any(|waiter| waiter.0 == id)
    }
}

/// A length as a signed number, for sums that a wrong machine could drive below zero.
#[must_use]
pub fn count(len: usize) -> i64 {
    i64::try_from(len).unwrap_or(i64::MAX)
}

/// A pure stripe machine.
///
/// A search tells two of its states apart by [`observe`](Self::observe) and [`layout`](Self::layout), and takes those that show the
/// same for one: whatever else a machine keeps and goes by (a count of tries, who was served last) must show in one of them.
pub trait Machine: Clone + Eq + Hash + Debug + Send + Sync + 'static {
    /// Whether worlds that differ only in names are the same to it (`world/canon.rs` says when that is sound).
    const NAMES_ARE_EQUAL: bool = true;

    /// A machine of `capacity` free permits.
    fn new(capacity: u32) -> Self;

    /// What `event` makes of it. If it panics, STEP-TOTAL has failed (STEP-REJECT if the event cannot be, or has nothing to do): the search ends and shows
    /// how it came to that, and what the panic said.
    fn step(&self, event: Input) -> Stepped<Self>;

    /// Its state as plain data.
    fn observe(&self) -> View;

    /// What its own state shows to be violated.
    fn violations(&self) -> Checks;

    /// What of its layout a search is to tell apart, without names of resources or clients: of states that show the same
    /// view, one of each layout is looked at. Nothing, unless a machine's future depends on it.
    fn layout(&self) -> Vec<u8> {
        Vec::new()
    }
}

impl Machine for Shipped {
    fn new(capacity: u32) -> Self {
        Stripe::new(capacity)
    }

    fn step(&self, event: Input) -> Stepped<Self> {
        let stepped = step(self, event);
        Stepped {
            machine: stepped.stripe,
            effects: stepped.effects.iter().map(plain_effect).collect(),
            changed: stepped.changed,
        }
    }

    fn observe(&self) -> View {
        let WaiterId(next_id) = self.next_id();
        View {
            capacity: self.capacity(),
            available: self.available(),
            owed: self.owed(),
            freeing: self.freeing(),
            idle: self.cache().iter().map(|entry| (entry.resource, entry.last_used.0)).collect(),
            waiters: self.queue().iter().map(|waiter| (waiter.id.0, waiter.wake)).collect(),
            tombstones: Vec::new(),
            next_id,
            closed: self.is_closed(),
        }
    }

    fn violations(&self) -> Checks {
        violations(self).into_iter().filter_map(Check::of).collect()
    }
}

fn plain_effect(effect: &StripeEffect<u8, u8>) -> Effect {
    match effect {
        StripeEffect::Wake { recipient, result } => Effect::Wake(*recipient, *result),
        StripeEffect::WakeMany { waiters, result } => {
            Effect::WakeMany(waiters.iter().map(|waiter| waiter.wake).collect(), *result)
        }
        StripeEffect::InsertWithTimestamp { resource } => Effect::InsertWithTimestamp(*resource),
        StripeEffect::FreeMany { resources } => Effect::FreeMany(resources.iter().collect()),
        StripeEffect::Reject(reject) => Effect::Reject(*reject),
    }
}

/// A point on the model's clock.
#[must_use]
pub fn at(now: u64) -> Timestamp {
    Timestamp(now)
}
