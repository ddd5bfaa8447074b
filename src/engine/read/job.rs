//! One source's files read by a reader thread, parsed by a few workers, delivered in order. Bounded: at most a few
//! chunks are alive at a time. Must not import plans.

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use pipewright_core::data::{Schema, Value};
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::expr::cast_value;
use pipewright_core::files;
use pipewright_core::formats::{Chunk, FormatSpec, Framing, Parser, Tally};
use pipewright_core::ir::PathPieces;
use polars::prelude::{DataFrame, IntoColumn, Series};
use polars_buffer::Buffer;

use super::chunks::{CHUNK_SIZE, Chunker, Held, RawChunk, chunk_size, text_of};
use super::input::given_name;
use super::open::{Counted, How, Listed, Opened, open, open_listed, replaced, unreadable};
use super::parquet;
use super::range::{ByteRange, part_of};
use super::resume::{FileState, Resume, Start, Walk};
use super::rotated::{self, Overlap, overlaps};
use super::sniff::{prepare_for, sample_of};
use crate::cancel::Cancel;
use crate::columns::{FrameBuilder, Layout, POSITION, Quarantined};
use crate::parallel::{Crew, Send, Work};
use crate::table::series_of;

/// What is to be read, and how.
#[derive(Clone)]
pub(crate) struct ReadJob {
    pub files: Vec<PathBuf>,
    /// Each of them as it was when the job was made.
    listed: Vec<Option<Listed>>,
    /// Bytes at the beginning of each of them that the piece of the log before it holds as well.
    overlaps: Vec<Overlap>,
    /// Folders that the path leads through and that cannot be looked into, each with its warning.
    pub closed: Vec<Diagnostic>,
    /// File names are shown relative to this folder.
    pub base: PathBuf,
    pub format: FormatSpec,
    pub schema: Schema,
    /// What the paths of the files tell.
    pub pieces: PathPieces,
    /// Names of the columns to build; `None`: all.
    pub columns: Option<Vec<String>>,
    pub position: bool,
    /// Which part of each file; `None`: the whole.
    pub range: Option<ByteRange>,
    /// What earlier runs have read of the files, and what is read of them now; `None`: all is read, and nothing noted.
    pub resume: Option<Arc<Resume>>,
    /// Bytes.
    pub chunk_size: usize,
    pub workers: usize,
    /// How many quarantined units of a chunk are kept.
    pub quarantine_limit: usize,
    pub cancel: Cancel,
    /// Bytes taken from files so far, for a progress bar.
    pub progress: Arc<AtomicU64>,
    /// All pieces were made.
    ended: Arc<AtomicBool>,
}

/// A chunk's rows and what became of its units.
pub(crate) struct Parsed {
    pub frame: DataFrame,
    pub tally: Tally,
    pub quarantined: Vec<Quarantined>,
    /// Bytes of the file, compressed or not, that were taken for it.
    pub taken: u64,
}

/// A file ready to be parsed.
pub(crate) struct Prepared {
    pub path: PathBuf,
    /// As quarantine and `_file` show it.
    pub name: String,
    pub parser: Box<dyn Parser>,
    head: String,
    modified: i64,
    /// Columns that its path gives, of their declared types.
    told: Vec<Series>,
}

impl ReadJob {
    pub fn new(files: Vec<PathBuf>, base: &Path, format: FormatSpec, schema: Schema) -> Self {
        Self {
            listed: files.iter().map(|path| Listed::of(path)).collect(),
            overlaps: if format.keeps_repeated() { vec![Overlap::default(); files.len()] } else { overlaps(&files) },
            files,
            closed: Vec::new(),
            base: base.to_owned(),
            format,
            schema,
            pieces: PathPieces::of(""),
            columns: None,
            position: false,
            range: None,
            resume: None,
            chunk_size: CHUNK_SIZE,
            workers: std::thread::available_parallelism().map_or(2, usize::from),
            quarantine_limit: usize::MAX,
            cancel: Cancel::new(),
            progress: Arc::default(),
            ended: Arc::default(),
        }
    }

