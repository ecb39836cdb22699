//! `render`: one run, to be read.

use super::{End, Wrong, check, options, read, write_page};
use lexopt::Arg as Argument;
use lexopt::prelude::{Long, Short};
use serde_json::{Value, json};
use std::path::PathBuf;
use striped_pool_model::story::Step;
use striped_pool_model::{Story, Which};

const HELP: &str = "\
Shows one run step by step: as a text with one column per client, or as an HTML page to step through. The page is one file
that opens from disk and fetches nothing. Nothing is compared: for that there is replay.

Usage: striped-pool-model render [OPTIONS] FILE
       striped-pool-model render [OPTIONS] --specimen NAME

FILE is a golden trace; striped-pool-model replay --help says how to write one.

Options:
  --specimen NAME   the shortest counterexample to a specimen; striped-pool-model check --list names them
  --html OUT        write the page to the file OUT instead of printing the text
  --json            print the story as one JSON object instead of the text
  -h, --help        this
";

pub(super) fn run(mut arguments: lexopt::Parser) -> Result<(String, End), Wrong> {
    let (mut file, mut specimen, mut html) = (None, None, None);
    let mut json = false;
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("specimen") => specimen = Some(check::known(&options::text(&mut arguments)?)?),
            Long("html") => html = Some(PathBuf::from(arguments.value()?)),
            Long("json") => json = true,
            Long("help") | Short('h') => return Ok((HELP.to_owned(), End::Holds)),
            Argument::Value(value) if file.is_none() => file = Some(value.to_string_lossy().into_owned()),
            other @ (Long(_) | Short(_) | Argument::Value(_)) => return Err(other.unexpected().into()),
        }
    }
    let story = story(file, specimen)?;
    let text = match html {
        Some(file) => {
            write_page(&file, &story)?;
            format!("{}: {} steps\n", file.display(), story.steps.len().saturating_sub(1))
        }
        None if json => format!("{:#}\n", as_json(&story)),
        None => story.text(),
    };
    Ok((text, End::Holds))
}

fn as_json(story: &Story) -> Value {
    let column = |place: usize| story.columns.get(place).cloned().unwrap_or_default();
    let step = |step: &Step| {
        let panels = step.panels.iter().map(|panel| (panel.name.clone(), json!(panel.items)));
        json!({
            "actor": step.column.map(column),
            "action": step.action,
            "answers": step.answers,
            "afterwards": panels.collect::<serde_json::Map<_, _>>(),
            "failed": step.failed,
        })
    };
    let steps = story.steps.iter().map(step).collect::<Vec<_>>();
    json!({ "title": story.title, "verdict": story.verdict, "actors": story.columns, "steps": steps })
}

fn story(file: Option<String>, specimen: Option<String>) -> Result<Story, Wrong> {
    match (file, specimen) {
        (Some(file), None) => {
            let (script, played) = read(&file)?;
            let story = script.story(&played);
            Ok(if story.title.is_empty() { Story { title: file, ..story } } else { story })
        }
        (None, Some(name)) => {
            let refuted = check::refute(Which::Ancestor, &name);
            refuted.map(|refuted| refuted.story).ok_or_else(|| Wrong(format!("the specimen {name} stands")))
        }
        (None, None) => {
            Err(Wrong("render needs a file or --specimen; see striped-pool-model render --help".to_owned()))
        }
        (Some(_), Some(_)) => Err(Wrong("render takes a file or --specimen, not both".to_owned())),
    }
}
