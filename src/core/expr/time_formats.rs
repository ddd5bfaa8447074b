//! Formats of times (`%Y-%m-%d %H:%M:%S`): one reader of format strings, shared by parsing, printing and
//! exports. Must not import any room.

use chrono::{Datelike, NaiveDate, NaiveDateTime, Timelike, Weekday};

use crate::data::instants::MONTHS;
use crate::data::instants::{
    MICROS_PER_DAY, MICROS_PER_SECOND, days, days_of, fraction_prefix, in_range, to_calendar, zone_prefix,
};

/// A piece of a format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FormatItem {
    Text(String),
    Field(TimeField),
}

/// What a letter after `%` stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeField {
    /// `%Y`: four digits.
    Year,
    /// `%y`: two digits; 69 to 99 are of the 20th century.
    YearOfCentury,
    /// `%m`
    Month,
    /// `%b`: Jan.
    MonthShort,
    /// `%B`: January.
    MonthLong,
    /// `%d`
    Day,
    /// `%e`: padded with a space.
    DayPadded,
    /// `%j`: three digits.
    DayOfYear,
    /// `%a`: Mon.
    WeekdayShort,
    /// `%A`: Monday.
    WeekdayLong,
    /// `%H`: 00 to 23.
    Hour,
    /// `%I`: 01 to 12.
    Hour12,
    /// `%p`: AM or PM.
    AmPm,
    /// `%M`
    Minute,
    /// `%S`
    Second,
    /// `%f`: six digits when printed, one to nine when read.
    Fraction,
    /// `%L`: milliseconds, three digits when printed, one to nine of a fraction when read.
    Millis,
    /// `%z`: +0100; read also as +01:00, +01 and Z.
    Offset,
    /// `%Z`: printed as UTC, read as UTC, GMT or Z.
    Zone,
    /// `%s`: whole seconds since 1970.
    Epoch,
}

const FIELDS: [(char, TimeField); 20] = [
    ('Y', TimeField::Year),
    ('y', TimeField::YearOfCentury),
    ('m', TimeField::Month),
    ('b', TimeField::MonthShort),
    ('B', TimeField::MonthLong),
    ('d', TimeField::Day),
    ('e', TimeField::DayPadded),
    ('j', TimeField::DayOfYear),
    ('a', TimeField::WeekdayShort),
    ('A', TimeField::WeekdayLong),
    ('H', TimeField::Hour),
    ('I', TimeField::Hour12),
    ('p', TimeField::AmPm),
    ('M', TimeField::Minute),
    ('S', TimeField::Second),
    ('f', TimeField::Fraction),
    ('L', TimeField::Millis),
    ('z', TimeField::Offset),
    ('Z', TimeField::Zone),
    ('s', TimeField::Epoch),
];

impl TimeField {
    /// The letter after `%`.
    pub fn letter(self) -> char {
        FIELDS.iter().find(|(_, field)| *field == self).map_or('%', |(letter, _)| *letter)
    }
}

const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// Reads a format; the error is a sentence. `%F %T %R %D` are read as what they stand for.
pub fn time_format(text: &str) -> Result<Vec<FormatItem>, String> {
    let mut items = Vec::new();
    let mut plain = String::new();
    let expanded =
        text.replace("%F", "%Y-%m-%d").replace("%T", "%H:%M:%S").replace("%R", "%H:%M").replace("%D", "%m/%d/%y");
    let mut chars = expanded.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            plain.push(c);
            continue;
        }
        let letter = chars.next().ok_or("a letter is missing after the last `%`")?;
        if letter == '%' {
            plain.push('%');
            continue;
        }
        let Some((_, field)) = FIELDS.iter().find(|(known, _)| *known == letter) else {
            let letters: Vec<String> = FIELDS.iter().map(|(letter, _)| format!("%{letter}")).collect();
            return Err(format!("`%{letter}` is not a part of a time; there are {} %F %T %R %D %%", letters.join(" ")));
        };
        if !plain.is_empty() {
            items.push(FormatItem::Text(std::mem::take(&mut plain)));
        }
        items.push(FormatItem::Field(*field));
    }
    if !plain.is_empty() {
        items.push(FormatItem::Text(plain));
    }
    if !items.iter().any(|item| matches!(item, FormatItem::Field(_))) {
        return Err(match percent_format(text) {
            Some(format) => format!("parts of a time are written with `%`: '{format}'"),
            None => format!("'{text}' holds no part of a time such as `%Y`"),
        });
    }
    Ok(items)
}

/// `yyyy-MM-dd HH:mm:ss` as it is written here.
fn percent_format(text: &str) -> Option<String> {
    const LETTERS: [(&str, &str); 10] = [
        ("YYYY", "%Y"),
        ("yyyy", "%Y"),
        ("MMM", "%b"),
        ("MM", "%m"),
        ("DD", "%d"),
        ("dd", "%d"),
        ("HH", "%H"),
        ("mm", "%M"),
        ("SSS", "%L"),
        ("ss", "%S"),
    ];
    let known = text.contains("yyyy") || text.contains("YYYY");
    known.then(|| LETTERS.iter().fold(text.to_owned(), |format, (letters, field)| format.replace(letters, field)))
}

