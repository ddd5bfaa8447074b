//! Which flows are worth running on a source, by what its fields mean. Imports the planner's evidence and meanings.

use std::collections::BTreeSet;

use serde_json::json;

use super::source_view::{OUTCOME, SourceView, flow_for, probe};
use super::{Kind, Probe, Span, Task, security};
use crate::data::{Classification, DataType, Value};
use crate::expr::{Expr, print, print_name};
use crate::model::Id;
use crate::planner::draft::Draft;
use crate::project::{Edit, Project};

/// Requests that take longer than this many seconds are slow.
pub(super) const SLOW: f64 = 3.0;
/// Errors are counted in such spans, and in the shorter where the log covers less than some twenty of them.
const SPANS: [Span; 2] =
    [Span { text: "10 minutes", micros: 600_000_000 }, Span { text: "1 minute", micros: 60_000_000 }];
/// Words in a value that say that something went wrong.
const FAILED: [&str; 7] = ["fail", "declin", "reject", "refus", "abort", "cancel", "denied"];

/// Words in a value that speak of a transaction.
const PAID: [&str; 8] = ["pay", "order", "transact", "checkout", "charge", "transfer", "refund", "booking"];

pub(super) fn probes_of(project: &Project, known: &SourceView, all: &[SourceView]) -> Vec<Probe> {
    let mut probes = Vec::new();
    probes.extend(error_baseline(project, known));
    probes.extend(slow_requests(project, known));
    probes.extend(failures(project, known, all));
    probes.extend(security::failed_sign_ins(project, known));
    probes.extend(security::probing(project, known));
    probes.extend(patterns(project, known));
    probes.extend(gaps(project, known));
    probes.extend(duplicates(project, known));
    probes.extend(bots(project, known));
    probes.extend(personal(project, known));
    probes
}

/// The rows that are errors: (condition, word for them).
fn error_condition(known: &SourceView) -> Option<(String, &'static str)> {
    /// A rule that costs more goes by words in messages.
    const SURE: u32 = 5;
    if let Some(condition) = known.expression("event.is_error") {
        return Some((condition, "errors"));
    }
    if let Some((_, status)) = known.carrier("http.response.status_code") {
        return Some((format!("{status} >= 500"), "server errors"));
    }
    if let Some(warnings) = warnings_only(known) {
        return Some((warnings, "warnings"));
    }
    if let Some((condition, _)) = known.by_rule("event.is_error", SURE) {
        return Some((condition, "errors"));
    }
    // Where people sign in, failures are the talk of the day, and looked for on their own.
    if known.by_rule("auth.is_failed", SURE).is_some() {
        return None;
    }
    known.by_rule("event.is_error", u32::MAX).map(|(condition, _)| (condition, "messages that speak of errors"))
}

/// Where hardly an error is logged, warnings are the loudest that is said.
fn warnings_only(known: &SourceView) -> Option<String> {
    const WARNINGS: [&str; 3] = ["warn", "warning", "w"];
    const ERRORS: [&str; 13] =
        ["error", "err", "e", "fatal", "f", "critical", "crit", "alert", "emerg", "emergency", "panic", "severe", "c"];
    const FEW: u64 = 20;
    let (column, severity) =
        known.carrier("log.severity").filter(|(column, _)| column.data_type == DataType::String)?;
    let count = |words: &[&str]| -> u64 {
        let is_one =
            |value: &Value| matches!(value, Value::String(text) if words.contains(&text.to_lowercase().as_str()));
        column.top.iter().filter(|(value, _)| is_one(value)).map(|(_, count)| count).sum()
    };
    let words: Vec<String> = WARNINGS.iter().map(|word| format!("'{word}'")).collect();
    (count(&ERRORS) < FEW && count(&WARNINGS) >= FEW).then(|| format!("lower({severity}) in ({})", words.join(", ")))
}

