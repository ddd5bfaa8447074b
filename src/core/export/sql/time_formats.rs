//! Formats of times → SQL: every part as the language reads and prints it, since the engines' own formats differ in
//! zones, names, paddings and ranges.

use super::dialect::{Dialect, Sql};
use crate::data::DataType;
use crate::expr::{FormatItem, TimeField, time_format};

/// The time `sql` as text.
pub fn printed(dialect: &dyn Dialect, sql: &str, format: &str) -> Sql {
    let items = time_format(format).map_err(|what| dialect.refuse(&what))?;
    let parts: Vec<String> = items.iter().map(|item| printed_item(dialect, "t", item)).collect();
    // A format without parts of the time would print null too.
    let text = parts.join(" || ");
    Ok(dialect.named(sql, "t", &format!("CASE WHEN t IS NOT NULL THEN {text} END")))
}

fn printed_item(dialect: &dyn Dialect, time: &str, item: &FormatItem) -> String {
    let text_type = dialect.type_name(&DataType::String);
    let extract = |part: &str| dialect.extract(part, time);
    let filled =
        |number: &str, width: usize, fill: char| format!("lpad(CAST({number} AS {text_type}), {width}, '{fill}')");
    let padded = |part: &str, width: usize| filled(&extract(part), width, '0');
    let helper = |name: &str| dialect.helper(name, &[time]);
    match item {
        FormatItem::Text(text) => dialect.text(text),
        FormatItem::Field(field) => match field {
            TimeField::Year => padded("year", 4),
            TimeField::YearOfCentury => format!("right({}, 2)", padded("year", 4)),
            TimeField::Month => padded("month", 2),
            TimeField::MonthShort => format!("left({}, 3)", helper("month_name")),
            TimeField::MonthLong => helper("month_name"),
            TimeField::Day => padded("day", 2),
            TimeField::DayPadded => filled(&extract("day"), 2, ' '),
            TimeField::DayOfYear => padded("doy", 3),
            TimeField::WeekdayShort => format!("left({}, 3)", helper("day_name")),
            TimeField::WeekdayLong => helper("day_name"),
            TimeField::Hour => padded("hour", 2),
            TimeField::Hour12 => filled(&format!("({} + 11) % 12 + 1", extract("hour")), 2, '0'),
            TimeField::AmPm => format!("CASE WHEN {} < 12 THEN 'AM' ELSE 'PM' END", extract("hour")),
            TimeField::Minute => padded("minute", 2),
            TimeField::Second => padded("second", 2),
            TimeField::Fraction => filled(&helper("microsecond"), 6, '0'),
            TimeField::Millis => filled(&helper("millisecond"), 3, '0'),
            TimeField::Offset => "'+0000'".to_owned(),
            TimeField::Zone => "'UTC'".to_owned(),
            TimeField::Epoch => {
                let seconds = dialect.helper("floor_div", &[&helper("micros_of_time"), "1000000"]);
                format!("CAST({seconds} AS {text_type})")
            }
        },
    }
}

const MONTHS: &str = "january|february|march|april|may|june|july|august|september|october|november|december|\
jan|feb|mar|apr|jun|jul|aug|sep|oct|nov|dec";
const WEEKDAYS: &str = "monday|tuesday|wednesday|thursday|friday|saturday|sunday|mon|tue|wed|thu|fri|sat|sun";

/// The text `sql` as a time: taken apart by one pattern, put together from its parts.
pub fn read(dialect: &dyn Dialect, sql: &str, format: &str) -> Sql {
    let items = time_format(format).map_err(|what| dialect.refuse(&what))?;
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
    // Of a part that comes twice the last one counts.
    let part = |wanted: &[TimeField]| {
        let place = fields.iter().rposition(|field| wanted.contains(field))?;
        Some((fields[place], dialect.group("t", place)))
    };
    let time = dialect.helper("time", &[&assembled(dialect, &part)]);
    let groups = dialect.groups(sql, &pattern, fields.len())?;
    Ok(dialect.named(&groups, "t", &format!("CASE WHEN {} <> '' THEN {time} END", dialect.group("t", 0))))
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
fn assembled(dialect: &dyn Dialect, part: PartOf<'_>) -> String {
    use TimeField::*;
    let helper = |name: &str, args: &[&str]| dialect.helper(name, args);
    let digits = |text: &str| helper("part", &[text]);
    let number = |wanted: &[TimeField]| part(wanted).map_or("0".to_owned(), |(_, text)| digits(&text));
    let fraction = part(&[Fraction, Millis]).map_or("0".to_owned(), |(_, text)| helper("fraction", &[&text]));
    if let Some((_, epoch)) = part(&[Epoch]) {
        return helper("epoch_micros", &[&epoch, &fraction]);
    }
    let year = match part(&[Year, YearOfCentury]) {
        Some((YearOfCentury, text)) => {
            format!("({} + CASE WHEN {} >= 69 THEN 1900 ELSE 2000 END)", digits(&text), digits(&text))
        }
        Some((_, text)) => digits(&text),
        None => "NULL".to_owned(),
    };
    let month = match part(&[Month, MonthShort, MonthLong]) {
        Some((Month, text)) => Some(digits(&text)),
        Some((_, text)) => Some(helper("month", &[&text])),
        None => None,
    };
    let day = match (month, part(&[Day, DayPadded]), part(&[DayOfYear])) {
        (Some(month), Some((_, day)), _) => helper("day", &[&year, &month, &digits(&format!("trim({day})"))]),
        (_, _, Some((_, day))) => helper("day_of_year", &[&year, &digits(&day)]),
        _ => "NULL".to_owned(),
    };
    let hour = match (part(&[Hour12]), part(&[AmPm])) {
        (Some((_, hour)), Some((_, half))) => format!(
            "CASE WHEN {hour} BETWEEN 1 AND 12 THEN {hour} % 12 + CASE WHEN lower({half}) = 'pm' THEN 12 ELSE 0 END END",
            hour = digits(&hour)
        ),
        (Some(_), None) => "NULL".to_owned(),
        (None, _) => number(&[Hour]),
    };
    let clock = helper("clock", &[&hour, &number(&[Minute]), &number(&[Second])]);
    let zone = part(&[Offset, Zone]).map_or("0".to_owned(), |(_, text)| helper("zone", &[&text]));
    format!("{day} + {clock} + {fraction} - {zone}")
}
