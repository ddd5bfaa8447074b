//! Expressions → Polars expressions with exactly the reference meaning: what Polars computes the same way is native,
//! arithmetic runs through checked kernels, everything else is evaluated row by row by `core::expr::eval`.
//! Every lowered expression carries its data type, so nothing is left to Polars' own coercions.

mod casts;
mod compare;
mod functions;
pub(crate) mod kernels;
mod rowwise;

use std::collections::BTreeMap;

use pipewright_core::data::{DataType, Schema, Value};
use pipewright_core::diagnostic::{Diagnostic, did_you_mean};
use pipewright_core::expr::{self, BinaryOp, Call, Expr, ExprKind};
use polars::prelude::{self as pl, LiteralValue, Scalar, lit};

pub(crate) use compare::key_pair;

use crate::allowance::{self, Allowance};
use crate::table::{polars_type, series_of};

/// A lowered expression with the type of its values.
#[derive(Clone)]
pub(crate) struct Typed {
    pub expr: pl::Expr,
    pub data_type: DataType,
    /// The value where it is the same in every row.
    pub constant: Option<Value>,
}

impl Typed {
    pub fn new(expr: pl::Expr, data_type: DataType) -> Typed {
        Typed { expr, data_type, constant: None }
    }

    /// The same values as another type that holds them all (`DataType::common`).
    pub fn widened(self, to: &DataType) -> Typed {
        if self.data_type == *to {
            return self;
        }
        if let Some(value) = &self.constant {
            return constant(value, to);
        }
        Typed::new(self.expr.cast(polars_type(to)), to.clone())
    }
}

/// A row-wise expression over a frame that has the schema's columns. Parameters must be bound; a strict cast is taken
/// as `try_cast` (the plan has split the check off).
pub(crate) fn lower(expr: &Expr, schema: &Schema) -> Result<Typed, Diagnostic> {
    let parameters = BTreeMap::new();
    let scope = expr::Scope { schema, parameters: &parameters, place: expr::Place::Row };
    lower_node(&expr::coerce(expr, &scope), schema)
}

/// An expression whose conversions are written out.
fn lower_node(expr: &Expr, schema: &Schema) -> Result<Typed, Diagnostic> {
    expr::deep(|| lower_level(expr, schema))
}

fn lower_level(expr: &Expr, schema: &Schema) -> Result<Typed, Diagnostic> {
    let typed = match &expr.kind {
        ExprKind::Literal(value) => constant(value, &value.data_type()),
        ExprKind::Column(name) => column(name, schema)?,
        ExprKind::Parameter(name) => {
            return Err(Diagnostic::error("PW0702", format!("the parameter `{name}` has no value"))
                .help("give it a default, or set it for this run")
                .at(expr.span));
        }
        _ if expr.columns().is_empty() && is_constant(expr) => {
            let value = expr::eval(expr, &|_| Value::Null);
            of_measure(&value)?;
            if rowwise::loses(expr) {
                Allowance::current().lose();
            }
            let data_type = match type_of(expr, schema) {
                DataType::Unknown => value.data_type(),
                known => known,
            };
            constant(&value, &data_type)
        }
        ExprKind::Member { record, name } => member(expr, record, name, schema)?,
        ExprKind::Not(inner) => Typed::new(boolean_node(inner, schema)?.not(), DataType::Boolean),
        ExprKind::Negate(inner) => {
            let inner = lower_node(inner, schema)?;
            match kernels::negate(&inner) {
                Some(negated) => negated,
                None => rowwise::lower(expr, schema)?,
            }
        }
        ExprKind::Binary { op, left, right } => binary(expr, *op, left, right, schema)?,
        ExprKind::IsNull { expr: inner, negated } => {
            let inner = lower_node(inner, schema)?.expr;
            Typed::new(if *negated { inner.is_not_null() } else { inner.is_null() }, DataType::Boolean)
        }
        ExprKind::IsBoolean { expr: inner, value, negated } => {
            let is = boolean_node(inner, schema)?.eq_missing(lit(*value));
            Typed::new(if *negated { is.not() } else { is }, DataType::Boolean)
        }
        ExprKind::IsDistinct { left, right, negated } => compare::is_distinct(expr, left, right, *negated, schema)?,
        ExprKind::Between { expr: inner, low, high, negated } => {
            compare::between(expr, inner, low, high, *negated, schema)?
        }
        ExprKind::InList { expr: inner, list, negated } => compare::in_list(expr, inner, list, *negated, schema)?,
        ExprKind::Like { expr: inner, pattern, negated, insensitive } => {
            compare::like(expr, inner, pattern, *negated, *insensitive, schema)?
        }
        ExprKind::Case { operand, branches, otherwise } => {
            case(operand.as_deref(), branches, otherwise.as_deref(), schema)?
        }
        ExprKind::Cast { expr: inner, to, .. } => casts::cast(expr, inner, to, schema)?,
        ExprKind::Call(call) => call_of(expr, call, schema)?,
    };
    Ok(typed)
}

