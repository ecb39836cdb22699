//! The page of a story: the template `page.html`, filled.
//!
//! Owns the markup of what varies. Rules:
//! 1. Everything is in the markup: the whole timeline, and the panels of every step with what changed. The script of the
//!    template only chooses which step is shown, so nothing is lost without it.
//! 2. Words go through [`Escaped`], in text and in attributes alike.
//! 3. Nothing is fetched: the template's policy forbids it.

use super::{Panel, Step, Story};
use core::fmt::{self, Display, Write};

const TEMPLATE: &str = include_str!("page.html");

/// Text in which no character is markup.
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|character| match character {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            '\'' => f.write_str("&#39;"),
            other => f.write_char(other),
        })
    }
}

/// The page.
pub(super) fn html(story: &Story) -> String {
    let mut page = String::new();
    // Marks are looked for in the template only, never in what replaced one.
    for (place, part) in TEMPLATE.split("{{").enumerate() {
        let (mark, rest) = if place == 0 { ("", part) } else { part.split_once("}}").unwrap_or(("", part)) };
        page.push_str(&fill(story, mark));
        page.push_str(rest);
    }
    page
}

/// What stands for a mark of the template.
fn fill(story: &Story, mark: &str) -> String {
    match mark {
        "title" => Escaped(&story.title).to_string(),
        "verdict" => Escaped(&story.verdict).to_string(),
        "outcome" => if story.failing().next().is_some() { "bad" } else { "good" }.to_owned(),
        "about" => about(story),
        "columns" => each("<th scope=\"col\">", &story.columns, "</th>"),
        "last" => story.steps.len().saturating_sub(1).to_string(),
        "rows" => timeline(story),
        "steps" => steps(story),
        _ => String::new(),
    }
}

fn about(story: &Story) -> String {
    let mut html = String::new();
    for (label, words) in &story.about {
        let _ = writeln!(html, "<dt>{}</dt><dd>{}</dd>", Escaped(label), Escaped(words));
    }
    for (number, step) in story.failing() {
        let link = format!("<a href=\"#step-{number}\">step {number}</a>");
        let _ = writeln!(html, "<dt>{link}</dt><dd class=\"failed\">fails {}</dd>", Escaped(&step.failed.join(", ")));
    }
    html
}

/// Each step with the one before it; the first has none.
fn with_previous(story: &Story) -> impl Iterator<Item = (usize, Option<&Step>, &Step)> {
    let previous = core::iter::once(None).chain(story.steps.iter().map(Some));
    story.steps.iter().zip(previous).enumerate().map(|(number, (step, previous))| (number, previous, step))
}

fn timeline(story: &Story) -> String {
    let mut html = String::new();
    let width = story.columns.len() + 2;
    for (number, previous, step) in with_previous(story) {
        if !step.note.is_empty() {
            let note = Escaped(&step.note);
            let _ = writeln!(html, "<tr class=\"note\"><td colspan=\"{width}\">{note}</td></tr>");
        }
        let class = if step.failed.is_empty() { "" } else { " class=\"bad\"" };
        let _ = writeln!(html, "<tr data-step=\"{number}\"{class}>");
        let _ = writeln!(html, "<th scope=\"row\"><a href=\"#step-{number}\">{number}</a></th>");
        for column in 0..story.columns.len() {
            html.push_str(&cell(previous, step, column));
        }
        let _ = writeln!(
            html,
            "<td class=\"answers\">{}{}</td>\n</tr>",
            each("<span>", &step.answers, "</span>"),
            failures(step)
        );
    }
    html
}

/// One actor at one step: its life line, what it does, what it goes on doing, and the arrows that pass.
fn cell(previous: Option<&Step>, step: &Step, column: usize) -> String {
    let after = doing(step, column);
    let before = previous.map_or("", |previous| doing(previous, column));
    let word = |doing: &str| Escaped(doing.split(' ').next().unwrap_or_default()).to_string();
    let (was, is) = (word(before), word(after));
    let mut html = format!("<td class=\"actor\" data-before=\"{was}\" data-after=\"{is}\">{}", arrows(step, column));
    if step.column == Some(column) {
        let _ = write!(html, "<b>{}</b>", Escaped(&step.action));
    }
    if after != before {
        let _ = write!(html, "<i>{}</i>", Escaped(after));
    }
    html.push_str("</td>\n");
    html
}

fn doing(step: &Step, column: usize) -> &str {
    step.doing.get(column).map_or("", String::as_str)
}

/// The arrows in a cell: whether one passes on its left and on its right, and whether one ends in it.
fn arrows(step: &Step, column: usize) -> String {
    let Some(from) = step.column else { return String::new() };
    let to = || step.told.iter().copied().filter(move |to| *to != from);
    let parts = [
        ("left", to().any(|to| from.min(to) < column && column <= from.max(to))),
        ("right", to().any(|to| from.min(to) <= column && column < from.max(to))),
        ("tip", column > from && to().any(|to| to == column)),
        ("tip leftwards", column < from && to().any(|to| to == column)),
    ];
    let arrow = |(name, _): &(&str, bool)| format!("<span class=\"arrow {name}\" aria-hidden=\"true\"></span>");
    parts.iter().filter(|(_, is)| *is).map(arrow).collect()
}

