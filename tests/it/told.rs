//! What becomes of values, lines and rows is told: by a run's text and report, and by a preview, at the step where it
//! happens; and what is written is read back as it was.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::support::{path, python_with_duckdb, run, run_ok, texts};

/// A design in a folder of its own: each step takes the rows of the one that it names.
pub(crate) struct Bench {
    folder: TempDir,
    steps: Vec<Json>,
    wires: Vec<Json>,
    sources: Vec<Json>,
}

impl Bench {
    pub(crate) fn new() -> Bench {
        Bench { folder: tempfile::tempdir().unwrap(), steps: vec![], wires: vec![], sources: vec![] }
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A source with declared columns, `name:Type` each, of the file `name` or what it means.
    pub(crate) fn source(mut self, id: &str, name: &str, format: &str, columns: &[&str]) -> Bench {
        let fields = columns.iter().map(|column| column.split_once(':').unwrap());
        let fields: Vec<Json> = fields.map(|(name, data_type)| json!({"name": name, "type": data_type})).collect();
        let place = path(&self.file(name)).to_owned();
        self.sources.push(json!({"id": format!("src-{id}"), "title": id, "path": place, "format": {"name": format},
            "schema": {"fields": fields}}));
        self.steps.push(json!({"id": id, "kind": "file", "title": id, "settings": {"source": format!("src-{id}")}}));
        self
    }

    pub(crate) fn text(self, name: &str, text: &str) -> Bench {
        fs::write(self.file(name), text).unwrap();
        self
    }

    pub(crate) fn step(mut self, id: &str, kind: &str, settings: Json, from: &str) -> Bench {
        self.steps.push(json!({"id": id, "kind": kind, "title": id, "settings": settings}));
        if !from.is_empty() {
            self.wires.push(json!({"id": format!("wire{}", self.wires.len()), "from": from, "to": id}));
        }
        self
    }

    /// A wire to a port of its own.
    pub(crate) fn wired(mut self, from: &str, to: &str, port: &str) -> Bench {
        self.wires.push(json!({"id": format!("wire{}", self.wires.len()), "from": from, "to": to, "input": port}));
        self
    }

    pub(crate) fn load(self, from: &str, file: &str) -> Bench {
        let kind = file.rsplit('.').next().unwrap().to_owned();
        self.step(&format!("load {file}"), "load_file", json!({"path": file, "kind": kind}), from)
    }

    pub(crate) fn project(&self) -> String {
        let project = json!({"pipewright": 1, "name": "told", "sources": self.sources, "steps": self.steps,
            "wires": self.wires});
        let file = self.file("p.pipewright.json");
        fs::write(&file, project.to_string()).unwrap();
        path(&file).to_owned()
    }

    /// The run's exit code and text, and its report.
    pub(crate) fn run(&self) -> (i32, String, Json) {
        let (out, report) = (self.file("out"), self.file("report.json"));
        let project = self.project();
        let (code, _, talk) = run(&["run", &project, "--out", path(&out), "--report", path(&report)]);
        (code, talk, serde_json::from_str(&fs::read_to_string(report).unwrap_or_default()).unwrap_or_default())
    }

    pub(crate) fn preview(&self, step: &str) -> String {
        let (code, _, talk) = run(&["preview", &self.project(), "--step", step, "--sample", "0"]);
        assert_eq!(code, 0, "{talk}");
        talk
    }

    pub(crate) fn made(&self, file: &str) -> String {
        fs::read_to_string(self.file("out").join(file)).unwrap()
    }

    pub(crate) fn export(&self, target: &str) -> (i32, String) {
        let bundle = self.file(target);
        let (code, _, talk) = run(&["export", &self.project(), "--target", target, "--out", path(&bundle)]);
        (code, talk)
    }

    fn verify(&self, target: &str, python: &str) -> (i32, String, String) {
        let mut script = std::process::Command::new(self.file(target).join("verify.sh"));
        let settings = self.file("settings");
        script.env("PIPEWRIGHT", env!("CARGO_BIN_EXE_pipewright")).env("PYTHON", python);
        texts(script.env("PIPEWRIGHT_CONFIG", settings).output().unwrap())
    }
}

/// The report of an operation of a step.
fn step<'a>(report: &'a Json, id: &str, op: &str) -> &'a Json {
    let steps = report["steps"].as_array().unwrap();
    steps.iter().find(|step| step["step"] == id && step["op"] == op).unwrap_or_else(|| panic!("{id} {op}: {report}"))
}

pub(crate) fn has_all(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in:\n{text}");
    }
}

