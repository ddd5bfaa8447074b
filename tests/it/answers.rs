//! Answers on the command line: as text, as one page, as pictures; the map; and what a run says of them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use pipewright_app::evidence::evidence_of;
use pipewright_app::{answers_of, tried};
use pipewright_core::plan::plan;
use pipewright_core::planner::{Asked, Catalogue, Vocabulary, propose, ready_questions};
use pipewright_core::project::load;
use pipewright_engine::{Cancel, RunOptions, Silent};
use serde_json::{Value as Json, json};

use crate::support::{path, pipewright, python_that, run, run_ok, texts};

const PROJECT: &str = "projects/shop/shop.pipewright.json";

#[test]
fn answers_are_told_and_written_as_a_page_and_as_pictures() {
    let folder = tempfile::tempdir().unwrap();
    let told = run_ok(&["answers", PROJECT]);
    for line in [
        "How many users have a bad experience?",
        "users in all; the most in an hour is 6: 3 March 2026, 14:00–15:00 UTC",
        "  data of 2–5 March 2026",
        "  recommendations: busy in 442 of 476 samples (93 %)",
        "  not in it: 48 of 262 rows have no `cookie_sid`: not in `users` (“Per hour”)",
        "that nobody has confirmed: `time` as Time",
    ] {
        assert!(told.contains(line), "{line}\n{told}");
    }
    let page = folder.path().join("page.html");
    run_ok(&["answers", PROJECT, "--format", "html", "--out", path(&page)]);
    let text = fs::read_to_string(&page).unwrap();
    assert!(text.contains("the most in an hour is 6: 3 March 2026, 14:00–15:00 UTC") && !text.contains("<script"));
    let pictures = folder.path().join("pictures");
    for (format, look) in [("png", "light"), ("svg", "dark")] {
        let form = ["answers", PROJECT, "--format", format, "--look", look];
        run_ok(&[form.as_slice(), &["--only", "answer_services", "--out", path(&pictures)]].concat());
    }
    let stem = "which-services-need-more-resources";
    assert!(fs::read(pictures.join(format!("{stem}.png"))).unwrap().starts_with(b"\x89PNG"));
    let svg = fs::read_to_string(pictures.join(format!("{stem}.svg"))).unwrap();
    assert!(svg.contains(">recommendations<") && svg.contains("#1b1e24"), "{svg}");
    let map = folder.path().join("map.pdf");
    run_ok(&["graph", PROJECT, "--format", "pdf", "--out", path(&map)]);
    assert!(fs::read(&map).unwrap().starts_with(b"%PDF"));
    assert!(run_ok(&["graph", PROJECT, "--format", "svg"]).contains("Access log → Failed or slow"));
}

/// The answers of the example shop's data of a seed to all ready-made questions, by question.
fn shop_answers(home: &Path, seed: &str) -> Vec<(String, Json)> {
    let samples = home.join("samples");
    run_ok(&["generate", "shop", "--out", path(&samples), "--seed", seed]);
    fs::remove_file(samples.join("truth.json")).unwrap();
    let told = all_answers(home, &samples);
    // The data have no failed sign-ins.
    assert_eq!(told.len(), ready_questions().len() - 1);
    told
}

/// The answers of some files to all ready-made questions that they can answer, by question. The files are looked at once
/// for all of them, where the command line does so for each.
fn all_answers(home: &Path, samples: &Path) -> Vec<(String, Json)> {
    let project = run_ok(&["new", path(home), "--samples", path(samples)]);
    let (mut design, _) = load(&fs::read_to_string(project.trim()).unwrap()).unwrap();
    let parameters = BTreeMap::new();
    let (sources, _) = evidence_of(&design, home, &parameters);
    let mut catalogue = Catalogue::new(Vocabulary::shipped(), sources).under(&design);
    let mut ids = BTreeMap::new();
    for question in ready_questions() {
        let asked = Asked::ready(question);
        catalogue.tried = tried(&design, home, &parameters, &catalogue, std::slice::from_ref(&asked), &Cancel::new());
        if let Some(best) = propose(&design, &catalogue, &asked, 1).first() {
            design.apply(&best.edits).unwrap();
            ids.insert(question.title.clone(), question.id.clone());
        }
    }
    let options = RunOptions { base: home.to_owned(), ..RunOptions::default() };
    let answers = answers_of(&design, &plan(&design), None, &options, &Silent).unwrap();
    let told = answers.pages.into_iter().map(|page| (ids[&page.question].clone(), serde_json::to_value(page).unwrap()));
    told.collect()
}

