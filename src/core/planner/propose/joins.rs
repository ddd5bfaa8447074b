//! The joins of a proposed flow. Imports what the proposal imports.

use serde_json::{Value as Json, json};

use super::{Flow, lower_first, renamed, root_column, top_columns, upper_first};
use crate::model::Id;
use crate::planner::catalogue::JoinWay;
use crate::planner::derive::{Origin, join_reason};
use crate::planner::draft::NewStep;
use crate::planner::vocabulary::ConceptNo;
use crate::planner::vocabulary::templates::plain_column;
use crate::project::Project;

impl Flow<'_> {
    pub(super) fn join(&mut self, project: &Project, number: usize) -> Option<()> {
        let catalogue = self.catalogue;
        let join = &catalogue.joins[number];
        let source = &catalogue.sources[join.source];
        let field = |field: usize| &catalogue.fields[join.source][field];
        self.compute_concepts(&join.needs)?;
        let taken: Vec<(ConceptNo, usize)> = self
            .derivation
            .concepts
            .iter()
            .filter_map(|(concept, origin)| match origin {
                Origin::Joined(other, field) if *other == number => Some((*concept, *field)),
                Origin::Field(_) | Origin::Rule(_) | Origin::Joined(..) => None,
            })
            .collect();
        let mut brought: Vec<String> = Vec::new();
        for (_, one) in &taken {
            let root = root_column(&field(*one).expression)?;
            if !brought.contains(&root) {
                brought.push(root);
            }
        }
        let (kind, title, settings) = match join.way {
            JoinWay::Lookup { key } => {
                let left = self.known.get(&field(key).concept)?.clone();
                let right = &field(key).expression;
                let title = format!("With {}", lower_first(&source.title));
                // What stood once in a sample may stand twice in the whole: no row is multiplied for that.
                let column = plain_column(right);
                let on = json!({"id": self.draft.id("k"), "left": left, "right": column.as_ref().unwrap_or(right)});
                match column {
                    Some(_) => ("lookup", title, json!({"on": [on], "columns": brought})),
                    None => ("join", title, json!({"kind": "left", "on": [on], "columns": brought})),
                }
            }
            JoinWay::Nearest { time, key } => {
                let settings = json!({"direction": "backward", "columns": brought});
                let title = format!("{} at the time", upper_first(&source.title));
                ("nearest_in_time", title, self.nearest_settings(settings, number, time, key)?)
            }
        };
        let right = match self.draft.reader_of(&source.source) {
            Some(reader) => reader,
            None => {
                let step = self.read_step(join.source);
                self.draft.beside(step)
            }
        };
        let right = self.right_columns(right, number)?;
        let reason = format!("{}.", upper_first(&join_reason(catalogue, number)));
        self.step(kind, title, settings, reason);
        let to = self.at.clone();
        self.draft.wire(&right, "out", &to, "right");
        let mut names = Vec::new();
        for column in top_columns(project, catalogue, join.source).into_iter().filter(|one| brought.contains(one)) {
            let mut name = column.clone();
            while self.columns.contains(&name) {
                name.push_str("_right");
            }
            self.columns.push(name.clone());
            names.push((column, name));
        }
        for (concept, one) in taken {
            let expression = &field(one).expression;
            let root = root_column(expression)?;
            let name = names.iter().find(|(column, _)| *column == root).map(|(_, name)| name.clone())?;
            self.known.insert(concept, field(one).said(&renamed(expression, &root, &name)));
        }
        Some(())
    }

    /// Settings of a join in time; times and keys are columns.
    fn nearest_settings(&mut self, mut settings: Json, number: usize, time: usize, key: Option<usize>) -> Option<Json> {
        let when = self.number("timestamp")?;
        let left_time = self.column_of(when)?;
        let right = self.right_names(number);
        let name_of = |field: usize| right.iter().find(|(one, _)| *one == field).map(|(_, name)| name.clone());
        settings["left_time"] = json!(left_time);
        settings["right_time"] = json!(name_of(time)?);
        if let Some(key) = key {
            let concept = self.catalogue.fields[self.catalogue.joins[number].source][key].concept;
            let left = self.column_of(concept)?;
            settings["by"] = json!([{"id": self.draft.id("k"), "left": left, "right": name_of(key)?}]);
        }
        Some(settings)
    }

    /// Columns for the time and the key of a join in time: their own, or the name under which they are computed.
    fn right_names(&self, number: usize) -> Vec<(usize, String)> {
        let join = &self.catalogue.joins[number];
        let JoinWay::Nearest { time, key } = join.way else { return Vec::new() };
        let names = [Some(time), key].into_iter().flatten().map(|field| {
            let one = &self.catalogue.fields[join.source][field];
            let name = plain_column(&one.expression).unwrap_or_else(|| {
                format!("{}_of_{}", self.catalogue.vocabulary.concepts()[one.concept].column_name(), one.column)
            });
            (field, name)
        });
        names.collect()
    }

    /// Computes what of the time and the key of a join in time is no column; gives the step to join with.
    fn right_columns(&mut self, reader: Id, number: usize) -> Option<Id> {
        let join = &self.catalogue.joins[number];
        let mut items = Vec::new();
        for (field, name) in self.right_names(number) {
            let expression = &self.catalogue.fields[join.source][field].expression;
            if plain_column(expression).is_none() {
                items.push(json!({"id": self.draft.id("c"), "name": name, "expression": expression}));
            }
        }
        if items.is_empty() {
            return Some(reader);
        }
        let title = format!("Keys of {}", lower_first(&self.catalogue.sources[join.source].title));
        let reason = "The join needs its time and key as columns.".to_owned();
        let step = NewStep { kind: "compute", title, settings: json!({"columns": items}), reason };
        let id = self.draft.beside(step);
        self.draft.wire(&reader, "out", &id, "in");
        Some(id)
    }
}
