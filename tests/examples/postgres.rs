//! Tasks share a few connections to `PostgreSQL`, through the manager that bb8 has for it:
//! `cargo run -p striped-pool-tests --example postgres -- --help`.

#[cfg(all(unix, not(feature = "loom")))]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    example::main()
}

#[cfg(all(unix, not(feature = "loom")))]
mod example {
    use bb8_postgres::PostgresConnectionManager;
    use core::time::Duration;
    use std::error::Error;
    use striped_pool::ManagedPool;
    use striped_pool::adapters::Bb8Manager;
    use striped_pool_tests::postgres::{Server, StartError};
    use tokio::task::JoinSet;
    use tokio::time::sleep;
    use tokio_postgres::{Config, NoTls};

    const HELP: &str = "\
Tasks share a few connections to a PostgreSQL server; nothing is written.

usage: postgres [CONNECTION]

CONNECTION  such as 'host=localhost user=me dbname=mine'; else what DATABASE_URL says; else a throw-away server is started,
            if PostgreSQL is installed (on Debian: apt-get install postgresql)
";

    pub(super) fn main() -> Result<(), Box<dyn Error>> {
        let argument = std::env::args().nth(1);
        if let Some("--help" | "-h") = argument.as_deref() {
            print!("{HELP}");
            return Ok(());
        }
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        if let Some(connection) = argument.or_else(|| std::env::var("DATABASE_URL").ok()) {
            return runtime.block_on(run(connection.parse()?));
        }
        match Server::start() {
            Ok(server) => runtime.block_on(run(server.config())),
            Err(error @ StartError::Absent) if std::env::var_os("STRIPED_POOL_REQUIRE_POSTGRES").is_none() => {
                println!("nothing done: {error}");
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn run(config: Config) -> Result<(), Box<dyn Error>> {
        let manager = Bb8Manager(PostgresConnectionManager::new(config, NoTls));
        let pool = ManagedPool::builder(4, manager).label("postgres").introspect(true).build()?;

        let mut tasks = JoinSet::new();
        for number in 0..32_i32 {
            let pool = pool.clone();
            tasks.spawn(async move {
                // The pool has no timer of its own: any future is a deadline. It bounds the wait, the check and the create.
                let connection =
                    pool.get_async_until(sleep(Duration::from_secs(10))).await.map_err(|error| error.to_string())?;
                let row = connection.query_one("SELECT $1::integer * 2", &[&number]).await;
                Ok::<i32, String>(row.map_err(|error| error.to_string())?.get(0))
            });
        }
        let mut sum = 0;
        while let Some(task) = tasks.join_next().await {
            sum += task??;
        }
        println!("32 tasks through {} connections: the sum is {sum}", pool.status().idle());

        let connection = pool.get_async().await?;
        println!("the next get: {:?}; {:?}", connection.introspection(), connection.usage());
        drop(connection);
        println!("{} connections closed", pool.close_async().await);
        Ok(())
    }
}

/// Loom's primitives work only inside loom's scheduler; and a Unix socket needs Unix.
#[cfg(not(all(unix, not(feature = "loom"))))]
fn main() {}
