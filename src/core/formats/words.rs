//! The word test: what stands in an accepted unit stands in its row. No count of lines sees what is lost inside one.
//!
//! A word is a run of letters and digits. It is found where it is a part of a value or of a column's name; digits and
//! names that make up a time or a number may be written otherwise in the value, and are looked for in what the values
//! can be written as.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Timelike};
use serde_json::Value as Json;

use super::families::tables;
use super::json::Scanner;
use super::template::Table;
use super::testing::{prepare, read_at, samples};
use super::{FormatSpec, Sample, formats, recognise};
use crate::data::{Schema, Value};

/// Bytes of a file that are looked at.
const LOOKED_AT: usize = 48 << 10;

/// When the files were last changed: of a date without a year, the weekday must be that of the year that is guessed.
const FILE_TIME: i64 = 1_767_225_600_000_000;

/// Files in which words are missing for a reason that is the format's own.
const EXCUSED: &[(&str, &str)] =
    &[("prometheus", "help texts and comments are no samples"), ("parquet", "it is no text")];

/// What formats call a column in the line itself, where the column has the common name: format, labels. The keys that a
/// table renames are taken from the table.
const LABELS: &[(&str, &[&str])] = &[
    ("node_services", &["nest"]),
    ("sidekiq", &["tid", "jid", "bid", "elapsed"]),
    ("apache_error", &["tid", "referer"]),
    ("auditd", &["msg", "audit"]),
    // Of the lines START, END and REPORT, with the units of what they tell.
    ("aws_lambda", &["requestid", "duration", "billed", "memory", "size", "max", "used", "init", "ms", "mb"]),
    ("docker_json", &["log"]),
    ("erlang_reports", &["report"]),
    ("fortinet", &["date"]),
    // `[GIN-debug]`, and the unit of morgan.
    ("framework_access", &["gin", "debug", "ms"]),
    // `Connect from … to …`: client and local address.
    ("haproxy", &["from", "to"]),
    // The types of tags.
    ("jaeger_json", &["int", "float", "bool", "string"]),
    // The place in the source stands in a rule of dashes.
    ("ibm_mq", &["process", "program", "vrmf", "qmgr"]),
    ("jvm_gc", &["secs"]),
    ("dnsmasq", &["from", "to", "is"]),
    ("redshift_activity", &["db", "log"]),
    ("ping", &["from", "icmp", "ms"]),
    ("tcpdump", &["length"]),
    ("nagios_performance", &["serviceperfdata", "hostperfdata"]),
    ("ltsv", &["host", "req", "size", "referer", "ua", "reqtime"]),
    ("journal_export", &["realtime", "timestamp", "hostname", "syslog", "identifier"]),
    // The letters of sections.
    ("modsecurity", &["a", "b", "f", "h", "z"]),
    // `SET timestamp=…;` is the time, `Id: …` the thread.
    ("mysql_slow", &["set", "timestamp", "id"]),
    ("postgresql", &["db"]),
    ("sophos", &["date"]),
    ("snort_fast", &["classification", "priority"]),
    ("cups", &["job"]),
    // `Started GET "/" for 192.0.2.7 at …`.
    ("rails", &["started", "for", "processing", "by", "as", "completed", "in", "views", "activerecord", "ms"]),
    ("cmtrace", &["log", "time", "date", "component", "context", "type", "thread", "file"]),
    // Attributes that name the element.
    ("xml", &["name", "key"]),
];

/// Words that files lose for a reason that is known: file, words, reason.
const KNOWN: &[(&str, usize, &str)] = &[
    ("apache-access/common-log-format.log", 1, "the protocol of a request is its version alone, `HTTPS` is not kept"),
    ("fail2ban-daemons/apache-overflows.log", 1, "a weekday is not the one of its date"),
    ("nginx-access/test-with-host.log", 8, "of a list of addresses the client is the first"),
    ("nginx-access/test.log", 8, "of a list of addresses the client is the first"),
    ("vrl-doc-examples/vrl_doc_examples.jsonl", 2, "a password in JSON text is left out, which is told"),
    ("timestamp-zoo/sccm_various.log", 1, "the minutes between clock and UTC are in the time, which is of UTC"),
    ("timestamp-zoo/skydrive_v1.log", 7, "a time that is none is null, which is told"),
];

