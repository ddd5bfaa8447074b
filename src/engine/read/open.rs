//! Files as plain UTF-8 byte streams: unpacked, byte order marks dropped, other encodings decoded. Must not
//! import formats (beyond encodings) or plans.

use std::fs::File;
use std::io::{self, BufRead, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use pipewright_core::diagnostic::{Diagnostic, io_cause};
use pipewright_core::files::{Place, is_at_place, open_file, place_of};
use pipewright_core::formats::FormatSpec;
use pipewright_core::formats::encoding::{Decoder, TextEncoding};

use super::chunks::count_lines;
use super::packed::{Unpacked, unpacked};

/// Bytes of a file by which its encoding is found.
const ENCODING_LOOKED_AT: u64 = 64 << 10;

/// What a source's format says of how its files are opened.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct How<'a> {
    /// `None`: it is found.
    pub encoding: Option<TextEncoding>,
    /// The sheet of a workbook, or the table of a SQLite file; `None`: the first one with cells.
    pub sheet: Option<&'a str>,
    /// A first line names the columns: files of one archive must agree on it.
    pub is_headed: bool,
}

impl<'a> How<'a> {
    pub fn of(format: &'a FormatSpec) -> Self {
        let given = |name| format.option(name).filter(|given: &&str| !given.is_empty());
        Self {
            encoding: format.encoding(),
            sheet: given("sheet").or(given("table")),
            is_headed: format.name == "csv" && format.option("header") != Some("no"),
        }
    }
}

/// An opened file.
pub(crate) struct Opened {
    pub reader: Box<dyn Read + Send>,
    /// `gzip`, `zstd`, `bzip2`, `xz` or `zip`.
    pub compression: Option<&'static str>,
    /// `UTF-8`, `UTF-8 with BOM`, another encoding's name, or what `COLOURED` says.
    pub encoding: &'static str,
    /// Bytes already passed: a byte order mark, and what an earlier piece of the log holds as well.
    pub offset: u64,
    /// Number of the line at which the reader stands, 1-based.
    pub line: u64,
    /// Bytes of the file itself, compressed or not.
    pub size: u64,
    /// Microseconds since 1970; 0: unknown.
    pub modified: i64,
    /// Bytes taken from the file so far.
    pub taken: Arc<AtomicU64>,
    /// The sheet of a workbook or the table of a SQLite file that it is, and how many there are.
    pub sheet: Option<(String, usize)>,
}

impl Opened {
    /// Whether offsets in the stream are offsets in the file.
    pub fn is_plain(&self) -> bool {
        self.compression.is_none() && self.encoding.starts_with("UTF-8")
    }

    /// Passes over whole lines at the beginning of a plain file.
    pub fn pass(&mut self, until: u64) -> io::Result<()> {
        let mut passed = Vec::new();
        self.reader.by_ref().take(until.saturating_sub(self.offset)).read_to_end(&mut passed)?;
        self.offset += passed.len() as u64;
        self.line += count_lines(&passed);
        Ok(())
    }
}

/// What went wrong with a file, in words.
pub(crate) fn unreadable(path: &Path, error: &io::Error) -> Diagnostic {
    let (message, help) = match error.kind() {
        io::ErrorKind::NotFound => ("the file is not there", "put it back, or choose another file"),
        io::ErrorKind::PermissionDenied => {
            ("the file may not be read", "give this user the right to read it, or choose another file")
        }
        io::ErrorKind::Unsupported => {
            ("this is a pipe or a device, not a file", "write what comes out of it to a file, and read that")
        }
        io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => {
            ("the compressed file is damaged or cut short", "fetch it again; what comes before the damage is whole")
        }
        // A decoder's own fault, none of the system's.
        _ if error.raw_os_error().is_none() => {
            ("the compressed file is damaged or cut short", "fetch it again; what comes before the damage is whole")
        }
        _ => ("the file cannot be read", "see whether its disk or network share is well"),
    };
    let message = match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied => message.to_owned(),
        _ if error.raw_os_error().is_none() => message.to_owned(),
        _ => format!("{message}: {}", io_cause(error)),
    };
    Diagnostic::error("PW0901", message).help(help).file(path.display().to_string())
}

/// Opens a file and looks at its first bytes. Its encoding is found where none is given.
pub(crate) fn open(path: &Path, how: How) -> Result<Opened, Diagnostic> {
    open_listed(path, how, None)
}

/// A file as it was when the files of a run were listed.
#[derive(Clone)]
pub(crate) struct Listed {
    place: Place,
    /// Bytes.
    size: u64,
}

impl Listed {
    /// `None`: it cannot be looked at.
    pub fn of(path: &Path) -> Option<Listed> {
        Some(Listed { place: place_of(path)?, size: path.metadata().ok()?.len() })
    }

    /// Whether an open file is that one.
    pub fn is_open(&self, file: &File) -> bool {
        is_at_place(file, &self.place)
    }

