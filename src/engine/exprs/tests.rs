//! Native lowering against the reference evaluator: every function's examples, and random expressions over edge values.

use pipewright_core::expr::{Expr, FunctionKind, check, eval, functions, parse, print};
use polars::prelude::IntoLazy;

use super::*;
use crate::ResultTable;
use crate::table::value_of;

/// Evaluates over every row of the table, natively.
fn run(expr: &Expr, table: &ResultTable) -> Vec<Value> {
    let typed = lower(expr, table.schema()).unwrap();
    let data_type = typed.data_type.clone();
    let rows: Vec<pl::Expr> = table.schema().names().map(|name| pl::Expr::Column(name.into())).collect();
    let frame = table.frame().clone().lazy().select(rows).with_columns([typed.expr.alias("#result")]).collect();
    let frame = frame.unwrap_or_else(|error| panic!("{}: {error}", print(expr)));
    let column = frame.column("#result").unwrap();
    assert_eq!(*column.dtype(), polars_type(&data_type), "{}", print(expr));
    (0..frame.height()).map(|row| value_of(&column.get(row).unwrap(), &data_type)).collect()
}

fn reference(expr: &Expr, table: &ResultTable) -> Vec<Value> {
    let schema = table.schema();
    let parameters = BTreeMap::new();
    // One type a column, as in an engine.
    let expr = expr::coerce(expr, &expr::Scope { schema, parameters: &parameters, place: expr::Place::Row });
    (0..table.rows())
        .map(|row| eval(&expr, &|name| schema.index(name).map_or(Value::Null, |column| table.value(row, column))))
        .collect()
}

