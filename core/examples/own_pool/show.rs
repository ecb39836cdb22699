//! The pool at work: a server that is not up at first, eight clients, three connections, of which two are kept ready.

use crate::pool::{OwnPool, Policy, PoolError, Source};
use crate::runtime::{block_on, sleep};
use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use core::time::Duration;
use std::sync::Arc;
use std::thread;

/// How many attempts to connect the server refuses before it is up.
const IS_DOWN_FOR: u32 = 7;

/// What the server counts, outside of the pool.
#[derive(Default)]
struct Server {
    attempts: AtomicU32,
    open: AtomicU32,
    most_open: AtomicU32,
}

/// A connection that breaks after some requests.
struct Connection {
    requests_left: u32,
}

/// How the pool gets connections of a server, and lets time pass.
struct Connector(Arc<Server>);

impl Source for Connector {
    type Resource = Connection;
    type Error = &'static str;

    async fn create(&self) -> Result<Connection, &'static str> {
        sleep(Duration::from_millis(1)).await;
        if self.0.attempts.fetch_add(1, SeqCst) < IS_DOWN_FOR {
            return Err("connection refused");
        }
        let open = self.0.open.fetch_add(1, SeqCst) + 1;
        self.0.most_open.fetch_max(open, SeqCst);
        Ok(Connection { requests_left: 20 })
    }

    fn is_sound(&self, connection: &mut Connection) -> bool {
        connection.requests_left > 0
    }

    fn end(&self, _connection: Connection) {
        self.0.open.fetch_sub(1, SeqCst);
    }

    fn sleep(&self, time: Duration) -> impl Future<Output = ()> + Send {
        sleep(time)
    }
}

/// Sends `requests` one after the other; how many were answered.
async fn client(pool: OwnPool<Connector>, requests: u32) -> u32 {
    let mut answered = 0;
    for _ in 0..requests {
        match pool.get_within(Duration::from_secs(10)).await {
            Ok(mut connection) => {
                connection.requests_left -= 1;
                answered += 1;
            }
            Err(error) => println!("{error}"),
        }
    }
    answered
}

/// Runs the clients, and says what came of it.
pub(crate) fn run() {
    let server = Arc::new(Server::default());
    let policy = Policy {
        max_resources: 3,
        min_idle: 2,
        attempts: 5,
        pause: Duration::from_millis(1),
        longest_pause: Duration::from_millis(4),
    };
    let pool = OwnPool::new(Connector(Arc::clone(&server)), policy);

    let Err(error) = block_on(pool.get()) else { panic!("the server is down") };
    println!("{error}");
    assert_eq!(error, PoolError::Create { attempts: 5, last: "connection refused" });
    let ready = block_on(pool.replenish()).expect("the server is up before the last attempt");
    println!("{ready} connections are ready before the first request");

    let upkeep = pool.upkeep(Duration::from_millis(5));
    let upkeep = thread::spawn(|| block_on(upkeep));
    let clients: Vec<_> =
        (0..8).map(|_| client(pool.clone(), 50)).map(|work| thread::spawn(|| block_on(work))).collect();
    let answered: u32 = clients.into_iter().map(|client| client.join().expect("a client does not panic")).sum();
    println!(
        "{answered} requests of 8 clients were answered; {} attempts to connect, at most {} connections at once",
        server.attempts.load(SeqCst),
        server.most_open.load(SeqCst)
    );

    println!("{} idle connections are ended, and the pool is closed", pool.drain());
    pool.close();
    upkeep.join().expect("the upkeep does not panic");
    assert_eq!((ready, answered, pool.status().out), (2, 400, 0));
    assert!(server.most_open.load(SeqCst) <= 3, "never more connections than the maximum");
    assert_eq!(server.open.load(SeqCst), 0, "no connection is left open");
}
