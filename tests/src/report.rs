//! What a run comes to: a table of what happened, and the checks with their figures.

use crate::bank::{Audit, Bank, Seen};
use crate::options::Options;
use crate::run::{Count, Emptied, Notes, Threads};
#[cfg(feature = "trace")]
use crate::validate::Validation;
use core::fmt;
use core::time::Duration;
use striped_pool::PoolStatus;

/// What a run counted, saw, and left behind.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Report {
    /// What the run was made of.
    pub options: Options,
    /// How long the workers worked.
    pub worked: Duration,
    /// What the threads counted.
    pub count: Count,
    /// What was counted outside the pool.
    pub seen: Seen,
    /// What the conductor did and saw.
    pub notes: Notes,
    /// Which threads ended.
    pub threads: Threads,
    /// The pool when all was over.
    pub status: PoolStatus,
    /// The database when all was over.
    pub audit: Audit,
    /// What a replay of all transitions found.
    #[cfg(feature = "trace")]
    pub validation: Option<Validation>,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What must be so.
    pub name: &'static str,
    /// Whether it is.
    pub is_passed: bool,
    /// What it was judged from.
    pub figures: String,
}

impl Report {
    /// All checks, always the same ones in the same order; of a validated run there are more.
    #[must_use]
    pub fn checks(&self) -> Vec<Check> {
        let mut checks = self.bank_checks();
        checks.extend(self.pool_checks());
        checks.extend(self.end_checks());
        #[cfg(feature = "trace")]
        checks.extend(self.validation.iter().flat_map(|validation| validation.checks(self)));
        checks
    }

    /// Whether every check passes.
    #[must_use]
    pub fn is_passed(&self) -> bool {
        self.checks().iter().all(|check| check.is_passed)
    }

    /// What the database says, and what was seen of it under the leases.
    fn bank_checks(&self) -> Vec<Check> {
        let Self { count, audit, seen, .. } = self;
        let due = Bank::total();
        vec![
            check("money is conserved", audit.total == due, format!("{} of {due} in the accounts", audit.total)),
            check(
                "each committed transfer is in the ledger",
                audit.rows == count.committed,
                format!("{} rows for {} transfers", audit.rows, count.committed),
            ),
            check("each balance is what the ledger says", audit.astray == 0, format!("{} differ", audit.astray)),
            check(
                "every reader saw the whole sum",
                count.wrong_reads == 0,
                format!("{} of {} did not", count.wrong_reads, count.reads),
            ),
            check(
                "no lease had a transaction open",
                count.unclean == 0,
                format!("{} of {} had", count.unclean, count.leases),
            ),
            check(
                "each panic destroyed its connection",
                seen.freed_midway == count.panicked,
                format!("{} freed in mid-transaction, {} panics", seen.freed_midway, count.panicked),
            ),
            check(
                "the database never failed",
                count.database_errors == 0,
                count.first_error.clone().unwrap_or_else(|| "0 errors".into()),
            ),
        ]
    }

    /// What the pool did while it was at work.
    fn pool_checks(&self) -> Vec<Check> {
        let Self { count, notes, seen, .. } = self;
        let sizes: Vec<_> = notes.resizes.iter().map(|resize| resize.to.to_string()).collect();
        let unsettled = notes.resizes.iter().filter(|resize| !resize.is_settled).count();
        let refused = notes.refusals.first().map(|refusal| format!("; {refusal}")).unwrap_or_default();
        vec![
            check(
                "never more connections open than allowed",
                seen.breaches == 0,
                format!("peak {}, above the limit of the moment {} times", seen.peak, seen.breaches),
            ),
            check(
                "each resize was carried out",
                unsettled == 0 && notes.resizes.len() == 3 && notes.refusals.is_empty(),
                format!("{} to {}, {unsettled} unsettled{refused}", self.options.connections, sizes.join(", ")),
            ),
            emptied("a drain frees all that is idle", notes.drain),
            emptied("a reap frees all that is stale", notes.reap),
            check(
                "each get lent a connection or gave its reason",
                count.gets == count.leases + count.failed_gets() && count.creates_failed == seen.failed,
                format!("{} = {} + {}", count.gets, count.leases, count.failed_gets()),
            ),
        ]
    }

