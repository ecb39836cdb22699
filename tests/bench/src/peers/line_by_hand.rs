//! The floor for tasks that wait: the least that lends first come, first served by hand-over. Not a pool to use: a task that
//! leaves the line, or is polled without having been woken, breaks it.

use super::{AsyncPeer, Facts, Kind, Maker, NotLent, Order, Peer, Resource};
use core::future::poll_fn;
use core::ops::{Deref, DerefMut};
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

/// Borrows the pool; gives back when dropped.
#[derive(Debug)]
pub struct Lease<'a> {
    pool: &'a LineByHand,
    resource: Resource,
}

impl LineByHand {
    #[inline]
    fn lend(&self, resource: Option<Resource>) -> Result<Lease<'_>, NotLent> {
        Ok(Lease { pool: self, resource: resource.ok_or(NotLent::Failed)? })
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
    type Lease<'a> = Lease<'a>;

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

impl Deref for Lease<'_> {
    type Target = Resource;

    #[inline]
    fn deref(&self) -> &Resource {
        &self.resource
    }
}

impl DerefMut for Lease<'_> {
    #[inline]
    fn deref_mut(&mut self) -> &mut Resource {
        &mut self.resource
    }
}

impl Drop for Lease<'_> {
    #[inline]
    fn drop(&mut self) {
        let resource = core::mem::take(&mut self.resource);
        let mut state = self.pool.0.lock();
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
