//! Samples of a source: the whole, its head, blocks spread over it or at random places; each says what it read.
//! Reads only `Read`s; knows no plan.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read as _, Seek, SeekFrom};
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use pipewright_core::data::figures::grouped;
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::files::open_file;
use pipewright_core::formats::{Change, Framing, Tally};
use pipewright_core::ir::Read;
use polars::prelude::{DataFrame, IntoLazy, LazyFrame, UnionArgs, concat};

use crate::budget::{Budget, Met};
use crate::cancel::Cancel;
use crate::columns::Quarantined;
use crate::frames::weight;
use crate::read::{Chunker, EVENT_LIMIT, Parsed, ReadJob, job_of, read_schema, unreadable};
use crate::sampling::Sampling;
use crate::table::ResultTable;

/// What a sample stands for.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct SampleStatement {
    /// In words: `all 12,000 rows`, `100,000 rows spread over about 4.1 M`.
    pub method: String,
    pub rows: u64,
    pub bytes_read: u64,
    pub bytes_total: u64,
    /// Every row is there: numbers are exact.
    pub whole: bool,
}

/// A sample's rows and what became of its units.
#[derive(Debug, Clone)]
pub struct ReadResult {
    pub table: ResultTable,
    pub tally: Tally,
    pub statement: SampleStatement,
    /// The first ones; `tally` counts all.
    pub quarantined: Vec<Quarantined>,
    /// The part of the budget that ended it.
    pub(crate) met: Option<Met>,
}

/// Quarantined units that a sample keeps.
const QUARANTINE_LIMIT: usize = 1000;
/// Bytes of a chunk where only a part is read.
const SAMPLE_CHUNK: usize = 1 << 20;
/// Bytes of a file whose lines are counted for the sake of quarantine alone.
const COUNTED: u64 = 64 << 20;
/// Blocks of a spread sample.
const BLOCKS: u64 = 24;

/// Reads a sample with the columns and positions that `read` asks for, or as much of it as the budget lets it.
pub fn read_sample(
    read: &Read,
    base: &Path,
    sampling: &Sampling,
    budget: &Budget,
    cancel: &Cancel,
) -> Result<ReadResult, Diagnostic> {
    let mut job = job_of(read, base, cancel)?;
    job.quarantine_limit = QUARANTINE_LIMIT;
    let sizes =
        job.files.iter().map(|path| Ok(std::fs::metadata(path).map_err(|error| unreadable(path, &error))?.len()));
    let sizes = sizes.collect::<Result<Vec<u64>, Diagnostic>>()?;
    let total: u64 = sizes.iter().sum();
    let mut sample = Taken {
        job,
        total,
        frames: Vec::new(),
        tally: Tally::default(),
        quarantined: Vec::new(),
        rows: 0,
        bytes: 0,
        budget: *budget,
        until: budget.until(),
        size: 0,
        met: None,
    };
    let method = match *sampling {
        Sampling::Whole => sample.head(u64::MAX)?,
        Sampling::Head { rows } => sample.head(rows)?,
        Sampling::Spread { rows } => sample.blocks(&sizes, rows, None)?,
        Sampling::Random { rows, seed } => sample.blocks(&sizes, rows, Some(seed))?,
    };
    sample.finish(read, method)
}

/// A sample under way.
struct Taken {
    job: ReadJob,
    total: u64,
    frames: Vec<DataFrame>,
    tally: Tally,
    quarantined: Vec<Quarantined>,
    rows: u64,
    bytes: u64,
    budget: Budget,
    until: Option<Instant>,
    /// Bytes of the frames.
    size: u64,
    met: Option<Met>,
}

/// How a sample was taken; `whole`: nothing was left out.
struct Method {
    whole: bool,
    words: fn(rows: &str, total: &str) -> String,
    /// Rows of the whole source, where they can be estimated.
    seed: Option<u64>,
}

impl Taken {
    fn add(&mut self, parsed: Parsed, limit: u64) {
        self.tally.add(&parsed.tally);
        let room = QUARANTINE_LIMIT - self.quarantined.len();
        self.quarantined.extend(parsed.quarantined.into_iter().take(room));
        let mut frame =
            if (parsed.frame.height() as u64) > limit { parsed.frame.head(Some(limit as usize)) } else { parsed.frame };
        let (size, left) = (weight(&frame) as u64, self.budget.bytes.saturating_sub(self.size));
        if size > left {
            // A document is one chunk, however large it is.
            let rows = (frame.height() as u128 * u128::from(left) / u128::from(size)).max(1) as usize;
            frame = frame.head(Some(rows));
            self.met = Some(Met::Bytes);
        }
        self.size += size.min(left);
        self.rows += frame.height() as u64;
        if frame.height() > 0 {
            self.frames.push(frame);
        }
    }

