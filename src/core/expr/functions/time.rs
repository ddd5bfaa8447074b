//! Time: rounding, parts, formats, epochs, time zones. Timestamps are UTC; weeks start on Monday.
//! Must not import any room but `data`.

use std::cell::RefCell;
use std::rc::Rc;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate, NaiveTime, Timelike};
use chrono_tz::Tz;

use super::super::cast::float_to_int;
use super::super::time_formats::{FormatItem, check_names_a_day, iso_weekday, print_time, read_time, time_format};
use super::ArgType::{Duration, Int, Number, String as Text, Timestamp};
use super::arguments::{
    boolean, duration_at, float, int, int_at, number_at, string, text_at, timestamp, timestamp_at, value_or_null,
};
use super::{Function, example, scalar};
use crate::data::Value;
use crate::data::instants::{MICROS_PER_DAY, MICROS_PER_SECOND, from_calendar, in_range, to_calendar};
use crate::data::zones::Zone;
use crate::diagnostic::did_you_mean;
use crate::expr::cached::{Cached, cached};

const UNITS: [&str; 8] = ["second", "minute", "hour", "day", "week", "month", "quarter", "year"];
const FIELDS: [&str; 13] = [
    "year",
    "quarter",
    "month",
    "week",
    "day",
    "doy",
    "dow",
    "hour",
    "minute",
    "second",
    "millisecond",
    "microsecond",
    "epoch",
];
const EPOCH_UNITS: [&str; 4] = ["seconds", "milliseconds", "microseconds", "nanoseconds"];

