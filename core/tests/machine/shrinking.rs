//! What an owner does to a whole stripe: `Reap`, `Drain`, `Resize` and `Close`, every branch.

use super::notation::{
    Event, Stripe, discard, freed, give_back, given, put, reap, resize, row, same, state, take, try_take,
};

/// Four resources, all idle: 10 since 1, 20 since 2, 30 since 3, 40 since 4.
fn four_idle() -> Stripe {
    let puts = [put(10, 1), put(20, 2), put(30, 3), put(40, 4)];
    given(4, [try_take(); 4].into_iter().chain(puts))
}

#[test]
fn reap_frees_the_stale_and_only_those() {
    row(&four_idle(), reap(12, 10, 0), ["free 20 10"], "cap 4 freeing 2 idle 40@4 30@3");
    row(&four_idle(), reap(100, 10, 0), ["free 40 30 20 10"], "cap 4 freeing 4");
}

#[test]
fn reap_finds_nothing_before_the_age_is_reached() {
    same(&four_idle(), reap(10, 10, 0), []);
    row(&four_idle(), reap(11, 10, 0), ["free 10"], "cap 4 freeing 1 idle 40@4 30@3 20@2");
}

#[test]
fn reap_keeps_the_newest_even_if_they_are_stale() {
    row(&four_idle(), reap(100, 10, 1), ["free 30 20 10"], "cap 4 freeing 3 idle 40@4");
    row(&four_idle(), reap(13, 10, 3), ["free 10"], "cap 4 freeing 1 idle 40@4 30@3 20@2");
    same(&four_idle(), reap(100, 10, 4), []);
    same(&four_idle(), reap(100, 10, u32::MAX), []);
}

#[test]
fn reap_with_room_to_keep_more_frees_no_more_than_the_stale() {
    row(&four_idle(), reap(11, 10, 1), ["free 10"], "cap 4 freeing 1 idle 40@4 30@3 20@2");
}

#[test]
fn reap_with_a_clock_that_is_behind_frees_nothing() {
    same(&four_idle(), reap(0, 1, 0), []);
}

#[test]
fn reap_of_an_empty_cache_does_nothing() {
    same(&given(2, [try_take()]), reap(100, 0, 0), []);
    same(&given(1, [try_take(), take(7)]), reap(100, 0, 0), []);
    same(&given(2, [Event::Close]), reap(100, 0, 0), []);
}

#[test]
fn drain_frees_every_idle_entry_and_nothing_else() {
    row(&four_idle(), Event::Drain, ["free 40 30 20 10"], "cap 4 freeing 4");
    let stripe = given(3, [try_take(), try_take(), put(10, 1)]);
    row(&stripe, Event::Drain, ["free 10"], "cap 3 avail 1 freeing 1");
}

#[test]
fn drain_of_an_empty_cache_does_nothing() {
    same(&given(1, [try_take(), take(7)]), Event::Drain, []);
    same(&given(2, [Event::Close]), Event::Drain, []);
}

#[test]
fn resize_to_the_same_capacity_does_nothing() {
    same(&four_idle(), resize(4), []);
    same(&given(2, [try_take(), try_take(), resize(1)]), resize(1), []);
}

#[test]
fn grow_makes_permits() {
    row(&given(1, [try_take()]), resize(3), [], "cap 3 avail 2");
    row(&given(1, []), resize(3), [], "cap 3 avail 3");
}

#[test]
fn grow_wakes_waiters_before_it_makes_permits() {
    let stripe = given(1, [try_take(), take(7), take(8)]);
    row(&stripe, resize(2), ["wake 7: create"], "cap 2 queue 8#1 next 2");
    row(&stripe, resize(3), ["wake-many 7 8: create"], "cap 3 next 2");
    row(&stripe, resize(5), ["wake-many 7 8: create"], "cap 5 avail 2 next 2");
}

#[test]
fn grow_swallows_what_is_owed_first_then_wakes_then_makes_permits() {
    let stripe = given(3, [try_take(), try_take(), try_take(), take(7), resize(1)]);
    assert_eq!(state(&stripe), "cap 1 owed 2 queue 7#0 next 1");
    row(&stripe, resize(2), [], "cap 2 owed 1 queue 7#0 next 1");
    row(&stripe, resize(3), [], "cap 3 queue 7#0 next 1");
    row(&stripe, resize(4), ["wake 7: create"], "cap 4 next 1");
    row(&stripe, resize(6), ["wake 7: create"], "cap 6 avail 2 next 1");
}

#[test]
fn grow_leaves_what_is_being_freed_alone() {
    let stripe = given(2, [try_take(), try_take(), resize(1), put(10, 1)]);
    assert_eq!(state(&stripe), "cap 1 owed 1 freeing 1");
    let stripe = row(&stripe, resize(2), [], "cap 2 freeing 1");
    row(&stripe, freed(1), [], "cap 2 avail 1");
}

