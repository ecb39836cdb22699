//! Managed pools under test: with a manager of their own, and with managers written for r2d2, bb8 and deadpool.

use crate::pools::failure;
use crate::runtimes::{Runtime, Smol, Threads, Tokio};
use crate::subject::{Failure, Lent, Look, Subject};
use crate::world::{Refused, Resource, World};
use core::borrow::{Borrow, BorrowMut};
use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};
use core::time::Duration;
use deadpool::managed::{Metrics, RecycleResult};
use std::sync::Arc;
use striped_pool::adapters::{Bb8Manager, DeadpoolError, DeadpoolManager, R2d2Manager};
use striped_pool::{AsyncManager, BlockingManager, GetError, ManagedPool, Manager, OwnedManagedLease, Usage};

/// A manager of a world's resources.
pub(crate) trait Counting: Manager<Resource: BorrowMut<Resource> + Into<Resource>> + Sized + 'static {
    fn of(world: &Arc<World>) -> Self;

    /// What an error of its create is to the suite.
    fn failure(error: Self::Error) -> Failure;

    fn pool(world: &Arc<World>, max_resources: u32) -> ManagedPool<Self> {
        ManagedPool::builder(max_resources, Self::of(world)).build().expect("the settings are valid")
    }
}

/// A manager written for this pool, for threads, and for tasks on `R`.
pub(crate) struct Native<R>(Arc<World>, PhantomData<fn() -> R>);

impl<R: Runtime> Manager for Native<R> {
    type Resource = Resource;
    type Error = Refused;

    fn free(&self, resource: Resource) {
        self.0.end(resource);
    }
}

impl<R: Runtime> BlockingManager for Native<R> {
    fn create(&self) -> Result<Resource, Refused> {
        self.0.create()
    }
}

impl<R: Runtime> AsyncManager for Native<R> {
    async fn create(&self) -> Result<Resource, Refused> {
        self.0.create_async::<R>().await
    }

    async fn validate(&self, _: &mut Resource, _: &Usage) -> Result<(), Refused> {
        R::give_way().await;
        Ok(())
    }
}

impl<R: Runtime> Counting for Native<R> {
    fn of(world: &Arc<World>) -> Self {
        Self(Arc::clone(world), PhantomData)
    }

    fn failure(Refused: Refused) -> Failure {
        Failure::Refused
    }
}

/// A connection as other pools know them: it ends by being dropped.
pub(crate) struct Connection(Option<Resource>);

const OPEN: &str = "open until it is dropped";

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(resource) = self.0.take() {
            resource.end();
        }
    }
}

impl From<Connection> for Resource {
    fn from(mut connection: Connection) -> Self {
        connection.0.take().expect(OPEN)
    }
}

impl Borrow<Resource> for Connection {
    fn borrow(&self) -> &Resource {
        self.0.as_ref().expect(OPEN)
    }
}

impl BorrowMut<Resource> for Connection {
    fn borrow_mut(&mut self) -> &mut Resource {
        self.0.as_mut().expect(OPEN)
    }
}

/// A manager for connections, written for another pool.
pub(crate) struct Foreign<R>(Arc<World>, PhantomData<fn() -> R>);

impl<R> Foreign<R> {
    fn of(world: &Arc<World>) -> Self {
        Self(Arc::clone(world), PhantomData)
    }
}

impl r2d2::ManageConnection for Foreign<Threads> {
    type Connection = Connection;
    type Error = Refused;

    fn connect(&self) -> Result<Connection, Refused> {
        self.0.create().map(|resource| Connection(Some(resource)))
    }

    fn is_valid(&self, _: &mut Connection) -> Result<(), Refused> {
        Ok(())
    }

    fn has_broken(&self, _: &mut Connection) -> bool {
        false
    }
}

impl<R: Runtime> bb8::ManageConnection for Foreign<R> {
    type Connection = Connection;
    type Error = Refused;

    async fn connect(&self) -> Result<Connection, Refused> {
        self.0.create_async::<R>().await.map(|resource| Connection(Some(resource)))
    }

    async fn is_valid(&self, _: &mut Connection) -> Result<(), Refused> {
        R::give_way().await;
        Ok(())
    }

    fn has_broken(&self, _: &mut Connection) -> bool {
        false
    }
}

