//! One stripe that threads share: a pointer to the current immutable state, and the only loop that replaces it.
//!
//! Rules:
//! 1. [`StripeCell::commit`] is the only way to change a stripe. It is lock-free: an attempt fails only because another
//!    commit succeeded (or, at 255 threads inside one transition, waits for one to leave: `reclaim.rs`, rule 5).
//! 2. Inside the loop runs the pure machine and nothing else: no clock, no user code, no wake.
//! 3. A failed attempt has no consequences. Only a success makes a [`Committed`], and only a [`Committed`] can be performed.
//! 4. A step that changes nothing publishes nothing; looking at the current state is its commit.
//!
//! 5. A thread whose attempts keep failing asks the others to give way (`PATIENCE`): whoever is about to begin a commit then
//!    lets it go first, for a bounded time. Without it a transition that takes longer than a busy thread's
//!    round trip would fail thousands of times; with it a handful. It is a hint, not a lock: who does not see it, or
//!    has waited enough, goes on.
//! 6. After a commit by which the line may have become shorter or longer, the cell notes whether there is one and whose turn is
//!    next; those who have waited note whether it was any use to stay awake (`line`): hints for those who wait, of how to
//!    pass the time, and for those who are ready to wait, that nothing is idle.
//! 7. While the line is long, an attempt to change it first waits a moment for those who are inside of one: with a long line to change it takes
//!    a few times as long as without, and of two that overlap one is in vain. With a short one or none it is over so soon
//!    that waiting for others costs more than it saves. Also a hint: bounded, and nobody depends on it.
//! 8. While nobody waits in line, a thread whose attempt failed first lets the others go on for a moment (`sync::back_off`):
//!    they then make some dozens of round trips with the state in the cache of their core, where otherwise each transition
//!    begins by fetching it from another one. With a line each round trip ends in another thread anyway, and waiting would
//!    only delay the hand-over. Bounded, and once the thread asks the others to give way (rule 5) it does not wait itself.
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
use crate::sync::{AtomicUsize, COURTESY_SPINS, COURTESY_YIELDS, Line, Ordering, back_off, spin_loop, yield_now};

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
    line: Line,
    patience: u32,
    #[cfg(feature = "trace")]
    recorder: Option<Recorder>,
}

/// Proof that a transition was committed, with what must be done about it. Effects can only be performed with one.
///
/// Dropping it loses its effects, and with them resources and wake-ups: debug builds assert that this does not happen.
#[must_use = "the effects of a commit must be performed"]
#[derive(Debug)]
pub struct Committed(Attempt);

