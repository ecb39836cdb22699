//! The invariants by id, and the check of those that a single state shows.

use super::Stripe;
use core::fmt;

/// The invariants of the protocol. One id, used in code, tests, models and proofs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Invariant {
    /// available + idle ≤ capacity + owed, and freeing ≤ out.
    Capacity,
    /// An idle entry or a free permit means that nobody waits (per stripe).
    Work,
    /// Each take gets at most one result, from a committed transition.
    OneWake,
    /// Grants go to waiters in id order.
    Fifo,
    /// Each resource has exactly one owner: a cache, a lease, an effect or a wake in flight.
    Owner,
    /// The state is O(idle + live waiters) after every commit (plus a constant: free places in blocks).
    Bounded,
    /// Ids strictly increase along the queue and stay below the next id.
    Ids,
    /// The cache is ordered newest first.
    Recency,
    /// Closed is for good, and means no waiter and no idle entry.
    Closed,
    /// A permit is granted again only after the old resource's free has finished.
    FreeFirst,
    /// No transition frees for shrinking while freeing ≥ owed: shrinking never destroys more than it must. And what it
    /// must, it does at once: something free or idle means that nothing more is owed than is being freed.
    Shrink,
    /// Every transition is worst-case O(log n) per attempt.
    Cost,
    /// Effects run exactly once, in order, only after the commit.
    Effect,
    /// From every reachable state, if holders give back, every waiter is woken: each permit that comes back (with a resource
    /// that is handed on, or without one: failed, detached, freed) is swallowed by what is owed or wakes a waiter, so
    /// `owed + waiters` of them suffice.
    Progress,
}

impl Invariant {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::Capacity,
        Self::Work,
        Self::OneWake,
        Self::Fifo,
        Self::Owner,
        Self::Bounded,
        Self::Ids,
        Self::Recency,
        Self::Closed,
        Self::FreeFirst,
        Self::Shrink,
        Self::Cost,
        Self::Effect,
        Self::Progress,
    ];

    /// The id under which code, tests, models and proofs cite it.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Capacity => "INV-CAPACITY",
            Self::Work => "INV-WORK",
            Self::OneWake => "INV-ONE-WAKE",
            Self::Fifo => "INV-FIFO",
            Self::Owner => "INV-OWNER",
            Self::Bounded => "INV-BOUNDED",
            Self::Ids => "INV-IDS",
            Self::Recency => "INV-RECENCY",
            Self::Closed => "INV-CLOSED",
            Self::FreeFirst => "INV-FREE-FIRST",
            Self::Shrink => "INV-SHRINK",
            Self::Cost => "INV-COST",
            Self::Effect => "INV-EFFECT",
            Self::Progress => "LIVE-PROGRESS",
        }
    }
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// The invariants that `stripe` violates by itself, in the order of [`Invariant::ALL`]; empty for every reachable
/// state. O(idle + waiters), for tests and debug builds.
///
/// Only what one state shows: INV-CAPACITY, INV-WORK, INV-BOUNDED (the representation holds its elements, and
/// blocks without gaps), INV-IDS, INV-RECENCY, INV-CLOSED, and of INV-SHRINK that it is prompt. The others speak of transitions and of
/// the world outside; the model checks them.
#[must_use]
pub fn violations<R: Copy, W: Copy>(stripe: &Stripe<R, W>) -> Vec<Invariant> {
    let checks = [
        (Invariant::Capacity, stripe.capacity > 0 && holds_capacity(stripe)),
        (Invariant::Work, stripe.queue.is_empty() || (stripe.cache.is_empty() && stripe.available == 0)),
        (Invariant::Bounded, stripe.queue.is_well_formed() && stripe.cache.is_well_formed()),
        (Invariant::Ids, holds_ids(stripe)),
        (Invariant::Recency, stripe.cache.iter().map(|entry| entry.last_used).is_sorted_by(|a, b| a >= b)),
        (Invariant::Closed, !stripe.closed || (stripe.queue.is_empty() && stripe.cache.is_empty())),
        (Invariant::Shrink, holds_shrink(stripe)),
    ];
    checks.into_iter().filter(|(_, holds)| !holds).map(|(invariant, _)| invariant).collect()
}

