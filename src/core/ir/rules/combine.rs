//! Schema rules of operations with several inputs.

use super::{Rule, column};
use crate::data::{DataType, Field, Labels, Schema};
use crate::diagnostic::{Diagnostic, nearest};
use crate::expr::{BinaryOp, Call, Expr, ExprKind, FunctionKind, Place, function, print};
use crate::ir::{AsofJoin, Join, JoinKind};

/// Columns of what is joined: steps that double them would soon have more than any memory holds.
const MOST_COLUMNS: usize = 20_000;

pub(super) fn join(rule: &Rule, join: &Join) -> Result<Schema, Diagnostic> {
    let (left, right) = (rule.input(0)?, rule.input(1)?);
    if join.kind == JoinKind::Cross {
        if !join.on.is_empty() {
            return Err(Diagnostic::error("PW0413", "a cross join takes every pair of rows, so it has no keys")
                .help("remove the keys, or choose another kind of join"));
        }
    } else if join.on.is_empty() {
        return Err(
            Diagnostic::error("PW0414", "the join has no keys").help("name a column of each side that must be equal")
        );
    }
    for (left_key, right_key) in &join.on {
        let left_type = rule.expression(0, left_key, Place::Row)?;
        let right_type = rule.expression(1, right_key, Place::Row)?;
        comparable(&print(left_key), &left_type, &print(right_key), &right_type)?;
    }
    let keys = join.on.iter().map(|(left, right)| (columns_of(left), columns_of(right)));
    match join.kind {
        JoinKind::Semi | JoinKind::Anti => {
            let mut schema = left.clone();
            share_labels(&mut schema, left, right, &[], keys);
            Ok(schema)
        }
        JoinKind::Inner | JoinKind::Left | JoinKind::Right | JoinKind::Full | JoinKind::Cross => {
            let mut schema = widened(left, right, &join.right)?;
            share_labels(&mut schema, left, right, &join.right, keys);
            Ok(schema)
        }
    }
}

pub(super) fn asof_join(rule: &Rule, join: &AsofJoin) -> Result<Schema, Diagnostic> {
    let (left, right) = (rule.input(0)?, rule.input(1)?);
    for (schema, name, side) in [(left, &join.left_time, "left"), (right, &join.right_time, "right")] {
        let found = column(schema, name)?;
        if !found.data_type.fits(&DataType::Timestamp) {
            return Err(Diagnostic::error(
                "PW0405",
                format!("`{name}` on the {side} is {}, but a Timestamp is wanted", found.data_type),
            )
            .help("choose the column that says when, or change its type first"));
        }
    }
    for (left_key, right_key) in &join.by {
        let (left_type, right_type) =
            (&column(left, left_key)?.data_type.clone(), &column(right, right_key)?.data_type.clone());
        comparable(left_key, left_type, right_key, right_type)?;
    }
    let mut schema = widened(left, right, &join.right)?;
    let times = (join.left_time.clone(), join.right_time.clone());
    let keys = join.by.iter().chain([&times]).map(|(left, right)| (vec![left.clone()], vec![right.clone()]));
    share_labels(&mut schema, left, right, &join.right, keys);
    Ok(schema)
}

fn columns_of(expr: &Expr) -> Vec<String> {
    expr.columns().into_iter().map(str::to_owned).collect()
}

/// Where two keys are equal, each tells what the other holds: what is shown of one bears the labels of both.
fn share_labels(
    schema: &mut Schema,
    left: &Schema,
    right: &Schema,
    come_along: &[(String, String)],
    keys: impl Iterator<Item = (Vec<String>, Vec<String>)>,
) {
    for (left_names, right_names) in keys {
        let labels = |of: &Schema, names: &[String]| {
            Labels::merged(names.iter().filter_map(|name| of.get(name)).map(|field| &field.labels))
        };
        let (left_labels, right_labels) = (labels(left, &left_names), labels(right, &right_names));
        let shown = come_along.iter().filter(|(from, _)| right_names.contains(from)).map(|(_, to)| (to, &left_labels));
        let all = left_names.iter().map(|name| (name, &right_labels)).chain(shown);
        raise(schema, all.map(|(name, other)| (name.as_str(), other)));
    }
}

/// What a condition leaves of rows where it compares columns with one another, as `time <= other_time`: each tells what
/// the others are, so all of them bear the labels of all.
pub(super) fn compared(condition: &Expr, input: &Schema) -> Schema {
    let (mut parts, mut together) = (vec![condition], Vec::new());
    while let Some(part) = parts.pop() {
        match &part.kind {
            ExprKind::Not(inner) => parts.push(inner),
            ExprKind::Binary { op: BinaryOp::And | BinaryOp::Or, left, right } => parts.extend([&**left, &**right]),
            _ => together.push(part.columns()),
        }
    }
    share_together(together, input)
}

/// The same where rows are put in order, and the first are taken.
pub(super) fn ordered<'a>(keys: impl Iterator<Item = &'a Expr>, input: &Schema) -> Schema {
    share_together(keys.map(Expr::columns).collect(), input)
}

