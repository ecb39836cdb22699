//! Machines of others, each the shipped one but for one rule, and the check that refutes it, a panic included. What such a
//! machine must have, and what a search of it looks like, is here to be copied.
#![cfg(not(feature = "loom"))]

use striped_pool::stripe::{Event, Recipient, WaiterId, WakeResult};
use striped_pool_model::machine::{Effect, Input, Stepped, View};
use striped_pool_model::world::Kinds;
use striped_pool_model::{Check, Checks, Env, Kind, Machine, Move, Shipped, explore, render, shortest};

const NOTHING: u8 = 0;
const HANDS_ON_WHAT_IS_DISCARDED: u8 = 1;
const TELLS_WAITERS_THAT_IT_IS_OVER: u8 = 2;
const REFUSES_TO_QUEUE: u8 = 3;
const REFUSES_WHAT_IS_IDLE: u8 = 4;
const REFUSES_A_FREE_PERMIT: u8 = 5;
const DRAINS_NOTHING: u8 = 6;
const REAPS_WHAT_IS_TO_BE_KEPT: u8 = 7;
const REAPS_ALL: u8 = 8;
const CLOSES_TWICE: u8 = 9;
const PANICS: u8 = 10;
const PANICS_AT_WHAT_CANNOT_BE: u8 = 11;
const PANICS_WHERE_SOMEBODY_WAITS: u8 = 12;
const PANICS_WHEN_A_FREE_PAYS: u8 = 13;
const PANICS_AND_DRAINS_NOTHING: u8 = 14;

/// The shipped machine with one rule broken.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Wrong<const RULE: u8>(Shipped);

impl<const RULE: u8> Machine for Wrong<RULE> {
    fn new(capacity: u32) -> Self {
        Self(Machine::new(capacity))
    }

    fn step(&self, event: Input) -> Stepped<Self> {
        let view = self.observe();
        let refused = |recipient| Stepped {
            machine: self.clone(),
            effects: vec![Effect::Wake(recipient, WakeResult::Cancelled)],
            changed: false,
        };
        let is_lent = view.out() > i64::from(view.freeing);
        let is_taken = view.idle.is_empty() && view.available == 0;
        match (RULE, event) {
            (HANDS_ON_WHAT_IS_DISCARDED, Event::Discard { resource }) if !view.waiters.is_empty() => {
                self.right(Event::Return { resource })
            }
            (TELLS_WAITERS_THAT_IT_IS_OVER, Event::CreateFailed) if is_lent => match view.waiters[..] {
                [(id, _)] => {
                    let Stepped { machine: told, mut effects, .. } = self.right(Event::Cancel { id: WaiterId(id) });
                    let failed = told.right(Event::CreateFailed);
                    effects.extend(failed.effects);
                    Stepped { effects, ..failed }
                }
                _ => self.right(event),
            },
            (REFUSES_TO_QUEUE, Event::Take { wake }) if is_taken && !view.closed => refused(Recipient::Slot(wake)),
            (REFUSES_WHAT_IS_IDLE, Event::TryTake { wake }) if view.idle.len() == 1 => refused(wake),
            (REFUSES_A_FREE_PERMIT, Event::TryTake { wake }) if view.idle.is_empty() => refused(wake),
            (DRAINS_NOTHING | PANICS_AND_DRAINS_NOTHING, Event::Drain) => {
                Stepped { machine: self.clone(), effects: Vec::new(), changed: false }
            }
            (REAPS_WHAT_IS_TO_BE_KEPT, Event::Reap { now, ttl, keep: 1 }) if view.idle.len() == 2 => {
                self.right(Event::Reap { now, ttl, keep: 0 })
            }
            (REAPS_ALL, Event::Reap { now, keep, .. }) if now.0 > 0 => {
                self.right(Event::Reap { now, ttl: core::time::Duration::ZERO, keep })
            }
            (CLOSES_TWICE, Event::Close) if view.closed => {
                Stepped { machine: self.clone(), effects: Vec::new(), changed: false }
            }
            (PANICS, Event::Drain) if !view.idle.is_empty() => panic!("nobody drains"),
            (PANICS_WHERE_SOMEBODY_WAITS, Event::Return { .. }) if is_lent && !view.waiters.is_empty() => {
                panic!("two at once")
            }
            (PANICS_WHEN_A_FREE_PAYS, Event::Freed { count })
                if view.owed > 0 && (1..=view.freeing).contains(&count) =>
            {
                panic!("nobody pays")
            }
            (PANICS_AND_DRAINS_NOTHING, Event::CreateFailed) if is_lent => panic!("a create cannot fail"),
            (PANICS_AT_WHAT_CANNOT_BE, Event::Cancel { id }) if !view.is_queued(id.0) => panic!("nobody waits"),
            _ => self.right(event),
        }
    }

    fn observe(&self) -> View {
        self.0.observe()
    }

    fn violations(&self) -> Checks {
        Machine::violations(&self.0)
    }
}

impl<const RULE: u8> Wrong<RULE> {
    /// As the shipped machine has it.
    fn right(&self, event: Input) -> Stepped<Self> {
        let Stepped { machine, effects, changed } = self.0.step(event);
        Stepped { machine: Self(machine), effects, changed }
    }
}

