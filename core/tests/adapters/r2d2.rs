//! r2d2: its own pool and ours, by the same manager.

use super::server::{Connection, Down, Fault, Server};
use super::{panic_with, panics};
use r2d2::{ManageConnection, NopErrorHandler};
use std::sync::Arc;
use std::time::{Duration, Instant};
use striped_pool::adapters::R2d2Manager;
use striped_pool::{GetError, ManagedPool};

struct ToServer(Arc<Server>);

impl ManageConnection for ToServer {
    type Connection = Connection;
    type Error = Down;

    fn connect(&self) -> Result<Connection, Down> {
        self.0.connect()
    }

    fn is_valid(&self, connection: &mut Connection) -> Result<(), Down> {
        self.0.check(connection)
    }

    fn has_broken(&self, connection: &mut Connection) -> bool {
        self.0.has_broken(connection)
    }
}

/// How long their pool is given to show that it never answers.
const SHORT: Duration = Duration::from_millis(100);

fn theirs(max_size: u32) -> (Arc<Server>, r2d2::Pool<ToServer>) {
    let server = Server::new();
    let settings = r2d2::Pool::builder().max_size(max_size).min_idle(Some(0)).error_handler(Box::new(NopErrorHandler));
    let pool = settings.build_unchecked(ToServer(Arc::clone(&server)));
    (server, pool)
}

fn ours(max_resources: u32) -> (Arc<Server>, ManagedPool<R2d2Manager<ToServer>>) {
    let server = Server::new();
    let pool = ManagedPool::builder(max_resources, R2d2Manager(ToServer(Arc::clone(&server)))).build();
    (server, pool.expect("valid"))
}

/// Gets and drops on a pool of one; what each step calls.
macro_rules! course {
    ($server:ident, $pool:ident) => {{
        let mut steps = Vec::new();
        let lease = $pool.get().expect("room");
        steps.push(("a first get", $server.calls()));
        drop(lease);
        steps.push(("a drop", $server.calls()));
        let lease = $pool.get().expect("idle");
        steps.push(("a second get", $server.calls()));
        drop(lease);
        drop($server.calls());
        $server.break_down(Fault::Invalid(0));
        let lease = $pool.get().expect("another");
        assert_eq!(lease.id, 1);
        steps.push(("a get that meets an invalid one", $server.calls()));
        $server.break_down(Fault::Broken(1));
        drop(lease);
        steps.push(("a drop of a broken one", $server.calls()));
        assert_eq!($pool.get().expect("another").id, 2);
        steps
    }};
}

#[test]
fn each_step_calls_what_their_pool_calls() {
    let (server, pool) = theirs(1);
    let their_steps = course!(server, pool);
    let (server, pool) = ours(1);
    let our_steps = course!(server, pool);
    let expected: [(&str, &[&str], &[&str]); 5] = [
        ("a first get", &["connect 0", "check 0"], &["connect 0"]),
        ("a drop", &["broken? 0"], &["broken? 0"]),
        ("a second get", &["check 0"], &["check 0"]),
        (
            "a get that meets an invalid one",
            &["check 0", "end 0", "connect 1", "check 1"],
            &["check 0", "end 0", "connect 1"],
        ),
        ("a drop of a broken one", &["broken? 1", "end 1"], &["broken? 1", "end 1"]),
    ];
    for ((expected, theirs), ours) in expected.iter().zip(their_steps).zip(our_steps) {
        assert_eq!((theirs.0, theirs.1), (expected.0, to_strings(expected.1)), "theirs");
        assert_eq!((ours.0, ours.1), (expected.0, to_strings(expected.2)), "ours");
    }
}

fn to_strings(calls: &[&str]) -> Vec<String> {
    calls.iter().map(ToString::to_string).collect()
}

#[test]
fn an_invalid_one_is_replaced_at_once_although_another_is_idle() {
    let (server, pool) = theirs(2);
    drop((pool.get().expect("room"), pool.get().expect("room")));
    server.break_down(Fault::Invalid(0));
    server.break_down(Fault::Invalid(1));
    drop(server.calls());
    assert_eq!(pool.get().expect("another").id, 2);
    assert_eq!(server.calls(), ["check 1", "end 1", "check 0", "end 0", "connect 2", "check 2", "broken? 2"]);

    let (server, pool) = ours(2);
    drop((pool.get().expect("room"), pool.get().expect("room")));
    server.break_down(Fault::Invalid(0));
    server.break_down(Fault::Invalid(1));
    drop(server.calls());
    assert_eq!(pool.get().expect("another").id, 2);
    assert_eq!(server.calls(), ["check 1", "end 1", "connect 2", "broken? 2"]);
}

