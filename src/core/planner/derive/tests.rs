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
    assert_eq!(rules(&catalogue, bad), ["visitor.id-from-session.id-client.address", "event.is_error-from-status"]);
    assert!(bad.is_proved);
    let failed = &derived(&catalogue, "transactions-failed", 1)[0];
    assert_eq!(rules(&catalogue, failed), ["transaction.id-from-order.id", "transaction.is_failed-from-event.name"]);
}

#[test]
fn alternatives_come_in_order_of_cost() {
    let catalogue = shop();
    let found = derived(&catalogue, "users-bad-experience", 6);
    assert_eq!(found.len(), 6);
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
    assert!(open.is_empty(), "questions without an answer: {open:?}");
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
