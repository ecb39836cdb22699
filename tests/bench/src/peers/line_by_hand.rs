//! The floor for tasks that wait in one line behind a lock: what lends first come, first served by hand-over and can do nothing
//! else. Not a pool to use: a task that
//! leaves the line, or is polled without having been woken, breaks it.

use super::on_loan::{OnLoan, TakeBack};
use super::{AsyncPeer, Facts, Kind, Maker, NotLent, Order, Peer, Resource};
use core::future::poll_fn;
use core::task::{Poll, Waker};
use parking_lot::Mutex;
use std::collections::VecDeque;

#[derive(Debug)]
struct State {
    idle: Vec<Resource>,
    /// For those who were taken out of the line and have not come yet.
    handed_over: Vec<Resource>,
    line: VecDeque<Waker>,
}

/// One lock around what is idle and who waits.
#[derive(Debug)]
pub struct LineByHand(Mutex<State>);

impl LineByHand {
    #[inline]
    fn lend(&self, resource: Option<Resource>) -> Result<OnLoan<'_, Self>, NotLent> {
        Ok(OnLoan::new(self, resource.ok_or(NotLent::Failed)?))
    }
}

impl Peer for LineByHand {
    const FACTS: Facts = Facts {
        name: "floor: line by hand",
        version: "parking_lot 0.12.5",
        order: Order::Fifo,
        kind: Kind::Borrowed,
        is_ours: false,
        settings: "`Mutex` around a `Vec` of what is idle and a `VecDeque` of wakers; no cancelling, no creating, no closing",
    };
    type Lease<'a> = OnLoan<'a, Self>;

    fn build(capacity: u32, maker: Maker) -> Self {
        let idle = (0..capacity).filter_map(|_| maker.make().ok()).collect();
        Self(Mutex::new(State { idle, handed_over: Vec::new(), line: VecDeque::new() }))
    }

    #[inline]
    fn get(&self) -> Result<Self::Lease<'_>, NotLent> {
        let resource = self.0.lock().idle.pop();
        self.lend(resource)
    }
}

impl AsyncPeer for LineByHand {
    #[inline]
    async fn get_async(&self) -> Result<Self::Lease<'_>, NotLent> {
        let mut has_waited = false;
        let resource = poll_fn(|context| {
            let mut state = self.0.lock();
            let found = if has_waited { state.handed_over.pop() } else { state.idle.pop() };
            if found.is_none() {
                has_waited = true;
                state.line.push_back(context.waker().clone());
                return Poll::Pending;
            }
            Poll::Ready(found)
        });
        let resource = resource.await;
        self.lend(resource)
    }
}

impl TakeBack for LineByHand {
    #[inline]
    fn take_back(&self, resource: Resource) {
        let mut state = self.0.lock();
        let next = state.line.pop_front();
        if next.is_some() {
            state.handed_over.push(resource);
        } else {
            state.idle.push(resource);
        }
        drop(state);
        if let Some(next) = next {
            next.wake();
        }
    }
}
