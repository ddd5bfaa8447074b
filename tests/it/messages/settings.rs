//! Mistakes in the settings of steps: a step is put behind the log of a project by edits, and the plan tells.

use pipewright_core::plan::plan;
use pipewright_core::project::{Edit, Project, load};
use serde_json::json;

use super::{Notes, design};

/// (step kind, its settings, what must be said). `join` and `nearest_in_time` get the log at both inputs.
pub const MISTAKES: &[(&str, &str, &[&str])] = &[
    ("select", r#"{"columns": [{"id": "c", "column": "paht"}]}"#, &["columns.c.column", "did you mean `path`?"]),
    (
        "select",
        r#"{"columns": [{"id": "c", "column": "path", "name": "x"}, {"id": "d", "column": "user", "name": "x"}]}"#,
        &["columns: two columns would be named `x`", "another name"],
    ),
    ("select", r#"{"columns": ["path"]}"#, &["a list of items, each an object", r#"[{"id": "x1", "column": …"#]),
    (
        "select",
        r#"{"mode": "only", "columns": [{"id": "c", "column": "path"}]}"#,
        &["`mode` cannot be `only`", "`keep`"],
    ),
    ("compute", r#"{"columns": [{"id": "c", "expression": "1"}]}"#, &["columns.c.name: “Name” is not set"]),
    ("compute", r#"{"columns": [{"id": "c", "name": "x", "expression": "y + 1"}]}"#, &["columns.c.expression, at 1-1"]),
    (
        "change_types",
        r#"{"columns": [{"id": "c", "column": "path", "type": "number"}]}"#,
        &["`number` is no type", "`Float`"],
    ),
    (
        "change_types",
        r#"{"columns": [{"id": "c", "column": "path", "type": "Timestamp", "format": "YYYY-MM-DD"}]}"#,
        &["columns.c.format: parts of a time are written with `%`: '%Y-%m-%d'"],
    ),
    ("change_types", r#"{"columns": [{"id": "c", "column": "time", "type": "Boolean"}]}"#, &["columns.c.type: `time`"]),
    ("split_column", r#"{"column": "path"}"#, &["“Into columns” is not set", "Name the columns"]),
    (
        "split_column",
        r#"{"column": "path", "by": "pattern", "pattern": "(a", "into": [{"id": "c", "name": "x"}]}"#,
        &["pattern: the pattern cannot be read: unclosed group", "close every bracket"],
    ),
    (
        "split_column",
        r#"{"column": "duration", "separator": ".", "into": [{"id": "c", "name": "x"}]}"#,
        &["`duration` is Float, but only text can be cut", "choose a String column"],
    ),
    ("flatten_record", r#"{"column": "path"}"#, &["`path` is String, not a record", "Parse text step"]),
    ("explode_list", r#"{"column": "path"}"#, &["only a list can be exploded", "`split(text, ',')`"]),
    ("fill_missing", r#"{"columns": [{"id": "c", "column": "path", "value": "none"}]}"#, &["a text is written 'none'"]),
    (
        "fill_missing",
        r#"{"columns": [{"id": "c", "column": "path", "with": "mean"}]}"#,
        &["cannot be `mean`", "`value`, `column`"],
    ),
    ("remove_duplicates", r#"{"keys": ["usr"]}"#, &["keys: unknown column `usr`; did you mean `user`?"]),
    (
        "remove_duplicates",
        r#"{"keys": "user"}"#,
        &["`keys` is a text, but a list of column names", r#"write ["status", "path"]"#],
    ),
    (
        "replace_values",
        r#"{"column": "path", "values": [{"id": "v", "from": "x", "to": "'y'"}]}"#,
        &["values.v.from", "'x'"],
    ),
    ("mask_or_hash", r#"{"columns": ["user"], "method": "hmac"}"#, &["a keyed hash needs a secret", "parameter"]),
    ("mask_or_hash", r#"{"columns": ["user"], "method": "md5"}"#, &["`method` cannot be `md5`", "`hash`, `hmac`"]),
    ("sample", r#"{"share": 50}"#, &["`share` is 50, which is out of bounds", "from 0 to 1"]),
    ("sample", r#"{"share": "10%"}"#, &["`share` is a text, but a number is wanted", "0.1 keeps about one row in ten"]),
    ("sample", r#"{"share": 0.1, "seed": -3}"#, &["`seed` is -3", "at least 0"]),
    ("sort", r#"{"keys": ["tiem"]}"#, &["keys", "unknown column `tiem`; did you mean `time`?"]),
    ("sort", r#"{"keys": ["time down"]}"#, &["`down` is no order", "`time desc`"]),
    ("limit", r#"{"count": "10"}"#, &["`count` is a text, but a whole number is wanted", "write 10 without quotes"]),
    ("join", r#"{"on": []}"#, &["on: nothing says which rows belong together", "add a pair of columns"]),
    (
        "join",
        r#"{"on": [{"id": "k", "left": "status", "right": "user"}]}"#,
        &["on.k.right: `status` is Int and `user` is String: they never compare", "try_cast(user as Int)"],
    ),
    (
        "join",
        r#"{"kind": "outer", "on": [{"id": "k", "left": "user", "right": "user"}]}"#,
        &["cannot be `outer`", "`full`"],
    ),
    ("join", r#"{"on": [{"id": "k", "left": "user"}]}"#, &["on.k.right: “Right” is not set"]),
    (
        "join",
        r#"{"on": [{"id": "k", "left": "user", "right": "user"}], "columns": ["plan"]}"#,
        &["columns: unknown column `plan`"],
    ),
    ("nearest_in_time", r#"{"left_time": "time", "right_time": "user"}"#, &["right_time: `user` is String", "`time`"]),
    (
        "nearest_in_time",
        r#"{"left_time": "time", "right_time": "time", "within": "soon"}"#,
        &["`soon` is no span", "`15 minutes`"],
    ),
    ("add_metadata", r#"{"file": "file"}"#, &["there is no `_file`", "Position columns"]),
    ("aggregate", r#"{}"#, &["measures: there is neither a key nor a measure", "`count(*)`"]),
    (
        "aggregate",
        r#"{"measures": [{"id": "m", "name": "n", "expression": "status"}]}"#,
        &["measures.m.expression", "`status`"],
    ),
    (
        "aggregate",
        r#"{"measures": [{"id": "m", "name": "n", "expression": "1 + 1"}]}"#,
        &["`1 + 1` has no aggregate", "`count(*)`"],
    ),
    (
        "aggregate",
        r#"{"measures": [{"id": "m", "name": "n", "expression": "avg(path)"}]}"#,
        &["measures.m.expression", "`path` is String"],
    ),
    (
        "aggregate",
        r#"{"measures": [{"id": "m", "name": "n", "expression": "max(status) + duration"}]}"#,
        &["`duration` has many values in a group", "make it a key"],
    ),
    (
        "aggregate",
        r#"{"measures": [{"id": "m", "name": "n", "expression": "quantile(duration, 95)"}]}"#,
        &["0.95 is the 95th"],
    ),
    (
        "aggregate",
        r#"{"measures": [{"id": "m", "name": "n", "expression": "sum(cast(path as int))"}]}"#,
        &["try_cast(path as int)"],
    ),
    (
        "time_buckets",
        r#"{"time": "path", "span": "1 hour"}"#,
        &["time: `path` is String, but a Timestamp is wanted", "`time`"],
    ),
    ("time_buckets", r#"{"time": "time", "span": "often"}"#, &["span: `often` is no span of time", "`1 hour`"]),
    ("top_n", r#"{"n": 0, "order": ["status desc"]}"#, &["`n` is 0", "at least 1"]),
    (
        "top_n",
        r#"{"n": 5, "order": ["status desc"], "rank": "path"}"#,
        &["rank: there is a column `path` already", "another name"],
    ),
    (
        "window",
        r#"{"columns": [{"id": "c", "name": "x", "expression": "lag(status)"}]}"#,
        &["`over (…)` is missing", "order by"],
    ),
    ("window", r#"{"columns": [{"id": "c", "name": "x", "expression": "lag(status) over ()"}]}"#, &["needs an order"]),
    (
        "expect",
        r#"{"rules": [{"id": "r", "predicate": "status > '5'"}]}"#,
        &["rules.r.predicate, at", "write 5 without quotes"],
    ),
    (
        "route",
        r#"{"routes": [{"id": "r", "name": "a", "predicate": "path"}]}"#,
        &["routes.r.predicate", "Boolean is wanted"],
    ),
    (
        "contract",
        r#"{"columns": [{"name": "plan", "type": "String"}]}"#,
        &["the contract is broken: `plan` (String) is missing"],
    ),
    (
        "contract",
        r#"{"columns": [{"name": "status", "type": "Sting"}]}"#,
        &["columns.1.type: `Sting` is no type; did you mean `String`?"],
    ),
    (
        "contract",
        r#"{"columns": [{"nme": "status", "type": "Int"}]}"#,
        &["column 1 has no `name`", r#"{"name": "status", "type": "Int"}"#],
    ),
    ("load_file", r#"{}"#, &["path: “Path” is not set", "Name the file"]),
    ("load_file", r#"{"path": "/abs/x.csv"}"#, &["leads out of the output folder", "a relative path"]),
    ("load_file", r#"{"path": "sub/"}"#, &["`sub/` is a folder, and names no file in it", "`sub/pages.csv`"]),
    ("load_file", r#"{"path": "x.csv", "kind": "excel"}"#, &["`kind` cannot be `excel`", "`csv`, `jsonl`, `parquet`"]),
    (
        "load_file",
        r#"{"path": "x.parquet", "kind": "csv"}"#,
        &["ends in `.parquet`, but will hold CSV", "change the kind"],
    ),
    ("load_file", r#"{"path": "x", "partition": ["usr"]}"#, &["partition: unknown column `usr`; did you mean `user`?"]),
    (
        "load_file",
        r#"{"path": "${day}.csv"}"#,
        &["path: the path `${day}.csv` names the unknown parameter `day`", "add the parameter"],
    ),
    (
        "parse_text",
        r#"{"column": "path", "format": {"name": "logfmtt"}}"#,
        &["unknown format `logfmtt`; did you mean `logfmt`?", "json_lines"],
    ),
    ("parse_text", r#"{"column": "path", "format": {}}"#, &["“Format” is not set"]),
    ("parse_text", r#"{"column": "path", "format": "csv"}"#, &["`format` is a text", r#"{"name": "csv"}"#]),
    ("parse_text", r#"{"column": "path", "format": {"name": "parquet"}}"#, &["a format of whole files", "a File step"]),
    (
        "parse_text",
        r#"{"column": "path", "format": {"name": "pattern", "options": {"pattern": "%{IPP:client}"}}}"#,
        &["pattern, at 1-13: there is no grok piece `IPP`; did you mean `IP`?"],
    ),
    (
        "parse_text",
        r#"{"column": "path", "format": {"name": "json_document", "options": {"records": "[*"}}}"#,
        &["records: the path to the records cannot be read", "`[*].items`"],
    ),
    (
        "parse_text",
        r#"{"column": "path", "format": {"name": "nginx_access", "options": {"log_format": "hello"}}}"#,
        &["log_format: `hello` is no known log format", "`combined`"],
    ),
    ("table", r#"{"columns": [{"name": "a", "type": "Int"}], "rows": [["one"]]}"#, &["row 1: `one` in `a` is no Int"]),
    (
        "table",
        r#"{"columns": [{"name": "a", "type": "Int"}], "rows": [[1, 2]]}"#,
        &["row 1 has 2 values, but there are 1 columns"],
    ),
    (
        "file",
        r#"{"source": "src-lgo"}"#,
        &["source: there is no source `src-lgo`; did you mean `src-log`?", "“Web log”"],
    ),
    ("planned_source", r#"{}"#, &["“Source” is not set", "Choose the planned source"]),
    ("answer", r#"{"question": "q-none"}"#, &["there is no question `q-none`", "write the question down first"]),
    ("answer", r#"{"order": ["hits"]}"#, &["order, at 1-4: unknown column `hits`"]),
    (
        "filter",
        r#"{"predicat": "status > 3"}"#,
        &["unknown setting `predicat`; did you mean `predicate`?", "“Keep rows where” is not set"],
    ),
    (
        "filter",
        r#"{"predicate": true}"#,
        &["`predicate` is true or false, but the text of an expression is wanted", "in double quotes"],
    ),
    ("filter", r#"{"predicate": "  "}"#, &["predicate: “Keep rows where” is not set", "status >= 500"]),
];

/// The small project with one more step behind the log.
fn with_step(kind: &str, settings: &str) -> Project {
    let mut project = load(&design(|_| {})).unwrap().0;
    let settings: serde_json::Value = serde_json::from_str(settings).unwrap();
    let insert = |into: &str, item| Edit::Insert { into: into.to_owned(), item, place: Default::default() };
    let mut edits = vec![insert("steps", json!({"id": "new", "kind": kind, "title": "My step", "settings": settings}))];
    let inputs: &[&str] = match kind {
        "join" | "nearest_in_time" => &["left", "right"],
        "table" | "file" | "planned_source" => &[],
        _ => &["in"],
    };
    for input in inputs {
        edits.push(insert("wires", json!({"id": format!("w-{input}"), "from": "log", "to": "new", "input": input})));
    }
    project.apply(&edits).unwrap();
    project
}

fn said_of(project: &Project) -> String {
    plan(project).diagnostics.iter().map(|fault| fault.to_string()).collect::<Vec<_>>().join("\n")
}

#[test]
fn settings_of_steps() {
    let mut notes = Notes::default();
    for (kind, settings, wanted) in MISTAKES {
        let said = said_of(&with_step(kind, settings));
        notes.check(&format!("{kind} {settings}"), &said, wanted);
        notes.check(&format!("{kind} {settings}"), &said, &["step “My step”, "]);
    }
}

#[test]
fn rows_that_do_not_go_together() {
    let mut project = with_step("concatenate", "{}");
    let small = r#"{"id": "small", "kind": "table", "title": "Small",
        "settings": {"columns": [{"name": "user", "type": "Int"}], "rows": [[1]]}}"#;
    let insert = |into: &str, item| Edit::Insert { into: into.to_owned(), item, place: Default::default() };
    let wire = json!({"id": "w-more", "from": "small", "to": "new"});
    project.apply(&[insert("steps", serde_json::from_str(small).unwrap()), insert("wires", wire)]).unwrap();
    let wanted = ["step “My step”, input.in: `user` is Int in input 2 but String before it", "help: change its type"];
    Notes::default().check("two types in one column", &said_of(&project), &wanted);
}