#[test]
fn results_that_no_value_of_their_type_is_are_counted() {
    let measure = |name: &str, expression: &str| json!({"id": name, "name": name, "expression": expression});
    let sums = json!([
        measure("s", "sum(i)"),
        measure("f", "sum(x)"),
        measure("m", "avg(x)"),
        measure("rate", "count(i) / count_if(i < 0)"),
        measure("t", "sum(i + k) - 1")
    ]);
    let spread = json!([measure("s", "sum(i)"), measure("d", "stddev(x)"), measure("most", "median(i)")]);
    let calculated = json!([
        measure("p", "i + 1"),
        measure("z", "i / k"),
        measure("h", "i / 2"),
        measure("u", "i / nullif(k, 0)"),
        measure("c", "case when k > 0 then i / k end"),
        measure("e", "coalesce(i / k, 0.0)"),
        measure("b", "x * 10 > 1"),
        measure("q", "-(i + 1) * 2")
    ]);
    let windows =
        json!([measure("w", "sum(i) over (partition by g)"), measure("less", "sum(i + k) over (partition by g) - 1")]);
    let bench = Bench::new()
        .text("a.csv", "g,i,x,k\na,9223372036854775807,1e308,0\na,1,1e308,1\nb,5,2,2\nb,,,\nc,,,\n")
        .source("a", "a.csv", "csv", &["g:String", "i:Int", "x:Float", "k:Int"])
        .step("sums", "aggregate", json!({"keys": [{"id": "g", "expression": "g"}], "measures": sums}), "a")
        .step("spread", "aggregate", json!({"keys": [{"id": "g", "expression": "g"}], "measures": spread}), "a")
        .step("calculated", "compute", json!({"columns": calculated}), "a")
        .step("windows", "window", json!({"columns": windows}), "a")
        .load("sums", "sums.jsonl")
        .load("spread", "spread.jsonl")
        .load("calculated", "calculated.jsonl")
        .load("windows", "windows.jsonl");
    let (code, talk, report) = bench.run();
    assert_eq!(code, 0, "{talk}");
    assert_eq!(step(&report, "sums", "aggregate")["beyond"], json!({"s": 1, "f": 1, "m": 1, "t": 1}));
    assert_eq!(step(&report, "sums", "project")["beyond"], json!({"rate": 3}));
    assert_eq!(step(&report, "spread", "aggregate")["beyond"], json!({"s": 1}));
    assert_eq!(step(&report, "calculated", "project")["beyond"], json!({"p": 1, "z": 1, "q": 1}));
    assert_eq!(step(&report, "windows", "window")["beyond"], json!({"w": 2, "less": 2}));
    has_all(
        &talk,
        &["PW0731", "of a division by zero, are null: 1 of `f`, 1 of `m`, 1 of `s`, 1 of `t`", "3 of `rate`"],
    );
    has_all(&bench.preview("sums"), &["1 of `f`, 1 of `m`, 1 of `s`, 1 of `t`", "3 of `rate`"]);
    has_all(&bench.preview("spread"), &["are null: 1 of `s`"]);
    has_all(&bench.preview("calculated"), &["1 of `p`, 1 of `q`, 1 of `z`", "exact but for what is told below"]);
    has_all(&bench.preview("windows"), &["are null: 2 of `less`, 2 of `w`"]);
}

#[test]
fn lines_that_are_like_the_header_are_told() {
    let bench = Bench::new()
        .text("a.csv", "name,city\nanna,bern\nname,city\nbob,ulm\nname,city\n")
        .source("a", "a.csv", "csv", &["name:String", "city:String"])
        .load("a", "a.jsonl");
    let (code, talk, _) = bench.run();
    let told = ["PW1133", "2 lines that are like the header were left out"];
    assert_eq!(code, 0, "{talk}");
    has_all(&talk, &told);
    has_all(&bench.preview("a"), &told);
    for verb in ["read", "profile"] {
        let (_, out, said) = run(&[verb, path(&bench.file("a.csv"))]);
        has_all(&(out + &said), &told);
    }
}

#[test]
fn a_folder_of_partitions_gives_the_columns_that_are_declared_of_it() {
    let bench = Bench::new().source("a", "parts", "json_lines", &["n:Int", "day:Int"]).load("a", "a.jsonl");
    for day in [1, 2] {
        let folder = bench.file(&format!("parts/day={day}"));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("part-0.jsonl"), format!("{{\"n\":{}}}\n", day * 10)).unwrap();
    }
    let (code, talk, _) = bench.run();
    assert_eq!((code, bench.made("a.jsonl").as_str()), (0, "{\"n\":10,\"day\":1}\n{\"n\":20,\"day\":2}\n"), "{talk}");
}

