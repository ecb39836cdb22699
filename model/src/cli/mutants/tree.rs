//! A copy of the sources, in which one file at a time is changed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use striped_pool_model::mutants::Mutant;

/// What is copied: everything that cargo needs to build the project.
const PARTS: [&str; 5] = ["Cargo.toml", "Cargo.lock", "core", "model", "tests"];
/// Where everything about mutants is built and kept.
const FOLDER: &str = "target/mutants";

pub(super) struct Tree {
    top: PathBuf,
    /// Where it was copied from.
    source: PathBuf,
}

impl Tree {
    /// Brings the copy up to date. Files that are the same are left alone, so that cargo need not build them again.
    pub(super) fn copy(source: &Path) -> io::Result<Self> {
        let source = source.canonicalize()?;
        let top = source.join(FOLDER);
        fs::create_dir_all(top.join("log"))?;
        let tree = Self { top, source };
        for part in PARTS {
            bring_up_to_date(&tree.source.join(part), &tree.sources().join(part))?;
        }
        Ok(tree)
    }

    pub(super) fn sources(&self) -> PathBuf {
        self.top.join("tree")
    }

    pub(super) fn target(&self) -> PathBuf {
        self.top.join("target")
    }

    /// Where to write the output of a build or a check.
    pub(super) fn log(&self, name: &str) -> PathBuf {
        self.top.join("log").join(name)
    }

    /// Puts the mutant into its file, for as long as what is returned lives.
    pub(super) fn seed(&self, mutant: &Mutant) -> io::Result<Seeded> {
        let file = self.sources().join(&mutant.file);
        let original = fs::read_to_string(&file)?;
        let places = |places| io::Error::other(format!("what it finds stands {places} times"));
        fs::write(&file, mutant.apply(&original).map_err(places)?)?;
        Ok(Seeded { file, original })
    }
}

/// A file with a mutant in it.
pub(super) struct Seeded {
    file: PathBuf,
    original: String,
}

impl Drop for Seeded {
    fn drop(&mut self) {
        // If it fails, the next run copies the file again.
        let _ = fs::write(&self.file, &self.original);
    }
}

/// Copies a file or a folder, and removes what is no longer there.
fn bring_up_to_date(from: &Path, to: &Path) -> io::Result<()> {
    if !from.is_dir() {
        let content = fs::read(from)?;
        let is_same = fs::read(to).is_ok_and(|there| there == content);
        return if is_same {
            Ok(())
        } else {
            fs::create_dir_all(to.parent().unwrap_or(to)).and(fs::write(to, content))
        };
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(to)? {
        let entry = entry?;
        let path = entry.path();
        if !from.join(entry.file_name()).exists() {
            if path.is_dir() { fs::remove_dir_all(path)? } else { fs::remove_file(path)? }
        }
    }
    for entry in fs::read_dir(from)? {
        let name = entry?.file_name();
        // What a build of one package alone would leave there.
        if name != "target" {
            bring_up_to_date(&from.join(&name), &to.join(&name))?;
        }
    }
    Ok(())
}
