//! What callers of a cell rely on beside the transitions themselves.

use super::*;
use crate::runtime::slot::wake_slot;
use crate::sync::{BACK_OFF_SPINS, Deadline};
use core::time::Duration;

fn a_take() -> PoolEvent {
    let (receiver, wake) = wake_slot();
    drop(receiver);
    PoolEvent::Take { wake }
}

#[test]
#[cfg(debug_assertions)]
#[should_panic(expected = "lost effects")]
fn effects_that_nobody_performs_are_noticed() {
    drop(StripeCell::new(1).commit(a_take()));
}

#[test]
fn a_commit_says_what_it_saw() {
    let cell = StripeCell::new(1);
    let served = cell.commit(a_take());
    assert_eq!((served.attempts(), served.waiting(), served.enqueued(), served.is_closed()), (1, 0, None, false));
    assert_eq!(served.into_effects().len(), 1);
    for waiting in 1..3 {
        let queued = cell.commit(a_take());
        assert_eq!((queued.attempts(), queued.waiting()), (1, waiting));
        assert!(queued.is_done() && queued.enqueued().is_some());
    }
    let closed = cell.commit(PoolEvent::Close);
    assert!(closed.is_closed());
    assert_eq!(closed.into_effects().len(), 1, "both waiters are told at once");
}

#[test]
fn a_cell_knows_its_line() {
    let cell = StripeCell::new(1);
    let mut ids = Vec::new();
    for _ in 0..4 {
        let committed = cell.commit(a_take());
        ids.extend(committed.enqueued());
        drop(committed.into_effects());
        assert_eq!(cell.has_line(), !ids.is_empty());
    }
    let ahead = || ids.iter().map(|id| cell.line().ahead_of(id.0)).collect::<Vec<_>>();
    assert_eq!(ahead(), [0, 1, 2]);
    drop(cell.commit(PoolEvent::CreateFailed).into_effects());
    assert_eq!(ahead(), [0, 0, 1], "the first has been given the permit");
    drop(cell.commit_put(ResourceHandle::new(0_u8), Timestamp::default()).map(Committed::into_effects));
    assert_eq!((ahead(), cell.has_line()), (vec![0, 0, 0], true));
    drop(cell.commit(PoolEvent::Cancel { id: ids[2] }).into_effects());
    assert!(!cell.has_line());
}

#[test]
#[cfg(debug_assertions)]
#[should_panic(expected = "violates")]
fn a_state_that_breaks_an_invariant_is_noticed() {
    let mut stripe = PoolStripe::new(1);
    // More out than fits: no event leads here.
    stripe.break_for_test();
    is_sound(&stripe, PoolEvent::Drain);
}

#[test]
fn giving_way_ends_when_nobody_asks_and_when_patience_ends() {
    let cell = StripeCell::new(1);
    assert_eq!(cell.give_way(), 1, "nobody asks");
    let asking = Asking::new(&cell.asking);
    assert_eq!(cell.give_way(), COURTESY_SPINS + COURTESY_YIELDS, "somebody asks for ever");
    drop(asking);
    assert_eq!(cell.give_way(), 1, "nobody asks any more");
}

#[test]
fn who_failed_backs_off_unless_there_is_a_line_or_others_are_asked_to() {
    let cell = StripeCell::with_limits(1, 255, 4);
    let at = |attempts| cell.back_off(attempts);
    assert_eq!([2, 3, 4, 5].map(at), [BACK_OFF_SPINS, BACK_OFF_SPINS, 0, 0]);
    cell.believe_in_a_line();
    assert_eq!([2, 3, 4, 5].map(at), [0; 4]);
}

#[test]
fn a_commit_says_how_often_it_tried() {
    let cell = StripeCell::new(1);
    let met = AtomicUsize::new(0);
    let deadline = Deadline::after(Duration::from_secs(60));
    std::thread::scope(|scope| {
        for capacities in [[2, 4], [3, 5]] {
            let (cell, met) = (&cell, &met);
            scope.spawn(move || {
                // No two in a row, of whichever thread, are the same: each is a change.
                let mut changes = capacities.into_iter().cycle();
                // ORDERING: Relaxed: only a flag to stop at.
                while met.load(Ordering::Relaxed) == 0 && !deadline.has_passed() {
                    let Some(capacity) = changes.next() else { return };
                    let resized = cell.commit(PoolEvent::Resize { capacity });
                    met.fetch_add(usize::from(resized.attempts() > 1), Ordering::Relaxed);
                    assert!(resized.is_done());
                }
            });
        }
    });
    // ORDERING: Relaxed: the threads have ended.
    assert!(met.load(Ordering::Relaxed) > 0, "in a minute no thread ever met the other");
}
