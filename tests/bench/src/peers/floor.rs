//! The floor: what no pool with one atomic word for takes and returns can go below. No pool.

use super::on_loan::{OnLoan, TakeBack};
use super::{Facts, Kind, Maker, NotLent, Order, Peer, Resource};
use core::sync::atomic::{AtomicU64, Ordering};

/// One compare-and-swap to take, one to give back, on a counter; nothing is lent.
#[derive(Debug)]
pub struct Floor(AtomicU64);

impl Floor {
    #[inline]
    fn add(&self, amount: u64) {
        let mut seen = self.0.load(Ordering::Relaxed);
        while let Err(now) =
            self.0.compare_exchange(seen, seen.wrapping_add(amount), Ordering::AcqRel, Ordering::Relaxed)
        {
            seen = now;
        }
    }
}

impl Peer for Floor {
    const FACTS: Facts = Facts {
        name: "floor: two CAS",
        version: "std",
        order: Order::NoWaiting,
        kind: Kind::Borrowed,
        is_ours: false,
        settings: "two `compare_exchange` on one word; lends nothing",
    };
    type Lease<'a> = OnLoan<'a, Self>;

    fn build(_: u32, _: Maker) -> Self {
        Self(AtomicU64::new(0))
    }

    #[inline]
    fn get(&self) -> Result<Self::Lease<'_>, NotLent> {
        self.add(1);
        Ok(OnLoan::new(self, Resource::default()))
    }
}

impl TakeBack for Floor {
    #[inline]
    fn take_back(&self, _: Resource) {
        self.add(u64::MAX);
    }
}
