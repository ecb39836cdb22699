//! What a path names inside the crate, and how what it names can be named from outside.

use crate::gate::Gate;
use crate::source::{Modules, is_public, join, named};
use std::collections::{BTreeMap, BTreeSet};
use syn::{Item, ItemUse, UseTree};

/// No path of ours is so long; but a module that exports itself has such paths.
const DEPTH: usize = 12;

/// Something in the crate, by where it is defined.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Target {
    Module(String),
    Item { module: String, name: String },
}

/// One name that a `use` brings in.
struct Import {
    path: Vec<String>,
    /// What it is called here; nothing for a glob.
    name: Option<String>,
}

/// What `path`, written in module `from`, names in the crate. Nothing if it is of another crate; more than one thing if it
/// depends on features.
pub(crate) fn resolve(modules: &Modules, from: &str, path: &[String]) -> Vec<Target> {
    Search { modules, pending: Vec::new() }.resolve(from, path)
}

/// One search, with the names that it is looking for: a name that leads to itself is none.
struct Search<'a> {
    modules: &'a Modules,
    pending: Vec<(String, String)>,
}

impl Search<'_> {
    fn resolve(&mut self, from: &str, path: &[String]) -> Vec<Target> {
        let Some((first, rest)) = path.split_first() else { return vec![Target::Module(from.to_owned())] };
        match first.as_str() {
            "crate" => self.resolve("", rest),
            "self" => self.resolve(from, rest),
            "super" => self.resolve(from.rsplit_once("::").map_or("", |(parent, _)| parent), rest),
            name => {
                let found = self.find(from, name).into_iter();
                let inside = |target| match target {
                    Target::Module(module) => self.resolve(&module, rest),
                    item @ Target::Item { .. } if rest.is_empty() => vec![item],
                    // A variant of an enum, or an item of a trait.
                    Target::Item { .. } => Vec::new(),
                };
                found.flat_map(inside).collect()
            }
        }
    }

    /// What `name` means in a module: an item of it, or what it imports by name; else what it imports with `*`.
    fn find(&mut self, module: &str, name: &str) -> Vec<Target> {
        let this = (module.to_owned(), name.to_owned());
        if self.pending.contains(&this) {
            return Vec::new();
        }
        self.pending.push(this);
        let items = self.modules[module].items.iter().map(|(item, _)| item);
        let mut found: Vec<Target> = items.clone().filter_map(|item| own(module, item, name)).collect();
        let uses = items.filter_map(|item| if let Item::Use(used) = item { Some(used) } else { None });
        let (globs, named): (Vec<Import>, Vec<Import>) =
            uses.flat_map(imports).partition(|import| import.name.is_none());
        for import in named.iter().filter(|import| import.name.as_deref() == Some(name)) {
            found.extend(self.resolve(module, &import.path));
        }
        for import in globs.iter().filter(|_| found.is_empty()).collect::<Vec<_>>() {
            for source in self.resolve(module, &import.path).iter().filter_map(as_module) {
                found.extend(self.find(source, name));
            }
        }
        self.pending.pop();
        found
    }
}

/// What an item of a module is, if it has this name.
fn own(module: &str, item: &Item, name: &str) -> Option<Target> {
    named(item).filter(|(ident, _)| *ident == name)?;
    Some(match item {
        Item::Mod(_) => Target::Module(join(module, name)),
        _ => Target::Item { module: module.to_owned(), name: name.to_owned() },
    })
}

fn as_module(target: &Target) -> Option<&String> {
    match target {
        Target::Module(module) => Some(module),
        Target::Item { .. } => None,
    }
}

/// The names that a `use` brings in; none if it starts with `::`, which names other crates.
fn imports(used: &ItemUse) -> Vec<Import> {
    let mut all = Vec::new();
    if used.leading_colon.is_none() {
        flatten(&used.tree, &mut Vec::new(), &mut all);
    }
    all
}

fn flatten(tree: &UseTree, path: &mut Vec<String>, all: &mut Vec<Import>) {
    let (last, name) = match tree {
        UseTree::Path(part) => {
            path.push(part.ident.to_string());
            flatten(&part.tree, path, all);
            path.pop();
            return;
        }
        UseTree::Group(group) => return group.items.iter().for_each(|tree| flatten(tree, path, all)),
        UseTree::Glob(_) => (None, None),
        // `use a::{self}` is `use a`.
        UseTree::Name(part) if part.ident == "self" => (None, path.last().cloned()),
        UseTree::Rename(part) if part.ident == "self" => (None, Some(part.rename.to_string())),
        UseTree::Name(part) => (Some(part.ident.to_string()), Some(part.ident.to_string())),
        UseTree::Rename(part) => (Some(part.ident.to_string()), Some(part.rename.to_string())),
    };
    all.push(Import { path: path.iter().cloned().chain(last).collect(), name });
}

