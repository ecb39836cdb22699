//! `Take`, `TryTake` and `Cancel`: every branch.

use super::notation::{
    Event, cancel, checked_step, give_back, given, put, resize, row, same, state, take, try_take, try_take_for,
};

#[test]
fn a_new_stripe_is_all_permits() {
    assert_eq!(state(&given(3, [])), "cap 3 avail 3");
}

#[test]
fn take_of_an_idle_entry_delivers_the_newest() {
    let stripe = given(2, [try_take(), try_take(), put(10, 4), put(20, 5)]);
    let stripe = row(&stripe, take(7), ["wake 7: deliver 20"], "cap 2 idle 10@4");
    row(&stripe, take(8), ["wake 8: deliver 10"], "cap 2");
}

#[test]
fn take_prefers_an_idle_entry_to_a_permit() {
    let stripe = given(2, [try_take(), put(10, 4)]);
    row(&stripe, take(7), ["wake 7: deliver 10"], "cap 2 avail 1");
}

#[test]
fn take_of_a_permit_creates() {
    let stripe = row(&given(2, []), take(7), ["wake 7: create"], "cap 2 avail 1");
    row(&stripe, take(8), ["wake 8: create"], "cap 2");
}

#[test]
fn take_of_nothing_queues_under_the_next_id() {
    let stripe = given(1, [try_take()]);
    let stripe = row(&stripe, take(7), [], "cap 1 queue 7#0 next 1");
    row(&stripe, take(8), [], "cap 1 queue 7#0 8#1 next 2");
}

#[test]
fn take_of_a_closed_stripe_is_cancelled() {
    same(&given(2, [Event::Close]), take(7), ["wake 7: cancelled"]);
    same(&given(1, [try_take(), Event::Close]), take(7), ["wake 7: cancelled"]);
}

#[test]
fn try_take_of_an_idle_entry_delivers_the_newest() {
    let stripe = given(3, [try_take(), try_take(), put(10, 4), put(20, 5)]);
    row(&stripe, try_take(), ["wake me: deliver 20"], "cap 3 avail 1 idle 10@4");
    row(&stripe, try_take_for(7), ["wake 7: deliver 20"], "cap 3 avail 1 idle 10@4");
}

#[test]
fn try_take_of_a_permit_creates() {
    row(&given(2, []), try_take(), ["wake me: create"], "cap 2 avail 1");
    row(&given(2, []), try_take_for(7), ["wake 7: create"], "cap 2 avail 1");
}

#[test]
fn try_take_of_nothing_is_cancelled_and_never_queued() {
    let stripe = given(1, [try_take()]);
    same(&stripe, try_take(), ["wake me: cancelled"]);
    same(&stripe, try_take_for(7), ["wake 7: cancelled"]);
    same(&given(1, [try_take(), take(7)]), try_take(), ["wake me: cancelled"]);
}

#[test]
fn try_take_of_a_closed_stripe_is_cancelled() {
    same(&given(2, [Event::Close]), try_take(), ["wake me: cancelled"]);
    same(&given(2, [Event::Close]), try_take_for(7), ["wake 7: cancelled"]);
}

#[test]
fn an_owed_permit_is_not_taken() {
    let stripe = given(3, [try_take(), try_take(), resize(1)]);
    assert_eq!(state(&stripe), "cap 1 owed 1");
    same(&stripe, try_take(), ["wake me: cancelled"]);
    row(&stripe, take(7), [], "cap 1 owed 1 queue 7#0 next 1");
}

#[test]
fn cancel_of_a_queued_take_answers_its_own_slot() {
    let stripe = given(1, [try_take(), take(7)]);
    row(&stripe, cancel(0), ["wake 7: cancelled"], "cap 1 next 1");
}

#[test]
fn cancel_in_the_middle_keeps_the_order_of_the_others() {
    let stripe = given(1, [try_take(), take(5), take(6), take(7), take(8), take(9)]);
    let stripe = row(&stripe, cancel(2), ["wake 7: cancelled"], "cap 1 queue 5#0 6#1 8#3 9#4 next 5");
    let stripe = row(&stripe, cancel(0), ["wake 5: cancelled"], "cap 1 queue 6#1 8#3 9#4 next 5");
    let stripe = row(&stripe, cancel(4), ["wake 9: cancelled"], "cap 1 queue 6#1 8#3 next 5");
    row(&stripe, put(10, 1), ["wake 6: deliver 10"], "cap 1 queue 8#3 next 5");
}

#[test]
fn cancel_of_a_woken_take_is_rejected() {
    let stripe = given(2, [try_take(), try_take(), take(7), take(8), put(10, 4)]);
    same(&stripe, cancel(0), ["reject AlreadyWoken"]);
    let stripe = given(1, [try_take(), take(7), cancel(0), take(8)]);
    same(&stripe, cancel(0), ["reject AlreadyWoken"]);
}

#[test]
fn cancel_between_two_queued_ids_takes_neither() {
    let stripe = given(1, [try_take(), take(7), take(8), take(9), cancel(1)]);
    same(&stripe, cancel(1), ["reject AlreadyWoken"]);
}

#[test]
fn cancel_of_an_id_not_yet_given_is_rejected() {
    same(&given(1, []), cancel(0), ["reject NeverQueued"]);
    same(&given(1, [try_take(), take(7)]), cancel(1), ["reject NeverQueued"]);
    same(&given(1, [try_take(), take(7)]), cancel(u64::MAX), ["reject NeverQueued"]);
}

#[test]
fn ids_are_never_used_twice() {
    let stripe = given(1, [try_take(), take(7), cancel(0)]);
    let stripe = row(&stripe, take(7), [], "cap 1 queue 7#1 next 2");
    let stripe = row(&stripe, give_back(10), ["wake 7: deliver 10"], "cap 1 next 2");
    row(&stripe, take(7), [], "cap 1 queue 7#2 next 3");
}

#[test]
fn a_take_that_does_not_wait_uses_no_id() {
    for event in [take(7), try_take()] {
        assert_eq!(checked_step(&given(1, []), event).stripe.next_id().0, 0);
        assert_eq!(checked_step(&given(1, [Event::Close]), event).stripe.next_id().0, 0);
    }
}
