//! `macro_rules`, as far as the crate makes items with it: the kinds of fragments below, repetitions, any number of rules. No
//! hygiene: items have none.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use std::collections::BTreeMap;
use std::slice::Iter;
use syn::parse::{ParseStream, Parser};

/// A part of what a rule matches, or of what it makes.
enum Part {
    Token(TokenTree),
    Group(Delimiter, Vec<Part>),
    /// `$name:kind` in what is matched, `$name` in what is made.
    Fragment(String, String),
    /// `$(…),*` and the like.
    Repeat(Vec<Part>, Option<TokenTree>, char),
}

/// What a fragment stands for; below a repetition, once for each time.
#[derive(Clone)]
enum Bound {
    Once(Vec<TokenTree>),
    Each(Vec<Bound>),
}

type Bounds = BTreeMap<String, Bound>;

/// What the macro of these rules makes of a call.
pub(crate) fn expand(rules: TokenStream, call: TokenStream) -> TokenStream {
    let call: Vec<TokenTree> = call.into_iter().collect();
    let rules: Vec<TokenTree> = rules.into_iter().collect();
    let groups: Vec<&Group> =
        rules.iter().filter_map(|token| if let TokenTree::Group(group) = token { Some(group) } else { None }).collect();
    for rule in groups.chunks(2) {
        let [pattern, made] = rule else { panic!("surface: a macro's rule matches something and makes something") };
        let mut bounds = Bounds::new();
        if matched(&parts(pattern.stream(), true), &call, &mut bounds) == Some(call.len()) {
            let mut tokens = Vec::new();
            make(&parts(made.stream(), false), &bounds, &mut tokens);
            return tokens.into_iter().collect();
        }
    }
    panic!("surface: no rule of the macro matches its call");
}

fn is(token: Option<&TokenTree>, sign: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == sign)
}

fn parts(tokens: TokenStream, is_pattern: bool) -> Vec<Part> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut rest = tokens.iter();
    let mut parts = Vec::new();
    while let Some(token) = rest.next() {
        parts.push(match token {
            TokenTree::Group(group) => Part::Group(group.delimiter(), self::parts(group.stream(), is_pattern)),
            TokenTree::Punct(sign) if sign.as_char() == '$' => match rest.next() {
                Some(TokenTree::Group(group)) => repeat(group, &mut rest, is_pattern),
                Some(TokenTree::Ident(name)) if name == "crate" => Part::Token(TokenTree::Ident(name.clone())),
                Some(TokenTree::Ident(name)) if is_pattern => {
                    let kind = rest.by_ref().nth(1).expect("surface: a fragment has a kind").to_string();
                    Part::Fragment(name.to_string(), kind)
                }
                Some(TokenTree::Ident(name)) => Part::Fragment(name.to_string(), String::new()),
                _ => panic!("surface: cannot read a macro"),
            },
            token => Part::Token(token.clone()),
        });
    }
    parts
}

fn repeat(group: &Group, rest: &mut Iter<'_, TokenTree>, is_pattern: bool) -> Part {
    let sign = |token: &TokenTree| ['*', '+', '?'].into_iter().find(|sign| is(Some(token), *sign));
    let next = rest.next().expect("surface: a repetition says how often");
    let (separator, times) = match sign(next) {
        Some(times) => (None, times),
        None => (Some(next.clone()), rest.next().and_then(sign).expect("surface: a repetition says how often")),
    };
    Part::Repeat(parts(group.stream(), is_pattern), separator, times)
}

/// How many of the tokens the parts match, if they match.
fn matched(parts: &[Part], tokens: &[TokenTree], bounds: &mut Bounds) -> Option<usize> {
    let mut at = 0;
    for part in parts {
        let rest = &tokens[at..];
        at += match part {
            Part::Token(expected) => (rest.first()?.to_string() == expected.to_string()).then_some(1)?,
            Part::Group(delimiter, inner) => {
                let TokenTree::Group(group) = rest.first()? else { return None };
                let inside: Vec<TokenTree> = group.stream().into_iter().collect();
                let is_whole = group.delimiter() == *delimiter && matched(inner, &inside, bounds)? == inside.len();
                is_whole.then_some(1)?
            }
            Part::Fragment(name, kind) => {
                let length = fragment(kind, rest)?;
                bounds.insert(name.clone(), Bound::Once(rest[..length].to_vec()));
                length
            }
            Part::Repeat(inner, separator, times) => repeated(inner, separator.as_ref(), *times, rest, bounds),
        };
    }
    Some(at)
}

