//! asyncband's bounded pool (the successor of fastpool): a fair semaphore and a mutex.

use super::driver::{block_on, block_on_for, inside_runtime};
use super::{AsyncPeer, Facts, Kind, MakeError, Maker, NotLent, Order, Peer, Resource};
use asyncband::pool::bounded::{Object, Pool, PoolConfig};
use asyncband::pool::{ManageObject, ObjectStatus, QueueStrategy};
use core::time::Duration;
use std::sync::Arc;

/// Hands out [`Resource`]s; recycling looks at one flag.
#[derive(Debug)]
pub struct Manager(Maker);

impl ManageObject for Manager {
    type Object = Resource;
    type Error = MakeError;

    async fn create(&self) -> Result<Resource, MakeError> {
        self.0.make()
    }

    #[inline]
    async fn is_recyclable(&self, resource: &mut Resource, _: &ObjectStatus) -> Result<(), MakeError> {
        if resource.is_broken { Err(MakeError) } else { Ok(()) }
    }
}

/// `get`.
#[derive(Debug)]
pub struct Asyncband(Arc<Pool<Manager>>);

impl Peer for Asyncband {
    const FACTS: Facts = Facts {
        name: "asyncband",
        version: "asyncband 0.7.4",
        order: Order::Fifo,
        kind: Kind::Owned,
        is_ours: false,
        settings: "bounded pool, `is_recyclable` that looks at one flag, `QueueStrategy::Lifo`; \
                   `get`, polled on the thread that asks, or awaited; where a workload limits the wait, \
                   `tokio::time::timeout` around it",
    };
    type Lease<'a> = Object<Manager>;

    fn build(capacity: u32, maker: Maker) -> Self {
        let config = PoolConfig::new(capacity as usize).with_queue_strategy(QueueStrategy::Lifo);
        Self(Pool::new(config, Manager(maker)))
    }

    #[inline]
    fn get(&self) -> Result<Self::Lease<'_>, NotLent> {
        block_on(self.0.get()).map_err(|_| NotLent::Failed)
    }

    fn get_timeout(&self, wait: Duration) -> Result<Self::Lease<'_>, NotLent> {
        let got = block_on_for(self.0.get(), wait).ok_or(NotLent::TimedOut)?;
        got.map_err(|_| NotLent::Failed)
    }

    fn discard(lease: Self::Lease<'_>) {
        let _ = lease.detach();
    }

    fn on_thread<A>(work: impl FnOnce() -> A) -> A {
        inside_runtime(work)
    }
}

impl AsyncPeer for Asyncband {
    #[inline]
    async fn get_async(&self) -> Result<Self::Lease<'_>, NotLent> {
        self.0.get().await.map_err(|_| NotLent::Failed)
    }
}