    /// Bytes at the beginning of the one file that are not read.
    pub fn skip(&mut self, bytes: u64) {
        self.overlaps = vec![Overlap { bytes, lines: 0 }];
    }

    /// The files are those that are there now: others may have come in their places.
    pub fn look_again(&mut self) {
        self.listed = self.files.iter().map(|path| Listed::of(path)).collect();
        self.overlaps.fill(Overlap::default());
    }

    /// Goes on where earlier runs ended. Files of which nothing is new are not opened any more.
    pub fn go_on(&mut self, known: &[FileState]) -> Result<Arc<Resume>, Diagnostic> {
        let is_cut = self.files.is_empty() || self.prepare(0)?.0.parser.framing() == Framing::Cut;
        let overlaps: Vec<u64> = self.skipped().collect();
        let how = How::of(&self.format);
        let resume = Arc::new(Resume::new(&self.files, &self.base, how, (is_cut, &overlaps), known)?);
        self.resume = Some(resume.clone());
        // Where each begins is known of the files themselves.
        self.overlaps.fill(Overlap::default());
        Ok(resume)
    }

    /// Where reading of a file begins; `None`: nothing of it is read.
    pub fn start(&self, index: usize) -> Option<Start> {
        self.resume.as_ref().map_or_else(|| Some(Start::default()), |resume| resume.starts.get(&index).cloned())
    }

    /// The files that are read, by their numbers.
    pub fn read_files(&self) -> impl Iterator<Item = (usize, &PathBuf, Start)> {
        self.files.iter().enumerate().filter_map(|(index, path)| Some((index, path, self.start(index)?)))
    }

    /// By file, bytes at its beginning that are not read: the piece of the log before it holds them as well.
    pub fn skipped(&self) -> impl Iterator<Item = u64> {
        self.overlaps.iter().map(|overlap| overlap.bytes)
    }

    /// Tells of lines that are read once though they stand in two files.
    pub fn repeated(&self) -> Vec<Diagnostic> {
        rotated::told(&self.files, &self.overlaps)
    }

    /// Opens a file and prepares its parser; the stream begins at the file's first byte after a byte order mark.
    pub fn prepare(&self, index: usize) -> Result<(Prepared, Opened), Diagnostic> {
        let path = &self.files[index];
        let how = How::of(&self.format);
        let listed = self.listed.get(index).and_then(Option::as_ref);
        let mut opened = open_listed(path, how, listed)?;
        if let Some(overlap) = self.overlaps.get(index).filter(|_| opened.is_plain()) {
            opened.pass(overlap.bytes).map_err(|error| unreadable(path, &error))?;
        }
        let (parser, sample) = prepare_for(path, &self.format, Some(&self.schema_inside()), sample_of(path, 0, how)?)?;
        // The head that was looked at is that of what is read.
        if listed.is_some_and(|listed| !listed.is_at(path)) {
            return Err(replaced(path));
        }
        let shown = || files::slashes(path.strip_prefix(&self.base).unwrap_or(path));
        let name = given_name(path).unwrap_or_else(shown);
        let head = String::from_utf8_lossy(&sample.head).into_owned();
        let told = self.told_by(path);
        let prepared = Prepared { path: path.clone(), name, parser, head, modified: opened.modified, told };
        Ok((prepared, opened))
    }

    /// The columns that the files themselves have.
    fn schema_inside(&self) -> Schema {
        let mut schema = self.schema.clone();
        schema.fields.retain(|field| !self.pieces.names().contains(&field.name));
        schema
    }

    /// The columns that a file's path gives: one row of each.
    fn told_by(&self, path: &Path) -> Vec<Series> {
        let texts = self.pieces.of_file(&files::slashes(path));
        let named = self.pieces.names().iter().zip(texts).filter_map(|(name, text)| {
            let field = self.schema.get(name)?;
            let text = text.map_or(Value::Null, Value::String);
            let value = cast_value(&text, &field.data_type);
            Some(series_of(name, &field.data_type, &[&value]))
        });
        named.collect()
    }

