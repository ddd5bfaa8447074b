//! Aggregates and window functions → expressions of Polars: helpers of the prelude over values.

use super::literals::{Python, bare, dtype, literal, plain, refuse};
use super::printer::Printer;
use crate::data::{DataType, Value};
use crate::diagnostic::Diagnostic;
use crate::expr::{Call, Expr, ExprKind, FrameBound, FrameUnit, FunctionKind, SortKey, WindowFrame, function};

/// A helper that folds values, and what it is told besides.
pub struct Fold {
    pub helper: &'static str,
    pub value: String,
    /// By their places: a window hands them on as a tuple.
    pub more: Vec<String>,
    /// The result depends on the order of the rows.
    pub is_ordered: bool,
}

impl Fold {
    /// Over other values than those that are given.
    pub fn over(&self, value: &str) -> String {
        let more: String = self.more.iter().map(|more| format!(", {more}")).collect();
        format!("{}({}{more})", self.helper, bare(value))
    }
}

/// The helper of an aggregate.
pub fn fold(printer: &Printer, call: &Call) -> Result<Fold, Diagnostic> {
    let name = call.function.as_str();
    let found = call.args.first().map_or(DataType::Unknown, |arg| printer.type_of(arg));
    let wanted = match name {
        _ if !found.is_unknown() => found.clone(),
        "count_if" | "share_if" | "every" | "some" => DataType::Boolean,
        "sum" | "avg" | "median" | "quantile" | "stddev" | "variance" => DataType::Float,
        _ => DataType::String,
    };
    let value = match call.args.first() {
        Some(arg) => printer.value(arg, &wanted)?,
        None => "pl.lit(True)".to_owned(),
    };
    let is_span = wanted == DataType::Duration;
    let is_whole = wanted == DataType::Int;
    let separator = || match call.args.get(1).map(|arg| &arg.kind) {
        Some(ExprKind::Literal(text @ Value::String(_))) => plain(text),
        _ => Err(refuse("`string_agg` with a computed separator")),
    };
    let share = || match call.args.get(1).map(|arg| &arg.kind) {
        None => Ok("0.5".to_owned()),
        Some(ExprKind::Literal(share @ (Value::Int(_) | Value::Float(_)))) => plain(share),
        Some(_) => Err(refuse("`quantile` with a computed share")),
    };
    let spread = || if is_whole { vec!["True".to_owned()] } else { Vec::new() };
    let (helper, more) = match name {
        "count" if call.args.is_empty() => ("pw_len", vec![]),
        "count" => ("pw_count", vec![]),
        "count_if" => ("pw_hits", vec![]),
        "count_distinct" => ("pw_count_distinct", vec![]),
        "share_if" => ("pw_share", vec![]),
        "sum" if is_whole => ("pw_total", vec![]),
        "sum" if is_span => ("pw_total_span", vec![]),
        "sum" => ("pw_total_float", vec![]),
        "avg" if is_whole => ("pw_mean", vec![]),
        "avg" if is_span => ("pw_mean_span", vec![]),
        "avg" => ("pw_mean_float", vec![]),
        "min" | "every" => ("pw_least", vec![]),
        "max" | "some" => ("pw_greatest", vec![]),
        "median" | "quantile" if is_span => ("pw_quantile_span", vec![share()?]),
        "median" | "quantile" => ("pw_quantile", vec![share()?]),
        "stddev" => ("pw_stddev", spread()),
        "variance" => ("pw_variance", spread()),
        "first" => ("pw_first", vec![]),
        "last" => ("pw_last", vec![]),
        "collect" if call.distinct => ("pw_collect_distinct", vec![]),
        "collect" => ("pw_collect", vec![]),
        "string_agg" if call.distinct => ("pw_string_agg_distinct", vec![separator()?]),
        "string_agg" => ("pw_string_agg", vec![separator()?]),
        other => return Err(refuse(format_args!("the aggregate `{other}`"))),
    };
    if matches!(wanted, DataType::List(_) | DataType::Record(_)) && matches!(name, "min" | "max" | "count_distinct") {
        return Err(refuse(format_args!("`{name}` of lists or records")));
    }
    let is_ordered = matches!(name, "first" | "last" | "collect" | "string_agg");
    Ok(Fold { helper, value, more, is_ordered })
}

/// What rows are ordered by, and whether it descends.
pub type Keys = Vec<(String, bool)>;

/// Keys of an order; constants order nothing.
pub fn keys(printer: &Printer, order: &[SortKey]) -> Result<Keys, Diagnostic> {
    let key = |key: &SortKey| Ok((ordered(printer, &key.expr)?, key.descending));
    order.iter().filter(|key| !key.expr.columns().is_empty()).map(key).collect()
}

