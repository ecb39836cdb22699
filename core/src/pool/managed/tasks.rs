//! A managed pool for tasks: the same course as for threads, with a manager that is awaited.
//!
//! The rules of `pool/future.rs` hold: no runtime, no timer, nothing is spawned, and each future may be dropped at any point.
//! What happens then stands in a table with [`AsyncManager`].

use super::lease::Suspect;
use super::manager::AsyncManager;
#[cfg(doc)]
use super::manager::Manager;
use super::managing::Item;
use super::{Lent, ManagedLease, ManagedPool, OwnedManagedLease};
use crate::pool::future::{Elapsed, race};
use crate::pool::local::Acquired;
use crate::pool::observe::Watch;
use crate::pool::{Found, GetError, Patience, WaitedFor};
use core::future::pending;
use core::pin::{Pin, pin};

impl<M: AsyncManager> ManagedPool<M> {
    /// A resource: an idle one that passes the check, a new one, or the next that comes back, in line behind the threads and
    /// tasks that wait at the same stripe. Runs the manager and the hooks. A manager that hangs hangs the get, and keeps its place
    /// in the pool: where that can be, give each get a [deadline](Self::get_async_until).
    ///
    /// # Cancel safety
    ///
    /// May be dropped at any point; see the table of [`AsyncManager`]: nothing is lost and nobody else sleeps.
    ///
    /// # Errors
    ///
    /// [`GetError::Create`] if creating one, or the hook after that, failed; [`GetError::Refused`];
    /// [`Unavailable::Closed`](crate::Unavailable::Closed).
    ///
    /// # Panics
    ///
    /// With what the manager or a hook panicked with; what they had in hand ends, and its place goes to the next.
    pub async fn get_async(&self) -> Result<ManagedLease<'_, M>, GetError<M::Error>> {
        self.lend_async(pin!(pending())).await.map(Lent::borrowed)
    }

    /// The same, until `deadline` is ready: a timer of whatever runtime is there, such as `tokio::time::sleep`, since the pool
    /// has none. It bounds everything: the wait in line, the check, and the create, which are dropped where they stand.
    ///
    /// # Errors
    ///
    /// As [`get_async`](Self::get_async), and [`GetError::TimedOut`], which says what it waited for.
    ///
    /// # Panics
    ///
    /// As [`get_async`](Self::get_async).
    pub async fn get_async_until(
        &self,
        deadline: impl Future<Output = ()>,
    ) -> Result<ManagedLease<'_, M>, GetError<M::Error>> {
        self.lend_async(pin!(deadline)).await.map(Lent::borrowed)
    }

    /// A resource if one is idle and passes the check, or a new one if there is room: awaits the manager, but never a lease
    /// that is to come back.
    ///
    /// # Errors
    ///
    /// As [`get_async`](Self::get_async), and [`Unavailable::Exhausted`](crate::Unavailable::Exhausted).
    ///
    /// # Panics
    ///
    /// As [`get_async`](Self::get_async).
    pub async fn try_get_async(&self) -> Result<ManagedLease<'_, M>, GetError<M::Error>> {
        self.try_lend_async().await.map(Lent::borrowed)
    }

    /// As [`try_get_async`](Self::try_get_async), for a lease that does not borrow the pool.
    ///
    /// # Errors
    ///
    /// As [`try_get_async`](Self::try_get_async).
    ///
    /// # Panics
    ///
    /// As [`get_async`](Self::get_async).
    pub async fn try_get_owned_async(&self) -> Result<OwnedManagedLease<M>, GetError<M::Error>> {
        self.try_lend_async().await.map(|lent| self.owned(lent))
    }

    async fn try_lend_async(&self) -> Result<Lent<'_, M>, GetError<M::Error>> {
        let watch = self.watch();
        let found = self.pool.seek(Patience::None).map_err(|reason| self.unavailable(reason))?;
        self.finish_async(watch, found, pin!(pending())).await
    }

    /// As [`get_async`](Self::get_async), for a lease that does not borrow the pool.
    ///
    /// # Errors
    ///
    /// As [`get_async`](Self::get_async).
    ///
    /// # Panics
    ///
    /// As [`get_async`](Self::get_async).
    pub async fn get_owned_async(&self) -> Result<OwnedManagedLease<M>, GetError<M::Error>> {
        self.lend_async(pin!(pending())).await.map(|lent| self.owned(lent))
    }

    /// As [`get_async_until`](Self::get_async_until), for a lease that does not borrow the pool.
    ///
    /// # Errors
    ///
    /// As [`get_async_until`](Self::get_async_until).
    ///
    /// # Panics
    ///
    /// As [`get_async`](Self::get_async).
    pub async fn get_owned_async_until(
        &self,
        deadline: impl Future<Output = ()>,
    ) -> Result<OwnedManagedLease<M>, GetError<M::Error>> {
        self.lend_async(pin!(deadline)).await.map(|lent| self.owned(lent))
    }

    /// Ends as many resources as are idle on each stripe, one after the other, by [`AsyncManager::close`]; returns how many.
    /// One that comes back meanwhile may be among them, and one that is lent meanwhile is not.
    ///
    /// # Cancel safety
    ///
    /// May be dropped at any point: what is being closed goes with the future, the rest stays idle.
    ///
    /// # Panics
    ///
    /// With what [`AsyncManager::close`] panicked with; the rest stays idle.
    pub async fn drain_async(&self) -> u32 {
        let mut closed = 0_u32;
        for stripe in self.pool.inner.stripes() {
            for _ in 0..stripe.status().idle {
                let Ok(Acquired::Lease(lease)) = stripe.try_acquire() else { break };
                drop(Suspect::new(lease).refused().by_close().await);
                closed = closed.saturating_add(1);
            }
        }
        closed
    }

    /// Ends what is idle as [`drain_async`](Self::drain_async) does, then [closes](Self::close) the pool. What is lent, or came
    /// back in between, ends by [`Manager::free`], as it comes back. Returns how many were closed.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready, the pool is left open, with fewer idle resources.
    ///
    /// # Panics
    ///
    /// As [`drain_async`](Self::drain_async), and then the pool is left open; as [`close`](Self::close).
    pub async fn close_async(&self) -> u32 {
        let closed = self.drain_async().await;
        self.close();
        closed
    }

    async fn lend_async(
        &self,
        mut deadline: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<Lent<'_, M>, GetError<M::Error>> {
        let watch = self.watch();
        let found = race(self.pool.seek_async(), deadline.as_mut()).await;
        let found = found.map_err(|Elapsed| self.timed_out(WaitedFor::Resource))?;
        let found = found.map_err(|reason| self.unavailable(reason))?;
        self.finish_async(watch, found, deadline).await
    }

    /// From what was found to a loan.
    async fn finish_async<'a>(
        &'a self,
        watch: Watch,
        found: Found<'a, Item<M>>,
        mut deadline: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<Lent<'a, M>, GetError<M::Error>> {
        let course = self.course(watch, &found);
        let permit = match found.acquired {
            Acquired::Permit(permit) => permit,
            Acquired::Lease(lease) => {
                let late = |Elapsed| self.timed_out(WaitedFor::Recycle);
                let mut suspect = Suspect::new(lease);
                if race(self.passes_async(suspect.item_mut()), deadline.as_mut()).await.map_err(late)? {
                    return Ok(self.lent(course, suspect.cleared()));
                }
                race(suspect.refused().by_close(), deadline.as_mut()).await.map_err(late)?
            }
        };
        let watch = self.watch();
        let created = race(AsyncManager::create(self.manager()), deadline).await;
        let created = created.map_err(|Elapsed| self.timed_out(WaitedFor::Create))?;
        self.lent_new(course, permit, created, watch)
    }

    /// Whether an idle resource may be lent.
    async fn passes_async(&self, item: &mut Item<M>) -> bool {
        let is_valid = match item.begin_loan() {
            Some(usage) => Some(AsyncManager::validate(self.manager(), &mut item.resource, &usage).await.is_ok()),
            None => None,
        };
        item.passes(is_valid)
    }
}
