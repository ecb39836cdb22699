//! What a pool is made from. A configuration that exists is a valid one: whatever is wrong is said when it is built.

use super::error::ConfigError;
use crate::sync::Shared;
use core::fmt;
use core::time::Duration;

/// Makes a resource. User code: may block, fail, panic, and call back into the pool.
pub(super) type CreateFn<T, E> = Shared<dyn Fn() -> Result<T, E> + Send + Sync>;
/// Frees a resource. User code: may block, panic, and call back into the pool.
pub(super) type FreeFn<T> = Shared<dyn Fn(T) + Send + Sync>;

/// Receives each transition with the number of its stripe.
#[cfg(feature = "trace")]
pub(super) type RecordFn = Shared<dyn Fn(usize, crate::runtime::trace::Transition) + Send + Sync>;

/// A valid configuration of a [`Pool`](super::Pool).
///
/// | setting | default | must be |
/// |---|---|---|
/// | `max_resources` | none: it is asked for | at least 1 |
/// | [`stripes`](PoolConfigBuilder::stripes) | 1 | at least 1, at most `max_resources` |
/// | [`free`](PoolConfigBuilder::free) | drop the resource | |
/// | [`cache_ttl`](PoolConfigBuilder::cache_ttl) | none: idle resources are kept for ever | more than 0, less than 2⁶⁴ ns |
/// | [`label`](PoolConfigBuilder::label) | empty | |
pub struct PoolConfig<T, E> {
    pub(super) create: CreateFn<T, E>,
    pub(super) free: FreeFn<T>,
    pub(super) max_resources: u32,
    pub(super) stripes: u32,
    pub(super) cache_ttl: Option<Duration>,
    pub(super) label: Shared<str>,
    #[cfg(feature = "trace")]
    pub(super) record: Option<RecordFn>,
}

impl<T: Send + 'static, E> PoolConfig<T, E> {
    /// A configuration for at most `max_resources` resources, each made by `create`.
    ///
    /// `create` runs in the thread that needs the resource, outside of any lock. Its error goes to its caller and its
    /// permit to the next waiter; the same if it panics. It may call back into the pool, but if it *waits* there it
    /// may wait for its own permit.
    pub fn builder(
        max_resources: u32,
        create: impl Fn() -> Result<T, E> + Send + Sync + 'static,
    ) -> PoolConfigBuilder<T, E> {
        PoolConfigBuilder {
            config: Self {
                create: Shared::new(create),
                free: Shared::new(drop),
                max_resources,
                stripes: 1,
                cache_ttl: None,
                label: Shared::from(""),
                #[cfg(feature = "trace")]
                record: None,
            },
        }
    }
}

impl<T, E> Clone for PoolConfig<T, E> {
    /// By hand, because the derived one would ask that `T` and `E` can be cloned.
    fn clone(&self) -> Self {
        Self {
            create: Shared::clone(&self.create),
            free: Shared::clone(&self.free),
            max_resources: self.max_resources,
            stripes: self.stripes,
            cache_ttl: self.cache_ttl,
            label: Shared::clone(&self.label),
            #[cfg(feature = "trace")]
            record: self.record.clone(),
        }
    }
}

impl<T, E> PoolConfig<T, E> {
    /// How many resources there may be at once.
    #[must_use]
    pub fn max_resources(&self) -> u32 {
        self.max_resources
    }

    /// Over how many stripes they are spread.
    #[must_use]
    pub fn stripes(&self) -> u32 {
        self.stripes
    }

    /// For how long an idle resource is kept, if there is a limit.
    #[must_use]
    pub fn cache_ttl(&self) -> Option<Duration> {
        self.cache_ttl
    }

    /// The pool's name in reports.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }
}

impl<T, E> fmt::Debug for PoolConfig<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PoolConfig")
            .field("label", &self.label)
            .field("max_resources", &self.max_resources)
            .field("stripes", &self.stripes)
            .field("cache_ttl", &self.cache_ttl)
            .finish_non_exhaustive()
    }
}

/// Settings on their way to a [`PoolConfig`].
#[must_use = "a builder does nothing until it is built"]
pub struct PoolConfigBuilder<T, E> {
    config: PoolConfig<T, E>,
}

impl<T, E> fmt::Debug for PoolConfigBuilder<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PoolConfigBuilder").field(&self.config).finish()
    }
}

impl<T, E> PoolConfigBuilder<T, E> {
    /// How resources end: discarded, stale, drained, or handed back after the pool was closed. Without it they are
    /// dropped.
    ///
    /// Runs in the thread that causes it, outside of any lock. The resource's permit comes free only when it has
    /// returned (or panicked), so the outside world never has more than `max_resources`.
    pub fn free(mut self, free: impl Fn(T) + Send + Sync + 'static) -> Self {
        self.config.free = Shared::new(free);
        self
    }

    /// Over how many stripes to spread the resources: about as many as cores that use the pool at once, at most as
    /// many as resources.
    ///
    /// A thread waits at one stripe, its home; with several stripes a resource that comes back to another stripe does
    /// not wake it. One stripe is strictly first come, first served; see [`Pool`](super::Pool).
    pub fn stripes(mut self, stripes: u32) -> Self {
        self.config.stripes = stripes;
        self
    }

    /// For how long an idle resource is kept before [`reap`](super::Pool::reap) frees it. Measured with the system's coarse
    /// clock, which moves in steps of some milliseconds (usually 1 to 10 on Linux, 16 on Windows): a resource may be freed up to
    /// one step before its time or after it.
    pub fn cache_ttl(mut self, ttl: Duration) -> Self {
        self.config.cache_ttl = Some(ttl);
        self
    }

    /// What the pool is called in reports.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.config.label = Shared::from(label.into());
        self
    }

    /// Hands every transition to `record`, with the number of its stripe; see [`trace`](crate::runtime::trace).
    #[cfg(feature = "trace")]
    pub fn record(mut self, record: impl Fn(usize, crate::runtime::trace::Transition) + Send + Sync + 'static) -> Self {
        self.config.record = Some(Shared::new(record));
        self
    }

    /// The configuration, if the settings make one.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] says which setting is wrong and what it must be.
    pub fn build(self) -> Result<PoolConfig<T, E>, ConfigError> {
        let config = self.config;
        if config.max_resources == 0 {
            return Err(ConfigError::ZeroMaxResources);
        }
        if config.stripes == 0 {
            return Err(ConfigError::ZeroStripes);
        }
        if config.stripes > config.max_resources {
            let (stripes, max_resources) = (config.stripes, config.max_resources);
            return Err(ConfigError::MoreStripesThanResources { stripes, max_resources });
        }
        match config.cache_ttl {
            Some(ttl) if ttl.is_zero() => Err(ConfigError::ZeroCacheTtl),
            Some(ttl) if u64::try_from(ttl.as_nanos()).is_err() => Err(ConfigError::CacheTtlTooLong { ttl }),
            Some(_) | None => Ok(config),
        }
    }
}
