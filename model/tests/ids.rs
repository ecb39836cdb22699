//! One id for each invariant, in code, documentation, model and proofs: none is missing anywhere, and none is made up.
#![cfg(not(feature = "loom"))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use striped_pool::stripe::Invariant;
use striped_pool_model::check::Check;

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The texts below `place` (or of it, if it is a file), but not what is built there.
fn texts(place: &Path) -> Vec<(PathBuf, String)> {
    if place.is_file() {
        let is_text =
            place.extension().is_some_and(|end| ["rs", "md", "v", "sh", "txt", "toml"].iter().any(|text| end == *text));
        return if is_text { vec![(place.to_owned(), fs::read_to_string(place).unwrap())] } else { Vec::new() };
    }
    let entries = fs::read_dir(place).unwrap().map(|entry| entry.unwrap().path());
    let sources = entries.filter(|path| !path.ends_with("target") && !path.ends_with("build"));
    sources.flat_map(|path| texts(&path)).collect()
}

/// What looks like an id: `INV-` or `LIVE-`, then words in capitals with hyphens between them.
fn ids(text: &str) -> BTreeSet<String> {
    let is_part = |letter: char| letter.is_ascii_uppercase() || letter == '-';
    let words = text.split(|letter| !is_part(letter)).map(|word| word.trim_matches('-'));
    let is_id = |word: &&str| ["INV-", "LIVE-"].iter().any(|start| word.len() > start.len() && word.starts_with(start));
    words.filter(is_id).map(String::from).collect()
}

fn known() -> BTreeSet<String> {
    Invariant::ALL.iter().map(|invariant| invariant.id().to_owned()).collect()
}

fn found_in(place: &str) -> BTreeSet<String> {
    texts(&top().join(place)).iter().flat_map(|(_, text)| ids(text)).collect()
}

#[test]
fn ids_are_told_from_other_words() {
    let text = "INV-FREE-FIRST, (LIVE-PROGRESS) INV- INVALID `INV-CAPACITY`; Inv-ids ALIVE-ENOUGH";
    let expected = ["INV-CAPACITY", "INV-FREE-FIRST", "LIVE-PROGRESS"].map(String::from);
    assert_eq!(ids(text), BTreeSet::from(expected));
}

#[test]
fn each_place_names_every_invariant() {
    for place in ["core/src/stripe/invariant.rs", "model/src", "docs/invariants.md", "proofs/README.md"] {
        assert_eq!(found_in(place), known(), "{place}");
    }
}

#[test]
fn no_text_names_an_invariant_that_is_none() {
    for place in ["core", "model/src", "tests", "docs", "proofs", "README.md"] {
        for (path, text) in texts(&top().join(place)) {
            let unknown: Vec<_> = ids(&text).difference(&known()).cloned().collect();
            assert!(unknown.is_empty(), "{}: {unknown:?}", path.display());
        }
    }
}

#[test]
fn the_page_has_a_row_for_each() {
    let page = fs::read_to_string(top().join("docs/invariants.md")).unwrap();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| ")?.split(' ').next());
    let rows: Vec<_> = rows.filter(|first| first.contains('-')).collect();
    assert_eq!(rows, Invariant::ALL.iter().map(|invariant| invariant.id()).collect::<Vec<_>>());
}

/// What the model checks, the proofs state, in files that hold statements and nothing else.
#[test]
fn each_invariant_that_the_model_checks_is_stated_for_the_proofs() {
    let specs: String = texts(&top().join("proofs/spec")).into_iter().map(|(_, text)| text).collect();
    for invariant in Check::ALL.iter().filter_map(|check| check.invariant()) {
        let name = invariant.id().replace('-', "_");
        let is_stated = specs.lines().any(|line| line.trim_start().starts_with(&format!("Definition {name}")));
        assert!(is_stated, "no definition {name} in proofs/spec");
    }
}
