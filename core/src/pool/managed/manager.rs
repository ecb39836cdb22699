//! What a managed pool asks of the resources' side: how they are made, checked and ended.
//!
//! | when | blocking | for tasks | what the answer does |
//! |---|---|---|---|
//! | there is room for a new one | [`BlockingManager::create`] | [`AsyncManager::create`] | an error is its caller's; the room goes to the next |
//! | an idle one is about to be lent | [`BlockingManager::validate`] | [`AsyncManager::validate`] | an error ends it, and a new one is created in its place |
//! | a lease is dropped | [`Manager::recycle`] | the same | `false` frees it |
//! | one ends, in a drop or a blocking call | [`Manager::free`] | the same | its room is free when this returns |
//! | one ends, in a call that is awaited | | [`AsyncManager::close`] | its room is free when this is ready |
//! | one leaves the pool alive | [`Manager::detach`] | the same | its room is free when this returns |
//!
//! All of it is user code: it runs outside of every transition, may be slow, panic, and call back into the pool.

use core::time::Duration;

/// What there is to know of a resource that is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Usage {
    /// How long ago it was created; in the steps of the system's coarse clock, some milliseconds.
    pub age: Duration,
    /// How long ago it was given back last, or created if it never was; likewise.
    pub idle: Duration,
    /// How often it has been lent, the present loan included.
    pub uses: u64,
}

/// What managers for threads and for tasks share: how a resource is checked in, and how it ends.
///
/// A type may be both a [`BlockingManager`] and an [`AsyncManager`]: then threads and tasks use one pool, in one line.
pub trait Manager: Send + Sync + 'static {
    /// What is lent.
    type Resource: Send + 'static;
    /// Why creating or checking one failed.
    type Error;

    /// Whether a resource that comes back may be lent again; also the place to reset it. Runs in the drop of a lease, on whatever
    /// thread that is, so it must be quick. A panic counts as no. Not asked if the holder panicked: then it is freed.
    fn recycle(&self, resource: &mut Self::Resource, usage: &Usage) -> bool {
        let _ = (resource, usage);
        true
    }

    /// Ends a resource. Runs where it ends: often in the drop of a lease, which must not wait, so it must be quick. Its room in
    /// the pool is free when this returns, or panics: if it only hands the resource to somebody who ends it later, the pool no
    /// longer counts it.
    fn free(&self, resource: Self::Resource) {
        drop(resource);
    }

    /// Lets a resource go that somebody takes out of the pool alive. Its room in the pool is free when this returns. If it
    /// panics, the resource is freed instead.
    fn detach(&self, resource: &mut Self::Resource) {
        let _ = resource;
    }
}

/// A manager whose resources are created and checked by threads.
pub trait BlockingManager: Manager {
    /// Makes a resource.
    ///
    /// # Errors
    ///
    /// Whatever goes wrong; it goes to the caller of the get.
    fn create(&self) -> Result<Self::Resource, Self::Error>;

    /// Checks an idle resource that is about to be lent again.
    ///
    /// # Errors
    ///
    /// Why it cannot be lent: it is freed, and the get creates another in its place.
    fn validate(&self, resource: &mut Self::Resource, usage: &Usage) -> Result<(), Self::Error> {
        let _ = (resource, usage);
        Ok(())
    }
}

/// A manager whose resources are created and checked by tasks.
///
/// # Cancel safety
///
/// Each of these futures is dropped where it stands when the get that awaits it is dropped or its time runs out:
///
/// | the get is dropped while | what happens |
/// |---|---|
/// | it was not polled yet | nothing has happened |
/// | it stands in line | it leaves the line; what it was handed meanwhile goes to the next |
/// | an idle resource is being checked | that is freed (nobody knows what state it was left in), then its place goes to the next |
/// | a refused resource is being closed | it is gone with the future of `close`, then its place goes to the next |
/// | a new one is being created | what there was of it is gone with the future of `create`, then its place goes to the next |
pub trait AsyncManager: Manager {
    /// Makes a resource.
    ///
    /// # Errors
    ///
    /// As [`BlockingManager::create`].
    fn create(&self) -> impl Future<Output = Result<Self::Resource, Self::Error>> + Send;

    /// Checks an idle resource that is about to be lent again.
    ///
    /// # Errors
    ///
    /// As [`BlockingManager::validate`].
    fn validate(
        &self,
        resource: &mut Self::Resource,
        usage: &Usage,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send {
        let _ = (resource, usage);
        async { Ok(()) }
    }

    /// Ends a resource where somebody awaits it: an idle one that `validate` or the hook before the lend refused, and in
    /// `discard_async`, `drain_async` and `close_async`. Its room in the pool is free when this is ready, or dropped.
    ///
    /// A drop cannot await, so what ends in one goes to [`free`](Manager::free) instead; so does a new one that a hook refused. A
    /// manager that must always say goodbye hands the resource to a task of its own there, through a channel, say: that is then
    /// what ends outside of the pool's count. Where the other side counts as well, as a database does, `create` must then wait until
    /// it is gone there; `tests/src/postgres/doorman.rs` in the repository is such a manager around another.
    fn close(&self, resource: Self::Resource) -> impl Future<Output = ()> + Send {
        async move { self.free(resource) }
    }
}