pub(super) const FUNCTIONS: &[Function] = &[
    scalar("time", "date_trunc(unit, time) → Timestamp",
        "The start of the second, minute, hour, day, week (Monday), month, quarter or year.", &[Text, Timestamp], timestamp,
        |a| value_or_null(|| truncate(text_at(a, 0)?, timestamp_at(a, 1)?).map(Value::Timestamp)),
        &[example("date_trunc('hour', timestamp '2026-03-02T14:35:07Z')", "timestamp '2026-03-02T14:00:00Z'"),
          example("date_trunc('week', timestamp '2026-03-04T00:00:00Z')", "timestamp '2026-03-02T00:00:00Z'"),
          example("date_trunc('month', date '2026-03-31')", "timestamp '2026-03-01T00:00:00Z'")])
        .literal(&[0]).checked(check_unit),
    scalar("time", "time_bucket(width, time) → Timestamp",
        "The start of the bucket of that width; buckets count from 1970-01-01, buckets of whole weeks from a Monday.",
        &[Duration, Timestamp], timestamp,
        |a| value_or_null(|| bucket(duration_at(a, 0)?, timestamp_at(a, 1)?).map(Value::Timestamp)),
        &[example("time_bucket(interval '15 minutes', timestamp '2026-03-02T14:35:07Z')", "timestamp '2026-03-02T14:30:00Z'"),
          example("time_bucket(interval '1 week', timestamp '2026-03-04T00:00:00Z')", "timestamp '2026-03-02T00:00:00Z'"),
          example("time_bucket(interval '1 hour', timestamp '1969-12-31T23:59:59Z')", "timestamp '1969-12-31T23:00:00Z'")])
        .checked(check_width),
    scalar("time", "extract(field from time) → Int",
        "The year, quarter, month, week (ISO), day, doy (of year), dow (Monday is 1), hour, minute, second, millisecond, microsecond or epoch.",
        &[Text, Timestamp], int,
        |a| value_or_null(|| part(text_at(a, 0)?, timestamp_at(a, 1)?).map(Value::Int)),
        &[example("extract(hour from timestamp '2026-03-02T14:35:07Z')", "14"),
          example("extract(dow from date '2026-03-01')", "7"),
          example("extract(week from date '2027-01-01')", "53")])
        .literal(&[0]).checked(check_field),
    scalar("time", "to_timestamp(text, format[, zone]) → Timestamp",
        "Reads a time by a format such as '%d/%b/%Y:%H:%M:%S %z'; without an offset in the text it is of the zone, or UTC; null where it does not fit.",
        &[Text, Text, Text], timestamp, to_timestamp,
        &[example("to_timestamp('02/Mar/2026:15:02:11 +0100', '%d/%b/%Y:%H:%M:%S %z')", "timestamp '2026-03-02T14:02:11Z'"),
          example("to_timestamp('2026-07-01 12:00', '%Y-%m-%d %H:%M', 'Europe/Berlin')", "timestamp '2026-07-01T10:00:00Z'"),
          example("to_timestamp('240301', '%d%m%Y')", "null"),
          example("to_timestamp('2024033024', '%Y%m%d%H%M%S')", "null"),
          example("to_timestamp('20240301', '%Y%m%d')", "timestamp '2024-03-01T00:00:00Z'"),
          example("to_timestamp('soon', '%Y-%m-%d')", "null")])
        .least(2).literal(&[1, 2]).checked(check_read_format),
    scalar("time", "format_time(time, format) → String", "The time as text by a format such as '%Y-%m-%d %H:%M'.",
        &[Timestamp, Text], string,
        |a| value_or_null(|| {
            let items = format_at(a)?;
            print_time(timestamp_at(a, 0)?, &items).map(Value::String)
        }),
        &[example("format_time(timestamp '2026-03-02T14:02:11Z', '%a %d.%m.%Y %H:%M')", "'Mon 02.03.2026 14:02'"),
          example("format_time(timestamp '2026-03-02T14:02:11.250Z', '%T.%L')", "'14:02:11.250'"),
          example("format_time(try_cast('no' as timestamp), '%z')", "null")])
        .literal(&[1]).checked(check_format),
    scalar("time", "epoch(time) → Float", "Seconds since 1970-01-01 UTC.", &[Timestamp], float,
        |a| value_or_null(|| Some(Value::float(timestamp_at(a, 0)? as f64 / MICROS_PER_SECOND as f64))),
        &[example("epoch(timestamp '1970-01-01T00:00:01.5Z')", "1.5")]),
    scalar("time", "epoch_ms(time) → Int", "Whole milliseconds since 1970-01-01 UTC.", &[Timestamp], int,
        |a| value_or_null(|| Some(Value::Int(timestamp_at(a, 0)?.div_euclid(1000)))),
        &[example("epoch_ms(timestamp '1970-01-01T00:00:01.5Z')", "1500")]),
    scalar("time", "from_epoch(number[, unit]) → Timestamp",
        "The time that many seconds (or 'milliseconds', 'microseconds', 'nanoseconds') after 1970-01-01 UTC.", &[Number, Text], timestamp,
        from_epoch,
        &[example("from_epoch(1772460131)", "timestamp '2026-03-02T14:02:11Z'"),
          example("from_epoch(1772460131250, 'milliseconds')", "timestamp '2026-03-02T14:02:11.250Z'"),
          example("from_epoch(1e300)", "null")])
        .least(1).literal(&[1]).checked(check_epoch_unit),
    scalar("time", "at_timezone(time, zone) → Timestamp",
        "The clock of a zone such as 'Europe/Berlin' at that time, for grouping by local days and hours.", &[Timestamp, Text], timestamp,
        |a| value_or_null(|| to_local(timestamp_at(a, 0)?, text_at(a, 1)?).map(Value::Timestamp)),
        &[example("at_timezone(timestamp '2026-07-01T10:00:00Z', 'Europe/Berlin')", "timestamp '2026-07-01T12:00:00Z'"),
          // Beyond the tables of time zones their rules go on.
          example("at_timezone(timestamp '2100-07-01T00:00:00Z', 'Europe/Berlin')", "timestamp '2100-07-01T02:00:00Z'"),
          example("at_timezone(timestamp '2100-03-28T00:59:59Z', 'Europe/Berlin')", "timestamp '2100-03-28T01:59:59Z'"),
          example("at_timezone(timestamp '2100-03-28T01:00:00Z', 'Europe/Berlin')", "timestamp '2100-03-28T03:00:00Z'"),
          example("at_timezone(timestamp '9999-01-01T00:00:00Z', 'Australia/Sydney')", "timestamp '9999-01-01T11:00:00Z'"),
          example("at_timezone(timestamp '2400-07-01T00:00:00Z', 'Asia/Tokyo')", "timestamp '2400-07-01T09:00:00Z'")])
        .literal(&[1]).checked(check_zone),
    scalar("time", "from_timezone(time, zone) → Timestamp",
        "The time at which a clock of the zone showed this; the earlier one where it did twice, null where never.", &[Timestamp, Text], timestamp,
        |a| value_or_null(|| from_local(timestamp_at(a, 0)?, text_at(a, 1)?).map(Value::Timestamp)),
        &[example("from_timezone(timestamp '2026-07-01T12:00:00Z', 'Europe/Berlin')", "timestamp '2026-07-01T10:00:00Z'"),
          example("from_timezone(timestamp '2026-03-29T02:30:00Z', 'Europe/Berlin')", "null")])
        .literal(&[1]).checked(check_zone),
    scalar("time", "make_timestamp(year, month, day[, hour, minute, second]) → Timestamp",
        "The time of these parts; null where there is no such time.", &[Int, Int, Int, Int, Int, Int], timestamp, make_timestamp,
        &[example("make_timestamp(2026, 3, 2, 14)", "timestamp '2026-03-02T14:00:00Z'"), example("make_timestamp(2026, 2, 30)", "null")]).least(3),
    scalar("time", "is_weekend(time) → Boolean", "Whether the day is a Saturday or Sunday.", &[Timestamp], boolean,
        |a| value_or_null(|| Some(Value::Boolean(part("dow", timestamp_at(a, 0)?)? >= 6))),
        &[example("is_weekend(date '2026-03-01')", "true"), example("is_weekend(date '2026-03-02')", "false")]),
];

