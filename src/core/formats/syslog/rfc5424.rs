//! The format `syslog_5424`: `<34>1 2003-10-11T22:14:15.003Z host app pid msgid [id key="value"] message`.

use std::fmt::Write as _;

use super::{Priority, slots, split_priority};
use crate::data::instants::{is_finer, parse_timestamp};
use crate::data::{DataType, Schema};
use crate::diagnostic::Diagnostic;
use crate::formats::declared::with_types;
use crate::formats::events::{Event, cut_events, is_indented, read_events};
use crate::formats::keys::Withheld;
use crate::formats::nested::{self, PAYLOAD, with_payload};
use crate::formats::scan::{recognition, sample_lines};
use crate::formats::{
    Change, Chunk, Columns, Format, FormatSpec, OptionSpec, Parser, Recognition, Sample, Tally, numbers,
};

/// The format `syslog_5424`.
pub struct Syslog5424;

const COLUMNS: [(&str, DataType); 11] = [
    ("time", DataType::Timestamp),
    ("host", DataType::String),
    ("app", DataType::String),
    ("pid", DataType::Int),
    ("message", DataType::String),
    ("facility", DataType::String),
    ("severity", DataType::String),
    ("version", DataType::Int),
    ("proc_id", DataType::String),
    ("msg_id", DataType::String),
    ("structured_data", DataType::String),
];

impl Format for Syslog5424 {
    fn name(&self) -> &'static str {
        "syslog_5424"
    }

    fn title(&self) -> &'static str {
        "Syslog (RFC 5424)"
    }

    fn doc(&self) -> &'static str {
        "Syslog with version, full time stamp and structured data, which comes as JSON text: \
         `{\"id\":{\"key\":\"value\"}}`; what is secret by its key is left out of it and counted. A process id that \
         is a number is `pid`, any other `proc_id`. What is no structured data as the standard has it stays in the \
         message. A message that is a line of another log is read by the format that `payload` names. \
         Lines that begin with white space continue the message before them."
    }

    fn examples(&self) -> &'static [&'static str] {
        &["<34>1 2024-03-01T10:00:00.123Z web1 sshd 12 ID47 [origin@1 ip=\"192.0.2.7\"] Accepted publickey for bob"]
    }

    fn options(&self) -> &'static [OptionSpec] {
        &[PAYLOAD]
    }

    fn is_closed(&self) -> bool {
        true
    }

    fn recognise(&self, sample: &Sample) -> Option<Recognition> {
        let lines = || sample_lines(sample).filter(|line| !is_indented(line));
        let fitting = lines().filter(|line| Message::read(line, line).is_ok()).count();
        let spec = FormatSpec::new("syslog_5424");
        let found = recognition(spec, fitting, lines().count(), 97, "line", "have the header of RFC 5424 syslog")?;
        Some(with_payload(self, found, &["message"], sample))
    }

    fn prepare(
        &self,
        spec: &FormatSpec,
        schema: Option<&Schema>,
        sample: &Sample,
    ) -> Result<Box<dyn Parser>, Diagnostic> {
        if let Some(parser) = nested::prepare(self, spec, schema, sample, &["message"])? {
            return Ok(parser);
        }
        self.check_options(spec)?;
        with_types(schema, &Schema::of(COLUMNS), |schema| {
            let slots = slots(&schema, COLUMNS.map(|(name, _)| name));
            Ok(Box::new(Syslog5424Parser { schema, slots }))
        })
    }
}

struct Syslog5424Parser {
    schema: Schema,
    /// In the order of `COLUMNS`.
    slots: [usize; 11],
}

impl Parser for Syslog5424Parser {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn cut(&self, bytes: &[u8]) -> usize {
        cut_events(bytes, is_indented)
    }

    fn parse(&self, chunk: &Chunk, out: &mut dyn Columns) -> Tally {
        let wanted = self.slots.map(|slot| slot != usize::MAX && out.wants(slot));
        let mut kept = Kept::default();
        let read = |event: &Event, out: &mut dyn Columns| self.event(event, wanted, &mut kept, out);
        let mut tally = read_events(chunk, out, is_indented, read);
        kept.withheld.finish(&mut tally);
        if let Some(field) = self.schema.fields.get(self.slots[0]) {
            tally.changes.note(Change::Cut, &field.name, kept.cut);
        }
        tally
    }
}

