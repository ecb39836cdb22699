//! Every kind of get: what it answers when there is something, when there is nothing, and when the pool is closed.

use crate::threads::{joined, start, start_waiter};
use crate::world::{Refused, TestPool, World, assert_at_rest, assert_sound, located, the_stripe};
use core::time::Duration;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier};
use std::time::Instant;
use striped_pool::{GetError, Pool, PoolConfig, Unavailable, WaitedFor};

type Answer = Result<u32, GetError<Refused>>;
type Get = fn(&TestPool) -> Answer;

/// Long enough to see that something waits, short enough to wait for.
const SHORT: Duration = Duration::from_millis(20);

/// The kinds of get that wait for ever, or as good as.
const PATIENT: [(&str, Get); 6] = [
    ("get", |pool| pool.get().map(|lease| lease.id)),
    ("get_owned", |pool| pool.get_owned().map(|lease| lease.id)),
    ("with", |pool| pool.with(|resource| resource.id)),
    ("get_timeout(MAX)", |pool| pool.get_timeout(Duration::MAX).map(|lease| lease.id)),
    ("get_owned_timeout(MAX)", |pool| pool.get_owned_timeout(Duration::MAX).map(|lease| lease.id)),
    ("with_timeout(MAX)", |pool| pool.with_timeout(Duration::MAX, |resource| resource.id)),
];

/// The kinds of get that wait for a while.
const TIMED: [(&str, Get); 6] = [
    ("get_timeout", |pool| pool.get_timeout(SHORT).map(|lease| lease.id)),
    ("get_owned_timeout", |pool| pool.get_owned_timeout(SHORT).map(|lease| lease.id)),
    ("with_timeout", |pool| pool.with_timeout(SHORT, |resource| resource.id)),
    ("get_timeout(ZERO)", |pool| pool.get_timeout(Duration::ZERO).map(|lease| lease.id)),
    ("get_owned_timeout(ZERO)", |pool| pool.get_owned_timeout(Duration::ZERO).map(|lease| lease.id)),
    ("with_timeout(ZERO)", |pool| pool.with_timeout(Duration::ZERO, |resource| resource.id)),
];

/// The kinds of get that do not wait.
const TRYING: [(&str, Get); 3] = [
    ("try_get", |pool| pool.try_get().map(|lease| lease.id)),
    ("try_get_owned", |pool| pool.try_get_owned().map(|lease| lease.id)),
    ("try_with", |pool| pool.try_with(|resource| resource.id)),
];

fn every_get() -> impl Iterator<Item = (&'static str, Get)> {
    PATIENT.into_iter().chain(TIMED).chain(TRYING)
}

#[test]
fn every_get_creates_when_there_is_room_and_reuses_what_is_idle() {
    for (name, get) in every_get() {
        let world = World::new();
        let pool = world.pool(1);
        assert_eq!(get(&pool), Ok(0), "{name}");
        assert_eq!(get(&pool), Ok(0), "{name}");
        assert_eq!((world.made(), pool.status().idle()), (1, 1), "{name}");
        assert_sound(&pool);
    }
}

#[test]
fn idle_resources_are_lent_before_new_ones_are_made_newest_first() {
    let world = World::new();
    let pool = world.pool(3);
    drop((pool.get().expect("room"), pool.get().expect("room")));
    assert_eq!(pool.with(|resource| resource.id), Ok(1), "given back last, lent first");
    assert_eq!(world.made(), 2);
    assert_sound(&pool);
}

#[test]
fn an_exhausted_pool_answers_exhausted_to_those_who_do_not_wait() {
    for stripes in [1, 3] {
        let world = World::new();
        let pool = world.striped(3, stripes);
        let leases: Vec<_> = (0..3).map(|_| pool.get().expect("room")).collect();
        for (name, get) in TRYING {
            let answer = get(&pool);
            assert_eq!(answer, Err(GetError::Unavailable(Unavailable::Exhausted)), "{name}");
            assert!(answer.is_err_and(|error| error.is_exhausted() && !error.is_timeout() && !error.is_closed()));
        }
        assert_eq!((world.made(), pool.status().waiting()), (3, 0));
        drop(leases);
        assert_sound(&pool);
    }
}

