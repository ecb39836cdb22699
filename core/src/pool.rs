//! The pool that people call: stripes, a way to create, and leases.
//!
//! ```text
//!   get ─▶ home stripe: idle? permit? ─▶ the other stripes, in turn ─▶ wait at home, in line
//!              │ lease                       │ permit: create                │ lease or permit
//!              ▼                             ▼                               ▼
//!            caller  ◀──────────────────────────────────────────────────────┘
//! ```
//!
//! # What holds for each stripe, and what for the pool
//!
//! | | each stripe | the pool |
//! |---|---|---|
//! | bound | never more than its capacity (plus what a shrink still owes; detached ones do not count) | the sum of these |
//! | order | first come, first served among those who wait there | none between stripes |
//! | waiting | nobody waits at a stripe with something to give | a thread may wait at home while another stripe has something to give that came back after it looked |
//! | `try_get`, `get` | one atomic look | a look at each stripe in turn: it can miss a resource that moves behind it |
//! | `resize`, `close` | atomic | stripe by stripe, one such change at a time; a `get` meanwhile may meet both kinds |
//! | `drain`, `reap`, `status` | atomic | stripe by stripe |
//! | loss | nothing, whatever is cancelled, fails or panics | nothing |
//!
//! With one stripe, the default, both columns are the same. A resource belongs to one stripe for good: it goes back
//! where it came from, in whichever thread its lease is dropped.
//!
//! # Decisions
//!
//! - Dropping the last [`Pool`] handle closes the pool. Owned leases still out free their resource when dropped.
//! - A create that finishes after the close is lent, and freed when it comes back.
//! - A deadline bounds the wait, not the user's `create`.
//! - On a closed pool every kind of get answers [`Unavailable::Closed`]. A timed get that is waiting when the pool closes
//!   answers `Closed` too; if its time runs out first, `TimedOut`.
//! - Nobody reaps by himself: call [`Pool::reap`] now and then, or let a [`Reaper`] do it.
//! - User code that waits for the pool that waits for it (a `create` that calls `get` on a full pool) waits for ever:
//!   it waits for its own permit.

mod config;
mod error;
mod future;
mod lease;
mod local;
mod managed;
mod observe;
mod pool_inner;
mod reaper;
mod status;
mod tasks;

pub use config::{PoolConfig, PoolConfigBuilder};
pub use error::{ConfigError, GetError, ResizeError, Timeout, Unavailable, WaitedFor};
pub use future::Acquire;
pub use lease::{ArcLease, ArcPermit, Lease, OwnedLease};
pub use local::{Acquired, CreatePermit, LocalPool, PendingTake};
pub use managed::{
    Acquisition, AsyncManager, BlockingManager, Introspection, ManagedLease, ManagedPool, ManagedPoolBuilder, Manager,
    OwnedManagedLease, Usage,
};
pub use reaper::Reaper;
pub use status::{PoolStatus, StripeStatus};

use crate::runtime::{PoolEvent, ResourceHandle};
use crate::stripe::WakeResult;
use crate::sync::{Arc, Deadline};
use core::fmt;
use core::time::Duration;
use observe::{How, Observed, Watch, observe};
use pool_inner::{PoolInner, share};

/// A handle to a pool of resources `T`, whose creation can fail with `E`. Cloning it makes another handle to the same
/// pool; dropping the last one closes it.
///
#[cfg_attr(not(feature = "loom"), doc = "```")]
#[cfg_attr(feature = "loom", doc = "```ignore")]
/// use striped_pool::{Pool, PoolConfig};
///
/// let config = PoolConfig::builder(2, || Ok::<_, std::io::Error>(String::from("connection"))).label("demo").build()?;
/// let pool = Pool::new(config);
///
/// let mut lease = pool.get()?;
/// lease.push_str(" in use");
/// drop(lease); // gives it back
///
/// assert_eq!(pool.with(|connection| connection.len())?, "connection in use".len());
/// assert_eq!(pool.status().idle(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Pool<T, E> {
    inner: Arc<PoolInner<T>>,
    owner: Arc<Owner<T, E>>,
}

/// What all handles of a pool own together: when it goes, the pool is closed.
struct Owner<T, E> {
    config: PoolConfig<T, E>,
    inner: Arc<PoolInner<T>>,
}

/// How long a get waits for what is lent to come back.
#[derive(Clone, Copy)]
enum Patience {
    None,
    For(Duration),
    Until(Deadline),
    Endless,
}

/// What a get found: a resource or a permit, on which stripe, and whether it stood in line for it.
struct Found<'a, T> {
    acquired: Acquired<'a, T>,
    index: usize,
    has_waited: bool,
}