#[test]
fn shrink_takes_free_permits_first() {
    let stripe = given(4, [try_take(), put(10, 1)]);
    row(&stripe, resize(2), [], "cap 2 avail 1 idle 10@1");
    row(&stripe, resize(1), [], "cap 1 idle 10@1");
}

#[test]
fn shrink_then_frees_the_oldest_idle() {
    let stripe = given(4, [try_take(), try_take(), try_take(), put(10, 1), put(20, 2), put(30, 3)]);
    let stripe = row(&stripe, resize(2), ["free 10"], "cap 2 owed 1 freeing 1 idle 30@3 20@2");
    row(&stripe, freed(1), [], "cap 2 idle 30@3 20@2");
}

#[test]
fn shrink_owes_the_rest() {
    let stripe = given(4, [try_take(), try_take(), try_take(), put(10, 1)]);
    row(&stripe, resize(1), ["free 10"], "cap 1 owed 2 freeing 1");
    row(&given(3, [try_take(), try_take()]), resize(1), [], "cap 1 owed 1");
}

#[test]
fn shrink_frees_idle_only_up_to_what_is_owed_beyond_what_is_being_freed() {
    let stripe = given(3, [try_take(), try_take(), try_take(), put(10, 1), put(20, 2), discard(30)]);
    assert_eq!(state(&stripe), "cap 3 freeing 1 idle 20@2 10@1");
    row(&stripe, resize(2), [], "cap 2 owed 1 freeing 1 idle 20@2 10@1");
    row(&stripe, resize(1), ["free 10"], "cap 1 owed 2 freeing 2 idle 20@2");
}

#[test]
fn a_second_shrink_does_not_free_for_the_first_again() {
    let stripe = given(4, [try_take(); 4].into_iter().chain([put(10, 1), put(20, 2), put(30, 3)]));
    let stripe = row(&stripe, resize(3), ["free 10"], "cap 3 owed 1 freeing 1 idle 30@3 20@2");
    let stripe = row(&stripe, resize(2), ["free 20"], "cap 2 owed 2 freeing 2 idle 30@3");
    let stripe = row(&stripe, resize(1), ["free 30"], "cap 1 owed 3 freeing 3");
    row(&stripe, freed(3), [], "cap 1");
}

#[test]
fn shrink_while_more_is_being_freed_than_owed_frees_nothing() {
    let stripe = given(4, [try_take(); 4].into_iter().chain([put(10, 1), put(20, 2), discard(30), discard(40)]));
    row(&stripe, resize(3), [], "cap 3 owed 1 freeing 2 idle 20@2 10@1");
}

#[test]
fn shrink_with_waiters_wakes_and_frees_nobody() {
    let stripe = given(3, [try_take(), try_take(), try_take(), take(7)]);
    row(&stripe, resize(1), [], "cap 1 owed 2 queue 7#0 next 1");
}

#[test]
fn a_closed_stripe_can_still_be_resized() {
    let stripe = given(2, [try_take(), try_take(), Event::Close]);
    row(&stripe, resize(3), [], "cap 3 avail 1 closed");
    row(&stripe, resize(1), [], "cap 1 owed 1 closed");
}

#[test]
fn close_cancels_all_waiters_at_once_in_order() {
    let stripe = given(1, [try_take(), take(7), take(8), take(9)]);
    row(&stripe, Event::Close, ["wake-many 7 8 9: cancelled"], "cap 1 next 3 closed");
}

#[test]
fn close_cancels_an_only_waiter_with_a_plain_wake() {
    row(&given(1, [try_take(), take(7)]), Event::Close, ["wake 7: cancelled"], "cap 1 next 1 closed");
}

#[test]
fn close_frees_every_idle_entry() {
    row(&four_idle(), Event::Close, ["free 40 30 20 10"], "cap 4 freeing 4 closed");
}

#[test]
fn close_of_a_stripe_with_nobody_and_nothing_only_closes_it() {
    row(&given(2, []), Event::Close, [], "cap 2 avail 2 closed");
    row(&given(1, [try_take()]), Event::Close, [], "cap 1 closed");
}

#[test]
fn closed_is_for_good() {
    let taken = given(3, [try_take(), try_take(), try_take(), Event::Close]);
    let back = [give_back(10), put(20, 1), Event::CreateFailed, freed(2), resize(5), resize(1), Event::Drain, take(7)];
    let closed = back.into_iter().fold(taken, |stripe, event| {
        let after = super::notation::checked_step(&stripe, event).stripe;
        assert!(after.is_closed(), "{event:?} opened {}", state(&stripe));
        after
    });
    assert_eq!(state(&closed), "cap 1 avail 1 closed");
}
