//! The format `syslog_3164`: `<34>Oct 11 22:14:15 host app[pid]: message`, as daemons write it into files too,
//! without the priority and with other dates.

use chrono::{DateTime, Datelike};

use super::{Priority, SEVERITIES, slots, split_priority};
use crate::data::instants::{ends_finer, timestamp_prefix};
use crate::data::{DataType, Schema};
use crate::diagnostic::Diagnostic;
use crate::formats::dates::Years;
use crate::formats::declared::with_types;
use crate::formats::events::{Event, cut_events, is_indented, read_events};
use crate::formats::nested::{self, PAYLOAD, with_payload};
use crate::formats::scan::{recognition, sample_lines};
use crate::formats::template::is_level;
use crate::formats::{
    Change, Chunk, Columns, Format, FormatSpec, OptionKind, OptionSpec, Parser, Recognition, Sample, Tally, numbers,
};

/// The format `syslog_3164`.
pub struct Syslog3164;

const YEAR: OptionSpec = OptionSpec {
    name: "year",
    kind: OptionKind::Text,
    default: "auto",
    doc: "the year of dates that have none; `auto`: the one that makes them the latest before the file's last \
          change, in Parse text before the run began",
};

const COLUMNS: [(&str, DataType); 7] = [
    ("time", DataType::Timestamp),
    ("host", DataType::String),
    ("app", DataType::String),
    ("pid", DataType::Int),
    ("message", DataType::String),
    ("facility", DataType::String),
    ("severity", DataType::String),
];

impl Format for Syslog3164 {
    fn name(&self) -> &'static str {
        "syslog_3164"
    }

    fn title(&self) -> &'static str {
        "Syslog (RFC 3164)"
    }

    fn doc(&self) -> &'static str {
        "The classic syslog of /var/log: date, host, program with process id, message; with or without the priority \
         in front. The date may be `Oct 11 22:14:15` (its year is the one that makes it the latest before the file's \
         last change, in Parse text before the run began) or ISO 8601. A message that is a line of another log is read by the \
         format that `payload` names. Lines that begin with white space continue the message before them. What `journalctl` \
         says of itself, `-- Boot … --`, is a message without a time."
    }

    fn examples(&self) -> &'static [&'static str] {
        &["<34>Mar  1 10:00:00 web1 sshd[12]: Accepted publickey for bob from 192.0.2.7 port 5678"]
    }

    fn options(&self) -> &'static [OptionSpec] {
        &[YEAR, PAYLOAD]
    }

    fn is_closed(&self) -> bool {
        true
    }

    fn recognise(&self, sample: &Sample) -> Option<Recognition> {
        let (mut units, mut fitting, mut telling) = (0, 0, 0);
        for line in sample_lines(sample).filter(|line| !is_indented(line) && !is_of_journal(line)) {
            units += 1;
            if let Ok(header) = Header::read(line, Years::of(0)) {
                fitting += 1;
                telling += usize::from(header.priority.is_some() || header.app.is_some() && !header.is_of_others());
            }
        }
        // A date and any text is not enough.
        if telling * 2 < fitting {
            return None;
        }
        let spec = FormatSpec::new("syslog_3164");
        let found = recognition(spec, fitting, units, 88, "line", "begin as RFC 3164 syslog does")?;
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
        let year = spec.option(YEAR.name).filter(|year| !matches!(*year, "" | "auto"));
        let year = year.map(|text| year_of(text).ok_or_else(|| unknown_year(text))).transpose()?;
        with_types(schema, &Schema::of(COLUMNS), |schema| {
            let slots = slots(&schema, COLUMNS.map(|(name, _)| name));
            Ok(Box::new(Syslog3164Parser { schema, slots, year }))
        })
    }
}

/// `-- Boot 1234… --`: what `journalctl` itself says between the lines, which has no time.
fn is_of_journal(line: &str) -> bool {
    line.starts_with("-- ") && line.trim_end().ends_with(" --")
}

struct Syslog3164Parser {
    schema: Schema,
    /// In the order of `COLUMNS`.
    slots: [usize; 7],
    /// Of dates that have none, where the option says it.
    year: Option<i32>,
}

fn year_of(text: &str) -> Option<i32> {
    text.trim().parse().ok().filter(|year| (1..=9999).contains(year))
}

fn unknown_year(text: &str) -> Diagnostic {
    Diagnostic::error("PW1103", format!("`{text}` is no year"))
        .help("give a year such as 2024, or `auto`")
        .field(YEAR.name)
}

