//! Bundles for PostgreSQL beside what other tests say of every target: values of every type through the database and back,
//! results that stay there, hostile texts, what is said where there is no server.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value as Json, json};

use crate::support::{PostgreSql, path, postgresql, run, run_ok, texts};

/// A project in a folder of its own, and its bundle.
struct Bench {
    folder: tempfile::TempDir,
    server: &'static PostgreSql,
}

impl Bench {
    fn new(name: &str, design: Json) -> Option<Bench> {
        let bench = Bench { folder: tempfile::tempdir().unwrap(), server: postgresql()? };
        let mut all = json!({"pipewright": 1, "name": name});
        all.as_object_mut().unwrap().extend(design.as_object().unwrap().clone());
        fs::write(bench.at("p.pipewright.json"), all.to_string()).unwrap();
        Some(bench)
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn export(&self) {
        run_ok(&[
            "export",
            path(&self.at("p.pipewright.json")),
            "--target",
            "postgresql",
            "--out",
            path(&self.at("b")),
        ]);
    }

    fn script(&self, name: &str) -> Command {
        let mut script = Command::new(self.at("b").join(name));
        script.env("PW_SOURCE_FOLDER", self.folder.path()).env("PIPEWRIGHT", env!("CARGO_BIN_EXE_pipewright"));
        self.server.lead(&mut script).current_dir(self.folder.path());
        script
    }

    fn run(&self, options: &[&str]) -> (i32, String) {
        let (code, out, err) = texts(self.script("run.sh").arg(self.at("out")).args(options).output().unwrap());
        (code, out + &err)
    }

    fn asked(&self, sql: &str) -> String {
        let (code, out, err) = texts(self.server.psql().args(["-c", sql]).output().unwrap());
        assert_eq!(code, 0, "{sql}: {err}");
        out.trim().to_owned()
    }
}

fn step(id: &str, kind: &str, title: &str, settings: Json) -> Json {
    json!({"id": id, "kind": kind, "title": title, "settings": settings})
}

fn wires(pairs: &[(&str, &str)]) -> Json {
    pairs.iter().enumerate().map(|(n, (from, to))| json!({"id": format!("w{n}"), "from": from, "to": to})).collect()
}

/// One step of inline rows, loaded.
fn table(file: &str, settings: Json) -> Json {
    let columns = json!([{"name": "n", "type": "Int"}]);
    let load = json!({"path": file, "kind": "csv"});
    let mut load = load.as_object().unwrap().clone();
    load.extend(settings.as_object().unwrap().clone());
    json!({
        "steps": [
            step("t", "table", "T", json!({"columns": columns, "rows": [[1], [2]]})),
            step("out", "load_file", "Rows of T", Json::Object(load)),
        ],
        "wires": wires(&[("t", "out")]),
    })
}

fn files(folder: &Path) -> std::collections::BTreeMap<String, Vec<u8>> {
    let mut found = std::collections::BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        match entry.path().is_dir() {
            true => {
                found.extend(files(&entry.path()).into_iter().map(|(inner, text)| (format!("{name}/{inner}"), text)))
            }
            false if name.starts_with(".pipewright") => {}
            false => drop(found.insert(name, fs::read(entry.path()).unwrap())),
        }
    }
    found
}

