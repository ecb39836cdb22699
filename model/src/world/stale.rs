//! Events that cannot be: late, twice, or never meant. Each must be rejected and change nothing; a few others must be
//! accepted and change nothing.

use super::{Client, World};
use crate::fact::{Fact, Facts};
use crate::machine::{Effect, Input, Machine, at, attempt};
use core::time::Duration;
use striped_pool::stripe::{Event, WaiterId};

/// A resource that no world has; a script can name it.
const STRANGER: u8 = 99;

impl<M: Machine> World<M> {
    /// The events that have no place here.
    #[must_use]
    pub fn stale_events(&self) -> Vec<Input> {
        let view = &self.view;
        let mut events = vec![
            Event::Freed { count: 0 },
            Event::Freed { count: view.freeing + 1 },
            Event::Resize { capacity: 0 },
            Event::Cancel { id: WaiterId(view.next_id) },
            Event::Cancel { id: WaiterId(view.next_id + 7) },
        ];
        if view.out() == i64::from(view.freeing) {
            let resource = STRANGER;
            events.extend([
                Event::Put { resource, now: at(1) },
                Event::Return { resource },
                Event::Discard { resource },
                Event::CreateFailed,
                Event::Detach,
            ]);
        }
        let oldest = view.waiters.first().map_or(view.next_id, |oldest| oldest.0);
        let older = oldest.checked_sub(1).filter(|id| !view.is_queued(*id));
        events.extend(self.woken().chain(older).map(|id| Event::Cancel { id: WaiterId(id) }));
        if view.closed {
            events.push(Event::Close);
        }
        events
    }

    /// The ids of those who were woken and do not know it yet: their cancels come too late.
    fn woken(&self) -> impl Iterator<Item = u64> {
        let known = self.clients.iter().filter_map(|client| match client {
            Client::Waiting { id, .. } => *id,
            Client::Idle | Client::Creating | Client::Holding(_) => None,
        });
        known.filter(|id| !self.view.is_queued(*id))
    }

    /// What was tried here, if it was all rejected.
    pub fn note_stale(&self, withstands: bool, facts: &mut Facts) {
        facts.note(Fact::StaleRejected, withstands);
        facts.note(Fact::CancelLate, withstands && self.woken().next().is_some());
    }

    /// Whether every event that has no place here is rejected, every event that has nothing to do here has no effect,
    /// and none of them changes anything.
    #[must_use]
    pub fn withstands_stale_events(&self) -> bool {
        self.not_withstood().is_none()
    }

    /// The first event of which that is not true.
    #[must_use]
    pub fn not_withstood(&self) -> Option<Input> {
        let untouched = |event: Input| {
            let stepped = attempt(&self.machine, event).ok()?;
            (!stepped.changed && stepped.machine == self.machine).then_some(stepped.effects)
        };
        let rejected =
            |event: &Input| untouched(*event).is_some_and(|effects| matches!(effects[..], [Effect::Reject(_)]));
        let idle = u32::try_from(self.view.idle.len()).unwrap_or(u32::MAX);
        let mut void = vec![
            Event::Resize { capacity: self.view.capacity },
            Event::Reap { now: at(9), ttl: Duration::ZERO, keep: idle },
            Event::Reap { now: at(0), ttl: Duration::from_nanos(1), keep: 0 },
        ];
        if idle == 0 {
            void.push(Event::Drain);
        }
        let without_effect = |event: &Input| untouched(*event).is_some_and(|effects| effects.is_empty());
        let mut stale = self.stale_events().into_iter();
        stale.find(|event| !rejected(event)).or_else(|| void.into_iter().find(|event| !without_effect(event)))
    }
}
