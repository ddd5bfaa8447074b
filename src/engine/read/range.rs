//! A part of a file: the events that begin in a range of its bytes, so that several processes read one file between
//! them. Where an event begins depends on the file and the place alone, so ranges that adjoin read every event once.
//! Must not import plans.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::formats::Parser;

use super::chunks::{EVENT_LIMIT, count_lines};

/// Bytes before a place that are looked at, so that an event that began before it is known: pieces of a message, too.
const BEFORE: u64 = 1 << 20;

/// Bytes of a file, from the first to the one before `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByteRange {
    pub from: u64,
    /// `u64::MAX`: the file's end.
    pub to: u64,
    /// Whether lines are counted from the file's beginning: what stands before is read for it.
    pub numbered: bool,
}

impl ByteRange {
    /// From text such as `0-1048576` or `1048576-`.
    pub fn parse(text: &str) -> Result<ByteRange, Diagnostic> {
        let fault = || {
            Diagnostic::error("PW0918", format!("`{text}` is no range of bytes"))
                .help("write FROM-TO, such as 0-134217728 and then 134217728-268435456; FROM- goes to the file's end")
        };
        let (from, to) = text.split_once('-').ok_or_else(fault)?;
        let from = from.trim().parse().map_err(|_| fault())?;
        let to = if to.trim().is_empty() { u64::MAX } else { to.trim().parse().map_err(|_| fault())? };
        if from <= to { Ok(ByteRange { from, to, numbered: false }) } else { Err(fault()) }
    }
}

/// The part of an open file that holds a range's events.
pub(super) struct Part {
    /// At the first event.
    pub file: File,
    pub offset: u64,
    /// Bytes.
    pub size: u64,
    /// Number of the first line, 1-based; counted from the part's beginning where lines are not numbered.
    pub line: u64,
}

/// Finds the events that begin in `range`. `start`: where the file's text begins, behind a byte order mark.
pub(super) fn part_of(
    mut file: File,
    size: u64,
    start: u64,
    range: ByteRange,
    parser: &dyn Parser,
) -> io::Result<Part> {
    let first = border(&mut file, size, start, range.from, parser)?;
    let end = border(&mut file, size, start, range.to, parser)?.max(first);
    let mut line = 1;
    if range.numbered {
        file.seek(SeekFrom::Start(start))?;
        let mut before = io::BufReader::with_capacity(1 << 20, (&mut file).take(first.saturating_sub(start)));
        loop {
            let bytes = io::BufRead::fill_buf(&mut before)?;
            if bytes.is_empty() {
                break;
            }
            line += count_lines(bytes);
            let count = bytes.len();
            io::BufRead::consume(&mut before, count);
        }
    }
    file.seek(SeekFrom::Start(first))?;
    Ok(Part { file, offset: first, size: end - first, line })
}

/// Where the first event begins at `place` or behind it.
fn border(file: &mut File, size: u64, start: u64, place: u64, parser: &dyn Parser) -> io::Result<u64> {
    if place <= start || place >= size {
        return Ok(place.clamp(start.min(size), size));
    }
    let mut begin = place.saturating_sub(BEFORE).max(start);
    file.seek(SeekFrom::Start(begin))?;
    let mut bytes = Vec::new();
    (&mut *file).take(place - begin).read_to_end(&mut bytes)?;
    if begin > start {
        // From the beginning of a line on.
        let line = memchr::memchr(b'\n', &bytes).map_or(bytes.len(), |end| end + 1);
        bytes.drain(..line);
        begin += line as u64;
    }
    // Lines are added until an event is known to begin at the place or behind it.
    loop {
        let cut = begin + parser.cut(&bytes) as u64;
        if cut >= place && cut > begin {
            return Ok(cut);
        }
        if !next_line(file, &mut bytes)? || bytes.len() > EVENT_LIMIT {
            return Ok(size);
        }
    }
}

/// Adds the file's bytes up to the end of a line; `false`: there are no more.
fn next_line(file: &mut File, bytes: &mut Vec<u8>) -> io::Result<bool> {
    loop {
        let old = bytes.len();
        if file.take(4096).read_to_end(bytes)? == 0 {
            return Ok(false);
        }
        if let Some(end) = memchr::memchr(b'\n', &bytes[old..]) {
            let end = old + end + 1;
            file.seek(SeekFrom::Current(end as i64 - bytes.len() as i64))?;
            bytes.truncate(end);
            return Ok(true);
        }
    }
}
