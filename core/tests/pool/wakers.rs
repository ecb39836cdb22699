//! Wakers are user code: called, cloned and dropped by polls, by who gives something back, and by the drop of a take.
//!
//! Whatever they do there, call back into the pool, panic, end the future that they would wake: nothing is lost, and whoever
//! else is to be woken is.

use crate::tasks::{Alarm, poll, poll_with};
use core::task::{Poll, RawWaker, RawWakerVTable, Waker};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex};
use std::task::Wake;
use striped_pool::{Acquire, Acquired, Lease, LocalPool, StripeStatus, Unavailable};

/// What a waker panics with.
const OOPS: &str = "a waker panics";

/// That `work` panics with [`OOPS`].
#[track_caller]
fn assert_oops<A>(work: impl FnOnce() -> A) {
    let panic = catch_unwind(AssertUnwindSafe(|| drop(work()))).expect_err("it panics");
    assert_eq!(panic.downcast_ref::<&str>(), Some(&OOPS));
}

fn oops() -> ! {
    resume_unwind(Box::new(OOPS))
}

/// A waker that does something when it is called, and something when it is dropped.
struct Hook {
    on_wake: Box<dyn Fn() + Send + Sync>,
    on_drop: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

impl Wake for Hook {
    fn wake(self: Arc<Self>) {
        (self.on_wake)();
    }
}

impl Drop for Hook {
    fn drop(&mut self) {
        let on_drop = self.on_drop.get_mut().expect("not poisoned").take();
        on_drop.into_iter().for_each(|work| work());
    }
}

fn on_wake(work: impl Fn() + Send + Sync + 'static) -> Waker {
    Waker::from(Arc::new(Hook { on_wake: Box::new(work), on_drop: Mutex::new(None) }))
}

/// Who polls with it must let go of it, so that the pool has the last one.
fn on_drop(work: impl FnOnce() + Send + 'static) -> Waker {
    Waker::from(Arc::new(Hook { on_wake: Box::new(|| ()), on_drop: Mutex::new(Some(Box::new(work))) }))
}

/// A waker that panics when it is cloned.
fn on_clone_oops() -> Waker {
    fn clone(_: *const ()) -> RawWaker {
        oops()
    }
    static VTABLE: RawWakerVTable = RawWakerVTable::new(clone, |_| (), |_| (), |_| ());
    // SAFETY: it has no data, so none of its functions can misuse it.
    unsafe { Waker::from_raw(RawWaker::new(core::ptr::null(), &VTABLE)) }
}

/// A stripe that lives as long as the test program, so that wakers can name it.
fn leaked(capacity: u32) -> &'static LocalPool<u32> {
    Box::leak(Box::new(LocalPool::new(capacity, drop)))
}

#[track_caller]
fn lease_from(pool: &LocalPool<u32>) -> Lease<'_, u32> {
    lease_of(Poll::Ready(pool.try_acquire()))
}

#[track_caller]
fn lease_of(answer: Poll<Result<Acquired<'_, u32>, Unavailable>>) -> Lease<'_, u32> {
    match answer {
        Poll::Ready(Ok(Acquired::Lease(lease))) => lease,
        Poll::Ready(Ok(Acquired::Permit(permit))) => permit.fulfil(7),
        Poll::Ready(Err(reason)) => panic!("nothing was lent: {reason}"),
        Poll::Pending => panic!("it waits"),
    }
}

/// A take in line, with this waker.
#[track_caller]
fn waiting<'a>(pool: &'a LocalPool<u32>, waker: &Waker) -> Acquire<'a, u32> {
    let mut take = pool.acquire_async();
    assert!(poll_with(waker, &mut take).is_pending());
    take
}

#[track_caller]
fn assert_at_rest(pool: &LocalPool<u32>) {
    let StripeStatus { capacity, available, idle, out, waiting, .. } = pool.status();
    assert_eq!((available + idle, out, waiting), (capacity, 0, 0));
}

#[test]
fn a_waker_that_panics_keeps_nobody_asleep() {
    let pool = leaked(1);
    let (alarm, panicking) = (Alarm::new(), on_wake(|| oops()));
    // A change of the pool is a call: the panic is its caller's, after everybody has been woken.
    let lease = lease_from(pool);
    let (mut one, mut two) = (waiting(pool, &panicking), waiting(pool, &alarm.waker()));
    assert_oops(|| pool.resize(3));
    assert_eq!(alarm.wakes(), 1);
    drop((lease_of(poll(&mut one)), lease_of(poll(&mut two)), lease));
    pool.resize(1);
    // A drop of a lease, of a permit or of a take is a drop: the panic ends there.
    let lease = lease_from(pool);
    let (mut one, two) = (waiting(pool, &panicking), waiting(pool, &panicking));
    drop(lease);
    drop(lease_of(poll(&mut one)));
    let mut three = waiting(pool, &panicking);
    drop(two);
    drop(lease_of(poll(&mut three)));
    assert_at_rest(pool);
}

#[test]
fn a_waker_may_use_the_pool_that_calls_it() {
    let pool = leaked(1);
    let lease = lease_from(pool);
    let mut take = waiting(
        pool,
        &on_wake(move || {
            assert_eq!((pool.status().out, pool.status().waiting), (1, 0), "what it is woken for is on its way");
            assert!(pool.try_acquire().is_err());
            drop(pool.enqueue());
            pool.resize(3);
            drop((lease_from(pool), lease_from(pool)));
            pool.resize(1);
            pool.drain();
        }),
    );
    drop(lease);
    drop(lease_of(poll(&mut take)));
    assert_at_rest(pool);
}

