//! The commands of a script: the words of the table, so that one can be written from the other.
//!
//! | command | |
//! |---|---|
//! | `N take`, `N try to take`, `N try to take in slot` | client N asks |
//! | `N created`, `N create failed` | what came of its permit |
//! | `N put at T`, `N return`, `N discard`, `N detach` | it parts with what it holds |
//! | `N cancel`, `N abandon` | it gives up waiting |
//! | `N gets` | its result arrives |
//! | `insert rR at T`, `free rR`, `freed 1`, `give back rR`, `give back permit` | the next effect of this kind |
//! | `reap at T keep K`, `drain`, `resize to C`, `close` | somebody manages the pool |
//! | `raise EVENT` | an event out of nowhere: `put rR at T`, `return rR`, `discard rR`, `freed K`, `create failed`, `detach`, `cancel #I`, `reap at T ttl N keep K`, `drain`, `resize to C`, `close` |

use super::MOST;
use crate::machine::{Input, Machine, at};
use crate::world::{Client, Env, Move, Task, World};
use core::str::FromStr;
use core::time::Duration;
use striped_pool::stripe::{Event, WaiterId};

/// One command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// A client's move, if it can.
    Client(u8, Move),
    /// A move of anybody's.
    Pool(Move),
    /// The next effect of a job is performed, with this clock reading.
    Effect(Next, u64),
}

/// What a job must have to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    Gets(u8),
    Insert(u8),
    Free(u8),
    Freed,
    GiveBack(u8),
    GiveBackPermit,
}

impl Next {
    fn is(self, task: Task) -> bool {
        match task {
            Task::Wake(client, _) => self == Self::Gets(client),
            Task::Stamp(resource) => self == Self::Insert(resource),
            Task::Free(resource) => self == Self::Free(resource),
            Task::Freed => self == Self::Freed,
            Task::GiveBack(resource) => self == Self::GiveBack(resource),
            Task::GiveBackPermit => self == Self::GiveBackPermit,
        }
    }
}

impl Command {
    /// The move that this is in `world`; a message if it is none.
    pub(super) fn among<M: Machine>(self, env: &Env, world: &World<M>) -> Result<Move, String> {
        match self {
            Self::Pool(mv) => Ok(mv),
            Self::Effect(next, now) => {
                let job = world.jobs.iter().position(|tasks| tasks.first().is_some_and(|task| next.is(*task)));
                let job = job.ok_or("no commit has this effect to perform next")?;
                Ok(Move::Perform(job, now))
            }
            Self::Client(client, _) if client >= env.clients => {
                Err(format!("there is no client {client}: the first is 0, the last {}", env.clients - 1))
            }
            Self::Client(client, mv) => {
                let mut moves = Vec::new();
                world.moves(env, &mut moves);
                let doing = match world.client(client) {
                    Client::Idle => "has nothing and waits for nothing",
                    Client::Waiting { abandoned: true, .. } => "has gone",
                    Client::Waiting { id: Some(id), .. } if world.view.is_queued(id) => "waits",
                    Client::Waiting { .. } => "waits for a result that is on its way",
                    Client::Creating => "is to create",
                    Client::Holding(_) => "holds a resource",
                };
                let is_possible = moves.contains(&mv);
                is_possible.then_some(mv).ok_or_else(|| format!("client {client} cannot do this: it {doing}"))
            }
        }
    }
}

/// Reads a command.
pub(super) fn parse(line: &str) -> Result<Command, String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words[..] {
        ["world", ..] => Err("`world` must be the first command, and there is only one".to_owned()),
        ["raise", ref event @ ..] => Ok(Command::Pool(Move::Raise(raised(event, line)?))),
        ["reap", "at", now, "keep", keep] => Ok(Command::Pool(Move::Reap(number(now)?, number(keep)?))),
        ["drain"] => Ok(Command::Pool(Move::Drain)),
        ["resize", "to", capacity] => Ok(Command::Pool(Move::Resize(number(capacity)?))),
        ["close"] => Ok(Command::Pool(Move::Close)),
        ["insert", name, "at", now] => Ok(Command::Effect(Next::Insert(resource(name)?), number(now)?)),
        ["free", name] => Ok(Command::Effect(Next::Free(resource(name)?), 0)),
        ["freed", "1"] => Ok(Command::Effect(Next::Freed, 0)),
        ["give", "back", "permit"] => Ok(Command::Effect(Next::GiveBackPermit, 0)),
        ["give", "back", name] => Ok(Command::Effect(Next::GiveBack(resource(name)?), 0)),
        [client, ref rest @ ..] if client.starts_with(|c: char| c.is_ascii_digit()) => {
            of_client(number(client)?, rest, line)
        }
        _ => Err(unknown(line)),
    }
}

fn of_client(client: u8, words: &[&str], line: &str) -> Result<Command, String> {
    let mv = match words {
        ["take"] => Move::Take(client),
        ["try", "to", "take"] => Move::TryTake(client),
        ["try", "to", "take", "in", "slot"] => Move::TryTakeSlot(client),
        ["created"] => Move::Created(client),
        ["create", "failed"] => Move::CreateFailed(client),
        ["put", "at", now] => Move::Put(client, number(now)?),
        ["return"] => Move::Return(client),
        ["discard"] => Move::Discard(client),
        ["detach"] => Move::Detach(client),
        ["cancel"] => Move::Cancel(client),
        ["abandon"] => Move::Abandon(client),
        ["gets"] => return Ok(Command::Effect(Next::Gets(client), 0)),
        _ => return Err(unknown(line)),
    };
    Ok(Command::Client(client, mv))
}

fn raised(words: &[&str], line: &str) -> Result<Input, String> {
    Ok(match words {
        ["put", name, "at", now] => Event::Put { resource: resource(name)?, now: at(number(now)?) },
        ["return", name] => Event::Return { resource: resource(name)? },
        ["discard", name] => Event::Discard { resource: resource(name)? },
        ["freed", count] => Event::Freed { count: number(count)? },
        ["create", "failed"] => Event::CreateFailed,
        ["detach"] => Event::Detach,
        ["cancel", id] => {
            let number = id.strip_prefix('#').map(number);
            Event::Cancel { id: WaiterId(number.unwrap_or_else(|| Err(format!("`{id}` is not an id, such as #0")))?) }
        }
        ["reap", "at", now, "ttl", ttl, "keep", keep] => {
            let ttl = Duration::from_nanos(number(ttl)?);
            Event::Reap { now: at(number(now)?), ttl, keep: number(keep)? }
        }
        ["drain"] => Event::Drain,
        ["resize", "to", capacity] => Event::Resize { capacity: number(capacity)? },
        ["close"] => Event::Close,
        _ => return Err(unknown(line)),
    })
}

fn resource(name: &str) -> Result<u8, String> {
    let digits = name.strip_prefix('r').ok_or_else(|| format!("`{name}` is not a resource, such as r0"))?;
    number(digits)
}

fn number<T: FromStr + PartialOrd + From<u8>>(word: &str) -> Result<T, String> {
    let number = word.parse().ok().filter(|number| *number <= T::from(MOST));
    number.ok_or_else(|| format!("`{word}` is not a number from 0 to {MOST}"))
}

fn unknown(line: &str) -> String {
    format!("unknown command `{}`", line.trim())
}
