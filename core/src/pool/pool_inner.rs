//! What a pool's handles and its owned leases share: the stripes, and the lock that serialises pool-wide changes.

use super::config::{FreeFn, PoolConfig};
use super::local::LocalPool;
use super::observe::{IS_WATCHED, Observed, observe};
use crate::runtime::effects::{Performed, Work};
#[cfg(feature = "trace")]
use crate::runtime::trace::Recorder;
use crate::runtime::{Committed, PoolEvent};
use crate::sync::{Arc, Mutex, Shared, thread_number};
use core::fmt;
use std::sync::PoisonError;

/// The stripes of one pool.
pub(super) struct PoolInner<T> {
    stripes: Box<[LocalPool<T>]>,
    /// Held while pool-wide changes are *committed*, never while their effects run: user code may change the pool.
    admin: Mutex<()>,
}

/// `free`, and whoever watches is told.
fn watched<T: 'static>(label: &Shared<str>, free: &FreeFn<T>) -> FreeFn<T> {
    if !IS_WATCHED {
        return Shared::clone(free);
    }
    let (label, free) = (Shared::clone(label), Shared::clone(free));
    Shared::new(move |value| {
        observe(&label, Observed::Freed);
        free(value);
    })
}

impl<T: Send + 'static> PoolInner<T> {
    /// The stripes that `config` asks for, at least one.
    pub(super) fn new<E>(config: &PoolConfig<T, E>) -> Self {
        let capacity = |index| share(config.max_resources, config.stripes, index);
        let free = watched(&config.label, &config.free);
        let stripe = |index| LocalPool::with_parts(capacity(index), config.cache_ttl, Shared::clone(&free));
        #[cfg_attr(not(feature = "trace"), allow(unused_mut, reason = "only a recorder is set afterwards"))]
        let mut stripes: Box<[LocalPool<T>]> = (0..config.stripes).map(stripe).collect();
        #[cfg(feature = "trace")]
        for (index, stripe) in stripes.iter_mut().enumerate() {
            let Some(record) = config.record.clone() else { break };
            stripe.set_recorder(Recorder::new(move |transition| record(index, transition)));
        }
        Self { stripes, admin: Mutex::new(()) }
    }
}

impl<T> PoolInner<T> {
    /// All stripes; at least one.
    pub(super) fn stripes(&self) -> &[LocalPool<T>] {
        &self.stripes
    }

    /// One stripe; the index is one that [`home`](Self::home) or [`stripes`](Self::stripes) gave.
    #[inline]
    pub(super) fn local(&self, index: usize) -> &LocalPool<T> {
        &self.stripes[index]
    }

    /// Where the calling thread is at home: the same stripe each time.
    #[inline]
    pub(super) fn home(&self) -> usize {
        match self.stripes.len() {
            1 => 0,
            stripes => home_among(stripes, thread_number()),
        }
    }

    /// Commits one event on each stripe, as one pool-wide change, then performs what follows. Effects of all stripes run
    /// even if user code panics in some.
    pub(super) fn change(&self, event: impl Fn(u32) -> PoolEvent) -> Performed {
        self.change_if(|_| true, event).unwrap_or_default()
    }

    /// The same, unless something that no other pool-wide change can alter meanwhile forbids it.
    pub(super) fn change_if(
        &self,
        is_allowed: impl FnOnce(&Self) -> bool,
        event: impl Fn(u32) -> PoolEvent,
    ) -> Option<Performed> {
        let committed: Vec<Committed> = {
            // The lock guards no data, so a poisoned one is as good as any.
            let _admin = self.admin.lock().unwrap_or_else(PoisonError::into_inner);
            if !is_allowed(self) {
                return None;
            }
            self.stripes.iter().zip(0..).map(|(stripe, index)| stripe.commit(event(index))).collect()
        };
        // Everybody on every stripe is woken before the first resource, which may take its time, is freed.
        let mut started: Vec<_> =
            self.stripes.iter().zip(committed).map(|(stripe, committed)| stripe.start(committed)).collect();
        started.iter_mut().for_each(Work::wake);
        let mut all = Performed::default();
        started.into_iter().for_each(|work| all.merge(work.finish()));
        Some(all)
    }

    /// Frees what is stale on every stripe, one after the other: the next stripe lends on while one frees.
    pub(super) fn reap(&self) -> Performed {
        self.each(|local| local.reap_quietly(0))
    }

    /// Frees what is idle on every stripe, one after the other.
    pub(super) fn drain(&self) -> Performed {
        self.each(|stripe| stripe.perform(stripe.commit(PoolEvent::Drain)))
    }

    fn each(&self, change: impl Fn(&LocalPool<T>) -> Performed) -> Performed {
        let mut all = Performed::default();
        self.stripes.iter().for_each(|stripe| all.merge(change(stripe)));
        all
    }

    /// Whether the pool is closed: the last stripe that a close reaches is.
    pub(super) fn is_closed(&self) -> bool {
        self.stripes.iter().all(|stripe| stripe.status().is_closed)
    }
}

/// A [`CreatePermit`](super::CreatePermit) that does not borrow: the place of a resource that was taken out, which goes to the next
/// when this is dropped.
pub(super) struct Place<T> {
    inner: Arc<PoolInner<T>>,
    index: usize,
}

impl<T> Place<T> {
    /// The place on stripe `index` of a resource that the caller has taken out of its lease.
    pub(super) fn new(inner: Arc<PoolInner<T>>, index: usize) -> Self {
        Self { inner, index }
    }
}

impl<T> Drop for Place<T> {
    fn drop(&mut self) {
        self.inner.local(self.index).commit_quietly(PoolEvent::CreateFailed);
    }
}

/// The home of the thread with this number among more than one stripe: the remainder.
#[inline]
#[allow(clippy::manual_is_power_of_two, reason = "compiled to twice as many instructions")]
pub(super) fn home_among(stripes: usize, thread: usize) -> usize {
    // Of a power of two it is a few bits; the division takes a tenth of a round trip.
    if stripes & (stripes - 1) == 0 { thread & (stripes - 1) } else { thread % stripes }
}

/// The capacity of stripe `index` when `stripes` share `max_resources`: they differ by at most one and add up.
pub(super) fn share(max_resources: u32, stripes: u32, index: u32) -> u32 {
    max_resources / stripes + u32::from(index < max_resources % stripes)
}

impl<T> fmt::Debug for PoolInner<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PoolInner").field("stripes", &self.stripes.len()).finish_non_exhaustive()
    }
}
