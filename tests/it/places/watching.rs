//! Answers that are watched: each run says whether their condition is met, keeps a history, tells an address and ends
//! with a code of its own; and what else is told of runs.

use std::fs;

use serde_json::{Value as Json, json};

use super::http::{Api, ok};
use super::{Desk, MARKER, is_there};

/// Users an hour, with an answer that is watched.
fn watched(condition: &str, address: &str, behind: Json) -> Desk {
    let rows = json!([["2026-03-02T10:00:00Z", 3], ["2026-03-02T11:00:00Z", 60]]);
    let columns = json!([{"name": "hour", "type": "Timestamp"}, {"name": "users", "type": "Int"}]);
    let mut steps = vec![
        json!({"id": "rows", "kind": "table", "title": "Rows", "settings": {"columns": columns, "rows": rows}}),
        json!({"id": "bad", "kind": "answer", "title": "Bad hours",
            "settings": {"alert": condition, "alert_to": if address.is_empty() { "" } else { "con-a" }}}),
    ];
    let mut wires = vec![json!({"id": "w1", "from": "rows", "to": "bad"})];
    if !behind.is_null() {
        wires.push(json!({"id": "w2", "from": "bad", "to": behind["id"]}));
        steps.push(behind);
    }
    Desk::new(json!({
        "connections": [{"id": "con-a", "title": "Pager", "kind": "http",
            "address": if address.is_empty() { "http://127.0.0.1:9" } else { address },
            "settings": {"retries": "1", "timeout": "5"}, "secrets": {"token": "env:API_TOKEN"}}],
        "steps": steps,
        "wires": wires,
    }))
}

