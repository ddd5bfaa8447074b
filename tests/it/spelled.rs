//! The bytes of results: what a bundle writes is spelled as a run writes it.

use std::fs;
use std::process::Command;

use serde_json::json;

use crate::support::{path, python_with_duckdb, run_ok, texts};
use crate::told::Bench;

/// Numbers and texts that engines spell in several ways.
fn odd() -> Bench {
    let numbers = [
        "0.0", "-0.0", "1.0", "1e15", "1e16", "1e20", "1e21", "1.5e300", "1e-4", "1e-5", "2.5e-5", "1e-6", "0.1",
        "null",
    ];
    let texts = [
        "",
        " a",
        "a ",
        "\u{a0}a",
        "a\u{3000}",
        "\u{2003}",
        "a\u{85}",
        "#a",
        "a,b",
        "\"a\"",
        "line\nline",
        "a\rb",
        "'a'",
        "\u{1f}\u{b}\\u001F",
        "1e20",
        "null",
        "é/\u{7f}",
        "\u{feff}a",
        "\u{200b}a",
    ];
    let rows = (0..numbers.len().max(texts.len())).map(|row| {
        let number = numbers.get(row).unwrap_or(&"null");
        let text = texts.get(row).map_or(json!(null), |text| json!(text));
        format!(
            "{{\"n\":{row},\"x\":{number},\"t\":{text},\"l\":[{number},1e20],\"r\":{{\"b\":{number},\"a\":{text}}}}}\n"
        )
    });
    let columns = ["n:Int", "x:Float", "t:String", "l:List<Float>", "r:Record{\"b\": Float, \"a\": String}"];
    Bench::new().text("a.jsonl", &rows.collect::<String>()).source("a", "a.jsonl", "json_lines", &columns)
}

#[test]
fn duckdb_spells_numbers_and_quotes_texts_as_a_run_does() {
    let Some(python) = python_with_duckdb() else { return };
    let name = json!({"columns": [{"id": "n", "name": "a, \"b\"", "expression": "x"}, {"id": "m", "name": "t\"", "expression": "t"}]});
    let partition = json!({"path": "parts", "kind": "jsonl", "partition": ["n"]});
    let rule = json!({"rules": [{"id": "r", "predicate": "x > 1e18", "reason": "small"}]});
    let sort = json!({"keys": ["n"]});
    let bench = odd()
        .step("sorted", "sort", sort, "a")
        .step("named", "compute", name, "sorted")
        .step("parts", "load_file", partition, "sorted")
        .step("large", "expect", rule, "sorted")
        .load("named", "o.csv")
        .load("named", "o.jsonl")
        .load("large", "large.csv");
    let project = bench.project();
    run_ok(&["run", &project, "--out", path(&bench.file("out")), "--max-quarantined", "1"]);
    assert_eq!(bench.export("duckdb").0, 0);
    let mut script = Command::new(bench.file("duckdb/run.sh"));
    script.arg(bench.file("results")).arg("--trust").env("PIPEWRIGHT", env!("CARGO_BIN_EXE_pipewright"));
    script
        .env("PYTHON", python)
        .env("PIPEWRIGHT_MAX_QUARANTINED", "1")
        .env("PIPEWRIGHT_CONFIG", bench.file("settings"));
    script.env("PW_SOURCE_FOLDER", bench.file(""));
    let (code, out, err) = texts(script.output().unwrap());
    assert_eq!(code, 0, "{out}{err}");
    let parts = (0..19).map(|n| format!("parts/n={n}/part-0.jsonl"));
    for file in ["o.csv", "o.jsonl", "large.csv"].map(str::to_owned).into_iter().chain(parts) {
        let [native, theirs] =
            ["out", "results"].map(|folder| fs::read_to_string(bench.file(folder).join(&file)).unwrap());
        assert_eq!(theirs, native, "{file}");
    }
}
