//! Small crates, and what must be seen of them.

use crate::list::surface;
use std::panic::catch_unwind;

/// The list of a crate of these files.
fn listed(files: &[(&str, &str)]) -> Vec<String> {
    let source = |wanted: &str| files.iter().find(|(name, _)| *name == wanted).map(|(_, text)| (*text).to_owned());
    surface(&source).into_iter().collect()
}

/// The list of a crate of one file.
fn lines(text: &str) -> Vec<String> {
    listed(&[("lib.rs", text)])
}

/// What two crates of one file differ in, as the test shows it.
fn change(before: &str, after: &str) -> Vec<String> {
    let lines = crate::changes(&lines(before).into_iter().collect(), &lines(after).into_iter().collect());
    lines.lines().map(str::to_owned).collect()
}

#[test]
fn only_what_a_public_path_leads_to_is_listed() {
    let files = [
        ("lib.rs", "mod a; pub mod b; pub use a::inner::Seen; pub(crate) use a::inner::Used; fn hidden() {}"),
        ("a.rs", "pub mod inner; pub fn unreachable() {}"),
        ("a/inner.rs", "pub struct Seen; pub struct Used; pub fn unreachable() {} pub(crate) fn inside() {}"),
        ("b.rs", "pub fn f() {} pub(super) fn g() {} mod private { pub fn h() {} } pub use self::private::h as i;"),
    ];
    assert_eq!(listed(&files), ["Seen: pub struct Seen", "b: pub mod b", "b::f: pub fn f()", "b::i: pub fn h()"]);
}

#[test]
fn the_shortest_path_is_an_items_home() {
    let files = [
        ("lib.rs", "pub mod deep; pub use deep::{Both, deeper}; pub use deep::deeper::*; pub use std::sync::Arc;"),
        ("deep.rs", "pub mod deeper; pub struct Both;"),
        ("deep/deeper.rs", "pub struct Globbed; pub use super::Both as Again;"),
    ];
    let expected = [
        "Again: pub use Both",
        "Arc: pub use std::sync::Arc",
        "Both: pub struct Both",
        "Globbed: pub struct Globbed",
        "deep: pub mod deep",
        "deep::Both: pub use Both",
        "deep::deeper: pub use deeper",
        "deep::deeper::Again: pub use Both",
        "deep::deeper::Globbed: pub use Globbed",
        "deeper: pub mod deeper",
        "deeper::Again: pub use Both",
        "deeper::Globbed: pub use Globbed",
    ];
    assert_eq!(listed(&files), expected);
}

#[test]
fn each_kind_of_item_has_its_line() {
    let text = r#"
        /// Documentation does not count.
        #[derive(Clone, Debug)] #[must_use = "why"] pub struct Named<T: Copy> where T: Send { pub a: T, b: u8 }
        pub struct Whole { pub a: u8 }
        pub struct Tuple(pub u8, u16);
        #[non_exhaustive] pub enum E { #[non_exhaustive] Unit, Tuple(u8), Named { a: u8 }, }
        pub const LIMIT: usize = 3;
        pub static NAME: &str = "";
        pub type Alias<T> = Result<T, E>;
        pub async unsafe fn f<'a, T: ?Sized>(a: &'a T, b: impl Fn(u8) -> u8) -> Option<&'a T> where T: Sync { todo!() }
        pub unsafe trait Outside: Send { const N: u8; type Item: Copy; fn now(&self) -> u64; #[must_use] fn free(&self) {} }
        #[macro_export] macro_rules! exported { () => {} }
    "#;
    let expected = [
        "Alias: pub type Alias<T> = Result<T, E>",
        "E: #[non_exhaustive] pub enum E",
        "E::Named: Named { a: u8 }",
        "E::Tuple: Tuple(u8)",
        "E::Unit: #[non_exhaustive] Unit",
        "LIMIT: pub const LIMIT: usize",
        "NAME: pub static NAME: &str",
        "Named: #[derive(Clone)]",
        "Named: #[derive(Debug)]",
        "Named: #[must_use] pub struct Named<T: Copy> where T: Send { .. }",
        "Named::a: pub a: T",
        "Outside: pub unsafe trait Outside: Send",
        "Outside::Item: type Item: Copy",
        "Outside::N: const N: u8",
        "Outside::free: #[must_use] fn free(&self) { .. }",
        "Outside::now: fn now(&self) -> u64",
        "Tuple: pub struct Tuple(..)",
        "Tuple::0: pub 0: u8",
        "Whole: pub struct Whole {}",
        "Whole::a: pub a: u8",
        "exported: macro_rules! exported",
        "f: pub async unsafe fn f<'a, T: ?Sized>(a: &'a T, b: impl Fn(u8) -> u8) -> Option<&'a T> where T: Sync",
    ];
    assert_eq!(lines(text), expected);
}

