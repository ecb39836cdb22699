//! One stripe with resources in it: what another pool imports when it wants one stripe.
//!
//! A take answers with a [`Lease`] on an existing resource or with a [`CreatePermit`] to make one; how a resource is
//! made, retried or checked is the importing pool's business, the accounting stays here.
//!
//! Rules:
//! 1. Every resource box that a stripe's handles name was made by `CreatePermit::fulfil`, holds a `T`, and is turned
//!    back into a `T` only by who owns its handle: a lease, or the effect that frees it. What is idle or handed over has no
//!    note (`handle.rs`, rule 3).
//! 2. Every wake handle in the stripe comes from `wake_slot` and was brought by one take of this stripe.
//! 3. Only this file commits events on the cell, and `effects.rs` those that they raise.

use super::error::Unavailable;
use super::future::Acquire;
use super::lease::Lease;
use super::status::StripeStatus;
use crate::runtime::effects::{Outside, Panic, Performed, Work, give_back, perform, start};
use crate::runtime::slot::{Published, WakeReceiver, wake_slot};
use crate::runtime::{Committed, PoolEvent, ResourceHandle, StripeCell};
use crate::stripe::{Timestamp, WaiterId, WakeResult};
use crate::sync::{Clock, Deadline, Shared};
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;

/// One stripe, its clock, and how its resources end.
///
/// Guarantees, all per stripe: never more than its capacity of resources at once in the outside world (detached ones
/// excepted, and those still owed after a shrink); first come, first served; nothing lost, whatever is cancelled,
/// fails or panics.
pub struct LocalPool<T> {
    cell: StripeCell,
    clock: Clock,
    ttl: Option<Duration>,
    free: Shared<dyn Fn(T) + Send + Sync>,
}

/// What a take is answered with.
#[derive(Debug)]
pub enum Acquired<'a, T> {
    /// An existing resource.
    Lease(Lease<'a, T>),
    /// The right to create one.
    Permit(CreatePermit<'a, T>),
}

/// The right to have one more resource. Fulfil it with one, or drop it: then the next waiter gets it.
///
/// An affine token: creating, retrying, backing off and checking happen between here and there, in the importing pool, on a
/// thread or across awaits. Whatever ends it early (an error, a panic, a future that is dropped) drops it.
/// Where it must not borrow, as in a create that goes on by itself: [`into_arc`](Self::into_arc).
#[must_use = "dropping a permit gives it to the next waiter"]
pub struct CreatePermit<'a, T> {
    local: &'a LocalPool<T>,
}

impl<T: Send + 'static> LocalPool<T> {
    /// A stripe of at most `capacity` resources (at least 1: a zero counts as 1), which `free` ends.
    pub fn new(capacity: u32, free: impl Fn(T) + Send + Sync + 'static) -> Self {
        Self::with_parts(capacity, None, Shared::new(free))
    }

    /// The same, with idle resources stale after `ttl`.
    pub fn with_ttl(capacity: u32, ttl: Duration, free: impl Fn(T) + Send + Sync + 'static) -> Self {
        Self::with_parts(capacity, Some(ttl), Shared::new(free))
    }

    /// Hands every transition from now on to `recorder`.
    #[cfg(feature = "trace")]
    pub fn set_recorder(&mut self, recorder: crate::runtime::trace::Recorder) {
        self.cell.set_recorder(recorder);
    }

    pub(super) fn with_parts(capacity: u32, ttl: Option<Duration>, free: Shared<dyn Fn(T) + Send + Sync>) -> Self {
        Self { cell: StripeCell::new(capacity), clock: Clock::start(), ttl, free }
    }
}

