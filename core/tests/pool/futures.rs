//! The takes of one stripe as futures: their place in line, their wakers, and what becomes of them when they are dropped.
//!
//! What wakers may do is in `wakers.rs`. Here one thread does everything in a stated order. `loom/futures.rs` has every interleaving.

use crate::tasks::{Alarm, at_once, block_on, poll};
use crate::threads::{joined, wait_until};
use crate::world::{Resource, World, is_at_rest};
use core::any::Any;
use core::cell::Cell;
use core::pin::Pin;
use core::task::Poll;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::thread::spawn;
use striped_pool::{Acquire, Acquired, CreatePermit, Lease, LocalPool, PendingTake, Pool, PoolConfig, Unavailable};

type Answer<'a> = Result<Acquired<'a, Resource>, Unavailable>;

pub(crate) fn local(world: &Arc<World>, capacity: u32) -> Arc<LocalPool<Resource>> {
    let ender = Arc::clone(world);
    Arc::new(LocalPool::new(capacity, move |resource| ender.end(resource)))
}

#[track_caller]
pub(crate) fn lease_of<T>(polled: Poll<Result<Acquired<'_, T>, Unavailable>>) -> Lease<'_, T> {
    match polled {
        Poll::Ready(Ok(Acquired::Lease(lease))) => lease,
        Poll::Ready(Ok(Acquired::Permit(_))) => panic!("a permit instead of a lease"),
        Poll::Ready(Err(reason)) => panic!("no lease: {reason}"),
        Poll::Pending => panic!("it waits"),
    }
}

#[track_caller]
pub(crate) fn permit_of<T>(polled: Poll<Result<Acquired<'_, T>, Unavailable>>) -> CreatePermit<'_, T> {
    match polled {
        Poll::Ready(Ok(Acquired::Permit(permit))) => permit,
        Poll::Ready(Ok(Acquired::Lease(_))) => panic!("a lease instead of a permit"),
        Poll::Ready(Err(reason)) => panic!("no permit: {reason}"),
        Poll::Pending => panic!("it waits"),
    }
}

/// The first resource, lent.
#[track_caller]
pub(crate) fn first<'a>(world: &Arc<World>, pool: &'a LocalPool<Resource>) -> Lease<'a, Resource> {
    permit_of(poll(&mut pool.acquire_async())).fulfil(world.make())
}

#[track_caller]
pub(crate) fn assert_at_rest(pool: &LocalPool<Resource>) {
    assert!(is_at_rest(&pool.status()), "{:?}", pool.status());
}

#[test]
fn a_take_is_ready_at_its_first_poll_if_there_is_something() {
    let world = World::new();
    let pool = local(&world, 1);
    let lease = first(&world, &pool);
    drop(lease);
    assert_eq!(lease_of(poll(&mut pool.acquire_async())).id, 0);
    assert_eq!(lease_of(poll(&mut pool.enqueue())).id, 0);
    pool.close();
    assert_eq!(at_once(pool.acquire_async()).map(drop), Err(Unavailable::Closed));
    assert_eq!(at_once(pool.enqueue()).map(drop), Err(Unavailable::Closed));
    assert_eq!((world.freed(), pool.status().out), (vec![0], 0));
}

#[test]
fn a_take_that_was_never_polled_has_done_nothing() {
    let world = World::new();
    let pool = local(&world, 1);
    let unpolled = pool.acquire_async();
    assert_eq!((pool.status().available, pool.status().out), (1, 0));
    let lease = first(&world, &pool);
    let unpolled_too = pool.acquire_async();
    assert_eq!(pool.status().waiting, 0);
    drop((unpolled, unpolled_too));
    drop(lease);
    assert_at_rest(&pool);
}

#[test]
fn a_take_has_its_place_in_line_from_its_first_poll() {
    let world = World::new();
    let pool = local(&world, 1);
    let lease = first(&world, &pool);
    let (mut early, mut late) = (pool.acquire_async(), pool.acquire_async());
    assert!(poll(&mut late).is_pending());
    assert!(poll(&mut early).is_pending());
    drop(lease);
    assert!(poll(&mut early).is_pending());
    let lease = lease_of(poll(&mut late));
    drop(lease);
    assert_eq!(lease_of(poll(&mut early)).id, 0);
    assert_at_rest(&pool);
}

