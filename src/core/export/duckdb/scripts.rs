//! The shell around the SQL: run.sh, verify.sh, README.

use super::super::{Bundle, DesignInfo};
use crate::ir::{Parameter, Plan, environment_reference};

/// Name of the environment variable that sets a parameter.
fn variable(parameter: &Parameter) -> String {
    parameter.name.to_uppercase().replace(|c: char| !c.is_ascii_alphanumeric(), "_")
}

pub fn write(bundle: &mut Bundle, plan: &Plan, info: &DesignInfo) {
    let stage_parameters: String = plan
        .parameters
        .iter()
        .map(|parameter| {
            let variable = variable(parameter);
            format!("  [ -z \"${{{variable}:-}}\" ] || set -- \"$@\" --param \"{}=${variable}\"\n", parameter.name)
        })
        .collect();
    bundle.script("run.sh", RUN.replace("@PARAMETERS@", &stage_parameters));
    bundle.text("run.py", RUN_PY.replace("@PARAMETERS@", &python_parameters(plan)));
    bundle.text("README.md", readme(plan, info));
}

/// `[("name", "VARIABLE", default), …]`.
fn python_parameters(plan: &Plan) -> String {
    let quoted = |text: &str| serde_json::Value::String(text.to_owned()).to_string();
    let one = |parameter: &Parameter| {
        let default = match &parameter.default {
            None => "None".to_owned(),
            Some(default) if environment_reference(default).is_some() => {
                format!("os.environ.get({})", quoted(environment_reference(default).unwrap_or_default()))
            }
            Some(serde_json::Value::String(text)) => quoted(text),
            Some(other) => quoted(&other.to_string()),
        };
        format!("    ({}, {}, {default}),\n", quoted(&parameter.name), quoted(&variable(parameter)))
    };
    plan.parameters.iter().map(one).collect()
}

const RUN: &str = r#"#!/bin/sh
# Runs the design on DuckDB: ./run.sh OUT. Parameters are environment variables (see README.md).
# STAGE may name another pipeline of sources (verify.sh uses it).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:?usage: run.sh OUT}
mkdir -p "$out"
out=$(cd "$out" && pwd)
work=$(mktemp -d "$out/.pipewright-XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir "$work/stage" "$work/out"
stage=${STAGE:-$here/stage.json}
if [ -f "$stage" ]; then
  set --
@PARAMETERS@  "${PIPEWRIGHT:-pipewright}" run "$stage" --out "$work/stage" --quarantine "$out/quarantine" "$@"
fi
# Results are written aside and moved in whole.
(cd "$work" && "${PYTHON:-python3}" "$here/run.py" "$here/pipeline.sql")
for result in "$work/out"/* ; do
  [ -e "$result" ] || continue
  name=$(basename "$result")
  rm -rf "$out/$name"
  mv "$result" "$out/$name"
done
"#;

const RUN_PY: &str = r#"# Runs an SQL script on DuckDB (PyPI: duckdb) in the current folder, parameters as variables.
import os
import sys

import duckdb

PARAMETERS = [
@PARAMETERS@]

connection = duckdb.connect()
for name, variable, default in PARAMETERS:
    value = os.environ.get(variable, default)
    if value is not None:
        connection.execute(f"SET VARIABLE \"{name}\" = $value", {"value": value})
with open(sys.argv[1], encoding="utf-8") as script:
    for statement in connection.extract_statements(script.read()):
        connection.execute(statement)
"#;

fn readme(plan: &Plan, info: &DesignInfo) -> String {
    let mut text = format!(
        "# {}: pipeline for DuckDB\n\n`./run.sh OUT` stages the sources as Parquet with the Pipewright runner (formats, dirty lines and quarantine \
         are its part), runs `pipeline.sql` on DuckDB and moves the results into the folder OUT. `./verify.sh` does so on the pinned sample in \
         `receipt/` and compares the results with those of Pipewright's own engine.\n\n\
         Needs: `pipewright` on the PATH (or its path in `PIPEWRIGHT`), and Python 3 (or its path in `PYTHON`) with the package `duckdb` 1.3 or later.\n\n## Parameters\n\n",
        info.name
    );
    if plan.parameters.is_empty() {
        text.push_str("None.\n");
    }
    for parameter in &plan.parameters {
        let default =
            parameter.default.as_ref().map_or("must be given".to_owned(), |default| format!("default `{default}`"));
        text.push_str(&format!(
            "- `{}` ({}, {default}): {}\n",
            variable(parameter),
            parameter.data_type,
            parameter.doc
        ));
    }
    text.push_str("\n## What is carried how\n\nSources are read by Pipewright; every other step is a view or a table of `pipeline.sql`, named in a comment above it.\n");
    text
}
