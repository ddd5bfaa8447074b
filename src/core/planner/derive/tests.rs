//! Tests of derivations on the worked example's sources.

use super::*;
use crate::data::{DataType, Schema, Value};
use crate::planner::testing::{shop_evidence, shop_sources, source};
use crate::planner::{Vocabulary, ready_question, ready_questions};

pub fn shop() -> Catalogue {
    Catalogue::new(Vocabulary::shipped(), shop_evidence(&shop_sources()))
}

fn derived(catalogue: &Catalogue, id: &str, count: usize) -> Vec<Derivation> {
    derive(catalogue, &Asked::ready(ready_question(id).unwrap()), count)
}

/// The rules of a derivation, by id.
fn rules<'a>(catalogue: &'a Catalogue, derivation: &Derivation) -> Vec<&'a str> {
    let rules = derivation.concepts.values().filter_map(|origin| match origin {
        Origin::Rule(rule) => Some(catalogue.vocabulary.rules()[*rule].id.as_str()),
        Origin::Field(_) | Origin::Joined(..) => None,
    });
    rules.collect()
}

#[test]
fn the_cheapest_sources_answer() {
    let catalogue = shop();
    for (question, sources) in [
        ("users-bad-experience", &["src-access"][..]),
        ("pages-most-used", &["src-access"]),
        ("what-broke-first", &["src-app"]),
        ("services-to-expand", &["src-metrics", "src-services"]),
        ("errors-most-frequent", &["src-app"]),
        ("transactions-failed", &["src-app", "src-releases"]),
        ("users-by-country", &["src-app", "src-users"]),
        ("release-errors", &["src-app", "src-releases"]),
        ("releases-per-month", &["src-releases"]),
    ] {
        let found = derived(&catalogue, question, 1);
        assert_eq!(found.first().map(|best| best.sources(&catalogue)).unwrap_or_default(), sources, "{question}");
    }
    let bad = &derived(&catalogue, "users-bad-experience", 1)[0];
    assert_eq!(
        rules(&catalogue, bad),
        [
            "visitor.id-from-client.address-user_agent",
            "user_agent.is_bot-from-user_agent.original",
            "event.is_error-from-status",
            "security.is_probe-from-url.path-http.request.line-status",
            "client.is_scanner-from-client.address-security.is_probe"
        ]
    );
    assert!(bad.is_proved);
    let failed = &derived(&catalogue, "transactions-failed", 1)[0];
    assert_eq!(rules(&catalogue, failed), ["transaction.id-from-order.id", "transaction.is_failed-from-event.name"]);
}

/// No page of the shop fails for a payment; its own log names those that do.
#[test]
fn a_source_that_gave_no_answer_does_not_come_first() {
    let mut catalogue = shop();
    let asked = crate::planner::Sentence::ask("how many users had failed payments", &catalogue.vocabulary).unwrap();
    let first = |catalogue: &Catalogue| derive(catalogue, &asked, 1)[0].sources(catalogue)[0].to_owned();
    assert_eq!(first(&catalogue), "src-access");
    catalogue.tried.insert((asked.id.clone(), "src-access".into()), NO_ROW.into());
    assert_eq!(first(&catalogue), "src-app");
}

#[test]
fn alternatives_come_in_order_of_cost() {
    let catalogue = shop();
    let found = derived(&catalogue, "users-bad-experience", 10);
    assert_eq!(found.len(), 10);
    assert!(found.windows(2).all(|pair| pair[0].cost <= pair[1].cost && pair[0] != pair[1]));
    assert!(found.iter().any(|one| rules(&catalogue, one).contains(&"visitor.id-from-session.id")));
    assert!(found.iter().any(|one| one.sources(&catalogue) == ["src-app"]));
}

#[test]
fn a_join_that_would_multiply_rows_is_refused() {
    let mut evidence = shop_evidence(&shop_sources());
    let users = evidence.iter_mut().find(|source| source.source == "src-users").unwrap();
    users.columns[0].distinct = 699;
    let catalogue = Catalogue::new(Vocabulary::shipped(), evidence);
    assert!(derived(&catalogue, "users-by-country", 3).is_empty());
    let refused = catalogue.refused.iter().find(|one| one.column == "user_id" && one.concept == "user.id");
    assert!(catalogue.refused.iter().any(|one| one.reason.contains("699 values in 700 rows")), "{refused:?}");
}

