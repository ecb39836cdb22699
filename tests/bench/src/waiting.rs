//! A window of time in which many want few resources (W3, W4): its phases, and what it comes to.

use crate::measure::Spread;
use core::sync::atomic::{AtomicU8, Ordering};
use core::time::Duration;
use hdrhistogram::Histogram;
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
    pub fn pass(&self, before: Duration, window: Duration) -> Duration {
        thread::sleep(before);
        let started = Instant::now();
        self.0.store(COUNTING, Ordering::Relaxed);
        thread::sleep(window);
        self.0.store(OVER, Ordering::Relaxed);
        started.elapsed()
    }
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
}

impl Sample {
    /// How often each was served, and how long all waited, in a window that counted so long.
    #[expect(clippy::cast_precision_loss, reason = "nanoseconds up to a minute")]
    pub fn of(served: &[u32], waits: &Waits, counted: Duration) -> Self {
        let served: Vec<_> = served.iter().copied().map(f64::from).collect();
        let median_served = Spread::of(&served).median;
        Self {
            per_second: served.iter().sum::<f64>() / counted.as_secs_f64(),
            median_served,
            unfairness: served.iter().copied().fold(0.0, f64::max) / median_served,
            p50: waits.value_at_quantile(0.5) as f64,
            p99: waits.value_at_quantile(0.99) as f64,
            longest: waits.max() as f64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_starved_half_makes_fairness_infinite() {
        let unfairness = |served: &[u32]| Sample::of(served, &no_waits(), Duration::from_secs(1)).unfairness;
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
        let sample = Sample::of(&[10, 30], &waits, Duration::from_secs(2));
        assert!((sample.per_second - 20.0).abs() < 1e-9);
        assert!((sample.median_served - 20.0).abs() < 1e-9);
        assert!((sample.longest / 9_000.0 - 1.0).abs() < 0.02, "{}", sample.longest);
        assert!((sample.unfairness - 1.5).abs() < 1e-9);
    }

    #[test]
    fn the_phases_follow_each_other() {
        let phase = Phase::default();
        assert!(phase.is_before() && !phase.is_counting() && !phase.is_over());
        let window = Duration::from_millis(1);
        assert!(phase.pass(Duration::ZERO, window) >= window);
        assert!(!phase.is_before() && !phase.is_counting() && phase.is_over());
    }
}
