//! Long random sequences: many waiters, more idle entries than fit into a stripe, stale events, resizes, closes.
//!
//! A machine changes its mood every few hundred events: crowded (mostly takes: a queue grows), quiet (mostly resources that
//! come back: the cache grows), or mixed. Some have as many permits as there can be. Events that cannot be are raised as well,
//! in every state. When a machine is closed, a while later a fresh one starts.

use super::{Itself, Run, Writer};
use core::time::Duration;
use fastrand::Rng;
use std::io::{self, Write};
use striped_pool::stripe::{Event, Recipient, Stripe, Timestamp, WaiterId, step};

type Numbered = Stripe<u32, u32>;

/// What a machine may grow to.
#[derive(Clone, Copy)]
struct Size {
    capacity: u32,
    /// With so many waiters nobody else queues.
    waiting: u32,
    /// How often the whole state is written: seldom where it is long.
    every: u32,
}

impl Size {
    const fn of(capacity: u32, waiting: u32, every: u32) -> Self {
        Self { capacity, waiting, every }
    }
}

const SIZES: [Size; 12] = [
    Size::of(1, 3, 1),
    Size::of(1, 12, 1),
    Size::of(2, 6, 1),
    Size::of(3, 10, 1),
    Size::of(5, 8, 1),
    Size::of(12, 20, 2),
    Size::of(24, 40, 8),
    Size::of(60, 100, 25),
    Size::of(150, 300, 100),
    Size::of(400, 600, 200),
    Size::of(u32::MAX, 5, 1),
    Size::of(u32::MAX, 40, 8),
];
/// How many events a machine lives, if nobody closes it.
const LIFE: u64 = 20_000;
/// How many events a closed machine lives.
const AFTERLIFE: u64 = 60;

#[derive(Clone, Copy)]
enum Mood {
    Crowded,
    Quiet,
    Mixed,
}

/// One machine's random events.
struct Life {
    random: Rng,
    size: Size,
    mood: Mood,
    mood_lasts: u32,
    now: u64,
    /// The next number that was not used yet.
    fresh: u32,
}

impl Life {
    fn fresh(&mut self) -> u32 {
        self.fresh += 1;
        self.fresh
    }

    fn next(&mut self, stripe: &Numbered) -> Event<u32, u32> {
        if self.mood_lasts == 0 {
            self.mood = [Mood::Crowded, Mood::Quiet, Mood::Mixed][self.random.usize(0..3)];
            self.mood_lasts = self.random.u32(20..=self.size.capacity.min(400) * 3 + self.size.waiting * 3 + 50);
        }
        self.mood_lasts -= 1;
        self.now += self.random.u64(0..4);
        let takes = match self.mood {
            Mood::Crowded => 60,
            Mood::Quiet => 15,
            Mood::Mixed => 40,
        };
        match self.random.u32(0..100) {
            roll if roll < takes => self.take(stripe),
            roll if roll < 80 => self.back(stripe),
            _ => self.rare(stripe),
        }
    }

    fn take(&mut self, stripe: &Numbered) -> Event<u32, u32> {
        let wake = self.fresh();
        let is_full = stripe.queue().len() >= self.size.waiting;
        match self.random.u32(0..6) {
            0 => Event::TryTake { wake: Recipient::Caller },
            1 => Event::TryTake { wake: Recipient::Slot(wake) },
            _ if is_full => self.back(stripe),
            _ => Event::Take { wake },
        }
    }

    fn back(&mut self, stripe: &Numbered) -> Event<u32, u32> {
        let resource = self.fresh();
        match self.random.u32(0..12) {
            0..=4 => Event::Put { resource, now: self.about_now() },
            5..=7 => Event::Return { resource },
            8 => Event::Discard { resource },
            9 => Event::CreateFailed,
            10 => Event::Detach,
            _ => Event::Freed { count: self.random.u32(0..=stripe.freeing() + 1) },
        }
    }

    fn rare(&mut self, stripe: &Numbered) -> Event<u32, u32> {
        match self.random.u32(0..1000) {
            0..=299 => Event::Cancel { id: self.some_id(stripe) },
            300..=599 => {
                let keep = if self.random.bool() { 0 } else { self.random.u32(0..=stripe.idle() + 1) };
                Event::Reap { now: self.about_now(), ttl: Duration::from_nanos(self.random.u64(0..150)), keep }
            }
            600..=799 => Event::Freed { count: self.random.u32(0..=stripe.freeing() + 2) },
            800..=987 => Event::Resize { capacity: self.capacity(stripe) },
            988..=997 => Event::Drain,
            _ => Event::Close,
        }
    }

    /// Up to twice the size. A large one is seldom at rest: down to what is out, so that others wait; up again to the end, or to
    /// where the sum with what is owed is near it.
    fn capacity(&mut self, stripe: &Numbered) -> u32 {
        let Some(twice) = self.size.capacity.checked_mul(2) else {
            let (out, slack) = (stripe.out(), self.random.u32(0..4));
            return match self.random.u32(0..8) {
                0..=2 => out.saturating_sub(slack),
                3 => slack,
                4 => u32::MAX - slack,
                5 => (u32::MAX - stripe.owed()).saturating_add(slack),
                6 => out.saturating_add(slack),
                _ => self.random.u32(..),
            };
        };
        self.random.u32(0..=twice)
    }

    /// Mostly the clock's reading; sometimes an older one, as threads have that read it and were delayed.
    fn about_now(&mut self) -> Timestamp {
        let late = if self.random.u32(0..5) == 0 { self.random.u64(0..50) } else { 0 };
        Timestamp(self.now.saturating_sub(late))
    }

    /// Of somebody who waits, of somebody who waited, of nobody yet.
    fn some_id(&mut self, stripe: &Numbered) -> WaiterId {
        let next = stripe.next_id().0;
        let recent = u64::from(stripe.queue().len()) + 4;
        let id = self.random.u64(next.saturating_sub(recent)..=next + 1);
        WaiterId(if self.random.u32(0..20) == 0 { self.random.u64(0..=next) } else { id })
    }
}

/// Writes `count` transitions of machines of several sizes, the same for the same `seed`; returns how many machines.
///
/// # Errors
///
/// If writing fails.
pub fn write(writer: &mut Writer<impl Write>, count: u64, seed: u64) -> io::Result<u64> {
    let (end, mut machines) = (writer.count() + count, 0);
    let mut random = Rng::with_seed(seed);
    while writer.count() < end {
        let size = SIZES[random.usize(0..SIZES.len())];
        let random = random.fork();
        let mut life = Life { random, size, mood: Mood::Mixed, mood_lasts: 0, now: 0, fresh: 0 };
        let mut stripe = Numbered::new(size.capacity);
        let mut run = Run::fresh(writer, size.capacity, size.every, Itself, Itself)?;
        let mut left = LIFE;
        while left > 0 && run.count() < end {
            let event = life.next(&stripe);
            let answer = step(&stripe, event);
            run.transition(&event, &answer)?;
            let was_closed = stripe.is_closed();
            stripe = answer.stripe;
            left = if stripe.is_closed() && !was_closed { AFTERLIFE } else { left - 1 };
        }
        machines += 1;
    }
    Ok(machines)
}
