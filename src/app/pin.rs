//! Pins rows to a step: a few rows of its inputs and what it makes of them now, as a test of the project. A project is
//! shared: personal values are replaced, secret ones left out. Must not import the command line or the designer.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use pipewright_core::data::{Classification, Schema, Value};
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::ir::{NodeId, Plan};
use pipewright_core::plan::plan;
use pipewright_core::project::{PinnedRows, Project, StepTest};
use pipewright_engine::{ResultTable, rows_behind};

use crate::evidence::seen_in_samples;
use crate::open_rows::{OpenRows, PERSON};
use crate::pinned::{results_of, thresholds_of};

/// Rows that are pinned of an input at most.
const ROWS: usize = 8;
/// Output rows whose input rows are pinned.
const SHOWN: usize = 4;
/// Input rows among which they are looked for.
const LOOKED_AT: usize = 100_000;

/// Rows of an input port.
pub type InputRows = BTreeMap<String, Arc<ResultTable>>;

/// The nodes that a step's input ports read; those of ports that take many wires: the first.
pub fn input_nodes(project: &Project, plan: &Plan, step: &str) -> BTreeMap<String, NodeId> {
    let mut found = BTreeMap::new();
    for wire in project.wires_into(step) {
        if let Some(node) = plan.output(&wire.from, &wire.output) {
            found.entry(wire.input.clone()).or_insert(node);
        }
    }
    found
}

/// A test that pins rows of a step's inputs: those behind its first output rows, and others. `output`: what it makes of
/// the inputs, where that is known.
pub fn pin(
    project: &Project,
    base: &Path,
    plan: &Plan,
    step: &str,
    inputs: &InputRows,
    output: Option<(NodeId, Arc<ResultTable>)>,
) -> Result<StepTest, Vec<Diagnostic>> {
    let Some(known) = project.steps.get(step) else { return Err(Vec::new()) };
    if inputs.is_empty() {
        let message = format!("“{}” has no input whose rows could be pinned", known.title);
        let help = "pin rows of a step that gets rows: a filter, a calculation, a join";
        return Err(vec![Diagnostic::error("PW0725", message).help(help).step(step, &known.title)]);
    }
    let behind = output.and_then(|(node, output)| behind(project, base, plan, step, inputs, node, &output));
    let mut open_rows = OpenRows::new(stand_in);
    let seen = seen_classes(project, base, step);
    let pinned = inputs.iter().map(|(port, table)| {
        let chosen = behind.as_ref().and_then(|behind| behind.get(port)).cloned().unwrap_or_default();
        let rows = with_others(&chosen, table.rows()).into_iter().map(|row| table.row(row));
        let seen = |name: &str| seen.get(port).and_then(|seen| seen.get(name)).map(|field| field.labels.classified());
        let fields = table.schema().fields.iter();
        let classes = fields.map(|field| {
            let own = field.labels.classified();
            seen(&field.name).map_or(own, |seen| seen.max(own))
        });
        (port.clone(), pinned_rows(&mut open_rows, table.schema(), &classes.collect::<Vec<_>>(), rows))
    });
    let title = format!("rows of {}", today());
    let id = project.new_id("tst");
    let mut test = StepTest { id, step: step.to_owned(), title, inputs: pinned.collect(), ..StepTest::default() };
    test.parameters = thresholds_of(project, step);
    test.expected = expected_of(project, base, &test)?;
    Ok(test)
}

/// The columns of a step's input ports, classified by what their values show too.
fn seen_classes(project: &Project, base: &Path, step: &str) -> BTreeMap<String, Schema> {
    let mut looked_at = project.clone();
    looked_at.set_seen(seen_in_samples(project, base));
    let plan = plan(&looked_at);
    let nodes = input_nodes(project, &plan, step).into_iter();
    nodes.map(|(port, node)| (port, plan.node(node).schema.clone())).collect()
}

/// What the step of a test makes of its rows now, by output port.
pub fn expected_of(
    project: &Project,
    base: &Path,
    test: &StepTest,
) -> Result<BTreeMap<String, PinnedRows>, Vec<Diagnostic>> {
    let found = results_of(project, base, test)?.into_iter().map(|(port, found)| {
        let rows: Vec<Vec<Value>> = (0..found.rows()).map(|row| found.row(row)).collect();
        (port, rows_as_pinned(found.schema(), &rows))
    });
    Ok(found.collect())
}

fn today() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let text = pipewright_core::data::format_timestamp(i64::try_from(now.as_micros()).unwrap_or_default());
    text.split('T').next().unwrap_or_default().to_owned()
}

