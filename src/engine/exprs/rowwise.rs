//! The way for everything that has no native form: the children are lowered, and the node itself is evaluated row by
//! row by the reference evaluator. Correct first; slower than a kernel.

use pipewright_core::data::{DataType, Schema, Value};
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::expr::{Expr, ExprKind, eval};
use polars::prelude::{Column, IntoColumn, PolarsResult};

use super::{Typed, kernels, type_of};
use crate::table::{column_values, series_of};

/// Evaluates the topmost node of `expr` row by row over its lowered children.
pub(super) fn lower(expr: &Expr, schema: &Schema) -> Result<Typed, Diagnostic> {
    let data_type = type_of(expr, schema);
    let mut node = expr.clone();
    let mut inputs = Vec::new();
    for child in node.children_mut() {
        if matches!(child.kind, ExprKind::Literal(_)) {
            continue;
        }
        let lowered = super::lower_node(child, schema)?;
        *child = match lowered.constant {
            Some(value) => Expr::literal(value),
            None => {
                inputs.push(lowered);
                Expr::column(format!("#{}", inputs.len() - 1))
            }
        };
    }
    let types: Vec<DataType> = inputs.iter().map(|input| input.data_type.clone()).collect();
    let exprs = inputs.into_iter().map(|input| input.expr).collect();
    let result_type = data_type.clone();
    let run = move |columns: &mut [Column]| evaluate(&node, columns, &types, &result_type);
    Ok(Typed::new(kernels::elementwise("row by row", exprs, &data_type, run), data_type))
}

fn evaluate(node: &Expr, columns: &mut [Column], types: &[DataType], result: &DataType) -> PolarsResult<Column> {
    let columns = kernels::aligned(columns);
    let name = columns.first().map(|column| column.name().clone()).unwrap_or_default();
    let height = columns.first().map_or(1, Column::len);
    let cells: Vec<Vec<Value>> = columns
        .iter()
        .zip(types)
        .map(|(column, data_type)| column_values(column.as_materialized_series(), data_type))
        .collect();
    let mut values = Vec::with_capacity(height);
    for row in 0..height {
        let lookup = |name: &str| {
            let index = name.get(1..).and_then(|digits| digits.parse::<usize>().ok());
            index.and_then(|index| cells.get(index)?.get(row).cloned()).unwrap_or(Value::Null)
        };
        values.push(eval(node, &lookup));
    }
    let references: Vec<&Value> = values.iter().collect();
    Ok(series_of(&name, result, &references).into_column())
}
