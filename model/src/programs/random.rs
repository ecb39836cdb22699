//! Random programs over a pool's operations: what is drawn where enumeration ends.
//!
//! Rules:
//! 1. The seed decides everything.
//! 2. Every operation of the alphabet is drawn, in proportions that keep a small stripe busy: about as much is given back
//!    as is taken.

use super::{Op, Prime, Program, Script};
use fastrand::Rng;

/// How often which operation is drawn.
const WEIGHTS: [(Op, u64); 12] = [
    (Op::Take, 22),
    (Op::TryTake, 10),
    (Op::TimedTake, 14),
    (Op::CancelledTake, 10),
    (Op::Put, 22),
    (Op::Discard, 4),
    (Op::Detach, 3),
    (Op::FailCreate, 6),
    (Op::Reap, 2),
    (Op::Drain, 2),
    (Op::Grow, 2),
    (Op::Shrink, 3),
];

/// An operation; any but [`Op::Close`], after which little happens.
pub fn op(random: &mut Rng) -> Op {
    let all = WEIGHTS.iter().map(|(_, weight)| weight).sum();
    let mut rolled = random.u64(0..all);
    for (op, weight) in WEIGHTS {
        if rolled < weight {
            return op;
        }
        rolled = rolled.saturating_sub(weight);
    }
    Op::Put
}

/// A script of so many operations.
pub fn script(random: &mut Rng, length: u64) -> Script {
    Script((0..length).map(|_| op(random)).collect())
}

/// A program of 4 to 6 threads with 4 to 8 operations each; one in three has a close somewhere.
#[must_use]
pub fn program(seed: u64) -> Program {
    let mut random = Rng::with_seed(seed);
    let mut scripts: Vec<Script> = Vec::new();
    for _ in 0..random.u64(4..=6) {
        let length = random.u64(4..=8);
        scripts.push(script(&mut random, length));
    }
    if random.u64(0..3) == 0 {
        let last = scripts.last_mut().and_then(|script| script.0.last_mut());
        last.into_iter().for_each(|op| *op = Op::Close);
    }
    Program { scripts, prime: random.choice(Prime::ALL).unwrap_or(Prime::Tight) }
}
