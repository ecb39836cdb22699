//! The recycled nodes of one thread: rule 7 of `reclaim.rs`.

use super::{Draft, Node, free};
use core::cell::{Cell, RefCell};
use core::mem::ManuallyDrop;
use core::ptr::NonNull;

/// How many recycled nodes a thread keeps: 8 KiB.
pub(super) const MAX_SPARE: usize = 16;

/// Recycled nodes of one thread (rule 7).
pub(super) struct Spare {
    /// The node recycled last: a round trip needs no other.
    top: Cell<Option<NonNull<Node>>>,
    below: RefCell<Vec<NonNull<Node>>>,
}

impl Spare {
    pub(super) const fn new() -> Self {
        Self { top: Cell::new(None), below: RefCell::new(Vec::new()) }
    }

    #[inline]
    pub(super) fn pop(&self) -> Option<NonNull<Node>> {
        self.top.take().or_else(|| self.pop_below())
    }

    #[cold]
    fn pop_below(&self) -> Option<NonNull<Node>> {
        self.below.borrow_mut().pop()
    }

    /// Whether there was room.
    #[inline]
    pub(super) fn push(&self, node: NonNull<Node>) -> bool {
        match self.top.replace(Some(node)) {
            None => true,
            Some(pushed_down) => self.push_down(pushed_down),
        }
    }

    /// Makes room on top, or says that there is none.
    #[cold]
    fn push_down(&self, pushed_down: NonNull<Node>) -> bool {
        let mut below = self.below.borrow_mut();
        let has_room = below.len() + 1 < MAX_SPARE;
        if has_room {
            // SAFETY: nodes in the list are nobody else's; this one stays in it.
            let mut draft = ManuallyDrop::new(unsafe { Draft::from_node(pushed_down.as_ptr()) });
            draft.clear();
            below.push(pushed_down);
        } else {
            self.top.set(Some(pushed_down));
        }
        has_room
    }
}

impl Drop for Spare {
    fn drop(&mut self) {
        while let Some(node) = self.pop() {
            // SAFETY: nodes in the list are nobody else's.
            unsafe { free(node) };
        }
    }
}
