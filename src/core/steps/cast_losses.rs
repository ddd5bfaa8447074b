//! What expressions take from values by their conversions, written and implied, and where they have no result: told of
//! every column that a step computes for its user. Imports nothing above `ir`.

use super::Lowering;
use super::casts::lenient;
use crate::data::{DataType, Value};
use crate::expr::{self, BinaryOp, Call, Expr, ExprKind, Place, Scope};
use crate::ir::{Column, Loss, LossKind, NodeId, may_lose};

/// What may be lost, null in the rows in which it is not computed.
struct Conversion {
    value: Expr,
    to: Target,
}

/// Functions that make times and spans of numbers or other times, where their type has such a one.
const MADE_OF_NUMBERS: [&str; 3] = ["from_epoch", "to_duration", "at_timezone"];

/// What an expression gives.
type Types<'a> = &'a dyn Fn(&Expr) -> DataType;

enum Target {
    /// The value becomes one of another type.
    Type(DataType),
    /// The value says whether a calculation has no result, though it has all that it is made from.
    Result,
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
            let (mut found, mut beyond) = (Vec::new(), Vec::new());
            collect(&expr::coerce(&column.expr, &scope), &|expr| expr::type_of(expr, &scope), &mut found);
            for Conversion { value, to } in found {
                let Target::Type(to) = to else {
                    beyond.push(value);
                    continue;
                };
                let from = expr::type_of(&value, &scope);
                if may_lose(&from, &to) && !is_meant(&from, &to) && !value.columns().is_empty() {
                    losses.push(Loss { column: column.name.clone(), kind: LossKind::Cast(to), given: value });
                }
            }
            let any = beyond.into_iter().reduce(|any, one| Expr::binary(BinaryOp::Or, any, one));
            if let Some(given) = any.filter(|given| !given.columns().is_empty()) {
                losses.push(Loss { column: column.name.clone(), kind: LossKind::Beyond, given });
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
fn collect(expr: &Expr, types: Types, found: &mut Vec<Conversion>) {
    if is_calculation(expr) {
        let mut given = Vec::new();
        let may_fail = calculated(expr, &mut given, &mut |inner| clamped(inner, types, found));
        given.iter().for_each(|given| collect(given, types, found));
        let is_none = |given: &&Expr| matches!(given.kind, ExprKind::Literal(Value::Null));
        if may_fail && !given.iter().any(is_none) {
            let given = given.into_iter().filter(|given| !matches!(given.kind, ExprKind::Literal(_)));
            let has_all = given.map(|given| Expr::is_null(lenient(given.clone()), true));
            let value = Expr::all(has_all.chain([Expr::is_null(lenient(expr.clone()), false)]));
            found.push(Conversion { value, to: Target::Result });
        }
        return;
    }
    match &expr.kind {
        ExprKind::Cast { expr: from, to, .. } => {
            collect(from, types, found);
            found.push(Conversion { value: lenient((**from).clone()), to: Target::Type(to.clone()) });
        }
        ExprKind::Case { operand, branches, otherwise } => {
            for (index, (when, then)) in branches.iter().enumerate() {
                guarded((operand, &branches[..index], Some(when)), then, types, found);
            }
            if let Some(otherwise) = otherwise {
                guarded((operand, branches, None), otherwise, types, found);
            }
        }
        ExprKind::Call(call) => of_call(call, types, found),
        ExprKind::Binary { op, left, right } if !op.is_comparison() => {
            collect(left, types, found);
            collect(right, types, found);
        }
        ExprKind::Negate(inner) | ExprKind::Member { record: inner, .. } => collect(inner, types, found),
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

/// Whether an expression works a number, time or span out of others, and is null only where one of those is, or where
/// its type has no such value.
fn is_calculation(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Negate(_) => true,
        ExprKind::Binary { op, .. } => op.is_arithmetic(),
        ExprKind::Call(call) => {
            call.over.is_none()
                && (MADE_OF_NUMBERS.contains(&call.function.as_str())
                    || expr::function(&call.function).is_some_and(|known| known.group == "numbers"))
        }
        _ => false,
    }
}

/// What a calculation is made from, with those inside of it, which are shown to `each`; whether it may have no result for
/// some of that.
fn calculated<'a>(expr: &'a Expr, given: &mut Vec<&'a Expr>, each: &mut dyn FnMut(&Expr)) -> bool {
    if !is_calculation(expr) {
        given.push(expr);
        return false;
    }
    each(expr);
    let mut may_fail = match &expr.kind {
        ExprKind::Binary { op, right, .. } => !holds_for_all(*op, right),
        _ => true,
    };
    for child in expr.children() {
        may_fail |= calculated(child, given, each);
    }
    may_fail
}

/// `clamp` compares numbers as they are, and gives one of them: beside a Float an Int becomes one only then.
fn clamped(expr: &Expr, types: Types, found: &mut Vec<Conversion>) {
    let ExprKind::Call(Call { function, args, .. }) = &expr.kind else { return };
    let ("clamp", [number, low, high]) = (function.as_str(), args.as_slice()) else { return };
    let to = types(expr);
    let compared =
        |left: &Expr, op: BinaryOp, right: &Expr| Expr::binary(op, lenient(left.clone()), lenient(right.clone()));
    let is_open = compared(low, BinaryOp::LessOrEqual, high);
    let (is_low, is_high) = (compared(number, BinaryOp::Less, low), compared(number, BinaryOp::Greater, high));
    let is_between = [compared(number, BinaryOp::GreaterOrEqual, low), compared(number, BinaryOp::LessOrEqual, high)];
    let chosen = [
        (number, Expr::all(is_between)),
        (low, Expr::all([is_open.clone(), is_low])),
        (high, Expr::all([is_open, is_high])),
    ];
    for (value, is_given) in chosen.into_iter().filter(|(value, _)| types(value) != to) {
        let branches = vec![(is_given, lenient(value.clone()))];
        let value = Expr::made(ExprKind::Case { operand: None, branches, otherwise: None });
        found.push(Conversion { value, to: Target::Type(to.clone()) });
    }
}

/// Whether every number has a result: divided by one that makes it no larger.
fn holds_for_all(op: BinaryOp, right: &Expr) -> bool {
    let by = match &right.kind {
        ExprKind::Cast { expr, .. } => &expr.kind,
        kind => kind,
    };
    let by = match by {
        ExprKind::Literal(Value::Int(by)) => *by as f64,
        ExprKind::Literal(Value::Float(by)) => *by,
        _ => return false,
    };
    matches!(op, BinaryOp::Divide | BinaryOp::IntegerDivide | BinaryOp::Modulo) && by >= 1.0
}

fn of_call(call: &Call, types: Types, found: &mut Vec<Conversion>) {
    match (call.function.as_str(), call.args.as_slice()) {
        ("if", [when, then, otherwise]) => {
            guarded((&None, &[], Some(when)), then, types, found);
            guarded((&None, &[(when.clone(), then.clone())], None), otherwise, types, found);
        }
        // A value is taken where those before it are null.
        ("coalesce", args) => {
            for (index, arg) in args.iter().enumerate() {
                let before: Vec<(Expr, Expr)> =
                    args[..index].iter().map(|one| (Expr::is_null(one.clone(), true), one.clone())).collect();
                guarded((&None, &before, None), arg, types, found);
            }
        }
        (_, args) => args.iter().for_each(|arg| collect(arg, types, found)),
    }
}

/// What a value of a `case` is computed for: its operand, the branches before, its own condition.
type Guard<'a> = (&'a Option<Box<Expr>>, &'a [(Expr, Expr)], Option<&'a Expr>);

/// Conversions in `expr`, which is computed only where none of `before` matched, and `when` (if any) did.
fn guarded((operand, before, when): Guard, expr: &Expr, types: Types, found: &mut Vec<Conversion>) {
    let mut own = Vec::new();
    collect(expr, types, &mut own);
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
        // `i` is an Int, and what it is clamped with may be none.
        let types = |expr: &Expr| if print(expr) == "i" { DataType::Int } else { DataType::Float };
        collect(&expr::parse(text).unwrap(), &types, &mut found);
        let text = |one: &Conversion| match &one.to {
            Target::Type(to) => format!("{} to {to}", print(&one.value)),
            Target::Result => print(&one.value),
        };
        found.iter().map(text).collect()
    }