fn history(desk: &Desk) -> Vec<Json> {
    let text = fs::read_to_string(desk.at("out/bad.history.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_condition_that_is_met_is_told_and_kept() {
    let api = Api::new(|_, before| if before == 0 { super::http::status(503, "later") } else { ok("") });
    let desk = watched("users > 50", &api.address, Json::Null);
    let (code, said) = desk.go();
    assert_eq!(code, 4, "{said}");
    assert!(said.contains("watched: Bad hours: users > 50 is true of 1 row"), "{said}");
    let asked = api.asked();
    assert_eq!(asked.len(), 2, "tried again");
    let body: Json = serde_json::from_str(&asked[1].body).unwrap();
    assert_eq!(
        (&body["answer"], &body["rows"], &body["design"]),
        (&json!("Bad hours"), &json!(1), &json!("p.pipewright.json"))
    );
    assert!(asked[1].method == "POST" && asked[1].headers.contains(MARKER), "{:?}", asked[1]);
    // Not met: nobody is told, and the history goes on.
    let mut design: Json = serde_json::from_slice(&fs::read(desk.project()).unwrap()).unwrap();
    design["steps"][1]["settings"]["alert"] = json!("users > 100");
    fs::write(desk.project(), design.to_string()).unwrap();
    let (code, said) = desk.go();
    assert_eq!((code, api.asked().len()), (0, 2), "{said}");
    let kept: Vec<Json> = history(&desk).iter().map(|line| line["watch"]["is_met"].clone()).collect();
    assert_eq!(kept, [json!(true), json!(false)]);
    assert_eq!(desk.leaks(), Vec::<String>::new());
    // A copy without the end of its last line goes on; what is no history stays as it is.
    let place = desk.at("out/bad.history.jsonl");
    let text = fs::read_to_string(&place).unwrap();
    fs::write(&place, text.trim_end()).unwrap();
    assert_eq!((desk.go().0, history(&desk).len()), (0, 3));
    fs::write(&place, "my notes").unwrap();
    let (code, said) = desk.go();
    assert!(code == 1 && said.contains("PW0992"), "{said}");
    assert_eq!(fs::read_to_string(&place).unwrap(), "my notes");
}

#[test]
fn runs_at_the_same_time_all_stand_in_the_history() {
    let desk = watched("users > 50", "", Json::Null);
    let run = || desk.command(&["run", "p.pipewright.json", "--trust", "--out", "out"]).spawn().unwrap();
    for round in 1..=3 {
        let running: Vec<_> = (0..6).map(|_| run()).collect();
        let codes: Vec<_> = running.into_iter().map(|mut run| run.wait().unwrap().code()).collect();
        assert_eq!((codes, history(&desk).len()), (vec![Some(4); 6], 6 * round));
    }
}

#[test]
fn an_address_that_is_not_there_fails_the_run_and_leaves_its_outputs() {
    let load = json!({"id": "load", "kind": "load_file", "title": "Load", "settings": {"path": "hours.parquet", "kind": "parquet"}});
    let desk = watched("users > 50", "http://127.0.0.1:9", load);
    let (code, said) = desk.go();
    assert!(code == 1 && said.contains("“Pager”") && said.contains("help: "), "{said}");
    assert!(is_there(&desk.at("out/hours.parquet")) && history(&desk).len() == 1);
    let parts = json!({"id": "load", "kind": "load_file", "title": "Load",
        "settings": {"path": "hours", "kind": "csv", "partition": ["users"]}});
    let desk = watched("users > 50", "", parts);
    let (code, said) = desk.go();
    assert!(code == 1 && said.contains("PW0992") && !is_there(&desk.at("out/hours")), "{said}");
}

#[test]
fn a_run_is_told_as_measures_and_events() {
    let api = Api::new(|_, _| ok(""));
    let desk = watched("users > 50", &api.address, Json::Null);
    let args = [
        "run",
        "p.pipewright.json",
        "--trust",
        "--out",
        "out",
        "--metrics",
        "run.prom",
        "--openlineage",
        "events.jsonl",
        "--openlineage-to",
        "Pager",
    ];
    let (code, said) = desk.run(&args);
    assert_eq!(code, 4, "{said}");
    let text = fs::read_to_string(desk.at("run.prom")).unwrap();
    for line in [
        "pipewright_run_success{design=\"places\"} 1",
        "pipewright_sink_rows{design=\"places\",sink=\"Bad hours\"} 2",
        "pipewright_answer_condition{design=\"places\",answer=\"Bad hours\"} 1",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}: {text}");
    }
    let events = fs::read_to_string(desk.at("events.jsonl")).unwrap();
    let events: Vec<Json> = events.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&events[0]["eventType"], &events[1]["eventType"]), (&json!("START"), &json!("COMPLETE")));
    assert_eq!(events[0]["run"]["runId"], events[1]["run"]["runId"]);
    assert_eq!(events[1]["outputs"][0]["outputFacets"]["outputStatistics"]["rowCount"], 2);
    let posted: Vec<Json> = api.asked().iter().map(|asked| serde_json::from_str(&asked.body).unwrap()).collect();
    assert_eq!(posted.iter().filter(|event| event["eventType"].is_string()).count(), 2);
    // One that fails says so in both; files that are something else stay.
    fs::write(desk.at("out/bad.jsonl"), "").unwrap();
    fs::remove_file(desk.at("out/bad.history.jsonl")).unwrap();
    fs::create_dir(desk.at("out/bad.history.jsonl")).unwrap();
    let (code, said) = desk.run(&args[..7]);
    assert_eq!(code, 1, "{said}");
    let text = fs::read_to_string(desk.at("run.prom")).unwrap();
    assert!(text.contains("pipewright_run_success{design=\"places\"} 0"), "{text}");
    fs::write(desk.at("notes.txt"), "mine").unwrap();
    let (code, said) = desk.run(&["run", "p.pipewright.json", "--trust", "--out", "out2", "--metrics", "notes.txt"]);
    assert!(code == 2 && said.contains("holds no measures of a run"), "{said}");
    assert_eq!(fs::read_to_string(desk.at("notes.txt")).unwrap(), "mine");
}