#[test]
fn values_that_steps_make_null_are_counted_by_step_and_column() {
    let bench = Bench::new()
        .text(
            "a.jsonl",
            "{\"s\":\"x\",\"l\":[\"1\",\"b\"],\"h\":\"a:1:2\",\"m\":\"{\\\"a\\\":\\\"z\\\"}\"}\n\
             {\"s\":\"5\",\"l\":[\"2\",null],\"h\":\"b:q\",\"m\":\"{\\\"a\\\":1}\"}\n\
             {\"s\":null,\"l\":null,\"h\":null,\"m\":null}\n",
        )
        .source("a", "a.jsonl", "json_lines", &["s:String", "l:List<String>", "h:String", "m:String"])
        .step(
            "types",
            "change_types",
            json!({"columns": [{"id": "c1", "column": "s", "type": "Int"},
                {"id": "c2", "column": "l", "type": "List<Int>"}]}),
            "a",
        )
        .step(
            "cut",
            "split_column",
            json!({"column": "h", "separator": ":", "drop_input": true,
                "into": [{"id": "i1", "name": "x"}, {"id": "i2", "name": "y", "type": "Int"}]}),
            "a",
        )
        .step(
            "parsed",
            "parse_text",
            json!({"column": "m", "format": {"name": "json_lines"}, "columns": [{"name": "a", "type": "Int"}]}),
            "a",
        )
        .load("types", "types.jsonl")
        .load("cut", "cut.jsonl")
        .load("parsed", "parsed.jsonl");
    let (code, talk, report) = bench.run();
    assert_eq!(code, 0, "{talk}");
    assert_eq!(step(&report, "types", "project")["unfit"], json!({"l": 1, "s": 1}));
    assert_eq!(step(&report, "cut", "project")["unfit"], json!({"y": 1}));
    assert_eq!(step(&report, "cut", "project")["surplus"], json!({"y": 1}));
    assert_eq!(step(&report, "parsed", "parse")["unfit"], json!({"a": 1}));
    has_all(&talk, &["PW0731", "1 of `l`, 1 of `s`", "1 of `y`", "more pieces than columns", "1 of `a`"]);
    has_all(&bench.preview("types"), &["PW0731", "1 of `l`, 1 of `s`", "exact but for what is told below"]);
    has_all(&bench.preview("load parsed.jsonl"), &["1 of `a`"]);
    // Nothing is told of columns that nobody takes.
    let bench = bench.step("few", "select", json!({"columns": [{"id": "k", "column": "h"}]}), "types");
    let only =
        Bench { steps: bench.steps.iter().filter(|step| step["kind"] != "load_file").cloned().collect(), ..bench };
    let (code, talk, _) = only.load("few", "few.csv").run();
    assert!(code == 0 && !talk.contains("PW0731"), "{talk}");
}

