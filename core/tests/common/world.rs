//! Resources that are counted outside of any pool: how many were made, how many exist, which were freed.
//!
//! A resource lives from [`World::make`] until it is dropped; `freed` lists the ids of those that went through the
//! pool's `free`, in order. So a resource that is lost, freed twice, or dropped without `free` shows.
#![allow(dead_code, reason = "each test program uses a part of it")]

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use striped_pool::pool::PoolConfigBuilder;
use striped_pool::{OwnedLease, Pool, PoolConfig, PoolStatus, StripeStatus};

/// A pool of counted resources.
pub(crate) type TestPool = Pool<Resource, Refused>;

/// The error of a create that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refused(pub(crate) &'static str);

impl core::fmt::Display for Refused {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Refused {}

/// What the outside world knows of its resources.
#[derive(Debug, Default)]
pub(crate) struct World {
    made: AtomicU32,
    live: AtomicU32,
    most: AtomicU32,
    freed: Mutex<Vec<u32>>,
}

/// One counted resource.
#[derive(Debug)]
pub(crate) struct Resource {
    /// Resources are numbered from 0 as they are made.
    pub(crate) id: u32,
    /// For a test to note that somebody has it.
    pub(crate) is_held: bool,
    world: Arc<World>,
}

impl Drop for Resource {
    fn drop(&mut self) {
        self.world.live.fetch_sub(1, Ordering::SeqCst);
    }
}

impl World {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    /// The next resource.
    pub(crate) fn make(self: &Arc<Self>) -> Resource {
        let live = self.live.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(live, Ordering::SeqCst);
        let id = self.made.fetch_add(1, Ordering::SeqCst);
        Resource { id, is_held: false, world: Arc::clone(self) }
    }

    /// What a pool's `free` does: notes the id and drops the resource.
    pub(crate) fn end(&self, resource: Resource) {
        self.freed.lock().unwrap_or_else(PoisonError::into_inner).push(resource.id);
        drop(resource);
    }

    /// A configuration whose create always succeeds.
    pub(crate) fn config(self: &Arc<Self>, max_resources: u32) -> PoolConfigBuilder<Resource, Refused> {
        let (maker, ender) = (Arc::clone(self), Arc::clone(self));
        PoolConfig::builder(max_resources, move || Ok(maker.make())).free(move |resource| ender.end(resource))
    }

    /// A pool of one stripe.
    pub(crate) fn pool(self: &Arc<Self>, max_resources: u32) -> TestPool {
        self.striped(max_resources, 1)
    }

    /// A pool of `stripes` stripes.
    pub(crate) fn striped(self: &Arc<Self>, max_resources: u32, stripes: u32) -> TestPool {
        Pool::new(self.config(max_resources).stripes(stripes).build().expect("the settings are valid"))
    }

    /// How many were ever made.
    pub(crate) fn made(&self) -> u32 {
        self.made.load(Ordering::SeqCst)
    }

    /// How many exist now.
    pub(crate) fn live(&self) -> u32 {
        self.live.load(Ordering::SeqCst)
    }

    /// How many existed at once at most.
    pub(crate) fn most(&self) -> u32 {
        self.most.load(Ordering::SeqCst)
    }

    /// The ids that were freed, in order.
    pub(crate) fn freed(&self) -> Vec<u32> {
        self.freed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The same, smallest first, for when the order does not matter.
    pub(crate) fn freed_sorted(&self) -> Vec<u32> {
        let mut freed = self.freed();
        freed.sort_unstable();
        freed
    }
}

/// Whether nothing is out, owed or waited for, and every permit is either free or in an idle resource.
pub(crate) fn is_at_rest(stripe: &StripeStatus) -> bool {
    let kept = u64::from(stripe.available) + u64::from(stripe.idle);
    kept == u64::from(stripe.capacity) && [stripe.out, stripe.freeing, stripe.owed, stripe.waiting] == [0; 4]
}

/// Asserts that every stripe is at rest.
#[track_caller]
pub(crate) fn assert_at_rest(status: &PoolStatus) {
    assert!(status.stripes.iter().all(is_at_rest), "something was lost or left behind: {status:?}");
}

/// Asserts that the pool is at rest and lends all it may, and not more.
#[track_caller]
pub(crate) fn assert_sound<T, E: core::fmt::Debug>(pool: &Pool<T, E>) {
    let status = pool.status();
    assert_at_rest(&status);
    let leases: Vec<_> = (0..status.max_resources()).map(|_| pool.try_get().expect("there is room")).collect();
    assert!(pool.try_get().is_err_and(|error| error.is_exhausted()), "one more than the maximum: {:?}", pool.status());
    drop(leases);
    assert_at_rest(&pool.status());
}

/// The index of the only stripe that `is_it`.
#[track_caller]
pub(crate) fn the_stripe(status: &PoolStatus, is_it: impl Fn(&StripeStatus) -> bool) -> usize {
    let found: Vec<usize> = (0..status.stripes.len()).filter(|index| is_it(&status.stripes[*index])).collect();
    assert_eq!(found.len(), 1, "exactly one stripe: {status:?}");
    found[0]
}

/// A lease, and the index of the stripe that it came from. Nobody else may use the pool meanwhile.
#[track_caller]
pub(crate) fn located(pool: &TestPool) -> (usize, OwnedLease<Resource>) {
    let before = pool.status();
    let lease = pool.try_get_owned().expect("there is something to lend");
    let after = pool.status();
    let stripe = (0..after.stripes.len()).find(|index| after.stripes[*index].out > before.stripes[*index].out);
    (stripe.expect("it came from some stripe"), lease)
}
