//! Expressions → SQL with Pipewright's semantics. Durations are microseconds in an integer.

use std::collections::BTreeMap;

use super::dialect::{Dialect, OrderKey, Sql, cast, literal};
use super::functions;
use crate::data::{DataType, Schema, Value};
use crate::diagnostic::Diagnostic;
use crate::expr::{
    self, BinaryOp, Call, Expr, ExprKind, FrameBound, FrameUnit, Over, Place, Scope, SortKey, WindowFrame,
};

/// What an expression is printed in: the engine's SQL, the columns that it sees.
pub struct Printer<'a> {
    pub dialect: &'a dyn Dialect,
    pub schema: &'a Schema,
    pub parameters: &'a BTreeMap<String, DataType>,
    /// Prefix of columns, such as `l.`.
    pub table: &'a str,
}

/// An Int and a Float that are compared with each other.
pub(super) struct Mixed<'e> {
    pub int: &'e Expr,
    pub float: &'e Expr,
    /// The Float stands before the Int.
    is_swapped: bool,
}

impl Printer<'_> {
    fn scope(&self, place: Place) -> Scope<'_> {
        Scope { schema: self.schema, parameters: self.parameters, place }
    }

    pub(super) fn refuse(&self, what: impl std::fmt::Display) -> Diagnostic {
        self.dialect.refuse(&what)
    }

    fn helper(&self, name: &str, args: &[&str]) -> String {
        self.dialect.helper(name, args)
    }

    /// A value whose order matters.
    pub(super) fn ordered(&self, expr: &Expr) -> Sql {
        Ok(self.dialect.ordered(&self.sql(expr)?, &self.type_of(expr)))
    }

    pub fn type_of(&self, expr: &Expr) -> DataType {
        expr::type_of(expr, &self.scope(Place::Window))
    }

    /// SQL of an expression, in parentheses where it needs them as a part of another.
    pub fn print(&self, expr: &Expr) -> Sql {
        let coerced = expr::coerce(expr, &self.scope(Place::Window));
        self.sql(&coerced)
    }

    pub(super) fn sql(&self, expr: &Expr) -> Sql {
        expr::deep(|| self.level(expr))
    }

    /// An argument of an aggregate or a window function; `wanted`: what it is where it holds nulls only.
    pub(super) fn argument(&self, expr: &Expr, wanted: &DataType) -> Sql {
        let (sql, data_type) = (self.sql(expr)?, self.type_of(expr));
        Ok(match expr.kind {
            _ if data_type.is_unknown() => self.dialect.typed(sql, wanted),
            ExprKind::Literal(_) => self.dialect.typed(sql, &data_type),
            _ => sql,
        })
    }

    fn level(&self, expr: &Expr) -> Sql {
        let may_be_untyped = matches!(expr.kind, ExprKind::Case { .. } | ExprKind::Column(_));
        if may_be_untyped && self.dialect.writes_nulls() && self.type_of(expr).is_unknown() {
            return Ok("NULL".to_owned());
        }
        Ok(match &expr.kind {
            ExprKind::Literal(value) => literal(self.dialect, value),
            ExprKind::Column(name) => format!("{}{}", self.table, self.dialect.identifier(name)),
            ExprKind::Parameter(name) => {
                self.dialect.parameter(name, self.parameters.get(name).unwrap_or(&DataType::String))
            }
            ExprKind::Member { name, .. } if name.is_empty() => return Err(self.refuse("a field without a name")),
            ExprKind::Member { record, name } => self.dialect.member(&self.sql(record)?, name),
            ExprKind::Not(expr) => format!("(NOT {})", self.sql(expr)?),
            ExprKind::Negate(expr) => match self.type_of(expr) {
                DataType::Int | DataType::Duration => self.helper("negate", &[&self.sql(expr)?]),
                // So that zero has no sign.
                _ => format!("(0 - {})", self.sql(expr)?),
            },
            ExprKind::Binary { op, left, right } => self.binary(*op, left, right)?,
            ExprKind::IsNull { expr, negated } => {
                format!("({})", self.dialect.is_null(&self.sql(expr)?, &self.type_of(expr), *negated))
            }
            ExprKind::IsBoolean { expr, value, negated } => {
                format!("({} IS {}{})", self.sql(expr)?, not(*negated), if *value { "TRUE" } else { "FALSE" })
            }
            ExprKind::IsDistinct { left, right, negated } => match self.mixed(left, right) {
                Some(Mixed { int, float, .. }) => {
                    let numbers = self.helper("distinct_numbers", &[&self.sql(int)?, &self.sql(float)?]);
                    format!("({}{numbers})", not(*negated))
                }
                None => format!("({} IS {}DISTINCT FROM {})", self.sql(left)?, not(*negated), self.sql(right)?),
            },
            ExprKind::Between { expr, low, high, negated } => {
                if self.mixed(expr, low).or(self.mixed(expr, high)).is_some() {
                    let above = self.compared(BinaryOp::GreaterOrEqual, expr, low)?;
                    let below = self.compared(BinaryOp::LessOrEqual, expr, high)?;
                    return Ok(format!("({}({above} AND {below}))", not(*negated)));
                }
                format!("({} {}BETWEEN {} AND {})", self.ordered(expr)?, not(*negated), self.sql(low)?, self.sql(high)?)
            }
            ExprKind::InList { expr, list, negated } if list.iter().any(|item| self.mixed(expr, item).is_some()) => {
                let any = list.iter().map(|item| self.compared(BinaryOp::Equal, expr, item));
                format!("({}({}))", not(*negated), any.collect::<Result<Vec<_>, _>>()?.join(" OR "))
            }
            ExprKind::InList { expr, list, negated } => {
                let items = list.iter().map(|item| self.sql(item)).collect::<Result<Vec<_>, _>>()?;
                self.dialect.in_list(&self.sql(expr)?, &items, *negated)
            }
            ExprKind::Like { expr, pattern, negated, insensitive } => {
                self.dialect.like(&self.sql(expr)?, &self.sql(pattern)?, *negated, *insensitive)
            }
            ExprKind::Case { operand, branches, otherwise } => {
                let mut sql = String::from("CASE");
                let operand = operand.as_deref();
                // Ints beside Floats are compared one by one.
                let is_mixed = |operand: &Expr| branches.iter().any(|(when, _)| self.mixed(operand, when).is_some());
                let one_by_one = operand.filter(|operand| !self.dialect.has_case_operand() || is_mixed(operand));
                if let Some(operand) = operand.filter(|_| one_by_one.is_none()) {
                    sql.push_str(&format!(" {}", self.sql(operand)?));
                }
                for (when, then) in branches {
                    let when = match one_by_one {
                        Some(operand) => self.compared(BinaryOp::Equal, operand, when)?,
                        None if operand.is_none() => condition(self.sql(when)?),
                        None => self.sql(when)?,
                    };
                    sql.push_str(&format!(" WHEN {when} THEN {}", self.sql(then)?));
                }
                if let Some(otherwise) = otherwise {
                    sql.push_str(&format!(" ELSE {}", self.sql(otherwise)?));
                }
                sql + " END"
            }
            ExprKind::Cast { expr, to, .. } => cast(self.dialect, &self.sql(expr)?, &self.type_of(expr), to)?,
            ExprKind::Call(call) => {
                self.dialect.check_type(&self.type_of(expr))?;
                self.call(call)?
            }
        })
    }

    /// An Int and a Float that are compared.
    pub(super) fn mixed<'e>(&self, left: &'e Expr, right: &'e Expr) -> Option<Mixed<'e>> {
        match (self.type_of(left), self.type_of(right)) {
            (DataType::Int, DataType::Float) => Some(Mixed { int: left, float: right, is_swapped: false }),
            (DataType::Float, DataType::Int) => Some(Mixed { int: right, float: left, is_swapped: true }),
            _ => None,
        }
    }

    /// A comparison. Engines would round an Int beside a Float to a Float first.
    pub(super) fn compared(&self, op: BinaryOp, left: &Expr, right: &Expr) -> Sql {
        let Some(Mixed { int, float, is_swapped }) = self.mixed(left, right) else {
            let is_equality = matches!(op, BinaryOp::Equal | BinaryOp::NotEqual);
            let left = if is_equality { self.sql(left)? } else { self.ordered(left)? };
            return Ok(format!("({left} {} {})", op.symbol(), self.sql(right)?));
        };
        let order = self.helper("order", &[&self.sql(int)?, &self.sql(float)?]);
        Ok(match is_swapped {
            false => format!("({order} {} 0)", op.symbol()),
            true => format!("(0 {} {order})", op.symbol()),
        })
    }

    fn binary(&self, op: BinaryOp, left: &Expr, right: &Expr) -> Sql {
        use DataType::{Date, Duration, Float, Int, Timestamp, Unknown};
        if op.is_comparison() {
            return self.compared(op, left, right);
        }
        let (a, b) = (self.sql(left)?, self.sql(right)?);
        let types = (self.type_of(left), self.type_of(right));
        Ok(match (op, types) {
            (BinaryOp::And, _) => format!("({a} AND {b})"),
            (BinaryOp::Or, _) => format!("({a} OR {b})"),
            (BinaryOp::Concat, _) => format!("({a} || {b})"),
            // What has no type holds nulls only.
            (_, (Unknown, _) | (_, Unknown)) => "NULL".to_owned(),
            (BinaryOp::Add, (Timestamp | Date, Duration)) => self.helper("shift", &[&a, &b]),
            (BinaryOp::Add, (Duration, Timestamp | Date)) => self.helper("shift", &[&b, &a]),
            (BinaryOp::Subtract, (Timestamp | Date, Duration)) => {
                self.helper("shift", &[&a, &self.helper("negate", &[&b])])
            }
            (BinaryOp::Subtract, (Timestamp | Date, Timestamp | Date)) => {
                format!("({} - {})", self.helper("micros", &[&a]), self.helper("micros", &[&b]))
            }
            (BinaryOp::Multiply, (Duration, Float) | (Float, Duration)) => self.helper("scaled", &[&a, &b]),
            (BinaryOp::Divide, (Duration, Int | Float)) => self.helper("share", &[&a, &b]),
            (BinaryOp::Divide, _) => self.helper("divide", &[&a, &b]),
            (BinaryOp::IntegerDivide, _) => self.helper("integer_divide", &[&a, &b]),
            (BinaryOp::Modulo, (Int, Int) | (Duration, Duration)) => self.helper("modulo_int", &[&a, &b]),
            (BinaryOp::Modulo, _) => self.helper("modulo", &[&a, &b]),
            (op, (Float, _) | (_, Float)) => self.helper(&format!("float_{}", arithmetic(op)), &[&a, &b]),
            (op, _) => self.helper(arithmetic(op), &[&a, &b]),
        })
    }

    fn call(&self, call: &Call) -> Sql {
        let over = match &call.over {
            Some(over) => format!(" OVER ({})", self.over(over, functions::orders_window(call))?),
            None => String::new(),
        };
        functions::call(self, call, &over)
    }

    fn over(&self, over: &Over, is_by_row: bool) -> Sql {
        let mut parts = Vec::new();
        if !over.partition.is_empty() {
            let keys = over.partition.iter().map(|key| self.sql(key)).collect::<Result<Vec<_>, _>>()?;
            parts.push(format!("PARTITION BY {}", keys.join(", ")));
        }
        let is_range = over.frame.as_ref().is_some_and(|frame| frame.unit == FrameUnit::Range);
        let order = if is_range {
            self.range_order(&over.order)?
        } else if is_by_row || over.frame.is_some() {
            self.total_order(&over.order)?
        } else {
            self.order(&over.order)?
        };
        if !order.is_empty() {
            parts.push(format!("ORDER BY {order}"));
        }
        if let Some(frame) = &over.frame {
            if is_empty(frame) && !self.dialect.has_empty_frames() {
                return Err(self.refuse("the frame of a window that ends before it begins"));
            }
            self.dialect.check_frame(frame)?;
            parts.push(frame_text(frame));
        }
        Ok(parts.join(" "))
    }

    /// A window with the same rows in each frame, in their total order; `None`: rows of equal keys end its frame.
    pub(super) fn ordered_over(&self, over: &Over) -> Result<Option<String>, Diagnostic> {
        match over.frame.as_ref().map(|frame| frame.unit) {
            Some(FrameUnit::Rows) => Ok(Some(format!(" OVER ({})", self.over(over, true)?))),
            None if over.order.is_empty() => {
                let all = "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING";
                Ok(Some(format!(" OVER ({} {all})", self.over(over, true)?)))
            }
            None | Some(FrameUnit::Range) => Ok(None),
        }
    }

    /// The window in the total order, from its first row on.
    pub(super) fn first_over(&self, over: &Over) -> Sql {
        Ok(format!(" OVER ({})", self.over(&Over { frame: None, ..over.clone() }, true)?))
    }

    /// A time as order key of a range frame is its microseconds, so that bounds are numbers.
    fn range_order(&self, keys: &[SortKey]) -> Sql {
        let mut parts = Vec::new();
        for key in keys {
            let number = self.dialect.range_key(&self.sql(&key.expr)?, &self.type_of(&key.expr), key.descending);
            parts.push(format!("{number}{} NULLS LAST", if key.descending { " DESC" } else { "" }));
        }
        Ok(parts.join(", "))
    }

    pub fn order(&self, keys: &[SortKey]) -> Sql {
        let keys = keys.iter().filter(orders).map(|key| Ok(order_key(&self.key(&key.expr)?, key.descending, false)));
        Ok(keys.collect::<Result<Vec<_>, Diagnostic>>()?.join(", "))
    }

    /// The keys, then all columns: ties are broken the same way everywhere.
    pub fn total_order(&self, keys: &[SortKey]) -> Sql {
        self.order_of_all(keys, false)
    }

    /// The exact reverse of the total order: its last row comes first.
    pub fn reversed_order(&self, keys: &[SortKey]) -> Sql {
        self.order_of_all(keys, true)
    }

    /// What rows are ordered by.
    fn key(&self, expr: &Expr) -> Sql {
        Ok(self.dialect.ordered(&self.print(expr)?, &self.type_of(expr)))
    }

    /// The keys of the total order.
    pub fn total_keys(&self, keys: &[SortKey]) -> Result<Vec<OrderKey>, Diagnostic> {
        let key = |key: &SortKey| {
            let (sql, data_type) = (self.print(&key.expr)?, self.type_of(&key.expr));
            Ok(OrderKey { sql, data_type, is_descending: key.descending })
        };
        let mut all = keys.iter().filter(orders).map(key).collect::<Result<Vec<_>, Diagnostic>>()?;
        all.extend(self.schema.fields.iter().map(|field| OrderKey {
            sql: format!("{}{}", self.table, self.dialect.identifier(&field.name)),
            data_type: field.data_type.clone(),
            is_descending: false,
        }));
        Ok(all)
    }

    fn order_of_all(&self, keys: &[SortKey], is_reversed: bool) -> Sql {
        let key =
            |key: &OrderKey| order_key(&self.dialect.ordered(&key.sql, &key.data_type), key.is_descending, is_reversed);
        Ok(self.total_keys(keys)?.iter().map(key).collect::<Vec<_>>().join(", "))
    }
}

