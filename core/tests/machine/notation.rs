//! The notation of the table: short names for events, one line of text for a state and for an effect.
//!
//! A state leaves out what is zero, empty or false: `cap 3 avail 1 owed 1 freeing 1 idle 20@9 10@5 queue 7#0 8#1 next 2
//! closed` is a stripe of capacity 3 with idle resources 20 (last used at 9) and 10 (at 5), and wake slots 7 and 8
//! queued under ids 0 and 1. Resources are written as tens, wake slots as single digits; `me` is the caller.

use core::fmt::Display;
use core::time::Duration;
use striped_pool::stripe::{self, Recipient, StripeEffect, Timestamp, WaiterId, WakeResult, step, violations};

pub(crate) type Event = stripe::Event<u8, u8>;
pub(crate) type Stripe = stripe::Stripe<u8, u8>;
pub(crate) type Step = stripe::StripeStep<u8, u8>;
pub(crate) type Effect = StripeEffect<u8, u8>;

pub(crate) fn take(wake: u8) -> Event {
    Event::Take { wake }
}

pub(crate) fn try_take() -> Event {
    Event::TryTake { wake: Recipient::Caller }
}

pub(crate) fn try_take_for(wake: u8) -> Event {
    Event::TryTake { wake: Recipient::Slot(wake) }
}

pub(crate) fn put(resource: u8, now: u64) -> Event {
    Event::Put { resource, now: Timestamp(now) }
}

pub(crate) fn give_back(resource: u8) -> Event {
    Event::Return { resource }
}

pub(crate) fn discard(resource: u8) -> Event {
    Event::Discard { resource }
}

pub(crate) fn freed(count: u32) -> Event {
    Event::Freed { count }
}

pub(crate) fn cancel(id: u64) -> Event {
    Event::Cancel { id: WaiterId(id) }
}

pub(crate) fn reap(now: u64, ttl: u64, keep: u32) -> Event {
    Event::Reap { now: Timestamp(now), ttl: Duration::from_nanos(ttl), keep }
}

pub(crate) fn resize(capacity: u32) -> Event {
    Event::Resize { capacity }
}

/// One event, with everything checked that holds of every event on every state.
pub(crate) fn checked_step(before: &Stripe, event: Event) -> Step {
    let (copy, shown) = (before.clone(), state(before));
    let after = step(before, event);
    assert_eq!(*before, copy, "{event:?} changed its input");
    assert_eq!(state(before), shown, "{event:?} changed its input");
    assert_eq!(violations(&after.stripe), [], "{event:?} made {}", state(&after.stripe));
    assert_eq!(after.changed, state(&after.stripe) != shown, "changed, after {event:?} on {shown}");
    if after.effects.iter().any(|effect| matches!(effect, StripeEffect::Reject(_))) {
        assert!(!after.changed && after.effects.len() == 1, "{event:?} was rejected and yet did something");
    }
    let listed: Vec<&Effect> = after.effects.iter().collect();
    assert_eq!((after.effects.len(), after.effects.is_empty()), (listed.len(), listed.is_empty()), "{event:?}");
    let mut in_place = before.clone();
    let applied = in_place.apply(event);
    assert_eq!((&in_place, &applied.effects, applied.changed), (&after.stripe, &after.effects, after.changed));
    after
}

/// A stripe of `capacity` to which `events` happened, none of them rejected.
pub(crate) fn given(capacity: u32, events: impl IntoIterator<Item = Event>) -> Stripe {
    events.into_iter().fold(Stripe::new(capacity), |before, event| {
        let Step { stripe, effects, .. } = checked_step(&before, event);
        let rejected = effects.iter().any(|effect| matches!(effect, StripeEffect::Reject(_)));
        assert!(!rejected, "setting up: {event:?} was rejected on {}", state(&before));
        stripe
    })
}

/// One row: `event` on `before` has exactly these effects and leaves exactly this state. Returns the stripe.
pub(crate) fn row<const N: usize>(before: &Stripe, event: Event, effects: [&str; N], after: &str) -> Stripe {
    let step = checked_step(before, event);
    let shown: Vec<String> = step.effects.iter().map(effect).collect();
    assert_eq!(shown, effects, "effects of {event:?} on {}", state(before));
    assert_eq!(state(&step.stripe), after, "state after {event:?} on {}", state(before));
    step.stripe
}

/// One row: `event` on `before` has exactly these effects and changes nothing.
pub(crate) fn same<const N: usize>(before: &Stripe, event: Event, effects: [&str; N]) {
    row(before, event, effects, &state(before));
}

pub(crate) fn state(stripe: &Stripe) -> String {
    let idle = stripe.cache().iter().map(|entry| format!("{}@{}", entry.resource, entry.last_used.0));
    let queue = stripe.queue().iter().map(|waiter| format!("{}{:?}", waiter.wake, waiter.id));
    let mut text = format!("cap {}", stripe.capacity());
    for (name, count) in [("avail", stripe.available()), ("owed", stripe.owed()), ("freeing", stripe.freeing())] {
        field(&mut text, name, (count > 0).then_some(count));
    }
    field(&mut text, "idle", idle);
    field(&mut text, "queue", queue);
    field(&mut text, "next", (stripe.next_id().0 > 0).then_some(stripe.next_id().0));
    text + if stripe.is_closed() { " closed" } else { "" }
}

fn field(text: &mut String, name: &str, values: impl IntoIterator<Item: Display>) {
    let values = list(values);
    if !values.is_empty() {
        text.extend([" ", name, " ", &values]);
    }
}

fn list(values: impl IntoIterator<Item: Display>) -> String {
    values.into_iter().map(|value| value.to_string()).collect::<Vec<_>>().join(" ")
}

pub(crate) fn effect(effect: &Effect) -> String {
    match effect {
        StripeEffect::Wake { recipient: Recipient::Caller, result } => format!("wake me: {}", outcome(*result)),
        StripeEffect::Wake { recipient: Recipient::Slot(wake), result } => format!("wake {wake}: {}", outcome(*result)),
        StripeEffect::WakeMany { waiters, result } => {
            format!("wake-many {}: {}", list(waiters.iter().map(|waiter| waiter.wake)), outcome(*result))
        }
        StripeEffect::InsertWithTimestamp { resource } => format!("stamp {resource}"),
        StripeEffect::FreeMany { resources } => format!("free {}", list(resources.iter())),
        StripeEffect::Reject(reason) => format!("reject {reason:?}"),
    }
}

fn outcome(result: WakeResult<u8>) -> String {
    match result {
        WakeResult::Deliver(resource) => format!("deliver {resource}"),
        WakeResult::Create => "create".into(),
        WakeResult::Cancelled => "cancelled".into(),
    }
}
