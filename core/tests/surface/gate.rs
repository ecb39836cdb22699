//! `cfg`, as far as the list needs it: tests are never there, features may or may not be.

use std::collections::BTreeSet;
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, Lit, Meta, MetaNameValue, Token};

/// What must hold for an item to be there: all of these, such as `trace` or `not(loom)`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Gate(BTreeSet<String>);

/// One condition.
enum Condition {
    Always,
    Never,
    When(String),
}

impl Gate {
    /// What `attributes` ask for besides; nothing if it can never hold.
    pub(crate) fn with(&self, attributes: &[Attribute]) -> Option<Self> {
        let mut all = self.clone();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("cfg")) {
            let meta = attribute.parse_args().expect("a cfg asks for something");
            // The parts of an `all` are as good as several attributes.
            let parts = if is(&meta, "all") { parts(&meta) } else { vec![meta] };
            for part in &parts {
                match condition(part) {
                    Condition::Always => {}
                    Condition::Never => return None,
                    Condition::When(holds) => drop(all.0.insert(holds)),
                }
            }
        }
        Some(all)
    }

    /// Both.
    pub(crate) fn and(&self, other: &Self) -> Self {
        Self(self.0.union(&other.0).cloned().collect())
    }

    /// How many conditions there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// As a line ends with it.
    pub(crate) fn suffix(&self) -> String {
        if self.0.is_empty() {
            return String::new();
        }
        // Of several that would do, one that is needed anyway does.
        let parts = |one: &'_ str| one.strip_prefix("any(").and_then(|rest| rest.strip_suffix(')')).map(str::to_owned);
        let is_settled =
            |one: &str| parts(one).is_some_and(|parts| parts.split(", ").any(|part| self.0.contains(part)));
        let all: Vec<&str> = self.0.iter().map(String::as_str).filter(|one| !is_settled(one)).collect();
        format!(" [{}]", all.join(", "))
    }
}

fn is(meta: &Meta, name: &str) -> bool {
    meta.path().is_ident(name)
}

fn parts(meta: &Meta) -> Vec<Meta> {
    let list = meta.require_list().expect("all, any and not have parts");
    list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).expect("parts").into_iter().collect()
}

fn condition(meta: &Meta) -> Condition {
    match meta {
        Meta::Path(path) if path.is_ident("test") || path.is_ident("doctest") => Condition::Never,
        Meta::List(_) if is(meta, "not") => match condition(&parts(meta)[0]) {
            Condition::Always => Condition::Never,
            Condition::Never => Condition::Always,
            Condition::When(holds) => Condition::When(format!("not({holds})")),
        },
        Meta::List(_) if is(meta, "all") => several(meta, "all"),
        Meta::List(_) if is(meta, "any") => several(meta, "any"),
        Meta::NameValue(pair) => Condition::When(value(pair)),
        _ => Condition::When(meta.path().require_ident().expect("a plain name").to_string()),
    }
}

/// `all` is over with the first that never holds, `any` with the first that always does.
fn several(meta: &Meta, name: &str) -> Condition {
    let is_all = name == "all";
    let mut left = Vec::new();
    for part in parts(meta) {
        match condition(&part) {
            Condition::Always if !is_all => return Condition::Always,
            Condition::Never if is_all => return Condition::Never,
            Condition::Always | Condition::Never => {}
            Condition::When(holds) => left.push(holds),
        }
    }
    match (left.len(), is_all) {
        (0, true) => Condition::Always,
        (0, false) => Condition::Never,
        (1, _) => Condition::When(left.remove(0)),
        _ => Condition::When(format!("{name}({})", left.join(", "))),
    }
}

/// A feature by its name alone; anything else with its kind.
fn value(pair: &MetaNameValue) -> String {
    let kind = pair.path.require_ident().expect("a plain name").to_string();
    let Expr::Lit(literal) = &pair.value else { panic!("surface: {kind} is compared with something else than a text") };
    let Lit::Str(text) = &literal.lit else { panic!("surface: {kind} is compared with something else than a text") };
    if kind == "feature" { text.value() } else { format!("{kind} = {:?}", text.value()) }
}