#[test]
fn polls_in_vain_neither_add_places_nor_move_back_in_line() {
    let world = World::new();
    let pool = local(&world, 1);
    let lease = first(&world, &pool);
    let (mut one, mut three, alarms) = (pool.acquire_async(), pool.acquire_async(), [(); 3].map(|()| Alarm::new()));
    assert!(alarms[0].poll(&mut one).is_pending());
    let mut two = pool.enqueue();
    assert!(alarms[2].poll(&mut three).is_pending());
    for _ in 0..10 {
        assert!(alarms[2].poll(&mut three).is_pending());
        assert!(alarms[1].poll(&mut two).is_pending());
        assert!(alarms[0].poll(&mut one).is_pending());
        assert_eq!(pool.status().waiting, 3);
    }
    let wakes = || alarms.each_ref().map(|alarm| alarm.wakes());
    drop(lease);
    assert_eq!(wakes(), [1, 0, 0], "in the order in which they queued up");
    drop(lease_of(alarms[0].poll(&mut one)));
    assert_eq!(wakes(), [1, 1, 0]);
    drop(lease_of(alarms[1].poll(&mut two)));
    assert_eq!(wakes(), [1, 1, 1]);
    drop(lease_of(alarms[2].poll(&mut three)));
    assert_at_rest(&pool);
}

/// Thread, task, thread, task: served in this order.
#[test]
fn threads_and_tasks_stand_in_one_line() {
    let world = World::new();
    let pool = local(&world, 1);
    let lease = first(&world, &pool);
    let served = Arc::new(Mutex::new(Vec::new()));
    let waiters: Vec<_> = (0..4)
        .map(|number| {
            let (taker, served) = (Arc::clone(&pool), Arc::clone(&served));
            let waiter = spawn(move || {
                let acquired = if number % 2 == 0 { taker.acquire() } else { block_on(taker.acquire_async()) };
                served.lock().expect("not poisoned").push(number);
                drop(acquired.expect("open"));
            });
            wait_until("it waits", || pool.status().waiting == number + 1);
            waiter
        })
        .collect();
    drop(lease);
    waiters.into_iter().for_each(joined);
    assert_eq!(*served.lock().expect("not poisoned"), [0, 1, 2, 3]);
    assert_at_rest(&pool);
}

#[test]
fn only_the_waker_of_the_last_poll_is_woken_and_once() {
    let world = World::new();
    let pool = local(&world, 1);
    for is_place in [false, true] {
        let lease = first_or_idle(&world, &pool);
        let mut take: Pin<Box<dyn Future<Output = Answer<'_>>>> =
            if is_place { Box::pin(pool.enqueue()) } else { Box::pin(pool.acquire_async()) };
        let alarms = [Alarm::new(), Alarm::new(), Alarm::new()];
        for (number, alarm) in alarms.iter().enumerate() {
            assert!(alarm.poll(&mut take).is_pending());
            let held: Vec<bool> = alarms.iter().map(Alarm::is_held).collect();
            assert_eq!(held, [number == 0, number == 1, number == 2], "older ones are dropped at the poll");
        }
        drop(lease);
        let wakes = alarms.each_ref().map(|alarm| alarm.wakes());
        assert_eq!(wakes, [0, 0, 1]);
        assert!(!alarms[2].is_held(), "woken by value");
        assert_eq!(lease_of(alarms[0].poll(&mut take)).id, 0);
        assert_eq!((alarms[0].is_held(), alarms[2].wakes()), (false, 1));
    }
    assert_at_rest(&pool);
}

#[track_caller]
fn first_or_idle<'a>(world: &Arc<World>, pool: &'a LocalPool<Resource>) -> Lease<'a, Resource> {
    match at_once(pool.acquire_async()).expect("something to lend") {
        Acquired::Lease(lease) => lease,
        Acquired::Permit(permit) => permit.fulfil(world.make()),
    }
}

