//! A run, told step by step: who did what, what came of it, and what there is afterwards.
//!
//! Owns the neutral data ([`Story`]) and its two forms: a text with a table, one column per actor, and a page
//! (`story/page.rs`, `story/page.html`) to step through. Rules:
//! 1. A story is words only. Whoever tells one chooses them: `render` for moves of the machine, others for histories.
//! 2. The first step is the start, at which nobody acts. Steps are numbered from 0.
//! 3. A failure is named at the step at which it appears, and not again.
//! 4. Words are never taken for markup: the page escapes all of them.
//!
//! What it does not do: find anything out, or judge. It shows what it is told.

mod page;

use core::fmt::Write;

/// A run to be told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Story {
    /// What this is.
    pub title: String,
    /// What is wrong, or that nothing is.
    pub verdict: String,
    /// More to know before reading: a label, and a sentence.
    pub about: Vec<(String, String)>,
    /// The actors.
    pub columns: Vec<String>,
    /// What happened, the start first.
    pub steps: Vec<Step>,
}

/// One step of a story. Everything may be left empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// Who acts, as a place in [`Story::columns`]; nobody at the start.
    pub column: Option<usize>,
    /// What is done.
    pub action: String,
    /// What comes of it at once: effects, results.
    pub answers: Vec<String>,
    /// Whom the answers are for, as places in [`Story::columns`]: arrows on the page.
    pub told: Vec<usize>,
    /// What each actor is doing afterwards, in the order of [`Story::columns`]; empty for nothing.
    pub doing: Vec<String>,
    /// What there is afterwards.
    pub panels: Vec<Panel>,
    /// What there is afterwards in one line, for the table. If it is empty, the panels are listed.
    pub summary: String,
    /// A remark to be read before this step.
    pub note: String,
    /// What fails here and did not before.
    pub failed: Vec<String>,
}

/// A named list of things. Steps of one story have the same panels, so that one sees what changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Panel {
    /// Such as `queue`.
    pub name: String,
    /// In order. Of an item whose last word alone changes, the page shows both.
    pub items: Vec<String>,
}

impl Panel {
    /// A panel of this name.
    pub fn new(name: &str, items: impl IntoIterator<Item = String>) -> Self {
        Self { name: name.to_owned(), items: items.into_iter().collect() }
    }
}

impl Story {
    /// The story as a text: what it is, the table, and what fails where.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!("{}\n{}\n", self.title, self.verdict);
        let about = self.about.iter().map(|(label, words)| vec![label.clone(), words.clone()]);
        text.push_str(&table(&about.collect::<Vec<_>>()));
        text.push('\n');
        text.push_str(&self.table(0));
        for (number, step) in self.failing() {
            let _ = writeln!(text, "step {number} fails {}", step.failed.join(", "));
        }
        for (number, step) in self.steps.iter().enumerate().filter(|(_, step)| !step.note.is_empty()) {
            let _ = writeln!(text, "before step {number}: {}", step.note);
        }
        text
    }

    /// The story as one self-contained HTML page, to step through; without scripts it shows everything at once.
    #[must_use]
    pub fn html(&self) -> String {
        page::html(self)
    }

    /// The steps as a table, one row each, numbered from `first`.
    #[must_use]
    pub fn table(&self, first: usize) -> String {
        let mut header = vec!["#".to_owned()];
        header.extend_from_slice(&self.columns);
        header.extend(["effects", "afterwards"].map(str::to_owned));
        let rows = (first..).zip(&self.steps).map(|(number, step)| self.row(number, step));
        table(&core::iter::once(header).chain(rows).collect::<Vec<_>>())
    }

    fn row(&self, number: usize, step: &Step) -> Vec<String> {
        let action = |column| if step.column == Some(column) { step.action.clone() } else { String::new() };
        let mut cells = vec![number.to_string()];
        cells.extend((0..self.columns.len()).map(action));
        cells.extend([step.answers.join(", then "), step.afterwards()]);
        cells
    }

    /// The steps at which something fails, with their numbers.
    fn failing(&self) -> impl Iterator<Item = (usize, &Step)> {
        self.steps.iter().enumerate().filter(|(_, step)| !step.failed.is_empty())
    }
}

impl Step {
    fn afterwards(&self) -> String {
        if !self.summary.is_empty() {
            return self.summary.clone();
        }
        let panels = self.panels.iter().filter(|panel| !panel.items.is_empty());
        panels.map(|panel| format!("{} [{}]", panel.name, panel.items.join(", "))).collect::<Vec<_>>().join(" ")
    }
}

/// Columns of equal width, two blanks between them, none at the end of a line.
#[must_use]
pub fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column| rows.iter().filter_map(|row| row.get(column)).map(|cell: &String| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for row in rows {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}
