//! The waiters of a stripe, oldest first.
//!
//! A cancelled waiter is taken out at once, so the queue holds live waiters and nothing else: where the seed keeps
//! two lists and a set of tombstones that a later signal skips, one search tree keyed by position does without either
//! (INV-BOUNDED). Ids strictly increase along it (INV-IDS), which makes finding one a binary search.
//!
//! Tested against a plain list in `tests/containers.rs`.

use super::seq::{Iter, Seq};
use core::fmt;

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
#[derive(PartialEq, Eq, Hash)]
pub struct Queue<W> {
    waiters: Seq<Waiter<W>>,
}

impl<W> Clone for Queue<W> {
    #[inline]
    fn clone(&self) -> Self {
        Self { waiters: self.waiters.clone() }
    }

    #[inline]
    fn clone_from(&mut self, source: &Self) {
        self.waiters.clone_from(&source.waiters);
    }
}

impl<W> Default for Queue<W> {
    fn default() -> Self {
        Self { waiters: Seq::EMPTY }
    }
}

impl<W> Queue<W> {
    /// How many wait.
    #[must_use]
    #[inline]
    pub fn len(&self) -> u32 {
        self.waiters.len()
    }

    /// Whether nobody waits.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.waiters.is_empty()
    }

    /// The waiters, oldest first.
    #[must_use]
    pub fn iter(&self) -> Iter<'_, Waiter<W>> {
        self.waiters.iter()
    }
}

impl<W: Copy> Queue<W> {
    /// Appends a waiter, whose id must be larger than all ids in the queue.
    pub fn push(&mut self, waiter: Waiter<W>) {
        self.waiters = self.waiters.push_back(waiter);
    }

    /// Takes out the oldest waiter.
    #[inline]
    pub fn pop(&mut self) -> Option<Waiter<W>> {
        if self.is_empty() {
            return None;
        }
        let (oldest, rest) = self.waiters.pop_front()?;
        self.waiters = rest;
        Some(oldest)
    }

    /// Takes out the waiter called `id`, wherever it stands.
    pub fn remove(&mut self, id: WaiterId) -> Option<Waiter<W>> {
        let rank = self.waiters.partition_point(|waiter| waiter.id < id);
        if self.waiters.get(rank)?.id != id {
            return None;
        }
        let (found, rest) = self.waiters.remove(rank)?;
        self.waiters = rest;
        Some(found)
    }

    /// Takes out the `count` oldest waiters, or all if there are fewer.
    #[must_use]
    pub fn take_oldest(&mut self, count: u32) -> Self {
        let (oldest, rest) = self.waiters.split_at(count);
        self.waiters = rest;
        Self { waiters: oldest }
    }

    /// Whether the representation is sound: the tree is balanced, its sizes are right. O(n); for checks.
    #[must_use]
    pub fn is_well_formed(&self) -> bool {
        self.waiters.is_well_formed()
    }
}

impl<'a, W> IntoIterator for &'a Queue<W> {
    type Item = &'a Waiter<W>;
    type IntoIter = Iter<'a, Waiter<W>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<W: fmt::Debug> fmt::Debug for Queue<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.waiters.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::super::seq::unsound;
    use super::*;

    #[test]
    fn a_queue_over_an_unsound_tree_is_unsound() {
        let waiter = Waiter { id: WaiterId(0), wake: 7_u8 };
        let mut queue = Queue::default();
        queue.push(waiter);
        assert!(queue.is_well_formed());
        assert!(!Queue { waiters: unsound(waiter) }.is_well_formed());
    }
}