    /// Whether it still has that name.
    pub fn is_at(&self, path: &Path) -> bool {
        place_of(path).is_some_and(|place| place == self.place)
    }
}

/// As `open`; an error where it is another file than the one that was listed, or shorter by now.
pub(crate) fn open_listed(path: &Path, how: How, listed: Option<&Listed>) -> Result<Opened, Diagnostic> {
    let fail = |error: io::Error| unreadable(path, &error);
    if path.is_dir() {
        return Err(Diagnostic::error("PW0902", "this is a folder, not a file")
            .help("add `/*` to read the files in it")
            .file(path.display().to_string()));
    }
    let file = open_file(path).map_err(fail)?;
    let metadata = file.metadata().map_err(fail)?;
    // It is opened again and again, and a pipe gives each byte once.
    if !metadata.is_file() {
        return Err(fail(io::ErrorKind::Unsupported.into()));
    }
    if listed.is_some_and(|listed| metadata.len() < listed.size || !listed.is_open(&file)) {
        return Err(replaced(path));
    }
    let modified = metadata
        .modified()
        .ok()
        .and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok())
        .map_or(0, |age| age.as_micros() as i64);
    let taken = Arc::new(AtomicU64::new(0));
    let Unpacked { mut reader, compression, sheet } = unpacked(file, path, how, &taken)?;
    let first = peek(&mut reader, ENCODING_LOOKED_AT).map_err(fail)?;
    let is_whole = (first.len() as u64) < ENCODING_LOOKED_AT;
    let encoding = match how.encoding {
        Some(given) => given.with_mark_of(&first),
        None => TextEncoding::of(&first, is_whole),
    };
    let reader = rejoin(first[encoding.mark..].to_vec(), reader);
    let (reader, encoding, offset): (Box<dyn Read + Send>, _, _) = match (encoding.is_utf8(), encoding.mark) {
        (true, _) if how.encoding.is_none() && is_coloured(&first) => (Box::new(Uncoloured::new(reader)), COLOURED, 0),
        (true, 0) => (reader, encoding.name(), 0),
        (true, mark) => (reader, "UTF-8 with BOM", mark as u64),
        (false, _) => (Box::new(Decoded::new(reader, encoding)), encoding.name(), 0),
    };
    Ok(Opened { reader, compression, encoding, offset, line: 1, size: metadata.len(), modified, taken, sheet })
}

/// What was listed may be read under another name, twice, or not at all: its name is that of another file by now.
pub(crate) fn replaced(path: &Path) -> Diagnostic {
    Diagnostic::error("PW0914", "the file was rotated, replaced or emptied after the run had begun")
        .help("run it again; of logs that are rotated meanwhile, read copies")
        .file(path.display().to_string())
}

fn peek(reader: &mut dyn Read, count: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(count).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn rejoin(bytes: Vec<u8>, rest: Box<dyn Read + Send>) -> Box<dyn Read + Send> {
    Box::new(Rejoined { bytes, rest })
}

/// Bytes looked at, then the rest. Unlike `Read::chain` it hands large reads straight to the file.
struct Rejoined {
    bytes: Vec<u8>,
    rest: Box<dyn Read + Send>,
}

impl Read for Rejoined {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.bytes.is_empty() {
            return self.rest.read(buffer);
        }
        let count = self.bytes.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.bytes[..count]);
        self.bytes.drain(..count);
        Ok(count)
    }
}

/// Counts what is taken; what was read ahead for a decoder, and not decoded yet, is not.
pub(super) struct Counted<R> {
    pub inner: R,
    pub taken: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.taken.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.inner.consume(count);
        self.taken.fetch_add(count as u64, Ordering::Relaxed);
    }
}

/// Another encoding → UTF-8; what fits it nowhere is a byte that is no UTF-8, which the reader of texts counts.
struct Decoded {
    inner: Box<dyn Read + Send>,
    decoder: Decoder,
    decoded: Vec<u8>,
    position: usize,
    is_done: bool,
}

impl Decoded {
    fn new(inner: Box<dyn Read + Send>, encoding: TextEncoding) -> Self {
        Self { inner, decoder: Decoder::new(encoding), decoded: Vec::new(), position: 0, is_done: false }
    }

    fn refill(&mut self) -> io::Result<()> {
        let mut raw = Vec::new();
        self.inner.by_ref().take(1 << 16).read_to_end(&mut raw)?;
        self.is_done = raw.is_empty();
        self.decoded.clear();
        self.position = 0;
        self.decoder.decode(&raw, self.is_done, &mut self.decoded);
        Ok(())
    }
}

impl Read for Decoded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // A piece may hold less than a character.
        while self.position == self.decoded.len() && !self.is_done {
            self.refill()?;
        }
        let count = buffer.len().min(self.decoded.len() - self.position);
        buffer[..count].copy_from_slice(&self.decoded[self.position..self.position + count]);
        self.position += count;
        Ok(count)
    }
}

