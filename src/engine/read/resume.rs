//! What earlier runs have read of a source's files, and where reading goes on. Files are known by what they are: their
//! place on the disk, and what they begin with and held where reading ended; their names change where logs rotate. Must
//! not import plans.

use std::collections::{BTreeMap, HashSet};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::files::{Place, open_file, place_of, slashes};
use pipewright_core::formats::Parser;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

use super::chunks::{Held, count_lines};
use super::open::{How, Opened, open, unreadable};
use super::packed::PACKED_ENDINGS;
use super::rotated;

/// Bytes at the beginning of a file, and before the place where reading ended, by which it is known again.
const PRINTED: usize = 1024;
/// Files that are gone and are remembered all the same: they may come back under another name.
const REMEMBERED: usize = 10_000;
/// Microseconds after which nobody adds a line to the last event of a log.
const SETTLED: i64 = 60_000_000;

/// What was read of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileState {
    /// Relative to the design, where it lies below it.
    pub path: PathBuf,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    place: Option<Place>,
    /// Bytes of the file itself, compressed or not.
    size: u64,
    /// Microseconds since 1970.
    modified: i64,
    /// Bytes of its text up to the end of the last event that was read; 0 for files that are read as a whole.
    pub read: u64,
    /// Lines in them.
    lines: u64,
    /// Bytes behind them that were no whole event yet.
    #[serde(default, skip_serializing_if = "is_none")]
    left: u64,
    /// Bytes of `head`, and of `tail`.
    printed: usize,
    /// Hash of the first bytes.
    head: String,
    /// Hash of the bytes before the place up to which it was read.
    tail: String,
    /// What its lines up to there say of how those behind them are read; `None`: none does, or an earlier version noted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    carried: Option<String>,
    /// Another file holds the same, and was read instead: this one may hold less of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_copy: bool,
}

impl FileState {
    /// Whether a file with those first bytes begins as this one.
    fn begins(&self, head: &[u8]) -> bool {
        head.get(..self.printed).is_some_and(|head| Prints::hash(head) == self.head)
    }

    fn holds_the_same(&self, other: &FileState) -> bool {
        (self.read, &self.head, &self.tail) == (other.read, &other.head, &other.tail)
    }
}

fn is_none(count: &u64) -> bool {
    *count == 0
}

/// The first bytes of a file, and the last ones up to a place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Prints {
    head: Vec<u8>,
    tail: Vec<u8>,
}

impl Prints {
    /// Goes on behind these bytes.
    pub fn pass(&mut self, bytes: &[u8]) {
        let room = PRINTED - self.head.len().min(PRINTED);
        self.head.extend_from_slice(&bytes[..room.min(bytes.len())]);
        self.tail.extend_from_slice(&bytes[bytes.len().saturating_sub(PRINTED)..]);
        let more = self.tail.len().saturating_sub(PRINTED);
        self.tail.drain(..more);
    }

    fn hash(bytes: &[u8]) -> String {
        format!("{:032x}", xxh3_128(bytes))
    }

    fn are_of(&self, state: &FileState) -> bool {
        let head = self.head.get(..state.printed).is_some_and(|head| Prints::hash(head) == state.head);
        head && self.tail.len() == state.printed && Prints::hash(&self.tail) == state.tail
    }
}

/// Where reading of a file begins.
#[derive(Debug, Clone, Default)]
pub(crate) struct Start {
    /// Bytes of its text that are passed over.
    pub read: u64,
    /// Lines in them.
    pub lines: u64,
    /// What they say of how those behind them are read, where it was noted.
    pub carried: Option<String>,
    prints: Prints,
}

/// A file that is listed.
struct Look<'a> {
    path: &'a Path,
    /// Relative to the design.
    shown: PathBuf,
    how: How<'a>,
    place: Option<Place>,
    size: u64,
    modified: i64,
}

