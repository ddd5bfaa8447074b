//! How the Collector is started, and its README.

/// The Collector runs on: it is told to end when it has written what stands behind the last row of each source.
pub const ONCE: &str = r#"  if ! command -v "${OTELCOL:-otelcol-contrib}" >/dev/null 2>&1; then
    echo "error: there is no OpenTelemetry Collector: install its distribution contrib, or name its program in OTELCOL" >&2
    exit 1
  fi
  cp -- "$here/otelcol.yaml" "$here/feed.sh" "$work/"
  (cd -- "$work" && sh feed.sh stage) || exit 1
  (cd -- "$work" && exec "${OTELCOL:-otelcol-contrib}" --config otelcol.yaml >"$work/said" 2>&1) &
  agent=$!
@WAIT@
"#;

pub const README: &str = r#"# @NAME@: OpenTelemetry Collector, and what stays behind

The Collector takes the steps that look at one row at a time, as far down from the sources as they come (`otelcol.yaml`); Pipewright's own runner does the rest (`rest.json`) on the rows that the Collector hands over.

**Not run here**: the configuration is read, and each of its statements is parsed, by Pipewright's tests; no Collector has run it. `./verify.sh` shows on the pinned sample whether yours gives the same rows.

`./run.sh OUT` does all of it once: the sources are read with the Pipewright runner (formats, dirty lines and quarantine are its part), the Collector makes its steps of their rows, the rest is run on what comes out, and the results are put into the folder OUT, all or none; what Pipewright did not write there is not replaced.

Needs: `pipewright` on the PATH (or its path in `PIPEWRIGHT`), and the Collector's distribution `contrib`, 0.120 or later, as `otelcol-contrib` (or its path in `OTELCOL`).

## As an agent

`otelcol-contrib --config otelcol.yaml` in this folder: the Collector takes rows from the files in `feed/` as they grow, and writes rows into `handover/`, a file a handover, which must be there. `./feed.sh` reads with Pipewright what is new in the sources, and adds it there: call it again and again. `PIPEWRIGHT_HANDOVER=$PWD/handover ./run.sh OUT` runs the rest on what has been handed over until then.

## Parameters

@PARAMETERS@
## What is carried how

Columns have numbers for names on the way (`c0`, `c1`, …), a time is its microseconds since 1970, a Boolean 0 or 1. In the agent no row is turned away: checks that reject rows stay behind, as do steps that look at several rows or take several inputs, loads, and what OTTL would compute otherwise; the designer tells which and why before the export. @LINES@ Values that steps of the agent make null are not counted: a run of the project, or of the target `pipeline`, tells them.

Exit codes: 0 done; 1 the run failed; 2 usage; 3 done, with more in quarantine than may be.
"#;
