//! Azure's store of blobs, against Azurite, which checks signatures; and Google's, against moto, whose protocol it speaks,
//! and a store of the tests' own that gives tokens.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, OnceLock};

use serde_json::{Value as Json, json};

use super::http::{Answer, Api, Asked, ok, status};
use super::objects::Store;
use super::proxy::{Act, Proxy};
use super::{Desk, MARKER, flow, is_there};
use crate::support::{need, root};

/// Azurite, and a client of it that is not Pipewright's.
struct Blobs {
    address: String,
    /// The account's key: the marker in base64.
    key: String,
    talk: Mutex<(ChildStdin, BufReader<ChildStdout>)>,
    _server: Child,
}

impl Blobs {
    fn started() -> Option<Blobs> {
        let mut node = Command::new("node");
        if let Ok(packages) = std::env::var("PIPEWRIGHT_NODE_MODULES") {
            node.env("NODE_PATH", packages);
        }
        let mut server = node
            .arg(root().join("tests/it/places/blobs.cjs"))
            .env("PIPEWRIGHT_TEST_KEY", MARKER)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let (input, mut output) = (server.stdin.take()?, BufReader::new(server.stdout.take()?));
        let mut line = String::new();
        output.read_line(&mut line).ok()?;
        let about: Json = serde_json::from_str(&line).ok()?;
        let text = |name: &str| about[name].as_str().map(str::to_owned);
        Some(Blobs { address: text("address")?, key: text("key")?, talk: Mutex::new((input, output)), _server: server })
    }

    /// The store of this process; `None`: Azurite is not on this machine.
    fn here() -> Option<&'static Blobs> {
        static BLOBS: OnceLock<Option<Blobs>> = OnceLock::new();
        let found = BLOBS.get_or_init(Blobs::started);
        need("`node tests/it/places/blobs.cjs` does not start (npm: `azurite`, `@azure/storage-blob`)", found.as_ref())
    }

    /// What Azure's client answers.
    fn does(&self, what: &str, with: Json) -> Json {
        let mut talk = self.talk.lock().unwrap();
        writeln!(talk.0, "{}", json!({"do": what, "with": with})).unwrap();
        let mut line = String::new();
        talk.1.read_line(&mut line).unwrap();
        let answer: Json = serde_json::from_str(&line).unwrap();
        assert!(answer.get("error").is_none(), "{what}: {answer}");
        answer
    }

    fn put(&self, container: &str, key: &str, body: &str) -> String {
        let put = self.does("put", json!({"container": container, "key": key, "body": body}));
        serde_json::from_value(put).unwrap()
    }

    fn text(&self, container: &str, key: &str) -> String {
        self.does("get", json!({"container": container, "key": key}))["body"].as_str().unwrap().to_owned()
    }

    /// Those that others see, without records of loads; with `aside` also those that nobody has put together.
    fn keys(&self, container: &str, aside: bool) -> Vec<String> {
        let all: Vec<String> =
            serde_json::from_value(self.does("list", json!({"container": container, "aside": aside}))).unwrap();
        all.into_iter().filter(|key| !key.contains("_pipewright/")).collect()
    }

    fn connection(&self, container: &str) -> Json {
        json!({"id": "con-a", "title": "Logs", "kind": "azure", "address": self.address,
            "settings": {"container": container, "account": "shop", "retries": "0"},
            "secrets": {"account_key": "file:key.txt"}})
    }

    /// A desk with the account's key.
    fn desk(&self, design: Json) -> Desk {
        let desk = Desk::new(design);
        std::fs::write(desk.at("key.txt"), &self.key).unwrap();
        desk
    }
}

/// Where the key stands beside its own file.
fn leaks(desk: &Desk) -> Vec<String> {
    desk.leaks().into_iter().filter(|file| !file.ends_with("key.txt")).collect()
}

