//! Performs the effects of a commit: the only file that runs user code on behalf of the machine.
//!
//! Rules:
//! 1. Each effect runs once, in order, after the commit (INV-EFFECT). It changes no state itself: it may raise later
//!    events, which this file commits in turn.
//! 2. No recursion: events raised by effects and resources to be freed wait on an explicit list.
//! 3. All results of a commit are published, and what came back from abandoned slots is given to others, before any thread is
//!    unparked or any waker runs; wakes come before frees, which may be slow.
//! 4. User code (free, wakers) may panic: the first panic is kept for the caller, who decides whether to resume it, and
//!    everything else still runs. It may call back into the same pool: nothing is locked, no state is half-made.
//! 5. Each finished free raises its own `Freed` at once (INV-FREE-FIRST), also when it panicked: the resource is gone
//!    either way.
//!
//! Loom: `tests/loom/pool.rs` (hand-off to an abandoned slot, among others). Panics: `tests/panics.rs`.

use super::cell::{Committed, StripeCell};
use super::slot::{Published, Unparker, WakeHandle};
use super::{PoolEffects, PoolEvent, ResourceHandle};
use crate::stripe::{Recipient, Reject, StripeEffect, Timestamp, WakeResult};
use core::any::Any;
use core::fmt;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What a panic carried.
pub type Panic = Box<dyn Any + Send>;

/// What effects need of the world around a stripe.
///
/// # Safety
///
/// An implementation frees, in [`free`](Self::free), exactly the resource that it is handed.
pub unsafe trait Outside {
    /// What time it is. Must not panic: the resource that is to be stamped would be lost.
    fn now(&self) -> Timestamp;

    /// Frees a resource. User code: may panic, be slow, call back.
    ///
    /// Safe code cannot free what somebody still holds:
    ///
    /// ```compile_fail,E0133
    /// use striped_pool::{LocalPool, runtime::{ResourceHandle, effects::Outside}};
    ///
    /// fn free(pool: &LocalPool<String>, handle: ResourceHandle) {
    ///     pool.free(handle);
    /// }
    /// ```
    ///
    /// # Safety
    ///
    /// The handle is one that a committed transition of this stripe gave up (INV-OWNER), to this call alone: no copy of it is used again.
    unsafe fn free(&self, resource: ResourceHandle);
}

/// What came of performing.
#[must_use]
#[non_exhaustive]
#[derive(Default)]
pub struct Performed {
    /// Why the event was rejected, if it was.
    pub rejected: Option<Reject>,
    /// How many resources were freed.
    pub freed: u32,
    /// The first panic of user code, not resumed.
    pub panic: Option<Panic>,
}

impl fmt::Debug for Performed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Performed")
            .field("rejected", &self.rejected)
            .field("freed", &self.freed)
            .field("panicked", &self.panic.is_some())
            .finish()
    }
}

impl Performed {
    /// Adds what came of another stripe's effects. Of two panics the first is kept.
    pub fn merge(&mut self, other: Self) {
        self.rejected = self.rejected.or(other.rejected);
        self.freed = self.freed.saturating_add(other.freed);
        match self.panic {
            None => self.panic = other.panic,
            Some(_) => other.swallow(),
        }
    }

    /// Resumes the panic, if there was one: for calls that are not drops.
    ///
    /// # Panics
    ///
    /// With what user code panicked with.
    pub fn resume(self) -> u32 {
        match self.panic {
            Some(panic) => std::panic::resume_unwind(panic),
            None => self.freed,
        }
    }

    /// Swallows the panic, if there was one: for drops. The panic hook has reported it.
    pub fn swallow(self) {
        let Some(panic) = self.panic else { return };
        if let Err(again) = catch_unwind(AssertUnwindSafe(move || drop(panic))) {
            // A payload whose drop panics is leaked rather than tried again.
            core::mem::forget(again);
        }
    }
}

/// Performs the effects of `committed`, and of all commits that follow from them, on `cell`: [`start`] and
/// [`finish`](Work::finish). Nothing to do, and one result for one who waits, are common: they need no lists.
///
/// Blocks only as user code does.
///
/// # Safety
///
/// As [`start`].
pub unsafe fn perform(cell: &StripeCell, committed: Committed, outside: &dyn Outside) -> Performed {
    if committed.is_done() {
        return Performed::default();
    }
    let effects = committed.into_effects();
    let mut given_back = None;
    if let [StripeEffect::Wake { recipient: Recipient::Slot(slot), result }] = effects.as_slice() {
        // SAFETY: the same contract.
        let (unparker, event) = unsafe { deliver(*slot, *result) };
        if event.is_none() {
            return Performed { panic: unparker.and_then(wake), ..Performed::default() };
        }
        given_back = event;
    }
    // Made only now: most commits need none.
    let mut work = Work::new(cell, outside);
    match given_back {
        Some(event) => work.events.push_back(event),
        None => work.absorb(effects),
    }
    work.settle();
    work.finish()
}

/// Publishes one result: whom to wake afterwards, or the event that gives back what an abandoned slot was to get.
///
/// # Safety
///
/// As [`WakeHandle::publish`].
unsafe fn deliver(slot: WakeHandle, result: WakeResult<ResourceHandle>) -> (Option<Unparker>, Option<PoolEvent>) {
    // SAFETY: the same contract.
    match unsafe { slot.publish(result) } {
        Published::Delivered(unparker) => (unparker, None),
        Published::Abandoned(result) => (None, give_back(result)),
    }
}

