//! The lines: one for each item that can be named from outside, and for what can be done with it.

use crate::gate::Gate;
use crate::names::{Export, Exports, Target, definitions_of, resolve};
use crate::source::{Modules, Source, attributes, is_public, join, read};
use crate::text;
use std::collections::BTreeSet;
use syn::{Attribute, Field, ImplItem, Item, ItemFn, ItemImpl, ItemTrait, PathArguments, TraitItem, Type, parse_quote};

/// Everything that the crate of these sources exports.
pub(crate) fn surface(source: &Source<'_>) -> BTreeSet<String> {
    let modules = read(source);
    let exports = Exports::new(&modules);
    let mut list = List { modules: &modules, exports: &exports, lines: BTreeSet::new() };
    list.definitions();
    list.implementations();
    list.lines
}

struct List<'a> {
    modules: &'a Modules,
    exports: &'a Exports<'a>,
    lines: BTreeSet<String>,
}

impl List<'_> {
    fn line(&mut self, path: &str, attributes: &[Attribute], what: &str, gate: &Gate) {
        self.lines.insert(format!("{path}: {}{what}{}", text::marks(attributes), gate.suffix()));
    }

    /// What is defined, each at home, and its other paths.
    fn definitions(&mut self) {
        for (target, paths) in &self.exports.own {
            let Some(home) = self.exports.home(target) else { continue };
            for (item, gate) in definitions_of(self.modules, target) {
                for other in paths.iter().filter(|other| other.path != home.path) {
                    self.line(&other.path, &[], &format!("pub use {}", home.path), &other.gate.and(gate));
                }
                self.item(item, &home.path, &home.gate.and(gate));
            }
        }
        for (here, there) in &self.exports.foreign {
            self.line(&here.path, &[], &format!("pub use {there}"), &here.gate);
        }
        for (item, gate) in self.modules.values().flat_map(|module| &module.items) {
            let Item::Macro(item) = item else { continue };
            if item.attrs.iter().any(|attribute| attribute.path().is_ident("macro_export")) {
                let name = item.ident.as_ref().map(ToString::to_string).unwrap_or_default();
                self.line(&name, &item.attrs, &format!("macro_rules! {name}"), gate);
            }
        }
    }

    fn item(&mut self, item: &Item, path: &str, gate: &Gate) {
        let what = match item.clone() {
            Item::Const(item) => text::constant(item),
            Item::Enum(item) => text::enumeration(item),
            Item::Fn(item) => text::function(item),
            Item::Mod(item) => format!("pub mod {}", item.ident),
            Item::Static(item) => text::static_item(item),
            Item::Struct(item) => text::structure(item),
            Item::Trait(item) => text::interface(item),
            Item::Type(item) => text::alias(item),
            _ => panic!("surface: cannot list {path}"),
        };
        self.line(path, attributes(item), &what, gate);
        for derived in text::derived(attributes(item)) {
            self.line(path, &[], &format!("#[derive({derived})]"), gate);
        }
        match item {
            Item::Struct(item) => self.fields(item.fields.iter(), path, gate),
            Item::Enum(item) => {
                for variant in &item.variants {
                    let Some(gate) = gate.with(&variant.attrs) else { continue };
                    let variant_path = join(path, &variant.ident.to_string());
                    self.line(&variant_path, &variant.attrs, &text::variant(variant.clone()), &gate);
                }
            }
            Item::Trait(item) => self.trait_items(item, path, gate),
            _ => {}
        }
    }

    fn fields<'f>(&mut self, fields: impl Iterator<Item = &'f Field>, path: &str, gate: &Gate) {
        for (index, field) in fields.enumerate().filter(|(_, field)| is_public(&field.vis)) {
            let Some(gate) = gate.with(&field.attrs) else { continue };
            let name = field.ident.as_ref().map_or_else(|| index.to_string(), ToString::to_string);
            self.line(&join(path, &name), &field.attrs, &format!("pub {name}: {}", text::ty(&field.ty)), &gate);
        }
    }

    fn trait_items(&mut self, item: &ItemTrait, path: &str, gate: &Gate) {
        for item in &item.items {
            let mut bare = item.clone();
            let (name, attributes, is_provided) = match &mut bare {
                TraitItem::Const(item) => {
                    (item.ident.to_string(), std::mem::take(&mut item.attrs), item.default.take().is_some())
                }
                TraitItem::Fn(item) => {
                    let is_provided = item.default.take().is_some();
                    item.semi_token = Some(parse_quote!(;));
                    (item.sig.ident.to_string(), std::mem::take(&mut item.attrs), is_provided)
                }
                TraitItem::Type(item) => {
                    (item.ident.to_string(), std::mem::take(&mut item.attrs), item.default.take().is_some())
                }
                _ => panic!("surface: cannot list an item of trait {path}"),
            };
            let Some(gate) = gate.with(&attributes) else { continue };
            let provided = if is_provided { " { .. }" } else { "" };
            self.line(&join(path, &name), &attributes, &format!("{}{provided}", text::required(&bare)), &gate);
        }
    }

    /// Methods and traits of what is exported, wherever their impls stand.
    fn implementations(&mut self) {
        for (module, content) in self.modules {
            for (item, gate) in &content.items {
                let Item::Impl(item) = item else { continue };
                let Some(owner) = self.owner(module, item) else { continue };
                let (path, gate) = (owner.path.clone(), owner.gate.and(gate));
                let head = text::implementation(item.clone());
                if item.trait_.is_some() {
                    self.line(&path, &item.attrs, &head, &gate);
                } else {
                    self.methods(item, &path, &head, &gate);
                }
            }
        }
    }

    fn methods(&mut self, item: &ItemImpl, path: &str, head: &str, gate: &Gate) {
        for item in &item.items {
            let (name, attributes, visibility, what) = match item.clone() {
                ImplItem::Fn(item) => {
                    let name = item.sig.ident.to_string();
                    let (sig, vis) = (item.sig, item.vis.clone());
                    let function: ItemFn =
                        ItemFn { attrs: Vec::new(), vis, modifiers: item.modifiers, sig, block: Box::new(item.block) };
                    (name, item.attrs, item.vis, text::function(function))
                }
                ImplItem::Const(item) => {
                    let (ident, ty, vis) = (item.ident, item.ty, item.vis);
                    let what = text::constant(parse_quote!(#vis const #ident: #ty = _;));
                    (ident.to_string(), item.attrs, vis, what)
                }
                _ => panic!("surface: cannot list an item of {head}"),
            };
            if !is_public(&visibility) {
                continue;
            }
            let Some(gate) = gate.with(&attributes) else { continue };
            self.line(&join(path, &name), &attributes, &format!("{what} in {head}"), &gate);
        }
    }

    /// Under what an impl is listed: its type; if that is of another crate, the trait or what stands in its arguments. Nothing if
    /// it cannot be seen from outside.
    fn owner(&self, module: &str, item: &ItemImpl) -> Option<&Export> {
        let implemented = item.trait_.as_ref().map(|(path, _)| self.targets(module, path)).unwrap_or_default();
        let is_seen = |targets: &[Target]| targets.iter().any(|target| self.exports.home(target).is_some());
        if !implemented.is_empty() && !is_seen(&implemented) {
            return None;
        }
        let own = self.targets_of(module, &item.self_ty);
        let candidates = if own.is_empty() {
            let (path, _) = item.trait_.as_ref()?;
            let arguments = arguments(path).into_iter().flat_map(|ty| self.targets_of(module, ty));
            implemented.iter().cloned().chain(arguments).collect()
        } else {
            own
        };
        candidates.iter().find_map(|target| self.exports.home(target))
    }

    fn targets(&self, module: &str, path: &syn::Path) -> Vec<Target> {
        let names: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if path.leading_colon.is_some() { Vec::new() } else { resolve(self.modules, module, &names) }
    }

    /// What of this crate a type names: through references, and through aliases of it.
    fn targets_of(&self, module: &str, ty: &Type) -> Vec<Target> {
        let path = match ty {
            Type::Reference(reference) => return self.targets_of(module, &reference.elem),
            Type::Paren(inner) => return self.targets_of(module, &inner.elem),
            Type::Group(inner) => return self.targets_of(module, &inner.elem),
            Type::Path(path) => &path.path,
            _ => return Vec::new(),
        };
        let behind = |target: Target| match &target {
            Target::Module(_) => vec![target],
            Target::Item { module, name } => {
                self.alias(module, name).map_or_else(|| vec![target.clone()], |ty| self.targets_of(module, ty))
            }
        };
        self.targets(module, path).into_iter().flat_map(behind).collect()
    }

    fn alias(&self, module: &str, name: &str) -> Option<&Type> {
        self.modules[module].items.iter().find_map(|(item, _)| match item {
            Item::Type(item) if item.ident == name => Some(&*item.ty),
            _ => None,
        })
    }
}

/// The types in the arguments of a trait: `A` of `From<A>`.
fn arguments(path: &syn::Path) -> Vec<&Type> {
    let Some(PathArguments::AngleBracketed(arguments)) = path.segments.last().map(|last| &last.arguments) else {
        return Vec::new();
    };
    let types = arguments.args.iter().filter_map(|argument| match argument {
        syn::GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    types.collect()
}
