//! Functions → SQL. One table says how a scalar function is printed and which engines carry it; a function that is not
//! there, or not for an engine, is refused by name, so that nothing is computed otherwise.

use super::dialect::{AggregateCall, Engine, Sql, cast};
use super::domain_functions::{self as domain, helper_with_word};
use super::expr::{Printer, condition};
use crate::data::{DataType, Value};
use crate::diagnostic::Diagnostic;
use crate::export::compares_nested;
use crate::expr::{BinaryOp, Call, Expr, ExprKind, FunctionKind, function};

/// How a scalar function is printed, which engines carry it.
type Row = (&'static str, fn(&Scalar) -> Sql, &'static [Engine]);

const ALL: &[Engine] = &[Engine::DuckDb, Engine::PostgreSql, Engine::Spark, Engine::ClickHouse];
/// Others' readers of JSON take what is none, and spell numbers anew; what is no UTF-8 ends their decoding, or stays.
const STRICT: &[Engine] = &[Engine::DuckDb, Engine::PostgreSql];

/// Every scalar function that an engine carries.
const SCALARS: &[Row] = &[
    // Text.
    ("lower", helper, ALL),
    ("upper", helper, ALL),
    ("reverse", helper, ALL),
    ("length", helper, ALL),
    ("substring", |call| call.helper(if call.args.len() > 2 { "substring" } else { "from" }), ALL),
    ("left", helper, ALL),
    ("right", helper, ALL),
    ("trim", |call| call.helper("trim_both"), ALL),
    ("trim_start", helper, ALL),
    ("trim_end", helper, ALL),
    ("message_template", helper, &[Engine::DuckDb, Engine::Spark, Engine::ClickHouse]),
    ("normalize_space", helper, ALL),
    ("replace", |call| call.helper(if never_longer(call.exprs) { "replace_within" } else { "replace" }), ALL),
    ("contains", helper, ALL),
    ("starts_with", helper, ALL),
    ("ends_with", helper, ALL),
    ("position", helper, ALL),
    ("concat", concat, ALL),
    ("split", helper, ALL),
    ("split_part", helper, ALL),
    ("repeat", helper, ALL),
    ("pad_start", padded, ALL),
    ("pad_end", padded, ALL),
    // Conditionals and lists.
    ("coalesce", |call| Ok(format!("coalesce({})", call.args.join(", "))), ALL),
    ("if", chosen, ALL),
    ("nullif", nullif, ALL),
    ("greatest", extreme, ALL),
    ("least", extreme, ALL),
    ("clamp", clamp, ALL),
    ("list_of", |call| Ok(call.printer.dialect.list(&call.args)), ALL),
    ("list_length", helper, ALL),
    ("list_get", helper, ALL),
    ("list_contains", list_contains, ALL),
    ("list_distinct", |call| Ok(call.own("distinct", &[&call.own("without_nulls", &[call.arg(0)])])), ALL),
    ("list_sort", helper, ALL),
    ("list_join", list_join, ALL),
    ("cast_loses", cast_loses, ALL),
    // Numbers.
    ("abs", |call| if call.is_float() { call.plain("abs") } else { call.helper("abs") }, ALL),
    ("sign", |call| Ok(format!("CAST(sign({}) AS {})", call.arg(0), call.type_name(&DataType::Int))), ALL),
    ("round", rounded, ALL),
    ("floor", whole, ALL),
    ("ceil", whole, ALL),
    ("trunc", whole, ALL),
    ("sqrt", |call| Ok(format!("CASE WHEN {} >= 0 THEN sqrt({}) END", call.arg(0), call.double(0))), ALL),
    ("ln", logarithm, ALL),
    ("log10", logarithm, ALL),
    ("log2", logarithm, ALL),
    ("exp", |call| Ok(call.own("exp", &[&call.double(0)])), ALL),
    ("power", |call| Ok(call.own("power", &[&call.double(0), &call.double(1)])), ALL),
    ("bin", helper, ALL),
    // Regular expressions.
    ("regexp_matches", domain::pattern, ALL),
    ("regexp_extract", domain::pattern, ALL),
    ("regexp_extract_all", domain::pattern, ALL),
    ("regexp_count", domain::pattern, ALL),
    ("regexp_replace", domain::pattern, ALL),
    // Times.
    ("date_trunc", domain::date_trunc, ALL),
    ("time_bucket", |call| Ok(call.own("bucket", &[call.arg(0), &call.time(1)])), ALL),
    ("extract", domain::extract, ALL),
    ("epoch", helper, ALL),
    ("epoch_ms", |call| Ok(call.own("floor_div", &[&call.own("micros", &[call.arg(0)]), "1000"])), ALL),
    ("from_epoch", domain::from_epoch, ALL),
    ("make_timestamp", domain::make_timestamp, ALL),
    ("at_timezone", |call| helper_with_word(call, "at_timezone", 1), ALL),
    ("is_weekend", |call| Ok(format!("({} >= 6)", call.printer.dialect.extract("isodow", &call.time(0)))), ALL),
    ("format_time", |call| super::time_formats::printed(call.printer.dialect, &call.time(0), call.word(1)?), ALL),
    ("to_timestamp", domain::to_timestamp, ALL),
    ("to_duration", domain::to_duration, ALL),
    ("seconds", helper, ALL),
    ("milliseconds", helper, ALL),
    // JSON.
    ("json_get", domain::json_part, STRICT),
    ("json_list", domain::json_part, STRICT),
    ("json_keys", helper, STRICT),
    ("json_length", domain::json_part, STRICT),
    ("json_valid", helper, STRICT),
    // URLs.
    ("url_scheme", helper, ALL),
    ("url_host", helper, ALL),
    ("url_port", helper, ALL),
    ("url_path", helper, ALL),
    ("url_query", helper, ALL),
    ("url_fragment", helper, ALL),
    ("url_decode", helper, STRICT),
    ("url_encode", helper, ALL),
    // Privacy.
    ("hash", helper, ALL),
    ("mask", |call| Ok(call.own("mask", &[call.arg(0), if call.args.len() > 1 { call.arg(1) } else { "0" }])), ALL),
];

