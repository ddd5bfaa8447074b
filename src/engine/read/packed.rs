//! Packed files as streams: gzip, zstd, bzip2, xz, the files of a zip archive one after the other, a sheet of a workbook,
//! a table of a SQLite file. Told by their first bytes, whatever they are called. Must not import formats or plans.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::Crc;
use flate2::bufread::MultiGzDecoder;
use flate2::read::DeflateDecoder;
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::files::open_file;
use pipewright_core::quote::visible;
use zip::{CompressionMethod, ZipArchive};

use super::open::{Counted, How, unreadable};
use super::sqlite::{self, table_of};
use super::workbook::{Sheet, sheet_of};

/// What names of packed files end with.
pub const PACKED_ENDINGS: [&str; 5] = [".gz", ".zst", ".bz2", ".xz", ".zip"];
/// Kibibytes that unpacking xz may take: what its strongest setting does.
const XZ_MEMORY: u32 = 80 << 10;
/// Bytes by which it is told how a file is packed.
const MAGIC: u64 = 6;

/// A file's bytes, unpacked.
pub(super) struct Unpacked {
    pub reader: Box<dyn Read + Send>,
    /// `gzip`, `zstd`, `bzip2`, `xz`, `zip`, `workbook` or `sqlite`.
    pub compression: Option<&'static str>,
    /// The sheet of a workbook or the table of a SQLite file that it is, and how many there are.
    pub sheet: Option<(String, usize)>,
}

/// Unpacks a file, which stands at its beginning. `taken` counts its own bytes.
pub(super) fn unpacked(
    mut file: File,
    path: &Path,
    How { sheet, is_headed, .. }: How,
    taken: &Arc<AtomicU64>,
) -> Result<Unpacked, Diagnostic> {
    let fail = |error: io::Error| unreadable(path, &error);
    let mut magic = Vec::new();
    (&file).take(MAGIC).read_to_end(&mut magic).map_err(fail)?;
    file.rewind().map_err(fail)?;
    let counted = |file| Counted { inner: file, taken: taken.clone() };
    let ahead = |file| Counted { inner: BufReader::with_capacity(1 << 18, file), taken: taken.clone() };
    let (reader, compression): (Box<dyn Read + Send>, _) = match magic.as_slice() {
        [0x1f, 0x8b, ..] => (unmarked(MultiGzDecoder::new(ahead(file))), Some("gzip")),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => {
            (unmarked(zstd::stream::read::Decoder::with_buffer(ahead(file)).map_err(fail)?), Some("zstd"))
        }
        [b'B', b'Z', b'h', b'1'..=b'9', ..] if is_bzip2(&mut file).map_err(fail)? => {
            (unmarked(bzip2::bufread::MultiBzDecoder::new(ahead(file))), Some("bzip2"))
        }
        [0xfd, b'7', b'z', b'X', b'Z', 0] => {
            (unmarked(lzma_rust2::XzReader::new_mem_limit(ahead(file), true, XZ_MEMORY)), Some("xz"))
        }
        [b'S', b'Q', b'L', b'i', b't', b'e'] if is_sqlite(&mut file).map_err(fail)? => {
            return table(&file, table_of(&file, path, sheet)?, "sqlite", taken);
        }
        // An older workbook lies in a file system of its own.
        [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1] => return workbook(&file, path, sheet, taken),
        [b'P', b'K', 3, 4, ..] => match Zip::new(&file, path, is_headed, taken)? {
            Some(zip) => (Box::new(zip), Some("zip")),
            None => {
                file.rewind().map_err(fail)?;
                return workbook(&file, path, sheet, taken);
            }
        },
        _ => (Box::new(counted(file)), None),
    };
    Ok(Unpacked { reader, compression, sheet: None })
}

fn workbook(file: &File, path: &Path, sheet: Option<&str>, taken: &Arc<AtomicU64>) -> Result<Unpacked, Diagnostic> {
    table(file, sheet_of(file, path, sheet)?, "workbook", taken)
}

/// One table of a file that holds several, as text.
fn table(file: &File, sheet: Sheet, kind: &'static str, taken: &Arc<AtomicU64>) -> Result<Unpacked, Diagnostic> {
    taken.fetch_add(file.metadata().map_or(0, |about| about.len()), Ordering::Relaxed);
    let reader = Box::new(io::Cursor::new(Text(sheet.text)));
    Ok(Unpacked { reader, compression: Some(kind), sheet: Some((sheet.name, sheet.of)) })
}

