//! W5: churn. One in ten round trips discards its resource, so that a new one must be made; and the same with one in ten
//! creates failing. A `get` that fails counts as a round trip.
//!
//! Only pools that can get rid of a resource *and* make another when one is asked for take part: not deadpool unmanaged
//! (nobody refills it), nor those that do not wait (object-pool and opool lend what they were given; `try_get` of r2d2
//! never makes one; qp is for reference).

use crate::measure::{Contender, Series, Spread, ratios, run_rounds};
use crate::peers::{Maker, Order, Peer, Visitor, deadpool, for_each_peer, ours};
use crate::progress::Progress;
use crate::section::{Section, Table};
use crate::show;
use crate::workload::Effort;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::sync::Barrier;
use std::thread;
use std::time::Instant;

const CAPACITY: u32 = 8;
/// Each n-th round trip discards; each n-th create fails, if creates do.
const EACH: u32 = 10;
/// Three of ours, and six others.
const CONTENDERS: u32 = 9;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Churn {
    Discards,
    FailingCreates,
}

const CHURNS: [Churn; 2] = [Churn::Discards, Churn::FailingCreates];
const THREADS: [u32; 2] = [1, 2];

impl Churn {
    fn name(self) -> &'static str {
        match self {
            Self::Discards => "10 % of the round trips discard",
            Self::FailingCreates => "10 % of the round trips discard, and 10 % of the creates fail",
        }
    }

    fn fail_each(self) -> u32 {
        match self {
            Self::Discards => 0,
            Self::FailingCreates => EACH,
        }
    }
}

fn rounds(effort: Effort) -> u32 {
    effort.pick(2, 5, 15)
}

fn window(effort: Effort) -> Duration {
    effort.pick(Duration::from_millis(1), Duration::from_millis(20), Duration::from_millis(60))
}

/// About how long it takes.
pub fn cost(effort: Effort) -> Duration {
    // r2d2 and bb8 try again no sooner than 400 ms after a create that failed, whatever the window.
    let backing_off = Duration::from_millis(500) * rounds(effort) * 4;
    window(effort) * rounds(effort) * CONTENDERS * 4 + backing_off
}

/// Measures all pools that discard and create.
pub fn run(effort: Effort, progress: &mut Progress) -> Section {
    let tables = CHURNS.map(|churn| {
        let of_threads = THREADS.map(|threads| {
            let mut collect = Collect { churn, threads, window: window(effort), contenders: Vec::new() };
            for_each_peer(&mut collect);
            let label = format!("W5 {churn:?}, {threads} threads");
            run_rounds(collect.contenders, rounds(effort), window(effort), &label, progress)
        });
        table(churn, &of_threads)
    });
    let text = format!(
        "A pool of {CAPACITY}, all made before. Nanoseconds of wall-clock time for each round trip of any of the threads; a `get` \
         that fails is one. {} rounds; a figure is of a window of {} ms with threads of its own. After a create that failed, \
         r2d2 and bb8 try again by themselves, 400 ms later and more, and let whoever asked wait meanwhile; the others answer with \
         the failure. Left out: pools that \
         cannot make a resource when one is asked for (deadpool unmanaged, object-pool, opool, `try_get` of r2d2), and qp.",
        rounds(effort),
        window(effort).as_millis()
    );
    Section { text, tables: tables.into(), ..Section::default() }
}

struct Collect {
    churn: Churn,
    threads: u32,
    window: Duration,
    contenders: Vec<Contender<f64>>,
}

impl Visitor for Collect {
    fn visit<P: Peer>(&mut self) {
        if !is_measured::<P>() {
            return;
        }
        let &mut Self { churn, threads, window, .. } = self;
        self.contenders.push(Contender::new(P::FACTS, move || nanos_per_trip::<P>(churn, threads, window)));
    }
}

/// Whether it gets rid of a resource and makes another; ours with two stripes is for W2.
fn is_measured<P: Peer>() -> bool {
    let is_striped = P::FACTS == ours::TwoStripes::FACTS;
    P::FACTS.order != Order::NoWaiting && P::FACTS != deadpool::Unmanaged::FACTS && !is_striped
}

