//! `read` with a question, in ranges of bytes, and as an Arrow stream.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value as Json, json};

use crate::support::{path, pipewright, python, python_that, python_with_duckdb, run, run_ok, texts};

const ACCESS: &str = "projects/shop/samples/access.log";

fn rows(text: &str) -> Vec<Json> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn what_is_asked_of_a_file_is_what_its_rows_say() {
    let all = rows(&run_ok(&["read", ACCESS]));
    let mut expected: BTreeMap<i64, (i64, i64)> = BTreeMap::new();
    for row in all.iter().filter(|row| row["method"] == "GET" && row["status"].is_i64()) {
        let group = expected.entry(row["status"].as_i64().unwrap()).or_default();
        group.0 += 1;
        group.1 += row["bytes"].as_i64().unwrap_or_default();
    }
    let mut expected: Vec<(i64, i64, i64)> =
        expected.into_iter().map(|(status, (count, bytes))| (status, count, bytes)).collect();
    expected.sort_by_key(|(status, count, _)| (-count, *status));
    let asked = [
        "read",
        ACCESS,
        "--where",
        "method = 'GET' and status is not null",
        "--by",
        "status",
        "--agg",
        "count(*), sum(bytes) as bytes",
    ];
    let found = rows(&run_ok(&asked));
    let number = |row: &Json, name: &str| row[name].as_i64().unwrap();
    let found: Vec<(i64, i64, i64)> =
        found.iter().map(|row| (number(row, "status"), number(row, "count"), number(row, "bytes"))).collect();
    assert_eq!(found, expected);
    let csv =
        run_ok(&[&asked[..], &["--top", "1", "--select", "status, count / 2 as half", "--output", "csv"]].concat());
    let (status, count, _) = expected[0];
    assert_eq!(csv, format!("status,half\n{status},{:?}\n", count as f64 / 2.0));
    let table =
        run_ok(&["read", ACCESS, "--sort", "bytes desc", "--top", "2", "--select", "path", "--output", "table"]);
    assert!(table.starts_with("path") && table.lines().count() == 3, "{table}");
    let limited = run_ok(&["read", ACCESS, "--where", "status = 200", "--limit", "2"]);
    let first: Vec<Json> = all.iter().filter(|row| row["status"] == 200).take(2).cloned().collect();
    assert_eq!(rows(&limited), first);
}

#[test]
fn what_is_asked_is_kept_as_a_project_that_gives_the_same() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.csv", "b.csv"] {
        fs::write(folder.path().join(name), "host,n\nx,1\ny,2\nx,3\n").unwrap();
    }
    let in_folder = |args: &[&str]| texts(pipewright().current_dir(folder.path()).args(args).output().unwrap());
    let asked = [
        "read", "a.csv", "b.csv", "--by", "host", "--agg", "sum(n)", "--output", "csv", "--to", "sums.csv", "--save",
        "q",
    ];
    let (code, _, talk) = in_folder(&asked);
    assert_eq!(code, 0, "{talk}");
    let sums = fs::read_to_string(folder.path().join("sums.csv")).unwrap();
    assert_eq!(sums, "host,sum_n\nx,8\ny,4\n");
    let project = fs::read_to_string(folder.path().join("q.pipewright.json")).unwrap();
    assert!(project.contains(r#""path": "*.csv""#), "{project}");
    // The sums are no source of theirs.
    fs::remove_file(folder.path().join("sums.csv")).unwrap();
    let (code, _, talk) = in_folder(&["run", "q.pipewright.json", "--out", "out"]);
    assert_eq!(code, 0, "{talk}");
    assert_eq!(fs::read_to_string(folder.path().join("out/sums.csv")).unwrap(), sums);
    let (code, _, talk) = in_folder(&asked);
    assert!(code == 2 && talk.contains("already"), "{talk}");
}

#[test]
fn what_cannot_be_asked_says_which_option_is_wrong() {
    let fault = |args: &[&str]| {
        let (code, out, talk) = run(&[&["read", ACCESS], args].concat());
        assert_eq!((code, out.as_str()), (2, ""), "{talk}");
        talk
    };
    assert!(fault(&["--where", "status >="]).contains("--where"));
    assert!(fault(&["--agg", "sum(bytes) as"]).contains("--agg"));
    let unknown = fault(&["--by", "statu"]);
    assert!(unknown.contains("did you mean `status`"), "{unknown}");
    assert!(fault(&["--by", "status", "--limit", "3"]).contains("--limit"));
    assert!(fault(&["--range", "5-1"]).contains("PW0918"));
    assert!(fault(&["--range", "0-10", "--by", "status"]).contains("range"));
    assert!(fault(&["--declared", "Cargo.toml"]).contains("declares no source"));
}

#[test]
fn ranges_give_every_row_once_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let declared = folder.path().join("source.json");
    // As an exported pipeline has it.
    let out = folder.path().join("bundle");
    run_ok(&["export", "projects/shop/shop.pipewright.json", "--target", "pipeline", "--out", path(&out)]);
    let pipeline: Json = serde_json::from_str(&fs::read_to_string(out.join("pipeline.json")).unwrap()).unwrap();
    let nodes = pipeline["nodes"].as_array().unwrap();
    let read = nodes.iter().find(|node| node["op"] == "read" && node["format"]["name"] == "nginx_access");
    fs::write(&declared, read.expect("a read of the access log").to_string()).unwrap();
    let whole = run_ok(&["read", ACCESS, "--declared", path(&declared), "--position"]);
    let size = fs::metadata(crate::support::root().join(ACCESS)).unwrap().len();
    let mut joined = String::new();
    for from in (0..size).step_by(100_003) {
        let range =
            format!("{from}-{}", if from + 100_003 < size { (from + 100_003).to_string() } else { String::new() });
        joined += &run_ok(&["read", ACCESS, "--declared", path(&declared), "--position", "--range", &range]);
    }
    assert_eq!(joined, whole);
}

