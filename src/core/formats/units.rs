//! What parsers and recognisers of line formats share: the lines of a chunk, and a trial run over a sample.
//! Must not import single formats.

use super::{Chunk, Columns, Parser, RowCollector, Sample, Tally, Unit};

/// A line without its line end (`\n` or `\r\n`), and without a byte order mark at the start of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    pub unit: Unit,
    pub text: &'a str,
}

impl Line<'_> {
    /// Nothing but white space.
    pub fn is_blank(&self) -> bool {
        self.text.as_bytes().first().is_none_or(|byte| *byte <= b' ' && *byte != 0 && self.text.trim().is_empty())
    }
}

/// The lines of a chunk in order.
pub fn lines<'a>(chunk: &Chunk<'a>) -> Lines<'a> {
    let mark = if chunk.offset == 0 && chunk.text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    Lines {
        text: chunk.text,
        at: mark,
        base: chunk.offset,
        unit: Unit { line: chunk.first_line, offset: chunk.offset },
    }
}

pub struct Lines<'a> {
    text: &'a str,
    /// Where the next line's text begins in `text`.
    at: usize,
    /// Offset of `text` in the file.
    base: u64,
    /// The next line's place; the first line begins with its mark.
    unit: Unit,
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    #[inline]
    fn next(&mut self) -> Option<Line<'a>> {
        let rest = self.text.get(self.at..)?;
        if rest.is_empty() {
            return None;
        }
        let (end, used) = match memchr::memchr(b'\n', rest.as_bytes()) {
            Some(0) => (0, 1),
            Some(end) => (end - usize::from(rest.as_bytes()[end - 1] == b'\r'), end + 1),
            None => (rest.len() - usize::from(rest.ends_with('\r')), rest.len()),
        };
        let line = Line { unit: self.unit, text: &rest[..end] };
        self.unit.line += 1;
        self.at += used;
        self.unit.offset = self.base + self.at as u64;
        Some(line)
    }
}

/// Feeds a whole sample to a parser: what it made of it. Units are numbered as if the pieces were one file.
pub fn trial(parser: &dyn Parser, sample: &Sample) -> (Tally, RowCollector) {
    let mut rows = RowCollector::new(parser.schema());
    let tally = trial_into(parser, sample, &mut rows);
    (tally, rows)
}

/// Like `trial`, into columns of one's own.
pub fn trial_into(parser: &dyn Parser, sample: &Sample, out: &mut dyn Columns) -> Tally {
    let mut tally = Tally::default();
    let head = String::from_utf8_lossy(&sample.head);
    let mut offset = 0;
    for piece in std::iter::once(&sample.head).chain(&sample.further) {
        let text = String::from_utf8_lossy(piece);
        let chunk = Chunk { text: &text, first_line: tally.read + 1, offset, head: &head, file_time: sample.file_time };
        tally.add(&parser.parse(&chunk, out));
        offset += piece.len() as u64;
    }
    tally
}

/// Lines of a sample that are not blank, at most `limit`, spread over its pieces.
pub fn sample_lines(sample: &Sample, limit: usize) -> Vec<String> {
    let pieces = 1 + sample.further.len();
    let mut found = Vec::new();
    for (index, piece) in std::iter::once(&sample.head).chain(&sample.further).enumerate() {
        let text = String::from_utf8_lossy(piece);
        let share = (limit.saturating_sub(found.len())).div_ceil(pieces - index);
        let lines = text.trim_start_matches('\u{feff}').lines().filter(|line| !line.trim().is_empty());
        found.extend(lines.take(share).map(str::to_owned));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, offset: u64) -> Vec<(u64, u64, &str)> {
        let chunk = Chunk { text, first_line: 7, offset, head: text, file_time: 0 };
        lines(&chunk).map(|line| (line.unit.line, line.unit.offset, line.text)).collect()
    }

    #[test]
    fn line_ends_marks_and_offsets() {
        assert_eq!(read("a\r\nb\n\nc", 10), [(7, 10, "a"), (8, 13, "b"), (9, 15, ""), (10, 16, "c")]);
        assert_eq!(read("\u{feff}a\nb\r", 0), [(7, 0, "a"), (8, 5, "b")]);
        assert_eq!(read("\u{feff}a\n", 9), [(7, 9, "\u{feff}a")]);
        assert_eq!(read("", 0), []);
        assert_eq!(read("\u{feff}", 0), []);
        assert_eq!(read("\n\r\n", 0), [(7, 0, ""), (8, 1, "")]);
    }

    #[test]
    fn sample_lines_come_from_every_piece() {
        let sample =
            Sample { head: b"1\n2\n3\n4\n".to_vec(), further: vec![b"5\n\n6\n".to_vec()], ..Sample::default() };
        assert_eq!(sample_lines(&sample, 4), ["1", "2", "5", "6"]);
    }
}
