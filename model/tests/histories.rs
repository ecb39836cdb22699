//! The judge of histories is judged: histories written by hand, good and bad.

use fastrand::Rng;
use std::collections::BTreeSet;
use striped_pool_model::programs::Op;
use striped_pool_model::real::{Event, History, Outcome, Reason, Resource, Spec, What, Wrong, judge};

const R0: Resource = Resource::Known(0);
const R1: Resource = Resource::Known(1);

fn event(column: usize, what: What) -> Event {
    Event { column, what }
}

fn call(column: usize, op: Op) -> Event {
    event(column, What::Called(op, None))
}

fn give(column: usize, op: Op, resource: Resource) -> Event {
    event(column, What::Called(op, Some(resource)))
}

fn got(column: usize, resource: Resource) -> Event {
    event(column, What::Answered(Outcome::Got(resource)))
}

fn answer(column: usize, outcome: Outcome) -> Event {
    event(column, What::Answered(outcome))
}

fn done(column: usize) -> Event {
    answer(column, Outcome::Done)
}

fn rest() -> Event {
    event(9, What::Rested)
}

/// The place and the reason at which it goes wrong, if it does.
fn wrong(capacity: usize, events: &[Event]) -> Option<(usize, Reason)> {
    let judged = judge(&[Spec::new(capacity)], &History(events.to_vec()));
    judged.err().map(|Wrong { place, reason, .. }| (place, reason))
}

#[test]
fn a_take_that_overlaps_a_put_may_get_it() {
    let put_then_take = [call(0, Op::Take), got(0, R0), give(0, Op::Put, R0), call(1, Op::Take), got(1, R0), done(0)];
    assert_eq!(wrong(1, &put_then_take), None);
    // Not so if the put has not begun.
    let take_then_put = [call(0, Op::Take), got(0, R0), call(1, Op::Take), got(1, R0), give(0, Op::Put, R0), done(0)];
    assert_eq!(wrong(1, &take_then_put), Some((3, Reason::LentTwice(R0))));
    assert_eq!(wrong(2, &take_then_put), Some((3, Reason::LentTwice(R0))));
}

#[test]
fn never_more_than_the_capacity() {
    let two = [call(0, Op::Take), call(1, Op::Take), got(1, R1), got(0, R0)];
    assert_eq!(wrong(2, &two), None);
    assert_eq!(wrong(1, &two), Some((3, Reason::OverCapacity(1))));
    // An idle one counts.
    let idle = [call(0, Op::Take), got(0, R0), give(0, Op::Put, R0), done(0), call(0, Op::Take), got(0, R1)];
    assert_eq!((wrong(2, &idle), wrong(1, &idle)), (None, Some((5, Reason::OverCapacity(1)))));
}

#[test]
fn a_try_comes_back_with_nothing_only_if_there_is_nothing() {
    let nothing = answer(1, Outcome::Nothing);
    let after = [call(0, Op::Take), got(0, R0), give(0, Op::Put, R0), done(0), call(1, Op::TryTake), nothing.clone()];
    assert_eq!(wrong(1, &after), Some((5, Reason::WasFree)));
    let during = [call(0, Op::Take), got(0, R0), give(0, Op::Put, R0), call(1, Op::TryTake), done(0), nothing.clone()];
    assert_eq!(wrong(1, &during), None);
    // The take has not been answered yet, but may have had its moment.
    let ahead = [call(0, Op::Take), call(1, Op::TryTake), nothing.clone(), got(0, R0)];
    assert_eq!((wrong(1, &ahead), wrong(2, &ahead)), (None, Some((2, Reason::WasFree))));
    // A take that is given up may hold it meanwhile; not after.
    let meanwhile = [call(0, Op::CancelledTake), call(1, Op::TryTake), nothing.clone(), done(0)];
    let afterwards = [call(0, Op::CancelledTake), done(0), call(1, Op::TryTake), nothing];
    assert_eq!((wrong(1, &meanwhile), wrong(1, &afterwards)), (None, Some((3, Reason::WasFree))));
    // Each of them one, and no more.
    assert_eq!(wrong(2, &meanwhile), Some((2, Reason::WasFree)));
    let two = [&[call(2, Op::TimedTake)], &meanwhile[..]].concat();
    assert_eq!((wrong(2, &two), wrong(3, &two)), (None, Some((3, Reason::WasFree))));
    let lent = [&[call(2, Op::Take), got(2, R0)], &meanwhile[..]].concat();
    assert_eq!((wrong(2, &lent), wrong(3, &lent)), (None, Some((4, Reason::WasFree))));
    // What is freed may be all there is.
    for op in [Op::Reap, Op::Drain] {
        assert_eq!(wrong(9, &[call(0, op), call(1, Op::TryTake), meanwhile[2].clone(), done(0)]), None);
    }
    // Nobody but another.
    let alone = [call(0, Op::TimedTake), answer(0, Outcome::Nothing)];
    assert_eq!(wrong(1, &alone), Some((1, Reason::WasFree)));
}

