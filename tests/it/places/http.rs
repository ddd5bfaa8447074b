//! HTTP APIs: pages, patience, faults, secrets, against a small server of the tests' own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use super::{Desk, MARKER, flow, holds_marker, is_in_processes, is_there};
use crate::support::{root, texts};

/// What arrived.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asked {
    pub method: String,
    pub target: String,
    pub headers: String,
    pub body: String,
}

impl Asked {
    /// A parameter of the address, as it came.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let (_, all) = self.target.split_once('?')?;
        let mut pairs = all.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
    }
}

/// What goes back.
#[derive(Default)]
pub(crate) struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
    /// Bytes after which the line breaks.
    pub cut: Option<usize>,
    pub delay: Duration,
    /// Between two bytes of the body.
    pub drip: Option<Duration>,
}

pub(crate) fn ok(body: impl ToString) -> Answer {
    Answer { status: 200, body: body.to_string(), ..Answer::default() }
}

pub(crate) fn status(status: u16, body: &str) -> Answer {
    Answer { status, body: body.to_owned(), ..Answer::default() }
}

pub(crate) struct Api {
    pub address: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Api {
    /// `answer` is given what was asked, and how often something was asked before.
    pub fn new(answer: impl Fn(&Asked, usize) -> Answer + Send + Sync + 'static) -> Api {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let (seen, answer) = (asked.clone(), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, answer) = (seen.clone(), answer.clone());
                std::thread::spawn(move || serve(stream, &seen, &*answer));
            }
        });
        Api { address, asked }
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    fn connection(&self) -> Json {
        json!({"id": "con-a", "title": "Orders API", "kind": "http", "address": self.address,
            "settings": {"retries": "0", "timeout": "5"}, "secrets": {"token": "env:API_TOKEN"}})
    }
}

fn serve(stream: TcpStream, seen: &Mutex<Vec<Asked>>, answer: &dyn Fn(&Asked, usize) -> Answer) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let mut asked = Asked { method: words.next()?.to_owned(), target: words.next()?.to_owned(), ..Asked::default() };
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        if line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        asked.headers.push_str(&line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    asked.body = String::from_utf8(body).ok()?;
    let before = {
        let mut seen = seen.lock().unwrap();
        seen.push(asked.clone());
        seen.len() - 1
    };
    let answer = answer(&asked, before);
    std::thread::sleep(answer.delay);
    let more: String = answer.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = answer.body.len();
    let whole = format!(
        "HTTP/1.1 {} X\r\nContent-Length: {length}\r\nConnection: close\r\n{more}\r\n{}",
        answer.status, answer.body
    );
    let mut stream = stream;
    if let Some(pause) = answer.drip {
        let (head, body) = whole.as_bytes().split_at(whole.len() - length);
        stream.write_all(head).ok()?;
        for byte in body {
            std::thread::sleep(pause);
            stream.write_all(&[*byte]).ok()?;
        }
        return Some(());
    }
    stream.write_all(&whole.as_bytes()[..whole.len() - length + answer.cut.unwrap_or(length)]).ok()
}

fn items(numbers: impl IntoIterator<Item = u64>) -> Vec<Json> {
    numbers.into_iter().map(|n| json!({"n": n, "name": format!("item {n}")})).collect()
}

fn json_source(inquiry: Json) -> Json {
    json!({"inquiry": inquiry, "format": {"name": "json_document", "options": {"records": "items"}}})
}

