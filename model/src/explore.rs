//! Exhaustive search: every world that the moves can reach, to the fixpoint.
//!
//! The engine is `stateright`'s breadth-first checker, which keeps a 64-bit fingerprint of each state (at 10⁷ states the
//! odds that two distinct ones share one are about 3 in 10⁶). Owns the model handed to it, progress on stderr, and:
//! 1. Checks of transitions are part of the state they lead to ([`World::failed`] is hashed); facts about transitions
//!    are collected on the side, since a transition into a known state would not be looked at again.
//! 2. A world that failed a check has no successors. Where the machine panics the move does not take place (STEP-TOTAL), and the
//!    search ends: one panic is enough to read. A search for another check goes on without that move.
//! 3. The checker remembers the *last* failing path of a batch, on several threads any. So [`explore`] only finds which
//!    checks fail; [`shortest`] searches again for one of them, on one thread, stopping at the first: that path is a
//!    shortest one.
//!
//! The engine is trusted only so far: a search that ended early would miss the exact counts that the tests assert.

use crate::check::{Check, Checks};
use crate::fact::{Fact, Facts};
use crate::machine::{Machine, attempt};
use crate::progress::Progress;
pub use crate::progress::say;
use crate::world::{Env, Move, World};
use core::marker::PhantomData;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use core::time::Duration;
use stateright::{Checker, HasDiscoveries, Model, Property};
use std::sync::OnceLock;

/// What a search found.
#[derive(Clone, Debug)]
pub struct Report {
    /// Distinct worlds, up to names.
    pub states: usize,
    /// Moves made, those into known worlds included.
    pub transitions: usize,
    /// Moves on the longest path by which a world was first reached; on one thread, the longest of the shortest paths.
    pub depth: usize,
    /// The checks that failed somewhere.
    pub failed: Checks,
    /// What was seen.
    pub facts: Facts,
    /// How long it took.
    pub elapsed: Duration,
    /// Whether there is nothing more to be found: not stopped, and no check failed.
    pub finished: bool,
}

struct Search<M> {
    env: Env,
    /// Set once nothing more is to be looked at.
    stopped: AtomicBool,
    /// Set once the machine has panicked: one panic is enough to read.
    panicked: AtomicBool,
    /// Set once the search is done.
    resumed: AtomicBool,
    /// How many worlds have been left by all their moves.
    left: AtomicUsize,
    /// The checks that count.
    watched: Checks,
    /// The facts seen: one cell each.
    seen: Vec<OnceLock<()>>,
    machine: PhantomData<fn() -> M>,
}

impl<M: Machine> Search<M> {
    fn new(env: Env, watched: Checks) -> Self {
        let seen = vec![OnceLock::new(); Fact::ALL.len()];
        let [stopped, panicked, resumed] = [false; 3].map(AtomicBool::new);
        Self { env, stopped, panicked, resumed, left: AtomicUsize::new(0), watched, seen, machine: PhantomData }
    }

    fn is_stopped(&self) -> bool {
        // ORDERING: Relaxed: nothing is handed over with it; a search that stops a little later is as good.
        self.stopped.load(Ordering::Relaxed)
    }

    /// Whether nothing more is to be looked at.
    fn is_over(&self) -> bool {
        // ORDERING: Relaxed, as above.
        (self.is_stopped() || self.panicked.load(Ordering::Relaxed)) && !self.resumed.load(Ordering::Relaxed)
    }

    fn note_panic(&self) {
        // ORDERING: Relaxed, as above.
        self.panicked.store(true, Ordering::Relaxed);
    }

    /// Lets everything be looked at again, as a path is found by going it; whether it was stopped.
    fn resume(&self) -> bool {
        // ORDERING: Relaxed, as above.
        self.resumed.store(true, Ordering::Relaxed);
        self.is_stopped()
    }

    fn see(&self, facts: Facts) {
        for (fact, cell) in Fact::ALL.iter().zip(&self.seen) {
            if facts.has(*fact) && cell.get().is_none() {
                let _ = cell.set(());
            }
        }
    }
}

/// Whether the check with this place in [`Check::ALL`] holds of a world.
fn holds<M: Machine, const PLACE: usize>(search: &Search<M>, world: &World<M>) -> bool {
    let check = Check::ALL[PLACE];
    if world.failed.has(check) {
        return false;
    }
    if !world.failed.and(search.watched).is_empty() || search.is_over() {
        return true;
    }
    match check {
        Check::Progress => world.progresses(&search.env),
        Check::Rejected => {
            let event = world.not_withstood();
            if event.is_some_and(|event| attempt(&world.machine, event).is_err()) {
                search.note_panic();
            }
            let withstands = event.is_none();
            let mut facts = Facts::default();
            world.note_stale(withstands, &mut facts);
            search.see(facts);
            withstands
        }
        Check::Capacity
        | Check::Work
        | Check::OneWake
        | Check::Fifo
        | Check::Owner
        | Check::Bounded
        | Check::Ids
        | Check::Recency
        | Check::Closed
        | Check::FreeFirst
        | Check::Shrink
        | Check::Effect
        | Check::Changed
        | Check::Twin
        | Check::Total => true,
    }
}

impl<M: Machine> Model for Search<M> {
    type State = World<M>;
    type Action = Move;

    fn init_states(&self) -> Vec<World<M>> {
        vec![World::new(&self.env)]
    }

