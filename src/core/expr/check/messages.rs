//! The words of the checker: what is wrong with the types at hand, and what mends it.
//! Must not import any room but `data`.

use super::super::functions::{Function, functions};
use super::super::{BinaryOp, Expr, ExprKind, print, print_name};
use crate::data::{DataType, Schema, Value};
use crate::diagnostic::{did_you_mean, nearest};

/// An expression in a message: `` `status` ``, `the text 'GET'`, `500`.
pub(super) fn shown(expr: &Expr) -> String {
    match &expr.kind {
        ExprKind::Literal(Value::String(_)) => format!("the text {}", brief(&print(expr))),
        _ => format!("`{}`", brief(&print(expr))),
    }
}

fn brief(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Up to ten names in backticks.
pub(super) fn names<'a>(all: impl Iterator<Item = &'a str>) -> String {
    let mut listed: Vec<String> = all.take(11).map(|name| format!("`{name}`")).collect();
    if listed.len() > 10 {
        listed[10] = "…".to_owned();
    }
    if listed.is_empty() { "none so far".to_owned() } else { listed.join(", ") }
}

pub(super) fn cast_text(expr: &Expr, to: &DataType) -> String {
    format!("try_cast({} as {})", brief(&print(expr)), to.to_string().to_lowercase())
}

/// How to turn a value into another type.
pub(super) fn cast_help(expr: &Expr, from: &DataType, to: &DataType) -> String {
    match (&expr.kind, to) {
        (ExprKind::Literal(Value::Int(_) | Value::Float(_)), DataType::String) => {
            return format!("write '{}' as a text", print(expr));
        }
        (ExprKind::Literal(Value::String(text)), DataType::Int | DataType::Float)
            if text.trim().parse::<f64>().is_ok() =>
        {
            return format!("write {} without quotes", text.trim());
        }
        _ => {}
    }
    match (from, to) {
        (DataType::Duration, DataType::Int | DataType::Float) => format!("write `seconds({})`", brief(&print(expr))),
        (DataType::Timestamp | DataType::Date, DataType::Int | DataType::Float) => {
            format!("write `epoch({})` for its seconds since 1970", brief(&print(expr)))
        }
        (DataType::Int | DataType::Float, DataType::Timestamp) => {
            format!("write `from_epoch({})` where it counts seconds since 1970", brief(&print(expr)))
        }
        (DataType::Int | DataType::Float, DataType::Duration) => {
            format!("write `to_duration({}, 'seconds')`", brief(&print(expr)))
        }
        (DataType::String, DataType::Timestamp) => match &expr.kind {
            ExprKind::Literal(_) => "write a time as '2026-03-02T14:02:11Z'".to_owned(),
            _ => format!(
                "write `{}` for ISO times, else `to_timestamp({}, '%d.%m.%Y %H:%M')`",
                cast_text(expr, to),
                brief(&print(expr))
            ),
        },
        (DataType::String, DataType::Duration) => format!("write `parse_duration({})`", brief(&print(expr))),
        (DataType::List(_), _) => format!("pick an item: `list_get({}, 1)`", brief(&print(expr))),
        (DataType::Record(_), _) => format!("pick a field: `{}.name`", brief(&print(expr))),
        (_, DataType::Boolean) => "write a comparison, such as `status >= 500`".to_owned(),
        _ => format!("write `{}`", cast_text(expr, to)),
    }
}

pub(super) fn impossible_cast_help(expr: &Expr, from: &DataType, to: &DataType) -> String {
    match (from, to) {
        (DataType::Boolean | DataType::Float, DataType::Boolean) => "write a comparison, such as `x <> 0`".to_owned(),
        (_, DataType::Boolean) => "write a comparison, such as `x > 0`".to_owned(),
        (DataType::Duration, DataType::Int | DataType::Float)
        | (DataType::Timestamp | DataType::Date, DataType::Int | DataType::Float)
        | (DataType::Int | DataType::Float, DataType::Timestamp | DataType::Duration)
        | (DataType::List(_) | DataType::Record(_), _) => cast_help(expr, from, to),
        _ => "cast it to a String first if that is what is meant".to_owned(),
    }
}

