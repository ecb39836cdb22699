//! What a transition asks the runtime to do after its commit.

use super::cache::Cache;
use super::queue::Queue;
use core::fmt;

/// The one answer that a take gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WakeResult<R> {
    /// One resource changes hands: it is the taker's now.
    Deliver(R),
    /// One reserved permit changes hands: the taker may create a resource, or give the permit back.
    Create,
    /// Nothing changes hands: the take was cancelled, the stripe is closed, or (`TryTake`) has nothing to give.
    Cancelled,
}

/// Where a result goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Recipient<W> {
    /// To whoever raised the event: the commit returns it.
    Caller,
    /// Into a wake slot.
    Slot(W),
}

/// Why an event changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reject {
    /// `Put`, `Return`, `Discard`, `CreateFailed` or `Detach` while no resource and no permit is out.
    NothingOut,
    /// `Freed` for none, or for more than are being freed.
    NotFreeing,
    /// `Cancel` of a waiter that is no longer queued: its result is on its way, or was given.
    AlreadyWoken,
    /// `Cancel` of an id that was never given out.
    NeverQueued,
    /// `Resize` to zero.
    ZeroCapacity,
    /// `Close` of a closed stripe.
    AlreadyClosed,
    /// `Take` when ids or places in the queue have run out (after 2⁶⁴ waits, or with 2³² waiters at once).
    QueueFull,
}

impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NothingOut => "nothing is lent: only what was taken can be given back, and only once",
            Self::NotFreeing => "so many resources are not being freed: report each finished free once",
            Self::AlreadyWoken => "the waiter was woken already: take its result",
            Self::NeverQueued => "no waiter of this id was ever queued",
            Self::ZeroCapacity => "a stripe holds at least one resource: close it instead",
            Self::AlreadyClosed => "the stripe is closed already",
            Self::QueueFull => "no further take can be queued",
        })
    }
}

/// One thing to do after the commit. Plain data: no closures, no owned resources, so dropping one does nothing.
///
/// Effects run once, in order, by whoever holds the commit's token, and never commit state themselves: they may only
/// raise later events (INV-EFFECT).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum StripeEffect<R: Copy, W> {
    /// Give one take its result.
    ///
    /// Before: the take is in no queue, and what it receives is in no cache and no counter (INV-OWNER).
    /// After: the recipient owns it; an abandoned slot has given it back through a new event.
    /// Does not block. Wakers are user code and run only after all results of this commit are published.
    Wake {
        /// Who gets it.
        recipient: Recipient<W>,
        /// What they get.
        result: WakeResult<R>,
    },
    /// Give several queued takes the same result, oldest first.
    ///
    /// Before, after, blocking: as [`Wake`](Self::Wake), for each. One result for all (a permit or nothing, never a
    /// resource) lets the list be a shared part of the queue, cut off in O(log n) (INV-COST).
    WakeMany {
        /// The waiters, oldest first. Boxed because it is rare and large, and an effect lies on the stack of every commit.
        waiters: Box<Queue<W>>,
        /// `Create` or `Cancelled`.
        result: WakeResult<R>,
    },
    /// Read the clock and raise `Put` with it.
    ///
    /// Before: the resource is out, and nobody waited when the event was committed.
    /// After: `Put` has looked for waiters again. Does not block; runs no user code.
    InsertWithTimestamp {
        /// The resource, still owned by whoever runs this effect.
        resource: R,
    },
    /// Free these resources, and raise one `Freed` for each as soon as its free has finished.
    ///
    /// Before: they are in no cache and no lease; their permits stay out, counted in `freeing` (INV-FREE-FIRST).
    /// After: the outside world no longer has them. Runs user code, which may block or panic: the others still run.
    FreeMany {
        /// What to free.
        resources: Resources<R>,
    },
    /// The event was stale, duplicate or impossible, and changed nothing.
    ///
    /// Before and after: the state is as it was. What the event carried is still the caller's.
    Reject(Reject),
}

