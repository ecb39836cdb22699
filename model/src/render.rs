//! A sequence of moves, to be read: one [`Frame`] a move, told as a [`Story`].
//!
//! Owns the words. A story has one column per client and one for the pool; its steps say what the machine answered, and
//! what there is afterwards. Golden traces use the same words for moves.

use crate::check::{Check, Checks};
use crate::machine::{Effect, Input, Machine, View};
use crate::story::{Panel, Step, Story};
use crate::world::{Client, Env, Move, Resources, Task, World};
use striped_pool::stripe::{Event, Recipient, WakeResult};

/// A move, and what there is afterwards: the same for every machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Who did what; none at the start.
    pub doing: Option<Doing>,
    /// What the machine answered.
    pub effects: Vec<Effect>,
    /// What it said when it panicked.
    pub panicked: Option<String>,
    /// The machine's state.
    pub view: View,
    /// The clients.
    pub clients: Vec<Client>,
    /// What is left to do for each commit.
    pub jobs: Vec<Vec<Task>>,
    /// The resources that exist.
    pub alive: Resources,
    /// The checks that failed on the way here.
    pub failed: Checks,
}

/// Who does what in a move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doing {
    /// A client, or none for the pool.
    pub client: Option<u8>,
    /// In words.
    pub what: String,
}

impl Frame {
    /// A world in which nothing has happened.
    #[must_use]
    pub fn start<M: Machine>(world: &World<M>) -> Self {
        Self::of(world, None, Vec::new(), None)
    }

    /// The world after `mv`, and what there is to see of it.
    #[must_use]
    pub fn after<M: Machine>(env: &Env, world: &World<M>, mv: Move) -> (World<M>, Self) {
        let doing = does(world, mv);
        let outcome = world.after(env, mv);
        let effects = outcome.commits.into_iter().flat_map(|(_, effects)| effects).collect();
        let frame = Self::of(&outcome.world, Some(doing), effects, outcome.panicked);
        (outcome.world, frame)
    }

    fn of<M: Machine>(world: &World<M>, doing: Option<Doing>, effects: Vec<Effect>, panicked: Option<String>) -> Self {
        let World { view, clients, jobs, alive, failed, .. } = world.clone();
        Self { doing, effects, panicked, view, clients, jobs, alive, failed }
    }

    /// Which checks have failed, in words; empty if none has.
    #[must_use]
    pub fn failures(&self) -> String {
        self.failed.iter().map(Check::id).collect::<Vec<_>>().join(", ")
    }
}

/// The start, and then a frame for each of `moves`.
#[must_use]
pub fn frames<M: Machine>(env: &Env, moves: &[Move]) -> Vec<Frame> {
    let mut world = World::<M>::new(env);
    let mut frames = vec![Frame::start(&world)];
    for mv in moves {
        let (next, frame) = Frame::after(env, &world, *mv);
        world = next;
        frames.push(frame);
    }
    frames
}

/// The trace of `moves` from the start, one row a move.
#[must_use]
pub fn trace<M: Machine>(env: &Env, moves: &[Move]) -> String {
    text(&frames::<M>(env, moves), 0)
}

/// Frames as a table, numbered from `first`.
#[must_use]
pub fn text(frames: &[Frame], first: usize) -> String {
    told(frames).table(first)
}

/// Frames as a story, with every check that fails.
#[must_use]
pub fn story(title: &str, frames: &[Frame]) -> Story {
    let story = told(frames);
    let failed = story.steps.iter().flat_map(|step| &step.failed).cloned().collect::<Vec<_>>().join(", ");
    let verdict = if failed.is_empty() { "every check holds".to_owned() } else { format!("fails {failed}") };
    Story { title: title.to_owned(), verdict, ..story }
}

/// Frames as a story of how `check` comes to fail. The other checks are left out: a machine may fail several, and each
/// has a story of its own. A check that looks ahead, or tries what does not happen, fails at the end.
#[must_use]
pub fn counterexample(title: &str, frames: &[Frame], check: Check) -> Story {
    let mut story = told(frames);
    story.steps.iter_mut().for_each(|step| step.failed.retain(|id| id == check.id()));
    if let Some(last) = story.steps.last_mut()
        && !frames.iter().any(|frame| frame.failed.has(check))
    {
        last.failed.push(check.id().to_owned());
    }
    let about = vec![(check.id().to_owned(), check.says().to_owned())];
    Story { title: title.to_owned(), verdict: format!("fails {}", check.id()), about, ..story }
}

