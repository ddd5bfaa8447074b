//! Mistakes around runs, exports, previews and pinned tests of a project.

use std::fs;

use serde_json::{Value as Json, json};

use super::{Desk, Notes, add, design, exists, schema};

/// (what is done to a right project, arguments with `P` for the project, the exit code, what must be said).
type Run = (fn(&mut Json), &'static [&'static str], i32, &'static [&'static str]);

/// Runs, exports and previews.
pub const MISTAKES: &[Run] = &[
    // Parameters.
    (
        right,
        &["run", "P", "--sources", "none.pipewright.json"],
        2,
        &["`none.pipewright.json` reads 0 sources, the pipeline that is run reads 1", "exported with this one"],
    ),
    (
        right,
        &["run", "P", "--param", "limt=3"],
        2,
        &["there is no parameter `limt`; did you mean `limit`?", "the parameters are limit"],
    ),
    (
        right,
        &["run", "P", "--param", "limit"],
        2,
        &["gives no value to a parameter (`limit`)", "write --param limit=VALUE"],
    ),
    (
        right,
        &["run", "P", "--param", "limit=many"],
        2,
        &["`limit` is of type Int, and `many` is not", "a whole number"],
    ),
    (right, &["run", "P", "--param", "limit=1.5"], 2, &["`limit` is of type Int, and `1.5` is not", "a whole number"]),
    (without_default, &["run", "P"], 78, &["the parameter `limit` has no value", "--param limit=…"]),
    (
        with_time,
        &["run", "P", "--param", "since=yesterday"],
        2,
        &["of type Timestamp, and `yesterday` is not", "2026-03-02T14:00:00Z"],
    ),
    (
        right,
        &["run", "P", "--env-file", "no.env"],
        78,
        &["the env-file cannot be read: there is no such file", "no.env"],
    ),
    (
        right,
        &["run", "P", "--env-file", "words.env"],
        78,
        &["a line is not of the form NAME=VALUE", "words.env, line 2"],
    ),
    (right, &["run", "P", "--env-file", "open.env"], 78, &["a line is not of the form NAME=VALUE", "open.env, line 1"]),
    (right, &["run", "P", "--env-file", "many.env"], 78, &["`limit` is of type Int, and `many` is not"]),
    (right, &["run", "P", "--env-file", "."], 78, &["the env-file cannot be read: it is a folder"]),
    // Sources.
    (
        planned,
        &["run", "P"],
        78,
        &["step “Log”: the source “Refunds” does not exist yet", "owner: “team-x”", "leave this flow out"],
    ),
    (
        planned,
        &["export", "P", "--target", "pipeline", "--out", "b"],
        78,
        &["“Refunds” does not exist yet", "status: asked"],
    ),
    (missing, &["run", "P"], 1, &["step “Log”, path: there is no file `lgo.csv`", "did you mean `log.csv`?"]),
    (missing, &["preview", "P", "--step", "bad"], 1, &["step “Log”, path: there is no file `lgo.csv`"]),
    (
        missing,
        &["export", "P", "--target", "pipeline", "--out", "b2"],
        0,
        &["no receipt was made: there is no file `lgo.csv`", "export where"],
    ),
    (glob, &["run", "P"], 1, &["step “Log”, path: no file fits `logs/*.csv`", "see whether the folder is right"]),
    (folder, &["run", "P"], 1, &["step “Log”: the folder holds no files", "choose another folder"]),
    // What is written, and where.
    (right, &["run", "P", "--out", "log.csv"], 1, &["step “Write it”: the output folder cannot be used", "(log.csv)"]),
    (
        right,
        &["run", "P", "--out", "taken"],
        1,
        &["path: `out.csv` is a folder, so no file of that name can be written", "another name"],
    ),
    (
        parts,
        &["run", "P", "--out", "taken"],
        1,
        &[
            "the folder `out.csv` holds what no run wrote, or what was changed since: `precious.txt`",
            "a folder of its own",
        ],
    ),
    (
        keeping,
        &["run", "P", "--out", "kept"],
        1,
        &["`out.csv` exists, and the step is not to replace it", "remove the file"],
    ),
    (twice, &["run", "P"], 78, &["step “Write it”, path: “Again” writes `out.csv` too", "another path"]),
    (no_partition, &["run", "P"], 78, &["step “Write it”, partition: unknown column `usr`; did you mean `user`?"]),
    (no_sink, &["run", "P"], 78, &["nothing is written: the design has no Load or Answer step", "“Load to file”"]),
    (
        right,
        &["run", "P", "--out", "o", "--report", "log.csv/r.json"],
        1,
        &["the output folder cannot be used: a part of the path is a file, not a folder (log.csv)"],
    ),
    (right, &["run", "P", "--out", "o", "--quarantine", "log.csv"], 1, &["cannot be used", "log.csv"]),
    // Steps that are wrong.
    (
        typo,
        &["run", "P"],
        78,
        &["step “Bad requests”, predicate, at 1-6: unknown column `stauts`; did you mean `status`?"],
    ),
    (
        typo,
        &["export", "P", "--target", "duckdb", "--out", "b3"],
        78,
        &["step “Bad requests”, predicate", "write `status`"],
    ),
    (typo, &["preview", "P", "--step", "bad"], 1, &["step “Bad requests”, predicate"]),
    (typo, &["preview", "P", "--step", "load"], 1, &["step “Bad requests”, predicate", "`stauts`"]),
    (
        unknown_kind,
        &["run", "P"],
        78,
        &["step “Bad requests”: this version does not know the step kind `fliter`; did you mean `filter`?"],
    ),
    (
        stopping,
        &["run", "P", "--out", "o2"],
        1,
        &["step “Sane”: a check that stops the run failed: `status < 500` is not true", "mend the data"],
    ),
    (
        keyed,
        &["run", "P", "--out", "o"],
        78,
        &["the parameter `key` takes its value from the environment, where `HASH_KEY` is not set", "set HASH_KEY"],
    ),
    (
        from_environment,
        &["run", "P"],
        78,
        &[
            "step “Log”, source: the path `${env:LOGS}/log.csv` takes `LOGS` from the environment by itself",
            "add a parameter",
        ],
    ),
    (
        parsing,
        &["export", "P", "--target", "duckdb", "--out", "b4"],
        1,
        &["step “Parse”: DuckDB does not carry the parsing of a column", "the target `pipeline`"],
    ),
    (
        by_path,
        &["run", "P", "--out", "o4"],
        1,
        &["step “Write it”, partition: the partition columns have more than 1000 combinations", "coarser columns"],
    ),
    (
        renamed,
        &["run", "P", "--out", "o5"],
        0,
        &["step “Log”: the file has no column `status`: null in every row", "renamed.csv", "the right file"],
    ),
    // Quarantine.
    (
        dirty,
        &["run", "P", "--out", "o3", "--max-quarantined", "0.01"],
        3,
        &[
            "Log: 2 of 5 units in quarantine",
            "more than the share 0.01 that --max-quarantined allows",
            "--quarantine DIR",
        ],
    ),
    // Names of steps, ports, targets.
    (
        right,
        &["run", "P", "--flow", "Wirte it"],
        2,
        &["there is no step `Wirte it`; did you mean `Write it`?", "the steps are"],
    ),
    (
        right,
        &["run", "P", "--flow", "Bad requests"],
        2,
        &["“Bad requests” is not the end of a flow", "give a Load or Answer step"],
    ),
    (
        right,
        &["preview", "P", "--step", "Bad request"],
        2,
        &["there is no step `Bad request`; did you mean `Bad requests`?"],
    ),
    (
        right,
        &["preview", "P", "--step", "bad", "--port", "rest"],
        2,
        &["“Bad requests” has no output `rest`", "its outputs are out"],
    ),
    (
        same_titles,
        &["preview", "P", "--step", "Bad requests"],
        2,
        &["2 steps have the title `Bad requests`", "give an id: bad, bad2"],
    ),
    (
        right,
        &["preview", "P", "--step", "bad", "--output", "parquet"],
        2,
        &["a preview is not written as Parquet", "--output jsonl"],
    ),
    (
        right,
        &["preview", "P", "--step", "bad", "--param", "limt=1"],
        2,
        &["there is no parameter `limt`; did you mean `limit`?"],
    ),
    (
        right,
        &["export", "P", "--target", "duckbd", "--out", "b"],
        2,
        &["there is no target `duckbd`; did you mean `duckdb`?", "pipeline, duckdb"],
    ),
    (
        right,
        &["export", "P", "--target", "pipeline", "--out", "log.csv"],
        1,
        &["the output folder cannot be used: a part of the path is a file, not a folder (log.csv)"],
    ),
    (
        right,
        &["export", "P", "--target", "pipeline", "--out", "b", "--flow", "nope"],
        2,
        &["there is no step `nope`", "“Write it”"],
    ),
];