/// Errors per span of time: what is usual, before bursts are looked for.
fn error_baseline(project: &Project, known: &SourceView) -> Option<Probe> {
    let (condition, what) = error_condition(known)?;
    let span = SPANS[usize::from(known.length().is_some_and(|length| length < 20 * SPANS[0].micros))];
    let mut flow = flow_for(project, Kind::ErrorBurst, known);
    let (read, columns) = known.start(&mut flow, &["timestamp"])?;
    let errors = flow.then(&read, "filter", "Errors", json!({"predicate": condition}), "");
    let measures = json!([{"id": "m1", "name": "rows", "expression": "count(*)"}]);
    let settings = json!({"time": columns[0], "span": span.text, "name": "bucket", "measures": measures});
    let watch = flow.then(&errors, "time_buckets", "Errors in time", settings, "");
    Some(probe(Kind::ErrorBurst, known, flow, watch, Task::Baseline { condition, what: what.to_owned(), span }))
}

/// The bursts themselves, with a threshold that the baseline gave.
pub(super) fn bursts(
    project: &Project,
    known: &SourceView,
    condition: &str,
    what: &str,
    span: Span,
    (at_least, usual): (i64, f64),
) -> Option<Probe> {
    let mut flow = flow_for(project, Kind::ErrorBurst, known);
    let (read, columns) = known.start(&mut flow, &["timestamp"])?;
    let mut measures = Vec::new();
    if let Some((who, word)) = known.who() {
        measures.push(json!({"id": "m1", "name": word, "expression": format!("count_distinct({who})")}));
    }
    if let Some(service) = known.expression("service.name") {
        measures.push(json!({"id": "m2", "name": "services", "expression": format!("collect(distinct {service})")}));
    }
    let settings = json!({
        "time": columns[0], "condition": condition, "at_least": at_least, "within": span.text, "measures": measures,
    });
    let note = format!("Usual are {usual:.1} {what} in {}; {at_least} and more are a burst.", span.text);
    let watch = flow.then(&read, "bursts", "Bursts of errors", settings, &note);
    Some(probe(
        Kind::ErrorBurst,
        known,
        flow,
        watch,
        Task::Bursts { condition: condition.to_owned(), what: what.to_owned(), at_least, usual, span },
    ))
}

/// Errors without bursts: what they have in common.
pub(super) fn in_common(
    project: &Project,
    known: &SourceView,
    condition: &str,
    what: &str,
    errors: u64,
) -> Option<Probe> {
    let named = crate::expr::parse(condition).ok()?;
    let named = named.columns();
    // What tells of the outcome, and texts that are nearly all different, are no cause that two errors could share.
    let outcome: Vec<&str> =
        OUTCOME.iter().filter_map(|concept| Some(known.carrier(concept)?.0.name.as_str())).collect();
    let columns: Vec<String> = known
        .plain_columns()
        .filter(|name| !named.contains(&name.as_str()) && !outcome.contains(&name.as_str()))
        .filter(|name| {
            known.evidence.column(name).is_some_and(|column| {
                let is_grouping = matches!(column.data_type, DataType::String | DataType::Int | DataType::Boolean);
                is_grouping && column.distinct > 1 && column.distinct * 2 < known.evidence.rows
            })
        })
        .collect();
    if columns.is_empty() {
        return None;
    }
    let mut flow = flow_for(project, Kind::ErrorsInCommon, known);
    let read = flow.read(&known.evidence.source);
    let settings = json!({"condition": condition, "columns": columns, "support": 10});
    let note = "What goes with the errors; not what causes them.";
    let watch = flow.then(&read, "what_differs", "What the errors have in common", settings, note);
    let task = Task::Common { condition: condition.to_owned(), what: what.to_owned(), errors };
    Some(probe(Kind::ErrorsInCommon, known, flow, watch, task))
}

