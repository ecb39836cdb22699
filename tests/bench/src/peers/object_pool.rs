//! object-pool: a mutex around a vector. For reference: it does not wait and has no bound.

use super::{Facts, Kind, Maker, NotLent, Order, Peer, Resource};
use core::fmt;
use object_pool::{Pool, Reusable};

/// `try_pull`.
pub struct ObjectPool(Pool<Resource>);

impl fmt::Debug for ObjectPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ObjectPool").finish_non_exhaustive()
    }
}

impl Peer for ObjectPool {
    const FACTS: Facts = Facts {
        name: "object-pool",
        version: "object-pool 0.6.0",
        order: Order::NoWaiting,
        kind: Kind::Borrowed,
        is_ours: false,
        settings: "`try_pull`",
    };
    type Lease<'a> = Reusable<'a, Resource>;

    fn build(capacity: u32, maker: Maker) -> Self {
        Self(Pool::new(capacity as usize, || maker.make().unwrap_or_default()))
    }

    #[inline]
    fn get(&self) -> Result<Self::Lease<'_>, NotLent> {
        self.0.try_pull().ok_or(NotLent::Failed)
    }

    fn discard(lease: Self::Lease<'_>) {
        let _ = lease.detach();
    }
}
