//! The waiters of a stripe, oldest first.
//!
//! A cancelled waiter is taken out at once, so the queue holds live waiters and nothing else: where the seed keeps
//! two lists and a set of tombstones that a later signal skips, a search tree keyed by position does without either
//! (INV-BOUNDED). Ids strictly increase along it (INV-IDS), which makes finding one a search.
//!
//! Both ends lie in blocks before and after the tree, in the stripe itself, because that is where waiters come and go: seven
//! times in eight a push or a pop leaves the tree alone, and allocates nothing.
//!
//! ```text
//!   front (block)            middle (shared tree)            back (block)
//!   w0 w1 w2 –  –  …    <    w3 w4 … … … … … … w90    <      w91 w92 –  –  …
//!   ^ pop                                                            ^ push
//! ```
//!
//! Rules:
//! 1. The front is empty only if the queue is.
//! 2. Every operation is worst-case O(log n) (INV-COST): a full back joins the tree whole, an empty front is filled by one
//!    split.
//! 3. Between empty queues a copy copies nothing, and looks only at the length of the front: by rule 1 of both, nothing is
//!    behind it. What is copied over need not be whole: `unshare` drops its tree and keeps rule 1.
//!
//! Tested against a plain list in `tests/containers.rs`.

use super::block::{self, Block, SIZE};
use super::counter::add;
use super::seq::{self, Seq};
use core::fmt;
use core::iter::Chain;

/// How many waiters fit in the two ends: with more there is a tree.
#[allow(clippy::cast_possible_truncation, reason = "a small constant")]
#[cfg_attr(any(feature = "loom", feature = "shuttle"), allow(dead_code, reason = "their lines know nothing"))]
pub(crate) const ENDS: u32 = 2 * SIZE as u32;

/// Names one enqueued take of one stripe; never used twice there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WaiterId(pub u64);

impl fmt::Debug for WaiterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// A take that waits: who it is, and where its result goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Waiter<W> {
    /// Its place in the order of service, and the name by which it can be cancelled.
    pub id: WaiterId,
    /// The wake slot that receives its one result.
    pub wake: W,
}

/// A persistent FIFO of live waiters. Every operation is worst-case O(log n) (INV-COST).
pub struct Queue<W> {
    front: Block<Waiter<W>>,
    middle: Seq<Waiter<W>>,
    back: Block<Waiter<W>>,
}

impl<W: Clone> Clone for Queue<W> {
    /// For looks at a stripe and for `step`; the commit copies by `copy_from`.
    fn clone(&self) -> Self {
        Self { front: self.front.clone(), middle: self.middle.clone(), back: self.back.clone() }
    }
}

impl<W> Default for Queue<W> {
    fn default() -> Self {
        Self { front: Block::EMPTY, middle: Seq::EMPTY, back: Block::EMPTY }
    }
}

impl<W> Queue<W> {
    /// How many wait.
    #[must_use]
    #[inline]
    pub fn len(&self) -> u32 {
        // Mostly nobody waits: then tree and back are not touched.
        if self.is_empty() { 0 } else { add(add(self.front.len(), self.middle.len()), self.back.len()) }
    }

    /// Whether nobody waits.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.front.is_empty()
    }

    /// The waiters, oldest first.
    #[must_use]
    pub fn iter(&self) -> Iter<'_, W> {
        Iter { rest: self.front.iter().chain(self.middle.iter()).chain(self.back.iter()) }
    }

    /// Whether anything may be shared with other queues.
    #[inline]
    pub(crate) fn is_sharing(&self) -> bool {
        !self.middle.is_empty()
    }

    /// Lets go of what may be shared with other queues; waiters are missing afterwards if there was something (rule 3).
    pub(super) fn unshare(&mut self) {
        self.middle = Seq::EMPTY;
    }
}

impl<W: Copy> Queue<W> {
    /// Becomes a copy of `source` (rule 3).
    #[inline]
    pub(super) fn copy_from(&mut self, source: &Self) {
        // Between empty ones, the common case, there is nothing to copy.
        if !self.is_empty() || !source.is_empty() {
            self.copy_line(source);
        }
    }

    /// Apart, so that the common case compiles small.
    #[inline(never)]
    fn copy_line(&mut self, source: &Self) {
        self.front.copy_from(&source.front);
        self.middle.clone_from(&source.middle);
        self.back.copy_from(&source.back);
    }

    /// Appends a waiter, whose id must be larger than all ids in the queue.
    pub fn push(&mut self, waiter: Waiter<W>) {
        if self.middle.is_empty() && self.back.is_empty() && !self.front.is_full() {
            return self.front.push(waiter);
        }
        if self.back.is_full() {
            self.spill();
        }
        self.back.push(waiter);
    }

    /// Takes out the oldest waiter.
    #[inline]
    pub fn pop(&mut self) -> Option<Waiter<W>> {
        if self.is_empty() { None } else { self.pop_some() }
    }

    /// Apart, so that the common case compiles small.
    #[inline(never)]
    fn pop_some(&mut self) -> Option<Waiter<W>> {
        let oldest = self.front.pop_first();
        self.settle();
        oldest
    }

    /// Takes out the waiter called `id`, wherever it stands.
    pub fn remove(&mut self, id: WaiterId) -> Option<Waiter<W>> {
        if let Some(at) = position(&self.front, id) {
            let found = self.front.remove(at);
            self.settle();
            return found;
        }
        if let Some(at) = position(&self.back, id) {
            return self.back.remove(at);
        }
        let rank = self.middle.partition_point(|waiter| waiter.id < id);
        if self.middle.get(rank)?.id != id {
            return None;
        }
        let (found, rest) = self.middle.remove(rank)?;
        self.middle = rest;
        Some(found)
    }