fn right(_: &mut Json) {}

fn without_default(p: &mut Json) {
    p["parameters"][0].as_object_mut().unwrap().remove("default");
}

fn with_time(p: &mut Json) {
    add(p, "parameters", json!({"id": "par-since", "name": "since", "type": "Timestamp"}));
}

fn planned(p: &mut Json) {
    let source = json!({"id": "src-plan", "title": "Refunds", "planned": {"status": "asked"}, "owner": "team-x", "schema": schema()});
    add(p, "sources", source);
    p["steps"][0] = json!({"id": "log", "kind": "planned_source", "title": "Log", "settings": {"source": "src-plan"}});
}

fn missing(p: &mut Json) {
    p["sources"][0]["path"] = json!("lgo.csv");
}

fn glob(p: &mut Json) {
    p["sources"][0]["path"] = json!("logs/*.csv");
}

fn folder(p: &mut Json) {
    p["sources"][0]["path"] = json!("empty");
}

fn dirty(p: &mut Json) {
    p["sources"][0]["path"] = json!("dirty.csv");
}

fn parts(p: &mut Json) {
    p["steps"][2]["settings"]["partition"] = json!(["user"]);
}

fn keeping(p: &mut Json) {
    p["steps"][2]["settings"]["when_exists"] = json!("fail");
}

