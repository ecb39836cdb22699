//! The pools that are compared: one trait, one file for each family.
//!
//! Rules, the same for every pool:
//! 1. A workload is generic over [`Peer`]: nothing virtual stands between a timed loop and a pool.
//! 2. Each pool has its documented fast settings; [`Facts::settings`] says which, and the report repeats it.
//! 3. Every pool lends the same [`Resource`], made by the same [`Maker`].
//! 4. A thread polls a future by [`block_on`](driver::block_on), and parks while it waits. A pool
//!    that needs a runtime around it gets one entered once for each thread, by [`Peer::on_thread`].
//! 5. A task awaits it by [`AsyncPeer::get_async`], inside of the runtime that runs the task. Nothing is boxed.
//!
//! Adding a pool: implement [`Peer`], and name it in [`for_each_peer`]; if tasks can wait for it, implement [`AsyncPeer`] as
//! well, and name it in [`for_each_async_peer`].

pub mod asyncband;
pub mod bb8;
pub mod by_hand;
pub mod deadpool;
pub mod driver;
pub mod floor;
pub mod line_by_hand;
pub mod mobc;
pub mod object_pool;
pub mod on_loan;
pub mod opool;
pub mod ours;
pub mod qp;
pub mod r2d2;

use core::fmt;
use core::ops::DerefMut;
use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;
use std::error::Error;
use std::hint::black_box;
use std::sync::Arc;

/// What is pooled: small, so that what is measured is the pool.
#[derive(Debug, Default)]
pub struct Resource {
    /// How often it was used.
    pub uses: u64,
    /// Whether its pool shall get rid of it when it comes back; see [`Peer::discard`].
    pub is_broken: bool,
}

/// A create that was told to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MakeError;

impl fmt::Display for MakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("told to fail")
    }
}

impl Error for MakeError {}

/// Makes resources for any pool; each n-th create can be told to fail. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct Maker {
    /// 0: none fails.
    fail_each: Arc<AtomicU32>,
    asked: Arc<AtomicU32>,
}

impl Maker {
    /// From now on each `n`-th create fails; 0: none.
    pub fn fail_each(&self, n: u32) {
        self.fail_each.store(n, Ordering::Relaxed);
    }

    /// How often a resource was asked for.
    pub fn asked(&self) -> u32 {
        self.asked.load(Ordering::Relaxed)
    }

    /// A resource, or the failure that was asked for.
    ///
    /// # Errors
    ///
    /// [`MakeError`] for each n-th.
    pub fn make(&self) -> Result<Resource, MakeError> {
        let each = self.fail_each.load(Ordering::Relaxed);
        let asked = self.asked.fetch_add(1, Ordering::Relaxed) + 1;
        if each != 0 && asked.is_multiple_of(each) { Err(MakeError) } else { Ok(Resource::default()) }
    }
}

/// Who is served first among those who wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// First come, first served: nobody overtakes.
    Fifo,
    /// A newcomer can take what comes back while others wait.
    Barging,
    /// Nobody waits: the pool answers at once that it has nothing.
    NoWaiting,
}

/// What a lease holds on to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A borrow of the pool.
    Borrowed,
    /// A reference count, strong or weak.
    Owned,
}

/// What to know about a pool to read its figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// What it is called in tables.
    pub name: &'static str,
    /// Its package and version.
    pub version: &'static str,
    /// Whom it serves first.
    pub order: Order,
    /// What its leases hold on to.
    pub kind: Kind,
    /// Whether it is one of ours.
    pub is_ours: bool,
    /// Its settings, and how it is driven.
    pub settings: &'static str,
}

/// Why nothing was lent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotLent {
    /// The wait was over first.
    TimedOut,
    /// Creating one failed, or the pool says no for another reason.
    Failed,
    /// The pool has no such operation.
    NotOffered,
}

