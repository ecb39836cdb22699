//! What a pool looks like at a moment.

use crate::runtime::PoolStripe;

/// One stripe at one moment: consistent in itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StripeStatus {
    /// How many resources there may be.
    pub capacity: u32,
    /// How many of them have not been created: free permits.
    pub available: u32,
    /// How many are idle.
    pub idle: u32,
    /// How many are out: lent, being created, on their way to a waiter, or being freed.
    pub out: u32,
    /// How many of those are being freed.
    pub freeing: u32,
    /// By how many the stripe is still larger than its capacity after a shrink.
    pub owed: u32,
    /// How many takes wait.
    pub waiting: u32,
    /// Whether the stripe is closed.
    pub is_closed: bool,
}

impl StripeStatus {
    /// What `stripe` looks like.
    #[must_use]
    pub fn of(stripe: &PoolStripe) -> Self {
        Self {
            capacity: stripe.capacity(),
            available: stripe.available(),
            idle: stripe.idle(),
            out: stripe.out(),
            freeing: stripe.freeing(),
            owed: stripe.owed(),
            waiting: stripe.queue().len(),
            is_closed: stripe.is_closed(),
        }
    }
}

/// A pool's stripes, each looked at in turn.
///
/// Each stripe is consistent in itself; the sums are not a state that the pool was in, because resources move while
/// one looks.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolStatus {
    /// The pool's label.
    pub label: String,
    /// One for each stripe.
    pub stripes: Vec<StripeStatus>,
}

impl PoolStatus {
    fn sum(&self, part: impl Fn(&StripeStatus) -> u32) -> u32 {
        self.stripes.iter().fold(0, |sum, stripe| sum.saturating_add(part(stripe)))
    }

    /// How many resources there may be.
    #[must_use]
    pub fn max_resources(&self) -> u32 {
        self.sum(|stripe| stripe.capacity)
    }

    /// How many more may be created at once.
    #[must_use]
    pub fn available(&self) -> u32 {
        self.sum(|stripe| stripe.available)
    }

    /// How many are idle.
    #[must_use]
    pub fn idle(&self) -> u32 {
        self.sum(|stripe| stripe.idle)
    }

    /// How many are out: lent, being created, on their way, or being freed.
    #[must_use]
    pub fn out(&self) -> u32 {
        self.sum(|stripe| stripe.out)
    }

    /// How many takes wait.
    #[must_use]
    pub fn waiting(&self) -> u32 {
        self.sum(|stripe| stripe.waiting)
    }

    /// Whether all stripes are closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.stripes.iter().all(|stripe| stripe.is_closed)
    }
}
