//! What the shipped machine does, transition by transition, written down for another program to compare with.
//!
//! `proofs/conformance/checker.ml` reads it, and makes the same transitions on the machine that the proofs are about. Owns the
//! format; what happens comes from [`exhaustive`], [`random`], and `recorded` (feature `trace`). [`FORMAT`] describes it.
//!
//! Rules:
//! 1. Effect and `changed` are the ones that the shipped machine answered with, and the state is its own; nothing here
//!    knows what would be right.
//! 2. The last line counts the transitions, so that a file that was cut short is noticed.

pub mod exhaustive;
pub mod random;
#[cfg(all(feature = "trace", not(any(feature = "loom", feature = "shuttle"))))]
pub mod recorded;

use std::collections::HashMap;
use std::hash::Hash;
use std::io::{self, Write};
use striped_pool::stripe::{
    Effects, Event, Queue, Recipient, Reject, Stripe, StripeEffect, StripeStep, Waiter, WakeResult,
};

/// The format, for the help of the program.
pub const FORMAT: &str = "\
Lines; numbers are decimal, separated by one space:
  new CAPACITY K       a fresh machine; every K-th of the transitions that follow says the whole state after it
  at STATE             each of the transitions that follow starts from this state, and says the whole state after it
  EVENT CHANGED EFFECT COUNTERS [: LISTS]    a transition
  end N                the last line: N transitions were written
STATE     COUNTERS : LISTS
COUNTERS  capacity available owed freeing next_id closed waiting idle
LISTS     for each waiter, oldest first: id wake; then for each idle entry, newest first: resource stamp
CHANGED   0 or 1, as closed
EVENT     t WAKE: Take   y: TryTake by the caller   Y WAKE: TryTake   p RESOURCE NOW: Put   r RESOURCE: Return
          d RESOURCE: Discard   f COUNT: Freed   c: CreateFailed   x: Detach   a ID: Cancel
          e NOW TTL KEEP: Reap   w: Drain   z CAPACITY: Resize   q: Close
EFFECT    -: none   C RESULT: Wake of the caller   S WAKE RESULT: Wake   M N (ID WAKE)*N RESULT: WakeMany
          I RESOURCE: InsertWithTimestamp   F N RESOURCE*N: FreeMany
          R o|f|w|n|z|c|q: Reject NothingOut, NotFreeing, AlreadyWoken, NeverQueued, ZeroCapacity, AlreadyClosed, QueueFull
RESULT    D RESOURCE: Deliver   N: Create   X: Cancelled
";

/// A number for each resource or wake slot.
pub trait Number<T> {
    /// The number of `handle`.
    fn number(&mut self, handle: T) -> u64;
}

/// For handles that are numbers already.
#[derive(Clone, Copy, Debug)]
pub struct Itself;

impl<T: Into<u64>> Number<T> for Itself {
    fn number(&mut self, handle: T) -> u64 {
        handle.into()
    }
}

/// 0, 1, 2 … in the order in which handles first appear.
#[derive(Clone, Debug)]
pub struct InOrder<T>(HashMap<T, u64>);

impl<T> Default for InOrder<T> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<T: Eq + Hash> Number<T> for InOrder<T> {
    fn number(&mut self, handle: T) -> u64 {
        let next = self.0.len() as u64;
        *self.0.entry(handle).or_insert(next)
    }
}

/// Writes lines, and counts transitions.
#[derive(Debug)]
pub struct Writer<O> {
    out: O,
    line: Vec<u8>,
    count: u64,
}

impl<O: Write> Writer<O> {
    /// To `out`, which should be buffered.
    pub fn new(out: O) -> Self {
        Self { out, line: Vec::new(), count: 0 }
    }

    /// How many transitions were written.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The last line.
    ///
    /// # Errors
    ///
    /// If writing fails.
    pub fn end(mut self) -> io::Result<()> {
        writeln!(self.out, "end {}", self.count)?;
        self.out.flush()
    }