impl Parser for Syslog3164Parser {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn cut(&self, bytes: &[u8]) -> usize {
        cut_events(bytes, is_indented)
    }

    fn parse(&self, chunk: &Chunk, out: &mut dyn Columns) -> Tally {
        let wanted = self.slots.map(|slot| slot != usize::MAX && out.wants(slot));
        let years = Years::in_file(chunk, self.year);
        let (mut guessed, mut cut, mut unfit) = (0, 0, 0);
        let mut tally = read_events(chunk, out, is_indented, |event, out| {
            if is_of_journal(event.first) {
                if wanted[4] {
                    out.text(self.slots[4], event.text);
                }
                return Ok(());
            }
            let header = self.event(event, years.at(event.unit.offset), wanted, out)?;
            unfit += u64::from(self.has_no_day(&header) && wanted[0]);
            guessed += u64::from(!header.has_year && self.year.is_none());
            cut += u64::from(header.is_cut && wanted[0]);
            Ok(())
        });
        tally.guessed_years = guessed;
        tally.changes.note(Change::Cut, COLUMNS[0].0, cut);
        tally.changes.note(Change::Unfit, COLUMNS[0].0, unfit);
        tally
    }
}

impl Syslog3164Parser {
    /// Whether the day is none of the year that the option says: a 29 February of another year was read.
    fn has_no_day(&self, header: &Header) -> bool {
        let year = || DateTime::from_timestamp_micros(header.time).map(|time| (time.year(), time.month()));
        !header.has_year
            && self
                .year
                .is_some_and(|wanted| year().is_some_and(|(year, month)| year != wanted && (2..=3).contains(&month)))
    }

    /// Fills a row; gives its head.
    fn event<'a>(
        &self,
        event: &Event<'a>,
        years: Years,
        wanted: [bool; 7],
        out: &mut dyn Columns,
    ) -> Result<Header<'a>, String> {
        let header = Header::read(event.first, years)?;
        let [time, host, app, pid, message, facility, severity] = self.slots;
        let mut text = |column: usize, slot: usize, value: Option<&str>| {
            if let (Some(value), true) = (value, wanted[column]) {
                out.text(slot, value);
            }
        };
        text(1, host, header.host);
        text(2, app, header.app);
        text(4, message, event.text.get(header.message..).filter(|message| !message.is_empty()));
        text(5, facility, header.priority.map(Priority::facility));
        text(6, severity, header.priority.map(Priority::severity).or(header.severity));
        if wanted[0] && !self.has_no_day(&header) {
            out.timestamp(time, header.time);
        }
        if let (Some(number), true) = (header.pid, wanted[3]) {
            out.int(pid, number);
        }
        Ok(header)
    }
}

/// What stands before the message.
struct Header<'a> {
    priority: Option<Priority>,
    time: i64,
    has_year: bool,
    has_iso_date: bool,
    /// The time is written finer than a microsecond.
    is_cut: bool,
    host: Option<&'a str>,
    app: Option<&'a str>,
    pid: Option<i64>,
    /// Written in the host's place, as Chrome OS does.
    severity: Option<&'static str>,
    /// Where the message begins in the line.
    message: usize,
}

impl<'a> Header<'a> {
    fn read(line: &'a str, years: Years) -> Result<Self, String> {
        let (priority, rest) = split_priority(line)?;
        let (time, used) = read_time(rest.as_bytes(), years).ok_or("the line does not begin with a date")?;
        let stamp = rest.get(..used).unwrap_or_default();
        let (has_year, is_cut) = (has_year(stamp.as_bytes()), ends_finer(stamp));
        let rest = rest.get(used..).unwrap_or_default();
        let mut header = Header {
            priority,
            time,
            has_year,
            has_iso_date: stamp.as_bytes().first().is_some_and(u8::is_ascii_digit),
            is_cut,
            host: None,
            app: None,
            pid: None,
            severity: None,
            message: line.len(),
        };
        // `Nov 18 01:15:43: --- last message repeated 5 times ---` names no host.
        let bare = rest.strip_prefix(": ").or_else(|| rest.strip_prefix(' ').filter(|rest| rest.starts_with("---")));
        if let Some(message) = bare {
            header.message = line.len() - message.len();
            header.vendor(message);
            return Ok(header);
        }
        let rest = match rest.strip_prefix(' ') {
            Some(rest) => rest.trim_start_matches(' '),
            None if rest.is_empty() => rest,
            None => return Err("no blank after the date".to_owned()),
        };
        header.message = line.len() - rest.len();
        let (first, after) = rest.split_once(' ').unwrap_or((rest, ""));
        if let Some(tag) = Tag::single(rest) {
            header.tag(tag, line);
            return Ok(header);
        }
        match level(first) {
            Some(severity) => header.severity = Some(severity),
            None => header.host = Some(first).filter(|host| !host.is_empty() && *host != "-"),
        }
        header.message = line.len() - after.len();
        let after = after.trim_start_matches(' ');
        if header.vendor(after) {
            header.message = line.len() - after.len();
        } else if let Some(tag) = Tag::read(after) {
            header.tag(tag, line);
        }
        Ok(header)
    }

