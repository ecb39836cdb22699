//! The wake slot: where a waiting take receives its one result, as a parked thread or as a task.
//!
//! ```text
//!             register                    publish                     take
//!   EMPTY ─────────────▶ WAITING ─────────────────────▶ RESULT ──────────────▶ (waiter owns the result)
//!     │                     │                            ▲
//!     │ publish             │ abandon                    │ abandon: the waiter takes the result itself
//!     └─────────────────────┼────────────────────────────┘
//!                           ▼
//!                       ABANDONED ── publish: the deliverer gets the result back
//! ```
//!
//! Rules:
//! 1. A slot has two owners: the [`WakeReceiver`] and, named by the [`WakeHandle`] that travels through the machine,
//!    the deliverer. Each holds one reference count; the last to go frees the slot.
//! 2. The three facts about a slot are three bits, each set by one read-modify-write that returns the other two: who
//!    comes second knows what the first did, and nothing is decided twice.
//! 3. `result` is written by the deliverer before it sets RESULT, and read by the waiter after it has seen RESULT, once.
//! 4. `unparker` belongs to the waiter while WAITING is clear. It passes to the deliverer when RESULT is set while
//!    WAITING is set and ABANDONED is not, and otherwise stays with the waiter.
//! 5. The deliverer publishes all results of a commit first and wakes afterwards; it wakes through the
//!    [`Unparker`] that it got out of the slot, and touches the slot no more.
//!
//! The machine delivers at most once into each slot (INV-ONE-WAKE), so there is one deliverer.
//!
//! Loom: `tests/loom/slot.rs`. What it does not do: decide who gets what (the machine), give back what an abandoned
//! waiter was handed (`effects.rs`).

use super::handle::ResourceHandle;
use crate::stripe::{WaiterId, WakeResult};
use crate::sync::{Arc, AtomicU8, Deadline, Line, Ordering, Thread, UnsafeCell, Yields, current, spin_loop};
use core::fmt;
use core::ptr::NonNull;
use core::task::Waker;

/// What a take is answered with, in the runtime's handles.
pub type PoolWakeResult = WakeResult<ResourceHandle>;

/// The waiter has registered an unparker.
const WAITING: u8 = 1;
/// The result has been published.
const RESULT: u8 = 2;
/// The waiter has gone.
const ABANDONED: u8 = 4;

struct WakeSlot {
    state: AtomicU8,
    result: UnsafeCell<PoolWakeResult>,
    unparker: UnsafeCell<Option<Unparker>>,
}

// SAFETY: rules 3 and 4 give each cell one accessor at a time, handed over by the read-modify-writes on `state`.
// `Thread` and `Waker` are Send and Sync; handles are addresses.
unsafe impl Send for WakeSlot {}
// SAFETY: as above.
unsafe impl Sync for WakeSlot {}

/// How to wake a waiter: a parked thread now, a task's waker as well.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Unparker {
    /// Unpark this thread. No user code.
    Thread(ThreadHandle),
    /// Wake this task. User code: may panic, be slow, or call back into the pool.
    Waker(Waker),
}

/// A thread that can be unparked.
#[derive(Clone)]
pub struct ThreadHandle(Thread);

impl fmt::Debug for ThreadHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ThreadHandle({:?})", self.0.id())
    }
}

impl Unparker {
    /// The calling thread.
    #[must_use]
    pub fn current_thread() -> Self {
        Self::Thread(ThreadHandle(current()))
    }

    /// Wakes. Does not block; a `Waker` is user code.
    pub fn unpark(self) {
        match self {
            Self::Thread(thread) => thread.0.unpark(),
            Self::Waker(waker) => waker.wake(),
        }
    }
}

/// The deliverer's end of a slot, as the machine carries it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct WakeHandle(NonNull<WakeSlot>);

// SAFETY: an address; see `handle.rs`, rule 1.
unsafe impl Send for WakeHandle {}
// SAFETY: as above.
unsafe impl Sync for WakeHandle {}

impl fmt::Debug for WakeHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "slot@{:p}", self.0)
    }
}

/// What became of a published result.
#[derive(Debug)]
pub enum Published {
    /// The waiter has it or will look for it; wake it if it sleeps.
    Delivered(Option<Unparker>),
    /// The waiter had gone. The result is the deliverer's again.
    Abandoned(PoolWakeResult),
}