    fn flush_line(&mut self) -> io::Result<()> {
        self.line.push(b'\n');
        self.out.write_all(&self.line)?;
        self.line.clear();
        Ok(())
    }

    fn word(&mut self, word: &str) {
        if !self.line.is_empty() {
            self.line.push(b' ');
        }
        self.line.extend_from_slice(word.as_bytes());
    }

    /// By hand: most of the time goes into numbers.
    fn number(&mut self, number: impl Into<u64>) {
        let (mut digits, mut at, mut rest) = ([0_u8; 20], 20, number.into());
        while at == 20 || rest > 0 {
            at -= 1;
            // Less than ten.
            digits[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        self.line.push(b' ');
        self.line.extend_from_slice(&digits[at..]);
    }
}

/// One run of a machine, or single transitions from one state.
pub(crate) struct Run<'w, O, NR, NW> {
    writer: &'w mut Writer<O>,
    resources: NR,
    wakes: NW,
    /// How often a whole state is written, and how many transitions ago.
    every: u32,
    since: u32,
}

impl<'w, O: Write, NR, NW> Run<'w, O, NR, NW> {
    /// A fresh machine.
    pub(crate) fn fresh(
        writer: &'w mut Writer<O>,
        capacity: u32,
        every: u32,
        resources: NR,
        wakes: NW,
    ) -> io::Result<Self> {
        writer.word("new");
        writer.number(capacity);
        writer.number(every);
        writer.flush_line()?;
        Ok(Self { writer, resources, wakes, every, since: 0 })
    }

    /// Single transitions from `stripe`.
    pub(crate) fn at<R: Copy, W: Copy>(
        writer: &'w mut Writer<O>,
        stripe: &Stripe<R, W>,
        resources: NR,
        wakes: NW,
    ) -> io::Result<Self>
    where
        NR: Number<R>,
        NW: Number<W>,
    {
        let mut run = Self { writer, resources, wakes, every: 1, since: 0 };
        run.writer.word("at");
        run.counters(stripe);
        run.lists(stripe);
        run.writer.flush_line()?;
        Ok(run)
    }

    /// How many transitions were written, with those before this run.
    pub(crate) fn count(&self) -> u64 {
        self.writer.count
    }

    /// What `event` came to.
    pub(crate) fn transition<R: Copy, W: Copy>(
        &mut self,
        event: &Event<R, W>,
        answer: &StripeStep<R, W>,
    ) -> io::Result<()>
    where
        NR: Number<R>,
        NW: Number<W>,
    {
        self.event(event);
        self.writer.number(answer.changed);
        self.effects(&answer.effects);
        self.counters(&answer.stripe);
        self.since += 1;
        if self.since == self.every {
            self.since = 0;
            self.lists(&answer.stripe);
        }
        self.writer.count += 1;
        self.writer.flush_line()
    }

    fn resource<R>(&mut self, resource: R)
    where
        NR: Number<R>,
    {
        let number = self.resources.number(resource);
        self.writer.number(number);
    }

    fn wake<W>(&mut self, wake: W)
    where
        NW: Number<W>,
    {
        let number = self.wakes.number(wake);
        self.writer.number(number);
    }