#[test]
fn values_of_every_type_come_through_and_back() {
    let words = [
        "",
        "abc",
        " lead",
        "a\nb",
        "a\r\nb",
        "\\.",
        "\\N",
        "\\",
        "\"q\"",
        "'",
        "a,b",
        "\t",
        "é日🎵",
        "null",
        "{}",
        "a\u{1}b\u{2}c",
        "\u{2028}x",
        "\\! touch hacked",
        "\n\\.\n",
        ":x",
        "$$",
        "%",
    ];
    let row = |(n, word): (usize, &&str)| {
        let ints = [0, 1, -1, i64::MAX, i64::MIN, 9_007_199_254_740_993];
        let floats = [0.5, 1e300, -1e-300, 5e-324, 123_456_789.125, 1e16, 3.0, -2.5];
        let times = [
            json!("2026-03-02T10:00:00Z"),
            json!("0001-01-01T00:00:00Z"),
            json!("9999-12-31T23:59:59.999999Z"),
            Json::Null,
        ];
        let lists = [json!([1, 2]), json!([]), Json::Null, json!([null, 3])];
        let texts = [json!(["a", "b\n,\"c\""]), json!([]), json!([null]), Json::Null, json!(["é", "\\"])];
        let records = [json!({"a": 1, "z": "x"}), Json::Null, json!({"a": null, "z": ""}), json!({"a": 5, "z": null})];
        let nested = [
            json!([{"k": 1, "at": "2026-03-02T10:00:00.5Z"}]),
            json!([]),
            Json::Null,
            json!([{"k": null, "at": null}]),
        ];
        let spans = [json!("PT1.5S"), json!("P3DT2H"), json!("-PT0.000001S"), Json::Null, json!("PT0S")];
        let (flags, days) =
            ([json!(true), json!(false), Json::Null], [json!("2026-03-02"), json!("0001-01-01"), Json::Null]);
        let more = [json!("a b"), Json::Null, json!("")];
        let line = json!({
            "s": word, "i": ints[n % 6], "f": floats[n % 8], "b": flags[n % 3],
            "t": times[n % 4], "l": lists[n % 4], "ls": texts[n % 5], "r": records[n % 4], "lr": nested[n % 4],
            "d": days[n % 3], "u": spans[n % 5],
            "line": more[n % 3],
        });
        line.to_string() + "\n"
    };
    let lines: String = words.iter().enumerate().map(row).collect();
    let types = [
        ("s", "String"),
        ("i", "Int"),
        ("f", "Float"),
        ("b", "Boolean"),
        ("t", "Timestamp"),
        ("l", "List<Int>"),
        ("ls", "List<String>"),
        ("r", "Record{\"a\": Int, \"z\": String}"),
        ("lr", "List<Record{\"k\": Int, \"at\": Timestamp}>"),
        ("d", "Date"),
        ("u", "Duration"),
        ("line", "String"),
    ];
    let fields: Vec<Json> = types.iter().map(|(name, kind)| json!({"name": name, "type": kind})).collect();
    let load = |kind: &str| {
        step(kind, "load_file", kind, json!({"path": format!("rows.{kind}"), "kind": kind, "order": ["s", "i"]}))
    };
    let parts = json!({"path": "parts", "kind": "jsonl", "partition": ["line", "b"], "order": ["s"]});
    let design = json!({
        "sources": [{"id": "s", "title": "S", "path": "in.jsonl", "format": {"name": "json_lines"}, "schema": {"fields": fields}}],
        "steps": [
            step("in", "file", "In", json!({"source": "s"})),
            step("c", "filter", "All \"rows'\n\\! touch hacked", json!({"predicate": "i is not null"})),
            load("csv"), load("jsonl"), load("parquet"), step("parts", "load_file", "parts", parts),
        ],
        "wires": wires(&[("in", "c"), ("c", "csv"), ("c", "jsonl"), ("c", "parquet"), ("c", "parts")]),
    });
    let Some(bench) = Bench::new("every type", design) else { return };
    fs::write(bench.at("in.jsonl"), lines).unwrap();
    bench.export();
    run_ok(&["run", path(&bench.at("p.pipewright.json")), "--trust", "--out", path(&bench.at("native"))]);
    let (code, talk) = bench.run(&["--trust"]);
    assert_eq!(code, 0, "{talk}");
    assert_eq!(files(&bench.at("out")), files(&bench.at("native")));
    assert!(!bench.at("hacked").exists());
}