/// Whether texts of this format name a day: what is missing, in a sentence.
pub(super) fn check_names_a_day(items: &[FormatItem]) -> Result<(), String> {
    let has = |wanted: &[TimeField]| {
        items.iter().any(|item| matches!(item, FormatItem::Field(field) if wanted.contains(field)))
    };
    use TimeField::*;
    if has(&[Epoch]) {
        return Ok(());
    }
    if !has(&[Year, YearOfCentury]) {
        return Err(
            "the format has no year (`%Y`); put one before the text, as in `to_timestamp('2026 ' || text, '%Y …')`"
                .to_owned(),
        );
    }
    let names_day = has(&[Month, MonthShort, MonthLong]) && has(&[Day, DayPadded]);
    if !has(&[DayOfYear]) && !names_day {
        return Err("the format names no day: month (`%m` or `%b`) and day (`%d`) are needed".to_owned());
    }
    if has(&[Hour12]) && !has(&[AmPm]) {
        return Err("`%I` counts hours to 12 and needs `%p` (AM or PM); hours to 23 are `%H`".to_owned());
    }
    Ok(())
}

/// A timestamp as text.
pub(super) fn print_time(micros: i64, items: &[FormatItem]) -> Option<String> {
    let time = to_calendar(micros)?;
    let mut text = String::new();
    for item in items {
        match item {
            FormatItem::Text(plain) => text.push_str(plain),
            FormatItem::Field(field) => text.push_str(&print_field(&time, micros, *field)),
        }
    }
    Some(text)
}

fn print_field(time: &NaiveDateTime, micros: i64, field: TimeField) -> String {
    let fraction = micros.rem_euclid(MICROS_PER_SECOND);
    let short = |names: &[&str], index: u32| names[index as usize][..3].to_owned();
    match field {
        TimeField::Year => format!("{:04}", time.year()),
        TimeField::YearOfCentury => format!("{:02}", time.year().rem_euclid(100)),
        TimeField::Month => format!("{:02}", time.month()),
        TimeField::MonthShort => short(&MONTHS, time.month0()),
        TimeField::MonthLong => MONTHS[time.month0() as usize].to_owned(),
        TimeField::Day => format!("{:02}", time.day()),
        TimeField::DayPadded => format!("{:2}", time.day()),
        TimeField::DayOfYear => format!("{:03}", time.ordinal()),
        TimeField::WeekdayShort => short(&WEEKDAYS, time.weekday().num_days_from_monday()),
        TimeField::WeekdayLong => WEEKDAYS[time.weekday().num_days_from_monday() as usize].to_owned(),
        TimeField::Hour => format!("{:02}", time.hour()),
        TimeField::Hour12 => format!("{:02}", time.hour12().1),
        TimeField::AmPm => if time.hour12().0 { "PM" } else { "AM" }.to_owned(),
        TimeField::Minute => format!("{:02}", time.minute()),
        TimeField::Second => format!("{:02}", time.second()),
        TimeField::Fraction => format!("{fraction:06}"),
        TimeField::Millis => format!("{:03}", fraction / 1000),
        TimeField::Offset => "+0000".to_owned(),
        TimeField::Zone => "UTC".to_owned(),
        TimeField::Epoch => micros.div_euclid(MICROS_PER_SECOND).to_string(),
    }
}

/// What a text says of a time.
#[derive(Default)]
struct Read {
    year: Option<i32>,
    month: Option<u32>,
    day: Option<u32>,
    day_of_year: Option<u32>,
    hour: u32,
    hour12: Option<u32>,
    afternoon: Option<bool>,
    minute: u32,
    second: u32,
    micros: i64,
    epoch: Option<i64>,
    /// Seconds east of UTC.
    offset: Option<i32>,
}

/// A text as a timestamp: the whole text must fit the format; names of months in any case. Returns the
/// time as written and the offset in seconds east of UTC if the text has one.
pub(super) fn read_time(text: &str, items: &[FormatItem]) -> Option<(i64, Option<i32>)> {
    let mut read = Read::default();
    let mut rest = text;
    for item in items {
        match item {
            FormatItem::Text(plain) => rest = rest.strip_prefix(plain.as_str())?,
            FormatItem::Field(field) => read_field(&mut read, &mut rest, *field)?,
        }
    }
    if !rest.is_empty() {
        return None;
    }
    if let Some(seconds) = read.epoch {
        let micros = seconds.checked_mul(MICROS_PER_SECOND)?.checked_add(read.micros)?;
        return Some((in_range(micros)?, Some(0)));
    }
    let date = match (read.day_of_year, read.month, read.day) {
        (_, Some(month), Some(day)) => days(read.year?.into(), month, day)?,
        (Some(day), ..) => days_of(NaiveDate::from_yo_opt(read.year?, day)?)?,
        _ => return None,
    };
    let hour = match (read.hour12, read.afternoon) {
        (Some(hour @ 1..=12), Some(afternoon)) => hour % 12 + if afternoon { 12 } else { 0 },
        (Some(_), _) => return None,
        (None, _) => read.hour,
    };
    // A leap second counts as the next second.
    if hour > 23 || read.minute > 59 || read.second > 60 {
        return None;
    }
    let seconds = i64::from(hour * 3600 + read.minute * 60 + read.second);
    let micros = i64::from(date) * MICROS_PER_DAY + seconds * MICROS_PER_SECOND + read.micros;
    Some((in_range(micros)?, read.offset))
}