    /// Adds the columns that a file's path gives, in their places.
    fn with_told(&self, file: &Prepared, frame: DataFrame) -> Result<DataFrame, Diagnostic> {
        if file.told.is_empty() {
            return Ok(frame);
        }
        let is_wanted =
            |name: &str| self.columns.as_ref().is_none_or(|columns| columns.iter().any(|have| have == name));
        let mut columns = Vec::with_capacity(self.schema.len());
        for name in self.schema.names().filter(|name| is_wanted(name)) {
            match file.told.iter().find(|told| told.name() == name) {
                Some(told) => columns.push(told.new_from_index(0, frame.height()).into_column()),
                None => columns.extend(frame.column(name).ok().cloned()),
            }
        }
        let places = POSITION.iter().filter_map(|(name, _)| frame.column(name).ok().cloned());
        columns.extend(places.filter(|_| self.position));
        DataFrame::new(frame.height(), columns).map_err(|error| crate::internal("columns of a path", &error))
    }

    /// Which of the parser's columns are wanted.
    pub fn wanted(&self, schema: &Schema) -> Vec<bool> {
        let is_wanted =
            |name: &str| self.columns.as_ref().is_none_or(|columns| columns.iter().any(|have| have == name));
        schema.names().map(is_wanted).collect()
    }

    /// Parses one chunk.
    pub fn parse(&self, file: &Prepared, raw: RawChunk) -> Result<Parsed, Diagnostic> {
        let (text, shifts, replaced) = text_of(raw.bytes);
        let text = Arc::new(text);
        let schema = file.parser.schema();
        let wanted = self.wanted(schema);
        let layout = Layout { schema, wanted: &wanted, position: self.position, file: &file.name };
        let buffer = Buffer::from_owner(SharedText(text.clone()));
        let mut columns = FrameBuilder::new(layout, buffer, raw.offset, &shifts, self.quarantine_limit);
        let chunk = Chunk {
            text: &text,
            first_line: raw.first_line,
            offset: raw.offset,
            head: &file.head,
            carried: &raw.carried,
            file_time: file.modified,
        };
        let mut tally = {
            let _times = self.format.times();
            file.parser.parse(&chunk, &mut columns)
        };
        tally.replaced += replaced;
        let quarantined = std::mem::take(&mut columns.quarantined);
        let frame = columns.finish().map_err(|error| crate::internal("a chunk of rows", &error))?;
        Ok(Parsed { frame: self.with_told(file, frame)?, tally, quarantined, taken: 0 })
    }

    /// Reads everything: `work` runs in the workers on each chunk, `deliver` here, in the files' order. Stops early
    /// where `deliver` breaks.
    pub fn for_each<T: std::marker::Send>(
        &self,
        work: &(dyn Fn(Parsed) -> Result<T, Diagnostic> + Sync),
        deliver: &mut dyn FnMut(T) -> Result<ControlFlow<()>, Diagnostic>,
    ) -> Result<(), Diagnostic> {
        self.for_each_in_parts(&|parsed, _| work(parsed), deliver)
    }

    /// As `for_each`; `work` may send parts of what comes of a chunk before it gives the last one.
    pub fn for_each_in_parts<T: std::marker::Send>(
        &self,
        work: Work<Parsed, T>,
        deliver: &mut dyn FnMut(T) -> Result<ControlFlow<()>, Diagnostic>,
    ) -> Result<(), Diagnostic> {
        let workers = self.workers.max(1);
        let crew = Crew { name: "reader", workers, alive: workers * 2 + 2, cancel: &self.cancel };
        let work = |task, send: Send<T>| self.parse_task(task).and_then(|parsed| work(parsed, send));
        crew.run(|send| self.read_all(send), &work, deliver)
    }

