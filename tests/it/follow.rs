//! `read --follow`: a log that grows, also where it is rotated meanwhile; dates whose order nobody tells; whole profiles.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::support::{path, pipewright, run, run_ok};

/// A reader that follows a file, and its lines as they come.
struct Following {
    child: Child,
    lines: Receiver<String>,
}

impl Following {
    fn new(file: &Path, args: &[&str]) -> Self {
        let mut command = pipewright();
        command.args(["read", path(file), "--follow"]).args(args).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (send, lines) = channel();
        let out = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || out.lines().map_while(Result::ok).all(|line| send.send(line).is_ok()));
        Self { child, lines }
    }

    fn next(&self) -> Json {
        let line = self.lines.recv_timeout(Duration::from_secs(60)).expect("a row within a minute");
        serde_json::from_str(&line).unwrap()
    }
}

impl Following {
    /// Ends it: what it said.
    fn end(&mut self) -> String {
        let _ = self.child.kill();
        let mut said = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        said
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn append(file: &Path, text: &str) {
    OpenOptions::new().append(true).open(file).unwrap().write_all(text.as_bytes()).unwrap();
}

fn line(number: u32, level: &str) -> String {
    format!("{{\"n\":{number},\"level\":\"{level}\"}}\n")
}

/// Until the reader stands at the end, what is written may be part of what it passes over.
fn wait_for(following: &Following, file: &Path, line: impl Fn(u32) -> String) {
    for number in 1000.. {
        append(file, &line(number));
        if let Ok(text) = following.lines.recv_timeout(Duration::from_secs(2)) {
            let mut last = serde_json::from_str::<Json>(&text).unwrap();
            while last["n"] != number {
                last = following.next();
            }
            return;
        }
    }
}

#[test]
fn a_log_is_followed_through_both_ways_of_rotation() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("app.log");
    fs::write(&file, (0..400).map(|number| line(number, "info")).collect::<String>()).unwrap();
    let following = Following::new(&file, &["--where", "level = 'error'", "--select", "n"]);
    wait_for(&following, &file, |number| line(number, "error"));
    // What was there before is not told, and only what is asked for.
    append(&file, &[line(1, "info"), line(2, "error")].concat());
    assert_eq!(following.next(), json!({"n": 2}));
    // A line that is written in two pieces is one.
    let whole = line(3, "error");
    append(&file, &whole[..9]);
    std::thread::sleep(Duration::from_millis(1500));
    append(&file, &whole[9..]);
    assert_eq!(following.next()["n"], 3);
    // Renamed and begun anew; the old one gets a last line.
    fs::rename(&file, folder.path().join("app.log.1")).unwrap();
    append(&folder.path().join("app.log.1"), &line(4, "error"));
    fs::write(&file, line(5, "error")).unwrap();
    assert_eq!((following.next()["n"].clone(), following.next()["n"].clone()), (json!(4), json!(5)));
    append(&file, &line(6, "error"));
    assert_eq!(following.next()["n"], 6);
    // Copied and emptied, with a line that only the copy has.
    let mut log = OpenOptions::new().append(true).open(&file).unwrap();
    log.write_all(line(7, "error").as_bytes()).unwrap();
    fs::copy(&file, folder.path().join("app.log.2")).unwrap();
    File::options().write(true).open(&file).unwrap().set_len(0).unwrap();
    log.write_all(line(8, "error").as_bytes()).unwrap();
    assert_eq!((following.next()["n"].clone(), following.next()["n"].clone()), (json!(7), json!(8)));
}

#[test]
fn a_header_that_changes_while_a_log_is_followed_holds_for_the_lines_behind_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("u_ex.log");
    let plain = |number: u32| format!("2024-03-01 10:00:00 192.0.2.7 {number}\n");
    fs::write(&file, format!("#Fields: date time c-ip n\n{}", plain(1).repeat(20))).unwrap();
    let mut following = Following::new(&file, &["--as", "w3c"]);
    wait_for(&following, &file, plain);
    let turned = |number: u32| format!("2024-03-01 10:00:00 {number} 192.0.2.8 late{number}\n");
    append(&file, &format!("#Fields: date time n c-ip x-new\n{}", turned(5)));
    let row = |number: u32| json!({"time": "2024-03-01T10:00:00Z", "client": "192.0.2.8", "n": number});
    assert_eq!(following.next(), row(5));
    append(&file, &turned(6));
    assert_eq!(following.next(), row(6));
    // A log that is begun anew has its own.
    fs::rename(&file, folder.path().join("u_ex.log.1")).unwrap();
    fs::write(&file, format!("#Fields: date time c-ip n\n{}", plain(7))).unwrap();
    assert_eq!(following.next()["client"], "192.0.2.7");
    let said = following.end();
    assert!(said.contains("PW0835") && said.contains("1 of `x-new`"), "{said}");
    assert_eq!(said.matches("x-new").count(), 1, "once: {said}");
}

