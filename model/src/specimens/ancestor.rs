//! The ancestor's stripe, rule by rule as published, faults and all.
//!
//! | published | here |
//! |---|---|
//! | `takeResource` | `Take`: cache, else permit, else queue; the caller is answered by the commit itself |
//! | `tryTakeResource` | `TryTake`: nothing if `available == 0`, even with a full cache; never a permit |
//! | `putResource` = `signal stripe (Deliver val)` | `Return` |
//! | `runEffects`, `InsertWithTimestamp` | `Put`, raised by that effect and by nobody else: the second, blind commit |
//! | `destroyResource` = `signal stripe Create` | `Discard` |
//! | `restoreSize` | `CreateFailed` |
//! | `waitForResource`'s `cleanup` | `Cancel` |
//! | `cleanStripe` | `Reap` (stale is *more* than the time to live), `Drain` |
//!
//! The queue is two lists, new waiters at the end of the second; cancelled waiters stay until a dequeue meets them. The
//! published stripe does not know its capacity: here it is remembered for the checks, and no rule looks at it. What the
//! ancestor does not have (`Detach`, `Freed`, `Resize`, `Close`) is accepted and changes nothing. `putResource` and
//! `takeResource` reap first; that is left to `Reap`, which the world raises whenever it likes.

use crate::check::Checks;
use crate::machine::{Effect, Input, Machine, Stepped, View};
use std::collections::BTreeSet;
use striped_pool::stripe::{Event, Recipient, WakeResult};

/// The published stripe.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ancestor {
    capacity: u32,
    available: u32,
    /// Newest first.
    cache: Vec<(u8, u64)>,
    queue: Vec<(u64, u8)>,
    queuer: Vec<(u64, u8)>,
    next_id: u64,
    cancelled: BTreeSet<u64>,
}

impl Ancestor {
    /// `dequeueStripe`: the two lists become one, tombstones on the way are consumed with their waiters.
    fn dequeue(&mut self) -> Option<(u64, u8)> {
        self.queue.append(&mut self.queuer);
        while !self.queue.is_empty() {
            let waiter = self.queue.remove(0);
            if !self.cancelled.remove(&waiter.0) {
                return Some(waiter);
            }
        }
        None
    }

    /// `signal`.
    fn signal(&mut self, result: WakeResult<u8>) -> Vec<Effect> {
        if let Some((_, wake)) = self.dequeue() {
            return vec![Effect::Wake(Recipient::Slot(wake), result)];
        }
        match result {
            WakeResult::Deliver(resource) => {
                self.available += 1;
                vec![Effect::InsertWithTimestamp(resource)]
            }
            WakeResult::Create | WakeResult::Cancelled => Vec::new(),
        }
    }

    fn take(&mut self, wake: u8) -> Vec<Effect> {
        if !self.cache.is_empty() {
            return vec![Effect::Wake(Recipient::Caller, WakeResult::Deliver(self.cache.remove(0).0))];
        }
        if self.available == 0 {
            self.queuer.push((self.next_id, wake));
            self.next_id += 1;
            return Vec::new();
        }
        self.available -= 1;
        vec![Effect::Wake(Recipient::Caller, WakeResult::Create)]
    }

    fn try_take(&mut self, recipient: Recipient<u8>) -> Vec<Effect> {
        if self.available == 0 || self.cache.is_empty() {
            return vec![Effect::Wake(recipient, WakeResult::Cancelled)];
        }
        vec![Effect::Wake(recipient, WakeResult::Deliver(self.cache.remove(0).0))]
    }

    /// `cleanStripe`.
    fn clean(&mut self, is_stale: impl Fn(u64) -> bool) -> Vec<Effect> {
        let (stale, fresh) = core::mem::take(&mut self.cache).into_iter().partition(|entry| is_stale(entry.1));
        self.cache = fresh;
        let freed: Vec<u8> = Vec::<(u8, u64)>::into_iter(stale).map(|entry| entry.0).collect();
        if freed.is_empty() { Vec::new() } else { vec![Effect::FreeMany(freed)] }
    }

    fn apply(&mut self, event: Input) -> Vec<Effect> {
        match event {
            Event::Take { wake } => self.take(wake),
            Event::TryTake { wake } => self.try_take(wake),
            Event::Return { resource } => self.signal(WakeResult::Deliver(resource)),
            Event::Put { resource, now } => {
                self.cache.insert(0, (resource, now.0));
                Vec::new()
            }
            Event::Discard { .. } => self.signal(WakeResult::Create),
            Event::CreateFailed => {
                self.available += 1;
                Vec::new()
            }
            Event::Cancel { id } => {
                self.cancelled.insert(id.0);
                Vec::new()
            }
            Event::Reap { now, ttl, .. } => {
                self.clean(|stamp| u128::from(now.0.saturating_sub(stamp)) > ttl.as_nanos())
            }
            Event::Drain => self.clean(|_| true),
            Event::Detach | Event::Freed { .. } | Event::Resize { .. } | Event::Close => Vec::new(),
        }
    }
}

impl Machine for Ancestor {
    /// Its worlds are few, and a take can be cancelled in ways that the canonical form does not tell apart.
    const NAMES_ARE_EQUAL: bool = false;

    fn new(capacity: u32) -> Self {
        let (queue, queuer) = (Vec::new(), Vec::new());
        let (cache, cancelled) = (Vec::new(), BTreeSet::new());
        Self { capacity, available: capacity, cache, queue, queuer, next_id: 0, cancelled }
    }

    fn step(&self, event: Input) -> Stepped<Self> {
        let mut machine = self.clone();
        let effects = machine.apply(event);
        let changed = machine != *self;
        Stepped { machine, effects, changed }
    }

    fn observe(&self) -> View {
        View {
            capacity: self.capacity,
            available: self.available,
            owed: 0,
            freeing: 0,
            idle: self.cache.clone(),
            waiters: self.queue.iter().chain(&self.queuer).copied().collect(),
            tombstones: self.cancelled.iter().copied().collect(),
            next_id: self.next_id,
            closed: false,
        }
    }

    fn violations(&self) -> Checks {
        Checks::NONE
    }
}
