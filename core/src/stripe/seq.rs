//! A persistent sequence: every operation leaves its input as it was and shares all but a path with it.
//!
//! Owns the layout of everything in a stripe that can grow: the waiters between both ends of the
//! [`Queue`](super::Queue) and the older idle entries of the [`Cache`](super::Cache). The machine never sees a tree.
//!
//! ```text
//!            (size 6, item d)              A weight-balanced tree, in order: a b c d e f.
//!           /                \             balanced: for each node, |left| + |right| ≤ 1, or
//!     (3, b)                  (2, e)                 |left| ≤ 3·|right| and |right| ≤ 3·|left|.
//!     /    \                       \
//!  (1, a)  (1, c)                  (1, f)
//! ```
//!
//! Rules:
//! 1. Every operation copies one root-to-leaf path, rebalanced on the way: worst-case O(log n), never amortised
//!    (INV-COST). An attempt whose compare-and-swap fails is thrown away and owes nothing.
//! 2. No tombstones and no spare room: n elements are exactly n nodes (INV-BOUNDED).
//! 3. Dropping a sequence frees only what nobody shares; elements are `Copy`, so no user code runs.
//!
//! Why not a library: `imbl::Vector` (the maintained `im`) removes from the middle in 29 µs at 10 000 elements,
//! `imbl::OrdMap` cannot split by rank below O(n), and both appear in every failed attempt of a lock-free loop; a
//! hundred lines of join-based tree do all five operations in O(log n), need no unsafe code, and can be proved.
//! The balance scheme is Adams' with (Δ, Γ) = (3, 2), the parameters shown sound by Hirai and Yamamoto,
//! "Balancing weight-balanced trees", JFP 21(3), 2011; `join` as the only primitive follows Blelloch, Ferizovic and
//! Sun, "Just Join for Parallel Ordered Sets", SPAA 2016.
//!
//! Tested against a plain `Vec` in `tests/containers.rs`.

use super::counter::{add, sub};
use crate::sync::Shared;
use core::cmp::Ordering;
use core::fmt;

/// How many times heavier one side may be than the other.
const DELTA: u64 = 3;
/// Whether one rotation restores the balance or two are needed.
const RATIO: u64 = 2;

/// A persistent sequence of `T`; see the [module](self).
pub struct Seq<T> {
    root: Option<Shared<Node<T>>>,
}

struct Node<T> {
    size: u32,
    item: T,
    left: Seq<T>,
    right: Seq<T>,
}

impl<T> Clone for Seq<T> {
    #[inline]
    fn clone(&self) -> Self {
        Self { root: self.root.clone() }
    }
}

impl<T> Default for Seq<T> {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl<T> Seq<T> {
    /// The sequence of no elements; owns no memory.
    pub const EMPTY: Self = Self { root: None };

    /// Becomes a copy of `source`, and returns what it was, which is empty if it was the same one: then, and between empty
    /// ones, nothing is counted.
    #[must_use = "what it was may take long to drop"]
    #[inline]
    pub(super) fn copy_from(&mut self, source: &Self) -> Self {
        // In the common case there are none.
        if self.root.is_none() && source.root.is_none() { Self::EMPTY } else { self.copy_some(source) }
    }

    fn copy_some(&mut self, source: &Self) -> Self {
        match (&self.root, &source.root) {
            (Some(own), Some(other)) if Shared::ptr_eq(own, other) => Self::EMPTY,
            (None | Some(_), None | Some(_)) => core::mem::replace(self, source.clone()),
        }
    }

    /// How many elements there are. O(1).
    #[must_use]
    #[inline]
    pub fn len(&self) -> u32 {
        self.root.as_ref().map_or(0, |node| node.size)
    }

    /// Whether there is no element. O(1).
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.root.is_none()
    }

    /// How many leading elements satisfy `holds`, which must be true of a prefix and false of the rest. O(log n).
    pub fn partition_point(&self, mut holds: impl FnMut(&T) -> bool) -> u32 {
        let (mut at, mut before) = (self, 0);
        while let Some(node) = &at.root {
            if holds(&node.item) {
                before = add(before, add(node.left.len(), 1));
                at = &node.right;
            } else {
                at = &node.left;
            }
        }
        before
    }

