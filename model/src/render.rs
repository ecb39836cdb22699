//! A sequence of moves as a table: one column per client, one for the pool, what the machine answered, what is left.

use crate::machine::{Effect, Machine};
use crate::world::{Client, Env, Move, Task, World};
use core::fmt::Write;
use striped_pool::stripe::{Recipient, WakeResult};

/// The trace of `moves` from the start, one row a move. Which checks fail at the end stands below it.
#[must_use]
pub fn trace<M: Machine>(env: &Env, moves: &[Move]) -> String {
    let mut header = vec!["#".to_owned()];
    header.extend((0..env.clients).map(|client| format!("client {client}")));
    header.extend(["pool", "effects", "afterwards"].map(str::to_owned));
    let mut rows = vec![header];
    let mut world = World::<M>::new(env);
    rows.push(row(env, "0", None, String::new(), &world));
    for (number, mv) in (1..).zip(moves) {
        let does = does(&world, *mv);
        let outcome = world.after(env, *mv);
        let effects = outcome.commits.iter().flat_map(|(_, effects)| effects).map(effect).collect::<Vec<_>>();
        world = outcome.world;
        rows.push(row(env, &number.to_string(), Some(does), effects.join(", then "), &world));
    }
    table(&rows)
}

/// Who does what in a move: a client, or none for the pool.
type Doing = (Option<u8>, String);

fn row<M: Machine>(env: &Env, number: &str, doing: Option<Doing>, effects: String, world: &World<M>) -> Vec<String> {
    let mut cells = vec![String::new(); usize::from(env.clients) + 2];
    if let Some((who, what)) = doing {
        let place = 1 + usize::from(who.unwrap_or(env.clients));
        if let Some(cell) = cells.get_mut(place) {
            *cell = what;
        }
    }
    if let Some(first) = cells.first_mut() {
        number.clone_into(first);
    }
    cells.extend([effects, afterwards(world)]);
    cells
}

fn does<M: Machine>(world: &World<M>, mv: Move) -> Doing {
    let held = |client| match world.client(client) {
        Client::Holding(resource) => format!("r{resource}"),
        Client::Idle | Client::Waiting { .. } | Client::Creating => "nothing".to_owned(),
    };
    match mv {
        Move::Take(client) => (Some(client), "take".to_owned()),
        Move::TryTake(client) | Move::TryTakeSlot(client) => (Some(client), "try to take".to_owned()),
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
            Some(Task::Free(resource)) => (None, format!("free r{resource}")),
            Some(Task::Freed) => (None, "freed 1".to_owned()),
            Some(Task::GiveBack(resource)) => (None, format!("give back r{resource}")),
            Some(Task::GiveBackPermit) => (None, "give back permit".to_owned()),
            None => (None, "nothing".to_owned()),
        },
        Move::Reap(now, keep) => (None, format!("reap at {now} keep {keep}")),
        Move::Drain => (None, "drain".to_owned()),
        Move::Resize(capacity) => (None, format!("resize to {capacity}")),
        Move::Close => (None, "close".to_owned()),
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

fn afterwards<M: Machine>(world: &World<M>) -> String {
    let view = &world.view;
    let mut text = format!("capacity {} available {}", view.capacity, view.available);
    let mut add = |name: &str, value: String, shown: bool| {
        if shown {
            let _ = write!(text, " {name} {value}");
        }
    };
    add("owed", view.owed.to_string(), view.owed > 0);
    add("freeing", view.freeing.to_string(), view.freeing > 0);
    add("idle", list(view.idle.iter().map(|(r, stamp)| format!("r{r}@{stamp}"))), !view.idle.is_empty());
    add("queue", list(view.waiters.iter().map(|(id, wake)| format!("#{id}={wake}"))), !view.waiters.is_empty());
    add("cancelled", list(view.tombstones.iter().map(|id| format!("#{id}"))), !view.tombstones.is_empty());
    add("closed", String::new(), view.closed);
    add("| alive", list(world.alive.iter().map(|r| format!("r{r}"))), !world.alive.is_empty());
    let holders = (0..).zip(&world.clients).filter_map(|(number, client): (u8, _)| match client {
        Client::Idle => None,
        Client::Waiting { abandoned: true, .. } => Some(format!("{number} has gone")),
        Client::Waiting { .. } => Some(format!("{number} waits")),
        Client::Creating => Some(format!("{number} creates")),
        Client::Holding(resource) => Some(format!("{number} holds r{resource}")),
    });
    let holders: Vec<_> = holders.collect();
    add("|", holders.join(", "), !holders.is_empty());
    text
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
