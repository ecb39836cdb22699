//! One stripe that threads share: a pointer to the current immutable state, and the only loop that replaces it.
//!
//! Rules:
//! 1. [`StripeCell::commit`] is the only way to change a stripe. It is lock-free: an attempt fails only because another
//!    commit succeeded (or, at 255 threads inside one transition, waits for one to leave: `reclaim.rs`, rule 5).
//! 2. Inside the loop runs the pure machine and nothing else: no clock, no user code, no wake.
//! 3. A failed attempt is dropped unseen. Only a success makes a [`Committed`], and only a [`Committed`] can be performed.
//! 4. A step that changes nothing publishes nothing; looking at the current state is its commit.
//!
//! 5. A thread whose attempts keep failing asks the others to give way (`PATIENCE`): whoever is about to begin a commit then
//!    lets it go first, for a bounded time. Without it a transition that takes longer than a busy thread's
//!    round trip would fail thousands of times; with it a handful. It is a hint, not a lock: who does not see it, or
//!    has waited enough, goes on.
//!
//! The commit is the linearization point of every operation on a stripe: the compare-and-swap for a change, the
//! protecting read otherwise.
//!
//! Loom: `tests/loom/cell.rs`, and every program over pools.

#[cfg(feature = "trace")]
use super::trace::{Recorder, Transition};
use super::{PoolEffects, PoolEvent, PoolStripe};
use crate::reclaim::{Draft, Head, MAX_READERS};
use crate::runtime::ResourceHandle;
use crate::stripe::{Applied, Recipient, Timestamp, WaiterId, WakeResult, violations};
use crate::sync::{AtomicUsize, COURTESY_SPINS, COURTESY_YIELDS, Ordering, spin_loop, yield_now};

/// States with more idle entries and waiters than this are not checked in debug builds: the check is O(n) and stands
/// inside the commit loop, where it would break INV-COST.
const CHECKED_SIZE: u32 = 64;

/// At which attempt a thread asks the others to give way.
const PATIENCE: u32 = 4;

/// One shared stripe.
#[derive(Debug)]
#[repr(align(128))]
pub struct StripeCell {
    head: Head,
    /// How many threads ask the others to give way.
    asking: AtomicUsize,
    patience: u32,
    #[cfg(feature = "trace")]
    recorder: Option<Recorder>,
}

/// Proof that a transition was committed, with what must be done about it. Effects can only be performed with one.
///
/// Dropping it loses its effects, and with them resources and wake-ups: debug builds assert that this does not happen.
#[must_use = "the effects of a commit must be performed"]
#[derive(Debug)]
pub struct Committed {
    effects: PoolEffects,
    enqueued: Option<WaiterId>,
    is_closed: bool,
    attempts: u32,
}

impl StripeCell {
    /// A stripe of `capacity` free permits (at least 1: a zero counts as 1).
    #[must_use]
    pub fn new(capacity: u32) -> Self {
        Self::with_parts(Head::new(&PoolStripe::new(capacity), MAX_READERS), PATIENCE)
    }

    fn with_parts(head: Head, patience: u32) -> Self {
        Self {
            head,
            asking: AtomicUsize::new(0),
            patience,
            #[cfg(feature = "trace")]
            recorder: None,
        }
    }

    /// Hands every transition from now on to `recorder`.
    #[cfg(feature = "trace")]
    pub fn set_recorder(&mut self, recorder: Recorder) {
        self.recorder = Some(recorder);
    }

    /// As [`new`](Self::new), but readers wait for each other from `max_readers` on (1 to 255), and a thread asks the
    /// others to give way at its attempt number `patience` (at least 2): so that a test can reach with two threads what
    /// otherwise takes 256, or a long transition.
    #[must_use]
    pub fn with_limits(capacity: u32, max_readers: u8, patience: u32) -> Self {
        let head = Head::new(&PoolStripe::new(capacity), usize::from(max_readers.max(1)));
        Self::with_parts(head, patience)
    }

    /// Commits what `event` makes of the stripe, and returns what must be done about it.
    ///
    /// Lock-free (rule 1), allocates nothing in the steady state, runs no user code.
    pub fn commit(&self, event: PoolEvent) -> Committed {
        self.commit_loop(event)
    }

    /// `TryTake` for the caller, compiled on its own because it is half of every round trip. Also says whether the
    /// stripe is closed.
    pub(crate) fn commit_try_take(&self) -> (WakeResult<ResourceHandle>, bool) {
        let committed = self.commit_loop(PoolEvent::TryTake { wake: Recipient::Caller });
        let is_closed = committed.is_closed;
        // `TryTake` always answers its caller.
        (committed.into_result().unwrap_or(WakeResult::Cancelled), is_closed)
    }

    /// `Put`, compiled on its own because it is the other half. Returns the token if there is anything to perform.
    pub(crate) fn commit_put(&self, resource: ResourceHandle, now: Timestamp) -> Option<Committed> {
        let committed = self.commit_loop(PoolEvent::Put { resource, now });
        if committed.is_done() {
            // As in `into_result`.
            core::mem::forget(committed);
            return None;
        }
        Some(committed)
    }

