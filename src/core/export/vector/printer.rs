//! Expressions → VRL, Vector's language, with Pipewright's semantics.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::functions::{self, Given};
use super::values::{Printed, Values, Vrl, float_text, is_beyond, refuse};
use crate::data::{DataType, Schema, Value};
use crate::diagnostic::Diagnostic;
use crate::expr::{self, BinaryOp, Expr, ExprKind, FunctionKind, Place, Scope, function};
use crate::quote::vrl_text;

/// The columns and parameters that an expression sees.
pub struct Printer<'a> {
    pub schema: &'a Schema,
    pub parameters: &'a BTreeMap<String, DataType>,
    values: Values,
}

impl<'a> Printer<'a> {
    pub fn new(schema: &'a Schema, parameters: &'a BTreeMap<String, DataType>) -> Printer<'a> {
        Printer { schema, parameters, values: Values::default() }
    }

    fn scope(&self) -> Scope<'_> {
        Scope { schema: self.schema, parameters: self.parameters, place: Place::Row }
    }

    pub fn type_of(&self, expr: &Expr) -> DataType {
        expr::type_of(expr, &self.scope())
    }

    /// A whole expression, whose parts have their types written out.
    pub fn print(&self, expr: &Expr) -> Printed {
        self.vrl(&expr::coerce(expr, &self.scope()))
    }

    /// A column as the event holds it: texts where VRL has no such type.
    pub fn column(&self, expr: &Expr) -> Printed {
        if let ExprKind::Column(name) = &expr.kind {
            return Ok(Vrl::open(format!(".{}", vrl_text(name))));
        }
        let data_type = self.type_of(expr);
        let value = self.print(expr)?;
        match data_type {
            DataType::Timestamp => Ok(self.values.with(&[(value, DataType::Int)], |names| {
                format!(
                    "format_timestamp!(from_unix_timestamp!({}, unit: \"microseconds\"), \"%Y-%m-%dT%H:%M:%S%.6fZ\")",
                    names[0]
                )
            })),
            DataType::Date => Ok(self.values.with(&[(value, DataType::Int)], |names| {
                format!(
                    "format_timestamp!(from_unix_timestamp!({} * 86400, unit: \"seconds\"), \"%Y-%m-%d\")",
                    names[0]
                )
            })),
            DataType::Boolean | DataType::Int | DataType::Float | DataType::String | DataType::Unknown => Ok(value),
            other => Err(refuse(format_args!("a computed {other}"))),
        }
    }

    /// A condition: true or false, never null.
    pub fn holds(&self, expr: &Expr) -> Result<String, Diagnostic> {
        let name = self.values.variable();
        Ok(format!("{name} = {}\n{name} == true\n", self.print(expr)?.text))
    }

    pub fn vrl(&self, expr: &Expr) -> Printed {
        expr::deep(|| self.level(expr))
    }

    fn level(&self, expr: &Expr) -> Printed {
        if !matches!(expr.kind, ExprKind::Literal(_)) && expr::is_constant(expr) {
            return literal(&expr::eval(expr, &|_| Value::Null));
        }
        match &expr.kind {
            ExprKind::Literal(value) => literal(value),
            ExprKind::Column(name) => self.read(name, expr),
            ExprKind::Parameter(name) => Err(refuse(format_args!("the parameter `{name}`"))),
            ExprKind::Member { .. } => Err(refuse("parts of records")),
            ExprKind::Not(inner) => Ok(self.values.negated(self.vrl(inner)?, true)),
            ExprKind::Negate(inner) => match self.type_of(inner) {
                data_type @ (DataType::Int | DataType::Float) => {
                    let zero = if data_type == DataType::Int { Value::Int(0) } else { Value::Float(0.0) };
                    self.binary(BinaryOp::Subtract, &Expr::literal(zero), inner)
                }
                other => Err(refuse(format_args!("`-` of a {other}"))),
            },
            ExprKind::Binary { op: op @ (BinaryOp::And | BinaryOp::Or), left, right } => {
                let sides = [self.vrl(left)?, self.vrl(right)?];
                Ok(self.logic(&sides, *op == BinaryOp::Or))
            }
            ExprKind::Binary { op, left, right } if op.is_comparison() => self.compared(*op, left, right),
            ExprKind::Binary { op, left, right } => self.binary(*op, left, right),
            ExprKind::IsNull { expr, negated } => {
                let name = self.values.variable();
                let sign = if *negated { "!=" } else { "==" };
                Ok(Vrl::sure(format!("{{ {name} = {}; {name} {sign} null }}", self.vrl(expr)?.text)))
            }
            ExprKind::IsBoolean { expr, value, negated } => {
                let name = self.values.variable();
                let sign = if *negated { "!=" } else { "==" };
                Ok(Vrl::sure(format!("{{ {name} = {}; {name} {sign} {value} }}", self.vrl(expr)?.text)))
            }
            ExprKind::IsDistinct { left, right, negated } => self.distinct(left, right, *negated),
            ExprKind::Between { expr, low, high, negated } => {
                let sides = [
                    self.compared(BinaryOp::GreaterOrEqual, expr, low)?,
                    self.compared(BinaryOp::LessOrEqual, expr, high)?,
                ];
                Ok(self.values.negated(self.logic(&sides, false), *negated))
            }
            ExprKind::InList { expr, list, negated } => {
                let equal = |item: &Expr| self.compared(BinaryOp::Equal, expr, item);
                let sides = list.iter().map(equal).collect::<Result<Vec<_>, _>>()?;
                Ok(self.values.negated(self.logic(&sides, true), *negated))
            }
            ExprKind::Like { expr, pattern, negated, insensitive } => {
                let found = functions::like(&self.values, self.vrl(expr)?, pattern, *insensitive)?;
                Ok(self.values.negated(found, *negated))
            }
            ExprKind::Case { operand, branches, otherwise } => {
                self.case(operand.as_deref(), branches, otherwise.as_deref())
            }
            ExprKind::Cast { expr, to, .. } => functions::cast(&self.values, self.vrl(expr)?, &self.type_of(expr), to),
            ExprKind::Call(call) => match function(&call.function).map(|known| known.kind) {
                Some(FunctionKind::Scalar) => {
                    let args = call.args.iter().map(|arg| self.vrl(arg)).collect::<Result<Vec<_>, _>>()?;
                    let types = call.args.iter().map(|arg| self.type_of(arg)).collect();
                    let same = |a: &Expr, b: &Expr| self.compared(BinaryOp::Equal, a, b);
                    functions::scalar(&Given { values: &self.values, call, args, types, same: &same })
                }
                _ => Err(refuse(format_args!("`{}`", call.function))),
            },
        }
    }

    /// A column as a value that is computed with: a time as microseconds, a day as its number.
    fn read(&self, name: &str, expr: &Expr) -> Printed {
        let raw = Vrl::open(format!(".{}", vrl_text(name)));
        let text = DataType::String;
        match self.type_of(expr) {
            DataType::Timestamp => Ok(self.values.with(&[(raw, text)], |names| {
                format!("to_unix_timestamp(parse_timestamp!({}, \"%+\"), unit: \"microseconds\")", names[0])
            })),
            DataType::Date => Ok(self.values.with(&[(raw, text)], |names| {
                let day = format!("parse_timestamp!({} + \"T00:00:00Z\", \"%+\")", names[0]);
                format!("to_int!(to_unix_timestamp({day}) / 86400)")
            })),
            DataType::Boolean | DataType::Int | DataType::Float | DataType::String | DataType::Unknown => Ok(raw),
            other => Err(refuse(format_args!("{other} columns in expressions, such as `{name}`"))),
        }
    }

    /// `and`, or `or`, of all: a side that settles it does so beside a null.
    fn logic(&self, sides: &[Vrl], settles: bool) -> Vrl {
        let names: Vec<String> = sides.iter().map(|_| self.values.variable()).collect();
        let mut text: String =
            names.iter().zip(sides).map(|(name, side)| format!("{name} = {}; ", side.text)).collect();
        let settled: Vec<String> = names.iter().map(|name| format!("{name} == {settles}")).collect();
        let open = names.iter().zip(sides).filter(|(_, side)| !side.is_sure);
        let nulls: Vec<String> = open.map(|(name, _)| format!("{name} == null")).collect();
        if nulls.is_empty() {
            let _ = write!(text, "if {} {{ {settles} }} else {{ {} }}", settled.join(" || "), !settles);
            return Vrl::sure(format!("{{ {text} }}"));
        }
        let _ = write!(
            text,
            "if {} {{ {settles} }} else if {} {{ null }} else {{ {} }}",
            settled.join(" || "),
            nulls.join(" || "),
            !settles
        );
        Vrl::open(format!("{{ {text} }}"))
    }

    /// The types of two sides, one and the same where both have some.
    fn alike(&self, left: &Expr, right: &Expr, what: &str) -> Result<Option<DataType>, Diagnostic> {
        let (left, right) = (self.type_of(left), self.type_of(right));
        match (&left, &right) {
            (DataType::Unknown, _) | (_, DataType::Unknown) => Ok(None),
            (a, b) if a != b => Err(refuse(format_args!("{what} between {a} and {b}"))),
            (DataType::List(_) | DataType::Record(_) | DataType::Duration, _) => {
                Err(refuse(format_args!("{what} of {left}s")))
            }
            _ => Ok(Some(left)),
        }
    }

    /// A comparison.
    pub fn compared(&self, op: BinaryOp, left: &Expr, right: &Expr) -> Printed {
        let Some(of) = self.alike(left, right, "a comparison")? else { return Ok(Vrl::open("null")) };
        if of == DataType::Boolean && !matches!(op, BinaryOp::Equal | BinaryOp::NotEqual) {
            return Err(refuse("an order of Booleans"));
        }
        let symbol = match op {
            BinaryOp::Equal => "==",
            BinaryOp::NotEqual => "!=",
            op => op.symbol(),
        };
        let sides = [(self.vrl(left)?, of.clone()), (self.vrl(right)?, of)];
        Ok(self.values.with(&sides, |names| format!("{} {symbol} {}", names[0], names[1])))
    }

    fn distinct(&self, left: &Expr, right: &Expr, negated: bool) -> Printed {
        if let (true, _) | (_, true) = (self.type_of(left).is_unknown(), self.type_of(right).is_unknown()) {
            let known = if self.type_of(left).is_unknown() { right } else { left };
            return self.vrl(&Expr::is_null(known.clone(), !negated));
        }
        self.alike(left, right, "a comparison")?;
        let (a, b) = (self.values.variable(), self.values.variable());
        let sign = if negated { "==" } else { "!=" };
        let (left, right) = (self.vrl(left)?.text, self.vrl(right)?.text);
        Ok(Vrl::sure(format!("{{ {a} = {left}; {b} = {right}; {a} {sign} {b} }}")))
    }

    fn case(&self, operand: Option<&Expr>, branches: &[(Expr, Expr)], otherwise: Option<&Expr>) -> Printed {
        let mut result = match otherwise {
            Some(otherwise) => self.vrl(otherwise)?,
            None => Vrl::open("null"),
        };
        for (when, then) in branches.iter().rev() {
            let when = match operand {
                Some(operand) => self.compared(BinaryOp::Equal, operand, when)?,
                None => self.vrl(when)?,
            };
            result = self.values.either(&when, self.vrl(then)?, result);
        }
        Ok(result)
    }

    /// Arithmetic and joining of texts.
    fn binary(&self, op: BinaryOp, left: &Expr, right: &Expr) -> Printed {
        use DataType::{Date, Duration, Float, Int, String as Text, Timestamp, Unknown};
        let types = (self.type_of(left), self.type_of(right));
        if op == BinaryOp::Concat {
            let sides = [(self.text(left)?, Text), (self.text(right)?, Text)];
            return Ok(self.values.with(&sides, |names| format!("{} + {}", names[0], names[1])));
        }
        if matches!(types, (Unknown, _) | (_, Unknown)) {
            return Ok(Vrl::open("null"));
        }
        let sides = [(self.vrl(left)?, types.0.clone()), (self.vrl(right)?, types.1.clone())];
        let name = self.values.variable();
        Ok(match (op, types) {
            // Where the divisor stands in the program the compiler knows that nothing fails.
            (BinaryOp::Divide | BinaryOp::Modulo, _) if is_zero(right) => Vrl::open("null"),
            (BinaryOp::Divide, (Int | Float, Int | Float)) => self.values.perhaps(&sides, |names| {
                let (a, b) = (&names[0], &names[1]);
                let quotient = match right.kind {
                    ExprKind::Literal(_) => format!("{a} / {b}"),
                    _ => format!("({a} / {b}) ?? 0.0"),
                };
                format!("{name} = {quotient}; if {b} == 0 || {} {{ null }} else {{ {name} }}", is_beyond(&name))
            }),
            (BinaryOp::Modulo, (Int, Int)) => self.values.perhaps(&sides, |names| {
                let (a, b) = (&names[0], &names[1]);
                let rest = match right.kind {
                    ExprKind::Literal(_) => format!("mod({a}, {b})"),
                    _ => format!("mod({a}, {b}) ?? null"),
                };
                format!("if {b} == 0 {{ null }} else if {b} == -1 {{ 0 }} else {{ {rest} }}")
            }),
            (BinaryOp::Add | BinaryOp::Subtract, (Int, Int)) => self.values.perhaps(&sides, |names| {
                let (a, b) = (&names[0], &names[1]);
                // Out of range it wraps, and its sign is wrong.
                let grows = if op == BinaryOp::Add { format!("{b} >= 0") } else { format!("{b} < 0") };
                format!(
                    "{name} = {a} {} {b}; if ({grows} && {name} < {a}) || (!({grows}) && {name} > {a}) {{ null }} else {{ {name} }}",
                    op.symbol()
                )
            }),
            (BinaryOp::Multiply, (Int, Int)) => self.values.perhaps(&sides, |names| {
                let (a, b) = (&names[0], &names[1]);
                // As Floats it is right to a few parts in 2^53: far out of range, or just out, where it wraps.
                format!(
                    "{name} = to_float({a}) * to_float({b}); if {name} > 9300000000000000000.0 || {name} < -9300000000000000000.0 {{ null }} \
                     else if ({name} > 0.0 && {a} * {b} < 0) || ({name} < 0.0 && {a} * {b} > 0) {{ null }} else {{ {a} * {b} }}"
                )
            }),
            (BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply, (Float, Int | Float) | (Int, Float)) => self.values.perhaps(&sides, |names| {
                    format!(
                        "{name} = {} {} {}; if {} {{ null }} else {{ {name} }}",
                        names[0],
                        op.symbol(),
                        names[1],
                        is_beyond(&name)
                    )
                }),
            (BinaryOp::Add | BinaryOp::Subtract, (Timestamp, Duration)) => self.values.perhaps(&sides, |names| {
                format!(
                    "{name} = {} {} {}; if {name} < {FIRST} || {name} > {LAST} {{ null }} else {{ {name} }}",
                    names[0],
                    op.symbol(),
                    names[1]
                )
            }),
            (_, (a @ (Timestamp | Date | Duration), b)) | (_, (a, b)) => {
                return Err(refuse(format_args!("`{}` between {a} and {b}", op.symbol())));
            }
        })
    }

    /// A value as text, as `||` takes it.
    fn text(&self, expr: &Expr) -> Printed {
        functions::text(&self.values, self.vrl(expr)?, &self.type_of(expr))
    }
}

/// The first and the last time of the years 1 to 9999, in microseconds.
const FIRST: i64 = -62_135_596_800_000_000;
const LAST: i64 = 253_402_300_799_999_999;

fn is_zero(expr: &Expr) -> bool {
    matches!(&expr.kind, ExprKind::Literal(Value::Int(0)))
        || matches!(&expr.kind, ExprKind::Literal(Value::Float(zero)) if *zero == 0.0)
}

fn literal(value: &Value) -> Printed {
    Ok(match value {
        Value::Null => Vrl::open("null"),
        Value::Boolean(value) => Vrl::sure(value.to_string()),
        Value::Int(i64::MIN) => return Err(refuse("the least Int")),
        Value::Int(int) => Vrl::sure(int.to_string()),
        Value::Float(float) => Vrl::sure(float_text(*float)),
        Value::String(text) => Vrl::sure(vrl_text(text)),
        Value::Timestamp(micros) | Value::Duration(micros) => Vrl::sure(micros.to_string()),
        Value::Date(days) => Vrl::sure(days.to_string()),
        Value::List(_) | Value::Record(_) => return Err(refuse("lists and records")),
    })
}