#[test]
fn an_arrow_stream_has_its_schema_also_without_rows() {
    let stream = |args: &[&str]| {
        let output = pipewright().args([&["read", ACCESS, "--output", "arrow"], args].concat()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    let (none, some) = (stream(&["--range", "3-4"]), stream(&["--limit", "1"]));
    assert!(some.len() > none.len());
    // A schema's message and the end of the stream.
    assert!(none.starts_with(&[0xff; 4]) && none.ends_with(&[0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]));
    assert_eq!(none[..200], some[..200]);
}

#[test]
fn pieces_of_paths_are_columns_natively_and_in_bundles() {
    let folder = tempfile::tempdir().unwrap();
    for (host, day, level) in
        [("web-1", "2026-03-01", "INFO"), ("web-2", "2026-03-01", "WARN"), ("db", "2026-03-02", "INFO")]
    {
        let place = folder.path().join("logs").join(host);
        fs::create_dir_all(&place).unwrap();
        let line = format!("{{\"level\":\"{level}\",\"n\":1}}\n");
        fs::write(place.join(format!("app-{day}.jsonl")), line).unwrap();
    }
    let in_folder = |args: &[&str]| texts(pipewright().current_dir(folder.path()).args(args).output().unwrap());
    let path = "logs/<host>/app-<day>.jsonl";
    let (code, out, talk) = in_folder(&["read", path, "--position", "--limit", "1"]);
    assert_eq!(code, 0, "{talk}");
    assert!(out.contains(r#""host":"db","day":"2026-03-02","_file":"logs/db/app-2026-03-02.jsonl""#), "{out}");
    let asked =
        ["--by", "host, try_cast(day as date) as day", "--agg", "sum(n) as n", "--sort", "host", "--output", "csv"];
    let (code, out, talk) = in_folder(&[&["read", path], &asked[..], &["--save", "q"]].concat());
    assert_eq!(code, 0, "{talk}");
    let wanted = "host,day,n\ndb,2026-03-02,1\nweb-1,2026-03-01,1\nweb-2,2026-03-01,1\n";
    assert_eq!(out, wanted);
    let (code, out, talk) = in_folder(&["run", "q.pipewright.json"]);
    assert_eq!((code, out.as_str()), (0, wanted), "{talk}");
    // The receipt's files lie in folders of the same names.
    let (code, _, talk) = in_folder(&["export", "q.pipewright.json", "--target", "pipeline", "--out", "b"]);
    assert_eq!(code, 0, "{talk}");
    let expected = fs::read_to_string(folder.path().join("b/receipt/pipeline.json")).unwrap();
    assert!(expected.contains("host=<host>/day=<day>/*"), "{expected}");
    assert!(folder.path().join("b/receipt/data/source_0/host=web-1/day=2026-03-01/app-2026-03-01.jsonl").is_file());
    let (code, _, talk) = in_folder(&["read", path, "logs/db/app-2026-03-02.jsonl"]);
    assert!(code == 2 && talk.contains("read it alone"), "{talk}");
}

#[test]
fn a_pattern_is_learned_from_marked_pieces_and_reads_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("house.log");
    let lines: String = (1..=500)
        .map(|number| match number % 50 {
            0 => "-- mark --\n".to_owned(),
            _ => format!(
                "#{number} ~ 2026-03-02 10:{:02}:00 ~ web-{} ~ took {}.5s ~ GET /p/{number}\n",
                number % 60,
                number % 3,
                number % 7
            ),
        })
        .collect();
    fs::write(&file, lines).unwrap();
    let (code, _, talk) = run(&["pattern", path(&file)]);
    assert!(code == 2 && talk.contains("1: #1 ~ 2026-03-02"), "{talk}");
    let marks = [
        "--mark",
        "1:n=1",
        "--mark",
        "1:time=2026-03-02 10:01:00",
        "--mark",
        "1:host=web-1",
        "--mark",
        "1:took=1.5",
        "--mark",
        "1:request=GET /p/1",
    ];
    let found = run_ok(&[&["pattern", path(&file), "--format", "json"][..], &marks].concat());
    let found: Json = serde_json::from_str(&found).unwrap();
    assert_eq!((&found["fit"], &found["units"]), (&Json::from(490), &Json::from(500)), "{found}");
    assert_eq!(found["unfit"][0]["text"], "-- mark --");
    let types: Vec<&str> =
        found["schema"]["fields"].as_array().unwrap().iter().map(|field| field["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["Int", "Timestamp", "String", "Float", "String"]);
    // As the text says it is read.
    let told = run_ok(&[&["pattern", path(&file)][..], &marks].concat());
    assert!(told.contains("490 of 500 lines fit (98.0 %)"), "{told}");
    let options = found["format"]["options"].as_object().unwrap();
    let set: Vec<String> = options.iter().map(|(name, value)| format!("{name}={}", value.as_str().unwrap())).collect();
    let mut read = vec!["read", path(&file), "--as", "pattern"];
    set.iter().for_each(|option| read.extend(["--set", option]));
    let out = rows(&run_ok(&read));
    assert_eq!(out.len(), 490);
    assert_eq!(
        out[1],
        serde_json::json!({"n": 2, "time": "2026-03-02T10:02:00Z", "host": "web-2", "took": 2.5, "request": "GET /p/2"})
    );
    for wrong in ["1:n", "x:n=1", "9999:n=1", "1:n=nowhere"] {
        assert_eq!(run(&["pattern", path(&file), "--mark", wrong]).0, 2, "{wrong}");
    }
}

#[test]
fn files_together_are_what_their_values_are() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    let top = |pattern: &str| {
        let pattern = folder.path().join(pattern);
        rows(&run_ok(&["read", path(&pattern), "--agg", "max(id) as top", "--agg", "count(*) as n"]))
    };
    // A day without rows, a file whose column has no value.
    file("a1.csv", "id,v\n9,2\n10,1\n");
    file("a2.csv", "id,v\n");
    file("a3.csv", "id,v\n,3\n");
    assert_eq!(top("a*.csv"), [json!({"top": 10, "n": 3})]);
    file("b1.csv", "id,v\n");
    file("b2.csv", "id,v\n9,2\n10,1\n");
    assert_eq!(top("b*.csv"), [json!({"top": 10, "n": 2})]);
    file("c1.jsonl", "{\"id\":9}\n{\"id\":10}\n");
    file("c2.jsonl", "{\"id\":null}\n");
    assert_eq!(top("c*.jsonl"), [json!({"top": 10, "n": 3})]);
    file("d1.csv", "id\n9\n10\n");
    file("d2.csv", "id\nx\n");
    assert_eq!(top("d*.csv"), [json!({"top": "x", "n": 3})]);
    // Pieces of one table, of which the first has the header.
    file("e1.csv", "id,name\n1,x\n2,y\n");
    file("e2.csv", "3,z\n4,w\n");
    let all = rows(&run_ok(&["read", path(&folder.path().join("e*.csv"))]));
    assert_eq!((all.len(), &all[2]), (4, &json!({"id": 3, "name": "z"})));
    // A project whose first file has no rows.
    let project = json!({"pipewright": 1, "name": "p", "sources": [{"id": "s", "title": "S", "path": "b*.csv"}],
        "steps": [{"id": "f", "kind": "file", "title": "F", "settings": {"source": "s"}},
            {"id": "g", "kind": "aggregate", "title": "G", "settings": {"measures": [{"id": "m", "name": "top", "expression": "max(id)"}]}},
            {"id": "l", "kind": "load_file", "title": "L", "settings": {"path": "o.jsonl", "kind": "jsonl"}}],
        "wires": [{"id": "w1", "from": "f", "to": "g"}, {"id": "w2", "from": "g", "to": "l"}]});
    file("p.pipewright.json", &project.to_string());
    let out = folder.path().join("out");
    run_ok(&["run", path(&folder.path().join("p.pipewright.json")), "--out", path(&out)]);
    assert_eq!(rows(&fs::read_to_string(out.join("o.jsonl")).unwrap()), [json!({"top": 10})]);
}

#[test]
fn zeros_that_numbers_lose_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let late = folder.path().join("late.csv");
    let many: String = (1..20_000).map(|n| format!("{n},{}\n", 10_000 + n)).collect();
    fs::write(&late, format!("id,zip\n{many}20001,01067\n20002,1067\n20003,00001067\n20004,0\n")).unwrap();
    let (code, _, err) = run(&["read", path(&late), "--summary", "text"]);
    assert!(code == 0 && err.contains("007") && err.contains("2 of `zip`"), "{err}");
}

#[test]
fn numbers_since_1970_are_times_which_is_told_and_turned_round() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("pino.log");
    let file = path(&log);
    fs::write(file, "{\"level\":30,\"time\":1709287200123,\"n\":1}\n{\"level\":30,\"time\":1709287201000,\"n\":2}\n")
        .unwrap();
    let (_, out, shown) = run(&["read", file]);
    let first = &rows(&out)[0];
    assert_eq!(first, &json!({"level": 30, "time": "2024-03-01T10:00:00.123Z", "n": 1}));
    assert!(shown.contains("PW1156") && shown.contains("`time` (milliseconds)"), "{shown}");
    let sniffed: Json = serde_json::from_str(&run_ok(&["sniff", file, "--format", "json"])).unwrap();
    assert_eq!(sniffed[0]["options"]["epochs"], "time=ms");
    assert_eq!(
        (&sniffed[0]["guesses"][0]["code"], &sniffed[0]["fields"][1]["type"]),
        (&"PW1156".into(), &"Timestamp".into())
    );
    let kept = rows(&run_ok(&["read", file, "--set", "epochs=none"]));
    assert_eq!(kept[0]["time"], 1_709_287_200_123_i64);
    // Nanoseconds that a time does not hold stand beside it; a format that is named is looked at as well.
    let table = folder.path().join("edge.csv");
    let file = path(&table);
    fs::write(file, "EdgeStartTimestamp,bytes\n1709287200123456789,1709287200\n1709287200123456780,1709287201\n")
        .unwrap();
    let edge = &rows(&run_ok(&["read", file, "--as", "csv"]))[0];
    assert_eq!(edge["EdgeStartTimestamp"], "2024-03-01T10:00:00.123456Z");
    assert_eq!(
        (&edge["EdgeStartTimestamp_ns"], &edge["bytes"]),
        (&1_709_287_200_123_456_789_i64.into(), &1_709_287_200.into())
    );
}

#[test]
fn values_that_are_left_out_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pw.jsonl");
    fs::write(&file, "{\"id\":1,\"o\":{\"a\":1,\"password\":\"x\"}}\n{\"id\":2,\"o\":\"txt\"}\n").unwrap();
    for verb in ["read", "profile"] {
        let (code, out, err) = run(&[verb, path(&file)]);
        assert!(code == 0 && err.contains("PW0835") && err.contains("`password`"), "{verb}: {err}");
        assert!(!out.contains("\"x\"") && !out.contains("password"), "{verb}: {out}");
    }
    // A piece of the path takes the place of a column.
    fs::create_dir(folder.path().join("d")).unwrap();
    fs::write(folder.path().join("d/007.csv"), "id,v\n1,2\n").unwrap();
    let (code, _, err) = run(&["read", path(&folder.path().join("d/<id>.csv"))]);
    assert!(code == 0 && err.contains("PW0835") && err.contains("1 of `id`"), "{err}");
}

/// What a file is is found by its bytes: tables of SQLite, elements of XML, lines of several programs, messages in messages.
#[test]
fn files_of_many_kinds_are_read_by_themselves() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let file = folder.path().join(name);
        fs::write(&file, text).unwrap();
        path(&file).to_owned()
    };
    let database = folder.path().join("app.db");
    let sql = "create table visits (at text, who text); insert into visits values ('2024-07-01 10:00:00', 'bob');
        create table others (n integer); insert into others values (7);";
    rusqlite::Connection::open(&database).unwrap().execute_batch(sql).unwrap();
    let database = path(&database);
    assert_eq!(run_ok(&["read", database]), "{\"at\":\"2024-07-01T10:00:00Z\",\"who\":\"bob\"}\n");
    assert_eq!(run_ok(&["read", database, "--as", "csv", "--set", "table=others"]), "{\"n\":7}\n");
    let zoned = run_ok(&["read", database, "--as", "csv", "--set", "zone=Europe/Berlin", "--select", "at"]);
    assert_eq!(zoned, "{\"at\":\"2024-07-01T08:00:00Z\"}\n");
    for (option, code) in [("table=other", "PW0921"), ("zone=Berlin", "PW1126")] {
        let (status, _, talk) = run(&["read", database, "--as", "csv", "--set", option]);
        assert!(status == 1 && talk.contains(code), "{talk}");
    }
    let xml = file("a.xml", "<r><e n=\"1\"><who>bob</who></e><e n=\"2\"><who>eve</who></e></r>\n");
    assert_eq!(run_ok(&["read", &xml]), "{\"n\":1,\"who\":\"bob\"}\n{\"n\":2,\"who\":\"eve\"}\n");
    let ini = file("a.ini", "[server]\nhost = web1\nport = 80\n");
    assert_eq!(
        run_ok(&["read", &ini]),
        "{\"section\":\"server\",\"key\":\"host\",\"value\":\"web1\"}\n{\"section\":\"server\",\"key\":\"port\",\"value\":\"80\"}\n"
    );
    let pair = "{\"level\":\"info\",\"n\":1}\n192.0.2.7 - - [01/Mar/2024:10:00:00 +0000] \"GET / HTTP/1.1\" 200 12\n";
    let mixed = file("a.log", &pair.repeat(3));
    let asked = run_ok(&["read", &mixed, "--by", "_format", "--agg", "count(*)", "--sort", "_format"]);
    assert_eq!(asked, "{\"_format\":\"json_lines\",\"count\":3}\n{\"_format\":\"nginx_access\",\"count\":3}\n");
    let syslog = file("syslog", &"Mar  1 10:00:00 web1 api[7]: {\"level\":\"info\",\"n\":1}\n".repeat(3));
    let asked = run_ok(&["read", &syslog, "--select", "host, level, n", "--limit", "1"]);
    assert_eq!(asked, "{\"host\":\"web1\",\"level\":\"info\",\"n\":1}\n");
}