/// Times that a constant is copied on its way to the rows.
const COPIES: usize = 4;

/// An error where a constant takes more than the work may make: it is made before any row is looked at.
fn of_measure(value: &Value) -> Result<(), Diagnostic> {
    let taken = Allowance::current().take(allowance::weight(value).saturating_mul(COPIES));
    taken.map_err(|error| crate::faults::failed(&error))
}

/// The expression as a column of a type, named.
pub(crate) fn lower_as(expr: &Expr, schema: &Schema, to: &DataType, name: &str) -> Result<pl::Expr, Diagnostic> {
    let typed = lower(expr, schema)?;
    let typed = if to.is_unknown() && typed.data_type.is_unknown() { typed } else { typed.widened(to) };
    Ok(typed.expr.alias(name))
}

/// A condition: true, false or null.
pub(crate) fn boolean(expr: &Expr, schema: &Schema) -> Result<pl::Expr, Diagnostic> {
    Ok(as_boolean(lower(expr, schema)?))
}

fn boolean_node(expr: &Expr, schema: &Schema) -> Result<pl::Expr, Diagnostic> {
    Ok(as_boolean(lower_node(expr, schema)?))
}

/// Only a Boolean, a null or a column of unknown type may stand where a condition is wanted.
fn as_boolean(typed: Typed) -> pl::Expr {
    match typed.data_type {
        DataType::Boolean => typed.expr,
        _ => typed.widened(&DataType::Boolean).expr,
    }
}

/// The same value in every row.
pub(crate) fn constant(value: &Value, data_type: &DataType) -> Typed {
    let series = series_of("literal", data_type, &[value]);
    let cell = series.get(0).map(|cell| cell.into_static()).unwrap_or(pl::AnyValue::Null);
    let scalar = Scalar::new(polars_type(data_type), cell);
    Typed {
        expr: pl::Expr::Literal(LiteralValue::Scalar(scalar)),
        data_type: data_type.clone(),
        constant: Some(value.clone()),
    }
}

fn column(name: &str, schema: &Schema) -> Result<Typed, Diagnostic> {
    match schema.get(name) {
        Some(field) => Ok(Typed::new(pl::Expr::Column(name.into()), field.data_type.clone())),
        None if schema.open => Ok(constant(&Value::Null, &DataType::Unknown)),
        None => {
            Err(Diagnostic::error("PW0404", format!("unknown column `{name}`{}", did_you_mean(name, schema.names()))))
        }
    }
}

/// Whether the value is the same in every row.
fn is_constant(expr: &Expr) -> bool {
    !matches!(&expr.kind, ExprKind::Parameter(_)) && expr.children().into_iter().all(is_constant)
}

/// The type by the rules of expressions; `Unknown` where there is none.
pub(crate) fn type_of(expr: &Expr, schema: &Schema) -> DataType {
    let parameters = BTreeMap::new();
    expr::type_of(expr, &expr::Scope { schema, parameters: &parameters, place: expr::Place::Row })
}

