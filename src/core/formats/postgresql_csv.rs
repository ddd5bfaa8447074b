//! The format `postgresql_csv`: PostgreSQL's csvlog, whose columns are known and whose statements have several lines.
//! Must not import other formats than the reader of separated records.

use std::borrow::Cow;

use super::csv_records::{Dialect, Record, Span};
use super::declared::with_types;
use super::layout_parser::split_port;
use super::scan::{recognition, text, without_bom};
use super::{Chunk, Columns, Format, FormatSpec, OptionSpec, Parser, Recognition, Sample, Tally, Unfit, Unit, numbers};
use crate::data::instants::parse_timestamp;
use crate::data::{DataType, Schema};
use crate::diagnostic::Diagnostic;

/// The format `postgresql_csv`.
pub struct PostgresqlCsv;

/// The fields in their order, with their types. Version 13 added `backend_type`, 14 the last two.
const FIELDS: [(&str, DataType); 26] = [
    ("time", DataType::Timestamp),
    ("user", DataType::String),
    ("database", DataType::String),
    ("pid", DataType::Int),
    ("client", DataType::String),
    ("session_id", DataType::String),
    ("session_line_num", DataType::Int),
    ("command_tag", DataType::String),
    ("session_start_time", DataType::Timestamp),
    ("virtual_transaction_id", DataType::String),
    ("transaction_id", DataType::Int),
    ("level", DataType::String),
    ("sql_state_code", DataType::String),
    ("message", DataType::String),
    ("detail", DataType::String),
    ("hint", DataType::String),
    ("internal_query", DataType::String),
    ("internal_query_pos", DataType::Int),
    ("context", DataType::String),
    ("query", DataType::String),
    ("query_pos", DataType::Int),
    ("location", DataType::String),
    ("app", DataType::String),
    ("backend_type", DataType::String),
    ("leader_pid", DataType::Int),
    ("query_id", DataType::Int),
];
/// Fields of the oldest version that is read.
const LEAST: usize = 23;
const LEVEL: usize = 11;
const CLIENT: usize = 4;

const DIALECT: Dialect = Dialect { separator: b',', quote: Some(b'"'), end: b'\n', escape: None, comment: None };

impl Format for PostgresqlCsv {
    fn name(&self) -> &'static str {
        "postgresql_csv"
    }

    fn title(&self) -> &'static str {
        "PostgreSQL csvlog"
    }

    fn doc(&self) -> &'static str {
        "What PostgreSQL writes with `log_destination = csvlog` (postgresql.org, Using CSV-format log output), of version \
         9 to 17. `connection_from` is `client` and `client_port`, `error_severity` is `level`, `application_name` is \
         `app`; the other fields keep their names."
    }

    fn options(&self) -> &'static [OptionSpec] {
        &[]
    }

    fn examples(&self) -> &'static [&'static str] {
        &[
            "2024-03-01 10:00:00.123 UTC,\"bob\",\"shop\",12,\"192.0.2.7:5678\",5ff25bb2.22,3,\"idle\",2024-03-01 09:59:00 UTC,3/2,0,LOG,00000,\"statement: SELECT 1\",,,,,,,,,\"psql\"",
        ]
    }

    fn is_closed(&self) -> bool {
        true
    }

    fn recognise(&self, sample: &Sample) -> Option<Recognition> {
        let head = text(&sample.head);
        let (mut at, mut records, mut fitting) = (0, 0, 0);
        let mut spans = Vec::new();
        while let Some(record) = next_record(head, at, sample.whole, &mut spans).filter(|_| records < 500) {
            at = record.next;
            if spans.len() == 1 && spans[0].start == spans[0].end {
                continue;
            }
            records += 1;
            fitting += usize::from(record.fault.is_none() && check(head, &spans).is_ok());
        }
        recognition(FormatSpec::new(self.name()), fitting, records, 99, "record", "have the fields of a csvlog")
    }

    fn prepare(&self, spec: &FormatSpec, schema: Option<&Schema>, _: &Sample) -> Result<Box<dyn Parser>, Diagnostic> {
        self.check_options(spec)?;
        let mut own = Schema::of(FIELDS);
        own.fields.insert(CLIENT + 1, crate::data::Field::new("client_port", DataType::Int));
        with_types(schema, &own, |schema| {
            let slots = FIELDS.map(|(name, _)| schema.index(name).unwrap_or(usize::MAX));
            let port = schema.index("client_port").unwrap_or(usize::MAX);
            Ok(Box::new(PostgresqlCsvParser { schema, slots, port }))
        })
    }
}

/// The record at `at`, with its fields; `None` at the end, and for one that is not whole.
fn next_record(text: &str, at: usize, last: bool, spans: &mut Vec<Span>) -> Option<Record> {
    spans.clear();
    if at >= text.len() {
        return None;
    }
    DIALECT.record(text.as_bytes(), at, last, |_, span| spans.push(span))
}

/// The time of a record that is one of a csvlog.
fn check(text: &str, spans: &[Span]) -> Result<i64, String> {
    if !(LEAST..=FIELDS.len()).contains(&spans.len()) {
        return Err(format!("the record has {} fields, a csvlog has {LEAST} to {}", spans.len(), FIELDS.len()));
    }
    let level = &text[spans[LEVEL].start..spans[LEVEL].end];
    if level.is_empty() || !level.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()) {
        return Err("the twelfth field is no severity".to_owned());
    }
    parse_timestamp(&text[spans[0].start..spans[0].end]).ok_or_else(|| "the first field is no time".to_owned())
}

struct PostgresqlCsvParser {
    schema: Schema,
    /// By field, its column.
    slots: [usize; FIELDS.len()],
    port: usize,
}