/// The helper of an operation on two numbers.
fn arithmetic(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Add => "add",
        BinaryOp::Subtract => "subtract",
        _ => "multiply",
    }
}

/// A condition; one that has no value, and no type either, is not true.
pub(super) fn condition(sql: String) -> String {
    if sql == "NULL" { "FALSE".to_owned() } else { sql }
}

/// Constants order nothing, and engines refuse most of them.
fn orders(key: &&SortKey) -> bool {
    !key.expr.columns().is_empty()
}

/// One key of an order: nulls last, both ways; reversed, first.
fn order_key(sql: &str, is_descending: bool, is_reversed: bool) -> String {
    let word = if is_descending != is_reversed { " DESC" } else { "" };
    format!("{sql}{word} NULLS {}", if is_reversed { "FIRST" } else { "LAST" })
}

fn not(negated: bool) -> &'static str {
    if negated { "NOT " } else { "" }
}

fn frame_text(frame: &WindowFrame) -> String {
    let unit = match frame.unit {
        FrameUnit::Rows => "ROWS",
        FrameUnit::Range => "RANGE",
    };
    let bound = |bound: &FrameBound, side: &str| match bound {
        FrameBound::Unbounded => format!("UNBOUNDED {side}"),
        FrameBound::Current => "CURRENT ROW".to_owned(),
        FrameBound::Preceding(value) => format!("{} PRECEDING", plain(value)),
        FrameBound::Following(value) => format!("{} FOLLOWING", plain(value)),
    };
    format!("{unit} BETWEEN {} AND {}", bound(&frame.start, "PRECEDING"), bound(&frame.end, "FOLLOWING"))
}

/// Whether a frame ends before it begins.
fn is_empty(frame: &WindowFrame) -> bool {
    let number = |value: &Value| match value {
        Value::Int(int) | Value::Duration(int) => *int as f64,
        Value::Float(float) => *float,
        _ => 0.0,
    };
    let place = |bound: &FrameBound, unbounded: f64| match bound {
        FrameBound::Unbounded => unbounded,
        FrameBound::Current => 0.0,
        FrameBound::Preceding(value) => -number(value),
        FrameBound::Following(value) => number(value),
    };
    place(&frame.start, f64::NEG_INFINITY) > place(&frame.end, f64::INFINITY)
}

/// A number without its type.
fn plain(value: &Value) -> String {
    match value {
        Value::Int(int) | Value::Duration(int) => int.to_string(),
        Value::Float(float) => format!("{float:e}"),
        other => other.to_json().to_string(),
    }
}