/// Frames as a story without a title.
fn told(frames: &[Frame]) -> Story {
    let clients = frames.first().map_or(0, |frame| frame.clients.len());
    let clients = (0..clients).map(|client| format!("client {client}"));
    let keeps_ids = frames.iter().any(|frame| !frame.view.tombstones.is_empty());
    let before = core::iter::once(Checks::NONE).chain(frames.iter().map(|frame| frame.failed));
    let steps = frames.iter().zip(before).map(|(frame, before)| step(frame, before, keeps_ids));
    Story { columns: clients.chain(["pool".to_owned()]).collect(), steps: steps.collect(), ..Story::default() }
}

fn step(frame: &Frame, before: Checks, keeps_ids: bool) -> Step {
    let pool = frame.clients.len();
    let panics = frame.panicked.iter().map(|message| format!("panics: {message}"));
    let new = frame.failed.iter().filter(|check| !before.has(*check));
    Step {
        column: frame.doing.as_ref().map(|doing| doing.client.map_or(pool, usize::from)),
        action: frame.doing.as_ref().map(|doing| doing.what.clone()).unwrap_or_default(),
        answers: frame.effects.iter().map(effect).chain(panics).collect(),
        told: frame.effects.iter().flat_map(woken).map(usize::from).collect(),
        doing: frame.clients.iter().map(|client| state(*client).unwrap_or_default()).collect(),
        panels: panels(frame, keeps_ids),
        summary: afterwards(frame),
        note: String::new(),
        failed: new.map(|check| check.id().to_owned()).collect(),
    }
}

/// A machine's state; `who` is what waits in its queue.
pub(crate) fn view_panels(view: &View, who: &str) -> [Panel; 3] {
    let counts =
        [("capacity", view.capacity), ("available", view.available), ("owed", view.owed), ("freeing", view.freeing)];
    let counts = counts.into_iter().map(|(name, value)| format!("{name} {value}"));
    let closed = view.closed.then(|| "closed".to_owned());
    [
        Panel::new("stripe", counts.chain(closed)),
        Panel::new("queue", view.waiters.iter().map(|(id, wake)| format!("#{id} {who} {wake}"))),
        Panel::new("idle", view.idle.iter().map(|(r, stamp)| format!("r{r} at {stamp}"))),
    ]
}

fn panels(frame: &Frame, keeps_ids: bool) -> Vec<Panel> {
    let view = &frame.view;
    let job = |tasks: &Vec<Task>| tasks.iter().map(|next| task(*next)).collect::<Vec<_>>().join(", then ");
    let mut panels = Vec::from(view_panels(view, "client"));
    panels.push(Panel::new("in flight", frame.jobs.iter().map(job)));
    panels.push(Panel::new("alive", frame.alive.iter().map(|r| format!("r{r}"))));
    if keeps_ids {
        panels.push(Panel::new("cancelled", view.tombstones.iter().map(|id| format!("#{id}"))));
    }
    panels
}

/// The clients that an effect wakes.
pub(crate) fn woken(effect: &Effect) -> Vec<u8> {
    match effect {
        Effect::Wake(Recipient::Slot(client), _) => vec![*client],
        Effect::WakeMany(clients, _) => clients.clone(),
        Effect::Wake(Recipient::Caller, _)
        | Effect::InsertWithTimestamp(_)
        | Effect::FreeMany(_)
        | Effect::Reject(_) => Vec::new(),
    }
}

fn does<M: Machine>(world: &World<M>, mv: Move) -> Doing {
    let held = |client| match world.client(client) {
        Client::Holding(resource) => format!("r{resource}"),
        Client::Idle | Client::Waiting { .. } | Client::Creating => "nothing".to_owned(),
    };
    let (client, what) = match mv {
        Move::Take(client) => (Some(client), "take".to_owned()),
        Move::TryTake(client) => (Some(client), "try to take".to_owned()),
        Move::TryTakeSlot(client) => (Some(client), "try to take in slot".to_owned()),
        Move::Created(client) => (Some(client), format!("created r{}", world.alive.unused())),
        Move::CreateFailed(client) => (Some(client), "create failed".to_owned()),
        Move::Put(client, now) => (Some(client), format!("put {} at {now}", held(client))),
        Move::Return(client) => (Some(client), format!("return {}", held(client))),
        Move::Discard(client) => (Some(client), format!("discard {}", held(client))),
        Move::Detach(client) => (Some(client), format!("detach {}", held(client))),
        Move::Cancel(client) => (Some(client), "cancel".to_owned()),
        Move::Abandon(client) => (Some(client), "abandon".to_owned()),
        Move::Perform(job, now) => match world.jobs.get(job).and_then(|tasks| tasks.first()) {
            Some(Task::Wake(client, got)) => (Some(*client), format!("gets {}", result(*got))),
            Some(Task::Stamp(resource)) => (None, format!("insert r{resource} at {now}")),
            Some(other) => (None, task(*other)),
            None => (None, "nothing".to_owned()),
        },
        Move::Reap(now, keep) => (None, format!("reap at {now} keep {keep}")),
        Move::Drain => (None, "drain".to_owned()),
        Move::Resize(capacity) => (None, format!("resize to {capacity}")),
        Move::Close => (None, "close".to_owned()),
        Move::Raise(Event::Reap { now, ttl, keep }) => {
            (None, format!("raise reap at {} ttl {} keep {keep}", now.0, ttl.as_nanos()))
        }
        Move::Raise(event) => (None, format!("raise {}", self::event(&event))),
    };
    Doing { client, what }
}

