//! What is checked, by name.
//!
//! Owns the list. The invariants keep the ids of `striped_pool::stripe::Invariant`; four more speak of any step of any
//! machine. INV-COST is absent: it is a bound on running time, which no state shows.

use core::fmt;
use striped_pool::stripe::Invariant;

/// One thing that must always hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Check {
    /// INV-CAPACITY, with out = leased + creating + delivering + stamping + freeing; only a resize changes the capacity.
    Capacity,
    /// INV-WORK.
    Work,
    /// INV-ONE-WAKE: who waits is queued, or has exactly one result in flight.
    OneWake,
    /// INV-FIFO: who is granted something was at the head of the queue, and nobody overtakes it.
    Fifo,
    /// INV-OWNER: each living resource is in exactly one place.
    Owner,
    /// INV-BOUNDED: everything queued belongs to a take that still waits, and nothing else is kept.
    Bounded,
    /// INV-IDS.
    Ids,
    /// INV-RECENCY: the cache is a stack, stamped newest first.
    Recency,
    /// INV-CLOSED.
    Closed,
    /// INV-FREE-FIRST: resources alive and being created never exceed capacity + owed.
    FreeFirst,
    /// INV-SHRINK: a shrink frees no more than it must; and no less, as soon as it can.
    Shrink,
    /// INV-EFFECT: effects are what the event allows, and can run.
    Effect,
    /// LIVE-PROGRESS, as a bound on the canonical schedule.
    Progress,
    /// `changed` is true exactly if the observable state changed.
    Changed,
    /// Stale, duplicate and impossible events are rejected, all others are not, and a rejection changes nothing.
    Rejected,
    /// Two machines run side by side answer the same.
    Twin,
    /// Every event has an answer: the machine does not panic.
    Total,
}

impl Check {
    /// All of them.
    pub const ALL: [Self; 17] = [
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
        Self::Effect,
        Self::Progress,
        Self::Changed,
        Self::Rejected,
        Self::Twin,
        Self::Total,
    ];

    /// The invariant that this checks, if it is one of the protocol's.
    #[must_use]
    pub const fn invariant(self) -> Option<Invariant> {
        Some(match self {
            Self::Capacity => Invariant::Capacity,
            Self::Work => Invariant::Work,
            Self::OneWake => Invariant::OneWake,
            Self::Fifo => Invariant::Fifo,
            Self::Owner => Invariant::Owner,
            Self::Bounded => Invariant::Bounded,
            Self::Ids => Invariant::Ids,
            Self::Recency => Invariant::Recency,
            Self::Closed => Invariant::Closed,
            Self::FreeFirst => Invariant::FreeFirst,
            Self::Shrink => Invariant::Shrink,
            Self::Effect => Invariant::Effect,
            Self::Progress => Invariant::Progress,
            Self::Changed | Self::Rejected | Self::Twin | Self::Total => return None,
        })
    }

    /// The id under which it is cited.
    #[must_use]
    pub const fn id(self) -> &'static str {
        if let Some(invariant) = self.invariant() {
            return invariant.id();
        }
        match self {
            Self::Changed => "STEP-CHANGED",
            Self::Rejected => "STEP-REJECT",
            Self::Total => "STEP-TOTAL",
            Self::Twin
            | Self::Capacity
            | Self::Work
            | Self::OneWake
            | Self::Fifo
            | Self::Owner
            | Self::Bounded
            | Self::Ids
            | Self::Recency
            | Self::Closed
            | Self::FreeFirst
            | Self::Shrink
            | Self::Effect
            | Self::Progress => "STEP-TWIN",
        }
    }

    /// What must hold, in one sentence for readers of a counterexample.
    #[must_use]
    pub const fn says(self) -> &'static str {
        match self {
            Self::Capacity => {
                "what is out is lent, being created, delivered, stamped or freed; only a resize changes the sum"
            }
            Self::Work => "an idle entry or a free permit means that nobody waits",
            Self::OneWake => "who waits is queued, or has exactly one result on its way",
            Self::Fifo => "who is granted something was at the head of the queue, and nobody overtakes it",
            Self::Owner => "each living resource is in exactly one place",
            Self::Bounded => "everything queued belongs to a take that still waits, and nothing else is kept",
            Self::Ids => "ids strictly increase along the queue and stay below the next id",
            Self::Recency => "the cache is a stack, stamped newest first",
            Self::Closed => "closed is for good, and means no waiter and no idle entry",
            Self::FreeFirst => "resources alive and being created never exceed capacity + owed",
            Self::Shrink => "a shrink frees no more than it must; and no less, as soon as it can",
            Self::Effect => "effects are what the event allows, and can run",
            Self::Progress => "if everybody gives back what they have, everybody who waits is woken",
            Self::Changed => "a step says that it changed something exactly if it did",
            Self::Rejected => "an event that cannot be is rejected, any other is not, and a rejection changes nothing",
            Self::Twin => "two machines run side by side answer the same",
            Self::Total => "every event has an answer: the machine does not panic",
        }
    }

    /// The check of `invariant`; none for INV-COST.
    #[must_use]
    pub fn of(invariant: Invariant) -> Option<Self> {
        Self::ALL.into_iter().find(|check| check.invariant() == Some(invariant))
    }
}

/// A set of checks: the ones that failed.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Checks(u32);

impl Checks {
    /// None of them.
    pub const NONE: Self = Self(0);

    /// All of them.
    pub const ALL: Self = Self((1 << Check::ALL.len()) - 1);

    /// Adds `check` unless it `holds`.
    pub fn require(&mut self, check: Check, holds: bool) {
        if !holds {
            self.0 |= 1 << check as u32;
        }
    }

    /// Adds all of `other`.
    pub fn extend(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// Whether `check` is in the set.
    #[must_use]
    pub const fn has(self, check: Check) -> bool {
        self.0 & (1 << check as u32) != 0
    }

    /// What is in both sets.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether nothing is in the set.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// What is in the set, in the order of [`Check::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Check> {
        Check::ALL.into_iter().filter(move |check| self.has(*check))
    }
}

impl FromIterator<Check> for Checks {
    fn from_iter<I: IntoIterator<Item = Check>>(checks: I) -> Self {
        Self(checks.into_iter().fold(0, |bits, check| bits | 1 << check as u32))
    }
}

impl fmt::Debug for Checks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(Check::id)).finish()
    }
}
