//! Well-known layouts of application logs, proposed as patterns. Must not import the parser.

use std::sync::LazyLock;

use regex::Regex;

use super::grok::compile;
use crate::formats::scan::{sample_lines, score};
use crate::formats::{FormatSpec, Recognition, Sample};

/// A layout: how to call it, how telling it is (see `scan::score`), its pattern and options.
struct LogLayout {
    title: &'static str,
    weight: u8,
    pattern: &'static str,
    event_start: &'static str,
    time_format: &'static str,
}

const ISO_START: &str = r"^%{TIMESTAMP_ISO8601}";

/// The names of zones that the reader of times knows.
macro_rules! zone_names {
    () => {
        "(?:UTC|GMT|UT|WES?T|CES?T|MES?Z|EES?T|MSK|SAST|SGT|HKT|[JK]ST|AE[SD]T|[ECMP][SD]T)"
    };
}

/// A time as the reader of times has it, of that clock, what stands behind it, and the message. A time is all that belongs to
/// it: no part of it begins the message.
macro_rules! time_message {
    ($clock:literal, $end:literal) => {
        concat!(
            r"^(?P<time>[0-9]{4}-%{MONTHNUM2}-[0-3][0-9][T ]",
            $clock,
            r"(?: ?[AP]M\b)?",
            r"(?:Z\b|[+-][0-9]{2}(?::?[0-9]{2})?\b| [+-][0-9]{2}:?[0-9]{2}\b",
            r"| ?(?:UTC|GMT)[+-][0-9]{1,2}(?::?[0-9]{2})?\b| ?",
            zone_names!(),
            r"\b| \(",
            zone_names!(),
            r"\))?",
            r"(?:\[\w+/[\w/+-]+\])?)",
            $end,
            r"[\s,:|-]*%{GREEDYDATA:message}"
        )
    };
}

/// More exact ones first: they win where both fit the same lines.
const LOG_LAYOUTS: &[LogLayout] = &[
    LogLayout {
        title: "time, process id, level, module, message",
        weight: 86,
        pattern: r"^%{TIMESTAMP_ISO8601:time} +\[?%{INT:pid}\] ?:?%{LOGLEVEL:level}:(?P<logger>[\w.]+):%{GREEDYDATA:message}",
        event_start: ISO_START,
        time_format: "",
    },
    LogLayout {
        title: "month-day-year, time, place, level, message",
        weight: 84,
        pattern: r"^(?P<time>\d\d-\d\d-\d{4} \d\d:\d\d:\d\d\.\d+) (?P<file>[^:\s]+):%{INT:line}!(?P<logger>\S+) \((?P<level>[A-Z]+)\): ?%{GREEDYDATA:message}",
        event_start: r"^\d\d-\d\d-\d{4} \d\d:\d\d:\d\d",
        time_format: "%m-%d-%Y %H:%M:%S%.f",
    },
    LogLayout {
        title: "the history of zsh (time, duration, command)",
        weight: 92,
        pattern: r"^: (?P<time>\d{9,10}):(?P<duration>\d+);%{GREEDYDATA:command}",
        event_start: r"^: \d{9,10}:\d+;",
        time_format: "%s",
    },
    LogLayout {
        title: "the history of a shell (time, command)",
        weight: 88,
        pattern: r"^#\+?(?P<time>\d{9,10})(?:\r?\n%{GREEDYDATA:command})?",
        event_start: r"^#\+?\d{9,10}$",
        time_format: "%s",
    },
    LogLayout {
        title: "a time since 1970, message",
        weight: 42,
        pattern: r"^(?P<time>1\d{9}(?:\d{3}|\d{6}|\.\d+)?) +(?P<message>\S.*)",
        event_start: r"^1\d{9}",
        time_format: "",
    },
    LogLayout {
        title: "time, message",
        weight: 42,
        pattern: time_message!(
            r"[0-2][0-9]:?%{MINUTE}:?[0-6][0-9](?:[.,][0-9]+|:[0-9]{3}\b)?",
            r#"(?:\s*[,;|:-]|[#=/)'"@~_%&>]|\s|\b)"#
        ),
        event_start: ISO_START,
        time_format: "",
    },
    LogLayout {
        title: "time without seconds, message",
        weight: 42,
        pattern: time_message!(r"[0-2][0-9]:%{MINUTE}", r#"(?:\s*[,;|-]|[#=/)'"@~_%&>]|:?\s)"#),
        event_start: ISO_START,
        time_format: "",
    },
];

/// `LOG_LAYOUTS` with its expressions for whole lines and for first lines, compiled once.
static COMPILED: LazyLock<Vec<(&'static LogLayout, Regex, Regex)>> = LazyLock::new(|| {
    let regex = |pattern: &str| compile(pattern, false).ok().map(|compiled| compiled.regex);
    LOG_LAYOUTS.iter().filter_map(|known| Some((known, regex(known.pattern)?, regex(known.event_start)?))).collect()
});

/// What lines of other logs begin with: they continue no event.
const OTHER_STARTS: &str =
    r"^<\d{1,3}>|^[IWEF]\d{4} \d\d:\d\d:\d\d|^%{MONTH} +\d{1,2} \d\d:\d\d:\d\d |^\[?\d{4}[-/]\d\d[-/]\d\d[ T]\d\d:\d\d";

static OTHERS: LazyLock<Option<Regex>> =
    LazyLock::new(|| compile(OTHER_STARTS, false).ok().map(|compiled| compiled.regex));

/// Lines that are looked at.
const LINES: usize = 500;

/// The well-known layout that most events have.
pub fn recognise(sample: &Sample) -> Option<Recognition> {
    let lines: Vec<&str> = sample_lines(sample).take(LINES).collect();
    let begins_other = |line: &str| OTHERS.as_ref().is_some_and(|others| others.is_match(line));
    let mut best: Option<(u8, usize, usize, usize, &LogLayout)> = None;
    for (known, pattern, start) in COMPILED.iter() {
        let starts: Vec<&&str> = lines.iter().filter(|line| start.is_match(line)).collect();
        let fitting = starts.iter().filter(|line| pattern.is_match(line)).count();
        // Lines before the first event belong to none.
        let leading = lines.iter().take_while(|line| !start.is_match(line)).count();
        let foreign = lines[leading..].iter().filter(|line| begins_other(line) && !start.is_match(line)).count();
        let units = starts.len() + leading + foreign;
        // A trace may be long, but a log is not all traces.
        if starts.len() * 20 < lines.len() {
            continue;
        }
        let Some(score) = score(fitting, units, known.weight) else { continue };
        if best.is_none_or(|(other, ..)| score > other) {
            best = Some((score, fitting, units, foreign, known));
        }
    }
    let (score, fitting, units, foreign, known) = best?;
    let joined = lines.len() - units;
    let mut spec = FormatSpec::new("pattern").with("pattern", known.pattern);
    if joined > 0 {
        let start = known.event_start;
        let start = if foreign > 0 { format!("{start}|{OTHER_STARTS}") } else { start.to_owned() };
        spec = spec.with("event_start", &start);
    }
    if !known.time_format.is_empty() {
        spec = spec.with("time_format", known.time_format);
    } else if known.pattern.contains("(?P<time>") {
        spec = spec.with("types", "time=Timestamp");
    }
    let mut reasons = vec![format!("{fitting} of {units} events have {}", known.title)];
    if joined > 0 {
        reasons.push(format!("{joined} lines continue the event before them"));
    }
    Some(Recognition { format: spec, score, reasons })
}
