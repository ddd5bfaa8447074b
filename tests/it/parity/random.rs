//! Random cases for parity, typed: tables of edge values, expressions over the whole table of functions, every operation
//! that DuckDB carries. A seed gives the same case again.

use std::collections::BTreeMap;

use fastrand::Rng;
use pipewright_core::data::instants::{FIRST_MICRO, LAST_MICRO};
use pipewright_core::data::{DataType, Field, Schema, Value};
use pipewright_core::expr::{
    self, ArgType, BinaryOp, Call, Expr, ExprKind, FrameBound, FrameUnit, Function, FunctionKind, Over, Place, Scope,
    SortKey, WindowFrame, functions,
};
use pipewright_core::ir::{
    Aggregate, AsofDirection, AsofJoin, Check, Column, Distinct, Explode, Join, JoinKind, Keep, Limit, NodeId, OnFail,
    Op, Origin, Plan, Project, Rows, Sort, Unpivot, Window,
};
use pipewright_core::steps::PlanBuilder;

const INTS: [i64; 15] =
    [0, 1, -1, 2, 3, 7, -5, 10, 1_000_000, 9_007_199_254_740_993, i64::MAX, i64::MIN, i64::MAX - 1, -1_000_001, 42];
/// Some are Ints too, and some are what Ints beside them are rounded to.
const FLOATS: [f64; 18] = [
    0.0,
    1.5,
    -2.5,
    0.1,
    2.5,
    3.0,
    -5.5,
    1e300,
    -1e300,
    1e-7,
    9.3e18,
    123_456.789,
    1e16,
    0.000_123,
    42.0,
    9_007_199_254_740_992.0,
    9_223_372_036_854_775_808.0,
    -9_223_372_036_854_775_808.0,
];
const TEXTS: [&str; 40] = [
    "",
    " ",
    "abc",
    "ABC",
    "a,b,,c",
    "100%",
    "a_c",
    "a\\b",
    "x\\",
    "é",
    "zażółć",
    "日本",
    "42",
    "-7",
    " 12 ",
    "1e3",
    "1.5",
    "true",
    "No",
    "2026-03-02",
    "2026/03/02 10:00",
    "20260302T100000Z",
    "2016-12-31T23:59:60Z",
    "0000-01-01",
    " 2026-03-02 14:02:11,25 +0100 ",
    "9999-12-31T23:59:59-01:00",
    "2026-03-02 14:02 CEST",
    "02/Mar/2026:15:02:11 +0100",
    "{\"a\": [1, 2], \"b\": \"x\"}",
    "[1, null]",
    "null",
    "http://u@h.example:80/p?q=1#f",
    "o'k",
    "tab\tx",
    "new\nline",
    "a b  c",
    "9223372036854775808",
    "__HIVE_DEFAULT_PARTITION__",
    "aXbXc",
    "%",
];
const TIMES: [i64; 10] = [
    0,
    -1,
    1_772_460_131_250_001,
    FIRST_MICRO,
    LAST_MICRO,
    FIRST_MICRO + 86_400_000_000,
    951_782_399_999_999,
    1_772_460_131_000_000,
    1_772_460_000_000_000,
    -86_400_000_000,
];
const DATES: [i32; 6] = [0, -1, 20_514, -719_162, 2_932_896, 11_016];
const SPANS: [i64; 9] = [0, 1, -1, 1_500_000, 900_000_000, 86_400_000_000, 604_800_000_000, i64::MAX, i64::MIN];

fn list(item: DataType) -> DataType {
    DataType::List(Box::new(item))
}

/// Types of columns and of expressions.
fn types() -> [DataType; 9] {
    use DataType::*;
    [Boolean, Int, Float, String, Timestamp, Date, Duration, list(Int), list(String)]
}

pub struct Case {
    pub plan: Plan,
    pub node: NodeId,
    pub is_ordered: bool,
    /// What is computed, for messages.
    pub text: String,
}

pub struct Generator {
    random: Rng,
    builder: PlanBuilder,
    texts: Vec<String>,
}

/// The case of a seed.
pub fn case(seed: u64) -> Case {
    let mut generator = Generator { random: Rng::with_seed(seed), builder: PlanBuilder::default(), texts: Vec::new() };
    let (node, is_ordered) = generator.plan();
    Case {
        plan: Plan { nodes: generator.builder.nodes, ..Plan::default() },
        node,
        is_ordered,
        text: generator.texts.join("; "),
    }
}

