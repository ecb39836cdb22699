//! Stories: the table, the page, and what both say of a run.
//!
//! The golden page is the part that varies, without styles and script. `REWRITE=1` writes it anew instead of comparing
//! it.
#![cfg(not(feature = "loom"))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use striped_pool_model::script::Script;
use striped_pool_model::specimens::{Ancestor, SPECIMENS, stripe_count_is_ignored};
use striped_pool_model::story::{Panel, Step, Story};
use striped_pool_model::{Check, Env, Move, render};

/// Every page that the project makes of what is committed: of each specimen, and of each golden trace.
fn stories() -> Vec<Story> {
    let specimens = SPECIMENS.iter().map(|specimen| specimen.refute().unwrap().story());
    let miscounted = stripe_count_is_ignored().unwrap().story();
    let folder = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("traces")).unwrap();
    let traces = folder.map(|file| trace(&std::fs::read_to_string(file.unwrap().path()).unwrap()));
    specimens.chain([miscounted]).chain(traces).collect()
}

fn trace(text: &str) -> Story {
    let script = Script::parse(text).unwrap();
    script.story(&script.play().unwrap())
}

/// The markup that a reader sees, without the script at its end.
fn body(page: &str) -> &str {
    let (_, body) = page.split_once("<body>").unwrap();
    body.rsplit_once("<script>").unwrap().0
}

fn strings(words: &[&str]) -> Vec<String> {
    words.iter().map(ToString::to_string).collect()
}

/// A thread gives a resource to another one, and something fails.
fn handed_on(name: &str) -> Story {
    let start = Step { panels: vec![Panel::new("queue", strings(&["x", "count 1"]))], ..Step::default() };
    let give = Step {
        column: Some(0),
        action: format!("give {name}"),
        answers: strings(&["given", name]),
        told: vec![2],
        doing: strings(&["", "looks on", "holds it"]),
        panels: vec![Panel::new("queue", strings(&[name, "count 2"]))],
        note: format!("about {name}"),
        failed: vec![format!("INV {name}")],
        ..Step::default()
    };
    Story {
        title: format!("title {name}"),
        verdict: format!("verdict {name}"),
        about: vec![(format!("label {name}"), format!("words {name}"))],
        columns: vec![name.to_owned(), "middle".to_owned(), "right".to_owned()],
        steps: vec![start, give],
    }
}

#[test]
fn the_page_of_a_specimen_is_as_committed() {
    let story = SPECIMENS.iter().find(|specimen| specimen.name.starts_with('5')).unwrap().refute().unwrap().story();
    let page = story.html();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("{}.html", story.title));
    if std::env::var_os("REWRITE").is_some() {
        std::fs::write(&path, body(&page)).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(golden == body(&page), "{} differs; found:\n{}", path.display(), body(&page));
}

#[test]
fn a_page_fetches_nothing() {
    for story in stories() {
        let page = story.html();
        for reference in ["http:", "https:", "src=", "@import", "url(", "<link", "<iframe", "fetch(", "import("] {
            assert!(!page.contains(reference), "{reference} in the page of {}", story.title);
        }
        assert!(page.contains("default-src 'none'"));
    }
}

#[test]
fn words_are_never_markup() {
    let plain = handed_on("thing").html();
    for name in ["<script>alert(1)</script>", "\"><b onclick='x'>", "a & b", "</td></tr>", "{{rows}}", "}}{{"] {
        let page = handed_on(name).html();
        let escaped = name.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let escaped = escaped.replace('"', "&quot;").replace('\'', "&#39;");
        assert_eq!(page.replace(&escaped, "thing"), plain, "{name}");
    }
}

/// Whether every element is closed where it must be.
fn assert_balanced(title: &str, html: &str) {
    let mut open = Vec::new();
    for part in html.split('<').skip(1) {
        let tag = part.split('>').next().unwrap();
        let name = tag.split(' ').next().unwrap();
        if let Some(name) = name.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{title}: </{name}> in {part}");
        } else if name != "input" {
            open.push(name);
        }
    }
    assert_eq!(open, Vec::<&str>::new(), "{title}");
}

#[test]
fn a_page_has_every_step_once_in_the_timeline_and_once_beside_it() {
    for story in stories() {
        let page = story.html();
        let body = body(&page);
        assert_balanced(&story.title, body);
        assert!(!body.contains("{{") && !body.contains("}}"));
        let count = |words: &str| body.matches(words).count();
        let steps = story.steps.len();
        assert_eq!((count("<tr data-step="), count("<section ")), (steps, steps), "{}", story.title);
        assert_eq!(count("<td class=\"actor\""), steps * story.columns.len(), "{}", story.title);
        for number in 0..steps {
            assert_eq!(count(&format!("id=\"step-{number}\"")), 1, "{}", story.title);
        }
        assert!(body.contains(&format!("max=\"{}\"", steps - 1)));
    }
}

