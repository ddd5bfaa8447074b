//! Exports: hostile names are quoted, planned sources are refused, what a target does not carry is named.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use pipewright_core::project::{Edit, Project, save_file};
use serde_json::json;

use crate::support::{lead, path, postgresql, python_for, python_with_duckdb, run, run_ok, targets_here, texts};

fn insert(into: &str, item: serde_json::Value) -> Edit {
    Edit::Insert { into: into.into(), item, place: Default::default() }
}

fn wires(ids: &[&str]) -> Vec<Edit> {
    let pairs = ids.windows(2).enumerate();
    pairs.map(|(n, pair)| insert("wires", json!({"id": format!("w{n}"), "from": pair[0], "to": pair[1]}))).collect()
}

/// The engines that are here, beside Pipewright's own runner.
fn engines() -> Vec<&'static str> {
    // Spark takes half a minute to start. Log agents take of a design what they carry, and report what stays behind.
    targets_here().filter(|target| !["pipeline", "spark", "vector", "rsyslog"].contains(target)).collect()
}

/// A script of a bundle, with what leads it to its engine.
fn script(bundle: &std::path::Path, name: &str, folder: &std::path::Path, python: &str) -> Command {
    let mut script = Command::new(bundle.join(name));
    script
        .env("PW_SOURCE_FOLDER", folder)
        .env("PIPEWRIGHT", env!("CARGO_BIN_EXE_pipewright"))
        .env("PYTHON", python)
        .current_dir(folder);
    lead(&mut script);
    script
}

fn saved(folder: &std::path::Path, edits: &[Edit]) -> String {
    let mut project = Project::new("hostile");
    project.apply(edits).unwrap();
    let file = folder.join("hostile.pipewright.json");
    save_file(&file, &project).unwrap();
    path(&file).to_owned()
}

#[test]
fn hostile_names_and_texts_are_quoted() {
    let Some(python) = python_with_duckdb() else { return };
    let folder = tempfile::tempdir().unwrap();
    let name = "a\"; drop table x; --";
    let value = "it's'); drop table x; --";
    fs::write(folder.path().join("in.csv"), format!("\"{}\",n\n\"{value}\",1\nother,2\n", name.replace('"', "\"\"")))
        .unwrap();
    let quoted = format!("\"{}\"", name.replace('"', "\"\""));
    let mut edits = vec![
        insert("sources", json!({"id": "s", "title": "S", "path": "in.csv"})),
        insert(
            "steps",
            json!({"id": "in", "kind": "file", "title": "'; $(touch hacked) `x`", "settings": {"source": "s"}}),
        ),
        insert(
            "steps",
            json!({"id": "keep", "kind": "filter", "title": "--\n*/", "settings": {
            "predicate": format!("{quoted} = '{}'", value.replace('\'', "''"))}}),
        ),
        insert(
            "steps",
            json!({"id": "out", "kind": "load_file", "title": "Out", "settings": {
            "path": "it's \"out\" $HOME.csv", "kind": "csv"}}),
        ),
    ];
    edits.extend(wires(&["in", "keep", "out"]));
    let project = saved(folder.path(), &edits);
    let native = folder.path().join("native");
    run_ok(&["run", &project, "--out", path(&native)]);
    let expected = fs::read_to_string(native.join("it's \"out\" $HOME.csv")).unwrap();
    assert_eq!(expected.lines().count(), 2, "{expected}");
    for target in ["pipeline"].into_iter().chain(engines()) {
        let bundle = folder.path().join(target);
        run_ok(&["export", &project, "--target", target, "--out", path(&bundle)]);
        let out = folder.path().join("out of it");
        let mut script = script(&bundle, "run.sh", folder.path(), &python);
        let (code, stdout, stderr) = texts(script.arg(&out).output().unwrap());
        assert_eq!(code, 0, "{target}: {stdout}{stderr}");
        assert_eq!(fs::read_to_string(out.join("it's \"out\" $HOME.csv")).unwrap(), expected, "{target}");
        assert!(!folder.path().join("hacked").exists());
        fs::remove_dir_all(&out).unwrap();
    }
}

