//! Runs that read only what is new: of logs that grow and rotate, of files, of tables; killed at any moment they lose
//! nothing and double nothing.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use crate::places::Database;
use crate::support::{pipewright, texts};

struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    /// A flow from a log into what `load` says.
    fn new(load: Json, connections: Json) -> Desk {
        let desk = Desk { folder: tempfile::tempdir().unwrap() };
        desk.design(&json!({
            "pipewright": 1, "name": "tail", "connections": connections,
            "sources": [{"id": "src-a", "title": "Log", "path": "app.log*", "format": {"name": "json_lines"},
                "schema": {"fields": [{"name": "n", "type": "Int"}, {"name": "text", "type": "String"}]}}],
            "steps": [
                {"id": "read", "kind": "file", "title": "Read", "settings": {"source": "src-a"}},
                {"id": "keep", "kind": "filter", "title": "Keep", "settings": {"predicate": "n > 0"}},
                load,
            ],
            "wires": [{"id": "w1", "from": "read", "to": "keep"}, {"id": "w2", "from": "keep", "to": "load"}],
        }));
        desk
    }

    fn into_file(name: &str, kind: &str) -> Desk {
        Desk::new(
            json!({"id": "load", "kind": "load_file", "title": "Load", "settings": {"path": name, "kind": kind}}),
            json!([]),
        )
    }

    fn into_table(database: &Database, mode: &str) -> Desk {
        let settings = json!({"connection": "con-a", "table": database.table("lines"), "mode": mode, "keys": ["n"]});
        let load = json!({"id": "load", "kind": "load_table", "title": "Load", "settings": settings});
        Desk::new(load, json!([database.connection()]))
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn design(&self, design: &Json) {
        fs::write(self.at("p.pipewright.json"), design.to_string()).unwrap();
    }

    /// Changes the design at a place.
    fn set(&self, at: &str, value: Json) {
        let mut design: Json = serde_json::from_slice(&fs::read(self.at("p.pipewright.json")).unwrap()).unwrap();
        *design.pointer_mut(at).unwrap() = value;
        self.design(&design);
    }

    fn command(&self) -> Command {
        let mut command = pipewright();
        let args = ["run", "p.pipewright.json", "--trust", "--incremental", "--out", "out", "--report", "report.json"];
        command.current_dir(self.folder.path()).args(args);
        command
    }

    /// The exit code and all that was said.
    fn run(&self) -> (i32, String) {
        let (code, out, err) = texts(self.command().output().unwrap());
        (code, out + &err)
    }

    fn run_ok(&self) -> String {
        let (code, said) = self.run();
        assert_eq!(code, 0, "{said}");
        said
    }

    /// It is refused, and changes nothing.
    fn refused(&self, code: &str) {
        let before = self.text();
        let (exit, said) = self.run();
        assert!(exit == 1 && said.contains(code) && said.contains("help: "), "{code}: {exit} {said}");
        assert_eq!(self.text(), before, "{code}");
    }

    fn write(&self, name: &str, numbers: std::ops::RangeInclusive<u64>) {
        let mut file = OpenOptions::new().create(true).append(true).open(self.at(name)).unwrap();
        numbers.for_each(|number| file.write_all(line(number).as_bytes()).unwrap());
    }

    fn text(&self) -> Option<String> {
        fs::read_to_string(self.at("out/out.jsonl")).ok()
    }

    fn numbers(&self) -> Vec<u64> {
        let text = self.text().unwrap_or_default();
        let number = |line: &str| serde_json::from_str::<Json>(line).unwrap()["n"].as_u64().unwrap();
        text.lines().map(number).collect()
    }

    /// All numbers up to this one are there, once and in order.
    fn holds(&self, last: u64) {
        assert_eq!(self.numbers(), (1..=last).collect::<Vec<_>>());
    }
}

fn line(number: u64) -> String {
    format!("{{\"n\": {number}, \"text\": \"line {number} of the log, with some words behind it\"}}\n")
}

fn pack(from: &Path, to: &Path) {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(&fs::read(from).unwrap()).unwrap();
    // It has its name when it is whole.
    let aside = to.with_file_name("packing");
    fs::write(&aside, packer.finish().unwrap()).unwrap();
    fs::rename(aside, to).unwrap();
}

