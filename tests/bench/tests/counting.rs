//! The allocator that counts, installed. Without a harness: its threads would allocate too.

use striped_pool_bench::counting::{Counting, allocations, forget_peak, live, peak};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What is allocated is counted until it is freed.
fn main() {
    let counts = || (allocations(), live());
    let (before, live_before) = counts();
    let mut bytes = Vec::<u8>::with_capacity(1_000);
    assert_eq!(counts(), (before + 1.0, live_before + 1_000.0));
    forget_peak();
    bytes.reserve_exact(3_000);
    assert_eq!(counts(), (before + 2.0, live_before + 3_000.0));
    drop(bytes);
    assert_eq!(counts(), (before + 2.0, live_before));
    assert!(peak() >= live_before + 3_000.0);
}
