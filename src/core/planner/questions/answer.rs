//! What an answer is about: the measure, its unit, what a row is, and the chart of that measure; from the contract of its
//! question or, without one, from the order in which the answer is read. Imports the plan and questions; sees no rows.

use super::kept::RowsChart;
use super::told::words;
use super::{Asked, Chart, ChartKind, Contract, Goal, Part, Tells};
use crate::data::figures::MONEY;
use crate::data::{DataType, Schema, TableRows, Value};
use crate::expr::{BinaryOp, Expr, ExprKind, SortKey, print};
use crate::ir::{NodeId, Op, Plan};
use crate::planner::vocabulary::Vocabulary;
use crate::planner::vocabulary::templates::concepts_of;
use crate::project::Step;

/// What an answer is about.
#[derive(Debug, Clone, PartialEq)]
pub struct AnswerShape {
    pub about: About,
    /// The column of spans or points of time that rows are for, with the length of a span in microseconds.
    pub time: Option<(String, Option<i64>)>,
    /// Columns that say what a row is about.
    pub names: Vec<String>,
    /// Those by which rows are groups.
    pub keys: Vec<String>,
    pub chart: Option<Chart>,
    /// The chart that somebody picked in its place.
    pub kept: Option<RowsChart>,
    /// What is first in time is what the question looks for: that column of times.
    pub first: Option<String>,
    /// Which of the groups are still there.
    pub groups: GroupsLeft,
    /// What each row says of a goal.
    pub goal: Option<Goal>,
    /// What is told where no row is left; empty: that there is none.
    pub none: String,
    /// How much time a row is about at least, in microseconds: an hour of the day stands for whole days.
    pub grain: Option<i64>,
    /// The key that is an hour of the day.
    pub hours: Option<String>,
    /// The first and the last time of the data, where whoever has the rows knows it.
    pub range: Option<(i64, i64)>,
    /// How much time passes there between two rows on average, in microseconds.
    pub pace: i64,
}

/// What a flow has left of its groups when they come to the answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct GroupsLeft {
    /// So many at most.
    pub first: Option<u64>,
    /// A condition took some: what has no row may have been there.
    pub is_filtered: bool,
}

impl GroupsLeft {
    /// Whether some may be cut off, of which an answer of so many rows does not know.
    pub fn is_cut(self, rows: usize) -> bool {
        self.first.is_some_and(|most| rows as u64 >= most)
    }
}

/// What the question asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum About {
    Measure(MeasureShape),
    /// The rows themselves are what was asked, in words (`failed transaction`); and what they have most often.
    Rows {
        row: String,
        most: Option<Most>,
    },
}

/// The column of which the most frequent value is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Most {
    pub column: String,
    /// The column of what its values are of: versions of two services may be called the same.
    pub of: Option<String>,
}

/// The column that the question is about.
#[derive(Debug, Clone, PartialEq)]
pub struct MeasureShape {
    pub column: String,
    pub unit: Unit,
    /// Of a part of a whole that is a column, too: that column.
    pub whole: Option<String>,
    /// Of a share that is only called so: the columns that count the part and the whole.
    pub share_of: Option<(String, String)>,
    /// The least is what the question looks for.
    pub is_lowest: bool,
    /// The sum of all rows is.
    pub is_total: bool,
    /// What is above the row before it is.
    pub is_rise: bool,
    /// How many groups there are is what the question looks for.
    pub is_of_groups: bool,
    /// Of a quantile or a mean: the column that counts what it is made of.
    pub counted: Option<String>,
    /// Of a quantile: whom it is the most of: `19 of 20`.
    pub most_of: Option<String>,
    /// Numbers of several rows add up to that of all; of a share, what it is a share of.
    pub adds_up: bool,
}

/// How a number is told.
#[derive(Debug, Clone, PartialEq)]
pub enum Unit {
    /// How many; the column's name says of what. Where nothing was counted it is zero.
    Count,
    /// `s`, `B`, `share`; empty: none. Where nothing was measured there is a gap.
    Measured(String),
}

