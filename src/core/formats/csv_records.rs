//! Cutting separated text into records and fields, by RFC 4180 and what files make of it. Imports nothing.
//!
//! A quote opens only at a field's start (blanks before it are let pass) and closes before a separator or line end.
//! Where it does not, the damage ends with the line: that line alone is malformed, and the next one begins afresh.

/// Bytes that one quoted field may span; a quote left open longer than that was never meant to open.
const QUOTED_LIMIT: usize = 16 << 20;

/// One reason for every bad quote: what follows it may lie in the next chunk.
const NOT_CLOSED: &str = "a quote does not close before a separator or line end";

/// How records are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect {
    pub separator: u8,
    pub quote: Option<u8>,
    /// The last byte of a line: `\n`, which a return may stand before, or a return alone.
    pub end: u8,
    /// What stands before a quote inside of quotes, where it is not doubled.
    pub escape: Option<u8>,
    /// What lines begin with that are no records.
    pub comment: Option<u8>,
}

/// Where a field lies, without its quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub start: usize,
    pub end: usize,
    pub quoted: bool,
    /// Whether quotes inside are doubled or escaped.
    pub doubled: bool,
}

/// A record that was gone through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    pub fields: usize,
    /// Behind its last byte, without the line end.
    pub end: usize,
    /// Where the next record begins.
    pub next: usize,
    /// Why it is none.
    pub fault: Option<&'static str>,
    /// Whether it is a line of comment.
    pub is_comment: bool,
}

impl Dialect {
    /// Fields with `separator` between them, and lines that end with `end`.
    pub const fn new(separator: u8, quote: Option<u8>, end: u8) -> Self {
        Self { separator, quote, end, escape: None, comment: None }
    }

    /// A field's text with doubled and escaped quotes resolved, added to `out`. Other escapes stay as they are.
    pub fn write_plain(&self, field: &str, out: &mut String) {
        let quote = self.quote.map_or('"', char::from);
        let escape = self.escape.map(char::from);
        let mut characters = field.chars().peekable();
        while let Some(c) = characters.next() {
            let next = characters.peek().copied();
            let is_escape = Some(c) == escape && next.is_some_and(|next| next == quote || Some(next) == escape);
            if is_escape || (c == quote && next == Some(quote)) {
                out.extend(characters.next());
            } else {
                out.push(c);
            }
        }
    }

    /// Goes through the record at `at`, handing over each field with its place; `None` where it is not complete yet
    /// (`last`: no bytes will follow, so that it is).
    #[inline]
    pub fn record(&self, bytes: &[u8], at: usize, last: bool, mut field: impl FnMut(usize, Span)) -> Option<Record> {
        let line = self.line_at(bytes, at, last)?;
        if self.comment.is_some() && bytes.get(at).copied() == self.comment {
            return Some(Record { is_comment: true, ..line });
        }
        let Some(quote) = self.quote.filter(|quote| memchr::memchr(*quote, &bytes[at..line.end]).is_some()) else {
            let fields = split(&bytes[at..line.end], self.separator, |index, start, end| {
                field(index, Span { start: at + start, end: at + end, quoted: false, doubled: false });
            });
            return Some(Record { fields, ..line });
        };
        match self.quoted_record(quote, bytes, at, last, &mut field) {
            Ok(record) => Some(record),
            Err(Open::Unknown) => None,
            Err(Open::Fault(fault)) => Some(Record { fault: Some(fault), ..line }),
        }
    }

    fn quoted_record(
        &self,
        quote: u8,
        bytes: &[u8],
        at: usize,
        last: bool,
        field: &mut dyn FnMut(usize, Span),
    ) -> Result<Record, Open> {
        let (mut at, mut fields) = (at, 0);
        loop {
            let start = at + blanks(&bytes[at..]);
            let (span, end) = if bytes.get(start) == Some(&quote) {
                let (span, close) = self.quoted(quote, bytes, start, last)?;
                let end = close + blanks(&bytes[close..]);
                (span, end)
            } else {
                let end =
                    memchr::memchr2(self.separator, self.end, &bytes[at..]).map_or(bytes.len(), |found| at + found);
                let trimmed =
                    if bytes.get(end) != Some(&self.separator) { self.without_return(bytes, at, end) } else { end };
                (Span { start: at, end: trimmed, quoted: false, doubled: false }, trimmed)
            };
            field(fields, span);
            fields += 1;
            match bytes.get(end) {
                Some(byte) if *byte == self.separator => at = end + 1,
                Some(byte) if *byte == self.end => {
                    return Ok(Record { fields, end, next: end + 1, fault: None, is_comment: false });
                }
                Some(b'\r') if bytes.get(end + 1) == Some(&b'\n') => {
                    return Ok(Record { fields, end, next: end + 2, fault: None, is_comment: false });
                }
                Some(b'\r') if end + 1 == bytes.len() && last => {
                    return Ok(Record { fields, end, next: end + 1, fault: None, is_comment: false });
                }
                Some(b'\r') if end + 1 == bytes.len() => return Err(Open::Unknown),
                None if last => return Ok(Record { fields, end, next: end, fault: None, is_comment: false }),
                None => return Err(Open::Unknown),
                Some(_) => return Err(Open::Fault(NOT_CLOSED)),
            }
        }
    }

