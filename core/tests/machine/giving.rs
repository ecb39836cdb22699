//! What comes back: `Put`, `Return`, `Discard`, `Freed`, `CreateFailed` and `Detach`, every branch.

use super::notation::{Event, discard, freed, give_back, given, put, resize, row, same, state, take, try_take};

/// Two lent, one to give up, two waiting: closed or owed comes before them.
fn owed_and_waited_for() -> super::notation::Stripe {
    let stripe = given(2, [try_take(), try_take(), take(7), take(8), resize(1)]);
    assert_eq!(state(&stripe), "cap 1 owed 1 queue 7#0 8#1 next 2");
    stripe
}

#[test]
fn put_is_cached_when_nobody_waits() {
    row(&given(2, [try_take()]), put(10, 5), [], "cap 2 avail 1 idle 10@5");
}

#[test]
fn put_goes_to_the_oldest_waiter_before_the_cache() {
    let stripe = given(1, [try_take(), take(7), take(8)]);
    let stripe = row(&stripe, put(10, 5), ["wake 7: deliver 10"], "cap 1 queue 8#1 next 2");
    let stripe = row(&stripe, put(10, 6), ["wake 8: deliver 10"], "cap 1 next 2");
    row(&stripe, put(10, 7), [], "cap 1 idle 10@7 next 2");
}

#[test]
fn put_is_freed_before_it_goes_to_a_waiter_when_owed() {
    let stripe = row(&owed_and_waited_for(), put(10, 5), ["free 10"], "cap 1 owed 1 freeing 1 queue 7#0 8#1 next 2");
    row(&stripe, put(20, 6), ["wake 7: deliver 20"], "cap 1 owed 1 freeing 1 queue 8#1 next 2");
}

#[test]
fn put_is_freed_when_owed_and_nobody_waits() {
    let stripe = given(3, [try_take(), try_take(), try_take(), resize(1)]);
    let stripe = row(&stripe, put(10, 5), ["free 10"], "cap 1 owed 2 freeing 1");
    let stripe = row(&stripe, put(20, 5), ["free 20"], "cap 1 owed 2 freeing 2");
    row(&stripe, put(30, 5), [], "cap 1 owed 2 freeing 2 idle 30@5");
}

#[test]
fn put_into_a_closed_stripe_is_freed() {
    let stripe = given(2, [try_take(), Event::Close]);
    row(&stripe, put(10, 5), ["free 10"], "cap 2 avail 1 freeing 1 closed");
}

#[test]
fn put_with_an_older_clock_keeps_the_newest_first() {
    let stripe = given(3, [try_take(), try_take(), try_take(), put(10, 5)]);
    let stripe = row(&stripe, put(20, 3), [], "cap 3 idle 20@5 10@5");
    let stripe = row(&stripe, put(30, 6), [], "cap 3 idle 30@6 20@5 10@5");
    row(&stripe, take(7), ["wake 7: deliver 30"], "cap 3 idle 20@5 10@5");
}

#[test]
fn return_asks_for_a_stamp_when_nobody_waits() {
    let stripe = given(2, [try_take()]);
    same(&stripe, give_back(10), ["stamp 10"]);
    row(&stripe, put(10, 5), [], "cap 2 avail 1 idle 10@5");
}

#[test]
fn the_put_after_a_return_looks_for_waiters_again() {
    let stripe = given(1, [try_take(), give_back(10), take(7)]);
    row(&stripe, put(10, 5), ["wake 7: deliver 10"], "cap 1 next 1");
    let stripe = given(1, [try_take(), give_back(10), Event::Close]);
    row(&stripe, put(10, 5), ["free 10"], "cap 1 freeing 1 closed");
}

#[test]
fn return_goes_to_the_oldest_waiter() {
    let stripe = given(1, [try_take(), take(7), take(8)]);
    row(&stripe, give_back(10), ["wake 7: deliver 10"], "cap 1 queue 8#1 next 2");
}

#[test]
fn return_is_freed_before_it_goes_to_a_waiter_when_owed() {
    let stripe = owed_and_waited_for();
    let stripe = row(&stripe, give_back(10), ["free 10"], "cap 1 owed 1 freeing 1 queue 7#0 8#1 next 2");
    row(&stripe, give_back(20), ["wake 7: deliver 20"], "cap 1 owed 1 freeing 1 queue 8#1 next 2");
}

#[test]
fn return_into_a_closed_stripe_is_freed() {
    let stripe = given(2, [try_take(), Event::Close]);
    row(&stripe, give_back(10), ["free 10"], "cap 2 avail 1 freeing 1 closed");
}

