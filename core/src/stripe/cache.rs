//! The idle resources of a stripe, newest on top.
//!
//! The [`INLINE`] newest entries lie in the stripe itself and the older ones in a persistent sequence, so that a take
//! or a put in the common case copies a few cache lines and touches no reference count. When the inline part is full
//! the older half moves out, when it is empty as many move in; in between lie [`INLINE`]` / 2` operations, and each
//! move costs O(log n) at worst, never more (INV-COST).
//!
//! ```text
//!   older (shared tree)              recent (inline, len = 3)
//!   oldest … … … … … … … newest  <   e0  e1  e2  –   –   –   –   –
//!                                             ^ top: what a take pops
//! ```
//!
//! Rules:
//! 1. `older` before `recent`, each oldest first; stamps never decrease (INV-RECENCY).
//! 2. If `recent` is empty, so is `older`.
//!
//! Tested against a plain list in `tests/containers.rs`.

use super::block::{Block, SIZE};
use super::counter::add;
use super::seq::Seq;
use core::fmt;
use core::time::Duration;

/// How many entries lie in the stripe itself.
pub const INLINE: usize = SIZE;
/// How many move between the inline part and the shared part at once.
const HALF: u32 = 4;

/// A point on the pool's monotonic clock: nanoseconds since the pool was built, in the steps in which that clock moves.
///
/// The machine never reads a clock; whoever raises an event says what time it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// How long before `self` the instant `earlier` lies; zero if it lies after.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

/// An idle resource and when it was last used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Entry<R> {
    /// The resource's handle.
    pub resource: R,
    /// When it was given back.
    pub last_used: Timestamp,
}

/// A persistent stack of idle entries. Every operation is worst-case O(log n) (INV-COST).
pub struct Cache<R> {
    recent: Block<Entry<R>>,
    older: Seq<Entry<R>>,
}

/// What a cache shared with others before another one was copied over it, if that shares something else. It may be large and
/// nobody else's.
#[must_use = "it may take long to drop"]
pub(crate) struct Leftover<R>(#[allow(dead_code, reason = "there to be dropped")] Seq<Entry<R>>);

#[cfg(all(test, not(any(feature = "loom", feature = "shuttle"))))]
impl<R> Leftover<R> {
    /// How many entries there are.
    pub(crate) fn len(&self) -> u32 {
        self.0.len()
    }
}

impl<R: Copy> Clone for Cache<R> {
    /// By hand, because the derived one clones the inline entries one by one instead of copying them.
    #[inline]
    fn clone(&self) -> Self {
        Self { recent: self.recent, older: self.older.clone() }
    }
}

impl<R: Copy> Default for Cache<R> {
    fn default() -> Self {
        Self { recent: Block::default(), older: Seq::EMPTY }
    }
}

impl<R: Copy> Cache<R> {
    /// Whether anything may be shared with other caches.
    #[inline]
    pub(super) fn is_sharing(&self) -> bool {
        !self.older.is_empty()
    }

    /// Becomes a copy of `source`. What both shared already is not counted.
    #[inline]
    pub(super) fn copy_from(&mut self, source: &Self) -> Leftover<R> {
        self.recent.copy_from(&source.recent);
        Leftover(self.older.copy_from(&source.older))
    }

    /// Lets go of what may be shared with other caches; entries are missing afterwards if there was something.
    pub(super) fn unshare(&mut self) {
        self.older = Seq::EMPTY;
    }

    /// How many resources are idle.
    #[must_use]
    #[inline]
    pub fn len(&self) -> u32 {
        add(self.recent.len(), self.older.len())
    }

    /// Whether no resource is idle.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.recent.is_empty()
    }

    /// The entry that the next [`pop`](Self::pop) returns.
    #[must_use]
    #[inline]
    pub fn newest(&self) -> Option<Entry<R>> {
        self.recent.last()
    }

    /// Adds `resource`, stamped `now` or as the newest entry is stamped, whichever is later (INV-RECENCY: clocks
    /// read out of order on two threads cannot unsort the cache).
    #[inline]
    pub fn push(&mut self, resource: R, now: Timestamp) {
        let last_used = self.newest().map_or(now, |newest| now.max(newest.last_used));
        if self.recent.is_full() {
            self.spill();
        }
        self.recent.push(Entry { resource, last_used });
    }

    /// Takes out the newest entry.
    #[inline]
    pub fn pop(&mut self) -> Option<Entry<R>> {
        let entry = self.recent.pop()?;
        if self.recent.is_empty() && !self.older.is_empty() {
            self.refill();
        }
        Some(entry)
    }

    /// How many entries were last used at least `ttl` before `now`. O(log n).
    #[must_use]
    pub fn count_stale(&self, now: Timestamp, ttl: Duration) -> u32 {
        let is_stale = |entry: &Entry<R>| now.since(entry.last_used) >= ttl;
        let older = self.older.partition_point(is_stale);
        if older < self.older.len() {
            return older;
        }
        self.recent.iter().filter(|entry| is_stale(entry)).fold(older, |count, _| add(count, 1))
    }

    /// Takes out the `count` oldest entries, or all if there are fewer. O(log n).
    #[must_use]
    pub fn take_oldest(&mut self, count: u32) -> Self {
        if count >= self.len() {
            return core::mem::take(self);
        }
        let (oldest, rest) = self.older.split_at(count);
        self.older = rest;
        let mut taken = Self { older: oldest, ..Self::default() };
        let inline = count.saturating_sub(taken.older.len());
        taken.recent = self.recent.take_first(inline);
        if taken.recent.is_empty() {
            taken.refill();
        }
        taken
    }

    /// The entries, newest first.
    pub fn iter(&self) -> impl Iterator<Item = Entry<R>> + '_ {
        let older = (0..self.older.len()).rev().filter_map(|rank| self.older.get(rank));
        self.recent.iter().rev().copied().chain(older)
    }

    /// Whether the representation is sound: rule 2, a block without gaps, and a balanced tree. O(n); for checks.
    #[must_use]
    pub fn is_well_formed(&self) -> bool {
        self.recent.is_well_formed()
            && (!self.recent.is_empty() || self.older.is_empty())
            && self.older.is_well_formed()
    }

    /// Moves the older half of a full inline part into the sequence.
    #[cold]
    fn spill(&mut self) {
        for entry in self.recent.take_first(HALF).iter() {
            self.older = self.older.push_back(*entry);
        }
    }

    /// Moves up to half an inline part from the sequence into the empty inline part.
    #[cold]
    fn refill(&mut self) {
        let keep = self.older.len().saturating_sub(HALF);
        let (older, newest) = self.older.split_at(keep);
        self.older = older;
        self.recent = newest.iter().copied().collect();
    }
}