/// A pool to be compared.
pub trait Peer: Send + Sync + Sized + 'static {
    /// What it is.
    const FACTS: Facts;

    /// What it lends; dropping it gives the resource back.
    type Lease<'a>: DerefMut<Target = Resource> + Send;

    /// A pool of at most `capacity` resources.
    fn build(capacity: u32, maker: Maker) -> Self;

    /// A resource; waits for one if the pool waits at all.
    ///
    /// # Errors
    ///
    /// [`NotLent`]
    fn get(&self) -> Result<Self::Lease<'_>, NotLent>;

    /// The same, waiting for at most about `wait`.
    ///
    /// # Errors
    ///
    /// [`NotLent`]; pools without time limits say [`NotLent::NotOffered`].
    fn get_timeout(&self, _wait: Duration) -> Result<Self::Lease<'_>, NotLent> {
        Err(NotLent::NotOffered)
    }

    /// Gives a resource back to be got rid of. By default, its manager is told that it is broken.
    fn discard(mut lease: Self::Lease<'_>) {
        lease.is_broken = true;
    }

    /// Runs what one thread does with the pool, inside of whatever the pool needs around it.
    fn on_thread<A>(work: impl FnOnce() -> A) -> A {
        work()
    }

    /// A pool with `capacity` idle resources in it.
    ///
    /// # Panics
    ///
    /// If it does not lend them all.
    fn primed(capacity: u32) -> Self {
        let pool = Self::build(capacity, Maker::default());
        Self::on_thread(|| {
            let lent: Vec<_> = (0..capacity).map(|_| pool.get()).collect();
            assert!(lent.iter().all(Result::is_ok), "{} did not lend {capacity}", Self::FACTS.name);
        });
        pool
    }

    /// Takes a resource, uses it, runs `hold`, gives it back.
    ///
    /// # Panics
    ///
    /// If nothing is lent.
    #[inline]
    fn round_trip(&self, hold: impl FnOnce()) {
        let Ok(mut lease) = self.get() else { panic!("{} lent nothing", Self::FACTS.name) };
        black_box(&mut lease.uses);
        hold();
    }
}

/// A pool that tasks can wait for. Runs inside of a tokio runtime only.
pub trait AsyncPeer: Peer {
    /// As [`get`](Peer::get), awaited.
    fn get_async(&self) -> impl Future<Output = Result<Self::Lease<'_>, NotLent>> + Send;

    /// A pool with `capacity` idle resources in it.
    fn primed_async(capacity: u32) -> impl Future<Output = Self> + Send {
        async move {
            let pool = Self::build(capacity, Maker::default());
            let mut lent = Vec::new();
            for _ in 0..capacity {
                lent.push(pool.get_async().await);
            }
            assert!(lent.iter().all(Result::is_ok), "{} did not lend {capacity}", Self::FACTS.name);
            drop(lent);
            pool
        }
    }

    /// Takes a resource, uses it, gives it back.
    #[inline]
    fn round_trip_async(&self) -> impl Future<Output = ()> + Send {
        async {
            let Ok(mut lease) = self.get_async().await else { panic!("{} lent nothing", Self::FACTS.name) };
            black_box(&mut lease.uses);
        }
    }
}

/// Something to be done with each pool.
pub trait Visitor {
    /// Does it with one.
    fn visit<P: Peer>(&mut self);
}

/// Shows all pools to `visitor`: ours first.
pub fn for_each_peer(visitor: &mut impl Visitor) {
    visitor.visit::<ours::Borrowed>();
    visitor.visit::<ours::Owned>();
    visitor.visit::<ours::WithTtl>();
    visitor.visit::<ours::TwoStripes>();
    visitor.visit::<r2d2::Waiting>();
    visitor.visit::<r2d2::Trying>();
    visitor.visit::<bb8::Bb8>();
    visitor.visit::<deadpool::Managed>();
    visitor.visit::<deadpool::Unmanaged>();
    visitor.visit::<deadpool::UnmanagedTrying>();
    visitor.visit::<asyncband::Asyncband>();
    visitor.visit::<mobc::Mobc>();
    visitor.visit::<qp::Qp>();
    visitor.visit::<by_hand::ByHand>();
    visitor.visit::<object_pool::ObjectPool>();
    visitor.visit::<opool::Opool>();
    visitor.visit::<floor::Floor>();
}

