//! Reading and printing: what is understood, what is refused with which words, and that text and tree agree.
//! Must not import any room but `data`.

use super::super::{Call, FrameBound, FrameUnit, Over, WindowFrame, print};
use super::*;
use crate::data::{DataType, Value};

#[track_caller]
fn canonical(text: &str, expected: &str) {
    let expr = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(print(&expr), expected);
    assert_eq!(parse(expected).as_ref(), Ok(&expr), "{expected}");
}

#[track_caller]
fn refused(text: &str, message: &str, help: &str) {
    let error = parse(text).expect_err(text);
    let helped = error.help.clone().unwrap_or_default();
    assert!(error.message.contains(message), "{text}: {error}");
    assert!(helped.contains(help), "{text}: {error}");
    let span = error.location.span.expect("a place");
    assert!(span.start <= span.end && span.end as usize <= text.len(), "{text}: {span:?}");
    assert!(text.is_char_boundary(span.start as usize) && text.is_char_boundary(span.end as usize));
}

#[test]
fn known_sql_is_read_and_printed_canonically() {
    canonical("STATUS>=500 OR duration>3", "STATUS >= 500 or duration > 3");
    canonical("Lower(method) IN ('get','head')", "lower(method) in ('get', 'head')");
    canonical("a == b and c != d", "a = b and c <> d");
    canonical("(a or b) and not (c and d)", "(a or b) and not (c and d)");
    canonical("((a)) + (b * c) - (d - e)", "a + b * c - (d - e)");
    canonical("a div 2 % 3 / 4", "a div 2 % 3 / 4");
    canonical("coalesce(user, 'it''s')", "coalesce(user, 'it''s')");
    canonical("\"column with spaces\" LIKE '/api/%'", "\"column with spaces\" like '/api/%'");
    canonical("`path` not ilike 'x'", "path not ilike 'x'");
    canonical("\"order\" is null", "\"order\" is null");
    canonical("interval '15 minutes' + interval 1.5 hours", "interval '15 minutes' + interval '90 minutes'");
    canonical("interval '2' day", "interval '2 days'");
    canonical("t >= timestamp '2026-03-02 15:02:11+01'", "t >= timestamp '2026-03-02T14:02:11Z'");
    canonical("d = DATE '2026-03-02'", "d = date '2026-03-02'");
    canonical("x::int + cast(y AS double precision)", "cast(x as Int) + cast(y as Float)");
    canonical("try_cast(x as list<list<int>>)", "try_cast(x as List<List<Int>>)");
    canonical("a not between 1 and 2 and b", "a not between 1 and 2 and b");
    canonical("a is not distinct from b", "a is not distinct from b");
    canonical("not a is not true", "not a is not true");
    canonical("case status when 200 then 'ok' else 'bad' end", "case status when 200 then 'ok' else 'bad' end");
    canonical("${run.started_at} - t", "${run.started_at} - t");
    canonical("http.request.\"a b\" = 1", "http.request.\"a b\" = 1");
    canonical("- 1 - -x - -(-3)", "-1 - -x - -(-3)");
    canonical("[1, -2.5, null]", "[1, -2.5, null]");
    canonical("substr(x, 1, 2)", "substring(x, 1, 2)");
    canonical("größe > 1 -- note", "größe > 1");
}

#[test]
fn calls_with_clauses_are_read() {
    canonical("COUNT(*)", "count(*)");
    canonical("count(distinct user)", "count_distinct(user)");
    canonical("collect(distinct user order by t desc nulls last)", "collect(distinct user order by t desc)");
    canonical("first(x order by t desc, u asc)", "first(x order by t desc, u)");
    canonical("sum(bytes) filter (where status < 400)", "sum(bytes) filter (where status < 400)");
    canonical("row_number() over ()", "row_number() over ()");
    canonical(
        "avg(x) over (partition by a, b order by t range between interval '10 minutes' preceding and current row)",
        "avg(x) over (partition by a, b order by t range between interval '10 minutes' preceding and current row)",
    );
    canonical(
        "sum(x) over (order by t rows 2 preceding)",
        "sum(x) over (order by t rows between 2 preceding and current row)",
    );
    canonical("EXTRACT(Hour FROM t)", "extract(hour from t)");
    canonical("date_part('hour', t)", "extract(hour from t)");
    assert_eq!(parse_order("t desc, \"order\"").map(|keys| keys.len()), Ok(2));
}

