//! The waiters of a stripe, oldest first.
//!
//! A cancelled waiter is taken out at once, so the queue holds live waiters and nothing else: where the seed keeps
//! two lists and a set of tombstones that a later signal skips, a search tree keyed by position does without either
//! (INV-BOUNDED). Ids strictly increase along it (INV-IDS), which makes finding one a search.
//!
//! Both ends lie in blocks before and after the tree, because that is where waiters come and go: seven times in eight a
//! push or a pop copies the blocks and leaves the tree alone.
//!
//! ```text
//!   front (block)            middle (shared tree)            back (block)
//!   w0 w1 w2 –  –  …    <    w3 w4 … … … … … … w90    <      w91 w92 –  –  …
//!   ^ pop                                                            ^ push
//! ```
//!
//! Rules:
//! 1. The front is empty only if the queue is. A queue of none owns no memory.
//! 2. Every operation is worst-case O(log n) (INV-COST): a full back joins the tree whole, an empty front is filled by one
//!    split.
//!
//! Tested against a plain list in `tests/containers.rs`.

use super::block::{self, Block, SIZE};
use super::counter::add;
use super::seq::{self, Seq};
use crate::sync::Shared;
use core::fmt;
use core::iter::Chain;

/// How many waiters lie in the two ends: with no more there is no tree.
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
    line: Option<Shared<Line<W>>>,
}

struct Line<W> {
    front: Block<Waiter<W>>,
    middle: Seq<Waiter<W>>,
    back: Block<Waiter<W>>,
}

impl<W> Clone for Queue<W> {
    #[inline]
    fn clone(&self) -> Self {
        Self { line: self.line.clone() }
    }

    #[inline]
    fn clone_from(&mut self, source: &Self) {
        // Between empty ones, the common case, there is nothing to count.
        if self.line.is_some() || source.line.is_some() {
            self.line.clone_from(&source.line);
        }
    }
}

impl<W> Default for Queue<W> {
    fn default() -> Self {
        Self { line: None }
    }
}

impl<W> Queue<W> {
    /// How many wait.
    #[must_use]
    #[inline]
    pub fn len(&self) -> u32 {
        let len = |line: &Line<W>| add(add(line.front.len(), line.middle.len()), line.back.len());
        self.line.as_deref().map_or(0, len)
    }

    /// Whether nobody waits.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.line.is_none()
    }

    /// The waiters, oldest first.
    #[must_use]
    pub fn iter(&self) -> Iter<'_, W> {
        Iter { rest: self.line.as_deref().map(Line::iter) }
    }
}

impl<W: Copy> Queue<W> {
    /// Appends a waiter, whose id must be larger than all ids in the queue.
    pub fn push(&mut self, waiter: Waiter<W>) {
        self.change(|line| line.push(waiter));
    }

    /// Takes out the oldest waiter.
    #[inline]
    pub fn pop(&mut self) -> Option<Waiter<W>> {
        if self.is_empty() { None } else { self.pop_some() }
    }

    /// Apart, so that the common case compiles small.
    fn pop_some(&mut self) -> Option<Waiter<W>> {
        self.change(|line| line.front.remove(0))
    }

    /// Takes out the waiter called `id`, wherever it stands.
    pub fn remove(&mut self, id: WaiterId) -> Option<Waiter<W>> {
        self.change(|line| line.remove(id))
    }

    /// Takes out the `count` oldest waiters, or all if there are fewer.
    #[must_use]
    pub fn take_oldest(&mut self, count: u32) -> Self {
        if count == 0 || self.is_empty() {
            return Self::default();
        }
        let (front, middle, back) = self.change(|line| {
            let front = line.front.take_first(count);
            let count = count.saturating_sub(front.len());
            let (middle, rest) = line.middle.split_at(count);
            line.middle = rest;
            let back = line.back.take_first(count.saturating_sub(middle.len()));
            (front, middle, back)
        });
        let mut oldest = Self::default();
        oldest.change(|line| *line = Line { front, middle, back });
        oldest
    }

