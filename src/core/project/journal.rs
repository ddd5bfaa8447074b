//! The edit journal beside a project file: one line a batch, written before the next edit can happen, so that a
//! crash loses at most the edit in flight. A journal is locked by the process that writes it; one that nobody holds was
//! left behind by a crash, and is taken away only once its edits are elsewhere or somebody gave them up.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::disk::companion;
use super::{Edit, Project, load, to_text};
use crate::files::{followed, is_same_file, read_file};

/// How every journal begins.
const MARK: &[u8] = b"{\"pipewright_journal\":";
/// What the rest of a damaged journal is kept under.
const REST: &str = ".rest";

/// The journal that this process writes.
#[derive(Debug)]
pub struct Journal {
    /// Its name, or the one that it takes at the first edit where that is free.
    path: PathBuf,
    header: String,
    /// Every batch since the base, a line each.
    lines: Vec<String>,
    /// So many of them are in the file.
    written: usize,
    /// Holds the lock. `None`: nothing was written yet, or a write failed and the file is to be made anew.
    file: Option<File>,
    /// There is a file of this journal at `path`.
    is_there: bool,
}

#[derive(Serialize, Deserialize)]
struct Header {
    pipewright_journal: u32,
    /// Hash of the project's text that the edits start from.
    base: u64,
    /// That text: the edits can be read also where the file is another one by now.
    #[serde(default)]
    text: Option<String>,
}

impl Journal {
    /// `.shop.journal` beside `shop.pipewright.json`, or beside the file that a link of that name leads to.
    pub fn path_for(project: &Path) -> PathBuf {
        let project = followed(project).unwrap_or_else(|_| project.to_path_buf());
        companion(&project, "journal")
    }

    /// A journal of edits to `project` as it is now. Nothing is written before the first edit; where there is a file at
    /// `path` by then, another name beside it is taken.
    pub fn new(path: PathBuf, project: &Project) -> Self {
        let text = to_text(project);
        let header = Header { pipewright_journal: 1, base: xxh3_64(text.as_bytes()), text: Some(text) };
        let header = serde_json::to_string(&header).unwrap_or_default() + "\n";
        Self { path, header, lines: Vec::new(), written: 0, file: None, is_there: false }
    }

    /// Goes on with a journal that was left behind, whose edits are in the project again. `None`: another process has
    /// taken it meanwhile.
    pub fn adopt(left: &LeftBehind) -> Option<Self> {
        let file = OpenOptions::new().read(true).open(&left.path).ok().filter(|file| file.try_lock().is_ok())?;
        let lines = left.batches.iter().map(|batch| serde_json::to_string(batch).map(|line| line + "\n"));
        let lines = lines.collect::<Result<Vec<_>, _>>().ok()?;
        left.keep_rest().ok()?;
        let header = Header { pipewright_journal: 1, base: left.base, text: left.text.clone() };
        let header = serde_json::to_string(&header).ok()? + "\n";
        let written = lines.len();
        let mut journal = Self { path: left.path.clone(), header, lines, written, file: Some(file), is_there: true };
        // From here on it is written anew, whole, with this process's lock. Until that works the old file is there.
        let _ = journal.rewrite();
        Some(journal)
    }

    /// Appends a batch; it is with the operating system when this returns. After an error it is still known here, and
    /// `secure` or the next append tries again.
    pub fn append(&mut self, edits: &[Edit]) -> io::Result<()> {
        self.lines.push(serde_json::to_string(edits)? + "\n");
        self.secure()
    }

    /// Writes what is not in the file yet. A file that a failed write tore is written anew from the start.
    pub fn secure(&mut self) -> io::Result<()> {
        let is_whole = self.file.as_ref().is_some_and(|file| is_same_file(file, &self.path));
        if is_whole && self.written == self.lines.len() {
            return Ok(());
        }
        if !is_whole || self.written + 1 < self.lines.len() {
            return if self.lines.is_empty() { Ok(()) } else { self.rewrite() };
        }
        let (Some(mut file), Some(line)) = (self.file.as_ref(), self.lines.last()) else { return Ok(()) };
        match file.write_all(line.as_bytes()) {
            Ok(()) => self.written += 1,
            Err(error) => {
                self.file = None;
                return Err(error);
            }
        }
        Ok(())
    }

