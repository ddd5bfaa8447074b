//! Casts. Those that Polars makes with the same meaning are native, the others go row by row.

use pipewright_core::data::{DataType, Schema};
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::expr::Expr;

use super::{Typed, lower, rowwise};
use crate::table::polars_type;

pub(super) fn cast(whole: &Expr, inner: &Expr, to: &DataType, schema: &Schema) -> Result<Typed, Diagnostic> {
    let inner = lower(inner, schema)?;
    if inner.data_type == *to {
        return Ok(inner);
    }
    let native = match (&inner.data_type, to) {
        (DataType::Int, DataType::Float | DataType::String) => true,
        (DataType::Date, DataType::Timestamp) => true,
        _ => false,
    };
    if native {
        return Ok(Typed::new(inner.expr.cast(polars_type(to)), to.clone()));
    }
    rowwise::lower(whole, schema)
}
