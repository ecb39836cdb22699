//! `explore`: one search within bounds.

use super::{End, Wrong, is_interrupted, make_folder, options, watch_for_interrupt, write_page_into};
use core::fmt::Write;
use serde_json::json;
use std::path::PathBuf;
use striped_pool_model::explore::{explore_until, shortest_until};
use striped_pool_model::which::Job;
use striped_pool_model::{Check, Checks, Env, Fact, Machine, Report, Story, Which, render, story};

const HELP: &str = "\
Searches every state that a machine can reach within bounds, with all orders of commits and effects, and checks every
invariant in each of them. Goes no further where one fails, and prints a shortest trace for each that does; it ends with
`raise EVENT` if that event should have been rejected. A machine that panics fails STEP-TOTAL, which ends the search.

Usage: striped-pool-model explore [OPTIONS]

Options:
  --machine NAME       shipped (default), plain, tombstones, all (these three side by side), ancestor
  --clients N          clients, 1 to 6 (default 3)
  --capacity N         resources at the start, from 1 to the maximum (default 2, or the maximum if that is less)
  --max-capacity N     resources that a resize may ask for, 1 to 4 (default 3)
  --clock N            the largest clock reading, 0 to 3; the smallest is 0 (default 1)
  --threads N          threads that search, 1 to 64 (default: as many as there are processors)
  --all-facts          a fact that is never seen is a finding: a check that holds may then hold because nothing happened
  --json               print one JSON object instead of tables
  --html DIR           also write each trace as a page to step through, DIR/CHECK.html; DIR is made if absent
  -h, --help           this

Progress is printed on stderr: `frontier` are the states whose moves have not been looked at yet.
Usual times, 2 processors: the default 2 s; 5 clients and 3 resources 20 s; the largest bounds 2 min.
";

struct Options {
    which: Which,
    env: Env,
    threads: usize,
    all_facts: bool,
    json: bool,
    pages: Option<PathBuf>,
}

impl Options {
    fn read(arguments: &mut lexopt::Parser) -> Result<Option<Self>, Wrong> {
        use lexopt::prelude::{Long, Short, Value};
        let (mut which, mut json, mut threads) = (Which::Shipped, false, None);
        let (mut pages, mut all_facts) = (None, false);
        let (mut clients, mut capacity, mut max, mut clock) = (3, None, 3, 1);
        while let Some(argument) = arguments.next()? {
            match argument {
                Long("machine") => which = options::machine(arguments)?,
                Long("clients") => clients = options::number(arguments, "--clients", 1..=6)?,
                Long("capacity") => capacity = Some(options::number(arguments, "--capacity", 1..=4)?),
                Long("max-capacity") => max = options::number(arguments, "--max-capacity", 1..=4)?,
                Long("clock") => clock = options::number(arguments, "--clock", 0..=3)?,
                Long("threads") => threads = Some(options::number(arguments, "--threads", 1..=64)?),
                Long("all-facts") => all_facts = true,
                Long("json") => json = true,
                Long("html") => pages = Some(PathBuf::from(arguments.value()?)),
                Long("help") | Short('h') => return Ok(None),
                other @ (Long(_) | Short(_) | Value(_)) => return Err(other.unexpected().into()),
            }
        }
        let capacity = capacity.unwrap_or(max.min(2));
        if capacity > max {
            return Err(Wrong(format!("--capacity {capacity} is more than --max-capacity {max} allows")));
        }
        let processors = || std::thread::available_parallelism().map_or(1, usize::from);
        let threads = threads.unwrap_or_else(processors);
        Ok(Some(Self { which, env: Env::new(clients, capacity, max, clock), threads, all_facts, json, pages }))
    }
}

/// What a search found, with a shortest trace for each check that failed.
struct Findings {
    report: Report,
    traces: Vec<Trace>,
}

/// A shortest way to break a check.
struct Trace {
    check: Check,
    moves: usize,
    story: Story,
}

impl Job for &Options {
    type Output = Findings;

    fn run<M: Machine>(self) -> Findings {
        let report = explore_until::<M>(self.which.name(), self.env, self.threads, &is_interrupted);
        let shortest = |check| {
            let moves = shortest_until::<M>(self.env, check, &is_interrupted)?;
            let title = format!("{}: a shortest way to break {}", self.which.name(), check.id());
            let story = render::counterexample(&title, &render::frames::<M>(&self.env, &moves), check);
            Some(Trace { check, moves: moves.len(), story })
        };
        let traces = report.failed.iter().filter_map(shortest).collect();
        Findings { report, traces }
    }
}

