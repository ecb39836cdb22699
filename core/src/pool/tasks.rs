//! The gets of a [`Pool`] for tasks: the same search, the same line, awaited instead of blocked on.
//!
//! A task's home is that of the thread that polls it first. The rules of `future.rs` hold: cancel safe at every point.

use super::error::{GetError, Unavailable, WaitedFor};
use super::future::{Elapsed, race};
use super::lease::{Lease, OwnedLease};
use super::observe::{How, Observed, Watch};
use super::{Found, Pool};
use crate::runtime::ResourceHandle;
use crate::stripe::WakeResult;
use core::pin::pin;

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
    pub async fn get_async(&self) -> Result<Lease<'_, T>, GetError<E>> {
        self.lend_async(|_, lease| lease).await
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
    pub async fn get_owned_async(&self) -> Result<OwnedLease<T>, GetError<E>> {
        self.lend_async(|index, lease| self.own(index, lease)).await
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
    async fn lend_async<'a, L>(&'a self, make: impl FnOnce(usize, Lease<'a, T>) -> L) -> Result<L, GetError<E>> {
        let watch = Watch::start_if(false);
        let home = self.inner.home();
        let (index, resource, how) = match self.inner.local(home).try_take_or_wait() {
            (WakeResult::Deliver(resource), _) => (home, resource, How::Idle),
            (tried, is_closed) => self.lend_otherwise_async(home, tried, is_closed).await?,
        };
        self.observe(Observed::Acquired { how, took: watch.elapsed() });
        Ok(make(index, Lease::new(self.inner.local(index), resource)))
    }

    /// The twin of `lend_otherwise`.
    async fn lend_otherwise_async(
        &self,
        home: usize,
        tried: WakeResult<ResourceHandle>,
        is_closed: bool,
    ) -> Result<(usize, ResourceHandle, How), GetError<E>> {
        let found = self.seek_otherwise_async(home, tried, is_closed).await;
        let found = found.map_err(|reason| self.unavailable(reason))?;
        let how = found.how();
        Ok((found.index, self.create(found.acquired)?.into_handle(), how))
    }

    /// The twin of `seek`.
    pub(super) async fn seek_async(&self) -> Result<Found<'_, T>, Unavailable> {
        let home = self.inner.home();
        let (tried, is_closed) = self.inner.local(home).try_take_or_wait();
        self.seek_otherwise_async(home, tried, is_closed).await
    }

    /// What a take at home found, else what the other stripes have, else whatever comes back at home.
    async fn seek_otherwise_async(
        &self,
        home: usize,
        tried: WakeResult<ResourceHandle>,
        is_closed: bool,
    ) -> Result<Found<'_, T>, Unavailable> {
        match self.look(home, tried, is_closed) {
            Err(Unavailable::Exhausted) => {
                let acquired = self.inner.local(home).enqueue().await?;
                Ok(Found { acquired, index: home, has_waited: true })
            }
            answer => answer,
        }
    }
}
