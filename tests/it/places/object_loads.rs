//! Loads into object stores: whole or not at all, also where the store fails or the run is killed, and never over what no
//! run wrote.

use std::process::Stdio;

use serde_json::{Value as Json, json};

use super::objects::Store;
use super::proxy::{Act, Proxy};
use super::{Desk, flow, is_there};

/// Inline rows that go to objects, and to a file as well.
fn load(store: &Store, bucket: &str, address: Option<&str>, settings: Json, rows: Json) -> Desk {
    let mut connection = store.connection(bucket);
    if let Some(address) = address {
        connection["address"] = json!(address);
    }
    let mut all = json!({"connection": "con-a", "path": "lake/pages.csv", "kind": "csv"});
    all.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    let columns = json!([{"name": "page", "type": "String"}, {"name": "views", "type": "Int"}]);
    let desk = Desk::new(json!({
        "connections": [connection],
        "steps": [
            {"id": "rows", "kind": "table", "title": "Rows", "settings": {"columns": columns, "rows": rows}},
            {"id": "load", "kind": "load_objects", "title": "Load pages", "settings": all},
            {"id": "file", "kind": "load_file", "title": "Beside", "settings": {"path": "beside.jsonl", "kind": "jsonl"}},
        ],
        "wires": [{"id": "w1", "from": "rows", "to": "load"}, {"id": "w2", "from": "rows", "to": "file"}],
    }));
    store.lead(&desk);
    desk
}

/// Keys of what others see, without the record.
fn keys(store: &Store, bucket: &str) -> Vec<String> {
    let listed = store.does("list_objects_v2", json!({"Bucket": bucket}));
    let keys = listed["Contents"].as_array().into_iter().flatten().map(|one| one["Key"].as_str().unwrap().to_owned());
    keys.filter(|key| !key.contains("_pipewright/")).collect()
}

fn text(store: &Store, bucket: &str, key: &str) -> String {
    store.does("get_object", json!({"Bucket": bucket, "Key": key}))["Body"].as_str().unwrap().to_owned()
}

fn uploads(store: &Store, bucket: &str) -> usize {
    store.does("list_multipart_uploads", json!({"Bucket": bucket}))["Uploads"].as_array().map_or(0, Vec::len)
}

#[test]
fn an_object_is_loaded_replaced_and_not_where_it_is_not_ours() {
    let Some(store) = Store::here() else { return };
    store.bucket("loads");
    let go = |settings: Json, rows: Json| load(store, "loads", None, settings, rows);
    let desk = go(json!({}), json!([["/", 9], ["/ä", null]]));
    let (code, said) = desk.go();
    assert!(code == 0 && said.contains("wrote 2 rows to Logs: lake/pages.csv"), "{said}");
    assert_eq!(text(store, "loads", "lake/pages.csv"), "page,views\n/,9\n/ä,\n");
    assert!(is_there(&desk.at("out/beside.jsonl")));
    assert_eq!((go(json!({}), json!([["/b", 1]])).go().0, uploads(store, "loads")), (0, 0));
    assert_eq!(text(store, "loads", "lake/pages.csv"), "page,views\n/b,1\n");
    let fails = |settings: Json, code: &str, words: &str| {
        let desk = go(settings, json!([["/c", 1]]));
        let (exit, said) = desk.go();
        assert!(exit == 1 && said.contains(code) && said.contains(words) && said.contains("help: "), "{said}");
        assert!(!is_there(&desk.at("out/beside.jsonl")) && !is_there(&desk.at("report.json")));
    };
    fails(json!({"when_exists": "fail"}), "PW0764", "is there already");
    store.put("loads", "lake/pages.csv", "somebody else's");
    fails(json!({}), "PW0763", "no run wrote it");
    assert_eq!(text(store, "loads", "lake/pages.csv"), "somebody else's");
    store.put("loads", "lake/parts/x.txt", "somebody else's");
    fails(json!({"path": "lake/parts", "partition": ["page"]}), "PW0763", "lake/parts/x.txt");
    store.put("loads", "lake/_pipewright/none.csv.json", "{\"pipewright\": 1, \"objects\": [{\"key\": \"a\"}]}");
    fails(json!({"path": "lake/none.csv"}), "PW0763", "no record of loads");
    assert_eq!(keys(store, "loads"), ["lake/pages.csv", "lake/parts/x.txt"]);
}

