//! Where threads are at home; and who comes when the hint about a line is older than the line: what is found was not waited for.

use super::pool_inner::home_among;
use super::*;
use core::convert::Infallible;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

/// One resource, idle, behind a hint that somebody waits.
fn pool() -> Pool<u32, Infallible> {
    let pool = Pool::new(PoolConfig::builder(1, || Ok(7)).build().expect("valid"));
    drop(pool.get().expect("room"));
    pool.inner.local(0).believe_in_a_line();
    pool
}

#[test]
fn a_thread_that_is_served_at_once_has_not_waited() {
    let pool = pool();
    let found = pool.await_turn(0, Unavailable::Exhausted, Patience::Endless).expect("7 is idle");
    assert!(!found.has_waited && matches!(found.how(), How::Idle));
}

#[test]
fn a_task_that_is_served_at_once_has_not_waited() {
    let pool = pool();
    let mut seek = pool.seek_async();
    let Poll::Ready(Ok(found)) = Pin::new(&mut seek).poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("7 is idle")
    };
    assert!(!found.has_waited && matches!(found.how(), How::Idle));
}

#[test]
fn threads_are_at_home_on_all_stripes_in_turn() {
    for stripes in 2..=65 {
        assert!((0..200).all(|thread| home_among(stripes, thread) == thread % stripes), "{stripes}");
    }
}
