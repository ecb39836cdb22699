//! Tasks without a runtime: wakers that count, and a thread that parks until its future is ready.
#![allow(dead_code, reason = "each test program uses a part of it")]

use crate::threads::LIMIT;
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Wake;
use std::thread::{Thread, current, park_timeout};
use std::time::Instant;

/// A waker that counts its wakes.
#[derive(Debug, Default)]
pub(crate) struct Alarm {
    wakes: AtomicU32,
}

impl Alarm {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    pub(crate) fn waker(self: &Arc<Self>) -> Waker {
        Waker::from(Arc::clone(self))
    }

    /// How often it was woken.
    pub(crate) fn wakes(&self) -> u32 {
        self.wakes.load(Ordering::SeqCst)
    }

    /// Whether somebody holds a waker of it.
    pub(crate) fn is_held(self: &Arc<Self>) -> bool {
        Arc::strong_count(self) > 1
    }

    /// Polls once with it.
    pub(crate) fn poll<F: Future + Unpin>(self: &Arc<Self>, future: &mut F) -> Poll<F::Output> {
        poll_with(&self.waker(), future)
    }
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.wakes.fetch_add(1, Ordering::SeqCst);
    }
}

/// Polls once with `waker`.
pub(crate) fn poll_with<F: Future + Unpin>(waker: &Waker, future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(waker))
}

/// Polls once, for those who need not be woken.
pub(crate) fn poll<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    poll_with(Waker::noop(), future)
}

/// What `future` is ready with at its first poll.
#[track_caller]
pub(crate) fn at_once<F: Future>(future: F) -> F::Output {
    match poll(&mut pin!(future)) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("it waits"),
    }
}

/// A waker that unparks a thread.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// What `future` comes to, awaited on this thread; panics if that takes longer than [`LIMIT`]. It is polled when it was woken,
/// and after the limit, so a wake that is lost shows.
#[track_caller]
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let (waker, mut future, start) = (Waker::from(Arc::new(Unpark(current()))), pin!(future), Instant::now());
    loop {
        if let Poll::Ready(answer) = poll_with(&waker, &mut future) {
            assert!(start.elapsed() < LIMIT, "nobody woke the task");
            return answer;
        }
        assert!(start.elapsed() < LIMIT, "waited in vain");
        park_timeout(LIMIT);
    }
}
