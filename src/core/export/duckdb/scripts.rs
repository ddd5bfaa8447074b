//! The files around the SQL: run.sh, run.py, README. Nothing of the design is part of their code: names and paths stand
//! in the tables of run.py, as strings.

use super::super::handover::parameters_schema;
use super::super::run_script::{RunParts, run_script};
use super::super::staging;
use super::super::{Bundle, DesignInfo, parameter_lines};
use super::loads::{copied_file, copy_format, ending, folder_column, load_table, matches_table, rejected_file};
use crate::data::Field;
use crate::files::MARKER;
use crate::ir::{
    Destination, MAX_QUARANTINED, Matches, Op, Otherwise, Plan, SideMatches, TextPart, WhenExists, Write, text_parts,
};
use crate::quote::{markdown_text, python_text};

/// What a bundle has.
#[derive(Debug, Clone, Copy)]
pub struct Parts {
    /// Lines of the sources that do not fit may be written down.
    pub keeps_lines: bool,
    /// There are sources or parameters.
    pub is_staged: bool,
    /// Rows go to standard output.
    pub is_shown: bool,
}

pub fn write(bundle: &mut Bundle, plan: &Plan, info: &DesignInfo, parts: Parts) {
    let Parts { keeps_lines, is_staged, is_shown } = parts;
    let quarantine = if keeps_lines { r#" --quarantine "$work/out/quarantine""# } else { "" };
    let stage = if is_staged { staging::STAGE.replace("@QUARANTINE@", quarantine) } else { String::new() };
    let compute = format!("{COMPUTE}{}", if is_shown { SHOW } else { "" });
    let files = "pipeline.sql run.py results.json";
    let parts = RunParts { engine: "DuckDB", options: "", files, stage: &stage, compute: &compute };
    bundle.script("run.sh", run_script(&parts));
    // Texts of the design come last: nothing in them is taken for a mark.
    let marks = [
        ("@REJECTED@", python_rejected(plan)),
        ("@PARAMETERS@", python_parameters(plan)),
        ("@LOADS@", python_loads(plan)),
        ("@MATCHES@", python_matches(plan)),
        ("@MOST_REJECTED@", MAX_QUARANTINED.to_string()),
    ];
    let mut script = String::new();
    let text = RUN_PY.replace("@MARKER@", MARKER);
    let mut rest = text.as_str();
    while let Some((before, after, text)) = marks
        .iter()
        .filter_map(|(mark, text)| rest.split_once(mark).map(|(a, b)| (a, b, text)))
        .min_by_key(|found| found.0.len())
    {
        script.push_str(before);
        script.push_str(text);
        rest = after;
    }
    script.push_str(rest);
    bundle.text("run.py", script);
    bundle.text("README.md", readme(plan, info, keeps_lines));
}

/// Lines `("name", "Type"),`, in the order of the columns of the staged row.
fn python_parameters(plan: &Plan) -> String {
    let one =
        |field: &Field| format!("    ({}, {}),\n", python_text(&field.name), python_text(&field.data_type.to_string()));
    parameters_schema(plan).fields.iter().map(one).collect()
}

/// Lines `("rows/load_3.csv", [parts of the path], replaces what is there, partitions or None),`.
fn python_loads(plan: &Plan) -> String {
    let part = |part: TextPart| match part {
        TextPart::Text(text) => python_text(text),
        TextPart::Parameter { name, otherwise } => {
            let (default, message) = match otherwise {
                Otherwise::Nothing => (String::from("None"), String::from("None")),
                Otherwise::Default(default) => (python_text(default), String::from("None")),
                Otherwise::Fault(message) => (String::from("None"), python_text(message)),
            };
            format!("({}, {default}, {message})", python_text(name))
        }
    };
    let one = |(id, node): (crate::ir::NodeId, &std::sync::Arc<crate::ir::Node>)| {
        let Op::Write(Write { destination: Destination::File { path, kind, partition, when_exists }, .. }) = &node.op
        else {
            return None;
        };
        let parts: Vec<String> = text_parts(path).unwrap_or_default().into_iter().map(part).collect();
        let replaces = if *when_exists == WhenExists::Fail { "False" } else { "True" };
        let copied = python_text(&copied_file(id, *kind, partition));
        let partitions = if partition.is_empty() {
            "None".to_owned()
        } else {
            let (table, folder) = (python_text(&load_table(id)), python_text(&folder_column(&node.schema)));
            let (format, name) = (python_text(copy_format(*kind)), python_text(&format!("part-0{}", ending(*kind))));
            format!("({table}, {folder}, {format}, {name})")
        };
        Some(format!("    ({copied}, [{}], {replaces}, {partitions}),\n", parts.join(", ")))
    };
    plan.iter().filter_map(one).collect()
}

/// Lines `("rows/rejected_2.jsonl", "view", "step", "title", "check", "step of the source", [files before]),`.
fn python_rejected(plan: &Plan) -> String {
    let one = |(id, node): (crate::ir::NodeId, &std::sync::Arc<crate::ir::Node>)| {
        let file = rejected_file(plan, id)?;
        let (mut before, mut root) = (Vec::new(), id);
        while let Some(input) = plan.node(root).inputs.first() {
            root = *input;
            before.extend(rejected_file(plan, root).map(|file| python_text(&file)));
        }
        let (input, source) = (format!("n{}", node.inputs.first()?.0), &plan.node(root).origin.step);
        let texts = [&file, &input, &node.origin.step, &node.origin.title, node.op.name(), source].map(python_text);
        Some(format!("    ({}, [{}]),\n", texts.join(", "), before.join(", ")))
    };
    plan.iter().filter_map(one).collect()
}

/// Lines `("matches_4", "step", "title", "join", [("left", "of", "matched", "what is told", "of empty keys"), …]),`.
fn python_matches(plan: &Plan) -> String {
    let one = |(id, node): (crate::ir::NodeId, &std::sync::Arc<crate::ir::Node>)| {
        let found = Matches::of(plan, id)?;
        let side = |name: &str, side: &SideMatches, other: &SideMatches| {
            // Told only where a partner is expected.
            let is_told = SideMatches { unmatched: 1, ..side.clone() }.is_told();
            let [told, keys] = if is_told { side.template(&other.of) } else { Default::default() };
            let goes_on = side.goes_on.word();
            let texts: Vec<String> = [name, &side.of, goes_on, &told, &keys].into_iter().map(python_text).collect();
            format!("({})", texts.join(", "))
        };
        let (left, right) = (side("left", &found.left, &found.right), side("right", &found.right, &found.left));
        let names = [&matches_table(id), &node.origin.step, &node.origin.title, node.op.name()];
        let names: Vec<String> = names.into_iter().map(python_text).collect();
        Some(format!("    ({}, [{left}, {right}]),\n", names.join(", ")))
    };
    plan.iter().filter_map(one).collect()
}

const COMPUTE: &str = r#"(cd -- "$work" && "${PYTHON:-python3}" "$here/run.py" "$here/pipeline.sql" "$out" >&2) || code=$?
"#;

/// Rows for standard output: by the runner, into what the script was given as its own.
const SHOW: &str = r#"[ "$code" -eq 0 ] || [ "$code" -eq 3 ] || exit "$code"
cp -- "$here/results.json" "$work/results.json"
if ! "${PIPEWRIGHT:-pipewright}" run "$work/results.json" --out "$work/none" --max-quarantined 0 "$@" 2>"$work/said"; then
  cat -- "$work/said" >&2
  exit 1
fi
"#;

const RUN_PY: &str = r#"# Runs an SQL script on DuckDB (PyPI: duckdb) in the current folder and gives each load's rows their place in `out`:
# run.py SCRIPT OUT.
import os
import sys

# Modules come with Python, not from files that lie beside this one.
sys.path[:] = [path for path in sys.path if os.path.realpath(path) != os.path.dirname(os.path.realpath(__file__))]

import json
import shutil

import duckdb

# Name and type of each column of the row of parameters, which is staged as the sources are.
PARAMETERS = [
@PARAMETERS@]

# Where the script puts the rows, the parts of the load's path (a text; or a parameter, what stands in for it, what is
# said where it has no value), whether a file of an earlier run is replaced; for folders of partitions the table of the
# rows, its column with the folder, what COPY writes, the name of a file.
LOADS = [
@LOADS@]

# Rows that checks turn away: the file, the view of all rows that come in, step, title, operation; the step of the source
# that the rows come from, and the files of checks on the way from there.
REJECTED = [
@REJECTED@]

# How rows of joins' sides find partners: the table that counts it, step, title, operation; of each side its name, the
# step that its rows come from, which of them go on, what is told of those without a partner.
MATCHES = [
@MATCHES@]

# The share of all units that may be turned away.
MOST_REJECTED = float(os.environ.get("PIPEWRIGHT_MAX_QUARANTINED") or @MOST_REJECTED@)

# What the quarantine holds.
KEPT = ("quarantine.jsonl", "rejected.jsonl")

# Behind this the statements of the design begin.
END_OF_PRELUDE = "-- The design.\n"

# The most files that one load writes, and the bytes of a file's name.
MOST_FOLDERS, LONGEST_NAME = 1000, 255


def stop(message):
    sys.exit(f"error: {message}")


def identifier(name):
    return '"' + name.replace('"', '""') + '"'


def literal(text):
    return "'" + text.replace("'", "''") + "'"


def typed(connection):
    """The parameters' values as SQL takes them, and as paths show them."""
    values, shown = {}, {}
    if not PARAMETERS:
        return values, shown
    texts = {"Timestamp": "pw_timestamp_text({})", "Date": "CAST({} AS VARCHAR)", "Duration": "pw_duration_text({})"}
    columns = [f"c{place}" for place in range(len(PARAMETERS))]
    columns += [texts.get(data_type, "{}").format(column) for column, (_, data_type) in zip(columns, PARAMETERS)]
    row = connection.execute(f"SELECT {', '.join(columns)} FROM 'stage/parameters.parquet'").fetchone()
    for (name, data_type), value, text in zip(PARAMETERS, row, row[len(PARAMETERS) :]):
        # SQL reads times from texts.
        values[name] = text if data_type in ("Timestamp", "Date") else value
        shown[name] = "" if text is None else text if isinstance(text, str) else json.dumps(text)
    return values, shown


def filled(parts, values):
    path = ""
    for part in parts:
        if isinstance(part, str):
            path += part
            continue
        name, otherwise, message = part
        value = values.get(name, "")
        if value == "" and message is not None:
            stop(f"the parameter {name} has no value: {message}")
        path += value or otherwise or ""
    return path


def inside(path):
    """The path as it is meant; stops where it would leave the folder of the results."""
    parts = path.replace("\\", "/").split("/")
    if "\0" in path or ".." in parts or path.startswith(("/", "\\")) or path[1:2] == ":":
        stop(f"a load writes outside of the results: {path!r}")
    plain = [part for part in parts if part not in ("", ".")]
    if not plain:
        stop(f"the path of a load names no file: {path!r}")
    if plain == ["quarantine"] or plain in [["quarantine", name] for name in KEPT]:
        stop(f"what the sources turn away is written there: {path!r}")
    if any(part.startswith(".") for part in plain) and not os.environ.get("PIPEWRIGHT_HIDDEN"):
        stop(f"a load writes to a hidden place: {path!r}; run.sh OUT --trust, where it is known from whom the design is")
    if any(ord(sign) < 32 or 127 <= ord(sign) < 160 for sign in path):
        stop(f"the path of a load holds a line end or another character that is not seen: {path!r}")
    return os.path.normpath(path)


def make_folders(rows, parts, made):
    """A folder below another; stops where the disk takes its name for that of another one, such as A and a."""
    for depth in range(len(parts)):
        path = os.path.join(rows, *parts[: depth + 1])
        if path not in made:
            if os.path.lexists(path):
                stop(f"this disk takes the folders of two partition values for one: {path!r}")
            os.mkdir(path)
            made.add(path)


def write_folders(connection, rows, table, column, form, name):
    # Also where there are no rows: the folder of an earlier run goes. The list of files says that it is a result.
    os.makedirs(rows)
    open(os.path.join(rows, "@MARKER@"), "w").close()
    folders = connection.execute(f"SELECT DISTINCT {identifier(column)} FROM {table} ORDER BY 1").fetchall()
    if len(folders) > MOST_FOLDERS:
        stop(f"the partition columns have more than {MOST_FOLDERS} combinations")
    made = set()
    for (folder,) in folders:
        for part in folder.split("/"):
            if part.startswith(".") and not os.environ.get("PIPEWRIGHT_HIDDEN"):
                stop(f"folders of partitions would be hidden: {part[:60]!r}; run.sh OUT --trust lets them")
            if len(os.fsencode(part)) > LONGEST_NAME:
                stop(f"a partition value is too long for a folder's name: {part[:60]!r}…")
        make_folders(rows, folder.split("/"), made)
        path = literal(os.path.join(rows, folder, name))
        wanted = f"SELECT * EXCLUDE ({identifier(column)}) FROM {table} WHERE {identifier(column)} = {literal(folder)}"
        connection.execute(f"COPY ({wanted}) TO {path} ({form})")


def keep_rejected(out):
    """The rows that checks turned away, all in one file of the quarantine; those of an earlier run go."""
    os.makedirs("out/quarantine", exist_ok=True)
    for path, *_ in REJECTED:
        if os.path.getsize(path) > 0:
            with open(path, "rb") as found, open("out/quarantine/rejected.jsonl", "ab") as kept:
                shutil.copyfileobj(found, kept)
    known = {}
    marker = os.path.join(out, "quarantine", "@MARKER@")
    try:
        # A pipe would be waited for.
        if os.path.isfile(marker):
            with open(marker, encoding="utf-8") as text:
                known = json.load(text)["files"]
    except (OSError, ValueError, LookupError, TypeError):
        pass
    for name in KEPT:
        if name in known:
            open(f"out/quarantine/{name}", "ab").close()


def staged():
    """What the report of the sources says of them."""
    if not os.path.exists("staged.json"):
        return []
    with open("staged.json", encoding="utf-8") as text:
        return json.load(text)["sources"]


def sources():
    """The files that the rows come from."""
    return [file["path"] for source in staged() for file in source["files"]]


def numbered(text, numbers):
    for number in numbers:
        text = text.replace("{}", f"{number:,}", 1)
    return text


def tell(text):
    """On standard error; nothing in a name steers a terminal."""
    print("".join(sign if sign.isprintable() else " " for sign in text), file=sys.stderr)


def write_report(connection):
    """Sources, rows that checks turn away, and how rows of joins found partners, as the report of Pipewright's own run
    says it; whether more is turned away than may be."""
    # Of the ways from a source the one that turns away the most: a line that several turn away is one line.
    read, steps, turned, most = staged(), [], {}, {}
    for source in read:
        most[source["step"]] = turned[source["step"]] = source["tally"]["quarantined"]
    for file, view, step, title, operation, source, before in REJECTED:
        with open(file, "rb") as lines:
            turned[file] = sum(1 for _ in lines)
        (rows,) = connection.execute(f"SELECT count(*) FROM {view}").fetchone()
        steps.append({"step": step, "title": title, "op": operation, "rows_in": [rows], "quarantined": turned[file]})
        way = turned.get(source, 0) + sum(turned[name] for name in [file, *before])
        most[source] = max(most.get(source, 0), way)
        if turned[file]:
            tell(f"{title}: {turned[file]:,} of {rows:,} rows in quarantine")
    units = sum(source["tally"]["read"] for source in read)
    share = min(1.0, sum(most.values()) / max(units, 1))
    quarantined = sum(source["tally"]["quarantined"] for source in read) + sum(step["quarantined"] for step in steps)
    for table, step, title, operation, sides in MATCHES:
        counts, matches = connection.execute(f"SELECT * FROM {table}").fetchone(), {}
        for (side, of, goes_on, told, keys), (found, rows, nulls) in zip(sides, (counts[:3], counts[3:])):
            unmatched = rows - found
            matches[side] = {"of": of, "goes_on": goes_on, "matched": found, "unmatched": unmatched, "null_keys": nulls}
            if told and unmatched:
                tell(f"{title}: {numbered(told, [unmatched, rows])}" + (numbered(keys, [nulls]) if nulls else ""))
        steps.append({"step": step, "title": title, "op": operation, "matches": matches})
    with open("report.json", "w", encoding="utf-8") as text:
        report = {"sources": read, "steps": steps, "quarantined": quarantined, "quarantined_share": share}
        json.dump({**report, "max_quarantined": MOST_REJECTED, "over_threshold": share > MOST_REJECTED}, text, indent=2)
        text.write("\n")
    if share > MOST_REJECTED:
        tell(
            f"warning[PW0723] {quarantined:,} units of all sources and steps in quarantine, more than the share "
            f"{MOST_REJECTED}\n  help: see why in quarantine/rejected.jsonl"
        )
    return share > MOST_REJECTED


def leads_through(file, target):
    """Whether a file is, or lies in, what stands at a place; also by another name or mount of it."""
    if file == "-":
        # Standard input, which this process has too.
        try:
            return os.path.samestat(os.fstat(0), os.stat(target))
        except OSError:
            return False
    for path in (os.path.abspath(file), os.path.realpath(file)):
        while True:
            if os.path.exists(path) and os.path.samefile(path, target):
                return True
            if path == os.path.dirname(path):
                break
            path = os.path.dirname(path)
    return False


def check_source(path, target, files):
    """A source is never replaced by what is made of it."""
    for file in files:
        if "\ufffd" in file:
            stop(f"the path of a source cannot be told from those of results: {file!r}; give its folder a name that is text")
        if os.path.exists(target) and leads_through(file, target):
            stop(f"a load writes over a file that this run reads: {path!r}")


def main(script, out):
    # Line ends inside of names and texts stay as they are.
    with open(script, encoding="utf-8", newline="") as text:
        prelude, mark, body = text.read().partition(END_OF_PRELUDE)
    if not mark:
        stop(f"{os.path.basename(script)} is not as it was exported (a formatter, or other line ends): export it again")
    connection = duckdb.connect()
    connection.execute(prelude)
    values, shown = typed(connection)
    # Every path is known before anything is written.
    places, only_new, files = {}, set(), sources()
    for name in KEPT:
        check_source(f"quarantine/{name}", os.path.join(out, "quarantine", name), files)
    for rows, parts, replaces, _ in LOADS:
        path = inside(filled(parts, shown))
        for other in places.values():
            if (path + os.sep).startswith(other + os.sep) or (other + os.sep).startswith(path + os.sep):
                stop(f"two loads write to one place: {other!r} and {path!r}")
        check_source(path, os.path.join(out, path), files)
        if not replaces:
            if os.path.lexists(os.path.join(out, path)):
                stop(f"a load is not to replace what is there: {path!r}")
            only_new.add(path)
        places[rows] = path
    for name, value in values.items():
        connection.execute(f"SET VARIABLE {identifier(name)} = $value", {"value": value})
    for statement in connection.extract_statements(mark + body):
        connection.execute(statement)
    for rows, _, _, partitions in LOADS:
        if partitions:
            write_folders(connection, rows, *partitions)
    is_over = write_report(connection)
    connection.close()
    keep_rejected(out)
    for rows, path in places.items():
        if not os.path.lexists(rows):
            stop(f"{os.path.basename(script)} does not make {path!r}: it is not as it was exported, export it again")
        place = os.path.join("out", path)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        if os.path.lexists(place):
            stop(f"this disk takes the places of two loads for one: {path!r}")
        os.replace(rows, place)
        if path in only_new:
            # Looked at again when the results are put in place.
            with open("new", "a", encoding="utf-8") as names:
                names.write(path + "\n")
    # As a run says it: done, but most of what was read is in quarantine.
    return 3 if is_over else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
"#;

fn readme(plan: &Plan, info: &DesignInfo, keeps_lines: bool) -> String {
    let lines = match keeps_lines {
        true => "Lines of the sources that do not fit go to `quarantine/quarantine.jsonl`.",
        false => "Lines of the sources that do not fit are counted and not kept: they may hold what is secret.",
    };
    format!(
        "# {}: pipeline for DuckDB\n\n`./run.sh OUT` stages the sources as Parquet with the Pipewright runner (formats, dirty lines and quarantine \
         are its part), runs `pipeline.sql` on DuckDB and puts the results into the folder OUT, all or none; what Pipewright did not write there \
         is not replaced. `./verify.sh` does so on the pinned sample in `receipt/` and compares the results with those of Pipewright's own \
         engine.\n\n\
         Needs: `pipewright` on the PATH (or its path in `PIPEWRIGHT`), and Python 3 (or its path in `PYTHON`) with the package `duckdb` 1.3 or later.\n\n\
         ## Parameters\n\n{}\n## What is carried how\n\nSources are read by Pipewright; every other step is a view or a table of `pipeline.sql`, \
         named in a comment above it. {lines} Rows that a rule rejects go to `quarantine/rejected.jsonl`. \
         How rows of joins found partners is told, and stands in the file that `PIPEWRIGHT_REPORT` names, as in the report of \
         Pipewright's own run. Values that steps make null, round or cut are not counted: a run of the project, or of the target `pipeline`, tells them.\n",
        markdown_text(&info.name),
        parameter_lines(&staging::used_parameters(plan))
    )
}