#[test]
fn a_failure_is_marked_where_it_happens() {
    for story in stories() {
        let page = story.html();
        let rows: Vec<&str> = page.split("<tr data-step=").skip(1).collect();
        let sections: Vec<&str> = page.split("<section ").skip(1).collect();
        for ((row, section), step) in rows.iter().zip(sections).zip(&story.steps) {
            let (row, fails) = (row.split("</tr>").next().unwrap(), !step.failed.is_empty());
            assert_eq!((row.contains("class=\"bad\""), section.contains("class=\"failed\"")), (fails, fails));
            step.failed.iter().for_each(|id| assert!(row.contains(id) && section.contains(id), "{id}"));
        }
        let fails = story.steps.iter().any(|step| !step.failed.is_empty());
        assert_eq!(page.contains("<p class=\"verdict bad\">"), fails, "{}", story.title);
    }
}

#[test]
fn every_specimen_fails_its_check_at_the_last_step_and_nothing_else() {
    for specimen in SPECIMENS {
        let story = specimen.refute().unwrap().story();
        let (last, before) = story.steps.split_last().unwrap();
        assert_eq!(last.failed, [specimen.check.id()], "{}", specimen.name);
        assert!(before.iter().all(|step| step.failed.is_empty()), "{}", specimen.name);
    }
}

#[test]
fn a_check_that_looks_ahead_fails_at_the_end() {
    let env = Env::new(1, 1, 1, 0);
    let frames = render::frames::<Ancestor>(&env, &[Move::Take(0), Move::Created(0)]);
    let story = render::counterexample("t", &frames, Check::Progress);
    let failed: Vec<usize> = story.steps.iter().map(|step| step.failed.len()).collect();
    assert_eq!((failed, story.verdict.as_str()), (vec![0, 0, 1], "fails LIVE-PROGRESS"));
}

#[test]
fn what_changed_is_marked() {
    let page = handed_on("y").html();
    assert!(page.contains("<h3>queue</h3><ul><li>x</li><li>count 1</li></ul>"), "nothing is new at the start");
    let after = "<ul><li><ins>y</ins></li><li>count <del>1</del> <ins>2</ins></li><li><del>x</del></li></ul>";
    assert!(page.contains(after), "{page}");
    assert_eq!(page.matches("\"panel changed\"").count(), 2, "the queue and the actors");
}

#[test]
fn an_arrow_goes_from_who_acts_to_whom_it_is_for() {
    let arrows = |story: &Story| -> Vec<String> {
        let page = story.html();
        let cells = page.split("<td class=\"actor\"").skip(1 + story.columns.len());
        let names = |cell: &str| {
            cell.split("class=\"arrow ")
                .skip(1)
                .map(|arrow| arrow.split('"').next().unwrap().to_owned())
                .collect::<Vec<_>>()
                .join(",")
        };
        cells.map(|cell| names(cell.split("</td>").next().unwrap())).collect()
    };
    let mut story = handed_on("x");
    assert_eq!(arrows(&story), ["right", "left,right", "left,tip"]);
    (story.steps[1].column, story.steps[1].told) = (Some(2), vec![1, 2]);
    assert_eq!(arrows(&story), ["", "right,tip leftwards", "left"]);
    story.steps[1].told = vec![];
    assert_eq!(arrows(&story), ["", "", ""]);
}

#[test]
fn the_text_says_all_that_the_table_cannot() {
    let text = handed_on("x").text();
    let wanted = "title x\n\
                  verdict x\n\
                  label x  words x\n\
                  \n\
                  #  x       middle  right  effects        afterwards\n\
                  0                                        queue [x, count 1]\n\
                  1  give x                 given, then x  queue [x, count 2]\n\
                  step 1 fails INV x\n\
                  before step 1: about x\n";
    assert_eq!(text, wanted);
}

#[test]
fn a_golden_trace_is_told_with_its_remarks_and_each_failure_once() {
    let text = include_str!("../traces/ancestor-puts-twice.txt");
    let story = trace(text);
    let failed: Vec<(usize, String)> = story
        .steps
        .iter()
        .enumerate()
        .map(|(number, step)| (number, step.failed.join(" ")))
        .filter(|(_, failed)| !failed.is_empty())
        .collect();
    let wanted = [(1, "INV-ONE-WAKE INV-IDS INV-EFFECT"), (3, "INV-CAPACITY"), (5, "INV-FREE-FIRST")];
    assert_eq!(failed, wanted.map(|(number, ids)| (number, ids.to_owned())));
    let notes: Vec<usize> =
        (0..).zip(&story.steps).filter(|(_, step)| !step.note.is_empty()).map(|(number, _)| number).collect();
    assert_eq!(notes, [4]);
    assert!(story.steps[4].note.starts_with("The next two takes") && story.title.starts_with("The ancestor's rules"));
    let rows = text
        .lines()
        .filter(|line| line.starts_with(|c: char| c.is_ascii_digit()) && line.contains("capacity 1 available"))
        .count();
    assert_eq!(story.steps.len(), rows);
}
