//! `check`: the specimens, each to be refuted.

use super::{End, Wrong, make_folder, options, write_page_into};
use core::fmt::Write;
use serde_json::json;
use std::path::PathBuf;
use striped_pool_model::specimens::{Refuted, SPECIMENS, STRIPE_COUNT, Specimen, stripe_count_is_ignored};
use striped_pool_model::which::Job;
use striped_pool_model::{Machine, Story, Which};

const HELP: &str = "\
Refutes the specimens: rules of the design that striped-pool descends from, exactly as published. Each has a fault that a
check must find; a shortest counterexample is printed.

Usage: striped-pool-model check [OPTIONS] [SPECIMEN …]

Options:
  --machine NAME   the machine to run in the surroundings of each specimen (default ancestor). In any other none should
                   be found: the exit code is then 1, because every specimen stands. (That the stripe count is ignored
                   is the ancestor's alone: there is no machine in it)
  --list           only name the specimens
  --json           print one JSON object instead of tables
  --html DIR       also write each counterexample as a page to step through, DIR/SPECIMEN.html; DIR is made if absent
  -h, --help       this

Without a SPECIMEN, all of them.
";

struct Options {
    which: Which,
    names: Vec<String>,
    list: bool,
    json: bool,
    pages: Option<PathBuf>,
}

impl Options {
    fn read(arguments: &mut lexopt::Parser) -> Result<Option<Self>, Wrong> {
        use lexopt::prelude::{Long, Short, Value};
        let mut options = Self { which: Which::Ancestor, names: Vec::new(), list: false, json: false, pages: None };
        while let Some(argument) = arguments.next()? {
            match argument {
                Long("machine") => options.which = options::machine(arguments)?,
                Long("list") => options.list = true,
                Long("json") => options.json = true,
                Long("html") => options.pages = Some(PathBuf::from(arguments.value()?)),
                Long("help") | Short('h') => return Ok(None),
                Value(name) => options.names.push(known(&name.to_string_lossy())?),
                other @ (Long(_) | Short(_)) => return Err(other.unexpected().into()),
            }
        }
        if options.names.is_empty() {
            let all = names().filter(|name| *name != STRIPE_COUNT || options.which == Which::Ancestor);
            options.names = all.map(str::to_owned).collect();
        } else if options.which != Which::Ancestor && options.names.iter().any(|name| name == STRIPE_COUNT) {
            return Err(Wrong(format!("`{STRIPE_COUNT}` is the ancestor's alone: it is no fault of a machine")));
        }
        Ok(Some(options))
    }
}

fn names() -> impl Iterator<Item = &'static str> {
    SPECIMENS.iter().map(|specimen| specimen.name).chain([STRIPE_COUNT])
}

/// The name of a specimen, if it is one.
pub(super) fn known(name: &str) -> Result<String, Wrong> {
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

/// A counterexample, to be printed and to be paged through.
pub(super) struct Found {
    text: String,
    pub(super) story: Story,
}

/// The counterexample to the specimen of this name; none if it stands.
pub(super) fn refute(which: Which, name: &str) -> Option<Found> {
    let specimen = SPECIMENS.iter().find(|specimen| specimen.name == name);
    let refuted = match (specimen, which) {
        (Some(specimen), Which::Ancestor) => specimen.refute(),
        (Some(specimen), other) => other.run(Refute(*specimen)),
        (None, Which::Ancestor) => {
            return stripe_count_is_ignored().map(|found| Found { text: found.text(), story: found.story() });
        }
        (None, _) => None,
    };
    refuted.map(|refuted| Found { text: refuted.text(), story: refuted.story() })
}

/// What came of a specimen.
struct Outcome<'a> {
    name: &'a str,
    found: Option<Found>,
    /// Where its page is.
    page: Option<String>,
}

pub(super) fn run(mut arguments: lexopt::Parser) -> Result<(String, End), Wrong> {
    let Some(options) = Options::read(&mut arguments)? else {
        return Ok((HELP.to_owned(), End::Holds));
    };
    if options.list {
        return Ok((options.names.join("\n") + "\n", End::Holds));
    }
    make_folder(options.pages.as_ref())?;
    let mut outcomes = Vec::new();
    for name in &options.names {
        let found = refute(options.which, name);
        let page = match &found {
            Some(found) => write_page_into(options.pages.as_ref(), name, &found.story)?,
            None => None,
        };
        outcomes.push(Outcome { name, found, page });
    }
    let standing = outcomes.iter().filter(|outcome| outcome.found.is_none()).count();
    let end = if standing == 0 { End::Holds } else { End::Found };
    Ok((if options.json { json(&options, &outcomes, standing) } else { text(&outcomes, standing) }, end))
}

fn json(options: &Options, outcomes: &[Outcome], standing: usize) -> String {
    let specimen = |Outcome { name, found, page }: &Outcome| {
        let trace = found.as_ref().map(|found| &found.text);
        json!({ "name": name, "refuted": found.is_some(), "trace": trace, "page": page })
    };
    let specimens = outcomes.iter().map(specimen).collect::<Vec<_>>();
    format!("{:#}\n", json!({ "machine": options.which.name(), "specimens": specimens, "standing": standing }))
}

fn text(outcomes: &[Outcome], standing: usize) -> String {
    let mut text = String::new();
    for Outcome { name, found, page } in outcomes {
        let _ = match found {
            Some(Found { text: trace, .. }) => writeln!(text, "{name}: refuted\n{trace}"),
            None => writeln!(text, "{name}: stands\n"),
        };
        if let Some(page) = page {
            let _ = writeln!(text, "page       {page}\n");
        }
    }
    let _ = writeln!(text, "{} refuted, {standing} standing", outcomes.len() - standing);
    text
}
