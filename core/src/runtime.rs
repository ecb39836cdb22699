//! The thin runtime: observe → [`step`](crate::stripe::step) → commit → perform.
//!
//! ```text
//!   event ─▶ protect the current stripe ─▶ step on a copy ─▶ compare-and-swap ─▶ effects, outside, by token
//!                    ▲                                            │ failed: drop the copy unseen
//!                    └────────────────────────────────────────────┘
//! ```
//!
//! Who may do what, by file:
//!
//! | file | atomics | unsafe | user code |
//! |---|---|---|---|
//! | `stripe.rs`, `stripe/` | no | no (`forbid`) | no |
//! | `sync.rs`, `sync/` | names them all; four hints about a line (whether there is one, a long one, a slow one, whose turn is next) | under names of its own | no |
//! | `reclaim.rs` | the head's count and pointer, the nodes' debt | yes | no |
//! | `reclaim/spare.rs` | no | yes: the recycled nodes of a thread | no |
//! | `runtime/cell.rs` | one hint (who asks to go first); the commit loop itself is written over `reclaim` | no | the callbacks of `observe`, on a copy, and of a recorder |
//! | `runtime/slot.rs` | the slot's state | yes | no (dropping or waking a `Waker` is left to its owner) |
//! | `runtime/handle.rs` | no | yes | no |
//! | `runtime/effects.rs` | no | a trait and two calls: delivering into a slot, freeing what a transition gave up | yes, all of it: free, wakers |
//! | `pool/lease.rs`, `pool/lease/`, `pool/local.rs` | no | turning handles into resources and back; the owner's note | free, called by `effects.rs` |
//! | `pool/reaper.rs` | a flag to stop | no | no |
//! | the rest of `pool/` | no | no | create, the work of `with`, managers, hooks, a deadline's future, whoever watches |
//! | `adapters/` | no | no | managers of other pools |
//!
//! One concrete instantiation, on purpose: [`PoolStripe`] moves erased handles, so nodes of all pools are alike and one
//! thread-local list recycles them.

pub mod cell;
pub mod effects;
pub mod handle;
pub mod slot;
#[cfg(feature = "trace")]
pub mod trace;

pub use cell::{Committed, StripeCell};
pub use handle::ResourceHandle;
pub use slot::{WakeHandle, WakeReceiver};

/// The machine's state in the runtime's handles.
pub type PoolStripe = crate::stripe::Stripe<ResourceHandle, WakeHandle>;
/// The machine's events in the runtime's handles.
pub type PoolEvent = crate::stripe::Event<ResourceHandle, WakeHandle>;
/// The machine's effects in the runtime's handles.
pub type PoolEffects = crate::stripe::Effects<ResourceHandle, WakeHandle>;
