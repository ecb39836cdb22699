//! W3: more threads than resources, so most of them wait: 8 on 2 and 64 on 8, with four ways to hold a lease.
//!
//! Rules, the same for every pool:
//! 1. Threads start together, work for a while before anything counts, and stop at a flag: what is measured is a window of
//!    time, not a number of round trips, so a thread that is starved shows.
//! 2. *Throughput* counts the leases that were held to their end within the window. *Fairness* is the most that one thread
//!    was served in it, divided by the median.
//! 3. A *wait* lasts from the call of `get` to the lease, by two readings of the same clock. It counts with its whole length
//!    if any part of it was in the window; waits that the flag cut short are served at once and count for as long as they
//!    lasted.

use crate::measure::{Contender, Series, Spread, best_of, ratios, run_rounds};
use crate::peers::{Order, Peer, Visitor, for_each_peer};
use crate::progress::Progress;
use crate::section::{Figure, Panel, Plot, PlotBar, Section, Table};
use crate::show;
use crate::waiting::{self, Phase, Sample, Waits, no_waits};
use crate::workload::Effort;
use core::hint::spin_loop;
use core::time::Duration;
use std::sync::Barrier;
use std::thread;
use std::time::Instant;

/// How many threads want how many resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    threads: u32,
    resources: u32,
}

impl Size {
    /// As it stands in tables and in keys of figures.
    pub fn name(self) -> String {
        format!("{} on {}", self.threads, self.resources)
    }
}

/// What a thread does with its lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// Keeps a core busy for so long (not at all for zero).
    Busy(Duration),
    /// Sleeps for so long, and what the system adds.
    Asleep(Duration),
}

impl Hold {
    /// As it stands in tables and in keys of figures.
    pub fn name(self) -> String {
        match self {
            Self::Busy(Duration::ZERO) => "0 µs".into(),
            Self::Busy(time) => format!("{} µs busy", time.as_micros()),
            Self::Asleep(time) => format!("{} µs asleep", time.as_micros()),
        }
    }

    /// Whether it is long enough for a thread to be parked meanwhile.
    pub fn is_long(self) -> bool {
        match self {
            Self::Busy(time) | Self::Asleep(time) => time >= Duration::from_micros(20),
        }
    }

    #[inline]
    fn hold(self) {
        match self {
            Self::Busy(Duration::ZERO) => {}
            Self::Busy(time) => {
                let started = Instant::now();
                while started.elapsed() < time {
                    spin_loop();
                }
            }
            Self::Asleep(time) => thread::sleep(time),
        }
    }
}

/// Few on few, and many on more.
pub const SIZES: [Size; 2] = [Size { threads: 8, resources: 2 }, Size { threads: 64, resources: 8 }];

/// From nothing at all to what a short query takes.
pub const HOLDS: [Hold; 4] = [
    Hold::Busy(Duration::ZERO),
    Hold::Busy(Duration::from_micros(1)),
    Hold::Busy(Duration::from_micros(20)),
    Hold::Asleep(Duration::from_micros(20)),
];

/// The key of a figure about one cell.
pub fn key(what: &str, size: Size, hold: Hold) -> String {
    format!("w3 {}, {}: {what}", size.name(), hold.name())
}

/// Three of ours and six others wait, and have one queue.
const CONTENDERS: u32 = 10;

fn rounds(effort: Effort) -> u32 {
    effort.pick(2, 3, 9)
}

/// What runs before anything counts, and the window.
fn windows(effort: Effort) -> (Duration, Duration) {
    let millis = Duration::from_millis;
    effort.pick((millis(1), millis(4)), (millis(30), millis(120)), (millis(100), millis(500)))
}

fn slice(effort: Effort) -> Duration {
    let (before, window) = windows(effort);
    before + window
}

/// About how long it takes.
pub fn cost(effort: Effort) -> Duration {
    let cells = u32::try_from(SIZES.len() * HOLDS.len()).unwrap_or(u32::MAX);
    slice(effort) * rounds(effort) * cells * CONTENDERS
}

/// Measures all pools that wait.
pub fn run(effort: Effort, progress: &mut Progress) -> Section {
    let (before, window) = windows(effort);
    let mut section = Section {
        text: format!(
            "More threads than resources, one stripe. {} rounds; a figure is of a window of {} ms after {} ms that do not \
             count, with a pool and threads of its own. A wait lasts from the call of `get` to the lease. Served: the most that \
             one thread was, divided by the median of the threads. Cores busy: the processor time of the whole process, holding, \
             waiting and changing threads, divided by the window. qp is left out, because a wake that it loses would end \
             the run; object-pool and opool do not wait.",
            rounds(effort),
            window.as_millis(),
            before.as_millis()
        ),
        ..Section::default()
    };
    for size in SIZES {
        let mut panels = Vec::new();
        for hold in HOLDS {
            let mut collect = Collect { size, hold, effort, contenders: Vec::new() };
            for_each_peer(&mut collect);
            let label = format!("W3 {}, {}", size.name(), hold.name());
            let series = run_rounds(collect.contenders, rounds(effort), slice(effort), &label, progress);
            section.tables.push(table(&series, size, hold));
            section.figures.extend(figures(&series, size, hold));
            panels.push(self::panels(&series, hold));
        }
        section.plots.push(plot(size, panels));
    }
    section
}

struct Collect {
    size: Size,
    hold: Hold,
    effort: Effort,
    contenders: Vec<Contender<Sample>>,
}