/// The format in the second argument.
fn format_at(args: &[Value]) -> Option<Rc<Vec<FormatItem>>> {
    thread_local! {
        static LAST: Cached<Vec<FormatItem>> = const { RefCell::new(None) };
    }
    cached(&LAST, text_at(args, 1)?, |text| time_format(text).ok())
}

fn truncate(unit: &str, micros: i64) -> Option<i64> {
    let step = match unit {
        "second" => MICROS_PER_SECOND,
        "minute" => 60 * MICROS_PER_SECOND,
        "hour" => 3600 * MICROS_PER_SECOND,
        "day" => MICROS_PER_DAY,
        _ => {
            let date = to_calendar(micros)?.date();
            let start = match unit {
                "week" => date.checked_sub_days(chrono::Days::new(u64::from(date.weekday().num_days_from_monday())))?,
                "month" => date.with_day(1)?,
                "quarter" => NaiveDate::from_ymd_opt(date.year(), date.month0() / 3 * 3 + 1, 1)?,
                "year" => NaiveDate::from_ymd_opt(date.year(), 1, 1)?,
                _ => return None,
            };
            return from_calendar(start.and_time(NaiveTime::MIN));
        }
    };
    in_range(in_range(micros)?.div_euclid(step) * step)
}

/// Buckets of whole weeks count from 1970-01-05, a Monday.
fn bucket(width: i64, micros: i64) -> Option<i64> {
    if width <= 0 {
        return None;
    }
    let origin = if width % (7 * MICROS_PER_DAY) == 0 { 4 * MICROS_PER_DAY } else { 0 };
    let since = in_range(micros)?.checked_sub(origin)?;
    in_range(since.div_euclid(width).checked_mul(width)?.checked_add(origin)?)
}

fn part(field: &str, micros: i64) -> Option<i64> {
    let time = to_calendar(micros)?;
    let fraction = micros.rem_euclid(MICROS_PER_SECOND);
    Some(match field {
        "year" => i64::from(time.year()),
        "quarter" => i64::from(time.month0() / 3 + 1),
        "month" => i64::from(time.month()),
        "week" => i64::from(time.iso_week().week()),
        "day" => i64::from(time.day()),
        "doy" => i64::from(time.ordinal()),
        "dow" => iso_weekday(time.weekday()),
        "hour" => i64::from(time.hour()),
        "minute" => i64::from(time.minute()),
        "second" => i64::from(time.second()),
        "millisecond" => fraction / 1000,
        "microsecond" => fraction,
        "epoch" => micros.div_euclid(MICROS_PER_SECOND),
        _ => return None,
    })
}

fn to_timestamp(args: &[Value]) -> Value {
    value_or_null(|| {
        let items = format_at(args)?;
        let (time, offset) = read_time(text_at(args, 0)?, &items)?;
        match (offset, args.len() > 2) {
            (Some(offset), _) => in_range(time - i64::from(offset) * MICROS_PER_SECOND),
            (None, true) => from_local(time, text_at(args, 2)?),
            (None, false) => Some(time),
        }
        .map(Value::Timestamp)
    })
}

