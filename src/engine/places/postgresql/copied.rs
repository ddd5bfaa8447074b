//! Rows in the text form of PostgreSQL's COPY: made of lines of JSON, and made into them as `row_to_json` does. Knows no
//! server.

use std::io::{self, BufRead, Read, Write as _};

use pipewright_core::formats::JsonScanner;

/// Bytes that are made at once.
const PIECE: usize = 1 << 16;

/// What a column's values are in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Boolean,
    Number,
    /// Between its date and its clock stands a blank in COPY and a `T` in JSON.
    Time,
    Text,
    /// JSON already.
    Json,
}

/// Lines of JSON, of objects with the same keys in one order and without lists and objects in them, as rows of a COPY.
pub(super) struct CopyRows<R> {
    lines: R,
    line: String,
    scratch: String,
    out: Vec<u8>,
    sent: usize,
    /// Read so far.
    pub rows: u64,
}

impl<R: BufRead> CopyRows<R> {
    pub fn of(lines: R) -> CopyRows<R> {
        CopyRows { lines, line: String::new(), scratch: String::new(), out: Vec::new(), sent: 0, rows: 0 }
    }

    fn fill(&mut self) -> io::Result<()> {
        self.out.clear();
        self.sent = 0;
        while self.out.len() < PIECE {
            self.line.clear();
            if self.lines.read_line(&mut self.line)? == 0 {
                return Ok(());
            }
            self.rows += 1;
            put_row(&self.line, &mut self.scratch, &mut self.out)
                .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "a row that is no line of JSON"))?;
        }
        Ok(())
    }
}

impl<R: BufRead> Read for CopyRows<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.sent == self.out.len() {
            self.fill()?;
        }
        let count = buffer.len().min(self.out.len() - self.sent);
        buffer[..count].copy_from_slice(&self.out[self.sent..self.sent + count]);
        self.sent += count;
        Ok(count)
    }
}

fn put_row(line: &str, scratch: &mut String, out: &mut Vec<u8>) -> Option<()> {
    let mut scanner = JsonScanner::new(line);
    let mut goes_on = scanner.enter(b'}').ok()?;
    let mut is_first = true;
    while goes_on {
        scanner.key().ok()?;
        if !is_first {
            out.push(b'\t');
        }
        is_first = false;
        match scanner.peek() {
            b'n' => {
                scanner.null().ok()?;
                out.extend_from_slice(b"\\N");
            }
            b'"' => {
                scratch.clear();
                scanner.quoted().ok()?.push_text(scratch);
                put_copied(scratch, out);
            }
            _ => out.extend_from_slice(scanner.raw().ok()?.as_bytes()),
        }
        goes_on = scanner.next(b'}').ok()?;
    }
    out.push(b'\n');
    Some(())
}

/// A text with what ends cells and rows there behind backslashes.
fn put_copied(text: &str, out: &mut Vec<u8>) {
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|byte| matches!(byte, b'\\' | b'\t' | b'\n' | b'\r')) {
        out.extend_from_slice(&rest[..at]);
        out.push(b'\\');
        out.push(match rest[at] {
            b'\t' => b't',
            b'\n' => b'n',
            b'\r' => b'r',
            other => other,
        });
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
}

/// What makes lines of JSON of the rows that a COPY sends.
pub(super) struct JsonRows {
    /// By column: its key with what stands before the value, and what the values are.
    columns: Vec<(String, Kind)>,
    line: Vec<u8>,
    scratch: Vec<u8>,
}

impl JsonRows {
    pub fn of<'a>(columns: impl Iterator<Item = (&'a str, Kind)>) -> JsonRows {
        let key = |(index, (name, kind)): (usize, (&str, Kind))| {
            (format!("{}{}:", if index == 0 { '{' } else { ',' }, serde_json::Value::from(name)), kind)
        };
        JsonRows { columns: columns.enumerate().map(key).collect(), line: Vec::new(), scratch: Vec::new() }
    }

    /// A row with its end, as a line with its end.
    pub fn line(&mut self, row: &[u8]) -> io::Result<&[u8]> {
        self.line.clear();
        let row = row.strip_suffix(b"\n").unwrap_or(row);
        for ((key, kind), cell) in self.columns.iter().zip(row.split(|byte| *byte == b'\t')) {
            self.line.extend_from_slice(key.as_bytes());
            put_json(*kind, cell, &mut self.scratch, &mut self.line)?;
        }
        self.line.extend_from_slice(b"}\n");
        Ok(&self.line)
    }
}

