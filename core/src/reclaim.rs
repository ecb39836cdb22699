//! When an old stripe may be reused: a split reference count.
//!
//! Owns the pointer to the current node and the nodes' memory. It does not know what a transition is.
//!
//! ```text
//!   head   ┌──────────────────────────────┬───────────┐
//!          │ address of the current node  │  readers  │   one word: nodes are aligned to 256 bytes,
//!          └──────────────┬───────────────┴───────────┘   so the low 8 bits are free to count
//!                         ▼
//!   node   [ stripe … │ debt ]     debt: readers of a *replaced* node that have not left, split over two places:
//!                                  the replacer adds how many were counted, each leaver subtracts itself
//! ```
//!
//! Rules:
//! 1. Who wants to read the current node first counts itself in (`protect`), by compare-and-swap on the head: the
//!    address it counted on is the address it may read.
//! 2. While a node is current, readers are counted in the head and leave by counting down there; its debt is 0.
//! 3. Replacing a node (`publish`) is a compare-and-swap that also fixes how many readers it leaves behind, not counting the
//!    replacer: `n`. The replacer adds `n` to the debt; each of the `n` subtracts 1 when it finds the node replaced.
//!    Whoever makes the sum 0 *after the replacer has added* owns the node alone and recycles it. A debt below 0 means
//!    that the replacer has not added yet. If `n` is 0, nobody else knows the node and it is recycled at once.
//! 4. A node that anybody has counted itself in on is not recycled before that reader leaves. So if the head's address
//!    equals the address one protects, it is the same node and not its reincarnation (no ABA).
//! 5. The count never overflows into the address: a reader that finds the maximum yields until somebody leaves. This is
//!    the one point of the commit path that can wait for other threads; it takes [`MAX_READERS`] threads *inside* a
//!    transition of one stripe, tens of nanoseconds each, or descheduled there.
//! 6. The head is changed by compare-and-swap only.
//! 7. Recycled nodes lie in a list of the thread that recycled them, at most [`spare::MAX_SPARE`] a thread, freed with the
//!    thread. So the steady state allocates nothing, and memory is bounded by threads, not by traffic. A node holds a
//!    stripe at all times; one in the list holds what was left in it, only to be written over (the ends of a line too:
//!    addresses that nobody follows). What that shares with others is let go, but for the older idle entries of the node
//!    recycled last: the next state of the same stripe mostly shares them too, and then no reference is counted, neither
//!    there nor here. So a thread keeps the memory of at most one tree of idle entries (64 bytes each with malloc's own, no
//!    resource), until its next transition, on whatever pool, or its end; and if nobody else has that tree any more, this is
//!    where it is freed. With a full list the node on top stays.
//!
//! 8. A compare-and-swap compares addresses, not provenance: one that succeeds may put back a pointer that was read when
//!    another allocation lived at the same address. So the head's pointers are used for their addresses only; a node is
//!    reached by the provenance that its allocation exposed, which is that of whatever lives there now.
//!
//! After the differential reference count of D. Vyukov and of A. Williams, "C++ Concurrency in Action", 7.2.4, with the
//! external count in alignment bits instead of a double word.
//!
//! Loom: `tests/loom/reclaim.rs`, with address reuse forced and with a saturated count of 1.

mod spare;

use self::spare::Spare;
use crate::runtime::{PoolStripe, ResourceHandle};
use crate::stripe::Leftover;
use crate::sync::{
    AtomicIsize, AtomicPtr, ConstPtr, MutPtr, Ordering, UnsafeCell, alloc, const_thread_local, dealloc, spin_loop,
    yield_now,
};
use core::alloc::Layout;
use core::fmt;
use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};
use core::ptr::NonNull;

/// The bits of the head that count readers: what the alignment of a node leaves free.
const COUNT_MASK: usize = align_of::<Node>() - 1;
/// How many readers a head can count at once (rule 5).
pub(crate) const MAX_READERS: usize = COUNT_MASK;

/// How often a thread looks, at most, whether those inside of a transition have left it: for some microseconds, a few times
/// what the longest usual one takes.
const FINISH_LOOKS: u32 = 64;
/// And how often it spins between two looks: each takes the cache line from who is about to publish.
const FINISH_SPINS: u32 = 4;

#[cfg(not(any(feature = "loom", feature = "shuttle", feature = "trace")))]
const _: () = assert!(size_of::<Node>() == 512, "a node fills twice its alignment");

/// One stripe in memory. Aligned so that its address leaves room for the count.
#[repr(C, align(256))]
struct Node {
    /// First: what is copied begins where the node does.
    stripe: UnsafeCell<PoolStripe>,
    debt: AtomicIsize,
    /// How many changes led to this stripe.
    #[cfg(feature = "trace")]
    number: UnsafeCell<u64>,
}

