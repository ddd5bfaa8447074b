//! Split by place: the worked example of two teams, each of whose places runs its own bundle, gives what its oracle
//! computes; what goes over is counted on both sides; what may not leave is told by name.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value as Json, json};

use crate::support::{path, pipewright, postgresql, python, python_for, root, run, run_ok, texts};

const PROJECT: &str = "projects/teams/teams.pipewright.json";
const ANSWERS: [&str; 2] = ["pages_by_plan.csv", "spent_after_bad_visits.csv"];

/// The example with other engines in its two places, in a folder that may be changed.
struct Desk {
    folder: tempfile::TempDir,
    project: PathBuf,
}

impl Desk {
    fn new(warehouse: &str, cluster: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let project = folder.path().join("teams.pipewright.json");
        fs::copy(root().join(PROJECT), &project).unwrap();
        fs::create_dir(folder.path().join("samples")).unwrap();
        for entry in fs::read_dir(root().join("projects/teams/samples")).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), folder.path().join("samples").join(entry.file_name())).unwrap();
        }
        let desk = Desk { folder, project };
        desk.set("place-warehouse", "target", json!(warehouse));
        desk.set("place-cluster", "target", json!(cluster));
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn set(&self, id: &str, field: &str, new: Json) {
        self.apply(json!({"edit": "set", "id": id, "field": field, "new": new}));
    }

    fn apply(&self, edit: Json) {
        let edits = self.path("edits.json");
        fs::write(&edits, json!([edit]).to_string()).unwrap();
        run_ok(&["apply", path(&self.project), path(&edits)]);
    }

    fn export(&self, more: &[&str]) -> PathBuf {
        let bundle = self.path("bundle");
        run_ok(&[&["export", path(&self.project), "--split", path(&bundle), "--force"], more].concat());
        bundle
    }

    /// A script of the bundle, led to the engines that are here.
    fn script(&self, name: &str, python: &str) -> Command {
        let mut script = Command::new(self.path("bundle").join(name));
        script
            .env("PIPEWRIGHT", env!("CARGO_BIN_EXE_pipewright"))
            .env("PYTHON", python)
            .env("PW_DATA", self.path("samples"))
            .current_dir(self.folder.path());
        if let Some(server) = postgresql() {
            server.lead(&mut script);
        }
        script
    }
}

fn assert_equals_oracle(python: &str, data: &Path, out: &Path) {
    let oracle = root().join("tests/oracle/teams.py");
    let (code, stdout, stderr) =
        texts(Command::new(python).args([path(&oracle), path(data), path(out)]).output().unwrap());
    assert_eq!((code, stdout.matches("equal: ").count()), (0, ANSWERS.len()), "{stdout}{stderr}");
}

/// Exports, verifies and runs the example on two engines.
fn goes_through(warehouse: &str, cluster: &str) {
    if warehouse == "postgresql" && postgresql().is_none() || python_for(warehouse).is_none() {
        return;
    }
    let Some(python) = python_for(cluster) else { return };
    let desk = Desk::new(warehouse, cluster);
    desk.export(&[]);
    let (code, out, err) = texts(desk.script("verify.sh", &python).output().unwrap());
    assert_eq!(code, 0, "{warehouse}, {cluster}: {out}{err}");
    assert_eq!(out.matches("same: ").count(), ANSWERS.len(), "{out}{err}");
    // Results may lie in the folder of the bundle, below it.
    let data = desk.path("other");
    run_ok(&["generate", "teams", "--seed", "5", "--rows", "1500", "--out", path(&data)]);
    let results = desk.path("bundle").join("results");
    let mut script = desk.script("run.sh", &python);
    let (code, out, err) = texts(script.arg(&results).env("PW_DATA", &data).output().unwrap());
    assert_eq!(code, 0, "{warehouse}, {cluster}: {out}{err}");
    assert_equals_oracle(&python, &data, &results);
    assert!(err.contains("handed over") && err.contains("arrived"), "{err}");
    let reports = fs::read_dir(results.join("reports")).unwrap().count();
    assert!(reports >= 2, "each part reports");
    let left: Vec<String> = fs::read_dir(&results)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    assert!(!left.iter().any(|name| name.starts_with(".pipewright-work") || name == "pipewright_handover"), "{left:?}");
}

