//! A pool of its own, on the low-level parts of striped-pool alone: asynchronous, with retries, back-off, and a minimum of idle
//! resources.
//!
//! What it owns is policy: when to create, how often to try, what to check. Who gets what, in which order, and how many there are
//! is [`LocalPool`]'s.
//!
//! ```text
//!   get ─▶ acquire_async ─┬─ lease: sound? ── yes ───────────────────────────────▶ loan
//!                         │          └─ no: remove it, keep its place ─┐           ▲
//!                         └─ permit ───────────────────────────────────┴▶ create ──┤ fulfil
//!                                                              ▲         │ failed  │
//!                                                              └─ pause ◀┘ (n times, then the caller's error)
//! ```
//!
//! Rules:
//! 1. A permit is held from its grant until its resource exists, across failed attempts, pauses and awaits. Whatever ends that
//!    early (the last failure, a panic, a future that is dropped) drops the permit, and the next in line gets it.
//! 2. A resource that is found broken is replaced in its own place: nobody overtakes, and there is never one too many.
//! 3. It has no timer, spawns nothing and names no runtime: time passes in [`Source::sleep`], and [`OwnPool::upkeep`] is a future
//!    that its user spawns.
//!
//! Why it stands here: so the example is compiled and run by itself, on std alone, and the end-to-end suite
//! (`tests/tests/suite/`) runs over this very file, on two runtimes.

use core::fmt;
use core::future::poll_fn;
use core::pin::pin;
use core::task::Poll;
use core::time::Duration;
use std::error::Error;
use std::sync::Arc;
use striped_pool::{Acquired, ArcLease, CreatePermit, LocalPool, StripeStatus};

/// What the pool's user brings: resources, and time.
pub(crate) trait Source: Send + Sync + 'static {
    /// What is pooled.
    type Resource: Send + 'static;
    /// Why one could not be created.
    type Error: Send;

    /// Creates a resource. May be dropped at any of its awaits.
    fn create(&self) -> impl Future<Output = Result<Self::Resource, Self::Error>> + Send;

    /// Whether an idle resource may be lent again: a look at it, nothing that takes time.
    fn is_sound(&self, resource: &mut Self::Resource) -> bool;

    /// Ends a resource.
    fn end(&self, resource: Self::Resource);

    /// Is ready after `time`, by the timer of whatever runtime is there.
    fn sleep(&self, time: Duration) -> impl Future<Output = ()> + Send;
}

/// What the pool decides by itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Policy {
    /// How many resources there may be.
    pub(crate) max_resources: u32,
    /// How many idle ones [`OwnPool::replenish`] sees to, as far as there is room.
    pub(crate) min_idle: u32,
    /// After how many failed attempts a create has failed.
    pub(crate) attempts: u32,
    /// The pause after the first failed attempt. It doubles with each.
    pub(crate) pause: Duration,
    /// The longest pause.
    pub(crate) longest_pause: Duration,
}

/// Why a get returned nothing.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum PoolError<E> {
    /// The pool is closed.
    Closed,
    /// The time was over first, wherever it went: in line, in a create, in a pause.
    TimedOut,
    /// Each attempt failed, the last with this error.
    Create { attempts: u32, last: E },
}

/// The lease of a resource of `S`: does not borrow the pool, gives back when dropped.
pub(crate) type Loan<S> = ArcLease<<S as Source>::Resource>;

/// The pool. Cloning it makes another handle; what is idle ends with the last handle or loan.
pub(crate) struct OwnPool<S: Source> {
    local: Arc<LocalPool<S::Resource>>,
    source: Arc<S>,
    policy: Policy,
}

impl<S: Source> OwnPool<S> {
    /// An empty pool.
    pub(crate) fn new(source: S, policy: Policy) -> Self {
        let source = Arc::new(source);
        let ender = Arc::clone(&source);
        let local = LocalPool::new(policy.max_resources, move |resource| ender.end(resource));
        Self { local: Arc::new(local), source, policy }
    }