    /// The field whose quote opens at `start`, and the place behind its closing quote.
    fn quoted(&self, quote: u8, bytes: &[u8], start: usize, last: bool) -> Result<(Span, usize), Open> {
        let limit = bytes.len().min(start + QUOTED_LIMIT);
        let escape = self.escape.unwrap_or(quote);
        let mut at = start + 1;
        let mut doubled = false;
        loop {
            match memchr::memchr2(quote, escape, &bytes[at..limit]) {
                Some(found) if bytes[at + found] != quote => {
                    // What is escaped may be still to come.
                    if !last && at + found + 1 == bytes.len() {
                        return Err(Open::Unknown);
                    }
                    doubled = true;
                    at += found + 2;
                    if at > limit {
                        return Err(Open::Fault(NOT_CLOSED));
                    }
                }
                Some(found) if bytes.get(at + found + 1) == Some(&quote) => {
                    doubled = true;
                    at += found + 2;
                    if at > limit {
                        return Err(Open::Fault(NOT_CLOSED));
                    }
                }
                Some(found) if !last && at + found + 1 == bytes.len() => return Err(Open::Unknown),
                Some(found) => {
                    let end = at + found;
                    return Ok((Span { start: start + 1, end, quoted: true, doubled }, end + 1));
                }
                None if !last && limit == bytes.len() && limit < start + QUOTED_LIMIT => return Err(Open::Unknown),
                None => return Err(Open::Fault(NOT_CLOSED)),
            }
        }
    }

    /// The end of the last complete record in `bytes`; 0 where there is none.
    pub fn cut(&self, bytes: &[u8]) -> usize {
        let quoted = self.quote.is_some_and(|quote| memchr::memchr(quote, bytes).is_some());
        if !quoted {
            return memchr::memrchr(self.end, bytes).map_or(0, |end| end + 1);
        }
        let mut at = 0;
        while let Some(record) = self.record(bytes, at, false, |_, _| {}) {
            at = record.next;
        }
        at
    }

    /// The line at `at` as a record; `None` at the end, or where its line end is still to come.
    #[inline]
    fn line_at(&self, bytes: &[u8], at: usize, last: bool) -> Option<Record> {
        let rest = bytes.get(at..)?;
        if rest.is_empty() {
            return None;
        }
        match memchr::memchr(self.end, rest) {
            Some(end) => {
                let end = at + end;
                Some(Record {
                    fields: 0,
                    end: self.without_return(bytes, at, end),
                    next: end + 1,
                    fault: None,
                    is_comment: false,
                })
            }
            None if last => {
                let end = bytes.len();
                Some(Record {
                    fields: 0,
                    end: self.without_return(bytes, at, end),
                    next: end,
                    fault: None,
                    is_comment: false,
                })
            }
            None => None,
        }
    }

    #[inline]
    fn without_return(&self, bytes: &[u8], start: usize, end: usize) -> usize {
        if end > start && self.end == b'\n' && bytes[end - 1] == b'\r' { end - 1 } else { end }
    }
}

/// Why a quoted record has no end.
enum Open {
    /// More bytes may tell.
    Unknown,
    Fault(&'static str),
}

fn blanks(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| **byte == b' ').count()
}

