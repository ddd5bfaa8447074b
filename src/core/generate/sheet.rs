//! One output file being written: a byte buffer with helpers for numbers, and its counts.
//!
//! Hand-made formatting because the access log is written at hundreds of megabytes a second.
//! Imports nothing else of this crate.

use std::io::{self, Write};

/// How much is gathered before it is handed to the writer.
const BLOCK: usize = 256 * 1024;

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GenerateReport {
    /// One entry per file, in the order of the example's list.
    pub files: Vec<FileReport>,
}

/// Size of one generated file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileReport {
    /// Name inside the output folder.
    pub name: &'static str,
    /// Line feeds written.
    pub lines: u64,
    /// Bytes written.
    pub bytes: u64,
}

/// A file being written line by line.
pub(super) struct Sheet {
    name: &'static str,
    target: Box<dyn Write>,
    /// The bytes of the current line and of those before it that are not handed on yet.
    pub(super) text: Vec<u8>,
    lines: u64,
    bytes: u64,
}

impl Sheet {
    pub(super) fn new(name: &'static str, target: Box<dyn Write>) -> Self {
        Self { name, target, text: Vec::with_capacity(BLOCK + 4096), lines: 0, bytes: 0 }
    }

    /// Appends text to the current line.
    pub(super) fn push(&mut self, text: &str) {
        self.text.extend_from_slice(text.as_bytes());
    }

    /// Ends the current line.
    pub(super) fn end_line(&mut self) -> io::Result<()> {
        self.text.push(b'\n');
        self.lines += 1;
        if self.text.len() >= BLOCK { self.hand_on() } else { Ok(()) }
    }

    /// Appends a whole line.
    pub(super) fn line(&mut self, text: &str) -> io::Result<()> {
        self.push(text);
        self.end_line()
    }

    /// Hands everything to the writer, flushes it and gives the counts.
    pub(super) fn finish(mut self) -> io::Result<FileReport> {
        self.hand_on()?;
        self.target.flush()?;
        Ok(FileReport { name: self.name, lines: self.lines, bytes: self.bytes })
    }

    fn hand_on(&mut self) -> io::Result<()> {
        self.target.write_all(&self.text)?;
        self.bytes += self.text.len() as u64;
        self.text.clear();
        Ok(())
    }
}

/// Appends a decimal number.
pub(super) fn push_number(text: &mut Vec<u8>, number: u64) {
    push_padded(text, number, 1);
}

/// Appends a decimal number with zeros in front of it up to `width` digits (at most 20).
pub(super) fn push_padded(text: &mut Vec<u8>, mut number: u64, width: usize) {
    let mut digits = [b'0'; 20];
    let mut start = digits.len();
    while number > 0 {
        start -= 1;
        digits[start] = b'0' + (number % 10) as u8;
        number /= 10;
    }
    let start = start.min(digits.len().saturating_sub(width));
    text.extend_from_slice(&digits[start..]);
}

/// Appends the 16 hexadecimal digits of a number.
pub(super) fn push_hex(text: &mut Vec<u8>, number: u64) {
    let mut digits = [0; 16];
    for (place, digit) in digits.iter_mut().enumerate() {
        *digit = b"0123456789abcdef"[(number >> (60 - 4 * place)) as usize & 15];
    }
    text.extend_from_slice(&digits);
}

/// Appends thousandths as seconds with three decimals, as nginx writes `$request_time`.
pub(super) fn push_seconds(text: &mut Vec<u8>, millis: u32) {
    push_number(text, u64::from(millis / 1000));
    text.push(b'.');
    push_padded(text, u64::from(millis % 1000), 3);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl Fn(&mut Vec<u8>)) -> String {
        let mut text = Vec::new();
        write(&mut text);
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn numbers_are_written_as_expected() {
        assert_eq!(written(|text| push_number(text, 0)), "0");
        assert_eq!(written(|text| push_number(text, u64::MAX)), "18446744073709551615");
        assert_eq!(written(|text| push_padded(text, 42, 6)), "000042");
        assert_eq!(written(|text| push_padded(text, 1234567, 3)), "1234567");
        assert_eq!(written(|text| push_hex(text, 0xABC)), "0000000000000abc");
        assert_eq!(written(|text| push_seconds(text, 3007)), "3.007");
    }
}