    /// Whether the representation is sound: the rules, blocks without gaps, a balanced tree. O(n); for checks.
    #[must_use]
    pub fn is_well_formed(&self) -> bool {
        self.line.as_deref().is_none_or(|line| {
            !line.front.is_empty()
                && line.front.is_well_formed()
                && line.middle.is_well_formed()
                && line.back.is_well_formed()
        })
    }

    /// Changes what waits; sees to rule 1. The new line is copied to where it will live and changed there.
    fn change<A>(&mut self, change: impl FnOnce(&mut Line<W>) -> A) -> A {
        let line = Shared::make_mut(self.line.get_or_insert_default());
        let answer = change(line);
        if line.front.is_empty() {
            line.refill();
        }
        if line.front.is_empty() {
            self.line = None;
        }
        answer
    }
}

impl<W: Copy> Clone for Line<W> {
    fn clone(&self) -> Self {
        Self { front: self.front, middle: self.middle.clone(), back: self.back }
    }
}

impl<W: Copy> Default for Line<W> {
    fn default() -> Self {
        Self { front: Block::default(), middle: Seq::EMPTY, back: Block::default() }
    }
}

impl<W> Line<W> {
    fn iter(&self) -> Parts<'_, W> {
        self.front.iter().chain(self.middle.iter()).chain(self.back.iter())
    }
}

impl<W: Copy> Line<W> {
    fn push(&mut self, waiter: Waiter<W>) {
        if self.middle.is_empty() && self.back.is_empty() && !self.front.is_full() {
            return self.front.push(waiter);
        }
        if self.back.is_full() {
            self.spill();
        }
        self.back.push(waiter);
    }

    /// Moves the back into the tree.
    fn spill(&mut self) {
        let mut back = core::mem::take(&mut self.back);
        let Some(first) = back.remove(0) else { return };
        let rest = back.iter().fold(Seq::EMPTY, |rest, waiter| rest.push_back(*waiter));
        self.middle = self.middle.join(first, &rest);
    }

    /// Fills an empty front from the tree, else from the back.
    fn refill(&mut self) {
        if self.middle.is_empty() {
            self.front = core::mem::take(&mut self.back);
            return;
        }
        let (oldest, rest) = self.middle.split_at(u32::try_from(SIZE).unwrap_or(u32::MAX));
        self.front = oldest.iter().copied().collect();
        self.middle = rest;
    }

    fn remove(&mut self, id: WaiterId) -> Option<Waiter<W>> {
        if let Some(at) = position(&self.front, id) {
            return self.front.remove(at);
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
}

fn position<W>(block: &Block<Waiter<W>>, id: WaiterId) -> Option<u32> {
    (0..).zip(block.iter()).find(|(_, waiter)| waiter.id == id).map(|(at, _)| at)
}

type Parts<'a, W> = Chain<Chain<block::Iter<'a, Waiter<W>>, seq::Iter<'a, Waiter<W>>>, block::Iter<'a, Waiter<W>>>;

/// The waiters of a [`Queue`], oldest first.
pub struct Iter<'a, W> {
    rest: Option<Parts<'a, W>>,
}

impl<'a, W> Iterator for Iter<'a, W> {
    type Item = &'a Waiter<W>;

    fn next(&mut self) -> Option<&'a Waiter<W>> {
        self.rest.as_mut()?.next()
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

#[cfg(test)]
mod tests {
    //! Queues that no operation can make, for the check that must notice them.
    use super::super::{block, seq};
    use super::*;

    fn waiter(id: u64) -> Waiter<u8> {
        Waiter { id: WaiterId(id), wake: 7 }
    }

    #[test]
    fn each_unsound_part_makes_a_queue_unsound() {
        let sound = || Line { front: [waiter(0)].into_iter().collect(), middle: Seq::EMPTY, back: Block::default() };
        let gap = || block::unsound([None, Some(waiter(1)), None], 1);
        let queue = |line| Queue { line: Some(Shared::new(line)) };
        assert!(queue(sound()).is_well_formed());
        assert!(!queue(Line { front: Block::default(), ..sound() }).is_well_formed());
        assert!(!queue(Line { front: gap(), ..sound() }).is_well_formed());
        assert!(!queue(Line { middle: seq::unsound(waiter(1)), ..sound() }).is_well_formed());
        assert!(!queue(Line { back: gap(), ..sound() }).is_well_formed());
    }
}
