//! Target: Apache Spark. Each node of the plan is a view that Spark computes; sources are read where the tasks are, by
//! Pipewright's own reader; what comes of it is put into the design's files by Pipewright's runner.

mod dialect;
mod prelude;
mod results;
mod scripts;

use std::collections::BTreeMap;

use self::dialect::SparkSql;
use super::handover::{self, rejected_view};
use super::pipeline::{PIPELINE_VERSION, Pipeline};
use super::sql::dialect::column_list;
use super::sql::{Dialect, Selects};
use super::staging;
use super::{Bundle, DesignInfo, Support, Target, by_step};
use crate::data::Schema;
use crate::diagnostic::Diagnostic;
use crate::ir::{NodeId, Op, Plan, Read, prune};
use crate::plan::{check_kept_lines, is_same_path};
use crate::quote::comment;

pub(super) struct Spark;

const SPARK: &dyn Dialect = &SparkSql;

impl Target for Spark {
    fn name(&self) -> &'static str {
        "spark"
    }

    fn title(&self) -> &'static str {
        "Apache Spark"
    }

    fn doc(&self) -> &'static str {
        "A PySpark job for Spark 4, on one machine or a cluster; sources are read by Pipewright where the tasks run."
    }

    fn support(&self, plan: &Plan) -> BTreeMap<String, (Support, String)> {
        let selects = Selects::new(SPARK, plan);
        by_step(plan, |id, node| match printed(plan, &selects, id) {
            Err(diagnostic) => (Support::Unsupported, diagnostic.message),
            Ok(_) if matches!(node.op, Op::Read(_)) => {
                (Support::Rewritten, "read by Pipewright, in each task its part".to_owned())
            }
            Ok(_) if matches!(node.op, Op::Write(_)) => {
                (Support::Rewritten, "computed by Spark, put into files by Pipewright".to_owned())
            }
            Ok(_) if rejected_view(plan, id).is_some() => {
                (Support::Rewritten, "rejected rows are written to quarantine/rejected.jsonl".to_owned())
            }
            Ok(_) if matches!(node.op, Op::AsofJoin(_)) => {
                (Support::Rewritten, "a join by the times between neighbours".to_owned())
            }
            Ok(_) => (Support::Native, String::new()),
        })
    }

    fn verify_command(&self) -> &'static str {
        "PIPEWRIGHT_HIDDEN=1 PIPEWRIGHT_SOURCES=\"$here/receipt/pipeline.json\" \"$here/run.sh\" \"$out\" || [ $? -eq 3 ]"
    }

    fn export(&self, plan: &Plan, info: &DesignInfo) -> Bundle {
        let plan = prune(plan, &plan.sinks());
        let mut bundle = Bundle::default();
        let sql = match script(&plan) {
            Ok(sql) => sql,
            Err(diagnostics) => {
                bundle.diagnostics = diagnostics;
                return bundle;
            }
        };
        bundle.diagnostics = staging::check_paths(&plan);
        if bundle.has_errors() {
            return bundle;
        }
        let keeps_lines = check_kept_lines(&plan, &info.sources, &is_same_path).is_empty();
        bundle.text("pipeline.sql", sql);
        bundle.text("sources.json", results::sources_text(&plan));
        bundle.text("job.json", results::job_text(&plan, keeps_lines));
        let pipeline = |what: &str, plan: Plan| Pipeline {
            pipeline: PIPELINE_VERSION,
            name: format!("{}{what}", info.name),
            plan,
        };
        bundle.text("results.json", pipeline(": results", handover::of_loads(&plan, handover::rows)).to_text());
        if plan.iter().any(|(id, _)| rejected_view(&plan, id).is_some()) {
            bundle.text(
                "rejected.json",
                pipeline(": rejected rows", handover::of_rejected(&plan, handover::rows)).to_text(),
            );
        }
        scripts::write(&mut bundle, &plan, info, keeps_lines);
        bundle.text("pipeline.json", pipeline("", plan).to_text());
        bundle
    }
}

/// A Duration is an integer on Spark.
fn check_spans(schema: &Schema) -> Result<(), Diagnostic> {
    handover::check_spans(schema, &|what| SPARK.refuse(&what))
}

/// The SELECTs of a node by the views that they make: its rows, and those that it turns away.
fn printed(plan: &Plan, selects: &Selects, id: NodeId) -> Result<Vec<(String, String)>, Diagnostic> {
    let node = plan.node(id);
    if let Op::Read(Read { location: Some(location), .. }) = &node.op {
        let message = format!("Spark's tasks do not read {}", location.shown());
        return Err(Diagnostic::error("PW0662", message).help(
            "export to a target whose sources Pipewright stages (`pipeline`, `duckdb`, `postgresql`), or read files",
        ));
    }
    let mut views = vec![(selects.view(id).to_owned(), selects.select(id)?)];
    if matches!(node.op, Op::Write(_)) {
        check_spans(&node.schema)?;
        let columns = column_list(SPARK, node.schema.fields.iter(), "");
        views[0].1 = format!("SELECT {columns} FROM {}", selects.view(node.inputs[0]));
    }
    if let (Some(view), Op::Check(check), Some(input)) = (rejected_view(plan, id), &node.op, node.inputs.first()) {
        check_spans(&plan.node(*input).schema)?;
        let predicate = selects.printer(*input).print(&check.predicate)?;
        views.push((view, format!("SELECT * FROM {} WHERE ({predicate}) IS NOT TRUE", selects.view(*input))));
    }
    Ok(views)
}

/// The whole SQL script: the functions that it calls, a view a node; or everything that Spark cannot carry.
pub fn script(plan: &Plan) -> Result<String, Vec<Diagnostic>> {
    let selects = Selects::new(SPARK, plan);
    let (mut body, mut faults) = (String::new(), Vec::new());
    for (id, node) in plan.iter() {
        match printed(plan, &selects, id) {
            Ok(views) => {
                for (view, sql) in views {
                    let title = comment(&node.origin.title);
                    body.push_str(&format!(
                        "\n-- {title} ({})\nCREATE OR REPLACE TEMPORARY VIEW {view} AS\n{sql};\n",
                        node.op.name()
                    ));
                }
            }
            Err(diagnostic) => faults.push(diagnostic.step(&node.origin.step, &node.origin.title)),
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    // The job's parameters are times, too.
    let functions = prelude::needed(&body);
    let functions: String = functions.iter().map(|text| format!("\n{text};\n")).collect();
    Ok(format!(
        "-- Made by Pipewright, for Spark 4. job.py runs it, and binds the parameters.\n{functions}\n-- The design.\n{body}"
    ))
}

/// SQL that gives the rows of one node of a plan, for tests of parity: the functions that it calls, and the query.
pub fn rows_script(plan: &Plan, wanted: NodeId) -> Result<(Vec<&'static str>, String), Diagnostic> {
    let selects = Selects::new(SPARK, plan);
    let mut views = Vec::new();
    for (id, _) in plan.iter().filter(|(id, _)| *id <= wanted) {
        views.push(format!("{} AS (\n{})", selects.view(id), selects.select(id)?));
    }
    let query = format!("WITH {}\nSELECT * FROM {}", views.join(",\n"), selects.view(wanted));
    Ok((prelude::needed(&query), query))
}

#[cfg(test)]
mod tests;