/// A text that several share.
struct Text(Arc<Vec<u8>>);

impl AsRef<[u8]> for Text {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// A file's bytes as they are before they were packed, and how they were.
pub fn open_unpacked(path: &Path) -> Result<(Box<dyn Read + Send>, Option<&'static str>), Diagnostic> {
    let file = open_file(path).map_err(|error| unreadable(path, &error))?;
    let Unpacked { reader, compression, .. } = unpacked(file, path, How::default(), &Arc::default())?;
    Ok((reader, compression))
}

fn is_sqlite(file: &mut File) -> io::Result<bool> {
    let mut first = Vec::new();
    (&*file).take(sqlite::MAGIC.len() as u64).read_to_end(&mut first)?;
    file.rewind()?;
    Ok(first == sqlite::MAGIC)
}

/// Whether a block, or the end of an empty archive, follows: `BZh1` may begin a text.
fn is_bzip2(file: &mut File) -> io::Result<bool> {
    let mut first = Vec::new();
    (&*file).take(10).read_to_end(&mut first)?;
    file.rewind()?;
    Ok(matches!(first.get(4..10), Some([0x31, 0x41, 0x59, 0x26, 0x53, 0x59] | [0x17, 0x72, 0x45, 0x38, 0x50, 0x90])))
}

/// The files of an archive, each from the beginning of a line.
struct Zip {
    file: File,
    members: VecDeque<Member>,
    open: Option<Inside>,
    last: u8,
    taken: Arc<AtomicU64>,
}

/// Where a file lies in its archive.
struct Member {
    name: String,
    /// Bytes from the beginning, and how many.
    start: u64,
    size: u64,
    is_deflated: bool,
    crc: u32,
}

impl Zip {
    /// `None`: it is an office document.
    fn new(file: &File, path: &Path, is_headed: bool, taken: &Arc<AtomicU64>) -> Result<Option<Zip>, Diagnostic> {
        let fault = |message: &str, help: &str| {
            Diagnostic::error("PW0919", message).help(help).file(path.display().to_string())
        };
        let damaged = |_| fault("the archive is damaged or cut short", "fetch it again");
        let mut archive = ZipArchive::new(file).map_err(damaged)?;
        if listed(file).is_some_and(|listed| listed > archive.len() as u64) {
            let message = "the archive holds several files of one name, of which only the last would be read";
            return Err(fault(message, "unpack it, and give the files names of their own"));
        }
        let mut members = VecDeque::new();
        for index in 0..archive.len() {
            let member = archive.by_index_raw(index).map_err(damaged)?;
            let name = member.name().map_err(damaged)?.into_owned();
            if name == "[Content_Types].xml" || name == "mimetype" {
                return Ok(None);
            }
            // What file managers put beside is none of it; some programs write `./` before every name.
            let is_hidden = |part: &str| part.starts_with('.') && !matches!(part, "." | "..") || part == "__MACOSX";
            let is_hidden = name.split('/').any(is_hidden);
            if member.is_dir() || is_hidden {
                continue;
            }
            let method = member.compression();
            if member.encrypted() || !matches!(method, CompressionMethod::Stored | CompressionMethod::Deflated) {
                let why = if member.encrypted() { "with a password" } else { "by a method that is not known here" };
                return Err(fault(&format!("`{name}` in the archive is packed {why}"), "unpack it first"));
            }
            members.push_back(Member {
                name,
                start: member.data_start().ok_or_else(|| fault("the archive is damaged", "fetch it again"))?,
                size: member.compressed_size(),
                is_deflated: method == CompressionMethod::Deflated,
                crc: member.crc32(),
            });
        }
        if members.is_empty() {
            return Err(fault("the archive holds no files", "choose another"));
        }
        let file = file.try_clone().map_err(|error| unreadable(path, &error))?;
        let zip = Zip { file, members, open: None, last: b'\n', taken: taken.clone() };
        if is_headed && zip.members.len() > 1 {
            zip.check_headers(path)?;
        }
        Ok(Some(zip))
    }