/// A call, printed but for its form.
pub(super) struct Scalar<'a> {
    pub printer: &'a Printer<'a>,
    pub name: &'a str,
    pub args: Vec<String>,
    pub types: Vec<DataType>,
    pub exprs: &'a [Expr],
}

impl Scalar<'_> {
    pub fn arg(&self, index: usize) -> &str {
        self.args.get(index).map(String::as_str).unwrap_or("NULL")
    }

    /// The function's arguments, given to a helper.
    pub fn helper(&self, name: &str) -> Sql {
        Ok(self.own(name, &self.args.iter().map(String::as_str).collect::<Vec<_>>()))
    }

    /// A helper with arguments of its own.
    pub fn own(&self, name: &str, args: &[&str]) -> String {
        self.printer.dialect.helper(name, args)
    }

    /// A function of SQL itself.
    fn plain(&self, name: &str) -> Sql {
        Ok(format!("{name}({})", self.args.join(", ")))
    }

    pub fn refuse(&self, what: impl std::fmt::Display) -> Diagnostic {
        self.printer.refuse(what)
    }

    pub fn type_name(&self, data_type: &DataType) -> String {
        self.printer.dialect.type_name(data_type)
    }

    fn double(&self, index: usize) -> String {
        format!("CAST({} AS {})", self.arg(index), self.type_name(&DataType::Float))
    }

    pub fn time(&self, index: usize) -> String {
        format!("CAST({} AS {})", self.arg(index), self.type_name(&DataType::Timestamp))
    }

    fn is_float(&self) -> bool {
        self.types.first().is_some_and(|data_type| *data_type == DataType::Float)
    }

    /// The text of an argument that must be written where the function is called.
    pub fn word(&self, index: usize) -> Result<&str, Diagnostic> {
        match self.exprs.get(index) {
            None => Ok(""),
            Some(expr) => constant(expr).ok_or_else(|| {
                let place = index + 1;
                self.refuse(format!("`{}` with a parameter or a computed text as its argument {place}", self.name))
            }),
        }
    }
}

/// A call; `over`: its window, or nothing.
pub fn call(printer: &Printer, call: &Call, over: &str) -> Sql {
    let kind = function(&call.function).map(|function| function.kind);
    match kind {
        Some(FunctionKind::Aggregate) => aggregate(printer, call, over),
        Some(FunctionKind::Window) => Ok(window(printer, call)? + over),
        Some(FunctionKind::Scalar) => scalar(printer, call),
        None => Err(printer.refuse(format!("the function `{}`", call.function))),
    }
}

