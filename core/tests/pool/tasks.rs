//! Every kind of get for tasks: what it answers when there is something, nothing, or the pool is closed.
//!
//! The twin of `getting.rs`; deadlines are in `deadlines.rs`. A task is polled by the test itself where order matters, else awaited on a thread that parks.

use crate::tasks::{Alarm, at_once, block_on, poll};
use crate::threads::{LIMIT, joined, start};
use crate::world::{Refused, TestPool, World, assert_sound, located, the_stripe};
use core::future::pending;
use core::pin::Pin;
use core::task::Poll;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::scope;
use std::time::Instant;
use striped_pool::{GetError, Pool, PoolConfig, Unavailable};

pub(crate) type Answer = Result<u32, GetError<Refused>>;
pub(crate) type Task<'a> = Pin<Box<dyn Future<Output = Answer> + Send + 'a>>;
pub(crate) type Get = fn(&TestPool) -> Task<'_>;

/// All of them, with deadlines that never come.
pub(crate) const GETS: [(&str, Get); 4] = [
    ("get_async", |pool| Box::pin(async { pool.get_async().await.map(|lease| lease.id) })),
    ("get_owned_async", |pool| Box::pin(async { pool.get_owned_async().await.map(|lease| lease.id) })),
    ("get_async_until", |pool| Box::pin(async { pool.get_async_until(pending()).await.map(|lease| lease.id) })),
    ("get_owned_async_until", |pool| {
        Box::pin(async { pool.get_owned_async_until(pending()).await.map(|lease| lease.id) })
    }),
];

#[test]
fn every_get_creates_when_there_is_room_and_reuses_what_is_idle() {
    for (name, get) in GETS {
        let world = World::new();
        let pool = world.pool(1);
        assert_eq!(at_once(get(&pool)), Ok(0), "{name}");
        assert_eq!(at_once(get(&pool)), Ok(0), "{name}");
        assert_eq!((world.made(), pool.status().idle()), (1, 1), "{name}");
        assert_sound(&pool);
    }
}

#[test]
fn every_get_waits_and_is_served_by_the_next_that_is_given_back() {
    for (name, get) in GETS {
        let world = World::new();
        let pool = world.pool(1);
        let lease = pool.get().expect("room");
        let (mut task, alarm) = (get(&pool), Alarm::new());
        assert_eq!(pool.status().waiting(), 0, "{name} does nothing before it is polled");
        assert!(alarm.poll(&mut task).is_pending());
        assert_eq!((pool.status().waiting(), alarm.wakes()), (1, 0), "{name}");
        drop(lease);
        assert_eq!((pool.status().waiting(), alarm.wakes()), (0, 1), "{name}");
        assert_eq!(alarm.poll(&mut task), Poll::Ready(Ok(0)), "{name}");
        drop(task);
        assert_eq!(world.made(), 1);
        assert_sound(&pool);
    }
}

#[test]
fn tasks_on_threads_are_served_one_after_the_other() {
    let world = World::new();
    let pool = world.pool(2);
    let tasks: Vec<_> = (0..8)
        .map(|number: usize| {
            start(&pool, move |pool| {
                for round in 0..200 {
                    block_on(GETS[(number + round) % 4].1(pool)).expect("open");
                }
            })
        })
        .collect();
    tasks.into_iter().for_each(joined);
    assert!(world.most() <= 2);
    assert_sound(&pool);
}

#[test]
fn a_get_that_is_dropped_leaves_nothing_behind() {
    for (name, get) in GETS {
        let world = World::new();
        let pool = world.pool(1);
        drop(get(&pool));
        assert_eq!((world.made(), pool.status().available()), (0, 1), "{name}: never polled");
        let lease = pool.get().expect("room");
        let (mut waiting, mut woken, mut next, alarm) = (get(&pool), get(&pool), get(&pool), Alarm::new());
        assert!(alarm.poll(&mut waiting).is_pending());
        assert!(alarm.poll(&mut woken).is_pending());
        assert!(alarm.poll(&mut next).is_pending());
        drop(waiting);
        assert_eq!((pool.status().waiting(), alarm.wakes()), (2, 0), "{name}: waiting");
        drop(lease);
        assert_eq!((pool.status().waiting(), alarm.wakes()), (1, 1), "{name}: woken");
        drop(woken);
        assert_eq!((pool.status().waiting(), alarm.wakes()), (0, 2), "{name}: what it was handed is the next one's");
        assert_eq!(alarm.poll(&mut next), Poll::Ready(Ok(0)));
        drop(next);
        assert_eq!(world.made(), 1);
        assert_sound(&pool);
    }
}