#[test]
fn what_conversions_take_from_values_is_counted_by_step_and_column() {
    let types = |column: &str, to: &str| json!({"columns": [{"id": "c", "column": column, "type": to}]});
    let text = "{\"f\":1.5,\"i\":9007199254740993,\"s\":\"9007199254740993\",\"t\":\"2026-01-01T10:00:00.1234567Z\",\
        \"at\":\"2026-01-01T10:00:00Z\"}\n\
        {\"f\":2,\"i\":1,\"s\":\"1e-400\",\"t\":\"2026-01-01T00:00:00Z\",\"at\":\"2026-01-01T00:00:00Z\"}\n";
    let columns = ["f:Float", "i:Int", "s:String", "t:String", "at:Timestamp"];
    let formatted =
        json!({"columns": [{"id": "c", "column": "t", "type": "Timestamp", "format": "%Y-%m-%dT%H:%M:%S.%f%z"}]});
    let computed = json!({"columns": [{"id": "c1", "name": "x", "expression": "cast(i as float)"},
        {"id": "c2", "name": "y", "expression": "coalesce(i, 0.5)"},
        {"id": "c3", "name": "z", "expression": "case when i > 0 then 0 else try_cast(s as float) end"},
        {"id": "c4", "name": "day", "expression": "cast(at as date)"},
        {"id": "c5", "name": "whole", "expression": "cast(f as int)"}]});
    let split = json!({"column": "s", "separator": "#", "into": [{"id": "i", "name": "n", "type": "Float"}]});
    let mut bench = Bench::new()
        .text("a.jsonl", text)
        .source("a", "a.jsonl", "json_lines", &columns)
        .step("fi", "change_types", types("f", "Int"), "a")
        .step("if", "change_types", types("i", "Float"), "a")
        .step("sf", "change_types", types("s", "Float"), "a")
        .step("st", "change_types", types("t", "Timestamp"), "a")
        .step("sd", "change_types", types("t", "Date"), "a")
        .step("td", "change_types", types("at", "Date"), "a")
        .step("format", "change_types", formatted, "a")
        .step("computed", "compute", computed, "a")
        .step("split", "split_column", split, "a")
        .step("unpivot", "unpivot", json!({"columns": ["f", "i"], "name": "k", "value": "v"}), "a")
        .step("floats", "select", json!({"columns": [{"id": "k", "column": "f", "name": "i"}]}), "a")
        .step("all", "concatenate", json!({}), "a");
    bench.wires.push(json!({"id": "second", "from": "floats", "to": "all"}));
    let told = [
        ("fi", "fractions", json!({"f": 1})),
        ("if", "rounded", json!({"i": 1})),
        ("sf", "rounded", json!({"s": 2})),
        ("st", "cut", json!({"t": 1})),
        ("sd", "clocks", json!({"t": 1})),
        ("td", "clocks", json!({"at": 1})),
        ("format", "cut", json!({"t": 1})),
        ("computed", "rounded", json!({"x": 1, "y": 1})),
        ("split", "rounded", json!({"n": 2})),
        ("unpivot", "rounded", json!({"i": 1})),
        ("all", "rounded", json!({"i": 1})),
    ];
    for (id, ..) in &told {
        bench = bench.load(id, &format!("{id}.jsonl"));
    }
    let (code, talk, report) = bench.run();
    assert_eq!(code, 0, "{talk}");
    for (id, change, expected) in &told {
        assert_eq!(&step(&report, id, "project")[change], expected, "{id} {talk}");
        has_all(&bench.preview(id), &["PW0731", "exact but for what is told below"]);
    }
    for meant in ["fractions", "clocks"] {
        assert!(step(&report, "computed", "project")[meant].is_null(), "what is written is meant: {meant}");
    }
    has_all(&talk, &["fractions of numbers were cut off", "clocks of times were cut off"]);
    assert_eq!(bench.made("fi.jsonl").matches("\"f\":1,").count(), 1);
    let Some(python) = python_with_duckdb() else { return };
    let (code, told) = bench.export("duckdb");
    assert_eq!(code, 0, "{told}");
    let readme = fs::read_to_string(bench.file("duckdb").join("README.md")).unwrap();
    assert!(readme.contains("make null, round or cut are not counted"), "{readme}");
    let (code, out, err) = bench.verify("duckdb", &python);
    assert_eq!(code, 0, "{out}{err}");
}

#[test]
fn what_sources_take_from_values_is_told() {
    let bench = Bench::new()
        .text(
            "a.jsonl",
            "{\"d\":\"2026-01-01T10:00:00Z\",\"u\":\"PT0.0000001S\",\"r\":{\"a\":1,\"a\":2},\"s\":\"a\\ud800b\",\
             \"l\":[9007199254740993]}\n\
             {\"d\":\"2026-01-01T00:00:00Z\",\"u\":\"PT1.5S\",\"r\":{\"a\":1,\"b\":2},\"s\":\"\\ufffd \\ud83d\\ude00\",\"l\":[1]}\n",
        )
        .text("c.csv", "d,u,l\n2026-01-01T23:30:00-05:00,PT1.0000005S,\"[{\"\"a\"\":1,\"\"b\"\":2}]\"\n2026-01-01,PT1S,[]\n")
        .source(
            "a",
            "a.jsonl",
            "json_lines",
            &["d:Date", "u:Duration", "r:Record{\"a\": Int}", "s:String", "l:List<Float>"],
        )
        .source("c", "c.csv", "csv", &["d:Date", "u:Duration", "l:List<Record{\"a\": Int}>"])
        .text("k.log", "k=\"a\\ud800b\"\nk=c\n")
        .source("k", "k.log", "logfmt", &["k:String"])
        .load("a", "a.jsonl")
        .load("c", "c.jsonl")
        .load("k", "k.jsonl");
    let (code, talk, report) = bench.run();
    assert_eq!(code, 0, "{talk}");
    let tally = |id: &str| {
        let sources = report["sources"].as_array().unwrap();
        sources.iter().find(|source| source["step"] == id).unwrap()["tally"].clone()
    };
    let told = tally("a");
    for (change, column) in
        [("clocks", "d"), ("cut", "u"), ("repeated", "r"), ("undeclared", "r"), ("halved", "s"), ("rounded", "l")]
    {
        assert_eq!(told[change], json!({column: 1}), "{change}: {told}");
    }
    let told = tally("c");
    for (change, column) in [("clocks", "d"), ("cut", "u"), ("undeclared", "l")] {
        assert_eq!(told[change], json!({column: 1}), "{change}: {told}");
    }
    assert_eq!(tally("k")["halved"], json!({"k": 1}));
    has_all(&bench.preview("a"), &["clocks of times", "given twice", "surrogate", "names that their type does not"]);
}

