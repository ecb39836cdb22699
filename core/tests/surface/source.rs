//! The crate's modules, from `lib.rs` on: what the compiler would find with all features enabled, and no tests.

use crate::gate::Gate;
use crate::macros::expand;
use std::collections::{BTreeMap, VecDeque};
use syn::{Attribute, File, Ident, Item, ItemMacro, Visibility};

/// Gives the text of a source file, named from `src` on, if there is one.
pub(crate) type Source<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// One module, public or not.
#[derive(Default)]
pub(crate) struct Module {
    /// What stands in it and can be there.
    pub(crate) items: Vec<(Item, Gate)>,
}

/// All modules by path: `""` is the crate, `"pool::error"` one further in.
pub(crate) type Modules = BTreeMap<String, Module>;

/// The modules of the crate whose files `source` gives.
pub(crate) fn read(source: &Source<'_>) -> Modules {
    let mut modules = Modules::new();
    let root = source("lib.rs").expect("surface: there is a lib.rs");
    add(&mut modules, "", parse("lib.rs", &root), &Gate::default(), source);
    modules
}

fn add(modules: &mut Modules, path: &str, items: Vec<Item>, gate: &Gate, source: &Source<'_>) {
    let mut kept = Vec::new();
    let mut waiting = VecDeque::from(items);
    while let Some(mut item) = waiting.pop_front() {
        let Some(gate) = gate.with(attributes(&item)) else { continue };
        if let Item::Macro(call) = &item
            && call.ident.is_none()
        {
            made_by(call, &kept, path).into_iter().for_each(|made| waiting.push_front(made));
            continue;
        }
        refuse(&item, path);
        if let Item::Mod(module) = &mut item {
            let inner = join(path, &module.ident.to_string());
            let inside = module.content.take().map_or_else(|| file(&inner, source), |(_, items)| items);
            add(modules, &inner, inside, &gate, source);
        }
        kept.push((item, gate));
    }
    // A module may be there twice, for different platforms.
    modules.entry(path.to_owned()).or_default().items.extend(kept);
}

/// The items of a module's own file.
fn file(path: &str, source: &Source<'_>) -> Vec<Item> {
    let name = format!("{}.rs", path.replace("::", "/"));
    let text = source(&name).unwrap_or_else(|| panic!("surface: module {path} is not in {name}"));
    parse(&name, &text)
}

fn parse(name: &str, text: &str) -> Vec<Item> {
    let file = syn::parse_file(text).unwrap_or_else(|error| panic!("surface: {name}: {error}"));
    assert!(!file.attrs.iter().any(|attribute| attribute.path().is_ident("cfg")), "surface: {name} has an inner cfg");
    file.items
}

/// What a call of a macro makes, last first: of a macro of the same module, or of one that makes statics, without `pub`.
fn made_by(call: &ItemMacro, before: &[(Item, Gate)], path: &str) -> Vec<Item> {
    let name = call.mac.path.segments.last().map(|last| last.ident.to_string()).unwrap_or_default();
    if ["thread_local", "const_thread_local", "lazy_static"].contains(&name.as_str()) {
        let has_pub = call.mac.tokens.to_string().contains("pub ");
        assert!(!has_pub, "surface: {name}! makes something public in module {path:?}");
        return Vec::new();
    }
    let is_it = |item: &&ItemMacro| item.ident.as_ref().is_some_and(|ident| *ident == name);
    let mut macros = before.iter().filter_map(|(item, _)| if let Item::Macro(item) = item { Some(item) } else { None });
    let Some(definition) = macros.rfind(is_it) else {
        panic!("surface: cannot see what {name}! makes in module {path:?}");
    };
    let made = expand(definition.mac.tokens.clone(), call.mac.tokens.clone());
    let file: File = syn::parse2(made).unwrap_or_else(|error| panic!("surface: {name}! in module {path:?}: {error}"));
    file.items.into_iter().rev().collect()
}

/// What could export something that the list would overlook.
fn refuse(item: &Item, path: &str) {
    match item {
        Item::Union(_) | Item::ForeignMod(_) | Item::TraitAlias(_) | Item::Verbatim(_) => {
            panic!("surface: cannot read an item of module {path:?}");
        }
        Item::Mod(module) => {
            let has_path = module.attrs.iter().any(|attribute| attribute.path().is_ident("path"));
            assert!(!has_path, "surface: module {} of {path:?} has a path attribute", module.ident);
        }
        _ => {}
    }
}

/// A path with one more name.
pub(crate) fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}::{name}") }
}

/// The name and the visibility of an item that has them.
pub(crate) fn named(item: &Item) -> Option<(&Ident, &Visibility)> {
    match item {
        Item::Const(item) => Some((&item.ident, &item.vis)),
        Item::Enum(item) => Some((&item.ident, &item.vis)),
        Item::Fn(item) => Some((&item.sig.ident, &item.vis)),
        Item::Mod(item) => Some((&item.ident, &item.vis)),
        Item::Static(item) => Some((&item.ident, &item.vis)),
        Item::Struct(item) => Some((&item.ident, &item.vis)),
        Item::Trait(item) => Some((&item.ident, &item.vis)),
        Item::Type(item) => Some((&item.ident, &item.vis)),
        _ => None,
    }
}

/// The attributes of an item.
pub(crate) fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// Whether it says `pub` and nothing more.
pub(crate) fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}
