//! Takes for tasks. They need `core::task` and nothing else: no runtime, no timer, nothing is spawned.
//!
//! Rules:
//! 1. A future does nothing until it is polled: its place in line is from its first poll.
//! 2. Threads and tasks stand in one line (INV-FIFO); one wake slot serves both.
//! 3. A future may be dropped at any point. Before its first poll nothing has happened; while it waits it leaves the line; after
//!    it was handed something, seen or unseen, that goes to the next in line. Nobody is waited for, nothing is spawned, and if
//!    what comes back must be freed (the pool was closed or shrinks), the drop runs `free`.
//! 4. Only the waker of the last poll is woken, once. Waking it is user code: it runs after everything that was committed is
//!    published, and may call back into the pool or panic (`effects.rs`).
//!
//! Loom: every point at which a future can be dropped in `tests/loom/futures.rs`, with a permit in hand in `creates.rs`; beside
//! threads, and at deadlines, in `tasks.rs`. Its promises one by one: `tests/pool/futures.rs`, `wakers.rs`, `deadlines.rs`.

use super::error::Unavailable;
use super::local::{Acquired, LocalPool, PendingTake};
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll};

/// The future of [`LocalPool::acquire_async`]: a resource, or a permit to create one.
///
/// Cancel safe: see the rules above.
#[must_use = "a future does nothing unless it is polled"]
pub struct Acquire<'a, T> {
    local: &'a LocalPool<T>,
    stage: Stage<'a, T>,
}

enum Stage<'a, T> {
    Unpolled,
    Waiting(PendingTake<'a, T>),
    Ready,
}

impl<'a, T> Acquire<'a, T> {
    pub(super) fn new(local: &'a LocalPool<T>) -> Self {
        Self { local, stage: Stage::Unpolled }
    }
}

impl<'a, T> Future for Acquire<'a, T> {
    type Output = Result<Acquired<'a, T>, Unavailable>;

    /// # Panics
    ///
    /// If it is polled after it was ready.
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let Stage::Unpolled = self.stage {
            match self.local.try_acquire() {
                Err(Unavailable::Exhausted) => self.stage = Stage::Waiting(self.local.enqueue()),
                answer => {
                    self.stage = Stage::Ready;
                    return Poll::Ready(answer);
                }
            }
        }
        let Stage::Waiting(pending) = &mut self.stage else { panic!("a take was polled after it was ready") };
        let answer = core::task::ready!(Pin::new(pending).poll(context));
        self.stage = Stage::Ready;
        Poll::Ready(answer)
    }
}

impl<T> fmt::Debug for Acquire<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = match self.stage {
            Stage::Unpolled => "unpolled",
            Stage::Waiting(_) => "waiting",
            Stage::Ready => "ready",
        };
        f.debug_struct("Acquire").field("stage", &stage).finish_non_exhaustive()
    }
}

/// That a deadline came first.
#[derive(Debug)]
pub(super) struct Elapsed;

/// What `work` comes to, unless `deadline` is ready first; if both are, it is what `work` came to. Otherwise `work` is dropped.
pub(super) async fn race<A>(
    work: impl Future<Output = A>,
    mut deadline: Pin<&mut impl Future<Output = ()>>,
) -> Result<A, Elapsed> {
    let mut work = core::pin::pin!(work);
    core::future::poll_fn(|context| {
        if let Poll::Ready(answer) = work.as_mut().poll(context) {
            return Poll::Ready(Ok(answer));
        }
        deadline.as_mut().poll(context).map(|()| Err(Elapsed))
    })
    .await
}