/// The figures of a sentence, as numbers: `1,438.85`, `76.5 %`, `4.23 s`, `507 MB`.
fn figures(sentence: &str) -> Vec<f64> {
    let mut found = Vec::new();
    let pieces: Vec<&str> = sentence.split([' ', ';', ':', '(']).collect();
    for (at, piece) in pieces.iter().enumerate() {
        let Ok(number) = piece.trim_end_matches([',', '.', ')']).replace(',', "").parse::<f64>() else { continue };
        let unit = pieces.get(at + 1).map_or("", |unit| unit.trim_end_matches([',', ')']));
        found.push(
            number
                * match unit {
                    "%" => 0.01,
                    "kB" => 1e3,
                    "MB" => 1e6,
                    "GB" => 1e9,
                    "ms" => 1e-3,
                    _ => 1.0,
                },
        );
    }
    found
}

#[test]
fn what_a_sentence_calls_the_most_is_the_highest_mark_of_its_chart() {
    // Who looks for holes is no user: 24 addresses of one network, in two bursts.
    let scanners = "24 clients of 1 network, 2–5 March 2026; at most refused in";
    let seeds = [
        ("1", "785 users in all; the most in a day is 213: 3 March 2026", "the most in a day is 970.02: 4 March 2026"),
        (
            "9",
            "840 users in all; the most in a day is 219: 4 March 2026",
            "the most in a day is 1,438.85: 3 March 2026",
        ),
    ];
    let look = |(seed, users, lost): (&str, &str, &str)| {
        let folder = tempfile::tempdir().unwrap();
        let mut marked = 0;
        for (id, answer) in shop_answers(folder.path(), seed) {
            let (sentence, chart) = (answer["headline"]["sentence"].as_str().unwrap(), &answer["chart"]);
            let truth = match id.as_str() {
                "scanners" => scanners,
                "users-active" => users,
                "revenue-lost" => lost,
                "release-latency" => "; and one other: search 4.0.0",
                _ => "",
            };
            assert!(sentence.contains(truth), "{id}, seed {seed}: {sentence}");
            let bars = chart["bars"].as_array().into_iter().flatten().map(|bar| bar[1].as_f64().unwrap());
            let points = chart["lines"].as_array().into_iter().flatten().flat_map(|line| {
                let pieces = line["pieces"].as_array().unwrap().iter().flat_map(|piece| piece.as_array().unwrap());
                pieces.map(|point| point[1].as_f64().unwrap()).collect::<Vec<_>>()
            });
            let heights: Vec<f64> = bars.chain(points).collect();
            let told = match &chart["told"] {
                Json::Object(mark) if mark.contains_key("bar") => heights[mark["bar"].as_u64().unwrap() as usize],
                Json::Object(mark) => mark["point"]["point"][1].as_f64().unwrap(),
                _ => {
                    let calls = ["the most", "the slowest", "the lowest", "most of all", "yes: with"];
                    let is_drawn = heights.len() > 1 && !heights.iter().all(|height| *height == heights[0]);
                    assert!(
                        !is_drawn || !calls.iter().any(|call| sentence.contains(call)),
                        "{id}: {sentence}\n{chart}"
                    );
                    continue;
                }
            };
            marked += 1;
            // A rise need not be the highest; the lowest is beside a goal above it.
            let is_extreme = match id.as_str() {
                "release-errors" | "release-latency" | "what-broke-first" => true,
                "availability" => heights.iter().all(|height| *height >= told),
                _ => heights.iter().all(|height| *height <= told),
            };
            assert!(is_extreme, "{id}, seed {seed}: {told} is told: {sentence}\n{chart}");
            let unit = match chart["unit"].as_str() {
                Some("%") => 0.01,
                Some("ms") => 1e-3,
                _ => 1.0,
            };
            // Figures have two digits at least.
            let is_told = figures(sentence).iter().any(|figure| (figure - told * unit).abs() <= 0.025 * told * unit);
            assert!(is_told || id == "what-broke-first", "{id}, seed {seed}: {told} is not in “{sentence}”\n{chart}");
        }
        assert!(marked > 20, "{marked}");
    };
    std::thread::scope(|scope| seeds.map(|seed| scope.spawn(move || look(seed))).map(|done| done.join().unwrap()));
}

