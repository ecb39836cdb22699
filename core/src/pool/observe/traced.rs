//! Events as those of `tracing`. Names and levels stand in `observe.rs`.

use super::{How, Observed, outcome, waited_for};
use crate::sync::Shared;
use tracing::{debug, trace, warn};

pub(super) fn observe(label: &Shared<str>, event: Observed) {
    let pool = &**label;
    match event {
        Observed::Acquired { how, took } => {
            if let How::HandedOver = how {
                trace!(target: "striped_pool", pool, event = "hand_off");
            }
            trace!(target: "striped_pool", pool, event = "acquire", how = how.name(), seconds = took.as_secs_f64());
        }
        Observed::Created { took } => {
            debug!(target: "striped_pool", pool, event = "create", seconds = took.as_secs_f64());
        }
        Observed::CreateFailed => warn!(target: "striped_pool", pool, event = "create_failure"),
        Observed::Validated { is_kept } => {
            trace!(target: "striped_pool", pool, event = "validate", outcome = outcome(is_kept));
        }
        Observed::Recycled { is_kept } => {
            trace!(target: "striped_pool", pool, event = "recycle", outcome = outcome(is_kept));
        }
        Observed::Freed => debug!(target: "striped_pool", pool, event = "free"),
        Observed::TimedOut(what) => {
            warn!(target: "striped_pool", pool, event = "timeout", waited_for = waited_for(what));
        }
    }
}
