//! Where lines end: with a line feed, or in old files with a return alone. Imports nothing of this room.

/// Whether a file's lines end with a return alone: the first one, and as many as end otherwise. A return that stands
/// inside of a line, as progress is written, is text.
pub fn ends_in_returns(head: &str) -> bool {
    let bytes = head.as_bytes();
    let Some(first) = memchr::memchr2(b'\r', b'\n', bytes).filter(|at| bytes[*at] == b'\r') else { return false };
    let (mut alone, mut feeds, mut run, mut is_first) = (0, 0, 0, None);
    for byte in &bytes[first..] {
        match byte {
            b'\r' => run += 1,
            // `\r\r\n` ends a line as well.
            b'\n' => (feeds, run, is_first) = (feeds + 1, 0, is_first.or(Some(false))),
            _ => (alone, run, is_first) = (alone + run, 0, is_first.or(Some(true))),
        }
    }
    is_first == Some(true) && alone >= feeds
}

/// The byte at which bytes may be cut into lines. Of those that hold no line feed where any other file has thousands, a
/// return.
pub fn line_end(bytes: &[u8]) -> u8 {
    const LONGEST: usize = 1 << 20;
    if bytes.len() > LONGEST && memchr::memchr(b'\n', bytes).is_none() { b'\r' } else { b'\n' }
}

/// The end (exclusive) of the last whole line in `bytes`; 0: none ends here.
pub fn cut_lines(bytes: &[u8]) -> usize {
    let end = line_end(bytes);
    // A line feed may follow the last return.
    let bytes = if end == b'\r' { &bytes[..bytes.len() - 1] } else { bytes };
    memchr::memrchr(end, bytes).map_or(0, |last| last + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_cut_at_returns_where_there_is_no_line_feed() {
        let long = "0123456789\r".repeat(100_000);
        assert_eq!((cut_lines(long.as_bytes()), cut_lines(b"a\rb\r")), (long.len() - 11, 0));
        assert_eq!((cut_lines(b"a\nb"), cut_lines(format!("a\n{long}").as_bytes())), (2, 2));
    }
}
