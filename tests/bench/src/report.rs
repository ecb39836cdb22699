//! What a run is told as: text for a terminal, Markdown and pictures for a folder.

use crate::bars::{Judged, Level, Verdict, judge};
use crate::machine::Machine;
use crate::peers::{Facts, Peer, Visitor, for_each_peer};
use crate::plot;
use crate::section::{Figure, Section, Table};
use crate::workload::{Effort, Workload};
use core::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;

/// What a run came to.
#[derive(Clone, Debug)]
pub struct Report {
    /// How much was measured.
    pub effort: Effort,
    /// On what.
    pub machine: String,
    /// Each workload with what it came to.
    pub sections: Vec<(Workload, Section)>,
}

/// The facts of all pools.
pub fn all_facts() -> Vec<Facts> {
    struct Collect(Vec<Facts>);
    impl Visitor for Collect {
        fn visit<P: Peer>(&mut self) {
            self.0.push(P::FACTS);
        }
    }
    let mut collect = Collect(Vec::new());
    for_each_peer(&mut collect);
    collect.0
}

impl Report {
    /// What `sections` came to on `machine`.
    pub fn new(effort: Effort, machine: &Machine, sections: Vec<(Workload, Section)>) -> Self {
        Self { effort, machine: machine.describe(), sections }
    }

    /// All bars, judged.
    pub fn bars(&self) -> Vec<Judged> {
        let figures: Vec<Figure> = self.sections.iter().flat_map(|(_, section)| section.figures.clone()).collect();
        let ran: Vec<_> = self.sections.iter().map(|(workload, _)| workload.id).collect();
        judge(&ran, &figures)
    }

    /// What could not be measured and why: a line for each workload that it is so for.
    pub fn gaps(&self) -> String {
        let gap =
            |(workload, section): &(Workload, Section)| Some(format!("{}: {}\n", workload.id, section.gap.as_ref()?));
        self.sections.iter().filter_map(gap).collect()
    }

    /// For a terminal.
    pub fn text(&self) -> String {
        let mut text = format!("{}\n", self.machine);
        for (workload, section) in &self.sections {
            let _ = write!(text, "\n{}\n{}\n", workload.title, section.description());
            for table in &section.tables {
                let _ = write!(text, "\n{}", as_text(table));
            }
        }
        let _ = write!(text, "\n{}{}\n", as_text(&self.bar_table(true)), self.verdict());
        text
    }

    /// For a file.
    pub fn markdown(&self) -> String {
        let mut text = String::from(HEAD);
        if self.effort != Effort::Full {
            text.push_str("**Not the full run: fewer and shorter rounds.**\n\n");
        }
        let _ = writeln!(text, "Measured on: {}.\n", self.machine);
        let _ = write!(text, "## Bars\n\n{}\n\n{}\n", self.verdict(), as_markdown(&self.bar_table(false)));
        for (workload, section) in &self.sections {
            let _ = write!(text, "\n## {}\n\n{}\n", workload.title, section.description());
            for plot in &section.plots {
                let _ = write!(text, "\n![{}]({}.svg)\n", plot.title, plot.file);
            }
            for table in &section.tables {
                let _ = write!(text, "\n### {}\n\n{}", table.title, as_markdown(table));
            }
        }
        let _ = write!(text, "\n## The pools and their settings\n\n{}", as_markdown(&settings()));
        text
    }

    /// Writes `bench.md` and the pictures.
    ///
    /// # Errors
    ///
    /// What the file system says.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir_all(folder)?;
        fs::write(folder.join("bench.md"), self.markdown())?;
        for plot in self.sections.iter().flat_map(|(_, section)| &section.plots) {
            fs::write(folder.join(format!("{}.svg", plot.file)), plot::svg(plot))?;
        }
        Ok(())
    }

    /// Without those whose workload did not run, if a person looks.
    fn bar_table(&self, only_run: bool) -> Table {
        let bars = self.bars();
        let shown = bars.iter().filter(|bar| !only_run || bar.verdict() != Verdict::NotRun);
        Table {
            title: "Bars: medians of ratios within a round (quartiles)".into(),
            columns: ["figure", "level", "bar", "measured", "verdict"].map(String::from).to_vec(),
            rows: shown.map(Judged::row).collect(),
        }
    }

    fn verdict(&self) -> String {
        let bars = self.bars();
        let count =
            |level, verdict| bars.iter().filter(|one| one.bar.level == level && one.verdict() == verdict).count();
        let of = |level| {
            let (met, missed) = (count(level, Verdict::Met), count(level, Verdict::Missed));
            (met, met + missed)
        };
        let ((musts, all_musts), (goals, all_goals)) = (of(Level::Must), of(Level::Goal));
        let unless_none =
            |count: usize, what: &str| if count == 0 { String::new() } else { format!("; {count} {what}") };
        let owed =
            unless_none(bars.iter().filter(|one| one.is_owed()).count(), "missed because they were not measured");
        let not_run = bars.iter().filter(|one| one.verdict() == Verdict::NotRun).count();
        let not_run = unless_none(not_run, "not judged because their workload did not run");
        format!("{musts} of {all_musts} musts and {goals} of {all_goals} goals are met{owed}{not_run}.")
    }
}

