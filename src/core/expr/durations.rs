//! Fixed spans of time as text: `15 minutes`, `1h30m`, `00:15:00`, `PT15M`. Months and years have no
//! fixed length and are refused. Must not import any room but `data`.

use crate::data::parse_duration;

const UNITS: [(i64, &str, &[&str]); 7] = [
    (604_800_000_000, "week", &["weeks", "w"]),
    (86_400_000_000, "day", &["days", "d"]),
    (3_600_000_000, "hour", &["hours", "hrs", "hr", "h"]),
    (60_000_000, "minute", &["minutes", "mins", "min", "m"]),
    (1_000_000, "second", &["seconds", "secs", "sec", "s"]),
    (1_000, "millisecond", &["milliseconds", "millis", "msec", "ms"]),
    (1, "microsecond", &["microseconds", "micros", "usec", "us", "µs", "μs"]),
];

const NANOSECOND: [&str; 6] = ["nanosecond", "nanoseconds", "nanos", "nsec", "nsecs", "ns"];
const NANOS_PER_MICRO: i128 = 1_000;

/// Units without a fixed length.
const CALENDAR_UNITS: [&str; 10] =
    ["month", "months", "mon", "mons", "quarter", "quarters", "year", "years", "yr", "y"];

/// Why a text is no fixed span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SpanError {
    /// Its unit's length depends on the calendar.
    Calendar(String),
    UnknownUnit(String),
    /// A number that no unit follows.
    NoUnit(String),
    /// Neither number nor unit can be made out.
    Unreadable,
    TooLong,
}

/// The nanoseconds of one unit, by any of its names.
fn unit_nanos(name: &str) -> Option<i128> {
    let lower = name.to_lowercase();
    if NANOSECOND.contains(&lower.as_str()) {
        return Some(1);
    }
    let mut units = UNITS.iter();
    let (micros, ..) = units.find(|(_, unit, others)| *unit == lower || others.contains(&lower.as_str()))?;
    Some(i128::from(*micros) * NANOS_PER_MICRO)
}

pub(super) fn is_unit(name: &str) -> bool {
    unit_nanos(name).is_some() || CALENDAR_UNITS.contains(&name.to_lowercase().as_str())
}

/// Microseconds of `1 hour 30 minutes`, `1.5s`, `-90 min`, `01:30:00`, `PT1H30M`.
pub(super) fn parse_span(text: &str) -> Result<i64, SpanError> {
    read_span(text).map(|(micros, _)| micros)
}

/// Whether a text is a span that is finer than a microsecond.
pub fn is_finer_span(text: &str) -> bool {
    (text.contains('.') || text.to_lowercase().contains('n')) && read_span(text).is_ok_and(|(_, is_finer)| is_finer)
}

/// Microseconds, and whether the text is finer than they are.
fn read_span(text: &str) -> Result<(i64, bool), SpanError> {
    let trimmed = text.trim();
    if trimmed.trim_start_matches('-').starts_with('P')
        && let Some(read) = parse_duration(trimmed)
    {
        return Ok(read);
    }
    if let Some(read) = parse_clock(trimmed) {
        return Ok(read);
    }
    let mut is_finer = false;
    let mut rest = trimmed;
    // In nanoseconds: those of several units may make up a microsecond.
    let mut total: i128 = 0;
    if rest.is_empty() {
        return Err(SpanError::Unreadable);
    }
    while !rest.is_empty() {
        let end = rest
            .char_indices()
            .find(|(at, c)| !(c.is_ascii_digit() || *c == '.' || (*at == 0 && matches!(c, '-' | '+'))))
            .map_or(rest.len(), |(at, _)| at);
        let (number, after) = rest.split_at(end);
        let after = after.trim_start();
        let end = after.find(|c: char| !c.is_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        if !number.contains(|c: char| c.is_ascii_digit()) {
            return Err(SpanError::Unreadable);
        }
        if unit.is_empty() {
            return Err(if after.is_empty() { SpanError::NoUnit(number.to_owned()) } else { SpanError::Unreadable });
        }
        if CALENDAR_UNITS.contains(&unit.to_lowercase().as_str()) {
            return Err(SpanError::Calendar(unit.to_owned()));
        }
        let nanos = unit_nanos(unit).ok_or_else(|| SpanError::UnknownUnit(unit.to_owned()))?;
        let (part, finer) = scale(number, nanos)?;
        total = total.checked_add(part).ok_or(SpanError::TooLong)?;
        is_finer |= finer;
        rest = after.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
    }
    is_finer |= total % NANOS_PER_MICRO != 0;
    i64::try_from(total / NANOS_PER_MICRO).map(|micros| (micros, is_finer)).map_err(|_| SpanError::TooLong)
}

/// A decimal number times a whole unit, without passing through a float; and whether something was cut off.
fn scale(number: &str, unit: i128) -> Result<(i128, bool), SpanError> {
    let (negative, digits) = match number.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, number.strip_prefix('+').unwrap_or(number)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if fraction.contains('.') {
        return Err(SpanError::Unreadable);
    }
    let (fraction, beyond) = fraction.split_at(fraction.len().min(15));
    let mut is_finer = beyond.bytes().any(|digit| digit != b'0');
    if whole.len() > 20 {
        return Err(SpanError::TooLong);
    }
    let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| SpanError::Unreadable)? };
    let mut sum = whole.checked_mul(unit).ok_or(SpanError::TooLong)?;
    if !fraction.is_empty() {
        let parts: i128 = fraction.parse().map_err(|_| SpanError::Unreadable)?;
        let scale = 10_i128.pow(fraction.len() as u32);
        sum += parts * unit / scale;
        is_finer |= parts * unit % scale != 0;
    }
    Ok((if negative { -sum } else { sum }, is_finer))
}

