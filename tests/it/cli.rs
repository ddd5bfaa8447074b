//! The command line: help, exit codes, what goes to which stream, the forms of rows.

use std::fs;
use std::process::Stdio;

use serde_json::Value as Json;

use crate::support::{path, pipewright, root, run, run_ok, texts};

const ACCESS: &str = "projects/shop/samples/access.log";
const PROJECT: &str = "projects/shop/shop.pipewright.json";
const VERBS: [&str; 34] = [
    "designer",
    "new",
    "generate",
    "sniff",
    "read",
    "profile",
    "patterns",
    "pattern",
    "check",
    "plan",
    "questions",
    "concepts",
    "sources",
    "replace",
    "requests",
    "comments",
    "import",
    "verify",
    "preview",
    "sample",
    "connections",
    "apply",
    "export",
    "run",
    "handover",
    "serve",
    "test",
    "graph",
    "steps",
    "functions",
    "schema",
    "completions",
    "bench",
    "help",
];

fn json(args: &[&str]) -> Json {
    serde_json::from_str(&run_ok(args)).unwrap()
}

#[test]
fn every_verb_has_help_and_is_in_the_readme() {
    let help = run_ok(&["--help"]);
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    for verb in VERBS {
        assert!(help.contains(&format!("  {verb} ")), "`{verb}` is not in --help");
        if verb != "help" {
            assert!(run_ok(&[verb, "--help"]).contains("Usage:"), "{verb}");
            assert!(readme.contains(&format!("`{verb}")), "`{verb}` is not in the README");
        }
    }
    assert!(help.contains("78"), "exit codes are told");
}

#[test]
fn exit_codes_tell_what_kind_of_fault_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("broken.pipewright.json");
    fs::write(&broken, "{").unwrap();
    for (args, code) in [
        (vec!["check", PROJECT], 0),
        (vec!["no-such-verb-or-file"], 2),
        (vec!["read", "--no-such-option", ACCESS], 2),
        (vec!["preview", PROJECT, "--step", "nobody"], 2),
        (vec!["export", PROJECT, "--target", "nobody", "--out", "x"], 2),
        (vec!["check", path(&broken)], 78),
        (vec!["run", path(&broken)], 78),
        (vec!["read", "no/such/file"], 1),
    ] {
        let (found, out, talk) = run(&args);
        assert_eq!(found, code, "{args:?}: {talk}");
        assert!(code == 0 || (out.is_empty() && !talk.is_empty()), "{args:?}: faults go to standard error");
    }
}

#[test]
fn sniff_tells_format_reasons_and_fields() {
    let found = json(&["sniff", "--format", "json", ACCESS, "projects/shop/samples/services.json"]);
    let access = &found[0];
    assert_eq!((&access["path"], &access["format"]), (&Json::from(ACCESS), &Json::from("nginx_access")));
    assert!(access["score"].as_u64().unwrap() > 90 && !access["reasons"].as_array().unwrap().is_empty());
    assert_eq!((&access["encoding"], &access["compression"]), (&Json::from("UTF-8"), &Json::Null));
    assert_eq!(access["fields"][0], serde_json::json!({"name": "time", "type": "Timestamp"}));
    assert_eq!(found[1]["format"], "json_document");
}

#[test]
fn read_writes_rows_and_accounts_for_every_line() {
    let summary_of = |args: &[&str]| -> (String, Json) {
        let (code, out, talk) = run(args);
        assert_eq!(code, 0, "{talk}");
        (out, serde_json::from_str(talk.trim()).unwrap())
    };
    let (out, summary) = summary_of(&["read", ACCESS, "--summary", "json"]);
    let count = |key: &str| summary[key].as_u64().unwrap_or_else(|| panic!("{key}"));
    let parts = ["accepted", "quarantined", "joined", "blank", "meta"].map(count);
    assert_eq!(count("read"), parts.iter().sum::<u64>());
    assert_eq!(count("rows"), out.lines().count() as u64);
    assert_eq!(summary["format"], "nginx_access");
    let rows: Vec<Json> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows[0]["time"], "2026-03-02T00:02:47Z");
    assert!(rows[0]["status"].is_i64() && rows[0]["user"].is_null() && rows[0].get("user").is_some());

    let (out, summary) = summary_of(&["read", ACCESS, "--limit", "3", "--position", "--summary", "json"]);
    assert_eq!((out.lines().count(), summary["rows"].as_u64().unwrap() >= 3), (3, true));
    let last: Json = serde_json::from_str(out.lines().last().unwrap()).unwrap();
    assert_eq!((last["_file"].as_str().unwrap(), last["_line"].as_u64()), (ACCESS, Some(3)));
    assert!(last["_offset"].as_u64().unwrap() > 0);
}

