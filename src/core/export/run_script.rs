//! The script that runs a bundle on another engine: results are made in a folder of their own, and put in place whole by
//! Pipewright's publisher.

use super::staging;
use crate::files::MARKER;

/// What the `run.sh` of engines differs in.
pub struct RunParts<'a> {
    pub engine: &'a str,
    /// Cases of options that go to the engine: lines of a `case`.
    pub options: &'a str,
    /// Files of the bundle beside those that every one has, or patterns of them, separated by blanks.
    pub files: &'a str,
    /// What is done before rows are computed, and how they are: in the folder `$work`, with the options of the run.
    pub stage: &'a str,
    pub compute: &'a str,
}

/// `run.sh`: results are made in a folder of their own, and put in place whole.
pub fn run_script(parts: &RunParts) -> String {
    let files = parts.files.split(' ').map(|name| format!("\"$here\"/{name}")).collect::<Vec<_>>().join(" ");
    staging::script(RUN)
        .replace("@ENGINE@", parts.engine)
        .replace("@OPTIONS@\n", parts.options)
        .replace("@FILES@", &files)
        .replace("@STAGE@\n", parts.stage)
        .replace("@COMPUTE@\n", parts.compute)
        .replace("@EARLIER@\n", staging::EARLIER)
        .replace("@MARKER@", MARKER)
}

const RUN: &str = r#"#!/bin/sh
# Runs the design on @ENGINE@: ./run.sh OUT [--trust] [--env NAME]. Parameters are environment variables (see README.md).
# PIPEWRIGHT_STAGE may name another pipeline of sources (verify.sh uses it), PIPEWRIGHT_REPORT a file for the report.
@OUT@
@OPTIONS@
for option in "$@"; do
  case $option in
    --trust | --env | --env=* | [!-]*) ;;
    *)
      echo "error: run.sh takes no $option: parameters are variables of the environment (README.md)" >&2
      exit 2
      ;;
  esac
done
# It is run from another folder.
case ${PYTHON:-} in
  /*) ;;
  */*) PYTHON=$(CDPATH= cd -- "${PYTHON%/*}" && pwd)/${PYTHON##*/} ;;
esac
@PLACE@
# Only an earlier report gives its place to a report.
is_report() {
  "${PYTHON:-python3}" -I -c 'import json, sys
report = json.load(open(sys.argv[1], encoding="utf-8"))
sys.exit("pipewright" in report or "quarantined_share" not in report or not isinstance(report["steps"], list))' "$1" 2>/dev/null
}
report=${PIPEWRIGHT_REPORT:-}
if [ -d "$report" ] || { [ -f "$report" ] && [ -s "$report" ] && ! is_report "$report"; }; then
  echo "error: PIPEWRIGHT_REPORT names a folder, or a file that is no report: $report" >&2
  exit 2
fi
@HIDDEN@
@WORK@
# Sources are staged and rows computed by one and the same bundle.
bundle() {
  cat -- @FILES@ "$here/run.sh" "$here/stage.json" 2>/dev/null | cksum
}
known=$(bundle)
code=0
@STAGE@
@COMPUTE@
[ "$code" -eq 0 ] || [ "$code" -eq 3 ] || exit "$code"
if [ ! -f "$work/report.json" ]; then
  echo "error: the bundle is not as it was exported: export it again" >&2
  exit 1
fi
@LIST@
@PUT@
"#;
