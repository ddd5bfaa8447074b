//! Fields that name a column or hold an expression over columns: picked from those that are there, or written by hand.

use egui::Ui;
use pipewright_core::data::Schema;
use pipewright_core::expr::{self, ExprKind, Place, print_name};
use serde_json::Value as Json;

use super::FieldUi;
use super::columns::{BY_HAND, by_hand, column_choices};
use crate::gui::widgets::{link, picker};

/// The column that a text names, if it is nothing else.
pub fn lone_column(text: &str) -> Option<String> {
    match expr::parse(text).ok()?.kind {
        ExprKind::Column(name) => Some(name),
        _ => None,
    }
}

impl FieldUi<'_, '_> {
    /// Whether the field is written by hand, because somebody wishes so.
    pub(super) fn is_by_hand(&self) -> bool {
        self.memory.by_hand.contains(&self.scope.key(self.field.name))
    }

    pub(super) fn turn_by_hand(&mut self, is_by_hand: bool) {
        let key = self.scope.key(self.field.name);
        if is_by_hand {
            self.memory.by_hand.insert(key);
            self.memory.focus = Some((self.scope.owner.to_owned(), format!("{}{}", self.scope.path, self.field.name)));
        } else {
            self.memory.by_hand.remove(&key);
        }
    }

    pub(super) fn key_ui(&mut self, ui: &mut Ui, input: &str) {
        let text = self.scope.text(self.field.name).to_owned();
        let schema = self.scope.schema(input).filter(|schema| !schema.is_empty());
        let column = lone_column(&text);
        let is_plain = text.trim().is_empty() || column.is_some();
        if schema.is_none() || !is_plain || self.is_by_hand() {
            self.expression_ui(ui, input, Place::Row);
            if schema.is_some() && is_plain && link(ui, "Pick a column").clicked() {
                self.turn_by_hand(false);
            }
            return;
        }
        let choices = || {
            let mut choices = column_choices(schema, self.scope.rows(input), &[]);
            choices.push(by_hand());
            choices
        };
        let is_wrong = column.as_ref().is_some_and(|name| is_unknown(schema, name));
        match picker(ui, self.field.label, column.as_deref().unwrap_or_default(), is_wrong, choices) {
            Some(picked) if picked == BY_HAND => self.turn_by_hand(true),
            Some(picked) => self.scope.set(self.out, self.field.name, Json::from(print_name(&picked))),
            None => {}
        }
        self.verdict_ui(ui, &text, input, Place::Row);
    }
}

/// Whether a column is missing from a schema that says all of its columns.
fn is_unknown(schema: Option<&Schema>, name: &str) -> bool {
    schema.is_some_and(|schema| !schema.open && !schema.has(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_are_columns() {
        assert_eq!(lone_column("status"), Some("status".into()));
        assert_eq!(lone_column("\"page size\""), Some("page size".into()));
        assert_eq!((lone_column("lower(page)"), lone_column(""), lone_column("a +")), (None, None, None));
    }
}
