//! Tests that a project pins to its steps: input rows in, expected rows out, on the step's own settings.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use pipewright_core::data::figures::counted;
use pipewright_core::data::{DataType, Schema, Value};
use pipewright_core::diagnostic::{Diagnostic, did_you_mean};
use pipewright_core::ir::{NodeId, Op, Origin, Parameter, Plan, PlanStep, Rows};
use pipewright_core::project::{PinnedRows, Project, StepTest};
use pipewright_core::steps::{DataRules, Lowering, PlanBuilder, Ports, StepContext, kind};
use pipewright_engine::{ResultTable, Sampling, preview_now};
use serde::Serialize;
use serde_json::Value as Json;

use crate::resolve::default_parameters;

/// How a test went.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TestResult {
    /// Id of the test.
    pub id: String,
    /// Title of the step.
    pub step: String,
    /// Title of the test, or its id.
    pub title: String,
    /// Empty: passed. Else what differs, in sentences.
    pub differences: Vec<String>,
    /// What became of values that a source could not read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
}

/// Runs every test of the project, whose paths start at `base`.
pub fn run_tests(project: &Project, base: &Path) -> Vec<TestResult> {
    project
        .tests
        .values()
        .map(|test| {
            let step = project.steps.get(&test.step).map_or(test.step.clone(), |step| step.title.clone());
            let title = if test.title.is_empty() { test.id.clone() } else { test.title.clone() };
            let told = |diagnostics: Vec<Diagnostic>| diagnostics.iter().map(told).collect();
            let (differences, remarks) =
                run_test(project, base, test).unwrap_or_else(|diagnostics| (told(diagnostics), Vec::new()));
            TestResult { id: test.id.clone(), step, title, differences, remarks }
        })
        .collect()
}

/// Why the step gives nothing, and what mends it: the step itself stands beside it.
fn told(diagnostic: &Diagnostic) -> String {
    match &diagnostic.help {
        Some(help) => format!("{} ({help})", diagnostic.message),
        None => diagnostic.message.clone(),
    }
}

/// What a step makes of the pinned input rows, by output port.
pub fn results_of(
    project: &Project,
    base: &Path,
    test: &StepTest,
) -> Result<BTreeMap<String, ResultTable>, Vec<Diagnostic>> {
    let plan = plan_of(project, test)?;
    let parameters = parameters_of(project, base, test);
    let outputs = plan.steps.values().flat_map(|step| &step.outputs);
    let rows = outputs.map(|(port, node)| {
        let result = preview_now(&plan, *node, &Sampling::Whole, Path::new("."), &parameters)?;
        Ok((port.clone(), ResultTable::clone(&result.table)))
    });
    rows.collect::<Result<_, Diagnostic>>().map_err(|fault| vec![fault])
}

/// The defaults of the project, but for what the rows were pinned with.
fn parameters_of(project: &Project, base: &Path, test: &StepTest) -> BTreeMap<String, Value> {
    let mut values = default_parameters(project, base);
    for parameter in project.parameters.values() {
        let pinned = test.parameters.get(&parameter.name);
        if let Some(value) = pinned.and_then(|json| Value::from_json(json, &parameter.data_type)) {
            values.insert(parameter.name.clone(), value);
        }
    }
    values
}

/// The thresholds that the settings of a step name, as they are now.
pub fn thresholds_of(project: &Project, step: &str) -> BTreeMap<String, Json> {
    let settings = project.steps.get(step).map(|step| Json::from(step.settings.clone()).to_string());
    let settings = settings.unwrap_or_default();
    let is_named = |name: &str| settings.contains(&format!("${{{name}}}"));
    let named = project.parameters.values().filter(|parameter| is_named(&parameter.name));
    let numbers = named.filter_map(|one| Some((one.name.clone(), one.default.clone().filter(Json::is_number)?)));
    numbers.collect()
}

