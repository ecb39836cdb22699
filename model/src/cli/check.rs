//! `check`: the specimens, each to be refuted.

use super::{End, Wrong, options};
use core::fmt::Write;
use serde_json::json;
use striped_pool_model::specimens::{Refuted, SPECIMENS, STRIPE_COUNT, Specimen, stripe_count_is_ignored};
use striped_pool_model::which::Job;
use striped_pool_model::{Machine, Which};

const HELP: &str = "\
Refutes the specimens: rules of the design that striped-pool descends from, exactly as published. Each has a fault that a
check must find; a shortest counterexample is printed.

Usage: striped-pool-model check [OPTIONS] [SPECIMEN …]

Options:
  --machine NAME   the machine to run in the surroundings of each specimen (default ancestor). In any other none should
                   be found: the exit code is then 1, because every specimen stands
  --list           only name the specimens
  --json           print one JSON object instead of tables
  -h, --help       this

Without a SPECIMEN, all of them.
";

struct Options {
    which: Which,
    names: Vec<String>,
    list: bool,
    json: bool,
}

impl Options {
    fn read(arguments: &mut lexopt::Parser) -> Result<Option<Self>, Wrong> {
        use lexopt::prelude::{Long, Short, Value};
        let mut options = Self { which: Which::Ancestor, names: Vec::new(), list: false, json: false };
        while let Some(argument) = arguments.next()? {
            match argument {
                Long("machine") => options.which = options::machine(arguments)?,
                Long("list") => options.list = true,
                Long("json") => options.json = true,
                Long("help") | Short('h') => return Ok(None),
                Value(name) => options.names.push(known(&name.to_string_lossy())?),
                other @ (Long(_) | Short(_)) => return Err(other.unexpected().into()),
            }
        }
        if options.names.is_empty() {
            options.names = names().map(str::to_owned).collect();
        }
        Ok(Some(options))
    }
}

fn names() -> impl Iterator<Item = &'static str> {
    SPECIMENS.iter().map(|specimen| specimen.name).chain([STRIPE_COUNT])
}

fn known(name: &str) -> Result<String, Wrong> {
    if names().any(|known| known == name) {
        return Ok(name.to_owned());
    }
    let names = names().collect::<Vec<_>>().join(", ");
    Err(Wrong(format!("no specimen is called `{name}`: there are {names}")))
}

struct Refute(Specimen);

impl Job for Refute {
    type Output = Option<Refuted>;

    fn run<M: Machine>(self) -> Option<Refuted> {
        self.0.refute_for::<M>()
    }
}

/// The counterexample to the specimen of this name; none if it stands.
fn refute(which: Which, name: &str) -> Option<String> {
    let specimen = SPECIMENS.iter().find(|specimen| specimen.name == name);
    match (specimen, which) {
        (Some(specimen), Which::Ancestor) => specimen.refute().map(|refuted| refuted.text()),
        (Some(specimen), other) => other.run(Refute(*specimen)).map(|refuted| refuted.text()),
        (None, Which::Ancestor) => stripe_count_is_ignored(),
        (None, _) => None,
    }
}

pub(super) fn run(mut arguments: lexopt::Parser) -> Result<(String, End), Wrong> {
    let Some(options) = Options::read(&mut arguments)? else {
        return Ok((HELP.to_owned(), End::Holds));
    };
    if options.list {
        return Ok((options.names.join("\n") + "\n", End::Holds));
    }
    let results: Vec<(&String, Option<String>)> =
        options.names.iter().map(|name| (name, refute(options.which, name))).collect();
    let standing = results.iter().filter(|(_, trace)| trace.is_none()).count();
    let end = if standing == 0 { End::Holds } else { End::Found };
    let text = if options.json {
        let specimen = |(name, trace): &(&String, Option<String>)| json!({ "name": name, "refuted": trace.is_some(), "trace": trace });
        let specimens = results.iter().map(specimen).collect::<Vec<_>>();
        format!("{:#}\n", json!({ "machine": options.which.name(), "specimens": specimens, "standing": standing }))
    } else {
        text(&results, standing)
    };
    Ok((text, end))
}

fn text(results: &[(&String, Option<String>)], standing: usize) -> String {
    let mut text = String::new();
    for (name, trace) in results {
        let _ = match trace {
            Some(trace) => writeln!(text, "{name}: refuted\n{trace}"),
            None => writeln!(text, "{name}: stands\n"),
        };
    }
    let _ = writeln!(text, "{} refuted, {standing} standing", results.len() - standing);
    text
}
