//! opool: crossbeam's `ArrayQueue`. For reference: it does not wait.

use super::{Facts, Kind, Maker, NotLent, Order, Peer, Resource};
use core::fmt;
use opool::{Pool, PoolAllocator, RefGuard};

/// Hands out [`Resource`]s; what is broken is not kept.
#[derive(Debug)]
pub struct Allocator(Maker);

impl PoolAllocator<Resource> for Allocator {
    fn allocate(&self) -> Resource {
        self.0.make().unwrap_or_default()
    }

    #[inline]
    fn is_valid(&self, resource: &Resource) -> bool {
        !resource.is_broken
    }
}

/// `try_get`.
pub struct Opool(Pool<Allocator, Resource>);

impl fmt::Debug for Opool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Opool").finish_non_exhaustive()
    }
}

impl Peer for Opool {
    const FACTS: Facts = Facts {
        name: "opool",
        version: "opool 0.2.0",
        order: Order::NoWaiting,
        kind: Kind::Borrowed,
        is_ours: false,
        settings: "prefilled; `try_get`",
    };
    type Lease<'a> = RefGuard<'a, Allocator, Resource>;

    fn build(capacity: u32, maker: Maker) -> Self {
        Self(Pool::new_prefilled(capacity as usize, Allocator(maker)))
    }

    #[inline]
    fn get(&self) -> Result<Self::Lease<'_>, NotLent> {
        self.0.try_get().ok_or(NotLent::Failed)
    }
}