#[test]
fn logs_are_read_on_wherever_they_go() {
    let desk = Desk::into_file("out.jsonl", "jsonl");
    desk.write("app.log", 1..=40);
    let whole = line(41);
    let half = whole.split_at(20);
    OpenOptions::new().append(true).open(desk.at("app.log")).unwrap().write_all(half.0.as_bytes()).unwrap();
    let said = desk.run_ok();
    assert!(said.contains("PW0988") && said.contains("the last 20 bytes of `app.log`"), "{said}");
    desk.holds(40);
    OpenOptions::new().append(true).open(desk.at("app.log")).unwrap().write_all(half.1.as_bytes()).unwrap();
    let said = desk.run_ok();
    assert!(said.contains("app.log read from byte"), "{said}");
    desk.holds(41);
    // Renamed, with lines that came before.
    desk.write("app.log", 42..=43);
    fs::rename(desk.at("app.log"), desk.at("app.log.1")).unwrap();
    desk.write("app.log", 44..=45);
    desk.run_ok();
    desk.holds(45);
    // Packed, while the log goes on.
    desk.write("app.log.1", 46..=46);
    pack(&desk.at("app.log.1"), &desk.at("app.log.2.gz"));
    desk.run_ok();
    fs::remove_file(desk.at("app.log.1")).unwrap();
    desk.write("app.log", 47..=47);
    desk.run_ok();
    desk.holds(47);
    // Copied, and emptied later.
    desk.write("app.log", 48..=48);
    fs::copy(desk.at("app.log"), desk.at("app.log.1")).unwrap();
    desk.run_ok();
    desk.holds(48);
    File::create(desk.at("app.log")).unwrap();
    desk.write("app.log", 49..=50);
    let said = desk.run_ok();
    assert!(!said.contains("PW0977"), "the copy is there: {said}");
    desk.holds(50);
    // Copied, emptied, and written to beyond what it held.
    fs::rename(desk.at("app.log.1"), desk.at("app.log.3")).unwrap();
    desk.write("app.log", 51..=51);
    fs::copy(desk.at("app.log"), desk.at("app.log.1")).unwrap();
    File::create(desk.at("app.log")).unwrap();
    desk.write("app.log", 52..=60);
    desk.run_ok();
    desk.holds(60);
    let before = desk.text();
    let said = desk.run_ok();
    assert!(said.contains("nothing new in 4 files"), "{said}");
    let report: Json = serde_json::from_slice(&fs::read(desk.at("report.json")).unwrap()).unwrap();
    assert_eq!((report["bytes_read"].as_u64(), report["sources"][0]["unchanged_files"].as_u64()), (Some(0), Some(4)));
    assert_eq!(desk.text(), before);
}

/// Logback's, log4j's and many a logrotate's pieces have the date or the number before the ending, or any name at all.
#[test]
fn pieces_of_a_log_are_known_again_by_whatever_name() {
    let desk = Desk::into_file("out.jsonl", "jsonl");
    let times = |from: u64, to: u64| {
        let mut file = OpenOptions::new().create(true).append(true).open(desk.at("logs/app.log")).unwrap();
        for n in from..=to {
            writeln!(file, "{{\"n\": {n}, \"text\": \"2026-03-02T10:{:02}:00Z\"}}", n % 60).unwrap();
        }
    };
    fs::create_dir(desk.at("logs")).unwrap();
    desk.set("/sources/0/path", json!("logs/*"));
    times(1, 6);
    desk.run_ok();
    for (turn, piece) in ["app-2026-03-02.0.log.gz", "app.1.log.gz", "app-20260303.log", "old"].iter().enumerate() {
        let last = 10 * (turn as u64 + 1);
        times(desk.numbers().len() as u64 + 1, last - 2);
        match piece.ends_with(".gz") {
            true => pack(&desk.at("logs/app.log"), &desk.at("logs").join(piece)),
            false => drop(fs::copy(desk.at("logs/app.log"), desk.at("logs").join(piece)).unwrap()),
        }
        File::create(desk.at("logs/app.log")).unwrap();
        times(last - 1, last);
        desk.run_ok();
        let mut numbers = desk.numbers();
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=last).collect::<Vec<_>>(), "{piece}");
    }
}

