//! A manager and a pool whose resources are counted outside: how many are gone.
#![allow(dead_code, reason = "without features a part of it is used")]

use super::polls::Hold;
use core::time::Duration;
use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use striped_pool::{AsyncManager, BlockingManager, ManagedPool, ManagedPoolBuilder, Manager, Pool, PoolConfig, Usage};

/// What every pool here is called.
pub(crate) const LABEL: &str = "demo";

#[derive(Default)]
pub(crate) struct World {
    faults: Mutex<HashSet<Fault>>,
    gone: AtomicU64,
}

/// What the manager, its hooks and `create` do wrong, until they are mended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Fault {
    CreateFails,
    CreatePanics,
    CreateHangs,
    AfterCreateFails,
    AfterCreatePanics,
    CheckRefuses,
    CheckPanics,
    CheckHangs,
    LendIsRefused,
    RecycleRefuses,
    RecyclePanics,
    ReturnIsRefused,
    CloseHangs,
    FreePanics,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Broken;

/// Counted when it goes.
pub(crate) struct Resource(Arc<World>);

impl Drop for Resource {
    fn drop(&mut self) {
        self.0.gone.fetch_add(1, Ordering::SeqCst);
    }
}

pub(crate) struct Ours(Arc<World>);

pub(crate) type Managed = ManagedPool<Ours>;
pub(crate) type Plain = Pool<Resource, Broken>;

impl World {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    pub(crate) fn fault(&self, fault: Fault) {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).insert(fault);
    }

    pub(crate) fn mend(&self) {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// How many resources are gone.
    pub(crate) fn gone(&self) -> u64 {
        self.gone.load(Ordering::SeqCst)
    }

    /// A pool of its own creates.
    pub(crate) fn plain(self: &Arc<Self>, max_resources: u32) -> Plain {
        let (maker, ender) = (Arc::clone(self), Arc::clone(self));
        let config = PoolConfig::builder(max_resources, move || maker.make());
        let config = config.free(move |resource| ender.end(resource)).cache_ttl(Duration::from_nanos(1)).label(LABEL);
        Pool::new(config.build().expect("valid"))
    }

    /// A pool with a manager and all hooks.
    pub(crate) fn managed(self: &Arc<Self>, max_resources: u32) -> Managed {
        self.settings(max_resources).build().expect("valid")
    }

    pub(crate) fn settings(self: &Arc<Self>, max_resources: u32) -> ManagedPoolBuilder<Ours> {
        let [created, lent, returned] = [(); 3].map(|()| Arc::clone(self));
        ManagedPool::builder(max_resources, Ours(Arc::clone(self)))
            .cache_ttl(Duration::from_nanos(1))
            .label(LABEL)
            .after_create(move |_| {
                assert!(!created.has(Fault::AfterCreatePanics), "the hook panics");
                if created.has(Fault::AfterCreateFails) { Err(Broken) } else { Ok(()) }
            })
            .before_lend(move |_, _| !lent.has(Fault::LendIsRefused))
            .after_return(move |_, _| !returned.has(Fault::ReturnIsRefused))
    }

    fn has(&self, fault: Fault) -> bool {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).contains(&fault)
    }

    fn make(self: &Arc<Self>) -> Result<Resource, Broken> {
        assert!(!self.has(Fault::CreatePanics), "the create panics");
        if self.has(Fault::CreateFails) { Err(Broken) } else { Ok(Resource(Arc::clone(self))) }
    }

    fn end(&self, resource: Resource) {
        drop(resource);
        assert!(!self.has(Fault::FreePanics), "the free panics");
    }

    fn check(&self) -> Result<(), Broken> {
        assert!(!self.has(Fault::CheckPanics), "the check panics");
        if self.has(Fault::CheckRefuses) { Err(Broken) } else { Ok(()) }
    }
}

impl Manager for Ours {
    type Resource = Resource;
    type Error = Broken;

    fn recycle(&self, _: &mut Resource, _: &Usage) -> bool {
        assert!(!self.0.has(Fault::RecyclePanics), "recycle panics");
        !self.0.has(Fault::RecycleRefuses)
    }

    fn free(&self, resource: Resource) {
        self.0.end(resource);
    }
}

impl BlockingManager for Ours {
    fn create(&self) -> Result<Resource, Broken> {
        self.0.make()
    }

    fn validate(&self, _: &mut Resource, _: &Usage) -> Result<(), Broken> {
        self.0.check()
    }
}

impl AsyncManager for Ours {
    async fn create(&self) -> Result<Resource, Broken> {
        Hold(self.0.has(Fault::CreateHangs)).await;
        self.0.make()
    }

    async fn validate(&self, _: &mut Resource, _: &Usage) -> Result<(), Broken> {
        Hold(self.0.has(Fault::CheckHangs)).await;
        self.0.check()
    }

    async fn close(&self, resource: Resource) {
        Hold(self.0.has(Fault::CloseHangs)).await;
        self.0.end(resource);
    }
}