/// Slow requests by page, or by service.
fn slow_requests(project: &Project, known: &SourceView) -> Option<Probe> {
    let seconds = known.derived("event.duration", 5)?;
    let by = if let Some(path) = known.expression("url.path").or_else(|| known.expression("url.full")) {
        ("page", format!("path_template({path})"))
    } else {
        ("service", known.expression("service.name")?)
    };
    let mut flow = flow_for(project, Kind::SlowRequests, known);
    let read = flow.read(&known.evidence.source);
    let settings = json!({
        "keys": [{"id": "k1", "name": by.0, "expression": by.1}],
        "measures": [
            {"id": "m1", "name": "requests", "expression": "count(*)"},
            {"id": "m2", "name": "slow", "expression": format!("count_if({seconds} > {SLOW})")},
            {"id": "m3", "name": "slow_share", "expression": format!("share_if({seconds} > {SLOW})")},
            {"id": "m4", "name": "slowest", "expression": format!("max({seconds})")},
        ],
    });
    let note = format!("Slow is what takes longer than {SLOW} s.");
    let groups = flow.then(&read, "aggregate", "Slow requests", settings, &note);
    let watch = flow.then(&groups, "sort", "Slowest first", json!({"keys": ["slow desc"]}), "");
    let task = Task::Slow { threshold: SLOW, by: by.0.to_owned(), group: by.1, is_slow: format!("{seconds} > {SLOW}") };
    Some(probe(Kind::SlowRequests, known, flow, watch, task))
}

/// A value of a column that says that something failed, and the values that stand for the same thing done well.
fn failed_value(known: &SourceView) -> Option<(&'static str, String, Vec<String>)> {
    for concept in ["transaction.status", "event.name", "event.outcome", "error.type"] {
        let Some((column, _)) = known.carrier(concept) else { continue };
        if column.data_type != DataType::String {
            continue;
        }
        let values: Vec<&str> = column
            .values()
            .filter_map(|value| if let Value::String(text) = value { Some(text.as_str()) } else { None })
            .collect();
        let is_failed = |value: &&str| FAILED.iter().any(|word| value.to_lowercase().contains(word));
        // What is bought and paid before anything else; who could not log in is another question.
        let rank = |value: &&str| {
            let is_of = |words: &[&str]| words.iter().any(|word| value.to_lowercase().contains(word));
            if is_of(&PAID) { 0 } else { 1 + 2 * u8::from(is_of(&["login", "auth", "password", "signin"])) }
        };
        let failing = values.iter().copied().filter(is_failed).filter(|value| rank(value) < 3);
        let Some(failed) = failing.min_by_key(|value| (rank(value), value.len())) else { continue };
        let stem = failed.split(['_', '-', '.', ' ']).next().unwrap_or(failed);
        let is_counterpart = |value: &&str| *value != failed && (concept != "event.name" || value.starts_with(stem));
        let mut others: Vec<String> = values.iter().copied().filter(is_counterpart).map(str::to_owned).collect();
        others.sort();
        others.dedup();
        return Some((concept, failed.to_owned(), others));
    }
    None
}

