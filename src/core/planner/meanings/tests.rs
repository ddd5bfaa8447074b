//! Tests of meanings: the worked example, names of other log formats, corrections.

use super::*;
use crate::data::Schema;
use crate::planner::testing::{shop_evidence, shop_sources, source};

fn shop() -> (Vec<SourceEvidence>, Vec<SourceMeanings>) {
    let evidence = shop_evidence(&shop_sources());
    let found = meanings(&Vocabulary::shipped(), &evidence);
    (evidence, found)
}

fn best<'a>(found: &'a [SourceMeanings], source: &str, column: &str) -> Option<&'a Meaning> {
    let source = found.iter().find(|one| one.source == source)?;
    source.columns.iter().find(|one| one.column == column)?.accepted()
}

#[test]
fn the_shop_is_understood() {
    let (_, found) = shop();
    for (source, column, wanted) in [
        ("src-access", "time", "timestamp"),
        ("src-access", "client", "client.address"),
        ("src-access", "user", ""),
        ("src-access", "method", "http.request.method"),
        ("src-access", "path", "url.path"),
        ("src-access", "status", "http.response.status_code"),
        ("src-access", "bytes", "http.response.body.size"),
        ("src-access", "duration", "event.duration"),
        ("src-access", "user_agent", "user_agent.original"),
        ("src-access", "cookie_sid", "session.id"),
        ("src-app", "ts", "timestamp"),
        ("src-app", "level", "log.severity"),
        ("src-app", "service", "service.name"),
        ("src-app", "event", "event.name"),
        ("src-app", "trace_id", "trace.id"),
        ("src-app", "duration_ms", "event.duration_ms"),
        ("src-app", "sid", "session.id"),
        ("src-app", "order_id", "order.id"),
        ("src-app", "user_id", "user.id"),
        ("src-app", "amount", "transaction.amount"),
        ("src-app", "reason", "error.reason"),
        ("src-metrics", "name", "metric.name"),
        ("src-metrics", "value", "metric.value"),
        ("src-metrics", "service", "service.name"),
        ("src-metrics", "instance", "service.instance.id"),
        ("src-releases", "service", "service.name"),
        ("src-releases", "version", "service.version"),
        ("src-releases", "released_at", "deployment.time"),
        ("src-services", "name", "service.name"),
        ("src-services", "owner.team", "service.owner"),
        ("src-services", "replicas", "service.replicas"),
        ("src-services", "limits.cpu", "service.cpu.limit"),
        ("src-users", "user_id", "user.id"),
        ("src-users", "plan", "user.plan"),
        ("src-users", "country", "client.geo.country"),
        ("src-users", "signed_up", "user.signed_up"),
    ] {
        let accepted = best(&found, source, column).map_or("", |meaning| meaning.concept.as_str());
        assert_eq!(accepted, wanted, "{source} {column}");
    }
    let names = best(&found, "src-services", "name").unwrap();
    assert!(names.reasons.iter().any(|reason| reason.contains("sampled values are in `service`")), "{names:?}");
}