impl<'a> Look<'a> {
    fn of(path: &'a Path, base: &Path, how: How<'a>) -> Result<Look<'a>, Diagnostic> {
        let about = path.metadata().map_err(|error| unreadable(path, &error))?;
        let age = about.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
        Ok(Look {
            path,
            shown: path.strip_prefix(base).unwrap_or(path).to_owned(),
            how,
            place: place_of(path),
            size: about.len(),
            modified: age.map_or(0, |age| age.as_micros() as i64),
        })
    }

    /// What was left of it may be whole by now, as it is.
    fn is_unchanged(&self, state: &FileState) -> bool {
        (self.size, self.modified, 0) == (state.size, state.modified, state.left)
    }

    /// Whether both are pieces of one log, or have one name.
    fn is_of_log(&self, state: &FileState) -> bool {
        let log = |path: &Path| rotated::log_of(path).unwrap_or_else(|| path.to_owned());
        log(&self.shown) == log(&state.path)
    }

    /// The place up to which a state says that it was read, where it is that file.
    fn fits(&self, state: &FileState) -> Result<Option<Start>, Diagnostic> {
        let start = self.walk(state.read, false).map_err(|error| unreadable(self.path, &error))?;
        let start = start.filter(|start| start.prints.are_of(state));
        Ok(start.map(|start| Start { lines: state.lines, carried: state.carried.clone(), ..start }))
    }

    /// Its first bytes; none where it cannot be read.
    fn head(&self) -> Vec<u8> {
        let mut head = Vec::new();
        if let Ok(opened) = open(self.path, self.how) {
            let _ = opened.reader.take(PRINTED as u64).read_to_end(&mut head);
        }
        head
    }

    /// The place behind so many bytes; `None`: there are fewer. Where its lines are not to be counted, they are 0.
    fn walk(&self, until: u64, counts: bool) -> io::Result<Option<Start>> {
        let Ok(mut opened) = open(self.path, self.how) else { return Ok(None) };
        let (mut prints, mut lines) = (Prints::default(), 0);
        let mark = opened.offset;
        if !counts && opened.is_plain() && until > mark + 2 * PRINTED as u64 {
            if self.size < until {
                return Ok(None);
            }
            let mut head = vec![0; PRINTED];
            opened.reader.read_exact(&mut head)?;
            let mut file = open_file(self.path)?;
            file.seek(SeekFrom::Start(until - PRINTED as u64))?;
            let mut tail = vec![0; PRINTED];
            file.read_exact(&mut tail)?;
            prints.pass(&head);
            prints.pass(&tail);
            return Ok(Some(Start { read: until, lines, prints, carried: None }));
        }
        let (mut left, mut bytes) = (until.saturating_sub(mark), vec![0; 1 << 16]);
        while left > 0 {
            let most = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            match opened.reader.read(&mut bytes[..most])? {
                0 => return Ok(None),
                count => {
                    prints.pass(&bytes[..count]);
                    lines += count_lines(&bytes[..count]);
                    left -= count as u64;
                }
            }
        }
        Ok(Some(Start { read: until, lines, prints, carried: None }))
    }

    /// The state of a file of which nothing more is read than another state says.
    fn state(&self, of: &FileState, is_copy: bool) -> FileState {
        let (path, place) = (self.shown.clone(), self.place);
        FileState { path, place, size: self.size, modified: self.modified, is_copy, ..of.clone() }
    }
}

/// What becomes of each file.
#[derive(Clone)]
enum Found {
    /// That known one, and where it goes on.
    Known(usize, Start),
    /// That known one, without anything new.
    Unchanged(usize),
    /// It holds what the file of that number holds.
    Copy(usize),
    New,
}

impl Found {
    fn known(&self) -> Option<usize> {
        match self {
            Found::Known(known, _) | Found::Unchanged(known) => Some(*known),
            Found::Copy(_) | Found::New => None,
        }
    }
}