/// `15:04:05.25` (hours may exceed 24), `04:05`: hours and minutes.
fn parse_clock(text: &str) -> Option<(i64, bool)> {
    let (negative, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let mut parts = rest.split(':');
    let (hours, minutes, seconds) = (parts.next()?, parts.next()?, parts.next().unwrap_or("0"));
    let is_number = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
    if parts.next().is_some() || !is_number(hours) || hours.len() > 9 || !is_number(minutes) || minutes.len() != 2 {
        return None;
    }
    let whole_seconds = seconds.split('.').next()?;
    if !is_number(whole_seconds) || whole_seconds.len() > 2 || minutes > "59" || whole_seconds.parse::<u8>().ok()? > 59
    {
        return None;
    }
    let (seconds, is_finer) = scale(seconds, 1_000_000).ok()?;
    let micros = i128::from(hours.parse::<i64>().ok()?) * 3_600_000_000
        + i128::from(minutes.parse::<i64>().ok()?) * 60_000_000
        + seconds;
    Some((i64::try_from(if negative { -micros } else { micros }).ok()?, is_finer))
}

/// `15 minutes`: a whole number of the largest unit that divides it (weeks are written as days).
pub(super) fn print_span(micros: i64) -> String {
    if micros == 0 {
        return "0 seconds".to_owned();
    }
    let (unit_micros, unit, _) =
        UNITS[1..].iter().find(|(unit_micros, ..)| micros % unit_micros == 0).unwrap_or(&UNITS[6]);
    let count = micros / unit_micros;
    format!("{count} {unit}{}", if count.unsigned_abs() == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_in_many_spellings() {
        for (text, micros) in [
            ("15 minutes", 900_000_000),
            ("1h30m", 5_400_000_000),
            ("1.5s", 1_500_000),
            ("-2 days", -172_800_000_000),
            ("1 week, 1 day", 691_200_000_000),
            ("00:00:01.25", 1_250_000),
            ("PT15M", 900_000_000),
            ("12µs", 12),
            ("1500ns", 1),
            ("1us 600ns 400 nanoseconds", 2),
            ("0.5us", 0),
            ("PT0.0000005S", 0),
        ] {
            assert_eq!(parse_span(text), Ok(micros), "{text}");
        }
        assert_eq!(parse_span("2 months"), Err(SpanError::Calendar("months".into())));
        assert_eq!(parse_span("2 moons"), Err(SpanError::UnknownUnit("moons".into())));
        assert_eq!(parse_span("15"), Err(SpanError::NoUnit("15".into())));
        assert_eq!(parse_span("99999999999999999 weeks"), Err(SpanError::TooLong));
        assert_eq!(parse_span("a while"), Err(SpanError::Unreadable));
        for none in ["P", "PT", "-P", "P1DT"] {
            assert_eq!(parse_span(none), Err(SpanError::Unreadable), "{none}");
        }
        for (text, is_finer) in
            [("820ns", true), ("2000ns", false), ("0.5us", true), ("0.5ms", false), ("1 min", false)]
        {
            assert_eq!(is_finer_span(text), is_finer, "{text}");
        }
    }

    #[test]
    fn printed_spans_read_back() {
        for micros in [0, 1, -1, 1_500_000, 5_400_000_000, i64::MAX, i64::MIN, 604_800_000_000] {
            assert_eq!(parse_span(&print_span(micros)), Ok(micros));
        }
        assert_eq!(print_span(5_400_000_000), "90 minutes");
    }
}