impl<T> LocalPool<T> {
    /// A resource or a permit, if there is one. Never blocks.
    ///
    /// # Errors
    ///
    /// [`Unavailable::Exhausted`] or [`Unavailable::Closed`].
    #[inline]
    pub fn try_acquire(&self) -> Result<Acquired<'_, T>, Unavailable> {
        let (result, is_closed) = self.try_take();
        self.acquired_or(result, is_closed)
    }

    /// Commits a take that does not wait: the hot half of a get. Also says whether the stripe is closed.
    #[inline]
    pub(super) fn try_take(&self) -> (WakeResult<ResourceHandle>, bool) {
        self.cell.commit_try_take()
    }

    /// The same for somebody who is ready to wait: if there seems to be a line already, it says that there is nothing, because
    /// nothing is idle then. If the line has gone meanwhile, waiting ends at once.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "half of every round trip")]
    pub(super) fn try_take_or_wait(&self) -> (WakeResult<ResourceHandle>, bool) {
        if self.cell.has_line() { (WakeResult::Cancelled, false) } else { self.try_take() }
    }

    /// As if the news that a line has gone had not come yet.
    #[cfg(all(test, not(any(feature = "loom", feature = "shuttle"))))]
    pub(super) fn believe_in_a_line(&self) {
        self.cell.believe_in_a_line();
    }

    /// What the result of [`try_take`](Self::try_take) is to its taker.
    #[inline]
    pub(super) fn acquired_or(
        &self,
        result: WakeResult<ResourceHandle>,
        is_closed: bool,
    ) -> Result<Acquired<'_, T>, Unavailable> {
        self.acquired(result).ok_or(if is_closed { Unavailable::Closed } else { Unavailable::Exhausted })
    }

    /// A resource or a permit; waits for one, behind all who wait already. Blocks the thread.
    ///
    /// # Errors
    ///
    /// [`Unavailable::Closed`].
    pub fn acquire(&self) -> Result<Acquired<'_, T>, Unavailable> {
        self.try_acquire().or_else(|reason| self.wait_unless_closed(reason, Deadline::NEVER))
    }

    /// The same, for at most about `wait`. A `wait` beyond the clock's reach, such as [`Duration::MAX`], is for ever.
    ///
    /// # Errors
    ///
    /// [`Unavailable::TimedOut`] or [`Unavailable::Closed`].
    pub fn acquire_timeout(&self, wait: Duration) -> Result<Acquired<'_, T>, Unavailable> {
        self.try_acquire().or_else(|reason| self.wait_unless_closed(reason, Deadline::after(wait)))
    }

    fn wait_unless_closed(&self, reason: Unavailable, deadline: Deadline) -> Result<Acquired<'_, T>, Unavailable> {
        if reason == Unavailable::Exhausted { self.wait(deadline) } else { Err(reason) }
    }

    /// Queues up and waits until there is an answer or the deadline has passed.
    pub(super) fn wait(&self, deadline: Deadline) -> Result<Acquired<'_, T>, Unavailable> {
        self.enqueue().wait_until(deadline)
    }

    /// The twin of [`acquire`](Self::acquire) for tasks: looks at its first poll, and takes its place in line then if there is
    /// nothing, behind all who wait already, threads and tasks alike. Needs no runtime, and has no timer: to give up after some
    /// time, drop it.
    pub fn acquire_async(&self) -> Acquire<'_, T> {
        Acquire::new(self)
    }

    /// Takes a place in the queue without blocking. The answer may be there already.
    ///
    /// [Wait](PendingTake::wait) for it on a thread, or await it in a task.
    pub fn enqueue(&self) -> PendingTake<'_, T> {
        let (receiver, wake) = wake_slot();
        let committed = self.cell.commit(PoolEvent::Take { wake });
        let id = committed.enqueued();
        let performed = self.perform(committed);
        if performed.rejected.is_some() {
            // SAFETY: a rejected event leaves what it carried with its caller: nobody else will deliver.
            let published = unsafe { wake.publish(WakeResult::Cancelled) };
            debug_assert!(matches!(published, Published::Delivered(None)), "nobody has registered yet");
        }
        performed.swallow();
        PendingTake { local: self, receiver: Some(receiver), id }
    }

    /// Gives back idle resources that have not been used for the time to live; returns how many were freed. Without a
    /// time to live there are none. Runs `free`, and blocks as long as that does.
    ///
    /// # Panics
    ///
    /// With what `free` panicked with, after everything else is done.
    pub fn reap(&self) -> u32 {
        self.reap_keeping(0)
    }

    /// As [`reap`](Self::reap), but the `keep` newest idle resources stay, however old they are: for pools that hold some ready.
    ///
    /// # Panics
    ///
    /// As [`reap`](Self::reap).
    pub fn reap_keeping(&self, keep: u32) -> u32 {
        self.reap_quietly(keep).resume()
    }

    /// The same, with a panic of `free` not resumed yet.
    pub(super) fn reap_quietly(&self, keep: u32) -> Performed {
        match self.ttl {
            Some(ttl) => self.perform(self.cell.commit(PoolEvent::Reap { now: self.clock.now(), ttl, keep })),
            None => Performed::default(),
        }
    }

    /// Frees all idle resources; returns how many. Runs `free`, and blocks as long as that does.
    ///
    /// # Panics
    ///
    /// As [`reap`](Self::reap).
    pub fn drain(&self) -> u32 {
        self.run(PoolEvent::Drain)
    }

    /// Changes the capacity (at least 1: a zero counts as 1). A shrink frees idle resources at once and lent ones as
    /// they come back.
    ///
    /// # Panics
    ///
    /// As [`reap`](Self::reap).
    pub fn resize(&self, capacity: u32) {
        self.run(PoolEvent::Resize { capacity: capacity.max(1) });
    }

    /// Closes for good: wakes everybody who waits, frees what is idle now and what is lent when it comes back. Closing
    /// again does nothing.
    ///
    /// # Panics
    ///
    /// As [`reap`](Self::reap).
    pub fn close(&self) {
        self.run(PoolEvent::Close);
    }

    /// The stripe at this moment. Never blocks.
    #[must_use]
    pub fn status(&self) -> StripeStatus {
        self.cell.observe(StripeStatus::of)
    }

    /// Commits and performs; resumes a panic of `free`.
    fn run(&self, event: PoolEvent) -> u32 {
        self.perform(self.cell.commit(event)).resume()
    }

    /// Commits an event whose effects somebody performs later, with [`perform`](Self::perform).
    pub(super) fn commit(&self, event: PoolEvent) -> Committed {
        self.cell.commit(event)
    }

    /// Performs the effects of a commit on this stripe.
    pub(super) fn perform(&self, committed: Committed) -> Performed {
        // SAFETY: as in `start`.
        unsafe { perform(&self.cell, committed, self) }
    }

    /// Performs of them what is quick; the rest is left to be finished.
    pub(super) fn start(&self, committed: Committed) -> Work<'_> {
        // SAFETY: rule 3: the commit is on this cell; rules 1 and 2 for the handles in it.
        unsafe { start(&self.cell, committed, self) }
    }

    /// Commits an event on behalf of a drop: a panic of `free` ends here.
    #[cold]
    pub(super) fn commit_quietly(&self, event: PoolEvent) {
        let committed = self.cell.commit(event);
        if !committed.is_done() {
            self.perform(committed).swallow();
        }
    }

    /// Commits an event on behalf of a call: a panic of `free` is resumed.
    pub(super) fn commit_loudly(&self, event: PoolEvent) -> Option<Panic> {
        self.perform(self.cell.commit(event)).panic
    }

    /// Commits the return of a resource: the hot half of a drop.
    #[inline]
    pub(super) fn put(&self, resource: ResourceHandle) {
        if let Some(committed) = self.cell.commit_put(resource, self.stamp()) {
            self.perform(committed).swallow();
        }
    }

    /// What to stamp a resource with; the clock is read only if stamps are ever looked at.
    #[inline]
    fn stamp(&self) -> Timestamp {
        if self.ttl.is_some() { self.clock.now() } else { Timestamp::default() }
    }

    /// What a result is to its taker; `None` if it was cancelled.
    #[inline]
    fn acquired(&self, result: WakeResult<ResourceHandle>) -> Option<Acquired<'_, T>> {
        match result {
            WakeResult::Deliver(resource) => Some(Acquired::Lease(Lease::new(self, resource))),
            WakeResult::Create => Some(Acquired::Permit(CreatePermit { local: self })),
            WakeResult::Cancelled => None,
        }
    }
}

