//! The way for everything that has no native form: the children are lowered, and the node itself is evaluated row by
//! row by the reference evaluator. Correct first; slower than a kernel.

use std::collections::HashMap;

use pipewright_core::data::{DataType, Schema, Value};
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::expr::{BinaryOp, Expr, ExprKind, eval, function};
use polars::prelude::{Column, IntoColumn, PolarsResult, StringChunked};

use super::{Typed, kernels, type_of};
use crate::allowance::Allowance;
use crate::frames::column_weight;
use crate::table::{Cells, column_values, put_text, series_of};

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
    let allowance = Allowance::current();
    if let Some(call) = PlainCall::of(&node) {
        let run = move |columns: &mut [Column]| call.run(columns, &types, &result_type, &allowance);
        return Ok(Typed::new(kernels::elementwise("call", exprs, &data_type, run), data_type));
    }
    let run = move |columns: &mut [Column]| evaluate(&node, columns, &types, &result_type, &allowance);
    Ok(Typed::new(kernels::elementwise("row by row", exprs, &data_type, run), data_type))
}

/// Whether a constant expression makes a text somewhere that would be too long, and is null there.
pub(super) fn loses(expr: &Expr) -> bool {
    settle(&mut expr.clone())
}

/// Puts its value in the place of a constant expression, from the inside out, so that nothing is worked out twice; tells
/// whether a text was lost on the way. Of cases and lists only some are worked out at all.
fn settle(expr: &mut Expr) -> bool {
    let mut loses = false;
    if !matches!(expr.kind, ExprKind::Case { .. } | ExprKind::InList { .. }) {
        for child in expr.children_mut() {
            loses |= settle(child);
        }
    }
    let value = eval(expr, &|_| Value::Null);
    if let ExprKind::Call(call) = &expr.kind
        && Grows::of(&call.function) != Grows::Never
        && value.is_null()
    {
        let is_given = |argument: &Expr| matches!(&argument.kind, ExprKind::Literal(value) if !value.is_null());
        loses |= call.args.iter().all(is_given);
    }
    *expr = Expr::literal(value);
    loses
}

fn evaluate(
    node: &Expr,
    columns: &mut [Column],
    types: &[DataType],
    result: &DataType,
    allowance: &Allowance,
) -> PolarsResult<Column> {
    let columns = kernels::aligned(columns);
    let name = columns.first().map(|column| column.name().clone()).unwrap_or_default();
    let height = columns.first().map_or(1, Column::len);
    // All cells become values at once.
    allowance.room_for(columns.iter().map(column_weight).fold(0, usize::saturating_add))?;
    let cells: Vec<Vec<Value>> = columns
        .iter()
        .zip(types)
        .map(|(column, data_type)| column_values(column.as_materialized_series(), data_type))
        .collect();
    let is_given = |side: &Expr| match &side.kind {
        ExprKind::Column(_) => true,
        ExprKind::Literal(value) => !value.is_null(),
        _ => false,
    };
    let is_joined = match &node.kind {
        ExprKind::Binary { op: BinaryOp::Concat, left, right } => is_given(left) && is_given(right),
        _ => false,
    };
    let mut gauge = allowance.gauge();
    let mut values = Vec::with_capacity(height);
    for row in 0..height {
        let lookup = |name: &str| {
            let index = name.get(1..).and_then(|digits| digits.parse::<usize>().ok());
            index.and_then(|index| cells.get(index)?.get(row).cloned()).unwrap_or(Value::Null)
        };
        let value = eval(node, &lookup);
        if is_joined && value.is_null() && cells.iter().all(|cells| !cells[row].is_null()) {
            // Two texts give none only where the result is too long.
            return Err(Allowance::too_long());
        }
        gauge.add_value(&value)?;
        values.push(value);
    }
    gauge.finish()?;
    let references: Vec<&Value> = values.iter().collect();
    Ok(series_of(&name, result, &references).into_column())
}

/// A call whose arguments are constants and input columns: the function itself is run over the rows, without a walk
/// through the tree, and without a new text for each cell.
struct PlainCall {
    function: fn(&[Value]) -> Value,
    /// Constants in their places; null where an input goes.
    arguments: Vec<Value>,
    /// (place among the arguments, input).
    inputs: Vec<(usize, usize)>,
    grows: Grows,
}

/// Different texts whose results are remembered, and lookups after which it is decided whether that pays.
const REMEMBERED: usize = 4096;

