//! One value of any type, and its JSON form: timestamps as ISO 8601 with `Z`, integers exact.

use std::cmp::Ordering;
use std::fmt::Write as _;

use chrono::{DateTime, NaiveDate, TimeDelta};
use serde::{Serialize, Serializer};
use serde_json::Value as Json;

use super::DataType;
use super::instants::{MICROS_PER_DAY, parse_date, parse_timestamp};

/// A value. Floats are never NaN or infinite: those become `Null` on the way in.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Boolean(bool),
    Int(i64),
    Float(f64),
    String(String),
    /// Microseconds since 1970-01-01 UTC.
    Timestamp(i64),
    /// Days since 1970-01-01.
    Date(i32),
    /// Microseconds.
    Duration(i64),
    List(Vec<Value>),
    Record(Vec<(String, Value)>),
}

/// A float as values hold it: finite, and zero without a sign, since `-0.0` and `0.0` are one number, and so one group,
/// one key and one text.
#[inline]
pub fn settled(number: f64) -> Option<f64> {
    number.is_finite().then_some(number + 0.0)
}

/// 2^63: the first float that no Int reaches; its negative is the least Int.
const INT_END: f64 = 9_223_372_036_854_775_808.0;

/// An Int beside a Float, as numbers: the Int is not rounded to a Float, so that two Ints never equal the same Float.
/// `None`: the Float is NaN.
pub fn compare_numbers(int: i64, float: f64) -> Option<Ordering> {
    if float >= INT_END {
        return Some(Ordering::Less);
    }
    if float < -INT_END {
        return Some(Ordering::Greater);
    }
    let whole = float.floor();
    let above = if float > whole { Ordering::Less } else { Ordering::Equal };
    (!float.is_nan()).then(|| int.cmp(&(whole as i64)).then(above))
}

/// The Float that is the same number; `None`: there is none.
pub fn exact_float(int: i64) -> Option<f64> {
    let float = int as f64;
    compare_numbers(int, float).is_some_and(Ordering::is_eq).then_some(float)
}

/// The Int that is the same number; `None`: there is none.
pub fn exact_int(float: f64) -> Option<i64> {
    (float.trunc() == float && (-INT_END..INT_END).contains(&float)).then_some(float as i64)
}

impl Value {
    /// A float, or null where it is NaN or infinite.
    pub fn float(number: f64) -> Value {
        settled(number).map_or(Value::Null, Value::Float)
    }

    pub fn text(text: impl Into<String>) -> Value {
        Value::String(text.into())
    }

    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    pub fn data_type(&self) -> DataType {
        match self {
            Value::Null => DataType::Unknown,
            Value::Boolean(_) => DataType::Boolean,
            Value::Int(_) => DataType::Int,
            Value::Float(_) => DataType::Float,
            Value::String(_) => DataType::String,
            Value::Timestamp(_) => DataType::Timestamp,
            Value::Date(_) => DataType::Date,
            Value::Duration(_) => DataType::Duration,
            Value::List(items) => DataType::List(Box::new(
                items
                    .iter()
                    .try_fold(DataType::Unknown, |sum, item| sum.common(&item.data_type()))
                    .unwrap_or(DataType::Unknown),
            )),
            Value::Record(fields) => {
                DataType::Record(fields.iter().map(|(name, value)| (name.clone(), value.data_type())).collect())
            }
        }
    }

