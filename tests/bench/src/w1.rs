//! W1: one thread takes one of eight idle resources, touches it, and gives it back.
//!
//! What it does not show: what anything costs when two threads meet (W2, W3).

use crate::measure::{Contender, Series, Spread, best_of, ratios, run_rounds};
use crate::peers::{Peer, Visitor, asyncband, bb8, by_hand, deadpool, floor, for_each_peer, ours, qp, r2d2};
use crate::progress::Progress;
use crate::section::{Figure, Panel, Plot, PlotBar, Section, Table};
use crate::show;
use crate::workload::Effort;
use core::time::Duration;
use std::time::Instant;

const IDLE: u32 = 8;
/// Ours with two stripes is for where two threads are.
const CONTENDERS: u32 = 16;

fn rounds(effort: Effort) -> u32 {
    effort.pick(2, 40, 300)
}

fn slice(effort: Effort) -> Duration {
    effort.pick(Duration::from_micros(50), Duration::from_millis(4), Duration::from_millis(4))
}

/// About how long it takes.
pub fn cost(effort: Effort) -> Duration {
    slice(effort) * rounds(effort) * CONTENDERS
}

/// Measures all pools.
pub fn run(effort: Effort, progress: &mut Progress) -> Section {
    progress.show("W1, calibrating");
    let mut collect = Collect { slice: slice(effort), contenders: Vec::new() };
    for_each_peer(&mut collect);
    let series = run_rounds(collect.contenders, rounds(effort), slice(effort), "W1", progress);
    section(&series, effort)
}

struct Collect {
    slice: Duration,
    contenders: Vec<Contender<f64>>,
}

impl Visitor for Collect {
    fn visit<P: Peer>(&mut self) {
        if P::FACTS == ours::TwoStripes::FACTS {
            return;
        }
        let pool = P::primed(IDLE);
        let trips = calibrate(|trips| time(&pool, trips), self.slice);
        let contender = Contender::new(P::FACTS, move || nanos(time(&pool, trips), trips));
        self.contenders.push(contender);
    }
}

/// How many trips fill a slice: doubled until they do.
pub fn calibrate(mut time: impl FnMut(u32) -> Duration, slice: Duration) -> u32 {
    let mut trips = 64;
    while trips < 1 << 24 {
        let taken = time(trips);
        if taken >= slice / 2 {
            return u32::try_from(u128::from(trips) * slice.as_nanos() / taken.as_nanos().max(1))
                .unwrap_or(trips)
                .max(1);
        }
        trips *= 2;
    }
    trips
}

/// The timed loop. Not inlined, so that each pool's is a function of its own and can be found in a profile.
#[inline(never)]
pub fn time<P: Peer>(pool: &P, trips: u32) -> Duration {
    P::on_thread(|| {
        let started = Instant::now();
        for _ in 0..trips {
            pool.round_trip(|| ());
        }
        started.elapsed()
    })
}

/// Nanoseconds for each.
pub fn nanos(time: Duration, trips: u32) -> f64 {
    time.as_secs_f64() * 1e9 / f64::from(trips)
}

fn section(series: &[Series<f64>], effort: Effort) -> Section {
    let of = |name: &str| {
        let found = series.iter().find(|series| series.name == name);
        found.map_or(&[][..], |series| &series.samples)
    };
    let borrowed = of(ours::Borrowed::FACTS.name);
    let waiting = best_of(
        &[
            of(r2d2::Waiting::FACTS.name),
            of(r2d2::Trying::FACTS.name),
            of(bb8::Bb8::FACTS.name),
            of(deadpool::Managed::FACTS.name),
            of(asyncband::Asyncband::FACTS.name),
        ],
        f64::min,
    );
    let figure = |key: &str, values: &[f64], base: &[f64]| Figure { key: key.into(), values: ratios(values, base) };
    let figures = vec![
        figure("w1 borrowed / managed peers", borrowed, &waiting),
        figure("w1 borrowed / deadpool unmanaged get", borrowed, of(deadpool::Unmanaged::FACTS.name)),
        figure("w1 borrowed / deadpool unmanaged try_get", borrowed, of(deadpool::UnmanagedTrying::FACTS.name)),
        figure("w1 borrowed / qp", borrowed, of(qp::Qp::FACTS.name)),
        figure("w1 borrowed / by hand", borrowed, of(by_hand::ByHand::FACTS.name)),
        figure("w1 borrowed / floor", borrowed, of(floor::Floor::FACTS.name)),
        figure("w1 owned / managed peers", of(ours::Owned::FACTS.name), &waiting),
        figure("w1 ttl / borrowed", of(ours::WithTtl::FACTS.name), borrowed),
    ];
    let text = format!(
        "One thread takes one of {IDLE} idle resources, touches it, and gives it back. {} rounds; a figure is the mean of \
         a slice of about {} ms; shown are the median over the rounds and the quartiles.",
        rounds(effort),
        slice(effort).as_millis()
    );
    Section { text, tables: vec![table(series, borrowed)], figures, plots: vec![plot(series)], ..Section::default() }
}

fn table(series: &[Series<f64>], borrowed: &[f64]) -> Table {
    let rows = series.iter().map(|series| {
        vec![
            series.name.clone(),
            format!("{:?}", series.facts.kind).to_lowercase(),
            show::spread(Spread::of(&series.samples)),
            show::spread(Spread::of(&ratios(&series.samples, borrowed))),
        ]
    });
    Table {
        title: "Nanoseconds for a round trip".into(),
        columns: ["pool", "lease", "ns (quartiles)", "÷ ours, borrowed (quartiles)"].map(String::from).to_vec(),
        rows: rows.collect(),
    }
}

fn plot(series: &[Series<f64>]) -> Plot {
    let mut bars: Vec<_> = series
        .iter()
        .map(|series| PlotBar {
            label: series.name.clone(),
            value: Spread::of(&series.samples),
            is_ours: series.facts.is_ours,
        })
        .collect();
    bars.sort_by(|a, b| a.value.median.total_cmp(&b.value.median));
    Plot {
        file: "bench-w1".into(),
        title: "Take one of 8 idle resources and give it back: one thread".into(),
        caption: "Median and quartiles; logarithmic scale; shorter is better. qp can lose a wake; object-pool and opool do not wait."
            .into(),
        rows: vec![vec![Panel { title: "ns for a round trip".into(), bars }]],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calibration_fills_the_slice() {
        let hundred_each = |trips: u32| Duration::from_nanos(u64::from(trips) * 100);
        let trips = calibrate(hundred_each, Duration::from_millis(1));
        assert_eq!(trips, 10_000);
        assert_eq!(calibrate(hundred_each, Duration::from_nanos(50)), 1);
    }

    #[test]
    fn a_smoke_run_has_a_row_for_each_contender_and_no_figure_is_missing() {
        let section = run(Effort::Smoke, &mut Progress::silent());
        assert_eq!(section.tables[0].rows.len(), CONTENDERS as usize);
        assert!(section.figures.iter().all(|figure| figure.values.len() == 2), "{:?}", section.figures);
    }
}
