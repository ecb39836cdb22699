//! The one-stripe part for authors of other pools: leases, permits, and takes that wait.

use crate::threads::{LIMIT, joined, wait_until};
use crate::world::{Resource, World, is_at_rest};
use core::time::Duration;
use std::sync::Arc;
use std::thread::{JoinHandle, sleep, spawn};
use std::time::Instant;
use striped_pool::{Acquired, CreatePermit, Lease, LocalPool, Unavailable};

fn local(world: &Arc<World>, capacity: u32) -> Arc<LocalPool<Resource>> {
    let ender = Arc::clone(world);
    Arc::new(LocalPool::new(capacity, move |resource| ender.end(resource)))
}

#[track_caller]
fn lease_of<T>(acquired: Result<Acquired<'_, T>, Unavailable>) -> Lease<'_, T> {
    match acquired {
        Ok(Acquired::Lease(lease)) => lease,
        Ok(Acquired::Permit(_)) => panic!("a permit instead of a lease"),
        Err(reason) => panic!("no lease: {reason}"),
    }
}

#[track_caller]
fn permit_of<T>(acquired: Result<Acquired<'_, T>, Unavailable>) -> CreatePermit<'_, T> {
    match acquired {
        Ok(Acquired::Permit(permit)) => permit,
        Ok(Acquired::Lease(_)) => panic!("a lease instead of a permit"),
        Err(reason) => panic!("no permit: {reason}"),
    }
}

#[track_caller]
fn reason_of<T>(acquired: Result<Acquired<'_, T>, Unavailable>) -> Unavailable {
    acquired.map(|_| ()).expect_err("nothing is to be had")
}

/// A thread that waits for the pool, and answers with the id of what it got, or `None` for a permit.
#[track_caller]
fn start_taker(pool: &Arc<LocalPool<Resource>>) -> JoinHandle<Result<Option<u32>, Unavailable>> {
    let before = pool.status().waiting;
    let taker = Arc::clone(pool);
    let thread = spawn(move || {
        taker.acquire().map(|acquired| match acquired {
            Acquired::Lease(lease) => Some(lease.id),
            Acquired::Permit(_) => None,
        })
    });
    wait_until("the thread waits", || pool.status().waiting == before + 1);
    thread
}

#[track_caller]
fn assert_at_rest(pool: &LocalPool<Resource>) {
    assert!(is_at_rest(&pool.status()), "{:?}", pool.status());
}

#[test]
fn a_take_answers_with_a_lease_or_a_permit() {
    let world = World::new();
    let pool = local(&world, 1);
    let permit = permit_of(pool.try_acquire());
    assert_eq!(reason_of(pool.try_acquire()), Unavailable::Exhausted);
    assert_eq!(reason_of(pool.acquire_timeout(Duration::ZERO)), Unavailable::TimedOut);
    let lease = permit.fulfil(world.make());
    assert_eq!((lease.id, pool.status().out), (0, 1));
    drop(lease);
    assert_eq!(lease_of(pool.acquire()).id, 0);
    assert_eq!(lease_of(pool.acquire_timeout(Duration::MAX)).id, 0);
    assert_eq!(lease_of(pool.acquire_timeout(Duration::ZERO)).id, 0);
    assert_eq!(lease_of(pool.enqueue().wait()).id, 0);
    assert_at_rest(&pool);
}

#[test]
fn a_dropped_permit_goes_to_the_next_waiter_and_then_back() {
    let world = World::new();
    let pool = local(&world, 1);
    let permit = permit_of(pool.acquire());
    let (first, second) = (start_taker(&pool), start_taker(&pool));
    drop(permit);
    assert_eq!((joined(first), joined(second)), (Ok(None), Ok(None)), "each drops it in turn");
    assert_eq!(pool.status().available, 1);
    assert_at_rest(&pool);
}

#[test]
fn permits_may_be_fulfilled_and_dropped_by_other_threads() {
    let world = World::new();
    let pool = local(&world, 2);
    let (first, second) = (permit_of(pool.acquire()), permit_of(pool.acquire()));
    let made = world.make();
    std::thread::scope(|scope| {
        scope.spawn(move || drop(first.fulfil(made)));
        scope.spawn(move || drop(second));
    });
    assert_eq!((pool.status().idle, pool.status().available), (1, 1));
    assert_at_rest(&pool);
}

#[test]
fn a_pending_take_may_have_its_answer_already() {
    let world = World::new();
    let pool = local(&world, 2);
    let pending = pool.enqueue();
    assert_eq!((pool.status().out, pool.status().waiting), (1, 0), "served at once");
    drop(permit_of(pending.wait_timeout(Duration::ZERO)).fulfil(world.make()));
    let pending = pool.enqueue();
    assert_eq!(lease_of(pending.wait()).id, 0);
    assert_at_rest(&pool);
}

#[test]
fn a_pending_take_dropped_before_its_turn_leaves_the_queue() {
    let world = World::new();
    let pool = local(&world, 1);
    let lease = permit_of(pool.acquire()).fulfil(world.make());
    let (first, second, third) = (pool.enqueue(), pool.enqueue(), pool.enqueue());
    assert_eq!(pool.status().waiting, 3);
    drop(second);
    assert_eq!(pool.status().waiting, 2);
    drop(first);
    drop(lease);
    assert_eq!(lease_of(third.wait()).id, 0, "the oldest that is left");
    assert_at_rest(&pool);
}

#[test]
fn a_resource_handed_to_a_dropped_take_goes_to_the_next_waiter() {
    let world = World::new();
    let pool = local(&world, 1);
    let lease = permit_of(pool.acquire()).fulfil(world.make());
    let (first, second) = (pool.enqueue(), pool.enqueue());
    drop(lease);
    assert_eq!((pool.status().waiting, pool.status().out), (1, 1), "handed to the first");
    drop(first);
    assert_eq!((pool.status().waiting, pool.status().out), (0, 1), "and on to the second");
    drop(second);
    assert_eq!((pool.status().idle, world.freed()), (1, vec![]));
    assert_at_rest(&pool);
}

#[test]
fn a_permit_handed_to_a_dropped_take_goes_to_the_next_waiter() {
    let world = World::new();
    let pool = local(&world, 1);
    let permit = permit_of(pool.acquire());
    let (first, second) = (pool.enqueue(), pool.enqueue());
    let third = start_taker(&pool);
    drop(permit);
    assert_eq!(pool.status().waiting, 2);
    drop(first);
    drop(second);
    assert_eq!(joined(third), Ok(None));
    assert_at_rest(&pool);
}

#[test]
fn what_is_handed_to_a_take_of_a_closed_pool_is_freed() {
    let world = World::new();
    let pool = local(&world, 1);
    let lease = permit_of(pool.acquire()).fulfil(world.make());
    let pending = pool.enqueue();
    drop(lease);
    pool.close();
    assert_eq!(world.live(), 1, "handed over before the close: it is the taker's");
    drop(pending);
    assert_eq!((world.freed(), pool.status().out), (vec![0], 0));
}

#[test]
fn a_pending_take_that_was_served_before_the_close_is_lent() {
    let world = World::new();
    let pool = local(&world, 1);
    let lease = permit_of(pool.acquire()).fulfil(world.make());
    let pending = pool.enqueue();
    drop(lease);
    pool.close();
    let lease = lease_of(pending.wait());
    assert_eq!(lease.id, 0);
    drop(lease);
    assert_eq!(world.freed(), [0]);
}

#[test]
fn takes_time_out_without_a_trace() {
    let world = World::new();
    let pool = local(&world, 1);
    let lease = permit_of(pool.acquire()).fulfil(world.make());
    assert_eq!(reason_of(pool.enqueue().wait_timeout(Duration::ZERO)), Unavailable::TimedOut);
    assert_eq!(reason_of(pool.enqueue().wait_timeout(Duration::from_millis(5))), Unavailable::TimedOut);
    assert_eq!(pool.status().waiting, 0);
    drop(lease);
    assert_eq!(pool.status().idle, 1);
    assert_at_rest(&pool);
}

#[test]
fn a_take_whose_time_is_over_still_gets_what_was_handed_to_it() {
    let world = World::new();
    let pool = local(&world, 1);
    let lease = permit_of(pool.acquire()).fulfil(world.make());
    let pending = pool.enqueue();
    drop(lease);
    assert_eq!(lease_of(pending.wait_timeout(Duration::ZERO)).id, 0);
    assert_at_rest(&pool);
}

#[test]
fn a_closed_pool_answers_closed() {
    let world = World::new();
    let pool = local(&world, 1);
    let permit = permit_of(pool.acquire());
    let (waiting, taker) = (pool.enqueue(), start_taker(&pool));
    pool.close();
    pool.close();
    assert_eq!(joined(taker), Err(Unavailable::Closed));
    assert_eq!(reason_of(waiting.wait_timeout(Duration::ZERO)), Unavailable::Closed);
    assert_eq!(reason_of(pool.try_acquire()), Unavailable::Closed);
    assert_eq!(reason_of(pool.acquire()), Unavailable::Closed);
    assert_eq!(reason_of(pool.acquire_timeout(Duration::MAX)), Unavailable::Closed);
    assert_eq!(reason_of(pool.enqueue().wait()), Unavailable::Closed);
    assert_eq!(reason_of(pool.enqueue().wait_timeout(Duration::ZERO)), Unavailable::Closed);
    drop(pool.enqueue());
    drop(permit.fulfil(world.make()));
    assert_eq!((world.freed(), pool.status().is_closed), (vec![0], true));
    assert_eq!(pool.status().out, 0);
}

#[test]
fn sizes_change_and_idle_resources_end() {
    let world = World::new();
    let pool = local(&world, 3);
    let leases: Vec<_> = (0..3).map(|_| permit_of(pool.acquire()).fulfil(world.make())).collect();
    let waiter = start_taker(&pool);
    pool.resize(4);
    assert_eq!(joined(waiter), Ok(None));
    drop(leases);
    pool.resize(2);
    assert_eq!((pool.status().capacity, pool.status().idle, world.freed()), (2, 2, vec![0]));
    pool.resize(0);
    assert_eq!((pool.status().capacity, pool.status().idle), (1, 1), "a zero counts as 1");
    assert_eq!((pool.drain(), world.live()), (1, 0));
    assert_at_rest(&pool);
    assert_eq!(LocalPool::new(0, drop::<u32>).status().capacity, 1);
}

#[test]
fn stale_resources_end_when_they_are_reaped() {
    let world = World::new();
    let ender = Arc::clone(&world);
    let pool = LocalPool::with_ttl(2, Duration::from_nanos(1), move |resource| ender.end(resource));
    drop(permit_of(pool.acquire()).fulfil(world.make()));
    wait_until("it is stale", || pool.reap() == 1);
    assert_eq!(world.freed(), [0]);
    assert_at_rest(&pool);
}

#[test]
fn the_newest_may_be_kept_when_the_others_are_reaped() {
    let world = World::new();
    let ender = Arc::clone(&world);
    let pool = LocalPool::with_ttl(4, Duration::from_nanos(1), move |resource| ender.end(resource));
    let leases: Vec<_> = (0..4).map(|_| permit_of(pool.acquire()).fulfil(world.make())).collect();
    // Given back in this order: 0 is the oldest.
    drop(leases);
    assert_eq!((pool.reap_keeping(4), pool.reap_keeping(u32::MAX)), (0, 0));
    wait_until("all are stale", || pool.reap_keeping(3) == 1);
    assert_eq!((pool.reap_keeping(2), pool.reap_keeping(2), world.freed()), (1, 0, vec![0, 1]));
    assert_eq!((pool.reap(), world.freed_sorted()), (2, vec![0, 1, 2, 3]));
    assert_eq!(LocalPool::new(1, drop::<u32>).reap_keeping(0), 0, "without a time to live nothing is stale");
    assert_at_rest(&pool);
}

#[test]
fn what_a_dropped_take_gives_back_has_just_been_used() {
    const TTL: Duration = Duration::from_millis(100);
    let start = Instant::now();
    // If this thread is held up for a whole time to live the experiment says nothing, and is repeated.
    while start.elapsed() < LIMIT {
        let pool = LocalPool::with_ttl(1, TTL, drop::<u32>);
        let lease = permit_of(pool.acquire()).fulfil(7);
        let pending = pool.enqueue();
        sleep(TTL);
        let given_back = Instant::now();
        drop(lease);
        drop(pending);
        let freed = pool.reap();
        if given_back.elapsed() < TTL {
            assert_eq!((freed, pool.status().idle), (0, 1));
            return;
        }
    }
    panic!("this machine never let the thread run for a whole time to live");
}

#[test]
fn a_local_pool_that_is_dropped_frees_what_is_idle() {
    let world = World::new();
    let pool = local(&world, 2);
    drop((permit_of(pool.acquire()).fulfil(world.make()), permit_of(pool.acquire()).fulfil(world.make())));
    drop(pool);
    assert_eq!((world.live(), world.freed_sorted(), Arc::strong_count(&world)), (0, vec![0, 1], 1));
}

#[test]
fn everything_has_a_debug_form() {
    let pool = LocalPool::with_ttl(2, Duration::from_secs(9), drop::<u32>);
    let permit = permit_of(pool.acquire());
    assert!(format!("{permit:?}").contains("CreatePermit"));
    let acquired = Acquired::Lease(permit.fulfil(3));
    assert!(format!("{acquired:?}").contains("Lease(3)"));
    drop(acquired);
    let (pending, served) = (pool.enqueue(), pool.enqueue());
    assert!(format!("{pool:?} {pending:?} {served:?}").contains("9s"));
    drop((pending, served));
    assert!(is_at_rest(&pool.status()));
}