/// A value whose order matters.
fn ordered(printer: &Printer, expr: &Expr) -> Python {
    let python = printer.print(expr)?;
    Ok(match printer.type_of(expr) {
        DataType::List(_) | DataType::Record(_) => format!("pw_key({})", bare(&python)),
        _ => python,
    })
}

/// All columns, which break ties.
pub fn ties(printer: &Printer) -> Result<Vec<String>, Diagnostic> {
    printer.schema.names().map(|name| ordered(printer, &Expr::column(name))).collect()
}

/// The keys, then all columns that are not among them.
pub fn total_keys(printer: &Printer, order: &[SortKey]) -> Result<Keys, Diagnostic> {
    let mut all = keys(printer, order)?;
    for tie in ties(printer)? {
        if !all.iter().any(|(known, _)| *known == tie) {
            all.push((tie, false));
        }
    }
    Ok(all)
}

/// `[a, b], [False, True]`, or a single word where all are alike.
pub fn by_and_descending(keys: &Keys) -> (String, String) {
    let by: Vec<&str> = keys.iter().map(|(key, _)| bare(key)).collect();
    let word = |is_descending: bool| if is_descending { "True" } else { "False" };
    let descending = match keys.iter().all(|(_, is_descending)| *is_descending == keys[0].1) {
        true => word(keys.first().is_some_and(|key| key.1)).to_owned(),
        false => format!("[{}]", keys.iter().map(|key| word(key.1)).collect::<Vec<_>>().join(", ")),
    };
    (format!("[{}]", by.join(", ")), descending)
}

/// Columns that are computed for each row before groups are folded.
pub struct Hidden {
    mark: String,
    pub columns: Vec<String>,
}

impl Hidden {
    pub fn new(mark: &str) -> Hidden {
        Hidden { mark: mark.to_owned(), columns: Vec::new() }
    }

    /// What helpers compute row by row becomes a column of its own, and what is the same in every row, which alone would
    /// be one value, whatever the rows are.
    fn taken(&mut self, python: String, is_constant: bool) -> String {
        if !is_constant && !python.contains("pw_") && !python.contains(".list.eval(") {
            return python;
        }
        let name = format!("\"{}{}\"", self.mark, self.columns.len());
        self.columns.push(format!("{}.alias({name})", python));
        format!("pl.col({name})")
    }
}

/// An aggregate of a group.
pub fn aggregate(printer: &Printer, call: &Call, hidden: &mut Hidden) -> Python {
    let call = &coerced(printer, call);
    let fold = fold(printer, call)?;
    let keep = match &call.filter {
        Some(filter) => {
            let keep = format!("{}.fill_null(False)", printer.value(filter, &DataType::Boolean)?);
            Some(hidden.taken(keep, filter.columns().is_empty()))
        }
        None => None,
    };
    if fold.helper == "pw_len" {
        return Ok(match keep {
            Some(keep) => format!("pw_hits({})", bare(&keep)),
            None => "pl.len().cast(pl.Int64)".to_owned(),
        });
    }
    let value = hidden.taken(fold.value.clone(), call.args[0].columns().is_empty());
    if !fold.is_ordered {
        return Ok(match keep {
            Some(keep) => fold.over(&format!("{value}.filter({})", bare(&keep))),
            None => fold.over(&value),
        });
    }
    let keys = total_keys(printer, &call.order)?
        .into_iter()
        .map(|(key, is_descending)| (hidden.taken(key, false), is_descending));
    let (by, descending) = by_and_descending(&keys.collect());
    let keep = keep.map(|keep| format!(", {}", bare(&keep))).unwrap_or_default();
    Ok(fold.over(&format!("pw_sorted({}, {by}, {descending}{keep})", bare(&value))))
}

