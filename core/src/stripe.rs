//! The pure machine: all of the pool's concurrency, as one function from a state and an event to a state and effects.
//!
//! No clock, no atomics, no unsafe code, no user code: [`step`] looks at an immutable [`Stripe`] and an [`Event`] and
//! answers with a [`StripeStep`]. The runtime commits the new stripe with one compare-and-swap and performs the effects
//! afterwards; the model feeds the same function small numbers and searches every state.
//!
//! ```text
//!                take: idle → Deliver, permit → Create
//!     ┌────────────────────────────────────────────────┐
//!     │                                                ▼
//!  cache (idle)                                    out (lent, being created,
//!  available (permits)                              on its way, being freed)
//!     ▲                                                │
//!     └────────────────────────────────────────────────┘
//!          put, freed: owed first, then the oldest waiter, then back here
//!
//!     capacity + owed  =  available + idle + out            freeing ≤ out
//! ```
//!
//! Rules:
//! 1. [`step`] is total. A stale, duplicate or impossible event changes nothing and answers
//!    [`Reject`](StripeEffect::Reject). One that is possible but finds nothing to do (`Drain` or `Reap` of nothing, `Resize`
//!    to the same) changes nothing and has no effect.
//! 2. *Signal a permit*: while shrinking is owed, swallow it; else wake the oldest waiter with `Create`; else keep it
//!    as available.
//! 3. A resource that comes back is freed if the stripe is closed or must still shrink (`owed > freeing`), else handed
//!    to the oldest waiter, else kept. `Return` decides in the same order as `Put`: were the waiter first there, a
//!    stripe that is always waited for would never shrink.
//! 4. A freed resource's permit is out until `Freed` (INV-FREE-FIRST).
//! 5. Layout stays in [`Queue`] and [`Cache`]; no transition depends on it. Arithmetic stays in `stripe/counter.rs`.
//! 6. Every transition is worst-case O(log n) (INV-COST): what an effect lists is cut off a shared structure, not copied.
//!
//! Tested by `tests/machine.rs` (each row of the protocol), `tests/containers.rs` (layout), and by the model package
//! (every state within bounds, random sequences, every invariant).
//!
//! # Where the ancestor's names went
//!
//! This design descends from an Idris port of Haskell's `resource-pool`. Its types and functions, and what became of them:
//!
//! | ancestor | here |
//! |---|---|
//! | `PoolConfig`, `setNumStripes`, `setPoolLabel` | [`PoolConfig`](crate::PoolConfig), [`stripes`](crate::pool::PoolConfigBuilder::stripes), [`label`](crate::pool::PoolConfigBuilder::label): checked when built |
//! | `newPool` | [`Pool::new`](crate::Pool::new): cannot fail, because a configuration cannot be wrong |
//! | `Queue`, with its reversed twin `queuer` | [`Queue`]: a persistent sequence between two blocks |
//! | `cancelled` (tombstones), `signal`'s skipping of them | nothing: a cancelled waiter leaves the queue at once |
//! | `WakeResult` (`Deliver`, `Create`, `Cancelled`) | [`WakeResult`] |
//! | `Waiter` | [`Waiter`] |
//! | `Entry` | [`Entry`] |
//! | `Stripe` | [`Stripe`] |
//! | `Stripe1` | [`StripeCell`](crate::runtime::StripeCell) |
//! | `StripeEffect` (`Wake`, `WakeMany`, `InsertWithTimestamp`, `FreeMany`, `None`) | [`StripeEffect`], which adds `Reject`; `None` is [`Effects::NONE`] |
//! | `StripeStep` | [`StripeStep`] |
//! | `LocalPool1` | [`LocalPool`](crate::LocalPool) |
//! | `Pool1` | [`Pool`](crate::Pool) |
//! | `takeResource` | [`Event::TryTake`], then [`Event::Take`]; [`Pool::get`](crate::Pool::get) |
//! | `tryTakeResource` | [`Event::TryTake`]; [`Pool::try_get`](crate::Pool::try_get) |
//! | `withResource`, `tryWithResource` | [`Pool::with`](crate::Pool::with), [`Pool::try_with`](crate::Pool::try_with) |
//! | `putResource` | [`Event::Put`], [`Event::Return`]; dropping a [`Lease`](crate::Lease) |
//! | `destroyResource` | [`Event::Discard`] and [`Event::Freed`]; [`Lease::discard`](crate::Lease::discard) |
//! | `destroyAllResources` | [`Event::Drain`]; [`Pool::drain`](crate::Pool::drain) |
//! | `restoreSize` | [`Event::CreateFailed`], which wakes a waiter; dropping a [`CreatePermit`](crate::CreatePermit) |
//! | `cleanStripe` | [`Event::Reap`]; [`Pool::reap`](crate::Pool::reap) |
//! | `signal` | rule 2, `Stripe::signal` |
//! | `casWithEffects` | [`StripeCell::commit`](crate::runtime::StripeCell::commit) |
//! | `runEffects` | [`runtime::effects`](crate::runtime::effects), only with the token of a commit |
//! | `waitForResource` | [`runtime::slot`](crate::runtime::slot); [`Event::Cancel`] when the wait is given up |

