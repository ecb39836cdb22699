//! Futures polled by hand.

use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};

/// What a future that does not wait comes to.
#[track_caller]
pub(crate) fn now<A>(future: impl Future<Output = A>) -> A {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("it waits"),
    }
}

/// Polls a future that has to wait, once.
#[track_caller]
pub(crate) fn begin<A>(future: Pin<&mut impl Future<Output = A>>) {
    assert!(future.poll(&mut Context::from_waker(Waker::noop())).is_pending(), "it does not wait");
}

/// Waits for ever, if it is told to.
pub(crate) struct Hold(pub(crate) bool);

impl Future for Hold {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.0 { Poll::Pending } else { Poll::Ready(()) }
    }
}
