//! An example of a step kind as a plan, for the tests that run it. Imports what step kinds are made of.

use std::collections::{BTreeMap, HashSet};

use super::{DataRules, Example, Lowered, Lowering, PlanBuilder, Settings, StepContext, StepKind, check_settings};
use crate::ir::{ConnectionKind, NodeId, Op, Origin, ParameterTypes, Plan, PlanStep, Rows, built_in_parameters};
use crate::model::{Connection, Source};

/// A plan that gives the example's outputs: its inputs as `Rows`, then the step, whose id is `example`.
/// Paths of sources are relative to the repository's root. Errors are what the lowering reports, one a line.
pub fn lower_example(kind: &dyn StepKind, example: &Example) -> Result<Plan, String> {
    let sources: Vec<Source> = match example.sources {
        "" => Vec::new(),
        text => serde_json::from_str(text).map_err(|error| format!("sources: {error}"))?,
    };
    let sources: BTreeMap<_, _> = sources.into_iter().map(|source| (source.id.clone(), source)).collect();
    let connection = |id: &str, kind: ConnectionKind, address: &str| Connection {
        id: id.into(),
        title: "Example".into(),
        kind,
        address: address.into(),
        ..Connection::default()
    };
    let connections = [
        connection("con-example", ConnectionKind::Sqlite, "example.db"),
        connection("con-api", ConnectionKind::Http, ConnectionKind::Http.address_example()),
        connection("con-store", ConnectionKind::S3, ConnectionKind::S3.address_example()),
    ];
    let connections: BTreeMap<_, _> = connections.into_iter().map(|one| (one.id.clone(), one)).collect();
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
            connections: &connections,
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