/// In place of an encoding: what was written for a terminal.
const COLOURED: &str = "terminal colours";

/// Whether the lines of a file hold colours, as a terminal takes them.
fn is_coloured(first: &[u8]) -> bool {
    let lines = memchr::memchr_iter(b'\n', first).count().max(1);
    let colours = memchr::memchr_iter(ESCAPE, first).filter(|at| {
        let sequence = first.get(at + 1..).and_then(|rest| rest.strip_prefix(b"[")).unwrap_or_default();
        let length = sequence.iter().take_while(|byte| is_parameter(**byte)).count();
        sequence.get(length) == Some(&b'm')
    });
    colours.count() * 10 >= lines
}

const ESCAPE: u8 = 0x1b;

/// Between `ESC [` and the letter that ends it.
fn is_parameter(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b';' | b'?')
}

/// A text without the signs that a terminal takes: `ESC [ … m`.
struct Uncoloured {
    inner: Box<dyn Read + Send>,
    plain: Vec<u8>,
    position: usize,
    /// A sequence that has begun.
    begun: Vec<u8>,
    is_done: bool,
}

impl Uncoloured {
    /// Bytes of a sequence at most.
    const MOST: usize = 32;

    fn new(inner: Box<dyn Read + Send>) -> Self {
        Self { inner, plain: Vec::new(), position: 0, begun: Vec::new(), is_done: false }
    }

    fn refill(&mut self) -> io::Result<()> {
        let mut raw = Vec::new();
        self.inner.by_ref().take(1 << 16).read_to_end(&mut raw)?;
        self.is_done = raw.is_empty();
        self.plain.clear();
        self.position = 0;
        raw.iter().for_each(|byte| self.add(*byte));
        if self.is_done {
            self.plain.append(&mut self.begun);
        }
        Ok(())
    }

    fn add(&mut self, byte: u8) {
        let goes_on = match self.begun.len() {
            0 => byte == ESCAPE,
            1 => byte == b'[',
            length => is_parameter(byte) && length < Self::MOST,
        };
        if goes_on {
            self.begun.push(byte);
        } else if self.begun.len() > 1 && byte.is_ascii_alphabetic() {
            self.begun.clear();
        } else {
            // It was none.
            self.plain.append(&mut self.begun);
            match byte {
                ESCAPE => self.begun.push(byte),
                _ => self.plain.push(byte),
            }
        }
    }
}

impl Read for Uncoloured {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.position == self.plain.len() && !self.is_done {
            self.refill()?;
        }
        let count = buffer.len().min(self.plain.len() - self.position);
        buffer[..count].copy_from_slice(&self.plain[self.position..self.position + count]);
        self.position += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn text_of(bytes: &[u8]) -> (String, &'static str, Option<&'static str>, u64) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, bytes).unwrap();
        let mut opened = open(&path, How::default()).unwrap();
        let mut text = String::new();
        opened.reader.read_to_string(&mut text).unwrap();
        (text, opened.encoding, opened.compression, opened.offset)
    }

    #[test]
    fn encodings_and_compressions_are_undone() {
        assert_eq!(text_of(b""), (String::new(), "UTF-8", None, 0));
        assert_eq!(text_of(b"a\n"), ("a\n".into(), "UTF-8", None, 0));
        assert_eq!(text_of(b"\xef\xbb\xbfa\n"), ("a\n".into(), "UTF-8 with BOM", None, 3));
        let coloured = b"\x1b[1;31mred\x1b[0m \x1b[Kx\n\x1b[2m\x1b[ y \x1b\x1b[m\x1b";
        assert_eq!(text_of(coloured), ("red x\n\x1b[ y \x1b\x1b".into(), COLOURED, None, 0));
        let rare = [b"a line\n".repeat(30).as_slice(), b"\x1b[1mbold\x1b[0m\n"].concat();
        assert_eq!(text_of(&rare).1, "UTF-8");
        let utf16: Vec<u8> = "\u{feff}zażółć 🦀\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(text_of(&utf16), ("zażółć 🦀\n".into(), "UTF-16LE", None, 0));
        let long = format!("\u{feff}{}", "🦀x".repeat(40_000));
        let utf16: Vec<u8> = long.encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(text_of(&utf16).0, long.trim_start_matches('\u{feff}'));
        let latin = b"Gr\xf6\xdfe und Stra\xdfe\n";
        assert_eq!(text_of(latin), ("Größe und Straße\n".into(), "windows-1252", None, 0));
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(b"hello\n").unwrap();
        assert_eq!(text_of(&gzip.finish().unwrap()), ("hello\n".into(), "UTF-8", Some("gzip"), 0));
        let zstd = zstd::encode_all(&b"hello\n"[..], 1).unwrap();
        assert_eq!(text_of(&zstd), ("hello\n".into(), "UTF-8", Some("zstd"), 0));
    }
}
