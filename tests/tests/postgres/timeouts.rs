//! What a timeout says while a server does not answer. Processes of the server are held: nothing here depends on who is faster.

use crate::world::{self, PATIENCE, bb8, config, deadpool, runtime};
use core::time::Duration;
use striped_pool::{AsyncManager, ManagedPool, Timeout, WaitedFor};
use striped_pool_tests::postgres::{Database, Server, Session};
use tokio::time::{sleep, timeout};

const SHORT: Duration = Duration::from_millis(200);

/// The process of the backend.
async fn process(session: &mut impl Session) -> i32 {
    session.client().query_one("SELECT pg_backend_pid()", &[]).await.expect("it answers").get(0)
}

/// What a get says that does not wait for long.
async fn timed_out<M: AsyncManager<Error: Database>>(pool: &ManagedPool<M>) -> Timeout {
    let got = timeout(PATIENCE, pool.get_async_until(sleep(SHORT))).await.expect("it ends");
    let error = got.err().expect("nobody answers");
    error.timeout().unwrap_or_else(|| panic!("{error:?}")).clone()
}

async fn held_in_each_stage<M>(server: &Server, manager: M)
where
    M: AsyncManager<Resource: Session, Error: Database>,
{
    let pool = ManagedPool::builder(1, manager).label("held").build().expect("valid");

    let postmaster = server.postmaster().expect("it runs");
    server.hold(postmaster).expect("held");
    let told = timed_out(&pool).await;
    // The place that it had itself is still out.
    assert_eq!((told.waited_for, told.status.out(), told.status.idle()), (WaitedFor::Create, 1, 0), "{told}");
    assert!(told.to_string().starts_with("pool \"held\": creating a resource took too long"), "{told}");
    server.release(postmaster).expect("released");

    let mut lease = pool.get_async().await.expect("the server answers again");
    let told = timed_out(&pool).await;
    assert_eq!((told.waited_for, told.status.out()), (WaitedFor::Resource, 1), "{told}");

    let backend = process(&mut *lease).await;
    drop(lease);
    assert_eq!(pool.status().idle(), 1);
    server.hold(backend).expect("held");
    let told = timed_out(&pool).await;
    assert_eq!((told.waited_for, told.status.out(), told.status.idle()), (WaitedFor::Recycle, 1, 0), "{told}");
    server.release(backend).expect("released");

    // What did not answer was not lent again.
    let mut lease = pool.get_async().await.expect("a new one");
    assert_ne!(process(&mut *lease).await, backend);
}

#[test]
fn say_what_they_waited_for() {
    let Some(server) = world::server() else { return };
    let runtime = runtime();
    runtime.block_on(held_in_each_stage(&server, bb8(config(&server))));
    runtime.block_on(held_in_each_stage(&server, deadpool(config(&server))));
}