    /// Files that name their columns name the same: they are read as one.
    fn check_headers(&self, path: &Path) -> Result<(), Diagnostic> {
        let first_line = |member: &Member| {
            let mut line = Vec::new();
            self.inside(member).and_then(|inside| inside.take(LONGEST_HEADER).read_to_end(&mut line)).ok()?;
            line.split(|byte| *byte == b'\n').next().map(|line| line.trim_ascii().to_vec())
        };
        // What cannot be read is told when it is.
        let mut lines = self.members.iter().filter_map(|member| Some((member, first_line(member)?)));
        let Some((first, header)) = lines.next() else { return Ok(()) };
        let Some((other, _)) = lines.find(|(_, line)| is_other_header(&header, line)) else { return Ok(()) };
        let message = format!(
            "`{}` in the archive names its columns otherwise than `{}`",
            visible(&other.name),
            visible(&first.name)
        );
        let fault = Diagnostic::error("PW0919", message).file(path.display().to_string());
        Err(fault.help("unpack the archive, and read its files as a folder"))
    }

    fn next(&mut self) -> io::Result<Option<Inside>> {
        self.members.pop_front().map(|member| self.inside(&member)).transpose()
    }

    fn inside(&self, member: &Member) -> io::Result<Inside> {
        // One place for all handles of a file: its members are read one after the other.
        let mut file = self.file.try_clone()?;
        file.seek(SeekFrom::Start(member.start))?;
        let packed = Counted { inner: file.take(member.size), taken: self.taken.clone() };
        let reader: Box<dyn Read + Send> =
            if member.is_deflated { Box::new(DeflateDecoder::new(packed)) } else { Box::new(packed) };
        Ok(Inside { reader, sum: Crc::new(), expected: member.crc, first: None })
    }
}

impl Read for Zip {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if let Some(open) = &mut self.open {
                let count = open.read(buffer)?;
                if count > 0 {
                    self.last = buffer[count - 1];
                    return Ok(count);
                }
            }
            self.open = self.next()?;
            if self.open.is_none() {
                return Ok(0);
            }
            if self.last != b'\n' {
                (buffer[0], self.last) = (b'\n', b'\n');
                return Ok(1);
            }
        }
    }
}

/// Of UTF-8, before the text of a file.
const MARK: &[u8] = b"\xef\xbb\xbf";
/// Bytes that are looked through at once.
const LOOKED_THROUGH: u64 = 1 << 18;

/// Without the marks of files that were packed one behind the other: the first one is looked at by who opens it.
fn unmarked(inner: impl Read + Send + 'static) -> Box<dyn Read + Send> {
    Box::new(Unmarked { inner: Box::new(inner), bytes: Vec::new(), given: 0 })
}

struct Unmarked {
    inner: Box<dyn Read + Send>,
    bytes: Vec<u8>,
    /// How many of them were given.
    given: usize,
}

impl Unmarked {
    /// Takes more bytes, up to where no mark may go on.
    fn refill(&mut self) -> io::Result<()> {
        self.bytes.clear();
        self.given = 0;
        let mut wanted = LOOKED_THROUGH;
        while (&mut self.inner).take(wanted).read_to_end(&mut self.bytes)? > 0 {
            let begun = (1..=MARK.len()).rev().find(|count| {
                let rest = self.bytes.len().checked_sub(*count).map(|at| &self.bytes[at..]);
                rest.is_some_and(|rest| rest[0] == b'\n' && MARK.starts_with(&rest[1..]))
            });
            let Some(begun) = begun else { break };
            wanted = (MARK.len() + 1 - begun) as u64;
        }
        let mut from = 0;
        while let Some(at) = memchr::memmem::find(&self.bytes[from..], MARK) {
            from += at;
            match from.checked_sub(1).is_some_and(|before| self.bytes[before] == b'\n') {
                true => drop(self.bytes.drain(from..from + MARK.len())),
                false => from += MARK.len(),
            }
        }
        Ok(())
    }
}

impl Read for Unmarked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given == self.bytes.len() {
            self.refill()?;
        }
        let left = &self.bytes[self.given..];
        let count = left.len().min(buffer.len());
        buffer[..count].copy_from_slice(&left[..count]);
        self.given += count;
        Ok(count)
    }
}

/// Bytes of a first line that names columns.
const LONGEST_HEADER: u64 = 1 << 16;

/// How many files the list at the end of an archive has; `None`: it does not say, or not here.
fn listed(file: &File) -> Option<u64> {
    let mut file = file;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub((1 << 16) + 22))).ok()?;
    let mut end = Vec::new();
    file.read_to_end(&mut end).ok()?;
    let place = memchr::memmem::rfind(&end, b"PK\x05\x06")?;
    let count = u16::from_le_bytes(end.get(place + 10..place + 12)?.try_into().ok()?);
    // In larger archives the number stands elsewhere.
    (count != u16::MAX).then_some(count.into())
}

