//! Planning from nothing but files: what stands out is named, compared with what the generator put there, and becomes a
//! flow that runs.

use std::fs;
use std::path::Path;

use serde_json::Value as Json;

use crate::support::{beside_lost_values, path, run, run_ok};

/// A project whose sources are the shop's files, made from a seed; and what the generator says of them.
fn project_of(home: &Path, seed: &str) -> (String, Json) {
    let samples = home.join("samples");
    run_ok(&["generate", "shop", "--seed", seed, "--out", path(&samples)]);
    let truth = serde_json::from_str(&fs::read_to_string(samples.join("truth.json")).unwrap()).unwrap();
    let project = run_ok(&["new", path(home), "--samples", path(&samples)]);
    (project.trim().to_owned(), truth)
}

fn findings(project: &str) -> Vec<Json> {
    let (code, out, talk) = run(&["plan", project, "--findings", "--format", "json"]);
    assert_eq!((code, beside_lost_values(&talk)), (0, Vec::new()), "every detector ran");
    serde_json::from_str(&out).unwrap()
}

fn of_kind<'a>(findings: &'a [Json], kind: &str) -> Vec<&'a Json> {
    findings.iter().filter(|finding| finding["kind"] == kind).collect()
}

fn minutes(time: &Json) -> i64 {
    let text = time.as_str().unwrap();
    let part = |range: std::ops::Range<usize>| text[range].parse::<i64>().unwrap();
    (part(8..10) * 24 + part(11..13)) * 60 + part(14..16)
}

#[test]
fn findings_name_what_the_generator_put_there() {
    for seed in ["1", "12"] {
        let home = tempfile::tempdir().unwrap();
        let (project, truth) = project_of(home.path(), seed);
        assert!(!fs::read_to_string(&project).unwrap().contains("truth"), "the truth is no source");
        let found = findings(&project);
        let text = |finding: &Json| format!("{} {}", finding["title"], finding["evidence"]);

        let outage = of_kind(&found, "error-burst");
        let outage =
            outage.iter().find(|finding| finding["source"] == "src-access").expect("a burst in the access log");
        for (end, slack) in [("from", 3), ("to", 3)] {
            let apart = (minutes(&outage[end]) - minutes(&truth["outage"][end])).abs();
            assert!(apart <= slack, "{end}: {} instead of {}", outage[end], truth["outage"][end]);
        }

        let slow = of_kind(&found, "slow-requests");
        let page = truth["slow_feature"]["path"].as_str().unwrap();
        assert!(slow.iter().any(|finding| text(finding).contains(page)), "{slow:#?}");
        let service = truth["slow_feature"]["service"].as_str().unwrap();
        assert!(slow.iter().any(|finding| text(finding).contains(service)), "{slow:#?}");

        let failed = of_kind(&found, "failed-transactions");
        let first = failed[0]["evidence"][0].as_str().unwrap();
        assert!(
            first.contains(truth["bad_release"]["version"].as_str().unwrap()),
            "what differs ranks it first: {first}"
        );

        let bots = text(of_kind(&found, "bots")[0]);
        for bot in truth["bots"].as_array().unwrap() {
            assert!(bots.contains(bot.as_str().unwrap()), "{bot} is not in {bots}");
        }
        assert!(of_kind(&found, "gap-in-time").is_empty(), "nothing is missing: {found:#?}");
        assert!(!of_kind(&found, "personal-data").is_empty());
    }
}

#[test]
fn finding_and_question_agree_on_who_looks_for_holes() {
    let home = tempfile::tempdir().unwrap();
    let (project, _) = project_of(home.path(), "1");
    let found = findings(&project);
    let clients = of_kind(&found, "probing")[0]["affected"][0].clone();
    run_ok(&["plan", &project, "--question", "scanners", "--accept"]);
    let out = home.path().join("out");
    run_ok(&["run", &project, "--out", path(&out)]);
    let rows = fs::read_to_string(out.join("scanners.jsonl")).unwrap();
    assert_eq!(clients, serde_json::json!(["clients", rows.lines().count()]));
    assert!(rows.lines().count() > 0);
}

