//! How tightly operators bind, for parser and printer alike. Must not import any room.

use super::{BinaryOp, ExprKind};

pub(super) const ANY: u8 = 0;
pub(super) const OR: u8 = 1;
pub(super) const AND: u8 = 2;
pub(super) const NOT: u8 = 3;
/// Comparisons, `is`, `in`, `between`, `like`.
pub(super) const COMPARE: u8 = 4;
pub(super) const CONCAT: u8 = 5;
pub(super) const ADD: u8 = 6;
pub(super) const MULTIPLY: u8 = 7;
pub(super) const NEGATE: u8 = 8;
/// `::type`, `.member`.
pub(super) const POSTFIX: u8 = 9;

pub(super) fn of_operator(op: BinaryOp) -> u8 {
    match op {
        BinaryOp::Or => OR,
        BinaryOp::And => AND,
        BinaryOp::Equal
        | BinaryOp::NotEqual
        | BinaryOp::Less
        | BinaryOp::LessOrEqual
        | BinaryOp::Greater
        | BinaryOp::GreaterOrEqual => COMPARE,
        BinaryOp::Concat => CONCAT,
        BinaryOp::Add | BinaryOp::Subtract => ADD,
        BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::IntegerDivide | BinaryOp::Modulo => MULTIPLY,
    }
}

pub(super) fn of(kind: &ExprKind) -> u8 {
    match kind {
        ExprKind::Binary { op, .. } => of_operator(*op),
        ExprKind::Not(_) => NOT,
        ExprKind::IsNull { .. }
        | ExprKind::IsBoolean { .. }
        | ExprKind::IsDistinct { .. }
        | ExprKind::Between { .. }
        | ExprKind::InList { .. }
        | ExprKind::Like { .. } => COMPARE,
        ExprKind::Negate(_) => NEGATE,
        ExprKind::Literal(_)
        | ExprKind::Column(_)
        | ExprKind::Parameter(_)
        | ExprKind::Member { .. }
        | ExprKind::Case { .. }
        | ExprKind::Cast { .. }
        | ExprKind::Call(_) => POSTFIX,
    }
}
