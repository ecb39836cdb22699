//! The gets of a [`Pool`] for tasks: the same search, the same line, awaited instead of blocked on.
//!
//! A task's home is that of the thread that polls it first. The rules of `future.rs` hold: cancel safe at every point.

use super::error::{GetError, Unavailable, WaitedFor};
use super::future::{Elapsed, race};
use super::lease::{Lease, OwnedLease};
use super::observe::{How, Observed, Watch};
use super::{Found, PendingTake, Pool};
use crate::runtime::ResourceHandle;
use crate::stripe::WakeResult;
use core::pin::{Pin, pin};
use core::task::{Context, Poll, ready};
use core::time::Duration;

impl<T, E> Pool<T, E> {
    /// The twin of [`get`](Self::get) for tasks: waits without blocking, in the same line as threads do. Needs no runtime.
    ///
    /// `create` runs inside of a poll, so it must not block for long; for a create that awaits, see
    /// [`ManagedPool`](super::ManagedPool), or [`LocalPool::acquire_async`](super::LocalPool::acquire_async) and its permit.
    ///
    /// # Cancel safety
    ///
    /// May be dropped at any point: what it was handed meanwhile goes to the next in line.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    ///
    /// # Panics
    ///
    /// As [`get`](Self::get).
    #[inline]
    pub fn get_async(&self) -> impl Future<Output = Result<Lease<'_, T>, GetError<E>>> {
        self.lend_async(|_, lease| lease)
    }

    /// As [`get_async`](Self::get_async), for a lease that does not borrow the pool.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    ///
    /// # Panics
    ///
    /// As [`get`](Self::get).
    #[inline]
    pub fn get_owned_async(&self) -> impl Future<Output = Result<OwnedLease<T>, GetError<E>>> {
        self.lend_async(|index, lease| self.own(index, lease))
    }

    /// As [`get_async`](Self::get_async), until `deadline` is ready: a timer of whatever runtime is there, such as
    /// `tokio::time::sleep`, since the pool has none. If both are ready at once, the lease wins.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get), and [`GetError::TimedOut`], with what the pool looked like then.
    ///
    /// # Panics
    ///
    /// As [`get`](Self::get).
    pub async fn get_async_until(&self, deadline: impl Future<Output = ()>) -> Result<Lease<'_, T>, GetError<E>> {
        race(self.get_async(), pin!(deadline)).await.unwrap_or_else(|Elapsed| Err(self.timed_out(WaitedFor::Resource)))
    }

    /// As [`get_async_until`](Self::get_async_until), for a lease that does not borrow the pool.
    ///
    /// # Errors
    ///
    /// As [`get_async_until`](Self::get_async_until).
    ///
    /// # Panics
    ///
    /// As [`get`](Self::get).
    pub async fn get_owned_async_until(
        &self,
        deadline: impl Future<Output = ()>,
    ) -> Result<OwnedLease<T>, GetError<E>> {
        race(self.get_owned_async(), pin!(deadline))
            .await
            .unwrap_or_else(|Elapsed| Err(self.timed_out(WaitedFor::Resource)))
    }

    /// The twin of `lend`.
    #[inline]
    fn lend_async<'a, L>(
        &'a self,
        make: impl Fn(usize, Lease<'a, T>) -> L,
    ) -> impl Future<Output = Result<L, GetError<E>>> {
        Lend { seek: self.seek_async(), watch: None, make }
    }

    /// The twin of `seek`.
    #[inline]
    pub(super) fn seek_async(&self) -> Seek<'_, T, E> {
        Seek { pool: self, stage: Stage::Unpolled }
    }
}

/// The search of a get for tasks, without its create.
///
/// Futures by hand instead of `async`: what an inner future of that kind returns is copied through memory at each level, in
/// other widths than it was written, and waits there for the writes. An awaited round trip took 1.4 to 1.6 times as long as a
/// blocking one; now 1.1 to 1.25 times (`docs/performance.md`).
pub(super) struct Seek<'a, T, E> {
    pool: &'a Pool<T, E>,
    stage: Stage<'a, T>,
}