/// Numbers of a source that was not read to its end are told as such; of one that was they are all there are.
#[test]
fn a_limit_that_ends_reading_says_that_the_rest_was_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let rows: String = (0..400_000).map(|n| format!("{n},{},{n}\n", n % 3)).collect();
    fs::write(at("large.csv"), format!("id,k,v\n{rows}")).unwrap();
    fs::write(at("small.csv"), "id,k,v\n1,1,1\n2,2,2\n3,3,3\n").unwrap();
    const TOLD: &str = "the rest was not read";
    for (file, is_told) in [("large.csv", true), ("small.csv", false)] {
        for option in ["--top", "--limit"] {
            let (code, _, talk) = run(&["read", &at(file), option, "2", "--summary", "text"]);
            assert!(code == 0 && talk.contains(TOLD) == is_told, "{file} {option}: {talk}");
        }
        let (project, report) = (at("p"), at("report.json"));
        run_ok(&["read", &at(file), "--top", "2", "--save", &project]);
        let project = format!("{project}.pipewright.json");
        let (code, _, talk) = run(&["run", &project, "--trust", "--out", &at("out"), "--report", &report]);
        assert!(code == 0 && talk.contains(TOLD) == is_told, "{file}: {talk}");
        let report: Json = serde_json::from_str(&fs::read_to_string(report).unwrap()).unwrap();
        let (bytes, read) = (fs::metadata(at(file)).unwrap().len(), report["bytes_read"].as_u64().unwrap());
        assert!(read > 0 && (read < bytes) == is_told && read <= bytes, "{file}: {read} of {bytes}");
        assert_eq!(report["sources"][0]["tally"]["stopped"] == true, is_told, "{report}");
        fs::remove_file(project).unwrap();
        fs::remove_file(at("report.json")).unwrap();
    }
}

