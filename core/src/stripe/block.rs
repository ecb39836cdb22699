//! A few elements in a row, in place: what lies before a tree so that the common operation need not touch it.
//!
//! Owns the layout of the inline part of the [`Cache`](super::Cache), where entries come and go at the end, and of both ends of the
//! [`Queue`](super::Queue).
//!
//! Rules:
//! 1. `items[..len]` is filled and the rest is `None`, so that whoever lists all places lists the elements.
//! 2. Copying one copies bytes: elements are `Copy`, and there is no reference count.
//!
//! Tested through both, in `tests/containers.rs`.

use super::counter::{add, sub};

/// How many elements a block has room for.
pub(super) const SIZE: usize = 8;

/// Up to [`SIZE`] elements, the first at the front.
#[derive(Clone, Copy)]
pub(super) struct Block<T> {
    items: [Option<T>; SIZE],
    len: u32,
}

impl<T> Default for Block<T> {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl<T> Block<T> {
    /// No elements.
    pub(super) const EMPTY: Self = Self { items: [const { None }; SIZE], len: 0 };

    #[inline]
    pub(super) fn len(&self) -> u32 {
        self.len
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    #[inline]
    pub(super) fn is_full(&self) -> bool {
        slot(self.len) >= SIZE
    }

    /// From first to last.
    pub(super) fn iter(&self) -> Iter<'_, T> {
        self.items.iter().flatten()
    }

    /// Rule 1. For checks.
    pub(super) fn is_well_formed(&self) -> bool {
        let filled = self.items.iter().take_while(|item| item.is_some()).count();
        filled == slot(self.len) && self.iter().count() == filled
    }
}

impl<T: Copy> Block<T> {
    /// Becomes a copy of `source`; field by field, because one copy of all is a call of `memcpy`.
    #[inline]
    pub(super) fn copy_from(&mut self, source: &Self) {
        self.items = source.items;
        self.len = source.len;
    }

    /// The last element.
    #[inline]
    pub(super) fn last(&self) -> Option<T> {
        self.items.get(slot(self.len.checked_sub(1)?)).copied().flatten()
    }

    /// Appends `item`, unless the block is full: then it is lost.
    #[inline]
    pub(super) fn push(&mut self, item: T) {
        debug_assert!(!self.is_full(), "no room");
        if let Some(place) = self.items.get_mut(slot(self.len)) {
            *place = Some(item);
            self.len = add(self.len, 1);
        }
    }

    /// Takes out the last element.
    #[inline]
    pub(super) fn pop(&mut self) -> Option<T> {
        let last = self.len.checked_sub(1)?;
        let item = self.items.get_mut(slot(last))?.take();
        self.len = last;
        item
    }

    /// Takes out the first element: as `remove(0)`, but what moves is known to the compiler, which needs no `memmove`.
    #[inline]
    pub(super) fn pop_first(&mut self) -> Option<T> {
        let [first, rest @ ..] = self.items;
        let item = first?;
        let mut moved = [None; SIZE];
        for (place, item) in moved.iter_mut().zip(rest) {
            *place = item;
        }
        self.items = moved;
        self.len = sub(self.len, 1);
        Some(item)
    }

    /// Takes out the element at position `at` and closes the gap.
    pub(super) fn remove(&mut self, at: u32) -> Option<T> {
        let item = self.items.get(slot(at)).copied().flatten()?;
        self.items.copy_within(slot(at).saturating_add(1).., slot(at));
        self.len = sub(self.len, 1);
        if let Some(place) = self.items.last_mut() {
            *place = None;
        }
        Some(item)
    }

    /// Takes out the first `count` elements, or all if there are fewer.
    pub(super) fn take_first(&mut self, count: u32) -> Self {
        let count = count.min(self.len);
        let mut taken = Self::default();
        let Some(gone) = self.items.get_mut(..slot(count)) else { return taken };
        for (place, item) in taken.items.iter_mut().zip(gone) {
            *place = item.take();
        }
        taken.len = count;
        self.items.rotate_left(slot(count));
        self.len = sub(self.len, count);
        taken
    }
}

impl<T: Copy> FromIterator<T> for Block<T> {
    /// The first [`SIZE`] elements.
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut block = Self::default();
        items.into_iter().take(SIZE).for_each(|item| block.push(item));
        block
    }
}

/// The elements of a [`Block`] from first to last.
pub(super) type Iter<'a, T> = core::iter::Flatten<core::slice::Iter<'a, Option<T>>>;

/// A count of elements as an index.
#[inline]
fn slot(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// A block that no operation can make, for checks that must notice one.
#[cfg(test)]
pub(super) fn unsound<T: Copy>(items: [Option<T>; 3], len: u32) -> Block<T> {
    let mut block = Block { len, ..Block::default() };
    block.items.iter_mut().zip(items).for_each(|(place, item)| *place = item);
    block
}