#[test]
fn a_closed_pool_answers_closed_and_a_close_ends_the_wait() {
    for (name, get) in GETS {
        let world = World::new();
        let pool = world.pool(1);
        let lease = pool.get().expect("room");
        let (mut task, alarm) = (get(&pool), Alarm::new());
        assert!(alarm.poll(&mut task).is_pending());
        pool.close();
        assert_eq!(alarm.wakes(), 1);
        let answer = alarm.poll(&mut task);
        assert_eq!(answer, Poll::Ready(Err(GetError::Unavailable(Unavailable::Closed))), "{name}");
        assert_eq!(at_once(get(&pool)), Err(GetError::Unavailable(Unavailable::Closed)), "{name}");
        assert!(at_once(get(&pool)).is_err_and(|error| error.is_closed() && !error.is_timeout()));
        drop(lease);
        assert_eq!(world.freed(), [0]);
    }
}

/// A pool of one whose `n`-th create first does what it is told for `n`.
fn troubled(world: &Arc<World>, before: impl Fn(u32) -> Result<(), Refused> + Send + Sync + 'static) -> TestPool {
    let (maker, ender, calls) = (Arc::clone(world), Arc::clone(world), AtomicU32::new(0));
    let create = move || before(calls.fetch_add(1, Ordering::SeqCst)).map(|()| maker.make());
    Pool::new(PoolConfig::builder(1, create).free(move |resource| ender.end(resource)).build().expect("valid"))
}

/// One lease, and two tasks behind it. Discarded, it leaves its room to the first.
#[test]
fn a_failed_create_is_its_callers_and_its_room_the_next_ones() {
    for (name, get) in GETS {
        let world = World::new();
        let pool = troubled(&world, |call| if call == 1 { Err(Refused("no")) } else { Ok(()) });
        let lease = pool.get().expect("room");
        let (mut one, mut two, alarm) = (get(&pool), get(&pool), Alarm::new());
        assert!(alarm.poll(&mut one).is_pending());
        assert!(alarm.poll(&mut two).is_pending());
        lease.discard();
        assert_eq!(alarm.wakes(), 1, "{name}");
        assert_eq!(alarm.poll(&mut one), Poll::Ready(Err(GetError::Create(Refused("no")))), "{name}");
        assert_eq!((alarm.wakes(), alarm.poll(&mut two)), (2, Poll::Ready(Ok(1))), "{name}");
        drop((one, two));
        assert_sound(&pool);
    }
}

#[test]
fn a_create_that_panics_in_a_poll_is_its_callers_and_its_room_the_next_ones() {
    for (name, get) in GETS {
        let world = World::new();
        let pool = troubled(&world, |call| if call == 1 { resume_unwind(Box::new(call)) } else { Ok(()) });
        let lease = pool.get().expect("room");
        let (mut one, mut two, alarm) = (get(&pool), get(&pool), Alarm::new());
        assert!(alarm.poll(&mut one).is_pending());
        assert!(alarm.poll(&mut two).is_pending());
        lease.discard();
        let panic = catch_unwind(AssertUnwindSafe(|| alarm.poll(&mut one).is_ready())).expect_err(name);
        assert_eq!(panic.downcast_ref::<u32>(), Some(&1));
        assert_eq!((alarm.wakes(), alarm.poll(&mut two)), (2, Poll::Ready(Ok(1))), "{name}");
        drop((one, two));
        assert_sound(&pool);
    }
}

#[test]
fn a_get_must_not_be_polled_after_it_was_ready() {
    for (name, get) in GETS {
        let world = World::new();
        let pool = world.pool(1);
        let mut task = get(&pool);
        assert_eq!(poll(&mut task), Poll::Ready(Ok(0)));
        catch_unwind(AssertUnwindSafe(|| poll(&mut task).is_ready())).expect_err(name);
        drop(task);
        assert_sound(&pool);
    }
}

