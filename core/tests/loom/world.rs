//! The outside world of a pool under test: what was made, what was freed, how much was alive at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use striped_pool::{Acquired, Lease, LocalPool};

/// Counts resources. Its atomics are std's: invisible to loom, so that counting adds no interleavings.
#[derive(Clone, Default)]
pub(crate) struct World {
    made: Arc<AtomicUsize>,
    freed: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
    allowed: Arc<AtomicUsize>,
    #[cfg(feature = "trace")]
    history: History,
}

/// The committed transitions of the world's one stripe.
#[cfg(feature = "trace")]
#[derive(Clone, Default)]
struct History {
    capacity: Arc<AtomicUsize>,
    transitions: Arc<std::sync::Mutex<Vec<striped_pool::runtime::trace::Transition>>>,
}

#[cfg(feature = "trace")]
impl History {
    fn recorder(&self, capacity: u32) -> striped_pool::runtime::trace::Recorder {
        self.capacity.store(capacity as usize, Ordering::Relaxed);
        let transitions = Arc::clone(&self.transitions);
        striped_pool::runtime::trace::Recorder::new(move |transition| transitions.lock().unwrap().push(transition))
    }

    /// The whole history is one of the pure machine's, and ends in what the stripe shows.
    fn assert_linearizable(&self, status: striped_pool::StripeStatus) {
        let transitions = self.transitions.lock().unwrap().clone();
        let capacity = u32::try_from(self.capacity.load(Ordering::Relaxed)).unwrap();
        let end = striped_pool::runtime::trace::replay(capacity, transitions).unwrap();
        let shown = (status.capacity, status.available, status.idle, status.out);
        assert_eq!((end.capacity(), end.available(), end.idle(), end.out()), shown);
    }
}

/// A resource with a number.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Resource(pub(crate) usize);

impl World {
    pub(crate) fn make(&self) -> Resource {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let alive = number + 1 - self.freed.load(Ordering::Relaxed);
        self.most.fetch_max(alive, Ordering::Relaxed);
        Resource(number)
    }

    pub(crate) fn free(&self, _: Resource) {
        self.freed.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn made(&self) -> usize {
        self.made.load(Ordering::Relaxed)
    }

    pub(crate) fn freed(&self) -> usize {
        self.freed.load(Ordering::Relaxed)
    }

    /// The most resources that were alive at once.
    pub(crate) fn most(&self) -> usize {
        self.most.load(Ordering::Relaxed)
    }

    /// From now on as many as `most` may be alive at once, if it was fewer.
    pub(crate) fn allow(&self, most: u32) {
        self.allowed.fetch_max(most as usize, Ordering::Relaxed);
    }

    /// A stripe of `capacity` whose resources are of this world.
    pub(crate) fn pool(&self, capacity: u32) -> LocalPool<Resource> {
        self.allow(capacity);
        let world = self.clone();
        let ttl = std::time::Duration::from_nanos(1);
        #[cfg_attr(not(feature = "trace"), allow(unused_mut, reason = "only a recorder is set afterwards"))]
        let mut pool = LocalPool::with_ttl(capacity, ttl, move |resource| world.free(resource));
        #[cfg(feature = "trace")]
        pool.set_recorder(self.history.recorder(capacity));
        pool
    }

    /// Turns what was acquired into a lease, creating if there is a permit.
    pub(crate) fn fulfil<'a>(&self, acquired: Acquired<'a, Resource>) -> Lease<'a, Resource> {
        match acquired {
            Acquired::Lease(lease) => lease,
            Acquired::Permit(permit) => permit.fulfil(self.make()),
        }
    }

    /// A lease, created if need be.
    pub(crate) fn lease<'a>(&self, pool: &'a LocalPool<Resource>) -> Lease<'a, Resource> {
        self.fulfil(pool.try_acquire().expect("something to lend"))
    }

    /// Nothing is out, nobody waits, all permits and resources are accounted for, and never too many were alive.
    pub(crate) fn assert_at_rest(&self, pool: &LocalPool<Resource>) {
        let status = pool.status();
        #[cfg(feature = "trace")]
        self.history.assert_linearizable(status);
        assert_eq!((status.out, status.owed, status.freeing, status.waiting), (0, 0, 0, 0), "{status:?}");
        assert_eq!(status.available + status.idle, status.capacity, "{status:?}");
        assert_eq!(self.made() - self.freed(), status.idle as usize, "a resource was lost or duplicated: {status:?}");
        let (most, allowed) = (self.most(), self.allowed.load(Ordering::Relaxed));
        assert!(most <= allowed, "{most} were alive at once, where {allowed} may be");
    }
}