    /// A resource: an idle one that is sound, a new one, or the next that comes back. First come, first served. May be dropped
    /// at any point: what it had goes to the next in line.
    pub(crate) async fn get(&self) -> Result<Loan<S>, PoolError<S::Error>> {
        let permit = match self.local.acquire_async().await {
            Ok(Acquired::Permit(permit)) => permit,
            Ok(Acquired::Lease(mut lease)) => {
                if self.source.is_sound(&mut lease) {
                    return Ok(lease.into_arc(Arc::clone(&self.local)));
                }
                let (broken, permit) = lease.remove();
                self.source.end(broken);
                permit
            }
            Err(_closed) => return Err(PoolError::Closed),
        };
        self.create(permit).await
    }

    /// The same, for at most `wait`: here a deadline bounds the create and its pauses too.
    pub(crate) async fn get_within(&self, wait: Duration) -> Result<Loan<S>, PoolError<S::Error>> {
        let (mut get, mut timer) = (pin!(self.get()), pin!(self.source.sleep(wait)));
        poll_fn(|context| match get.as_mut().poll(context) {
            Poll::Pending => timer.as_mut().poll(context).map(|()| Err(PoolError::TimedOut)),
            answer @ Poll::Ready(_) => answer,
        })
        .await
    }

    /// Rule 1: tries, pauses, tries again.
    async fn create(&self, permit: CreatePermit<'_, S::Resource>) -> Result<Loan<S>, PoolError<S::Error>> {
        let mut pause = self.policy.pause;
        let mut attempts = 0;
        loop {
            let tried = self.source.create().await;
            attempts += 1;
            match tried {
                Ok(resource) => return Ok(permit.fulfil(resource).into_arc(Arc::clone(&self.local))),
                Err(last) if attempts >= self.policy.attempts => return Err(PoolError::Create { attempts, last }),
                Err(_tried_again) => self.source.sleep(pause).await,
            }
            if self.status().is_closed {
                return Err(PoolError::Closed);
            }
            pause = pause.saturating_mul(2).min(self.policy.longest_pause);
        }
    }

    /// Creates what is missing of the minimum of idle resources, one after the other, as long as there is room and creating
    /// succeeds. How many it made.
    pub(crate) async fn replenish(&self) -> Result<u32, PoolError<S::Error>> {
        let mut made = 0;
        while let Some(permit) = self.spare_permit() {
            drop(self.create(permit).await?);
            made += 1;
        }
        Ok(made)
    }

    /// A permit, if too few are idle and there is room. A take prefers what is idle: that is held until the permit is there, and
    /// given back before anything is awaited.
    fn spare_permit(&self) -> Option<CreatePermit<'_, S::Resource>> {
        let status = self.status();
        if status.idle >= self.policy.min_idle || status.available == 0 {
            return None;
        }
        let mut held = Vec::new();
        loop {
            match self.local.try_acquire().ok()? {
                Acquired::Permit(permit) => return Some(permit),
                Acquired::Lease(lease) => held.push(lease),
            }
        }
    }

    /// Replenishes now and then until the pool is closed or gone, which it notices at its next turn. To be spawned. A source that
    /// fails is tried again at the next turn.
    pub(crate) fn upkeep(&self, interval: Duration) -> impl Future<Output = ()> + Send + use<S> {
        let (local, source, policy) = (Arc::downgrade(&self.local), Arc::clone(&self.source), self.policy);
        async move {
            while let Some(local) = local.upgrade().filter(|local| !local.status().is_closed) {
                let pool = Self { local, source: Arc::clone(&source), policy };
                let _tried_again_next_time = pool.replenish().await;
                drop(pool);
                source.sleep(interval).await;
            }
        }
    }

    /// Ends all that are idle; how many.
    pub(crate) fn drain(&self) -> u32 {
        self.local.drain()
    }

    /// Closes the pool: tells those who wait, ends what is idle now and what is lent when it comes back.
    pub(crate) fn close(&self) {
        self.local.close();
    }

    /// What the pool looks like.
    pub(crate) fn status(&self) -> StripeStatus {
        self.local.status()
    }
}

impl<S: Source> Clone for OwnPool<S> {
    fn clone(&self) -> Self {
        Self { local: Arc::clone(&self.local), source: Arc::clone(&self.source), policy: self.policy }
    }
}

impl<E: fmt::Display> fmt::Display for PoolError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("the pool is closed"),
            Self::TimedOut => f.write_str("nothing could be had in time"),
            Self::Create { attempts, last } => write!(f, "creating failed {attempts} times, at last: {last}"),
        }
    }
}

impl<E: fmt::Debug + fmt::Display> Error for PoolError<E> {}
