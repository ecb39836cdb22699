//! Random walks with a ghost of the outside world: who holds which resource, which permits are out, who waits.
//!
//! Events come in any order, absurd ones included. After each, the ghost, which knows only the effects, must agree with
//! the stripe's counters: INV-OWNER, INV-ONE-WAKE, INV-FIFO, INV-FREE-FIRST, INV-CLOSED along the way.

#![allow(clippy::disallowed_types, reason = "`prop_oneof!` names `std::sync::Arc` in what it expands to")]

use super::notation::{Event, Step, Stripe, cancel, checked_step, discard, freed, give_back, put, reap, resize, state};
use proptest::prelude::*;
use striped_pool::stripe::{Recipient, Reject, StripeEffect, WakeResult};

/// What the outside world knows from effects alone.
#[derive(Debug, Default)]
struct World {
    lent: Vec<u8>,
    idle: Vec<u8>,
    freeing: Vec<u8>,
    permits: u32,
    waiting: Vec<u8>,
    next_resource: u8,
    next_wake: u8,
    /// What the event in progress hands back, until an effect or the cache has it.
    hand: Option<u8>,
}

impl World {
    /// `event` with the real resource or wake slot in place of a random number.
    fn aim(&mut self, event: Event) -> Event {
        match event {
            Event::Take { .. } => {
                self.next_wake += 1;
                Event::Take { wake: self.next_wake }
            }
            Event::Put { resource, now } => Event::Put { resource: self.pick(resource), now },
            Event::Return { resource } => Event::Return { resource: self.pick(resource) },
            Event::Discard { resource } => Event::Discard { resource: self.pick(resource) },
            Event::TryTake { .. }
            | Event::Freed { .. }
            | Event::CreateFailed
            | Event::Detach
            | Event::Cancel { .. }
            | Event::Reap { .. }
            | Event::Drain
            | Event::Resize { .. }
            | Event::Close => event,
        }
    }

    /// A lent resource, or one just created under a permit, or one that nobody lent.
    fn pick(&mut self, random: u8) -> u8 {
        if self.lent.is_empty() && self.permits > 0 {
            self.permits -= 1;
            self.next_resource += 1;
            self.lent.push(self.next_resource);
        }
        self.lent.get(usize::from(random) % self.lent.len().max(1)).copied().unwrap_or(u8::MAX)
    }

    fn live(&mut self, before: &Stripe, event: Event, step: &Step) {
        let rejected = step.effects.iter().any(|effect| matches!(effect, StripeEffect::Reject(_)));
        let nothing_out = step.effects.iter().eq([&StripeEffect::Reject(Reject::NothingOut)]);
        let can_come_back = !self.lent.is_empty() || self.permits > 0;
        match event {
            Event::Put { resource, .. } | Event::Return { resource } | Event::Discard { resource } => {
                assert_eq!(nothing_out, !can_come_back, "{event:?} on {}", state(before));
                self.hand = take_out(&mut self.lent, resource);
            }
            Event::CreateFailed | Event::Detach => {
                assert_eq!(nothing_out, !can_come_back, "{event:?} on {}", state(before));
                // A permit comes back; if none was out, a lent resource is detached, or lost by who cannot count.
                match self.permits.checked_sub(1) {
                    Some(permits) => self.permits = permits,
                    None => self.lent.truncate(self.lent.len().saturating_sub(1)),
                }
            }
            Event::Freed { .. } if rejected => {}
            Event::Freed { count } => drop(self.freeing.drain(..count as usize)),
            Event::Take { wake } => self.waiting.push(wake),
            Event::TryTake { .. }
            | Event::Cancel { .. }
            | Event::Reap { .. }
            | Event::Drain
            | Event::Resize { .. }
            | Event::Close => {}
        }
        step.effects.iter().for_each(|effect| self.perform(event, effect));
        self.idle.extend(self.hand.take());
        self.agree(before, event, &step.stripe);
    }