impl AnswerShape {
    /// Of the rows of a node, which are read in an order.
    pub fn of(asked: Option<&Asked>, plan: &Plan, node: NodeId, vocabulary: &Vocabulary, title: &str) -> AnswerShape {
        let schema = &plan.node(node).schema;
        let order: &[SortKey] = match &plan.node(node).op {
            Op::Write(write) => &write.order,
            _ => &[],
        };
        let contract = asked.map(|asked| &asked.contract);
        let measure = measure_column(contract, plan, node, order, vocabulary);
        let time = time_of(plan, node, schema);
        let is_name = |name: &&str| {
            let data_type = schema.get(name).map(|field| &field.data_type);
            matches!(data_type, Some(DataType::String | DataType::Boolean)) || is_key(plan, node, name)
        };
        let is_time = |name: &str| time.as_ref().is_some_and(|(time, _)| time == name);
        let names_of_rows =
            schema.names().filter(|name| Some(*name) != measure.as_deref() && !is_time(name)).filter(is_name);
        let names: Vec<String> = match contract.filter(|contract| !contract.measures.is_empty()) {
            Some(contract) => {
                let asked = contract.dimensions.iter().map(|part| part.name.as_str()).filter(|name| schema.has(name));
                let mut names: Vec<String> = asked.map(str::to_owned).collect();
                // A flow that somebody drew may have groups by more than the question asks for.
                for name in names_of_rows.filter(|name| is_key(plan, node, name)) {
                    if !names.iter().any(|known| known == name) {
                        names.push(name.to_owned());
                    }
                }
                names
            }
            None => names_of_rows.map(str::to_owned).collect(),
        };
        let keys: Vec<String> = schema.names().filter(|name| is_key(plan, node, name)).map(str::to_owned).collect();
        let Some(column) = measure else {
            let row = contract.map(|contract| contract.row.clone()).filter(|row| !row.is_empty());
            let most = contract.and_then(|contract| most_of_rows(contract, schema));
            let row = row.unwrap_or_else(|| row_in_words(title));
            let about = About::Rows { row, most };
            let (groups, none) = (groups_of(plan, node), String::new());
            return AnswerShape {
                about,
                time,
                names,
                keys,
                chart: None,
                kept: None,
                first: None,
                groups,
                goal: None,
                none,
                grain: None,
                hours: None,
                range: None,
                pace: 0,
            };
        };
        let chart = Some(chart_of(contract, &column, time.as_ref(), &names));
        let goal = contract.and_then(|contract| contract.goal.clone());
        AnswerShape {
            about: About::Measure(measure_of(contract, plan, node, column, order, vocabulary)),
            grain: grain_of(plan, node, time.as_ref(), &keys),
            range: None,
            pace: 0,
            hours: keys.iter().find(|key| is_hour_of_day(plan, node, key)).cloned(),
            time,
            names,
            keys,
            chart,
            kept: None,
            first: order.first().and_then(|key| first_in_time(key, plan, node)),
            groups: groups_of(plan, node),
            goal: goal.filter(|goal| schema.has(&goal.met) && schema.has(&goal.at)),
            none: contract.map(|contract| contract.none.clone()).unwrap_or_default(),
        }
    }
}

fn measure_of(
    contract: Option<&Contract>,
    plan: &Plan,
    node: NodeId,
    column: String,
    order: &[SortKey],
    vocabulary: &Vocabulary,
) -> MeasureShape {
    let schema = &plan.node(node).schema;
    let unit = unit_of(contract, plan, node, &column, vocabulary);
    let first = order.first().filter(|key| key.expr == Expr::column(column.as_str()));
    let tells = contract.and_then(|contract| contract.tells);
    let share_of = share_of(&column, plan, node, schema);
    let adds_up = match &share_of {
        Some((part, whole)) => [part, whole].into_iter().all(|column| adds_up(column, plan, node)),
        // Whoever asks for the sum says that there is one.
        None => adds_up(&column, plan, node) || tells == Some(Tells::Total),
    };
    MeasureShape {
        is_lowest: first.is_some_and(|key| !key.descending) || tells == Some(Tells::Lowest),
        is_total: tells == Some(Tells::Total),
        is_rise: tells == Some(Tells::Rise),
        is_of_groups: tells == Some(Tells::Groups),
        most_of: quantile_of(&column, plan, node).and_then(most_of),
        whole: whole_of(&column, plan, node, schema),
        counted: counted_of(&column, plan, node, schema).or_else(|| {
            let goal = contract.and_then(|contract| contract.goal.as_ref());
            goal.and_then(|_| counted_rows(plan, node, schema))
        }),
        column,
        unit,
        share_of,
        adds_up,
    }
}

