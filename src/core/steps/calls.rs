//! Compound measures and window calculations: `sum(a) / count(*)` becomes single calls under hidden names and a
//! projection over them, which is what `Aggregate` and `Window` take. Imports nothing above `ir`.

use std::collections::HashSet;

use crate::expr::{Expr, ExprKind, FunctionKind, function};
use crate::ir::Column;

/// Columns with single calls, and the expressions over them. `over` decides whether windows or aggregates are meant.
pub(super) struct SplitCalls {
    /// Each a single call.
    pub calls: Vec<Column>,
    /// The expressions asked for, in terms of the calls' names.
    pub results: Vec<Column>,
}

impl SplitCalls {
    /// Whether the results are just the calls, in order.
    pub fn is_direct(&self) -> bool {
        self.calls.len() == self.results.len()
            && self.calls.iter().zip(&self.results).all(|(call, result)| {
                call.name == result.name && matches!(&result.expr.kind, ExprKind::Column(name) if *name == call.name)
            })
    }
}

/// Takes the calls out of expressions. `taken`: names that the hidden columns must not have.
pub(super) fn split_calls(columns: Vec<Column>, is_window: bool, taken: &HashSet<String>) -> SplitCalls {
    let mut names: HashSet<String> = taken.clone();
    names.extend(columns.iter().map(|column| column.name.clone()));
    let mut split = SplitCalls { calls: Vec::new(), results: Vec::new() };
    for column in columns {
        if is_call(&column.expr, is_window) {
            split.results.push(Column::same(&column.name));
            split.calls.push(column);
            continue;
        }
        let expr = take_calls(column.expr, is_window, &mut names, &mut split.calls);
        split.results.push(Column { name: column.name, expr });
    }
    split
}

/// Whether the expression is one call of the wanted kind.
pub(super) fn is_call(expr: &Expr, is_window: bool) -> bool {
    match &expr.kind {
        ExprKind::Call(call) if is_window => call.over.is_some(),
        ExprKind::Call(call) => {
            call.over.is_none() && function(&call.function).is_some_and(|found| found.kind == FunctionKind::Aggregate)
        }
        _ => false,
    }
}

/// Whether the expression holds a call of the wanted kind.
pub(super) fn has_call(expr: &Expr, is_window: bool) -> bool {
    is_call(expr, is_window) || expr.children().into_iter().any(|child| has_call(child, is_window))
}

fn take_calls(mut expr: Expr, is_window: bool, names: &mut HashSet<String>, calls: &mut Vec<Column>) -> Expr {
    if is_call(&expr, is_window) {
        if let Some(known) = calls.iter().find(|call| call.expr == expr) {
            return Expr::column(&known.name);
        }
        let mut number = calls.len() + 1;
        while names.contains(&format!("_{number}")) {
            number += 1;
        }
        let name = format!("_{number}");
        names.insert(name.clone());
        calls.push(Column::new(&name, expr));
        return Expr::column(name);
    }
    for child in expr.children_mut() {
        let taken = std::mem::replace(child, Expr::literal(crate::data::Value::Null));
        *child = take_calls(taken, is_window, names, calls);
    }
    expr
}
