//! Rows of steps, computed on the whole input in bounded memory and taken in whole: for flows whose results are small.
//! Must not import previews.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use pipewright_core::data::Value;
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::expr::{parse, print_name};
use pipewright_core::files::PrivateFolder;
use pipewright_core::ir::{
    Aggregate, Column, Destination, FileKind, Node, NodeId, Op, Origin, Plan, WhenExists, Write, prune,
};
use pipewright_core::plan::plan;
use pipewright_core::planner::findings::ProbeRows;
use pipewright_core::project::Project;
use pipewright_core::steps::PlanBuilder;
use pipewright_engine::{Cancel, RunOptions, RunProgress, RunReport, Silent, StepReport, read_rows, run};

/// The rows of steps, in the order of the steps, all from one run: what two of them read or compute alike is read and
/// computed once.
pub fn rows_of_steps(
    project: &Project,
    steps: &[&str],
    base: &Path,
    parameters: &BTreeMap<String, Value>,
    cancel: &Cancel,
) -> Result<Vec<ProbeRows>, Diagnostic> {
    counted_steps(project, steps, base, parameters, cancel).map(|(rows, _)| rows)
}

/// The same with what became of everything on the way.
pub fn counted_steps(
    project: &Project,
    steps: &[&str],
    base: &Path,
    parameters: &BTreeMap<String, Value>,
    cancel: &Cancel,
) -> Result<(Vec<ProbeRows>, RunReport), Diagnostic> {
    let whole = plan(project);
    let nodes = steps.iter().map(|step| output_of(&whole, step)).collect::<Result<Vec<_>, _>>()?;
    counted_nodes(&whole, &nodes, base, parameters, cancel, &Silent)
}

/// As `rows_of_steps`, of nodes of a plan.
pub fn rows_of_nodes(
    whole: &Plan,
    nodes: &[NodeId],
    base: &Path,
    parameters: &BTreeMap<String, Value>,
    cancel: &Cancel,
) -> Result<Vec<ProbeRows>, Diagnostic> {
    counted_nodes(whole, nodes, base, parameters, cancel, &Silent).map(|(rows, _)| rows)
}

/// What a look at the whole input found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WholeInput {
    /// By step and output: rows that leave it.
    pub rows: BTreeMap<(String, String), u64>,
    /// By step: units that could not be read, and rows that were rejected.
    pub turned_away: BTreeMap<String, u64>,
    /// By step: what became of values, in words.
    pub changed: BTreeMap<String, String>,
}

/// By step and output, how many rows leave it on the whole input: all counted in one run, which keeps none of them.
pub fn exact_rows(
    whole: &Plan,
    base: &Path,
    parameters: &BTreeMap<String, Value>,
    cancel: &Cancel,
    progress: &dyn RunProgress,
) -> Result<BTreeMap<(String, String), u64>, Diagnostic> {
    counted_outputs(whole, &[], base, parameters, cancel, progress).map(|(rows, _)| rows)
}

/// The same with what a sample may have missed: every column of every source is read as its type.
pub fn whole_input(
    whole: &Plan,
    base: &Path,
    parameters: &BTreeMap<String, Value>,
    cancel: &Cancel,
    progress: &dyn RunProgress,
) -> Result<WholeInput, Diagnostic> {
    let is_read = |node: &Node| matches!(&node.op, Op::Read(read) if read.planned.is_none());
    let sources: Vec<NodeId> = whole.iter().filter(|(_, node)| is_read(node)).map(|(id, _)| id).collect();
    let (rows, report) = counted_outputs(whole, &sources, base, parameters, cancel, progress)?;
    let mut found = WholeInput { rows, ..WholeInput::default() };
    for source in &report.sources {
        *found.turned_away.entry(source.step.clone()).or_default() += source.tally.quarantined;
        found.changed.extend(source.tally.changed_values().map(|told| (source.step.clone(), told)));
    }
    let is_source = |step: &StepReport| report.sources.iter().any(|source| source.step == step.step);
    for step in report.steps.iter().filter(|step| !is_source(step)) {
        *found.turned_away.entry(step.step.clone()).or_default() += step.quarantined;
        found.changed.extend(step.changes.told().map(|told| (step.step.clone(), told)));
    }
    found.turned_away.retain(|_, count| *count > 0);
    Ok(found)
}

/// Rows by step and port.
type RowCounts = BTreeMap<(String, String), u64>;

