//! LTSV: labels with values, a tab between them. Imports data.

use super::cell::Cell;
use super::keyed::{KeyedColumns, KeyedRows, SampledNames};
use super::keys::KeyCursor;
use super::scan::{is_blank, lines, recognition, sample_lines};
use super::time::clf;
use super::{Change, Chunk, Columns, Format, FormatSpec, OptionSpec, Parser, Recognition, Sample, Tally};
use crate::data::instants::{is_finer, parse_timestamp};
use crate::data::{DataType, Schema};
use crate::diagnostic::Diagnostic;

/// The format `ltsv`.
pub struct Ltsv;

/// Labels that have a common name.
const RENAMES: [(&str, &str); 6] = [
    ("host", "client"),
    ("req", "request"),
    ("size", "bytes"),
    ("referer", "referrer"),
    ("ua", "user_agent"),
    ("reqtime", "duration"),
];
const TIME: &str = "time";
/// Labels beyond which further ones are counted as unknown.
const MAX_LABELS: usize = 1000;

impl Format for Ltsv {
    fn name(&self) -> &'static str {
        "ltsv"
    }

    fn title(&self) -> &'static str {
        "LTSV"
    }

    fn doc(&self) -> &'static str {
        "Labels with values between tabs (ltsv.org), as servers write requests: each label a column, its type found from the \
         values. `client`, `request`, `bytes`, `referrer`, `user_agent` and `duration` are the labels host, req, size, referer, \
         ua and reqtime; `time` is read in the form of access logs, with its brackets or without, and in any other. `-` is null. \
         Labels that first appear behind the sample come as JSON text in the column `_more`. A line with a field that has no \
         label is kept aside."
    }

    fn examples(&self) -> &'static [&'static str] {
        &[
            "host:192.0.2.7\tident:-\tuser:bob\ttime:[01/Mar/2024:10:00:00 +0000]\treq:GET /x HTTP/1.1\tstatus:200\tsize:17\tua:curl/8.0",
            "time:01/Mar/2024:10:00:00 +0000\thost:192.0.2.7\tmethod:GET\turi:/x\tstatus:200\tsize:17\treqtime:0.123",
        ]
    }

    fn options(&self) -> &'static [OptionSpec] {
        &[]
    }

    fn is_keyed(&self) -> bool {
        true
    }

    fn recognise(&self, sample: &Sample) -> Option<Recognition> {
        /// Labels of a line that is sure to be none of another format.
        const FEWEST: usize = 3;
        let (mut fitting, mut units) = (0, 0);
        for line in sample_lines(sample) {
            units += 1;
            fitting += usize::from(each_field(line, |_, _| {}).is_some_and(|count| count >= FEWEST));
        }
        let what = "are made of labels with values between tabs";
        recognition(FormatSpec::new(self.name()), fitting, units, 98, "line", what)
    }

    fn prepare(
        &self,
        spec: &FormatSpec,
        schema: Option<&Schema>,
        sample: &Sample,
    ) -> Result<Box<dyn Parser>, Diagnostic> {
        self.check_options(spec)?;
        Ok(Box::new(LtsvParser { columns: KeyedColumns::of(schema, sample, sampled_schema) }))
    }
}

/// Calls `visit` with the column and the value of each field of a line; gives how many there are, `None` where one has no
/// label.
fn each_field<'a>(line: &'a str, mut visit: impl FnMut(&'a str, &'a str)) -> Option<usize> {
    let is_label = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-@".contains(&byte);
    let mut count = 0;
    for field in line.split('\t').filter(|field| !field.is_empty()) {
        let (label, value) = field.split_once(':')?;
        if !label.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') || !label.bytes().all(is_label) {
            return None;
        }
        visit(RENAMES.iter().find(|(known, _)| *known == label).map_or(label, |(_, name)| name), value);
        count += 1;
    }
    Some(count)
}

/// A value; empty: it says that there is none.
fn plain(value: &str) -> &str {
    if value == "-" { "" } else { value }
}

/// A time as requests have it, or in any other form: `[01/Mar/2024:10:00:00 +0000]`.
fn time_of(value: &str) -> Option<i64> {
    let inner = value.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(value);
    clf(inner).or_else(|| parse_timestamp(inner))
}

/// The labels of a sample in the order in which they appear, with their types.
fn sampled_schema(sample: &Sample) -> Schema {
    let mut found = SampledNames::default();
    let (mut has_time, mut are_times) = (false, true);
    for line in sample_lines(sample).filter(|line| each_field(line, |_, _| {}).is_some()) {
        found.begin_row();
        each_field(line, |name, value| {
            let value = plain(value);
            found.add(name, value);
            if name == TIME && !value.is_empty() {
                (has_time, are_times) = (true, are_times && time_of(value).is_some());
            }
        });
    }
    let mut schema = Schema::new(found.fields(MAX_LABELS).collect());
    if has_time && are_times {
        let time = schema.fields.iter_mut().find(|field| field.name == TIME);
        time.into_iter().for_each(|time| time.data_type = DataType::Timestamp);
    }
    schema
}