/// What the answers of a project of these files to ready-made questions say, question by question.
pub fn told_of(home: &Path, files: &[(&str, String)], questions: &[&str]) -> String {
    let samples = home.join("samples");
    fs::create_dir_all(&samples).unwrap();
    for (name, text) in files {
        fs::write(samples.join(name), text).unwrap();
    }
    let project = run_ok(&["new", path(home), "--samples", path(&samples)]);
    for question in questions {
        run_ok(&["plan", project.trim(), "--question", question, "--accept"]);
    }
    run_ok(&["answers", project.trim()])
}

#[test]
fn requests_that_cannot_be_read_are_no_pages_and_take_none_away() {
    let folder = tempfile::tempdir().unwrap();
    let line = |minute: usize, asked: &str, status: u16| {
        format!(
            "10.0.0.{minute} - - [02/Mar/2026:10:{minute:02}:00 +0000] \"{asked}\" {status} 571 \"-\" \"Mozilla/5.0\"\n"
        )
    };
    let mut log: String = (10..18).map(|minute| line(minute, "GET /ocelot HTTP/1.1", 200)).collect();
    log.push_str(&line(18, "hello", 400));
    log.push_str(&line(19, "SSH-2.0-Go", 400));
    let told = told_of(folder.path(), &[("access.log", log)], &["pages-most-used"]);
    assert!(told.contains("“/ocelot”: 8 visitors"), "{told}");
}

#[test]
fn a_log_of_a_minute_says_so_and_one_that_begins_broken() {
    let home = tempfile::tempdir().unwrap();
    let line = |second: u32, status: u32| {
        format!(
            "198.18.0.{second} - - [26/Jan/2019:16:{:02}:{:02} +0000] \"GET /a HTTP/1.1\" {status} 12 \"-\" \"Mozilla/5.0 (X11) Firefox/100.0\"\n",
            15 + second / 60,
            second % 60
        )
    };
    let log = (0..77).map(|second| line(second, if (1..4).contains(&second) { 502 } else { 200 })).collect();
    let questions = ["load-per-hour", "peak-hours", "what-broke-first", "availability"];
    let told = told_of(home.path(), &[("access.log", log)], &questions);
    let less = |span: &str| {
        format!(
            "The data are of 76 s only, from 26 January 2019 16:15 UTC to 26 January 2019 16:16:16 UTC: less than one {span}."
        )
    };
    assert_eq!((told.matches(&less("hour")).count(), told.matches(&less("day")).count()), (1, 2), "{told}");
    assert!(
        told.contains("The data begin 1 s before it, 26 January 2019 16:15 UTC: it may have been so earlier."),
        "{told}"
    );
    let cannot = "cannot be told: the data cover 76 s, less than a day";
    assert_eq!(told.matches(cannot).count(), 2, "neither peak hours nor a promise: {told}");
}

