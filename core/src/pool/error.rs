//! What can go wrong, and what to do about it.

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
            Self::TimedOut => {
                "no resource was given back in time: wait longer, hold leases for less time, or allow more with max_resources or resize"
            }
            Self::Closed => "the pool is closed and lends no more",
        })
    }
}

impl Error for Unavailable {}

/// Why a get returned no lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GetError<E> {
    /// Nothing could be had: see the reason.
    Unavailable(Unavailable),
    /// There was room for one more resource, and creating it failed. The room is free again: others were not held up.
    Create(E),
}

impl<E> GetError<E> {
    /// The error of the create, if that is what failed.
    #[must_use]
    pub fn into_create(self) -> Option<E> {
        match self {
            Self::Create(error) => Some(error),
            Self::Unavailable(_) => None,
        }
    }

    /// Whether the pool is closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        matches!(self, Self::Unavailable(Unavailable::Closed))
    }

    /// Whether the wait was over first.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::Unavailable(Unavailable::TimedOut))
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
            Self::Create(_) => f.write_str("creating a resource failed"),
        }
    }
}

impl<E: Error + 'static> Error for GetError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Unavailable(_) => None,
            Self::Create(error) => Some(error),
        }
    }
}