#[test]
fn blobs_are_read_as_files_are() {
    let Some(blobs) = Blobs::here() else { return };
    blobs.does("create", json!({"container": "read"}));
    let mut etag = String::new();
    for (day, host, n) in [("03", "a", 3), ("02", "b", 2), ("02", "a", 1)] {
        etag = blobs.put("read", &format!("logs/day={day}/{host} ä+(1)&.jsonl"), &format!("{{\"n\": {n}}}\n"));
    }
    for aside in ["logs/day=02/_SUCCESS", "logs/day=02/.tmp", "logs/day=02/x.csv", "logs/_old/a.jsonl"] {
        blobs.put("read", aside, "no rows");
    }
    let source = |path: &str| json!({"inquiry": {"path": path}, "format": Json::Null});
    let desk = blobs.desk(flow(blobs.connection("read"), source("logs/day=<day>/*.jsonl")));
    assert!(desk.run_ok(&["connections", "p.pipewright.json", "--test", "Logs", "--trust"]).contains("holds objects"));
    desk.sample("A");
    let (code, said) = desk.go();
    assert_eq!(code, 0, "{said}");
    let told: Vec<String> = desk.rows("out.jsonl").iter().map(|row| format!("{} {}", row["n"], row["day"])).collect();
    assert_eq!(told, ["1 \"02\"", "2 \"02\"", "3 \"03\""]);
    let report: Json = serde_json::from_str(&std::fs::read_to_string(desk.at("report.json")).unwrap()).unwrap();
    let first = &report["sources"][0]["files"][0];
    assert_eq!(first["path"], "Logs: read/logs/day=02/a ä+(1)&.jsonl");
    assert_eq!(first["version"].as_str().unwrap(), etag.trim_matches('"'));
    assert_eq!(leaks(&desk), Vec::<String>::new());
    // With a signature in the address, and by everybody.
    let signature = blobs.does("sas", json!({"container": "read"}));
    blobs.does("create", json!({"container": "open", "access": "container"}));
    blobs.put("open", "logs/day=03/a ä+(1)&.jsonl", "{\"n\": 3}\n");
    for (container, secrets) in [("read", json!({"sas": "file:sas.txt"})), ("open", json!({}))] {
        let mut connection = blobs.connection(container);
        connection["secrets"] = secrets;
        let desk = blobs.desk(flow(connection, source("logs/day=03/a ä+(1)&.jsonl")));
        std::fs::write(desk.at("sas.txt"), signature.as_str().unwrap()).unwrap();
        desk.sample("A");
        assert_eq!((desk.go().0, desk.rows("out.jsonl").len()), (0, 1), "{container}");
    }
}

#[test]
fn blobs_that_are_not_there_or_not_open_are_told() {
    let Some(blobs) = Blobs::here() else { return };
    blobs.does("create", json!({"container": "told"}));
    blobs.put("told", "a.txt", "x\n");
    let fails = |container: &str, path: &str, key: &str, code: &str, words: &str| {
        let source = json!({"inquiry": {"path": path}, "format": {"name": "lines"}});
        let desk = blobs.desk(flow(blobs.connection(container), source));
        std::fs::write(desk.at("key.txt"), key).unwrap();
        let (exit, said) = desk.run(&["sample", "p.pipewright.json", "A", "--trust"]);
        assert!(exit == 1 && said.contains(code) && said.contains(words) && said.contains("help: "), "{path}: {said}");
        assert!(!is_there(&desk.at("samples")));
    };
    fails("nobodys", "a.txt", &blobs.key, "PW0672", "there is no container `nobodys`");
    fails("told", "b.txt", &blobs.key, "PW0672", "no object fits `told/b.txt`");
    fails("told", "a.txt", "bTRyazNyIG5v", "PW0671", "is not open to this user");
    fails("told", "a.txt", "no base64!", "PW1166", "is no key of a storage account");
}

/// Inline rows that go to blobs, and to a file as well.
fn load(blobs: &Blobs, container: &str, address: Option<&str>, settings: Json, rows: Json) -> Desk {
    let mut connection = blobs.connection(container);
    if let Some(address) = address {
        connection["address"] = json!(format!("{address}/shop"));
    }
    let mut all = json!({"connection": "con-a", "path": "lake/pages.csv", "kind": "csv"});
    all.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    let columns = json!([{"name": "page", "type": "String"}, {"name": "views", "type": "Int"}]);
    blobs.desk(json!({
        "connections": [connection],
        "steps": [
            {"id": "rows", "kind": "table", "title": "Rows", "settings": {"columns": columns, "rows": rows}},
            {"id": "load", "kind": "load_objects", "title": "Load pages", "settings": all},
            {"id": "file", "kind": "load_file", "title": "Beside", "settings": {"path": "beside.jsonl", "kind": "jsonl"}},
        ],
        "wires": [{"id": "w1", "from": "rows", "to": "load"}, {"id": "w2", "from": "rows", "to": "file"}],
    }))
}

