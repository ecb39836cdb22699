//! The pools under test.

use crate::own_pool::{Loan, OwnPool, Policy, PoolError, Source};
use crate::runtimes::{Runtime, Threads};
use crate::subject::{Failure, Lent, Look, Subject};
use crate::world::{Refused, Resource, World};
use core::marker::PhantomData;
use core::time::Duration;
use std::sync::Arc;
use striped_pool::{ArcLease, GetError, OwnedLease, Pool, PoolConfig, PoolStatus, StripeStatus, Unavailable};

/// A pool of one stripe, as both of its subjects have it.
pub(crate) type CountedPool = Pool<Resource, Refused>;

/// A pool of one stripe.
pub(crate) fn counted_pool(world: &Arc<World>, max_resources: u32) -> CountedPool {
    let (maker, ender) = (Arc::clone(world), Arc::clone(world));
    let config = PoolConfig::builder(max_resources, move || maker.create()).free(move |resource| ender.end(resource));
    Pool::new(config.build().expect("the settings are valid"))
}

/// What an error is to the suite, if `create` says what an error of the create is.
pub(crate) fn failure<E>(error: GetError<E>, create: impl FnOnce(E) -> Failure) -> Failure {
    match error {
        GetError::Create(error) => create(error),
        GetError::Unavailable(Unavailable::Closed) => Failure::Closed,
        GetError::TimedOut(_) => Failure::TimedOut,
        GetError::Unavailable(_) | GetError::Refused | _ => Failure::Other(error.to_string()),
    }
}

impl From<GetError<Refused>> for Failure {
    fn from(error: GetError<Refused>) -> Self {
        failure(error, |Refused| Self::Refused)
    }
}

impl From<PoolStatus> for Look {
    fn from(status: PoolStatus) -> Self {
        Self { available: status.available(), idle: status.idle(), out: status.out(), waiting: status.waiting() }
    }
}

impl From<StripeStatus> for Look {
    fn from(status: StripeStatus) -> Self {
        Self { available: status.available, idle: status.idle, out: status.out, waiting: status.waiting }
    }
}

impl Lent for OwnedLease<Resource> {
    fn discard(self: Box<Self>) {
        (*self).discard();
    }

    fn detach(self: Box<Self>) -> Resource {
        (*self).detach()
    }
}

impl Lent for ArcLease<Resource> {
    fn discard(self: Box<Self>) {
        (*self).discard();
    }

    fn detach(self: Box<Self>) -> Resource {
        (*self).detach()
    }
}

/// What both ways to use a [`Pool`] have in common.
macro_rules! by_the_pool {
    () => {
        fn drain(&self) {
            self.0.drain();
        }

        fn close(&self) {
            self.0.close();
        }

        fn look(&self) -> Look {
            self.0.status().into()
        }
    };
}

/// [`Pool`] by its blocking calls, in threads.
pub(crate) struct Blocking(CountedPool);

impl Blocking {
    /// Another handle to `pool`.
    pub(crate) fn of(pool: &CountedPool) -> Self {
        Self(pool.clone())
    }
}

impl Subject for Blocking {
    type Runtime = Threads;
    type Lease = OwnedLease<Resource>;

    fn new(world: &Arc<World>, max_resources: u32) -> Self {
        Self(counted_pool(world, max_resources))
    }

    async fn get(&self) -> Result<Self::Lease, Failure> {
        Ok(self.0.get_owned()?)
    }

    async fn get_within(&self, wait: Duration) -> Result<Self::Lease, Failure> {
        Ok(self.0.get_owned_timeout(wait)?)
    }

    by_the_pool!();
}

/// [`Pool`] by its asynchronous calls, in tasks on `R`.
pub(crate) struct Async<R>(CountedPool, PhantomData<fn() -> R>);

impl<R> Async<R> {
    /// Another handle to `pool`.
    pub(crate) fn of(pool: &CountedPool) -> Self {
        Self(pool.clone(), PhantomData)
    }
}

impl<R: Runtime> Subject for Async<R> {
    type Runtime = R;
    type Lease = OwnedLease<Resource>;

    fn new(world: &Arc<World>, max_resources: u32) -> Self {
        Self::of(&counted_pool(world, max_resources))
    }

    async fn get(&self) -> Result<Self::Lease, Failure> {
        Ok(self.0.get_owned_async().await?)
    }

    async fn get_within(&self, wait: Duration) -> Result<Self::Lease, Failure> {
        Ok(self.0.get_owned_async_until(R::sleep(wait)).await?)
    }

    by_the_pool!();
}

/// Resources of a world for the second pool, with the clock of `R`.
pub(crate) struct Counted<R>(pub(crate) Arc<World>, pub(crate) PhantomData<fn() -> R>);

impl<R: Runtime> Source for Counted<R> {
    type Resource = Resource;
    type Error = Refused;

    async fn create(&self) -> Result<Resource, Refused> {
        self.0.create_async::<R>().await
    }

    fn is_sound(&self, resource: &mut Resource) -> bool {
        !resource.is_broken
    }

    fn end(&self, resource: Resource) {
        self.0.end(resource);
    }

    fn sleep(&self, time: Duration) -> impl Future<Output = ()> + Send {
        R::sleep(time)
    }
}

/// The policy that the suite runs with: no minimum, so that what is made is what was asked for.
pub(crate) const POLICY: Policy = Policy {
    max_resources: 1,
    min_idle: 0,
    attempts: 3,
    pause: Duration::from_micros(100),
    longest_pause: Duration::from_millis(1),
};

/// The second pool, in tasks on `R`.
pub(crate) struct Own<R: Runtime>(OwnPool<Counted<R>>);

impl From<PoolError<Refused>> for Failure {
    fn from(error: PoolError<Refused>) -> Self {
        match error {
            PoolError::Closed => Self::Closed,
            PoolError::TimedOut => Self::TimedOut,
            PoolError::Create { attempts, last: Refused } if attempts == POLICY.attempts => Self::Refused,
            PoolError::Create { .. } => Self::Other(error.to_string()),
        }
    }
}

impl<R: Runtime> Subject for Own<R> {
    type Runtime = R;
    type Lease = Loan<Counted<R>>;

    const ATTEMPTS: usize = POLICY.attempts as usize;

    fn new(world: &Arc<World>, max_resources: u32) -> Self {
        let policy = Policy { max_resources, ..POLICY };
        Self(OwnPool::new(Counted(Arc::clone(world), PhantomData), policy))
    }

    async fn get(&self) -> Result<Self::Lease, Failure> {
        Ok(self.0.get().await?)
    }

    async fn get_within(&self, wait: Duration) -> Result<Self::Lease, Failure> {
        Ok(self.0.get_within(wait).await?)
    }

    fn drain(&self) {
        self.0.drain();
    }

    fn close(&self) {
        self.0.close();
    }

    fn look(&self) -> Look {
        self.0.status().into()
    }
}