#[test]
fn read_writes_csv_tables_and_parquet_with_the_same_rows() {
    let folder = tempfile::tempdir().unwrap();
    let file = "projects/shop/samples/releases.csv";
    let lines = run_ok(&["read", file]);
    let csv = folder.path().join("r.csv");
    assert_eq!(run_ok(&["read", file, "--output", "csv", "--to", path(&csv)]), "");
    assert_eq!(run_ok(&["read", path(&csv)]), lines);
    let parquet = folder.path().join("r.parquet");
    run_ok(&["read", file, "--output", "parquet", "--to", path(&parquet)]);
    assert_eq!(run_ok(&["read", path(&parquet)]), lines);
    let table = run_ok(&["read", file, "--output", "table"]);
    assert!(table.starts_with("service ") && table.lines().count() == lines.lines().count() + 1, "{table}");
}

#[test]
fn read_takes_a_format_and_its_options() {
    let log = "$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent \"$http_referer\" \
               \"$http_user_agent\" $request_time $cookie_sid";
    let option = format!("log_format={log}");
    let out = run_ok(&["read", ACCESS, "--as", "nginx_access", "--set", &option, "--limit", "50"]);
    assert!(out.lines().next().unwrap().contains("\"cookie_sid\":"), "{out}");
    let lines = run_ok(&["read", ACCESS, "--as", "lines", "--limit", "1"]);
    assert!(lines.contains("GET /product"), "{lines}");
}

#[test]
fn a_reader_that_goes_away_is_no_fault() {
    let mut child = pipewright().args(["read", ACCESS]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_declaration_that_is_read_is_not_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("u.csv"), "id\n1\n").unwrap();
    let declared = r#"{"format":{"name":"csv"},"schema":{"fields":[{"name":"id","type":"String"}]}}"#;
    fs::write(at("d.json"), declared).unwrap();
    let (rows, file) = (at("u.csv"), at("d.json"));
    for option in ["--to", "--quarantine"] {
        let (code, _, talk) = run(&["read", path(&rows), "--declared", path(&file), option, path(&file)]);
        assert!(code == 2 && talk.contains("is the declaration that is read"), "{option}: {code} {talk}");
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), declared);
}

#[test]
fn a_profile_tells_no_secret_and_hands_nothing_personal_on() {
    let folder = tempfile::tempdir().unwrap();
    let people = folder.path().join("people.csv");
    let rows: String = (1..=4)
        .map(|n| format!("anna{n}@example.org,k-471{n},from bo{n}@example.org,{n}\n"))
        .chain(["eve@example.org,k-4720,login password=hunter22,9\n".to_owned()])
        .collect();
    fs::write(&people, format!("recipient,api_key,note,n\n{rows}")).unwrap();
    let text = run_ok(&["profile", path(&people)]);
    assert!(text.contains("anna1@example.org") && text.contains("secret, and not shown"), "{text}");
    assert!(!text.contains("k-47") && !text.contains("hunter22"), "{text}");
    let found = json(&["profile", path(&people), "--format", "json"]);
    let columns = found[0]["columns"].as_array().unwrap();
    let hidden: Vec<_> = columns.iter().map(|column| column["hidden"].as_str()).collect();
    assert_eq!(hidden, [Some("personal"), Some("secret"), None, None]);
    assert_eq!((&columns[0]["distinct"], &columns[3]["max"]), (&Json::from(5), &Json::from(9)));
    let all = found.to_string();
    assert!(!all.contains("@example.org") && !all.contains("k-47") && !all.contains("hunter22"), "{all}");
    assert!(all.contains("from <email"), "{all}");
    // What is shown of messages.
    let log = folder.path().join("log.jsonl");
    let line = |text: &str| format!("{}\n", Json::from_iter([("message", text)]));
    fs::write(&log, line("mail to anna@example.org went out") + &line("login password=hunter22 failed")).unwrap();
    let text = run_ok(&["patterns", path(&log)]);
    assert!(text.contains("anna@example.org") && !text.contains("hunter22"), "{text}");
    let all = run_ok(&["patterns", path(&log), "--format", "json"]);
    assert!(!all.contains("anna@example.org") && !all.contains("hunter22") && all.contains("went out"), "{all}");
}

