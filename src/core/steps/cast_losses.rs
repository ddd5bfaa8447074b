//! What expressions take from values by their conversions, written and implied: told of every column that a step
//! computes for its user. Imports nothing above `ir`.

use super::Lowering;
use super::casts::lenient;
use crate::data::DataType;
use crate::expr::{self, Call, Expr, ExprKind, Place, Scope};
use crate::ir::{Column, Loss, LossKind, NodeId, may_lose};

/// A value that is converted, null in the rows in which it is not.
struct Conversion {
    value: Expr,
    to: DataType,
}

impl Lowering<'_> {
    /// What columns may lose of the values that they are computed from, but for what whoever wrote the expressions meant
    /// to lose: the clock of a time as a date, the fraction of a number as a whole one.
    pub(super) fn written_cast_losses(&self, columns: &[Column], input: NodeId) -> Vec<Loss> {
        let is_meant = |from: &DataType, to: &DataType| {
            matches!((from, to), (DataType::Timestamp, DataType::Date) | (DataType::Float, DataType::Int))
        };
        self.losses_but(is_meant, columns, input)
    }

    /// What columns may lose of the values that they are computed from.
    pub(super) fn cast_losses(&self, columns: &[Column], input: NodeId) -> Vec<Loss> {
        self.losses_but(|_, _| false, columns, input)
    }

    fn losses_but(&self, is_meant: fn(&DataType, &DataType) -> bool, columns: &[Column], input: NodeId) -> Vec<Loss> {
        let scope = Scope { schema: self.schema(input), parameters: self.context.parameters, place: Place::Row };
        let mut losses = Vec::new();
        for column in columns.iter().filter(|column| !matches!(column.expr.kind, ExprKind::Column(_))) {
            let mut found = Vec::new();
            collect(&expr::coerce(&column.expr, &scope), &mut found);
            for Conversion { value, to } in found {
                let from = expr::type_of(&value, &scope);
                if may_lose(&from, &to) && !is_meant(&from, &to) && !value.columns().is_empty() {
                    losses.push(Loss { column: column.name.clone(), kind: LossKind::Cast(to), given: value });
                }
            }
            if let ExprKind::Call(Call { function, args, .. }) = &column.expr.kind
                && let ("to_timestamp", Some(text)) = (function.as_str(), args.first())
            {
                losses.push(Loss { column: column.name.clone(), kind: LossKind::Finer, given: text.clone() });
            }
        }
        losses
    }
}

/// The conversions whose result comes to be in the value of an expression. What is only compared loses nothing.
fn collect(expr: &Expr, found: &mut Vec<Conversion>) {
    match &expr.kind {
        ExprKind::Cast { expr: from, to, .. } => {
            collect(from, found);
            found.push(Conversion { value: lenient((**from).clone()), to: to.clone() });
        }
        ExprKind::Case { operand, branches, otherwise } => {
            for (index, (when, then)) in branches.iter().enumerate() {
                guarded(operand, &branches[..index], Some(when), then, found);
            }
            if let Some(otherwise) = otherwise {
                guarded(operand, branches, None, otherwise, found);
            }
        }
        ExprKind::Call(call) => of_call(call, found),
        ExprKind::Binary { op, left, right } if !op.is_comparison() => {
            collect(left, found);
            collect(right, found);
        }
        ExprKind::Negate(inner) | ExprKind::Member { record: inner, .. } => collect(inner, found),
        ExprKind::Binary { .. }
        | ExprKind::Literal(_)
        | ExprKind::Column(_)
        | ExprKind::Parameter(_)
        | ExprKind::Not(_)
        | ExprKind::IsNull { .. }
        | ExprKind::IsBoolean { .. }
        | ExprKind::IsDistinct { .. }
        | ExprKind::Between { .. }
        | ExprKind::InList { .. }
        | ExprKind::Like { .. } => {}
    }
}

fn of_call(call: &Call, found: &mut Vec<Conversion>) {
    match (call.function.as_str(), call.args.as_slice()) {
        ("if", [when, then, otherwise]) => {
            guarded(&None, &[], Some(when), then, found);
            guarded(&None, &[(when.clone(), then.clone())], None, otherwise, found);
        }
        // A value is taken where those before it are null.
        ("coalesce", args) => {
            for (index, arg) in args.iter().enumerate() {
                let before: Vec<(Expr, Expr)> =
                    args[..index].iter().map(|one| (Expr::is_null(one.clone(), true), one.clone())).collect();
                guarded(&None, &before, None, arg, found);
            }
        }
        (_, args) => args.iter().for_each(|arg| collect(arg, found)),
    }
}

/// Conversions in `expr`, which is computed only where none of `before` matched, and `when` (if any) did.
fn guarded(
    operand: &Option<Box<Expr>>,
    before: &[(Expr, Expr)],
    when: Option<&Expr>,
    expr: &Expr,
    found: &mut Vec<Conversion>,
) {
    let mut own = Vec::new();
    collect(expr, &mut own);
    let none = || Expr::literal(crate::data::Value::Null);
    for Conversion { value, to } in own {
        let mut branches: Vec<(Expr, Expr)> = before.iter().map(|(when, _)| (lenient(when.clone()), none())).collect();
        let otherwise = match when {
            Some(when) => {
                branches.push((lenient(when.clone()), value));
                None
            }
            None => Some(value),
        };
        let value = match (branches.is_empty(), otherwise) {
            (true, Some(value)) => value,
            (_, otherwise) => Expr::made(ExprKind::Case {
                operand: operand.as_ref().map(|operand| Box::new(lenient((**operand).clone()))),
                branches,
                otherwise: otherwise.map(Box::new),
            }),
        };
        found.push(Conversion { value, to });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::print;

    fn conversions(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        collect(&expr::parse(text).unwrap(), &mut found);
        found.iter().map(|one| format!("{} to {}", print(&one.value), one.to)).collect()
    }

    #[test]
    fn a_conversion_counts_where_its_branch_is_taken() {
        assert_eq!(conversions("cast(a as float) + 1"), ["a to Float"]);
        assert_eq!(conversions("cast(a as float) > 1"), [""; 0]);
        assert_eq!(
            conversions("case when k = 1 then try_cast(a as int) else cast(b as date) end"),
            ["case when k = 1 then a end to Int", "case when k = 1 then null else b end to Date"]
        );
        assert_eq!(conversions("if(k, 0, cast(a as int))"), ["case when k then null else a end to Int"]);
        assert_eq!(
            conversions("coalesce(b, cast(a as float))"),
            ["case when b is not null then null else a end to Float"]
        );
    }
}
