//! The files around the SQL: run.sh, run.py, README. Nothing of the design is part of their code: names and paths stand
//! in the tables of run.py, as strings.

use std::collections::BTreeSet;

use super::super::{Bundle, DesignInfo, parameter_lines};
use super::ops::copied_file;
use crate::diagnostic::Diagnostic;
use crate::expr::{Expr, ExprKind};
use crate::ir::{
    Destination, Op, Otherwise, Parameter, Plan, TextPart, WhenExists, Write, parameter_variable, text_parts,
};
use crate::quote::{markdown_text, python_text};

/// Names of the parameters in a path.
fn names_in(path: &str) -> Vec<&str> {
    let parts = text_parts(path).unwrap_or_default();
    let name = |part| if let TextPart::Parameter { name, .. } = part { Some(name) } else { None };
    parts.into_iter().filter_map(name).collect()
}

fn declared(plan: &Plan, names: &BTreeSet<&str>) -> Vec<Parameter> {
    plan.parameters.iter().filter(|parameter| names.contains(parameter.name.as_str())).cloned().collect()
}

/// Parameters that the paths of the sources name: all that staging needs.
pub fn source_parameters(plan: &Plan) -> Vec<Parameter> {
    let path = |op: &'_ Op| if let Op::Read(read) = op { Some(read.path.clone()) } else { None };
    let paths: Vec<String> = plan.nodes.iter().filter_map(|node| path(&node.op)).collect();
    declared(plan, &paths.iter().flat_map(|path| names_in(path)).collect())
}

/// Parameters that the script or the paths of loads name. Secrets are never among them: DuckDB carries no function
/// that takes one.
fn script_parameters(plan: &Plan) -> Vec<Parameter> {
    fn walk<'a>(expr: &'a Expr, found: &mut BTreeSet<&'a str>) {
        if let ExprKind::Parameter(name) = &expr.kind {
            found.insert(name);
        }
        expr.children().into_iter().for_each(|child| walk(child, found));
    }
    let mut found = BTreeSet::new();
    for node in &plan.nodes {
        node.op.expressions().into_iter().for_each(|expr| walk(expr, &mut found));
        if let Op::Write(Write { destination: Destination::File { path, .. }, .. }) = &node.op {
            found.extend(names_in(path));
        }
    }
    declared(plan, &found)
}

/// Whether a path begins at a root, or goes up.
fn leaves(path: &str) -> bool {
    let is_rooted = path.starts_with(['/', '\\']) || path.as_bytes().get(1) == Some(&b':');
    is_rooted || path.split(['/', '\\']).any(|part| part == "..")
}

/// Paths of loads that would leave the folder of the results, as they are written. What parameters make of a path is
/// checked by run.py.
pub fn check_paths(plan: &Plan) -> Vec<Diagnostic> {
    let faults = plan.nodes.iter().filter_map(|node| {
        let Op::Write(Write { destination: Destination::File { path, .. }, .. }) = &node.op else { return None };
        let fault = match text_parts(path) {
            Err(fault) => fault,
            Ok(_) if leaves(path) => {
                Diagnostic::error("PW0645", format!("the load writes outside of the bundle's results: `{path}`"))
                    .help("give it a path inside of the folder, such as `results/rows.csv`")
            }
            Ok(_) => return None,
        };
        Some(fault.step(&node.origin.step, &node.origin.title).field("path"))
    });
    faults.collect()
}

pub fn write(bundle: &mut Bundle, plan: &Plan, info: &DesignInfo) {
    bundle.script("run.sh", RUN);
    let script = RUN_PY.replace("@LOADS@", &python_loads(plan)).replace("@PARAMETERS@", &python_parameters(plan));
    bundle.text("run.py", script);
    bundle.text("README.md", readme(plan, info));
}

/// Lines `("name", "VARIABLE", default),`.
fn python_parameters(plan: &Plan) -> String {
    let one = |parameter: &Parameter| {
        let default = match &parameter.default {
            None => "None".to_owned(),
            Some(serde_json::Value::String(text)) => python_text(text),
            Some(other) => python_text(&other.to_string()),
        };
        let (name, variable) = (python_text(&parameter.name), python_text(&parameter_variable(&parameter.name)));
        format!("    ({name}, {variable}, {default}),\n")
    };
    script_parameters(plan).iter().map(one).collect()
}

/// Lines `("rows/load_3.csv", [parts of the path], replaces what is there),`.
fn python_loads(plan: &Plan) -> String {
    let part = |part: TextPart| match part {
        TextPart::Text(text) => python_text(text),
        TextPart::Parameter { name, otherwise } => {
            let (default, message) = match otherwise {
                Otherwise::Nothing => (String::from("None"), String::from("None")),
                Otherwise::Default(default) => (python_text(default), String::from("None")),
                Otherwise::Fault(message) => (String::from("None"), python_text(message)),
            };
            format!("({}, {default}, {message})", python_text(name))
        }
    };
    let one = |(id, node): (crate::ir::NodeId, &std::sync::Arc<crate::ir::Node>)| {
        let Op::Write(Write { destination: Destination::File { path, kind, partition, when_exists }, .. }) = &node.op
        else {
            return None;
        };
        let parts: Vec<String> = text_parts(path).unwrap_or_default().into_iter().map(part).collect();
        let replaces = if *when_exists == WhenExists::Fail { "False" } else { "True" };
        let copied = python_text(&copied_file(id, *kind, partition));
        Some(format!("    ({copied}, [{}], {replaces}),\n", parts.join(", ")))
    };
    plan.iter().filter_map(one).collect()
}

