//! Row-wise operations: project and check.

use std::sync::Arc;

use pipewright_core::data::DataType;
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::formats::{Change, Changes};
use pipewright_core::ir::{Check, Loss, LossKind, OnFail, Op, Project};
use polars::prelude::{AllowedOptimizations, DataFrame, LazyFrame, OptFlags, lit};

use super::{Context, lasting, losses, stop};
use crate::allowance::Allowance;
use crate::exprs;

pub(super) fn project(frame: LazyFrame, project: &Project, context: &Context) -> Result<LazyFrame, Diagnostic> {
    let input = context.input()?;
    let mut columns = Vec::with_capacity(project.columns.len() + 1);
    for (column, field) in project.columns.iter().zip(&context.output.fields) {
        columns.push(exprs::lower_as(&column.expr, input, &field.data_type, &column.name)?);
    }
    let (beyond, given): (Vec<Loss>, Vec<Loss>) =
        project.losses.iter().cloned().partition(|loss| loss.kind == LossKind::Beyond);
    for loss in beyond {
        let place = project.columns.iter().position(|column| column.name == loss.column);
        if let Some((column, field)) = place.and_then(|at| columns.get_mut(at).zip(context.output.fields.get(at))) {
            *column = losses::told_beyond(column.clone(), field, &loss.given, input)?;
        }
    }
    columns.extend(context.ids());
    if !given.is_empty() {
        let mut types = Vec::with_capacity(given.len());
        for (index, loss) in given.iter().enumerate() {
            let given = exprs::lower(&loss.given, input)?;
            columns.push(given.expr.alias(flag(index)));
            types.push(given.data_type);
        }
        return Ok(counted(frame.select(columns), given, types, context));
    }
    // A projection of constants alone must not collapse to one row.
    let constant = project.columns.iter().all(|column| column.expr.columns().is_empty()) && !context.ids;
    if constant && !input.is_empty() {
        let keep: Vec<_> = input.names().map(super::column).collect();
        let names: Vec<_> = project.columns.iter().map(|column| super::column(&column.name)).collect();
        return Ok(frame.select(keep).with_columns(columns).select(names));
    }
    Ok(frame.select(columns))
}

/// The column that says, while losses are counted, whether there is something to be lost, or what.
fn flag(loss: usize) -> String {
    format!("#lost {loss}")
}

/// Tells what the rows lose; the flags of the losses go.
fn counted(frame: LazyFrame, losses: Vec<Loss>, types: Vec<DataType>, context: &Context) -> LazyFrame {
    let allowance = Allowance::current();
    let losses: Vec<(Loss, DataType)> = losses.into_iter().zip(types).collect();
    let count = move |mut frame: DataFrame| {
        let mut changes = Changes::default();
        for (index, (loss, given_type)) in losses.iter().enumerate() {
            let given = frame.drop_in_place(&flag(index))?;
            let given = given.as_materialized_series();
            let (change, lost) = match &loss.kind {
                LossKind::Null => (Change::Unfit, given.bool()? & &frame.column(&loss.column)?.is_null()),
                LossKind::Part => (Change::Unfit, given.bool()?.clone()),
                LossKind::Surplus => (Change::Surplus, given.bool()?.clone()),
                // Told where it is computed.
                LossKind::Beyond => continue,
                LossKind::Cast(to) => {
                    losses::of_cast(given, given_type, to, &loss.column, &mut changes)?;
                    continue;
                }
                LossKind::Finer => {
                    let made = frame.column(&loss.column)?.is_not_null();
                    changes.note(Change::Cut, &loss.column, losses::finer(given, &made)?);
                    continue;
                }
            };
            changes.note(change, &loss.column, lost.sum().unwrap_or(0).into());
        }
        allowance.change(&changes);
        Ok(frame)
    };
    let schema = output_schema(context);
    let name = lasting(&format!("losses {}", context.name));
    frame.map(
        count,
        OptFlags::STREAMING,
        Some(Arc::new(move |_: &polars::prelude::Schema| Ok(schema.clone()))),
        Some(name),
    )
}

/// The columns of the output, and the hidden one where rows have it.
fn output_schema(context: &Context) -> Arc<polars::prelude::Schema> {
    let mut schema = (*crate::table::polars_schema(context.output)).clone();
    if context.ids {
        schema.insert(crate::table::RESERVED_ROW.into(), polars::prelude::DataType::UInt64);
    }
    Arc::new(schema)
}

pub(super) fn check(frame: LazyFrame, check: &Check, context: &Context) -> Result<LazyFrame, Diagnostic> {
    let passes = exprs::boolean(&check.predicate, context.input()?)?.eq_missing(lit(true));
    match &check.on_fail {
        OnFail::Flag(name) => Ok(frame.with_columns([passes.not().alias(name.as_str())])),
        OnFail::Reject => Ok(frame.filter(passes)),
        OnFail::Stop => {
            const PASSES: &str = "#passes";
            let reason = check.reason.clone();
            let guard = move |frame: DataFrame| {
                let flags = frame.column(PASSES)?.as_materialized_series().bool()?.clone();
                if flags.all() { frame.drop(PASSES) } else { Err(stop(&reason)) }
            };
            let output = output_schema(context);
            let schema = move |_: &polars::prelude::Schema| Ok(output.clone());
            let allowed: AllowedOptimizations = OptFlags::STREAMING;
            let name = lasting(&format!("check {}", context.name));
            Ok(frame.with_columns([passes.alias(PASSES)]).map(guard, allowed, Some(Arc::new(schema)), Some(name)))
        }
    }
}

/// The input rows that a rejecting operation sends to quarantine, with the reason; `None` where it rejects none.
pub(crate) fn rejected(
    op: &Op,
    input: LazyFrame,
    context: &Context,
) -> Result<Option<(LazyFrame, String)>, Diagnostic> {
    match op {
        Op::Check(check) if matches!(check.on_fail, OnFail::Reject | OnFail::Stop) => {
            let passes = exprs::boolean(&check.predicate, context.input()?)?.eq_missing(lit(true));
            Ok(Some((input.filter(passes.not()), check.reason.clone())))
        }
        Op::Parse(parse) if matches!(parse.on_fail, OnFail::Reject | OnFail::Stop) => {
            let reason = format!("`{}` does not have the format {}", parse.column, parse.format.name);
            Ok(Some((super::parse::unparsed(input, parse, context)?, reason)))
        }
        Op::Check(_)
        | Op::Parse(_)
        | Op::Read(_)
        | Op::Rows(_)
        | Op::Filter { .. }
        | Op::Project(_)
        | Op::Aggregate(_)
        | Op::Window(_)
        | Op::Join(_)
        | Op::AsofJoin(_)
        | Op::Union
        | Op::Sort(_)
        | Op::Limit(_)
        | Op::Distinct(_)
        | Op::Explode(_)
        | Op::Unpivot(_)
        | Op::Write(_) => Ok(None),
    }
}
