//! Validates a whole run: every transition that the pool's stripes commit is replayed through the pure machine, while the run
//! goes on (feature `trace`).
//!
//! ```text
//!   workers, conductor ─▶ recorder ─▶ queue ─▶ auditor: one `Replay` for each stripe ─▶ checks
//!                            │ blocks when the queue is full
//! ```
//!
//! Rules:
//! 1. Memory does not grow with the run: the queue and each replay's window are bounded, and nothing else is kept.
//! 2. The auditor reads the queue until it is told that the run is over, also after a mismatch: a pool never waits for
//!    somebody who has given up.
//! 3. What the replayed transitions did is counted by [`Tally`] and compared with what was counted outside the pool.
//! 4. Rigs tamper between recorder and replay, so that what they do is what a faulty pool would have done.
//!
//! What it does not do: notice that a look (a transition that changes nothing) was never recorded at all; only changes
//! are numbered.

use crate::faults::Rig;
use crate::options::Options;
use crate::report::{Check, Report, check, per_second};
use core::time::Duration;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};
use std::time::Instant;
use striped_pool::StripeStatus;
use striped_pool::runtime::trace::{Mismatch, Replay, Transition};
use striped_pool::stripe::{Event, StripeEffect, WakeResult};

/// How many transitions may be on their way to the auditor.
const QUEUE: usize = 1 << 12;
/// How many transitions of one stripe are kept to be sorted: a thread may lose the processor between its commit and its
/// record, while others go on.
const WINDOW: usize = 1 << 16;
/// Which change of a stripe is tampered with in a rigged run.
const TAMPERED: u64 = 500;

/// A transition with its stripe, or the end of the run.
type Message = Option<(usize, Transition)>;

/// The auditor at work, and the way to it.
#[derive(Debug)]
pub(crate) struct Validator {
    queue: SyncSender<Message>,
    recorded: Arc<AtomicU64>,
    auditor: JoinHandle<(Vec<Audited>, Duration)>,
}

/// What was found in a run.
#[derive(Clone, Debug)]
pub struct Validation {
    /// How many transitions were recorded.
    pub recorded: u64,
    /// What was found in each stripe.
    pub stripes: Vec<Audited>,
    /// How long the replaying took, waiting for transitions not counted.
    pub took: Duration,
}

/// What was found in one stripe.
#[derive(Clone, Debug)]
pub struct Audited {
    /// What the replayed transitions did.
    pub tally: Tally,
    /// The most changes that overtook one transition on its way into the record.
    pub lateness: u64,
    /// The state after the last replayed transition.
    pub end: StripeStatus,
    /// Why the replay ended early, if it did.
    pub mismatch: Option<Mismatch>,
}

/// What transitions did, as the machine says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// All of them.
    pub transitions: u64,
    /// Those that changed the stripe.
    pub changes: u64,
    /// Permits handed to takers.
    pub permits: u64,
    /// Permits that came back unused.
    pub unused: u64,
    /// Resources handed to takers.
    pub delivered: u64,
    /// Resources given back by those to whom they were not delivered in time.
    pub returned: u64,
    /// Resources given back to be freed.
    pub discarded: u64,
    /// Resources taken out for good.
    pub detached: u64,
    /// Resources that left to be freed.
    pub freeing: u64,
    /// Resources that are freed.
    pub freed: u64,
}

impl Tally {
    /// Counts one.
    fn note(&mut self, transition: &Transition) {
        self.transitions += 1;
        if transition.changed {
            self.changes += 1;
            self.note_event(transition);
        }
        for effect in &transition.effects {
            match effect {
                StripeEffect::Wake { result, .. } => self.note_result(result, 1),
                StripeEffect::WakeMany { waiters, result } => self.note_result(result, waiters.len().into()),
                StripeEffect::FreeMany { resources } => self.freeing += u64::from(resources.len()),
                StripeEffect::InsertWithTimestamp { .. } => self.returned += 1,
                StripeEffect::Reject(_) => {}
            }
        }
    }

    fn note_event(&mut self, transition: &Transition) {
        match transition.event {
            Event::CreateFailed => self.unused += 1,
            Event::Return { .. } => self.returned += 1,
            Event::Discard { .. } => self.discarded += 1,
            Event::Detach => self.detached += 1,
            Event::Freed { count } => self.freed += u64::from(count),
            Event::Take { .. }
            | Event::TryTake { .. }
            | Event::Put { .. }
            | Event::Cancel { .. }
            | Event::Reap { .. }
            | Event::Drain
            | Event::Resize { .. }
            | Event::Close => {}
        }
    }

    fn note_result<R>(&mut self, result: &WakeResult<R>, times: u64) {
        match result {
            WakeResult::Deliver(_) => self.delivered += times,
            WakeResult::Create => self.permits += times,
            WakeResult::Cancelled => {}
        }
    }

