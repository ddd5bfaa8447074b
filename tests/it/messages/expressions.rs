//! Mistakes in expressions: a condition is written into a Filter step of a project, and the plan tells what is wrong.

use pipewright_core::plan::plan;
use pipewright_core::project::load;
use serde_json::json;

use super::{Notes, add, design};

/// (the condition, the part of it that is pointed at, what must be said).
pub const MISTAKES: &[(&str, &str, &[&str])] = &[
    // Names.
    ("stauts >= 500", "stauts", &["unknown column `stauts`; did you mean `status`?", "help: write `status`"]),
    ("Status >= 500", "Status", &["unknown column `Status`", "capitals count in names: write `status`"]),
    ("colour = 'red'", "colour", &["unknown column `colour`", "the columns are `time`, `status`, `path`"]),
    ("log.status > 500", "log.status", &["`log` is not a column, but `status` is", "no table before their name"]),
    ("user.name = 'ann'", "user.name", &["`user` (String) has no fields", "`json_get(user, '$.name')`"]),
    ("lowr(path) = '/a'", "lowr(path)", &["unknown function `lowr`; did you mean `lower`?", "`lower(text) → String`"]),
    ("hour(time) = 3", "hour(time)", &["unknown function `hour`", "`extract(hour from time)`"]),
    ("to_number(path) = 3", "to_number(path)", &["unknown function", "`try_cast(x as int)`"]),
    ("now() > time", "now()", &["another answer in every run", "`${run.started_at}`"]),
    ("random() > 0.5", "random()", &["another answer in every run", "Sample step"]),
    ("status >= ${limt}", "${limt}", &["unknown parameter `limt`; did you mean `limit`?", "`limit`, `run.id`"]),
    ("status >= ${limit", "${limit", &["the parameter is not closed: `}` is missing", "`${name}`"]),
    ("status >= $limit", "$limit", &["lacks its braces: `${limit}`"]),
    ("status >= {limit}", "limit", &["a parameter `${limit}`"]),
    ("status >= :limit", ":", &["`:` cannot start a name", "a parameter is written `${name}`"]),
    // Quotes.
    ("path = \"/a\"", "\"/a\"", &["unknown column `/a`", "text takes single quotes: '/a'"]),
    ("path = '/a", "'/a", &["this text is not closed: a `'` is missing"]),
    ("path = ’/a’", "’", &["the typographic quote `’`", "straight quotes"]),
    ("path = /a", "/", &["`/` stands where a value is expected"]),
    ("path like \"/api/%\"", "\"/api/%\"", &["single quotes: '/api/%'"]),
    ("status = '500'", "status = '500'", &["`status` (Int) cannot be compared with the text '500'", "without quotes"]),
    ("date_trunc(hour, time) = time", "hour", &["`hour` is a text here and lacks its quotes", "'hour'"]),
    // Operators.
    ("status => 500", "=>", &["`=>` is not an operator here", "write `>=`"]),
    ("status > 3 && path = '/a'", "&&", &["`&&` is not an operator", "write `and`"]),
    ("status > 3 || path = '/a'", "status > 3 || path = '/a'", &["`||` joins texts; between conditions write `or`"]),
    ("!(status > 3)", "!", &["`!` is not an operator", "write `not`"]),
    ("path ~ '^/a'", "~", &["`~` is not an operator", "`regexp_matches(text, 'pattern')`"]),
    ("path =~ '^/a'", "~", &["`regexp_matches(text, 'pattern')`"]),
    ("path contains 'a'", "contains", &["follows without an operator", "`contains(text, 'part')`"]),
    ("status not null", "not", &["follows without an operator", "`x is not null`"]),
    ("status = 500 and", "and", &["ends after `and`, where a value is expected"]),
    ("status = 404 or 500", "500", &["`or` needs a condition, but `500` is Int", "status in (404, 500)"]),
    ("1 < status < 5", "1 < status < 5", &["comparisons cannot be chained", "and"]),
    ("1,5 > status", ",", &["a comma follows", "a decimal number takes a point"]),
    ("status > 5 5", "5", &["`5` follows without an operator", "put an operator between"]),
    ("status[0] = 1", "[", &["`list_get(list, 1)`"]),
    ("path + 'x' = 'y'", "path + 'x'", &["`+` does not take `path` (String)", "join texts with `||`"]),
    // Parentheses and form.
    ("(status >= 500", "(", &["this parenthesis is not closed: a `)` is missing"]),
    ("status >= 500)", ")", &["`)` closes nothing", "remove it"]),
    ("status in ()", "()", &["the list of `in` is empty"]),
    ("status in 200", "in", &["`in` needs a list in parentheses", "`in ('a', 'b')`"]),
    ("status between 200 to 300", "to", &["`and` is missing before `to`", "`a between 1 and 10`"]),
    ("case when status > 3 then 'a'", "case", &["this `case` is not closed: `end` is missing"]),
    ("status > 500;", ";", &["`;` is not part of an expression", "remove it"]),
    ("select status", "select", &["a single expression is expected here, not a query"]),
    ("status > 99999999999999999999", "99999999999999999999", &["too large for an Int"]),
    // Types.
    ("status", "status", &["the expression gives Int, but Boolean is wanted", "compare it, as in `status > 0`"]),
    ("path", "path", &["gives String, but Boolean is wanted", "`path = 'text'`"]),
    ("not status", "status", &["`not` needs a condition, but `status` is Int"]),
    ("status = true", "status = true", &["`status` (Int) cannot be compared with `true`", "with a number"]),
    ("path = 500", "path = 500", &["`path` (String) cannot be compared with `500` (Int)", "write '500' as a text"]),
    ("lower(status) = 'x'", "status", &["`lower` needs a text (String) here, but `status` is Int", "try_cast"]),
    ("status like '5%'", "status", &["`like` needs a text, but `status` is Int", "try_cast(status as string)"]),
    ("cast(path as number) > 3", "number", &["unknown type `number`", "the types are Boolean, Int"]),
    ("cast(path, int) > 3", ",", &["`as` is missing before `,`", "`cast(x as int)`"]),
    ("coalesce(path, 5) = 'a'", "coalesce(path, 5)", &["String and Int do not go together", "one type"]),
    ("lower() = 'x'", "lower()", &["`lower` takes 1 argument, not 0", "`lower(text) → String`"]),
    ("if(status > 3, 'a') = 'a'", "if(status > 3, 'a')", &["`if` takes 3 arguments, not 2"]),
    ("split_part(path, '/', '1') = 'a'", "'1'", &["needs a whole number", "write 1 without quotes"]),
    // Times.
    ("time > 2026-03-02", "time > 2026-03-02", &["write a date in quotes: '2026-03-02'"]),
    ("time > '02.03.2026'", "time > '02.03.2026'", &["cannot be compared with the text", "'2026-03-02T14:02:11Z'"]),
    ("time > interval '1 hour'", "time > interval '1 hour'", &["`${run.started_at} - interval '1 hour'`"]),
    ("time + '1 hour' > time", "time + '1 hour'", &["write a span as `interval '1 hour'`"]),
    ("duration > interval '3 seconds'", "duration > interval '3 seconds'", &["`to_duration(duration, 'seconds')`"]),
    ("interval '5 parsecs' < interval '1 day'", "interval '5 parsecs'", &["unknown unit of time `parsecs`", "weeks"]),
    ("date '2026-13-01' < time", "date '2026-13-01'", &["'2026-13-01' is no date", "date '2026-03-02'"]),
    ("date_trunc('hours', time) = time", "'hours'", &["unknown unit 'hours'; did you mean `hour`?"]),
    ("to_timestamp(path, 'YYYY-MM-DD') = time", "'YYYY-MM-DD'", &["written with `%`: '%Y-%m-%d'"]),
    ("cast(time as int) > 3", "cast(time as int)", &["cannot become Int", "`epoch(time)`"]),
    // Null, aggregates, windows, patterns, paths.
    ("path = null", "path = null", &["nothing equals null", "`path is null`"]),
    ("status in (200, null)", "null", &["null in a list matches nothing", "`or status is null`"]),
    ("path is nul", "nul", &["`nul` cannot follow `is`", "null, true, false"]),
    ("count(*) > 3", "count(*)", &["`count` sums up many rows", "Aggregate step"]),
    ("row_number() over (order by time) = 1", "row_number() over (order by time)", &["Window calculation step"]),
    ("row_number() = 1", "row_number()", &["`over (…)` is missing"]),
    ("regexp_matches(path, '(')", "'('", &["the pattern cannot be read: unclosed group", "close every bracket"]),
    ("regexp_matches(path, '(?<=a)b')", "'(?<=a)b'", &["look-ahead and look-behind are not available"]),
    ("json_get(path, '$.a[') = 'x'", "'$.a['", &["`[` is not closed in the path"]),
];

