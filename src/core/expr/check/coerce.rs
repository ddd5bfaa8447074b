//! Types without diagnostics, and `coerce`: the same expression with equal types on both sides.
//! Must not import any room but `data`.

use super::super::functions::{ArgType, FunctionKind, function};
use super::super::rules::{binary, compared, literal_as};
use super::super::{BinaryOp, Call, Expr, ExprKind};
use super::Scope;
use crate::data::{DataType, Value, exact_float, exact_int};

/// The type of the expression; what is wrong or not known yet is `Unknown`. Cheaper than `check`.
pub fn type_of(expr: &Expr, scope: &Scope) -> DataType {
    match &expr.kind {
        ExprKind::Literal(value) => value.data_type(),
        ExprKind::Column(name) => scope.schema.get(name).map_or(DataType::Unknown, |field| field.data_type.clone()),
        ExprKind::Parameter(name) => scope.parameter(name).unwrap_or(DataType::Unknown),
        ExprKind::Member { record, name } => match type_of(record, scope) {
            DataType::Record(fields) => {
                fields.into_iter().find(|(field, _)| field == name).map_or(DataType::Unknown, |(_, field)| field)
            }
            _ => DataType::Unknown,
        },
        ExprKind::Not(_)
        | ExprKind::IsNull { .. }
        | ExprKind::IsBoolean { .. }
        | ExprKind::IsDistinct { .. }
        | ExprKind::Between { .. }
        | ExprKind::InList { .. }
        | ExprKind::Like { .. } => DataType::Boolean,
        ExprKind::Negate(inner) => type_of(inner, scope),
        ExprKind::Binary { op: BinaryOp::And | BinaryOp::Or, .. } => DataType::Boolean,
        ExprKind::Binary { op, .. } if op.is_comparison() => DataType::Boolean,
        ExprKind::Binary { op, left, right } => {
            let sides = compared(left, type_of(left, scope), right, type_of(right, scope));
            binary(*op, &sides.0, &sides.1).unwrap_or(DataType::Unknown)
        }
        ExprKind::Case { branches, otherwise, .. } => {
            let results = branches.iter().map(|(_, then)| then).chain(otherwise.as_deref());
            results.fold(DataType::Unknown, |sum, branch| sum.common(&type_of(branch, scope)).unwrap_or(sum))
        }
        ExprKind::Cast { to, .. } => to.clone(),
        ExprKind::Call(call) => call_type(call, scope),
    }
}

fn call_type(call: &Call, scope: &Scope) -> DataType {
    let Some(function) = function(&call.function) else { return DataType::Unknown };
    let types: Vec<DataType> = call.args.iter().map(|arg| type_of(arg, scope)).collect();
    (function.result)(&types).unwrap_or(DataType::Unknown)
}

/// The expression with the conversions that its types imply written out: text literals beside times and spans
/// become such literals, Dates beside Timestamps are cast, `||` gets texts, and branches of `case`, `if`,
/// `coalesce` and their like get one type. Only Int beside Float in arithmetic and comparisons stays implicit; a number
/// that is compared with a column of the other type is written as that type where it is the same number.
pub fn coerce(expr: &Expr, scope: &Scope) -> Expr {
    expr.clone().rewrite(&mut |mut expr| {
        match &mut expr.kind {
            ExprKind::Binary { op, left, right } => coerce_binary(*op, left, right, scope),
            ExprKind::IsDistinct { left, right, .. } => coerce_pair(left, right, scope),
            ExprKind::Between { expr, low, high, .. } => coerce_all(expr, &mut [low, high], scope),
            ExprKind::InList { expr, list, .. } => {
                let mut items: Vec<&mut Expr> = list.iter_mut().collect();
                coerce_all(expr, &mut items, scope);
            }
            ExprKind::Case { operand, branches, otherwise } => {
                if let Some(operand) = operand {
                    let mut whens: Vec<&mut Expr> = branches.iter_mut().map(|(when, _)| when).collect();
                    coerce_all(operand, &mut whens, scope);
                }
                let results = branches.iter_mut().map(|(_, then)| then).chain(otherwise.as_deref_mut());
                coerce_same(results.collect(), scope);
            }
            ExprKind::Call(call) => coerce_call(call, scope),
            ExprKind::Literal(_)
            | ExprKind::Column(_)
            | ExprKind::Parameter(_)
            | ExprKind::Member { .. }
            | ExprKind::Not(_)
            | ExprKind::Negate(_)
            | ExprKind::IsNull { .. }
            | ExprKind::IsBoolean { .. }
            | ExprKind::Like { .. }
            | ExprKind::Cast { .. } => {}
        }
        expr
    })
}

fn coerce_binary(op: BinaryOp, left: &mut Expr, right: &mut Expr, scope: &Scope) {
    if op.is_comparison() {
        return coerce_pair(left, right, scope);
    }
    match op {
        BinaryOp::Concat => {
            for side in [left, right] {
                convert(side, &DataType::String, scope);
            }
        }
        BinaryOp::Subtract | BinaryOp::Add => {
            if op == BinaryOp::Subtract {
                read_literals(left, right, scope);
            }
            // A Date counts as its midnight.
            for side in [left, right] {
                if type_of(side, scope) == DataType::Date {
                    convert(side, &DataType::Timestamp, scope);
                }
            }
        }
        _ => {}
    }
}