#[test]
fn other_logs_are_understood_too() {
    let schema = Schema::of([
        ("@timestamp", DataType::String),
        ("kubernetes.pod_name", DataType::String),
        ("c-ip", DataType::String),
        ("x1", DataType::String),
        ("latency", DataType::Int),
        ("nginx_status_code", DataType::String),
        ("userId", DataType::Int),
        ("status", DataType::String),
        ("colour", DataType::String),
    ]);
    let mut other = source(
        "other",
        100,
        schema,
        &[
            ("@timestamp", 90, &["2026-03-02T10:00:00Z"]),
            ("kubernetes.pod_name", 3, &["web-7c9d8f6b5-x2x4z"]),
            ("c-ip", 9, &["10.0.0.1"]),
            ("x1", 9, &["ann@example.org", "bo@example.org"]),
            ("nginx_status_code", 3, &["200", "404"]),
            ("status", 2, &["ok", "failed"]),
            ("colour", 2, &["red", "blue"]),
        ],
    );
    other.columns[4].max = Value::Int(2500);
    let found = meanings(&Vocabulary::shipped(), &[other]);
    for (column, wanted, expression) in [
        ("@timestamp", "timestamp", "try_cast(\"@timestamp\" as timestamp)"),
        ("kubernetes.pod_name", "k8s.pod.name", "\"kubernetes.pod_name\""),
        ("c-ip", "client.address", "\"c-ip\""),
        ("x1", "user.email", "x1"),
        ("latency", "event.duration_ms", "latency"),
        ("nginx_status_code", "http.response.status_code", "try_cast(nginx_status_code as int)"),
        ("userId", "user.id", "try_cast(userId as string)"),
        ("status", "event.outcome", "status"),
        ("colour", "", ""),
    ] {
        let accepted = best(&found, "other", column);
        let shown = accepted.map_or(("", ""), |meaning| (meaning.concept.as_str(), meaning.expression.as_str()));
        assert_eq!(shown, (wanted, expression), "{column}: {:?}", found[0].columns);
    }
}

#[test]
fn a_nameless_column_is_known_by_the_values_that_it_shares() {
    let mut evidence = shop_evidence(&shop_sources());
    let ids: Vec<String> = (0..900).map(|number| format!("{:016x}", number * 7919)).collect();
    let sketch_of = |ids: &[String]| crate::planner::sketch(ids.iter().map(String::as_str));
    let nameless = evidence[0].columns.iter_mut().find(|column| column.name == "cookie_sid").unwrap();
    (nameless.name, nameless.sketch) = ("field_10".into(), sketch_of(&ids));
    let known = evidence[1].columns.iter_mut().find(|column| column.name == "sid").unwrap();
    known.sketch = sketch_of(&ids[300..800]);
    let found = meanings(&Vocabulary::shipped(), &evidence);
    let meaning = best(&found, "src-access", "field_10").unwrap();
    assert_eq!(meaning.concept, "session.id");
    assert!(meaning.reasons[0].ends_with("of its values are in `sid` of Application log too"), "{:?}", meaning.reasons);
}

#[test]
fn names_that_may_stand_for_anything_do_not_decide() {
    let schema = Schema::of([
        ("cluster.name", DataType::String),
        ("shard.id", DataType::String),
        ("ecs.version", DataType::String),
        ("name", DataType::String),
        ("event.dataset", DataType::String),
        ("event.duration", DataType::Int),
        ("http.request.method", DataType::String),
        ("time_utc", DataType::Timestamp),
        ("request.path", DataType::String),
    ]);
    let mut other = source(
        "other",
        100,
        schema,
        &[
            ("cluster.name", 2, &["blue", "green"]),
            ("shard.id", 2, &["a1", "b2"]),
            ("ecs.version", 1, &["1.12.0"]),
            ("name", 2, &["Blue thing", "Red thing"]),
            ("event.dataset", 1, &["nginx.access"]),
            ("http.request.method", 2, &["get", "post"]),
            ("request.path", 2, &["/a", "/b"]),
        ],
    );
    other.columns[5].max = Value::Int(1_866_656_000);
    let found = meanings(&Vocabulary::shipped(), &[other]);
    for (column, wanted) in [
        ("cluster.name", ""),
        ("shard.id", ""),
        ("ecs.version", ""),
        ("name", ""),
        ("event.dataset", ""),
        ("event.duration", "event.duration_ns"),
        ("http.request.method", "http.request.method"),
        ("time_utc", "timestamp"),
        ("request.path", "url.path"),
    ] {
        let accepted = best(&found, "other", column).map_or("", |meaning| meaning.concept.as_str());
        assert_eq!(accepted, wanted, "{column}: {:?}", found[0].columns);
    }
}

