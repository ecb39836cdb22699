//! Threads and tasks at one stripe: hand-offs from either to either, one line for both, wakers that are replaced, deadlines.
//!
//! A deadline is a future that is ready at its n-th poll, so that it can fire before, while and after a hand-off is on its way.

use super::Entry;
use super::census::{expect, saw};
use super::futures::{Shop, spawn_task};
use super::pool::Shared;
use super::task::{Bell, Met, TO_THE_END, block_on, drop_at, ready_at};
use super::world::Resource;
use loom::thread::{self, JoinHandle};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use striped_pool::{Acquired, PendingTake, WaitedFor};

pub(crate) const PROGRAMS: &[Entry] = &[
    ("tasks::thread_and_task_share_one", 3, || share_one(Shared::spawn_take, spawn_task)),
    ("tasks::two_tasks_share_one", 3, || share_one(spawn_task, spawn_task)),
    ("tasks::put_races_thread_and_task", 2, put_races_thread_and_task),
    ("tasks::put_races_two_tasks", 2, put_races_two_tasks),
    ("tasks::grow_races_thread_and_task", 2, grow_races_thread_and_task),
    ("tasks::thread_before_task_is_served_first", 3, || served_in_order(wait, block_on)),
    ("tasks::task_before_thread_is_served_first", 3, || served_in_order(block_on, wait)),
    ("tasks::hand_off_races_poll_with_another_waker", 3, hand_off_races_poll_with_another_waker),
    ("tasks::hand_off_races_wait_after_a_poll", 3, hand_off_races_wait_after_a_poll),
    ("tasks::hand_off_races_deadline_at_poll_1", 2, || hand_off_races_deadline(1, false, &[TIMED_OUT, SERVED])),
    ("tasks::hand_off_races_deadline_at_poll_2", 2, || hand_off_races_deadline(2, false, &[TIMED_OUT, SERVED])),
    ("tasks::hand_off_races_deadline_at_poll_3", 2, || hand_off_races_deadline(3, false, &[TIMED_OUT, SERVED])),
    ("tasks::hand_off_races_owned_deadline_at_poll_2", 2, || hand_off_races_deadline(2, true, &[TIMED_OUT, SERVED])),
    ("tasks::permit_races_deadline_at_poll_2", 2, permit_races_deadline),
    ("tasks::get_races_put_on_the_other_stripe", 2, get_races_put_on_the_other_stripe),
];

/// One resource, created by whoever is first, and handed on if the other one waits for it.
fn share_one(spawn_one: fn(&Shared) -> JoinHandle<()>, spawn_other: fn(&Shared) -> JoinHandle<()>) {
    let shared = Shared::new(1);
    let (one, other) = (spawn_one(&shared), spawn_other(&shared));
    one.join().unwrap();
    other.join().unwrap();
    assert_eq!((shared.world.made(), shared.pool().status().idle), (1, 1));
    shared.finish();
}

/// Who was served, in order.
#[derive(Clone, Default)]
struct Served(Arc<Mutex<Vec<&'static str>>>);

impl Served {
    fn add(&self, who: &'static str) {
        self.0.lock().unwrap().push(who);
    }

    fn order(&self) -> Vec<&'static str> {
        self.0.lock().unwrap().clone()
    }
}

/// The put serves the one, and that one the other: thread to task and task to thread.
fn put_races_thread_and_task() {
    const TO_TASK: &str = "thread, then task";
    const TO_THREAD: &str = "task, then thread";
    expect(&[TO_TASK, TO_THREAD]);
    let (shared, served) = (Shared::new(1), Served::default());
    let lease = shared.lease();
    let (pool, of_thread, of_task) = (shared.pool(), served.clone(), served.clone());
    let by_thread = thread::spawn(move || {
        let acquired = pool.acquire().expect("the pool stays open");
        of_thread.add("thread");
        drop(acquired);
    });
    let by_task = thread::spawn(move || {
        let acquired = block_on(pool.acquire_async()).expect("the pool stays open");
        of_task.add("task");
        drop(acquired);
    });
    drop(lease);
    by_thread.join().unwrap();
    by_task.join().unwrap();
    saw(if served.order() == ["thread", "task"] { TO_TASK } else { TO_THREAD });
    assert_eq!(shared.world.made(), 1);
    shared.finish();
}

fn put_races_two_tasks() {
    let shared = Shared::new(1);
    let lease = shared.lease();
    let tasks = [spawn_task(&shared), spawn_task(&shared)];
    drop(lease);
    tasks.into_iter().for_each(|task| task.join().unwrap());
    assert_eq!(shared.world.made(), 1);
    shared.finish();
}

fn grow_races_thread_and_task() {
    let shared = Shared::new(1);
    let lease = shared.lease();
    let waiters = [shared.spawn_take(), spawn_task(&shared)];
    shared.world.allow(2);
    shared.pool().resize(2);
    drop(lease);
    waiters.into_iter().for_each(|waiter| waiter.join().unwrap());
    shared.finish();
}

type Answer = Result<Acquired<'static, Resource>, striped_pool::Unavailable>;

fn wait(pending: PendingTake<'static, Resource>) -> Answer {
    pending.wait()
}

