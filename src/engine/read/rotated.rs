//! Logs that rotate: the pieces of one log in the order in which they were written, and the lines that stand both at the
//! end of a piece and at the beginning of the next, as copying and emptying a log leaves them. Must not import formats or
//! plans.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::files::open_file;

use super::chunks::count_lines;
use super::packed::PACKED_ENDINGS;

/// Bytes at the end of a piece that may stand in the next one again.
const OVERLAP_LIMIT: u64 = 4 << 20;
/// Different lines with a time of which a shorter repetition may be chance: rows of two days may be equal.
const FEWEST_LINES: usize = 2;
/// Digits of a number that may be a time.
const EPOCH_DIGITS: usize = 10;

/// Where a piece stands among those of its log: pieces with a date by it, then numbered ones, the highest first, last
/// what is written now.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Dated(String),
    Numbered(std::cmp::Reverse<u32>),
    Now,
}

/// The files, sorted, with the pieces of a log in the order in which they were written: `app.log.2.gz`, `app.log.1`,
/// `app.log`.
pub(super) fn in_order(files: Vec<PathBuf>) -> Vec<PathBuf> {
    let mut logs: BTreeMap<PathBuf, Vec<(Place, PathBuf)>> = BTreeMap::new();
    for file in files {
        let (log, place) = piece(&file).unwrap_or_else(|| (file.clone(), Place::Now));
        logs.entry(log).or_default().push((place, file));
    }
    let is_log = |log: &Path| log.file_name().is_some_and(|name| name.to_string_lossy().contains("log"));
    let ordered = logs.into_iter().flat_map(|(log, mut pieces)| {
        // Parts of a table that were numbered one after the other are none of a log that rotated.
        if is_log(&log) || pieces.iter().any(|(place, _)| *place == Place::Now) {
            pieces.sort();
        } else {
            pieces.sort_by(|(_, one), (_, other)| one.cmp(other));
        }
        pieces.into_iter().map(|(_, file)| file)
    });
    ordered.collect()
}

/// The log that a file is a piece of, by its name, and its place.
fn piece(file: &Path) -> Option<(PathBuf, Place)> {
    let name = file.file_name()?.to_str()?;
    let plain = PACKED_ENDINGS.iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(name);
    if let Some(found) = place_in(file, plain) {
        return Some(found);
    }
    // The date may stand before the ending, and a number behind the date: `app-2026-03-02.1.log`.
    let (stem, ending) =
        plain.rsplit_once('.').filter(|(_, ending)| ending.bytes().all(|b| b.is_ascii_alphabetic()))?;
    let behind = |log: PathBuf| {
        let name = log.file_name().unwrap_or_default().to_string_lossy().into_owned();
        log.with_file_name(format!("{name}.{ending}"))
    };
    let dated = match place_in(file, stem) {
        Some((log, Place::Numbered(number))) => match place_in(file, log.file_name()?.to_str()?) {
            Some((log, Place::Dated(date))) => Some((log, Place::Dated(format!("{date}.{:06}", number.0)))),
            // `app-v1.2.log`, `access-10.0.0.1.log`: a version, an address.
            _ if log.file_name()?.to_str()?.ends_with(|sign: char| sign.is_ascii_digit()) => None,
            _ => Some((log, Place::Numbered(number))),
        },
        dated => dated,
    };
    match dated {
        Some((log, place)) => Some((behind(log), place)),
        None => (plain == name).then(|| (file.to_owned(), Place::Now)),
    }
}

/// The same of a name that ends with its date or number.
fn place_in(file: &Path, plain: &str) -> Option<(PathBuf, Place)> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (base, end) = plain.rsplit_once(['.', '-']).unwrap_or((plain, ""));
    if digits(end) && end.len() == 4 && (end.starts_with("19") || end.starts_with("20")) {
        return Some((file.with_file_name(base), Place::Dated(end.to_owned())));
    }
    if digits(end) && end.len() < 5 && plain.ends_with(&format!(".{end}")) {
        return Some((file.with_file_name(base), Place::Numbered(std::cmp::Reverse(end.parse().ok()?))));
    }
    // `-20260302`, `.2026-03-02`, with hour and minute or without.
    let start = plain.rfind(|c: char| !(c.is_ascii_digit() || c == '-')).map_or(0, |at| at + 1);
    let date = plain[start..].trim_start_matches('-');
    let is_date = date.bytes().filter(u8::is_ascii_digit).count() >= 8 && date.starts_with(['1', '2']);
    let base = plain[..plain.len() - date.len()].trim_end_matches(['-', '.', '_']);
    (is_date && !base.is_empty()).then(|| (file.with_file_name(base), Place::Dated(date.to_owned())))
}

