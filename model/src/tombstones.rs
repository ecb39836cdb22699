//! The seed's layout under the protocol's rules: two lists, a set of cancelled ids, tombstones skipped lazily.
//!
//! The design that this project descends from keeps its waiters so:
//!
//! ```text
//!   queue      [#2 #3]        oldest first: waiters leave here
//!   queuer     [#6 #5 #4]     newest first: waiters enter here; reversed into `queue` once that is empty
//!   cancelled  {#3 #4}        tombstones: still in a list, skipped and forgotten when their turn comes
//! ```
//!
//! Its published rules are wrong (`specimens.rs` refutes them); [`Tombstones`] keeps the layout and corrects the rules:
//!
//! | published | corrected |
//! |---|---|
//! | `signal`, no waiter: `available` + 1 *and* insert | a resource is kept, *or* a permit is: `insert`, `signal` |
//! | `destroyResource` = `signal stripe Create`, no waiter: nothing | `free`, and `signal` once `Freed` |
//! | `restoreSize`: `available` + 1 | `signal`: what is owed first, then the oldest live waiter |
//! | `InsertWithTimestamp` fills the cache blindly | it raises `Put`, which looks at the queue again |
//! | `cleanup`: insert the id, whether queued or not | a tombstone only for who is queued, who is answered at once |
//! | `destroyResource`, `cleanStripe` | count what is being freed |
//!
//! A search of `Twin<Shipped, Tombstones>` checks that the shipped queue, from which a cancelled waiter is gone at once,
//! answers every event as this one does. The view shows live waiters only; what is dead, and where, is told apart by
//! [`layout`](Machine::layout).
//!
//! Rules:
//! 1. Every tombstone is of somebody who stands in one of the lists.
//! 2. A step whose view is as before publishes nothing: tombstones that it skipped are there to be skipped again.
//!
//! What it does not do: keep INV-BOUNDED and INV-COST, by design. Behind one patient waiter every cancelled one is kept
//! for ever ([`Tombstones::kept`] counts them), and reversing a list is O(n) in whichever attempt needs it. That is why
//! the shipped machine has another layout.

use crate::check::{Check, Checks};
use crate::machine::{Effect, Input, Machine, Stepped, View};
use crate::step_check;
use std::collections::BTreeSet;
use striped_pool::stripe::{Event, Recipient, Reject, Timestamp, WakeResult};

/// A stripe in the seed's layout. A search tells layouts apart with up to `RUN` tombstones in a row (more behave like
/// `RUN` of them, which makes the search finite), or, where it is 0, not at all.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tombstones<const RUN: usize = 0> {
    capacity: u32,
    available: u32,
    owed: u32,
    freeing: u32,
    /// Newest first.
    cache: Vec<(u8, u64)>,
    /// The oldest at the end.
    queue: Vec<(u64, u8)>,
    /// The newest at the end.
    queuer: Vec<(u64, u8)>,
    next_id: u64,
    cancelled: BTreeSet<u64>,
    closed: bool,
}

impl<const RUN: usize> Tombstones<RUN> {
    /// How many waiters the lists hold, living and dead.
    #[must_use]
    pub fn kept(&self) -> usize {
        self.queue.len() + self.queuer.len()
    }

    /// Everybody in the lists, oldest first.
    fn in_order(&self) -> impl Iterator<Item = (u64, u8)> {
        self.queue.iter().rev().chain(&self.queuer).copied()
    }

    fn live(&self) -> impl Iterator<Item = (u64, u8)> {
        self.in_order().filter(|waiter| !self.cancelled.contains(&waiter.0))
    }

    /// The oldest who still waits. Tombstones on the way are consumed.
    fn dequeue(&mut self) -> Option<u8> {
        loop {
            if self.queue.is_empty() {
                self.queue.append(&mut self.queuer);
                self.queue.reverse();
            }
            let (id, wake) = self.queue.pop()?;
            if !self.cancelled.remove(&id) {
                return Some(wake);
            }
        }
    }

