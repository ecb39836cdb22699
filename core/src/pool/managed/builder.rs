//! What a managed pool is made from.

use super::manager::{Manager, Usage};
use super::managing::{Item, Managing};
use super::{ManagedPool, NoCreate};
use crate::pool::{ConfigError, Pool, PoolConfig, PoolConfigBuilder};
use crate::sync::{Clock, Shared};
use core::fmt;
use core::time::Duration;

/// Settings on their way to a [`ManagedPool`].
///
/// | setting | default | see |
/// |---|---|---|
/// | `stripes`, `cache_ttl`, `label` | as a [`PoolConfig`]'s | [`PoolConfigBuilder`] |
/// | [`validate_on_checkout`](Self::validate_on_checkout) | yes | |
/// | [`after_create`](Self::after_create), [`before_lend`](Self::before_lend), [`after_return`](Self::after_return) | none | |
/// | [`introspect`](Self::introspect) | no | |
///
/// Hooks run where the manager does, after it: on the thread or in the task that gets or drops, outside of every transition. In a
/// task they must not block for long.
#[must_use = "a builder does nothing until it is built"]
pub struct ManagedPoolBuilder<M: Manager> {
    config: PoolConfigBuilder<Item<M>, NoCreate>,
    managing: Managing<M>,
}

impl<M: Manager> ManagedPoolBuilder<M> {
    pub(super) fn new(max_resources: u32, manager: M) -> Self {
        let managing = Managing {
            manager,
            label: Shared::from(""),
            clock: Clock::start(),
            validates: true,
            introspects: false,
            after_create: None,
            before_lend: None,
            after_return: None,
        };
        Self { config: PoolConfig::builder(max_resources, || Err(NoCreate)), managing }
    }

    /// As [`PoolConfigBuilder::stripes`].
    pub fn stripes(mut self, stripes: u32) -> Self {
        self.config = self.config.stripes(stripes);
        self
    }

    /// As [`PoolConfigBuilder::cache_ttl`]. What is stale ends by [`Manager::free`].
    pub fn cache_ttl(mut self, ttl: Duration) -> Self {
        self.config = self.config.cache_ttl(ttl);
        self
    }

    /// As [`PoolConfigBuilder::label`].
    pub fn label(mut self, label: impl Into<String>) -> Self {
        let label = label.into();
        self.managing.label = Shared::from(label.as_str());
        self.config = self.config.label(label);
        self
    }

    /// Whether the manager is asked to validate an idle resource before it is lent again.
    pub fn validate_on_checkout(mut self, validates: bool) -> Self {
        self.managing.validates = validates;
        self
    }

    /// Looks at each new resource; to set it up, say. An error is that of its create: it goes to the caller, and the resource is
    /// freed.
    pub fn after_create(
        mut self,
        hook: impl Fn(&mut M::Resource) -> Result<(), M::Error> + Send + Sync + 'static,
    ) -> Self {
        self.managing.after_create = Some(Box::new(hook));
        self
    }

    /// Says of each resource, new or idle and valid, whether it may be lent; to limit its age or its uses, say. An idle one
    /// that is refused is replaced by a new one; a new one that is refused is freed, and the get fails with
    /// [`GetError::Refused`](crate::GetError::Refused).
    pub fn before_lend(mut self, hook: impl Fn(&mut M::Resource, &Usage) -> bool + Send + Sync + 'static) -> Self {
        self.managing.before_lend = Some(Box::new(hook));
        self
    }

    /// Says of each resource that comes back, and that the manager would keep, whether it may be lent again. Runs in the drop
    /// of a lease; a panic counts as no.
    pub fn after_return(mut self, hook: impl Fn(&mut M::Resource, &Usage) -> bool + Send + Sync + 'static) -> Self {
        self.managing.after_return = Some(Box::new(hook));
        self
    }

    /// Whether each lease tells how it was [acquired](super::Introspection). Reads the precise clock twice for each get, and
    /// twice more if that creates; looks at the stripe once more.
    pub fn introspect(mut self, introspects: bool) -> Self {
        self.managing.introspects = introspects;
        self
    }

    /// The pool, if the settings make one. Creates no resource yet.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] says which setting is wrong and what it must be.
    pub fn build(self) -> Result<ManagedPool<M>, ConfigError> {
        let free = |item: Item<M>| {
            let (resource, managing) = item.into_parts();
            managing.manager.free(resource);
        };
        let config = self.config.free(free).build()?;
        Ok(ManagedPool { pool: Pool::new(config), managing: Shared::new(self.managing) })
    }
}

impl<M: Manager> fmt::Debug for ManagedPoolBuilder<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManagedPoolBuilder")
            .field("config", &self.config)
            .field("validates", &self.managing.validates)
            .field("introspects", &self.managing.introspects)
            .finish_non_exhaustive()
    }
}