/// Whether a first line names columns too, and others, or in another order. What has no name in common are rows.
fn is_other_header(header: &[u8], line: &[u8]) -> bool {
    fn bare(field: &[u8]) -> Option<&[u8]> {
        field.strip_prefix(b"\"")?.strip_suffix(b"\"")
    }
    fn names(line: &[u8]) -> Vec<&[u8]> {
        let fields = line.split(|byte| b",;|\t".contains(byte));
        fields.map(|field| field.trim_ascii()).map(|field| bare(field).unwrap_or(field)).collect()
    }
    let is_name = |name: &&&[u8]| name.iter().any(u8::is_ascii_alphabetic);
    header != line && names(line).iter().filter(is_name).any(|name| names(header).contains(name))
}

/// A file of an archive; at its end it is known whether it is whole.
struct Inside {
    reader: Box<dyn Read + Send>,
    sum: Crc,
    expected: u32,
    /// Its first bytes that were read and not given yet; `None`: nothing was read.
    first: Option<Vec<u8>>,
}

impl Read for Inside {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let first = match &mut self.first {
            Some(first) => first,
            // A mark before the text of one of several files would stand in the middle of them.
            None => {
                let mut first = Vec::new();
                (&mut self.reader).take(MARK.len() as u64).read_to_end(&mut first)?;
                self.sum.update(&first);
                first.drain(..if first == MARK { MARK.len() } else { 0 });
                self.first.insert(first)
            }
        };
        if !first.is_empty() {
            let count = first.len().min(buffer.len());
            buffer[..count].copy_from_slice(&first[..count]);
            first.drain(..count);
            return Ok(count);
        }
        let count = self.reader.read(buffer)?;
        self.sum.update(&buffer[..count]);
        if count == 0 && self.sum.sum() != self.expected {
            return Err(io::ErrorKind::InvalidData.into());
        }
        Ok(count)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::Write;

    use super::super::open::{How, open};
    use super::*;

    /// Made by the tools themselves, of the line `hello`.
    const BZIP2: &[u8] = b"BZh91AY&SY\xc1\xc0\x80\xe2\x00\x00\x01A\x00\x00\x10\x02D\xa0\x000\xcd\x00\xc3F)\x97\x17rE8P\x90\xc1\xc0\x80\xe2";

    const XZ: &[u8] = b"\xfd7zXZ\x00\x00\x04\xe6\xd6\xb4F\x02\x00!\x01\x16\x00\x00\x00t/\xe5\xa3\x01\x00\x05hello\x0a\x00\x00\x00\xa5`\x97\xf1\x94\xf6\xfd\xe0\x00\x01\x1e\x06\xc1/\xa4\x1d\x1f\xb6\xf3}\x01\x00\x00\x00\x00\x04YZ";

    fn text_of(bytes: &[u8]) -> Result<(String, Option<&'static str>), Diagnostic> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, bytes).unwrap();
        let mut opened = open(&path, How::default())?;
        let mut text = String::new();
        opened.reader.read_to_string(&mut text).map_err(|error| unreadable(&path, &error))?;
        Ok((text, opened.compression))
    }

    /// An archive whose members are stored or deflated; `None`: a folder.
    pub fn zipped(members: &[(&str, Option<&str>)]) -> Vec<u8> {
        let (mut bytes, mut list) = (Vec::new(), Vec::new());
        for (number, (name, text)) in members.iter().enumerate() {
            let (text, method) = (text.unwrap_or_default().as_bytes(), if number % 2 == 0 { 0u16 } else { 8 });
            let mut crc = Crc::new();
            crc.update(text);
            let packed = match method {
                0 => text.to_vec(),
                _ => {
                    let mut deflated = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
                    deflated.write_all(text).unwrap();
                    deflated.finish().unwrap()
                }
            };
            let offset = bytes.len() as u32;
            let common = [&method.to_le_bytes()[..], &[0; 4], &crc.sum().to_le_bytes()].concat();
            let sizes = [(packed.len() as u32).to_le_bytes(), (text.len() as u32).to_le_bytes()].concat();
            let length = (name.len() as u16).to_le_bytes();
            bytes.extend([&b"PK\x03\x04\x14\x00\x00\x00"[..], &common, &sizes, &length, &[0; 2]].concat());
            bytes.extend([name.as_bytes(), &packed].concat());
            list.extend([&b"PK\x01\x02\x14\x00\x14\x00\x00\x00"[..], &common, &sizes, &length, &[0; 12]].concat());
            list.extend([&offset.to_le_bytes()[..], name.as_bytes()].concat());
        }
        let (start, count) = (bytes.len() as u32, (members.len() as u16).to_le_bytes());
        bytes.extend(&list);
        bytes.extend([&b"PK\x05\x06\x00\x00\x00\x00"[..], &count, &count].concat());
        bytes.extend([(list.len() as u32).to_le_bytes(), start.to_le_bytes()].concat());
        bytes.extend([0; 2]);
        bytes
    }

