//! Target: ClickHouse. Sources are staged as Parquet by `pipewright run stage.json` (formats, dirty lines and quarantine
//! stay Pipewright's), everything after them is one SQL script for ClickHouse's own engine without a server; the loads'
//! rows come back to Pipewright's own runner, which writes them as it writes its own.

mod dialect;
mod handed;
mod helpers;
mod prelude;
mod scripts;

use std::collections::BTreeMap;

use self::dialect::ClickHouseSql;
use super::handover::{self, loaded, matches_view, rejected_view};
use super::sql::{Dialect, Selects};
use super::{Bundle, DesignInfo, Support, Target, by_step, staging};
use crate::diagnostic::Diagnostic;
use crate::ir::{Check, NodeId, OnFail, Op, Plan, prune};
use crate::plan::{check_kept_lines, check_policy, is_same_path};
use crate::quote::comment;

pub(super) struct ClickHouse;

const CLICKHOUSE: &dyn Dialect = &ClickHouseSql;

impl Target for ClickHouse {
    fn name(&self) -> &'static str {
        "clickhouse"
    }

    fn title(&self) -> &'static str {
        "ClickHouse"
    }

    fn doc(&self) -> &'static str {
        "An SQL script for ClickHouse without a server (chdb, or clickhouse local); sources are read and results written by the Pipewright runner."
    }

    fn support(&self, plan: &Plan) -> BTreeMap<String, (Support, String)> {
        let selects = Selects::new(CLICKHOUSE, plan);
        by_step(plan, |id, node| {
            let rewritten = |how: &str| (Support::Rewritten, how.to_owned());
            match (statements(plan, &selects, id), &node.op) {
                (Err(diagnostic), _) => (Support::Unsupported, diagnostic.message),
                (Ok(_), Op::Read(_)) => rewritten("read by Pipewright and staged as Parquet"),
                (Ok(_), Op::Write(_)) => rewritten("rows come back to Pipewright, which writes them"),
                (Ok(_), _) if rejected_view(plan, id).is_some() => {
                    rewritten("rejected rows are written to quarantine/rejected.jsonl")
                }
                (Ok(_), _) => (Support::Native, String::new()),
            }
        })
    }

    fn verify_command(&self) -> &'static str {
        "PIPEWRIGHT_STAGE=\"$here/receipt/stage.json\" \"$here/run.sh\" \"$out\" --trust || [ $? -eq 3 ]"
    }

    fn stage(&self, plan: &Plan) -> Option<Plan> {
        Some(handed::stage(plan)).filter(|staged| !staged.nodes.is_empty())
    }

    fn export(&self, plan: &Plan, info: &DesignInfo) -> Bundle {
        let plan = prune(plan, &plan.sinks());
        let mut bundle = Bundle { diagnostics: staging::check_paths(&plan), ..Bundle::default() };
        let staged = handed::stage(&plan);
        // What is secret is not written down, not even for a while.
        bundle.diagnostics.extend(check_policy(&staged));
        if bundle.has_errors() {
            return bundle;
        }
        let keeps_lines = check_kept_lines(&staged, &info.sources, &is_same_path).is_empty();
        match script(&plan) {
            Ok(sql) => bundle.text("pipeline.sql", sql),
            Err(diagnostics) => {
                bundle.diagnostics = diagnostics;
                return bundle;
            }
        }
        let is_staged = handover::write(&mut bundle, &plan, staged, &info.name, handed::rows);
        scripts::write(&mut bundle, &plan, info, keeps_lines, is_staged);
        bundle
    }
}

/// Whether a node's rows are computed once, before what takes them: what several steps read, and what is looked at row by
/// row until one stops the run, with what comes before.
fn is_table(plan: &Plan, id: NodeId) -> bool {
    let may_stop = |op: &Op| matches!(op, Op::Check(Check { on_fail: OnFail::Stop, .. }));
    let is_looked_at = plan.nodes.iter().any(|node| may_stop(&node.op) && node.inputs.contains(&id));
    staging::is_taken_often(plan, id) || may_stop(&plan.node(id).op) || is_looked_at
}