/// A path by which something can be named from outside, and what must hold for it besides what the thing itself needs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Export {
    pub(crate) path: String,
    pub(crate) gate: Gate,
}

/// What can be named from outside.
pub(crate) struct Exports<'a> {
    modules: &'a Modules,
    opened: BTreeSet<(String, Export)>,
    /// What the crate defines, with all its paths.
    pub(crate) own: BTreeMap<Target, BTreeSet<Export>>,
    /// What others define: its path here, and its path there.
    pub(crate) foreign: BTreeSet<(Export, String)>,
}

impl<'a> Exports<'a> {
    /// Of the whole crate.
    pub(crate) fn new(modules: &'a Modules) -> Self {
        let mut exports = Self { modules, opened: BTreeSet::new(), own: BTreeMap::new(), foreign: BTreeSet::new() };
        exports.open("", &Export { path: String::new(), gate: Gate::default() });
        exports
    }

    /// The path that an item is listed under: there with the fewest features, then the shortest, then under its own name.
    pub(crate) fn home(&self, target: &Target) -> Option<&Export> {
        let own = match target {
            Target::Module(path) => path.rsplit("::").next().unwrap_or_default(),
            Target::Item { name, .. } => name,
        };
        let rank = |export: &&Export| {
            let name = export.path.rsplit("::").next().unwrap_or_default();
            (export.gate.len(), export.path.matches("::").count(), name != own, export.path.clone())
        };
        self.own.get(target)?.iter().min_by_key(rank)
    }

    /// Exports what is public in a module, which is `at`.
    fn open(&mut self, module: &str, at: &Export) {
        assert!(at.path.matches("::").count() < DEPTH, "surface: {} leads into itself", at.path);
        if !self.opened.insert((module.to_owned(), at.clone())) {
            return;
        }
        for (item, gate) in &self.modules[module].items {
            match item {
                Item::Use(used) if is_public(&used.vis) => self.reexport(module, used, &at.path, &at.gate.and(gate)),
                Item::ExternCrate(other) if is_public(&other.vis) => panic!("surface: a crate is re-exported: {at:?}"),
                item => {
                    let Some((ident, visibility)) = named(item) else { continue };
                    if is_public(visibility) {
                        let name = ident.to_string();
                        let here = Export { path: join(&at.path, &name), gate: at.gate.clone() };
                        own(module, item, &name).into_iter().for_each(|target| self.add(target, &here));
                    }
                }
            }
        }
    }

    fn reexport(&mut self, module: &str, used: &ItemUse, path: &str, gate: &Gate) {
        assert!(used.leading_colon.is_none(), "surface: pub use ::… in {module:?}");
        for import in imports(used) {
            let mut targets = resolve(self.modules, module, &import.path);
            // A name may stand for a private module and for an exported function.
            targets.retain(|target| definitions_of(self.modules, target).next().is_some());
            let there = import.path.join("::");
            let Some(name) = &import.name else {
                assert!(!targets.is_empty(), "surface: pub use {there}::* in {module:?}");
                for target in &targets {
                    let inner = as_module(target).unwrap_or_else(|| panic!("surface: pub use {there}::* of an enum"));
                    self.open(inner, &Export { path: path.to_owned(), gate: gate.clone() });
                }
                continue;
            };
            let here = Export { path: join(path, name), gate: gate.clone() };
            if targets.is_empty() {
                self.foreign.insert((here, there));
            } else {
                targets.into_iter().for_each(|target| self.add(target, &here));
            }
        }
    }

    fn add(&mut self, target: Target, here: &Export) {
        self.own.entry(target.clone()).or_default().insert(here.clone());
        if let Target::Module(module) = target {
            self.open(&module, here);
        }
    }
}

/// Where the crate defines it with `pub`: more than once if it depends on features.
pub(crate) fn definitions_of<'m>(modules: &'m Modules, target: &Target) -> impl Iterator<Item = &'m (Item, Gate)> {
    let (module, name, is_module) = match target {
        Target::Module(path) => (path.rsplit_once("::"), path, true),
        Target::Item { module, name } => (Some((module.as_str(), name.as_str())), name, false),
    };
    let (module, name) = module.unwrap_or(("", name));
    let name = name.to_owned();
    modules[module].items.iter().filter(move |(item, _)| {
        let is_it = named(item).is_some_and(|(ident, visibility)| *ident == name && is_public(visibility));
        is_it && matches!(item, Item::Mod(_)) == is_module
    })
}
