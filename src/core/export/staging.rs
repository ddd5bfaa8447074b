//! What bundles for engines have in common: sources that Pipewright stages, parameters, paths of loads, the parts of a
//! `run.sh`. Must not import any target.

use std::collections::BTreeSet;

use super::{DesignInfo, parameter_lines};
use crate::data::Labels;
use crate::diagnostic::Diagnostic;
use crate::expr::{Expr, ExprKind};
use crate::ir::{
    Destination, FileKind, Matches, Node, NodeId, Op, Parameter, Plan, RUN_STARTED_AT, TextPart, WhenExists, Write,
    text_parts,
};
use crate::policy::Site;
use crate::quote::markdown_text;

/// Names of the parameters in a path.
fn names_in(path: &str) -> Vec<&str> {
    let parts = text_parts(path).unwrap_or_default();
    let name = |part| if let TextPart::Parameter { name, .. } = part { Some(name) } else { None };
    parts.into_iter().filter_map(name).collect()
}

fn declared(plan: &Plan, names: &BTreeSet<&str>) -> Vec<Parameter> {
    plan.parameters.iter().filter(|parameter| names.contains(parameter.name.as_str())).cloned().collect()
}

/// Parameters that the paths of the sources name: all that staging needs.
pub fn source_parameters(plan: &Plan) -> Vec<Parameter> {
    let reads = plan.nodes.iter().filter_map(|node| if let Op::Read(read) = &node.op { Some(read) } else { None });
    let texts = reads.flat_map(|read| {
        let of_place = read.location.iter().flat_map(|location| location.texts()).map(|(_, text)| text);
        of_place.chain([read.path.as_str()])
    });
    declared(plan, &texts.flat_map(names_in).collect())
}

/// Parameters that the script or the paths of loads name. Secrets are never among them: no engine carries a function
/// that takes one.
pub fn script_parameters(plan: &Plan) -> Vec<Parameter> {
    declared(plan, &script_names(plan))
}

/// Parameters that the sources, the script or the paths of loads name.
pub fn used_parameters(plan: &Plan) -> Vec<Parameter> {
    let mut used = source_parameters(plan);
    for parameter in script_parameters(plan) {
        if !used.contains(&parameter) {
            used.push(parameter);
        }
    }
    used
}

/// Whether the script or the paths of loads name the time when the run began.
pub fn names_started(plan: &Plan) -> bool {
    script_names(plan).contains(RUN_STARTED_AT)
}

fn script_names(plan: &Plan) -> BTreeSet<&str> {
    fn walk<'a>(expr: &'a Expr, found: &mut BTreeSet<&'a str>) {
        if let ExprKind::Parameter(name) = &expr.kind {
            found.insert(name);
        }
        expr.children().into_iter().for_each(|child| walk(child, found));
    }
    let mut found = BTreeSet::new();
    for node in &plan.nodes {
        node.op.expressions().into_iter().for_each(|expr| walk(expr, &mut found));
        if let Op::Write(Write { destination: Destination::File { path, .. }, .. }) = &node.op {
            found.extend(names_in(path));
        }
    }
    found
}

/// Whether rows are taken several times. What a join takes is read again where it is counted how its rows find partners.
pub fn is_taken_often(plan: &Plan, id: NodeId) -> bool {
    let times = |node: &Node| if node.inputs.len() > 1 && Matches::is_join(&node.op) { 2 } else { 1 };
    let takers = plan.nodes.iter().map(|node| node.inputs.iter().filter(|input| **input == id).count() * times(node));
    takers.sum::<usize>() > 1
}

/// Whether a path begins at a root, or goes up.
fn leaves(path: &str) -> bool {
    let is_rooted = path.starts_with(['/', '\\']) || path.as_bytes().get(1) == Some(&b':');
    is_rooted || path.split(['/', '\\']).any(|part| part == "..")
}

/// Paths of loads that would leave the folder of the results, as they are written. What parameters make of a path is
/// checked by run.py.
pub fn check_paths(plan: &Plan) -> Vec<Diagnostic> {
    let faults = plan.nodes.iter().filter_map(|node| {
        let Op::Write(Write { destination: Destination::File { path, .. }, .. }) = &node.op else { return None };
        let fault = match text_parts(path) {
            Err(fault) => fault,
            Ok(_) if leaves(path) => {
                Diagnostic::error("PW0645", format!("the load writes outside of the bundle's results: `{path}`"))
                    .help("give it a path inside of the folder, such as `results/rows.csv`")
            }
            Ok(_) => return None,
        };
        Some(fault.step(&node.origin.step, &node.origin.title).field("path"))
    });
    faults.collect()
}

/// A pipeline of the sources alone: each Read, written as a file of that kind and name.
pub fn stage(plan: &Plan, kind: FileKind, name: &dyn Fn(NodeId) -> String) -> Plan {
    let mut staged = Plan { parameters: source_parameters(plan), ..Plan::default() };
    for (id, node) in plan.iter().filter(|(_, node)| matches!(node.op, Op::Read(_))) {
        let read = NodeId(staged.nodes.len() as u32);
        staged.nodes.push(node.clone());
        // Sources are staged where the run is, which is where their data already lies.
        let in_place = Site::in_place(&Labels::merged(node.schema.fields.iter().map(|field| &field.labels)));
        let destination =
            Destination::File { path: name(id), kind, partition: Vec::new(), when_exists: WhenExists::Replace };
        let write = Node {
            op: Op::Write(Write { destination, order: Vec::new(), site: in_place, watch: None }),
            inputs: vec![read],
            schema: node.schema.clone(),
            origin: node.origin.clone(),
            hash: 0,
        };
        staged.nodes.push(std::sync::Arc::new(write));
        let step = staged.steps.entry(node.origin.step.clone()).or_default();
        step.title = node.origin.title.clone();
        step.kind = "file".to_owned();
        step.nodes.extend([read, NodeId(read.0 + 1)]);
        step.outputs.insert("out".to_owned(), read);
    }
    staged
}