fn scalar(printer: &Printer, call: &Call) -> Sql {
    let name = call.function.as_str();
    let engine = printer.dialect.engine();
    let known = SCALARS.iter().find(|(known, _, engines)| *known == name && engines.contains(&engine));
    let Some((_, print, _)) = known else { return Err(printer.refuse(format!("the function `{name}`"))) };
    check_arguments(printer, call)?;
    let args = call.args.iter().map(|arg| printer.sql(arg)).collect::<Result<Vec<_>, _>>()?;
    let types: Vec<DataType> = call.args.iter().map(|arg| printer.type_of(arg)).collect();
    if compares_nested(name, &types) {
        return Err(printer.refuse(format!("`{name}` of lists or records")));
    }
    print(&Scalar { printer, name, args, types, exprs: &call.args })
}

/// What is not given is a constant.
fn check_arguments(printer: &Printer, call: &Call) -> Result<(), Diagnostic> {
    let is_constant = |index: usize| call.args.get(index).is_none_or(|arg| constant(arg).is_some());
    printer.dialect.check_arguments(&call.function, &is_constant)
}

fn helper(call: &Scalar) -> Sql {
    call.helper(call.name)
}

/// Whether a window call depends on the places of single rows in the window, so that its order must be total.
pub fn orders_window(call: &Call) -> bool {
    matches!(call.function.as_str(), "row_number" | "lag" | "lead")
}

/// Whether an aggregate depends on the order of its rows.
fn orders_rows(call: &Call) -> bool {
    matches!(call.function.as_str(), "first" | "last" | "collect" | "string_agg")
}

/// What engines compute in wider numbers, in those of the language; nulls where there is no answer.
fn guard(printer: &Printer, call: &Call, sql: String) -> String {
    let input = call.args.first().map(|arg| printer.type_of(arg));
    let helper = |name: &str| printer.dialect.helper(name, &[&sql]);
    match (call.function.as_str(), input) {
        ("sum", Some(DataType::Int | DataType::Duration)) => helper("narrow"),
        ("avg", Some(DataType::Duration)) => helper("narrow"),
        ("median" | "quantile", Some(DataType::Duration)) => helper("truncated"),
        ("sum" | "avg" | "median" | "quantile" | "stddev" | "variance", _) => helper("finite"),
        ("collect", Some(item)) => {
            let none = printer.dialect.empty_list(&item);
            format!("coalesce({sql}, {none})")
        }
        _ => sql,
    }
}

fn aggregate(printer: &Printer, call: &Call, over: &str) -> Sql {
    let dialect = printer.dialect;
    check_arguments(printer, call)?;
    let wanted = match call.function.as_str() {
        "count_if" | "share_if" | "every" | "some" => DataType::Boolean,
        "sum" | "avg" | "median" | "quantile" | "stddev" | "variance" => DataType::Float,
        _ => DataType::Unknown,
    };
    let args = call.args.iter().map(|arg| printer.argument(arg, &wanted)).collect::<Result<Vec<_>, _>>()?;
    let types: Vec<DataType> = call.args.iter().map(|arg| printer.type_of(arg)).collect();
    let arg = |index: usize| args.get(index).map(String::as_str).unwrap_or_default();
    // The rows of a window's frame have the window's order; the frame itself may end at the last of equal keys.
    let keys = call.over.as_ref().map_or(&call.order, |over| &over.order);
    let (order, reversed) = match orders_rows(call) {
        true => (printer.total_order(keys)?, printer.reversed_order(keys)?),
        false => Default::default(),
    };
    let mut filter = match &call.filter {
        Some(filter) => vec![condition(printer.sql(filter)?)],
        None => Vec::new(),
    };
    let name = call.function.as_str();
    // DISTINCT takes no other order than that of the values.
    let is_distinct = call.distinct && matches!(name, "collect" | "string_agg");
    if name == "count_if" {
        filter.push(condition(arg(0).to_owned()));
    }
    if name == "collect" || is_distinct {
        filter.push(dialect.is_null(arg(0), &types[0], true));
    }
    let (ordered_over, first_over) = match call.over.as_ref().filter(|_| orders_rows(call)) {
        Some(over) => (printer.ordered_over(over)?, printer.first_over(over)?),
        None => Default::default(),
    };
    let total = if orders_rows(call) { printer.total_keys(keys)? } else { Vec::new() };
    // An engine may filter the rows of a window by values alone.
    let is_folded = !over.is_empty() && !filter.is_empty() && !dialect.has_window_filters();
    let picked = |sql: &str| match is_folded {
        true => format!("CASE WHEN {} THEN {sql} END", filter.join(" AND ")),
        false => sql.to_owned(),
    };
    let parts = AggregateCall {
        name: if is_distinct { "collect" } else { name },
        args: &args,
        types: &types,
        order: &order,
        reversed: &reversed,
        keys: &total,
        filter: &filter,
        over,
        ordered_over: ordered_over.as_deref(),
        first_over: &first_over,
    };
    let clauses = if is_folded { over.to_owned() } else { format!("{}{over}", parts.filter()) };
    let rows = if is_folded { picked("1") } else { "*".to_owned() };
    let sql = match name {
        "count" if args.is_empty() => format!("count({rows}){clauses}"),
        "count" => format!("count({}){clauses}", picked(arg(0))),
        "count_if" => format!("count({rows}){clauses}"),
        "count_distinct" if !over.is_empty() => dialect.aggregate(&parts)?,
        "count_distinct" => format!("count(DISTINCT {}){clauses}", arg(0)),
        "share_if" => {
            let (one, none) = (dialect.float(1.0), dialect.float(0.0));
            let share = picked(&format!("CASE WHEN {} THEN {one} ELSE {none} END", condition(arg(0).to_owned())));
            format!("avg({share}){clauses}")
        }
        "stddev" => format!("sqrt({})", dialect.variance(&picked(arg(0)), &types[0], &clauses)),
        "variance" => dialect.variance(&picked(arg(0)), &types[0], &clauses),
        "every" | "some" => format!("{}({}){clauses}", dialect.all_or_any(name == "every"), picked(arg(0))),
        "avg" if types[0] == DataType::Duration => {
            let sum = dialect.aggregate(&AggregateCall { name: "sum", ..parts })?;
            dialect.helper("mean", &[&sum, &format!("count({}){clauses}", picked(arg(0)))])
        }
        "sum" | "avg" | "min" | "max" | "median" | "quantile" | "first" | "last" | "collect" | "string_agg" => {
            dialect.aggregate(&parts)?
        }
        other => return Err(printer.refuse(format!("the aggregate `{other}`"))),
    };
    let sql = if is_distinct { dialect.helper("distinct", &[&sql]) } else { sql };
    Ok(match name {
        "string_agg" if call.distinct => dialect.helper("join", &[&sql, arg(1)]),
        _ => guard(printer, call, sql),
    })
}

