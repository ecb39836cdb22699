//! `mutants`: each seeded bug is built and must be noticed by the check that it names.

mod bench;
mod process;
mod tree;

use super::{End, Wrong, is_interrupted, options, watch_for_interrupt};
use bench::{Bench, Outcome};
use core::fmt::Write;
use core::time::Duration;
use serde_json::json;
use std::path::PathBuf;
use std::time::Instant;
use striped_pool_model::explore::say;
use striped_pool_model::mutants::table::{Kill, page, today};
use striped_pool_model::mutants::{Collection, Killer, Mutant, read_folder};
use tree::Tree;

const HELP: &str = "\
Seeds bugs, one at a time, in a copy of the sources, and runs for each the one check that must notice it. First each check
must pass without any of them.

Usage: striped-pool-model mutants [OPTIONS] [PART OF A NAME …]

Options:
  --root DIR       the top of the project (default: here)
  --data DIR       the mutants (default: model/mutants under the top); a file there says how it is written
  --list           only name the mutants, with their checks
  --json           print one JSON object instead of lines
  --table FILE     also write the table of a run in which all were killed; needs all mutants
  --timeout N      seconds that a check may take, 1 to 3600 (default 120); one that takes longer has not failed
  -h, --help       this

Without a PART OF A NAME, all of them. The copy and what is built of it are in target/mutants under the top, with the output
of each build and check in target/mutants/log. The cargo that is called is $CARGO, or cargo.

A mutant must still apply: what it finds stands in its file exactly once. That is looked at first, for all.
Usual time for all, 2 processors: 9 min, of which 4 min for what is built once.
";

struct Options {
    root: PathBuf,
    data: Option<PathBuf>,
    list: bool,
    json: bool,
    table: Option<PathBuf>,
    timeout: u64,
    parts: Vec<String>,
}

impl Options {
    fn read(arguments: &mut lexopt::Parser) -> Result<Option<Self>, Wrong> {
        use lexopt::prelude::{Long, Short, Value};
        let (root, parts) = (PathBuf::from("."), Vec::new());
        let mut options = Self { root, data: None, list: false, json: false, table: None, timeout: 120, parts };
        while let Some(argument) = arguments.next()? {
            match argument {
                Long("root") => options.root = arguments.value()?.into(),
                Long("data") => options.data = Some(arguments.value()?.into()),
                Long("list") => options.list = true,
                Long("json") => options.json = true,
                Long("table") => options.table = Some(arguments.value()?.into()),
                Long("timeout") => options.timeout = options::number(arguments, "--timeout", 1..=3600)?,
                Long("help") | Short('h') => return Ok(None),
                Value(part) => options.parts.push(part.to_string_lossy().into_owned()),
                other @ (Long(_) | Short(_)) => return Err(other.unexpected().into()),
            }
        }
        if options.table.is_some() && !options.parts.is_empty() {
            return Err(Wrong("--table is of all mutants: name none".to_owned()));
        }
        Ok(Some(options))
    }

    fn collection(&self) -> Result<Collection, Wrong> {
        let data = self.data.clone().unwrap_or_else(|| self.root.join("model/mutants"));
        read_folder(&data).map_err(|wrong| Wrong(wrong.to_string()))
    }

    /// The mutants that are wanted, those with the same check together, and those whose check is built alike.
    fn choose(&self, mutants: &[Mutant]) -> Result<Vec<Mutant>, Wrong> {
        let is_wanted = |name: &str| self.parts.is_empty() || self.parts.iter().any(|part| name.contains(part));
        if let Some(part) = self.parts.iter().find(|part| !mutants.iter().any(|mutant| mutant.name.contains(*part))) {
            return Err(Wrong(format!("no mutant's name contains `{part}`: --list names them")));
        }
        let mut chosen: Vec<Mutant> = mutants.iter().filter(|mutant| is_wanted(&mutant.name)).cloned().collect();
        chosen.sort_by_cached_key(|mutant| (mutant.killer.build(), mutant.file.clone(), mutant.name.clone()));
        Ok(chosen)
    }
}

/// A mutant and what came of it.
struct Judged {
    mutant: Mutant,
    outcome: Outcome,
    time: Duration,
}

pub(super) fn run(mut arguments: lexopt::Parser) -> Result<(String, End), Wrong> {
    let Some(options) = Options::read(&mut arguments)? else {
        return Ok((HELP.to_owned(), End::Holds));
    };
    let collection = options.collection()?;
    let chosen = options.choose(&collection.mutants)?;
    if options.list {
        let width = chosen.iter().map(|mutant| mutant.name.len()).max().unwrap_or_default();
        let line = |mutant: &Mutant| format!("{:width$}  {}\n", mutant.name, mutant.killer);
        return Ok((chosen.iter().map(line).collect(), End::Holds));
    }
    let start = Instant::now();
    let stale = stale(&options, &chosen)?;
    let count = chosen.len();
    let judged = if stale.is_empty() { judge(&options, &chosen, start)? } else { stale };
    let undecided = if options.parts.is_empty() { collection.undecided() } else { Vec::new() };
    let all_killed = judged.len() == count && judged.iter().all(|one| one.outcome.is_killed()) && undecided.is_empty();
    let end = match (all_killed, is_interrupted()) {
        (true, _) => End::Holds,
        (false, true) => End::Interrupted,
        (false, false) => End::Found,
    };
    if let (End::Holds, Some(file)) = (end, &options.table) {
        write_table(file, &collection, &judged, start.elapsed())?;
    }
    let text = if options.json { json(&judged, count) } else { text(&judged, count, &undecided, start.elapsed()) };
    Ok((text, end))
}

