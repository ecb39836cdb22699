//! The list of invariants, and what `violations` says.
//!
//! That it is empty for every state of every test is asserted by `checked_step`. That it reports what it should is not
//! tested here: a stripe's fields are private and every event keeps the invariants, so no violating stripe can be
//! built from outside, and a back door for a test would be one for everybody.

use super::notation::{Event, Stripe, resize};
use super::notation::{checked_step, discard, freed, given, put, take, try_take};
use striped_pool::stripe::{Invariant, StripeEffect, violations};

#[test]
fn every_invariant_is_listed_once_in_order_and_has_its_own_id() {
    assert!(Invariant::ALL.is_sorted_by(|a, b| a < b));
    let mut ids: Vec<&str> = Invariant::ALL.iter().map(|invariant| invariant.id()).collect();
    ids.sort_unstable();
    assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
    assert!(ids.iter().all(|id| id.starts_with("INV-") || *id == "LIVE-PROGRESS"), "{ids:?}");
}

#[test]
fn an_invariant_prints_as_its_id() {
    assert!(Invariant::ALL.iter().all(|invariant| invariant.to_string() == invariant.id()));
}

#[test]
fn violations_has_nothing_to_say_about_extreme_and_ordinary_states() {
    for capacity in [0, 1, 2, u32::MAX - 1, u32::MAX] {
        assert_eq!(violations(&Stripe::new(capacity)), []);
    }
}

/// The resources freed by the one effect of an event.
fn freed_by(stripe: &Stripe, event: Event) -> u32 {
    let effects = checked_step(stripe, event).effects;
    effects
        .iter()
        .map(|effect| if let StripeEffect::FreeMany { resources } = effect { resources.len() } else { 0 })
        .sum()
}

/// INV-SHRINK, on every mix of lent, idle and being freed of a stripe of five.
#[test]
fn shrinking_frees_neither_more_than_it_must_nor_less_than_it_can() {
    for (idle, freeing, unused) in
        (0..=5).flat_map(|i| (0..=5 - i).flat_map(move |f| (0..=5 - i - f).map(move |u| (i, f, u))))
    {
        let taken = (0..5 - unused).map(|_| try_take());
        let puts = (0..idle).map(|n| put(10, u64::from(n)));
        let discards = (0..freeing).map(|_| discard(20));
        let stripe = given(5, taken.chain(puts).chain(discards));
        for capacity in 1..5_u32 {
            let must = (5 - capacity).saturating_sub(unused).saturating_sub(freeing).min(idle);
            assert_eq!(
                freed_by(&stripe, resize(capacity)),
                must,
                "idle {idle} freeing {freeing} unused {unused} → {capacity}"
            );
        }
    }
}

/// LIVE-PROGRESS: `owed + waiters` permits that come back wake every waiter, whatever is being freed.
#[test]
fn give_backs_wake_every_waiter_within_the_bound() {
    for (freeing, capacity, waiters) in (0..=4).flat_map(|f| (1..=6).flat_map(move |c| (1..=4).map(move |w| (f, c, w))))
    {
        let takes = (0..4).map(|_| try_take()).chain((0..waiters).map(take));
        let start = given(4, takes.chain((0..freeing).map(|_| discard(10))));
        let mut stripe = checked_step(&start, resize(capacity)).stripe;
        let bound = stripe.owed() + stripe.queue().len();
        for _ in 0..bound {
            let event = if stripe.freeing() > 0 { freed(1) } else { Event::CreateFailed };
            stripe = checked_step(&stripe, event).stripe;
        }
        assert!(stripe.queue().is_empty(), "freeing {freeing}, capacity 4 → {capacity}, {waiters} waiters");
    }
}