/// The mark that spreadsheets write before a text is no part of it, nor does it move the header.
#[test]
fn a_mark_before_the_text_makes_no_row_of_the_header() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("n.csv");
    for (text, wanted) in [
        ("name\nann\nbob\n", vec![json!({"name": "ann"}), json!({"name": "bob"})]),
        // A value that is like the header is one.
        ("name\nann\nname\n", vec![json!({"name": "ann"}), json!({"name": "name"})]),
    ] {
        for mark in ["", "\u{feff}"] {
            fs::write(&file, format!("{mark}{text}")).unwrap();
            let told = run_ok(&["read", path(&file), "--as", "csv", "--set", "header=yes"]);
            assert_eq!(rows(&told), wanted, "{mark:?} {text:?}");
        }
    }
}

/// What a partitioned load wrote is read back with all of its columns.
#[test]
fn partitions_are_read_back_with_their_columns() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let texts = [json!("a b"), json!("x/y=%"), json!(""), json!("null"), json!(".."), json!("%41"), Json::Null];
    let days = [json!("2026-03-02"), Json::Null];
    let all: Vec<[Json; 3]> = (0..14).map(|n| [days[n % 2].clone(), texts[n / 2].clone(), json!(n)]).collect();
    for kind in ["csv", "jsonl", "parquet"] {
        let columns =
            json!([{"name": "day", "type": "Date"}, {"name": "who", "type": "String"}, {"name": "n", "type": "Int"}]);
        let design = json!({"pipewright": 1, "name": "p", "wires": [{"id": "w", "from": "t", "to": "l"}], "steps": [
            {"id": "t", "kind": "table", "title": "T", "settings": {"columns": columns, "rows": all}},
            {"id": "l", "kind": "load_file", "title": "L",
                "settings": {"path": format!("{kind}-rows"), "kind": kind, "partition": ["day", "who"]}}]});
        fs::write(at("p.pipewright.json"), design.to_string()).unwrap();
        run_ok(&["run", path(&at("p.pipewright.json")), "--out", path(&at("out"))]);
        let written = at("out").join(format!("{kind}-rows"));
        let mut found = rows(&run_ok(&["read", path(&written)]));
        found.sort_by_key(|row| row["n"].as_i64());
        let wanted: Vec<Json> = all.iter().map(|[day, who, n]| json!({"n": n, "day": day, "who": who})).collect();
        assert_eq!(found, wanted, "{kind}");
        // A source of a design takes the folder so, too.
        let back = json!({"pipewright": 1, "name": "q", "wires": [{"id": "w", "from": "f", "to": "l"}],
            "sources": [{"id": "s", "title": "S", "path": format!("out/{kind}-rows")}],
            "steps": [{"id": "f", "kind": "file", "title": "F", "settings": {"source": "s"}},
                {"id": "l", "kind": "load_file", "title": "L", "settings": {"path": "back.jsonl", "kind": "jsonl", "order": ["n"]}}]});
        fs::write(at("q.pipewright.json"), back.to_string()).unwrap();
        run_ok(&["run", path(&at("q.pipewright.json")), "--out", path(&at("back"))]);
        assert_eq!(rows(&fs::read_to_string(at("back/back.jsonl")).unwrap()), wanted, "{kind}");
    }
}

