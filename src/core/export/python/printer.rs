//! Expressions → expressions of Polars in Python, with Pipewright's semantics. What Polars computes in another way is
//! called by a name that begins with `pw_`, which the prelude defines.

use std::collections::BTreeMap;

use super::functions::{self, Scalar};
use super::literals::{Python, bare, column_text, dtype, literal, member, plain, refuse};
use crate::data::{DataType, Schema, Value};
use crate::diagnostic::Diagnostic;
use crate::expr::{self, BinaryOp, Call, Expr, ExprKind, FunctionKind, Place, Scope, function};
use crate::quote::python_text;

/// The columns and parameters that an expression sees.
pub struct Printer<'a> {
    pub schema: &'a Schema,
    pub parameters: &'a BTreeMap<String, DataType>,
}

impl Printer<'_> {
    fn scope(&self) -> Scope<'_> {
        Scope { schema: self.schema, parameters: self.parameters, place: Place::Window }
    }

    pub fn type_of(&self, expr: &Expr) -> DataType {
        expr::type_of(expr, &self.scope())
    }

    pub fn coerced(&self, expr: &Expr) -> Expr {
        expr::coerce(expr, &self.scope())
    }

    /// An expression, in parentheses where it needs them as a part of another.
    pub fn print(&self, expr: &Expr) -> Python {
        self.python(&self.coerced(expr))
    }

    /// An expression as a column of a type.
    pub fn print_as(&self, expr: &Expr, wanted: &DataType) -> Python {
        self.value(&self.coerced(expr), wanted)
    }

    /// A condition, which is true or not.
    pub fn holds(&self, expr: &Expr) -> Python {
        Ok(format!("{}.fill_null(False)", self.print_as(expr, &DataType::Boolean)?))
    }

    /// A coerced expression of a type; what has no type holds nulls only.
    pub fn value(&self, expr: &Expr, wanted: &DataType) -> Python {
        let data_type = self.type_of(expr);
        if let ExprKind::Literal(value) = &expr.kind {
            return literal(value, if data_type.is_unknown() { wanted } else { &data_type })
                .map(|sql| self.widened(sql, &data_type, wanted));
        }
        if data_type.is_unknown() && !wanted.is_unknown() {
            return literal(&Value::Null, wanted);
        }
        Ok(self.widened(self.python(expr)?, &data_type, wanted))
    }

    fn widened(&self, python: String, from: &DataType, to: &DataType) -> String {
        match from == to || from.is_unknown() || to.is_unknown() {
            true => python,
            false => format!("{python}.cast({})", dtype(to)),
        }
    }

    pub fn python(&self, expr: &Expr) -> Python {
        expr::deep(|| self.level(expr))
    }

    fn level(&self, expr: &Expr) -> Python {
        if !matches!(expr.kind, ExprKind::Literal(_)) && expr::is_constant(expr) {
            let value = expr::eval(expr, &|_| Value::Null);
            return literal(&value, &self.type_of(expr));
        }
        Ok(match &expr.kind {
            ExprKind::Literal(value) => literal(value, &value.data_type())?,
            ExprKind::Column(name) => format!("pl.col({})", column_text(name)),
            ExprKind::Parameter(name) => format!("parameter[{}]", python_text(name)),
            ExprKind::Member { record, name } => {
                format!("{}{}", self.python(record)?, member(&self.type_of(record), name))
            }
            ExprKind::Not(expr) => format!("(~{})", self.value(expr, &DataType::Boolean)?),
            ExprKind::Negate(inner) => match self.type_of(inner) {
                DataType::Int => format!("pw_negate({})", bare(&self.python(inner)?)),
                DataType::Duration => {
                    format!("pw_negate({}, {})", bare(&self.python(inner)?), dtype(&DataType::Duration))
                }
                // So that zero has no sign.
                _ => format!("(0.0 - {})", self.value(inner, &DataType::Float)?),
            },
            ExprKind::Binary { op, left, right } => self.binary(expr, *op, left, right)?,
            ExprKind::IsNull { expr, negated } => {
                format!("{}.is_{}null()", self.python(expr)?, if *negated { "not_" } else { "" })
            }
            ExprKind::IsBoolean { expr, value, negated } => {
                let word = if *negated { "ne" } else { "eq" };
                let value = if *value { "True" } else { "False" };
                format!("{}.{word}_missing(pl.lit({value}))", self.value(expr, &DataType::Boolean)?)
            }
            ExprKind::IsDistinct { left, right, negated } => self.distinct(left, right, *negated)?,
            ExprKind::Between { expr, low, high, negated } => self.between(expr, low, high, *negated)?,
            ExprKind::InList { expr, list, negated } => self.in_list(expr, list, *negated)?,
            ExprKind::Like { expr, pattern, negated, insensitive } => {
                let found = self.like(expr, pattern, *insensitive)?;
                if *negated { format!("(~{found})") } else { found }
            }
            ExprKind::Case { operand, branches, otherwise } => {
                let result = self.type_of(expr);
                let mut python = "pl".to_owned();
                for (when, then) in branches {
                    let when = match operand {
                        Some(operand) => self.compared(BinaryOp::Equal, operand, when)?,
                        None => self.value(when, &DataType::Boolean)?,
                    };
                    python.push_str(&format!(".when({}).then({})", bare(&when), bare(&self.value(then, &result)?)));
                }
                let otherwise = match otherwise {
                    Some(otherwise) => self.value(otherwise, &result)?,
                    None => literal(&Value::Null, &result)?,
                };
                format!("{python}.otherwise({})", bare(&otherwise))
            }
            ExprKind::Cast { expr, to, .. } => functions::cast(&self.python(expr)?, &self.type_of(expr), to)?,
            ExprKind::Call(call) => match function(&call.function).map(|known| known.kind) {
                Some(FunctionKind::Scalar) => self.scalar(expr, call)?,
                _ => return Err(refuse(format_args!("`{}` inside of this expression", call.function))),
            },
        })
    }

    /// A call of a scalar function.
    fn scalar(&self, whole: &Expr, call: &Call) -> Python {
        let result = self.type_of(whole);
        let known = function(&call.function);
        let mut args = Vec::new();
        for (index, arg) in call.args.iter().enumerate() {
            let wanted = known.and_then(|known| known.arg(index).data_type()).unwrap_or_else(|| result.clone());
            let is_unknown = self.type_of(arg).is_unknown();
            args.push(if is_unknown { literal(&Value::Null, &wanted)? } else { self.python(arg)? });
        }
        let types = call.args.iter().map(|arg| self.type_of(arg)).collect();
        let compared = |op: BinaryOp, left: &Expr, right: &Expr| self.compared(op, left, right);
        functions::scalar(&Scalar { name: &call.function, args, types, exprs: &call.args, result, compared: &compared })
    }

    /// Values that are compared as they are.
    fn check_flat(&self, sides: &[&Expr]) -> Result<(), Diagnostic> {
        let is_nested = |side: &&&Expr| matches!(self.type_of(side), DataType::List(_) | DataType::Record(_));
        match sides.iter().any(|side| is_nested(&side)) {
            true => Err(refuse("a comparison of lists or records")),
            false => Ok(()),
        }
    }

    /// An Int beside a Float, which Polars would round to a Float first.
    fn is_mixed(&self, left: &Expr, right: &Expr) -> bool {
        let types = (self.type_of(left), self.type_of(right));
        matches!(types, (DataType::Int, DataType::Float) | (DataType::Float, DataType::Int))
    }

    /// The right side of an operator: a literal stands there as it is in Python.
    fn beside(&self, expr: &Expr, left: &Expr) -> Python {
        match &expr.kind {
            ExprKind::Literal(value) if !value.is_null() && !matches!(left.kind, ExprKind::Literal(_)) => plain(value),
            _ => self.value(expr, &self.type_of(left)),
        }
    }

    /// A comparison.
    pub fn compared(&self, op: BinaryOp, left: &Expr, right: &Expr) -> Python {
        self.check_flat(&[left, right])?;
        let symbol = match op {
            BinaryOp::Equal => "==",
            BinaryOp::NotEqual => "!=",
            op => op.symbol(),
        };
        if self.is_mixed(left, right) {
            let (left, right) = (self.python(left)?, self.python(right)?);
            return Ok(format!("(pw_order({}, {}) {symbol} 0)", bare(&left), bare(&right)));
        }
        // Polars takes the day of the time in the place of the day's first moment.
        let types = [self.type_of(left), self.type_of(right)];
        if matches!(types, [DataType::Date, DataType::Timestamp] | [DataType::Timestamp, DataType::Date]) {
            let time = |side: &Expr| functions::cast(&self.python(side)?, &self.type_of(side), &DataType::Timestamp);
            return Ok(format!("({} {symbol} {})", time(left)?, time(right)?));
        }
        Ok(format!("({} {symbol} {})", self.value(left, &self.type_of(right))?, self.beside(right, left)?))
    }

    fn distinct(&self, left: &Expr, right: &Expr, negated: bool) -> Python {
        self.check_flat(&[left, right])?;
        if self.is_mixed(left, right) {
            let python = format!("pw_differ({}, {})", bare(&self.python(left)?), bare(&self.python(right)?));
            return Ok(if negated { format!("(~{python})") } else { python });
        }
        let word = if negated { "eq" } else { "ne" };
        let (left, right) = (self.value(left, &self.type_of(right))?, self.value(right, &self.type_of(left))?);
        Ok(format!("{left}.{word}_missing({})", bare(&right)))
    }

    fn between(&self, expr: &Expr, low: &Expr, high: &Expr, negated: bool) -> Python {
        self.check_flat(&[expr, low, high])?;
        let python = if self.is_mixed(expr, low) || self.is_mixed(expr, high) || self.type_of(expr).is_unknown() {
            let above = self.compared(BinaryOp::GreaterOrEqual, expr, low)?;
            format!("({above} & {})", self.compared(BinaryOp::LessOrEqual, expr, high)?)
        } else {
            let wanted = self.type_of(expr);
            let (low, high) = (self.value(low, &wanted)?, self.value(high, &wanted)?);
            format!("{}.is_between({}, {})", self.python(expr)?, bare(&low), bare(&high))
        };
        Ok(if negated { format!("(~{python})") } else { python })
    }

    fn in_list(&self, expr: &Expr, list: &[Expr], negated: bool) -> Python {
        let wanted = self.type_of(expr);
        let is_plain = |item: &Expr| matches!(&item.kind, ExprKind::Literal(value) if value.data_type() == wanted);
        let python = if !list.is_empty() && list.iter().all(is_plain) {
            self.check_flat(&[expr])?;
            let item = |item: &Expr| match &item.kind {
                ExprKind::Literal(value) => plain(value),
                _ => self.python(item),
            };
            let items = list.iter().map(item).collect::<Result<Vec<_>, _>>()?;
            format!("{}.is_in([{}])", self.python(expr)?, items.join(", "))
        } else {
            let any = list.iter().map(|item| self.compared(BinaryOp::Equal, expr, item));
            format!("({})", any.collect::<Result<Vec<_>, _>>()?.join(" | "))
        };
        Ok(if negated { format!("(~{python})") } else { python })
    }

    /// `%` at the ends alone looks for a part of the text.
    fn like(&self, expr: &Expr, pattern: &Expr, insensitive: bool) -> Python {
        let text = self.value(expr, &DataType::String)?;
        if let (ExprKind::Literal(Value::String(known)), false) = (&pattern.kind, insensitive) {
            let has_start = known.starts_with('%');
            let has_end = known.len() > 1 && known.ends_with('%');
            let inner = &known[usize::from(has_start)..known.len() - usize::from(has_end)];
            if !inner.contains(['%', '_']) {
                let part = python_text(inner);
                return Ok(match (has_start, has_end) {
                    (false, false) => format!("({text} == {part})"),
                    (true, false) => format!("{text}.str.ends_with({part})"),
                    (false, true) => format!("{text}.str.starts_with({part})"),
                    (true, true) => format!("{text}.str.contains({part}, literal=True)"),
                });
            }
        }
        let pattern = self.value(pattern, &DataType::String)?;
        let more = if insensitive { ", insensitive=True" } else { "" };
        Ok(format!("pw_like({}, {}{more})", bare(&text), bare(&pattern)))
    }

    fn binary(&self, whole: &Expr, op: BinaryOp, left: &Expr, right: &Expr) -> Python {
        use DataType::{Date, Duration, Float, Int, Timestamp, Unknown};
        if op.is_comparison() {
            return self.compared(op, left, right);
        }
        let wanted = match op {
            BinaryOp::And | BinaryOp::Or => DataType::Boolean,
            BinaryOp::Concat => DataType::String,
            _ => Unknown,
        };
        if !wanted.is_unknown() {
            let symbol = match op {
                BinaryOp::And => "&",
                BinaryOp::Or => "|",
                _ => "+",
            };
            return Ok(format!("({} {symbol} {})", self.value(left, &wanted)?, self.value(right, &wanted)?));
        }
        let types = (self.type_of(left), self.type_of(right));
        let result = self.type_of(whole);
        if types.0.is_unknown() || types.1.is_unknown() {
            return literal(&Value::Null, &result);
        }
        let (a, b) = (self.python(left)?, self.python(right)?);
        let (x, y) = (bare(&a), bare(&b));
        // Ints need no word of it.
        let of = if result == Int { String::new() } else { format!(", {}", dtype(&result)) };
        Ok(match (op, types) {
            (BinaryOp::Add, (Timestamp | Date, Duration)) => format!("pw_shift({x}, {y})"),
            (BinaryOp::Add, (Duration, Timestamp | Date)) => format!("pw_shift({y}, {x})"),
            (BinaryOp::Subtract, (Timestamp | Date, Duration)) => format!("pw_shift_back({x}, {y})"),
            (BinaryOp::Subtract, (Timestamp | Date, Timestamp | Date)) => {
                let time = dtype(&Timestamp);
                let side = |side: &str, data_type: &DataType| match data_type {
                    Timestamp => side.to_owned(),
                    _ => format!("{side}.cast({time})"),
                };
                format!("({} - {})", side(&a, &self.type_of(left)), side(&b, &self.type_of(right)))
            }
            (BinaryOp::Multiply, (Duration, Float)) => format!("pw_rounded(pw_micros_of({x}) * {b}{of})"),
            (BinaryOp::Multiply, (Float, Duration)) => format!("pw_rounded({a} * pw_micros_of({y}){of})"),
            (BinaryOp::Divide, (Duration, Int | Float)) => format!("pw_rounded(pw_divide(pw_micros_of({x}), {y}){of})"),
            (BinaryOp::Divide, (Duration, Duration)) => format!("pw_divide(pw_micros_of({x}), pw_micros_of({y}))"),
            (BinaryOp::Divide, _) => format!("pw_divide({x}, {y})"),
            (BinaryOp::IntegerDivide, (Int, Int) | (Duration, Duration)) => format!("pw_whole({x}, {y}{of})"),
            (BinaryOp::Modulo, (Int, Int) | (Duration, Duration)) => format!("pw_rest({x}, {y}{of})"),
            (BinaryOp::Modulo, (Int | Float, Int | Float)) => format!("pw_float_rest({x}, {y})"),
            (BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply, (Float, Int | Float) | (Int, Float)) => {
                let b = match &right.kind {
                    ExprKind::Literal(value) if !matches!(left.kind, ExprKind::Literal(_)) => plain(value)?,
                    _ => b,
                };
                format!("pw_finite({a} {} {b})", op.symbol())
            }
            (BinaryOp::Add, _) => format!("pw_add({x}, {y}{of})"),
            (BinaryOp::Subtract, _) => format!("pw_subtract({x}, {y}{of})"),
            (BinaryOp::Multiply, _) => format!("pw_multiply({x}, {y}{of})"),
            _ => return Err(refuse(format_args!("`{}` between these types", op.symbol()))),
        })
    }
}