/// The words of accepted units that are nowhere in their rows: line and word.
pub fn lost_words(spec: &FormatSpec, text: &str) -> Vec<(u64, String)> {
    let parser = prepare(spec, None, text);
    let reading = read_at(parser.as_ref(), &[text], FILE_TIME);
    // What a layout has between its fields is the same in every line.
    let layout =
        labels(spec) + &spec.options.values().map(|option| format!("{} ", option.to_lowercase())).collect::<String>();
    let mut rows: BTreeMap<u64, (u64, String)> = BTreeMap::new();
    for (row, (line, offset)) in reading.rows.iter().zip(&reading.places) {
        let own = || (*line, layout.clone());
        rows.entry(*offset).or_insert_with(own).1.push_str(&written(&reading.schema, row));
    }
    let lines_of = |(line, _, raw): &(u64, String, String)| *line..*line + 1 + raw.matches('\n').count() as u64;
    let aside: BTreeSet<u64> = reading.quarantined.iter().flat_map(lines_of).collect();
    let ends: Vec<u64> = rows.keys().skip(1).copied().chain([text.len() as u64]).collect();
    let mut lost = Vec::new();
    for ((offset, (line, haystack)), end) in rows.iter().zip(ends) {
        let Some(unit) = text.get(*offset as usize..end as usize) else { continue };
        let unit = match spec.name.as_str() {
            // What lies around records is none of theirs.
            "json_document" => Scanner::new(unit).raw().unwrap_or_default(),
            "otlp_json" | "jaeger_json" | "prometheus_api" | "loki_api" | "json_table" => &unfolded(unit),
            "xml" => super::xml::first_record(unit, spec.option("record").unwrap_or_default()),
            _ => unit,
        };
        // What was turned away lies behind the row before it, and so do headers that come again.
        let taken: String = unit
            .split_inclusive('\n')
            .zip(*line..)
            .filter(|(text, number)| number == line || !(aside.contains(number) || is_meta(spec, text)))
            .map(|(line, _)| line)
            .collect();
        let taken = without_nulls(spec, without_frame(&taken));
        let missing = words(&without_escapes(&taken)).into_iter().filter(|word| !holds(haystack, word));
        lost.extend(missing.map(|word| (*line, word)));
    }
    lost
}

/// The texts and numbers of a record whose keys are the protocol's own, without its times and numbered kinds.
fn unfolded(unit: &str) -> String {
    fn push(value: &Json, text: &mut String) {
        match value {
            Json::Object(fields) => {
                let is_made = |key: &str| {
                    ["nano", "kind", "code", "severitynumber", "temporality", "starttime", "duration", "flags"]
                        .iter()
                        .any(|end| key.replace('_', "").to_lowercase().ends_with(end))
                };
                fields.iter().filter(|(key, _)| !is_made(key)).for_each(|(_, value)| push(value, text));
            }
            // A time, of samples and lines of a query.
            Json::Array(items) if items.len() > 1 && items[0].as_f64().is_some_and(|time| time > 1e9) => {
                items[1..].iter().for_each(|item| push(item, text));
            }
            Json::Array(items) => items.iter().for_each(|item| push(item, text)),
            Json::String(word) => *text += &format!(" {word}"),
            Json::Null | Json::Bool(_) => {}
            number => *text += &format!(" {number}"),
        }
    }
    let record = Scanner::new(unit).raw().unwrap_or_default();
    let mut text = String::new();
    push(&serde_json::from_str(record).unwrap_or_default(), &mut text);
    text
}

/// Whether a line behind a row is none of it: a comment, a header, a section, what the format's table names.
fn is_meta(spec: &FormatSpec, line: &str) -> bool {
    let of_table = table_of(spec).map_or(&[][..], |table| table.meta);
    let of_format: &[&str] = match spec.name.as_str() {
        "ini" => &[";", "["],
        "openvpn_status" => &["HEADER", "GLOBAL_STATS", "END"],
        _ => of_table,
    };
    line.starts_with('#') || of_format.iter().any(|start| line.starts_with(start))
}

fn table_of(spec: &FormatSpec) -> Option<&'static Table> {
    tables().into_iter().find(|table| table.name == spec.name)
}

/// The names in a format's lines that its columns do not have, in small letters.
fn labels(spec: &FormatSpec) -> String {
    let renamed = table_of(spec).map(|table| table.renames).unwrap_or_default().iter().map(|(from, _)| *from);
    let own = LABELS.iter().filter(|(format, _)| *format == spec.name).flat_map(|(_, labels)| labels.iter().copied());
    // A payload's labels are those of its format.
    let inside = spec.option("payload").unwrap_or_default();
    let inner = tables().into_iter().filter(|table| inside.contains(&format!("\"{}\"", table.name)));
    let inner = inner.flat_map(|table| table.renames).map(|(from, _)| *from);
    renamed.chain(inner).chain(own).map(|label| format!("{} ", label.to_lowercase())).collect()
}

/// What a format writes for nothing, as `(none)` or `[unknown]`, is no word: it is null.
fn without_nulls(spec: &FormatSpec, line: &str) -> String {
    let zeek: &[&str] = if spec.name == "zeek" { &["(empty)"] } else { &[] };
    let nulls = table_of(spec).map_or(zeek, |table| table.nulls);
    let spelled = nulls.iter().filter(|null| null.chars().any(char::is_alphanumeric));
    spelled.fold(line.to_owned(), |line, null| line.replace(null, " "))
}