/// A pool of its own each time: what is left of an earlier round, such as a pause after a failure, shall not count.
fn nanos_per_trip<P: Peer>(churn: Churn, threads: u32, window: Duration) -> f64 {
    let maker = Maker::default();
    let pool = P::build(CAPACITY, maker.clone());
    P::on_thread(|| drop((0..CAPACITY).map(|_| pool.get()).collect::<Vec<_>>()));
    maker.fail_each(churn.fail_each());
    let is_over = AtomicBool::new(false);
    let barrier = Barrier::new(threads as usize + 1);
    let work = || {
        P::on_thread(|| {
            barrier.wait();
            repeat(&pool, &is_over)
        })
    };
    let worked: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        barrier.wait();
        thread::sleep(window);
        is_over.store(true, Ordering::Relaxed);
        workers.into_iter().filter_map(|worker| worker.join().ok()).collect()
    });
    assert_eq!(worked.len(), threads as usize, "a worker of {} panicked", P::FACTS.name);
    let trips_per_nano: f64 = worked.iter().map(|(trips, time)| trips / (time.as_secs_f64() * 1e9)).sum();
    1.0 / trips_per_nano
}

/// The timed loop: how many round trips, in what time.
#[inline(never)]
fn repeat<P: Peer>(pool: &P, is_over: &AtomicBool) -> (f64, Duration) {
    let started = Instant::now();
    let mut batches = 0_u32;
    while !is_over.load(Ordering::Relaxed) || batches == 0 {
        (1..EACH).for_each(|_| trip(pool, drop));
        trip(pool, P::discard);
        batches += 1;
    }
    (f64::from(batches) * f64::from(EACH), started.elapsed())
}

#[inline]
fn trip<'a, P: Peer>(pool: &'a P, end: impl FnOnce(P::Lease<'a>)) {
    if let Ok(mut lease) = pool.get() {
        lease.uses += 1;
        end(lease);
    }
}

fn table(churn: Churn, of_threads: &[Vec<Series<f64>>; 2]) -> Table {
    let [one, two] = of_threads;
    let borrowed = |series: &[Series<f64>]| {
        let found = series.iter().find(|series| series.name == ours::Borrowed::FACTS.name);
        found.map_or_else(Vec::new, |series| series.samples.clone())
    };
    let (ours_one, ours_two) = (borrowed(one), borrowed(two));
    let rows = one.iter().zip(two).map(|(one, two)| {
        vec![
            one.name.clone(),
            show::spread(Spread::of(&one.samples)),
            show::number(Spread::of(&ratios(&one.samples, &ours_one)).median),
            show::spread(Spread::of(&two.samples)),
            show::number(Spread::of(&ratios(&two.samples, &ours_two)).median),
        ]
    });
    Table {
        title: format!("Nanoseconds for a round trip: {}", churn.name()),
        columns: [
            "pool",
            "1 thread: ns (quartiles)",
            "÷ ours, borrowed",
            "2 threads: ns (quartiles)",
            "÷ ours, borrowed",
        ]
        .map(String::from)
        .to_vec(),
        rows: rows.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_smoke_run_has_a_row_for_each_contender() {
        let section = run(Effort::Smoke, &mut Progress::silent());
        assert_eq!(section.tables.len(), CHURNS.len());
        assert!(section.tables.iter().all(|table| table.rows.len() == CONTENDERS as usize));
    }

    struct Replaces;

    impl Visitor for Replaces {
        fn visit<P: Peer>(&mut self) {
            if !is_measured::<P>() {
                return;
            }
            let maker = Maker::default();
            let pool = P::build(1, maker.clone());
            P::on_thread(|| {
                (0..3).for_each(|_| trip(&pool, P::discard));
                trip(&pool, drop);
                trip(&pool, drop);
            });
            assert_eq!(maker.asked(), 4, "{} made one for each that was discarded, and no more", P::FACTS.name);
        }
    }

    #[test]
    fn every_contender_gets_rid_of_what_is_discarded_and_keeps_the_rest() {
        for_each_peer(&mut Replaces);
    }

    struct Survives;

    impl Visitor for Survives {
        fn visit<P: Peer>(&mut self) {
            if !is_measured::<P>() {
                return;
            }
            let maker = Maker::default();
            let pool = P::build(1, maker.clone());
            P::on_thread(|| {
                trip(&pool, P::discard);
                maker.fail_each(2);
                let mut lent = 0;
                (0..8).for_each(|_| {
                    trip(&pool, |lease| {
                        lent += 1;
                        P::discard(lease);
                    });
                });
                assert!(lent >= 4, "{} lent only {lent} of 8", P::FACTS.name);
            });
        }
    }

    #[test]
    fn no_contender_loses_room_by_a_create_that_fails() {
        for_each_peer(&mut Survives);
    }
}
