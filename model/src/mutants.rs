//! Seeded bugs, as data: what is changed, which real bug it is, and which check must notice.
//!
//! Owns the format of `mutants/` and of the table in `docs/mutants.md`. The program's command `mutants` builds and runs them.
//!
//! ```text
//! # What goes wrong, in one line.
//! class      C03
//! reference  golang/go#18995
//! file       core/src/pool/local.rs
//! check      loom pool::put_races_cancel
//!
//! ---- find
//! (lines that stand in the file exactly once)
//! ---- replace
//! (what to put there, to the end of the file; may be nothing)
//! ```
//!
//! Rules:
//! 1. A mutant is one change at one place of one file. It must compile: a build that fails has shown nothing.
//! 2. Exactly one check is named, and it must pass without the mutant.
//! 3. `mutants/classes.txt` lists the classes: each has a mutant, or an argument why this design cannot express it.

mod check;
mod file;
pub mod table;

pub use check::{Killer, Said};
pub use file::{Wrong, read_folder};

/// A class of bugs that real pools had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Class {
    /// Its id, such as `C03`.
    pub id: String,
    /// What goes wrong.
    pub title: String,
    /// Why this design cannot have it, if it cannot.
    pub argument: Option<String>,
}

/// One seeded bug.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mutant {
    /// The name of its file, without the extension.
    pub name: String,
    /// What goes wrong.
    pub title: String,
    /// The id of its class.
    pub class: String,
    /// The real bug that it is modelled on.
    pub reference: String,
    /// The source file that it changes, from the top of the project.
    pub file: String,
    /// What must notice.
    pub killer: Killer,
    /// What stands in the file, once.
    pub find: String,
    /// What to put there.
    pub replace: String,
}

/// All that a folder holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collection {
    /// The classes, in order.
    pub classes: Vec<Class>,
    /// The mutants, by name.
    pub mutants: Vec<Mutant>,
}

impl Mutant {
    /// The source with the bug in it.
    ///
    /// # Errors
    ///
    /// How many places there are, if not one.
    pub fn apply(&self, source: &str) -> Result<String, usize> {
        match source.matches(&self.find).count() {
            1 => Ok(source.replacen(&self.find, &self.replace, 1)),
            places => Err(places),
        }
    }

    /// The part of the project that it changes, such as `machine`.
    #[must_use]
    pub fn part(&self) -> &'static str {
        let is_in = |folder: &str| self.file.starts_with(folder);
        if is_in("core/src/stripe") {
            "machine"
        } else if is_in("core/src/runtime") {
            "runtime"
        } else if is_in("core/src/reclaim") {
            "reclamation"
        } else {
            "pool"
        }
    }
}

impl Collection {
    /// The classes that have no mutant and no argument, and those that have both.
    #[must_use]
    pub fn undecided(&self) -> Vec<&str> {
        let has_mutant = |class: &Class| self.mutants.iter().any(|mutant| mutant.class == class.id);
        let undecided = self.classes.iter().filter(|class| has_mutant(class) == class.argument.is_some());
        undecided.map(|class| class.id.as_str()).collect()
    }
}
