//! The row nearest in time. Right rows of the same keys and time are one candidate: the last by all columns. The right
//! side is sorted and prepared once; left rows are looked up one by one, in their order.

use std::sync::Arc;

use pipewright_core::data::{DataType, Schema};
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::ir::{AsofDirection, AsofJoin};
use polars::prelude::{
    self as pl, Column, DataFrame, IdxCa, IdxSize, IntoLazy, LazyFrame, NewChunkedArray, PolarsResult,
};

use super::comparable::tie_breakers;
use super::computed;
use super::matching::{Flags, MatchTally, rows_lacking};
use super::{Context, column, failed, lacking};
use crate::exprs::{Typed, key_pair};
use crate::frames::{gathered, joined};
use crate::keys::KeyTable;
use crate::table::polars_type;

/// What the join computes of its sides.
pub(crate) struct AsofPlan {
    join: AsofJoin,
    left_keys: Vec<pl::Expr>,
    right_keys: Vec<pl::Expr>,
    /// By side: keys and time as they are given, which are null where a row has none.
    given: [Vec<pl::Expr>; 2],
    tally: MatchTally,
    ties: Vec<pl::Expr>,
    output: Vec<String>,
}

impl AsofPlan {
    pub fn new(join: &AsofJoin, context: &Context) -> Result<AsofPlan, Diagnostic> {
        let [left_schema, right_schema] = context.inputs[..] else { return Err(lacking("a right input")) };
        let (mut left_keys, mut right_keys) = (Vec::new(), Vec::new());
        for (index, (left, right)) in join.by.iter().enumerate() {
            let key = |name: &str, schema: &Schema| Typed::new(column(name), type_of(schema, name));
            let Some((left, right)) = key_pair(key(left, left_schema), key(right, right_schema)) else {
                return Err(Diagnostic::error("PW0402", "the join's keys have types that never compare"));
            };
            left_keys.push(left.alias(format!("#key{index}")));
            right_keys.push(right.alias(format!("#key{index}")));
        }
        let output = context.output.names().map(str::to_owned).collect();
        let (mut left_given, mut right_given) = (vec![time_of(&join.left_time)], vec![time_of(&join.right_time)]);
        for (index, (left, right)) in join.by.iter().enumerate() {
            left_given.push(column(left).alias(format!("#key{index}")));
            right_given.push(column(right).alias(format!("#key{index}")));
        }
        let (given, tally, ties) = ([left_given, right_given], MatchTally::default(), tie_breakers(right_schema));
        Ok(AsofPlan { join: join.clone(), left_keys, right_keys, given, tally, ties, output })
    }

    /// Keys by which the sides may be divided: left, right. Empty: not at all.
    pub fn keys(&self) -> [&[pl::Expr]; 2] {
        [&self.left_keys, &self.right_keys]
    }

    /// How the rows found partners, when all builds of the join are gone.
    pub fn matches(&self) -> [[u64; 3]; 2] {
        self.tally.total()
    }
}

/// The join with its right side, prepared.
pub(crate) struct AsofBuild {
    plan: Arc<AsofPlan>,
    /// Candidates by time, with the names of the result.
    held: DataFrame,
    table: KeyTable,
    /// Microseconds, of the candidates.
    times: Vec<i64>,
    /// Candidates that are nearest to some row.
    matched: Flags,
    /// Right rows, and those of them that have a null key or no time.
    height: u64,
    null_keys: u64,
}

impl Drop for AsofBuild {
    /// Nobody looks up any more: what the right rows found is known.
    fn drop(&mut self) {
        let matched = self.matched.found().count() as u64;
        self.plan.tally.add(1, [matched, self.height - matched, self.null_keys]);
    }
}

impl AsofBuild {
    pub fn new(plan: Arc<AsofPlan>, rows: Vec<DataFrame>, empty: &DataFrame) -> PolarsResult<AsofBuild> {
        let rows = if rows.is_empty() { empty.clone() } else { joined(rows)? };
        // Candidates follow one another by time; of those alike in keys and time the last counts.
        let (height, null_keys) = (rows.height() as u64, rows_lacking(&rows, &plan.given[1])?);
        let time = time_of(&plan.join.right_time);
        let mut by = vec![time.clone()];
        by.extend(plan.ties.iter().cloned());
        let options = super::nulls_last(vec![false; by.len()]);
        let sorted = rows.lazy().filter(time.clone().is_not_null()).sort_by_exprs(by, options).collect()?;
        let table = KeyTable::new(&computed(&sorted, &plan.right_keys)?, sorted.height())?;
        let times = micros(&sorted, &time)?;
        let held: Vec<pl::Expr> = plan.join.right.iter().map(|(from, to)| column(from).alias(to.as_str())).collect();
        let held = gathered(DataFrame::new(sorted.height(), computed(&sorted, &held)?)?)?;
        let times = times.into_iter().map(Option::unwrap_or_default).collect();
        let matched = Flags::new(sorted.height());
        Ok(AsofBuild { plan, held, table, times, matched, height, null_keys })
    }