const RUN: &str = r#"#!/bin/sh
# Runs the design on DuckDB: ./run.sh OUT [OPTION…], with options of `pipewright run`. Parameters are environment variables (see README.md).
# PIPEWRIGHT_STAGE may name another pipeline of sources (verify.sh uses it).
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
out=${1:?usage: run.sh OUT}
shift
mkdir -p -- "$out"
out=$(CDPATH= cd -- "$out" && pwd)
# Everything is made in a folder of its own; only whole results are put into OUT.
work=$(mktemp -d "$out/.pipewright-XXXXXX")
trap 'rm -rf -- "$work"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
mkdir "$work/stage" "$work/rows" "$work/out"
stage=${PIPEWRIGHT_STAGE:-$here/stage.json}
if [ -f "$stage" ]; then
  "${PIPEWRIGHT:-pipewright}" run "$stage" --out "$work/stage" --quarantine "$work/out/quarantine" "$@"
fi
(cd -- "$work" && "${PYTHON:-python3}" "$here/run.py" "$here/pipeline.sql" "$out")
"${PIPEWRIGHT:-pipewright}" publish "$work/out" "$out"
"#;

const RUN_PY: &str = r#"# Runs an SQL script on DuckDB (PyPI: duckdb) in the current folder and gives each load's rows their place in `out`:
# run.py SCRIPT OUT. Parameters are variables of the environment.
import datetime
import os
import sys

import duckdb

# Name, variable of the environment, default.
PARAMETERS = [
@PARAMETERS@]

# Where the script puts the rows, the parts of the load's path (a text; or a parameter, what stands in for it, what is
# said where it has no value), whether a file of an earlier run is replaced.
LOADS = [
@LOADS@]


def stop(message):
    sys.exit(f"error: {message}")


def identifier(name):
    return '"' + name.replace('"', '""') + '"'


def filled(parts, values):
    path = ""
    for part in parts:
        if isinstance(part, str):
            path += part
            continue
        name, otherwise, message = part
        value = values.get(name, "")
        if value == "" and message is not None:
            stop(f"the parameter {name} has no value: {message}")
        path += value or otherwise or ""
    return path


def inside(path):
    """The path as it is meant; stops where it would leave the folder of the results."""
    parts = path.replace("\\", "/").split("/")
    if "\0" in path or ".." in parts or path.startswith(("/", "\\")) or path[1:2] == ":":
        stop(f"a load writes outside of the results: {path!r}")
    plain = [part for part in parts if part not in ("", ".")]
    if not plain:
        stop(f"the path of a load names no file: {path!r}")
    if plain in (["quarantine"], ["quarantine", "quarantine.jsonl"]):
        stop(f"what the sources turn away is written there: {path!r}")
    if any(ord(sign) < 32 or 127 <= ord(sign) < 160 for sign in path):
        stop(f"the path of a load holds a line end or another character that is not seen: {path!r}")
    return os.path.normpath(path)


def main(script, out):
    values = {}
    for name, variable, default in PARAMETERS:
        value = os.environ.get(variable, default)
        if value is None:
            stop(f"the parameter {name} has no value: set {variable}")
        values[name] = value
    values["run.started_at"] = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M:%S.%f")
    # Every path is known before anything is written.
    places = {}
    for rows, parts, replaces in LOADS:
        path = inside(filled(parts, values))
        for other in places.values():
            if (path + os.sep).startswith(other + os.sep) or (other + os.sep).startswith(path + os.sep):
                stop(f"two loads write to one place: {other!r} and {path!r}")
        if not replaces and os.path.lexists(os.path.join(out, path)):
            stop(f"a load is not to replace what is there: {path!r}")
        places[rows] = path
    connection = duckdb.connect()
    for name, value in values.items():
        connection.execute(f"SET VARIABLE {identifier(name)} = $value", {"value": value})
    # Line ends inside of names and texts stay as they are.
    with open(script, encoding="utf-8", newline="") as text:
        for statement in connection.extract_statements(text.read()):
            connection.execute(statement)
    connection.close()
    for rows, path in places.items():
        if os.path.lexists(rows):
            place = os.path.join("out", path)
            os.makedirs(os.path.dirname(place), exist_ok=True)
            os.replace(rows, place)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
"#;

fn readme(plan: &Plan, info: &DesignInfo) -> String {
    let mut used = source_parameters(plan);
    for parameter in script_parameters(plan) {
        if !used.contains(&parameter) {
            used.push(parameter);
        }
    }
    format!(
        "# {}: pipeline for DuckDB\n\n`./run.sh OUT` stages the sources as Parquet with the Pipewright runner (formats, dirty lines and quarantine \
         are its part), runs `pipeline.sql` on DuckDB and puts the results into the folder OUT, all or none; what Pipewright did not write there \
         is not replaced. `./verify.sh` does so on the pinned sample in `receipt/` and compares the results with those of Pipewright's own \
         engine.\n\n\
         Needs: `pipewright` on the PATH (or its path in `PIPEWRIGHT`), and Python 3 (or its path in `PYTHON`) with the package `duckdb` 1.3 or later.\n\n\
         ## Parameters\n\n{}\n## What is carried how\n\nSources are read by Pipewright; every other step is a view or a table of `pipeline.sql`, \
         named in a comment above it.\n",
        markdown_text(&info.name),
        parameter_lines(&used)
    )
}

#[cfg(test)]
mod tests {
    use super::leaves;

    #[test]
    fn paths_that_leave_the_results_are_seen() {
        for path in ["../x", "/x", "\\x", "a/../../x", "a\\..\\x", "..", "C:\\x", "C:/x"] {
            assert!(leaves(path), "{path}");
        }
        for path in ["x", "a/b.csv", "a..b/x", "...", "${p}/x"] {
            assert!(!leaves(path), "{path}");
        }
    }
}
