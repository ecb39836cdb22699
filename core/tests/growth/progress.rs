//! How many attempts a commit needs beside a thread that never rests.
//!
//! Each attempt races the busy thread's next commit, so an operation that takes long needs many: the time of a
//! transition shows as a number that does not depend on the machine's clock.
//!
//! Asserted for every operation, whether it moves one entry or thousands: a handful of attempts at the very most. That is
//! because a thread whose attempts keep failing is given way to (`runtime/cell.rs`, rule 5); without it the longest of
//! these need thousands. A refused `TryTake` publishes nothing and needs one.

use crate::alone;
use crate::bench::{Bench, Busy, Done};
use core::time::Duration;
use std::collections::BTreeMap;
use std::time::Instant;
use striped_pool::runtime::{PoolEvent, ResourceHandle};
use striped_pool::stripe::{Reject, Timestamp, WaiterId, WakeResult};

/// How many wait, or are idle.
const MANY: u32 = 10_000;
/// How many come or go at once.
const HALF: u32 = MANY / 2;
/// How often each operation that is easily undone is measured.
const OFTEN: usize = 200;
/// How often each operation is measured that changes everything.
const SELDOM: u32 = 20;

/// What changes nothing.
const REFUSED: &str = "TryTake, refused";
/// A handful: the attempts before a thread asks the others to give way, and a few for those under way already.
const HANDFUL: u32 = 12;

/// Attempts and times by operation.
#[derive(Default)]
struct Tally {
    operations: BTreeMap<&'static str, Vec<(u32, Duration)>>,
}

impl Tally {
    /// Measures one operation while the other thread is seen to be busy.
    fn measure(&mut self, name: &'static str, busy: &Busy, operation: impl FnOnce() -> Done) -> Done {
        busy.wait();
        let start = Instant::now();
        let done = operation();
        self.operations.entry(name).or_default().push((done.attempts, start.elapsed()));
        done
    }

    /// Prints the distribution, and asserts what holds everywhere.
    fn judge(&self, title: &str) {
        println!("\n{title}");
        println!("{:>24} | {:>5} | attempts: p50   p90   p99    max | slowest", "", "times");
        for (name, measured) in &self.operations {
            let mut attempts: Vec<u32> = measured.iter().map(|(attempts, _)| *attempts).collect();
            attempts.sort_unstable();
            let [p50, p90, p99, max] = [50, 90, 99, 100].map(|share| attempts[(attempts.len() - 1) * share / 100]);
            let slowest = measured.iter().map(|(_, time)| *time).max().unwrap_or_default();
            println!("{name:>24} | {:>5} | {p50:>13} {p90:>5} {p99:>5} {max:>6} | {slowest:.1?}", attempts.len());
            assert!(max <= HANDFUL, "{title}: {name} needed {max} attempts");
            assert!(max == 1 || *name != REFUSED, "{title}: {name} changes nothing");
        }
    }
}

/// A stripe of two, both lent, for which `MANY` wait.
fn crowded() -> Bench {
    let bench = Bench::new(2);
    (0..2).for_each(|_| assert_eq!(bench.try_take().answer, Some(WakeResult::Create)));
    crowd(&bench);
    bench
}

/// Queues takes until `MANY` wait. Nobody else is at work meanwhile.
fn crowd(bench: &Bench) {
    let waiting = bench.cell.observe(|stripe| stripe.queue().len());
    (waiting..MANY).for_each(|_| assert!(bench.take().enqueued.is_some(), "there is nothing to take"));
}

/// The waiter in the middle of the queue.
fn middle(bench: &Bench) -> WaiterId {
    let waiter = bench.cell.observe(|stripe| stripe.queue().iter().nth(5_000).copied());
    waiter.expect("so many wait").id
}