    /// The left rows, in their order, each with what is nearest.
    pub fn probe(&self, rows: &DataFrame) -> PolarsResult<DataFrame> {
        let groups = self.table.groups(&computed(rows, &self.plan.left_keys)?, rows.height())?;
        let times = micros(rows, &time_of(&self.plan.join.left_time))?;
        let mut matched = 0;
        let nearest = groups.iter().zip(times).map(|(group, time)| {
            let nearest = self.nearest(self.table.rows((*group)?), time?)?;
            matched += 1;
            self.matched.set(nearest as usize);
            Some(nearest)
        });
        let partners = IdxCa::from_iter_options("partners".into(), nearest);
        let null_keys = rows_lacking(rows, &self.plan.given[0])?;
        self.plan.tally.add(0, [matched, rows.height() as u64 - matched, null_keys]);
        let mut columns: Vec<Column> = rows.columns().to_vec();
        if self.held.width() > 0 {
            let held = self.held.take(&partners)?.into_columns();
            columns.retain(|column| !held.iter().any(|other| other.name() == column.name()));
            columns.extend(held);
        }
        DataFrame::new(rows.height(), columns)?.select(self.plan.output.iter().map(String::as_str))
    }

    /// Of candidates in the order of their times, the one for a time.
    fn nearest(&self, candidates: &[IdxSize], time: i64) -> Option<IdxSize> {
        let at = |place: usize| self.times[candidates[place] as usize];
        let distance = |place: usize| i128::from(at(place)).abs_diff(i128::from(time));
        let is_near = |place: &usize| match self.plan.join.tolerance {
            Some(span) => u128::try_from(span).is_ok_and(|span| distance(*place) <= span),
            None => true,
        };
        let last_of = |place: usize| {
            let same = at(place);
            candidates.partition_point(|row| self.times[*row as usize] <= same).saturating_sub(1)
        };
        let until = candidates.partition_point(|row| self.times[*row as usize] <= time);
        let before = until.checked_sub(1).filter(is_near);
        let after = || {
            let place = candidates.partition_point(|row| self.times[*row as usize] < time);
            (place < candidates.len()).then(|| last_of(place)).filter(is_near)
        };
        let place = match self.plan.join.direction {
            AsofDirection::Backward => before,
            AsofDirection::Forward => after(),
            AsofDirection::Nearest => match (before, after()) {
                // The earlier on a tie.
                (Some(before), Some(after)) => Some(if distance(before) <= distance(after) { before } else { after }),
                (before, after) => before.or(after),
            },
        };
        place.map(|place| candidates[place])
    }
}

fn time_of(name: &str) -> pl::Expr {
    column(name).cast(polars_type(&DataType::Timestamp)).alias("#time")
}

fn micros(rows: &DataFrame, time: &pl::Expr) -> PolarsResult<Vec<Option<i64>>> {
    let times = computed(rows, std::slice::from_ref(time))?.remove(0);
    Ok(times.as_materialized_series().to_physical_repr().i64()?.iter().collect())
}

fn type_of(schema: &Schema, name: &str) -> DataType {
    schema.get(name).map_or(DataType::Unknown, |field| field.data_type.clone())
}

pub(super) fn asof_join(
    left: LazyFrame,
    right: LazyFrame,
    join: &AsofJoin,
    context: &Context,
) -> Result<LazyFrame, Diagnostic> {
    let fail = |error| failed(&error);
    Ok(asof_rows(&left.collect().map_err(fail)?, right.collect().map_err(fail)?, join, context)?.0.lazy())
}

/// The join's rows, and how those of its sides found partners.
pub(crate) fn asof_rows(
    left: &DataFrame,
    right: DataFrame,
    join: &AsofJoin,
    context: &Context,
) -> Result<(DataFrame, [[u64; 3]; 2]), Diagnostic> {
    let plan = Arc::new(AsofPlan::new(join, context)?);
    let whole =
        || -> PolarsResult<DataFrame> { AsofBuild::new(plan.clone(), vec![right], &DataFrame::empty())?.probe(left) };
    let rows = whole().map_err(|error| failed(&error))?;
    Ok((rows, plan.matches()))
}