#[test]
fn discard_frees_and_keeps_the_permit_out() {
    row(&given(2, [try_take()]), discard(10), ["free 10"], "cap 2 avail 1 freeing 1");
}

#[test]
fn discard_wakes_nobody_until_the_free_has_finished() {
    let stripe = given(1, [try_take(), take(7)]);
    let stripe = row(&stripe, discard(10), ["free 10"], "cap 1 freeing 1 queue 7#0 next 1");
    row(&stripe, freed(1), ["wake 7: create"], "cap 1 next 1");
}

#[test]
fn discard_frees_on_a_closed_and_on_an_owing_stripe() {
    row(&given(1, [try_take(), Event::Close]), discard(10), ["free 10"], "cap 1 freeing 1 closed");
    row(&owed_and_waited_for(), discard(10), ["free 10"], "cap 1 owed 1 freeing 1 queue 7#0 8#1 next 2");
}

#[test]
fn freed_gives_the_permit_back() {
    let stripe = given(3, [try_take(), try_take(), discard(10), discard(20)]);
    let stripe = row(&stripe, freed(1), [], "cap 3 avail 2 freeing 1");
    row(&stripe, freed(1), [], "cap 3 avail 3");
}

#[test]
fn freed_for_several_is_one_wake_many_in_order() {
    let stripe = given(3, [try_take(), try_take(), try_take(), take(7), take(8), take(9)]);
    let stripe =
        [10, 20, 30].into_iter().fold(stripe, |stripe, r| super::notation::checked_step(&stripe, discard(r)).stripe);
    row(&stripe, freed(2), ["wake-many 7 8: create"], "cap 3 freeing 1 queue 9#2 next 3");
    row(&stripe, freed(3), ["wake-many 7 8 9: create"], "cap 3 next 3");
    row(&stripe, freed(1), ["wake 7: create"], "cap 3 freeing 2 queue 8#1 9#2 next 3");
}

#[test]
fn freed_for_more_than_wait_keeps_the_rest() {
    let stripe = given(3, [try_take(), try_take(), try_take(), take(7), discard(10), discard(20), discard(30)]);
    row(&stripe, freed(3), ["wake 7: create"], "cap 3 avail 2 next 1");
}

#[test]
fn freed_is_swallowed_first_while_owed() {
    let waits = [take(7), take(8), take(9)];
    let frees = [discard(10), discard(20), discard(30), discard(40)];
    let stripe = given(4, [try_take(); 4].into_iter().chain(waits).chain(frees).chain([resize(3)]));
    assert_eq!(state(&stripe), "cap 3 owed 1 freeing 4 queue 7#0 8#1 9#2 next 3");
    row(&stripe, freed(1), [], "cap 3 freeing 3 queue 7#0 8#1 9#2 next 3");
    row(&stripe, freed(2), ["wake 7: create"], "cap 3 freeing 2 queue 8#1 9#2 next 3");
    row(&stripe, freed(3), ["wake-many 7 8: create"], "cap 3 freeing 1 queue 9#2 next 3");
    row(&stripe, freed(4), ["wake-many 7 8 9: create"], "cap 3 next 3");
}

#[test]
fn freed_after_close_gives_the_permit_back() {
    row(&given(2, [try_take(), discard(10), Event::Close]), freed(1), [], "cap 2 avail 2 closed");
}

/// `CreateFailed` and `Detach`: one transition under two names.
const PERMIT_BACK: [Event; 2] = [Event::CreateFailed, Event::Detach];

#[test]
fn create_failed_and_detach_give_the_permit_back() {
    for event in PERMIT_BACK {
        row(&given(2, [try_take()]), event, [], "cap 2 avail 2");
        row(&given(2, [try_take(), Event::Close]), event, [], "cap 2 avail 2 closed");
    }
}

#[test]
fn create_failed_and_detach_wake_the_oldest_waiter_with_the_permit() {
    for event in PERMIT_BACK {
        let stripe = given(1, [try_take(), take(7), take(8)]);
        row(&stripe, event, ["wake 7: create"], "cap 1 queue 8#1 next 2");
    }
}

#[test]
fn create_failed_and_detach_are_swallowed_first_while_owed() {
    for event in PERMIT_BACK {
        let stripe = row(&owed_and_waited_for(), event, [], "cap 1 queue 7#0 8#1 next 2");
        row(&stripe, event, ["wake 7: create"], "cap 1 queue 8#1 next 2");
    }
}