impl WakeHandle {
    /// Delivers `result`. Never blocks and runs no user code; what it returns must be acted on.
    ///
    /// # Safety
    ///
    /// The handle comes from [`wake_slot`], and this is the only call for it (INV-ONE-WAKE: the caller performs the
    /// effect of the one commit that woke this slot).
    #[must_use]
    pub unsafe fn publish(self, result: PoolWakeResult) -> Published {
        // SAFETY: rule 1: the handle stands for one reference count that only its one delivery takes back.
        let slot = unsafe { Arc::from_raw(self.0.as_ptr().cast_const()) };
        // SAFETY: rule 3: RESULT is not set, so the waiter does not look; the only deliverer writes.
        slot.result.with_mut(|cell| unsafe { cell.write(result) });
        // ORDERING: Release (ORD-SLOT-PUBLISH) pairs with the Acquire in `take`, `register`, `retract` and `abandon`:
        // who sees RESULT reads a whole result. Acquire pairs with ORD-SLOT-REGISTER: if we see WAITING we read a
        // whole unparker.
        let before = slot.state.fetch_or(RESULT, Ordering::AcqRel);
        if before & ABANDONED != 0 {
            return Published::Abandoned(result);
        }
        if before & WAITING == 0 {
            return Published::Delivered(None);
        }
        // SAFETY: rule 4: RESULT was set while WAITING was, so the unparker is ours.
        let unparker = slot.unparker.with_mut(|cell| unsafe { (*cell).take() });
        Published::Delivered(unparker)
    }
}

/// The waiter's end of a slot.
///
/// Dropping it is not enough to give up a wait: [`abandon`](Self::abandon) says what was handed over meanwhile.
#[derive(Debug)]
pub struct WakeReceiver {
    slot: Arc<WakeSlot>,
    is_registered: bool,
    is_taken: bool,
}

impl fmt::Debug for WakeSlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WakeSlot").finish_non_exhaustive()
    }
}

/// A fresh slot: the waiter's end, and the deliverer's as a handle.
///
/// The handle must be delivered to exactly once; until then it keeps the slot alive.
#[must_use]
pub fn wake_slot() -> (WakeReceiver, WakeHandle) {
    let slot = Arc::new(WakeSlot {
        state: AtomicU8::new(0),
        result: UnsafeCell::new(WakeResult::Cancelled),
        unparker: UnsafeCell::new(None),
    });
    let raw = Arc::into_raw(Arc::clone(&slot)).cast_mut();
    // SAFETY: `Arc::into_raw` never returns null.
    let handle = WakeHandle(unsafe { NonNull::new_unchecked(raw) });
    (WakeReceiver { slot, is_registered: false, is_taken: false }, handle)
}

impl WakeReceiver {
    /// The result, if it has been published and not been taken. Never blocks.
    pub fn take(&mut self) -> Option<PoolWakeResult> {
        // ORDERING: Acquire pairs with the Release of ORD-SLOT-PUBLISH: if RESULT is set, the result is whole.
        let state = self.slot.state.load(Ordering::Acquire);
        self.read(state)
    }

    /// Says who to wake when the result is published, in place of whoever was named before; or returns the result,
    /// and then nobody will be woken. After the result was taken there is nothing to wait for: `None`, and nobody will be
    /// woken either. Never blocks.
    pub fn register(&mut self, unparker: Unparker) -> Option<PoolWakeResult> {
        // Rule 4: the unparker that was named before may be the deliverer's by now.
        if self.is_taken {
            return None;
        }
        if self.is_registered
            && let Some(result) = self.retract()
        {
            return Some(result);
        }
        // SAFETY: rule 4: WAITING is clear, so the unparker is ours.
        let replaced = self.slot.unparker.with_mut(|cell| unsafe { (*cell).replace(unparker) });
        self.is_registered = true;
        // ORDERING: Release (ORD-SLOT-REGISTER) pairs with the Acquire of ORD-SLOT-PUBLISH: a deliverer that sees
        // WAITING reads a whole unparker. Acquire pairs with its Release: if RESULT came first, the result is whole.
        let before = self.slot.state.fetch_or(WAITING, Ordering::AcqRel);
        if before & RESULT != 0 {
            // SAFETY: rule 4: RESULT was set while WAITING was clear, so the unparker stays ours. It goes here, so that
            // a waker's drop (user code) never runs in the deliverer.
            let unparker = self.slot.unparker.with_mut(|cell| unsafe { (*cell).take() });
            drop(unparker);
        }
        // A waker's drop is user code: last, when nothing is half-made.
        drop(replaced);
        self.read(before)
    }

