//! The shipped pool behind the same trait as anybody's: operations in, results out, under loom and on real threads.
//!
//! `tests/generated` replays its transitions through the machine that it is made of; here it is compared with the
//! specification of a pool, of which it knows nothing, and looked at from outside only. Not among the operations: `FailCreate`, as
//! a take creates at once; `Grow` and `Shrink`, as `resize` sets a capacity and does not add to it.
#![cfg(not(feature = "shuttle"))]

use core::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use striped_pool::{Acquired, GetError, Lease, LocalPool, OwnedLease, Pool, PoolConfig, Unavailable};
use striped_pool_model::programs::Op;
use striped_pool_model::real::{Answer, RealPool};

/// The pool, and how many resources were made and are gone. std's atomics: loom need not see them.
struct Shipped {
    pool: Box<LocalPool<u64>>,
    made: AtomicU64,
    gone: Arc<AtomicU64>,
}

impl Shipped {
    fn answer(&self, taken: Result<Acquired<'static, u64>, Unavailable>) -> Answer<Lease<'static, u64>> {
        match taken {
            Ok(Acquired::Lease(lease)) => Answer::Got(lease),
            Ok(Acquired::Permit(permit)) => Answer::Got(permit.fulfil(self.made.fetch_add(1, Ordering::Relaxed))),
            Err(Unavailable::Closed) => Answer::Closed,
            Err(_) => Answer::Nothing,
        }
    }

    fn give(&self, op: Op, lease: Lease<'static, u64>) {
        if op == Op::Discard {
            lease.discard();
        } else if op == Op::Detach {
            let _ = lease.detach();
            self.gone.fetch_add(1, Ordering::Relaxed);
        }
        // Put: the lease is dropped.
    }
}

impl RealPool for Shipped {
    type Held = Lease<'static, u64>;
    const OPERATIONS: &'static [Op] = &[
        Op::Take,
        Op::TryTake,
        Op::TimedTake,
        Op::CancelledTake,
        Op::Put,
        Op::Discard,
        Op::Detach,
        Op::Reap,
        Op::Drain,
        Op::Close,
    ];

    fn new(capacity: usize) -> Self {
        let gone = Arc::new(AtomicU64::new(0));
        let (freed, ttl) = (Arc::clone(&gone), Duration::from_nanos(1));
        let free = move |_| {
            freed.fetch_add(1, Ordering::Relaxed);
        };
        let pool = Box::new(LocalPool::with_ttl(u32::try_from(capacity).expect("a small number"), ttl, free));
        Self { pool, made: AtomicU64::new(0), gone }
    }

    fn run(&self, op: Op, held: Option<Self::Held>) -> Answer<Self::Held> {
        // SAFETY: by the trait's contract whatever a take hands out is gone before the pool is.
        let pool: &'static LocalPool<u64> = unsafe { &*core::ptr::from_ref(self.pool.as_ref()) };
        match (op, held) {
            (Op::Take, _) => return self.answer(pool.acquire()),
            (Op::TryTake, _) => return self.answer(pool.try_acquire()),
            (Op::TimedTake, _) => return self.answer(pool.acquire_timeout(Duration::ZERO)),
            (Op::CancelledTake, _) => drop(pool.enqueue()),
            (Op::Reap, _) => drop(pool.reap()),
            (Op::Drain, _) => drop(pool.drain()),
            (Op::Close, _) => pool.close(),
            (op, Some(lease)) => self.give(op, lease),
            (op, None) => unreachable!("{op:?}"),
        }
        Answer::Done
    }

    fn identity(held: &Self::Held) -> Option<u64> {
        Some(**held)
    }

    fn end(self) -> Result<(), String> {
        let Self { pool, made, gone } = self;
        drop(pool);
        let (made, gone) = (made.into_inner(), gone.load(Ordering::Relaxed));
        if made == gone { Ok(()) } else { Err(format!("{made} resources were made, {gone} are gone")) }
    }
}

#[cfg(feature = "loom")]
use loom::thread_local;

thread_local! {
    /// Whether a create on this thread fails.
    #[allow(clippy::missing_const_for_thread_local, reason = "loom's has no such form")]
    static FAILS: Cell<bool> = Cell::new(false);
}

/// How many creates have failed or panicked.
static FAILED: AtomicU64 = AtomicU64::new(0);

/// The pool that creates within the take. Its `CancelledTake` is a take that does not wait and whose create fails: with an error,
/// or with a panic.
struct Creating<const PANICS: bool> {
    pool: Pool<u64, String>,
    made: Arc<AtomicU64>,
    gone: Arc<AtomicU64>,
}

impl<const PANICS: bool> Creating<PANICS> {
    fn answer(taken: Result<OwnedLease<u64>, GetError<String>>) -> Answer<OwnedLease<u64>> {
        match taken {
            Ok(lease) => Answer::Got(lease),
            Err(why) if why.is_closed() => Answer::Closed,
            Err(why) if why.is_exhausted() => Answer::Nothing,
            Err(why) => unreachable!("{why}"),
        }
    }