impl Generator {
    fn pick<T: Clone>(&mut self, items: &[T]) -> T {
        items[self.random.usize(..items.len())].clone()
    }

    fn chance(&mut self, percent: u8) -> bool {
        self.random.u8(..100) < percent
    }

    fn value(&mut self, data_type: &DataType, nulls: u8) -> Value {
        if self.chance(nulls) {
            return Value::Null;
        }
        match data_type {
            DataType::Boolean => Value::Boolean(self.random.bool()),
            DataType::Int => Value::Int(if self.random.bool() { self.random.i64(-3..9) } else { self.pick(&INTS) }),
            DataType::Float => Value::Float(self.pick(&FLOATS)),
            DataType::Timestamp => Value::Timestamp(self.pick(&TIMES)),
            DataType::Date => Value::Date(self.pick(&DATES)),
            DataType::Duration => Value::Duration(self.pick(&SPANS)),
            DataType::List(item) => {
                let length = self.random.usize(..4);
                Value::List((0..length).map(|_| self.value(item, 15)).collect())
            }
            _ => Value::text(self.pick(&TEXTS)),
        }
    }

    /// A table with a column of each type, some twice.
    fn table(&mut self, rows: usize) -> NodeId {
        let fields = types().into_iter().chain([DataType::Int, DataType::Float, DataType::String]).enumerate();
        let schema = Schema::new(fields.map(|(index, kind)| Field::new(format!("c{index}"), kind)).collect());
        let row = |generator: &mut Self| {
            schema.fields.iter().map(|field| generator.value(&field.data_type, 15)).collect::<Vec<_>>()
        };
        let rows = (0..rows).map(|_| row(self)).collect();
        self.push(Op::Rows(Rows { schema, rows }), vec![])
    }

    fn push(&mut self, op: Op, inputs: Vec<NodeId>) -> NodeId {
        let origin = Origin { step: "s".into(), title: "random".into() };
        self.builder.push(op, inputs, &origin).unwrap()
    }

    fn schema(&self, node: NodeId) -> Schema {
        self.builder.nodes[node.0 as usize].schema.clone()
    }

    fn column(&mut self, schema: &Schema, fits: impl Fn(&DataType) -> bool) -> Option<String> {
        let names: Vec<String> =
            schema.fields.iter().filter(|field| fits(&field.data_type)).map(|field| field.name.clone()).collect();
        (!names.is_empty()).then(|| self.pick(&names))
    }

    /// An expression of the type that passes the check; `None` where none was found.
    fn checked(&mut self, schema: &Schema, place: Place, mut make: impl FnMut(&mut Self) -> Expr) -> Option<Expr> {
        let parameters = BTreeMap::new();
        for _ in 0..40 {
            let expr = make(self);
            let scope = Scope { schema, parameters: &parameters, place };
            // As it would be written in a step.
            if let Ok(read) = expr::parse(&expr::print(&expr))
                && expr::check(&read, &scope).is_ok()
            {
                self.texts.push(expr::print(&read));
                return Some(expr::coerce(&read, &scope));
            }
        }
        None
    }

    fn row_expr(&mut self, schema: &Schema, data_type: &DataType) -> Option<Expr> {
        self.checked(schema, Place::Row, |generator| {
            let depth = generator.random.u8(1..4);
            generator.expr(schema, data_type, depth)
        })
    }

    fn leaf(&mut self, schema: &Schema, data_type: &DataType) -> Expr {
        let is_text = matches!(data_type, DataType::List(_));
        if (is_text || self.chance(75))
            && let Some(name) = self.column(schema, |kind| kind == data_type)
        {
            return Expr::column(name);
        }
        Expr::literal(self.value(data_type, 5))
    }

    fn expr(&mut self, schema: &Schema, data_type: &DataType, depth: u8) -> Expr {
        if depth == 0 || self.chance(15) {
            return self.leaf(schema, data_type);
        }
        let below = depth - 1;
        match self.random.u8(..10) {
            0..=3 => match self.operator(schema, data_type, below) {
                Some(expr) => expr,
                None => self.function(schema, data_type, below),
            },
            4..=7 => self.function(schema, data_type, below),
            8 => self.case(schema, data_type, below),
            _ => {
                let from = self.pick(&types());
                Expr::try_cast(self.expr(schema, &from, below), data_type.clone())
            }
        }
    }

