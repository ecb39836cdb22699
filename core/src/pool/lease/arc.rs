//! A lease and a permit for authors of pools who keep their [`LocalPool`] in an `Arc`: they do not borrow.
//!
//! The rules of `lease.rs` hold. Tests: `tests/pool/arc_leases.rs`, `tests/pool/arc_permits.rs`.

use super::{Held, Lease, resume};
use crate::pool::local::{CreatePermit, LocalPool};
use crate::sync::Arc;
use core::fmt;
use core::mem::ManuallyDrop;
use core::ops::{Deref, DerefMut};

/// A resource on loan from a [`LocalPool`] in an `Arc`, which it keeps alive: it can be stored, and move into threads and
/// tasks. Made by [`Lease::into_arc`]; otherwise as a [`Lease`].
///
/// While there is one, the pool is not dropped; it can be [closed](LocalPool::close), and then the resource is freed when this
/// is dropped.
#[must_use = "dropping a lease gives the resource back"]
pub struct ArcLease<T> {
    local: Arc<LocalPool<T>>,
    held: Held<T>,
}

impl<T> Lease<'_, T> {
    /// The same loan as one that does not borrow. `local` is the pool that it is from.
    ///
    /// # Panics
    ///
    /// If the lease is from another pool. Its resource is freed then.
    pub fn into_arc(self, local: Arc<LocalPool<T>>) -> ArcLease<T> {
        assert!(core::ptr::eq(self.local, &raw const *local), "the lease is from another pool");
        let held = ManuallyDrop::new(self).held.moved();
        ArcLease { local, held }
    }
}

impl<T> ArcLease<T> {
    /// As [`Lease::discard`].
    ///
    /// # Panics
    ///
    /// As [`Lease::discard`].
    pub fn discard(self) {
        let (local, held) = self.into_parts();
        resume(held.discard(&local));
    }

    /// As [`Lease::detach`].
    #[must_use]
    pub fn detach(self) -> T {
        let (local, held) = self.into_parts();
        held.detach(&local)
    }

    /// Ends the loan without giving anything back.
    fn into_parts(self) -> (Arc<LocalPool<T>>, Held<T>) {
        let lease = ManuallyDrop::new(self);
        // SAFETY: the lease is not dropped or used again, so its reference to the pool is read out once.
        let local = unsafe { core::ptr::read(&raw const lease.local) };
        (local, lease.held.moved())
    }
}

impl<T> Drop for ArcLease<T> {
    fn drop(&mut self) {
        self.held.give_back(&self.local);
    }
}

impl<T> Deref for ArcLease<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.held.get()
    }
}

impl<T> DerefMut for ArcLease<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.held.get_mut()
    }
}

impl<T: fmt::Debug> fmt::Debug for ArcLease<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ArcLease").field(&**self).finish()
    }
}

/// The right to have one more resource in a [`LocalPool`] in an `Arc`, which it keeps alive: it can be stored, and move into
/// threads and tasks, so that a create goes on although whoever asked for it has gone. Made by [`CreatePermit::into_arc`];
/// otherwise as a [`CreatePermit`]: fulfil it, or drop it, and the next waiter gets it.
#[must_use = "dropping a permit gives it to the next waiter"]
pub struct ArcPermit<T> {
    local: Arc<LocalPool<T>>,
    is_fulfilled: bool,
}

impl<T> CreatePermit<'_, T> {
    /// The same right as one that does not borrow. `local` is the pool that it is from.
    ///
    /// # Panics
    ///
    /// If the permit is from another pool. It goes to the next waiter there.
    pub fn into_arc(self, local: Arc<LocalPool<T>>) -> ArcPermit<T> {
        assert!(self.is_of(&local), "the permit is from another pool");
        core::mem::forget(self);
        ArcPermit { local, is_fulfilled: false }
    }
}

impl<T> ArcPermit<T> {
    /// As [`CreatePermit::fulfil`].
    pub fn fulfil(mut self, value: T) -> ArcLease<T> {
        self.is_fulfilled = true;
        CreatePermit::new(&self.local).fulfil(value).into_arc(Arc::clone(&self.local))
    }
}

impl<T> Drop for ArcPermit<T> {
    fn drop(&mut self) {
        if !self.is_fulfilled {
            drop(CreatePermit::new(&self.local));
        }
    }
}

impl<T> fmt::Debug for ArcPermit<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ArcPermit").finish_non_exhaustive()
    }
}
