//! Aggregates: many rows → a value. Nulls are skipped, but for `count(*)`, `share_if`, `first` and `last`.
//! Must not import any room but `data`.

use std::cmp::Ordering;

use super::ArgType::{Any, Boolean, Number, Ordered, Quantity, String as Text};
use super::arguments::{boolean, first, float, int, list_of_first, number, string};
use super::{Example, Function, FunctionKind, TypeResult, over_rows};
use crate::data::{DataType, Value};

const fn aggregate(
    signature: &'static str,
    doc: &'static str,
    args: &'static [super::ArgType],
    result: fn(&[DataType]) -> TypeResult,
    aggregate: fn(&[Vec<Value>]) -> Value,
    examples: &'static [Example],
) -> Function {
    let mut function = Function::new(FunctionKind::Aggregate, "aggregates", signature, doc, args, result, examples);
    function.aggregate = Some(aggregate);
    function
}

const STATUS: &str = r#"{"status":200}
{"status":500}
{"status":200}
{"status":null}"#;

const TIMES: &str = r#"{"path":"/a","seconds":1.0,"at":3}
{"path":"/b","seconds":2.0,"at":1}
{"path":"/a","seconds":4.5,"at":2}
{"path":null,"seconds":null,"at":4}"#;

pub(super) const FUNCTIONS: &[Function] = &[
    aggregate(
        "count([value]) → Int",
        "`count(*)`: the number of rows; `count(x)`: of those where x is not null.",
        &[Any],
        int,
        |rows| Value::Int(rows.iter().filter(|row| row.iter().all(|value| !value.is_null())).count() as i64),
        &[over_rows("count(*)", STATUS, "4"), over_rows("count(status)", STATUS, "3"), over_rows("count(*)", "", "0")],
    )
    .least(0),
    aggregate(
        "count_if(condition) → Int",
        "The number of rows where the condition is true.",
        &[Boolean],
        int,
        |rows| Value::Int(count_true(rows)),
        &[over_rows("count_if(status >= 500)", STATUS, "1")],
    ),
    aggregate(
        "count_distinct(value) → Int",
        "The number of different values.",
        &[Ordered],
        int,
        |rows| Value::Int(distinct(rows).len() as i64),
        &[over_rows("count_distinct(status)", STATUS, "2"), over_rows("count(distinct path)", TIMES, "2")],
    ),
    aggregate(
        "share_if(condition) → Float",
        "The share of all rows where the condition is true, from 0 to 1; null without rows.",
        &[Boolean],
        float,
        |rows| if rows.is_empty() { Value::Null } else { Value::float(count_true(rows) as f64 / rows.len() as f64) },
        &[over_rows("share_if(status >= 500)", STATUS, "0.25"), over_rows("share_if(true)", "", "null")],
    ),
    aggregate(
        "sum(number) → same type",
        "The sum; null without values, and where an Int's range is left.",
        &[Quantity],
        first,
        sum,
        &[
            over_rows("sum(seconds)", TIMES, "7.5"),
            over_rows("sum(status)", STATUS, "900"),
            over_rows("sum(status) filter (where status > 900)", STATUS, "null"),
        ],
    ),
    aggregate(
        "avg(number) → Float",
        "The mean; of spans of time a span, without fractions of a microsecond.",
        &[Quantity],
        mean_type,
        avg,
        &[over_rows("avg(seconds)", TIMES, "2.5"), over_rows("avg(status)", STATUS, "300.0")],
    ),
    aggregate(
        "min(value) → same type",
        "The least value; texts by code points.",
        &[Ordered],
        first,
        |rows| extreme(values(rows), false),
        &[over_rows("min(seconds)", TIMES, "1.0"), over_rows("min(path)", TIMES, "'/a'")],
    ),
    aggregate(
        "max(value) → same type",
        "The greatest value; texts by code points.",
        &[Ordered],
        first,
        |rows| extreme(values(rows), true),
        &[over_rows("max(seconds)", TIMES, "4.5")],
    ),
    aggregate(
        "median(number) → Float",
        "The middle value, or the mean of the two in the middle.",
        &[Quantity],
        mean_type,
        |rows| quantile(rows, 0.5),
        &[over_rows("median(seconds)", TIMES, "2.0"), over_rows("median(at)", TIMES, "2.5")],
    ),
    aggregate(
        "quantile(number, share) → Float",
        "The value below which that share of values lies, interpolated between neighbours.",
        &[Quantity, Number],
        mean_type,
        |rows| rows.first().and_then(|row| number(row.get(1)?)).map_or(Value::Null, |share| quantile(rows, share)),
        &[over_rows("quantile(at, 0.75)", TIMES, "3.25"), over_rows("quantile(seconds, 0.95)", TIMES, "4.25")],
    )
    .literal(&[1])
    .checked(check_share),
    aggregate(
        "stddev(number) → Float",
        "The standard deviation of a sample; null below two values.",
        &[Number],
        float,
        |rows| variance(rows).map_or(Value::Null, |variance| Value::float(variance.sqrt())),
        &[
            over_rows(
                "stddev(status)",
                r#"{"status":1}
{"status":3}
{"status":5}"#,
                "2.0",
            ),
            over_rows("stddev(status)", r#"{"status":1}"#, "null"),
            over_rows(
                "stddev(n)",
                "{\"n\":1000000000000000}\n{\"n\":1000000000000001}\n{\"n\":1000000000000002}",
                "1.0",
            ),
        ],
    ),
    aggregate(
        "variance(number) → Float",
        "The variance of a sample; null below two values.",
        &[Number],
        float,
        |rows| variance(rows).map_or(Value::Null, Value::float),
        &[over_rows(
            "variance(status)",
            r#"{"status":1}
{"status":3}
{"status":5}"#,
            "4.0",
        )],
    ),
    aggregate(
        "first(value order by …) → same type",
        "The value of the first row in the order, null included.",
        &[Any],
        first,
        |rows| rows.first().and_then(|row| row.first()).cloned().unwrap_or(Value::Null),
        &[
            over_rows("first(path order by at)", TIMES, "'/b'"),
            over_rows("first(path order by at desc)", TIMES, "null"),
        ],
    ),
    aggregate(
        "last(value order by …) → same type",
        "The value of the last row in the order, null included.",
        &[Any],
        first,
        |rows| rows.last().and_then(|row| row.first()).cloned().unwrap_or(Value::Null),
        &[over_rows("last(seconds order by at) filter (where seconds is not null)", TIMES, "1.0")],
    ),
    aggregate(
        "collect(value [order by …]) → List<T>",
        "A list of the values; empty without any.",
        &[Any],
        list_of_first,
        |rows| Value::List(values(rows).cloned().collect()),
        &[
            over_rows("collect(seconds order by at)", TIMES, "[2.0, 4.5, 1.0]"),
            over_rows("collect(distinct path order by path)", TIMES, "['/a', '/b']"),
        ],
    ),
    aggregate(
        "string_agg(text, separator [order by …]) → String",
        "The texts with the separator between them; null without any.",
        &[Text, Text],
        string,
        |rows| {
            let texts: Vec<&str> = values(rows)
                .filter_map(|value| match value {
                    Value::String(text) => Some(text.as_str()),
                    _ => None,
                })
                .collect();
            let separator = rows.first().and_then(|row| match row.get(1) {
                Some(Value::String(text)) => Some(text.as_str()),
                _ => None,
            });
            match (texts.is_empty(), separator) {
                (false, Some(separator)) => Value::String(texts.join(separator)),
                _ => Value::Null,
            }
        },
        &[over_rows("string_agg(path, ', ' order by at)", TIMES, "'/b, /a, /a'")],
    )
    .literal(&[1]),
    aggregate(
        "every(condition) → Boolean",
        "Whether the condition is true for all rows where it is not null; null without any.",
        &[Boolean],
        boolean,
        |rows| fold_booleans(rows, |all, value| all && value),
        &[over_rows("every(status < 600)", STATUS, "true"), over_rows("every(status < 300)", STATUS, "false")],
    ),
    aggregate(
        "some(condition) → Boolean",
        "Whether the condition is true for any row; null where it is null for all.",
        &[Boolean],
        boolean,
        |rows| fold_booleans(rows, |any, value| any || value),
        &[over_rows("some(status >= 500)", STATUS, "true")],
    ),
];

/// The first argument of each row, without nulls.
fn values(rows: &[Vec<Value>]) -> impl Iterator<Item = &Value> {
    rows.iter().filter_map(|row| row.first()).filter(|value| !value.is_null())
}

fn count_true(rows: &[Vec<Value>]) -> i64 {
    values(rows).filter(|value| **value == Value::Boolean(true)).count() as i64
}

fn fold_booleans(rows: &[Vec<Value>], join: fn(bool, bool) -> bool) -> Value {
    let booleans = values(rows).filter_map(|value| match value {
        Value::Boolean(value) => Some(*value),
        _ => None,
    });
    booleans.reduce(join).map_or(Value::Null, Value::Boolean)
}

fn distinct(rows: &[Vec<Value>]) -> Vec<&Value> {
    let mut sorted: Vec<&Value> = values(rows).collect();
    sorted.sort_by(|a, b| compare_nulls_last(a, b));
    sorted.dedup_by(|a, b| compare_nulls_last(a, b).is_eq());
    sorted
}

/// The order of sorting: nulls last, values that have no order equal.
pub(in super::super) fn compare_nulls_last(a: &Value, b: &Value) -> Ordering {
    match (a.is_null(), b.is_null()) {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Greater,
        (false, true) => Ordering::Less,
        (false, false) => a.compare(b).unwrap_or(Ordering::Equal),
    }
}

/// The greatest or least of the values that are not null; the first among equals.
pub(super) fn extreme<'a>(values: impl Iterator<Item = &'a Value>, greatest: bool) -> Value {
    let wanted = if greatest { Ordering::Greater } else { Ordering::Less };
    let found = values
        .filter(|value| !value.is_null())
        .reduce(|best, value| if value.compare(best) == Some(wanted) { value } else { best });
    found.cloned().unwrap_or(Value::Null)
}

