//! What the policy lets an answer be made of: one rule for derivations, coverage and proposals, which is that of plans
//! (`policy`). Imports plan and below; of this room catalogue, questions and templates.

use std::collections::{BTreeMap, BTreeSet};

use super::{Derivation, Origin};
use crate::data::{Classification, Labels};
use crate::diagnostic::Diagnostic;
use crate::expr::{Expr, ExprKind, parse};
use crate::planner::catalogue::Catalogue;
use crate::planner::catalogue::bits::BitSet;
use crate::planner::questions::{Asked, Part};
use crate::planner::vocabulary::ConceptNo;
use crate::planner::vocabulary::templates::concepts_of;
use crate::policy::{InForce, Sensitivities, Site, Violation};
use crate::project::Project;

impl Catalogue {
    /// The catalogue under the rules of a project, with the classification of every field as plans see it.
    pub fn under(mut self, project: &Project) -> Self {
        self.policy = crate::plan::in_force(project).0;
        let sensitivities = Sensitivities::of(&project.vocabulary);
        for evidence in &mut self.sources {
            let Some(source) = project.sources.get(&evidence.source) else { continue };
            for column in &mut evidence.columns {
                let declared = source.schema.as_ref().and_then(|schema| schema.get(&column.name));
                column.classification =
                    declared.and_then(|field| field.labels.classification).or(column.classification).or_else(|| {
                        let meaning = declared.and_then(|field| field.labels.meaning.as_deref());
                        sensitivities.classify(&column.name, &column.data_type, meaning, &source.meanings)
                    });
            }
        }
        self
    }
}

/// The team that asks, as the rules know it; empty: nobody in particular, since a ready-made question is asked by
/// whoever takes it over.
pub(in crate::planner) fn asker<'a>(policy: &InForce, asked: &'a Asked) -> &'a str {
    let is_team = policy.teams.contains_key(&policy.team(&asked.asker));
    if asked.is_own || is_team { &asked.asker } else { "" }
}

/// Where an answer from a source comes to be: in place, for the team that asks, or else for those who may see the source.
pub(in crate::planner) fn site(catalogue: &Catalogue, asked: &Asked, base: usize) -> Site {
    let in_place = Site::in_place(&labels_of(catalogue, base));
    match asker(&catalogue.policy, asked) {
        "" => in_place,
        asker => Site { audience: vec![asker.to_owned()], ..in_place },
    }
}

/// Where the answer of a derivation comes to be: as `site`, and for the teams that may see all its sources.
pub(in crate::planner) fn answer_site(catalogue: &Catalogue, asked: &Asked, derivation: &Derivation) -> Site {
    let mut answer = site(catalogue, asked, derivation.base);
    if asker(&catalogue.policy, asked).is_empty() {
        let joined = derivation.joins.iter().map(|join| catalogue.joins[*join].source);
        let all: Vec<Labels> =
            std::iter::once(derivation.base).chain(joined).map(|source| labels_of(catalogue, source)).collect();
        answer.audience = Labels::merged(&all).access.unwrap_or_default();
    }
    answer
}

/// Whether anything is ruled besides what ships.
pub(in crate::planner) fn is_governed(catalogue: &Catalogue) -> bool {
    let is_ruled =
        |source: &crate::planner::evidence::SourceEvidence| !source.access.is_empty() || !source.residency.is_empty();
    !catalogue.policy.is_empty() || catalogue.sources.iter().any(is_ruled)
}

/// What holds for all rows of a source.
fn labels_of(catalogue: &Catalogue, source: usize) -> Labels {
    let source = &catalogue.sources[source];
    let text = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    let teams: Vec<String> = source.access.iter().map(|team| catalogue.policy.team(team)).collect();
    Labels {
        stacks: text(&source.stack).into_iter().collect(),
        residency: text(&source.residency).into_iter().collect(),
        access: Some(teams).filter(|teams| !teams.is_empty()),
        ..Labels::default()
    }
}

