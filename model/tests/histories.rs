//! The judge of histories is judged: histories written by hand, good and bad.

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
