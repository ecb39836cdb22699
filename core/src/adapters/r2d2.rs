//! Managers of r2d2.

use crate::pool::{BlockingManager, Manager, Usage};
use r2d2::ManageConnection;

/// An `r2d2::ManageConnection` as a [`BlockingManager`].
///
/// | r2d2 | here |
/// |---|---|
/// | `connect`, in threads of its own, ahead of time for `min_idle` (unset: `max_size`) | in the get that needs the connection |
/// | an error of `connect` goes to the error handler and is tried again; its text is in the error of a get that times out | is that of its get, at once, as it was |
/// | `is_valid` on checkout, if `test_on_check_out`; also of one just made | the same, if [`validate_on_checkout`](crate::ManagedPoolBuilder::validate_on_checkout); not of one just made |
/// | what `is_valid` refuses: its error goes to the error handler, the get tries the next idle one, then waits for a new one | its error is dropped, the same get creates one in its place at once |
/// | `has_broken`, on check-in | the same; what is broken is freed |
/// | a panic of `has_broken` leaves the drop, and the connection's place is lost | counts as broken |
/// | a connection whose holder panicked is lent again, unless `has_broken` | it is freed; `has_broken` is not asked |
///
#[cfg_attr(not(feature = "loom"), doc = "```")]
#[cfg_attr(feature = "loom", doc = "```ignore")]
/// use striped_pool::{ManagedPool, adapters::R2d2Manager};
/// # struct Files;
/// # impl r2d2::ManageConnection for Files {
/// #     type Connection = String;
/// #     type Error = std::io::Error;
/// #     fn connect(&self) -> Result<String, std::io::Error> { Ok(String::from("open")) }
/// #     fn is_valid(&self, _: &mut String) -> Result<(), std::io::Error> { Ok(()) }
/// #     fn has_broken(&self, _: &mut String) -> bool { false }
/// # }
///
/// // let pool = r2d2::Pool::builder().max_size(8).build(Files)?;
/// let pool = ManagedPool::builder(8, R2d2Manager(Files)).build()?;
/// assert_eq!(*pool.get()?, "open");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct R2d2Manager<M>(pub M);

impl<M: ManageConnection> Manager for R2d2Manager<M> {
    type Resource = M::Connection;
    type Error = M::Error;

    fn recycle(&self, connection: &mut M::Connection, _: &Usage) -> bool {
        !self.0.has_broken(connection)
    }
}

impl<M: ManageConnection> BlockingManager for R2d2Manager<M> {
    fn create(&self) -> Result<M::Connection, M::Error> {
        self.0.connect()
    }

    fn validate(&self, connection: &mut M::Connection, _: &Usage) -> Result<(), M::Error> {
        self.0.is_valid(connection)
    }
}
