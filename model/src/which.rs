//! A machine by its name, for programs and scripts that are told which one to run.

use crate::check::{Check, Checks};
use crate::machine::{Machine, Shipped};
use crate::plain::{Plain, Twin};
use crate::specimens::Ancestor;
use crate::tombstones::Tombstones;

/// The names of the machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// [`Shipped`].
    Shipped,
    /// [`Plain`].
    Plain,
    /// [`Tombstones`].
    Tombstones,
    /// The three above side by side.
    All,
    /// [`Ancestor`].
    Ancestor,
}

/// Something to be done with a machine that is known by name only.
pub trait Job {
    /// What comes of it.
    type Output;

    /// Does it.
    fn run<M: Machine>(self) -> Self::Output;
}

impl Which {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Shipped, Self::Plain, Self::Tombstones, Self::All, Self::Ancestor];

    /// The name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Shipped => "shipped",
            Self::Plain => "plain",
            Self::Tombstones => "tombstones",
            Self::All => "all",
            Self::Ancestor => "ancestor",
        }
    }

    /// What a search of it checks: machines are compared only where there are several.
    #[must_use]
    pub fn checks(self) -> Checks {
        Check::ALL.into_iter().filter(|check| *check != Check::Twin || self == Self::All).collect()
    }

    /// The machine of this name; if there is none, a message that lists them.
    ///
    /// # Errors
    /// If there is no machine of this name.
    pub fn of(name: &str) -> Result<Self, String> {
        let names = Self::ALL.map(Self::name).join(", ");
        let found = Self::ALL.into_iter().find(|which| which.name() == name);
        found.ok_or_else(|| format!("no machine is called `{name}`: there are {names}"))
    }

    /// Does `job` with this machine.
    pub fn run<J: Job>(self, job: J) -> J::Output {
        match self {
            Self::Shipped => job.run::<Shipped>(),
            Self::Plain => job.run::<Plain>(),
            Self::Tombstones => job.run::<Tombstones>(),
            Self::All => job.run::<Twin<Shipped, Twin<Plain, Tombstones>>>(),
            Self::Ancestor => job.run::<Ancestor>(),
        }
    }
}
