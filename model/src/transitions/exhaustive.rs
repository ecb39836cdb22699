//! Every transition from every state within bounds.
//!
//! Unlike [`explore`](crate::explore()), there is no world around the machine: every event happens in every state, stale,
//! duplicate and impossible ones included, whether or not a runtime could raise it there.

use super::{Itself, Run, Writer};
use core::time::Duration;
use std::collections::{HashSet, VecDeque};
use std::io::{self, Write};
use striped_pool::stripe::{Event, Recipient, Stripe, Timestamp, WaiterId, step};

type Small = Stripe<u8, u8>;

/// No larger capacity is searched from.
const CAPACITY: u32 = 3;
/// No longer queue is searched from.
const WAITING: u32 = 4;
/// No more waits are searched from: ids make states different for ever.
const IDS: u64 = 9;
/// The latest reading of the clock.
const CLOCK: u64 = 2;
/// The wake slot of waiter 0; each waiter has its own.
const SLOT: u8 = 10;

fn is_within_bounds(stripe: &Small) -> bool {
    let Ok(next_id) = u8::try_from(stripe.next_id().0) else { return false };
    stripe.capacity() <= CAPACITY && stripe.queue().len() <= WAITING && u64::from(next_id) <= IDS
}

/// Every event in small ranges; which wake slot takes depends on the state.
fn events(stripe: &Small) -> impl Iterator<Item = Event<u8, u8>> {
    let next = u8::try_from(stripe.next_id().0).unwrap_or(u8::MAX);
    let slot = SLOT.saturating_add(next);
    let plain = [
        Event::Take { wake: slot },
        Event::TryTake { wake: Recipient::Caller },
        Event::TryTake { wake: Recipient::Slot(slot) },
        Event::CreateFailed,
        Event::Detach,
        Event::Drain,
        Event::Close,
    ];
    let times = || (0..=CLOCK).map(Timestamp);
    let back = [1, 2, 3].into_iter().flat_map(move |resource| {
        let puts = times().map(move |now| Event::Put { resource, now });
        puts.chain([Event::Return { resource }, Event::Discard { resource }])
    });
    let reaps = times().flat_map(|now| {
        let reap = move |ttl| (0..=2).map(move |keep| Event::Reap { now, ttl: Duration::from_nanos(ttl), keep });
        (0..=CLOCK).flat_map(reap)
    });
    // Up to one more than there ever was.
    let cancels = (0..=u64::from(next)).map(|id| Event::Cancel { id: WaiterId(id) });
    let freed = (0..=CAPACITY + 1).map(|count| Event::Freed { count });
    let resizes = (0..=CAPACITY + 1).map(|capacity| Event::Resize { capacity });
    plain.into_iter().chain(back).chain(reaps).chain(cancels).chain(freed).chain(resizes)
}

/// Searches breadth first and writes each transition once; returns how many states were searched from. A transition that
/// leaves the bounds is written, and the state that it leads to is not searched from.
///
/// # Errors
///
/// If writing fails.
pub fn write(writer: &mut Writer<impl Write>) -> io::Result<usize> {
    let starts = (1..=CAPACITY).map(Small::new);
    let mut queue: VecDeque<Small> = starts.collect();
    let mut seen: HashSet<Small> = queue.iter().cloned().collect();
    while let Some(stripe) = queue.pop_front() {
        let mut run = Run::at(writer, &stripe, Itself, Itself)?;
        for event in events(&stripe) {
            let answer = step(&stripe, event);
            run.transition(&event, &answer)?;
            if is_within_bounds(&answer.stripe) && !seen.contains(&answer.stripe) {
                seen.insert(answer.stripe.clone());
                queue.push_back(answer.stripe);
            }
        }
    }
    Ok(seen.len())
}
