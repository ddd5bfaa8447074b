//! What dbt is told of the models beside their SQL: sources with their owners, columns with types, meanings and tests,
//! unit tests from pinned rows, the questions as exposures. YAML; texts of the design stand in it between quotes.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::adapter::Adapter;
use super::jinja::{rendered_yaml, value, yaml};
use super::models::{Model, Models, is_load};
use crate::data::{DataType, Field, Value, format_date, format_timestamp};
use crate::export::DesignInfo;
use crate::export::staging::script_parameters;
use crate::expr::{BinaryOp, Expr, ExprKind};
use crate::ir::{Check, Destination, NodeId, OnFail, Op, Plan, PlanStep, Write, defaults};
use crate::model::Source;
use crate::project::{Design, PinnedRows, StepTest};
use crate::quote::word_of;

/// The facts that the files are made of.
pub struct Described<'a> {
    pub plan: &'a Plan,
    pub adapter: Adapter,
    pub models: &'a Models<'a>,
    pub info: &'a DesignInfo,
    pub project: &'a str,
}

impl Described<'_> {
    /// `models/sources.yml`.
    pub fn sources(&self) -> String {
        let mut tables = String::new();
        for (id, node) in self.plan.iter().filter(|(_, node)| matches!(node.op, Op::Read(_))) {
            let source = self.source_of(&node.origin.step);
            let title = source.map_or(&node.origin.title, |source| &source.title);
            let doc = source.map(|source| source.doc.as_str()).filter(|doc| !doc.trim().is_empty());
            let text = doc.map_or_else(|| title.clone(), |doc| format!("{title}: {doc}"));
            tables.push_str(&format!(
                "      - name: {}\n        description: {}\n",
                self.models.name(id),
                rendered_yaml(&text)
            ));
            let mut meta = Vec::new();
            if let Some(source) = source {
                let owner = team(&self.info.design, &source.owner);
                meta.extend((!owner.is_empty()).then(|| format!("owner: {}", rendered_yaml(&owner))));
                meta.extend((!source.stack.is_empty()).then(|| format!("stack: {}", rendered_yaml(&source.stack))));
            }
            if self.adapter == Adapter::DuckDb {
                let folder = "{{ env_var('PIPEWRIGHT_STAGED', 'stage') | replace(\"'\", \"''\") }}";
                let place = format!("read_parquet('{folder}/{}')", self.adapter.staged_file(id));
                meta.push(format!("external_location: {}", yaml(&place)));
            }
            if !meta.is_empty() {
                tables.push_str("        config:\n          meta:\n");
                meta.iter().for_each(|line| tables.push_str(&format!("            {line}\n")));
            }
            // On PostgreSQL the lines come in as they are staged, and the first model makes columns of them.
            if self.adapter == Adapter::DuckDb {
                tables.push_str(&self.columns(&node.schema.fields, "        ", &BTreeMap::new()));
            }
        }
        if tables.is_empty() {
            return String::new();
        }
        let schema = match self.adapter {
            Adapter::DuckDb => String::new(),
            Adapter::Postgres => format!("    schema: {}\n", yaml("{{ target.schema }}_sources")),
        };
        let text = "Rows that Pipewright has read: formats, dirty lines and quarantine are its part.";
        format!(
            "version: 2\nsources:\n  - name: {}\n    description: {}\n{schema}    tables:\n{tables}",
            self.project,
            yaml(text)
        )
    }

    /// The file of a folder's models: what they hold, and their tests.
    pub fn models(&self, models: &[&Model]) -> String {
        let mut text = String::from("version: 2\nmodels:\n");
        for model in models {
            let node = self.plan.node(model.node);
            let title = &node.origin.title;
            let about = match (&node.op, model.is_rejected) {
                (Op::Check(check), true) => format!("Rows that “{title}” turns away: {}", check.reason),
                _ => self.told_of(&node.origin.step, title),
            };
            text.push_str(&format!("  - name: {}\n    description: {}\n", model.name, rendered_yaml(&about)));
            let fields = match node.inputs.first() {
                Some(input) if model.is_rejected => &self.plan.node(*input).schema.fields,
                _ => &node.schema.fields,
            };
            if model.is_rejected {
                text.push_str("    data_tests:\n      - pw_no_rows:\n          config:\n            severity: warn\n");
            }
            if self.is_held(model) {
                text.push_str("    config:\n      contract:\n        enforced: true\n");
            }
            let tests = if model.is_rejected { BTreeMap::new() } else { self.tests(model.node, fields) };
            text.push_str(&self.columns(fields, "    ", &tests));
        }
        let tests = self.unit_tests(models);
        if !tests.is_empty() {
            text.push_str(&format!("unit_tests:\n{tests}"));
        }
        text
    }

    /// `models/exposures.yml`: who asks what, and which models answer.
    pub fn exposures(&self) -> String {
        let mut by_question: BTreeMap<&String, BTreeSet<&str>> = BTreeMap::new();
        for (id, node) in self.plan.iter() {
            if let Op::Write(Write { destination: Destination::Answer { question: Some(question) }, .. }) = &node.op {
                by_question.entry(question).or_default().insert(self.models.name(id));
            }
        }
        let (mut text, mut known) = (String::new(), BTreeSet::new());
        for (id, models) in by_question {
            let Some(question) = self.info.design.questions.get(id) else { continue };
            let stem = match word_of(&question.title) {
                name if name.is_empty() => format!("question_{}", word_of(id)),
                name => name,
            };
            let names = std::iter::once(stem.clone()).chain((2..).map(|number| format!("{stem}_{number}")));
            let name = names.into_iter().find(|name| !known.contains(name)).unwrap_or_default();
            known.insert(name.clone());
            let asker = team(&self.info.design, &question.asker);
            let contact = self.info.design.teams.get(&question.asker).map(|team| team.contact.as_str());
            text.push_str(&format!("  - name: {name}\n    label: {}\n", rendered_yaml(&question.title)));
            text.push_str("    type: analysis\n");
            if !question.doc.is_empty() {
                text.push_str(&format!("    description: {}\n", rendered_yaml(&question.doc)));
            }
            let asker = if asker.is_empty() { "nobody named" } else { &asker };
            text.push_str(&format!("    owner:\n      name: {}\n", rendered_yaml(asker)));
            if let Some(contact) = contact.filter(|contact| contact.contains('@')) {
                text.push_str(&format!("      email: {}\n", rendered_yaml(contact)));
            }
            text.push_str("    depends_on:\n");
            models.iter().for_each(|model| text.push_str(&format!("      - ref('{model}')\n")));
        }
        if text.is_empty() { text } else { format!("version: 2\nexposures:\n{text}") }
    }

    /// Pinned rows that dbt's unit tests do not carry, by the titles of their steps.
    pub fn tests_left_out(&self) -> Vec<String> {
        let tests = self.info.design.tests.values();
        let left = tests.filter(|test| self.plan.steps.contains_key(&test.step) && self.unit_test(test).is_none());
        left.map(|test| self.plan.steps[&test.step].title.clone()).collect()
    }

    /// Whether a model keeps to a contract that dbt enforces: loads, and the steps that say so. What others take rows from
    /// is a view then, since a table would be made of the contract's types, and compare texts in another way.
    fn is_held(&self, model: &Model) -> bool {
        let node = self.plan.node(model.node);
        // A contract that leaves no column out is no operation of its own.
        let gives = |step: &PlanStep| step.outputs.values().any(|output| *output == model.node);
        let is_contract = self.plan.steps.values().any(|step| step.kind == "contract" && gives(step));
        let is_meant = is_load(node) || is_contract && !model.is_table;
        let is_named = |field: &Field| is_plain(&field.data_type) && is_tame(&field.name);
        is_meant && !model.is_rejected && node.schema.fields.iter().all(is_named)
    }

    fn source_of(&self, step: &str) -> Option<&Source> {
        let settings = &self.info.design.steps.get(step)?.settings;
        self.info.design.sources.get(settings.get("source")?.as_str()?)
    }

    /// A step's title and remark.
    fn told_of(&self, step: &str, title: &str) -> String {
        match self.info.design.steps.get(step).map(|step| step.note.trim()) {
            None | Some("") => title.to_owned(),
            Some(note) => format!("{title}: {note}"),
        }
    }

    fn columns(&self, fields: &[Field], indent: &str, tests: &BTreeMap<&str, Vec<String>>) -> String {
        let mut text = if fields.is_empty() { String::new() } else { format!("{indent}columns:\n") };
        for field in fields {
            let name = self.adapter.dialect().identifier(&field.name);
            let name = name.trim_start_matches('"').strip_suffix('"').unwrap_or_default().replace("\"\"", "\"");
            text.push_str(&format!("{indent}  - name: {}\n{indent}    quote: true\n", rendered_yaml(&name)));
            let described = self.adapter.described_type(&field.data_type);
            text.push_str(&format!("{indent}    data_type: {}\n", rendered_yaml(&described)));
            let mut about: Vec<String> = field.labels.meaning.iter().cloned().collect();
            about.extend(field.labels.classification.map(|found| format!("{found:?}").to_lowercase()));
            if field.data_type == DataType::Duration {
                about.push("a span of time in microseconds".to_owned());
            }
            if !about.is_empty() {
                let about = about.join("; ");
                text.push_str(&format!("{indent}    description: {}\n", rendered_yaml(&about)));
            }
            if let Some(tests) = tests.get(field.name.as_str()) {
                text.push_str(&format!("{indent}    data_tests:\n"));
                tests.iter().for_each(|test| text.push_str(&format!("{indent}      - {test}\n")));
            }
        }
        text
    }

    /// What the rules of a model's step promise of its columns.
    fn tests<'f>(&self, id: NodeId, fields: &'f [Field]) -> BTreeMap<&'f str, Vec<String>> {
        let step = &self.plan.node(id).origin.step;
        let (mut found, mut at): (BTreeMap<&str, Vec<String>>, _) = (BTreeMap::new(), Some(id));
        while let Some(id) = at {
            let node = self.plan.node(id);
            at = node
                .inputs
                .first()
                .copied()
                .filter(|input| node.inputs.len() == 1 && self.plan.node(*input).origin.step == *step);
            let Op::Check(Check { predicate, on_fail: OnFail::Reject | OnFail::Stop, .. }) = &node.op else { break };
            for (name, test) in promised(predicate) {
                if let Some(field) = fields.iter().find(|field| field.name == name && is_tame(name)) {
                    let tests = found.entry(field.name.as_str()).or_default();
                    if !tests.contains(&test) {
                        tests.push(test);
                    }
                }
            }
        }
        found
    }

    fn unit_tests(&self, models: &[&Model]) -> String {
        let is_here = |id: NodeId| models.iter().any(|model| model.node == id && !model.is_rejected);
        let tests = self.info.design.tests.values().filter_map(|test| self.unit_test(test));
        tests.filter(|(id, _)| is_here(*id)).map(|(_, text)| text).collect()
    }

    /// A step's test as a unit test of its model; `None`: dbt does not carry it.
    fn unit_test(&self, test: &StepTest) -> Option<(NodeId, String)> {
        let [(port, expected)] = &test.expected.iter().collect::<Vec<_>>()[..] else { return None };
        let id = *self.plan.steps.get(&test.step)?.outputs.get(*port)?;
        let model = self.models.model(id).ok()??;
        let overrides = self.overrides(&model, test)?;
        let mut given = String::new();
        for input in &model.takes {
            let wires = self.info.design.wires.values().filter(|wire| wire.to == test.step);
            let is_from = |from: &str, output: &str| self.plan.output(from, output) == Some(*input);
            let port = wires.into_iter().find(|wire| is_from(&wire.from, &wire.output)).map(|wire| &wire.input)?;
            let rows = self.fixture(test.inputs.get(port)?, *input, "        ")?;
            given.push_str(&format!("      - input: ref('{}')\n{rows}", self.models.name(*input)));
        }
        let rows = self.fixture(expected, id, "      ")?;
        let title = if test.title.is_empty() { &test.id } else { &test.title };
        let name = format!("{}_{}", model.name, word_of(&test.id));
        Some((
            id,
            format!(
                "  - name: {name}\n    description: {}\n    model: {}\n{}    given:\n{given}    expect:\n{rows}",
                rendered_yaml(title),
                model.name,
                overrides
            ),
        ))
    }

    /// A test holds for the values that it was pinned with, else for the defaults of the parameters, whatever a run is
    /// given; `None`: something of it has none.
    fn overrides(&self, model: &Model, test: &StepTest) -> Option<String> {
        let is_named = |name: &str| model.sql.contains(&format!("pw_parameter('{name}'"));
        let known = variables(self.plan);
        let has_default = |name: &str| known.iter().any(|(known, _)| known == name);
        if model.sql.contains("pw_started_at()")
            || script_parameters(self.plan).iter().any(|one| is_named(&one.name) && !has_default(&one.name))
        {
            return None;
        }
        let named = known.iter().filter(|(name, _)| is_named(name));
        let pinned = |name: &str| {
            let known = self.plan.parameters.iter().find(|known| known.name == name)?;
            let value = Value::from_json(test.parameters.get(name)?, &known.data_type)?;
            matches!(value, Value::Int(_) | Value::Float(_)).then(|| value.to_json().to_string())
        };
        let lines = named.map(|(name, value)| format!("        {name}: {}\n", pinned(name).unwrap_or(value.clone())));
        let lines: String = lines.collect();
        let text = if lines.is_empty() { lines } else { format!("    overrides:\n      vars:\n{lines}") };
        // A value that is rendered here too would be another one.
        (!text.contains("{{")).then_some(text)
    }

    /// Rows of a test, where dbt writes all of their values as the design means them.
    fn fixture(&self, pinned: &PinnedRows, of: NodeId, indent: &str) -> Option<String> {
        let fields = &pinned.schema.fields;
        let is_carried = |field: &Field| {
            let known = self.plan.node(of).schema.get(&field.name)?;
            let is_name = field.name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
            let is_alike = self.adapter.dialect().identifier(&field.name) == format!("\"{}\"", field.name);
            (known.data_type == field.data_type && is_plain(&field.data_type) && is_name && is_alike).then_some(())
        };
        // Columns that the exported flow has no use for are left out of its models.
        let kept: Vec<(usize, &Field)> =
            fields.iter().enumerate().filter(|(_, field)| self.plan.node(of).schema.has(&field.name)).collect();
        if kept.is_empty() || pinned.rows.is_empty() || kept.iter().any(|(_, field)| is_carried(field).is_none()) {
            return None;
        }
        let mut text = format!("{indent}rows:\n");
        for row in &pinned.rows {
            let mut cells = Vec::new();
            for (index, field) in &kept {
                let value = Value::from_json(row.get(*index).unwrap_or(&Json::Null), &field.data_type)?;
                let shown = match value {
                    Value::String(text) if text.contains(['{', '\0', '\r']) => return None,
                    Value::String(text) => yaml(&text),
                    Value::Null => "null".to_owned(),
                    Value::Timestamp(micros) => yaml(format_timestamp(micros).trim_end_matches('Z')),
                    other => other.to_json().to_string(),
                };
                cells.push(format!("{}: {shown}", yaml(&field.name)));
            }
            text.push_str(&format!("{indent}  - {{{}}}\n", cells.join(", ")));
        }
        Some(text)
    }
}

