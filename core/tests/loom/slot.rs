//! The wake slot alone: one deliverer, one waiter.

use super::Entry;
use loom::thread;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Wake, Waker};
use striped_pool::runtime::slot::{PoolWakeResult, Published, Unparker, wake_slot};
use striped_pool::runtime::{ResourceHandle, WakeHandle, WakeReceiver};
use striped_pool::stripe::WakeResult;

pub(crate) const PROGRAMS: &[Entry] = &[
    ("slot::publish_races_park", 3, publish_races_park),
    ("slot::publish_races_look", 3, publish_races_look),
    ("slot::publish_races_abandon", 3, || publish_races_abandon(false)),
    ("slot::publish_races_abandon_of_a_registered_task", 3, || publish_races_abandon(true)),
    ("slot::publish_races_new_waker", 3, publish_races_new_waker),
    ("slot::a_waker_is_never_dropped_by_the_deliverer", 3, a_waker_is_never_dropped_by_the_deliverer),
    ("slot::publish_races_a_waker_named_too_late", 3, publish_races_a_waker_named_too_late),
];

/// What is delivered, where it does not matter what.
fn result() -> PoolWakeResult {
    WakeResult::Create
}

fn publish(wake: WakeHandle) -> Published {
    // SAFETY: each program publishes once for its one handle.
    unsafe { wake.publish(result()) }
}

fn deliver(wake: WakeHandle) {
    match publish(wake) {
        Published::Delivered(Some(unparker)) => unparker.unpark(),
        Published::Delivered(None) => {}
        Published::Abandoned(_) => panic!("nobody abandoned"),
    }
}

fn park_until_delivered(mut receiver: WakeReceiver) {
    let mut answer = receiver.register(Unparker::current_thread());
    while answer.is_none() {
        answer = receiver.take();
        if answer.is_none() {
            thread::park();
        }
    }
    assert_eq!(answer, Some(result()));
    assert_eq!(receiver.take(), None, "a result is taken once");
}

/// Who has the result already and names somebody to wake nevertheless does not touch what the deliverer is about to take out.
fn publish_races_a_waker_named_too_late() {
    let (mut receiver, wake) = wake_slot();
    assert_eq!(receiver.poll(Waker::noop()), None, "nothing is published yet");
    let deliverer = thread::spawn(move || deliver(wake));
    if receiver.take().is_some() {
        assert_eq!(receiver.poll(Waker::noop()), None, "a result is taken once");
    }
    deliverer.join().unwrap();
}

fn publish_races_park() {
    let (receiver, wake) = wake_slot();
    let waiter = thread::spawn(move || park_until_delivered(receiver));
    deliver(wake);
    waiter.join().unwrap();
}

/// A waiter that looks without ever registering, and leaves the slot to the deliverer.
fn publish_races_look() {
    let resource = ResourceHandle::new(7_u32);
    let (mut receiver, wake) = wake_slot();
    let waiter = thread::spawn(move || {
        let seen = receiver.take();
        assert!(seen.is_none() || seen == Some(WakeResult::Deliver(resource)));
        seen.or_else(|| receiver.abandon()).is_some()
    });
    // SAFETY: once for this handle.
    let published = unsafe { wake.publish(WakeResult::Deliver(resource)) };
    let is_returned = matches!(published, Published::Abandoned(WakeResult::Deliver(back)) if back == resource);
    assert_ne!(waiter.join().unwrap(), is_returned, "the result has one owner");
    // SAFETY: made above, and both sides are done with it.
    assert_eq!(unsafe { resource.into_inner::<u32>() }, 7);
}

/// Counts its wakes.
#[derive(Default)]
struct Task(AtomicUsize);

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn publish_races_abandon(is_registered: bool) {
    let task = Arc::new(Task::default());
    let (mut receiver, wake) = wake_slot();
    if is_registered {
        assert_eq!(receiver.register(Unparker::Waker(Waker::from(Arc::clone(&task)))), None);
    }
    let waiter = thread::spawn(move || receiver.abandon());
    let is_returned = match publish(wake) {
        Published::Delivered(unparker) => {
            assert_eq!(unparker.is_some(), is_registered);
            false
        }
        Published::Abandoned(back) => back == result(),
    };
    let taken = waiter.join().unwrap();
    assert_ne!(taken.is_some(), is_returned, "the result has one owner");
    assert_eq!(Arc::strong_count(&task), 1, "a waker was leaked or is still held");
}

/// A task that is polled again with another waker: whoever is woken is woken through the newest.
fn publish_races_new_waker() {
    let (old, new) = (Arc::new(Task::default()), Arc::new(Task::default()));
    let (mut receiver, wake) = wake_slot();
    assert_eq!(receiver.register(Unparker::Waker(Waker::from(Arc::clone(&old)))), None);
    let deliverer = thread::spawn(move || deliver(wake));
    let answer = receiver.register(Unparker::Waker(Waker::from(Arc::clone(&new))));
    deliverer.join().unwrap();
    let woken = (old.0.load(Ordering::Relaxed), new.0.load(Ordering::Relaxed));
    if answer.is_some() {
        // It came with the second poll, and with a wake of the first waker at most.
        assert!(woken.0 <= 1 && woken.1 == 0, "{woken:?}");
    } else {
        // It came later, through the second waker, and is there.
        assert_eq!(woken, (0, 1));
        assert_eq!(receiver.take(), Some(result()));
    }
    drop(receiver);
    assert_eq!((Arc::strong_count(&old), Arc::strong_count(&new)), (1, 1));
}

/// A task that may be dropped in one thread only: user code that the deliverer must not run.
struct Local(thread::ThreadId);

impl Wake for Local {
    fn wake(self: Arc<Self>) {
        // The deliverer may wake: leave the drop to whoever made it.
        std::mem::forget(self);
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        assert_eq!(thread::current().id(), self.0, "dropped by the deliverer");
    }
}

fn a_waker_is_never_dropped_by_the_deliverer() {
    let (mut receiver, wake) = wake_slot();
    let waiter = thread::spawn(move || {
        let _ = receiver.register(Unparker::Waker(Waker::from(Arc::new(Local(thread::current().id())))));
        let _ = receiver.abandon();
    });
    match publish(wake) {
        Published::Delivered(Some(unparker)) => unparker.unpark(),
        Published::Delivered(None) | Published::Abandoned(_) => {}
    }
    waiter.join().unwrap();
}
