//! The journal of systemd as `journalctl -o export` and `-o verbose` write it: a block of fields for each entry.
//! Imports data.

use super::cell::Cell;
use super::events::{cut_events, read_events};
use super::keyed::{KeyedColumns, KeyedRows, SampledNames};
use super::keys::KeyCursor;
use super::line_ends::ends_in_returns;
use super::scan::{recognition, sample_lines, sample_texts};
use super::time::{Epoch, epoch};
use super::{Chunk, Columns, Format, FormatSpec, OptionSpec, Parser, Recognition, RowCollector, Sample, Tally};
use crate::data::{DataType, Field, Schema};
use crate::diagnostic::Diagnostic;

/// The format `journal_export`.
pub struct JournalExport;

/// Fields that have a common name, and its type, in the order of their columns.
const COMMON: [(&str, &str, DataType); 5] = [
    ("__REALTIME_TIMESTAMP", "time", DataType::Timestamp),
    ("_HOSTNAME", "host", DataType::String),
    ("SYSLOG_IDENTIFIER", "app", DataType::String),
    ("_PID", "pid", DataType::Int),
    ("MESSAGE", "message", DataType::String),
];
/// Keys beyond which further ones are kept aside.
const MAX_KEYS: usize = 1000;

impl Format for JournalExport {
    fn name(&self) -> &'static str {
        "journal_export"
    }

    fn title(&self) -> &'static str {
        "Journal export"
    }

    fn doc(&self) -> &'static str {
        "What `journalctl -o export` (systemd.io, Journal Export Formats) and `journalctl -o verbose` write: an entry is a \
         block of fields, and a row. `time`, `host`, `app`, `pid` and `message` are the fields __REALTIME_TIMESTAMP, \
         _HOSTNAME, SYSLOG_IDENTIFIER, _PID and MESSAGE; the others keep their names. Fields that first appear behind \
         the sample come as JSON text in the column `_more`."
    }

    fn examples(&self) -> &'static [&'static str] {
        &[
            "__CURSOR=s=7f;i=1\n__REALTIME_TIMESTAMP=1709287200123456\n_HOSTNAME=web1\nSYSLOG_IDENTIFIER=sshd\n_PID=12\nPRIORITY=6\nMESSAGE=session opened",
            "Fri 2024-03-01 10:00:00.123456 UTC [s=7f;i=1;b=3a;m=1;t=2;x=4]\n    PRIORITY=6\n    _PID=12\n    MESSAGE=session opened",
        ]
    }

    fn options(&self) -> &'static [OptionSpec] {
        &[]
    }

    fn is_keyed(&self) -> bool {
        true
    }

    fn recognise(&self, sample: &Sample) -> Option<Recognition> {
        let (mut entries, mut lines, mut fitting) = (0, 0, 0);
        for line in sample_lines(sample).take(1000) {
            lines += 1;
            let is_first = begins(line);
            entries += usize::from(is_first);
            // Lines of binary fields may be anything.
            fitting += usize::from(is_first || entries > 0 && name_length(line.trim_start()) > 0);
        }
        if entries == 0 {
            return None;
        }
        let what = format!("are fields of {entries} entries of a journal");
        recognition(FormatSpec::new(self.name()), fitting, lines, 98, "line", &what)
    }

    fn prepare(
        &self,
        spec: &FormatSpec,
        schema: Option<&Schema>,
        sample: &Sample,
    ) -> Result<Box<dyn Parser>, Diagnostic> {
        self.check_options(spec)?;
        Ok(Box::new(JournalParser { columns: KeyedColumns::of(schema, sample, sampled_schema) }))
    }
}

/// Whether a line begins an entry: with its cursor, or with its time and the cursor in brackets.
fn begins(line: &str) -> bool {
    line.starts_with("__CURSOR=") || verbose_head(line).is_some()
}

/// The time at the head of an entry of `-o verbose`, without the day of the week, and its cursor.
fn verbose_head(line: &str) -> Option<(&str, &str)> {
    let (head, cursor) = line.strip_suffix(']')?.split_once(" [")?;
    let time = head.get(4..).filter(|_| head.as_bytes().get(3) == Some(&b' '))?;
    (cursor.starts_with("s=") && time.starts_with(|c: char| c.is_ascii_digit())).then_some((time, cursor))
}

/// The length of a field's name at the start of a line that is one; 0: it is none.
fn name_length(line: &str) -> usize {
    let is_name = |byte: &&u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || **byte == b'_';
    let length = line.as_bytes().iter().take_while(is_name).count();
    let is_first = |byte: u8| byte.is_ascii_uppercase() || byte == b'_';
    let ends = matches!(line.as_bytes().get(length), None | Some(b'='));
    if ends && line.bytes().next().is_some_and(is_first) { length } else { 0 }
}

