//! Which flows are worth running on a source, by what its fields mean. Imports the planner's evidence and meanings.

use serde_json::json;

use super::flow::Flow;
use super::{Kind, Probe, Task};
use crate::data::{DataType, Value};
use crate::expr::{Expr, print, print_name};
use crate::model::Id;
use crate::planner::evidence::{ColumnEvidence, SourceEvidence};
use crate::planner::meanings::SourceMeanings;
use crate::planner::vocabulary::Vocabulary;
use crate::project::Project;

/// Requests that take longer than this many seconds are slow.
pub(super) const SLOW: f64 = 3.0;
/// Errors are counted in such spans.
pub(super) const SPAN: &str = "10 minutes";
/// What tells users apart, the surest first.
const WHO: [&str; 5] = ["user.id", "session.id", "visitor.id", "user.name", "client.address"];
/// Words in a value that say that something went wrong.
const FAILED: [&str; 7] = ["fail", "declin", "reject", "refus", "abort", "cancel", "denied"];

/// Words in a value that speak of a transaction.
const PAID: [&str; 8] = ["pay", "order", "transact", "checkout", "charge", "transfer", "refund", "booking"];

/// A source with what its fields mean.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub evidence: &'a SourceEvidence,
    pub meanings: &'a SourceMeanings,
}

impl Known<'_> {
    /// The column that carries a concept best: its name, and its values in the concept's type as an expression.
    pub fn carrier(&self, concept: &str) -> Option<(&ColumnEvidence, &str)> {
        let columns = self.meanings.columns.iter().filter_map(|column| {
            let meaning = column.accepted().filter(|meaning| meaning.concept == concept)?;
            Some((meaning.score, column.column.as_str(), meaning.expression.as_str()))
        });
        let (_, name, expression) = columns.max_by_key(|(score, ..)| *score)?;
        Some((self.evidence.column(name)?, expression))
    }

    /// As `carrier`, only the expression.
    fn expression(&self, concept: &str) -> Option<String> {
        self.carrier(concept).map(|(_, expression)| expression.to_owned())
    }

    /// The plain column that says when, a Timestamp.
    pub fn time(&self) -> Option<String> {
        let (column, _) = self.carrier("timestamp")?;
        (column.data_type == DataType::Timestamp).then(|| column.name.clone())
    }

    /// What tells users apart: (expression, word for many of them).
    pub fn who(&self) -> Option<(String, &'static str)> {
        let words = ["users", "sessions", "visitors", "users", "clients"];
        WHO.iter().zip(words).find_map(|(concept, word)| {
            let (column, expression) = self.carrier(concept)?;
            // A name that most rows lack counts nobody.
            (self.evidence.null_share(column) < 0.5).then(|| (expression.to_owned(), word))
        })
    }
}

pub(super) fn probes_of(project: &Project, known: &Known, all: &[Known]) -> Vec<Probe> {
    let mut probes = Vec::new();
    probes.extend(error_baseline(project, known));
    probes.extend(slow_requests(project, known));
    probes.extend(failures(project, known, all));
    probes.extend(patterns(project, known));
    probes.extend(gaps(project, known));
    probes.extend(duplicates(project, known));
    probes.extend(bots(project, known));
    probes.extend(personal(project, known));
    probes
}

fn prefix(kind: Kind, source: &str) -> String {
    format!("{}-{source}", kind.name())
}

fn probe(kind: Kind, known: &Known, flow: Flow, watch: Id, task: Task) -> Probe {
    Probe { kind, source: known.evidence.source.clone(), edits: flow.edits, watch, task }
}

/// The rows that are errors: (condition, word for them).
fn error_condition(known: &Known) -> Option<(String, &'static str)> {
    if let Some((_, status)) = known.carrier("http.response.status_code") {
        return Some((format!("{status} >= 500"), "server errors"));
    }
    if let Some((column, severity)) = known.carrier("log.severity")
        && column.data_type == DataType::String
    {
        let words = "'error', 'err', 'fatal', 'critical', 'crit', 'alert', 'emergency', 'emerg', 'severe', 'panic'";
        return Some((format!("lower({severity}) in ({words})"), "errors"));
    }
    None
}

