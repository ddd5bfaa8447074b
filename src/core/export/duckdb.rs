//! Target: DuckDB. Sources are staged as Parquet by `pipewright run stage.json` (formats, dirty lines and quarantine
//! stay Pipewright's), everything after them is one SQL script that DuckDB runs.

pub(super) mod dialect;
pub(super) mod loads;
pub(super) mod prelude;
mod scripts;

use std::collections::BTreeMap;

use self::dialect::{DuckDbSql, variable};
use super::handover::{self, staged_file};
use super::pipeline::{PIPELINE_VERSION, Pipeline};
use super::postgresql::results::loads_where;
use super::sql::{Dialect, Selects};
use super::staging;
use super::{Bundle, DesignInfo, Support, Target, by_step};
use crate::diagnostic::Diagnostic;
use crate::ir::{Destination, FileKind, NodeId, Op, Plan, prune};
use crate::plan::{check_kept_lines, check_policy, is_same_path};
use crate::quote::{comment, shell_word};

pub(super) struct DuckDb;

const DUCKDB: &dyn Dialect = &DuckDbSql { parameter: variable };

impl Target for DuckDb {
    fn name(&self) -> &'static str {
        "duckdb"
    }

    fn title(&self) -> &'static str {
        "DuckDB"
    }

    fn doc(&self) -> &'static str {
        "An SQL script for DuckDB; sources are first staged as Parquet by the Pipewright runner."
    }

    fn support(&self, plan: &Plan) -> BTreeMap<String, (Support, String)> {
        let selects = Selects::new(DUCKDB, plan);
        by_step(plan, |id, node| match selects.select(id).and_then(|_| loads::copy(plan, &selects, id)) {
            Err(diagnostic) => (Support::Unsupported, diagnostic.message),
            Ok(_) if loads::rejected_file(plan, id).is_some() => {
                (Support::Rewritten, "rejected rows are written to quarantine/rejected.jsonl".to_owned())
            }
            Ok(_) if matches!(node.op, Op::Read(_)) => {
                (Support::Rewritten, "read by Pipewright and staged as Parquet".to_owned())
            }
            Ok(_) => (Support::Native, String::new()),
        })
    }

    fn verify_command(&self) -> &'static str {
        "PIPEWRIGHT_HIDDEN=1 PIPEWRIGHT_STAGE=\"$here/receipt/stage.json\" \"$here/run.sh\" \"$out\" || [ $? -eq 3 ]"
    }

    fn stage(&self, plan: &Plan) -> Option<Plan> {
        Some(handover::stage(plan)).filter(|staged| !staged.nodes.is_empty())
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
        // With the parameters, so that their values are read as a run reads them.
        let staged = handover::stage(&plan);
        let faults = check_policy(&staged);
        if !faults.is_empty() {
            // What is secret is not written down, not even for a while.
            bundle.diagnostics = faults;
            return bundle;
        }
        let keeps_lines = check_kept_lines(&staged, &info.sources, &is_same_path).is_empty();
        bundle.text("pipeline.sql", sql);
        let is_staged = !staged.sinks().is_empty();
        if is_staged {
            let pipeline =
                Pipeline { pipeline: PIPELINE_VERSION, name: format!("{}: sources", info.name), plan: staged };
            bundle.text("stage.json", pipeline.to_text());
        }
        let shown = standard_output(&plan);
        let is_shown = !shown.nodes.is_empty();
        if is_shown {
            let name = format!("{}: standard output", info.name);
            let pipeline = Pipeline { pipeline: PIPELINE_VERSION, name, plan: shown };
            bundle.text("results.json", pipeline.to_text());
        }
        scripts::write(&mut bundle, &plan, info, scripts::Parts { keeps_lines, is_staged, is_shown });
        bundle
    }
}

/// A pipeline of the sources: each Read, written as Parquet. dbt has its parameters in another way.
pub(super) fn stage(plan: &Plan) -> Plan {
    staging::stage(plan, FileKind::Parquet, &staged_file)
}

/// A pipeline that writes to standard output what the script gives for it.
fn standard_output(plan: &Plan) -> Plan {
    loads_where(plan, &|write| matches!(write.destination, Destination::StandardOutput { .. }))
}