/// How the files of a source are read on.
pub(crate) struct Resume {
    /// Numbers of the files that are read, with where they begin.
    pub starts: BTreeMap<usize, Start>,
    /// Files of which nothing is new.
    pub unchanged: usize,
    pub told: Vec<Diagnostic>,
    /// By file; those that are read are renewed at the end.
    states: BTreeMap<usize, FileState>,
    /// File → the one that it is a copy of.
    copies: BTreeMap<usize, usize>,
    /// What is known of files that are not there now.
    gone: Vec<FileState>,
    /// By file: where reading ended, and how many bytes were left there.
    ends: Mutex<BTreeMap<usize, (Start, u64)>>,
}

impl Resume {
    /// Finds the files again. `overlaps`: bytes at the beginning of each that the piece before holds. `is_cut`: they are
    /// read event by event, and grow; else each is read once, as a whole.
    pub fn new(
        paths: &[PathBuf],
        base: &Path,
        how: How,
        (is_cut, overlaps): (bool, &[u64]),
        known: &[FileState],
    ) -> Result<Resume, Diagnostic> {
        let looks = paths.iter().map(|path| Look::of(path, base, how)).collect::<Result<Vec<_>, _>>()?;
        let mut found = by_place(&looks, known, is_cut)?;
        if is_cut {
            by_content(&looks, known, &mut found)?;
            twins(&looks, &mut found)?;
        }
        let mut resume = Resume {
            starts: BTreeMap::new(),
            unchanged: 0,
            told: Vec::new(),
            states: BTreeMap::new(),
            copies: BTreeMap::new(),
            gone: Vec::new(),
            ends: Mutex::default(),
        };
        let all: Vec<Option<usize>> = found.iter().map(Found::known).collect();
        for (index, (look, one)) in looks.iter().zip(found).enumerate() {
            let fresh = |start: &Start| FileState {
                path: look.shown.clone(),
                place: look.place,
                size: look.size,
                modified: look.modified,
                read: start.read,
                lines: start.lines,
                left: 0,
                printed: 0,
                head: String::new(),
                tail: String::new(),
                carried: start.carried.clone(),
                is_copy: false,
            };
            match one {
                Found::Unchanged(of) => {
                    resume.unchanged += 1;
                    resume.states.insert(index, look.state(&known[of], known[of].is_copy));
                }
                Found::Copy(of) => {
                    resume.unchanged += 1;
                    resume.copies.insert(index, of);
                    resume.states.insert(index, fresh(&Start::default()));
                }
                Found::Known(_, start) => {
                    resume.states.insert(index, fresh(&start));
                    resume.starts.insert(index, start);
                }
                Found::New => {
                    resume.told.extend(check_new(look, known, &all, is_cut)?);
                    let passed = overlaps.get(index).copied().filter(|bytes| is_cut && *bytes > 0);
                    let start = passed.map(|bytes| look.walk(bytes, true)).transpose();
                    let start = start.map_err(|error| unreadable(look.path, &error))?.flatten().unwrap_or_default();
                    resume.states.insert(index, fresh(&start));
                    resume.starts.insert(index, start);
                }
            }
        }
        let gone = known.iter().enumerate().filter(|(number, _)| !all.contains(&Some(*number)));
        resume.gone = gone
            .map(|(_, state)| {
                let is_taken = looks.iter().any(|look| look.place == state.place);
                FileState { place: state.place.filter(|_| !is_taken), ..state.clone() }
            })
            .collect();
        let more = resume.gone.len().saturating_sub(REMEMBERED);
        resume.gone.drain(..more);
        Ok(resume)
    }

    /// What is held back at the end of a file: a line without its end; of an event that may go on its lines, too.
    pub(super) fn held(&self, index: usize, paths: &[PathBuf], opened: &Opened, parser: &dyn Parser) -> Held {
        let now = chrono::Utc::now().timestamp_micros();
        let has_next = || {
            let log = rotated::log_of(&paths[index]);
            log.is_some() && paths[index + 1..].iter().any(|path| rotated::log_of(path) == log)
        };
        match () {
            () if opened.compression.is_some() => Held::Nothing,
            // A line in quotes may be none.
            () if parser.is_divisible() && (has_next() || now - opened.modified > SETTLED) => Held::Line,
            () => Held::Event,
        }
    }