#[test]
fn a_take_that_is_dropped_wakes_nobody_and_lets_go_of_its_waker() {
    let world = World::new();
    let pool = local(&world, 1);
    let lease = first(&world, &pool);
    let (mut take, mut place, alarm) = (pool.acquire_async(), pool.enqueue(), Alarm::new());
    assert!(alarm.poll(&mut take).is_pending());
    assert!(alarm.poll(&mut place).is_pending());
    drop(take);
    drop(place);
    assert_eq!((alarm.wakes(), alarm.is_held(), pool.status().waiting), (0, false, 0));
    drop(lease);
    assert_eq!((alarm.wakes(), pool.status().idle), (0, 1));
    assert_at_rest(&pool);
}

#[test]
fn what_a_dropped_take_was_handed_goes_to_the_next_thread_or_task() {
    for is_task in [false, true] {
        let world = World::new();
        let pool = local(&world, 1);
        let lease = first(&world, &pool);
        let (mut take, alarm) = (pool.acquire_async(), Alarm::new());
        assert!(alarm.poll(&mut take).is_pending());
        let taker = Arc::clone(&pool);
        let next = spawn(move || {
            let acquired = if is_task { block_on(taker.acquire_async()) } else { taker.acquire() };
            matches!(acquired, Ok(Acquired::Lease(_)))
        });
        wait_until("the next one waits", || pool.status().waiting == 2);
        drop(lease);
        assert_eq!((alarm.wakes(), pool.status().waiting), (1, 1), "handed to the take, which is not polled again");
        drop(take);
        assert!(joined(next));
        assert_eq!((alarm.wakes(), world.made()), (1, 1));
        assert_at_rest(&pool);
    }
}

#[test]
fn a_permit_that_a_dropped_take_was_handed_goes_to_the_next_task() {
    let world = World::new();
    let pool = local(&world, 1);
    let permit = permit_of(poll(&mut pool.acquire_async()));
    let (mut one, mut two, mut three, alarm) =
        (pool.acquire_async(), pool.acquire_async(), pool.acquire_async(), Alarm::new());
    assert!(poll(&mut one).is_pending());
    assert!(poll(&mut two).is_pending());
    assert!(alarm.poll(&mut three).is_pending());
    drop(permit);
    drop(permit_of(poll(&mut one)));
    drop(two);
    assert_eq!(alarm.wakes(), 1);
    drop(permit_of(alarm.poll(&mut three)).fulfil(world.make()));
    assert_eq!((pool.status().idle, world.made()), (1, 1));
    assert_at_rest(&pool);
}

#[test]
fn a_close_wakes_those_who_await_and_a_drop_after_it_frees() {
    let world = World::new();
    let pool = local(&world, 2);
    let (one, two) = (first(&world, &pool), first(&world, &pool));
    let (mut handed, mut told, mut dropped) = (pool.acquire_async(), pool.acquire_async(), pool.acquire_async());
    let alarms = [Alarm::new(), Alarm::new(), Alarm::new()];
    assert!(alarms[0].poll(&mut handed).is_pending());
    assert!(alarms[1].poll(&mut told).is_pending());
    assert!(alarms[2].poll(&mut dropped).is_pending());
    drop(one);
    pool.close();
    assert_eq!(alarms.each_ref().map(|alarm| alarm.wakes()), [1, 1, 1]);
    assert_eq!(at_once(told).map(drop), Err(Unavailable::Closed));
    drop(dropped);
    assert_eq!(world.live(), 2, "one is lent, one on its way");
    drop(handed);
    assert_eq!(world.freed(), [0], "the drop has freed it");
    drop(two);
    assert_eq!((world.freed(), pool.status().out), (vec![0, 1], 0));
}

#[test]
fn a_drop_after_a_shrink_frees_what_is_owed() {
    let world = World::new();
    let pool = local(&world, 2);
    let (one, two) = (first(&world, &pool), first(&world, &pool));
    let mut take = pool.acquire_async();
    assert!(poll(&mut take).is_pending());
    drop(one);
    pool.resize(1);
    assert_eq!((pool.status().owed, world.live()), (1, 2));
    drop(take);
    assert_eq!((pool.status().owed, world.freed()), (0, vec![0]));
    drop(two);
    assert_at_rest(&pool);
}