/// Five items, two a page, in every way that APIs have pages.
fn paged(asked: &Asked, _: usize) -> Answer {
    let number = |name: &str| asked.parameter(name).and_then(|text| text.parse::<u64>().ok());
    let page = |from: u64| items((from..(from + 2).min(6)).filter(|n| *n <= 5));
    let path = asked.target.split('?').next().unwrap().to_owned();
    match path.as_str() {
        "/link" => {
            let from = number("from").unwrap_or(1);
            let link = format!("</link?from={}>; rel=\"next\"", from + 2);
            let headers = if from < 5 { vec![("Link".to_owned(), link)] } else { Vec::new() };
            Answer { headers, ..ok(json!({"items": page(from)})) }
        }
        "/cursor" => {
            let from = number("after").map_or(1, |after| after + 1);
            let next = if from < 5 { json!((from + 1).to_string()) } else { Json::Null };
            ok(json!({"items": page(from), "meta": {"next": next}}))
        }
        "/search" if asked.method == "POST" => {
            let body: Json = serde_json::from_str(&asked.body).unwrap();
            let from = body["search_after"][0].as_u64().map_or(1, |after| after + 1);
            let hits: Vec<Json> =
                page(from).into_iter().map(|item| json!({"sort": [item["n"]], "n": item["n"]})).collect();
            ok(json!({"items": hits}))
        }
        "/offset" => ok(json!({"items": page(number("skip").unwrap() + 1)})),
        "/number" => ok(json!({"items": page((number("page").unwrap() - 1) * 2 + 1)})),
        _ => status(404, "nothing"),
    }
}

#[test]
fn pages_are_followed_in_every_way_and_samples_stand_in_until_a_run() {
    let api = Api::new(paged);
    for (path, more) in [
        ("/link", json!({"pages": {"by": "link"}})),
        ("/cursor", json!({"pages": {"by": "cursor", "path": "meta.next", "parameter": "after"}})),
        ("/offset", json!({"pages": {"by": "offset", "parameter": "skip", "size": 2}})),
        // The server gives two, however many it is asked for.
        ("/offset", json!({"pages": {"by": "offset", "parameter": "skip", "size": 100}})),
        ("/number", json!({"pages": {"by": "number", "parameter": "page", "first": 1}})),
        (
            "/search",
            json!({"method": "post", "body": "{\"size\": 2}",
            "pages": {"by": "cursor", "path": "items[-1].sort", "parameter": "search_after"}}),
        ),
    ] {
        let mut inquiry = json!({"path": path});
        inquiry.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let desk = Desk::new(flow(api.connection(), json_source(inquiry)));
        desk.sample("src-a");
        // The next sample takes the place of the one before.
        // From another folder too.
        let project = desk.project();
        let mut again = desk.command(&["sample", project.to_str().unwrap(), "src-a", "--rows", "2", "--trust"]);
        let (code, _, said) = texts(again.current_dir(root()).output().unwrap());
        assert_eq!(code, 0, "{path}: {said}");
        assert_eq!(std::fs::read_dir(desk.at("samples/src-a")).unwrap().count(), 2, "a page, and the marker");
        let preview = desk.run_ok(&["preview", "p.pipewright.json", "--step", "read", "--output", "jsonl"]);
        assert_eq!(preview.lines().filter(|line| line.starts_with('{')).count(), 2, "{path}: {preview}");
        let (code, said) = desk.go();
        assert_eq!(code, 0, "{path}: {said}");
        let numbers: Vec<u64> = desk.rows("out.jsonl").iter().map(|row| row["n"].as_u64().unwrap()).collect();
        assert_eq!(numbers, [1, 2, 3, 4, 5], "{path}");
    }
}