#![forbid(unsafe_code)]
#![deny(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

mod block;
pub mod cache;
mod counter;
pub mod effect;
pub mod event;
pub mod invariant;
pub mod queue;
pub mod seq;

pub use cache::{Cache, Entry, Timestamp};
pub use effect::{Effects, Recipient, Reject, Resources, StripeEffect, WakeResult};
pub use event::Event;
pub use invariant::{Invariant, violations};
pub use queue::{Queue, Waiter, WaiterId};

pub(crate) use cache::Leftover;

use counter::{add, sub};

/// The state of one stripe: immutable, the only thing that threads share.
///
/// Small on purpose: every transition copies it, the ends of the queue only if somebody waits. What can grow hides behind two
/// pointers that are null in the common case (few wait, at most [`cache::INLINE`] are idle).
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Stripe<R: Copy, W> {
    capacity: u32,
    available: u32,
    owed: u32,
    freeing: u32,
    next_id: WaiterId,
    closed: bool,
    queue: Queue<W>,
    cache: Cache<R>,
}

impl<R: Copy, W: Clone> Clone for Stripe<R, W> {
    #[inline]
    fn clone(&self) -> Self {
        Self { queue: self.queue.clone(), cache: self.cache.clone(), ..*self }
    }
}

/// What one event makes of a stripe. Dropped whole if the commit fails; dropping one runs no user code.
#[must_use = "a step does nothing until it is committed and its effects are performed"]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StripeStep<R: Copy, W> {
    /// The stripe to commit.
    pub stripe: Stripe<R, W>,
    /// What to do once it is committed, in order.
    pub effects: Effects<R, W>,
    /// Whether `stripe` differs from the state before. If not, there is nothing to publish, and looking at the
    /// state was the event's whole effect on it.
    pub changed: bool,
}

/// What an event did to a stripe that was changed in place.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied<R: Copy, W> {
    /// What to do after the commit.
    pub effects: Effects<R, W>,
    /// Whether anything was changed.
    pub changed: bool,
}

/// What `event` makes of `stripe`: the whole protocol.
///
/// Total, pure, and worst-case O(log n) in the number of idle entries and waiters.
///
#[cfg_attr(not(feature = "loom"), doc = "```")]
#[cfg_attr(feature = "loom", doc = "```ignore")]
/// use striped_pool::stripe::{step, Event, Recipient, Stripe, StripeEffect, WakeResult};
///
/// // A stripe of one resource; resources and wake slots are plain numbers here.
/// let stripe: Stripe<u8, u8> = Stripe::new(1);
/// let taken = step(&stripe, Event::TryTake { wake: Recipient::Caller });
/// assert_eq!(taken.effects.for_caller(), Some(WakeResult::Create));
///
/// // The second take waits, and the failed create of the first wakes it.
/// let waiting = step(&taken.stripe, Event::Take { wake: 7 });
/// assert!(waiting.effects.is_empty());
/// let failed = step(&waiting.stripe, Event::CreateFailed);
/// let woken = StripeEffect::Wake { recipient: Recipient::Slot(7), result: WakeResult::Create };
/// assert_eq!(failed.effects.iter().collect::<Vec<_>>(), [&woken]);
/// ```
#[inline]
pub fn step<R: Copy, W: Copy>(stripe: &Stripe<R, W>, event: Event<R, W>) -> StripeStep<R, W> {
    let mut stripe = stripe.clone();
    let Applied { effects, changed } = stripe.apply(event);
    StripeStep { stripe, effects, changed }
}

