//! Scalar functions and casts → expressions of Polars. One table says how a function is printed; a function that is not
//! there is refused by name, so that nothing is computed otherwise.

use super::literals::{Python, bare, dtype, literal, refuse};
use crate::data::{DataType, Value};
use crate::export::compares_nested;
use crate::expr::{
    BinaryOp, Expr, ExprKind, FormatItem, PathStep, REDACTED, ReplacementPart, VARYING, json_path, regex_pattern,
    regex_replacement, time_format,
};
use crate::quote::python_text;

/// A call, printed but for its form.
pub struct Scalar<'a> {
    pub name: &'a str,
    pub args: Vec<String>,
    pub types: Vec<DataType>,
    pub exprs: &'a [Expr],
    pub result: DataType,
    /// Prints a comparison.
    pub compared: &'a dyn Fn(BinaryOp, &Expr, &Expr) -> Python,
}

type Row = (&'static str, fn(&Scalar) -> Python);

/// Every scalar function that is carried.
const SCALARS: &[Row] = &[
    // Text.
    ("lower", helper),
    ("upper", helper),
    ("reverse", helper),
    ("length", |call| Ok(format!("{}.str.len_chars().cast(pl.Int64)", call.arg(0)))),
    ("substring", helper),
    ("left", helper),
    ("right", helper),
    ("trim", helper),
    ("trim_start", helper),
    ("trim_end", helper),
    ("message_template", |call| replaced(call, &VARYING)),
    ("normalize_space", helper),
    ("replace", helper),
    ("contains", |call| Ok(format!("{}.str.contains({}, literal=True)", call.arg(0), call.inner(1)))),
    ("starts_with", |call| Ok(format!("{}.str.starts_with({})", call.arg(0), call.inner(1)))),
    ("ends_with", |call| Ok(format!("{}.str.ends_with({})", call.arg(0), call.inner(1)))),
    ("position", helper),
    ("concat", concat),
    ("split", helper),
    ("split_part", helper),
    ("repeat", helper),
    ("pad_start", helper),
    ("pad_end", helper),
    // Conditionals and lists.
    ("coalesce", |call| Ok(format!("pl.coalesce({})", call.list()))),
    ("if", |call| Ok(format!("pl.when({}).then({}).otherwise({})", call.inner(0), call.inner(1), call.inner(2)))),
    ("nullif", nullif),
    ("greatest", extreme),
    ("least", extreme),
    ("clamp", clamp),
    ("list_of", |call| Ok(format!("pw_list({}, {})", dtype(&call.result), call.list()))),
    ("list_length", |call| Ok(format!("{}.list.len().cast(pl.Int64)", call.arg(0)))),
    ("list_get", typed_helper),
    ("list_contains", list_contains),
    ("list_distinct", typed_helper),
    ("list_sort", typed_helper),
    ("list_join", list_join),
    ("cast_loses", cast_loses),
    // Numbers.
    ("abs", |call| if call.is_float() { call.method("abs()") } else { call.of_type("abs") }),
    ("sign", |call| call.method("sign().cast(pl.Int64)")),
    ("round", rounded),
    ("floor", whole),
    ("ceil", whole),
    ("trunc", whole),
    ("sqrt", |call| Ok(format!("pw_finite({}.sqrt())", call.float(0)))),
    ("ln", |call| Ok(format!("pw_finite({}.log())", call.float(0)))),
    ("log10", |call| Ok(format!("pw_log10({})", bare(&call.float(0))))),
    ("log2", |call| Ok(format!("pw_log2({})", bare(&call.float(0))))),
    ("exp", |call| Ok(format!("pw_finite({}.exp())", call.float(0)))),
    ("power", |call| Ok(format!("pw_finite({}.pow({}))", call.float(0), call.float(1)))),
    ("bin", helper),
    // Regular expressions.
    ("regexp_matches", pattern),
    ("regexp_extract", pattern),
    ("regexp_extract_all", pattern),
    ("regexp_count", pattern),
    ("regexp_replace", pattern),
    // Times.
    ("date_trunc", date_trunc),
    ("time_bucket", |call| Ok(format!("pw_bucket({})", call.list()))),
    ("extract", extract),
    ("epoch", |call| Ok(format!("pw_divide({}.cast(pl.Int64), pl.lit(1e6))", call.arg(0)))),
    ("epoch_ms", |call| Ok(format!("({}.cast(pl.Int64) // 1000)", call.arg(0)))),
    ("from_epoch", from_epoch),
    ("make_timestamp", helper),
    ("at_timezone", |call| Ok(format!("pw_at_timezone({}, zone={})", call.inner(0), call.word(1)?))),
    ("is_weekend", |call| Ok(format!("({}.dt.weekday() >= 6)", call.arg(0)))),
    ("format_time", |call| Ok(format!("pw_format_time({}, format={})", call.inner(0), time_text(call)?))),
    ("to_timestamp", to_timestamp),
    ("to_duration", to_duration),
    ("seconds", |call| Ok(format!("pw_divide({}.cast(pl.Int64), pl.lit(1e6))", call.arg(0)))),
    ("milliseconds", |call| Ok(format!("pw_divide({}.cast(pl.Int64), pl.lit(1e3))", call.arg(0)))),
    ("from_timezone", |call| Ok(format!("pw_from_timezone({}, zone={})", call.inner(0), call.word(1)?))),
    // JSON.
    ("json_get", json_part),
    ("json_list", json_part),
    ("json_keys", helper),
    ("json_length", json_part),
    ("json_valid", helper),
    // URLs.
    ("url_scheme", helper),
    ("url_host", helper),
    ("url_port", helper),
    ("url_path", helper),
    ("url_query", helper),
    ("url_fragment", helper),
    ("url_param", helper),
    ("path_template", helper),
    ("url_decode", helper),
    ("url_encode", helper),
    // Addresses and user agents.
    ("ip_is_valid", helper),
    ("ip_version", helper),
    ("ip_is_private", helper),
    ("ip_subnet", helper),
    ("ip_in", |call| Ok(format!("pw_ip_in({}, network={})", call.inner(0), call.word(1)?))),
    ("ua_browser", helper),
    ("ua_os", helper),
    ("ua_device", helper),
    ("ua_is_bot", helper),
    // Privacy.
    ("hash", helper),
    ("mask", helper),
    ("mask_email", helper),
    ("mask_ip", helper),
    ("redact", |call| replaced(call, &REDACTED)),
];

impl Scalar<'_> {
    fn arg(&self, index: usize) -> &str {
        self.args.get(index).map_or("pl.lit(None)", String::as_str)
    }

    /// An argument where it is a whole argument again.
    fn inner(&self, index: usize) -> &str {
        bare(self.arg(index))
    }

    fn list(&self) -> String {
        self.args.iter().map(|arg| bare(arg)).collect::<Vec<_>>().join(", ")
    }

    fn method(&self, method: &str) -> Python {
        Ok(format!("{}.{method}", self.arg(0)))
    }

    fn float(&self, index: usize) -> String {
        match self.types.get(index) {
            Some(DataType::Float) => self.arg(index).to_owned(),
            _ => format!("{}.cast(pl.Float64)", self.arg(index)),
        }
    }

    /// A helper whose result has the type of the call, where that is no Int.
    fn of_type(&self, name: &str) -> Python {
        Ok(match self.result {
            DataType::Int => format!("pw_{name}({})", self.list()),
            _ => format!("pw_{name}({}, {})", self.list(), dtype(&self.result)),
        })
    }

    fn is_float(&self) -> bool {
        self.types.first().is_some_and(|data_type| *data_type == DataType::Float)
    }

    /// The text of an argument that must be written where the function is called.
    fn text(&self, index: usize) -> Result<&str, crate::diagnostic::Diagnostic> {
        match self.exprs.get(index).map(|expr| &expr.kind) {
            Some(ExprKind::Literal(Value::String(text))) => Ok(text),
            _ => {
                let (name, place) = (self.name, index + 1);
                Err(refuse(format_args!("`{name}` with a parameter or a computed text as its argument {place}")))
            }
        }
    }

    fn word(&self, index: usize) -> Python {
        self.text(index).map(python_text)
    }
}

