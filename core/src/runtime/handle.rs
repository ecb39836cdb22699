//! The `Copy` handles that the machine moves: addresses without any right to use them.
//!
//! Rules:
//! 1. A handle is an address. Copying, comparing or dropping one does nothing to what it names, so an old stripe, a
//!    dropped step or a failed attempt never owns anything.
//! 2. Ownership is by the protocol (INV-OWNER, INV-ONE-WAKE): whoever the last commit says. Turning a handle back into
//!    what it names is unsafe, and every place that does says which commit gave it the right.

use core::fmt;
use core::ptr::NonNull;

/// Names one resource: the address of its box.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ResourceHandle(NonNull<()>);

// SAFETY: rule 1: an address gives no access; every use of it is unsafe and argued where it happens. The pools that
// box resources require `T: Send`.
unsafe impl Send for ResourceHandle {}
// SAFETY: as above.
unsafe impl Sync for ResourceHandle {}

impl ResourceHandle {
    /// Boxes `value` and names it. Until it is taken back, the value is leaked.
    #[must_use]
    pub fn new<T>(value: T) -> Self {
        Self(NonNull::from(Box::leak(Box::new(value))).cast())
    }

    /// Takes the value back out of its box.
    ///
    /// # Safety
    ///
    /// The handle comes from [`new`](Self::new) with the same `T`, the caller owns it (rule 2), and no copy of it is
    /// used afterwards.
    #[must_use]
    pub unsafe fn into_inner<T>(self) -> T {
        // SAFETY: by the contract this is the pointer that `Box::leak` gave up, owned once.
        let boxed = unsafe { Box::from_raw(self.0.cast::<T>().as_ptr()) };
        *boxed
    }

    /// The address of the value.
    #[must_use]
    #[inline]
    pub fn as_ptr<T>(self) -> NonNull<T> {
        self.0.cast()
    }
}

impl fmt::Debug for ResourceHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "resource@{:p}", self.0)
    }
}
