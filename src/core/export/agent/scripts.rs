//! The files around an agent's configuration: run.sh, README, and what feeds agents that take rows from growing files.
//! Nothing of the design is part of run.sh.

use super::Files;
use crate::export::run_script::{RunParts, run_script};
use crate::export::{Bundle, DesignInfo, staging};
use crate::ir::{NodeId, Plan};

/// `handed`: what the agent hands over; `keeps_lines`: lines of the sources that do not fit may be written down.
pub fn write(
    bundle: &mut Bundle,
    title: &str,
    plan: &Plan,
    info: &DesignInfo,
    files: Files,
    handed: &[NodeId],
    keeps_lines: bool,
) {
    let quarantine = if keeps_lines { r#" --quarantine "$work/out/quarantine""# } else { "" };
    let stage = staging::STAGE.replace("@QUARANTINE@", quarantine);
    let names: Vec<String> = handed.iter().map(|id| format!("n{}", id.0)).chain(["dropped".to_owned()]).collect();
    let compute = COMPUTE
        .replace("@ONCE@\n", files.once)
        .replace("@WAIT@\n", WAIT)
        .replace("@ENGINE@", title)
        .replace("@NAMES@", &names.join(" "))
        .replace("@SOURCES@\n", staging::SOURCES);
    let (name, configuration) = files.configuration;
    let own: Vec<&str> =
        [name].into_iter().chain(files.programs.keys().map(String::as_str)).chain(["rest.json"]).collect();
    let parts = RunParts { engine: title, options: "", files: &own.join(" "), stage: &stage, compute: &compute };
    bundle.script("run.sh", run_script(&parts));
    bundle.text("README.md", staging::readme(files.readme, plan, info, keeps_lines));
    bundle.text(name, configuration);
    files.texts.into_iter().for_each(|(name, text)| bundle.text(&name, text));
    files.programs.into_iter().for_each(|(name, text)| bundle.script(&name, text));
}

/// `feed.sh` of agents that take the rows of these sources from files in `feed`.
pub fn feed(sources: impl Iterator<Item = NodeId>) -> String {
    let names: Vec<String> = sources.map(|id| format!("n{}", id.0)).collect();
    FEED.replace("@NAMES@", &names.join(" "))
}

/// An agent runs on: it is told to end when it has written what stands behind the last row of each source.
const WAIT: &str = r#"  agent=$!
  stop_agent() {
    kill "$agent" 2>/dev/null || true
    wait "$agent" 2>/dev/null || true
  }
  trap 'stop_agent; clean' EXIT
  while ! (cd -- "$work" && sh feed.sh ended); do
    if ! kill -0 "$agent" 2>/dev/null; then
      cat -- "$work/said" >&2
      echo "error: @ENGINE@ ended before its rows did; no result was written" >&2
      exit 1
    fi
    sleep 0.1
  done
  stop_agent
  trap clean EXIT
"#;

const FEED: &str = r#"#!/bin/sh
# What feeds the agent, in the folder of the agent's configuration. Without a word it reads what is new in the sources since it was
# called last (`feed.sh`, again and again), and the agent takes it from the folder `feed`. run.sh calls it otherwise:
# `feed.sh stage` takes the rows that lie in `stage`, each source with a line behind them, and `feed.sh ended` tells
# whether the agent has come to all of these.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd -P)
case ${1-} in
  stage)
    mkdir feed
    for name in @NAMES@; do
      mv -- "stage/$name.jsonl" "feed/$name.jsonl"
      echo '{"end":1}' >>"feed/$name.jsonl"
    done
    ;;
  ended)
    for name in @NAMES@; do
      [ -s "ended/$name" ] || exit 1
    done
    ;;
  "")
    mkdir -p -- "$here/new" "$here/feed"
    "${PIPEWRIGHT:-pipewright}" run "$here/stage.json" --incremental --out "$here/new"
    for name in @NAMES@; do
      # The agent knows a file by what it is, so it is added to.
      size=0
      [ ! -f "$here/feed/$name.size" ] || size=$(cat -- "$here/feed/$name.size")
      [ -f "$here/new/$name.jsonl" ] || continue
      tail -c "+$((size + 1))" -- "$here/new/$name.jsonl" >>"$here/feed/$name.jsonl"
      wc -c <"$here/new/$name.jsonl" >"$here/feed/$name.size"
    done
    ;;
  *)
    echo "error: feed.sh takes no $1" >&2
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
@ONCE@
fi
if [ -s "$work/handover/dropped.jsonl" ]; then
  echo "error: @ENGINE@ could not work out some rows (dropped.jsonl); no result was written" >&2
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