/// The operations on a crowded stripe that are undone by one other.
fn measure_waiting(tally: &mut Tally, bench: &Bench, busy: &Busy) {
    let mut lent = ResourceHandle::new(7_u32);
    for _ in 0..OFTEN {
        let queued = tally.measure("Take", busy, || bench.take());
        assert!(queued.enqueued.is_some());
        let id = middle(bench);
        let cancelled = tally.measure("Cancel in the middle", busy, || bench.run(PoolEvent::Cancel { id }));
        assert!(cancelled.woken == 1 || cancelled.rejected == Some(Reject::AlreadyWoken), "its turn may have come");
        let refused = tally.measure(REFUSED, busy, || bench.try_take());
        assert_eq!(refused.answer, Some(WakeResult::Cancelled));
        let handed = tally.measure("Put to the oldest", busy, || bench.put(lent, 1));
        assert_eq!(handed.woken, 1);
        let failed = tally.measure("CreateFailed", busy, || bench.run(PoolEvent::CreateFailed));
        assert_eq!(failed.woken, 1);
        let freed = tally.measure("Discard", busy, || bench.run(PoolEvent::Discard { resource: lent }));
        assert_eq!(freed.freed, 1);
        let replaced = tally.measure("Freed", busy, || bench.run(PoolEvent::Freed { count: 1 }));
        assert_eq!(replaced.woken, 1);
        lent = ResourceHandle::new(7_u32);
        busy.pause(|| crowd(bench));
    }
    assert_eq!(bench.run(PoolEvent::Discard { resource: lent }).freed, 1);
}

/// The resizes of a crowded stripe. A shrink is measured only if the busy thread does not give back: that would be
/// freed.
fn measure_resizes(tally: &mut Tally, bench: &Bench, busy: &Busy, can_shrink: bool) {
    for _ in 0..SELDOM {
        let grown = tally.measure("Resize, growing", busy, || bench.run(PoolEvent::Resize { capacity: 2 + HALF }));
        assert_eq!(grown.woken, HALF);
        let shrink = || bench.run(PoolEvent::Resize { capacity: 2 });
        if can_shrink {
            tally.measure("Resize, shrinking", busy, shrink);
        }
        busy.pause(|| {
            shrink();
            (0..HALF).for_each(|_| assert_eq!(bench.run(PoolEvent::CreateFailed).woken, 0, "swallowed by the shrink"));
            crowd(bench);
        });
    }
}

#[test]
fn commits_get_through_beside_a_thread_that_queues_and_cancels() {
    let _alone = alone();
    let mut tally = Tally::default();
    let queue_and_cancel = |bench: &Bench| {
        if let Some(id) = bench.take().enqueued {
            bench.run(PoolEvent::Cancel { id });
        }
    };
    let bench = crowded();
    Busy::beside(
        || queue_and_cancel(&bench),
        |busy| {
            measure_resizes(&mut tally, &bench, busy, true);
            measure_waiting(&mut tally, &bench, busy);
        },
    );
    for _ in 0..SELDOM {
        let bench = crowded();
        Busy::beside(
            || queue_and_cancel(&bench),
            |busy| {
                let closed = tally.measure("Close", busy, || bench.run(PoolEvent::Close));
                assert!(closed.woken >= MANY);
            },
        );
    }
    tally.judge("10 000 waiters, beside Take and Cancel");
}

#[test]
fn commits_get_through_beside_a_thread_that_hands_over() {
    let _alone = alone();
    let mut tally = Tally::default();
    let bench = crowded();
    let resource = ResourceHandle::new(8_u32);
    // What is handed to the oldest waiter is given back for the next one, while that one queues up again.
    let hand_over = || {
        assert_eq!(bench.put(resource, 1).woken, 1);
        bench.take();
    };
    Busy::beside(hand_over, |busy| {
        measure_resizes(&mut tally, &bench, busy, false);
        measure_waiting(&mut tally, &bench, busy);
    });
    assert_eq!(bench.run(PoolEvent::Discard { resource }).freed, 1);
    tally.judge("10 000 waiters, beside Put and Take");
}

