//! Managers of bb8.

use crate::pool::{AsyncManager, Manager, Usage};
use bb8::ManageConnection;

/// A `bb8::ManageConnection` as an [`AsyncManager`].
///
/// | bb8 | here |
/// |---|---|
/// | `connect` | creates, in the task that needs the connection; bb8 spawns a task for it, and for `min_idle` ahead of time |
/// | `is_valid`, if `test_on_check_out` | checks on checkout, if [`validate_on_checkout`](crate::ManagedPoolBuilder::validate_on_checkout); what fails is replaced by the same get |
/// | `has_broken` | checks on check-in |
/// | an error of `connect` | is its caller's at once; bb8 tries again until the timeout, unless `retry_connection(false)` |
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