impl<R: Copy, W: Copy> Stripe<R, W> {
    /// A stripe of `capacity` free permits (at least 1: a zero counts as 1), nothing idle, nobody waiting.
    #[must_use]
    pub fn new(capacity: u32) -> Self {
        let capacity = capacity.max(1);
        Self {
            capacity,
            available: capacity,
            owed: 0,
            freeing: 0,
            next_id: WaiterId(0),
            closed: false,
            queue: Queue::default(),
            cache: Cache::default(),
        }
    }

    /// What `event` makes of this copy of a stripe. [`step`] is this on a clone; the runtime calls it on the copy in
    /// the node that it is about to publish, so that the new state is built where it will live.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "so that an event known to the compiler costs only its own branch")]
    pub fn apply(&mut self, event: Event<R, W>) -> Applied<R, W> {
        match event {
            Event::Take { wake } => self.take(wake),
            Event::TryTake { wake } => self.try_take(wake),
            Event::Put { resource, now } => self.put(resource, now),
            Event::Return { resource } => self.give_back(resource),
            Event::Discard { resource } => self.discard(resource),
            Event::Freed { count } => self.freed(count),
            Event::CreateFailed | Event::Detach => self.permit_back(),
            Event::Cancel { id } => self.cancel(id),
            Event::Reap { now, ttl, keep } => {
                let stale = self.cache.count_stale(now, ttl);
                self.free_idle(stale.min(self.idle().saturating_sub(keep)))
            }
            Event::Drain => self.free_idle(self.idle()),
            Event::Resize { capacity } => self.resize(capacity),
            Event::Close => self.close(),
        }
    }

    /// `Take`: serve now, or enqueue under the next id. The commit tells the caller that id.
    fn take(&mut self, wake: W) -> Applied<R, W> {
        let recipient = Recipient::Slot(wake);
        if self.closed {
            return unchanged(StripeEffect::Wake { recipient, result: WakeResult::Cancelled });
        }
        if let Some(result) = self.serve() {
            return changed(StripeEffect::Wake { recipient, result });
        }
        let (Some(next_id), Some(_)) = (self.next_id.0.checked_add(1), self.queue.len().checked_add(1)) else {
            return unchanged(StripeEffect::Reject(Reject::QueueFull));
        };
        self.queue.push(Waiter { id: self.next_id, wake });
        self.next_id = WaiterId(next_id);
        Applied { effects: Effects::NONE, changed: true }
    }

    /// `TryTake`: as `Take`, but never enqueues.
    #[inline]
    fn try_take(&mut self, recipient: Recipient<W>) -> Applied<R, W> {
        match self.serve() {
            Some(result) => changed(StripeEffect::Wake { recipient, result }),
            None => unchanged(StripeEffect::Wake { recipient, result: WakeResult::Cancelled }),
        }
    }

    /// The newest idle entry, else a permit. A closed stripe has nothing idle and gives no permit.
    #[inline]
    fn serve(&mut self) -> Option<WakeResult<R>> {
        if let Some(entry) = self.cache.pop() {
            return Some(WakeResult::Deliver(entry.resource));
        }
        if self.closed {
            return None;
        }
        self.available = self.available.checked_sub(1)?;
        Some(WakeResult::Create)
    }

    /// `Put`: rule 3.
    #[inline]
    fn put(&mut self, resource: R, now: Timestamp) -> Applied<R, W> {
        self.part_with(resource).unwrap_or_else(|| {
            self.cache.push(resource, now);
            Applied { effects: Effects::NONE, changed: true }
        })
    }

    /// `Return`: rule 3, but to be kept a resource needs a stamp, so the runtime is asked to come back with one.
    fn give_back(&mut self, resource: R) -> Applied<R, W> {
        self.part_with(resource).unwrap_or_else(|| unchanged(StripeEffect::InsertWithTimestamp { resource }))
    }

    /// What happens to a resource that comes back, unless it is to be kept: rule 3.
    #[inline]
    fn part_with(&mut self, resource: R) -> Option<Applied<R, W>> {
        if !self.is_any_out() {
            return Some(unchanged(StripeEffect::Reject(Reject::NothingOut)));
        }
        if self.closed || self.owed > self.freeing {
            return Some(self.free_one(resource));
        }
        let oldest = self.queue.pop()?;
        let recipient = Recipient::Slot(oldest.wake);
        Some(changed(StripeEffect::Wake { recipient, result: WakeResult::Deliver(resource) }))
    }