    fn parse_task(&self, task: Task) -> Result<Parsed, Diagnostic> {
        self.cancel.check()?;
        match task {
            Task::Text { file, raw, taken } => Ok(Parsed { taken, ..self.parse(&file, raw)? }),
            Task::Rows { file, start, count, taken } => {
                let parsed = parquet::read_rows(self, &file, start, count)?;
                Ok(Parsed { taken, frame: self.with_told(&file, parsed.frame)?, ..parsed })
            }
        }
    }

    /// Whether something is left behind what was delivered, which took so many bytes; `before`: the bytes of the progress
    /// where reading began.
    pub fn has_more(&self, taken: u64, before: u64) -> bool {
        !self.ended.load(Ordering::Acquire) || taken < self.progress.load(Ordering::Relaxed).saturating_sub(before)
    }

    /// The reader thread.
    fn read_all(&self, send: Send<Task>) -> Result<(), Diagnostic> {
        for index in 0..self.files.len() {
            self.cancel.check()?;
            let Some(start) = self.start(index) else { continue };
            let (file, opened) = self.prepare(index)?;
            let file = Arc::new(file);
            if !self.holds_part(&file, &opened) {
                continue;
            }
            if file.parser.framing() == Framing::Native {
                let ranges = parquet::row_ranges(&file.path, self.columns.as_deref())?;
                let rows = ranges.iter().map(|(_, count)| count).sum::<usize>().max(1) as u64;
                let (mut left, last) = (opened.size, ranges.len().saturating_sub(1));
                for (number, (start, count)) in ranges.into_iter().enumerate() {
                    let taken = if number == last { left } else { opened.size * count as u64 / rows };
                    left = left.saturating_sub(taken);
                    if !send(Task::Rows { file: file.clone(), start, count, taken }) {
                        return Ok(());
                    }
                }
                self.progress.fetch_add(opened.size, Ordering::Relaxed);
                continue;
            }
            let mut taken = 0;
            let read = opened.taken.clone();
            let is_plain = opened.compression.is_none();
            let is_cut = file.parser.framing() == Framing::Cut;
            let resume = self.resume.as_deref().filter(|_| is_cut);
            let held = resume.map_or(Held::Nothing, |resume| resume.held(index, &self.files, &opened, &*file.parser));
            let stream = self.stream((index, &file), opened, &start)?;
            let mut walk = Walk::from(&start);
            let known = stream.is_text.then_some(stream.size);
            let stream_size = stream.size;
            let size = chunk_size(stream.size, self.chunk_size);
            let carried = self.carried_at(&file, &start, stream.offset)?;
            let mut chunker = Chunker::new(stream.reader, stream.line, stream.offset, size)
                .of_size(known)
                .holding(held)
                .carrying(carried.as_deref().unwrap_or_default());
            while let Some(raw) = chunker.next(&*file.parser, &file.path)? {
                let now = read.load(Ordering::Relaxed);
                self.progress.fetch_add(now - taken, Ordering::Relaxed);
                if resume.is_some() {
                    walk.pass(&raw.bytes);
                }
                if !send(Task::Text { file: file.clone(), raw, taken: now - taken }) {
                    return Ok(());
                }
                taken = now;
            }
            if is_cut && is_plain && read.load(Ordering::Relaxed) < stream.size {
                return Err(shorter(&file.path));
            }
            if let Some(resume) = resume {
                let (bytes, lines) = chunker.place();
                let end = if start.read > 0 { start.read + stream_size } else { stream_size };
                let left = if known.is_some() { end.saturating_sub(bytes) } else { 0 };
                let carried = carried.map(|_| chunker.carried().to_owned());
                resume.end(index, walk.at(bytes, lines, carried), left);
            }
        }
        self.ended.store(true, Ordering::Release);
        Ok(())
    }

    /// What the lines before a place of a file say of how those behind it are read; `None`: no line of its format does.
    pub fn carried_at(&self, file: &Prepared, start: &Start, place: u64) -> Result<Option<String>, Diagnostic> {
        let Some(nothing) = file.parser.carry("", b"") else { return Ok(None) };
        if place == 0 || start.carried.is_some() {
            return Ok(start.carried.clone().or(Some(nothing)));
        }
        let opened = open(&file.path, How::of(&self.format))?;
        let before = opened.reader.take(place.saturating_sub(opened.offset));
        let mut chunker = Chunker::new(before, opened.line, opened.offset, self.chunk_size);
        while chunker.next(&*file.parser, &file.path)?.is_some() {
            self.cancel.check()?;
        }
        Ok(Some(chunker.carried().to_owned()))
    }

