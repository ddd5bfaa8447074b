//! Target: DuckDB. Sources are staged as Parquet by `pipewright run stage.json` (formats, dirty lines and quarantine
//! stay Pipewright's), everything after them is one SQL script that DuckDB runs.

mod dialect;
mod loads;
mod prelude;
mod scripts;

use std::collections::BTreeMap;

use self::dialect::DuckDbSql;
pub(super) use self::scripts::check_paths;
use super::pipeline::{PIPELINE_VERSION, Pipeline};
use super::sql::{Dialect, Selects};
use super::{Bundle, DesignInfo, Support, Target};
use crate::data::Labels;
use crate::diagnostic::Diagnostic;
use crate::ir::{Destination, FileKind, Matches, Node, NodeId, Op, Plan, WhenExists, Write, prune};
use crate::plan::{check_kept_lines, check_policy, is_same_path};
use crate::policy::Site;
use crate::quote::comment;

pub(super) struct DuckDb;

const DUCKDB: &dyn Dialect = &DuckDbSql;

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
        let mut found: BTreeMap<String, (Support, String)> = BTreeMap::new();
        let selects = Selects::new(DUCKDB, plan);
        for (id, node) in plan.iter() {
            let (support, reason) = match selects.select(id).and_then(|_| loads::copy(plan, &selects, id)) {
                Err(diagnostic) => (Support::Unsupported, diagnostic.message),
                Ok(_) if loads::rejected_file(plan, id).is_some() => {
                    (Support::Rewritten, "rejected rows are written to quarantine/rejected.jsonl".to_owned())
                }
                Ok(_) if matches!(node.op, Op::Read(_)) => {
                    (Support::Rewritten, "read by Pipewright and staged as Parquet".to_owned())
                }
                Ok(_) => (Support::Native, String::new()),
            };
            let entry = found.entry(node.origin.step.clone()).or_insert((Support::Native, String::new()));
            if rank(support) > rank(entry.0) {
                *entry = (support, reason);
            }
        }
        found
    }

    fn verify_command(&self) -> &'static str {
        "PIPEWRIGHT_HIDDEN=1 PIPEWRIGHT_STAGE=\"$here/receipt/stage.json\" \"$here/run.sh\" \"$out\" || [ $? -eq 3 ]"
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
        bundle.diagnostics = scripts::check_paths(&plan);
        if bundle.has_errors() {
            return bundle;
        }
        let staged = stage(&plan);
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
        scripts::write(&mut bundle, &plan, info, keeps_lines, is_staged);
        bundle
    }
}

fn rank(support: Support) -> u8 {
    match support {
        Support::Native => 0,
        Support::Rewritten => 1,
        Support::Unsupported => 2,
    }
}

/// The file that a Read is staged in.
fn staged_file(id: NodeId) -> String {
    format!("source_{}.parquet", id.0)
}

/// A pipeline of the sources alone: each Read, written as Parquet.
pub fn stage(plan: &Plan) -> Plan {
    let mut staged = Plan { parameters: scripts::source_parameters(plan), ..Plan::default() };
    for (id, node) in plan.iter().filter(|(_, node)| matches!(node.op, Op::Read(_))) {
        let read = NodeId(staged.nodes.len() as u32);
        staged.nodes.push(node.clone());
        // Sources are staged where the run is, which is where their data already lies.
        let in_place = Site::in_place(&Labels::merged(node.schema.fields.iter().map(|field| &field.labels)));
        let destination = Destination::File {
            path: staged_file(id),
            kind: FileKind::Parquet,
            partition: Vec::new(),
            when_exists: WhenExists::Replace,
        };
        let write = Node {
            op: Op::Write(Write { destination, order: Vec::new(), site: in_place }),
            inputs: vec![read],
            schema: node.schema.clone(),
            origin: node.origin.clone(),
            hash: 0,
        };
        staged.nodes.push(std::sync::Arc::new(write));
        let step = staged.steps.entry(node.origin.step.clone()).or_default();
        step.title = node.origin.title.clone();
        step.kind = "file".to_owned();
        step.nodes.extend([read, NodeId(read.0 + 1)]);
        step.outputs.insert("out".to_owned(), read);
    }
    staged
}

/// The whole SQL script: macros, a view a node, a COPY a sink; or everything that DuckDB cannot carry.
pub fn script(plan: &Plan) -> Result<String, Vec<Diagnostic>> {
    let selects = Selects::new(DUCKDB, plan);
    let (mut body, mut faults) = (String::new(), Vec::new());
    // What a join takes is read again where it is counted how its rows find partners.
    let times = |node: &Node| if node.inputs.len() > 1 && Matches::is_join(&node.op) { 2 } else { 1 };
    let uses = |id: NodeId| {
        let takers =
            plan.nodes.iter().map(|node| node.inputs.iter().filter(|input| **input == id).count() * times(node));
        takers.sum::<usize>()
    };
    for (id, node) in plan.iter() {
        let printed = selects.select(id).and_then(|sql| {
            let more = loads::counted_matches(&selects, id)?.or(loads::copy(plan, &selects, id)?);
            Ok((sql, more))
        });
        match printed {
            Ok((sql, copy)) => {
                // What several steps read is computed once.
                let kind = if uses(id) > 1 { "TABLE" } else { "VIEW" };
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
