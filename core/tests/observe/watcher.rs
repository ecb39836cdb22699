//! Somebody who watches: a recorder and a subscriber, for the threads that run under them.

use std::collections::BTreeMap;

/// How often each thing was told, as `event label=value`.
pub(crate) type Told = BTreeMap<String, u64>;

pub(crate) struct Watcher {
    #[cfg(feature = "metrics")]
    recorder: metrics_util::debugging::DebuggingRecorder,
    #[cfg(feature = "tracing")]
    events: events::Events,
}

impl Watcher {
    pub(crate) fn new() -> Self {
        #[cfg(feature = "tracing")]
        events::listen();
        Self {
            #[cfg(feature = "metrics")]
            recorder: metrics_util::debugging::DebuggingRecorder::new(),
            #[cfg(feature = "tracing")]
            events: events::Events::default(),
        }
    }

    /// Does `work` watched: on this thread.
    pub(crate) fn run<A>(&self, work: impl FnOnce() -> A) -> A {
        #[cfg(feature = "tracing")]
        let work = || tracing::subscriber::with_default(self.events.clone(), work);
        #[cfg(feature = "metrics")]
        let work = || metrics::with_local_recorder(&self.recorder, work);
        work()
    }

    /// What was told since this was asked last; the same by each facility.
    #[track_caller]
    pub(crate) fn told(&self) -> Told {
        let mut all: Vec<Told> = Vec::new();
        #[cfg(feature = "metrics")]
        all.push(counts::of(&self.recorder.snapshotter()));
        #[cfg(feature = "tracing")]
        all.push(self.events.take());
        assert!(all.iter().all(|told| *told == all[0]), "metrics and events differ: {all:?}");
        all.swap_remove(0)
    }
}

/// How often something was told in all, whatever its labels.
pub(crate) fn count(told: &Told, event: &str) -> u64 {
    told.iter().filter(|(line, _)| line.split(' ').next() == Some(event)).map(|(_, count)| count).sum()
}

#[cfg(feature = "metrics")]
mod counts {
    use super::super::table::{line, rows};
    use super::Told;
    use metrics_util::MetricKind;
    use metrics_util::debugging::{DebugValue, Snapshotter};

    pub(super) fn of(snapshotter: &Snapshotter) -> Told {
        let rows = rows();
        let mut told = Told::new();
        for (key, _, _, value) in snapshotter.snapshot().into_vec() {
            let (kind, key) = (key.kind(), key.key());
            let row = rows.iter().find(|row| row.metric == key.name());
            let row = row.unwrap_or_else(|| panic!("no row for {key}"));
            let count = match value {
                DebugValue::Counter(count) => count,
                DebugValue::Histogram(seconds) => {
                    assert!(seconds.iter().all(|seconds| (0.0..60.0).contains(&seconds.0)), "{row:?}: {seconds:?}");
                    u64::try_from(seconds.len()).expect("few")
                }
                DebugValue::Gauge(_) => panic!("no row is a gauge"),
            };
            let expected = if row.kind == "counter" { MetricKind::Counter } else { MetricKind::Histogram };
            assert_eq!(kind, expected, "{row:?}");
            let labels: Vec<_> = key.labels().map(|label| (label.key().into(), label.value().into())).collect();
            if count > 0 {
                *told.entry(line(row, &labels)).or_default() += count;
            }
        }
        told
    }
}

#[cfg(feature = "tracing")]
pub(crate) mod events {
    use super::super::table::{line, rows};
    use super::Told;
    use core::fmt::Debug;
    use std::sync::{Arc, Mutex, Once};
    use tracing::field::{Field, Visit};
    use tracing::span::{Attributes, Id, Record};
    use tracing::{Dispatch, Event, Metadata, Subscriber};

    /// Has somebody listen for as long as the process runs. Where an event is met for the first time, tracing asks whether
    /// anybody would listen and keeps the answer. As long as there was never more than one dispatcher it asks that of the
    /// thread alone: a thread that nobody watches would turn the event off for the others too.
    pub(crate) fn listen() {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| [(); 2].into_iter().for_each(|()| core::mem::forget(Dispatch::new(Events::default()))));
    }

    #[derive(Clone, Default)]
    pub(super) struct Events(Arc<Mutex<Told>>);

    impl Events {
        pub(super) fn take(&self) -> Told {
            core::mem::take(&mut *self.0.lock().expect("no panic"))
        }
    }

    /// The fields of one event.
    #[derive(Default)]
    struct Fields {
        texts: Vec<(String, String)>,
        seconds: Option<f64>,
    }

    impl Visit for Fields {
        fn record_str(&mut self, field: &Field, value: &str) {
            self.texts.push((field.name().into(), value.into()));
        }

        fn record_f64(&mut self, field: &Field, value: f64) {
            assert_eq!(field.name(), "seconds");
            self.seconds = Some(value);
        }

        fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
            panic!("neither a text nor a time: {field} {value:?}");
        }
    }

    impl Subscriber for Events {
        fn enabled(&self, metadata: &Metadata<'_>) -> bool {
            metadata.target() == "striped_pool"
        }

        fn event(&self, event: &Event<'_>) {
            let mut fields = Fields::default();
            event.record(&mut fields);
            let at = fields.texts.iter().position(|(key, _)| key == "event").expect("a field `event`");
            let (_, name) = fields.texts.remove(at);
            let rows = rows();
            let row = rows.iter().find(|row| row.event == name).unwrap_or_else(|| panic!("no row for {name}"));
            assert_eq!(event.metadata().level().to_string().to_lowercase(), row.level, "{row:?}");
            assert_eq!(fields.seconds.is_some(), row.kind == "histogram", "{row:?}");
            assert!(fields.seconds.is_none_or(|seconds| (0.0..60.0).contains(&seconds)), "{row:?}");
            *self.0.lock().expect("no panic").entry(line(row, &fields.texts)).or_default() += 1;
        }

        fn new_span(&self, _: &Attributes<'_>) -> Id {
            panic!("the pool opens no spans")
        }

        fn record(&self, _: &Id, _: &Record<'_>) {}

        fn record_follows_from(&self, _: &Id, _: &Id) {}

        fn enter(&self, _: &Id) {}

        fn exit(&self, _: &Id) {}
    }
}
