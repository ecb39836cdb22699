//! What a pool lends: a resource that comes back when the lease is dropped.
//!
//! Rules:
//! 1. A lease owns its resource's handle (INV-OWNER): the one place from which the resource is reached, and the one
//!    from which it leaves, by exactly one of drop, discard and detach.
//! 2. A lease that is dropped because of a panic discards its resource, which may have been left half-changed: the
//!    thread is panicking at the drop and was not at the acquire. (A lease taken *while* a thread unwinds, in somebody's
//!    drop, and dropped by the same thread is whole when it is given back.) If a lease moves to another thread, it is that
//!    thread's panic that counts.
//! 3. A lease that is leaked (`mem::forget`) keeps its resource and its place in the pool for ever; nothing else breaks.

use super::local::LocalPool;
use super::pool_inner::PoolInner;
use crate::runtime::effects::Panic;
use crate::runtime::{PoolEvent, ResourceHandle};
use crate::sync::Arc;
use core::fmt;
use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};
use std::panic::resume_unwind;
use std::thread::{ThreadId, panicking};

/// The calling thread, if it is panicking.
#[inline]
fn panicking_thread() -> Option<ThreadId> {
    panicking().then(|| std::thread::current().id())
}

/// A resource on loan, as both kinds of lease hold it.
struct Held<T> {
    resource: ResourceHandle,
    /// The thread that took it, if it was panicking then (rule 2).
    taken_in_panic_of: Option<ThreadId>,
    owns: PhantomData<T>,
}

impl<T> Held<T> {
    #[inline]
    fn new(resource: ResourceHandle) -> Self {
        Self { resource, taken_in_panic_of: panicking_thread(), owns: PhantomData }
    }

    #[inline]
    fn get(&self) -> &T {
        // SAFETY: rule 1: the handle is of a boxed `T` that only this lease reaches.
        unsafe { self.resource.as_ptr::<T>().as_ref() }
    }

    #[inline]
    fn get_mut(&mut self) -> &mut T {
        // SAFETY: as above, borrowed mutably.
        unsafe { self.resource.as_ptr::<T>().as_mut() }
    }

    /// The drop of a lease: rule 2.
    #[inline]
    fn give_back(&self, local: &LocalPool<T>) {
        let resource = self.resource;
        let panic = panicking_thread();
        if panic.is_some() && panic != self.taken_in_panic_of {
            local.commit_quietly(PoolEvent::Discard { resource });
        } else {
            local.put(resource);
        }
    }

    fn discard(&self, local: &LocalPool<T>) -> Option<Panic> {
        local.commit_loudly(PoolEvent::Discard { resource: self.resource })
    }

    fn detach(&self, local: &LocalPool<T>) -> T {
        // SAFETY: rule 1: the lease owns the handle, and its callers forget the lease: this is the handle's last use.
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
        let panic = self.held.discard(self.local);
        core::mem::forget(self);
        resume(panic);
    }

    /// Takes the resource out of the pool for good. The pool may create another in its place.
    #[must_use]
    pub fn detach(self) -> T {
        let value = self.held.detach(self.local);
        core::mem::forget(self);
        value
    }

    /// Runs `work` on the resource and gives it back, or discards it if `work` panics: also in a thread that was panicking
    /// before, where a drop alone could not tell.
    pub(super) fn with<A>(mut self, work: impl FnOnce(&mut T) -> A) -> A {
        let taken_in_panic_of = self.held.taken_in_panic_of.take();
        let answer = work(self.held.get_mut());
        self.held.taken_in_panic_of = taken_in_panic_of;
        answer
    }

    /// The same loan as one that does not borrow; `inner` is the pool that `index` is a stripe of.
    pub(super) fn into_owned(self, inner: Arc<PoolInner<T>>, index: usize) -> OwnedLease<T> {
        let held =
            Held { resource: self.held.resource, taken_in_panic_of: self.held.taken_in_panic_of, owns: PhantomData };
        core::mem::forget(self);
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
    fn local(&self) -> &LocalPool<T> {
        self.inner.local(self.index)
    }

    /// As [`Lease::discard`].
    ///
    /// # Panics
    ///
    /// As [`Lease::discard`].
    pub fn discard(self) {
        let panic = self.held.discard(self.local());
        self.let_go();
        resume(panic);
    }

    /// As [`Lease::detach`].
    #[must_use]
    pub fn detach(self) -> T {
        let value = self.held.detach(self.local());
        self.let_go();
        value
    }

    /// Ends the loan without giving anything back.
    fn let_go(self) {
        let lease = core::mem::ManuallyDrop::new(self);
        // SAFETY: the lease is not dropped or used again, so its reference to the pool is read out once.
        drop(unsafe { core::ptr::read(&raw const lease.inner) });
    }
}

impl<T> Drop for OwnedLease<T> {
    fn drop(&mut self) {
        self.held.give_back(self.local());
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