#[test]
fn profile_counts_what_is_there() {
    let found = json(&["profile", "projects/shop/samples/users.csv", "--format", "json"]);
    let columns = found[0]["columns"].as_array().unwrap();
    assert_eq!(found[0]["rows"], 700);
    assert_eq!(columns[0]["distinct"], 700);
    let plans: u64 = columns[1]["top"].as_array().unwrap().iter().map(|top| top["count"].as_u64().unwrap()).sum();
    assert_eq!(plans + columns[1]["nulls"].as_u64().unwrap(), 700);
    assert!(run_ok(&["profile", "projects/shop/samples/users.csv"]).contains("signed_up"));
    let folder = tempfile::tempdir().unwrap();
    let lists = folder.path().join("a.jsonl");
    fs::write(&lists, "{\"l\":[1]}\n{\"l\":[2]}\n").unwrap();
    assert!(run_ok(&["profile", path(&lists)]).contains("different ones not counted"));
    assert!(json(&["profile", path(&lists), "--format", "json"])[0]["columns"][0]["distinct"].is_null());
}

#[test]
fn a_design_is_made_by_a_script() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("traffic");
    let project = run_ok(&["new", path(&home)]);
    let project = project.trim();
    assert_eq!(run(&["new", path(&home)]).0, 2, "a project is never replaced");
    fs::copy(root().join(ACCESS), home.join("access.log")).unwrap();
    let edits = home.join("edits.json");
    let text = r#"[
      {"edit": "insert", "into": "sources", "item": {"id": "log", "title": "Log", "path": "access.log"}},
      {"edit": "insert", "into": "steps", "item": {"id": "in", "kind": "file", "title": "In", "settings": {"source": "log"}}},
      {"edit": "insert", "into": "steps", "item": {"id": "bad", "kind": "filter", "title": "Bad", "settings": {"predicate": "status >= 500"}}},
      {"edit": "insert", "into": "steps", "item": {"id": "out", "kind": "load_file", "title": "Out", "settings": {"path": "bad.csv", "kind": "csv"}}},
      {"edit": "insert", "into": "wires", "item": {"id": "w1", "from": "in", "to": "bad"}},
      {"edit": "insert", "into": "wires", "item": {"id": "w2", "from": "bad", "to": "out"}}]"#;
    fs::write(&edits, text).unwrap();
    // A copy that somebody made themselves is theirs.
    let own = format!("{project}.bak");
    fs::write(&own, "mine").unwrap();
    run_ok(&["apply", project, path(&edits)]);
    let before = fs::read_to_string(project).unwrap();
    assert!(before.contains("\"nginx_access\""), "the source's format was looked up");
    let copy = home.join(".traffic.before");
    assert!(fs::read_to_string(copy).unwrap().len() < before.len());
    assert_eq!(fs::read_to_string(own).unwrap(), "mine");
    let (code, out, talk) = run(&["preview", project, "--step", "Bad", "--output", "csv", "--sample", "0"]);
    assert_eq!(code, 0, "{talk}");
    assert!(out.lines().count() > 5 && talk.contains("exact"), "{talk}");
    run_ok(&["run", project, "--out", path(&home)]);
    assert!(fs::read_to_string(home.join("bad.csv")).unwrap().lines().count() > 5);
    // A batch with a fault changes nothing.
    fs::write(&edits, r#"[{"edit": "remove", "id": "bad"}, {"edit": "remove", "id": "nobody"}]"#).unwrap();
    let (code, _, talk) = run(&["apply", project, path(&edits)]);
    assert!(code == 1 && talk.contains("nobody"), "{talk}");
    assert_eq!(fs::read_to_string(project).unwrap(), before);
}