/// What goes from one event to the next.
#[derive(Default)]
struct Kept {
    json: String,
    withheld: Withheld,
    /// Times that were cut to microseconds.
    cut: u64,
}

impl Syslog5424Parser {
    fn event(&self, event: &Event, wanted: [bool; 11], kept: &mut Kept, out: &mut dyn Columns) -> Result<(), String> {
        let found = Message::read(event.first, event.text)?;
        let pid = found.proc_id.and_then(|text| numbers::int(text.as_bytes()));
        for (column, value) in [
            (1, found.host),
            (2, found.app),
            (4, found.message),
            (5, found.priority.map(Priority::facility)),
            (6, found.priority.map(Priority::severity)),
            (8, found.proc_id.filter(|_| pid.is_none())),
            (9, found.msg_id),
        ] {
            if let (Some(value), true) = (value, wanted[column]) {
                out.text(self.slots[column], value);
            }
        }
        for (column, value) in [(3, pid), (7, Some(found.version))] {
            if let (Some(value), true) = (value, wanted[column]) {
                out.int(self.slots[column], value);
            }
        }
        if let (Some(micros), true) = (found.time, wanted[0]) {
            out.timestamp(self.slots[0], micros);
            kept.cut += u64::from(found.is_cut);
        }
        if let (Some(data), true) = (found.data, wanted[10]) {
            write_json(data, &mut kept.json, &mut kept.withheld);
            out.text(self.slots[10], &kept.json);
        }
        Ok(())
    }
}

/// One message; `-` is `None`.
struct Message<'a> {
    priority: Option<Priority>,
    version: i64,
    time: Option<i64>,
    /// It is written finer than a microsecond.
    is_cut: bool,
    host: Option<&'a str>,
    app: Option<&'a str>,
    proc_id: Option<&'a str>,
    msg_id: Option<&'a str>,
    /// Its elements, brackets included.
    data: Option<&'a str>,
    message: Option<&'a str>,
}

impl<'a> Message<'a> {
    /// `line` is the first line, `text` the whole event, which begins with it.
    fn read(line: &'a str, text: &'a str) -> Result<Self, String> {
        let (priority, rest) = split_priority(line)?;
        let (version, rest) = rest.split_once(' ').ok_or("no version after the priority")?;
        let version = numbers::int(version.as_bytes())
            .filter(|number| (1..1000).contains(number))
            .ok_or("the version after the priority is not a number")?;
        let mut fields = [None; 5];
        let mut rest = rest;
        for (field, name) in fields.iter_mut().zip(["time", "host", "app", "proc_id", "msg_id"]) {
            let (value, after) = rest.split_once(' ').ok_or_else(|| format!("the header ends at `{name}`"))?;
            *field = Some(value).filter(|value| *value != "-");
            rest = after;
        }
        let [time, host, app, proc_id, msg_id] = fields;
        let is_cut = time.is_some_and(is_finer);
        let time = match time {
            Some(text) => Some(
                parse_timestamp(text)
                    .filter(|_| text.as_bytes().get(10) == Some(&b'T'))
                    .ok_or("the time is not a date")?,
            ),
            None => None,
        };
        // What is no structured data as the standard has it, and no dash for none, is text: the message begins there.
        let data_length = if rest == "-" || rest.starts_with("- ") { 1 } else { data_end(rest) };
        let data = rest.get(..data_length).filter(|data| !matches!(*data, "-" | ""));
        let start = line.len() - rest.len() + data_length;
        let message = text.get(start..).unwrap_or_default();
        let message = message.strip_prefix(' ').unwrap_or(message);
        let message = message.strip_prefix('\u{feff}').unwrap_or(message);
        let message = Some(message).filter(|message| !message.is_empty());
        Ok(Message { priority, version, time, is_cut, host, app, proc_id, msg_id, data, message })
    }
}

/// The end of the elements `[id key="value"][…]` at the start, as far as they are well formed; 0: there is none.
fn data_end(text: &str) -> usize {
    let mut end = 0;
    while let Some(length) = text.get(end..).and_then(element_end) {
        end += length;
    }
    end
}