    /// Whether a line that begins with an ISO date goes on as those of other logs do: what stands in the place of the
    /// host or the program is a level, is in brackets, holds a tab, or is a word in capitals (`START RequestId: …`).
    fn is_of_others(&self) -> bool {
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"._-:@/%".contains(&byte) || byte >= 0x80;
        let is_host = |host: &str| {
            host.bytes().all(is_name)
                && !is_level(host)
                && host.bytes().any(|byte| !byte.is_ascii_uppercase() && byte != b'_')
        };
        let is_app = |app: &str| !is_level(app);
        self.has_iso_date && !(self.host.is_none_or(is_host) && self.app.is_none_or(is_app))
    }

    /// `%ASA-6-302013: …`: the device's family as app, its level as severity. The message keeps its number.
    fn vendor(&mut self, text: &'a str) -> bool {
        let Some((family, level)) = vendor(text) else { return false };
        self.app = Some(family);
        self.severity = SEVERITIES.get(level).copied();
        true
    }

    fn tag(&mut self, tag: Tag<'a>, line: &str) {
        self.app = Some(tag.app);
        self.pid = tag.pid;
        self.message = line.len() - tag.rest.len();
    }
}

/// `app:`, `app[123]:`, `app[123]`, with what follows.
struct Tag<'a> {
    app: &'a str,
    pid: Option<i64>,
    rest: &'a str,
}

impl<'a> Tag<'a> {
    /// `Google Chrome[85294]:`, as macOS has it. A sentence with brackets is none: a number alone stands in them, and
    /// a colon behind.
    fn with_blanks(text: &'a str) -> Option<Self> {
        const LENGTH: usize = 64;
        let end = text.bytes().take(LENGTH).position(|byte| byte == b'[')?;
        let (app, inner) = (text.get(..end)?, text.get(end + 1..)?);
        let is_name = |word: &str| word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-()".contains(&byte));
        let mut words = app.split(' ');
        if !app.contains(' ') || !app.starts_with(|c: char| c.is_ascii_uppercase()) {
            return None;
        }
        if app.split(' ').count() > 4 || !words.all(|word| !word.is_empty() && is_name(word)) {
            return None;
        }
        let (number, after) = inner.split_once("]:")?;
        let pid = numbers::int(number.as_bytes())?;
        Some(Tag { app, pid: Some(pid), rest: after.strip_prefix(' ').unwrap_or(after) })
    }

    fn read(text: &'a str) -> Option<Self> {
        Self::single(text).or_else(|| Self::with_blanks(text))
    }

    /// A tag of one word.
    fn single(text: &'a str) -> Option<Self> {
        let end = text.bytes().take(128).position(|byte| matches!(byte, b' ' | b':' | b'['))?;
        let (app, rest) = (text.get(..end)?, text.get(end..)?);
        if app.is_empty() {
            return None;
        }
        if let Some(inner) = rest.strip_prefix('[') {
            let (number, after) = inner.split_once(']')?;
            let pid = numbers::int(number.as_bytes())?;
            let rest = after.strip_prefix(':').unwrap_or(after);
            return (rest.is_empty() || rest.starts_with(' ') || after.starts_with(':')).then_some(Tag {
                app,
                pid: Some(pid),
                rest: rest.strip_prefix(' ').unwrap_or(rest),
            });
        }
        let rest = rest.strip_prefix(':')?;
        // Colons inside IPv6 addresses and URLs end no tag.
        let is_tag = rest.is_empty() || rest.starts_with([' ', '[']);
        is_tag.then_some(Tag { app, pid: None, rest: rest.strip_prefix(' ').unwrap_or(rest) })
    }
}

