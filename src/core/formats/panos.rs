//! The format `panos`: Palo Alto firewalls' comma-separated lines, each kind of log with fields of its own, behind a syslog
//! head or without. Must not import other formats than the reader of separated records.

mod fields;

use std::borrow::Cow;

use super::cell::Cell;
use super::columns::Fit;
use super::csv_records::{Dialect, Span};
use super::dates::Years;
use super::declared::with_types;
use super::scan::{is_blank, lines, recognition, sample_lines};
use super::{Chunk, Columns, Format, FormatSpec, OptionSpec, Parser, Recognition, Sample, Tally, Unfit};
use crate::data::instants::{parse_timestamp, timestamp_prefix};
use crate::data::{Field, Schema};
use crate::diagnostic::Diagnostic;
use fields::{HEAD, Kind, LINE, REST, kind_of, type_of};

/// The format `panos`.
pub struct Panos;

const DIALECT: Dialect = Dialect::new(b',', Some(b'"'), b'\n');
/// The field that says which kind of log a line is, counted from the one before the time.
const TYPE: usize = 3;

impl Format for Panos {
    fn name(&self) -> &'static str {
        "panos"
    }

    fn title(&self) -> &'static str {
        "Palo Alto firewall log"
    }

    fn doc(&self) -> &'static str {
        "PAN-OS logs as they are sent to syslog servers and exported (docs.paloaltonetworks.com, Syslog Field \
         Descriptions): TRAFFIC, THREAT, SYSTEM, CONFIG, USERID, HIPMATCH, GLOBALPROTECT, AUTHENTICATION, each with the \
         columns that its fields have there; all of one file stand in one table. `time` is the time at which the log was \
         generated, `client`, `client_port`, `user`, `host`, `duration`, `message`, `method`, `referrer` are src (ip), \
         sport, srcuser (user), device_name, elapsed, opaque (desc), http_method, referer. Times are the firewall's own. \
         Fields that the list does not have come in `rest`, with their commas, and a syslog head in `head`."
    }

    fn examples(&self) -> &'static [&'static str] {
        &[
            "<14>Mar  1 10:00:00 fw1 1,2024/03/01 10:00:00,0123456789,SYSTEM,general,2561,2024/03/01 10:00:00,,general,,0,0,general,informational,\"User admin logged in\",1234,0x0,0,0,0,0,,fw1",
        ]
    }

    fn options(&self) -> &'static [OptionSpec] {
        &[]
    }

    fn recognise(&self, sample: &Sample) -> Option<Recognition> {
        let (mut all, mut fitting, mut spans) = (0, 0, Vec::new());
        for line in sample_lines(sample).take(1000) {
            all += 1;
            fitting += usize::from(Log::read(line, &mut spans).is_ok());
        }
        recognition(FormatSpec::new(self.name()), fitting, all, 99, "line", "are logs of a Palo Alto firewall")
    }

    fn prepare(
        &self,
        spec: &FormatSpec,
        schema: Option<&Schema>,
        sample: &Sample,
    ) -> Result<Box<dyn Parser>, Diagnostic> {
        self.check_options(spec)?;
        with_types(schema, &sampled_schema(sample), |schema| Ok(Box::new(PanosParser::new(schema))))
    }
}

/// The columns of the kinds of logs in a sample; those of all kinds where it has none.
fn sampled_schema(sample: &Sample) -> Schema {
    let mut names: Vec<&str> = LINE.to_vec();
    let mut spans = Vec::new();
    let mut met: Vec<&Kind> = Vec::new();
    let (mut has_rest, mut has_head) = (false, false);
    for line in sample_lines(sample) {
        let Ok(log) = Log::read(line, &mut spans) else { continue };
        if !met.iter().any(|kind| kind.name == log.kind.name) {
            met.push(log.kind);
        }
        has_head |= !log.head.is_empty();
        has_rest |= spans.len() > TYPE + 1 + log.kind.fields().count();
    }
    if met.is_empty() {
        met = fields::KINDS.iter().collect();
        (has_rest, has_head) = (true, true);
    }
    for name in met.iter().flat_map(|kind| kind.fields()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.extend(has_rest.then_some(REST));
    names.extend(has_head.then_some(HEAD));
    const FIRST: [&str; 5] = ["time", "client", "client_port", "user", "host"];
    names.sort_by_key(|name| FIRST.iter().position(|first| first == name).unwrap_or(FIRST.len()));
    Schema::new(names.into_iter().map(|name| Field::new(name, type_of(name))).collect())
}

/// A line that is a log.
struct Log<'a> {
    kind: &'static Kind,
    /// What stands before the fields.
    head: &'a str,
    /// The line from its first field on, in which the spans lie.
    text: &'a str,
}