fn window(printer: &Printer, call: &Call) -> Sql {
    let args = call.args.iter().map(|arg| printer.argument(arg, &DataType::Unknown)).collect::<Result<Vec<_>, _>>()?;
    match call.function.as_str() {
        name @ ("row_number" | "rank" | "dense_rank" | "lag" | "lead") => Ok(printer.dialect.window(name, &args)),
        other => Err(printer.refuse(format!("the window function `{other}`"))),
    }
}

/// The text of a constant argument.
fn constant(expr: &Expr) -> Option<&str> {
    match &expr.kind {
        ExprKind::Literal(Value::String(text)) => Some(text),
        _ => None,
    }
}

fn chosen(call: &Scalar) -> Sql {
    let when = condition(call.arg(0).to_owned());
    Ok(format!("CASE WHEN {when} THEN {} ELSE {} END", call.arg(1), call.arg(2)))
}

/// An Int beside a Float is not rounded.
fn nullif(call: &Scalar) -> Sql {
    let [value, other] = call.exprs else { return Err(call.refuse("`nullif` without two values")) };
    let (a, b) = (call.arg(0), call.arg(1));
    Ok(match call.types[0] == call.types[1] {
        true => format!("nullif({a}, {b})"),
        // Engines would give the type that holds both.
        false => format!("CASE WHEN {} THEN NULL ELSE {a} END", call.printer.compared(BinaryOp::Equal, value, other)?),
    })
}

fn list_contains(call: &Scalar) -> Sql {
    let (a, b) = (call.arg(0), call.arg(1));
    match (&call.types[0], &call.types[1]) {
        (DataType::List(item), value) if **item != *value && item.is_numeric() && value.is_numeric() => {
            let exact = match value {
                DataType::Int => "exact_float",
                _ => "exact_int",
            };
            let found = call.own("list_contains", &[a, &call.own(exact, &[b])]);
            Ok(format!("CASE WHEN {a} IS NOT NULL AND {b} IS NOT NULL THEN coalesce({found}, FALSE) END"))
        }
        _ => call.helper("list_contains"),
    }
}

fn cast_loses(call: &Scalar) -> Sql {
    let to: Option<DataType> = call.exprs.get(1).and_then(constant).and_then(|text| text.parse().ok());
    let to = to.ok_or_else(|| call.refuse("`cast_loses` without a type"))?;
    let a = call.arg(0);
    Ok(format!("CASE WHEN {a} IS NOT NULL THEN {} END", loses(call.printer, a, &call.types[0], &to)?))
}

