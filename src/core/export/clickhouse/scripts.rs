//! The files around the SQL: run.sh, run.py and README. Nothing of the design stands in a script.

use crate::export::handover::FINISH;
use crate::export::run_script::{RunParts, run_script};
use crate::export::{Bundle, DesignInfo, staging};
use crate::ir::Plan;

const RUN_PY: &str = include_str!("run.py");

/// `keeps_lines`: lines of the sources that do not fit may be written down. `is_staged`: there are sources or parameters.
pub fn write(bundle: &mut Bundle, plan: &Plan, info: &DesignInfo, keeps_lines: bool, is_staged: bool) {
    let quarantine = if keeps_lines { r#" --quarantine "$work/out/quarantine""# } else { "" };
    let stage = if is_staged { staging::STAGE.replace("@QUARANTINE@", quarantine) } else { String::new() };
    let finish = FINISH.replace("@SOURCES@\n", if is_staged { staging::SOURCES } else { "" });
    let compute = format!("{COMPUTE}{finish}");
    let files = "pipeline.sql run.py report.py job.json results.json rejected.json";
    let parts = RunParts { engine: "ClickHouse", options: OPTIONS, files, stage: &stage, compute: &compute };
    bundle.script("run.sh", run_script(&parts));
    bundle.text("run.py", RUN_PY);
    bundle.text("README.md", staging::readme(README, plan, info, keeps_lines));
}

const OPTIONS: &str = r#"# It is run from another folder.
case ${CLICKHOUSE:-} in
  /*) ;;
  */*) CLICKHOUSE=$(CDPATH= cd -- "${CLICKHOUSE%/*}" && pwd)/${CLICKHOUSE##*/} ;;
esac
"#;

const COMPUTE: &str = r#"compute() {
  cd -- "$work"
  if [ -n "${CLICKHOUSE:-}" ]; then
    "$CLICKHOUSE" local --path "$work/stage/clickhouse" --queries-file "$here/pipeline.sql"
  else
    "${PYTHON:-python3}" "$here/run.py" "$here/pipeline.sql"
  fi
}
if ! (compute >&2); then
  echo "error: ClickHouse stopped; no result was written" >&2
  exit 1
fi
"#;

const README: &str = r#"# @NAME@: pipeline for ClickHouse

`./run.sh OUT` stages the sources as Parquet with the Pipewright runner (formats, dirty lines and quarantine are its part), runs `pipeline.sql` on ClickHouse, makes the design's files of its rows and puts them into the folder OUT, all or none; what Pipewright did not write there is not replaced. `./verify.sh` does so on the pinned sample in `receipt/` and compares the results with those of Pipewright's own engine.

Needs: `pipewright` on the PATH (or its path in `PIPEWRIGHT`), and Python 3 (or its path in `PYTHON`) with the package `chdb` 4.4 or later, which is ClickHouse without a server. Where `CLICKHOUSE` names the program `clickhouse` (26.9 or later), its `clickhouse local` runs the same script; Python without packages then sums up the run.

```sh
python3 -m venv venv && venv/bin/pip install 'chdb==4.4.*'
PYTHON=venv/bin/python ./verify.sh
PYTHON=venv/bin/python ./run.sh results
CLICKHOUSE=/usr/bin/clickhouse ./run.sh results
```

## Parameters

@PARAMETERS@
## What is carried how

Every step is a view or a table of `pipeline.sql`, named in a comment above it; what the functions of the language need is defined at the top. A list is the one element of a tuple there, since ClickHouse has no array that is null. @LINES@ Rows that a rule rejects go to `quarantine/rejected.jsonl`. How rows of joins found partners is told, and stands in the file that `PIPEWRIGHT_REPORT` names, as in the report of Pipewright's own run. Values that steps make null, round or cut are not counted: a run of the project, or of the target `pipeline`, tells them.

Exit codes: 0 done; 1 the run failed; 2 usage; 3 done, with more in quarantine than may be.
"#;