#[test]
fn the_example_is_what_the_generator_makes_and_free_of_warnings() {
    let text = fs::read_to_string(root().join(PROJECT)).unwrap();
    let (project, told) = pipewright_core::project::load(&text).unwrap();
    assert!(told.is_empty(), "{told:?}");
    assert_eq!(pipewright_core::project::to_text(&project), text, "its file is canonical");
    let (code, out, talk) = run(&["check", PROJECT, "--deny-warnings"]);
    assert_eq!(code, 0, "{out}{talk}");
    let folder = tempfile::tempdir().unwrap();
    run_ok(&["generate", "teams", "--seed", "1", "--out", path(folder.path())]);
    for entry in fs::read_dir(root().join("projects/teams/samples")).unwrap() {
        let name = entry.unwrap().file_name();
        let committed = fs::read(root().join("projects/teams/samples").join(&name)).unwrap();
        assert!(fs::read(folder.path().join(&name)).unwrap() == committed, "{name:?} differs");
    }
}

#[test]
fn the_whole_design_gives_what_the_oracle_computes() {
    let Some(python) = python() else { return };
    let out = tempfile::tempdir().unwrap();
    run_ok(&["run", PROJECT, "--out", path(out.path())]);
    assert_equals_oracle(&python, &root().join("projects/teams/samples"), out.path());
}

#[test]
fn parts_on_the_runner_alone_give_what_the_oracle_computes() {
    goes_through("pipeline", "pipeline");
}

#[test]
fn duckdb_and_polars_give_what_the_oracle_computes() {
    goes_through("duckdb", "polars");
}

#[test]
fn postgresql_and_spark_give_what_the_oracle_computes() {
    goes_through("postgresql", "spark");
}

#[test]
fn places_and_what_goes_over_are_shown() {
    let (code, out, talk) = run(&["plan", PROJECT, "--places"]);
    assert_eq!(code, 0, "{talk}");
    for line in [
        "Warehouse (place-warehouse), PostgreSQL",
        "  Customers (its source is of that stack)",
        "  Pages by plan, for Web (said by the step)",
        "goes over: Customers, from Warehouse to Cluster: `customer`, `plan`, about ",
    ] {
        assert!(out.contains(line), "{line}\n{out}");
    }
    assert!(!out.contains("email"), "{out}");
    assert!(run_ok(&["check", PROJECT]).contains("goes over: Customers"));
    let told: Json = serde_json::from_str(&run_ok(&["plan", PROJECT, "--places", "--format", "json"])).unwrap();
    let over = told["goes_over"].as_array().unwrap();
    assert!(over.iter().all(|one| one["bytes"].as_u64().unwrap() > 0), "{told}");
    assert_eq!(told["places"][1]["target"], "postgresql");
}

#[test]
fn what_may_not_leave_is_told_by_name_and_nothing_is_written() {
    let desk = Desk::new("pipeline", "pipeline");
    desk.set("visits-plan", "settings.columns", json!(["email", "plan"]));
    desk.set("pages", "settings.keys", json!([{"id": "pg-p", "name": "page", "expression": "page"}, {"id": "pg-l", "name": "plan", "expression": "email"}]));
    let bundle = desk.path("bundle");
    let (code, _, talk) = run(&["export", path(&desk.project), "--split", path(&bundle)]);
    assert_eq!(code, 78, "{talk}");
    for said in
        ["PW1206", "`email` is personal", "from “Warehouse” to “Cluster”", "lets internal data out at most", "help: "]
    {
        assert!(talk.contains(said), "{said}: {talk}");
    }
    assert!(!bundle.exists());
    let (code, _, talk) = run(&["export", PROJECT, "--split", path(&bundle), "--target", "spark"]);
    assert_eq!(code, 2, "{talk}");
    let (code, _, talk) = run(&["export", "projects/shop/shop.pipewright.json", "--split", path(&bundle)]);
    assert!(code == 78 && talk.contains("PW1202") && !bundle.exists(), "{talk}");
}

