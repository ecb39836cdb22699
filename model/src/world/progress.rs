//! LIVE-PROGRESS as a safety check: from a quiet state, the canonical schedule wakes every waiter within the bound.
//!
//! The schedule: finish all effects in flight (frees among them), then let the first client that has something give it
//! back, or fail to create; repeat. Every waiter must be woken after at most `owed + waiters` of those give-backs.
//!
//! Only quiet states (nothing in flight) are looked at. That is enough: effects in flight can always be finished, which
//! leads to a quiet state that the search reaches too, with no more waiters and no more owed than before.

use super::{Client, Env, Kind, Move, World};
use crate::machine::Machine;

/// No schedule within the bounds of any search comes near.
const FUEL: u32 = 100_000;

impl<M: Machine> World<M> {
    /// Whether everybody who waits here can be woken within the bound. True of a state that is not quiet.
    #[must_use]
    pub fn progresses(&self, env: &Env) -> bool {
        self.stuck(env).is_none()
    }

    /// The canonical schedule up to where it has failed to wake everybody; none if it does not fail.
    #[must_use]
    pub fn stuck(&self, env: &Env) -> Option<Vec<Move>> {
        let last = self.view.waiters.last().filter(|_| self.jobs.is_empty())?.0;
        let mut allowed = usize::try_from(self.view.owed).unwrap_or(usize::MAX).saturating_add(self.view.waiters.len());
        let (mut world, mut schedule) = (self.clone(), Vec::new());
        for _ in 0..FUEL {
            if world.view.waiters.first().is_none_or(|oldest| oldest.0 > last) {
                return None;
            }
            let Some((mv, gives_back)) = world.next_in_schedule(env) else { break };
            if gives_back && allowed == 0 {
                break;
            }
            allowed -= usize::from(gives_back);
            let outcome = world.after(env, mv);
            schedule.push(mv);
            if outcome.panicked.is_some() {
                // STEP-TOTAL fails where the search makes this move. It does not if moves of this kind are forbidden.
                let mut moves = Vec::new();
                world.moves(env, &mut moves);
                return (!moves.contains(&mv)).then_some(schedule);
            }
            world = outcome.world;
        }
        Some(schedule)
    }

    /// The schedule's next move, and whether it is a give-back. Where creates cannot fail, they succeed.
    fn next_in_schedule(&self, env: &Env) -> Option<(Move, bool)> {
        if !self.jobs.is_empty() {
            return Some((Move::Perform(0, 0), false));
        }
        (0..).zip(&self.clients).find_map(|(number, client)| match client {
            Client::Holding(_) => Some((Move::Return(number), true)),
            Client::Creating if env.kinds.has(Kind::CreateFailed) => Some((Move::CreateFailed(number), true)),
            Client::Creating => Some((Move::Created(number), false)),
            Client::Idle | Client::Waiting { .. } => None,
        })
    }
}