    /// Resources created.
    #[must_use]
    pub fn created(&self) -> u64 {
        self.permits.saturating_sub(self.unused)
    }

    /// Resources lent.
    #[must_use]
    pub fn lent(&self) -> u64 {
        (self.delivered + self.created()).saturating_sub(self.returned)
    }

    fn add(self, other: Self) -> Self {
        Self {
            transitions: self.transitions + other.transitions,
            changes: self.changes + other.changes,
            permits: self.permits + other.permits,
            unused: self.unused + other.unused,
            delivered: self.delivered + other.delivered,
            returned: self.returned + other.returned,
            discarded: self.discarded + other.discarded,
            detached: self.detached + other.detached,
            freeing: self.freeing + other.freeing,
            freed: self.freed + other.freed,
        }
    }
}

impl Validator {
    /// Starts the auditor of a run whose stripes have these capacities; it counts in `replayed` what it has read.
    pub(crate) fn start(options: &Options, replayed: Arc<AtomicU64>) -> std::io::Result<Self> {
        let (queue, messages) = sync_channel(QUEUE);
        let (connections, stripes, rig) = (options.connections, options.stripes, options.rig);
        let audits = (0..stripes).map(|index| Audit::new(share(connections, stripes, index), rig)).collect();
        let auditor = Builder::new().name("auditor".into()).spawn(move || audit(&messages, audits, &replayed))?;
        Ok(Self { queue, recorded: Arc::default(), auditor })
    }

    /// What the pool calls for each transition.
    pub(crate) fn recorder(&self) -> impl Fn(usize, Transition) + Send + Sync + 'static {
        let (queue, recorded) = (self.queue.clone(), Arc::clone(&self.recorded));
        move |stripe, transition| {
            // Relaxed: read when all threads have been joined.
            recorded.fetch_add(1, Ordering::Relaxed);
            // After the end nobody listens; whoever still works then has missed it already.
            let _ = queue.send(Some((stripe, transition)));
        }
    }

    /// Ends the record: whoever uses the pool has ended.
    pub(crate) fn end(self) -> Validation {
        let recorded = self.recorded.load(Ordering::Relaxed);
        let _ = self.queue.send(None);
        let (stripes, took) = self.auditor.join().unwrap_or_default();
        Validation { recorded, stripes, took }
    }
}

/// The auditor's work: reads until the end, then empties the windows.
fn audit(messages: &Receiver<Message>, mut audits: Vec<Audit>, replayed: &AtomicU64) -> (Vec<Audited>, Duration) {
    let mut took = Duration::ZERO;
    let mut is_over = false;
    while !is_over && let Ok(first) = messages.recv() {
        let began = Instant::now();
        for message in std::iter::once(first).chain(messages.try_iter()) {
            match message {
                Some((stripe, transition)) => audits[stripe].read(transition),
                None => is_over = true,
            }
            replayed.fetch_add(1, Ordering::Relaxed);
        }
        took += began.elapsed();
    }
    let began = Instant::now();
    let audited = audits.into_iter().map(Audit::end).collect();
    (audited, took + began.elapsed())
}

/// The audit of one stripe.
struct Audit {
    replay: Replay,
    tally: Tally,
    mismatch: Option<Mismatch>,
    tamper: Tamper,
}

impl Audit {
    fn new(capacity: u32, rig: Rig) -> Self {
        let tamper = Tamper { rig, held: None, closed: None };
        Self { replay: Replay::new(capacity, WINDOW), tally: Tally::default(), mismatch: None, tamper }
    }

    fn read(&mut self, transition: Transition) {
        for transition in self.tamper.pass(transition).into_iter().flatten() {
            self.step(|replay| replay.push(transition));
        }
    }

    /// Whether a transition had its turn.
    fn step(&mut self, step: impl FnOnce(&mut Replay) -> Result<Option<Transition>, Mismatch>) -> bool {
        if self.mismatch.is_some() {
            return false;
        }
        match step(&mut self.replay) {
            Ok(matched) => matched.inspect(|transition| self.tally.note(transition)).is_some(),
            Err(mismatch) => {
                self.mismatch = Some(mismatch);
                false
            }
        }
    }

    fn end(mut self) -> Audited {
        while self.step(Replay::pull) {}
        let (lateness, end) = (self.replay.lateness(), StripeStatus::of(self.replay.stripe()));
        Audited { tally: self.tally, lateness, end, mismatch: self.mismatch }
    }
}

/// Rule 4.
struct Tamper {
    rig: Rig,
    /// The change that waits for one with other effects.
    held: Option<Transition>,
    /// The number of the close.
    closed: Option<u64>,
}