#[test]
fn a_list_with_items_that_do_not_fit_is_rejected_where_that_is_wanted() {
    let bench = Bench::new()
        .text("a.jsonl", "{\"k\":1,\"l\":[\"a\",\"2\"]}\n{\"k\":2,\"l\":[\"1\",null]}\n{\"k\":3,\"l\":null}\n")
        .source("a", "a.jsonl", "json_lines", &["k:Int", "l:List<String>"])
        .step(
            "types",
            "change_types",
            json!({"columns": [{"id": "c", "column": "l", "type": "List<Int>", "on_fail": "reject"}]}),
            "a",
        )
        .step(
            "strict",
            "compute",
            json!({"columns": [{"id": "c", "name": "n", "expression": "cast(l as list<int>)"}]}),
            "a",
        )
        .load("types", "types.csv")
        .load("strict", "strict.csv");
    let (code, talk, report) = bench.run();
    assert_eq!(code, 0, "{talk}");
    assert_eq!(bench.made("types.csv").lines().collect::<Vec<_>>(), ["k,l", "2,\"[1,null]\"", "3,"]);
    assert_eq!(bench.made("strict.csv").lines().count(), 3);
    for id in ["types", "strict"] {
        assert_eq!(step(&report, id, "check")["quarantined"], 1, "{report}");
    }
    let Some(python) = python_with_duckdb() else { return };
    assert_eq!(bench.export("duckdb"), (0, bench.export("duckdb").1));
    let (code, out, err) = bench.verify("duckdb", &python);
    assert_eq!(code, 0, "{out}{err}");
}

#[test]
fn a_preview_tells_what_was_turned_away_and_lost_before_it() {
    let bench = Bench::new()
        .text("a.csv", "a,b\n1,x\nq,y\n3\n4,z,9\n5,w\n")
        .source("a", "a.csv", "csv", &["a:Int", "b:String"])
        .step("kept", "filter", json!({"predicate": "b <> 'x'"}), "a")
        .step("expect", "expect", json!({"rules": [{"id": "r", "predicate": "a > 4"}]}), "a");
    has_all(&bench.preview("a"), &["PW0836", "2 of 6 units", "PW0731", "1 of `a`", "exact but for", "unread: 2"]);
    has_all(&bench.preview("kept"), &["PW0836", "PW0731"]);
    has_all(&bench.preview("expect"), &["PW0836", "PW0837", "2 rows are rejected", "PW0731"]);
    let whole = Bench::new().text("a.csv", "a,b\n1,x\n").source("a", "a.csv", "csv", &["a:Int", "b:String"]);
    let talk = whole.preview("a");
    assert!(talk.contains(", exact (all 1 rows)") && !talk.contains("warning"), "{talk}");
}

#[test]
fn a_line_that_several_branches_turn_away_counts_once() {
    let text: String = (0..90).map(|n| format!("{n}\n")).collect();
    let rules = |predicate: &str| json!({"rules": [{"id": "r", "predicate": predicate}]});
    let bench = Bench::new()
        .text("a.csv", &("n\n".to_owned() + &text))
        .source("a", "a.csv", "csv", &["n:Int"])
        .step("e1", "expect", rules("n < 60"), "a")
        .step("e2", "expect", rules("n < 60"), "a")
        .step("e3", "expect", rules("n < 45"), "a")
        .load("e1", "1.csv")
        .load("e2", "2.csv")
        .load("e3", "3.csv");
    let (code, talk, report) = bench.run();
    assert!(code == 0 && !talk.contains("PW0723"), "{code} {talk}");
    assert_eq!(report["quarantined"], 30 + 30 + 45);
    let share = report["quarantined_share"].as_f64().unwrap();
    assert!((share - 45.0 / 91.0).abs() < 1e-9, "{share}");
}

