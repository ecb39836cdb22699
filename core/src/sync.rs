//! std or loom: the only file that names either.
#![allow(clippy::disallowed_types, reason = "this is the file that the lint sends everybody to")]

/// Shared ownership of immutable data inside a stripe. Never loom's: nothing is synchronised through it.
pub(crate) type Shared<T> = std::sync::Arc<T>;
