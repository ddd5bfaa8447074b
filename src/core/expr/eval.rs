//! The reference meaning of row-wise expressions: one row, one value. Engines that carry a function
//! natively are tested against this; the native engine falls back to it for the rest.

use std::collections::BTreeMap;

use super::{Expr, ExprKind};
use crate::data::Value;

/// The value of a row-wise expression (no aggregates, no windows, no strict casts, parameters bound).
/// Total: what cannot be computed is null.
pub fn eval(expr: &Expr, column: &dyn Fn(&str) -> Value) -> Value {
    match &expr.kind {
        ExprKind::Literal(value) => value.clone(),
        ExprKind::Column(name) => column(name),
        _ => Value::Null,
    }
}

/// Puts the parameters' values in place of their names. Names that have none stay.
pub fn bind(expr: &Expr, parameters: &BTreeMap<String, Value>) -> Expr {
    expr.clone().rewrite(&mut |expr| match &expr.kind {
        ExprKind::Parameter(name) => match parameters.get(name) {
            Some(value) => Expr { kind: ExprKind::Literal(value.clone()), span: expr.span },
            None => expr,
        },
        _ => expr,
    })
}
