//! A text inside of records that is a line of another format: the message of a syslog line, a string field of JSON lines.
//! It is read by the format that it has itself; the records' own columns stand beside. A text that does not fit stays as it
//! is. Must not import single formats.

use super::declared::with_types;
use super::door::{Door, Keeper, NONE, go_on, hand_over};
use super::payload::{as_option, from_option};
use super::scan::trial;
use super::{
    Chunk, Columns, Format, FormatSpec, Framing, OptionKind, OptionSpec, Parser, Recognition, Sample, Tally, Unit,
    format,
};
use crate::data::{DataType, Field, Schema, Value};
use crate::diagnostic::Diagnostic;

/// The option of formats whose records may hold lines of another.
pub const PAYLOAD: OptionSpec = OptionSpec {
    name: "payload",
    kind: OptionKind::Text,
    default: "",
    doc: "the format of the text inside: a name, or name and options as JSON; `auto`: found from the sample; empty: \
          it stays text",
};

/// Formats of which a text inside is never taken for one: they fit anything, need a header, or are envelopes.
const NOT_INSIDE: [&str; 21] = [
    "lines",
    "pattern",
    "mixed",
    "level_log",
    "csv",
    "ini",
    "prometheus",
    "influx",
    "w3c",
    "zeek",
    "cri",
    "docker_json",
    "docker_compose",
    "kubernetes_log",
    "timed_lines",
    "heroku",
    "fly",
    "cloud_foundry",
    "aws_logs_tail",
    "syslog_3164",
    "syslog_5424",
];
/// The score (of 100) from which a text inside is read as what it seems to be.
const SURE: u8 = 70;
/// Bytes of texts that are looked at.
const LOOKED_AT: usize = 64 << 10;

/// The texts of a column in a sample, a line each.
fn inside(outer: &dyn Parser, column: &str, sample: &Sample) -> Sample {
    let mut head = String::new();
    if let Some(place) = outer.schema().index(column) {
        let (_, found) = trial(outer, sample);
        for (_, row) in found.rows {
            let Value::String(text) = &row[place] else { continue };
            head.push_str(&text.trim_end_matches(['\r', '\n']).replace(['\r', '\n'], " "));
            head.push('\n');
        }
    }
    Sample { head: head.into_bytes(), further: Vec::new(), ..sample.clone() }
}

/// The best format of texts, if it is sure.
fn recognise_inside(mut inside: Sample) -> Option<Recognition> {
    if inside.head.len() > LOOKED_AT {
        let end = memchr::memrchr(b'\n', &inside.head[..LOOKED_AT]).map_or(0, |last| last + 1);
        inside.head.truncate(end);
    }
    let formats = super::formats().iter().filter(|format| !NOT_INSIDE.contains(&format.name()));
    let mut found: Vec<Recognition> = formats.filter_map(|format| format.recognise(&inside)).collect();
    found.sort_by_key(|found| std::cmp::Reverse(found.score));
    found.into_iter().filter(|found| found.score >= SURE).find(|found| {
        let parser = format(&found.format.name).and_then(|format| format.prepare(&found.format, None, &inside).ok());
        parser.is_some_and(|parser| parser.framing() == Framing::Cut)
    })
}

/// What was recognised, with the format of what is inside where there is one. The columns that may hold it are tried in
/// turn.
pub fn with_payload(outer: &dyn Format, mut found: Recognition, columns: &[&str], sample: &Sample) -> Recognition {
    let Ok(parser) = outer.prepare(&found.format, None, sample) else { return found };
    for column in columns {
        let is_text = parser.schema().fields.iter().any(|field| field.name == *column && is_text(field));
        let Some(inner) = is_text.then(|| recognise_inside(inside(&*parser, column, sample))).flatten() else {
            continue;
        };
        let title = format(&inner.format.name).map_or("", |format| format.title());
        found.reasons.push(format!("`{column}` holds {title}: {}", inner.reasons.join(", ")));
        found.format = found.format.with(PAYLOAD.name, &as_option(&inner.format));
        return found;
    }
    found
}

fn is_text(field: &Field) -> bool {
    field.data_type == DataType::String
}

