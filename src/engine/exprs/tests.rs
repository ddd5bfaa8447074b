//! Native lowering against the reference evaluator, on edge values.

use super::*;
use crate::ResultTable;
use crate::table::value_of;
use polars::prelude::IntoLazy;

/// Evaluates over every row of the table, natively.
pub(super) fn run(expr: &Expr, table: &ResultTable) -> Vec<Value> {
    let typed = lower(expr, table.schema()).unwrap();
    let data_type = typed.data_type.clone();
    let frame = table.frame().clone().lazy().with_columns([typed.expr.alias("result")]).collect().unwrap();
    let column = frame.column("result").unwrap();
    (0..frame.height()).map(|row| value_of(&column.get(row).unwrap(), &data_type)).collect()
}