#[test]
fn what_cannot_be_read_on_is_refused_or_read_anew() {
    let desk = Desk::into_file("out.jsonl", "jsonl");
    desk.write("app.log", 1..=30);
    desk.run_ok();
    // What was read is another now.
    let text = fs::read_to_string(desk.at("app.log")).unwrap();
    fs::write(desk.at("app.log"), text.replacen("line 1 ", "LINE 1 ", 1)).unwrap();
    desk.refused("PW0976");
    // Shorter: it was emptied.
    fs::write(desk.at("app.log"), line(31)).unwrap();
    let said = desk.run_ok();
    assert!(said.contains("PW0977") && said.contains("`app.log` was emptied"), "{said}");
    desk.holds(31);
    // The design, and the output.
    desk.set("/steps/1/settings/predicate", json!("n > 1"));
    desk.refused("PW0983");
    desk.set("/steps/1/settings/predicate", json!("n > 0"));
    desk.run_ok();
    let text = desk.text().unwrap();
    fs::write(desk.at("out/out.jsonl"), text.clone() + "x\n").unwrap();
    desk.refused("PW0982");
    fs::remove_file(desk.at("out/out.jsonl")).unwrap();
    let said = desk.run_ok();
    assert!(said.contains("PW0984"), "{said}");
    assert_eq!(desk.numbers(), [31], "of what is there now");
    fs::write(desk.at("out/.pipewright-checkpoint.json"), "{}").unwrap();
    desk.refused("PW0986");
    fs::remove_file(desk.at("out/.pipewright-checkpoint.json")).unwrap();
    desk.refused("PW0982");
}

#[test]
fn steps_that_need_more_than_a_row_are_named() {
    let desk = Desk::into_file("out.jsonl", "jsonl");
    desk.write("app.log", 1..=3);
    let sorted = json!({"id": "keep", "kind": "sort", "title": "In order",
        "settings": {"keys": ["n"]}});
    desk.set("/steps/1", sorted);
    let (code, said) = desk.run();
    assert!(code == 1 && said.contains("PW0978") && said.contains("“In order”"), "{said}");
    let desk = Desk::into_file("out.parquet", "parquet");
    desk.write("app.log", 1..=3);
    desk.refused("PW0979");
}

#[test]
fn tables_are_read_on_and_loaded() {
    for database in Database::all("incremental_tables") {
        let title = database.title();
        let from = database.table("orders");
        database.does(&format!(
            "CREATE TABLE {from} (id integer, text text); INSERT INTO {from} VALUES (1, 'a'), (2, 'b')"
        ));
        let desk = Desk::into_table(&database, "append");
        desk.set(
            "/sources/0",
            json!({"id": "src-a", "title": "Orders", "connection": "con-a",
            "inquiry": {"query": format!("SELECT id AS n, text FROM {from}")}, "path": "orders.jsonl",
            "format": {"name": "json_lines"},
            "schema": {"fields": [{"name": "n", "type": "Int"}, {"name": "text", "type": "String"}]}}),
        );
        fs::write(desk.at("orders.jsonl"), line(1)).unwrap();
        let (code, said) = desk.run();
        assert!(code == 1 && said.contains("PW0987") && said.contains("“Newer by”"), "{title}: {said}");
        desk.set("/sources/0/inquiry", json!({"query": format!("SELECT id AS n, text FROM {from}"), "newer": "n"}));
        let sql = format!("SELECT cast(n AS text) FROM {}", database.table("lines"));
        let there = || {
            let mut numbers: Vec<u64> = database.tells(&sql).iter().map(|text| text.parse().unwrap()).collect();
            numbers.sort();
            numbers
        };
        desk.run_ok();
        desk.run_ok();
        assert_eq!(there(), [1, 2], "{title}");
        database.does(&format!("INSERT INTO {from} VALUES (3, 'c'), (10, 'd')"));
        desk.run_ok();
        assert_eq!(there(), [1, 2, 3, 10], "{title}");
        desk.set("/steps/1/settings/predicate", json!("n > 1"));
        let (code, said) = desk.run();
        assert!(code == 1 && said.contains("PW0983"), "{title}: {said}");
    }
}