    /// The elements from first to last. O(log n) for each step at worst.
    #[must_use]
    pub fn iter(&self) -> Iter<'_, T> {
        let mut iter = Iter { above: Vec::new() };
        iter.descend(self);
        iter
    }
}

impl<T: Copy> Seq<T> {
    /// The element at position `rank`, counted from 0. O(log n).
    #[must_use]
    pub fn get(&self, mut rank: u32) -> Option<T> {
        let mut at = self;
        loop {
            let node = at.root.as_ref()?;
            let left = node.left.len();
            match rank.cmp(&left) {
                Ordering::Less => at = &node.left,
                Ordering::Equal => return Some(node.item),
                Ordering::Greater => {
                    rank = sub(rank, add(left, 1));
                    at = &node.right;
                }
            }
        }
    }

    /// The first element. O(log n).
    #[must_use]
    pub fn first(&self) -> Option<T> {
        self.get(0)
    }

    /// The last element. O(log n).
    #[must_use]
    pub fn last(&self) -> Option<T> {
        self.get(self.len().checked_sub(1)?)
    }

    /// This sequence with `item` after it. O(log n).
    #[must_use]
    pub fn push_back(&self, item: T) -> Self {
        match &self.root {
            None => bin(Self::EMPTY, item, Self::EMPTY),
            Some(node) => balance(node.left.clone(), node.item, node.right.push_back(item)),
        }
    }

    /// This sequence with `item` before it. O(log n).
    #[must_use]
    pub fn push_front(&self, item: T) -> Self {
        match &self.root {
            None => bin(Self::EMPTY, item, Self::EMPTY),
            Some(node) => balance(node.left.push_front(item), node.item, node.right.clone()),
        }
    }

    /// The first element and the rest. O(log n).
    #[must_use]
    pub fn pop_front(&self) -> Option<(T, Self)> {
        let node = self.root.as_ref()?;
        match node.left.pop_front() {
            None => Some((node.item, node.right.clone())),
            Some((first, left)) => Some((first, balance(left, node.item, node.right.clone()))),
        }
    }

    /// The last element and the rest. O(log n).
    #[must_use]
    pub fn pop_back(&self) -> Option<(T, Self)> {
        let node = self.root.as_ref()?;
        match node.right.pop_back() {
            None => Some((node.item, node.left.clone())),
            Some((last, right)) => Some((last, balance(node.left.clone(), node.item, right))),
        }
    }

    /// This sequence, then `item`, then `after`. O(log n).
    #[must_use]
    pub fn join(&self, item: T, after: &Self) -> Self {
        join(self.clone(), item, after.clone())
    }

    /// The first `rank` elements, and the rest. A `rank` beyond the end takes all. O(log n).
    #[must_use]
    pub fn split_at(&self, rank: u32) -> (Self, Self) {
        let Some(node) = &self.root else {
            return (Self::EMPTY, Self::EMPTY);
        };
        let left = node.left.len();
        if rank <= left {
            let (before, after) = node.left.split_at(rank);
            (before, join(after, node.item, node.right.clone()))
        } else {
            let (before, after) = node.right.split_at(sub(rank, add(left, 1)));
            (join(node.left.clone(), node.item, before), after)
        }
    }

    /// The element at position `rank`, and the sequence without it. O(log n).
    #[must_use]
    pub fn remove(&self, rank: u32) -> Option<(T, Self)> {
        let node = self.root.as_ref()?;
        let left = node.left.len();
        if rank < left {
            let (item, rest) = node.left.remove(rank)?;
            return Some((item, balance(rest, node.item, node.right.clone())));
        }
        if rank > left {
            let (item, rest) = node.right.remove(sub(rank, add(left, 1)))?;
            return Some((item, balance(node.left.clone(), node.item, rest)));
        }
        let rest = match node.right.pop_front() {
            None => node.left.clone(),
            Some((next, right)) => balance(node.left.clone(), next, right),
        };
        Some((node.item, rest))
    }

