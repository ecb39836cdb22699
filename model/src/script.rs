//! Golden traces: a scenario as commands, and what comes of them, in one text.
//!
//! ```text
//! # A title, on the first line.
//! world clients 2 capacity 1
//! 0 take                          who does what: `script/command.rs` lists the commands
//! 0 created
//! ----
//! (the table of these moves)
//!
//! # A remark on the next block, which goes on where this one ended.
//! 0 return
//! ----
//! (the table of these moves)
//! ```
//!
//! Owns the form. Rules:
//! 1. The first command is `world`, and no other one is. `machine NAME` after it names another machine than the shipped
//!    one, `sequential` has effects performed at once.
//! 2. A block is commands, `----`, and output up to a blank line. Blank lines and lines that begin with `#` stand
//!    between commands as they like.
//! 3. Only what is possible can be commanded: a client that waits cannot give back. `raise` is the exception, for events
//!    that come late, twice, or were never meant.
//! 4. Below a table stands which checks fail, if any does.
//! 5. What is wrong is said with its line ([`Malformed`]); nothing is skipped.

mod command;

use crate::machine::Machine;
use crate::render::{self, Frame};
use crate::story::Story;
use crate::which::{Job, Which};
use crate::world::{Env, World};
use command::Command;
use core::fmt;

/// What separates commands from output.
const RULE: &str = "----";
/// The most clients and resources, and the largest clock reading.
const MOST: u8 = 99;

/// A scenario.
#[derive(Clone, Debug)]
pub struct Script {
    /// The first line, without its mark.
    pub title: String,
    which: Which,
    env: Env,
    blocks: Vec<Block>,
    /// What follows the last block.
    tail: Vec<String>,
}

/// Commands and their output.
#[derive(Clone, Debug)]
struct Block {
    /// Everything up to the output, as it was read.
    head: Vec<String>,
    commands: Vec<(usize, Command)>,
    /// The line on which the output begins.
    line: usize,
    expected: String,
}

/// What a script comes to: the frames of each block. The first frame of all is the start.
#[derive(Clone, Debug)]
pub struct Played {
    /// Block by block.
    pub blocks: Vec<Vec<Frame>>,
}

/// What is wrong with a script, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

/// A block whose output is another than expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The line on which the expected output begins.
    pub line: usize,
    /// What the script says.
    pub expected: String,
    /// What came of it.
    pub found: String,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.line, self.message)
    }
}

impl Script {
    /// Reads a script.
    ///
    /// # Errors
    /// If it is not one.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let title = text.lines().next().and_then(|line| line.strip_prefix('#')).unwrap_or_default().trim().to_owned();
        let mut script = Self { title, which: Which::Shipped, env: Env::new(0, 1, 1, 0), blocks: vec![], tail: vec![] };
        let mut lines = (1..).zip(text.lines());
        let (mut head, mut commands, mut is_first) = (Vec::new(), Vec::new(), true);
        while let Some((number, line)) = lines.next() {
            let at = |message: String| Malformed { line: number, message };
            head.push(line.to_owned());
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            if line == RULE {
                if commands.is_empty() && (is_first || !script.blocks.is_empty()) {
                    return Err(at(format!("`{RULE}` without a command before it")));
                }
                let expected = output(lines.by_ref())?;
                let (head, commands) = (core::mem::take(&mut head), core::mem::take(&mut commands));
                script.blocks.push(Block { head, commands, line: number + 1, expected });
            } else if is_first {
                (script.which, script.env) = world(line).map_err(at)?;
                is_first = false;
            } else {
                commands.push((number, command::parse(line).map_err(at)?));
            }
        }
        match commands.first() {
            Some((line, _)) => Err(Malformed { line: *line, message: format!("no `{RULE}` after this command") }),
            None if script.blocks.is_empty() => {
                Err(Malformed { line: head.len().max(1), message: format!("no block: commands, then `{RULE}`") })
            }
            None => Ok(Self { tail: head, ..script }),
        }
    }

    /// Does what the script says.
    ///
    /// # Errors
    /// If something is commanded that is not possible.
    pub fn play(&self) -> Result<Played, Malformed> {
        self.play_with(self.which)
    }

    /// As [`play`](Self::play), with another machine.
    ///
    /// # Errors
    /// As there.
    pub fn play_with(&self, which: Which) -> Result<Played, Malformed> {
        which.run(self)
    }

    /// The first block whose output is another than the script says.
    #[must_use]
    pub fn difference(&self, played: &Played) -> Option<Difference> {
        self.blocks
            .iter()
            .zip(played.outputs())
            .find(|(block, found)| block.expected != *found)
            .map(|(block, found)| Difference { line: block.line, expected: block.expected.clone(), found })
    }

    /// The script with the output of `played`.
    #[must_use]
    pub fn rewritten(&self, played: &Played) -> String {
        let mut text = String::new();
        let mut line = |line: &str| {
            text.push_str(line);
            text.push('\n');
        };
        for (place, (block, output)) in self.blocks.iter().zip(played.outputs()).enumerate() {
            if place > 0 {
                line("");
            }
            block.head.iter().for_each(|head| line(head));
            output.lines().for_each(&mut line);
        }
        if !self.tail.is_empty() {
            line("");
        }
        self.tail.iter().for_each(|tail| line(tail));
        text
    }

    /// What came of the script as one story; remarks stand at the first step of their block.
    #[must_use]
    pub fn story(&self, played: &Played) -> Story {
        let frames: Vec<Frame> = played.blocks.iter().flatten().cloned().collect();
        let mut story = render::story(&self.title, &frames);
        let mut first = 0;
        for (block, frames) in self.blocks.iter().zip(&played.blocks) {
            if let Some(step) = story.steps.get_mut(first) {
                step.note = block.remark(&self.title);
            }
            first += frames.len();
        }
        story
    }

    /// How many blocks there are.
    #[must_use]
    pub fn blocks(&self) -> usize {
        self.blocks.len()
    }
}