#[test]
fn rows_that_do_not_arrive_stop_the_run_and_nothing_is_put_in_place() {
    let Some(python) = python() else { return };
    for kind in ["parquet", "csv", "jsonl"] {
        let desk = Desk::new("pipeline", "pipeline");
        desk.set("place-warehouse", "handover", json!(kind));
        desk.set("place-cluster", "handover", json!(kind));
        let bundle = desk.export(&[]);
        let results = desk.path("results");
        let ran = |desk: &Desk| texts(desk.script("run.sh", &python).arg(&results).output().unwrap());
        let (code, out, err) = ran(&desk);
        assert_eq!(code, 0, "{kind}: {out}{err}");
        assert_equals_oracle(&python, &desk.path("samples"), &results);
        fs::remove_dir_all(&results).unwrap();
        // Somebody on the way takes a part of what is handed over away, or the count says another number.
        let script = fs::read_to_string(bundle.join("run.sh")).unwrap();
        let thief = r#"
handed_over() {
  "$pipewright" handover "$bundle/handovers.json" "$1" "$work/handover"
  case $(echo "$work/handover/$1"/rows.*) in
    *.csv) sed -i '5,$d' "$work/handover/$1/rows.csv" ;;
    *.jsonl) sed -i '5,$d' "$work/handover/$1/rows.jsonl" ;;
    *) echo '{"rows": 4}' >"$work/handover/$1/handover.json" ;;
  esac
}
run_part 0"#;
        fs::write(bundle.join("run.sh"), script.replacen("\nrun_part 0", thief, 1)).unwrap();
        let (code, _, err) = ran(&desk);
        assert!(code == 1 && err.contains("PW1208") && err.contains("4 rows"), "{kind}: {code} {err}");
        assert!(ANSWERS.iter().all(|name| !results.join(name).exists()), "{kind}");
    }
}

#[test]
fn what_is_handed_over_is_named_and_of_the_columns_that_are_agreed() {
    let desk = Desk::new("pipeline", "pipeline");
    desk.set("place-warehouse", "handover", json!("csv"));
    desk.set("place-cluster", "handover", json!("csv"));
    let bundle = desk.export(&["--with", "airflow,dagster"]);
    assert!(bundle.join("schedulers/airflow/teams_dag.py").exists());
    let list = bundle.join("handovers.json");
    let told: Json = serde_json::from_str(&fs::read_to_string(&list).unwrap()).unwrap();
    let name = told["handovers"][0]["name"].as_str().unwrap().to_owned();
    let handover = |name: &str| {
        let mut command = pipewright();
        command.args(["handover", path(&list), name, path(&desk.path("over"))]);
        texts(command.output().unwrap())
    };
    let (code, _, talk) = handover("nobody");
    assert!(code == 1 && talk.contains("PW1210") && talk.contains("help: "), "{talk}");
    // A stranger's list leads nowhere else.
    let leading = fs::read_to_string(&list).unwrap().replace(&format!("{name}/"), "/etc/");
    let foreign = desk.path("foreign.json");
    fs::write(&foreign, leading).unwrap();
    let (code, _, talk) = run(&["handover", path(&foreign), &name, path(&desk.path("over"))]);
    assert!(code == 1 && talk.contains("PW1210") && talk.contains("leads out"), "{talk}");
    fs::create_dir_all(desk.path("over").join(&name)).unwrap();
    let file = desk.path("over").join(told["handovers"][0]["path"].as_str().unwrap());
    fs::write(&file, "customer\nc1\n").unwrap();
    let (code, _, talk) = handover(&name);
    assert!(code == 1 && talk.contains("PW1211") && talk.contains("agreed as"), "{talk}");
}