#[test]
fn what_sources_leave_out_is_told() {
    let bench = Bench::new()
        .text("a.jsonl", "{\"a\":1,\"a\":2,\"late\":7}\n{\"a\":3,\"t\":\"2026-03-02T14:02:11.123456789Z\"}\n")
        .text("k.log", "k=1 k=2\nk=3\n")
        .source("a", "a.jsonl", "json_lines", &["a:Int", "t:Timestamp"])
        .source("k", "k.log", "logfmt", &["k:Int"])
        .load("a", "a.csv")
        .load("k", "k.csv");
    let (code, talk, report) = bench.run();
    assert_eq!(code, 0, "{talk}");
    let tally = |id: &str| {
        let sources = report["sources"].as_array().unwrap();
        sources.iter().find(|source| source["step"] == id).unwrap()["tally"].clone()
    };
    assert_eq!((&tally("a")["repeated"], &tally("a")["cut"]), (&json!({"a": 1}), &json!({"t": 1})));
    assert_eq!(tally("k")["repeated"], json!({"k": 1}));
    has_all(
        &talk,
        &["given twice", "1 of `a`", "finer than a microsecond", "1 of `t`", "PW0835", "1 of `late`", "1 of `k`"],
    );
    has_all(&bench.preview("a"), &["given twice", "finer than a microsecond", "PW0835", "1 of `late`"]);
}

#[test]
fn what_parquet_holds_inside_of_lists_and_records_is_told() {
    let Some(python) = python_with_duckdb() else { return };
    let bench = Bench::new();
    let query = "copy (select ['NaN'::double, 1.0, 'inf'::double] as f, [18446744073709551615::ubigint, 1] as i, \
        [18446744073709551615::ubigint, 1] as w, {'x': 'NaN'::double, 't': time '10:00:00.5'} as r, \
        time '10:00:00.25' as t, timestamp '2026-01-01 10:00:00' as d) to '{}' (format parquet)";
    let query = query.replacen("'{}'", &format!("'{}'", path(&bench.file("a.parquet"))), 1);
    let mut made = std::process::Command::new(&python);
    made.args(["-c", "import duckdb, sys; duckdb.execute(sys.argv[1])", &query]);
    let (code, _, fault) = texts(made.output().unwrap());
    assert_eq!(code, 0, "{fault}");
    let columns = [
        "f:List<Float>",
        "i:List<Int>",
        "w:List<Float>",
        "r:Record{\"x\": Float, \"t\": String}",
        "t:String",
        "d:Date",
    ];
    let bench = bench.source("a", "a.parquet", "parquet", &columns).load("a", "a.jsonl");
    let (code, talk, report) = bench.run();
    assert_eq!(code, 0, "{talk}");
    let tally = &report["sources"][0]["tally"];
    assert_eq!(tally["unfit"], json!({"f": 2, "i": 1, "r": 1}), "{tally}");
    assert_eq!((&tally["rounded"], &tally["clocks"]), (&json!({"w": 1}), &json!({"d": 1})), "{tally}");
    let rows: Json = serde_json::from_str(&bench.made("a.jsonl")).unwrap();
    assert_eq!((&rows["f"], &rows["i"]), (&json!([null, 1.0, null]), &json!([null, 1])));
    assert_eq!((&rows["r"], &rows["t"]), (&json!({"x": null, "t": "10:00:00.5"}), &json!("10:00:00.25")));
    has_all(&bench.preview("a"), &["PW0731", "2 of `f`"]);
}

#[test]
fn texts_that_a_pattern_does_not_match_are_told_where_they_go() {
    let split = |drop_input: bool| {
        json!({"column": "s", "by": "pattern", "pattern": "u=(\\d)", "drop_input": drop_input,
        "into": [{"id": "i", "name": "p"}]})
    };
    let bench = Bench::new()
        .text("a.jsonl", "{\"s\":\"u=1\"}\n{\"s\":\"zz important\"}\n{\"s\":null}\n")
        .source("a", "a.jsonl", "json_lines", &["s:String"])
        .step("gone", "split_column", split(true), "a")
        .step("kept", "split_column", split(false), "a")
        .load("gone", "gone.jsonl")
        .load("kept", "kept.jsonl");
    let (code, talk, report) = bench.run();
    assert_eq!(code, 0, "{talk}");
    assert_eq!(step(&report, "gone", "project")["unfit"], json!({"p": 1}), "{report}");
    assert!(step(&report, "kept", "project")["unfit"].is_null(), "{report}");
}

#[test]
fn rows_whose_list_is_empty_are_told_where_they_go() {
    let bench = Bench::new()
        .text("a.jsonl", "{\"k\":1,\"l\":[1,2]}\n{\"k\":2,\"l\":[]}\n{\"k\":3,\"l\":null}\n")
        .source("a", "a.jsonl", "json_lines", &["k:Int", "l:List<Int>"])
        .step("items", "explode_list", json!({"column": "l", "keep_empty": false}), "a")
        .load("items", "o.jsonl");
    let (code, talk, report) = bench.run();
    assert_eq!((code, bench.made("o.jsonl").lines().count()), (0, 2), "{talk}");
    assert_eq!(step(&report, "items", "filter")["dropped"], 2);
    has_all(&talk, &["2 of 3 rows"]);
}