#[test]
fn a_signature_of_any_length_is_one_line() {
    let arguments: Vec<String> = ('a'..='z').map(|name| format!("a_long_name_of_{name}: &'static str")).collect();
    let arguments = arguments.join(", ");
    let text = format!("pub fn f<First: Clone + Send + Sync + 'static>({arguments}) -> u8 where First: Copy {{ 0 }}");
    let found = lines(&text);
    let expected = format!("f: pub fn f<First: Clone + Send + Sync + 'static>({arguments}) -> u8 where First: Copy");
    assert_eq!(found, [expected]);
}

#[test]
fn methods_and_traits_are_found_wherever_their_impls_stand() {
    let files = [
        ("lib.rs", "mod a; mod other; pub use a::P; pub trait Open {} trait Closed {} impl Closed for P<u8> {}"),
        ("a.rs", "pub struct P<T>(T); struct Private; impl Clone for Private { }"),
        (
            "other.rs",
            "use super::a::P as Q; use crate::Open;
            impl<T: Copy> Q<T> { pub const N: u8 = 1; fn hidden(&self) {} pub(crate) fn near() {} }
            impl<T: Copy> Q<T> { #[must_use] pub fn get(&self) -> T {} }
            impl<'a, T> IntoIterator for &'a Q<T> { type Item = &'a T; fn into_iter(self) {} }
            unsafe impl<T> Send for Q<T> {}
            impl Open for u8 {} impl<T> From<Q<T>> for String { fn from(q: Q<T>) -> String {} } impl From<u8> for String {}",
        ),
    ];
    let expected = [
        "Open: impl Open for u8",
        "Open: pub trait Open",
        "P: impl<'a, T> IntoIterator for &'a Q<T> { type Item = &'a T; }",
        "P: impl<T> From<Q<T>> for String",
        "P: pub struct P<T>(..)",
        "P: unsafe impl<T> Send for Q<T>",
        "P::N: pub const N: u8 in impl<T: Copy> Q<T>",
        "P::get: #[must_use] pub fn get(&self) -> T in impl<T: Copy> Q<T>",
    ];
    assert_eq!(listed(&files), expected);
}

#[test]
fn what_a_macro_of_the_module_makes_is_listed() {
    let text = r"
        macro_rules! lease {
            (none) => {};
            ($(#[$doc:meta])* $name:ident $(<$life:lifetime>)?, $loan:ty; $($field:ident),*) => {
                $(#[$doc])*
                pub struct $name<$($life,)? M: Copy>($loan);
                impl<$($life,)? M: Copy> $name<$($life,)? M> {
                    pub fn get(&self, $($field: $crate::S),*) -> $loan {}
                }
            };
        }
        pub struct S;
        lease!(none);
        lease! {
            /// A lease.
            #[must_use]
            Lease<'a>, Option<&'a M>; one, two
        }
        lease!(Owned, M;);
    ";
    let expected = [
        "Lease: #[must_use] pub struct Lease<'a, M: Copy>(..)",
        "Lease::get: pub fn get(&self, one: crate::S, two: crate::S) -> Option<&'a M> in impl<'a, M: Copy> Lease<'a, M>",
        "Owned: pub struct Owned<M: Copy>(..)",
        "Owned::get: pub fn get(&self) -> M in impl<M: Copy> Owned<M>",
        "S: pub struct S",
    ];
    assert_eq!(lines(text), expected);
}

#[test]
fn features_are_named_and_tests_are_left_out() {
    let files = [
        (
            "lib.rs",
            r#"
            #[cfg(windows)] pub mod twice { pub fn f() {} }
            #[cfg(not(windows))] pub mod twice { pub fn f() {} }
            #[cfg(feature = "x")] pub mod gated;
            #[cfg(test)] pub mod tests;
            #[cfg(all(doctest, not(feature = "x")))] pub struct Readme;
            #[cfg(any(test, feature = "y"))] pub fn f() {}
            #[cfg(not(test))] pub fn g() {}
            #[cfg(not(any(feature = "x", feature = "y")))] pub fn h() {}
            pub struct S { #[cfg(feature = "x")] pub field: u8 }
            #[cfg(any(feature = "x", feature = "z"))] #[cfg(feature = "z")] pub fn z(mut a: &mut u8) {}
            #[cfg(all(feature = "x", target_os = "linux"))] impl S { #[cfg(feature = "y")] pub fn m(&self) {} }
            "#,
        ),
        (
            "gated.rs",
            r#"pub fn inside() {} #[cfg(feature = "y")] pub struct Both; #[cfg(feature = "y")] impl Drop for Both {}"#,
        ),
    ];
    let expected = [
        "S: pub struct S {}",
        "S::field: pub field: u8 [x]",
        "S::m: pub fn m(&self) in impl S [target_os = \"linux\", x, y]",
        "f: pub fn f() [y]",
        "g: pub fn g()",
        "gated: pub mod gated [x]",
        "gated::Both: impl Drop for Both [x, y]",
        "gated::Both: pub struct Both [x, y]",
        "gated::inside: pub fn inside() [x]",
        "h: pub fn h() [not(any(x, y))]",
        "twice: pub mod twice [not(windows)]",
        "twice: pub mod twice [windows]",
        "twice::f: pub fn f() [not(windows)]",
        "twice::f: pub fn f() [windows]",
        "z: pub fn z(a: &mut u8) [z]",
    ];
    assert_eq!(listed(&files), expected);
}

#[test]
fn each_change_is_seen() {
    let changed = |before, after, expected: &[&str]| assert_eq!(change(before, after), expected, "{before} => {after}");
    let pool = "pub struct P; impl P { pub fn a(&self) {} }";
    let both = "pub struct P; impl P { pub fn a(&self) {} pub fn b(&self) {} }";
    changed(pool, both, &["+ P::b: pub fn b(&self) in impl P"]);
    changed(both, pool, &["- P::b: pub fn b(&self) in impl P"]);
    changed(
        "pub fn f(wait: u32) {}",
        "pub fn f(wait: u64) {}",
        &["- f: pub fn f(wait: u32)", "+ f: pub fn f(wait: u64)"],
    );
    changed("pub fn f(a: u8) {}", "pub fn f(b: u8) {}", &["- f: pub fn f(a: u8)", "+ f: pub fn f(b: u8)"]);
    changed("pub fn f() {}", "pub(crate) fn f() {}", &["- f: pub fn f()"]);
    changed(
        "pub struct S { pub a: u8 }",
        "pub struct S { a: u8 }",
        &["- S: pub struct S {}", "+ S: pub struct S { .. }", "- S::a: pub a: u8"],
    );
    changed("pub enum E { A }", "pub enum E { A, B }", &["+ E::B: B"]);
    changed("#[derive(Clone, Copy)] pub struct S;", "#[derive(Clone)] pub struct S;", &["- S: #[derive(Copy)]"]);
    let bound = "pub struct S<T>(T); impl<T: Send> S<T> { pub fn f() {} }";
    let freed = "pub struct S<T>(T); impl<T> S<T> { pub fn f() {} }";
    changed(bound, freed, &["- S::f: pub fn f() in impl<T: Send> S<T>", "+ S::f: pub fn f() in impl<T> S<T>"]);
    changed(
        "#[non_exhaustive] pub enum E {}",
        "pub enum E {}",
        &["- E: #[non_exhaustive] pub enum E", "+ E: pub enum E"],
    );
    changed("pub fn f() {}", "#[cfg(feature = \"x\")] pub fn f() {}", &["- f: pub fn f()", "+ f: pub fn f() [x]"]);
    changed("/// Old. \npub fn f(a: u8) { one() }", "/// New.\n#[inline] pub fn f(mut a: u8) { two() }", &[]);
}

#[test]
fn what_cannot_be_read_is_refused() {
    let refused = [
        "make_an_item!();",
        "thread_local! { pub static A: u8 = 1; }",
        "macro_rules! items { (one) => {}; } items!(two);",
        "#[path = \"elsewhere.rs\"] mod a;",
        "mod missing;",
        "pub use ::std::fmt;",
        "pub enum E { A } pub use E::*;",
        "pub extern crate core;",
        "#[cfg_attr(feature = \"x\", non_exhaustive)] pub enum E {}",
        "pub enum E { A { #[cfg(feature = \"x\")] a: u8 } }",
        "pub mod a { pub use super::a; }",
        "pub union U { a: u8 }",
    ];
    for text in refused {
        let outcome = catch_unwind(|| lines(text));
        assert!(outcome.is_err(), "{text} is listed as {outcome:?}");
    }
}
