//! The shipped pool behind the same trait as anybody's: operations in, results out, under loom.
//!
//! `tests/generated` replays its transitions through the machine that it is made of; here it is compared with the
//! specification of a pool, of which it knows nothing, and looked at from outside only. Not among the operations: `FailCreate`, as
//! a take creates at once; `Grow` and `Shrink`, as `resize` sets a capacity and does not add to it.
#![cfg(feature = "loom")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use striped_pool::{Acquired, Lease, LocalPool, Unavailable};
use striped_pool_model::programs::{Op, programs};
use striped_pool_model::real::{Answer, Bounds, RealPool, explore_all};

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

#[test]
fn the_shipped_pool_is_linearizable_from_outside() {
    let all = programs(Shipped::OPERATIONS, 2, 1);
    let explored = explore_all::<Shipped>(&all, Bounds::default());
    let explored = explored.unwrap_or_else(|wrong| panic!("{}", wrong.story("the shipped pool").text()));
    println!("{explored}");
    assert_eq!(explored.programs, 137);
    assert!(explored.iterations > explored.histories && explored.histories > explored.programs);
}