/// Equal, but that an Int may stand for a Float: the engine's columns have one type.
fn same(found: &Value, wanted: &Value) -> bool {
    match (found, wanted) {
        (Value::Float(a), Value::Int(b)) => *a == *b as f64,
        (Value::Timestamp(a), Value::Date(b)) => *a == i64::from(*b) * 86_400_000_000,
        (Value::List(a), Value::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (a, b) => a == b,
    }
}

fn assert_same(expr: &Expr, table: &ResultTable) {
    let (found, wanted) = (run(expr, table), reference(expr, table));
    for (row, (found, wanted)) in found.iter().zip(&wanted).enumerate() {
        assert!(
            same(found, wanted),
            "{}\nrow {:?}\nengine {found:?}\nreference {wanted:?}",
            print(expr),
            table.row(row)
        );
    }
}

fn is_valid(expr: &Expr, schema: &Schema) -> bool {
    let parameters = BTreeMap::new();
    check(expr, &expr::Scope { schema, parameters: &parameters, place: expr::Place::Row }).is_ok()
}

#[test]
fn fields_are_found_by_their_names_whatever_these_look_like() {
    let names = ["^x$", "*", "^.*$", "x", "^(x|y)$"];
    let fields = names.map(|name| (name.to_owned(), DataType::Int)).to_vec();
    let record = (1..).zip(names).map(|(number, name)| (name.to_owned(), Value::Int(number))).collect();
    let table = ResultTable::from_rows(&Schema::of([("r", DataType::Record(fields))]), &[vec![Value::Record(record)]]);
    for (number, name) in (1..).zip(names) {
        let found = run(&parse(&format!("r.\"{name}\" + 0")).unwrap(), &table);
        assert_eq!(found, [Value::Int(number)], "{name}");
    }
}

#[test]
fn examples_of_functions_hold_over_columns() {
    let mut tried = 0;
    for function in functions().iter().filter(|function| function.kind == FunctionKind::Scalar) {
        for example in function.examples {
            let whole = parse(example.call).unwrap();
            let one = ResultTable::from_rows(&Schema::of([("n", DataType::Int)]), &[vec![Value::Int(1)]]);
            assert_same(&whole, &one);
            let mut schema = Schema::default();
            let mut row = Vec::new();
            let mut over_columns = whole.clone();
            if let ExprKind::Call(call) = &mut over_columns.kind {
                for (index, arg) in call.args.iter_mut().enumerate() {
                    let value = eval(arg, &|_| Value::Null);
                    if function.literal_args.contains(&index) || value.is_null() {
                        continue;
                    }
                    let name = format!("c{index}");
                    schema.fields.push(pipewright_core::data::Field::new(&name, value.data_type()));
                    row.push(value);
                    *arg = Expr::column(name);
                }
            }
            if is_valid(&over_columns, &schema) && !row.is_empty() {
                let nulls = vec![Value::Null; row.len()];
                assert_same(&over_columns, &ResultTable::from_rows(&schema, &[row.clone(), nulls, row]));
                tried += 1;
            }
        }
    }
    assert!(tried > 30, "only {tried} examples ran over columns");
}

const COLUMNS: &[(&str, DataType)] = &[
    ("b", DataType::Boolean),
    ("i", DataType::Int),
    ("j", DataType::Int),
    ("x", DataType::Float),
    ("y", DataType::Float),
    ("s", DataType::String),
    ("u", DataType::String),
    ("t", DataType::Timestamp),
    ("v", DataType::Timestamp),
    ("d", DataType::Date),
    ("p", DataType::Duration),
];

fn edge_rows(random: &mut fastrand::Rng, count: usize) -> ResultTable {
    let schema = Schema::of(COLUMNS.iter().map(|(name, data_type)| (*name, data_type.clone())));
    let rows: Vec<Vec<Value>> =
        (0..count).map(|_| COLUMNS.iter().map(|(_, data_type)| edge(random, data_type)).collect()).collect();
    ResultTable::from_rows(&schema, &rows)
}

fn edge(random: &mut fastrand::Rng, data_type: &DataType) -> Value {
    if random.u8(0..6) == 0 {
        return Value::Null;
    }
    match data_type {
        DataType::Boolean => Value::Boolean(random.bool()),
        DataType::Int => Value::Int([0, 1, -1, 2, 7, 10, i64::MAX, i64::MIN, -13, 1 << 53][random.usize(0..10)]),
        DataType::Float => {
            Value::Float([0.0, -0.0, 1.0, -1.5, 0.1, 1e308, -1e308, 1e-300, 2.5, 7.0][random.usize(0..10)])
        }
        DataType::String => {
            Value::text(["", "a", "A", "ab", "a%b", "é", "Zz_", "12", " 3.5 ", "2026-01-02"][random.usize(0..10)])
        }
        DataType::Timestamp => Value::Timestamp(
            [0, 1, -1, 1_772_460_131_000_000, 1_772_460_131_250_000, -62_135_596_800_000_000, 253_402_300_799_999_999]
                [random.usize(0..7)],
        ),
        DataType::Date => Value::Date([0, -1, 20_000, 20_001][random.usize(0..4)]),
        _ => Value::Duration([0, 1, -1, 1_500_000, 86_400_000_000, i64::MAX / 2][random.usize(0..6)]),
    }
}

/// A random expression of a type, as text.
fn random_text(random: &mut fastrand::Rng, data_type: &DataType, depth: u32) -> String {
    if depth == 0 || random.u8(0..5) == 0 {
        return leaf(random, data_type);
    }
    let mut of = |data_type: DataType| random_text(&mut random.fork(), &data_type, depth - 1);
    let (int, float, text, time, truth, span) =
        (DataType::Int, DataType::Float, DataType::String, DataType::Timestamp, DataType::Boolean, DataType::Duration);
    let choice = fastrand::Rng::with_seed(of(DataType::Int).len() as u64 * 31 + u64::from(depth)).u8(0..12);
    match data_type {
        DataType::Boolean => match choice {
            0 => format!("({} and {})", of(truth.clone()), of(truth)),
            1 => format!("({} or {})", of(truth.clone()), of(truth)),
            2 => format!("not {}", of(truth)),
            3 => format!("({} {} {})", of(int.clone()), ["=", "<>", "<", ">="][depth as usize % 4], of(float)),
            4 => format!("({} < {})", of(text.clone()), of(text)),
            5 => format!("({} >= {})", of(time.clone()), of(DataType::Date)),
            6 => format!("{} between {} and {}", of(int.clone()), of(int.clone()), of(int)),
            7 => format!("{} in ('a', '', {})", of(text.clone()), of(text)),
            8 => format!("{} not in (1, 2, 7, 10)", of(int)),
            9 => {
                format!("{} like '{}'", of(text), ["a%", "%b", "%%", "a_b", "_", "", "%a%", "a%b"][depth as usize % 8])
            }
            10 => format!("({} is distinct from {})", of(float.clone()), of(float)),
            _ => format!("({} is not null)", of(span)),
        },
        DataType::Int => match choice {
            0..=1 => format!("({} + {})", of(int.clone()), of(int)),
            2 => format!("({} - {})", of(int.clone()), of(int)),
            3..=4 => format!("({} * {})", of(int.clone()), of(int)),
            5 => format!("({} div {})", of(int.clone()), of(int)),
            6 => format!("({} % {})", of(int.clone()), of(int)),
            7 => format!("(- {})", of(int)),
            8 => format!("try_cast({} as int)", of(float)),
            9 => format!("try_cast({} as int)", of(text)),
            10 => format!("case when {} then {} else {} end", of(truth), of(int.clone()), of(int)),
            _ => format!("coalesce({}, {})", of(int.clone()), of(int)),
        },
        DataType::Float => match choice {
            0..=1 => format!("({} / {})", of(int.clone()), of(int)),
            2..=3 => format!("({} + {})", of(float.clone()), of(int)),
            4 => format!("({} * {})", of(float.clone()), of(float)),
            5 => format!("({} - {})", of(float.clone()), of(float)),
            6 => format!("({} % {})", of(float.clone()), of(float)),
            7 => format!("try_cast({} as float)", of(text)),
            8 => format!("case {} when 1 then {} when 2 then {} end", of(int.clone()), of(int), of(float)),
            9 => format!("({} / {})", of(span.clone()), of(span)),
            _ => format!("coalesce({}, {})", of(int), of(float)),
        },
        DataType::String => match choice {
            0..=3 => format!("({} || {})", of(text.clone()), of(text)),
            4 => format!("try_cast({} as string)", of(int)),
            5 => format!("try_cast({} as string)", of(float)),
            6 => format!("lower({})", of(text)),
            7 => format!("upper({})", of(text)),
            8 => format!("try_cast({} as string)", of(time)),
            _ => format!("case when {} then {} end", of(truth), of(text)),
        },
        DataType::Timestamp => match choice {
            0..=3 => format!("({} + {})", of(time), of(span)),
            4..=6 => format!("({} - {})", of(time), of(span)),
            7 => format!("try_cast({} as timestamp)", of(DataType::Date)),
            8 => format!("try_cast({} as timestamp)", of(text)),
            _ => format!("coalesce({}, {})", of(time), of(DataType::Date)),
        },
        DataType::Date => format!("try_cast({} as date)", of(time)),
        _ => match choice {
            0..=2 => format!("({} - {})", of(time.clone()), of(time)),
            3 => format!("({} + {})", of(span.clone()), of(span)),
            4 => format!("({} * {})", of(span), of(int)),
            5 => format!("({} - {})", of(DataType::Date), of(time)),
            6 => format!("({} * {})", of(span), of(float)),
            _ => format!("(- {})", of(span)),
        },
    }
}

fn leaf(random: &mut fastrand::Rng, data_type: &DataType) -> String {
    let columns: Vec<&str> = COLUMNS.iter().filter(|column| column.1 == *data_type).map(|column| column.0).collect();
    if random.u8(0..3) > 0 {
        return columns[random.usize(0..columns.len())].to_owned();
    }
    match data_type {
        DataType::Boolean => ["true", "false"][random.usize(0..2)].to_owned(),
        DataType::Int => random.i64(-3..12).to_string(),
        DataType::Float => ["0.5", "2.0", "1e200"][random.usize(0..3)].to_owned(),
        DataType::String => ["'a'", "''", "'12'"][random.usize(0..3)].to_owned(),
        DataType::Timestamp => "timestamp '2026-03-02T14:02:11Z'".to_owned(),
        DataType::Date => "date '2026-03-02'".to_owned(),
        _ => "interval '15 minutes'".to_owned(),
    }
}

#[test]
fn random_expressions_mean_what_the_reference_says() {
    let mut random = fastrand::Rng::with_seed(7);
    let table = edge_rows(&mut random, 40);
    let types = [
        DataType::Boolean,
        DataType::Int,
        DataType::Float,
        DataType::String,
        DataType::Timestamp,
        DataType::Date,
        DataType::Duration,
    ];
    let mut tried = 0;
    for round in 0..400 {
        let text = random_text(&mut random, &types[round % types.len()], 3);
        let expr = parse(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
        if is_valid(&expr, table.schema()) {
            assert_same(&expr, &table);
            tried += 1;
        }
    }
    assert!(tried > 300, "only {tried} were valid");
}

#[test]
fn what_is_not_there_is_told() {
    let schema = Schema::of([("status", DataType::Int)]);
    let fault = |text: &str| lower(&parse(text).unwrap(), &schema).map(|_| ()).unwrap_err().message;
    assert_eq!(fault("stauts > 1"), "unknown column `stauts`; did you mean `status`?");
    assert_eq!(fault("status > ${limit}"), "the parameter `limit` has no value");
}

#[test]
fn zero_has_no_sign_in_a_column() {
    let schema = Schema::of([("x", DataType::Float), ("t", DataType::String)]);
    let numbers = [0.0, -0.0, -0.3, -1e-300, 2.0, -2.0];
    let rows: Vec<Vec<Value>> =
        numbers.iter().map(|number| vec![Value::Float(*number), Value::text(format!("{number:?}"))]).collect();
    let table = ResultTable::from_rows(&schema, &rows);
    for text in [
        "x",
        "-x",
        "x * -1",
        "x * 1e-300",
        "x / -1e300",
        "x % 2",
        "round(x)",
        "round(x, 2)",
        "floor(x)",
        "ceil(x)",
        "trunc(x)",
        "bin(x, 5)",
        "abs(x)",
        "try_cast(t as float)",
        "x - x",
        "x + x",
        "coalesce(x, 1.0)",
        "clamp(x, -1.0, 1.0)",
        "case when x < 1 then -x else x end",
    ] {
        let typed = lower(&parse(text).unwrap(), &schema).unwrap();
        let frame = table.frame().clone().lazy().select([typed.expr.alias("r")]).collect().unwrap();
        let column = frame.column("r").unwrap();
        let found = column.f64().unwrap().iter().flatten().any(|number| number == 0.0 && number.is_sign_negative());
        assert!(!found, "{text}: {column:?}");
    }
}

/// Ints that no Float holds, beside the Floats that they would be rounded to.
#[test]
fn ints_beside_floats_are_not_rounded() {
    let schema = Schema::of([("i", DataType::Int), ("y", DataType::Float), ("l", "List<Int>".parse().unwrap())]);
    let big = 9_007_199_254_740_992; // 2^53
    let float = big as f64;
    let rows = [
        vec![Value::Int(big + 1), Value::Float(float), Value::List(vec![Value::Int(big + 1)])],
        vec![Value::Int(big), Value::Float(float), Value::List(vec![Value::Int(big)])],
        vec![Value::Int(i64::MAX), Value::Float(9_223_372_036_854_775_808.0), Value::Null],
        vec![Value::Int(3), Value::Float(2.5), Value::Null],
        vec![Value::Int(3), Value::Null, Value::Null],
        vec![Value::Null, Value::Null, Value::Null],
    ];
    let table = ResultTable::from_rows(&schema, &rows);
    let found = |text: &str| {
        let expr = parse(text).unwrap();
        assert_same(&expr, &table);
        run(&expr, &table)
    };
    let truths = |text: &str| {
        let sign = |value: &Value| match value {
            Value::Boolean(true) => 't',
            Value::Boolean(false) => 'f',
            _ => '-',
        };
        found(text).iter().map(sign).collect::<String>()
    };
    assert_eq!(truths("i = y"), "ftff--");
    assert_eq!(truths("y = i"), "ftff--");
    assert_eq!(truths("i <> y"), "tftt--");
    assert_eq!(truths("i > y"), "tfft--");
    assert_eq!(truths("y < i"), "tfft--");
    assert_eq!(truths("i <= y"), "fttf--");
    assert_eq!(truths("i is distinct from y"), "tftttf");
    assert_eq!(truths("i between y and y"), "ftff--");
    assert_eq!(truths("i in (y, 4)"), "ftff--");
    assert_eq!(truths("i = 9007199254740992.0"), "ftfff-");
    assert_eq!(truths("y = 9007199254740993"), "ffff--");
    assert_eq!(truths("i < 9223372036854775808.0"), "ttttt-");
    assert_eq!(truths("list_contains(l, y)"), "ft----");
    assert_eq!(truths("case i when y then true else false end"), "ftffff");
    assert_eq!(
        found("nullif(i, y)"),
        [Value::Int(big + 1), Value::Null, Value::Int(i64::MAX), Value::Int(3), Value::Int(3), Value::Null]
    );
    assert_eq!(found("nullif(i, 3.0)")[2..5], [Value::Int(i64::MAX), Value::Null, Value::Null]);
    assert_eq!(found("clamp(1, i, y)")[0], Value::Null);
}

#[test]
fn a_constant_text_that_would_be_too_long_is_counted_as_one_of_a_row_is() {
    for (text, lost) in [
        ("repeat('x', 2000000)", 1),
        ("coalesce(upper(repeat('x', 2000000)), 'none')", 1),
        ("pad_start('a', 2000000, 'x')", 1),
        ("repeat('x', 20)", 0),
        ("repeat(null, 20)", 0),
    ] {
        let allowance = Allowance::unlimited();
        let _entered = allowance.enter();
        lower(&parse(text).unwrap(), &Schema::default()).unwrap();
        assert_eq!(allowance.lost(), lost, "{text}");
    }
}
