//! Check your own pool: the harness for a pool with threads and locks of its own, anybody's.
//!
//! Implement [`RealPool`]: operations in, results out.
//!
//! ```
//! use striped_pool_model::programs::Op;
//! use striped_pool_model::real::{Answer, RealPool, Sampling, sample};
//! use std::sync::{Condvar, Mutex};
//!
//! /// Idle resources, and whether the pool is closed.
//! struct MyPool(Mutex<(Vec<u64>, bool)>, Condvar);
//!
//! impl RealPool for MyPool {
//!     type Held = u64;
//!     const OPERATIONS: &'static [Op] = &[Op::Take, Op::TryTake, Op::Put, Op::Close];
//!
//!     fn new(capacity: usize) -> Self {
//!         Self(Mutex::new(((0..capacity as u64).collect(), false)), Condvar::new())
//!     }
//!
//!     fn run(&self, op: Op, held: Option<u64>) -> Answer<u64> {
//!         let mut state = self.0.lock().unwrap();
//!         while op == Op::Take && state.0.is_empty() && !state.1 {
//!             state = self.1.wait(state).unwrap();
//!         }
//!         if op.takes() {
//!             return if state.1 { Answer::Closed } else { state.0.pop().map_or(Answer::Nothing, Answer::Got) };
//!         }
//!         state.0.extend(held);
//!         state.1 |= op == Op::Close;
//!         self.1.notify_all();
//!         Answer::Done
//!     }
//!
//!     fn identity(held: &u64) -> Option<u64> {
//!         Some(*held)
//!     }
//! }
//!
//! let sampling = Sampling { rounds: 20, ..Sampling::default() };
//! match sample::<MyPool>(&sampling) {
//!     Ok(sampled) => println!("{sampled}"),
//!     Err(wrong) => panic!("{}", wrong.story("my pool").text()), // or .html()
//! }
//! ```
//!
//! What you get:
//! 1. With the feature `loom`, and a pool written over loom's types (a facade of ten lines, `examples/naive/`):
//!    `explore` runs every program of two, three or four threads over your operations
//!    ([`programs`](crate::programs::programs()): all of a size, up to symmetry) in every interleaving that loom knows
//!    within the preemption bound. Smaller programs first, so that the first failure is a smallest one.
//! 2. Without it, [`sample()`]: random scripts on real threads, round after round. Its failures name a seed.
//! 3. In both, every history is compared with the sequential specification ([`Spec`]): linearizable, blocking operations
//!    included. Who waits while nothing moves must be one whom the specification lets wait: a **lost wake-up** is
//!    found, a take that rightly waits for ever is not taken for one. Nothing is lent twice, nothing comes back that was
//!    discarded, never more than the capacity, nothing after a close; and once everything has been given back, all of the
//!    capacity can be taken, and no more of it.
//! 4. What fails is a value, [`Counterexample`]: the program, a wrong history up to the event at which it goes wrong, and why it
//!    is wrong; as a table with a column for each thread, or as a page. A pool may add remarks of its own ([`note()`]). Under
//!    loom the history is the shortest wrong one that was found; on real threads the first, and a shorter one may exist.
//!
//! This is for pools with threads. A pure machine ([`Machine`](crate::machine::Machine)) gets exploration and
//! counterexamples only, not the generated programs or the samples.
//!
//! Rules for whoever implements the trait:
//! 1. `run` is called with the operations of [`RealPool::OPERATIONS`], and with [`Op::Put`] and [`Op::Close`] in any case: a thread
//!    gives back at its end, and who rightly waits for ever is released by a close. A pool without one needs something, if
//!    only for tests, that makes every wait return [`Answer::Closed`].
//! 2. If [`Op::TryTake`] is not among the operations, nobody looks whether all of the capacity is there at the end, and the
//!    summary says so. It can be looked at only while the pool is open: under loom in programs that do not close it, in samples
//!    before the round that does.
//! 3. What `run` does must follow from the schedule alone under loom: no clock, no randomness, no addresses; and nothing may be
//!    shared but through loom's types or what no operation depends on.
//!
//! What a pass does not show: longer programs, more threads or preemptions; what loom leaves out (of C11: load buffering; its
//! condition variables wake in order and never for nothing, and a wait with a timeout never times out); who is served first;
//! liveness under contention; that resources are freed, unless [`RealPool::end`] looks. And on real threads: any schedule
//! that the system did not choose.
//!
//! Nor, of a pool that makes its resources within the take, what becomes of a create that fails or panics: `Take` may answer
//! nothing else than `Got` and `Closed`. To have that shown, let [`Op::CancelledTake`] be a take that does not wait and whose
//! create fails, or panics and is caught, and which answers `Done` in any case, having given back what it got
//! (`tests/shipped.rs` has one). Panics only on real threads: loom's are one thread of the system, and while one unwinds,
//! `std::thread::panicking` is true for all.