fn from_epoch(args: &[Value]) -> Value {
    value_or_null(|| {
        let unit = if args.len() > 1 { text_at(args, 1)? } else { "seconds" };
        let micros = match (args.first()?, unit) {
            (Value::Int(count), "seconds") => count.checked_mul(MICROS_PER_SECOND)?,
            (Value::Int(count), "milliseconds") => count.checked_mul(1000)?,
            (Value::Int(count), "microseconds") => *count,
            (Value::Int(count), "nanoseconds") => count.div_euclid(1000),
            (_, unit) => {
                let count = number_at(args, 0)?;
                let micros = match unit {
                    "seconds" => count * 1e6,
                    "milliseconds" => count * 1e3,
                    "microseconds" => count,
                    // A product with 0.001, which is no Float, would be rounded twice.
                    "nanoseconds" => count / 1e3,
                    _ => return None,
                };
                float_to_int(micros.round())?
            }
        };
        in_range(micros).map(Value::Timestamp)
    })
}

fn to_local(micros: i64, zone: &str) -> Option<i64> {
    in_range(Zone::Named(Tz::from_str(zone).ok()?).clock(micros)?)
}

fn from_local(micros: i64, zone: &str) -> Option<i64> {
    in_range(Zone::Named(Tz::from_str(zone).ok()?).instant(micros)?)
}

fn make_timestamp(args: &[Value]) -> Value {
    value_or_null(|| {
        let number = |index: usize| match index < args.len() {
            true => int_at(args, index).and_then(|int| u32::try_from(int).ok()),
            false => Some(0),
        };
        let year = i32::try_from(int_at(args, 0)?).ok().filter(|year| (1..=9999).contains(year))?;
        let date = NaiveDate::from_ymd_opt(year, number(1)?, number(2)?)?;
        from_calendar(date.and_hms_opt(number(3)?, number(4)?, number(5)?)?).map(Value::Timestamp)
    })
}

/// A constant text must be one of the known words.
fn check_word(args: &[Option<&Value>], index: usize, what: &str, known: &[&str]) -> Result<(), String> {
    let Some(Some(Value::String(word))) = args.get(index) else { return Ok(()) };
    if known.contains(&word.as_str()) {
        return Ok(());
    }
    let near = did_you_mean(word, known.iter().copied());
    Err(format!("unknown {what} '{word}'{near}; there are {}", known.join(", ")))
}

fn check_unit(args: &[Option<&Value>]) -> Result<(), String> {
    check_word(args, 0, "unit", &UNITS)
}

fn check_field(args: &[Option<&Value>]) -> Result<(), String> {
    check_word(args, 0, "part of a time", &FIELDS)
}

fn check_epoch_unit(args: &[Option<&Value>]) -> Result<(), String> {
    check_word(args, 1, "unit", &EPOCH_UNITS)
}

fn check_width(args: &[Option<&Value>]) -> Result<(), String> {
    match args.first().copied().flatten() {
        Some(Value::Duration(width)) if *width <= 0 => Err("the width of a bucket must be above zero".to_owned()),
        _ => Ok(()),
    }
}

fn check_format(args: &[Option<&Value>]) -> Result<(), String> {
    match args.get(1).copied().flatten() {
        Some(Value::String(format)) => time_format(format).map(drop),
        _ => Ok(()),
    }
}

fn check_read_format(args: &[Option<&Value>]) -> Result<(), String> {
    if let Some(Some(Value::String(format))) = args.get(1) {
        check_names_a_day(&time_format(format)?)?;
    }
    check_zone_at(args, 2)
}

fn check_zone(args: &[Option<&Value>]) -> Result<(), String> {
    check_zone_at(args, 1)
}

fn check_zone_at(args: &[Option<&Value>], index: usize) -> Result<(), String> {
    let Some(Some(Value::String(zone))) = args.get(index) else { return Ok(()) };
    if Tz::from_str(zone).is_ok() {
        return Ok(());
    }
    // Of some 600 names only those with the same first letter are measured.
    let initial = zone.chars().next().map(|c| c.to_ascii_uppercase());
    let alike = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()).filter(|name| name.chars().next() == initial);
    let near = did_you_mean(zone, alike);
    Err(format!("unknown time zone '{zone}'{near}; zones are named as in 'Europe/Berlin' or 'UTC'"))
}