/// Writes to a log and rotates it every few runs, as programs and `logrotate` do, until it is told to stop; gives the last
/// number.
fn keep_writing(folder: &Path, stop: &AtomicBool, runs: &AtomicU32) -> u64 {
    let mut random = fastrand::Rng::with_seed(7);
    let at = |name: &str| folder.join(name);
    let open = || OpenOptions::new().create(true).append(true).open(at("app.log")).unwrap();
    let (mut file, mut number, mut pieces) = (open(), 0, 0);
    let mut turned = 0;
    while !stop.load(Ordering::Relaxed) {
        for _ in 0..random.u64(1..20) {
            number += 1;
            let text = line(number);
            let (first, rest) = text.split_at(random.usize(0..text.len()));
            file.write_all(first.as_bytes()).unwrap();
            if random.u8(..) < 16 {
                std::thread::sleep(Duration::from_micros(random.u64(0..2_000)));
            }
            file.write_all(rest.as_bytes()).unwrap();
        }
        std::thread::sleep(Duration::from_micros(random.u64(2_000..20_000)));
        if runs.load(Ordering::Relaxed) < turned + 3 || random.u8(..) > 16 {
            continue;
        }
        turned = runs.load(Ordering::Relaxed);
        // The highest number is the oldest piece.
        for piece in (2..=pieces).rev() {
            fs::rename(at(&format!("app.log.{piece}.gz")), at(&format!("app.log.{}.gz", piece + 1))).unwrap();
        }
        if pieces > 0 {
            pack(&at("app.log.1"), &at("app.log.2.gz"));
            std::thread::sleep(Duration::from_micros(random.u64(0..20_000)));
            fs::remove_file(at("app.log.1")).unwrap();
        }
        pieces += 1;
        if random.bool() {
            fs::rename(at("app.log"), at("app.log.1")).unwrap();
            file = open();
        } else {
            fs::copy(at("app.log"), at("app.log.1")).unwrap();
            std::thread::sleep(Duration::from_micros(random.u64(0..20_000)));
            file.set_len(0).unwrap();
        }
    }
    number
}

/// Kills so many runs while their log grows and rotates; `there`: the numbers that have arrived. `long` mode: 200 times
/// (`PIPEWRIGHT_LONG=1`).
fn killed(desk: &Desk, title: &str, there: &dyn Fn() -> Vec<u64>) {
    let kills: u32 = if std::env::var_os("PIPEWRIGHT_LONG").is_some() { 200 } else { 20 };
    let (stop, runs) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
    File::create(desk.at("app.log")).unwrap();
    let (writer_stop, writer_runs, folder) = (stop.clone(), runs.clone(), desk.folder.path().to_owned());
    let writer = std::thread::spawn(move || keep_writing(&folder, &writer_stop, &writer_runs));
    let mut random = fastrand::Rng::with_seed(11);
    let begun = Instant::now();
    desk.run();
    let mut duration = begun.elapsed();
    let (mut dead, mut well, mut failed) = (0, 0, BTreeMap::<String, u32>::new());
    while dead < kills || well < kills / 4 {
        let mut child = desk.command().stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let least = if dead % 4 == 0 { 0 } else { duration.as_micros() as u64 / 2 };
        std::thread::sleep(Duration::from_micros(random.u64(least..duration.as_micros() as u64 * 6 / 5)));
        // Some go on to their end, so that there is something to go on with.
        if (dead + well) % 3 > 0 {
            let _ = child.kill();
        }
        let ended = child.wait_with_output().unwrap();
        runs.fetch_add(1, Ordering::Relaxed);
        duration = if ended.status.success() { duration * 4 / 5 } else { duration * 21 / 20 };
        match ended.status.code() {
            None => dead += 1,
            Some(0) => well += 1,
            Some(_) => {
                let said = String::from_utf8_lossy(&ended.stderr).into_owned();
                // Files that go while they are looked at; the next run finds them.
                let known = ["PW0901", "PW0914", "PW0976", "PW0491"].into_iter().find(|code| said.contains(code));
                *failed.entry(known.unwrap_or_else(|| panic!("{title}: {said}")).to_owned()).or_default() += 1;
            }
        }
    }
    stop.store(true, Ordering::Relaxed);
    let last = writer.join().unwrap();
    desk.run_ok();
    let mut found = there();
    found.sort();
    let doubled: Vec<_> = found.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).take(5).collect();
    let lost: Vec<_> = (1..=last).filter(|number| found.binary_search(number).is_err()).take(5).collect();
    println!("{title}: {last} lines, {dead} runs killed, {well} ended well, failed: {failed:?}");
    assert!(doubled.is_empty() && lost.is_empty(), "{title}: doubled {doubled:?}, lost {lost:?} of {last}");
    assert_eq!(found.len() as u64, last, "{title}");
}