    /// So many permits come back.
    fn signal(&mut self, permits: u32) -> Vec<Effect> {
        let swallowed = permits.min(self.owed);
        self.owed -= swallowed;
        let mut rest = permits - swallowed;
        let mut woken = Vec::new();
        while rest > 0 {
            let Some(wake) = self.dequeue() else { break };
            woken.push(wake);
            rest -= 1;
        }
        self.available += rest;
        wake(woken, WakeResult::Create)
    }

    /// A resource comes back: `stamp` says what time it is, if the clock was read.
    fn insert(&mut self, resource: u8, stamp: Option<Timestamp>) -> Vec<Effect> {
        if !self.is_any_out() {
            return vec![Effect::Reject(Reject::NothingOut)];
        }
        if self.closed || self.owed > self.freeing {
            return self.free(vec![resource]);
        }
        if let Some(wake) = self.dequeue() {
            return vec![Effect::Wake(Recipient::Slot(wake), WakeResult::Deliver(resource))];
        }
        let Some(Timestamp(now)) = stamp else { return vec![Effect::InsertWithTimestamp(resource)] };
        let newest = self.cache.first().map_or(0, |newest| newest.1);
        self.cache.insert(0, (resource, now.max(newest)));
        Vec::new()
    }

    fn serve(&mut self) -> Option<WakeResult<u8>> {
        if !self.cache.is_empty() {
            return Some(WakeResult::Deliver(self.cache.remove(0).0));
        }
        if self.closed || self.available == 0 {
            return None;
        }
        self.available -= 1;
        Some(WakeResult::Create)
    }

    fn take(&mut self, wake: u8) -> Vec<Effect> {
        let result = match self.serve() {
            Some(result) => result,
            None if self.closed => WakeResult::Cancelled,
            None => {
                self.queuer.push((self.next_id, wake));
                self.next_id += 1;
                return Vec::new();
            }
        };
        vec![Effect::Wake(Recipient::Slot(wake), result)]
    }

    /// Who is queued and alive becomes a tombstone, and is answered.
    fn cancel(&mut self, id: u64) -> Vec<Effect> {
        let found = self.live().find(|waiter| waiter.0 == id);
        match found {
            Some((id, waiter)) => {
                self.cancelled.insert(id);
                wake(vec![waiter], WakeResult::Cancelled)
            }
            None if id < self.next_id => vec![Effect::Reject(Reject::AlreadyWoken)],
            None => vec![Effect::Reject(Reject::NeverQueued)],
        }
    }

    fn free(&mut self, resources: Vec<u8>) -> Vec<Effect> {
        self.freeing += u32::try_from(resources.len()).unwrap_or(u32::MAX);
        if resources.is_empty() { Vec::new() } else { vec![Effect::FreeMany(resources)] }
    }

    /// The oldest `count` idle entries leave.
    fn clean(&mut self, count: usize) -> Vec<Effect> {
        let gone = self.cache.split_off(self.cache.len().saturating_sub(count));
        self.free(gone.iter().map(|entry| entry.0).collect())
    }

    fn resize(&mut self, capacity: u32) -> Vec<Effect> {
        let old = core::mem::replace(&mut self.capacity, capacity);
        if capacity >= old {
            return self.signal(capacity - old);
        }
        let unused = self.available.min(old - capacity);
        self.available -= unused;
        self.owed += old - capacity - unused;
        self.clean(to_usize(self.owed.saturating_sub(self.freeing)))
    }

    fn close(&mut self) -> Vec<Effect> {
        self.closed = true;
        let mut effects = wake(self.live().map(|waiter| waiter.1).collect(), WakeResult::Cancelled);
        self.queue.clear();
        self.queuer.clear();
        self.cancelled.clear();
        effects.extend(self.clean(self.cache.len()));
        effects
    }

    fn is_any_out(&self) -> bool {
        let kept = to_usize(self.available) + self.cache.len() + to_usize(self.freeing);
        to_usize(self.capacity + self.owed) > kept
    }