/// Failed transactions beside those that went well, with the release that was live.
fn failures(project: &Project, known: &SourceView, all: &[SourceView]) -> Option<Probe> {
    ["order.id", "transaction.id", "transaction.amount"].iter().find_map(|concept| known.carrier(concept))?;
    let (concept, failed, others) = failed_value(known)?;
    let value = known.expression(concept)?;
    let quote = |text: &str| print(&Expr::literal(Value::text(text)));
    let is_failed = format!("{value} = {}", quote(&failed));
    let mut accept = flow_for(project, Kind::FailedTransactions, known);
    let (read, columns) = known.start(&mut accept, &["timestamp"])?;
    let time = columns[0].clone();
    let failed_rows = accept.then(&read, "filter", "Failed", json!({"predicate": is_failed}), "");
    let failed_rows = with_release(&mut accept, known, all, &time, failed_rows);
    // What was logged around each failure, where a trace ties rows together.
    if let Some(trace) = known.expression("trace.id") {
        let settings = json!({
            "time": time, "rows_time": time, "before": "5 minutes", "after": "5 minutes",
            "by": [{"id": "b1", "left": trace, "right": trace}],
        });
        accept.step(
            "surroundings",
            "What was logged around",
            settings,
            "The rows of the same trace, five minutes before and after.",
            &[(&failed_rows, "left"), (&read, "right")],
        );
    }
    let mut flow = flow_for(project, Kind::FailedTransactions, known);
    let (read, _) = known.start(&mut flow, &["timestamp"])?;
    let values: Vec<String> = std::iter::once(&failed).chain(&others).map(|value| quote(value)).collect();
    let predicate = format!("{value} in ({})", values.join(", "));
    let attempts = flow.then(&read, "filter", "Attempts", json!({"predicate": predicate.as_str()}), "");
    let attempts = with_release(&mut flow, known, all, &time, attempts);
    let mut columns = vec![json!({"id": "c1", "name": "_inside", "expression": is_failed})];
    if let Some((who, _)) = known.who() {
        columns.push(json!({"id": "c2", "name": "_who", "expression": who}));
    }
    let settings = json!({"columns": columns});
    let watch = flow.then(&attempts, "compute", "Failed or not", settings, "");
    let task = Task::Failures { condition: is_failed, attempts: predicate, value: failed, time, accept: accept.edits };
    Some(probe(Kind::FailedTransactions, known, flow, watch, task))
}

/// Adds the version that was live, where some source says when versions went live.
fn with_release(flow: &mut Draft, known: &SourceView, all: &[SourceView], time: &str, rows: Id) -> Id {
    let found = all.iter().find_map(|other| {
        let is_other = other.evidence.source != known.evidence.source && !other.evidence.planned;
        let (version, _) = other.carrier("service.version").filter(|_| is_other)?;
        let live = other.carrier("deployment.time").or_else(|| other.carrier("timestamp"));
        let (live, _) = live.filter(|(column, _)| column.data_type == DataType::Timestamp)?;
        let services = (known.carrier("service.name")?.0, other.carrier("service.name")?.0);
        Some((other.evidence.source.clone(), version.name.clone(), live.name.clone(), services))
    });
    let Some((source, version, live, (own, theirs))) = found else { return rows };
    let releases = flow.read(&source);
    let settings = json!({
        "left_time": time, "right_time": live, "direction": "backward", "columns": [version],
        "by": [{"id": "b1", "left": own.name, "right": theirs.name}],
    });
    let note = "The version that went live last before.";
    flow.step("nearest_in_time", "Version that was live", settings, note, &[(&rows, "left"), (&releases, "right")])
}

/// Events or messages, with when they came first.
fn patterns(project: &Project, known: &SourceView) -> Option<Probe> {
    let mut flow = flow_for(project, Kind::NewPattern, known);
    if known.carrier("log.message").is_some() {
        let (read, columns) = known.start(&mut flow, &["log.message", "timestamp"])?;
        let settings = json!({"column": columns[0], "time": columns[1]});
        let watch = flow.then(&read, "log_patterns", "Patterns", settings, "");
        return Some(probe(Kind::NewPattern, known, flow, watch, Task::Patterns { what: "pattern".into() }));
    }
    known.carrier("event.name").filter(|(column, _)| column.distinct <= 10_000)?;
    let (read, columns) = known.start(&mut flow, &["event.name", "timestamp"])?;
    let (event, time) = (print_name(&columns[0]), print_name(&columns[1]));
    let settings = json!({
        "keys": [{"id": "k1", "name": "pattern", "expression": event}],
        "measures": [
            {"id": "m1", "name": "rows", "expression": "count(*)"},
            {"id": "m2", "name": "first_seen", "expression": format!("min({time})")},
            {"id": "m3", "name": "last_seen", "expression": format!("max({time})")},
        ],
    });
    let watch = flow.then(&read, "aggregate", "Events", settings, "");
    Some(probe(Kind::NewPattern, known, flow, watch, Task::Patterns { what: "event".into() }))
}