/// What a transition would do if it were committed: without its commit, nothing. Dropping it has no consequences (rule 3).
#[derive(Debug)]
struct Attempt {
    effects: PoolEffects,
    enqueued: Option<WaiterId>,
    waiting: u32,
    next: WaiterId,
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
            line: Line::new(),
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
        let attempt = self.commit_loop(event, |attempt| attempt);
        self.line.note(attempt.waiting, attempt.next.0);
        Committed(attempt)
    }

    /// `TryTake` for the caller, compiled on its own because it is half of every round trip. Also says whether the
    /// stripe is closed.
    #[inline]
    pub(crate) fn commit_try_take(&self) -> (WakeResult<ResourceHandle>, bool) {
        self.commit_loop(PoolEvent::TryTake { wake: Recipient::Caller }, |attempt| {
            // `TryTake` always answers its caller.
            let (result, is_closed) = (attempt.effects.for_caller(), attempt.is_closed);
            attempt.effects.forget_plain();
            (result.unwrap_or(WakeResult::Cancelled), is_closed)
        })
    }

    /// `Put`, compiled on its own because it is the other half. Returns the token if there is anything to perform.
    #[inline]
    pub(crate) fn commit_put(&self, resource: ResourceHandle, now: Timestamp) -> Option<Committed> {
        let put = PoolEvent::Put { resource, now };
        // Not part of the answer, so that what is rare is not carried through the loop.
        let mut to_perform = None;
        let is_done = self.commit_loop(put, |attempt| {
            let is_done = attempt.effects.is_empty();
            if is_done {
                attempt.effects.forget_plain();
            } else {
                to_perform = Some(attempt);
            }
            is_done
        });
        if is_done {
            return None;
        }
        let attempt = to_perform?;
        self.line.note(attempt.waiting, attempt.next.0);
        Some(Committed(attempt))
    }

    /// The only loop that changes a stripe. Returns what `answer` makes of the attempt that was committed; `answer` sees
    /// the others too, so it only picks.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "so that the two hot events are compiled without the others' branches")]
    fn commit_loop<A>(&self, event: PoolEvent, mut answer: impl FnMut(Attempt) -> A) -> A {
        // ORDERING: Relaxed: a hint that nothing is published with; missing it costs somebody an attempt.
        if self.asking.load(Ordering::Relaxed) > 0 {
            self.give_way();
        }
        match self.attempt(Draft::take(), event, 1, &mut answer) {
            Ok(answered) => answered,
            Err(unused) => self.insist(unused, event, answer),
        }
    }

    /// The loop after its first attempt, which seldom fails.
    #[cold]
    fn insist<A>(&self, mut draft: Draft, event: PoolEvent, mut answer: impl FnMut(Attempt) -> A) -> A {
        let mut _asking = None;
        let mut attempts: u32 = 2;
        loop {
            self.back_off(attempts);
            if attempts == self.patience {
                _asking = Some(Asking::new(&self.asking));
            }
            match self.attempt(draft, event, attempts, &mut answer) {
                Ok(answered) => return answered,
                Err(unused) => draft = unused,
            }
            attempts = attempts.saturating_add(1);
        }
    }

    /// Observes, steps, and tries to publish; what was drafted in vain comes back, sharing nothing.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "part of the commit loop")]
    fn attempt<A>(
        &self,
        mut draft: Draft,
        event: PoolEvent,
        attempts: u32,
        answer: &mut impl FnMut(Attempt) -> A,
    ) -> Result<A, Draft> {
        // Rule 7. A `TryTake` leaves the line as it is.
        if !matches!(event, PoolEvent::TryTake { .. }) && self.line.is_long() {
            self.head.let_others_finish();
        }
        let reader = self.head.protect();
        let (left_over, changed, attempt) = {
            let (mut stripe, left_over) = draft.write(&reader.stripe());
            let before = stripe.next_id();
            let Applied { effects, changed } = stripe.apply(event);
            debug_assert!(is_sound(&stripe, event));
            let (waiting, next, is_closed) = (stripe.queue().len(), stripe.next_id(), stripe.is_closed());
            let enqueued = (next != before).then_some(before);
            (left_over, changed, Attempt { effects, enqueued, waiting, next, is_closed, attempts })
        };
        #[cfg(feature = "trace")]
        let (number, effects) = (reader.number() + u64::from(changed), attempt.effects.clone());
        #[cfg(feature = "trace")]
        draft.set_number(number);
        let answered = answer(attempt);
        let published = if changed {
            reader.publish(draft)
        } else {
            // A recorder may take its time: not while we protect a node.
            drop(reader);
            Ok(())
        };
        // What is dropped can be large if nobody else has it any more: not while we protect a node. (No test sees the order. In both
        // branches, because before them it costs ten instructions.)
        if let Err(mut unused) = published {
            drop(left_over);
            unused.clear();
            return Err(unused);
        }
        drop(left_over);
        #[cfg(feature = "trace")]
        self.record(number, event, effects, changed);
        Ok(answered)
    }

    /// Whether somebody waits in line, as far as is known without looking (rule 6).
    #[inline]
    pub(crate) fn has_line(&self) -> bool {
        self.line.is_formed()
    }

    /// As if the news that the line has gone had not come yet.
    #[cfg(all(test, not(any(feature = "loom", feature = "shuttle"))))]
    pub(crate) fn believe_in_a_line(&self) {
        self.line.note(1, 1);
    }

    /// What is known of the line without looking at the stripe (rule 6).
    pub(crate) fn line(&self) -> &Line {
        &self.line
    }

    /// Rule 5: lets those go first who ask for it. Returns how often it looked.
    #[cold]
    fn give_way(&self) -> u32 {
        for turn in 0..COURTESY_SPINS + COURTESY_YIELDS {
            if turn < COURTESY_SPINS {
                spin_loop();
            } else {
                yield_now();
            }
            // ORDERING: Relaxed: as in the loop.
            if self.asking.load(Ordering::Relaxed) == 0 {
                return turn + 1;
            }
        }
        COURTESY_SPINS + COURTESY_YIELDS
    }

    /// Rule 8, before the attempt of this number. Returns how often it spun. (That it is called is seen by the benchmark, W2.)
    fn back_off(&self, attempts: u32) -> u32 {
        if attempts >= self.patience || self.has_line() {
            return 0;
        }
        back_off()
    }

    #[cfg(feature = "trace")]
    fn record(&self, number: u64, event: PoolEvent, effects: PoolEffects, changed: bool) {
        if let Some(recorder) = &self.recorder {
            recorder.record(Transition { number, event, effects, changed });
        }
    }

    /// Looks at a copy of the current state (456 bytes; what is large is shared), so that `look` may take its time.
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
        let Some(result) = self.0.effects.for_caller() else { return Err(self) };
        self.into_effects().forget_plain();
        Ok(result)
    }

    /// Whether there is nothing to perform.
    #[must_use]
    #[inline]
    pub fn is_done(&self) -> bool {
        self.0.effects.is_empty()
    }

    /// The id under which a `Take` was queued, if it was.
    #[must_use]
    #[inline]
    pub fn enqueued(&self) -> Option<WaiterId> {
        self.0.enqueued
    }

    /// How many wait in the committed state.
    #[must_use]
    #[inline]
    pub fn waiting(&self) -> u32 {
        self.0.waiting
    }

    /// Whether the stripe was closed in the committed state.
    #[must_use]
    #[inline]
    pub fn is_closed(&self) -> bool {
        self.0.is_closed
    }

    /// How many attempts the commit took: 1 if nobody was in the way.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// The effects, to be performed exactly once, in order.
    #[must_use]
    pub fn into_effects(mut self) -> PoolEffects {
        core::mem::replace(&mut self.0.effects, PoolEffects::NONE)
    }
}

impl Drop for Committed {
    fn drop(&mut self) {
        debug_assert!(self.0.effects.is_empty() || std::thread::panicking(), "lost effects: {:?}", self.0.effects);
    }
}

#[cfg(all(test, not(any(feature = "loom", feature = "shuttle"))))]
mod tests;
