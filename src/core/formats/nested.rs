//! A text inside of records that is a line of another format: the message of a syslog line, a string field of JSON lines.
//! It is read by the format that it has itself; the records' own columns stand beside. A text that does not fit stays as it
//! is. Where several programs write the texts, each has a format of its own. Must not import single formats.

mod programs;

use super::declared::with_types;
use super::door::{Door, Keeper, NONE, go_on, hand_over};
use super::payload::from_option;
use super::scan::trial;
use super::{
    Chunk, Columns, Format, FormatSpec, Framing, OptionKind, OptionSpec, Parser, Recognition, Sample, Tally, Unit,
    format,
};
use crate::data::{DataType, Field, Schema, Value};
use crate::diagnostic::Diagnostic;
use programs::program_of;

/// The column of records that tells the program.
const PROGRAM: &str = "app";

/// The option of formats whose records may hold lines of another.
pub const PAYLOAD: OptionSpec = OptionSpec {
    name: "payload",
    kind: OptionKind::Text,
    default: "",
    doc: "the format of the text inside: a name, or name and options as JSON; where several programs write, a list of \
          these, each with its `app`; `auto`: found from the sample; empty: it stays text",
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

/// A format of texts, and the program that writes them; none: all do.
#[derive(Debug, Clone, PartialEq)]
struct Part {
    program: Option<String>,
    format: FormatSpec,
}

/// A part with the texts of a sample that it reads.
struct Sampled {
    part: Part,
    inside: Sample,
}

/// A text without the mark that says what follows it (lumberjack's `@cee:`).
fn bare(text: &str) -> &str {
    text.strip_prefix("@cee:").map_or(text, str::trim_start)
}

/// The texts of a column in a sample, a line each, with the program of each.
fn texts(outer: &dyn Parser, column: &str, sample: &Sample) -> Vec<(Option<String>, String)> {
    let Some(place) = outer.schema().index(column) else { return Vec::new() };
    let programs = outer.schema().index(PROGRAM);
    let rows = trial(outer, sample).1.rows;
    let texts = rows.into_iter().filter_map(|(_, mut row)| {
        let program = programs.and_then(|at| match &row[at] {
            Value::String(app) => Some(program_of(app).to_owned()),
            _ => None,
        });
        match std::mem::replace(&mut row[place], Value::Null) {
            Value::String(text) => {
                Some((program, bare(&text).trim_end_matches(['\r', '\n']).replace(['\r', '\n'], " ")))
            }
            _ => None,
        }
    });
    texts.collect()
}

/// Texts as a sample, as many as are looked at; those of a program where one is given.
fn inside(texts: &[(Option<String>, String)], program: Option<&str>, sample: &Sample) -> Sample {
    let mut head = String::new();
    for (_, text) in texts.iter().filter(|(of, _)| program.is_none() || of.as_deref() == program) {
        if head.len() + text.len() >= LOOKED_AT && !head.is_empty() {
            break;
        }
        head.push_str(text);
        head.push('\n');
    }
    Sample { head: head.into_bytes(), further: Vec::new(), ..sample.clone() }
}

/// The best format of texts, if it is as sure as that.
fn recognise_inside(inside: &Sample, sure: u8) -> Option<Recognition> {
    let formats = super::formats().iter().filter(|format| !NOT_INSIDE.contains(&format.name()));
    let mut found: Vec<Recognition> = formats.filter_map(|format| format.recognise(inside)).collect();
    found.sort_by_key(|found| std::cmp::Reverse(found.score));
    found.into_iter().filter(|found| found.score >= sure).find(|found| {
        let parser = format(&found.format.name).and_then(|format| format.prepare(&found.format, None, inside).ok());
        parser.is_some_and(|parser| parser.framing() == Framing::Cut)
    })
}

/// The formats of a column's texts, with reasons: one of all, or else those of single programs.
fn find_inside(outer: &dyn Parser, column: &str, sample: &Sample) -> Option<(Vec<Part>, String)> {
    let texts = texts(outer, column, sample);
    let titled = |found: &Recognition| {
        let title = format(&found.format.name).map_or("", |format| format.title());
        format!("{title}: {}", found.reasons.join(", "))
    };
    if let Some(found) = recognise_inside(&inside(&texts, None, sample), SURE) {
        let reason = format!("`{column}` holds {}", titled(&found));
        return Some((vec![Part { program: None, format: found.format }], reason));
    }
    let found = programs::recognise(&texts, |program| inside(&texts, Some(program), sample));
    let reasons: Vec<String> =
        found.iter().map(|(program, found)| format!("of `{program}` it is {}", titled(found))).collect();
    let part = |(program, found): (String, Recognition)| Part { program: Some(program), format: found.format };
    let parts: Vec<Part> = found.into_iter().map(part).collect();
    (!parts.is_empty())
        .then(|| (parts, format!("`{column}` holds what several programs write: {}", reasons.join("; "))))
}

/// What was recognised, with the format of what is inside where there is one. The columns that may hold it are tried in
/// turn.
pub fn with_payload(outer: &dyn Format, mut found: Recognition, columns: &[&str], sample: &Sample) -> Recognition {
    let Ok(parser) = outer.prepare(&found.format, None, sample) else { return found };
    for column in columns {
        let is_text = parser.schema().fields.iter().any(|field| field.name == *column && is_text(field));
        let Some((parts, reason)) = is_text.then(|| find_inside(&*parser, column, sample)).flatten() else {
            continue;
        };
        found.reasons.push(reason);
        found.format = found.format.with(PAYLOAD.name, &programs::option_of(&parts));
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
        "auto" => present().find_map(|column| find_inside(&*sampled, column, sample).map(|(parts, _)| (column, parts))),
        named => {
            let parts = programs::of_option(named)?;
            Some((fitting(&*sampled, present(), &parts, sample), parts))
        }
    };
    let Some((column, parts)) = chosen else { return outer.prepare(&plain, schema, sample).map(Some) };
    let texts = texts(&*sampled, column, sample);
    let parts = parts.into_iter().map(|part| Sampled { inside: inside(&texts, part.program.as_deref(), sample), part });
    nest(outer, &plain, schema, sample, (sampled.schema(), column), parts.collect()).map(Some)
}

/// The column whose texts fit a format best; the first one where none does.
fn fitting<'a>(outer: &dyn Parser, columns: impl Iterator<Item = &'a str>, parts: &[Part], sample: &Sample) -> &'a str {
    let accepted = |column: &str| {
        let texts = texts(outer, column, sample);
        let of_part = |part: &Part| {
            let inside = inside(&texts, part.program.as_deref(), sample);
            let parser = format(&part.format.name).and_then(|format| format.prepare(&part.format, None, &inside).ok());
            parser.map_or(0, |parser| trial(&*parser, &inside).0.accepted)
        };
        parts.iter().map(of_part).sum::<u64>()
    };
    let columns: Vec<&str> = columns.collect();
    if let [only] = columns.as_slice() {
        return only;
    }
    let mut best = ("message", 0);
    for (index, column) in columns.into_iter().enumerate() {
        let count = accepted(column);
        if index == 0 || count > best.1 {
            best = (column, count);
        }
    }
    best.0
}