/// Rows per minute, in which gaps show.
fn gaps(project: &Project, known: &SourceView) -> Option<Probe> {
    let mut flow = flow_for(project, Kind::GapInTime, known);
    let (read, columns) = known.start(&mut flow, &["timestamp"])?;
    let measures = json!([{"id": "m1", "name": "rows", "expression": "count(*)"}]);
    let settings = json!({"time": columns[0], "span": "1 minute", "name": "minute", "measures": measures});
    let buckets = flow.then(&read, "time_buckets", "Rows a minute", settings, "");
    let watch = flow.then(&buckets, "sort", "In time", json!({"keys": ["minute"]}), "");
    Some(probe(Kind::GapInTime, known, flow, watch, Task::Gaps))
}

/// Rows that are there more than once, in all their columns.
fn duplicates(project: &Project, known: &SourceView) -> Option<Probe> {
    // Only where something tells deliveries apart: without one, equal rows are two things that happened alike.
    ["event.id", "http.request.id", "trace.id", "order.id", "transaction.id"]
        .iter()
        .find_map(|concept| known.carrier(concept))?;
    let kind = Kind::Duplicates;
    let mut flow = flow_for(project, kind, known);
    let read = flow.read(&known.evidence.source);
    let keys: Vec<_> = known
        .plain_columns()
        .enumerate()
        .map(|(index, name)| json!({"id": format!("k{}", index + 1), "expression": print_name(&name)}))
        .collect();
    let settings = json!({"keys": keys, "measures": [{"id": "m1", "name": "_times", "expression": "count(*)"}]});
    let groups = flow.then(&read, "aggregate", "Equal rows", settings, "");
    let watch = flow.then(&groups, "filter", "More than once", json!({"predicate": "_times > 1"}), "");
    let mut accept = flow_for(project, kind, known);
    let read = accept.read(&known.evidence.source);
    accept.then(&read, "remove_duplicates", "Each row once", json!({}), "Equal in all columns: delivered twice.");
    let task = Task::Duplicates { accept: accept.edits, rows: known.evidence.rows };
    Some(probe(kind, known, flow, watch, task))
}

/// Requests by those who name themselves crawlers, monitors or scripts.
fn bots(project: &Project, known: &SourceView) -> Option<Probe> {
    let mut flow = flow_for(project, Kind::Bots, known);
    let (read, columns) = known.start(&mut flow, &["user_agent.original"])?;
    let (agent, name) = (print_name(&columns[0]), columns[0].clone());
    let predicate = format!("ua_device({agent}) in ('bot', 'tool')");
    let rows = flow.then(
        &read,
        "filter",
        "Bots",
        json!({"predicate": predicate.clone()}),
        "Those that name themselves bots or scripts.",
    );
    let settings = json!({
        "keys": [{"id": "k1", "expression": agent}],
        "measures": [{"id": "m1", "name": "requests", "expression": "count(*)"}],
    });
    let groups = flow.then(&rows, "aggregate", "Requests of each bot", settings, "");
    let watch = flow.then(&groups, "sort", "Busiest first", json!({"keys": ["requests desc"]}), "");
    Some(probe(Kind::Bots, known, flow, watch, Task::Bots { agent: name, condition: predicate }))
}

/// A part of an address that is a secret, as `?token=…`.
const SECRET: &str = "(?i)[?&;](password|passwd|pwd|token|access_token|api_?key|secret|client_secret)=[^&]";
const EMAIL: &str = "[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+([.][A-Za-z0-9-]+)*[.][A-Za-z]{2,}";