/// The pointer to the current node, and the count of its readers.
pub(crate) struct Head {
    word: AtomicPtr<Node>,
    max_readers: usize,
}

// SAFETY: rules 1 to 4: a node is read only by those counted in on it and written only by who owns it alone; the
// stripes in it hold handles (addresses), shared immutable data and numbers, all of which may move between threads.
unsafe impl Send for Head {}
// SAFETY: as above.
unsafe impl Sync for Head {}

fn readers(word: *mut Node) -> usize {
    word.addr() & COUNT_MASK
}

/// The node that a head points to, by its address alone: see rule 8.
fn node_of(word: *mut Node) -> *mut Node {
    core::ptr::with_exposed_provenance_mut(word.addr() & !COUNT_MASK)
}

impl Head {
    /// A head that points to a copy of `stripe` and counts at most `max_readers` readers at once.
    pub(crate) fn new(stripe: &PoolStripe, max_readers: usize) -> Self {
        debug_assert!((1..=MAX_READERS).contains(&max_readers));
        let mut draft = Draft::take();
        drop(draft.write(stripe));
        #[cfg(feature = "trace")]
        draft.set_number(0);
        Self { word: AtomicPtr::new(draft.into_node()), max_readers }
    }

    /// Waits for those who are counted in on the current node to leave, but not for long: a hint, for who is about to do
    /// what only one of them can do in the end. Returns how often it looked.
    #[inline(never)]
    pub(crate) fn let_others_finish(&self) -> u32 {
        for look in 1..=FINISH_LOOKS {
            // ORDERING: Relaxed: nothing is read through it.
            if readers(self.word.load(Ordering::Relaxed)) == 0 {
                return look;
            }
            for _ in 0..FINISH_SPINS {
                spin_loop();
            }
        }
        FINISH_LOOKS
    }

    /// Counts the caller in on the current node (rule 1).
    #[inline]
    pub(crate) fn protect(&self) -> Reader<'_> {
        // ORDERING: Relaxed: a guess that the compare-and-swap below checks; nothing is read through it.
        let mut word = self.word.load(Ordering::Relaxed);
        loop {
            if readers(word) >= self.max_readers {
                yield_now();
                // ORDERING: Relaxed: as the first guess.
                word = self.word.load(Ordering::Relaxed);
                continue;
            }
            let counted = word.map_addr(|addr| addr + 1);
            // ORDERING: Acquire (ORD-HEAD-PROTECT) pairs with the Release of ORD-HEAD-PUBLISH: the stripe that we are
            // about to read is whole. Relaxed on failure: only a better guess.
            match self.word.compare_exchange_weak(word, counted, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => return Reader { head: self, word: counted },
                Err(now) => word = now,
            }
        }
    }
}

impl Drop for Head {
    fn drop(&mut self) {
        // ORDERING: Relaxed: `&mut self` came here by a synchronisation that orders all earlier uses.
        let word = self.word.load(Ordering::Relaxed);
        debug_assert_eq!(readers(word), 0, "a reader borrows the head");
        // SAFETY: no reader is left (they borrow the head), so the current node is ours alone.
        let mut draft = unsafe { Draft::from_node(node_of(word)) };
        // There is no next state to share anything with.
        draft.clear();
    }
}

impl fmt::Debug for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Head").field("max_readers", &self.max_readers).finish_non_exhaustive()
    }
}

/// The right to read one node: its holder is counted in on it until it publishes or drops this.
#[derive(Debug)]
pub(crate) struct Reader<'h> {
    head: &'h Head,
    /// The head as last seen with our node in it.
    word: *mut Node,
}

