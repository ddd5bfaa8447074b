//! What lines hold that is secret: it comes into no receipt and into no quarantine, whatever its form.

use std::fs;
use std::path::{Path, PathBuf};

use pipewright_core::export::targets;
use serde_json::{Value as Json, json};

use crate::support::{path, run};

/// A project that loads column `id` of a file; its sources by name of the project's own, with steps where they have one.
fn project(folder: &Path, format: &str, data: &str, others: Json) -> PathBuf {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("d.txt"), data).unwrap();
    let mut sources = vec![json!({"id": "src", "title": "In", "path": "d.txt", "format": {"name": format},
        "schema": {"fields": [{"name": "id", "type": "Int"}]}})];
    sources.extend(others.as_array().cloned().unwrap_or_default());
    let file = folder.join("p.pipewright.json");
    let text = json!({
        "pipewright": 1, "name": "p", "sources": sources,
        "steps": [
            {"id": "read", "kind": "file", "title": "Read", "settings": {"source": "src"}},
            {"id": "keep", "kind": "select", "title": "Keep", "settings": {"columns": [{"id": "c", "column": "id"}]}},
            {"id": "load", "kind": "load_file", "title": "Load", "settings": {"path": "o.csv", "kind": "csv"}}
        ],
        "wires": [{"id": "w", "from": "read", "to": "keep"}, {"id": "v", "from": "keep", "to": "load"}]
    });
    fs::write(&file, text.to_string()).unwrap();
    file
}

fn export(file: &Path, bundle: &Path, target: &str) -> (i32, String) {
    let (code, _, talk) = run(&["export", path(file), "--target", target, "--out", path(bundle)]);
    (code, talk)
}

