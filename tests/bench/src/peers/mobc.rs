//! mobc: a semaphore and an asynchronous mutex; a connection is given back by a task that it spawns.

use super::driver::{block_on, inside_runtime};
use super::{AsyncPeer, Facts, Kind, MakeError, Maker, NotLent, Order, Peer, Resource};
use async_trait::async_trait;
use core::fmt;
use core::time::Duration;
use mobc::{Connection, Manager as Manage, Pool};

/// Hands out [`Resource`]s.
#[derive(Debug)]
pub struct Manager(Maker);

#[async_trait]
impl Manage for Manager {
    type Connection = Resource;
    type Error = MakeError;

    async fn connect(&self) -> Result<Resource, MakeError> {
        self.0.make()
    }

    async fn check(&self, resource: Resource) -> Result<Resource, MakeError> {
        Ok(resource)
    }

    fn validate(&self, resource: &mut Resource) -> bool {
        !resource.is_broken
    }
}

/// `get`.
pub struct Mobc(Pool<Manager>);

impl fmt::Debug for Mobc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Mobc").finish_non_exhaustive()
    }
}

impl Peer for Mobc {
    const FACTS: Facts = Facts {
        name: "mobc",
        version: "mobc 0.9.0",
        order: Order::Fifo,
        kind: Kind::Owned,
        is_ours: false,
        settings: "`test_on_check_out(false)`, `get_timeout(None)`, no lifetimes, `max_idle` as `max_open`; \
                   `get`, polled on the thread that asks, or awaited; \
                   what is given back goes through a task on tokio, its default",
    };
    type Lease<'a> = Connection<Manager>;

    fn build(capacity: u32, maker: Maker) -> Self {
        let builder = Pool::builder()
            .max_open(u64::from(capacity))
            .max_idle(u64::from(capacity))
            .test_on_check_out(false)
            .get_timeout(None)
            .max_lifetime(None)
            .max_idle_lifetime(None);
        Self(builder.build(Manager(maker)))
    }

    #[inline]
    fn get(&self) -> Result<Self::Lease<'_>, NotLent> {
        block_on(self.0.get()).map_err(|_| NotLent::Failed)
    }

    fn get_timeout(&self, wait: Duration) -> Result<Self::Lease<'_>, NotLent> {
        block_on(self.0.get_timeout(wait)).map_err(|_| NotLent::TimedOut)
    }

    fn on_thread<A>(work: impl FnOnce() -> A) -> A {
        inside_runtime(work)
    }
}

impl AsyncPeer for Mobc {
    #[inline]
    async fn get_async(&self) -> Result<Self::Lease<'_>, NotLent> {
        self.0.get().await.map_err(|_| NotLent::Failed)
    }
}
