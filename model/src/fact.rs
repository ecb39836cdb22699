//! What must happen somewhere in a search, so that no check holds because nothing was tried.

use crate::check::Check;
use crate::machine::{Effect, Input, View};
use crate::step_check::is_stale;
use core::fmt;
use striped_pool::stripe::{Event, WakeResult};

macro_rules! facts {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// Something worth seeing.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Fact { $($(#[$doc])* $name,)* }

        impl Fact {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];
        }
    };
}

facts! {
    /// Two takes wait.
    TwoWaiters,
    /// A shrink is not complete.
    Owing,
    /// Somebody waits while a resource is being freed.
    FreeingWithWaiter,
    /// A resource was delivered to a take that had been abandoned.
    AbandonedDelivery,
    /// A permit was delivered to a take that had been abandoned.
    AbandonedPermit,
    /// The stripe is closed and a resource is lent.
    ClosedWithLease,
    /// A resource was created after the stripe had been closed.
    CreatedAfterClose,
    /// One commit woke several takes.
    WakesMany,
    /// A closing woke a take.
    CloseWakes,
    /// A resource went from hand to hand.
    HandOff,
    /// A resource was to be stamped, and the second look found a waiter.
    SecondLook,
    /// A resource was kept with a clock reading older than the newest stamp.
    OutOfOrderClock,
    /// A finished free woke a take.
    FreedWakes,
    /// A finished free paid for a shrink.
    FreedSwallowed,
    /// A failed create woke a take.
    FailedCreateWakes,
    /// A failed create paid for a shrink.
    FailedCreateSwallowed,
    /// A detach woke a take.
    DetachWakes,
    /// A resource that came back was freed for a shrink.
    PutFreesForShrink,
    /// A resource that came back was kept or handed on although a shrink is owed: enough is being freed already.
    PutSpared,
    /// A resource that came back to a closed stripe was freed.
    PutFreesForClosed,
    /// A shrink freed an idle resource.
    ShrinkFreesIdle,
    /// A shrink left idle resources alone.
    ShrinkSparesIdle,
    /// A grow woke a take.
    GrowWakes,
    /// A grow paid for a shrink.
    GrowSwallows,
    /// A reap freed something.
    ReapFrees,
    /// A reap kept something.
    ReapKeeps,
    /// A cancel removed the oldest waiter.
    CancelOldest,
    /// A cancel removed a waiter behind another.
    CancelBehind,
    /// A take was woken and does not know it yet: its cancel, which was tried, came too late.
    CancelLate,
    /// A try found something.
    TryTakeServed,
    /// A resource was discarded while somebody waited.
    DiscardWithWaiter,
    /// A drain freed something.
    DrainFrees,
    /// A try found nothing.
    TryTakeRefused,
    /// A stale, duplicate or impossible event was rejected.
    StaleRejected,
}

impl Fact {
    /// The check that this keeps from holding for want of anything to check.
    #[must_use]
    pub const fn keeps(self) -> Check {
        match self {
            Self::TwoWaiters => Check::Fifo,
            Self::CancelOldest => Check::Ids,
            Self::CancelBehind => Check::Bounded,
            Self::CancelLate | Self::CloseWakes => Check::OneWake,
            Self::TryTakeRefused => Check::Changed,
            Self::StaleRejected => Check::Rejected,
            Self::WakesMany | Self::DiscardWithWaiter | Self::DrainFrees => Check::Effect,
            Self::GrowWakes => Check::Progress,
            Self::AbandonedDelivery | Self::HandOff => Check::Owner,
            Self::AbandonedPermit | Self::GrowSwallows => Check::Capacity,
            Self::TryTakeServed | Self::SecondLook | Self::FailedCreateWakes | Self::DetachWakes => Check::Work,
            Self::OutOfOrderClock | Self::ReapFrees | Self::ReapKeeps => Check::Recency,
            Self::ClosedWithLease | Self::CreatedAfterClose | Self::PutFreesForClosed => Check::Closed,
            Self::FreeingWithWaiter | Self::FreedWakes => Check::FreeFirst,
            Self::Owing
            | Self::FreedSwallowed
            | Self::FailedCreateSwallowed
            | Self::PutFreesForShrink
            | Self::PutSpared
            | Self::ShrinkFreesIdle
            | Self::ShrinkSparesIdle => Check::Shrink,
        }
    }
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// A set of facts.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Facts(u64);

impl Facts {
    /// Adds `fact` if it was `seen`.
    pub fn note(&mut self, fact: Fact, seen: bool) {
        self.0 |= u64::from(seen) << fact as u32;
    }