#[test]
fn planned_sources_are_refused_with_their_owner() {
    let folder = tempfile::tempdir().unwrap();
    let mut edits = vec![
        insert("teams", json!({"id": "t", "title": "Payments"})),
        insert(
            "sources",
            json!({"id": "s", "title": "Refunds", "owner": "t", "planned": {"status": "asked"},
            "schema": {"fields": [{"name": "amount", "type": "Float"}]}}),
        ),
        insert("steps", json!({"id": "in", "kind": "planned_source", "title": "Refunds", "settings": {"source": "s"}})),
        insert(
            "steps",
            json!({"id": "out", "kind": "load_file", "title": "Out", "settings": {"path": "x.csv", "kind": "csv"}}),
        ),
    ];
    edits.extend(wires(&["in", "out"]));
    let project = saved(folder.path(), &edits);
    let out = folder.path().join("out");
    for args in [
        vec!["run", &project, "--out", path(&out)],
        vec!["export", &project, "--target", "pipeline", "--out", path(&out)],
    ] {
        let (code, _, talk) = run(&args);
        assert_eq!(code, 78, "{talk}");
        assert!(talk.contains("Refunds") && talk.contains("planned"), "{talk}");
    }
    assert!(!out.exists());
    let (code, rows, talk) = run(&["preview", &project, "--step", "Refunds", "--output", "jsonl"]);
    assert_eq!(code, 0, "{talk}");
    assert!(rows.lines().count() == 20 && talk.contains("made-up"), "{talk}");
}

#[test]
fn names_that_duckdb_takes_for_one_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (number, (name, expression)) in
        [("ID", "id"), ("x", "cast(null as Record{\"a\": Int, \"A\": Int})")].into_iter().enumerate()
    {
        let at = folder.path().join(number.to_string());
        fs::create_dir(&at).unwrap();
        fs::write(at.join("in.csv"), "id,n\n1,2\n").unwrap();
        let columns = json!([{"id": "c1", "name": name, "expression": expression}]);
        let mut edits = vec![
            insert("sources", json!({"id": "s", "title": "S", "path": "in.csv"})),
            insert("steps", json!({"id": "in", "kind": "file", "title": "In", "settings": {"source": "s"}})),
            insert("steps", json!({"id": "c", "kind": "compute", "title": "More", "settings": {"columns": columns}})),
            insert("steps", json!({"id": "out", "kind": "load_file", "title": "Out", "settings": {"path": "x.jsonl"}})),
        ];
        edits.extend(wires(&["in", "c", "out"]));
        let project = saved(&at, &edits);
        let (code, _, talk) = run(&["export", &project, "--target", "duckdb", "--out", path(&at.join("bundle"))]);
        assert!(code == 1 && talk.contains("capital letters"), "{expression}: {code} {talk}");
    }
}

#[test]
fn what_must_be_written_in_sql_is_no_parameter_there() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("in.csv"), "t,n\na@b.c,1\n").unwrap();
    let time = "try_cast('2026-03-02T00:00:00Z' as Timestamp)";
    for (number, expression) in [
        "regexp_replace(t, ${re}, 'z')",
        "regexp_replace(t, '[@.]', ${re})",
        "regexp_matches(t, ${re})",
        "regexp_extract(t, ${re})",
        "regexp_count(t, ${re})",
        "regexp_count(t, 'a*')",
        "regexp_extract_all(t, 'x?')",
        "regexp_extract(t, '(x*)?a', 1)",
        "regexp_matches(t, '\\B')",
        "json_get(t, ${re})",
        "json_list(t, ${re})",
        "json_length(t, ${re})",
        &format!("date_trunc(${{re}}, {time})"),
        &format!("at_timezone({time}, ${{re}})"),
        &format!("format_time({time}, ${{re}})"),
    ]
    .into_iter()
    .enumerate()
    {
        let at = folder.path().join(number.to_string());
        fs::create_dir(&at).unwrap();
        fs::copy(folder.path().join("in.csv"), at.join("in.csv")).unwrap();
        let mut edits = vec![
            insert("parameters", json!({"id": "re", "name": "re", "type": "String", "default": "day"})),
            insert("sources", json!({"id": "s", "title": "S", "path": "in.csv"})),
            insert("steps", json!({"id": "in", "kind": "file", "title": "In", "settings": {"source": "s"}})),
            insert(
                "steps",
                json!({"id": "c", "kind": "compute", "title": "Computed", "settings": {
                "columns": [{"id": "c1", "name": "x", "expression": expression}]}}),
            ),
            insert("steps", json!({"id": "out", "kind": "load_file", "title": "Out", "settings": {"path": "x.jsonl"}})),
        ];
        edits.extend(wires(&["in", "c", "out"]));
        let project = saved(&at, &edits);
        let (code, _, talk) = run(&["export", &project, "--target", "duckdb", "--out", path(&at.join("bundle"))]);
        // Where a parameter is no pattern to the language either, `check` says so.
        let is_refused = talk.contains("DuckDB does not carry") || talk.contains("is not a constant");
        assert!(code != 0 && is_refused, "{expression}: {code} {talk}");
    }
}

