//! Managers of r2d2.

use crate::pool::{BlockingManager, Manager, Usage};
use r2d2::ManageConnection;

/// An `r2d2::ManageConnection` as a [`BlockingManager`].
///
/// | r2d2 | here |
/// |---|---|
/// | `connect` | creates, in the thread that needs the connection; r2d2 does it in threads of its own, ahead of time for `min_idle` |
/// | `is_valid`, if `test_on_check_out` | checks on checkout, if [`validate_on_checkout`](crate::ManagedPoolBuilder::validate_on_checkout); what fails is replaced by the same get |
/// | `has_broken` | checks on check-in |
/// | an error of `connect` | is its caller's at once; r2d2 tries again until the timeout |
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