/// The name before the first point, and whether a name stands there at all.
pub(super) fn innermost(expr: &Expr) -> &Expr {
    match &expr.kind {
        ExprKind::Member { record, .. } => innermost(record),
        _ => expr,
    }
}

/// `a.b.c` as one name.
pub(super) fn dotted_name(expr: &Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Column(name) => Some(name.clone()),
        ExprKind::Member { record, name } => Some(format!("{}.{name}", dotted_name(record)?)),
        _ => None,
    }
}

pub(super) fn unknown_column(expr: &Expr, name: &str, schema: &Schema) -> (String, String) {
    let message = format!("unknown column `{name}`{}", did_you_mean(name, schema.names()));
    let quoted = (expr.span.end - expr.span.start) as usize > name.len();
    let columns = || format!("the columns are {}", names(schema.names()));
    let help = if let Some(exact) = schema.names().find(|column| column.eq_ignore_ascii_case(name)) {
        format!("capitals count in names: write `{}`", print_name(exact))
    } else if let Some(near) = nearest(name, schema.names()) {
        format!("write `{}`, or add a column of that name in a step before", print_name(near))
    } else if matches!(name.to_ascii_lowercase().as_str(), "current_timestamp" | "now" | "localtimestamp" | "sysdate") {
        "write `${run.started_at}` for the time at which the run started".to_owned()
    } else if quoted {
        format!("text takes single quotes: '{}'; double quotes name a column", name.replace('\'', "''"))
    } else {
        format!("{}; a text is written in single quotes: '{name}'", columns())
    };
    (message, help)
}

pub(super) fn unknown_function(name: &str) -> (String, String) {
    let known = || functions().iter().map(|function| function.name);
    let help = match name {
        "now" | "current_timestamp" | "current_date" | "today" | "getdate" | "sysdate" => {
            return (
                format!("`{name}()` would give another answer in every run"),
                "write `${run.started_at}`: the time at which the run started, so that a run can be repeated"
                    .to_owned(),
            );
        }
        "random" | "rand" | "uuid" | "newid" | "gen_random_uuid" => {
            return (
                format!("`{name}()` would give another answer in every run"),
                "a Sample step picks rows by a seed; `hash(text)` makes a stable id".to_owned(),
            );
        }
        "int" | "integer" | "float" | "double" | "string" | "text" | "boolean" | "to_int" | "toint" | "to_number"
        | "str" | "to_string" | "tostring" | "convert" => {
            "write `try_cast(x as int)`, or `string`, `float`, `boolean`".to_owned()
        }
        "year" | "month" | "day" | "hour" | "minute" | "second" | "week" | "dayofweek" | "weekday" => {
            format!("write `extract({} from time)`", if name.contains("week") && name != "week" { "dow" } else { name })
        }
        "date" | "to_date" => "write `try_cast(x as date)`".to_owned(),
        "datediff" | "date_diff" | "timestampdiff" => "subtract times, as in `seconds(end - start)`".to_owned(),
        "date_add" | "dateadd" | "date_sub" => "add a span: `time + interval '1 day'`".to_owned(),
        "isnull" | "is_null" => "write `x is null`".to_owned(),
        "json_extract" | "json_value" | "json_extract_scalar" | "get_json_object" => {
            "write `json_get(text, '$.path')`".to_owned()
        }
        "regexp_match" | "match" | "regex" | "rlike" => "write `regexp_matches(text, 'pattern')`".to_owned(),
        "md5" | "sha1" | "sha256" | "sha2" => "write `hash(text)`: SHA-256 as text".to_owned(),
        "instr" | "strpos" | "charindex" | "indexof" => "write `position(text, part)`".to_owned(),
        "iif" | "iff" => "write `if(condition, value, other)`".to_owned(),
        "in" | "any" | "exists" => "write `x in ('a', 'b')`".to_owned(),
        "percentile" | "percentile_cont" | "approx_percentile" | "p95" => "write `quantile(x, 0.95)`".to_owned(),
        "mod" => "write `a % b`".to_owned(),
        _ => match nearest(name, known()).and_then(super::super::functions::function) {
            Some(function) => format!("write `{}`", function.signature),
            None => match about(name) {
                found if found.is_empty() => "`pipewright functions` lists what there is, by group".to_owned(),
                found => format!("of these one may do it: {}", found.join(", ")),
            },
        },
    };
    (format!("unknown function `{name}`{}", did_you_mean(name, known())), help)
}