fn twice(p: &mut Json) {
    add(
        p,
        "steps",
        json!({"id": "l2", "kind": "load_file", "title": "Again", "settings": {"kind": "csv", "path": "out.csv"}}),
    );
    add(p, "wires", json!({"id": "w3", "from": "bad", "to": "l2"}));
}

fn no_partition(p: &mut Json) {
    p["steps"][2]["settings"]["partition"] = json!(["usr"]);
}

fn no_sink(p: &mut Json) {
    p["steps"].as_array_mut().unwrap().pop();
    p["wires"].as_array_mut().unwrap().pop();
}

fn typo(p: &mut Json) {
    p["steps"][1]["settings"]["predicate"] = json!("stauts >= 500");
}

fn unknown_kind(p: &mut Json) {
    p["steps"][1]["kind"] = json!("fliter");
}

fn keyed(p: &mut Json) {
    add(p, "parameters", json!({"id": "par-key", "name": "key", "type": "String", "default": "${env:HASH_KEY}"}));
    let settings = json!({"columns": ["user"], "method": "hmac", "key": "key"});
    put_before_filter(p, json!({"id": "mask", "kind": "mask_or_hash", "title": "Mask", "settings": settings}));
}

fn from_environment(p: &mut Json) {
    p["sources"][0]["path"] = json!("${env:LOGS}/log.csv");
}

fn parsing(p: &mut Json) {
    let columns = json!([{"name": "a", "type": "String"}]);
    let settings = json!({"column": "path", "format": {"name": "logfmt"}, "columns": columns});
    put_before_filter(p, json!({"id": "parse", "kind": "parse_text", "title": "Parse", "settings": settings}));
}

fn by_path(p: &mut Json) {
    p["sources"][0]["path"] = json!("many.csv");
    p["steps"][2]["settings"] = json!({"kind": "csv", "path": "parts", "partition": ["path"]});
}

fn renamed(p: &mut Json) {
    p["sources"][0]["path"] = json!("renamed.csv");
}

/// A step between the log and the filter.
fn put_before_filter(p: &mut Json, step: Json) {
    let id = step["id"].clone();
    add(p, "steps", step);
    p["wires"][0] = json!({"id": "w1", "from": id, "to": "bad"});
    add(p, "wires", json!({"id": "w3", "from": "log", "to": id}));
}

fn stopping(p: &mut Json) {
    let rules = json!([{"id": "r1", "predicate": "status < 500", "on_fail": "stop"}]);
    put_before_filter(p, json!({"id": "sane", "kind": "expect", "title": "Sane", "settings": {"rules": rules}}));
}

fn same_titles(p: &mut Json) {
    add(
        p,
        "steps",
        json!({"id": "bad2", "kind": "filter", "title": "Bad requests", "settings": {"predicate": "true"}}),
    );
}

/// What is done to a right pinned test, the exit code, what must be said.
type Pinned = (fn(&mut Json), i32, &'static [&'static str]);

/// A step that names a parameter is tested with the parameter's default.
#[test]
fn pinned_tests_know_the_parameters() {
    let desk = Desk::new();
    let fields = json!({"fields": [{"name": "status", "type": "Int"}]});
    let mut project: Json = serde_json::from_str(&design(|_| {})).unwrap();
    add(&mut project, "parameters", json!({"id": "lim", "name": "lim", "type": "Int", "default": 400}));
    let settings = json!({"predicate": "status >= ${lim}"});
    add(&mut project, "steps", json!({"id": "above", "kind": "filter", "title": "Above", "settings": settings}));
    let test = json!({"id": "t1", "step": "above", "inputs": {"in": {"schema": fields, "rows": [[500], [200]]}},
        "expected": {"out": {"schema": fields, "rows": [[500]]}}});
    add(&mut project, "tests", test);
    desk.write("project.json", project.to_string());
    let (code, said) = desk.run(&["test", "project.json"]);
    assert!(code == 0 && said.contains("1 passed"), "{said}");
}