/// A format of texts with what it makes of a sample.
struct Inner {
    sampled: Sampled,
    format: &'static dyn Format,
    parser: Box<dyn Parser>,
}

impl Inner {
    fn of(sampled: Sampled) -> Result<Self, Diagnostic> {
        let spec = &sampled.part.format;
        let Some(format) = format(&spec.name) else {
            return Err(from_option(&spec.name).err().unwrap_or_else(|| {
                Diagnostic::error("PW1121", "the option `payload` names no format").field(PAYLOAD.name)
            }));
        };
        let parser = format.prepare(spec, None, &sampled.inside)?;
        if parser.framing() != Framing::Cut {
            return Err(Diagnostic::error("PW1122", format!("{} cannot be read line by line", format.title()))
                .field(PAYLOAD.name)
                .help("choose a format of lines, such as `json_lines` or `logfmt`"));
        }
        Ok(Self { sampled, format, parser })
    }

    /// The same with columns of these types.
    fn with(mut self, schema: &Schema) -> Result<Self, Diagnostic> {
        if self.parser.schema() != schema {
            self.parser = self.format.prepare(&self.sampled.part.format, Some(schema), &self.sampled.inside)?;
        }
        Ok(self)
    }
}

/// The columns of all formats by the names that they have outside; text where their types differ.
fn united(inners: &[Inner], outside: &impl Fn(&str) -> String) -> Vec<Field> {
    let mut made: Vec<Field> = Vec::new();
    for field in inners.iter().flat_map(|inner| &inner.parser.schema().fields) {
        let name = outside(&field.name);
        match made.iter_mut().find(|known| known.name == name) {
            Some(known) if known.data_type != field.data_type => known.data_type = DataType::String,
            Some(_) => {}
            None => made.push(Field::new(name, field.data_type.clone())),
        }
    }
    made
}

