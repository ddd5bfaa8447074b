//! Functions → DuckDB SQL. A function that is not here is refused by name, so that nothing is computed otherwise.

use super::expr::{Printer, cast, type_name, unsupported};
use crate::data::{DataType, Value};
use crate::diagnostic::Diagnostic;
use crate::expr::{Call, Expr, ExprKind, FunctionKind, VARYING, function};
use crate::ir::FileKind;
use crate::quote::sql_text;

type Sql = Result<String, Diagnostic>;

/// A call without its `over`.
pub fn call(printer: &Printer, call: &Call) -> Sql {
    let kind = function(&call.function).map(|function| function.kind);
    match kind {
        Some(FunctionKind::Aggregate) => aggregate(printer, call),
        Some(FunctionKind::Window) => window(printer, call),
        Some(FunctionKind::Scalar) => scalar(printer, call),
        None => Err(unsupported(format!("the function `{}`", call.function))),
    }
}

/// Whether a window call depends on the order of single rows, so that ties must be broken.
pub fn orders_rows(call: &Call) -> bool {
    matches!(call.function.as_str(), "row_number" | "lag" | "lead" | "first" | "last" | "collect" | "string_agg")
}

/// What checks the range of an aggregate's result stands outside `over (…)`.
pub fn guard_window(printer: &Printer, call: &Call, sql: String) -> String {
    guard(printer, call, sql)
}

fn guard(printer: &Printer, call: &Call, sql: String) -> String {
    let input = call.args.first().map(|arg| printer.type_of(arg));
    match (call.function.as_str(), input) {
        ("sum", Some(DataType::Int | DataType::Duration)) => format!("TRY_CAST({sql} AS BIGINT)"),
        ("avg" | "median" | "quantile", Some(DataType::Duration)) => format!("TRY_CAST(trunc({sql}) AS BIGINT)"),
        ("sum" | "avg" | "median" | "quantile" | "stddev" | "variance", _) => format!("pw_finite({sql})"),
        ("collect", _) => format!("coalesce({sql}, [])"),
        _ => sql,
    }
}

fn aggregate(printer: &Printer, call: &Call) -> Sql {
    let args = call.args.iter().map(|arg| printer.sql(arg)).collect::<Result<Vec<_>, _>>()?;
    let arg = |index: usize| args.get(index).cloned().unwrap_or_default();
    let is_window = call.over.is_some();
    let order = if orders_rows(call) && !is_window {
        format!(" ORDER BY {}", printer.total_order(&call.order)?)
    } else {
        String::new()
    };
    let distinct = if call.distinct { "DISTINCT " } else { "" };
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
        "sum" | "avg" | "min" | "max" | "median" => {
            let name = if call.function == "median" { "median" } else { call.function.as_str() };
            format!("{name}({})", number(&arg(0), &printer.type_of(&call.args[0]), name))
        }
        "quantile" => format!("quantile_cont({}, {})", arg(0), arg(1)),
        "stddev" => format!("stddev_samp({})", arg(0)),
        "variance" => format!("var_samp({})", arg(0)),
        "first" | "last" => format!("{}({}{order})", call.function, arg(0)),
        "collect" => {
            filter.push(format!("{} IS NOT NULL", arg(0)));
            // DISTINCT takes only orders over the value itself.
            let order =
                if call.distinct { format!(" ORDER BY {}{} NULLS LAST", arg(0), direction(call)) } else { order };
            format!("list({distinct}{}{order})", arg(0))
        }
        "string_agg" => format!("string_agg({distinct}{}, {}{order})", arg(0), arg(1)),
        "every" => format!("bool_and({})", arg(0)),
        "some" => format!("bool_or({})", arg(0)),
        other => return Err(unsupported(format!("the aggregate `{other}`"))),
    };
    let filter = if filter.is_empty() { String::new() } else { format!(" FILTER (WHERE {})", filter.join(" AND ")) };
    let sql = format!("{core}{filter}");
    Ok(if is_window { sql } else { guard(printer, call, sql) })
}

