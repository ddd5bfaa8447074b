//! Window calculations. Rows are sorted once for each window (partition, order, all columns), every function is
//! computed over the sorted rows, and the result goes back to the rows' own places. Needs all rows at once.

mod fold;
mod frames;

use pipewright_core::data::{DataType, Field, Schema, Value};
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::expr::{Call, Expr, ExprKind, FrameUnit, WindowFrame};
use pipewright_core::ir::Window;
use polars::prelude::{
    self as pl, AllowedOptimizations, Column, DataFrame, IdxCa, IdxSize, IntoColumn, LazyFrame, NewChunkedArray,
    OptFlags, PolarsResult, Series, lit,
};
use std::sync::Arc;

use super::aggregate::take_calls;
use super::comparable::tie_breakers;
use super::{Context, column, computed, lasting, losses};
use crate::allowance::Allowance;
use crate::exprs;
use crate::keys::RowKeys;
use crate::sorting::sorted_places;
use crate::table::{RESERVED_ROW, polars_schema, series_of};
use frames::Sorted;

pub(super) fn window(frame: LazyFrame, window: &Window, context: &Context) -> Result<LazyFrame, Diagnostic> {
    window_of(frame, window, context, context.input()?)
}

/// As `window`, with ties broken by the columns of `rows` alone: the others were computed of them by other windows.
pub(crate) fn window_of(
    frame: LazyFrame,
    window: &Window,
    context: &Context,
    rows: &Schema,
) -> Result<LazyFrame, Diagnostic> {
    let input = context.input()?;
    let mut hidden = Vec::new();
    let mut plans: Vec<Plan> = Vec::new();
    // Calls become columns of results; what stands around them is computed from those and the input.
    let mut known = input.clone();
    let mut output: Vec<pl::Expr> = input.names().map(column).collect();
    let mut around = Vec::new();
    for (made, field) in window.columns.iter().zip(context.output.fields.iter().skip(input.len())) {
        let expr = take_calls(made.expr.clone(), true, &mut |call| {
            let name = format!("#result{}", plans.len());
            let data_type = exprs::type_of(&Expr::made(ExprKind::Call(call.clone())), input);
            let result = Field::new(&name, data_type);
            plans.push(Plan::new(plans.len(), (&made.name, call), &result, input, &mut hidden)?);
            known.fields.push(result);
            Ok(Expr::column(name))
        })?;
        around.push((expr, field));
    }
    for (expr, field) in around {
        output.push(exprs::lower_as(&expr, &known, &field.data_type, &field.name)?);
    }
    output.extend(context.ids());
    let ties = tie_breakers(rows);
    let mut names: Vec<String> = known.names().map(str::to_owned).collect();
    let mut schema = (*polars_schema(&known)).clone();
    if context.ids {
        names.push(RESERVED_ROW.to_owned());
        schema.insert(RESERVED_ROW.into(), pl::DataType::UInt64);
    }
    let run = move |mut frame: DataFrame| {
        // Columns over the same window are sorted once.
        let mut orders: Vec<(&Plan, Places)> = Vec::new();
        for plan in &plans {
            let places = match orders.iter().find(|(other, _)| other.sorts_alike(plan)) {
                Some((_, places)) => places.clone(),
                None => {
                    let places = plan.permutation(&frame, &ties)?;
                    orders.push((plan, places.clone()));
                    places
                }
            };
            let result = plan.run(&frame, &places)?;
            frame.with_column(result.into_column())?;
        }
        frame.select(names.iter().map(String::as_str))
    };
    let schema = Arc::new(schema);
    let schema = move |_: &pl::Schema| Ok(schema.clone());
    let name = lasting(&format!("window {}", context.name));
    let allowed: AllowedOptimizations = OptFlags::empty();
    Ok(frame.with_columns(hidden).map(run, allowed, Some(Arc::new(schema)), Some(name)).select(output))
}

/// Sorted place → row, and row → sorted place.
type Places = (IdxCa, IdxCa);

/// One window column: the call, and the hidden columns that hold what it needs.
struct Plan {
    /// The column that it is computed for.
    shown: String,
    call: Call,
    field: Field,
    arguments: Vec<(String, DataType)>,
    partition: Vec<String>,
    order: Vec<(String, DataType, bool)>,
    filter: Option<String>,
    frame: Option<WindowFrame>,
    allowance: Allowance,
}

