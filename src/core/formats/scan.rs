//! Walking over the lines of chunks and samples, the same way for every line-wise format.
//! Imports only the format contract.

use std::borrow::Cow;

use super::line_ends::ends_in_returns;
use super::{Chunk, FormatSpec, Parser, Recognition, RowCollector, Sample, Tally, Unit};

/// The lines of a chunk with their places; without line ends (LF or CRLF; a return alone where the file's first line ends
/// so), without a BOM at the file's start, and
/// without the run of NUL bytes that a truncated and reopened log has before its next line.
pub struct Lines<'a> {
    rest: &'a str,
    line: u64,
    offset: u64,
    /// A return alone ends a line too.
    returns: bool,
}

/// Walks over the lines of `chunk`.
pub fn lines<'a>(chunk: &Chunk<'a>) -> Lines<'a> {
    let (text, bom) = without_bom(chunk);
    let returns = ends_in_returns(chunk.head);
    Lines { rest: text, line: chunk.first_line, offset: chunk.offset + bom as u64, returns }
}

/// The chunk's text without the BOM at the file's start, and the BOM's length.
pub fn without_bom<'a>(chunk: &Chunk<'a>) -> (&'a str, usize) {
    match chunk.text.strip_prefix('\u{feff}') {
        Some(text) if chunk.offset == 0 => (text, 3),
        _ => (chunk.text, 0),
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = (Unit, &'a str);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let end = match self.returns {
            false => memchr::memchr(b'\n', self.rest.as_bytes()),
            true => memchr::memchr2(b'\r', b'\n', self.rest.as_bytes()),
        };
        let (line, used) = match end {
            Some(end) if self.rest.as_bytes()[end..].starts_with(b"\r\n") => (&self.rest[..end], end + 2),
            Some(end) => (&self.rest[..end], end + 1),
            None => (self.rest, self.rest.len()),
        };
        let mut unit = Unit { line: self.line, offset: self.offset };
        // Chunks are numbered by their line feeds.
        self.line += u64::from(self.rest.as_bytes()[used - 1] == b'\n');
        self.rest = &self.rest[used..];
        self.offset += used as u64;
        let mut line = line.strip_suffix('\r').unwrap_or(line);
        if line.as_bytes().first() == Some(&0) {
            let text = line.trim_start_matches('\0');
            unit.offset += (line.len() - text.len()) as u64;
            line = text;
        }
        Some((unit, line))
    }
}

/// Whether a line holds nothing but white space and NUL bytes.
pub fn is_blank(line: &str) -> bool {
    match line.as_bytes().first() {
        None => true,
        Some(first) if *first > b' ' && *first < 0x80 => false,
        Some(_) => line.chars().all(|c| c.is_whitespace() || c == '\0'),
    }
}

