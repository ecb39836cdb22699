//! Which worlds are the same: the hash that the search goes by.
//!
//! Hashed is a canonical form, not the representation (unless the machine declines: `NAMES_ARE_EQUAL`). What it leaves out, and why that merges no two worlds with
//! different futures:
//! 1. *Names of resources and clients.* No machine may look inside a handle (the shipped one is generic in both), and
//!    the moves offer the same to every client. While each resource and each waiting client stands in exactly one
//!    place (INV-OWNER, INV-ONE-WAKE), a name says nothing that the place does not; jobs and clients are therefore
//!    hashed in sorted order by what they are. Once one of these two checks has failed, everything is hashed as it is.
//! 2. *Values of waiter ids.* A machine compares ids with each other and takes the next; the order in the queue is
//!    the order of the ids (INV-IDS), and all ids outside the queue, the next one excepted, behave alike. So the queue
//!    is hashed by who waits, in order, and `next_id` not at all.
//! 3. *The machine's layout*, which the shipped one's `Eq` ignores too: a machine is hashed by its view, and by what of
//!    its layout it wants told apart ([`Machine::layout`]; the shipped one: nothing). So a search sees one layout of each
//!    such state; random walks and the containers' own tests see the others.
//!
//! `tests/canon.rs` does not take this on trust: on small bounds it visits every world by name and compares the futures
//! of those that are treated as one.

use super::{Client, Task, World};
use crate::check::Check;
use crate::machine::Machine;
use core::hash::{Hash, Hasher};
use striped_pool::stripe::WakeResult;

impl<M: Machine> Hash for World<M> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.failed.hash(hasher);
        self.machine.layout().hash(hasher);
        let jobs: Option<Vec<u128>> = self.jobs.iter().map(|tasks| self.job_code(tasks)).collect();
        let names_matter = !M::NAMES_ARE_EQUAL || self.failed.has(Check::Owner) || self.failed.has(Check::OneWake);
        let Some(mut jobs) = jobs.filter(|_| !names_matter) else {
            self.view.hash(hasher);
            self.clients.hash(hasher);
            self.jobs.hash(hasher);
            self.alive.hash(hasher);
            return;
        };
        jobs.sort_unstable();
        jobs.hash(hasher);
        let mut counts = [0_u8; 5];
        for client in &self.clients {
            counts[usize::from(client_code(*client))] += 1;
        }
        counts.hash(hasher);
        let view = &self.view;
        (view.capacity, view.available, view.owed, view.freeing, view.closed).hash(hasher);
        view.idle.len().hash(hasher);
        view.idle.iter().for_each(|entry| entry.1.hash(hasher));
        view.waiters.len().hash(hasher);
        view.waiters.iter().for_each(|waiter| client_code(self.client(waiter.1)).hash(hasher));
    }
}

impl<M: Machine> World<M> {
    /// The tasks of a job as a number, names left out; none if there are too many for one.
    fn job_code(&self, tasks: &[Task]) -> Option<u128> {
        let digits = tasks.iter().map(|task| match task {
            Task::Wake(client, result) => {
                let result = match result {
                    WakeResult::Deliver(_) => 0,
                    WakeResult::Create => 1,
                    WakeResult::Cancelled => 2,
                };
                1 + result + 3 * client_code(self.client(*client))
            }
            Task::Stamp(_) => 20,
            Task::Free(_) => 21,
            Task::Freed => 22,
            Task::GiveBack(_) => 23,
            Task::GiveBackPermit => 24,
        });
        (tasks.len() <= 16).then(|| digits.fold(0, |code, digit| code << 8 | u128::from(digit)))
    }
}

/// What a client is, without names.
const fn client_code(client: Client) -> u8 {
    match client {
        Client::Idle => 0,
        Client::Waiting { abandoned: false, .. } => 1,
        Client::Waiting { abandoned: true, .. } => 2,
        Client::Creating => 3,
        Client::Holding(_) => 4,
    }
}