mod actor;
#[cfg(feature = "loom")]
mod explore;
mod history;
mod linear;
mod perhaps;
mod sample;
mod spec;
mod tell;

pub use actor::note;
#[cfg(feature = "loom")]
pub use explore::{Bounds, Explored, explore, explore_all};
pub use history::{Call, Event, History, Outcome, Resource, What};
pub use linear::{MOST_CALLS, Wrong, judge};
pub use sample::{Sampled, Sampling, sample};
pub use spec::{Reason, Spec, holds_briefly};
pub use tell::{Counterexample, Fault};

use crate::programs::Op;

/// A pool that threads use at once.
///
/// Which answers an operation may have; any other is a fault:
///
/// | Operation | Comes with | Answers |
/// |---|---|---|
/// | [`Op::Take`] | | `Got`; `Closed`. Waits as long as the pool is open and everything is lent. |
/// | [`Op::TryTake`], [`Op::TimedTake`] | | `Got`; `Closed`; `Nothing`. Never waits for ever. |
/// | [`Op::CancelledTake`] | | `Done`. Gives up in any case; what it got meanwhile is free again before it answers. |
/// | [`Op::Put`] | what is held | `Done`. If the pool is closed or has shrunk, this one is never lent again. |
/// | [`Op::Discard`], [`Op::Detach`] | what is held | `Done`. This one is never lent again, another may be made. |
/// | [`Op::FailCreate`] | what is held | `Done`. As `Discard`; see below. |
/// | [`Op::Reap`] | | `Done`. Any number of idle ones are never lent again. |
/// | [`Op::Drain`] | | `Done`. None that was idle is ever lent again. |
/// | [`Op::Grow`], [`Op::Shrink`] | | `Done`. The capacity is one more; one less, but at least one. A pool that takes back room only after it has freed what a shrink left out leaves one of the two away. |
/// | [`Op::Close`] | | `Done`, also if it is closed already. Every take that waits answers `Closed`. |
///
/// 1. `Closed` is right only once a close has begun. On a closed pool a take answers `Closed`, or `Nothing` if it may; everything
///    else is done as ever.
/// 2. `Nothing` is right if at some moment of the call everything was lent, or the pool closed. What operations under way at
///    the same time may hold for a moment counts as lent ([`holds_briefly`]): one for each take that is timed or cancelled and each shrink, and
///    beside a reap or a drain any number, so that there the check is weak. It may also be hidden from a drain.
/// 3. `TimedTake` is a take whose deadline has passed when it is called. It queues up, finds the deadline passed, and leaves
///    the queue, unless it was served before it could. On real threads it may be any wait with a deadline, which should be
///    short: with none left it gives up most often, and it must be over long before [`Sampling::patience`]. Under loom it
///    must not block at all, as a wait with a timeout never times out there.
/// 4. `FailCreate` is for a pool whose take may hand out the right to make a resource. Then `Held` is either that right or a
///    resource, the right has no identity, and a put makes the resource first. The runners do not tell the two apart: with the
///    right, `FailCreate` gives it back unused; with a resource, it does what `Discard` does. A pool that makes its resources
///    within the take leaves it out.
pub trait RealPool: Send + Sync + Sized + 'static {
    /// What a take hands out. Each is given back with an operation, or dropped, before the pool is.
    type Held: Send + 'static;

    /// Which operations it has. Samples need one that takes.
    const OPERATIONS: &'static [Op];

    /// A pool of at most `capacity` resources, none of which is lent.
    fn new(capacity: usize) -> Self;

    /// Does `op`, with what it gives back if it gives something back ([`Op::gives`]).
    fn run(&self, op: Op, held: Option<Self::Held>) -> Answer<Self::Held>;

    /// Which resource this is, if one can tell: then it is noticed when two own the same, or when one is lent again that has
    /// left the pool, or when too many exist.
    ///
    /// A resource with an identity exists from when it is first lent until an operation of the table ends it. A pool that
    /// retires idle ones by itself (after a time, beyond a number, or because a check fails before it lends them) would be
    /// refuted when it makes another in place of one: it returns `None` here. Then only how many are lent is looked at.
    fn identity(held: &Self::Held) -> Option<u64>;

    /// The pool is closed, everything has been given back, and nobody uses it: drops it, and looks what is left.
    ///
    /// # Errors
    ///
    /// What is wrong, such as a resource that outlives the pool.
    fn end(self) -> Result<(), String> {
        Ok(())
    }
}

/// What an operation comes back with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer<H> {
    /// It is done.
    Done,
    /// A take has got something.
    Got(H),
    /// A take that does not wait has found nothing.
    Nothing,
    /// A take has found the pool closed.
    Closed,
}