/// How functions are called of which the words of a name are told: `start_of` leads to what gives the start of an hour.
fn about(name: &str) -> Vec<String> {
    const MOST: usize = 3;
    let words: Vec<String> = name.split('_').filter(|word| word.chars().count() > 3).map(str::to_lowercase).collect();
    let tells = |text: &str| {
        text.split(|c: char| !c.is_alphanumeric()).any(|told| words.iter().any(|word| told.eq_ignore_ascii_case(word)))
    };
    let phrase = name.replace('_', " ").to_lowercase();
    let mut found: Vec<&Function> =
        functions().iter().filter(|function| tells(function.name) || tells(function.doc)).collect();
    found.sort_by_key(|function| !function.doc.to_lowercase().contains(&phrase));
    found.iter().take(MOST).map(|function| format!("`{}`", function.signature)).collect()
}

pub(super) fn argument_count(function: &Function, count: usize) -> String {
    let wanted = match (function.min_args, function.max_args) {
        (least, None) => format!("at least {least}"),
        (0, Some(0)) => "none".to_owned(),
        (least, Some(most)) if least == most => least.to_string(),
        (least, Some(most)) => format!("{least} to {most}"),
    };
    let plural = if wanted == "1" || wanted == "at least 1" { "" } else { "s" };
    format!("`{}` takes {wanted} argument{plural}, not {count}", function.name)
}

pub(super) fn argument_mismatch(
    function: &Function,
    index: usize,
    arg: &Expr,
    data_type: &DataType,
) -> (String, String) {
    let wanted = function.arg(index);
    let message = format!("`{}` needs {} here, but {} is {data_type}", function.name, wanted.describe(), shown(arg));
    let help = match wanted.data_type() {
        Some(_) if *data_type == DataType::Boolean && function.name == "sum" => {
            format!("write `count_if({})` for the number of rows where it is true", brief(&print(arg)))
        }
        Some(_) if *data_type == DataType::Boolean && function.name == "avg" => {
            format!("write `share_if({})` for the share of rows where it is true", brief(&print(arg)))
        }
        Some(to) => cast_help(arg, data_type, &to),
        None => format!("write `{}`", function.signature),
    };
    (message, help)
}

pub(super) fn not_text(expr: &Expr, data_type: &DataType, taker: &str) -> (String, String) {
    (format!("{taker} needs a text, but {} is {data_type}", shown(expr)), cast_help(expr, data_type, &DataType::String))
}

pub(super) fn no_condition(expr: &Expr, data_type: &DataType, taker: &str) -> (String, String) {
    let message = format!("{taker} needs a condition, but {} is {data_type}", shown(expr));
    let help = match (&expr.kind, data_type) {
        (ExprKind::Literal(_), _) => {
            "repeat the column on both sides: `status = 404 or status = 500`, or write `status in (404, 500)`"
                .to_owned()
        }
        (_, DataType::String) => format!("compare it, as in `{} = 'true'`", brief(&print(expr))),
        _ => format!("compare it, as in `{} > 0`, or write `… is not null`", brief(&print(expr))),
    };
    (message, help)
}