impl Block {
    /// What the lines before the commands say, without the title.
    fn remark(&self, title: &str) -> String {
        let remarks = self.head.iter().filter_map(|line| line.strip_prefix('#')).map(str::trim);
        remarks.filter(|remark| *remark != title).collect::<Vec<_>>().join(" ")
    }
}

impl Played {
    /// The output of each block: a table, and which checks fail.
    fn outputs(&self) -> impl Iterator<Item = String> {
        let numbers = self.blocks.iter().scan(0, |next, frames| {
            let first = *next;
            *next += frames.len();
            Some(first)
        });
        self.blocks.iter().zip(numbers).map(|(frames, first)| {
            let mut output = render::text(frames, first);
            let failures = frames.last().map(Frame::failures).unwrap_or_default();
            if !failures.is_empty() {
                output.extend(["fails ", &failures, "\n"]);
            }
            output
        })
    }
}

impl Job for &Script {
    type Output = Result<Played, Malformed>;

    fn run<M: Machine>(self) -> Self::Output {
        let mut world = World::<M>::new(&self.env);
        let mut blocks = Vec::new();
        for block in &self.blocks {
            let mut frames: Vec<Frame> = blocks.is_empty().then(|| Frame::start(&world)).into_iter().collect();
            for (line, command) in &block.commands {
                let mv = command.among(&self.env, &world);
                let mv = mv.map_err(|message| Malformed { line: *line, message })?;
                let (next, frame) = Frame::after(&self.env, &world, mv);
                world = next;
                frames.push(frame);
            }
            blocks.push(frames);
        }
        Ok(Played { blocks })
    }
}

/// The lines up to a blank one.
fn output<'a>(lines: impl Iterator<Item = (usize, &'a str)>) -> Result<String, Malformed> {
    let mut output = String::new();
    for (line, text) in lines.take_while(|(_, text)| !text.trim().is_empty()) {
        if text == RULE {
            return Err(Malformed { line, message: format!("`{RULE}` in an output, which a blank line must end") });
        }
        output.extend([text, "\n"]);
    }
    Ok(output)
}

/// `world clients N capacity N`, then `machine NAME` and `sequential` if wanted.
fn world(line: &str) -> Result<(Which, Env), String> {
    let form = "`world clients N capacity N [machine NAME] [sequential]`";
    let words: Vec<&str> = line.split_whitespace().collect();
    let ["world", "clients", clients, "capacity", capacity, rest @ ..] = &words[..] else {
        return Err(format!("the first command must be {form}, not `{line}`"));
    };
    let number = |what: &str, word: &str| {
        let number = word.parse().ok().filter(|number| (1..=MOST).contains(number));
        number.ok_or_else(|| format!("{what} {word} is impossible: allowed is 1 to {MOST}"))
    };
    let (clients, capacity) = (number("clients", clients)?, number("capacity", capacity)?);
    let mut env = Env::new(clients, u32::from(capacity), u32::from(MOST), u64::from(MOST));
    let (which, rest) = match rest {
        ["machine", name, rest @ ..] => (Which::of(name)?, rest),
        rest => (Which::Shipped, rest),
    };
    env.sequential = match rest {
        [] => false,
        ["sequential"] => true,
        [other, ..] => return Err(format!("`{other}` is not part of {form}")),
    };
    Ok((which, env))
}
