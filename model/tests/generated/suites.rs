//! Which programs are explored, at which bound.

use striped_pool_model::programs::strata::Sample;
use striped_pool_model::programs::{Op, Program, programs};

/// A program, and how far to go.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) suite: &'static str,
    pub(crate) bound: usize,
    pub(crate) program: Program,
}

impl Case {
    /// Its name among the tests.
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.suite, self.program)
    }
}

/// Programs of one shape.
pub(crate) struct Suite {
    pub(crate) name: &'static str,
    pub(crate) cases: Vec<Case>,
}

impl Suite {
    fn new(name: &'static str, bound: usize, programs: Vec<Program>) -> Self {
        let cases = programs.into_iter().map(|program| Case { suite: name, bound, program }).collect();
        Self { name, cases }
    }
}

/// What is explored in full.
pub(crate) fn suites() -> Vec<Suite> {
    vec![
        Suite::new("2x1", 4, programs(&Op::ALL, 2, 1)),
        Suite::new("2x2", 2, programs(&Op::CORE, 2, 2)),
        Suite::new("3x1", 2, programs(&Op::CORE, 3, 1)),
    ]
}

/// What is sampled: whole rounds of a few shapes, of the whole alphabet.
pub(crate) struct Deep(Vec<(&'static str, usize, Sample)>);

impl Deep {
    pub(crate) fn new(seed: u64) -> Self {
        let shape = |name, bound, threads, length| (name, bound, Sample::new(threads, length, seed));
        Self(vec![shape("2x2 deep", 3, 2, 2), shape("3x1 deep", 3, 3, 1), shape("3x2 deep", 2, 3, 2)])
    }

    /// The shapes, each with the number of its strata.
    pub(crate) fn shapes(&self) -> impl Iterator<Item = (&'static str, usize)> {
        self.0.iter().map(|(name, _, sample)| (*name, sample.strata()))
    }

    /// Several rounds.
    pub(crate) fn rounds(&mut self, count: u64) -> Vec<Suite> {
        (0..count).flat_map(|_| self.round()).collect()
    }

    /// One program of each stratum of each shape.
    pub(crate) fn round(&mut self) -> Vec<Suite> {
        self.0.iter_mut().map(|(name, bound, sample)| Suite::new(name, *bound, sample.round())).collect()
    }
}