/// Splits a line without quotes; gives the number of fields.
#[inline]
fn split(line: &[u8], separator: u8, mut field: impl FnMut(usize, usize, usize)) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const LOWS: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    let pattern = ONES * u64::from(separator);
    let (mut fields, mut start, mut at) = (0, 0, 0);
    let mut words = line.chunks_exact(8);
    for word in &mut words {
        let word = u64::from_le_bytes(word.try_into().unwrap_or_default()) ^ pattern;
        // The high bit of each byte that is the separator, and of no other.
        let mut found = !(((word & LOWS) + LOWS) | word | LOWS);
        while found != 0 {
            let end = at + found.trailing_zeros() as usize / 8;
            field(fields, start, end);
            fields += 1;
            start = end + 1;
            found &= found - 1;
        }
        at += 8;
    }
    for byte in words.remainder() {
        if *byte == separator {
            field(fields, start, at);
            fields += 1;
            start = at + 1;
        }
        at += 1;
    }
    field(fields, start, line.len());
    fields + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMA: Dialect = Dialect::new(b',', Some(b'"'), b'\n');

    /// Records as texts, with `!` before malformed ones.
    fn records(dialect: Dialect, text: &str) -> Vec<String> {
        let mut found = Vec::new();
        let mut at = 0;
        loop {
            let mut fields = Vec::new();
            let Some(record) = dialect.record(text.as_bytes(), at, true, |index, span| {
                assert_eq!(index, fields.len());
                fields.push(text[span.start..span.end].to_owned());
            }) else {
                return found;
            };
            match record.fault {
                None => assert_eq!(fields.len(), record.fields),
                Some(_) => fields = vec!["!".to_owned() + &text[at..record.end]],
            }
            found.push(fields.join("·"));
            at = record.next;
        }
    }

    #[test]
    fn fields_of_every_length_are_split() {
        for width in 0..20 {
            let fields: Vec<String> = (0..20).map(|field| "x".repeat((field * width) % 17)).collect();
            assert_eq!(
                records(COMMA, &fields.join(",")),
                [fields.join("·")].into_iter().filter(|text| width > 0 || !text.is_empty()).collect::<Vec<_>>()
            );
        }
        assert_eq!(records(COMMA, "a,,b\r\n,\n\nc"), ["a··b", "·", "", "c"]);
        assert_eq!(records(Dialect::new(b'\t', None, b'\n'), "a\t\"b\"\r\n"), ["a·\"b\""]);
    }

    #[test]
    fn quotes_hold_separators_line_ends_and_doubled_quotes() {
        assert_eq!(records(COMMA, "1,\"a,b\n\"\"c\"\"\",2\r\n3,\"\",\"x\"\r\n"), ["1·a,b\n\"\"c\"\"·2", "3··x"]);
        assert_eq!(records(COMMA, "a,  \"b, c\"  ,d\n"), ["a·b, c·d"]);
        assert_eq!(records(COMMA, "5\" disk,b\n"), ["5\" disk·b"]);
        assert_eq!(records(COMMA, "\"x\"\r"), ["x"]);
    }

    #[test]
    fn quotes_may_be_escaped_and_lines_commented_out() {
        let dialect = Dialect { escape: Some(b'\\'), comment: Some(b'#'), ..COMMA };
        assert_eq!(records(dialect, "1,\"a \\\"b\\\", c\"\n2,\"d\\\\\"\n"), ["1·a \\\"b\\\", c", "2·d\\\\"]);
        let mut text = String::new();
        dialect.write_plain("a \\\"b\\\" \"\"c\"\" \\n \\\\", &mut text);
        assert_eq!(text, "a \"b\" \"c\" \\n \\");
        let comment = dialect.record(b"# it's \"a, b\n1,2\n", 0, true, |_, _| {}).unwrap();
        assert!(comment.is_comment && comment.fault.is_none() && comment.next == 13);
        assert_eq!(dialect.cut(b"1,\"a\\"), 0);
        assert_eq!(dialect.cut(b"1,\"a\\\"\n\"\n2"), 9);
    }

    #[test]
    fn lines_may_end_with_a_return_alone() {
        let old = Dialect { end: b'\r', ..COMMA };
        assert_eq!(records(old, "a,b\r1,\"x\ry\"\r\r3,4\r"), ["a·b", "1·x\ry", "", "3·4"]);
        assert_eq!(old.cut(b"1,2\r3,\"a\rb"), 4);
        assert_eq!(old.cut(b"1,2\r3"), 4);
    }

    #[test]
    fn a_bad_quote_harms_its_own_line_only() {
        assert_eq!(records(COMMA, "a,\"b\n1,2\n3,\"x\"\n"), ["!a,\"b", "1·2", "3·x"]);
        assert_eq!(records(COMMA, "a,\"b\"c,d\n1,2\n"), ["!a,\"b\"c,d", "1·2"]);
        assert_eq!(records(COMMA, "1,2\na,\"b"), ["1·2", "!a,\"b"]);
    }

    #[test]
    fn cuts_fall_between_records() {
        assert_eq!(COMMA.cut(b"1,2\n3,\"a\nb"), 4);
        assert_eq!(COMMA.cut(b"1,2\n3,\"a\nb\"\n4"), 12);
        assert_eq!(COMMA.cut(b"1,\"a\nb"), 0);
        assert_eq!(COMMA.cut(b"1,\"a\"\n2,\"b\""), 6);
        assert_eq!(COMMA.cut(b"1,2\n3"), 4);
    }
}