#[test]
fn lists_schemas_and_diagrams_are_well_formed() {
    assert!(json(&["steps", "--format", "json"]).as_array().unwrap().len() >= 31);
    assert!(json(&["functions", "--format", "json"]).as_array().unwrap().len() >= 60);
    assert!(run_ok(&["steps", "filter"]).contains("predicate"));
    assert!(run_ok(&["functions", "count_distinct"]).contains("count_distinct("));
    for of in ["project", "pipeline", "edits"] {
        assert!(json(&["schema", of])["$schema"].is_string(), "{of}");
    }
    let mermaid = run_ok(&["graph", PROJECT, "--format", "mermaid"]);
    assert!(mermaid.starts_with("flowchart LR") && mermaid.contains("Failed or slow"), "{mermaid}");
    let dot = run_ok(&["graph", PROJECT, "--format", "dot"]);
    assert!(dot.starts_with("digraph") && dot.matches("->").count() == mermaid.matches("-->").count(), "{dot}");
    assert!(run_ok(&["completions", "bash"]).contains("pipewright"));
}

#[test]
fn a_bench_prints_values_units_and_budgets() {
    for name in ["parse", "run", "preview"] {
        let found = json(&["bench", name, "--megabytes", "1", "--format", "json"]);
        for measure in found.as_array().unwrap() {
            assert!(measure["name"].is_string() && measure["value"].as_f64().unwrap() > 0.0, "{measure}");
            assert!(measure["unit"].is_string() && measure["better"].is_string(), "{measure}");
            assert!(measure.get("budget").is_some(), "{measure}");
        }
    }
}

#[cfg(feature = "gui")]
#[test]
fn the_designer_says_so_where_there_is_no_display() {
    let mut command = pipewright();
    for name in ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"] {
        command.env_remove(name);
    }
    let (code, out, talk) = texts(command.output().unwrap());
    assert_eq!((code, out.as_str()), (1, ""), "{talk}");
    let said = if cfg!(feature = "gui") { "no display" } else { "no designer" };
    assert!(talk.contains(said) && talk.contains("run"), "{talk}");
}

#[test]
fn standard_input_is_read_as_a_file_is() {
    let given = |args: &[&str], text: &str| {
        let mut child = pipewright()
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), text.as_bytes()).unwrap();
        texts(child.wait_with_output().unwrap())
    };
    let text = "id,name\n1,a\n2,\"b\nc\"\nx\n";
    let (code, out, talk) = given(&["read", "-", "--position"], text);
    assert_eq!(code, 0, "{talk}");
    assert_eq!(out.lines().next().unwrap(), r#"{"id":1,"name":"a","_file":"-","_line":2,"_offset":8}"#);
    assert!(talk.contains("(-, line 5)"), "{talk}");
    // A pipe under another name is read once, too, however often it is looked at.
    let long: String = (0..50_000).map(|n| format!("{n},a\n")).collect();
    let (code, out, talk) = given(&["read", "/dev/stdin", "--as", "csv"], &format!("id,name\n{long}"));
    assert_eq!((code, out.lines().count()), (0, 50_000), "{talk}");
    // By either name it is the same.
    let (code, out, talk) = given(&["read", "-", "/dev/stdin"], text);
    assert_eq!((code, out.lines().count()), (0, 4), "{talk}");
    let (_, out, talk) = given(&["sniff", "-"], text);
    assert!(out.starts_with("-: CSV"), "{out}{talk}");
    let (_, out, talk) = given(&["profile", "-"], text);
    assert!(out.starts_with("-: csv, all 2 rows"), "{out}{talk}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rows.csv");
    fs::write(&file, text).unwrap();
    let redirected = pipewright().args(["read", "-"]).stdin(fs::File::open(&file).unwrap()).output().unwrap();
    assert_eq!(texts(redirected).1.lines().count(), 2);
    let project = folder.path().join("p.pipewright.json");
    let design = serde_json::json!({
        "pipewright": 1, "name": "p",
        "sources": [{"id": "src", "title": "rows", "path": "-", "format": {"name": "csv"},
            "schema": {"fields": [{"name": "id", "type": "Int"}, {"name": "name", "type": "String"}]}}],
        "steps": [
            {"id": "in", "kind": "file", "title": "in", "x": 0, "y": 0, "settings": {"source": "src"}},
            {"id": "load", "kind": "load_file", "title": "load", "x": 0, "y": 0, "settings": {"kind": "csv", "path": "r.csv"}}],
        "wires": [{"id": "w1", "from": "in", "to": "load"}],
    });
    fs::write(&project, design.to_string()).unwrap();
    let out = folder.path().join("out");
    let (code, _, talk) = given(&["run", path(&project), "--out", path(&out)], text);
    assert_eq!(code, 0, "{talk}");
    assert_eq!(fs::read_to_string(out.join("r.csv")).unwrap(), "id,name\n1,a\n2,\"b\nc\"\n");
    // Who does not read it does not wait for it.
    let (code, _, talk) = run(&["preview", path(&project), "--step", "in"]);
    assert!(code != 0 && talk.contains("PW0492"), "{talk}");
}

