//! Lines of JSON without the character NUL, which no text of PostgreSQL holds. Knows no server.

use std::io::{self, BufRead, Read};

use memchr::memmem;

/// How NUL is written in JSON, and what stands in its place: U+FFFD, as long.
const NUL: &[u8] = br"\u0000";
const INSTEAD: &[u8] = br"\ufffd";

/// Lines of JSON, whose NULs are replaced and counted.
pub(super) struct WithoutNul<R> {
    lines: R,
    line: Vec<u8>,
    sent: usize,
    /// Replaced so far.
    pub replaced: u64,
}

impl<R: BufRead> WithoutNul<R> {
    pub fn of(lines: R) -> Self {
        Self { lines, line: Vec::new(), sent: 0, replaced: 0 }
    }
}

impl<R: BufRead> BufRead for WithoutNul<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.sent == self.line.len() {
            self.line.clear();
            self.sent = 0;
            self.lines.read_until(b'\n', &mut self.line)?;
            self.replaced += replace_nul(&mut self.line);
        }
        Ok(&self.line[self.sent..])
    }

    fn consume(&mut self, count: usize) {
        self.sent += count;
    }
}

impl<R: BufRead> Read for WithoutNul<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

/// Replaces each NUL of a line of JSON; gives how many there were.
fn replace_nul(line: &mut [u8]) -> u64 {
    let found: Vec<usize> = memmem::find_iter(line, NUL).filter(|at| is_escape(&line[..*at])).collect();
    for at in &found {
        line[*at..at + NUL.len()].copy_from_slice(INSTEAD);
    }
    found.len() as u64
}

/// Whether the backslash behind this begins an escape, and does not end one.
fn is_escape(before: &[u8]) -> bool {
    before.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_nul_is_replaced_and_what_looks_like_one_stays() {
        let lines = concat!(r#"{"a\u0000":"\u0000\u0000b\\\u0000"}"#, "\n", r#"{"a":"\\u0000 \u00001"}"#, "\n{}");
        let mut read = WithoutNul::of(lines.as_bytes());
        let mut text = String::new();
        read.read_to_string(&mut text).unwrap();
        let wanted = concat!(r#"{"a\ufffd":"\ufffd\ufffdb\\\ufffd"}"#, "\n", r#"{"a":"\\u0000 \ufffd1"}"#, "\n{}");
        assert_eq!((text.as_str(), read.replaced), (wanted, 5));
    }
}
