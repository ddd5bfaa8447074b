//! Formats of times → DuckDB SQL: every part as the language reads and prints it, since strptime and strftime differ in
//! zones, names, paddings and ranges.

use super::expr::unsupported;
use crate::diagnostic::Diagnostic;
use crate::expr::{FormatItem, TimeField, time_format};
use crate::quote::sql_text;

type Sql = Result<String, Diagnostic>;

/// The time `sql` as text.
pub fn printed(sql: &str, format: &str) -> Sql {
    let items = time_format(format).map_err(unsupported)?;
    let parts: Vec<String> = items.iter().map(|item| printed_item("t", item)).collect();
    // A format without parts of the time would print null too.
    let text = parts.join(" || ");
    Ok(format!("list_extract(list_transform([{sql}], lambda t: CASE WHEN t IS NOT NULL THEN {text} END), 1)"))
}

fn printed_item(time: &str, item: &FormatItem) -> String {
    let padded = |part: &str, width: usize| format!("lpad(CAST(extract({part} FROM {time}) AS VARCHAR), {width}, '0')");
    let fraction = |unit: &str| format!("(extract(microsecond FROM {time}) % 1000000{unit})");
    match item {
        FormatItem::Text(text) => sql_text(text),
        FormatItem::Field(field) => match field {
            TimeField::Year => padded("year", 4),
            TimeField::YearOfCentury => format!("right({}, 2)", padded("year", 4)),
            TimeField::Month => padded("month", 2),
            TimeField::MonthShort => format!("left(monthname({time}), 3)"),
            TimeField::MonthLong => format!("monthname({time})"),
            TimeField::Day => padded("day", 2),
            TimeField::DayPadded => format!("lpad(CAST(extract(day FROM {time}) AS VARCHAR), 2, ' ')"),
            TimeField::DayOfYear => padded("doy", 3),
            TimeField::WeekdayShort => format!("left(dayname({time}), 3)"),
            TimeField::WeekdayLong => format!("dayname({time})"),
            TimeField::Hour => padded("hour", 2),
            TimeField::Hour12 => {
                format!("lpad(CAST((extract(hour FROM {time}) + 11) % 12 + 1 AS VARCHAR), 2, '0')")
            }
            TimeField::AmPm => format!("CASE WHEN extract(hour FROM {time}) < 12 THEN 'AM' ELSE 'PM' END"),
            TimeField::Minute => padded("minute", 2),
            TimeField::Second => {
                format!("lpad(CAST(extract(second FROM {time}) AS VARCHAR), 2, '0')")
            }
            TimeField::Fraction => format!("lpad(CAST({} AS VARCHAR), 6, '0')", fraction("")),
            TimeField::Millis => format!("lpad(CAST({} AS VARCHAR), 3, '0')", fraction(" // 1000")),
            TimeField::Offset => "'+0000'".to_owned(),
            TimeField::Zone => "'UTC'".to_owned(),
            TimeField::Epoch => format!("CAST(pw_floor_div(epoch_us({time}), 1000000) AS VARCHAR)"),
        },
    }
}

const MONTHS: &str = "january|february|march|april|may|june|july|august|september|october|november|december|\
jan|feb|mar|apr|jun|jul|aug|sep|oct|nov|dec";
const WEEKDAYS: &str = "monday|tuesday|wednesday|thursday|friday|saturday|sunday|mon|tue|wed|thu|fri|sat|sun";

/// The text `sql` as a time: taken apart by one pattern, put together from its parts.
pub fn read(sql: &str, format: &str) -> Sql {
    let items = time_format(format).map_err(unsupported)?;
    let mut pattern = String::from("^");
    let mut fields = Vec::new();
    for (place, item) in items.iter().enumerate() {
        match item {
            FormatItem::Text(text) => pattern.push_str(&regex::escape(text)),
            FormatItem::Field(field) => {
                // Two digits are taken where there are two: what follows at once finds none of them.
                let is_before_digits = items.get(place + 1).is_some_and(begins_with_digit);
                let own = match field_pattern(*field) {
                    pattern if pattern == SHORT && is_before_digits => r"\d\d".to_owned(),
                    pattern => pattern,
                };
                pattern.push_str(&format!("({own})"));
                fields.push(*field);
            }
        }
    }
    pattern.push('$');
    // Of a part that comes twice the last one counts. `t.p0` would be a part of a column `t`, where there is one.
    let part = |wanted: &[TimeField]| {
        let place = fields.iter().rposition(|field| wanted.contains(field))?;
        Some((fields[place], format!("t['p{place}']")))
    };
    let names: Vec<String> = (0..fields.len()).map(|place| format!("'p{place}'")).collect();
    let time = assembled(&part);
    Ok(format!(
        "list_extract(list_transform([regexp_extract({sql}, {}, [{}])], lambda t: CASE WHEN t['p0'] <> '' THEN pw_time({time}) END), 1)",
        sql_text(&pattern),
        names.join(", ")
    ))
}