fn nest(
    outer: &dyn Format,
    plain: &FormatSpec,
    schema: Option<&Schema>,
    sample: &Sample,
    (own, column): (&Schema, &str),
    parts: Vec<Sampled>,
) -> Result<Box<dyn Parser>, Diagnostic> {
    let is_own = |name: &str| name != column && own.has(name);
    let is_like_own = |name: &str| is_own(name.trim_start_matches("payload_"));
    let outside = |name: &str| if is_like_own(name) { format!("payload_{name}") } else { name.to_owned() };
    let inners = parts.into_iter().map(Inner::of).collect::<Result<Vec<_>, _>>()?;
    let known = united(&inners, &outside);
    let type_of = |name: &str| known.iter().find(|field| field.name == name).map(|field| &field.data_type);
    // Declared columns that neither sample shows may be of both.
    let declared = || schema.into_iter().flat_map(|schema| &schema.fields).filter(|field| field.name != column);
    let bare_name = |name: &str| name.strip_prefix("payload_").filter(|name| is_like_own(name)).map(str::to_owned);
    let mut outer_schema = own.clone();
    for field in declared().filter(|field| type_of(&field.name).is_none()) {
        match outer_schema.fields.iter_mut().find(|own| own.name == field.name) {
            Some(own) => own.clone_from(field),
            None if bare_name(&field.name).is_none() && outer.is_keyed() => outer_schema.fields.push(field.clone()),
            None => {}
        }
    }
    let inner_schema = |inner: &Inner| {
        let mut made = inner.parser.schema().clone();
        for field in &mut made.fields {
            let name = outside(&field.name);
            let declared = declared().find(|declared| declared.name == name).map(|declared| &declared.data_type);
            // What is inside of a text is one where it has the text's own name.
            let as_text = (name == column).then_some(&DataType::String);
            if let Some(data_type) = as_text.or(declared).or_else(|| type_of(&name)) {
                field.data_type = data_type.clone();
            }
        }
        let is_new = |field: &&Field| type_of(&field.name).is_none() && !own.has(&field.name);
        for field in declared().filter(is_new).filter(|_| inner.format.is_keyed()) {
            let name = bare_name(&field.name).unwrap_or_else(|| field.name.clone());
            if !made.has(&name) {
                made.fields.push(Field::new(name, field.data_type.clone()));
            }
        }
        made
    };
    let outer_parser = outer.prepare(plain, Some(&outer_schema), sample)?;
    let with = |inner: Inner| {
        let schema = inner_schema(&inner);
        inner.with(&schema)
    };
    let inners = inners.into_iter().map(with).collect::<Result<Vec<_>, _>>()?;
    let mut made = outer_parser.schema().clone();
    for field in united(&inners, &outside) {
        if !made.has(&field.name) {
            made.fields.push(field);
        }
    }
    let column = column.to_owned();
    with_types(schema, &made, |schema| {
        let place = |name: &str| schema.index(name).unwrap_or(NONE);
        let reader = |inner: Inner| Reader {
            map: inner.parser.schema().names().map(|name| place(&outside(name))).collect(),
            program: inner.sampled.part.program,
            parser: inner.parser,
        };
        let of_outer = |name: &str| outer_parser.schema().index(name).unwrap_or(NONE);
        let readers: Vec<Reader> = inners.into_iter().map(reader).collect();
        let has_programs = readers.iter().any(|reader| reader.program.is_some());
        Ok(Box::new(NestedParser {
            text: of_outer(&column),
            program: if has_programs { of_outer(PROGRAM) } else { NONE },
            outer_map: outer_parser.schema().names().map(place).collect(),
            outer: outer_parser,
            readers,
            schema,
        }))
    })
}

