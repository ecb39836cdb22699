//! What a managed pool lends.
//!
//! Rules:
//! 1. On drop the manager is asked whether the resource may be lent again (`recycle`, then the hook after the return). A no, or a
//!    panic of theirs, frees it. A panic of theirs ends here: it is not resumed out of a drop.
//! 2. If the holder panicked, nobody is asked: the resource is freed (`pool/lease.rs`, rule 2).
//! 3. What ends in a call that is awaited keeps its place in the pool until it has ended: [`Ending`].

use super::Introspection;
use super::manager::{AsyncManager, Manager, Usage};
use super::managing::{Doomed, Item, swallow};
use crate::pool::local::CreatePermit;
use crate::pool::observe::Observed;
use crate::pool::pool_inner::Place;
use crate::pool::{Lease, OwnedLease};
use core::fmt;
use core::ops::{Deref, DerefMut};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// What both kinds of lease can do.
pub(super) trait Loan<T>: DerefMut<Target = T> {
    /// What keeps the place of a resource that was taken out.
    type Place;

    /// Whether a drop now would free the resource, because its holder panicked.
    fn is_spoilt(&self) -> bool;
    fn discard_quietly(self);
    fn detach(self) -> T;
    fn remove(self) -> (T, Self::Place);
}

impl<'a, T> Loan<T> for Lease<'a, T> {
    type Place = CreatePermit<'a, T>;

    fn is_spoilt(&self) -> bool {
        Lease::is_spoilt(self)
    }

    fn discard_quietly(self) {
        Lease::discard_quietly(self);
    }

    fn detach(self) -> T {
        Lease::detach(self)
    }

    fn remove(self) -> (T, Self::Place) {
        Lease::remove(self)
    }
}

impl<T> Loan<T> for OwnedLease<T> {
    type Place = Place<T>;

    fn is_spoilt(&self) -> bool {
        OwnedLease::is_spoilt(self)
    }

    fn discard_quietly(self) {
        OwnedLease::discard_quietly(self);
    }

    fn detach(self) -> T {
        OwnedLease::detach(self)
    }

    fn remove(self) -> (T, Self::Place) {
        OwnedLease::remove(self)
    }
}

/// A loan that is checked in when it is dropped.
struct Out<M: Manager, L: Loan<Item<M>>> {
    /// Empty only while it ends.
    loan: Option<L>,
    introspection: Option<Introspection>,
    managed: core::marker::PhantomData<fn() -> M>,
}

impl<M: Manager, L: Loan<Item<M>>> Out<M, L> {
    fn new(loan: L, introspection: Option<Introspection>) -> Self {
        Self { loan: Some(loan), introspection, managed: core::marker::PhantomData }
    }

    fn item(&self) -> &Item<M> {
        self.loan.as_deref().expect(LENT)
    }

    fn item_mut(&mut self) -> &mut Item<M> {
        self.loan.as_deref_mut().expect(LENT)
    }

    fn into_loan(mut self) -> L {
        self.loan.take().expect(LENT)
    }

    /// The place is free when the manager has let the resource go. If that panics, the resource is freed.
    fn detach(self) -> M::Resource {
        let mut loan = self.into_loan();
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| loan.let_go())) {
            loan.discard_quietly();
            resume_unwind(panic);
        }
        loan.detach().into_parts().0
    }

    fn end(self) -> Ending<M, L::Place> {
        let (item, place) = self.into_loan().remove();
        Ending::new(item, place)
    }
}

const LENT: &str = "a lease holds its resource until it ends";

impl<M: Manager, L: Loan<Item<M>>> Drop for Out<M, L> {
    fn drop(&mut self) {
        let Some(mut loan) = self.loan.take() else { return };
        if loan.is_spoilt() {
            // Rule 2: its own drop frees it.
            drop(loan);
            return;
        }
        match catch_unwind(AssertUnwindSafe(|| loan.may_be_kept())) {
            Ok(true) => drop(loan),
            Ok(false) => loan.discard_quietly(),
            Err(panic) => {
                loan.managing().observe(Observed::Recycled { is_kept: false });
                loan.discard_quietly();
                swallow(Err(panic));
            }
        }
    }
}

/// A resource that ends, and its place in the pool, which is free afterwards. Dropped before its end has begun, it ends by
/// [`Manager::free`].
pub(super) struct Ending<M: Manager, P> {
    // In this order: the place is given up after the resource.
    doomed: Doomed<M>,
    place: P,
}

impl<M: Manager, P> Ending<M, P> {
    pub(super) fn new(item: Item<M>, place: P) -> Self {
        Self { doomed: Doomed::new(item), place }
    }

    /// Ends it by [`Manager::free`], and gives its place.
    pub(super) fn by_free(self) -> P {
        self.doomed.into_item().free();
        self.place
    }