#[test]
fn what_duckdb_does_not_carry_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("in.csv"), "agent,n\nMozilla/5.0,1\n").unwrap();
    let mut edits = vec![
        insert("sources", json!({"id": "s", "title": "S", "path": "in.csv"})),
        insert("steps", json!({"id": "in", "kind": "file", "title": "In", "settings": {"source": "s"}})),
        insert(
            "steps",
            json!({"id": "c", "kind": "compute", "title": "Browser", "settings": {
            "columns": [{"id": "c1", "name": "browser", "expression": "ua_browser(agent)"}]}}),
        ),
        insert(
            "steps",
            json!({"id": "out", "kind": "load_file", "title": "Out", "settings": {"path": "x.csv", "kind": "csv"}}),
        ),
    ];
    edits.extend(wires(&["in", "c", "out"]));
    let project = saved(folder.path(), &edits);
    let out = folder.path().join("bundle");
    let (code, _, talk) = run(&["export", &project, "--target", "duckdb", "--out", path(&out)]);
    assert_ne!(code, 0);
    assert!(talk.contains("“Browser”") && talk.contains("ua_browser") && talk.contains("help:"), "{talk}");
    assert!(!out.join("pipeline.sql").exists());
    run_ok(&["export", &project, "--target", "pipeline", "--out", path(&out)]);
}

/// Texts of files by their paths.
type Files = std::collections::BTreeMap<String, String>;

/// Every file below a folder by its path in it, but for the lists of what was written.
fn files(folder: &std::path::Path) -> Files {
    let mut found = Files::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).unwrap().map(Result::unwrap) {
            let file = entry.path();
            if file.is_dir() {
                folders.push(file);
            } else if entry.file_name() != ".pipewright.json" {
                let name = file.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                // Writers of CSV differ in what they quote without need.
                let text = fs::read_to_string(&file).unwrap().replace("\" padded \"", " padded ");
                let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
                lines[1..].sort();
                found.insert(name, lines.join("\n"));
            }
        }
    }
    found
}

/// Partitions of values that are no good folder names, sub-folders, hidden names, parameters of every type in paths and
/// expressions, an order by an expression, rows that a rule rejects.
#[test]
fn a_bundle_gives_the_files_that_a_run_gives() {
    check_bundle_against_run("duckdb");
}

#[test]
fn a_script_for_postgresql_gives_the_files_that_a_run_gives() {
    if postgresql().is_some() {
        check_bundle_against_run("postgresql");
    }
}

#[test]
fn scripts_for_polars_clickhouse_and_log_agents_give_the_files_that_a_run_gives() {
    ["polars", "clickhouse", "vector", "rsyslog"].into_iter().for_each(check_bundle_against_run);
}

/// Without the package nothing is written, and both scripts say what is lacking.
#[test]
fn a_script_for_polars_says_that_polars_is_lacking() {
    let Some(python) = python_for("polars") else { return };
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("in.csv"), "n\n1\n").unwrap();
    let bare = folder.path().join("python");
    fs::write(&bare, format!("#!/bin/sh\nexec '{python}' -S \"$@\"\n")).unwrap();
    fs::set_permissions(&bare, fs::Permissions::from_mode(0o755)).unwrap();
    let load = json!({"id": "out", "kind": "load_file", "title": "Out", "settings": {"path": "x.csv", "kind": "csv"}});
    let mut edits = vec![
        insert("sources", json!({"id": "s", "title": "S", "path": "in.csv"})),
        insert("steps", json!({"id": "in", "kind": "file", "title": "In", "settings": {"source": "s"}})),
        insert("steps", load),
    ];
    edits.extend(wires(&["in", "out"]));
    let (bundle, out) = (folder.path().join("bundle"), folder.path().join("out"));
    run_ok(&["export", &saved(folder.path(), &edits), "--target", "polars", "--out", path(&bundle)]);
    for name in ["run.sh", "verify.sh"] {
        let (code, _, talk) = texts(script(&bundle, name, folder.path(), path(&bare)).arg(&out).output().unwrap());
        assert!(code == 1 && talk.contains("no package `polars`"), "{name}: {code} {talk}");
        assert!(!out.join("x.csv").exists());
    }
}

