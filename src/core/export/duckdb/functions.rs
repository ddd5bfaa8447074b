//! Functions → DuckDB SQL. A function that is not here is refused by name, so that nothing is computed otherwise.

use super::expr::{Printer, cast, type_name, unsupported};
use crate::data::{DataType, Value};
use crate::diagnostic::Diagnostic;
use crate::expr::{BinaryOp, Call, Expr, ExprKind, FunctionKind, VARYING, function};
use crate::ir::FileKind;
use crate::quote::sql_text;

type Sql = Result<String, Diagnostic>;

/// A call; `over`: its window, or nothing.
pub fn call(printer: &Printer, call: &Call, over: &str) -> Sql {
    let kind = function(&call.function).map(|function| function.kind);
    match kind {
        Some(FunctionKind::Aggregate) => aggregate(printer, call, over),
        Some(FunctionKind::Window) => Ok(window(printer, call)? + over),
        Some(FunctionKind::Scalar) => scalar(printer, call),
        None => Err(unsupported(format!("the function `{}`", call.function))),
    }
}

/// Whether a window call depends on the places of single rows in the window, so that its order must be total.
pub fn orders_window(call: &Call) -> bool {
    matches!(call.function.as_str(), "row_number" | "lag" | "lead")
}

/// Whether an aggregate depends on the order of its rows.
fn orders_rows(call: &Call) -> bool {
    matches!(call.function.as_str(), "first" | "last" | "collect" | "string_agg")
}

fn guard(printer: &Printer, call: &Call, sql: String) -> String {
    let input = call.args.first().map(|arg| printer.type_of(arg));
    match (call.function.as_str(), input) {
        ("sum", Some(DataType::Int | DataType::Duration)) => format!("TRY_CAST({sql} AS BIGINT)"),
        ("avg", Some(DataType::Duration)) => format!("TRY_CAST({sql} AS BIGINT)"),
        ("median" | "quantile", Some(DataType::Duration)) => format!("TRY_CAST(trunc({sql}) AS BIGINT)"),
        ("sum" | "avg" | "median" | "quantile" | "stddev" | "variance", _) => format!("pw_finite({sql})"),
        ("collect", _) => format!("coalesce({sql}, [])"),
        _ => sql,
    }
}

fn aggregate(printer: &Printer, call: &Call, over: &str) -> Sql {
    let args = call.args.iter().map(|arg| printer.sql(arg)).collect::<Result<Vec<_>, _>>()?;
    let arg = |index: usize| args.get(index).cloned().unwrap_or_default();
    // The rows of a window's frame have the window's order; the frame itself may end at the last of equal keys.
    let keys = call.over.as_ref().map_or(&call.order, |over| &over.order);
    let order = if orders_rows(call) { format!(" ORDER BY {}", printer.total_order(keys)?) } else { String::new() };
    let mut filter = match &call.filter {
        Some(condition) => vec![printer.sql(condition)?],
        None => Vec::new(),
    };
    let core = match call.function.as_str() {
        "count" if args.is_empty() => "count(*)".to_owned(),
        "count" => format!("count({})", arg(0)),
        "count_if" => {
            filter.push(arg(0));
            "count(*)".to_owned()
        }
        "count_distinct" => format!("count(DISTINCT {})", arg(0)),
        "share_if" => format!("avg(CASE WHEN {} THEN 1e0 ELSE 0e0 END)", arg(0)),
        // DuckDB adds integers in 128 bits, and its means divide such a sum.
        "sum" | "avg" | "min" | "max" => format!("{}({})", call.function, arg(0)),
        "median" => format!("median({})", number(&arg(0), &printer.type_of(&call.args[0]))),
        "quantile" => format!("quantile_cont({}, {})", arg(0), arg(1)),
        "stddev" => format!("stddev_samp({})", arg(0)),
        "variance" => format!("var_samp({})", arg(0)),
        // As window functions they take no FILTER.
        "first" | "last" if call.over.is_some() && call.filter.is_some() => format!("list({}{order})", arg(0)),
        "first" | "last" => format!("{}({}{order})", call.function, arg(0)),
        "collect" | "string_agg" if call.function == "collect" || call.distinct => {
            filter.push(format!("{} IS NOT NULL", arg(0)));
            format!("list({}{order})", arg(0))
        }
        "string_agg" => format!("string_agg({}, {}{order})", arg(0), arg(1)),
        "every" => format!("bool_and({})", arg(0)),
        "some" => format!("bool_or({})", arg(0)),
        other => return Err(unsupported(format!("the aggregate `{other}`"))),
    };
    let filter = if filter.is_empty() { String::new() } else { format!(" FILTER (WHERE {})", filter.join(" AND ")) };
    let sql = format!("{core}{filter}{over}");
    let is_distinct = call.distinct && matches!(call.function.as_str(), "collect" | "string_agg");
    // DISTINCT takes no other order than that of the values.
    let sql = if is_distinct { format!("pw_distinct({sql})") } else { sql };
    Ok(match call.function.as_str() {
        "avg" if printer.type_of(&call.args[0]) == DataType::Duration => {
            let (sum, count) = (format!("sum({}){filter}{over}", arg(0)), format!("count({}){filter}{over}", arg(0)));
            guard(printer, call, format!("(CASE WHEN {count} > 0 THEN {sum} // {count} END)"))
        }
        "first" if core.starts_with("list(") => format!("list_extract({sql}, 1)"),
        "last" if core.starts_with("list(") => format!("list_extract({sql}, -1)"),
        "string_agg" if call.distinct => format!("pw_join({sql}, {})", arg(1)),
        _ => guard(printer, call, sql),
    })
}

