//! Long random walks through worlds too large to search: deep queues, caches beyond their inline part, many resizes.
//!
//! Each walk runs the shipped machine beside the plain one and the one with tombstones, under every check after every move. In every state, all
//! stale events that fit it are raised and must be rejected. A failing walk is shrunk by proptest and printed as a
//! table; nothing is written to disk.
#![cfg(not(feature = "loom"))]

use proptest::collection::vec;
use proptest::prelude::{Strategy, any};
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use std::cell::RefCell;
use striped_pool::stripe::cache::INLINE;
use striped_pool_model::{Check, Env, Facts, Machine, Move, Plain, Shipped, Tombstones, Twin, World, explore, render};

type All = Twin<Shipped, Twin<Plain, Tombstones>>;

/// At most so many moves a walk: segments × moves.
const SEGMENTS: usize = 12;
const MOVES: usize = 60;

/// What moves are for; a mood weighs them.
#[derive(Clone, Copy, PartialEq)]
enum Purpose {
    Ask,
    Make,
    GiveBack,
    Lose,
    GiveUp,
    Perform,
    Manage,
    Close,
}

const PURPOSES: [Purpose; 8] = [
    Purpose::Ask,
    Purpose::Make,
    Purpose::GiveBack,
    Purpose::Lose,
    Purpose::GiveUp,
    Purpose::Perform,
    Purpose::Manage,
    Purpose::Close,
];

/// Weights in the order of [`PURPOSES`]: everything at once, crowding in, coming home, trouble, resizing.
const CROWDING_IN: usize = 1;
const COMING_HOME: usize = 2;
const MOODS: [[u32; 8]; 5] = [
    [32, 24, 16, 8, 16, 48, 8, 0],
    [48, 32, 0, 0, 2, 32, 0, 0],
    [1, 8, 40, 2, 0, 40, 0, 0],
    [24, 12, 8, 8, 40, 24, 16, 1],
    [16, 12, 8, 4, 8, 24, 24, 0],
];

fn purpose(mv: Move) -> Purpose {
    match mv {
        Move::Take(_) | Move::TryTake(_) | Move::TryTakeSlot(_) => Purpose::Ask,
        Move::Created(_) => Purpose::Make,
        Move::Put(..) | Move::Return(_) => Purpose::GiveBack,
        Move::CreateFailed(_) | Move::Discard(_) | Move::Detach(_) => Purpose::Lose,
        Move::Cancel(_) | Move::Abandon(_) => Purpose::GiveUp,
        Move::Perform(..) => Purpose::Perform,
        Move::Reap(..) | Move::Drain | Move::Resize(_) | Move::Raise(_) => Purpose::Manage,
        Move::Close => Purpose::Close,
    }
}

/// Clients, capacity at the start and at most, clock, and a mood with random numbers for each segment.
type Walk = (u8, u32, u32, u64, Vec<(usize, Vec<u32>)>);

/// Small worlds, where everything meets everything.
fn narrow() -> impl Strategy<Value = Walk> {
    let segments = vec((0..MOODS.len(), vec(any::<u32>(), 10..=MOVES)), 1..=SEGMENTS);
    (1..=8_u8, 1..=6_u32, 1..=6_u32, 0..=4_u64, segments)
}

/// Large ones: crowded first, then everybody comes home, then anything.
fn wide() -> impl Strategy<Value = Walk> {
    let segments = vec((0..MOODS.len(), vec(any::<u32>(), MOVES)), SEGMENTS).prop_map(|mut segments| {
        for ((mood, _), first) in segments.iter_mut().zip([CROWDING_IN, CROWDING_IN, COMING_HOME]) {
            *mood = first;
        }
        segments
    });
    (16..=24_u8, 8..=20_u32, 16..=20_u32, 0..=4_u64, segments)
}

/// What all walks together reached.
#[derive(Default)]
struct Reached {
    facts: Facts,
    moves: usize,
    idle: usize,
    waiters: usize,
    owed: u32,
}

struct Walker {
    env: Env,
    world: World<All>,
    path: Vec<Move>,
}