    fn fail(&self) {
        FAILS.with(|fails| fails.set(true));
        let got = catch_unwind(AssertUnwindSafe(|| self.pool.try_get_owned()));
        FAILS.with(|fails| fails.set(false));
        // An idle one goes back.
        drop(got);
    }
}

impl<const PANICS: bool> RealPool for Creating<PANICS> {
    type Held = OwnedLease<u64>;
    const OPERATIONS: &'static [Op] = &[Op::Take, Op::TryTake, Op::CancelledTake, Op::Put, Op::Discard, Op::Close];

    fn new(capacity: usize) -> Self {
        let (made, gone) = (Arc::<AtomicU64>::default(), Arc::<AtomicU64>::default());
        let (count, freed) = (Arc::clone(&made), Arc::clone(&gone));
        let create = move || {
            if !FAILS.with(Cell::get) {
                return Ok(count.fetch_add(1, Ordering::Relaxed));
            }
            FAILED.fetch_add(1, Ordering::Relaxed);
            if PANICS {
                // Without a word.
                resume_unwind(Box::new("a create that panics"));
            }
            Err("a create that fails".to_owned())
        };
        let free = move |_| {
            freed.fetch_add(1, Ordering::Relaxed);
        };
        let config = PoolConfig::builder(u32::try_from(capacity).expect("a small number"), create).free(free).build();
        Self { pool: Pool::new(config.expect("a good configuration")), made, gone }
    }

    fn run(&self, op: Op, held: Option<Self::Held>) -> Answer<Self::Held> {
        match (op, held) {
            (Op::Take, _) => return Self::answer(self.pool.get_owned()),
            (Op::TryTake, _) => return Self::answer(self.pool.try_get_owned()),
            (Op::CancelledTake, _) => self.fail(),
            (Op::Put, Some(lease)) => drop(lease),
            (Op::Discard, Some(lease)) => lease.discard(),
            (Op::Close, _) => self.pool.close(),
            (op, _) => unreachable!("{op:?}"),
        }
        Answer::Done
    }

    fn identity(held: &Self::Held) -> Option<u64> {
        Some(**held)
    }

    fn end(self) -> Result<(), String> {
        drop(self.pool);
        let (made, gone) = (self.made.load(Ordering::Relaxed), self.gone.load(Ordering::Relaxed));
        if made == gone { Ok(()) } else { Err(format!("{made} resources were made, {gone} are gone")) }
    }
}

#[cfg(feature = "loom")]
mod explored {
    use super::{Creating, FAILED, Ordering, Shipped};
    use striped_pool_model::programs::{Op, Program, programs};
    use striped_pool_model::real::{Bounds, RealPool, explore_all};

    #[test]
    fn the_shipped_pool_is_linearizable_from_outside() {
        let all = programs(Shipped::OPERATIONS, 2, 1);
        let explored = explore_all::<Shipped>(&all, Bounds::default());
        let explored = explored.unwrap_or_else(|wrong| panic!("{}", wrong.story("the shipped pool").text()));
        println!("{explored}");
        assert_eq!(explored.programs, 137);
        assert!(explored.iterations > explored.histories && explored.histories > explored.programs);
    }

    /// Its place is free again, and who waits for it gets it. A panic is left to real threads: loom's are one thread of the
    /// system, and while one unwinds, all do.
    #[test]
    fn a_create_that_fails_loses_nothing() {
        let fails = |program: &Program| program.scripts.iter().any(|script| script.0.contains(&Op::CancelledTake));
        let all: Vec<Program> = programs(Creating::<false>::OPERATIONS, 2, 1).into_iter().filter(fails).collect();
        let explored = explore_all::<Creating<false>>(&all, Bounds::default());
        let explored = explored.unwrap_or_else(|wrong| panic!("{}", wrong.story("the pool that creates").text()));
        println!("{explored}");
        assert_eq!(explored.programs, 14);
        assert!(FAILED.load(Ordering::Relaxed) > 14);
        assert!(explored.is_capacity_known && explored.histories > explored.programs);
    }
}

#[cfg(not(feature = "loom"))]
mod sampled {
    use super::{Creating, FAILED, Ordering, Shipped};
    use core::time::Duration;
    use striped_pool_model::real::{RealPool, Sampling, sample};

    /// With many threads, few of which can have something, and with few.
    fn look<P: RealPool>() {
        for (threads, capacity) in [(8, 2), (6, 3), (4, 16)] {
            let sampling =
                Sampling { threads, capacity, rounds: 150, patience: Duration::from_secs(20), ..Sampling::default() };
            let sampled = sample::<P>(&sampling).unwrap_or_else(|wrong| panic!("{}", wrong.story("a pool").text()));
            println!("{threads} threads, {capacity} resources: {sampled}");
            assert!(sampled.is_capacity_known);
        }
    }

    #[test]
    fn the_shipped_pool_is_linearizable_on_real_threads() {
        look::<Shipped>();
    }

    #[test]
    fn a_create_that_fails_or_panics_loses_nothing() {
        look::<Creating<false>>();
        let failed = FAILED.load(Ordering::Relaxed);
        look::<Creating<true>>();
        assert!(failed > 0 && FAILED.load(Ordering::Relaxed) > failed);
    }
}
