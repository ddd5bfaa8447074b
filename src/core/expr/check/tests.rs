//! What the checker says: types, and the words for what is wrong.
//! Must not import any room but `data`.

use std::collections::BTreeMap;

use super::super::{parse, print};
use super::*;

fn schema() -> Schema {
    Schema::of([
        ("status", DataType::Int),
        ("duration", DataType::Float),
        ("method", DataType::String),
        ("path", DataType::String),
        ("time", DataType::Timestamp),
        ("day", DataType::Date),
        ("took", DataType::Duration),
        ("ok", DataType::Boolean),
        ("tags", DataType::List(Box::new(DataType::String))),
        ("user", DataType::Record(vec![("id".into(), DataType::Int), ("name".into(), DataType::String)])),
        ("http.code", DataType::Int),
        ("Client", DataType::String),
    ])
}

fn checked(text: &str, place: Place) -> Result<DataType, Vec<Diagnostic>> {
    let schema = schema();
    let parameters = BTreeMap::from([("limit".to_owned(), DataType::Int)]);
    let expr = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    check(&expr, &Scope { schema: &schema, parameters: &parameters, place })
}

#[track_caller]
fn types(text: &str, expected: DataType) {
    let found = checked(text, Place::Row).unwrap_or_else(|errors| panic!("{text}: {}", errors[0]));
    assert_eq!(found, expected, "{text}");
    let schema = schema();
    let parameters = BTreeMap::from([("limit".to_owned(), DataType::Int)]);
    let scope = Scope { schema: &schema, parameters: &parameters, place: Place::Row };
    let expr = parse(text).unwrap();
    assert_eq!(type_of(&expr, &scope), expected, "{text}: the quick type");
    let coerced = coerce(&expr, &scope);
    assert_eq!(check(&coerced, &scope), Ok(expected), "{}", print(&coerced));
    assert_eq!(coerce(&coerced, &scope), coerced, "{}", print(&coerced));
}

#[track_caller]
fn wrong_in(place: Place, text: &str, message: &str, help: &str) {
    let errors = checked(text, place).expect_err(text);
    let error = &errors[0];
    let helped = error.help.clone().unwrap_or_default();
    assert_eq!(errors.len(), 1, "{text}: {errors:#?}");
    assert!(error.message.contains(message), "{text}: {error}");
    assert!(helped.contains(help), "{text}: {error}");
    let span = error.location.span.unwrap();
    assert!(span.end > span.start && span.end as usize <= text.len(), "{text}: {span:?}");
}

#[track_caller]
fn wrong(text: &str, message: &str, help: &str) {
    wrong_in(Place::Row, text, message, help);
}

#[test]
fn right_expressions_have_their_types() {
    use DataType::*;
    types("status >= 500 or duration > 3", Boolean);
    types("status / 2", Float);
    types("status div 2 + 1", Int);
    types("status * 1.5", Float);
    types("time - day", Duration);
    types("time + interval '1 hour'", Timestamp);
    types("took * 2 / interval '1 second'", Float);
    types("time >= '2026-03-02' and day < '2026-03-02T05:00:00Z'", Boolean);
    types("took > '5 seconds'", Boolean);
    types("'code ' || status", String);
    types("case when ok then 1 else duration end", Float);
    types("case when ok then time else day end", Timestamp);
    types("coalesce(status, 0.5)", Float);
    types("user.name like 'a%'", Boolean);
    types("list_get(tags, 1)", String);
    types("status in (200, 404.0)", Boolean);
    types("${limit} + status", Int);
    types("${run.started_at} - time", Duration);
    types("-took", Duration);
    types("null", Unknown);
    types("try_cast(method as int)", Int);
    types("day = time", Boolean);
    types("status is distinct from null", Boolean);
}

#[test]
fn coerced_expressions_have_equal_types_on_both_sides() {
    let schema = schema();
    let parameters = BTreeMap::new();
    let scope = Scope { schema: &schema, parameters: &parameters, place: Place::Row };
    for (text, expected) in [
        ("time >= '2026-03-02'", "time >= timestamp '2026-03-02T00:00:00Z'"),
        ("day = '2026-03-02'", "day = date '2026-03-02'"),
        ("day >= '2026-03-02 05:00'", "try_cast(day as Timestamp) >= timestamp '2026-03-02T05:00:00Z'"),
        ("day < time", "try_cast(day as Timestamp) < time"),
        ("took > '5s'", "took > interval '5 seconds'"),
        ("'n' || status", "'n' || try_cast(status as String)"),
        ("coalesce(duration, 0)", "coalesce(duration, 0.0)"),
        ("if(ok, day, time)", "if(ok, try_cast(day as Timestamp), time)"),
        (
            "time between '2026-03-01' and day",
            "time between timestamp '2026-03-01T00:00:00Z' and try_cast(day as Timestamp)",
        ),
        ("status > duration", "status > duration"),
    ] {
        assert_eq!(print(&coerce(&parse(text).unwrap(), &scope)), expected);
    }
}