/// The length before a syslog message that is sent in frames is none of its words, and its priority becomes two.
fn without_frame(unit: &str) -> &str {
    let rest = unit.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start_matches(' ');
    let priority = rest.strip_prefix('<').and_then(|rest| rest.split_once('>'));
    priority.filter(|(number, _)| number.parse::<u8>().is_ok()).map_or(unit, |(_, rest)| rest)
}

/// Everything that a row may be written as, in small letters.
fn written(schema: &Schema, row: &[Value]) -> String {
    let mut text = String::new();
    for (field, value) in schema.fields.iter().zip(row) {
        text.push_str(&field.name);
        text.push(' ');
        write_value(value, &mut text);
        text.push(' ');
    }
    super::scan::without_colours(&without_escapes(&text)).to_lowercase()
}

fn write_value(value: &Value, text: &mut String) {
    match value {
        Value::Timestamp(micros) => write_time(*micros, text),
        Value::Date(days) => write_time(i64::from(*days) * 86_400_000_000, text),
        // Durations are seconds whatever the log had, and zeros at a fraction's end are not kept.
        Value::Float(number) => text.push_str(&format!(
            "{number} {number:e} {number:.6} {number:.3} {number:.2} {number:.1} {:.0} {:.3} ",
            number * 1000.0,
            number * 1000.0
        )),
        Value::Duration(micros) => text.push_str(&format!("{micros} {} ", *micros as f64 / 1e6)),
        Value::List(items) => items.iter().for_each(|item| {
            write_value(item, text);
            text.push(' ');
        }),
        Value::Record(fields) => fields.iter().for_each(|(name, value)| {
            text.push_str(name);
            text.push(' ');
            write_value(value, text);
            text.push(' ');
        }),
        Value::String(string) => text.push_str(string),
        // Sizes are bytes whatever the log had.
        Value::Int(number) => text.push_str(&format!("{number} {} {} ", number >> 10, number >> 20)),
        other => text.push_str(&other.to_json().to_string()),
    }
}

/// A time in the pieces of which logs make it up, in whatever zone.
fn write_time(micros: i64, text: &mut String) {
    for day in [-1, 0, 1] {
        let Some(time) = DateTime::from_timestamp_micros(micros + day * 86_400_000_000) else { continue };
        let pieces = "%Y %y %m %d %-d %b %B %a %A %Y%m%d %m%d %y%m%d ";
        text.push_str(&time.format(pieces).to_string());
    }
    if let Some(time) = DateTime::from_timestamp_micros(micros) {
        text.push_str(&format!("{:02} {} ", time.second(), time.format("%H%M%S %I%M%S")));
        for minutes in [0, 15, 30, 45] {
            text.push_str(&format!("{:02} {minutes:02} ", (time.minute() + minutes) % 60));
        }
    }
    // Hours are those of the zone, and the zone has hours and minutes too.
    (0..24).for_each(|hour| text.push_str(&format!("{hour:02} {hour:02}00 {hour:02}30 {hour:02}45 ")));
    let fraction = micros.rem_euclid(1_000_000);
    let (seconds, millis) = (micros.div_euclid(1_000_000), micros.div_euclid(1000));
    text.push_str(&format!(
        "{micros}000 {fraction:06}000 {seconds} {millis} t z am pm utc gmt mez cet cest msk pst est edt pdt cdt mdt "
    ));
}

/// Escapes of strings are no words: backslashes, with the letter or the number behind them.
fn without_escapes(text: &str) -> String {
    let text = text.replace("\\u005c", "\\").replace("\\u001b", "\u{1b}").replace("\\u001B", "\u{1b}");
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        out.push(' ');
        let after = rest[at..].trim_start_matches('\\');
        let hexadecimal = |from: usize, to: usize| {
            after.get(from..to).is_some_and(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()))
        };
        let used = match after.as_bytes().first() {
            Some(b'u') if hexadecimal(1, 5) => 5,
            Some(b'x') if hexadecimal(1, 3) => 3,
            Some(b'n' | b'r' | b't' | b'b' | b'f') => 1,
            _ => 0,
        };
        rest = &after[used..];
    }
    out.push_str(rest);
    out
}

/// Runs of letters and runs of digits, in small letters.
fn words(text: &str) -> Vec<String> {
    let plain = super::scan::without_colours(text).to_lowercase();
    let mut words: Vec<String> = Vec::new();
    let mut before = None;
    for c in plain.chars() {
        let kind = c.is_alphanumeric().then_some(c.is_ascii_digit());
        match (kind, words.last_mut()) {
            (Some(_), Some(word)) if kind == before => word.push(c),
            (Some(_), _) => words.push(c.to_string()),
            (None, _) => {}
        }
        before = kind;
    }
    words
}

