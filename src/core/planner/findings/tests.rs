//! What detectors say of rows that are made for them.

use super::*;
use crate::data::DataType;

fn table(columns: &[(&str, DataType)], rows: Vec<Vec<Value>>) -> ProbeRows {
    ProbeRows { schema: Schema::of(columns.iter().map(|(name, data_type)| (*name, data_type.clone()))), rows }
}

/// A source with what its columns mean, and the first probe of a kind on it.
fn probe_of(columns: &[(&str, DataType, &str, &[&str])], kind: Kind) -> Option<(Project, SourceEvidence, Probe)> {
    use crate::planner::testing::source;
    let schema = Schema::of(columns.iter().map(|(name, data_type, ..)| (*name, data_type.clone())));
    let tops: Vec<(&str, u64, &[&str])> =
        columns.iter().filter(|column| !column.3.is_empty()).map(|(name, _, _, top)| (*name, 9, *top)).collect();
    let mut evidence = source("log", 1000, schema, &tops);
    for (name, _, concept, _) in columns {
        evidence.confirmed.insert((*name).to_owned(), (*concept).to_owned());
    }
    let project = Project::new("p");
    let meanings = super::super::meanings(&Vocabulary::shipped(), std::slice::from_ref(&evidence));
    let found = probes(&project, std::slice::from_ref(&evidence), &meanings);
    let probe = found.into_iter().find(|probe| probe.kind == kind)?;
    Some((project, evidence, probe))
}

fn judged((project, evidence, probe): &(Project, SourceEvidence, Probe), rows: &ProbeRows) -> Vec<Finding> {
    let sources = std::slice::from_ref(evidence);
    judge(project, sources, &super::super::meanings(&Vocabulary::shipped(), sources), probe, rows).findings
}

const TIME: (&str, DataType, &str, &[&str]) = ("time", DataType::Timestamp, "timestamp", &[]);
const MINUTE: i64 = 60_000_000;

#[test]
fn silence_is_news_only_where_there_is_usually_none() {
    let probe = probe_of(&[TIME], Kind::GapInTime).unwrap();
    let minutes = |times: Vec<i64>| {
        let rows = times.into_iter().map(|time| vec![Value::Timestamp(time * MINUTE), Value::Int(3)]).collect();
        table(&[("minute", DataType::Timestamp), ("rows", DataType::Int)], rows)
    };
    // Three notes in ten years.
    assert!(judged(&probe, &minutes(vec![0, 2_000_000, 5_000_000])).is_empty());
    // A log that sleeps every night.
    let nights = (0..5).flat_map(|day| (0..300).map(move |minute| day * 1440 + minute)).collect();
    assert!(judged(&probe, &minutes(nights)).is_empty());
    let gap = (0..600).filter(|minute| !(300..345).contains(minute)).collect();
    let found = judged(&probe, &minutes(gap));
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].from.as_deref(), Some("1970-01-01T05:00:00Z"));
}

#[test]
fn nothing_is_new_in_a_log_that_begins() {
    let columns = [TIME, ("message", DataType::String, "log.message", &["it is so"] as &[&str])];
    let probe = probe_of(&columns, Kind::NewPattern).unwrap();
    let seen = |pattern: &str, rows: i64, first: i64, last: i64| {
        let time = |minute: i64| Value::Timestamp(minute * MINUTE);
        vec![Value::text(pattern), Value::Int(rows), time(first), time(last)]
    };
    let types = [
        ("pattern", DataType::String),
        ("rows", DataType::Int),
        ("first_seen", DataType::Timestamp),
        ("last_seen", DataType::Timestamp),
    ];
    let begins = table(&types, vec![seen("started", 9, 0, 2), seen("task <n>", 900, 3, 20)]);
    assert!(judged(&probe, &begins).is_empty());
    let few = table(&types, vec![seen("started", 9, 0, 2), seen("task <n>", 9, 3000, 3001)]);
    assert!(judged(&probe, &few).is_empty());
    let late = table(&types, vec![seen("task <n>", 9000, 0, 2000), seen("refused <n>", 90, 1000, 2000)]);
    let found = judged(&probe, &late);
    assert_eq!(found.len(), 1);
    assert!(found[0].title.contains("“refused <n>”"), "{}", found[0].title);
}

#[test]
fn failed_sign_ins_are_counted_by_address_and_mistyping_is_not_told() {
    let message = "Failed password for root from 192.0.2.7 port 22 ssh2";
    let columns = [TIME, ("message", DataType::String, "log.message", &[message] as &[&str])];
    let probe = probe_of(&columns, Kind::FailedSignIns).unwrap();
    let shown = serde_json::to_string(&probe.2.edits).unwrap();
    assert!(shown.contains("regexp_extract(message") && shown.contains(", 1)"), "the address alone: {shown}");
    assert!(shown.contains(r#""classification":"personal""#), "who it is, though the message is not: {shown}");
    let rows = |tries: i64| {
        let row = vec![
            Value::text("192.0.2.7"),
            Value::Int(tries),
            Value::Timestamp(0),
            Value::Timestamp(MINUTE),
            Value::Int(1),
        ];
        let types = [
            ("client", DataType::String),
            ("failed", DataType::Int),
            ("first_seen", DataType::Timestamp),
            ("last_seen", DataType::Timestamp),
            ("names", DataType::Int),
        ];
        table(&types, vec![row])
    };
    assert!(judged(&probe, &rows(3)).is_empty());
    let found = judged(&probe, &rows(300));
    assert_eq!(found[0].title, "300 rows about failed sign-ins from 1 client in log");
    assert_eq!(found[0].evidence[0], "192.0.2.7: 300 rows, 1 name");
}

#[test]
fn a_time_inside_a_record_or_text_is_made_a_column_first() {
    let columns = [("when", DataType::String, "timestamp", &["2026-03-02 10:00:00", "2026-03-02 10:00:01"] as &[&str])];
    let (_, _, probe) = probe_of(&columns, Kind::GapInTime).unwrap();
    let shown = serde_json::to_string(&probe.edits).unwrap();
    assert!(shown.contains("try_cast(\\\"when\\\" as timestamp)") && shown.contains("\"name\":\"time\""), "{shown}");
}

#[test]
fn warnings_count_where_hardly_an_error_is_logged() {
    let condition = |counts: &[(&str, u64)]| {
        let columns = [TIME, ("level", DataType::String, "log.severity", &["INFO"] as &[&str])];
        let (project, mut evidence, _) = probe_of(&columns, Kind::ErrorBurst).unwrap();
        let level = evidence.columns.iter_mut().find(|column| column.name == "level").unwrap();
        level.top = counts.iter().map(|(word, count)| (Value::text(*word), *count)).collect();
        let sources = std::slice::from_ref(&evidence);
        let found = probes(&project, sources, &super::super::meanings(&Vocabulary::shipped(), sources));
        let probe = found.into_iter().find(|probe| probe.kind == Kind::ErrorBurst).unwrap();
        serde_json::to_string(&probe.edits).unwrap()
    };
    assert!(condition(&[("INFO", 900), ("WARN", 90), ("ERROR", 3)]).contains("'warn'"));
    assert!(condition(&[("INFO", 900), ("WARN", 90), ("ERROR", 60)]).contains("'error'"));
}
