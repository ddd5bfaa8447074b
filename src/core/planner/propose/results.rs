//! The end of a proposed flow: from rows to the answer. Imports what the proposal imports.

use serde_json::{Value as Json, json};

use super::Flow;
use crate::model::Id;
use crate::planner::questions::Part;
use crate::planner::vocabulary::templates::{concepts_of, plain_column};

impl Flow<'_> {
    /// From rows to the answer.
    pub(super) fn answer(&mut self) -> Option<Id> {
        let contract = &self.asked.contract;
        if let Some(stage) = &contract.per {
            let (keys, measures) = (self.items(&stage.keys)?, self.items(&stage.measures)?);
            let reason = format!("The question is about each {}, not about single rows.", stage.keys[0].name);
            let title = format!("For each {}", stage.keys[0].name);
            let mut settings = json!({"keys": keys, "measures": measures});
            if contract.measures.is_empty() {
                self.put_groups(&mut settings);
            }
            self.step("aggregate", title, settings, reason);
            self.columns = stage.keys.iter().chain(&stage.measures).map(|part| part.name.clone()).collect();
        }
        let definition = self.definition();
        if contract.measures.is_empty() {
            self.select(&definition)?;
        } else {
            self.measure(&definition)?;
        }
        if !contract.having.is_empty() {
            let predicate = self.filled(&contract.having)?;
            let reason = "Only what is large enough is asked about; the threshold can be turned.".to_owned();
            self.step("filter", "Large enough".into(), json!({"predicate": predicate}), reason);
        }
        let is_shown = |key: &&String| self.columns.iter().any(|column| column == key.trim_end_matches(" desc"));
        let order: Vec<String> = contract.order.iter().filter(is_shown).cloned().collect();
        if let Some(top) = contract.top.filter(|_| !order.is_empty()) {
            let reason = "More rows than these nobody reads.".to_owned();
            self.step("top_n", format!("First {top}"), json!({"n": top, "order": order}), reason);
        }
        // What was assumed on the way belongs to what the number means: every card shows it.
        let definition = match self.losses.is_empty() {
            true => definition,
            false => format!("{definition} Assumed: {}.", self.losses.join("; ")),
        };
        let mut settings = json!({"question": self.asked.id, "definition": definition, "order": order});
        self.put_in_place(&mut settings);
        let losses = if self.losses.is_empty() {
            "Nothing is lost on the way.".to_owned()
        } else {
            format!("To keep in mind: {}.", self.losses.join("; "))
        };
        self.step("answer", self.asked.title.clone(), settings, losses);
        Some(self.at.clone())
    }

    /// `{id, name, expression}` of parts, over the columns at hand.
    fn items(&mut self, parts: &[Part]) -> Option<Vec<Json>> {
        let mut items = Vec::new();
        for part in self.kept(parts) {
            let expression = self.filled(&part.expression)?;
            items.push(json!({"id": self.draft.id("m"), "name": part.name, "expression": expression}));
        }
        Some(items)
    }

    fn measure(&mut self, definition: &str) -> Option<()> {
        let contract = &self.asked.contract;
        let mut names: Vec<String> = self.kept(&contract.dimensions).iter().map(|part| part.name.clone()).collect();
        names.extend(contract.measures.iter().map(|part| part.name.clone()));
        let Some(time) = &contract.time else {
            let (keys, measures) = (self.items(&contract.dimensions)?, self.items(&contract.measures)?);
            let title = match self.kept(&contract.dimensions).first() {
                Some(first) => format!("For each {}", first.name.replace('_', " ")),
                None => "All together".into(),
            };
            let mut settings = json!({"keys": keys, "measures": measures});
            self.put_groups(&mut settings);
            self.step("aggregate", title, settings, definition.to_owned());
            self.columns = names;
            return Some(());
        };
        // The step takes a column.
        let when = match concepts_of(&time.expression).first() {
            Some(concept) => {
                let concept = self.number(concept)?;
                self.column_of(concept)?
            }
            None => time.expression.clone(),
        };
        let (keys, measures) = (self.items(&contract.dimensions)?, self.items(&contract.measures)?);
        let mut settings =
            json!({"time": when, "span": time.span, "name": time.name, "keys": keys, "measures": measures});
        self.put_groups(&mut settings);
        let title = format!("Per {}", time.span.trim_start_matches("1 "));
        self.step("time_buckets", title, settings, definition.to_owned());
        names.insert(0, time.name.clone());
        self.columns = names;
        Some(())
    }

    /// A list of rows: the contract's columns under its names.
    fn select(&mut self, definition: &str) -> Option<()> {
        let parts = self.kept(&self.asked.contract.columns);
        let mut computed = Vec::new();
        let mut items = Vec::new();
        let mut names = Vec::new();
        for part in parts {
            let expression = self.filled(&part.expression)?;
            let column = match plain_column(&expression) {
                Some(column) => column,
                None => {
                    let name = self.free_name(&part.name);
                    let id = self.draft.id("c");
                    computed.push(json!({"id": id, "name": name, "expression": expression}));
                    self.columns.push(name.clone());
                    name
                }
            };
            let mut item = json!({"id": self.draft.id("s"), "column": column});
            if column != part.name {
                item["name"] = json!(part.name);
            }
            items.push(item);
            names.push(part.name.clone());
        }
        if !computed.is_empty() {
            let reason = "The list shows them as columns.".to_owned();
            self.step("compute", "Columns of the list".into(), json!({"columns": computed}), reason);
        }
        self.step("select", "In reading order".into(), json!({"columns": items}), definition.to_owned());
        self.columns = names;
        Some(())
    }
}
