//! Values of an answer's rows as words, numbers and times. Imports data.

use chrono::Months;

use super::countries::is_country;
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

/// The beginning of the next month.
pub(super) fn month_after(micros: i64) -> Option<i64> {
    Some(to_calendar(micros)?.checked_add_months(Months::new(1))?.and_utc().timestamp_micros())
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
        10_800 => "3 hours",
        21_600 => "6 hours",
        43_200 => "12 hours",
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
        10_800 => "spans of 3 hours",
        21_600 => "spans of 6 hours",
        43_200 => "half days",
        86_400 => "days",
        604_800 => "weeks",
        _ => return None,
    })
}

/// One of such spans, as something happens in it: `an hour`.
pub(super) fn one_span(span: i64) -> Option<&'static str> {
    Some(match span / 1_000_000 {
        1 => "a second",
        60 => "a minute",
        300 => "5 minutes",
        600 => "10 minutes",
        900 => "15 minutes",
        1_800 => "half an hour",
        3_600 => "an hour",
        10_800 => "3 hours",
        21_600 => "6 hours",
        43_200 => "12 hours",
        86_400 => "a day",
        604_800 => "a week",
        _ => return None,
    })
}

/// In microseconds.
pub(super) const DAY: i64 = 86_400_000_000;

/// `3 March 2026`.
fn day_of(micros: i64) -> String {
    use chrono::Datelike;
    let Some(time) = to_calendar(micros) else { return String::new() };
    let month = MONTHS.get(time.month0() as usize).copied().unwrap_or_default();
    format!("{} {month} {}", time.day(), time.year())
}

/// `14:00`, with seconds where there are some.
fn clock_of(micros: i64) -> String {
    use chrono::Timelike;
    let Some(time) = to_calendar(micros) else { return String::new() };
    match time.second() {
        0 => format!("{:02}:{:02}", time.hour(), time.minute()),
        seconds => format!("{:02}:{:02}:{seconds:02}", time.hour(), time.minute()),
    }
}

/// `3 March 2026 14:00 UTC`, `3 March 2026`: no finer than the span. It stands in what is read years later, too.
pub(in crate::planner) fn moment(micros: i64, span: Option<i64>) -> String {
    match span {
        Some(span) if span >= DAY => day_of(micros),
        _ => format!("{} {} UTC", day_of(micros), clock_of(micros)),
    }
}

/// From where to where a span goes: `3 March 2026, 14:00–15:00 UTC`, `the week from 2 March 2026`.
pub(super) fn stretch(micros: i64, span: i64) -> String {
    let end = micros.saturating_add(span);
    match span {
        DAY => day_of(micros),
        span if span > DAY => format!("the {} from {}", span_word(span).unwrap_or("time"), day_of(micros)),
        span if span < 60_000_000 => moment(micros, None),
        _ if day_of(end) == day_of(micros) || end.rem_euclid(DAY) == 0 => {
            let end = if end.rem_euclid(DAY) == 0 { "24:00".to_owned() } else { clock_of(end) };
            format!("{}, {}–{end} UTC", day_of(micros), clock_of(micros))
        }
        _ => format!("{} {} – {}", day_of(micros), clock_of(micros), moment(end, None)),
    }
}

/// Which part of a day, a week or a month there are data of: ` (until 4 March)`, ` (from 14:20)`; nothing: all of it.
pub(super) fn part_in_words(length: i64, [from, until]: [Option<i64>; 2]) -> String {
    let told = |at: i64| match length > DAY {
        true => day_of(at).rsplit_once(' ').map_or(String::new(), |(day, _)| day.to_owned()),
        false => clock_of(at - at.rem_euclid(60_000_000)),
    };
    match (from.map(told), until.map(told)) {
        (None, None) => String::new(),
        (Some(from), _) => format!(" (from {from})"),
        (None, Some(until)) => format!(" (until {until})"),
    }
}

/// From where to where data go, in days: `2–5 March 2026`, `28 February – 3 March 2026`, `3 March 2026`.
fn days_between(first: i64, last: i64) -> String {
    use chrono::Datelike;
    let (Some(from), Some(to)) = (to_calendar(first), to_calendar(last)) else { return String::new() };
    let month = |time: chrono::NaiveDateTime| MONTHS.get(time.month0() as usize).copied().unwrap_or_default();
    match () {
        () if from.date() == to.date() => day_of(first),
        () if (from.year(), from.month()) == (to.year(), to.month()) => format!("{}–{}", from.day(), day_of(last)),
        () if from.year() == to.year() => format!("{} {} – {}", from.day(), month(from), day_of(last)),
        () => format!("{} – {}", day_of(first), day_of(last)),
    }
}

/// In the place of a number that the data are too short, or too few, for.
pub const CANNOT_BE_TOLD: &str = "cannot be told";

/// The span of time of an answer's data, in words: `2–5 March 2026`, `9 June 2017, 20:10–20:11 UTC`.
pub fn span_in_words((first, last): (i64, i64)) -> String {
    if first.div_euclid(DAY) != last.div_euclid(DAY) {
        return days_between(first, last);
    }
    let (from, to) = (moment(first, None), moment(last, None));
    match (from.rsplit_once(' '), to.rsplit(' ').nth(1)) {
        (Some((day, _)), Some(clock)) => match day.rsplit_once(' ') {
            Some((day, from)) if from != clock => format!("{day}, {from}–{clock} UTC"),
            _ => from,
        },
        _ => from,
    }
}

/// A name in a sentence: one that is more than letters and digits stands in quotation marks, since a bare `/` is no
/// subject that anybody reads.
pub(super) fn named(value: &Value) -> String {
    let text = shown(value);
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | '@');
    let is_bare = text.starts_with(char::is_alphanumeric) && text.chars().all(is_plain);
    match value {
        Value::String(name) if name.is_empty() || is_bare || is_numbered(name) || is_country(name) => text,
        Value::String(_) => format!("“{text}”"),
        _ => text,
    }
}

/// Whether a name stands for one that nobody may see: `user no. 1`.
pub(super) fn is_numbered(name: &str) -> bool {
    name.rsplit_once(" no. ").is_some_and(|(_, number)| number.chars().all(|c| c.is_ascii_digit() || c == ','))
}

/// `9.1 %`, `0.29 %`: a share in a sentence; whole or nothing only where it is.
pub(super) fn share_text(share: f64) -> String {
    percent_text(share * 100.0)
}

/// The same of a number that is in per cent already.
pub(super) fn percent_text(percent: f64) -> String {
    let size = percent.abs();
    let text = match size {
        size if size >= 1.0 => format!("{size:.1}").trim_end_matches(".0").to_owned(),
        size => number_text(size),
    };
    let text = match text.as_str() {
        "100" if size < 100.0 => format!("{size:.3}").replace("100.000", "> 99.99"),
        _ => text,
    };
    format!("{}{text} %", if percent < 0.0 { "-" } else { "" })
}
