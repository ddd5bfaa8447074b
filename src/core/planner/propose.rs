//! From a derivation to a flow: the edits that put it on the canvas, with a reason on every step.
//! Imports project and below; of this room everything up to derive.

mod allowed;
mod filters;
mod joins;
mod results;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Value as Json, json};

use super::catalogue::{Catalogue, JoinWay};
use super::derive::policy::faults_of;
use super::derive::{Derivation, Origin, derive};
use super::draft::{Draft, NewStep};
use super::questions::{Asked, Condition, Part, upper_first};
use super::vocabulary::ConceptNo;
use super::vocabulary::templates::{Placeholder, concepts_of, fill, plain_column};
use crate::data::DataType;
use crate::expr::{Expr, ExprKind, Place, parse, print, print_name};
use crate::model::{Id, Parameter};
use crate::project::{Edit, Project};

/// A flow that answers a question, as it may be put into the project.
#[derive(Debug, Clone, Serialize)]
pub struct Proposal {
    pub question: Id,
    /// Lower is better; what the required parts cost.
    pub cost: u32,
    /// What optional parts add to that.
    pub extra_cost: u32,
    /// Whether no cheaper one exists.
    pub is_proved: bool,
    /// To be applied at once, so that one undo takes it back.
    pub edits: Vec<Edit>,
    /// Ids of the new steps and wires.
    pub steps: Vec<Id>,
    pub wires: Vec<Id>,
    /// The step in which the answer is.
    pub answer: Id,
    /// Ids of the sources, the one whose rows are counted first.
    pub sources: Vec<Id>,
    /// Why each new step is there.
    pub reasons: Vec<StepReason>,
    /// The evidence for each join.
    pub joins: Vec<String>,
    /// What each field is taken to mean.
    pub meanings: Vec<UsedMeaning>,
    /// What is assumed or lost on the way.
    pub losses: Vec<String>,
    /// Optional parts that no source serves.
    pub left_out: Vec<String>,
    /// What that means for the answer, in words.
    pub left_out_in_words: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StepReason {
    pub step: Id,
    pub title: String,
    pub reason: String,
}

/// A field that the proposal rests on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UsedMeaning {
    pub source: Id,
    pub column: String,
    pub concept: String,
    /// 100: confirmed by somebody.
    pub score: u8,
    pub reasons: Vec<String>,
}

impl Proposal {
    /// The part of it that leads to some of its steps: these and every new step before them, with their wires. What is
    /// no step (the question, thresholds) comes along.
    pub fn part(&self, wanted: &BTreeSet<Id>) -> Vec<Edit> {
        let text = |item: &Json, key: &str| item.get(key).and_then(Json::as_str).unwrap_or_default().to_owned();
        let mut before: BTreeMap<Id, Vec<Id>> = BTreeMap::new();
        for edit in &self.edits {
            if let Edit::Insert { into, item, .. } = edit
                && into == "wires"
            {
                before.entry(text(item, "to")).or_default().push(text(item, "from"));
            }
        }
        let mut kept: BTreeSet<Id> = BTreeSet::new();
        let mut open: Vec<Id> = wanted.iter().filter(|id| self.steps.contains(id)).cloned().collect();
        while let Some(step) = open.pop() {
            if self.steps.contains(&step) && kept.insert(step.clone()) {
                open.extend(before.get(&step).into_iter().flatten().cloned());
            }
        }
        let is_kept = |edit: &&Edit| match edit {
            Edit::Insert { into, item, .. } if into == "steps" => kept.contains(&text(item, "id")),
            Edit::Insert { into, item, .. } if into == "wires" => kept.contains(&text(item, "to")),
            Edit::Insert { .. } | Edit::Remove { .. } | Edit::Set { .. } | Edit::Move { .. } => true,
        };
        self.edits.iter().filter(is_kept).cloned().collect()
    }
}

/// The `count` best proposals, best first.
pub fn propose(project: &Project, catalogue: &Catalogue, asked: &Asked, count: usize) -> Vec<Proposal> {
    derive(catalogue, asked, count).iter().filter_map(|one| proposal(project, catalogue, asked, one)).collect()
}

