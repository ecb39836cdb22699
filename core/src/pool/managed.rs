//! A pool whose resources have a manager: checked when they are lent, checked in when they come back, watched by hooks.
//!
//! ```text
//!   get ─▶ stripes ─▶ idle one ─▶ validate ─▶ hook before the lend ─▶ lease
//!             │                      │ refused: ends, its place is kept
//!             ▼                      ▼
//!          permit ───────────▶ create ─▶ hook after the create ─▶ hook before the lend ─▶ lease
//!
//!   drop of the lease ─▶ recycle ─▶ hook after the return ─▶ idle, or the next in line
//!                           └─ refused: ends
//! ```
//!
//! It is a [`Pool`] inside, and adds no concurrency of its own: all that threads share is in the stripes.
//!
//! Rules:
//! 1. One that is refused on checkout is replaced in the same get, in the place that it has: who had its turn does not queue again.
//! 2. A new one that a hook refuses is an error, so no get creates for ever.
//! 3. With an error, a panic, or a future that is dropped, at any point: what was in hand ends, its place goes to the next.
//!
//! Where it is tested: `core/tests/managed/`; the adapters and databases in `tests/`.

mod builder;
mod lease;
mod manager;
mod managing;
mod tasks;

pub use builder::ManagedPoolBuilder;
pub use lease::{ManagedLease, OwnedManagedLease};
pub use manager::{AsyncManager, BlockingManager, Manager, Usage};

use super::local::{Acquired, CreatePermit};
use super::observe::{How, IS_WATCHED, Observed, Watch};
use super::{Found, GetError, Lease, Patience, Pool, PoolStatus, Reaper, ResizeError, Unavailable, WaitedFor};
use crate::sync::{Deadline, Shared};
use core::fmt;
use core::time::Duration;
use lease::Suspect;
use managing::{Item, Managing};
use std::io;

/// A handle to a pool whose resources are made, checked and ended by a manager `M`: a [`BlockingManager`], an [`AsyncManager`], or
/// both. Cloning it makes another handle to the same pool; dropping the last one closes it.
///
#[cfg_attr(not(feature = "loom"), doc = "```")]
#[cfg_attr(feature = "loom", doc = "```ignore")]
/// use striped_pool::{BlockingManager, ManagedPool, Manager, Usage};
///
/// struct Sessions;
///
/// struct Session(u32);
///
/// impl Manager for Sessions {
///     type Resource = Session;
///     type Error = std::io::Error;
/// }
///
/// impl BlockingManager for Sessions {
///     fn create(&self) -> Result<Session, std::io::Error> {
///         Ok(Session(0))
///     }
/// }
///
/// let pool = ManagedPool::builder(8, Sessions).before_lend(|_, usage| usage.age.as_secs() < 3600).build()?;
/// let mut session = pool.get()?;
/// session.0 += 1;
/// drop(session);
/// assert_eq!(pool.get()?.0, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ManagedPool<M: Manager> {
    pool: Pool<Item<M>, NoCreate>,
    managing: Shared<Managing<M>>,
}

/// The pool inside never creates by itself.
struct NoCreate;

/// How a lease was acquired. After Haskell's `Data.Pool.Introspection`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Introspection {
    /// Whether it had to stand in line.
    pub acquisition: Acquisition,
    /// From the call until there was a resource, or room for one; checking or creating it not counted.
    pub acquisition_time: Duration,
    /// How long it took to create the resource, if this get did.
    pub creation_time: Option<Duration>,
    /// The stripe that it is of.
    pub stripe: usize,
    /// How many more the stripe could have lent right afterwards, idle or new.
    pub available_after: u32,
}

/// Whether a get had to stand in line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acquisition {
    /// There was something at once.
    Immediate,
    /// It was its turn later.
    Delayed,
}

/// A loan on its way to its lease.
struct Lent<'a, M: Manager> {
    lease: Lease<'a, Item<M>>,
    stripe: usize,
    introspection: Option<Introspection>,
}

/// What is known of a get that has found something.
#[derive(Clone, Copy)]
struct Course {
    watch: Watch,
    how: How,
    introspection: Option<Introspection>,
    stripe: usize,
}

