//! What no run of events reaches: the ends of the counts of who waits.

use super::*;

/// A stripe of one that is lent, spoiled; what it makes of a take.
fn take(spoil: impl FnOnce(&mut Stripe<u8, u8>)) -> (StripeStep<u8, u8>, Stripe<u8, u8>) {
    let mut stripe = step(&Stripe::new(1), Event::TryTake { wake: Recipient::Caller }).stripe;
    spoil(&mut stripe);
    (step(&stripe, Event::Take { wake: 7 }), stripe)
}

#[track_caller]
fn assert_refused((step, before): (StripeStep<u8, u8>, Stripe<u8, u8>)) {
    assert_eq!(step.effects.as_slice(), [StripeEffect::Reject(Reject::QueueFull)]);
    assert!(!step.changed);
    assert_eq!((step.stripe.next_id, step.stripe.queue.len()), (before.next_id, before.queue.len()));
}

#[test]
fn a_take_is_refused_if_no_id_is_left() {
    assert_refused(take(|stripe| stripe.next_id = WaiterId(u64::MAX)));
    let (last, _) = take(|stripe| stripe.next_id = WaiterId(u64::MAX - 1));
    assert_eq!((last.stripe.next_id, last.stripe.queue.len()), (WaiterId(u64::MAX), 1));
}

#[test]
fn a_take_is_refused_if_no_more_can_be_counted() {
    assert_refused(take(|stripe| {
        stripe.next_id = WaiterId(5);
        stripe.queue = queue::full(Waiter { id: WaiterId(0), wake: 9 });
    }));
}