#[test]
fn every_line_of_a_log_that_grows_and_rotates_comes_once_whenever_runs_are_killed() {
    let desk = Desk::into_file("out.jsonl", "jsonl");
    killed(&desk, "file", &|| desk.numbers());
}

#[test]
fn every_line_comes_once_into_tables_whenever_runs_are_killed() {
    for database in Database::all("incremental_kills") {
        let desk = Desk::into_table(&database, "append");
        let sql = format!("SELECT cast(n AS text) FROM {}", database.table("lines"));
        killed(&desk, database.title(), &|| database.tells(&sql).iter().map(|text| text.parse().unwrap()).collect());
    }
}

#[test]
fn a_run_that_follows_a_log_takes_its_lines_as_they_come() {
    let desk = Desk::into_file("out.jsonl", "jsonl");
    desk.write("app.log", 1..=10);
    let mut follower =
        desk.command().args(["--follow", "1"]).stderr(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
    let arrive = |last: u64| {
        let begun = Instant::now();
        while desk.numbers().len() as u64 != last && begun.elapsed() < Duration::from_secs(60) {
            std::thread::sleep(Duration::from_millis(50));
        }
        desk.holds(last);
    };
    arrive(10);
    desk.write("app.log", 11..=12);
    arrive(12);
    fs::rename(desk.at("app.log"), desk.at("app.log.1")).unwrap();
    desk.write("app.log", 13..=20);
    arrive(20);
    follower.kill().unwrap();
    follower.wait().unwrap();
    desk.write("app.log", 21..=22);
    desk.run_ok();
    desk.holds(22);
}

#[test]
fn of_two_runs_at_once_one_goes_on() {
    let desk = Desk::into_file("out.jsonl", "jsonl");
    let mut last = 0;
    for _ in 0..6 {
        desk.write("app.log", last + 1..=last + 500);
        last += 500;
        let start = || desk.command().stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let ended: Vec<_> = [start(), start()].map(|child| texts(child.wait_with_output().unwrap())).into();
        assert!(ended.iter().any(|(code, ..)| *code == 0), "{ended:?}");
        let is_known = |(code, _, said): &(i32, String, String)| *code == 0 || said.contains("PW0985");
        assert!(ended.iter().all(is_known), "{ended:?}");
        desk.holds(last);
    }
}

/// Logs of a format whose header changes inside: the pieces in which they are written, and the fields of all headers.
fn changing_logs() -> [(&'static str, Vec<String>, Json); 4] {
    let w3c = |from: u32, names: &str, row: &dyn Fn(u32) -> String| {
        format!("#Fields: {names}\n{}", (from..from + 40).map(row).collect::<String>())
    };
    let time = |n: u32| format!("2024-03-01 10:00:{:02}", n % 60);
    let plain = |n: u32| format!("{} 192.0.2.7 {n}\n", time(n));
    // As many fields, in another order.
    let turned = |n: u32| format!("{} {n} 192.0.2.8\n", time(n));
    let longer = |n: u32| format!("{} {n} 192.0.2.9 word{n}\n", time(n));
    let iis = vec![
        format!("#Software: Microsoft Internet Information Services 10.0\n{}", w3c(1, "date time c-ip n", &plain)),
        (41..60).map(plain).collect(),
        w3c(60, "date time n c-ip", &turned),
        (100..130).map(turned).collect::<String>() + &w3c(130, "date time n c-ip x-new", &longer),
        (170..180).map(longer).collect(),
        w3c(180, "date time c-ip n", &plain),
    ];
    let exchange = vec![
        format!(
            "#Software: Microsoft Exchange Server\n#Fields: date-time,n,text\n{}",
            rows(1..50, |n| format!("2024-03-01T10:00:00Z,{n},a\n"))
        ),
        format!(
            "#Fields: date-time,client-ip,n,text\n{}",
            rows(50..90, |n| format!("2024-03-01T10:00:00Z,192.0.2.7,{n},b\n"))
        ),
        rows(90..99, |n| format!("2024-03-01T10:00:00Z,192.0.2.8,{n},c\n")),
    ];
    let zeek = vec![
        format!(
            "#separator \\x09\n#path\tconn\n#fields\tts\tn\ttext\n{}",
            rows(1..50, |n| format!("1709287200.5\t{n}\ta\n"))
        ),
        rows(50..60, |n| format!("1709287200.5\t{n}\tb\n")),
        format!("#fields\tts\ttext\tn\n{}", rows(60..90, |n| format!("1709287200.5\tc\t{n}\n"))),
        rows(90..99, |n| format!("1709287200.5\td\t{n}\n")),
    ];
    let pods = vec![
        format!("NAME    READY   n\n{}", rows(1..30, |n| format!("web-0   1/1     {n}\n"))),
        format!("NAME              READY   n\n{}", rows(30..50, |n| format!("                  0/1     {n}\n"))),
        rows(50..60, |n| format!("job               0/1     {n}\n                  1/1     {n}00\n")),
    ];
    let fields = |names: &[&str]| {
        let typed = names.iter().map(|name| {
            let data_type = match *name {
                "n" => "Int",
                "time" => "Timestamp",
                _ => "String",
            };
            json!({"name": name, "type": data_type})
        });
        json!({"fields": typed.collect::<Vec<_>>()})
    };
    [
        ("w3c", iis, fields(&["time", "client", "n", "x-new"])),
        ("exchange", exchange, fields(&["time", "client", "n", "text"])),
        ("zeek", zeek, fields(&["time", "n", "text"])),
        ("text_table", pods, fields(&["NAME", "READY", "n"])),
    ]
}

fn rows(numbers: std::ops::Range<u32>, row: impl Fn(u32) -> String) -> String {
    numbers.map(row).collect()
}

fn sorted(path: &Path) -> Vec<String> {
    let mut lines: Vec<String> = fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

#[test]
fn a_header_inside_of_a_log_holds_for_the_runs_behind_it() {
    for (format, pieces, schema) in changing_logs() {
        let desk = Desk::into_file("out.jsonl", "jsonl");
        desk.set("/sources/0/format", json!({"name": format, "options": {"repeated": "keep"}}));
        desk.set("/sources/0/schema", schema);
        let append = |text: &str| {
            let mut log = OpenOptions::new().create(true).append(true).open(desk.at("app.log")).unwrap();
            log.write_all(text.as_bytes()).unwrap();
        };
        for (number, piece) in pieces.iter().enumerate() {
            // Half a line waits, also one of a header.
            let half = piece.len() / 2 + number;
            append(&piece[..half]);
            desk.run_ok();
            append(&piece[half..]);
            let said = desk.run_ok();
            assert!(!said.contains("PW0988"), "{format}: {said}");
            // What an earlier version noted is enough.
            if number == 1 {
                let checkpoint = desk.at("out/.pipewright-checkpoint.json");
                let mut noted: Json = serde_json::from_slice(&fs::read(&checkpoint).unwrap()).unwrap();
                let file = noted.pointer_mut("/outputs/out.jsonl/sources/read/files/0").unwrap();
                assert!(file.as_object_mut().unwrap().remove("carried").is_some(), "{file}");
                fs::write(&checkpoint, noted.to_string()).unwrap();
            }
            // The log is renamed, and goes on behind the same header in a file of its own.
            if number == 2 {
                fs::rename(desk.at("app.log"), desk.at("app.log.1")).unwrap();
                append(&pieces[0]);
                desk.run_ok();
                append(&pieces[1]);
                desk.run_ok();
                fs::rename(desk.at("app.log"), desk.at("app.log.0")).unwrap();
                fs::rename(desk.at("app.log.1"), desk.at("app.log")).unwrap();
            }
        }
        let mut whole = pipewright();
        whole.current_dir(desk.folder.path()).args(["run", "p.pipewright.json", "--trust", "--out", "whole"]);
        let (code, out, err) = texts(whole.output().unwrap());
        assert_eq!(code, 0, "{format}: {out}{err}");
        let (parts, whole) = (sorted(&desk.at("out/out.jsonl")), sorted(&desk.at("whole/out.jsonl")));
        assert!(whole.len() >= 98, "{format}: {}", whole.len());
        assert_eq!(parts, whole, "{format}");
    }
}