fn holds_capacity<R: Copy, W>(stripe: &Stripe<R, W>) -> bool {
    let kept = u64::from(stripe.available).saturating_add(u64::from(stripe.cache.len()));
    let total = u64::from(stripe.capacity).saturating_add(u64::from(stripe.owed));
    kept.saturating_add(u64::from(stripe.freeing)) <= total
}

fn holds_shrink<R: Copy, W>(stripe: &Stripe<R, W>) -> bool {
    (stripe.available == 0 || stripe.owed == 0) && (stripe.cache.is_empty() || stripe.owed <= stripe.freeing)
}

fn holds_ids<R: Copy, W>(stripe: &Stripe<R, W>) -> bool {
    stripe.queue.iter().map(|waiter| waiter.id).is_sorted_by(|a, b| a < b)
        && stripe.queue.iter().all(|waiter| waiter.id < stripe.next_id)
}

#[cfg(test)]
mod tests {
    //! Each state here is one that no event can make: `violations` must say which invariant it breaks.
    use super::*;
    use crate::stripe::{Event, Recipient, Timestamp, Waiter, WaiterId};

    fn assert_breaks(invariants: &[Invariant], spoil: impl FnOnce(&mut Stripe<u8, u8>)) {
        let mut stripe = Stripe::new(2);
        let _ = stripe.apply(Event::TryTake { wake: Recipient::Caller });
        assert_eq!(violations(&stripe), []);
        spoil(&mut stripe);
        assert_eq!(violations(&stripe), invariants);
    }

    /// Queues waiters under `ids` on a stripe that has nothing to give.
    fn queue(stripe: &mut Stripe<u8, u8>, ids: &[u64]) {
        stripe.available = 0;
        stripe.next_id = WaiterId(5);
        for id in ids {
            stripe.queue.push(Waiter { id: WaiterId(*id), wake: 7 });
        }
    }

    #[test]
    fn counters_that_do_not_add_up_break_capacity() {
        assert_breaks(&[Invariant::Capacity], |stripe| stripe.available = 3);
        assert_breaks(&[Invariant::Capacity], |stripe| stripe.freeing = 2);
        assert_breaks(&[Invariant::Capacity], |stripe| (stripe.capacity, stripe.available, stripe.owed) = (0, 0, 1));
    }

    #[test]
    fn a_waiter_beside_a_permit_or_an_idle_entry_breaks_work() {
        assert_breaks(&[Invariant::Work], |stripe| {
            queue(stripe, &[0]);
            stripe.available = 1;
        });
        assert_breaks(&[Invariant::Work], |stripe| {
            queue(stripe, &[0]);
            stripe.cache.push(10, Timestamp(1));
        });
    }

    #[test]
    fn ids_out_of_order_repeated_or_not_yet_given_break_ids() {
        assert_breaks(&[], |stripe| queue(stripe, &[0, 3, 4]));
        for ids in [[1, 0], [1, 1], [1, 5]] {
            assert_breaks(&[Invariant::Ids], |stripe| queue(stripe, &ids));
        }
    }

    #[test]
    fn a_permit_or_an_idle_entry_beside_an_unmet_debt_breaks_shrink() {
        assert_breaks(&[Invariant::Shrink], |stripe| stripe.owed = 1);
        assert_breaks(&[Invariant::Shrink], |stripe| {
            (stripe.available, stripe.owed) = (0, 1);
            stripe.cache.push(10, Timestamp(1));
        });
        assert_breaks(&[], |stripe| {
            (stripe.available, stripe.owed, stripe.freeing) = (0, 1, 1);
            stripe.cache.push(10, Timestamp(1));
        });
    }

    #[test]
    fn a_waiter_or_an_idle_entry_in_a_closed_stripe_breaks_closed() {
        assert_breaks(&[], |stripe| stripe.closed = true);
        assert_breaks(&[Invariant::Closed], |stripe| {
            stripe.closed = true;
            stripe.cache.push(10, Timestamp(1));
        });
        assert_breaks(&[Invariant::Closed], |stripe| {
            queue(stripe, &[0]);
            stripe.closed = true;
        });
    }
}
