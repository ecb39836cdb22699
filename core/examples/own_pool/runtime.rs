//! Futures on threads, with std alone: what the example needs of a runtime. Yours has better ones.

use core::pin::pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::sync::Arc;
use std::task::Wake;
use std::thread::{Thread, current, park, spawn};
use std::time::Instant;

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// What `work` comes to; parks the thread while it waits.
pub(crate) fn block_on<A>(work: impl Future<Output = A>) -> A {
    let mut work = pin!(work);
    let waker = Waker::from(Arc::new(Unpark(current())));
    loop {
        match work.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(answer) => return answer,
            Poll::Pending => park(),
        }
    }
}

/// Is ready after `time`. A thread for each poll: a runtime has one timer for all.
pub(crate) fn sleep(time: Duration) -> impl Future<Output = ()> + Send {
    let end = Instant::now() + time;
    core::future::poll_fn(move |context| {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Poll::Ready(());
        }
        let waker = context.waker().clone();
        spawn(move || {
            std::thread::sleep(left);
            waker.wake();
        });
        Poll::Pending
    })
}
