//! A run of a real pool that went wrong, told as a [`Story`].

use super::history::{Event, History, Outcome, Resource, What};
use super::linear::Wrong;
use crate::programs::Op;
use crate::story::{Panel, Step, Story};
use core::fmt;

/// What is wrong with a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The history is not one of the specification's.
    Wrong(Box<Wrong>),
    /// Not every thread has ended, though the specification finds nothing wrong with what was answered, and with who waits.
    Stuck,
    /// Something panicked: the pool, or loom, which says so of deadlocks, data races, leaked references and endless loops.
    Panicked(String),
    /// Of something that was left at the end.
    Left(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wrong(wrong) => write!(f, "{}", wrong.reason),
            Self::Stuck => write!(f, "nobody moves, and not every thread has ended"),
            Self::Panicked(message) => write!(f, "panicked: {message}"),
            Self::Left(what) => write!(f, "at the end: {what}"),
        }
    }
}

/// What a summary adds if nobody looked whether all of the capacity can be taken.
pub(crate) const fn capacity(is_known: bool) -> &'static str {
    if is_known { "" } else { "; capacity not looked at" }
}

/// A run that went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counterexample {
    /// What was run: a program, or how it was drawn, such that it can be run again.
    pub program: String,
    /// How many threads it has, not counting the main one.
    pub threads: usize,
    /// What happened, up to the event at which it went wrong.
    pub history: History,
    /// What is wrong.
    pub fault: Fault,
}

impl Counterexample {
    /// How much there is to read.
    #[must_use]
    pub fn length(&self) -> (usize, usize) {
        self.history.length()
    }

    /// The run, told. `pool` is what it was played on.
    #[must_use]
    pub fn story(&self, pool: &str) -> Story {
        let mut columns: Vec<String> = (0..self.threads).map(|thread| format!("thread {thread}")).collect();
        columns.push("main".to_owned());
        let mut scene = vec![Doing::default(); columns.len()];
        let start = Step { panels: panels(&columns, &scene), ..Step::default() };
        let mut steps = vec![start];
        for event in &self.history.0 {
            let action = scene.get_mut(event.column).map(|doing| doing.follow(event)).unwrap_or_default();
            let panels = panels(&columns, &scene);
            let doing = scene.iter().map(Doing::words).collect();
            steps.push(Step { column: Some(event.column), action, doing, panels, ..Step::default() });
        }
        if let Some(last) = steps.last_mut() {
            last.failed = vec![self.fault.to_string()];
        }
        let about = self.about();
        Story { title: format!("{pool}: {}", self.program), verdict: self.fault.to_string(), about, columns, steps }
    }

    fn about(&self) -> Vec<(String, String)> {
        let Fault::Wrong(wrong) = &self.fault else { return Vec::new() };
        vec![("specification".to_owned(), wrong.spec.to_string())]
    }
}

/// What a column is doing.
#[derive(Clone, Debug, Default)]
struct Doing {
    call: Option<Op>,
    held: Vec<Resource>,
}

impl Doing {
    /// Goes along with the event, and puts it in words.
    fn follow(&mut self, event: &Event) -> String {
        match &event.what {
            What::Called(op, given) => {
                self.call = Some(*op);
                self.held.retain(|held| Some(*held) != *given);
                given.map_or_else(|| verb(*op).to_owned(), |given| format!("{} {given}", verb(*op)))
            }
            What::Answered(outcome) => {
                self.call = None;
                match outcome {
                    Outcome::Got(resource) => self.held.push(*resource),
                    Outcome::Done | Outcome::Nothing | Outcome::Closed => {}
                }
                format!("-> {outcome}")
            }
            What::Rested => "nobody moves".to_owned(),
            What::Noted(words) => format!("({words})"),
        }
    }

    fn words(&self) -> String {
        match (self.call, self.held.as_slice()) {
            (Some(op), _) => format!("in {}", verb(op)),
            (None, []) => String::new(),
            (None, held) => format!("holds {}", names(held)),
        }
    }
}

fn panels(columns: &[String], scene: &[Doing]) -> Vec<Panel> {
    let busy = columns.iter().zip(scene).filter(|(_, doing)| doing.call.is_some());
    let held = columns.iter().zip(scene).filter(|(_, doing)| !doing.held.is_empty());
    vec![
        Panel::new("under way", busy.map(|(name, doing)| format!("{name}: {}", doing.call.map_or("", verb)))),
        Panel::new("held", held.map(|(name, doing)| format!("{name}: {}", names(&doing.held)))),
    ]
}

fn names(held: &[Resource]) -> String {
    held.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

const fn verb(op: Op) -> &'static str {
    match op {
        Op::Take => "take",
        Op::TryTake => "try to take",
        Op::TimedTake => "take, deadline passed",
        Op::CancelledTake => "take, given up",
        Op::Put => "put",
        Op::Discard => "discard",
        Op::Detach => "detach",
        Op::FailCreate => "fail to create",
        Op::Reap => "reap",
        Op::Drain => "drain",
        Op::Grow => "grow",
        Op::Shrink => "shrink",
        Op::Close => "close",
    }
}