    /// The sequence of the first `len` of `items`; balanced if there are as many. O(len).
    pub(super) fn of(items: impl IntoIterator<Item = T>, len: u32) -> Self {
        build(&mut items.into_iter(), len)
    }

    /// Whether sizes are right and every node is balanced. O(n); for checks.
    #[must_use]
    pub fn is_well_formed(&self) -> bool {
        let Some(node) = &self.root else { return true };
        let (left, right) = (node.left.len(), node.right.len());
        node.size == add(add(left, right), 1)
            && is_balanced(left, right)
            && node.left.is_well_formed()
            && node.right.is_well_formed()
    }
}

/// The next `len` of `items`, without the detour over all shorter sequences.
fn build<T>(items: &mut impl Iterator<Item = T>, len: u32) -> Seq<T> {
    let half = len / 2;
    if len == 0 {
        return Seq::EMPTY;
    }
    let left = build(items, half);
    let Some(item) = items.next() else { return left };
    let right = build(items, sub(sub(len, half), 1));
    bin(left, item, right)
}

fn weighs(size: u32, times: u64) -> u64 {
    u64::from(size).saturating_mul(times)
}

fn is_balanced(left: u32, right: u32) -> bool {
    add(left, right) <= 1 || (weighs(left, DELTA) >= u64::from(right) && weighs(right, DELTA) >= u64::from(left))
}

/// A node over two sequences that are already in balance with each other.
fn bin<T>(left: Seq<T>, item: T, right: Seq<T>) -> Seq<T> {
    let size = add(add(left.len(), right.len()), 1);
    Seq { root: Some(Shared::new(Node { size, item, left, right })) }
}

/// A node over two sequences that one rotation brings into balance: out of it by one insertion or removal, or by what `join` leaves,
/// one side up to 13/3 as heavy as the other (`proofs/proof/Balance.v`, `mendable`).
fn balance<T: Copy>(left: Seq<T>, item: T, right: Seq<T>) -> Seq<T> {
    if is_balanced(left.len(), right.len()) {
        return bin(left, item, right);
    }
    if left.len() < right.len() {
        match &right.root {
            Some(node) => rotate_left(left, item, node),
            None => bin(left, item, right),
        }
    } else {
        match &left.root {
            Some(node) => rotate_right(node, item, right),
            None => bin(left, item, right),
        }
    }
}

fn rotate_left<T: Copy>(left: Seq<T>, item: T, right: &Node<T>) -> Seq<T> {
    match &right.left.root {
        Some(inner) if u64::from(inner.size) >= weighs(right.right.len(), RATIO) => bin(
            bin(left, item, inner.left.clone()),
            inner.item,
            bin(inner.right.clone(), right.item, right.right.clone()),
        ),
        Some(_) | None => bin(bin(left, item, right.left.clone()), right.item, right.right.clone()),
    }
}

fn rotate_right<T: Copy>(left: &Node<T>, item: T, right: Seq<T>) -> Seq<T> {
    match &left.right.root {
        Some(inner) if u64::from(inner.size) >= weighs(left.left.len(), RATIO) => bin(
            bin(left.left.clone(), left.item, inner.left.clone()),
            inner.item,
            bin(inner.right.clone(), item, right),
        ),
        Some(_) | None => bin(left.left.clone(), left.item, bin(left.right.clone(), item, right)),
    }
}

/// `left`, `item`, `right` in this order, for any two sequences. O(log(|left| / |right|)) and so O(log n).
fn join<T: Copy>(left: Seq<T>, item: T, right: Seq<T>) -> Seq<T> {
    let (Some(l), Some(r)) = (&left.root, &right.root) else {
        return if left.is_empty() { right.push_front(item) } else { left.push_back(item) };
    };
    if weighs(l.size, DELTA) < u64::from(r.size) {
        balance(join(left, item, r.left.clone()), r.item, r.right.clone())
    } else if weighs(r.size, DELTA) < u64::from(l.size) {
        balance(l.left.clone(), l.item, join(l.right.clone(), item, right))
    } else {
        bin(left, item, right)
    }
}