#[test]
fn partitions_are_written_and_read_back_and_old_ones_go() {
    let Some(store) = Store::here() else { return };
    store.bucket("parts");
    for kind in ["jsonl", "parquet"] {
        let settings = json!({"path": kind, "kind": kind, "partition": ["page"]});
        let go = |rows: Json| assert_eq!(load(store, "parts", None, settings.clone(), rows).go().0, 0);
        go(json!([["a", 1], ["a", 2], ["b c", 3], ["d", null]]));
        let inquiry = json!({"path": format!("{kind}/page=<page>/*.{kind}")});
        let format = if kind == "jsonl" { json!({"name": "json_lines"}) } else { Json::Null };
        let source = json!({"inquiry": inquiry, "format": format});
        let desk = Desk::new(flow(store.connection("parts"), source));
        store.lead(&desk);
        desk.sample("A");
        let (code, said) = desk.go();
        assert_eq!(code, 0, "{said}");
        let rows: Vec<String> =
            desk.rows("out.jsonl").iter().map(|row| format!("{} {}", row["page"], row["views"])).collect();
        assert_eq!(rows, ["\"a\" 1", "\"a\" 2", "\"b c\" 3", "\"d\" null"], "{kind}");
        go(json!([["a", 4]]));
        let left: Vec<String> = keys(store, "parts").into_iter().filter(|key| key.starts_with(kind)).collect();
        assert_eq!(left, [format!("{kind}/page=a/part-0.{kind}")]);
    }
}

#[test]
fn a_large_object_goes_in_parts_and_faults_of_a_while_are_waited_out() {
    let Some(store) = Store::here() else { return };
    store.bucket("large");
    let address = store.connection("large")["address"].as_str().unwrap().to_owned();
    // Two of what is asked fail, and two are done without anybody hearing of it.
    let proxy = Proxy::new(&address, |line, before| match before {
        0 if line.starts_with("POST") && line.contains("uploads=") => Act::Swallow,
        1 if line.contains("partNumber=2") => Act::Status(503),
        2 if line.contains("partNumber=3") => Act::Status(500),
        3 if line.starts_with("POST") && line.contains("uploadId") => Act::Swallow,
        _ => Act::Pass,
    });
    let mut connection = store.connection("large");
    connection["address"] = json!(proxy.address);
    connection["settings"]["retries"] = json!("3");
    let desk = Desk::new(json!({
        "connections": [connection],
        "sources": [{"id": "src-a", "title": "A", "path": "in.txt", "format": {"name": "lines"}}],
        "steps": [
            {"id": "read", "kind": "file", "title": "Read A", "settings": {"source": "src-a"}},
            {"id": "load", "kind": "load_objects", "title": "Load", "settings": {"connection": "con-a", "path": "in.csv", "kind": "csv"}},
        ],
        "wires": [{"id": "w1", "from": "read", "to": "load"}],
    }));
    store.lead(&desk);
    let line = format!("{}\n", "x".repeat(99));
    std::fs::write(desk.at("in.txt"), line.repeat(180_000)).unwrap();
    let (code, said) = desk.go();
    assert_eq!(code, 0, "{said}");
    let about = store.does("head_object", json!({"Bucket": "large", "Key": "in.csv"}));
    assert_eq!(about["ContentLength"], 5 + 100 * 180_000);
    assert!(about["ETag"].as_str().unwrap().ends_with("-3\""), "{about}");
    assert_eq!(uploads(store, "large"), 0);
}