fn member(whole: &Expr, record: &Expr, name: &str, schema: &Schema) -> Result<Typed, Diagnostic> {
    let record = lower_node(record, schema)?;
    if let DataType::Record(fields) = &record.data_type
        && let Some((_, data_type)) = fields.iter().find(|field| field.0 == name)
    {
        // Asked for by its name, some names would be patterns of names.
        let field = pl::FunctionExpr::StructExpr(pl::StructFunction::FieldByName(name.into()));
        return Ok(Typed::new(record.expr.map_unary(field), data_type.clone()));
    }
    rowwise::lower(whole, schema)
}

fn binary(whole: &Expr, op: BinaryOp, left: &Expr, right: &Expr, schema: &Schema) -> Result<Typed, Diagnostic> {
    match op {
        BinaryOp::And => {
            Ok(Typed::new(boolean_node(left, schema)?.and(boolean_node(right, schema)?), DataType::Boolean))
        }
        BinaryOp::Or => Ok(Typed::new(boolean_node(left, schema)?.or(boolean_node(right, schema)?), DataType::Boolean)),
        BinaryOp::Equal
        | BinaryOp::NotEqual
        | BinaryOp::Less
        | BinaryOp::LessOrEqual
        | BinaryOp::Greater
        | BinaryOp::GreaterOrEqual => {
            match compare::compared(op, lower_node(left, schema)?, lower_node(right, schema)?) {
                Some(holds) => Ok(Typed::new(holds, DataType::Boolean)),
                None => rowwise::lower(whole, schema),
            }
        }
        BinaryOp::Add
        | BinaryOp::Subtract
        | BinaryOp::Multiply
        | BinaryOp::Divide
        | BinaryOp::IntegerDivide
        | BinaryOp::Modulo => match kernels::arithmetic(op, lower_node(left, schema)?, lower_node(right, schema)?) {
            Some(typed) => Ok(typed),
            None => rowwise::lower(whole, schema),
        },
        BinaryOp::Concat => {
            let (left, right) = (lower_node(left, schema)?, lower_node(right, schema)?);
            if left.data_type == DataType::String && right.data_type == DataType::String {
                return Ok(kernels::joined(left, right));
            }
            rowwise::lower(whole, schema)
        }
    }
}

fn case(
    operand: Option<&Expr>,
    branches: &[(Expr, Expr)],
    otherwise: Option<&Expr>,
    schema: &Schema,
) -> Result<Typed, Diagnostic> {
    let mut values = Vec::with_capacity(branches.len());
    for (_, then) in branches {
        values.push(lower_node(then, schema)?);
    }
    let otherwise = match otherwise {
        Some(expr) => lower_node(expr, schema)?,
        None => constant(&Value::Null, &DataType::Unknown),
    };
    let all = values.iter().chain([&otherwise]);
    let data_type = all.fold(DataType::Unknown, |sum, value| sum.common(&value.data_type).unwrap_or(DataType::Unknown));
    let mut result = otherwise.widened(&data_type).expr;
    for ((when, _), value) in branches.iter().zip(values).rev() {
        let condition = match operand {
            Some(operand) => {
                let equal = Expr::binary(BinaryOp::Equal, operand.clone(), when.clone());
                boolean_node(&equal, schema)?
            }
            None => boolean_node(when, schema)?,
        };
        result = pl::when(condition).then(value.widened(&data_type).expr).otherwise(result);
    }
    Ok(kernels::weighed(Typed::new(result, data_type)))
}

fn call_of(whole: &Expr, call: &Call, schema: &Schema) -> Result<Typed, Diagnostic> {
    let mut args = Vec::with_capacity(call.args.len());
    for arg in &call.args {
        args.push(lower_node(arg, schema)?);
    }
    match functions::native(&call.function, &args) {
        Some(typed) => Ok(typed),
        None => rowwise::lower(whole, schema),
    }
}

#[cfg(test)]
mod tests;