/// Wakes one whose result is published; what it panicked with.
fn wake(unparker: Unparker) -> Option<Panic> {
    match unparker {
        // Not user code, so nothing to guard.
        Unparker::Thread(_) => {
            unparker.unpark();
            None
        }
        Unparker::Waker(_) => catch_unwind(AssertUnwindSafe(|| unparker.unpark())).err(),
    }
}

/// Publishes the results of `committed` and commits what follows from that at once, without running any user code yet:
/// wakes and frees are left to [`Work::finish`]. So a change of several stripes can publish all results first.
///
/// Does not block.
///
/// # Safety
///
/// `committed` comes from a commit on `cell`; all wake handles in that stripe come from
/// [`wake_slot`](super::slot::wake_slot), each given to one take of it; all resources are as `outside` expects.
pub unsafe fn start<'a>(cell: &'a StripeCell, committed: Committed, outside: &'a dyn Outside) -> Work<'a> {
    let mut work = Work::new(cell, outside);
    work.absorb(committed.into_effects());
    work.settle();
    work
}

/// The effects of a commit, and of all commits that follow from them, on their way.
#[must_use = "effects run only if they are finished"]
pub struct Work<'a> {
    cell: &'a StripeCell,
    outside: &'a dyn Outside,
    events: VecDeque<PoolEvent>,
    frees: VecDeque<ResourceHandle>,
    wakes: Vec<Unparker>,
    done: Performed,
}

impl Drop for Work<'_> {
    fn drop(&mut self) {
        let is_done = self.events.is_empty() && self.frees.is_empty() && self.wakes.is_empty();
        debug_assert!(is_done || std::thread::panicking(), "unfinished effects: {self:?}");
    }
}

impl fmt::Debug for Work<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Work").field("events", &self.events).field("frees", &self.frees).finish_non_exhaustive()
    }
}

impl<'a> Work<'a> {
    fn new(cell: &'a StripeCell, outside: &'a dyn Outside) -> Self {
        let (events, frees, wakes) = (VecDeque::new(), VecDeque::new(), Vec::new());
        Self { cell, outside, events, frees, wakes, done: Performed::default() }
    }

    /// Rule 3: wakes, then frees one after the other. Blocks only as user code does.
    pub fn finish(mut self) -> Performed {
        loop {
            self.wake();
            let Some(resource) = self.frees.pop_front() else { return core::mem::take(&mut self.done) };
            let outside = self.outside;
            // SAFETY: a committed transition gave the handle up in an effect, which is performed once; that `outside` is its stripe's
            // is the contract of `start`.
            self.guard(|| unsafe { outside.free(resource) });
            self.done.freed = self.done.freed.saturating_add(1);
            self.events.push_back(PoolEvent::Freed { count: 1 });
            self.settle();
        }
    }

    /// Commits what effects have raised, until nothing is left.
    fn settle(&mut self) {
        while let Some(event) = self.events.pop_front() {
            let effects = self.cell.commit(event).into_effects();
            debug_assert!(
                !effects.iter().any(|effect| matches!(effect, StripeEffect::Reject(_))),
                "an event that an effect raised was rejected: {event:?}, {effects:?}"
            );
            self.absorb(effects);
        }
    }

    /// Publishes all results of one commit and lists the rest.
    fn absorb(&mut self, effects: PoolEffects) {
        for effect in effects {
            match effect {
                StripeEffect::Wake { recipient: Recipient::Slot(wake), result } => self.deliver(wake, result),
                StripeEffect::Wake { recipient: Recipient::Caller, result } => {
                    debug_assert!(false, "{result:?} for the caller: take it with `into_result`");
                }
                StripeEffect::WakeMany { waiters, result } => {
                    waiters.iter().for_each(|waiter| self.deliver(waiter.wake, result));
                }
                StripeEffect::InsertWithTimestamp { resource } => {
                    self.events.push_back(PoolEvent::Put { resource, now: self.outside.now() });
                }
                StripeEffect::FreeMany { resources } => self.frees.extend(resources.iter()),
                StripeEffect::Reject(reason) => self.done.rejected = Some(reason),
            }
        }
    }

    /// Publishes one result and lists what comes of it.
    fn deliver(&mut self, slot: WakeHandle, result: WakeResult<ResourceHandle>) {
        // SAFETY: by `start`'s contract the handle is of a slot that one take brought; the commit whose effect this
        // is took that take out of the stripe, so no other effect names it (INV-ONE-WAKE).
        let (unparker, event) = unsafe { deliver(slot, result) };
        self.wakes.extend(unparker);
        self.events.extend(event);
    }

    /// Wakes those whose results are published.
    pub(crate) fn wake(&mut self) {
        for unparker in core::mem::take(&mut self.wakes) {
            let panic = wake(unparker);
            self.keep(panic);
        }
    }

    /// Runs user code; keeps its first panic.
    fn guard(&mut self, user: impl FnOnce()) {
        let panic = catch_unwind(AssertUnwindSafe(user)).err();
        self.keep(panic);
    }

    /// Of two panics the first is kept.
    fn keep(&mut self, panic: Option<Panic>) {
        self.done.merge(Performed { panic, ..Performed::default() });
    }
}

/// The event by which somebody who no longer wants it gives a result back.
#[must_use]
pub fn give_back(result: WakeResult<ResourceHandle>) -> Option<PoolEvent> {
    match result {
        WakeResult::Deliver(resource) => Some(PoolEvent::Return { resource }),
        WakeResult::Create => Some(PoolEvent::CreateFailed),
        WakeResult::Cancelled => None,
    }
}

#[cfg(all(test, not(any(feature = "loom", feature = "shuttle"))))]
mod tests;