    /// Whether nothing more may be read.
    fn is_spent(&mut self) -> bool {
        if self.met.is_none() && self.until.is_some_and(|until| Instant::now() >= until) {
            self.met = Some(Met::Time);
        }
        self.met.is_some()
    }

    /// The first `rows` rows.
    fn head(&mut self, rows: u64) -> Result<Method, Diagnostic> {
        let mut job = self.job.clone();
        let (wanted, rows) = (rows, rows.min(self.budget.rows));
        if rows < u64::MAX {
            job.chunk_size = SAMPLE_CHUNK;
        }
        let mut is_cut = false;
        job.for_each(&Ok, &mut |parsed: Parsed| {
            let room = rows - self.rows;
            if room == 0 || self.is_spent() {
                is_cut = true;
                return Ok(ControlFlow::Break(()));
            }
            let height = parsed.frame.height() as u64;
            is_cut |= height > room;
            // Of a chunk of which a part is kept, that part of what was taken for it.
            let share = if height > room { room as f64 / height as f64 } else { 1.0 };
            self.bytes += (parsed.taken as f64 * share).round() as u64;
            self.add(parsed, room);
            is_cut |= self.is_spent();
            Ok(if is_cut { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        self.bytes = self.bytes.min(self.total);
        if is_cut && rows < wanted {
            self.met = self.met.or(Some(Met::Rows));
        }
        let words = |rows: &str, total: &str| format!("the first {rows} of about {total} rows");
        Ok(Method { whole: !is_cut, words, seed: None })
    }

    /// Blocks spread over all files, or at random places.
    fn blocks(&mut self, sizes: &[u64], rows: u64, seed: Option<u64>) -> Result<Method, Diagnostic> {
        let (file, opened) = self.job.prepare(0)?;
        let is_plain = opened.is_plain() && file.parser.framing() == Framing::Cut;
        // Bytes of a row in the file and in memory, from the first chunk.
        let (mut per_row, mut size) = (1, 1);
        if is_plain {
            let mut chunker = Chunker::new(opened.reader, opened.line, opened.offset, 1 << 18);
            if let Some(raw) = chunker.next(&*file.parser, &file.path)? {
                let bytes = raw.bytes.len() as u64;
                let parsed = self.job.parse(&file, raw)?;
                let rows = parsed.tally.rows.max(1);
                (per_row, size) = (bytes / rows + 1, weight(&parsed.frame) as u64 / rows + 1);
            }
        }
        let budget = rows.saturating_mul(per_row);
        if !is_plain || self.total <= budget.saturating_mul(5) / 4 {
            return self.head(rows);
        }
        let most = self.budget.rows.min(self.budget.bytes / size);
        let met = (most < rows).then_some(if most == self.budget.rows { Met::Rows } else { Met::Bytes });
        let rows = rows.min(most);
        let block = (rows.saturating_mul(per_row) / BLOCKS).max(4096);
        let places = places(self.total, block, seed);
        let mut first_of_file = 0;
        for (index, size) in sizes.iter().enumerate() {
            let within = places.range(first_of_file..first_of_file + size).map(|(place, ())| place - first_of_file);
            self.blocks_of_file(index, &within.collect::<Vec<_>>(), block, rows.div_ceil(BLOCKS))?;
            first_of_file += size;
        }
        self.met = self.met.or(met);
        let words: fn(&str, &str) -> String = match seed {
            None => |rows, total| format!("{rows} rows spread over about {total}"),
            Some(_) => |rows, total| format!("{rows} of about {total} rows, from random places"),
        };
        Ok(Method { whole: false, words, seed })
    }

    fn blocks_of_file(&mut self, index: usize, places: &[u64], block: u64, rows: u64) -> Result<(), Diagnostic> {
        if places.is_empty() {
            return Ok(());
        }
        let (prepared, opened) = self.job.prepare(index)?;
        let fail = |error: std::io::Error| unreadable(&prepared.path, &error);
        let mut file = open_file(&prepared.path).map_err(fail)?;
        // Line numbers need every line end before: of large files they are told only where they are asked for.
        let counts_lines = self.job.position || opened.size <= COUNTED;
        // Where lines have been counted up to, and how many there were.
        let (mut counted, mut lines) = (0, 0);
        let mut end = opened.offset;
        for place in places {
            self.job.cancel.check()?;
            if self.is_spent() {
                break;
            }
            let mut start = (*place).max(end);
            if start > opened.offset {
                let Some(border) = next_border(&mut file, start).map_err(fail)? else { break };
                start = border;
            }
            if counts_lines {
                lines += count_between(&mut file, counted, start).map_err(fail)?;
                counted = start;
            }
            file.seek(SeekFrom::Start(start)).map_err(fail)?;
            let mut chunker = Chunker::new((&mut file).take(block), lines + 1, start, block as usize);
            let Some(raw) = chunker.next(&*prepared.parser, &prepared.path)? else { continue };
            end = start + raw.bytes.len() as u64;
            self.bytes += raw.bytes.len() as u64;
            let mut parsed = self.job.parse(&prepared, raw)?;
            if !counts_lines {
                parsed.quarantined.iter_mut().for_each(|unit| unit.line = 0);
            }
            self.add(parsed, rows);
        }
        Ok(())
    }

    fn finish(self, read: &Read, method: Method) -> Result<ReadResult, Diagnostic> {
        let schema = read_schema(read);
        let fail = |error: polars::prelude::PolarsError| crate::internal("a sample", &error);
        let table = if self.frames.is_empty() {
            ResultTable::empty(&schema)
        } else {
            let frames: Vec<LazyFrame> = self.frames.into_iter().map(IntoLazy::lazy).collect();
            let frame = concat(frames, UnionArgs::default()).and_then(LazyFrame::collect).map_err(fail)?;
            ResultTable::from_frame(&frame, &schema).map_err(fail)?
        };
        let rows = self.rows;
        let bytes_read = if method.whole { self.total } else { self.bytes };
        let about = match bytes_read {
            0 => rows,
            bytes => (rows as f64 * self.total as f64 / bytes as f64).round() as u64,
        };
        let mut words = match method.whole {
            true => format!("all {} rows", grouped(rows)),
            false => (method.words)(&grouped(rows), &rounded(about)),
        };
        if let Some(seed) = method.seed {
            words.push_str(&format!(" (seed {seed})"));
        }
        if let Some(met) = self.met {
            words.push_str(&format!(", as far as the budget of {} goes", self.budget.words(met)));
        }
        let told = [
            (Change::Unfit, "did not fit and are null"),
            (Change::Rounded, "were rounded"),
            (Change::Cut, "were cut"),
            (Change::Fraction, "lost their fraction"),
            (Change::Clock, "lost their clock"),
            (Change::Repeated, "were given twice in a row"),
            (Change::Undeclared, "have names that their type does not"),
            (Change::Halved, "have half of a surrogate pair"),
        ];
        for (change, what) in told {
            let count: u64 = self.tally.changes.of(change).values().sum();
            if count > 0 {
                words.push_str(&format!("; values that {what}: {}", grouped(count)));
            }
        }
        if self.tally.quarantined > 0 {
            words.push_str(&format!("; unread: {}", grouped(self.tally.quarantined)));
        }
        let closed = self.job.closed.len();
        if closed > 0 {
            let folders = if closed == 1 { "a folder".to_owned() } else { format!("{closed} folders") };
            words.push_str(&format!("; {folders} on the way could not be read"));
        }
        let whole = method.whole && closed == 0;
        let statement = SampleStatement { method: words, rows, bytes_read, bytes_total: self.total, whole };
        Ok(ReadResult { table, tally: self.tally, statement, quarantined: self.quarantined, met: self.met })
    }
}

/// Where blocks begin, in the files laid end to end; ordered.
fn places(total: u64, block: u64, seed: Option<u64>) -> BTreeMap<u64, ()> {
    match seed {
        None => (0..BLOCKS).map(|number| ((total - block.min(total)) * number / (BLOCKS - 1), ())).collect(),
        Some(seed) => {
            let mut random = fastrand::Rng::with_seed(seed);
            (0..BLOCKS).map(|_| (random.u64(0..total.max(1)), ())).collect()
        }
    }
}

/// The start of the first line that begins at or after `place`; none where the file ends before, or what stands there
/// is longer than an event may be.
fn next_border(file: &mut File, place: u64) -> std::io::Result<Option<u64>> {
    let mut at = place - 1;
    file.seek(SeekFrom::Start(at))?;
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        if file.by_ref().take(1 << 16).read_to_end(&mut bytes)? == 0 {
            return Ok(None);
        }
        if let Some(found) = memchr::memchr(b'\n', &bytes) {
            return Ok(Some(at + found as u64 + 1));
        }
        at += bytes.len() as u64;
        if at - place > EVENT_LIMIT as u64 {
            return Ok(None);
        }
    }
}

/// Line ends between two offsets.
fn count_between(file: &mut File, from: u64, to: u64) -> std::io::Result<u64> {
    file.seek(SeekFrom::Start(from))?;
    let (mut left, mut lines) = (to.saturating_sub(from), 0);
    let mut bytes = Vec::with_capacity(1 << 18);
    while left > 0 {
        bytes.clear();
        let got = file.by_ref().take(left.min(1 << 18)).read_to_end(&mut bytes)?;
        if got == 0 {
            break;
        }
        lines += memchr::memchr_iter(b'\n', &bytes).count() as u64;
        left -= got as u64;
    }
    Ok(lines)
}

/// `4.1 M`, `120,000`.
fn rounded(number: u64) -> String {
    match number {
        0..1_000_000 => {
            let unit = 10u64.pow((number.max(1).ilog10()).saturating_sub(1));
            grouped(number / unit * unit)
        }
        1_000_000..1_000_000_000 => format!("{:.1} M", number as f64 / 1e6),
        _ => format!("{:.1} G", number as f64 / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pipewright_core::data::{DataType, Schema, Value};
    use pipewright_core::formats::FormatSpec;

    fn sample(sampling: Sampling) -> ReadResult {
        let folder = tempfile::tempdir().unwrap();
        let text: String = (0..200_000).map(|number| format!("line {number}\n")).collect();
        std::fs::write(folder.path().join("a.log"), text).unwrap();
        let read = Read {
            path: "a.log".into(),
            format: FormatSpec::new("lines"),
            schema: Schema::of([("line", DataType::String)]),
            columns: None,
            position: true,
            planned: None,
            location: None,
        };
        read_sample(&read, folder.path(), &sampling, &Budget::of(&sampling), &Cancel::new()).unwrap()
    }

    #[test]
    fn samples_say_what_they_read_and_know_their_lines() {
        let whole = sample(Sampling::Whole);
        assert_eq!((whole.statement.rows, whole.statement.whole), (200_000, true));
        assert_eq!(whole.statement.method, "all 200,000 rows");
        let head = sample(Sampling::Head { rows: 10 });
        assert_eq!((head.table.rows(), head.statement.whole), (10, false));
        for sampling in [Sampling::Spread { rows: 5000 }, Sampling::Random { rows: 5000, seed: 7 }] {
            let spread = sample(sampling);
            assert!((4000..=5100).contains(&spread.table.rows()), "{}", spread.table.rows());
            assert!(!spread.statement.whole);
            for row in 0..spread.table.rows() {
                let Value::Int(line) = spread.table.value(row, 2) else { panic!("no line") };
                assert_eq!(spread.table.value(row, 0), Value::text(format!("line {}", line - 1)));
            }
        }
        assert!(sample(Sampling::Spread { rows: 5000 }).statement.method.contains("spread over about"));
    }

    #[test]
    fn the_size_of_a_compressed_file_is_told_by_what_was_taken_of_it() {
        use std::io::Write;
        let folder = tempfile::tempdir().unwrap();
        let text: String = (0..1_000_000).map(|number| format!("{number} GET /index.html 200\n")).collect();
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(text.as_bytes()).unwrap();
        std::fs::write(folder.path().join("a.gz"), gzip.finish().unwrap()).unwrap();
        std::fs::write(folder.path().join("a.zst"), zstd::encode_all(text.as_bytes(), 3).unwrap()).unwrap();
        for name in ["a.gz", "a.zst"] {
            let read = Read {
                path: name.into(),
                format: FormatSpec::new("lines"),
                schema: Schema::of([("line", DataType::String)]),
                columns: None,
                position: false,
                planned: None,
                location: None,
            };
            let sampling = Sampling::Head { rows: 50_000 };
            let budget = Budget::of(&sampling);
            let found = read_sample(&read, folder.path(), &sampling, &budget, &Cancel::new()).unwrap();
            let about = found.statement.rows as f64 * found.statement.bytes_total as f64;
            let about = about / found.statement.bytes_read as f64;
            assert!((500_000.0..2_000_000.0).contains(&about), "{name}: {about} of {:?}", found.statement);
        }
    }

    #[test]
    fn a_line_that_never_ends_ends_the_sample() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.log");
        std::fs::write(&path, "one\ntwo\n").unwrap();
        let mut file = std::fs::OpenOptions::new().read(true).write(true).open(&path).unwrap();
        // Nothing of it lies on the disk.
        file.set_len(EVENT_LIMIT as u64 * 3).unwrap();
        assert_eq!(next_border(&mut file, 5).unwrap(), Some(8));
        assert_eq!(next_border(&mut file, 20).unwrap(), None);
        assert!(file.stream_position().unwrap() < EVENT_LIMIT as u64 * 2);
    }

    #[test]
    fn numbers_are_short_and_readable() {
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(rounded(123_456), "120,000");
        assert_eq!(rounded(4_123_456), "4.1 M");
        assert_eq!(rounded(0), "0");
    }
}
