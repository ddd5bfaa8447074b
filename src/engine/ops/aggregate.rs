//! Aggregates in three stages: what they need is computed per row as hidden columns, groups are folded by plain Polars
//! aggregates over those, and the folds are finished (narrowed, guarded, named). So groups can stream.

use pipewright_core::data::{DataType, Field, Schema, Value};
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::expr::{self, Call, Expr, ExprKind, FunctionKind, function};
use pipewright_core::ir::{Aggregate, Keep};
use polars::prelude::{self as pl, LazyFrame, QuantileMethod, lit};

use super::comparable::tie_breakers;
use super::{Context, column, losses, nulls_last};
use crate::exprs::{self, kernels};
use crate::table::polars_type;

pub(super) fn aggregate(frame: LazyFrame, aggregate: &Aggregate, context: &Context) -> Result<LazyFrame, Diagnostic> {
    let input = context.input()?;
    let mut stages = Stages::default();
    let mut keys = Vec::new();
    for (index, (key, field)) in aggregate.keys.iter().zip(&context.output.fields).enumerate() {
        let hidden = format!("#key{index}");
        stages.rows.push(exprs::lower_as(&key.expr, input, &field.data_type, &hidden)?);
        stages.finished.push(column(&hidden));
        keys.push(column(&hidden));
    }
    let mut results = Schema::default();
    let mut output: Vec<pl::Expr> = Vec::new();
    for (index, field) in context.output.fields.iter().take(aggregate.keys.len()).enumerate() {
        output.push(column(&format!("#key{index}")).alias(field.name.as_str()));
    }
    let fields = context.output.fields.iter().skip(aggregate.keys.len());
    let mut measures = Vec::new();
    for (measure, field) in aggregate.measures.iter().zip(fields) {
        // Calls become columns of results; what stands around them is computed from those.
        let around = take_calls(measure.expr.clone(), false, &mut |call| {
            let hidden = format!("#result{}", results.len());
            let data_type = exprs::type_of(&Expr::made(ExprKind::Call(call.clone())), input);
            let finished = stages.measure(results.len(), call, &data_type, input)?.cast(polars_type(&data_type));
            let finished = match stages.has_result.take() {
                Some(has) => losses::told_of_groups(finished, has, &Field::new(&measure.name, data_type.clone())),
                None => finished,
            };
            stages.finished.push(finished.alias(hidden.as_str()));
            results.fields.push(Field::new(&hidden, data_type));
            Ok(Expr::column(hidden))
        })?;
        measures.push((around, field));
    }
    for (around, field) in measures {
        output.push(exprs::lower_as(&around, &results, &field.data_type, &field.name)?);
    }
    if stages.needs_order {
        stages.rows.extend(ties(input).into_iter().map(|(column, hidden)| column.alias(hidden)));
    }
    // `count(*)` alone needs no column, but a frame without columns has no rows.
    stages.rows.push(lit(true).alias("#one"));
    let rows = frame.with_columns(stages.rows);
    let folded = match keys.is_empty() {
        true => rows.select(stages.folds),
        false if stages.folds.is_empty() => {
            let names = (0..keys.len()).map(|index| format!("#key{index}")).collect();
            super::order::unique(rows.select(keys), names, Keep::First, context.name)
        }
        false => rows.group_by(keys).agg(stages.folds),
    };
    Ok(folded.select(stages.finished).select(output))
}