/// Reads the texts of a program, or of all.
struct Reader {
    program: Option<String>,
    parser: Box<dyn Parser>,
    /// By column of the parser, that of the whole.
    map: Vec<usize>,
}

struct NestedParser {
    schema: Schema,
    outer: Box<dyn Parser>,
    readers: Vec<Reader>,
    /// By column of `outer`, that of `schema`.
    outer_map: Vec<usize>,
    /// The column of `outer` with the text.
    text: usize,
    /// The column of `outer` that tells the program; none: the texts of all are read alike.
    program: usize,
}

impl NestedParser {
    fn is_wanted(&self, out: &dyn Columns) -> bool {
        let columns = self.readers.iter().flat_map(|reader| &reader.map);
        columns.chain(self.outer_map.get(self.text)).any(|at| *at != NONE && out.wants(*at))
    }
}

impl Parser for NestedParser {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn inner(&self) -> Option<&dyn Parser> {
        Some(&*self.outer)
    }

    fn parse(&self, chunk: &Chunk, out: &mut dyn Columns) -> Tally {
        let is_wanted = self.is_wanted(out);
        let inside = Tally::default();
        let mut door = TextDoor { parser: self, out, text: None, reader: None, is_wanted, chunk: *chunk, inside };
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
    /// That of the row's program.
    reader: Option<&'a Reader>,
    /// Whether anything of what is inside is asked for.
    is_wanted: bool,
    chunk: Chunk<'a>,
    /// What was met inside, of its own units but the changes.
    inside: Tally,
}

impl<'a> TextDoor<'a> {
    /// The reader of the row's text.
    fn reader(&mut self) -> Option<&'a Reader> {
        match self.parser.program {
            NONE => self.parser.readers.first(),
            _ => self.reader.take(),
        }
    }

    /// Reads a text; `false`: it is none of the reader's.
    fn read(&mut self, reader: &Reader, text: &str) -> bool {
        let mut kept = Keeper::new(&reader.map, self.out);
        let chunk = Chunk { offset: 1, file_time: self.chunk.file_time, ..Chunk::whole(bare(text)) };
        let tally = reader.parser.parse(&chunk, &mut kept);
        let (mut rows, aside) = (kept.rows, kept.aside);
        let Some((_, cells)) = rows.pop().filter(|_| rows.is_empty() && aside.is_empty() && tally.accepted == 1) else {
            return false;
        };
        for (column, value) in cells {
            hand_over(self.out, column, value);
        }
        self.inside.add(&tally);
        true
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
        if column == self.parser.text || column == self.parser.program && self.is_wanted {
            return self.is_wanted;
        }
        let column = self.at(column);
        column != NONE && self.out.wants(column)
    }
    fn pass_text(&mut self, column: usize, text: &str) {
        if column == self.parser.text {
            self.text = Some(text.to_owned());
            return;
        }
        if column == self.parser.program {
            let program = program_of(text);
            let mut readers = self.parser.readers.iter();
            self.reader = readers.find(|reader| reader.program.as_deref().is_none_or(|name| name == program));
            let at = self.at(column);
            if at == NONE || !self.out.wants(at) {
                return;
            }
        }
        go_on(self, column, |out, column| out.text(column, text));
    }
    fn finish_row(&mut self, unit: Unit) {
        let reader = self.reader();
        if let Some(text) = self.text.take()
            && !reader.is_some_and(|reader| self.read(reader, &text))
        {
            let column = self.at(self.parser.text);
            if column != NONE && self.out.wants(column) {
                self.out.text(column, &text);
            }
        }
        self.out.end_row(unit);
    }
    fn drop_row(&mut self) {
        (self.text, self.reader) = (None, None);
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
        let readers = vec![Reader { program: None, parser: inner, map: Vec::new() }];
        let nested = NestedParser { schema, outer, readers, outer_map: Vec::new(), text: NONE, program: NONE };
        assert_is_before_wholes(&nested);
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
