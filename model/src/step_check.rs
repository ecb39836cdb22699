//! What holds of every single step, whatever the world around it.
//!
//! Owns the transition halves of the invariants: they compare the view before and after with what the event asked for.
//! It knows nothing of clients or of effects in flight; those are judged in [`world`](crate::world).

use crate::check::{Check, Checks};
use crate::machine::{Effect, Input, Stepped, View};
use core::time::Duration;
use striped_pool::stripe::{Event, Recipient, Timestamp, WakeResult};

/// The checks that the step from `before` to `after` fails.
#[must_use]
pub fn failures<M>(before: &View, event: &Input, stepped: &Stepped<M>, after: &View) -> Checks {
    let effects = &stepped.effects[..];
    let mut failed = of_view(after);
    failed.require(Check::Changed, stepped.changed == (before != after));
    let rejects = effects.iter().any(|effect| matches!(effect, Effect::Reject(_)));
    failed.require(Check::Rejected, !rejects || (effects.len() == 1 && before == after));
    let asked = if let Event::Resize { capacity } = event { Some(*capacity) } else { None };
    let capacity = asked.filter(|_| !rejects).unwrap_or(before.capacity);
    failed.require(Check::Capacity, after.capacity == capacity);
    failed.require(Check::Effect, shape_is_right(event, effects));
    failed.require(Check::Owner, rejects || resources_are_conserved(before, event, effects, after));
    failed.require(Check::Recency, is_stack_step(before, event, after));
    failed.require(Check::Closed, closing_is_final(before, event, effects, after));
    failed.require(Check::Shrink, shrinks_as_owed(before, event, effects, after));
    failed.require(Check::Work, refuses_with_reason(before, event, effects));
    failed.require(Check::Effect, rejects || frees_what_was_asked(before, event, effects, after));
    queue_step(before, event, effects, after, &mut failed);
    failed
}

/// The checks that a view fails by itself.
#[must_use]
pub fn of_view(view: &View) -> Checks {
    let mut failed = Checks::NONE;
    let work = !view.idle.is_empty() || view.available > 0;
    failed.require(Check::Work, !work || view.waiters.is_empty());
    let ids = view.waiters.iter().map(|waiter| waiter.0);
    failed.require(Check::Ids, ids.clone().is_sorted_by(|a, b| a < b) && ids.clone().all(|id| id < view.next_id));
    failed.require(Check::Recency, view.idle.iter().is_sorted_by(|a, b| a.1 >= b.1));
    failed.require(Check::Closed, !view.closed || (view.waiters.is_empty() && view.idle.is_empty()));
    failed.require(Check::Capacity, view.capacity > 0 && i64::from(view.freeing) <= view.out());
    failed.require(Check::Shrink, view.available == 0 || view.owed == 0);
    failed.require(Check::Shrink, view.idle.is_empty() || view.owed <= view.freeing);
    failed
}

/// Which effects an event may have at all.
fn shape_is_right(event: &Input, effects: &[Effect]) -> bool {
    let caller = matches!(event, Event::TryTake { wake: Recipient::Caller });
    effects.iter().all(|effect| match effect {
        Effect::Wake(Recipient::Caller, _) => caller && effects.len() == 1,
        Effect::Wake(Recipient::Slot(_), _) => !caller,
        Effect::WakeMany(wakes, result) => wakes.len() > 1 && !matches!(result, WakeResult::Deliver(_)),
        Effect::InsertWithTimestamp(resource) => matches!(event, Event::Return { resource: r } if r == resource),
        Effect::FreeMany(resources) => !resources.is_empty(),
        Effect::Reject(_) => effects.len() == 1,
    }) && (!matches!(event, Event::TryTake { .. }) || effects.len() == 1)
}