    /// Takes out the `count` oldest waiters, or all if there are fewer.
    #[must_use]
    pub fn take_oldest(&mut self, count: u32) -> Self {
        if count == 0 || self.is_empty() {
            return Self::default();
        }
        let front = self.front.take_first(count);
        let count = count.saturating_sub(front.len());
        let (middle, rest) = self.middle.split_at(count);
        self.middle = rest;
        let back = self.back.take_first(count.saturating_sub(middle.len()));
        self.settle();
        Self { front, middle, back }
    }

    /// Whether the representation is sound: the rules, blocks without gaps, a balanced tree. O(n); for checks.
    #[must_use]
    pub fn is_well_formed(&self) -> bool {
        (!self.front.is_empty() || (self.middle.is_empty() && self.back.is_empty()))
            && self.front.is_well_formed()
            && self.middle.is_well_formed()
            && self.back.is_well_formed()
    }

    /// Sees to rule 1: fills an empty front from the tree, else from the back.
    fn settle(&mut self) {
        if !self.front.is_empty() {
            return;
        }
        if self.middle.is_empty() {
            self.front = core::mem::take(&mut self.back);
            return;
        }
        let (oldest, rest) = self.middle.split_at(u32::try_from(SIZE).unwrap_or(u32::MAX));
        self.front = oldest.iter().copied().collect();
        self.middle = rest;
    }

    /// Moves the back into the tree.
    #[cold]
    fn spill(&mut self) {
        let mut back = core::mem::take(&mut self.back);
        let Some(first) = back.pop_first() else { return };
        let rest = Seq::of(back.iter().copied(), back.len());
        self.middle = self.middle.join(first, &rest);
    }
}

fn position<W>(block: &Block<Waiter<W>>, id: WaiterId) -> Option<u32> {
    (0..).zip(block.iter()).find(|(_, waiter)| waiter.id == id).map(|(at, _)| at)
}

type Parts<'a, W> = Chain<Chain<block::Iter<'a, Waiter<W>>, seq::Iter<'a, Waiter<W>>>, block::Iter<'a, Waiter<W>>>;

/// The waiters of a [`Queue`], oldest first.
pub struct Iter<'a, W> {
    rest: Parts<'a, W>,
}

impl<'a, W> Iterator for Iter<'a, W> {
    type Item = &'a Waiter<W>;

    fn next(&mut self) -> Option<&'a Waiter<W>> {
        self.rest.next()
    }
}

impl<W> fmt::Debug for Iter<'_, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Iter").finish_non_exhaustive()
    }
}

impl<'a, W> IntoIterator for &'a Queue<W> {
    type Item = &'a Waiter<W>;
    type IntoIter = Iter<'a, W>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<W: PartialEq> PartialEq for Queue<W> {
    /// Equal as lists: where the boundaries between blocks and tree lie does not count.
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl<W: Eq> Eq for Queue<W> {}

impl<W: core::hash::Hash> core::hash::Hash for Queue<W> {
    fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
        self.len().hash(state);
        self.iter().for_each(|waiter| waiter.hash(state));
    }
}

impl<W: fmt::Debug> fmt::Debug for Queue<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

/// A queue that says that it holds as many as can be counted.
#[cfg(all(test, not(any(feature = "loom", feature = "shuttle"))))]
pub(super) fn full<W: Copy>(waiter: Waiter<W>) -> Queue<W> {
    let mut queue = Queue::default();
    queue.push(waiter);
    queue.middle = seq::claiming(u32::MAX - 1, waiter);
    queue
}

#[cfg(test)]
mod tests {
    //! Queues that no operation can make, for the check that must notice them; and the copy that only commits make.
    use super::super::{block, seq};
    use super::*;

    fn waiter(id: u64) -> Waiter<u8> {
        Waiter { id: WaiterId(id), wake: 7 }
    }

    #[test]
    fn each_unsound_part_makes_a_queue_unsound() {
        let sound = || Queue { front: [waiter(0)].into_iter().collect(), ..Queue::default() };
        let gap = || block::unsound([None, Some(waiter(1)), None], 1);
        assert!(sound().is_well_formed());
        assert!(!Queue { front: gap(), ..sound() }.is_well_formed());
        assert!(!Queue { middle: seq::claiming(2, waiter(1)), ..sound() }.is_well_formed());
        assert!(!Queue { back: gap(), ..sound() }.is_well_formed());
        let one = Seq::EMPTY.push_back(waiter(1));
        assert!(!Queue { middle: one, ..Queue::default() }.is_well_formed());
        assert!(!Queue { back: [waiter(1)].into_iter().collect(), ..Queue::default() }.is_well_formed());
    }

    fn line(waits: u64) -> Queue<u8> {
        (0..waits).fold(Queue::default(), |mut queue, id| {
            queue.push(waiter(id));
            queue
        })
    }

    fn parts(queue: &Queue<u8>) -> [u32; 3] {
        [queue.front.len(), queue.middle.len(), queue.back.len()]
    }

    /// Nothing is left of what was there before, whole or not.
    #[test]
    fn what_is_copied_over_another_is_what_was_copied() {
        const SIZES: [u64; 7] = [0, 1, 3, 8, 9, 17, 40];
        for (from, over) in SIZES.iter().flat_map(|from| SIZES.iter().map(|over| (*from, *over))) {
            let (source, mut whole, mut unshared) = (line(from), line(over), line(over));
            unshared.unshare();
            assert!(!unshared.is_sharing());
            for copy in [&mut whole, &mut unshared] {
                copy.copy_from(&source);
                assert!(copy.is_well_formed());
                assert_eq!((parts(copy), &*copy), (parts(&source), &source), "{from} over {over}");
            }
        }
    }
}