#[test]
fn a_job_on_spark_gives_the_files_that_a_run_gives() {
    check_bundle_against_run("spark");
}

fn check_bundle_against_run(target: &str) {
    let Some(python) = python_for(target) else { return };
    let folder = tempfile::tempdir().unwrap();
    let bands = json!([
        "r1",
        "r2",
        "r3",
        "AC/DC",
        "Die Kapelle",
        "",
        null,
        "__HIVE_DEFAULT_PARTITION__",
        "NULL",
        "null",
        "..",
        ".",
        "../up",
        "a=b",
        "100%",
        "100%25",
        "Björk",
        "ABBA",
        "Abba",
        " padded ",
        "tab\there",
        "quo\"te",
        "semi;colon",
        "new\nline",
        "con",
        "-dash",
        "🎵",
        "~x",
        "%00",
        "\u{1}",
        "o'k"
    ]);
    let lines = bands.as_array().unwrap().iter().enumerate().map(|(n, band)| {
        json!({"band": band, "plays": n as i64 - 3, "share": n as f64 / 4.0, "at": "2026-03-02T10:00:00Z"}).to_string()
    });
    fs::write(folder.path().join("in.jsonl"), lines.collect::<Vec<_>>().join("\n") + "\n").unwrap();
    let load = |id: &str, path: &str, partition: &[&str], order: &str| {
        let mut settings = json!({"path": path, "kind": "csv", "partition": partition});
        if !order.is_empty() {
            settings["order"] = json!([order]);
        }
        insert("steps", json!({"id": id, "kind": "load_file", "title": id, "settings": settings}))
    };
    let parameter = |name: &str, kind: &str, default: serde_json::Value| {
        insert("parameters", json!({"id": format!("p-{name}"), "name": name, "type": kind, "default": default}))
    };
    let edits = vec![
        parameter("day", "Date", json!("2026/03/02")),
        parameter("from", "Timestamp", json!("2026-03-02 09:00")),
        parameter("slack", "Duration", json!("PT1H30M")),
        parameter("least", "Int", json!(0)),
        parameter("big", "Boolean", json!(true)),
        insert("sources", json!({"id": "s", "title": "S", "path": "in.jsonl"})),
        insert("steps", json!({"id": "in", "kind": "file", "title": "In", "settings": {"source": "s"}})),
        insert(
            "steps",
            json!({"id": "rule", "kind": "expect", "title": "Rule", "settings": {"rules": [
            {"id": "r", "predicate": "plays >= ${least}", "reason": "too few", "on_fail": "reject"}]}}),
        ),
        insert(
            "steps",
            json!({"id": "keep", "kind": "filter", "title": "Keep", "settings": {
            "predicate": "at - ${slack} < ${from} and ${big} and at > ${day}"}}),
        ),
        load("bands", "bands", &["band"], ""),
        load("two", "by two/${day}", &["at", "share"], ""),
        load("hidden", ".hidden/.rows-${from}-${slack}.csv", &[], ""),
        load("plain", "a/b/rows ${least}.csv", &[], "plays"),
    ];
    let pairs =
        [("in", "rule"), ("rule", "keep"), ("keep", "bands"), ("keep", "two"), ("keep", "hidden"), ("keep", "plain")];
    let wires = pairs
        .iter()
        .enumerate()
        .map(|(n, (from, to))| insert("wires", json!({"id": format!("w{n}"), "from": from, "to": to})));
    let project = saved(folder.path(), &edits.into_iter().chain(wires).collect::<Vec<_>>());
    let native = folder.path().join("native");
    let aside = native.join("quarantine");
    run_ok(&["run", &project, "--trust", "--out", path(&native), "--quarantine", path(&aside)]);
    let mut expected = files(&native);
    let rejected = expected.remove("quarantine/quarantine.jsonl").unwrap();
    let count = bands.as_array().unwrap().len();
    assert_eq!(rejected.lines().count(), 3, "{rejected}");
    assert_eq!(expected.keys().filter(|name| name.starts_with("bands/band=")).count(), count - 3, "{expected:?}");
    let bundle = folder.path().join(target);
    run_ok(&["export", &project, "--target", target, "--out", path(&bundle)]);
    let script = |name: &str| script(&bundle, name, folder.path(), &python);
    let out = folder.path().join("out");
    compare_files(&script, &out, (&expected, &rejected));
    // The script that verifies is the same in every target, and Spark takes half a minute to start.
    if target != "spark" {
        check_receipt(&script, &bundle, expected.len());
    }
}

