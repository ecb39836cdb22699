//! Tasks under loom: a thread polls a future, parks until its waker is called, and drops the future where it is told to.
//!
//! ```text
//!   unpolled ── poll ──▶ pending ── ring ──▶ woken ── poll ──▶ pending … ── poll ──▶ ready
//!      │                    │                  │                  │                   │
//!   polls 0             polls 1            polls 1,            polls 2            TO_THE_END
//!                                          is_woken
//! ```
//!
//! Rules:
//! 1. A future can be dropped between any two polls, before the first and after the last; whether it has been woken meanwhile
//!    is the other half of a [`Point`]. A program for each point, and one that runs the future [`TO_THE_END`] and asserts
//!    after how many polls it is there, are all points: there is none beyond the last poll.
//! 2. What a bell counts is in std's memory: counting adds no interleavings.
//! 3. A thread with a bell may be unparked late, so it does not join others (loom forbids it).

use loom::thread::{self, Thread};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// A waker that counts its wakes, and unparks the thread that made it.
pub(crate) struct Bell {
    thread: Option<Thread>,
    rings: AtomicUsize,
}

impl Bell {
    /// One for the calling thread.
    pub(crate) fn here() -> Arc<Self> {
        Arc::new(Self { thread: Some(thread::current()), rings: AtomicUsize::new(0) })
    }

    /// One that only counts.
    pub(crate) fn of_nobody() -> Arc<Self> {
        Arc::new(Self { thread: None, rings: AtomicUsize::new(0) })
    }

    /// How often it has rung.
    pub(crate) fn rings(&self) -> usize {
        self.rings.load(Ordering::Relaxed)
    }

    /// Parks this thread, whose bell it is, until it has rung more than `before` times.
    fn wait(&self, before: usize) {
        while self.rings() == before {
            thread::park();
        }
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.rings.fetch_add(1, Ordering::Relaxed);
        self.thread.iter().for_each(Thread::unpark);
    }
}

/// Where a future is dropped that is not ready before (rule 1).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Point {
    /// After so many polls,
    pub(crate) polls: usize,
    /// and if so, after it was woken by what the last of them waited for.
    pub(crate) is_woken: bool,
}

pub(crate) const UNPOLLED: Point = Point { polls: 0, is_woken: false };
pub(crate) const WAITING: Point = Point { polls: 1, is_woken: false };
pub(crate) const WOKEN: Point = Point { polls: 1, is_woken: true };
pub(crate) const TO_THE_END: Point = Point { polls: usize::MAX, is_woken: false };

/// What came of a future that was to be dropped at a point.
pub(crate) enum Met<A> {
    /// It was ready before, at this poll, with this answer.
    Ready(usize, A),
    /// It was dropped there. Whether it waited to be woken before.
    Dropped { was_woken: bool },
}

/// Polls `future` up to `point` and drops it there.
pub(crate) fn drop_at<F: Future>(point: Point, bell: &Arc<Bell>, future: F) -> Met<F::Output> {
    let waker = Waker::from(Arc::clone(bell));
    let mut future = pin!(future);
    for poll in 1..=point.polls {
        let before = bell.rings();
        if let Poll::Ready(answer) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Met::Ready(poll, answer);
        }
        if poll < point.polls || point.is_woken {
            bell.wait(before);
        }
    }
    Met::Dropped { was_woken: point.is_woken }
}

/// What `future` comes to, awaited on this thread.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    match drop_at(TO_THE_END, &Bell::here(), future) {
        Met::Ready(_, answer) => answer,
        Met::Dropped { .. } => unreachable!("nobody polls that often"),
    }
}

/// A future that is ready at its `polls`-th poll, and asks for each: user code that awaits something, or a deadline.
pub(crate) struct ReadyAt {
    polls: usize,
}

pub(crate) fn ready_at(polls: usize) -> ReadyAt {
    ReadyAt { polls }
}

impl Future for ReadyAt {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.polls = self.polls.checked_sub(1).expect("not polled after it was ready");
        if self.polls == 0 {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}
