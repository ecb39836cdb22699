//! The ancestor's rules as published, and what is wrong with them: one shortest counterexample each.
//!
//! The design that this project descends from is a pure machine too, so it runs in the same world behind the same trait
//! ([`Ancestor`], `specimens/ancestor.rs`). All its faults are in one rendering; a [`Specimen`] says which check it
//! refutes and in what surroundings. The surroundings only ever leave things out (kinds of moves, interleaving), so a
//! counterexample found in them is one anywhere. A trace may pass through another fault on its way: the check tells them apart. The last fault is not one of the machine
//! but of how it is built (`specimens/stripes.rs`).

mod ancestor;
mod stripes;

pub use ancestor::Ancestor;
pub use stripes::{Miscounted, stripe_count_is_ignored};

use crate::check::Check;
use crate::explore::shortest;
use crate::machine::Machine;
use crate::render::{self, Frame};
use crate::story::{Story, table};
use crate::world::{Env, Kind, Kinds};

/// A published rule that a check refutes.
#[derive(Clone, Copy, Debug)]
pub struct Specimen {
    /// A short name, also of its golden trace.
    pub name: &'static str,
    /// The rule, as published.
    pub rule: &'static str,
    /// What comes of it.
    pub consequence: &'static str,
    /// The check that it fails.
    pub check: Check,
    /// The surroundings in which the fault is shown.
    pub env: Env,
}

/// Nothing concurrent: effects are performed before anything else happens.
const fn sequential(kinds: &[Kind]) -> Env {
    Env { kinds: Kinds::of(kinds), sequential: true, ..Env::new(2, 1, 1, 0) }
}

/// Effects interleave with everything.
const fn interleaved(kinds: &[Kind]) -> Env {
    Env { kinds: Kinds::of(kinds), drops_late_results: true, ..Env::new(2, 1, 1, 0) }
}

/// The faults of the machine, in the order of the list that the project started from. The fifth has two faces.
pub const SPECIMENS: [Specimen; 7] = [
    Specimen {
        name: "1-put-counts-twice",
        rule: "signal, for a resource and no waiter: available + 1, then InsertWithTimestamp caches it; \
               takeResource, cache hit: available unchanged",
        consequence: "the permit of a cached resource is given out a second time: two resources where one is allowed",
        check: Check::FreeFirst,
        env: sequential(&[Kind::Take, Kind::Return]),
    },
    Specimen {
        name: "2-destroy-restores-nothing",
        rule: "destroyResource is signal stripe Create; signal, for Create and no waiter: available unchanged",
        consequence: "the capacity is lost: the next take waits, and nobody is left who could wake it",
        check: Check::Progress,
        env: sequential(&[Kind::Take, Kind::Discard]),
    },
    Specimen {
        name: "3-failed-create-wakes-nobody",
        rule: "restoreSize: available + 1, queue not looked at, no effects",
        consequence: "a permit is free, the take that waits for it is not woken, and nobody is left who could",
        check: Check::Progress,
        env: sequential(&[Kind::Take, Kind::CreateFailed]),
    },
    Specimen {
        name: "4-insert-without-second-look",
        rule: "InsertWithTimestamp: a second compare-and-swap puts the entry into the cache, queue not looked at",
        consequence: "a take that came in between waits beside an idle resource",
        check: Check::Work,
        env: interleaved(&[Kind::Take, Kind::Return]),
    },
    Specimen {
        name: "5-late-cancel-drops-resource",
        rule: "waitForResource, aborted: insert the id into cancelled; the channel is not read again",
        consequence: "the result that was committed before arrives where nobody looks: the resource has no owner",
        check: Check::Owner,
        env: interleaved(&[Kind::Take, Kind::Return, Kind::Cancel]),
    },
    Specimen {
        name: "5-late-cancel-leaves-tombstone",
        rule: "waitForResource, aborted: insert the id into cancelled; dequeueLive deletes it when it meets the waiter",
        consequence: "the waiter has left the queue already: its tombstone is kept for ever",
        check: Check::Bounded,
        env: interleaved(&[Kind::Take, Kind::Return, Kind::Cancel]),
    },
    Specimen {
        name: "6-destroy-never-frees",
        rule: "destroyResource takes no resource and emits no FreeMany",
        consequence: "the resource lives on, and nobody owns it",
        check: Check::Owner,
        env: sequential(&[Kind::Take, Kind::Discard]),
    },
];

/// The name of the fault that is not one of the machine.
pub const STRIPE_COUNT: &str = "7-stripe-count-is-ignored";

/// A specimen and a shortest counterexample to it.
#[derive(Clone, Debug)]
pub struct Refuted {
    /// The specimen.
    pub specimen: Specimen,
    /// The start, and one frame for each move.
    pub frames: Vec<Frame>,
}

impl Specimen {
    /// A shortest counterexample; none if the rule holds.
    #[must_use]
    pub fn refute(&self) -> Option<Refuted> {
        self.search::<Ancestor>(self.env)
    }

    /// As [`refute`](Self::refute), for another machine in the same surroundings; only how the ancestor waits is its own
    /// fault, and left out.
    #[must_use]
    pub fn refute_for<M: Machine>(&self) -> Option<Refuted> {
        self.search::<M>(Env { drops_late_results: false, ..self.env })
    }

    fn search<M: Machine>(&self, env: Env) -> Option<Refuted> {
        let moves = shortest::<M>(env, self.check)?;
        Some(Refuted { specimen: *self, frames: render::frames::<M>(&env, &moves) })
    }
}

impl Refuted {
    /// How many moves there are.
    #[must_use]
    pub fn moves(&self) -> usize {
        self.frames.len() - 1
    }

    /// The counterexample as a readable trace.
    #[must_use]
    pub fn text(&self) -> String {
        let about = [self.about(), vec![("fails".to_owned(), self.specimen.check.id().to_owned())]].concat();
        let rows: Vec<_> = about.into_iter().map(|(label, words)| vec![label, words]).collect();
        format!("{}\n{}", table(&rows), render::text(&self.frames, 0))
    }

    /// The counterexample as a story.
    #[must_use]
    pub fn story(&self) -> Story {
        let mut story = render::counterexample(self.specimen.name, &self.frames, self.specimen.check);
        story.about.splice(0..0, self.about());
        story
    }

    fn about(&self) -> Vec<(String, String)> {
        let Specimen { rule, consequence, .. } = self.specimen;
        [("published", rule), ("so", consequence)].map(|(label, words)| (label.to_owned(), words.to_owned())).into()
    }
}
