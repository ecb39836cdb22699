//! Which programs are explored, at which bound.

use striped_pool_model::programs::strata::Sample;
use striped_pool_model::programs::{Program, SAMPLED, SUITES, Shape};

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

    /// The case of this name, whether or not its suite would come to it.
    pub(crate) fn of(name: &str) -> Option<Self> {
        let parse = |shape: &Shape| {
            let program = name.strip_prefix(shape.name)?.strip_prefix(' ')?.parse().ok()?;
            Some(Self { suite: shape.name, bound: shape.bound, program })
        };
        SAMPLED.iter().chain(&SUITES).find_map(parse)
    }
}

/// Programs of one shape.
pub(crate) struct Suite {
    pub(crate) name: &'static str,
    pub(crate) cases: Vec<Case>,
}

impl Suite {
    pub(crate) fn new(shape: &Shape, programs: Vec<Program>) -> Self {
        let case = |program| Case { suite: shape.name, bound: shape.bound, program };
        Self { name: shape.name, cases: programs.into_iter().map(case).collect() }
    }

    /// Cases that were named, in suites of their own.
    pub(crate) fn named(cases: Vec<Case>) -> Vec<Self> {
        cases.into_iter().map(|case| Self { name: case.suite, cases: vec![case] }).collect()
    }
}

/// What is explored in full.
pub(crate) fn suites() -> Vec<Suite> {
    SUITES.iter().map(|shape| Suite::new(shape, shape.programs())).collect()
}

/// What is sampled: whole rounds of a few shapes, of the whole alphabet.
pub(crate) struct Deep(Vec<(Shape, Sample)>);

impl Deep {
    pub(crate) fn new(seed: u64) -> Self {
        Self(SAMPLED.iter().map(|shape| (*shape, Sample::new(shape.threads, shape.length, seed))).collect())
    }

    /// The shapes, each with the number of its strata.
    pub(crate) fn shapes(&self) -> impl Iterator<Item = (Shape, usize)> {
        self.0.iter().map(|(shape, sample)| (*shape, sample.strata()))
    }

    /// Several rounds.
    pub(crate) fn rounds(&mut self, count: u64) -> Vec<Suite> {
        (0..count).flat_map(|_| self.round()).collect()
    }

    /// One program of each stratum of each shape.
    pub(crate) fn round(&mut self) -> Vec<Suite> {
        self.0.iter_mut().map(|(shape, sample)| Suite::new(shape, sample.round())).collect()
    }
}
