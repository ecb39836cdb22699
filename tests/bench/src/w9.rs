//! W9: the explorer. How many states of the machine the exhaustive search (`make explore`) looks at in a second, and how
//! many bytes it keeps for each.
//!
//! The program `memory` counts the bytes. The search prints a line of its own to standard error.

use crate::child;
use crate::measure::Spread;
use crate::progress::Progress;
use crate::section::{Section, Table};
use crate::show;
use crate::workload::Effort;
use core::time::Duration;
use striped_pool_model::{Env, Report, Shipped};

/// How the one pool of this table is called where the program `memory` prints.
pub const NAME: &str = "explorer";

/// What is searched: the bounds of `make explore` are five clients and three resources.
fn env(effort: Effort) -> Env {
    let (clients, capacity) = effort.pick((2, 2), (4, 2), (4, 3));
    Env::new(clients, 2, capacity, 1)
}

fn rounds(effort: Effort) -> u32 {
    effort.pick(1, 2, 3)
}

/// About how long it takes.
pub fn cost(effort: Effort) -> Duration {
    let search = effort.pick(Duration::from_millis(50), Duration::from_secs(2), Duration::from_secs(4));
    search * (rounds(effort) + 1)
}

/// Searches on one thread.
pub fn explore(effort: Effort) -> Report {
    striped_pool_model::explore::<Shipped>("W9", env(effort), 1)
}

/// Measures the search.
pub fn run(effort: Effort, progress: &mut Progress) -> Section {
    let reports: Vec<_> = (0..rounds(effort))
        .map(|round| {
            progress.show(&format!("W9, round {} of {}", round + 1, rounds(effort)));
            let report = explore(effort);
            progress.advance(cost(effort) / (rounds(effort) + 1));
            report
        })
        .collect();
    let measured = child::measure(NAME, effort);
    progress.advance(cost(effort) / (rounds(effort) + 1));
    let Env { clients, max_capacity, .. } = env(effort);
    let text = format!(
        "Exhaustive search of the machine that ships: {clients} clients, up to {max_capacity} resources, one thread; {} rounds. \
         Bytes: the most that were in use, divided by the states.",
        rounds(effort)
    );
    let (bytes, gap) = match measured {
        Ok(measured) => (measured.get(NAME, "bytes"), None),
        Err(gap) => (Vec::new(), Some(gap)),
    };
    Section { text, tables: vec![table(&reports, &bytes)], gap, ..Section::default() }
}

#[expect(clippy::cast_precision_loss, reason = "a few millions")]
fn table(reports: &[Report], bytes: &[f64]) -> Table {
    let per_second = |count: fn(&Report) -> usize| {
        let rates = reports.iter().map(|report| count(report) as f64 / report.elapsed.as_secs_f64());
        show::spread(Spread::of(&rates.collect::<Vec<_>>()).times(1e-3))
    };
    let row = reports.first().map(|report| {
        vec![
            report.states.to_string(),
            report.transitions.to_string(),
            per_second(|report| report.states),
            per_second(|report| report.transitions),
            show::number(Spread::of(bytes).median),
        ]
    });
    Table {
        title: "The search".into(),
        columns: ["states", "transitions", "thousand states/s", "thousand transitions/s", "bytes for each state"]
            .map(String::from)
            .to_vec(),
        rows: row.into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_smoke_run_finishes_its_search() {
        let report = explore(Effort::Smoke);
        assert!(report.finished && report.states > 100, "{report:?}");
        assert_eq!(run(Effort::Smoke, &mut Progress::silent()).tables[0].rows.len(), 1);
    }
}
