//! Managers of deadpool.

use crate::pool::{AsyncManager, Manager, Usage};
use core::fmt;
use core::time::Duration;
use deadpool::managed::{self, Metrics, RecycleError};
use std::borrow::Cow;
use std::error::Error;

/// A `deadpool::managed::Manager` as an [`AsyncManager`].
///
/// | deadpool | here |
/// |---|---|
/// | `create`, in the get that needs an object | the same; its error is [`DeadpoolError::Backend`] |
/// | `recycle`, at the next get | checks on checkout, if [`validate_on_checkout`](crate::ManagedPoolBuilder::validate_on_checkout) |
/// | what `recycle` refuses: the get tries the next idle one, then creates | the same get creates one in its place at once |
/// | its `Metrics` | are those of [`Usage`], in the steps of its clock; `recycled` is when it was given back last, not lent |
/// | `detach`, of each object that is refused, taken out, retained no more, or comes back to a pool that shrank | of each object that is freed or taken out, so also of what is idle when the pool shrinks or closes |
/// | a panic of `recycle`, or a get that is dropped in it | the same: the object is detached and dropped, its place is free |
/// | an object whose holder panicked is lent again | it is freed, and detached |
///
#[cfg_attr(not(feature = "loom"), doc = "```")]
#[cfg_attr(feature = "loom", doc = "```ignore")]
/// use striped_pool::{ManagedPool, adapters::DeadpoolManager};
///
/// async fn serve<M>(manager: M) -> Result<(), Box<dyn std::error::Error>>
/// where
///     M: deadpool::managed::Manager<Type: 'static, Error: std::error::Error + 'static> + 'static,
/// {
///     // let pool = deadpool::managed::Pool::builder(manager).max_size(8).build()?;
///     let pool = ManagedPool::builder(8, DeadpoolManager(manager)).build()?;
///     // let object = pool.get().await?;
///     let object = pool.get_async().await?;
///     drop(object);
///     Ok(())
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct DeadpoolManager<M>(pub M);

/// Why a manager of deadpool made no object, or refused one. In a [`GetError::Create`](crate::GetError::Create) it is always
/// [`Backend`](Self::Backend), with the error of `create` as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeadpoolError<E> {
    /// What `create` or `recycle` failed with.
    Backend(E),
    /// What `recycle` had to say, if it had no error of its backend.
    Message(Cow<'static, str>),
}

impl<M: managed::Manager<Type: 'static> + 'static> Manager for DeadpoolManager<M> {
    type Resource = M::Type;
    type Error = DeadpoolError<M::Error>;

    fn free(&self, mut object: M::Type) {
        self.0.detach(&mut object);
    }

    fn detach(&self, object: &mut M::Type) {
        self.0.detach(object);
    }
}

impl<M: managed::Manager<Type: 'static> + 'static> AsyncManager for DeadpoolManager<M> {
    async fn create(&self) -> Result<M::Type, DeadpoolError<M::Error>> {
        self.0.create().await.map_err(DeadpoolError::Backend)
    }

    async fn validate(&self, object: &mut M::Type, usage: &Usage) -> Result<(), DeadpoolError<M::Error>> {
        Ok(self.0.recycle(object, &metrics(usage)).await?)
    }
}

/// As deadpool would count: the first loan follows the create, each later one a recycle, so that at the check before the second
/// there has been none.
#[expect(clippy::disallowed_types, clippy::disallowed_methods, reason = "deadpool's metrics are instants of std")]
fn metrics(usage: &Usage) -> Metrics {
    let now = std::time::Instant::now();
    let ago = |time: Duration| now.checked_sub(time).unwrap_or(now);
    let recycles = usage.uses.saturating_sub(2);
    Metrics {
        created: ago(usage.age),
        recycled: (recycles > 0).then(|| ago(usage.idle)),
        recycle_count: usize::try_from(recycles).unwrap_or(usize::MAX),
    }
}

impl<E> From<RecycleError<E>> for DeadpoolError<E> {
    fn from(error: RecycleError<E>) -> Self {
        match error {
            RecycleError::Backend(error) => Self::Backend(error),
            RecycleError::Message(message) => Self::Message(message),
        }
    }
}

impl<E: fmt::Display> fmt::Display for DeadpoolError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Backend(error) => error.fmt(f),
            Self::Message(message) => message.fmt(f),
        }
    }
}

impl<E: Error + 'static> Error for DeadpoolError<E> {
    /// It speaks for the backend's error, so its source is that one's.
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Backend(error) => error.source(),
            Self::Message(_) => None,
        }
    }
}
