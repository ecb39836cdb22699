//! Close, and the drop of the last handle, which is the same.

use crate::threads::{LIMIT, joined, start, start_waiter};
use crate::world::{Refused, TestPool, World, located, the_stripe};
use core::time::Duration;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Barrier, Mutex};
use striped_pool::{GetError, Pool, PoolConfig, Unavailable};

const CLOSED: GetError<Refused> = GetError::Unavailable(Unavailable::Closed);

/// Everything is gone: the pool's resources, and what the pool held of the world.
#[track_caller]
fn assert_gone(world: &Arc<World>) {
    assert_eq!((world.live(), world.freed_sorted()), (0, (0..world.made()).collect()), "each freed, and once");
    assert_eq!(Arc::strong_count(world), 1, "nothing of the pool is left");
}

#[test]
fn close_tells_all_who_wait_on_every_stripe() {
    for stripes in [1, 3] {
        let world = World::new();
        let pool = world.striped(3, stripes);
        let leases: Vec<_> = (0..3).map(|_| pool.get().expect("room")).collect();
        let waiters: Vec<_> = (0..9)
            .map(|number| {
                start_waiter(&pool, move |pool| match number % 3 {
                    0 => pool.get().map(|lease| lease.id),
                    1 => pool.get_timeout(Duration::from_secs(3600)).map(|lease| lease.id),
                    _ => pool.get_owned().map(|lease| lease.id),
                })
            })
            .collect();
        pool.close();
        assert_eq!(pool.status().waiting(), 0);
        waiters.into_iter().for_each(|waiter| assert_eq!(joined(waiter), Err(CLOSED)));
        assert_eq!(world.live(), 3, "close does not wait for leases, and leaves them alone");
        drop(leases);
        assert_eq!((world.live(), world.made()), (0, 3));
        drop(pool);
        assert_gone(&world);
    }
}

#[test]
fn close_frees_what_is_idle_now_and_what_is_lent_when_it_comes_back() {
    for stripes in [1, 2] {
        let world = World::new();
        let pool = world.striped(6, stripes);
        let mut leases: Vec<_> = (0..6).map(|_| pool.get().expect("room")).collect();
        let kept = leases.split_off(3);
        drop(leases);
        assert!(!pool.is_closed() && !pool.status().is_closed());
        pool.close();
        assert!(pool.is_closed() && pool.status().is_closed());
        assert_eq!((world.freed_sorted(), pool.status().idle()), (vec![0, 1, 2], 0));
        for lease in kept {
            let id = lease.id;
            drop(lease);
            assert_eq!(world.freed().last(), Some(&id));
        }
        assert_eq!((pool.status().out(), pool.status().idle()), (0, 0));
        drop(pool);
        assert_gone(&world);
    }
}

#[test]
fn closing_again_does_nothing() {
    let world = World::new();
    let pool = world.striped(2, 2);
    let lease = pool.get().expect("room");
    pool.close();
    let status = pool.status();
    pool.close();
    pool.clone().close();
    assert_eq!((pool.status(), world.live()), (status, 1));
    assert_eq!((pool.reap(), pool.drain()), (0, 0));
    drop(lease);
    assert_eq!(world.freed(), [0]);
}

#[test]
fn leases_of_a_closed_pool_can_be_discarded_and_detached() {
    let world = World::new();
    let pool = world.pool(3);
    let (first, second) = (pool.get().expect("room"), pool.get_owned().expect("room"));
    let third = pool.get().expect("room");
    pool.close();
    first.discard();
    let detached = second.detach();
    drop(third);
    assert_eq!((world.freed(), world.live(), pool.status().out()), (vec![0, 2], 1, 0));
    drop(detached);
}

/// Both ends of a create that says when it begins and waits to be told to finish.
struct SlowCreate {
    pool: TestPool,
    begun: Receiver<()>,
    finish: Sender<()>,
}

fn slow_create(world: &Arc<World>) -> SlowCreate {
    let (maker, ender) = (Arc::clone(world), Arc::clone(world));
    let (begin, begun) = channel();
    let (finish, finished) = channel();
    let finished = Mutex::new(finished);
    let create = move || {
        begin.send(()).expect("the test listens");
        finished.lock().expect("not poisoned").recv_timeout(LIMIT).expect("the test says when");
        Ok(maker.make())
    };
    let config = PoolConfig::builder(1, create).free(move |resource| ender.end(resource));
    SlowCreate { pool: Pool::new(config.build().expect("the settings are valid")), begun, finish }
}