    /// `Discard`.
    fn discard(&mut self, resource: R) -> Applied<R, W> {
        if self.is_any_out() { self.free_one(resource) } else { unchanged(StripeEffect::Reject(Reject::NothingOut)) }
    }

    /// `Freed`.
    fn freed(&mut self, count: u32) -> Applied<R, W> {
        if count == 0 || count > self.freeing {
            return unchanged(StripeEffect::Reject(Reject::NotFreeing));
        }
        self.freeing = sub(self.freeing, count);
        Applied { effects: Effects::of(self.signal(count)), changed: true }
    }

    /// `CreateFailed` and `Detach`: a permit comes back, and no resource.
    fn permit_back(&mut self) -> Applied<R, W> {
        if !self.is_any_out() {
            return unchanged(StripeEffect::Reject(Reject::NothingOut));
        }
        Applied { effects: Effects::of(self.signal(1)), changed: true }
    }

    /// `Cancel`.
    fn cancel(&mut self, id: WaiterId) -> Applied<R, W> {
        match self.queue.remove(id) {
            Some(waiter) => {
                let recipient = Recipient::Slot(waiter.wake);
                changed(StripeEffect::Wake { recipient, result: WakeResult::Cancelled })
            }
            None if id < self.next_id => unchanged(StripeEffect::Reject(Reject::AlreadyWoken)),
            None => unchanged(StripeEffect::Reject(Reject::NeverQueued)),
        }
    }

    /// `Resize`.
    fn resize(&mut self, capacity: u32) -> Applied<R, W> {
        if capacity == 0 {
            return unchanged(StripeEffect::Reject(Reject::ZeroCapacity));
        }
        if capacity == self.capacity {
            return Applied { effects: Effects::NONE, changed: false };
        }
        if capacity > self.capacity {
            let permits = sub(capacity, self.capacity);
            self.capacity = capacity;
            return Applied { effects: Effects::of(self.signal(permits)), changed: true };
        }
        let shrink = sub(self.capacity, capacity);
        self.capacity = capacity;
        let unused = shrink.min(self.available);
        self.available = sub(self.available, unused);
        self.owed = add(self.owed, sub(shrink, unused));
        let freed = self.free_idle(self.owed.saturating_sub(self.freeing).min(self.idle()));
        Applied { effects: freed.effects, changed: true }
    }

    /// `Close`.
    fn close(&mut self) -> Applied<R, W> {
        if self.closed {
            return unchanged(StripeEffect::Reject(Reject::AlreadyClosed));
        }
        self.closed = true;
        let waiters = core::mem::take(&mut self.queue);
        let freed = self.free_idle(self.idle()).effects;
        debug_assert!(waiters.is_empty() || freed.is_empty(), "INV-WORK: whoever waits leaves nothing idle");
        let effects = wake_all(waiters, WakeResult::Cancelled).map_or(freed, Effects::one);
        Applied { effects, changed: true }
    }

    /// Rule 2, for `permits` permits that are in no other counter any more.
    fn signal(&mut self, permits: u32) -> Option<StripeEffect<R, W>> {
        let swallowed = permits.min(self.owed);
        self.owed = sub(self.owed, swallowed);
        let permits = sub(permits, swallowed);
        let waiters = self.queue.take_oldest(permits);
        self.available = add(self.available, sub(permits, waiters.len()));
        wake_all(waiters, WakeResult::Create)
    }

    /// A lent resource goes to be freed: it stays out, now as freeing.
    #[cold]
    fn free_one(&mut self, resource: R) -> Applied<R, W> {
        self.freeing = add(self.freeing, 1);
        changed(StripeEffect::FreeMany { resources: Resources::One(resource) })
    }

    /// The `count` oldest idle resources leave the cache to be freed.
    fn free_idle(&mut self, count: u32) -> Applied<R, W> {
        if count == 0 {
            return Applied { effects: Effects::NONE, changed: false };
        }
        let oldest = self.cache.take_oldest(count);
        self.freeing = add(self.freeing, oldest.len());
        changed(StripeEffect::FreeMany { resources: Resources::Idle(Box::new(oldest)) })
    }