#[test]
fn what_needs_the_last_row_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.log");
    fs::write(&file, line(1, "info").repeat(3)).unwrap();
    let refused = |args: &[&str], wanted: &str| {
        let (code, _, talk) = run(&[&["read", path(&file), "--follow"], args].concat());
        assert!(code == 2 && talk.contains(wanted), "{code} {talk}");
    };
    refused(&["--by", "level"], "--by needs the last row");
    refused(&["--output", "table"], "--output table, parquet or arrow needs the last row");
    let other = folder.path().join("b.log");
    fs::copy(&file, &other).unwrap();
    let (code, _, talk) = run(&["read", path(&file), path(&other), "--follow"]);
    assert!(code == 1 && talk.contains("PW1129") && talk.contains("2 files are named"), "{code} {talk}");
    fs::create_dir(folder.path().join("sub")).unwrap();
    let apart = folder.path().join("sub/c.log");
    fs::copy(&file, &apart).unwrap();
    let (code, _, talk) = run(&["read", path(&file), path(&apart), "--follow"]);
    assert!(code == 1 && talk.contains("PW1130") && talk.contains("needs rows of other files"), "{code} {talk}");
    let packed = folder.path().join("doc.json");
    fs::write(&packed, "[{\"a\":1},\n{\"a\":2}]\n").unwrap();
    let (code, _, talk) = run(&["read", path(&packed), "--follow"]);
    assert!(code == 1 && talk.contains("PW1128"), "{code} {talk}");
}

#[test]
fn dates_that_can_be_exchanged_are_told_until_an_option_settles_them() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("orders.csv");
    fs::write(&file, "id,day\n1,03/04/2026\n2,05/06/2026\n3,11/12/2026\n").unwrap();
    let doubt = "day and month can be exchanged in `day`";
    for args in [&["sniff", path(&file)][..], &["read", path(&file)]] {
        let (code, out, talk) = run(args);
        assert!(code == 0 && talk.contains("PW1127") && talk.contains(doubt), "{out} {talk}");
    }
    assert!(run_ok(&["read", path(&file)]).contains("\"03/04/2026\""), "it stays text");
    for (option, day) in [("dates=day", "2026-04-03"), ("dates=month", "2026-03-04")] {
        let (code, out, talk) = run(&["read", path(&file), "--set", option]);
        assert!(
            code == 0 && out.starts_with(&format!("{{\"id\":1,\"day\":\"{day}\"}}")) && talk.is_empty(),
            "{out}{talk}"
        );
    }
    let project = folder.path().join("p.pipewright.json");
    run_ok(&["read", path(&file), "--where", "id > 1", "--save", path(&project)]);
    let (_, out, _) = run(&["check", path(&project)]);
    assert!(out.contains("PW1127") && out.contains(doubt), "{out}");
    let (code, _, talk) = run(&["read", path(&file), "--set", "dates=year"]);
    assert!(code != 0 && talk.contains("choose one of day, month"), "{talk}");
    // One value tells.
    fs::write(&file, "id,day\n1,03/04/2026\n2,25/06/2026\n").unwrap();
    let (_, out, talk) = run(&["read", path(&file)]);
    assert!(out.contains("\"day\":\"2026-04-03\"") && talk.is_empty(), "{out}{talk}");
    assert!(run_ok(&["sniff", path(&file)]).contains("the day is the first number in `day`: 25/06/2026"));
}

#[test]
fn a_whole_profile_estimates_what_is_too_much_to_keep() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ids.csv");
    let rows: String = (0..150_000).map(|id| format!("{id},{}\n", id % 7)).collect();
    fs::write(&file, format!("id,kind\n{rows}")).unwrap();
    let told: Json = serde_json::from_str(&run_ok(&["profile", path(&file), "--whole", "--format", "json"])).unwrap();
    let columns = &told[0]["columns"];
    let distinct = columns[0]["distinct"].as_u64().unwrap();
    assert!(columns[0]["estimated"] == true && distinct.abs_diff(150_000) < 4_000, "{distinct}");
    assert_eq!((&columns[1]["distinct"], &columns[1]["estimated"]), (&json!(7), &json!(false)));
    assert_eq!((&columns[1]["top"][0]["count"], &told[0]["rows"]), (&json!(21_429), &json!(150_000)));
    assert!(run_ok(&["profile", path(&file), "--whole"]).contains("about "));
}