    #[test]
    fn what_is_packed_is_told_by_its_bytes() {
        assert_eq!(text_of(BZIP2).unwrap(), ("hello\n".into(), Some("bzip2")));
        assert_eq!(text_of(&[BZIP2, BZIP2].concat()).unwrap().0, "hello\nhello\n");
        assert_eq!(text_of(XZ).unwrap(), ("hello\n".into(), Some("xz")));
        assert_eq!(text_of(&XZ[..XZ.len() / 2]).unwrap_err().code, "PW0901");
        assert_eq!(text_of(b"BZh9 is how the line begins\n").unwrap(), ("BZh9 is how the line begins\n".into(), None));
    }

    #[test]
    fn the_files_of_an_archive_are_read_one_after_the_other() {
        let archive = zipped(&[
            ("logs/", None),
            ("logs/a.log", Some("a1\na2")),
            ("./logs/../b.log", Some("b1\n")),
            (".x", Some("no")),
        ]);
        assert_eq!(text_of(&archive).unwrap(), ("a1\na2\nb1\n".into(), Some("zip")));
        let marked =
            zipped(&[("a", Some("\u{feff}id,n\n1,2\n")), ("b", Some("\u{feff}id,n\n3,4\n")), ("c", Some("x"))]);
        assert_eq!(text_of(&marked).unwrap().0, "id,n\n1,2\nid,n\n3,4\nx");
        let mut broken = archive.clone();
        let place = memchr::memmem::find(&broken, b"b1\n").unwrap();
        broken[place] = b'c';
        assert_eq!(text_of(&broken).unwrap_err().code, "PW0901");
        assert_eq!(text_of(&archive[..archive.len() - 30]).unwrap_err().code, "PW0919");
        let document = zipped(&[("[Content_Types].xml", Some("<x/>"))]);
        assert_eq!(text_of(&document).unwrap_err().code, "PW0913");
        assert_eq!(text_of(&zipped(&[("logs/", None)])).unwrap_err().code, "PW0919");
    }

    #[test]
    fn marks_of_files_that_were_packed_one_behind_the_other_are_no_text() {
        let packed = |text: &[u8]| {
            let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            packed.write_all(text).unwrap();
            packed.finish().unwrap()
        };
        let (one, other) = (packed(b"\xef\xbb\xbfid,v\n1,2\n"), packed(b"\xef\xbb\xbfid,v\n3,\xef\xbb\xbf\n"));
        let (text, compression) = text_of(&[one, other].concat()).unwrap();
        assert_eq!((text.as_str(), compression), ("id,v\n1,2\nid,v\n3,\u{feff}\n", Some("gzip")));
        // Wherever what is looked through at once ends.
        for before in 0..6 {
            let long = format!("{}\n", "x".repeat(LOOKED_THROUGH as usize - 6 + before));
            let (text, _) = text_of(&packed(format!("{long}\u{feff}a\n\u{feff}b\n").as_bytes())).unwrap();
            assert_eq!(text.strip_prefix(&long), Some("a\nb\n"), "{before}");
        }
    }

    #[test]
    fn files_of_an_archive_that_would_be_mixed_up_are_told() {
        let headed = |one: &str, other: &str| {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("x.zip");
            std::fs::write(&path, zipped(&[("a.csv", Some(one)), ("b.csv", Some(other))])).unwrap();
            open(&path, How { is_headed: true, ..How::default() }).map(|_| ())
        };
        let fault = headed("id,v\n1,2\n", "v,id\n3,4\n").unwrap_err();
        assert!(fault.code == "PW0919" && fault.message.contains("`b.csv`"), "{fault:?}");
        assert!(headed("id,v\n1,2\n", "\"id\",w\n3,4\n").is_err());
        assert!(headed("id,v\n1,2\n", "id,v\r\n3,4\n").is_ok());
        assert!(headed("id,v\n1,2\n", "3,x\n").is_ok());
        let twice = text_of(&zipped(&[("a.log", Some("a\n")), ("a.log", Some("b\n"))])).unwrap_err();
        assert!(twice.message.contains("of one name"), "{twice:?}");
    }
}
