//! `replay`: golden traces, compared or written anew.

use super::{End, Wrong, read};
use core::fmt::Write;
use lexopt::Arg as Argument;
use lexopt::prelude::{Long, Short};
use serde_json::{Value, json};
use striped_pool_model::script::Difference;

const HELP: &str = "\
Replays golden traces: does the commands of each file, and compares the tables with those in the file. Where one differs,
what is expected and what was found is printed.

Usage: striped-pool-model replay [OPTIONS] FILE …

Options:
  --rewrite    write what was found into the file instead of comparing
  --print      print each file with what was found
  --json       print one JSON object instead
  -h, --help   this

A file:
  # A title.
  world clients 2 capacity 1 [machine NAME] [sequential]
  0 take
  ----
  (the table)

  # The next block goes on where this one ended.
  0 gets
  ----
  (the table)

Commands, in the words of the table (N a client, T a clock reading):
  N take, N try to take, N try to take in slot        N created, N create failed
  N put at T, N return, N discard, N detach           N cancel, N abandon, N gets
  insert rR at T, free rR, freed 1, give back rR, give back permit
  reap at T keep K, drain, resize to C, close
  raise EVENT        an event out of nowhere: put rR at T, return rR, discard rR, freed K, create failed, detach,
                     cancel #I, reap at T ttl N keep K, drain, resize to C, close
";

/// What came of a file.
struct Replayed {
    file: String,
    blocks: usize,
    is_rewritten: bool,
    difference: Option<Difference>,
}

impl Replayed {
    fn text(&self) -> String {
        let Self { file, blocks, is_rewritten, difference } = self;
        match difference {
            None => format!("{file}: {blocks} blocks as written\n"),
            Some(_) if *is_rewritten => format!("{file}: {blocks} blocks rewritten\n"),
            Some(Difference { line, expected, found }) => {
                format!("{file}:{line}: expected\n{expected}found\n{found}\n")
            }
        }
    }

    fn json(&self) -> Value {
        let difference = self
            .difference
            .as_ref()
            .map(|Difference { line, expected, found }| json!({ "line": line, "expected": expected, "found": found }));
        json!({ "file": self.file, "blocks": self.blocks, "rewritten": self.is_rewritten, "difference": difference })
    }
}

pub(super) fn run(mut arguments: lexopt::Parser) -> Result<(String, End), Wrong> {
    let (mut files, mut rewrite, mut print, mut json) = (Vec::new(), false, false, false);
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("rewrite") => rewrite = true,
            Long("print") => print = true,
            Long("json") => json = true,
            Long("help") | Short('h') => return Ok((HELP.to_owned(), End::Holds)),
            Argument::Value(file) => files.push(file.to_string_lossy().into_owned()),
            other @ (Long(_) | Short(_)) => return Err(other.unexpected().into()),
        }
    }
    if files.is_empty() {
        return Err(Wrong("replay needs a file; see striped-pool-model replay --help".to_owned()));
    }
    if print && json {
        return Err(Wrong("replay prints files or one JSON object, not both".to_owned()));
    }
    // All of them are read and played before the first is written.
    let scripts = files.into_iter().map(|file| read(&file).map(|(script, played)| (file, script, played)));
    let scripts = scripts.collect::<Result<Vec<_>, Wrong>>()?;
    let (mut printed, mut replayed) = (String::new(), Vec::new());
    for (file, script, played) in scripts {
        let (rewritten, difference) = (script.rewritten(&played), script.difference(&played));
        let is_rewritten = rewrite && difference.is_some();
        if is_rewritten {
            std::fs::write(&file, &rewritten).map_err(|error| Wrong(format!("{file}: {error}")))?;
        }
        let outcome = Replayed { file, blocks: script.blocks(), is_rewritten, difference };
        let shown = if print { rewritten } else { String::new() };
        let _ = write!(printed, "{shown}{}", outcome.text());
        replayed.push(outcome);
    }
    let differs = |outcome: &Replayed| outcome.difference.is_some() && !outcome.is_rewritten;
    let end = if replayed.iter().any(differs) { End::Found } else { End::Holds };
    if json {
        let files = replayed.iter().map(Replayed::json).collect::<Vec<_>>();
        printed = format!("{:#}\n", json!({ "files": files }));
    }
    Ok((printed, end))
}