fn number(sql: &str, data_type: &DataType) -> String {
    match data_type {
        DataType::Int | DataType::Duration => format!("CAST({sql} AS DOUBLE)"),
        _ => sql.to_owned(),
    }
}

fn window(printer: &Printer, call: &Call) -> Sql {
    let args = call.args.iter().map(|arg| printer.sql(arg)).collect::<Result<Vec<_>, _>>()?;
    Ok(match call.function.as_str() {
        "row_number" | "rank" | "dense_rank" => format!("{}()", call.function),
        "lag" | "lead" => format!("{}({})", call.function, args.join(", ")),
        other => return Err(unsupported(format!("the window function `{other}`"))),
    })
}

/// The text of a constant argument.
fn constant(expr: &Expr) -> Option<&str> {
    match &expr.kind {
        ExprKind::Literal(Value::String(text)) => Some(text),
        _ => None,
    }
}

fn scalar(printer: &Printer, call: &Call) -> Sql {
    let args = call.args.iter().map(|arg| printer.sql(arg)).collect::<Result<Vec<_>, _>>()?;
    let types: Vec<DataType> = call.args.iter().map(|arg| printer.type_of(arg)).collect();
    let name = call.function.as_str();
    if let Some(sql) = chosen(printer, call, &args)? {
        return Ok(sql);
    }
    if let Some(sql) = text_function(name, &args, &types, &call.args)? {
        return Ok(sql);
    }
    if let Some(sql) = number_function(name, &args, &types) {
        return Ok(sql);
    }
    if let Some(sql) = super::domain_functions::call(name, &args, &types, &call.args, constant)? {
        return Ok(sql);
    }
    Err(unsupported(format!("the function `{name}`")))
}

/// Functions that compare their arguments: an Int beside a Float is not rounded.
fn chosen(printer: &Printer, call: &Call, args: &[String]) -> Result<Option<String>, Diagnostic> {
    Ok(match (call.function.as_str(), call.args.as_slice(), args) {
        ("nullif", [value, other], [a, b]) => Some(match printer.type_of(value) == printer.type_of(other) {
            true => format!("nullif({a}, {b})"),
            // DuckDB would give the type that holds both.
            false => format!("CASE WHEN {} THEN NULL ELSE {a} END", printer.compared(BinaryOp::Equal, value, other)?),
        }),
        ("list_contains", [list, value], [a, b]) => match (printer.type_of(list), printer.type_of(value)) {
            (DataType::List(item), value) if *item != value && item.is_numeric() && value.is_numeric() => {
                let exact = match value {
                    DataType::Int => "pw_exact_float",
                    _ => "pw_exact_int",
                };
                let found = format!("coalesce(list_contains({a}, {exact}({b})), FALSE)");
                Some(format!("CASE WHEN {a} IS NOT NULL AND {b} IS NOT NULL THEN {found} END"))
            }
            _ => None,
        },
        ("cast_loses", [value, to], [a, _]) => {
            let to: Option<DataType> = constant(to).and_then(|text| text.parse().ok());
            let to = to.ok_or_else(|| unsupported("`cast_loses` without a type"))?;
            Some(format!("CASE WHEN {a} IS NOT NULL THEN {} END", loses(a, &printer.type_of(value), &to)?))
        }
        ("clamp", [_, low, high], [a, l, h]) => {
            let types = call.args.iter().map(|arg| printer.type_of(arg));
            let common = types.fold(DataType::Unknown, |sum, item| sum.common(&item).unwrap_or(DataType::Float));
            Some(format!(
                "CAST(CASE WHEN {} OR {a} IS NULL OR {l} IS NULL OR {h} IS NULL THEN NULL ELSE greatest(least({a}, {h}), {l}) END AS {})",
                printer.compared(BinaryOp::Greater, low, high)?,
                type_name(&common)
            ))
        }
        _ => None,
    })
}