fn repeated(
    inner: &[Part],
    separator: Option<&TokenTree>,
    times: char,
    tokens: &[TokenTree],
    bounds: &mut Bounds,
) -> usize {
    let mut each: Vec<Bounds> = Vec::new();
    let mut at = 0;
    while times != '?' || each.is_empty() {
        let mut start = at;
        if let Some(separator) = separator.filter(|_| !each.is_empty()) {
            if tokens.get(at).map(ToString::to_string) != Some(separator.to_string()) {
                break;
            }
            start += 1;
        }
        let mut inside = Bounds::new();
        match matched(inner, &tokens[start..], &mut inside) {
            Some(length) if length > 0 => at = start + length,
            _ => break,
        }
        each.push(inside);
    }
    for name in names(inner) {
        let all = each.iter().filter_map(|bounds| bounds.get(name)).cloned().collect();
        bounds.insert(name.clone(), Bound::Each(all));
    }
    at
}

/// The fragments among the parts.
fn names(parts: &[Part]) -> Vec<&String> {
    let mut all = Vec::new();
    for part in parts {
        match part {
            Part::Token(_) => {}
            Part::Fragment(name, _) => all.push(name),
            Part::Group(_, inner) | Part::Repeat(inner, _, _) => all.extend(names(inner)),
        }
    }
    all
}

/// How many tokens a fragment of this kind takes, if it is one.
fn fragment(kind: &str, tokens: &[TokenTree]) -> Option<usize> {
    let parse = |input: ParseStream<'_>| {
        match kind {
            "ident" => drop(input.parse::<syn::Ident>()?),
            "ty" => drop(input.parse::<syn::Type>()?),
            "lifetime" => drop(input.parse::<syn::Lifetime>()?),
            "meta" => drop(input.parse::<syn::Meta>()?),
            "path" => drop(input.parse::<syn::Path>()?),
            "expr" => drop(input.parse::<syn::Expr>()?),
            "vis" => drop(input.parse::<syn::Visibility>()?),
            "literal" => drop(input.parse::<syn::Lit>()?),
            "tt" => drop(input.parse::<TokenTree>()?),
            kind => panic!("surface: cannot read macros with {kind}"),
        }
        input.parse::<TokenStream>()
    };
    let rest = parse.parse2(tokens.iter().cloned().collect()).ok()?;
    tokens.len().checked_sub(rest.into_iter().count())
}

fn make(parts: &[Part], bounds: &Bounds, tokens: &mut Vec<TokenTree>) {
    for part in parts {
        match part {
            Part::Token(token) => tokens.push(token.clone()),
            Part::Group(delimiter, inner) => {
                let mut inside = Vec::new();
                make(inner, bounds, &mut inside);
                tokens.push(TokenTree::Group(Group::new(*delimiter, inside.into_iter().collect())));
            }
            Part::Fragment(name, _) => match bounds.get(name) {
                Some(Bound::Once(bound)) => tokens.extend(bound.iter().cloned()),
                _ => panic!("surface: ${name} of a macro stands for nothing, or for several things"),
            },
            Part::Repeat(inner, separator, _) => {
                let names = names(inner);
                let times = |name: &&String| {
                    if let Some(Bound::Each(each)) = bounds.get(*name) { Some(each.len()) } else { None }
                };
                let times = names.iter().filter_map(times).max().unwrap_or(0);
                for turn in 0..times {
                    if let Some(separator) = separator.as_ref().filter(|_| turn > 0) {
                        tokens.push(separator.clone());
                    }
                    let mut inside = bounds.clone();
                    for name in &names {
                        if let Some(Bound::Each(each)) = bounds.get(*name) {
                            inside.insert((*name).clone(), each[turn].clone());
                        }
                    }
                    make(inner, &inside, tokens);
                }
            }
        }
    }
}
