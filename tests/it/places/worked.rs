//! The worked project of an API and a database: checked, run against both, and compared with what is counted here.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value as Json, json};

use super::http::{Api, ok};
use crate::support::{path, root, run, run_ok};

const PROJECT: &str = "projects/services/services.pipewright.json";

/// The pages that `serve.py` serves.
fn pages() -> Vec<Json> {
    serde_json::from_str(&fs::read_to_string(root().join("projects/shop/samples/services.json")).unwrap()).unwrap()
}

/// Rows of (service, version, released_at).
fn releases() -> Vec<[String; 3]> {
    let read = run_ok(&["read", "projects/shop/samples/releases.csv", "--output", "jsonl"]);
    let text = |row: &Json, name: &str| row[name].as_str().unwrap().to_owned();
    let row = |line: &str| {
        let row: Json = serde_json::from_str(line).unwrap();
        ["service", "version", "released_at"].map(|name| text(&row, name))
    };
    read.lines().map(row).collect()
}

#[test]
fn it_is_free_of_warnings_and_canonical() {
    let (code, _, talk) = run(&["check", PROJECT, "--deny-warnings"]);
    assert_eq!(code, 0, "{talk}");
    let text = fs::read_to_string(root().join(PROJECT)).unwrap();
    let (project, diagnostics) = pipewright_core::project::load(&text).unwrap();
    assert_eq!(diagnostics, []);
    assert_eq!(pipewright_core::project::to_text(&project), text);
}

#[test]
fn an_api_and_a_database_become_an_overview_there() {
    let api = Api::new(|asked, _| {
        let number: usize = asked.parameter("page").unwrap().parse().unwrap();
        ok(pages().get(number - 1).cloned().unwrap_or_else(|| json!({"page": number, "items": []})))
    });
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("services.db");
    let open = rusqlite::Connection::open(&database).unwrap();
    open.execute_batch("CREATE TABLE releases (service TEXT, version TEXT, released_at TIMESTAMP)").unwrap();
    let mut expected: BTreeMap<String, (i64, String)> = BTreeMap::new();
    for row in releases() {
        open.execute("INSERT INTO releases VALUES (?, ?, ?)", row.each_ref()).unwrap();
        let [service, _, at] = row;
        let (count, last) = expected.entry(service).or_default();
        *count += 1;
        *last = last.clone().max(at);
    }
    let (database, port) =
        (format!("database={}", path(&database)), api.address.rsplit(':').next().unwrap().to_owned());
    let port = format!("api_port={port}");
    let out = folder.path().join("out");
    // Twice: what is there is brought up to date.
    for _ in 0..2 {
        run_ok(&["run", PROJECT, "--trust", "--param", &database, "--param", &port, "--out", path(&out)]);
    }
    let mut statement = open
        .prepare("SELECT name, coalesce(releases, 0), coalesce(last_release, '') FROM service_overview ORDER BY name")
        .unwrap();
    let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, (row.get::<_, i64>(1)?, row.get(2)?))));
    let found: Vec<(String, (i64, String))> = rows.unwrap().map(Result::unwrap).collect();
    let all = pages();
    let names = all.iter().flat_map(|page| page["items"].as_array().unwrap());
    let mut wanted: Vec<(String, (i64, String))> = names
        .map(|item| item["name"].as_str().unwrap().to_owned())
        .map(|name| (name.clone(), expected.get(&name).cloned().unwrap_or_default()))
        .collect();
    wanted.sort();
    assert_eq!(found, wanted);
    assert_eq!(api.asked().len(), 2 * (pages().len() + 1), "the pages, and the one that has none");
}
