//! What a pool lends: a resource that comes back when the lease is dropped.
//!
//! Rules:
//! 1. A lease owns its resource's handle (INV-OWNER): the one place from which the resource is reached, and the one
//!    from which it leaves, by exactly one of drop, discard, detach and remove. To the machine a remove is nothing: one of those
//!    that are out is being replaced instead of lent.
//! 2. A lease that is dropped because of a panic discards its resource, which may have been left half-changed: the
//!    thread is panicking at the drop and was not at the acquire. (A lease taken *while* a thread unwinds, in somebody's
//!    drop, and dropped by the same thread before that panic is over is given back; a panic of the work of `with` is told
//!    apart even then.) If a lease moves to another thread, it is that
//!    thread's panic that counts.
//! 3. A lease that is leaked (`mem::forget`) keeps its resource and its place in the pool for ever; nothing else breaks.

mod arc;

pub use arc::{ArcLease, ArcPermit};

use super::local::{CreatePermit, LocalPool};
use super::pool_inner::{Place, PoolInner};
use crate::runtime::effects::Panic;
use crate::runtime::{PoolEvent, ResourceHandle};
use crate::sync::Arc;
use core::fmt;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ops::{Deref, DerefMut};
use std::panic::resume_unwind;
use std::thread::{ThreadId, panicking};

/// The calling thread, if it is panicking.
#[inline]
fn panicking_thread() -> Option<ThreadId> {
    panicking().then(|| std::thread::current().id())
}

/// A resource on loan, as all kinds of lease hold it.
///
/// One word, so that a [`Lease`] is two and goes in registers. With a third, it went through memory from hand to hand, was read
/// there in other widths than it was written, and waited for the writes (`docs/performance.md`).
struct Held<T> {
    resource: ResourceHandle,
    owns: PhantomData<T>,
}

impl<T> Held<T> {
    #[inline]
    fn new(resource: ResourceHandle) -> Self {
        let mut held = Self { resource, owns: PhantomData };
        debug_assert!(held.taken_in_panic_of().is_none(), "the last owner has left a note");
        if let Some(thread) = panicking_thread() {
            held.set_taken_in_panic_of(Some(thread));
        }
        held
    }

    /// The same loan; `self` is of a lease that is not dropped.
    fn moved(&self) -> Self {
        Self { resource: self.resource, owns: PhantomData }
    }

    /// The thread that took it, if it was panicking then (rule 2). Noted in the resource's box; of what is not lent, it is `None`.
    #[inline]
    fn taken_in_panic_of(&self) -> Option<ThreadId> {
        // SAFETY: `local.rs`, rule 1: the box was made with this `T`; rule 1 here: only this lease reaches it. The note is written
        // through `&mut self` only, so threads that share a lease may read it.
        unsafe { *self.resource.note::<T>() }
    }

    #[inline]
    fn set_taken_in_panic_of(&mut self, thread: Option<ThreadId>) {
        // SAFETY: as `taken_in_panic_of`, and nobody shares a lease that is borrowed mutably.
        unsafe { *self.resource.note::<T>() = thread };
    }

    /// Clears the note; gives what it was. Mostly there is nothing to write.
    #[inline]
    fn forget_panic(&mut self) -> Option<ThreadId> {
        let thread = self.taken_in_panic_of();
        if thread.is_some() {
            self.set_taken_in_panic_of(None);
        }
        thread
    }

    #[inline]
    fn get(&self) -> &T {
        // SAFETY: rule 1: the handle is of a boxed `T` that only this lease reaches.
        unsafe { self.resource.as_ptr::<T>().as_ref() }
    }

    #[inline]
    fn get_mut(&mut self) -> &mut T {
        // Used after the panic is over, it is a lease like others (rule 2).
        if self.taken_in_panic_of().is_some() && !panicking() {
            self.set_taken_in_panic_of(None);
        }
        // SAFETY: as above, borrowed mutably.
        unsafe { self.resource.as_ptr::<T>().as_mut() }
    }

