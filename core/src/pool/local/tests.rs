//! What the hints about a line do: one that is gone although the hint still says that there is one, and one that is slow.

use super::*;

#[test]
fn who_believes_in_a_line_that_has_gone_is_served_at_once() {
    let local = LocalPool::new(1, drop::<u32>);
    let Ok(Acquired::Permit(permit)) = local.acquire() else { panic!("a new pool has room") };
    drop(permit.fulfil(7));
    assert!(matches!(local.try_take_or_wait(), (WakeResult::Deliver(resource), false) if put(&local, resource)));
    local.cell.believe_in_a_line();
    assert!(matches!(local.try_take_or_wait(), (WakeResult::Cancelled, false)));
    let Ok(Acquired::Lease(lease)) = local.wait(Deadline::after(Duration::ZERO)) else { panic!("7 was idle") };
    assert_eq!(*lease, 7);
    assert!(!local.cell.has_line(), "and knows better afterwards");
}

#[test]
fn who_believes_in_the_line_of_a_closed_stripe_is_told_that_it_is_closed() {
    let local = LocalPool::new(1, drop::<u32>);
    local.close();
    local.cell.believe_in_a_line();
    assert!(matches!(local.wait(Deadline::NEVER), Err(Unavailable::Closed)));
}

#[test]
fn waits_of_slow_turns_make_a_line_slow() {
    let local = LocalPool::new(1, drop::<u32>);
    let Ok(Acquired::Permit(_permit)) = local.acquire() else { panic!("a new pool has room") };
    for _ in 0..32 {
        assert!(!local.cell.line().is_slow());
        // Thirty times as long as a quick turn.
        assert_eq!(local.wait(Deadline::after(Duration::from_millis(1))).unwrap_err(), Unavailable::TimedOut);
    }
    assert!(local.cell.line().is_slow());
}

fn put(local: &LocalPool<u32>, resource: ResourceHandle) -> bool {
    local.put(resource);
    true
}
