//! bb8: its own pool, on tokio, and ours, on nothing, by the same manager.

use super::polls::{begin, now};
use super::server::{Connection, Down, Fault, Server};
use super::{panic_with, panics};
use bb8::{ManageConnection, RunError};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use striped_pool::adapters::Bb8Manager;
use striped_pool::{GetError, ManagedPool};

struct ToServer(Arc<Server>);

impl ManageConnection for ToServer {
    type Connection = Connection;
    type Error = Down;

    async fn connect(&self) -> Result<Connection, Down> {
        self.0.connect()
    }

    async fn is_valid(&self, connection: &mut Connection) -> Result<(), Down> {
        self.0.check_async(connection).await
    }

    fn has_broken(&self, connection: &mut Connection) -> bool {
        self.0.has_broken(connection)
    }
}

/// How long their pool is given to show that it never answers.
const SHORT: Duration = Duration::from_millis(100);

struct Theirs {
    server: Arc<Server>,
    pool: bb8::Pool<ToServer>,
    runtime: tokio::runtime::Runtime,
}

/// Notes what their pool tells nobody else.
#[derive(Clone, Debug, Default)]
struct Sink(Arc<Mutex<Vec<Down>>>);

impl bb8::ErrorSink<Down> for Sink {
    fn sink(&self, error: Down) {
        self.0.lock().expect("no panic").push(error);
    }

    fn boxed_clone(&self) -> Box<dyn bb8::ErrorSink<Down>> {
        Box::new(self.clone())
    }
}

type TheirLease<'a> = bb8::PooledConnection<'a, ToServer>;

impl Theirs {
    fn new(max_size: u32) -> Self {
        Self::with(bb8::Pool::builder().max_size(max_size))
    }

    fn with(settings: bb8::Builder<ToServer>) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        let server = Server::new();
        let inside = runtime.enter();
        let pool = settings.build_unchecked(ToServer(Arc::clone(&server)));
        drop(inside);
        Self { server, pool, runtime }
    }

    fn get(&self) -> Result<TheirLease<'_>, RunError<Down>> {
        self.runtime.block_on(self.pool.get())
    }

    /// Drops a loan, where their pool can spawn.
    fn give_back(&self, lease: TheirLease<'_>) {
        let _inside = self.runtime.enter();
        drop(lease);
    }

    /// Whether a get is still not answered after a while.
    fn is_stuck(&self) -> bool {
        self.runtime.block_on(async { tokio::time::timeout(SHORT, self.pool.get()).await.is_err() })
    }
}

fn ours(max_resources: u32) -> (Arc<Server>, ManagedPool<Bb8Manager<ToServer>>) {
    let server = Server::new();
    let pool = ManagedPool::builder(max_resources, Bb8Manager(ToServer(Arc::clone(&server)))).build();
    (server, pool.expect("valid"))
}

#[test]
fn theirs_step_by_step() {
    let theirs = Theirs::new(1);
    let lease = theirs.get().expect("room");
    assert_eq!(theirs.server.calls(), ["connect 0", "check 0"]);
    theirs.give_back(lease);
    assert_eq!(theirs.server.calls(), ["broken? 0"]);
    theirs.give_back(theirs.get().expect("idle"));
    assert_eq!(theirs.server.calls(), ["check 0", "broken? 0"]);
    theirs.server.break_down(Fault::Invalid(0));
    let lease = theirs.get().expect("another");
    assert_eq!(theirs.server.calls(), ["check 0", "broken? 0", "end 0", "connect 1", "check 1"]);
    theirs.server.break_down(Fault::Broken(1));
    theirs.give_back(lease);
    assert_eq!(theirs.server.calls(), ["broken? 1", "end 1"]);
    assert_eq!(theirs.get().expect("another").id, 2);
}

#[test]
fn ours_step_by_step() {
    let (server, pool) = ours(1);
    let lease = now(pool.get_async()).expect("room");
    assert_eq!(server.calls(), ["connect 0"]);
    drop(lease);
    assert_eq!(server.calls(), ["broken? 0"]);
    drop(now(pool.get_async()).expect("idle"));
    assert_eq!(server.calls(), ["check 0", "broken? 0"]);
    server.break_down(Fault::Invalid(0));
    let lease = now(pool.get_async()).expect("another");
    assert_eq!(server.calls(), ["check 0", "end 0", "connect 1"]);
    server.break_down(Fault::Broken(1));
    drop(lease);
    assert_eq!(server.calls(), ["broken? 1", "end 1"]);
    assert_eq!(now(pool.get_async()).map(|lease| lease.id), Ok(2));
}