#[test]
fn without_the_test_on_checkout_nothing_is_checked() {
    let server = Server::new();
    let manager = R2d2Manager(ToServer(Arc::clone(&server)));
    let pool = ManagedPool::builder(1, manager).validate_on_checkout(false).build().expect("valid");
    drop(pool.get().expect("room"));
    server.break_down(Fault::Invalid(0));
    assert_eq!(pool.get().expect("idle").id, 0);
    assert_eq!(server.calls(), ["connect 0", "broken? 0", "broken? 0"]);
}

#[test]
fn an_error_of_connect_is_its_callers_as_it_was() {
    let (server, pool) = theirs(1);
    server.break_down(Fault::Down);
    let error = pool.get_timeout(SHORT).map(|lease| lease.id).expect_err("down");
    assert!(error.to_string().starts_with("timed out waiting for connection"), "{error}");

    let (server, pool) = ours(1);
    server.break_down(Fault::Down);
    assert_eq!(pool.get().map(|lease| lease.id), Err(GetError::Create(Down)));
    server.mend();
    assert_eq!(server.calls(), ["no connect"]);
    assert_eq!(pool.get().map(|lease| lease.id), Ok(0));
}

#[test]
fn a_panic_of_connect_loses_no_place() {
    let (server, pool) = theirs(1);
    server.break_down(Fault::ConnectPanics);
    let start = Instant::now();
    while server.calls().is_empty() {
        assert!(start.elapsed() < Duration::from_secs(20), "its thread never connects");
        assert!(pool.get_timeout(SHORT).is_err());
    }
    server.mend();
    assert!(pool.get_timeout(SHORT).is_err(), "theirs is lost");

    let (server, pool) = ours(1);
    server.break_down(Fault::ConnectPanics);
    assert!(panics(|| pool.get()));
    server.mend();
    assert_eq!(pool.try_get().map(|lease| lease.id), Ok(0));
}

#[test]
fn a_panic_of_the_check_loses_no_place() {
    let (server, pool) = theirs(1);
    drop(pool.get().expect("room"));
    server.break_down(Fault::CheckPanics(0));
    assert!(panics(|| pool.get_timeout(SHORT)));
    assert!(pool.get_timeout(SHORT).is_err(), "theirs is lost");

    let (server, pool) = ours(1);
    drop(pool.get().expect("room"));
    drop(server.calls());
    server.break_down(Fault::CheckPanics(0));
    assert!(panics(|| pool.get()));
    assert_eq!(server.calls(), ["check 0", "end 0"]);
    assert_eq!(pool.try_get().map(|lease| lease.id), Ok(1));
}

#[test]
fn a_panic_of_has_broken_counts_as_broken() {
    let (server, pool) = theirs(1);
    let lease = pool.get().expect("room");
    server.break_down(Fault::BrokenPanics(0));
    assert!(panics(|| drop(lease)));
    assert!(pool.get_timeout(SHORT).is_err(), "theirs is lost");

    let (server, pool) = ours(1);
    let lease = pool.get().expect("room");
    server.break_down(Fault::BrokenPanics(0));
    drop(lease);
    assert_eq!(server.calls(), ["connect 0", "broken? 0", "end 0"]);
    assert_eq!(pool.try_get().map(|lease| lease.id), Ok(1));
}

#[test]
fn what_a_panicking_holder_held_is_freed_unasked() {
    let (server, pool) = theirs(1);
    assert!(panics(|| panic_with(pool.get().expect("room"))));
    assert_eq!(server.calls(), ["connect 0", "check 0", "broken? 0"]);
    assert_eq!(pool.get().expect("theirs lends it again").id, 0);

    let (server, pool) = ours(1);
    assert!(panics(|| panic_with(pool.get().expect("room"))));
    assert_eq!(server.calls(), ["connect 0", "end 0"]);
    assert_eq!(pool.get().map(|lease| lease.id), Ok(1));
}