/// Whether a value that is cast becomes null, or one inside of it.
fn loses(printer: &Printer, sql: &str, from: &DataType, to: &DataType) -> Sql {
    Ok(match (from, to) {
        (DataType::List(from), DataType::List(to)) => {
            let item = loses(printer, "x", from, to)?;
            printer.dialect.check_items(&item)?;
            printer.dialect.any(sql, &item)
        }
        _ => format!("({sql} IS NOT NULL AND {} IS NULL)", cast(printer.dialect, sql, from, to)?),
    })
}

fn clamp(call: &Scalar) -> Sql {
    let [_, low, high] = call.exprs else { return Err(call.refuse("`clamp` without two bounds")) };
    let (a, l, h) = (call.arg(0), call.arg(1), call.arg(2));
    let common = call.types.iter().fold(DataType::Unknown, |sum, item| sum.common(item).unwrap_or(DataType::Float));
    let dialect = call.printer.dialect;
    let value = |sql: &str| dialect.made(sql, &common);
    Ok(format!(
        "CAST(CASE WHEN {} OR {a} IS NULL OR {l} IS NULL OR {h} IS NULL THEN NULL ELSE greatest(least({}, {}), {}) END AS {})",
        call.printer.compared(BinaryOp::Greater, low, high)?,
        value(&dialect.ordered(a, &call.types[0])),
        value(h),
        value(l),
        call.type_name(&common)
    ))
}

fn extreme(call: &Scalar) -> Sql {
    let values = call.args.iter().zip(&call.types).map(|(sql, data_type)| call.printer.dialect.ordered(sql, data_type));
    let values: Vec<String> = values.collect();
    // Not every engine compares one value.
    Ok(if let [value] = &values[..] { value.clone() } else { format!("{}({})", call.name, values.join(", ")) })
}

fn concat(call: &Scalar) -> Sql {
    let texts = call.args.iter().zip(&call.types);
    let texts = texts.map(|(sql, data_type)| cast(call.printer.dialect, sql, data_type, &DataType::String));
    Ok(call.printer.dialect.concat(&texts.collect::<Result<Vec<_>, _>>()?))
}

fn padded(call: &Scalar) -> Sql {
    let blank = call.printer.dialect.text(" ");
    Ok(call.own(call.name, &[call.arg(0), call.arg(1), call.args.get(2).unwrap_or(&blank)]))
}

fn list_join(call: &Scalar) -> Sql {
    let Some(DataType::List(item)) = call.types.first() else {
        return Err(call.refuse("`list_join` of what is no list"));
    };
    let shown = cast(call.printer.dialect, "x", item, &DataType::String)?;
    call.printer.dialect.check_items(&shown)?;
    let texts = call.printer.dialect.each(&call.own("without_nulls", &[call.arg(0)]), &shown);
    Ok(call.own("join", &[&texts, call.arg(1)]))
}

/// Whether a replacement is known to make no text longer.
fn never_longer(exprs: &[Expr]) -> bool {
    let text = |index: usize| exprs.get(index).and_then(constant).map(|text| text.chars().count());
    matches!((text(1), text(2)), (Some(from), Some(to)) if from > 0 && to <= from)
}

fn rounded(call: &Scalar) -> Sql {
    let places = if call.args.len() > 1 { call.arg(1) } else { "0" };
    Ok(match (call.is_float(), call.args.len()) {
        (true, _) => call.own("round", &[call.arg(0), places]),
        (false, 1) => call.arg(0).to_owned(),
        (false, _) => call.own("round_int", &[call.arg(0), places]),
    })
}

fn whole(call: &Scalar) -> Sql {
    match call.is_float() {
        true => Ok(call.printer.dialect.whole(call.name, call.arg(0))),
        false => Ok(call.arg(0).to_owned()),
    }
}

fn logarithm(call: &Scalar) -> Sql {
    Ok(format!("CASE WHEN {} > 0 THEN {} END", call.arg(0), call.own(call.name, &[&call.double(0)])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_holds_each_function_of_the_language_at_most_once() {
        for (index, (name, _, _)) in SCALARS.iter().enumerate() {
            assert!(function(name).is_some_and(|known| known.kind == FunctionKind::Scalar), "{name}");
            assert!(SCALARS[..index].iter().all(|(other, _, _)| other != name), "{name}");
        }
    }
}