#[test]
fn an_exhausted_pool_answers_timed_out_to_those_whose_time_is_over() {
    for stripes in [1, 3] {
        let world = World::new();
        let pool = world.striped(3, stripes);
        let leases: Vec<_> = (0..3).map(|_| pool.get().expect("room")).collect();
        for (name, get) in TIMED {
            let start = Instant::now();
            let answer = get(&pool);
            let timeout = answer.as_ref().err().and_then(GetError::timeout).expect(name);
            assert_eq!((timeout.waited_for, timeout.status.out()), (WaitedFor::Resource, 3), "{name}");
            assert!(answer.is_err_and(|error| error.is_timeout() && !error.is_exhausted() && !error.is_closed()));
            assert!(name.contains("ZERO") || start.elapsed() >= SHORT, "{name} gave up too early");
            assert_eq!(pool.status().waiting(), 0, "{name} left its place in the queue");
        }
        drop(leases);
        assert_eq!(world.made(), 3);
        assert_sound(&pool);
    }
}

#[test]
fn every_get_that_waits_is_served_by_the_next_that_is_given_back() {
    let for_long: [(&str, Get); 3] = [
        ("get_timeout", |pool| pool.get_timeout(Duration::from_secs(3600)).map(|lease| lease.id)),
        ("get_owned_timeout", |pool| pool.get_owned_timeout(Duration::from_secs(3600)).map(|lease| lease.id)),
        ("with_timeout", |pool| pool.with_timeout(Duration::from_secs(3600), |resource| resource.id)),
    ];
    for (name, get) in PATIENT.into_iter().chain(for_long) {
        let world = World::new();
        let pool = world.pool(1);
        let lease = pool.get().expect("room");
        let waiter = start_waiter(&pool, get);
        drop(lease);
        assert_eq!(joined(waiter), Ok(0), "{name}");
        assert_eq!(world.made(), 1, "{name}");
        assert_sound(&pool);
    }
}

#[test]
fn a_closed_pool_answers_closed_to_every_get() {
    for stripes in [1, 2] {
        for (name, get) in every_get() {
            let pool = World::new().striped(2, stripes);
            pool.close();
            let answer = get(&pool);
            assert_eq!(answer, Err(GetError::Unavailable(Unavailable::Closed)), "{name}");
            assert!(answer.is_err_and(|error| error.is_closed() && !error.is_exhausted() && !error.is_timeout()));
        }
    }
}

#[test]
fn a_closed_pool_with_everything_lent_answers_closed_too() {
    for (name, get) in every_get() {
        let pool = World::new().pool(1);
        let lease = pool.get().expect("room");
        pool.close();
        assert_eq!(get(&pool), Err(GetError::Unavailable(Unavailable::Closed)), "{name}");
        drop(lease);
    }
}

/// A thread that is at home on the stripe where somebody else has taken everything.
#[test]
fn get_tries_the_other_stripes_before_it_waits() {
    for (name, get) in every_get() {
        let world = World::new();
        let pool = world.striped(4, 4);
        let own = pool.get_owned().expect("room at home");
        let home = the_stripe(&pool.status(), |stripe| stripe.out == 1);
        assert_eq!(get(&pool), Ok(1), "{name}: a new one from another stripe");
        let next = the_stripe(&pool.status(), |stripe| stripe.idle == 1);
        assert_eq!(next, (home + 1) % 4, "{name}: the others in turn");
        assert_eq!(get(&pool), Ok(1), "{name}: an idle one of another stripe, rather than a new one of a third");
        assert_eq!(world.made(), 2);
        drop(own);
        assert_sound(&pool);
    }
}

#[test]
fn a_get_reaches_the_last_stripe_that_has_something() {
    let world = World::new();
    let pool = world.striped(5, 5);
    let reach_each = |pool: &TestPool| {
        let mut leases: Vec<_> = (0..5).map(|_| pool.get().expect("each stripe has one")).collect();
        for _ in 0..5 {
            // Only one is free, on a different stripe each time.
            let free = leases.remove(0);
            let expected = free.id;
            drop(free);
            let lease = pool.try_get().expect("wherever it is");
            assert_eq!(lease.id, expected, "the only one that is idle");
            leases.push(lease);
        }
    };
    reach_each(&pool);
    // From another home, too: before the first there is no stripe, behind the last none.
    (0..2).for_each(|_| joined(start(&pool, reach_each)));
    assert_eq!(world.made(), 5);
    assert_sound(&pool);
}

#[test]
fn a_wait_is_at_home_and_ends_when_home_has_something() {
    let world = World::new();
    let pool = world.striped(2, 2);
    let leases = [located(&pool), located(&pool)];
    let waiter = start_waiter(&pool, |pool| pool.get().expect("open").id);
    let home = the_stripe(&pool.status(), |stripe| stripe.waiting == 1);
    let (at_home, away): (Vec<_>, Vec<_>) = leases.into_iter().partition(|(stripe, _)| *stripe == home);
    drop(away);
    let status = pool.status();
    assert_eq!(status.stripes[1 - home].idle, 1, "it came back to the other stripe and wakes nobody here");
    assert_eq!(status.stripes[home].waiting, 1);
    let expected = at_home[0].1.id;
    drop(at_home);
    assert_eq!(joined(waiter), expected);
    assert_sound(&pool);
}