#[test]
fn every_finding_becomes_a_flow_that_runs() {
    let home = tempfile::tempdir().unwrap();
    let (project, _) = project_of(home.path(), "1");
    for finding in findings(&project) {
        let id = finding["id"].as_str().unwrap();
        let copy = home.path().join("copy.pipewright.json");
        fs::copy(&project, &copy).unwrap();
        run_ok(&["plan", path(&copy), "--finding", id, "--accept"]);
        let (code, _, talk) = run(&["check", path(&copy), "--deny-warnings"]);
        assert_eq!(code, 0, "{id}: {talk}");
        let design: Json = serde_json::from_str(&fs::read_to_string(&copy).unwrap()).unwrap();
        let last = design["steps"].as_array().unwrap().iter().max_by_key(|step| step["x"].as_i64()).unwrap();
        let rows = run_ok(&["preview", path(&copy), "--step", last["id"].as_str().unwrap(), "--output", "jsonl"]);
        assert!(!rows.is_empty(), "{id} has rows");
    }
}

#[test]
fn a_silent_hour_and_repeated_rows_are_found() {
    let home = tempfile::tempdir().unwrap();
    let samples = home.path().join("samples");
    fs::create_dir(&samples).unwrap();
    let mut log = String::new();
    for minute in (0..600).filter(|minute| !(300..345).contains(minute)) {
        let line = format!(
            "{{\"ts\":\"2026-03-02T{:02}:{:02}:07Z\",\"level\":\"info\",\"event\":\"job_done\",\"trace_id\":\"{:032x}\"}}\n",
            minute / 60,
            minute % 60,
            minute + 1_000_000
        );
        log.push_str(&line);
        if minute % 50 == 0 {
            log.push_str(&line);
        }
    }
    fs::write(samples.join("jobs.jsonl"), log).unwrap();
    let project = run_ok(&["new", path(home.path()), "--samples", path(&samples)]);
    let found = findings(project.trim());
    let gaps = of_kind(&found, "gap-in-time");
    assert_eq!(gaps.len(), 1, "{found:#?}");
    assert_eq!(
        (gaps[0]["from"].as_str(), gaps[0]["to"].as_str()),
        (Some("2026-03-02T05:00:00Z"), Some("2026-03-02T05:45:00Z"))
    );
    let twice = of_kind(&found, "duplicates");
    assert_eq!(twice[0]["affected"][0][1], 11, "{twice:#?}");
}

#[test]
fn meanings_and_concepts_are_told_with_reasons() {
    let home = tempfile::tempdir().unwrap();
    let (project, _) = project_of(home.path(), "1");
    let known: Json = serde_json::from_str(&run_ok(&["plan", &project, "--meanings", "--format", "json"])).unwrap();
    let best = |source: &str, column: &str| -> Json {
        let source = known.as_array().unwrap().iter().find(|one| one["source"] == source).unwrap();
        let column = source["columns"].as_array().unwrap().iter().find(|one| one["column"] == column).unwrap();
        column["candidates"][0].clone()
    };
    for (source, column, concept) in [
        ("src-access", "status", "http.response.status_code"),
        ("src-app", "sid", "session.id"),
        ("src-app", "event", "event.name"),
        ("src-releases", "version", "service.version"),
        ("src-services", "owner.team", "service.owner"),
        ("src-users", "user_id", "user.id"),
    ] {
        let meaning = best(source, column);
        assert_eq!(meaning["concept"], concept, "{source} {column}: {meaning}");
        assert!(!meaning["reasons"].as_array().unwrap().is_empty());
    }
    let concepts: Json = serde_json::from_str(&run_ok(&["concepts", "--format", "json"])).unwrap();
    assert!(concepts.as_array().unwrap().len() >= 120);
    assert!(run_ok(&["concepts", "url.path"]).contains("also called"));
    let (code, _, talk) = run(&["concepts", "url.pth"]);
    assert!(code == 2 && talk.contains("did you mean `url.path`?"), "{talk}");
}

/// Questions that `tests/oracle/questions.py` answers too.
const CHECKED: [&str; 12] = [
    "availability",
    "load-per-hour",
    "orders-per-day",
    "peak-hours",
    "releases-per-month",
    "revenue-lost",
    "scanners",
    "services-to-expand",
    "transaction-failure-rate",
    "transactions-failed",
    "users-bad-experience",
    "users-by-country",
];

