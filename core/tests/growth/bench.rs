//! A stripe with thousands of waiters or idle entries, and a thread that commits on it without rest.
//!
//! Events are committed on a bare [`StripeCell`], because only there the attempts can be counted, and their effects are
//! performed by hand. One thread plays all the waiters: whatever is handed to them counts as its own.

use crate::threads::wait_until;
use core::hint::spin_loop;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{scope, yield_now};
use striped_pool::runtime::slot::{Published, wake_slot};
use striped_pool::runtime::{PoolEvent, ResourceHandle, StripeCell, WakeHandle};
use striped_pool::stripe::{Recipient, Reject, StripeEffect, Timestamp, WaiterId, WakeResult};

/// What came of one event.
#[derive(Debug, Default)]
pub(crate) struct Done {
    pub(crate) attempts: u32,
    pub(crate) enqueued: Option<WaiterId>,
    pub(crate) woken: u32,
    pub(crate) freed: u32,
    pub(crate) rejected: Option<Reject>,
    pub(crate) answer: Option<WakeResult<ResourceHandle>>,
}

/// A cell whose resources are boxed `u32`s.
pub(crate) struct Bench {
    pub(crate) cell: StripeCell,
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.run(PoolEvent::Close);
    }
}

impl Bench {
    pub(crate) fn new(capacity: u32) -> Self {
        Self { cell: StripeCell::new(capacity) }
    }

    /// Commits an event and performs its effects, without the events that these would raise.
    pub(crate) fn run(&self, event: PoolEvent) -> Done {
        let committed = self.cell.commit(event);
        let (attempts, enqueued) = (committed.attempts(), committed.enqueued());
        let mut done = Done { attempts, enqueued, ..Done::default() };
        for effect in committed.into_effects() {
            match effect {
                StripeEffect::Wake { recipient: Recipient::Caller, result } => done.answer = Some(result),
                StripeEffect::Wake { recipient: Recipient::Slot(wake), result } => done.publish(wake, result),
                StripeEffect::WakeMany { waiters, result } => {
                    waiters.iter().for_each(|waiter| done.publish(waiter.wake, result));
                }
                StripeEffect::FreeMany { resources } => resources.iter().for_each(|resource| done.free(resource)),
                StripeEffect::InsertWithTimestamp { .. } => unreachable!("nothing here raises `Return`"),
                StripeEffect::Reject(reason) => done.rejected = Some(reason),
            }
        }
        done
    }

    /// One more that waits, unless there is something to take.
    pub(crate) fn take(&self) -> Done {
        let (_receiver, wake) = wake_slot();
        self.run(PoolEvent::Take { wake })
    }

    pub(crate) fn try_take(&self) -> Done {
        self.run(PoolEvent::TryTake { wake: Recipient::Caller })
    }

    pub(crate) fn put(&self, resource: ResourceHandle, now: u64) -> Done {
        self.run(PoolEvent::Put { resource, now: Timestamp(now) })
    }
}

impl Done {
    fn publish(&mut self, wake: WakeHandle, result: WakeResult<ResourceHandle>) {
        self.woken += 1;
        // SAFETY: the handle is of `wake_slot`, brought by one take, and this performs the one effect that names it.
        let published = unsafe { wake.publish(result) };
        assert!(matches!(published, Published::Delivered(None)), "nobody sleeps on it");
    }

    fn free(&mut self, resource: ResourceHandle) {
        self.freed += 1;
        // SAFETY: the stripe gave the handle up, once; it is of a boxed `u32`.
        let _: u32 = unsafe { resource.into_inner() };
    }
}

/// How many times to look for a lap before leaving the processor to others.
const LOOK: u32 = 20_000;

/// How a busy thread is told to rest, and shows that it is at work.
#[derive(Default)]
pub(crate) struct Busy {
    must_rest: AtomicBool,
    rests: AtomicBool,
    must_end: AtomicBool,
    laps: AtomicU64,
}

impl Busy {
    /// Runs `work` while another thread repeats `lap`.
    pub(crate) fn beside(lap: impl Fn() + Sync, work: impl FnOnce(&Self)) {
        let busy = Self::default();
        scope(|scope| {
            let end = EndOnDrop(&busy);
            scope.spawn(|| {
                while !busy.must_end.load(Ordering::SeqCst) {
                    let must_rest = busy.must_rest.load(Ordering::SeqCst);
                    busy.rests.store(must_rest, Ordering::SeqCst);
                    if must_rest {
                        yield_now();
                    } else {
                        lap();
                        busy.laps.fetch_add(1, Ordering::SeqCst);
                    }
                }
            });
            work(&busy);
            drop(end);
        });
    }

    /// How many laps the busy thread has done.
    pub(crate) fn laps(&self) -> u64 {
        self.laps.load(Ordering::SeqCst)
    }

    /// Returns when the busy thread is seen at work while this one is: two laps go by in one short look.
    pub(crate) fn wait(&self) {
        loop {
            let before = self.laps();
            if (0..LOOK).any(|_| {
                spin_loop();
                self.laps() >= before + 2
            }) {
                return;
            }
            yield_now();
        }
    }

    /// Does `work` while the busy thread rests.
    pub(crate) fn pause<A>(&self, work: impl FnOnce() -> A) -> A {
        self.must_rest.store(true, Ordering::SeqCst);
        wait_until("the busy thread rests", || self.rests.load(Ordering::SeqCst));
        let done = work();
        self.must_rest.store(false, Ordering::SeqCst);
        wait_until("the busy thread is back", || !self.rests.load(Ordering::SeqCst));
        done
    }
}

/// Ends the busy thread, also when the work beside it panics.
struct EndOnDrop<'a>(&'a Busy);

impl Drop for EndOnDrop<'_> {
    fn drop(&mut self) {
        self.0.must_end.store(true, Ordering::SeqCst);
    }
}