/// Puts in the place of each outermost aggregate call (of each call with `over` where `windows`) what `replace` gives.
pub(super) fn take_calls(
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

/// Columns that break ties, with their hidden names.
fn ties(input: &Schema) -> Vec<(pl::Expr, String)> {
    let columns = tie_breakers(input).into_iter().enumerate();
    columns.map(|(index, column)| (column, format!("#tie{index}"))).collect()
}

/// Numbers by their distance from the first one of the group: how far they lie apart is what large numbers that are
/// close together lose in a Float, and equal ones have no distance at all.
fn from_the_first(value: pl::Expr, data_type: &DataType) -> pl::Expr {
    let value = if *data_type == DataType::Float { value } else { value.cast(pl::DataType::Int128) };
    let first = value.clone().drop_nulls().first();
    (value - first).cast(pl::DataType::Float64)
}

#[derive(Default)]
struct Stages {
    rows: Vec<pl::Expr>,
    folds: Vec<pl::Expr>,
    finished: Vec<pl::Expr>,
    needs_order: bool,
    /// Of the measure that was added last: whether a group has what its result is made from, where that may be null
    /// nevertheless.
    has_result: Option<pl::Expr>,
}

impl Stages {
    /// A hidden column computed per row.
    fn row(&mut self, name: String, expr: pl::Expr) -> pl::Expr {
        self.rows.push(expr.alias(name.as_str()));
        column(&name)
    }

    /// A hidden column computed per group.
    fn fold(&mut self, name: String, expr: pl::Expr) -> pl::Expr {
        self.folds.push(expr.alias(name.as_str()));
        column(&name)
    }

    /// Adds what one measure needs; gives its finished form.
    fn measure(
        &mut self,
        index: usize,
        call: &Call,
        output: &DataType,
        input: &Schema,
    ) -> Result<pl::Expr, Diagnostic> {
        let filter = match &call.filter {
            Some(filter) => {
                let keeps = exprs::boolean(filter, input)?.eq_missing(lit(true));
                Some(self.row(format!("#filter{index}"), keeps))
            }
            None => None,
        };
        let fold_name = |part: &str| format!("#fold{index}{part}");
        let Some(argument) = call.args.first() else {
            let count = match filter {
                Some(keeps) => keeps.sum(),
                None => column("#one").count(),
            };
            return Ok(self.fold(fold_name(""), count));
        };
        let argument = known(exprs::lower(argument, input)?, &call.function);
        let data_type = argument.data_type.clone();
        let needs_order = matches!(call.function.as_str(), "first" | "last" | "collect" | "string_agg");
        // These skip nulls, so a dropped row may be null; those that need an order see the filter as a column.
        let value = match &call.filter {
            Some(condition) if !needs_order => {
                let keeps = exprs::boolean(condition, input)?.eq_missing(lit(true));
                let none = exprs::constant(&Value::Null, &data_type).expr;
                pl::when(keeps).then(argument.expr).otherwise(none)
            }
            _ => argument.expr,
        };
        let value = self.row(format!("#value{index}"), value);
        if needs_order {
            return self.ordered(index, call, value, filter, input);
        }
        let present = |stages: &mut Stages, least: i32| {
            let count = stages.fold(fold_name(" count"), value.clone().count());
            stages.has_result = Some(count.clone().gt_eq(lit(least)));
            count
        };
        Ok(match call.function.as_str() {
            "count" => self.fold(fold_name(""), value.count()),
            "count_if" => self.fold(fold_name(""), value.sum()),
            "count_distinct" => self.fold(fold_name(""), value.drop_nulls().n_unique()),
            "share_if" => {
                let all = match filter {
                    Some(keeps) => keeps.sum(),
                    None => column("#one").count(),
                };
                let all = self.fold(fold_name(" all"), all).cast(pl::DataType::Float64);
                let found = self.fold(fold_name(""), value.sum()).cast(pl::DataType::Float64);
                kernels::finite(found / all)
            }
            "sum" | "avg" if data_type != DataType::Float => {
                let count = present(self, 1);
                let wide = value.cast(pl::DataType::Int64).cast(pl::DataType::Int128).sum();
                let sum = self.fold(fold_name(""), wide);
                let none = exprs::constant(&Value::Null, output).expr;
                let result = match (call.function.as_str(), &data_type) {
                    ("sum", _) => sum.cast(pl::DataType::Int64).cast(polars_type(output)),
                    (_, DataType::Duration) => mean_of_spans(sum, count.clone()),
                    _ => kernels::finite(sum.cast(pl::DataType::Float64) / count.clone().cast(pl::DataType::Float64)),
                };
                pl::when(count.gt(lit(0))).then(result).otherwise(none)
            }
            "sum high" | "sum low" => {
                let wide = value.cast(pl::DataType::Int128).sum();
                part_of_sum(self.fold(fold_name(""), wide), call.function == "sum high")
            }
            "sum" => {
                let count = present(self, 1);
                let sum = self.fold(fold_name(""), value.sum());
                let none = exprs::constant(&Value::Null, output).expr;
                pl::when(count.gt(lit(0))).then(kernels::finite(sum)).otherwise(none)
            }
            "avg" => {
                let _ = present(self, 1);
                let mean = self.fold(fold_name(""), value.mean());
                kernels::finite(mean)
            }
            "min" | "every" => self.fold(fold_name(""), value.min()),
            "max" | "some" => self.fold(fold_name(""), value.max()),
            "median" => self.quantile(fold_name(""), value, 0.5, &data_type),
            "quantile" => {
                let share = call.args.get(1).and_then(share_of).unwrap_or(0.5);
                self.quantile(fold_name(""), value, share, &data_type)
            }
            "stddev" => {
                let _ = present(self, 2);
                let spread = self.fold(fold_name(""), from_the_first(value, &data_type).std(1));
                kernels::finite(spread)
            }
            "variance" => {
                let _ = present(self, 2);
                let spread = self.fold(fold_name(""), from_the_first(value, &data_type).var(1));
                kernels::finite(spread)
            }
            other => return Err(unknown(other)),
        })
    }

    fn quantile(&mut self, name: String, value: pl::Expr, share: f64, data_type: &DataType) -> pl::Expr {
        let numbers = match data_type {
            DataType::Float => value,
            _ => value.cast(pl::DataType::Int64).cast(pl::DataType::Float64),
        };
        let found = self.fold(name, numbers.quantile(lit(share), QuantileMethod::Linear));
        match data_type {
            DataType::Duration => found.cast(pl::DataType::Int64),
            _ => kernels::finite(found),
        }
    }

    /// Aggregates that see the rows in an order, ties broken by all columns.
    fn ordered(
        &mut self,
        index: usize,
        call: &Call,
        value: pl::Expr,
        filter: Option<pl::Expr>,
        input: &Schema,
    ) -> Result<pl::Expr, Diagnostic> {
        self.needs_order = true;
        let mut by = Vec::new();
        let mut descending = Vec::new();
        for (position, key) in call.order.iter().enumerate().filter(|(_, key)| !key.expr.columns().is_empty()) {
            let expr = exprs::lower(&key.expr, input)?.expr;
            by.push(self.row(format!("#order{index} {position}"), expr));
            descending.push(key.descending);
        }
        by.extend(ties(input).iter().map(|(_, hidden)| column(hidden)));
        if by.is_empty() {
            by.push(column("#one"));
        }
        descending.resize(by.len(), false);
        let name = format!("#fold{index}");
        if matches!(call.function.as_str(), "first" | "last") {
            return Ok(self.edge(name, call.function == "first", value, filter, by, descending));
        }
        let kept = match filter {
            Some(keeps) => {
                let keeps = keeps.sort_by(by.clone(), nulls_last(descending.clone()));
                value.sort_by(by, nulls_last(descending)).filter(keeps)
            }
            None => value.sort_by(by, nulls_last(descending)),
        };
        let kept = kept.drop_nulls();
        let kept = if call.distinct { kept.unique_stable() } else { kept };
        if call.function == "string_agg" {
            let separator = match call.args.get(1).map(|arg| &arg.kind) {
                Some(ExprKind::Literal(Value::String(text))) => text.clone(),
                _ => String::new(),
            };
            let count = self.fold(format!("{name} count"), kept.clone().count());
            let joined = self.fold(name, kept.str().join(&separator, true));
            let none = exprs::constant(&Value::Null, &DataType::String).expr;
            return Ok(pl::when(count.gt(lit(0))).then(joined).otherwise(none));
        }
        Ok(self.fold(name, kept.implode(true)))
    }

    /// The value of the first or last row. Rows that the filter drops are sorted to the other end.
    fn edge(
        &mut self,
        name: String,
        first: bool,
        value: pl::Expr,
        filter: Option<pl::Expr>,
        mut by: Vec<pl::Expr>,
        mut descending: Vec<bool>,
    ) -> pl::Expr {
        if let Some(keeps) = &filter {
            by.insert(0, keeps.clone());
            descending.insert(0, first);
        }
        let sorted = value.sort_by(by, nulls_last(descending));
        let edge = self.fold(name.clone(), if first { sorted.first() } else { sorted.last() });
        match filter {
            Some(keeps) => {
                let any = self.fold(format!("{name} any"), keeps.max());
                pl::when(any).then(edge).otherwise(pl::lit(pl::NULL))
            }
            None => edge,
        }
    }
}

/// What has no type holds nulls only: they are of the type that the aggregate takes.
fn known(argument: exprs::Typed, function: &str) -> exprs::Typed {
    let data_type = match function {
        "count_if" | "share_if" | "every" | "some" => DataType::Boolean,
        "sum" | "avg" | "median" | "quantile" | "stddev" | "variance" => DataType::Int,
        _ => return argument,
    };
    if argument.data_type.is_unknown() { exprs::constant(&Value::Null, &data_type) } else { argument }
}

/// The mean of spans, without fractions of a microsecond; both are columns of folded groups.
fn mean_of_spans(sum: pl::Expr, count: pl::Expr) -> pl::Expr {
    kernels::elementwise("mean span", vec![sum, count], &DataType::Duration, |columns| {
        use polars::prelude::IntoColumn;
        let columns = kernels::aligned(columns);
        let sums = columns[0].i128()?;
        let counts = columns[1].cast(&pl::DataType::Int128)?;
        let means: pl::Int64Chunked =
            pl::arity::binary_elementwise(sums, counts.i128()?, |sum: Option<i128>, count: Option<i128>| {
                i64::try_from(sum?.checked_div(count?)?).ok()
            });
        let spans = means.with_name(columns[0].name().clone()).into_duration(pl::TimeUnit::Microseconds);
        Ok(pl::Series::from(spans).into_column())
    })
}

/// The high or low part of a sum of 128 bits.
fn part_of_sum(sum: pl::Expr, is_high: bool) -> pl::Expr {
    kernels::elementwise("part of a sum", vec![sum], &DataType::Int, move |columns| {
        use polars::prelude::IntoColumn;
        let size = i128::from(expr::SUM_PART);
        let parts: pl::Int64Chunked = pl::arity::unary_elementwise(columns[0].i128()?, |sum: Option<i128>| {
            i64::try_from(if is_high { sum?.div_euclid(size) } else { sum?.rem_euclid(size) }).ok()
        });
        Ok(parts.with_name(columns[0].name().clone()).into_column())
    })
}

/// A literal share.
pub(super) fn share_of(expr: &Expr) -> Option<f64> {
    match &expr.kind {
        ExprKind::Literal(Value::Float(share)) => Some(*share),
        ExprKind::Literal(Value::Int(share)) => Some(*share as f64),
        _ => None,
    }
}

pub(super) fn unknown(function: &str) -> Diagnostic {
    Diagnostic::error("PW0705", format!("`{function}` cannot be computed over rows"))
        .help("use an aggregate, such as `count(*)` or `sum(…)`")
}