#[test]
fn results_stay_in_a_schema_of_the_projects_own() {
    let Some(bench) = Bench::new("Kept \"here\"", table("rows.csv", json!({}))) else { return };
    bench.export();
    let left = "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'pipewright%' OR nspname LIKE 'Kept%'";
    let (code, talk) = bench.run(&[]);
    assert_eq!((code, bench.asked(left)), (0, "0".to_owned()), "{talk}");
    for _ in 0..2 {
        let (code, talk) = bench.run(&["--keep"]);
        assert_eq!((code, bench.asked(left)), (0, "1".to_owned()), "{talk}");
        assert_eq!(bench.asked("SELECT sum(n), count(*) FROM \"Kept \"\"here\"\"\".\"Rows of T\""), "3|2");
    }
    // What others have built on it is not taken from them, nor a schema that is theirs.
    let before = fs::read(bench.at("out").join("rows.csv")).unwrap();
    bench.asked("CREATE VIEW built_on_it AS SELECT * FROM \"Kept \"\"here\"\"\".\"Rows of T\"");
    let (code, talk) = bench.run(&["--keep"]);
    assert!(code == 1 && talk.contains("built_on_it") && talk.contains("nothing was changed"), "{talk}");
    bench.asked("DROP VIEW built_on_it; CREATE TABLE \"Kept \"\"here\"\"\".\"of a user\" (a int)");
    let (code, talk) = bench.run(&["--keep"]);
    assert!(code == 1 && talk.contains("\"of a user\" is not of this project's making"), "{talk}");
    bench.asked("DROP TABLE \"Kept \"\"here\"\"\".\"of a user\"; COMMENT ON SCHEMA \"Kept \"\"here\"\"\" IS 'ours'");
    let (code, talk) = bench.run(&["--keep"]);
    assert!(code == 1 && talk.contains("is not of this project's making"), "{talk}");
    assert_eq!(fs::read(bench.at("out").join("rows.csv")).unwrap(), before);
    bench.asked("DROP SCHEMA \"Kept \"\"here\"\"\" CASCADE");
}

#[test]
fn loads_that_replace_nothing_are_known_by_their_path() {
    let mut design = table("./a/rows-${day}.csv", json!({"when_exists": "fail"}));
    design["parameters"] = json!([{"id": "d", "name": "day", "type": "Date", "default": "2026/03/02"}]);
    let Some(bench) = Bench::new("only new", design) else { return };
    bench.export();
    let (code, talk) = bench.run(&[]);
    assert!(code == 0 && bench.at("out/a/rows-2026-03-02.csv").exists(), "{talk}");
    let (code, talk) = bench.run(&[]);
    assert!(code != 0 && talk.contains("rows-2026-03-02.csv"), "{talk}");
    let mut script = bench.script("run.sh");
    let (code, _, talk) = texts(script.arg(bench.at("out")).env("PW_DAY", "2026-03-03").output().unwrap());
    assert!(code == 0 && bench.at("out/a/rows-2026-03-03.csv").exists(), "{talk}");
}

#[test]
fn nothing_that_a_design_or_a_parameter_holds_is_run() {
    let evil = "x\"'\n\\! touch hacked\n$$;drop schema public;-- :'x' \\g |cat\n";
    assert!(evil.len() < 64);
    let quoted = format!("\"{}\"", evil.replace('"', "\"\""));
    let text = format!("'{}'", evil.replace('\'', "''"));
    let design = json!({
        "parameters": [{"id": "p", "name": "word", "type": "String", "default": evil}],
        "steps": [
            step("t", "table", evil, json!({"columns": [{"name": evil, "type": "String"}], "rows": [[evil], ["b"]]})),
            step("f", "filter", "pg_class", json!({"predicate": format!("{quoted} = ${{word}} or {quoted} = {text}")})),
            step("rule", "expect", evil, json!({"rules": [
                {"id": "r", "predicate": format!("{quoted} <> 'b'"), "reason": evil, "on_fail": "reject"}]})),
            step("out", "load_file", evil, json!({"path": "rows.jsonl", "kind": "jsonl"})),
        ],
        "wires": wires(&[("t", "f"), ("f", "rule"), ("rule", "out")]),
    });
    let Some(bench) = Bench::new(evil, design) else { return };
    bench.export();
    for value in [evil, "b"] {
        let mut script = bench.script("run.sh");
        let (code, out, talk) =
            texts(script.arg(bench.at("out")).args(["--trust", "--keep"]).env("PW_WORD", value).output().unwrap());
        // There is no source of which the rejected row would be a part: it is all there is.
        assert!(code == 0 || code == 3 && value == "b", "{code} {out}{talk}");
        let rows = fs::read_to_string(bench.at("out/rows.jsonl")).unwrap();
        assert_eq!(rows, json!({evil: evil}).to_string() + "\n", "{value}");
    }
    let rejected = fs::read_to_string(bench.at("out/quarantine/rejected.jsonl")).unwrap();
    assert_eq!(rejected.lines().count(), 1, "{rejected}");
    assert!(!bench.at("hacked").exists() && !bench.at("b/hacked").exists());
    assert_eq!(bench.asked("SELECT count(*) FROM pg_namespace WHERE nspname = 'public'"), "1");
}