#[test]
fn at_rest_only_those_wait_who_may() {
    let held = [call(0, Op::Take), got(0, R0), call(1, Op::Take), rest()];
    assert_eq!((wrong(1, &held), wrong(2, &held)), (None, Some((3, Reason::Sleeps))));
    let given = [&held[..3], &[give(0, Op::Put, R0), done(0), rest()]].concat();
    assert_eq!(wrong(1, &given), Some((5, Reason::Sleeps)));
    let closed = [&held[..3], &[call(0, Op::Close), done(0), rest()]].concat();
    assert_eq!(wrong(1, &closed), Some((5, Reason::SleepsClosed)));
    // Served only after a rest that found it waiting although it could have been served.
    assert_eq!(wrong(1, &[given, vec![got(1, R0)]].concat()), Some((5, Reason::Sleeps)));
    let stuck = [call(0, Op::Take), got(0, R0), give(0, Op::Put, R0), rest()];
    assert_eq!(wrong(1, &stuck), Some((3, Reason::Unanswered(Op::Put))));
    // Released by a close.
    let released = [&held[..], &[call(9, Op::Close), answer(1, Outcome::Closed), done(9)]].concat();
    assert_eq!(wrong(1, &released), None);
}

#[test]
fn closed_is_closed() {
    let closed = [call(0, Op::Close), done(0), call(1, Op::Take)];
    assert_eq!(wrong(1, &[&closed[..], &[answer(1, Outcome::Closed)]].concat()), None);
    assert_eq!(wrong(1, &[&closed[..], &[got(1, R0)]].concat()), Some((3, Reason::GaveAlthoughClosed)));
    assert_eq!(wrong(1, &[call(1, Op::Take), answer(1, Outcome::Closed)]), Some((1, Reason::NotClosed)));
}

#[test]
fn what_is_gone_is_gone() {
    for op in [Op::Discard, Op::Detach] {
        let taken = [call(0, Op::Take), got(0, R0), give(0, op, R0), done(0), call(0, Op::Take)];
        assert_eq!(wrong(1, &[&taken[..], &[got(0, R1)]].concat()), None);
        assert_eq!(wrong(1, &[&taken[..], &[got(0, R0)]].concat()), Some((5, Reason::Gone(R0))));
    }
    for (op, is_sure) in [(Op::Drain, true), (Op::Reap, false)] {
        let events = [
            [call(0, Op::Take), got(0, R0), give(0, Op::Put, R0), done(0)],
            [call(0, op), done(0), call(0, Op::Take), got(0, R0)],
        ];
        assert_eq!(wrong(1, &events.concat()), is_sure.then_some((7, Reason::Gone(R0))));
    }
}

/// From a drain a take that gives up hides one at most.
#[test]
fn a_take_that_gives_up_hides_one_from_a_drain() {
    let both = [call(0, Op::Take), got(0, R0), call(0, Op::Take), got(0, R1)];
    let idle = [give(0, Op::Put, R0), done(0), give(0, Op::Put, R1), done(0)];
    let drained = [call(1, Op::CancelledTake), call(0, Op::Drain), done(0), done(1), call(0, Op::Take), got(0, R0)];
    let hidden = [&both[..], &idle, &drained].concat();
    let again = [&hidden[..], &[call(0, Op::Take), got(0, R1)]].concat();
    assert_eq!((wrong(2, &hidden), wrong(2, &again)), (None, Some((15, Reason::Gone(R1)))));
}