/// What `run.sh` writes is what a run wrote: files, and rows that a rule rejects.
fn compare_files(script: &dyn Fn(&str) -> Command, out: &std::path::Path, (expected, rejected): (&Files, &str)) {
    let (code, stdout, stderr) = texts(script("run.sh").arg(out).arg("--trust").output().unwrap());
    assert_eq!(code, 0, "{stdout}{stderr}");
    let mut found = files(out);
    let turned_away = found.remove("quarantine/rejected.jsonl").unwrap();
    let rows = |text: &str| -> std::collections::BTreeSet<String> {
        let line = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap();
        let fields = |row: serde_json::Value| {
            format!("{} {} {}", row["step"], row["reason"], line(row["raw"].as_str().unwrap()))
        };
        text.lines().map(line).map(fields).collect()
    };
    assert_eq!(rows(&turned_away), rows(rejected));
    assert_eq!(found, *expected);
    // A parameter that is none is refused as a run refuses it.
    let (code, _, stderr) = texts(script("run.sh").arg(out).env("PW_FROM", "noon").output().unwrap());
    assert!(code != 0 && stderr.contains("Timestamp") && stderr.contains("from"), "{stderr}");
}

/// Verification sees rows that are in another partition, another folder, or hidden.
fn check_receipt(script: &dyn Fn(&str) -> Command, bundle: &std::path::Path, loads: usize) {
    let (code, stdout, stderr) = texts(script("verify.sh").output().unwrap());
    assert_eq!(code, 0, "{stdout}{stderr}");
    assert_eq!(stdout.lines().filter(|line| line.starts_with("same: ")).count(), loads, "{stdout}");
    let receipt = bundle.join("receipt/expected");
    let moved = [("bands/band=ABBA", "aside"), ("bands/band=Abba", "bands/band=ABBA"), ("aside", "bands/band=Abba")];
    for (from, to) in moved.into_iter().chain([(".hidden", ".hidden2"), ("a/b", "a/c")]) {
        fs::rename(receipt.join(from), receipt.join(to)).unwrap();
    }
    let (code, _, stderr) = texts(script("verify.sh").output().unwrap());
    assert_eq!(code, 1, "{stderr}");
    let seen = [
        "DIFFERENT: bands/band=ABBA/part-0.csv",
        "DIFFERENT: bands/band=Abba/part-0.csv",
        "MISSING: .hidden2/",
        "NOT EXPECTED: .hidden/",
        "MISSING: a/c/rows 0.csv",
        "NOT EXPECTED: a/b/rows 0.csv",
    ];
    for line in seen {
        assert!(stderr.contains(line), "{line}: {stderr}");
    }
}

#[test]
fn a_bundle_of_a_source_with_a_secret_runs_without_it() {
    let Some(python) = python_with_duckdb() else { return };
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("in.csv"), "user,token,n\na,t1,1\nb,t2,2\n").unwrap();
    let fields = json!([{"name": "user", "type": "String"}, {"name": "token", "type": "String", "classification": "secret"},
        {"name": "n", "type": "Int"}]);
    let source =
        json!({"id": "s", "title": "S", "path": "in.csv", "format": {"name": "csv"}, "schema": {"fields": fields}});
    let kept = json!({"columns": [{"id": "a", "column": "user"}, {"id": "b", "column": "n"}]});
    let mut edits = vec![
        insert("sources", source),
        insert("steps", json!({"id": "in", "kind": "file", "title": "In", "settings": {"source": "s"}})),
        insert("steps", json!({"id": "c", "kind": "select", "title": "C", "settings": kept})),
        insert(
            "steps",
            json!({"id": "out", "kind": "load_file", "title": "Out", "settings": {"path": "x.csv", "kind": "csv"}}),
        ),
    ];
    edits.extend(wires(&["in", "c", "out"]));
    let project = saved(folder.path(), &edits);
    for target in engines() {
        let (bundle, out) = (folder.path().join(target), folder.path().join(format!("{target}-out")));
        run_ok(&["export", &project, "--target", target, "--out", path(&bundle)]);
        let mut script = script(&bundle, "run.sh", folder.path(), &python);
        let (code, stdout, stderr) = texts(script.arg(&out).output().unwrap());
        assert_eq!(code, 0, "{stdout}{stderr}");
        assert_eq!(fs::read_to_string(out.join("x.csv")).unwrap(), "user,n\na,1\nb,2\n");
    }
}