impl Plan {
    fn new(
        index: usize,
        (shown, call): (&str, &Call),
        field: &Field,
        input: &Schema,
        hidden: &mut Vec<pl::Expr>,
    ) -> Result<Plan, Diagnostic> {
        let over = call.over.as_deref().cloned().unwrap_or_default();
        let mut add = |part: &str, position: usize, expr: &_| -> Result<(String, DataType), Diagnostic> {
            let name = format!("#{part}{index} {position}");
            let typed = exprs::lower(expr, input)?;
            // Of a partition only matters whether it is another one: lists and records are not sorted by.
            let is_nested = matches!(typed.data_type, DataType::List(_) | DataType::Record(_));
            let expr = if part == "part" && is_nested { row_key(typed.expr) } else { typed.expr };
            hidden.push(expr.alias(name.as_str()));
            Ok((name, typed.data_type))
        };
        let mut plan = Plan {
            shown: shown.to_owned(),
            call: call.clone(),
            field: field.clone(),
            arguments: Vec::new(),
            partition: Vec::new(),
            order: Vec::new(),
            filter: None,
            frame: over.frame.clone(),
            allowance: Allowance::current(),
        };
        for (position, arg) in call.args.iter().enumerate() {
            plan.arguments.push(add("arg", position, arg)?);
        }
        for (position, key) in over.partition.iter().enumerate() {
            plan.partition.push(add("part", position, key)?.0);
        }
        for (position, key) in over.order.iter().enumerate() {
            let (name, data_type) = add("order", position, &key.expr)?;
            plan.order.push((name, data_type, key.descending));
        }
        if let Some(filter) = &call.filter {
            let name = format!("#filter{index}");
            hidden.push(exprs::boolean(filter, input)?.eq_missing(lit(true)).alias(name.as_str()));
            plan.filter = Some(name);
        }
        Ok(plan)
    }

    /// Whether the result depends on which of two rows with equal order keys comes first.
    fn sees_ties(&self) -> bool {
        let by_place = ["row_number", "lag", "lead", "first", "last", "collect", "string_agg"];
        let by_place = by_place.contains(&self.call.function.as_str());
        by_place || self.frame.as_ref().is_some_and(|frame| frame.unit == FrameUnit::Rows)
    }

    fn sorts_alike(&self, other: &Plan) -> bool {
        let (Some(own), Some(others)) = (&self.call.over, &other.call.over) else { return false };
        own.partition == others.partition && own.order == others.order && self.sees_ties() == other.sees_ties()
    }

    fn run(&self, frame: &DataFrame, (permutation, back): &Places) -> PolarsResult<Series> {
        let sorted = self.sorted(frame, permutation)?;
        let take = |name: &str| -> PolarsResult<Series> {
            Ok(frame.column(name)?.take(permutation)?.as_materialized_series().rechunk())
        };
        let mut arguments = Vec::new();
        for (name, data_type) in &self.arguments {
            arguments.push((take(name)?, data_type.clone()));
        }
        let keeps = match &self.filter {
            Some(name) => Some(take(name)?.bool()?.iter().map(|keeps| keeps == Some(true)).collect::<Vec<bool>>()),
            None => None,
        };
        let result = self.compute(&sorted, &arguments, keeps.as_deref())?;
        let wanted = crate::table::polars_type(&self.field.data_type);
        let result = if *result.dtype() == wanted { result } else { result.cast(&wanted)? };
        Ok(result.take(back)?.with_name(self.field.name.as_str().into()))
    }

    /// Sorted place → row, and row → sorted place.
    fn permutation(&self, frame: &DataFrame, ties: &[pl::Expr]) -> PolarsResult<Places> {
        let mut by: Vec<pl::Expr> = self.partition.iter().map(|name| column(name)).collect();
        let mut descending = vec![false; by.len()];
        for (name, _, down) in &self.order {
            by.push(column(name));
            descending.push(*down);
        }
        if self.sees_ties() {
            by.extend(ties.iter().cloned());
        }
        descending.resize(by.len(), false);
        let height = frame.height();
        let named: Vec<pl::Expr> =
            by.into_iter().enumerate().map(|(index, by)| by.alias(format!("#by{index}"))).collect();
        let places = sorted_places(&computed(frame, &named)?, &descending, height)?;
        let mut back = vec![0 as IdxSize; height];
        for (place, row) in places.into_no_null_iter().enumerate() {
            back[row as usize] = place as IdxSize;
        }
        Ok((places, IdxCa::from_vec("back".into(), back)))
    }

