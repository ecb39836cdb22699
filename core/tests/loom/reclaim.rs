//! The reclaimer alone: events without effects, so that nothing but nodes moves. loom tracks every node's allocation and
//! every access to its stripe, so a node that is recycled too early, twice or never fails.

use super::Entry;
use loom::sync::Arc;
use loom::thread;
use striped_pool::runtime::{PoolEvent, StripeCell};
use striped_pool::stripe::Recipient;

pub(crate) const PROGRAMS: &[Entry] = &[
    ("reclaim::commit_races_commit", 3, || commits(&[1, 1], 255)),
    ("reclaim::two_commits_each_reuse_addresses", 3, || commits(&[2, 2], 255)),
    ("reclaim::three_threads_reuse_addresses", 2, || commits(&[1, 1, 2], 255)),
    ("reclaim::reader_leaves_before_the_node_is_reused", 3, reader_leaves_before_the_node_is_reused),
    ("reclaim::reader_keeps_a_replaced_node", 3, reader_keeps_a_replaced_node),
    ("reclaim::two_readers_of_a_replaced_node", 3, two_readers_of_a_replaced_node),
    ("reclaim::saturated_count_of_one", 2, || commits(&[1, 1], 1)),
    ("reclaim::saturated_count_of_one_with_reuse", 2, || commits(&[2, 2], 1)),
    ("reclaim::saturated_count_of_two", 2, || commits(&[1, 1, 1], 2)),
];

const CAPACITY: u32 = 4;

/// Takes a permit and gives it back, `times` times: two changes of the stripe each, on nodes that the thread recycles,
/// so from the second change on addresses are used again.
fn round_trips(cell: &StripeCell, times: usize) {
    for _ in 0..times {
        assert!(cell.commit(PoolEvent::TryTake { wake: Recipient::Caller }).into_result().is_ok());
        assert!(cell.commit(PoolEvent::CreateFailed).is_done());
    }
}

fn commits(times: &[usize], max_readers: u8) {
    let cell = Arc::new(StripeCell::with_limits(CAPACITY, max_readers, 4));
    let spawn = |&times: &usize| {
        let cell = Arc::clone(&cell);
        thread::spawn(move || round_trips(&cell, times))
    };
    let (first, others) = times.split_first().unwrap();
    let threads: Vec<_> = others.iter().map(spawn).collect();
    round_trips(&cell, *first);
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    cell.observe(|stripe| assert_eq!((stripe.available(), stripe.out()), (CAPACITY, 0)));
}

/// Reads a stripe twice, as a caller who takes his time does: whole, and the same both times.
fn read(cell: &StripeCell) {
    cell.observe(|stripe| {
        let before = (stripe.capacity(), stripe.available(), stripe.out());
        assert_eq!(before.1 + before.2, before.0);
        assert_eq!(before, (stripe.capacity(), stripe.available(), stripe.out()));
    });
}

fn reader_leaves_before_the_node_is_reused() {
    let cell = Arc::new(StripeCell::new(CAPACITY));
    let reader = Arc::clone(&cell);
    let thread = thread::spawn(move || read(&reader));
    // Three changes: the second and third write into nodes that the first and second replaced.
    round_trips(&cell, 1);
    assert!(cell.commit(PoolEvent::Resize { capacity: CAPACITY + 1 }).is_done());
    thread.join().unwrap();
}

fn reader_keeps_a_replaced_node() {
    let cell = Arc::new(StripeCell::new(CAPACITY));
    let writer = Arc::clone(&cell);
    let thread = thread::spawn(move || round_trips(&writer, 1));
    // The node is replaced while it is read: only an access inside `observe` makes loom try that.
    cell.observe(|stripe| {
        let before = (stripe.available(), stripe.out());
        thread::yield_now();
        assert_eq!(before, (stripe.available(), stripe.out()));
    });
    thread.join().unwrap();
    read(&cell);
}

fn two_readers_of_a_replaced_node() {
    let cell = Arc::new(StripeCell::new(CAPACITY));
    let readers: Vec<_> = (0..2)
        .map(|_| {
            let cell = Arc::clone(&cell);
            thread::spawn(move || read(&cell))
        })
        .collect();
    assert!(cell.commit(PoolEvent::Resize { capacity: CAPACITY + 1 }).is_done());
    assert!(cell.commit(PoolEvent::Resize { capacity: CAPACITY }).is_done());
    readers.into_iter().for_each(|thread| thread.join().unwrap());
}
