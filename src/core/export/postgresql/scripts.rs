//! The files around the SQL: run.sh and README. Nothing of the design stands in the script.

use crate::export::{Bundle, DesignInfo, parameter_lines, staging};
use crate::files::MARKER;
use crate::ir::Plan;
use crate::quote::markdown_text;

/// What a bundle has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parts {
    /// Lines of the sources that do not fit may be written down.
    pub keeps_lines: bool,
    /// There are sources or parameters.
    pub is_staged: bool,
    /// Rows that checks reject are written down.
    pub rejects: bool,
}

pub(super) fn write(bundle: &mut Bundle, plan: &Plan, info: &DesignInfo, parts: Parts) {
    let quarantine = if parts.keeps_lines { r#" --quarantine "$work/out/quarantine""# } else { "" };
    let stage = match parts.is_staged {
        true => staging::STAGE.replace("@QUARANTINE@", quarantine),
        false => String::new(),
    };
    let text = staging::script(RUN)
        .replace("@STAGE@\n", &stage)
        .replace("@REJECTED@\n", if parts.rejects { REJECTED } else { "" })
        .replace("@EARLIER@\n", staging::EARLIER)
        .replace("@SOURCES@\n", if parts.is_staged { staging::SOURCES } else { "" })
        .replace("@MARKER@", MARKER);
    bundle.script("run.sh", text);
    bundle.text("README.md", readme(plan, info, parts.keeps_lines));
}

const RUN: &str = r#"#!/bin/sh
# Runs the design on PostgreSQL: ./run.sh OUT [--keep] [--trust] [--env NAME]. The server is the one that libpq's variables
# lead to (PGHOST, PGDATABASE, PGUSER, PGSERVICE, …); parameters are environment variables (see README.md).
# PIPEWRIGHT_STAGE may name another pipeline of sources (verify.sh uses it), PIPEWRIGHT_REPORT a file for the report.
@OUT@
keep=
for option in "$@"; do
  shift
  case $option in
    --keep) keep=yes ;;
    --trust | --env | --env=* | [!-]*) set -- "$@" "$option" ;;
    *)
      echo "error: run.sh takes no $option: parameters are variables of the environment (README.md)" >&2
      exit 2
      ;;
  esac
done
psql=${PSQL:-psql}
# It is run from another folder.
case $psql in
  /*) ;;
  */*) psql=$(CDPATH= cd -- "${psql%/*}" && pwd)/${psql##*/} ;;
esac
@PLACE@
# Only an earlier report gives its place to a report.
report=${PIPEWRIGHT_REPORT:-}
if [ -d "$report" ] || { [ -f "$report" ] && [ -s "$report" ] && ! grep -q '"quarantined_share"' "$report"; }; then
  echo "error: PIPEWRIGHT_REPORT names a folder, or a file that is no report: $report" >&2
  exit 2
fi
if ! command -v "$psql" >/dev/null 2>&1; then
  echo "error: there is no psql, the client of PostgreSQL: install it, or name it by PSQL" >&2
  exit 1
fi
export PGCLIENTENCODING=UTF8
if ! "$psql" -X -q -w -c 'SELECT 1' >/dev/null; then
  echo "error: no PostgreSQL answers where PGHOST, PGDATABASE, PGUSER or PGSERVICE lead to" >&2
  exit 1
fi
@HIDDEN@
@WORK@
# Sources are staged and rows computed by one and the same bundle.
bundle() {
  cat -- "$here/pipeline.sql" "$here/run.sh" "$here/stage.json" "$here/results.json" "$here/rejected.json" 2>/dev/null | cksum
}
known=$(bundle)
code=0
@STAGE@
if ! (cd -- "$work" && "$psql" -X -q -w ${keep:+-v pw_keep=yes} -f "$here/pipeline.sql" >&2); then
  echo "error: PostgreSQL stopped; nothing was changed there" >&2
  exit 1
fi
if [ ! -s "$work/report.json" ]; then
  echo "error: pipeline.sql is not as it was exported: export it again" >&2
  exit 1
fi
cat -- "$work/told" >&2
# What is read here is what PostgreSQL wrote: all of it must fit.
cp -- "$here/results.json" "$work/results.json"
if ! "${PIPEWRIGHT:-pipewright}" run "$work/results.json" --out "$work/out" --max-quarantined 0 "$@" 2>"$work/said"; then
  cat -- "$work/said" >&2
  exit 1
fi
@REJECTED@
@EARLIER@
@SOURCES@
# As a run says it: done, but most of what was read is in quarantine.
if grep -q '"over_threshold": true' "$work/report.json"; then
  code=3
fi
@LIST@
@PUT@
"#;

const REJECTED: &str = r#"cp -- "$here/rejected.json" "$work/rejected.json"
if ! "${PIPEWRIGHT:-pipewright}" run "$work/rejected.json" --out "$work/none" --quarantine "$work/rejected" --max-quarantined 1 "$@" 2>"$work/said"; then
  cat -- "$work/said" >&2
  exit 1
fi
if [ -s "$work/rejected/quarantine.jsonl" ]; then
  mkdir -p -- "$work/out/quarantine"
  mv -- "$work/rejected/quarantine.jsonl" "$work/out/quarantine/rejected.jsonl"
fi
"#;

fn readme(plan: &Plan, info: &DesignInfo, keeps_lines: bool) -> String {
    let lines = match keeps_lines {
        true => {
            "Lines of the sources that do not fit go to `quarantine/quarantine.jsonl`, rows that a rule rejects to `quarantine/rejected.jsonl`."
        }
        false => {
            "Lines of the sources that do not fit, and rows that a rule rejects, are counted and not kept: they may hold what is secret."
        }
    };
    README
        .replace("@LINES@", lines)
        .replace("@PARAMETERS@", &parameter_lines(&staging::used_parameters(plan)))
        .replace("@NAME@", &markdown_text(&info.name))
}

const README: &str = r#"# @NAME@: pipeline for PostgreSQL

`./run.sh OUT` reads the sources with the Pipewright runner (formats, dirty lines and quarantine are its part), copies their rows to PostgreSQL, runs `pipeline.sql` there in one transaction, and puts the results into the folder OUT, all or none; what Pipewright did not write there is not replaced. `./verify.sh` does so on the pinned sample in `receipt/` and compares the results with those of Pipewright's own engine.

Needs: `pipewright` on the PATH (or its path in `PIPEWRIGHT`); `psql` 15 or later (or its path in `PSQL`); a PostgreSQL 15 or later with ICU, as packages have it, and a database in UTF8 in which the user may create a schema.

```sh
PGHOST=db.example PGDATABASE=warehouse PGUSER=pipewright ./run.sh results
PGSERVICE=warehouse ./run.sh results --keep
```

The server is the one that libpq's own variables lead to; a password stands in `~/.pgpass`, a service file or `PGPASSWORD`, never on a command line.

`--keep` leaves each load's rows as a table in a schema that is named after the project. Each run with `--keep` replaces that schema whole, in the same transaction; a schema of that name that Pipewright did not make is refused, and so is one that others have put something into or built views on. Without `--keep` nothing stays in the database.

## Parameters

@PARAMETERS@
## What is carried how

Every step is a view (or, where several read it, a table) under the step's title; what the functions of the language need is defined at the top of `pipeline.sql`. @LINES@ How rows of joins found partners is told, and stands in the file that `PIPEWRIGHT_REPORT` names, as in the report of Pipewright's own run. Values that steps make null, round or cut are not counted: a run of the project, or of the target `pipeline`, tells them. A NUL in a text of a source is U+FFFD, and told: PostgreSQL keeps none.
"#;