/// When the older half of the idle resources was given back.
const LONG_AGO: u64 = 0;
/// When the others were, and whatever the busy thread gives back is.
const JUST_NOW: u64 = 1_000;

/// Fills a stripe: everything that it may hold is idle, one half for a long time. Nobody else is at work meanwhile.
fn fill(bench: &Bench) {
    let mut taken = Vec::new();
    loop {
        match bench.try_take().answer {
            Some(WakeResult::Deliver(resource)) => taken.push(resource),
            Some(WakeResult::Create) => taken.push(ResourceHandle::new(7_u32)),
            Some(WakeResult::Cancelled) | None => break,
        }
    }
    assert_eq!(taken.len(), 10_000, "nothing was lost");
    for (index, resource) in (0..).zip(taken) {
        bench.put(resource, if index < HALF { LONG_AGO } else { JUST_NOW });
    }
}

/// What the busy thread of the tests below repeats: one round trip.
fn round_trip(bench: &Bench) {
    match bench.try_take().answer {
        Some(WakeResult::Deliver(resource)) => drop(bench.put(resource, JUST_NOW)),
        Some(WakeResult::Create) => drop(bench.run(PoolEvent::CreateFailed)),
        Some(WakeResult::Cancelled) | None => {}
    }
}

/// The operations on an idle stripe that concern one resource.
fn measure_idle(tally: &mut Tally, bench: &Bench, busy: &Busy) {
    for _ in 0..OFTEN {
        let taken = tally.measure("TryTake", busy, || bench.try_take());
        let Some(WakeResult::Deliver(resource)) = taken.answer else { panic!("thousands are idle") };
        tally.measure("Put", busy, || bench.put(resource, JUST_NOW));
        let Some(WakeResult::Deliver(resource)) = bench.try_take().answer else { panic!("thousands are idle") };
        let freed = tally.measure("Discard", busy, || bench.run(PoolEvent::Discard { resource }));
        assert_eq!(freed.freed, 1);
        let back = tally.measure("Freed", busy, || bench.run(PoolEvent::Freed { count: 1 }));
        assert_eq!(back.rejected, None);
    }
}

/// The operations on an idle stripe that concern half of its resources or all.
fn measure_clearing(tally: &mut Tally, bench: &Bench, busy: &Busy) {
    let reap = PoolEvent::Reap { now: Timestamp(JUST_NOW), ttl: Duration::from_nanos(500), keep: 0 };
    let clearing = [
        ("Reap", reap, HALF),
        ("Drain", PoolEvent::Drain, MANY - 1),
        ("Resize, shrinking", PoolEvent::Resize { capacity: HALF }, HALF - 1),
    ];
    for (name, event, at_least) in clearing {
        for _ in 0..SELDOM {
            let cleared = tally.measure(name, busy, || bench.run(event));
            assert!(cleared.freed >= at_least, "{name}: one may be with the busy thread, the others go: {cleared:?}");
            busy.pause(|| {
                bench.run(PoolEvent::Freed { count: cleared.freed });
                bench.run(PoolEvent::Resize { capacity: MANY });
                fill(bench);
            });
        }
    }
}

#[test]
fn commits_get_through_beside_a_thread_that_takes_and_puts() {
    let _alone = alone();
    let mut tally = Tally::default();
    let bench = Bench::new(MANY);
    fill(&bench);
    Busy::beside(
        || round_trip(&bench),
        |busy| {
            measure_clearing(&mut tally, &bench, busy);
            measure_idle(&mut tally, &bench, busy);
        },
    );
    for _ in 0..SELDOM {
        let bench = Bench::new(MANY);
        fill(&bench);
        Busy::beside(
            || round_trip(&bench),
            |busy| {
                let closed = tally.measure("Close", busy, || bench.run(PoolEvent::Close));
                assert!(closed.freed >= MANY - 1);
            },
        );
    }
    tally.judge("10 000 idle resources, beside TryTake and Put");
}
