//! Transitions that real threads committed on a real stripe, in the order of their commits.
//!
//! Event, effect and `changed` are as the runtime recorded them; the trace carries no states, so the state after each comes
//! from the shipped machine, stepped through the same events. That needs no trust: if the two disagreed, the proved machine
//! would differ from one of them, and the counters of the next transition from the other.

use super::{InOrder, Run, Writer};
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use core::time::Duration;
use fastrand::Rng;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use striped_pool::runtime::PoolStripe;
use striped_pool::runtime::trace::{Recorder, Transition};
use striped_pool::stripe::{StripeStep, step};
use striped_pool::{Acquired, LocalPool};

/// How many threads share the stripe.
const THREADS: u64 = 4;
/// Where the stripes begin, one after another.
const CAPACITIES: [u32; 5] = [4, 1, 20, 2, 8];
/// No thread holds more at once.
const HELD: usize = 8;
/// From which age an idle resource is stale.
const TTL: Duration = Duration::from_micros(2);
/// So many transitions make a run, then a fresh stripe is shared: what is recorded is kept until the run ends.
const RUN: u64 = 50_000;

/// One thread, until told to stop.
fn hammer(pool: &LocalPool<u64>, mut random: Rng, most: u32, stop: &AtomicBool) {
    let mut held: Vec<Acquired<'_, u64>> = Vec::new();
    // ORDERING: Relaxed: nothing is handed over with it.
    while !stop.load(Ordering::Relaxed) {
        let wait = Duration::from_micros(random.u64(0..30));
        if held.len() < HELD && random.bool() {
            let acquired = match random.u32(0..8) {
                0..=3 => pool.try_acquire().ok(),
                4..=6 => pool.acquire_timeout(wait).ok(),
                _ => {
                    drop(pool.enqueue());
                    None
                }
            };
            held.extend(acquired);
            continue;
        }
        match random.u32(0..200) {
            0..=5 => _ = pool.reap(),
            6 | 7 => _ = pool.drain(),
            8..=15 => pool.resize(random.u32(1..=most)),
            _ if held.is_empty() => {}
            roll => give(held.swap_remove(random.usize(0..held.len())), roll),
        }
    }
}

/// Gives back what was acquired, in one of the ways there are.
fn give(acquired: Acquired<'_, u64>, roll: u32) {
    match acquired {
        Acquired::Lease(lease) if roll < 30 => lease.discard(),
        Acquired::Lease(lease) if roll < 40 => _ = lease.detach(),
        Acquired::Lease(lease) => drop(lease),
        Acquired::Permit(permit) if roll < 50 => drop(permit),
        Acquired::Permit(permit) => drop(permit.fulfil(u64::from(roll))),
    }
}

/// At least `count` transitions of one stripe, in the order of their commits: by number, and of those with one number the
/// change first, because the others saw what it made.
fn run(capacity: u32, count: u64, seed: u64) -> Vec<Transition> {
    let (lines, recorded) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicU64::new(0)));
    let mut pool = LocalPool::with_ttl(capacity, TTL, drop);
    pool.set_recorder(Recorder::new({
        let (lines, recorded) = (Arc::clone(&lines), Arc::clone(&recorded));
        move |transition| {
            lines.lock().unwrap_or_else(PoisonError::into_inner).push(transition);
            recorded.fetch_add(1, Ordering::Relaxed);
        }
    }));
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (pool, stop) = (&pool, &stop);
            let random = Rng::with_seed(seed.wrapping_mul(THREADS).wrapping_add(thread));
            scope.spawn(move || hammer(pool, random, capacity * 2, stop));
        }
        while recorded.load(Ordering::Relaxed) < count {
            std::thread::sleep(Duration::from_millis(1));
        }
        // While the threads are still at it, so that they meet a closed stripe.
        pool.close();
        std::thread::sleep(Duration::from_micros(200));
        stop.store(true, Ordering::Relaxed);
    });
    let _ = pool.try_acquire();
    drop(pool);
    let mut lines = core::mem::take(&mut *lines.lock().unwrap_or_else(PoisonError::into_inner));
    lines.sort_by_key(|transition| (transition.number, !transition.changed));
    lines
}

/// Writes at least `count` transitions; returns how many stripes they come from. The `seed` decides what the threads do; the
/// schedule is the system's, and differs each time.
///
/// # Errors
///
/// If writing fails, or the record has a gap.
pub fn write(writer: &mut Writer<impl Write>, count: u64, seed: u64) -> io::Result<u64> {
    let (end, mut stripes) = (writer.count() + count, 0);
    let mut capacities = CAPACITIES.into_iter().cycle();
    while let (left @ 1.., Some(capacity)) = (end.saturating_sub(writer.count()), capacities.next()) {
        stripes += 1;
        let lines = run(capacity, left.min(RUN), seed.wrapping_add(stripes));
        let mut run = Run::fresh(writer, capacity, 1, InOrder::default(), InOrder::default())?;
        let (mut stripe, mut last) = (PoolStripe::new(capacity), 0);
        for Transition { number, event, effects, changed } in lines {
            if number != last + u64::from(changed) {
                return Err(io::Error::other(format!("the record has a gap: change {last} is followed by {number}")));
            }
            last = number;
            let StripeStep { stripe: after, .. } = step(&stripe, event);
            let recorded = StripeStep { stripe: after, effects, changed };
            run.transition(&event, &recorded)?;
            stripe = recorded.stripe;
        }
    }
    Ok(stripes)
}