    /// A file was read up to a place, behind which so many bytes were left.
    pub(super) fn end(&self, index: usize, start: Start, left: u64) {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner).insert(index, (start, left));
    }

    /// Tells of what is left for the next run.
    pub fn left(&self) -> Vec<Diagnostic> {
        let ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        let left = ends.iter().filter(|(_, (_, left))| *left > 0);
        let told = left.map(|(index, (_, left))| {
            let name = self.states.get(index).map(|state| slashes(&state.path)).unwrap_or_default();
            let message =
                format!("the last {left} bytes of `{name}` may not be whole yet: they are left to the next run");
            Diagnostic::hint("PW0988", message)
                .help("a line is read when it has its end, an event when the next one begins")
        });
        told.collect()
    }

    /// What is known of the files from now on.
    pub fn states(&self) -> Vec<FileState> {
        let mut states = self.states.clone();
        for (index, (Start { read, lines, carried, prints }, left)) in
            &*self.ends.lock().unwrap_or_else(PoisonError::into_inner)
        {
            if let Some(state) = states.get_mut(index) {
                (state.read, state.lines, state.left) = (*read, *lines, *left);
                state.carried.clone_from(carried);
                state.printed = prints.tail.len();
                (state.head, state.tail) = (Prints::hash(&prints.head[..state.printed]), Prints::hash(&prints.tail));
            }
        }
        for (index, of) in &self.copies {
            if let (Some(original), Some(copy)) = (states.get(of).cloned(), states.get_mut(index)) {
                let (path, place, size, modified) = (copy.path.clone(), copy.place, copy.size, copy.modified);
                *copy = FileState { path, place, size, modified, is_copy: true, ..original };
            }
        }
        self.gone.iter().cloned().chain(states.into_values()).collect()
    }
}

/// A place at which reading goes on.
pub(super) struct Walk(Start);

impl Walk {
    pub fn from(start: &Start) -> Walk {
        Walk(start.clone())
    }

    pub fn pass(&mut self, bytes: &[u8]) {
        self.0.prints.pass(bytes);
    }

    /// The place where it is now.
    pub fn at(self, read: u64, lines: u64, carried: Option<String>) -> Start {
        Start { read, lines, carried, ..self.0 }
    }
}

/// The files that are where they were on the disk, under whatever name.
fn by_place(looks: &[Look], known: &[FileState], is_cut: bool) -> Result<Vec<Found>, Diagnostic> {
    let mut found: Vec<Found> = Vec::with_capacity(looks.len());
    for (index, look) in looks.iter().enumerate() {
        let is_same = |place: &Option<Place>| place.is_some() && *place == look.place;
        if let Some(first) = looks[..index].iter().position(|other| is_same(&other.place)) {
            found.push(Found::Copy(first));
            continue;
        }
        let Some(number) = known.iter().position(|state| is_same(&state.place)) else {
            found.push(Found::New);
            continue;
        };
        let state = &known[number];
        found.push(match look.is_unchanged(state) {
            true => Found::Unchanged(number),
            false if !is_cut => Found::New,
            false => match look.fits(state)? {
                Some(start) => Found::Known(number, start),
                None if state.is_copy && state.begins(&look.head()) => Found::Unchanged(number),
                None => Found::New,
            },
        });
    }
    Ok(found)
}