/// Rows of every output. `read_whole`: sources of which every column is looked at.
fn counted_outputs(
    whole: &Plan,
    read_whole: &[NodeId],
    base: &Path,
    parameters: &BTreeMap<String, Value>,
    cancel: &Cancel,
    progress: &dyn RunProgress,
) -> Result<(RowCounts, RunReport), Diagnostic> {
    let mut builder = PlanBuilder { parameters: whole.parameter_types(), nodes: whole.nodes.clone() };
    let count = Column { name: "rows".to_owned(), expr: parse("count(*)")? };
    let (mut ports, mut counts) = (Vec::new(), Vec::new());
    for (step, planned) in &whole.steps {
        for (port, node) in &planned.outputs {
            // What is written is what comes in.
            let of = match &whole.node(*node).op {
                Op::Write(_) => whole.node(*node).inputs.first().copied().unwrap_or(*node),
                _ => *node,
            };
            counts.push((of, vec![count.clone()]));
            ports.push((step.clone(), port.clone()));
        }
    }
    for source in read_whole {
        let names = whole.node(*source).schema.names().enumerate();
        let values = names.map(|(number, name)| {
            let expr = parse(&format!("count({})", print_name(name)))?;
            Ok(Column { name: format!("values-{number}"), expr })
        });
        let values = values.collect::<Result<Vec<Column>, Diagnostic>>()?;
        if !values.is_empty() {
            counts.push((*source, values));
        }
    }
    let counts = counts.into_iter().enumerate().map(|(number, (of, measures))| {
        let origin = Origin { step: format!("count-{number}"), title: "Rows".to_owned() };
        builder.push(Op::Aggregate(Aggregate { keys: Vec::new(), measures }), vec![of], &origin)
    });
    let counts = counts.collect::<Result<Vec<NodeId>, Diagnostic>>()?;
    let extended = Plan { nodes: builder.nodes, parameters: whole.parameters.clone(), ..Plan::default() };
    let (rows, report) = counted_nodes(&extended, &counts, base, parameters, cancel, progress)?;
    let number = |found: &ProbeRows| match found.rows.first().and_then(|row| row.first()) {
        Some(Value::Int(count)) => u64::try_from(*count).unwrap_or_default(),
        _ => 0,
    };
    Ok((ports.into_iter().zip(rows.iter().map(number)).collect(), report))
}

fn counted_nodes(
    whole: &Plan,
    nodes: &[NodeId],
    base: &Path,
    parameters: &BTreeMap<String, Value>,
    cancel: &Cancel,
    progress: &dyn RunProgress,
) -> Result<(Vec<ProbeRows>, RunReport), Diagnostic> {
    let folder = PrivateFolder::new()?;
    let options = RunOptions {
        base: base.to_owned(),
        out: folder.path().to_owned(),
        parameters: parameters.clone(),
        cancel: cancel.clone(),
        ..RunOptions::default()
    };
    let report = run(&with_loads(whole, nodes)?, &options, progress).map_err(|mut faults| faults.swap_remove(0))?;
    let rows = nodes.iter().enumerate().map(|(number, node)| {
        let schema = &whole.node(*node).schema;
        let file = folder.path().join(file_name(number));
        let rows = read_rows(&file, FileKind::Parquet, schema, usize::MAX, cancel)?;
        Ok(ProbeRows { schema: schema.clone(), rows })
    });
    Ok((rows.collect::<Result<_, Diagnostic>>()?, report))
}

fn file_name(number: usize) -> String {
    format!("rows-{number}.parquet")
}

/// The node behind a step's first output; its fault where it has none.
fn output_of(whole: &Plan, step: &str) -> Result<NodeId, Diagnostic> {
    let own = |fault: &&Diagnostic| fault.is_error() && fault.location.id.as_deref() == Some(step);
    if let Some(fault) = whole.diagnostics.iter().find(own) {
        return Err(fault.clone());
    }
    let node = whole.steps.get(step).and_then(|step| step.outputs.values().next().copied());
    node.ok_or_else(|| {
        let fault = whole.diagnostics.iter().find(|fault| fault.is_error()).cloned();
        fault.unwrap_or_else(|| Diagnostic::error("PW0709", "the step gives no rows"))
    })
}