#[test]
fn errors_are_told_apart_by_what_they_have_and_requests_without_a_status_have_not_failed() {
    let home = tempfile::tempdir().unwrap();
    let line = |row: u32| {
        let (level, what) = match row % 10 {
            0 => ("error", "\"err\":\"token too long in the query\"".to_owned()),
            3 => ("info", format!("\"reason\":\"limit{}\"", row % 3)),
            _ => ("info", "\"caller\":\"main\"".to_owned()),
        };
        format!("{{\"ts\":\"2026-03-02T10:{:02}:00Z\",\"level\":\"{level}\",\"service\":\"web\",{what}}}\n", row % 60)
    };
    let access = |row: u32| {
        let status = if row.is_multiple_of(10) { "-" } else { "200" };
        format!(
            "198.18.0.1 - - [02/Mar/2026:16:{:02}:{:02} +0000] \"GET /a HTTP/1.1\" {status} 12 \"-\" \"Mozilla/5.0 (X11) Firefox/100.0\"\n",
            row / 60,
            row % 60
        )
    };
    let files = [("app.jsonl", (0..400).map(line).collect()), ("access.log", (0..100).map(access).collect())];
    let told = told_of(home.path(), &files, &["errors-most-frequent", "availability"]);
    assert!(told.contains("“token too long in the query”: 40 errors") && !told.contains("(none)"), "{told}");
    assert!(told.contains("cannot be told: the data cover 99 s, less than a day"), "{told}");
}

#[test]
fn countries_are_told_and_drawn_by_their_names() {
    let home = tempfile::tempdir().unwrap();
    let line = |row: u32| {
        let country = ["DE", "DE", "FR", "KR", ""][row as usize % 5];
        format!(
            "{{\"ts\":\"2026-03-02T10:{:02}:00Z\",\"event\":\"view\",\"user_id\":\"u{row}\",\"country\":\"{country}\"}}\n",
            row % 60
        )
    };
    let told = told_of(home.path(), &[("app.jsonl", (0..100).map(line).collect())], &["users-by-country"]);
    assert!(told.contains("  Germany: 40 users"), "{told}");
    let svg = home.path().join("svg");
    let project = fs::read_dir(home.path()).unwrap().map(|entry| entry.unwrap().path());
    let project = project.into_iter().find(|path| path.to_string_lossy().ends_with(".pipewright.json")).unwrap();
    run_ok(&["answers", path(&project), "--format", "svg", "--out", path(&svg)]);
    let picture = fs::read_dir(&svg).unwrap().next().unwrap().unwrap().path();
    let picture = fs::read_to_string(picture).unwrap();
    assert!(picture.contains("France") && picture.contains("Korea (Republic of)"), "{picture}");
    assert!(!picture.contains(">FR<"), "{picture}");
}

#[test]
fn programs_count_by_their_names_and_a_time_without_a_zone_says_so() {
    let home = tempfile::tempdir().unwrap();
    let agents = [
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 8_3 like Mac OS X) Version/8.0 Safari/600.1.4 (compatible; Googlebot/2.1)",
        "UniversalFeedParser/4.2-pre +http://feedparser.org/",
        "UniversalFeedParser/4.2-pre +http://feedparser.org/",
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 (X11; Linux x86_64; rv:100.0) Gecko/20100101 Firefox/100.0",
    ];
    let access = |row: usize| {
        let agent = agents[row % agents.len()];
        let clock = format!("{:02}:{:02}", row / 60, row % 60);
        format!(
            "198.18.0.{} - - [02/Mar/2026:16:{clock} +0000] \"GET /a HTTP/1.1\" 200 12 \"-\" \"{agent}\"\n",
            row % 9
        )
    };
    let spark = |row: usize| {
        let level = if row.is_multiple_of(7) { "ERROR" } else { "INFO" };
        format!("17/06/09 20:10:{:02} {level} executor.Executor: Running task {row}.0 in stage 0.0\n", row % 60)
    };
    let files = [
        ("access.log", (0..120).map(access).collect::<String>()),
        ("spark.log", (0..120).map(spark).collect::<String>()),
    ];
    let told = told_of(home.path(), &files, &["bots", "logs-noisiest"]);
    assert!(told.contains("  Googlebot: 60 requests; 60 % of 100 in all"), "{told}");
    assert!(told.contains("names no time zone: its times are taken as those of UTC."), "{told}");
    assert!(told.contains("  data of 9 June 2017, 20:10"), "{told}");
    assert_eq!(told.matches("names no time zone").count(), 1, "the access log names its zone: {told}");
    // From another folder, and by a path that begins there.
    let (above, folder) = (home.path().parent().unwrap(), home.path().file_name().unwrap());
    let project = Path::new(folder).join(Path::new(folder).with_extension("pipewright.json"));
    let (code, again, talk) = texts(pipewright().current_dir(above).arg("answers").arg(project).output().unwrap());
    assert_eq!((code, again), (0, told), "{talk}");
}