fn read_literals(left: &mut Expr, right: &mut Expr, scope: &Scope) {
    let (left_type, right_type) = (type_of(left, scope), type_of(right, scope));
    if let Some(value) = literal_as(left, &right_type) {
        left.kind = ExprKind::Literal(value);
    } else if let Some(value) = literal_as(right, &left_type) {
        right.kind = ExprKind::Literal(value);
    }
}

/// Both sides of a comparison.
fn coerce_pair(left: &mut Expr, right: &mut Expr, scope: &Scope) {
    read_literals(left, right, scope);
    match (type_of(left, scope), type_of(right, scope)) {
        (DataType::Date, DataType::Timestamp) => convert(left, &DataType::Timestamp, scope),
        (DataType::Timestamp, DataType::Date) => convert(right, &DataType::Timestamp, scope),
        (left_type, right_type) => {
            settle_number(left, &right_type);
            settle_number(right, &left_type);
        }
    }
}

/// A number that is compared with values of the other type, written as one of them where that changes nothing.
fn settle_number(number: &mut Expr, other: &DataType) {
    let ExprKind::Literal(value) = &number.kind else { return };
    let settled = match (value, other) {
        (Value::Int(int), DataType::Float) => exact_float(*int).map(Value::Float),
        (Value::Float(float), DataType::Int) => exact_int(*float).map(Value::Int),
        _ => None,
    };
    if let Some(value) = settled {
        number.kind = ExprKind::Literal(value);
    }
}

/// One value compared with several: if any of them is a Timestamp, all are.
fn coerce_all(subject: &mut Expr, others: &mut [&mut Expr], scope: &Scope) {
    for other in others.iter_mut() {
        read_literals(subject, other, scope);
    }
    let subject_type = type_of(subject, scope);
    for other in others.iter_mut() {
        settle_number(other, &subject_type);
    }
    let is = |expr: &Expr, wanted: DataType| type_of(expr, scope) == wanted;
    let moments = |expr: &Expr| matches!(type_of(expr, scope), DataType::Date | DataType::Timestamp);
    let timestamps = is(subject, DataType::Timestamp) || others.iter().any(|other| is(other, DataType::Timestamp));
    if timestamps && moments(subject) {
        for expr in std::iter::once(subject).chain(others.iter_mut().map(|other| &mut **other)) {
            if is(expr, DataType::Date) {
                convert(expr, &DataType::Timestamp, scope);
            }
        }
    }
}

/// Values of which one is the result.
fn coerce_same(values: Vec<&mut Expr>, scope: &Scope) {
    let common = values
        .iter()
        .try_fold(DataType::Unknown, |sum, value| sum.common(&type_of(value, scope)))
        .unwrap_or(DataType::Unknown);
    if matches!(common, DataType::Float | DataType::Timestamp) {
        for value in values {
            convert(value, &common, scope);
        }
    }
}

fn coerce_call(call: &mut Call, scope: &Scope) {
    let Some(function) = function(&call.function) else { return };
    for (index, arg) in call.args.iter_mut().enumerate() {
        let wanted = function.arg(index);
        let arg_type = type_of(arg, scope);
        if !wanted.accepts(&arg_type)
            && let Some(value) = wanted.data_type().and_then(|wanted| literal_as(arg, &wanted))
        {
            arg.kind = ExprKind::Literal(value);
        } else if wanted == ArgType::Timestamp && arg_type == DataType::Date {
            convert(arg, &DataType::Timestamp, scope);
        }
    }
    match (function.name, call.args.as_mut_slice()) {
        // What is compared is not what is given: neither is rounded to the other's type.
        ("nullif", [value, other]) => return settle_number(other, &type_of(value, scope)),
        ("clamp", _) => return,
        _ => {}
    }
    let chooses = function.kind != FunctionKind::Aggregate
        && (function.args.contains(&ArgType::Same) || matches!(function.name, "greatest" | "least"));
    if chooses {
        let same = call
            .args
            .iter_mut()
            .enumerate()
            .filter(|(index, _)| matches!(function.arg(*index), ArgType::Same | ArgType::Ordered));
        coerce_same(same.map(|(_, arg)| arg).collect(), scope);
    }
}

/// Writes out a conversion, at once where the value is a literal.
fn convert(expr: &mut Expr, to: &DataType, scope: &Scope) {
    let from = type_of(expr, scope);
    if from == *to || from.is_unknown() {
        return;
    }
    if let ExprKind::Literal(value) = &expr.kind {
        expr.kind = ExprKind::Literal(super::super::cast::cast(value, to));
        return;
    }
    let span = expr.span;
    let inner = std::mem::replace(expr, Expr::literal(Value::Null));
    *expr = Expr { kind: ExprKind::Cast { expr: Box::new(inner), to: to.clone(), strict: false }, span };
}
