//! What the hints about a line do: one that is gone although the hint still says that there is one, and one that is slow.

use super::*;

#[test]
fn who_believes_in_a_line_that_has_gone_is_served_at_once() {
    let local = LocalPool::new(1, drop::<u32>);
    let Ok(Acquired::Permit(permit)) = local.acquire() else { panic!("a new pool has room") };
    drop(permit.fulfil(7));
    assert!(matches!(local.try_take_or_wait(), (WakeResult::Deliver(resource), false) if put(&local, resource)));
    local.believe_in_a_line();
    assert!(matches!(local.try_take_or_wait(), (WakeResult::Cancelled, false)));
    let Ok(Acquired::Lease(lease)) = local.wait(Deadline::after(Duration::ZERO)) else { panic!("7 was idle") };
    assert_eq!(*lease, 7);
    assert!(!local.cell.has_line(), "and knows better afterwards");
}

#[test]
fn who_believes_in_the_line_of_a_closed_stripe_is_told_that_it_is_closed() {
    let local = LocalPool::new(1, drop::<u32>);
    local.close();
    local.believe_in_a_line();
    assert!(matches!(local.wait(Deadline::NEVER), Err(Unavailable::Closed)));
}

/// A take that waits in vain, for much longer than a quick turn.
fn wait_in_vain(local: &LocalPool<u32>) {
    assert!(matches!(local.wait(Deadline::after(Duration::from_millis(1))), Err(Unavailable::TimedOut)));
}

#[test]
fn a_wait_tells_the_line_once_what_it_came_to_if_it_was_spent_awake() {
    let local = LocalPool::new(1, drop::<u32>);
    let Ok(Acquired::Permit(_permit)) = local.acquire() else { panic!("a new pool has room") };
    let line = local.cell.line();
    let was_told = || {
        (0..64).for_each(|_| line.tell(false));
        (0..31).for_each(|_| line.tell(true));
        assert!(!line.is_slow());
        wait_in_vain(&local);
        // Unless the machine has other work, and it may.
        let was_in_vain = line.is_slow();
        line.tell(true);
        // 31 and one more: nothing was told, or one thing and its opposite.
        was_in_vain || !line.is_slow()
    };
    // A thread that gets no core for all of its time tells nothing.
    assert!((0..20).any(|_| was_told()));

    // The first 64 waiters stay awake whatever they know of the line.
    for _ in 0..64 {
        assert!(matches!(local.wait(Deadline::after(Duration::ZERO)), Err(Unavailable::TimedOut)));
    }
    (0..64).for_each(|_| line.tell(false));
    (0..32).for_each(|_| line.tell(true));
    wait_in_vain(&local);
    assert!(line.is_slow(), "who parks at once in a slow line knows nothing");
    line.tell(false);
    assert!(!line.is_slow(), "it was 32");
}

fn put(local: &LocalPool<u32>, resource: ResourceHandle) -> bool {
    local.put(resource);
    true
}