/// A call of a scalar function.
pub fn scalar(call: &Scalar) -> Python {
    if compares_nested(call.name, &call.types) {
        return Err(refuse(format_args!("`{}` of lists or records", call.name)));
    }
    match SCALARS.iter().find(|(known, _)| *known == call.name) {
        Some((_, print)) => print(call),
        None => Err(refuse(format_args!("the function `{}`", call.name))),
    }
}

fn helper(call: &Scalar) -> Python {
    Ok(format!("pw_{}({})", call.name, call.list()))
}

fn typed_helper(call: &Scalar) -> Python {
    Ok(format!("pw_{}({}, dtype={})", call.name, call.list(), dtype(&call.result)))
}

/// `try_cast`: null where the value does not fit.
pub fn cast(python: &str, from: &DataType, to: &DataType) -> Python {
    use DataType::*;
    let helper = |name: &str| format!("pw_{name}({})", bare(python));
    Ok(match (from, to) {
        (from, to) if from == to => python.to_owned(),
        (Unknown, to) => literal(&Value::Null, to)?,
        (String, Int) => helper("int"),
        (String, Float) => helper("float"),
        (String, Boolean) => helper("boolean"),
        (String, Timestamp) => helper("timestamp"),
        (String, Date) => helper("date"),
        (Timestamp, String) => helper("timestamp_text"),
        (Duration, String) => helper("duration_text"),
        (Float, String) => helper("float_text"),
        (Int, Boolean) => format!("({python} != 0)"),
        (Float, Int) => format!("{python}.cast(pl.Int64, strict=False)"),
        (Boolean | Int | Date, String) | (Boolean | Int, Int | Float) | (Timestamp | Date, Timestamp | Date) => {
            format!("{python}.cast({})", dtype(to))
        }
        (List(from), List(to)) => format!("{python}.list.eval({})", bare(&cast("pl.element()", from, to)?)),
        _ => return Err(refuse(format_args!("the cast from {from} to {to}"))),
    })
}