/// The resources of one [`StripeEffect::FreeMany`].
#[derive(Clone)]
#[non_exhaustive]
pub enum Resources<R: Copy> {
    /// One resource, on its way back from a lease.
    One(R),
    /// Idle entries that leave the cache; shared with it, so that leaving is O(log n) however many go.
    Idle(Box<Cache<R>>),
}

impl<R: Copy> Resources<R> {
    /// How many there are; never zero in an effect.
    #[must_use]
    pub fn len(&self) -> u32 {
        match self {
            Self::One(_) => 1,
            Self::Idle(cache) => cache.len(),
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The resources, newest first.
    pub fn iter(&self) -> impl Iterator<Item = R> + '_ {
        let (one, idle) = match self {
            Self::One(resource) => (Some(*resource), None),
            Self::Idle(cache) => (None, Some(cache.iter().map(|entry| entry.resource))),
        };
        one.into_iter().chain(idle.into_iter().flatten())
    }
}

impl<R: Copy + PartialEq> PartialEq for Resources<R> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<R: Copy + Eq> Eq for Resources<R> {}

impl<R: Copy + core::hash::Hash> core::hash::Hash for Resources<R> {
    fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
        self.len().hash(state);
        self.iter().for_each(|resource| resource.hash(state));
    }
}

impl<R: Copy + fmt::Debug> fmt::Debug for Resources<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// The effects of one transition: none, or one.
///
/// A list in the seed, where "none" was an effect as well. Here no transition has two: `Close` alone could both wake and
/// free, and whoever waits leaves nothing idle (INV-WORK). Several wakes, or several frees, are one effect.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Effects<R: Copy, W> {
    only: Option<StripeEffect<R, W>>,
}

impl<R: Copy, W> Effects<R, W> {
    /// No effect.
    pub const NONE: Self = Self { only: None };

    /// One effect.
    #[inline]
    pub(super) const fn one(effect: StripeEffect<R, W>) -> Self {
        Self { only: Some(effect) }
    }

    /// The effect, if there is one.
    #[inline]
    pub(super) const fn of(effect: Option<StripeEffect<R, W>>) -> Self {
        Self { only: effect }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.as_slice().len()
    }

    /// Whether there is none.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.only.is_none()
    }

    /// The effects, in the order in which they must run.
    #[must_use]
    pub fn as_slice(&self) -> &[StripeEffect<R, W>] {
        self.only.as_slice()
    }

    /// The effects, in the order in which they must run.
    pub fn iter(&self) -> core::slice::Iter<'_, StripeEffect<R, W>> {
        self.as_slice().iter()
    }

    /// The result addressed to whoever raised the event, if the effect is one.
    #[inline]
    #[must_use]
    pub fn for_caller(&self) -> Option<WakeResult<R>> {
        match &self.only {
            Some(StripeEffect::Wake { recipient: Recipient::Caller, result }) => Some(*result),
            Some(_) | None => None,
        }
    }
}

impl<R: Copy, W> Effects<R, W> {
    /// Drops effects that are known to be none, or one plain result: they hold nothing, and finding that out costs time.
    #[inline]
    pub(crate) fn forget_plain(self) {
        debug_assert!(self.is_empty() || self.for_caller().is_some(), "these have something to drop");
        core::mem::forget(self);
    }
}

impl<'a, R: Copy, W> IntoIterator for &'a Effects<R, W> {
    type Item = &'a StripeEffect<R, W>;
    type IntoIter = core::slice::Iter<'a, StripeEffect<R, W>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<R: Copy, W> IntoIterator for Effects<R, W> {
    type Item = StripeEffect<R, W>;
    type IntoIter = core::option::IntoIter<StripeEffect<R, W>>;

    fn into_iter(self) -> Self::IntoIter {
        self.only.into_iter()
    }
}
