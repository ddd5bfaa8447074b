//! Rows that go over HTTP, to a server of the tests' own that throttles, fails, drops and refuses: each arrives at least
//! once, or it is known where it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use super::http::{Answer, Api, Asked, ok, status};
use super::{Desk, is_there};

/// Rows (time, app, line, n) that are sent as the settings say, by a connection of the server's.
fn send(api: &Api, settings: Json, rows: Json) -> Desk {
    let connection = json!({"id": "con-a", "title": "Far", "kind": "http", "address": api.address,
        "settings": {"retries": "1", "timeout": "3"}, "secrets": {"token": "env:API_TOKEN"}});
    let columns = json!([{"name": "time", "type": "Timestamp"}, {"name": "app", "type": "String"},
        {"name": "line", "type": "String"}, {"name": "n", "type": "Int"}]);
    let mut all = json!({"connection": "con-a"});
    all.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    Desk::new(json!({
        "connections": [connection],
        "steps": [
            {"id": "rows", "kind": "table", "title": "Rows", "settings": {"columns": columns, "rows": rows}},
            {"id": "send", "kind": "send_http", "title": "Send", "settings": all},
            {"id": "file", "kind": "load_file", "title": "Beside", "settings": {"path": "beside.jsonl", "kind": "jsonl"}},
        ],
        "wires": [{"id": "w1", "from": "rows", "to": "send"}, {"id": "w2", "from": "rows", "to": "file"}],
    }))
}

/// So many rows, told apart by `n`.
fn rows(count: i64) -> Json {
    (0..count)
        .map(|n| json!(["2026-03-02T14:00:00.5Z", if n % 2 == 0 { "web" } else { "db" }, format!("line {n}"), n]))
        .collect()
}

fn go(desk: &Desk) -> (i32, String) {
    let args =
        ["run", "p.pipewright.json", "--trust", "--out", "out", "--report", "report.json", "--quarantine", "q.jsonl"];
    let all = [&args[..], &["--max-quarantined", "1"]].concat();
    let told = desk.run(&all);
    assert_eq!(desk.leaks(), Vec::<String>::new());
    told
}

