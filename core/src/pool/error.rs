//! What can go wrong, and what to do about it.

use super::status::PoolStatus;
use core::fmt;
use core::time::Duration;
use std::error::Error;

/// A configuration that no pool can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError {
    /// A pool of at most zero resources.
    ZeroMaxResources,
    /// A pool of zero stripes.
    ZeroStripes,
    /// More stripes than resources: some stripe would have none, and whoever is at home there would wait for ever.
    MoreStripesThanResources {
        /// The stripes asked for.
        stripes: u32,
        /// The resources there may be.
        max_resources: u32,
    },
    /// A time to live of zero: every idle resource would be stale at once.
    ZeroCacheTtl,
    /// A time to live that the pool's clock (64 bits of nanoseconds, 584 years) cannot represent.
    CacheTtlTooLong {
        /// What was asked for.
        ttl: Duration,
    },
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ZeroMaxResources => f.write_str("max_resources is 0: a pool holds at least one resource"),
            Self::ZeroStripes => f.write_str("stripes is 0: a pool has at least one stripe"),
            Self::MoreStripesThanResources { stripes, max_resources } => write!(
                f,
                "{stripes} stripes for {max_resources} resources: each stripe holds at least one; ask for at most {max_resources} stripes"
            ),
            Self::ZeroCacheTtl => f.write_str("cache_ttl is 0: every idle resource would be stale at once; leave it unset to keep idle resources for ever"),
            Self::CacheTtlTooLong { ttl } => {
                write!(f, "cache_ttl of {ttl:?} is more than 2^64 nanoseconds (584 years); leave it unset to keep idle resources for ever")
            }
        }
    }
}

impl Error for ConfigError {}

/// A pool cannot be given this size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResizeError {
    /// Fewer resources than stripes: the number of stripes is fixed, and each holds at least one.
    FewerThanStripes {
        /// The stripes there are.
        stripes: u32,
        /// The resources asked for.
        max_resources: u32,
    },
    /// The pool is closed.
    Closed,
}

impl fmt::Display for ResizeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FewerThanStripes { stripes, max_resources } => write!(
                f,
                "cannot resize to {max_resources}: each of the pool's {stripes} stripes holds at least one resource; ask for at least {stripes}"
            ),
            Self::Closed => f.write_str("the pool is closed: its size no longer matters"),
        }
    }
}

impl Error for ResizeError {}

/// Why a stripe lent nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unavailable {
    /// Everything is lent, and the call does not wait.
    Exhausted,
    /// The wait was over before anything was given back.
    TimedOut,
    /// The pool is closed, or was closed during the wait.
    Closed,
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Exhausted => {
                "all resources are lent: wait with get or get_timeout, or allow more with max_resources or resize"
            }
            Self::TimedOut => return WaitedFor::Resource.fmt(f),
            Self::Closed => "the pool is closed and lends no more",
        })
    }
}

impl Error for Unavailable {}

/// What a get was doing when its time ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitedFor {
    /// It stood in line for a resource, or for room to create one.
    Resource,
    /// There was room, and a new resource was being created.
    Create,
    /// It had an idle resource, which was being checked before it was lent again, or freed because the check refused it.
    Recycle,
}

impl fmt::Display for WaitedFor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resource => {
                "no resource was given back in time: wait longer, hold leases for less time, or allow more with max_resources or resize"
            }
            Self::Create => "creating a resource took too long: wait longer, or see why it is slow",
            Self::Recycle => "checking an idle resource took too long: wait longer, or see why the check is slow",
        })
    }
}

/// A get whose time ran out: what it was doing, and what the pool looked like.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeout {
    /// What it waited for.
    pub waited_for: WaitedFor,
    /// The pool at that moment. The place in which the get was creating or checking may still count as out.
    pub status: PoolStatus,
}

impl fmt::Display for Timeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = &self.status;
        if !status.label.is_empty() {
            write!(f, "pool {:?}: ", status.label)?;
        }
        write!(
            f,
            "{} (of {} resources {} are out and {} idle; {} wait)",
            self.waited_for,
            status.max_resources(),
            status.out(),
            status.idle(),
            status.waiting()
        )
    }
}