/// Whether a value that is cast becomes null, or one inside of it.
fn loses(sql: &str, from: &DataType, to: &DataType) -> Sql {
    Ok(match (from, to) {
        (DataType::List(from), DataType::List(to)) => {
            format!("(len(list_filter({sql}, lambda x: {})) > 0)", loses("x", from, to)?)
        }
        _ => format!("({sql} IS NOT NULL AND {} IS NULL)", cast(sql, from, to)?),
    })
}

fn text_function(
    name: &str,
    args: &[String],
    types: &[DataType],
    exprs: &[Expr],
) -> Result<Option<String>, Diagnostic> {
    let arg = |index: usize| args.get(index).map(String::as_str).unwrap_or("NULL");
    let a = arg(0);
    Ok(Some(match name {
        "lower" => format!("lower({a})"),
        // DuckDB's own would keep together what is shown as one sign.
        "reverse" => format!("pw_reverse({a})"),
        // A sharp s has no single capital letter that goes back to it.
        "upper" => {
            format!("CASE WHEN contains({a}::VARCHAR, 'ß') THEN replace(upper({a}), 'ẞ', 'ß') ELSE upper({a}) END")
        }
        "length" => format!("length({a})"),
        "substring" => match args.get(2) {
            // A count below zero is no count; positions before the first character count too.
            Some(count) => format!("pw_substring({a}, {}, {count})", arg(1)),
            None => format!("pw_from({a}, pw_count({}))", arg(1)),
        },
        "left" | "right" => format!("{name}({a}, pw_count({}))", arg(1)),
        "trim" | "trim_start" | "trim_end" => {
            let function = match name {
                "trim" => "trim",
                "trim_start" => "ltrim",
                _ => "rtrim",
            };
            match args.get(1) {
                Some(characters) => format!("{function}({a}, {characters})"),
                None => format!("{function}({a}, pw_blanks())"),
            }
        }
        "message_template" => VARYING.iter().fold(a.to_owned(), |sql, (pattern, word)| {
            format!("regexp_replace({sql}, {}, {}, 'g')", sql_text(pattern), sql_text(word))
        }),
        "normalize_space" => format!("pw_trim(regexp_replace({a}, '[ \\t\\n\\f\\r]+', ' ', 'g'))"),
        "replace" if never_longer(exprs) => format!("replace({a}, {}, {})", arg(1), arg(2)),
        "replace" => format!("pw_replace({a}, {}, {})", arg(1), arg(2)),
        "contains" => format!("contains({a}::VARCHAR, {}::VARCHAR)", arg(1)),
        "starts_with" => format!("starts_with({a}, {})", arg(1)),
        "ends_with" => format!("ends_with({a}, {})", arg(1)),
        "position" => format!("strpos({a}, {})", arg(1)),
        "concat" => {
            let texts = args.iter().zip(types).map(|(sql, data_type)| cast(sql, data_type, &DataType::String));
            format!("concat({})", texts.collect::<Result<Vec<_>, _>>()?.join(", "))
        }
        "split" => format!("pw_split({a}, {})", arg(1)),
        "split_part" => format!("list_extract(pw_split({a}, {}), {})", arg(1), arg(2)),
        "repeat" => format!("pw_repeat({a}, {})", arg(1)),
        "pad_start" | "pad_end" => {
            let function = if name == "pad_start" { "lpad" } else { "rpad" };
            let fill = args.get(2).cloned().unwrap_or_else(|| sql_text(" "));
            // A longer text stays whole.
            format!(
                "CASE WHEN {fill} IS NULL OR {n} > 1000000 THEN NULL WHEN length({a}) >= {n} OR {fill} = '' THEN {a} ELSE {function}({a}, pw_length({n}), {fill}) END",
                n = arg(1)
            )
        }
        "coalesce" => format!("coalesce({})", args.join(", ")),
        "if" => format!("CASE WHEN {a} THEN {} ELSE {} END", arg(1), arg(2)),
        "greatest" | "least" => format!("{name}({})", args.join(", ")),
        "list_of" => format!("[{}]", args.join(", ")),
        "list_length" => format!("len({a})"),
        "list_get" => format!("list_extract({a}, {})", arg(1)),
        "list_contains" => format!("list_contains({a}, {})", arg(1)),
        "list_distinct" => {
            // DuckDB's own list_distinct keeps no order.
            format!("pw_distinct(list_filter({a}, lambda x: x IS NOT NULL))")
        }
        "list_sort" => format!("list_sort({a}, 'ASC', 'NULLS LAST')"),
        "list_join" => match types.first() {
            Some(DataType::List(item)) => {
                let shown = cast("x", item, &DataType::String)?;
                format!(
                    "pw_join(list_transform(list_filter({a}, lambda x: x IS NOT NULL), lambda x: {shown}), {})",
                    arg(1)
                )
            }
            _ => return Err(unsupported("`list_join` of what is no list")),
        },
        _ => return Ok(None),
    }))
}