pub(super) fn no_record(record: &Expr, data_type: &DataType, name: &str) -> (String, String) {
    let text = brief(&print(record));
    let help = match data_type {
        DataType::String => format!("where it holds JSON, write `json_get({text}, '$.{name}')`"),
        DataType::List(_) => format!("pick an item first: `list_get({text}, 1).{name}`"),
        DataType::Timestamp | DataType::Date => format!("write `extract({name} from {text})`"),
        _ => "only records have fields".to_owned(),
    };
    (format!("{} ({data_type}) has no fields, so no `{name}`", shown(record)), help)
}

pub(super) fn null_comparison(other: &Expr, symbol: &str) -> (String, String) {
    let text = brief(&print(other));
    let help = match symbol {
        "<>" => format!("write `{text} is not null`"),
        "in" => format!("leave null out of the list, and add `or {text} is null` where it should count"),
        _ => format!("write `{text} is null`"),
    };
    let message = match symbol {
        "in" => "null in a list matches nothing".to_owned(),
        _ => format!("`{symbol} null` is never true: nothing equals null"),
    };
    (message, help)
}

pub(super) fn comparison_mismatch(left: (&Expr, &DataType), right: (&Expr, &DataType)) -> (String, String) {
    let describe = |side: (&Expr, &DataType)| match &side.0.kind {
        ExprKind::Literal(Value::String(_)) => shown(side.0),
        _ => format!("{} ({})", shown(side.0), side.1),
    };
    let message = format!("{} cannot be compared with {}", describe(left), describe(right));
    if let ExprKind::Binary { op, right: middle, .. } = &left.0.kind
        && op.is_comparison()
    {
        // `a = 'x' || b > 3` joins texts first; `1 < a < 3` compares a Boolean.
        return match &middle.kind {
            ExprKind::Binary { op: BinaryOp::Concat, .. } => {
                (message, "`||` joins texts; between conditions write `or`".to_owned())
            }
            _ => (
                "comparisons cannot be chained".to_owned(),
                format!("write both with `and`, as in `{} and {} …`", brief(&print(left.0)), brief(&print(middle))),
            ),
        };
    }
    // The literal, if there is one, is what to change.
    let (subject, object) = if matches!(left.0.kind, ExprKind::Literal(_)) { (right, left) } else { (left, right) };
    (message, comparison_help(subject, object))
}

fn comparison_help(subject: (&Expr, &DataType), object: (&Expr, &DataType)) -> String {
    use DataType::*;
    let name = brief(&print(subject.0));
    let literal = match &object.0.kind {
        ExprKind::Literal(Value::String(text)) => Some(text.as_str()),
        _ => None,
    };
    let is_literal = matches!(object.0.kind, ExprKind::Literal(_));
    match (subject.1, object.1) {
        (List(_), _) => format!("write `list_contains({name}, {})`", brief(&print(object.0))),
        (_, List(_)) => format!("write `list_contains({}, {name})`", brief(&print(object.0))),
        (Record(_), _) | (_, Record(_)) => "compare single fields: `record.field = …`".to_owned(),
        (Int | Float, String) => match literal {
            Some(text) if text.trim().parse::<f64>().is_ok() => {
                format!("compare `{name}` with a number: write {} without quotes", text.trim())
            }
            Some(_) => format!("compare `{name}` ({}) with a number, not a text", subject.1),
            None => cast_help(object.0, object.1, subject.1),
        },
        (String, Int | Float | Boolean) if is_literal => {
            format!("write '{}' as a text, or compare `{}`", print(object.0), cast_text(subject.0, object.1))
        }
        (Timestamp | Date, String) => cast_help(object.0, object.1, &Timestamp),
        (String, Timestamp | Date) => cast_help(subject.0, subject.1, &Timestamp),
        (Duration, Int | Float) => {
            format!("compare with a span such as `interval '5 seconds'`, or compare `seconds({name})`")
        }
        (Int | Float, Duration) => {
            format!("compare `{name}` with a number, or make a span of it: `to_duration({name}, 'seconds')`")
        }
        (Timestamp | Date, Duration) => {
            "compare a time with a time, such as `${run.started_at} - interval '1 hour'`".to_owned()
        }
        (Int | Float, Boolean) if is_literal => format!("compare `{name}` with a number, as in `{name} = 1`"),
        (Duration, String) => "write a span as `interval '5 seconds'`".to_owned(),
        (Boolean, _) if is_literal => format!("write `{name}` or `not {name}` by itself"),
        (Timestamp | Date, Int | Float) => match date_without_quotes(object.0) {
            Some(date) => format!("write a date in quotes: '{date}'"),
            None => cast_help(object.0, object.1, &Timestamp),
        },
        _ => match super::super::cast::can_cast(object.1, subject.1) {
            true => format!("write `{}`", cast_text(object.0, subject.1)),
            false => "compare values of one type".to_owned(),
        },
    }
}