/// Errors per ten minutes: what is usual, before bursts are looked for.
fn error_baseline(project: &Project, known: &Known) -> Option<Probe> {
    let (time, (condition, what)) = (known.time()?, error_condition(known)?);
    let mut flow = Flow::new(project, &prefix(Kind::ErrorBurst, &known.evidence.source));
    let read = flow.read(&known.evidence.source);
    let errors = flow.then(&read, "filter", "Errors", json!({"predicate": condition}), "");
    let measures = json!([{"id": "m1", "name": "rows", "expression": "count(*)"}]);
    let settings = json!({"time": time, "span": SPAN, "name": "bucket", "measures": measures});
    let watch = flow.then(&errors, "time_buckets", "Errors in ten minutes", settings, "");
    Some(probe(Kind::ErrorBurst, known, flow, watch, Task::Baseline { condition, what: what.to_owned() }))
}

/// The bursts themselves, with a threshold that the baseline gave.
pub(super) fn bursts(
    project: &Project,
    known: &Known,
    condition: &str,
    what: &str,
    at_least: i64,
    usual: f64,
) -> Option<Probe> {
    let time = known.time()?;
    let mut flow = Flow::new(project, &prefix(Kind::ErrorBurst, &known.evidence.source));
    let read = flow.read(&known.evidence.source);
    let mut measures = Vec::new();
    if let Some((who, word)) = known.who() {
        measures.push(json!({"id": "m1", "name": word, "expression": format!("count_distinct({who})")}));
    }
    if let Some(service) = known.expression("service.name") {
        measures.push(json!({"id": "m2", "name": "services", "expression": format!("collect(distinct {service})")}));
    }
    let settings = json!({
        "time": time, "condition": condition, "at_least": at_least, "within": SPAN, "measures": measures,
    });
    let note = format!("Usual are {usual:.1} {what} in {SPAN}; {at_least} and more are a burst.");
    let watch = flow.then(&read, "bursts", "Bursts of errors", settings, &note);
    Some(probe(Kind::ErrorBurst, known, flow, watch, Task::Bursts { what: what.to_owned(), at_least, usual }))
}

/// Slow requests by page, or by service.
fn slow_requests(project: &Project, known: &Known) -> Option<Probe> {
    let seconds = ["event.duration", "http.upstream.duration"].iter().find_map(|concept| known.expression(concept));
    let seconds = seconds.or_else(|| Some(format!("({}) / 1000", known.expression("event.duration_ms")?)))?;
    let by = if let Some(path) = known.expression("url.path").or_else(|| known.expression("url.full")) {
        ("page", format!("path_template({path})"))
    } else {
        ("service", known.expression("service.name")?)
    };
    let mut flow = Flow::new(project, &prefix(Kind::SlowRequests, &known.evidence.source));
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
    Some(probe(Kind::SlowRequests, known, flow, watch, Task::Slow { threshold: SLOW, by: by.0.to_owned() }))
}

/// A value of a column that says that something failed, and the values that stand for the same thing done well.
fn failed_value(known: &Known) -> Option<(String, String, Vec<String>)> {
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
        return Some((column.name.clone(), failed.to_owned(), others));
    }
    None
}