impl MeasureShape {
    /// The measure where it needs no explanation: `what 19 of 20 stay under`.
    pub(super) fn in_words(&self) -> String {
        let what = if self.is_time() { "time that" } else { "value that" };
        match &self.most_of {
            Some(most_of) => format!("{what} {} stay under", most_of.trim_end_matches(" of the")),
            None => words(&self.column),
        }
    }

    /// Whether a length of time is measured.
    pub(super) fn is_time(&self) -> bool {
        matches!(&self.unit, Unit::Measured(unit) if matches!(unit.as_str(), "s" | "ms" | "us" | "µs"))
    }
}

impl AnswerShape {
    /// Whether rows by further keys than sentence and chart tell apart may be told as one: their numbers add up, and
    /// all of them are there.
    pub(super) fn sums(&self, measure: &MeasureShape, rows: &dyn TableRows) -> bool {
        measure.adds_up && !self.groups.is_cut(rows.rows())
    }

    /// With the chart that its step keeps.
    pub fn with_kept(self, step: &Step) -> AnswerShape {
        AnswerShape { kept: RowsChart::kept_by(step), ..self }
    }

    /// Whether sentence or chart show values of a column.
    pub fn shows(&self, column: &str) -> bool {
        let about = match &self.about {
            About::Measure(measure) => measure.column == column || measure.whole.as_deref() == Some(column),
            About::Rows { most, .. } => most.as_ref().is_some_and(|most| most.column == column),
        };
        let charted = self.chart.iter().any(|chart| chart.x == column || chart.by.as_deref() == Some(column));
        let kept = self.kept.iter().flat_map(|kept| [Some(&kept.x), kept.y.as_ref(), kept.by.as_ref()]).flatten();
        about || charted || kept.into_iter().any(|kept| kept == column) || self.names.iter().any(|name| name == column)
    }
}

/// The column of which a contract tells the most frequent value, where rows have it.
fn most_of_rows(contract: &Contract, schema: &Schema) -> Option<Most> {
    let column = Some(&contract.most).filter(|column| schema.has(column))?;
    let part = contract.columns.iter().find(|part| part.name == *column);
    let is_version = part.is_some_and(|part| concepts_of(&part.expression) == ["service.version"]);
    let is_service = |part: &&Part| matches!(concepts_of(&part.expression)[..], ["service.name" | "component.name"]);
    let of = contract.columns.iter().filter(|_| is_version).find(is_service).map(|part| part.name.clone());
    Some(Most { column: column.clone(), of: of.filter(|of| schema.has(of)) })
}

/// `Failed transactions` → `failed transactions`; nothing else is known of what a row is.
fn row_in_words(title: &str) -> String {
    let title = title.trim();
    if title.is_empty() || title.ends_with('?') { "row".to_owned() } else { title.to_lowercase() }
}

fn is_number(schema: &Schema, name: &str) -> bool {
    schema.get(name).is_some_and(|field| matches!(field.data_type, DataType::Int | DataType::Float))
}

/// The column that the question is about; `None`: its rows are asked.
fn measure_column(
    contract: Option<&Contract>,
    plan: &Plan,
    node: NodeId,
    order: &[SortKey],
    vocabulary: &Vocabulary,
) -> Option<String> {
    let schema = &plan.node(node).schema;
    if let Some(contract) = contract {
        if contract.measures.is_empty() && !contract.columns.is_empty() {
            return None;
        }
        let charted = contract.chart.iter().flat_map(|chart| &chart.y);
        let measures = contract.measures.iter().map(|part| &part.name);
        let wanted = charted.chain(measures).find(|name| is_number(schema, name));
        if wanted.is_some() {
            return wanted.cloned();
        }
    }
    // By what rows are groups, or what tells things apart, is no measure: nobody adds up the numbers of users.
    let measures_something =
        |name: &str| is_number(schema, name) && !is_key(plan, node, name) && !vocabulary.is_id(name);
    let by_order = order.iter().find_map(|key| match &key.expr.kind {
        ExprKind::Column(name) if measures_something(name) => Some(name.clone()),
        _ => None,
    });
    // Numbers of single rows are no answer by themselves, unless there is hardly anything else.
    let is_made = |name: &&str| matches!(origin(plan, node, name), Some(Origin::Measure(_) | Origin::Computed(..)));
    let numbers = || schema.names().filter(|name| measures_something(name));
    let few = || numbers().next().filter(|_| schema.len() <= 3);
    by_order.or_else(|| numbers().find(is_made).or_else(few).map(str::to_owned))
}