    fn case(&mut self, schema: &Schema, data_type: &DataType, depth: u8) -> Expr {
        let mut branches = Vec::new();
        for _ in 0..self.random.usize(1..3) {
            let when = self.expr(schema, &DataType::Boolean, depth);
            branches.push((when, self.expr(schema, data_type, depth)));
        }
        let otherwise = self.random.bool().then(|| Box::new(self.expr(schema, data_type, depth)));
        Expr::made(ExprKind::Case { operand: None, branches, otherwise })
    }

    fn operator(&mut self, schema: &Schema, data_type: &DataType, depth: u8) -> Option<Expr> {
        use BinaryOp::*;
        use DataType::{Boolean, Date, Duration, Float, Int, String, Timestamp};
        let moments = [Timestamp, Date];
        let (op, left, right) = match data_type {
            Boolean => return Some(self.condition(schema, depth)),
            Int if self.chance(10) => {
                return Some(Expr::made(ExprKind::Negate(Box::new(self.expr(schema, &Int, depth)))));
            }
            Int => (self.pick(&[Add, Subtract, Multiply, IntegerDivide, Modulo]), Int, Int),
            Float => (self.pick(&[Add, Subtract, Multiply, Divide, Modulo]), self.pick(&[Int, Float]), Float),
            String => (Concat, String, String),
            Timestamp => (self.pick(&[Add, Subtract]), self.pick(&moments), Duration),
            Duration => match self.random.u8(..5) {
                0 => (Subtract, self.pick(&moments), self.pick(&moments)),
                1 => (Multiply, Duration, self.pick(&[Int, Float])),
                2 => (Divide, Duration, self.pick(&[Int, Float])),
                _ => (self.pick(&[Add, Subtract, Modulo]), Duration, Duration),
            },
            _ => return None,
        };
        Some(Expr::binary(op, self.expr(schema, &left, depth), self.expr(schema, &right, depth)))
    }

    /// The type, or the other type of numbers.
    fn beside(&mut self, data_type: &DataType) -> DataType {
        match data_type {
            DataType::Int | DataType::Float => self.pick(&[DataType::Int, DataType::Float]),
            other => other.clone(),
        }
    }

    fn condition(&mut self, schema: &Schema, depth: u8) -> Expr {
        use BinaryOp::*;
        let negated = self.random.bool();
        let of = self.pick(&types()[..7]);
        let boxed = |generator: &mut Self, kind: &DataType| {
            let kind = generator.beside(kind);
            Box::new(generator.expr(schema, &kind, depth))
        };
        Expr::made(match self.random.u8(..8) {
            0 => ExprKind::Not(boxed(self, &DataType::Boolean)),
            1 => ExprKind::IsNull { expr: boxed(self, &of), negated },
            2 => ExprKind::IsDistinct { left: boxed(self, &of), right: boxed(self, &of), negated },
            3 => ExprKind::Between { expr: boxed(self, &of), low: boxed(self, &of), high: boxed(self, &of), negated },
            4 => {
                let list = (0..self.random.usize(1..4)).map(|_| *boxed(self, &of)).collect();
                ExprKind::InList { expr: boxed(self, &of), list, negated }
            }
            5 => {
                let patterns = ["%", "a%", "%c", "a_c", "%\\%", "%\\", "100\\%", "_", "%b%", "", "A%C"];
                let pattern = Box::new(Expr::literal(Value::text(self.pick(&patterns))));
                let insensitive = self.random.bool();
                ExprKind::Like { expr: boxed(self, &DataType::String), pattern, negated, insensitive }
            }
            6 => {
                let op = self.pick(&[And, Or]);
                ExprKind::Binary { op, left: boxed(self, &DataType::Boolean), right: boxed(self, &DataType::Boolean) }
            }
            _ => {
                let op = self.pick(&[Equal, NotEqual, Less, LessOrEqual, Greater, GreaterOrEqual]);
                ExprKind::Binary { op, left: boxed(self, &of), right: boxed(self, &of) }
            }
        })
    }

    /// A call whose result is of the type; a leaf where none was found.
    fn function(&mut self, schema: &Schema, data_type: &DataType, depth: u8) -> Expr {
        let known: Vec<&'static Function> = functions().iter().filter(|function| is_compared(function)).collect();
        for _ in 0..60 {
            let function = self.pick(&known);
            if function.kind != FunctionKind::Scalar {
                continue;
            }
            let args = self.arguments(function, schema, 0);
            let call = Expr::call(function.name, args);
            if type_of(&call, schema, Place::Row) == *data_type {
                let deep = self.arguments(function, schema, depth);
                let deep = Expr::call(function.name, deep);
                return if type_of(&deep, schema, Place::Row) == *data_type { deep } else { call };
            }
        }
        self.leaf(schema, data_type)
    }

