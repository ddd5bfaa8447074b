//! The bundle of a design that is split: one bundle a part by its place's target, and what ties them: `run.sh`, which runs
//! them in order, a README, and the list of what goes over. Nothing of the design but names of letters and digits stands
//! in the script.

use serde_json::{Value as Json, json};

use super::faults::not_tied;
use super::parts::{HANDED, Part, Parts};
use super::ways::ways;
use crate::export::{Bundle, DesignInfo, Target, parameter_lines, staging, target};
use crate::files::MARKER;
use crate::ir::{Node, Op, Plan};
use crate::model::StepPlace;
use crate::project::{Design, canonical_json};
use crate::quote::markdown_text;

/// What `verify.sh` of the whole runs.
pub const VERIFY_COMMAND: &str = "PIPEWRIGHT_RECEIPT=yes \"$here/run.sh\" \"$out\" --trust || [ $? -eq 3 ]";

/// The target and the place of a part.
fn of<'a>(part: &Part, design: &'a Design) -> Option<(&'static dyn Target, &'a StepPlace)> {
    let place = design.places.get(&part.place)?;
    Some((target(&place.target)?, place))
}

/// The whole bundle: files of each part in its folder. `plan`: the one that was split.
pub fn bundle(plan: &Plan, parts: &Parts, info: &DesignInfo) -> Bundle {
    let mut whole = Bundle { diagnostics: not_tied(plan), ..Bundle::default() };
    for part in &parts.parts {
        let Some((target, place)) = of(part, &info.design) else { continue };
        let own = DesignInfo { name: format!("{} {}", info.name, place.title), ..info.clone() };
        let bundle = target.export(&part.plan, &own);
        whole.diagnostics.extend(bundle.diagnostics);
        let inside = |(name, file)| (format!("{}/{name}", part.name), file);
        whole.files.extend(bundle.files.into_iter().map(inside));
        whole.script(&format!("{}/verify.sh", part.name), VERIFY_PART);
    }
    if whole.has_errors() {
        return whole;
    }
    whole.text("handovers.json", list(plan, parts, &info.design));
    whole.script("run.sh", run_script(parts, &info.design));
    whole.text("README.md", readme(plan, parts, info));
    whole
}

/// What is run where, what goes over, and where rows may be turned away, for the scripts and for who reads them.
fn list(plan: &Plan, parts: &Parts, design: &Design) -> String {
    let part = |part: &Part| {
        let (target, place) = of(part, design).unzip();
        json!({
            "name": part.name, "place": place.map(|place| &place.title), "target": target.map(|target| target.name()),
            "takes": part.takes, "gives": part.gives,
        })
    };
    let all: Vec<Json> = parts.parts.iter().map(part).collect();
    canonical_json(&json!({ "parts": all, "handovers": parts.handovers, "ways": ways(plan) }))
}

/// `run.sh` of the whole.
fn run_script(parts: &Parts, design: &Design) -> String {
    let functions = parts.parts.iter().enumerate().filter_map(|(number, part)| {
        let (target, _) = of(part, design)?;
        Some(
            PART.replace("@NUMBER@", &number.to_string())
                .replace("@NAME@", &part.name)
                .replace("@VERIFY@", target.verify_command()),
        )
    });
    let functions: String = functions.collect();
    let calls = parts.parts.iter().enumerate().map(|(number, part)| {
        let took = part.takes.iter().map(|name| format!("arrived {name} {}\n", part.name));
        let gave = part.gives.iter().map(|name| format!("handed_over {name}\n"));
        let after: String = took.chain(gave).collect();
        format!("run_part {number} {} \"$@\"\n{after}", part.name)
    });
    let calls: String = calls.collect();
    let folders: Vec<&str> = parts.parts.iter().map(|part| part.name.as_str()).collect();
    staging::script(RUN)
        .replace("@VARIABLE@", &parts.variable)
        .replace("@FOLDERS@", &folders.join(" "))
        .replace("@PARTS@\n", &functions)
        .replace("@CALLS@\n", &calls)
        .replace("@EARLIER@\n", staging::EARLIER)
        .replace(
            "@TABLES@",
            if loads_tables(parts) { "; tables that parts have loaded stay as they are now" } else { "" },
        )
        .replace("@MARKER@", MARKER)
        .replace("@HANDED@", HANDED)
}