/// A thread can be unparked by whoever knows it, and a late unpark of an earlier wait can be left over.
#[test]
fn an_unpark_out_of_nowhere_ends_no_wait() {
    let for_long: Get = |pool| pool.get_timeout(Duration::from_secs(3600)).map(|lease| lease.id);
    for get in [PATIENT[0].1, for_long] {
        let world = World::new();
        let pool = world.pool(1);
        let lease = pool.get().expect("room");
        let waiter = start_waiter(&pool, move |pool| {
            std::thread::current().unpark();
            get(pool)
        });
        std::thread::sleep(SHORT);
        waiter.thread().unpark();
        std::thread::sleep(SHORT);
        assert_eq!((waiter.is_finished(), pool.status().waiting()), (false, 1));
        drop(lease);
        assert_eq!(joined(waiter), Ok(0));
        assert_sound(&pool);
    }
}

/// A pool whose create fails while the counter of failures to come is not 0.
fn failing(world: &Arc<World>, failures: u32) -> TestPool {
    let (maker, ender, left) = (Arc::clone(world), Arc::clone(world), AtomicU32::new(failures));
    let create = move || match left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)) {
        Ok(_) => Err(Refused("no")),
        Err(_) => Ok(maker.make()),
    };
    let config = PoolConfig::builder(1, create).free(move |resource| ender.end(resource));
    Pool::new(config.build().expect("the settings are valid"))
}

#[test]
fn a_failed_create_is_its_callers_error_and_frees_the_room() {
    for (name, get) in every_get() {
        let world = World::new();
        let pool = failing(&world, 1);
        let answer = get(&pool);
        assert_eq!(answer, Err(GetError::Create(Refused("no"))), "{name}");
        assert!(answer.is_err_and(|error| !error.is_closed() && !error.is_exhausted() && !error.is_timeout()));
        assert_at_rest(&pool.status());
        assert_eq!(get(&pool), Ok(0), "{name}: the second create succeeds");
        assert_sound(&pool);
    }
}

/// A create that fails twice, the first time only when it is told to.
#[test]
fn the_permit_of_a_failed_create_goes_to_the_next_waiter() {
    let world = World::new();
    let (maker, ender, calls) = (Arc::clone(&world), Arc::clone(&world), AtomicU32::new(0));
    let (gate, is_open) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    let (begun, go) = (Arc::clone(&gate), Arc::clone(&is_open));
    let create = move || match calls.fetch_add(1, Ordering::SeqCst) {
        0 => {
            begun.wait();
            go.wait();
            Err(Refused("first"))
        }
        1 => Err(Refused("second")),
        _ => Ok(maker.make()),
    };
    let config = PoolConfig::builder(1, create).free(move |resource| ender.end(resource));
    let pool = Pool::new(config.build().expect("the settings are valid"));
    let get = |pool: &TestPool| pool.get().map(|lease| lease.id);
    let first = start(&pool, get);
    gate.wait();
    let (second, third) = (start_waiter(&pool, get), start_waiter(&pool, get));
    is_open.wait();
    assert_eq!(joined(first), Err(GetError::Create(Refused("first"))));
    assert_eq!(joined(second), Err(GetError::Create(Refused("second"))));
    assert_eq!(joined(third), Ok(0), "two failures later");
    assert_sound(&pool);
}

#[test]
fn a_deadline_bounds_the_wait_and_not_the_create() {
    let slow = || {
        std::thread::sleep(SHORT);
        Ok::<_, Refused>(7)
    };
    let pool = Pool::new(PoolConfig::builder(1, slow).build().expect("valid"));
    let start = Instant::now();
    assert_eq!(pool.get_timeout(Duration::ZERO).map(|lease| *lease), Ok(7));
    assert!(start.elapsed() >= SHORT, "the create took its time");
    assert_sound(&pool);
}

#[test]
fn with_answers_with_what_the_work_answers_and_may_change_the_resource() {
    let pool = Pool::new(PoolConfig::builder(1, || Ok::<_, Refused>(String::new())).build().expect("valid"));
    assert_eq!(pool.with(|text| text.push('a')), Ok(()));
    assert_eq!(pool.with_timeout(SHORT, |text| text.push('b')), Ok(()));
    assert_eq!(pool.try_with(core::mem::take), Ok(String::from("ab")));
    assert_eq!(pool.with(|text| text.len()), Ok(0));
    assert_sound(&pool);
}