/// Whether a value that is cast becomes null, or one inside of it.
fn loses(python: &str, from: &DataType, to: &DataType) -> Python {
    Ok(match (from, to) {
        (DataType::List(from), DataType::List(to)) => {
            format!("{python}.list.eval({}).list.any()", bare(&loses("pl.element()", from, to)?))
        }
        _ => format!("({python}.is_not_null() & {}.is_null())", cast(python, from, to)?),
    })
}

fn cast_loses(call: &Scalar) -> Python {
    let to: DataType = call.text(1)?.parse().map_err(|_| refuse("`cast_loses` without a type"))?;
    let (a, from) = (call.arg(0), &call.types[0]);
    Ok(format!("pl.when({a}.is_not_null()).then({})", bare(&loses(a, from, &to)?)) + ".otherwise(None)")
}

fn concat(call: &Scalar) -> Python {
    let text = |(python, from): (&String, &DataType)| match from {
        DataType::Unknown => literal(&Value::Null, &DataType::String),
        from => cast(python, from, &DataType::String),
    };
    let texts = call.args.iter().zip(&call.types).map(text).collect::<Result<Vec<_>, _>>()?;
    Ok(format!("pl.concat_str([{}], ignore_nulls=True)", texts.join(", ")))
}

/// What fits each of the patterns becomes its word, one after the other.
fn replaced(call: &Scalar, words: &[(&str, &str)]) -> Python {
    let mut python = call.arg(0).to_owned();
    for (pattern, word) in words {
        let pattern = regex_pattern(pattern)?;
        python.push_str(&format!(".str.replace_all({}, {})", python_text(&pattern.text), python_text(word)));
    }
    Ok(python)
}