#[test]
fn unknown_names_are_mended() {
    wrong("stauts > 1", "unknown column `stauts`; did you mean `status`?", "write `status`");
    wrong("method = \"GET\"", "unknown column `GET`", "text takes single quotes: 'GET'");
    wrong("method = POST", "unknown column `POST`", "single quotes: 'POST'");
    wrong("client = 'a'", "did you mean `Client`?", "capitals count");
    wrong("http.code > 1", "`http` is not a column, but `http.code` is", "\"http.code\"");
    wrong("user.nmae", "did you mean `name`?", "`id`, `name`");
    wrong("method.verb", "has no fields", "json_get(method, '$.verb')");
    wrong("time.hour = 1", "has no fields", "extract(hour from time)");
    wrong("lowr(path)", "unknown function `lowr`; did you mean `lower`?", "lower(text) → String");
    wrong("time > now()", "another answer in every run", "${run.started_at}");
    wrong("time > current_timestamp", "unknown column", "${run.started_at}");
    wrong("year(time)", "unknown function `year`", "extract(year from time)");
    wrong("md5(path)", "unknown function", "hash(text)");
    wrong("start_of(time)", "unknown function `start_of`", "may do it: `date_trunc(unit, time) → Timestamp`");
    wrong("frobnicate(time)", "unknown function `frobnicate`", "`pipewright functions` lists");
    wrong("status > ${limt}", "unknown parameter `limt`; did you mean `limit`?", "`run.started_at`");
    wrong("path = ${env:SECRET}", "unknown parameter", "secrets");
}

#[test]
fn mismatched_types_name_both_and_a_way() {
    wrong("status = '500'", "`status` (Int) cannot be compared with the text '500'", "write 500 without quotes");
    wrong("status = 'bad'", "`status` (Int)", "with a number, not a text");
    wrong("method = 200", "`method` (String) cannot be compared with `200` (Int)", "try_cast(method as int)");
    wrong("time > 'yesterday'", "`time` (Timestamp)", "2026-03-02T14:02:11Z");
    wrong("time > path", "`path` (String)", "to_timestamp(path");
    wrong("time > 5", "`5` (Int)", "from_epoch");
    wrong("took > 5", "`took` (Duration)", "interval '5 seconds'");
    wrong("ok = 1", "`ok` (Boolean)", "write `ok` or `not ok`");
    wrong("tags = 'a'", "`tags` (List<String>)", "list_contains(tags, 'a')");
    wrong("status = null", "never true", "`status is null`");
    wrong("status <> null", "never true", "`status is not null`");
    wrong("status in (1, null)", "matches nothing", "or status is null");
    wrong("status in (200, '404')", "cannot be compared", "404 without quotes");
    wrong("path + 'x'", "`+` does not take", "`||`");
    wrong("ok || ok", "`||` does not take", "write `or`");
    wrong("time + 1", "`+` does not take", "interval '1 day'");
    wrong("duration div 2", "`div`", "trunc");
    wrong("not status", "`not` needs a condition, but `status` is Int", "status > 0");
    wrong("ok and method", "`and` needs a condition", "compare it");
    wrong("status = 404 or 500", "`or` needs a condition, but `500` is Int", "status in (404, 500)");
    wrong("status like '5%'", "`like` needs a text", "try_cast(status as string)");
    wrong("lower(status)", "`lower` needs a text (String) here, but `status` is Int", "try_cast(status as string)");
    wrong("sqrt(took)", "`sqrt` needs a number", "seconds(took)");
    wrong("left(path)", "takes 2 arguments, not 1", "left(text, count)");
    wrong("coalesce(status, 'none')", "Int and String", "one type");
    wrong("case when ok then 1 else 'a' end", "branches of `case` differ", "try_cast('a' as int)");
    wrong("cast(took as int)", "cannot become Int", "seconds(took)");
    wrong("-method", "`-` needs a number", "try_cast(method as float)");
}

#[test]
fn usual_slips_are_understood() {
    wrong("method = 'GET' || status > 3", "cannot be compared", "between conditions write `or`");
    wrong("1 < status < 5", "cannot be chained", "`1 < status and status …`");
    wrong("time > 2026-03-01", "cannot be compared", "write a date in quotes: '2026-03-01'");
    wrong("method like 200", "`like` needs a text", "write '200' as a text");
    wrong("date_trunc(time, 'hour')", "wrong order", "date_trunc('hour', time)");
    wrong("date_trunc(hour, time)", "`hour` is a text here and lacks its quotes", "write 'hour'");
    wrong("date_trunc('hourly', time)", "did you mean `hour`?", "date_trunc('hour'");
    wrong("to_timestamp(path, 'yyyy-MM-dd HH:mm')", "written with `%`: '%Y-%m-%d %H:%M'", "to_timestamp(");
    wrong("to_timestamp(path, '%b %d %T')", "has no year", "to_timestamp(");
    wrong("regexp_matches(path, '(')", "unclosed group; close every bracket", "regexp_matches(");
    wrong("regexp_extract(path, 'a(b)', 2)", "no group 2; it has 1", "regexp_extract(");
    wrong("regexp_replace(path, '(a)', '\\1')", "written `$1`", "regexp_replace(");
    wrong("at_timezone(time, 'Europe/Berln')", "did you mean `Europe/Berlin`?", "at_timezone(");
    wrong_in(Place::Aggregate, "count(status >= 500)", "counts the rows where it is false", "count_if(status >= 500)");
    wrong_in(Place::Aggregate, "sum(status >= 500)", "`sum` needs a number", "count_if(status >= 500)");
    wrong_in(Place::Aggregate, "avg(ok)", "`avg` needs a number", "share_if(ok)");
}