/// The elements of a [`Seq`] from first to last.
pub struct Iter<'a, T> {
    above: Vec<&'a Node<T>>,
}

impl<'a, T> Iter<'a, T> {
    fn descend(&mut self, mut at: &'a Seq<T>) {
        while let Some(node) = &at.root {
            self.above.push(node);
            at = &node.left;
        }
    }
}

impl<'a, T> Iterator for Iter<'a, T> {
    type Item = &'a T;

    fn next(&mut self) -> Option<&'a T> {
        let node = self.above.pop()?;
        self.descend(&node.right);
        Some(&node.item)
    }
}

impl<'a, T> IntoIterator for &'a Seq<T> {
    type Item = &'a T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

impl<T: PartialEq> PartialEq for Seq<T> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl<T: Eq> Eq for Seq<T> {}

impl<T: core::hash::Hash> core::hash::Hash for Seq<T> {
    fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
        self.len().hash(state);
        self.iter().for_each(|item| item.hash(state));
    }
}

impl<T: fmt::Debug> fmt::Debug for Seq<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

impl<T> fmt::Debug for Iter<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Iter").field("depth", &self.above.len()).finish()
    }
}

/// A sequence of one that says that it is of `size`: for checks that must notice it, and for counts that no test can reach.
#[cfg(test)]
pub(super) fn claiming<T>(size: u32, item: T) -> Seq<T> {
    Seq { root: Some(Shared::new(Node { size, item, left: Seq::EMPTY, right: Seq::EMPTY })) }
}

#[cfg(test)]
mod tests {
    //! Trees that no operation can make, for the check that must notice them.
    use super::*;

    fn grown(n: u8) -> Seq<u8> {
        (0..n).fold(Seq::EMPTY, |seq, item| seq.push_back(item))
    }

    #[test]
    fn a_copy_over_itself_counts_nothing_and_over_another_returns_that() {
        let count = |seq: &Seq<u8>| seq.root.as_ref().map_or(0, Shared::strong_count);
        let (one, other) = (grown(5), grown(3));
        let mut copy = Seq::EMPTY;
        assert!(copy.copy_from(&one).is_empty());
        assert_eq!(count(&one), 2);
        assert!(copy.copy_from(&one).is_empty());
        assert_eq!(count(&one), 2);
        let was = copy.copy_from(&other);
        assert_eq!((&was, &copy), (&one, &other));
        drop(was);
        assert_eq!((count(&one), count(&other)), (1, 2));
        assert_eq!(copy.copy_from(&Seq::EMPTY), other);
        assert!(copy.copy_from(&Seq::EMPTY).is_empty() && copy.is_empty());
    }

    #[test]
    fn what_is_built_at_once_is_sound_and_in_order() {
        for n in 0..100 {
            let built = Seq::of(0..n, u32::from(n));
            assert!(built.is_well_formed(), "{n}");
            assert_eq!(built, grown(n));
        }
        assert_eq!(Seq::of(0..9, 4), grown(4), "no more than asked for");
        assert_eq!(Seq::of(0..3, 8), grown(3), "no more than there are");
    }

    fn node(size: u32, left: Seq<u8>, right: Seq<u8>) -> Seq<u8> {
        Seq { root: Some(Shared::new(Node { size, item: 0, left, right })) }
    }

    #[test]
    fn a_wrong_size_or_a_lopsided_node_is_unsound_wherever_it_is() {
        assert!(node(6, grown(2), grown(3)).is_well_formed());
        assert!(node(5, grown(1), grown(3)).is_well_formed());
        let unsound = [
            node(5, grown(2), grown(3)),
            node(7, grown(2), grown(3)),
            node(6, grown(1), grown(4)),
            node(6, grown(4), grown(1)),
            node(3, grown(0), grown(2)),
        ];
        for bad in unsound {
            let size = bad.len() + 4;
            assert!(!bad.is_well_formed());
            assert!(!node(size, bad.clone(), grown(3)).is_well_formed());
            assert!(!node(size, grown(3), bad).is_well_formed());
        }
    }
}