/// Calls `visit` with each field of an entry.
fn each_field<'a>(text: &'a str, mut visit: impl FnMut(&'a str, &'a str)) {
    let mark = if ends_in_returns(text) { b'\r' } else { b'\n' };
    let first = text.split(char::from(mark)).next().unwrap_or_default().trim_end_matches('\r');
    let head = verbose_head(first);
    let is_verbose = head.is_some();
    let mut at = 0;
    if let Some((time, cursor)) = head {
        visit(HEAD, time);
        visit("__CURSOR", cursor);
        at = first.len() + 1;
    }
    while at < text.len() {
        let end = memchr::memchr(mark, &text.as_bytes()[at..]).map_or(text.len(), |length| at + length);
        let after = (end + 1).min(text.len());
        let line = text[at..end].trim_end_matches('\r');
        let plain = if is_verbose { line.trim_start_matches(' ') } else { line };
        let name = &plain[..name_length(plain)];
        let from = at + line.len() - plain.len() + name.len() + 1;
        at = match name {
            "" => after,
            _ if name.len() == plain.len() => {
                let (value, used) = binary(&text[after..], mark);
                visit(name, value);
                after + used
            }
            _ => {
                let more = if is_verbose { deeper_lines(&text[after..], mark) } else { 0 };
                visit(name, text[from..if more > 0 { after + more } else { end }].trim_end_matches(['\r', '\n']));
                after + more
            }
        };
    }
}

/// The name under which the time at the head of a verbose entry is visited.
const HEAD: &str = "";

/// The length of the lines that continue a value of `-o verbose`: they are indented deeper than names are.
fn deeper_lines(text: &str, mark: u8) -> usize {
    /// Blanks before names.
    const NAMES: usize = 4;
    let is_deeper = |line: &&str| line.bytes().take_while(|byte| *byte == b' ').count() > NAMES;
    text.split_inclusive(char::from(mark)).take_while(is_deeper).map(str::len).sum()
}

/// The value of a field whose name stands alone, and the bytes up to the next field: its length in eight bytes,
/// little-endian, and so many bytes. Where other bytes were replaced the length cannot be relied upon: the value ends
/// before the next name then.
fn binary(text: &str, mark: u8) -> (&str, usize) {
    const LENGTH: usize = 8;
    let bytes = text.as_bytes();
    let length = bytes.get(..LENGTH).and_then(|bytes| bytes.try_into().ok()).map(u64::from_le_bytes);
    let end = length.and_then(|length| usize::try_from(length).ok()?.checked_add(LENGTH));
    if let Some(end) = end.filter(|end| *end == bytes.len() || bytes.get(*end) == Some(&mark))
        && let Some(value) = text.get(LENGTH..end)
    {
        return (value, (end + 1).min(text.len()));
    }
    let start = text.char_indices().nth(LENGTH).map_or(text.len(), |(at, _)| at);
    let mut end = start;
    for line in text[start..].split_inclusive(char::from(mark)) {
        if end > start && name_length(line.trim_end_matches(['\r', '\n'])) > 0 {
            break;
        }
        end += line.len();
    }
    (text[start..end].trim_end_matches(['\r', '\n']), end)
}

/// The column of a field.
fn column_of(name: &str) -> &str {
    let name = if name == HEAD { COMMON[0].0 } else { name };
    COMMON.iter().find(|(field, ..)| *field == name).map_or(name, |(_, column, _)| column)
}

/// The fields of the sample: the common ones, then the others in the order in which they appear.
fn sampled_schema(sample: &Sample) -> Schema {
    let mut found = SampledNames::default();
    for text in sample_texts(sample) {
        let mut none = RowCollector::new(&Schema::default());
        let continues = |line: &str| !begins(line);
        read_events(&Chunk::whole(text), &mut none, continues, |event, _| {
            found.begin_row();
            each_field(event.text, |name, value| {
                if name != HEAD && !COMMON.iter().any(|(field, ..)| *field == name) {
                    found.add(name, value);
                }
            });
            Ok(())
        });
    }
    let common = COMMON.into_iter().map(|(_, column, data_type)| Field::new(column, data_type));
    Schema::new(common.chain(found.fields(MAX_KEYS)).collect())
}

struct JournalParser {
    columns: KeyedColumns,
}

impl Parser for JournalParser {
    fn schema(&self) -> &Schema {
        &self.columns.schema
    }

    fn cut(&self, bytes: &[u8]) -> usize {
        cut_events(bytes, |line| !begins(line))
    }