#[test]
fn ready_made_questions_become_flows_that_run_and_agree_with_the_oracle() {
    let Some(python) = crate::support::python() else { return };
    let home = tempfile::tempdir().unwrap();
    let (project, _) = project_of(home.path(), "4");
    let list: Json = serde_json::from_str(&run_ok(&["questions", "--format", "json"])).unwrap();
    let ids: Vec<&str> = list.as_array().unwrap().iter().map(|question| question["id"].as_str().unwrap()).collect();
    assert!(ids.len() >= 24, "{ids:?}");
    let mut answered = Vec::new();
    for id in &ids {
        let told: Json =
            serde_json::from_str(&run_ok(&["plan", &project, "--question", id, "--format", "json"])).unwrap();
        let ways = told["alternatives"].as_array().unwrap();
        let costs: Vec<u64> = ways.iter().map(|way| way["cost"].as_u64().unwrap()).collect();
        assert!(costs.is_sorted(), "{id}: {costs:?}");
        assert_eq!(ways.is_empty(), !told["gaps"].as_array().unwrap().is_empty(), "{id}: answered, or a gap is named");
        let (code, _, talk) = run(&["plan", &project, "--question", id, "--accept"]);
        assert_eq!(code, i32::from(ways.is_empty()), "{id}: {talk}");
        if !ways.is_empty() {
            answered.push(*id);
        }
    }
    assert!(answered.len() >= 24, "{} of {}: {answered:?}", answered.len(), ids.len());
    assert!(CHECKED.iter().all(|id| answered.contains(id)));
    let (code, _, talk) = run(&["check", &project, "--deny-warnings"]);
    assert_eq!(code, 0, "{talk}");
    let out = home.path().join("out");
    run_ok(&["run", &project, "--out", path(&out)]);
    assert!(answered.iter().all(|id| out.join(format!("{id}.jsonl")).exists()), "an answer without a load is a file");
    let oracle = crate::support::root().join("tests/oracle/questions.py");
    let samples = home.path().join("samples");
    let result = std::process::Command::new(python).args([path(&oracle), path(&samples), path(&out)]).output().unwrap();
    let (code, told, fault) = crate::support::texts(result);
    assert_eq!((code, told.matches("equal").count()), (0, CHECKED.len()), "{told}{fault}");
    // One of them alone.
    let alone = home.path().join("alone");
    run_ok(&["run", &project, "--flow", "How much load is there?", "--out", path(&alone)]);
    let names: Vec<_> = fs::read_dir(&alone).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    let names: Vec<_> = names.into_iter().filter(|name| name != ".pipewright.json").collect();
    assert_eq!(names, ["load-per-hour.jsonl"]);
}

#[test]
fn what_is_missing_is_named_and_coverage_is_written_in_every_form() {
    let home = tempfile::tempdir().unwrap();
    let samples = home.path().join("samples");
    fs::create_dir(&samples).unwrap();
    // Payments without a reason to tell users apart, and no orders.
    let line = r#"{"ts":"2026-03-02T10:00:00Z","level":"info","service":"pay","event":"payment_ok","duration_ms":12}"#;
    fs::write(samples.join("pay.jsonl"), format!("{line}\n{}\n", line.replace("10:00", "10:07"))).unwrap();
    let project = run_ok(&["new", path(home.path()), "--samples", path(&samples)]);
    let project = project.trim();
    let told: Json =
        serde_json::from_str(&run_ok(&["plan", project, "--question", "users-active", "--format", "json"])).unwrap();
    assert!(told["alternatives"].as_array().unwrap().is_empty());
    let gap = &told["gaps"][0];
    assert_eq!(gap["source"], "src-pay");
    assert!(gap["unlocks"].as_array().unwrap().iter().any(|id| id == "users-active"), "{gap}");
    let (code, out, talk) = run(&["plan", project, "--question", "users-active", "--accept"]);
    assert!(code == 1 && out.contains("missing:") && talk.contains("do not answer"), "{out}{talk}");
    let told: Json = serde_json::from_str(&run_ok(&["plan", project, "--coverage", "--format", "json"])).unwrap();
    let cells = told["coverage"].as_array().unwrap();
    assert!(cells.iter().any(|cell| cell["state"] == "missing") && cells.iter().any(|cell| cell["state"] != "missing"));
    assert!(cells.iter().all(|cell| !cell["evidence"].as_str().unwrap().is_empty()));
    assert!(
        run_ok(&["plan", project, "--coverage", "--format", "markdown"])
            .starts_with("| question | pay |\n| --- | --- |\n")
    );
    assert!(run_ok(&["plan", project, "--coverage", "--format", "csv"]).contains("users-active,src-pay,missing\n"));
    assert!(run_ok(&["plan", project, "--coverage"]).contains("one field away"));
}