/// What a parameter takes is what a run takes, and what it refuses is refused with the same code.
#[test]
fn values_of_parameters_are_taken_alike() {
    let Some(python) = python_with_duckdb() else { return };
    let folder = tempfile::tempdir().unwrap();
    let kinds = [("i", "Int", json!(1)), ("f", "Float", json!(1.5)), ("b", "Boolean", json!(true))];
    let computed = json!([{"id": "c1", "name": "i", "expression": "${i}"}, {"id": "c2", "name": "f", "expression": "${f}"},
        {"id": "c3", "name": "b", "expression": "${b}"}]);
    let rows = json!({"columns": [{"name": "n", "type": "Int"}], "rows": [[1]]});
    let parameter = |(name, kind, default): &(&str, &str, serde_json::Value)| {
        insert("parameters", json!({"id": name, "name": name, "type": kind, "default": default}))
    };
    let mut edits: Vec<Edit> = kinds.iter().map(parameter).collect();
    edits.extend([
        insert("steps", json!({"id": "t", "kind": "table", "title": "T", "settings": rows})),
        insert("steps", json!({"id": "c", "kind": "compute", "title": "C", "settings": {"columns": computed}})),
        insert("steps", json!({"id": "o", "kind": "load_file", "title": "O", "settings": {"path": "${i}.csv"}})),
    ]);
    edits.extend(wires(&["t", "c", "o"]));
    let project = saved(folder.path(), &edits);
    // dbt takes half a minute a run.
    let others: Vec<&str> = engines().into_iter().filter(|target| !target.starts_with("dbt")).collect();
    for target in ["pipeline"].iter().chain(&others) {
        run_ok(&["export", &project, "--target", target, "--out", path(&folder.path().join(target))]);
    }
    for (number, (name, value)) in [
        ("PW_F", "null"),
        ("PW_I", "-0"),
        ("PW_I", " 7 "),
        ("PW_I", "1.0"),
        ("PW_F", "2"),
        ("PW_F", "-0.0"),
        ("PW_F", "1e400"),
        ("PW_B", "1"),
    ]
    .into_iter()
    .enumerate()
    {
        let made = |target: &str| {
            let out = folder.path().join(format!("out-{target}-{number}"));
            let mut script = script(&folder.path().join(target), "run.sh", folder.path(), &python);
            let (code, _, talk) = texts(script.arg(&out).arg("--trust").env(name, value).output().unwrap());
            let mut made = if code == 0 { files(&out) } else { Files::new() };
            made.remove("report.json");
            (code, made, talk)
        };
        let (code, wanted, _) = made("pipeline");
        for target in &others {
            let (found, made, talk) = made(target);
            assert_eq!((found, made), (code, wanted.clone()), "{target} {name}={value}: {talk}");
        }
    }
}

/// A project with two steps that write to standard output, one of them behind a filter.
fn shows_twice(folder: &std::path::Path) -> String {
    fs::write(folder.join("in.csv"), "n,f,t\n1,1e300,a\n2,0.00001,\" \"\n3,1.5,b\n").unwrap();
    let mut edits = vec![
        insert("sources", json!({"id": "s", "title": "S", "path": "in.csv", "format": {"name": "csv"}})),
        insert("steps", json!({"id": "in", "kind": "file", "title": "In", "settings": {"source": "s"}})),
        insert("steps", json!({"id": "all", "kind": "standard_output", "title": "All", "settings": {"order": ["n"]}})),
        insert("steps", json!({"id": "f", "kind": "filter", "title": "F", "settings": {"predicate": "n = 3"}})),
        insert("steps", json!({"id": "one", "kind": "standard_output", "title": "One", "settings": {"kind": "csv"}})),
        insert("wires", json!({"id": "v", "from": "in", "to": "all"})),
    ];
    edits.extend(wires(&["in", "f", "one"]));
    saved(folder, &edits)
}

