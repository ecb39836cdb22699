//! r2d2: a mutex and a condition variable; connections are made by three threads in the background.

use super::{Facts, Kind, MakeError, Maker, NotLent, Order, Peer, Resource};
use core::time::Duration;
use r2d2::{ManageConnection, Pool, PooledConnection};

/// Hands out [`Resource`]s.
#[derive(Debug)]
pub struct Manager(Maker);

impl ManageConnection for Manager {
    type Connection = Resource;
    type Error = MakeError;

    fn connect(&self) -> Result<Resource, MakeError> {
        self.0.make()
    }

    fn is_valid(&self, _: &mut Resource) -> Result<(), MakeError> {
        Ok(())
    }

    #[inline]
    fn has_broken(&self, resource: &mut Resource) -> bool {
        resource.is_broken
    }
}

fn pool(capacity: u32, maker: Maker) -> Pool<Manager> {
    let builder = Pool::builder().max_size(capacity).test_on_check_out(false).max_lifetime(None).idle_timeout(None);
    builder.build(Manager(maker)).unwrap_or_else(|error| panic!("{error}"))
}

const FACTS: Facts = Facts {
    name: "r2d2",
    version: "r2d2 0.8.10",
    order: Order::Barging,
    kind: Kind::Owned,
    is_ours: false,
    settings: "`test_on_check_out(false)`, `max_lifetime(None)`, `idle_timeout(None)`; `get`",
};

/// `get`: waits.
#[derive(Debug)]
pub struct Waiting(Pool<Manager>);

impl Peer for Waiting {
    const FACTS: Facts = FACTS;
    type Lease<'a> = PooledConnection<Manager>;

    fn build(capacity: u32, maker: Maker) -> Self {
        Self(pool(capacity, maker))
    }

    #[inline]
    fn get(&self) -> Result<Self::Lease<'_>, NotLent> {
        self.0.get().map_err(|_| NotLent::Failed)
    }

    fn get_timeout(&self, wait: Duration) -> Result<Self::Lease<'_>, NotLent> {
        self.0.get_timeout(wait).map_err(|_| NotLent::TimedOut)
    }
}

/// `try_get`: reads the clock once less, and does not wait.
#[derive(Debug)]
pub struct Trying(Pool<Manager>);

impl Peer for Trying {
    const FACTS: Facts =
        Facts { name: "r2d2 (try_get)", order: Order::NoWaiting, settings: "as r2d2; `try_get`", ..FACTS };
    type Lease<'a> = PooledConnection<Manager>;

    fn build(capacity: u32, maker: Maker) -> Self {
        Self(pool(capacity, maker))
    }

    #[inline]
    fn get(&self) -> Result<Self::Lease<'_>, NotLent> {
        self.0.try_get().ok_or(NotLent::Failed)
    }
}