impl PostgresqlCsvParser {
    fn row(&self, text: &str, spans: &[Span], time: i64, wanted: &[bool], unfit: &mut Unfit, out: &mut dyn Columns) {
        let wants = |slot: usize| wanted.get(slot).copied().unwrap_or(false);
        for ((span, slot), (_, data_type)) in spans.iter().zip(self.slots).zip(&FIELDS) {
            let raw = &text[span.start..span.end];
            if raw.is_empty() || !(wants(slot) || slot == self.slots[CLIENT]) {
                continue;
            }
            let value = if span.doubled { Cow::Owned(raw.replace("\"\"", "\"")) } else { Cow::Borrowed(raw) };
            if slot == self.slots[0] {
                out.timestamp(slot, time);
            } else if slot == self.slots[CLIENT] {
                let (host, port) = split_port(&value);
                if wants(slot) {
                    out.text(slot, host);
                }
                if let (Some(port), true) = (port, wants(self.port)) {
                    out.int(self.port, port);
                }
            } else {
                match data_type {
                    DataType::Int => match numbers::int(value.as_bytes()) {
                        Some(number) => out.int(slot, number),
                        None => unfit.note(slot),
                    },
                    DataType::Timestamp => match parse_timestamp(&value) {
                        Some(micros) => out.timestamp(slot, micros),
                        None => unfit.note(slot),
                    },
                    _ => out.text(slot, &value),
                }
            }
        }
    }
}

impl Parser for PostgresqlCsvParser {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Quotes hold line ends.
    fn is_divisible(&self) -> bool {
        false
    }

    fn cut(&self, bytes: &[u8]) -> usize {
        DIALECT.cut(bytes)
    }

    fn parse(&self, chunk: &Chunk, out: &mut dyn Columns) -> Tally {
        let mut tally = Tally::default();
        let wanted: Vec<bool> = (0..self.schema.len()).map(|column| out.wants(column)).collect();
        let mut unfit = Unfit::new(&self.schema);
        let (text, bom) = without_bom(chunk);
        let (mut at, mut line, mut spans) = (0, chunk.first_line, Vec::new());
        while let Some(record) = next_record(text, at, true, &mut spans) {
            let unit = Unit { line, offset: chunk.offset + (bom + at) as u64 };
            let raw = &text[at..record.end];
            line += memchr::memchr_iter(b'\n', &text.as_bytes()[at..record.next]).count() as u64;
            at = record.next;
            tally.read += 1;
            if super::scan::is_blank(raw) {
                tally.blank += 1;
                continue;
            }
            let checked = match record.fault {
                Some(fault) => Err(fault.to_owned()),
                None => check(text, &spans),
            };
            match checked {
                Ok(time) => {
                    self.row(text, &spans, time, &wanted, &mut unfit, out);
                    unfit.end_row();
                    out.end_row(unit);
                    tally.accepted += 1;
                    tally.rows += 1;
                }
                Err(reason) => {
                    out.quarantine(unit, &reason, raw.as_bytes());
                    tally.quarantined += 1;
                }
            }
        }
        unfit.finish(&self.schema, &mut tally);
        tally
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::recognise;
    use crate::formats::testing::{pieces, prepare, read, read_with, samples};

    #[test]
    fn records_of_several_lines_have_their_columns() {
        let text = "2024-03-01 10:00:00.5 UTC,\"bob\",\"shop\",12,\"192.0.2.7:5678\",5ff.22,3,\"idle\",2024-03-01 09:59:00 UTC,3/2,0,LOG,00000,\"statement: select \"\"a\"\"\n  from b\",,,,,,,,,\"psql\"\n\
                    2024-03-01 10:00:01 UTC,,,1,,5ff.1,1,,2024-03-01 09:59:00 UTC,,0,ERROR,42P01,\"no table\",,,,,,\"select 1\",15,,\"\",\"client backend\",,0\n\
                    not,a,record\n";
        assert_eq!(recognise(&Sample::whole("x.csv", text))[0].format, FormatSpec::new("postgresql_csv"));
        let reading = read(&FormatSpec::new("postgresql_csv"), text);
        assert_eq!((reading.tally.rows, reading.tally.quarantined), (2, 1));
        let value = |row: usize, name: &str| reading.rows[row][reading.schema.index(name).unwrap()].to_json();
        assert_eq!((value(0, "client"), value(0, "client_port")), ("192.0.2.7".into(), 5678.into()));
        assert_eq!((value(0, "message"), value(0, "app")), ("statement: select \"a\"\n  from b".into(), "psql".into()));
        assert_eq!(
            (value(1, "level"), value(1, "query_pos"), value(1, "user")),
            ("ERROR".into(), 15.into(), serde_json::Value::Null)
        );
        assert_eq!(reading.places.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [1, 3]);
        let parser = prepare(&FormatSpec::new("postgresql_csv"), None, text);
        assert_eq!(read_with(parser.as_ref(), &pieces(parser.as_ref(), text, 60)).rows, reading.rows);
    }

    #[test]
    fn real_files_lose_nothing() {
        let Some(folder) = samples() else { return };
        for file in ["autovacuum", "connection-disconnection", "duration", "tempfile"] {
            let text =
                std::fs::read_to_string(folder.join(format!("postgresql/postgresql-11-{file}.csv.log"))).unwrap();
            let found = recognise(&Sample::whole(file, &text));
            assert_eq!(found[0].format.name, "postgresql_csv", "{file}: {found:?}");
            let tally = read(&found[0].format, &text).tally;
            assert!(tally.rows > 0 && tally.quarantined == 0, "{file}: {tally:?}");
        }
    }
}