    /// Batches that would be lost in a crash now.
    pub fn unsecured(&self) -> usize {
        self.lines.len() - self.written
    }

    /// The whole journal under a new file, which takes the name once it is whole.
    fn rewrite(&mut self) -> io::Result<()> {
        let text = self.header.clone() + &self.lines.concat();
        if !self.is_there {
            let (path, mut file) = create_free(&self.path)?;
            let written = file.write_all(text.as_bytes());
            self.path = path;
            if let Err(error) = written {
                // Nothing was in it before.
                let _ = fs::remove_file(&self.path);
                return Err(error);
            }
            (self.file, self.is_there) = (Some(file), true);
        } else {
            let name = self.path.file_name().unwrap_or_default().to_string_lossy();
            let beside = self.path.with_file_name(format!(".writing-{}{name}", std::process::id()));
            let _ = fs::remove_file(&beside);
            let mut file = create(&beside)?;
            let written = file.write_all(text.as_bytes()).and_then(|()| fs::rename(&beside, &self.path));
            if let Err(error) = written {
                let _ = fs::remove_file(&beside);
                return Err(error);
            }
            self.file = Some(file);
        }
        self.written = self.lines.len();
        Ok(())
    }

    /// Takes the file away (closed without a crash).
    pub fn close(self) -> io::Result<()> {
        if !self.is_there {
            return Ok(());
        }
        remove(&self.path)
    }
}

/// A new file that only its owner reads, locked.
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create_new(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    // Where there are no locks, journals of running designers are offered to others: they are still not written by two.
    let _ = file.try_lock();
    Ok(file)
}

/// A new file at `path`, or where that is taken under a name with the time.
fn create_free(path: &Path) -> io::Result<(PathBuf, File)> {
    let mut free = path.to_path_buf();
    let mut number = 0;
    loop {
        match create(&free) {
            Ok(file) => return Ok((free, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                number += 1;
                free = named_by_time(path, number, "");
            }
            Err(error) => return Err(error),
        }
    }
}

/// `.shop.journal-20260131T120000Z`, `….2`.
fn named_by_time(path: &Path, number: u32, ending: &str) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let time = chrono::Utc::now().format("%Y%m%dT%H%M%SZ");
    let number = if number > 1 { format!(".{number}") } else { String::new() };
    path.with_file_name(format!("{name}-{time}{number}{ending}"))
}

/// A journal that no process writes: what a crash left.
#[derive(Debug, Clone, PartialEq)]
pub struct LeftBehind {
    pub path: PathBuf,
    /// Batches in the order in which they were made, up to the last whole one.
    pub batches: Vec<Vec<Edit>>,
    base: u64,
    text: Option<String>,
    /// What stands behind the last whole batch.
    rest: Vec<u8>,
}

/// How a journal goes with a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// There is nothing in it that the project has not.
    Nothing,
    /// It was made from this text.
    Whole,
    /// It was made from another text: some of it may still fit.
    Partly,
}