/// By input port, the rows behind the first output rows; `None` where the step is more than one operation on its inputs.
fn behind(
    project: &Project,
    base: &Path,
    plan: &Plan,
    step: &str,
    inputs: &InputRows,
    node: NodeId,
    output: &ResultTable,
) -> Option<BTreeMap<String, Vec<usize>>> {
    let node = plan.node(node);
    let by_port = input_nodes(project, plan, step);
    let port_of = |input: &NodeId| by_port.iter().find(|(_, found)| *found == input).map(|(port, _)| port.clone());
    let ports: Vec<String> = node.inputs.iter().map(port_of).collect::<Option<_>>()?;
    let tables: Vec<Arc<ResultTable>> =
        ports.iter().map(|port| Some(Arc::new(inputs.get(port)?.slice(0, LOOKED_AT)))).collect::<Option<_>>()?;
    let parameters = crate::resolve::default_parameters(project, base);
    let rows: Vec<usize> = (0..output.rows().min(SHOWN)).collect();
    let found = rows_behind(node, &tables, output, &rows, &parameters);
    Some(ports.into_iter().zip(found).collect())
}

/// Chosen rows, and the first others for comparison.
fn with_others(chosen: &[usize], count: usize) -> BTreeSet<usize> {
    let most = if chosen.is_empty() { ROWS } else { ROWS - SHOWN / 2 };
    let mut rows: BTreeSet<usize> = chosen.iter().copied().take(most).collect();
    for row in 0..count {
        if rows.len() >= ROWS {
            break;
        }
        rows.insert(row);
    }
    rows
}

/// Rows as a shared project may hold them.
fn pinned_rows(
    open_rows: &mut OpenRows,
    schema: &Schema,
    classes: &[Classification],
    rows: impl Iterator<Item = Vec<Value>>,
) -> PinnedRows {
    let rows: Vec<Vec<Value>> = rows.map(|row| open_rows.row(row, schema, classes)).collect();
    rows_as_pinned(schema, &rows)
}

/// In their form, so that what takes texts apart still does.
fn stand_in(kind: &str, number: usize) -> String {
    match kind {
        PERSON => format!("person {number}"),
        "<email>" => format!("person{number}@example.com"),
        "<ip>" => format!("192.0.2.{}", number % 255),
        other => other.to_owned(),
    }
}

fn rows_as_pinned(schema: &Schema, rows: &[Vec<Value>]) -> PinnedRows {
    let rows = rows.iter().map(|row| row.iter().map(Value::to_json).collect()).collect();
    PinnedRows { schema: schema.clone(), rows, ..PinnedRows::default() }
}

#[cfg(test)]
mod tests {
    use pipewright_core::data::{DataType, Field};
    use pipewright_core::project::{Edit, Place};
    use pipewright_engine::{Sampling, preview_now};
    use serde_json::json;

    use super::*;
    use crate::pinned::run_tests;

    fn insert(into: &str, item: serde_json::Value) -> Edit {
        Edit::Insert { into: into.to_owned(), item, place: Place::Last }
    }

    /// A table of 40 rows, of which few fulfil the filter's condition.
    fn project() -> Project {
        let rows: Vec<_> = (0..40).map(|n| json!([n, format!("u{}", n % 3), "geheim"])).collect();
        let column = |id: &str, name: &str, of: &str| json!({"id": id, "name": name, "type": of});
        let columns =
            json!([column("a", "n", "Int"), column("b", "user", "String"), column("c", "password", "String")]);
        let mut project = Project::new("p");
        project
            .apply(&[
                insert(
                    "steps",
                    json!({"id": "t", "kind": "table", "title": "T", "settings": {"columns": columns, "rows": rows}}),
                ),
                insert(
                    "steps",
                    json!({"id": "f", "kind": "filter", "title": "F", "settings": {"predicate": "n > 30"}}),
                ),
                insert("wires", json!({"id": "w", "from": "t", "to": "f"})),
            ])
            .unwrap();
        project
    }

    fn rows_of(plan: &Plan, step: &str) -> (NodeId, Arc<ResultTable>) {
        let node = plan.output(step, "out").unwrap();
        let rows = preview_now(plan, node, &Sampling::Whole, Path::new("."), &BTreeMap::new()).unwrap();
        (node, rows.table)
    }

