//! The files around the SQL: job.py, run.sh, README. Nothing of the design is part of their code.

use crate::export::run_script::{RunParts, run_script};
use crate::export::{Bundle, DesignInfo, parameter_lines};
use crate::files::MARKER;
use crate::ir::{Op, Plan};
use crate::quote::markdown_text;

/// `keeps_lines`: lines of the sources that do not fit may be written down.
pub fn write(bundle: &mut Bundle, plan: &Plan, info: &DesignInfo, keeps_lines: bool) {
    let quarantine = if keeps_lines { r#" --quarantine "$out/quarantine""# } else { "" };
    let compute = COMPUTE.replace("@QUARANTINE@", quarantine);
    let parts = RunParts {
        engine: "Spark",
        options: OPTIONS,
        files: "pipeline.sql job.py job.json sources.json results.json rejected.json pipeline.json",
        stage: "",
        compute: &compute,
    };
    bundle.script("run.sh", run_script(&parts));
    bundle.text("job.py", JOB.replace(".pipewright.json", MARKER));
    bundle.text("README.md", readme(plan, info, keeps_lines));
}

const JOB: &str = include_str!("job.py");

const OPTIONS: &str = r#"# What goes to Spark (--master URL, --conf NAME=VALUE, --files FILE), a line each.
submit=
count=$#
while [ "$count" -gt 0 ]; do
  option=$1
  shift
  count=$((count - 1))
  case $option in
    --master | --conf | --files)
      if [ "$count" -eq 0 ]; then
        echo "error: $option needs a value" >&2
        exit 2
      fi
      submit="$submit$option
$1
"
      shift
      count=$((count - 1))
      ;;
    --master=* | --conf=* | --files=*)
      submit="$submit${option%%=*}
${option#*=}
"
      ;;
    *) set -- "$@" "$option" ;;
  esac
done
"#;