/// The flow of one derivation; `None` where the policy forbids it, or where an expression cannot be made, which checked
/// contracts and rules rule out.
pub fn proposal(project: &Project, catalogue: &Catalogue, asked: &Asked, derivation: &Derivation) -> Option<Proposal> {
    let mut flow = Flow {
        catalogue,
        asked,
        derivation,
        draft: Draft::new(project),
        at: String::new(),
        columns: Vec::new(),
        known: BTreeMap::new(),
        losses: Vec::new(),
        dials: BTreeMap::new(),
        smallest_group: None,
    };
    let source = &catalogue.sources[derivation.base];
    if !project.questions.contains_key(&asked.id) {
        let question = flow.question();
        flow.draft.insert("questions", json!(question));
    }
    flow.add_dials(project);
    flow.columns = top_columns(project, catalogue, derivation.base);
    flow.at = match flow.draft.reader_of(&source.source) {
        Some(reader) => reader,
        None => {
            let step = flow.read_step(derivation.base);
            flow.draft.first(step)
        }
    };
    for (concept, origin) in &derivation.concepts {
        if let Origin::Field(field) = origin {
            let field = &catalogue.fields[derivation.base][*field];
            flow.known.insert(*concept, field.said(&field.expression));
        }
    }
    flow.rows(project)?;
    flow.lower_close_parts(project);
    let answer = flow.answer()?;
    let reasons = reasons_of(&flow.draft.edits);
    let mut proposal = Proposal {
        question: asked.id.clone(),
        cost: derivation.cost,
        extra_cost: derivation.extra_cost,
        is_proved: derivation.is_proved,
        answer,
        sources: derivation.sources(catalogue).into_iter().map(str::to_owned).collect(),
        reasons,
        joins: derivation.join_reasons(catalogue),
        meanings: used_meanings(catalogue, derivation),
        losses: flow.losses,
        left_out: derivation.left_out.clone(),
        left_out_in_words: derivation.left_out.iter().map(|one| asked.contract.left_out_in_words(one)).collect(),
        edits: flow.draft.edits,
        steps: flow.draft.steps,
        wires: flow.draft.wires,
    };
    proposal.losses.dedup();
    let is_allowed = faults_of(project, &proposal.edits, &proposal.steps).is_empty();
    is_allowed.then_some(proposal)
}

/// Titles and notes of the steps that edits insert.
fn reasons_of(edits: &[Edit]) -> Vec<StepReason> {
    let steps = edits.iter().filter_map(|edit| match edit {
        Edit::Insert { into, item, .. } if into == "steps" => {
            let text = |key: &str| item.get(key).and_then(Json::as_str).unwrap_or_default().to_owned();
            Some(StepReason { step: text("id"), title: text("title"), reason: text("note") })
        }
        Edit::Insert { .. } | Edit::Remove { .. } | Edit::Set { .. } | Edit::Move { .. } => None,
    });
    steps.collect()
}

