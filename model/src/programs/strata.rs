//! A seeded sample of programs that are too many to run all, spread evenly over what they are made of.
//!
//! Rules:
//! 1. A stratum is a multiset of [`Kind`]s, one for each operation of a program. Every round draws one program of each
//!    stratum, so that programs full of takes do not crowd out the rare ones.
//! 2. The same seed draws the same programs, in the same order.
//! 3. A program is drawn with its scripts in order, as the enumeration has it, and at most once.

use super::{Op, Prime, Program, Script};
use core::fmt;
use std::collections::{BTreeSet, HashSet};

/// What sort of operation one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Queues up.
    Waits,
    /// Takes what is there.
    Tries,
    /// Gives back, in one of four ways.
    Gives,
    /// Changes how much there is: reap, drain, grow, shrink.
    Sizes,
    /// Closes.
    Closes,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Waits, Self::Tries, Self::Gives, Self::Sizes, Self::Closes];

    /// The kind of an operation.
    #[must_use]
    pub const fn of(op: Op) -> Self {
        match op {
            Op::Take | Op::TimedTake | Op::CancelledTake => Self::Waits,
            Op::TryTake => Self::Tries,
            Op::Put | Op::Discard | Op::Detach | Op::FailCreate => Self::Gives,
            Op::Reap | Op::Drain | Op::Grow | Op::Shrink => Self::Sizes,
            Op::Close => Self::Closes,
        }
    }
}

/// Multisets of `size` of the kinds from `from` on.
fn multisets(from: usize, size: usize) -> Vec<Vec<Kind>> {
    if size == 0 {
        return vec![Vec::new()];
    }
    let with = |first: usize| {
        let kind = Kind::ALL.get(first).copied();
        multisets(first, size - 1).into_iter().map(move |rest| kind.into_iter().chain(rest).collect())
    };
    (from..Kind::ALL.len()).flat_map(with).collect()
}

/// Draws programs of `threads` threads with `length` operations each, of the whole alphabet.
#[derive(Clone, Debug)]
pub struct Sample {
    threads: usize,
    length: usize,
    strata: Vec<Vec<Kind>>,
    random: fastrand::Rng,
    drawn: HashSet<Program>,
}

impl Sample {
    /// A sample that has drawn nothing yet.
    #[must_use]
    pub fn new(threads: usize, length: usize, seed: u64) -> Self {
        let strata = multisets(0, threads * length);
        Self { threads, length, strata, random: fastrand::Rng::with_seed(seed), drawn: HashSet::new() }
    }

    /// How many strata there are.
    #[must_use]
    pub fn strata(&self) -> usize {
        self.strata.len()
    }

    /// One new program of each stratum, the strata in any order; fewer when a small stratum is exhausted.
    pub fn round(&mut self) -> Vec<Program> {
        let mut strata: Vec<usize> = (0..self.strata.len()).collect();
        self.random.shuffle(&mut strata);
        strata.into_iter().filter_map(|stratum| self.draw(stratum)).collect()
    }

    fn draw(&mut self, stratum: usize) -> Option<Program> {
        // The smallest strata hold a program or three; most draws are new.
        const TRIES: usize = 8;
        let kinds = self.strata.get(stratum)?.clone();
        (0..TRIES).find_map(|_| {
            let program = self.compose(kinds.clone());
            let is_new = !program.is_redundant() && self.drawn.insert(program.clone());
            is_new.then_some(program)
        })
    }

    fn compose(&mut self, mut kinds: Vec<Kind>) -> Program {
        self.random.shuffle(&mut kinds);
        let ops: Vec<Op> = kinds.into_iter().filter_map(|kind| self.pick(kind)).collect();
        let mut scripts: Vec<Script> = ops.chunks(self.length).map(|ops| Script(ops.to_vec())).collect();
        scripts.sort();
        debug_assert_eq!(scripts.len(), self.threads, "each kind has an operation");
        Program { scripts, prime: self.random.choice(Prime::ALL).unwrap_or(Prime::Tight) }
    }

    fn pick(&mut self, kind: Kind) -> Option<Op> {
        self.random.choice(Op::ALL.into_iter().filter(|op| Kind::of(*op) == kind).collect::<Vec<_>>())
    }
}

/// Which strata were drawn from, and which operations met on different threads.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    strata: BTreeSet<Vec<Kind>>,
    threads: usize,
    pairs: BTreeSet<[Op; 2]>,
    triples: BTreeSet<[Op; 3]>,
}

impl Coverage {
    /// Of two operations 91 pairs, of three 455 triples can meet, each operation also itself.
    const ALL: (usize, usize) = {
        let n = Op::ALL.len();
        (n * (n + 1) / 2, n * (n + 1) * (n + 2) / 6)
    };

    /// Counts a program that was run.
    pub fn add(&mut self, program: &Program) {
        let scripts = &program.scripts;
        let mut kinds: Vec<Kind> = scripts.iter().flat_map(|script| &script.0).map(|op| Kind::of(*op)).collect();
        kinds.sort_unstable();
        self.strata.insert(kinds);
        self.threads = self.threads.max(scripts.len());
        for (at, first) in scripts.iter().enumerate() {
            for (next, second) in scripts.iter().enumerate().skip(at + 1) {
                self.add_pairs(first, second);
                scripts.iter().skip(next + 1).for_each(|third| self.add_triples(first, second, third));
            }
        }
    }

    /// Counts what another has counted.
    pub fn extend(&mut self, other: &Self) {
        self.strata.extend(other.strata.iter().cloned());
        self.threads = self.threads.max(other.threads);
        self.pairs.extend(&other.pairs);
        self.triples.extend(&other.triples);
    }

    fn add_pairs(&mut self, first: &Script, second: &Script) {
        for a in &first.0 {
            self.pairs.extend(second.0.iter().map(|b| sorted([*a, *b])));
        }
    }

    fn add_triples(&mut self, first: &Script, second: &Script, third: &Script) {
        for (a, b) in first.0.iter().flat_map(|a| second.0.iter().map(move |b| (a, b))) {
            self.triples.extend(third.0.iter().map(|c| sorted([*a, *b, *c])));
        }
    }
}

fn sorted<const N: usize>(mut ops: [Op; N]) -> [Op; N] {
    ops.sort_unstable();
    ops
}

impl fmt::Display for Coverage {
    /// Such as `210 strata, 91 of 91 pairs and 455 of 455 triples of operations on different threads`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ((pairs, triples), all) = ((self.pairs.len(), self.triples.len()), Self::ALL);
        write!(f, "{} strata, {pairs} of {} pairs", self.strata.len(), all.0)?;
        if self.threads > 2 {
            write!(f, " and {triples} of {} triples", all.1)?;
        }
        write!(f, " of operations on different threads")
    }
}
