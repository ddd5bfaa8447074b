//! Volume: rows and bytes per day on every wire, at every sink, and with retention; what a filter saves. Worked out from
//! the rate of the sources and from how many of their sampled rows leave each step. Imports the inventory and plan.

use std::collections::BTreeMap;

use serde::Serialize;

use super::source_facts;
use crate::data::{Value, format_timestamp};
use crate::ir::{NodeId, Plan};
use crate::model::Id;
use crate::planner::catalogue::Catalogue;
use crate::project::{Project, Step};

const GIGABYTE: f64 = 1e9;

/// How fast a source grows, and how fresh it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rate {
    pub rows_per_day: f64,
    /// Bytes of its files, as they are stored.
    pub bytes_per_day: f64,
    /// First and last time in the sample, ISO 8601.
    pub first: String,
    pub last: String,
}

/// What of a step's rows was looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct SampledRows {
    pub rows: u64,
    /// Bytes of a row as text, on average.
    pub row_bytes: f64,
}

/// What a volume is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum VolumeOf {
    Source,
    /// What leaves a step.
    Wire,
    Sink,
}

/// Rows and bytes per day at one place of a flow.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Volume {
    pub of: VolumeOf,
    /// Id of the source or the step.
    pub id: Id,
    pub title: String,
    /// Output port of the step; empty for sources and sinks.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub port: String,
    pub rows_per_day: f64,
    pub bytes_per_day: f64,
    /// Of a source: first and last time in the sample.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub span: Option<(String, String)>,
    /// Bytes that a step takes off each day; only where it lets fewer through than it gets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saves_bytes_per_day: Option<f64>,
    /// Days for which the data is kept, and the bytes that it then comes to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention_days: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept_bytes: Option<f64>,
    /// What the kept bytes cost, where a price per gigabyte (10^9 bytes) is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<f64>,
}

/// How fast each source grows by its sample; those without a time, or with too short a span, have no rate.
pub fn rates(project: &Project, catalogue: &Catalogue) -> BTreeMap<Id, Rate> {
    let shown =
        |time: &Value| if let Value::Timestamp(micros) = time { format_timestamp(*micros) } else { String::new() };
    let facts = source_facts(project, catalogue).into_iter().filter_map(|facts| {
        let span = facts.span?;
        let (rows_per_day, bytes_per_day) = (span.rows_a_day?, span.bytes_a_day.unwrap_or(0.0));
        let rate = Rate { rows_per_day, bytes_per_day, first: shown(&span.first), last: shown(&span.last) };
        Some((facts.source, rate))
    });
    facts.collect()
}

/// The volumes of all sources that have a rate, and of all steps and sinks that their rows reach, in the order of the
/// flow. `sampled`: the rows that leave the steps' outputs. `price`: of a gigabyte that is kept.
pub fn volumes(
    project: &Project,
    plan: &Plan,
    rates: &BTreeMap<Id, Rate>,
    sampled: &BTreeMap<NodeId, SampledRows>,
    price: Option<f64>,
) -> Vec<Volume> {
    let mut found: Vec<Volume> = Vec::new();
    for source in project.sources.values() {
        let Some(rate) = rates.get(&source.id) else { continue };
        let days = source.retention.map(u64::from);
        let title = if source.title.is_empty() { source.id.clone() } else { source.title.clone() };
        let mut volume = Volume::new(VolumeOf::Source, &source.id, &title, (rate.rows_per_day, rate.bytes_per_day));
        volume.span = Some((rate.first.clone(), rate.last.clone()));
        volume.keep(days, price);
        found.push(volume);
    }
    // Rows and bytes per day at each output: (step, port).
    let mut known: BTreeMap<(&str, &str), (f64, f64)> = BTreeMap::new();
    for id in in_order(plan) {
        let (Some(step), Some(planned)) = (project.steps.get(id), plan.steps.get(id)) else { continue };
        let inputs = inputs_of(project, plan, step, &known, sampled);
        let source = step.settings.get("source").and_then(serde_json::Value::as_str);
        let own = source.filter(|_| step.kind == "file").and_then(|source| rates.get(source));
        if inputs.is_none() && own.is_none() {
            continue;
        }
        let mut out = (0.0, 0.0);
        let is_sink = crate::steps::kind(&step.kind).is_some_and(|kind| kind.ports(&step.settings).outputs.is_empty());
        for (port, node) in planned.outputs.iter().filter(|_| !is_sink) {
            let Some(rows) = sampled.get(node) else { continue };
            let per_day = match (own, &inputs) {
                (Some(rate), _) => rate.rows_per_day,
                (None, Some(inputs)) if inputs.sampled > 0 => inputs.rows * rows.rows as f64 / inputs.sampled as f64,
                _ => 0.0,
            };
            let volume = (per_day, per_day * rows.row_bytes);
            out = (out.0 + volume.0, out.1 + volume.1);
            known.insert((id, port), volume);
            let mut volume = Volume { port: port.clone(), ..Volume::new(VolumeOf::Wire, id, &step.title, volume) };
            volume.saves_bytes_per_day = None;
            found.push(volume);
        }
        let Some(inputs) = inputs else { continue };
        if is_sink {
            let mut volume = Volume::new(VolumeOf::Sink, id, &step.title, (inputs.rows, inputs.bytes));
            volume.keep(step.settings.get("retention").and_then(serde_json::Value::as_u64), price);
            found.push(volume);
        } else if inputs.is_single && out.0 < inputs.rows && out.1 < inputs.bytes {
            // Told once, at the first of its outputs.
            let first = found.iter_mut().find(|one| one.of == VolumeOf::Wire && one.id == *id);
            if let Some(first) = first {
                first.saves_bytes_per_day = Some(inputs.bytes - out.1);
            }
        }
    }
    found
}