// SAFETY: `free` frees the box that the handle names, and by rule 1 it is one of a `T`.
unsafe impl<T> Outside for LocalPool<T> {
    fn now(&self) -> Timestamp {
        self.stamp()
    }

    unsafe fn free(&self, resource: ResourceHandle) {
        // SAFETY: by the contract of `free` the stripe gave this handle up, so it is ours, and no copy is used again.
        let value = unsafe { resource.into_inner::<T>() };
        (self.free)(value);
    }
}

// As `Pool`.
impl<T> std::panic::UnwindSafe for LocalPool<T> {}
impl<T> std::panic::RefUnwindSafe for LocalPool<T> {}

impl<T> Drop for LocalPool<T> {
    /// Frees what is idle. Leases and pending takes borrow the pool, so none is left.
    fn drop(&mut self) {
        self.commit_quietly(PoolEvent::Close);
    }
}

impl<T> fmt::Debug for LocalPool<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalPool").field("ttl", &self.ttl).finish_non_exhaustive()
    }
}

impl<'a, T> CreatePermit<'a, T> {
    /// The right that the caller has otherwise: from a resource of `local` that it has taken out of its lease, or as an
    /// [`ArcPermit`](super::ArcPermit).
    pub(super) fn new(local: &'a LocalPool<T>) -> Self {
        Self { local }
    }

    /// Whether the permit is of `local`.
    pub(super) fn is_of(&self, local: &LocalPool<T>) -> bool {
        core::ptr::eq(self.local, local)
    }

    /// Puts a new resource into the pool, lent to the caller.
    pub fn fulfil(self, value: T) -> Lease<'a, T> {
        let local = self.local;
        core::mem::forget(self);
        Lease::new(local, ResourceHandle::new(value))
    }
}

impl<T> Drop for CreatePermit<'_, T> {
    fn drop(&mut self) {
        self.local.commit_quietly(PoolEvent::CreateFailed);
    }
}

impl<T> fmt::Debug for CreatePermit<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CreatePermit").finish_non_exhaustive()
    }
}

