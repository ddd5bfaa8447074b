//! Operations → Polars lazy frames, shared by previews (over sample frames) and runs (streaming). Every frame that goes
//! in or comes out has exactly its schema's columns, and `__row` where row ids are carried.
//! Sources and sinks are not lowered here: `read` and `write` know them.

mod aggregate;
pub(crate) mod asof;
mod comparable;
mod growth;
pub(crate) mod join;
mod losses;
pub(crate) mod matching;
pub(crate) mod order;
mod parse;
mod reshape;
mod rows;
mod window;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{LazyLock, Mutex};

use pipewright_core::data::{Schema, Value};
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::expr::{Expr, SortKey, bind};
use pipewright_core::ir::{Aggregate, Column, OnFail, Op, RUN_STARTED_AT};
use polars::prelude::{self as pl, DataFrame, IntoLazy, LazyFrame, PolarsResult, SortMultipleOptions};

use crate::exprs;
use crate::table::RESERVED_ROW;

pub(crate) use crate::faults::failed;
use crate::faults::stop;
pub(crate) use growth::{grown, grown_texts, is_foreseen};
pub use matching::{Alone, named_keys};
pub(crate) use rows::rejected;
pub(crate) use window::window_of;

/// What an operation is lowered with.
pub(crate) struct Context<'a> {
    /// Unique in the plan: opaque functions are told apart by name.
    pub name: &'a str,
    /// Schemas of the inputs, in order.
    pub inputs: Vec<&'a Schema>,
    /// Schema of the result.
    pub output: &'a Schema,
    /// The inputs have `__row`, and it is to be kept where rows stay themselves.
    pub ids: bool,
}

impl Context<'_> {
    fn input(&self) -> Result<&Schema, Diagnostic> {
        self.inputs.first().copied().ok_or_else(|| lacking("an input"))
    }

    /// The hidden ids, where they are carried.
    fn ids(&self) -> Option<pl::Expr> {
        self.ids.then(|| column(RESERVED_ROW))
    }
}

/// Whether an operation's rows are its (first) input's rows, so that their ids may stay.
pub(crate) fn keeps_rows(op: &Op) -> bool {
    match op {
        Op::Filter { .. }
        | Op::Project(_)
        | Op::Check(_)
        | Op::Window(_)
        | Op::Sort(_)
        | Op::Limit(_)
        | Op::Distinct(_)
        | Op::Write(_) => true,
        Op::Join(join) => {
            matches!(join.kind, pipewright_core::ir::JoinKind::Semi | pipewright_core::ir::JoinKind::Anti)
        }
        Op::Read(_)
        | Op::Rows(_)
        | Op::Parse(_)
        | Op::Aggregate(_)
        | Op::AsofJoin(_)
        | Op::Union
        | Op::Explode(_)
        | Op::Unpivot(_) => false,
    }
}

/// One operation over its inputs. Parameters must be bound (`bound`).
pub(crate) fn lower_op(op: &Op, mut inputs: Vec<LazyFrame>, context: &Context) -> Result<LazyFrame, Diagnostic> {
    if let Op::Union = op {
        return reshape::union(inputs, context);
    }
    let second = if inputs.len() > 1 { Some(inputs.remove(1)) } else { None };
    let Some(first) = inputs.pop() else {
        return Err(lacking("an input"));
    };
    let right = || second.ok_or_else(|| lacking("a right input"));
    match op {
        Op::Parse(parse) => parse::parse(first, parse, context),
        Op::Filter { predicate } => Ok(first.filter(exprs::boolean(predicate, context.input()?)?)),
        Op::Project(project) => rows::project(first, project, context),
        Op::Check(check) => rows::check(first, check, context),
        Op::Aggregate(aggregate) => aggregate::aggregate(first, aggregate, context),
        Op::Window(window) => window::window(first, window, context),
        Op::Join(join) => join::join(first, right()?, join, context),
        Op::AsofJoin(join) => asof::asof_join(first, right()?, join, context),
        Op::Sort(sort) => order::sort(first, &sort.keys, context),
        Op::Limit(limit) => order::limit(first, limit, context),
        Op::Distinct(distinct) => order::distinct(first, distinct, context),
        Op::Explode(explode) => reshape::explode(first, explode, context),
        Op::Unpivot(unpivot) => reshape::unpivot(first, unpivot, context),
        Op::Write(write) if write.order.is_empty() => Ok(first),
        Op::Write(write) => order::sort(first, &write.order, context),
        Op::Read(_) | Op::Rows(_) | Op::Union => Err(lacking("a reader")),
    }
}