const HEAD: &str = "\
# striped-pool beside other pools

Written by `make bench`; do not edit. One program, one run: in each round every pool runs once, one right after the other,
in an order that rotates. A comparison is a ratio within one round; shown are medians and quartiles. All pools lend the same
16-byte resource. Futures are polled on the thread that asks, which parks while it waits; in W4 tasks await them.

";

fn settings() -> Table {
    let row = |facts: Facts| {
        let kind = format!("{:?}", facts.kind).to_lowercase();
        vec![facts.name.into(), facts.version.into(), kind, facts.settings.into()]
    };
    Table {
        title: "The pools and their settings".into(),
        columns: ["pool", "version", "lease", "settings"].map(String::from).to_vec(),
        rows: all_facts().into_iter().map(row).collect(),
    }
}

/// The pools, for `--list`.
pub fn settings_text() -> String {
    let rows =
        all_facts().into_iter().map(|facts| format!("  {:<36}{:<20}{}", facts.name, facts.version, facts.settings));
    rows.collect::<Vec<_>>().join("\n")
}

fn as_markdown(table: &Table) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let dashes = table.columns.iter().enumerate().map(|(index, _)| if index == 0 { "---" } else { "---:" });
    let mut text = line(&table.columns);
    let _ = writeln!(text, "|{}|", dashes.collect::<Vec<_>>().join("|"));
    table.rows.iter().for_each(|row| text.push_str(&line(row)));
    text
}

fn as_text(table: &Table) -> String {
    let lines = || core::iter::once(&table.columns).chain(&table.rows);
    let width = |index: usize| lines().map(|line| line.get(index).map_or(0, |cell| cell.chars().count())).max();
    let widths: Vec<_> = (0..table.columns.len()).map(|index| width(index).unwrap_or(0)).collect();
    let mut text = format!("{}\n", table.title);
    for line in lines() {
        let cells = line.iter().zip(&widths).enumerate().map(|(index, (cell, &width))| {
            if index == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
        });
        let _ = writeln!(text, "  {}", cells.collect::<Vec<_>>().join("  ").trim_end());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::WORKLOADS;

    fn table() -> Table {
        let cells = |cells: [&str; 2]| cells.map(String::from).to_vec();
        Table {
            title: "t".into(),
            columns: cells(["pool", "ns"]),
            rows: vec![cells(["a µ", "1"]), cells(["b", "234"])],
        }
    }

    #[test]
    fn columns_stand_below_each_other() {
        assert_eq!(as_text(&table()), "t\n  pool   ns\n  a µ     1\n  b     234\n");
    }

    #[test]
    fn markdown_is_a_table() {
        assert_eq!(as_markdown(&table()), "| pool | ns |\n|---|---:|\n| a µ | 1 |\n| b | 234 |\n");
    }

    #[test]
    fn a_report_says_how_many_bars_are_met_and_names_every_pool() {
        let figure = |key: &str, value| Figure { key: key.into(), values: vec![value] };
        let figures = vec![figure("w1 borrowed / managed peers", 0.3), figure("w1 owned / managed peers", 0.6)];
        let section = Section { figures, ..Section::default() };
        let report = Report { effort: Effort::Quick, machine: "here".into(), sections: vec![(WORKLOADS[0], section)] };
        assert!(
            report.verdict().starts_with("1 of 5 musts and 0 of 6 goals are met; 8 missed "),
            "{}",
            report.verdict()
        );
        let markdown = report.markdown();
        assert!(markdown.contains("Not the full run"));
        assert!(all_facts().iter().all(|facts| markdown.contains(facts.name)));
        assert!(report.text().contains("MISSED"));
    }

    #[test]
    fn a_workload_that_could_not_measure_says_so_and_misses_its_bars() {
        let [w8] = WORKLOADS.iter().filter(|workload| workload.id == "w8").collect::<Vec<_>>()[..] else { panic!() };
        let section = Section { gap: Some("No scales.".into()), ..Section::default() };
        let report = Report { effort: Effort::Quick, machine: "here".into(), sections: vec![(*w8, section)] };
        assert_eq!(report.bars().iter().filter(|one| one.is_missed_must()).count(), 3);
        assert!(
            report
                .verdict()
                .starts_with("0 of 3 musts and 0 of 0 goals are met; 3 missed because they were not measured; ")
        );
        assert_eq!(report.gaps(), "w8: No scales.\n");
        assert!(
            [report.text(), report.markdown()]
                .iter()
                .all(|text| text.contains("W8: memory\n") && text.contains("\nNo scales.\n"))
        );
    }
}