/// Failed transactions beside those that went well, with the release that was live.
fn failures(project: &Project, known: &Known, all: &[Known]) -> Option<Probe> {
    let time = known.time()?;
    ["order.id", "transaction.id", "transaction.amount"].iter().find_map(|concept| known.carrier(concept))?;
    let (column, failed, others) = failed_value(known)?;
    let quote = |text: &str| print(&Expr::literal(Value::text(text)));
    let is_failed = format!("{} = {}", print_name(&column), quote(&failed));
    let who = known.who();
    let mut accept = Flow::new(project, &prefix(Kind::FailedTransactions, &known.evidence.source));
    let read = accept.read(&known.evidence.source);
    let failed_rows = accept.then(&read, "filter", "Failed", json!({"predicate": is_failed}), "");
    let failed_rows = with_release(&mut accept, known, all, &time, failed_rows);
    // What was logged around each failure, where a trace ties rows together.
    if let Some((trace, _)) = known.carrier("trace.id") {
        let settings = json!({
            "time": time, "rows_time": time, "before": "5 minutes", "after": "5 minutes",
            "by": [{"id": "b1", "left": print_name(&trace.name), "right": print_name(&trace.name)}],
        });
        accept.step(
            "surroundings",
            "What was logged around",
            settings,
            "The rows of the same trace, five minutes before and after.",
            &[(&failed_rows, "left"), (&read, "right")],
        );
    }
    let mut flow = Flow::new(project, &prefix(Kind::FailedTransactions, &known.evidence.source));
    let read = flow.read(&known.evidence.source);
    let values: Vec<String> = std::iter::once(&failed).chain(&others).map(|value| quote(value)).collect();
    let predicate = format!("{} in ({})", print_name(&column), values.join(", "));
    let attempts = flow.then(&read, "filter", "Attempts", json!({"predicate": predicate}), "");
    let attempts = with_release(&mut flow, known, all, &time, attempts);
    let settings = json!({"columns": [{"id": "c1", "name": "_inside", "expression": is_failed}]});
    let watch = flow.then(&attempts, "compute", "Failed or not", settings, "");
    let task = Task::Failures { value: failed, who: who.map(|(who, _)| who), time, accept: accept.edits };
    Some(probe(Kind::FailedTransactions, known, flow, watch, task))
}

