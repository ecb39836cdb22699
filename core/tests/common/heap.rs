//! Counts what is allocated: by each thread, and in all.
//!
//! The counts are exact. What other threads of the process do shows in [`live_bytes`] and nowhere else.

use core::cell::Cell;
use core::sync::atomic::{AtomicI64, Ordering};
use std::alloc::{GlobalAlloc, Layout, System};

struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

static LIVE_BYTES: AtomicI64 = AtomicI64::new(0);

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
    static OWN_BYTES: Cell<i64> = const { Cell::new(0) };
    /// What this thread has not added to [`LIVE_BYTES`] yet.
    static PENDING_BYTES: Pending = const { Pending(Cell::new(0)) };
}

/// Bytes that a thread has counted on its own; added to the sum when they become many, when somebody asks in this
/// thread, and when the thread ends. Without it the threads would queue for one counter.
struct Pending(Cell<i64>);

impl Pending {
    fn settle(&self) {
        LIVE_BYTES.fetch_add(self.0.take(), Ordering::SeqCst);
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.settle();
    }
}

fn count(bytes: i64) {
    // A cell without a destructor is there as long as the thread.
    OWN_BYTES.set(OWN_BYTES.get() + bytes);
    let counted = PENDING_BYTES.try_with(|pending| pending.0.set(pending.0.get() + bytes));
    if counted.is_err() {
        // The thread is ending and has settled.
        LIVE_BYTES.fetch_add(bytes, Ordering::SeqCst);
    }
}

fn size(layout: Layout) -> i64 {
    i64::try_from(layout.size()).expect("a block is smaller than the address space")
}

// SAFETY: every request goes unchanged to the system's allocator. Counting allocates nothing: the cells start as
// constants. `realloc` is the provided one: it allocates, copies and frees, and is counted as such.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        count(size(layout));
        // SAFETY: the caller's promise about `layout` is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        count(-size(layout));
        // SAFETY: `block` came from `alloc` above with this `layout`, hence from `System`.
        unsafe { System.dealloc(block, layout) }
    }
}

/// How many allocations `work` makes on this thread.
pub(crate) fn allocations(work: impl FnOnce()) -> u64 {
    let before = ALLOCATIONS.get();
    work();
    ALLOCATIONS.get() - before
}

/// How many bytes more this thread has allocated than freed when `work` is done.
pub(crate) fn growth(work: impl FnOnce()) -> i64 {
    let before = OWN_BYTES.get();
    work();
    OWN_BYTES.get() - before
}

/// How many bytes are allocated: by this thread and by all that have ended.
pub(crate) fn live_bytes() -> i64 {
    PENDING_BYTES.with(Pending::settle);
    LIVE_BYTES.load(Ordering::SeqCst)
}