#[test]
fn names_of_real_logs_are_told_apart() {
    let schema = Schema::of([
        ("@version", DataType::String),
        ("name", DataType::String),
        ("hostname", DataType::String),
        ("level", DataType::Int),
        ("msg", DataType::String),
        ("pid", DataType::Int),
        ("path", DataType::String),
        ("uid", DataType::String),
        ("pod", DataType::String),
        ("id", DataType::Int),
        ("headers.host", DataType::String),
        ("node.name", DataType::String),
        ("user_id", DataType::String),
    ]);
    let uid = "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0";
    let mut other = source(
        "other",
        100,
        schema,
        &[
            ("@version", 1, &["1"]),
            ("name", 1, &["billing"]),
            ("hostname", 2, &["web-1", "web-2"]),
            ("msg", 90, &["it is done", "it has begun"]),
            ("path", 9, &["/var/log/pods/a.log", "/var/log/pods/b.log"]),
            ("uid", 9, &[uid]),
            ("pod", 9, &["billing-7c9d8f6b5-x2x4z"]),
            ("headers.host", 2, &["shop.example", "www.shop.example"]),
            ("node.name", 2, &["n-1", "n-2"]),
            ("user_id", 1, &[""]),
        ],
    );
    let web = [("upstream_status", DataType::Int), ("status", DataType::Int), ("method", DataType::String)];
    let mut web = source("web", 100, Schema::of(web), &[("method", 2, &["GET", "POST"])]);
    let numbers = [("level", [30, 50]), ("id", [4711, 4712]), ("upstream_status", [200, 502]), ("status", [200, 502])];
    for (name, values) in numbers {
        let mut columns = other.columns.iter_mut().chain(&mut web.columns);
        let column = columns.find(|column| column.name == name).unwrap();
        column.samples = values.map(Value::Int).to_vec();
        column.distinct = 2;
    }
    let found = meanings(&Vocabulary::shipped(), &[other, web]);
    for (column, wanted) in [
        ("@version", ""),
        ("name", "service.name"),
        ("hostname", "host.name"),
        ("level", "log.level_number"),
        ("path", "file.path"),
        ("uid", "k8s.pod.uid"),
        ("id", ""),
        ("headers.host", "url.domain"),
        ("node.name", "k8s.node.name"),
        ("user_id", ""),
        ("upstream_status", ""),
        ("status", "http.response.status_code"),
    ] {
        let accepted = best(&found, "other", column).or_else(|| best(&found, "web", column));
        let accepted = accepted.map_or("", |meaning| meaning.concept.as_str());
        assert_eq!(accepted, wanted, "{column}: {found:?}");
    }
}

#[test]
fn a_correction_wins_and_is_kept_in_the_project() {
    let mut project = shop_sources();
    let edits = [
        confirm_meaning(&project.sources["src-app"], "reason", Some("payment.method")),
        confirm_meaning(&project.sources["src-app"], "sid", None),
    ];
    project.apply(&edits).unwrap();
    let inner = confirm_meaning(&project.sources["src-services"], "owner.team", Some("service.namespce"));
    let undo = project.apply(&[inner]).unwrap();
    let vocabulary = Vocabulary::shipped();
    let found = meanings(&vocabulary, &shop_evidence(&project));
    let reason = best(&found, "src-app", "reason").unwrap();
    assert_eq!(
        (reason.concept.as_str(), reason.score, reason.reasons[0].as_str()),
        ("payment.method", 100, "confirmed")
    );
    assert_eq!(best(&found, "src-app", "sid"), None);
    let messages: Vec<String> = check_meanings(&project, &vocabulary).into_iter().map(|one| one.message).collect();
    assert_eq!(messages.len(), 1);
    assert!(messages[0].contains("did you mean `service.namespace`?"), "{messages:?}");
    project.apply(&undo).unwrap();
    assert!(project.sources["src-services"].meanings.is_empty());
    let (loaded, warnings) = crate::project::load(&crate::project::to_text(&project)).unwrap();
    assert_eq!((&loaded.sources, warnings), (&project.sources, vec![]));
}
