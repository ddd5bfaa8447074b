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
use zip::{CompressionMethod, ZipArchive};

use super::open::{Counted, unreadable};
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

/// Unpacks a file, which stands at its beginning. `taken` counts its own bytes; `sheet`: which one of a workbook.
pub(super) fn unpacked(
    mut file: File,
    path: &Path,
    sheet: Option<&str>,
    taken: &Arc<AtomicU64>,
) -> Result<Unpacked, Diagnostic> {
    let fail = |error: io::Error| unreadable(path, &error);
    let mut magic = Vec::new();
    (&file).take(MAGIC).read_to_end(&mut magic).map_err(fail)?;
    file.rewind().map_err(fail)?;
    let counted = |file| Counted { inner: file, taken: taken.clone() };
    let ahead = |file| Counted { inner: BufReader::with_capacity(1 << 18, file), taken: taken.clone() };
    let (reader, compression): (Box<dyn Read + Send>, _) = match magic.as_slice() {
        [0x1f, 0x8b, ..] => (Box::new(MultiGzDecoder::new(ahead(file))), Some("gzip")),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => {
            (Box::new(zstd::stream::read::Decoder::with_buffer(ahead(file)).map_err(fail)?), Some("zstd"))
        }
        [b'B', b'Z', b'h', b'1'..=b'9', ..] if is_bzip2(&mut file).map_err(fail)? => {
            (Box::new(bzip2::bufread::MultiBzDecoder::new(ahead(file))), Some("bzip2"))
        }
        [0xfd, b'7', b'z', b'X', b'Z', 0] => {
            (Box::new(lzma_rust2::XzReader::new_mem_limit(ahead(file), true, XZ_MEMORY)), Some("xz"))
        }
        [b'S', b'Q', b'L', b'i', b't', b'e'] if is_sqlite(&mut file).map_err(fail)? => {
            return table(&file, table_of(&file, path, sheet)?, "sqlite", taken);
        }
        // An older workbook lies in a file system of its own.
        [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1] => return workbook(&file, path, sheet, taken),
        [b'P', b'K', 3, 4, ..] => match Zip::new(&file, path, taken)? {
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
    let Unpacked { reader, compression, .. } = unpacked(file, path, None, &Arc::default())?;
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
    /// Bytes from the beginning, and how many.
    start: u64,
    size: u64,
    is_deflated: bool,
    crc: u32,
}

impl Zip {
    /// `None`: it is an office document.
    fn new(file: &File, path: &Path, taken: &Arc<AtomicU64>) -> Result<Option<Zip>, Diagnostic> {
        let fault = |message: &str, help: &str| {
            Diagnostic::error("PW0919", message).help(help).file(path.display().to_string())
        };
        let damaged = |_| fault("the archive is damaged or cut short", "fetch it again");
        let mut archive = ZipArchive::new(file).map_err(damaged)?;
        let mut members = VecDeque::new();
        for index in 0..archive.len() {
            let member = archive.by_index_raw(index).map_err(damaged)?;
            let name = member.name().map_err(damaged)?.into_owned();
            if name == "[Content_Types].xml" || name == "mimetype" {
                return Ok(None);
            }
            // What file managers put beside is none of it.
            let is_hidden = name.split('/').any(|part| part.starts_with('.') || part == "__MACOSX");
            if member.is_dir() || is_hidden {
                continue;
            }
            let method = member.compression();
            if member.encrypted() || !matches!(method, CompressionMethod::Stored | CompressionMethod::Deflated) {
                let why = if member.encrypted() { "with a password" } else { "by a method that is not known here" };
                return Err(fault(&format!("`{name}` in the archive is packed {why}"), "unpack it first"));
            }
            members.push_back(Member {
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
        Ok(Some(Zip { file, members, open: None, last: b'\n', taken: taken.clone() }))
    }

    fn next(&mut self) -> io::Result<Option<Inside>> {
        let Some(Member { start, size, is_deflated, crc }) = self.members.pop_front() else { return Ok(None) };
        // One place for all handles of a file: its members are read one after the other.
        let mut file = self.file.try_clone()?;
        file.seek(SeekFrom::Start(start))?;
        let packed = Counted { inner: file.take(size), taken: self.taken.clone() };
        let reader: Box<dyn Read + Send> =
            if is_deflated { Box::new(DeflateDecoder::new(packed)) } else { Box::new(packed) };
        Ok(Some(Inside { reader, sum: Crc::new(), expected: crc }))
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

/// A file of an archive; at its end it is known whether it is whole.
struct Inside {
    reader: Box<dyn Read + Send>,
    sum: Crc,
    expected: u32,
}

impl Read for Inside {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
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
            ("logs/b.log", Some("b1\n")),
            (".x", Some("no")),
        ]);
        assert_eq!(text_of(&archive).unwrap(), ("a1\na2\nb1\n".into(), Some("zip")));
        let mut broken = archive.clone();
        let place = memchr::memmem::find(&broken, b"b1\n").unwrap();
        broken[place] = b'c';
        assert_eq!(text_of(&broken).unwrap_err().code, "PW0901");
        assert_eq!(text_of(&archive[..archive.len() - 30]).unwrap_err().code, "PW0919");
        let document = zipped(&[("[Content_Types].xml", Some("<x/>"))]);
        assert_eq!(text_of(&document).unwrap_err().code, "PW0913");
        assert_eq!(text_of(&zipped(&[("logs/", None)])).unwrap_err().code, "PW0919");
    }
}