    #[test]
    fn a_conversion_counts_where_its_branch_is_taken() {
        assert_eq!(conversions("cast(a as float) / 2"), ["a to Float"]);
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

    #[test]
    fn a_number_beside_a_fraction_is_one_where_it_is_the_one_that_is_given() {
        let found = conversions("clamp(i, 0, x) + 1");
        assert_eq!(found[0], "case when i >= 0 and i <= x then i end to Float");
        assert_eq!(found.len(), 2, "the other is that there may be no result: {found:?}");
        assert!(conversions("clamp(i, 0, x) > 1").is_empty());
    }

    #[test]
    fn a_calculation_is_lost_where_it_has_all_that_it_is_made_from() {
        let found = conversions("-(a + 1) * cast(b as int)");
        assert_eq!(
            found,
            ["b to Int", "a is not null and try_cast(b as Int) is not null and -(a + 1) * try_cast(b as Int) is null"]
        );
        assert_eq!(
            conversions("case when b > 0 then a / b end"),
            ["case when b > 0 then a is not null and b is not null and a / b is null end"]
        );
        for never in ["a / 2", "a % 7", "a div 10", "a + null", "a / b > 1", "a || b", "lower(a)"] {
            assert_eq!(conversions(never), [""; 0], "{never}");
        }
        let of_numbers = ["from_epoch(a, 'seconds')", "to_duration(a, 'hours')", "at_timezone(a, 'Europe/Berlin')"];
        for may in ["a / 0.5", "a div -1", "a % 0", "sqrt(a)", "-a"].into_iter().chain(of_numbers) {
            assert_eq!(conversions(may).len(), 1, "{may}");
        }
    }
}