    /// Adds all of `other`.
    pub fn extend(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// Whether `fact` is in the set.
    #[must_use]
    pub const fn has(self, fact: Fact) -> bool {
        self.0 & (1 << fact as u32) != 0
    }

    /// What is in the set.
    pub fn iter(self) -> impl Iterator<Item = Fact> {
        Fact::ALL.iter().copied().filter(move |fact| self.has(*fact))
    }

    /// What is not.
    pub fn missing(self) -> impl Iterator<Item = Fact> {
        Fact::ALL.iter().copied().filter(move |fact| !self.has(*fact))
    }
}

impl fmt::Debug for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// What one commit shows.
#[must_use]
pub fn of_commit(before: &View, event: &Input, effects: &[Effect], after: &View) -> Facts {
    let mut facts = Facts::default();
    let wakes = effects.iter().any(|effect| matches!(effect, Effect::Wake(..) | Effect::WakeMany(..)));
    let frees = effects.iter().any(|effect| matches!(effect, Effect::FreeMany(_)));
    let rejects = effects.iter().any(|effect| matches!(effect, Effect::Reject(_)));
    let pays = after.owed < before.owed;
    facts.note(Fact::WakesMany, effects.iter().any(|effect| matches!(effect, Effect::WakeMany(..))));
    match event {
        Event::TryTake { .. } => {
            let refused = |effect: &Effect| matches!(effect, Effect::Wake(_, WakeResult::Cancelled));
            facts.note(Fact::TryTakeRefused, effects.iter().any(refused));
            facts.note(Fact::TryTakeServed, !effects.iter().any(refused));
        }
        Event::Put { .. } | Event::Return { .. } => {
            facts.note(Fact::HandOff, wakes);
            facts.note(Fact::PutFreesForShrink, frees && !before.closed);
            facts.note(Fact::PutFreesForClosed, frees && before.closed);
            facts.note(Fact::PutSpared, !frees && !rejects && before.owed > 0);
            if let (Event::Put { now, .. }, Some(newest)) = (event, before.idle.first()) {
                facts.note(Fact::OutOfOrderClock, now.0 < newest.1 && after.idle.len() > before.idle.len());
            }
        }
        Event::Freed { .. } => {
            facts.note(Fact::FreedWakes, wakes);
            facts.note(Fact::FreedSwallowed, pays);
        }
        Event::CreateFailed => {
            facts.note(Fact::FailedCreateWakes, wakes);
            facts.note(Fact::FailedCreateSwallowed, pays);
        }
        Event::Detach => facts.note(Fact::DetachWakes, wakes),
        Event::Cancel { id } => {
            facts.note(Fact::CancelOldest, wakes && before.waiters.first().is_some_and(|oldest| oldest.0 == id.0));
            facts.note(Fact::CancelBehind, wakes && before.waiters.first().is_some_and(|oldest| oldest.0 != id.0));
        }
        Event::Reap { now, ttl, keep } => {
            facts.note(Fact::ReapFrees, frees);
            let is_kept = after.idle.iter().any(|entry| is_stale(entry, *now, *ttl));
            facts.note(Fact::ReapKeeps, *keep > 0 && is_kept);
        }
        Event::Take { .. } => {}
        Event::Discard { .. } => facts.note(Fact::DiscardWithWaiter, !rejects && !before.waiters.is_empty()),
        Event::Drain => facts.note(Fact::DrainFrees, frees),
        Event::Resize { .. } => {
            facts.note(Fact::ShrinkFreesIdle, frees);
            facts.note(Fact::ShrinkSparesIdle, after.owed > before.owed && !after.idle.is_empty());
            facts.note(Fact::GrowWakes, wakes);
            facts.note(Fact::GrowSwallows, pays);
        }
        Event::Close => facts.note(Fact::CloseWakes, wakes),
    }
    facts
}
