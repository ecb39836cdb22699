//! Doing a move: one commit with its ghosts, or one effect.

use super::{Client, Env, Move, Task, World};
use crate::check::Check;
use crate::fact::{self, Fact, Facts};
use crate::machine::{Effect, Input, Machine, at, attempt};
use crate::step_check;
use core::time::Duration;
use striped_pool::stripe::{Event, Recipient, WaiterId, WakeResult};

/// What a move makes of a world.
#[must_use]
#[derive(Debug)]
pub struct Outcome<M> {
    /// The world afterwards, judged.
    pub world: World<M>,
    /// The events committed on the way, with their effects.
    pub commits: Vec<(Input, Vec<Effect>)>,
    /// What was seen.
    pub facts: Facts,
    /// What the machine said when it panicked. The world is then as it was, with STEP-TOTAL failed.
    pub panicked: Option<String>,
}

/// How a commit went for whoever raised the event.
struct Answer {
    rejected: bool,
    result: Option<WakeResult<u8>>,
}

impl<M: Machine> World<M> {
    /// The world after `mv`, judged. A move that is not possible here changes nothing.
    pub fn after(&self, env: &Env, mv: Move) -> Outcome<M> {
        let mut outcome = Outcome { world: self.clone(), commits: Vec::new(), facts: Facts::default(), panicked: None };
        outcome.do_move(env, mv);
        if env.sequential {
            let mut fuel = 1_000;
            while !outcome.world.jobs.is_empty() && outcome.panicked.is_none() && fuel > 0 {
                outcome.perform(0, 0, env);
                fuel -= 1;
            }
        }
        if outcome.panicked.is_some() {
            outcome.world = self.clone();
            outcome.world.failed.require(Check::Total, false);
        } else {
            outcome.world.judge(&mut outcome.facts);
        }
        outcome
    }
}

impl<M: Machine> Outcome<M> {
    fn do_move(&mut self, env: &Env, mv: Move) {
        match mv {
            Move::Take(client) => self.take(client),
            Move::TryTake(client) => {
                if let Some(result) = self.commit(Event::TryTake { wake: Recipient::Caller }).result {
                    self.receive(client, result);
                }
            }
            Move::TryTakeSlot(client) => {
                self.commit(Event::TryTake { wake: Recipient::Slot(client) });
                self.set(client, Client::Waiting { id: None, abandoned: false });
            }
            Move::Created(client) => {
                let resource = self.world.alive.unused();
                self.world.alive.insert(resource);
                self.set(client, Client::Holding(resource));
                self.facts.note(Fact::CreatedAfterClose, self.world.view.closed);
            }
            Move::CreateFailed(client) => self.give(client, Event::CreateFailed),
            Move::Put(client, now) => self.part(client, |resource| Event::Put { resource, now: at(now) }),
            Move::Return(client) => self.part(client, |resource| Event::Return { resource }),
            Move::Discard(client) => self.part(client, |resource| Event::Discard { resource }),
            Move::Detach(client) => {
                if let Client::Holding(resource) = self.world.client(client) {
                    self.give(client, Event::Detach);
                    self.world.alive.remove(resource);
                }
            }
            Move::Cancel(client) => self.cancel(env, client),
            Move::Abandon(client) => {
                if let Client::Waiting { id, .. } = self.world.client(client) {
                    self.set(client, Client::Waiting { id, abandoned: true });
                }
            }
            Move::Perform(job, now) => self.perform(job, now, env),
            Move::Reap(now, keep) => {
                self.legitimate(Event::Reap { now: at(now), ttl: Duration::from_nanos(1), keep });
            }
            Move::Drain => self.legitimate(Event::Drain),
            Move::Resize(capacity) => self.legitimate(Event::Resize { capacity }),
            Move::Close => self.legitimate(Event::Close),
            Move::Raise(event) => {
                self.commit(event);
            }
        }
    }

    fn take(&mut self, client: u8) {
        let id = self.world.view.next_id;
        let answer = self.commit(Event::Take { wake: client });
        let id = self.world.view.is_queued(id).then_some(id);
        match answer.result {
            Some(result) => self.receive(client, result),
            None => self.set(client, Client::Waiting { id, abandoned: false }),
        }
    }

    fn cancel(&mut self, env: &Env, client: u8) {
        let Client::Waiting { id: Some(id), abandoned } = self.world.client(client) else { return };
        self.commit(Event::Cancel { id: WaiterId(id) });
        let abandoned = abandoned || env.drops_late_results;
        self.set(client, Client::Waiting { id: Some(id), abandoned });
    }