impl<'a> Log<'a> {
    /// Errors: why it is none.
    fn read(line: &'a str, spans: &mut Vec<Span>) -> Result<Self, &'static str> {
        const NONE: &str = "no PAN-OS fields: a number, a time, a serial number, a kind of log";
        let comma = line.find(',').ok_or(NONE)?;
        // Before the first field stands a blank, where a syslog head stands before it.
        let start = line[..comma].rfind(' ').map_or(0, |blank| blank + 1);
        if !head_is_syslog(&line[..start]) {
            return Err(NONE);
        }
        let text = &line[start..];
        spans.clear();
        let record = DIALECT.record(text.as_bytes(), 0, true, |_, span| spans.push(span)).ok_or(NONE)?;
        if let Some(fault) = record.fault {
            return Err(fault);
        }
        let field = |index: usize| spans.get(index).map_or("", |span| &text[span.start..span.end]);
        let is_log =
            field(0).bytes().all(|byte| byte.is_ascii_digit()) && timestamp_prefix(field(1).as_bytes()).is_some();
        if !is_log {
            return Err(NONE);
        }
        Ok(Self {
            kind: kind_of(field(TYPE)).ok_or("an unknown kind of PAN-OS log")?,
            head: line[..start].trim_end(),
            text,
        })
    }
}

/// Whether what stands before the first field is nothing, or a priority, a time and a host.
fn head_is_syslog(head: &str) -> bool {
    let rest = head.strip_prefix('<').and_then(|rest| rest.split_once('>')).map_or(head, |(_, rest)| rest);
    let rest = rest.strip_prefix("1 ").unwrap_or(rest);
    rest.trim().is_empty()
        || Years::of(0).rfc3164_prefix(rest.as_bytes()).is_some()
        || timestamp_prefix(rest.as_bytes()).is_some()
}

struct PanosParser {
    schema: Schema,
    cells: Vec<Cell>,
    /// By kind, the columns of its fields.
    slots: Vec<Vec<usize>>,
    rest: usize,
    head: usize,
}

impl PanosParser {
    fn new(schema: Schema) -> Self {
        let place = |name: &str| schema.index(name).unwrap_or(usize::MAX);
        let of_kind = |kind: &Kind| LINE.into_iter().chain(kind.fields()).map(place).collect();
        Self {
            slots: fields::KINDS.iter().map(of_kind).collect(),
            cells: schema.fields.iter().map(|field| Cell::of(&field.data_type)).collect(),
            rest: place(REST),
            head: place(HEAD),
            schema,
        }
    }

