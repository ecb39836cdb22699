//! What a managed pool and its resources share: the manager, the hooks, and a clock.
//!
//! Rules:
//! 1. A resource travels with what is known of it, as an [`Item`].
//! 2. Hooks and manager are user code: they run with the item in hand, whose owner (a lease, or a permit beside it) loses
//!    nothing if they panic.

use super::manager::{Manager, Usage};
use crate::pool::GetError;
use crate::pool::observe::{Observed, observe};
use crate::stripe::Timestamp;
use crate::sync::{Clock, Shared};
use core::time::Duration;

/// Looks at a new resource. An error is that of its create.
pub(super) type AfterCreate<M> =
    Box<dyn Fn(&mut <M as Manager>::Resource) -> Result<(), <M as Manager>::Error> + Send + Sync>;
/// Says whether a resource may be lent, or kept.
pub(super) type Verdict<M> = Box<dyn Fn(&mut <M as Manager>::Resource, &Usage) -> bool + Send + Sync>;

/// Shared by a pool and all its resources.
pub(super) struct Managing<M: Manager> {
    pub(super) manager: M,
    pub(super) label: Shared<str>,
    pub(super) clock: Clock,
    pub(super) validates: bool,
    pub(super) introspects: bool,
    pub(super) after_create: Option<AfterCreate<M>>,
    pub(super) before_lend: Option<Verdict<M>>,
    pub(super) after_return: Option<Verdict<M>>,
}

/// A resource with what is known of it.
pub(super) struct Item<M: Manager> {
    pub(super) resource: M::Resource,
    managing: Shared<Managing<M>>,
    created: Timestamp,
    returned: Timestamp,
    uses: u64,
}

impl<M: Manager> Managing<M> {
    /// Says what happened.
    pub(super) fn observe(&self, event: Observed) {
        observe(&self.label, event);
    }

    /// A new resource on its way to its first lease: the hooks have agreed.
    ///
    /// # Errors
    ///
    /// That of the hook after the create, or that the hook before the lend refused it; it has been freed then.
    pub(super) fn admit(self: &Shared<Self>, resource: M::Resource) -> Result<Item<M>, GetError<M::Error>> {
        let now = self.clock.now();
        let mut item = Item { resource, managing: Shared::clone(self), created: now, returned: now, uses: 1 };
        let hook = self.after_create.as_ref();
        if let Err(error) = hook.map_or(Ok(()), |hook| hook(&mut item.resource)) {
            self.free(item);
            return Err(GetError::Create(error));
        }
        if !item.may_be_lent() {
            self.free(item);
            return Err(GetError::Refused);
        }
        Ok(item)
    }

    /// Ends a resource, by the manager.
    pub(super) fn free(&self, item: Item<M>) {
        self.observe(Observed::Freed);
        self.manager.free(item.resource);
    }
}

impl<M: Manager> Item<M> {
    pub(super) fn managing(&self) -> &Shared<Managing<M>> {
        &self.managing
    }

    pub(super) fn usage(&self) -> Usage {
        let now = self.managing.clock.now();
        let since = |then: Timestamp| Duration::from_nanos(now.0.saturating_sub(then.0));
        Usage { age: since(self.created), idle: since(self.returned), uses: self.uses }
    }

    /// Counts one more loan, which begins with its checks.
    pub(super) fn count_loan(&mut self) {
        self.uses = self.uses.saturating_add(1);
    }

    /// Asks the hook before the lend.
    pub(super) fn may_be_lent(&mut self) -> bool {
        if self.managing.before_lend.is_none() {
            return true;
        }
        let usage = self.usage();
        let hook = self.managing.before_lend.as_ref();
        hook.is_none_or(|hook| hook(&mut self.resource, &usage))
    }

    /// Asks the manager, then the hook after the return, whether it may be lent again.
    pub(super) fn may_be_kept(&mut self) -> bool {
        let usage = self.usage();
        let Self { resource, managing, .. } = self;
        let is_kept = managing.manager.recycle(resource, &usage)
            && managing.after_return.as_ref().is_none_or(|hook| hook(resource, &usage));
        self.returned = managing.clock.now();
        managing.observe(Observed::Recycled { is_kept });
        is_kept
    }
}