impl<T> Found<'_, T> {
    /// How its get comes by a resource.
    fn how(&self) -> How {
        match (&self.acquired, self.has_waited) {
            (Acquired::Permit(_), _) => How::Created,
            (Acquired::Lease(_), true) => How::HandedOver,
            (Acquired::Lease(_), false) => How::Idle,
        }
    }
}

impl<T: Send + 'static, E> Pool<T, E> {
    /// An open pool without resources. They are created one by one, when they are needed.
    #[must_use]
    pub fn new(config: PoolConfig<T, E>) -> Self {
        let inner = Arc::new(PoolInner::new(&config));
        Self { owner: Arc::new(Owner { config, inner: Arc::clone(&inner) }), inner }
    }
}

impl<T, E> Pool<T, E> {
    /// A resource: what is idle or has room at home, else on the other stripes, else the next that comes back at home (an
    /// idle one before a new one on each stripe). Blocks the thread
    /// until then, in line behind those who wait at the same stripe. Runs `create`. With several stripes, what has just become
    /// idle at home, where somebody waited a moment ago, may be overlooked in favour of what the other stripes have.
    ///
    /// # Errors
    ///
    /// [`GetError::Create`] if creating one failed, [`Unavailable::Closed`] if the pool is closed or is closed
    /// meanwhile.
    ///
    /// # Panics
    ///
    /// With what `create` panicked with; its permit goes to the next waiter.
    #[inline]
    pub fn get(&self) -> Result<Lease<'_, T>, GetError<E>> {
        self.lend(Patience::Endless, |_, lease| lease)
    }

    /// The same, waiting for at most about `wait`. A `wait` beyond the clock's reach, such as [`Duration::MAX`], is for
    /// ever; a `wait` of zero queues up, looks once, and leaves.
    ///
    /// The deadline bounds the wait for a resource or for room, not `create`.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get), and [`GetError::TimedOut`], with what the pool looked like then.
    ///
    /// # Panics
    ///
    /// As [`get`](Self::get).
    #[inline]
    pub fn get_timeout(&self, wait: Duration) -> Result<Lease<'_, T>, GetError<E>> {
        self.lend(Patience::For(wait), |_, lease| lease)
    }

    /// A resource if one is idle, or a new one if there is room: at home, else on the other stripes in turn. Never waits for
    /// a lease to come back; runs `create`.
    ///
    /// # Errors
    ///
    /// [`GetError::Create`], [`Unavailable::Exhausted`], [`Unavailable::Closed`].
    ///
    /// # Panics
    ///
    /// As [`get`](Self::get).
    #[inline]
    pub fn try_get(&self) -> Result<Lease<'_, T>, GetError<E>> {
        self.lend(Patience::None, |_, lease| lease)
    }

    /// As [`get`](Self::get), for a lease that does not borrow the pool.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    ///
    /// # Panics
    ///
    /// As [`get`](Self::get).
    #[inline]
    pub fn get_owned(&self) -> Result<OwnedLease<T>, GetError<E>> {
        self.lend(Patience::Endless, |index, lease| self.own(index, lease))
    }

    /// As [`get_timeout`](Self::get_timeout), for a lease that does not borrow the pool.
    ///
    /// # Errors
    ///
    /// As [`get_timeout`](Self::get_timeout).
    ///
    /// # Panics
    ///
    /// As [`get`](Self::get).
    #[inline]
    pub fn get_owned_timeout(&self, wait: Duration) -> Result<OwnedLease<T>, GetError<E>> {
        self.lend(Patience::For(wait), |index, lease| self.own(index, lease))
    }

    /// As [`try_get`](Self::try_get), for a lease that does not borrow the pool.
    ///
    /// # Errors
    ///
    /// As [`try_get`](Self::try_get).
    ///
    /// # Panics
    ///
    /// As [`get`](Self::get).
    #[inline]
    pub fn try_get_owned(&self) -> Result<OwnedLease<T>, GetError<E>> {
        self.lend(Patience::None, |index, lease| self.own(index, lease))
    }

    /// Runs `work` on a resource from [`get`](Self::get). If `work` panics, the resource is freed, because it may have
    /// been left half-changed.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    ///
    /// # Panics
    ///
    /// As [`get`](Self::get), and with what `work` panicked with.
    pub fn with<A>(&self, work: impl FnOnce(&mut T) -> A) -> Result<A, GetError<E>> {
        Ok(self.get()?.with(work))
    }

    /// Runs `work` on a resource from [`get_timeout`](Self::get_timeout); see [`with`](Self::with).
    ///
    /// # Errors
    ///
    /// As [`get_timeout`](Self::get_timeout).
    ///
    /// # Panics
    ///
    /// As [`with`](Self::with).
    pub fn with_timeout<A>(&self, wait: Duration, work: impl FnOnce(&mut T) -> A) -> Result<A, GetError<E>> {
        Ok(self.get_timeout(wait)?.with(work))
    }

    /// Runs `work` on a resource from [`try_get`](Self::try_get); see [`with`](Self::with).
    ///
    /// # Errors
    ///
    /// As [`try_get`](Self::try_get).
    ///
    /// # Panics
    ///
    /// As [`with`](Self::with).
    pub fn try_with<A>(&self, work: impl FnOnce(&mut T) -> A) -> Result<A, GetError<E>> {
        Ok(self.try_get()?.with(work))
    }

    /// Frees idle resources that have not been used for the time to live; returns how many. Without a time to live
    /// there are none. Runs `free`, and blocks as long as that does.
    ///
    /// # Panics
    ///
    /// With what `free` panicked with first, after everything else is done.
    pub fn reap(&self) -> u32 {
        self.inner.reap().resume()
    }

    /// Frees all idle resources; returns how many. Runs `free`, and blocks as long as that does.
    ///
    /// # Panics
    ///
    /// As [`reap`](Self::reap).
    pub fn drain(&self) -> u32 {
        self.inner.drain().resume()
    }

    /// Changes how many resources there may be. More room goes to those who wait. For less, unused room goes first, then
    /// idle resources are freed, then lent ones as they come back. Runs `free`, and blocks as long as that does.
    ///
    /// # Errors
    ///
    /// [`ResizeError::FewerThanStripes`], [`ResizeError::Closed`]; nothing is changed then.
    ///
    /// # Panics
    ///
    /// As [`reap`](Self::reap).
    pub fn resize(&self, max_resources: u32) -> Result<(), ResizeError> {
        let stripes = self.owner.config.stripes;
        if max_resources < stripes {
            return Err(ResizeError::FewerThanStripes { stripes, max_resources });
        }
        let resize = |index| PoolEvent::Resize { capacity: share(max_resources, stripes, index) };
        let performed = self.inner.change_if(|pool| !pool.is_closed(), resize);
        performed.ok_or(ResizeError::Closed)?.resume();
        Ok(())
    }

    /// Closes the pool for good: nobody gets anything any more, those who wait are told, what is idle is freed now and
    /// what is lent is freed when it comes back. Closing again does nothing. Does not wait for leases. Runs `free`, and
    /// blocks as long as that does.
    ///
    /// # Panics
    ///
    /// As [`reap`](Self::reap).
    pub fn close(&self) {
        self.inner.change(|_| PoolEvent::Close).resume();
    }

    /// Whether the pool is closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.inner.is_closed()
    }

    /// What the stripes look like, each at its moment. Never blocks.
    #[must_use]
    pub fn status(&self) -> PoolStatus {
        let stripes = self.inner.stripes().iter().map(LocalPool::status).collect();
        PoolStatus { label: String::from(&*self.owner.config.label), stripes }
    }

    /// What the pool was made from. The size is the one it started with; see [`status`](Self::status) for today's.
    #[must_use]
    pub fn config(&self) -> &PoolConfig<T, E> {
        &self.owner.config
    }

    /// What `make` makes of a lease and the index of its stripe. What is idle at home, the common case, is found here; the
    /// rest is elsewhere, so that callers compile small, and build the lease where it will live.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "half of every round trip")]
    fn lend<'a, L>(
        &'a self,
        patience: Patience,
        make: impl FnOnce(usize, Lease<'a, T>) -> L,
    ) -> Result<L, GetError<E>> {
        let watch = Watch::start_if(false);
        let home = self.inner.home();
        let local = self.inner.local(home);
        let tried = if let Patience::None = patience { local.try_take() } else { local.try_take_or_wait() };
        let (index, resource, how) = match tried {
            (WakeResult::Deliver(resource), _) => (home, resource, How::Idle),
            (tried, is_closed) => self.lend_otherwise(home, tried, is_closed, patience)?,
        };
        self.observe(Observed::Acquired { how, took: watch.elapsed() });
        Ok(make(index, Lease::new(self.inner.local(index), resource)))
    }

    /// What else there is: room at home, the others in turn, whatever comes back at home while patience lasts.
    #[inline(never)]
    fn lend_otherwise(
        &self,
        home: usize,
        tried: WakeResult<ResourceHandle>,
        is_closed: bool,
        patience: Patience,
    ) -> Result<(usize, ResourceHandle, How), GetError<E>> {
        let found = self.look(home, tried, is_closed).or_else(|reason| self.await_turn(home, reason, patience));
        let found = found.map_err(|reason| self.unavailable(reason))?;
        let how = found.how();
        Ok((found.index, self.create(found.acquired)?.into_handle(), how))
    }

    /// The search of a get, without its create.
    fn seek(&self, patience: Patience) -> Result<Found<'_, T>, Unavailable> {
        let home = self.inner.home();
        let (tried, is_closed) = self.inner.local(home).try_take();
        self.look(home, tried, is_closed).or_else(|reason| self.await_turn(home, reason, patience))
    }

    /// What a take at home found, else what the other stripes have.
    fn look(
        &self,
        home: usize,
        tried: WakeResult<ResourceHandle>,
        is_closed: bool,
    ) -> Result<Found<'_, T>, Unavailable> {
        match self.inner.local(home).acquired_or(tried, is_closed) {
            Ok(acquired) => Ok(Found { acquired, index: home, has_waited: false }),
            Err(Unavailable::Exhausted) => self.try_others(home).ok_or(Unavailable::Exhausted),
            Err(reason) => Err(reason),
        }
    }

    fn try_others(&self, home: usize) -> Option<Found<'_, T>> {
        let stripes = self.inner.stripes();
        // As one range, because a chain of two takes a while to find out that there is no other stripe.
        let others = home + 1..home + stripes.len();
        others
            .map(|turn| if turn < stripes.len() { turn } else { turn - stripes.len() })
            .map(|index| (stripes[index].try_acquire(), index))
            .find_map(|(found, index)| Some(Found { acquired: found.ok()?, index, has_waited: false }))
    }

    /// Waits in line at home, if it is only that everything is lent, and while patience lasts.
    fn await_turn(&self, home: usize, reason: Unavailable, patience: Patience) -> Result<Found<'_, T>, Unavailable> {
        let deadline = match (reason, patience) {
            (Unavailable::Exhausted, Patience::Until(deadline)) => deadline,
            (Unavailable::Exhausted, Patience::For(wait)) => Deadline::after(wait),
            (Unavailable::Exhausted, Patience::Endless) => Deadline::NEVER,
            (reason, _) => return Err(reason),
        };
        let turn = self.inner.local(home).enqueue();
        // What has come back since the look is there already.
        let has_waited = turn.is_queued();
        Ok(Found { acquired: turn.wait_until(deadline)?, index: home, has_waited })
    }

    /// Why nothing was lent, as the pool says it.
    fn unavailable(&self, reason: Unavailable) -> GetError<E> {
        match reason {
            Unavailable::TimedOut => self.timed_out(WaitedFor::Resource),
            Unavailable::Exhausted | Unavailable::Closed => GetError::Unavailable(reason),
        }
    }

    /// Says what happened.
    #[inline]
    fn observe(&self, event: Observed) {
        observe(&self.owner.config.label, event);
    }

    /// The error of a get whose time ran out doing something.
    fn timed_out(&self, waited_for: WaitedFor) -> GetError<E> {
        self.observe(Observed::TimedOut(waited_for));
        GetError::timed_out(waited_for, self.status())
    }

    /// Turns a permit into a resource. If `create` fails or panics, the permit is dropped: the next waiter gets it.
    fn create<'a>(&self, acquired: Acquired<'a, T>) -> Result<Lease<'a, T>, GetError<E>> {
        match acquired {
            Acquired::Lease(lease) => Ok(lease),
            Acquired::Permit(permit) => {
                let watch = Watch::start_if(false);
                let value = (self.owner.config.create)();
                self.observe(match value {
                    Ok(_) => Observed::Created { took: watch.elapsed() },
                    Err(_) => Observed::CreateFailed,
                });
                Ok(permit.fulfil(value.map_err(GetError::Create)?))
            }
        }
    }

    /// The same loan, from stripe `index`, as a lease that does not borrow.
    #[inline]
    fn own(&self, index: usize, lease: Lease<'_, T>) -> OwnedLease<T> {
        lease.into_owned(Arc::clone(&self.inner), index)
    }
}

impl<T, E> Clone for Pool<T, E> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner), owner: Arc::clone(&self.owner) }
    }
}

// State is only ever replaced whole, and what user code left half-done is discarded: a panic leaves nothing behind that
// another use could stumble over.
impl<T, E> std::panic::UnwindSafe for Pool<T, E> {}
impl<T, E> std::panic::RefUnwindSafe for Pool<T, E> {}

impl<T, E> Drop for Owner<T, E> {
    fn drop(&mut self) {
        self.inner.change(|_| PoolEvent::Close).swallow();
    }
}

impl<T, E> fmt::Debug for Pool<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("config", &self.owner.config)
            .field("status", &self.status())
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, not(any(feature = "loom", feature = "shuttle"))))]
mod tests;