#[test]
fn every_get_takes_from_other_stripes_and_waits_at_home() {
    for (name, get) in GETS {
        let world = World::new();
        let pool = world.striped(3, 3);
        let ids: Vec<Answer> = hold_while_getting(&pool, get);
        assert_eq!(ids, [Ok(0), Ok(1), Ok(2)], "{name}: one of each stripe");
        let leases = [located(&pool), located(&pool), located(&pool)];
        let (mut task, alarm) = (get(&pool), Alarm::new());
        assert!(alarm.poll(&mut task).is_pending());
        let home = the_stripe(&pool.status(), |stripe| stripe.waiting == 1);
        let (at_home, away): (Vec<_>, Vec<_>) = leases.into_iter().partition(|(stripe, _)| *stripe == home);
        drop(away);
        assert_eq!((alarm.wakes(), pool.status().idle()), (0, 2), "{name}: it came back elsewhere");
        let id = at_home[0].1.id;
        drop(at_home);
        assert_eq!((alarm.wakes(), alarm.poll(&mut task)), (1, Poll::Ready(Ok(id))), "{name}");
        drop(task);
        assert_eq!(pool.status().stripes[home].idle, 1, "{name}: it went back home");
        assert_sound(&pool);
    }
}

/// A task that waits at `stripe`. It is at home where it is polled first, and threads differ in where they are at home: new ones
/// are started until one is at home there.
#[track_caller]
fn waiting_at<F: Future<Output: Send> + Unpin + Send>(pool: &TestPool, stripe: usize, get: impl Fn() -> F) -> F {
    let start = Instant::now();
    while start.elapsed() < LIMIT {
        let mut task = get();
        let is_pending = scope(|scope| scope.spawn(|| poll(&mut task).is_pending()).join());
        assert!(is_pending.expect("it does not panic"));
        if the_stripe(&pool.status(), |stripe| stripe.waiting == 1) == stripe {
            return task;
        }
    }
    panic!("stripe {stripe} is nobody's home")
}

#[test]
fn a_task_waits_at_the_home_of_its_first_poll() {
    for (name, get) in GETS {
        let world = World::new();
        let pool = world.striped(2, 2);
        let leases = [located(&pool), located(&pool)];
        for home in [0, 1] {
            let mut task = waiting_at(&pool, home, || get(&pool));
            assert!(poll(&mut task).is_pending());
            assert_eq!(pool.status().stripes[home].waiting, 1, "{name}: polled here, it stays where it is");
            assert_eq!(pool.status().waiting(), 1, "{name}");
        }
        drop(leases);
        assert_sound(&pool);
    }
}

#[test]
fn an_owned_lease_of_a_task_goes_back_where_it_came_from_and_outlives_the_pool() {
    let world = World::new();
    let pool = world.striped(2, 2);
    for home in [0, 1] {
        let leases = [located(&pool), located(&pool)];
        let mut task = waiting_at(&pool, home, || Box::pin(pool.get_owned_async()));
        drop(leases);
        let Poll::Ready(Ok(lease)) = poll(&mut task) else { panic!("it was served") };
        let stripes = pool.status().stripes;
        assert_eq!((stripes[home].out, stripes[home].idle, stripes[1 - home].idle), (1, 0, 1));
        drop(lease);
        assert_eq!(pool.status().stripes[home].idle, 1);
    }
    let lease = at_once(pool.get_owned_async()).expect("idle");
    drop(pool);
    assert_eq!((world.live(), world.freed().len()), (1, 1), "what is lent stays");
    drop(lease);
    assert_eq!((world.live(), world.freed().len()), (0, 2));
}

/// What as many tasks get as there are resources, all at once.
fn hold_while_getting(pool: &TestPool, get: Get) -> Vec<Answer> {
    let held: Mutex<Vec<_>> = Mutex::new(Vec::new());
    let count = pool.status().max_resources();
    let answers = (0..count).map(|_| {
        let answer = at_once(get(pool));
        held.lock().expect("not poisoned").push(pool.try_get().expect("it was given back"));
        answer
    });
    let mut answers: Vec<Answer> = answers.collect();
    answers.sort_unstable_by_key(|answer| answer.as_ref().ok().copied());
    answers
}