/// Pinned tests.
pub const TESTS: &[Pinned] = &[
    (
        |t| t["expected"]["out"]["rows"] = json!([[404]]),
        1,
        &[
            "FAILED Bad requests: keeps 500",
            "`out` has the row [500], expected [404]",
            "mend the step, or what the test expects",
        ],
    ),
    (|t| t["expected"]["out"]["rows"] = json!([]), 1, &["`out` has 1 row, expected 0"]),
    (|t| t["expected"] = json!({}), 1, &["the test expects nothing", "add the schema and the rows"]),
    (
        |t| t["expected"]["out"]["schema"] = json!({"fields": [{"name": "stat", "type": "Int"}]}),
        1,
        &["columns status, expected stat"],
    ),
    (
        |t| t["expected"] = json!({"rest": t["expected"]["out"]}),
        1,
        &["the step has no output `rest`; its outputs are `out`"],
    ),
    (
        |t| t["inputs"] = json!({"left": t["inputs"]["in"]}),
        1,
        &["the input `left`, which the step does not have", "its inputs are `in`"],
    ),
    (|t| t["inputs"] = json!({}), 1, &["the test gives no rows to the input `in`", "the test's `inputs`"]),
    (
        |t| t["inputs"]["in"]["rows"] = json!([["x"]]),
        1,
        &["row 1 of `in`: \"x\" in `status` is no Int", "change the value"],
    ),
    (
        |t| t["inputs"]["in"]["rows"] = json!([[500, 1]]),
        1,
        &["row 1 of `in` has 2 values for 1 columns", "one value a column"],
    ),
    (|t| t["step"] = json!("bda"), 1, &["there is no step `bda`; did you mean `bad`?", "correct the test's `step`"]),
    (
        |t| t["inputs"]["in"]["schema"] = json!({"fields": [{"name": "stat", "type": "Int"}]}),
        1,
        &["unknown column `status`; did you mean `stat`? (write `stat`"],
    ),
];

#[test]
fn runs_exports_and_previews() {
    let (desk, mut notes) = (Desk::new(), Notes::default());
    desk.write("none.pipewright.json", "{\"pipewright\": 1, \"name\": \"none\"}");
    desk.write("words.env", "# limits\nlimit = some words here\n");
    desk.write("open.env", "limit=\"3\n");
    desk.write("many.env", "limit=many\n");
    desk.write("dirty.csv", format!("{}a,b\n1,2,3,4,5,6,7\n", super::LOG));
    let row = |n: u32| format!("2026-03-02T14:00:00Z,500,/{n},1.5,ann\n");
    desk.write("many.csv", "time,status,path,duration,user\n".to_owned() + &(0..1100).map(row).collect::<String>());
    desk.write("renamed.csv", "time,code,path,duration,user\n2026-03-02T14:00:00Z,500,/a,0.1,ann\n");
    desk.write("taken/out.csv/precious.txt", "mine");
    desk.write("kept/out.csv", "old");
    fs::create_dir(desk.path("empty")).unwrap();
    for (change, args, code, wanted) in MISTAKES {
        desk.write("project.json", design(*change));
        let args: Vec<&str> = args.iter().map(|arg| if *arg == "P" { "project.json" } else { arg }).collect();
        notes.check_code(&args.join(" "), desk.run(&args), *code, wanted);
    }
    assert_eq!(fs::read_to_string(desk.path("kept/out.csv")).unwrap(), "old");
    assert!(exists(&desk.path("taken/out.csv/precious.txt")));
    assert!(!exists(&desk.path("o2/out.csv")), "a run that failed wrote its results");
    assert!(exists(&desk.path("o3/out.csv")), "a run with dirty lines writes its results");
}

#[test]
fn pinned_tests() {
    let (desk, mut notes) = (Desk::new(), Notes::default());
    let fields = json!({"fields": [{"name": "status", "type": "Int"}]});
    for (change, code, wanted) in TESTS {
        let mut test = json!({
            "id": "t1",
            "title": "keeps 500",
            "step": "bad",
            "inputs": {"in": {"schema": fields, "rows": [[500], [200]]}},
            "expected": {"out": {"schema": fields, "rows": [[500]]}}
        });
        change(&mut test);
        let mut project: Json = serde_json::from_str(&design(|_| {})).unwrap();
        add(&mut project, "tests", test.clone());
        desk.write("project.json", project.to_string());
        notes.check_code(&test.to_string(), desk.run(&["test", "project.json"]), *code, wanted);
    }
    let (code, said) = desk.run(&["test", "good.pipewright.json"]);
    assert!(code == 0 && said.contains("the project pins no tests"), "{said}");
}

#[test]
fn a_project_with_faults_is_drawn_all_the_same() {
    let desk = Desk::new();
    desk.write("project.json", design(typo));
    let (code, said) = desk.run(&["graph", "project.json"]);
    assert!(code == 0 && said.contains("Bad requests"), "{said}");
}
