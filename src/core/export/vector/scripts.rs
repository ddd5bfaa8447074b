//! The files around the configuration: feed.sh, run.sh and README. Nothing of the design is part of run.sh.

use serde_json::json;

use crate::data::{DataType, Value};
use crate::export::run_script::{RunParts, run_script};
use crate::export::{Bundle, DesignInfo, staging};
use crate::expr::cast_value;
use crate::ir::{NodeId, Op, Otherwise, Plan, TextPart, defaults, parameter_variable, text_parts};
use crate::project::canonical_json;
use crate::quote::shell_word;

/// `keeps_lines`: lines of the sources that do not fit may be written down.
/// `fed` and `handed`: what the agent is fed with, and hands over.
pub fn write(
    bundle: &mut Bundle,
    plan: &Plan,
    info: &DesignInfo,
    (fed, handed): (&[NodeId], &[NodeId]),
    keeps_lines: bool,
) {
    let quarantine = if keeps_lines { r#" --quarantine "$work/out/quarantine""# } else { "" };
    let stage = staging::STAGE.replace("@QUARANTINE@", quarantine);
    let names: Vec<String> = handed.iter().map(|id| format!("n{}", id.0)).chain(["dropped".to_owned()]).collect();
    let compute = COMPUTE.replace("@NAMES@", &names.join(" ")).replace("@SOURCES@\n", staging::SOURCES);
    let parts = RunParts {
        engine: "Vector",
        options: "",
        files: "vector.yaml feed.sh rest.json",
        stage: &stage,
        compute: &compute,
    };
    for id in fed {
        if let Op::Read(read) = &plan.node(*id).op {
            let declared = json!({ "format": read.format, "schema": read.schema, "columns": read.columns });
            bundle.text(&format!("n{}.json", id.0), canonical_json(&declared));
        }
    }
    bundle.script("feed.sh", feed(plan, fed));
    bundle.script("run.sh", run_script(&parts));
    bundle.text("README.md", staging::readme(README, plan, info, keeps_lines));
}

/// What feeds the agent: files that `run.sh` has staged, or the sources themselves.
fn feed(plan: &Plan, fed: &[NodeId]) -> String {
    let mut cases = String::new();
    for id in fed {
        let Op::Read(read) = &plan.node(*id).op else { continue };
        let (mut set, mut path) = (String::new(), String::new());
        for part in text_parts(&read.path).unwrap_or_default() {
            let TextPart::Parameter { name, otherwise } = part else {
                if let TextPart::Text(text) = part {
                    path.push_str(&shell_word(text));
                }
                continue;
            };
            let variable = parameter_variable(name);
            let known = defaults(&plan.parameters).get(name).map(|value| cast_value(value, &DataType::String));
            let default = match (otherwise, known) {
                (Otherwise::Default(default), _) => default.to_owned(),
                (_, Some(Value::String(default))) => default,
                _ => String::new(),
            };
            set.push_str(&format!("    [ -n \"${{{variable}-}}\" ] || {variable}={}\n", shell_word(&default)));
            path.push_str(&format!("\"${variable}\""));
        }
        cases.push_str(&format!(
            "  n{0})\n{set}    exec \"${{PIPEWRIGHT:-pipewright}}\" read {path} --declared \"$here/n{0}.json\" --output jsonl\n    ;;\n",
            id.0
        ));
    }
    FEED.replace("@CASES@\n", &cases)
}

const FEED: &str = r#"#!/bin/sh
# What feeds the agent: feed.sh NAME writes the rows of a source, one JSON object a line. Vector starts it (vector.yaml).
# PIPEWRIGHT_FED may name a folder in which they lie already (run.sh uses it).
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd -P)
if [ -n "${PIPEWRIGHT_FED-}" ]; then
  exec cat -- "$PIPEWRIGHT_FED/$1.jsonl"
fi
case $1 in
@CASES@
  *)
    echo "error: feed.sh knows no source $1" >&2
    exit 2
    ;;
esac
"#;

const COMPUTE: &str = r#"mkdir "$work/handover"
for name in @NAMES@; do
  : >"$work/handover/$name.jsonl"
done
if [ -n "${PIPEWRIGHT_HANDOVER-}" ]; then
  # An agent runs by itself: what it has handed over until now.
  for name in @NAMES@; do
    [ ! -f "$PIPEWRIGHT_HANDOVER/$name.jsonl" ] || cat -- "$PIPEWRIGHT_HANDOVER/$name.jsonl" >"$work/handover/$name.jsonl"
  done
else
  if ! command -v "${VECTOR:-vector}" >/dev/null 2>&1; then
    echo "error: there is no Vector: install it, or name its program in VECTOR" >&2
    exit 1
  fi
  cp -- "$here/vector.yaml" "$here/feed.sh" "$work/"
  (cd -- "$work" && PIPEWRIGHT_FED="$work/stage" "${VECTOR:-vector}" --quiet --config vector.yaml >&2) || exit 1
fi
if [ -s "$work/handover/dropped.jsonl" ]; then
  echo "error: Vector could not work out some rows (dropped.jsonl); no result was written" >&2
  exit 1
fi
cp -- "$here/rest.json" "$work/rest.json"
"${PIPEWRIGHT:-pipewright}" run "$work/rest.json" --out "$work/out" --quarantine "$work/rejected" --report "$work/report.json" --list-new "$work/new" "$@" || {
  rest=$?
  [ "$rest" -eq 3 ] || exit "$rest"
  code=3
}
if [ -s "$work/rejected/quarantine.jsonl" ]; then
  mkdir -p -- "$work/out/quarantine"
  mv -- "$work/rejected/quarantine.jsonl" "$work/out/quarantine/rejected.jsonl"
fi
@EARLIER@
@SOURCES@
"#;

const README: &str = r#"# @NAME@: Vector, and what stays behind

Vector takes the steps that look at one row at a time, as far down from the sources as they come (`vector.yaml`); Pipewright's own runner does the rest (`rest.json`) on the rows that Vector hands over.

**Not run on a Vector yet**: the programs of `vector.yaml` are compiled and run by VRL's own compiler in Pipewright's tests; the configuration around them follows Vector's documentation.

`./run.sh OUT` does all of it once: the sources are read with the Pipewright runner (formats, dirty lines and quarantine are its part), Vector makes its steps of their rows, the rest is run on what comes out, and the results are put into the folder OUT, all or none; what Pipewright did not write there is not replaced. `./verify.sh` does so on the pinned sample in `receipt/` and compares the results with those of Pipewright's own engine.

Needs: `pipewright` on the PATH (or its path in `PIPEWRIGHT`), and `vector` (or its path in `VECTOR`).

## As an agent

`vector --config vector.yaml` in this folder: `feed.sh` reads the sources where they lie, and Vector writes rows into `handover/`, a file a handover. `PIPEWRIGHT_HANDOVER=$PWD/handover ./run.sh OUT` runs the rest on what has been handed over until then.

## Parameters

@PARAMETERS@
## What is carried how

In the agent no row is turned away: checks that reject rows stay behind, as do steps that look at several rows, loads, and what VRL would compute otherwise; the designer, and `pipewright targets PROJECT`, tell which and why. @LINES@ Values that steps of the agent make null are not counted: a run of the project, or of the target `pipeline`, tells them.

Exit codes: 0 done; 1 the run failed; 2 usage; 3 done, with more in quarantine than may be.
"#;