/// The family and the level of `%FAMILY-LEVEL-NUMBER:`, also with a part of the family's between (`%FTD-session-5-1:`).
fn vendor(text: &str) -> Option<(&str, usize)> {
    let (tag, _) = text.strip_prefix('%')?.split_once(':')?;
    let mut parts = tag.split('-');
    let family = parts.next().filter(|family| !family.is_empty() && tag.bytes().all(|byte| byte.is_ascii_graphic()))?;
    let level = parts.find(|part| part.len() == 1 && part.bytes().all(|byte| matches!(byte, b'0'..=b'7')))?;
    parts.next()?;
    Some((family, level.parse().ok()?))
}

/// A level in the host's place, as a severity.
fn level(word: &str) -> Option<&'static str> {
    let lower = match word {
        "EMERG" | "ALERT" | "CRIT" | "ERR" | "WARNING" | "NOTICE" | "INFO" | "DEBUG" => word.to_ascii_lowercase(),
        _ => return None,
    };
    SEVERITIES.into_iter().find(|severity| *severity == lower)
}

/// Whether a stamp has a year: ISO 8601, or four digits between the day and the clock.
fn has_year(stamp: &[u8]) -> bool {
    let is_year = |word: &[u8]| word.len() == 4 && word.iter().all(u8::is_ascii_digit);
    stamp.first().is_some_and(u8::is_ascii_digit) || stamp.split(|byte| *byte == b' ').any(is_year)
}

