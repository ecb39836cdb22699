//! A task's waker: when it runs, what it may do, and that its panic keeps nobody else asleep and nothing undone.
//!
//! The blocking pool parks threads and knows no wakers, so these tests stand where an asynchronous pool would: they
//! commit on a [`StripeCell`] and perform the effects by [`perform`].

use crate::{Oops, oops, oops_of};
use core::cell::{OnceCell, RefCell};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Wake, Waker};
use striped_pool::runtime::effects::{Outside, Performed, perform};
use striped_pool::runtime::slot::{PoolWakeResult, Unparker, wake_slot};
use striped_pool::runtime::{PoolEvent, PoolStripe, ResourceHandle, StripeCell, WakeReceiver};
use striped_pool::stripe::{Recipient, Reject, Timestamp, WaiterId, WakeResult};

/// Counts what it frees.
#[derive(Default)]
struct Counted {
    freed: AtomicU32,
}

// SAFETY: `free` takes the handle's `u32` back out of its box, and all resources of these tests are `u32`.
unsafe impl Outside for Counted {
    fn now(&self) -> Timestamp {
        Timestamp::default()
    }

    unsafe fn free(&self, resource: ResourceHandle) {
        // SAFETY: the contract of `free`: the handle was given up to this call.
        let _: u32 = unsafe { resource.into_inner() };
        self.freed.fetch_add(1, Ordering::SeqCst);
    }
}

/// A waker that counts its wakes and then panics if it has a number.
struct Alarm {
    wakes: AtomicU32,
    panics_with: Option<u32>,
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.wakes.fetch_add(1, Ordering::SeqCst);
        if let Some(number) = self.panics_with {
            oops(number);
        }
    }
}

/// One take that waits as a task would.
struct Task {
    id: WaiterId,
    receiver: WakeReceiver,
    alarm: Arc<Alarm>,
}

impl Task {
    /// A take of a stripe that has nothing to give.
    fn enqueue(cell: &StripeCell, panics_with: Option<u32>) -> Self {
        let (mut receiver, wake) = wake_slot();
        let alarm = Arc::new(Alarm { wakes: AtomicU32::new(0), panics_with });
        assert!(receiver.register(Unparker::Waker(Waker::from(Arc::clone(&alarm)))).is_none());
        let committed = cell.commit(PoolEvent::Take { wake });
        Self { id: committed.enqueued().expect("there is nothing to take"), receiver, alarm }
    }

    fn wakes(&self) -> u32 {
        self.alarm.wakes.load(Ordering::SeqCst)
    }

    fn result(&mut self) -> Option<PoolWakeResult> {
        self.receiver.take()
    }
}

/// A cell whose only permit is out, so that every take waits.
struct Bench {
    cell: StripeCell,
    outside: Counted,
}

impl Bench {
    fn new() -> Self {
        let bench = Self { cell: StripeCell::new(1), outside: Counted::default() };
        let taken = bench.cell.commit(PoolEvent::TryTake { wake: Recipient::Caller }).into_result();
        assert_eq!(taken.expect("answered at once"), WakeResult::Create);
        bench
    }

    fn enqueue(&self, panics_with: Option<u32>) -> Task {
        Task::enqueue(&self.cell, panics_with)
    }

    fn run(&self, event: PoolEvent) -> Performed {
        // SAFETY: committed on this cell; its wake handles are of `enqueue`, its resources are boxed `u32`.
        unsafe { perform(&self.cell, self.cell.commit(event), &self.outside) }
    }

    fn out(&self) -> u32 {
        self.cell.observe(PoolStripe::out)
    }
}

#[test]
fn wakers_that_panic_do_not_keep_others_asleep() {
    let bench = Bench::new();
    let mut tasks: Vec<Task> = [Some(1), None, Some(3), None].map(|number| bench.enqueue(number)).into();
    let performed = bench.run(PoolEvent::Resize { capacity: 5 });
    assert!(performed.rejected.is_none());
    assert_eq!(oops_of(|| performed.resume()), Oops(1), "the first panic is kept");
    for task in &mut tasks {
        assert_eq!((task.wakes(), task.result()), (1, Some(WakeResult::Create)));
        assert!(bench.run(PoolEvent::CreateFailed).panic.is_none());
    }
    assert_eq!(bench.out(), 1);
}

#[test]
fn a_waker_that_panics_at_the_close_keeps_nothing_from_being_freed() {
    let bench = Bench::new();
    let mut tasks = [bench.enqueue(Some(1)), bench.enqueue(Some(2)), bench.enqueue(None)];
    let performed = bench.run(PoolEvent::Close);
    assert_eq!(oops_of(|| performed.resume()), Oops(1));
    tasks.iter_mut().for_each(|task| assert_eq!((task.wakes(), task.result()), (1, Some(WakeResult::Cancelled))));
    let resource = ResourceHandle::new(7_u32);
    let performed = bench.run(PoolEvent::Put { resource, now: Timestamp::default() });
    assert_eq!((performed.freed, bench.outside.freed.load(Ordering::SeqCst), bench.out()), (1, 1, 0));
}

#[test]
fn what_a_discard_gives_to_a_task_whose_waker_panics_is_there() {
    let bench = Bench::new();
    let mut task = bench.enqueue(Some(4));
    let performed = bench.run(PoolEvent::Discard { resource: ResourceHandle::new(7_u32) });
    assert_eq!(performed.freed, 1);
    assert_eq!(oops_of(|| performed.resume()), Oops(4));
    assert_eq!((task.wakes(), task.result(), bench.out()), (1, Some(WakeResult::Create), 1));
    assert!(bench.run(PoolEvent::CreateFailed).panic.is_none());
    assert_eq!(bench.out(), 0);
}