    /// Rule 2: whether its holder is panicking.
    #[inline]
    fn is_spoilt(&self) -> bool {
        let panic = panicking_thread();
        panic.is_some() && panic != self.taken_in_panic_of()
    }

    /// The drop of a lease: rule 2.
    #[inline]
    fn give_back(&mut self, local: &LocalPool<T>) {
        let resource = self.resource;
        if self.is_spoilt() {
            return local.commit_quietly(PoolEvent::Discard { resource });
        }
        // Before the put: afterwards the box is somebody else's, or gone.
        self.forget_panic();
        local.put(resource);
    }

    fn discard(&self, local: &LocalPool<T>) -> Option<Panic> {
        local.commit_loudly(PoolEvent::Discard { resource: self.resource })
    }

    fn detach(&self, local: &LocalPool<T>) -> T {
        // SAFETY: rule 1: the lease owned the handle, and its callers have ended the lease: this is the handle's last use.
        let value = unsafe { self.resource.into_inner::<T>() };
        local.commit_quietly(PoolEvent::Detach);
        value
    }
}

/// A resource on loan from a pool that it borrows. Dropping it gives the resource back.
///
/// Dropping never blocks, unless it is this drop that frees a resource (the pool is closed or shrinking, or the thread
/// panics while it holds the lease): then it runs `free`. A panic of `free` is not resumed out of the drop.
#[must_use = "dropping a lease gives the resource back"]
pub struct Lease<'a, T> {
    local: &'a LocalPool<T>,
    held: Held<T>,
}

const _: () = assert!(size_of::<Lease<'static, u8>>() == 2 * size_of::<usize>(), "it goes in registers");

impl<'a, T> Lease<'a, T> {
    /// The caller owns `resource`, which is `local`'s (rule 1).
    #[inline]
    pub(super) fn new(local: &'a LocalPool<T>, resource: ResourceHandle) -> Self {
        Self { local, held: Held::new(resource) }
    }

    /// Gives the resource back to be freed, because it is broken, say. Runs `free`, and blocks as long as that does.
    ///
    /// Its place in the pool is free again when `free` has returned.
    ///
    /// # Panics
    ///
    /// With what `free` panicked with, after everything else is done.
    pub fn discard(self) {
        let lease = ManuallyDrop::new(self);
        resume(lease.held.discard(lease.local));
    }

    /// Whether a drop now would free the resource.
    pub(super) fn is_spoilt(&self) -> bool {
        self.held.is_spoilt()
    }

    /// The same as [`discard`](Self::discard) in a drop: a panic of `free` ends here.
    pub(super) fn discard_quietly(self) {
        let lease = ManuallyDrop::new(self);
        lease.local.commit_quietly(PoolEvent::Discard { resource: lease.held.resource });
    }

    /// Takes the resource out of the pool for good. The pool may create another in its place.
    #[must_use]
    pub fn detach(self) -> T {
        // The lease ends before its resource leaves the box: nothing that panics can give it back as well.
        let lease = ManuallyDrop::new(self);
        lease.held.detach(lease.local)
    }

    /// Takes the resource out and keeps its place: the permit is fulfilled with a replacement, or dropped when this one has been
    /// freed. So a pool can free and replace in its own way, across awaits too, and its bound holds meanwhile. For a resource that
    /// is to live on without the pool, see [`detach`](Self::detach).
    #[must_use = "dropping the permit gives the place to the next waiter"]
    pub fn remove(self) -> (T, CreatePermit<'a, T>) {
        let local = self.local;
        // SAFETY: rule 1: the lease has ended and gave us the handle: this is its last use.
        let value = unsafe { self.into_handle().into_inner::<T>() };
        (value, CreatePermit::new(local))
    }

    /// Runs `work` on the resource and gives it back, or discards it if `work` panics: also in a thread that was panicking
    /// before, where a drop alone could not tell.
    pub(super) fn with<A>(mut self, work: impl FnOnce(&mut T) -> A) -> A {
        let taken_in_panic_of = self.held.forget_panic();
        let answer = work(self.held.get_mut());
        if taken_in_panic_of.is_some() {
            self.held.set_taken_in_panic_of(taken_in_panic_of);
        }
        answer
    }

    /// Ends the loan without giving anything back: the handle is the caller's.
    #[must_use]
    pub(super) fn into_handle(self) -> ResourceHandle {
        let mut lease = ManuallyDrop::new(self);
        lease.held.forget_panic();
        lease.held.resource
    }

    /// The same loan as one that does not borrow; `inner` is the pool that `index` is a stripe of.
    pub(super) fn into_owned(self, inner: Arc<PoolInner<T>>, index: usize) -> OwnedLease<T> {
        let held = ManuallyDrop::new(self).held.moved();
        OwnedLease { inner, index, held }
    }
}

impl<T> Drop for Lease<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.held.give_back(self.local);
    }
}

