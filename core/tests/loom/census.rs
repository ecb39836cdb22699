//! What a program promises to have met: each of it must be seen in some interleaving, and nothing else in any.
//!
//! A race that no longer happens would pass for ever. So a program names what its race can come to, says in each
//! interleaving which it was, and fails at the end of the exploration if one of them never was. The run prints how often
//! each was seen. Counted in std's memory, which loom does not see: counting adds no interleavings.

use std::collections::BTreeMap;
use std::sync::Mutex;

static SEEN: Mutex<BTreeMap<&'static str, usize>> = Mutex::new(BTreeMap::new());

/// Each of these must be seen in some interleaving of this program. To be said in every one.
pub(crate) fn expect(all: &[&'static str]) {
    let mut seen = SEEN.lock().unwrap();
    all.iter().for_each(|what| {
        seen.entry(what).or_default();
    });
}

/// This interleaving came to `what`.
pub(crate) fn saw(what: &'static str) {
    let mut seen = SEEN.lock().unwrap();
    // Not while the lock is held: who runs next would find it poisoned.
    let is_expected = seen.get_mut(what).map(|count| *count += 1).is_some();
    drop(seen);
    assert!(is_expected, "nobody expected this program to come to: {what}");
}

/// What was seen and how often, in a line; empty if nothing was expected.
pub(crate) fn line() -> String {
    let seen = SEEN.lock().unwrap();
    seen.iter().map(|(what, count)| format!("{what}: {count}")).collect::<Vec<_>>().join(", ")
}

/// What was expected and never seen.
pub(crate) fn missing() -> Vec<&'static str> {
    let seen = SEEN.lock().unwrap();
    seen.iter().filter(|(_, count)| **count == 0).map(|(what, _)| *what).collect()
}