/// A column of a window, as `pw_over` takes it.
pub fn window(printer: &Printer, call: &Call, name: &str, data_type: &DataType) -> Python {
    let call = &coerced(printer, call);
    let Some(over) = &call.over else { return Err(refuse(format_args!("`{}` without a window", call.function))) };
    let is_aggregate = function(&call.function).is_some_and(|known| known.kind == FunctionKind::Aggregate);
    let (helper, values, more) = match is_aggregate {
        true => {
            let fold = fold(printer, call)?;
            let value = if fold.helper == "pw_len" { Vec::new() } else { vec![fold.value] };
            (fold.helper.to_owned(), value, fold.more)
        }
        false => placed(printer, call, data_type)?,
    };
    let mut text = format!("pw_over({name}, {}, {helper}", dtype(data_type));
    for value in &values {
        text.push_str(&format!(", {}", bare(value)));
    }
    if !over.partition.is_empty() {
        let keys = over.partition.iter().map(|key| ordered(printer, key)).collect::<Result<Vec<_>, _>>()?;
        text.push_str(&format!(", partition=[{}]", keys.iter().map(|key| bare(key)).collect::<Vec<_>>().join(", ")));
    }
    let order = keys(printer, &over.order)?;
    if !order.is_empty() {
        let pair = |(key, is_descending): &(String, bool)| {
            format!("({}, {})", bare(key), if *is_descending { "True" } else { "False" })
        };
        text.push_str(&format!(", order=[{}]", order.iter().map(pair).collect::<Vec<_>>().join(", ")));
    }
    if let Some(filter) = &call.filter {
        text.push_str(&format!(", keep={}", bare(&printer.value(filter, &DataType::Boolean)?)));
    }
    if let Some(frame) = &over.frame {
        if frame.unit == FrameUnit::Range && order.is_empty() {
            return Err(refuse("a frame of distances without an order"));
        }
        text.push_str(&format!(", frame={}", bounds(frame)));
    }
    if !more.is_empty() {
        text.push_str(&format!(", more=({},)", more.join(", ")));
    }
    Ok(text + ")")
}

/// A call whose parts have their types written out.
fn coerced(printer: &Printer, call: &Call) -> Call {
    match printer.coerced(&Expr::made(ExprKind::Call(call.clone()))).kind {
        ExprKind::Call(call) => call,
        _ => call.clone(),
    }
}

/// A function of the places of rows: its name, values, and what it is told besides.
fn placed(
    printer: &Printer,
    call: &Call,
    data_type: &DataType,
) -> Result<(String, Vec<String>, Vec<String>), Diagnostic> {
    let name = call.function.as_str();
    match name {
        "row_number" | "rank" | "dense_rank" => Ok((format!("\"{name}\""), Vec::new(), Vec::new())),
        "lag" | "lead" => {
            let distance = match call.args.get(1).map(|arg| &arg.kind) {
                None => "1".to_owned(),
                Some(ExprKind::Literal(distance @ Value::Int(_))) => plain(distance)?,
                Some(_) => return Err(refuse(format_args!("`{name}` by a computed number of rows"))),
            };
            let default = match call.args.get(2).map(|arg| &arg.kind) {
                None | Some(ExprKind::Literal(Value::Null)) => "None".to_owned(),
                Some(ExprKind::Literal(value)) => literal(value, data_type)?,
                Some(_) => return Err(refuse(format_args!("`{name}` with a computed default"))),
            };
            let value = match call.args.first() {
                Some(arg) => printer.value(arg, data_type)?,
                None => return Err(refuse(format_args!("`{name}` without a value"))),
            };
            Ok((format!("\"{name}\""), vec![value], vec![distance, default]))
        }
        other => Err(refuse(format_args!("the window function `{other}`"))),
    }
}

fn bounds(frame: &WindowFrame) -> String {
    let number = |value: &Value| match value {
        Value::Int(int) | Value::Duration(int) => int.to_string(),
        Value::Float(float) => format!("{float:?}"),
        _ => "0".to_owned(),
    };
    let bound = |bound: &FrameBound| match bound {
        FrameBound::Unbounded => "None".to_owned(),
        // A distance of 0 takes in the same rows.
        FrameBound::Current => "0".to_owned(),
        FrameBound::Preceding(value) => format!("-{}", number(value)),
        FrameBound::Following(value) => number(value),
    };
    let unit = match frame.unit {
        FrameUnit::Rows => "rows",
        FrameUnit::Range => "range",
    };
    format!("(\"{unit}\", {}, {})", bound(&frame.start), bound(&frame.end))
}

/// Puts in the place of each outermost aggregate (of each call with a window where `windows`) what `replace` gives.
pub fn take_calls(
    mut expr: Expr,
    windows: bool,
    replace: &mut dyn FnMut(&Call) -> Result<Expr, Diagnostic>,
) -> Result<Expr, Diagnostic> {
    if let ExprKind::Call(call) = &expr.kind {
        let is_aggregate = || function(&call.function).is_some_and(|known| known.kind == FunctionKind::Aggregate);
        if call.over.is_some() == windows && (windows || is_aggregate()) {
            return replace(call);
        }
    }
    for child in expr.children_mut() {
        let taken = std::mem::replace(child, Expr::literal(Value::Null));
        *child = take_calls(taken, windows, replace)?;
    }
    Ok(expr)
}

/// Whether a call is an aggregate of groups.
pub fn is_aggregate(call: &Call) -> bool {
    let is_aggregate = function(&call.function).is_some_and(|known| known.kind == FunctionKind::Aggregate);
    is_aggregate && call.over.is_none()
}
