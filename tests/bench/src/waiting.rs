//! A window of time in which many want few resources (W3, W4): its phases, and what it comes to.

use crate::measure::{Series, Spread};
use crate::peers::Order;
use crate::section::Table;
use crate::show;
use core::sync::atomic::{AtomicU8, Ordering};
use core::time::Duration;
use hdrhistogram::Histogram;
use rustix::time::{ClockId, clock_gettime};
use std::thread;
use std::time::Instant;

/// How long waits were.
pub type Waits = Histogram<u32>;

/// No wait yet: nanoseconds up to a minute, to two digits.
///
/// # Panics
///
/// If the histogram's bounds made no sense.
pub fn no_waits() -> Waits {
    Histogram::new_with_bounds(1, 60_000_000_000, 2).unwrap_or_else(|error| panic!("{error}"))
}

/// Adds one.
#[inline]
pub fn record(waits: &mut Waits, waited: Duration) {
    waits.saturating_record(u64::try_from(waited.as_nanos()).unwrap_or(u64::MAX));
}

/// Adds those of somebody else.
///
/// # Panics
///
/// If the histograms had different bounds.
pub fn add(waits: &mut Waits, more: &Waits) {
    waits.add(more).unwrap_or_else(|error| panic!("{error}"));
}

/// Where in its time a window is.
#[derive(Debug, Default)]
pub struct Phase(AtomicU8);

const BEFORE: u8 = 0;
const COUNTING: u8 = 1;
const OVER: u8 = 2;

impl Phase {
    /// Nothing counts yet.
    #[inline]
    pub fn is_before(&self) -> bool {
        self.0.load(Ordering::Relaxed) == BEFORE
    }

    /// What ends now counts.
    #[inline]
    pub fn is_counting(&self) -> bool {
        self.0.load(Ordering::Relaxed) == COUNTING
    }

    /// Everybody shall stop.
    #[inline]
    pub fn is_over(&self) -> bool {
        self.0.load(Ordering::Relaxed) == OVER
    }

    /// Lets time pass: `before` that does not count, then `window`. How long it really counted.
    pub fn pass(&self, before: Duration, window: Duration) -> Counted {
        thread::sleep(before);
        let (started, worked) = (Instant::now(), worked());
        self.0.store(COUNTING, Ordering::Relaxed);
        thread::sleep(window);
        self.0.store(OVER, Ordering::Relaxed);
        Counted { time: started.elapsed(), work: self::worked().saturating_sub(worked) }
    }
}

/// How long a window was.
#[derive(Clone, Copy, Debug)]
pub struct Counted {
    /// By the clock.
    pub time: Duration,
    /// Of all cores together, as far as they worked for this process, in the system too.
    pub work: Duration,
}

/// How long cores have worked for this process.
fn worked() -> Duration {
    // Seconds and nanoseconds of a process are never negative.
    clock_gettime(ClockId::ProcessCPUTime).try_into().unwrap_or_default()
}

/// What one window came to.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// Leases that were held to their end.
    pub per_second: f64,
    /// How often the median of those who want was served.
    pub median_served: f64,
    /// Most served ÷ median; infinite if half of them were not served at all.
    pub unfairness: f64,
    /// Nanoseconds that half of the waits took at most.
    pub p50: f64,
    /// And all but one in a hundred.
    pub p99: f64,
    /// And all.
    pub longest: f64,
    /// How many cores it kept busy, holding and waiting together.
    pub cores: f64,
}

impl Sample {
    /// How often each was served, and how long all waited, in a window that counted so long.
    #[expect(clippy::cast_precision_loss, reason = "nanoseconds up to a minute")]
    pub fn of(served: &[u32], waits: &Waits, counted: Counted) -> Self {
        let served: Vec<_> = served.iter().copied().map(f64::from).collect();
        let median_served = Spread::of(&served).median;
        Self {
            per_second: served.iter().sum::<f64>() / counted.time.as_secs_f64(),
            median_served,
            unfairness: served.iter().copied().fold(0.0, f64::max) / median_served,
            p50: waits.value_at_quantile(0.5) as f64,
            p99: waits.value_at_quantile(0.99) as f64,
            longest: waits.max() as f64,
            cores: counted.work.as_secs_f64() / counted.time.as_secs_f64(),
        }
    }
}

/// A row for each of those who were measured; `fairness` is what stands for how evenly they served.
pub fn table(title: String, series: &[Series<Sample>], fairness: impl Fn(&Series<Sample>) -> String) -> Table {
    let rows = series.iter().map(|series| {
        let spread = |figure: fn(&Sample) -> f64| Spread::of(&series.figures(figure));
        vec![
            series.name.clone(),
            if series.facts.order == Order::Fifo { "FIFO" } else { "barging" }.into(),
            show::spread(spread(|sample| sample.per_second / 1e3)),
            fairness(series),
            show::nanos(spread(|sample| sample.p50).median),
            show::nanos(spread(|sample| sample.p99).median),
            show::nanos(spread(|sample| sample.longest).median),
            show::number(spread(|sample| sample.cores).median),
        ]
    });
    let columns = [
        "pool",
        "order",
        "thousand/s (quartiles)",
        "served max ÷ median",
        "wait p50",
        "wait p99",
        "longest wait",
        "cores busy",
    ];
    Table { title, columns: columns.map(String::from).to_vec(), rows: rows.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_starved_half_makes_fairness_infinite() {
        let counted = Counted { time: Duration::from_secs(1), work: Duration::ZERO };
        let unfairness = |served: &[u32]| Sample::of(served, &no_waits(), counted).unfairness;
        assert!((unfairness(&[3, 1, 2]) - 1.5).abs() < 1e-9);
        assert!(unfairness(&[9, 0, 0]).is_infinite());
    }

    #[test]
    fn throughput_counts_all_and_the_longest_wait_is_anybodys() {
        let mut waits = no_waits();
        record(&mut waits, Duration::from_nanos(500));
        let mut more = no_waits();
        record(&mut more, Duration::from_micros(9));
        add(&mut waits, &more);
        let counted = Counted { time: Duration::from_secs(2), work: Duration::from_secs(3) };
        let sample = Sample::of(&[10, 30], &waits, counted);
        assert!((sample.per_second - 20.0).abs() < 1e-9);
        assert!((sample.median_served - 20.0).abs() < 1e-9);
        assert!((sample.cores - 1.5).abs() < 1e-9);
        assert!((sample.longest / 9_000.0 - 1.0).abs() < 0.02, "{}", sample.longest);
        assert!((sample.unfairness - 1.5).abs() < 1e-9);
    }

    #[test]
    fn the_phases_follow_each_other() {
        let phase = Phase::default();
        assert!(phase.is_before() && !phase.is_counting() && !phase.is_over());
        let window = Duration::from_millis(1);
        assert!(phase.pass(Duration::ZERO, window).time >= window);
        assert!(!phase.is_before() && !phase.is_counting() && phase.is_over());
    }

    #[test]
    fn what_cores_work_is_counted() {
        let phase = Phase::default();
        let counted = thread::scope(|scope| {
            scope.spawn(|| {
                while !phase.is_over() {
                    core::hint::spin_loop();
                }
            });
            // Long enough for the thread to be given a core, whatever else runs.
            phase.pass(Duration::from_millis(50), Duration::from_millis(200))
        });
        assert!(counted.work > Duration::ZERO, "{counted:?}");
        let cores = thread::available_parallelism().map_or(1, usize::from);
        assert!(counted.work <= 2 * counted.time * u32::try_from(cores).unwrap_or(u32::MAX), "{counted:?}");
    }
}
