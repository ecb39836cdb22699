//! Events as metrics. The names stand in a table in `observe.rs`.

use super::{How, Observed, outcome, waited_for};
use crate::sync::Shared;
use metrics::{SharedString, counter, histogram};

pub(super) fn observe(label: &Shared<str>, event: Observed) {
    let pool = SharedString::from_shared(Shared::clone(label));
    match event {
        Observed::Acquired { how, took } => {
            if let How::HandedOver = how {
                counter!("striped_pool_hand_offs_total", "pool" => pool.clone()).increment(1);
            }
            histogram!("striped_pool_acquire_seconds", "pool" => pool, "how" => how.name()).record(took);
        }
        Observed::Created { took } => histogram!("striped_pool_create_seconds", "pool" => pool).record(took),
        Observed::CreateFailed => counter!("striped_pool_create_failures_total", "pool" => pool).increment(1),
        Observed::Validated { is_kept } => {
            counter!("striped_pool_validations_total", "pool" => pool, "outcome" => outcome(is_kept)).increment(1);
        }
        Observed::Recycled { is_kept } => {
            counter!("striped_pool_recycles_total", "pool" => pool, "outcome" => outcome(is_kept)).increment(1);
        }
        Observed::Freed => counter!("striped_pool_frees_total", "pool" => pool).increment(1),
        Observed::TimedOut(what) => {
            counter!("striped_pool_timeouts_total", "pool" => pool, "waited_for" => waited_for(what)).increment(1);
        }
    }
}
