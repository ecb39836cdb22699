//! What a managed pool and its resources share: the manager, the hooks, and a clock.
//!
//! Rules:
//! 1. A resource travels with what is known of it, as an [`Item`].
//! 2. Hooks and manager are user code: they run with the item in hand, whose owner (a lease, or [`Doomed`] and a permit
//!    beside it) loses nothing if they panic.
//! 3. Every item that ends does so in [`Item::free`], in `Ending::by_close`, or in the `free` of the pool inside: each counts it
//!    once as freed (`pool/observe.rs`).

use super::manager::{Manager, Usage};
use crate::pool::GetError;
use crate::pool::observe::{Observed, observe};
use crate::runtime::effects::{Panic, Performed};
use crate::stripe::Timestamp;
use crate::sync::{Clock, Shared};
use core::time::Duration;
use std::panic::{AssertUnwindSafe, catch_unwind};

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
        let item = Item { resource, managing: Shared::clone(self), created: now, returned: now, uses: 1 };
        let mut new = Doomed::new(item);
        let verdict = new.item_mut().hooks_agree();
        let item = new.into_item();
        match verdict {
            Ok(()) => Ok(item),
            Err(error) => {
                item.free();
                Err(error)
            }
        }
    }
}

impl<M: Manager> Item<M> {
    /// The resource, and what it shares.
    pub(super) fn into_parts(self) -> (M::Resource, Shared<Managing<M>>) {
        (self.resource, self.managing)
    }

    /// Ends it, by the manager.
    pub(super) fn free(self) {
        let (resource, managing) = self.into_parts();
        managing.observe(Observed::Freed);
        managing.manager.free(resource);
    }

    /// Says to the manager that it leaves the pool alive.
    pub(super) fn let_go(&mut self) {
        self.managing.manager.detach(&mut self.resource);
    }

    pub(super) fn managing(&self) -> &Shared<Managing<M>> {
        &self.managing
    }

    pub(super) fn usage(&self) -> Usage {
        self.usage_at(self.managing.clock.now())
    }

    fn usage_at(&self, now: Timestamp) -> Usage {
        let since = |then: Timestamp| Duration::from_nanos(now.0.saturating_sub(then.0));
        Usage { age: since(self.created), idle: since(self.returned), uses: self.uses }
    }

    /// Counts one more loan, which begins with its checks. What the manager is to know of it, if it is to validate it.
    pub(super) fn begin_loan(&mut self) -> Option<Usage> {
        self.uses = self.uses.saturating_add(1);
        self.managing.validates.then(|| self.usage())
    }

    /// Whether it may be lent, when the manager has said whether it is valid, if it was asked.
    pub(super) fn passes(&mut self, is_valid: Option<bool>) -> bool {
        if let Some(is_kept) = is_valid {
            self.managing.observe(Observed::Validated { is_kept });
        }
        is_valid.unwrap_or(true) && self.may_be_lent()
    }

    /// Asks the hooks about a new one.
    fn hooks_agree(&mut self) -> Result<(), GetError<M::Error>> {
        let hook = self.managing.after_create.as_ref();
        hook.map_or(Ok(()), |hook| hook(&mut self.resource)).map_err(GetError::Create)?;
        if self.may_be_lent() { Ok(()) } else { Err(GetError::Refused) }
    }

    /// Asks the hook before the lend.
    fn may_be_lent(&mut self) -> bool {
        if self.managing.before_lend.is_none() {
            return true;
        }
        let usage = self.usage();
        let hook = self.managing.before_lend.as_ref();
        hook.is_none_or(|hook| hook(&mut self.resource, &usage))
    }

    /// Asks the manager, then the hook after the return, whether it may be lent again.
    pub(super) fn may_be_kept(&mut self) -> bool {
        let now = self.managing.clock.now();
        let usage = self.usage_at(now);
        self.returned = now;
        let Self { resource, managing, .. } = self;
        let is_kept = managing.manager.recycle(resource, &usage)
            && managing.after_return.as_ref().is_none_or(|hook| hook(resource, &usage));
        managing.observe(Observed::Recycled { is_kept });
        is_kept
    }
}

/// An item that ends by [`Manager::free`] if it is dropped, because user code panicked, say; a panic of `free` ends here then.
pub(super) struct Doomed<M: Manager>(Option<Item<M>>);

const DOOMED: &str = "it holds its item until it is dropped or taken apart";

impl<M: Manager> Doomed<M> {
    pub(super) fn new(item: Item<M>) -> Self {
        Self(Some(item))
    }

    fn item_mut(&mut self) -> &mut Item<M> {
        self.0.as_mut().expect(DOOMED)
    }

    pub(super) fn into_item(mut self) -> Item<M> {
        self.0.take().expect(DOOMED)
    }
}

impl<M: Manager> Drop for Doomed<M> {
    fn drop(&mut self) {
        if let Some(item) = self.0.take() {
            swallow(catch_unwind(AssertUnwindSafe(|| item.free())));
        }
    }
}

/// Drops a panic that the panic hook has reported already.
pub(super) fn swallow(outcome: Result<(), Panic>) {
    Performed { panic: outcome.err(), ..Performed::default() }.swallow();
}
