//! A byte stream → owned chunks that end at events' borders, with line numbers and offsets. Must not import plans.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::formats::{Framing, Parser, cut_lines};

use super::open::unreadable;

/// Bytes of a chunk where nothing else is said: as fast as larger ones (measured), with less memory touched.
pub(crate) const CHUNK_SIZE: usize = 2 << 20;
/// Chunks of a small file, which would otherwise be in memory whole: so many, or fewer where they would be too small.
const FEW: u64 = 96;
/// The least bytes of a chunk where nothing else is said.
const LEAST: usize = 256 << 10;
/// The longest event, in bytes.
pub(crate) const EVENT_LIMIT: usize = 64 << 20;
/// The largest file that is read whole (JSON documents), in bytes.
pub(crate) const WHOLE_LIMIT: usize = 1 << 30;

/// Bytes of a file that is read whole, by which it is judged whether that is worth while.
const JUDGED: usize = 64 << 10;
/// Cells of a chunk's table: keys that are met once each make a wide table of few bytes.
const CELL_LIMIT: u64 = 2 << 20;
/// Lines of a chunk: each may be turned away, and is kept with its reason until it is written.
const LINE_LIMIT: u64 = 1 << 18;

/// Bytes of the chunks of a stream of so many bytes, at most `most`.
pub(crate) fn chunk_size(bytes: u64, most: usize) -> usize {
    most.min(LEAST.max(usize::try_from(bytes / FEW).unwrap_or(usize::MAX)))
}

/// A piece of a file, cut at events' borders; not yet known to be UTF-8.
pub(crate) struct RawChunk {
    pub bytes: Vec<u8>,
    /// 1-based.
    pub first_line: u64,
    /// Bytes from the start of the (decompressed) file.
    pub offset: u64,
    /// What the lines before it say of how it is read (`Parser::carry`).
    pub carried: Arc<str>,
}

/// What of the end of a stream is no event yet, and is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Held {
    #[default]
    Nothing,
    /// A line without its end.
    Line,
    /// That, and an event to which lines may be added.
    Event,
}

/// Cuts a stream into chunks.
pub(crate) struct Chunker<R> {
    reader: R,
    carry: Vec<u8>,
    line: u64,
    offset: u64,
    chunk_size: usize,
    /// Bytes of the stream, where they are known.
    size: Option<u64>,
    is_done: bool,
    held: Held,
    carried: Arc<str>,
}

impl<R: Read> Chunker<R> {
    /// The stream begins at an event's border, on line `line` and at `offset` of its file.
    pub fn new(reader: R, line: u64, offset: u64, chunk_size: usize) -> Self {
        Self {
            reader,
            carry: Vec::new(),
            line,
            offset,
            chunk_size: chunk_size.max(1),
            size: None,
            is_done: false,
            held: Held::Nothing,
            carried: Arc::default(),
        }
    }

    /// The stream has that many bytes.
    pub fn of_size(mut self, size: Option<u64>) -> Self {
        self.size = size;
        self
    }

    /// Leaves what may still grow.
    pub fn holding(mut self, held: Held) -> Self {
        self.held = held;
        self
    }

    /// What the lines before the stream say of how it is read.
    pub fn carrying(mut self, carried: &str) -> Self {
        self.carried = carried.into();
        self
    }

    /// Bytes and lines of the stream's file up to the end of what was given.
    pub fn place(&self) -> (u64, u64) {
        (self.offset, self.line - 1)
    }

    /// What the lines up to there say of how those behind them are read.
    pub fn carried(&self) -> &str {
        &self.carried
    }

