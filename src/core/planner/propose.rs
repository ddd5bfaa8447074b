//! From a derivation to a flow: the edits that put it on the canvas, with a reason on every step.
//! Imports project and below; of this room everything up to derive.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value as Json, json};

use super::catalogue::{Catalogue, JoinWay};
use super::derive::{Derivation, Origin, derive, join_reason};
use super::draft::{Draft, NewStep};
use super::questions::{Asked, Part, number_text};
use super::templates::{Placeholder, concepts_of, fill, plain_column};
use super::vocabulary::ConceptNo;
use crate::expr::{Expr, ExprKind, parse, print, print_name};
use crate::model::Id;
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

/// The `count` best proposals, best first.
pub fn propose(project: &Project, catalogue: &Catalogue, asked: &Asked, count: usize) -> Vec<Proposal> {
    derive(catalogue, asked, count).iter().filter_map(|one| proposal(project, catalogue, asked, one)).collect()
}

/// The flow of one derivation; `None` where an expression cannot be made, which checked contracts and rules rule out.
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
    };
    let source = &catalogue.sources[derivation.base];
    if !project.questions.contains_key(&asked.id) {
        flow.draft.insert("questions", json!(asked.to_question()));
    }
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
            let expression = &catalogue.fields[derivation.base][*field].expression;
            flow.known.insert(*concept, expression.clone());
        }
    }
    flow.rows(project)?;
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
        edits: flow.draft.edits,
        steps: flow.draft.steps,
        wires: flow.draft.wires,
    };
    proposal.losses.dedup();
    Some(proposal)
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
}

impl Flow<'_> {
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
            reason: format!("It records what is needed: {}.", used.collect::<Vec<_>>().join(", ")),
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
            Placeholder::Dial(name) => self.asked.dials.get(*name).copied().map(number_text),
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
        let mut items = Vec::new();
        let mut reasons = Vec::new();
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
            let name = self.free_name(self.catalogue.vocabulary.concepts()[concept].column_name());
            items.push(json!({"id": self.draft.id("c"), "name": name, "expression": expression}));
            let loss = if rule.loss.is_empty() { String::new() } else { format!(" ({})", rule.loss) };
            reasons.push(format!("`{name}`: {} from {}{loss}", lower_first(title), inputs.join(" and ")));
            self.known.insert(concept, print_name(&name));
            self.columns.push(name);
        }
        if !items.is_empty() {
            let names: Vec<&str> = items.iter().filter_map(|item| item["name"].as_str()).collect();
            let title = upper_first(&names.join(", ").replace('_', " "));
            let reason = format!("Worked out: {}.", reasons.join("; "));
            self.step("compute", title, json!({"columns": items}), reason);
        }
        Some(())
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

    fn filter(&mut self, conditions: &[String]) -> Option<()> {
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
        let reason = format!("The question is about some rows only, told by {}.", meanings.join(", "));
        self.step("filter", "Only those asked about".into(), json!({"predicate": predicate}), reason);
        Some(())
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

    fn join(&mut self, project: &Project, number: usize) -> Option<()> {
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
        let settings = match join.way {
            JoinWay::Lookup { key } => {
                let left = self.known.get(&field(key).concept)?.clone();
                let on = json!({"id": self.draft.id("k"), "left": left, "right": field(key).expression});
                json!({"kind": "left", "on": [on], "columns": brought})
            }
            JoinWay::Nearest { .. } => json!({"direction": "backward", "columns": brought}),
        };
        let (kind, title) = match join.way {
            JoinWay::Lookup { .. } => ("join", format!("With {}", lower_first(&source.title))),
            JoinWay::Nearest { .. } => ("nearest_in_time", format!("{} at the time", upper_first(&source.title))),
        };
        let settings = match join.way {
            JoinWay::Lookup { .. } => settings,
            JoinWay::Nearest { time, key } => self.nearest_settings(settings, number, time, key)?,
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
        self.draft.wire(&right, &to, "right");
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
            self.known.insert(concept, renamed(expression, &root, &name));
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
        self.draft.wire(&reader, &id, "in");
        Some(id)
    }

    /// From rows to the answer.
    fn answer(&mut self) -> Option<Id> {
        let contract = &self.asked.contract;
        if let Some(stage) = &contract.per {
            let (keys, measures) = (self.items(&stage.keys)?, self.items(&stage.measures)?);
            let reason = format!("The question is about each {}, not about single rows.", stage.keys[0].name);
            let title = format!("For each {}", stage.keys[0].name);
            self.step("aggregate", title, json!({"keys": keys, "measures": measures}), reason);
            self.columns = stage.keys.iter().chain(&stage.measures).map(|part| part.name.clone()).collect();
        }
        let definition = self.asked.definition();
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
        let settings = json!({"question": self.asked.id, "definition": definition, "order": order});
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
            self.step("aggregate", title, json!({"keys": keys, "measures": measures}), definition.to_owned());
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
        let settings = json!({"time": when, "span": time.span, "name": time.name, "keys": keys, "measures": measures});
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

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        // `CPU use` and `TLS version` stay.
        (Some(_), Some(second)) if second.is_uppercase() => text.to_owned(),
        (Some(first), _) => first.to_lowercase().collect::<String>() + &text[first.len_utf8()..],
        (None, _) => String::new(),
    }
}

fn upper_first(text: &str) -> String {
    match text.chars().next() {
        Some(first) => first.to_uppercase().collect::<String>() + &text[first.len_utf8()..],
        None => String::new(),
    }
}

#[cfg(test)]
mod tests;