/// What differs, and what became of values that a source could not read.
fn run_test(project: &Project, base: &Path, test: &StepTest) -> Result<(Vec<String>, Vec<String>), Vec<Diagnostic>> {
    if test.expected.is_empty() {
        let help = "add the schema and the rows that the step should give to the test's `expected`, by its output";
        let message = "the test expects nothing, so it shows nothing";
        return Err(vec![Diagnostic::error("PW0724", message).help(help)]);
    }
    let plan = plan_of(project, test)?;
    let parameters = parameters_of(project, base, test);
    let (mut differences, mut remarks) = (Vec::new(), Vec::new());
    for (port, expected) in &test.expected {
        let Some(node) = plan.output(&test.step, port) else {
            let outputs: Vec<String> =
                plan.steps.values().flat_map(|step| step.outputs.keys()).map(|port| format!("`{port}`")).collect();
            differences.push(format!("the step has no output `{port}`; its outputs are {}", outputs.join(", ")));
            continue;
        };
        let result =
            preview_now(&plan, node, &Sampling::Whole, Path::new("."), &parameters).map_err(|fault| vec![fault])?;
        if let Some(cut) = result.told_cut() {
            return Err(vec![cut]);
        }
        differences.extend(compare(port, &result.table, expected, test.ordered));
        remarks.extend(result.told_changes());
    }
    Ok((differences, remarks))
}

/// A plan of the one step over the pinned rows.
fn plan_of(project: &Project, test: &StepTest) -> Result<Plan, Vec<Diagnostic>> {
    let fault = |message: String, help: &str| vec![Diagnostic::error("PW0722", message).help(help)];
    let near = did_you_mean(&test.step, project.steps.keys().map(String::as_str));
    let step = project
        .steps
        .get(&test.step)
        .ok_or_else(|| fault(format!("there is no step `{}`{near}", test.step), "correct the test's `step`"))?;
    let kind = kind(&step.kind).ok_or_else(|| {
        fault(format!("this version does not know the step kind `{}`", step.kind), "correct the step's `kind`")
    })?;
    check_pinned(test, &kind.ports(&step.settings))?;
    check_parameters(project, test)?;
    let origin = Origin { step: step.id.clone(), title: step.title.clone() };
    let types: BTreeMap<String, DataType> =
        project.parameters.values().map(|parameter| (parameter.name.clone(), parameter.data_type.clone())).collect();
    let mut builder = PlanBuilder { parameters: types.clone(), ..PlanBuilder::default() };
    let mut inputs: BTreeMap<String, Vec<NodeId>> = BTreeMap::new();
    for (port, pinned) in &test.inputs {
        let rows = Rows { schema: pinned.schema.clone(), rows: typed(pinned) };
        let node = builder.push(Op::Rows(rows), Vec::new(), &origin).map_err(|diagnostic| vec![diagnostic])?;
        inputs.entry(port.clone()).or_default().push(node);
    }
    let rules = DataRules::default();
    let context = StepContext {
        sources: &project.sources,
        connections: &project.connections,
        questions: &project.questions,
        parameters: &types,
        rules: &rules,
    };
    let mut lowering = Lowering {
        context,
        settings: &step.settings,
        origin,
        inputs: &inputs,
        broken_inputs: &HashSet::new(),
        builder: &mut builder,
        lowered: Default::default(),
    };
    kind.lower(&mut lowering);
    let lowered = lowering.lowered;
    let errors: Vec<Diagnostic> = lowered.diagnostics.into_iter().filter(Diagnostic::is_error).collect();
    if !errors.is_empty() {
        return Err(errors);
    }
    let plan_step = PlanStep {
        title: step.title.clone(),
        kind: step.kind.clone(),
        outputs: lowered.outputs,
        nodes: lowered.nodes,
        stale: false,
    };
    let parameters = project.parameters.values().map(|parameter| Parameter {
        name: parameter.name.clone(),
        data_type: parameter.data_type.clone(),
        default: parameter.default.clone(),
        doc: parameter.doc.clone(),
    });
    Ok(Plan {
        policy: Default::default(),
        nodes: builder.nodes,
        steps: BTreeMap::from([(step.id.clone(), plan_step)]),
        parameters: parameters.collect(),
        diagnostics: Vec::new(),
    })
}