    fn parse(&self, chunk: &Chunk, out: &mut dyn Columns) -> Tally {
        let KeyedColumns { index, cells, .. } = &self.columns;
        let mut rows = KeyedRows::new(&self.columns, KeyCursor::numbered(index), out);
        let mut tally = read_events(
            chunk,
            out,
            |line| !begins(line),
            |event, out| {
                if !begins(event.first) {
                    return Err("the line belongs to no entry".to_owned());
                }
                rows.begin_row();
                each_field(event.text, |name, value| {
                    let time = if name == COMMON[0].0 { epoch(value, Epoch::Micros) } else { None };
                    let Some(micros) = time else { return rows.field(column_of(name), value, out) };
                    match rows.column(column_of(name), value) {
                        Some(column) if cells[column] == Cell::Timestamp => out.timestamp(column, micros),
                        Some(column) => rows.read(value, column, out),
                        None => {}
                    }
                });
                rows.end_row(out);
                Ok(())
            },
        );
        rows.finish(&mut tally);
        tally
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::recognise;
    use crate::formats::testing::{pieces, prepare, read, read_with};

    const EXPORT: &str = "__CURSOR=s=7f;i=1\n__REALTIME_TIMESTAMP=1709287200123456\n_HOSTNAME=web1\n\
        SYSLOG_IDENTIFIER=sshd\n_PID=12\nPRIORITY=6\nMESSAGE\n\x0b\0\0\0\0\0\0\0two\n\n lines\nTAG=a\nTAG=b\n\n\
        __CURSOR=s=7f;i=2\n__REALTIME_TIMESTAMP=1709287201000000\nMESSAGE=a=b\nPRIORITY=3\n\n";

    const VERBOSE: &str = "Fri 2024-03-01 11:00:00.123456 CET [s=7f;i=1;b=3a;m=1;t=2;x=4]\n    PRIORITY=6\n    _PID=12\n    \
        MESSAGE=two\n            lines\n    _HOSTNAME=web1\nFri 2024-03-01 11:00:01.000000 CET [s=7f;i=2;b=3a;m=1;t=2;x=4]\n    \
        MESSAGE=done\n";

    #[test]
    fn entries_are_rows_with_the_common_names() {
        let found = recognise(&Sample::whole("x", EXPORT));
        assert_eq!(found[0].format.name, "journal_export", "{found:?}");
        let reading = read(&found[0].format, EXPORT);
        let names: Vec<&str> = reading.schema.names().collect();
        assert_eq!(names, ["time", "host", "app", "pid", "message", "__CURSOR", "PRIORITY", "TAG", "TAG_2"]);
        assert_eq!(
            reading.json(),
            [
                r#"["2024-03-01T10:00:00.123456Z","web1","sshd",12,"two\n\n lines","s=7f;i=1",6,"a","b"]"#,
                r#"["2024-03-01T10:00:01Z",null,null,null,"a=b","s=7f;i=2",3,null,null]"#,
            ]
        );
        assert_eq!((reading.tally.accepted, reading.tally.quarantined), (2, 0));
        let parser = prepare(&found[0].format, None, EXPORT);
        for size in [1, 60, 200] {
            assert_eq!(read_with(parser.as_ref(), &pieces(parser.as_ref(), EXPORT, size)).rows, reading.rows, "{size}");
        }
    }

    #[test]
    fn verbose_entries_have_their_time_at_the_head() {
        let found = recognise(&Sample::whole("x", VERBOSE));
        assert_eq!(found[0].format.name, "journal_export", "{found:?}");
        let reading = read(&found[0].format, VERBOSE);
        let row = |at: usize| serde_json::to_string(&reading.rows[at][..5]).unwrap();
        assert_eq!(row(0), r#"["2024-03-01T10:00:00.123456Z","web1",null,12,"two\n            lines"]"#);
        assert_eq!(row(1), r#"["2024-03-01T10:00:01Z",null,null,null,"done"]"#);
        assert_eq!(reading.rows[1][5].to_json(), "s=7f;i=2;b=3a;m=1;t=2;x=4");
    }

    #[test]
    fn a_length_that_was_replaced_is_not_relied_upon() {
        let text = EXPORT.replace("\x0b\0\0", "\u{fffd}\0\0");
        assert_eq!(read(&FormatSpec::new("journal_export"), &text).rows[0][4].to_json(), "two\n\n lines");
        let lost = read(&FormatSpec::new("journal_export"), "MESSAGE=x\n\n");
        assert_eq!((lost.tally.quarantined, lost.rows.len()), (1, 0));
    }
}
