//! Planning from nothing but files: what stands out is named, compared with what the generator put there, and becomes a
//! flow that runs.

use std::fs;
use std::path::Path;

use serde_json::Value as Json;

use crate::support::{path, run, run_ok};

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
    assert_eq!((code, talk.as_str()), (0, ""), "every detector ran");
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