/// The log that a file is a piece of; `None`: its name says nothing.
pub(super) fn log_of(file: &Path) -> Option<PathBuf> {
    piece(file).map(|(log, _)| log)
}

/// What stands at the beginning of a piece and at the end of the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Overlap {
    pub bytes: u64,
    pub lines: u64,
}

/// By file, what the piece before it holds as well. Files that cannot be looked at are read as they are.
pub(super) fn overlaps(files: &[PathBuf]) -> Vec<Overlap> {
    let mut found = vec![Overlap::default(); files.len()];
    for (at, pair) in files.windows(2).enumerate() {
        if log_of(&pair[0]).is_some_and(|of| log_of(&pair[1]) == Some(of)) {
            found[at + 1] = overlap(&pair[0], &pair[1]).unwrap_or_default();
        }
    }
    found
}

/// Tells of lines that are read once though they stand in two files.
pub(super) fn told(files: &[PathBuf], overlaps: &[Overlap]) -> Vec<Diagnostic> {
    let name = |file: &Path| file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let pairs = files.windows(2).zip(overlaps.iter().skip(1)).filter(|(_, overlap)| overlap.lines > 0);
    let told = pairs.map(|(pair, Overlap { lines, .. })| {
        let message =
            format!("the first {lines} lines stand at the end of {} as well: they are read once", name(&pair[0]));
        Diagnostic::hint("PW0920", message)
            .help("so copying and emptying leaves a log; the option `repeated` of the format set to `keep` reads them twice")
            .file(pair[1].display().to_string())
    });
    told.collect()
}

fn overlap(before: &Path, after: &Path) -> io::Result<Overlap> {
    let (mut before, mut after) = (open_file(before)?, open_file(after)?);
    let size = before.metadata()?.len();
    let mut head = vec![0; 64 << 10];
    let read = read_up_to(&mut after, &mut head)?;
    head.truncate(read);
    let Some(line) = memchr::memchr(b'\n', &head).map(|end| &head[..=end]) else {
        return Ok(Overlap::default());
    };
    before.seek(SeekFrom::Start(size.saturating_sub(OVERLAP_LIMIT)))?;
    let mut tail = Vec::new();
    before.take(OVERLAP_LIMIT).read_to_end(&mut tail)?;
    after.rewind()?;
    let mut begin = vec![0; tail.len()];
    let read = read_up_to(&mut after, &mut begin)?;
    begin.truncate(read);
    let starts = memchr::memmem::find_iter(&tail, line).filter(|at| *at == 0 || tail[at - 1] == b'\n');
    let found = starts.map(|at| &tail[at..]).find(|rest| rest.ends_with(b"\n") && begin.starts_with(rest));
    let found = found.filter(|rest| are_copied(rest));
    let found = found.map(|rest| Overlap { bytes: rest.len() as u64, lines: count_lines(rest) });
    Ok(found.unwrap_or_default())
}

/// Whether lines are the same events, and not others that are merely equal.
pub(super) fn are_copied(lines: &[u8]) -> bool {
    let timed = lines.split(|byte| *byte == b'\n').filter(|line| has_time(line));
    timed.collect::<HashSet<_>>().len() >= FEWEST_LINES
}

/// Whether a clock stands in a line, as `10:00`, or a number that may count seconds.
fn has_time(line: &[u8]) -> bool {
    let are_digits = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_digit);
    line.windows(5).any(|text| text[2] == b':' && are_digits(&text[..2]) && are_digits(&text[3..]))
        || line
            .chunk_by(|one, next| one.is_ascii_digit() == next.is_ascii_digit())
            .any(|run| run.len() >= EPOCH_DIGITS && are_digits(run))
}

