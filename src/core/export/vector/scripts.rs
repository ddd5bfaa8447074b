//! What feeds Vector (feed.sh), how it is started, and its README.

use serde_json::json;

use crate::data::{DataType, Value};
use crate::export::agent::Files;
use crate::expr::cast_value;
use crate::ir::{NodeId, Op, Otherwise, Plan, TextPart, defaults, parameter_variable, text_parts};
use crate::project::canonical_json;
use crate::quote::shell_word;

/// What feeds the agent: files that `run.sh` has staged, or the sources themselves.
pub fn feed(plan: &Plan, fed: &[NodeId]) -> Files {
    let mut files = Files { once: ONCE, readme: README, ..Files::default() };
    let mut cases = String::new();
    for id in fed {
        let Op::Read(read) = &plan.node(*id).op else { continue };
        let declared = json!({ "format": read.format, "schema": read.schema, "columns": read.columns });
        files.texts.insert(format!("n{}.json", id.0), canonical_json(&declared));
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
    files.programs.insert("feed.sh".to_owned(), FEED.replace("@CASES@\n", &cases));
    files
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

const ONCE: &str = r#"  if ! command -v "${VECTOR:-vector}" >/dev/null 2>&1; then
    echo "error: there is no Vector: install it, or name its program in VECTOR" >&2
    exit 1
  fi
  cp -- "$here/vector.yaml" "$here/feed.sh" "$work/"
  (cd -- "$work" && PIPEWRIGHT_FED="$work/stage" "${VECTOR:-vector}" --quiet --config vector.yaml >&2) || exit 1
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

In the agent no row is turned away: checks that reject rows stay behind, as do steps that look at several rows, loads, and what VRL would compute otherwise; the designer tells which and why before the export. @LINES@ Values that steps of the agent make null are not counted: a run of the project, or of the target `pipeline`, tells them.

Exit codes: 0 done; 1 the run failed; 2 usage; 3 done, with more in quarantine than may be.
"#;