    fn actions(&self, world: &World<M>, moves: &mut Vec<Move>) {
        if self.is_over() {
            return;
        }
        // ORDERING: Relaxed: a counter that is only shown.
        self.left.fetch_add(1, Ordering::Relaxed);
        if world.failed.and(self.watched).is_empty() {
            world.moves(&self.env, moves);
        }
    }

    fn next_state(&self, world: &World<M>, mv: Move) -> Option<World<M>> {
        let mut outcome = world.after(&self.env, mv);
        if outcome.panicked.is_some() {
            if !self.watched.has(Check::Total) {
                return None;
            }
            self.note_panic();
        }
        self.see(outcome.facts);
        // By the last two it is known where names matter (`world/canon.rs`, rule 1).
        let kept = self.watched.iter().chain([Check::Owner, Check::OneWake]).collect();
        outcome.world.failed = outcome.world.failed.and(kept);
        Some(outcome.world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        macro_rules! all {
            ($($place:literal)*) => { [$((Check::ALL[$place], holds::<M, $place> as fn(&Self, &World<M>) -> bool)),*] };
        }
        let all: [_; Check::ALL.len()] = all!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16);
        let watched = all.into_iter().filter(|(check, _)| self.watched.has(*check));
        watched.map(|(check, condition)| Property::always(check.id(), condition)).collect()
    }
}

/// Searches everything within the bounds on `threads` threads, or until a check fails.
#[must_use]
pub fn explore<M: Machine>(name: &str, env: Env, threads: usize) -> Report {
    explore_until::<M>(name, env, threads, &|| false)
}

/// As [`explore`], or until `stop` says so, which is asked again and again.
#[must_use]
pub fn explore_until<M: Machine>(name: &str, env: Env, threads: usize, stop: &dyn Fn() -> bool) -> Report {
    let mut said = Progress::begin();
    let search = Search::<M>::new(env, Checks::ALL);
    let checker = search.checker().threads(threads).finish_when(HasDiscoveries::AnyFailures).spawn_bfs();
    wait_for(&checker, stop, || said.tell(|elapsed| progress(name, &checker, elapsed, "so far")));
    let checker = checker.join();
    let stopped = checker.model().resume();
    let so_far = if stopped { "until it was stopped" } else { "in all" };
    say(&progress(name, &checker, said.elapsed(), so_far));
    let found = checker.discoveries();
    let seen = Fact::ALL.iter().zip(&checker.model().seen).filter(|(_, cell)| cell.get().is_some());
    let mut facts = Facts::default();
    seen.for_each(|(fact, _)| facts.note(*fact, true));
    Report {
        states: checker.unique_state_count(),
        transitions: checker.state_count() - 1,
        depth: checker.max_depth() - 1,
        failed: Check::ALL.into_iter().filter(|check| found.contains_key(check.id())).collect(),
        facts,
        elapsed: said.elapsed(),
        finished: found.is_empty() && !stopped,
    }
}

/// A shortest sequence of moves after which `check` fails, if there is one within the bounds; for LIVE-PROGRESS followed
/// by the schedule that wakes nobody, for STEP-REJECT by the event that is not rejected, if no move raises it. The other checks are not looked at: a machine may fail several, and each has its
/// own shortest way.
#[must_use]
pub fn shortest<M: Machine>(env: Env, check: Check) -> Option<Vec<Move>> {
    shortest_until::<M>(env, check, &|| false)
}

/// As [`shortest`], or none if `stop` says so first.
#[must_use]
pub fn shortest_until<M: Machine>(env: Env, check: Check, stop: &dyn Fn() -> bool) -> Option<Vec<Move>> {
    let search = Search::<M>::new(env, [check].into_iter().collect());
    let checker = search.checker().threads(1).finish_when(HasDiscoveries::AnyFailures).spawn_bfs();
    wait_for(&checker, stop, || ());
    let checker = checker.join();
    checker.model().resume();
    let path = checker.discovery(check.id())?;
    let last = path.last_state();
    let ahead = if last.failed.has(check) {
        None
    } else if check == Check::Progress {
        last.stuck(&env)
    } else {
        last.not_withstood().map(|event| vec![Move::Raise(event)])
    };
    Some(path.into_actions().into_iter().chain(ahead.into_iter().flatten()).collect())
}

/// Until the checker is done, asks `stop`, and does `meanwhile`.
fn wait_for<M: Machine>(checker: &impl Checker<Search<M>>, stop: &dyn Fn() -> bool, mut meanwhile: impl FnMut()) {
    let mut pause = Duration::from_millis(1);
    while !checker.is_done() {
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
        if stop() {
            // ORDERING: Relaxed, as where it is read.
            checker.model().stopped.store(true, Ordering::Relaxed);
        }
        meanwhile();
    }
}

fn progress<M: Machine>(name: &str, checker: &impl Checker<Search<M>>, elapsed: Duration, so_far: &str) -> String {
    let (states, transitions) = (checker.unique_state_count(), checker.state_count() - 1);
    let rate = u128::try_from(transitions).unwrap_or(0) * 1000 / elapsed.as_millis().max(1);
    let (depth, seconds) = (checker.max_depth() - 1, elapsed.as_secs_f32());
    // ORDERING: Relaxed: a counter that is only shown.
    let frontier = states.saturating_sub(checker.model().left.load(Ordering::Relaxed));
    format!(
        "{name}: {states} states, {transitions} transitions, depth {depth}, frontier {frontier} {so_far} \
         ({seconds:.1} s, {rate} transitions/s)"
    )
}