#[test]
fn two_answers_to_one_question_are_told_to_differ_and_what_is_asked_is_told_last() {
    let folder = tempfile::tempdir().unwrap();
    let mut design: serde_json::Value = serde_json::from_str(&fs::read_to_string(PROJECT).unwrap()).unwrap();
    let step = serde_json::json!({
        "id": "answer_again", "kind": "answer", "title": "All requests", "x": 1768, "y": 200,
        "settings": {"question": "q-bad", "order": ["time"]},
    });
    design["steps"].as_array_mut().unwrap().push(step);
    let wire = serde_json::json!({"id": "again", "from": "access", "to": "answer_again"});
    design["wires"].as_array_mut().unwrap().push(wire);
    fs::create_dir(folder.path().join("samples")).unwrap();
    for sample in fs::read_dir(crate::support::root().join("projects/shop/samples")).unwrap().flatten() {
        fs::copy(sample.path(), folder.path().join("samples").join(sample.file_name())).unwrap();
    }
    let project = folder.path().join("shop.pipewright.json");
    fs::write(&project, design.to_string()).unwrap();
    let told = run_ok(&["answers", path(&project), "--only", "answer_bad"]);
    assert!(!told.contains("Another answer"), "it is the only one that is shown: {told}");
    let told = run_ok(&["answers", path(&project)]);
    assert!(told.contains("Another answer to this question, “All requests”: "), "{told}");
    assert!(told.contains("It differs: this one counts different cookie_sid, the other rows; only this one"), "{told}");
    let of_pages = told.split("Which pages").nth(1).unwrap();
    let lost = of_pages.find("  not in it: ").unwrap();
    let asked = of_pages.find("  left out as asked: ").unwrap();
    assert!(lost < asked && of_pages.contains("rows are cut off by “First 20 pages”"), "{of_pages}");
}

#[test]
fn answers_of_what_can_hardly_be_read_end_as_a_run_does() {
    let home = tempfile::tempdir().unwrap();
    let line = |second: u32| {
        format!(
            "{{\"time\": \"2026-03-02T10:00:{:02}Z\", \"level\": \"error\", \"msg\": \"no {second}\"}}\n",
            second % 60
        )
    };
    let log = home.path().join("samples/app.jsonl");
    let told =
        told_of(home.path(), &[("app.jsonl", (0..100).map(line).collect::<String>())], &["errors-most-frequent"]);
    assert!(told.contains("100 errors"), "{told}");
    fs::write(&log, (0..10).map(line).chain((0..90).map(|n| format!("noise {n}\n"))).collect::<String>()).unwrap();
    let mut files = fs::read_dir(home.path()).unwrap().map(|entry| entry.unwrap().path());
    let project = files.find(|file| path(file).ends_with(".pipewright.json"));
    let project = project.unwrap();
    let page = home.path().join("page.html");
    for (form, code) in [
        (&[][..], 3),
        (&["--format", "json"], 3),
        (&["--format", "html", "--out", path(&page)], 3),
        (&["--max-quarantined", "0.95"], 0),
    ] {
        let output = pipewright().args(["answers", path(&project)]).args(form).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{form:?}: {told}");
        assert_eq!(told.contains("90 of 100 units in quarantine"), code == 3, "{form:?}: {told}");
    }
    assert!(page.is_file());
}

