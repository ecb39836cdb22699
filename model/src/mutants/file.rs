//! The files of `mutants/`, read.

use super::{Class, Collection, Killer, Mutant};
use core::fmt;
use std::path::Path;

/// What is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The file.
    pub file: String,
    /// The line, counted from 1; none if the file cannot be read.
    pub line: Option<usize>,
    /// What is wrong there.
    pub message: String,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file, self.message),
            None => write!(f, "{}: {}", self.file, self.message),
        }
    }
}

/// What is wrong, before the file is known.
type Flaw = (usize, String);

/// The file that lists the classes.
const CLASSES: &str = "classes.txt";
const FIND: &str = "---- find";
const REPLACE: &str = "---- replace";

/// Reads `classes.txt` and all mutants of a folder.
///
/// # Errors
///
/// The first thing that is wrong.
pub fn read_folder(folder: &Path) -> Result<Collection, Wrong> {
    let unreadable = |file: &Path, error: std::io::Error| Wrong {
        file: file.display().to_string(),
        line: None,
        message: error.to_string(),
    };
    let read = |file: &Path| std::fs::read_to_string(file).map_err(|error| unreadable(file, error));
    let at = |file: &Path| {
        let file = file.display().to_string();
        move |(line, message)| Wrong { file, line: Some(line), message }
    };
    let listed = folder.join(CLASSES);
    let classes = read(&listed).and_then(|text| parse_classes(&text).map_err(at(&listed)))?;
    let entries = std::fs::read_dir(folder).map_err(|error| unreadable(folder, error))?;
    let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "txt") && *file != listed);
    files.sort();
    let mutant = |file: &std::path::PathBuf| {
        let name = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        read(file).and_then(|text| parse_mutant(&name, &text, &classes).map_err(at(file)))
    };
    let mutants = files.iter().map(mutant).collect::<Result<Vec<_>, _>>()?;
    Ok(Collection { classes, mutants })
}

/// Lines `C01  title`, each perhaps followed by `cannot be: argument`; `#` begins a comment.
fn parse_classes(text: &str) -> Result<Vec<Class>, Flaw> {
    let mut classes: Vec<Class> = Vec::new();
    for (number, line) in text.lines().enumerate().map(|(index, line)| (index.saturating_add(1), line.trim())) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(argument) = line.strip_prefix("cannot be:") {
            let class = classes.last_mut().ok_or_else(|| (number, "an argument before the first class".to_owned()))?;
            class.argument = Some(argument.trim().to_owned());
            continue;
        }
        let (id, title) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        if title.trim().is_empty() || classes.iter().any(|class| class.id == id) {
            return Err((number, format!("`{line}` is no new class: wanted is `C01  what goes wrong`")));
        }
        classes.push(Class { id: id.to_owned(), title: title.trim().to_owned(), argument: None });
    }
    Ok(classes)
}

/// The head of a mutant, and the line with which the text to find begins.
struct Head {
    title: String,
    fields: Vec<(usize, String, String)>,
    end: usize,
}

fn parse_mutant(name: &str, text: &str, classes: &[Class]) -> Result<Mutant, Flaw> {
    let lines: Vec<&str> = text.lines().collect();
    let head = parse_head(&lines)?;
    let field = |wanted: &str| {
        let found = head.fields.iter().find(|(_, key, _)| key == wanted);
        found.map(|(line, _, value)| (*line, value.clone())).ok_or_else(|| (head.end, format!("`{wanted}` is missing")))
    };
    let (line, class) = field("class")?;
    if !classes.iter().any(|known| known.id == class) {
        return Err((line, format!("{CLASSES} has no class `{class}`")));
    }
    let (line, check) = field("check")?;
    let killer = Killer::parse(&check).map_err(|message| (line, message))?;
    let body = lines.get(head.end..).unwrap_or_default();
    let Some(middle) = body.iter().position(|line| *line == REPLACE) else {
        return Err((lines.len(), format!("`{REPLACE}` is missing")));
    };
    let (find, replace) = body.split_at(middle);
    if find.iter().all(|line| line.trim().is_empty()) {
        return Err((head.end, "there is nothing to find".to_owned()));
    }
    Ok(Mutant {
        name: name.to_owned(),
        title: head.title,
        class,
        reference: field("reference")?.1,
        file: field("file")?.1,
        killer,
        find: find.join("\n"),
        replace: replace.get(1..).unwrap_or_default().join("\n"),
    })
}

/// The title, and `key value` lines up to the marker.
fn parse_head(lines: &[&str]) -> Result<Head, Flaw> {
    let title = lines.first().and_then(|line| line.strip_prefix("# "));
    let title = title.ok_or_else(|| (1, "the first line is `# what goes wrong`".to_owned()))?;
    let mut fields: Vec<(usize, String, String)> = Vec::new();
    for (index, line) in lines.iter().enumerate().skip(1) {
        let number = index.saturating_add(1);
        if *line == FIND {
            return Ok(Head { title: title.trim_end_matches('.').to_owned(), fields, end: number });
        }
        if line.trim().is_empty() {
            continue;
        }
        let (key, value) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let is_known = ["class", "reference", "file", "check"].contains(&key);
        if !is_known || value.trim().is_empty() || fields.iter().any(|(_, known, _)| known == key) {
            let message =
                format!("`{line}`: wanted is `class`, `reference`, `file` and `check`, each once with a value");
            return Err((number, message));
        }
        fields.push((number, key.to_owned(), value.trim().to_owned()));
    }
    Err((lines.len(), format!("`{FIND}` is missing")))
}
