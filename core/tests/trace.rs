//! Real threads, long scripts: the committed transitions of every stripe, put in commit order, are a run of the pure
//! machine, each effect the same and none missing; and a run that was tampered with is not.
//!
//! Needs the feature `trace`. Does not explore interleavings (`tests/loom` does); it takes what the system schedules.
#![cfg(all(feature = "trace", not(feature = "loom")))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "meant for the crate itself")]

use std::sync::{Arc, Mutex};
use std::time::Duration;
use striped_pool::runtime::trace::{Mismatch, Replay, Transition, replay};
use striped_pool::stripe::{Event, StripeEffect, WakeResult};
use striped_pool::{Pool, PoolConfig};

const THREADS: u64 = 8;
const STEPS: u64 = 4_000;
const CAPACITY: u32 = 4;

/// One list of transitions for each stripe.
type Histories = Arc<Vec<Mutex<Vec<Transition>>>>;

/// A stream of numbers, the same for the same seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        // xorshift64*: Vigna, "An experimental exploration of Marsaglia's xorshift generators, scrambled", 2016.
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 32) % sides
    }
}

fn recorded(stripes: u32) -> (Pool<u64, &'static str>, Histories) {
    let histories: Histories = Arc::new((0..stripes).map(|_| Mutex::default()).collect());
    let sink = Arc::clone(&histories);
    let made = std::sync::atomic::AtomicU64::new(0);
    let create = move || {
        let number = made.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        if number % 7 == 6 { Err("no more today") } else { Ok(number) }
    };
    let config = PoolConfig::builder(CAPACITY * stripes, create)
        .stripes(stripes)
        .cache_ttl(Duration::from_micros(50))
        .record(move |stripe, transition| sink[stripe].lock().unwrap().push(transition));
    (Pool::new(config.build().unwrap()), histories)
}

/// One thread's part: everything that a pool can be asked for, in an order that the seed decides.
fn play(pool: &Pool<u64, &'static str>, seed: u64) {
    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    for _ in 0..STEPS {
        match dice.roll(100) {
            0 => drop(pool.reap()),
            1 => drop(pool.drain()),
            2 => pool.resize(pool.config().stripes() * (1 + u32::try_from(dice.roll(6)).unwrap())).unwrap(),
            3..30 => drop(pool.try_get()),
            30..50 => drop(pool.get_timeout(Duration::ZERO)),
            50..60 => drop(pool.get_timeout(Duration::from_micros(dice.roll(50)))),
            60..65 => pool.get().map(striped_pool::Lease::discard).unwrap_or_default(),
            65..68 => drop(pool.get().map(striped_pool::Lease::detach)),
            _ => {
                let lease = pool.get();
                if dice.roll(4) == 0 {
                    std::thread::yield_now();
                }
                drop(lease);
            }
        }
    }
}

fn run(stripes: u32) -> Vec<Vec<Transition>> {
    let (pool, histories) = recorded(stripes);
    std::thread::scope(|scope| {
        for seed in 1..=THREADS {
            let pool = &pool;
            scope.spawn(move || play(pool, seed));
        }
    });
    pool.close();
    drop(pool);
    histories.iter().map(|history| history.lock().unwrap().clone()).collect()
}

#[test]
fn every_transition_of_a_run_is_the_machines() {
    for stripes in [1, 2] {
        for history in run(stripes) {
            let (changes, looks) = (history.iter().filter(|line| line.changed).count(), history.len());
            let end = replay(CAPACITY, history).unwrap_or_else(|mismatch| panic!("{mismatch}"));
            assert_eq!((end.out(), end.idle(), end.queue().len(), end.is_closed()), (0, 0, 0, true));
            // Contention, waits and refusals happened: the run is not a trivial one.
            assert!(changes > 1_000 && looks > changes, "{changes} changes of {looks} transitions");
        }
    }
}