/// An event in words.
pub(crate) fn event(event: &Input) -> String {
    match event {
        Event::Take { wake } => format!("take for {wake}"),
        Event::TryTake { .. } => "try to take".to_owned(),
        Event::Put { resource, now } => format!("put r{resource} at {}", now.0),
        Event::Return { resource } => format!("return r{resource}"),
        Event::Discard { resource } => format!("discard r{resource}"),
        Event::Freed { count } => format!("freed {count}"),
        Event::CreateFailed => "create failed".to_owned(),
        Event::Detach => "detach".to_owned(),
        Event::Cancel { id } => format!("cancel #{}", id.0),
        Event::Reap { now, keep, .. } => format!("reap at {} keep {keep}", now.0),
        Event::Drain => "drain".to_owned(),
        Event::Resize { capacity } => format!("resize to {capacity}"),
        Event::Close => "close".to_owned(),
    }
}

fn task(task: Task) -> String {
    match task {
        Task::Wake(client, got) => format!("wake {client} with {}", result(got)),
        Task::Stamp(resource) => format!("insert r{resource}"),
        Task::Free(resource) => format!("free r{resource}"),
        Task::Freed => "freed 1".to_owned(),
        Task::GiveBack(resource) => format!("give back r{resource}"),
        Task::GiveBackPermit => "give back permit".to_owned(),
    }
}

fn result(result: WakeResult<u8>) -> String {
    match result {
        WakeResult::Deliver(resource) => format!("r{resource}"),
        WakeResult::Create => "permit".to_owned(),
        WakeResult::Cancelled => "cancelled".to_owned(),
    }
}

/// An effect in words.
pub(crate) fn effect(effect: &Effect) -> String {
    match effect {
        Effect::Wake(Recipient::Caller, got) => format!("answer {}", result(*got)),
        Effect::Wake(Recipient::Slot(client), got) => format!("wake {client} with {}", result(*got)),
        Effect::WakeMany(clients, got) => format!("wake {clients:?} with {}", result(*got)),
        Effect::InsertWithTimestamp(resource) => format!("insert r{resource} with a timestamp"),
        Effect::FreeMany(resources) => format!("free {}", list(resources.iter().map(|r| format!("r{r}")))),
        Effect::Reject(reject) => format!("reject: {reject}"),
    }
}

/// What a client is doing; nothing if it is idle.
fn state(client: Client) -> Option<String> {
    match client {
        Client::Idle => None,
        Client::Waiting { abandoned: true, .. } => Some("has gone".to_owned()),
        Client::Waiting { .. } => Some("waits".to_owned()),
        Client::Creating => Some("creates".to_owned()),
        Client::Holding(resource) => Some(format!("holds r{resource}")),
    }
}

fn afterwards(frame: &Frame) -> String {
    let mut words = vec![counts(&frame.view)];
    if !frame.alive.is_empty() {
        words.push(format!("| alive {}", list(frame.alive.iter().map(|r| format!("r{r}")))));
    }
    let clients = frame.clients.iter().enumerate();
    let doing = clients.filter_map(|(number, client)| state(*client).map(|state| format!("{number} {state}")));
    let doing: Vec<String> = doing.collect();
    if !doing.is_empty() {
        words.push(format!("| {}", doing.join(", ")));
    }
    words.join(" ")
}

/// A machine's state in one line.
pub(crate) fn counts(view: &View) -> String {
    let mut words = vec![format!("capacity {} available {}", view.capacity, view.available)];
    let mut add = |name: &str, value: String, shown: bool| {
        words.extend(shown.then(|| format!("{name} {value}").trim_end().to_owned()));
    };
    add("owed", view.owed.to_string(), view.owed > 0);
    add("freeing", view.freeing.to_string(), view.freeing > 0);
    add("idle", list(view.idle.iter().map(|(r, stamp)| format!("r{r}@{stamp}"))), !view.idle.is_empty());
    add("queue", list(view.waiters.iter().map(|(id, wake)| format!("#{id}={wake}"))), !view.waiters.is_empty());
    add("cancelled", list(view.tombstones.iter().map(|id| format!("#{id}"))), !view.tombstones.is_empty());
    add("closed", String::new(), view.closed);
    words.join(" ")
}

fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(" "))
}
