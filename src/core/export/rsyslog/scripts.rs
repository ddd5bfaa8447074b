//! How rsyslog is started, and its README.

pub const ONCE: &str = r#"  if ! command -v "${RSYSLOGD:-rsyslogd}" >/dev/null 2>&1; then
    echo "error: there is no rsyslogd: install rsyslog, or name its program in RSYSLOGD" >&2
    exit 1
  fi
  cp -- "$here/rsyslog.conf" "$here/feed.sh" "$work/"
  mkdir "$work/ended"
  if ! (cd -- "$work" && sh feed.sh stage && "${RSYSLOGD:-rsyslogd}" -N1 -C -f rsyslog.conf) >"$work/said" 2>&1; then
    cat -- "$work/said" >&2
    exit 1
  fi
  (cd -- "$work" && exec "${RSYSLOGD:-rsyslogd}" -n -C -f rsyslog.conf -i rsyslogd.pid >"$work/said" 2>&1) &
@WAIT@
"#;

pub const README: &str = r#"# @NAME@: rsyslog, and what stays behind

rsyslog takes the steps that look at one row at a time, as far down from the sources as they come (`rsyslog.conf`); Pipewright's own runner does the rest (`rest.json`) on the rows that rsyslog hands over.

`./run.sh OUT` does all of it once: the sources are read with the Pipewright runner (formats, dirty lines and quarantine are its part), rsyslog makes its steps of their rows, the rest is run on what comes out, and the results are put into the folder OUT, all or none; what Pipewright did not write there is not replaced. `./verify.sh` does so on the pinned sample in `receipt/` and compares the results with those of Pipewright's own engine.

Needs: `pipewright` on the PATH (or its path in `PIPEWRIGHT`), and `rsyslogd` of rsyslog 8.2302 or later with `imfile` and `mmjsonparse` (or its path in `RSYSLOGD`). No other rsyslog of the machine is touched.

## As an agent

`rsyslogd -n -C -f rsyslog.conf -i rsyslogd.pid` in this folder: rsyslog takes rows from the files in `feed/` as they grow, and writes rows into `handover/`, a file a handover, which must be there. `./feed.sh` reads with Pipewright what is new in the sources, and adds it there: call it again and again. `PIPEWRIGHT_HANDOVER=$PWD/handover ./run.sh OUT` runs the rest on what has been handed over until then.

## Parameters

@PARAMETERS@
## What is carried how

Columns have numbers for names on the way (`c0`, `c1`, …), a time is its microseconds since 1970, a Boolean 0 or 1. In the agent no row is turned away: checks that reject rows stay behind, as do steps that look at several rows or take several inputs, loads, and what rsyslog would compute otherwise; the designer tells which and why before the export. @LINES@ A row with a NUL in a text, or of more than 8 MB, ends the run. Values that steps of the agent make null are not counted: a run of the project, or of the target `pipeline`, tells them.

Exit codes: 0 done; 1 the run failed; 2 usage; 3 done, with more in quarantine than may be.
"#;