/// What went in, by the event or from the cache, comes out, in the cache or in an effect.
fn resources_are_conserved(before: &View, event: &Input, effects: &[Effect], after: &View) -> bool {
    let mut went_in: Vec<u8> = before.idle.iter().map(|entry| entry.0).collect();
    if let Event::Put { resource, .. } | Event::Return { resource } | Event::Discard { resource } = event {
        went_in.push(*resource);
    }
    let mut came_out: Vec<u8> = after.idle.iter().map(|entry| entry.0).collect();
    for effect in effects {
        match effect {
            Effect::Wake(_, WakeResult::Deliver(resource)) | Effect::InsertWithTimestamp(resource) => {
                came_out.push(*resource);
            }
            Effect::FreeMany(resources) => came_out.extend(resources),
            Effect::Wake(..) | Effect::WakeMany(..) | Effect::Reject(_) => {}
        }
    }
    went_in.sort_unstable();
    came_out.sort_unstable();
    went_in == came_out
}

/// The cache takes at the top, gives at the top, and frees at the bottom.
fn is_stack_step(before: &View, event: &Input, after: &View) -> bool {
    let (old, new) = (&before.idle[..], &after.idle[..]);
    if let (Event::Put { resource, now }, [top, below @ ..]) = (event, new)
        && below.len() == old.len()
    {
        let stamp = old.first().map_or(now.0, |newest| newest.1.max(now.0));
        return below == old && *top == (*resource, stamp);
    }
    match event {
        Event::Take { .. } | Event::TryTake { .. } => new == old || old.get(1..).is_some_and(|rest| rest == new),
        Event::Put { .. }
        | Event::Return { .. }
        | Event::Discard { .. }
        | Event::Freed { .. }
        | Event::CreateFailed
        | Event::Detach
        | Event::Cancel { .. } => new == old,
        Event::Reap { .. } | Event::Drain | Event::Resize { .. } | Event::Close => old.starts_with(new),
    }
}

/// Closed stays closed, grants nothing, and frees what comes back.
fn closing_is_final(before: &View, event: &Input, effects: &[Effect], after: &View) -> bool {
    if !before.closed {
        return after.closed == matches!(event, Event::Close);
    }
    let grants = |effect: &Effect| match effect {
        Effect::Wake(_, result) | Effect::WakeMany(_, result) => *result != WakeResult::Cancelled,
        Effect::InsertWithTimestamp(_) => true,
        Effect::FreeMany(_) | Effect::Reject(_) => false,
    };
    after.closed && !effects.iter().any(grants)
}

/// For a shrink, what comes back or is idle is freed up to what is owed and not being freed already: no more, and no less.
fn shrinks_as_owed(before: &View, event: &Input, effects: &[Effect], after: &View) -> bool {
    let rejects = effects.iter().any(|effect| matches!(effect, Effect::Reject(_)));
    let at_hand = if matches!(event, Event::Put { .. } | Event::Return { .. }) {
        1
    } else if matches!(event, Event::Resize { .. }) {
        before.idle.len()
    } else {
        return true;
    };
    let freed = |effect: &Effect| if let Effect::FreeMany(resources) = effect { resources.len() } else { 0 };
    let freed: usize = effects.iter().map(freed).sum();
    let owed = usize::try_from(after.owed.saturating_sub(before.freeing)).unwrap_or(usize::MAX);
    before.closed || rejects || freed == owed.min(at_hand)
}

/// A take is refused only if the stripe is closed, a try only if there is nothing to give.
fn refuses_with_reason(before: &View, event: &Input, effects: &[Effect]) -> bool {
    let has_reason = if matches!(event, Event::Take { .. }) {
        before.closed
    } else if matches!(event, Event::TryTake { .. }) {
        before.idle.is_empty() && (before.closed || before.available == 0)
    } else {
        return true;
    };
    has_reason || !effects.iter().any(|effect| matches!(effect, Effect::Wake(_, WakeResult::Cancelled)))
}