/// Whether a word is in a row. Of a fraction of a second the digits beyond the microsecond are cut off, which is told.
fn holds(haystack: &str, word: &str) -> bool {
    haystack.contains(word)
        || (7..=9).contains(&word.len())
            && word.bytes().all(|byte| byte.is_ascii_digit())
            && haystack.contains(&word[..6])
}

#[test]
fn words_that_get_lost_are_seen() {
    let spec = FormatSpec::new("logfmt");
    assert_eq!(lost_words(&spec, "a=1 b=\"two words\" t=2024-01-01T10:00:00Z\n"), []);
    let narrow = Schema::of([("a", crate::data::DataType::Int)]);
    assert!(written(&narrow, &[Value::Int(1)]).contains("a 1"));
    assert_eq!(words("GET /a?b=c%20d \u{1b}[31mred"), ["get", "a", "b", "c", "20", "d", "red"]);
}

#[test]
fn labels_stand_in_the_templates_of_their_table() {
    for (format, labels) in LABELS {
        let Some(table) = table_of(&FormatSpec::new(format)) else { continue };
        // The pieces of a time have literals between.
        let literals: String = table.variants.concat();
        for label in *labels {
            assert!(words(&literals).iter().any(|word| word == label), "{format}: {label}");
        }
    }
    let spec = FormatSpec::new("auditd");
    let line = "type=A msg=audit(1709287200.5:45): old ses=1 new ses=2 addr=(none) note=(kept)\n";
    assert_eq!(lost_words(&spec, line), []);
}

#[test]
fn no_word_of_an_example_is_lost() {
    let excused = |format: &str| EXCUSED.iter().any(|(name, _)| *name == format);
    let mut misses = Vec::new();
    for format in formats().iter().filter(|format| !excused(format.name())) {
        for example in format.examples() {
            let found = recognise(&Sample::whole("sample", example));
            let spec = found.into_iter().map(|found| found.format).find(|spec| spec.name == format.name());
            // What programs write behind syslog is none of files.
            let spec = spec.filter(|_| format.programs().is_empty());
            let lost = lost_words(&spec.unwrap_or_else(|| FormatSpec::new(format.name())), example);
            misses.extend(lost.into_iter().map(|(_, word)| format!("{}: {word}: {example}", format.name())));
        }
    }
    assert!(misses.is_empty(), "{misses:#?}");
}

#[test]
fn no_word_is_lost_inside_a_row() {
    let Some(folder) = samples() else { return };
    let mut folders: Vec<_> = std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()).collect();
    folders.sort();
    let (mut files, mut misses) = (0, Vec::new());
    for folder in folders.into_iter().filter(|folder| folder.is_dir()) {
        let mut entries: Vec<_> = std::fs::read_dir(&folder).unwrap().flatten().map(|entry| entry.path()).collect();
        entries.sort();
        for path in entries.into_iter().filter(|path| path.is_file()) {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if ["facts.json", "SOURCE.txt"].contains(&name.as_str()) || name.contains(".expected.") {
                continue;
            }
            let mut bytes = std::fs::read(&path).unwrap();
            if bytes.len() > LOOKED_AT {
                bytes.truncate(LOOKED_AT);
                let end = memchr::memrchr(b'\n', &bytes).map_or(LOOKED_AT, |end| end + 1);
                bytes.truncate(end);
            }
            let text = String::from_utf8_lossy(&bytes);
            let Some(best) = recognise(&Sample::whole(&name, &text)).into_iter().next() else { continue };
            if EXCUSED.iter().any(|(format, _)| *format == best.format.name) {
                continue;
            }
            files += 1;
            let lost = lost_words(&best.format, &text);
            let shown = path.strip_prefix(folder.parent().unwrap()).unwrap().display().to_string();
            let known = KNOWN.iter().find(|(file, ..)| *file == shown).map_or(0, |(_, words, _)| *words);
            if let (Some((line, word)), false) = (lost.first(), lost.len() == known) {
                for (line, word) in &lost {
                    println!(
                        "LOST\t{shown}\t{line}\t{word}\t{}",
                        text.lines().nth(*line as usize - 1).unwrap_or("").chars().take(400).collect::<String>()
                    );
                }
                misses.push(format!(
                    "{shown} ({}): {} words, the first in line {line}: {word}",
                    best.format.name,
                    lost.len()
                ));
            }
        }
    }
    assert!(files > 300, "{files}");
    assert!(misses.is_empty(), "{} files lose words:\n{}", misses.len(), misses.join("\n"));
}