#[test]
fn calls_stand_where_they_can() {
    wrong("sum(status) > 5", "row by row", "Aggregate step");
    wrong("row_number() over (order by time)", "neighbouring rows", "Window calculation step");
    wrong("lower(path) over ()", "single row", "remove");
    let measure = |text, message, help| wrong_in(Place::Aggregate, text, message, help);
    measure("avg(sum(status))", "inside another aggregate", "before");
    measure("status", "many values in a group", "max(status)");
    measure("count(*) + status", "many values in a group", "key of the groups");
    measure("1 + 1", "has no aggregate", "count(*)");
    measure("first(path)", "needs an order", "first(path order by time)");
    measure("sum(status order by time)", "no `order by`", "remove");
    measure("sum(distinct status)", "no `distinct`", "count(distinct x)");
    measure("sum(cast(path as int))", "cannot be done inside an aggregate", "try_cast(path as int)");
    measure("quantile(status, 95)", "not between 0 and 1", "quantile(");
    measure("quantile(status, duration)", "not constant", "parameter");
    measure("sum(status) over ()", "neighbouring rows", "Window");
    let window = |text, message, help| wrong_in(Place::Window, text, message, help);
    window("sum(status)", "`over (…)` is missing", "over (partition by …)");
    window("row_number()", "`over (…)` is missing", "row_number() over");
    window("row_number() over ()", "needs an order", "order by time");
    window("median(status) over (order by time)", "cannot run along an order", "count");
    window("sum(lag(status) over (order by time)) over ()", "inside another window", "before");
    window(
        "sum(status) over (order by status range between interval '1 hour' preceding and current row)",
        "does not fit",
        "number",
    );
    window(
        "sum(status) over (order by time, path range between interval '1 hour' preceding and current row)",
        "one order key",
        "alone",
    );
    for text in ["count(*) / 2", "share_if(status >= 500)", "sum(status) filter (where ok)", "collect(distinct path)"] {
        assert!(checked(text, Place::Aggregate).is_ok(), "{text}");
    }
    for text in [
        "status - lag(status) over (partition by path order by time)",
        "avg(status) over (order by time range between interval '1 hour' preceding and current row)",
        "sum(status) over (partition by path)",
    ] {
        assert!(checked(text, Place::Window).is_ok(), "{text}: {:?}", checked(text, Place::Window));
    }
}

#[test]
fn all_faults_are_collected() {
    let errors = checked("lowr(path) = 1 and stauts > 5 and status = 'x'", Place::Row).unwrap_err();
    assert_eq!(errors.len(), 3, "{errors:#?}");
}

#[test]
fn an_open_schema_takes_unknown_columns() {
    let mut schema = schema();
    schema.open = true;
    let parameters = BTreeMap::new();
    let scope = Scope { schema: &schema, parameters: &parameters, place: Place::Row };
    let check_open = |text: &str| check(&parse(text).unwrap(), &scope);
    assert_eq!(check_open("region"), Ok(DataType::Unknown));
    assert_eq!(check_open("region = 'eu' and size > 5 and lower(zone) like 'a%'"), Ok(DataType::Boolean));
    assert_eq!(check_open("http.status + 1"), Ok(DataType::Unknown));
}

#[test]
fn the_highest_trees_are_walked_without_overflowing_the_stack() {
    let chain = vec!["status"; 290].join(" + ");
    let nested = format!("{}status{}", "abs(".repeat(95), ")".repeat(95));
    let cases = format!("{}1{}", "case when ok then 0 else ".repeat(95), " end".repeat(95));
    for text in [chain, nested, cases] {
        let expr = parse(&text).unwrap();
        checked(&text, Place::Row).unwrap();
        assert_eq!(parse(&print(&expr)).as_ref(), Ok(&expr));
        super::super::eval(&expr, &|_| Value::Int(1));
    }
}

#[test]
fn lists_and_records_have_no_order() {
    for (text, place) in [
        ("first(path order by tags)", Place::Aggregate),
        ("collect(path order by status, user desc)", Place::Aggregate),
        ("rank() over (partition by tags order by tags)", Place::Window),
        ("row_number() over (order by status, user)", Place::Window),
    ] {
        wrong_in(place, text, "which has no order", "order by");
    }
    for text in ["first(path order by list_length(tags))", "first(path order by user.id)"] {
        assert!(checked(text, Place::Aggregate).is_ok(), "{text}");
    }
}
