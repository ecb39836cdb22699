//! Managers of deadpool.

use crate::pool::{AsyncManager, Manager, Usage};
use core::time::Duration;
use deadpool::managed::{self, Metrics, RecycleError};

/// A `deadpool::managed::Manager` as an [`AsyncManager`].
///
/// | deadpool | here |
/// |---|---|
/// | `create` | creates; an error is [`RecycleError::Backend`] |
/// | `recycle`, at the next get | checks on checkout, if [`validate_on_checkout`](crate::ManagedPoolBuilder::validate_on_checkout); what fails is replaced by the same get |
/// | `detach`, for each object that leaves the pool | is told of each that is freed or taken out |
/// | its `Metrics` | are those of [`Usage`], in the steps of its clock |
#[derive(Clone, Copy, Debug)]
pub struct DeadpoolManager<M>(pub M);

impl<M: managed::Manager<Type: 'static> + 'static> Manager for DeadpoolManager<M> {
    type Resource = M::Type;
    type Error = RecycleError<M::Error>;

    fn free(&self, mut object: M::Type) {
        self.0.detach(&mut object);
    }

    fn detach(&self, object: &mut M::Type) {
        self.0.detach(object);
    }
}

impl<M: managed::Manager<Type: 'static> + 'static> AsyncManager for DeadpoolManager<M> {
    async fn create(&self) -> Result<M::Type, RecycleError<M::Error>> {
        self.0.create().await.map_err(RecycleError::Backend)
    }

    async fn validate(&self, object: &mut M::Type, usage: &Usage) -> Result<(), RecycleError<M::Error>> {
        self.0.recycle(object, &metrics(usage)).await
    }
}

/// As deadpool would count: the first loan follows the create, each later one a recycle. It says when an object was recycled last;
/// here it is when it was given back last, which is later.
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