const ENV: Env = Env::new(2, 1, 2, 1);

/// What a search says of it.
fn failed<const RULE: u8>() -> Vec<Check> {
    explore::explore::<Wrong<RULE>>("wrong", ENV, 1).failed.iter().collect()
}

#[test]
fn with_no_rule_broken_it_stands() {
    assert_eq!(failed::<NOTHING>(), []);
}

/// And only by this one: each machine keeps count of everything, serves in order, and stays within its capacity.
#[test]
fn each_broken_rule_is_refuted_by_the_check_that_is_there_for_it() {
    assert_eq!(failed::<HANDS_ON_WHAT_IS_DISCARDED>(), [Check::Effect]);
    assert_eq!(failed::<TELLS_WAITERS_THAT_IT_IS_OVER>(), [Check::OneWake]);
    assert_eq!(failed::<REFUSES_TO_QUEUE>(), [Check::Work]);
    assert_eq!(failed::<REFUSES_WHAT_IS_IDLE>(), [Check::Work]);
    assert_eq!(failed::<REFUSES_A_FREE_PERMIT>(), [Check::Work]);
    assert_eq!(failed::<DRAINS_NOTHING>(), [Check::Effect]);
    assert_eq!(failed::<REAPS_WHAT_IS_TO_BE_KEPT>(), [Check::Effect]);
    assert_eq!(failed::<REAPS_ALL>(), [Check::Effect]);
    assert_eq!(failed::<CLOSES_TWICE>(), [Check::Rejected]);
    assert_eq!(failed::<PANICS>(), [Check::Total]);
    assert_eq!(failed::<PANICS_AT_WHAT_CANNOT_BE>(), [Check::Rejected]);
    // Which the schedule of LIVE-PROGRESS meets as well, and before.
    assert_eq!(failed::<PANICS_WHERE_SOMEBODY_WAITS>(), [Check::Total]);
    assert_eq!(failed::<PANICS_WHEN_A_FREE_PAYS>(), [Check::Total]);
}

#[test]
fn the_shortest_way_to_it_is_shown() {
    let moves = shortest::<Wrong<DRAINS_NOTHING>>(ENV, Check::Effect).expect("refuted");
    assert_eq!(moves.len(), 4, "take, create, give back, drain: {moves:?}");
    assert_eq!(shortest::<Wrong<NOTHING>>(ENV, Check::Effect), None);
    let beyond = shortest::<Wrong<PANICS_AND_DRAINS_NOTHING>>(ENV, Check::Effect);
    assert_eq!(beyond, Some(moves), "though a move before it panics");
}

/// With what it said, where it would have answered.
#[test]
fn a_machine_that_panics_is_shown_doing_so() {
    let moves = shortest::<Wrong<PANICS>>(ENV, Check::Total).expect("refuted");
    assert_eq!(moves.len(), 4, "take, create, give back, drain: {moves:?}");
    let frames = render::frames::<Wrong<PANICS>>(&ENV, &moves);
    let story = render::counterexample("it", &frames, Check::Total);
    let last = story.steps.last().expect("a step");
    assert_eq!(
        (&last.answers[..], &last.failed[..]),
        (&["panics: nobody drains".to_owned()][..], &["STEP-TOTAL".to_owned()][..])
    );
    let [.., before, after] = &frames[..] else { panic!("a start and four moves") };
    assert_eq!((&before.view, &before.clients), (&after.view, &after.clients), "the move did not take place");
}

/// It is no move of a client, so it is the last one shown.
#[test]
fn the_event_that_is_not_rejected_is_shown() {
    let moves = shortest::<Wrong<CLOSES_TWICE>>(ENV, Check::Rejected).expect("refuted");
    assert_eq!(moves, [Move::Close, Move::Raise(Event::Close)]);
    let moves = shortest::<Wrong<PANICS_AT_WHAT_CANNOT_BE>>(ENV, Check::Rejected).expect("refuted");
    assert_eq!(moves, [Move::Raise(Event::Cancel { id: WaiterId(0) })]);
    let frames = render::frames::<Wrong<PANICS_AT_WHAT_CANNOT_BE>>(&ENV, &moves);
    assert_eq!(frames.last().and_then(|frame| frame.panicked.as_deref()), Some("nobody waits"));
}

/// Where the move that panics is forbidden, the search does not make it, but the schedule of LIVE-PROGRESS does.
#[test]
fn a_schedule_that_panics_is_shown_where_the_search_may_not_go() {
    let env = Env { kinds: Kinds::ALL.without(&[Kind::Return, Kind::Abandon]), ..ENV };
    let report = explore::explore::<Wrong<PANICS_WHERE_SOMEBODY_WAITS>>("wrong", env, 1);
    assert_eq!(report.failed.iter().collect::<Vec<_>>(), [Check::Progress]);
    let moves = shortest::<Wrong<PANICS_WHERE_SOMEBODY_WAITS>>(env, Check::Progress).expect("refuted");
    let frames = render::frames::<Wrong<PANICS_WHERE_SOMEBODY_WAITS>>(&env, &moves);
    assert_eq!(frames.last().and_then(|frame| frame.panicked.as_deref()), Some("two at once"));
}