#[test]
fn a_blob_is_loaded_replaced_and_not_where_it_is_not_ours() {
    let Some(blobs) = Blobs::here() else { return };
    blobs.does("create", json!({"container": "loads"}));
    let go = |settings: Json, rows: Json| load(blobs, "loads", None, settings, rows);
    let desk = go(json!({}), json!([["/", 9], ["/ä", null]]));
    let (code, said) = desk.go();
    assert!(code == 0 && said.contains("wrote 2 rows to Logs: lake/pages.csv"), "{said}");
    assert_eq!(leaks(&desk), Vec::<String>::new());
    let found = blobs.does("get", json!({"container": "loads", "key": "lake/pages.csv"}));
    assert_eq!((&found["body"], &found["kind"]), (&json!("page,views\n/,9\n/ä,\n"), &json!("text/csv")));
    assert_eq!(go(json!({}), json!([["/b", 1]])).go().0, 0);
    assert_eq!(blobs.text("loads", "lake/pages.csv"), "page,views\n/b,1\n");
    // Folders by a column; what an earlier run had there goes.
    let parts = json!({"path": "parts", "kind": "jsonl", "partition": ["page"]});
    assert_eq!(go(parts.clone(), json!([["a", 1], ["b c", 2]])).go().0, 0);
    assert_eq!(go(parts, json!([["a", 3]])).go().0, 0);
    assert_eq!(blobs.keys("loads", true), ["lake/pages.csv", "parts/page=a/part-0.jsonl"]);
    // A blob of no bytes.
    assert_eq!(go(json!({"path": "none.jsonl", "kind": "jsonl"}), json!([])).go().0, 0);
    assert_eq!(blobs.text("loads", "none.jsonl"), "");
    blobs.put("loads", "lake/pages.csv", "somebody else's");
    let (code, said) = go(json!({}), json!([["/c", 1]])).go();
    assert!(code == 1 && said.contains("PW0763") && said.contains("no run wrote it"), "{said}");
    assert_eq!(blobs.text("loads", "lake/pages.csv"), "somebody else's");
}

#[test]
fn a_large_blob_goes_in_blocks_and_faults_of_a_while_are_waited_out() {
    let Some(blobs) = Blobs::here() else { return };
    blobs.does("create", json!({"container": "large"}));
    let server = blobs.address.trim_end_matches("/shop");
    let proxy = Proxy::new(server, |line, before| match before {
        0 | 1 if line.contains("blockid=") => Act::Status(503),
        // Done, without anybody hearing of it.
        2 if line.contains("comp=blocklist") => Act::Swallow,
        _ => Act::Pass,
    });
    let mut connection = blobs.connection("large");
    connection["address"] = json!(format!("{}/shop", proxy.address));
    connection["settings"]["retries"] = json!("3");
    let desk = blobs.desk(json!({
        "connections": [connection],
        "sources": [{"id": "src-a", "title": "A", "path": "in.txt", "format": {"name": "lines"}}],
        "steps": [
            {"id": "read", "kind": "file", "title": "Read A", "settings": {"source": "src-a"}},
            {"id": "load", "kind": "load_objects", "title": "Load", "settings": {"connection": "con-a", "path": "in.csv", "kind": "csv"}},
        ],
        "wires": [{"id": "w1", "from": "read", "to": "load"}],
    }));
    let line = format!("{}\n", "x".repeat(99));
    std::fs::write(desk.at("in.txt"), line.repeat(180_000)).unwrap();
    let (code, said) = desk.go();
    assert_eq!(code, 0, "{said}");
    assert_eq!(blobs.text("large", "in.csv").len(), 5 + 100 * 180_000);
}

#[test]
fn a_killed_load_leaves_the_old_or_the_new_blobs() {
    let Some(blobs) = Blobs::here() else { return };
    blobs.does("create", json!({"container": "killed"}));
    let parts = json!({"path": "p", "kind": "csv", "partition": ["page"]});
    assert_eq!(load(blobs, "killed", None, parts.clone(), json!([["a", 1], ["b", 1]])).go().0, 0);
    let killed = |words: &'static [&'static str], act: fn(&str, usize) -> Act| {
        let proxy = Proxy::new(blobs.address.trim_end_matches("/shop"), act);
        let desk = load(blobs, "killed", Some(&proxy.address), parts.clone(), json!([["a", 2], ["c", 2]]));
        let args = ["run", "p.pipewright.json", "--trust", "--out", "out"];
        let mut run = desk.command(&args).stderr(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
        proxy.wait(words);
        run.kill().unwrap();
        run.wait().unwrap();
    };
    let told = || {
        let all = blobs.keys("killed", false);
        all.iter().map(|key| format!("{key}: {}", blobs.text("killed", key).replace("views\n", ""))).collect::<String>()
    };
    // The next run looks before it finds that something is there already.
    let asked = || {
        let mut settings = parts.clone();
        settings["when_exists"] = json!("fail");
        let (code, said) = load(blobs, "killed", None, settings, json!([["z", 9]])).go();
        assert!(code == 1 && said.contains("PW0764"), "{said}");
    };
    let (old, new) =
        ("p/page=a/part-0.csv: 1\np/page=b/part-0.csv: 1\n", "p/page=a/part-0.csv: 2\np/page=c/part-0.csv: 2\n");
    killed(&["blockid="], |line, _| if line.contains("blockid=") { Act::Hang } else { Act::Pass });
    assert_eq!(told(), old);
    asked();
    assert_eq!(told(), old);
    // All is there but for the last word.
    killed(&["comp=blocklist"], |line, _| if line.contains("comp=blocklist") { Act::Hang } else { Act::Pass });
    assert_eq!(told(), old);
    asked();
    assert_eq!(told(), new);
}