fn failures(step: &Step) -> String {
    each("<strong class=\"failed\">fails ", &step.failed, "</strong>")
}

/// Each of `words` between the same tags.
fn each(open: &str, words: &[String], close: &str) -> String {
    words.iter().fold(String::new(), |html, words| html + open + &Escaped(words).to_string() + close)
}

fn steps(story: &Story) -> String {
    let mut html = String::new();
    for (number, previous, step) in with_previous(story) {
        let what = heading(story, step);
        let _ = writeln!(html, "<section class=\"step\" id=\"step-{number}\" data-step=\"{number}\">");
        let _ = writeln!(html, "<h2><span>Step {number}</span> {}</h2>", Escaped(&what));
        if !step.note.is_empty() {
            let _ = writeln!(html, "<p class=\"note\">{}</p>", Escaped(&step.note));
        }
        let answers = each("<p class=\"answer\">", &step.answers, "</p>");
        let _ = writeln!(html, "{answers}{}<div class=\"panels\">", failures(step));
        let actors = previous.map(|previous| actors(story, previous));
        html.push_str(&panel(actors.as_ref(), &self::actors(story, step)));
        for panel in &step.panels {
            let same = |other: &&Panel| other.name == panel.name;
            let before = previous.and_then(|previous| previous.panels.iter().find(same));
            html.push_str(&self::panel(before, panel));
        }
        html.push_str("</div>\n</section>\n");
    }
    html
}

fn heading(story: &Story, step: &Step) -> String {
    let actor = step.column.and_then(|column| story.columns.get(column));
    match actor {
        Some(actor) => format!("{actor}: {}", step.action),
        None if step.action.is_empty() => "the start".to_owned(),
        None => step.action.clone(),
    }
}

/// What the actors are doing, as a panel.
fn actors(story: &Story, step: &Step) -> Panel {
    let doing = story.columns.iter().zip(&step.doing).filter(|(_, doing)| !doing.is_empty());
    Panel::new("actors", doing.map(|(name, doing)| format!("{name} {doing}")))
}

/// How an item of a panel came to be there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Since<'a> {
    Before,
    /// Its last word was another.
    Was(&'a str),
    Now,
}

/// A panel, with what is new since the same panel `before`, and what is gone.
fn panel(before: Option<&Panel>, after: &Panel) -> String {
    let before_items: &[String] = before.map_or(&after.items, |panel| &panel.items);
    let (items, gone) = compare(before_items, &after.items);
    let changed = items.iter().any(|(_, since)| *since != Since::Before) || !gone.is_empty();
    let class = if changed { "panel changed" } else { "panel" };
    let mut html = format!("<div class=\"{class}\"><h3>{}</h3><ul>", Escaped(&after.name));
    for (item, since) in items {
        let (rest, last) = item.rsplit_once(' ').unwrap_or(("", item));
        let _ = match since {
            Since::Before => write!(html, "<li>{}</li>", Escaped(item)),
            Since::Now => write!(html, "<li><ins>{}</ins></li>", Escaped(item)),
            Since::Was(was) => {
                let (rest, was, last) = (Escaped(rest), Escaped(was), Escaped(last));
                write!(html, "<li>{rest} <del>{was}</del> <ins>{last}</ins></li>")
            }
        };
    }
    for item in gone {
        let _ = write!(html, "<li><del>{}</del></li>", Escaped(item));
    }
    html.push_str("</ul></div>\n");
    html
}

/// The items of `after` and since when they are there, and what of `before` is gone.
fn compare<'a>(before: &'a [String], after: &'a [String]) -> (Vec<(&'a str, Since<'a>)>, Vec<&'a str>) {
    let mut gone: Vec<&str> = before.iter().map(String::as_str).collect();
    let mut items: Vec<(&str, Since)> = after.iter().map(|item| (item.as_str(), Since::Now)).collect();
    for (item, since) in &mut items {
        if let Some(place) = gone.iter().position(|other| other == item) {
            gone.remove(place);
            *since = Since::Before;
        }
    }
    for (item, since) in items.iter_mut().filter(|(_, since)| *since == Since::Now) {
        let Some((rest, _)) = item.rsplit_once(' ') else { continue };
        let same = |other: &&str| other.rsplit_once(' ').is_some_and(|(words, _)| words == rest);
        if let Some(place) = gone.iter().position(same) {
            let was = gone.remove(place).rsplit_once(' ').map_or("", |(_, last)| last);
            *since = Since::Was(was);
        }
    }
    (items, gone)
}
