//! The judge of the harnesses (`common/judge.rs`) believes what a run saw, and nothing else.
#![cfg(all(feature = "trace", not(any(feature = "loom", feature = "shuttle"))))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "common/actor.rs"]
mod actor;
#[path = "common/judge.rs"]
mod judge;

use actor::{Actor, Ledger, Line, Outcome, Tag, check_rest, stage};
use judge::judge;
use std::cell::Cell;
use std::time::{Duration, Instant};
use striped_pool_model::programs::Op;

type Seen = (Tag, Op, Outcome);

std::thread_local! {
    static TAG: Cell<Tag> = const { Cell::new(Tag { thread: usize::MAX, op: 0 }) };
}

const CAPACITY: u32 = 2;

fn act(actor: &mut Actor<'_>, thread: usize, op: Op, at: usize) -> Seen {
    let tag = Tag { thread, op: at };
    TAG.set(tag);
    (tag, op, actor.act(op))
}

/// A short run: thread 0 takes both resources, and thread 1 is refused, waits, and gets one of them handed over.
fn recorded() -> (Vec<Line>, Vec<Seen>) {
    let ledger = Ledger::default();
    let pool = stage(CAPACITY, Duration::from_nanos(1), &ledger, || TAG.get());
    let (mut first, mut second) = (Actor::new(&pool, &ledger), Actor::new(&pool, &ledger));
    let mut seen = Vec::new();
    for op in [Op::TryTake, Op::TryTake, Op::Put, Op::Put, Op::Take, Op::TryTake] {
        seen.push(act(&mut first, 0, op, seen.len()));
    }
    for op in [Op::TryTake, Op::CancelledTake] {
        seen.push(act(&mut second, 1, op, seen.len()));
    }
    std::thread::scope(|scope| {
        let (at, second) = (seen.len(), &mut second);
        let waiting = scope.spawn(move || act(second, 1, Op::Take, at));
        let begin = Instant::now();
        while ledger.waiting(CAPACITY) != Some(1) {
            assert!(begin.elapsed() < Duration::from_secs(10), "thread 1 waits: both resources are out");
            std::thread::yield_now();
        }
        let handed_over = act(&mut first, 0, Op::Put, at + 1);
        seen.extend([waiting.join().unwrap(), handed_over]);
    });
    for op in [Op::Put, Op::Put] {
        seen.push(act(&mut second, 1, op, seen.len()));
    }
    for op in [Op::Put, Op::Drain, Op::TryTake, Op::FailCreate, Op::TryTake, Op::Put, Op::TryTake, Op::Discard] {
        seen.push(act(&mut first, 0, op, seen.len()));
    }
    for op in [Op::TryTake, Op::Put, Op::TryTake, Op::Detach, Op::Grow, Op::Close] {
        seen.push(act(&mut first, 0, op, seen.len()));
    }
    drop((first, second));
    let lines = ledger.lines();
    check_rest(CAPACITY, &ledger, pool);
    (lines, seen)
}

/// Where the run saw something that `is` so.
fn at(seen: &[Seen], is: impl Fn(&Seen) -> bool) -> usize {
    seen.iter().position(is).unwrap()
}

/// The judge's word on the run, had its operation `at` seen `outcome`.
fn tampered(lines: &[Line], seen: &[Seen], at: usize, outcome: Outcome) -> String {
    let mut seen = seen.to_vec();
    assert_ne!(seen[at].2, outcome, "nothing is changed");
    seen[at].2 = outcome;
    judge(lines.to_vec(), &seen).expect_err("the judge believes what did not happen")
}

#[test]
fn what_was_seen_is_believed() {
    let (lines, seen) = recorded();
    judge(lines, &seen).unwrap();
}

#[test]
fn a_swapped_resource_is_not_believed() {
    let (lines, mut seen) = recorded();
    let (one, other) =
        (at(&seen, |seen| seen.1 == Op::Take), at(&seen, |seen| matches!(seen.2, Outcome::Lease(_))) + 1);
    let (here, there) = (seen[one].2, seen[other].2);
    assert!(matches!((here, there), (Outcome::Lease(_), Outcome::Lease(_))), "{here:?}, {there:?}");
    let said = tampered(&lines, &seen, one, there);
    assert!(said.contains(&format!("saw {there:?}; by the record it is {here:?}")), "{said}");
    // Each for the other, so that the set of what was taken is as it was.
    (seen[one].2, seen[other].2) = (there, here);
    judge(lines, &seen).unwrap_err();
}

#[test]
fn a_lease_in_place_of_a_refusal_is_not_believed() {
    let (lines, seen) = recorded();
    let lease = seen[at(&seen, |seen| matches!(seen.2, Outcome::Lease(_)))].2;
    let refused = at(&seen, |seen| seen.1 == Op::TryTake && seen.2 == Outcome::Refused);
    let said = tampered(&lines, &seen, refused, lease);
    assert!(said.contains(&format!("saw {lease:?}; by the record it is Refused")), "{said}");
}

#[test]
fn a_count_of_freed_that_is_off_by_one_is_not_believed() {
    let (lines, seen) = recorded();
    let drained = at(&seen, |seen| seen.1 == Op::Drain);
    assert_eq!(seen[drained].2, Outcome::Freed(2));
    for wrong in [1, 3] {
        let said = tampered(&lines, &seen, drained, Outcome::Freed(wrong));
        assert!(said.contains(&format!("saw Freed({wrong}); by the record it is Freed(2)")), "{said}");
    }
}

#[test]
fn what_a_waiter_did_not_get_is_not_believed() {
    let (lines, seen) = recorded();
    let waited = at(&seen, |seen| seen.0.thread == 1 && seen.1 == Op::Take);
    assert!(matches!(seen[waited].2, Outcome::Lease(_)), "{seen:?}");
    for wrong in [Outcome::Refused, Outcome::Permit, Outcome::Nothing] {
        tampered(&lines, &seen, waited, wrong);
    }
}

/// Every operation, with the outcome of every other, and with a few that none had.
#[test]
fn nothing_else_is_believed_of_any_operation() {
    let (lines, seen) = recorded();
    let others = [Outcome::Lease(1), Outcome::Put(1), Outcome::Discarded(1), Outcome::Freed(0), Outcome::Resized(1)];
    let outcomes: Vec<Outcome> = seen.iter().map(|seen| seen.2).chain(others).collect();
    let mut tried = 0;
    for (at, (tag, _, real)) in seen.iter().enumerate() {
        for outcome in outcomes.iter().filter(|outcome| *outcome != real) {
            let said = tampered(&lines, &seen, at, *outcome);
            assert!(said.starts_with(&format!("{tag:?}, ")), "{said}");
            tried += 1;
        }
    }
    assert!(tried > seen.len() * 10, "{tried} changes of {} operations", seen.len());
}

/// The record without the put that woke the waiter: nobody answers its take.
#[test]
fn a_take_without_an_answer_is_not_believed() {
    let (mut lines, seen) = recorded();
    let handed_over = at(&seen, |seen| seen.0.thread == 1 && seen.1 == Op::Take) + 1;
    lines.retain(|(tag, _)| *tag != seen[handed_over].0);
    let said = judge(lines, &seen).unwrap_err();
    assert!(said.contains("was never answered"), "{said}");
}