impl LeftBehind {
    /// The journals named by `path` (see `Journal::path_for`) that no process holds, the oldest first.
    pub fn find(path: &Path) -> Vec<Self> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let is_ours = |other: &str| {
            other.strip_prefix(&name).is_some_and(|end| end.is_empty() || end.starts_with('-') && !end.ends_with(REST))
        };
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let files = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
        let mut found: Vec<PathBuf> =
            files.filter(|entry| is_ours(&entry.file_name().to_string_lossy())).map(|entry| entry.path()).collect();
        // The one without a time is the youngest: those with one were put aside for it.
        found.sort_by_key(|path| (path.file_name().is_some_and(|other| *other == *name), path.clone()));
        found.iter().filter_map(|path| Self::read(path)).collect()
    }

    /// One file; `None`: a process holds it, it cannot be read, or not even its first line was finished.
    pub fn read(path: &Path) -> Option<Self> {
        let file = File::open(path).ok()?;
        if let Err(fs::TryLockError::WouldBlock) = file.try_lock() {
            return None;
        }
        let bytes = read_file(path).ok()?;
        let mut lines = bytes.split_inclusive(|byte| *byte == b'\n');
        let first = lines.next().unwrap_or_default();
        if !first.ends_with(b"\n") {
            // No edit was in it yet; a file that did not begin as a journal is none.
            if bytes.starts_with(MARK) || MARK.starts_with(&bytes) {
                let _ = fs::remove_file(path);
            }
            return None;
        }
        let mut whole = 0;
        let mut left = Self { path: path.to_path_buf(), batches: Vec::new(), base: 0, text: None, rest: Vec::new() };
        let header = serde_json::from_slice::<Header>(first).ok().filter(|header| header.pipewright_journal == 1);
        if let Some(header) = header {
            (left.base, left.text, whole) = (header.base, header.text, first.len());
            for line in lines {
                let Ok(edits) = serde_json::from_slice::<Vec<Edit>>(line) else { break };
                left.batches.push(edits);
                whole += line.len();
            }
        }
        left.rest = bytes[whole..].to_vec();
        Some(left)
    }

    /// How it goes with a project as its file has it.
    pub fn fit(&self, project: &Project) -> Fit {
        let text = to_text(project);
        if self.batches.is_empty() {
            return if self.rest.is_empty() { Fit::Nothing } else { Fit::Partly };
        }
        let is_same = |design: &Project| to_text(design) == text;
        if self.base == xxh3_64(text.as_bytes()) {
            let mut design = project.clone();
            return match self.batches.iter().all(|batch| design.apply(batch).is_ok()) {
                true if is_same(&design) => Fit::Nothing,
                true => Fit::Whole,
                false => Fit::Partly,
            };
        }
        // It was saved, and the crash came before the journal was taken away.
        if self.design().is_some_and(|design| is_same(&design)) { Fit::Nothing } else { Fit::Partly }
    }

    /// The design that was lost: the text that the edits start from with all of them. `None`: that text is not in the
    /// journal, or it is damaged.
    pub fn design(&self) -> Option<Project> {
        let (mut design, _) = load(self.text.as_deref()?).ok()?;
        self.batches.iter().all(|batch| design.apply(batch).is_ok()).then_some(design)
    }

    /// The project that the edits start from. `None`: it is not in the journal.
    pub fn beginning(&self) -> Option<Project> {
        load(self.text.as_deref()?).ok().map(|(project, _)| project)
    }

    /// When it was written last: `3 March 2026, 14:05 UTC`.
    pub fn changed_at(&self) -> Option<String> {
        let time = fs::metadata(&self.path).and_then(|about| about.modified()).ok()?;
        Some(chrono::DateTime::<chrono::Utc>::from(time).format("%-d %B %Y, %H:%M UTC").to_string())
    }

    /// Whether something in it cannot be read.
    pub fn is_damaged(&self) -> bool {
        !self.rest.is_empty()
    }

    /// Gives it a name of its own, so that another can take the common one.
    pub fn put_aside(&mut self, common: &Path) -> io::Result<()> {
        if self.path != common {
            return Ok(());
        }
        let free = (1..).map(|number| named_by_time(common, number, "")).find(|path| !path.exists());
        let free = free.unwrap_or_else(|| common.to_path_buf());
        fs::rename(&self.path, &free)?;
        self.path = free;
        Ok(())
    }

    /// Keeps what cannot be read in a file of its own.
    fn keep_rest(&self) -> io::Result<()> {
        // Nulls are what a torn write leaves where nothing was written.
        if self.rest.iter().all(|byte| *byte == 0) {
            return Ok(());
        }
        let free = (1..).map(|number| named_by_time(&self.path, number, REST)).find(|path| !path.exists());
        create(&free.unwrap_or_else(|| self.path.with_extension("rest")))?.write_all(&self.rest)
    }

    /// Its edits are elsewhere: the file goes, what cannot be read stays.
    pub fn settle(&self) -> io::Result<()> {
        self.keep_rest()?;
        self.discard()
    }

    /// Somebody gave it up.
    pub fn discard(&self) -> io::Result<()> {
        remove(&self.path)
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
