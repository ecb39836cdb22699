//! A manager whose resources are counted outside the pool.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use striped_pool::{AsyncManager, BlockingManager, ManagedPool, Manager, Usage};

/// Counts, and refuses what it is told to.
#[derive(Debug, Default)]
pub(crate) struct World {
    made: AtomicU32,
    freed: AtomicU32,
    refuses: AtomicBool,
    fails: AtomicBool,
}

/// A resource with a number.
#[derive(Debug)]
pub(crate) struct Resource {
    pub(crate) id: u32,
}

/// What is wrong with one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Broken;

pub(crate) struct Ours(Arc<World>);

impl World {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self::default())
    }

    pub(crate) fn pool(self: &Arc<Self>, max_resources: u32) -> ManagedPool<Ours> {
        ManagedPool::builder(max_resources, Ours(Arc::clone(self))).build().expect("valid")
    }

    pub(crate) fn refuse_checkout(&self) {
        self.refuses.store(true, Ordering::Relaxed);
    }

    pub(crate) fn fail_creates(&self) {
        self.fails.store(true, Ordering::Relaxed);
    }

    pub(crate) fn freed(&self) -> u32 {
        self.freed.load(Ordering::Relaxed)
    }
}

impl Manager for Ours {
    type Resource = Resource;
    type Error = Broken;

    fn free(&self, _: Resource) {
        self.0.freed.fetch_add(1, Ordering::Relaxed);
    }
}

impl BlockingManager for Ours {
    fn create(&self) -> Result<Resource, Broken> {
        if self.0.fails.load(Ordering::Relaxed) {
            return Err(Broken);
        }
        Ok(Resource { id: self.0.made.fetch_add(1, Ordering::Relaxed) })
    }

    fn validate(&self, _: &mut Resource, _: &Usage) -> Result<(), Broken> {
        if self.0.refuses.load(Ordering::Relaxed) { Err(Broken) } else { Ok(()) }
    }
}

impl AsyncManager for Ours {
    async fn create(&self) -> Result<Resource, Broken> {
        BlockingManager::create(self)
    }

    async fn validate(&self, resource: &mut Resource, usage: &Usage) -> Result<(), Broken> {
        BlockingManager::validate(self, resource, usage)
    }
}