/// The parser with what is inside; `None`: the option names nothing, the format is as it is.
pub fn prepare(
    outer: &dyn Format,
    spec: &FormatSpec,
    schema: Option<&Schema>,
    sample: &Sample,
    columns: &[&str],
) -> Result<Option<Box<dyn Parser>>, Diagnostic> {
    let Some(option) = spec.option(PAYLOAD.name).filter(|option| !option.is_empty()) else { return Ok(None) };
    outer.check_options(spec)?;
    let mut plain = spec.clone();
    plain.options.remove(PAYLOAD.name);
    let sampled = outer.prepare(&plain, None, sample)?;
    // The first column that is there, and of `auto` the first in which something is found.
    let present = || columns.iter().copied().filter(|column| sampled.schema().index(column).is_some());
    let chosen = match option {
        "auto" => present()
            .find_map(|column| recognise_inside(inside(&*sampled, column, sample)).map(|found| (column, found.format))),
        named => Some((fitting(&*sampled, present(), &from_option(named)?, sample), from_option(named)?)),
    };
    let Some((column, payload)) = chosen else { return outer.prepare(&plain, schema, sample).map(Some) };
    nest(outer, &plain, schema, sample, (sampled.schema(), column), &payload, &inside(&*sampled, column, sample))
        .map(Some)
}

/// The column whose texts fit a format best; the first one where none does.
fn fitting<'a>(
    outer: &dyn Parser,
    columns: impl Iterator<Item = &'a str>,
    payload: &FormatSpec,
    sample: &Sample,
) -> &'a str {
    let accepted = |column: &str| {
        let inside = inside(outer, column, sample);
        let parser = format(&payload.name).and_then(|format| format.prepare(payload, None, &inside).ok());
        parser.map_or(0, |parser| trial(&*parser, &inside).0.accepted)
    };
    let mut best = ("message", 0);
    for (index, column) in columns.enumerate() {
        let count = accepted(column);
        if index == 0 || count > best.1 {
            best = (column, count);
        }
    }
    best.0
}

fn nest(
    outer: &dyn Format,
    plain: &FormatSpec,
    schema: Option<&Schema>,
    sample: &Sample,
    (own, column): (&Schema, &str),
    payload: &FormatSpec,
    inside: &Sample,
) -> Result<Box<dyn Parser>, Diagnostic> {
    let Some(inner_format) = format(&payload.name) else {
        return Err(from_option(&payload.name).err().unwrap_or_else(|| {
            Diagnostic::error("PW1121", "the option `payload` names no format").field(PAYLOAD.name)
        }));
    };
    let is_own = |name: &str| name != column && own.has(name);
    let is_like_own = |name: &str| is_own(name.trim_start_matches("payload_"));
    let outside = |name: &str| if is_like_own(name) { format!("payload_{name}") } else { name.to_owned() };
    let sampled = inner_format.prepare(payload, None, inside)?;
    if sampled.framing() != Framing::Cut {
        return Err(Diagnostic::error("PW1122", format!("{} cannot be read line by line", inner_format.title()))
            .field(PAYLOAD.name)
            .help("choose a format of lines, such as `json_lines` or `logfmt`"));
    }
    // Declared columns that neither sample shows may be of both.
    let declared = || schema.into_iter().flat_map(|schema| &schema.fields).filter(|field| field.name != column);
    let mut outer_schema = own.clone();
    let mut inner_schema = sampled.schema().clone();
    let known: Vec<String> = inner_schema.names().map(outside).collect();
    for field in declared() {
        let bare = field.name.strip_prefix("payload_").filter(|name| is_like_own(name));
        let is_inner = known.contains(&field.name);
        let name = bare.unwrap_or(&field.name);
        match outer_schema.fields.iter_mut().find(|own| own.name == field.name) {
            Some(own) if !is_inner => own.clone_from(field),
            None if !is_inner && bare.is_none() && outer.is_keyed() => outer_schema.fields.push(field.clone()),
            _ => {}
        }
        let place = inner_schema.fields.iter_mut().find(|inner| inner.name == name);
        match place {
            Some(inner) if is_inner => inner.data_type = field.data_type.clone(),
            None if inner_format.is_keyed() && !own.has(&field.name) => {
                inner_schema.fields.push(Field::new(name, field.data_type.clone()));
            }
            _ => {}
        }
    }
    let given = schema.is_some();
    let outer_parser = outer.prepare(plain, Some(&outer_schema), sample)?;
    let inner = if given { inner_format.prepare(payload, Some(&inner_schema), inside)? } else { sampled };
    let mut made = outer_parser.schema().clone();
    for field in &inner.schema().fields {
        let name = outside(&field.name);
        if !made.has(&name) {
            made.fields.push(Field::new(name, field.data_type.clone()));
        }
    }
    let column = column.to_owned();
    with_types(schema, &made, |schema| {
        let place = |name: &str| schema.index(name).unwrap_or(NONE);
        Ok(Box::new(NestedParser {
            text: outer_parser.schema().index(&column).unwrap_or(NONE),
            outer_map: outer_parser.schema().names().map(place).collect(),
            inner_map: inner.schema().names().map(|name| place(&outside(name))).collect(),
            outer: outer_parser,
            inner,
            schema,
        }))
    })
}

