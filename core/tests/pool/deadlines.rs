//! Gets for tasks that give up: a deadline is any future, and what it cuts off is lost to nobody.

use crate::tasking::{GETS, Task};
use crate::tasks::{Alarm, at_once, block_on, poll};
use crate::threads::{joined, start_waiter};
use crate::world::{TestPool, World, assert_sound};
use core::future::{pending, poll_fn};
use core::task::{Poll, Waker};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use striped_pool::{GetError, Pool, Unavailable, WaitedFor};

type GetUntil = for<'a> fn(&'a TestPool, &'a Deadline) -> Task<'a>;

/// Those with a deadline, and a deadline for them.
const TIMED: [(&str, GetUntil); 2] = [
    ("get_async_until", |pool, deadline| {
        Box::pin(async { pool.get_async_until(deadline.passes()).await.map(|lease| lease.id) })
    }),
    ("get_owned_async_until", |pool, deadline| {
        Box::pin(async { pool.get_owned_async_until(deadline.passes()).await.map(|lease| lease.id) })
    }),
];

/// A timer by hand.
#[derive(Default)]
struct Deadline {
    has_passed: AtomicBool,
    polls: AtomicU32,
    waker: Mutex<Option<Waker>>,
}

impl Deadline {
    fn pass(&self) {
        self.has_passed.store(true, Ordering::SeqCst);
        let waker = self.waker.lock().expect("not poisoned").take();
        waker.into_iter().for_each(Waker::wake);
    }

    fn passes(&self) -> impl Future<Output = ()> + Send {
        poll_fn(|context| {
            self.polls.fetch_add(1, Ordering::SeqCst);
            *self.waker.lock().expect("not poisoned") = Some(context.waker().clone());
            if self.has_passed.load(Ordering::SeqCst) { Poll::Ready(()) } else { Poll::Pending }
        })
    }

    fn polls(&self) -> u32 {
        self.polls.load(Ordering::SeqCst)
    }
}

#[test]
fn a_deadline_that_passes_says_what_it_waited_for_and_what_the_pool_looked_like() {
    for (name, get) in TIMED {
        let world = World::new();
        let pool = Pool::new(world.config(2).label("database").build().expect("valid"));
        let leases = (pool.get().expect("room"), pool.get().expect("room"));
        let mut other = GETS[0].1(&pool);
        assert!(poll(&mut other).is_pending());
        let (deadline, alarm) = (Deadline::default(), Alarm::new());
        let mut task = get(&pool, &deadline);
        assert!(alarm.poll(&mut task).is_pending());
        assert_eq!((pool.status().waiting(), deadline.polls()), (2, 1));
        deadline.pass();
        assert_eq!((alarm.wakes(), pool.status().waiting()), (1, 2), "{name}: the deadline has woken it");
        let Poll::Ready(Err(error)) = alarm.poll(&mut task) else { panic!("{name} goes on") };
        let timeout = error.timeout().expect("it timed out");
        let status = &timeout.status;
        assert_eq!((timeout.waited_for, status.label.as_str()), (WaitedFor::Resource, "database"));
        assert_eq!((status.max_resources(), status.out(), status.idle()), (2, 2, 0));
        assert_eq!(status.waiting(), 1, "{name}: the other one; it had left the line itself");
        assert!(error.is_timeout() && !error.is_closed() && !error.is_exhausted());
        assert!(error.to_string().starts_with("pool \"database\": no resource was given back in time"), "{error}");
        drop((leases, other, task));
        assert_sound(&pool);
    }
}

#[test]
fn a_deadline_that_has_passed_looks_once_and_leaves() {
    for (name, get) in TIMED {
        let world = World::new();
        let pool = world.pool(1);
        let deadline = Deadline::default();
        deadline.pass();
        assert_eq!(at_once(get(&pool, &deadline)), Ok(0), "{name}: there is room");
        assert_eq!(deadline.polls(), 0, "{name}: nobody asked");
        let lease = pool.get().expect("idle");
        assert!(at_once(get(&pool, &deadline)).is_err_and(|error| error.is_timeout()), "{name}");
        assert_eq!((deadline.polls(), pool.status().waiting()), (1, 0));
        drop(lease);
        assert_sound(&pool);
    }
}

#[test]
fn a_lease_that_is_there_when_the_deadline_passes_wins() {
    for (name, get) in TIMED {
        let world = World::new();
        let pool = world.pool(1);
        let lease = pool.get().expect("room");
        let (deadline, alarm) = (Deadline::default(), Alarm::new());
        let mut task = get(&pool, &deadline);
        assert!(alarm.poll(&mut task).is_pending());
        deadline.pass();
        drop(lease);
        assert_eq!(alarm.poll(&mut task), Poll::Ready(Ok(0)), "{name}");
        assert_eq!((alarm.wakes(), deadline.polls()), (2, 1), "{name}");
        drop(task);
        assert_sound(&pool);
    }
}

#[test]
fn what_comes_after_the_deadline_is_the_next_ones() {
    for (name, get) in TIMED {
        let world = World::new();
        let pool = world.pool(1);
        let lease = pool.get().expect("room");
        let deadline = Deadline::default();
        let mut task = get(&pool, &deadline);
        assert!(poll(&mut task).is_pending());
        let waiter = start_waiter(&pool, |pool| pool.get().expect("open").id);
        deadline.pass();
        assert!(block_on(task).is_err_and(|error| error.is_timeout()), "{name}");
        assert_eq!(pool.status().waiting(), 1);
        drop(lease);
        assert_eq!(joined(waiter), 0, "{name}");
        assert_sound(&pool);
    }
}

#[test]
fn a_close_before_the_deadline_is_a_close() {
    for (name, get) in TIMED {
        let world = World::new();
        let pool = world.pool(1);
        let lease = pool.get().expect("room");
        let deadline = Deadline::default();
        let mut task = get(&pool, &deadline);
        assert!(poll(&mut task).is_pending());
        pool.close();
        deadline.pass();
        assert_eq!(poll(&mut task), Poll::Ready(Err(GetError::Unavailable(Unavailable::Closed))), "{name}");
        drop(lease);
        assert_eq!(world.freed(), [0]);
    }
}

#[test]
fn a_deadline_is_dropped_with_its_get_and_its_panic_is_the_callers() {
    let world = World::new();
    let pool = world.pool(1);
    let lease = pool.get().expect("room");
    let held = Arc::new(());
    let token = Arc::clone(&held);
    let mut task = Box::pin(pool.get_async_until(async move {
        pending::<()>().await;
        drop(token);
    }));
    assert!(poll(&mut task).is_pending());
    assert_eq!((Arc::strong_count(&held), pool.status().waiting()), (2, 1));
    drop(task);
    assert_eq!((Arc::strong_count(&held), pool.status().waiting()), (1, 0));
    let mut task = Box::pin(pool.get_async_until(async { resume_unwind(Box::new(7)) }));
    catch_unwind(AssertUnwindSafe(|| poll(&mut task).is_ready())).expect_err("it is the deadline's panic");
    assert_eq!(pool.status().waiting(), 0, "it has left");
    drop((task, lease));
    assert_sound(&pool);
}
