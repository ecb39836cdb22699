//! The table of the documentation (`src/pool/observe.rs`), read, and what was told in its words.
#![allow(dead_code, reason = "each facility uses a part of it")]

use std::collections::{BTreeMap, BTreeSet};

/// A row: one metric, one event.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) metric: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) labels: BTreeMap<&'static str, BTreeSet<&'static str>>,
    pub(crate) event: &'static str,
    pub(crate) level: &'static str,
}

/// The documentation of the code, and the page.
pub(crate) const SOURCE: &str = include_str!("../../src/pool/observe.rs");
pub(crate) const PAGE: &str = include_str!("../../../docs/observability.md");

/// The rows of a table of metrics, as they are written.
pub(crate) fn written(text: &'static str) -> Vec<&'static str> {
    let lines = text.lines().map(|line| line.strip_prefix("//! ").unwrap_or(line));
    lines.filter(|line| line.starts_with("| `striped_pool_") || line.starts_with("| metric ")).collect()
}

/// The same, read.
pub(crate) fn rows() -> Vec<Row> {
    written(SOURCE).into_iter().skip(1).map(row).collect()
}

fn row(line: &'static str) -> Row {
    let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
    let [metric, kind, labels, event, level, _] = cells[..] else { panic!("six columns: {line}") };
    let mut words = quoted(labels).into_iter();
    let labels = words.next().map(|label| (label, words.collect()));
    Row { metric: quoted(metric)[0], kind, labels: labels.into_iter().collect(), event: quoted(event)[0], level }
}

/// What stands between backticks.
fn quoted(text: &'static str) -> Vec<&'static str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// What was told, as `event label=value`, if that is as the table says.
pub(crate) fn line(row: &Row, labels: &[(String, String)]) -> String {
    let of_pool = labels.iter().filter(|(key, _)| key == "pool").map(|(_, value)| value.as_str());
    assert_eq!(of_pool.collect::<Vec<_>>(), [super::world::LABEL], "the label of {row:?}");
    let others: Vec<_> = labels.iter().filter(|(key, _)| key != "pool").collect();
    assert_eq!(others.len(), row.labels.len(), "the labels of {row:?}: {labels:?}");
    let mut words = vec![String::from(row.event)];
    for (key, value) in others {
        assert!(
            row.labels.get(key.as_str()).is_some_and(|values| values.contains(value.as_str())),
            "{row:?}: {labels:?}"
        );
        words.push(format!("{key}={value}"));
    }
    words.join(" ")
}