/// Those that no longer apply.
fn stale(options: &Options, mutants: &[Mutant]) -> Result<Vec<Judged>, Wrong> {
    let mut stale = Vec::new();
    for mutant in mutants {
        let file = options.root.join(&mutant.file);
        let source = std::fs::read_to_string(&file).map_err(|error| Wrong(format!("{}: {error}", file.display())))?;
        if let Err(places) = mutant.apply(&source) {
            let outcome = Outcome::Stale(format!("what it finds stands {places} times in {}", mutant.file));
            stale.push(Judged { mutant: mutant.clone(), outcome, time: Duration::ZERO });
        }
    }
    Ok(stale)
}

/// Builds and runs: group by group of checks that are built alike, each group first without mutants.
fn judge(options: &Options, mutants: &[Mutant], start: Instant) -> Result<Vec<Judged>, Wrong> {
    watch_for_interrupt();
    let tree = Tree::copy(&options.root).map_err(|error| Wrong(format!("copying the sources: {error}")))?;
    let bench = Bench::new(tree, Duration::from_secs(options.timeout));
    let (count, mut judged) = (mutants.len(), Vec::new());
    let mut passing: Vec<(Killer, Outcome)> = Vec::new();
    for mutant in mutants {
        if !passing.iter().any(|(killer, _)| *killer == mutant.killer) {
            let alike = mutants.iter().filter(|other| other.killer.build() == mutant.killer.build());
            let mut killers: Vec<Killer> = alike.map(|other| other.killer.clone()).collect();
            killers.sort();
            killers.dedup();
            say(&format!("without mutants: {} checks of {}", killers.len(), mutant.killer.build().join(" ")));
            passing.extend(bench.baseline(killers));
        }
        if is_interrupted() {
            break;
        }
        let begun = Instant::now();
        let sound = passing.iter().find(|(killer, _)| *killer == mutant.killer).map(|(_, outcome)| outcome);
        let outcome = match sound {
            Some(Outcome::Survived) => bench.judge(mutant),
            Some(Outcome::Killed { .. }) => Outcome::Useless("its check fails without it".to_owned()),
            Some(other) => other.clone(),
            None => Outcome::Useless("its check was not run without it".to_owned()),
        };
        if is_interrupted() && !outcome.is_killed() {
            break;
        }
        say(&progress(judged.len() + 1, count, mutant, &outcome, start.elapsed()));
        judged.push(Judged { mutant: mutant.clone(), outcome, time: begun.elapsed() });
    }
    judged.sort_by(|one, other| one.mutant.name.cmp(&other.mutant.name));
    Ok(judged)
}

fn progress(number: usize, count: usize, mutant: &Mutant, outcome: &Outcome, elapsed: Duration) -> String {
    let left = elapsed / u32::try_from(number).unwrap_or(u32::MAX) * u32::try_from(count - number).unwrap_or(u32::MAX);
    let (elapsed, left) = (elapsed.as_secs(), left.as_secs());
    format!("{number:>3} of {count}  {}: {outcome}  ({elapsed} s, about {left} s to go)", mutant.name)
}

fn write_table(file: &PathBuf, collection: &Collection, judged: &[Judged], time: Duration) -> Result<(), Wrong> {
    let kill = |one: &Judged| {
        collection.mutants.iter().find(|mutant| **mutant == one.mutant).map(|mutant| (mutant, one.outcome.at()))
    };
    let kills: Vec<Kill<'_>> = judged.iter().filter_map(kill).map(|(mutant, at)| Kill { mutant, at }).collect();
    let page = page(collection, &kills, &today(), time.as_secs());
    std::fs::write(file, page).map_err(|error| Wrong(format!("{}: {error}", file.display())))
}

fn text(judged: &[Judged], count: usize, undecided: &[&str], time: Duration) -> String {
    let mut text = String::new();
    for Judged { mutant, outcome, .. } in judged {
        let _ = writeln!(text, "{}: {outcome}", mutant.name);
    }
    for class in undecided {
        let _ = writeln!(text, "{class}: neither a mutant nor an argument, or both");
    }
    let of = |is: fn(&Outcome) -> bool| judged.iter().filter(|one| is(&one.outcome)).count();
    let (killed, survived) = (of(Outcome::is_killed), of(|outcome| matches!(outcome, Outcome::Survived)));
    let (stale, useless) =
        (of(|outcome| matches!(outcome, Outcome::Stale(_))), of(|outcome| matches!(outcome, Outcome::Useless(_))));
    let (missing, seconds) = (count - judged.len(), time.as_secs());
    let _ = writeln!(
        text,
        "{count} mutants: {killed} killed, {survived} survived, {stale} no longer apply, {useless} say nothing, \
         {missing} not judged; {seconds} s"
    );
    text
}

fn json(judged: &[Judged], count: usize) -> String {
    let one = |Judged { mutant, outcome, time }: &Judged| {
        json!({
            "name": mutant.name, "title": mutant.title, "class": mutant.class, "reference": mutant.reference,
            "file": mutant.file, "check": mutant.killer.to_string(), "killed": outcome.is_killed(),
            "outcome": outcome.to_string(), "seconds": time.as_secs_f64(),
        })
    };
    let killed = judged.iter().filter(|one| one.outcome.is_killed()).count();
    let mutants = judged.iter().map(one).collect::<Vec<_>>();
    format!("{:#}\n", json!({ "mutants": mutants, "count": count, "judged": judged.len(), "killed": killed }))
}