fn read_field(read: &mut Read, rest: &mut &str, field: TimeField) -> Option<()> {
    match field {
        TimeField::Year => read.year = Some(i32::try_from(take_digits(rest, 4)?).ok()?),
        TimeField::YearOfCentury => {
            let year = take_digits(rest, 2)? as i32;
            read.year = Some(if year >= 69 { 1900 + year } else { 2000 + year });
        }
        TimeField::Month => read.month = Some(short_number(rest)?),
        TimeField::MonthShort | TimeField::MonthLong => read.month = Some(named(rest, &MONTHS)? + 1),
        TimeField::Day => read.day = Some(short_number(rest)?),
        TimeField::DayPadded => {
            *rest = rest.strip_prefix(' ').unwrap_or(rest);
            read.day = Some(short_number(rest)?);
        }
        TimeField::DayOfYear => read.day_of_year = Some(take_digits(rest, 3)?),
        TimeField::WeekdayShort | TimeField::WeekdayLong => {
            named(rest, &WEEKDAYS)?;
        }
        TimeField::Hour => read.hour = short_number(rest)?,
        TimeField::Hour12 => read.hour12 = Some(short_number(rest)?),
        TimeField::AmPm => {
            let word = rest.get(..2)?.to_ascii_lowercase();
            read.afternoon = Some(match word.as_str() {
                "am" => false,
                "pm" => true,
                _ => return None,
            });
            *rest = &rest[2..];
        }
        TimeField::Minute => read.minute = short_number(rest)?,
        TimeField::Second => read.second = short_number(rest)?,
        TimeField::Fraction | TimeField::Millis => {
            let (micros, used) = fraction_prefix(rest.as_bytes());
            if used == 0 {
                return None;
            }
            read.micros = micros;
            *rest = &rest[used..];
        }
        TimeField::Offset => {
            let (seconds, used) = zone_prefix(rest.as_bytes()).filter(|_| rest.starts_with(['+', '-', 'Z', 'z']))?;
            read.offset = Some(seconds);
            *rest = &rest[used..];
        }
        TimeField::Zone => {
            let name = ["UTC", "GMT", "Z"].into_iter().find(|name| rest.starts_with(name))?;
            read.offset = Some(0);
            *rest = &rest[name.len()..];
        }
        TimeField::Epoch => {
            let sign = usize::from(rest.starts_with('-'));
            let end = rest[sign..].find(|c: char| !c.is_ascii_digit()).map_or(rest.len(), |end| end + sign);
            read.epoch = Some(rest[..end].parse().ok()?);
            *rest = &rest[end..];
        }
    }
    Some(())
}

/// Exactly `count` digits.
fn take_digits(rest: &mut &str, count: usize) -> Option<u32> {
    let digits = rest.get(..count).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    *rest = &rest[count..];
    digits.parse().ok()
}

/// One or two digits.
fn short_number(rest: &mut &str) -> Option<u32> {
    let two = rest.as_bytes().get(1).is_some_and(u8::is_ascii_digit);
    take_digits(rest, if two { 2 } else { 1 })
}

/// The index of the name, or of its first three letters, at the start of the text.
fn named(rest: &mut &str, names: &[&str]) -> Option<u32> {
    let found = names.iter().enumerate().find_map(|(index, name)| {
        [*name, &name[..3]].into_iter().find_map(|form| {
            let start = rest.get(..form.len())?;
            start.eq_ignore_ascii_case(form).then_some((index, form.len()))
        })
    });
    let (index, length) = found?;
    *rest = &rest[length..];
    u32::try_from(index).ok()
}

/// Monday is 1.
pub(super) fn iso_weekday(day: Weekday) -> i64 {
    i64::from(day.number_from_monday())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printed_times_read_back() {
        for format in
            ["%Y-%m-%dT%H:%M:%S.%f%z", "%d/%b/%Y:%H:%M:%S.%f %z", "%A, %e %B %Y %I:%M:%S.%f %p", "%Y %j %T.%f", "%s.%f"]
        {
            let items = time_format(format).unwrap();
            assert_eq!(check_names_a_day(&items), Ok(()));
            for micros in [0, 1_772_460_131_250_001, 951_782_399_000_000, 43_200_000_000] {
                let text = print_time(micros, &items).unwrap();
                assert_eq!(read_time(&text, &items).map(|(time, _)| time), Some(micros), "{text}");
            }
        }
        assert!(time_format("%Q").is_err() && time_format("abc").is_err() && time_format("%").is_err());
        assert!(check_names_a_day(&time_format("%b %d %T").unwrap()).is_err());
    }
}