    /// Ends it by [`AsyncManager::close`], and gives its place. If this is dropped half-way, the resource goes with it, and the
    /// place is free.
    pub(super) async fn by_close(self) -> P
    where
        M: AsyncManager,
    {
        let (resource, managing) = self.doomed.into_item().into_parts();
        managing.observe(Observed::Freed);
        managing.manager.close(resource).await;
        self.place
    }
}

/// An idle resource that is being checked. Dropped before the check is over, because the get was dropped, ran out of time or
/// panicked, it is freed: nobody knows what state it was left in.
pub(super) struct Suspect<'a, M: Manager>(Option<Lease<'a, Item<M>>>);

impl<'a, M: Manager> Suspect<'a, M> {
    pub(super) fn new(lease: Lease<'a, Item<M>>) -> Self {
        Self(Some(lease))
    }

    pub(super) fn item_mut(&mut self) -> &mut Item<M> {
        self.0.as_deref_mut().expect(LENT)
    }

    /// It may be lent.
    pub(super) fn cleared(mut self) -> Lease<'a, Item<M>> {
        self.0.take().expect(LENT)
    }

    /// It may not.
    pub(super) fn refused(self) -> Ending<M, CreatePermit<'a, Item<M>>> {
        let (item, permit) = self.cleared().remove();
        Ending::new(item, permit)
    }
}

impl<M: Manager> Drop for Suspect<'_, M> {
    fn drop(&mut self) {
        if let Some(lease) = self.0.take() {
            lease.discard_quietly();
        }
    }
}

macro_rules! lease {
    ($(#[$doc:meta])* $name:ident $(<$life:lifetime>)?, $loan:ty) => {
        $(#[$doc])*
        #[must_use = "dropping a lease gives the resource back"]
        pub struct $name<$($life,)? M: Manager>(Out<M, $loan>);

        impl<$($life,)? M: Manager> $name<$($life,)? M> {
            pub(super) fn new(loan: $loan, introspection: Option<Introspection>) -> Self {
                Self(Out::new(loan, introspection))
            }

            /// How old the resource is, and how often it has been lent.
            #[must_use]
            pub fn usage(&self) -> Usage {
                self.0.item().usage()
            }

            /// How it was acquired, if the pool was built to [tell](super::ManagedPoolBuilder::introspect).
            #[must_use]
            pub fn introspection(&self) -> Option<&Introspection> {
                self.0.introspection.as_ref()
            }

            /// Gives the resource back to be freed, because it is broken, say: by [`Manager::free`], and blocks as long as that
            /// does. Its place in the pool is free again when `free` has returned.
            ///
            /// # Panics
            ///
            /// With what `free` panicked with, after everything else is done.
            pub fn discard(self) {
                self.0.into_loan().discard();
            }

            /// The same by [`AsyncManager::close`]. Its place in the pool is free again when that is ready.
            ///
            /// # Cancel safety
            ///
            /// Never polled, it ends by [`Manager::free`]. Dropped half-way, the resource goes with the future of `close`. Either
            /// way its place is free then.
            #[must_use = "a future does nothing unless it is polled; dropped, the resource ends by `free`"]
            pub fn discard_async(self) -> impl Future<Output = ()> + Send + use<$($life,)? M>
            where
                M: AsyncManager,
            {
                let ending = self.0.end();
                async move { drop(ending.by_close().await) }
            }

            /// Takes the resource out of the pool for good. The pool may create another in its place, when
            /// [`Manager::detach`] has returned.
            ///
            /// # Panics
            ///
            /// With what [`Manager::detach`] panicked with; the resource is freed then.
            #[must_use]
            pub fn detach(self) -> M::Resource {
                self.0.detach()
            }
        }

        impl<$($life,)? M: Manager> Deref for $name<$($life,)? M> {
            type Target = M::Resource;

            #[inline]
            fn deref(&self) -> &M::Resource {
                &self.0.item().resource
            }
        }

        impl<$($life,)? M: Manager> DerefMut for $name<$($life,)? M> {
            #[inline]
            fn deref_mut(&mut self) -> &mut M::Resource {
                &mut self.0.item_mut().resource
            }
        }

        impl<$($life,)? M: Manager<Resource: fmt::Debug>> fmt::Debug for $name<$($life,)? M> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($name)).field(&**self).finish()
            }
        }
    };
}

lease! {
    /// A resource on loan from a [`ManagedPool`](super::ManagedPool) that it borrows. Dropping it checks the resource in
    /// ([`Manager::recycle`]) and gives it back.
    ManagedLease<'a>, Lease<'a, Item<M>>
}

lease! {
    /// A resource on loan that keeps what it needs of its [`ManagedPool`](super::ManagedPool) alive: it can outlive the pool's
    /// handles, be stored, and move into tasks. It does not keep the pool open.
    OwnedManagedLease, OwnedLease<Item<M>>
}
