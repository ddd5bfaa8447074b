//! Bundles for the OpenTelemetry Collector, as far as they can be looked at without one.

use std::fs;
use std::process::Command;

use crate::support::{path, python_that, root, run_ok, texts};

/// What is read of a Collector's configuration: each part that a pipeline names is there, and each that is there is named.
const COLLECTOR: &str = r#"
import sys, yaml
config = yaml.safe_load(open(sys.argv[1], encoding="utf-8"))
named = {"receivers": set(), "processors": set(), "exporters": set()}
for pipeline in config["service"]["pipelines"].values():
    for kind, parts in pipeline.items():
        named[kind] |= set(parts)
for kind, parts in named.items():
    assert parts == set(config[kind]), (kind, parts ^ set(config[kind]))
assert set(config["service"]["extensions"]) == set(config["extensions"])
for name, processor in config["processors"].items():
    for group in processor.get("log_statements", []):
        assert all(isinstance(statement, str) for statement in group["statements"]), name
    conditions = processor.get("logs", {}).get("log_record", [])
    assert all(isinstance(condition, str) for condition in conditions), name
print("pipelines:", len(config["service"]["pipelines"]))
"#;

#[test]
fn a_configuration_of_the_collector_is_whole_and_says_that_it_was_not_run() {
    let Some(python) = python_that("-c", &["import yaml"]) else { return };
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("bundle");
    run_ok(&["export", "projects/shop/shop.pipewright.json", "--target", "otelcol", "--out", path(&bundle)]);
    let check = Command::new(&python).args(["-c", COLLECTOR]).arg(bundle.join("otelcol.yaml")).output().unwrap();
    let (code, out, err) = texts(check);
    assert!(code == 0 && out.starts_with("pipelines: "), "{out}{err}");
    assert!(fs::read_to_string(bundle.join("README.md")).unwrap().contains("**Not run here**"));
    // Without a Collector nothing is written, and it is said.
    let out = folder.path().join("out");
    let mut run = Command::new(bundle.join("run.sh"));
    run.env("PIPEWRIGHT", env!("CARGO_BIN_EXE_pipewright")).env("PYTHON", &python);
    run.env("OTELCOL", folder.path().join("none")).env("PW_DATA", root().join("projects/shop/samples"));
    let (code, _, err) = texts(run.arg(&out).output().unwrap());
    assert!(code == 1 && err.contains("there is no OpenTelemetry Collector"), "{code} {err}");
    assert!(!out.join("failed_transactions.jsonl").exists());
}