    #[test]
    fn rows_on_both_sides_of_a_condition_are_pinned_and_tell_of_a_change() {
        let mut project = project();
        let plan = plan(&project);
        let inputs = BTreeMap::from([("in".to_owned(), rows_of(&plan, "t").1)]);
        let test = pin(&project, Path::new("."), &plan, "f", &inputs, Some(rows_of(&plan, "f"))).unwrap();
        let numbers: Vec<i64> = test.inputs["in"].rows.iter().map(|row| row[0].as_i64().unwrap()).collect();
        assert_eq!(numbers, [0, 1, 2, 3, 31, 32, 33, 34]);
        assert_eq!(test.expected["out"].rows.len(), 4);
        project.apply(&[insert("tests", serde_json::to_value(&test).unwrap())]).unwrap();
        assert_eq!(run_tests(&project, Path::new("."))[0].differences, [""; 0]);
        let set = Edit::Set { id: "f".into(), field: "settings.predicate".into(), old: None, new: json!("n > 32") };
        project.apply(&[set]).unwrap();
        assert!(!run_tests(&project, Path::new("."))[0].differences.is_empty());
        let none = pin(&project, Path::new("."), &plan, "t", &BTreeMap::new(), None).unwrap_err();
        assert_eq!(none[0].code, "PW0725");
    }

    /// A threshold is turned to see what becomes of an answer: the rows that are pinned keep to the one that they know.
    #[test]
    fn rows_are_tested_with_the_thresholds_that_they_were_pinned_with() {
        let mut project = project();
        let set = |field: &str, new| Edit::Set { id: "f".into(), field: field.into(), old: None, new };
        let limit = json!({"id": "l", "name": "least", "type": "Int", "default": 30});
        let condition = set("settings.predicate", json!("n > ${least}"));
        project.apply(&[insert("parameters", limit), condition]).unwrap();
        let plan = plan(&project);
        let inputs = BTreeMap::from([("in".to_owned(), rows_of(&plan, "t").1)]);
        let test = pin(&project, Path::new("."), &plan, "f", &inputs, None).unwrap();
        assert_eq!(test.parameters, BTreeMap::from([("least".to_owned(), json!(30))]));
        project.apply(&[insert("tests", serde_json::to_value(&test).unwrap())]).unwrap();
        let differences = |project: &Project| run_tests(project, Path::new("."))[0].differences.join("; ");
        let turn = |to: i64| Edit::Set { id: "l".into(), field: "default".into(), old: None, new: json!(to) };
        project.apply(&[turn(-1)]).unwrap();
        assert_eq!(differences(&project), "");
        // Without it the test follows the threshold, and fails.
        let id = test.id.clone();
        let pinned = |new| Edit::Set { id: id.clone(), field: "parameters".into(), old: None, new };
        project.apply(&[pinned(json!({}))]).unwrap();
        assert_ne!(differences(&project), "");
        project.apply(&[pinned(json!({"leest": 3}))]).unwrap();
        let told = differences(&project);
        assert!(told.contains("names a parameter `leest`") && told.contains("did you mean `least`"), "{told}");
        project.apply(&[pinned(json!({"least": "x"}))]).unwrap();
        assert!(differences(&project).contains("which is no Int"), "{}", differences(&project));
    }

    #[test]
    fn personal_values_are_replaced_and_secrets_left_out() {
        let schema = Schema::new(["user", "password", "n"].map(|name| Field::new(name, DataType::String)).to_vec());
        let classes = [Classification::Personal, Classification::Secret, Classification::Internal];
        let row = |user: &str| {
            ["", "geheim", "1"].map(|text| Value::String(if text.is_empty() { user } else { text }.into())).to_vec()
        };
        let rows = ["anna", "bert", "anna"].map(row).into_iter();
        let pinned = pinned_rows(&mut OpenRows::new(stand_in), &schema, &classes, rows);
        assert_eq!(
            serde_json::to_value(&pinned.rows).unwrap(),
            json!([["person 1", null, "1"], ["person 2", null, "1"], ["person 1", null, "1"]])
        );
    }

    #[test]
    fn what_stands_in_other_texts_of_the_row_is_replaced_too() {
        let schema = Schema::new(["user", "password", "msg"].map(|name| Field::new(name, DataType::String)).to_vec());
        let classes = [Classification::Personal, Classification::Secret, Classification::Internal];
        let rows = [
            ["ann@ex.org", "hunter22", "login of ann@ex.org from 10.1.2.3"],
            ["ann", "hunter22", "ann's annual report for bo@ex.org, not 10.1.2.3"],
            ["bert", "hunter22", "got hunter22"],
            ["bert", "", "login password=geheim"],
            ["bert", "", "Authorization: Bearer abcdefghijklmnopqrstuvw"],
        ];
        let rows = rows.map(|row| row.map(|text| Value::String(text.to_owned())).to_vec());
        let pinned = pinned_rows(&mut OpenRows::new(stand_in), &schema, &classes, rows.into_iter());
        let texts: Vec<_> = pinned.rows.iter().map(|row| row[2].clone()).collect();
        assert_eq!(texts[0], json!("login of person 1 from 192.0.2.2"));
        assert_eq!(texts[1], json!("person 3's annual report for person4@example.com, not 192.0.2.2"));
        assert_eq!(texts[2..], [json!(null), json!(null), json!(null)]);
    }
}
