//! Quantities with units: spans of time and amounts of bytes.
//! Must not import any room but `data`.

use super::super::cast::float_to_int;
use super::super::durations::parse_span;
use super::ArgType::{Duration as Span, Int, Number, String as Text};
use super::arguments::{
    duration, duration_at, float, int, int_at, number_at, some_text, string, text_at, value_or_null,
};
use super::{Function, example, scalar};
use crate::data::Value;
use crate::diagnostic::did_you_mean;

const TIME_UNITS: [(&str, f64); 7] = [
    ("microseconds", 1.0),
    ("milliseconds", 1e3),
    ("seconds", 1e6),
    ("minutes", 6e7),
    ("hours", 3.6e9),
    ("days", 8.64e10),
    ("weeks", 6.048e11),
];
const BYTE_UNITS: [(&str, f64); 10] = [
    ("k", 1e3),
    ("m", 1e6),
    ("g", 1e9),
    ("t", 1e12),
    ("p", 1e15),
    ("ki", 1024.0),
    ("mi", 1_048_576.0),
    ("gi", 1_073_741_824.0),
    ("ti", 1_099_511_627_776.0),
    ("pi", 1_125_899_906_842_624.0),
];

pub(super) const FUNCTIONS: &[Function] = &[
    scalar(
        "units",
        "parse_duration(text) → Duration",
        "Reads '1.5s', '250 ms', '1h30m', '00:15:00' or 'PT15M'; null where it is none of these.",
        &[Text],
        duration,
        |a| value_or_null(|| parse_span(text_at(a, 0)?).ok().map(Value::Duration)),
        &[
            example("parse_duration('1.5s')", "interval '1500 milliseconds'"),
            example("parse_duration('1h30m')", "interval '90 minutes'"),
            example("parse_duration('820ns')", "interval '0 seconds'"),
            example("parse_duration('12')", "null"),
        ],
    ),
    scalar(
        "units",
        "to_duration(number, unit) → Duration",
        "The span of that many 'microseconds', 'milliseconds', 'seconds', 'minutes', 'hours', 'days' or 'weeks'.",
        &[Number, Text],
        duration,
        |a| {
            value_or_null(|| {
                let unit = text_at(a, 1)?;
                let (_, micros) = TIME_UNITS.iter().find(|(name, _)| *name == unit)?;
                match a.first()? {
                    Value::Int(count) => count.checked_mul(*micros as i64).map(Value::Duration),
                    _ => float_to_int((number_at(a, 0)? * micros).round()).map(Value::Duration),
                }
            })
        },
        &[
            example("to_duration(1.5, 'seconds')", "interval '1500 milliseconds'"),
            example("to_duration(2, 'hours')", "interval '2 hours'"),
        ],
    )
    .literal(&[1])
    .checked(check_unit),
    scalar(
        "units",
        "seconds(span) → Float",
        "The span in seconds.",
        &[Span],
        float,
        |a| value_or_null(|| Some(Value::float(duration_at(a, 0)? as f64 / 1e6))),
        &[example("seconds(interval '1500 milliseconds')", "1.5")],
    ),
    scalar(
        "units",
        "milliseconds(span) → Float",
        "The span in milliseconds.",
        &[Span],
        float,
        |a| value_or_null(|| Some(Value::float(duration_at(a, 0)? as f64 / 1e3))),
        &[example("milliseconds(interval '2 seconds')", "2000.0")],
    ),
    scalar(
        "units",
        "format_duration(span) → String",
        "The span in its two largest units, such as '2h 5m', '1.5s' or '12ms'.",
        &[Span],
        string,
        |a| value_or_null(|| some_text(span_text(duration_at(a, 0)?))),
        &[
            example("format_duration(interval '125 minutes')", "'2h 5m'"),
            example("format_duration(interval '1500 milliseconds')", "'1.5s'"),
            example("format_duration(interval '12 milliseconds')", "'12ms'"),
        ],
    ),
    scalar(
        "units",
        "parse_bytes(text) → Int",
        "Reads '3.2kB', '10 MiB' or '512': k, M, G, T, P by 1000, Ki, Mi, Gi, Ti, Pi by 1024.",
        &[Text],
        int,
        |a| value_or_null(|| bytes_of(text_at(a, 0)?).map(Value::Int)),
        &[
            example("parse_bytes('3.2kB')", "3200"),
            example("parse_bytes('10 MiB')", "10485760"),
            example("parse_bytes('512')", "512"),
            example("parse_bytes('many')", "null"),
        ],
    ),
    scalar(
        "units",
        "format_bytes(number) → String",
        "The amount with its unit, by 1000, such as '3.2 MB'.",
        &[Int],
        string,
        |a| value_or_null(|| some_text(bytes_text(int_at(a, 0)?))),
        &[example("format_bytes(3200000)", "'3.2 MB'"), example("format_bytes(999999)", "'1 MB'")],
    ),
];

fn check_unit(args: &[Option<&Value>]) -> Result<(), String> {
    let Some(Some(Value::String(unit))) = args.get(1) else { return Ok(()) };
    let names = || TIME_UNITS.iter().map(|(name, _)| *name);
    if names().any(|name| name == unit) {
        return Ok(());
    }
    let near = did_you_mean(unit, names());
    Err(format!("unknown unit '{unit}'{near}; there are {}", names().collect::<Vec<_>>().join(", ")))
}

/// Bytes in words, such as `512 MB` or `1.5 GiB`; `None` where it is none.
pub fn bytes_of(text: &str) -> Option<i64> {
    let text = text.trim();
    let end = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+'))).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let unit = unit.trim().to_ascii_lowercase();
    let prefix =
        unit.strip_suffix("bytes").or(unit.strip_suffix("byte")).or(unit.strip_suffix('b')).unwrap_or(&unit).trim();
    let factor = match prefix {
        "" => 1.0,
        _ => BYTE_UNITS.iter().find(|(name, _)| *name == prefix)?.1,
    };
    match number.parse::<i64>() {
        Ok(count) => count.checked_mul(factor as i64),
        Err(_) => float_to_int((number.parse::<f64>().ok()? * factor).round()),
    }
}

fn bytes_text(count: i64) -> String {
    let size = count.unsigned_abs() as f64;
    let unit = [(1e15, "PB"), (1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")];
    // With one digit after the point 999,950 bytes are 1 MB, and not 1000 kB.
    match unit.iter().find(|(factor, _)| size >= factor * 0.999_95) {
        Some((factor, name)) => format!("{} {name}", (count as f64 / factor * 10.0).round() / 10.0),
        None => format!("{count} B"),
    }
}

fn span_text(micros: i64) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    let size = micros.unsigned_abs();
    let units = [(86_400_000_000, "d"), (3_600_000_000, "h"), (60_000_000, "m"), (1_000_000, "s")];
    let Some(index) = units.iter().position(|(unit, _)| size >= *unit) else {
        return match size {
            0 => "0s".to_owned(),
            1_000.. => format!("{sign}{}ms", (size / 10) as f64 / 100.0),
            _ => format!("{sign}{size}µs"),
        };
    };
    let (unit, name) = units[index];
    match units.get(index + 1) {
        Some((smaller, smaller_name)) => {
            let rest = size % unit / smaller;
            let rest = if rest > 0 { format!(" {rest}{smaller_name}") } else { String::new() };
            format!("{sign}{}{name}{rest}", size / unit)
        }
        None => format!("{sign}{}{name}", (size / 10_000) as f64 / 100.0),
    }
}