fn mean_type(args: &[DataType]) -> TypeResult {
    Ok(match args.first() {
        Some(DataType::Duration) => DataType::Duration,
        _ => DataType::Float,
    })
}

fn sum(rows: &[Vec<Value>]) -> Value {
    let (mut ints, mut spans, mut floats, mut found) = (0_i128, 0_i128, 0.0, None);
    let mut has_floats = false;
    for value in values(rows) {
        found = Some(value);
        match value {
            Value::Int(int) => ints += i128::from(*int),
            Value::Duration(micros) => spans += i128::from(*micros),
            Value::Float(float) => {
                has_floats = true;
                floats += float;
            }
            _ => return Value::Null,
        }
    }
    match found {
        Some(Value::Int(_)) if !has_floats => i64::try_from(ints).map_or(Value::Null, Value::Int),
        Some(Value::Duration(_)) => i64::try_from(spans).map_or(Value::Null, Value::Duration),
        Some(_) => Value::float(floats + ints as f64),
        None => Value::Null,
    }
}

/// Of spans the fraction of a microsecond is dropped.
fn avg(rows: &[Vec<Value>]) -> Value {
    let count = values(rows).count();
    if count == 0 {
        return Value::Null;
    }
    if let Some(Value::Duration(_)) = values(rows).next() {
        let total: i128 = values(rows).filter_map(micros).map(i128::from).sum();
        return i64::try_from(total / count as i128).map_or(Value::Null, Value::Duration);
    }
    let is_whole = values(rows).all(|value| matches!(value, Value::Int(_)));
    let total = match is_whole {
        true => values(rows).filter_map(int_of).map(i128::from).sum::<i128>() as f64,
        false => values(rows).filter_map(number).sum(),
    };
    Value::float(total / count as f64)
}