    fn row(&self, log: &Log, spans: &[Span], wanted: &[bool], unfit: &mut Unfit, out: &mut dyn Columns) {
        let kind = fields::KINDS.iter().position(|kind| kind.name == log.kind.name).unwrap_or(0);
        let slots = &self.slots[kind];
        for (span, slot) in spans.iter().zip(slots) {
            let raw = &log.text[span.start..span.end];
            if raw.is_empty() || !wanted.get(*slot).copied().unwrap_or(false) {
                continue;
            }
            let value = if span.doubled { Cow::Owned(raw.replace("\"\"", "\"")) } else { Cow::Borrowed(raw) };
            let field = &self.schema.fields[*slot];
            let fit = match parse_timestamp(&value).filter(|_| field.name == "time") {
                Some(micros) => {
                    out.timestamp(*slot, micros);
                    Fit::Kept
                }
                None => self.cells[*slot].read(&value, *slot, field, out),
            };
            unfit.note_fit(*slot, fit);
        }
        if !log.head.is_empty() && wanted.get(self.head).copied().unwrap_or(false) {
            out.text(self.head, log.head);
        }
        if let Some(first) = spans.get(slots.len()).filter(|_| wanted.get(self.rest).copied().unwrap_or(false)) {
            let rest = log.text[first.start - usize::from(first.quoted)..].trim_end_matches(',');
            if !rest.is_empty() {
                out.text(self.rest, rest);
            }
        }
    }
}

impl Parser for PanosParser {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn parse(&self, chunk: &Chunk, out: &mut dyn Columns) -> Tally {
        let mut tally = Tally::default();
        let wanted: Vec<bool> = (0..self.schema.len()).map(|column| out.wants(column)).collect();
        let mut unfit = Unfit::new(&self.schema);
        let mut spans = Vec::new();
        for (unit, line) in lines(chunk) {
            tally.read += 1;
            if is_blank(line) {
                tally.blank += 1;
                continue;
            }
            match Log::read(line, &mut spans) {
                Ok(log) => {
                    self.row(&log, &spans, &wanted, &mut unfit, out);
                    unfit.end_row();
                    out.end_row(unit);
                    tally.accepted += 1;
                    tally.rows += 1;
                }
                Err(reason) => {
                    out.quarantine(unit, reason, line.as_bytes());
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
    use crate::formats::testing::{read, sample};

    #[test]
    fn each_kind_has_its_columns_in_one_table() {
        let traffic = "<14>1 2024-03-01T10:00:00Z fw1 1,2024/03/01 10:00:00,012345678901,TRAFFIC,end,2561,2024/03/01 09:59:58,192.0.2.7,198.51.100.9,0.0.0.0,0.0.0.0,\"allow, all\",shop\\bob,,web-browsing,vsys1,trust,untrust,ethernet1/2,ethernet1/1,fwd,2024/03/01 09:59:59,11449,1,59324,443,0,0,0x1c,tcp,allow,780,300,480,12,2024/03/01 09:59:50,7,any,0,99,0x0,DE,US,0,6,6,tcp-fin,0,0,0,0,,fw1,from-policy\n";
        let system = Panos.examples()[0];
        let text = format!("{traffic}{system}\n1,2024/03/01 10:00:00,0,NEWKIND,x\nno log, at all\n");
        let found = recognise(&Sample::whole("fw.log", &format!("{traffic}{system}\n")));
        assert_eq!((found[0].format.name.as_str(), found[0].score), ("panos", 99), "{found:?}");
        let reading = read(&FormatSpec::new("panos"), &text);
        let value = |row: usize, name: &str| reading.rows[row][reading.schema.index(name).unwrap()].to_json();
        let of = |row: usize, names: &[&str]| {
            serde_json::Value::from_iter(names.iter().map(|name| value(row, name))).to_string()
        };
        let names = ["time", "client", "client_port", "user", "host", "rule", "bytes", "duration", "start", "serial"];
        assert_eq!(
            of(0, &names),
            r#"["2024-03-01T09:59:58Z","192.0.2.7",59324,"shop\\bob","fw1","allow, all",780,7.0,"2024-03-01T09:59:50Z","012345678901"]"#
        );
        assert_eq!(
            of(1, &["type", "message", "severity", "bytes"]),
            r#"["SYSTEM","User admin logged in","informational",null]"#
        );
        let reasons: Vec<&str> = reading.quarantined.iter().map(|(_, reason, _)| reason.as_str()).collect();
        assert_eq!(
            reasons,
            ["an unknown kind of PAN-OS log", "no PAN-OS fields: a number, a time, a serial number, a kind of log"]
        );
    }

    #[test]
    fn real_files_agree_with_another_reading() {
        for file in ["pan_inc_traffic.log", "traffic_nanos_time.log", "userid.log"] {
            let Some(path) = sample(&format!("panos-csv/{file}")) else { return };
            let text = std::fs::read_to_string(&path).unwrap();
            let found = recognise(&Sample::whole(file, &text));
            assert_eq!(found[0].format.name, "panos", "{file}: {found:?}");
            let reading = read(&found[0].format, &text);
            assert!(reading.tally.rows > 0 && reading.tally.quarantined == 0, "{file}: {:?}", reading.tally);
            assert_eq!(reading.tally.changes.unfit.len(), 0, "{file}: {:?}", reading.tally.changes);
            let Ok(expected) = std::fs::read_to_string(format!("{}.expected.jsonl", path.display())) else { continue };
            for (row, line) in reading.rows.iter().zip(expected.lines()) {
                let expected: serde_json::Value = serde_json::from_str(line).unwrap();
                let ours =
                    |name: &str| reading.schema.index(name).map(|column| row[column].to_json()).unwrap_or_default();
                for (name, theirs) in [
                    ("client", "source.address"),
                    ("seqno", "panw.panos.sequence_number"),
                    ("from", "panw.panos.source.zone"),
                    ("rule", "panw.panos.ruleset"),
                    ("natdport", "panw.panos.destination.nat.port"),
                    ("session_end_reason", "panw.panos.endreason"),
                    ("category", "panw.panos.url.category"),
                    ("datasource", "panw.panos.datasource"),
                    ("ugflags", "panw.panos.ugflags"),
                    ("factorno", "panw.panos.factorno"),
                ] {
                    let theirs = &expected[theirs];
                    assert!(theirs.is_null() || ours(name) == *theirs, "{file}: {name} {} {theirs}", ours(name));
                }
            }
        }
    }
}
