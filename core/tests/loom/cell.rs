//! Commits: an attempt that fails leaves no trace, and each commit's answer is its own.

use super::Entry;
use loom::sync::Arc;
use loom::thread;
use striped_pool::runtime::{PoolEvent, StripeCell};
use striped_pool::stripe::{Recipient, WakeResult};

pub(crate) const PROGRAMS: &[Entry] = &[
    ("cell::take_races_take_for_the_last_permit", 3, take_races_take_for_the_last_permit),
    ("cell::resize_races_take", 3, resize_races_take),
    ("cell::close_races_take", 3, close_races_take),
    ("cell::a_thread_that_failed_once_is_given_way_to", 3, a_thread_that_failed_once_is_given_way_to),
];

fn try_take(cell: &StripeCell) -> bool {
    let committed = cell.commit(PoolEvent::TryTake { wake: Recipient::Caller });
    committed.into_result().unwrap() == WakeResult::Create
}

fn take_races_take_for_the_last_permit() {
    let cell = Arc::new(StripeCell::new(1));
    let other = Arc::clone(&cell);
    let thread = thread::spawn(move || try_take(&other));
    let mine = try_take(&cell);
    assert!(mine ^ thread.join().unwrap(), "one permit, one taker");
    cell.observe(|stripe| assert_eq!((stripe.available(), stripe.out()), (0, 1)));
}

fn resize_races_take() {
    let cell = Arc::new(StripeCell::new(2));
    let other = Arc::clone(&cell);
    let thread = thread::spawn(move || [try_take(&other), try_take(&other)]);
    assert!(cell.commit(PoolEvent::Resize { capacity: 1 }).is_done());
    let taken = thread.join().unwrap().into_iter().filter(|taken| *taken).count();
    cell.observe(|stripe| {
        assert_eq!(stripe.out(), u32::try_from(taken).unwrap());
        assert_eq!((stripe.available(), stripe.owed()), if taken == 2 { (0, 1) } else { (0, 0) });
    });
}

fn close_races_take() {
    let cell = Arc::new(StripeCell::new(1));
    let other = Arc::clone(&cell);
    let thread = thread::spawn(move || {
        let committed = other.commit(PoolEvent::TryTake { wake: Recipient::Caller });
        let is_closed = committed.is_closed();
        (committed.into_result().unwrap() == WakeResult::Create, is_closed)
    });
    assert!(cell.commit(PoolEvent::Close).is_done());
    let (is_taken, was_closed) = thread.join().unwrap();
    assert_ne!(is_taken, was_closed, "a permit from an open stripe, or none from a closed one");
}

/// With the least patience, so that two threads ask each other.
fn a_thread_that_failed_once_is_given_way_to() {
    let cell = Arc::new(StripeCell::with_limits(4, 255, 2));
    let other = Arc::clone(&cell);
    let thread = thread::spawn(move || assert!(try_take(&other) && try_take(&other)));
    assert!(try_take(&cell) && try_take(&cell));
    thread.join().unwrap();
    cell.observe(|stripe| assert_eq!((stripe.available(), stripe.out()), (0, 4)));
}