enum Stage<'a, T> {
    Unpolled,
    Waiting { turn: PendingTake<'a, T>, home: usize },
    Ready,
}

/// What a take at home found, without waiting.
#[derive(Clone, Copy)]
struct Tried {
    home: usize,
    result: WakeResult<ResourceHandle>,
    is_closed: bool,
}

impl<'a, T, E> Seek<'a, T, E> {
    /// What a take at home found, the first time that it is called.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "half of every round trip")]
    fn begin(&mut self) -> Option<Tried> {
        let Stage::Unpolled = self.stage else { return None };
        self.stage = Stage::Ready;
        let home = self.pool.inner.home();
        let (result, is_closed) = self.pool.inner.local(home).try_take_or_wait();
        Some(Tried { home, result, is_closed })
    }

    /// That, else what the other stripes have, else whatever comes back at home.
    fn otherwise(
        &mut self,
        tried: Option<Tried>,
        context: &mut Context<'_>,
    ) -> Poll<Result<Found<'a, T>, Unavailable>> {
        if let Some(Tried { home, result, is_closed }) = tried {
            match self.pool.look(home, result, is_closed) {
                Err(Unavailable::Exhausted) => {
                    let turn = self.pool.inner.local(home).enqueue();
                    self.stage = Stage::Waiting { turn, home };
                }
                answer => return Poll::Ready(answer),
            }
        }
        self.wait(context)
    }

    /// Whatever comes back at home.
    fn wait(&mut self, context: &mut Context<'_>) -> Poll<Result<Found<'a, T>, Unavailable>> {
        let Stage::Waiting { turn, home } = &mut self.stage else { panic!("a get was polled after it was ready") };
        let (has_waited, index) = (turn.is_queued(), *home);
        let acquired = ready!(Pin::new(turn).poll(context));
        self.stage = Stage::Ready;
        Poll::Ready(acquired.map(|acquired| Found { acquired, index, has_waited }))
    }
}

impl<'a, T, E> Future for Seek<'a, T, E> {
    type Output = Result<Found<'a, T>, Unavailable>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let tried = self.begin();
        self.otherwise(tried, context)
    }
}

/// A get for tasks. What is idle at home, the common case, is found here; the rest is elsewhere, as with threads.
struct Lend<'a, T, E, M> {
    seek: Seek<'a, T, E>,
    watch: Option<Watch>,
    make: M,
}

impl<T, E, M> Lend<'_, T, E, M> {
    /// What else there is.
    #[inline(never)]
    fn otherwise(
        &mut self,
        tried: Option<Tried>,
        context: &mut Context<'_>,
    ) -> Poll<Result<(usize, ResourceHandle, How), GetError<E>>> {
        let pool = self.seek.pool;
        let found = ready!(self.seek.otherwise(tried, context)).map_err(|reason| pool.unavailable(reason))?;
        let how = found.how();
        Poll::Ready(Ok((found.index, pool.create(found.acquired)?.into_handle(), how)))
    }
}

impl<T, E, M> Unpin for Lend<'_, T, E, M> {}

impl<'a, T, E, L, M: Fn(usize, Lease<'a, T>) -> L> Future for Lend<'a, T, E, M> {
    type Output = Result<L, GetError<E>>;

    #[inline(always)]
    #[allow(clippy::inline_always, reason = "half of every round trip")]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let pool = this.seek.pool;
        if let Stage::Unpolled = this.seek.stage {
            this.watch = Some(Watch::start_if(false));
        }
        let (index, resource, how) = match this.seek.begin() {
            Some(Tried { home, result: WakeResult::Deliver(resource), .. }) => (home, resource, How::Idle),
            tried => ready!(this.otherwise(tried, context))?,
        };
        let took = this.watch.map_or(Duration::ZERO, Watch::elapsed);
        pool.observe(Observed::Acquired { how, took });
        Poll::Ready(Ok((this.make)(index, Lease::new(pool.inner.local(index), resource))))
    }
}
