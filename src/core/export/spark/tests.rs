//! What Spark's SQL looks like, and what is refused; whether it gives the same rows is tested on Spark itself.

use super::*;
use crate::data::{DataType, Schema, Value};
use crate::export::sql::Printer;
use crate::expr::{self, Place, Scope};

/// SQL of an expression over the columns `a` (Int), `f` (Float), `t` (Timestamp), `s` (String), `l` (List of String).
fn printed_text(text: &str) -> Result<String, String> {
    let schema = Schema::of([
        ("a", DataType::Int),
        ("f", DataType::Float),
        ("t", DataType::Timestamp),
        ("s", DataType::String),
        ("l", DataType::List(Box::new(DataType::String))),
    ]);
    let parameters = BTreeMap::from([("p".to_owned(), DataType::Timestamp)]);
    let scope = Scope { schema: &schema, parameters: &parameters, place: Place::Window };
    let expr = expr::coerce(&expr::parse(text).unwrap(), &scope);
    Printer { dialect: SPARK, schema: &schema, parameters: &parameters, table: "" }
        .print(&expr)
        .map_err(|fault| fault.message)
}

#[test]
fn expressions_are_printed_in_the_words_of_spark() {
    for (text, sql) in [
        ("a + 1", "try_add(`a`, 1L)"),
        ("a / 2", "pw_divide(`a`, 2L)"),
        ("f > a", "(0 > pw_order(`a`, `f`))"),
        ("s like 'a\\%'", r"(`s` LIKE replace('a\\%', '\\', '\\\\'))"),
        ("s || 'o''k'", r"(`s` || 'o\'k')"),
        ("t > ${p}", "(`t` > pw_timestamp(:p_p))"),
        ("regexp_matches(s, '^a$')", r"regexp_like(`s`, '\\Aa\\z')"),
        ("case when null then 1 end", "CASE WHEN FALSE THEN 1L END"),
        ("list_sort(list_distinct(l))", "array_sort(array_distinct(array_compact(`l`)))"),
        // No lambda holds a query, nor an argument of a function a lambda.
        (
            "list_sort(try_cast(l as list<boolean>))",
            concat!(
                "(SELECT ALL array_sort(transform(`l`, x -> CASE WHEN lower(btrim(x, ' \\t\\n\\u000C\\r')) IN ",
                "('true', 't', 'yes', 'y', 'on', '1') THEN TRUE WHEN lower(btrim(x, ' \\t\\n\\u000C\\r')) IN ",
                "('false', 'f', 'no', 'n', 'off', '0') THEN FALSE END)))"
            ),
        ),
        ("pad_start(s, a)", "pw_pad_start(`s`, `a`, ' ')"),
        ("sum(a)", "try_cast(sum(CAST(`a` AS DECIMAL(20, 0))) AS BIGINT)"),
    ] {
        assert_eq!(printed_text(text).as_deref(), Ok(sql), "{text}");
    }
}

#[test]
fn what_is_not_carried_is_refused_by_name() {
    for text in [
        "json_get(s, '$.a')",
        "hmac(s, 'k')",
        "regexp_replace(s, 'x*', '-')",
        "sum(a) over (order by a rows between 0 preceding and 2 preceding)",
        "try_cast(l as list<timestamp>)",
    ] {
        let fault = printed_text(text).expect_err(text);
        assert!(fault.starts_with("Spark does not carry "), "{text}: {fault}");
    }
}

#[test]
fn texts_and_names_end_where_they_end() {
    assert_eq!(SPARK.text("a'b\\c\nd"), r"'a\'b\\c\nd'");
    assert_eq!(SPARK.identifier("a`b"), "`a``b`");
    assert_eq!(crate::export::sql::dialect::literal(SPARK, &Value::Int(i64::MIN)), "(-9223372036854775807L - 1L)");
    let refused = |name: &str| SPARK.check_schema(&Schema::of([(name, DataType::Int)])).is_err();
    assert!(refused("") && refused("a\0b") && !refused("a;b"));
}