    /// The next chunk; `None` at the end.
    pub fn next(&mut self, parser: &dyn Parser, path: &Path) -> Result<Option<RawChunk>, Diagnostic> {
        if self.is_done && self.carry.is_empty() {
            return Ok(None);
        }
        let is_whole = parser.framing() == Framing::Whole;
        let mut bytes = if is_whole { self.read_whole(parser, path)? } else { self.read_events(parser, path)? };
        if bytes.is_empty() {
            return Ok(None);
        }
        let mut lines = count_lines(&bytes);
        let width = parser.schema().len().max(1) as u64;
        let most = (CELL_LIMIT / width).clamp(1, LINE_LIMIT);
        if !is_whole && lines > most {
            let end = memchr::memchr_iter(b'\n', &bytes).nth(most as usize - 1).map_or(bytes.len(), |end| end + 1);
            let cut = parser.cut(&bytes[..end]);
            if cut > 0 {
                // What was read further goes before what was not cut yet.
                let further = bytes.split_off(cut);
                self.carry.splice(..0, further);
                lines = count_lines(&bytes);
            }
        }
        if bytes.capacity() / 2 > bytes.len() {
            // Texts of a small file must not keep the room of a whole chunk alive.
            bytes.shrink_to_fit();
        }
        let carried = self.carried.clone();
        if let Some(next) = parser.carry(&carried, &bytes).filter(|next| **next != *carried) {
            self.carried = next.into();
        }
        let chunk = RawChunk { first_line: self.line, offset: self.offset, bytes, carried };
        self.line += lines;
        self.offset += chunk.bytes.len() as u64;
        Ok(Some(chunk))
    }

    /// Bytes up to the end of an event, about a chunk's; what follows is carried over.
    fn read_events(&mut self, parser: &dyn Parser, path: &Path) -> Result<Vec<u8>, Diagnostic> {
        let mut target = self.chunk_size.max(self.carry.len() + 1);
        let mut bytes = Vec::with_capacity(target);
        bytes.append(&mut self.carry);
        let cut = loop {
            if self.fill(&mut bytes, target, path)? {
                // What is carried over from here on is whole.
                match std::mem::take(&mut self.held) {
                    Held::Nothing => {}
                    Held::Line => bytes.truncate(cut_lines(&bytes)),
                    Held::Event => bytes.truncate(parser.cut(&bytes)),
                }
                break bytes.len();
            }
            let cut = parser.cut(&bytes);
            if cut > 0 {
                break cut.min(bytes.len());
            }
            if bytes.len() >= EVENT_LIMIT {
                return Err(too_long(false, path, self.line));
            }
            target = (target * 2).min(EVENT_LIMIT);
        };
        self.carry = bytes.split_off(cut);
        Ok(bytes)
    }

    /// The whole stream; where its beginning shows that it is none of the format, only that.
    fn read_whole(&mut self, parser: &dyn Parser, path: &Path) -> Result<Vec<u8>, Diagnostic> {
        if self.size.is_some_and(|size| size > WHOLE_LIMIT as u64) {
            return Err(too_long(true, path, self.line));
        }
        let mut bytes = std::mem::take(&mut self.carry);
        if self.fill(&mut bytes, JUDGED, path)? {
            return Ok(bytes);
        }
        if parser.is_hopeless(&String::from_utf8_lossy(&bytes)) {
            self.is_done = true;
            return Ok(bytes);
        }
        // At once, and not by doubling, which takes half as much again.
        bytes.reserve_exact(self.size.map_or(0, |size| (size as usize + 1).saturating_sub(bytes.len())));
        if self.fill(&mut bytes, WHOLE_LIMIT, path)? { Ok(bytes) } else { Err(too_long(true, path, self.line)) }
    }

    /// Reads until there are `target` bytes; gives whether the stream ended before.
    fn fill(&mut self, bytes: &mut Vec<u8>, target: usize, path: &Path) -> Result<bool, Diagnostic> {
        let wanted = target.saturating_sub(bytes.len());
        let got =
            self.reader.by_ref().take(wanted as u64).read_to_end(bytes).map_err(|error| unreadable(path, &error))?;
        self.is_done |= got < wanted;
        Ok(self.is_done)
    }
}