#[test]
fn an_invalid_one_is_replaced_at_once_although_another_is_idle() {
    let theirs = Theirs::new(2);
    let both = (theirs.get().expect("room"), theirs.get().expect("room"));
    theirs.give_back(both.0);
    theirs.give_back(both.1);
    theirs.server.break_down(Fault::Invalid(0));
    drop(theirs.server.calls());
    assert_eq!(theirs.get().expect("the other").id, 1);
    assert_eq!(theirs.server.calls(), ["check 0", "broken? 0", "end 0", "check 1", "broken? 1"]);

    let (server, pool) = ours(2);
    drop((now(pool.get_async()).expect("room"), now(pool.get_async()).expect("room")));
    server.break_down(Fault::Invalid(1));
    drop(server.calls());
    assert_eq!(now(pool.get_async()).map(|lease| lease.id), Ok(2));
    assert_eq!(server.calls(), ["check 1", "end 1", "connect 2", "broken? 2"]);
}

#[test]
fn an_error_of_connect_is_its_callers_as_it_was() {
    let sink = Sink::default();
    let settings = bb8::Pool::builder().max_size(1).retry_connection(false).connection_timeout(SHORT);
    let theirs = Theirs::with(settings.error_sink(Box::new(sink.clone())));
    theirs.server.break_down(Fault::Down);
    assert_eq!(theirs.get().map(|lease| lease.id), Err(RunError::TimedOut));
    assert_eq!(*sink.0.lock().expect("no panic"), [Down]);

    let (server, pool) = ours(1);
    server.break_down(Fault::Down);
    assert_eq!(now(pool.get_async()).map(|lease| lease.id), Err(GetError::Create(Down)));
    server.mend();
    assert_eq!(server.calls(), ["no connect"]);
    assert_eq!(now(pool.get_async()).map(|lease| lease.id), Ok(0));
}

#[test]
fn a_get_that_is_dropped_in_the_check_frees_what_it_checked() {
    let theirs = Theirs::new(1);
    theirs.give_back(theirs.get().expect("room"));
    drop(theirs.server.calls());
    theirs.server.break_down(Fault::CheckHangs(0));
    assert!(theirs.is_stuck());
    theirs.server.mend();
    assert_eq!(theirs.server.calls(), ["check 0", "broken? 0"]);
    assert_eq!(theirs.get().expect("theirs gave it back").id, 0);

    let (server, pool) = ours(1);
    drop(now(pool.get_async()).expect("room"));
    drop(server.calls());
    server.break_down(Fault::CheckHangs(0));
    begin(pool.get_async());
    assert_eq!(server.calls(), ["check 0", "end 0"]);
    assert_eq!(now(pool.try_get_async()).map(|lease| lease.id), Ok(1));
}

#[test]
fn a_panic_of_connect_or_of_the_check_loses_no_place() {
    let theirs = Theirs::new(1);
    theirs.server.break_down(Fault::ConnectPanics);
    assert!(theirs.is_stuck());
    theirs.server.mend();
    assert!(theirs.is_stuck(), "theirs is lost");
    let theirs = Theirs::new(1);
    theirs.give_back(theirs.get().expect("room"));
    theirs.server.break_down(Fault::CheckPanics(0));
    assert!(panics(|| theirs.get()));
    theirs.server.mend();
    assert_eq!(theirs.get().expect("theirs gave it back").id, 0);

    let (server, pool) = ours(1);
    server.break_down(Fault::ConnectPanics);
    assert!(panics(|| now(pool.get_async())));
    server.mend();
    drop(now(pool.try_get_async()).expect("room"));
    drop(server.calls());
    server.break_down(Fault::CheckPanics(0));
    assert!(panics(|| now(pool.get_async())));
    assert_eq!(server.calls(), ["check 0", "end 0"]);
    assert_eq!(now(pool.try_get_async()).map(|lease| lease.id), Ok(1));
}

#[test]
fn a_panic_of_has_broken_counts_as_broken() {
    let theirs = Theirs::new(1);
    let lease = theirs.get().expect("room");
    theirs.server.break_down(Fault::BrokenPanics(0));
    assert!(panics(|| theirs.give_back(lease)));
    assert!(theirs.is_stuck(), "theirs is lost");

    let (server, pool) = ours(1);
    let lease = now(pool.get_async()).expect("room");
    server.break_down(Fault::BrokenPanics(0));
    drop(lease);
    assert_eq!(server.calls(), ["connect 0", "broken? 0", "end 0"]);
    assert_eq!(now(pool.try_get_async()).map(|lease| lease.id), Ok(1));
}

#[test]
fn what_a_panicking_holder_held_is_freed_unasked() {
    let theirs = Theirs::new(1);
    assert!(panics(|| panic_with(theirs.get().expect("room"))));
    assert_eq!(theirs.server.calls(), ["connect 0", "check 0", "broken? 0"]);
    assert_eq!(theirs.get().expect("theirs lends it again").id, 0);

    let (server, pool) = ours(1);
    assert!(panics(|| panic_with(now(pool.get_async()).expect("room"))));
    assert_eq!(server.calls(), ["connect 0", "end 0"]);
    assert_eq!(now(pool.get_async()).map(|lease| lease.id), Ok(1));
}