/// The same where a value that is computed says how columns compare: who keeps rows by it later compares them.
pub(super) fn computed_of<'a>(exprs: impl Iterator<Item = &'a Expr>, input: &Schema) -> Schema {
    let (mut parts, mut together): (Vec<&Expr>, _) = (exprs.collect(), Vec::new());
    while let Some(part) = parts.pop() {
        let is_comparison = match &part.kind {
            ExprKind::Binary { op, .. } => op.is_comparison(),
            ExprKind::IsDistinct { .. }
            | ExprKind::Between { .. }
            | ExprKind::InList { .. }
            | ExprKind::Like { .. } => true,
            ExprKind::Case { operand, .. } => operand.is_some(),
            ExprKind::Call(call) => is_comparing(call),
            _ => false,
        };
        if let ExprKind::Call(call) = &part.kind {
            // Rows are put in order, or divided, by each of these.
            let over = call.over.iter().flat_map(|over| over.order.iter().map(|key| &key.expr).chain(&over.partition));
            together.extend(call.order.iter().map(|key| &key.expr).chain(over).map(Expr::columns));
        }
        if is_comparison {
            together.push(part.columns());
        }
        parts.extend(part.children());
    }
    share_together(together, input)
}

/// `contains`, `starts_with`, `list_contains` and their like, and what gives another value where its arguments are equal,
/// or the larger one.
fn is_comparing(call: &Call) -> bool {
    const BY_VALUE: [&str; 5] = ["nullif", "position", "greatest", "least", "clamp"];
    function(&call.function).is_some_and(|known| {
        known.kind == FunctionKind::Scalar
            && (known.signature.ends_with("Boolean") || BY_VALUE.contains(&call.function.as_str()))
    })
}

/// Columns of which each list tells what the others hold.
fn share_together(mut together: Vec<Vec<&str>>, input: &Schema) -> Schema {
    together.retain(|names| names.len() > 1);
    let mut schema = input.clone();
    // Most operations compare nothing.
    while !together.is_empty() {
        let before = schema.clone();
        for names in &together {
            let labels = Labels::merged(names.iter().filter_map(|name| schema.get(name)).map(|field| &field.labels));
            raise(&mut schema, names.iter().map(|name| (*name, &labels)));
        }
        // What is compared with what was compared tells it as well.
        if schema == before {
            break;
        }
    }
    schema
}

/// Columns that tell what others hold bear the labels of those, too; what they mean stays.
fn raise<'a>(schema: &mut Schema, columns: impl Iterator<Item = (&'a str, &'a Labels)>) {
    for (name, other) in columns {
        if let Some(field) = schema.fields.iter_mut().find(|field| field.name == name) {
            let meaning = field.labels.meaning.clone();
            field.labels = Labels { meaning, ..field.labels.raised(other) };
        }
    }
}

fn comparable(left: &str, left_type: &DataType, right: &str, right_type: &DataType) -> Result<(), Diagnostic> {
    if left_type.common(right_type).is_some() {
        return Ok(());
    }
    Err(Diagnostic::error(
        "PW0402",
        format!("`{left}` is {left_type} and `{right}` is {right_type}: they never compare"),
    )
    .help(format!("make them alike, such as `try_cast({right} as {left_type})`")))
}

/// The left columns, then those of the right that come along under their output names.
fn widened(left: &Schema, right: &Schema, come_along: &[(String, String)]) -> Result<Schema, Diagnostic> {
    let columns = left.len() + come_along.len();
    if columns > MOST_COLUMNS {
        let message = format!("the rows would have {columns} columns, more than the {MOST_COLUMNS} that a join makes");
        return Err(Diagnostic::error("PW0419", message).help("take fewer columns along, or leave some out before"));
    }
    let mut schema = left.clone();
    for (from, to) in come_along {
        let field = column(right, from)?;
        schema.fields.push(Field { labels: field.labels.clone(), ..Field::new(to, field.data_type.clone()) });
    }
    Ok(schema)
}

pub(super) fn union(inputs: &[&Schema]) -> Result<Schema, Diagnostic> {
    let mut sum = Schema::default();
    for (index, schema) in inputs.iter().enumerate() {
        sum.open |= schema.open;
        for field in &schema.fields {
            let Some(at) = sum.index(&field.name) else {
                sum.fields.push(field.clone());
                continue;
            };
            let known = &mut sum.fields[at];
            let Some(common) = known.data_type.common(&field.data_type) else {
                return Err(Diagnostic::error(
                    "PW0401",
                    format!(
                        "`{}` is {} in input {} but {} before it",
                        field.name,
                        field.data_type,
                        index + 1,
                        known.data_type
                    ),
                )
                .help(format!("change its type on one side to {}, or rename one of them", known.data_type)));
            };
            let meaning = known.labels.meaning.clone().filter(|meaning| Some(meaning) == field.labels.meaning.as_ref());
            known.data_type = common;
            known.labels = known.labels.merge(&field.labels);
            known.labels.meaning = meaning;
        }
    }
    Ok(sum)
}

/// For step kinds: names of `other` that `first` lacks but that are near to one which `other` lacks, as (name, near).
pub(crate) fn near_names(first: &Schema, other: &Schema) -> Vec<(String, String)> {
    let missing: Vec<&str> = first.names().filter(|name| !other.has(name)).collect();
    let new = other.names().filter(|name| !first.has(name));
    new.filter_map(|name| Some((name.to_owned(), nearest(name, missing.iter().copied())?.to_owned()))).collect()
}