/// Only what some nodes need, with a file at the end of each; nodes that do the same to the same rows are one.
fn with_loads(whole: &Plan, wanted: &[NodeId]) -> Result<Plan, Diagnostic> {
    let mut builder = PlanBuilder { parameters: whole.parameter_types(), ..PlanBuilder::default() };
    let mut known: HashMap<u64, NodeId> = HashMap::new();
    let mut moved: Vec<NodeId> = Vec::with_capacity(whole.nodes.len());
    for (_, node) in whole.iter() {
        let id = *known.entry(node.hash).or_insert_with(|| {
            let inputs = node.inputs.iter().map(|input| moved[input.0 as usize]).collect();
            builder.nodes.push(Arc::new(Node { inputs, ..(**node).clone() }));
            NodeId(builder.nodes.len() as u32 - 1)
        });
        moved.push(id);
    }
    let mut writes = Vec::with_capacity(wanted.len());
    for (number, node) in wanted.iter().enumerate() {
        let destination = Destination::File {
            path: file_name(number),
            kind: FileKind::Parquet,
            partition: Vec::new(),
            when_exists: WhenExists::Replace,
        };
        let origin = Origin { step: format!("rows-{number}"), title: "Rows".to_owned() };
        let write = Op::Write(Write::new(destination, Vec::new()));
        writes.push(builder.push(write, vec![moved[node.0 as usize]], &origin)?);
    }
    let parameters = whole.parameters.clone();
    let extended = Plan { nodes: builder.nodes, parameters, ..Plan::default() };
    Ok(prune(&extended, &writes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use pipewright_core::data::{DataType, Schema};
    use pipewright_core::project::{Edit, Place};
    use serde_json::json;

    #[test]
    fn steps_that_read_the_same_source_read_it_once() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.csv"), "n\n1\n2\n3\n").unwrap();
        let mut project = Project::new("p");
        let insert = |into: &str, item| Edit::Insert { into: into.into(), item, place: Place::Last };
        let schema = serde_json::to_value(Schema::of([("n", DataType::Int)])).unwrap();
        let source = json!({"id": "src-a", "title": "a", "path": "a.csv", "format": {"name": "csv"}, "schema": schema});
        let mut edits = vec![insert("sources", source)];
        for (flow, predicate) in [("one", "n > 1"), ("two", "n > 2")] {
            let (read, filter) = (format!("{flow}-1"), format!("{flow}-2"));
            let settings = json!({"source": "src-a"});
            edits.push(insert("steps", json!({"id": read, "kind": "file", "title": "a", "settings": settings})));
            let settings = json!({"predicate": predicate});
            edits.push(insert("steps", json!({"id": filter, "kind": "filter", "title": "f", "settings": settings})));
            let wire = json!({"id": format!("{flow}-w"), "from": read, "output": "out", "to": filter, "input": "in"});
            edits.push(insert("wires", wire));
        }
        project.apply(&edits).unwrap();
        let whole = plan(&project);
        let nodes = ["one-2", "two-2"].map(|step| output_of(&whole, step).unwrap());
        let joint = with_loads(&whole, &nodes).unwrap();
        assert_eq!(joint.nodes.iter().filter(|node| matches!(node.op, Op::Read(_))).count(), 1);
        let parameters = BTreeMap::new();
        let found = rows_of_steps(&project, &["one-2", "two-2"], folder.path(), &parameters, &Cancel::new()).unwrap();
        assert_eq!((found[0].rows.len(), found[1].rows.len()), (2, 1));
        let fault = rows_of_steps(&project, &["three"], folder.path(), &parameters, &Cancel::new()).unwrap_err();
        assert_eq!(fault.code, "PW0709");
    }

    #[test]
    fn every_output_is_counted_in_one_run() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.csv"), "n\n1\n2\n3\n").unwrap();
        let mut project = Project::new("p");
        let insert = |into: &str, item| Edit::Insert { into: into.into(), item, place: Place::Last };
        let schema = serde_json::to_value(Schema::of([("n", DataType::Int)])).unwrap();
        let source = json!({"id": "src-a", "title": "a", "path": "a.csv", "format": {"name": "csv"}, "schema": schema});
        project
            .apply(&[
                insert("sources", source),
                insert(
                    "steps",
                    json!({"id": "read", "kind": "file", "title": "Read", "settings": {"source": "src-a"}}),
                ),
                insert(
                    "steps",
                    json!({"id": "some", "kind": "filter", "title": "Some", "settings": {"predicate": "n > 1"}}),
                ),
                insert("wires", json!({"id": "w", "from": "read", "output": "out", "to": "some", "input": "in"})),
            ])
            .unwrap();
        let counts = exact_rows(&plan(&project), folder.path(), &BTreeMap::new(), &Cancel::new(), &Silent).unwrap();
        let of = |step: &str| counts.get(&(step.to_owned(), "out".to_owned())).copied();
        assert_eq!((of("read"), of("some")), (Some(3), Some(2)));

        // Types and lines that a sample may have missed are told with the counts.
        std::fs::write(folder.path().join("a.csv"), "n\n1\nmany\n3\n4,5\n").unwrap();
        let found = whole_input(&plan(&project), folder.path(), &BTreeMap::new(), &Cancel::new(), &Silent).unwrap();
        assert_eq!(found.rows.get(&("read".to_owned(), "out".to_owned())), Some(&3), "{found:?}");
        assert_eq!(found.turned_away, BTreeMap::from([("read".to_owned(), 1)]), "{found:?}");
        assert!(found.changed["read"].contains("`n`"), "{found:?}");
    }
}