#[test]
fn what_becomes_of_values_is_told_by_every_summary() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let file = folder.path().join(name);
        fs::write(&file, text).unwrap();
        path(&file).to_owned()
    };
    // Beside a fraction whole numbers beyond 2^53 would be rounded, and ids become one.
    let ids = write("ids.csv", "id,x\n9007199254740992,1\n9007199254740993,2\n0.5,-0.0\n1.5,0.0\n");
    let found = run_ok(&["read", &ids]);
    assert!(found.contains("\"9007199254740993\"") && found.contains("\"9007199254740992\""), "{found}");
    assert!(!found.contains("-0.0"), "{found}");
    let lines = write("ids.jsonl", "{\"id\":9007199254740993}\n{\"id\":9007199254740992}\n{\"id\":0.5}\n");
    assert_eq!(run_ok(&["read", &lines]).matches("90071992547409").count(), 2);
    assert!(run_ok(&["read", &lines]).contains("\"9007199254740993\""));
    // One that comes later than the sample is counted.
    let late = "n,t\n".to_owned() + &"0.5,a\n".repeat(60_000) + "9007199254740993,a\nx,a\n" + &"0.5,a\n".repeat(60_000);
    let late = write("late.csv", &late);
    let (_, _, talk) = run(&["read", &late, "--summary", "json"]);
    let summary: Json = serde_json::from_str(talk.trim()).unwrap();
    assert_eq!((&summary["rounded"]["n"], &summary["unfit"]["n"]), (&Json::from(1), &Json::from(1)), "{talk}");
    let (_, _, talk) = run(&["read", &late]);
    assert!(talk.contains("PW0731") && talk.contains("rounded") && talk.contains("1 of `n`"), "{talk}");
    let metrics = write("m.prom", "# TYPE up gauge\nup{job=\"a\"} NaN\nup{job=\"b\"} +Inf\nup{job=\"c\"} 1\n");
    let (_, out, talk) = run(&["profile", &metrics]);
    assert!(talk.contains("PW0731") && talk.contains("2 of `value`"), "{out}{talk}");
    let profile = json(&["profile", "--format", "json", &metrics]);
    assert_eq!(profile[0]["unfit"]["value"], 2);
}

#[test]
fn comments_are_told_with_their_answers() {
    let home = tempfile::tempdir().unwrap();
    let project = home.path().join("p.pipewright.json");
    let text = r#"{"pipewright": 1, "name": "p", "steps": [{"id": "t", "kind": "table", "title": "Rows"}], "comments": [
        {"id": "c1", "about": "t", "text": "all of them?", "author": "Ann", "time": "2026-03-03T14:00:00Z"},
        {"id": "c2", "about": "t", "answers": "c1", "text": "yes", "author": "Bo", "time": "2026-03-03T15:00:00Z"},
        {"id": "c3", "about": "t", "text": "old", "resolved": true}]}"#;
    fs::write(&project, text).unwrap();
    let told = run_ok(&["comments", path(&project)]);
    assert_eq!(told, "c1  step “Rows”\n  Ann, 2026-03-03T14:00:00Z: all of them?\n  Bo, 2026-03-03T15:00:00Z: yes\n");
    assert_eq!(run_ok(&["comments", path(&project), "--about", "Rows", "--all"]).lines().count(), 5);
    assert_eq!(json(&["comments", path(&project), "--format", "json"])[0]["answers"][0]["author"], "Bo");
    let (code, _, message) = run(&["comments", path(&project), "--about", "Row"]);
    assert!(code != 0 && message.contains("did you mean `Rows`?"), "{message}");
}