#[test]
fn a_bundle_says_what_is_missing() {
    let Some(bench) = Bench::new("nobody", table("rows.csv", json!({}))) else { return };
    bench.export();
    let (code, _, talk) = texts(bench.script("verify.sh").env("PSQL", "/no/psql").output().unwrap());
    assert!(code != 0 && talk.contains("there is no psql"), "{talk}");
    let (code, _, talk) = texts(bench.script("verify.sh").env("PGHOST", bench.folder.path()).output().unwrap());
    assert!(code != 0 && talk.contains("no PostgreSQL answers"), "{talk}");
    let (code, out, talk) = texts(bench.script("verify.sh").output().unwrap());
    assert_eq!(code, 0, "{out}{talk}");
}

#[test]
fn a_nul_in_a_text_is_replaced_and_told_and_a_source_is_never_replaced() {
    let design = json!({
        "sources": [{"id": "s", "title": "S", "path": "out/in.jsonl", "format": {"name": "json_lines"},
            "schema": {"fields": [{"name": "a", "type": "String"}]}}],
        "steps": [
            step("in", "file", "In", json!({"source": "s"})),
            step("c", "compute", "Part", json!({"columns": [{"id": "k", "name": "k", "expression": "json_get(a, '$.k')"}]})),
            step("out", "load_file", "Out", json!({"path": "in.jsonl", "kind": "jsonl"})),
        ],
        "wires": wires(&[("in", "c"), ("c", "out")]),
    });
    let Some(bench) = Bench::new("nul", design) else { return };
    fs::create_dir(bench.at("out")).unwrap();
    let source = bench.at("out/in.jsonl");
    fs::write(&source, "{\"a\": \"x\"}\n").unwrap();
    bench.export();
    let (code, talk) = bench.run(&["--trust"]);
    assert!(code != 0 && talk.contains("in.jsonl"), "{talk}");
    assert_eq!(fs::read_to_string(&source).unwrap(), "{\"a\": \"x\"}\n");
    // Also where JSON in a text has one; two backslashes before are no sign of it.
    let inside = r#"{\"k\":\"p\\u0000\\\\u0000\"}"#;
    fs::write(&source, format!("{{\"a\": \"x\\u0000y\"}}\n{{\"a\": \"{inside}\"}}\n")).unwrap();
    let mut script = bench.script("run.sh");
    let (code, _, talk) = texts(script.arg(bench.at("other")).arg("--trust").output().unwrap());
    assert!(code == 0 && talk.contains("In: texts of 1 rows hold a NUL"), "{talk}");
    let written = fs::read_to_string(bench.at("other/in.jsonl")).unwrap();
    let rows: Vec<Json> = written.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&rows[0]["a"], &rows[1]["k"]), (&json!("x\u{fffd}y"), &json!("p\u{fffd}\\u0000")), "{written}");
}

#[test]
fn a_rule_that_stops_sees_the_rows_that_come_to_it_and_all_of_them() {
    let rule = json!({"rules": [{"id": "r", "predicate": "n <> ${bad}", "reason": "one is \"no\" number's", "on_fail": "stop"}]});
    let filter = json!({"predicate": "json_valid(concat(n)) and n > 1"});
    for (first, second, stops) in [("f", "rule", false), ("rule", "f", true)] {
        let mut design = table("rows.csv", json!({}));
        let steps = design["steps"].as_array_mut().unwrap();
        steps.push(step("rule", "expect", "Rule", rule.clone()));
        steps.push(step("f", "filter", "Above one", filter.clone()));
        design["wires"] = wires(&[("t", first), (first, second), (second, "out")]);
        design["parameters"] = json!([{"id": "b", "name": "bad", "type": "Int", "default": 9}]);
        let Some(bench) = Bench::new("stops", design) else { return };
        bench.export();
        let mut script = bench.script("run.sh");
        let (code, _, talk) = texts(script.arg(bench.at("out")).env("PW_BAD", "1").output().unwrap());
        match stops {
            true => assert!(code == 1 && talk.contains("one is \"no\" number's"), "{talk}"),
            false => assert!(code == 0 && bench.at("out/rows.csv").exists(), "{talk}"),
        }
    }
}