/// Whether dbt itself writes and compares values of a type.
fn is_plain(data_type: &DataType) -> bool {
    use DataType::{Boolean, Date, Float, Int, String, Timestamp};
    matches!(data_type, Boolean | Date | Float | Int | String | Timestamp)
}

/// Whether dbt's own SQL names a column as it is: it doubles no quote, and renders names of tested columns once more.
fn is_tame(name: &str) -> bool {
    !name.contains(['"', '{', '}', '\\', '\r', '\n'])
}

/// The title of a team, or the name that stands in its place.
fn team(design: &Design, owner: &str) -> String {
    design.teams.get(owner).map_or_else(|| owner.to_owned(), |team| team.title.clone())
}

/// The parameters that have a default, which is no secret: names, and values as YAML.
pub fn variables(plan: &Plan) -> Vec<(String, String)> {
    let known = script_parameters(plan).into_iter().filter(|parameter| !parameter.is_secret());
    let values = defaults(&known.collect::<Vec<_>>());
    let shown = |found: Value| match found {
        Value::Duration(micros) => micros.to_string(),
        Value::String(text) => yaml(&value(&text)),
        Value::Timestamp(micros) => yaml(&format_timestamp(micros)),
        Value::Date(days) => yaml(&format_date(days)),
        other => other.to_json().to_string(),
    };
    values.into_iter().map(|(name, value)| (name, shown(value))).collect()
}

/// What a rule says of single columns, as dbt's own tests say it.
fn promised(predicate: &Expr) -> Vec<(&str, String)> {
    match &predicate.kind {
        ExprKind::Binary { op: BinaryOp::And, left, right } => {
            promised(left).into_iter().chain(promised(right)).collect()
        }
        ExprKind::IsNull { expr, negated: true } => match &expr.kind {
            ExprKind::Column(name) => vec![(name.as_str(), "not_null".to_owned())],
            _ => Vec::new(),
        },
        ExprKind::InList { expr, list, negated: false } => {
            match (&expr.kind, list.iter().map(word).collect::<Option<Vec<_>>>()) {
                (ExprKind::Column(name), Some(words)) => {
                    let test = format!("accepted_values: {{arguments: {{values: [{}]}}}}", words.join(", "));
                    vec![(name.as_str(), test)]
                }
                _ => Vec::new(),
            }
        }
        _ => Vec::new(),
    }
}

/// A text that dbt's test quotes as it is.
fn word(expr: &Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Literal(Value::String(text))
            if text.chars().all(|c| c.is_ascii_alphanumeric() || " _.-/".contains(c)) =>
        {
            Some(yaml(text))
        }
        _ => None,
    }
}