    /// The only loop that changes a stripe.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "so that the two hot events are compiled without the others' branches")]
    fn commit_loop(&self, event: PoolEvent) -> Committed {
        // ORDERING: Relaxed: a hint that nothing is published with; missing it costs somebody an attempt.
        if self.asking.load(Ordering::Relaxed) > 0 {
            self.give_way();
        }
        let mut draft = Draft::take();
        let mut reader = self.head.protect();
        let mut _asking = None;
        let mut attempts: u32 = 1;
        loop {
            let (changed, committed) = {
                let mut stripe = draft.write(&reader.stripe());
                let before = stripe.next_id();
                let Applied { effects, changed } = stripe.apply(event);
                debug_assert!(is_sound(&stripe, event));
                let enqueued = (stripe.next_id() != before).then_some(before);
                (changed, Committed { effects, enqueued, is_closed: stripe.is_closed(), attempts })
            };
            #[cfg(feature = "trace")]
            let number = reader.number() + u64::from(changed);
            if !changed {
                #[cfg(feature = "trace")]
                self.record(number, event, &committed, false);
                return committed;
            }
            #[cfg(feature = "trace")]
            draft.set_number(number);
            match reader.publish(draft) {
                Ok(()) => {
                    #[cfg(feature = "trace")]
                    self.record(number, event, &committed, true);
                    return committed;
                }
                Err(unused) => {
                    // What is dropped can be large if nobody else has it any more: not while we protect a node.
                    committed.forget();
                    draft = unused;
                    draft.clear();
                    reader = self.head.protect();
                    attempts = attempts.saturating_add(1);
                    if attempts == self.patience {
                        _asking = Some(Asking::new(&self.asking));
                    }
                }
            }
        }
    }

    /// Rule 5: lets those go first who ask for it.
    #[cold]
    fn give_way(&self) {
        for turn in 0..COURTESY_SPINS + COURTESY_YIELDS {
            if turn < COURTESY_SPINS {
                spin_loop();
            } else {
                yield_now();
            }
            // ORDERING: Relaxed: as in the loop.
            if self.asking.load(Ordering::Relaxed) == 0 {
                return;
            }
        }
    }

    #[cfg(feature = "trace")]
    fn record(&self, number: u64, event: PoolEvent, committed: &Committed, changed: bool) {
        if let Some(recorder) = &self.recorder {
            recorder.record(Transition { number, event, effects: committed.effects.clone(), changed });
        }
    }

    /// Looks at a copy of the current state (184 bytes; what is large is shared), so that `look` may take its time.
    pub fn observe<A>(&self, look: impl FnOnce(&PoolStripe) -> A) -> A {
        let copy = self.head.protect().stripe().clone();
        look(&copy)
    }
}

/// Asks the others to give way for as long as it lives.
struct Asking<'a>(&'a AtomicUsize);

impl<'a> Asking<'a> {
    #[cold]
    fn new(asking: &'a AtomicUsize) -> Self {
        // ORDERING: Relaxed: a hint that nothing is published with.
        asking.fetch_add(1, Ordering::Relaxed);
        Self(asking)
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        // ORDERING: Relaxed: as above.
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Whether a state that is about to be published keeps the invariants, if it is small enough to check.
fn is_sound(stripe: &PoolStripe, event: PoolEvent) -> bool {
    let size = stripe.idle().saturating_add(stripe.queue().len());
    let violated = if size <= CHECKED_SIZE { violations(stripe) } else { Vec::new() };
    assert!(violated.is_empty(), "{event:?} violates {violated:?}: {stripe:?}");
    true
}

impl Committed {
    /// The result, if the event asked for one addressed to its caller: no other effect comes with one.
    ///
    /// # Errors
    ///
    /// The token itself, if its effects are others and must be performed.
    #[inline]
    pub fn into_result(self) -> Result<WakeResult<ResourceHandle>, Self> {
        let Some(result) = self.effects.for_caller() else { return Err(self) };
        // The one effect is this plain result: there is nothing to drop, and finding that out costs time.
        core::mem::forget(self);
        Ok(result)
    }

    /// Whether there is nothing to perform.
    #[must_use]
    #[inline]
    pub fn is_done(&self) -> bool {
        self.effects.is_empty()
    }

    /// The id under which a `Take` was queued, if it was.
    #[must_use]
    #[inline]
    pub fn enqueued(&self) -> Option<WaiterId> {
        self.enqueued
    }

    /// Whether the stripe was closed in the committed state.
    #[must_use]
    #[inline]
    pub fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// How many attempts the commit took: 1 if nobody was in the way.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// The effects, to be performed exactly once, in order.
    #[must_use]
    pub fn into_effects(mut self) -> PoolEffects {
        core::mem::replace(&mut self.effects, PoolEffects::NONE)
    }

    /// Drops the token without performing anything: of an attempt that was not committed, or answered already.
    #[inline]
    fn forget(self) {
        drop(self.into_effects());
    }
}

impl Drop for Committed {
    fn drop(&mut self) {
        debug_assert!(self.effects.is_empty() || std::thread::panicking(), "lost effects: {:?}", self.effects);
    }
}