/// The statement that makes a view, or a table.
fn made(name: &str, is_table: bool, select: &str) -> String {
    match is_table {
        true => format!("CREATE TEMPORARY TABLE {name} ENGINE = Memory AS\n{select};\n"),
        false => format!("CREATE TEMPORARY VIEW {name} AS\n{select};\n"),
    }
}

/// Everything that a node makes.
fn statements(plan: &Plan, selects: &Selects, id: NodeId) -> Result<String, Diagnostic> {
    let (node, view) = (plan.node(id), selects.view(id));
    let mut text = format!("\n-- {} ({})\n", comment(&node.origin.title), node.op.name());
    let select = selects.select(id)?;
    if let Op::Read(_) = &node.op {
        text.push_str(&made(&CLICKHOUSE.staged(id), false, &handed::staged_rows(id, &node.schema)?));
    }
    text.push_str(&made(view, is_table(plan, id), &select));
    if let Some(counted) = selects.counted_matches(id)? {
        text.push_str(&handed::counts(&matches_view(id), &counted));
    }
    if let Some(write) = loaded(node) {
        let order = match write.order.is_empty() {
            true => String::new(),
            false => format!(" ORDER BY {}", selects.printer(id).total_order(&write.order)?),
        };
        text.push_str(&handed::rows_out(&format!("n{}", id.0), &format!("{view}{order}"), &node.schema)?);
    }
    if let (Some(name), Op::Check(check), Some(input)) = (rejected_view(plan, id), &node.op, node.inputs.first()) {
        let (predicate, from) = (selects.printer(*input).print(&check.predicate)?, selects.view(*input));
        let rejected = format!("SELECT * FROM {from} WHERE ({predicate}) IS NOT TRUE");
        text.push_str(&made(&name, true, &rejected));
        text.push_str(&handed::rows_out(&name, &name, &plan.node(*input).schema)?);
        let counted =
            format!("SELECT (SELECT count(*) FROM {from}) AS all_rows, (SELECT count(*) FROM {name}) AS rejected");
        text.push_str(&handed::counts(&name, &counted));
    }
    Ok(text)
}

/// The whole script, or everything that ClickHouse cannot carry.
pub fn script(plan: &Plan) -> Result<String, Vec<Diagnostic>> {
    let selects = Selects::new(CLICKHOUSE, plan);
    let (mut body, mut faults) = (handed::parameters(plan), Vec::new());
    for (id, node) in plan.iter() {
        match statements(plan, &selects, id) {
            Ok(text) => body.push_str(&text),
            Err(diagnostic) => faults.push(diagnostic.step(&node.origin.step, &node.origin.title)),
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    Ok(format!(
        "-- Made by Pipewright, for ClickHouse 26.9 or later. run.sh runs it in a folder where Pipewright has staged the sources.\n{}{}\n-- The design.\n{body}",
        prelude::SETTINGS,
        functions(&body)
    ))
}

/// The functions that SQL calls, as statements.
fn functions(sql: &str) -> String {
    prelude::needed(sql).iter().map(|text| format!("\n{text};\n")).collect()
}

/// SQL that gives the rows of one node of a plan, for tests of parity: what comes before, and the query.
pub fn rows_script(plan: &Plan, wanted: NodeId) -> Result<(String, String), Diagnostic> {
    let selects = Selects::new(CLICKHOUSE, plan);
    let mut body = String::new();
    for (id, _) in plan.iter().filter(|(id, _)| *id <= wanted) {
        body.push_str(&made(selects.view(id), is_table(plan, id), &selects.select(id)?));
    }
    let setup = format!("{}{}{body}", prelude::SETTINGS, functions(&body));
    Ok((setup, format!("SELECT * FROM {}", selects.view(wanted))))
}

#[cfg(test)]
mod tests;