#[test]
fn a_question_is_answerable_where_its_flow_gives_an_answer() {
    let home = tempfile::tempdir().unwrap();
    let samples = home.path().join("samples");
    fs::create_dir(&samples).unwrap();
    // All requests come from one balancer: who is behind it is not recorded.
    let line = |minute: u32, client: u32| {
        format!(
            "192.0.2.{client} - - [02/Mar/2026:10:{minute:02}:00 +0000] \"GET /p{minute} HTTP/1.1\" 200 12 \"-\" \"Mozilla/5.0\"\n"
        )
    };
    fs::write(samples.join("one.log"), (0..40).map(|minute| line(minute, 7)).collect::<String>()).unwrap();
    fs::write(samples.join("many.log"), (0..40).map(|minute| line(minute, minute)).collect::<String>()).unwrap();
    let project = run_ok(&["new", path(home.path()), "--samples", path(&samples)]);
    let told: Json =
        serde_json::from_str(&run_ok(&["plan", project.trim(), "--coverage", "--format", "json"])).unwrap();
    let cells = told["coverage"].as_array().unwrap();
    let cell = |question: &str, source: &str| {
        let cell = cells.iter().find(|cell| cell["question"] == question && cell["source"] == source).unwrap();
        (cell["state"].as_str().unwrap(), cell["evidence"].as_str().unwrap())
    };
    let (state, evidence) = cell("users-active", "src-one");
    assert_eq!(state, "partial");
    assert!(
        evidence.starts_with("run on the sample, `users` is 1 in every row of the answer, of 40 rows"),
        "{evidence}"
    );
    assert_eq!(cell("users-active", "src-many").0, "derivable");
    // What does not ask for people is answered by both; that nothing failed is an answer.
    for question in ["error-rate", "load-per-hour", "bots"] {
        assert_eq!(
            (cell(question, "src-one").0, cell(question, "src-many").0),
            ("derivable", "derivable"),
            "{question}"
        );
    }
}

#[test]
fn what_differs_is_told_of_any_step_and_finding() {
    let home = tempfile::tempdir().unwrap();
    let (project, truth) = project_of(home.path(), "1");
    let edits = home.path().join("edits.json");
    let step = r#"[{"edit": "insert", "into": "steps",
        "item": {"id": "app", "kind": "file", "title": "App", "settings": {"source": "src-app"}}}]"#;
    fs::write(&edits, step).unwrap();
    run_ok(&["apply", &project, path(&edits)]);
    let condition = "level = 'error' or duration_ms > 3000";
    let told = run_ok(&["plan", &project, "--differs", "App", "--where", condition, "--format", "json"]);
    let found: Vec<Json> = serde_json::from_str(&told).unwrap();
    assert!(found.iter().any(|one| one["column"] == "service" && one["value"] == truth["slow_feature"]["service"]));
    assert!(found.iter().all(|one| one["column"] != "level" && one["column"] != "duration_ms"), "{told}");
    assert!(found.iter().all(|one| one["inside_share"].as_f64() > one["outside_share"].as_f64()));
    let text = run_ok(&["plan", &project, "--differs", "app", "--where", condition]);
    assert!(text.starts_with("  goes with `") && !text.contains("cause"), "{text}");
    let (code, _, talk) = run(&["plan", &project, "--differs", "app", "--where", "levl = 'error'"]);
    assert!(code != 0 && talk.contains("did you mean `level`?"), "{talk}");
    run_ok(&["plan", &project, "--differs", "app", "--where", condition, "--accept"]);
    assert_eq!(run(&["check", &project, "--deny-warnings"]).0, 0);
    for finding in findings(&project).iter().filter(|finding| finding["selection"].is_string()) {
        let id = finding["id"].as_str().unwrap();
        let told: Json =
            serde_json::from_str(&run_ok(&["plan", &project, "--finding", id, "--format", "json"])).unwrap();
        assert!(told[0]["differences"].is_array(), "{id}");
    }
}