fn put_json(kind: Kind, cell: &[u8], scratch: &mut Vec<u8>, out: &mut Vec<u8>) -> io::Result<()> {
    if cell == b"\\N" {
        return out.write_all(b"null");
    }
    match kind {
        Kind::Boolean => out.write_all(if cell == b"t" { b"true" } else { b"false" }),
        Kind::Number if cell.last().is_some_and(u8::is_ascii_digit) => out.write_all(cell),
        Kind::Time => {
            scratch.clear();
            put_time(cell, scratch);
            put_text(scratch, out)
        }
        // Numbers that are none of JSON's (`NaN`) too.
        Kind::Number | Kind::Text if !cell.contains(&b'\\') => put_text(cell, out),
        Kind::Number | Kind::Text | Kind::Json => {
            scratch.clear();
            put_plain(cell, scratch);
            if kind == Kind::Json { out.write_all(scratch) } else { put_text(scratch, out) }
        }
    }
}

fn put_text(text: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
    let text = std::str::from_utf8(text).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    Ok(serde_json::to_writer(out, text)?)
}

/// `2026-03-02 10:00:00+00` as `2026-03-02T10:00:00+00:00`; `infinity` and what else has no clock stays.
fn put_time(cell: &[u8], out: &mut Vec<u8>) {
    let Some(blank) = cell.iter().position(|byte| *byte == b' ') else { return out.extend_from_slice(cell) };
    let (date, clock) = (&cell[..blank], &cell[blank + 1..]);
    if !clock.first().is_some_and(u8::is_ascii_digit) {
        return out.extend_from_slice(cell);
    }
    let (clock, era) = clock.split_at(clock.iter().position(|byte| *byte == b' ').unwrap_or(clock.len()));
    out.extend_from_slice(date);
    out.push(b'T');
    out.extend_from_slice(clock);
    // The session's zone is UTC.
    if clock.ends_with(b"+00") {
        out.extend_from_slice(b":00");
    }
    out.extend_from_slice(era);
}

/// A cell without its backslashes.
fn put_plain(cell: &[u8], out: &mut Vec<u8>) {
    let mut bytes = cell.iter();
    while let Some(byte) = bytes.next() {
        out.push(match (byte, byte == &b'\\') {
            (byte, false) => *byte,
            (_, true) => match bytes.next() {
                Some(b't') => b'\t',
                Some(b'n') => b'\n',
                Some(b'r') => b'\r',
                Some(b'b') => 8,
                Some(b'f') => 12,
                Some(b'v') => 11,
                Some(other) => *other,
                None => b'\\',
            },
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_rows_and_rows_lines() {
        let lines = concat!(
            r#"{"n":-1.5e20,"b":true,"at":"2026-03-02T10:00:00.5Z","t":"a\tb\\n\n\"ü\u0001","x":null}"#,
            "\n",
            r#"{"n":null,"b":false,"at":null,"t":"","x":"\\N"}"#,
            "\n"
        );
        let mut rows = CopyRows::of(lines.as_bytes());
        let mut text = String::new();
        rows.read_to_string(&mut text).unwrap();
        let wanted = "-1.5e20\ttrue\t2026-03-02T10:00:00.5Z\ta\\tb\\\\n\\n\"ü\u{1}\t\\N\n\\N\tfalse\t\\N\t\t\\\\N\n";
        assert_eq!((text.as_str(), rows.rows), (wanted, 2));
        let kinds =
            [("n", Kind::Number), ("b", Kind::Boolean), ("at", Kind::Time), ("t", Kind::Text), ("x", Kind::Text)];
        let mut json = JsonRows::of(kinds.into_iter());
        let sent = text.replace("true", "t").replace("false", "f").replace("T10:00:00.5Z", " 10:00:00.5+00");
        let told: Vec<String> = sent
            .split_inclusive('\n')
            .map(|row| String::from_utf8(json.line(row.as_bytes()).unwrap().to_vec()).unwrap())
            .collect();
        assert_eq!(told.concat(), lines.replace(".5Z", ".5+00:00"));
    }

    #[test]
    fn values_that_json_has_no_number_for_are_texts_and_times_are_those_of_row_to_json() {
        let told = |kind: Kind, cell: &str| {
            let mut rows = JsonRows::of([("a", kind)].into_iter());
            String::from_utf8(rows.line(format!("{cell}\n").as_bytes()).unwrap().to_vec()).unwrap()
        };
        for (kind, cell, wanted) in [
            (Kind::Number, "NaN", "\"NaN\""),
            (Kind::Number, "-Infinity", "\"-Infinity\""),
            (Kind::Number, "1e-07", "1e-07"),
            (Kind::Time, "infinity", "\"infinity\""),
            (Kind::Time, "0044-03-15 00:00:00+00 BC", "\"0044-03-15T00:00:00+00:00 BC\""),
            (Kind::Time, "0044-03-15 BC", "\"0044-03-15 BC\""),
            (Kind::Time, "10000-01-01 00:00:00", "\"10000-01-01T00:00:00\""),
            (Kind::Json, r#"["a\\tb", null]"#, r#"["a\tb", null]"#),
            (Kind::Text, "\\v\\b\\f", r#""\u000b\b\f""#),
        ] {
            assert_eq!(told(kind, cell), format!("{{\"a\":{wanted}}}\n"), "{cell}");
        }
    }
}
