//! Every reason to reject, for every event that can be rejected for it. `checked_step` asserts each time that nothing
//! changed; `Reject::QueueFull` cannot be reached from outside: `src/stripe/tests.rs`.

use super::notation::{Event, cancel, discard, freed, give_back, given, put, resize, same, take, try_take};
use striped_pool::stripe::Reject;

/// Every event that hands something back.
fn hand_backs() -> [Event; 5] {
    [put(10, 1), give_back(10), discard(10), Event::CreateFailed, Event::Detach]
}

#[test]
fn nothing_comes_back_to_a_stripe_that_lent_nothing() {
    for event in hand_backs() {
        same(&given(2, []), event, ["reject NothingOut"]);
        same(&given(2, [Event::Close]), event, ["reject NothingOut"]);
        same(&given(1, [try_take(), put(10, 1)]), event, ["reject NothingOut"]);
    }
}

#[test]
fn nothing_comes_back_twice() {
    for event in hand_backs() {
        let once = given(2, [try_take(), Event::CreateFailed]);
        same(&once, event, ["reject NothingOut"]);
    }
}

#[test]
fn what_is_being_freed_cannot_come_back() {
    for event in hand_backs() {
        same(&given(2, [try_take(), discard(10)]), event, ["reject NothingOut"]);
        let waited_for = given(1, [try_take(), take(7), discard(10)]);
        same(&waited_for, event, ["reject NothingOut"]);
        let owing = given(2, [try_take(), try_take(), discard(10), discard(20), resize(1)]);
        same(&owing, event, ["reject NothingOut"]);
    }
}

#[test]
fn no_more_is_freed_than_is_being_freed() {
    same(&given(2, []), freed(1), ["reject NotFreeing"]);
    same(&given(2, [try_take()]), freed(1), ["reject NotFreeing"]);
    same(&given(2, [try_take(), try_take(), discard(10)]), freed(2), ["reject NotFreeing"]);
    same(&given(2, [try_take(), discard(10), freed(1)]), freed(1), ["reject NotFreeing"]);
    same(&given(2, [try_take(), discard(10)]), freed(u32::MAX), ["reject NotFreeing"]);
}

#[test]
fn freed_for_none_is_rejected() {
    same(&given(2, []), freed(0), ["reject NotFreeing"]);
    same(&given(2, [try_take(), discard(10)]), freed(0), ["reject NotFreeing"]);
}

#[test]
fn a_cancel_of_a_closed_stripe_comes_too_late_or_never_was() {
    let closed = given(1, [try_take(), take(7), Event::Close]);
    same(&closed, cancel(0), ["reject AlreadyWoken"]);
    same(&closed, cancel(1), ["reject NeverQueued"]);
}

#[test]
fn resize_to_zero_is_rejected_open_or_closed() {
    same(&given(2, []), resize(0), ["reject ZeroCapacity"]);
    same(&given(2, [Event::Close]), resize(0), ["reject ZeroCapacity"]);
}

#[test]
fn close_of_a_closed_stripe_is_rejected() {
    same(&given(2, [Event::Close]), Event::Close, ["reject AlreadyClosed"]);
}

#[test]
fn every_reason_reads_differently() {
    let reasons = [
        Reject::NothingOut,
        Reject::NotFreeing,
        Reject::AlreadyWoken,
        Reject::NeverQueued,
        Reject::ZeroCapacity,
        Reject::AlreadyClosed,
        Reject::QueueFull,
    ];
    let mut texts = reasons.map(|reason| reason.to_string());
    texts.sort_unstable();
    assert!(texts.iter().all(|text| !text.is_empty()) && texts.is_sorted_by(|a, b| a < b), "{texts:?}");
}