#[test]
fn a_part_replaces_nothing_that_the_design_does_not_and_leaves_no_quarantine_of_before() {
    let Some(python) = python_for("duckdb") else { return };
    let desk = Desk::new("pipeline", "duckdb");
    desk.set("load-plan", "settings.when_exists", json!("fail"));
    desk.export(&[]);
    let out = desk.path("out");
    let ran = || texts(desk.script("run.sh", &python).arg(&out).output().unwrap());
    let (code, _, err) = ran();
    assert_eq!(code, 0, "{err}");
    let kept = out.join("quarantine/cluster/quarantine.jsonl");
    assert!(fs::metadata(&kept).unwrap().len() > 0, "the example has lines that are no JSON");
    let (code, _, err) = ran();
    assert!(code == 1 && err.contains("PW0967") && err.contains("spent_after_bad_visits.csv"), "{code} {err}");
    // The same of a part on another engine.
    desk.set("load-plan", "settings.when_exists", json!("replace"));
    desk.set("load-pages", "settings.when_exists", json!("fail"));
    desk.export(&[]);
    let (code, _, err) = ran();
    assert!(code == 1 && err.contains("PW0967") && err.contains("pages_by_plan.csv"), "{code} {err}");
    // Lines of an earlier run belong to its rows.
    desk.set("load-pages", "settings.when_exists", json!("replace"));
    desk.export(&[]);
    let visits = desk.path("samples/visits.jsonl");
    let text = fs::read_to_string(&visits).unwrap();
    let is_json = |line: &&str| serde_json::from_str::<Json>(line).is_ok();
    fs::write(&visits, text.lines().filter(is_json).map(|line| format!("{line}\n")).collect::<String>()).unwrap();
    let (code, _, err) = ran();
    assert_eq!((code, fs::metadata(&kept).unwrap().len()), (0, 0), "{err}");
}

#[test]
fn a_load_does_not_write_where_the_whole_bundle_puts_what_is_its_own() {
    let Some(python) = python_for("duckdb") else { return };
    let desk = Desk::new("pipeline", "duckdb");
    for place in ["report.json", "./reports/cluster.json", "pipewright_handover/x.csv", "quarantine/x.csv"] {
        desk.set("load-pages", "settings.path", json!(place));
        let bundle = desk.path("bundle");
        let (code, _, talk) = run(&["export", path(&desk.project), "--split", path(&bundle), "--force"]);
        assert!(code != 0 && talk.contains("PW0645") && talk.contains(place), "{place}: {code} {talk}");
    }
    // Nor where parameters lead there.
    desk.apply(json!({"edit": "insert", "into": "parameters",
        "item": {"id": "p", "name": "place", "type": "String", "default": "results"}}));
    desk.set("load-pages", "settings.path", json!("${place}/x.csv"));
    desk.export(&[]);
    for place in ["quarantine", "reports", "pipewright_handover"] {
        let out = desk.path(place);
        let mut script = desk.script("run.sh", &python);
        let (code, _, err) = texts(script.env("PW_PLACE", place).arg(&out).output().unwrap());
        assert!(code == 1 && err.contains(&format!("writes to {place}")), "{place}: {code} {err}");
        assert!(!out.join(ANSWERS[1]).exists(), "{place}");
    }
}

