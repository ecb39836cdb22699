//! What the program `memory` measures for W6, W8 and W9: a program of its own, because counting what is allocated costs
//! something for each allocation, which no timed loop here shall pay.
//!
//! It prints a line for each figure: pool, figure, value, with tabulators between them.

use crate::workload::Effort;
use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Figures by pool and name.
#[derive(Clone, Debug, Default)]
pub struct Measured(Vec<(String, String, f64)>);

impl Measured {
    /// What is printed.
    ///
    /// # Errors
    ///
    /// The line that is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        let figure = |line: &str| {
            let mut cells = line.split('\t');
            let figure = (cells.next()?.into(), cells.next()?.into(), cells.next()?.parse().ok()?);
            cells.next().is_none().then_some(figure)
        };
        let figures = text.lines().map(|line| figure(line).ok_or_else(|| format!("it printed '{line}'")));
        figures.collect::<Result<_, _>>().map(Self)
    }

    /// All values of a figure: one, or none if it was not measured.
    pub fn get(&self, pool: &str, figure: &str) -> Vec<f64> {
        let found = self.0.iter().filter(|(of, name, _)| of == pool && name == figure);
        found.map(|(_, _, value)| *value).collect()
    }

    /// Adds one.
    pub fn add(&mut self, pool: &str, figure: &str, value: f64) {
        self.0.push((pool.into(), figure.into(), value));
    }

    /// As it is printed.
    pub fn text(&self) -> String {
        let line = |(pool, figure, value): &(String, String, f64)| format!("{pool}\t{figure}\t{value}\n");
        self.0.iter().map(line).collect::<Vec<_>>().concat()
    }
}

/// Runs the program beside this one.
///
/// # Errors
///
/// What is not measured and why, in sentences.
pub fn measure(what: &str, effort: Effort) -> Result<Measured, String> {
    run(what, effort).map_err(|why| format!("Memory was not measured: {why}."))
}

fn run(what: &str, effort: Effort) -> Result<Measured, String> {
    let program = program().ok_or(MISSING)?;
    let effort = effort.pick("smoke", "quick", "full");
    let output = Command::new(program).args([what, effort]).stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| format!("the program `memory` does not run: {error}"))?;
    if !output.status.success() {
        return Err(format!("the program `memory` failed: {}", output.status));
    }
    Measured::parse(&String::from_utf8_lossy(&output.stdout))
}

/// `cargo run` builds the default program alone.
const MISSING: &str = "the program `memory` is not beside this one. `cargo build --release --locked` in tests/bench builds both, \
                       and so do `make bench` and `make bench-quick`";

/// Beside this program; for unit tests, which run from a folder `deps`, beside that.
fn program() -> Option<PathBuf> {
    let here = env::current_exe().ok()?;
    let name = format!("memory{}", env::consts::EXE_SUFFIX);
    here.ancestors().skip(1).take(2).map(|folder| folder.join(&name)).find(|program| program.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_read() {
        let mut measured = Measured::default();
        measured.add("a pool", "bytes", 12.5);
        measured.add("a pool", "more", 0.0);
        let read = Measured::parse(&measured.text()).unwrap();
        assert_eq!((read.get("a pool", "bytes"), read.get("b", "bytes")), (vec![12.5], vec![]));
    }

    #[test]
    fn what_is_no_figure_is_told() {
        assert_eq!(Measured::parse("a\tb\t1\na\tb\n").unwrap_err(), "it printed 'a\tb'");
        assert!(Measured::parse("a\tb\tc").is_err());
    }
}
