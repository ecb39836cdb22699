//! Which turn takes which fault, decided by the seed; and rigs, with which a run lies.

use crate::bank::{ACCOUNTS, LARGEST, Order};
use core::time::Duration;
use fastrand::Rng;
use std::panic::{panic_any, set_hook, take_hook};
use std::sync::Once;

/// What the seed decides, for one run.
#[derive(Clone, Copy, Debug)]
pub struct Faults {
    seed: u64,
    is_on: bool,
}

/// What a thread does with its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// A transfer under a lease.
    Lease,
    /// A transfer under an owned lease.
    OwnedLease,
    /// A transfer in a closure.
    Closure,
    /// A look at all balances.
    Read,
    /// Fault: a transfer, if a connection comes within this time, which is very short.
    Impatient(Duration),
    /// Fault: a transfer, if a connection can be had at once.
    Try,
    /// Fault: a panic in the middle of a transfer.
    Panic,
    /// Fault: a transfer after which the connection is discarded.
    Discard,
    /// Fault: a transfer after which the connection is taken out of the pool and closed by hand.
    Detach,
}

/// One lie. Each makes some check fail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rig {
    /// No lie.
    #[default]
    None,
    /// Each transfer loses a coin on the way.
    LosesMoney,
    /// No transfer is written into the ledger.
    SkipsLedger,
    /// Each transfer is to be written into a ledger that does not exist.
    LosesLedger,
    /// One connection too many is counted.
    CountsPhantom,
    /// One lease is never given back.
    LeaksLease,
    /// Panics are caught under the lease, so the pool gets the connection back as if it were whole.
    CatchesPanic,
    /// Timeouts are not counted.
    IgnoresTimeouts,
    /// The pool is not told of a shrink.
    SkipsShrink,
    /// All connections are held until nobody waits for a shrink any more.
    HoldsThroughShrink,
    /// The pool is not told to drain and to reap.
    SkipsDrain,
    /// The pool is asked whether it is closed before it is.
    AsksEarly,
    /// The lease that was to outlive the close is given back before.
    DropsEarly,
    /// The threads stay longer than anybody has patience for.
    StaysBehind,
    /// The workers do not count their leases.
    IgnoresLeases,
    /// Of a validated run, one change is not replayed.
    LosesTransition,
    /// Of a validated run, one transition that changes nothing is not replayed.
    LosesLook,
    /// Of a validated run, one change is replayed twice.
    RepeatsTransition,
    /// Of a validated run, two transitions have each other's effects.
    SwapsEffects,
    /// Of a validated run, nothing is replayed after the close.
    StopsRecording,
}

/// What an injected panic carries.
#[derive(Clone, Copy, Debug)]
pub struct InjectedPanic;

/// The turns of one thread.
#[derive(Clone, Debug)]
pub struct Dice {
    rng: Rng,
    is_on: bool,
    /// Where in the list of faults this thread starts.
    first: usize,
    turns: usize,
    /// How many more turns it is impatient.
    impatient_turns: u32,
}

/// One attempt to connect in so many fails.
const CREATES_PER_FAILURE: u64 = 8;
/// An impatient turn waits for less than this.
const IMPATIENCE_MICROS: u64 = 50;
/// After an impatient turn a thread takes so many more: the more waits time out, the more do so while they are served.
const IMPATIENT_TURNS: u32 = 20;
/// Each thread begins with all of these, each at another one, so that even a short run has them all.
const FAULTS: [Turn; 5] = [Turn::Panic, Turn::Discard, Turn::Detach, Turn::Impatient(Duration::ZERO), Turn::Try];

impl Faults {
    /// What `seed` decides; without faults if they are not on.
    #[must_use]
    pub fn new(seed: u64, is_on: bool) -> Self {
        Self { seed, is_on }
    }

    /// Whether this attempt to connect, counted from 0, fails. The second always does.
    #[must_use]
    pub fn create_fails(&self, attempt: u64) -> bool {
        self.is_on && (attempt == 1 || self.stream(!attempt).u64(..CREATES_PER_FAILURE) == 0)
    }

    /// The turns of thread `index`.
    #[must_use]
    pub fn dice(&self, index: u32) -> Dice {
        let first = usize::try_from(index).unwrap_or_default();
        Dice { rng: self.stream(u64::from(index)), is_on: self.is_on, first, turns: 0, impatient_turns: 0 }
    }

    /// A generator of its own for each number.
    fn stream(&self, number: u64) -> Rng {
        // The golden ratio's bits spread neighbouring numbers.
        let mut rng = Rng::with_seed(self.seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        Rng::with_seed(rng.u64(..))
    }
}

impl Dice {
    /// The thread's next turn.
    pub fn turn(&mut self) -> Turn {
        let turn = self.turns;
        self.turns += 1;
        if !self.is_on {
            return self.faultless();
        }
        if turn < FAULTS.len() {
            return FAULTS[(self.first + turn) % FAULTS.len()];
        }
        if self.impatient_turns > 0 {
            self.impatient_turns -= 1;
            return self.impatient();
        }
        match self.rng.u32(..1000) {
            0..10 => Turn::Panic,
            10..20 => Turn::Discard,
            20..25 => Turn::Detach,
            25..75 => {
                self.impatient_turns = IMPATIENT_TURNS;
                self.impatient()
            }
            75..125 => Turn::Try,
            _ => self.faultless(),
        }
    }

    fn impatient(&mut self) -> Turn {
        Turn::Impatient(Duration::from_micros(self.rng.u64(..IMPATIENCE_MICROS)))
    }

    fn faultless(&mut self) -> Turn {
        match self.rng.u32(..10) {
            0 => Turn::OwnedLease,
            1 => Turn::Read,
            2..5 => Turn::Closure,
            _ => Turn::Lease,
        }
    }

    /// The thread's next order.
    pub fn order(&mut self) -> Order {
        let source = self.rng.u32(1..=ACCOUNTS);
        let step = self.rng.u32(1..ACCOUNTS);
        let target = (source - 1 + step) % ACCOUNTS + 1;
        Order { source, target, amount: self.rng.i64(1..=LARGEST) }
    }
}

/// Panics, and says nothing on the terminal if [`hush_injected_panics`] was called.
pub fn inject_panic() {
    panic_any(InjectedPanic);
}

/// Keeps injected panics off the terminal, for the rest of the process. Others are reported as before.
pub fn hush_injected_panics() {
    static HUSHED: Once = Once::new();
    HUSHED.call_once(|| {
        let report = take_hook();
        set_hook(Box::new(move |info| {
            if !info.payload().is::<InjectedPanic>() {
                report(info);
            }
        }));
    });
}