/// `2026-03-01` without quotes is a subtraction.
fn date_without_quotes(expr: &Expr) -> Option<String> {
    let ExprKind::Binary { op: BinaryOp::Subtract, left, right: day } = &expr.kind else { return None };
    let ExprKind::Binary { op: BinaryOp::Subtract, left: year, right: month } = &left.kind else { return None };
    let number = |expr: &Expr| match expr.kind {
        ExprKind::Literal(Value::Int(number)) => Some(number),
        _ => None,
    };
    let (year, month, day) = (number(year)?, number(month)?, number(day)?);
    let plausible = (1000..=9999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    plausible.then(|| format!("{year:04}-{month:02}-{day:02}"))
}

pub(super) fn operator_mismatch(op: BinaryOp, left: (&Expr, &DataType), right: (&Expr, &DataType)) -> (String, String) {
    use DataType::*;
    let symbol = op.symbol();
    let message =
        format!("`{symbol}` does not take {} ({}) and {} ({})", shown(left.0), left.1, shown(right.0), right.1);
    let help = match (op, left.1, right.1) {
        (BinaryOp::Concat, Boolean, Boolean) => "`||` joins texts; for conditions write `or`".to_owned(),
        (BinaryOp::Concat, List(_) | Record(_), _) | (BinaryOp::Concat, _, List(_) | Record(_)) => {
            "join a list's items with `list_join(list, ', ')` first".to_owned()
        }
        (BinaryOp::Concat, ..) => format!("`||` joins texts: write `{}`", cast_text(left.0, &String)),
        (BinaryOp::Add, String, String) => "join texts with `||`; add numbers after `try_cast(x as int)`".to_owned(),
        (BinaryOp::Add | BinaryOp::Subtract, Timestamp | Date, String) => {
            "write a span as `interval '1 hour'`".to_owned()
        }
        (BinaryOp::Add, String, _) | (BinaryOp::Add, _, String) => {
            let text = if *left.1 == String { left.0 } else { right.0 };
            format!("join texts with `||`, or make a number of it: `{}`", cast_text(text, &Float))
        }
        (BinaryOp::Add | BinaryOp::Subtract, Timestamp | Date, Int | Float) => {
            "add a span: `time + interval '1 day'`".to_owned()
        }
        (BinaryOp::Add, Timestamp | Date, Timestamp | Date) => {
            "times can be subtracted, which gives a span; a span can be added".to_owned()
        }
        (BinaryOp::Add | BinaryOp::Subtract, Duration, Int | Float) => {
            "write the number as a span: `interval '5 seconds'`, or `to_duration(x, 'seconds')`".to_owned()
        }
        (BinaryOp::IntegerDivide, Int | Float, Int | Float) => "`div` is for Int: write `trunc(a / b)`".to_owned(),
        (_, Boolean, _) | (_, _, Boolean) => {
            "count conditions with `if(condition, 1, 0)`; join them with `and`, `or`".to_owned()
        }
        (_, Int | Float | Duration, other) => cast_help(right.0, other, &Float),
        (_, other, _) => cast_help(left.0, other, &Float),
    };
    (message, help)
}