impl Walker {
    fn choose(&self, mood: &[u32; 8], random: u32) -> Option<Move> {
        let mut moves = Vec::new();
        self.world.moves(&self.env, &mut moves);
        let total: u32 = mood.iter().sum();
        let mut roll = random % total;
        let wanted = PURPOSES.into_iter().zip(mood).find(|(_, weight)| {
            let here = roll < **weight;
            roll = roll.wrapping_sub(**weight);
            here
        })?;
        let pick = usize::try_from(random / total).ok()?;
        moves.retain(|mv| purpose(*mv) == wanted.0);
        moves.get(pick.checked_rem(moves.len())?).copied()
    }

    fn go(&mut self, mv: Move, reached: &mut Reached) -> Result<(), TestCaseError> {
        self.path.push(mv);
        let outcome = self.world.after(&self.env, mv);
        self.world = outcome.world;
        let mut failed = self.world.failed;
        let withstands = self.world.withstands_stale_events();
        failed.require(Check::Rejected, withstands);
        failed.require(Check::Progress, self.world.progresses(&self.env));
        reached.facts.extend(outcome.facts);
        self.world.note_stale(withstands, &mut reached.facts);
        reached.moves += 1;
        reached.idle = reached.idle.max(self.world.view.idle.len());
        reached.waiters = reached.waiters.max(self.world.view.waiters.len());
        reached.owed = reached.owed.max(self.world.view.owed);
        if failed.is_empty() {
            return Ok(());
        }
        Err(TestCaseError::fail(format!("{failed:?}\n{}", render::trace::<All>(&self.env, &self.path))))
    }

    fn settle(&mut self, reached: &mut Reached) -> Result<(), TestCaseError> {
        while !self.world.jobs.is_empty() {
            self.go(Move::Perform(self.world.jobs.len() - 1, 0), reached)?;
        }
        Ok(())
    }

    /// Closes, brings everything home, and asks whether anything was lost.
    fn end(&mut self, reached: &mut Reached) -> Result<(), TestCaseError> {
        if !self.world.view.closed {
            self.go(Move::Close, reached)?;
        }
        self.settle(reached)?;
        for client in 0..self.env.clients {
            let mut moves = Vec::new();
            self.world.moves(&self.env, &mut moves);
            let home = |mv: &&Move| [Move::CreateFailed(client), Move::Return(client)].contains(mv);
            if let Some(mv) = moves.iter().find(home) {
                self.go(*mv, reached)?;
            }
            self.settle(reached)?;
        }
        let lost = self.world.view.out() != 0 || !self.world.alive.is_empty();
        if lost { Err(TestCaseError::fail(render::trace::<All>(&self.env, &self.path))) } else { Ok(()) }
    }
}

fn walk((clients, capacity, max, clock, segments): Walk, reached: &mut Reached) -> Result<(), TestCaseError> {
    let env = Env::new(clients, capacity.min(max), max, clock);
    let mut walker = Walker { world: World::new(&env), env, path: Vec::new() };
    for (mood, randoms) in segments {
        for random in randoms {
            if let Some(mv) = walker.choose(&MOODS[mood], random) {
                walker.go(mv, reached)?;
            }
        }
        walker.settle(reached)?;
    }
    walker.end(reached)
}

/// Runs `walks` and says what they reached.
fn run(name: &str, cases: u32, walks: &impl Strategy<Value = Walk>) -> Reached {
    let reached = RefCell::new(Reached::default());
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let result = TestRunner::new(config).run(walks, |taken| walk(taken, &mut reached.borrow_mut()));
    assert!(result.is_ok(), "{}", result.err().map_or(String::new(), |failure| failure.to_string()));
    let reached = reached.into_inner();
    explore::say(&format!(
        "{name}: {cases} walks, {} moves, up to {} idle, {} waiting, {} owed",
        reached.moves, reached.idle, reached.waiters, reached.owed
    ));
    assert_eq!(reached.facts.missing().collect::<Vec<_>>(), [], "never seen");
    reached
}

#[test]
fn narrow_walks_keep_every_check() {
    run("narrow", 1024, &narrow());
}

#[test]
fn wide_walks_keep_every_check() {
    let reached = run("wide", 256, &wide());
    assert!(reached.idle > INLINE + 2, "the inline part of the cache was never left");
    assert!(reached.waiters > 8 && reached.owed > 4);
}

#[test]
fn twin_tells_machines_apart() {
    type Odd = Twin<Shipped, striped_pool_model::specimens::Ancestor>;
    let env = Env::new(1, 1, 1, 0);
    assert!(Odd::new(1).violations().is_empty());
    assert!(striped_pool_model::shortest::<Odd>(env, Check::Twin).is_some());
}
