//! INV-COST and INV-BOUNDED for whole transitions, by counting allocations (one for each tree node that is copied).
//!
//! Worst cases of single operations are derived in `containers.rs`; here each event meets one long queue or cache, and
//! must stay within a multiple of log₂ n. Comparisons and time are not counted.

use super::counting::{allocations, occupied};
use super::notation::{Event, Stripe, cancel, discard, freed, give_back, put, reap, resize, take, try_take};
use striped_pool::stripe::step;

/// How many wait, are idle or are being freed.
const MANY: u32 = 10_000;

/// 8·log₂ n. The dearest is a put that moves half of the inline entries out: four pushes, of one path each.
const LOGARITHMIC: u64 = 8 * 14;

/// A stripe of `capacity` to which `events` happened; unlike `given`, without a look at each state.
fn at_speed(capacity: u32, events: impl IntoIterator<Item = Event>) -> Stripe {
    let mut stripe = Stripe::new(capacity);
    for event in events {
        let _ = stripe.apply(event);
    }
    stripe
}

fn repeat(event: Event, times: u32) -> impl Iterator<Item = Event> {
    (0..times).map(move |_| event)
}

/// `MANY` wait, `MANY` are being freed, `MANY` more are lent.
fn waited_for() -> Stripe {
    let taken = repeat(try_take(), 2 * MANY).chain(repeat(take(7), MANY));
    at_speed(2 * MANY, taken.chain(repeat(discard(10), MANY)))
}

/// `MANY` are idle, stamped 0, 1, 2, …, and one is lent.
fn idle() -> Stripe {
    let puts = (0..u64::from(MANY)).map(|now| put(10, now));
    at_speed(MANY + 1, repeat(try_take(), MANY + 1).chain(puts))
}

#[test]
fn every_transition_of_a_long_queue_is_logarithmic() {
    let stripe = waited_for();
    assert_eq!((stripe.queue().len(), stripe.freeing(), stripe.out()), (MANY, MANY, 2 * MANY));
    let ends = [take(7), try_take(), put(10, 1), give_back(10), discard(10), Event::CreateFailed, Event::Detach];
    let frees = [1, 2, MANY / 3, MANY - 1, MANY].map(freed);
    let cancels = [0, 1, MANY / 3, MANY - 1, MANY].map(|id| cancel(id.into()));
    let resizes = [1, MANY, 2 * MANY + 1, 2 * MANY + MANY / 3, 9 * MANY].map(resize);
    let rest = [Event::Close, Event::Drain, reap(9, 0, 0)];
    for event in ends.into_iter().chain(frees).chain(cancels).chain(resizes).chain(rest) {
        let made = allocations(|| step(&stripe, event)).1;
        assert!(made <= LOGARITHMIC, "{event:?} allocated {made} times");
    }
}

#[test]
fn every_transition_of_a_long_cache_is_logarithmic() {
    let mut stripe = idle();
    assert_eq!((stripe.idle(), stripe.out()), (MANY, 1));
    for back in 0..20 {
        let takes = [take(7), try_take(), put(10, 1), give_back(10), discard(10), Event::CreateFailed, Event::Detach];
        let reaps = [0, 1, MANY / 3, MANY - 9, MANY].map(|now| reap(now.into(), 1, 0));
        let resizes = [1, 9, MANY / 3, MANY, 9 * MANY].map(resize);
        for event in takes.into_iter().chain(reaps).chain(resizes).chain([Event::Drain, Event::Close]) {
            let made = allocations(|| step(&stripe, event)).1;
            assert!(made <= LOGARITHMIC, "{event:?} after {back} takes allocated {made} times");
        }
        let _ = stripe.apply(try_take());
    }
}

#[test]
fn waiters_that_give_up_leave_nothing_behind() {
    let busy = at_speed(1, [try_take()]);
    let timeouts = (0..u64::from(MANY)).flat_map(|id| [take(7), cancel(id)]);
    let (stripe, blocks) = occupied(|| {
        let mut stripe = busy.clone();
        timeouts.for_each(|event| drop(stripe.apply(event)));
        stripe
    });
    assert_eq!((blocks, stripe.queue().len(), stripe.next_id().0), (0, 0, u64::from(MANY)));
}

#[test]
fn waiters_that_give_up_in_any_order_leave_nothing_behind() {
    let queued = repeat(try_take(), 1).chain(repeat(take(7), MANY));
    let (stripe, blocks) =
        occupied(|| at_speed(1, queued.chain((0..u64::from(MANY)).map(|k| cancel(k * 7919 % 10_000)))));
    assert_eq!((blocks, stripe.queue().len()), (0, 0));
}

#[test]
fn a_small_stripe_allocates_nothing() {
    let busy = repeat(try_take(), 8).chain((0..8).map(|now| put(10, now)));
    let (_, made) = allocations(|| at_speed(8, busy.chain(repeat(try_take(), 8)).chain([discard(10), freed(1)])));
    assert_eq!(made, 0);
}