    fn perform(&mut self, event: Event, effect: &StripeEffect<u8, u8>) {
        match effect {
            StripeEffect::Wake { recipient: Recipient::Caller, result } => {
                assert!(matches!(event, Event::TryTake { .. }), "{event:?} answered a caller");
                self.grant(*result);
            }
            StripeEffect::Wake { recipient: Recipient::Slot(wake), result } => self.wake(event, *wake, *result),
            StripeEffect::WakeMany { waiters, result } => {
                assert!(waiters.len() > 1 && !matches!(result, WakeResult::Deliver(_)));
                waiters.iter().for_each(|waiter| self.wake(event, waiter.wake, *result));
            }
            StripeEffect::InsertWithTimestamp { resource } => {
                assert_eq!(self.hand.take(), Some(*resource));
                self.lent.push(*resource);
            }
            StripeEffect::FreeMany { resources } => {
                assert!(!resources.is_empty());
                let owned = resources.iter().map(|resource| self.own(resource)).collect::<Vec<_>>();
                self.freeing.extend(owned);
            }
            StripeEffect::Reject(_) => assert_eq!(self.hand, None),
        }
    }

    /// One result for one waiter that has not had one; a grant goes to the oldest.
    fn wake(&mut self, event: Event, wake: u8, result: WakeResult<u8>) {
        if result != WakeResult::Cancelled {
            assert_eq!(self.waiting.first(), Some(&wake), "{event:?} jumped the queue");
        }
        assert_eq!(take_out(&mut self.waiting, wake), Some(wake), "{event:?} woke slot {wake} again");
        self.grant(result);
    }

    fn grant(&mut self, result: WakeResult<u8>) {
        match result {
            WakeResult::Deliver(resource) => {
                let owned = self.own(resource);
                self.lent.push(owned);
            }
            WakeResult::Create => self.permits += 1,
            WakeResult::Cancelled => {}
        }
    }

    /// Takes `resource` from whoever owned it until now: the hand that gave it back, or the cache.
    fn own(&mut self, resource: u8) -> u8 {
        let from_hand = self.hand.take_if(|hand| *hand == resource);
        from_hand.or_else(|| take_out(&mut self.idle, resource)).expect("an effect moves what nobody owned")
    }

    fn agree(&self, before: &Stripe, event: Event, after: &Stripe) {
        let mut idle: Vec<u8> = after.cache().iter().map(|entry| entry.resource).collect();
        let mut ghost = self.idle.clone();
        idle.sort_unstable();
        ghost.sort_unstable();
        assert_eq!(ghost, idle, "idle after {event:?} on {}", state(before));
        let waiting: Vec<u8> = after.queue().iter().map(|waiter| waiter.wake).collect();
        assert_eq!(self.waiting, waiting, "queue after {event:?} on {}", state(before));
        let (lent, freeing) = (self.lent.len(), self.freeing.len());
        assert_eq!(freeing, after.freeing() as usize, "freeing after {event:?} on {}", state(before));
        let out = lent + self.permits as usize + freeing;
        assert_eq!(out, after.out() as usize, "out after {event:?} on {}", state(before));
        assert!(!before.is_closed() || after.is_closed(), "{event:?} opened {}", state(before));
        assert!(before.next_id() <= after.next_id(), "{event:?} reset the ids of {}", state(before));
    }
}

fn take_out(from: &mut Vec<u8>, what: u8) -> Option<u8> {
    from.iter().position(|one| *one == what).map(|at| from.remove(at))
}

/// Small capacities, and now and then one near the end of the range.
fn capacities() -> impl Strategy<Value = u32> {
    prop_oneof![9 => 0..6_u32, 1 => u32::MAX - 1..=u32::MAX]
}

fn events() -> impl Strategy<Value = Event> {
    let wake = Recipient::Caller;
    prop_oneof![
        40 => Just(Event::Take { wake: 0 }),
        15 => Just(Event::TryTake { wake }),
        20 => (any::<u8>(), 0..20_u64).prop_map(|(resource, now)| put(resource, now)),
        15 => any::<u8>().prop_map(give_back),
        15 => any::<u8>().prop_map(discard),
        15 => (0..4_u32).prop_map(freed),
        10 => Just(Event::CreateFailed),
        5 => Just(Event::Detach),
        15 => (0..20_u64).prop_map(cancel),
        5 => (0..25_u64, 0..10_u64, 0..3_u32).prop_map(|(now, ttl, keep)| reap(now, ttl, keep)),
        2 => Just(Event::Drain),
        10 => capacities().prop_map(resize),
        1 => Just(Event::Close),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_outside_world_agrees_with_the_stripe(
        capacity in capacities(),
        events in prop::collection::vec(events(), 0..150),
    ) {
        let (mut world, mut stripe) = (World::default(), Stripe::new(capacity));
        for event in events {
            let event = world.aim(event);
            let step = checked_step(&stripe, event);
            world.live(&stripe, event, &step);
            stripe = step.stripe;
        }
    }
}
