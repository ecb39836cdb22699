//! W7: growth. What one operation costs when there is more of something: idle entries, waiters, stripes.
//!
//! - *Idle entries*: W1's round trip, in a pool that is full.
//! - *Waiters*: one thread stands in line n times, with `LocalPool::enqueue`; each step it takes one more place, drops the
//!   lease, which hands it to the oldest, and takes it up from there. No thread sleeps, so it is the queue that is measured.
//! - *Stripes*: W1's round trip of one thread, at home, with eight idle entries on each stripe.

use crate::measure::{Contender, Series, Spread, ratios, run_rounds};
use crate::peers::{Facts, Order, Peer, Resource, Visitor, for_each_peer, ours};
use crate::progress::Progress;
use crate::section::{Figure, Panel, Plot, PlotBar, Section, Table};
use crate::show;
use crate::w1::{calibrate, nanos, time};
use crate::workload::Effort;
use core::time::Duration;
use std::collections::VecDeque;
use std::time::Instant;
use striped_pool::{Acquired, Lease, LocalPool, PendingTake};

/// How many there are, and how that is called.
type Size = (u32, &'static str);

const IDLE: [Size; 4] = [(8, "8 idle"), (100, "100 idle"), (1_000, "1 000 idle"), (10_000, "10 000 idle")];
const WAITERS: [Size; 5] =
    [(1, "1 waits"), (10, "10 wait"), (100, "100 wait"), (1_000, "1 000 wait"), (10_000, "10 000 wait")];
const STRIPES: [Size; 7] = [
    (1, "1 stripe"),
    (2, "2 stripes"),
    (4, "4 stripes"),
    (8, "8 stripes"),
    (16, "16 stripes"),
    (32, "32 stripes"),
    (64, "64 stripes"),
];
/// Ours, borrowed, and seven others.
const POOLS: u32 = 8;

fn rounds(effort: Effort) -> u32 {
    effort.pick(2, 20, 120)
}

fn slice(effort: Effort) -> Duration {
    effort.pick(Duration::from_micros(50), Duration::from_millis(3), Duration::from_millis(4))
}

/// About how long it takes.
pub fn cost(effort: Effort) -> Duration {
    let samples = POOLS * size(&IDLE) + size(&WAITERS) + size(&STRIPES);
    slice(effort) * rounds(effort) * samples
}

fn size(sizes: &[Size]) -> u32 {
    u32::try_from(sizes.len()).unwrap_or(u32::MAX)
}

/// Measures ours with more of everything, and others with more idle entries.
pub fn run(effort: Effort, progress: &mut Progress) -> Section {
    progress.show("W7, calibrating");
    let (rounds, slice) = (rounds(effort), slice(effort));
    let mut collect = Collect { slice, contenders: Vec::new() };
    for_each_peer(&mut collect);
    let idle = run_rounds(collect.contenders, rounds, slice, "W7 idle entries", progress);
    let ours = ours::Borrowed::FACTS;
    let waiting = WAITERS.map(|(count, name)| hand_offs(count, slice).variant(name));
    let waiters = run_rounds(waiting.into(), rounds, slice, "W7 waiters", progress);
    let striped = STRIPES.map(|(count, name)| trips(ours, ours::striped(count), slice).variant(name));
    let stripes = run_rounds(striped.into(), rounds, slice, "W7 stripes", progress);
    section(&idle, &waiters, &stripes, effort)
}

struct Collect {
    slice: Duration,
    contenders: Vec<Contender<f64>>,
}

impl Visitor for Collect {
    fn visit<P: Peer>(&mut self) {
        let is_another_of_ours = P::FACTS.is_ours && P::FACTS != ours::Borrowed::FACTS;
        if P::FACTS.order == Order::NoWaiting || is_another_of_ours {
            return;
        }
        let sizes = IDLE.map(|(count, name)| trips(P::FACTS, P::primed(count), self.slice).variant(name));
        self.contenders.extend(sizes);
    }
}

/// Round trips of one thread.
fn trips<P: Peer>(facts: Facts, pool: P, slice: Duration) -> Contender<f64> {
    let count = calibrate(|trips| time(&pool, trips), slice);
    Contender::new(facts, move || nanos(time(&pool, count), count))
}

/// One thread that stands in line many times. The pool lives on: those who wait borrow it for as long as the program runs.
struct Line {
    local: &'static LocalPool<Resource>,
    waiting: VecDeque<PendingTake<'static, Resource>>,
    lease: Option<Lease<'static, Resource>>,
}

impl Line {
    fn new(waiters: u32) -> Self {
        let local: &'static LocalPool<Resource> = Box::leak(Box::new(LocalPool::new(1, drop)));
        let Ok(Acquired::Permit(permit)) = local.acquire() else { panic!("a new pool has room") };
        let lease = Some(permit.fulfil(Resource::default()));
        let mut waiting = VecDeque::with_capacity(waiters as usize + 1);
        waiting.extend((0..waiters).map(|_| local.enqueue()));
        Self { local, waiting, lease }
    }

    /// The timed loop.
    #[inline(never)]
    fn time(&mut self, steps: u32) -> Duration {
        let started = Instant::now();
        for _ in 0..steps {
            self.waiting.push_back(self.local.enqueue());
            self.lease = None;
            let oldest = self.waiting.pop_front().map(PendingTake::wait);
            let Some(Ok(Acquired::Lease(lease))) = oldest else { panic!("the lease was not handed to the oldest") };
            self.lease = Some(lease);
        }
        started.elapsed()
    }
}

fn hand_offs(waiters: u32, slice: Duration) -> Contender<f64> {
    let mut line = Line::new(waiters);
    // Everybody is served once: nobody that was there from the start is left.
    line.time(waiters);
    let steps = calibrate(|steps| line.time(steps), slice);
    Contender::new(ours::Borrowed::FACTS, move || nanos(line.time(steps), steps))
}

fn section(idle: &[Series<f64>], waiters: &[Series<f64>], stripes: &[Series<f64>], effort: Effort) -> Section {
    let idle_of_ours = idle.get(..IDLE.len()).unwrap_or_default();
    let figure = |key: &str, sizes| Figure { key: key.into(), values: growth(sizes) };
    let figures = vec![
        figure("w7 10 000 idle / 8 idle", idle_of_ours),
        figure("w7 10 000 waiters / 1 waiter", waiters),
        figure("w7 64 stripes / 1 stripe", stripes),
    ];
    let tables = vec![
        table("Idle entries: nanoseconds for a round trip of one thread", &IDLE, idle),
        table("Waiters: nanoseconds for queueing up and a hand-off", &WAITERS, waiters),
        table("Stripes: nanoseconds for a round trip of one thread", &STRIPES, stripes),
    ];
    let text = format!(
        "What an operation costs when there is more of something. Idle entries and stripes: the round trip of W1, with 8 idle \
         entries on each stripe. Waiters: one thread stands in line many times (`LocalPool::enqueue`); each step takes one \
         more place, drops the lease, and takes it up where the oldest waits. {} rounds of slices of {} ms.",
        rounds(effort),
        slice(effort).as_millis()
    );
    let plots = vec![plot(idle_of_ours, waiters, stripes)];
    Section { text, tables, figures, plots, ..Section::default() }
}

/// The largest divided by the smallest, within a round.
fn growth(sizes: &[Series<f64>]) -> Vec<f64> {
    match (sizes.first(), sizes.last()) {
        (Some(smallest), Some(largest)) => ratios(&largest.samples, &smallest.samples),
        _ => Vec::new(),
    }
}

/// A row for each pool, a column for each size.
fn table(title: &str, sizes: &[Size], series: &[Series<f64>]) -> Table {
    let rows = series.chunks(sizes.len()).map(|of_pool| {
        let name = of_pool.first().map_or("", |series| series.facts.name);
        let nanos = of_pool.iter().map(|series| show::number(Spread::of(&series.samples).median));
        let growth = show::spread(Spread::of(&growth(of_pool)));
        core::iter::once(name.to_owned()).chain(nanos).chain([growth]).collect()
    });
    let names = sizes.iter().map(|(_, name)| *name);
    let columns = core::iter::once("pool").chain(names).chain(["last ÷ first (quartiles)"]);
    Table { title: title.into(), columns: columns.map(String::from).collect(), rows: rows.collect() }
}

fn plot(idle: &[Series<f64>], waiters: &[Series<f64>], stripes: &[Series<f64>]) -> Plot {
    let panel = |title: &str, sizes: &[Size], series: &[Series<f64>]| {
        let bars = sizes.iter().zip(series).map(|((_, name), series)| PlotBar {
            label: (*name).into(),
            value: Spread::of(&series.samples),
            is_ours: true,
        });
        vec![Panel { title: title.into(), bars: bars.collect() }]
    };
    Plot {
        file: "bench-w7".into(),
        title: "striped-pool with more of everything".into(),
        caption: "Median and quartiles; one logarithmic scale; one thread".into(),
        rows: vec![
            panel("idle entries: ns for a round trip", &IDLE, idle),
            panel("waiters: ns for queueing up and a hand-off", &WAITERS, waiters),
            panel("stripes: ns for a round trip", &STRIPES, stripes),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_keeps_its_length_and_serves_the_oldest() {
        let mut line = Line::new(3);
        line.time(10);
        assert_eq!((line.waiting.len(), line.local.status().waiting), (3, 3));
    }

    #[test]
    fn a_smoke_run_has_a_row_for_each_pool_and_no_figure_is_missing() {
        let section = run(Effort::Smoke, &mut Progress::silent());
        assert_eq!(section.tables.iter().map(|table| table.rows.len()).collect::<Vec<_>>(), [POOLS as usize, 1, 1]);
        assert!(section.figures.iter().all(|figure| figure.values.len() == 2), "{:?}", section.figures);
        assert_eq!(section.plots[0].rows.len(), 3);
    }
}
