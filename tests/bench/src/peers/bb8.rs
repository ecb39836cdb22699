//! bb8: a mutex and tokio's `Notify`.

use super::driver::{block_on, block_on_for, inside_runtime};
use super::{AsyncPeer, Facts, Kind, MakeError, Maker, NotLent, Order, Peer, Resource};
use bb8::{ManageConnection, Pool, PooledConnection, QueueStrategy};
use core::time::Duration;

/// Hands out [`Resource`]s.
#[derive(Debug)]
pub struct Manager(Maker);

impl ManageConnection for Manager {
    type Connection = Resource;
    type Error = MakeError;

    async fn connect(&self) -> Result<Resource, MakeError> {
        self.0.make()
    }

    async fn is_valid(&self, _: &mut Resource) -> Result<(), MakeError> {
        Ok(())
    }

    #[inline]
    fn has_broken(&self, resource: &mut Resource) -> bool {
        resource.is_broken
    }
}

/// `get`, which borrows the pool; its timer starts only when it has to wait.
#[derive(Debug)]
pub struct Bb8(Pool<Manager>);

impl Peer for Bb8 {
    const FACTS: Facts = Facts {
        name: "bb8",
        version: "bb8 0.9.1",
        order: Order::Barging,
        kind: Kind::Borrowed,
        is_ours: false,
        settings: "`test_on_check_out(false)`, `max_lifetime(None)`, `idle_timeout(None)`, `QueueStrategy::Lifo`; \
                   `get`, polled on the thread that asks, or awaited, inside a tokio runtime; \
                   where a workload limits the wait, `tokio::time::timeout` around it",
    };
    type Lease<'a> = PooledConnection<'a, Manager>;

    fn build(capacity: u32, maker: Maker) -> Self {
        let builder = Pool::builder()
            .max_size(capacity)
            .test_on_check_out(false)
            .max_lifetime(None)
            .idle_timeout(None)
            .queue_strategy(QueueStrategy::Lifo);
        Self(inside_runtime(|| builder.build_unchecked(Manager(maker))))
    }

    #[inline]
    fn get(&self) -> Result<Self::Lease<'_>, NotLent> {
        block_on(self.0.get()).map_err(|_| NotLent::Failed)
    }

    fn get_timeout(&self, wait: Duration) -> Result<Self::Lease<'_>, NotLent> {
        let got = block_on_for(self.0.get(), wait).ok_or(NotLent::TimedOut)?;
        got.map_err(|_| NotLent::Failed)
    }

    fn on_thread<A>(work: impl FnOnce() -> A) -> A {
        inside_runtime(work)
    }
}

impl AsyncPeer for Bb8 {
    #[inline]
    async fn get_async(&self) -> Result<Self::Lease<'_>, NotLent> {
        self.0.get().await.map_err(|_| NotLent::Failed)
    }
}