/// Who queued up first is served first, whichever of them is the thread.
fn served_in_order(
    first: fn(PendingTake<'static, Resource>) -> Answer,
    second: fn(PendingTake<'static, Resource>) -> Answer,
) {
    let (shared, served) = (Shared::new(1), Served::default());
    let lease = shared.lease();
    let spawn = |who, finish: fn(PendingTake<'static, Resource>) -> Answer| {
        let (pending, served) = (shared.pool().enqueue(), served.clone());
        thread::spawn(move || {
            let acquired = finish(pending).expect("the pool stays open");
            served.add(who);
            drop(acquired);
        })
    };
    let waiters = [spawn("first", first), spawn("second", second)];
    drop(lease);
    waiters.into_iter().for_each(|waiter| waiter.join().unwrap());
    assert_eq!(served.order(), ["first", "second"]);
    assert_eq!(shared.world.made(), 1);
    shared.finish();
}

/// Polls once.
fn poll_with(pending: &mut PendingTake<'static, Resource>, bell: &Arc<Bell>) -> Poll<Answer> {
    Pin::new(pending).poll(&mut Context::from_waker(&Waker::from(Arc::clone(bell))))
}

/// A task that moves to another thread: if its second poll finds nothing, it is woken there, and nobody else is.
fn hand_off_races_poll_with_another_waker() {
    const BEFORE: &str = "there at the second poll, and the first waker was not called";
    const BETWEEN: &str = "there at the second poll, and the first waker was called";
    const AFTER: &str = "there later, and the second waker was called";
    expect(&[BEFORE, BETWEEN, AFTER]);
    let shared = Shared::new(1);
    let lease = shared.lease();
    let mut pending = shared.pool().enqueue();
    let old = Bell::of_nobody();
    assert!(poll_with(&mut pending, &old).is_pending());
    let task = thread::spawn(move || {
        let new = Bell::here();
        let met = drop_at(TO_THE_END, &new, pending);
        let Met::Ready(polls, Ok(Acquired::Lease(lease))) = met else { panic!("it gets the resource") };
        assert_eq!(*lease, Resource(0));
        drop(lease);
        (polls, new.rings())
    });
    let putter = thread::spawn(move || drop(lease));
    putter.join().unwrap();
    let (polls, rings) = task.join().unwrap();
    saw(match (polls, old.rings(), rings) {
        (1, 0, 0) => BEFORE,
        (1, 1, 0) => BETWEEN,
        (2, 0, 1) => AFTER,
        met => panic!("polls, wakes of the first waker, of the second: {met:?}"),
    });
    shared.finish();
}

/// Polled as a task's future, and then waited for by a thread: the thread is unparked, the task is not woken.
fn hand_off_races_wait_after_a_poll() {
    let shared = Shared::new(1);
    let lease = shared.lease();
    let mut pending = shared.pool().enqueue();
    let bell = Bell::of_nobody();
    assert!(poll_with(&mut pending, &bell).is_pending());
    let waiter = thread::spawn(move || assert!(matches!(pending.wait(), Ok(Acquired::Lease(_)))));
    let putter = thread::spawn(move || drop(lease));
    putter.join().unwrap();
    waiter.join().unwrap();
    assert!(bell.rings() <= 1);
    shared.finish();
}

const TIMED_OUT: &str = "timed out";
const SERVED: &str = "served";

/// A get whose deadline is ready at its `polls`-th poll: served, or what it was handed meanwhile is the next one's.
fn hand_off_races_deadline(polls: usize, is_owned: bool, outcomes: &[&'static str]) {
    expect(outcomes);
    let shop = Shop::new(1, 1);
    let lease = shop.pool().get().expect("there is room");
    let pool = shop.pool();
    let quitter = thread::spawn(move || {
        let answer = if is_owned {
            block_on(pool.get_owned_async_until(ready_at(polls))).map(drop)
        } else {
            block_on(pool.get_async_until(ready_at(polls))).map(drop)
        };
        saw(match answer {
            Ok(()) => SERVED,
            Err(error) => {
                assert_eq!(error.timeout().expect("it timed out").waited_for, WaitedFor::Resource);
                TIMED_OUT
            }
        });
    });
    let next = shop.spawn_get();
    drop(lease);
    quitter.join().unwrap();
    next.join().unwrap();
    assert_eq!((shop.world.made(), shop.pool().status().idle()), (1, 1));
    shop.finish();
}

/// The same with a permit on its way: it is made use of, or goes to the next one.
fn permit_races_deadline() {
    expect(&[TIMED_OUT, SERVED]);
    let shop = Shop::new(1, 1);
    let lease = shop.pool().get().expect("there is room");
    let pool = shop.pool();
    let quitter = thread::spawn(move || {
        let answer = block_on(pool.get_async_until(ready_at(2)));
        saw(if answer.is_ok() { SERVED } else { TIMED_OUT });
    });
    let next = shop.spawn_get();
    lease.discard();
    quitter.join().unwrap();
    next.join().unwrap();
    assert_eq!((shop.world.made(), shop.world.most(), shop.pool().status().idle()), (2, 1, 1));
    shop.finish();
}

/// A get that looks at one stripe after the other, and waits at home if there is nothing: what comes back elsewhere may pass by
/// it, what comes back at home does not.
fn get_races_put_on_the_other_stripe() {
    let shop = Shop::new(2, 2);
    let (one, two) = (shop.pool().get_owned().expect("room"), shop.pool().get_owned().expect("room"));
    let pool = shop.pool();
    let task = thread::spawn(move || assert!(block_on(pool.get_async()).expect("the pool stays open").0 < 2));
    drop(two);
    drop(one);
    task.join().unwrap();
    assert_eq!((shop.world.made(), shop.pool().status().idle()), (2, 2));
    shop.finish();
}