impl Tamper {
    /// What becomes of a transition: itself, unless the run is rigged.
    fn pass(&mut self, transition: Transition) -> [Option<Transition>; 2] {
        let Transition { number, changed, event, .. } = transition;
        let is_chosen = number == TAMPERED && changed;
        let is_look = number >= TAMPERED && !changed;
        if self.rig == Rig::LosesTransition && is_chosen {
            return [None, None];
        }
        if self.rig == Rig::LosesLook && is_look {
            self.rig = Rig::None;
            return [None, None];
        }
        if self.rig == Rig::RepeatsTransition && is_chosen {
            return [Some(transition.clone()), Some(transition)];
        }
        if self.rig == Rig::SwapsEffects {
            return self.swap(transition, is_chosen);
        }
        if self.rig == Rig::StopsRecording && event == Event::Close && changed {
            self.closed = Some(number);
        }
        [Some(transition).filter(|line| self.closed.is_none_or(|closed| line.number <= closed)), None]
    }

    /// Holds the chosen one back until one with other effects comes, and gives each the other's.
    fn swap(&mut self, mut transition: Transition, is_chosen: bool) -> [Option<Transition>; 2] {
        if is_chosen {
            self.held = Some(transition);
            return [None, None];
        }
        let mut held = self.held.take_if(|held| held.effects != transition.effects);
        if let Some(held) = &mut held {
            core::mem::swap(&mut held.effects, &mut transition.effects);
        }
        [held, Some(transition)]
    }
}

impl Validation {
    /// All stripes together.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.stripes.iter().map(|stripe| stripe.tally).fold(Tally::default(), Tally::add)
    }

    /// What must be so, from the replay and from what `report` counted.
    #[must_use]
    pub fn checks(&self, report: &Report) -> Vec<Check> {
        let mut checks = self.replay_checks(report);
        checks.extend(self.count_checks(report));
        checks
    }

    fn replay_checks(&self, report: &Report) -> Vec<Check> {
        let tally = self.tally();
        let is_gap = |mismatch: &&Mismatch| matches!(mismatch, Mismatch::Gap { .. });
        let mismatches = || self.stripes.iter().filter_map(|stripe| stripe.mismatch.as_ref());
        let (gap, other) = (mismatches().find(is_gap), mismatches().find(|mismatch| !is_gap(mismatch)));
        let said = |mismatch: Option<&Mismatch>| mismatch.map(|mismatch| format!("; {mismatch}")).unwrap_or_default();
        let differ = report.status.stripes.iter().zip(&self.stripes).filter(|(pool, stripe)| **pool != stripe.end);
        let differ = differ.count() + report.status.stripes.len().abs_diff(self.stripes.len());
        vec![
            check(
                "each transition is the machine's",
                other.is_none() && tally.transitions > 0,
                format!("{} replayed, {} of them changes{}", tally.transitions, tally.changes, said(other)),
            ),
            check(
                "no transition is missing, none left over",
                gap.is_none() && tally.transitions == self.recorded,
                format!("{} of {} recorded{}", tally.transitions, self.recorded, said(gap)),
            ),
            check(
                "the replay ends where the pool does",
                differ == 0,
                format!("{differ} of {} stripes differ", self.stripes.len()),
            ),
        ]
    }

    fn count_checks(&self, report: &Report) -> Vec<Check> {
        let Report { count, seen, .. } = report;
        let tally = self.tally();
        let replayed = [tally.created(), tally.freeing, tally.freed, tally.detached];
        let counted = [seen.created, seen.freed, seen.freed, seen.detached];
        let [created, freeing, freed, detached] = replayed;
        let discarded = count.discarded + count.panicked;
        vec![
            check(
                "it made and freed what was counted outside",
                replayed == counted,
                format!("{created} created, {freeing} to be freed, {freed} freed, {detached} detached"),
            ),
            check(
                "it lent and discarded what the threads say",
                (tally.lent(), tally.discarded) == (count.leases, discarded),
                format!("{} of {} lent, {} of {discarded} discarded", tally.lent(), count.leases, tally.discarded),
            ),
        ]
    }

    /// What happened, a name and a figure each.
    #[must_use]
    pub fn rows(&self) -> Vec<(&'static str, String)> {
        let each: Vec<_> = self.stripes.iter().map(|stripe| stripe.tally.transitions.to_string()).collect();
        let lateness = self.stripes.iter().map(|stripe| stripe.lateness).max().unwrap_or_default();
        let (all, seconds) = (self.tally().transitions, self.took.as_secs_f64());
        vec![
            ("transitions replayed", format!("{all} in {seconds:.1} s, {:.0}/s", per_second(all, self.took))),
            ("  of each stripe", each.join(", ")),
            ("  at most late by", format!("{lateness} changes (window {WINDOW})")),
        ]
    }
}

/// The capacity of a stripe at the start: as the pool spreads it.
fn share(connections: u32, stripes: u32, index: u32) -> u32 {
    connections / stripes + u32::from(index < connections % stripes)
}
