//! What users read when they set a step wrongly: what is wrong, where, and how to mend it.

use crate::steps::{Example, Table, kind, lower_example};

const LOG: &str = "time Timestamp, status Int, path String, duration Float, tags List<String>";

/// The reports of a step over two inputs with the columns of `LOG`.
fn reports(name: &str, settings: &str) -> String {
    let kind = kind(name).unwrap();
    let ports = kind.ports(&serde_json::from_str(settings).unwrap());
    let table = Table::new(LOG, "");
    let inputs: Vec<_> =
        ports.inputs.iter().map(|port| (&*Box::leak(port.name.clone().into_boxed_str()), table)).collect();
    let settings = Box::leak(settings.to_owned().into_boxed_str());
    let example = Example::new("wrong", settings, Box::leak(inputs.into_boxed_slice()), &[]);
    lower_example(kind, &example).map_or_else(|message| message, |plan| format!("{:?}", plan.diagnostics))
}

/// (kind, settings, what the report says).
const MISTAKES: &[(&str, &str, &[&str])] = &[
    ("filter", r#"{"predicate": "stauts >= 500"}"#, &["`stauts`", "did you mean `status`?", "predicate"]),
    ("filter", r#"{"predicate": "status"}"#, &["gives Int", "Boolean"]),
    ("filter", r#"{"predicate": ""}"#, &["“Keep rows where” is not set"]),
    ("filter", r#"{"predicate": "count(*) > 3"}"#, &["count"]),
    ("filter", r#"{"predicate": 5}"#, &["`predicate` is a number"]),
    ("select", r#"{"columns": [{"id": "c1", "column": "paht"}]}"#, &["columns.c1.column", "did you mean `path`?"]),
    (
        "select",
        r#"{"columns": [{"id": "c1", "column": "path"}, {"id": "c2", "column": "status", "name": "path"}]}"#,
        &["two columns would be named `path`"],
    ),
    (
        "compute",
        r#"{"columns": [{"id": "c1", "name": "x", "expression": "lower(status)"}]}"#,
        &["columns.c1.expression", "lower"],
    ),
    ("compute", r#"{"columns": [{"id": "c1", "expression": "1"}]}"#, &["“Name” is not set", "columns.c1.name"]),
    ("change_types", r#"{"columns": [{"id": "c1", "column": "status", "type": "Integr"}]}"#, &["Integr", "`Int`"]),
    ("change_types", r#"{"columns": [{"id": "c1", "column": "status"}]}"#, &["“Type” is not set"]),
    ("split_column", r#"{"column": "status", "separator": ":", "into": [{"id": "p", "name": "a"}]}"#, &["only text"]),
    ("split_column", r#"{"column": "path", "into": [{"id": "p", "name": "a"}]}"#, &["separator is empty"]),
    (
        "split_column",
        r#"{"column": "path", "by": "pattern", "pattern": "(", "into": [{"id": "p", "name": "a"}]}"#,
        &["pattern"],
    ),
    (
        "split_column",
        r#"{"column": "path", "separator": "/", "into": [{"id": "p", "name": "status"}]}"#,
        &["the new column `status` takes the place", "another name"],
    ),
    (
        "window",
        r#"{"columns": [{"id": "w", "name": "status", "expression": "row_number() over (order by path)"}]}"#,
        &["columns.w.name", "the new column `status` takes the place", "another name"],
    ),
    ("flatten_record", r#"{"column": "tags"}"#, &["List<String>, not a record", "explode"]),
    ("explode_list", r#"{"column": "path"}"#, &["only a list can be exploded"]),
    ("explode_list", r#"{"column": "tags", "position": "status"}"#, &["two columns `status`"]),
    (
        "fill_missing",
        r#"{"columns": [{"id": "f", "column": "path", "value": "none"}]}"#,
        &["`none` is no literal", "'none'"],
    ),
    (
        "fill_missing",
        r#"{"columns": [{"id": "f", "column": "status", "value": "'none'"}]}"#,
        &["`status` is Int", "String"],
    ),
    ("remove_duplicates", r#"{"keys": ["pth"]}"#, &["did you mean `path`?"]),
    ("remove_duplicates", r#"{"order": ["tme desc"]}"#, &["`tme`", "`time`"]),
    (
        "replace_values",
        r#"{"column": "status", "values": [{"id": "v", "from": "'a'", "to": "1"}]}"#,
        &["values.v.from"],
    ),
    ("mask_or_hash", r#"{"columns": ["path"], "method": "hmac"}"#, &["a keyed hash needs a secret", "parameter"]),
    ("mask_or_hash", r#"{"columns": ["path"], "method": "md5"}"#, &["`method` cannot be `md5`", "`hash`"]),
    ("sample", r#"{"share": 1.5}"#, &["`share` is 1.5", "from 0 to 1"]),
    ("sample", r#"{"keys": ["tags"]}"#, &["`tags` is List<String>, which cannot be hashed"]),
    ("limit", r#"{"count": -1}"#, &["`count` is -1"]),
    ("join", r#"{"kind": "left"}"#, &["nothing says which rows belong together"]),
    (
        "join",
        r#"{"on": [{"id": "k", "left": "status", "right": "path"}]}"#,
        &["`status` is Int and `path` is String", "try_cast(path as Int)"],
    ),
    (
        "join",
        r#"{"on": [{"id": "k", "left": "cast(path as int)", "right": "status"}]}"#,
        &["`cast` rejects rows", "try_cast(path as Int)"],
    ),
    (
        "nearest_in_time",
        r#"{"left_time": "status", "right_time": "time"}"#,
        &["`status` is Int, but a Timestamp is wanted", "`time`"],
    ),
    (
        "nearest_in_time",
        r#"{"left_time": "time", "right_time": "time", "within": "soon"}"#,
        &["`soon` is no span of time", "15 minutes"],
    ),
    ("add_metadata", r#"{"file": "file"}"#, &["there is no `_file`", "Position columns"]),
    (
        "aggregate",
        r#"{"measures": [{"id": "m", "name": "x", "expression": "status"}]}"#,
        &["status", "measures.m.expression"],
    ),
    ("aggregate", r#"{"measures": [{"id": "m", "name": "x", "expression": "1 + 1"}]}"#, &["no aggregate"]),
    (
        "aggregate",
        r#"{"keys": [{"id": "k", "expression": "path"}], "measures": [{"id": "m", "name": "path", "expression": "count(*)"}]}"#,
        &["two columns would be named `path`"],
    ),
    ("aggregate", r#"{"keys": [{"id": "k", "expression": "lower(path)"}]}"#, &["the new column has no name"]),
    ("time_buckets", r#"{"span": "1 hour"}"#, &["“Time” is not set"]),
    ("time_buckets", r#"{"time": "time", "span": "often"}"#, &["`often` is no span of time"]),
    ("top_n", r#"{"n": 5}"#, &["“In order of” is not set"]),
    ("window", r#"{"columns": [{"id": "w", "name": "x", "expression": "status + 1"}]}"#, &["over"]),
    ("expect", r#"{"rules": [{"id": "r", "predicate": "status"}]}"#, &["rules.r.predicate", "Boolean"]),
    ("route", r#"{"routes": [{"id": "r", "predicate": "path"}]}"#, &["routes.r.predicate", "Boolean"]),
    ("contract", r#"{"columns": [{"name": "user", "type": "String"}]}"#, &["`user` (String) is missing"]),
    ("contract", r#"{"columns": [{"name": "status", "type": "String"}]}"#, &["`status` is Int, not String"]),
    (
        "contract",
        r#"{"columns": [{"name": "status", "type": "Int"}], "extra": "refuse"}"#,
        &["`path` is not part of it"],
    ),
    ("load_file", r#"{"path": "../a.csv"}"#, &["leads out of the output folder"]),
    ("load_file", r#"{"path": "a.parquet", "kind": "csv"}"#, &["ends in `.parquet`", "CSV"]),
    ("load_file", r#"{"path": "a", "partition": ["pth"]}"#, &["did you mean `path`?"]),
    ("parse_text", r#"{"column": "path", "format": {"name": "logfmtt"}}"#, &["unknown format `logfmtt`", "`logfmt`"]),
    ("parse_text", r#"{"column": "status", "format": {"name": "logfmt"}}"#, &["only text can be parsed"]),
    ("file", r#"{"source": "src-none"}"#, &["there is no source `src-none`", "drop a file"]),
    ("table", r#"{"columns": [{"name": "n", "type": "Int"}], "rows": [["x"]]}"#, &["row 1: `x` in `n` is no Int"]),
    ("table", r#"{"columns": [{"name": "n", "type": "Int"}], "rows": [[1, 2]]}"#, &["row 1 has 2 values"]),
];

#[test]
fn messages_say_what_and_where_and_how_to_mend_it() {
    let mut failures = Vec::new();
    for (kind, settings, wanted) in MISTAKES {
        let found = reports(kind, settings);
        for part in *wanted {
            if !found.contains(part) {
                failures.push(format!("{kind} {settings}: “{part}” is not in\n{found}"));
            }
        }
        if found.contains(" you ") && !found.contains("did you mean") {
            failures.push(format!("{kind} {settings}: {found}"));
        }
        if !found.contains("help") {
            failures.push(format!("{kind} {settings}: no help in\n{found}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

/// They are compared as the numbers that they are: nothing is to be said of it.
#[test]
fn an_int_beside_a_float_is_a_key_like_others() {
    for kind in ["join", "lookup"] {
        let found = reports(kind, r#"{"on": [{"id": "k", "left": "status", "right": "duration"}]}"#);
        assert_eq!(found, "[]", "{kind}");
    }
}