/// A line without the colours and other signs that terminals take: `ESC [ … m`.
pub fn without_colours(line: &str) -> Cow<'_, str> {
    if memchr::memchr(0x1b, line.as_bytes()).is_none() {
        return Cow::Borrowed(line);
    }
    let mut plain = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find("\u{1b}[") {
        let sequence = &rest[at + 2..];
        let length = sequence.bytes().take_while(|byte| byte.is_ascii_digit() || matches!(byte, b';' | b'?')).count();
        plain.push_str(&rest[..at]);
        // A letter ends the sequence; where there is none, it was none.
        match sequence.as_bytes().get(length) {
            Some(end) if end.is_ascii_alphabetic() => rest = &sequence[length + 1..],
            _ => {
                plain.push_str("\u{1b}[");
                rest = sequence;
            }
        }
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

/// The text of sampled bytes, up to the first byte that is no UTF-8, without a BOM.
pub fn text(bytes: &[u8]) -> &str {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(fault) => std::str::from_utf8(&bytes[..fault.valid_up_to()]).unwrap_or_default(),
    };
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// The texts of a sample: its head, then the pieces from further in.
pub fn sample_texts(sample: &Sample) -> impl Iterator<Item = &str> {
    std::iter::once(&sample.head).chain(&sample.further).map(|piece| text(piece))
}

/// The lines of a sample that are not blank.
pub fn sample_lines(sample: &Sample) -> impl Iterator<Item = &str> {
    sample_texts(sample)
        .flat_map(|text| lines(&Chunk::whole(text)))
        .map(|(_, line)| line)
        .filter(|line| !is_blank(line))
}

/// Feeds a whole sample to a parser: what it made of it. Units are numbered as if the pieces were one file.
pub fn trial(parser: &dyn Parser, sample: &Sample) -> (Tally, RowCollector) {
    let mut rows = RowCollector::new(parser.schema());
    let mut tally = Tally::default();
    let head = text(&sample.head);
    for text in sample_texts(sample) {
        let chunk = Chunk { first_line: tally.read + 1, head, file_time: sample.file_time, ..Chunk::whole(text) };
        tally.add(&parser.parse(&chunk, &mut rows));
    }
    (tally, rows)
}

/// The score of a recogniser: the share of units that fit, times how telling it is that they do (1 to 100).
/// Below half, or where there is nothing to judge by, the format is not proposed.
///
/// | weight | for |
/// | --- | --- |
/// | 96 to 99 | a vendor's format with a shape of its own, or a known set of fields inside a general format |
/// | 95 | a general format with a strict grammar: JSON, metrics text |
/// | 75 to 85 | a loose grammar: syslog, logfmt, CSV with a header |
/// | 50 to 70 | separators and consistent counts only |
/// | 1 to 5 | plain lines, which always fit |
pub fn score(fitting: usize, units: usize, weight: u8) -> Option<u8> {
    if units == 0 || fitting * 2 < units {
        return None;
    }
    let score = (fitting as f64 / units as f64 * f64::from(weight)).round() as u8;
    (score > 0).then_some(score)
}

/// A recognition by share: `all 512 lines WHAT`, or `500 of 512 lines WHAT`.
pub fn recognition(
    format: FormatSpec,
    fitting: usize,
    units: usize,
    weight: u8,
    noun: &str,
    what: &str,
) -> Option<Recognition> {
    let reason = match (fitting, units) {
        (1, 1) => format!("the only {noun} is of those that {what}"),
        _ if fitting == units => format!("all {units} {noun}s {what}"),
        _ => format!("{fitting} of {units} {noun}s {what}"),
    };
    Some(Recognition { format, score: score(fitting, units, weight)?, reasons: vec![reason] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_their_places() {
        let text = "\u{feff}a\r\n\n\0\0b\nc";
        let chunk = Chunk::whole(text);
        let found: Vec<_> = lines(&chunk).map(|(unit, line)| (unit.line, unit.offset, line)).collect();
        assert_eq!(found, [(1, 3, "a"), (2, 6, ""), (3, 9, "b"), (4, 11, "c")]);
        let later = Chunk { text: "x\n", first_line: 7, offset: 100, ..chunk };
        assert_eq!(lines(&later).next(), Some((Unit { line: 7, offset: 100 }, "x")));
    }

    #[test]
    fn a_return_alone_ends_lines_where_it_ends_the_first() {
        let of = |text: &str| {
            let found = lines(&Chunk::whole(text)).map(|(unit, line)| format!("{} {} {line}", unit.line, unit.offset));
            found.collect::<Vec<_>>().join("|")
        };
        assert_eq!(of("a\rb\r\rc"), "1 0 a|1 2 b|1 4 |1 5 c");
        assert_eq!(of("a\rb\nc\nd"), "1 0 a\rb|2 4 c|3 6 d");
        assert_eq!(of("a\rx\rb\r\nc\nd"), "1 0 a|1 2 x|1 4 b|2 7 c|3 9 d");
        assert_eq!(of("a\nb\rc\n"), "1 0 a|2 2 b\rc");
        assert_eq!(of("a\r\r\nb\rc"), "1 0 a\r|2 4 b\rc");
        assert_eq!(of("a\r"), "1 0 a");
    }

    #[test]
    fn every_format_of_lines_reads_lines_that_end_with_returns() {
        use crate::formats::formats;
        use crate::formats::testing::{prepare, read_with};
        for format in formats().iter().filter(|format| !format.examples().is_empty()) {
            let text: String = format.examples().iter().map(|example| format!("{}\n", example.trim_end())).collect();
            let text = text.repeat(2);
            let spec = FormatSpec::new(format.name());
            let of = |text: &str| read_with(prepare(&spec, None, text).as_ref(), &[text]);
            let rows = |text: &str| {
                let reading = of(text);
                (reading.json().join("\n").replace("\\r", "\\n"), reading.columns())
            };
            let returns = text.replace('\n', "\r");
            // Records of a csvlog end as PostgreSQL writes them; others go to quarantine.
            match format.name() {
                "postgresql_csv" => assert!(of(&returns).tally.quarantined > 0),
                name => assert_eq!(rows(&returns), rows(&text), "{name}"),
            }
        }
    }

    #[test]
    fn colours_are_left_out() {
        assert_eq!(without_colours("\u{1b}[1;31mred\u{1b}[0m x\u{1b}[Kend"), "red xend");
        assert_eq!(without_colours("\u{1b}[ x\u{1b}"), "\u{1b}[ x\u{1b}");
        assert!(matches!(without_colours("plain"), Cow::Borrowed(_)));
    }

    #[test]
    fn scores_need_half_of_the_units() {
        assert_eq!(score(10, 10, 95), Some(95));
        assert_eq!(score(5, 10, 80), Some(40));
        assert_eq!(score(4, 10, 80), None);
        assert_eq!(score(0, 0, 80), None);
        let found = recognition(FormatSpec::new("x"), 3, 4, 80, "line", "are good").unwrap();
        assert_eq!((found.score, found.reasons[0].as_str()), (60, "3 of 4 lines are good"));
    }
}