/// What a panic said.
fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).expect("it says something")
}

#[test]
fn a_take_must_not_be_polled_after_it_was_ready() {
    fn assert_panics(take: &mut (impl Future + Unpin)) {
        let panic = catch_unwind(AssertUnwindSafe(|| poll(take).is_ready())).expect_err("it is used wrongly");
        assert!(said(&*panic).contains("polled after it was ready"));
    }
    let world = World::new();
    let pool = local(&world, 1);
    let (mut take, mut place) = (pool.acquire_async(), pool.enqueue());
    drop(permit_of(poll(&mut place)).fulfil(world.make()));
    assert_panics(&mut place);
    let lease = lease_of(poll(&mut take));
    assert_panics(&mut take);
    let mut waited = pool.acquire_async();
    assert!(poll(&mut waited).is_pending());
    drop(lease);
    drop(lease_of(poll(&mut waited)));
    assert_panics(&mut waited);
    let panic = catch_unwind(AssertUnwindSafe(|| place.wait().is_ok())).expect_err("it is used wrongly");
    assert!(said(&*panic).contains("waited for after it was ready"));
    drop((take, waited));
    assert_eq!(pool.status().idle, 1, "used wrongly, they lose nothing");
    assert_at_rest(&pool);
}

#[test]
fn a_take_that_was_polled_can_be_waited_for_by_a_thread() {
    let world = World::new();
    let pool = local(&world, 1);
    let lease = first(&world, &pool);
    let (mut place, alarm) = (pool.enqueue(), Alarm::new());
    assert!(alarm.poll(&mut place).is_pending());
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| lease_of(Poll::Ready(place.wait())).id);
        // The thread's name in place of the task's: it has come to its wait.
        wait_until("the thread waits", || !alarm.is_held());
        drop(lease);
        assert_eq!(waiter.join().expect("it does not panic"), 0);
    });
    assert_eq!(alarm.wakes(), 0);
    assert_at_rest(&pool);
}

/// Compiles only if the bound holds.
fn is_send<T: Send>() {}
/// Compiles only if the bound holds.
fn is_unpin<T: Unpin>() {}
/// Compiles only if the bound holds.
fn is_sent<T: Send>(_: T) {}

#[test]
fn futures_may_be_sent_if_their_resources_may() {
    // Send and not Sync, as many connections are.
    type Unshared = Cell<u32>;
    is_send::<Acquire<'static, Unshared>>();
    is_send::<PendingTake<'static, Unshared>>();
    is_unpin::<Acquire<'static, core::marker::PhantomPinned>>();
    is_unpin::<PendingTake<'static, core::marker::PhantomPinned>>();
    // They do not depend on what the error is.
    let config = PoolConfig::builder(1, || Ok::<_, Rc<()>>(Unshared::new(7)));
    let pool = Pool::new(config.build().expect("valid"));
    is_sent(pool.get_async());
    is_sent(pool.get_owned_async());
    is_sent(pool.get_async_until(core::future::pending()));
    is_sent(pool.get_owned_async_until(core::future::pending()));
    let local = LocalPool::new(1, drop::<Unshared>);
    is_sent(async {
        // A permit, a lease and a removed resource are held across awaits.
        let Ok(Acquired::Permit(permit)) = local.acquire_async().await else { return };
        core::future::ready(()).await;
        let lease = permit.fulfil(Unshared::new(7));
        core::future::ready(()).await;
        let (value, permit) = lease.remove();
        core::future::ready(()).await;
        drop(permit.fulfil(value));
    });
}

#[test]
fn a_take_says_what_stage_it_is_at() {
    let world = World::new();
    let pool = local(&world, 1);
    let lease = first(&world, &pool);
    let mut take = pool.acquire_async();
    assert_eq!(format!("{take:?}"), "Acquire { stage: \"unpolled\", .. }");
    assert!(poll(&mut take).is_pending());
    assert_eq!(format!("{take:?}"), "Acquire { stage: \"waiting\", .. }");
    drop(lease);
    drop(lease_of(poll(&mut take)));
    assert_eq!(format!("{take:?}"), "Acquire { stage: \"ready\", .. }");
}
