//! The protocol's table once more, as plainly as it can be written: a reference to run the shipped machine against.
//!
//! Owns [`Plain`], over `im` vectors and ordinary counters, with no thought of cost, and [`Twin`], which runs two
//! machines side by side and fails [`Check::Twin`] where they differ in effects, in `changed` or in what they show.
//! Searching all states of a twin is checking that the two machines are the same one within the bounds.

use crate::check::{Check, Checks};
use crate::machine::{Effect, Input, Machine, Stepped, View};
use crate::step_check;
use im::Vector;
use striped_pool::stripe::{Event, Recipient, Reject, WakeResult};

/// A stripe, plainly.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Plain {
    capacity: u32,
    available: u32,
    owed: u32,
    freeing: u32,
    /// Oldest first.
    queue: Vector<(u64, u8)>,
    /// Oldest first.
    cache: Vector<(u8, u64)>,
    next_id: u64,
    closed: bool,
}

impl Plain {
    fn out(&self) -> usize {
        to_usize(self.capacity + self.owed - self.available) - self.cache.len()
    }

    fn is_any_out(&self) -> bool {
        self.out() > to_usize(self.freeing)
    }

    fn serve(&mut self) -> Option<WakeResult<u8>> {
        if let Some((resource, _)) = self.cache.pop_back() {
            return Some(WakeResult::Deliver(resource));
        }
        if self.closed || self.available == 0 {
            return None;
        }
        self.available -= 1;
        Some(WakeResult::Create)
    }

    fn signal(&mut self, permits: u32) -> Vec<Effect> {
        let mut woken = Vec::new();
        for _ in 0..permits {
            if self.owed > 0 {
                self.owed -= 1;
            } else if let Some((_, wake)) = self.queue.pop_front() {
                woken.push(wake);
            } else {
                self.available += 1;
            }
        }
        wake(woken, WakeResult::Create)
    }

    fn free(&mut self, resources: Vec<u8>) -> Vec<Effect> {
        if resources.is_empty() {
            return Vec::new();
        }
        self.freeing += u32::try_from(resources.len()).unwrap_or(u32::MAX);
        vec![Effect::FreeMany(resources)]
    }

    /// The oldest `count` leave the cache; they are listed newest first.
    fn free_oldest(&mut self, count: usize) -> Vec<Effect> {
        let rest = self.cache.split_off(count.min(self.cache.len()));
        let gone = core::mem::replace(&mut self.cache, rest);
        self.free(gone.iter().rev().map(|entry| entry.0).collect())
    }

    fn come_back(&mut self, resource: u8, keep: impl FnOnce(&mut Self) -> Vec<Effect>) -> Vec<Effect> {
        if !self.is_any_out() {
            return vec![Effect::Reject(Reject::NothingOut)];
        }
        if self.closed || self.owed > self.freeing {
            return self.free(vec![resource]);
        }
        match self.queue.pop_front() {
            Some((_, wake)) => vec![Effect::Wake(Recipient::Slot(wake), WakeResult::Deliver(resource))],
            None => keep(self),
        }
    }

    fn cancel(&mut self, id: u64) -> Vec<Effect> {
        match self.queue.iter().position(|waiter| waiter.0 == id) {
            Some(place) => wake(vec![self.queue.remove(place).1], WakeResult::Cancelled),
            None if id < self.next_id => vec![Effect::Reject(Reject::AlreadyWoken)],
            None => vec![Effect::Reject(Reject::NeverQueued)],
        }
    }

    fn resize(&mut self, capacity: u32) -> Vec<Effect> {
        if capacity == 0 {
            return vec![Effect::Reject(Reject::ZeroCapacity)];
        }
        let (old, new) = (self.capacity, capacity);
        self.capacity = new;
        if new > old {
            return self.signal(new - old);
        }
        for _ in new..old {
            if self.available > 0 {
                self.available -= 1;
            } else {
                self.owed += 1;
            }
        }
        if new < old { self.free_oldest(to_usize(self.owed.saturating_sub(self.freeing))) } else { Vec::new() }
    }

