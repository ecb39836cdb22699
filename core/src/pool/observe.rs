//! What a pool tells of its work to those who watch: [`metrics`] and [`tracing`], each behind the feature of its name.
//!
//! Without them [`observe`] is empty and no [`Watch`] is started: nothing here costs anything.
//!
//! Every metric has the label `pool`, the pool's label.
//!
//! | metric | kind | other labels | one for each |
//! |---|---|---|---|
//! | `striped_pool_acquire_seconds` | histogram | `how`: `idle`, `handed_over`, `created` | get that lent something; its time, with the create's |
//! | `striped_pool_hand_offs_total` | counter | | get that stood in line and was handed a resource |
//! | `striped_pool_create_seconds` | histogram | | create that succeeded; its time |
//! | `striped_pool_create_failures_total` | counter | | create that failed |
//! | `striped_pool_validations_total` | counter | `outcome`: `kept`, `refused` | idle resource checked before a lend |
//! | `striped_pool_recycles_total` | counter | `outcome`: `kept`, `refused` | lease of a managed pool that was dropped |
//! | `striped_pool_frees_total` | counter | | resource that was freed |
//! | `striped_pool_timeouts_total` | counter | `waited_for`: `resource`, `create`, `recycle` | get whose time ran out |
//!
//! With `tracing` the same happen as events of the target `striped_pool` with the fields `pool`, `event` (`acquire`, `hand_off`,
//! `create`, `create_failure`, `validate`, `recycle`, `free`, `timeout`), the labels above, and `seconds`: timeouts and failed creates
//! at level `WARN`, creates and frees at `DEBUG`, the rest at `TRACE`.
//!
//! A recorder or a subscriber is user code: it runs outside of every transition, in the thread that gets or drops. It must not panic.

use super::error::WaitedFor;
use crate::sync::{Shared, Stopwatch};
use core::time::Duration;

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

/// Tells those who watch. Runs their code; see above.
#[inline]
pub(super) fn observe(label: &Shared<str>, event: Observed) {
    #[cfg(feature = "metrics")]
    metered::observe(label, event);
    #[cfg(feature = "tracing")]
    traced::observe(label, event);
    let _ = (label, event);
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
