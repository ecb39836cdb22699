//! An allocator that counts: the system's, and two counters. Only the program `memory` and the tests install it.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::alloc::{GlobalAlloc, Layout, System};

/// To be installed with `#[global_allocator]`.
#[derive(Debug)]
pub struct Counting;

/// How often something was allocated; growing in place counts.
static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);
/// Bytes that were asked for and not given back, by all threads.
static LIVE: AtomicUsize = AtomicUsize::new(0);
/// The most that they have been.
static PEAK: AtomicUsize = AtomicUsize::new(0);

fn grow(bytes: usize) {
    ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
    let live = LIVE.fetch_add(bytes, Ordering::Relaxed) + bytes;
    PEAK.fetch_max(live, Ordering::Relaxed);
}

fn shrink(bytes: usize) {
    LIVE.fetch_sub(bytes, Ordering::Relaxed);
}

// SAFETY: everything is left to `System`, which keeps the contract; counting neither allocates nor panics.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grow(layout.size());
        // SAFETY: the caller keeps the contract of `alloc`, which is that of `System`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        shrink(layout.size());
        // SAFETY: as above; what is given back came from `System`.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        grow(new_size);
        shrink(layout.size());
        // SAFETY: as above; what grows came from `System`.
        unsafe { System.realloc(at, layout, new_size) }
    }
}

/// How often something was allocated so far.
pub fn allocations() -> f64 {
    as_figure(ALLOCATIONS.load(Ordering::Relaxed))
}

/// Bytes in use.
pub fn live() -> f64 {
    as_figure(LIVE.load(Ordering::Relaxed))
}

/// The most bytes in use since the last [`forget_peak`].
pub fn peak() -> f64 {
    as_figure(PEAK.load(Ordering::Relaxed))
}

/// From now on the most is what is in use now.
pub fn forget_peak() {
    PEAK.store(LIVE.load(Ordering::Relaxed), Ordering::Relaxed);
}

#[expect(clippy::cast_precision_loss, reason = "less than 2⁵² bytes")]
fn as_figure(count: usize) -> f64 {
    count as f64
}
