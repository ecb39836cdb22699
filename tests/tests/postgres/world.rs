//! A server for each test, or the word that there is none; pools with the managers of others.

use core::time::Duration;
use std::io::Write;
use std::sync::Once;
use striped_pool::adapters::{Bb8Manager, DeadpoolManager};
use striped_pool_tests::postgres::{Server, StartError};
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::{Config, NoTls};

/// By which the server knows the pools' backends.
pub(crate) const APPLICATION: &str = "pooled";
/// How long anything may take that must happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) type Bb8 = Bb8Manager<bb8_postgres::PostgresConnectionManager<NoTls>>;
pub(crate) type Deadpool = DeadpoolManager<deadpool_postgres::Manager>;

/// bb8's, as it is.
pub(crate) fn bb8(config: Config) -> Bb8 {
    Bb8Manager(bb8_postgres::PostgresConnectionManager::new(config, NoTls))
}

/// deadpool's, as it is; it asks the server on each check, as bb8's does.
pub(crate) fn deadpool(config: Config) -> Deadpool {
    use deadpool_postgres::{Manager, ManagerConfig, RecyclingMethod};
    let asks = ManagerConfig { recycling_method: RecyclingMethod::Verified };
    DeadpoolManager(Manager::from_config(config, NoTls, asks))
}

/// A server, unless the machine has none and need not have one.
pub(crate) fn server() -> Option<Server> {
    match Server::start() {
        Ok(server) => Some(server),
        Err(error @ StartError::Absent) if std::env::var_os("STRIPED_POOL_REQUIRE_POSTGRES").is_none() => {
            static SAID: Once = Once::new();
            // Not `eprintln!`, which the test harness keeps to itself.
            SAID.call_once(|| drop(writeln!(std::io::stderr(), "tests on PostgreSQL are skipped: {error}")));
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// How the pools of the smaller tests connect.
pub(crate) fn config(server: &Server) -> Config {
    let mut config = server.config();
    config.application_name(APPLICATION);
    config
}

pub(crate) fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
}