impl<M: Manager> ManagedPool<M> {
    /// Settings for a pool of at most `max_resources` resources of `manager`.
    pub fn builder(max_resources: u32, manager: M) -> ManagedPoolBuilder<M> {
        ManagedPoolBuilder::new(max_resources, manager)
    }

    /// The manager.
    #[must_use]
    pub fn manager(&self) -> &M {
        &self.managing.manager
    }

    /// As [`Pool::status`].
    #[must_use]
    pub fn status(&self) -> PoolStatus {
        self.pool.status()
    }

    /// As [`Pool::resize`].
    ///
    /// # Errors
    ///
    /// As [`Pool::resize`].
    ///
    /// # Panics
    ///
    /// As [`Pool::resize`].
    pub fn resize(&self, max_resources: u32) -> Result<(), ResizeError> {
        self.pool.resize(max_resources)
    }

    /// As [`Pool::reap`].
    ///
    /// # Panics
    ///
    /// As [`Pool::reap`].
    pub fn reap(&self) -> u32 {
        self.pool.reap()
    }

    /// As [`Reaper::start`], for this pool.
    ///
    /// # Errors
    ///
    /// As [`Reaper::start`].
    pub fn start_reaper(&self, interval: Duration) -> io::Result<Reaper> {
        Reaper::start(&self.pool, interval)
    }

    /// As [`Pool::drain`].
    ///
    /// # Panics
    ///
    /// As [`Pool::drain`].
    pub fn drain(&self) -> u32 {
        self.pool.drain()
    }

    /// As [`Pool::close`].
    ///
    /// # Panics
    ///
    /// As [`Pool::close`].
    pub fn close(&self) {
        self.pool.close();
    }

    /// As [`Pool::is_closed`].
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.pool.is_closed()
    }

    /// What a get has found, and what is known of it.
    fn course(&self, watch: Watch, found: &Found<'_, Item<M>>) -> Course {
        let stripe = found.index;
        let how = found.how();
        let introspection = self.managing.introspects.then(|| {
            let status = self.pool.inner.local(stripe).status();
            Introspection {
                acquisition: if found.has_waited { Acquisition::Delayed } else { Acquisition::Immediate },
                acquisition_time: watch.elapsed(),
                creation_time: None,
                stripe,
                available_after: status.available.saturating_add(status.idle),
            }
        });
        Course { watch, how, introspection, stripe }
    }

    fn watch(&self) -> Watch {
        Watch::start_if(self.managing.introspects)
    }

    /// The loan of one that may be lent.
    fn lent<'a>(&self, course: Course, lease: Lease<'a, Item<M>>) -> Lent<'a, M> {
        if IS_WATCHED {
            self.managing.observe(Observed::Acquired { how: course.how, took: course.watch.elapsed() });
        }
        Lent { lease, stripe: course.stripe, introspection: course.introspection }
    }

    /// The loan of a new one, if the hooks agree.
    fn lent_new<'a>(
        &self,
        course: Course,
        permit: CreatePermit<'a, Item<M>>,
        created: Result<M::Resource, M::Error>,
        watch: Watch,
    ) -> Result<Lent<'a, M>, GetError<M::Error>> {
        let took = watch.elapsed();
        let item = created.map_err(GetError::Create).and_then(|resource| self.managing.admit(resource));
        let item = item.inspect_err(|_| self.managing.observe(Observed::CreateFailed))?;
        self.managing.observe(Observed::Created { took });
        let introspection = course.introspection.map(|told| Introspection { creation_time: Some(took), ..told });
        Ok(self.lent(Course { how: How::Created, introspection, ..course }, permit.fulfil(item)))
    }

    fn timed_out(&self, waited_for: WaitedFor) -> GetError<M::Error> {
        self.managing.observe(Observed::TimedOut(waited_for));
        GetError::timed_out(waited_for, self.status())
    }

    fn unavailable(&self, reason: Unavailable) -> GetError<M::Error> {
        match reason {
            Unavailable::TimedOut => self.timed_out(WaitedFor::Resource),
            Unavailable::Exhausted | Unavailable::Closed => GetError::Unavailable(reason),
        }
    }

    fn owned(&self, lent: Lent<'_, M>) -> OwnedManagedLease<M> {
        OwnedManagedLease::new(self.pool.own(lent.stripe, lent.lease), lent.introspection)
    }
}