/// What a shrink ends takes up room until it has been freed, also of a capacity that has grown again meanwhile.
#[test]
fn a_shrink_under_way_hides_one() {
    let both = [call(0, Op::Take), got(0, R0), call(0, Op::Take), got(0, R1), give(0, Op::Put, R1), done(0)];
    let grown = [call(1, Op::Shrink), call(2, Op::Grow), done(2), call(2, Op::TryTake), answer(2, Outcome::Nothing)];
    let slow = [&both[..], &grown, &[done(1)]].concat();
    assert_eq!(wrong(2, &slow), None);
    let quick = [&both[..], &grown[..1], &[done(1)], &grown[1..]].concat();
    assert_eq!(wrong(2, &quick), Some((11, Reason::WasFree)));
}

/// After a reap nobody knows how many a smaller capacity ends: of two that were idle, one may be left, and either.
#[test]
fn a_smaller_capacity_bounds_what_a_reap_left() {
    let both = [call(0, Op::Take), got(0, R0), call(0, Op::Take), got(0, R1)];
    let idle = [give(0, Op::Put, R0), done(0), give(0, Op::Put, R1), done(0)];
    let fewer = [&both[..], &idle, &[call(0, Op::Reap), done(0), call(0, Op::Shrink), done(0)]].concat();
    for (one, other) in [(R0, R1), (R1, R0)] {
        let taken = [&fewer[..], &[call(0, Op::Take), got(0, one)]].concat();
        let again = [&taken[..], &[give(0, Op::Put, one), done(0), call(0, Op::Take), got(0, other)]].concat();
        assert_eq!((wrong(2, &taken), wrong(2, &again)), (None, Some((17, Reason::Gone(other)))));
        assert_eq!(wrong(3, &again), None);
    }
}

/// A pool that retires what is idle by itself: of resources with names it is wrong, of nameless ones right.
#[test]
fn nameless_ones_may_be_gone_at_any_time() {
    let (one, other) = (Resource::Nameless(0), Resource::Nameless(1));
    let replaced = |first, then| {
        wrong(1, &[call(0, Op::Take), got(0, first), give(0, Op::Put, first), done(0), call(0, Op::Take), got(0, then)])
    };
    assert_eq!((replaced(one, other), replaced(R0, R1)), (None, Some((5, Reason::OverCapacity(1)))));
}

#[test]
fn the_capacity_changes() {
    let grown = [call(0, Op::Grow), done(0), call(0, Op::Take), got(0, R0), call(0, Op::Take), got(0, R1)];
    assert_eq!(wrong(1, &grown), None);
    let shrunk = [call(0, Op::Shrink), done(0), call(0, Op::Take), got(0, R0), call(0, Op::Take), got(0, R1)];
    assert_eq!((wrong(3, &shrunk), wrong(2, &shrunk)), (None, Some((5, Reason::OverCapacity(1)))));
}

#[test]
fn an_answer_must_fit_its_operation() {
    assert_eq!(wrong(1, &[call(0, Op::Close), got(0, R0)]), Some((1, Reason::Unfit(Op::Close))));
    let idle = [call(0, Op::Take), got(0, R0), call(1, Op::Take), answer(1, Outcome::Nothing)];
    assert_eq!(wrong(1, &idle), Some((3, Reason::Unfit(Op::Take))));
    assert_eq!(wrong(1, &[give(0, Op::Put, R0), done(0)]), Some((1, Reason::NotLent(R0))));
}

#[test]
fn a_history_may_start_in_any_of_several_states() {
    let taken = History(vec![call(0, Op::Take), got(0, R0)]);
    let ends = judge(&[Spec::new(1), Spec::new(2)], &taken).unwrap();
    assert_eq!(ends.len(), 2);
    let more = History(vec![call(1, Op::Take), got(1, R1)]);
    assert_eq!(judge(&ends, &more).unwrap().len(), 1);
}

/// Idle, lent and gone: one of the states in which a pool may be, each possibility by itself.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Plain {
    idle: BTreeSet<u64>,
    lent: BTreeSet<u64>,
    gone: BTreeSet<u64>,
}

impl Plain {
    /// All that it may be afterwards.
    fn after(&self, capacity: usize, op: Op, resource: u64) -> Vec<Self> {
        let mut next = self.clone();
        let exist = self.idle.len() + self.lent.len();
        let is_right = if op == Op::Take {
            let may_be = next.idle.remove(&resource) || (exist < capacity && !self.gone.contains(&resource));
            may_be && next.lent.insert(resource)
        } else if op.gives() {
            let kept = if op == Op::Put { &mut next.idle } else { &mut next.gone };
            next.lent.remove(&resource) && kept.insert(resource)
        } else if op == Op::Drain {
            next.gone.append(&mut next.idle);
            true
        } else {
            return self
                .idle
                .iter()
                .fold(vec![next], |all, one| all.iter().flat_map(|plain| plain.reaped(*one)).collect());
        };
        if is_right { vec![next] } else { Vec::new() }
    }

