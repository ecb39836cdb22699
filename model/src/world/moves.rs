//! What can happen next.

use super::{Client, Env, Task, World};
use crate::machine::{Input, Machine};

/// Something that happens: at most one commit, or one effect performed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Move {
    /// A client raises `Take`.
    Take(u8),
    /// A client raises `TryTake` for itself.
    TryTake(u8),
    /// A client raises `TryTake` for its slot.
    TryTakeSlot(u8),
    /// A client's create succeeds. No event: the permit has become a resource.
    Created(u8),
    /// A client's create fails.
    CreateFailed(u8),
    /// A client raises `Put` with this clock reading.
    Put(u8, u64),
    /// A client raises `Return`.
    Return(u8),
    /// A client raises `Discard`.
    Discard(u8),
    /// A client raises `Detach`.
    Detach(u8),
    /// A client raises `Cancel` for its take.
    Cancel(u8),
    /// A client stops waiting without a word.
    Abandon(u8),
    /// The next effect of this job is performed, with this clock reading if it needs one.
    Perform(usize, u64),
    /// Somebody raises `Reap` with this clock reading, a time to live of 1, and so many to keep.
    Reap(u64, u32),
    /// Somebody raises `Drain`.
    Drain,
    /// Somebody raises `Resize`.
    Resize(u32),
    /// Somebody raises `Close`.
    Close,
    /// Somebody raises an event that nothing here stands for: late, twice, or never meant. No search makes this move, they
    /// try such events from every world (`world/stale.rs`); the shortest way to one that is not rejected ends with it, and a
    /// script can name one.
    Raise(Input),
}

/// The kinds of moves, to allow or forbid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `Take`.
    Take,
    /// `TryTake`, both forms.
    TryTake,
    /// `CreateFailed`.
    CreateFailed,
    /// `Put` by a client.
    Put,
    /// `Return` by a client.
    Return,
    /// `Discard`.
    Discard,
    /// `Detach`.
    Detach,
    /// `Cancel`.
    Cancel,
    /// Abandoning.
    Abandon,
    /// `Reap`.
    Reap,
    /// `Drain`.
    Drain,
    /// `Resize`.
    Resize,
    /// `Close`.
    Close,
}

/// A set of kinds. Creating and performing effects are always allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Kinds(u16);

impl Kinds {
    /// Everything.
    pub const ALL: Self = Self(u16::MAX);

    /// These.
    #[must_use]
    pub const fn of(kinds: &[Kind]) -> Self {
        let (mut bits, mut rest) = (0, kinds);
        while let [kind, after @ ..] = rest {
            bits |= 1 << *kind as u16;
            rest = after;
        }
        Self(bits)
    }

    /// All but these.
    #[must_use]
    pub const fn without(self, kinds: &[Kind]) -> Self {
        Self(self.0 & !Self::of(kinds).0)
    }

    /// Whether `kind` is in the set.
    #[must_use]
    pub const fn has(self, kind: Kind) -> bool {
        self.0 & (1 << kind as u16) != 0
    }
}

impl<M: Machine> World<M> {
    /// All moves from here, in a fixed order.
    pub fn moves(&self, env: &Env, moves: &mut Vec<Move>) {
        for (client, state) in (0..).zip(&self.clients) {
            self.client_moves(env, client, *state, moves);
        }
        for (job, tasks) in self.jobs.iter().enumerate() {
            let last = if matches!(tasks.first(), Some(Task::Stamp(_))) { env.clock } else { 0 };
            moves.extend((0..=last).map(|now| Move::Perform(job, now)));
        }
        self.pool_moves(env, moves);
    }

    fn client_moves(&self, env: &Env, client: u8, state: Client, moves: &mut Vec<Move>) {
        let mut offer = |kind, mv| {
            if env.kinds.has(kind) {
                moves.push(mv);
            }
        };
        match state {
            Client::Idle => {
                offer(Kind::Take, Move::Take(client));
                offer(Kind::TryTake, Move::TryTake(client));
                offer(Kind::TryTake, Move::TryTakeSlot(client));
            }
            Client::Waiting { id, abandoned } => {
                let queued = id.is_some_and(|id| self.view.is_queued(id));
                if queued || (env.drops_late_results && !abandoned && id.is_some()) {
                    offer(Kind::Cancel, Move::Cancel(client));
                }
                if !abandoned {
                    offer(Kind::Abandon, Move::Abandon(client));
                }
            }
            Client::Creating => {
                offer(Kind::CreateFailed, Move::CreateFailed(client));
                moves.push(Move::Created(client));
            }
            Client::Holding(_) => {
                (0..=env.clock).for_each(|now| offer(Kind::Put, Move::Put(client, now)));
                offer(Kind::Return, Move::Return(client));
                offer(Kind::Discard, Move::Discard(client));
                offer(Kind::Detach, Move::Detach(client));
            }
        }
    }

    fn pool_moves(&self, env: &Env, moves: &mut Vec<Move>) {
        if !self.view.idle.is_empty() {
            if env.kinds.has(Kind::Reap) {
                moves.extend((1..=env.clock + 1).flat_map(|now| [Move::Reap(now, 0), Move::Reap(now, 1)]));
            }
            if env.kinds.has(Kind::Drain) {
                moves.push(Move::Drain);
            }
        }
        if env.kinds.has(Kind::Resize) {
            let others = (1..=env.max_capacity).filter(|capacity| *capacity != self.view.capacity);
            moves.extend(others.map(Move::Resize));
        }
        if env.kinds.has(Kind::Close) && !self.view.closed {
            moves.push(Move::Close);
        }
    }
}
