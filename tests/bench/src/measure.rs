//! How figures come about: rounds in which every contender runs once, and what is said of many figures.
//!
//! Rules:
//! 1. What drifts (clock rate, neighbours on the machine) drifts for all: each round runs every contender once, one right
//!    after the other, in an order that rotates and, every other round, runs backwards.
//! 2. A comparison is a ratio *within one round*; what is reported is the median of these ratios and their quartiles,
//!    not the ratio of two medians.

use crate::peers::Facts;
use crate::progress::Progress;
use core::time::Duration;

/// A median with its quartiles.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// A quarter of the figures is below.
    pub low: f64,
    /// Half of them is.
    pub median: f64,
    /// Three quarters of them are.
    pub high: f64,
}

impl Spread {
    /// Of any figures in any order; all `NaN` if there are none.
    pub fn of(values: &[f64]) -> Self {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        Self { low: quantile(&sorted, 0.25), median: quantile(&sorted, 0.5), high: quantile(&sorted, 0.75) }
    }

    /// The same in another unit.
    #[must_use]
    pub fn times(self, factor: f64) -> Self {
        Self { low: self.low * factor, median: self.median * factor, high: self.high * factor }
    }
}

/// Between the two nearest of sorted figures, in proportion.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place in a short list"
)]
fn quantile(sorted: &[f64], fraction: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let place = fraction * last as f64;
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    // Two equal ones may be infinite: nothing lies between them.
    if below.total_cmp(&above).is_eq() { below } else { below + (above - below) * place.fract() }
}

/// Each figure divided by the one of the same round.
pub fn ratios(values: &[f64], base: &[f64]) -> Vec<f64> {
    values.iter().zip(base).map(|(value, base)| value / base).collect()
}

/// For each round the best of several, as `better` decides between two; empty if there are none.
pub fn best_of(all: &[&[f64]], better: fn(f64, f64) -> f64) -> Vec<f64> {
    let Some((first, rest)) = all.split_first() else { return Vec::new() };
    rest.iter().fold(first.to_vec(), |best, values| {
        best.iter().zip(*values).map(|(best, value)| better(*best, *value)).collect()
    })
}

/// Somebody to be measured, again and again; each time a sample.
pub struct Contender<S> {
    /// What it is.
    pub facts: Facts,
    /// What distinguishes it from others of the same pool, if something does.
    pub variant: &'static str,
    run: Box<dyn FnMut() -> S>,
}

impl<S> core::fmt::Debug for Contender<S> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Contender").field("name", &self.name()).finish_non_exhaustive()
    }
}

impl<S> Contender<S> {
    /// Takes one sample each time that `run` is called.
    pub fn new(facts: Facts, run: impl FnMut() -> S + 'static) -> Self {
        Self { facts, variant: "", run: Box::new(run) }
    }

    /// The same with something to tell it apart.
    #[must_use]
    pub fn variant(mut self, variant: &'static str) -> Self {
        self.variant = variant;
        self
    }

    /// What it is called in tables.
    pub fn name(&self) -> String {
        format!("{}{}", self.facts.name, self.variant)
    }
}

/// What one contender came to.
#[derive(Clone, Debug)]
pub struct Series<S> {
    /// What it is.
    pub facts: Facts,
    /// What it is called in tables.
    pub name: String,
    /// One for each round.
    pub samples: Vec<S>,
}

impl<S> Series<S> {
    /// One figure of each sample.
    pub fn figures(&self, figure: impl Fn(&S) -> f64) -> Vec<f64> {
        self.samples.iter().map(figure).collect()
    }
}

/// Runs all contenders in `rounds` rounds (rule 1); one sample takes about `slice`.
pub fn run_rounds<S>(
    mut contenders: Vec<Contender<S>>,
    rounds: u32,
    slice: Duration,
    label: &str,
    progress: &mut Progress,
) -> Vec<Series<S>> {
    let mut series: Vec<_> = contenders
        .iter()
        .map(|contender| Series { facts: contender.facts, name: contender.name(), samples: Vec::new() })
        .collect();
    for round in 0..rounds as usize {
        progress.show(&format!("{label}, round {} of {rounds}", round + 1));
        for index in order_of(round, contenders.len()) {
            series[index].samples.push((contenders[index].run)());
            progress.advance(slice);
        }
    }
    series
}

/// Who runs when in a round.
fn order_of(round: usize, contenders: usize) -> Vec<usize> {
    let mut order: Vec<_> = (0..contenders).collect();
    order.rotate_left(round / 2 % contenders.max(1));
    if !round.is_multiple_of(2) {
        order.reverse();
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_the_median_and_the_quartiles() {
        assert_eq!(Spread::of(&[4.0, 1.0, 3.0, 2.0, 5.0]), Spread { low: 2.0, median: 3.0, high: 4.0 });
        assert_eq!(Spread::of(&[1.0, 2.0]), Spread { low: 1.25, median: 1.5, high: 1.75 });
        assert_eq!(Spread::of(&[7.0]), Spread { low: 7.0, median: 7.0, high: 7.0 });
        assert!(Spread::of(&[]).median.is_nan());
        assert!(Spread::of(&[f64::INFINITY; 3]).median.is_infinite());
    }

    #[test]
    fn ratios_are_those_within_a_round() {
        assert_eq!(ratios(&[2.0, 9.0], &[4.0, 3.0]), [0.5, 3.0]);
    }

    #[test]
    fn the_best_is_chosen_anew_in_each_round() {
        assert_eq!(best_of(&[&[1.0, 5.0], &[2.0, 4.0], &[3.0, 6.0]], f64::min), [1.0, 4.0]);
        assert_eq!(best_of(&[&[1.0, 5.0], &[2.0, 4.0]], f64::max), [2.0, 5.0]);
        assert!(best_of(&[], f64::min).is_empty());
    }

    #[test]
    fn every_round_runs_everybody_and_nobody_is_always_first() {
        let orders: Vec<_> = (0..6).map(|round| order_of(round, 3)).collect();
        assert_eq!(orders[..3], [vec![0, 1, 2], vec![2, 1, 0], vec![1, 2, 0]]);
        for index in 0..3 {
            assert_eq!(orders.iter().filter(|order| order[0] == index).count(), 2);
        }
    }
}