/// Adds the version that was live, where some source says when versions went live.
fn with_release(flow: &mut Flow, known: &Known, all: &[Known], time: &str, rows: Id) -> Id {
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
fn patterns(project: &Project, known: &Known) -> Option<Probe> {
    let time = known.time()?;
    let mut flow = Flow::new(project, &prefix(Kind::NewPattern, &known.evidence.source));
    let read = flow.read(&known.evidence.source);
    if let Some((message, _)) = known.carrier("log.message").filter(|(column, _)| column.data_type == DataType::String)
    {
        let settings = json!({"column": message.name, "time": time});
        let watch = flow.then(&read, "log_patterns", "Patterns", settings, "");
        return Some(probe(Kind::NewPattern, known, flow, watch, Task::Patterns { what: "pattern".into() }));
    }
    let (event, _) = known.carrier("event.name").filter(|(column, _)| column.distinct <= 10_000)?;
    let settings = json!({
        "keys": [{"id": "k1", "name": "pattern", "expression": print_name(&event.name)}],
        "measures": [
            {"id": "m1", "name": "rows", "expression": "count(*)"},
            {"id": "m2", "name": "first_seen", "expression": format!("min({})", print_name(&time))},
            {"id": "m3", "name": "last_seen", "expression": format!("max({})", print_name(&time))},
        ],
    });
    let watch = flow.then(&read, "aggregate", "Events", settings, "");
    Some(probe(Kind::NewPattern, known, flow, watch, Task::Patterns { what: "event".into() }))
}

/// Rows per minute, in which gaps show.
fn gaps(project: &Project, known: &Known) -> Option<Probe> {
    let time = known.time()?;
    let mut flow = Flow::new(project, &prefix(Kind::GapInTime, &known.evidence.source));
    let read = flow.read(&known.evidence.source);
    let measures = json!([{"id": "m1", "name": "rows", "expression": "count(*)"}]);
    let settings = json!({"time": time, "span": "1 minute", "name": "minute", "measures": measures});
    let buckets = flow.then(&read, "time_buckets", "Rows a minute", settings, "");
    let watch = flow.then(&buckets, "sort", "In time", json!({"keys": ["minute"]}), "");
    Some(probe(Kind::GapInTime, known, flow, watch, Task::Gaps))
}

/// Rows that are there more than once, in all their columns.
fn duplicates(project: &Project, known: &Known) -> Option<Probe> {
    // Only where something tells deliveries apart: without one, equal rows are two things that happened alike.
    ["event.id", "http.request.id", "trace.id", "order.id", "transaction.id"]
        .iter()
        .find_map(|concept| known.carrier(concept))?;
    let kind = Kind::Duplicates;
    let names: Vec<&str> = known.evidence.columns.iter().map(|column| column.name.as_str()).collect();
    let mut flow = Flow::new(project, &prefix(kind, &known.evidence.source));
    let read = flow.read(&known.evidence.source);
    let keys: Vec<_> = names
        .iter()
        .enumerate()
        .filter(|(_, name)| !name.contains('.'))
        .map(|(index, name)| json!({"id": format!("k{}", index + 1), "expression": print_name(name)}))
        .collect();
    let settings = json!({"keys": keys, "measures": [{"id": "m1", "name": "_times", "expression": "count(*)"}]});
    let groups = flow.then(&read, "aggregate", "Equal rows", settings, "");
    let watch = flow.then(&groups, "filter", "More than once", json!({"predicate": "_times > 1"}), "");
    let mut accept = Flow::new(project, &prefix(kind, &known.evidence.source));
    let read = accept.read(&known.evidence.source);
    accept.then(&read, "remove_duplicates", "Each row once", json!({}), "Equal in all columns: delivered twice.");
    let task = Task::Duplicates { accept: accept.edits, rows: known.evidence.rows };
    Some(probe(kind, known, flow, watch, task))
}

/// Requests by those who name themselves crawlers, monitors or scripts.
fn bots(project: &Project, known: &Known) -> Option<Probe> {
    let (agent, _) = known.carrier("user_agent.original")?;
    let (agent, name) = (print_name(&agent.name), agent.name.clone());
    let mut flow = Flow::new(project, &prefix(Kind::Bots, &known.evidence.source));
    let read = flow.read(&known.evidence.source);
    let predicate = format!("ua_device({agent}) in ('bot', 'tool')");
    let rows = flow.then(
        &read,
        "filter",
        "Bots",
        json!({"predicate": predicate}),
        "Those that name themselves bots or scripts.",
    );
    let settings = json!({
        "keys": [{"id": "k1", "expression": agent}],
        "measures": [{"id": "m1", "name": "requests", "expression": "count(*)"}],
    });
    let groups = flow.then(&rows, "aggregate", "Requests of each bot", settings, "");
    let watch = flow.then(&groups, "sort", "Busiest first", json!({"keys": ["requests desc"]}), "");
    Some(probe(Kind::Bots, known, flow, watch, Task::Bots { agent: name }))
}

/// Columns that name people in what is a log.
fn personal(project: &Project, known: &Known) -> Option<Probe> {
    known.time()?;
    let vocabulary = Vocabulary::shipped();
    let columns: Vec<(String, String)> = known
        .meanings
        .columns
        .iter()
        .filter(|column| !column.column.contains('.'))
        .filter_map(|column| {
            let meaning = column.accepted()?;
            let concept = vocabulary.concept(&meaning.concept)?;
            let is_personal = concept.sensitivity == crate::data::Classification::Personal
                || concept.sensitivity == crate::data::Classification::Secret;
            let carried = known.evidence.column(&column.column)?;
            let has_values = !known.evidence.is_empty(carried);
            (is_personal && has_values).then(|| (column.column.clone(), concept.title.clone()))
        })
        .collect();
    if columns.is_empty() {
        return None;
    }
    let mut accept = Flow::new(project, &prefix(Kind::PersonalData, &known.evidence.source));
    let read = accept.read(&known.evidence.source);
    let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
    let note = "A plain hash of a small set of values can be guessed; a keyed hash (hmac) cannot.";
    accept.then(&read, "mask_or_hash", "Personal columns hashed", json!({"columns": names, "method": "hash"}), note);
    // Counted on the whole input: how many rows carry each.
    let mut flow = Flow::new(project, &prefix(Kind::PersonalData, &known.evidence.source));
    let read = flow.read(&known.evidence.source);
    let measures: Vec<_> = names
        .iter()
        .enumerate()
        .map(|(index, name)| {
            let name = print_name(name);
            json!({"id": format!("m{}", index + 1), "name": format!("c{index}"), "expression": format!("count({name})")})
        })
        .collect();
    let watch = flow.then(&read, "aggregate", "Values", json!({"keys": [], "measures": measures}), "");
    Some(probe(Kind::PersonalData, known, flow, watch, Task::Personal { columns, accept: accept.edits }))
}