/// Ports and cells of a test that fit neither the step nor the declared columns.
fn check_pinned(test: &StepTest, ports: &Ports) -> Result<(), Vec<Diagnostic>> {
    let mut faults = Vec::new();
    let fault = |message: String, help: String| Diagnostic::error("PW0724", message).help(help);
    let names: Vec<String> = ports.inputs.iter().map(|port| format!("`{}`", port.name)).collect();
    for port in test.inputs.keys().filter(|name| ports.inputs.iter().all(|port| port.name != **name)) {
        let help =
            if names.is_empty() { "it takes none".to_owned() } else { format!("its inputs are {}", names.join(", ")) };
        faults.push(fault(format!("the test gives rows to the input `{port}`, which the step does not have"), help));
    }
    for port in ports.inputs.iter().filter(|port| !test.inputs.contains_key(&port.name)) {
        let message = format!("the test gives no rows to the input `{}`", port.name);
        faults.push(fault(message, "add a schema and rows for it to the test's `inputs`".to_owned()));
    }
    for (port, pinned) in test.inputs.iter().chain(&test.expected) {
        let fields = &pinned.schema.fields;
        for (index, row) in pinned.rows.iter().enumerate() {
            let place = format!("row {} of `{port}`", index + 1);
            if row.len() != fields.len() {
                let message = format!("{place} has {} values for {} columns", row.len(), fields.len());
                faults.push(fault(message, "give each row one value a column; null where there is none".to_owned()));
            }
            for (json, field) in row.iter().zip(fields) {
                if !json.is_null() && Value::from_json(json, &field.data_type).is_none() {
                    let message = format!("{place}: {json} in `{}` is no {}", field.name, field.data_type);
                    faults.push(fault(message, "change the value, or the column's type in the test".to_owned()));
                }
            }
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

/// Values of a test for parameters that the project does not have, or of another type.
fn check_parameters(project: &Project, test: &StepTest) -> Result<(), Vec<Diagnostic>> {
    let names = || project.parameters.values().map(|parameter| parameter.name.as_str());
    let faults = test.parameters.iter().filter_map(|(name, json)| {
        let known = project.parameters.values().find(|parameter| parameter.name == *name);
        let fault = |message: String, help: &str| Some(Diagnostic::error("PW0724", message).help(help));
        match known {
            None => fault(
                format!(
                    "the test names a parameter `{name}`, which the project does not have{}",
                    did_you_mean(name, names())
                ),
                "correct the name in the test's `parameters`, or take it out there",
            ),
            Some(known) if Value::from_json(json, &known.data_type).is_none() => fault(
                format!("the test gives {json} to the parameter `{name}`, which is no {}", known.data_type),
                "change the value in the test's `parameters`",
            ),
            Some(_) => None,
        }
    });
    let faults: Vec<Diagnostic> = faults.collect();
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

fn typed(pinned: &PinnedRows) -> Vec<Vec<Value>> {
    let fields = &pinned.schema.fields;
    let cell = |row: &Vec<Json>, index: usize| {
        row.get(index).and_then(|json| Value::from_json(json, &fields[index].data_type)).unwrap_or(Value::Null)
    };
    pinned.rows.iter().map(|row| (0..fields.len()).map(|index| cell(row, index)).collect()).collect()
}

fn compare(port: &str, found: &ResultTable, expected: &PinnedRows, is_ordered: bool) -> Vec<String> {
    let names = |schema: &Schema| schema.names().map(str::to_owned).collect::<Vec<_>>();
    if names(found.schema()) != names(&expected.schema) {
        return vec![format!(
            "`{port}` has the columns {}, expected {}",
            names(found.schema()).join(", "),
            names(&expected.schema).join(", ")
        )];
    }
    let text = |row: &[Value]| row.iter().map(|value| value.to_json().to_string()).collect::<Vec<_>>().join(", ");
    let mut rows: Vec<String> = (0..found.rows()).map(|row| text(&found.row(row))).collect();
    let mut wanted: Vec<String> = typed(expected).iter().map(|row| text(row)).collect();
    if !is_ordered {
        rows.sort();
        wanted.sort();
    }
    let mut differences = Vec::new();
    if rows.len() != wanted.len() {
        differences.push(format!("`{port}` has {}, expected {}", counted(rows.len() as u64, "row"), wanted.len()));
    }
    for (row, want) in rows.iter().zip(&wanted).filter(|(row, want)| row != want).take(5) {
        differences.push(format!("`{port}` has the row [{row}], expected [{want}]"));
    }
    differences
}
