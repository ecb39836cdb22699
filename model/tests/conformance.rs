//! The shipped machine beside the proved one, without Coq: both run the same rows of events, and digests of all states and
//! effects must be equal. `proofs/digests.txt` holds those of the proved machine, computed by Coq's kernel
//! (`proofs/conformance/Digest.v`, with which this file must agree line by line; `proofs/conformance/digests.sh` computes them).
#![cfg(not(feature = "loom"))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use core::time::Duration;
use std::path::Path;
use striped_pool::stripe::{
    Effects, Event, Recipient, Reject, Stripe, StripeEffect, StripeStep, Timestamp, WaiterId, WakeResult, step,
};

const BITS: u64 = (1 << 63) - 1;
/// Where the generator starts, times the seed.
const START: u64 = 88_172_645_463_325_252;
const MACHINES: u32 = 32;
const EVENTS: u32 = 200;

/// A xorshift generator on 63 bits.
fn random(x: u64) -> u64 {
    let x = x ^ ((x << 13) & BITS);
    let x = x ^ (x >> 7);
    x ^ ((x << 17) & BITS)
}

fn bits(x: u64, shift: u32, below: u64) -> u64 {
    (x >> shift) % below
}

fn event(x: u64, stripe: &Stripe<u64, u64>) -> Event<u64, u64> {
    let (a, b) = (bits(x, 20, 16), bits(x, 30, 8));
    let small = |number: u64| u32::try_from(number).unwrap();
    match bits(x, 11, 32) {
        8 => Event::TryTake { wake: Recipient::Caller },
        9 => Event::TryTake { wake: Recipient::Slot(a) },
        10..=15 => Event::Put { resource: b, now: Timestamp(a) },
        16..=18 => Event::Return { resource: b },
        19 => Event::Discard { resource: b },
        20 | 21 => Event::Freed { count: small(b.min(3)) },
        22 | 23 => Event::CreateFailed,
        24 => Event::Detach,
        25 | 26 => Event::Cancel { id: WaiterId(stripe.next_id().0.saturating_sub(a)) },
        27 => Event::Reap { now: Timestamp(a), ttl: Duration::from_nanos(b), keep: small(a.min(b)) },
        28 if a < 4 => Event::Drain,
        29 | 30 => Event::Resize { capacity: small(b) },
        31 if a + b <= 3 => Event::Close,
        31 => Event::Put { resource: a, now: Timestamp(b) },
        _ => Event::Take { wake: a },
    }
}

/// A rolling hash.
struct Hash(u64);

impl Hash {
    fn mix(&mut self, number: impl Into<u64>) {
        self.0 = (self.0.wrapping_mul(1_000_003).wrapping_add(number.into()).wrapping_add(1)) & BITS;
    }

    fn mix_stripe(&mut self, stripe: &Stripe<u64, u64>) {
        for counter in [stripe.capacity(), stripe.available(), stripe.owed(), stripe.freeing()] {
            self.mix(counter);
        }
        self.mix(stripe.next_id().0);
        self.mix(stripe.is_closed());
        self.mix(stripe.queue().len());
        for waiter in stripe.queue() {
            self.mix(waiter.id.0);
            self.mix(waiter.wake);
        }
        self.mix(stripe.cache().len());
        for entry in stripe.cache().iter() {
            self.mix(entry.resource);
            self.mix(entry.last_used.0);
        }
    }

    fn mix_result(&mut self, result: WakeResult<u64>) {
        match result {
            WakeResult::Deliver(resource) => {
                self.mix(0_u64);
                self.mix(resource);
            }
            WakeResult::Create => self.mix(1_u64),
            WakeResult::Cancelled => self.mix(2_u64),
        }
    }