/// The whole SQL script: macros, a view a node, a COPY a sink; or everything that DuckDB cannot carry.
pub fn script(plan: &Plan) -> Result<String, Vec<Diagnostic>> {
    let selects = Selects::new(DUCKDB, plan);
    let (mut body, mut faults) = (String::new(), Vec::new());
    for (id, node) in plan.iter() {
        let printed = selects.select(id).and_then(|sql| {
            let more = loads::counted_matches(&selects, id)?.or(loads::copy(plan, &selects, id)?);
            Ok((sql, more))
        });
        match printed {
            Ok((sql, copy)) => {
                // What several steps read is computed once.
                let kind = if staging::is_taken_often(plan, id) { "TABLE" } else { "VIEW" };
                body.push_str(&format!("\n-- {} ({})\n", comment(&node.origin.title), node.op.name()));
                body.push_str(&format!("CREATE TEMP {kind} {} AS\n{sql};\n", selects.view(id)));
                body.push_str(&copy.unwrap_or_default());
            }
            Err(diagnostic) => faults.push(diagnostic.step(&node.origin.step, &node.origin.title)),
        }
    }
    if faults.is_empty() { Ok(format!("{}\n-- The design.\n{body}", prelude::PRELUDE)) } else { Err(faults) }
}

/// SQL that gives the rows of one node of a plan, macros included: for tests of parity.
pub fn rows_script(plan: &Plan, wanted: NodeId) -> Result<(String, String), Diagnostic> {
    let selects = Selects::new(DUCKDB, plan);
    let mut text = prelude::PRELUDE.to_owned();
    for (id, _) in plan.iter().filter(|(id, _)| *id <= wanted) {
        text.push_str(&format!("CREATE TEMP TABLE {} AS\n{};\n", selects.view(id), selects.select(id)?));
    }
    Ok((text, format!("SELECT * FROM {}", selects.view(wanted))))
}

/// SQL for the rows of one node alone, to be pasted somewhere else: the macros that it needs, its views, and a query.
/// Sources are the Parquet files that a comment names.
pub fn step_script(plan: &Plan, wanted: NodeId) -> Result<String, Vec<Diagnostic>> {
    let pruned = prune(plan, &[wanted]);
    let Some((last, _)) = pruned.iter().last() else { return Err(Vec::new()) };
    let selects = Selects::new(DUCKDB, &pruned);
    let (mut sources, mut body, mut faults) = (String::new(), String::new(), Vec::new());
    for (id, node) in pruned.iter() {
        if let Op::Read(read) = &node.op {
            let (path, file) = (comment(&shell_word(&read.path)), staged_file(id));
            sources.push_str(&format!("-- {file}: pipewright read {path} --output parquet > {file}\n"));
        }
        match selects.select(id) {
            Ok(sql) => {
                body.push_str(&format!("\n-- {}\n", comment(&node.origin.title)));
                body.push_str(&format!("CREATE OR REPLACE TEMP VIEW {} AS\n{sql};\n", selects.view(id)));
            }
            Err(diagnostic) => faults.push(diagnostic.step(&node.origin.step, &node.origin.title)),
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let macros = macros_of(&body);
    Ok(format!("{sources}SET TimeZone = 'UTC';\n{macros}{body}\nSELECT * FROM {};\n", selects.view(last)))
}

/// The macros that SQL calls, and those that they call.
fn macros_of(sql: &str) -> String {
    const BEGINS: &str = "CREATE OR REPLACE TEMP MACRO ";
    let all: Vec<(&str, &str)> = prelude::PRELUDE
        .split(BEGINS)
        .skip(1)
        .filter_map(|text| {
            let text = &text[..text.find(";\n")? + 1];
            Some((&text[..=text.find('(')?], text))
        })
        .collect();
    let mut needed = vec![false; all.len()];
    let mut open: Vec<&str> = vec![sql];
    while let Some(text) = open.pop() {
        for ((name, definition), needed) in all.iter().zip(&mut needed) {
            if !*needed && text.contains(name) {
                *needed = true;
                open.push(definition.split_once(" AS ").map_or(definition, |(_, body)| body));
            }
        }
    }
    let used = all.iter().zip(&needed).filter(|(_, needed)| **needed);
    used.map(|((_, text), _)| format!("{BEGINS}{text}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_macros_that_are_called_are_given() {
        let macros = macros_of("SELECT pw_round(x, 2)");
        assert!(
            macros.contains("MACRO pw_round(x")
                && macros.contains("MACRO pw_scale(")
                && macros.contains("MACRO pw_finite(")
        );
        assert!(!macros.contains("pw_modulo"), "{macros}");
        assert_eq!(macros_of("SELECT 1"), "");
        // Each ends where it ends.
        assert_eq!(macros.lines().filter(|line| line.starts_with("CREATE")).count(), 3, "{macros}");
    }
}