impl Volume {
    fn new(of: VolumeOf, id: &str, title: &str, (rows_per_day, bytes_per_day): (f64, f64)) -> Self {
        Self {
            of,
            id: id.into(),
            title: title.to_owned(),
            port: String::new(),
            rows_per_day,
            bytes_per_day,
            span: None,
            saves_bytes_per_day: None,
            retention_days: None,
            kept_bytes: None,
            cost: None,
        }
    }

    fn keep(&mut self, days: Option<u64>, price: Option<f64>) {
        self.retention_days = days;
        self.kept_bytes = days.map(|days| days as f64 * self.bytes_per_day);
        self.cost = self.kept_bytes.zip(price).map(|(bytes, price)| bytes / GIGABYTE * price);
    }
}

/// The steps, each after those that feed it.
fn in_order(plan: &Plan) -> Vec<&str> {
    let last = |step: &crate::ir::PlanStep| step.nodes.iter().chain(step.outputs.values()).max().copied();
    let mut steps: Vec<(Option<NodeId>, &str)> =
        plan.steps.iter().map(|(id, step)| (last(step), id.as_str())).collect();
    steps.sort();
    steps.into_iter().map(|(_, id)| id).collect()
}

/// What comes into a step: the first input, or all of one that takes many.
struct Inputs {
    rows: f64,
    bytes: f64,
    sampled: u64,
    is_single: bool,
}

fn inputs_of(
    project: &Project,
    plan: &Plan,
    step: &Step,
    known: &BTreeMap<(&str, &str), (f64, f64)>,
    sampled: &BTreeMap<NodeId, SampledRows>,
) -> Option<Inputs> {
    let kind = crate::steps::kind(&step.kind)?;
    let ports = kind.ports(&step.settings).inputs;
    let first = ports.first()?;
    let wires = project.wires.values().filter(|wire| wire.to == step.id && wire.input == first.name);
    let mut inputs = Inputs { rows: 0.0, bytes: 0.0, sampled: 0, is_single: ports.len() == 1 && !first.many };
    let mut is_any = false;
    for wire in wires {
        let Some((rows, bytes)) = known.get(&(wire.from.as_str(), wire.output.as_str())) else { continue };
        let node = plan.output(&wire.from, &wire.output)?;
        (inputs.rows, inputs.bytes) = (inputs.rows + rows, inputs.bytes + bytes);
        inputs.sampled += sampled.get(&node).map_or(0, |sampled| sampled.rows);
        is_any = true;
    }
    is_any.then_some(inputs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::plan;
    use crate::planner::testing::shop_sources;
    use crate::project::{Edit, Place};
    use serde_json::json;

    #[test]
    fn rows_are_followed_from_the_source_to_the_sink() {
        let mut project = shop_sources();
        let insert = |into: &str, item| Edit::Insert { into: into.into(), item, place: Place::Last };
        let wire = |id: &str, from: &str, to: &str| {
            insert("wires", json!({"id": id, "from": from, "output": "out", "to": to, "input": "in"}))
        };
        let edits = [
            insert("steps", json!({"id": "a", "kind": "file", "title": "a", "settings": {"source": "src-access"}})),
            insert(
                "steps",
                json!({"id": "b", "kind": "filter", "title": "b", "settings": {"predicate": "status >= 500"}}),
            ),
            insert(
                "steps",
                json!({"id": "c", "kind": "load_file", "title": "c",
                "settings": {"path": "out.csv", "kind": "csv", "retention": 30}}),
            ),
            wire("w1", "a", "b"),
            wire("w2", "b", "c"),
        ];
        project.apply(&edits).unwrap();
        let plan = plan(&project);
        assert!(plan.diagnostics.iter().all(|fault| !fault.is_error()), "{:?}", plan.diagnostics);
        let rate = Rate { rows_per_day: 1000.0, bytes_per_day: 200_000.0, first: "a".into(), last: "b".into() };
        let rates = BTreeMap::from([(Id::from("src-access"), rate)]);
        let sampled = BTreeMap::from([
            (plan.output("a", "out").unwrap(), SampledRows { rows: 500, row_bytes: 100.0 }),
            (plan.output("b", "out").unwrap(), SampledRows { rows: 5, row_bytes: 100.0 }),
        ]);
        let found = volumes(&project, &plan, &rates, &sampled, Some(2e6));
        let of = |id: &str| found.iter().find(|one| one.id == *id).unwrap();
        assert_eq!((of("src-access").rows_per_day, of("a").bytes_per_day), (1000.0, 100_000.0));
        assert_eq!((of("b").rows_per_day, of("b").saves_bytes_per_day), (10.0, Some(99_000.0)));
        let sink = of("c");
        assert_eq!((sink.of, sink.kept_bytes, sink.cost), (VolumeOf::Sink, Some(30_000.0), Some(60.0)));
    }
}