/// Some programs write `./` before every name of an archive, and a mark before every text: nothing is hidden there, and
/// no mark is text.
#[test]
fn no_file_of_an_archive_is_left_out_for_a_dot_before_its_folder() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("d.zip");
    let script = "import sys, zipfile\n\
        z = zipfile.ZipFile(sys.argv[1], 'w')\n\
        for n, name in enumerate(['./a.csv', 'x/../b.csv', 'c.csv', '.hidden/d.csv']): z.writestr(name, f'\\ufeffid,n\\n{n},1\\n')\n\
        z.close()";
    texts(std::process::Command::new(python).args(["-c", script, path(&file)]).output().unwrap());
    assert_eq!(rows(&run_ok(&["read", path(&file)])), [0, 1, 2].map(|id| json!({"id": id, "n": 1})));
}

/// Arrow has clocks in whole seconds, which Parquet keeps in milliseconds.
#[test]
fn clocks_of_parquet_files_are_what_was_written() {
    let Some(python) = python_that("-c", &["import pyarrow"]) else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.parquet");
    let script = "import sys, pyarrow as a, pyarrow.parquet as q\n\
        seconds = [1, 3600, 86399, None]\n\
        q.write_table(a.table({'s': a.array(seconds, a.time32('s')), \
        'ms': a.array([s and s * 1000 for s in seconds], a.time32('ms')), \
        'l': a.array([[s] for s in seconds], a.list_(a.time32('s')))}), sys.argv[1])";
    texts(std::process::Command::new(python).args(["-c", script, path(&file)]).output().unwrap());
    let clocks = [json!("00:00:01"), json!("01:00:00"), json!("23:59:59"), Json::Null];
    let wanted: Vec<Json> = clocks.iter().map(|clock| json!({"s": clock, "ms": clock, "l": [clock]})).collect();
    assert_eq!(rows(&run_ok(&["read", path(&file)])), wanted);
}

