//! A byte stream → owned chunks that end at events' borders, with line numbers and offsets. Must not import plans.

use std::io::Read;
use std::path::Path;

use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::formats::{Framing, Parser};

use super::open::unreadable;

/// Bytes of a chunk where nothing else is said: as fast as larger ones (measured), with less memory touched.
pub(crate) const CHUNK_SIZE: usize = 2 << 20;
/// The longest event, in bytes.
pub(crate) const EVENT_LIMIT: usize = 64 << 20;
/// The largest file that is read whole (JSON documents), in bytes.
pub(crate) const WHOLE_LIMIT: usize = 1 << 30;

/// A piece of a file, cut at events' borders; not yet known to be UTF-8.
pub(crate) struct RawChunk {
    pub bytes: Vec<u8>,
    /// 1-based.
    pub first_line: u64,
    /// Bytes from the start of the (decompressed) file.
    pub offset: u64,
}

/// Cuts a stream into chunks.
pub(crate) struct Chunker<R> {
    reader: R,
    carry: Vec<u8>,
    line: u64,
    offset: u64,
    chunk_size: usize,
    is_done: bool,
}

impl<R: Read> Chunker<R> {
    /// The stream begins at an event's border, on line `line` and at `offset` of its file.
    pub fn new(reader: R, line: u64, offset: u64, chunk_size: usize) -> Self {
        Self { reader, carry: Vec::new(), line, offset, chunk_size: chunk_size.max(1), is_done: false }
    }

    /// The next chunk; `None` at the end.
    pub fn next(&mut self, parser: &dyn Parser, path: &Path) -> Result<Option<RawChunk>, Diagnostic> {
        if self.is_done {
            return Ok(None);
        }
        let is_whole = parser.framing() == Framing::Whole;
        let mut target = if is_whole { WHOLE_LIMIT } else { self.chunk_size.max(self.carry.len() + 1) };
        let mut bytes = Vec::with_capacity(if is_whole { self.carry.len() } else { target });
        bytes.append(&mut self.carry);
        let cut = loop {
            let wanted = target - bytes.len();
            let got = self
                .reader
                .by_ref()
                .take(wanted as u64)
                .read_to_end(&mut bytes)
                .map_err(|error| unreadable(path, &error))?;
            if got < wanted {
                self.is_done = true;
                break bytes.len();
            }
            let cut = if is_whole { 0 } else { parser.cut(&bytes) };
            if cut > 0 {
                break cut.min(bytes.len());
            }
            let limit = if is_whole { WHOLE_LIMIT } else { EVENT_LIMIT };
            if bytes.len() >= limit {
                return Err(too_long(is_whole, path, self.line));
            }
            target = (target * 2).min(limit);
        };
        if bytes.is_empty() {
            return Ok(None);
        }
        self.carry = bytes[cut..].to_vec();
        bytes.truncate(cut);
        if bytes.capacity() / 2 > bytes.len() {
            // Texts of a small file must not keep the room of a whole chunk alive.
            bytes.shrink_to_fit();
        }
        let chunk = RawChunk { first_line: self.line, offset: self.offset, bytes };
        self.line += count_lines(&chunk.bytes);
        self.offset += chunk.bytes.len() as u64;
        Ok(Some(chunk))
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
    fn broken_bytes_are_replaced_and_counted() {
        let (text, shifts, replaced) = text_of(b"a\xffb\xc3\xa9\xf0\x9f".to_vec());
        assert_eq!(text, "a\u{fffd}b\u{e9}\u{fffd}");
        assert_eq!(replaced, 3);
        assert_eq!(shifts, [(4, 2), (10, 3)]);
    }
}
