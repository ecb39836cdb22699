//! Random programs over a pool's operations: what is drawn where enumeration ends.
//!
//! Rules:
//! 1. The seed decides everything, on every machine: the generator is in this file.
//! 2. Every operation of the alphabet is drawn, in proportions that keep a small stripe busy: about as much is given back
//!    as is taken.

use crate::programs::{Op, Prime, Program, Script};

/// A stream of numbers, the same for the same seed.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// The stream of this seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        // The golden ratio's bits spread neighbouring seeds; zero would be followed by zeros.
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(0x632B_E59B_D9B4_E019) | 1)
    }

    /// The next number below `sides`; 0 if there are none.
    pub const fn roll(&mut self, sides: u64) -> u64 {
        // xorshift64*: Vigna, "An experimental exploration of Marsaglia's xorshift generators, scrambled", 2016.
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        match (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 32).checked_rem(sides) {
            Some(number) => number,
            None => 0,
        }
    }

    /// One of `from` to `to`, both included.
    pub const fn between(&mut self, from: u64, to: u64) -> u64 {
        from.saturating_add(self.roll(to.saturating_sub(from).saturating_add(1)))
    }
}

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
pub fn op(dice: &mut Dice) -> Op {
    let all = WEIGHTS.iter().map(|(_, weight)| weight).sum();
    let mut rolled = dice.roll(all);
    for (op, weight) in WEIGHTS {
        if rolled < weight {
            return op;
        }
        rolled = rolled.saturating_sub(weight);
    }
    Op::Put
}

/// A script of so many operations.
pub fn script(dice: &mut Dice, length: u64) -> Script {
    Script((0..length).map(|_| op(dice)).collect())
}

/// A program of 4 to 6 threads with 4 to 8 operations each; one in three has a close somewhere.
#[must_use]
pub fn program(seed: u64) -> Program {
    let mut dice = Dice::new(seed);
    let mut scripts: Vec<Script> = Vec::new();
    for _ in 0..dice.between(4, 6) {
        let length = dice.between(4, 8);
        scripts.push(script(&mut dice, length));
    }
    if dice.roll(3) == 0 {
        let last = scripts.last_mut().and_then(|script| script.0.last_mut());
        last.into_iter().for_each(|op| *op = Op::Close);
    }
    let primes = [Prime::Tight, Prime::Idle, Prime::Free];
    let prime = usize::try_from(dice.roll(3)).ok().and_then(|index| primes.get(index)).copied();
    Program { scripts, prime: prime.unwrap_or(Prime::Tight) }
}