#[test]
fn a_line_that_no_parser_takes_apart_shows_its_secrets_in_no_receipt() {
    let folder = tempfile::tempdir().unwrap();
    for (number, (format, line)) in [
        ("json_lines", r#"{"id":2,"x":{"password":"ZZSECRET","y":"#),
        ("json_lines", r#"{"id":2,"x":"\q","password":"ZZSECRET"}"#),
        ("json_lines", r#"{"id":1}{"id":2,"password":"ZZSECRET"}"#),
        ("json_lines", r#"2026-01-01 {"id":2,"password":"ZZSECRET"}"#),
        ("json_lines", r#"{"id":2,password:"ZZSECRET"}"#),
        ("json_lines", r#"{'user_password':'ZZSECRET'}"#),
        ("syslog_5424", r#"<34>1 2026-01-01T00:00:00Z h a 1 ID [x@1 password="ZZSECRET"] hello"#),
        ("prometheus", r#"m{id="1"} 1 # {password="ZZSECRET"} 1"#),
        ("lines", "GET /login?user=u&password=ZZSECRET"),
        ("json_lines", r#"{"id":2,"pass\u0077ord":"ZZSECRET""#),
        ("json_lines", r#"{"id":2,"headers":["password","ZZSECRET"]"#),
        ("json_lines", r#"{"id":2,"headers":[{"name":"password","value":"ZZSECRET"}]}"#),
    ]
    .into_iter()
    .enumerate()
    {
        let data = format!("{{\"id\":1}}\n{line}\n");
        let file = project(&folder.path().join(format!("p{number}")), format, &data, json!([]));
        for target in targets().iter().map(|target| target.name()) {
            let bundle = folder.path().join(format!("{target}-{number}"));
            let (code, talk) = export(&file, &bundle, target);
            assert!(code == 0 && talk.contains("PW0630") && talk.contains("password"), "{line}: {talk}");
            assert!(!bundle.join("receipt/data").exists(), "{line}");
        }
    }
}

#[test]
fn what_another_source_says_of_a_file_holds_for_its_lines() {
    let folder = tempfile::tempdir().unwrap();
    let other = json!([{"id": "other", "title": "Words", "path": "./*.txt", "format": {"name": "json_lines"},
        "schema": {"fields": [{"name": "word", "type": "String", "labels": {"classification": "secret"}}]}}]);
    let file = project(&folder.path().join("p"), "json_lines", "{\"id\":1,\"word\":\"ZZSECRET\"}\n", other);
    // Neither a step that reads it nor a flow that is exported is needed for that.
    for (number, flow) in [&[][..], &["--flow", "load"]].into_iter().enumerate() {
        let bundle = folder.path().join(number.to_string());
        let arguments = ["export", path(&file), "--target", "pipeline", "--out", path(&bundle)];
        let (code, _, talk) = run(&[&arguments, flow].concat());
        assert!(code == 0 && talk.contains("PW0630") && talk.contains("`word` of “Words” is secret"), "{talk}");
        assert!(!bundle.join("receipt/data").exists());
    }
}

#[test]
fn what_is_said_of_a_column_beside_the_schema_holds_for_its_lines() {
    let folder = tempfile::tempdir().unwrap();
    let secret = json!({"fields": [{"name": "word", "type": "String", "labels": {"classification": "secret"}}]});
    let planned = json!([{"id": "more", "title": "More", "schema": secret,
        "planned": {"status": "asked", "seed": 1, "rows": 3, "stands_for": "src"}}]);
    for (number, (key, value, others)) in [
        ("meanings", json!({"word": "security.secret"}), json!([])),
        ("declaration", json!({"kind": "ddl", "file": "t.sql", "name": "t", "schema": secret}), json!([])),
        ("owner", json!(""), planned),
        (
            "owner",
            json!(""),
            json!([{"id": "other", "title": "Other", "path": "d.txt", "schema": secret,
            "format": {"name": "csv"}}]),
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let at = folder.path().join(number.to_string());
        let file = project(&at, "csv", "id,word\n1,a\n2,\"ZZSECRET\n", others);
        let mut design: Json = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        design["sources"][0][key] = value;
        fs::write(&file, design.to_string()).unwrap();
        for target in targets().iter().map(|target| target.name()) {
            let (code, talk) = export(&file, &at.join(target), target);
            assert!(code == 0 && talk.contains("PW0630") && talk.contains("`word`"), "{key} {target}: {talk}");
            assert!(!at.join(target).join("receipt/data").exists(), "{key}");
        }
        let script = fs::read_to_string(at.join("duckdb/run.sh")).unwrap();
        assert!(!script.contains("--quarantine"), "{key}");
        let (out, aside) = (at.join("out"), at.join("aside"));
        let (code, _, talk) = run(&["run", path(&file), "--out", path(&out), "--quarantine", path(&aside)]);
        assert!(code == 78 && talk.contains("PW1011") && !aside.exists(), "{key}: {talk}");
    }
}

#[test]
fn what_a_source_says_of_a_file_by_another_name_holds_for_its_quarantine() {
    let folder = tempfile::tempdir().unwrap();
    for (number, spelling) in ["*.txt", "${place}/d.txt", "link.txt", "other.txt"].into_iter().enumerate() {
        let at = folder.path().join(number.to_string());
        let other = json!([{"id": "other", "title": "Words", "path": spelling, "format": {"name": "csv"},
            "schema": {"fields": [{"name": "word", "type": "String", "labels": {"classification": "secret"}}]}}]);
        let file = project(&at, "csv", "id,word\n1,a\n2,\"ZZSECRET\n", other);
        let mut design: Json = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        design["parameters"] = json!([{"id": "place", "name": "place", "type": "String", "default": "../" }]);
        design["parameters"][0]["default"] = json!(format!("../{number}"));
        fs::write(&file, design.to_string()).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("d.txt", at.join("link.txt")).unwrap();
        fs::hard_link(at.join("d.txt"), at.join("other.txt")).unwrap();
        let (out, aside) = (at.join("out"), at.join("aside"));
        let (code, _, talk) = run(&["run", path(&file), "--out", path(&out), "--quarantine", path(&aside)]);
        assert!(code == 78 && talk.contains("PW1011") && !aside.exists(), "{spelling}: {code} {talk}");
        let (code, talk) = export(&file, &at.join("duckdb"), "duckdb");
        assert_eq!(code, 0, "{talk}");
        let script = fs::read_to_string(at.join("duckdb/run.sh")).unwrap();
        assert!(!script.contains("--quarantine"), "{spelling}");
    }
}

#[test]
fn a_line_with_a_secret_that_no_column_declares_is_kept_in_no_quarantine() {
    let folder = tempfile::tempdir().unwrap();
    let data =
        "{\"id\":1}\n{\"id\":2}\n{\"id\":3}\n{\"id\":4,\"password\":\"ZZSECRET\"\n{\"id\":5,\"colour\":\"red\"\n";
    let file = project(&folder.path().join("p"), "json_lines", data, json!([]));
    let (out, aside) = (folder.path().join("out"), folder.path().join("aside"));
    let (code, _, talk) = run(&["run", path(&file), "--out", path(&out), "--quarantine", path(&aside)]);
    assert_eq!(code, 0, "{talk}");
    let kept = fs::read_to_string(aside.join("quarantine.jsonl")).unwrap();
    let lines: Vec<Json> = kept.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2, "{kept}");
    assert!(!kept.contains("ZZSECRET") && lines[0]["raw"].as_str().unwrap().contains("`password`"), "{kept}");
    assert_eq!((&lines[0]["line"], &lines[1]["raw"]), (&json!(4), &json!("{\"id\":5,\"colour\":\"red\"")), "{kept}");
}

#[test]
fn a_secret_without_a_name_before_it_is_kept_in_no_quarantine_and_shown_in_no_line() {
    const JWT: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJaWlNFQ1JFVCJ9.ZZSECRET";
    for line in [
        r#"{"id":2,"headers":[{"name":"Authorization","value":"Bearer ZZSECRET"}],"x":1"#,
        r#"{"id":2,"kv":{"value":"ZZSECRET","key":"password"},"x":1"#,
        r#"{"id":2,"env":"name=DB_PASSWORD, value=ZZSECRET""#,
        &format!("{{\"id\":2,\"sent\":\"{JWT}\""),
        r#"{"id":2,"sent":"ghp_ZZSECRETZZSECRETZZSECRETZZSECRET""#,
    ] {
        let folder = tempfile::tempdir().unwrap();
        let data = format!("{line}}}\n{line}\n");
        let file = project(&folder.path().join("p"), "json_lines", &data, json!([]));
        let (out, aside) = (folder.path().join("out"), folder.path().join("aside"));
        let (code, _, talk) =
            run(&["run", path(&file), "--out", path(&out), "--quarantine", path(&aside), "--max-quarantined", "1"]);
        assert_eq!(code, 0, "{talk}");
        let kept = fs::read_to_string(aside.join("quarantine.jsonl")).unwrap();
        assert!(kept.contains("secret by its name") && !kept.contains("ZZSECRET"), "{kept}");
        let (code, shown, talk) = run(&["preview", path(&file), "--step", "read", "--lines"]);
        assert!(code == 0 && shown.contains("not shown") && !shown.contains("ZZSECRET"), "{shown} {talk}");
    }
}

#[test]
fn of_files_that_name_a_secret_column_no_line_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let file = project(&folder.path().join("p"), "csv", "id,password\n1,a\n2,b\n3,ZZSECRET,x\n", json!([]));
    let (out, aside) = (folder.path().join("out"), folder.path().join("aside"));
    let (code, _, talk) = run(&["run", path(&file), "--out", path(&out), "--quarantine", path(&aside)]);
    assert_eq!(code, 0, "{talk}");
    let kept = fs::read_to_string(aside.join("quarantine.jsonl")).unwrap();
    assert!(kept.contains("`password`") && !kept.contains("ZZSECRET"), "{kept}");
}

#[test]
fn hidden_files_have_plain_names_in_a_receipt() {
    let folder = tempfile::tempdir().unwrap();
    let file = project(&folder.path().join("p"), "json_lines", "", json!([]));
    let text = fs::read_to_string(&file).unwrap().replace("d.txt", ".rows");
    fs::write(&file, text).unwrap();
    fs::write(folder.path().join("p/.rows"), "{\"id\":1}\n").unwrap();
    let bundle = folder.path().join("bundle");
    let (code, talk) = export(&file, &bundle, "pipeline");
    assert_eq!(code, 0, "{talk}");
    let names: Vec<_> = fs::read_dir(bundle.join("receipt/data/source_0")).unwrap().flatten().collect();
    assert_eq!(names.iter().map(fs::DirEntry::file_name).collect::<Vec<_>>(), ["rows"]);
    assert_eq!(fs::read_to_string(bundle.join("receipt/expected/o.csv")).unwrap(), "id\n1\n");
}

#[test]
fn no_value_of_a_secret_column_is_shown_as_a_range_or_planned_with() {
    let folder = tempfile::tempdir().unwrap();
    let rows: String = (1..=9)
        .map(|day| format!("{{\"id\":{day},\"event\":\"payment_failed\",\"when\":\"2031-05-0{day}T00:00:00Z\"}}\n"))
        .collect();
    let file = project(folder.path(), "json_lines", &rows, json!([]));
    let mut design: Json = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    let secret = json!({"classification": "secret"});
    design["sources"][0]["schema"]["fields"] = json!([{"name": "id", "type": "Int"},
        {"name": "event", "type": "String", "labels": secret}, {"name": "when", "type": "Timestamp", "labels": secret}]);
    fs::write(&file, design.to_string()).unwrap();
    for arguments in [&["sources"][..], &["sources", "--format", "json"]] {
        let (code, out, talk) = run(&[arguments, &[path(&file)]].concat());
        assert_eq!(code, 0, "{talk}");
        assert!(out.contains('9') && !out.contains("2031-05") && !out.contains("payment_failed"), "{out}");
    }
}
