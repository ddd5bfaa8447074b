//! The files around the script: run.sh and README. Nothing of the design is part of run.sh.

use crate::export::handover::FINISH;
use crate::export::run_script::{RunParts, run_script};
use crate::export::{Bundle, DesignInfo, staging};
use crate::ir::Plan;

/// `keeps_lines`: lines of the sources that do not fit may be written down. `is_staged`: there are sources or parameters.
pub fn write(bundle: &mut Bundle, plan: &Plan, info: &DesignInfo, keeps_lines: bool, is_staged: bool) {
    let quarantine = if keeps_lines { r#" --quarantine "$work/out/quarantine""# } else { "" };
    let stage = if is_staged { staging::STAGE.replace("@QUARANTINE@", quarantine) } else { String::new() };
    let finish = FINISH.replace("@SOURCES@\n", if is_staged { staging::SOURCES } else { "" });
    let compute = format!("{COMPUTE}{finish}");
    let files = "pipeline.py report.py job.json results.json rejected.json";
    let parts = RunParts { engine: "Polars", options: "", files, stage: &stage, compute: &compute };
    bundle.script("run.sh", run_script(&parts));
    bundle.text("README.md", staging::readme(README, plan, info, keeps_lines));
}

const COMPUTE: &str = r#"(cd -- "$work" && "${PYTHON:-python3}" "$here/pipeline.py" >&2) || exit 1
"#;

const README: &str = r#"# @NAME@: pipeline for Polars

`./run.sh OUT` stages the sources as Parquet with the Pipewright runner (formats, dirty lines and quarantine are its part), runs `pipeline.py` on Polars, makes the design's files of its rows and puts them into the folder OUT, all or none; what Pipewright did not write there is not replaced. `./verify.sh` does so on the pinned sample in `receipt/` and compares the results with those of Pipewright's own engine.

Needs: `pipewright` on the PATH (or its path in `PIPEWRIGHT`), and Python 3.10 or later (or its path in `PYTHON`) with the package `polars` 2.

```sh
python3 -m venv venv && venv/bin/pip install 'polars==2.1.*'
PYTHON=venv/bin/python ./verify.sh
PYTHON=venv/bin/python ./run.sh results
```

## Parameters

@PARAMETERS@
## What is carried how

`pipeline.py` has a lazy frame for every step, under its title. Above them stand functions that begin with `pw_`: what the language of the design means where Polars means something else, as null in place of an integer that is out of range. Functions of texts and times, and windows along an order, are computed row by row in Python: slower than Polars itself. @LINES@ Rows that a rule rejects go to `quarantine/rejected.jsonl`. How rows of joins found partners is told, and stands in the file that `PIPEWRIGHT_REPORT` names, as in the report of Pipewright's own run. Values that steps make null, round or cut are not counted: a run of the project, or of the target `pipeline`, tells them.

Exit codes: 0 done; 1 the run failed; 2 usage; 3 done, with more in quarantine than may be.
"#;