#[test]
fn nothing_is_opened_unless_a_run_a_sample_or_a_test_asks_for_it() {
    let api = Api::new(paged);
    let desk = Desk::new(flow(api.connection(), json_source(json!({"path": "/link"}))));
    assert!(
        desk.run_ok(&["connections", "p.pipewright.json", "--test", "con-a", "--trust"]).contains("answers with 404")
    );
    desk.sample("A");
    let before = api.asked().len();
    assert_eq!(before, 2);
    let project = "p.pipewright.json";
    for args in [
        &["check", project, "--trust"][..],
        &["preview", project, "--step", "read", "--trust"],
        &["plan", project, "--findings", "--trust"],
        &["plan", project, "--coverage", "--trust"],
        &["plan", project, "--volume", "--trust"],
        &["sources", project, "--trust"],
        &["connections", project, "--trust"],
        &["answers", project, "--trust"],
        &["graph", project, "--format", "dot", "--trust"],
        &["test", project, "--trust"],
        &["run", project, "--dry-run", "--trust"],
        &["export", project, "--target", "pipeline", "--out", "b", "--trust"],
        &["export", project, "--target", "duckdb", "--out", "d", "--trust"],
    ] {
        let (_, said) = desk.run(args);
        assert_eq!(api.asked().len(), before, "{args:?}: {said}");
    }
    assert!(is_there(&desk.at("b/pipeline.json")) && is_there(&desk.at("d/stage.json")));
    // A stranger's project opens nothing, whatever is asked.
    for args in [
        &["run", project, "--out", "out"][..],
        &["sample", project, "A"],
        &["connections", project, "--test", "con-a"],
        &["run", "b/pipeline.json", "--out", "out"],
    ] {
        let (code, said) = desk.run(args);
        assert!(code == 1 && said.contains("PW0664") && said.contains("--trust"), "{args:?}: {said}");
        assert_eq!(api.asked().len(), before, "{args:?}");
    }
    assert!(!is_there(&desk.at("out/out.jsonl")));
    // The receipt asks nobody either; the bundle does.
    let bundle = |script: &str, args: &[&str]| {
        let mut command = std::process::Command::new(desk.at(script));
        command.args(args).env("PIPEWRIGHT", env!("CARGO_BIN_EXE_pipewright")).env("API_TOKEN", MARKER);
        crate::support::texts(command.current_dir(desk.folder.path()).output().unwrap())
    };
    let (code, out, err) = bundle("b/verify.sh", &[]);
    assert_eq!(code, 0, "{out}{err}");
    assert_eq!(api.asked().len(), before);
    let (code, out, err) = bundle("b/run.sh", &["results", "--trust"]);
    assert_eq!(code, 0, "{out}{err}");
    assert_eq!(api.asked().len(), before + 1);
    assert_eq!(desk.leaks(), Vec::<String>::new());
}

#[test]
fn values_and_secrets_go_where_they_belong() {
    let api = Api::new(|_, _| {
        assert!(!is_in_processes());
        ok(json!({"items": items(1..3)}))
    });
    let mut connection = api.connection();
    connection["secrets"] =
        json!({"token": "env:API_TOKEN", "header.X-Key": "file:key.txt", "parameter.key": "file:key.txt"});
    let mut design = flow(
        connection,
        json_source(json!({
            "path": "/of/${who}/items", "parameters": {"from": "${from}", "fixed": "a b&c"},
            "headers": {"X-Kind": "${who}"}, "pages": null,
        })),
    );
    design["parameters"] = json!([
        {"id": "p1", "name": "who", "type": "String", "default": "a/../b?x=1"},
        {"id": "p2", "name": "from", "type": "Timestamp", "default": "2026-03-02T14:00:00Z"},
    ]);
    let desk = Desk::new(design);
    std::fs::write(desk.at("key.txt"), format!("{MARKER}\n")).unwrap();
    desk.sample("src-a");
    std::fs::remove_file(desk.at("key.txt")).unwrap();
    let (code, said) = desk.go();
    assert!(code == 1 && said.contains("PW0667") && said.contains("key.txt"), "{said}");
    std::fs::write(desk.at("key.txt"), format!("{MARKER}\n")).unwrap();
    assert_eq!(desk.go().0, 0);
    std::fs::remove_file(desk.at("key.txt")).unwrap();
    let asked = api.asked().pop().unwrap();
    let path = asked.target.split('?').next().unwrap();
    assert_eq!(path, "/of/a%2F..%2Fb%3Fx%3D1/items");
    assert_eq!(asked.parameter("from").as_deref(), Some("2026-03-02T14%3A00%3A00Z"));
    assert_eq!(asked.parameter("fixed").as_deref(), Some("a%20b%26c"));
    assert_eq!(asked.parameter("key").as_deref(), Some("m4rk3r%2Bof%2Fa%20s3cret"));
    let headers = asked.headers.to_ascii_lowercase();
    assert!(headers.contains(&format!("authorization: bearer {MARKER}\r\n")), "{headers}");
    assert!(headers.contains(&format!("x-key: {MARKER}\r\n")) && headers.contains("x-kind: a/../b?x=1"), "{headers}");
    assert_eq!(desk.leaks(), Vec::<String>::new());
}