#[test]
fn usual_mistakes_are_explained() {
    refused("", "empty", "status >= 500");
    refused("   ", "empty", "column");
    refused("a && b", "`&&`", "`and`");
    refused("!active", "`!`", "`not`");
    refused("name = 'GET", "not closed", "it''s");
    refused("\"name = 1", "quoted name is not closed", "double quotes");
    refused("(a + b", "not closed", "`)`");
    refused("lower(a", "not closed", "`)`");
    refused("a + b)", "closes nothing", "remove");
    refused("name = “GET”", "typographic", "straight");
    refused("a in ('x', 'y',)", "comma", "remove");
    refused("a in ()", "empty", "at least one");
    refused("coalesce(a, )", "comma", "remove");
    refused("SELECT a FROM b", "not a query", "only the calculation");
    refused("where a > 1", "`where`", "leave out");
    refused("a as b", "`as`", "leave out `as`");
    refused("a =", "ends after `=`", "value");
    refused("a = = b", "value is expected", "both sides");
    refused("a and or b", "missing before `or`", "two values");
    refused("a =< 5", "`<`", "both sides");
    refused("a => 5", "`=>`", "`>=`");
    refused("status 500", "without an operator", "between them");
    refused("a ~ 'x'", "`~`", "regexp_matches");
    refused("a is 5", "`is`", "`=`");
    refused("interval '2 months'", "no fixed length", "30 days");
    refused("interval '2 moons'", "unknown unit", "microseconds to weeks");
    refused("cast(a as itn)", "did you mean `int`", "types are");
    refused("cast(a as varchar(20))", "no length", "varchar");
    refused("cast(a, int)", "`as` is missing", "cast(x as int)");
    refused("timestamp 'yesterday'", "'yesterday'", "2026");
    refused("9223372036854775808", "too large", "9223372036854775808.0");
    refused("1e999", "number", "1.8e308");
    refused("${}", "parameter", "${name}");
    refused("$name", "braces", "${name}");
    refused("${name", "not closed", "${name}");
    refused("case when a then b", "`end` is missing", "case when");
    refused("case a end", "no `when`", "case when");
    refused("sum(*)", "count(*)", "column");
    refused("x order by t", "`order` follows", "sorted");
    refused("first(x order by t nulls first)", "nulls", "last");
    refused("a, b", "comma", "expression of its own");
    refused("path.split('/')", "called like a method", "split(path, …)");
    refused("if a > 3 then 1", "with parentheses", "if(condition, value, other)");
    refused("method like %GET%", "not in quotes", "like '%part%'");
    refused("a;", "`;`", "remove");
    refused("a ? b : c", "`?`", "case when");
    refused("@timestamp", "`@`", "\"@timestamp\"");
    refused("sum(x) over (rows between 1 following and 1 preceding)", "ends before", "earlier");
    refused("sum(x) over (order by t rows interval '1 hour' preceding)", "bound", "range");
}

#[test]
fn depth_is_bounded_without_overflowing_the_stack() {
    refused(&"(".repeat(100_000), "deep", "split");
    refused(&"not ".repeat(100_000), "deep", "split");
    refused(&"[".repeat(100_000), "deep", "file");
    refused(&"a + ".repeat(50_000), "levels", "split");
    refused(&format!("a{}", ".b".repeat(10_000)), "levels", "split");
    let long = vec!["a"; 200].join(" or ");
    assert!(parse(&long).is_ok());
}