    fn event<R: Copy, W: Copy>(&mut self, event: &Event<R, W>)
    where
        NR: Number<R>,
        NW: Number<W>,
    {
        let name = match event {
            Event::Take { .. } => "t",
            Event::TryTake { wake: Recipient::Caller } => "y",
            Event::TryTake { wake: Recipient::Slot(_) } => "Y",
            Event::Put { .. } => "p",
            Event::Return { .. } => "r",
            Event::Discard { .. } => "d",
            Event::Freed { .. } => "f",
            Event::CreateFailed => "c",
            Event::Detach => "x",
            Event::Cancel { .. } => "a",
            Event::Reap { .. } => "e",
            Event::Drain => "w",
            Event::Resize { .. } => "z",
            Event::Close => "q",
        };
        self.writer.word(name);
        match *event {
            Event::Take { wake } | Event::TryTake { wake: Recipient::Slot(wake) } => self.wake(wake),
            Event::Put { resource, now } => {
                self.resource(resource);
                self.writer.number(now.0);
            }
            Event::Return { resource } | Event::Discard { resource } => self.resource(resource),
            Event::Freed { count } => self.writer.number(count),
            Event::Cancel { id } => self.writer.number(id.0),
            Event::Reap { now, ttl, keep } => {
                self.writer.number(now.0);
                self.writer.number(u64::try_from(ttl.as_nanos()).unwrap_or(u64::MAX));
                self.writer.number(keep);
            }
            Event::Resize { capacity } => self.writer.number(capacity),
            Event::TryTake { wake: Recipient::Caller }
            | Event::CreateFailed
            | Event::Detach
            | Event::Drain
            | Event::Close => {}
        }
    }

    fn effects<R: Copy, W: Copy>(&mut self, effects: &Effects<R, W>)
    where
        NR: Number<R>,
        NW: Number<W>,
    {
        if effects.is_empty() {
            self.writer.word("-");
        }
        for effect in effects {
            match effect {
                StripeEffect::Wake { recipient, result } => {
                    match recipient {
                        Recipient::Caller => self.writer.word("C"),
                        Recipient::Slot(wake) => {
                            self.writer.word("S");
                            self.wake(*wake);
                        }
                    }
                    self.result(result);
                }
                StripeEffect::WakeMany { waiters, result } => {
                    self.writer.word("M");
                    self.writer.number(waiters.len());
                    self.waiters(waiters);
                    self.result(result);
                }
                StripeEffect::InsertWithTimestamp { resource } => {
                    self.writer.word("I");
                    self.resource(*resource);
                }
                StripeEffect::FreeMany { resources } => {
                    self.writer.word("F");
                    self.writer.number(resources.len());
                    resources.iter().for_each(|resource| self.resource(resource));
                }
                StripeEffect::Reject(why) => {
                    self.writer.word("R");
                    self.writer.word(reason(*why));
                }
            }
        }
    }

    fn result<R: Copy>(&mut self, result: &WakeResult<R>)
    where
        NR: Number<R>,
    {
        match result {
            WakeResult::Deliver(resource) => {
                self.writer.word("D");
                self.resource(*resource);
            }
            WakeResult::Create => self.writer.word("N"),
            WakeResult::Cancelled => self.writer.word("X"),
        }
    }

    fn waiters<W: Copy>(&mut self, queue: &Queue<W>)
    where
        NW: Number<W>,
    {
        for Waiter { id, wake } in queue {
            self.writer.number(id.0);
            self.wake(*wake);
        }
    }

    fn counters<R: Copy, W>(&mut self, stripe: &Stripe<R, W>) {
        for counter in [stripe.capacity(), stripe.available(), stripe.owed(), stripe.freeing()] {
            self.writer.number(counter);
        }
        self.writer.number(stripe.next_id().0);
        self.writer.number(stripe.is_closed());
        self.writer.number(stripe.queue().len());
        self.writer.number(stripe.idle());
    }

    fn lists<R: Copy, W: Copy>(&mut self, stripe: &Stripe<R, W>)
    where
        NR: Number<R>,
        NW: Number<W>,
    {
        self.writer.word(":");
        self.waiters(stripe.queue());
        for entry in stripe.cache().iter() {
            self.resource(entry.resource);
            self.writer.number(entry.last_used.0);
        }
    }
}

fn reason(why: Reject) -> &'static str {
    match why {
        Reject::NothingOut => "o",
        Reject::NotFreeing => "f",
        Reject::AlreadyWoken => "w",
        Reject::NeverQueued => "n",
        Reject::ZeroCapacity => "z",
        Reject::AlreadyClosed => "c",
        Reject::QueueFull => "q",
        // What the checker does not know it does not accept.
        _ => "?",
    }
}