/// Spans in seconds and milliseconds may be longer than Pipewright's, and came out as others.
#[test]
fn spans_of_parquet_files_that_are_too_long_are_null_and_told() {
    let Some(python) = python_that("-c", &["import pyarrow"]) else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.parquet");
    let script = "import sys, pyarrow as a, pyarrow.parquet as q\n\
        spans = [90, -(2 ** 62), 2 ** 63 - 1, None]\n\
        q.write_table(a.table({unit: a.array(spans, a.duration(unit)) for unit in ['s', 'ms']}), sys.argv[1])";
    texts(std::process::Command::new(python).args(["-c", script, path(&file)]).output().unwrap());
    let (code, found, talk) = run(&["read", path(&file)]);
    let none = json!({"s": null, "ms": null});
    assert_eq!(
        (code, rows(&found)),
        (0, vec![json!({"s": "PT1M30S", "ms": "PT0.09S"}), none.clone(), none.clone(), none])
    );
    assert!(talk.contains("PW0731") && talk.contains("2 of `s`") && talk.contains("2 of `ms`"), "{talk}");
}

/// Rows name their files from the folder of sources on, whoever runs the design and wherever.
#[test]
fn files_have_one_name_natively_and_in_bundles() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir_all(at("p/in/shop7")).unwrap();
    fs::write(at("p/in/shop7/a.csv"), "id\n1\n").unwrap();
    let design = json!({"pipewright": 1, "name": "p", "wires": [{"id": "w", "from": "f", "to": "l"}],
        "sources": [{"id": "s", "title": "S", "path": "in/*/*.csv", "format": {"name": "csv"},
            "schema": {"fields": [{"name": "id", "type": "Int"}]}}],
        "steps": [{"id": "f", "kind": "file", "title": "F", "settings": {"source": "s", "position": true}},
            {"id": "l", "kind": "load_file", "title": "L", "settings": {"path": "o.jsonl", "kind": "jsonl"}}]});
    let project = at("p/p.pipewright.json");
    fs::write(&project, design.to_string()).unwrap();
    let name = |out: &str| rows(&fs::read_to_string(at(out).join("o.jsonl")).unwrap())[0]["_file"].clone();
    run_ok(&["run", path(&project), "--out", path(&at("native"))]);
    assert_eq!(name("native"), json!("in/shop7/a.csv"));
    run_ok(&["export", path(&project), "--target", "pipeline", "--out", path(&at("b"))]);
    let given = format!("source_folder={}", path(&at("p")));
    run_ok(&["run", path(&at("b/pipeline.json")), "--param", &given, "--out", path(&at("bundle")), "--trust"]);
    assert_eq!(name("bundle"), json!("in/shop7/a.csv"));
    let Some(python) = python_with_duckdb() else { return };
    let out = at("duckdb");
    let args = ["run", path(&project), "--engine", "duckdb", "--out", path(&out), "--trust"];
    let (code, _, told) = texts(pipewright().args(args).env("PYTHON", python).output().unwrap());
    assert!(code == 0 && told.contains("PW0634"), "{told}");
    assert_eq!(name("duckdb"), json!("in/shop7/a.csv"));
}