/// Columns that name people in what is a log; e-mail addresses and secrets in free text.
fn personal(project: &Project, known: &SourceView) -> Option<Probe> {
    known.carrier("timestamp")?;
    let plain: Vec<String> = known.plain_columns().collect();
    let mut personal: Vec<PersonalColumn> = Vec::new();
    for column in &known.meanings.columns {
        let Some(meaning) = column.accepted() else { continue };
        let (Some(concept), Some(carried)) =
            (known.vocabulary.concept(&meaning.concept), known.evidence.column(&column.column))
        else {
            continue;
        };
        let name = &carried.expression;
        let add = |what: &str, expression: String, is_text: bool| PersonalColumn {
            column: column.column.clone(),
            what: what.to_owned(),
            expression,
            is_text,
            is_plain: plain.contains(&column.column),
        };
        if known.evidence.is_empty(carried) {
            continue;
        }
        if matches!(concept.sensitivity, Classification::Personal | Classification::Secret) {
            personal.push(add(&concept.title.to_lowercase(), format!("count_if({name} is not null)"), false));
        } else if carried.data_type == DataType::String && FREE_TEXT.contains(&meaning.concept.as_str()) {
            let holds = |pattern: &str| format!("count_if(regexp_matches({name}, '{pattern}'))");
            personal.push(add("e-mail addresses", holds(EMAIL), true));
            personal.push(add("secrets in the address", holds(SECRET), true));
        }
    }
    if personal.is_empty() {
        return None;
    }
    // Counted on the whole input: how many rows carry each.
    let mut flow = flow_for(project, Kind::PersonalData, known);
    let read = flow.read(&known.evidence.source);
    let measures: Vec<_> = personal
        .iter()
        .enumerate()
        .map(|(index, column)| {
            json!({"id": format!("m{}", index + 1), "name": format!("c{index}"), "expression": column.expression})
        })
        .collect();
    let watch = flow.then(&read, "aggregate", "Values", json!({"keys": [], "measures": measures}), "");
    Some(probe(Kind::PersonalData, known, flow, watch, Task::Personal { columns: personal }))
}

/// Where people write freely, or programs for them.
const FREE_TEXT: [&str; 7] = [
    "log.message",
    "error.message",
    "url.path",
    "url.full",
    "url.query",
    "http.request.line",
    "http.request.header.referer",
];

/// A column in which personal data is looked for.
#[derive(Debug, Clone)]
pub(super) struct PersonalColumn {
    pub column: String,
    /// What it would be, in words.
    pub what: String,
    /// Counts the rows that have it.
    expression: String,
    /// Only parts of the text are personal.
    pub is_text: bool,
    /// It stands in no record, so that it can be replaced.
    is_plain: bool,
}

/// Makes what was found unreadable; `None`: it stands in records, which must be flattened first.
pub(super) fn personal_flow(project: &Project, known: &SourceView, found: &[&PersonalColumn]) -> Option<Vec<Edit>> {
    let found: Vec<&PersonalColumn> = found.iter().copied().filter(|one| one.is_plain).collect();
    if found.is_empty() {
        return None;
    }
    let mut flow = flow_for(project, Kind::PersonalData, known);
    let mut last = flow.read(&known.evidence.source);
    let whole: BTreeSet<&str> = found.iter().filter(|one| !one.is_text).map(|one| one.column.as_str()).collect();
    if !whole.is_empty() {
        let note = "A plain hash of a small set of values can be guessed; a keyed hash (hmac) cannot.";
        let settings = json!({"columns": whole, "method": "hash"});
        last = flow.then(&last, "mask_or_hash", "Personal columns hashed", settings, note);
    }
    let texts: BTreeSet<&str> = found.iter().filter(|one| one.is_text).map(|one| one.column.as_str()).collect();
    if !texts.is_empty() {
        let columns: Vec<_> = texts
            .iter()
            .enumerate()
            .map(|(index, name)| {
                let name_in = print_name(name);
                let cleaned = format!("regexp_replace(redact({name_in}), '{SECRET}[^&]*', '?secret=<secret>')");
                json!({"id": format!("c{}", index + 1), "name": name, "expression": cleaned})
            })
            .collect();
        flow.then(&last, "compute", "Texts without e-mail addresses", json!({"columns": columns}), "");
    }
    Some(flow.edits)
}