    fn close(&mut self) -> Vec<Effect> {
        if self.closed {
            return vec![Effect::Reject(Reject::AlreadyClosed)];
        }
        self.closed = true;
        let waiters = core::mem::take(&mut self.queue);
        let mut effects = wake(waiters.iter().map(|waiter| waiter.1).collect(), WakeResult::Cancelled);
        effects.extend(self.free_oldest(self.cache.len()));
        effects
    }

    fn apply(&mut self, event: Input) -> Vec<Effect> {
        match event {
            Event::Take { wake } => match self.serve() {
                Some(result) => vec![Effect::Wake(Recipient::Slot(wake), result)],
                None if self.closed => vec![Effect::Wake(Recipient::Slot(wake), WakeResult::Cancelled)],
                None => {
                    self.queue.push_back((self.next_id, wake));
                    self.next_id += 1;
                    Vec::new()
                }
            },
            Event::TryTake { wake } => vec![Effect::Wake(wake, self.serve().unwrap_or(WakeResult::Cancelled))],
            Event::Put { resource, now } => self.come_back(resource, |plain| {
                let newest = plain.cache.last().map_or(0, |newest| newest.1);
                plain.cache.push_back((resource, now.0.max(newest)));
                Vec::new()
            }),
            Event::Return { resource } => self.come_back(resource, |_| vec![Effect::InsertWithTimestamp(resource)]),
            Event::Discard { resource } if self.is_any_out() => self.free(vec![resource]),
            Event::CreateFailed | Event::Detach if self.is_any_out() => self.signal(1),
            Event::Discard { .. } | Event::CreateFailed | Event::Detach => vec![Effect::Reject(Reject::NothingOut)],
            Event::Freed { count } if count > 0 && count <= self.freeing => {
                self.freeing -= count;
                self.signal(count)
            }
            Event::Freed { .. } => vec![Effect::Reject(Reject::NotFreeing)],
            Event::Cancel { id } => self.cancel(id.0),
            Event::Reap { now, ttl, keep } => {
                let age = |stamp: u64| u128::from(now.0.saturating_sub(stamp));
                let stale = self.cache.iter().filter(|entry| age(entry.1) >= ttl.as_nanos()).count();
                self.free_oldest(stale.min(self.cache.len().saturating_sub(to_usize(keep))))
            }
            Event::Drain => self.free_oldest(self.cache.len()),
            Event::Resize { capacity } => self.resize(capacity),
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

impl Machine for Plain {
    fn new(capacity: u32) -> Self {
        let (queue, cache) = (Vector::new(), Vector::new());
        Self { capacity, available: capacity, owed: 0, freeing: 0, queue, cache, next_id: 0, closed: false }
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
            owed: self.owed,
            freeing: self.freeing,
            idle: self.cache.iter().rev().copied().collect(),
            waiters: self.queue.iter().copied().collect(),
            tombstones: Vec::new(),
            next_id: self.next_id,
            closed: self.closed,
        }
    }

    fn violations(&self) -> Checks {
        step_check::of_view(&self.observe())
    }
}

/// Two machines, run side by side.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Twin<A, B> {
    first: A,
    second: B,
    alike: bool,
}

impl<A: Machine, B: Machine> Machine for Twin<A, B> {
    fn new(capacity: u32) -> Self {
        Self { first: A::new(capacity), second: B::new(capacity), alike: true }
    }

    fn step(&self, event: Input) -> Stepped<Self> {
        let first = self.first.step(event);
        let second = self.second.step(event);
        let alike = first.effects == second.effects
            && first.changed == second.changed
            && first.machine.observe() == second.machine.observe();
        let machine = Self { first: first.machine, second: second.machine, alike: self.alike && alike };
        Stepped { machine, effects: first.effects, changed: first.changed }
    }

    fn observe(&self) -> View {
        self.first.observe()
    }

    fn violations(&self) -> Checks {
        let mut failed = self.first.violations();
        failed.extend(self.second.violations());
        failed.require(Check::Twin, self.alike);
        failed
    }

    fn layout(&self) -> Vec<u8> {
        [self.first.layout(), vec![u8::MAX], self.second.layout()].concat()
    }
}
