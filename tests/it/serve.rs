//! `serve`: what it shows of reports, to whom, and that it changes nothing.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Stdio};

use serde_json::{Value as Json, json};

use crate::support::{path, pipewright, run};

struct Page {
    server: Child,
    address: String,
}

impl Drop for Page {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

impl Page {
    fn of(folder: &Path) -> Page {
        let mut server = pipewright()
            .args(["serve", path(folder), "--listen", "127.0.0.1:0"])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(server.stderr.take().unwrap()).read_line(&mut line).unwrap();
        let (_, after) = line.split_once("http://").unwrap_or_else(|| panic!("no address in `{line}`"));
        Page { server, address: after.split(';').next().unwrap().to_owned() }
    }

    /// Status and text.
    fn asks(&self, method: &str, path: &str, host: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(stream, "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
            .unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let status = text.split(' ').nth(1).unwrap().parse().unwrap();
        (status, text.split_once("\r\n\r\n").unwrap().1.to_owned())
    }

    fn gets(&self, path: &str) -> String {
        let (status, text) = self.asks("GET", path, &self.address);
        assert_eq!(status, 200, "{path}: {text}");
        text
    }

    fn json(&self, path: &str) -> Json {
        serde_json::from_str(&self.gets(path)).unwrap()
    }
}

/// A run of a project that answers a question, with its report in the folder.
fn runs(home: &Path, name: &str, rows: Json) {
    let project = json!({"pipewright": 1, "name": "p",
        "questions": [{"id": "q", "title": "How many pages?"}],
        "steps": [
            {"id": "rows", "kind": "table", "title": "Rows <script>", "settings": {"columns": [{"name": "n", "type": "Int"}], "rows": rows}},
            {"id": "count", "kind": "aggregate", "title": "Count", "settings": {"keys": [], "measures": [{"id": "m1", "name": "pages", "expression": "count(*)"}]}},
            {"id": "answer", "kind": "answer", "title": "Pages <b>", "settings": {"question": "q"}},
        ],
        "wires": [{"id": "w1", "from": "rows", "to": "count"}, {"id": "w2", "from": "count", "to": "answer"}]});
    let file = home.join("p.pipewright.json");
    fs::write(&file, project.to_string()).unwrap();
    let (out, report) = (home.join("out"), home.join("reports").join(name));
    let (code, _, said) = run(&["run", path(&file), "--out", path(&out), "--report", path(&report)]);
    assert_eq!(code, 0, "{said}");
}

#[test]
fn runs_and_answers_are_shown_and_nothing_else() {
    let home = tempfile::tempdir().unwrap();
    let reports = home.path().join("reports");
    fs::create_dir(&reports).unwrap();
    let page = Page::of(&reports);
    assert!(page.gets("/").contains("No report is here yet"));
    runs(home.path(), "a b.json", json!([[1], [2]]));
    runs(home.path(), "c.json", json!([[1], [2], [3]]));
    fs::write(reports.join("other.json"), "{\"secret\": 1}").unwrap();
    fs::write(home.path().join("outside.json"), fs::read(reports.join("c.json")).unwrap()).unwrap();
    let before = fs::read_dir(&reports).unwrap().count();

    let all = page.json("/runs.json");
    let told = |run: &Json| format!("{} {} {}", run["name"], run["status"], run["rows_written"]);
    assert_eq!(
        all.as_array().unwrap().iter().map(told).collect::<Vec<_>>(),
        ["\"c.json\" \"done\" 1", "\"a b.json\" \"done\" 1"]
    );
    let overview = page.gets("/");
    assert!(overview.contains("href=\"/runs/a%20b.json/page\"") && !overview.contains("other.json"), "{overview}");
    let shown = page.gets("/runs/a%20b.json/page");
    assert!(shown.contains("Rows &lt;script&gt;") && !shown.contains("<script"), "{shown}");
    assert_eq!(page.json("/runs/a%20b.json")["rows_written"], 1);
    let history = page.json("/answers.json");
    let numbers = history[0]["runs"].as_array().unwrap().iter().map(|run| run["number"].as_str().unwrap());
    assert_eq!(numbers.collect::<Vec<_>>(), ["3", "2"], "{history}");
    let answers = page.gets("/answers");
    assert!(answers.contains("<h2>Pages &lt;b&gt;</h2>"), "{answers}");

    for lost in ["/runs/other.json", "/runs/..%2Foutside.json", "/runs/../outside.json", "/runs/x/page", "/etc/passwd"]
    {
        assert_eq!(page.asks("GET", lost, &page.address).0, 404, "{lost}");
    }
    assert_eq!(page.asks("POST", "/", &page.address).0, 405);
    assert_eq!(page.asks("HEAD", "/", &page.address), (200, String::new()));
    // A name of somebody else's that leads to this machine.
    assert_eq!(page.asks("GET", "/runs.json", "evil.example.com").0, 403);
    assert_eq!(page.asks("GET", "/runs.json", "localhost:1").0, 200);
    assert_eq!(fs::read_dir(&reports).unwrap().count(), before);
}

#[test]
fn it_is_for_this_machine_unless_said() {
    let folder = tempfile::tempdir().unwrap();
    let (code, _, said) = run(&["serve", path(folder.path()), "--listen", "0.0.0.0:0"]);
    assert!(code == 2 && said.contains("--other-hosts"), "{said}");
    let (code, _, said) = run(&["serve", "no/such/folder"]);
    assert!(code == 2 && said.contains("is no folder"), "{said}");
    let page = Page::of(folder.path());
    let (code, _, said) = run(&["serve", path(folder.path()), "--listen", &page.address]);
    assert!(code == 1 && said.contains("PW0727") && said.contains("help: "), "{said}");
}

/// What a request announces is not made room for.
#[test]
fn a_request_that_announces_too_much_ends_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let page = Page::of(folder.path());
    for (host, length) in [("evil.example", "9223372036854775807"), (&*page.address, "70000000000"), ("x", "-1")] {
        let mut stream = TcpStream::connect(&page.address).unwrap();
        write!(stream, "GET / HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n\r\n").unwrap();
        let mut text = String::new();
        let _ = stream.read_to_string(&mut text);
        assert!(text.starts_with("HTTP/1.1 "), "{host} {length}: {text}");
    }
    page.gets("/");
}