/// A source's columns as its rows have them: records whole.
fn top_columns(project: &Project, catalogue: &Catalogue, source: usize) -> Vec<String> {
    let evidence = &catalogue.sources[source];
    if let Some(schema) = project.sources.get(&evidence.source).and_then(|source| source.schema.as_ref()) {
        return schema.names().map(str::to_owned).collect();
    }
    let mut names: Vec<String> = Vec::new();
    for column in &evidence.columns {
        let name = root_column(&column.expression).unwrap_or_else(|| column.name.clone());
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// The column that an expression over one column begins with.
fn root_column(expression: &str) -> Option<String> {
    parse(expression).ok()?.columns().first().map(|name| (*name).to_owned())
}

/// The expression over a column that has another name now.
fn renamed(expression: &str, from: &str, to: &str) -> String {
    let Ok(parsed) = parse(expression) else { return expression.to_owned() };
    let changed = parsed.rewrite(&mut |expr: Expr| match &expr.kind {
        ExprKind::Column(name) if name == from => Expr::column(to),
        _ => expr,
    });
    print(&changed)
}

pub(super) fn used_meanings(catalogue: &Catalogue, derivation: &Derivation) -> Vec<UsedMeaning> {
    let mut fields: Vec<(usize, usize)> = Vec::new();
    for origin in derivation.concepts.values() {
        match origin {
            Origin::Field(field) => fields.push((derivation.base, *field)),
            Origin::Joined(join, field) => fields.push((catalogue.joins[*join].source, *field)),
            Origin::Rule(_) => {}
        }
    }
    for join in &derivation.joins {
        let join = &catalogue.joins[*join];
        let (key, time) = match join.way {
            JoinWay::Lookup { key } => (Some(key), None),
            JoinWay::Nearest { time, key } => (key, Some(time)),
        };
        fields.extend(key.into_iter().chain(time).map(|field| (join.source, field)));
    }
    fields.sort_unstable();
    fields.dedup();
    let used = fields.into_iter().filter_map(|(source, field)| {
        let field = &catalogue.fields[source][field];
        let meaning = catalogue.meaning(source, field)?;
        Some(UsedMeaning {
            source: catalogue.sources[source].source.clone(),
            column: catalogue.sources[source].columns[field.column].name.clone(),
            concept: meaning.concept.clone(),
            score: meaning.score,
            reasons: meaning.reasons.clone(),
        })
    });
    used.collect()
}

/// Columns of one step, and why each is there.
#[derive(Default)]
struct WorkedOut {
    items: Vec<Json>,
    reasons: Vec<String>,
}

/// The flow while it grows.
struct Flow<'a> {
    catalogue: &'a Catalogue,
    asked: &'a Asked,
    derivation: &'a Derivation,
    draft: Draft<'a>,
    /// The last step of the row.
    at: Id,
    /// Its columns.
    columns: Vec<String>,
    /// What gives each concept there.
    known: BTreeMap<ConceptNo, String>,
    losses: Vec<String>,
    /// By threshold: the parameter that holds it.
    dials: BTreeMap<String, String>,
    /// Rows that must stand behind each group for its sums and means to be shown.
    smallest_group: Option<u64>,
}

impl Flow<'_> {
    /// Thresholds become parameters of the project, so that they can be turned later and set by a run. One with the
    /// same name and value serves several questions.
    fn add_dials(&mut self, project: &Project) {
        for dial in &self.asked.contract.dials {
            let value = self.asked.dials.get(&dial.name).copied().unwrap_or(dial.default);
            let of_name = |name: &str| project.parameters.values().find(|one| one.name == name);
            let holds = |one: &Parameter| {
                one.data_type == DataType::Float && one.default.as_ref().and_then(Json::as_f64) == Some(value)
            };
            let mut name = dial.name.clone();
            let mut number = 2;
            while of_name(&name).is_some_and(|known| !holds(known)) {
                name = format!("{}_{number}", dial.name);
                number += 1;
            }
            if of_name(&name).is_none() {
                let unit = if dial.unit.is_empty() { String::new() } else { format!(" ({})", dial.unit) };
                let parameter = Parameter {
                    id: self.draft.id("par"),
                    name: name.clone(),
                    data_type: DataType::Float,
                    default: Some(json!(value)),
                    doc: format!("{}{unit}", dial.title),
                    extra: serde_json::Map::new(),
                };
                self.draft.insert("parameters", json!(parameter));
            }
            self.dials.insert(dial.name.clone(), name);
        }
    }

    /// The definition of the answer, with parameters in the place of thresholds.
    fn definition(&self) -> String {
        let is_in_force = |one: &Condition| !(one.optional && self.is_left_out(&one.expression));
        let definition = self.asked.contract.definition_where(&is_in_force);
        self.dials.iter().fold(definition, |text, (dial, parameter)| {
            text.replace(&format!("{{dial:{dial}}}"), &format!("${{{parameter}}}"))
        })
    }

    fn number(&self, id: &str) -> Option<ConceptNo> {
        self.catalogue.vocabulary.number(id)
    }

    /// The step that reads a source.
    fn read_step(&self, source: usize) -> NewStep<'static> {
        let evidence = &self.catalogue.sources[source];
        let meanings = used_meanings(self.catalogue, self.derivation).into_iter();
        let used = meanings.filter(|used| used.source == evidence.source).map(|used| {
            format!("`{}` is {}", used.column, lower_first(self.catalogue.vocabulary.title(&used.concept)))
        });
        NewStep {
            kind: if evidence.planned { "planned_source" } else { "file" },
            title: evidence.title.clone(),
            settings: json!({"source": evidence.source}),
            reason: match self.catalogue.lag(source) {
                0 => format!("It records what is needed: {}.", used.collect::<Vec<_>>().join(", ")),
                days => format!(
                    "It records what is needed: {}. Its newest row is {days} day{} older than the newest of all sources.",
                    used.collect::<Vec<_>>().join(", "),
                    if days == 1 { "" } else { "s" }
                ),
            },
        }
    }

    fn is_left_out(&self, expression: &str) -> bool {
        self.derivation.left_out.iter().any(|one| one == expression)
    }

    /// The parts that are shown.
    fn kept<'p>(&self, parts: &'p [Part]) -> Vec<&'p Part> {
        parts.iter().filter(|part| !(part.optional && self.is_left_out(&part.expression))).collect()
    }

    /// A contract's expression over the columns at hand.
    fn filled(&self, template: &str) -> Option<String> {
        let filled = fill(template, &mut |placeholder| match placeholder {
            Placeholder::Concept(id) => self.known.get(&self.number(id)?).cloned(),
            Placeholder::Dial(name) => self.dials.get(*name).map(|name| format!("${{{name}}}")),
        });
        filled.ok()
    }

    /// Everything from the source to rows that hold all concepts and meet the conditions.
    fn rows(&mut self, project: &Project) -> Option<()> {
        let contract = &self.asked.contract;
        let mut conditions: Vec<String> = contract
            .conditions
            .iter()
            .filter(|one| !(one.optional && self.is_left_out(&one.expression)))
            .map(|one| one.expression.clone())
            .collect();
        // Rows without the key belong to none of its groups.
        let keys = contract.per.iter().flat_map(|stage| &stage.keys);
        conditions.extend(keys.map(|key| format!("{} is not null", key.expression)));
        let stage = contract.per.iter().flat_map(|stage| stage.keys.iter().chain(&stage.measures));
        let parts = [&contract.dimensions, &contract.columns, &contract.measures].into_iter().flatten();
        let shown = parts.filter(|part| !(part.optional && self.is_left_out(&part.expression)));
        let mut results: Vec<String> = shown.chain(stage).map(|part| part.expression.clone()).collect();
        results.extend(contract.time.iter().map(|time| time.expression.clone()));

        let derivation = self.derivation;
        let needs_join = |flow: &Self, expression: &str| {
            let numbers = concepts_of(expression).into_iter().filter_map(|id| flow.number(id));
            numbers.into_iter().any(|concept| !derivation.joins_of(flow.catalogue, concept).is_empty())
        };
        let (late, early): (Vec<String>, Vec<String>) =
            conditions.into_iter().partition(|expression| needs_join(self, expression));
        if derivation.joins.is_empty() {
            let all: Vec<&str> = early.iter().chain(&results).map(String::as_str).collect();
            self.compute(&all)?;
            self.filter(&early)?;
        } else {
            self.compute(&early.iter().map(String::as_str).collect::<Vec<_>>())?;
            self.filter(&early)?;
            for join in &derivation.joins {
                self.join(project, *join)?;
            }
            let all: Vec<&str> = late.iter().chain(&results).map(String::as_str).collect();
            self.compute(&all)?;
            self.filter(&late)?;
        }
        Some(())
    }

    /// Makes the concepts of expressions known: rules become computed columns, in one step.
    fn compute(&mut self, expressions: &[&str]) -> Option<()> {
        let mut wanted = Vec::new();
        for id in expressions.iter().flat_map(|expression| concepts_of(expression)) {
            wanted.push(self.number(id)?);
        }
        self.compute_concepts(&wanted)
    }

    fn compute_concepts(&mut self, wanted: &[ConceptNo]) -> Option<()> {
        let mut ordered = Vec::new();
        for concept in wanted {
            self.order(*concept, &mut ordered);
        }
        let mut worked_out = WorkedOut::default();
        for concept in ordered {
            let Some(Origin::Rule(number)) = self.derivation.concepts.get(&concept) else { continue };
            let rule = &self.catalogue.vocabulary.rules()[*number];
            let expression = self.filled(&rule.expression)?;
            let title = &self.catalogue.vocabulary.concepts()[concept].title;
            let inputs: Vec<String> =
                rule.inputs.iter().map(|id| lower_first(self.catalogue.vocabulary.title(id))).collect();
            if !rule.loss.is_empty() {
                self.losses.push(format!("{title}: {}", rule.loss));
            }
            if plain_column(&expression).is_some() {
                self.known.insert(concept, expression);
                continue;
            }
            // What looks at other rows is a step of its own, after what it looks at.
            let looks_around = rule.place() == Place::Window;
            if looks_around {
                self.work_out("compute", std::mem::take(&mut worked_out));
            }
            let name = self.free_name(self.catalogue.vocabulary.concepts()[concept].column_name());
            let mut item = json!({"id": self.draft.id("c"), "name": name, "expression": expression});
            if let Some(class) = self.catalogue.vocabulary.closer(rule) {
                item["classification"] = json!(class.name());
            }
            worked_out.items.push(item);
            let loss = if rule.loss.is_empty() { String::new() } else { format!(" ({})", rule.loss) };
            worked_out.reasons.push(format!("`{name}`: {} from {}{loss}", lower_first(title), inputs.join(" and ")));
            self.known.insert(concept, print_name(&name));
            self.columns.push(name);
            if looks_around {
                self.work_out("window", std::mem::take(&mut worked_out));
            }
        }
        self.work_out("compute", worked_out);
        Some(())
    }

    fn work_out(&mut self, kind: &str, WorkedOut { items, reasons }: WorkedOut) {
        if items.is_empty() {
            return;
        }
        let names: Vec<&str> = items.iter().filter_map(|item| item["name"].as_str()).collect();
        let title = upper_first(&names.join(", ").replace('_', " "));
        let reason = format!("Worked out: {}.", reasons.join("; "));
        self.step(kind, title, json!({"columns": items}), reason);
    }

    /// A concept after those that it is made from, if it can be known before further joins.
    fn order(&self, concept: ConceptNo, ordered: &mut Vec<ConceptNo>) {
        if self.known.contains_key(&concept) || ordered.contains(&concept) {
            return;
        }
        if let Some(Origin::Rule(rule)) = self.derivation.concepts.get(&concept) {
            for input in concepts_of(&self.catalogue.vocabulary.rules()[*rule].expression) {
                if let Some(input) = self.number(input) {
                    self.order(input, ordered);
                }
            }
            ordered.push(concept);
        }
    }

    fn step(&mut self, kind: &str, title: String, settings: Json, reason: String) {
        let from = self.at.clone();
        self.at = self.draft.next(&from, NewStep { kind, title, settings, reason });
    }

    fn free_name(&self, name: &str) -> String {
        let mut free = name.to_owned();
        let mut number = 2;
        while self.columns.contains(&free) {
            free = format!("{name}_{number}");
            number += 1;
        }
        free
    }

    /// A column that holds the concept as it is; computed where it is more than a column.
    fn column_of(&mut self, concept: ConceptNo) -> Option<String> {
        self.compute_concepts(&[concept])?;
        let expression = self.known.get(&concept)?.clone();
        if let Some(column) = plain_column(&expression) {
            return Some(column);
        }
        let about = &self.catalogue.vocabulary.concepts()[concept];
        let name = self.free_name(about.column_name());
        let item = json!({"id": self.draft.id("c"), "name": name, "expression": expression});
        let reason = format!("The next step needs {} as a column.", lower_first(&about.title));
        self.step("compute", upper_first(&about.title), json!({"columns": [item]}), reason);
        self.known.insert(concept, print_name(&name));
        self.columns.push(name.clone());
        Some(name)
    }
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        // `CPU use` and `TLS version` stay.
        (Some(_), Some(second)) if second.is_uppercase() => text.to_owned(),
        (Some(first), _) => first.to_lowercase().collect::<String>() + &text[first.len_utf8()..],
        (None, _) => String::new(),
    }
}

#[cfg(test)]
mod tests;