impl Reader<'_> {
    /// The protected stripe.
    #[inline]
    pub(crate) fn stripe(&self) -> Ref<'_> {
        // SAFETY: rule 4: we are counted in, so the node is not recycled while `self` lives.
        let node = unsafe { &*node_of(self.word) };
        Ref { pointer: node.stripe.get(), reader: PhantomData }
    }

    /// How many changes led to the protected stripe.
    #[cfg(feature = "trace")]
    pub(crate) fn number(&self) -> u64 {
        // SAFETY: as `stripe`.
        let node = unsafe { &*node_of(self.word) };
        // SAFETY: as `Ref::deref`.
        node.number.with(|number| unsafe { *number })
    }

    /// Puts `draft` in place of the protected node, if that is still current; else returns the draft. Either way the node is
    /// protected no more.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "part of the commit loop, which is compiled for each hot event")]
    pub(crate) fn publish(self, draft: Draft) -> Result<(), Draft> {
        let head = self.head;
        let node = node_of(self.word);
        let next = draft.into_node();
        let mut word = self.word;
        loop {
            // ORDERING: Release (ORD-HEAD-PUBLISH) pairs with the Acquire of ORD-HEAD-PROTECT: who counts itself in on
            // the new node reads a whole stripe. Acquire pairs with the Release of ORD-HEAD-LEAVE: what readers that
            // counted down did with the old node is over before we recycle it. Relaxed on failure: if the node
            // is unchanged we have acquired it already, and if not we do not read it again.
            match head.word.compare_exchange(word, next, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => {
                    core::mem::forget(self);
                    // SAFETY: rule 3: we replaced the node, once, and are done with it.
                    unsafe { retire(node, readers(word) - 1) };
                    return Ok(());
                }
                // Rule 4: same address, same node: readers came or went.
                Err(now) if node_of(now) == node => word = now,
                Err(_) => {
                    core::mem::forget(self);
                    // SAFETY: rule 3: we are counted in on a node that was replaced, and are done with it.
                    unsafe { leave(node) };
                    // SAFETY: the node was not published, so it is still ours alone.
                    return Err(unsafe { Draft::from_node(next) });
                }
            }
        }
    }
}

impl Drop for Reader<'_> {
    #[inline]
    fn drop(&mut self) {
        let node = node_of(self.word);
        let mut word = self.word;
        loop {
            let without = word.map_addr(|addr| addr - 1);
            // ORDERING: Release (ORD-HEAD-LEAVE) pairs with the Acquire of ORD-HEAD-PUBLISH: our reads are over before
            // the replacer recycles the node. Relaxed on failure: only what to try next.
            match self.head.word.compare_exchange_weak(word, without, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => return,
                Err(now) if node_of(now) == node => word = now,
                Err(_) => break,
            }
        }
        // SAFETY: rule 3: we are counted in on a node that was replaced, and are done with it.
        unsafe { leave(node) };
    }
}

/// Rule 3, the replacer's part.
///
/// # Safety
///
/// The caller replaced `node` while `others` other readers were counted in, and does not use it afterwards.
#[inline(always)]
#[allow(clippy::inline_always, reason = "part of the commit loop, which is compiled for each hot event")]
unsafe fn retire(node: *mut Node, others: usize) {
    if others > 0 {
        let others = others.cast_signed();
        // SAFETY: `others` readers have not all left through the debt: until we add, it cannot come to 0.
        let debt = unsafe { &(*node).debt };
        // ORDERING: Release (ORD-DEBT) pairs with the Acquire of a leaver that comes to 0: our use of the node is over
        // before it recycles. Acquire pairs with the leavers' Release, if they all left first and we recycle.
        if debt.fetch_add(others, Ordering::AcqRel) + others != 0 {
            return;
        }
    }
    // SAFETY: rule 3: all readers have left, and only the replacer and they knew the node.
    unsafe { recycle(node) };
}

/// Rule 3, a leaver's part.
///
/// # Safety
///
/// The caller is counted in on `node`, found it replaced, and does not use it afterwards.
#[cold]
unsafe fn leave(node: *mut Node) {
    // SAFETY: we are counted in, so the debt cannot have come to 0 without us.
    let debt = unsafe { &(*node).debt };
    // ORDERING: Release and Acquire (ORD-DEBT) pair with each other among leavers and with the replacer's: all uses of
    // the node are over before the one who comes to 0 recycles it.
    if debt.fetch_sub(1, Ordering::AcqRel) == 1 {
        // SAFETY: rule 3: the replacer has added and everybody has left.
        unsafe { recycle(node) };
    }
}

/// Lets go of what the node shares, but for what rule 7 keeps, and keeps or frees its memory.
///
/// # Safety
///
/// The caller owns `node` alone, and its debt is 0.
#[inline(always)]
#[allow(clippy::inline_always, reason = "part of the commit loop, which is compiled for each hot event")]
unsafe fn recycle(node: *mut Node) {
    // SAFETY: the caller owns the node.
    drop(unsafe { Draft::from_node(node) });
}

/// A protected stripe.
pub(crate) struct Ref<'r> {
    pointer: ConstPtr<PoolStripe>,
    reader: PhantomData<&'r PoolStripe>,
}

impl Deref for Ref<'_> {
    type Target = PoolStripe;

    #[inline]
    fn deref(&self) -> &PoolStripe {
        // SAFETY: rule 4: the node is protected, and nobody writes a published node.
        unsafe { self.pointer.deref() }
    }
}

/// The stripe in a draft.
pub(crate) struct RefMut<'d> {
    pointer: MutPtr<PoolStripe>,
    draft: PhantomData<&'d mut PoolStripe>,
}