/// A take that waits, or has its answer already: a thread waits for it, or a task awaits it.
///
/// Dropping it, at whatever point, gives up the wait without waiting for anybody, and gives back whatever was handed over
/// meanwhile; nothing is lost, and nobody else sleeps for it. If what comes back must be freed (the pool was closed or shrinks),
/// it runs `free`.
#[must_use = "dropping a pending take gives it up"]
pub struct PendingTake<'a, T> {
    local: &'a LocalPool<T>,
    receiver: Option<WakeReceiver>,
    id: Option<WaiterId>,
}

impl<'a, T> PendingTake<'a, T> {
    /// Waits for the answer. Blocks the thread.
    ///
    /// # Errors
    ///
    /// [`Unavailable::Closed`].
    ///
    /// # Panics
    ///
    /// If it was polled and was ready.
    pub fn wait(self) -> Result<Acquired<'a, T>, Unavailable> {
        self.wait_until(Deadline::NEVER)
    }

    /// Waits for the answer for at most about `wait`; see [`LocalPool::acquire_timeout`].
    ///
    /// # Errors
    ///
    /// [`Unavailable::TimedOut`] or [`Unavailable::Closed`].
    ///
    /// # Panics
    ///
    /// If it was polled and was ready.
    pub fn wait_timeout(self, wait: Duration) -> Result<Acquired<'a, T>, Unavailable> {
        self.wait_until(Deadline::after(wait))
    }

    /// Whether it was given a place in the queue; otherwise its answer was there at once.
    pub(super) fn is_queued(&self) -> bool {
        self.id.is_some()
    }

    /// As [`wait_timeout`](Self::wait_timeout), until a moment.
    pub(super) fn wait_until(mut self, deadline: Deadline) -> Result<Acquired<'a, T>, Unavailable> {
        let local = self.local;
        if let Some(result) = self.answer(deadline) {
            return local.acquired(result).ok_or(Unavailable::Closed);
        }
        // The deadline has passed. Either the cancel wins, and answers into the slot; or somebody has committed a
        // result for us, which is on its way: wait for it.
        let is_cancelled = self.cancel();
        match self.answer(Deadline::NEVER) {
            Some(WakeResult::Deliver(resource)) => Ok(Acquired::Lease(Lease::new(local, resource))),
            Some(WakeResult::Create) => {
                drop(CreatePermit { local });
                Err(Unavailable::TimedOut)
            }
            Some(WakeResult::Cancelled) if !is_cancelled => Err(Unavailable::Closed),
            Some(WakeResult::Cancelled) | None => Err(Unavailable::TimedOut),
        }
    }

    /// The answer, if it is there before the deadline. Until then the take is whole: if a task's waker panics when the thread's
    /// name takes its place, the drop gives up the wait.
    fn answer(&mut self, deadline: Deadline) -> Option<WakeResult<ResourceHandle>> {
        let receiver = self.receiver.as_mut().expect("a take was waited for after it was ready");
        let result = receiver.wait(deadline, self.local.cell.line(), self.id)?;
        self.receiver = None;
        Some(result)
    }

    /// Gives up the place in the queue; whether there was one to give up.
    fn cancel(&mut self) -> bool {
        let Some(id) = self.id.take() else { return false };
        let performed = self.local.perform(self.local.cell.commit(PoolEvent::Cancel { id }));
        let is_cancelled = performed.rejected.is_none();
        performed.swallow();
        is_cancelled
    }
}

impl<'a, T> Future for PendingTake<'a, T> {
    type Output = Result<Acquired<'a, T>, Unavailable>;

    /// The twin of [`wait`](PendingTake::wait). Never blocks; the task of the last poll is woken once when the answer is there.
    ///
    /// # Panics
    ///
    /// If it is polled after it was ready.
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let receiver = self.receiver.as_mut().expect("a take was polled after it was ready");
        let Some(result) = receiver.poll(context.waker()) else { return Poll::Pending };
        self.receiver = None;
        Poll::Ready(self.local.acquired(result).ok_or(Unavailable::Closed))
    }
}

impl<T> Drop for PendingTake<'_, T> {
    fn drop(&mut self) {
        let Some(receiver) = self.receiver.take() else { return };
        // It leaves before its place does, so that the task which drops this is not woken by it.
        let (result, unparker) = receiver.leave();
        match result.map(give_back) {
            None => {
                self.cancel();
            }
            Some(Some(event)) => self.local.commit_quietly(event),
            Some(None) => {}
        }
        // A waker's drop is user code and may panic: last.
        drop(unparker);
    }
}

impl<T> fmt::Debug for PendingTake<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingTake").field("id", &self.id).finish_non_exhaustive()
    }
}

#[cfg(all(test, not(any(feature = "loom", feature = "shuttle"))))]
mod tests;