#[test]
fn listings_whose_pages_are_empty_are_read_on() {
    let api = Api::new(|asked: &Asked, _| {
        let blob = "<Blob><Name>in/a.txt</Name><Properties><Etag>0x1</Etag><Content-Length>4</Content-Length></Properties></Blob>";
        let page = |blobs: &str, next: &str| {
            ok(format!(
                "<EnumerationResults><Blobs>{blobs}</Blobs><NextMarker>{next}</NextMarker></EnumerationResults>"
            ))
        };
        match (asked.parameter("comp"), asked.parameter("marker").as_deref()) {
            (None, _) => ok("one\n"),
            (Some(_), None) => page("", "m1"),
            (Some(_), Some("m1")) => page(blob, "m2"),
            (Some(_), Some(_)) => page("", ""),
        }
    });
    for path in ["in/a.txt", "in/*.txt"] {
        let connection = json!({"id": "con-a", "title": "Logs", "kind": "azure", "address": api.address,
            "settings": {"container": "logs", "retries": "0"}, "secrets": {"token": "env:API_TOKEN"}});
        let source = json!({"inquiry": {"path": path}, "format": {"name": "lines"}, "path": "sample.txt"});
        let desk = Desk::new(flow(connection, source));
        std::fs::write(desk.at("sample.txt"), "x\n").unwrap();
        let (code, said) = desk.go();
        assert_eq!((code, desk.rows("out.jsonl").len()), (0, 1), "{said}");
        assert_eq!(desk.leaks(), Vec::<String>::new());
    }
    let asked = api.asked();
    assert!(asked.iter().all(|one| one.headers.contains(&format!("Bearer {MARKER}"))), "{:?}", asked[0]);
    assert!(asked.last().unwrap().headers.contains("if-match: \"0x1\""), "{asked:?}");
}

#[test]
fn a_bucket_of_google_s_is_read_and_loaded_with_keys() {
    let Some(store) = Store::here() else { return };
    store.bucket("google");
    store.put("google", "in/a.txt", "one\ntwo\n");
    let mut connection = store.connection("google");
    connection["kind"] = json!("gcs");
    let mut design = flow(connection, json!({"inquiry": {"path": "in/*.txt"}, "format": {"name": "lines"}}));
    design["steps"][1] = json!({"id": "load", "kind": "load_objects", "title": "Load",
        "settings": {"connection": "con-a", "path": "out/lines.jsonl", "kind": "jsonl"}});
    let desk = Desk::new(design);
    store.lead(&desk);
    desk.sample("A");
    for _ in 0..2 {
        let (code, said) = desk.go();
        assert_eq!(code, 0, "{said}");
    }
    let found = store.does("get_object", json!({"Bucket": "google", "Key": "out/lines.jsonl"}));
    assert_eq!(found["Body"], "{\"line\":\"one\"}\n{\"line\":\"two\"}\n");
}

