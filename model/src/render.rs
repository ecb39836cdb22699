//! A sequence of moves, to be read: one [`Frame`] a move, as a table.
//!
//! Owns the words. The table has one column per client, one for the pool, what the machine answered, and what is left.
//! Golden traces use the same words for moves.

use crate::check::{Check, Checks};
use crate::machine::{Effect, Input, Machine, View};
use crate::world::{Client, Env, Move, Resources, Task, World};
use striped_pool::stripe::{Event, Recipient, WakeResult};

/// A move, and what there is afterwards: the same for every machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Who did what; none at the start.
    pub doing: Option<Doing>,
    /// What the machine answered.
    pub effects: Vec<Effect>,
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
        Self::of(world, None, Vec::new())
    }

    /// The world after `mv`, and what there is to see of it.
    #[must_use]
    pub fn after<M: Machine>(env: &Env, world: &World<M>, mv: Move) -> (World<M>, Self) {
        let doing = does(world, mv);
        let outcome = world.after(env, mv);
        let effects = outcome.commits.into_iter().flat_map(|(_, effects)| effects).collect();
        let frame = Self::of(&outcome.world, Some(doing), effects);
        (outcome.world, frame)
    }

    fn of<M: Machine>(world: &World<M>, doing: Option<Doing>, effects: Vec<Effect>) -> Self {
        let World { view, clients, jobs, alive, failed, .. } = world.clone();
        Self { doing, effects, view, clients, jobs, alive, failed }
    }

    /// The effects in words.
    #[must_use]
    pub fn answer(&self) -> String {
        self.effects.iter().map(effect).collect::<Vec<_>>().join(", then ")
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
    let clients = frames.first().map_or(0, |frame| frame.clients.len());
    let rows = (first..).zip(frames).map(|(number, frame)| row(number, frame));
    table(&core::iter::once(header(clients)).chain(rows).collect::<Vec<_>>())
}

fn header(clients: usize) -> Vec<String> {
    let mut header = vec!["#".to_owned()];
    header.extend((0..clients).map(|client| format!("client {client}")));
    header.extend(["pool", "effects", "afterwards"].map(str::to_owned));
    header
}

fn row(number: usize, frame: &Frame) -> Vec<String> {
    let mut cells = vec![number.to_string()];
    let pool = frame.clients.len();
    let doer = |doing: &Doing| doing.client.map_or(pool, usize::from);
    cells.extend((0..=pool).map(|column| match &frame.doing {
        Some(doing) if doer(doing) == column => doing.what.clone(),
        Some(_) | None => String::new(),
    }));
    cells.extend([frame.answer(), afterwards(frame)]);
    cells
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
        Move::Raise(event) => (None, format!("raise {}", raised(&event))),
    };
    Doing { client, what }
}

fn raised(event: &Input) -> String {
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

fn effect(effect: &Effect) -> String {
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
    let view = &frame.view;
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
    add("| alive", list(frame.alive.iter().map(|r| format!("r{r}"))), !frame.alive.is_empty());
    let clients = frame.clients.iter().enumerate();
    let doing = clients.filter_map(|(number, client)| state(*client).map(|state| format!("{number} {state}")));
    let doing: Vec<String> = doing.collect();
    add("|", doing.join(", "), !doing.is_empty());
    words.join(" ")
}

fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(" "))
}

/// Columns of equal width, two blanks between them, none at the end of a line.
#[must_use]
pub fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column| rows.iter().filter_map(|row| row.get(column)).map(|cell: &String| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for row in rows {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}