    /// Kept, and freed.
    fn reaped(&self, one: u64) -> [Self; 2] {
        let mut freed = self.clone();
        freed.idle.remove(&one);
        freed.gone.insert(one);
        [self.clone(), freed]
    }
}

/// Random runs: the specification, which keeps bounds on what a reap may have left, refuses what all possibilities refuse, and
/// nothing else.
#[test]
fn bounds_say_the_same_as_all_possibilities() {
    let (mut random, mut counts) = (Rng::with_seed(1), [0; 2]);
    for _ in 0..2_000 {
        let capacity = random.usize(1..=4);
        let (mut plain, mut spec) = (BTreeSet::from([Plain::default()]), Spec::new(capacity));
        for step in 0..200 {
            let op = [Op::Take, Op::Take, Op::Put, Op::Put, Op::Discard, Op::Reap, Op::Drain][random.usize(0..7)];
            let op = if op == Op::Drain && random.u8(..) > 60 { Op::Reap } else { op };
            let resource = random.u64(0..4 + step / 40);
            let name = Resource::Known(resource);
            let outcome = if op == Op::Take { Outcome::Got(name) } else { Outcome::Done };
            let next: BTreeSet<_> = plain.iter().flat_map(|plain| plain.after(capacity, op, resource)).collect();
            let after = spec.after(op, op.gives().then_some(name), outcome, 0);
            assert_eq!(after.is_err(), next.is_empty(), "{op:?} {name} at {spec}: {after:?}");
            counts[usize::from(after.is_ok())] += 1;
            if let Ok(after) = after {
                assert_eq!(after.len(), 1);
                (plain, spec) = (next, after[0].clone());
            }
        }
    }
    println!("{counts:?} refused, done");
    assert!(counts.into_iter().all(|count| count > 10_000));
}

/// Each of the idle ones may be gone afterwards, and there are 2ⁿ possibilities: none of them costs anything.
#[test]
fn a_reap_of_many_is_soon_judged() {
    let names: Vec<Resource> = (0..40).map(Resource::Known).collect();
    let take = |name: &Resource| [call(0, Op::Take), got(0, *name)];
    let put = |name: &Resource| [give(0, Op::Put, *name), done(0)];
    let ends = |starts: &[Spec], events: Vec<Event>| judge(starts, &History(events)).unwrap();
    let idle = ends(&[Spec::new(40)], names.iter().flat_map(take).collect());
    let idle = ends(&idle, names.iter().flat_map(put).collect());
    let reaped = ends(&idle, vec![call(0, Op::Reap), done(0)]);
    assert_eq!(reaped.len(), 1);
    // All of them were kept, or half of them and others were made: then no more than so many were.
    assert_eq!(ends(&reaped, names.iter().flat_map(take).collect()).len(), 1);
    let others: Vec<Resource> = (40..60).map(Resource::Known).collect();
    let half = ends(&reaped, others.iter().flat_map(take).collect());
    let half = ends(&half, names[..20].iter().flat_map(take).collect());
    let put = ends(&half, others.iter().flat_map(put).collect());
    let one_more = judge(&put, &History(take(&names[20]).to_vec())).unwrap_err();
    assert_eq!(one_more.reason, Reason::Gone(names[20]));
}

/// One of two was freed, for another was made; a second reap does not bring it back.
#[test]
fn what_an_earlier_reap_left_is_not_forgotten() {
    let r2 = Resource::Known(2);
    let events = [
        [call(0, Op::Take), got(0, R0), call(0, Op::Take), got(0, R1)],
        [give(0, Op::Put, R0), done(0), give(0, Op::Put, R1), done(0)],
        [call(0, Op::Reap), done(0), call(0, Op::Take), got(0, r2)],
        [give(0, Op::Put, r2), done(0), call(0, Op::Reap), done(0)],
        [call(0, Op::Take), got(0, R0), call(0, Op::Take), got(0, R1)],
    ];
    assert_eq!(wrong(2, &events.concat()), Some((19, Reason::Gone(R1))));
    assert_eq!(wrong(2, &events[..4].concat()), None);
}
