//! Examples of step kinds: settings, input rows, expected rows. They run as tests on every engine.

use std::collections::{BTreeMap, HashSet};

use super::{DataRules, Lowered, Lowering, PlanBuilder, Settings, StepContext, StepKind, check_settings};
use crate::data::{DataType, Field, Schema, Value};
use crate::ir::{NodeId, Op, Origin, ParameterTypes, Plan, PlanStep, Rows, built_in_parameters};
use crate::model::Source;

/// Rows as text. `schema`: `status Int, path String`; `rows`: a JSON array a line, one value a column.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    pub schema: &'static str,
    pub rows: &'static str,
}

impl Table {
    pub const fn new(schema: &'static str, rows: &'static str) -> Self {
        Self { schema, rows }
    }

    /// Reads the texts; the error names the line at fault.
    pub fn read(&self) -> Result<(Schema, Vec<Vec<Value>>), String> {
        let mut fields = Vec::new();
        for column in split_columns(self.schema) {
            let (name, data_type) =
                column.trim().split_once(' ').ok_or_else(|| format!("`{column}`: a name and a type are wanted"))?;
            fields.push(Field::new(name.trim_matches('"'), data_type.parse::<DataType>()?));
        }
        let mut rows = Vec::new();
        for line in self.rows.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let cells: Vec<serde_json::Value> =
                serde_json::from_str(line).map_err(|error| format!("`{line}`: {error}"))?;
            if cells.len() != fields.len() {
                return Err(format!("`{line}`: {} values for {} columns", cells.len(), fields.len()));
            }
            let row = cells.iter().zip(&fields).map(|(json, field)| {
                Value::from_json(json, &field.data_type)
                    .ok_or_else(|| format!("`{line}`: `{json}` is no {}", field.data_type))
            });
            rows.push(row.collect::<Result<_, _>>()?);
        }
        Ok((Schema::new(fields), rows))
    }
}

/// Splits at the commas outside `<>` and `{}`.
fn split_columns(text: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0, 0, Vec::new());
    for (at, c) in text.char_indices() {
        match c {
            '<' | '{' => depth += 1,
            '>' | '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts.retain(|part| !part.trim().is_empty());
    parts
}

/// One example of a step kind.
#[derive(Debug, Clone, Copy)]
pub struct Example {
    /// What it shows, in a few words.
    pub title: &'static str,
    /// JSON object.
    pub settings: &'static str,
    /// By input port; a port that takes many wires may come several times.
    pub inputs: &'static [(&'static str, Table)],
    /// By output port.
    pub outputs: &'static [(&'static str, Table)],
    /// Whether the rows' order is part of the result.
    pub ordered: bool,
    /// JSON array of `model::Source`s that the settings refer to; empty: none.
    pub sources: &'static str,
}

impl Example {
    /// An example whose rows come in any order and that needs no source.
    pub const fn new(
        title: &'static str,
        settings: &'static str,
        inputs: &'static [(&'static str, Table)],
        outputs: &'static [(&'static str, Table)],
    ) -> Self {
        Self { title, settings, inputs, outputs, ordered: false, sources: "" }
    }

    pub const fn ordered(mut self) -> Self {
        self.ordered = true;
        self
    }

    pub const fn sources(mut self, sources: &'static str) -> Self {
        self.sources = sources;
        self
    }

    pub fn settings(&self) -> Settings {
        serde_json::from_str(self.settings).unwrap_or_default()
    }
}

/// A plan that gives the example's outputs: its inputs as `Rows`, then the step, whose id is `example`.
/// Paths of sources are relative to the repository's root. Errors are what the lowering reports, one a line.
pub fn lower_example(kind: &dyn StepKind, example: &Example) -> Result<Plan, String> {
    let sources: Vec<Source> = match example.sources {
        "" => Vec::new(),
        text => serde_json::from_str(text).map_err(|error| format!("sources: {error}"))?,
    };
    let sources: BTreeMap<_, _> = sources.into_iter().map(|source| (source.id.clone(), source)).collect();
    let settings: Settings = serde_json::from_str(example.settings).map_err(|error| format!("settings: {error}"))?;
    let parameters: ParameterTypes = built_in_parameters();
    let mut builder = PlanBuilder { nodes: Vec::new(), parameters: parameters.clone() };
    let mut plan = Plan::default();
    let mut inputs: BTreeMap<String, Vec<NodeId>> = BTreeMap::new();
    for (number, (port, table)) in example.inputs.iter().enumerate() {
        let (schema, rows) = table.read()?;
        let origin = Origin { step: format!("input-{}", number + 1), title: format!("Input {}", number + 1) };
        let node =
            builder.push(Op::Rows(Rows { schema, rows }), Vec::new(), &origin).map_err(|error| error.to_string())?;
        inputs.entry((*port).to_owned()).or_default().push(node);
        let step = PlanStep {
            title: origin.title,
            kind: "table".into(),
            outputs: [("out".to_owned(), node)].into(),
            nodes: vec![node],
            stale: false,
        };
        plan.steps.insert(origin.step, step);
    }
    let mut lowering = Lowering {
        context: StepContext {
            sources: &sources,
            questions: &BTreeMap::new(),
            parameters: &parameters,
            rules: &DataRules::default(),
        },
        settings: &settings,
        origin: Origin { step: "example".into(), title: kind.title().into() },
        inputs: &inputs,
        broken_inputs: &HashSet::new(),
        builder: &mut builder,
        lowered: Lowered::default(),
    };
    for diagnostic in check_settings(kind, &settings) {
        lowering.report(diagnostic);
    }
    kind.lower(&mut lowering);
    let Lowered { outputs, nodes, diagnostics } = lowering.lowered;
    let errors: Vec<String> = diagnostics.iter().filter(|found| found.is_error()).map(ToString::to_string).collect();
    if !errors.is_empty() {
        return Err(errors.join("\n"));
    }
    let step = PlanStep { title: kind.title().into(), kind: kind.name().into(), outputs, nodes, stale: false };
    plan.steps.insert("example".into(), step);
    plan.nodes = builder.nodes;
    plan.diagnostics = diagnostics;
    Ok(plan)
}
