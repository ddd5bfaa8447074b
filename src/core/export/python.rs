//! Target: Polars for Python. Sources are staged as Parquet by `pipewright run stage.json` (formats, dirty lines and
//! quarantine stay Pipewright's), everything after them is one script with a lazy frame for each step; the loads' rows
//! come back to Pipewright's own runner, which writes them as it writes its own.

mod calls;
mod functions;
mod literals;
mod ops;
mod prelude;
mod printer;
mod scripts;

use std::collections::BTreeMap;

use self::literals::{dtype, refuse};
use self::ops::Frames;
use super::handover::{self, loaded, matches_view, rejected_view};
use super::{Bundle, DesignInfo, Support, Target, by_step, staging};
use crate::data::Schema;
use crate::diagnostic::Diagnostic;
use crate::ir::{Matches, NodeId, Op, Plan, prune};
use crate::plan::{check_kept_lines, check_policy, is_same_path};
use crate::quote::{comment, python_text};

pub(super) struct Polars;

impl Target for Polars {
    fn name(&self) -> &'static str {
        "polars"
    }

    fn title(&self) -> &'static str {
        "Polars"
    }

    fn doc(&self) -> &'static str {
        "A Python script for Polars; sources are read and results written by the Pipewright runner."
    }

    fn support(&self, plan: &Plan) -> BTreeMap<String, (Support, String)> {
        let frames = Frames::new(plan);
        by_step(plan, |id, node| {
            let rewritten = |how: &str| (Support::Rewritten, how.to_owned());
            match (printed(plan, &frames, id), &node.op) {
                (Err(diagnostic), _) => (Support::Unsupported, diagnostic.message),
                (Ok(_), Op::Read(_)) => rewritten("read by Pipewright and staged as Parquet"),
                (Ok(_), Op::Write(_)) => rewritten("rows come back to Pipewright, which writes them"),
                (Ok(_), Op::Window(_)) => rewritten("computed along its order by a function of the script"),
                (Ok(_), Op::AsofJoin(_)) => rewritten("a search along the times of both sides"),
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
        Some(handover::stage(plan)).filter(|staged| !staged.nodes.is_empty())
    }

    fn export(&self, plan: &Plan, info: &DesignInfo) -> Bundle {
        let plan = prune(plan, &plan.sinks());
        let mut bundle = Bundle { diagnostics: staging::check_paths(&plan), ..Bundle::default() };
        let staged = handover::stage(&plan);
        // What is secret is not written down, not even for a while.
        bundle.diagnostics.extend(check_policy(&staged));
        if bundle.has_errors() {
            return bundle;
        }
        let keeps_lines = check_kept_lines(&staged, &info.sources, &is_same_path).is_empty();
        match script(&plan) {
            Ok(python) => bundle.text("pipeline.py", python),
            Err(diagnostics) => {
                bundle.diagnostics = diagnostics;
                return bundle;
            }
        }
        let is_staged = handover::write(&mut bundle, &plan, staged, &info.name, handover::rows);
        scripts::write(&mut bundle, &plan, info, keeps_lines, is_staged);
        bundle
    }
}

/// A Duration is an integer in Parquet.
fn check_spans(schema: &Schema) -> Result<(), Diagnostic> {
    handover::check_spans(schema, &|what| refuse(what))
}

/// What the script has of a node: its statement, and entries of its tables of results and of counts.
struct Printed {
    statement: String,
    results: Vec<String>,
    counts: Vec<String>,
}

fn printed(plan: &Plan, frames: &Frames, id: NodeId) -> Result<Printed, Diagnostic> {
    let node = plan.node(id);
    let mut printed = Printed { statement: frames.statement(id)?, results: Vec::new(), counts: Vec::new() };
    let name = frames.name(id);
    if matches!(node.op, Op::Read(_)) || loaded(node).is_some() {
        check_spans(&node.schema)?;
    }
    if loaded(node).is_some() {
        printed.results.push(format!("    \"n{}\": {name},\n", id.0));
    }
    if let (Some(view), Op::Check(check), Some(input)) = (rejected_view(plan, id), &node.op, node.inputs.first()) {
        check_spans(&plan.node(*input).schema)?;
        let rejected = format!("pw_rejected_{}", id.0);
        printed.statement.push_str(&format!("{rejected} = {}\n", frames.rejected(*input, check)?));
        printed.results.push(format!("    \"{view}\": {rejected},\n"));
        printed.counts.push(format!("    \"{view}\": pw_counted({}, {rejected}),\n", frames.name(*input)));
    }
    if Matches::of(plan, id).is_some()
        && let Some(counted) = frames.counted_matches(id)?
    {
        printed.counts.push(format!("    \"{}\": {counted},\n", matches_view(id)));
    }
    Ok(printed)
}

/// The whole script, or everything that Polars cannot carry.
pub fn script(plan: &Plan) -> Result<String, Vec<Diagnostic>> {
    let frames = Frames::new(plan);
    let (mut body, mut faults) = (String::new(), Vec::new());
    let (mut results, mut counts) = (String::new(), String::new());
    for (id, node) in plan.iter() {
        match printed(plan, &frames, id) {
            Ok(printed) => {
                body.push_str(&format!(
                    "\n# {} ({})\n{}",
                    comment(&node.origin.title),
                    node.op.name(),
                    printed.statement
                ));
                results.extend(printed.results);
                counts.extend(printed.counts);
            }
            Err(diagnostic) => faults.push(diagnostic.step(&node.origin.step, &node.origin.title)),
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let parameters = parameters(plan);
    let end = format!("\nresults = {{\n{results}}}\ncounts = {{\n{counts}}}\npw_write(results, counts)\n");
    let functions = prelude::needed(&format!("{parameters}{body}{end}"));
    Ok(format!("{HEAD}{functions}# --- The design.\n{parameters}{body}{END}{end}"))
}

/// The values of the parameters, where the script names any.
fn parameters(plan: &Plan) -> String {
    let schema = handover::parameters_schema(plan);
    if schema.is_empty() {
        return String::new();
    }
    let one = |field: &crate::data::Field| format!("    {}: {},\n", python_text(&field.name), dtype(&field.data_type));
    format!("\nparameter = pw_parameters({{\n{}}})\n", schema.fields.iter().map(one).collect::<String>())
}

/// A script that gives the rows of one node of a plan, and the variable that holds them: for tests of parity.
pub fn rows_script(plan: &Plan, wanted: NodeId) -> Result<(String, String), Diagnostic> {
    let frames = Frames::new(plan);
    let mut body = String::new();
    for (id, _) in plan.iter().filter(|(id, _)| *id <= wanted) {
        body.push_str(&frames.statement(id)?);
    }
    Ok((format!("{IMPORTS}{}# --- The design.\n{body}", prelude::needed(&body)), frames.name(wanted).to_owned()))
}

const HEAD: &str = r#"# Made by Pipewright, for Polars 2. run.sh runs it in a folder where Pipewright has staged the sources as Parquet, and
# makes the design's files of the rows that it writes.
import os
import sys

# Modules come with Python, not from files that lie beside this one.
sys.path[:] = [path for path in sys.path if os.path.realpath(path) != os.path.dirname(os.path.realpath(__file__))]

import bisect
import calendar
import datetime
import decimal
import functools
import hashlib
import ipaddress
import itertools
import json
import math
import re
import struct
import urllib.parse
import zoneinfo

try:
    import polars as pl
except ImportError:
    sys.exit("error: this Python has no package `polars`: install polars 2, or name another Python in PYTHON")


"#;

/// What functions of the prelude use.
const IMPORTS: &str = "import bisect, calendar, datetime, decimal, functools, hashlib, ipaddress, itertools, json, math, os, re, struct, sys, urllib.parse, zoneinfo\nimport polars as pl\n\n\n";

const END: &str = "\n# --- What goes back to Pipewright: rows of loads and rejected rows, and counts for the report.\n";

#[cfg(test)]
mod tests;
