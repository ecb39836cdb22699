//! Threads share a few connections to an `SQLite` file, through the manager that r2d2 has for it:
//! `cargo run -p striped-pool-tests --example sqlite`.

#[cfg(not(feature = "loom"))]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    use core::time::Duration;
    use r2d2_sqlite::SqliteConnectionManager;
    use striped_pool::ManagedPool;
    use striped_pool::adapters::R2d2Manager;

    let folder = tempfile::tempdir()?;
    let manager = SqliteConnectionManager::file(folder.path().join("visits.sqlite"))
        .with_init(|connection| connection.busy_timeout(Duration::from_secs(10)));
    // At most 3 connections. One that comes back in the middle of a transaction is not lent again.
    let pool = ManagedPool::builder(3, R2d2Manager(manager))
        .label("visits")
        .after_return(|connection, _| connection.is_autocommit())
        .build()?;

    pool.get()?.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE visit (who TEXT NOT NULL)")?;
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|number| {
                let pool = &pool;
                scope.spawn(move || -> Result<(), String> {
                    for _ in 0..10 {
                        // Waits in line; the error says for what.
                        let connection =
                            pool.get_timeout(Duration::from_secs(10)).map_err(|error| error.to_string())?;
                        let visit = connection.execute("INSERT INTO visit VALUES (?1)", [format!("thread {number}")]);
                        visit.map_err(|error| error.to_string())?;
                    }
                    Ok(())
                })
            })
            .collect();
        threads.into_iter().try_for_each(|thread| thread.join().unwrap_or_else(|_| Err("a thread panicked".into())))
    })?;

    let visits: i64 = pool.get()?.query_row("SELECT count(*) FROM visit", [], |row| row.get(0))?;
    println!("{visits} visits by 8 threads through {} connections", pool.status().idle());
    pool.close();
    Ok(())
}

/// Loom's primitives work only inside loom's scheduler.
#[cfg(feature = "loom")]
fn main() {}