/// An Int beside a Float is not rounded.
fn nullif(call: &Scalar) -> Python {
    let [value, other] = call.exprs else { return Err(refuse("`nullif` without two values")) };
    let equal = (call.compared)(BinaryOp::Equal, value, other)?;
    Ok(format!("pl.when({equal}.fill_null(False)).then(None).otherwise({})", call.inner(0)))
}

fn list_contains(call: &Scalar) -> Python {
    let item = match &call.types[0] {
        DataType::List(item) => &**item,
        other => other,
    };
    if matches!((item, &call.types[1]), (DataType::Date, DataType::Timestamp) | (DataType::Timestamp, DataType::Date)) {
        return Err(refuse("`list_contains` of Dates and Timestamps"));
    }
    helper(call)
}

fn extreme(call: &Scalar) -> Python {
    if matches!(call.result, DataType::List(_) | DataType::Record(_)) {
        return Err(refuse(format_args!("`{}` of lists", call.name)));
    }
    let word = if call.name == "greatest" { "max" } else { "min" };
    Ok(format!("pl.{word}_horizontal({})", call.list()))
}

fn clamp(call: &Scalar) -> Python {
    let [_, low, high] = call.exprs else { return Err(refuse("`clamp` without two bounds")) };
    let empty = (call.compared)(BinaryOp::Greater, low, high)?;
    Ok(format!("pw_clamp({}, {}, {})", call.list(), bare(&empty), dtype(&call.result)))
}

fn list_join(call: &Scalar) -> Python {
    let Some(DataType::List(item)) = call.types.first() else { return Err(refuse("`list_join` of what is no list")) };
    let texts = match **item {
        DataType::String => call.arg(0).to_owned(),
        _ => format!("{}.list.eval({})", call.arg(0), bare(&cast("pl.element()", item, &DataType::String)?)),
    };
    Ok(format!("pw_join({texts}, {})", call.inner(1)))
}

fn rounded(call: &Scalar) -> Python {
    let digits = if call.args.len() > 1 { call.inner(1) } else { "pl.lit(0, pl.Int64)" };
    Ok(match (call.is_float(), call.args.len()) {
        (true, _) => format!("pw_round({}, {digits})", call.inner(0)),
        (false, 1) => call.arg(0).to_owned(),
        (false, _) => format!("pw_round_int({}, {digits})", call.inner(0)),
    })
}

fn whole(call: &Scalar) -> Python {
    Ok(match (call.is_float(), call.name) {
        (false, _) => call.arg(0).to_owned(),
        (true, "trunc") => format!("pw_trunc({})", call.inner(0)),
        // So that zero has no sign.
        (true, name) => format!("({}.{name}() + 0.0)", call.arg(0)),
    })
}

fn pattern(call: &Scalar) -> Python {
    let known = regex_pattern(call.text(1)?)?;
    let (text, pattern) = (call.arg(0), python_text(&known.text));
    let group = match call.exprs.get(2).filter(|_| call.name.starts_with("regexp_extract")).map(|expr| &expr.kind) {
        None => 0,
        Some(ExprKind::Literal(Value::Int(group))) => *group,
        Some(_) => {
            let what = format_args!("`{}` with a parameter or a computed number as its group", call.name).to_string();
            return Err(refuse(what));
        }
    };
    Ok(match call.name {
        "regexp_matches" => format!("{text}.str.contains({pattern})"),
        "regexp_extract" => format!("{text}.str.extract({pattern}, {group})"),
        "regexp_count" => format!("{text}.str.count_matches({pattern}).cast(pl.Int64)"),
        "regexp_extract_all" if group == 0 => format!("{text}.str.extract_all({pattern})"),
        "regexp_replace" => {
            let part = |part: ReplacementPart| match part {
                ReplacementPart::Text(text) => text.replace('$', "$$"),
                ReplacementPart::Group(group) => format!("${{{group}}}"),
            };
            let parts = regex_replacement(call.text(2)?).map_err(refuse)?;
            let new = python_text(&parts.into_iter().map(part).collect::<String>());
            format!("pw_replace_all({}, pattern={pattern}, new={new})", bare(text))
        }
        name => return Err(refuse(format_args!("`{name}` with a group"))),
    })
}

