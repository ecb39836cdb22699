//! Threads that wait for a pool, started one at a time and never waited for in vain.
//!
//! Nothing here measures time: the limit only turns a hang into a failure.
#![allow(dead_code, reason = "each test program uses a part of it")]

use std::thread::{JoinHandle, sleep, spawn};
use std::time::{Duration, Instant};
use striped_pool::Pool;

/// Longer than anything takes that does not hang.
pub(crate) const LIMIT: Duration = Duration::from_secs(20);

/// Waits until `is_done`; panics if that takes longer than [`LIMIT`].
#[track_caller]
pub(crate) fn wait_until(what: &str, is_done: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_done() {
        assert!(start.elapsed() < LIMIT, "waited in vain until {what}");
        sleep(Duration::from_micros(200));
    }
}

/// What a thread came to; panics if it hangs.
#[track_caller]
pub(crate) fn joined<A>(thread: JoinHandle<A>) -> A {
    wait_until("a thread ends", || thread.is_finished());
    thread.join().expect("the thread does not panic")
}

/// Starts a thread that does `work` with its own handle of the pool.
pub(crate) fn start<T, E, A>(pool: &Pool<T, E>, work: impl FnOnce(&Pool<T, E>) -> A + Send + 'static) -> JoinHandle<A>
where
    T: Send + 'static,
    E: 'static,
    A: Send + 'static,
{
    let pool = pool.clone();
    spawn(move || work(&pool))
}

/// Starts a thread that does `work`, which must come to wait for the pool; returns when it does.
#[track_caller]
pub(crate) fn start_waiter<T, E, A>(
    pool: &Pool<T, E>,
    work: impl FnOnce(&Pool<T, E>) -> A + Send + 'static,
) -> JoinHandle<A>
where
    T: Send + 'static,
    E: 'static,
    A: Send + 'static,
{
    let before = pool.status().waiting();
    let waiter = start(pool, work);
    wait_until("the thread waits for the pool", || pool.status().waiting() == before + 1);
    waiter
}