fn read_up_to(file: &mut File, bytes: &mut [u8]) -> io::Result<usize> {
    let mut got = 0;
    while got < bytes.len() {
        match file.read(&mut bytes[got..])? {
            0 => break,
            count => got += count,
        }
    }
    Ok(got)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_a_log_are_read_in_the_order_in_which_they_were_written() {
        let ordered = |names: &[&str]| {
            let mut files: Vec<PathBuf> = names.iter().map(PathBuf::from).collect();
            files.sort();
            in_order(files).iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(
            ordered(&["l/a.log", "l/a.log.1", "l/a.log.10.gz", "l/a.log.2.gz", "l/b.log"]),
            "l/a.log.10.gz l/a.log.2.gz l/a.log.1 l/a.log l/b.log"
        );
        assert_eq!(ordered(&["syslog", "syslog.1", "syslog.2.xz"]), "syslog.2.xz syslog.1 syslog");
        assert_eq!(
            ordered(&["access.log", "access.log-20260301.gz", "access.log-20260228.gz"]),
            "access.log-20260228.gz access.log-20260301.gz access.log"
        );
        assert_eq!(
            ordered(&["app.log.2026-03-02", "app.log", "app.log.2026-03-01"]),
            "app.log.2026-03-01 app.log.2026-03-02 app.log"
        );
        assert_eq!(ordered(&["a.log", "a.log.2025", "a.log.2024"]), "a.log.2024 a.log.2025 a.log");
        // The date or the number may stand before the ending.
        assert_eq!(
            ordered(&["app-2026-03-02.10.log", "app-2026-03-02.2.log.gz", "app.log", "app-2026-03-01.0.log.gz"]),
            "app-2026-03-01.0.log.gz app-2026-03-02.2.log.gz app-2026-03-02.10.log app.log"
        );
        assert_eq!(ordered(&["app.1.log", "app.log", "app.2.log.gz"]), "app.2.log.gz app.1.log app.log");
        let others = ["access-10.0.0.1.log", "access-10.0.0.2.log", "app-v1.2.log", "app-v1.3.log"];
        assert_eq!(ordered(&others), others.join(" "));
        assert_eq!(ordered(&["app.1.csv", "app.10.csv", "app.2.csv"]), "app.1.csv app.10.csv app.2.csv");
        // What was split into parts goes on as it is numbered.
        assert_eq!(ordered(&["part.1", "part.2", "part.3"]), "part.1 part.2 part.3");
        assert_eq!(ordered(&["2026-03-02.log", "2026-03-01.log", "x.csv"]), "2026-03-01.log 2026-03-02.log x.csv");
    }

    #[test]
    fn lines_that_two_pieces_share_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let shared = |before: &str, after: &str| {
            let files = [folder.path().join("a.log.1"), folder.path().join("a.log")];
            std::fs::write(&files[0], before).unwrap();
            std::fs::write(&files[1], after).unwrap();
            overlaps(&files)[1].bytes
        };
        assert_eq!(shared("10:01 a\n10:02 b\n10:03 c\n", "10:02 b\n10:03 c\n10:04 d\n"), 16);
        assert_eq!(shared("10:02 b\n10:01 a\n10:02 b\n10:03 c\n", "10:02 b\n10:03 c\n10:04 d\n"), 16);
        assert_eq!(shared("1772443800 a\n1772443801 b\n", "1772443800 a\n1772443801 b\n"), 26, "just copied");
        assert_eq!(shared("10:01 a\n10:02 b\n", "10:02 b\n10:03 c\n"), 0, "one line may be chance");
        assert_eq!(shared("10:01 a\n10:02 b\n10:03 c\n", "10:02 b\n10:04 d\n"), 0);
        assert_eq!(shared("110:02 b\n10:03 c\n", "10:02 b\n10:03 c\n"), 0, "a line begins where a line begins");
        assert_eq!(shared("", "10:02 b\n"), 0);
        // Rows that are merely equal.
        assert_eq!(shared("a\nb\nc\n", "b\nc\nd\n"), 0, "without times");
        assert_eq!(shared("10:00 up\n10:00 up\n", "10:00 up\n10:00 up\n"), 0, "equal among themselves");
        assert_eq!(overlaps(&[folder.path().join("a.log.1"), folder.path().join("no.log")]), [Overlap::default(); 2]);
        let files = [folder.path().join("a.log.1"), folder.path().join("a.log")];
        let told = told(&files, &[Overlap::default(), Overlap { bytes: 8, lines: 2 }]);
        assert!(told.len() == 1 && told[0].message.contains("first 2 lines") && told[0].message.contains("a.log.1"));
    }
}