#[test]
fn files_of_a_source_that_lack_a_column_are_told() {
    let bench = Bench::new();
    fs::create_dir(bench.file("in")).unwrap();
    let bench = bench
        .text("in/a.csv", "a,b\n1,x\n")
        .text("in/e.csv", "a,extra\n2,z\n3,z\n")
        .source("a", "in/*.csv", "csv", &["a:Int", "b:String"])
        .load("a", "a.csv");
    let (code, talk, report) = bench.run();
    assert_eq!(code, 0, "{talk}");
    assert_eq!(report["sources"][0]["tally"]["missing"], json!({"b": 2}));
    has_all(&talk, &["PW0725", "2 of `b`", "PW0835", "2 of `extra`"]);
    has_all(&bench.preview("a"), &["PW0725", "2 of `b`"]);
    // A single file is told once.
    let one =
        Bench::new().text("e.csv", "a\n2\n").source("a", "e.csv", "csv", &["a:Int", "b:String"]).load("a", "a.csv");
    assert_eq!(one.run().1.matches("PW0725").count(), 1);
}

#[test]
fn rows_of_one_column_are_read_back_as_they_were_written() {
    let rows = json!([["x"], [null], [""], ["y"], [" "], [null]]);
    let bench = Bench::new()
        .step("t", "table", json!({"columns": [{"name": "s", "type": "String"}], "rows": rows}), "")
        .load("t", "o.csv");
    let (code, talk, _) = bench.run();
    assert_eq!(code, 0, "{talk}");
    let written = bench.file("out").join("o.csv");
    let back = run_ok(&["read", path(&written), "--as", "csv", "--output", "jsonl"]);
    let back: Vec<Json> = back.lines().map(|line| serde_json::from_str::<Json>(line).unwrap()["s"].clone()).collect();
    let wanted: Vec<Json> = rows.as_array().unwrap().iter().map(|row| row[0].clone()).collect();
    let sorted = |mut rows: Vec<Json>| {
        rows.sort_by_key(Json::to_string);
        rows
    };
    assert_eq!(sorted(back), sorted(wanted), "{}", bench.made("o.csv"));
    let Some(python) = python_with_duckdb() else { return };
    let query = "import duckdb, sys; print([r[0] for r in duckdb.execute('select * from read_csv(?, header=true, \
        all_varchar=true, allow_quoted_nulls=false)', [sys.argv[1]]).fetchall()])";
    let found = std::process::Command::new(&python).args(["-c", query, path(&written)]).output().unwrap();
    let (_, found, fault) = texts(found);
    assert_eq!(found.matches("None").count(), 2, "{found}{fault}");
    assert_eq!(bench.export("duckdb").0, 0);
    let (code, out, err) = bench.verify("duckdb", &python);
    assert_eq!(code, 0, "{out}{err}");
}

#[test]
fn lines_that_end_with_a_return_alone_are_lines() {
    let bench = Bench::new()
        .text("a.csv", "a,b\r1,\"x\ry\"\r3,4\r")
        .source("a", "a.csv", "csv", &["a:Int", "b:String"])
        .load("a", "o.jsonl");
    let (code, talk, _) = bench.run();
    assert_eq!(code, 0, "{talk}");
    assert_eq!(bench.made("o.jsonl"), "{\"a\":1,\"b\":\"x\\ry\"}\n{\"a\":3,\"b\":\"4\"}\n");
    let found: Json =
        serde_json::from_str(&run_ok(&["sniff", path(&bench.file("a.csv")), "--format", "json"])).unwrap();
    assert!(found.to_string().contains("\"csv\"") && found.to_string().contains("\"b\""), "{found}");
}

