//! Small concurrent programs over a pool's operations: what is enumerated, and how many there are.
//!
//! Pure data: `tests/generated` runs them under loom on the shipped runtime, `tests/shuttle.rs` longer ones under shuttle. What
//! is too much to run in full is sampled: [`strata`].
//!
//! Rules:
//! 1. A program is one script for each thread and a primed state. Threads are interchangeable, so scripts are taken as a
//!    multiset: of all orders of the same scripts one is enumerated.
//! 2. A thread holds what it took, or what it was primed with, on a stack; an operation that gives something back gives the
//!    top. A script that gives back before it takes is primed with as many leases, or permits for [`Op::FailCreate`].
//! 3. The stripe's capacity is what the program was primed with, at least 1, and what [`Prime`] adds: as tight as can be,
//!    because a race that needs room to be absent does not happen where there is room.
//! 4. At the end of its script a thread gives back what it holds, last first.

pub mod random;
pub mod strata;

use core::fmt;
use core::str::FromStr;

/// One operation of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Op {
    /// Take, and wait if need be.
    Take,
    /// Take without waiting.
    TryTake,
    /// Take with a deadline that has passed: queue up, look, cancel, and then believe what came first.
    TimedTake,
    /// Queue up and be dropped: a cancelled future.
    CancelledTake,
    /// Give back, creating first if a permit is held.
    Put,
    /// Give back to be freed.
    Discard,
    /// Take out of the pool for good.
    Detach,
    /// Give a permit back unused.
    FailCreate,
    /// Free what is stale: everything idle.
    Reap,
    /// Free what is idle.
    Drain,
    /// Allow one more.
    Grow,
    /// Allow one less, but at least one.
    Shrink,
    /// Close.
    Close,
}

impl Op {
    /// All operations.
    pub const ALL: [Self; 13] = [
        Self::Take,
        Self::TryTake,
        Self::TimedTake,
        Self::CancelledTake,
        Self::Put,
        Self::Discard,
        Self::Detach,
        Self::FailCreate,
        Self::Reap,
        Self::Drain,
        Self::Grow,
        Self::Shrink,
        Self::Close,
    ];

    /// The operations whose races decide: waiting, giving up, giving back in each way, closing.
    pub const CORE: [Self; 6] =
        [Self::Take, Self::CancelledTake, Self::Put, Self::Discard, Self::FailCreate, Self::Close];

    /// Whether it can leave something on the stack.
    #[must_use]
    pub const fn takes(self) -> bool {
        matches!(self, Self::Take | Self::TryTake | Self::TimedTake)
    }

    /// Whether it needs something on the stack.
    #[must_use]
    pub const fn gives(self) -> bool {
        matches!(self, Self::Put | Self::Discard | Self::Detach | Self::FailCreate)
    }
}

/// What a stripe has beyond what the threads hold at the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Prime {
    /// Nothing: the capacity is what is out. If nothing is out, one free permit.
    Tight,
    /// One idle resource.
    Idle,
    /// One free permit more.
    Free,
}

impl Prime {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Tight, Self::Idle, Self::Free];
}

/// What a thread is primed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Token {
    /// A resource on loan.
    Lease,
    /// The right to create one.
    Permit,
}

/// What one thread does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Script(pub Vec<Op>);

impl Script {
    /// What the thread must be given at the start (rule 2), first needed last, as on a stack.
    #[must_use]
    pub fn tokens(&self) -> Vec<Token> {
        let (mut held, mut tokens) = (0_usize, Vec::new());
        for op in &self.0 {
            if op.takes() {
                held = held.saturating_add(1);
            } else if op.gives() && held > 0 {
                held = held.saturating_sub(1);
            } else if op.gives() {
                tokens.push(if *op == Op::FailCreate { Token::Permit } else { Token::Lease });
            }
        }
        tokens.reverse();
        tokens
    }

    /// Whether the thread may wait for others.
    #[must_use]
    pub fn waits(&self) -> bool {
        self.0.contains(&Op::Take)
    }
}

/// One concurrent program.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Program {
    /// One for each thread.
    pub scripts: Vec<Script>,
    /// The state at the start.
    pub prime: Prime,
}

impl Program {
    /// How many leases and permits the threads hold at the start.
    #[must_use]
    pub fn tokens(&self) -> usize {
        self.scripts.iter().map(|script| script.tokens().len()).sum()
    }

    /// The capacity of the stripe (rule 3).
    #[must_use]
    pub fn capacity(&self) -> usize {
        let tokens = self.tokens();
        match self.prime {
            Prime::Tight => tokens.max(1),
            Prime::Idle | Prime::Free => tokens.saturating_add(1),
        }
    }