impl PlainCall {
    fn of(node: &Expr) -> Option<PlainCall> {
        let ExprKind::Call(call) = &node.kind else { return None };
        let mut plain = PlainCall {
            function: function(&call.function)?.eval?,
            arguments: Vec::new(),
            inputs: Vec::new(),
            grows: Grows::of(&call.function),
        };
        for (place, arg) in call.args.iter().enumerate() {
            match &arg.kind {
                ExprKind::Literal(value) => plain.arguments.push(value.clone()),
                ExprKind::Column(_) => {
                    plain.inputs.push((place, plain.inputs.len()));
                    plain.arguments.push(Value::Null);
                }
                _ => return None,
            }
        }
        Some(plain)
    }

    fn run(
        &self,
        columns: &mut [Column],
        types: &[DataType],
        result: &DataType,
        allowance: &Allowance,
    ) -> PolarsResult<Column> {
        let columns = kernels::aligned(columns);
        let name = columns.first().map(|column| column.name().clone()).unwrap_or_default();
        let height = columns.first().map_or(1, Column::len);
        let series: Vec<_> = columns.iter().map(|column| column.as_materialized_series().rechunk()).collect();
        let cells: Vec<Cells> = series.iter().zip(types).map(|(series, known)| Cells::new(series, known)).collect();
        let values = match cells.as_slice() {
            [Cells::Text(texts)] => self.over_texts(texts, allowance)?,
            _ => {
                let mut arguments = self.arguments.clone();
                let mut values = Vec::with_capacity(height);
                let mut gauge = allowance.gauge();
                for row in 0..height {
                    for (place, input) in &self.inputs {
                        cells[*input].put(row, &mut arguments[*place]);
                    }
                    let value = self.call(&arguments, allowance)?;
                    gauge.add_value(&value)?;
                    values.push(value);
                }
                gauge.finish()?;
                values
            }
        };
        let references: Vec<&Value> = values.iter().collect();
        Ok(series_of(&name, result, &references).into_column())
    }

    fn call(&self, arguments: &[Value], allowance: &Allowance) -> PolarsResult<Value> {
        let value = (self.function)(arguments);
        if value.is_null() {
            match self.grows {
                Grows::Always => return Err(Allowance::too_long()),
                Grows::Counted if arguments.iter().all(|argument| !argument.is_null()) => allowance.lose(),
                Grows::Counted | Grows::Never => {}
            }
        }
        Ok(value)
    }

    /// Logs repeat themselves: the results of texts met before are remembered as long as that pays.
    fn over_texts(&self, texts: &StringChunked, allowance: &Allowance) -> PolarsResult<Vec<Value>> {
        let mut arguments = self.arguments.clone();
        let mut compute = |text: Option<&str>| {
            for (place, _) in &self.inputs {
                put_text(text, &mut arguments[*place]);
            }
            self.call(&arguments, allowance)
        };
        let mut remembered: HashMap<&str, Value> = HashMap::new();
        let (mut lookups, mut hits) = (0, 0);
        let mut gauge = allowance.gauge();
        let mut values = Vec::with_capacity(texts.len());
        for text in texts.iter() {
            let Some(text) = text.filter(|_| lookups < REMEMBERED || hits * 2 > lookups) else {
                let value = compute(text)?;
                gauge.add_value(&value)?;
                values.push(value);
                continue;
            };
            lookups += 1;
            // What is lost is counted each time.
            if let Some(known) = remembered.get(text).filter(|known| !known.is_null() || self.grows == Grows::Never) {
                hits += 1;
                gauge.add_value(known)?;
                values.push(known.clone());
                continue;
            }
            let value = compute(Some(text))?;
            gauge.add_value(&value)?;
            if remembered.len() < REMEMBERED {
                remembered.insert(text, value.clone());
            }
            values.push(value);
        }
        gauge.finish()?;
        Ok(values)
    }
}

/// Whether a function of texts may give a text that is too long, and what it gives then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Grows {
    Never,
    /// Null, though no argument is: that is counted.
    Counted,
    /// Null, which it never gives otherwise.
    Always,
}

impl Grows {
    fn of(function: &str) -> Grows {
        match function {
            "repeat" | "replace" | "regexp_replace" | "pad_start" | "pad_end" | "list_join" => Grows::Counted,
            "concat" => Grows::Always,
            _ => Grows::Never,
        }
    }
}