/// The end of one element at the start.
fn element_end(text: &str) -> Option<usize> {
    let mut rest = text.strip_prefix('[')?;
    let id = rest.find([' ', ']', '=', '"'])?;
    rest = &rest[id..];
    if id == 0 {
        return None;
    }
    loop {
        let pair = rest.trim_start_matches(' ');
        if let Some(after) = pair.strip_prefix(']') {
            return Some(text.len() - after.len());
        }
        if pair.len() == rest.len() {
            return None;
        }
        let (name, value) = pair.split_once('=')?;
        if name.is_empty() || name.contains([' ', ']', '"']) {
            return None;
        }
        let quoted = value.trim_start_matches(' ').strip_prefix('"')?;
        rest = &quoted[closing_quote(quoted.as_bytes())? + 1..];
    }
}

/// The place of the quote that closes a value.
fn closing_quote(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes[at] == b'"' {
            return Some(at);
        }
        at += 2;
    }
}

/// Writes elements as JSON: `{"id":{"key":"value"}}`, without what is withheld. A name that comes again gets a list.
fn write_json(data: &str, out: &mut String, withheld: &mut Withheld) {
    out.clear();
    let mut elements = Vec::new();
    let mut rest = data;
    while let Some(inner) = rest.strip_prefix('[') {
        let end = inner.find([' ', ']']).unwrap_or(inner.len());
        let (id, mut inner) = inner.split_at(end);
        let mut pairs: Vec<(&str, Vec<String>)> = Vec::new();
        while let Some((name, after)) = inner.trim_start().split_once('=').filter(|(name, _)| !name.contains(']')) {
            let Some(quoted) = after.trim_start().strip_prefix('"') else { break };
            let (value, left) = unquote(quoted);
            inner = left;
            if withheld.takes(name, "") {
                continue;
            }
            match pairs.iter_mut().find(|(other, _)| *other == name) {
                Some((_, values)) => values.push(value),
                None => pairs.push((name, vec![value])),
            }
        }
        elements.push((id, pairs));
        rest = inner.split_once(']').map_or("", |(_, after)| after);
    }
    let text = |text: &str| serde_json::Value::from(text);
    out.push('{');
    for (index, (id, pairs)) in elements.iter().enumerate() {
        let _ = write!(out, "{}{}:{{", if index > 0 { "," } else { "" }, text(id));
        for (index, (name, values)) in pairs.iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            let value = match values.as_slice() {
                [one] => text(one),
                more => serde_json::Value::from(more.to_vec()),
            };
            let _ = write!(out, "{comma}{}:{value}", text(name));
        }
        out.push('}');
    }
    out.push('}');
}

