//! deadpool: tokio's semaphore and a mutex; managed (makes and recycles) and unmanaged (lends what it was given).

use super::driver::{block_on, inside_runtime};
use super::{AsyncPeer, Facts, Kind, MakeError, Maker, NotLent, Order, Peer, Resource};
use core::time::Duration;
use deadpool::managed::{
    Manager as Manage, Metrics, Object, Pool, PoolError, QueueMode, RecycleError, RecycleResult, Timeouts,
};
use deadpool::{Runtime, unmanaged};

/// Hands out [`Resource`]s; recycling looks at one flag.
#[derive(Debug)]
pub struct Manager(Maker);

impl Manage for Manager {
    type Type = Resource;
    type Error = MakeError;

    async fn create(&self) -> Result<Resource, MakeError> {
        self.0.make()
    }

    #[inline]
    async fn recycle(&self, resource: &mut Resource, _: &Metrics) -> RecycleResult<MakeError> {
        if resource.is_broken { Err(RecycleError::Backend(MakeError)) } else { Ok(()) }
    }
}

const FACTS: Facts = Facts {
    name: "deadpool managed",
    version: "deadpool 0.13.1",
    order: Order::Fifo,
    kind: Kind::Owned,
    is_ours: false,
    settings: "no timeouts, `recycle` that looks at one flag, `QueueMode::Lifo`; \
               `get`, polled on the thread that asks, or awaited",
};

/// Managed: `get`.
#[derive(Debug)]
pub struct Managed(Pool<Manager>);

impl Peer for Managed {
    const FACTS: Facts = FACTS;
    type Lease<'a> = Object<Manager>;

    fn build(capacity: u32, maker: Maker) -> Self {
        let builder = Pool::builder(Manager(maker)).max_size(capacity as usize).queue_mode(QueueMode::Lifo);
        Self(builder.runtime(Runtime::Tokio1).build().unwrap_or_else(|error| panic!("{error}")))
    }

    #[inline]
    fn get(&self) -> Result<Self::Lease<'_>, NotLent> {
        block_on(self.0.get()).map_err(|_| NotLent::Failed)
    }

    fn get_timeout(&self, wait: Duration) -> Result<Self::Lease<'_>, NotLent> {
        let timeouts = Timeouts { wait: Some(wait), create: None, recycle: None };
        block_on(self.0.timeout_get(&timeouts)).map_err(|error| match error {
            PoolError::Timeout(_) => NotLent::TimedOut,
            PoolError::Backend(_)
            | PoolError::Closed
            | PoolError::NoRuntimeSpecified
            | PoolError::PostCreateHook(_) => NotLent::Failed,
        })
    }

    fn discard(lease: Self::Lease<'_>) {
        drop(Object::take(lease));
    }

    fn on_thread<A>(work: impl FnOnce() -> A) -> A {
        inside_runtime(work)
    }
}

impl AsyncPeer for Managed {
    #[inline]
    async fn get_async(&self) -> Result<Self::Lease<'_>, NotLent> {
        self.0.get().await.map_err(|_| NotLent::Failed)
    }
}

/// An unmanaged pool that is full from the start.
fn unmanaged_pool(capacity: u32, maker: &Maker) -> unmanaged::Pool<Resource> {
    let max_size = capacity as usize;
    let pool = unmanaged::Pool::from_config(&unmanaged::PoolConfig {
        max_size,
        timeout: None,
        runtime: Some(Runtime::Tokio1),
    });
    for _ in 0..max_size {
        let is_added = pool.try_add(maker.make().unwrap_or_default()).is_ok();
        assert!(is_added, "there is room for all");
    }
    pool
}

/// Unmanaged: `get`. Nobody refills it.
#[derive(Debug)]
pub struct Unmanaged(unmanaged::Pool<Resource>);

impl Peer for Unmanaged {
    const FACTS: Facts = Facts {
        name: "deadpool unmanaged",
        settings: "no timeout; `get`, polled on the thread that asks, or awaited",
        ..FACTS
    };
    type Lease<'a> = unmanaged::Object<Resource>;

    fn build(capacity: u32, maker: Maker) -> Self {
        Self(unmanaged_pool(capacity, &maker))
    }

    #[inline]
    fn get(&self) -> Result<Self::Lease<'_>, NotLent> {
        block_on(self.0.get()).map_err(|_| NotLent::Failed)
    }

    fn get_timeout(&self, wait: Duration) -> Result<Self::Lease<'_>, NotLent> {
        block_on(self.0.timeout_get(Some(wait))).map_err(|error| match error {
            unmanaged::PoolError::Timeout => NotLent::TimedOut,
            unmanaged::PoolError::Closed | unmanaged::PoolError::NoRuntimeSpecified => NotLent::Failed,
        })
    }

    fn on_thread<A>(work: impl FnOnce() -> A) -> A {
        inside_runtime(work)
    }
}

impl AsyncPeer for Unmanaged {
    #[inline]
    async fn get_async(&self) -> Result<Self::Lease<'_>, NotLent> {
        self.0.get().await.map_err(|_| NotLent::Failed)
    }
}

/// Unmanaged: `try_get`, which is not a future.
#[derive(Debug)]
pub struct UnmanagedTrying(unmanaged::Pool<Resource>);

impl Peer for UnmanagedTrying {
    const FACTS: Facts =
        Facts { name: "deadpool unmanaged (try_get)", order: Order::NoWaiting, settings: "`try_get`", ..FACTS };
    type Lease<'a> = unmanaged::Object<Resource>;

    fn build(capacity: u32, maker: Maker) -> Self {
        Self(unmanaged_pool(capacity, &maker))
    }

    #[inline]
    fn get(&self) -> Result<Self::Lease<'_>, NotLent> {
        self.0.try_get().map_err(|_| NotLent::Failed)
    }
}