/// A short run by one thread: create, give back, take again, discard.
fn short() -> Vec<Transition> {
    let (pool, histories) = recorded(1);
    drop(pool.get().unwrap());
    pool.get().unwrap().discard();
    assert_eq!(pool.reap(), 0);
    let history = histories[0].lock().unwrap().clone();
    assert!(replay(CAPACITY, history.clone()).is_ok());
    history
}

#[test]
fn a_missing_change_is_found() {
    let whole = short();
    for gone in 0..whole.len() {
        let mut history = whole.clone();
        let removed = history.remove(gone);
        // A look leaves no gap; the last change is missed by the look that follows it.
        assert_eq!(replay(CAPACITY, history).is_err(), removed.changed, "{removed:?}");
    }
}

#[test]
fn a_change_that_was_committed_twice_is_found() {
    let whole = short();
    for line in whole.iter().filter(|line| line.changed) {
        let history = whole.iter().chain([line]).cloned().collect();
        assert!(matches!(replay(CAPACITY, history), Err(Mismatch::Gap { .. } | Mismatch::Differs { .. })));
    }
}

#[test]
fn a_wrong_effect_is_found() {
    let mut history = short();
    let found = history.iter_mut().find_map(|line| {
        let effects = line.effects.as_slice();
        let is_delivery =
            matches!(effects, [StripeEffect::Wake { result: WakeResult::Deliver(_), .. }]) && line.changed;
        is_delivery.then_some(line)
    });
    let line = found.expect("the second get takes what the first gave back");
    line.event = Event::CreateFailed;
    assert!(matches!(replay(CAPACITY, history), Err(Mismatch::Differs { .. })));
}

#[test]
fn a_run_on_another_capacity_is_found() {
    // With capacity 1 the first take is answered alike, and the resize that the run never made is missed later.
    let (pool, histories) = recorded(1);
    let leases = [pool.get().unwrap(), pool.get().unwrap()];
    drop(leases);
    let history = histories[0].lock().unwrap().clone();
    assert!(matches!(replay(1, history), Err(Mismatch::Differs { .. })));
}

/// Feeds `history` as it comes, of which at most `window` are kept; what had its turn before the end, and how it ends.
fn stream(history: Vec<Transition>, window: usize) -> (usize, Result<u32, Mismatch>) {
    let mut replay = Replay::new(CAPACITY, window);
    let mut turns = 0;
    for line in history {
        match replay.push(line) {
            Ok(matched) => turns += usize::from(matched.is_some()),
            Err(mismatch) => return (turns, Err(mismatch)),
        }
    }
    loop {
        match replay.pull() {
            Ok(Some(_)) => {}
            Ok(None) => return (turns, Ok(replay.stripe().idle())),
            Err(mismatch) => return (turns, Err(mismatch)),
        }
    }
}

#[test]
fn a_replay_forgives_disorder_within_its_window_and_no_more() {
    let mut history = short();
    let count = history.len();
    assert_eq!(stream(history.clone(), 0), (count, Ok(0)));
    // The first comes last: it is as late as all others together.
    history.rotate_left(1);
    assert_eq!(stream(history.clone(), count - 1), (1, Ok(0)));
    for window in 0..count - 1 {
        assert!(matches!(stream(history.clone(), window), (0, Err(Mismatch::Gap { after: 0, .. }))), "{window}");
    }
}

/// Neither may a recorder that panics make a detached resource come back as well.
#[test]
fn a_recorder_that_panics_loses_its_record_and_nothing_else() {
    let config = PoolConfig::builder(1, || Ok::<_, ()>(String::from("whole"))).record(|_, transition| {
        assert!(!matches!(transition.event, Event::Detach), "the recorder gives up");
    });
    let pool = Pool::new(config.build().unwrap());
    let detached = pool.get().unwrap().detach();
    assert_eq!((detached.as_str(), pool.status().available()), ("whole", 1));
    assert_eq!(pool.get_owned().unwrap().detach(), "whole");
    assert_eq!((pool.status().available(), pool.status().out()), (1, 0));
}