/// A README of a bundle with its common parts. `keeps_lines`: lines of the sources that do not fit may be written down.
pub fn readme(text: &str, plan: &Plan, info: &DesignInfo, keeps_lines: bool) -> String {
    let lines = match keeps_lines {
        true => "Lines of the sources that do not fit go to `quarantine/quarantine.jsonl`.",
        false => "Lines of the sources that do not fit are counted and not kept: they may hold what is secret.",
    };
    text.replace("@LINES@", lines)
        .replace("@PARAMETERS@", &parameter_lines(&used_parameters(plan)))
        .replace("@NAME@", &markdown_text(&info.name))
}

/// A script with its common parts: a line `@NAME@` gives its place to one.
pub fn script(text: &str) -> String {
    let parts = [
        ("@OUT@\n", super::TAKE_OUT),
        ("@PLACE@\n", PLACE),
        ("@HIDDEN@\n", HIDDEN),
        ("@WORK@\n", WORK),
        ("@LIST@\n", LIST),
        ("@PUT@\n", PUT),
    ];
    parts.iter().fold(text.to_owned(), |text, (mark, part)| text.replace(mark, part))
}

/// Where results go: not into the bundle.
const PLACE: &str = r#"mkdir -p -- "$out"
out=$(CDPATH= cd -- "$out" && pwd -P)
place=$out
case $place/ in
  "$here/" | "$here/receipt/"*) place=$here ;;
esac
if [ "$place" -ef "$here" ]; then
  echo "error: results do not go into the bundle itself: run.sh $here/results" >&2
  exit 2
fi
"#;

/// Who may write to what is not seen.
const HIDDEN: &str = r#"# Hidden places, where programs look for their settings, and files of the current folder are written to where the design
# is trusted.
own=
case " $* " in
  *" --trust "*) export PIPEWRIGHT_HIDDEN=1 ;;
  *) [ "$out" != "$(pwd -P)" ] || own=--only-own ;;
esac
"#;

/// The folder of the run.
const WORK: &str = r#"# What runs that were killed have left: nobody holds their lock any more.
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
"#;

/// Reading the sources.
pub const STAGE: &str = r#""${PIPEWRIGHT:-pipewright}" run "${PIPEWRIGHT_STAGE:-$here/stage.json}" --out "$work/stage" \
  --report "$work/staged.json"@QUARANTINE@ ${report:+"--not-over=$report"} \
  ${PIPEWRIGHT_MAX_QUARANTINED:+"--max-quarantined=$PIPEWRIGHT_MAX_QUARANTINED"} "$@" || code=$?
# 3: done, but most of a source is in quarantine; the results are there all the same.
[ "$code" -eq 0 ] || [ "$code" -eq 3 ] || exit "$code"
"#;

/// A source is never replaced by what is made of it, nor is the folder that it lies in.
pub const SOURCES: &str = r#"places() {
  find . -type f ! -name '@MARKER@'
  find . -path './*/*' ! -path './quarantine/*' -name '@MARKER@' | sed 's|/[^/]*$||'
}
check_sources() (
  files=$(cd -- "$work/out" && places | sed 's|^\./||')
  set -f
  IFS='
'
  for file in $files; do
    set -- "$@" "--not-over=$out/$file"
  done
  exec "${PIPEWRIGHT:-pipewright}" run "${PIPEWRIGHT_STAGE:-$here/stage.json}" --dry-run --out "$work/none" "$@"
)
if ! check_sources "$@" >/dev/null 2>"$work/said"; then
  cat -- "$work/said" >&2
  exit 1
fi
"#;

/// Files of the quarantine that this run has not written are those of an earlier run.
pub const EARLIER: &str = r#"for folder in "$out/quarantine" "$out/quarantine"/*; do
  [ ! -L "$folder" ] && [ -f "$folder/@MARKER@" ] || continue
  for name in quarantine.jsonl rejected.jsonl; do
    # Those of an earlier run go.
    if grep -q "\"$name\"" "$folder/@MARKER@"; then
      mkdir -p -- "$work/out${folder#"$out"}"
      : >>"$work/out${folder#"$out"}/$name"
    fi
  done
done
"#;

/// What replaces nothing, for a script that puts the results of several bundles in place.
const LIST: &str = r#"if [ -n "${PIPEWRIGHT_NEW:-}" ] && [ -f "$work/new" ]; then
  cat -- "$work/new" >>"$PIPEWRIGHT_NEW"
fi
"#;

/// What is in the folder of the run is put in place.
const PUT: &str = r#"set --
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

#[cfg(test)]
mod tests {
    use super::leaves;

    #[test]
    fn paths_that_leave_the_results_are_seen() {
        for path in ["../x", "/x", "\\x", "a/../../x", "a\\..\\x", "..", "C:\\x", "C:/x"] {
            assert!(leaves(path), "{path}");
        }
        for path in ["x", "a/b.csv", "a..b/x", "...", "${p}/x"] {
            assert!(!leaves(path), "{path}");
        }
    }
}