#[test]
fn a_store_that_fails_keeps_what_it_had() {
    let Some(store) = Store::here() else { return };
    store.bucket("fails");
    assert_eq!(load(store, "fails", None, json!({}), json!([["/", 1]])).go().0, 0);
    let address = store.connection("fails")["address"].as_str().unwrap().to_owned();
    let fails = |act: fn(&str, usize) -> Act| {
        let proxy = Proxy::new(&address, act);
        let desk = load(store, "fails", Some(&proxy.address), json!({}), json!([["/", 2]]));
        let (code, said) = desk.go();
        assert!(code == 1 && said.contains("help: "), "{said}");
        (desk, said)
    };
    for act in [
        (|line, _| if line.contains("partNumber") { Act::Status(500) } else { Act::Pass }) as fn(&str, usize) -> Act,
        |line, _| if line.contains("uploads=") { Act::Status(403) } else { Act::Pass },
    ] {
        let (desk, _) = fails(act);
        assert!(!is_there(&desk.at("out/beside.jsonl")) && !is_there(&desk.at("report.json")));
        assert_eq!(
            (text(store, "fails", "lake/pages.csv").as_str(), uploads(store, "fails")),
            ("page,views\n/,1\n", 0)
        );
    }
    // What is not completed when everything else is in place is completed by the next run that comes there.
    let (desk, said) = fails(|line, _| match line.starts_with("POST") && line.contains("uploadId") {
        true => Act::Status(500),
        false => Act::Pass,
    });
    assert!(said.contains("the next run looks") && is_there(&desk.at("out/beside.jsonl")), "{said}");
    assert_eq!(text(store, "fails", "lake/pages.csv"), "page,views\n/,1\n");
    let (code, said) = load(store, "fails", None, json!({"when_exists": "fail"}), json!([["/", 3]])).go();
    assert!(code == 1 && said.contains("PW0764"), "{said}");
    assert_eq!((text(store, "fails", "lake/pages.csv").as_str(), uploads(store, "fails")), ("page,views\n/,2\n", 0));
}

#[test]
fn a_killed_run_leaves_the_old_or_the_new_and_the_next_one_clears_up() {
    let Some(store) = Store::here() else { return };
    store.bucket("killed");
    let parts = json!({"path": "p", "kind": "csv", "partition": ["page"]});
    assert_eq!(load(store, "killed", None, parts.clone(), json!([["a", 1], ["b", 1]])).go().0, 0);
    let address = store.connection("killed")["address"].as_str().unwrap().to_owned();
    let killed = |words: &'static [&'static str], act: fn(&str, usize) -> Act| {
        let proxy = Proxy::new(&address, act);
        let desk = load(store, "killed", Some(&proxy.address), parts.clone(), json!([["a", 2], ["c", 2]]));
        let args = ["run", "p.pipewright.json", "--trust", "--out", "out"];
        let mut run = desk.command(&args).stderr(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
        proxy.wait(words);
        run.kill().unwrap();
        run.wait().unwrap();
    };
    let told = || {
        let all = keys(store, "killed");
        all.iter()
            .map(|key| format!("{key}: {}", text(store, "killed", key).replace("views\n", "")))
            .collect::<String>()
    };
    let (old, new) =
        ("p/page=a/part-0.csv: 1\np/page=b/part-0.csv: 1\n", "p/page=a/part-0.csv: 2\np/page=c/part-0.csv: 2\n");
    killed(&["partNumber"], |line, _| if line.contains("partNumber") { Act::Hang } else { Act::Pass });
    assert_eq!(told(), old);
    assert!(uploads(store, "killed") > 0, "what was killed is still aside");
    let asked = || {
        let settings = json!({"path": "p", "kind": "csv", "partition": ["page"], "when_exists": "fail"});
        let (code, said) = load(store, "killed", None, settings, json!([["z", 9]])).go();
        assert!(code == 1 && said.contains("PW0764"), "{said}");
    };
    asked();
    assert_eq!((told().as_str(), uploads(store, "killed")), (old, 0));
    // All is there but for the last word.
    killed(&["POST", "uploadId"], |line, _| match line.starts_with("POST") && line.contains("uploadId") {
        true => Act::Hang,
        false => Act::Pass,
    });
    asked();
    assert_eq!((told().as_str(), uploads(store, "killed")), (new, 0));
    // What is new is there, and what was to go is too.
    assert_eq!(load(store, "killed", None, parts.clone(), json!([["a", 1], ["b", 1]])).go().0, 0);
    assert_eq!(told(), old);
    killed(&["DELETE"], |line, _| if line.starts_with("DELETE") { Act::Hang } else { Act::Pass });
    assert_eq!(keys(store, "killed").len(), 3);
    asked();
    assert_eq!((told().as_str(), uploads(store, "killed")), (new, 0));
}

