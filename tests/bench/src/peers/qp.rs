//! qp: a semaphore of its own and crossbeam's `ArrayQueue`. For reference: it can lose a wake, so nothing that waits is
//! measured on it.

use super::driver::block_on;
use super::{Facts, Kind, MakeError, Maker, NotLent, Order, Peer, Resource};
use async_trait::async_trait;
use core::fmt;
use qp::resource::Manage;
use qp::{Pool, Pooled};

/// Hands out [`Resource`]s.
#[derive(Debug)]
pub struct Manager(Maker);

#[async_trait]
impl Manage for Manager {
    type Output = Resource;
    type Error = MakeError;

    async fn try_create(&self) -> Result<Resource, MakeError> {
        self.0.make()
    }
}

/// `acquire_unchecked`.
pub struct Qp(Pool<Manager>);

impl fmt::Debug for Qp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Qp").finish_non_exhaustive()
    }
}

impl Peer for Qp {
    const FACTS: Facts = Facts {
        name: "qp",
        version: "qp 0.2.1",
        order: Order::NoWaiting,
        kind: Kind::Borrowed,
        is_ours: false,
        settings: "`acquire_unchecked`, polled on the thread that asks; not measured where threads wait: it can lose a wake",
    };
    type Lease<'a> = Pooled<'a, Manager>;

    fn build(capacity: u32, maker: Maker) -> Self {
        Self(Pool::new(Manager(maker), capacity as usize))
    }

    #[inline]
    fn get(&self) -> Result<Self::Lease<'_>, NotLent> {
        block_on(self.0.acquire_unchecked()).map_err(|_| NotLent::Failed)
    }

    fn discard(lease: Self::Lease<'_>) {
        let _ = Pooled::take(lease);
    }
}