    /// Whether anything is lent, being created, delivered or stamped: what can come back.
    #[inline]
    fn is_any_out(&self) -> bool {
        let parts = [self.available, self.cache.len(), self.freeing];
        // Without the differences that `out` takes: this is asked at every put.
        let inside = parts.iter().fold(0, |sum: u64, part| sum.saturating_add(u64::from(*part)));
        u64::from(self.capacity).saturating_add(u64::from(self.owed)) > inside
    }
}

impl<R: Copy, W: Copy> Stripe<R, W> {
    /// Becomes a copy of `source`, field by field: at once, it would be copied twice, first into a temporary. What its cache
    /// shared is returned, to be dropped when nobody waits for that; its queue must share nothing.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "the copy that every transition makes")]
    pub(crate) fn copy_from(&mut self, source: &Self) -> Leftover<R> {
        let Self { capacity, available, owed, freeing, next_id, closed, queue, cache } = source;
        self.capacity = *capacity;
        self.available = *available;
        self.owed = *owed;
        self.freeing = *freeing;
        self.next_id = *next_id;
        self.closed = *closed;
        self.queue.copy_from(queue);
        self.cache.copy_from(cache)
    }
}

impl<R: Copy, W> Stripe<R, W> {
    /// Lets go of what may be shared with other stripes: a copy that is no longer needed then holds nothing but its own
    /// bytes, and may be copied over.
    #[cold]
    pub(crate) fn unshare(&mut self) {
        self.queue.unshare();
        self.cache.unshare();
    }

    /// More permits than there may be.
    #[cfg(all(test, not(any(feature = "loom", feature = "shuttle"))))]
    pub(crate) fn break_for_test(&mut self) {
        self.available = add(self.capacity, 1);
    }

    /// Whether anything may be shared with other stripes.
    #[inline]
    pub(crate) fn is_sharing(&self) -> bool {
        self.queue.is_sharing() || self.cache.is_sharing()
    }

    /// How many resources there may be.
    #[must_use]
    pub fn capacity(&self) -> u32 {
        self.capacity
    }

    /// Free permits: how many more resources may be created at once.
    #[must_use]
    pub fn available(&self) -> u32 {
        self.available
    }

    /// How many more permits must be swallowed before a shrink is complete.
    #[must_use]
    pub fn owed(&self) -> u32 {
        self.owed
    }

    /// How many resources are being freed.
    #[must_use]
    pub fn freeing(&self) -> u32 {
        self.freeing
    }

    /// How many resources are idle.
    #[must_use]
    pub fn idle(&self) -> u32 {
        self.cache.len()
    }

    /// What is lent, being created, delivered, stamped or freed.
    #[must_use]
    #[inline]
    pub fn out(&self) -> u32 {
        let total = u64::from(self.capacity).saturating_add(u64::from(self.owed));
        let kept = u64::from(self.available).saturating_add(u64::from(self.cache.len()));
        u32::try_from(total.saturating_sub(kept)).unwrap_or(u32::MAX)
    }

    /// The id that the next queued take gets.
    #[must_use]
    pub fn next_id(&self) -> WaiterId {
        self.next_id
    }

    /// Whether the stripe is closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// Who waits, oldest first.
    #[must_use]
    pub fn queue(&self) -> &Queue<W> {
        &self.queue
    }

    /// What is idle, newest first.
    #[must_use]
    pub fn cache(&self) -> &Cache<R> {
        &self.cache
    }
}

#[inline]
fn changed<R: Copy, W>(effect: StripeEffect<R, W>) -> Applied<R, W> {
    Applied { effects: Effects::one(effect), changed: true }
}

#[inline]
fn unchanged<R: Copy, W>(effect: StripeEffect<R, W>) -> Applied<R, W> {
    Applied { effects: Effects::one(effect), changed: false }
}

/// Several wakes make one `WakeMany`.
fn wake_all<R: Copy, W: Copy>(mut waiters: Queue<W>, result: WakeResult<R>) -> Option<StripeEffect<R, W>> {
    if waiters.len() > 1 {
        return Some(StripeEffect::WakeMany { waiters: Box::new(waiters), result });
    }
    let only = waiters.pop()?;
    Some(StripeEffect::Wake { recipient: Recipient::Slot(only.wake), result })
}

#[cfg(all(test, not(any(feature = "loom", feature = "shuttle"))))]
mod tests;