/// Why the asker may not see a source; `None`: nothing stands in the way.
pub(in crate::planner) fn forbidden(catalogue: &Catalogue, source: usize, asked: &Asked) -> Option<String> {
    let is_seen = |found: &Violation| matches!(found, Violation::NotForTeam { .. });
    if catalogue.sources[source].access.is_empty() {
        return None;
    }
    let found = catalogue.policy.violations(&labels_of(catalogue, source), &site(catalogue, asked, source));
    found.iter().find(|found| is_seen(found)).map(|found| found.message(&catalogue.sources[source].title, false))
}

/// Why rows of one source may not come beside those of another; `None`: they may.
pub(in crate::planner) fn forbidden_join(
    catalogue: &Catalogue,
    asked: &Asked,
    base: usize,
    joined: usize,
) -> Option<String> {
    let source = &catalogue.sources[joined];
    if source.access.is_empty() && source.residency.is_empty() && catalogue.policy.is_empty() {
        return None;
    }
    let labels = labels_of(catalogue, joined);
    // How close its fields are is asked of what is shown in the end.
    let found = catalogue.policy.violations(&labels, &site(catalogue, asked, base)).into_iter();
    let mut found = found.filter(|found| !matches!(found, Violation::TooClose { .. }));
    found.next().map(|found| found.message(&source.title, false))
}

/// What a part of an answer shows that is closer than the asker may see.
pub(in crate::planner) struct TooClose {
    /// The concepts with fields that are too close.
    pub concepts: Vec<ConceptNo>,
    /// Names of the columns, for messages.
    columns: BTreeSet<String>,
    pub violation: Violation,
    /// A sum or mean, which is internal in large groups.
    pub is_mean: bool,
}

impl TooClose {
    /// The rule in the way, and what would be allowed.
    pub fn text(&self, catalogue: &Catalogue, base: usize) -> String {
        let columns: Vec<String> = self.columns.iter().map(|name| format!("`{name}`")).collect();
        let source = &catalogue.sources[base];
        let owner = catalogue.policy.teams.get(&source.owner).unwrap_or(&source.owner);
        let owner = if owner.is_empty() { String::new() } else { format!(" ({owner})") };
        let message = self.violation.message(&columns.join(", "), columns.len() > 1);
        format!("{message}; allowed: {}", self.violation.help(&format!("“{}”{owner}", source.title)))
    }
}

/// Every shown part that is too close for the asker; empty: all may be shown.
pub(in crate::planner) fn too_close(catalogue: &Catalogue, asked: &Asked, derivation: &Derivation) -> Vec<TooClose> {
    let site = site(catalogue, asked, derivation.base);
    let highest = catalogue.policy.highest(&site);
    if highest >= Classification::Personal {
        // What is secret is in no catalogue.
        return Vec::new();
    }
    let contract = &asked.contract;
    let parts = [&contract.dimensions, &contract.columns, &contract.measures].into_iter().flatten();
    let shown = parts.filter(|part| !(part.optional && derivation.left_out.contains(&part.expression)));
    let found = shown.filter_map(|part| {
        let mut columns = BTreeSet::new();
        let mut concepts = Vec::new();
        let mut highest_labels: Option<Labels> = None;
        for concept in concepts_shown(catalogue, asked, part) {
            let fields = fields_of(catalogue, derivation, concept);
            let close: Vec<&(String, Labels)> =
                fields.iter().filter(|(_, labels)| labels.classified() > highest).collect();
            if !close.is_empty() {
                concepts.push(concept);
            }
            for (column, labels) in close {
                columns.insert(column.clone());
                highest_labels = Some(highest_labels.map_or(labels.clone(), |sum| sum.merge(labels)));
            }
        }
        let violation = catalogue.policy.violations(&highest_labels?, &site).into_iter().next()?;
        Some(TooClose { concepts, columns, violation, is_mean: is_mean(&part.expression) })
    });
    found.collect()
}