    /// Whether a range takes from a file: one that cannot be divided belongs whole to the range with its first byte.
    fn holds_part(&self, file: &Prepared, opened: &Opened) -> bool {
        self.range.is_none_or(|range| range.from == 0 || is_divisible(file, opened))
    }

    /// What is read of a file: all of it, what is new, or the part of a range.
    fn stream(&self, (index, file): (usize, &Prepared), opened: Opened, start: &Start) -> Result<Stream, Diagnostic> {
        let is_text = opened.is_plain();
        if start.read > 0 {
            return self.rest(index, &file.path, opened, start);
        }
        let Some(range) = self.range.filter(|_| is_divisible(file, &opened)) else {
            let Opened { reader, offset, line, size, .. } = opened;
            return Ok(Stream { reader, line, offset, size, is_text });
        };
        let part = files::open_file(&file.path)
            .and_then(|plain| part_of(plain, opened.size, (opened.offset, opened.line), range, &*file.parser))
            .map_err(|error| unreadable(&file.path, &error))?;
        // What was looked at before is none of the part.
        opened.taken.store(0, Ordering::Relaxed);
        let reader = Box::new(Counted { inner: part.file.take(part.size), taken: opened.taken });
        Ok(Stream { reader, line: part.line, offset: part.offset, size: part.size, is_text })
    }

    /// What stands behind a place of a file.
    fn rest(&self, index: usize, path: &Path, opened: Opened, start: &Start) -> Result<Stream, Diagnostic> {
        let fail = |error: io::Error| unreadable(path, &error);
        let (line, offset, is_text) = (start.lines + 1, start.read, opened.is_plain());
        let Opened { mut reader, taken, size, offset: passed, .. } = opened;
        if !is_text {
            io::copy(&mut reader.by_ref().take(offset - passed), &mut io::sink()).map_err(fail)?;
            return Ok(Stream { reader, line, offset, size, is_text });
        }
        let mut plain = files::open_file(path).map_err(fail)?;
        if self.listed.get(index).and_then(Option::as_ref).is_some_and(|listed| !listed.is_open(&plain)) {
            return Err(replaced(path));
        }
        plain.seek(SeekFrom::Start(offset)).map_err(fail)?;
        // What was looked at before is none of the rest.
        taken.store(0, Ordering::Relaxed);
        let size = size.saturating_sub(offset);
        Ok(Stream { reader: Box::new(Counted { inner: plain.take(size), taken }), line, offset, size, is_text })
    }
}

/// Bytes of a file that are to be read.
struct Stream {
    reader: Box<dyn Read + std::marker::Send>,
    /// Number of the first line, 1-based.
    line: u64,
    /// Of the first byte, in the file.
    offset: u64,
    /// Bytes.
    size: u64,
    /// Whether they are the file's own.
    is_text: bool,
}

/// Whether a file may be read in parts. Ends of lines are told by line feeds.
fn is_divisible(file: &Prepared, opened: &Opened) -> bool {
    opened.is_plain() && file.parser.is_divisible() && file.head.contains('\n')
}

/// Lines that were there when the file was opened were not read: they may be in its rotated copy by now.
fn shorter(path: &Path) -> Diagnostic {
    Diagnostic::error("PW0914", "the file became shorter while it was read")
        .help("run it again; of a log that is copied and then emptied, read the copy")
        .file(path.display().to_string())
}

enum Task {
    Text { file: Arc<Prepared>, raw: RawChunk, taken: u64 },
    Rows { file: Arc<Prepared>, start: usize, count: usize, taken: u64 },
}

struct SharedText(Arc<String>);

impl AsRef<[u8]> for SharedText {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}
