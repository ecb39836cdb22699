//! What the load needs to know of a connection and of an error, whichever manager made them.

use std::error::Error;
use striped_pool::adapters::DeadpoolError;
use tokio_postgres::Client;

/// A connection.
pub trait Session: Send + 'static {
    /// Its client.
    fn client(&mut self) -> &mut Client;
}

impl Session for Client {
    fn client(&mut self) -> &mut Client {
        self
    }
}

impl Session for deadpool_postgres::ClientWrapper {
    fn client(&mut self) -> &mut Client {
        self
    }
}

/// An error that may come from the database.
pub trait Database: Error + Send + 'static {
    /// What the database or its client said.
    fn database(&self) -> Option<&tokio_postgres::Error>;
    /// As the manager would have told it.
    fn of(error: tokio_postgres::Error) -> Self;
}

impl Database for tokio_postgres::Error {
    fn database(&self) -> Option<&tokio_postgres::Error> {
        Some(self)
    }

    fn of(error: tokio_postgres::Error) -> Self {
        error
    }
}

impl Database for DeadpoolError<tokio_postgres::Error> {
    fn database(&self) -> Option<&tokio_postgres::Error> {
        match self {
            Self::Backend(error) => Some(error),
            Self::Message(_) | _ => None,
        }
    }

    fn of(error: tokio_postgres::Error) -> Self {
        Self::Backend(error)
    }
}