    /// Whether another program of the enumeration is the same: with nothing out, tight *is* one free permit.
    #[must_use]
    pub fn is_redundant(&self) -> bool {
        self.prime == Prime::Free && self.tokens() == 0
    }
}

impl fmt::Display for Program {
    /// Such as `Take,Put | Close from Tight`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, script) in self.scripts.iter().enumerate() {
            let ops: Vec<String> = script.0.iter().map(|op| format!("{op:?}")).collect();
            write!(f, "{}{}", if number > 0 { " | " } else { "" }, ops.join(","))?;
        }
        write!(f, " from {:?}", self.prime)
    }
}

/// What a text has that no program has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAProgram(String);

impl fmt::Display for NotAProgram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; a program is such as `Take,Put | Close from Tight`", self.0)
    }
}

impl core::error::Error for NotAProgram {}

impl FromStr for Program {
    type Err = NotAProgram;

    /// The opposite of `to_string`.
    fn from_str(text: &str) -> Result<Self, NotAProgram> {
        let wrong = |what: &str, word: &str| NotAProgram(format!("`{word}` is no {what}"));
        let op = |word: &str| {
            let named = Op::ALL.into_iter().find(|op| format!("{op:?}") == word);
            named.ok_or_else(|| wrong("operation", word))
        };
        let script = |text: &str| text.split(',').map(|word| op(word.trim())).collect::<Result<_, _>>().map(Script);
        let (threads, state) =
            text.split_once(" from ").ok_or_else(|| NotAProgram("there is no ` from `".to_owned()))?;
        let prime = Prime::ALL.into_iter().find(|prime| format!("{prime:?}") == state.trim());
        let scripts = threads.split('|').map(script).collect::<Result<_, _>>()?;
        Ok(Self { scripts, prime: prime.ok_or_else(|| wrong("primed state", state))? })
    }
}

/// Programs of one shape, and how far each is explored.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Such as `2x1`.
    pub name: &'static str,
    /// Which operations.
    pub alphabet: &'static [Op],
    /// How many threads.
    pub threads: usize,
    /// How many operations each.
    pub length: usize,
    /// With how many preemptions, at most.
    pub bound: usize,
}

impl Shape {
    /// All of its programs.
    #[must_use]
    pub fn programs(&self) -> Vec<Program> {
        programs(self.alphabet, self.threads, self.length)
    }
}

/// What is explored in full.
pub const SUITES: [Shape; 3] = [
    Shape { name: "2x1", alphabet: &Op::ALL, threads: 2, length: 1, bound: 4 },
    Shape { name: "2x2", alphabet: &Op::CORE, threads: 2, length: 2, bound: 2 },
    Shape { name: "3x1", alphabet: &Op::CORE, threads: 3, length: 1, bound: 2 },
];

/// What is sampled.
pub const SAMPLED: [Shape; 3] = [
    Shape { name: "2x2 deep", alphabet: &Op::ALL, threads: 2, length: 2, bound: 3 },
    Shape { name: "3x1 deep", alphabet: &Op::ALL, threads: 3, length: 1, bound: 3 },
    Shape { name: "3x2 deep", alphabet: &Op::ALL, threads: 3, length: 2, bound: 2 },
];

/// All scripts of `length` operations of `alphabet`, in order.
#[must_use]
pub fn scripts(alphabet: &[Op], length: usize) -> Vec<Script> {
    let mut all = vec![Script(Vec::new())];
    for _ in 0..length {
        let longer = |script: &Script| {
            alphabet.iter().map(|op| Script(script.0.iter().copied().chain([*op]).collect())).collect::<Vec<_>>()
        };
        all = all.iter().flat_map(longer).collect();
    }
    all
}

/// All programs of `threads` threads with `length` operations each, up to symmetry (rule 1), from every primed state.
#[must_use]
pub fn programs(alphabet: &[Op], threads: usize, length: usize) -> Vec<Program> {
    let scripts = scripts(alphabet, length);
    let mut chosen: Vec<Vec<usize>> = vec![Vec::new()];
    for _ in 0..threads {
        let longer = |picks: &Vec<usize>| {
            let from = picks.last().copied().unwrap_or(0);
            (from..scripts.len()).map(|next| picks.iter().copied().chain([next]).collect()).collect::<Vec<Vec<usize>>>()
        };
        chosen = chosen.iter().flat_map(longer).collect();
    }
    let program = |picks: &Vec<usize>, prime| {
        let scripts = picks.iter().filter_map(|pick| scripts.get(*pick).cloned()).collect();
        Program { scripts, prime }
    };
    let all = chosen.iter().flat_map(|picks| Prime::ALL.map(|prime| program(picks, prime)));
    all.filter(|program| !program.is_redundant()).collect()
}
