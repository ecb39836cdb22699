//! A backend outlives its client: what that means for the bound at the server. A backend is held, so that its end takes as long
//! as is needed to look; nothing here depends on who is faster.

use crate::world::{self, APPLICATION, PATIENCE, bb8, config, deadpool, runtime};
use core::time::Duration;
use striped_pool::{AsyncManager, GetError, ManagedPool, WaitedFor};
use striped_pool_tests::postgres::{Database, Doorman, Server, Session, backends, connect};
use tokio::time::{sleep, timeout};
use tokio_postgres::Client;

async fn process(session: &mut impl Session) -> i32 {
    session.client().query_one("SELECT pg_backend_pid()", &[]).await.expect("it answers").get(0)
}

async fn settled(client: &Client, expected: u32) {
    let reached = async {
        while backends(client, APPLICATION).await.expect("it answers") != expected {
            sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(PATIENCE, reached).await.unwrap_or_else(|_| panic!("never {expected} backends"));
}

/// As the manager is: the place is free when the client is gone, and the server has one more than the pool may have.
async fn is_one_more<M>(server: &Server, manager: M)
where
    M: AsyncManager<Resource: Session, Error: Database>,
{
    let outside = connect(&server.config()).await.expect("it answers");
    let pool = ManagedPool::builder(1, manager).build().expect("valid");
    let mut lease = pool.get_async().await.expect("room");
    let backend = process(&mut *lease).await;
    server.hold(backend).expect("held");
    lease.discard_async().await;
    let next = timeout(PATIENCE, pool.get_async()).await.expect("it ends").expect("room");
    assert_eq!(backends(&outside, APPLICATION).await.expect("it answers"), 2);
    server.release(backend).expect("released");
    settled(&outside, 1).await;
    drop(next);
    pool.close_async().await;
    settled(&outside, 0).await;
}

/// With a doorman: the place is kept until the backend is gone, and where it could not be kept, a create waits for it.
async fn is_never_more<M>(server: &Server, manager: M)
where
    M: AsyncManager<Resource: Session, Error: Database>,
{
    let outside = connect(&server.config()).await.expect("it answers");
    let pool = ManagedPool::builder(1, Doorman::new(manager, true)).build().expect("valid");
    for is_awaited in [true, false] {
        let mut lease = pool.get_async().await.expect("room");
        let backend = process(&mut *lease).await;
        server.hold(backend).expect("held");
        let goodbye = if is_awaited {
            Some(lease.discard_async())
        } else {
            lease.discard();
            None
        };
        let mut goodbye = core::pin::pin!(async {
            if let Some(goodbye) = goodbye {
                goodbye.await;
            }
        });
        if is_awaited {
            timeout(Duration::from_millis(50), goodbye.as_mut()).await.expect_err("its backend is held");
        }
        let late = pool.get_async_until(sleep(Duration::from_millis(50))).await.err().expect("no place");
        let waited_for = if is_awaited { WaitedFor::Resource } else { WaitedFor::Create };
        assert!(matches!(&late, GetError::TimedOut(told) if told.waited_for == waited_for), "{late:?}");
        assert_eq!(backends(&outside, APPLICATION).await.expect("it answers"), 1);
        server.release(backend).expect("released");
        timeout(PATIENCE, goodbye).await.expect("its backend goes");
        let lease = timeout(PATIENCE, pool.get_async()).await.expect("it ends").expect("room");
        drop(lease);
        assert_eq!(backends(&outside, APPLICATION).await.expect("it answers"), 1);
    }
    pool.close_async().await;
    assert_eq!(backends(&outside, APPLICATION).await.expect("it answers"), 0, "close_async awaits the end");
}

#[test]
fn the_server_sees_one_more_than_the_pool_may_have() {
    let Some(server) = world::server() else { return };
    let runtime = runtime();
    runtime.block_on(is_one_more(&server, bb8(config(&server))));
    runtime.block_on(is_one_more(&server, deadpool(config(&server))));
}

#[test]
fn unless_somebody_sees_them_to_the_door() {
    let Some(server) = world::server() else { return };
    let runtime = runtime();
    runtime.block_on(is_never_more(&server, bb8(config(&server))));
    runtime.block_on(is_never_more(&server, deadpool(config(&server))));
}