#[test]
fn a_service_account_asks_for_one_token_and_tells_why_it_gets_none() {
    let answer = |asked: &Asked, _: usize| -> Answer {
        let is_in = asked.headers.contains("Bearer t0ken-of-an-hour");
        let list = "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>in/a.txt</Key><Size>4</Size>\
                    <ETag>&quot;e1&quot;</ETag></Contents></ListBucketResult>";
        match asked.target.as_str() {
            "/token" if asked.body.contains("assertion=ey") => ok(json!({"access_token": "t0ken-of-an-hour"})),
            "/late" => status(401, "{\"error\": \"invalid_grant\"}"),
            _ if !is_in => status(401, "<Error><Code>AuthenticationRequired</Code></Error>"),
            _ if asked.parameter("list-type").is_some() => ok(list),
            _ if asked.target.starts_with("/walled") => {
                status(403, "<Error><Code>AccessDenied</Code><Message>t0ken-of-an-hour</Message></Error>")
            }
            _ => ok("one\n"),
        }
    };
    let api = Api::new(answer);
    let go = |bucket: &str, change: &dyn Fn(&mut Json)| {
        let connection = json!({"id": "con-a", "title": "Logs", "kind": "gcs", "address": api.address,
            "settings": {"bucket": bucket, "retries": "0"}, "secrets": {"service_account": "file:account.json"}});
        let source = json!({"inquiry": {"path": "in/a.txt"}, "format": {"name": "lines"}, "path": "sample.txt"});
        let desk = Desk::new(flow(connection, source));
        std::fs::write(desk.at("sample.txt"), "x\n").unwrap();
        let mut key: Json = serde_json::from_str(include_str!("service-account.json")).unwrap();
        key["token_uri"] = json!(format!("{}/token", api.address));
        change(&mut key);
        std::fs::write(desk.at("account.json"), key.to_string()).unwrap();
        let (code, said) = desk.go();
        (code, said, desk)
    };
    let (code, said, desk) = go("logs", &|_| {});
    assert_eq!((code, desk.rows("out.jsonl").len()), (0, 1), "{said}");
    let tokens = api.asked().iter().filter(|asked| asked.target == "/token").count();
    assert_eq!(tokens, 1, "one token is for all requests");
    let late = |key: &mut Json| {
        let address = key["token_uri"].as_str().unwrap().replace("/token", "/late");
        key["token_uri"] = json!(address);
    };
    let no_key = |key: &mut Json| key["private_key"] = json!("none");
    let open = |key: &mut Json| key["token_uri"] = json!("http://tokens.example/token");
    type Change<'a> = &'a dyn Fn(&mut Json);
    let cases: [(&str, &str, &str, Change); 4] = [
        ("logs", "PW0671", "refuses one (401): invalid_grant", &late),
        ("logs", "PW1167", "no key of a service account", &no_key),
        ("logs", "PW1167", "no key of a service account", &open),
        ("walled", "PW0671", "(AccessDenied: •••)", &|_| {}),
    ];
    for (bucket, code, words, change) in cases {
        let (exit, said, desk) = go(bucket, change);
        assert!(exit == 1 && said.contains(code) && said.contains(words) && said.contains("help: "), "{said}");
        assert!(!said.contains("t0ken") && !said.contains("PRIVATE KEY"), "{said}");
        assert!(!is_there(&desk.at("out/out.jsonl")));
    }
}

#[test]
fn what_a_connection_to_a_store_lacks_is_told_before_it_is_opened() {
    let checked = |connection: Json| {
        let mut whole =
            json!({"id": "con-a", "title": "Logs", "kind": "azure", "address": "https://shop.blob.example.com"});
        whole.as_object_mut().unwrap().extend(connection.as_object().unwrap().clone());
        let desk = Desk::new(flow(whole, json!({"inquiry": {"path": "a.txt"}, "format": {"name": "lines"}})));
        desk.run(&["check", "p.pipewright.json"]).1
    };
    assert!(checked(json!({})).contains("names no container"));
    assert!(checked(json!({"settings": {"container": "two--signs"}})).contains("is no name of a container"));
    assert!(checked(json!({"kind": "gcs", "settings": {"bucket": "Not A Bucket"}})).contains("is no name of a bucket"));
    let logs = json!({"settings": {"container": "logs"}});
    let with = |more: Json| {
        let mut all = logs.clone();
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        checked(all)
    };
    assert!(with(json!({"secrets": {"sas": "env:A", "token": "env:B"}})).contains("PW1165"));
    assert!(with(json!({"secrets": {"sas": "sv=1&sig=2"}})).contains("PW0654"));
    assert!(with(json!({"address": "https://shop.blob.example.com?sig=abc"})).contains("PW0656"));
    assert!(with(json!({"address": "http://shop.blob.example.com"})).contains("PW0657"));
    assert!(with(json!({"settings": {"container": "logs", "bucket": "logs"}})).contains("unknown setting `bucket`"));
    let google = json!({"kind": "gcs", "settings": {"bucket": "a_b"}, "secrets": {"access_key": "env:KEY"}});
    assert!(checked(google).contains("of the keys of “Logs” one is missing"));
    assert!(!with(json!({"secrets": {"account_key": "env:A"}})).contains("PW1165"));
}
