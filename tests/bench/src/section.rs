//! What a workload hands to the report: tables to read, figures for the bars, pictures.

use crate::measure::Spread;

/// All that one workload came to.
#[derive(Clone, Debug, Default)]
pub struct Section {
    /// What was done, in a sentence or two.
    pub text: String,
    /// To be read.
    pub tables: Vec<Table>,
    /// To be judged by [`bars`](crate::bars).
    pub figures: Vec<Figure>,
    /// To be looked at.
    pub plots: Vec<Plot>,
    /// What could not be measured and why, in sentences; nothing if all was.
    pub gap: Option<String>,
}

impl Section {
    /// What was done and what could not be measured.
    pub fn description(&self) -> String {
        let gap = self.gap.as_deref().unwrap_or_default();
        format!("{} {gap}", self.text).trim().into()
    }
}

/// A table of text; the first column is left-aligned, the others right-aligned.
#[derive(Clone, Debug)]
pub struct Table {
    /// What it shows.
    pub title: String,
    /// The head.
    pub columns: Vec<String>,
    /// As many cells each as there are columns.
    pub rows: Vec<Vec<String>>,
}

/// A figure that a bar may be set on: one value for each round.
#[derive(Clone, Debug)]
pub struct Figure {
    /// By which the bar finds it.
    pub key: String,
    /// One for each round.
    pub values: Vec<f64>,
}

/// A picture of its own file: panels below and beside each other.
#[derive(Clone, Debug)]
pub struct Plot {
    /// The file's name without its ending.
    pub file: String,
    /// What it shows.
    pub title: String,
    /// How it was measured, in a line.
    pub caption: String,
    /// Rows of panels. Those beside each other have the same labels, which stand at the left; those below each other have
    /// one scale.
    pub rows: Vec<Vec<Panel>>,
}

/// Horizontal bars on a logarithmic scale.
#[derive(Clone, Debug)]
pub struct Panel {
    /// What it shows, with the unit.
    pub title: String,
    /// From top to bottom.
    pub bars: Vec<PlotBar>,
}

/// One bar.
#[derive(Clone, Debug)]
pub struct PlotBar {
    /// Whose.
    pub label: String,
    /// How long, and its spread.
    pub value: Spread,
    /// Whether it is one of ours.
    pub is_ours: bool,
}
