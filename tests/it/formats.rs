//! Real files of many systems: recognised, read without a panic, nothing lost; web logs compared with an independent
//! reading. Skipped where the sample folder is absent.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use pipewright_core::data::Schema;
use pipewright_core::formats::Tally;
use pipewright_core::ir::Read;
use pipewright_engine::{Cancel, ResultTable, expand, read_stream, sniff};
use serde_json::Value as Json;

use crate::support::{path, sample, samples};

fn files_under(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            found.extend(files_under(&path));
        } else if !name.ends_with(".md") && !name.contains(".basic.") && !name.contains(".expected.") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// All rows of a file, with what is asked for or recognised; the tally and the quarantined lines.
fn read_whole(file: &Path) -> Option<(Vec<ResultTable>, Tally, u64)> {
    let found = sniff(file).ok()?;
    let read = Read {
        path: path(file).to_owned(),
        format: found.format,
        schema: found.schema,
        columns: None,
        position: true,
        planned: None,
        location: None,
    };
    pipewright_core::files::trust(Path::new("."));
    let (mut tables, mut aside) = (Vec::new(), 0);
    let mut take = |table: ResultTable| {
        tables.push(table);
        ControlFlow::Continue(())
    };
    let tally = read_stream(&read, Path::new("."), &mut take, &mut |_| aside += 1, &Cancel::new())
        .unwrap_or_else(|fault| panic!("{}: {fault}", file.display()));
    Some((tables, tally, aside))
}

#[test]
fn real_files_are_read_and_every_line_is_accounted_for() {
    let Some(folder) = samples() else { return };
    let (mut files, mut unread) = (0, Vec::new());
    for file in files_under(&folder) {
        let Some((tables, tally, aside)) = read_whole(&file) else {
            unread.push(file);
            continue;
        };
        files += 1;
        let parts = tally.accepted + tally.quarantined + tally.joined + tally.blank + tally.meta;
        assert_eq!(tally.read, parts, "{}: {tally:?}", file.display());
        assert_eq!(tally.quarantined, aside, "{}", file.display());
        assert_eq!(tally.rows, tables.iter().map(|table| table.rows() as u64).sum::<u64>(), "{}", file.display());
    }
    eprintln!("{files} files read; without a format: {unread:?}");
    assert!(files > 100, "{files}");
    for file in &unread {
        let text = fs::read(file).unwrap();
        assert!(text.len() < 4 || text.contains(&0), "{} has text, so at least `lines` fits", file.display());
    }
}

fn cell(table: &ResultTable, schema: &Schema, row: usize, name: &str) -> Json {
    schema.index(name).map_or(Json::Null, |column| table.value(row, column).to_json())
}

/// Whether a row has what the independent reading has: `_line`, `_offset` and the fields by our names, `ts` the time.
fn is_same(expected: &Json, table: &ResultTable, row: usize) -> bool {
    expected.as_object().unwrap().iter().all(|(name, value)| {
        let found = cell(table, table.schema(), row, if name == "ts" { "time" } else { name });
        // The independent reading leaves dashes as they stand; here they are null.
        let is_dash = *value == "-" && found.is_null();
        let text = |json: &Json| json.as_str().unwrap_or_default().replace(".000Z", "Z");
        if name == "ts" { text(value) == text(&found) } else { *value == found || is_dash }
    })
}

#[test]
fn fields_of_web_logs_equal_an_independent_reading() {
    let mut compared = 0;
    for kind in ["nginx-access", "apache-access"] {
        let Some(folder) = sample(kind) else { return };
        for basic in expand("*.basic.jsonl", &folder).unwrap() {
            let log = PathBuf::from(path(&basic).trim_end_matches(".basic.jsonl"));
            let Some((tables, ..)) = read_whole(&log) else { panic!("{} is not read", log.display()) };
            let mut rows = std::collections::BTreeMap::new();
            for table in &tables {
                for row in 0..table.rows() {
                    let line = cell(table, table.schema(), row, "_line").as_u64().unwrap();
                    rows.insert(line, (table, row));
                }
            }
            let (mut lines, mut misses) = (0, Vec::new());
            for text in fs::read_to_string(&basic).unwrap().lines() {
                let expected: Json = serde_json::from_str(text).unwrap();
                lines += 1;
                let line = expected["_line"].as_u64().unwrap();
                if !rows.get(&line).is_some_and(|(table, row)| is_same(&expected, table, *row)) {
                    misses.push(line);
                }
            }
            eprintln!("{}: {} of {lines} lines differ: {misses:?}", log.display(), misses.len());
            assert!(misses.len() as f64 <= 0.02 * lines as f64, "{}: lines {misses:?}", log.display());
            compared += lines;
        }
    }
    assert!(compared > 30, "{compared} lines compared");
}

/// A value that is no value of its column's type is null, and every summary says so.
#[test]
fn values_that_become_null_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("in.csv");
    std::fs::write(&file, "n,t\n1,2026-03-02T10:00:00Z\nx,soon\n3,2026-03-02T11:00:00Z\n").unwrap();
    let design = serde_json::json!({
        "pipewright": 1, "name": "p",
        "sources": [{"id": "s", "title": "S", "path": "in.csv", "format": {"name": "csv"},
            "schema": {"fields": [{"name": "n", "type": "Int"}, {"name": "t", "type": "Timestamp"}]}}],
        "steps": [{"id": "in", "kind": "file", "title": "In", "settings": {"source": "s"}},
            {"id": "out", "kind": "load_file", "title": "Out", "settings": {"path": "out.csv", "kind": "csv"}}],
        "wires": [{"id": "w", "from": "in", "to": "out"}],
    });
    let project = folder.path().join("p.pipewright.json");
    std::fs::write(&project, design.to_string()).unwrap();
    let out = folder.path().join("out");
    let (project, out) = (project.to_str().unwrap(), out.to_str().unwrap());
    let (code, _, talk) = crate::support::run(&["run", project, "--out", out]);
    assert!(code == 0 && talk.contains("became null: 1 of `n`, 1 of `t`"), "{talk}");
    let (code, _, talk) = crate::support::run(&["preview", project, "--step", "in"]);
    assert!(code == 0 && talk.contains("values that did not fit and are null: 2"), "{talk}");
    let (code, out, talk) = crate::support::run(&["read", file.to_str().unwrap(), "--as", "csv"]);
    assert!(code == 0 && out.lines().count() == 3, "{talk}");
}
