//! Items of ordered lists that several step kinds share, and what is done with them. Imports nothing above `model`.

use std::collections::HashSet;

use serde::Deserialize;

use super::calls::{has_call, split_calls};
use super::groups::Groups;
use super::{FieldKind, FormField, Lowering};
use crate::data::{DataType, Value};
use crate::diagnostic::Diagnostic;
use crate::expr::{Expr, ExprKind, Place};
use crate::ir::{Aggregate, Column, NodeId, Op, Project};

/// `{id, name, expression}`: a new column, a measure, a key.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct NamedExpression {
    pub id: String,
    pub name: String,
    pub expression: String,
}

/// `{id, left, right}`: what must be equal on both sides.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct KeyPair {
    pub id: String,
    pub left: String,
    pub right: String,
}

/// Setting path of an item's field: `columns.c1.expression`; items without id go by their number.
pub(super) fn item_field(list: &str, id: &str, index: usize, field: &str) -> String {
    if id.is_empty() { format!("{list}.{}.{field}", index + 1) } else { format!("{list}.{id}.{field}") }
}

/// Form of group keys.
pub(super) const KEY_ITEMS: &[FormField] = &[
    FormField::new("expression", "Key", FieldKind::Key { input: "in" }, "A column, or an expression over columns.")
        .required(),
    FormField::new("name", "Name", FieldKind::Text { placeholder: "same as the column" }, "Name of the output column."),
];

/// Form of measures.
pub(super) const MEASURE_ITEMS: &[FormField] = &[
    FormField::new("name", "Name", FieldKind::Text { placeholder: "requests" }, "Name of the output column.")
        .required(),
    FormField::new(
        "expression",
        "Measure",
        FieldKind::Expression { input: "in", place: Place::Aggregate, result: None },
        "An aggregate, such as count(*) or sum(bytes) / count(*).",
    )
    .required(),
];

impl Lowering<'_> {
    /// Group keys as columns; a key without name takes that of its column.
    pub(super) fn group_keys(&mut self, list: &str, items: &[NamedExpression], input: NodeId) -> Option<Vec<Column>> {
        let mut keys = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let field = item_field(list, &item.id, index, "expression");
            let (expr, _) = self.expression(&field, &item.expression, input, Place::Row, None)?;
            if self.refuses_strict_cast(&field, &expr) {
                return None;
            }
            let name = match (&expr.kind, item.name.trim()) {
                (ExprKind::Column(column), "") => column.clone(),
                (_, name) => self.new_name(&item_field(list, &item.id, index, "name"), name)?,
            };
            keys.push(Column { name, expr });
        }
        Some(keys)
    }

    /// Groups rows. Measures made of several aggregates are computed from single ones afterwards.
    pub(super) fn push_aggregate(
        &mut self,
        keys: Vec<Column>,
        measures: &[NamedExpression],
        groups: &Groups,
        input: NodeId,
    ) -> Option<NodeId> {
        let mut columns = Vec::new();
        for (index, item) in measures.iter().enumerate() {
            let field = item_field("measures", &item.id, index, "expression");
            let (expr, _) = self.expression(&field, &item.expression, input, Place::Aggregate, None)?;
            if self.refuses_strict_cast(&field, &expr) {
                return None;
            }
            if !has_call(&expr, false) {
                self.report(
                    Diagnostic::error("PW0319", "the measure holds no aggregate")
                        .help("say what becomes of the many rows, such as `max(…)` or `count(*)`")
                        .at(expr.span)
                        .field(field),
                );
                return None;
            }
            let name = self.new_name(&item_field("measures", &item.id, index, "name"), &item.name)?;
            columns.push(Column { name, expr });
        }
        self.report_repeated_names("measures", keys.iter().chain(&columns).map(|column| column.name.as_str()))?;
        let taken: HashSet<String> = keys.iter().map(|key| key.name.clone()).collect();
        let split = split_calls(columns, false, &taken);
        if let Some(smallest) = groups.smallest_group.filter(|rows| *rows > 1) {
            return self.push_large_groups(keys, split, smallest, groups.reason.trim(), input);
        }
        let is_direct = split.is_direct();
        let key_names: Vec<Column> = keys.iter().map(|key| Column::same(&key.name)).collect();
        let node = self.push_from("measures", Op::Aggregate(Aggregate { keys, measures: split.calls }), vec![input])?;
        if is_direct {
            return Some(node);
        }
        let columns: Vec<Column> = key_names.into_iter().chain(split.results).collect();
        let losses = self.written_cast_losses(&columns, node);
        self.push_from("measures", Op::Project(Project { losses, ..Project::new(columns) }), vec![node])
    }

    /// Reports the first name that comes twice; `None` then.
    pub(super) fn report_repeated_names<'a>(
        &mut self,
        field: &str,
        names: impl Iterator<Item = &'a str>,
    ) -> Option<()> {
        let mut seen = HashSet::new();
        let mut repeated = names.filter(|name| !seen.insert(*name));
        if let Some(name) = repeated.next() {
            let message = format!("two columns would be named `{name}`");
            self.report(Diagnostic::error("PW0320", message).help("give one of them another name").field(field));
            return None;
        }
        Some(())
    }

    /// New columns that take the place of others: what these held is gone, which is to be meant.
    pub(super) fn warn_of_replaced<'a>(
        &mut self,
        field: &str,
        names: impl Iterator<Item = &'a str>,
        column: &str,
        input: NodeId,
    ) {
        let schema = self.schema(input);
        let replaced: Vec<String> = names
            .filter(|name| *name != column && schema.get(name).is_some())
            .map(|name| format!("`{name}`"))
            .collect();
        if !replaced.is_empty() {
            let (word, take) = if replaced.len() == 1 { ("column", "takes") } else { ("columns", "take") };
            let message =
                format!("the new {word} {} {take} the place of what comes in under that name", replaced.join(", "));
            self.report(
                Diagnostic::warning("PW0380", message)
                    .help("give it another name, or rename what comes in before")
                    .field(field),
            );
        }
    }

    /// `coalesce`-free text of a column for hashing: text as it is, other types as `try_cast` writes them.
    pub(super) fn as_text(expr: Expr, data_type: &DataType) -> Expr {
        if *data_type == DataType::String { expr } else { Expr::try_cast(expr, DataType::String) }
    }

    /// Sets columns over those of the input: same name in place, new ones at the end.
    pub(super) fn put_columns(&self, input: NodeId, new: Vec<Column>) -> Vec<Column> {
        let mut columns = self.all_columns(input);
        for column in new {
            match columns.iter_mut().find(|known| known.name == column.name) {
                Some(known) => *known = column,
                None => columns.push(column),
            }
        }
        columns
    }

    /// Says in a hint that a step without items passes its rows through.
    pub(super) fn pass_through(&mut self, input: NodeId, message: &str, help: &str, field: &str) {
        self.report(Diagnostic::hint("PW0321", message).help(help).field(field));
        self.output("out", input);
    }
}

/// A text literal.
pub(super) fn text(value: impl Into<String>) -> Expr {
    Expr::literal(Value::String(value.into()))
}