/// The files that hold what a known one held: copies of a log before it was emptied, packed ones, restored ones.
fn by_content(looks: &[Look], known: &[FileState], found: &mut [Found]) -> Result<(), Diagnostic> {
    let mut taken: HashSet<usize> = found.iter().filter_map(Found::known).collect();
    for index in 0..looks.len() {
        if !matches!(found[index], Found::New) {
            continue;
        }
        let look = &looks[index];
        // Files are remembered by thousands: each is opened once to see which of them it may be.
        let mut head = None;
        let mut best: Option<(usize, Start)> = None;
        for (number, state) in known.iter().enumerate().filter(|(_, state)| state.read > 0) {
            // Of a log by its name; under any other name only what is there no more, by events that no other file has.
            let is_of_log = look.is_of_log(state);
            if !is_of_log {
                let head = head.get_or_insert_with(|| look.head());
                if taken.contains(&number) || !state.begins(head) {
                    continue;
                }
            }
            // Where a log was is a new one, when it goes on under another name.
            let goes_on = |(other, one): (&Look, &Found)| one.known() == Some(number) && other.shown != state.path;
            if look.shown == state.path && looks.iter().zip(found.iter()).any(goes_on) {
                continue;
            }
            if best.as_ref().is_none_or(|(_, best)| best.read < state.read)
                && let Some(start) = look.fits(state)?
                && (is_of_log || rotated::are_copied(&start.prints.tail))
            {
                best = Some((number, start));
            }
        }
        if let Some((number, start)) = best {
            taken.insert(number);
            let other = found.iter().position(|one| one.known() == Some(number));
            found[index] = match other {
                Some(other) => Found::Copy(other),
                None => Found::Known(number, start),
            };
        }
    }
    Ok(())
}

/// Pieces of a log that are new twice: while one is packed both are there.
fn twins(looks: &[Look], found: &mut [Found]) -> Result<(), Diagnostic> {
    let is_packed = |look: &Look| PACKED_ENDINGS.iter().any(|ending| slashes(look.path).ends_with(ending));
    for index in (0..looks.len()).filter(|index| is_packed(&looks[*index])) {
        let look = &looks[index];
        for other in 0..looks.len() {
            let (are_new, plain) = (matches!((&found[index], &found[other]), (Found::New, Found::New)), &looks[other]);
            if !are_new || is_packed(plain) || rotated::log_of(look.path) != rotated::log_of(plain.path) {
                continue;
            }
            let walk = |look: &Look, until: u64| look.walk(until, false).map_err(|error| unreadable(look.path, &error));
            let prints = |until: u64| Ok((walk(look, until)?, walk(plain, until)?));
            let is_same = |until: u64| {
                prints(until).map(|(one, other): (Option<Start>, Option<Start>)| {
                    one.zip(other).is_some_and(|(one, other)| one.prints == other.prints)
                })
            };
            if plain.size > 0 && is_same(plain.size.min(PRINTED as u64))? && is_same(plain.size)? {
                found[index] = Found::Copy(other);
            }
        }
    }
    Ok(())
}

/// Whether a file that is none of those that were read may be read from its beginning; tells where it takes the place
/// of another one.
fn check_new(
    look: &Look,
    known: &[FileState],
    found: &[Option<usize>],
    is_cut: bool,
) -> Result<Option<Diagnostic>, Diagnostic> {
    let Some(number) = known.iter().rposition(|state| state.path == look.shown) else { return Ok(None) };
    let state = &known[number];
    if found.iter().flatten().any(|other| known[*other].holds_the_same(state)) {
        return Ok(None);
    }
    let name = slashes(&look.shown);
    let is_in_place = state.place.is_some() && state.place == look.place;
    if is_in_place && (!is_cut || look.size >= state.read) {
        return Err(Diagnostic::error("PW0976", format!("what was read of `{name}` was changed since"))
            .help(
                "only what is added to a file can be read by `--incremental`: give changed rows a file of their own; to \
                 read all of it anew, move the outputs of the design away",
            )
            .file(look.path.display().to_string()));
    }
    let what = if is_in_place { "was emptied" } else { "is another file" };
    let message = format!("`{name}` {what} since the last run: it is read from its beginning");
    let told = Diagnostic::hint("PW0977", message).help(
        "lines that came to it in between are read only where the path takes in the log's older pieces, as `app.log*` does",
    );
    Ok(Some(told.file(look.path.display().to_string())))
}
