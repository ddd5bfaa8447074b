//! Object stores: listed, read and loaded, against moto, which checks signatures, and a store of the tests' own that fails
//! in every way.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use serde_json::{Value as Json, json};

use super::http::{Answer, Api, Asked, ok, status};
use super::{Desk, flow, is_there};
use crate::support::{need, root};

/// Moto, and a client of it that is not Pipewright's.
pub(super) struct Store {
    about: Json,
    talk: Mutex<(ChildStdin, BufReader<ChildStdout>)>,
    _server: Child,
}

impl Store {
    fn started() -> Option<Store> {
        let python = std::env::var("PIPEWRIGHT_MOTO_PYTHON").unwrap_or_else(|_| "python3".to_owned());
        let mut server = Command::new(python)
            .arg(root().join("tests/it/places/store.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let (input, mut output) = (server.stdin.take()?, BufReader::new(server.stdout.take()?));
        let mut line = String::new();
        output.read_line(&mut line).ok()?;
        let about = serde_json::from_str(&line).ok()?;
        Some(Store { about, talk: Mutex::new((input, output)), _server: server })
    }

    /// The store of this process; `None`: moto is not on this machine.
    pub fn here() -> Option<&'static Store> {
        static STORE: OnceLock<Option<Store>> = OnceLock::new();
        let found = STORE.get_or_init(Store::started);
        need("`$PIPEWRIGHT_MOTO_PYTHON tests/it/places/store.py` does not start (PyPI: `moto[server]`)", found.as_ref())
    }

    /// What boto3 answers.
    pub fn does(&self, what: &str, with: Json) -> Json {
        self.asks(json!({"do": what, "with": with}))
    }

    fn asks(&self, asked: Json) -> Json {
        let mut talk = self.talk.lock().unwrap();
        writeln!(talk.0, "{asked}").unwrap();
        let mut line = String::new();
        talk.1.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    /// A bucket of a test alone.
    pub fn bucket(&self, name: &str) {
        let made = self.does("create_bucket", json!({"Bucket": name}));
        assert!(made.get("error").is_none(), "{made}");
    }

    pub fn put(&self, bucket: &str, key: &str, body: &str) {
        let put = self.does("put_object", json!({"Bucket": bucket, "Key": key, "Body": body}));
        assert!(put.get("error").is_none(), "{put}");
    }

    pub fn connection(&self, bucket: &str) -> Json {
        json!({"id": "con-a", "title": "Logs", "kind": "s3", "address": self.about["address"],
            "settings": {"bucket": bucket, "retries": "0"},
            "secrets": {"access_key": "file:key.txt", "secret_key": "file:secret.txt"}})
    }

    /// Lays the keys where the connection says they are.
    pub fn lead(&self, desk: &Desk) {
        for (name, file) in [("key", "key.txt"), ("secret", "secret.txt")] {
            std::fs::write(desk.at(file), self.about[name].as_str().unwrap()).unwrap();
        }
    }

    fn desk(&self, bucket: &str, path: &str, format: Json) -> Desk {
        let desk = Desk::new(flow(self.connection(bucket), json!({"inquiry": {"path": path}, "format": format})));
        self.lead(&desk);
        desk
    }
}

#[test]
fn objects_are_read_as_files_are() {
    let Some(store) = Store::here() else { return };
    store.bucket("read");
    for (day, host, n) in [("02", "a", 1), ("02", "b", 2), ("03", "a", 3)] {
        store.put("read", &format!("logs/day={day}/{host} ä+(1).jsonl"), &format!("{{\"n\": {n}}}\n"));
    }
    for aside in ["logs/day=02/_SUCCESS", "logs/day=02/.tmp", "logs/day=02/x.csv", "logs/_old/a.jsonl", "logs/"] {
        store.put("read", aside, "no rows");
    }
    let desk = store.desk("read", "logs/day=<day>/*.jsonl", Json::Null);
    assert!(desk.run_ok(&["connections", "p.pipewright.json", "--test", "Logs", "--trust"]).contains("holds objects"));
    let said = desk.sample("A");
    assert!(said.contains("samples/src-a/logs/day=<day>/*.jsonl"), "{said}");
    let (code, said) = desk.go();
    assert_eq!(code, 0, "{said}");
    let told: Vec<String> = desk.rows("out.jsonl").iter().map(|row| format!("{} {}", row["n"], row["day"])).collect();
    assert_eq!(told, ["1 \"02\"", "2 \"02\"", "3 \"03\""]);
    let report: Json = serde_json::from_str(&std::fs::read_to_string(desk.at("report.json")).unwrap()).unwrap();
    let files = report["sources"][0]["files"].as_array().unwrap();
    assert_eq!(files.len(), 3);
    assert_eq!(files[0]["path"], "Logs: read/logs/day=02/a ä+(1).jsonl");
    let known = store.does("head_object", json!({"Bucket": "read", "Key": "logs/day=02/a ä+(1).jsonl"}));
    assert_eq!(files[0]["version"].as_str().unwrap(), known["ETag"].as_str().unwrap().trim_matches('"'));
    // One key, and all below one.
    for (path, count) in [("logs/day=03/a ä+(1).jsonl", 1), ("logs/day=02/", 3)] {
        let desk = store.desk("read", path, json!({"name": "lines"}));
        desk.sample("A");
        assert_eq!((desk.go().0, desk.rows("out.jsonl").len()), (0, count), "{path}");
    }
}

#[test]
fn listings_of_many_pages_are_read_whole() {
    let Some(store) = Store::here() else { return };
    store.bucket("many");
    let keys: Vec<String> = (0..1203).map(|n| format!("in/{n:05}.txt")).collect();
    let put = store.does("put_many", json!({"Bucket": "many", "Keys": keys, "Body": "of %s\n"}));
    assert!(put.get("error").is_none(), "{put}");
    let desk = store.desk("many", "in/*.txt", json!({"name": "lines"}));
    desk.sample("A");
    let (code, said) = desk.go();
    assert_eq!((code, desk.rows("out.jsonl").len()), (0, 1203), "{said}");
    assert_eq!(desk.rows("out.jsonl")[1202]["line"], "of in/01202.txt");
}

#[test]
fn what_is_not_there_or_not_open_is_told() {
    let Some(store) = Store::here() else { return };
    store.bucket("told");
    store.put("told", "a.txt", "x\n");
    let fails = |bucket: &str, path: &str, secret: Option<&str>, code: &str, words: &str| {
        let desk = store.desk(bucket, path, json!({"name": "lines"}));
        if let Some(secret) = secret {
            std::fs::write(desk.at("secret.txt"), secret).unwrap();
        }
        let (exit, said) = desk.run(&["sample", "p.pipewright.json", "A", "--trust"]);
        assert!(exit == 1 && said.contains(code) && said.contains(words) && said.contains("help: "), "{path}: {said}");
        assert!(!is_there(&desk.at("samples")));
    };
    fails("nobodys-bucket", "a.txt", None, "PW0672", "there is no bucket `nobodys-bucket`");
    fails("told", "b.txt", None, "PW0672", "no object fits `told/b.txt`");
    fails("told", "*.csv", None, "PW0672", "no object fits");
    fails("told", "a.txt", Some("an0therS3cret"), "PW0671", "is not open to this user");
    fails("told", "[a.txt", None, "PW0905", "is no pattern of keys");
}

/// A listing as stores give it.
fn listing(objects: &[(&str, usize)], next: Option<&str>) -> Answer {
    let content = |(key, bytes): &(&str, usize)| {
        format!("<Contents><Key>{key}</Key><Size>{bytes}</Size><ETag>&quot;e1&quot;</ETag></Contents>")
    };
    let all: String = objects.iter().map(content).collect();
    let mark = next.map(|next| format!("<NextContinuationToken>{next}</NextContinuationToken>")).unwrap_or_default();
    ok(format!("<ListBucketResult><IsTruncated>{}</IsTruncated>{mark}{all}</ListBucketResult>", next.is_some()))
}

fn is_listing(asked: &Asked) -> bool {
    asked.parameter("list-type").is_some()
}

/// A desk whose store is the tests' own.
fn faulty(settings: Json, answer: impl Fn(&Asked, usize) -> Answer + Send + Sync + 'static) -> (Api, Desk) {
    let api = Api::new(answer);
    let mut all = json!({"bucket": "logs", "retries": "2", "timeout": "2"});
    all.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    let connection = json!({"id": "con-a", "title": "Logs", "kind": "s3", "address": api.address, "settings": all,
        "secrets": {"access_key": "env:API_TOKEN", "secret_key": "env:DB_PASSWORD"}});
    let source = json!({"inquiry": {"path": "in/**/*.txt"}, "format": {"name": "lines"}, "path": "sample.txt"});
    let desk = Desk::new(flow(connection, source));
    std::fs::write(desk.at("sample.txt"), "x\n").unwrap();
    (api, desk)
}

#[test]
fn faults_for_a_while_are_waited_out() {
    let (api, desk) = faulty(json!({}), |asked, before| match before {
        0 => status(503, "<Error><Code>SlowDown</Code></Error>"),
        2 => Answer { cut: Some(2), ..ok("one\n") },
        3 => status(500, "<Error><Code>InternalError</Code></Error>"),
        _ if is_listing(asked) => listing(&[("in/a.txt", 4)], None),
        _ => ok("one\n"),
    });
    let (code, said) = desk.go();
    assert_eq!(code, 0, "{said}");
    assert_eq!(desk.rows("out.jsonl"), [json!({"line": "one"})]);
    let asked = api.asked();
    assert_eq!(asked.len(), 5);
    assert!(asked[4].headers.to_lowercase().contains("if-match: \"e1\""), "{}", asked[4].headers);
    assert!(asked.iter().all(|one| one.headers.contains("AWS4-HMAC-SHA256 Credential=")));
    assert_eq!(desk.leaks(), Vec::<String>::new());
}

#[test]
fn faults_that_stay_end_a_run_with_nothing_half() {
    let fails = |what: &str, code: &str, words: &str, answer: fn(&Asked, usize) -> Answer| {
        let (_api, desk) = faulty(json!({"retries": "0", "timeout": "1"}), answer);
        let (exit, said) = desk.go();
        assert!(exit == 1 && said.contains(code) && said.contains(words) && said.contains("help: "), "{what}: {said}");
        assert!(!is_there(&desk.at("out/out.jsonl")) && !is_there(&desk.at("report.json")), "{what}");
        assert_eq!(desk.leaks(), Vec::<String>::new(), "{what}");
    };
    fn then(asked: &Asked, then: Answer) -> Answer {
        if is_listing(asked) { listing(&[("in/a.txt", 4)], None) } else { then }
    }
    fails("cut", "PW0670", "broke off after 2 bytes", |asked, _| then(asked, Answer { cut: Some(2), ..ok("one\n") }));
    fails("longer", "PW0670", "its listing says 4", |asked, _| then(asked, ok("one\ntwo\n")));
    fails("slow", "PW0669", "no answer within 1 s", |asked, _| {
        then(asked, Answer { delay: Duration::from_secs(3), ..ok("one\n") })
    });
    fails("dripping", "PW0669", "no answer within 1 s", |asked, _| {
        then(asked, Answer { drip: Some(Duration::from_millis(700)), ..ok("one\n") })
    });
    fails("changed", "PW0762", "was changed by somebody else", |asked, _| then(asked, status(412, "")));
    fails("no XML", "PW0675", "no object store", |_, _| ok("<html>"));
    fails("in a circle", "PW0675", "goes on nowhere", |_, _| listing(&[("in/a.txt", 4)], Some("m")));
    fails("another region", "PW0672", "in the region eu-north-1", |_, _| Answer {
        headers: vec![("x-amz-bucket-region".into(), "eu-north-1".into())],
        ..status(301, "")
    });
    fails("a way out", "PW0672", "no object fits", |_, _| listing(&[("in/../../a.txt", 4)], None));
    fails("not asked for", "PW0675", "not asked for", |_, _| listing(&[("in/a.txt", 4), ("a.txt", 4)], None));
    fails("another way", "PW0761", "is no key that can be taken", |_, _| listing(&[("in/a\\b.txt", 4)], None));
    fails("file and folder", "PW0761", "others lie below it", |_, _| {
        listing(&[("in/a.txt", 4), ("in/a.txt/b/c.txt", 4)], None)
    });
    fails("too much", "PW0674", "more than", |_, _| listing(&[("in/a.txt", 1 << 40)], None));
}

#[test]
fn what_a_connection_lacks_is_told_before_it_is_opened() {
    let checked = |connection: Json| {
        let mut whole = json!({"id": "con-a", "title": "Logs", "kind": "s3", "address": "https://s3.example.com"});
        whole.as_object_mut().unwrap().extend(connection.as_object().unwrap().clone());
        let desk = Desk::new(flow(whole, json!({"inquiry": {"path": "a.txt"}, "format": {"name": "lines"}})));
        desk.run(&["check", "p.pipewright.json"]).1
    };
    assert!(checked(json!({})).contains("PW0760"));
    assert!(checked(json!({"settings": {"bucket": "Not A Bucket"}})).contains("is no name of a bucket"));
    let plain = json!({"address": "http://s3.example.com", "settings": {"bucket": "logs"}});
    assert!(checked(plain).contains("PW0657"));
    let meant = json!({"address": "http://s3.example.com", "settings": {"bucket": "logs", "plain": "allow"}});
    assert!(!checked(meant).contains("PW0657"));
    let half = json!({"settings": {"bucket": "logs"}, "secrets": {"access_key": "env:KEY"}});
    assert!(checked(half).contains("one is missing"));
}

#[test]
fn each_object_is_taken_once_by_runs_that_read_what_is_new() {
    let Some(store) = Store::here() else { return };
    store.bucket("once");
    store.put("once", "in/1.txt", "one\n");
    let desk = store.desk("once", "in/*.txt", json!({"name": "lines"}));
    desk.sample("A");
    let go = || desk.run(&["run", "p.pipewright.json", "--trust", "--incremental", "--out", "out"]);
    let holds = |wanted: &[&str]| {
        let (code, said) = go();
        assert_eq!(code, 0, "{said}");
        let lines: Vec<String> =
            desk.rows("out.jsonl").iter().map(|row| row["line"].as_str().unwrap().to_owned()).collect();
        assert_eq!(lines, wanted);
    };
    holds(&["one"]);
    holds(&["one"]);
    store.put("once", "in/0.txt", "zero\n");
    store.put("once", "in/2.txt", "two\n");
    holds(&["one", "zero", "two"]);
    // What is gone was read all the same.
    store.does("delete_object", json!({"Bucket": "once", "Key": "in/1.txt"}));
    holds(&["one", "zero", "two"]);
    store.put("once", "in/2.txt", "another\n");
    let (code, said) = go();
    assert!(code == 1 && said.contains("PW0976") && said.contains("was replaced since it was read"), "{said}");
    store.put("once", "in/2.txt", "two\n");
    holds(&["one", "zero", "two"]);
}
