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
//! 2. `recent[..len]` is filled, the rest is `None`, so that equal caches are equal field by field.
//! 3. If `recent` is empty, so is `older`.
//!
//! Tested against a plain list in `tests/containers.rs`.

use super::counter::{add, sub};
use super::seq::Seq;
use core::fmt;
use core::time::Duration;

/// How many entries lie in the stripe itself.
pub const INLINE: usize = 8;
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
    recent: [Option<Entry<R>>; INLINE],
    recent_len: u32,
    older: Seq<Entry<R>>,
}

impl<R: Copy> Clone for Cache<R> {
    /// By hand, because the derived one clones the inline entries one by one instead of copying them.
    #[inline]
    fn clone(&self) -> Self {
        Self { recent: self.recent, recent_len: self.recent_len, older: self.older.clone() }
    }

    #[inline]
    fn clone_from(&mut self, source: &Self) {
        self.recent = source.recent;
        self.recent_len = source.recent_len;
        self.older.clone_from(&source.older);
    }
}

impl<R: Copy> Default for Cache<R> {
    fn default() -> Self {
        Self { recent: [None; INLINE], recent_len: 0, older: Seq::EMPTY }
    }
}

impl<R: Copy> Cache<R> {
    /// Whether anything may be shared with other caches.
    #[inline]
    pub(super) fn is_sharing(&self) -> bool {
        !self.older.is_empty()
    }

    /// Lets go of what may be shared with other caches; the cache is no longer well-formed if there was something.
    pub(super) fn unshare(&mut self) {
        self.older = Seq::EMPTY;
    }

    /// How many resources are idle.
    #[must_use]
    #[inline]
    pub fn len(&self) -> u32 {
        add(self.recent_len, self.older.len())
    }

    /// Whether no resource is idle.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.recent_len == 0
    }

    /// The entry that the next [`pop`](Self::pop) returns.
    #[must_use]
    #[inline]
    pub fn newest(&self) -> Option<Entry<R>> {
        self.recent.get(slot(self.recent_len.checked_sub(1)?)).copied().flatten()
    }

    /// Adds `resource`, stamped `now` or as the newest entry is stamped, whichever is later (INV-RECENCY: clocks
    /// read out of order on two threads cannot unsort the cache).
    #[inline]
    pub fn push(&mut self, resource: R, now: Timestamp) {
        let last_used = self.newest().map_or(now, |newest| now.max(newest.last_used));
        self.push_entry(Entry { resource, last_used });
    }

    /// Takes out the newest entry.
    #[inline]
    pub fn pop(&mut self) -> Option<Entry<R>> {
        let top = self.recent_len.checked_sub(1)?;
        let entry = self.recent.get_mut(slot(top))?.take();
        self.recent_len = top;
        if top == 0 && !self.older.is_empty() {
            self.refill();
        }
        entry
    }

    /// How many entries were last used at least `ttl` before `now`. O(log n).
    #[must_use]
    pub fn count_stale(&self, now: Timestamp, ttl: Duration) -> u32 {
        let is_stale = |entry: &Entry<R>| now.since(entry.last_used) >= ttl;
        let older = self.older.partition_point(is_stale);
        if older < self.older.len() {
            return older;
        }
        self.recent.iter().flatten().filter(|entry| is_stale(entry)).fold(older, |count, _| add(count, 1))
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
        let inline = self.recent_len.min(count.saturating_sub(taken.older.len()));
        self.recent.iter().take(slot(inline)).flatten().for_each(|entry| taken.push_entry(*entry));
        self.drop_recent(inline);
        if taken.recent_len == 0 {
            taken.refill();
        }
        taken
    }

    /// The entries, newest first.
    pub fn iter(&self) -> impl Iterator<Item = Entry<R>> + '_ {
        let older = (0..self.older.len()).rev().filter_map(|rank| self.older.get(rank));
        self.recent.iter().rev().flatten().copied().chain(older)
    }

    /// Whether the representation is sound: rules 2 and 3, and a balanced tree. O(n); for checks.
    #[must_use]
    pub fn is_well_formed(&self) -> bool {
        let filled = self.recent.iter().take_while(|entry| entry.is_some()).count();
        let total = self.recent.iter().flatten().count();
        filled == slot(self.recent_len)
            && total == filled
            && (self.recent_len > 0 || self.older.is_empty())
            && self.older.is_well_formed()
    }

    /// Pushes an entry that is stamped no earlier than any in the cache.
    #[inline]
    fn push_entry(&mut self, entry: Entry<R>) {
        if slot(self.recent_len) == INLINE {
            self.spill();
        }
        if let Some(place) = self.recent.get_mut(slot(self.recent_len)) {
            *place = Some(entry);
            self.recent_len = add(self.recent_len, 1);
        }
    }

    /// Moves the older half of a full inline part into the sequence.
    #[cold]
    fn spill(&mut self) {
        for entry in self.recent.iter().take(slot(HALF)).flatten() {
            self.older = self.older.push_back(*entry);
        }
        self.drop_recent(HALF);
    }

    /// Moves up to half an inline part from the sequence into the empty inline part.
    #[cold]
    fn refill(&mut self) {
        let keep = self.older.len().saturating_sub(HALF);
        let (older, newest) = self.older.split_at(keep);
        self.older = older;
        for (place, entry) in self.recent.iter_mut().zip(&newest) {
            *place = Some(*entry);
        }
        self.recent_len = newest.len();
    }

    /// Removes the `count` oldest inline entries and closes the gap.
    fn drop_recent(&mut self, count: u32) {
        let Some(gone) = self.recent.get_mut(..slot(count)) else { return };
        gone.fill(None);
        self.recent.rotate_left(slot(count));
        self.recent_len = sub(self.recent_len, count);
    }
}

/// A count of inline entries as an index.
fn slot(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
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
    use super::*;
    use crate::stripe::{Invariant, Stripe, violations};

    fn assert_breaks(invariant: Invariant, recent: [Option<u64>; 3], recent_len: u32, older: &[u64]) {
        let entry = |stamp| Entry { resource: 0_u8, last_used: Timestamp(stamp) };
        let mut cache = Cache { recent_len, ..Cache::default() };
        cache.recent.iter_mut().zip(recent).for_each(|(place, stamp)| *place = stamp.map(entry));
        cache.older = older.iter().fold(Seq::EMPTY, |older, stamp| older.push_back(entry(*stamp)));
        let mut stripe: Stripe<u8, u8> = Stripe::new(9);
        (stripe.available, stripe.cache) = (0, cache);
        assert_eq!(violations(&stripe), [invariant], "{stripe:?}");
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