impl<M: BlockingManager> ManagedPool<M> {
    /// A resource: an idle one that passes the check, a new one, or the next that comes back. Blocks the thread until then, in
    /// line behind those who wait at the same stripe. Runs the manager and the hooks.
    ///
    /// # Errors
    ///
    /// [`GetError::Create`] if creating one, or the hook after that, failed; [`GetError::Refused`];
    /// [`Unavailable::Closed`].
    ///
    /// # Panics
    ///
    /// With what the manager or a hook panicked with; what they had in hand ends, and its place goes to the next.
    pub fn get(&self) -> Result<ManagedLease<'_, M>, GetError<M::Error>> {
        self.lend(Patience::Endless).map(Lent::borrowed)
    }

    /// The same, waiting for at most about `wait`; see [`Pool::get_timeout`].
    ///
    /// The deadline bounds the wait in line. The manager is not interrupted: a check that is over when the time is and that
    /// refuses the resource makes the get time out; one that a create has made is lent, however long that took.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get), and [`GetError::TimedOut`], which says what it waited for.
    ///
    /// # Panics
    ///
    /// As [`get`](Self::get).
    pub fn get_timeout(&self, wait: Duration) -> Result<ManagedLease<'_, M>, GetError<M::Error>> {
        self.lend(Patience::Until(Deadline::after(wait))).map(Lent::borrowed)
    }

    /// A resource if one is idle and passes the check, or a new one if there is room. Never waits for a lease to come back.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get), and [`Unavailable::Exhausted`].
    ///
    /// # Panics
    ///
    /// As [`get`](Self::get).
    pub fn try_get(&self) -> Result<ManagedLease<'_, M>, GetError<M::Error>> {
        self.lend(Patience::None).map(Lent::borrowed)
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
    pub fn get_owned(&self) -> Result<OwnedManagedLease<M>, GetError<M::Error>> {
        self.lend(Patience::Endless).map(|lent| self.owned(lent))
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
    pub fn get_owned_timeout(&self, wait: Duration) -> Result<OwnedManagedLease<M>, GetError<M::Error>> {
        self.lend(Patience::Until(Deadline::after(wait))).map(|lent| self.owned(lent))
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
    pub fn try_get_owned(&self) -> Result<OwnedManagedLease<M>, GetError<M::Error>> {
        self.lend(Patience::None).map(|lent| self.owned(lent))
    }

    fn lend(&self, patience: Patience) -> Result<Lent<'_, M>, GetError<M::Error>> {
        let watch = self.watch();
        let found = self.pool.seek(patience).map_err(|reason| self.unavailable(reason))?;
        let course = self.course(watch, &found);
        let permit = match found.acquired {
            Acquired::Permit(permit) => permit,
            Acquired::Lease(lease) => {
                let mut suspect = Suspect::new(lease);
                if self.passes(suspect.item_mut()) {
                    return Ok(self.lent(course, suspect.cleared()));
                }
                let permit = suspect.refused().by_free();
                if let Patience::Until(deadline) = patience
                    && deadline.has_passed()
                {
                    return Err(self.timed_out(WaitedFor::Recycle));
                }
                permit
            }
        };
        let watch = self.watch();
        let created = BlockingManager::create(self.manager());
        self.lent_new(course, permit, created, watch)
    }

    /// Whether an idle resource may be lent.
    fn passes(&self, item: &mut Item<M>) -> bool {
        let usage = item.begin_loan();
        let is_valid = usage.map(|usage| BlockingManager::validate(self.manager(), &mut item.resource, &usage).is_ok());
        item.passes(is_valid)
    }
}

impl<'a, M: Manager> Lent<'a, M> {
    fn borrowed(self) -> ManagedLease<'a, M> {
        ManagedLease::new(self.lease, self.introspection)
    }
}

impl<M: Manager> Clone for ManagedPool<M> {
    fn clone(&self) -> Self {
        Self { pool: self.pool.clone(), managing: Shared::clone(&self.managing) }
    }
}

// As `Pool`.
impl<M: Manager> std::panic::UnwindSafe for ManagedPool<M> {}
impl<M: Manager> std::panic::RefUnwindSafe for ManagedPool<M> {}

impl<M: Manager> fmt::Debug for ManagedPool<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManagedPool").field("status", &self.status()).finish_non_exhaustive()
    }
}