/// One digit or two.
const SHORT: &str = r"\d\d|\d";

fn begins_with_digit(item: &FormatItem) -> bool {
    match item {
        FormatItem::Text(text) => text.starts_with(|c: char| c.is_ascii_digit()),
        FormatItem::Field(field) => field_pattern(*field).starts_with(r"\d"),
    }
}

fn field_pattern(field: TimeField) -> String {
    match field {
        TimeField::Year => r"\d{4}".to_owned(),
        TimeField::YearOfCentury => r"\d{2}".to_owned(),
        TimeField::DayOfYear => r"\d{3}".to_owned(),
        TimeField::DayPadded => r" ?(?:\d\d|\d)".to_owned(),
        TimeField::MonthShort | TimeField::MonthLong => format!("(?i:{MONTHS})"),
        TimeField::WeekdayShort | TimeField::WeekdayLong => format!("(?i:{WEEKDAYS})"),
        TimeField::AmPm => "(?i:am|pm)".to_owned(),
        TimeField::Fraction | TimeField::Millis => r"\d+".to_owned(),
        TimeField::Offset => r"[Zz]|[+-]\d{2}:?\d{2}|[+-]\d{2}".to_owned(),
        TimeField::Zone => "UTC|GMT|Z".to_owned(),
        TimeField::Epoch => r"-?\d+".to_owned(),
        TimeField::Month
        | TimeField::Day
        | TimeField::Hour
        | TimeField::Hour12
        | TimeField::Minute
        | TimeField::Second => SHORT.to_owned(),
    }
}

/// The text of the first of these fields that a format has, with that field.
type PartOf<'a> = &'a dyn Fn(&[TimeField]) -> Option<(TimeField, String)>;

/// Microseconds since 1970 from the parts.
fn assembled(part: PartOf<'_>) -> String {
    use TimeField::*;
    let number = |wanted: &[TimeField]| part(wanted).map_or("0".to_owned(), |(_, text)| format!("pw_part({text})"));
    let fraction = part(&[Fraction, Millis]).map_or("0".to_owned(), |(_, text)| format!("pw_fraction({text})"));
    if let Some((_, epoch)) = part(&[Epoch]) {
        return format!("TRY(TRY_CAST({epoch} AS BIGINT) * 1000000 + {fraction})");
    }
    let year = match part(&[Year, YearOfCentury]) {
        Some((YearOfCentury, text)) => {
            format!("(pw_part({text}) + CASE WHEN pw_part({text}) >= 69 THEN 1900 ELSE 2000 END)")
        }
        Some((_, text)) => format!("pw_part({text})"),
        None => "NULL".to_owned(),
    };
    let month = match part(&[Month, MonthShort, MonthLong]) {
        Some((Month, text)) => Some(format!("pw_part({text})")),
        Some((_, text)) => {
            Some(format!("((strpos('janfebmaraprmayjunjulaugsepoctnovdec', lower(left({text}, 3))) + 2) // 3)"))
        }
        None => None,
    };
    let day = match (month, part(&[Day, DayPadded]), part(&[DayOfYear])) {
        (Some(month), Some((_, day)), _) => format!("pw_day({year}, {month}, pw_part(trim({day})))"),
        (_, _, Some((_, day))) => format!("pw_day_of_year({year}, pw_part({day}))"),
        _ => "NULL".to_owned(),
    };
    let hour = match (part(&[Hour12]), part(&[AmPm])) {
        (Some((_, hour)), Some((_, half))) => format!(
            "CASE WHEN pw_part({hour}) BETWEEN 1 AND 12 THEN pw_part({hour}) % 12 + CASE WHEN lower({half}) = 'pm' THEN 12 ELSE 0 END END"
        ),
        (Some(_), None) => "NULL".to_owned(),
        (None, _) => number(&[Hour]),
    };
    let clock = format!("pw_clock({hour}, {}, {})", number(&[Minute]), number(&[Second]));
    let zone = part(&[Offset, Zone]).map_or("0".to_owned(), |(_, text)| format!("pw_zone({text})"));
    format!("{day} + {clock} + {fraction} - {zone}")
}