    /// A client gives away the resource that it holds.
    fn part(&mut self, client: u8, event: impl FnOnce(u8) -> Input) {
        if let Client::Holding(resource) = self.world.client(client) {
            self.give(client, event(resource));
        }
    }

    /// A client gives away what it holds; it keeps it if the machine will not have it.
    fn give(&mut self, client: u8, event: Input) {
        let before = self.world.client(client);
        self.set(client, Client::Idle);
        if self.commit(event).rejected {
            self.set(client, before);
            self.world.failed.require(Check::Rejected, false);
        }
    }

    /// An event that must be accepted.
    fn legitimate(&mut self, event: Input) {
        let answer = self.commit(event);
        self.world.failed.require(Check::Rejected, !answer.rejected);
    }

    /// Performs the next effect of a job.
    fn perform(&mut self, job: usize, now: u64, env: &Env) {
        let Some(tasks) = self.world.jobs.get_mut(job).filter(|tasks| !tasks.is_empty()) else { return };
        let task = tasks.remove(0);
        if let Task::Free(resource) = task {
            tasks.insert(0, Task::Freed);
            self.world.alive.remove(resource);
            return;
        }
        if tasks.is_empty() {
            self.world.jobs.remove(job);
        }
        match task {
            Task::Wake(client, result) => self.deliver(client, result, env),
            Task::Stamp(resource) => {
                self.legitimate(Event::Put { resource, now: at(now) });
                let second_look =
                    self.commits.last().is_some_and(|(_, effects)| matches!(effects[..], [Effect::Wake(..)]));
                self.facts.note(Fact::SecondLook, second_look);
            }
            Task::Freed => self.legitimate(Event::Freed { count: 1 }),
            Task::GiveBack(resource) => self.legitimate(Event::Return { resource }),
            Task::GiveBackPermit => self.legitimate(Event::CreateFailed),
            Task::Free(_) => {}
        }
    }

    /// A result arrives in a client's slot.
    fn deliver(&mut self, client: u8, result: WakeResult<u8>, env: &Env) {
        if !matches!(self.world.client(client), Client::Waiting { abandoned: true, .. }) {
            return self.receive(client, result);
        }
        self.set(client, Client::Idle);
        let back = match result {
            WakeResult::Deliver(resource) => Task::GiveBack(resource),
            WakeResult::Create => Task::GiveBackPermit,
            WakeResult::Cancelled => return,
        };
        if !env.drops_late_results {
            self.world.jobs.push(vec![back]);
        }
    }

    fn receive(&mut self, client: u8, result: WakeResult<u8>) {
        self.set(
            client,
            match result {
                WakeResult::Deliver(resource) => Client::Holding(resource),
                WakeResult::Create => Client::Creating,
                WakeResult::Cancelled => Client::Idle,
            },
        );
    }

    fn set(&mut self, client: u8, state: Client) {
        if let Some(place) = self.world.clients.get_mut(usize::from(client)) {
            *place = state;
        }
    }

    /// Steps the machine, checks the step, and queues its effects as one job.
    fn commit(&mut self, event: Input) -> Answer {
        let world = &mut self.world;
        let stepped = match attempt(&world.machine, event) {
            Ok(stepped) => stepped,
            Err(message) => {
                self.panicked = Some(message);
                self.commits.push((event, Vec::new()));
                return Answer { rejected: false, result: None };
            }
        };
        let view = stepped.machine.observe();
        world.failed.extend(step_check::failures(&world.view, &event, &stepped, &view));
        world.failed.extend(stepped.machine.violations());
        self.facts.extend(fact::of_commit(&world.view, &event, &stepped.effects, &view));
        world.machine = stepped.machine;
        world.view = view;
        let (mut tasks, mut answer) = (Vec::new(), Answer { rejected: false, result: None });
        for effect in &stepped.effects {
            match effect {
                Effect::Wake(Recipient::Caller, result) => answer.result = Some(*result),
                Effect::Wake(Recipient::Slot(client), result) => tasks.push(Task::Wake(*client, *result)),
                Effect::WakeMany(clients, result) => tasks.extend(clients.iter().map(|c| Task::Wake(*c, *result))),
                Effect::InsertWithTimestamp(resource) => tasks.push(Task::Stamp(*resource)),
                Effect::FreeMany(resources) => tasks.extend(resources.iter().map(|r| Task::Free(*r))),
                Effect::Reject(_) => answer.rejected = true,
            }
        }
        if !tasks.is_empty() {
            world.jobs.push(tasks);
        }
        self.commits.push((event, stepped.effects));
        answer
    }
}