#[test]
fn places_are_those_of_the_text() {
    let text = "größe + lower( x )";
    let expr = parse(text).unwrap();
    let ExprKind::Binary { left, right, .. } = &expr.kind else { panic!() };
    assert_eq!(&text[left.span.start as usize..left.span.end as usize], "größe");
    assert_eq!(&text[right.span.start as usize..right.span.end as usize], "lower( x )");
    assert_eq!(expr.span, Span::new(0, text.len()));
}

#[test]
fn printed_trees_read_back_equal() {
    for seed in 0..3000 {
        let mut random = fastrand::Rng::with_seed(seed);
        let expr = tree(&mut random, 4);
        let text = print(&expr);
        match parse(&text) {
            Ok(read) => assert_eq!(read, expr, "seed {seed}: {text}"),
            Err(error) => panic!("seed {seed}: {text}: {error}"),
        }
    }
}

#[test]
fn any_text_is_answered_without_a_panic() {
    let pieces = [
        "a", "'", "\"", "(", ")", "[", "]", "{", "}", "${", "}", "$", "--", "/*", "*/", "1", "1.", ".", "e5", "and",
        "not", "case", "when", "end", "over", "interval", "date", "cast", "as", "::", "list<", ">", "<", "=", ",", "é",
        "\n", "\r\n", " ", "extract", "from", "order", "by", "rows", "between", "`", "\\", "0x", "–", "\u{a0}",
    ];
    for seed in 0..20_000 {
        let mut random = fastrand::Rng::with_seed(seed);
        let text: String = (0..random.usize(1..14)).map(|_| pieces[random.usize(0..pieces.len())]).collect();
        if let Err(error) = parse(&text) {
            let span = error.location.span.unwrap_or_else(|| panic!("seed {seed}: {text:?}: no place"));
            assert!(text.get(span.start as usize..span.end as usize).is_some(), "seed {seed}: {text:?} {span:?}");
        }
    }
}

fn name(random: &mut fastrand::Rng) -> String {
    let names = [
        "a",
        "status",
        "order",
        "from",
        "with space",
        "quo\"te",
        "größe",
        "_x",
        "9x",
        "date",
        "interval",
        "x.y",
        "Case",
        "",
    ];
    names[random.usize(0..names.len())].to_owned()
}

fn value(random: &mut fastrand::Rng, depth: usize) -> Value {
    match random.u8(0..if depth > 0 { 12 } else { 10 }) {
        0 => Value::Null,
        1 => Value::Boolean(random.bool()),
        2 => Value::Int([0, -1, i64::MIN, i64::MAX, 42][random.usize(0..5)]),
        3 => Value::Float([0.0, -0.5, 1e300, 5e-324, 0.1, 1e16, f64::MAX][random.usize(0..7)]),
        4 | 5 => Value::text(["", "it's", "${x}", "--", "\"", "ü\n", "%_\\"][random.usize(0..7)]),
        6 => Value::Timestamp(random.i64(crate::data::instants::FIRST_MICRO..crate::data::instants::LAST_MICRO)),
        7 => Value::Date(random.i32(-700_000..2_900_000)),
        8 | 9 => Value::Duration([0, 1, -900_000_000, i64::MIN, i64::MAX, 86_400_000_000][random.usize(0..6)]),
        10 => Value::List((0..random.usize(0..3)).map(|_| value(random, depth - 1)).collect()),
        _ => Value::Record((0..random.usize(0..3)).map(|_| (name(random), value(random, depth - 1))).collect()),
    }
}