const COMPUTE: &str = r#"fail() {
  printf 'error: %s\n  help: %s\n' "$1" "$2" >&2
  exit 1
}
PIPEWRIGHT=$(command -v -- "${PIPEWRIGHT:-pipewright}") || fail "the program pipewright is not found" "put it on the PATH, or name it in PIPEWRIGHT"
case $PIPEWRIGHT in
  /*) ;;
  *) PIPEWRIGHT=$(pwd)/$PIPEWRIGHT ;;
esac
export PIPEWRIGHT
# What is read and written is checked first, and the values of parameters with it.
"$PIPEWRIGHT" run "$here/pipeline.json" ${PIPEWRIGHT_SOURCES:+"--sources=$PIPEWRIGHT_SOURCES"} --out "$out" --dry-run --report -@QUARANTINE@ \
  ${report:+"--not-over=$report"} "$@" >"$work/checked.json" 2>"$work/talk" || code=$?
if [ "$code" -ne 0 ]; then
  cat "$work/talk" >&2
  exit "$code"
fi
grep -e '^warning' -e '^hint' -e '^  help' "$work/talk" >&2 || true
python=${PYTHON:-${PYSPARK_PYTHON:-python3}}
if [ -z "${SPARK_HOME:-}" ]; then
  SPARK_HOME=$(cd -- "$work" && "$python" -c 'import os, pyspark; print(os.path.dirname(os.path.realpath(pyspark.__file__)))' 2>/dev/null) \
    || fail "the Python $python has no package pyspark" "install pyspark 4 and pyarrow, name another Python in PYTHON, or set SPARK_HOME"
  export SPARK_HOME
fi
"${JAVA_HOME:+$JAVA_HOME/bin/}java" -version >/dev/null 2>&1 || fail "Java is not found, which Spark runs on" "install a Java runtime 17 or later, or set JAVA_HOME"
PYSPARK_PYTHON=${PYSPARK_PYTHON:-$python}
PYSPARK_DRIVER_PYTHON=$python
export PYSPARK_PYTHON PYSPARK_DRIVER_PYTHON
submit() {
  set -- --master "${SPARK_MASTER_URL:-local[*]}" --conf spark.log.level=ERROR
  while IFS= read -r part; do
    [ -z "$part" ] || set -- "$@" "$part"
  done <<END
$submit
END
  # What the job says comes from standard output; Spark's own log is for those who look for a fault.
  "$SPARK_HOME/bin/spark-submit" "$@" "$here/job.py" "$work" "$out" >&2 2>"$work/spark.log"
}
(cd -- "$work" && submit) || code=$?
if [ "$code" -ne 0 ] && [ "$code" -ne 3 ]; then
  if grep -q -e 'Master must either be' -e 'Could not parse Master URL' "$work/spark.log"; then
    fail "that is no master of Spark" "name one such as local[*] or spark://HOST:7077 in SPARK_MASTER_URL or --master"
  fi
  [ -s "${PIPEWRIGHT_FAULT:-}" ] || tail -n 20 "$work/spark.log" >&2
  exit "$code"
fi
# The rows that Spark has written become the design's files.
finish() {
  cp -- "$here/$1" "$work/$1" || return 1
  shift
  "$PIPEWRIGHT" run "$@" >&3 2>"$work/talk" || {
    cat "$work/talk" >&2
    return 1
  }
}
exec 3>&1
finish results.json "$work/results.json" --out "$work/out" --max-quarantined 1 "$@" || exit 1
if [ -f "$here/rejected.json" ]; then
  finish rejected.json "$work/rejected.json" --out "$work/rows/none" --quarantine "$work/rows/rejected.jsonl" --max-quarantined 1 "$@" || exit 1
  [ ! -s "$work/rows/rejected.jsonl" ] || mv -- "$work/rows/rejected.jsonl" "$work/out/quarantine/rejected.jsonl"
fi
"#;

fn readme(plan: &Plan, info: &DesignInfo, keeps_lines: bool) -> String {
    let lines = match keeps_lines {
        true => {
            "Lines of the sources that do not fit go to `quarantine/quarantine.jsonl`; of a file that is read in parts, with the byte at which they begin in place of the number of the line."
        }
        false => "Lines of the sources that do not fit are counted and not kept: they may hold what is secret.",
    };
    let sources = plan.nodes.iter().filter(|node| matches!(node.op, Op::Read(_))).count();
    format!(
        "# {}: job for Apache Spark\n\n`./run.sh OUT` runs the design on Spark and puts the results into the folder OUT, all or none; what Pipewright did not write there \
         is not replaced. `./verify.sh` does so on the pinned sample in `receipt/` and compares the results with those of Pipewright's own engine.\n\n\
         Needs: `pipewright` on the PATH (or its path in `PIPEWRIGHT`), a Java runtime 17 or later, and Python 3 (or its path in `PYTHON`) with the packages \
         `pyspark` 4 and `pyarrow`; `SPARK_HOME` may name another Spark 4.\n\n\
         ```sh\n./run.sh results                                          # on this machine, all cores\n\
         SPARK_MASTER_URL=spark://HOST:7077 ./run.sh /shared/results   # on a cluster\n\
         ./run.sh results --conf spark.driver.memory=4g --conf spark.executor.memory=4g\n\
         ./run.sh /shared/results --files \"$(command -v pipewright)\"    # ships the reader to the workers\n```\n\n\
         On a cluster the sources and OUT lie on a disk that the driver and all workers see under the same path, and `pipewright` is there where the tasks run: on the \
         PATH, named by `PIPEWRIGHT` there, or shipped with `--files`. Workers run the Python that `PYSPARK_PYTHON` names.\n\n\
         ## Parameters\n\n{}\n## What is carried how\n\nThe {sources} sources (`sources.json`) are read where the tasks are: each task runs `pipewright read` on its part of a file, \
         128 MB (`PIPEWRIGHT_PART_BYTES`); files that are packed, CSV and JSON documents are one part. Parquet is read by Spark itself. Every other step is a view of \
         `pipeline.sql`, named in a comment above it. Spark writes the rows of results as Parquet, of which Pipewright makes the files that the design names (`results.json`). {lines} \
         Rows that a rule rejects go to `quarantine/rejected.jsonl`. The file that `PIPEWRIGHT_REPORT` names tells what was read, the rows of each step and what was turned away. \
         How rows of joins find partners, and values that steps make null, round or cut, are not counted: a run of the target `pipeline` tells them.\n\n\
         ## Exit codes\n\n0 done; 1 the run failed; 2 usage; 3 done, with more rows in quarantine than allowed; 78 the configuration is invalid.\n",
        markdown_text(&info.name),
        parameter_lines(&plan.parameters)
    )
}