#[test]
fn a_create_that_finishes_after_the_close_is_lent_and_freed_when_it_comes_back() {
    let world = World::new();
    let SlowCreate { pool, begun, finish } = slow_create(&world);
    let creator = start(&pool, Pool::get_owned);
    begun.recv().expect("the create begins");
    pool.close();
    assert_eq!(pool.get().map(|lease| lease.id), Err(CLOSED));
    finish.send(()).expect("the create waits");
    let lease = joined(creator).expect("it is lent");
    assert_eq!((lease.id, world.live()), (0, 1));
    drop(lease);
    assert_eq!(world.freed(), [0]);
    drop(pool);
    assert_gone(&world);
}

#[test]
fn the_time_of_a_wait_that_runs_out_before_the_close_is_timed_out() {
    let pool = World::new().pool(1);
    let lease = pool.get().expect("room");
    assert!(pool.get_timeout(Duration::from_millis(1)).is_err_and(|error| error.is_timeout()));
    pool.close();
    assert!(pool.get_timeout(Duration::from_millis(1)).is_err_and(|error| error.is_closed()));
    drop(lease);
}

#[test]
fn the_drop_of_the_last_handle_closes_and_clones_keep_it_open() {
    for stripes in [1, 2] {
        let world = World::new();
        let pool = world.striped(2, stripes);
        let clone = pool.clone();
        let lease = pool.get_owned().expect("room");
        drop(pool.get_owned().expect("room"));
        drop(pool);
        assert_eq!((clone.is_closed(), world.live(), clone.status().idle()), (false, 2, 1), "a clone is left");
        assert!(clone.try_get().is_ok());
        drop(clone);
        assert_eq!((world.live(), world.freed()), (1, vec![1]), "closed: what is idle is freed");
        drop(lease);
        assert_gone(&world);
    }
}

/// A waiter on the last stripe and an idle resource on the first: its free must not hold up the waiter's answer.
#[test]
fn close_tells_those_who_wait_before_it_frees() {
    let world = World::new();
    let (maker, ender) = (Arc::clone(&world), Arc::clone(&world));
    let (go, gone) = channel::<()>();
    let gone = Mutex::new(gone);
    let free = move |resource| {
        gone.lock().expect("not poisoned").recv_timeout(LIMIT).expect("the test says when");
        ender.end(resource);
    };
    let config = PoolConfig::builder(2, move || Ok(maker.make())).stripes(2).free(free);
    let pool = Pool::new(config.build().expect("the settings are valid"));
    let (waiter, lease) = loop {
        let leases = [located(&pool), located(&pool)];
        let waiter = start_waiter(&pool, |pool| pool.get().map(|lease| lease.id));
        let home = the_stripe(&pool.status(), |stripe| stripe.waiting == 1);
        let (at_home, away): (Vec<_>, Vec<_>) = leases.into_iter().partition(|(stripe, _)| *stripe == home);
        drop(away);
        if home == 1 {
            break (waiter, at_home);
        }
        drop(at_home);
        joined(waiter).expect("served");
    };
    let closer = start(&pool, Pool::close);
    assert_eq!(joined(waiter), Err(CLOSED), "told while the free still waits");
    go.send(()).expect("the free waits");
    joined(closer);
    go.send(()).expect("the pool is there");
    drop(lease);
    assert_eq!(world.live(), 0);
}

#[test]
fn handles_are_of_one_pool() {
    let world = World::new();
    let pool = world.pool(1);
    let clone = pool.clone();
    let lease = pool.get().expect("room");
    assert!(clone.try_get().is_err_and(|error| error.is_exhausted()));
    drop(lease);
    assert_eq!(pool.status(), clone.status());
    clone.close();
    assert!(pool.is_closed());
}

#[test]
fn pools_that_come_and_go_with_everything_in_use_leave_nothing() {
    for round in 0..50 {
        let world = World::new();
        let pool = world.striped(4, 1 + round % 3);
        let gate = Arc::new(Barrier::new(5));
        let users: Vec<_> = (0..4)
            .map(|_| {
                let gate = Arc::clone(&gate);
                start(&pool, move |pool| {
                    gate.wait();
                    while let Ok(mut lease) = pool.get() {
                        assert!(!core::mem::replace(&mut lease.is_held, true), "two threads hold the same resource");
                        lease.is_held = false;
                    }
                })
            })
            .collect();
        gate.wait();
        pool.close();
        users.into_iter().for_each(joined);
        drop(pool);
        assert_gone(&world);
    }
}