fn tree(random: &mut fastrand::Rng, depth: usize) -> Expr {
    if depth == 0 {
        return Expr::made(match random.u8(0..3) {
            0 => ExprKind::Column(name(random)),
            1 => ExprKind::Parameter(["p", "run.started_at", "env:X-1"][random.usize(0..3)].to_owned()),
            _ => ExprKind::Literal(value(random, 1)),
        });
    }
    let part = |random: &mut fastrand::Rng| {
        let depth = random.usize(0..depth);
        Box::new(tree(random, depth))
    };
    let parts = |random: &mut fastrand::Rng, least: usize| {
        (0..random.usize(least..4)).map(|_| *part(random)).collect::<Vec<_>>()
    };
    let negated = random.bool();
    let kind = match random.u8(0..15) {
        0 => ExprKind::Not(part(random)),
        1 => ExprKind::Negate(part(random)),
        2..=5 => {
            use BinaryOp::*;
            let ops = [
                And,
                Or,
                Equal,
                NotEqual,
                Less,
                LessOrEqual,
                Greater,
                GreaterOrEqual,
                Add,
                Subtract,
                Multiply,
                Divide,
                IntegerDivide,
                Modulo,
                Concat,
            ];
            let op = ops[random.usize(0..ops.len())];
            ExprKind::Binary { op, left: part(random), right: part(random) }
        }
        6 => ExprKind::IsNull { expr: part(random), negated },
        7 => ExprKind::IsBoolean { expr: part(random), value: random.bool(), negated },
        8 => ExprKind::IsDistinct { left: part(random), right: part(random), negated },
        9 => ExprKind::Between { expr: part(random), low: part(random), high: part(random), negated },
        10 => ExprKind::InList { expr: part(random), list: parts(random, 1), negated },
        11 => ExprKind::Like { expr: part(random), pattern: part(random), negated, insensitive: random.bool() },
        12 => ExprKind::Case {
            operand: random.bool().then(|| part(random)),
            branches: (0..random.usize(1..3)).map(|_| (*part(random), *part(random))).collect(),
            otherwise: random.bool().then(|| part(random)),
        },
        13 if negated => ExprKind::Member { record: part(random), name: name(random) },
        13 => ExprKind::Cast { expr: part(random), to: data_type(random), strict: random.bool() },
        _ => call(random, &part, &parts),
    };
    Expr::made(kind)
}

fn data_type(random: &mut fastrand::Rng) -> DataType {
    match random.u8(0..4) {
        0 => DataType::List(Box::new(DataType::List(Box::new(DataType::Int)))),
        1 => DataType::Record(vec![("a )\"> b".into(), DataType::Int), ("c".into(), DataType::Date)]),
        2 => DataType::Timestamp,
        _ => DataType::String,
    }
}

fn call(
    random: &mut fastrand::Rng,
    part: &dyn Fn(&mut fastrand::Rng) -> Box<Expr>,
    parts: &dyn Fn(&mut fastrand::Rng, usize) -> Vec<Expr>,
) -> ExprKind {
    let keys = |random: &mut fastrand::Rng| {
        (0..random.usize(0..3)).map(|_| SortKey { expr: *part(random), descending: random.bool() }).collect::<Vec<_>>()
    };
    let order = keys(random);
    let frames = [
        WindowFrame { unit: FrameUnit::Rows, start: FrameBound::Unbounded, end: FrameBound::Current },
        WindowFrame {
            unit: FrameUnit::Range,
            start: FrameBound::Preceding(Value::Duration(900_000_000)),
            end: FrameBound::Following(Value::Float(0.5)),
        },
        WindowFrame { unit: FrameUnit::Rows, start: FrameBound::Current, end: FrameBound::Unbounded },
    ];
    let over = random.bool().then(|| {
        let frame = random.bool().then(|| frames[random.usize(0..3)].clone());
        Box::new(Over { partition: parts(random, 0), order: keys(random), frame })
    });
    ExprKind::Call(Call {
        function: ["sum", "count", "extract", "list", "first", "interval"][random.usize(0..6)].to_owned(),
        args: parts(random, if order.is_empty() { 0 } else { 1 }),
        distinct: false,
        order,
        filter: random.bool().then(|| part(random)),
        over,
    })
}