struct LtsvParser {
    columns: KeyedColumns,
}

impl Parser for LtsvParser {
    fn schema(&self) -> &Schema {
        &self.columns.schema
    }

    fn parse(&self, chunk: &Chunk, out: &mut dyn Columns) -> Tally {
        let KeyedColumns { index, cells, .. } = &self.columns;
        let time = index.get(TIME).filter(|column| cells[*column] == Cell::Timestamp);
        let mut rows = KeyedRows::new(&self.columns, KeyCursor::of_text(index), out);
        let mut tally = Tally::default();
        for (unit, line) in lines(chunk) {
            tally.read += 1;
            if is_blank(line) {
                tally.blank += 1;
                continue;
            }
            if each_field(line, |_, _| {}).is_none() {
                out.quarantine(unit, "a field has no label", line.as_bytes());
                tally.quarantined += 1;
                continue;
            }
            rows.begin_row();
            each_field(line, |name, value| {
                let value = plain(value);
                let Some(column) = rows.column(name, value) else { return };
                match if Some(column) == time { time_of(value) } else { None } {
                    Some(micros) => {
                        out.timestamp(column, micros);
                        if is_finer(value) {
                            rows.note_change(column, Change::Cut);
                        }
                    }
                    None => rows.read(value, column, out),
                }
            });
            rows.end_row(out);
            out.end_row(unit);
            tally.accepted += 1;
            tally.rows += 1;
        }
        rows.finish(&mut tally);
        tally
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::recognise;
    use crate::formats::testing::{named_rows, read, read_as};

    #[test]
    fn labels_are_columns_in_whichever_order_they_come() {
        let text = "host:192.0.2.7\treq:GET /x HTTP/1.1\tstatus:200\turi:a:b\tuser:-\ttime:[01/Mar/2024:11:00:00 +0100]\n\
                    time:[01/Mar/2024:10:00:01 +0000]\thost:192.0.2.8\tstatus:404\ttag:x\ttag:y\n\
                    no label\there\n";
        let found = recognise(&Sample::whole("x.log", text));
        assert_eq!(found[0].format.name, "ltsv", "{found:?}");
        let reading = read(&found[0].format, text);
        assert_eq!((reading.tally.rows, reading.tally.quarantined), (2, 1));
        assert_eq!(
            reading.columns(),
            [
                "client String",
                "request String",
                "status Int",
                "uri String",
                "user String",
                "time Timestamp",
                "tag String",
                "tag_2 String"
            ]
        );
        assert_eq!(
            reading.json(),
            [
                r#"["192.0.2.7","GET /x HTTP/1.1",200,"a:b",null,"2024-03-01T10:00:00Z",null,null]"#,
                r#"["192.0.2.8",null,404,null,null,"2024-03-01T10:00:01Z","x","y"]"#,
            ]
        );
        let declared = Schema::of([("tag", DataType::String)]);
        let narrow = read_as(&FormatSpec::new("ltsv"), &declared, text);
        assert_eq!(narrow.json(), ["[null]", r#"["y"]"#]);
        assert_eq!(
            (narrow.tally.changes.repeated.get("tag"), narrow.tally.unknown_keys.get("status")),
            (Some(&1), Some(&2))
        );
    }

    #[test]
    fn numbers_since_1970_are_times() {
        let text = "host:192.0.2.7\tstatus:200\ttime:1709287200\nhost:192.0.2.8\tstatus:404\ttime:1709287201.5\n";
        let rows = named_rows(&read(&FormatSpec::new("ltsv").with("epochs", "time=s"), text));
        assert_eq!(
            (&rows[0]["time"], &rows[1]["time"]),
            (&"2024-03-01T10:00:00Z".into(), &"2024-03-01T10:00:01.500Z".into())
        );
    }

    #[test]
    fn tables_and_lines_with_tabs_are_no_labels() {
        for text in ["a\tb\tc\n1\t2\t3\n4\t5\t6\n", "10:00:00\tx:y\tz:1\n10:00:01\tx:y\tz:1\n", "a:1\tb:2\na:3\tb:4\n"]
        {
            let found = recognise(&Sample::whole("x", text));
            assert!(found.iter().all(|found| found.format.name != "ltsv"), "{text}: {found:?}");
        }
    }
}
