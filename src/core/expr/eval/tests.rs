//! Null and edge-value semantics, each as a text and its value.
//! Must not import any room but `data`.

use std::collections::BTreeMap;

use super::super::{Place, Scope, check, coerce, eval, parse};
use crate::data::{Schema, Value};

#[track_caller]
fn gives(text: &str, expected: &str) {
    let schema = Schema::default();
    let parameters = BTreeMap::new();
    let scope = Scope { schema: &schema, parameters: &parameters, place: Place::Row };
    let value = |text: &str| {
        let expr = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        eval(&expr, &|_| Value::Null)
    };
    assert_eq!(value(text), value(expected), "{text}");
    // What is coerced means the same.
    let expr = parse(text).unwrap();
    if check(&expr, &scope).is_ok() {
        let coerced = eval(&coerce(&expr, &scope), &|_| Value::Null);
        let (a, b) = (value(expected), coerced);
        assert!(a == b || a.compare(&b).is_some_and(|order| order.is_eq()), "{text}: coerced {b:?}");
    }
}

#[test]
fn logic_has_three_values() {
    gives("null and false", "false");
    gives("false and null", "false");
    gives("null and true", "null");
    gives("null or true", "true");
    gives("null or false", "null");
    gives("not null", "null");
    gives("null is true", "false");
    gives("null is not true", "true");
    gives("1 = null", "null");
    gives("null is distinct from null", "false");
    gives("1 is distinct from null", "true");
    gives("1 is not distinct from 1.0", "true");
    gives("1 in (2, null)", "null");
    gives("1 in (1, null)", "true");
    gives("1 not in (2, null)", "null");
    gives("null in (1)", "null");
    gives("5 between null and 3", "false");
    gives("2 between null and 3", "null");
    gives("2 not between 1 and 3", "false");
    gives("case when null then 1 else 2 end", "2");
    gives("case null when null then 1 else 2 end", "2");
    gives("case 1 when 1.0 then 'a' end", "'a'");
    gives("case when false then 1 end", "null");
}

#[test]
fn arithmetic_never_leaves_its_range() {
    gives("7 / 2", "3.5");
    gives("1 / 0", "null");
    gives("0.0 / 0", "null");
    gives("7 div 2", "3");
    gives("-7 div 2", "-3");
    gives("7 div 0", "null");
    gives("-9223372036854775808 div -1", "null");
    gives("-9223372036854775808 % -1", "0");
    gives("-7 % 3", "-1");
    gives("7 % 0", "null");
    gives("-7.5 % 2", "-1.5");
    gives("9223372036854775807 + 1", "null");
    gives("9223372036854775807 * 2", "null");
    gives("-(-9223372036854775808)", "null");
    gives("1e308 * 10", "null");
    gives("1e308 * 10 - 1e308 * 10", "null");
    gives("1 + 1.5", "2.5");
    gives("1 || 'a' || null", "null");
    gives("1 || 'a'", "'1a'");
    gives("abs(-9223372036854775808)", "null");
}

#[test]
fn times_and_spans_calculate() {
    gives("timestamp '2026-03-02' - timestamp '2026-03-01T12:00:00Z'", "interval '12 hours'");
    gives("date '2026-03-02' - date '2026-03-01'", "interval '1 day'");
    gives("date '2026-03-02' + interval '1 hour'", "timestamp '2026-03-02T01:00:00Z'");
    gives("interval '1 hour' * 1.5", "interval '90 minutes'");
    gives("interval '1 hour' / 4", "interval '15 minutes'");
    gives("interval '1 hour' / interval '15 minutes'", "4.0");
    gives("interval '1 hour' / 0", "null");
    gives("timestamp '9999-12-31' + interval '2 days'", "null");
    gives("timestamp '2026-03-02' = '2026-03-02'", "true");
    gives("timestamp '2026-03-02T05:00:00Z' >= '2026-03-02 06:00:00'", "false");
    gives("date '2026-03-02' < timestamp '2026-03-02T00:00:01Z'", "true");
    gives("date '2026-03-02' between '2026-03-01' and '2026-03-02T00:00:00Z'", "true");
    gives("interval '90 minutes' > '1 hour'", "true");
    gives("timestamp '2026-03-02' - '2026-03-01'", "interval '1 day'");
}

#[test]
fn text_matches_by_characters() {
    gives("'größe' like 'gr__e'", "true");
    gives("'abc' like '%'", "true");
    gives("'' like '_'", "false");
    gives("'/api/v1/users' like '/api/%/users'", "true");
    gives("'/api/v1/users/' like '/api/%/users'", "false");
    gives("'aXbXc' like 'a%X_'", "true");
    gives("'GET' ilike 'g%'", "true");
    gives("'GET' like 'g%'", "false");
    gives("null like 'a'", "null");
    gives("'a' < 'ä' and 'Z' < 'a'", "true");
    gives("try_cast('x' as int)", "null");
    gives("cast('12' as int) + 1", "13");
    gives("try_cast('{\"a\": [1]}' as record{a: list<int>}).a", "[1]");
}

#[test]
fn zero_has_no_sign() {
    for text in
        ["-0.0", "0.0 * -1", "-(0.0)", "round(-0.4)", "ceil(-0.5)", "trunc(-0.5)", "cast('-0' as float)", "-3.0 % 3"]
    {
        let found = eval(&parse(text).unwrap(), &|_| Value::Null);
        assert_eq!(found.to_json().to_string(), "0.0", "{text}");
    }
}
