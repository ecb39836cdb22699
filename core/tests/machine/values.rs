//! The plain data that a step answers with: how effects, resources and ids compare, count and print.

use super::notation::{Effect, Event, checked_step, discard, given, put, reap, take, try_take, try_take_for};
use core::hash::BuildHasher;
use std::hash::RandomState;
use striped_pool::stripe::{Effects, Resources, StripeEffect, WaiterId, WakeResult};

/// The resources that `event` frees on a stripe of one lent (30) and two idle (10, then 20).
fn resources(event: Event) -> Resources<u8> {
    let stripe = given(3, [try_take(), try_take(), try_take(), put(10, 1), put(20, 2)]);
    match checked_step(&stripe, event).effects.into_iter().next() {
        Some(StripeEffect::FreeMany { resources }) => resources,
        other => panic!("{event:?} freed nothing: {other:?}"),
    }
}

#[test]
fn only_a_result_for_the_caller_is_for_the_caller() {
    let one = given(1, []);
    assert_eq!(checked_step(&one, try_take()).effects.for_caller(), Some(WakeResult::Create));
    assert_eq!(checked_step(&one, try_take_for(7)).effects.for_caller(), None);
    assert_eq!(checked_step(&one, take(7)).effects.for_caller(), None);
    assert_eq!(checked_step(&one, Event::Drain).effects.for_caller(), None);
    assert_eq!(checked_step(&one, Event::CreateFailed).effects.for_caller(), None);
}

#[test]
fn no_effect_is_the_empty_list() {
    let none = checked_step(&given(1, []), Event::Drain).effects;
    assert_eq!(none, Effects::NONE);
    assert_eq!((none.is_empty(), none.len()), (true, 0));
    assert_eq!((none.iter().count(), none.into_iter().count()), (0, 0));
}

#[test]
fn effects_list_the_same_by_reference_and_by_value() {
    let closed = checked_step(&given(1, [try_take(), take(7)]), Event::Close).effects;
    let by_reference: Vec<Effect> = closed.iter().cloned().collect();
    assert_eq!((closed.is_empty(), closed.len()), (false, 1));
    assert_eq!((&closed).into_iter().cloned().collect::<Vec<_>>(), by_reference);
    assert_eq!(closed.into_iter().collect::<Vec<_>>(), by_reference);
}

#[test]
fn resources_count_and_list_newest_first() {
    let listed = |event| resources(event).iter().collect::<Vec<_>>();
    assert_eq!(listed(discard(30)), [30]);
    assert_eq!(listed(Event::Drain), [20, 10]);
    for (event, len) in [(discard(30), 1), (Event::Drain, 2), (reap(5, 4, 0), 1)] {
        assert_eq!(resources(event).len(), len);
        assert!(!resources(event).is_empty());
    }
    assert!(Resources::<u8>::Idle(Box::default()).is_empty());
}

#[test]
fn resources_are_equal_when_they_list_the_same_however_they_are_held() {
    let (one, idle) = (resources(discard(10)), resources(reap(5, 4, 0)));
    assert!(matches!((&one, &idle), (Resources::One(10), Resources::Idle(_))));
    let hasher = RandomState::new();
    assert_eq!(one, idle);
    assert_eq!(hasher.hash_one(&one), hasher.hash_one(&idle));
    assert_ne!(one, resources(discard(30)));
    assert_ne!(hasher.hash_one(&one), hasher.hash_one(resources(discard(30))));
    assert_ne!(one, resources(Event::Drain));
    assert_eq!(format!("{one:?} {:?}", resources(Event::Drain)), "[10] [20, 10]");
}

#[test]
fn stripes_of_one_history_are_equal_and_hash_alike() {
    let stripe = || given(9, [try_take(); 9].into_iter().chain([put(10, 1), put(20, 2), discard(30)]));
    let hasher = RandomState::new();
    assert_eq!(stripe(), stripe());
    assert_eq!(hasher.hash_one(stripe()), hasher.hash_one(stripe()));
    assert_ne!(stripe(), checked_step(&stripe(), try_take()).stripe);
}

#[test]
fn stripes_that_differ_in_one_entry_or_one_waiter_differ_and_hash_apart() {
    let idle = |resource, now| given(1, [try_take(), put(resource, now)]);
    let waited_for = |wake| given(1, [try_take(), take(wake)]);
    let (hasher, pairs) =
        (RandomState::new(), [(idle(10, 1), idle(20, 1)), (idle(10, 1), idle(10, 2)), (waited_for(1), waited_for(2))]);
    for (one, other) in pairs {
        assert_ne!(one, other);
        assert_ne!(hasher.hash_one(one), hasher.hash_one(other));
    }
}

#[test]
fn an_id_prints_as_a_number_sign_and_its_number() {
    assert_eq!(format!("{:?}", WaiterId(7)), "#7");
}