#[test]
fn volumes_follow_the_rows_from_sources_to_sinks() {
    let home = tempfile::tempdir().unwrap();
    let (project, _) = project_of(home.path(), "1");
    run_ok(&["plan", &project, "--question", "load-per-hour", "--accept"]);
    let told: Vec<Json> = serde_json::from_str(&run_ok(&["plan", &project, "--volume", "--format", "json"])).unwrap();
    let access = told.iter().find(|one| one["id"] == "src-access").unwrap();
    let days = 4.0;
    let lines = fs::read_to_string(home.path().join("samples/access.log")).unwrap_or_default().lines().count() as f64;
    let rows = access["rows_per_day"].as_f64().unwrap();
    assert!(lines == 0.0 || (rows / (lines / days) - 1.0).abs() < 0.1, "{access}");
    assert!(told.iter().any(|one| one["of"] == "wire" && one["rows_per_day"].as_f64().unwrap() > 0.0));
    let text = run_ok(&["plan", &project, "--volume", "--price", "0.02"]);
    assert!(text.contains("source  access (src-access)") && text.contains(" a day"), "{text}");
}

#[test]
fn a_question_in_words_becomes_a_flow_that_runs() {
    let home = tempfile::tempdir().unwrap();
    let (project, _) = project_of(home.path(), "1");
    let words = "how many users per day where errors or slower than 2 s by request method";
    run_ok(&["plan", &project, "--ask", words, "--accept"]);
    assert_eq!(run(&["check", &project, "--deny-warnings"]).0, 0);
    let out = home.path().join("out");
    // The threshold of the question may be set by the run.
    let mut totals = Vec::new();
    for slow in ["2", "1000000"] {
        run_ok(&["run", &project, "--out", path(&out), "--param", &format!("slow_after={slow}")]);
        let name = fs::read_dir(&out)
            .unwrap()
            .map(|file| file.unwrap().path())
            .find(|file| file.file_name().unwrap().to_string_lossy().starts_with("how-many-users-per-day"));
        let text = fs::read_to_string(name.expect("the answer is a file")).unwrap();
        let rows: Vec<Json> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert!(rows.iter().all(|row| row["visitors"].as_u64() > Some(0) && row["day"].is_string()), "{rows:?}");
        totals.push(rows.iter().map(|row| row["visitors"].as_u64().unwrap()).sum::<u64>());
    }
    assert!(totals[0] > totals[1], "more is slow after two seconds than ever: {totals:?}");

    let (code, _, told) = run(&["plan", &project, "--ask", "how many frobs per hour"]);
    assert_eq!(code, 1);
    assert!(told.contains("“frobs” is not understood in the question"), "{told}");
}

#[test]
fn who_has_an_empty_name_is_nobody() {
    let home = tempfile::tempdir().unwrap();
    let samples = home.path().join("samples");
    fs::create_dir(&samples).unwrap();
    let line = |number: usize| {
        let (user, page) = (["\"u1\"", "\"\"", "\"u2\"", "null"][number % 4], ["/", "", "/b", "/c"][number / 4 % 4]);
        let time = format!("2026-03-01T10:{number:02}:00Z");
        format!("{{\"time\": \"{time}\", \"customer_id\": {user}, \"page\": \"{page}\", \"ms\": {number}}}\n")
    };
    fs::write(samples.join("app.jsonl"), (0..40).map(line).collect::<String>()).unwrap();
    let project = run_ok(&["new", path(home.path()), "--samples", path(&samples)]);
    for (words, said) in [
        ("how many users", "2 visitors\n  not in it: 20 of 40 rows have no `visitor`"),
        ("how many customers", "2 user ids\n  not in it: 20 of 40 rows have no `customer_id`"),
        ("how many pages", "3 pages\n  not in it: 12 of 40 rows have no `page`"),
        ("top pages by customers", "“/”: 2 user ids"),
    ] {
        let told = run_ok(&["plan", project.trim(), "--ask", words]);
        assert!(told.contains(&format!("the first way answers (exact): {said}")), "{words}: {told}");
    }
    // An empty page is a group that has no name, as where none is said.
    let told = run_ok(&["plan", project.trim(), "--ask", "top pages"]);
    assert!(told.contains("12 of 40 rows have no `page`: a group of their own"), "{told}");
}
