//! Nobody watches, or somebody who panics: the pool does not mind.

use super::polls::now;
use super::world::{Fault, World};
use std::time::Duration;

/// A bit of everything that is told.
fn course() {
    let world = World::new();
    let pool = world.plain(1);
    let lease = pool.get().expect("room");
    assert!(pool.get_timeout(Duration::ZERO).is_err());
    drop(lease);
    drop(now(pool.get_async()).expect("idle"));
    pool.get().expect("idle").discard();
    assert_eq!((world.gone(), pool.status().available()), (1, 1));
    world.fault(Fault::CreateFails);
    assert!(pool.get().is_err());

    let world = World::new();
    let pool = world.managed(1);
    let lease = pool.get().expect("room");
    assert!(pool.get_timeout(Duration::ZERO).is_err());
    drop(lease);
    drop(now(pool.get_async()).expect("idle"));
    assert_eq!(world.gone(), 0);
    world.fault(Fault::CheckRefuses);
    let lease = pool.get().expect("another");
    assert_eq!(world.gone(), 1);
    world.fault(Fault::RecycleRefuses);
    drop(lease);
    now(pool.get().expect("another").discard_async());
    assert_eq!((world.gone(), pool.status().available()), (3, 1));
    world.fault(Fault::CreateFails);
    assert!(pool.get().is_err());
}

#[test]
fn nobody_watches() {
    course();
}

#[test]
fn somebody_who_panics_is_not_heard() {
    watched_by_panics(course);
}

/// The resource in hand is freed by `free`, which also runs if it is the report of it that panics.
#[test]
fn a_panic_of_who_watches_frees_by_free() {
    watched_by_panics(|| {
        let world = World::new();
        world.fault(Fault::FreePanics);
        let pool = world.plain(1);
        let lease = pool.get().expect("room");
        assert!(super::panics(|| lease.discard()), "its free has run, and panicked");
        let pool = world.managed(1);
        let lease = pool.get().expect("room");
        assert!(super::panics(|| lease.discard()), "its free has run, and panicked");
    });
}

fn watched_by_panics(work: impl FnOnce()) {
    #[cfg(feature = "tracing")]
    super::watcher::events::listen();
    #[cfg(feature = "tracing")]
    let work = || tracing::subscriber::with_default(panicking::Subscriber, work);
    #[cfg(feature = "metrics")]
    let work = || metrics::with_local_recorder(&panicking::Recorder, work);
    work();
    let told = [
        #[cfg(feature = "tracing")]
        panicking::EVENTS.take(),
        #[cfg(feature = "metrics")]
        panicking::METRICS.take(),
    ];
    assert!(told.iter().all(|told| *told > 0), "nobody was told anything: {told:?}");
}

mod panicking {
    use core::cell::Cell;

    thread_local! {
        /// How often each was told something on this thread, and panicked.
        #[cfg(feature = "tracing")]
        pub(super) static EVENTS: Cell<u32> = const { Cell::new(0) };
        #[cfg(feature = "metrics")]
        pub(super) static METRICS: Cell<u32> = const { Cell::new(0) };
    }

    #[cfg(feature = "metrics")]
    pub(super) struct Recorder;

    #[cfg(feature = "metrics")]
    impl metrics::Recorder for Recorder {
        fn describe_counter(&self, _: metrics::KeyName, _: Option<metrics::Unit>, _: metrics::SharedString) {}

        fn describe_gauge(&self, _: metrics::KeyName, _: Option<metrics::Unit>, _: metrics::SharedString) {}

        fn describe_histogram(&self, _: metrics::KeyName, _: Option<metrics::Unit>, _: metrics::SharedString) {}

        fn register_counter(&self, _: &metrics::Key, _: &metrics::Metadata<'_>) -> metrics::Counter {
            METRICS.set(METRICS.get() + 1);
            panic!("the recorder panics")
        }

        fn register_gauge(&self, _: &metrics::Key, _: &metrics::Metadata<'_>) -> metrics::Gauge {
            panic!("the recorder panics")
        }

        fn register_histogram(&self, _: &metrics::Key, _: &metrics::Metadata<'_>) -> metrics::Histogram {
            METRICS.set(METRICS.get() + 1);
            panic!("the recorder panics")
        }
    }

    #[cfg(feature = "tracing")]
    pub(super) struct Subscriber;

    #[cfg(feature = "tracing")]
    impl tracing::Subscriber for Subscriber {
        fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
            metadata.target() == "striped_pool"
        }

        fn event(&self, _: &tracing::Event<'_>) {
            EVENTS.set(EVENTS.get() + 1);
            panic!("the subscriber panics")
        }

        fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
            panic!("the pool opens no spans")
        }

        fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

        fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

        fn enter(&self, _: &tracing::span::Id) {}

        fn exit(&self, _: &tracing::span::Id) {}
    }
}
