//! A line to a database that breaks: what can be done again without doing it twice is done again, and told.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value as Json, json};

use super::databases::Database;
use super::{Desk, flow, is_there};

/// After how many bytes a line breaks.
#[derive(Clone, Copy)]
enum Cut {
    FromServer(usize),
    ToServer(usize),
}

/// A port that leads to another one; the first lines to it break.
fn breaking(port: u16, cuts: &'static [Cut]) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let own = listener.local_addr().unwrap().port();
    let lines = Arc::new(AtomicUsize::new(0));
    let count = lines.clone();
    std::thread::spawn(move || {
        for near in listener.incoming().flatten() {
            let cut = cuts.get(count.fetch_add(1, Ordering::SeqCst));
            let far = TcpStream::connect(("127.0.0.1", port)).unwrap();
            let limit = |bytes: Option<usize>| bytes.unwrap_or(usize::MAX);
            let (to, from) = match cut {
                Some(Cut::ToServer(bytes)) => (Some(*bytes), None),
                Some(Cut::FromServer(bytes)) => (None, Some(*bytes)),
                None => (None, None),
            };
            let (near_2, far_2) = (near.try_clone().unwrap(), far.try_clone().unwrap());
            std::thread::spawn(move || pass(near_2, far_2, limit(to)));
            std::thread::spawn(move || pass(far, near, limit(from)));
        }
    });
    (own, lines)
}

/// Passes bytes on, so many of them; then the line is gone.
fn pass(mut from: TcpStream, mut to: TcpStream, mut left: usize) {
    let mut buffer = [0; 4096];
    while left > 0 {
        let most = buffer.len().min(left);
        match from.read(&mut buffer[..most]) {
            Ok(count) if count > 0 && to.write_all(&buffer[..count]).is_ok() => left -= count,
            _ => break,
        }
    }
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}

pub(super) fn server(name: &'static str) -> Option<Database> {
    Database::all(name).into_iter().find(|database| matches!(database, Database::Server(..)))
}

/// The connection of a database, by another port.
pub(super) fn by(database: &Database, port: u16, retries: &str) -> Json {
    let mut connection = database.connection();
    connection["address"] = json!(format!("127.0.0.1:{port}/postgres"));
    connection["settings"]["retries"] = json!(retries);
    connection
}

pub(super) fn port(database: &Database) -> u16 {
    let address = database.connection()["address"].as_str().unwrap().to_owned();
    address.trim_start_matches("127.0.0.1:").trim_end_matches("/postgres").parse().unwrap()
}

#[test]
fn a_table_is_read_again_where_the_line_breaks() {
    let Some(database) = server("places_breaks") else { return };
    let table = database.table("rows");
    database.does(&format!("CREATE TABLE {table} AS SELECT n, repeat('x', 90) AS t FROM generate_series(1, 5000) n"));
    let go = |cuts: &'static [Cut], retries: &str| {
        let (own, lines) = breaking(port(&database), cuts);
        let source = json!({"inquiry": {"table": table}, "format": {"name": "json_lines"}, "path": "sample.jsonl"});
        let desk = Desk::new(flow(by(&database, own, retries), source));
        std::fs::write(desk.at("sample.jsonl"), "{\"n\": 1, \"t\": \"x\"}\n").unwrap();
        let (code, said) = desk.go();
        (code, said, desk, lines.load(Ordering::SeqCst))
    };
    // Nobody answers; then it breaks amid the rows.
    let (code, said, desk, lines) = go(&[Cut::FromServer(0), Cut::FromServer(60_000)], "4");
    assert_eq!((code, lines), (0, 3), "{said}");
    assert!(said.contains("PW1169") && said.contains("asked again 2 times"), "{said}");
    let mut numbers: Vec<u64> = desk.rows("out.jsonl").iter().map(|row| row["n"].as_u64().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=5000).collect::<Vec<_>>(), "each row once");
    let (code, said, desk, lines) = go(&[Cut::FromServer(60_000)], "0");
    assert!(code == 1 && lines == 1 && said.contains("PW0668") && !said.contains("more tries"), "{said}");
    assert!(!is_there(&desk.at("out/out.jsonl")));
}

/// A file whose lines go to tables of a database.
fn loads(connection: Json, tables: &[String]) -> Desk {
    let mut steps = vec![json!({"id": "read", "kind": "file", "title": "Read A", "settings": {"source": "src-a"}})];
    let mut wires = Vec::new();
    for (number, table) in tables.iter().enumerate() {
        let id = format!("load-{number}");
        let settings = json!({"connection": "con-a", "table": table, "mode": "append"});
        steps.push(json!({"id": id, "kind": "load_table", "title": format!("Load {number}"), "settings": settings}));
        wires.push(json!({"id": format!("w{number}"), "from": "read", "to": id}));
    }
    let desk = Desk::new(json!({
        "connections": [connection],
        "sources": [{"id": "src-a", "title": "A", "path": "in.txt", "format": {"name": "lines"}}],
        "steps": steps, "wires": wires,
    }));
    std::fs::write(desk.at("in.txt"), format!("{}\n", "x".repeat(99)).repeat(20_000)).unwrap();
    desk
}

#[test]
fn a_load_is_begun_anew_where_the_line_breaks_before_its_end() {
    let Some(database) = server("places_anew") else { return };
    let tables = ["one", "two"].map(|name| database.table(name));
    tables.iter().for_each(|table| database.does(&format!("CREATE TABLE {table} (line text)")));
    let count = |table: &String| database.tells(&format!("SELECT count(*)::text FROM {table}")).concat();
    // The line that looks at the table breaks at once, the one that loads amid its rows.
    let (own, lines) = breaking(port(&database), &[Cut::FromServer(0), Cut::ToServer(900_000), Cut::ToServer(900_000)]);
    let (code, said) = loads(by(&database, own, "4"), &tables[..1]).go();
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("PW1169") && lines.load(Ordering::SeqCst) >= 4, "{said}");
    assert_eq!(count(&tables[0]), "20000");
    // Where other rows wait in the same transaction, they are gone with it: all of it is.
    let (own, _) =
        breaking(port(&database), &[Cut::ToServer(usize::MAX), Cut::ToServer(usize::MAX), Cut::ToServer(3_000_000)]);
    let (code, said) = loads(by(&database, own, "4"), &tables).go();
    assert!(code == 1 && said.contains("PW0668"), "{said}");
    assert_eq!((count(&tables[0]), count(&tables[1])), ("20000".to_owned(), "0".to_owned()));
}