    fn arguments(&mut self, function: &'static Function, schema: &Schema, depth: u8) -> Vec<Expr> {
        let most = function.max_args.unwrap_or(function.min_args.max(1) + 2);
        let count = self.random.usize(function.min_args..=most);
        let same = self.pick(&types()[..7]);
        let mut args = Vec::new();
        for index in 0..count {
            if function.literal_args.contains(&index) {
                args.push(self.example_argument(function, index));
                continue;
            }
            let kinds: Vec<DataType> = match function.arg(index) {
                ArgType::Same => vec![self.beside(&same)],
                kind => types().into_iter().filter(|data_type| kind.accepts(data_type)).collect(),
            };
            let wanted = self.pick(&kinds);
            args.push(self.expr(schema, &wanted, depth));
        }
        args
    }

    /// The constant that one of the function's examples has in that place.
    fn example_argument(&mut self, function: &'static Function, index: usize) -> Expr {
        let example = self.pick(function.examples);
        let parsed = expr::parse(example.call).unwrap();
        match &parsed.kind {
            ExprKind::Call(call) if call.args.len() > index => call.args[index].clone(),
            _ => Expr::literal(Value::text("second")),
        }
    }

    fn order(&mut self, schema: &Schema, most: usize) -> Vec<SortKey> {
        let count = self.random.usize(..=most);
        let mut keys = Vec::new();
        for _ in 0..count {
            if let Some(name) = self.column(schema, |kind| !matches!(kind, DataType::List(_))) {
                keys.push(SortKey { expr: Expr::column(name), descending: self.random.bool() });
            }
        }
        keys
    }

    /// An aggregate call, with a filter, an order or DISTINCT now and then.
    fn aggregate(&mut self, schema: &Schema) -> Expr {
        let known: Vec<&'static Function> = functions()
            .iter()
            .filter(|function| function.kind == FunctionKind::Aggregate && is_compared(function))
            .collect();
        let function = self.pick(&known);
        let mut call = Call {
            function: function.name.to_owned(),
            args: self.arguments(function, schema, 0),
            distinct: false,
            order: Vec::new(),
            filter: None,
            over: None,
        };
        if self.chance(30) {
            call.filter = Some(Box::new(self.expr(schema, &DataType::Boolean, 1)));
        }
        if matches!(function.name, "first" | "last" | "collect" | "string_agg") {
            call.order = self.order(schema, 2);
            call.distinct = matches!(function.name, "collect" | "string_agg") && self.chance(30);
        }
        Expr::made(ExprKind::Call(call))
    }

    fn window(&mut self, schema: &Schema) -> Expr {
        let place = self.pick(&["row_number", "rank", "dense_rank", "lag", "lead", "", "", "", ""]);
        let of = self.pick(&types()[..7]);
        let mut call = match place {
            "" => match self.aggregate(schema).kind {
                ExprKind::Call(call) => Call { order: Vec::new(), ..call },
                _ => return self.leaf(schema, &of),
            },
            "lag" | "lead" => {
                call_of(place, vec![self.leaf(schema, &of), Expr::literal(Value::Int(self.random.i64(0..3)))])
            }
            _ => call_of(place, vec![]),
        };
        let mut over = Over { partition: Vec::new(), order: self.order(schema, 2), frame: None };
        if self.random.bool() {
            over.partition.extend(self.column(schema, |kind| *kind == DataType::Boolean).map(Expr::column));
        }
        if place.is_empty() && !over.order.is_empty() && self.random.bool() {
            let bound = |generator: &mut Self| match generator.random.u8(..4) {
                0 => FrameBound::Unbounded,
                1 => FrameBound::Current,
                2 => FrameBound::Preceding(Value::Int(generator.random.i64(0..3))),
                _ => FrameBound::Following(Value::Int(generator.random.i64(0..3))),
            };
            over.frame = Some(WindowFrame { unit: FrameUnit::Rows, start: bound(self), end: bound(self) });
        }
        if over.frame.is_some() && self.random.bool() {
            self.by_range(schema, &mut over);
        }
        call.over = Some(Box::new(over));
        Expr::made(ExprKind::Call(call))
    }