impl<R: Copy + PartialEq> PartialEq for Cache<R> {
    /// Equal as stacks: where the boundary between inline and shared entries lies does not count.
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl<R: Copy + Eq> Eq for Cache<R> {}

impl<R: Copy + core::hash::Hash> core::hash::Hash for Cache<R> {
    fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
        self.len().hash(state);
        self.iter().for_each(|entry| entry.hash(state));
    }
}

impl<R: Copy + fmt::Debug> fmt::Debug for Cache<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    //! Caches that no operation can make, for the checks that must notice them.
    use super::super::block::unsound;
    use super::*;
    use crate::stripe::{Invariant, Stripe, violations};

    fn assert_breaks(invariant: Invariant, recent: [Option<u64>; 3], recent_len: u32, older: &[u64]) {
        let entry = |stamp| Entry { resource: 0_u8, last_used: Timestamp(stamp) };
        let recent = unsound(recent.map(|stamp| stamp.map(entry)), recent_len);
        let older = older.iter().fold(Seq::EMPTY, |older, stamp| older.push_back(entry(*stamp)));
        let cache = Cache { recent, older };
        let mut stripe: Stripe<u8, u8> = Stripe::new(9);
        (stripe.available, stripe.cache) = (0, cache);
        assert_eq!(violations(&stripe), [invariant], "{stripe:?}");
    }

    /// The commit copies a cache over another one: nothing is left of what was there before, and what it shared comes back.
    #[test]
    fn what_is_copied_over_another_is_what_was_copied() {
        const SIZES: [u32; 6] = [0, 1, 3, 8, 9, 40];
        let cache = |size| {
            (0..size).fold(Cache::default(), |mut cache, at| {
                cache.push(at, Timestamp(at.into()));
                cache
            })
        };
        for (from, over) in SIZES.iter().flat_map(|from| SIZES.iter().map(|over| (*from, *over))) {
            let (source, mut copy) = (cache(from), cache(over));
            let shared = copy.older.len();
            assert_eq!(copy.copy_from(&source).0.len(), shared);
            assert_eq!(copy, source);
            assert!(copy.is_well_formed());
            assert_eq!(copy.copy_from(&source).0.len(), 0, "the same again");
        }
    }

    #[test]
    fn entries_out_of_order_break_recency() {
        assert_breaks(Invariant::Recency, [Some(2), Some(1), None], 2, &[]);
        assert_breaks(Invariant::Recency, [Some(2), None, None], 1, &[1, 3]);
        assert_breaks(Invariant::Recency, [Some(4), None, None], 1, &[3, 1]);
    }

    #[test]
    fn gaps_miscounts_and_a_missing_top_break_bounded() {
        assert_breaks(Invariant::Bounded, [Some(1), None, Some(2)], 2, &[]);
        assert_breaks(Invariant::Bounded, [Some(1), None, Some(2)], 1, &[]);
        assert_breaks(Invariant::Bounded, [Some(1), Some(2), None], 1, &[]);
        assert_breaks(Invariant::Bounded, [Some(1), None, None], 2, &[]);
        assert_breaks(Invariant::Bounded, [None, None, None], 0, &[1]);
    }
}