#[test]
fn what_cannot_be_written_or_shown_says_why() {
    let cases: [(&[&str], &str); 3] = [
        (&["answers", PROJECT, "--format", "png"], "add --out FOLDER"),
        (&["answers", PROJECT, "--only", "access"], "“Bad experience per hour”"),
        (&["graph", PROJECT, "--format", "pdf"], "add --out FILE"),
    ];
    for (args, help) in cases {
        let output = pipewright().args(args).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && told.contains(help), "{args:?}: {told}");
    }
}

#[test]
fn the_report_of_a_run_has_each_answer_in_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report.json");
    run_ok(&["run", PROJECT, "--out", path(&folder.path().join("out")), "--report", path(&report)]);
    let report: serde_json::Value = serde_json::from_str(&fs::read_to_string(&report).unwrap()).unwrap();
    let sentences: Vec<&str> =
        report["answers"].as_array().unwrap().iter().map(|answer| answer["sentence"].as_str().unwrap()).collect();
    assert_eq!(
        sentences,
        [
            "at most 6 users in an hour: 3 March 2026, 14:00–15:00 UTC",
            "73 failed transactions: 41 with release 2.8.0 of payments, since 3 March 2026 17:05 UTC",
            "“/search”: 416 visitors",
            "recommendations: busy in 442 of 476 samples (93 %)",
        ]
    );
}

/// A project that counts rows of a table by each of two columns, and answers with both.
pub fn counted_by(folder: &Path, rows: &str, columns: [&str; 2]) -> PathBuf {
    fs::write(folder.join("d.csv"), rows).unwrap();
    let step =
        |id: &str, kind: &str, settings: Json| json!({"id": id, "kind": kind, "title": id, "settings": settings});
    let (mut steps, mut wires) = (vec![step("read", "file", json!({"source": "d"}))], Vec::new());
    for (number, column) in columns.into_iter().enumerate() {
        let (by, end) = (format!("by-{column}"), format!("end-{column}"));
        let measures = json!([{"id": format!("m-{column}"), "name": "logins", "expression": "count(*)"}]);
        let keys = json!([{"id": format!("k-{column}"), "expression": column}]);
        steps.push(step(&by, "aggregate", json!({"keys": keys, "measures": measures})));
        steps.push(step(&end, "answer", json!({"question": format!("q{number}")})));
        wires.push(json!({"id": format!("w{number}"), "from": "read", "to": by}));
        wires.push(json!({"id": format!("v{number}"), "from": by, "to": end}));
    }
    let question = |number: usize| json!({"id": format!("q{number}"), "title": format!("by {}?", columns[number])});
    let fields = columns.map(|name| json!({"name": name, "type": "String"}));
    let design = json!({
        "pipewright": 1, "name": "p", "questions": [question(0), question(1)], "steps": steps, "wires": wires,
        "sources": [{"id": "d", "title": "d", "path": "d.csv", "format": {"name": "csv"}, "schema": {"fields": fields}}],
    });
    let project = folder.join("p.pipewright.json");
    fs::write(&project, design.to_string()).unwrap();
    project
}

#[test]
fn values_that_show_to_be_personal_are_hidden_whatever_their_column_is_called() {
    let folder = tempfile::tempdir().unwrap();
    let rows: String = (0..12).map(|n| format!("anna.huber{n}@example.org,203.0.113.{n}\n")).collect();
    let project = counted_by(folder.path(), &format!("recipient,peer\n{rows}"), ["recipient", "peer"]);
    assert!(run_ok(&["sources", path(&project)]).contains("personal: recipient, peer"));
    let shown = run_ok(&["answers", path(&project), "--format", "json"]);
    let report = folder.path().join("report.json");
    run_ok(&["run", path(&project), "--out", path(&folder.path().join("out")), "--report", path(&report)]);
    let report: Json = serde_json::from_str(&fs::read_to_string(&report).unwrap()).unwrap();
    for text in [&shown, &report["answers"].to_string()] {
        assert!(text.contains("logins") && !text.contains("anna.huber") && !text.contains("203.0.113."), "{text}");
    }
    assert!(shown.contains("`peer` is personal") && shown.contains("`recipient` is personal"), "{shown}");
    // Contracts say so.
    let contracts = run_ok(&["answers", path(&project), "--format", "odcs"]);
    assert_eq!(contracts.matches("classification: personal").count(), 2, "{contracts}");
}