/// What is discarded is freed, a drain leaves nothing idle, and a reap frees what is stale beyond what is to be kept.
fn frees_what_was_asked(before: &View, event: &Input, effects: &[Effect], after: &View) -> bool {
    if let Event::Discard { resource } = event {
        return matches!(effects, [Effect::FreeMany(resources)] if resources[..] == [*resource]);
    }
    if let Event::Reap { now, ttl, keep } = event {
        let stale = before.idle.iter().filter(|entry| is_stale(entry, *now, *ttl)).count();
        let spare = before.idle.len().saturating_sub(usize::try_from(*keep).unwrap_or(usize::MAX));
        return before.idle.len().saturating_sub(after.idle.len()) == stale.min(spare);
    }
    !matches!(event, Event::Drain) || after.idle.is_empty()
}

/// Whether an idle entry has not been used for the time to live.
pub(crate) fn is_stale(entry: &(u8, u64), now: Timestamp, ttl: Duration) -> bool {
    u128::from(now.0.saturating_sub(entry.1)) >= ttl.as_nanos()
}

/// Whoever leaves the queue is woken, oldest first; whoever enters it stands last under a fresh id.
fn queue_step(before: &View, event: &Input, effects: &[Effect], after: &View, failed: &mut Checks) {
    let taker = if let Event::Take { wake } | Event::TryTake { wake: Recipient::Slot(wake) } = event {
        Some(*wake)
    } else {
        None
    };
    let mut woken: Vec<(u8, WakeResult<u8>)> = Vec::new();
    for effect in effects {
        match effect {
            Effect::Wake(Recipient::Slot(wake), result) => woken.push((*wake, *result)),
            Effect::WakeMany(wakes, result) => woken.extend(wakes.iter().map(|wake| (*wake, *result))),
            Effect::Wake(Recipient::Caller, result) => {
                failed.require(Check::Fifo, *result == WakeResult::Cancelled || before.waiters.is_empty());
            }
            Effect::InsertWithTimestamp(_) | Effect::FreeMany(_) | Effect::Reject(_) => {}
        }
    }
    let answered = taker.is_some_and(|wake| woken.iter().any(|(to, _)| *to == wake));
    if answered {
        let granted = woken.iter().any(|(to, result)| Some(*to) == taker && *result != WakeResult::Cancelled);
        failed.require(Check::Fifo, !granted || before.waiters.is_empty());
        failed.require(Check::OneWake, woken.len() == 1);
        woken.clear();
    }
    let is_asked = matches!(event, Event::Cancel { .. } | Event::Close);
    failed.require(Check::OneWake, is_asked || woken.iter().all(|(_, result)| *result != WakeResult::Cancelled));
    let granted = woken.iter().filter(|(_, result)| *result != WakeResult::Cancelled).map(|(wake, _)| *wake);
    let in_order = granted.zip(&before.waiters).all(|(wake, waiter)| wake == waiter.1);
    failed.require(Check::Fifo, in_order);
    failed.require(Check::OneWake, woken.iter().all(|(wake, _)| before.waiters.iter().any(|w| w.1 == *wake)));

    let mut expected = before.waiters.clone();
    expected.retain(|waiter| !woken.iter().any(|(wake, _)| *wake == waiter.1));
    if let (Event::Take { wake }, false) = (event, answered) {
        expected.push((before.next_id, *wake));
    }
    failed.require(Check::OneWake, after.waiters == expected);
    let used = u64::from(matches!(event, Event::Take { .. }) && !answered);
    failed.require(Check::Ids, after.next_id == before.next_id + used);
    if let Event::Cancel { id } = event {
        let cancelled = |(wake, result): &(u8, WakeResult<u8>)| {
            *result == WakeResult::Cancelled && before.waiters.iter().any(|w| w.0 == id.0 && w.1 == *wake)
        };
        failed
            .require(Check::OneWake, woken.len() == usize::from(before.is_queued(id.0)) && woken.iter().all(cancelled));
    }
    if matches!(event, Event::Close) && !before.closed {
        let all = woken.iter().map(|(wake, _)| *wake).eq(before.waiters.iter().map(|waiter| waiter.1));
        failed.require(Check::OneWake, all);
    }
}
