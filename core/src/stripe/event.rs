//! What can happen to a stripe.

use super::cache::Timestamp;
use super::effect::Recipient;
use super::queue::WaiterId;
use core::time::Duration;

/// One event. Generic in `Copy` handles for resources (`R`) and wake slots (`W`), so that a model can run the machine
/// on small numbers.
///
/// Handles are affine by the caller's word: each resource that was delivered comes back at most once, by `Put`,
/// `Return` or `Discard`; each permit by a resource or by `CreateFailed`; each wake slot is used in one take. The
/// machine counts, so it rejects what cannot be; that the *right* resource comes back is enforced by tokens in the
/// runtime and by ghosts in the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event<R, W> {
    /// Take a resource or a permit, or wait for one.
    Take {
        /// The slot that gets the result, now or later.
        wake: W,
    },
    /// Take a resource or a permit if there is one.
    TryTake {
        /// Who gets the result, now.
        wake: Recipient<W>,
    },
    /// Give a resource back, to be kept as idle.
    Put {
        /// What comes back: a delivered resource, or one created under a permit.
        resource: R,
        /// What time it is.
        now: Timestamp,
    },
    /// Give a resource back without having read the clock.
    Return {
        /// As in `Put`.
        resource: R,
    },
    /// Give a resource back to be freed.
    Discard {
        /// As in `Put`.
        resource: R,
    },
    /// So many resources have been freed and are gone.
    Freed {
        /// At least one, at most as many as are being freed.
        count: u32,
    },
    /// A permit comes back unused.
    CreateFailed,
    /// A lent resource leaves the pool alive, for good; its permit comes back.
    Detach,
    /// A queued take is given up.
    Cancel {
        /// The id under which it was queued.
        id: WaiterId,
    },
    /// Free idle resources that have not been used for `ttl`.
    Reap {
        /// What time it is.
        now: Timestamp,
        /// The age from which an entry is stale.
        ttl: Duration,
        /// How many idle entries to leave, stale or not.
        keep: u32,
    },
    /// Free all idle resources.
    Drain,
    /// Change how many resources there may be.
    Resize {
        /// The new capacity, at least 1.
        capacity: u32,
    },
    /// Close for good.
    Close,
}