/// Answers by message and by address: each message holds what the other answer hides.
#[test]
fn what_an_answer_hides_stands_in_no_text_of_another_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut rows = "email,msg\n".to_owned();
    for number in 0..9 {
        rows += &format!("ann{number}@ex.org,login of ann{number}@ex.org from 10.1.2.{number}\n");
        rows += &format!("ann{number}@ex.org,login of ann{number} password=hunterMARK{number}\n");
    }
    let project = counted_by(folder.path(), &rows, ["email", "msg"]);
    let report = folder.path().join("report.json");
    let out = folder.path().join("out");
    run_ok(&["run", path(&project), "--out", path(&out), "--report", path(&report)]);
    let pictures = folder.path().join("pictures");
    run_ok(&["answers", path(&project), "--format", "svg", "--out", path(&pictures)]);
    let mut shown: Vec<String> = [&[][..], &["--format", "json"], &["--format", "html"]]
        .map(|form| run_ok(&[&["answers", path(&project)], form].concat()))
        .to_vec();
    let told: Json = serde_json::from_str(&fs::read_to_string(&report).unwrap()).unwrap();
    shown.push(told["answers"].to_string());
    let drawn = ["by-email.svg", "by-msg.svg"].map(|name| fs::read_to_string(pictures.join(name)).unwrap());
    shown.extend(drawn);
    for text in &shown {
        assert!(text.contains("logins") || text.contains("login"), "{text}");
        assert!(!text.contains("hunterMARK") && !text.contains("@ex.org") && !text.contains("10.1.2."), "{text}");
    }
    assert!(shown[0].contains("not in it: 18 texts hold something personal or secret in `msg`"), "{}", shown[0]);
}

#[cfg(unix)]
#[test]
fn nothing_is_written_over_what_answers_are_made_of_nor_through_links_in_a_folder() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::copy(crate::support::root().join(PROJECT), at("shop.pipewright.json")).unwrap();
    fs::create_dir(at("samples")).unwrap();
    for sample in fs::read_dir(crate::support::root().join("projects/shop/samples")).unwrap().flatten() {
        fs::copy(sample.path(), at("samples").join(sample.file_name())).unwrap();
    }
    fs::write(at("mine.txt"), "MINE").unwrap();
    fs::create_dir(at("pictures")).unwrap();
    symlink(at("mine.txt"), at("pictures/which-services-need-more-resources.svg")).unwrap();
    let project = at("shop.pipewright.json");
    let before = fs::read_to_string(&project).unwrap();
    let refused = |args: &[&str], wanted: &str| {
        let output = pipewright().args(args).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && told.contains(wanted), "{args:?}: {told}");
    };
    let project_path = path(&project);
    let only = ["answers", project_path, "--only", "answer_services", "--format"];
    refused(&[&only[..], &["svg", "--out", path(&at("pictures"))]].concat(), "PW0740");
    refused(&[&only[..], &["html", "--out", project_path]].concat(), "PW0969");
    refused(&["graph", project_path, "--format", "svg", "--out", project_path], "PW0969");
    refused(&["graph", project_path, "--format", "svg", "--out", path(&at("samples/users.csv"))], "PW0969");
    assert_eq!(fs::read_to_string(at("mine.txt")).unwrap(), "MINE");
    assert_eq!(fs::read_to_string(&project).unwrap(), before);
}

