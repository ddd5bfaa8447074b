//! The edit journal beside a project file: one line a batch, written before the next edit can happen, so that a
//! crash loses at most the edit in flight.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::{Edit, Project, to_text};

/// An open journal.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: Option<File>,
    base: u64,
}

/// What a crash left behind.
#[derive(Debug, Clone, PartialEq)]
pub struct Recovery {
    /// Batches in the order in which they were made.
    pub batches: Vec<Vec<Edit>>,
}

#[derive(Serialize, Deserialize)]
struct Header {
    pipewright_journal: u32,
    /// Hash of the project's text that the edits start from.
    base: u64,
}

impl Journal {
    /// `.shop.journal` beside `shop.pipewright.json`.
    pub fn path_for(project: &Path) -> PathBuf {
        let name = project.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let stem = name.strip_suffix(super::EXTENSION).unwrap_or(&name);
        project.with_file_name(format!(".{}.journal", stem.trim_end_matches('.')))
    }

    /// A journal of edits to `project` as it is now. Nothing is written before the first edit.
    pub fn new(path: PathBuf, project: &Project) -> Self {
        Self { path, file: None, base: base_of(project) }
    }

    /// Appends a batch; it is with the operating system when this returns.
    pub fn append(&mut self, edits: &[Edit]) -> io::Result<()> {
        let line = serde_json::to_string(edits)? + "\n";
        let file = match &mut self.file {
            Some(file) => file,
            None => {
                let mut file = OpenOptions::new().create(true).write(true).truncate(true).open(&self.path)?;
                let header = serde_json::to_string(&Header { pipewright_journal: 1, base: self.base })? + "\n";
                file.write_all(header.as_bytes())?;
                self.file.insert(file)
            }
        };
        file.write_all(line.as_bytes())
    }

    /// Takes the file away (closed without a crash).
    pub fn close(self) -> io::Result<()> {
        drop(self.file);
        remove(&self.path)
    }

    /// What a journal holds for this project; `None` where there is none, or it belongs to another text. A line cut
    /// short by the crash ends it.
    pub fn recover(path: &Path, project: &Project) -> io::Result<Option<Recovery>> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut lines = BufReader::new(file).split(b'\n');
        let header = lines.next().transpose()?.and_then(|line| serde_json::from_slice::<Header>(&line).ok());
        if header.is_none_or(|header| header.pipewright_journal != 1 || header.base != base_of(project)) {
            return Ok(None);
        }
        let mut batches = Vec::new();
        for line in lines {
            match serde_json::from_slice::<Vec<Edit>>(&line?) {
                Ok(edits) => batches.push(edits),
                Err(_) => break,
            }
        }
        Ok((!batches.is_empty()).then_some(Recovery { batches }))
    }
}

fn base_of(project: &Project) -> u64 {
    xxh3_64(to_text(project).as_bytes())
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