#[test]
fn a_panic_of_a_cancelled_tasks_waker_is_the_cancellers_to_swallow() {
    let bench = Bench::new();
    let (mut cancelled, mut next) = (bench.enqueue(Some(5)), bench.enqueue(None));
    bench.run(PoolEvent::Cancel { id: cancelled.id }).swallow();
    assert_eq!(bench.run(PoolEvent::Cancel { id: cancelled.id }).rejected, Some(Reject::AlreadyWoken));
    assert_eq!((cancelled.wakes(), cancelled.result()), (1, Some(WakeResult::Cancelled)));
    bench.run(PoolEvent::CreateFailed).swallow();
    assert_eq!((next.wakes(), next.result(), next.result()), (1, Some(WakeResult::Create), None), "once");
}

#[test]
fn what_is_handed_to_an_abandoned_task_goes_on_past_a_waker_that_panics() {
    let bench = Bench::new();
    let (abandoned, mut panicking, mut last) = (bench.enqueue(None), bench.enqueue(Some(6)), bench.enqueue(None));
    assert!(abandoned.receiver.abandon().is_none());
    // Two permits: one to the abandoned task and from there to the last, the other to the one that panics.
    let performed = bench.run(PoolEvent::Resize { capacity: 3 });
    assert_eq!(oops_of(|| performed.resume()), Oops(6));
    assert_eq!((abandoned.alarm.wakes.load(Ordering::SeqCst), panicking.wakes(), last.wakes()), (0, 1, 1));
    assert_eq!((panicking.result(), last.result()), (Some(WakeResult::Create), Some(WakeResult::Create)));
}

/// A waker that looks whether somebody else has been answered.
struct Looking {
    other: Mutex<WakeReceiver>,
    seen: Mutex<Option<PoolWakeResult>>,
}

impl Wake for Looking {
    fn wake(self: Arc<Self>) {
        *self.seen.lock().expect("not poisoned") = self.other.lock().expect("not poisoned").take();
    }
}

#[test]
fn all_results_are_published_before_the_first_waker_runs() {
    let bench = Bench::new();
    let ((mut first, first_wake), (second, second_wake)) = (wake_slot(), wake_slot());
    let waker = Arc::new(Looking { other: Mutex::new(second), seen: Mutex::new(None) });
    assert!(first.register(Unparker::Waker(Waker::from(Arc::clone(&waker)))).is_none());
    for wake in [first_wake, second_wake] {
        assert!(bench.cell.commit(PoolEvent::Take { wake }).enqueued().is_some());
    }
    assert!(bench.run(PoolEvent::Resize { capacity: 3 }).panic.is_none());
    assert_eq!(*waker.seen.lock().expect("not poisoned"), Some(WakeResult::Create));
    assert_eq!(first.take(), Some(WakeResult::Create));
}

/// A waker that uses the cell it is woken from.
struct Nested(Arc<Bench>);

impl Wake for Nested {
    fn wake(self: Arc<Self>) {
        let bench = &self.0;
        assert!(bench.run(PoolEvent::Resize { capacity: 1 }).panic.is_none());
        bench.run(PoolEvent::CreateFailed).swallow();
    }
}

#[test]
fn a_waker_may_change_the_stripe_that_wakes_it() {
    let bench = Arc::new(Bench::new());
    let (mut receiver, wake) = wake_slot();
    assert!(receiver.register(Unparker::Waker(Waker::from(Arc::new(Nested(Arc::clone(&bench)))))).is_none());
    assert!(bench.cell.commit(PoolEvent::Take { wake }).enqueued().is_some());
    assert!(bench.run(PoolEvent::Resize { capacity: 2 }).panic.is_none());
    assert_eq!(receiver.take(), Some(WakeResult::Create), "published before the waker ran");
    assert_eq!((bench.out(), bench.cell.observe(PoolStripe::owed)), (1, 0));
}

/// Frees for whom a task queues up during the first: by the second it must have been woken.
struct Watched<'a> {
    cell: &'a StripeCell,
    task: OnceCell<Task>,
    wakes: RefCell<Vec<u32>>,
}

// SAFETY: as for `Counted`.
unsafe impl Outside for Watched<'_> {
    fn now(&self) -> Timestamp {
        Timestamp::default()
    }

    unsafe fn free(&self, resource: ResourceHandle) {
        // SAFETY: as for `Counted`.
        let _: u32 = unsafe { resource.into_inner() };
        let task = self.task.get_or_init(|| Task::enqueue(self.cell, None));
        self.wakes.borrow_mut().push(task.wakes());
    }
}

#[test]
fn wakers_run_before_the_next_free() {
    let cell = StripeCell::new(3);
    for _ in 0..3 {
        let taken = cell.commit(PoolEvent::TryTake { wake: Recipient::Caller }).into_result();
        assert_eq!(taken.expect("answered at once"), WakeResult::Create);
    }
    for value in 0..3_u32 {
        let put = PoolEvent::Put { resource: ResourceHandle::new(value), now: Timestamp::default() };
        assert!(cell.commit(put).is_done());
    }
    let outside = Watched { cell: &cell, task: OnceCell::new(), wakes: RefCell::default() };
    // SAFETY: committed on this cell; its wake handles are of `Task::enqueue`, its resources are boxed `u32`.
    let performed = unsafe { perform(&cell, cell.commit(PoolEvent::Drain), &outside) };
    assert_eq!((performed.freed, outside.wakes.into_inner()), (3, vec![0, 1, 1]));
}
