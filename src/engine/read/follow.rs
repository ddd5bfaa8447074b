//! A file that grows, followed: what is written behind its end becomes rows as it comes, also where the file is rotated
//! meanwhile (renamed and begun anew, or copied and emptied). Must not import formats or plans.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::files::{is_same_file, open_file};
use pipewright_core::formats::Framing;

use super::chunks::{RawChunk, count_lines};
use super::job::{Parsed, Prepared, ReadJob};
use super::open::unreadable;
use super::resume::Start;

/// How often the file is looked at.
const PAUSE: Duration = Duration::from_millis(200);
/// An event may go on in the next line: so long is waited for it.
const PATIENCE: Duration = Duration::from_secs(1);
/// Bytes that are read at once; what is more comes with the next look.
const MOST: u64 = 8 << 20;
/// Bytes before the place where reading goes on, by which it is known again.
const REMEMBERED: usize = 256;

/// Where a file is read on.
pub(crate) struct Follower {
    job: ReadJob,
    path: PathBuf,
    file: File,
    prepared: Prepared,
    /// Bytes that were taken, and the lines before them.
    at: u64,
    line: u64,
    /// The last bytes that were taken.
    last: Vec<u8>,
    /// Taken, but not yet parsed: the last event may go on.
    pending: Vec<u8>,
    /// What the lines before them say of how they are read.
    carried: Arc<str>,
    since: Instant,
}

impl Follower {
    /// Begins at the end of the job's one file. Errors: it cannot be read, or is none that can grow line by line.
    pub fn new(job: ReadJob) -> Result<Self, Diagnostic> {
        let path = job.files.first().cloned().unwrap_or_default();
        let (prepared, opened) = job.prepare(0)?;
        if !opened.is_plain() || prepared.parser.framing() != Framing::Cut {
            let message =
                "this file is not one that grows line by line: it is packed, of another encoding, or one document";
            return Err(Diagnostic::error("PW1128", message)
                .help("follow a log of lines in UTF-8; read others without --follow")
                .file(path.display().to_string()));
        }
        let file = open_file(&path).map_err(|error| unreadable(&path, &error))?;
        let mut follower = Self {
            job,
            file,
            prepared,
            at: 0,
            line: 1,
            last: Vec::new(),
            pending: Vec::new(),
            carried: Arc::default(),
            since: Instant::now(),
            path,
        };
        follower.pass().map_err(|error| unreadable(&follower.path, &error))?;
        let carried = follower.job.carried_at(&follower.prepared, &Start::default(), follower.at)?;
        follower.carried = carried.unwrap_or_default().into();
        Ok(follower)
    }

    /// Passes over what is there: whole lines, since the last may still be written.
    fn pass(&mut self) -> io::Result<()> {
        let mut buffer = vec![0; 1 << 20];
        let (mut end, mut lines) = (0, 1);
        let mut read = 0;
        loop {
            let count = self.file.read(&mut buffer)?;
            if count == 0 {
                break;
            }
            if let Some(last) = memchr::memrchr(b'\n', &buffer[..count]) {
                end = read + last as u64 + 1;
            }
            lines += count_lines(&buffer[..count]);
            read += count as u64;
        }
        (self.at, self.line) = (end, lines);
        self.remember()
    }

    /// Keeps the bytes before the place where reading goes on.
    fn remember(&mut self) -> io::Result<()> {
        let from = self.at.saturating_sub(REMEMBERED as u64);
        self.last = read_at(&mut self.file, from, self.at - from)?;
        Ok(())
    }