/// An executor without a queue: whoever wakes the task runs it.
#[test]
fn a_waker_may_run_its_task_inline() {
    let pool = leaked(1);
    let lease = lease_from(pool);
    let slot: Arc<Mutex<Option<Acquire<'static, u32>>>> = Arc::default();
    let (served, alarm) = (Arc::new(Mutex::new(Vec::new())), Alarm::new());
    let (task, list) = (Arc::clone(&slot), Arc::clone(&served));
    let take = waiting(
        pool,
        &on_wake(move || {
            let mut take = task.lock().expect("not poisoned").take().expect("woken once");
            let lease = lease_of(poll(&mut take));
            list.lock().expect("not poisoned").push("inline");
            // Which hands it on, inside of the hand-over to this one.
            drop(lease);
        }),
    );
    *slot.lock().expect("not poisoned") = Some(take);
    let mut next = waiting(pool, &alarm.waker());
    drop(lease);
    assert_eq!((served.lock().expect("not poisoned").len(), alarm.wakes()), (1, 1));
    drop(lease_of(alarm.poll(&mut next)));
    assert_at_rest(pool);
}

#[test]
fn a_waker_may_drop_the_future_that_it_would_wake() {
    let pool = leaked(1);
    let lease = lease_from(pool);
    let slot: Arc<Mutex<Option<Acquire<'static, u32>>>> = Arc::default();
    let (task, alarm) = (Arc::clone(&slot), Alarm::new());
    let take = waiting(pool, &on_wake(move || drop(task.lock().expect("not poisoned").take())));
    *slot.lock().expect("not poisoned") = Some(take);
    let mut next = waiting(pool, &alarm.waker());
    drop(lease);
    assert_eq!((slot.lock().expect("not poisoned").is_none(), alarm.wakes()), (true, 1), "handed on");
    drop(lease_of(alarm.poll(&mut next)));
    assert_at_rest(pool);
}

#[test]
fn a_waker_that_panics_when_it_is_cloned_costs_the_take_nothing() {
    let pool = leaked(1);
    let lease = lease_from(pool);
    let alarm = Alarm::new();
    let mut take = waiting(pool, &alarm.waker());
    assert_oops(|| poll_with(&on_clone_oops(), &mut take));
    assert_eq!(pool.status().waiting, 1, "its place");
    drop(lease);
    assert_eq!(alarm.wakes(), 1, "the one before is still called");
    // And one that does so at the first poll leaves a place without a waker.
    let mut unlucky = pool.acquire_async();
    assert_oops(|| poll_with(&on_clone_oops(), &mut unlucky));
    assert_eq!(pool.status().waiting, 1);
    drop(lease_of(alarm.poll(&mut take)));
    drop(lease_of(poll(&mut unlucky)));
    assert_at_rest(pool);
}

#[test]
fn a_waker_that_panics_when_it_is_replaced_leaves_the_newer_one() {
    let pool = leaked(1);
    let lease = lease_from(pool);
    let mut take = waiting(pool, &on_drop(|| oops()));
    let alarm = Alarm::new();
    assert_oops(|| alarm.poll(&mut take));
    assert_eq!(pool.status().waiting, 1);
    drop(lease);
    assert_eq!(alarm.wakes(), 1);
    drop(lease_of(alarm.poll(&mut take)));
    assert_at_rest(pool);
}

#[test]
fn a_waker_that_panics_when_its_take_is_dropped_leaves_no_place_in_line() {
    let pool = leaked(1);
    let lease = lease_from(pool);
    let take = waiting(pool, &on_drop(|| oops()));
    assert_oops(|| drop(take));
    assert_eq!(pool.status().waiting, 0);
    drop(lease);
    assert_at_rest(pool);
}

#[test]
fn a_waker_that_panics_when_a_thread_waits_in_its_place_gives_up_the_wait() {
    let pool = leaked(1);
    let lease = lease_from(pool);
    let mut place = pool.enqueue();
    assert!(poll_with(&on_drop(|| oops()), &mut place).is_pending());
    assert_oops(|| place.wait());
    assert_eq!(pool.status().waiting, 0);
    drop(lease);
    assert_at_rest(pool);
}

/// A waker whose drop gives back the very lease that its take waits for.
#[test]
fn a_waker_may_give_back_what_its_take_waits_for_when_it_is_dropped() {
    let pool = leaked(1);
    let lease = lease_from(pool);
    let alarm = Alarm::new();
    let mut take = waiting(pool, &on_drop(move || drop(lease)));
    assert!(alarm.poll(&mut take).is_pending());
    assert_eq!(alarm.wakes(), 1, "the newer waker is there by then");
    let lease = lease_of(alarm.poll(&mut take));
    // And when the take goes: what it is handed at that moment is the next one's.
    let quitter = waiting(pool, &on_drop(move || drop(lease)));
    let mut next = waiting(pool, &alarm.waker());
    drop(quitter);
    assert_eq!(alarm.wakes(), 2);
    drop(lease_of(alarm.poll(&mut next)));
    assert_at_rest(pool);
}

#[test]
fn a_task_that_is_dropped_is_not_woken_by_that() {
    let pool = leaked(1);
    let lease = lease_from(pool);
    let take = waiting(pool, &on_wake(|| oops()));
    drop(take);
    // Neither by a close that comes later.
    pool.close();
    drop(lease);
    assert_eq!((pool.status().out, pool.status().waiting), (0, 0));
}