/// The rows that are behind some rows of an answer, those with a value, or with that and others up to `until`: those of a
/// step, by its id, that fulfil a condition. `None`: the column is no key of groups.
pub fn rows_behind_key(
    plan: &Plan,
    node: NodeId,
    column: &str,
    (value, until): (&Value, Option<&Value>),
) -> Option<(String, String)> {
    let (group, Origin::Key(expr)) = origin_at(plan, node, column)? else { return None };
    let before = plan.node(*plan.node(group).inputs.first()?);
    let is = |op: BinaryOp, value: &Value| Expr::binary(op, expr.clone(), Expr::literal(value.clone()));
    let condition = match (value, until) {
        (Value::Null, _) => Expr::is_null(expr.clone(), false),
        (value, None) => is(BinaryOp::Equal, value),
        (value, Some(until)) => {
            Expr::binary(BinaryOp::And, is(BinaryOp::GreaterOrEqual, value), is(BinaryOp::Less, until))
        }
    };
    let condition = print(&condition);
    Some((before.origin.step.clone(), condition))
}

/// What makes a column, as far back as it goes under one name or another.
fn origin<'a>(plan: &'a Plan, node: NodeId, name: &str) -> Option<Origin<'a>> {
    origin_at(plan, node, name).map(|(_, origin)| origin)
}