#[test]
fn what_duckdb_cannot_do_alike_is_refused_or_made_alike() {
    let Some(python) = python_with_duckdb() else { return };
    // Parquet has no spans of time.
    let table =
        json!({"columns": [{"name": "d", "type": "Duration"}, {"name": "k", "type": "Int"}], "rows": [["PT1S", 1]]});
    let spans = Bench::new().step("t", "table", table, "").load("t", "o.parquet");
    let (code, talk) = spans.export("duckdb");
    assert!(code != 0 && talk.contains("PW0838") && talk.contains("`d`"), "{code} {talk}");
    // No field of a record is without a name there.
    let compute = json!({"columns": [{"id": "c", "name": "x", "expression": "r.\"\" + 1"}]});
    let nameless = Bench::new()
        .text("n.jsonl", "{\"r\":{\"\":1}}\n")
        .source("a", "n.jsonl", "json_lines", &["r:Record{\"\": Int}"])
        .step("c", "compute", compute, "a")
        .load("c", "o.csv");
    let (code, talk) = nameless.export("duckdb");
    assert!(code != 0 && talk.contains("PW0640") && talk.contains("a field without a name"), "{code} {talk}");
    // Floats in names of folders, and fields of records in their order.
    let partition = json!({"path": "parts", "kind": "csv", "partition": ["s"]});
    let bench = Bench::new()
        .text(
            "a.jsonl",
            "{\"s\":1e308,\"r\":{\"t\":\"2026-01-01T00:00:00Z\",\"x\":1.5,\"b\":true}}\n\
             {\"s\":-0.0,\"r\":null}\n{\"s\":1e16,\"r\":{\"t\":null,\"x\":2,\"b\":null}}\n{\"s\":0.0,\"r\":null}\n",
        )
        .source("a", "a.jsonl", "json_lines", &["s:Float", "r:Record{\"t\": Timestamp, \"x\": Float, \"b\": Boolean}"])
        .step("parts", "load_file", partition, "a")
        .load("a", "o.csv")
        .load("a", "o.jsonl");
    assert_eq!(bench.export("duckdb").0, 0);
    let (code, out, err) = bench.verify("duckdb", &python);
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("parts/s=1e308/part-0.csv") && out.contains("parts/s=0.0/part-0.csv"), "{out}");
    // A load into partitions that has no row.
    let partition = json!({"path": "parts", "kind": "csv", "partition": ["s"]});
    let none = Bench::new()
        .text("a.csv", "s,k\nx,1\n")
        .source("a", "a.csv", "csv", &["s:String", "k:Int"])
        .step("no", "filter", json!({"predicate": "k > 1"}), "a")
        .step("parts", "load_file", partition, "no");
    for target in ["duckdb", "pipeline"] {
        assert_eq!(none.export(target).0, 0);
        let (code, out, err) = none.verify(target, &python);
        assert!(
            code == 0 && out.contains("no result has a row") && !err.contains("NOTHING TO COMPARE"),
            "{target}: {out}{err}"
        );
    }
}

#[test]
fn whole_numbers_that_become_fractions_beside_others_are_counted() {
    let keys = |left: &str, right: &str| json!([{"id": "k", "left": left, "right": right}]);
    let join = |kind: &str| json!({"kind": kind, "on": keys("i", "i")});
    let columns = json!([
        {"id": "c1", "name": "held", "expression": "clamp(i, 0, x)"},
        {"id": "c2", "name": "low", "expression": "clamp(x, i, 1e300)"},
        {"id": "c3", "name": "whole", "expression": "clamp(i, 0, 9223372036854775807)"},
        {"id": "c4", "name": "above", "expression": "clamp(i, 0, x) > 1"},
        {"id": "c5", "name": "most", "expression": "greatest(i, x)"}
    ]);
    let mut bench = Bench::new()
        .text("a.csv", "i,x\n9007199254740993,1e300\n9007199254740993,0.5\n3,0.5\n")
        .text("b.csv", "i,y\n3.5,1\n3,2\n")
        .source("a", "a.csv", "csv", &["i:Int", "x:Float"])
        .source("b", "b.csv", "csv", &["i:Float", "y:Int"])
        .step("c", "compute", json!({"columns": columns}), "a")
        .load("c", "c.jsonl");
    for kind in ["full", "right", "left"] {
        let sides = if kind == "right" { ["b", "a"] } else { ["a", "b"] };
        bench = bench.step(kind, "join", join(kind), "").wired(sides[0], kind, "left").wired(sides[1], kind, "right");
        bench = bench.load(kind, &format!("{kind}.jsonl"));
    }
    let (code, talk, report) = bench.run();
    assert_eq!(code, 0, "{talk}");
    let rounded = |id: &str| step(&report, id, "project")["rounded"].clone();
    // Of the first row the number is given, of the others a bound of it; the lower bound is one in the second row.
    assert_eq!(rounded("c"), json!({"held": 1, "low": 1, "most": 2}), "{talk}");
    assert_eq!(rounded("full"), json!({"i": 2}), "{talk}");
    assert_eq!(rounded("right"), json!({"i": 2}), "{talk}");
    assert!(talk.contains("PW0731"), "{talk}");
    // The keys themselves were compared as they are.
    assert!(bench.made("left.jsonl").contains("9007199254740993"), "{}", bench.made("left.jsonl"));
}