impl<R: Runtime> deadpool::managed::Manager for Foreign<R> {
    type Type = Connection;
    type Error = Refused;

    async fn create(&self) -> Result<Connection, Refused> {
        self.0.create_async::<R>().await.map(|resource| Connection(Some(resource)))
    }

    async fn recycle(&self, _: &mut Connection, _: &Metrics) -> RecycleResult<Refused> {
        R::give_way().await;
        Ok(())
    }
}

/// A manager written for r2d2.
pub(crate) type R2d2 = R2d2Manager<Foreign<Threads>>;
/// A manager written for bb8.
pub(crate) type Bb8<R> = Bb8Manager<Foreign<R>>;
/// A manager written for deadpool.
pub(crate) type Deadpool<R> = DeadpoolManager<Foreign<R>>;

impl Counting for R2d2 {
    fn of(world: &Arc<World>) -> Self {
        Self(Foreign::of(world))
    }

    fn failure(Refused: Refused) -> Failure {
        Failure::Refused
    }
}

impl<R: Runtime> Counting for Bb8<R> {
    fn of(world: &Arc<World>) -> Self {
        Self(Foreign::of(world))
    }

    fn failure(Refused: Refused) -> Failure {
        Failure::Refused
    }
}

impl<R: Runtime> Counting for Deadpool<R> {
    fn of(world: &Arc<World>) -> Self {
        Self(Foreign::of(world))
    }

    fn failure(error: DeadpoolError<Refused>) -> Failure {
        match error {
            DeadpoolError::Backend(Refused) => Failure::Refused,
            DeadpoolError::Message(_) | _ => Failure::Other(error.to_string()),
        }
    }
}

/// What a get comes to, as the suite knows it.
fn told<M: Counting>(got: Result<OwnedManagedLease<M>, GetError<M::Error>>) -> Result<Loan<M>, Failure> {
    got.map(Loan).map_err(|error| failure(error, M::failure))
}

/// What a managed pool lends, as the resource that it holds.
pub(crate) struct Loan<M: Manager>(OwnedManagedLease<M>);

impl<M: Counting> Deref for Loan<M> {
    type Target = Resource;

    fn deref(&self) -> &Resource {
        (*self.0).borrow()
    }
}

impl<M: Counting> DerefMut for Loan<M> {
    fn deref_mut(&mut self) -> &mut Resource {
        (*self.0).borrow_mut()
    }
}

impl<M: Counting> Lent for Loan<M> {
    fn discard(self: Box<Self>) {
        self.0.discard();
    }

    fn detach(self: Box<Self>) -> Resource {
        self.0.detach().into()
    }
}

/// A managed pool with a manager `M`, in workers on `R`: threads, which call it, or tasks, which await it.
pub(crate) struct Managed<M: Manager, R>(ManagedPool<M>, PhantomData<fn() -> R>);

/// What threads and tasks have in common.
macro_rules! by_the_pool {
    () => {
        type Lease = Loan<M>;

        fn new(world: &Arc<World>, max_resources: u32) -> Self {
            Self(M::pool(world, max_resources), PhantomData)
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
    };
}

impl<M: BlockingManager + Counting> Subject for Managed<M, Threads> {
    type Runtime = Threads;

    async fn get(&self) -> Result<Loan<M>, Failure> {
        told(self.0.get_owned())
    }

    async fn get_within(&self, wait: Duration) -> Result<Loan<M>, Failure> {
        told(self.0.get_owned_timeout(wait))
    }

    by_the_pool!();
}

/// The same for each runtime whose workers are tasks.
macro_rules! in_tasks {
    ($($runtime:ty),*) => {$(
        impl<M: AsyncManager + Counting<Error: Send>> Subject for Managed<M, $runtime> {
            type Runtime = $runtime;

            async fn get(&self) -> Result<Loan<M>, Failure> {
                told(self.0.get_owned_async().await)
            }

            async fn get_within(&self, wait: Duration) -> Result<Loan<M>, Failure> {
                let deadline = <$runtime as Runtime>::sleep(wait);
                told(self.0.get_owned_async_until(deadline).await)
            }

            by_the_pool!();
        }
    )*};
}

in_tasks!(Tokio, Smol);