/// A design whose first part cannot read 40 of 100 lines, and whose second one turns away 20 of the other 60.
fn turning_away(folder: &Path, target: &str) -> PathBuf {
    let line = |n: usize| if n < 40 { "no JSON\n".to_owned() } else { format!("{{\"n\": {n}}}\n") };
    fs::write(folder.join("in.jsonl"), (0..100).map(line).collect::<String>()).unwrap();
    let rule = json!({"id": "r", "predicate": "n >= 60", "reason": "too few"});
    let design = json!({"pipewright": 1, "name": "p",
        "places": [{"id": "place-a", "title": "A", "target": "pipeline"}, {"id": "place-b", "title": "B", "target": target}],
        "sources": [{"id": "s", "title": "S", "path": "in.jsonl", "format": {"name": "json_lines"},
            "schema": {"fields": [{"name": "n", "type": "Int"}]}}],
        "steps": [{"id": "f", "kind": "file", "title": "F", "place": "place-a", "settings": {"source": "s"}},
            {"id": "e", "kind": "expect", "title": "E", "place": "place-b", "settings": {"rules": [rule]}},
            {"id": "l", "kind": "load_file", "title": "L", "place": "place-b", "settings": {"path": "o.csv", "kind": "csv"}}],
        "wires": [{"id": "w1", "from": "f", "to": "e"}, {"id": "w2", "from": "e", "to": "l"}]});
    let project = folder.join("p.pipewright.json");
    fs::write(&project, design.to_string()).unwrap();
    project
}

#[test]
fn parts_that_turn_away_too_much_together_end_as_the_whole_design_does() {
    for target in ["pipeline", "duckdb", "polars"] {
        let Some(python) = python_for(target) else { continue };
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let project = turning_away(folder.path(), target);
        run_ok(&["export", path(&project), "--split", path(&at("b"))]);
        for (most, wanted) in [("", 3), ("0.59", 3), ("0.61", 0)] {
            let given: &[&str] = if most.is_empty() { &[] } else { &["--max-quarantined", most] };
            let (code, _, _) = run(&[&["run", path(&project), "--out", path(&at("whole"))], given].concat());
            assert_eq!(code, wanted, "{most}");
            let mut script = Command::new(at("b/run.sh"));
            script.arg(at("out")).env("PIPEWRIGHT", env!("CARGO_BIN_EXE_pipewright")).env("PYTHON", &python);
            script
                .current_dir(folder.path())
                .env("PIPEWRIGHT_MAX_QUARANTINED", most)
                .env("PW_SOURCE_FOLDER", folder.path());
            let (code, out, err) = texts(script.arg("--trust").output().unwrap());
            assert_eq!(
                (code, err.contains("60 units of all sources and steps in quarantine")),
                (wanted, wanted == 3),
                "{target} {most}: {out}{err}"
            );
            assert_eq!(fs::read_to_string(at("out/o.csv")).unwrap().lines().count(), 41, "{target}");
        }
    }
}

#[test]
fn reports_of_parts_that_are_no_more_go_and_others_stay() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let project = turning_away(folder.path(), "pipeline");
    let go = || {
        run_ok(&["export", path(&project), "--split", path(&at("b"))]);
        let mut script = Command::new(at("b/run.sh"));
        script.arg(at("out")).arg("--trust").env("PIPEWRIGHT", env!("CARGO_BIN_EXE_pipewright"));
        script.current_dir(folder.path()).env("PW_SOURCE_FOLDER", folder.path());
        let (code, _, err) = texts(script.output().unwrap());
        assert_eq!(code, 3, "{err}");
        let mut names: Vec<String> = fs::read_dir(at("out/reports"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| !name.starts_with('.'))
            .collect();
        names.sort();
        names
    };
    assert_eq!(go(), ["a.json", "b.json"]);
    fs::write(at("out/reports/mine.json"), "mine").unwrap();
    let text = fs::read_to_string(&project).unwrap().replace("\"title\":\"B\"", "\"title\":\"C\"");
    fs::write(&project, text).unwrap();
    assert_eq!(go(), ["a.json", "c.json", "mine.json"]);
    let listed = fs::read_to_string(at("out/reports/.pipewright.json")).unwrap();
    assert!(!listed.contains("b.json") && listed.contains("c.json"), "{listed}");
}
