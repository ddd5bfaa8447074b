//! Bundles for ClickHouse beside what other tests say of every target: values of every type through the engine and back,
//! a rule that stops the run, `clickhouse local` in place of the package, what is said where neither is there.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value as Json, json};

use crate::support::{path, pipewright, python_with_clickhouse, run, run_ok, texts};

/// A project in a folder of its own, and its bundle.
struct Bench {
    folder: tempfile::TempDir,
    python: String,
}

impl Bench {
    fn new(design: Json) -> Option<Bench> {
        let bench = Bench { folder: tempfile::tempdir().unwrap(), python: python_with_clickhouse()? };
        let mut all = json!({"pipewright": 1, "name": "bench"});
        all.as_object_mut().unwrap().extend(design.as_object().unwrap().clone());
        fs::write(bench.at("p.pipewright.json"), all.to_string()).unwrap();
        Some(bench)
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn export(&self) {
        let (project, bundle) = (self.at("p.pipewright.json"), self.at("b"));
        run_ok(&["export", path(&project), "--target", "clickhouse", "--out", path(&bundle)]);
    }

    fn script(&self, name: &str) -> Command {
        let mut script = Command::new(self.at("b").join(name));
        script.env("PW_SOURCE_FOLDER", self.folder.path()).env("PIPEWRIGHT", env!("CARGO_BIN_EXE_pipewright"));
        script.env("PYTHON", &self.python).env_remove("CLICKHOUSE").current_dir(self.folder.path());
        script
    }

    fn run_to(&self, out: &str) -> (i32, String) {
        let (code, out, err) = texts(self.script("run.sh").arg(self.at(out)).arg("--trust").output().unwrap());
        (code, out + &err)
    }

    /// A program in the bench's folder.
    fn program(&self, name: &str, text: &str) -> PathBuf {
        let program = self.at(name);
        fs::write(&program, text).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        program
    }
}

fn step(id: &str, kind: &str, settings: Json) -> Json {
    json!({"id": id, "kind": kind, "title": id, "settings": settings})
}

fn wires(pairs: &[(&str, &str)]) -> Json {
    pairs.iter().enumerate().map(|(n, (from, to))| json!({"id": format!("w{n}"), "from": from, "to": to})).collect()
}

/// Three numbers, those above one, and a rule, in an order; loaded.
fn numbers(rule: Json, order: [&str; 2]) -> Json {
    let columns = json!([{"name": "n", "type": "Int"}]);
    json!({
        "steps": [
            step("t", "table", json!({"columns": columns, "rows": [[1], [2], [3]]})),
            step("f", "filter", json!({"predicate": "n > 1"})),
            step("rule", "expect", json!({"rules": [rule]})),
            step("out", "load_file", json!({"path": "rows.csv", "kind": "csv"})),
        ],
        "wires": wires(&[("t", order[0]), (order[0], order[1]), (order[1], "out")]),
    })
}

#[test]
fn windows_of_two_flows_over_one_source_are_calculated() {
    let columns =
        json!([{"name": "id", "type": "Int"}, {"name": "i", "type": "Int"}, {"name": "t", "type": "Timestamp"}]);
    let rows = json!([[1, 5, "2026-03-02T10:00:00Z"], [2, null, null], [3, 7, null]]);
    let window = |name: &str, expression: &str| {
        step(name, "window", json!({"columns": [{"name": "x", "expression": expression}]}))
    };
    let kept = json!({"mode": "keep", "columns": [{"column": "id"}, {"column": "x"}]});
    let load =
        |name: &str| step(name, "load_file", json!({"path": format!("{name}.csv"), "kind": "csv", "order": ["id"]}));
    let steps = json!([
        step("a", "table", json!({"columns": columns, "rows": rows})),
        window("v", "count(i) over (partition by t)"),
        step("sv", "select", kept.clone()),
        load("lv"),
        window("w", "sum(id) over (order by id)"),
        step("sw", "select", kept),
        load("lw"),
    ]);
    let pairs = [("a", "v"), ("v", "sv"), ("sv", "lv"), ("a", "w"), ("w", "sw"), ("sw", "lw")];
    let Some(bench) = Bench::new(json!({"steps": steps, "wires": wires(&pairs)})) else { return };
    bench.export();
    let (code, talk) = bench.run_to("out");
    assert_eq!(code, 0, "{talk}");
    assert_eq!(fs::read_to_string(bench.at("out/lv.csv")).unwrap(), "id,x\n1,1\n2,1\n3,1\n");
    assert_eq!(fs::read_to_string(bench.at("out/lw.csv")).unwrap(), "id,x\n1,1\n2,3\n3,6\n");
}

#[test]
fn values_of_every_type_come_through_clickhouse_and_back() {
    let words =
        ["", "abc", " lead", "a\nb", "\\N", "\\", "\"q\"", "'", "`", "\t", "é日🎵", "null", "\0", "a\u{1}b", "%"];
    let row = |(n, word): (usize, &&str)| {
        let ints = [json!(0), json!(-1), json!(i64::MAX), json!(i64::MIN), Json::Null];
        let floats = [json!(0.5), json!(1e300), json!(-1e-300), json!(5e-324), json!(1e16), Json::Null];
        let times = [json!("2026-03-02T10:00:00.5Z"), json!("0001-01-01T00:00:00Z"), Json::Null];
        let late = [json!("9999-12-31T23:59:59.999999Z"), Json::Null];
        let lists = [json!([1, 2]), json!([]), Json::Null, json!([null, 3])];
        let records = [json!({"a": 1, "at": late[0]}), Json::Null, json!({"a": null, "at": null})];
        let spans = [json!("PT1.5S"), json!("P3DT2H"), json!("-PT0.000001S"), Json::Null];
        let flags = [json!(true), json!(false), Json::Null];
        let days = [json!("9999-12-31"), json!("0001-01-01"), Json::Null];
        let line = json!({
            "s": word, "c0": ints[n % 5], "n5": floats[n % 6], "b": flags[n % 3], "t": times[n % 3], "l": lists[n % 4],
            "lt": [late[n % 2]], "r": records[n % 3], "d": days[n % 3], "u": spans[n % 4], "a.b": n,
        });
        line.to_string() + "\n"
    };
    let types = [
        ("s", "String"),
        ("c0", "Int"),
        ("n5", "Float"),
        ("b", "Boolean"),
        ("t", "Timestamp"),
        ("l", "List<Int>"),
        ("lt", "List<Timestamp>"),
        ("r", "Record{\"a\": Int, \"at\": Timestamp}"),
        ("d", "Date"),
        ("u", "Duration"),
        ("a.b", "Int"),
    ];
    let fields: Vec<Json> = types.iter().map(|(name, kind)| json!({"name": name, "type": kind})).collect();
    let load = |kind: &str| {
        step(kind, "load_file", json!({"path": format!("rows.{kind}"), "kind": kind, "order": ["s", "c0"]}))
    };
    let design = json!({
        "sources": [{"id": "s", "title": "S", "path": "in.jsonl", "format": {"name": "json_lines"}, "schema": {"fields": fields}}],
        "steps": [step("in", "file", json!({"source": "s"})), load("csv"), load("jsonl"), load("parquet")],
        "wires": wires(&[("in", "csv"), ("in", "jsonl"), ("in", "parquet")]),
    });
    let Some(bench) = Bench::new(design) else { return };
    fs::write(bench.at("in.jsonl"), words.iter().enumerate().map(row).collect::<String>()).unwrap();
    bench.export();
    run_ok(&["run", path(&bench.at("p.pipewright.json")), "--trust", "--out", path(&bench.at("native"))]);
    let (code, talk) = bench.run_to("out");
    assert_eq!(code, 0, "{talk}");
    for name in ["rows.csv", "rows.jsonl", "rows.parquet"] {
        let file = |out: &str| fs::read(bench.at(out).join(name)).unwrap();
        assert!(file("out") == file("native"), "{name}\n{}", String::from_utf8_lossy(&file("out")));
    }
}

#[test]
fn a_rule_that_stops_sees_the_rows_that_come_to_it_and_all_of_them_on_clickhouse() {
    for (order, stops) in [(["f", "rule"], false), (["rule", "f"], true)] {
        let reason = "one is \"no\" number's";
        let rule = json!({"id": "r", "predicate": "n <> ${bad}", "reason": reason, "on_fail": "stop"});
        let mut design = numbers(rule, order);
        design["parameters"] = json!([{"id": "b", "name": "bad", "type": "Int", "default": 9}]);
        let Some(bench) = Bench::new(design) else { return };
        bench.export();
        let mut script = bench.script("run.sh");
        let (code, _, talk) = texts(script.arg(bench.at("out")).env("PW_BAD", "1").output().unwrap());
        match stops {
            true => assert!(code == 1 && talk.contains(reason), "{code} {talk}"),
            false => assert!(code == 0 && bench.at("out/rows.csv").exists(), "{code} {talk}"),
        }
    }
}

/// The package and the program give the same, as a bundle and as a verb; without them nothing is written.
#[test]
fn rows_come_from_the_package_or_from_the_program() {
    let rule = json!({"id": "r", "predicate": "n <> 2", "reason": "two", "on_fail": "reject"});
    let Some(bench) = Bench::new(numbers(rule, ["f", "rule"])) else { return };
    bench.export();
    let rows = |out: &str| fs::read_to_string(bench.at(out).join("rows.csv")).unwrap();
    let (code, talk) = bench.run_to("package");
    assert!(code == 0 || code == 3, "{talk}");
    assert_eq!(rows("package"), "n\n3\n");
    // What stands for the program takes what `clickhouse local` takes.
    let local = format!(
        "#!/bin/sh\n[ \"$1 $2 $4\" = 'local --path --queries-file' ] || exit 9\nexec '{}' -c 'import sys; from chdb import session; \
         session.Session(sys.argv[3]).query(open(sys.argv[5]).read())' \"$@\"\n",
        bench.python
    );
    bench.program("clickhouse", &local);
    let bare = bench.program("python", &format!("#!/bin/sh\nexec '{}' -S \"$@\"\n", bench.python));
    let mut script = bench.script("run.sh");
    script.arg(bench.at("program")).env("CLICKHOUSE", "./clickhouse").env("PYTHON", &bare);
    let (found, _, talk) = texts(script.output().unwrap());
    assert_eq!((found, rows("program")), (code, rows("package")), "{talk}");
    let report = bench.at("report.json");
    let mut verb = pipewright();
    verb.args(["run", path(&bench.at("p.pipewright.json")), "--trust", "--engine", "clickhouse", "--out"]);
    verb.arg(bench.at("verb")).args(["--max-quarantined", "1", "--report", path(&report)]).env("PYTHON", &bench.python);
    let (found, _, talk) = texts(verb.output().unwrap());
    assert_eq!((found, rows("verb")), (0, rows("package")), "{talk}");
    let report: Json = serde_json::from_str(&fs::read_to_string(report).unwrap()).unwrap();
    assert_eq!((&report["quarantined"], &report["steps"][0]["rows_in"]), (&json!(1), &json!([2])), "{report}");
    for name in ["run.sh", "verify.sh"] {
        let mut script = bench.script(name);
        let (code, _, talk) = texts(script.arg(bench.at("none")).env("PYTHON", &bare).output().unwrap());
        assert!(code == 1 && talk.contains("no package `chdb`"), "{name}: {code} {talk}");
        assert!(!bench.at("none/rows.csv").exists());
    }
}

#[test]
fn what_clickhouse_does_not_carry_is_named() {
    let columns = json!([{"name": "a", "type": "String"}]);
    let design = json!({
        "pipewright": 1, "name": "refused",
        "steps": [
            step("t", "table", json!({"columns": columns, "rows": [["a"]]})),
            step("c", "compute", json!({"columns": [{"name": "b", "expression": "split(a, a)"}]})),
            step("out", "load_file", json!({"path": "rows.csv", "kind": "csv"})),
        ],
        "wires": wires(&[("t", "c"), ("c", "out")]),
    });
    let folder = tempfile::tempdir().unwrap();
    let (project, bundle) = (folder.path().join("p.pipewright.json"), folder.path().join("b"));
    fs::write(&project, design.to_string()).unwrap();
    let (code, _, talk) = run(&["export", path(&project), "--target", "clickhouse", "--out", path(&bundle)]);
    assert!(
        code == 1 && talk.contains("PW0640") && talk.contains("ClickHouse does not carry `split`"),
        "{code} {talk}"
    );
    assert!(!bundle.exists());
}