fn int_of(value: &Value) -> Option<i64> {
    match value {
        Value::Int(int) => Some(*int),
        _ => None,
    }
}

/// A sum of integers in two parts, `high * SUM_PART + low` with `low` from 0: so a part of an aggregate (a chunk of rows)
/// hands its sum on in all its bits.
fn sum_part(rows: &[Vec<Value>], is_high: bool) -> Value {
    let total: i128 = values(rows).filter_map(int_of).map(i128::from).sum();
    let part = match is_high {
        true => total.div_euclid(i128::from(SUM_PART)),
        false => total.rem_euclid(i128::from(SUM_PART)),
    };
    i64::try_from(part).map_or(Value::Null, Value::Int)
}

/// What the low part of a sum counts to.
pub const SUM_PART: i64 = 1 << 48;

/// Aggregates that only engines use, between the phases of their own. No expression can name them: their names hold a
/// blank.
pub(super) const PHASES: &[Function] = &[
    aggregate("sum high(value) → Int", "", &[super::ArgType::Int], int, |rows| sum_part(rows, true), &[]),
    aggregate("sum low(value) → Int", "", &[super::ArgType::Int], int, |rows| sum_part(rows, false), &[]),
];

fn micros(value: &Value) -> Option<i64> {
    match value {
        Value::Duration(micros) => Some(*micros),
        _ => None,
    }
}

fn check_share(args: &[Option<&Value>]) -> Result<(), String> {
    match args.get(1).copied().flatten().and_then(number) {
        Some(share) if !(0.0..=1.0).contains(&share) => {
            Err(format!("the share {share} is not between 0 and 1 (0.95 is the 95th percentile)"))
        }
        _ => Ok(()),
    }
}

/// Linear interpolation between the two nearest values.
fn quantile(rows: &[Vec<Value>], share: f64) -> Value {
    let spans = matches!(values(rows).next(), Some(Value::Duration(_)));
    let mut sorted: Vec<f64> =
        values(rows).filter_map(|value| number(value).or_else(|| micros(value).map(|micros| micros as f64))).collect();
    if sorted.is_empty() || !(0.0..=1.0).contains(&share) {
        return Value::Null;
    }
    sorted.sort_by(f64::total_cmp);
    let place = share * (sorted.len() - 1) as f64;
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    let found = below + (above - below) * place.fract();
    match spans {
        true => super::super::cast::float_to_int(found).map_or(Value::Null, Value::Duration),
        false => Value::float(found),
    }
}

/// Of a sample, in two passes: sums of squares of large numbers would lose digits.
fn variance(rows: &[Vec<Value>]) -> Option<f64> {
    let first = values(rows).find(|value| number(value).is_some());
    // Whole numbers that are close together may be one Float: their distances are not.
    let distance = |value: &Value| match (value, first) {
        (Value::Int(value), Some(Value::Int(first))) => Some((i128::from(*value) - i128::from(*first)) as f64),
        (value, Some(first)) => Some(number(value)? - number(first)?),
        _ => None,
    };
    let numbers: Vec<f64> = values(rows).filter_map(distance).collect();
    if numbers.len() < 2 {
        return None;
    }
    let mean = numbers.iter().sum::<f64>() / numbers.len() as f64;
    Some(numbers.iter().map(|number| (number - mean).powi(2)).sum::<f64>() / (numbers.len() - 1) as f64)
}
