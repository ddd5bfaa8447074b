//! Functions on patterns, times, JSON and units → SQL: those that look at their constant arguments.

use super::dialect::{PatternCall, Sql};
use super::functions::Scalar;
use crate::data::DataType;
use crate::expr::{json_path, regex_pattern, regex_replacement};

/// A helper whose argument at `index` is a constant text.
pub(super) fn helper_with_word(call: &Scalar, name: &str, index: usize) -> Sql {
    let word = call.printer.dialect.text(call.word(index)?);
    let args: Vec<&str> =
        (0..call.args.len()).map(|place| if place == index { &*word } else { call.arg(place) }).collect();
    Ok(call.own(name, &args))
}

pub(super) fn pattern(call: &Scalar) -> Sql {
    let name = call.name;
    let known = regex_pattern(call.word(1)?)?;
    let group = match call.exprs.get(2).filter(|_| name.starts_with("regexp_extract")).map(|expr| &expr.kind) {
        None => Some(0),
        Some(crate::expr::ExprKind::Literal(crate::data::Value::Int(group))) => u32::try_from(*group).ok(),
        Some(_) => None,
    };
    let Some(group) = group else {
        return Err(call.refuse(format!("`{name}` with a parameter or a computed number as its group")));
    };
    if matches!(name, "regexp_count" | "regexp_extract_all") && known.fits_empty() {
        return Err(call.refuse(format!("`{name}` with a pattern that fits the empty text")));
    }
    let replacement = match name {
        "regexp_replace" => regex_replacement(call.word(2)?).map_err(|what| call.refuse(what))?,
        _ => Vec::new(),
    };
    let text = call.arg(0);
    call.printer.dialect.pattern(&PatternCall { name, text, pattern: &known, group, replacement: &replacement })
}

pub(super) fn date_trunc(call: &Scalar) -> Sql {
    let start = call.printer.dialect.date_trunc(call.word(0)?, &call.time(1));
    Ok(call.own("held", &[&start]))
}

pub(super) fn extract(call: &Scalar) -> Sql {
    let (dialect, time) = (call.printer.dialect, call.time(1));
    Ok(match call.word(0)? {
        "dow" => dialect.extract("isodow", &time),
        "millisecond" => call.own("millisecond", &[&time]),
        "microsecond" => call.own("microsecond", &[&time]),
        "epoch" => call.own("floor_div", &[&call.own("micros", &[call.arg(1)]), "1000000"]),
        part => dialect.extract(part, &time),
    })
}

pub(super) fn from_epoch(call: &Scalar) -> Sql {
    let a = call.arg(0);
    let unit = if call.args.len() > 1 { call.word(1)? } else { "seconds" };
    let is_int = call.types.first().is_some_and(|data_type| *data_type == DataType::Int);
    let micros = match (unit, is_int) {
        ("seconds", true) => call.own("multiply", &[a, "1000000"]),
        ("milliseconds", true) => call.own("multiply", &[a, "1000"]),
        ("microseconds", true) => a.to_owned(),
        ("nanoseconds", true) => call.own("floor_div", &[a, "1000"]),
        ("seconds", false) => call.own("scaled", &[a, "1e6"]),
        ("milliseconds", false) => call.own("scaled", &[a, "1e3"]),
        ("microseconds", false) => call.own("rounded", &[a]),
        ("nanoseconds", false) => call.own("rounded", &[&format!("{a} / 1e3")]),
        _ => return Err(call.refuse(format!("the unit `{unit}`"))),
    };
    Ok(call.own("time", &[&micros]))
}

pub(super) fn make_timestamp(call: &Scalar) -> Sql {
    let part = |index: usize| call.args.get(index).map_or("0", String::as_str);
    let day = call.own("day", &[part(0), part(1), part(2)]);
    let clock = call.own("clock", &[part(3), part(4), part(5)]);
    // A leap second is no part that a clock is set to.
    Ok(call.own("time", &[&format!("{day} + CASE WHEN {} < 60 THEN {clock} END", part(5))]))
}

pub(super) fn to_timestamp(call: &Scalar) -> Sql {
    match call.args.len() {
        2 => super::time_formats::read(call.printer.dialect, call.arg(0), call.word(1)?),
        _ => Err(call.refuse("the function `to_timestamp`")),
    }
}

pub(super) fn to_duration(call: &Scalar) -> Sql {
    let unit = call.word(1)?;
    let micros = micros_of(unit).ok_or_else(|| call.refuse("the function `to_duration`"))?.to_string();
    let name = if call.types.first() == Some(&DataType::Int) { "multiply" } else { "scaled" };
    Ok(call.own(name, &[call.arg(0), &micros]))
}

fn micros_of(unit: &str) -> Option<i64> {
    Some(match unit {
        "microseconds" => 1,
        "milliseconds" => 1000,
        "seconds" => 1_000_000,
        "minutes" => 60_000_000,
        "hours" => 3_600_000_000,
        "days" => 86_400_000_000,
        "weeks" => 604_800_000_000,
        _ => return None,
    })
}

/// A function on what stands at a path in JSON.
pub(super) fn json_part(call: &Scalar) -> Sql {
    let path = json_path(call.word(1)?).map_err(|what| call.refuse(what))?;
    let path = call.printer.dialect.json_path(&path)?;
    Ok(call.own(call.name, &[call.arg(0), &path]))
}