impl Visitor for Collect {
    fn visit<P: Peer>(&mut self) {
        // Two stripes are two queues; W3 is about one.
        let is_striped = P::FACTS.is_ours && P::FACTS.order != Order::Fifo;
        if P::FACTS.order == Order::NoWaiting || is_striped {
            return;
        }
        let &mut Self { size, hold, effort, .. } = self;
        self.contenders.push(Contender::new(P::FACTS, move || contend::<P>(size, hold, windows(effort))));
    }
}

fn contend<P: Peer>(size: Size, hold: Hold, (before, window): (Duration, Duration)) -> Sample {
    let pool = P::primed(size.resources);
    let phase = Phase::default();
    let barrier = Barrier::new(size.threads as usize + 1);
    let work = || {
        P::on_thread(|| {
            barrier.wait();
            serve(&pool, hold, &phase)
        })
    };
    let (seen, counted) = thread::scope(|scope| {
        let workers: Vec<_> = (0..size.threads).map(|_| scope.spawn(work)).collect();
        barrier.wait();
        let counted = phase.pass(before, window);
        (workers.into_iter().filter_map(|worker| worker.join().ok()).collect::<Vec<_>>(), counted)
    });
    assert_eq!(seen.len(), size.threads as usize, "a worker of {} panicked", P::FACTS.name);
    let (served, waits): (Vec<_>, Vec<_>) = seen.into_iter().unzip();
    let mut all = no_waits();
    waits.iter().for_each(|waits| waiting::add(&mut all, waits));
    Sample::of(&served, &all, counted)
}

/// The measured loop of one thread: how often it was served, and its waits.
#[inline(never)]
fn serve<P: Peer>(pool: &P, hold: Hold, phase: &Phase) -> (u32, Waits) {
    let (mut served, mut waits) = (0, no_waits());
    loop {
        if phase.is_over() {
            return (served, waits);
        }
        let asked = Instant::now();
        let Ok(mut lease) = pool.get() else { panic!("{} lent nothing", P::FACTS.name) };
        let waited = asked.elapsed();
        if !phase.is_before() {
            waiting::record(&mut waits, waited);
        }
        lease.uses += 1;
        hold.hold();
        drop(lease);
        if phase.is_counting() {
            served += 1;
        }
    }
}

fn table(series: &[Series<Sample>], size: Size, hold: Hold) -> Table {
    let fairness = |series: &Series<Sample>| {
        let values = series.figures(|sample| sample.unfairness);
        show::number(Spread::of(&values).median)
    };
    waiting::table(format!("{}, held {}", size.name(), hold.name()), series, fairness)
}

fn figures(series: &[Series<Sample>], size: Size, hold: Hold) -> Vec<Figure> {
    // Ours is the first.
    let Some((ours, _)) = series.split_first() else { return Vec::new() };
    let of_peers = |order: Order, figure: fn(&Sample) -> f64, better: fn(f64, f64) -> f64| {
        let peers = series.iter().filter(|series| !series.facts.is_ours && series.facts.order == order);
        let figures: Vec<_> = peers.map(|series| series.figures(figure)).collect();
        best_of(&figures.iter().map(Vec::as_slice).collect::<Vec<_>>(), better)
    };
    let per_second: fn(&Sample) -> f64 = |sample| sample.per_second;
    let longest: fn(&Sample) -> f64 = |sample| sample.longest;
    let figure = |what: &str, values| Figure { key: key(what, size, hold), values };
    let throughput = ours.figures(per_second);
    vec![
        figure("throughput / best FIFO", ratios(&throughput, &of_peers(Order::Fifo, per_second, f64::max))),
        figure("throughput / best barging", ratios(&throughput, &of_peers(Order::Barging, per_second, f64::max))),
        figure(
            "longest wait / shortest of barging",
            ratios(&ours.figures(longest), &of_peers(Order::Barging, longest, f64::min)),
        ),
        figure("served max / median", ours.figures(|sample| sample.unfairness)),
    ]
}

fn panels(series: &[Series<Sample>], hold: Hold) -> Vec<Panel> {
    let panel = |title: String, figure: fn(&Sample) -> f64| {
        let bars = series.iter().map(|series| PlotBar {
            label: format!("{}{}", series.name, if series.facts.order == Order::Fifo { "" } else { " *" }),
            value: Spread::of(&series.figures(figure)),
            is_ours: series.facts.is_ours,
        });
        Panel { title, bars: bars.collect() }
    };
    vec![
        panel(format!("held {}: thousand per second", hold.name()), |sample| sample.per_second / 1e3),
        panel("longest wait, ms".into(), |sample| sample.longest / 1e6),
    ]
}

fn plot(size: Size, rows: Vec<Vec<Panel>>) -> Plot {
    Plot {
        file: format!("bench-w3-{}-on-{}", size.threads, size.resources),
        title: format!("{} threads on {} resources", size.threads, size.resources),
        caption: "Median and quartiles over the rounds; logarithmic scales. Left: longer is better; right: shorter is better. \
                  * not first come, first served"
            .into(),
        rows,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_smoke_run_has_a_row_for_each_contender_and_no_figure_is_missing() {
        let section = run(Effort::Smoke, &mut Progress::silent());
        assert_eq!(section.tables.len(), SIZES.len() * HOLDS.len());
        assert!(section.tables.iter().all(|table| table.rows.len() == CONTENDERS as usize));
        assert!(section.figures.iter().all(|figure| figure.values.len() == 2), "{:?}", section.figures);
        assert_eq!(section.plots.len(), SIZES.len());
    }
}
