//! Managers of bb8.

use crate::pool::{AsyncManager, Manager, Usage};
use bb8::ManageConnection;

/// A `bb8::ManageConnection` as an [`AsyncManager`].
///
/// | bb8 | here |
/// |---|---|
/// | `connect`, in tasks that it spawns, ahead of time for `min_idle` | in the get that needs the connection |
/// | an error of `connect` goes to the error sink and is tried again, unless `retry_connection(false)`; either way its get waits until it times out | is that of its get, at once, as it was |
/// | `is_valid` on checkout, if `test_on_check_out`; also of one just made | the same, if [`validate_on_checkout`](crate::ManagedPoolBuilder::validate_on_checkout); not of one just made |
/// | what `is_valid` refuses: its error goes to the error sink, `has_broken` is asked too, the get tries the next idle one, then waits for a new one | its error is dropped, the same get creates one in its place at once |
/// | a get that is dropped in `is_valid` gives the connection back | the connection is freed |
/// | `has_broken`, on check-in | the same; what is broken is freed |
/// | a panic of `has_broken` leaves the drop, and the connection's place is lost | counts as broken |
/// | a connection whose holder panicked is lent again, unless `has_broken` | it is freed; `has_broken` is not asked |
///
#[cfg_attr(not(feature = "loom"), doc = "```")]
#[cfg_attr(feature = "loom", doc = "```ignore")]
/// use striped_pool::{ManagedPool, adapters::Bb8Manager};
///
/// async fn serve<M>(manager: M, timer: impl Future<Output = ()>) -> Result<(), Box<dyn std::error::Error>>
/// where
///     M: bb8::ManageConnection<Error: std::error::Error>,
/// {
///     // let pool = bb8::Pool::builder().max_size(8).build(manager).await?;
///     let pool = ManagedPool::builder(8, Bb8Manager(manager)).build()?;
///     // let connection = pool.get().await?;
///     let connection = pool.get_async_until(timer).await?;
///     drop(connection);
///     Ok(())
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Bb8Manager<M>(pub M);

impl<M: ManageConnection> Manager for Bb8Manager<M> {
    type Resource = M::Connection;
    type Error = M::Error;

    fn recycle(&self, connection: &mut M::Connection, _: &Usage) -> bool {
        !self.0.has_broken(connection)
    }
}

impl<M: ManageConnection> AsyncManager for Bb8Manager<M> {
    async fn create(&self) -> Result<M::Connection, M::Error> {
        self.0.connect().await
    }

    async fn validate(&self, connection: &mut M::Connection, _: &Usage) -> Result<(), M::Error> {
        self.0.is_valid(connection).await
    }
}
