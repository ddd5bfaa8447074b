//! Whether a line that the format cannot read goes on with the event before it. Must not import the parser.

use super::Joins;
use crate::formats::dates::Years;
use crate::formats::events::is_indented;
use crate::formats::stamp::Stamp;

/// Whether a line that the format cannot read may continue an event.
pub fn is_continuation(line: &str, joins: Joins) -> bool {
    match joins {
        Joins::Never => false,
        Joins::Indented => is_indented(line),
        Joins::Traces => is_indented(line) || is_trace(line),
        Joins::Texts => !begins_event(line),
    }
}

/// Lines of stack traces that are not indented.
fn is_trace(line: &str) -> bool {
    const STARTS: [&str; 9] = [
        "Caused by:",
        "Traceback (most",
        "Suppressed:",
        "During handling",
        "The above exception",
        "...",
        "#",
        "at ",
        "\tat ",
    ];
    if STARTS.iter().any(|start| line.starts_with(start)) || matches!(line.trim_end(), "}" | "]" | ")" | "\"}" | "{}") {
        return true;
    }
    // `java.io.IOException: text`, `ValueError: text`.
    let name = line.split([':', ' ']).next().unwrap_or_default();
    let dotted = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._$/".contains(&byte));
    dotted && (name.ends_with("Exception") || name.ends_with("Error") || name.ends_with("Throwable"))
}

/// Whether a line begins with a day and a clock in another order (`03/02/2026 10:00`, `02/Mar/2026:10:00`, `2.3.2026 10:00`),
/// or with seconds or milliseconds since 1970.
fn is_other_time(bytes: &[u8]) -> bool {
    let digits = |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let first = digits(0);
    if matches!(first, 10 | 13) {
        return matches!(bytes.get(first), Some(b' ' | b'.' | b',' | b'\t'));
    }
    let Some(mark) = bytes.get(first).filter(|mark| (1..=2).contains(&first) && b"/.-".contains(mark)) else {
        return false;
    };
    let month = bytes[first + 1..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let year = first + month + 2;
    if !(1..=3).contains(&month) || bytes.get(year - 1) != Some(mark) || digits(year) != 4 {
        return false;
    }
    let clock = year + 5;
    matches!(bytes.get(year + 4), Some(b' ' | b':' | b'T' | b','))
        && (1..=2).contains(&bytes.get(clock..).map_or(0, |_| digits(clock)))
        && bytes.get(clock + digits(clock)) == Some(&b':')
}

/// Whether a line begins as one of some log does.
fn begins_event(line: &str) -> bool {
    if is_address(line) || is_level(line) || is_key(line) {
        return true;
    }
    let text = line.trim_start_matches(['[', '<']);
    let bytes = text.as_bytes();
    let years = Years::of(0);
    match bytes.first() {
        Some(b'0'..=b'9') => {
            let is_clf = bytes.get(2) == Some(&b'/') && Stamp::Clf.prefix(text, years).is_some();
            let is_priority = line.starts_with('<') && text.get(..4).is_some_and(|start| start.contains('>'));
            is_clf || is_priority || Stamp::Iso.prefix(text, years).is_some() || is_other_time(bytes)
        }
        Some(b'A'..=b'Z') => Stamp::Syslog.prefix(text, years).is_some(),
        Some(b'{') => line.ends_with('}') && line.starts_with("{\""),
        _ => false,
    }
}

/// `192.0.2.7 `: a line of an access log.
fn is_address(line: &str) -> bool {
    let word = line.split(' ').next().unwrap_or_default();
    word.len() < line.len() && word.parse::<std::net::IpAddr>().is_ok()
}

/// `ERROR: `, `WARN `, `I0102 15:04:05`: a level in capitals.
fn is_level(line: &str) -> bool {
    let bytes = line.as_bytes();
    let is_klog = matches!(bytes.first(), Some(b'I' | b'W' | b'E' | b'F'))
        && bytes.get(1..5).is_some_and(|digits| digits.iter().all(u8::is_ascii_digit))
        && bytes.get(5) == Some(&b' ');
    let word = line.split([':', ' ', '\t']).next().unwrap_or_default();
    is_klog || matches!(word, "TRACE" | "DEBUG" | "INFO" | "WARN" | "WARNING" | "ERROR" | "FATAL" | "CRITICAL")
}

/// `level=info msg=…`: logfmt.
fn is_key(line: &str) -> bool {
    ["time=", "ts=", "level=", "lvl=", "t="].iter().any(|key| line.starts_with(key))
}