#[test]
fn what_is_handed_over_is_in_no_bundle() {
    let folder = tempfile::tempdir().unwrap();
    let project = folder.path().join("p.pipewright.json");
    let design = json!({"pipewright": 1, "name": "p", "wires": [{"id": "w", "from": "f", "to": "l"}],
        "sources": [{"id": "s", "title": "S", "path": "-", "format": {"name": "csv"},
            "schema": {"fields": [{"name": "id", "type": "Int"}]}}],
        "steps": [{"id": "f", "kind": "file", "title": "F", "settings": {"source": "s"}},
            {"id": "l", "kind": "load_file", "title": "L", "settings": {"path": "o.jsonl", "kind": "jsonl"}}]});
    fs::write(&project, design.to_string()).unwrap();
    for target in ["pipeline", "duckdb", "polars"] {
        let out = folder.path().join(target);
        let (code, _, told) = run(&["export", path(&project), "--target", target, "--out", path(&out)]);
        assert!(code != 0 && told.contains("PW0639") && !out.exists(), "{target}: {told}");
    }
}

#[test]
fn rows_that_look_like_a_header_or_stand_in_two_pieces_are_kept_or_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let file = folder.path().join(name);
        fs::write(&file, text).unwrap();
        path(&file).to_owned()
    };
    let count = |args: &[&str]| {
        let (code, out, talk) = run(&[&["read"], args, &["--agg", "count(*) as n"]].concat());
        assert_eq!(code, 0, "{talk}");
        (rows(&out)[0]["n"].as_i64().unwrap(), talk)
    };
    // No row is taken for a header that can be none, and where one may be that is said.
    assert_eq!(count(&[&file("mail.csv", "ann@x.de\nbob@x.de\ncy@x.de\n")]).0, 3);
    let names = file("n.csv", "name\nann\nbob\n");
    let (found, talk) = count(&[&names]);
    assert!(found == 2 && talk.contains("PW1131") && talk.contains("option `header`"), "{talk}");
    assert!(run(&["sniff", &names]).2.contains("PW1131"));
    assert_eq!(count(&[&names, "--set", "header=no"]), (3, String::new()));
    assert_eq!(count(&[&names, "--set", "header=yes"]), (2, String::new()));
    // Lines that are merely equal are rows of their own; what copying left is read once unless it is to be kept.
    let beat = "{\"event\":\"beat\",\"ok\":true}\n".repeat(50);
    assert_eq!(count(&[&file("hb.jsonl.1", &beat), &file("hb.jsonl", &beat)]), (100, String::new()));
    let line = |minute: u32| format!("level=info time=2026-03-02T10:{minute:02}:00Z\n");
    let piece = |from: u32, to: u32| (from..to).map(line).collect::<String>();
    let pieces = [file("a.log.1", &piece(0, 6)), file("a.log", &piece(4, 10))];
    let (found, talk) = count(&[&pieces[0], &pieces[1]]);
    assert!(found == 10 && talk.contains("PW0920") && talk.contains("`repeated`"), "{found} {talk}");
    assert_eq!(count(&[&pieces[0], &pieces[1], "--set", "repeated=keep"]).0, 12);
}