pub(super) fn run(mut arguments: lexopt::Parser) -> Result<(String, End), Wrong> {
    let Some(options) = Options::read(&mut arguments)? else {
        return Ok((HELP.to_owned(), End::Holds));
    };
    make_folder(options.pages.as_ref())?;
    watch_for_interrupt();
    let findings = options.which.run(&options);
    let page = |Trace { check, story, .. }: &Trace| write_page_into(options.pages.as_ref(), check.id(), story);
    let pages: Vec<Option<String>> = findings.traces.iter().map(page).collect::<Result<_, Wrong>>()?;
    let (_, end) = outcome(&options, &findings.report);
    Ok((if options.json { json(&options, &findings, &pages) } else { text(&options, &findings, &pages) }, end))
}

fn outcome(options: &Options, report: &Report) -> (&'static str, End) {
    if !report.failed.is_empty() {
        ("a check fails", End::Found)
    } else if !report.finished {
        ("interrupted: every check holds so far", End::Interrupted)
    } else if options.all_facts && report.facts.missing().next().is_some() {
        ("complete: every check holds, but a fact is never seen", End::Found)
    } else {
        ("complete: every check holds", End::Holds)
    }
}

fn text(options: &Options, Findings { report, traces }: &Findings, pages: &[Option<String>]) -> String {
    let Env { clients, capacity, max_capacity, clock, .. } = options.env;
    let row = |name: &str, value: String| vec![name.to_owned(), value];
    let seen = report.facts.iter().count();
    let rows = [
        row("machine", options.which.name().to_owned()),
        row("clients", clients.to_string()),
        row("capacity", format!("{capacity}, resized up to {max_capacity}")),
        row("clock", format!("0 to {clock}")),
        row("states", report.states.to_string()),
        row("transitions", report.transitions.to_string()),
        row("depth", report.depth.to_string()),
        row("seconds", format!("{:.1}", report.elapsed.as_secs_f32())),
        row("checks", options.which.checks().iter().map(Check::id).collect::<Vec<_>>().join(" ")),
        row("facts", format!("{seen} of {} seen", Fact::ALL.len())),
        row("outcome", outcome(options, report).0.to_owned()),
    ];
    let mut text = story::table(&rows);
    let facts = Fact::ALL.iter().map(|fact| {
        let seen = if report.facts.has(*fact) { "seen" } else { "never seen" };
        vec![format!("  {fact}"), seen.to_owned(), format!("for {}", fact.keeps().id())]
    });
    let _ = write!(text, "\n{}", story::table(&facts.collect::<Vec<_>>()));
    for (Trace { check, story, .. }, page) in traces.iter().zip(pages) {
        let _ = write!(text, "\n{} fails:\n{}", check.id(), story.table(0));
        if let Some(page) = page {
            let _ = writeln!(text, "page  {page}");
        }
    }
    text
}

fn json(options: &Options, Findings { report, traces }: &Findings, pages: &[Option<String>]) -> String {
    let Env { clients, capacity, max_capacity, clock, .. } = options.env;
    let ids = |checks: Checks| checks.iter().map(Check::id).collect::<Vec<_>>();
    let names = |facts: &mut dyn Iterator<Item = Fact>| facts.map(|fact| fact.to_string()).collect::<Vec<_>>();
    let trace = |(Trace { check, moves, story }, page): (&Trace, &Option<String>)| {
        let table = story.table(0);
        json!({ "check": check.id(), "moves": moves, "table": table, "page": page })
    };
    let value = json!({
        "machine": options.which.name(),
        "bounds": { "clients": clients, "capacity": capacity, "max_capacity": max_capacity, "clock": clock },
        "states": report.states,
        "transitions": report.transitions,
        "depth": report.depth,
        "seconds": report.elapsed.as_secs_f64(),
        "complete": report.finished,
        "checks": ids(options.which.checks()),
        "failed": ids(report.failed),
        "facts": { "seen": names(&mut report.facts.iter()), "never_seen": names(&mut report.facts.missing()) },
        "traces": traces.iter().zip(pages).map(trace).collect::<Vec<_>>(),
    });
    format!("{value:#}\n")
}
