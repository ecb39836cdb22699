//! Whether what the threads saw is what the machine answered: the other half of linearizability, beside the replay.
//!
//! Rules:
//! 1. The lines are in commit order and are a run of the machine (`replay`), so each take's answer is known: at once, or by
//!    the first later wake of its slot.
//! 2. From the transitions that an operation committed and the answer to its last take follows what its thread must have
//!    seen: which resource, by its address; a permit; nothing; how many were freed.
//! 3. Every take is answered, once.

use crate::actor::{Line, Outcome, Tag};
use std::collections::HashMap;
use striped_pool::runtime::{PoolEvent, WakeHandle};
use striped_pool::stripe::{Event, Recipient, StripeEffect, WakeResult};
use striped_pool_model::programs::Op;

/// What an operation did, by the record.
#[derive(Default)]
struct Deed {
    events: Vec<PoolEvent>,
    /// What its last take was answered with.
    answer: Option<Outcome>,
    freed: u32,
}

/// Takes that wait, by their slot.
type Waiting = HashMap<WakeHandle, Tag>;

/// Compares what each operation saw with what the lines say.
pub(crate) fn judge(mut lines: Vec<Line>, seen: &[(Tag, Op, Outcome)]) -> Result<(), String> {
    lines.sort_by_key(|(_, transition)| (transition.number, !transition.changed));
    let mut deeds: HashMap<Tag, Deed> = HashMap::new();
    let mut waiting = Waiting::new();
    for (tag, transition) in &lines {
        let deed = deeds.entry(*tag).or_default();
        deed.events.push(transition.event);
        if let Event::Take { wake } = transition.event {
            waiting.insert(wake, *tag);
        }
        for effect in &transition.effects {
            answer(*tag, effect, &mut waiting, &mut deeds)?;
        }
    }
    if let Some(tag) = waiting.values().next() {
        return Err(format!("the take of {tag:?} was never answered"));
    }
    for (tag, op, outcome) in seen {
        let expected = deeds.get(tag).map_or(Outcome::Nothing, |deed| expected(*op, deed));
        if *outcome != expected {
            let events = deeds.get(tag).map(|deed| &deed.events);
            return Err(format!("{tag:?}, a {op:?}, saw {outcome:?}; by the record it is {expected:?}: {events:?}"));
        }
    }
    Ok(())
}

/// Notes what an effect of `tag`'s transition answers, and to whom.
fn answer(
    tag: Tag,
    effect: &StripeEffect<striped_pool::runtime::ResourceHandle, WakeHandle>,
    waiting: &mut Waiting,
    deeds: &mut HashMap<Tag, Deed>,
) -> Result<(), String> {
    let mut give = |to: Tag, result: &WakeResult<_>| deeds.entry(to).or_default().answer = Some(seen_as(*result));
    let mut wake = |slot| waiting.remove(&slot).ok_or_else(|| format!("{tag:?} wakes {slot:?}, who does not wait"));
    match effect {
        StripeEffect::Wake { recipient: Recipient::Caller, result } => give(tag, result),
        StripeEffect::Wake { recipient: Recipient::Slot(slot), result } => give(wake(*slot)?, result),
        StripeEffect::WakeMany { waiters, result } => {
            for waiter in waiters.iter() {
                give(wake(waiter.wake)?, result);
            }
        }
        StripeEffect::FreeMany { resources } => deeds.entry(tag).or_default().freed += resources.len(),
        StripeEffect::InsertWithTimestamp { .. } | StripeEffect::Reject(_) => {}
    }
    Ok(())
}

fn seen_as(result: WakeResult<striped_pool::runtime::ResourceHandle>) -> Outcome {
    match result {
        WakeResult::Deliver(resource) => Outcome::Lease(resource.as_ptr::<()>().addr().get()),
        WakeResult::Create => Outcome::Permit,
        WakeResult::Cancelled => Outcome::Refused,
    }
}

/// Rule 2.
fn expected(op: Op, deed: &Deed) -> Outcome {
    match op {
        Op::CancelledTake => Outcome::Refused,
        // A permit that comes when the time is up goes back at once; a resource is kept.
        Op::TimedTake if deed.events.contains(&Event::CreateFailed) => Outcome::Refused,
        Op::Take | Op::TryTake | Op::TimedTake => deed.answer.unwrap_or(Outcome::Nothing),
        Op::Reap | Op::Drain => Outcome::Freed(deed.freed),
        Op::Put | Op::Discard | Op::Detach | Op::FailCreate | Op::Grow | Op::Shrink | Op::Close => {
            deed.events.first().map_or(Outcome::Nothing, first)
        }
    }
}

/// What the first event of an operation says.
fn first(event: &PoolEvent) -> Outcome {
    match event {
        Event::Put { resource, .. } => Outcome::Put(resource.as_ptr::<()>().addr().get()),
        Event::Discard { resource } => Outcome::Discarded(resource.as_ptr::<()>().addr().get()),
        Event::Detach => Outcome::Detached,
        Event::CreateFailed => Outcome::Unused,
        Event::Resize { capacity } => Outcome::Resized(*capacity),
        Event::Close => Outcome::Closed,
        Event::Take { .. }
        | Event::TryTake { .. }
        | Event::Return { .. }
        | Event::Freed { .. }
        | Event::Cancel { .. }
        | Event::Reap { .. }
        | Event::Drain => Outcome::Nothing,
    }
}