#[test]
fn a_busy_server_is_waited_for() {
    let api = Api::new(|_, before| match before {
        0 => ok(json!({"items": items(1..3)})),
        1 => Answer { headers: vec![("Retry-After".into(), "1".into())], ..status(429, "slow down") },
        2 => status(503, "not now"),
        3 => Answer { cut: Some(10), ..ok(json!({"items": items(1..3)})) },
        _ => ok(json!({"items": items(1..3)})),
    });
    let mut connection = api.connection();
    connection["settings"]["retries"] = json!("3");
    let desk = Desk::new(flow(connection, json_source(json!({"path": "/x"}))));
    desk.sample("A");
    let begun = Instant::now();
    let (code, said) = desk.go();
    assert_eq!(code, 0, "{said}");
    assert!(begun.elapsed() > Duration::from_secs(1), "the server asked for a pause");
    assert_eq!((api.asked().len(), desk.rows("out.jsonl").len()), (5, 2));
}

#[test]
fn requests_keep_to_their_rate() {
    let api = Api::new(paged);
    let mut connection = api.connection();
    connection["settings"]["requests_per_second"] = json!("4");
    let desk = Desk::new(flow(connection, json_source(json!({"path": "/link", "pages": {"by": "link"}}))));
    desk.run_ok(&["sample", "p.pipewright.json", "A", "--rows", "1", "--trust"]);
    let begun = Instant::now();
    assert_eq!(desk.go().0, 0);
    assert!(begun.elapsed() > Duration::from_millis(500), "{:?}", begun.elapsed());
}

