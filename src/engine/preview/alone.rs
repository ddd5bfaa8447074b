//! Keys of a join's sides that have no partner, named: whoever sees that rows do not match asks first which these are.
//! Previews only: values never stand in the report of a run.

use pipewright_core::data::figures::cell_number;
use pipewright_core::data::{Classification, Schema, Value, format_timestamp};
use pipewright_core::expr::Expr;
use pipewright_core::ir::Op;
use pipewright_core::policy::names_secret;
use pipewright_core::quote::visible_start;
use polars::prelude::{self as pl, DataFrame, IntoLazy, PolarsResult, SortMultipleOptions};

use crate::ops::Alone;
use crate::ops::join::{JoinBuild, JoinPlan};
use crate::table::ResultTable;

/// Keys of a side that are named.
const NAMED: u32 = 6;
/// Characters of a part of a key that are told.
const SHOWN: usize = 40;

/// The keys of the rows that a join found no partner for; none where they cannot be counted.
pub(super) fn alone_of(plan: &JoinPlan, build: &JoinBuild, sides: [&DataFrame; 2]) -> Alone {
    let Ok(keys) = build.keys_alone(sides) else { return Alone::default() };
    let [left, right] = plan.given_schemas();
    let [left_keys, right_keys] = keys;
    [(left_keys, left), (right_keys, right)].map(|(keys, schema)| most_frequent(keys, schema).unwrap_or_default())
}

fn most_frequent(keys: DataFrame, schema: &Schema) -> PolarsResult<Vec<(String, u64)>> {
    const ROWS: &str = "#rows";
    if keys.height() == 0 || keys.width() == 0 {
        return Ok(Vec::new());
    }
    let names: Vec<pl::Expr> = schema.names().map(pl::col).collect();
    let order = SortMultipleOptions::default().with_order_descending(true).with_maintain_order(true);
    let counted = keys.lazy().group_by_stable(names).agg([pl::len().alias(ROWS)]);
    let counted = counted.sort([ROWS], order).limit(NAMED).collect()?;
    let table = ResultTable::from_frame(&counted, schema)?;
    let rows = counted.column(ROWS)?.cast(&pl::DataType::UInt64)?;
    let rows: Vec<u64> = rows.u64()?.iter().flatten().collect();
    let named = |row: usize| table.row(row).iter().map(key_text).collect::<Vec<_>>().join(" · ");
    Ok(rows.into_iter().enumerate().map(|(row, count)| (named(row), count)).collect())
}

fn key_text(value: &Value) -> String {
    let text = match value {
        Value::Null => return "null".to_owned(),
        Value::String(text) if names_secret(text) => return "(secret)".to_owned(),
        Value::String(text) => text.clone(),
        Value::Float(number) => cell_number(*number),
        Value::Timestamp(micros) => format_timestamp(*micros),
        other => other.to_json().to_string().trim_matches('"').to_owned(),
    };
    visible_start(&text, SHOWN)
}

/// Without the sides whose keys are of secret columns.
pub(super) fn open_alone(alone: Alone, op: &Op, inputs: &[&Schema]) -> Alone {
    let Op::Join(join) = op else { return alone };
    let is_open = |key: &Expr, schema: &Schema| {
        let classes = key.columns().into_iter().filter_map(|column| Some(schema.get(column)?.labels.classified()));
        classes.max().is_none_or(|class| class < Classification::Secret)
    };
    let mut open = alone;
    for (side, schema) in inputs.iter().enumerate().take(open.len()) {
        let keys = join.on.iter().map(|(left, right)| if side == 0 { left } else { right });
        if !keys.into_iter().all(|key| is_open(key, schema)) {
            open[side].clear();
        }
    }
    open
}
