//! The script that runs a bundle on another engine: results are made in a folder of their own, and put in place whole by
//! Pipewright's publisher.

use super::TAKE_OUT;

/// What the `run.sh` of engines differs in.
pub struct RunParts<'a> {
    pub engine: &'a str,
    /// Cases of options that go to the engine: lines of a `case`.
    pub options: &'a str,
    /// Files of the bundle beside pipeline.sql, separated by blanks.
    pub files: &'a str,
    /// What is done before rows are computed, and how they are: in the folder `$work`, with the options of the run.
    pub stage: &'a str,
    pub compute: &'a str,
}

/// `run.sh`: results are made in a folder of their own, and put in place whole.
pub fn run_script(parts: &RunParts) -> String {
    let files = parts.files.split(' ').map(|name| format!("\"$here/{name}\"")).collect::<Vec<_>>().join(" ");
    RUN.replace("@OUT@\n", TAKE_OUT)
        .replace("@ENGINE@", parts.engine)
        .replace("@OPTIONS@\n", parts.options)
        .replace("@FILES@", &files)
        .replace("@STAGE@\n", parts.stage)
        .replace("@COMPUTE@\n", parts.compute)
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
mkdir -p -- "$out"
out=$(CDPATH= cd -- "$out" && pwd -P)
place=$out
case $place/ in
  "$here/" | "$here/receipt/"*) place=$here ;;
esac
if [ "$place" -ef "$here" ]; then
  echo "error: results do not go into the bundle itself: run.sh $here/results" >&2
  exit 2
fi
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
# Hidden places, where programs look for their settings, and files of the current folder are written to where the design
# is trusted.
own=
case " $* " in
  *" --trust "*) export PIPEWRIGHT_HIDDEN=1 ;;
  *) [ "$out" != "$(pwd -P)" ] || own=--only-own ;;
esac
# What runs that were killed have left: nobody holds their lock any more.
if command -v flock >/dev/null 2>&1; then
  for left in "$out"/.pipewright-work-??????; do
    if [ ! -L "$left" ] && [ -f "$left/lock" ]; then
      flock -n "$left/lock" rm -rf -- "$left" 2>/dev/null || true
    fi
  done
fi
# Everything is made in a folder of its own; only whole results are put into OUT.
# Not between the folder and what removes it again.
trap '' HUP INT TERM
work=$(mktemp -d "$out/.pipewright-work-XXXXXX")
clean() {
  # Not interrupted any more. While there is something left the lock is held, by which the next run knows of it.
  trap '' HUP INT TERM
  rm -rf -- "$work/stage" "$work/rows" "$work/out" || return 0
  # Some disks keep what is open; who comes in between tidies up the same.
  exec 9>&-
  rm -rf -- "$work" || true
}
trap clean EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
if command -v flock >/dev/null 2>&1; then
  # Its name says that it is held; on a disk without locks nobody takes what is left for dead.
  exec 9>"$work/lock.new"
  ! flock 9 2>/dev/null || mv -- "$work/lock.new" "$work/lock"
fi
mkdir "$work/stage" "$work/rows" "$work/out"
# Sources are staged and rows computed by one and the same bundle.
bundle() {
  cat -- "$here/pipeline.sql" @FILES@ "$here/run.sh" "$here/stage.json" 2>/dev/null | cksum
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
set --
if [ -f "$work/new" ]; then
  while IFS= read -r name; do
    set -- "$@" "--new=$name"
  done <"$work/new"
fi
[ -z "$report" ] || set -- "$@" "--report=$report" "--report-from=$work/report.json"
if [ "$known" != "$(bundle)" ]; then
  echo "error: this bundle was exported anew while it ran: run it again" >&2
  exit 1
fi
# `publish` says by itself whether a signal came before the results were in place.
trap : HUP INT TERM
"${PIPEWRIGHT:-pipewright}" publish $own "$@" -- "$work/out" "$out" || exit $?
exit "$code"
"#;