/// Rows come behind what a file holds already, whatever engine gives them, and those of several steps are all there.
#[test]
fn standard_output_is_what_the_script_was_given() {
    let Some(python) = python_with_duckdb() else { return };
    let folder = tempfile::tempdir().unwrap();
    let project = shows_twice(folder.path());
    let appended = |mut command: Command| {
        let log = folder.path().join("log");
        fs::write(&log, "kept\n").unwrap();
        command.stdout(fs::OpenOptions::new().append(true).open(&log).unwrap());
        let talk = String::from_utf8(command.output().unwrap().stderr).unwrap();
        let text = fs::read_to_string(&log).unwrap();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        assert!(lines.len() > 1 && lines.remove(0) == "kept", "{text}{talk}");
        lines.sort();
        lines
    };
    let own = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pipewright"));
        command.args(arguments).env("PYTHON", &python);
        command
    };
    let expected = appended(own(&["run", &project, "--trust"]));
    assert_eq!(expected.len(), 5, "{expected:?}");
    let out = folder.path().join("out");
    let run_there = own(&["run", &project, "--engine", "duckdb", "--trust", "--out", path(&out)]);
    assert_eq!(appended(run_there), expected);
    for target in engines() {
        let bundle = folder.path().join(target);
        run_ok(&["export", &project, "--target", target, "--out", path(&bundle)]);
        let mut script = script(&bundle, "run.sh", folder.path(), &python);
        script.arg(folder.path().join(format!("{target}-out"))).arg("--trust");
        assert_eq!(appended(script), expected, "{target}");
    }
}

