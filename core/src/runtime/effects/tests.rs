//! Effects that are begun and not finished.

use super::*;
use crate::runtime::slot::wake_slot;

struct Nowhere;

// SAFETY: frees nothing: the handles of these tests are of boxes that are leaked.
unsafe impl Outside for Nowhere {
    fn now(&self) -> Timestamp {
        Timestamp::default()
    }

    unsafe fn free(&self, _resource: ResourceHandle) {}
}

/// A cell with one resource lent.
fn lent() -> (StripeCell, ResourceHandle) {
    let cell = StripeCell::new(1);
    let taken = cell.commit(PoolEvent::TryTake { wake: Recipient::Caller });
    assert_eq!(taken.into_result().ok(), Some(WakeResult::Create));
    (cell, ResourceHandle::new(()))
}

#[test]
#[cfg(debug_assertions)]
#[should_panic(expected = "unfinished effects")]
fn a_free_that_is_left_undone_is_noticed() {
    let (cell, resource) = lent();
    let committed = cell.commit(PoolEvent::Discard { resource });
    // SAFETY: committed on this cell; no slot, and the resource is as `Nowhere` expects.
    drop(unsafe { start(&cell, committed, &Nowhere) });
}

#[test]
#[cfg(debug_assertions)]
#[should_panic(expected = "unfinished effects")]
fn a_wake_that_is_left_undone_is_noticed() {
    let (cell, resource) = lent();
    let (mut receiver, wake) = wake_slot();
    assert!(cell.commit(PoolEvent::Take { wake }).is_done());
    assert!(receiver.register(Unparker::current_thread()).is_none());
    let committed = cell.commit(PoolEvent::Put { resource, now: Timestamp(0) });
    // SAFETY: as above, and the slot was given to one take.
    drop(unsafe { start(&cell, committed, &Nowhere) });
}