    /// Where partitions and peers begin, and the order key's values where a frame measures distances.
    fn sorted(&self, frame: &DataFrame, permutation: &IdxCa) -> PolarsResult<Sorted> {
        let changes = |names: &[String]| -> PolarsResult<Vec<bool>> {
            let mut begins = vec![false; frame.height()];
            if let Some(first) = begins.first_mut() {
                *first = true;
            }
            for name in names {
                let cells = frame.column(name)?.take(permutation)?;
                let cells = cells.as_materialized_series();
                let differs = differences(cells)?;
                for (begin, differs) in begins.iter_mut().skip(1).zip(differs) {
                    *begin |= differs;
                }
            }
            Ok(begins)
        };
        let partitions = changes(&self.partition)?;
        let order: Vec<String> = self.order.iter().map(|(name, _, _)| name.clone()).collect();
        let peers = changes(&order)?;
        let mut keys = None;
        if let (Some(_), [(name, data_type, descending)]) = (&self.frame, self.order.as_slice()) {
            let cells = frame.column(name)?.take(permutation)?;
            // A span of time is counted in microseconds, and so is the place of a day.
            let cells = match data_type {
                DataType::Date => cells.cast(&crate::table::polars_type(&DataType::Timestamp))?,
                _ => cells,
            };
            keys = frames::keys(&cells.to_physical_repr(), *descending)?;
        }
        Ok(Sorted::new(partitions, peers, keys))
    }

    fn compute(
        &self,
        sorted: &Sorted,
        arguments: &[(Series, DataType)],
        keeps: Option<&[bool]>,
    ) -> PolarsResult<Series> {
        let integers = |values: Vec<i64>| Series::from(pl::Int64Chunked::from_vec("window".into(), values));
        match self.call.function.as_str() {
            "row_number" => Ok(integers(sorted.row_numbers())),
            "rank" => Ok(integers(sorted.ranks())),
            "dense_rank" => Ok(integers(sorted.dense_ranks())),
            "lag" | "lead" => self.shifted(sorted, arguments),
            _ => {
                let bounds = sorted.bounds(self.frame.as_ref(), !self.order.is_empty());
                let made = fold::fold(&self.call, &bounds, arguments, keeps, &self.field.data_type, &self.allowance)?;
                if let Some((values, _)) = arguments.first().filter(|_| made.null_count() > 0) {
                    let is_beyond = fold::beyond(&self.call, &bounds, values, keeps, &made);
                    losses::note_beyond(&self.allowance, &self.shown, &is_beyond);
                }
                Ok(made)
            }
        }
    }

    fn shifted(&self, sorted: &Sorted, arguments: &[(Series, DataType)]) -> PolarsResult<Series> {
        let rows = match self.call.args.get(1).map(|arg| &arg.kind) {
            Some(ExprKind::Literal(Value::Int(rows))) => *rows,
            _ => 1,
        };
        let rows = if self.call.function == "lag" { -rows } else { rows };
        let Some((values, _)) = arguments.first() else {
            return Ok(series_of("window", &self.field.data_type, &[]));
        };
        let wanted = crate::table::polars_type(&self.field.data_type);
        let places = sorted.neighbours(rows);
        let outside: Vec<bool> = places.iter().map(Option::is_none).collect();
        let found = values.take(&IdxCa::from_iter_options("places".into(), places.into_iter()))?.cast(&wanted)?;
        match self.call.args.get(2).map(|arg| &arg.kind) {
            Some(ExprKind::Literal(default)) if !default.is_null() => {
                let default = series_of("default", &self.field.data_type, &[default]).new_from_index(0, found.len());
                let outside = pl::BooleanChunked::from_iter_values("outside".into(), outside.into_iter());
                default.zip_with(&outside, &found)
            }
            _ => Ok(found),
        }
    }
}

/// A text that is equal where the values are.
fn row_key(value: pl::Expr) -> pl::Expr {
    exprs::kernels::elementwise("row key", vec![value], &DataType::String, |columns| {
        let keys = RowKeys::of(columns)?;
        let texts = pl::StringChunked::from_iter_values("key".into(), keys.texts());
        Ok(texts.into_column().with_name(columns[0].name().clone()))
    })
}

/// Whether each cell but the first differs from the one before; null equals null.
fn differences(cells: &Series) -> PolarsResult<Vec<bool>> {
    use polars::prelude::ChunkCompareEq;
    if cells.len() < 2 {
        return Ok(Vec::new());
    }
    let (before, after): (Column, Column) =
        (cells.slice(0, cells.len() - 1).into_column(), cells.slice(1, cells.len() - 1).into_column());
    Ok(after.not_equal_missing(&before)?.iter().map(|differs| differs == Some(true)).collect())
}