    /// A frame of all rows whose key is near.
    fn by_range(&mut self, schema: &Schema, over: &mut Over) {
        let kind = self.pick(&[DataType::Int, DataType::Timestamp]);
        let Some(key) = self.column(schema, |data_type| *data_type == kind) else { return };
        over.order = vec![SortKey { expr: Expr::column(key), descending: self.random.bool() }];
        let near = |generator: &mut Self| match kind {
            DataType::Int => Value::Int(generator.random.i64(0..3)),
            _ => Value::Duration(generator.pick(&[0, 1_000_000, 86_400_000_000])),
        };
        let (start, end) = (FrameBound::Preceding(near(self)), FrameBound::Following(near(self)));
        let start = self.pick(&[start, FrameBound::Unbounded, FrameBound::Current]);
        let end = self.pick(&[end, FrameBound::Unbounded, FrameBound::Current]);
        over.frame = Some(WindowFrame { unit: FrameUnit::Range, start, end });
    }

    fn plan(&mut self) -> (NodeId, bool) {
        let rows = self.random.usize(..9);
        let table = self.table(rows);
        let schema = self.schema(table);
        self.texts.clear();
        match self.random.u8(..20) {
            0..=8 => (self.projected(table, &schema), false),
            9 => match self.row_expr(&schema, &DataType::Boolean) {
                Some(predicate) => (self.push(Op::Filter { predicate }, vec![table]), false),
                None => (table, false),
            },
            10..=12 => (self.aggregated(table, &schema), false),
            13..=15 => (self.windowed(table, &schema), false),
            16 => self.ordered(table, &schema),
            17 => (self.joined(table, &schema), false),
            18 => (self.nearest(table, &schema), false),
            _ => (self.reshaped(table, &schema), false),
        }
    }

    fn projected(&mut self, table: NodeId, schema: &Schema) -> NodeId {
        let mut columns = Vec::new();
        for index in 0..3 {
            let data_type = self.pick(&types());
            if let Some(expr) = self.row_expr(schema, &data_type) {
                columns.push(Column::new(format!("r{index}"), expr));
            }
        }
        columns.push(Column::same("c0"));
        self.push(Op::Project(Project::new(columns)), vec![table])
    }

    fn keys(&mut self, schema: &Schema) -> Vec<Column> {
        let mut keys = Vec::new();
        for index in 0..self.random.usize(..3) {
            let name = self.column(schema, |kind| !matches!(kind, DataType::List(_) | DataType::Float));
            keys.extend(name.map(|name| Column::new(format!("k{index}"), Expr::column(name))));
        }
        keys
    }

    fn aggregated(&mut self, table: NodeId, schema: &Schema) -> NodeId {
        let keys = self.keys(schema);
        let mut measures = vec![Column::new("rows", Expr::call("count", vec![]))];
        for index in 0..3 {
            let made = self.checked(schema, Place::Aggregate, |generator| generator.aggregate(schema));
            measures.extend(made.map(|expr| Column::new(format!("m{index}"), expr)));
        }
        self.push(Op::Aggregate(Aggregate { keys, measures }), vec![table])
    }

    fn windowed(&mut self, table: NodeId, schema: &Schema) -> NodeId {
        let mut columns = Vec::new();
        for index in 0..2 {
            let made = self.checked(schema, Place::Window, |generator| generator.window(schema));
            columns.extend(made.map(|expr| Column::new(format!("w{index}"), expr)));
        }
        if columns.is_empty() { table } else { self.push(Op::Window(Window { columns }), vec![table]) }
    }

    fn ordered(&mut self, table: NodeId, schema: &Schema) -> (NodeId, bool) {
        let keys = self.order(schema, 3);
        match self.random.u8(..3) {
            0 if !keys.is_empty() => (self.push(Op::Sort(Sort { keys }), vec![table]), true),
            1 if !keys.is_empty() => {
                let (count, offset) = (self.pick(&[0, 1, 3, u64::MAX]), self.pick(&[0, 0, 1, u64::MAX]));
                self.texts.push(format!("limit {count} offset {offset}"));
                (self.push(Op::Limit(Limit { keys, count, offset }), vec![table]), true)
            }
            _ => {
                let names = schema.names().map(str::to_owned).collect::<Vec<_>>();
                let keys_of = (0..self.random.usize(1..3)).map(|_| self.pick(&names[..7])).collect();
                let keep = self.pick(&[Keep::First, Keep::Last]);
                let op = Op::Distinct(Distinct { keys: keys_of, order: keys, keep });
                self.texts.push(format!("{op:?}"));
                (self.push(op, vec![table]), false)
            }
        }
    }