#[test]
fn most_ready_questions_are_answered_from_the_shop() {
    let catalogue = shop();
    let open: Vec<&str> = ready_questions()
        .iter()
        .filter(|question| derive(&catalogue, &Asked::ready(question), 1).is_empty())
        .map(|question| question.id.as_str())
        .collect();
    // The shop has no page for signing in, and no request without a right to it.
    assert_eq!(open, ["logins-failed"]);
}

#[test]
fn a_user_is_a_visit_only_where_nearly_every_request_has_one() {
    for (nulls, rule) in [(0, "visitor.id-from-session.id"), (2_400, "visitor.id-from-client.address-user_agent")] {
        let mut evidence = shop().sources;
        let access = evidence.iter_mut().find(|source| source.source == "src-access").unwrap();
        access.columns.iter_mut().find(|column| column.name == "cookie_sid").unwrap().nulls = nulls;
        let catalogue = Catalogue::new(Vocabulary::shipped(), evidence);
        for question in ["users-active", "users-affected-share", "users-bad-experience", "pages-most-used"] {
            let best = &derived(&catalogue, question, 1)[0];
            let used = rules(&catalogue, best);
            assert!(used.contains(&rule), "{question}, {nulls} empty: {used:?}");
            assert!(used.contains(&"user_agent.is_bot-from-user_agent.original"), "{question}: {used:?}");
        }
    }
}

#[test]
fn a_source_that_the_asker_may_not_see_is_not_used() {
    let mut catalogue = shop();
    let access = catalogue.source_number("src-access").unwrap();
    catalogue.sources[access].access = vec!["team-platform".into()];
    let mut asked = Asked::ready(ready_question("users-bad-experience").unwrap());
    (asked.is_own, asked.asker) = (true, "team-shop".into());
    assert_eq!(derive(&catalogue, &asked, 1)[0].sources(&catalogue), ["src-app"]);
    asked.asker = "team-platform".into();
    assert_eq!(derive(&catalogue, &asked, 1)[0].sources(&catalogue), ["src-access"]);
}

#[test]
fn rows_that_are_older_than_others_cost_more() {
    let schema = Schema::of([("timestamp", DataType::Timestamp), ("user_id", DataType::String)]);
    let of = |id: &str, last_day: i64| {
        let mut found = source(id, 90, schema.clone(), &[("user_id", 40, &["u1", "u2"])]);
        (found.columns[0].min, found.columns[0].max) =
            (Value::Timestamp(0), Value::Timestamp(last_day * 86_400_000_000));
        found
    };
    let catalogue = Catalogue::new(Vocabulary::shipped(), vec![of("old", 10), of("new", 20)]);
    let ways = derived(&catalogue, "users-active", 2);
    let shown: Vec<(Vec<&str>, u32)> = ways.iter().map(|way| (way.sources(&catalogue), way.cost)).collect();
    assert_eq!((shown[0].0.as_slice(), shown[1].0.as_slice()), (&["new"][..], &["old"][..]));
    assert_eq!(shown[1].1 - shown[0].1, 3, "ten days: twice doubled and more");
}

#[test]
fn words_of_free_text_are_no_users_and_requests_no_visits() {
    let with_message = |text: &'static str| {
        let schema = Schema::of([("time", DataType::Timestamp), ("message", DataType::String)]);
        let messages = source("src-log", 90, schema, &[("message", 40, &[text])]);
        derived(&Catalogue::new(Vocabulary::shipped(), vec![messages]), "users-active", 1).len()
    };
    assert_eq!(with_message("skipping update of position for a file which does not currently exist"), 0);
    assert_eq!(with_message("the user interface is ready"), 0);
    assert_eq!(with_message("Failed password for invalid user admin from 198.18.0.1 port 5000 ssh2"), 0);
    assert_eq!(with_message("session opened for user root by (uid=0)"), 1);
    let schema = Schema::of([
        ("time", DataType::Timestamp),
        ("path", DataType::String),
        ("status", DataType::Int),
        ("request_id", DataType::String),
    ]);
    let requests = source("src-in", 90, schema, &[("path", 9, &["/a"]), ("request_id", 90, &["5579d51b0a70fb6c"])]);
    let catalogue = Catalogue::new(Vocabulary::shipped(), vec![requests]);
    assert!(!derived(&catalogue, "availability", 1).is_empty());
    for question in ["pages-left", "users-active", "users-affected-share"] {
        assert!(derived(&catalogue, question, 1).is_empty(), "{question}");
    }
}

