//! `read` with a question, in ranges of bytes, and as an Arrow stream.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value as Json;

use crate::support::{path, pipewright, run, run_ok, texts};

const ACCESS: &str = "projects/shop/samples/access.log";

fn rows(text: &str) -> Vec<Json> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn what_is_asked_of_a_file_is_what_its_rows_say() {
    let all = rows(&run_ok(&["read", ACCESS]));
    let mut expected: BTreeMap<i64, (i64, i64)> = BTreeMap::new();
    for row in all.iter().filter(|row| row["method"] == "GET" && row["status"].is_i64()) {
        let group = expected.entry(row["status"].as_i64().unwrap()).or_default();
        group.0 += 1;
        group.1 += row["bytes"].as_i64().unwrap_or_default();
    }
    let mut expected: Vec<(i64, i64, i64)> =
        expected.into_iter().map(|(status, (count, bytes))| (status, count, bytes)).collect();
    expected.sort_by_key(|(status, count, _)| (-count, *status));
    let asked = [
        "read",
        ACCESS,
        "--where",
        "method = 'GET' and status is not null",
        "--by",
        "status",
        "--agg",
        "count(*), sum(bytes) as bytes",
    ];
    let found = rows(&run_ok(&asked));
    let number = |row: &Json, name: &str| row[name].as_i64().unwrap();
    let found: Vec<(i64, i64, i64)> =
        found.iter().map(|row| (number(row, "status"), number(row, "count"), number(row, "bytes"))).collect();
    assert_eq!(found, expected);
    let csv =
        run_ok(&[&asked[..], &["--top", "1", "--select", "status, count / 2 as half", "--output", "csv"]].concat());
    let (status, count, _) = expected[0];
    assert_eq!(csv, format!("status,half\n{status},{:?}\n", count as f64 / 2.0));
    let table =
        run_ok(&["read", ACCESS, "--sort", "bytes desc", "--top", "2", "--select", "path", "--output", "table"]);
    assert!(table.starts_with("path") && table.lines().count() == 3, "{table}");
    let limited = run_ok(&["read", ACCESS, "--where", "status = 200", "--limit", "2"]);
    let first: Vec<Json> = all.iter().filter(|row| row["status"] == 200).take(2).cloned().collect();
    assert_eq!(rows(&limited), first);
}

#[test]
fn what_is_asked_is_kept_as_a_project_that_gives_the_same() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.csv", "b.csv"] {
        fs::write(folder.path().join(name), "host,n\nx,1\ny,2\nx,3\n").unwrap();
    }
    let in_folder = |args: &[&str]| texts(pipewright().current_dir(folder.path()).args(args).output().unwrap());
    let asked = [
        "read", "a.csv", "b.csv", "--by", "host", "--agg", "sum(n)", "--output", "csv", "--to", "sums.csv", "--save",
        "q",
    ];
    let (code, _, talk) = in_folder(&asked);
    assert_eq!(code, 0, "{talk}");
    let sums = fs::read_to_string(folder.path().join("sums.csv")).unwrap();
    assert_eq!(sums, "host,sum_n\nx,8\ny,4\n");
    let project = fs::read_to_string(folder.path().join("q.pipewright.json")).unwrap();
    assert!(project.contains(r#""path": "*.csv""#), "{project}");
    // The sums are no source of theirs.
    fs::remove_file(folder.path().join("sums.csv")).unwrap();
    let (code, _, talk) = in_folder(&["run", "q.pipewright.json", "--out", "out"]);
    assert_eq!(code, 0, "{talk}");
    assert_eq!(fs::read_to_string(folder.path().join("out/sums.csv")).unwrap(), sums);
    let (code, _, talk) = in_folder(&asked);
    assert!(code == 2 && talk.contains("already"), "{talk}");
}

#[test]
fn what_cannot_be_asked_says_which_option_is_wrong() {
    let fault = |args: &[&str]| {
        let (code, out, talk) = run(&[&["read", ACCESS], args].concat());
        assert_eq!((code, out.as_str()), (2, ""), "{talk}");
        talk
    };
    assert!(fault(&["--where", "status >="]).contains("--where"));
    assert!(fault(&["--agg", "sum(bytes) as"]).contains("--agg"));
    let unknown = fault(&["--by", "statu"]);
    assert!(unknown.contains("did you mean `status`"), "{unknown}");
    assert!(fault(&["--by", "status", "--limit", "3"]).contains("--limit"));
    assert!(fault(&["--range", "5-1"]).contains("PW0918"));
    assert!(fault(&["--range", "0-10", "--by", "status"]).contains("range"));
    assert!(fault(&["--declared", "Cargo.toml"]).contains("declares no source"));
}

#[test]
fn ranges_give_every_row_once_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let declared = folder.path().join("source.json");
    // As an exported pipeline has it.
    let out = folder.path().join("bundle");
    run_ok(&["export", "projects/shop/shop.pipewright.json", "--target", "pipeline", "--out", path(&out)]);
    let pipeline: Json = serde_json::from_str(&fs::read_to_string(out.join("pipeline.json")).unwrap()).unwrap();
    let nodes = pipeline["nodes"].as_array().unwrap();
    let read = nodes.iter().find(|node| node["op"] == "read" && node["format"]["name"] == "nginx_access");
    fs::write(&declared, read.expect("a read of the access log").to_string()).unwrap();
    let whole = run_ok(&["read", ACCESS, "--declared", path(&declared), "--position"]);
    let size = fs::metadata(crate::support::root().join(ACCESS)).unwrap().len();
    let mut joined = String::new();
    for from in (0..size).step_by(100_003) {
        let range =
            format!("{from}-{}", if from + 100_003 < size { (from + 100_003).to_string() } else { String::new() });
        joined += &run_ok(&["read", ACCESS, "--declared", path(&declared), "--position", "--range", &range]);
    }
    assert_eq!(joined, whole);
}

#[test]
fn an_arrow_stream_has_its_schema_also_without_rows() {
    let stream = |args: &[&str]| {
        let output = pipewright().args([&["read", ACCESS, "--output", "arrow"], args].concat()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    let (none, some) = (stream(&["--range", "3-4"]), stream(&["--limit", "1"]));
    assert!(some.len() > none.len());
    // A schema's message and the end of the stream.
    assert!(none.starts_with(&[0xff; 4]) && none.ends_with(&[0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]));
    assert_eq!(none[..200], some[..200]);
}