    /// The result, or `None`: then the task of `waker`, and no other that was named before, is woken when it is there, unless it
    /// was taken before. Never blocks. User code: clones the waker, and drops one that it replaces.
    pub fn poll(&mut self, waker: &Waker) -> Option<PoolWakeResult> {
        self.take().or_else(|| self.register(Unparker::Waker(waker.clone())))
    }

    /// Takes the unparker back, to replace it; or returns the result if it has been published.
    fn retract(&mut self) -> Option<PoolWakeResult> {
        // ORDERING: Acquire pairs with the Release of ORD-SLOT-PUBLISH, as in `take`. Nothing is released: the
        // unparker that we are about to write is published by ORD-SLOT-REGISTER.
        let before = self.slot.state.fetch_and(!WAITING, Ordering::Acquire);
        self.read(before)
    }

    /// Waits on this thread until the result is there (`Some`) or the deadline has passed (`None`).
    /// First yields for a while: a hand-over meanwhile needs no system call. For how long, [`Yields`] decides by how many are ahead of this id,
    /// and by how the line has been. Without an id the result is on its way.
    pub(crate) fn wait(&mut self, deadline: Deadline, line: &Line, id: Option<WaiterId>) -> Option<PoolWakeResult> {
        let ahead = || id.map_or(0, |id| line.ahead_of(id.0));
        let mut yields = Yields::new(id.map_or(0, |id| id.0), ahead(), line);
        let result = self.yield_and_park(deadline, &mut yields, ahead);
        if id.is_some() {
            yields.end(line, result.is_some());
        }
        result
    }

    fn yield_and_park(
        &mut self,
        deadline: Deadline,
        yields: &mut Yields,
        ahead: impl Fn() -> u32,
    ) -> Option<PoolWakeResult> {
        let mut looks = 0;
        while yields.are_left() {
            if let Some(result) = self.look(looks) {
                return Some(result);
            }
            if deadline.has_passed() {
                return None;
            }
            yields.once();
            looks = yields.looks(ahead());
        }
        if let Some(result) = self.register(Unparker::current_thread()) {
            return Some(result);
        }
        loop {
            if let Some(result) = self.take() {
                return Some(result);
            }
            if deadline.has_passed() {
                return None;
            }
            deadline.park();
        }
    }

    /// The result, as [`take`](Self::take) has it, or as soon as it comes within so many more looks.
    fn look(&mut self, more: u32) -> Option<PoolWakeResult> {
        for _ in 0..more {
            if let Some(result) = self.take() {
                return Some(result);
            }
            spin_loop();
        }
        self.take()
    }

    /// Gives up the wait for good: the result if it was published already (it is the caller's to give back), else
    /// nothing, and whoever delivers later keeps it. Never blocks. User code: drops the waker.
    #[must_use]
    pub fn abandon(self) -> Option<PoolWakeResult> {
        self.leave().0
    }

    /// The same, with who was to be woken: the caller drops it when everything else is done, because a waker's drop is user code
    /// and may panic.
    #[must_use]
    pub(crate) fn leave(mut self) -> (Option<PoolWakeResult>, Option<Unparker>) {
        // ORDERING: Acquire pairs with the Release of ORD-SLOT-PUBLISH: if RESULT came first, the result is whole.
        // Nothing is released: a deliverer that sees ABANDONED reads nothing of ours.
        let before = self.slot.state.fetch_or(ABANDONED, Ordering::Acquire);
        let mut unparker = None;
        if before & RESULT == 0 {
            // SAFETY: rule 4: RESULT came after ABANDONED or not yet, so the unparker stays ours. It goes with us, so that
            // a waker's drop (user code) never runs in the deliverer.
            unparker = self.slot.unparker.with_mut(|cell| unsafe { (*cell).take() });
        }
        (self.read(before), unparker)
    }

    /// The result, if `state` shows that it is there and it has not been taken.
    fn read(&mut self, state: u8) -> Option<PoolWakeResult> {
        if state & RESULT == 0 || self.is_taken {
            return None;
        }
        self.is_taken = true;
        // SAFETY: rule 3: RESULT was seen with Acquire, so the deliverer has written and writes no more.
        Some(self.slot.result.with(|cell| unsafe { *cell }))
    }
}