/// The time at the start, and the bytes used.
fn read_time(bytes: &[u8], years: Years) -> Option<(i64, usize)> {
    if bytes.first()?.is_ascii_digit() {
        // With a blank between date and time, any application's log looks so.
        return (bytes.get(10) == Some(&b'T')).then(|| timestamp_prefix(bytes)).flatten();
    }
    years.rfc3164_prefix(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::instants::parse_timestamp;
    use crate::formats::testing::{read, sample};
    use crate::formats::{RowCollector, recognise};

    fn row(line: &str) -> String {
        let found = read(&FormatSpec::new("syslog_3164"), line);
        found.json().pop().unwrap_or_else(|| format!("{:?}", found.quarantined))
    }

    #[test]
    fn headers_of_all_kinds() {
        for (line, expected) in [
            (
                "<34>Oct 11 22:14:15 mymachine su: 'su root' failed",
                r#"["1970-10-11T22:14:15Z","mymachine","su",null,"'su root' failed","auth","crit"]"#,
            ),
            (
                "Mar  7 04:02:16 avas clamd[11165]: /var/x: FOUND ",
                r#"["1970-03-07T04:02:16Z","avas","clamd",11165,"/var/x: FOUND ",null,null]"#,
            ),
            (
                "Jun 14 15:16:01 combo sshd(pam_unix)[19939]: failure",
                r#"["1970-06-14T15:16:01Z","combo","sshd(pam_unix)",19939,"failure",null,null]"#,
            ),
            (
                "<133>Jun 13 16:33:35 haproxy[73411]: Proxy started.",
                r#"["1970-06-13T16:33:35Z",null,"haproxy",73411,"Proxy started.","local0","notice"]"#,
            ),
            (
                "Nov 18 08:30:20 kernel: [997.390602] sda2: rw=0",
                r#"["1970-11-18T08:30:20Z",null,"kernel",null,"[997.390602] sda2: rw=0",null,null]"#,
            ),
            (
                "Nov  3 09:23:38 veridian lookup for opt failed",
                r#"["1970-11-03T09:23:38Z","veridian",null,null,"lookup for opt failed",null,null]"#,
            ),
            (
                "Mar  8 15:18:40 127:0:ab::1 sshd: unauthorized",
                r#"["1970-03-08T15:18:40Z","127:0:ab::1","sshd",null,"unauthorized",null,null]"#,
            ),
            (
                "Nov 18 01:15:43: --- last message repeated 5 times ---",
                r#"["1970-11-18T01:15:43Z",null,null,null,"--- last message repeated 5 times ---",null,null]"#,
            ),
            (
                "Mar 23 23:01:18.123 h /sbin/a[19]: fraction",
                r#"["1970-03-23T23:01:18.123Z","h","/sbin/a",19,"fraction",null,null]"#,
            ),
            (
                "2016-10-25T12:37:23.297265-07:00 host app[1]: é",
                r#"["2016-10-25T19:37:23.297265Z","host","app",1,"é",null,null]"#,
            ),
            (
                "2016-10-25T12:37:24.987014-07:00 DEBUG kernel: [316.5] wlan0",
                r#"["2016-10-25T19:37:24.987014Z",null,"kernel",null,"[316.5] wlan0",null,"debug"]"#,
            ),
            (
                "34 <13>Dec  2 2020 16:31:03 host app: Test",
                r#"["2020-12-02T16:31:03Z","host","app",null,"Test","user","notice"]"#,
            ),
            (
                "Dec 13 11:35:28 mac Google Chrome[85294]: Invalid [1]: x",
                r#"["1970-12-13T11:35:28Z","mac","Google Chrome",85294,"Invalid [1]: x",null,null]"#,
            ),
            (
                "Dec 13 11:35:28 mac Session ended for user [7] here",
                r#"["1970-12-13T11:35:28Z","mac",null,null,"Session ended for user [7] here",null,null]"#,
            ),
            (
                "<166>Apr 15 2014 09:34:34 EDT: %FTD-session-5-106100: permitted",
                r#"["2014-04-15T13:34:34Z",null,"FTD",null,"%FTD-session-5-106100: permitted","local4","info"]"#,
            ),
            (
                "2019-08-16T09:54:00Z firepower  %FTD-0-430001: SrcIP: 10.0.1.20",
                r#"["2019-08-16T09:54:00Z","firepower","FTD",null,"%FTD-0-430001: SrcIP: 10.0.1.20",null,"emerg"]"#,
            ),
            ("Oct 11 22:14:15Z h a: b", r#"["1970-10-11T22:14:15Z","h","a",null,"b",null,null]"#),
            ("Oct 11 22:14:15 CET vpxd[12]: b", r#"["1970-10-11T22:14:15Z","CET","vpxd",12,"b",null,null]"#),
            ("Oct 11 22:14:15 host http://x", r#"["1970-10-11T22:14:15Z","host",null,null,"http://x",null,null]"#),
            ("Oct 11 22:14:15", r#"["1970-10-11T22:14:15Z",null,null,null,null,null,null]"#),
        ] {
            assert_eq!(row(line), expected, "{line}");
        }
        for line in [
            "<7>unparsable line",
            "<3444>Oct 11 22:14:15 a b: c",
            "MMM 22 07:54:32 h a: b",
            "Oct 11 22:14:15x",
            "2016-10-25 12:37:24 INFO x: y",
        ] {
            assert_eq!(read(&FormatSpec::new("syslog_3164"), line).tally.quarantined, 1, "{line}");
        }
    }

    #[test]
    fn dates_across_new_year_and_leap_days_are_those_of_the_case() {
        use crate::formats::testing::case;
        for (file, expected, file_time) in [
            ("input.log", "expected-times.csv", "2026-01-02T06:00:00Z"),
            ("input-leap.log", "expected-leap.csv", "2025-02-10T00:00:00Z"),
        ] {
            let Some(path) = case(&format!("13-syslog-new-year/{file}")) else { return };
            let text = std::fs::read_to_string(&path).unwrap();
            let wanted = std::fs::read_to_string(path.with_file_name(expected)).unwrap();
            let file_time = parse_timestamp(file_time).unwrap();
            let parser = Syslog3164.prepare(&FormatSpec::new("syslog_3164"), None, &Sample::default()).unwrap();
            let mut out = RowCollector::new(parser.schema());
            let tally = parser.parse(&Chunk { file_time, ..Chunk::whole(&text) }, &mut out);
            assert_eq!(tally.guessed_years, tally.rows, "told as guessed");
            for line in wanted.lines().skip(1) {
                let (number, time) = line.split_once(',').unwrap();
                let (_, row) = out.rows.iter().find(|(unit, _)| unit.line.to_string() == number).unwrap();
                assert_eq!(row[0], crate::data::Value::Timestamp(parse_timestamp(time).unwrap()), "{file}: {line}");
            }
        }
        let given = read(&FormatSpec::new("syslog_3164").with("year", "2016"), "Feb 29 00:00:00 h a: b");
        assert!(given.json()[0].contains("2016-02-29") && given.tally.guessed_years == 0);
        let none = read(
            &FormatSpec::new("syslog_3164").with("year", "2023"),
            "Feb 29 10:00:00 h a: b\nMar  1 10:00:00 h a: c",
        );
        assert!(none.json()[0].starts_with("[null") && none.json()[1].contains("2023-03-01"), "{:?}", none.json());
        assert_eq!(none.tally.changes.unfit, [("time".to_owned(), 1)].into());
        let written = read(&FormatSpec::new("syslog_3164").with("year", "2023"), "Feb 29 2020 10:00:00 h a: b");
        assert!(written.json()[0].contains("2020-02-29"), "{:?}", written.json());
        let wrong = Syslog3164.prepare(&FormatSpec::new("syslog_3164").with("year", "x"), None, &Sample::default());
        assert_eq!(wrong.err().unwrap().code, "PW1103");
    }

    #[test]
    fn a_missing_year_is_the_latest_before_the_files_time() {
        let text =
            "Dec 31 23:59:59 h a: x\nJan  1 00:00:00 h a: y\nFeb 29 00:00:00 h a: z\nMar 02 00:00:00 h a: next day\n";
        let parser = Syslog3164.prepare(&FormatSpec::new("syslog_3164"), None, &Sample::default()).unwrap();
        let file_time = parse_timestamp("2024-03-01T12:00:00Z").unwrap();
        let mut out = RowCollector::new(parser.schema());
        parser.parse(&Chunk { file_time, ..Chunk::whole(text) }, &mut out);
        let times: Vec<_> = out.rows.iter().map(|(_, row)| row[0].to_json()).collect();
        assert_eq!(
            times,
            ["2023-12-31T23:59:59Z", "2024-01-01T00:00:00Z", "2024-02-29T00:00:00Z", "2024-03-02T00:00:00Z"]
        );
    }

    #[test]
    fn what_stands_before_a_leap_day_is_no_later() {
        let text = "Dec 31 23:59:59 h a: x\nJan  1 00:00:01 h a: y\nFeb 29 10:00:00 h a: z\nMar  1 10:00:00 h a: m\n";
        let parser = Syslog3164.prepare(&FormatSpec::new("syslog_3164"), None, &Sample::default()).unwrap();
        let file_time = parse_timestamp("2025-03-02T00:00:00Z").unwrap();
        let mut out = RowCollector::new(parser.schema());
        parser.parse(&Chunk { file_time, ..Chunk::whole(text) }, &mut out);
        let years: Vec<String> =
            out.rows.iter().map(|(_, row)| row[0].to_json().to_string()[1..5].to_owned()).collect();
        assert_eq!(years, ["2023", "2024", "2024", "2024"]);
    }

    #[test]
    fn wrapped_messages_are_joined() {
        let found = read(
            &FormatSpec::new("syslog_3164"),
            "Nov 18 01:15:20 h a[1]: one\r\n\ttwo\r\nNov 18 01:15:21 h a[1]: three\n",
        );
        assert_eq!(found.json()[0], r#"["1970-11-18T01:15:20Z","h","a",1,"one\r\n\ttwo",null,null]"#);
        assert_eq!((found.tally.read, found.tally.accepted, found.tally.joined), (3, 2, 1));
    }

    #[test]
    fn real_files_lose_nothing() {
        for (file, quarantined) in [
            ("syslog-3164/Linux_2k.log", 0),
            ("syslog-3164/OpenSSH_2k.log", 0),
            ("syslog-3164/jc_syslog-3164.out", 2),
            ("syslog-3164/lnav_bad_syslog.0", 0),
            ("syslog-3164/lnav_syslog.0", 0),
            ("syslog-3164/plaso_syslog", 1),
            ("syslog-3164/plaso_syslog_chromeos", 0),
            ("syslog-3164/plaso_syslog_cron.log", 0),
            ("syslog-3164/plaso_syslog_rsyslog_SysklogdFileFormat", 1),
            ("syslog-system/darwin-syslog-sample.log", 0),
            ("auth-log/secure-rhel7.log", 0),
        ] {
            let Some(path) = sample(file) else { continue };
            let bytes = std::fs::read(path).unwrap();
            let text = String::from_utf8_lossy(&bytes);
            let found = recognise(&Sample::whole(file, &text));
            assert_eq!(found[0].format.name, "syslog_3164", "{file}: {found:?}");
            let tally = read(&found[0].format, &text).tally;
            assert!(tally.rows > 0 && tally.quarantined == quarantined, "{file}: {tally:?}");
        }
    }
}