#[test]
fn each_answer_has_a_contract_that_says_what_its_columns_are() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("contracts");
    let said = run_ok(&["answers", PROJECT, "--format", "odcs", "--out", path(&out)]);
    assert_eq!(said.lines().count(), 4, "{said}");
    let text = fs::read_to_string(out.join("pages-by-visitors.odcs.yaml")).unwrap();
    for wanted in [
        "apiVersion: v3.1.0",
        "kind: DataContract",
        "status: active",
        "Which pages are used most?",
        "logicalType: integer",
    ] {
        assert!(text.contains(wanted), "{wanted}\n{text}");
    }
    assert!(text.contains("Made from “Access log”"), "{text}");
    assert_valid(&out);
    // Another project takes it as what its source declares.
    let project = folder.path().join("p.pipewright.json");
    run_ok(&["new", path(folder.path())]);
    let found = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let made = found.into_iter().find(|path| path.to_string_lossy().ends_with(".pipewright.json")).unwrap();
    fs::rename(made, &project).unwrap();
    run_ok(&["import", path(&project), path(&out.join("pages-by-visitors.odcs.yaml")), "--as", "odcs"]);
    let design: serde_json::Value = serde_json::from_str(&fs::read_to_string(&project).unwrap()).unwrap();
    let source =
        design["sources"].as_array().unwrap().iter().find(|source| source["title"] == "Pages by visitors").unwrap();
    let fields: Vec<&str> =
        source["schema"]["fields"].as_array().unwrap().iter().map(|field| field["name"].as_str().unwrap()).collect();
    assert_eq!(fields, ["page", "visitors", "views"]);
}

/// Contracts are what the standard's own schema says.
fn assert_valid(folder: &Path) {
    const VALIDATE: &str = "import json, os, sys, jsonschema, open_data_contract_standard as odcs, yaml\n\
        schema = json.load(open(os.path.join(os.path.dirname(odcs.__file__), 'schema.json')))\n\
        [jsonschema.validate(yaml.safe_load(open(path)), schema) for path in sys.argv[1:]]";
    let imports = "import jsonschema, open_data_contract_standard, yaml";
    let Some(python) = python_that("-c", &[imports]) else { return };
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<_> = files.filter(|path| path.to_string_lossy().ends_with(".odcs.yaml")).collect();
    let (code, _, talk) = texts(Command::new(python).args(["-c", VALIDATE]).args(&files).output().unwrap());
    assert!(code == 0 && files.len() == 4, "{talk}");
}

/// A join of which some rows find several partners makes more of them: whoever counts has to know.
#[test]
fn rows_that_a_join_multiplies_are_told_and_a_stray_step_takes_no_answer_away() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    file("orders.csv", "plan,amount\na,10\nb,20\nc,5\n");
    file("plans.csv", "plan,tier\na,1\na,2\na,3\nb,1\n");
    let source = |id: &str, file: &str| json!({"id": id, "title": id, "path": file});
    let read = |id: &str, source: &str| json!({"id": id, "kind": "file", "title": id, "settings": {"source": source}});
    let join = json!({"kind": "left", "on": [{"id": "k", "left": "plan", "right": "plan"}]});
    let project = json!({"pipewright": 1, "name": "p", "questions": [{"id": "q", "title": "How many orders?"}],
        "sources": [source("orders", "orders.csv"), source("plans", "plans.csv")],
        "steps": [read("o", "orders"), read("p", "plans"),
            {"id": "j", "kind": "join", "title": "J", "settings": join},
            {"id": "n", "kind": "aggregate", "title": "N",
                "settings": {"measures": [{"id": "m", "name": "orders", "expression": "count(*)"}]}},
            {"id": "a", "kind": "answer", "title": "A", "settings": {"question": "q"}},
            {"id": "stray", "kind": "file", "title": "Stray", "settings": {}}],
        "wires": [{"id": "w1", "from": "o", "to": "j", "input": "left"}, {"id": "w2", "from": "p", "to": "j", "input": "right"},
            {"id": "w3", "from": "j", "to": "n"}, {"id": "w4", "from": "n", "to": "a"}]});
    file("p.pipewright.json", &project.to_string());
    let (code, out, err) = run(&["answers", path(&folder.path().join("p.pipewright.json"))]);
    let told = out + &err;
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("2 of 5 rows are there because rows of “o” match several of “p” each"), "{told}");
}