    fn joined(&mut self, left: NodeId, schema: &Schema) -> NodeId {
        let rows = self.random.usize(..6);
        let right = self.table(rows);
        let kind = self.pick(&[
            JoinKind::Inner,
            JoinKind::Left,
            JoinKind::Right,
            JoinKind::Full,
            JoinKind::Semi,
            JoinKind::Anti,
            JoinKind::Cross,
        ]);
        let names: Vec<String> = schema.names().map(str::to_owned).collect();
        let on: Vec<(Expr, Expr)> = match kind {
            JoinKind::Cross => vec![],
            _ => (0..self.random.usize(1..3))
                // An Int may be the key beside a Float.
                .map(|_| self.pick(&[(0, 0), (1, 1), (3, 3), (4, 4), (5, 5), (6, 6), (1, 2), (2, 1), (1, 10), (10, 9)]))
                .map(|(left, right)| (Expr::column(names[left].clone()), Expr::column(names[right].clone())))
                .collect(),
        };
        let right_columns = match kind {
            JoinKind::Semi | JoinKind::Anti => vec![],
            _ => vec![("c1".to_owned(), "right 1".to_owned()), ("c7".to_owned(), "right 7".to_owned())],
        };
        self.texts.push(format!("{kind:?} join on {on:?}"));
        self.push(Op::Join(Join { kind, on, right: right_columns }), vec![left, right])
    }

    fn nearest(&mut self, left: NodeId, schema: &Schema) -> NodeId {
        let rows = self.random.usize(..9);
        let right = self.table(rows);
        let time = self.column(schema, |kind| *kind == DataType::Timestamp).unwrap_or_default();
        let by = self.pick(&[None, None, Some(("c0", "c0")), Some(("c1", "c10")), Some(("c2", "c1"))]);
        let by = by.into_iter().map(|(left, right)| (left.to_owned(), right.to_owned())).collect();
        let op = Op::AsofJoin(AsofJoin {
            left_time: time.clone(),
            right_time: time,
            by,
            direction: self.pick(&[AsofDirection::Backward, AsofDirection::Forward, AsofDirection::Nearest]),
            tolerance: self.pick(&[None, None, Some(86_400_000_000), Some(0)]),
            right: vec![("c1".to_owned(), "right 1".to_owned()), ("c4".to_owned(), "right 4".to_owned())],
        });
        self.texts.push(format!("{op:?}"));
        self.push(op, vec![left, right])
    }

    fn reshaped(&mut self, table: NodeId, schema: &Schema) -> NodeId {
        match self.random.u8(..4) {
            0 => {
                let column = self.column(schema, |kind| matches!(kind, DataType::List(_))).unwrap_or_default();
                let position = self.random.bool().then(|| "place".to_owned());
                let op = Op::Explode(Explode { column, keep_empty: self.random.bool(), position });
                self.texts.push(format!("{op:?}"));
                self.push(op, vec![table])
            }
            1 => {
                let columns = vec!["c1".to_owned(), "c9".to_owned()];
                let data_type = self.pick(&[DataType::Int, DataType::String, DataType::Float]);
                let op = Op::Unpivot(Unpivot {
                    keep: vec!["c0".to_owned(), "c6".to_owned()],
                    columns,
                    name: "name".into(),
                    value: "value".into(),
                    data_type,
                });
                self.push(op, vec![table])
            }
            2 => {
                let other = self.table(3);
                self.push(Op::Union, vec![table, other])
            }
            _ => {
                let Some(predicate) = self.row_expr(schema, &DataType::Boolean) else { return table };
                let on_fail = self.pick(&[OnFail::Flag("failed".into()), OnFail::Reject]);
                self.push(Op::Check(Check { predicate, reason: "random".into(), on_fail }), vec![table])
            }
        }
    }
}

fn call_of(function: &str, args: Vec<Expr>) -> Call {
    Call { function: function.to_owned(), args, distinct: false, order: Vec::new(), filter: None, over: None }
}

fn is_compared(function: &Function) -> bool {
    let left_out = super::NOT_IN_DUCKDB.iter().chain(super::LEFT_OUT).any(|(name, _)| *name == function.name);
    !left_out || function.name == "to_timestamp"
}

fn type_of(expr: &Expr, schema: &Schema, place: Place) -> DataType {
    let parameters = BTreeMap::new();
    let scope = Scope { schema, parameters: &parameters, place };
    match expr::check(expr, &scope) {
        Ok(_) => expr::type_of(expr, &scope),
        Err(_) => DataType::Unknown,
    }
}