/// Whether a replacement is known to make no text longer.
fn never_longer(exprs: &[Expr]) -> bool {
    let text = |index: usize| match exprs.get(index).map(|expr| &expr.kind) {
        Some(ExprKind::Literal(Value::String(text))) => Some(text.chars().count()),
        _ => None,
    };
    matches!((text(1), text(2)), (Some(from), Some(to)) if from > 0 && to <= from)
}

fn number_function(name: &str, args: &[String], types: &[DataType]) -> Option<String> {
    let arg = |index: usize| args.get(index).map(String::as_str).unwrap_or("NULL");
    let a = arg(0);
    let is_float = types.first().is_some_and(|data_type| *data_type == DataType::Float);
    Some(match name {
        "abs" if is_float => format!("abs({a})"),
        "abs" => format!("TRY(abs({a}))"),
        "sign" => format!("CAST(sign({a}) AS BIGINT)"),
        "round" if is_float && args.len() == 1 => format!("pw_round({a}, 0)"),
        "round" if is_float => format!("pw_round({a}, {})", arg(1)),
        "round" if args.len() == 1 => a.to_owned(),
        "round" => format!("pw_round_int({a}, {})", arg(1)),
        "floor" | "ceil" | "trunc" if is_float => format!("({name}({a}) + 0)"),
        "floor" | "ceil" | "trunc" => a.to_owned(),
        "sqrt" => format!("CASE WHEN {a} >= 0 THEN sqrt(CAST({a} AS DOUBLE)) END"),
        "ln" | "log10" | "log2" => format!("CASE WHEN {a} > 0 THEN {name}(CAST({a} AS DOUBLE)) END"),
        "exp" => format!("pw_finite(TRY(exp(CAST({a} AS DOUBLE))))"),
        "power" => format!("pw_finite(TRY(pow(CAST({a} AS DOUBLE), CAST({} AS DOUBLE))))", arg(1)),
        "bin" => format!("CASE WHEN {w} > 0 THEN pw_finite(floor(CAST({a} AS DOUBLE) / {w}) * {w}) END", w = arg(1)),
        _ => return None,
    })
}

/// A column as text files show it: times in ISO 8601 with `Z`, spans in ISO 8601.
pub fn shown(sql: &str, data_type: &DataType, kind: FileKind) -> String {
    let value = shown_value(sql, data_type);
    let is_nested = matches!(data_type, DataType::List(_) | DataType::Record(_));
    let value = if kind == FileKind::Csv && is_nested { format!("CAST(to_json({value}) AS VARCHAR)") } else { value };
    if value == sql { value } else { format!("{value} AS {sql}") }
}

pub fn shown_value(sql: &str, data_type: &DataType) -> String {
    match data_type {
        DataType::Timestamp => format!("pw_timestamp_text({sql})"),
        DataType::Duration => format!("pw_duration_text({sql})"),
        DataType::List(item) if nested_needs_text(item) => {
            format!("list_transform({sql}, lambda x: {})", shown_value("x", item))
        }
        DataType::Record(fields) if nested_needs_text(data_type) => {
            let fields: std::collections::BTreeMap<&String, &DataType> =
                fields.iter().map(|(name, item)| (name, item)).collect();
            let parts: Vec<String> = fields
                .into_iter()
                .map(|(name, item)| {
                    format!(
                        "{}: {}",
                        sql_text(name),
                        shown_value(&format!("struct_extract({sql}, {})", sql_text(name)), item)
                    )
                })
                .collect();
            format!("CASE WHEN {sql} IS NOT NULL THEN {{{}}} END", parts.join(", "))
        }
        _ => sql.to_owned(),
    }
}

fn nested_needs_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Timestamp | DataType::Duration => true,
        DataType::List(item) => nested_needs_text(item),
        // Objects are written with their keys in order.
        DataType::Record(fields) => {
            !fields.is_sorted_by(|(a, _), (b, _)| a <= b) || fields.iter().any(|(_, item)| nested_needs_text(item))
        }
        _ => false,
    }
}