    /// The rows of what was written since the last look; `None`: nothing, after a pause.
    pub fn next(&mut self) -> Result<Option<Parsed>, Diagnostic> {
        let path = self.path.clone();
        let failed = |error: io::Error| unreadable(&path, &error);
        if self.was_emptied().map_err(failed)? {
            let rest = self.rest_of_copy();
            self.pending.extend(rest);
            // They are of what the file was, however short it is by now.
            let parsed = self.flush(false)?;
            self.begin_anew();
            if parsed.is_some() {
                return Ok(parsed);
            }
        }
        let before = self.pending.len();
        let bytes = read_at(&mut self.file, self.at, MOST).map_err(failed)?;
        if !bytes.is_empty() {
            self.at += bytes.len() as u64;
            self.pending.extend(bytes);
            self.remember().map_err(failed)?;
            self.since = Instant::now();
        }
        if self.pending.len() > before {
            let end = self.prepared.parser.cut(&self.pending);
            if end > 0 {
                return self.parse(end, true).map(Some);
            }
        } else if !is_same_file(&self.file, &path) && path.exists() {
            // Renamed, and begun anew: whoever writes has ended with the old one, as nothing came to it.
            let parsed = self.flush(true)?;
            self.file = open_file(&path).map_err(failed)?;
            self.begin_anew();
            return Ok(parsed);
        } else if self.since.elapsed() > PATIENCE && self.pending.ends_with(b"\n") {
            return self.flush(true);
        }
        std::thread::sleep(PAUSE);
        Ok(None)
    }

    /// Whether the file holds something else where reading was: it was emptied, and perhaps written to since.
    fn was_emptied(&mut self) -> io::Result<bool> {
        let from = self.at.saturating_sub(self.last.len() as u64);
        Ok(read_at(&mut self.file, from, self.last.len() as u64)? != self.last)
    }

    /// What was written between the last look and the moment at which the file was copied and emptied: it stands in the
    /// copy alone.
    fn rest_of_copy(&self) -> Vec<u8> {
        let Some(name) = self.path.file_name().map(|name| name.to_string_lossy().into_owned()) else {
            return Vec::new();
        };
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let is_copy = |path: &PathBuf| {
            let other = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            other != name && other.starts_with(&name)
        };
        let from = self.at.saturating_sub(self.last.len() as u64);
        entries.map(|entry| entry.path()).filter(is_copy).find_map(|path| self.rest_in(&path, from)).unwrap_or_default()
    }

    /// The rest, where the file holds what was read last at the same place.
    fn rest_in(&self, path: &Path, from: u64) -> Option<Vec<u8>> {
        let mut copy = open_file(path).ok()?;
        let known = read_at(&mut copy, from, self.last.len() as u64).ok()?;
        (known == self.last && !known.is_empty()).then(|| read_at(&mut copy, self.at, MOST).unwrap_or_default())
    }

    /// The next bytes are the file's first.
    fn begin_anew(&mut self) {
        (self.at, self.line) = (0, 1);
        self.last.clear();
        self.carried = Arc::default();
        self.job.look_again();
    }

    /// Parses what waits, though it may not be whole. `anew`: by what the file begins with now.
    fn flush(&mut self, anew: bool) -> Result<Option<Parsed>, Diagnostic> {
        if self.pending.is_empty() { Ok(None) } else { self.parse(self.pending.len(), anew).map(Some) }
    }

    /// `anew`: its first lines may not have been there before, and dates without a year are those of now.
    fn parse(&mut self, end: usize, anew: bool) -> Result<Parsed, Diagnostic> {
        if anew && is_same_file(&self.file, &self.path) {
            self.prepared = self.job.prepare(0)?.0;
        }
        let offset = self.at - (self.pending.len() as u64).min(self.at);
        let rest = self.pending.split_off(end);
        let bytes = std::mem::replace(&mut self.pending, rest);
        let first_line = self.line;
        self.line += count_lines(&bytes);
        let carried = self.carried.clone();
        if let Some(next) = self.prepared.parser.carry(&carried, &bytes) {
            self.carried = next.into();
        }
        self.job.parse(&self.prepared, RawChunk { bytes, first_line, offset, carried })
    }
}

/// Bytes of a file from a place on, as many as are there.
fn read_at(file: &mut File, from: u64, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(from))?;
    file.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}