struct NestedParser {
    schema: Schema,
    outer: Box<dyn Parser>,
    inner: Box<dyn Parser>,
    /// By column of each, that of `schema`.
    outer_map: Vec<usize>,
    inner_map: Vec<usize>,
    /// The column of `outer` with the text.
    text: usize,
}

impl Parser for NestedParser {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn inner(&self) -> Option<&dyn Parser> {
        Some(&*self.outer)
    }

    fn parse(&self, chunk: &Chunk, out: &mut dyn Columns) -> Tally {
        let is_wanted =
            self.inner_map.iter().chain(self.outer_map.get(self.text)).any(|at| *at != NONE && out.wants(*at));
        let mut door = TextDoor { parser: self, out, text: None, is_wanted, chunk: *chunk, inside: Tally::default() };
        let mut tally = self.outer.parse(chunk, &mut door);
        let inside = door.inside;
        tally.guessed_years += inside.guessed_years;
        tally.changes.add(&inside.changes);
        for (key, count) in inside.unknown_keys {
            *tally.unknown_keys.entry(key).or_default() += count;
        }
        tally
    }
}

/// The columns as the records' parser sees them; at a row's end what is inside is read.
struct TextDoor<'a> {
    parser: &'a NestedParser,
    out: &'a mut dyn Columns,
    text: Option<String>,
    /// Whether anything of what is inside is asked for.
    is_wanted: bool,
    chunk: Chunk<'a>,
    /// What was met inside, of its own units but the changes.
    inside: Tally,
}

impl TextDoor<'_> {
    fn read(&mut self, text: &str) {
        let mut kept = Keeper::new(&self.parser.inner_map, self.out);
        let chunk = Chunk { offset: 1, file_time: self.chunk.file_time, ..Chunk::whole(text) };
        let tally = self.parser.inner.parse(&chunk, &mut kept);
        let (mut rows, aside) = (kept.rows, kept.aside);
        match rows.pop().filter(|_| rows.is_empty() && aside.is_empty() && tally.accepted == 1) {
            Some((_, cells)) => {
                for (column, value) in cells {
                    hand_over(self.out, column, value);
                }
                self.inside.add(&tally);
            }
            None => {
                let column = self.at(self.parser.text);
                if column != NONE && self.out.wants(column) {
                    self.out.text(column, text);
                }
            }
        }
    }
}

