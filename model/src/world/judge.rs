//! What must be true of a machine and its surroundings together.

use super::{Client, Task, World};
use crate::check::Check;
use crate::fact::{Fact, Facts};
use crate::machine::{Machine, count};
use striped_pool::stripe::WakeResult;

/// Where everything that is out is.
#[derive(Default)]
struct Out {
    leased: i64,
    creating: i64,
    delivering: i64,
    stamping: i64,
    freeing: i64,
    /// Permits that no resource exists for: creating, or on their way to or from whoever creates.
    permits: i64,
}

impl<M: Machine> World<M> {
    /// Notes in `failed` what is not as it must be.
    pub(super) fn judge(&mut self, facts: &mut Facts) {
        let out = self.out();
        let mut failed = self.failed;
        let all = out.leased + out.creating + out.delivering + out.stamping + out.freeing;
        failed.require(Check::Capacity, self.view.out() == all && i64::from(self.view.freeing) == out.freeing);
        let capacity = i64::from(self.view.capacity) + i64::from(self.view.owed);
        failed.require(Check::FreeFirst, i64::from(self.alive.len()) + out.permits <= capacity);
        failed.require(Check::Owner, self.each_resource_has_one_place());
        failed.require(Check::OneWake, self.each_wait_has_one_end());
        failed.require(Check::Bounded, self.nothing_dead_is_kept());
        self.failed = failed;
        self.note_facts(&out, facts);
    }

    fn out(&self) -> Out {
        let mut out = Out::default();
        for client in &self.clients {
            match client {
                Client::Idle | Client::Waiting { .. } => {}
                Client::Creating => {
                    out.creating += 1;
                    out.permits += 1;
                }
                Client::Holding(_) => out.leased += 1,
            }
        }
        for task in self.jobs.iter().flatten() {
            match task {
                Task::Wake(_, WakeResult::Deliver(_)) | Task::GiveBack(_) => out.delivering += 1,
                Task::Wake(_, WakeResult::Create) | Task::GiveBackPermit => {
                    out.delivering += 1;
                    out.permits += 1;
                }
                Task::Wake(_, WakeResult::Cancelled) => {}
                Task::Stamp(_) => out.stamping += 1,
                Task::Free(_) | Task::Freed => out.freeing += 1,
            }
        }
        out
    }

    /// INV-OWNER: the places where a resource can be, and the resources that exist, match one to one.
    fn each_resource_has_one_place(&self) -> bool {
        let in_hand = self.clients.iter().filter_map(|client| match client {
            Client::Holding(resource) => Some(*resource),
            Client::Idle | Client::Waiting { .. } | Client::Creating => None,
        });
        let in_flight = self.jobs.iter().flatten().filter_map(|task| match task {
            Task::Wake(_, WakeResult::Deliver(resource))
            | Task::Stamp(resource)
            | Task::Free(resource)
            | Task::GiveBack(resource) => Some(*resource),
            Task::Wake(..) | Task::Freed | Task::GiveBackPermit => None,
        });
        let mut left = self.alive;
        let places = self.view.idle.iter().map(|entry| entry.0).chain(in_hand).chain(in_flight);
        for resource in places {
            let before = left;
            left.remove(resource);
            if left == before {
                return false;
            }
        }
        left.is_empty()
    }

    /// INV-ONE-WAKE: a client that waits is queued once or has one result in flight; any other is and has none.
    fn each_wait_has_one_end(&self) -> bool {
        (0..).zip(&self.clients).all(|(number, client)| {
            let queued = self.view.waiters.iter().filter(|waiter| waiter.1 == number).count();
            let is_for = |task: &&Task| matches!(task, Task::Wake(to, _) if *to == number);
            let coming = self.jobs.iter().flatten().filter(is_for).count();
            queued + coming == usize::from(matches!(client, Client::Waiting { .. }))
        })
    }

    /// INV-BOUNDED: who is queued still waits under that very id, and no id is remembered for nothing.
    fn nothing_dead_is_kept(&self) -> bool {
        self.view
            .waiters
            .iter()
            .all(|(id, wake)| matches!(self.client(*wake), Client::Waiting { id: Some(known), .. } if known == *id))
            && self.view.tombstones.iter().all(|id| self.view.is_queued(*id))
    }

    fn note_facts(&self, out: &Out, facts: &mut Facts) {
        let view = &self.view;
        let given_back = |wanted: fn(&Task) -> bool| self.jobs.iter().flatten().any(wanted);
        facts.note(Fact::TwoWaiters, view.waiters.len() >= 2);
        facts.note(Fact::Owing, view.owed > 0);
        facts.note(Fact::FreeingWithWaiter, view.freeing > 0 && count(view.waiters.len()) > 0);
        facts.note(Fact::ClosedWithLease, view.closed && out.leased > 0);
        facts.note(Fact::AbandonedDelivery, given_back(|task| matches!(task, Task::GiveBack(_))));
        facts.note(Fact::AbandonedPermit, given_back(|task| matches!(task, Task::GiveBackPermit)));
    }
}