fn quarantined(desk: &Desk) -> Vec<Json> {
    let text = std::fs::read_to_string(desk.at("q.jsonl")).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn sink(desk: &Desk) -> Json {
    let report: Json = serde_json::from_str(&std::fs::read_to_string(desk.at("report.json")).unwrap()).unwrap();
    report["sinks"].as_array().unwrap().iter().find(|sink| sink["step"] == "send").unwrap().clone()
}

/// The numbers of the rows that a webhook was sent.
fn numbers(asked: &Asked) -> Vec<i64> {
    let rows: Vec<Json> = serde_json::from_str(&asked.body).unwrap();
    rows.iter().map(|row| row["n"].as_i64().unwrap()).collect()
}

#[test]
fn a_webhook_gets_batches_and_a_row_that_spoils_one_is_found() {
    let api = Api::new(|asked, _| match numbers(asked).contains(&3) {
        true => status(400, "number 3 is not liked"),
        false => ok(""),
    });
    let desk = send(&api, json!({"path": "/hook", "batch_rows": 4}), rows(6));
    let (code, said) = go(&desk);
    assert!(code == 0 && said.contains("PW0773") && said.contains("1 row was refused"), "{said}");
    let sent: Vec<Vec<i64>> = api.asked().iter().map(numbers).collect();
    assert_eq!(sent, [vec![0, 1, 2, 3], vec![0, 1], vec![2, 3], vec![2], vec![3], vec![4, 5]]);
    assert!(api.asked().iter().all(|asked| asked.method == "POST" && asked.target == "/hook"));
    assert!(api.asked()[0].headers.contains("Bearer "), "the connection's secret goes along");
    let kept = quarantined(&desk);
    assert_eq!(kept.len(), 1);
    assert!(kept[0]["reason"].as_str().unwrap().contains("number 3 is not liked") && kept[0]["step"] == "Send");
    assert!(kept[0]["raw"].as_str().unwrap().contains("\"line 3\""));
    assert_eq!((&sink(&desk)["delivered"], &sink(&desk)["refused"]), (&json!(5), &json!(1)));
    let names = std::fs::read_dir(desk.at("out")).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(!names.into_iter().any(|name| name.to_string_lossy().starts_with("undelivered")));
}

#[test]
fn elasticsearch_says_of_each_row_what_becomes_of_it() {
    let api = Api::new(|asked, before| {
        let lines: Vec<Json> = asked.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let items = lines.chunks(2).map(|pair| match (pair[1]["n"].as_i64().unwrap(), before) {
            (1, _) => json!({"index": {"status": 400, "error": {"type": "mapper_parsing_exception", "reason": "no number"}}}),
            (2, 0) => json!({"index": {"status": 429, "error": {"type": "es_rejected_execution_exception", "reason": "full"}}}),
            _ => json!({"index": {"status": 201}}),
        });
        ok(json!({"errors": true, "items": items.collect::<Vec<Json>>()}))
    });
    let settings = json!({"form": "elasticsearch", "index": "lines", "key": "n"});
    let desk = send(&api, settings.clone(), rows(4));
    let (code, said) = go(&desk);
    assert_eq!(code, 0, "{said}");
    let asked = api.asked();
    assert_eq!((asked.len(), asked[0].target.as_str()), (2, "/_bulk"));
    assert!(
        asked[0].body.starts_with("{\"index\":{\"_id\":\"0\",\"_index\":\"lines\"}}\n{\"time\":"),
        "{}",
        asked[0].body
    );
    assert_eq!(asked[1].body.lines().count(), 2, "only what was put off comes again");
    assert_eq!(quarantined(&desk)[0]["reason"], "400: mapper_parsing_exception: no number");
    assert_eq!(sink(&desk)["delivered"], 3);
    // What is no answer of a bulk is none, and nothing is half done.
    let other = Api::new(|_, _| ok("<html>"));
    let desk = send(&other, settings, rows(1));
    let (code, said) = go(&desk);
    assert!(code == 1 && said.contains("PW0675") && !is_there(&desk.at("out/beside.jsonl")), "{said}");
}

#[test]
fn loki_gets_streams_and_open_telemetry_gets_resources() {
    let api = Api::new(|_, _| status(204, ""));
    let mut all = rows(3);
    all.as_array_mut().unwrap().push(json!([null, "web", "no time", 9]));
    let settings = json!({"form": "loki", "time": "time", "message": "line", "labels": ["app"]});
    let desk = send(&api, settings.clone(), all);
    assert_eq!(go(&desk).0, 0);
    let body: Json = serde_json::from_str(&api.asked()[0].body).unwrap();
    assert_eq!(api.asked()[0].target, "/loki/api/v1/push");
    let web = json!([["1772460000500000000", "line 0"], ["1772460000500000000", "line 2"]]);
    assert_eq!(body["streams"][1], json!({"stream": {"app": "web"}, "values": web}));
    assert_eq!(quarantined(&desk)[0]["reason"], "it has no time");
    // A page of somebody who stands before it takes no rows, nor does an answer without an end.
    let (huge, asked) = ("x".repeat(17 << 20), "may have done what was asked");
    for (page, wanted) in [("<html>log in</html>", "no answer of the form"), (huge.as_str(), asked)] {
        let page = page.to_owned();
        let other = Api::new(move |_, _| ok(&page));
        let (code, said) = go(&send(&other, settings.clone(), rows(1)));
        assert!(code == 1 && said.contains("PW0675") && said.contains(wanted), "{said}");
    }

    let api = Api::new(|asked, _| {
        ok(if asked.body.contains("line 0") {
            json!({"partialSuccess": {"rejectedLogRecords": "1", "errorMessage": "too old"}})
        } else {
            json!({})
        })
    });
    let mut settings = settings;
    settings["form"] = json!("otlp");
    let desk = send(&api, settings.clone(), rows(2));
    let (code, said) = go(&desk);
    assert!(code == 3 && said.contains("PW0771") && said.contains("too old"), "{said}");
    assert_eq!((&sink(&desk)["delivered"], &sink(&desk)["lost"]), (&json!(1), &json!(1)));
    let body: Json = serde_json::from_str(&api.asked()[0].body).unwrap();
    assert_eq!(api.asked()[0].target, "/v1/logs");
    let record = &body["resourceLogs"][0]["scopeLogs"][0]["logRecords"][0];
    assert_eq!(
        record,
        &json!({"timeUnixNano": "1772460000500000000", "body": {"stringValue": "line 1"},
        "attributes": [{"key": "n", "value": {"intValue": "1"}}]})
    );
    assert_eq!(body["resourceLogs"][0]["resource"]["attributes"][0]["value"]["stringValue"], "db");
    // All of a request: it is known which ones they are.
    let none = Api::new(|asked, _| {
        let rows = asked.body.matches("timeUnixNano").count();
        ok(json!({"partialSuccess": {"rejectedLogRecords": rows, "errorMessage": "too old"}}))
    });
    let desk = send(&none, settings.clone(), rows(2));
    assert_eq!(go(&desk).0, 0);
    assert_eq!((quarantined(&desk).len(), &sink(&desk)["refused"], &sink(&desk)["lost"]), (2, &json!(2), &Json::Null));
    // One row a request: so, too.
    settings["batch_rows"] = json!(1);
    let desk = send(&api, settings, rows(2));
    assert_eq!((go(&desk).0, quarantined(&desk).len()), (0, 1));
}

#[test]
fn a_busy_server_is_waited_for_as_long_as_it_says() {
    let api = Api::new(|_, before| match before {
        0 => Answer { headers: vec![("Retry-After".into(), "1".into())], ..status(429, "slow down") },
        2 => Answer { cut: Some(1), ..ok("taken") },
        _ => ok(""),
    });
    let begun = Instant::now();
    let desk = send(&api, json!({"batch_rows": 1}), rows(2));
    let (code, said) = go(&desk);
    assert_eq!(code, 0, "{said}");
    assert!(begun.elapsed() >= Duration::from_secs(1));
    // What broke off comes again: at least once.
    assert_eq!(api.asked().iter().map(numbers).collect::<Vec<_>>(), [[0], [0], [1], [1]]);
}

#[test]
fn what_is_not_delivered_is_sent_by_the_next_run() {
    let is_up = Arc::new(AtomicBool::new(false));
    let up = is_up.clone();
    let api = Api::new(move |asked, _| match numbers(asked).contains(&0) || up.load(Ordering::SeqCst) {
        true => ok(""),
        false => status(503, "down"),
    });
    let settings = json!({"batch_rows": 2});
    let desk = send(&api, settings.clone(), rows(5));
    let (code, said) = go(&desk);
    assert!(code == 3 && said.contains("PW0770") && said.contains("3 rows are kept"), "{said}");
    assert!(said.contains("sent 2 rows to "), "{said}");
    assert!(is_there(&desk.at("out/beside.jsonl")), "everything else is in place");
    assert_eq!((&sink(&desk)["delivered"], &sink(&desk)["undelivered"]), (&json!(2), &json!(3)));
    let kept = kept_by(&desk);
    assert_eq!(desk.rows(&kept).len(), 3);
    // Still down: they stay, with the new ones behind.
    assert_eq!(go(&desk).0, 3);
    assert_eq!(api.asked().len(), 1 + 2 + 2, "nothing more is asked once it is down");
    let left: Vec<i64> = desk.rows(&kept).iter().map(|row| row["n"].as_i64().unwrap()).collect();
    assert_eq!(left, [2, 3, 4, 0, 1, 2, 3, 4]);
    // What was restored from elsewhere is not passed over.
    let left = desk.at(&format!("out/{kept}"));
    std::fs::copy(&left, desk.at("copy.jsonl")).unwrap();
    std::fs::rename(&left, desk.at("left.jsonl")).unwrap();
    std::fs::rename(desk.at("copy.jsonl"), &left).unwrap();
    let (code, said) = go(&desk);
    assert!(code == 1 && said.contains("PW0982") && said.contains(&kept), "{said}");
    std::fs::rename(desk.at("left.jsonl"), &left).unwrap();
    // It is up again.
    is_up.store(true, Ordering::SeqCst);
    let (code, said) = go(&desk);
    assert_eq!(code, 0, "{said}");
    let sent = |from: usize| api.asked()[from..].iter().flat_map(numbers).collect::<Vec<_>>();
    assert_eq!(sent(5), [2, 3, 4, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4]);
    assert!(desk.rows(&kept).is_empty());
    assert_eq!(go(&desk).0, 0);
    assert_eq!(sent(5).len(), 13 + 5);
}

/// Rows that are kept for a server go to no other, nor with columns that are no longer sent.
#[test]
fn what_is_kept_goes_nowhere_else() {
    let down = Api::new(|_, _| status(503, "down"));
    let desk = send(&down, json!({}), rows(2));
    assert_eq!(go(&desk).0, 3);
    let kept = kept_by(&desk);
    let up = Api::new(|_, _| ok(""));
    let mut project: Json = serde_json::from_str(&std::fs::read_to_string(desk.project()).unwrap()).unwrap();
    project["connections"][0]["address"] = json!(up.address);
    for path in ["", "elsewhere"] {
        let asked = up.asked().len();
        project["steps"][1]["settings"]["path"] = json!(path);
        std::fs::write(desk.project(), project.to_string()).unwrap();
        let (code, said) = go(&desk);
        assert!(code == 0 && said.contains("PW0775") && said.contains(&kept), "{said}");
        assert_eq!(up.asked()[asked..].iter().flat_map(numbers).collect::<Vec<_>>(), [0, 1]);
        assert_eq!(desk.rows(&kept).len(), 2);
    }
}

/// Of two runs at the same time none takes the place of what the other one keeps.
#[test]
fn what_two_runs_keep_is_kept_of_both() {
    let api = Api::new(|_, _| {
        // Both are there before one of them ends.
        std::thread::sleep(Duration::from_millis(500));
        status(503, "down")
    });
    let desk = send(&api, json!({}), rows(1));
    let project: Json = serde_json::from_str(&std::fs::read_to_string(desk.project()).unwrap()).unwrap();
    let run = |name: &str, n: u64| {
        let mut own = project.clone();
        own["steps"][0]["settings"]["rows"][0][3] = json!(n);
        let file = format!("{name}.pipewright.json");
        std::fs::write(desk.at(&file), own.to_string()).unwrap();
        desk.run(&["run", &file, "--trust", "--out", "out"])
    };
    std::thread::scope(|scope| {
        let runs = [("one", 1), ("other", 2)].map(|(name, n)| scope.spawn(move || run(name, n)));
        for done in runs {
            let (code, said) = done.join().unwrap();
            assert_eq!(code, 3, "{said}");
        }
    });
    let mut kept: Vec<i64> = desk.rows(&kept_by(&desk)).iter().map(|row| row["n"].as_i64().unwrap()).collect();
    kept.sort_unstable();
    assert_eq!(kept, [1, 2]);
}

/// A row that was kept, and is refused when it comes again, is nowhere else.
#[test]
fn what_was_kept_and_is_refused_stays() {
    let is_up = Arc::new(AtomicBool::new(false));
    let state = is_up.clone();
    let api = Api::new(move |_, _| if state.load(Ordering::SeqCst) { status(400, "no") } else { status(503, "down") });
    let desk = send(&api, json!({}), rows(3));
    let plain = || desk.run(&["run", "p.pipewright.json", "--trust", "--out", "out"]);
    assert_eq!(plain().0, 3);
    is_up.store(true, Ordering::SeqCst);
    let (code, said) = plain();
    assert!(code == 3 && said.contains("PW0773") && said.contains("kept on"), "{said}");
    assert_eq!(desk.rows(&kept_by(&desk)).len(), 3);
    // A quarantine takes them out of there.
    let (code, said) = go(&desk);
    assert!(code == 0 && said.contains("in quarantine"), "{said}");
    assert_eq!((desk.rows(&kept_by(&desk)).len(), quarantined(&desk).len()), (0, 6));
}

/// Many that are refused for good say nothing of the rows behind them.
#[test]
fn many_that_were_kept_and_are_refused_hold_up_none() {
    let is_up = Arc::new(AtomicBool::new(false));
    let state = is_up.clone();
    let api = Api::new(move |asked, _| match state.load(Ordering::SeqCst) {
        false => status(503, "down"),
        true if asked.body.contains("poison") => status(400, "no"),
        true => ok(""),
    });
    let poison = |text: &str, count: i64| -> Json {
        (0..count).map(|n| json!(["2026-03-02T14:00:00.5Z", "web", text, n])).collect()
    };
    let desk = send(&api, json!({}), poison("poison", 120));
    let plain = || desk.run(&["run", "p.pipewright.json", "--trust", "--out", "out"]);
    assert_eq!(plain().0, 3);
    let mut project: Json = serde_json::from_str(&std::fs::read_to_string(desk.project()).unwrap()).unwrap();
    project["steps"][0]["settings"]["rows"] = poison("well", 2);
    std::fs::write(desk.project(), project.to_string()).unwrap();
    is_up.store(true, Ordering::SeqCst);
    let (code, said) = plain();
    assert!(code == 3 && said.contains("sent 2 rows to "), "{said}");
    assert_eq!(desk.rows(&kept_by(&desk)).len(), 120);
}

/// Nor as somebody else's, who is told by a header that is a secret.
#[test]
fn what_is_kept_for_one_tenant_is_not_sent_as_another_s() {
    let is_up = Arc::new(AtomicBool::new(false));
    let state = is_up.clone();
    let api = Api::new(move |_, _| if state.load(Ordering::SeqCst) { ok("") } else { status(503, "down") });
    let desk = send(&api, json!({}), rows(2));
    let tenant = |name: &str| {
        let mut project: Json = serde_json::from_str(&std::fs::read_to_string(desk.project()).unwrap()).unwrap();
        std::fs::write(desk.at(name), name).unwrap();
        project["connections"][0]["secrets"]["header.X-Scope-OrgID"] = json!(format!("file:{name}"));
        std::fs::write(desk.project(), project.to_string()).unwrap();
    };
    tenant("one");
    assert_eq!(go(&desk).0, 3);
    let kept = kept_by(&desk);
    is_up.store(true, Ordering::SeqCst);
    tenant("other");
    let asked = api.asked().len();
    let (code, said) = go(&desk);
    assert!(code == 0 && said.contains("PW0775") && said.contains(&kept), "{said}");
    assert_eq!(api.asked()[asked..].iter().flat_map(numbers).collect::<Vec<_>>(), [0, 1]);
}

/// The one file of rows that a run has kept.
fn kept_by(desk: &Desk) -> String {
    let files =
        std::fs::read_dir(desk.at("out")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let kept: Vec<String> = files.filter(|name| name.starts_with("undelivered-send-")).collect();
    assert_eq!(kept.len(), 1, "{kept:?}");
    kept[0].clone()
}

#[test]
fn faults_that_stay_end_a_run_before_anything_is_in_place() {
    let fails = |code: &str, answer: fn(&Asked, usize) -> Answer| {
        let api = Api::new(answer);
        let desk = send(&api, json!({}), rows(1));
        let (exit, said) = go(&desk);
        assert!(exit == 1 && said.contains(code) && said.contains("help: "), "{said}");
        assert!(!is_there(&desk.at("out/beside.jsonl")) && !is_there(&desk.at("report.json")));
    };
    fails("PW0671", |_, _| status(401, "who is m4rk3r+of/a s3cret?"));
    fails("PW0672", |_, _| status(404, ""));
    fails("PW0677", |_, _| Answer {
        headers: vec![("Location".into(), "http://elsewhere/".into())],
        ..status(307, "")
    });
    let api = Api::new(|_, _| status(400, "what is this?"));
    let desk = send(&api, json!({}), rows(300));
    let (exit, said) = go(&desk);
    assert!(exit == 1 && said.contains("PW0774") && said.contains("what is this?"), "{said}");
    assert!(api.asked().len() < 300 && !is_there(&desk.at("out/beside.jsonl")));
    let lacks = |settings: Json, words: &str| {
        let api = Api::new(|_, _| ok(""));
        let desk = send(&api, settings, rows(1));
        let (_, said) = desk.run(&["check", "p.pipewright.json"]);
        assert!(said.contains("PW0772") && said.contains(words), "{said}");
        assert!(api.asked().is_empty());
    };
    lacks(json!({"form": "elasticsearch"}), "no index is named");
    lacks(json!({"form": "loki"}), "wants a time");
    lacks(json!({"form": "otlp", "time": "n"}), "is Int");
}