impl Deref for RefMut<'_> {
    type Target = PoolStripe;

    #[inline]
    fn deref(&self) -> &PoolStripe {
        // SAFETY: the draft, borrowed mutably, is nobody else's.
        unsafe { self.pointer.deref() }
    }
}

impl DerefMut for RefMut<'_> {
    #[inline]
    fn deref_mut(&mut self) -> &mut PoolStripe {
        // SAFETY: the draft, borrowed mutably, is nobody else's.
        unsafe { self.pointer.deref() }
    }
}

/// A node that is nobody else's: to be written and published, or recycled.
#[derive(Debug)]
pub(crate) struct Draft {
    node: NonNull<Node>,
}

impl Draft {
    /// A node to be written over, from the thread's list if there is one (rule 7).
    #[inline]
    pub(crate) fn take() -> Self {
        let node = SPARE.try_with(Spare::pop).ok().flatten().unwrap_or_else(allocate);
        Self { node }
    }

    /// Writes a copy of `stripe` into the node, in place of what was written before, and returns it for changes: the
    /// new state is built where it will live. Also returns what the draft shared before, to be dropped when no node is
    /// protected.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "part of the commit loop, which is compiled for each hot event")]
    pub(crate) fn write(&mut self, stripe: &PoolStripe) -> (RefMut<'_>, Leftover<ResourceHandle>) {
        let mut copy = self.stripe();
        debug_assert!(
            !copy.queue().is_sharing(),
            "a draft that is written has no tree of waiters: it would be dropped here"
        );
        let left_over = copy.copy_from(stripe);
        (copy, left_over)
    }

    /// Says how many changes led to the stripe in the draft.
    #[cfg(feature = "trace")]
    pub(crate) fn set_number(&mut self, number: u64) {
        // SAFETY: the node is ours alone.
        let node = unsafe { self.node.as_ref() };
        // SAFETY: as above.
        node.number.with_mut(|place| unsafe { *place = number });
    }

    /// Drops what the stripe shares.
    #[inline]
    pub(crate) fn clear(&mut self) {
        let mut stripe = self.stripe();
        if stripe.is_sharing() {
            stripe.unshare();
        }
    }

    #[inline]
    fn stripe(&mut self) -> RefMut<'_> {
        // SAFETY: the node is ours alone.
        let node = unsafe { self.node.as_ref() };
        RefMut { pointer: node.stripe.get_mut(), draft: PhantomData }
    }

    #[inline]
    fn into_node(self) -> *mut Node {
        let node = self.node.as_ptr();
        core::mem::forget(self);
        node
    }

    /// # Safety
    ///
    /// `node` is the caller's alone.
    #[inline]
    unsafe fn from_node(node: *mut Node) -> Self {
        // SAFETY: nodes are never null: they come from `allocate`.
        let node = unsafe { NonNull::new_unchecked(node) };
        Self { node }
    }
}

impl Drop for Draft {
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "part of the commit loop, which is compiled for each hot event")]
    fn drop(&mut self) {
        // Rule 7: the next state has another tree of waiters.
        if self.stripe().queue().is_sharing() {
            self.clear();
        }
        let node = self.node;
        // A thread that is ending has no list any more.
        if !SPARE.try_with(|spare| spare.push(node)).unwrap_or(false) {
            // SAFETY: the node is ours alone.
            unsafe { free(node) };
        }
    }
}

const_thread_local!(SPARE: Spare = Spare::new());

#[cold]
#[allow(clippy::cast_ptr_alignment, reason = "the layout asks for the alignment of a node")]
fn allocate() -> NonNull<Node> {
    let layout = Layout::new::<Node>();
    // SAFETY: the layout is not of size zero.
    let memory = unsafe { alloc(layout) };
    let Some(node) = NonNull::new(memory.cast::<Node>()) else {
        std::alloc::handle_alloc_error(layout);
    };
    let blank = Node {
        debt: AtomicIsize::new(0),
        stripe: UnsafeCell::new(PoolStripe::new(1)),
        #[cfg(feature = "trace")]
        number: UnsafeCell::new(0),
    };
    // SAFETY: fresh memory of the right size and alignment.
    unsafe { node.write(blank) };
    // Rule 8.
    let _address = node.as_ptr().expose_provenance();
    node
}

/// # Safety
///
/// The caller owns `node` alone.
unsafe fn free(node: NonNull<Node>) {
    // SAFETY: ours alone, and not used again.
    unsafe { node.drop_in_place() };
    // SAFETY: it came from `allocate`, with this layout.
    unsafe { dealloc(node.as_ptr().cast(), Layout::new::<Node>()) };
}

#[cfg(all(test, not(any(feature = "loom", feature = "shuttle"))))]
mod tests;
