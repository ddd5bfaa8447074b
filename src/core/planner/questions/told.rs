//! Values of an answer's rows as words, numbers and times. Imports data.

use crate::data::figures::number_text;
use crate::data::instants::{MONTHS, micros_of, to_calendar};
use crate::data::{TableRows, Value};

/// Rows that are looked at, at most.
pub(super) const MOST_ROWS: usize = 100_000;

/// `busy_samples` → `busy samples`.
pub(super) fn words(name: &str) -> String {
    name.replace('_', " ")
}

/// `1 user`, `2 users`.
pub(super) fn singular(noun: &str, count: f64) -> String {
    match noun.strip_suffix('s').filter(|_| count == 1.0 && !noun.ends_with("ss")) {
        Some(one) => one.to_owned(),
        None => noun.to_owned(),
    }
}

pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Null => "(none)".to_owned(),
        Value::String(text) if text.is_empty() => "(empty)".to_owned(),
        Value::String(text) => text.clone(),
        Value::Float(number) => number_text(*number),
        Value::Timestamp(at) => moment(*at, None),
        Value::Date(_) => position(value).map_or(String::new(), |at| moment(at, Some(DAY))),
        other => match other.to_json() {
            serde_json::Value::String(text) => text,
            json => json.to_string(),
        },
    }
}

pub(super) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        _ => None,
    }
}

/// Microseconds.
pub(super) fn position(value: &Value) -> Option<i64> {
    match value {
        Value::Timestamp(micros) => Some(*micros),
        Value::Date(days) => micros_of(*days),
        _ => None,
    }
}

/// Whether all times are beginnings of months.
pub(super) fn is_monthly(rows: &dyn TableRows, column: usize) -> bool {
    use chrono::{Datelike, Timelike};
    let begins = |at: i64| to_calendar(at).is_some_and(|time| time.day() == 1 && time.num_seconds_from_midnight() == 0);
    (0..rows.rows().min(MOST_ROWS)).filter_map(|row| position(&rows.value(row, column))).all(begins)
}

/// `March 2026`.
pub(super) fn month_of(micros: i64) -> String {
    use chrono::Datelike;
    let Some(time) = to_calendar(micros) else { return String::new() };
    format!("{} {}", MONTHS.get(time.month0() as usize).copied().unwrap_or_default(), time.year())
}

/// What a span of time is called.
pub(in crate::planner) fn span_word(span: i64) -> Option<&'static str> {
    Some(match span / 1_000_000 {
        1 => "second",
        60 => "minute",
        300 => "5 minutes",
        600 => "10 minutes",
        900 => "15 minutes",
        1_800 => "half hour",
        3_600 => "hour",
        86_400 => "day",
        604_800 => "week",
        _ => return None,
    })
}

/// What several of such spans are called.
pub(super) fn span_words(span: i64) -> Option<&'static str> {
    Some(match span / 1_000_000 {
        1 => "seconds",
        60 => "minutes",
        300 => "spans of 5 minutes",
        600 => "spans of 10 minutes",
        900 => "quarters of an hour",
        1_800 => "half hours",
        3_600 => "hours",
        86_400 => "days",
        604_800 => "weeks",
        _ => return None,
    })
}

/// In microseconds.
pub(super) const DAY: i64 = 86_400_000_000;

/// `3 March 2026 14:00 UTC`, `3 March 2026`: no finer than the span. It stands in what is read years later, too.
pub(in crate::planner) fn moment(micros: i64, span: Option<i64>) -> String {
    use chrono::{Datelike, Timelike};
    let Some(time) = to_calendar(micros) else { return String::new() };
    let month = MONTHS.get(time.month0() as usize).copied().unwrap_or_default();
    let day = format!("{} {month} {}", time.day(), time.year());
    match span {
        Some(span) if span >= DAY => day,
        _ if time.second() == 0 => format!("{day} {:02}:{:02} UTC", time.hour(), time.minute()),
        _ => format!("{day} {:02}:{:02}:{:02} UTC", time.hour(), time.minute(), time.second()),
    }
}