impl Error for Timeout {}

/// Why a get returned no lease.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GetError<E> {
    /// Nothing could be had: see the reason. (A pool says [`TimedOut`](Self::TimedOut) for a wait that is over; the reason of that
    /// name is for pools that are built on parts of this one and keep no status.)
    Unavailable(Unavailable),
    /// Its time ran out: the timeout says doing what, and what the pool looked like.
    TimedOut(Box<Timeout>),
    /// There was room for one more resource, and creating it failed. The room is free again: others were not held up.
    Create(E),
    /// There was room for one more resource, and the hook before the lend refused it although it was new. It was freed, and the
    /// room is free again.
    Refused,
}

impl<E> GetError<E> {
    pub(super) fn timed_out(waited_for: WaitedFor, status: PoolStatus) -> Self {
        Self::TimedOut(Box::new(Timeout { waited_for, status }))
    }

    /// The error of the create, if that is what failed.
    #[must_use]
    pub fn into_create(self) -> Option<E> {
        match self {
            Self::Create(error) => Some(error),
            Self::Unavailable(_) | Self::TimedOut(_) | Self::Refused => None,
        }
    }

    /// The same, with what `map` makes of a create's error: where creates fail with what is no [`Error`] (`String`,
    /// `Box<dyn Error>`, `anyhow::Error`), so that `?` does not take this one.
    ///
    #[cfg_attr(feature = "loom", doc = "```ignore")]
    #[cfg_attr(not(feature = "loom"), doc = "```")]
    /// use striped_pool::{GetError, Pool, PoolConfig};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let pool = Pool::new(PoolConfig::builder(1, || Err::<u8, String>("no server".into())).build()?);
    /// let failed = pool.get().map_err(|error| error.map_create(std::io::Error::other));
    /// assert_eq!(failed.unwrap_err().to_string(), GetError::Create(std::io::Error::other("no server")).to_string());
    ///
    /// pool.close();
    /// let closed = pool.get().map_err(|error| error.map_create(std::io::Error::other));
    /// assert!(closed.unwrap_err().is_closed(), "the rest stays what it is");
    /// # Ok(())
    /// # }
    /// ```
    pub fn map_create<F>(self, map: impl FnOnce(E) -> F) -> GetError<F> {
        match self {
            Self::Create(error) => GetError::Create(map(error)),
            Self::Unavailable(unavailable) => GetError::Unavailable(unavailable),
            Self::TimedOut(timeout) => GetError::TimedOut(timeout),
            Self::Refused => GetError::Refused,
        }
    }

    /// What the get was doing when its time ran out, if that is why it failed.
    #[must_use]
    pub fn timeout(&self) -> Option<&Timeout> {
        match self {
            Self::TimedOut(timeout) => Some(timeout),
            Self::Unavailable(_) | Self::Create(_) | Self::Refused => None,
        }
    }

    /// Whether the pool is closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        matches!(self, Self::Unavailable(Unavailable::Closed))
    }

    /// Whether the time was over first.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::TimedOut(_) | Self::Unavailable(Unavailable::TimedOut))
    }

    /// Whether everything was lent and the call does not wait.
    #[must_use]
    pub fn is_exhausted(&self) -> bool {
        matches!(self, Self::Unavailable(Unavailable::Exhausted))
    }
}

impl<E> From<Unavailable> for GetError<E> {
    fn from(reason: Unavailable) -> Self {
        Self::Unavailable(reason)
    }
}

impl<E> fmt::Display for GetError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable(reason) => reason.fmt(f),
            Self::TimedOut(timeout) => timeout.fmt(f),
            Self::Create(_) => f.write_str("creating a resource failed"),
            Self::Refused => {
                f.write_str("the hook before the lend refused a resource that had just been created: see to the hook")
            }
        }
    }
}

impl<E: Error + 'static> Error for GetError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Unavailable(_) | Self::TimedOut(_) | Self::Refused => None,
            Self::Create(error) => Some(error),
        }
    }
}
