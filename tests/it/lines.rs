//! The lines of sources behind rows of a step: through filters, groups, joins and compressed files, by the command line.

use std::fs;
use std::io::Write;

use serde_json::{Value as Json, json};

use crate::support::{path, run};
use crate::told::Bench;

/// The lines that are told, as `place: text`, and what is said of them.
fn lines(bench: &Bench, step: &str, more: &[&str]) -> (Vec<String>, String) {
    let project = bench.project();
    let (code, out, talk) = run(&[&["preview", &project, "--step", step, "--lines"], more].concat());
    assert_eq!(code, 0, "{talk}");
    (out.lines().map(|line| line.strip_prefix(path(&bench.file(""))).unwrap_or(line).to_owned()).collect(), talk)
}

fn requests() -> Bench {
    let group = json!({"keys": [{"id": "k", "name": "page", "expression": "page"}],
        "measures": [{"id": "m", "name": "slow", "expression": "count(*)"}]});
    Bench::new()
        .text(
            "a.jsonl",
            "{\"page\":\"/a\",\"ms\":10,\"user\":1}\n{\"page\":\"/b\",\"ms\":900,\"user\":2}\nno line\n\
             {\"page\":\"/a\",\"ms\":800,\"user\":1}\n{\"page\":\"/b\",\"ms\":700,\"user\":1}\n",
        )
        .source("a", "a.jsonl", "json_lines", &["page:String", "ms:Int", "user:Int"])
        .step("slow", "filter", json!({"predicate": "ms > 100"}), "a")
        .step("pages", "aggregate", group, "slow")
        .step("sorted", "sort", json!({"keys": ["page desc"]}), "pages")
}

#[test]
fn rows_are_followed_back_to_their_lines() {
    let bench = requests();
    let b =
        ["a.jsonl:2: {\"page\":\"/b\",\"ms\":900,\"user\":2}", "a.jsonl:5: {\"page\":\"/b\",\"ms\":700,\"user\":1}"];
    let a = "a.jsonl:4: {\"page\":\"/a\",\"ms\":800,\"user\":1}";
    for step in ["pages", "sorted"] {
        let (found, talk) = lines(&bench, step, &["--where", "page = '/b'"]);
        assert_eq!(found, b, "{step}");
        assert!(talk.contains("2 lines behind 1 row"), "{talk}");
    }
    assert_eq!(lines(&bench, "sorted", &["--row", "2"]).0, [a]);
    assert_eq!(lines(&bench, "slow", &["--row", "1"]).0, [b[0]]);
    assert_eq!(lines(&bench, "pages", &[]).0, [b[0], a, b[1]]);
    let (none, talk) = lines(&bench, "pages", &["--row", "9"]);
    assert!(none.is_empty() && talk.contains("0 lines behind 0 rows"), "{talk}");

    let project = bench.project();
    let ask = |more: &[&str]| run(&[&["preview", &project, "--step", "pages", "--lines"], more].concat());
    for (more, told) in [
        (["--where", "page"], "a condition is true or false"),
        (["--where", "nope > 1"], "nope"),
        (["--row", "0"], "counted from 1"),
        (["--output", "csv"], "not written as CSV"),
    ] {
        let (code, out, talk) = ask(&more);
        assert!(code != 0 && out.is_empty() && talk.contains(told), "{more:?}: {talk}");
    }
    // Nothing of a stranger's file steers the terminal.
    let steers = Bench::new().text("\u{1b}[31mx.csv", "a\n\u{1b}]0;title\u{7}\n").source(
        "a",
        "\u{1b}[31mx.csv",
        "csv",
        &["a:String"],
    );
    assert!(!lines(&steers, "a", &[]).0.concat().contains('\u{1b}'));
    let (_, out, _) = ask(&["--output", "jsonl", "--where", "page = '/a'"]);
    let line: Json = serde_json::from_str(out.trim()).unwrap();
    assert_eq!((&line["line"], &line["offset"], &line["source"]), (&json!(4), &json!(71), &json!("a")), "{line}");
}

#[test]
fn both_sides_of_a_join_events_of_several_lines_and_compressed_files_have_their_lines() {
    let log = "2026-03-01 10:00:00,000 ERROR [main] org.example.Shop - boom\nTraceback (most recent call last):\n  File \"a.py\", line 1\n\
               2026-03-01 10:00:01,000 INFO [main] org.example.Shop - fine\n";
    let bench = requests()
        .text("u.csv", "user,name\n1,Ada\n2,Ben\n")
        .source("u", "u.csv", "csv", &["user:Int", "name:String"])
        .step("named", "join", json!({"columns": ["name"], "on": [{"id": "o", "left": "user", "right": "user"}]}), "")
        .wired("slow", "named", "left")
        .wired("u", "named", "right");
    let (found, _) = lines(&bench, "named", &["--where", "name = 'Ben'"]);
    assert_eq!(found, ["u.csv:3: 2,Ben", "a.jsonl:2: {\"page\":\"/b\",\"ms\":900,\"user\":2}"]);

    let file = bench.file("p.log.gz");
    let mut packed = flate2::write::GzEncoder::new(fs::File::create(&file).unwrap(), flate2::Compression::fast());
    packed.write_all(log.as_bytes()).unwrap();
    packed.finish().unwrap();
    let bench = bench.source("p", "p.log.gz", "application_log", &["level:String", "message:String"]);
    let (found, _) = lines(&bench, "p", &["--row", "1"]);
    assert_eq!(
        found.first().map(String::as_str),
        Some("p.log.gz:1: 2026-03-01 10:00:00,000 ERROR [main] org.example.Shop - boom")
    );
    assert_eq!(found.len(), 3, "the whole event: {found:?}");
    assert_eq!(
        lines(&bench, "p", &["--row", "2"]).0,
        ["p.log.gz:4: 2026-03-01 10:00:01,000 INFO [main] org.example.Shop - fine"]
    );
    let both = lines(&bench, "p", &[]).0;
    assert!(both.len() == 4 && both[3].starts_with("p.log.gz:4: 2026-03-01 10:00:01,000"), "{both:?}");
}

#[test]
fn what_is_secret_stays_in_its_file() {
    let bench = Bench::new()
        .text("a.jsonl", "{\"id\":1,\"password\":\"hunter2\"}\n{\"id\":2}\n")
        .source("a", "a.jsonl", "json_lines", &["id:Int"])
        .text("b.csv", "id,api_key\n1,hunter2\n")
        .source("b", "b.csv", "csv", &["id:Int", "api_key:String"]);
    let (found, _) = lines(&bench, "a", &[]);
    for (number, line) in found.iter().enumerate() {
        let place = format!("a.jsonl:{}: (not shown: it may hold `password`", number + 1);
        assert!(line.starts_with(&place), "{line}");
    }
    assert_eq!(found.len(), 2);
    let (found, _) = lines(&bench, "b", &[]);
    assert!(found.len() == 1 && !found[0].contains("hunter2"), "{found:?}");
}
