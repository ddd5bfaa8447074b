//! The verb `patterns`: how well it groups real messages, and what it tells.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use regex::Regex;
use serde_json::Value as Json;

use crate::support::{path, run, run_ok, sample};

/// Logs whose messages were told apart by hand (Loghub, He et al. 2020), and the share that is grouped as there.
const LOGS: [(&str, f64); 8] = [
    ("android-logcat/Android_2k.log", 0.81),
    ("apache-error/Apache_2k.log", 1.0),
    ("java-log4j/HDFS_2k.log", 1.0),
    ("java-log4j/Spark_2k.log", 0.94),
    ("syslog-3164/Linux_2k.log", 0.99),
    ("syslog-3164/OpenSSH_2k.log", 0.80),
    ("windows-cbs/Windows_2k.log", 1.0),
    ("zookeeper/Zookeeper_2k.log", 0.98),
];

fn json(args: &[&str]) -> Json {
    serde_json::from_str(&run_ok(args)).unwrap()
}

/// The regular expression in a pattern's condition.
fn regex_of(pattern: &Json) -> Regex {
    let condition = pattern["where"].as_str().unwrap();
    let quoted = condition.split_once('\'').unwrap().1.rsplit_once('\'').unwrap().0;
    Regex::new(&quoted.replace("''", "'")).unwrap()
}

/// Rows by what was told of them.
fn groups<T: Ord>(of: impl Iterator<Item = T>) -> BTreeSet<Vec<usize>> {
    let mut groups: BTreeMap<T, Vec<usize>> = BTreeMap::new();
    of.enumerate().for_each(|(row, group)| groups.entry(group).or_default().push(row));
    groups.into_values().collect()
}

/// Which part of the rows lie in a group that is one of those by hand (grouping accuracy). A row's pattern is the one that
/// fits it and says most.
fn accuracy(file: &str) -> f64 {
    let rows: Vec<Json> = run_ok(&["read", file]).lines().map(|row| serde_json::from_str(row).unwrap()).collect();
    let found = json(&["patterns", file, "--column", "Content", "--whole", "--top", "100000", "--format", "json"]);
    let stand_ins = Regex::new("<[a-z*.]+>").unwrap();
    let mut patterns: Vec<(usize, Regex)> = Vec::new();
    for pattern in found[0]["patterns"].as_array().unwrap() {
        let text = pattern["pattern"].as_str().unwrap();
        let said = stand_ins.replace_all(text, "").len();
        patterns.push((said, regex_of(pattern)));
    }
    let pattern_of = |row: &Json| {
        let message = row["Content"].as_str().unwrap_or_default();
        let fitting = patterns.iter().enumerate().filter(|(_, (_, regex))| regex.is_match(message));
        fitting.max_by_key(|(number, (said, _))| (*said, usize::MAX - number)).map(|(number, _)| number)
    };
    let ours: Vec<Option<usize>> = rows.iter().map(pattern_of).collect();
    assert!(ours.iter().all(Option::is_some), "a message of {file} fits no pattern");
    let theirs = groups(rows.iter().map(|row| row["EventId"].as_str().unwrap()));
    let right: usize = groups(ours.iter()).intersection(&theirs).map(Vec::len).sum();
    right as f64 / rows.len() as f64
}

#[test]
fn real_messages_are_grouped_as_people_did() {
    let mut sum = 0.0;
    for (log, least) in LOGS {
        let Some(file) = sample(&format!("{log}.expected.csv")) else { return };
        let reached = accuracy(path(&file));
        println!("{log:<32} {reached:.3}");
        assert!(reached >= least, "{log}: {reached:.3}, and it was {least}");
        sum += reached;
    }
    let mean = sum / LOGS.len() as f64;
    println!("{:<32} {mean:.3}", "mean");
    assert!(mean > 0.94, "{mean:.3}");
}

#[test]
fn patterns_are_told_with_their_rows_times_and_conditions() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.jsonl");
    let mut text = String::new();
    for number in 0..40 {
        let message =
            if number % 4 == 0 { "disk is full".to_owned() } else { format!("it's order {number} of 10.0.0.{number}") };
        text.push_str(&format!("{{\"time\":\"2026-03-02T10:00:{number:02}Z\",\"message\":\"{message}\"}}\n"));
    }
    text.push_str("{\"time\":\"2026-03-02T11:00:00Z\"}\n");
    fs::write(&file, text).unwrap();
    let whole = json(&["patterns", path(&file), "--whole", "--format", "json"]);
    let [orders, disk] = whole[0]["patterns"].as_array().unwrap().as_slice() else { panic!("{whole}") };
    assert_eq!((&orders["pattern"], &orders["rows"]), (&Json::from("it's order <n> of <ip>"), &Json::from(30)));
    assert_eq!(
        (&orders["first_seen"], &orders["last_seen"]),
        (&Json::from("2026-03-02T10:00:01Z"), &Json::from("2026-03-02T10:00:39Z"))
    );
    assert_eq!((&disk["example"], &whole[0]["empty"]), (&Json::from("disk is full"), &Json::from(1)));
    // The condition gives the rows, and the sample of a small file the same ids.
    let rows = run_ok(&["read", path(&file), "--where", orders["where"].as_str().unwrap()]);
    assert_eq!(rows.lines().count(), 30);
    let sampled = json(&["patterns", path(&file), "--format", "json"]);
    assert_eq!(sampled[0]["patterns"], whole[0]["patterns"]);

    let shown = run_ok(&["patterns", path(&file), "--top", "1"]);
    assert!(shown.contains(orders["id"].as_str().unwrap()) && shown.contains("in 1 more pattern"), "{shown}");
    let (code, _, talk) = run(&["patterns", path(&file), "--column", "massage"]);
    assert_eq!(code, 2);
    assert!(talk.contains("did you mean `message`"), "{talk}");
}
