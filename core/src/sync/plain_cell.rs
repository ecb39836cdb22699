//! Cells that nobody checks: what std and shuttle share.

/// `std::cell::UnsafeCell` in loom's dialect: access lasts as long as a closure, or as
/// long as a pointer object lives.
#[derive(Debug)]
#[repr(transparent)]
pub(crate) struct UnsafeCell<T>(std::cell::UnsafeCell<T>);

impl<T> UnsafeCell<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(std::cell::UnsafeCell::new(value))
    }

    #[inline]
    pub(crate) fn with<A>(&self, f: impl FnOnce(*const T) -> A) -> A {
        f(self.0.get())
    }

    #[inline]
    pub(crate) fn with_mut<A>(&self, f: impl FnOnce(*mut T) -> A) -> A {
        f(self.0.get())
    }

    #[inline]
    pub(crate) fn get(&self) -> ConstPtr<T> {
        ConstPtr(self.0.get())
    }

    #[inline]
    pub(crate) fn get_mut(&self) -> MutPtr<T> {
        MutPtr(self.0.get())
    }
}

/// A shared access that lasts as long as this lives.
#[derive(Debug)]
pub(crate) struct ConstPtr<T>(*const T);

impl<T> ConstPtr<T> {
    /// # Safety
    ///
    /// Nobody writes the cell while this lives.
    #[inline]
    pub(crate) unsafe fn deref(&self) -> &T {
        // SAFETY: the contract.
        unsafe { &*self.0 }
    }
}

/// An exclusive access that lasts as long as this lives.
#[derive(Debug)]
pub(crate) struct MutPtr<T>(*mut T);

impl<T> MutPtr<T> {
    /// # Safety
    ///
    /// Nobody else accesses the cell while this lives, and what was returned before is not in use.
    #[inline]
    #[allow(clippy::mut_from_ref, reason = "loom's signature")]
    pub(crate) unsafe fn deref(&self) -> &mut T {
        // SAFETY: the contract.
        unsafe { &mut *self.0 }
    }
}