#[test]
fn of_runs_at_once_one_loads_and_the_others_leave_it_alone() {
    let Some(store) = Store::here() else { return };
    store.bucket("at-once");
    let parts = |when: &str| json!({"path": "p", "kind": "csv", "partition": ["page"], "when_exists": when});
    let rows = |run: usize| json!(["a", "b", "c", "d", "e"].map(|page| json!([page, run])));
    let desks: Vec<Desk> = (0..3).map(|run| load(store, "at-once", None, parts("replace"), rows(run))).collect();
    for turn in 0..4 {
        let ended: Vec<(i32, String)> = std::thread::scope(|scope| {
            let runs: Vec<_> = desks.iter().map(|desk| scope.spawn(|| desk.go())).collect();
            runs.into_iter().map(|run| run.join().unwrap()).collect()
        });
        assert!(ended.iter().any(|(code, _)| *code == 0), "{turn}: {ended:?}");
        for (code, said) in &ended {
            assert!(*code == 0 || said.contains("PW0762"), "{turn}: {said}");
        }
        // All of them are of one run, and the next one knows them for its own.
        let all: Vec<String> = keys(store, "at-once").iter().map(|key| text(store, "at-once", key)).collect();
        assert!(all.len() == 5 && all.iter().all(|text| *text == all[0]), "{turn}: {all:?}");
        let (code, said) = load(store, "at-once", None, parts("fail"), rows(9)).go();
        assert!(code == 1 && said.contains("PW0764"), "{turn}: {said}");
        assert_eq!(uploads(store, "at-once"), 0, "{turn}");
    }
}

/// What somebody puts at a key while the rows are on their way there stays: found before anything is completed, and in
/// the last instant by the condition of the completion.
#[test]
fn what_comes_to_a_key_during_a_load_is_not_replaced() {
    let Some(store) = Store::here() else { return };
    let is_part: fn(&str) -> bool = |line| line.starts_with("PUT") && line.contains("partNumber");
    let is_completion: fn(&str) -> bool = |line| line.starts_with("POST") && line.contains("uploadId");
    let folder = json!({"path": "p", "partition": ["page"]});
    for (bucket, when) in [("while-parts-go", is_part), ("at-the-end", is_completion)] {
        store.bucket(bucket);
        let address = store.connection(bucket)["address"].as_str().unwrap().to_owned();
        let go = |settings: &Json, key: &'static str, act: Act| {
            let proxy = Proxy::new(&address, move |line, _| {
                if !when(line) {
                    return Act::Pass;
                }
                store.put(bucket, key, "somebody else's");
                act
            });
            let (code, said) = load(store, bucket, Some(&proxy.address), settings.clone(), json!([["a", 1]])).go();
            assert!(code == 1 && said.contains("PW0763") && said.contains(key), "{bucket} {code}: {said}");
            assert_eq!(text(store, bucket, key), "somebody else's");
            store.does("delete_object", json!({"Bucket": bucket, "Key": key}));
        };
        go(&json!({"path": "one.csv"}), "one.csv", Act::Pass);
        go(&folder, "p/page=a/part-0.csv", Act::Pass);
        // Nothing is half there, and the next run goes on.
        for settings in [&json!({"path": "one.csv"}), &folder] {
            let (code, said) = load(store, bucket, None, settings.clone(), json!([["a", 1]])).go();
            assert_eq!(code, 0, "{said}");
        }
        // Over what a run has put there: a condition that this store does not know in a completion.
        let act = if bucket == "at-the-end" { Act::Status(412) } else { Act::Pass };
        go(&folder, "p/page=a/part-0.csv", act);
    }
}

/// A store that knows no conditions is loaded as before there were any.
#[test]
fn a_store_that_takes_no_conditions_is_loaded_without() {
    let Some(store) = Store::here() else { return };
    store.bucket("plain");
    let address = store.connection("plain")["address"].as_str().unwrap().to_owned();
    let proxy = Proxy::new(&address, |line, before| match before {
        0 if line.starts_with("PUT") && line.contains("_pipewright") => Act::Status(501),
        _ => Act::Pass,
    });
    let (code, said) = load(store, "plain", Some(&proxy.address), json!({}), json!([["/", 1]])).go();
    assert_eq!(code, 0, "{said}");
    assert_eq!(text(store, "plain", "lake/pages.csv"), "page,views\n/,1\n");
}
