//! The machine's counter arithmetic, in one place.
//!
//! Every sum and difference below is exact: `capacity + owed` never exceeds the largest capacity ever set
//! (a grow swallows `owed` before it adds, a shrink moves from `capacity` to `owed`), and all other counters are
//! parts of that sum (INV-CAPACITY). Debug builds assert it; release builds clamp, so that even a broken caller
//! cannot wrap a counter round.

/// `a + b`, which the callers' invariants keep within range.
pub(super) fn add(a: u32, b: u32) -> u32 {
    debug_assert!(a.checked_add(b).is_some(), "counter overflow: {a} + {b}");
    a.saturating_add(b)
}

/// `a - b`, where the callers' guards keep `b ≤ a`.
pub(super) fn sub(a: u32, b: u32) -> u32 {
    debug_assert!(b <= a, "counter underflow: {a} - {b}");
    a.saturating_sub(b)
}
