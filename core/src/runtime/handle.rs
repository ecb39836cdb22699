//! The `Copy` handles that the machine moves: addresses without any right to use them.
//!
//! Rules:
//! 1. A handle is an address. Copying, comparing or dropping one does nothing to what it names, so an old stripe, a
//!    dropped step or a failed attempt never owns anything.
//! 2. Ownership is by the protocol (INV-OWNER, INV-ONE-WAKE): whoever the last commit says. Turning a handle back into
//!    what it names is unsafe, and every place that does says which commit gave it the right.
//! 3. A box has room for a note of the resource's owner, so that a lease is two words and goes in registers. In a new box it is
//!    `None`. Only the owner reads or writes it, and clears it before it passes the handle on, unless to be freed.

use core::fmt;
use core::mem::offset_of;
use core::ptr::NonNull;
use std::thread::ThreadId;

/// Names one resource: its address in its box.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ResourceHandle(NonNull<()>);

// SAFETY: rule 1: an address gives no access; every use of it is unsafe and argued where it happens. The pools that
// box resources require `T: Send`.
unsafe impl Send for ResourceHandle {}
// SAFETY: as above.
unsafe impl Sync for ResourceHandle {}

/// What a handle names. The note comes first, so that it is near the beginning of a large value.
#[repr(C)]
struct Boxed<T> {
    note: Option<ThreadId>,
    value: T,
}

impl ResourceHandle {
    /// Boxes `value` and names it. Until it is taken back, the value is leaked.
    #[must_use]
    pub fn new<T>(value: T) -> Self {
        let boxed = NonNull::from(Box::leak(Box::new(Boxed { note: None, value }))).cast::<()>();
        // SAFETY: within the box.
        Self(unsafe { boxed.byte_add(offset_of!(Boxed<T>, value)) })
    }

    /// Takes the value back out of its box.
    ///
    /// # Safety
    ///
    /// The handle comes from [`new`](Self::new) with the same `T`, the caller owns it (rule 2), and no copy of it is
    /// used afterwards.
    #[must_use]
    pub unsafe fn into_inner<T>(self) -> T {
        // SAFETY: by the contract this is the box that `new` leaked, owned once.
        let boxed = unsafe { Box::from_raw(self.boxed::<T>()) };
        boxed.value
    }

    /// The address of the value. It is not that of a `Box<T>`: take the value back with [`into_inner`](Self::into_inner).
    #[must_use]
    #[inline]
    pub fn as_ptr<T>(self) -> NonNull<T> {
        self.0.cast()
    }

    /// The address of the owner's note (rule 3), if the handle comes from [`new`](Self::new) with the same `T`.
    #[inline]
    pub(crate) fn note<T>(self) -> *mut Option<ThreadId> {
        self.boxed::<T>().wrapping_byte_add(offset_of!(Boxed<T>, note)).cast()
    }

    /// The address of the box.
    #[inline]
    fn boxed<T>(self) -> *mut Boxed<T> {
        self.0.as_ptr().wrapping_byte_sub(offset_of!(Boxed<T>, value)).cast()
    }
}

impl fmt::Debug for ResourceHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "resource@{:p}", self.0)
    }
}

#[cfg(all(test, not(any(feature = "loom", feature = "shuttle"))))]
mod tests {
    use super::*;

    #[repr(align(64))]
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    struct Wide(u8);

    fn assert_keeps<T: PartialEq + fmt::Debug + Copy>(value: T) {
        let handle = ResourceHandle::new(value);
        let note = handle.note::<T>();
        assert!(note.is_aligned());
        let someone = std::thread::current().id();
        // SAFETY: from `new` with the same `T`, and owned here.
        assert_eq!(unsafe { *note }, None, "a new box has none");
        // SAFETY: as above.
        unsafe { *note = Some(someone) };
        // SAFETY: as above.
        assert_eq!(unsafe { *handle.as_ptr::<T>().as_ptr() }, value);
        // SAFETY: as above.
        assert_eq!(unsafe { *note }, Some(someone));
        // SAFETY: as above.
        assert_eq!(unsafe { handle.into_inner::<T>() }, value);
    }

    #[test]
    fn a_box_keeps_its_value_and_a_note_beside_it() {
        assert_keeps(());
        assert_keeps(7_u8);
        assert_keeps([1_u64, 2, 3]);
        assert_keeps(u128::MAX);
        assert_keeps(Wide(9));
    }
}
