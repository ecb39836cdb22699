//! What the program `memory` counts, with [`counting`] as its allocator.
//!
//! Rules, the same for every pool:
//! 1. Each pool is measured on a thread of its own, which has used another pool of the same kind before and keeps that one:
//!    what a thread or the process needs once does not count.
//! 2. Pools that give back in the background are left alone for a while before anything is read ([`settle`]).

use crate::child::Measured;
use crate::counting::{allocations, forget_peak, live, peak};
use crate::peers::{Peer, Resource, Visitor, floor, for_each_peer};
use crate::w6;
use crate::w8::IN_LINE;
use crate::w9;
use crate::workload::Effort;
use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;
use std::sync::Barrier;
use std::thread;
use striped_pool::{Acquired, LocalPool};

const POOLS: u32 = 100;
const FEW: u32 = 8;
const MORE: u32 = 1_000;
const TRIPS: u32 = 1_000;
const WAITERS: u32 = 64;
const HAND_OFFS: u32 = 50;

/// Measures what is asked for by name; nothing if there is no such thing.
pub fn measure(what: &str, effort: Effort) -> Option<Measured> {
    let mut measured = Measured::default();
    match what {
        "sizes" => {
            for_each_peer(&mut Sizes(&mut measured));
            in_line(&mut measured);
        }
        "storm" => for_each_peer(&mut Storm(&mut measured, w6::first_storm(effort))),
        w9::NAME => search(&mut measured, effort),
        _ => return None,
    }
    Some(measured)
}

/// W9: the most bytes in use, for each state.
#[expect(clippy::cast_precision_loss, reason = "a few millions")]
fn search(measured: &mut Measured, effort: Effort) {
    let before = live();
    forget_peak();
    let report = w9::explore(effort);
    measured.add(w9::NAME, "bytes", (peak() - before) / report.states as f64);
}

/// W6: bytes in use before a storm, and after one of a length and a second nine times as long.
struct Storm<'a>(&'a mut Measured, Duration);

impl Visitor for Storm<'_> {
    fn visit<P: Peer>(&mut self) {
        if !w6::is_measured::<P>() {
            return;
        }
        let Self(measured, time) = self;
        w6::storm::<P>(|go_on| {
            let before = live();
            let first = f64::from(go_on(*time));
            let after_first = live();
            go_on(*time * 9);
            let after_second = live();
            let mut add = |figure, value| measured.add(P::FACTS.name, figure, value);
            add("timeouts", first);
            add("after N", after_first - before);
            add("after 10 N", after_second - before);
            add("growth", after_second - after_first);
        });
    }
}

/// W8, but for what only one of ours can do.
struct Sizes<'a>(&'a mut Measured);

impl Visitor for Sizes<'_> {
    fn visit<P: Peer>(&mut self) {
        if P::FACTS == floor::Floor::FACTS {
            return;
        }
        let mut add = |figure, value| self.0.add(P::FACTS.name, figure, value);
        add("pool", fresh::<P>(bytes_for_a_pool::<P>));
        add("idle entry", fresh::<P>(bytes_for_an_entry::<P>));
        add("round trip", fresh::<P>(allocations_for_a_trip::<P>));
        if w6::is_measured::<P>() {
            add("waiter", fresh::<P>(bytes_for_a_waiter::<P>));
            add("hand-off", fresh::<P>(allocations_for_a_hand_off::<P>));
        }
    }
}

/// Rule 1.
///
/// # Panics
///
/// If `work` does.
fn fresh<P: Peer>(work: impl Fn() -> f64 + Sync) -> f64 {
    let counted = thread::scope(|scope| {
        let worker = scope.spawn(|| {
            P::on_thread(|| {
                let used = P::primed(FEW);
                (0..FEW).for_each(|_| used.round_trip(|| ()));
                settle();
                let counted = work();
                drop(used);
                counted
            })
        });
        worker.join().ok()
    });
    let Some(counted) = counted else { panic!("{} could not be measured", P::FACTS.name) };
    counted
}

/// Rule 2.
fn settle() {
    thread::sleep(Duration::from_millis(20));
}