/// The operation with the parameters' values in place of their names.
pub(crate) fn bound(op: &Op, parameters: &BTreeMap<String, Value>) -> Op {
    let bind_all = |exprs: Vec<&mut Expr>| {
        for expr in exprs {
            *expr = bind(expr, parameters);
        }
    };
    let keys = |keys: &mut [SortKey]| bind_all(keys.iter_mut().map(|key| &mut key.expr).collect());
    let columns = |columns: &mut [Column]| bind_all(columns.iter_mut().map(|column| &mut column.expr).collect());
    let mut op = op.clone();
    match &mut op {
        Op::Filter { predicate } => bind_all(vec![predicate]),
        Op::Project(project) => {
            columns(&mut project.columns);
            bind_all(project.losses.iter_mut().map(|loss| &mut loss.given).collect());
        }
        Op::Check(check) => bind_all(vec![&mut check.predicate]),
        Op::Aggregate(aggregate) => {
            columns(&mut aggregate.keys);
            columns(&mut aggregate.measures);
        }
        Op::Window(window) => columns(&mut window.columns),
        Op::Join(join) => {
            for (left, right) in &mut join.on {
                bind_all(vec![left, right]);
            }
        }
        Op::Sort(sort) => keys(&mut sort.keys),
        Op::Limit(limit) => keys(&mut limit.keys),
        Op::Distinct(distinct) => keys(&mut distinct.order),
        Op::Write(write) => {
            keys(&mut write.order);
            bind_all(write.watch.iter_mut().map(|watch| &mut watch.condition).collect());
        }
        Op::Parse(parse) => {
            parse.started = match parameters.get(RUN_STARTED_AT) {
                Some(Value::Timestamp(started)) => *started,
                // A preview begins as it is asked for.
                _ => chrono::Utc::now().timestamp_micros(),
            };
        }
        Op::Read(_) | Op::Rows(_) | Op::AsofJoin(_) | Op::Union | Op::Explode(_) | Op::Unpivot(_) => {}
    }
    op
}

/// An operation that stops a run, as one that rejects rows: previews show what it would stop at.
pub(crate) fn rejecting(op: &Op) -> Option<Op> {
    let mut op = op.clone();
    let on_fail = op.on_fail_mut().filter(|on_fail| **on_fail == OnFail::Stop)?;
    *on_fail = OnFail::Reject;
    Some(op)
}

/// Rows without a value, for each of what an aggregate looks at.
pub(crate) fn nulls(aggregate: &Aggregate, rows: &DataFrame, schema: &Schema) -> Result<Vec<u64>, Diagnostic> {
    let exprs = aggregate.looked_at().into_iter().map(|looked_at| exprs::lower(looked_at.expr, schema));
    let exprs = exprs.enumerate().map(|(index, typed)| Ok(typed?.expr.alias(format!("#{index}"))));
    let columns = computed(rows, &exprs.collect::<Result<Vec<_>, Diagnostic>>()?).map_err(|error| failed(&error))?;
    Ok(columns.iter().map(|column| column.null_count() as u64).collect())
}

/// Groups in the order of their keys, so that previews do not jump.
pub(crate) fn in_key_order(frame: LazyFrame, aggregate: &Aggregate) -> LazyFrame {
    let keys: Vec<pl::Expr> = aggregate.keys.iter().map(|key| column(&key.name)).collect();
    let count = keys.len();
    if keys.is_empty() { frame } else { frame.sort_by_exprs(keys, nulls_last(vec![false; count])) }
}

/// A fault of the engine's own, in words that name no internals: the plan's checks should have found it before.
fn lacking(what: &str) -> Diagnostic {
    Diagnostic::error("PW0409", format!("the operation lacks {what}"))
}

/// Values of some expressions over a frame, one for each of its rows; there need not be any expressions.
pub(crate) fn computed(frame: &DataFrame, exprs: &[pl::Expr]) -> PolarsResult<Vec<pl::Column>> {
    if exprs.is_empty() {
        return Ok(Vec::new());
    }
    let columns = frame.clone().lazy().select(exprs).collect()?.into_columns();
    // Constants alone give one row.
    let of_all = |column: pl::Column| match column.len() == frame.height() {
        true => column,
        false => column.new_from_index(0, frame.height()),
    };
    Ok(columns.into_iter().map(of_all).collect())
}

/// A column by its exact name (Polars' `col` takes some names for patterns).
pub(crate) fn column(name: &str) -> pl::Expr {
    pl::Expr::Column(name.into())
}

/// Order keys, completed by all columns, with nulls last.
pub(crate) fn total_order(
    keys: &[SortKey],
    schema: &Schema,
) -> Result<(Vec<pl::Expr>, SortMultipleOptions), Diagnostic> {
    let mut by = Vec::new();
    let mut descending = Vec::new();
    // What is the same for all rows orders none.
    for key in keys.iter().filter(|key| !key.expr.columns().is_empty()) {
        by.push(exprs::lower(&key.expr, schema)?.expr);
        descending.push(key.descending);
    }
    // A column that is a key already breaks no tie.
    let is_new = |tie: &pl::Expr| !by.contains(tie);
    let ties: Vec<pl::Expr> = comparable::tie_breakers(schema).into_iter().filter(is_new).collect();
    by.extend(ties);
    descending.resize(by.len(), false);
    Ok((by, nulls_last(descending)))
}

pub(crate) fn nulls_last(descending: Vec<bool>) -> SortMultipleOptions {
    SortMultipleOptions::default().with_order_descending_multi(descending).with_nulls_last(true)
}

/// A name that lives as long as the program, as opaque functions need it. Kept once each.
fn lasting(name: &str) -> &'static str {
    static NAMES: LazyLock<Mutex<BTreeSet<&'static str>>> = LazyLock::new(Mutex::default);
    let mut names = NAMES.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    match names.get(name) {
        Some(known) => known,
        None => {
            let leaked: &'static str = Box::leak(name.to_owned().into_boxed_str());
            names.insert(leaked);
            leaked
        }
    }
}

#[cfg(test)]
mod reference;
#[cfg(test)]
pub(crate) mod tests;
