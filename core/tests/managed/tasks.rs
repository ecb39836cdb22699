//! Tasks without a runtime, and threads that wait for a managed pool.

use crate::threads::wait_until;
use crate::world::TestPool;
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Wake;
use std::thread::{JoinHandle, Thread, current, park, spawn};

/// A future that is ready, or at least does not have to be woken.
#[track_caller]
pub(crate) fn now<A>(future: impl Future<Output = A>) -> A {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("it waits"),
    }
}

/// A future that is polled by hand.
pub(crate) struct Task<'a, A> {
    future: Pin<Box<dyn Future<Output = A> + Send + 'a>>,
    wakes: Arc<Wakes>,
}

#[derive(Default)]
struct Wakes(AtomicU32);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl<'a, A> Task<'a, A> {
    pub(crate) fn new(future: impl Future<Output = A> + Send + 'a) -> Self {
        Self { future: Box::pin(future), wakes: Arc::default() }
    }

    /// One that was polled once, and waits.
    #[track_caller]
    pub(crate) fn waiting(future: impl Future<Output = A> + Send + 'a) -> Self {
        let mut task = Self::new(future);
        assert!(task.poll().is_none(), "it does not wait");
        task
    }

    /// What it came to, if it is ready.
    pub(crate) fn poll(&mut self) -> Option<A> {
        let waker = Waker::from(Arc::clone(&self.wakes));
        match self.future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(answer) => Some(answer),
            Poll::Pending => None,
        }
    }

    /// The same, of one that must have been woken.
    #[track_caller]
    pub(crate) fn woken(&mut self) -> A {
        assert!(self.wakes() > 0, "nobody has woken it");
        self.poll().expect("it was woken, so it is ready")
    }

    pub(crate) fn wakes(&self) -> u32 {
        self.wakes.0.load(Ordering::SeqCst)
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// What `future` comes to, on this thread.
pub(crate) fn block_on<A>(future: impl Future<Output = A>) -> A {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(current())));
    loop {
        if let Poll::Ready(answer) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return answer;
        }
        park();
    }
}

/// Starts a thread that does `work`, which must come to wait for the pool; returns when it does.
#[track_caller]
pub(crate) fn start_waiter<A: Send + 'static>(
    pool: &TestPool,
    work: impl FnOnce(&TestPool) -> A + Send + 'static,
) -> JoinHandle<A> {
    let (before, own) = (pool.status().waiting(), pool.clone());
    let thread = spawn(move || work(&own));
    wait_until("the thread waits for the pool", || pool.status().waiting() == before + 1);
    thread
}