/// Something to be done with each pool that tasks can wait for.
pub trait AsyncVisitor {
    /// Does it with one.
    fn visit<P: AsyncPeer>(&mut self);
}

/// Shows all pools that tasks can wait for to `visitor`: ours first. qp is left out, because it can lose a wake.
pub fn for_each_async_peer(visitor: &mut impl AsyncVisitor) {
    visitor.visit::<ours::Borrowed>();
    visitor.visit::<ours::Owned>();
    visitor.visit::<ours::TwoStripes>();
    visitor.visit::<bb8::Bb8>();
    visitor.visit::<deadpool::Managed>();
    visitor.visit::<deadpool::Unmanaged>();
    visitor.visit::<asyncband::Asyncband>();
    visitor.visit::<mobc::Mobc>();
    visitor.visit::<line_by_hand::LineByHand>();
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::future::poll_fn;
    use core::pin::pin;
    use core::task::Poll;
    use std::time::Instant;
    use tokio::runtime::Builder;

    struct RoundTrips(Vec<&'static str>);

    impl Visitor for RoundTrips {
        fn visit<P: Peer>(&mut self) {
            let pool = P::primed(8);
            P::on_thread(|| (0..100).for_each(|_| pool.round_trip(|| ())));
            self.0.push(P::FACTS.name);
        }
    }

    #[test]
    fn every_peer_lends_and_has_a_name_of_its_own() {
        let mut names = RoundTrips(Vec::new());
        for_each_peer(&mut names);
        let mut unique = names.0.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), names.0.len());
        assert_eq!(names.0.len(), 17);
    }

    struct Bounded;

    impl Visitor for Bounded {
        fn visit<P: Peer>(&mut self) {
            let never_waits = P::FACTS.order == Order::NoWaiting;
            let pool = P::primed(2);
            P::on_thread(|| {
                if never_waits {
                    return;
                }
                let held = (pool.get(), pool.get());
                let (asked, wait) = (Instant::now(), Duration::from_millis(5));
                let third = pool.get_timeout(wait).map(drop);
                assert!(asked.elapsed() >= wait, "{}", P::FACTS.name);
                assert!(matches!(third, Err(NotLent::TimedOut)), "{} {third:?}", P::FACTS.name);
                drop(held);
            });
        }
    }

    #[test]
    fn no_peer_lends_more_than_its_capacity() {
        for_each_peer(&mut Bounded);
    }

    struct Awaited(u32);

    impl AsyncVisitor for Awaited {
        fn visit<P: AsyncPeer>(&mut self) {
            let runtime = Builder::new_current_thread().enable_time().build().unwrap();
            runtime.block_on(async {
                let pool = P::primed_async(2).await;
                let (one, _other) = (pool.get_async().await, pool.get_async().await);
                let mut third = pin!(pool.get_async());
                let is_pending = poll_fn(|context| Poll::Ready(third.as_mut().poll(context).is_pending())).await;
                assert!(is_pending, "{} lends three of two", P::FACTS.name);
                drop(one);
                assert!(third.await.is_ok(), "{}", P::FACTS.name);
            });
            self.0 += 1;
        }
    }

    #[test]
    fn a_task_waits_for_what_is_lent_and_is_woken_when_it_comes_back() {
        let mut awaited = Awaited(0);
        for_each_async_peer(&mut awaited);
        assert_eq!(awaited.0, 9);
    }

    #[test]
    fn each_nth_create_fails() {
        let maker = Maker::default();
        maker.fail_each(3);
        let made: Vec<_> = (0..6).map(|_| maker.clone().make().is_ok()).collect();
        assert_eq!(made, [true, true, false, true, true, false]);
    }
}
