//! What a run came to, and whether that is right.

use super::bank::{self, Audit};
use super::census::Seen;
use super::load::Count;
use super::run::{Notes, Options, Rest};
use core::fmt;

/// What a run came to.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// How it went.
    pub options: Options,
    /// What the tasks met.
    pub count: Count,
    /// What the conductor saw.
    pub notes: Notes,
    /// What was left.
    pub rest: Rest,
    /// What the database says.
    pub audit: Audit,
    /// What the server counted.
    pub seen: Seen,
    /// Connections made.
    pub made: u64,
    /// Transfers whose commit was acknowledged.
    pub acknowledged: usize,
}

/// Something that must be so.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// What.
    pub name: &'static str,
    /// Whether it is.
    pub is_passed: bool,
}

impl Outcome {
    /// All of them.
    #[must_use]
    pub fn checks(&self) -> Vec<Check> {
        let Self { options, count, notes, rest, audit, seen, .. } = self;
        let status = &rest.status;
        let idle = u64::from(status.idle());
        let checks = [
            ("money is conserved", audit.total == bank::total()),
            ("each balance is what the ledger says", audit.astray == 0),
            ("each acknowledged commit is in the ledger", audit.missing == 0 && self.acknowledged > 0),
            ("never more backends than allowed", !options.waits || seen.peak <= options.connections),
            ("as many backends as allowed", seen.peak >= options.connections),
            ("the server never had to refuse one", !options.waits || count.refused == 0),
            ("callers were told that the server was down", notes.failures > 0),
            ("after that the same pool served", notes.committed_after > 0),
            ("timeouts said that the server did not answer", notes.unanswered > 0),
            ("after that the same pool served again", notes.committed_at_last > 0),
            ("gets were dropped, leases cut short, discarded, spoilt", has_all_kinds(count)),
            ("each get ended", count.hung == 0 && count.odd == 0),
            ("all tasks ended", notes.behind == 0),
            ("nothing is left in the pool", status.out() == 0 && status.waiting() == 0),
            ("made less ended is idle", rest.alive == idle),
            ("the server has the idle ones and no more", u64::from(rest.backends) == idle),
            ("closed, the pool has no backends", rest.after_close == 0),
        ];
        checks.into_iter().map(|(name, is_passed)| Check { name, is_passed }).collect()
    }

    /// Whether all pass.
    #[must_use]
    pub fn is_passed(&self) -> bool {
        self.checks().iter().all(|check| check.is_passed)
    }
}

fn has_all_kinds(count: &Count) -> bool {
    let Count { dropped, cut_short, discarded, panicked, late_in_line, .. } = *count;
    [dropped, cut_short, discarded, panicked, late_in_line].into_iter().all(|kind| kind > 0)
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { options, count, notes, rest, audit, seen, made, acknowledged } = self;
        writeln!(f, "{options:?}\n{count:?}\n{notes:?}\n{rest:?}\n{audit:?}\n{seen:?}")?;
        writeln!(f, "{made} connections made, {acknowledged} commits acknowledged")?;
        for Check { name, is_passed } in self.checks() {
            writeln!(f, "  {}  {name}", if is_passed { "pass" } else { "FAIL" })?;
        }
        Ok(())
    }
}
