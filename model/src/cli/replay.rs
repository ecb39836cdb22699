//! `replay`: golden traces, compared or written anew.

use super::{End, Wrong, read};
use core::fmt::Write;
use lexopt::prelude::{Long, Short, Value};

const HELP: &str = "\
Replays golden traces: does the commands of each file, and compares the tables with those in the file. Where one differs,
what is expected and what was found is printed.

Usage: striped-pool-model replay [OPTIONS] FILE …

Options:
  --rewrite    write what was found into the file instead of comparing
  --print      print each file with what was found
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
                     cancel #I, resize to C, close
";

pub(super) fn run(mut arguments: lexopt::Parser) -> Result<(String, End), Wrong> {
    let (mut files, mut rewrite, mut print) = (Vec::new(), false, false);
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("rewrite") => rewrite = true,
            Long("print") => print = true,
            Long("help") | Short('h') => return Ok((HELP.to_owned(), End::Holds)),
            Value(file) => files.push(file.to_string_lossy().into_owned()),
            other @ (Long(_) | Short(_)) => return Err(other.unexpected().into()),
        }
    }
    if files.is_empty() {
        return Err(Wrong("replay needs a file; see striped-pool-model replay --help".to_owned()));
    }
    // All of them are read and played before the first is written.
    let scripts = files.into_iter().map(|file| read(&file).map(|(script, played)| (file, script, played)));
    let scripts = scripts.collect::<Result<Vec<_>, Wrong>>()?;
    let (mut text, mut end) = (String::new(), End::Holds);
    for (file, script, played) in scripts {
        let rewritten = script.rewritten(&played);
        if print {
            text.push_str(&rewritten);
        }
        let blocks = script.blocks();
        let _ = match script.difference(&played) {
            None => writeln!(text, "{file}: {blocks} blocks as written"),
            Some(_) if rewrite => {
                std::fs::write(&file, rewritten).map_err(|error| Wrong(format!("{file}: {error}")))?;
                writeln!(text, "{file}: {blocks} blocks rewritten")
            }
            Some(other) => {
                end = End::Found;
                writeln!(text, "{file}:{}: expected\n{}found\n{}", other.line, other.expected, other.found)
            }
        };
    }
    Ok((text, end))
}