/// Whether rows go where a part puts them by itself.
fn loads_tables(parts: &Parts) -> bool {
    let is_table = |node: &Node| matches!(&node.op, Op::Write(write) if write.destination.shown_place().is_some());
    parts.parts.iter().any(|part| part.plan.nodes.iter().any(|node| is_table(node)))
}

/// What is run where, with the parameters that the parts take.
fn readme(plan: &Plan, parts: &Parts, info: &DesignInfo) -> String {
    let line = |(number, part): (usize, &Part)| {
        let Some((target, place)) = of(part, &info.design) else { return String::new() };
        let told = |what: &str, names: &[String]| match names {
            [] => String::new(),
            names => {
                format!("; {what} {}", names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "))
            }
        };
        format!(
            "{}. `{}`: {}, {}{}{}\n",
            number + 1,
            part.name,
            markdown_text(&place.title),
            target.title(),
            told("takes", &part.takes),
            told("hands over", &part.gives)
        )
    };
    let order: String = parts.parts.iter().enumerate().map(line).collect();
    README
        .replace("@ORDER@", &order)
        .replace("@VARIABLE@", &parts.variable)
        .replace("@PARAMETERS@", &parameter_lines(&staging::used_parameters(plan)))
        .replace("@NAME@", &markdown_text(&info.name))
}

/// Parts have rows of one another only within the whole.
const VERIFY_PART: &str = r#"#!/bin/sh
# A part is verified with the others, whose rows it takes.
exec "$(dirname -- "$0")/../verify.sh" "$@"
"#;

const RUN: &str = r#"#!/bin/sh
# Runs the parts of the design one after another, each on the engine of its place: ./run.sh OUT [--trust]. Parameters are
# environment variables (see README.md). Results are put into OUT when all is done, all or none.
@OUT@
for option in "$@"; do
  if [ "$option" != --trust ]; then
    echo "error: run.sh takes no $option: parameters are variables of the environment (README.md)" >&2
    exit 2
  fi
done
@PLACE@
@HIDDEN@
@WORK@
report=
pipewright=${PIPEWRIGHT:-pipewright}
# What is run is one and the same bundle from its first part to its last.
bundle() {
  (cd -- "$here" && find run.sh handovers.json @FOLDERS@ -name receipt -prune -o -type f -exec cksum {} + | LC_ALL=C sort | cksum)
}
known=$(bundle)
code=0
bundle=$here
mkdir "$work/handover" "$work/parts" "$work/reports"
# Parts find here what others hand over.
export @VARIABLE@="$work/handover"
export PIPEWRIGHT_REPORT="$work/report.json"
# And leave here the names of what is to replace nothing.
export PIPEWRIGHT_NEW="$work/new"
@PARTS@
run_part() {
  number=$1 name=$2
  shift 2
  echo "$name" >&2
  found=0
  part_"$number" "$@" || found=$?
  case $found in
    0) ;;
    # Done, but most of a source is in quarantine.
    3) code=3 ;;
    *)
      echo "error: the part $name stopped; no file was put in place@TABLES@" >&2
      exit "$found"
      ;;
  esac
  made=$work/parts/$name
  # Of one that is told where to report the other is a result.
  if [ -f "$made/report.json" ] && [ -f "$work/report.json" ]; then
    taken report.json
  fi
  for found in "$made/report.json" "$work/report.json"; do
    [ ! -f "$found" ] || mv -- "$found" "$work/reports/$name.json"
  done
  if [ -d "$made/@HANDED@" ]; then
    for found in "$made/@HANDED@"/*/; do
      [ ! -d "$found" ] || mv -- "$found" "$work/handover/"
    done
    # What is left is a result.
    rm -f -- "$made/@HANDED@/@MARKER@"
    rmdir -- "$made/@HANDED@" 2>/dev/null || taken "@HANDED@"
  fi
  for found in quarantine.jsonl rejected.jsonl; do
    [ -f "$made/quarantine/$found" ] || continue
    mkdir -p -- "$work/quarantine/$name"
    mv -- "$made/quarantine/$found" "$work/quarantine/$name/"
  done
  if [ -d "$made/quarantine" ]; then
    rm -f -- "$made/quarantine/@MARKER@"
    rmdir -- "$made/quarantine" 2>/dev/null || taken quarantine
  fi
  [ ! -e "$made/reports" ] || taken reports
  cp -R -- "$made/." "$work/out/"
}
# The whole puts something of its own there.
taken() {
  echo "error: a load of the part $name writes to $1, where the whole bundle puts what is its own; nothing was put in place" >&2
  exit 1
}
# Counts what is handed over, where it is made.
handed_over() {
  "$pipewright" handover "$bundle/handovers.json" "$1" "$work/handover"
}
# Holds what a part has read against it, where it is taken.
arrived() {
  "$pipewright" handover "$bundle/handovers.json" "$1" "$work/handover" --report "$work/reports/$2.json"
}
@CALLS@
if [ -z "${PIPEWRIGHT_RECEIPT:-}" ]; then
  mkdir -p -- "$work/out/reports"
  cp -- "$work/reports"/*.json "$work/out/reports/"
  # All parts together may turn away more than may be, though none of them does.
  found=0
  "$pipewright" handover "$bundle/handovers.json" --whole "$work/reports" \
    ${PIPEWRIGHT_MAX_QUARANTINED:+"--max-quarantined=$PIPEWRIGHT_MAX_QUARANTINED"} || found=$?
  case $found in
    0) ;;
    3) code=3 ;;
    *) exit "$found" ;;
  esac
  [ ! -d "$work/quarantine" ] || mv -- "$work/quarantine" "$work/out/quarantine"
@EARLIER@
  # Reports of parts that the design has no more go.
  own="$own --renew=reports"
fi
@PUT@
"#;

/// One part, in the whole's folder of work; `here` and `out` are its own.
const PART: &str = r#"part_@NUMBER@() (
  here=$bundle/@NAME@ out=$work/parts/@NAME@
  mkdir -- "$out"
  if [ -z "${PIPEWRIGHT_RECEIPT:-}" ]; then
    "$here/run.sh" "$out" "$@"
    exit
  fi
  @VERIFY@
)
"#;

const README: &str = r#"# @NAME@: split by place

Each part is a bundle of its own, for the engine of its place:

@ORDER@
`./run.sh OUT` runs them in this order and puts the results of all into the folder OUT when the last is done, all or none, with the report of each in `reports/`, and what each turned away in `quarantine/PART`. What one part hands over is counted where it is made, and held against what the next has read: rows that do not arrive stop the run. `handovers.json` lists what goes over, with its columns and types. `./verify.sh` runs all parts on the pinned sample in their `receipt/` and compares the results with those of the whole design, as Pipewright's own engine makes them (`receipt/expected`).

Needs: `pipewright` on the PATH (or its path in `PIPEWRIGHT`), and what each part's README says.

A part that runs elsewhere is run by its own `run.sh OUT`: it hands over what lies in `OUT/pipewright_handover`, and takes it from the folder that the variable `@VARIABLE@` names.

## Parameters

Variables of the environment, for all parts alike. What lies outside of the sources' folder and is not named by one of them is read with `./run.sh OUT --trust` only.

@PARAMETERS@
"#;
