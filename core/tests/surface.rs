//! What the crate exports, as a committed list: `surface.txt`, one line an item. A change of the surface is a change of that
//! file, so it is seen where the code is read, and nobody makes one by accident.
//!
//! The list is read from the sources with `syn`, so it is the same whatever features are enabled, and needs no nightly
//! compiler. Rules:
//! 1. An item is listed if a path of `pub` modules and `pub use` leads to it, once, under the shortest such path; the others are
//!    listed as `pub use`.
//! 2. A line says the path, the signature as rustfmt would write it, and in brackets the features without which it is not there.
//!    What `cfg(test)` needs is not there.
//! 3. Listed are modules, functions, types with their public fields and variants, constants, traits with their items, methods
//!    with the head of their impl, impls of traits by name (derived ones too), and re-exports of other crates' items; with
//!    `#[must_use]`, `#[non_exhaustive]`, `#[deprecated]` and `#[doc(hidden)]`.
//! 4. What it cannot read (an item made by another crate's macro, say) it refuses, rather than overlooks.
//!
//! | file | what |
//! |---|---|
//! | `surface/source.rs` | the modules of the crate, and the conditions under which they are there |
//! | `surface/gate.rs` | `cfg` |
//! | `surface/macros.rs` | what a `macro_rules` of the crate makes of a call |
//! | `surface/names.rs` | what a path names, and under which paths an item can be named from outside |
//! | `surface/list.rs` | the lines |
//! | `surface/text.rs` | an item's signature on one line |
//! | `surface/cases.rs` | small crates, and what must be seen of them |
//!
//! Not here: what an alias stands for, which shows in the alias's own line, since types are as the sources write them; `Send` and
//! `Sync` where the compiler finds them by itself: `pool/leases.rs` asks for these.
#![allow(clippy::wildcard_enum_match_arm, reason = "syn's enums are large, and grow: what is not known is refused")]

#[path = "surface/cases.rs"]
mod cases;
#[path = "surface/gate.rs"]
mod gate;
#[path = "surface/list.rs"]
mod list;
#[path = "surface/macros.rs"]
mod macros;
#[path = "surface/names.rs"]
mod names;
#[path = "surface/source.rs"]
mod source;
#[path = "surface/text.rs"]
mod text;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/surface.txt");
const ACCEPT: &str = "UPDATE=1 cargo test -p striped-pool --test surface";

#[test]
fn surface_is_the_committed_one() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let found = list::surface(&|file| fs::read_to_string(sources.join(file)).ok());
    if std::env::var("UPDATE").is_ok_and(|update| update == "1") {
        fs::write(COMMITTED, document(&found)).expect("the list can be written");
        return;
    }
    let committed = fs::read_to_string(COMMITTED).unwrap_or_default();
    // By sets first, so that a change shows as the lines that it changes; then the whole file, so that nothing else is in it.
    let changes = changes(&parse(&committed), &found);
    assert!(
        changes.is_empty(),
        "what the crate exports has changed:\n{changes}\nIf it was meant (for the version, see README.md, Stability): {ACCEPT}"
    );
    assert!(committed == document(&found), "{COMMITTED} is not as it was written: {ACCEPT}");
}

/// The committed file.
fn document(lines: &BTreeSet<String>) -> String {
    let mut text = format!("# What striped-pool exports, one line an item; written by: {ACCEPT}\n");
    for line in lines {
        text.push_str(line);
        text.push('\n');
    }
    text
}

fn parse(document: &str) -> BTreeSet<String> {
    document.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
}

/// What went and what came, by path: both halves of a change stand side by side.
fn changes(before: &BTreeSet<String>, after: &BTreeSet<String>) -> String {
    let gone = before.difference(after).map(|line| (line, false));
    let come = after.difference(before).map(|line| (line, true));
    let mut both: Vec<(&String, bool)> = gone.chain(come).collect();
    both.sort_by_key(|(line, is_new)| (line.split(": ").next(), *is_new, *line));
    let sign = |is_new| if is_new { '+' } else { '-' };
    let lines: Vec<String> = both.into_iter().map(|(line, is_new)| format!("{} {line}\n", sign(is_new))).collect();
    lines.concat()
}
