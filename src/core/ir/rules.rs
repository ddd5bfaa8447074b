//! The schema rule of every operation, and structural hashes. Labels follow lineage.
//! Imports data and expr; no step kind.

mod combine;
mod group;
mod rows;

pub(crate) use combine::near_names;
pub(crate) use rows::POSITION;

use std::collections::BTreeMap;
use std::hash::Hasher;

use xxhash_rust::xxh3::Xxh3;

use super::{Column, Op};
use crate::data::{DataType, Field, Labels, Schema};
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::expr::{self, Expr, ExprKind, Place, Scope, SortKey};

/// Types of the parameters that expressions may name.
pub type ParameterTypes = BTreeMap<String, DataType>;

/// The columns that an operation gives, from those it gets. The error names what does not fit.
pub fn output_schema(op: &Op, inputs: &[&Schema], parameters: &ParameterTypes) -> Result<Schema, Diagnostic> {
    let rule = Rule { op, inputs, parameters };
    let mut schema = match op {
        Op::Read(read) => rows::read(read),
        Op::Rows(given) => rows::rows(given)?,
        Op::Parse(parse) => rows::parse(&rule, parse)?,
        Op::Filter { predicate } => {
            rule.predicate(predicate)?;
            combine::compared(predicate, rule.input(0)?)
        }
        Op::Project(project) => rows::project(&rule, project)?,
        Op::Check(check) => rows::check(&rule, check)?,
        Op::Aggregate(aggregate) => group::aggregate(&rule, aggregate)?,
        Op::Window(window) => group::window(&rule, window)?,
        Op::Join(join) => combine::join(&rule, join)?,
        Op::AsofJoin(join) => combine::asof_join(&rule, join)?,
        Op::Union => combine::union(inputs)?,
        Op::Sort(sort) => {
            rule.order(&sort.keys)?;
            combine::ordered(sort.keys.iter().map(|key| &key.expr), rule.input(0)?)
        }
        Op::Limit(limit) => {
            rule.order(&limit.keys)?;
            combine::ordered(limit.keys.iter().map(|key| &key.expr), rule.input(0)?)
        }
        Op::Distinct(distinct) => group::distinct(&rule, distinct)?,
        Op::Explode(explode) => group::explode(&rule, explode)?,
        Op::Unpivot(unpivot) => group::unpivot(&rule, unpivot)?,
        Op::Write(write) => rows::write(&rule, write)?,
    };
    unique_names(&schema)?;
    schema.rows = match (op, inputs) {
        // Those that nobody needs bear their part as well.
        (Op::Read(read), _) => labels_of_each(&read.schema),
        (_, []) => labels_of_each(&schema),
        (_, inputs) => Labels::merged(inputs.iter().map(|input| &input.rows)),
    };
    Ok(schema)
}

/// Changes with anything that changes the node's rows.
pub fn node_hash(op: &Op, inputs: impl Iterator<Item = u64>) -> u64 {
    let mut hasher = Xxh3::new();
    hasher.write(serde_json::to_string(op).unwrap_or_default().as_bytes());
    for input in inputs {
        hasher.write_u64(input);
    }
    hasher.finish()
}

/// What a rule looks at.
struct Rule<'a> {
    op: &'a Op,
    inputs: &'a [&'a Schema],
    parameters: &'a ParameterTypes,
}

impl Rule<'_> {
    fn input(&self, index: usize) -> Result<&Schema, Diagnostic> {
        self.inputs.get(index).copied().ok_or_else(|| {
            Diagnostic::error("PW0409", format!("the operation {} lacks its input {}", self.op.name(), index + 1))
        })
    }

    /// The type of an expression over an input's columns.
    fn expression(&self, input: usize, expr: &Expr, place: Place) -> Result<DataType, Diagnostic> {
        let scope = Scope { schema: self.input(input)?, parameters: self.parameters, place };
        expr::check(expr, &scope).map_err(|mut found| {
            if found.is_empty() {
                Diagnostic::error("PW0409", "the expression cannot be typed")
            } else {
                found.remove(0)
            }
        })
    }

    fn predicate(&self, predicate: &Expr) -> Result<(), Diagnostic> {
        let found = self.expression(0, predicate, Place::Row)?;
        if found.fits(&DataType::Boolean) {
            return Ok(());
        }
        Err(Diagnostic::error("PW0406", format!("the condition gives {found}, but Boolean is wanted"))
            .help("compare it with something, such as `status >= 500`"))
    }

    fn order(&self, keys: &[SortKey]) -> Result<(), Diagnostic> {
        for key in keys {
            let data_type = self.expression(0, &key.expr, Place::Row)?;
            expr::check_order_key(&key.expr, &data_type)?;
        }
        Ok(())
    }

    /// An output column computed from the input: its type by the expression, its labels by lineage, from those that
    /// the input's columns bear in `labelled`.
    fn computed(&self, labelled: &Schema, column: &Column, place: Place) -> Result<Field, Diagnostic> {
        let data_type = self.expression(0, &column.expr, place)?;
        let labels = labels_of(&column.expr, labelled);
        Ok(Field { labels, ..Field::new(&column.name, data_type) })
    }
}

