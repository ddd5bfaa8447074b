//! The steps that keep the rows that a question is about. Rows that go for another reason than that they are not asked
//! about go in a step of their own, so that they are counted by themselves. Imports what the proposal imports.

use serde_json::json;

use super::{Flow, lower_first};
use crate::expr::{parse, print};
use crate::planner::derive::Origin;
use crate::planner::vocabulary::ConceptNo;
use crate::planner::vocabulary::templates::concepts_of;

impl Flow<'_> {
    /// Rows of which it can be told, of those the ones that are asked about, and of those the ones that have what they
    /// must have.
    pub(super) fn filter(&mut self, conditions: &[String]) -> Option<()> {
        let is_had = |condition: &&String| [" is not null", " <> ''"].iter().any(|end| condition.ends_with(end));
        let (had, asked): (Vec<&String>, Vec<&String>) = conditions.iter().partition(is_had);
        let open: Vec<String> =
            asked.iter().filter(|one| self.is_open(one)).map(|one| format!("({one}) is not null")).collect();
        let reason = "Of other rows nobody knows whether they are asked about: they lack";
        self.filter_step(&open.iter().collect::<Vec<_>>(), |_| "Where it can be told".to_owned(), reason)?;
        let (scanners, asked): (Vec<&String>, Vec<&String>) =
            asked.into_iter().partition(|one| one.contains("{client.is_scanner}"));
        let reason = "The question is about some rows only, told by";
        self.filter_step(&asked, |_| "Only those asked about".to_owned(), reason)?;
        // How many they are is told by itself: nobody who asks about people thinks of them.
        let reason = "Whoever only tries what scanners try is no user, told by";
        self.filter_step(&scanners, |_| "Without scanners".to_owned(), reason)?;
        self.filter_step(&had, |named| format!("With {named}"), "Rows without it say nothing about the question:")
    }

    /// Whether some rows lack what a condition is told by, and should have it.
    fn is_open(&self, condition: &str) -> bool {
        let numbers = concepts_of(condition).into_iter().filter_map(|id| self.number(id));
        !condition.contains("coalesce(") && numbers.into_iter().any(|concept| self.is_lacking(concept))
    }

    fn is_lacking(&self, concept: ConceptNo) -> bool {
        let base = self.derivation.base;
        match self.derivation.concepts.get(&concept) {
            Some(Origin::Field(field)) => {
                let field = &self.catalogue.fields[base][*field];
                let about = &self.catalogue.vocabulary.concepts()[field.concept];
                !about.sparse && self.catalogue.sources[base].columns[field.column].nulls > 0
            }
            Some(Origin::Rule(rule)) => {
                let inputs = &self.catalogue.vocabulary.numbered_rules()[*rule].inputs;
                inputs.iter().any(|input| self.is_lacking(*input))
            }
            // What a join did not find is told with the join.
            Some(Origin::Joined(..)) | None => false,
        }
    }

    fn filter_step(&mut self, conditions: &[&String], title: impl Fn(&str) -> String, reason: &str) -> Option<()> {
        if conditions.is_empty() {
            return Some(());
        }
        let filled: Option<Vec<String>> = conditions.iter().map(|condition| self.filled(condition)).collect();
        let all = filled?.iter().map(|condition| format!("({condition})")).collect::<Vec<_>>().join(" and ");
        let predicate = print(&parse(&all).ok()?);
        let mut meanings: Vec<String> = Vec::new();
        for id in conditions.iter().flat_map(|condition| concepts_of(condition)) {
            let title = lower_first(self.catalogue.vocabulary.title(id));
            if !meanings.contains(&title) {
                meanings.push(title);
            }
        }
        let reason = format!("{reason} {}.", meanings.join(", "));
        self.step("filter", title(&meanings.join(", ")), json!({"predicate": predicate}), reason);
        Some(())
    }
}
