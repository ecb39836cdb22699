//! Whether a history is linearizable: whether each call can be given one moment between call and answer, such that one after
//! the other they are a run of the specification.
//!
//! The search is Wing and Gong's, with Lowe's memory: what is left to do depends only on which calls have had their moment
//! and on the specification's state. Rules:
//! 1. A call may have its moment next if no call that has not had it was answered before this one was made.
//! 2. A call without an answer may have had its moment or not; a take without one has not, as what it got is not known.
//! 3. The moment of rest is the main thread's. Then nobody moves, so a call that has had its moment has been answered, and
//!    whoever has no answer waits in a take, where the specification lets it wait for ever. If it does not, a wake-up
//!    was lost.
//! 4. A history is wrong at the first answer (or rest) up to which it has no linearization; the reason told is the
//!    specification's after as many of the other calls as possible.

use super::history::{Call, Event, History, Outcome, What};
use super::spec::{Reason, Spec, holds_briefly};
use std::collections::HashSet;

/// The most calls that one history may have.
pub const MOST_CALLS: usize = 128;

/// What is wrong with a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The place of the event at which it goes wrong.
    pub place: usize,
    /// Why that cannot be.
    pub reason: Reason,
    /// The specification's state there.
    pub spec: Box<Spec>,
}

/// Compares `history` with the specification in one of the states `starts`; returns the states in which it may end.
///
/// # Errors
///
/// What is wrong (rule 4).
///
/// # Panics
///
/// If there are more than [`MOST_CALLS`] calls.
pub fn judge(starts: &[Spec], history: &History) -> Result<Vec<Spec>, Wrong> {
    let calls = history.calls();
    assert!(calls.len() <= MOST_CALLS, "{} calls in one history", calls.len());
    let last = history.0.len();
    search(starts, &calls, last).map_err(|refused| {
        let decisive = |event: &Event| matches!(event.what, What::Answered(_) | What::Rested);
        let mut places = history.0.iter().enumerate().filter(|(_, event)| decisive(event)).map(|(place, _)| place);
        let first = places.find_map(|place| Some((place, search(starts, &calls, place).err()?)));
        let (place, refused) = first.unwrap_or((last, refused));
        let decides = |one: &Refused| calls.get(one.at).and_then(|call| call.answer).is_some_and(|(at, _)| at == place);
        let deepest = refused.into_iter().filter(decides).max_by_key(|refused| refused.had.count_ones());
        let Some(Refused { reason, spec, .. }) = deepest else {
            unreachable!("all others have a linearization, after which this one was tried")
        };
        Wrong { place, reason, spec: Box::new(spec) }
    })
}

/// A call that could not have its moment after those others.
struct Refused {
    at: usize,
    had: u128,
    reason: Reason,
    spec: Spec,
}

/// Gives moments to all calls that are answered up to the event at `until`, and to others made before as need be.
fn search(starts: &[Spec], calls: &[Call], until: usize) -> Result<Vec<Spec>, Vec<Refused>> {
    let made = calls.partition_point(|call| call.made <= until);
    let calls = calls.get(..made).unwrap_or(calls);
    let answered = |call: &Call| call.is_answered_before(until.saturating_add(1));
    let all = calls.iter().enumerate().fold(0_u128, |all, (at, call)| all | u128::from(answered(call)) << at);
    let mut open: Vec<(u128, Spec)> = starts.iter().map(|spec| (0, spec.clone())).collect();
    let mut seen: HashSet<(u128, Spec)> = open.iter().cloned().collect();
    let (mut ends, mut refused) = (HashSet::new(), Vec::new());
    while let Some((had, spec)) = open.pop() {
        if had & all == all {
            ends.insert(spec.clone());
        }
        for at in (0..calls.len()).filter(|at| may_be_next(calls, had, *at)) {
            match moment(calls, had, at, &spec) {
                Ok(after) => {
                    let next = after.into_iter().map(|spec| (had | 1 << at, spec));
                    open.extend(next.filter(|next| seen.insert(next.clone())));
                }
                Err(reason) => refused.push(Refused { at, had, reason, spec: spec.clone() }),
            }
        }
    }
    if ends.is_empty() { Err(refused) } else { Ok(ends.into_iter().collect()) }
}

/// Rule 1, and half of rule 2.
fn may_be_next(calls: &[Call], had: u128, at: usize) -> bool {
    let is_left = |at: &usize| had & 1 << at == 0;
    let Some(call) = calls.get(at).filter(|_| is_left(&at)) else { return false };
    let left = calls.iter().enumerate().filter(|(at, _)| is_left(at));
    let is_known = call.answer.is_some() || call.op.is_some_and(|op| !op.takes());
    is_known && !left.into_iter().any(|(_, other)| other.is_answered_before(call.made))
}

/// What the specification makes of the call.
fn moment(calls: &[Call], had: u128, at: usize, spec: &Spec) -> Result<Vec<Spec>, Reason> {
    let Some(call) = calls.get(at) else { return Ok(Vec::new()) };
    let Some(op) = call.op else { return rest(calls, had, call, spec) };
    let others = calls.iter().filter(|other| *other != call && other.overlaps(call));
    let hidden = others.filter_map(|other| other.op.map(holds_briefly)).fold(0, usize::saturating_add);
    let outcome = call.answer.map_or(Outcome::Done, |(_, outcome)| outcome);
    spec.after(op, call.given, outcome, hidden)
}

/// Rule 3.
fn rest(calls: &[Call], had: u128, rest: &Call, spec: &Spec) -> Result<Vec<Spec>, Reason> {
    let is_waiting = |call: &Call| call.made < rest.made && !call.is_answered_before(rest.made);
    for (at, call) in calls.iter().enumerate().filter(|(_, call)| is_waiting(call)) {
        match call.op {
            Some(crate::programs::Op::Take) if had & 1 << at == 0 => spec.lets_wait()?,
            // Given out and not received: as if it were free.
            Some(crate::programs::Op::Take) => return Err(Reason::Sleeps),
            Some(op) => return Err(Reason::Unanswered(op)),
            None => {}
        }
    }
    Ok(vec![spec.clone()])
}
