//! Runs that are killed between their files and the COMMIT of their database: nobody else knows of the rows that are not
//! there, until a run has loaded them. Of SQLite no such moment can be held on to: its file is its run's alone by then.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use super::databases::pages;
use super::is_there;
use super::retries::{by, port, server};

/// A port that leads to another one, and on which no COMMIT goes through.
fn holding_commits(port: u16) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let own = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for near in listener.incoming().flatten() {
            let far = TcpStream::connect(("127.0.0.1", port)).unwrap();
            let (near_2, far_2) = (near.try_clone().unwrap(), far.try_clone().unwrap());
            std::thread::spawn(move || pass(near_2, far_2, b"COMMIT\0"));
            std::thread::spawn(move || pass(far, near, b""));
        }
    });
    own
}

/// Passes on what comes, up to a message that ends so.
fn pass(mut from: TcpStream, mut to: TcpStream, until: &[u8]) {
    let (mut buffer, mut is_held) = ([0; 4096], false);
    while let Ok(count) = from.read(&mut buffer) {
        is_held |= !until.is_empty() && buffer[..count].ends_with(until);
        if count == 0 || !is_held && to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}

fn is_noted(out: &Path) -> bool {
    let names = std::fs::read_dir(out).into_iter().flatten().flatten().map(|entry| entry.file_name());
    names.into_iter().any(|name| name.to_string_lossy().ends_with(".loads"))
}

#[test]
fn rows_that_a_kill_kept_from_their_database_are_told_until_they_are_loaded() {
    let Some(database) = server("places_kills") else { return };
    let table = database.table("pages");
    database.does(&format!("CREATE TABLE {table} (page text, views int)"));
    let count = || database.tells(&format!("SELECT count(*)::text FROM {table}")).concat();
    let desk = pages(&database, json!({"mode": "append"}), json!([["/", 1], ["/b", 2]]));
    let design = std::fs::read_to_string(desk.project()).unwrap();
    let mut held: Json = serde_json::from_str(&design).unwrap();
    held["connections"][0] = by(&database, holding_commits(port(&database)), "0");
    std::fs::write(desk.project(), held.to_string()).unwrap();
    let args = ["run", "p.pipewright.json", "--trust", "--out", "out"];
    let mut run = desk.command(&args).stderr(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
    let begun = Instant::now();
    while !is_noted(&desk.at("out")) {
        assert!(run.try_wait().unwrap().is_none(), "the run waits for its COMMIT");
        assert!(begun.elapsed() < Duration::from_secs(60), "the files came into place");
        std::thread::sleep(Duration::from_millis(5));
    }
    run.kill().unwrap();
    run.wait().unwrap();
    std::fs::write(desk.project(), design).unwrap();
    assert!(is_there(&desk.at("out/beside.jsonl")) && count() == "0", "{}", count());
    let (code, said) = desk.go();
    assert_eq!((code, count().as_str()), (0, "2"), "{said}");
    let rows = format!("the rows of `{table}` of “Shop” may not all be");
    assert!(said.contains("PW1140") && said.contains(&rows), "{said}");
    assert!(!is_noted(&desk.at("out")), "they are there");
    let (code, said) = desk.go();
    assert!(code == 0 && !said.contains("PW1140"), "{said}");
}
