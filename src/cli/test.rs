//! `pipewright test`: the rows that a project pins to its steps.

use std::collections::BTreeMap;

use pipewright_app::pinned::run_tests;
use pipewright_app::{InputRows, input_nodes, pin};
use pipewright_core::ir::{NodeId, resolve_parameters};
use pipewright_core::project::{Edit, Place, Project, save_file};
use pipewright_engine::{SAMPLE_ROWS, Sampling, preview_now};

use super::args::{Form, TestArgs};
use super::output::{counted, print_json, print_text};
use super::project::Opened;
use super::{Failure, Outcome, VerbResult, project, usage};

pub fn test(args: &TestArgs) -> VerbResult {
    let opened = project::open(&args.project)?;
    let Some(project) = &opened.project else {
        return Err(usage("a pipeline file holds no tests", "give the project that it was exported from"));
    };
    if let Some(step) = &args.pin {
        return pin_rows(args, &opened, project, step);
    }
    let results = run_tests(project, &opened.base);
    let failed = results.iter().filter(|result| !result.differences.is_empty()).count();
    if args.format == Form::Json {
        print_json(&results)?;
    } else {
        let mut text = String::new();
        for result in &results {
            let mark = if result.differences.is_empty() { "ok    " } else { "FAILED" };
            line!(text, "{mark} {}: {}", result.step, result.title);
            for difference in result.differences.iter().chain(&result.remarks) {
                difference.lines().for_each(|part| line!(text, "       {part}"));
            }
        }
        print_text(&text)?;
    }
    tell!("{} passed, {failed} failed", results.len() - failed);
    if results.is_empty() {
        tell!("the project pins no tests; `--pin STEP` pins rows of a step, as *Pin rows* of the designer does");
    } else if failed > 0 {
        tell!("  help: mend the step, or what the test expects of it in `tests` of the project file");
    }
    Ok(if failed == 0 { Outcome::Done } else { Outcome::Failed })
}

/// Adds a test of the step to the project: rows of a sample, and what it makes of them.
fn pin_rows(args: &TestArgs, opened: &Opened, project: &Project, name: &str) -> VerbResult {
    let step = opened.find_step(name)?;
    let plan = &opened.plan;
    let parameters =
        resolve_parameters(&plan.parameters, &BTreeMap::new(), &|name| opened.environment_value(name, &|_| None))
            .map_err(|diagnostics| Failure { diagnostics, outcome: Outcome::Invalid })?;
    let sampling = Sampling::Head { rows: SAMPLE_ROWS };
    let rows = |node: NodeId| preview_now(plan, node, &sampling, &opened.base, &parameters).map(|result| result.table);
    let mut inputs = InputRows::new();
    for (port, node) in input_nodes(project, plan, &step) {
        inputs.insert(port, rows(node)?);
    }
    let node = plan.steps[&step].outputs.values().next().copied();
    let output = node.map(|node| rows(node).map(|table| (node, table))).transpose()?;
    let test = pin(project, &opened.base, plan, &step, &inputs, output)
        .map_err(|diagnostics| Failure { diagnostics, outcome: Outcome::Failed })?;
    let (given, expected) = (rows_in(test.inputs.values()), rows_in(test.expected.values()));
    let mut changed = project.clone();
    let item = serde_json::to_value(&test).map_err(|error| pipewright_engine::internal("the test", &error))?;
    changed.apply(&[Edit::Insert { into: "tests".into(), item, place: Place::Last }])?;
    save_file(&args.project, &changed)?;
    tell!("pinned to “{}”: {} in, {} out", plan.steps[&step].title, counted(given, "row"), counted(expected, "row"));
    Ok(Outcome::Done)
}

fn rows_in<'a>(pinned: impl Iterator<Item = &'a pipewright_core::project::PinnedRows>) -> u64 {
    pinned.map(|pinned| pinned.rows.len() as u64).sum()
}