/// A resource on loan that keeps what it needs of its pool alive: it can outlive the pool's handles, be stored, and
/// move into threads. Costs two reference counts more than a [`Lease`]; otherwise the same.
///
/// It does not keep the pool open: dropping the last [`Pool`](super::Pool) handle closes the pool, and the resource is
/// freed when this is dropped.
#[must_use = "dropping a lease gives the resource back"]
pub struct OwnedLease<T> {
    inner: Arc<PoolInner<T>>,
    index: usize,
    held: Held<T>,
}

impl<T> OwnedLease<T> {
    /// As [`Lease::discard`].
    ///
    /// # Panics
    ///
    /// As [`Lease::discard`].
    pub fn discard(self) {
        let (inner, index, held) = self.into_parts();
        resume(held.discard(inner.local(index)));
    }

    /// As [`Lease::is_spoilt`].
    pub(super) fn is_spoilt(&self) -> bool {
        self.held.is_spoilt()
    }

    /// As [`Lease::discard_quietly`].
    pub(super) fn discard_quietly(self) {
        let (inner, index, held) = self.into_parts();
        inner.local(index).commit_quietly(PoolEvent::Discard { resource: held.resource });
    }

    /// As [`Lease::remove`]: the place is one that does not borrow.
    pub(super) fn remove(self) -> (T, Place<T>) {
        let (inner, index, held) = self.into_parts();
        // SAFETY: rule 1: the lease has ended and gave us the handle: this is its last use.
        let value = unsafe { held.resource.into_inner::<T>() };
        (value, Place::new(inner, index))
    }

    /// As [`Lease::detach`].
    #[must_use]
    pub fn detach(self) -> T {
        let (inner, index, held) = self.into_parts();
        held.detach(inner.local(index))
    }

    /// Ends the loan without giving anything back.
    fn into_parts(self) -> (Arc<PoolInner<T>>, usize, Held<T>) {
        let lease = ManuallyDrop::new(self);
        // SAFETY: the lease is not dropped or used again, so its reference to the pool is read out once.
        let inner = unsafe { core::ptr::read(&raw const lease.inner) };
        (inner, lease.index, lease.held.moved())
    }
}

impl<T> Drop for OwnedLease<T> {
    fn drop(&mut self) {
        let Self { inner, index, held } = self;
        held.give_back(inner.local(*index));
    }
}

fn resume(panic: Option<Panic>) {
    if let Some(panic) = panic {
        resume_unwind(panic);
    }
}

impl<T> Deref for Lease<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        self.held.get()
    }
}

impl<T> DerefMut for Lease<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        self.held.get_mut()
    }
}

impl<T> Deref for OwnedLease<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.held.get()
    }
}

impl<T> DerefMut for OwnedLease<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.held.get_mut()
    }
}

impl<T: fmt::Debug> fmt::Debug for Lease<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Lease").field(&**self).finish()
    }
}

impl<T: fmt::Debug> fmt::Debug for OwnedLease<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OwnedLease").field(&**self).finish()
    }
}