    /// Order within one type (Int and Float compare as numbers); `None` between others and with null.
    /// Text compares by code points.
    pub fn compare(&self, other: &Value) -> Option<Ordering> {
        match (self, other) {
            (Value::Boolean(a), Value::Boolean(b)) => Some(a.cmp(b)),
            (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
            (Value::Float(a), Value::Float(b)) => a.partial_cmp(b),
            (Value::Int(a), Value::Float(b)) => compare_numbers(*a, *b),
            (Value::Float(a), Value::Int(b)) => compare_numbers(*b, *a).map(Ordering::reverse),
            (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
            (Value::Timestamp(a), Value::Timestamp(b)) => Some(a.cmp(b)),
            (Value::Date(a), Value::Date(b)) => Some(a.cmp(b)),
            (Value::Date(a), Value::Timestamp(b)) => Some(i64::from(*a).saturating_mul(MICROS_PER_DAY).cmp(b)),
            (Value::Timestamp(a), Value::Date(b)) => Some(a.cmp(&i64::from(*b).saturating_mul(MICROS_PER_DAY))),
            (Value::Duration(a), Value::Duration(b)) => Some(a.cmp(b)),
            (Value::List(a), Value::List(b)) => {
                for (left, right) in a.iter().zip(b) {
                    match left.compare(right) {
                        Some(Ordering::Equal) => {}
                        other => return other,
                    }
                }
                Some(a.len().cmp(&b.len()))
            }
            _ => None,
        }
    }

    pub fn to_json(&self) -> Json {
        match self {
            Value::Null => Json::Null,
            Value::Boolean(value) => Json::Bool(*value),
            Value::Int(value) => Json::from(*value),
            Value::Float(value) => serde_json::Number::from_f64(*value).map_or(Json::Null, Json::Number),
            Value::String(value) => Json::String(value.clone()),
            Value::Timestamp(value) => Json::String(format_timestamp(*value)),
            Value::Date(value) => Json::String(format_date(*value)),
            Value::Duration(value) => Json::String(format_duration(*value)),
            Value::List(items) => Json::Array(items.iter().map(Value::to_json).collect()),
            Value::Record(fields) => {
                Json::Object(fields.iter().map(|(name, value)| (name.clone(), value.to_json())).collect())
            }
        }
    }

    /// Reads a JSON value as `data_type`; `None` where it is not one. `Unknown` takes the JSON value's own type.
    pub fn from_json(json: &Json, data_type: &DataType) -> Option<Value> {
        Some(match (json, data_type) {
            (Json::Null, _) => Value::Null,
            (Json::Bool(value), DataType::Boolean | DataType::Unknown) => Value::Boolean(*value),
            (Json::Number(value), DataType::Int) => Value::Int(value.as_i64()?),
            (Json::Number(value), DataType::Float) => Value::float(value.as_f64()?),
            (Json::Number(value), DataType::Unknown) => match value.as_i64() {
                Some(int) => Value::Int(int),
                None => Value::float(value.as_f64()?),
            },
            (Json::String(value), DataType::String | DataType::Unknown) => Value::String(value.clone()),
            (Json::String(value), DataType::Timestamp) => Value::Timestamp(parse_timestamp(value)?),
            (Json::String(value), DataType::Date) => Value::Date(parse_date(value)?),
            (Json::String(value), DataType::Duration) => Value::Duration(parse_duration(value)?.0),
            (Json::Array(items), DataType::List(item)) => {
                Value::List(items.iter().map(|json| Value::from_json(json, item)).collect::<Option<_>>()?)
            }
            (Json::Array(items), DataType::Unknown) => {
                Value::List(items.iter().map(|json| Value::from_json(json, &DataType::Unknown)).collect::<Option<_>>()?)
            }
            (Json::Object(map), DataType::Record(fields)) => Value::Record(
                fields
                    .iter()
                    .map(|(name, data_type)| {
                        let value = map.get(name).map_or(Some(Value::Null), |json| Value::from_json(json, data_type));
                        value.map(|value| (name.clone(), value))
                    })
                    .collect::<Option<_>>()?,
            ),
            (Json::Object(map), DataType::Unknown) => Value::Record(
                map.iter()
                    .map(|(name, json)| Value::from_json(json, &DataType::Unknown).map(|value| (name.clone(), value)))
                    .collect::<Option<_>>()?,
            ),
            _ => return None,
        })
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

/// `2026-03-02T14:02:11Z`, with 3 or 6 digits of the second where it needs them.
pub fn format_timestamp(micros: i64) -> String {
    let mut text = String::with_capacity(27);
    if push_timestamp(&mut text, micros).is_none() {
        text = match DateTime::from_timestamp_micros(micros) {
            Some(time) => {
                let time = time.naive_utc();
                match micros.rem_euclid(1_000_000) {
                    0 => time.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
                    fraction if fraction % 1000 == 0 => time.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
                    _ => time.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string(),
                }
            }
            None => format!("{micros} µs"),
        };
    }
    text
}

/// The common years, without the general formatter: writing rows is mostly writing times. `None`: another year.
fn push_timestamp(text: &mut String, micros: i64) -> Option<()> {
    // From year 0 to the end of 9999.
    if !(-62_167_219_200_000_000..253_402_300_800_000_000).contains(&micros) {
        return None;
    }
    let (days, rest) = (micros.div_euclid(MICROS_PER_DAY), micros.rem_euclid(MICROS_PER_DAY));
    // Days to a date in eras of 400 years that begin in March, so that the leap day is the last of its year.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (seconds, fraction) = (rest / 1_000_000, rest % 1_000_000);
    let mut digits = |number: i64, width: u32, before: char| {
        if before != ' ' {
            text.push(before);
        }
        for place in (0..width).rev() {
            text.push((b'0' + (number / 10_i64.pow(place) % 10) as u8) as char);
        }
    };
    digits(year, 4, ' ');
    digits(month, 2, '-');
    digits(day, 2, '-');
    digits(seconds / 3600, 2, 'T');
    digits(seconds / 60 % 60, 2, ':');
    digits(seconds % 60, 2, ':');
    match fraction {
        0 => {}
        fraction if fraction % 1000 == 0 => digits(fraction / 1000, 3, '.'),
        fraction => digits(fraction, 6, '.'),
    }
    text.push('Z');
    Some(())
}

/// `2026-03-02`.
pub fn format_date(days: i32) -> String {
    NaiveDate::default()
        .checked_add_signed(TimeDelta::days(days.into()))
        .map_or_else(|| format!("{days} d"), |date| date.to_string())
}

/// ISO 8601: `PT1.5S`, `PT15M`, `P2DT3H`, `-PT1S`.
pub fn format_duration(micros: i64) -> String {
    let mut text = String::from(if micros < 0 { "-P" } else { "P" });
    let total = micros.unsigned_abs();
    let (days, rest) = (total / MICROS_PER_DAY as u64, total % MICROS_PER_DAY as u64);
    let (hours, rest) = (rest / 3_600_000_000, rest % 3_600_000_000);
    let (minutes, rest) = (rest / 60_000_000, rest % 60_000_000);
    if days > 0 {
        let _ = write!(text, "{days}D");
    }
    if hours + minutes + rest > 0 || days == 0 {
        text.push('T');
    }
    if hours > 0 {
        let _ = write!(text, "{hours}H");
    }
    if minutes > 0 {
        let _ = write!(text, "{minutes}M");
    }
    if rest > 0 || total == 0 {
        let fraction = format!("{:06}", rest % 1_000_000);
        let fraction = fraction.trim_end_matches('0');
        let _ = write!(text, "{}", rest / 1_000_000);
        if !fraction.is_empty() {
            let _ = write!(text, ".{fraction}");
        }
        text.push('S');
    }
    text
}

/// What `format_duration` writes: microseconds, and whether the text is finer than they are.
pub fn parse_duration(text: &str) -> Option<(i64, bool)> {
    let (sign, rest) = text.trim().strip_prefix('-').map_or((1, text.trim()), |rest| (-1, rest));
    let rest = rest.strip_prefix('P')?;
    let (days, time) = rest.split_once('T').unwrap_or((rest, ""));
    // A letter alone says no span.
    if rest.is_empty() || rest.ends_with('T') {
        return None;
    }
    let (mut total, mut is_finer) = (0_i128, false);
    let mut number = String::new();
    for (part, units) in [
        (days, &[('D', 86_400_000_000), ('W', 604_800_000_000)][..]),
        (time, &[('H', 3_600_000_000), ('M', 60_000_000), ('S', 1_000_000)]),
    ] {
        for c in part.chars() {
            if c.is_ascii_digit() || c == '.' {
                number.push(c);
                continue;
            }
            let unit = units.iter().find(|(name, _)| *name == c)?.1;
            let (part, finer) = times(&number, unit)?;
            total = total.checked_add(part)?;
            is_finer |= finer;
            number.clear();
        }
    }
    number.is_empty().then(|| Some((i64::try_from(sign * total).ok()?, is_finer))).flatten()
}

/// A decimal number of a unit, exactly; what is below a microsecond is cut off, which is told.
fn times(number: &str, unit: i128) -> Option<(i128, bool)> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = fraction.get(..fraction.len().min(12))?;
    let read = |digits: &str| if digits.is_empty() { Some(0) } else { digits.parse::<i128>().ok() };
    let (parts, scale) = (read(digits)? * unit, 10_i128.pow(digits.len() as u32));
    let is_finer = parts % scale != 0 || fraction.bytes().skip(digits.len()).any(|digit| digit != b'0');
    let whole = read(whole).filter(|_| !number.trim_matches('.').is_empty())?;
    Some((whole.checked_mul(unit)?.checked_add(parts / scale)?, is_finer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_the_calendar_says() {
        let mut micros = crate::data::instants::FIRST_MICRO;
        while micros < crate::data::instants::LAST_MICRO {
            let time = DateTime::from_timestamp_micros(micros).unwrap().naive_utc();
            let text = format_timestamp(micros);
            assert_eq!(parse_timestamp(&text), Some(micros), "{text}");
            assert_eq!(text[..19], time.format("%Y-%m-%dT%H:%M:%S").to_string());
            micros += 123_456_789_012_345;
        }
        assert_eq!(format_timestamp(951_782_400_000_000), "2000-02-29T00:00:00Z");
        assert_eq!(format_timestamp(-1), "1969-12-31T23:59:59.999999Z");
    }

    #[test]
    fn an_int_beside_a_float_is_not_rounded() {
        let above = 9_007_199_254_740_993; // 2^53 + 1
        assert_eq!(Value::Int(above).compare(&Value::Float(9_007_199_254_740_992.0)), Some(Ordering::Greater));
        assert_eq!(Value::Float(9_007_199_254_740_994.0).compare(&Value::Int(above)), Some(Ordering::Greater));
        assert_eq!(Value::Int(i64::MAX).compare(&Value::Float(INT_END)), Some(Ordering::Less));
        assert_eq!(Value::Int(i64::MIN).compare(&Value::Float(-INT_END)), Some(Ordering::Equal));
        assert_eq!(Value::Int(-3).compare(&Value::Float(-2.5)), Some(Ordering::Less));
        assert_eq!(Value::Int(2).compare(&Value::Float(2.5)), Some(Ordering::Less));
        assert_eq!(Value::Int(0).compare(&Value::Float(1e300)), Some(Ordering::Less));
        assert_eq!(Value::Int(0).compare(&Value::Float(-1e300)), Some(Ordering::Greater));
        assert_eq!((exact_float(above), exact_float(above - 1)), (None, Some(9_007_199_254_740_992.0)));
        assert_eq!((exact_float(i64::MAX), exact_float(i64::MIN)), (None, Some(-INT_END)));
        assert_eq!((exact_int(INT_END), exact_int(-INT_END), exact_int(2.5)), (None, Some(i64::MIN), None));
    }

    #[test]
    fn json_forms_read_back() {
        for value in [
            Value::Int(i64::MAX),
            Value::Float(0.1),
            Value::Timestamp(1_772_460_131_000_000),
            Value::Timestamp(-1),
            Value::Date(-3),
            Value::Duration(-1_500_000),
            Value::Duration(0),
            Value::Duration(i64::MAX),
            Value::Duration(i64::MIN),
            Value::Duration(2 * MICROS_PER_DAY + 1),
            Value::List(vec![Value::Int(1), Value::Null]),
        ] {
            assert_eq!(Value::from_json(&value.to_json(), &value.data_type()), Some(value));
        }
        assert_eq!(format_timestamp(1_772_460_131_250_000), "2026-03-02T14:02:11.250Z");
        assert_eq!(format_duration(900_000_000), "PT15M");
        assert_eq!(Value::from_json(&serde_json::json!("x"), &DataType::Int), None);
    }
}