    /// What was left when all was over.
    fn end_checks(&self) -> Vec<Check> {
        let Self { notes, seen, threads, status, .. } = self;
        let still: u32 = status.stripes.iter().map(|stripe| stripe.idle + stripe.out + stripe.freeing).sum();
        let closed = status.stripes.iter().filter(|stripe| stripe.is_closed).count();
        let owed: u32 = status.stripes.iter().map(|stripe| stripe.owed + stripe.waiting).sum();
        vec![
            check(
                "once closed, the pool says so",
                notes.close.answers == 4 && status.is_closed(),
                format!("{} of 4 kinds of get, {closed} of {} stripes", notes.close.answers, status.stripes.len()),
            ),
            check(
                "a lease outlives the close",
                notes.close.is_lease_usable,
                if notes.close.is_lease_usable { "1 transfer" } else { "no transfer" }.into(),
            ),
            check(
                "all threads ended",
                threads.ended == threads.started,
                format!("{} of {}, {} by panic", threads.ended + threads.panicked, threads.started, threads.panicked),
            ),
            check(
                "nothing is left in the pool",
                still == 0 && owed == 0 && status.available() == status.max_resources(),
                format!("{still} in it, {owed} awaited, {} of {} free", status.available(), status.max_resources()),
            ),
            check(
                "nothing is left open",
                seen.open == 0 && seen.created == seen.freed + seen.detached && seen.closed == seen.created,
                format!(
                    "{} open; {} created = {} freed + {} detached",
                    seen.open, seen.created, seen.freed, seen.detached
                ),
            ),
        ]
    }

    /// What happened, a name and a figure each.
    fn rows(&self) -> Vec<(&'static str, String)> {
        let Self { options, count, seen, notes, .. } = self;
        let faults = if options.faults { "on" } else { "off" };
        let rate = per_second(count.gets, self.worked);
        let waits = [0.5, 0.9, 0.99].map(|fraction| shown(count.waits.quantile(fraction)));
        vec![
            (
                "run",
                format!(
                    "threads {}, connections {}, stripes {}, seed {}, faults {faults}",
                    options.threads, options.connections, options.stripes, options.seed
                ),
            ),
            ("operations", format!("{} in {:.1} s, {rate:.0}/s", count.gets, self.worked.as_secs_f64())),
            ("  transfers committed", count.committed.to_string()),
            ("  transfers refused", format!("{} (too little money)", count.refused)),
            ("  reads", count.reads.to_string()),
            ("wait p50 p90 p99 max", format!("{}  {}", waits.join("  "), shown(count.waits.max()))),
            ("timed out", count.timed_out.to_string()),
            ("exhausted", format!("{} (gets that do not wait)", count.exhausted)),
            ("panicked", format!("{} (under a lease, in mid-transaction)", count.panicked)),
            ("discarded", count.discarded.to_string()),
            ("detached", seen.detached.to_string()),
            ("connections created", seen.created.to_string()),
            ("connections freed", seen.freed.to_string()),
            ("creates failed", seen.failed.to_string()),
            ("drained, reaped", format!("{}, {}", notes.drained_at_work + notes.drain.freed, notes.reap.freed)),
            ("when closed", format!("{} lent, {} waiting", notes.close.out, notes.close.waiting)),
        ]
    }
}

pub(crate) fn check(name: &'static str, is_passed: bool, figures: String) -> Check {
    Check { name, is_passed, figures }
}

fn emptied(name: &'static str, emptied: Emptied) -> Check {
    let Emptied { is_still, before, freed, after } = emptied;
    let is_passed = is_still && before > 0 && freed == before && after == 0;
    let unrest = if is_still { "" } else { ", while workers were still working" };
    check(name, is_passed, format!("{freed} of {before}, {after} left{unrest}"))
}

/// How many a second.
#[expect(clippy::cast_precision_loss, reason = "a rate for people to read")]
pub(crate) fn per_second(count: u64, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64().max(f64::MIN_POSITIVE)
}

/// A duration in three digits or so.
fn shown(duration: Duration) -> String {
    let micros = duration.as_secs_f64() * 1e6;
    if micros < 1e3 {
        format!("{micros:.1} µs")
    } else if micros < 1e6 {
        format!("{:.1} ms", micros / 1e3)
    } else {
        format!("{:.1} s", micros / 1e6)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = self.rows();
        #[cfg(feature = "trace")]
        let rows = rows.into_iter().chain(self.validation.iter().flat_map(Validation::rows));
        for (name, figure) in rows {
            writeln!(f, "{name:<24}{figure}")?;
        }
        let checks = self.checks();
        writeln!(f, "\nchecks")?;
        for Check { name, is_passed, figures } in &checks {
            let verdict = if *is_passed { "pass" } else { "FAIL" };
            writeln!(f, "  {verdict}  {name:<47}{figures}")?;
        }
        let passed = checks.iter().filter(|check| check.is_passed).count();
        writeln!(f, "{passed} of {} checks pass", checks.len())
    }
}