#[test]
fn what_postgresql_does_not_carry_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("p.pipewright.json");
    let columns = json!([{"name": "x", "type": "String"}]);
    for (expression, told) in [
        ("regexp_extract(x, 'a|ab')", "`regexp_extract` with a pattern"),
        ("ip_version(x)", "the function `ip_version`"),
        ("to_json(x)", "the function `to_json`"),
    ] {
        let design = json!({"pipewright": 1, "name": "p", "steps": [
            step("t", "table", "T", json!({"columns": columns, "rows": [["a"]]})),
            step("c", "compute", "Computed", json!({"columns": [{"id": "k", "name": "y", "expression": expression}]})),
            step("out", "load_file", "Out", json!({"path": "x.csv", "kind": "csv"})),
        ], "wires": wires(&[("t", "c"), ("c", "out")])});
        fs::write(&file, design.to_string()).unwrap();
        let (code, _, talk) =
            run(&["export", path(&file), "--target", "postgresql", "--out", path(&folder.path().join("b"))]);
        let wanted = format!("PostgreSQL does not carry {told}");
        assert!(code != 0 && talk.contains("PW0640") && talk.contains(&wanted), "{expression}: {talk}");
    }
}

/// As a verb: the same files and the same share of rejected rows as a run of Pipewright's own, on the server of a
/// connection.
#[test]
fn run_computes_on_the_server_of_a_connection() {
    let rule = json!({"rules": [{"id": "r", "predicate": "n > 1", "reason": "too few", "on_fail": "reject"}]});
    let mut design = table("rows.csv", json!({}));
    design["steps"].as_array_mut().unwrap().push(step("rule", "expect", "Rule", rule));
    design["wires"] = wires(&[("t", "rule"), ("rule", "out")]);
    let Some(server) = postgresql() else { return };
    let connection = |user: &str| {
        json!({
            "id": format!("c-{user}"), "title": format!("Warehouse of {user}"), "kind": "postgresql",
            "address": format!("127.0.0.1:{}/postgres", server.port), "settings": {"user": user},
            "secrets": {"password": "env:WAREHOUSE_PASSWORD"},
        })
    };
    design["connections"] = json!([connection("postgres")]);
    let Some(bench) = Bench::new("as a verb", design) else { return };
    let project = bench.at("p.pipewright.json");
    let run_on = |engine: &str, out: &str, more: &[&str]| {
        let mut run = crate::support::pipewright();
        run.args(["run", path(&project), "--trust", "--engine", engine, "--out", path(&bench.at(out))]).args(more);
        let (code, _, talk) = texts(run.env("WAREHOUSE_PASSWORD", "open sesame").output().unwrap());
        (code, talk)
    };
    // There is no source of which the rejected row would be a part: it is all there is.
    assert_eq!(run_on("native", "native", &["--max-quarantined", "1"]).0, 0);
    let report = bench.at("report.json");
    for (name, share, code) in [("c-postgres", "1", 0), ("Warehouse of postgres", "0.4", 3)] {
        let more = ["--server", name, "--max-quarantined", share, "--report", path(&report)];
        let (found, talk) = run_on("postgres", "there", &more);
        assert_eq!(found, code, "{name}: {talk}");
        let rows = |out: &str| fs::read_to_string(bench.at(out).join("rows.csv")).unwrap();
        assert_eq!(rows("there"), rows("native"));
        let report: Json = serde_json::from_str(&fs::read_to_string(&report).unwrap()).unwrap();
        assert_eq!(
            (report["quarantined"].as_f64(), report["max_quarantined"].as_f64()),
            (Some(1.0), share.parse().ok())
        );
    }
    let (code, talk) = run_on("postgres", "there", &["--server", "c-postgre"]);
    assert!(code == 2 && talk.contains("no connection `c-postgre`; did you mean `c-postgres`?"), "{code} {talk}");
    let (code, talk) = run_on("duckdb", "there", &["--server", "c-postgres"]);
    assert!(code == 2 && talk.contains("--server is an option of PostgreSQL"), "{code} {talk}");
}