/// The concepts that a part is made of, also through the stage before it.
fn concepts_shown(catalogue: &Catalogue, asked: &Asked, part: &Part) -> Vec<ConceptNo> {
    let mut ids: Vec<&str> = concepts_of(&part.expression);
    if let Some(stage) = &asked.contract.per {
        let named = names_in(&part.expression);
        let used = stage.keys.iter().chain(&stage.measures).filter(|one| named.contains(&one.name));
        ids.extend(used.flat_map(|one| concepts_of(&one.expression)));
    }
    ids.into_iter().filter_map(|id| catalogue.vocabulary.number(id)).collect()
}

/// Columns that an expression names besides its concepts.
fn names_in(expression: &str) -> Vec<String> {
    let plain = crate::planner::vocabulary::templates::fill(expression, &mut |_| Some("null".to_owned()));
    let parsed = plain.ok().and_then(|text| parse(&text).ok());
    parsed.map(|parsed| parsed.columns().into_iter().map(str::to_owned).collect()).unwrap_or_default()
}

fn is_mean(expression: &str) -> bool {
    fn holds_mean(expr: &Expr) -> bool {
        let is_mean = match &expr.kind {
            ExprKind::Call(call) => matches!(call.function.as_str(), "sum" | "avg" | "stddev" | "variance"),
            _ => false,
        };
        is_mean || expr.children().into_iter().any(holds_mean)
    }
    let plain = crate::planner::vocabulary::templates::fill(expression, &mut |_| Some("1".to_owned()));
    plain.ok().and_then(|text| parse(&text).ok()).is_some_and(|parsed| holds_mean(&parsed))
}

/// The fields of sources that a concept comes from in a derivation, with their labels.
fn fields_of(catalogue: &Catalogue, derivation: &Derivation, concept: ConceptNo) -> Vec<(String, Labels)> {
    let (mut found, mut open, mut seen) = (BTreeMap::new(), vec![concept], BitSet::default());
    while let Some(next) = open.pop() {
        if !seen.insert(next) {
            continue;
        }
        let (source, field) = match derivation.concepts.get(&next) {
            None => continue,
            Some(Origin::Rule(rule)) => {
                let rule = &catalogue.vocabulary.rules()[*rule];
                open.extend(concepts_of(&rule.expression).into_iter().filter_map(|id| catalogue.vocabulary.number(id)));
                continue;
            }
            Some(Origin::Field(field)) => (derivation.base, *field),
            Some(Origin::Joined(join, field)) => (catalogue.joins[*join].source, *field),
        };
        let column = &catalogue.sources[source].columns[catalogue.fields[source][field].column];
        let labels = Labels { classification: column.classification, ..Labels::default() };
        found.insert((source, column.name.clone()), labels);
    }
    found.into_iter().map(|((_, column), labels)| (column, labels)).collect()
}

/// What the plan of a project says against new steps, once edits are applied to it. Steps that the new ones do not
/// read are left out.
pub(in crate::planner) fn faults_of(
    project: &Project,
    edits: &[crate::project::Edit],
    steps: &[String],
) -> Vec<Diagnostic> {
    let mut trial = project.variation(|design| {
        design.steps.retain(|_, step| matches!(step.kind.as_str(), "file" | "planned_source"));
        let kept = &design.steps;
        design.wires.retain(|_, wire| kept.contains_key(&wire.from) && kept.contains_key(&wire.to));
        design.tests.clear();
    });
    if let Err(diagnostic) = trial.apply(edits) {
        return vec![diagnostic];
    }
    let plan = crate::plan::plan(&trial);
    let is_meant = |found: &&Diagnostic| {
        let of_step = found.location.id.as_ref().is_some_and(|id| steps.contains(id));
        found.is_error() && of_step
    };
    plan.diagnostics.iter().filter(is_meant).cloned().collect()
}

#[cfg(test)]
mod tests;
