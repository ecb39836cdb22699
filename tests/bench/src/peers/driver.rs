//! How a plain thread uses an asynchronous pool.

use core::pin::pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::sync::{Arc, LazyLock};
use std::task::Wake;
use std::thread::{self, Thread};
use tokio::runtime::{Builder, Runtime};

/// Wakes the thread that waits.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.unpark();
    }
}

thread_local! {
    /// Made once for each thread, so that a future that is ready at once costs one poll and nothing else.
    static WAKER: Waker = Waker::from(Arc::new(Unpark(thread::current())));
}

/// Polls `future` until it is ready; parks the thread in between.
#[inline]
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    WAKER.with(|waker| {
        let mut context = Context::from_waker(waker);
        loop {
            match future.as_mut().poll(&mut context) {
                Poll::Ready(output) => return output,
                Poll::Pending => thread::park(),
            }
        }
    })
}

/// The same for at most about `wait`, by tokio's timer: what people put around a pool that has no time limit of its own.
/// Inside of the runtime only.
pub fn block_on_for<F: Future>(future: F, wait: Duration) -> Option<F::Output> {
    block_on(async { tokio::time::timeout(wait, future).await.ok() })
}

/// One runtime for all pools that need one: its worker drives timers and the tasks that pools spawn.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let built = Builder::new_multi_thread().worker_threads(1).enable_time().build();
    built.unwrap_or_else(|error| panic!("no runtime for the asynchronous pools: {error}"))
});

/// Runs `work` with the runtime entered.
pub fn inside_runtime<A>(work: impl FnOnce() -> A) -> A {
    let _entered = RUNTIME.enter();
    work()
}
