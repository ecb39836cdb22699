//! The lease of the floors: a borrowed pool, a resource, and where it goes when it is dropped.

use super::Resource;
use core::ops::{Deref, DerefMut};

/// What takes back what it has lent.
pub trait TakeBack {
    /// Takes it back.
    fn take_back(&self, resource: Resource);
}

/// Borrows the pool; gives back when dropped.
#[derive(Debug)]
pub struct OnLoan<'a, P: TakeBack> {
    pool: &'a P,
    resource: Resource,
}

impl<'a, P: TakeBack> OnLoan<'a, P> {
    /// A resource that `pool` has lent.
    #[inline]
    pub fn new(pool: &'a P, resource: Resource) -> Self {
        Self { pool, resource }
    }
}

impl<P: TakeBack> Deref for OnLoan<'_, P> {
    type Target = Resource;

    #[inline]
    fn deref(&self) -> &Resource {
        &self.resource
    }
}

impl<P: TakeBack> DerefMut for OnLoan<'_, P> {
    #[inline]
    fn deref_mut(&mut self) -> &mut Resource {
        &mut self.resource
    }
}

impl<P: TakeBack> Drop for OnLoan<'_, P> {
    #[inline]
    fn drop(&mut self) {
        self.pool.take_back(core::mem::take(&mut self.resource));
    }
}
