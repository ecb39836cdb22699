//! Counts what each thread allocates and has not freed, for `cost.rs`.
//!
//! Counts are per thread, so that tests can run side by side, and what a test does is exactly repeatable.

use core::cell::Cell;
use std::alloc::{GlobalAlloc, Layout, System};

thread_local! {
    static ALLOCATED: Cell<u64> = const { Cell::new(0) };
    static FREED: Cell<u64> = const { Cell::new(0) };
}

struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

// SAFETY: every request goes unchanged to the system's allocator. Counting allocates nothing: the cells are
// constants of a type without a destructor, so they need no lazy set-up and outlive every other thread-local.
// `realloc` is the provided one: it allocates, copies and frees, and is counted as such.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATED.set(ALLOCATED.get() + 1);
        // SAFETY: the caller's promise about `layout` is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        FREED.set(FREED.get() + 1);
        // SAFETY: `block` came from `alloc` above with this `layout`, hence from `System`.
        unsafe { System.dealloc(block, layout) }
    }
}

/// What `work` makes, and how many allocations it makes on the way.
pub(crate) fn allocations<T>(work: impl FnOnce() -> T) -> (T, u64) {
    let before = ALLOCATED.get();
    let made = work();
    (made, ALLOCATED.get() - before)
}

/// What `work` makes, and how many blocks that occupies, if `work` frees nothing older than itself.
pub(crate) fn occupied<T>(work: impl FnOnce() -> T) -> (T, u64) {
    let (allocated, freed) = (ALLOCATED.get(), FREED.get());
    let made = work();
    (made, ALLOCATED.get() - allocated - (FREED.get() - freed))
}
