//! What makes a proposed flow allowed: keyed hashes of what is shown, groups of a smallest size, and an answer that
//! stays where the data is. Imports what the proposal imports.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::Flow;
use crate::data::DataType;
use crate::expr::parse;
use crate::ir::environment_reference;
use crate::model::{Parameter, Question};
use crate::planner::derive::policy::{answer_site, asker, too_close};
use crate::project::Project;

const HASH_REASON: &str = "Who it is does not matter to the question; equal ones stay equal.";
const GROUP_REASON: &str = "A sum or mean of many says nothing of a single one.";

impl Flow<'_> {
    /// The question as the project will hold it: without an asker who is no team where only some teams may see the
    /// answer.
    pub(super) fn question(&self) -> Question {
        let mut question = self.asked.to_question();
        let is_for_some = !answer_site(self.catalogue, self.asked, self.derivation).audience.is_empty();
        if is_for_some && asker(&self.catalogue.policy, self.asked).is_empty() {
            question.asker.clear();
        }
        question
    }

    /// Settings of the answer: it stays where its data is.
    pub(super) fn put_in_place(&self, settings: &mut Json) {
        let site = answer_site(self.catalogue, self.asked, self.derivation);
        for (key, text) in [("stack", site.stack), ("residency", site.residency)] {
            if !text.is_empty() {
                settings[key] = json!(text);
            }
        }
        if asker(&self.catalogue.policy, self.asked).is_empty() && !site.audience.is_empty() {
            settings["audience"] = json!(site.audience.join(", "));
        }
    }

    /// Hashes what is shown and too close for the asker, with a secret; sums and means are made of groups of a
    /// smallest size in its place.
    pub(super) fn lower_close_parts(&mut self, project: &Project) {
        let mut columns: BTreeSet<String> = BTreeSet::new();
        for part in too_close(self.catalogue, self.asked, self.derivation) {
            if !part.violation.is_mended_by_lowering() {
                continue;
            }
            if part.is_mean {
                self.smallest_group = Some(self.catalogue.policy.smallest_group());
                continue;
            }
            let known = part.concepts.iter().filter_map(|concept| self.known.get(concept));
            let read = known.filter_map(|expression| parse(expression).ok());
            columns.extend(read.flat_map(|expr| expr.columns().into_iter().map(str::to_owned).collect::<Vec<_>>()));
        }
        if columns.is_empty() {
            return;
        }
        let key = self.secret(project);
        let names: Vec<String> = columns.iter().map(|name| format!("`{name}`")).collect();
        let settings = json!({"columns": columns, "method": "hmac", "key": key, "reason": HASH_REASON});
        let reason = format!("{} may not be seen by who asks. {HASH_REASON}", names.join(", "));
        self.step("mask_or_hash", "Without who it is".into(), settings, reason);
        let hashes = if names.len() > 1 { "stand as keyed hashes" } else { "stands as a keyed hash" };
        self.losses.push(format!("{} {hashes}", names.join(", ")));
    }

    /// Groups of a smallest size, where a sum or mean needs them.
    pub(super) fn put_groups(&self, settings: &mut Json) {
        if let Some(rows) = self.smallest_group {
            settings["smallest_group"] = json!(rows);
            settings["reason"] = json!(GROUP_REASON);
        }
    }

    /// The name of a parameter that holds a secret: one of the project, or a new one.
    fn secret(&mut self, project: &Project) -> String {
        let is_secret = |one: &&Parameter| {
            one.data_type == DataType::String && one.default.as_ref().and_then(environment_reference).is_some()
        };
        if let Some(known) = project.parameters.values().find(is_secret) {
            return known.name.clone();
        }
        let mut name = "hash_key".to_owned();
        while project.parameters.values().any(|one| one.name.eq_ignore_ascii_case(&name)) {
            name.push_str("_2");
        }
        let parameter = Parameter {
            id: self.draft.id("par"),
            name: name.clone(),
            data_type: DataType::String,
            default: Some(json!("${env:HASH_KEY}")),
            doc: "The secret of keyed hashes".to_owned(),
            extra: serde_json::Map::new(),
        };
        self.draft.insert("parameters", json!(parameter));
        name
    }
}