    fn mix_effects(&mut self, effects: &Effects<u64, u64>) {
        assert!(effects.len() <= 1);
        match effects.as_slice().first() {
            None => self.mix(0_u64),
            Some(StripeEffect::Wake { recipient: Recipient::Caller, result }) => {
                self.mix(1_u64);
                self.mix_result(*result);
            }
            Some(StripeEffect::Wake { recipient: Recipient::Slot(wake), result }) => {
                self.mix(2_u64);
                self.mix(*wake);
                self.mix_result(*result);
            }
            Some(StripeEffect::WakeMany { waiters, result }) => {
                self.mix(3_u64);
                self.mix(waiters.len());
                for waiter in waiters.iter() {
                    self.mix(waiter.id.0);
                    self.mix(waiter.wake);
                }
                self.mix_result(*result);
            }
            Some(StripeEffect::InsertWithTimestamp { resource }) => {
                self.mix(4_u64);
                self.mix(*resource);
            }
            Some(StripeEffect::FreeMany { resources }) => {
                self.mix(5_u64);
                self.mix(resources.len());
                resources.iter().for_each(|resource| self.mix(resource));
            }
            Some(StripeEffect::Reject(reason)) => {
                self.mix(6_u64);
                self.mix(number(*reason));
            }
        }
    }
}

fn number(reason: Reject) -> u64 {
    match reason {
        Reject::NothingOut => 0,
        Reject::NotFreeing => 1,
        Reject::AlreadyWoken => 2,
        Reject::NeverQueued => 3,
        Reject::ZeroCapacity => 4,
        Reject::AlreadyClosed => 5,
        other @ (Reject::QueueFull | _) => panic!("the proved machine never answers {other:?}"),
    }
}

fn digest(seed: u64) -> u64 {
    let mut x = seed.wrapping_mul(START) & BITS;
    let mut hash = Hash(seed);
    for _ in 0..MACHINES {
        x = random(x);
        let mut stripe = Stripe::new(u32::try_from(bits(x, 11, 8)).unwrap() + 1);
        for _ in 0..EVENTS {
            x = random(x);
            let StripeStep { stripe: after, effects, changed } = step(&stripe, event(x, &stripe));
            hash.mix_stripe(&after);
            hash.mix_effects(&effects);
            hash.mix(changed);
            stripe = after;
        }
    }
    hash.0
}

/// The lines of `proofs/digests.txt` that are no comments: a seed and its digest.
fn committed() -> Vec<(u64, u64)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../proofs/digests.txt");
    let text = std::fs::read_to_string(path).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            line.split_once(' ').map(|(seed, digest)| (seed.parse().unwrap(), digest.parse().unwrap())).unwrap()
        })
        .collect()
}

#[test]
fn the_shipped_machine_does_what_the_proved_one_does() {
    let committed = committed();
    assert_eq!(committed.iter().map(|(seed, _)| *seed).collect::<Vec<_>>(), (1..=16).collect::<Vec<_>>());
    for (seed, proved) in committed {
        let shipped = digest(seed);
        assert_eq!(
            shipped, proved,
            "seed {seed}: the shipped machine and the proved one differ; `make conformance` names the first such transition"
        );
    }
}

/// What the digests rest on is not always the same: every kind of effect and of refusal comes.
#[test]
fn the_rows_meet_every_kind_of_effect() {
    let mut seen = std::collections::BTreeSet::new();
    let mut x = START;
    for _ in 0..MACHINES * 4 {
        x = random(x);
        let mut stripe = Stripe::new(u32::try_from(bits(x, 11, 8)).unwrap() + 1);
        for _ in 0..EVENTS {
            x = random(x);
            let done = step(&stripe, event(x, &stripe));
            for effect in &done.effects {
                let text = format!("{effect:?}");
                let kind = text.split(|letter: char| !letter.is_ascii_alphabetic()).next().unwrap().to_owned();
                let kind = if kind == "Reject" { text } else { kind };
                seen.insert(kind);
            }
            stripe = done.stripe;
        }
    }
    let expected = [
        "FreeMany",
        "InsertWithTimestamp",
        "Reject(AlreadyClosed)",
        "Reject(AlreadyWoken)",
        "Reject(NeverQueued)",
        "Reject(NotFreeing)",
        "Reject(NothingOut)",
        "Reject(ZeroCapacity)",
        "Wake",
        "WakeMany",
    ];
    assert_eq!(seen.iter().map(String::as_str).collect::<Vec<_>>(), expected);
}
