//! W2: two threads, each with more idle resources than it needs; and the same with one thread, to compare with.
//!
//! What a pool costs here is the wall-clock time divided by the round trips of all threads: half of one thread's if two
//! do not hinder each other at all.

use crate::measure::{Contender, Series, Spread, best_of, ratios, run_rounds};
use crate::peers::{Order, Peer, Visitor, for_each_peer, ours};
use crate::progress::Progress;
use crate::section::{Figure, Section, Table};
use crate::show;
use crate::workload::Effort;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::sync::Barrier;
use std::thread;
use std::time::Instant;

const IDLE: u32 = 8;
/// After how many round trips a thread looks whether the time is over.
const BATCH: u32 = 32;
/// All pools, and two of ours once more with one thread.
const CONTENDERS: u32 = 19;
const ALONE: &str = ", 1 thread";

fn rounds(effort: Effort) -> u32 {
    effort.pick(2, 11, 41)
}

fn window(effort: Effort) -> Duration {
    effort.pick(Duration::from_millis(1), Duration::from_millis(40), Duration::from_millis(60))
}

/// About how long it takes.
pub fn cost(effort: Effort) -> Duration {
    window(effort) * rounds(effort) * CONTENDERS
}

/// Measures all pools.
pub fn run(effort: Effort, progress: &mut Progress) -> Section {
    let mut collect = Collect { window: window(effort), contenders: Vec::new() };
    for_each_peer(&mut collect);
    let series = run_rounds(collect.contenders, rounds(effort), window(effort), "W2", progress);
    section(&series, effort)
}

struct Collect {
    window: Duration,
    contenders: Vec<Contender<f64>>,
}

impl Visitor for Collect {
    fn visit<P: Peer>(&mut self) {
        let window = self.window;
        if P::FACTS == ours::Borrowed::FACTS || P::FACTS == ours::TwoStripes::FACTS {
            let pool = P::primed(IDLE);
            self.contenders.push(Contender::new(P::FACTS, move || nanos_per_trip(&pool, 1, window)).variant(ALONE));
        }
        let pool = P::primed(IDLE);
        self.contenders.push(Contender::new(P::FACTS, move || nanos_per_trip(&pool, 2, window)));
    }
}

/// Nanoseconds of wall-clock time for each round trip of any thread.
///
/// The threads are new ones each time: of two such, ours gives each a home stripe of its own.
fn nanos_per_trip<P: Peer>(pool: &P, threads: usize, window: Duration) -> f64 {
    let is_over = AtomicBool::new(false);
    let barrier = Barrier::new(threads + 1);
    let work = || {
        P::on_thread(|| {
            pool.round_trip(|| ());
            barrier.wait();
            repeat(pool, &is_over)
        })
    };
    let worked: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        barrier.wait();
        thread::sleep(window);
        is_over.store(true, Ordering::Relaxed);
        workers.into_iter().filter_map(|worker| worker.join().ok()).collect()
    });
    assert_eq!(worked.len(), threads, "a worker of {} panicked", P::FACTS.name);
    let trips_per_nano: f64 = worked.iter().map(|(trips, time)| trips / (time.as_secs_f64() * 1e9)).sum();
    1.0 / trips_per_nano
}

/// The timed loop: how many round trips, in what time.
#[inline(never)]
fn repeat<P: Peer>(pool: &P, is_over: &AtomicBool) -> (f64, Duration) {
    let started = Instant::now();
    let mut batches = 0_u32;
    while !is_over.load(Ordering::Relaxed) || batches == 0 {
        for _ in 0..BATCH {
            pool.round_trip(|| ());
        }
        batches += 1;
    }
    (f64::from(batches) * f64::from(BATCH), started.elapsed())
}

fn section(series: &[Series<f64>], effort: Effort) -> Section {
    let of = |name: &str| {
        let found = series.iter().find(|series| series.name == name);
        found.map_or(&[][..], |series| &series.samples)
    };
    let alone = of(&format!("{}{ALONE}", ours::Borrowed::FACTS.name));
    let fifo: Vec<_> = series
        .iter()
        .filter(|series| series.facts.order == Order::Fifo && !series.facts.is_ours)
        .map(|series| &series.samples[..])
        .collect();
    let one_stripe = of(ours::Borrowed::FACTS.name);
    let figures = vec![
        Figure { key: "w2 two stripes / one thread".into(), values: ratios(of(ours::TwoStripes::FACTS.name), alone) },
        Figure { key: "w2 one stripe / best FIFO".into(), values: ratios(one_stripe, &best_of(&fifo, f64::min)) },
    ];
    let rows = series.iter().map(|series| {
        vec![
            series.name.clone(),
            show::spread(Spread::of(&series.samples)),
            show::spread(Spread::of(&ratios(&series.samples, alone))),
            show::spread(Spread::of(&ratios(&series.samples, one_stripe))),
        ]
    });
    let table = Table {
        title: "Nanoseconds of wall-clock time for each round trip of any of the threads".into(),
        columns: ["pool", "ns (quartiles)", "÷ ours, one thread", "÷ ours, one stripe"].map(String::from).to_vec(),
        rows: rows.collect(),
    };
    let text = format!(
        "Two threads, {IDLE} idle resources: nobody waits for a resource, both use the same pool. {} rounds; a figure is of a \
         window of {} ms with threads of its own.",
        rounds(effort),
        window(effort).as_millis()
    );
    Section { text, tables: vec![table], figures, ..Section::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_smoke_run_has_a_row_for_each_contender_and_no_figure_is_missing() {
        let section = run(Effort::Smoke, &mut Progress::silent());
        assert_eq!(section.tables[0].rows.len(), CONTENDERS as usize);
        assert!(section.figures.iter().all(|figure| figure.values.len() == 2), "{:?}", section.figures);
    }
}
