//! Signatures on one line: written by `prettyplease`, which spaces as rustfmt does, and joined.

use syn::punctuated::Punctuated;
use syn::{
    Attribute, Expr, File, FnArg, Item, ItemConst, ItemEnum, ItemFn, ItemImpl, ItemStatic, ItemStruct, ItemTrait,
    ItemType, Pat, Type, Variant, parse_quote,
};

/// What a user of the item must know of its attributes, to stand before it.
pub(crate) fn marks(attributes: &[Attribute]) -> String {
    const MARKS: [&str; 3] = ["deprecated", "must_use", "non_exhaustive"];
    let mut marks = Vec::new();
    for attribute in attributes {
        let inside = attribute.meta.require_list().map(|list| list.tokens.to_string()).unwrap_or_default();
        if let Some(mark) = MARKS.iter().find(|mark| attribute.path().is_ident(mark)) {
            marks.push(format!("#[{mark}] "));
        } else if attribute.path().is_ident("doc") && inside == "hidden" {
            marks.push("#[doc(hidden)] ".to_owned());
        } else if attribute.path().is_ident("cfg_attr") {
            let depends = MARKS.iter().any(|mark| inside.contains(mark)) || inside.contains("derive");
            assert!(!depends, "surface: a mark or a derive depends on a feature: {inside}");
        }
    }
    marks.concat()
}

/// The traits that an item derives.
pub(crate) fn derived(attributes: &[Attribute]) -> Vec<String> {
    let mut traits = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("derive")) {
        let parse = Punctuated::<syn::Path, syn::Token![,]>::parse_terminated;
        let paths = attribute.parse_args_with(parse).expect("a derive names traits");
        traits.extend(paths.iter().map(|path| ty(&parse_quote!(#path))));
    }
    traits
}

/// A function or a method, without its body, and without what only that sees: `mut` of an argument.
pub(crate) fn function(mut item: ItemFn) -> String {
    item.attrs.clear();
    for input in &mut item.sig.inputs {
        match input {
            // Of `mut self`: in `&mut self` it belongs to the reference.
            FnArg::Receiver(receiver) => receiver.mutability = None,
            FnArg::Typed(argument) => {
                if let Pat::Ident(name) = &mut *argument.pat {
                    name.mutability = None;
                }
            }
        }
    }
    item.block = parse_quote!({});
    head(Item::Fn(item), "{}")
}

/// A struct without its fields, but saying whether it has any that are private.
pub(crate) fn structure(mut item: ItemStruct) -> String {
    use syn::Fields::{Named, Unit, Unnamed};
    let is_whole = item.fields.iter().all(|field| crate::source::is_public(&field.vis));
    let fields = match (&item.fields, is_whole) {
        (Unit, _) => "",
        (Named(_), true) => " {}",
        (Named(_), false) => " { .. }",
        (Unnamed(_), true) => "()",
        (Unnamed(_), false) => "(..)",
    };
    item.attrs.clear();
    item.fields = Unit;
    item.semi_token = Some(parse_quote!(;));
    head(Item::Struct(item), ";") + fields
}

/// An enum without its variants.
pub(crate) fn enumeration(mut item: ItemEnum) -> String {
    item.attrs.clear();
    item.variants.clear();
    head(Item::Enum(item), "{}")
}

/// A variant with its fields.
pub(crate) fn variant(mut variant: Variant) -> String {
    variant.attrs.clear();
    for field in &mut variant.fields {
        // Variants of different features would be variants; fields of different features would be overlooked.
        assert!(!field.attrs.iter().any(|attribute| attribute.path().is_ident("cfg")), "surface: a cfg on a field");
        field.attrs.clear();
    }
    let text = one_line(&written(parse_quote!(enum X { #variant })));
    let inside = text.strip_prefix("enum X {").and_then(|rest| rest.strip_suffix('}')).expect("an enum of one variant");
    inside.trim().trim_end_matches(',').to_owned()
}

/// A trait without its items.
pub(crate) fn interface(mut item: ItemTrait) -> String {
    item.attrs.clear();
    item.items.clear();
    head(Item::Trait(item), "{}")
}

/// What an impl implements for what; of a trait's, with the associated types.
pub(crate) fn implementation(mut item: ItemImpl) -> String {
    item.attrs.clear();
    item.items.retain(|item| matches!(item, syn::ImplItem::Type(_)));
    for item in &mut item.items {
        if let syn::ImplItem::Type(item) = item {
            item.attrs.clear();
        }
    }
    head(Item::Impl(item), "{}")
}

/// A constant without its value.
pub(crate) fn constant(mut item: ItemConst) -> String {
    item.attrs.clear();
    *item.expr = nothing();
    head(Item::Const(item), "= _;")
}

/// A static without its value.
pub(crate) fn static_item(mut item: ItemStatic) -> String {
    item.attrs.clear();
    *item.expr = nothing();
    head(Item::Static(item), "= _;")
}

/// An alias with what it stands for.
pub(crate) fn alias(mut item: ItemType) -> String {
    item.attrs.clear();
    head(Item::Type(item), ";")
}

/// An item of a trait as it is written, without its attributes and what it does by default.
pub(crate) fn required(item: &syn::TraitItem) -> String {
    let item_trait: ItemTrait = parse_quote!(trait X { #item });
    let text = one_line(&written(Item::Trait(item_trait)));
    let inside = text.strip_prefix("trait X {").and_then(|rest| rest.strip_suffix('}')).expect("a trait of one item");
    inside.trim().trim_end_matches("{}").trim_end_matches(';').trim().trim_end_matches(',').to_owned()
}

/// A type.
pub(crate) fn ty(ty: &Type) -> String {
    let text = one_line(&written(parse_quote!(type X = #ty;)));
    text.strip_prefix("type X = ").and_then(|rest| rest.strip_suffix(';')).expect("an alias").to_owned()
}

fn nothing() -> Expr {
    parse_quote!(_)
}

/// The item, up to its end, and without the comma after its bounds.
fn head(item: Item, end: &str) -> String {
    let text = one_line(&written(item));
    text.strip_suffix(end).unwrap_or(&text).trim().trim_end_matches(',').to_owned()
}

fn written(item: Item) -> String {
    prettyplease::unparse(&File { shebang: None, frontmatter: None, attrs: Vec::new(), items: vec![item] })
}

/// Without the line breaks, and without the commas and spaces that they bring.
fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut line = words.join(" ");
    for (broken, whole) in [("( ", "("), (", )", ")"), ("< ", "<"), (", >", ">"), ("[ ", "["), (", ]", "]")] {
        line = line.replace(broken, whole);
    }
    line
}