impl Door for TextDoor<'_> {
    fn out(&self) -> &dyn Columns {
        self.out
    }
    fn out_mut(&mut self) -> &mut dyn Columns {
        self.out
    }
    fn map(&self) -> &[usize] {
        &self.parser.outer_map
    }
    fn is_wanted(&self, column: usize) -> bool {
        if column == self.parser.text {
            return self.is_wanted;
        }
        let column = self.at(column);
        column != NONE && self.out.wants(column)
    }
    fn pass_text(&mut self, column: usize, text: &str) {
        match column == self.parser.text {
            true => self.text = Some(text.to_owned()),
            false => go_on(self, column, |out, column| out.text(column, text)),
        }
    }
    fn finish_row(&mut self, unit: Unit) {
        if let Some(text) = self.text.take() {
            self.read(&text);
        }
        self.out.end_row(unit);
    }
    fn drop_row(&mut self) {
        self.text = None;
        self.out.abandon_row();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::recognise;
    use crate::formats::testing::{OfWholes, assert_is_before_wholes, pieces, prepare, read, read_as, read_with};

    const SYSLOG: &str = "<14>Mar  1 10:00:00 web1 api[7]: {\"level\":\"info\",\"message\":\"started\",\"host\":\"x\",\"n\":1}\n\
        <14>Mar  1 10:00:01 web1 api[7]: {\"level\":\"warn\",\"message\":\"slow\",\"host\":\"y\",\"n\":2}\n\
        <14>Mar  1 10:00:02 web1 api[7]: {\"level\":\"warn\",\"message\":\"slow\",\"n\":3}\n\
        <14>Mar  1 10:00:03 web1 api[7]: {\"level\":\"info\",\"message\":\"done\",\"n\":\"x\"}\n\
        <14>Mar  1 10:00:04 web1 cron[9]: plain text\n";

    #[test]
    fn a_message_is_read_by_its_own_format_and_stays_where_it_does_not_fit() {
        let found = recognise(&Sample::whole("syslog", SYSLOG));
        let spec = FormatSpec::new("syslog_3164").with("payload", "json_lines");
        assert_eq!(found[0].format, spec, "{found:?}");
        assert!(found[0].reasons[1].starts_with("`message` holds JSON lines"), "{:?}", found[0].reasons);
        let reading = read(&spec, SYSLOG);
        let names: Vec<&str> = reading.schema.names().collect();
        assert_eq!(
            names,
            ["time", "host", "app", "pid", "message", "facility", "severity", "level", "payload_host", "n"]
        );
        let rows: Vec<String> = reading
            .rows
            .iter()
            .map(|row| serde_json::to_string(&[&row[1], &row[4], &row[7], &row[8], &row[9]]).unwrap())
            .collect();
        assert_eq!(
            rows,
            [
                r#"["web1","started","info","x","1"]"#,
                r#"["web1","slow","warn","y","2"]"#,
                r#"["web1","slow","warn",null,"3"]"#,
                r#"["web1","done","info",null,"x"]"#,
                r#"["web1","plain text",null,null,null]"#,
            ]
        );
        let parser = prepare(&spec, None, SYSLOG);
        assert_eq!(read_with(parser.as_ref(), &pieces(parser.as_ref(), SYSLOG, 50)).rows, reading.rows);
        // Without the option it is as it was.
        let plain = read(&FormatSpec::new("syslog_3164"), SYSLOG);
        assert_eq!((plain.schema.len(), plain.rows[4][4].to_json()), (7, "plain text".into()));
    }

    #[test]
    fn a_string_of_json_is_read_by_its_own_format() {
        let line = |n: usize| {
            format!(
                "{{\"log\":\"10.0.0.{n} - - [01/Mar/2024:10:00:0{n} +0000] \\\"GET /a HTTP/1.1\\\" 200 1{n} \\\"-\\\" \\\"x\\\"\",\"time\":\"2024-03-01T10:00:00Z\",\"pod\":\"p\"}}\n"
            )
        };
        let text: String = (1..6).map(line).collect();
        let found = recognise(&Sample::whole("x", &text));
        assert_eq!(found[0].format, FormatSpec::new("json_lines").with("payload", "nginx_access"), "{found:?}");
        let reading = read(&found[0].format, &text);
        let value = |name: &str| reading.rows[1][reading.schema.index(name).unwrap()].to_json();
        assert_eq!((value("pod"), value("client"), value("bytes")), ("p".into(), "10.0.0.2".into(), 12.into()));
        assert_eq!(value("payload_time"), "2024-03-01T10:00:02Z");
        assert_eq!(value("log"), serde_json::Value::Null);
        // What a design declares is what is read, in its order and types.
        let declared = Schema::of([("bytes", DataType::String), ("pod", DataType::String), ("status", DataType::Int)]);
        assert_eq!(read_as(&found[0].format, &declared, &text).json()[1], r#"["12","p",200]"#);
    }

    #[test]
    fn a_payload_that_is_none_is_told() {
        let fault = |payload: &str| {
            let spec = FormatSpec::new("syslog_5424").with("payload", payload);
            format("syslog_5424").unwrap().prepare(&spec, None, &Sample::default()).err().map(|fault| fault.code)
        };
        assert_eq!(fault("no_such_format").as_deref(), Some("PW1121"));
        assert_eq!(fault("json_document").as_deref(), Some("PW1122"));
        assert_eq!(fault("auto"), None);
        assert_eq!(fault(""), None);
    }

    #[test]
    fn the_records_say_how_files_are_cut_and_judged() {
        let (schema, inner) = (Schema::default(), prepare(&FormatSpec::new("lines"), None, "x"));
        let outer = Box::new(OfWholes(schema.clone()));
        let (outer_map, inner_map) = (Vec::new(), Vec::new());
        assert_is_before_wholes(&NestedParser { schema, outer, inner, outer_map, inner_map, text: NONE });
    }

    #[test]
    fn prose_in_messages_stays_text() {
        for text in [
            "Mar  1 10:00:00 web1 sshd[7]: Accepted publickey for bob from 192.0.2.7 port 22\n".repeat(4),
            "{\"message\":\"user bob signed in\",\"n\":1}\n".repeat(4),
        ] {
            assert_eq!(recognise(&Sample::whole("x", &text))[0].format.option("payload"), None, "{text}");
        }
    }
}
