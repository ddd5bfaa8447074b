//! Expressions → DuckDB SQL with Pipewright's semantics. Durations are microseconds in a BIGINT.

use std::collections::BTreeMap;

use super::functions;
use crate::data::{DataType, Field, Schema, Value, format_date};
use crate::diagnostic::Diagnostic;
use crate::expr::{
    self, BinaryOp, Call, Expr, ExprKind, FrameBound, FrameUnit, Over, Place, Scope, SortKey, WindowFrame,
};
use crate::quote::{sql_identifier, sql_text};

/// What an expression is printed in: the columns that it sees.
pub struct Printer<'a> {
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

type Sql = Result<String, Diagnostic>;

pub fn unsupported(what: impl std::fmt::Display) -> Diagnostic {
    Diagnostic::error("PW0640", format!("DuckDB does not carry {what}"))
        .help("export to the target `pipeline`, or do this part in another way")
}

impl Printer<'_> {
    fn scope(&self, place: Place) -> Scope<'_> {
        Scope { schema: self.schema, parameters: self.parameters, place }
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

    fn level(&self, expr: &Expr) -> Sql {
        Ok(match &expr.kind {
            ExprKind::Literal(value) => literal(value),
            ExprKind::Column(name) => format!("{}{}", self.table, sql_identifier(name)),
            ExprKind::Parameter(name) => {
                let data_type = self.parameters.get(name).cloned().unwrap_or(DataType::String);
                let value = format!("getvariable({})", sql_text(name));
                match data_type {
                    DataType::Timestamp => format!("pw_timestamp({value})"),
                    DataType::Date => format!("pw_date({value})"),
                    other => format!("CAST({value} AS {})", type_name(&other)),
                }
            }
            ExprKind::Member { record, name } => format!("struct_extract({}, {})", self.sql(record)?, sql_text(name)),
            ExprKind::Not(expr) => format!("(NOT {})", self.sql(expr)?),
            ExprKind::Negate(expr) => match self.type_of(expr) {
                DataType::Int | DataType::Duration => format!("TRY(- {})", self.sql(expr)?),
                // So that zero has no sign.
                _ => format!("(0 - {})", self.sql(expr)?),
            },
            ExprKind::Binary { op, left, right } => self.binary(*op, left, right)?,
            ExprKind::IsNull { expr, negated } => format!("({} IS {}NULL)", self.sql(expr)?, not(*negated)),
            ExprKind::IsBoolean { expr, value, negated } => {
                format!("({} IS {}{})", self.sql(expr)?, not(*negated), if *value { "TRUE" } else { "FALSE" })
            }
            ExprKind::IsDistinct { left, right, negated } => match self.mixed(left, right) {
                Some(Mixed { int, float, .. }) => {
                    format!("({}pw_distinct_numbers({}, {}))", not(*negated), self.sql(int)?, self.sql(float)?)
                }
                None => format!("({} IS {}DISTINCT FROM {})", self.sql(left)?, not(*negated), self.sql(right)?),
            },
            ExprKind::Between { expr, low, high, negated } => {
                if self.mixed(expr, low).or(self.mixed(expr, high)).is_some() {
                    let above = self.compared(BinaryOp::GreaterOrEqual, expr, low)?;
                    let below = self.compared(BinaryOp::LessOrEqual, expr, high)?;
                    return Ok(format!("({}({above} AND {below}))", not(*negated)));
                }
                format!("({} {}BETWEEN {} AND {})", self.sql(expr)?, not(*negated), self.sql(low)?, self.sql(high)?)
            }
            ExprKind::InList { expr, list, negated } if list.iter().any(|item| self.mixed(expr, item).is_some()) => {
                let any = list.iter().map(|item| self.compared(BinaryOp::Equal, expr, item));
                format!("({}({}))", not(*negated), any.collect::<Result<Vec<_>, _>>()?.join(" OR "))
            }
            ExprKind::InList { expr, list, negated } => {
                let items = list.iter().map(|item| self.sql(item)).collect::<Result<Vec<_>, _>>()?;
                format!("({} {}IN ({}))", self.sql(expr)?, not(*negated), items.join(", "))
            }
            ExprKind::Like { expr, pattern, negated, insensitive } => {
                let word = if *insensitive { "ILIKE" } else { "LIKE" };
                format!("({} {}{word} {})", self.sql(expr)?, not(*negated), self.sql(pattern)?)
            }
            ExprKind::Case { operand, branches, otherwise } => {
                let mut sql = String::from("CASE");
                let operand = operand.as_deref();
                // Ints beside Floats are compared one by one.
                let one_by_one =
                    operand.filter(|operand| branches.iter().any(|(when, _)| self.mixed(operand, when).is_some()));
                if let Some(operand) = operand.filter(|_| one_by_one.is_none()) {
                    sql.push_str(&format!(" {}", self.sql(operand)?));
                }
                for (when, then) in branches {
                    let when = match one_by_one {
                        Some(operand) => self.compared(BinaryOp::Equal, operand, when)?,
                        None => self.sql(when)?,
                    };
                    sql.push_str(&format!(" WHEN {when} THEN {}", self.sql(then)?));
                }
                if let Some(otherwise) = otherwise {
                    sql.push_str(&format!(" ELSE {}", self.sql(otherwise)?));
                }
                sql + " END"
            }
            ExprKind::Cast { expr, to, .. } => cast(&self.sql(expr)?, &self.type_of(expr), to)?,
            ExprKind::Call(call) => self.call(call)?,
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

    /// A comparison. DuckDB would round an Int beside a Float to a Float first.
    pub(super) fn compared(&self, op: BinaryOp, left: &Expr, right: &Expr) -> Sql {
        let Some(Mixed { int, float, is_swapped }) = self.mixed(left, right) else {
            return Ok(format!("({} {} {})", self.sql(left)?, op.symbol(), self.sql(right)?));
        };
        let order = format!("pw_order({}, {})", self.sql(int)?, self.sql(float)?);
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
            (BinaryOp::Add, (Timestamp | Date, Duration)) => format!("pw_shift({a}, {b})"),
            (BinaryOp::Add, (Duration, Timestamp | Date)) => format!("pw_shift({b}, {a})"),
            (BinaryOp::Subtract, (Timestamp | Date, Duration)) => format!("pw_shift({a}, TRY(- {b}))"),
            (BinaryOp::Subtract, (Timestamp | Date, Timestamp | Date)) => {
                format!("(epoch_us(CAST({a} AS TIMESTAMP)) - epoch_us(CAST({b} AS TIMESTAMP)))")
            }
            (BinaryOp::Multiply, (Duration, Float) | (Float, Duration)) => {
                format!("TRY_CAST(round({a} * {b}) AS BIGINT)")
            }
            (BinaryOp::Divide, (Duration, Int | Float)) => {
                format!("TRY_CAST(round(pw_divide({a}, {b})) AS BIGINT)")
            }
            (BinaryOp::Divide, _) => format!("pw_divide({a}, {b})"),
            (BinaryOp::IntegerDivide, _) => format!("TRY({a} // {b})"),
            (BinaryOp::Modulo, (Int, Int) | (Duration, Duration)) => format!("pw_modulo_int({a}, {b})"),
            (BinaryOp::Modulo, _) => format!("pw_modulo({a}, {b})"),
            (op, (Float, _) | (_, Float)) => format!("pw_finite({a} {} {b})", op.symbol()),
            (op, _) => format!("TRY({a} {} {b})", op.symbol()),
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
            parts.push(frame_text(frame));
        }
        Ok(parts.join(" "))
    }

    /// A time as order key of a range frame is its microseconds, so that bounds are numbers.
    fn range_order(&self, keys: &[SortKey]) -> Sql {
        let mut parts = Vec::new();
        for key in keys {
            let sql = self.sql(&key.expr)?;
            let number = match self.type_of(&key.expr) {
                // Bounds may lie beyond 64 bits.
                DataType::Timestamp | DataType::Date => format!("CAST(epoch_us(CAST({sql} AS TIMESTAMP)) AS HUGEINT)"),
                DataType::Int | DataType::Duration => format!("CAST({sql} AS HUGEINT)"),
                _ => sql,
            };
            parts.push(format!("{number}{} NULLS LAST", if key.descending { " DESC" } else { "" }));
        }
        Ok(parts.join(", "))
    }

    pub fn order(&self, keys: &[SortKey]) -> Sql {
        let keys = keys.iter().filter(orders).map(|key| Ok(order_key(&self.print(&key.expr)?, key.descending, false)));
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

    fn order_of_all(&self, keys: &[SortKey], is_reversed: bool) -> Sql {
        let mut order = Vec::new();
        for key in keys.iter().filter(orders) {
            order.push(order_key(&self.print(&key.expr)?, key.descending, is_reversed));
        }
        for field in &self.schema.fields {
            let column = format!("{}{}", self.table, sql_identifier(&field.name));
            order.push(order_key(&column, false, is_reversed));
        }
        Ok(order.join(", "))
    }
}

/// Constants order nothing, and DuckDB refuses most of them.
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

/// A number without its type.
fn plain(value: &Value) -> String {
    match value {
        Value::Int(int) | Value::Duration(int) => int.to_string(),
        other => literal(other),
    }
}

/// A typed literal.
pub fn literal(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Boolean(value) => if *value { "TRUE" } else { "FALSE" }.to_owned(),
        Value::Int(i64::MIN) | Value::Duration(i64::MIN) => "(-9223372036854775807::BIGINT - 1)".to_owned(),
        Value::Int(int) | Value::Duration(int) if *int < 0 => format!("({int}::BIGINT)"),
        Value::Int(int) | Value::Duration(int) => format!("{int}::BIGINT"),
        // With an exponent it is a DOUBLE, not a DECIMAL.
        Value::Float(float) if *float < 0.0 => format!("({float:e})"),
        Value::Float(float) => format!("{float:e}"),
        Value::String(value) => sql_text(value),
        Value::Timestamp(micros) => format!("make_timestamp({micros})"),
        Value::Date(days) => format!("DATE '{}'", format_date(*days)),
        Value::List(items) => {
            format!(
                "CAST([{}] AS {})",
                items.iter().map(literal).collect::<Vec<_>>().join(", "),
                type_name(&value.data_type())
            )
        }
        Value::Record(fields) => {
            let parts: Vec<String> =
                fields.iter().map(|(name, value)| format!("{}: {}", sql_text(name), literal(value))).collect();
            format!("{{{}}}", parts.join(", "))
        }
    }
}

/// A literal of a column's type (null gets its type too).
pub fn typed_literal(value: &Value, data_type: &DataType) -> String {
    match (value, data_type) {
        (Value::Null | Value::List(_) | Value::Record(_), _) => {
            format!("CAST({} AS {})", literal(value), type_name(data_type))
        }
        (Value::Int(int), DataType::Float) => format!("{:e}", *int as f64),
        _ => literal(value),
    }
}

pub fn type_name(data_type: &DataType) -> String {
    match data_type {
        DataType::Boolean => "BOOLEAN".to_owned(),
        DataType::Int | DataType::Duration => "BIGINT".to_owned(),
        DataType::Float => "DOUBLE".to_owned(),
        DataType::String | DataType::Unknown => "VARCHAR".to_owned(),
        DataType::Timestamp => "TIMESTAMP".to_owned(),
        DataType::Date => "DATE".to_owned(),
        DataType::List(item) => format!("{}[]", type_name(item)),
        DataType::Record(fields) => {
            let parts: Vec<String> =
                fields.iter().map(|(name, item)| format!("{} {}", sql_identifier(name), type_name(item))).collect();
            format!("STRUCT({})", parts.join(", "))
        }
    }
}

/// `try_cast`: null where the value does not fit.
pub fn cast(sql: &str, from: &DataType, to: &DataType) -> Sql {
    use DataType::*;
    Ok(match (from, to) {
        (from, to) if from == to => sql.to_owned(),
        (Unknown, to) | (to, Unknown) => format!("TRY_CAST({sql} AS {})", type_name(to)),
        (String, Int) => format!("pw_int({sql})"),
        (String, Float) => format!("pw_float({sql})"),
        (String, Boolean) => format!("pw_boolean({sql})"),
        (String, Timestamp) => format!("pw_timestamp({sql})"),
        (String, Date) => format!("pw_date({sql})"),
        (Timestamp, String) => format!("pw_timestamp_text({sql})"),
        (Duration, String) => format!("pw_duration_text({sql})"),
        (Float, String) => format!("pw_float_text({sql})"),
        (Boolean | Int | Date, String) => format!("CAST({sql} AS VARCHAR)"),
        (Float, Int) => format!("TRY_CAST(trunc({sql}) AS BIGINT)"),
        (Boolean | Int, Int | Float | Boolean) | (Float, Float) | (Timestamp | Date, Timestamp | Date) => {
            format!("TRY_CAST({sql} AS {})", type_name(to))
        }
        (List(from), List(to)) => {
            let item = cast("x", from, to)?;
            format!("list_transform({sql}, lambda x: {item})")
        }
        _ => return Err(unsupported(format!("the cast from {from} to {to}"))),
    })
}

/// `name AS "name"` lists for selects.
pub fn column_list<'a>(fields: impl Iterator<Item = &'a Field>, table: &str) -> std::string::String {
    fields.map(|field| format!("{table}{}", sql_identifier(&field.name))).collect::<Vec<_>>().join(", ")
}