/// Line ends in `bytes`.
pub(crate) fn count_lines(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

fn too_long(is_whole: bool, path: &Path, line: u64) -> Diagnostic {
    let diagnostic = if is_whole {
        Diagnostic::error(
            "PW0908",
            format!("the file is larger than {} MiB, the limit for documents", WHOLE_LIMIT >> 20),
        )
        .help("such a document is read whole; save it as JSON lines, which may have any size")
    } else {
        Diagnostic::error("PW0907", format!("one event is longer than {} MiB, the limit", EVENT_LIMIT >> 20))
            .help("see whether the format and its quotes are right, or whether this is a text file at all")
    };
    diagnostic.file(path.display().to_string()).line(line)
}

/// Where bytes of a repaired text lay before: (position in the repaired text, bytes gained up to there).
type Shifts = crate::columns::Shifts;

/// The chunk as text; bytes that are no UTF-8 are replaced and counted.
pub(crate) fn text_of(bytes: Vec<u8>) -> (String, Shifts, u64) {
    let broken = match String::from_utf8(bytes) {
        Ok(text) => return (text, Shifts::new(), 0),
        Err(error) => error.into_bytes(),
    };
    let mut text = String::with_capacity(broken.len() + 1024);
    let (mut shifts, mut gained, mut replaced) = (Shifts::new(), 0, 0);
    let mut rest = broken.as_slice();
    // Whole stretches are checked at once: `utf8_chunks` goes byte by byte.
    while let Err(fault) = std::str::from_utf8(rest) {
        let (valid, more) = rest.split_at(fault.valid_up_to());
        text.push_str(std::str::from_utf8(valid).unwrap_or_default());
        let invalid = fault.error_len().unwrap_or(more.len());
        text.push(char::REPLACEMENT_CHARACTER);
        replaced += invalid as u64;
        gained += 3 - (invalid as u64).min(3);
        shifts.push((text.len() as u64, gained));
        rest = &more[invalid..];
    }
    text.push_str(std::str::from_utf8(rest).unwrap_or_default());
    (text, shifts, replaced)
}

#[cfg(test)]
mod tests {
    use super::*;
    use pipewright_core::data::{DataType, Schema};
    use pipewright_core::formats::{FormatSpec, Sample, format};

    #[test]
    fn chunks_of_any_size_join_to_the_file_and_know_their_lines() {
        let text = b"one\ntwo\n\nthree is a longer line\nfour";
        let parser = format("lines").unwrap().prepare(&FormatSpec::new("lines"), None, &Sample::default()).unwrap();
        for size in 1..40 {
            let mut chunker = Chunker::new(&text[..], 1, 0, size);
            let mut joined = Vec::new();
            while let Some(chunk) = chunker.next(&*parser, Path::new("f")).unwrap() {
                assert_eq!(chunk.offset as usize, joined.len());
                assert_eq!(chunk.first_line, 1 + count_lines(&joined));
                joined.extend(chunk.bytes);
                assert!(joined.ends_with(b"\n") || joined.len() == text.len());
            }
            assert_eq!(joined, text, "chunks of {size}");
        }
    }

    #[test]
    fn chunks_of_wide_tables_have_few_rows() {
        let schema = Schema::of(
            (0..CELL_LIMIT / 8)
                .map(|number| number.to_string())
                .collect::<Vec<_>>()
                .iter()
                .map(|name| (name.as_str(), DataType::String)),
        );
        let spec = FormatSpec::new("json_lines");
        let parser = format("json_lines").unwrap().prepare(&spec, Some(&schema), &Sample::default()).unwrap();
        let text = b"{}\n".repeat(50);
        let mut chunker = Chunker::new(&text[..], 1, 0, CHUNK_SIZE);
        let (mut lines, mut joined) = (Vec::new(), Vec::new());
        while let Some(chunk) = chunker.next(&*parser, Path::new("f")).unwrap() {
            lines.push(chunk.first_line);
            joined.extend(chunk.bytes);
        }
        assert_eq!(lines, [1, 9, 17, 25, 33, 41, 49]);
        assert_eq!(joined, text);
    }

    #[test]
    fn what_is_no_document_is_not_read_to_its_end() {
        let parser = format("json_document")
            .unwrap()
            .prepare(&FormatSpec::new("json_document"), None, &Sample::default())
            .unwrap();
        let mut chunker = Chunker::new(std::io::repeat(0), 1, 0, CHUNK_SIZE);
        assert_eq!(chunker.next(&*parser, Path::new("f")).unwrap().unwrap().bytes.len(), JUDGED);
        assert!(chunker.next(&*parser, Path::new("f")).unwrap().is_none());
        let large = Some(WHOLE_LIMIT as u64 + 1);
        let mut chunker = Chunker::new(&b"[{}]"[..], 1, 0, CHUNK_SIZE).of_size(large);
        assert_eq!(chunker.next(&*parser, Path::new("f")).err().unwrap().code, "PW0908");
    }

    #[test]
    fn broken_bytes_are_replaced_and_counted() {
        let (text, shifts, replaced) = text_of(b"a\xffb\xc3\xa9\xf0\x9f".to_vec());
        assert_eq!(text, "a\u{fffd}b\u{e9}\u{fffd}");
        assert_eq!(replaced, 3);
        assert_eq!(shifts, [(4, 2), (10, 3)]);
    }
}