#[test]
fn expressions() {
    let mut notes = Notes::default();
    for (condition, part, wanted) in MISTAKES {
        let mut project: serde_json::Value = serde_json::from_str(&design(|_| {})).unwrap();
        project["steps"][1]["settings"]["predicate"] = json!(condition);
        let (project, _) = load(&project.to_string()).unwrap();
        let faults = plan(&project).diagnostics;
        let said = faults.iter().map(|fault| fault.to_string()).collect::<Vec<_>>().join("\n");
        notes.check(condition, &said, wanted);
        notes.check(condition, &said, &["step “Bad requests”, predicate, at "]);
        let is_pointed_at = |span: pipewright_core::diagnostic::Span| {
            condition.get(span.start as usize..span.end as usize) == Some(*part)
        };
        if !faults.iter().filter_map(|fault| fault.location.span).any(is_pointed_at) {
            notes.failures.push(format!("{condition}: `{part}` is not pointed at\n{said}"));
        }
    }
}

#[test]
fn several_faults_are_told_at_once() {
    let text = design(|project| {
        project["steps"][1]["settings"]["predicate"] = json!("stauts > 500 and lowr(path) = '/a'");
        project["steps"][2]["settings"]["path"] = json!("");
        add(
            project,
            "steps",
            json!({"id": "f2", "kind": "filter", "title": "Alone", "settings": {"predicate": "pth = 1"}}),
        );
    });
    let faults = plan(&load(&text).unwrap().0).diagnostics;
    let said = faults.iter().map(|fault| fault.to_string()).collect::<Vec<_>>().join("\n");
    let mut notes = Notes::default();
    notes.check(
        "four faults",
        &said,
        &["`stauts`", "`lowr`", "“Path” is not set", "“Alone”, input.in: the input `in`"],
    );
}