fn bytes_for_a_pool<P: Peer>() -> f64 {
    let mut pools = Vec::with_capacity(POOLS as usize);
    let before = live();
    pools.extend((0..POOLS).map(|_| P::primed(2)));
    settle();
    (live() - before) / f64::from(POOLS)
}

fn bytes_for_an_entry<P: Peer>() -> f64 {
    let before = live();
    let few = P::primed(FEW);
    settle();
    let with_few = live();
    let more = P::primed(FEW + MORE);
    settle();
    let with_more = live();
    drop((few, more));
    ((with_more - with_few) - (with_few - before)) / f64::from(MORE)
}

fn allocations_for_a_trip<P: Peer>() -> f64 {
    let pool = P::primed(FEW);
    let count = || {
        let before = allocations();
        (0..TRIPS).for_each(|_| pool.round_trip(|| ()));
        settle();
        (allocations() - before) / f64::from(TRIPS)
    };
    count();
    count()
}

/// Threads that have all used the pool before block in `get`.
fn bytes_for_a_waiter<P: Peer>() -> f64 {
    let pool = P::primed(1);
    let barrier = Barrier::new(WAITERS as usize + 1);
    thread::scope(|scope| {
        for _ in 0..WAITERS {
            scope.spawn(|| {
                P::on_thread(|| {
                    pool.round_trip(|| ());
                    barrier.wait();
                    barrier.wait();
                    pool.round_trip(|| ());
                });
            });
        }
        barrier.wait();
        settle();
        let held = pool.get().ok();
        let before = live();
        barrier.wait();
        thread::sleep(Duration::from_millis(100));
        let with_waiters = live();
        drop(held);
        (with_waiters - before) / f64::from(WAITERS)
    })
}

/// A thread waits each time that this one gives back. What this one's own round trip takes is subtracted.
fn allocations_for_a_hand_off<P: Peer>() -> f64 {
    let pool = P::primed(1);
    let (asked, served) = (AtomicU32::new(0), AtomicU32::new(0));
    let until = |count: &AtomicU32, least| {
        while count.load(Ordering::Acquire) < least {
            thread::yield_now();
        }
    };
    let count = |from: u32| {
        let before = allocations();
        for turn in from..from + HAND_OFFS {
            let held = pool.get().ok();
            asked.store(turn + 1, Ordering::Release);
            thread::sleep(Duration::from_millis(1));
            drop(held);
            until(&served, turn + 1);
        }
        settle();
        (allocations() - before) / f64::from(HAND_OFFS)
    };
    let both = thread::scope(|scope| {
        scope.spawn(|| {
            P::on_thread(|| {
                for turn in 0..2 * HAND_OFFS {
                    until(&asked, turn + 1);
                    pool.round_trip(|| ());
                    served.store(turn + 1, Ordering::Release);
                }
            });
        });
        count(0);
        count(HAND_OFFS)
    });
    both - allocations_for_a_trip::<P>()
}

/// One thread that stands in line many times, as in W7: without anything that a thread needs to sleep.
fn in_line(measured: &mut Measured) {
    let local = LocalPool::<Resource>::new(1, drop);
    let Ok(Acquired::Permit(permit)) = local.acquire() else { return };
    let mut lease = Some(permit.fulfil(Resource::default()));
    let mut waiting = std::collections::VecDeque::with_capacity(MORE as usize + 1);
    let before = live();
    waiting.extend((0..MORE).map(|_| local.enqueue()));
    measured.add(IN_LINE, "waiter", (live() - before) / f64::from(MORE));
    let before = allocations();
    for _ in 0..TRIPS {
        waiting.push_back(local.enqueue());
        drop(lease.take());
        if let Some(Ok(Acquired::Lease(next))) = waiting.pop_front().map(striped_pool::PendingTake::wait) {
            lease = Some(next);
        }
    }
    measured.add(IN_LINE, "hand-off", (allocations() - before) / f64::from(TRIPS));
    // Those who still wait give up, newest first: nobody is handed what another gave up for.
    while waiting.pop_back().is_some() {}
}