fn direction(call: &Call) -> &'static str {
    if call.order.first().is_some_and(|key| key.descending) { " DESC" } else { "" }
}

/// Sums of integers are 128 bits wide in DuckDB; means of them are exact as floats.
fn number(sql: &str, data_type: &DataType, name: &str) -> String {
    match (data_type, name) {
        (DataType::Int | DataType::Duration, "avg" | "median") => format!("CAST({sql} AS DOUBLE)"),
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
    if let Some(sql) = text_function(name, &args, &types)? {
        return Ok(sql);
    }
    if let Some(sql) = number_function(name, &args, &types) {
        return Ok(sql);
    }
    if let Some(sql) = super::more_functions::call(name, &args, &types, &call.args, constant)? {
        return Ok(sql);
    }
    Err(unsupported(format!("the function `{name}`")))
}

fn text_function(name: &str, args: &[String], types: &[DataType]) -> Result<Option<String>, Diagnostic> {
    let arg = |index: usize| args.get(index).map(String::as_str).unwrap_or("NULL");
    let a = arg(0);
    Ok(Some(match name {
        "lower" | "reverse" => format!("{name}({a})"),
        // A sharp s has no single capital letter that goes back to it.
        "upper" => {
            format!("CASE WHEN contains({a}::VARCHAR, 'ß') THEN replace(upper({a}), 'ẞ', 'ß') ELSE upper({a}) END")
        }
        "length" => format!("length({a})"),
        "substring" => match args.get(2) {
            // A count below zero is no count; positions before the first character count too.
            Some(count) => format!(
                "CASE WHEN {count} >= 0 THEN substr({a}, greatest({s}, 1), greatest({count} + least({s} - 1, 0), 0)) END",
                s = arg(1)
            ),
            None => format!("substr({a}, greatest({}, 1))", arg(1)),
        },
        "left" | "right" => format!("{name}({a}, {})", arg(1)),
        "trim" | "trim_start" | "trim_end" => {
            let function = match name {
                "trim" => "trim",
                "trim_start" => "ltrim",
                _ => "rtrim",
            };
            match args.get(1) {
                Some(characters) => format!("{function}({a}, {characters})"),
                None => format!("{function}({a}, ' ')"),
            }
        }
        "message_template" => VARYING.iter().fold(a.to_owned(), |sql, (pattern, word)| {
            format!("regexp_replace({sql}, {}, {}, 'g')", sql_text(pattern), sql_text(word))
        }),
        "normalize_space" => format!("pw_trim(regexp_replace({a}, '[ \\t\\n\\f\\r]+', ' ', 'g'))"),
        "replace" => format!("CASE WHEN {} = '' THEN {a} ELSE replace({a}, {}, {}) END", arg(1), arg(1), arg(2)),
        "contains" => format!("contains({a}::VARCHAR, {}::VARCHAR)", arg(1)),
        "starts_with" => format!("starts_with({a}, {})", arg(1)),
        "ends_with" => format!("ends_with({a}, {})", arg(1)),
        "position" => format!("strpos({a}, {})", arg(1)),
        "concat" => {
            let texts = args.iter().zip(types).map(|(sql, data_type)| cast(sql, data_type, &DataType::String));
            format!("concat({})", texts.collect::<Result<Vec<_>, _>>()?.join(", "))
        }
        "split" => format!("CASE WHEN {a} = '' THEN [''] ELSE string_split({a}, {}) END", arg(1)),
        "split_part" => {
            format!("list_extract(CASE WHEN {a} = '' THEN [''] ELSE string_split({a}, {}) END, {})", arg(1), arg(2))
        }
        "repeat" => format!(
            "CASE WHEN length({a}) * greatest({n}, 0) <= 1000000 THEN repeat({a}, greatest({n}, 0)) END",
            n = arg(1)
        ),
        "pad_start" | "pad_end" => {
            let function = if name == "pad_start" { "lpad" } else { "rpad" };
            let fill = args.get(2).cloned().unwrap_or_else(|| sql_text(" "));
            // A longer text stays whole.
            format!(
                "CASE WHEN length({a}) >= {n} THEN {a} WHEN {n} <= 1000000 THEN {function}({a}, CAST({n} AS INTEGER), {fill}) END",
                n = arg(1)
            )
        }
        "coalesce" => format!("coalesce({})", args.join(", ")),
        "nullif" => format!("nullif({a}, {})", arg(1)),
        "if" => format!("CASE WHEN {a} THEN {} ELSE {} END", arg(1), arg(2)),
        "greatest" | "least" => format!("{name}({})", args.join(", ")),
        "list_of" => format!("[{}]", args.join(", ")),
        "list_length" => format!("len({a})"),
        "list_get" => format!("list_extract({a}, {})", arg(1)),
        "list_contains" => format!("list_contains({a}, {})", arg(1)),
        "list_distinct" => {
            // DuckDB's own list_distinct keeps no order.
            format!("list_filter({a}, lambda x, i: x IS NOT NULL AND list_position({a}, x) = i)")
        }
        "list_sort" => format!("list_sort({a}, 'ASC', 'NULLS LAST')"),
        "list_join" => match types.first() {
            Some(DataType::List(item)) => {
                let shown = cast("x", item, &DataType::String)?;
                format!(
                    "CASE WHEN {a} IS NOT NULL THEN coalesce(array_to_string(list_transform(list_filter({a}, lambda x: x IS NOT NULL), lambda x: {shown}), {}), '') END",
                    arg(1)
                )
            }
            _ => return Err(unsupported("`list_join` of what is no list")),
        },
        _ => return Ok(None),
    }))
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
        "floor" | "ceil" | "trunc" if is_float => format!("{name}({a})"),
        "floor" | "ceil" | "trunc" => a.to_owned(),
        "sqrt" => format!("CASE WHEN {a} >= 0 THEN sqrt(CAST({a} AS DOUBLE)) END"),
        "ln" | "log10" | "log2" => format!("CASE WHEN {a} > 0 THEN {name}(CAST({a} AS DOUBLE)) END"),
        "exp" => format!("pw_finite(TRY(exp(CAST({a} AS DOUBLE))))"),
        "power" => format!("pw_finite(TRY(pow(CAST({a} AS DOUBLE), CAST({} AS DOUBLE))))", arg(1)),
        "bin" => format!("CASE WHEN {w} > 0 THEN pw_finite(floor(CAST({a} AS DOUBLE) / {w}) * {w}) END", w = arg(1)),
        "clamp" => {
            let common = types.iter().fold(DataType::Unknown, |sum, item| sum.common(item).unwrap_or(DataType::Float));
            format!(
                "CAST(CASE WHEN {l} > {h} OR {a} IS NULL OR {l} IS NULL OR {h} IS NULL THEN NULL ELSE greatest(least({a}, {h}), {l}) END AS {})",
                type_name(&common),
                l = arg(1),
                h = arg(2)
            )
        }
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

fn shown_value(sql: &str, data_type: &DataType) -> String {
    match data_type {
        DataType::Timestamp => format!("pw_timestamp_text({sql})"),
        DataType::Duration => format!("pw_duration_text({sql})"),
        DataType::List(item) if nested_needs_text(item) => {
            format!("list_transform({sql}, lambda x: {})", shown_value("x", item))
        }
        DataType::Record(fields) if fields.iter().any(|(_, item)| nested_needs_text(item)) => {
            let parts: Vec<String> = fields
                .iter()
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
        DataType::Record(fields) => fields.iter().any(|(_, item)| nested_needs_text(item)),
        _ => false,
    }
}
