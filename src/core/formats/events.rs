//! Events of several lines: lines that continue the event before them are folded into it (stack traces, wrapped
//! messages). Must not import single formats.

use super::line_ends::line_end;
use super::scan::{is_blank, lines};
use super::{Chunk, Columns, Tally, Unit};

/// An event: a first line, and what continues it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event<'a> {
    /// Where its first line lies.
    pub unit: Unit,
    /// Its first line.
    pub first: &'a str,
    /// The whole, line ends inside as in the file.
    pub text: &'a str,
}

/// Reads a chunk event by event. `continues` says whether a line belongs to the event before it; `read` fills a row,
/// or says why the event does not fit. Counts, completes rows and quarantines.
pub fn read_events(
    chunk: &Chunk,
    out: &mut dyn Columns,
    continues: impl Fn(&str) -> bool,
    mut read: impl FnMut(&Event, &mut dyn Columns) -> Result<(), String>,
) -> Tally {
    let mut tally = Tally::default();
    let mut open: Option<Event> = None;
    let mut finish = |event: Option<Event>, tally: &mut Tally| {
        let Some(event) = event else { return };
        match read(&event, out) {
            Ok(()) => {
                out.end_row(event.unit);
                tally.accepted += 1;
                tally.rows += 1;
            }
            Err(reason) => {
                out.abandon_row();
                out.quarantine(event.unit, &reason, event.text.as_bytes());
                tally.quarantined += 1;
            }
        }
    };
    for (unit, line) in lines(chunk) {
        tally.read += 1;
        match &mut open {
            // A blank line ends no event: traces have some inside.
            _ if is_blank(line) => tally.blank += 1,
            Some(event) if continues(line) => {
                // Both are slices of the chunk: the event's text grows to this line's end.
                let start = event.first.as_ptr() as usize - chunk.text.as_ptr() as usize;
                let end = line.as_ptr() as usize - chunk.text.as_ptr() as usize + line.len();
                event.text = chunk.text.get(start..end).unwrap_or(event.text);
                tally.joined += 1;
            }
            _ => finish(open.replace(Event { unit, first: line, text: line }), &mut tally),
        }
    }
    finish(open, &mut tally);
    tally
}

/// The end of the last event that is surely complete: after it begins a line that continues none. 0: there is none.
pub fn cut_events(bytes: &[u8], continues: impl Fn(&str) -> bool) -> usize {
    // A line that is cut off cannot be judged.
    let mark = line_end(bytes);
    let mut end = memchr::memrchr(mark, bytes).unwrap_or(0);
    while let Some(line_end) = memchr::memrchr(mark, &bytes[..end]) {
        let line = String::from_utf8_lossy(&bytes[line_end + 1..end]);
        let line = line.trim_start_matches('\0');
        let line = line.strip_suffix('\r').unwrap_or(line);
        if !is_blank(line) && !continues(line) {
            return line_end + 1;
        }
        end = line_end;
    }
    0
}

/// Whether a line begins with white space: the sign of a continuation where no other is known.
pub fn is_indented(line: &str) -> bool {
    line.starts_with([' ', '\t'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{DataType, Schema};
    use crate::formats::RowCollector;

    #[test]
    fn continuations_are_folded_and_counted() {
        let text = "  lost\r\na\r\n\tb\r\n\tc\n\nd\n \n e\nf";
        let mut out = RowCollector::new(&Schema::of([("text", DataType::String)]));
        let read = |event: &Event, out: &mut dyn Columns| {
            if event.first.starts_with(' ') {
                return Err("begins with a blank".to_owned());
            }
            out.text(0, event.text);
            Ok(())
        };
        let tally = read_events(&Chunk::whole(text), &mut out, is_indented, read);
        assert!(tally.is_balanced());
        let texts: Vec<_> = out.rows.iter().map(|(unit, row)| (unit.line, row[0].to_json())).collect();
        assert_eq!(texts, [(2, "a\r\n\tb\r\n\tc".into()), (6, "d\n \n e".into()), (9, "f".into())]);
        assert_eq!((tally.read, tally.accepted, tally.quarantined, tally.joined, tally.blank), (9, 3, 1, 3, 2));
    }

    #[test]
    fn chunks_end_before_a_line_that_begins_an_event() {
        assert_eq!(cut_events(b"a\n b\nc", is_indented), 0);
        assert_eq!(cut_events(b"a\n b\nc\n", is_indented), 5);
        assert_eq!(cut_events(b"a\n b\n", is_indented), 0);
        assert_eq!(cut_events(b"a\nb\n c\n", is_indented), 2);
        assert_eq!(cut_events(b"a", is_indented), 0);
    }
}