/// The value up to its closing quote, with `\"`, `\\` and `\]` resolved, and what follows.
fn unquote(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => return (value, &text[at + 1..]),
            '\\' => match characters.next() {
                Some((_, c @ ('"' | '\\' | ']'))) => value.push(c),
                Some((_, c)) => value.extend(['\\', c]),
                None => value.push('\\'),
            },
            c => value.push(c),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::recognise;
    use crate::formats::testing::{read, sample};

    fn row(line: &str) -> String {
        let found = read(&FormatSpec::new("syslog_5424"), line);
        found.json().pop().unwrap_or_else(|| found.quarantined[0].1.clone())
    }

    #[test]
    fn what_is_secret_by_its_key_is_left_out_and_counted() {
        let line = r#"<34>1 2003-10-11T22:14:15Z h su - - [o@1 password="ZZA" ip="1"] hello"#;
        let found = read(&FormatSpec::new("syslog_5424"), line);
        assert!(found.json()[0].ends_with(r#","{\"o@1\":{\"ip\":\"1\"}}"]"#), "{:?}", found.json());
        assert_eq!(format!("{:?}", found.tally.unknown_keys), r#"{"password": 1}"#);
    }

    #[test]
    fn headers_data_and_messages() {
        for (line, expected) in [
            (
                r#"<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - - %% It's time."#,
                r#"["2003-08-24T12:14:15.000003Z","192.0.2.1","myproc",8710,"%% It's time.","local4","notice",1,null,null,null]"#,
            ),
            (
                r#"<190>1 2003-10-11T22:14:15.003Z m e x2 ID47 [a@1 iut="3" id="10\] \"11\\" e="" s= "x"][b] BOMAn [ ] entry"#,
                r#"["2003-10-11T22:14:15.003Z","m","e",null,"BOMAn [ ] entry","local7","info",1,"x2","ID47","{\"a@1\":{\"iut\":\"3\",\"id\":\"10] \\\"11\\\\\",\"e\":\"\",\"s\":\"x\"},\"b\":{}}"]"#,
            ),
            (
                "<1>12 - mymachine - - ID47 - \u{feff}ünï",
                r#"[null,"mymachine",null,null,"ünï","kern","alert",12,null,"ID47",null]"#,
            ),
            (
                r#"23 <1>1 - - - - - [o ip="1" ip="2"]"#,
                r#"[null,null,null,null,null,"kern","alert",1,null,null,"{\"o\":{\"ip\":[\"1\",\"2\"]}}"]"#,
            ),
            (
                "1 2003-10-11T22:14:15Z h su - - -",
                r#"["2003-10-11T22:14:15Z","h","su",null,null,null,null,1,null,null,null]"#,
            ),
            ("<34>1 203-10-11T22:14:15.003Z h su - ID47 - x", "the time is not a date"),
            ("<190)1 2003-10-11T22:14:15.003Z h e - ID47 - x", "the priority in `<>` is not a number up to 191"),
            ("2003-10-11T22:14:15.003Z h e - ID47 - x", "the version after the priority is not a number"),
            (
                "<34>1 2003-10-11T22:14:15Z h su - ID47 x",
                r#"["2003-10-11T22:14:15Z","h","su",null,"x","auth","crit",1,null,"ID47",null]"#,
            ),
            (
                r#"<34>1 2003-10-11T22:14:15Z h su - ID47 [a b="]"#,
                r#"["2003-10-11T22:14:15Z","h","su",null,"[a b=\"]","auth","crit",1,null,"ID47",null]"#,
            ),
            (
                r#"<34>1 2003-10-11T22:14:15Z h su - - [a b="c"][d e=f] rest"#,
                r#"["2003-10-11T22:14:15Z","h","su",null,"[d e=f] rest","auth","crit",1,null,null,"{\"a\":{\"b\":\"c\"}}"]"#,
            ),
            (
                "<34>1 2003-10-11T22:14:15Z h su - - [main thread] started [x",
                r#"["2003-10-11T22:14:15Z","h","su",null,"[main thread] started [x","auth","crit",1,null,null,null]"#,
            ),
            (
                r#"<34>1 2003-10-11T22:14:15Z h su - - [a b="c"]text"#,
                r#"["2003-10-11T22:14:15Z","h","su",null,"text","auth","crit",1,null,null,"{\"a\":{\"b\":\"c\"}}"]"#,
            ),
            ("<34>1 2003-10-11T22:14:15Z h", "the header ends at `host`"),
            ("<34>1", "no version after the priority"),
        ] {
            assert_eq!(row(line), expected, "{line}");
        }
        let found = read(&FormatSpec::new("syslog_5424"), "<34>1 - - - - - - a\n  b\n<34>1 - - - - - - c");
        assert_eq!((found.tally.accepted, found.tally.joined), (2, 1));
        assert!(found.json()[0].contains(r#""a\n  b""#));
    }

    #[test]
    fn real_files_lose_nothing() {
        for (file, quarantined) in [("syslog-5424/ids.log", 0), ("syslog-5424/jc_syslog-5424.out", 3)] {
            let Some(path) = sample(file) else { continue };
            let bytes = std::fs::read(path).unwrap();
            let text = String::from_utf8_lossy(&bytes);
            let found = recognise(&Sample::whole(file, &text));
            assert_eq!(found[0].format.name, "syslog_5424", "{file}: {found:?}");
            let tally = read(&found[0].format, &text).tally;
            assert!(tally.rows > 0 && tally.quarantined == quarantined, "{file}: {tally:?}");
        }
    }
}