/// (what happens, what is answered from the second request on, what is said).
type Fault = (&'static str, fn(&Asked, usize) -> Answer, &'static [&'static str]);

const FAULTS: &[Fault] = &[
    ("no right", |_, _| status(401, MARKER), &["PW0671", "does not let the user in", "401", "secrets"]),
    ("nothing there", |_, _| status(404, "no such thing"), &["PW0672", "404", "no such thing", "path of the request"]),
    ("too many", |_, _| status(429, ""), &["PW0673", "429", "requests_per_second"]),
    (
        "too long a pause",
        |_, _| Answer { headers: vec![("Retry-After".into(), "3600".into())], ..status(429, "") },
        &["PW0673", "3600 s"],
    ),
    ("a fault of the server's", |_, _| status(500, "<b>oops</b>"), &["PW0672", "500", "oops", "try again later"]),
    (
        "a byte now and then",
        |_, _| Answer { drip: Some(Duration::from_millis(20)), ..ok(json!({"items": items(1..30)})) },
        &["PW0669", "within 1 s"],
    ),
    ("late", |_, _| Answer { delay: Duration::from_secs(3), ..ok("{}") }, &["PW0669", "within 1 s"]),
    (
        "cut off",
        |_, _| Answer { cut: Some(15), ..ok(json!({"items": items(1..9)})) },
        &["PW0670", "broke off after 15 bytes"],
    ),
    ("no JSON", |_, _| ok("<html>sign in</html>"), &["PW0676", "no JSON", "line 1"]),
    (
        "a circle",
        |_, _| Answer {
            headers: vec![("Link".into(), "</x?p=1>; rel=next".into())],
            ..ok(json!({"items": items(1..3)}))
        },
        &["PW0675", "circle"],
    ),
    (
        "on and on",
        |asked, _| Answer { headers: vec![("Location".into(), asked.target.clone())], ..status(302, "") },
        &["PW0677", "on and on"],
    ),
    (
        "no end",
        |_, n| {
            let link = format!("</x?p={n}>; rel=next");
            Answer { headers: vec![("Link".into(), link)], ..ok(json!({"items": items(1..3)})) }
        },
        &["PW0674", "more than 5 pages"],
    ),
    ("only accepted", |_, _| status(202, ""), &["PW0672", "gives no page", "202"]),
    ("a part", |_, _| status(206, "{\"items\": []}"), &["PW0672", "gives no page", "206"]),
    ("a flood", |_, _| ok(json!({"items": items(1..5000)})), &["PW0674", "more than 50000 bytes"]),
];

#[test]
fn every_fault_is_told_and_leaves_no_half_result() {
    for (what, answer, wanted) in FAULTS {
        let api = Api::new(move |asked, before| match before {
            0 => ok(json!({"items": items(1..3)})),
            _ => answer(asked, before),
        });
        let mut connection = api.connection();
        connection["settings"] = json!({"retries": "0", "timeout": "1"});
        if *what == "too long a pause" {
            connection["settings"]["retries"] = json!("2");
        }
        connection["secrets"]["parameter.key"] = json!("env:API_TOKEN");
        let inquiry = json!({"path": "/x", "pages": {"by": "link"}, "most_pages": 5, "most_bytes": 50_000});
        let desk = Desk::new(flow(connection, json_source(inquiry)));
        desk.run_ok(&["sample", "p.pipewright.json", "A", "--rows", "1", "--trust"]);
        let (code, said) = desk.go();
        assert_eq!(code, 1, "{what}: {said}");
        for part in wanted.iter().chain(&["help: ", "Orders API"]) {
            assert!(said.contains(part), "{what}: `{part}` is not said: {said}");
        }
        assert!(!holds_marker(said.as_bytes()), "{what}: {said}");
        assert!(!is_there(&desk.at("out/out.jsonl")) && !is_there(&desk.at("report.json")), "{what}");
        assert_eq!(desk.leaks(), Vec::<String>::new(), "{what}");
    }
}

#[test]
fn pages_of_uneven_size_are_all_read() {
    // A server that takes out what one may not see after it has cut the page.
    fn uneven(asked: &Asked, _: usize) -> Answer {
        match asked.parameter("page").unwrap().as_str() {
            "0" => ok(json!({"items": items(1..3)})),
            "1" => ok(json!({"items": items(3..4)})),
            "2" => ok(json!({"items": items(4..6)})),
            _ if asked.target.starts_with("/none") => status(404, "no such page"),
            _ => ok(json!({"items": []})),
        }
    }
    let api = Api::new(uneven);
    for (path, told) in [("/x", false), ("/none", true)] {
        let inquiry = json!({"path": path, "pages": {"by": "number", "parameter": "page", "size": 2}});
        let desk = Desk::new(flow(api.connection(), json_source(inquiry)));
        desk.run_ok(&["sample", "p.pipewright.json", "A", "--rows", "1", "--trust"]);
        let (code, said) = desk.go();
        assert_eq!((code, desk.rows("out.jsonl").len()), (0, 5), "{path}: {said}");
        // Behind a full page one would not expect it.
        assert_eq!(said.contains("PW0698") && said.contains("page 4 (404)"), told, "{path}: {said}");
    }
}

#[test]
fn marks_of_pages_go_back_as_they_came() {
    let api = Api::new(|_, before| match before {
        0 | 1 => ok("{\"items\": [{\"n\": 1}], \"next\": 123456789012345678901234}"),
        _ => ok(json!({"items": []})),
    });
    let pages = json!({"by": "cursor", "path": "next", "parameter": "after"});
    let desk = Desk::new(flow(api.connection(), json_source(json!({"path": "/x", "pages": pages}))));
    desk.run_ok(&["sample", "p.pipewright.json", "A", "--rows", "1", "--trust"]);
    let (code, said) = desk.go();
    assert!(code == 1 && said.contains("PW0676") && said.contains("more digits"), "{said}");
}

/// (what happens, how pages are asked for, what is answered from the third request on).
type NoPage = (&'static str, Json, fn(&Asked, usize) -> Answer);

#[test]
fn what_is_no_page_is_not_the_last_one() {
    let faulty: [NoPage; 4] = [
        ("an error that is said to be well", json!({"by": "number", "parameter": "page", "size": 2}), |_, _| {
            ok(json!({"error": "busy"}))
        }),
        ("half of a sign", json!({"by": "number", "parameter": "page", "size": 2}), |_, _| {
            ok("{\"items\": [{\"n\": 3, \"t\": \"\\ud83d\"}]}")
        }),
        ("a server that does not turn pages", json!({"by": "number", "parameter": "page", "size": 2}), |_, _| {
            ok(json!({"items": items(1..3)}))
        }),
        ("a link that is none", json!({"by": "link", "path": "next"}), |_, _| {
            ok(json!({"items": items(3..5), "next": {"page": 3}}))
        }),
    ];
    for (what, pages, answer) in faulty {
        let api = Api::new(move |asked, before| match before {
            0 | 1 => ok(json!({"items": items(1..3), "next": "/x?page=2"})),
            _ => answer(asked, before),
        });
        let desk = Desk::new(flow(api.connection(), json_source(json!({"path": "/x", "pages": pages}))));
        desk.run_ok(&["sample", "p.pipewright.json", "A", "--rows", "1", "--trust"]);
        let (code, said) = desk.go();
        assert!(code == 1 && said.contains("error[PW067"), "{what}: {said}");
        assert!(!is_there(&desk.at("out/out.jsonl")), "{what}");
    }
}

#[test]
fn a_sample_holds_no_secret_that_the_server_says_back() {
    let api = Api::new(|asked, _| ok(json!({"items": items(1..3), "next": asked.target})));
    let mut connection = api.connection();
    connection["secrets"]["parameter.key"] = json!("env:API_TOKEN");
    let desk = Desk::new(flow(connection, json_source(json!({"path": "/x"}))));
    let (code, said) = desk.run(&["sample", "p.pipewright.json", "A", "--trust"]);
    assert!(code == 1 && said.contains("PW0694"), "{said}");
    assert_eq!(desk.leaks(), Vec::<String>::new());
}

#[test]
fn a_run_takes_secrets_out_of_what_the_server_says_back() {
    // As a value, and as a key that nobody declares.
    let api = Api::new(|asked, before| match before {
        0 => ok(json!({"items": items(1..3)})),
        _ => ok(json!({"items": [{"n": 1, "name": asked.parameter("key").unwrap(), MARKER: 5}]})),
    });
    let mut connection = api.connection();
    connection["secrets"]["parameter.key"] = json!("env:API_TOKEN");
    let desk = Desk::new(flow(connection, json_source(json!({"path": "/x"}))));
    desk.sample("A");
    let (code, said) = desk.go();
    assert!(code == 0 && said.contains("PW0694") && said.contains("2 times"), "{said}");
    assert_eq!(desk.rows("out.jsonl")[0]["name"], json!("•••"));
    assert_eq!(desk.leaks(), Vec::<String>::new());
}

#[test]
fn nobody_answers() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let connection = json!({"id": "con-a", "title": "Gone", "kind": "http", "address": format!("http://127.0.0.1:{port}"),
        "settings": {"retries": "0"}});
    let desk = Desk::new(flow(connection, json_source(json!({"path": "/x"}))));
    let (code, said) = desk.run(&["sample", "p.pipewright.json", "A", "--trust"]);
    assert!(code == 1 && said.contains("PW0668") && said.contains("cannot be reached"), "{said}");
    assert!(!is_there(&desk.at("samples")), "nothing is left");
}

#[test]
fn another_host_is_given_no_credentials() {
    let other = Api::new(|_, _| ok(json!({"items": items(1..3)})));
    let elsewhere = other.address.replace("127.0.0.1", "localhost");
    let api = Api::new(move |_, _| Answer {
        headers: vec![("Location".into(), format!("{elsewhere}/y"))],
        ..status(302, "")
    });
    let mut connection = api.connection();
    connection["secrets"] =
        json!({"token": "env:API_TOKEN", "header.X-Key": "env:API_TOKEN", "parameter.key": "env:API_TOKEN"});
    let desk = Desk::new(flow(connection.clone(), json_source(json!({"path": "/x"}))));
    desk.sample("A");
    let (there, here) = (other.asked().pop().unwrap(), api.asked().pop().unwrap());
    assert!(here.headers.contains("Bearer") && here.parameter("key").is_some(), "{here:?}");
    assert_eq!(there.target, "/y");
    assert!(
        !holds_marker(there.headers.as_bytes()) && !there.headers.to_lowercase().contains("authorization"),
        "{there:?}"
    );
    // What a POST sends goes nowhere else either.
    let desk = Desk::new(flow(connection, json_source(json!({"path": "/x", "method": "post", "body": "{}"}))));
    let (code, said) = desk.run(&["sample", "p.pipewright.json", "A", "--trust"]);
    assert!(code == 1 && said.contains("PW0677"), "{said}");
    assert_eq!(other.asked().len(), 1);
}

#[test]
fn formats_of_lines_and_tables_come_by_http_too() {
    for (format, body, wanted) in [
        ("csv", "n,name\n1,a\n2,b\n", 2),
        ("json_lines", "{\"n\": 1}\n{\"n\": 2}\n{\"n\": 3}\n", 3),
        ("lines", "one\ntwo\n", 2),
    ] {
        let api = Api::new(move |_, _| ok(body));
        let source = json!({"inquiry": {"path": "/x"}, "format": {"name": format}});
        let desk = Desk::new(flow(api.connection(), source));
        desk.sample("A");
        let (code, said) = desk.go();
        assert_eq!((code, desk.rows("out.jsonl").len()), (0, wanted), "{format}: {said}");
    }
}

#[test]
fn secrets_that_are_written_down_are_refused() {
    let api = Api::new(paged);
    for (field, value, code) in [
        ("address", json!(format!("http://ann:{MARKER}@127.0.0.1")), "PW0652"),
        ("address", json!(format!("http://127.0.0.1?api_key={MARKER}")), "PW0656"),
        ("secrets", json!({"token": MARKER}), "PW0654"),
    ] {
        let mut connection = api.connection();
        connection[field] = value;
        // No edit puts one into a project.
        let edits = json!([{"edit": "set", "id": "con-a", "field": field, "new": connection[field]}]);
        let desk = Desk::new(flow(api.connection(), json_source(json!({"path": "/link"}))));
        std::fs::write(desk.at("edits.json"), edits.to_string()).unwrap();
        let (exit, said) = desk.run(&["apply", "p.pipewright.json", "edits.json"]);
        assert!(exit == 1 && said.contains(code) && !holds_marker(said.as_bytes()), "{said}");
        let desk = Desk::new(flow(connection, json_source(json!({"path": "/link"}))));
        for args in [&["check", "p.pipewright.json"][..], &["sample", "p.pipewright.json", "A", "--trust"]] {
            let (exit, said) = desk.run(args);
            assert!(exit != 0 && said.contains(code) && !holds_marker(said.as_bytes()), "{args:?}: {said}");
        }
    }
    // In a body it may be something else.
    let inquiry = json!({"path": "/x", "method": "post", "body": format!("user=a&password={MARKER}")});
    let desk = Desk::new(flow(api.connection(), json_source(inquiry)));
    let (_, said) = desk.run(&["check", "p.pipewright.json"]);
    assert!(said.contains("PW0656") && said.contains("`password`") && !holds_marker(said.as_bytes()), "{said}");
    assert!(api.asked().is_empty());
}