    fn apply(&mut self, event: Input) -> Vec<Effect> {
        match event {
            Event::Take { wake } => self.take(wake),
            Event::TryTake { wake } => vec![Effect::Wake(wake, self.serve().unwrap_or(WakeResult::Cancelled))],
            Event::Put { resource, now } => self.insert(resource, Some(now)),
            Event::Return { resource } => self.insert(resource, None),
            Event::Discard { resource } if self.is_any_out() => self.free(vec![resource]),
            Event::CreateFailed | Event::Detach if self.is_any_out() => self.signal(1),
            Event::Discard { .. } | Event::CreateFailed | Event::Detach => vec![Effect::Reject(Reject::NothingOut)],
            Event::Freed { count } if (1..=self.freeing).contains(&count) => {
                self.freeing -= count;
                self.signal(count)
            }
            Event::Freed { .. } => vec![Effect::Reject(Reject::NotFreeing)],
            Event::Cancel { id } => self.cancel(id.0),
            Event::Reap { now, ttl, keep } => {
                let is_fresh = |stamp: u64| u128::from(now.0.saturating_sub(stamp)) < ttl.as_nanos();
                let fresh = self.cache.iter().take_while(|entry| is_fresh(entry.1)).count();
                self.clean(self.cache.len().saturating_sub(fresh.max(to_usize(keep))))
            }
            Event::Drain => self.clean(self.cache.len()),
            Event::Resize { capacity: 0 } => vec![Effect::Reject(Reject::ZeroCapacity)],
            Event::Resize { capacity } => self.resize(capacity),
            Event::Close if self.closed => vec![Effect::Reject(Reject::AlreadyClosed)],
            Event::Close => self.close(),
        }
    }
}

fn wake(woken: Vec<u8>, result: WakeResult<u8>) -> Vec<Effect> {
    match woken[..] {
        [] => Vec::new(),
        [only] => vec![Effect::Wake(Recipient::Slot(only), result)],
        _ => vec![Effect::WakeMany(woken, result)],
    }
}

fn to_usize(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

impl<const RUN: usize> Machine for Tombstones<RUN> {
    fn new(capacity: u32) -> Self {
        let (queue, queuer, cache, cancelled) = (Vec::new(), Vec::new(), Vec::new(), BTreeSet::new());
        let (available, owed, freeing, next_id, closed) = (capacity, 0, 0, 0, false);
        Self { capacity, available, owed, freeing, cache, queue, queuer, next_id, cancelled, closed }
    }

    fn step(&self, event: Input) -> Stepped<Self> {
        let mut machine = self.clone();
        let effects = machine.apply(event);
        let changed = machine.observe() != self.observe();
        Stepped { machine: if changed { machine } else { self.clone() }, effects, changed }
    }

    fn observe(&self) -> View {
        View {
            capacity: self.capacity,
            available: self.available,
            owed: self.owed,
            freeing: self.freeing,
            idle: self.cache.clone(),
            waiters: self.live().collect(),
            tombstones: Vec::new(),
            next_id: self.next_id,
            closed: self.closed,
        }
    }

    fn violations(&self) -> Checks {
        let mut failed = step_check::of_view(&self.observe());
        let is_known = |id: &u64| self.in_order().any(|waiter| waiter.0 == *id);
        failed.require(Check::Bounded, self.cancelled.iter().all(is_known));
        failed
    }

    /// Who is dead, list by list, oldest first.
    fn layout(&self) -> Vec<u8> {
        const LIVE: u8 = 0;
        const DEAD: u8 = 1;
        const END: u8 = 2;
        if RUN == 0 {
            return Vec::new();
        }
        let code = |waiter: &(u64, u8)| if self.cancelled.contains(&waiter.0) { DEAD } else { LIVE };
        let lists = self.queue.iter().rev().map(code).chain([END]).chain(self.queuer.iter().map(code));
        lists.fold(Vec::new(), |mut layout, code| {
            if code != DEAD || !layout.ends_with(&[DEAD; RUN]) {
                layout.push(code);
            }
            layout
        })
    }
}
