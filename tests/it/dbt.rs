//! dbt projects beside what other tests say of every target: what a user of dbt finds in them, texts that would be Jinja,
//! rules as tests, a package in somebody's own project.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value as Json, json};

use crate::support::{lead, path, pipewright, postgresql, python_with_dbt, run, run_ok, texts};

/// A project in a folder of its own, and its bundle for dbt.
struct Bench {
    folder: tempfile::TempDir,
    python: String,
}

impl Bench {
    fn new(name: &str, design: Json) -> Option<Bench> {
        let bench = Bench { python: python_with_dbt()?, folder: tempfile::tempdir().unwrap() };
        let mut all = json!({"pipewright": 1, "name": name});
        all.as_object_mut().unwrap().extend(design.as_object().unwrap().clone());
        fs::write(bench.at("p.pipewright.json"), all.to_string()).unwrap();
        Some(bench)
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Exports for an adapter, in a folder of that name.
    fn export(&self, adapter: &str) {
        let (project, out) = (self.at("p.pipewright.json"), self.at(adapter));
        run_ok(&["export", path(&project), "--target", "dbt", "--adapter", adapter, "--out", path(&out)]);
    }

    fn run(&self, adapter: &str, variables: &[(&str, &str)]) -> (i32, String) {
        let mut script = Command::new(self.at(adapter).join("run.sh"));
        script.arg(self.at(&format!("out-{adapter}"))).arg("--trust").env("PW_SOURCE_FOLDER", self.folder.path());
        script.env("PIPEWRIGHT", env!("CARGO_BIN_EXE_pipewright")).env("PYTHON", &self.python);
        script.env("PIPEWRIGHT_DROP", "yes").current_dir(self.folder.path()).envs(variables.iter().copied());
        let (code, out, err) = texts(lead(&mut script).output().unwrap());
        (code, out + &err)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.at(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }
}

/// The adapters whose engines are here.
fn adapters() -> impl Iterator<Item = &'static str> {
    ["duckdb", "postgres"].into_iter().filter(|adapter| *adapter == "duckdb" || postgresql().is_some())
}

fn step(id: &str, kind: &str, title: &str, settings: Json) -> Json {
    json!({"id": id, "kind": kind, "title": title, "settings": settings})
}

fn wires(pairs: &[(&str, &str)]) -> Json {
    pairs.iter().enumerate().map(|(n, (from, to))| json!({"id": format!("w{n}"), "from": from, "to": to})).collect()
}

fn files(folder: &Path) -> Vec<String> {
    let mut found: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    found.sort();
    found
}

#[test]
fn a_user_of_dbt_finds_sources_models_tests_and_exposures() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("b");
    run_ok(&["export", "projects/shop/shop.pipewright.json", "--target", "dbt", "--out", path(&out)]);
    let text = |name: &str| fs::read_to_string(out.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let model = text("models/clean/failed_or_slow.sql");
    assert!(model.contains("\"access_log\" AS (\n  SELECT * FROM {{ ref('access_log') }}\n)"), "{model}");
    assert!(model.contains("{{ pw_parameter('slow_after', 'DOUBLE') }}"), "{model}");
    assert!(text("models/extract/access_log.sql").contains("FROM {{ source('shop', 'access_log') }}"));
    assert!(text("dbt_project.yml").contains("\nvars:\n  shop:\n"), "{}", text("dbt_project.yml"));
    let sources = text("models/sources.yml");
    assert!(sources.contains("- name: access_log\n") && sources.contains("owner: "), "{sources}");
    assert!(text("models/exposures.yml").contains("type: analysis\n"));
    let loads = text("models/load/_load.yml");
    assert!(loads.contains("enforced: true") && loads.contains("data_type: \"BIGINT\""), "{loads}");
    let tests = text("models/clean/_clean.yml");
    assert!(tests.contains("unit_tests:\n") && tests.contains("model: failed_or_slow\n"), "{tests}");
    assert!(files(&out).contains(&"receipt".to_owned()));
}

#[test]
fn nothing_that_a_design_or_a_parameter_holds_is_jinja() {
    let evil = "{{ run_query('x') }} {% raw %}\"'\r\n{# }} %} {{ '{' }} \\ $$ {";
    let quoted = format!("\"{}\"", evil.replace('"', "\"\""));
    let text = format!("'{}'", evil.replace('\'', "''"));
    let schema = json!({"fields": [{"name": evil, "type": "String"}]});
    let rules =
        json!({"rules": [{"id": "r", "predicate": format!("{quoted} <> 'b'"), "reason": evil, "on_fail": "reject"}]});
    let hostile = json!({
        "teams": [{"id": "team", "title": evil, "contact": format!("{evil}@x")}],
        "parameters": [{"id": "p", "name": "word", "type": "String", "default": evil, "doc": evil}],
        "questions": [{"id": "q", "title": evil, "asker": "team", "doc": evil}],
        "sources": [{"id": "s", "title": evil, "path": "in.jsonl", "doc": evil, "owner": "team", "stack": evil,
            "format": {"name": "json_lines"}, "schema": schema}],
        "steps": [
            {"id": "in", "kind": "file", "title": evil, "note": evil, "settings": {"source": "s"}},
            step("f", "filter", evil, json!({"predicate": format!(
                "{quoted} = ${{word}} or {quoted} = {text} or regexp_matches({quoted}, '^b{{1}}$')")})),
            step("rule", "expect", evil, rules),
            step("answer", "answer", evil, json!({"question": "q"})),
            step("out", "load_file", evil, json!({"path": "rows.jsonl", "kind": "jsonl"})),
        ],
        "wires": wires(&[("in", "f"), ("f", "rule"), ("rule", "answer"), ("answer", "out")]),
        "tests": [{"id": "t", "step": "f", "title": evil,
            "inputs": {"in": {"schema": schema, "rows": [[evil]]}},
            "expected": {"out": {"schema": schema, "rows": [[evil]]}}}],
    });
    let Some(bench) = Bench::new(evil, hostile) else { return };
    fs::write(
        bench.at("in.jsonl"),
        format!("{}\n{{{}: \"b\"}}\n{{{}: \"c\"}}\n", json!({evil: evil}), json!(evil), json!(evil)),
    )
    .unwrap();
    for adapter in adapters() {
        bench.export(adapter);
        for value in [evil, "b"] {
            let (code, talk) = bench.run(adapter, &[("PW_WORD", value)]);
            assert!(code == 0, "{adapter} {value}: {code} {talk}");
            assert_eq!(bench.text(&format!("out-{adapter}/rows.jsonl")), json!({evil: evil}).to_string() + "\n");
            let rejected = bench.text(&format!("out-{adapter}/quarantine/rejected.jsonl"));
            assert!(rejected.lines().count() == 1 && rejected.contains("{{ run_query('x') }}"), "{rejected}");
        }
    }
}

#[test]
fn rules_are_tests_and_pinned_rows_unit_tests() {
    let columns = json!([{"name": "n", "type": "Int"}, {"name": "word", "type": "String"}]);
    let schema = json!({"fields": columns});
    let rules = json!({"rules": [
        {"id": "a", "predicate": "n is not null and word in ('a', 'b')", "reason": "no such word", "on_fail": "reject"},
        {"id": "b", "predicate": "n < ${most}", "reason": "a number is \"too\" large", "on_fail": "stop"},
    ]});
    let design = |wanted: i64| {
        json!({
            "parameters": [{"id": "p", "name": "least", "type": "Int", "default": 2}, {"id": "m", "name": "most", "type": "Int", "default": 9}],
            "steps": [
                step("t", "table", "Numbers", json!({"columns": &columns, "rows": [[1, "a"], [2, "b"], [3, "c"], [4, "a"]]})),
                step("rule", "expect", "Known words", rules.clone()),
                step("f", "filter", "At least", json!({"predicate": "n >= ${least}"})),
                step("c", "contract", "As agreed", json!({"columns": columns})),
                step("out", "load_file", "Rows", json!({"path": "rows.csv", "kind": "csv", "order": ["n"]})),
            ],
            "wires": wires(&[("t", "rule"), ("rule", "f"), ("f", "c"), ("c", "out")]),
            "tests": [{"id": "t-least", "step": "f", "title": "two is enough",
                "inputs": {"in": {"schema": schema, "rows": [[1, "a"], [2, "it's"], [null, null]]}},
                "expected": {"out": {"schema": schema, "rows": [[wanted, "it's"]]}}}],
        })
    };
    for adapter in adapters() {
        let Some(bench) = Bench::new("rules", design(2)) else { return };
        bench.export(adapter);
        // A test holds for the defaults, whatever a run is given.
        let (code, talk) = bench.run(adapter, &[("PW_LEAST", "1")]);
        assert!(code == 3 && talk.contains("WARN=1 ERROR=0"), "{adapter}: {code} {talk}");
        assert_eq!(bench.text(&format!("out-{adapter}/rows.csv")), "n,word\n1,a\n2,b\n4,a\n");
        let tests = bench.text(&format!("{adapter}/models/check/_check.yml"));
        let held = bench.text(&format!("{adapter}/models/clean/_clean.yml"));
        let contract = "- name: at_least\n    description: \"At least\"\n    config:\n      contract:\n";
        assert!(held.contains(contract), "{held}");
        let words = "accepted_values: {arguments: {values: [\"a\", \"b\"]}}";
        for wanted in ["pw_no_rows", "- not_null\n", words] {
            assert!(tests.contains(wanted), "{tests}");
        }
        // A rule that stops the run stops it, and nothing is put in place.
        let before = bench.text(&format!("out-{adapter}/rows.csv"));
        let (code, talk) = bench.run(adapter, &[("PW_MOST", "4")]);
        assert!(code == 1 && talk.contains("a number is \"too\" large"), "{adapter}: {code} {talk}");
        assert_eq!(bench.text(&format!("out-{adapter}/rows.csv")), before);
        // So does a unit test that fails.
        let Some(bench) = Bench::new("rules", design(3)) else { return };
        bench.export(adapter);
        let (code, talk) = bench.run(adapter, &[]);
        assert!(code == 1 && talk.contains("at_least_t_least"), "{adapter}: {code} {talk}");
    }
}

#[test]
fn a_schema_of_somebody_elses_is_left_alone() {
    let (Some(server), Some(bench)) = (postgresql(), Bench::new("taken", table())) else { return };
    bench.export("postgres");
    let asked = |sql: &str| {
        let (code, out, err) = texts(server.psql().args(["-c", sql]).output().unwrap());
        assert_eq!(code, 0, "{sql}: {err}");
        out.trim().to_owned()
    };
    asked("CREATE SCHEMA theirs; CREATE TABLE theirs.numbers AS SELECT 7 AS n");
    let (code, talk) = bench.run("postgres", &[("DBT_SCHEMA", "theirs")]);
    assert!(code == 1 && talk.contains("the schema theirs holds what this project has not made"), "{code} {talk}");
    assert_eq!(asked("SELECT n FROM theirs.numbers"), "7");
    // What a run makes stays, and the next one replaces it.
    for _ in 0..2 {
        let (code, talk) = bench.run("postgres", &[("DBT_SCHEMA", "kept here"), ("PIPEWRIGHT_DROP", "")]);
        assert_eq!(code, 0, "{talk}");
        assert_eq!((code, asked("SELECT sum(n) FROM \"kept here\".\"rows\"")), (0, "3".to_owned()), "{talk}");
    }
    // A run that leaves nothing leaves what others have put beside it.
    asked("CREATE TABLE \"kept here\".others AS SELECT 7 AS n");
    let (code, talk) = bench.run("postgres", &[("DBT_SCHEMA", "kept here")]);
    assert!(code == 0 && talk.contains("the schema kept here stays: this run has not made others"), "{code} {talk}");
    assert_eq!(asked("SELECT n FROM \"kept here\".others"), "7");
    asked("DROP SCHEMA theirs CASCADE; DROP SCHEMA \"kept here\" CASCADE");
}

/// A step of inline rows, loaded.
fn table() -> Json {
    json!({
        "steps": [
            step("t", "table", "Numbers", json!({"columns": [{"name": "n", "type": "Int"}], "rows": [[1], [2]]})),
            step("out", "load_file", "Rows", json!({"path": "rows.csv", "kind": "csv"})),
        ],
        "wires": wires(&[("t", "out")]),
    })
}

#[test]
fn a_project_of_dbt_gets_a_package_in_a_folder_of_its_own() {
    let Some(bench) = Bench::new("Words & numbers", table()) else { return };
    let (own, project) = (bench.at("own"), bench.at("p.pipewright.json"));
    let arguments = ["export", path(&project), "--target", "dbt", "--into", path(&own)];
    let (code, _, talk) = run(&arguments);
    assert!(code == 2 && talk.contains("it has no dbt_project.yml"), "{talk}");
    fs::create_dir_all(own.join("models")).unwrap();
    fs::write(own.join("dbt_project.yml"), "name: own\nprofile: own\n").unwrap();
    fs::write(own.join("models/total.sql"), "select sum(n) as total from {{ ref('words_numbers', 'rows') }}\n")
        .unwrap();
    let profile = "own:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: own.duckdb}\n";
    fs::write(own.join("profiles.yml"), profile).unwrap();
    std::os::unix::fs::symlink(bench.at("elsewhere"), own.join("pipewright_words_numbers")).unwrap();
    let (code, _, talk) = run(&arguments);
    assert!(code == 2 && talk.contains("is a link"), "{talk}");
    fs::remove_file(own.join("pipewright_words_numbers")).unwrap();
    let (code, _, talk) = run(&arguments);
    assert!(
        code == 0 && talk.contains("- local: pipewright_words_numbers") && talk.contains("+schema: words_numbers"),
        "{talk}"
    );
    assert_eq!(files(&own), ["dbt_project.yml", "models", "pipewright_words_numbers", "profiles.yml"]);
    // As it was told.
    fs::write(own.join("packages.yml"), "packages:\n  - local: pipewright_words_numbers\n").unwrap();
    let more = "models:\n  words_numbers:\n    +schema: words_numbers\n";
    fs::write(own.join("dbt_project.yml"), format!("name: own\nprofile: own\n{more}")).unwrap();
    let (code, _, talk) = run(&arguments);
    assert!(code == 0 && talk.contains("already"), "{talk}");
    let dbt = |arguments: &[&str]| {
        let mut dbt = Command::new(&bench.python);
        dbt.args(["-m", "dbt.cli.main", "--no-send-anonymous-usage-stats"]).args(arguments);
        let (code, out, err) = texts(dbt.current_dir(&own).output().unwrap());
        assert_eq!(code, 0, "{arguments:?}: {out}{err}");
    };
    dbt(&["deps"]);
    dbt(&["build"]);
    let asked =
        "import duckdb; print(duckdb.connect('own.duckdb').execute('select total from main.total').fetchone()[0])";
    let (_, out, err) = texts(Command::new(&bench.python).args(["-c", asked]).current_dir(&own).output().unwrap());
    assert_eq!(out.trim(), "3", "{err}");
    // A file of the package that somebody has changed is not replaced.
    fs::write(own.join("pipewright_words_numbers/dbt_project.yml"), "mine").unwrap();
    let (code, _, talk) = run(&arguments);
    assert!(code == 1 && talk.contains("dbt_project.yml"), "{talk}");
}

/// Whose names leave the same word: in somebody's project, and in a database.
#[test]
fn projects_whose_names_become_the_same_word_do_not_replace_one_another() {
    let Some(first) = Bench::new("Web & shop", table()) else { return };
    let export = |bench: &Bench| {
        run(&["export", path(&bench.at("p.pipewright.json")), "--target", "dbt", "--into", path(&first.at("own"))])
    };
    fs::create_dir_all(first.at("own")).unwrap();
    fs::write(first.at("own/dbt_project.yml"), "name: own\nprofile: own\n").unwrap();
    for name in ["Продажи", "Склад", "Web & shop", "web-shop"] {
        let Some(bench) = Bench::new(name, table()) else { return };
        let (code, _, talk) = export(&bench);
        match name {
            "web-shop" => assert!(code == 2 && talk.contains("is the package of the project `Web & shop`"), "{talk}"),
            _ => assert_eq!(code, 0, "{talk}"),
        }
    }
    assert_eq!(files(&first.at("own")).len(), 4, "{:?}", files(&first.at("own")));
    let (Some(server), Some(second)) = (postgresql(), Bench::new("web-shop", table())) else { return };
    for (bench, wanted) in [(&first, 0), (&second, 1), (&first, 0)] {
        bench.export("postgres");
        let (code, talk) = bench.run("postgres", &[("PIPEWRIGHT_DROP", "")]);
        assert_eq!(code, wanted, "{talk}");
        assert!(wanted == 0 || talk.contains("the schema web_shop is that of the project 'Web & shop'"), "{talk}");
    }
    let dropped = server.psql().args(["-c", "DROP SCHEMA web_shop CASCADE"]).output().unwrap();
    assert!(dropped.status.success(), "{dropped:?}");
}

#[test]
fn a_bundle_says_what_is_missing_and_options_what_they_are_for() {
    let Some(bench) = Bench::new("missing", table()) else { return };
    bench.export("duckdb");
    let fake = bench.at("python");
    fs::write(&fake, format!("#!/bin/sh\nexec '{}' -S \"$@\"\n", bench.python)).unwrap();
    fs::set_permissions(&fake, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let mut verify = Command::new(bench.at("duckdb/verify.sh"));
    verify.env("PYTHON", &fake).env("PIPEWRIGHT", env!("CARGO_BIN_EXE_pipewright"));
    let (code, _, talk) = texts(verify.output().unwrap());
    assert!(code != 0 && talk.contains("has no package dbt-duckdb"), "{talk}");
    let project = bench.at("p.pipewright.json");
    for (more, told) in [
        (["--target", "dbt", "--adapter", "duckdbb"], "did you mean `duckdb`?"),
        (["--target", "duckdb", "--adapter", "duckdb"], "takes no --adapter"),
        (["--target", "spark", "--into", "x"], "takes no --into"),
    ] {
        let mut export = pipewright();
        export.args(["export", path(&project)]).args(more);
        if !more.contains(&"--into") {
            export.args(["--out", path(&bench.at("x"))]);
        }
        let (code, _, talk) = texts(export.output().unwrap());
        assert!(code == 2 && talk.contains(told) && talk.contains("help: "), "{more:?}: {talk}");
    }
}

#[test]
fn dbt_alone_builds_what_has_been_staged() {
    let fields = json!([{"name": "n", "type": "Int"}, {"name": "took", "type": "Duration"}]);
    let design = json!({
        "sources": [{"id": "s", "title": "Numbers", "path": "in.csv", "format": {"name": "csv"}, "schema": {"fields": fields}}],
        "steps": [
            step("in", "file", "Numbers", json!({"source": "s"})),
            step("f", "filter", "Not slow", json!({"predicate": "took < interval '3 seconds'"})),
            step("out", "load_file", "Rows", json!({"path": "rows.csv", "kind": "csv"})),
        ],
        "wires": wires(&[("in", "f"), ("f", "out")]),
    });
    let Some(bench) = Bench::new("alone", design) else { return };
    fs::write(bench.at("in.csv"), "n,took\n1,PT2S\n2,PT1.5S\n3,PT4S\n").unwrap();
    for adapter in adapters() {
        bench.export(adapter);
        let here = |arguments: &[&str]| {
            let mut command = Command::new(&bench.python);
            command.args(arguments).current_dir(bench.at(adapter)).env("PIPEWRIGHT", env!("CARGO_BIN_EXE_pipewright"));
            command.env("PW_SOURCE_FOLDER", bench.folder.path()).env("PIPEWRIGHT_STAGED", bench.at("staged"));
            command.env("DBT_SCHEMA", "alone here");
            let (code, out, err) = texts(lead(&mut command).output().unwrap());
            assert_eq!(code, 0, "{adapter} {arguments:?}: {out}{err}");
            out
        };
        here(&["run.py", "--stage", path(&bench.at("staged"))]);
        here(&["-m", "dbt.cli.main", "build", "--profiles-dir", "."]);
        let shown = ["-m", "dbt.cli.main", "show", "--profiles-dir", ".", "--output", "json", "--inline"];
        let out = here(&[&shown[..], &["select sum(n) as n, sum(took) as took from {{ ref('rows') }}"]].concat());
        assert!(out.contains("\"n\": 3") && out.contains("\"took\": 3500000"), "{adapter}: {out}");
    }
    if let Some(server) = postgresql() {
        let sql = "DROP SCHEMA \"alone here\" CASCADE; DROP SCHEMA \"alone here_sources\" CASCADE";
        assert_eq!(texts(server.psql().args(["-c", sql]).output().unwrap()).0, 0);
    }
}