#[test]
fn what_an_error_is_called_does_not_make_every_line_one() {
    let log = |messages: &[&str]| {
        let schema = Schema::of([("time", DataType::Timestamp), ("message", DataType::String)]);
        let mut log = source("src-log", 200, schema, &[("message", 190, messages)]);
        log.confirmed.insert("message".into(), "log.message".into());
        Catalogue::new(Vocabulary::shipped(), vec![log])
    };
    assert!(derived(&log(&["task 1 started", "task 2 is done"]), "errors-most-frequent", 1).is_empty());
    let told = log(&["task 1 started", "task 2 failed"]);
    let found = derived(&told, "errors-most-frequent", 3);
    assert!(rules(&told, &found[0]).contains(&"event.is_error-from-log.message"));
    assert!(found.iter().all(|one| !rules(&told, one).contains(&"event.is_error-from-error.type")));
}

#[test]
fn one_try_to_sign_in_is_one_message() {
    let schema = Schema::of([("time", DataType::Timestamp), ("message", DataType::String)]);
    let with = |messages: &[&str]| {
        let mut log = source("src-log", 200, schema.clone(), &[("message", 190, messages)]);
        log.confirmed.insert("message".into(), "log.message".into());
        let catalogue = Catalogue::new(Vocabulary::shipped(), vec![log]);
        let found = derived(&catalogue, "logins-failed", 1);
        rules(&catalogue, &found[0]).into_iter().find(|id| id.starts_with("auth.")).map(str::to_owned)
    };
    let pam = "pam_unix(sshd:auth): authentication failure; rhost=198.18.0.1";
    assert_eq!(with(&[pam]).as_deref(), Some("auth.is_failed-from-log.message"));
    let both = [pam, "Failed password for root from 198.18.0.1 port 22 ssh2"];
    assert_eq!(with(&both).as_deref(), Some("auth.is_failed-from-password"));
}

#[test]
fn what_the_kept_rows_do_not_have_is_no_way_to_tell_them_apart() {
    use crate::planner::evidence::SampleRows;
    let schema = Schema::of([
        ("ts", DataType::Timestamp),
        ("level", DataType::String),
        ("service", DataType::String),
        ("reason", DataType::String),
        ("err", DataType::String),
    ]);
    let values: [(&str, u64, &[&str]); 4] = [
        ("level", 2, &["info", "error"]),
        ("service", 2, &["web", "pay"]),
        ("reason", 2, &["timeout", "limit"]),
        ("err", 2, &["token too long in line 3", "a syntax error in line 9"]),
    ];
    let mut log = source("log", 200, schema.clone(), &values);
    log.confirmed.insert("level".into(), "log.severity".into());
    let text = |text: &str| if text.is_empty() { Value::Null } else { Value::text(text) };
    let rows = (0..200).map(|row| {
        let (level, reason, err) =
            if row % 10 == 0 { ("error", "", "token too long in line 3") } else { ("info", "limit", "") };
        vec![Value::Timestamp(row), text(level), text("web"), text(reason), text(err)]
    });
    let rows: Vec<Vec<Value>> = rows.collect();
    let asked = Asked::ready(ready_question("errors-most-frequent").unwrap());
    let fields_of = |log: &SourceEvidence| -> Vec<String> {
        let catalogue = Catalogue::new(Vocabulary::shipped(), vec![log.clone()]);
        let found = derive(&catalogue, &asked, 3);
        assert!(found.is_sorted_by_key(|one| one.cost));
        let fields = found[0].concepts.values().filter_map(|origin| match origin {
            Origin::Field(field) => Some(catalogue.fields[0][*field].column),
            Origin::Rule(_) | Origin::Joined(..) => None,
        });
        fields.map(|column| log.columns[column].name.clone()).collect()
    };
    assert!(fields_of(&log).contains(&"reason".to_owned()), "by its name it is the reason");
    log.sample = std::sync::Arc::new(SampleRows { schema, rows });
    let fields = fields_of(&log);
    assert!(!fields.contains(&"reason".to_owned()) && fields.contains(&"err".to_owned()), "{fields:?}");
}