fn date_trunc(call: &Scalar) -> Python {
    let unit = match call.text(0)? {
        "second" => "1s",
        "minute" => "1m",
        "hour" => "1h",
        "day" => "1d",
        "week" => "1w",
        "month" => "1mo",
        "quarter" => "1q",
        "year" => "1y",
        other => return Err(refuse(format_args!("the unit `{other}`"))),
    };
    Ok(format!("pw_truncate(\"{unit}\", {})", call.inner(1)))
}

fn extract(call: &Scalar) -> Python {
    let time = call.arg(1);
    let part = match call.text(0)? {
        "epoch" => return Ok(format!("({time}.cast(pl.Int64) // 1000000)")),
        "millisecond" => return Ok(format!("({time}.dt.microsecond().cast(pl.Int64) // 1000)")),
        "dow" => "weekday",
        "doy" => "ordinal_day",
        part => part,
    };
    Ok(format!("{time}.dt.{part}().cast(pl.Int64)"))
}

fn from_epoch(call: &Scalar) -> Python {
    let micros = match if call.args.len() > 1 { call.text(1)? } else { "seconds" } {
        "seconds" => "1000000",
        "milliseconds" => "1000",
        "microseconds" => "1",
        "nanoseconds" => "-1000",
        other => return Err(refuse(format_args!("the unit `{other}`"))),
    };
    Ok(format!("pw_from_epoch({}, micros={micros})", call.inner(0)))
}

/// The format, with what stands for several parts written out.
fn time_text(call: &Scalar) -> Python {
    let items = time_format(call.text(1)?).map_err(refuse)?;
    let text = |item: &FormatItem| match item {
        FormatItem::Text(text) => text.replace('%', "%%"),
        FormatItem::Field(field) => format!("%{}", field.letter()),
    };
    Ok(python_text(&items.iter().map(text).collect::<String>()))
}

fn to_timestamp(call: &Scalar) -> Python {
    match call.args.len() {
        2 => Ok(format!("pw_to_timestamp({}, format={})", call.inner(0), time_text(call)?)),
        _ => {
            let zone = call.word(2)?;
            Ok(format!("pw_to_timestamp({}, format={}, zone={zone})", call.inner(0), time_text(call)?))
        }
    }
}

fn to_duration(call: &Scalar) -> Python {
    let micros: i64 = match call.text(1)? {
        "microseconds" => 1,
        "milliseconds" => 1000,
        "seconds" => 1_000_000,
        "minutes" => 60_000_000,
        "hours" => 3_600_000_000,
        "days" => 86_400_000_000,
        "weeks" => 604_800_000_000,
        other => return Err(refuse(format_args!("the unit `{other}`"))),
    };
    let span = dtype(&DataType::Duration);
    Ok(match call.is_float() {
        true => format!("pw_rounded({} * {micros}.0, {span})", call.arg(0)),
        false => format!("pw_multiply({}, pl.lit({micros}, pl.Int64), {span})", call.inner(0)),
    })
}

/// A function on what stands at a path in JSON.
fn json_part(call: &Scalar) -> Python {
    let step = |step: &PathStep| match step {
        PathStep::Key(key) => format!("{},", python_text(key)),
        PathStep::Index(index) => format!("{index},"),
    };
    let path: String = json_path(call.text(1)?).map_err(refuse)?.iter().map(step).collect();
    Ok(format!("pw_{}({}, path=({path}))", call.name, call.inner(0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::{FunctionKind, function};

    #[test]
    fn the_table_holds_each_function_of_the_language_at_most_once() {
        for (index, (name, _)) in SCALARS.iter().enumerate() {
            assert!(function(name).is_some_and(|known| known.kind == FunctionKind::Scalar), "{name}");
            assert!(SCALARS[..index].iter().all(|(other, _)| other != name), "{name}");
        }
    }
}
