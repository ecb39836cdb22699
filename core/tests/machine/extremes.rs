//! The ends of the ranges. The counters' debug assertions are on in tests, so an overflow would panic.

use super::notation::{
    Event, Stripe, checked_step, discard, freed, given, put, resize, row, same, state, take, try_take,
};
use core::ptr::NonNull;

const MAX: u32 = u32::MAX;

#[test]
fn a_stripe_of_zero_counts_as_one() {
    assert_eq!(Stripe::new(0), Stripe::new(1));
    assert_eq!(state(&Stripe::new(0)), "cap 1 avail 1");
}

#[test]
fn the_largest_stripe_lends_and_takes_back() {
    let stripe = row(&given(MAX, []), take(7), ["wake 7: create"], "cap 4294967295 avail 4294967294");
    let stripe = row(&stripe, put(10, u64::MAX), [], "cap 4294967295 avail 4294967294 idle 10@18446744073709551615");
    let stripe = row(&stripe, put(10, 0), ["reject NothingOut"], &state(&stripe));
    row(&stripe, Event::Drain, ["free 10"], "cap 4294967295 avail 4294967294 freeing 1");
    same(&given(MAX, []), Event::CreateFailed, ["reject NothingOut"]);
}

#[test]
fn grow_to_the_largest_and_back_with_permits_owed() {
    let stripe = given(4, [try_take(); 4]);
    let stripe = row(&stripe, resize(2), [], "cap 2 owed 2");
    let stripe = row(&stripe, resize(MAX), [], "cap 4294967295 avail 4294967291");
    let stripe = row(&stripe, resize(1), [], "cap 1 owed 3");
    let stripe = row(&stripe, resize(MAX), [], "cap 4294967295 avail 4294967291");
    row(&stripe, resize(MAX - 1), [], "cap 4294967294 avail 4294967290");
}

#[test]
fn grow_to_the_largest_with_waiters_and_permits_owed() {
    let stripe = given(3, [try_take(), try_take(), try_take(), take(7), take(8), resize(1)]);
    let stripe = row(&stripe, resize(MAX), ["wake-many 7 8: create"], "cap 4294967295 avail 4294967290 next 2");
    row(&stripe, resize(1), [], "cap 1 owed 4 next 2");
}

#[test]
fn shrink_from_the_largest_with_idle_entries_and_frees_in_flight() {
    let stripe = given(MAX, [try_take(), try_take(), try_take(), put(10, 1), put(20, 2), discard(30)]);
    let stripe = row(&stripe, resize(1), ["free 10"], "cap 1 owed 2 freeing 2 idle 20@2");
    let stripe = row(&stripe, resize(MAX), [], "cap 4294967295 avail 4294967292 freeing 2 idle 20@2");
    row(&stripe, freed(2), [], "cap 4294967295 avail 4294967294 idle 20@2");
}

#[test]
fn out_is_what_capacity_and_owed_leave_over() {
    let stripe = given(4, [try_take(), try_take(), try_take(), put(10, 1), discard(20)]);
    assert_eq!((stripe.idle(), stripe.freeing(), stripe.out()), (1, 1, 2));
    let owing = checked_step(&given(MAX, [try_take(), try_take()]), resize(1)).stripe;
    assert_eq!((owing.owed(), owing.out()), (1, 2));
    assert_eq!(given(MAX, []).out(), 0);
}

/// The runtime keeps a stripe and its bookkeeping in one node of 512 bytes.
#[test]
fn a_stripe_of_pointers_fits_a_node() {
    let size = size_of::<striped_pool::stripe::Stripe<NonNull<()>, NonNull<()>>>();
    assert!(size <= 456, "{size} bytes");
}