/// A bare column keeps its labels; what is computed merges those of its columns.
fn labels_of(expr: &Expr, schema: &Schema) -> Labels {
    // A column that no sample has shown yet comes from where the others come from.
    let of = |name: &str| schema.get(name).map_or_else(|| labels_of_rows(schema), |field| field.labels.clone());
    if let ExprKind::Column(name) = &expr.kind {
        return of(name);
    }
    Labels::merged(&expr.columns().into_iter().map(of).collect::<Vec<_>>())
}

/// What holds for what is told of whole rows, such as their number: where they and all their columns come from and who
/// may see them, but not what they say.
fn labels_of_rows(schema: &Schema) -> Labels {
    Labels::merged(schema.fields.iter().map(|field| &field.labels).chain([&schema.rows])).of_rows()
}

/// What the rows of a source bear themselves: what each of their columns bears. What only some columns bear is no rule on
/// the others.
fn labels_of_each(schema: &Schema) -> Labels {
    let shared = |one: &[String], other: &[String]| one.iter().filter(|name| other.contains(name)).cloned().collect();
    let all = schema.fields.iter().map(|field| field.labels.clone().of_rows());
    let each = all.reduce(|one, other| Labels {
        residency: shared(&one.residency, &other.residency),
        stacks: shared(&one.stacks, &other.stacks),
        access: one.access.zip(other.access).map(|(one, other)| one.into_iter().chain(other).collect()),
        ..Labels::default()
    });
    let Labels { residency, stacks, mut access, .. } = each.unwrap_or_default();
    access.iter_mut().for_each(|teams| {
        teams.sort();
        teams.dedup();
    });
    Labels { residency, stacks, access, ..Labels::default() }
}

/// The field of that name; in an open schema a column not seen yet.
fn column<'a>(schema: &'a Schema, name: &str) -> Result<std::borrow::Cow<'a, Field>, Diagnostic> {
    match schema.get(name) {
        Some(field) => Ok(std::borrow::Cow::Borrowed(field)),
        None if schema.open => {
            let labels = labels_of_rows(schema);
            Ok(std::borrow::Cow::Owned(Field { labels, ..Field::new(name, DataType::Unknown) }))
        }
        None => {
            Err(Diagnostic::error("PW0404", format!("unknown column `{name}`{}", did_you_mean(name, schema.names())))
                .help(columns_help(schema)))
        }
    }
}

/// `the columns here are `a`, `b``.
fn columns_help(schema: &Schema) -> String {
    let names: Vec<String> = schema.names().take(12).map(|name| format!("`{name}`")).collect();
    let more = if schema.len() > names.len() { " …" } else { "" };
    if names.is_empty() {
        "there are no columns here".to_owned()
    } else {
        format!("the columns here are {}{more}", names.join(", "))
    }
}

/// Replaces the field of the same name in its place, or adds it at the end.
fn put(schema: &mut Schema, field: Field) {
    match schema.index(&field.name) {
        Some(index) => schema.fields[index] = field,
        None => schema.fields.push(field),
    }
}

fn unique_names(schema: &Schema) -> Result<(), Diagnostic> {
    let mut seen = std::collections::HashSet::new();
    for name in schema.names() {
        if name.is_empty() {
            return Err(Diagnostic::error("PW0410", "a column has no name").help("give every column a name"));
        }
        if !seen.insert(name) {
            return Err(duplicate(name));
        }
    }
    Ok(())
}

fn duplicate(name: &str) -> Diagnostic {
    Diagnostic::error("PW0403", format!("there would be two columns `{name}`"))
        .help("give one of them another name, or drop it")
}

#[cfg(test)]
mod tests;
