//! What a pool tells of its work to those who watch: `metrics` and `tracing`, each behind the feature of its name.
//!
//! Without them [`observe`] is empty and no [`Watch`] is started but for `introspect(true)`: nothing else here costs anything.
//!
//! Every metric has the label `pool`, the pool's label.
//!
//! | metric | kind | other labels | event | level | one for each |
//! |---|---|---|---|---|---|
//! | `striped_pool_acquire_seconds` | histogram | `how`: `idle`, `handed_over`, `created` | `acquire` | trace | get that lent something; its time from the call on, with the wait, the check and the create |
//! | `striped_pool_hand_offs_total` | counter | | `hand_off` | trace | get that stood in line and lent what it was handed there |
//! | `striped_pool_create_seconds` | histogram | | `create` | debug | new resource that was lent; the time of its create |
//! | `striped_pool_create_failures_total` | counter | | `create_failure` | warn | get that failed because its create did, or because a hook refused the new resource |
//! | `striped_pool_validations_total` | counter | `outcome`: `kept`, `refused` | `validate` | trace | idle resource that a manager has checked before a lend |
//! | `striped_pool_recycles_total` | counter | `outcome`: `kept`, `refused` | `recycle` | trace | lease of a managed pool that was checked in; a panic of the check is a refusal |
//! | `striped_pool_frees_total` | counter | | `free` | debug | resource that the pool ends, on whatever path; counted when its end begins |
//! | `striped_pool_timeouts_total` | counter | `waited_for`: `resource`, `create`, `recycle` | `timeout` | warn | get whose time ran out |
//!
//! With `tracing` the same happen as events of the target `striped_pool`, each with the fields `pool`, `event`, the other labels,
//! and `seconds` where the metric is a time.
//!
//! What is not counted: a create, a check or a get that panics or is dropped before it ends (what it had in hand shows as freed);
//! a resource that is detached, or taken out of its lease by [`remove`](crate::Lease::remove); what a
//! [`LocalPool`](crate::LocalPool) of its own does.
//!
//! A recorder or a subscriber is user code: it runs outside of every transition, in the thread that gets or drops. A panic of it
//! ends here, reported by the panic hook: what it watches goes on.
//!
//! Where it is tested: `core/tests/observe.rs`, which also keeps this table and that of `docs/observability.md` equal.

use super::error::WaitedFor;
use crate::sync::{Shared, Stopwatch};
use core::time::Duration;
#[cfg(any(feature = "metrics", feature = "tracing"))]
use {
    crate::runtime::effects::Performed,
    std::panic::{AssertUnwindSafe, catch_unwind},
};

#[cfg(feature = "metrics")]
mod metered;
#[cfg(feature = "tracing")]
mod traced;

/// How a get came by its resource.
#[derive(Clone, Copy, Debug)]
pub(super) enum How {
    /// It was idle.
    Idle,
    /// It was handed over to who stood in line.
    HandedOver,
    /// It was new.
    Created,
}

/// What happened.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(any(feature = "metrics", feature = "tracing")), allow(dead_code, reason = "nobody watches"))]
pub(super) enum Observed {
    Acquired { how: How, took: Duration },
    Created { took: Duration },
    CreateFailed,
    Validated { is_kept: bool },
    Recycled { is_kept: bool },
    Freed,
    TimedOut(WaitedFor),
}

/// Whether anybody watches.
pub(super) const IS_WATCHED: bool = cfg!(any(feature = "metrics", feature = "tracing"));

/// The time since something began, if anybody watches: otherwise no clock is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Watch(Option<Stopwatch>);

impl Watch {
    /// Starts it, if the pool's events are watched or `is_wanted` for something else.
    #[inline]
    pub(super) fn start_if(is_wanted: bool) -> Self {
        Self((IS_WATCHED || is_wanted).then(Stopwatch::start))
    }

    /// Zero if nobody watches.
    #[inline]
    pub(super) fn elapsed(self) -> Duration {
        self.0.map_or(Duration::ZERO, Stopwatch::elapsed)
    }
}

/// Tells those who watch. Runs their code, whose panics end here: the caller may have a resource in hand.
#[inline]
pub(super) fn observe(label: &Shared<str>, event: Observed) {
    #[cfg(feature = "metrics")]
    guarded(|| metered::observe(label, event));
    #[cfg(feature = "tracing")]
    guarded(|| traced::observe(label, event));
    let _ = (label, event);
}

#[cfg(any(feature = "metrics", feature = "tracing"))]
fn guarded(tell: impl FnOnce()) {
    let panic = catch_unwind(AssertUnwindSafe(tell)).err();
    Performed { panic, ..Performed::default() }.swallow();
}

#[cfg(any(feature = "metrics", feature = "tracing"))]
impl How {
    fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::HandedOver => "handed_over",
            Self::Created => "created",
        }
    }
}

#[cfg(any(feature = "metrics", feature = "tracing"))]
fn outcome(is_kept: bool) -> &'static str {
    if is_kept { "kept" } else { "refused" }
}

#[cfg(any(feature = "metrics", feature = "tracing"))]
fn waited_for(what: WaitedFor) -> &'static str {
    match what {
        WaitedFor::Resource => "resource",
        WaitedFor::Create => "create",
        WaitedFor::Recycle => "recycle",
    }
}