/// What makes a column.
enum Origin<'a> {
    Key(&'a Expr),
    Measure(&'a Expr),
    Computed(NodeId, &'a Expr),
}

/// The same with the node that makes it.
fn origin_at<'a>(plan: &'a Plan, node: NodeId, name: &str) -> Option<(NodeId, Origin<'a>)> {
    let (mut at, mut name) = (node, name.to_owned());
    loop {
        let node = plan.node(at);
        let mut input = node.inputs.first().copied();
        match &node.op {
            Op::Aggregate(aggregate) => {
                let named = |column: &&crate::ir::Column| column.name == name;
                let measure = aggregate.measures.iter().find(named).map(|column| Origin::Measure(&column.expr));
                let key = || aggregate.keys.iter().find(named).map(|column| Origin::Key(&column.expr));
                return measure.or_else(key).map(|origin| (at, origin));
            }
            Op::Project(project) => {
                let column = project.columns.iter().find(|column| column.name == name)?;
                match &column.expr.kind {
                    ExprKind::Column(before) => name.clone_from(before),
                    _ => return Some((at, Origin::Computed(input?, &column.expr))),
                }
            }
            Op::Window(window) if window.columns.iter().any(|column| column.name == name) => return None,
            Op::Join(crate::ir::Join { right, .. }) | Op::AsofJoin(crate::ir::AsofJoin { right, .. }) => {
                if let Some((before, _)) = right.iter().find(|(_, after)| *after == name) {
                    name.clone_from(before);
                    input = node.inputs.get(1).copied();
                }
            }
            Op::Read(_) | Op::Rows(_) | Op::Parse(_) | Op::Explode(_) | Op::Unpivot(_) | Op::Union => return None,
            Op::Filter { .. }
            | Op::Check(_)
            | Op::Window(_)
            | Op::Sort(_)
            | Op::Limit(_)
            | Op::Distinct(_)
            | Op::Write(_) => {}
        }
        at = input?;
    }
}

fn is_key(plan: &Plan, node: NodeId, name: &str) -> bool {
    matches!(origin(plan, node, name), Some(Origin::Key(_)))
}

/// The time that rows are for: a key, else the first time.
fn time_of(plan: &Plan, node: NodeId, schema: &Schema) -> Option<(String, Option<i64>)> {
    let is_time = |data_type: &DataType| matches!(data_type, DataType::Timestamp | DataType::Date);
    let mut times = schema.fields.iter().filter(|field| is_time(&field.data_type)).map(|field| field.name.as_str());
    let key = times.clone().find(|name| is_key(plan, node, name));
    // A time that is measured (the first error) is no time that rows are for.
    let is_measured = |name: &str| matches!(origin(plan, node, name), Some(Origin::Measure(_)));
    let name = key.or_else(|| times.find(|name| !is_measured(name)))?;
    let span = origin_at(plan, node, name).and_then(|(group, origin)| match origin {
        Origin::Key(expr) => span_of_key(plan, group, expr),
        Origin::Measure(_) | Origin::Computed(..) => None,
    });
    Some((name.to_owned(), span))
}

/// As `span_of`; the key may be a column that a step before has made.
fn span_of_key(plan: &Plan, group: NodeId, key: &Expr) -> Option<i64> {
    let ExprKind::Column(name) = &key.kind else { return span_of(key) };
    match origin_at(plan, *plan.node(group).inputs.first()?, name)? {
        (_, Origin::Computed(_, expr)) => span_of(expr),
        (before, Origin::Key(expr)) => span_of_key(plan, before, expr),
        (_, Origin::Measure(_)) => None,
    }
}

/// The length of the spans that a key divides time into, where they are equally long.
fn span_of(expr: &Expr) -> Option<i64> {
    let ExprKind::Call(call) = &expr.kind else { return None };
    match (call.function.as_str(), &call.args.first()?.kind) {
        ("time_bucket", ExprKind::Literal(Value::Duration(span))) => Some(*span),
        ("date_trunc", ExprKind::Literal(Value::String(unit))) => {
            let seconds = match unit.as_str() {
                "second" => 1,
                "minute" => 60,
                "hour" => 3600,
                "day" => 86_400,
                "week" => 604_800,
                _ => return None,
            };
            Some(seconds * 1_000_000)
        }
        _ => None,
    }
}

fn function_of(expr: &Expr) -> Option<&crate::expr::Call> {
    if let ExprKind::Call(call) = &expr.kind { Some(call) } else { None }
}

fn unit_of(contract: Option<&Contract>, plan: &Plan, node: NodeId, column: &str, vocabulary: &Vocabulary) -> Unit {
    let part = contract.and_then(|contract| contract.measures.iter().find(|part| part.name == column));
    match part.map_or("", |part| part.unit.as_str()) {
        "" => {}
        "count" => return Unit::Count,
        unit => return Unit::Measured(unit.to_owned()),
    }
    let of_call = |expr: &Expr, factor: bool| -> Option<Unit> {
        let call = function_of(expr)?;
        match call.function.as_str() {
            "count" | "count_if" | "count_distinct" if !factor => Some(Unit::Count),
            "share_if" => Some(Unit::Measured(if factor { "%" } else { "share" }.to_owned())),
            _ => None,
        }
    };
    let found = match origin(plan, node, column) {
        Some(Origin::Measure(expr) | Origin::Key(expr)) => of_call(expr, false),
        Some(Origin::Computed(before, expr)) => {
            let hundred = |expr: &Expr| matches!(&expr.kind, ExprKind::Literal(Value::Int(100)));
            let (rest, factor) = match &expr.kind {
                ExprKind::Binary { op: BinaryOp::Multiply, left, right } if hundred(left) => (&**right, true),
                ExprKind::Binary { op: BinaryOp::Multiply, left, right } if hundred(right) => (&**left, true),
                _ => (expr, false),
            };
            match &rest.kind {
                ExprKind::Column(name) => match origin(plan, before, name) {
                    Some(Origin::Measure(expr)) => of_call(expr, factor),
                    _ => None,
                },
                _ => None,
            }
        }
        None => None,
    };
    if let Some(unit) = found {
        return unit;
    }
    Unit::Measured(concept_unit(part, vocabulary).unwrap_or_else(|| unit_in_name(column)))
}

/// Whether the numbers of groups add up to that of all: rows are counted, or values added, each in one group.
fn adds_up(column: &str, plan: &Plan, node: NodeId) -> bool {
    let call = match origin(plan, node, column) {
        Some(Origin::Measure(expr)) => function_of(expr),
        _ => None,
    };
    call.is_some_and(|call| matches!(call.function.as_str(), "count" | "count_if" | "sum"))
}

/// What is left of the groups between where they are made and a node.
fn groups_of(plan: &Plan, node: NodeId) -> GroupsLeft {
    let mut left = GroupsLeft::default();
    let mut at = Some(plan.node(node));
    while let Some(node) = at {
        match &node.op {
            Op::Aggregate(_) => return left,
            Op::Filter { .. } | Op::Check(_) | Op::Distinct(_) => left.is_filtered = true,
            Op::Limit(limit) => left.first = Some(left.first.map_or(limit.count, |most| most.min(limit.count))),
            _ => {}
        }
        at = node.inputs.first().map(|before| plan.node(*before));
    }
    // There are no groups.
    GroupsLeft::default()
}

/// How much time a row of an answer is about at least.
fn grain_of(plan: &Plan, node: NodeId, time: Option<&(String, Option<i64>)>, keys: &[String]) -> Option<i64> {
    const DAY: i64 = 86_400_000_000;
    const MONTH: i64 = 28 * DAY;
    if let Some((name, span)) = time.filter(|(name, _)| keys.contains(name)) {
        let is_span = matches!(origin(plan, node, name), Some(Origin::Key(expr)) if function_of(expr).is_some());
        return span.or(is_span.then_some(MONTH));
    }
    keys.iter().any(|name| is_hour_of_day(plan, node, name)).then_some(DAY)
}

/// Whether a key of groups is the hour of the day.
fn is_hour_of_day(plan: &Plan, node: NodeId, name: &str) -> bool {
    let made = || -> Option<&Expr> {
        let (group, Origin::Key(expr)) = origin_at(plan, node, name)? else { return None };
        match &expr.kind {
            ExprKind::Column(name) => match origin(plan, *plan.node(group).inputs.first()?, name)? {
                Origin::Computed(_, made) => Some(made),
                Origin::Key(_) | Origin::Measure(_) => None,
            },
            _ => Some(expr),
        }
    };
    made().and_then(function_of).is_some_and(|call| {
        let is_hour = call.args.iter().any(|arg| arg.kind == ExprKind::Literal(Value::String("hour".to_owned())));
        call.function == "extract" && is_hour
    })
}

/// The share that a quantile stays above: 0.95.
fn quantile_of(column: &str, plan: &Plan, node: NodeId) -> Option<f64> {
    let Some(Origin::Measure(expr)) = origin(plan, node, column) else { return None };
    let call = function_of(expr)?;
    match (call.function.as_str(), call.args.get(1).map(|share| &share.kind)) {
        ("median", _) => Some(0.5),
        ("quantile", Some(ExprKind::Literal(Value::Float(share)))) => Some(*share),
        _ => None,
    }
}

/// `19 of 20`; `None`: no words for such a share.
fn most_of(share: f64) -> Option<String> {
    let known = [(0.5, "half of the"), (0.75, "3 of 4"), (0.9, "9 of 10"), (0.95, "19 of 20"), (0.99, "99 of 100")];
    known.iter().find(|(one, _)| *one == share).map(|(_, told)| (*told).to_owned())
}

/// The unit of the one concept that a measure is made of.
fn concept_unit(part: Option<&Part>, vocabulary: &Vocabulary) -> Option<String> {
    let concepts = concepts_of(&part?.expression);
    let [concept] = &concepts[..] else { return None };
    let unit = vocabulary.concept(concept)?.unit.as_str();
    Some(match unit {
        "By" => "B".to_owned(),
        "1" => "share".to_owned(),
        "{currency}" => MONEY.to_owned(),
        unit if unit.starts_with('{') => String::new(),
        "" => return None,
        unit => unit.to_owned(),
    })
}

/// `duration_ms` is in milliseconds.
fn unit_in_name(column: &str) -> String {
    let last = column.rsplit('_').next().unwrap_or_default();
    let unit = match last {
        "ms" | "us" => last,
        "s" | "seconds" if column != last => "s",
        "bytes" => "B",
        "share" | "ratio" => "share",
        "percent" | "pct" => "%",
        _ => "",
    };
    unit.to_owned()
}

/// The measured time by which an answer is read, where that is what it begins with: the first error.
fn first_in_time(key: &SortKey, plan: &Plan, node: NodeId) -> Option<String> {
    let ExprKind::Column(name) = &key.expr.kind else { return None };
    let is_time = plan.node(node).schema.get(name).is_some_and(|field| field.data_type == DataType::Timestamp);
    let is_measured = || matches!(origin(plan, node, name), Some(Origin::Measure(_)));
    (is_time && !key.descending && is_measured()).then(|| name.clone())
}

/// Of a column that is called `share` and nothing else: what counts its part, and its whole.
fn share_of(column: &str, plan: &Plan, node: NodeId, schema: &Schema) -> Option<(String, String)> {
    let counts = |is_it: &dyn Fn(&Expr) -> bool| {
        let mut names = schema.names().filter(|name| *name != column);
        names.find(|name| matches!(origin(plan, node, name), Some(Origin::Measure(expr)) if is_it(expr)))
    };
    let share = match origin(plan, node, column).filter(|_| column == "share")? {
        Origin::Measure(share) => share,
        // The quotient of what was counted one step before.
        Origin::Computed(before, share) => {
            let ExprKind::Binary { op: BinaryOp::Divide, left, right } = &share.kind else { return None };
            let made = |side: &Expr| match &side.kind {
                ExprKind::Column(name) => match origin(plan, before, name) {
                    Some(Origin::Measure(expr)) => counts(&|other| other == expr),
                    _ => None,
                },
                _ => None,
            };
            return Some((made(left)?.to_owned(), made(right)?.to_owned()));
        }
        Origin::Key(_) => return None,
    };
    let (part, whole) = match &share.kind {
        ExprKind::Binary { op: BinaryOp::Divide, left, right } => {
            (counts(&|expr| expr == &**left)?, counts(&|expr| expr == &**right)?)
        }
        ExprKind::Call(share) if share.function == "share_if" => {
            let is_part = |expr: &Expr| {
                function_of(expr).is_some_and(|call| call.function == "count_if" && call.args == share.args)
            };
            let is_whole =
                |expr: &Expr| function_of(expr).is_some_and(|call| call.function == "count" && call.args.is_empty());
            (counts(&is_part)?, counts(&is_whole)?)
        }
        _ => return None,
    };
    Some((part.to_owned(), whole.to_owned()))
}

/// The column that counts what a quantile or a mean is made of: `requests` of `p95`.
fn counted_of(column: &str, plan: &Plan, node: NodeId, schema: &Schema) -> Option<String> {
    let call = |name: &str| match origin(plan, node, name) {
        Some(Origin::Measure(expr)) => function_of(expr),
        _ => None,
    };
    let made = call(column).filter(|call| matches!(call.function.as_str(), "quantile" | "median" | "avg"))?;
    let counts = |name: &&str| {
        call(name).is_some_and(|count| {
            count.function == "count"
                && count.filter == made.filter
                && count.args.iter().all(|arg| Some(arg) == made.args.first())
        })
    };
    schema.names().find(counts).map(str::to_owned)
}

/// The column that counts the rows of each group.
fn counted_rows(plan: &Plan, node: NodeId, schema: &Schema) -> Option<String> {
    let is_all = |name: &&str| match origin(plan, node, name) {
        Some(Origin::Measure(expr)) => function_of(expr)
            .is_some_and(|call| call.function == "count" && call.args.is_empty() && call.filter.is_none()),
        _ => false,
    };
    schema.names().find(is_all).map(str::to_owned)
}

/// The column that counts all of what another counts a part of: `samples` of `busy_samples`, `rows` of `errors`; all
/// rows, or those that have the value by which the part is told.
fn whole_of(column: &str, plan: &Plan, node: NodeId, schema: &Schema) -> Option<String> {
    let call = |name: &str, wanted: &str| match origin(plan, node, name) {
        Some(Origin::Measure(expr)) => {
            function_of(expr).filter(|call| call.function == wanted && call.filter.is_none())
        }
        _ => None,
    };
    let told_by = call(column, "count_if")?.args.first()?.columns();
    let is_whole = |call: &crate::expr::Call| {
        call.args.iter().all(|arg| matches!(&arg.kind, ExprKind::Column(name) if told_by == [name.as_str()]))
    };
    schema.names().find(|name| call(name, "count").is_some_and(is_whole)).map(str::to_owned)
}

/// Lines for times, bars for names and where the question has bars; always of the measure.
fn chart_of(
    contract: Option<&Contract>,
    column: &str,
    time: Option<&(String, Option<i64>)>,
    names: &[String],
) -> Chart {
    let y = vec![column.to_owned()];
    let planned = contract.and_then(|contract| contract.chart.as_ref()).filter(|chart| chart.kind != ChartKind::Table);
    if let Some((time, _)) = time.filter(|(time, _)| planned.is_none_or(|chart| chart.x == *time)) {
        let by = planned.map_or(names.first().cloned(), |chart| chart.by.clone());
        let kind = planned.map_or(ChartKind::Line, |chart| chart.kind);
        return Chart { kind, x: time.clone(), y, by };
    }
    match planned {
        Some(chart) => Chart { kind: ChartKind::Bar, y, ..chart.clone() },
        None => Chart { kind: ChartKind::Bar, x: names.first().cloned().unwrap_or_default(), y, by: None },
    }
}
