//! What one thread counts of its own turns; added up when all have ended.

use crate::bank::OpenError;
use core::ops::AddAssign;
use core::time::Duration;
use hdrhistogram::Histogram;
use striped_pool::{GetError, Unavailable};

/// What happened to the gets and the leases of one thread, or of all.
#[derive(Clone, Debug, Default)]
pub struct Count {
    /// Gets of any kind.
    pub gets: u64,
    /// Gets that lent a connection.
    pub leases: u64,
    /// Gets that timed out.
    pub timed_out: u64,
    /// Gets that do not wait and found everything lent.
    pub exhausted: u64,
    /// Gets that were told that the pool is closed.
    pub closed: u64,
    /// Gets whose injected create failed.
    pub creates_failed: u64,
    /// Transfers committed.
    pub committed: u64,
    /// Transfers refused, for the source had too little.
    pub refused: u64,
    /// Looks at all balances.
    pub reads: u64,
    /// Those of them that did not see the whole sum.
    pub wrong_reads: u64,
    /// Leases on a connection with somebody's transaction open.
    pub unclean: u64,
    /// Injected panics that came through.
    pub panicked: u64,
    /// Leases discarded.
    pub discarded: u64,
    /// Leases detached.
    pub detached: u64,
    /// Errors of the database that nobody injected.
    pub database_errors: u64,
    /// The first of them.
    pub first_error: Option<String>,
    /// How long the gets took that lent a connection.
    pub waits: Waits,
}

impl Count {
    /// Counts a get that failed, by its reason. One without a known reason counts nowhere, so that the sums differ.
    pub(super) fn failed(&mut self, error: &GetError<OpenError>) {
        match error {
            GetError::TimedOut(_) => self.timed_out += 1,
            GetError::Unavailable(Unavailable::Exhausted) => self.exhausted += 1,
            GetError::Unavailable(Unavailable::Closed) => self.closed += 1,
            GetError::Create(OpenError::Injected) => self.creates_failed += 1,
            GetError::Create(OpenError::Database(error)) => self.database_failed(error),
            GetError::Unavailable(_) | GetError::Refused | _ => {}
        }
    }

    /// Counts an error of the database.
    pub(super) fn database_failed(&mut self, error: &rusqlite::Error) {
        self.database_errors += 1;
        self.first_error.get_or_insert_with(|| error.to_string());
    }

    /// The gets that lent nothing, for a reason that was counted.
    #[must_use]
    pub fn failed_gets(&self) -> u64 {
        self.timed_out + self.exhausted + self.closed + self.creates_failed
    }
}

impl AddAssign for Count {
    fn add_assign(&mut self, other: Self) {
        self.gets += other.gets;
        self.leases += other.leases;
        self.timed_out += other.timed_out;
        self.exhausted += other.exhausted;
        self.closed += other.closed;
        self.creates_failed += other.creates_failed;
        self.committed += other.committed;
        self.refused += other.refused;
        self.reads += other.reads;
        self.wrong_reads += other.wrong_reads;
        self.unclean += other.unclean;
        self.panicked += other.panicked;
        self.discarded += other.discarded;
        self.detached += other.detached;
        self.database_errors += other.database_errors;
        self.first_error = self.first_error.take().or(other.first_error);
        self.waits.0 += other.waits.0;
    }
}

/// How long gets took: a histogram of nanoseconds with an error of less than one in a hundred.
#[derive(Clone, Debug)]
pub struct Waits(Histogram<u64>);

/// What the histogram can tell apart: anything up to an hour.
const LONGEST: Duration = Duration::from_secs(3600);

impl Waits {
    /// Counts one.
    pub(super) fn note(&mut self, wait: Duration) {
        self.0.saturating_record(u64::try_from(wait.as_nanos()).unwrap_or(u64::MAX));
    }

    /// What this fraction of them did not exceed.
    #[must_use]
    pub fn quantile(&self, fraction: f64) -> Duration {
        Duration::from_nanos(self.0.value_at_quantile(fraction))
    }

    /// The longest.
    #[must_use]
    pub fn max(&self) -> Duration {
        Duration::from_nanos(self.0.max())
    }
}

impl Default for Waits {
    fn default() -> Self {
        let longest = u64::try_from(LONGEST.as_nanos()).unwrap_or(u64::MAX);
        Self(Histogram::new_with_max(longest, 2).expect("the bounds are constants that a histogram can have"))
    }
}