/// A service's output may be a socket, which no path opens.
#[test]
fn standard_output_may_be_a_socket() {
    let Some(python) = python_with_duckdb() else { return };
    let folder = tempfile::tempdir().unwrap();
    let project = shows_twice(folder.path());
    let bundle = folder.path().join("bundle");
    run_ok(&["export", &project, "--target", "duckdb", "--out", path(&bundle)]);
    let (mut ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
    let mut script = script(&bundle, "run.sh", folder.path(), &python);
    script.arg(folder.path().join("out")).arg("--trust").stdout(std::os::fd::OwnedFd::from(theirs));
    let output = script.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    drop(script);
    let mut text = String::new();
    std::io::Read::read_to_string(&mut ours, &mut text).unwrap();
    assert_eq!(text.lines().count(), 5, "{text}");
}

#[test]
fn rows_that_engines_turn_away_are_told_and_count_as_in_a_run() {
    let Some(python) = python_with_duckdb() else { return };
    let folder = tempfile::tempdir().unwrap();
    let lines: String = (1..=10).map(|k| format!("{{\"k\": {k}}}\n")).collect();
    fs::write(folder.path().join("in.jsonl"), lines).unwrap();
    let step = |id: &str, kind: &str, settings: serde_json::Value| {
        insert("steps", json!({"id": id, "kind": kind, "title": id, "settings": settings}))
    };
    let rule = |id: &str, least: i64| {
        let rule = json!({"id": format!("{id}-rule"), "predicate": format!("k > {least}"), "reason": "few", "on_fail": "reject"});
        step(id, "expect", json!({"rules": [rule]}))
    };
    let load = |id: &str| step(id, "load_file", json!({"path": format!("{id}.csv"), "kind": "csv"}));
    let edits = vec![
        insert("sources", json!({"id": "s", "title": "S", "path": "in.jsonl"})),
        step("in", "file", json!({"source": "s"})),
        rule("first", 2),
        rule("second", 6),
        rule("other", 9),
        load("one"),
        load("two"),
    ];
    let pairs = [("in", "first"), ("first", "second"), ("second", "one"), ("in", "other"), ("other", "two")];
    let wire = |(n, (from, to)): (usize, (&str, &str))| {
        insert("wires", json!({"id": format!("w{n}"), "from": from, "to": to}))
    };
    let project =
        saved(folder.path(), &edits.into_iter().chain(pairs.into_iter().enumerate().map(wire)).collect::<Vec<_>>());
    let at = |name: &str| folder.path().join(name);
    let report = |name: &str| -> serde_json::Value {
        let report: serde_json::Value = serde_json::from_str(&fs::read_to_string(at(name)).unwrap()).unwrap();
        let steps = report["steps"].as_array().unwrap().iter().filter(|step| step["quarantined"] != 0);
        let steps: Vec<_> = steps.map(|step| json!([step["title"], step["rows_in"], step["quarantined"]])).collect();
        json!([
            steps,
            report["quarantined"],
            report["quarantined_share"],
            report["max_quarantined"],
            report["over_threshold"]
        ])
    };
    let (native, aside) = (at("native"), at("native/quarantine"));
    let to =
        ["--out", path(&native), "--quarantine", path(&aside), "--report", &at("native.json").display().to_string()];
    let (code, _, talk) = run(&[&["run", &project, "--trust"][..], &to].concat());
    assert!(code == 3 && talk.contains("other: 9 of 10 rows in quarantine"), "{talk}");
    let expected = json!([[["first", [10], 2], ["other", [10], 9], ["second", [8], 4]], 15, 0.9, 0.5, true]);
    assert_eq!(report("native.json"), expected);
    for target in engines() {
        let (bundle, told, out) = (at(target), format!("{target}.json"), at(&format!("{target}-out")));
        run_ok(&["export", &project, "--target", target, "--out", path(&bundle)]);
        let mut script = script(&bundle, "run.sh", folder.path(), &python);
        script.arg(&out).arg("--trust").env("PIPEWRIGHT_REPORT", at(&told));
        let (code, _, talk) = texts(script.output().unwrap());
        // dbt counts what is turned away, not what of.
        let of = if target.starts_with("dbt") { "" } else { "of 10 " };
        let counted = format!("other: 9 {of}rows in quarantine");
        assert!(code == 3 && talk.contains(&counted) && talk.contains("PW0723"), "{talk}");
        if !target.starts_with("dbt") {
            assert_eq!(report(&told), expected);
        }
        let two = |folder: &std::path::Path| fs::read_to_string(folder.join("two.csv")).unwrap();
        assert_eq!(two(&out), two(&native));
    }
}

/// A few steps that make more of a few rows than any machine holds.
#[test]
fn designs_that_explode_are_told_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let design = |steps: usize, kind: &str| {
        let (mut all, mut wires) =
            (vec![json!({"id": "f", "kind": "file", "title": "F", "settings": {"source": "s"}})], vec![]);
        let mut before = "f".to_owned();
        for number in 0..steps {
            let id = format!("j{number}");
            let settings = if kind == "join" { json!({"kind": "cross", "on": []}) } else { json!({}) };
            all.push(json!({"id": id, "kind": kind, "title": format!("J{number}"), "settings": settings}));
            let ports = if kind == "join" { ["left", "right"] } else { ["in", "in"] };
            for (port, place) in ports.iter().zip(0..) {
                wires.push(json!({"id": format!("w{number}_{place}"), "from": before, "to": id, "input": port}));
            }
            before = id;
        }
        all.push(json!({"id": "l", "kind": "load_file", "title": "L", "settings": {"path": "o.csv"}}));
        wires.push(json!({"id": "wl", "from": before, "to": "l"}));
        let fields = json!([{"name": "a", "type": "String"}, {"name": "b", "type": "String"}]);
        let source =
            json!({"id": "s", "title": "S", "path": "in.csv", "format": {"name": "csv"}, "schema": {"fields": fields}});
        let project = json!({"pipewright": 1, "name": "x", "sources": [source], "steps": all, "wires": wires});
        let place = folder.path().join(format!("{kind}{steps}.pipewright.json"));
        fs::write(&place, project.to_string()).unwrap();
        place
    };
    fs::write(folder.path().join("in.csv"), "a,b\n".to_owned() + &"x,1\n".repeat(10)).unwrap();
    let begun = std::time::Instant::now();
    let (code, out, err) = run(&["check", path(&design(45, "join"))]);
    assert!(code == 1 && (out + &err).contains("PW0419"));
    assert!(begun.elapsed().as_secs() < 60, "{:?}", begun.elapsed());
}
