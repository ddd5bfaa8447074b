//! What is not in an answer's numbers: lines that could not be read, rows that steps left out or that joins did not
//! match, empty keys, values that became null. The one place that makes the list; cards, texts and reports show it.
//! Imports formats, expr and the plan.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::prune::needed_columns;
use super::{Aggregate, Column, GoesOn, Matches, Node, NodeId, OnFail, Op, Plan};
use crate::data::figures::grouped;
use crate::data::{Classification, Schema, Value, exact_int};
use crate::expr::{BinaryOp, Expr, ExprKind, bind, function, phrase, print, things};
use crate::formats::{Change, Changes};
use crate::quote::visible_start;

/// What is told of rows without a key, all of which are in the answer.
pub const OWN_GROUP: &str = "a group of their own";

/// Characters of an expression that are told: one that counts patterns holds them all.
const SHOWN: usize = 160;

/// What was counted at one operation, by a preview or a run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fate {
    /// Of all inputs.
    pub rows_in: u64,
    pub rows_out: u64,
    /// Of a source: lines, or other units, that its format cannot read.
    pub unread: u64,
    /// Of a source: reading ended where nobody needed more.
    pub stopped: bool,
    pub changes: Changes,
    /// Of a source: columns that some of its files lack, with the rows of those.
    pub lacking: BTreeMap<String, u64>,
    /// Of a join.
    pub matches: Option<Matches>,
    /// Of an aggregate: rows without a value, for each of `Aggregate::looked_at`.
    pub nulls: Vec<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LeftOutKind {
    Unread,
    Rejected,
    /// Files or folders that could not be looked into, columns that a file lacks.
    Missing,
    /// Values that could not be read.
    Unfit,
    /// Values that are not as they were.
    Changed,
    Filtered,
    Duplicates,
    Limited,
    /// Rows of a join's side without a partner.
    Unmatched,
    /// Rows that are there more often than their side of a join has them.
    Multiplied,
    /// Rows of a join's other side that no row asked for.
    Unused,
    /// Rows without a value of a key, or of what is counted.
    Empty,
    /// Digits of times that are finer than anything that is counted.
    Finer,
}

/// One line of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LeftOut {
    /// Id and title of the step where it happens.
    pub step: String,
    pub title: String,
    pub kind: LeftOutKind,
    pub count: u64,
    /// What follows the count, for people: `of 1,262 rows …`.
    pub text: String,
}

/// Something that an aggregate takes of each row, and that a row may lack.
#[derive(Debug, Clone, PartialEq)]
pub struct LookedAt<'a> {
    pub expr: &'a Expr,
    /// Names of the measures that pass such rows over; none: it is a key, under this name.
    pub measures: Vec<&'a str>,
    pub key: Option<&'a str>,
    /// The measures are shares of all rows, and take one that does not say for one that does not count.
    is_share: bool,
}

impl Aggregate {
    /// Keys and what measures are made of, each once. Measures over some rows only are not among them.
    pub fn looked_at(&self) -> Vec<LookedAt<'_>> {
        let keys = self.keys.iter().filter(|key| !matches!(key.expr.kind, ExprKind::Literal(_)));
        let mut found: Vec<LookedAt> = keys
            .map(|key| LookedAt { expr: &key.expr, measures: Vec::new(), key: Some(&key.name), is_share: false })
            .collect();
        for measure in &self.measures {
            let ExprKind::Call(call) = &measure.expr.kind else { continue };
            let is_share = call.function == "share_if";
            let passes_over = !matches!(call.function.as_str(), "count_if" | "every" | "some");
            let Some(argument) = call.args.first().filter(|_| passes_over && call.filter.is_none()) else { continue };
            // A condition inside a measure leaves rows out because it is meant to.
            if matches!(argument.kind, ExprKind::Literal(_) | ExprKind::Parameter(_) | ExprKind::Case { .. }) {
                continue;
            }
            match found
                .iter_mut()
                .find(|known| known.key.is_none() && known.is_share == is_share && known.expr == argument)
            {
                Some(known) => known.measures.push(&measure.name),
                None => found.push(LookedAt { expr: argument, measures: vec![&measure.name], key: None, is_share }),
            }
        }
        found
    }
}

/// What the rows of a node leave out, from the sources on. `fate` gives what was counted at a node; `None`: nothing.
pub fn left_out(
    plan: &Plan,
    end: NodeId,
    parameters: &BTreeMap<String, Value>,
    fate: &dyn Fn(NodeId) -> Option<Fate>,
) -> Vec<LeftOut> {
    let all = needed_columns(plan, &[end]);
    let before = plan.iter().filter_map(|(id, _)| Some((id, all[id.0 as usize].as_ref()?)));
    let mut stopped = false;
    let at = |(id, needed): (NodeId, &BTreeSet<String>)| {
        let mut fate = fate(id)?;
        stopped |= fate.stopped;
        // What comes after a source that was not read to its end has not seen all either.
        fate.stopped = stopped;
        Some(at_node(plan, id, parameters, &fate, needed, &|column| later(plan, &all, id, column)))
    };
    before.filter_map(at).flatten().collect()
}

/// Whether a column is one that steps make in between, of what stands in larger expressions: `_2`.
fn is_inner(name: &str) -> bool {
    name.strip_prefix('_').is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
}

impl Plan {
    /// What became of values at a node, by columns that its user knows: those that the step makes of others in between.
    pub fn told_changes(&self, id: NodeId, changes: &Changes) -> Changes {
        let step = &self.node(id).origin.step;
        let results = || {
            let own = self.iter().filter(|(later, node)| later.0 > id.0 && node.origin.step == *step);
            own.flat_map(|(_, node)| if let Op::Project(project) = &node.op { &project.columns[..] } else { &[] })
        };
        changes.renamed(|column| {
            let takes = |result: &&Column| is_inner(column) && result.expr.columns().contains(&column);
            let names: Vec<String> = results().filter(takes).map(|result| result.name.clone()).collect();
            if names.is_empty() { vec![column.to_owned()] } else { names }
        })
    }
}

/// Whether a column before a node is personal or secret: what it is compared with is somebody's.
fn is_personal(plan: &Plan, node: &Node, name: &str) -> bool {
    let schema = node.inputs.first().map(|input| &plan.node(*input).schema);
    let field = schema.and_then(|schema| schema.get(name));
    field.is_some_and(|field| {
        matches!(field.labels.classification, Some(Classification::Personal | Classification::Secret))
    })
}

/// Changes of values that have nothing to do with the rows at the end are not told with them. Records are needed whole.
fn needed_changes(changes: &Changes, schema: &Schema, needed: &BTreeSet<String>) -> Changes {
    changes.of_columns(|column| {
        let root = column.split('.').next().unwrap_or_default();
        let is_known = schema.has(column) || schema.has(root);
        !is_known || needed.contains(column) || needed.contains(root)
    })
}

fn at_node(
    plan: &Plan,
    id: NodeId,
    parameters: &BTreeMap<String, Value>,
    fate: &Fate,
    needed: &BTreeSet<String>,
    later: &dyn Fn(&str) -> Later,
) -> Vec<LeftOut> {
    use LeftOutKind::{Duplicates, Empty, Filtered, Limited, Missing, Rejected, Unread};
    let node = plan.node(id);
    let title = &node.origin.title;
    let kind = plan.steps.get(&node.origin.step).map_or("", |step| step.kind.as_str());
    let mut found: Vec<(LeftOutKind, u64, String)> = Vec::new();
    let gone = fate.rows_in.saturating_sub(fate.rows_out);
    let of = format!("of {} rows", grouped(fate.rows_in));
    // A threshold of three is not told as 3.0.
    let plain = |value: &Value| match value {
        Value::Float(number) => exact_int(*number).map_or(value.clone(), Value::Int),
        value => value.clone(),
    };
    let plain: BTreeMap<String, Value> = parameters.iter().map(|(name, value)| (name.clone(), plain(value))).collect();
    let bound = |expr: &Expr| without_points(bind(&without_secrets(expr.clone()), &plain));
    let shown = |expr: &Expr| print(&bound(expr));
    match &node.op {
        Op::Read(_) => {
            let lines = if fate.unread == 1 { "line" } else { "lines" };
            found.push((Unread, fate.unread, format!("{lines} of “{title}” could not be read")));
            for (column, count) in fate.lacking.iter().filter(|(column, _)| needed.contains(*column)) {
                let (rows, have) = if *count == 1 { ("row", "has") } else { ("rows", "have") };
                let told = format!("{rows} of “{title}” {have} no `{column}`: a file lacks the column");
                found.push((Missing, *count, told));
            }
        }
        Op::Filter { predicate } if kind == "filter" && lacking(predicate).is_some() => {
            // Where most rows lack it they are of another kind: the rows of other metrics. People are missed always.
            let is_of_people = predicate.columns().iter().any(|name| is_personal(plan, node, name));
            let kind = if gone * 2 > fate.rows_in && !is_of_people { Filtered } else { Empty };
            let told = lacking(predicate).unwrap_or_default();
            found.push((kind, gone, format!("{of} {told}: left out (“{title}”)")));
        }
        Op::Filter { predicate } => found.push((
            Filtered,
            gone,
            match kind {
                "filter" => {
                    let condition = phrase(&bound(predicate), &|name| is_personal(plan, node, name));
                    format!("{of} are not among “{title}”: {condition}")
                }
                "route" => format!("{of} go another way at “{title}”"),
                _ => format!("{of} are left out by “{title}”"),
            },
        )),
        Op::Check(check) if check.on_fail == OnFail::Reject => {
            found.push((Rejected, gone, format!("{of} are rejected by “{title}”: {}", check.reason)));
        }
        Op::Parse(parse) if parse.on_fail == OnFail::Reject => {
            found.push((Rejected, gone, format!("{of} are rejected by “{title}”: their text does not fit")));
        }
        Op::Distinct(_) => found.push((Duplicates, gone, format!("{of} repeat an earlier one (“{title}”)"))),
        Op::Limit(_) => {
            let rest = if fate.stopped { ", and reading ended there: the rest was not read" } else { "" };
            found.push((Limited, gone, format!("{of} are cut off by “{title}”{rest}")));
        }
        Op::Aggregate(aggregate) => {
            for (looked_at, nulls) in aggregate.looked_at().into_iter().zip(&fate.nulls) {
                // A span has no beginning where there is no time.
                let what = match (&looked_at.expr.kind, &looked_at.expr.columns()[..]) {
                    (ExprKind::Call(call), [time])
                        if matches!(call.function.as_str(), "time_bucket" | "date_trunc") =>
                    {
                        (*time).to_owned()
                    }
                    _ => visible_start(&shown(not_empty(looked_at.expr)), SHOWN),
                };
                let text = match looked_at.key {
                    Some(_) => format!("{of} have no `{what}`: {OWN_GROUP} in “{title}”"),
                    None => {
                        let own = looked_at.measures.iter().filter(|name| !is_inner(name));
                        match own.map(|name| format!("`{name}`")).collect::<Vec<_>>() {
                            _ if looked_at.is_share => {
                                let so = phrase(&bound(looked_at.expr), &|name| is_personal(plan, node, name));
                                format!("{of} do not say whether this is so, and count as not: {so} (“{title}”)")
                            }
                            names if names.is_empty() => format!("{of} have no `{what}` (“{title}”)"),
                            names => format!("{of} have no `{what}`: not in {} (“{title}”)", names.join(", ")),
                        }
                    }
                };
                found.push((Empty, *nulls, text));
            }
        }
        Op::Rows(_)
        | Op::Parse(_)
        | Op::Check(_)
        | Op::Project(_)
        | Op::Window(_)
        | Op::Join(_)
        | Op::AsofJoin(_)
        | Op::Union
        | Op::Sort(_)
        | Op::Explode(_)
        | Op::Unpivot(_)
        | Op::Write(_) => {}
    }
    found.extend(fate.matches.iter().flat_map(unmatched));
    found.extend(fate.matches.iter().map(|matches| {
        let (more, left, right) = (matches.multiplied(fate.rows_out), &matches.left, &matches.right);
        let text = format!(
            "of {} rows are there because rows of “{}” match several of “{}” each: those count as often",
            grouped(fate.rows_out),
            left.of,
            right.of
        );
        (LeftOutKind::Multiplied, more, text)
    }));
    let changes = needed_changes(&fate.changes, &node.schema, needed);
    found.extend(changed(&changes, title, later));
    let lines = found.into_iter().filter(|(_, count, _)| *count > 0);
    lines
        .map(|(kind, count, text)| LeftOut { step: node.origin.step.clone(), title: title.clone(), kind, count, text })
        .collect()
}

/// Of a condition that only asks whether something is known: what rows lack, in words.
fn lacking(predicate: &Expr) -> Option<String> {
    fn parts<'a>(expr: &'a Expr, into: &mut Vec<&'a Expr>) -> Option<()> {
        match &expr.kind {
            ExprKind::Binary { op: BinaryOp::And, left, right } => {
                parts(left, into)?;
                parts(right, into)
            }
            ExprKind::IsNull { expr, negated: true } => {
                into.push(not_empty(expr));
                Some(())
            }
            _ => None,
        }
    }
    let mut asked = Vec::new();
    parts(predicate, &mut asked)?;
    let (mut flags, mut columns): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    for name in asked.iter().flat_map(|expr| expr.columns()) {
        let (list, told) = match name.strip_prefix("is_") {
            Some(_) => (&mut flags, things(name)),
            None => (&mut columns, format!("`{name}`")),
        };
        if !list.contains(&told) {
            list.push(told);
        }
    }
    let are_conditions = asked.iter().any(|expr| !matches!(expr.kind, ExprKind::Column(_)) || !flags.is_empty());
    let whether = (!flags.is_empty()).then(|| format!("do not say whether they are {}", either(&flags)));
    let what = (!columns.is_empty()).then(|| match (are_conditions, &whether) {
        (_, Some(_)) => format!("or their {}", either(&columns)),
        (true, None) => format!("do not say their {}", either(&columns)),
        (false, None) => format!("have no {}", either(&columns)),
    });
    let told: Vec<String> = whether.into_iter().chain(what).collect();
    (!told.is_empty()).then(|| told.join(", "))
}

/// What `nullif(…, '')` looks at: whose text is empty has none either.
fn not_empty(expr: &Expr) -> &Expr {
    match &expr.kind {
        ExprKind::Call(call) if call.function == "nullif" => match &call.args[..] {
            [value, Expr { kind: ExprKind::Literal(Value::String(text)), .. }] if text.is_empty() => value,
            _ => expr,
        },
        _ => expr,
    }
}

/// `a`, `a or b`, `a, b or c`.
fn either(names: &[String]) -> String {
    match names.split_last() {
        Some((last, before)) if !before.is_empty() => format!("{} or {last}", before.join(", ")),
        _ => names.concat(),
    }
}

/// What becomes of values of a column between where they are made and the rows at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Later {
    /// Groups tell of the rows that have none.
    Told,
    /// They are taken of some rows alone: of those of one metric among many.
    OfSome,
    /// Anything.
    Open,
}

/// `needed`: by node what of it is needed at the end; `None`: nothing.
fn later(plan: &Plan, needed: &[Option<BTreeSet<String>>], from: NodeId, column: &str) -> Later {
    let is_it = |expr: &Expr| *not_empty(expr) == Expr::column(column);
    let is_part = |expr: &Expr| {
        let columns = expr.columns();
        matches!(expr.kind, ExprKind::Case { .. }) && columns.len() > 1 && columns.contains(&column)
    };
    let mut at = from;
    loop {
        let mut next = plan.iter().filter(|(id, node)| needed[id.0 as usize].is_some() && node.inputs.contains(&at));
        let (Some((id, node)), None) = (next.next(), next.next()) else { return Later::Open };
        let is_needed = |own: &&Column| needed[id.0 as usize].as_ref().is_some_and(|names| names.contains(&own.name));
        match &node.op {
            Op::Filter { predicate } if !predicate.columns().contains(&column) => {}
            Op::Project(project) if project.columns.iter().filter(is_needed).any(|own| is_part(&own.expr)) => {
                return Later::OfSome;
            }
            Op::Project(project) if project.columns.iter().any(|own| own.name == column && is_it(&own.expr)) => {}
            Op::Aggregate(groups) if groups.looked_at().iter().any(|one| is_it(one.expr)) => return Later::Told,
            _ => return Later::Open,
        }
        at = id;
    }
}

/// What became of values: those that could not be read, what was cut off that nothing counts, and all else.
fn changed(changes: &Changes, title: &str, later: &dyn Fn(&str) -> Later) -> Vec<(LeftOutKind, u64, String)> {
    let mut found = Vec::new();
    let (mut unfit, mut finer, mut others) = (Changes::default(), Changes::default(), Changes::default());
    for change in Change::ALL {
        // Rows that lack it are told of where that matters, and by their number.
        let is_told = |column: &str| change == Change::Unfit && later(column) == Later::Told;
        for (column, count) in changes.of(change).iter().filter(|(column, _)| !is_told(column)) {
            let into = match change {
                Change::Unfit => &mut unfit,
                Change::Cut => &mut finer,
                _ => &mut others,
            };
            into.note(change, column, *count);
        }
    }
    let values = |count: u64| if count == 1 { "value" } else { "values" };
    if let Some(columns) = unfit.columns(Change::Unfit) {
        let count = unfit.count();
        let is_of_some = unfit.of(Change::Unfit).keys().any(|column| later(column) == Later::OfSome);
        let also = if is_of_some { ", also in rows that are not asked about" } else { "" };
        // Of a single column there are as many as there are in all.
        let columns = columns.strip_prefix(&format!("{} of ", grouped(count))).unwrap_or(&columns);
        let text = format!("{} of “{title}” could not be read{also}: {columns}", values(count));
        found.push((LeftOutKind::Unfit, count, text));
    }
    for (kind, changes) in [(LeftOutKind::Changed, others), (LeftOutKind::Finer, finer)] {
        if let Some(told) = changes.told() {
            let count = changes.count();
            found.push((kind, count, format!("{} changed in “{title}”: {told}", values(count))));
        }
    }
    found
}

/// The same in values that stand in the plan already.
fn without_points(expr: Expr) -> Expr {
    expr.rewrite(&mut |mut expr| {
        if let ExprKind::Literal(Value::Float(number)) = &expr.kind
            && let Some(whole) = exact_int(*number)
        {
            expr.kind = ExprKind::Literal(Value::Int(whole));
        }
        expr
    })
}

/// Keys of hashes come into no text, also where their values stand in the plan already.
fn without_secrets(expr: Expr) -> Expr {
    expr.rewrite(&mut |mut expr| {
        if let ExprKind::Call(call) = &mut expr.kind {
            let meant = function(&call.function).map_or(&[][..], |function| function.secret_args);
            for index in meant {
                if let Some(argument) = call.args.get_mut(*index) {
                    *argument = Expr::made(ExprKind::Parameter("secret".to_owned()));
                }
            }
        }
        expr
    })
}

fn unmatched(matches: &Matches) -> Vec<(LeftOutKind, u64, String)> {
    let (left, right) = (&matches.left, &matches.right);
    let mut found = Vec::new();
    for (side, other) in [(left, right), (right, left)] {
        let count = if side.goes_on == GoesOn::Unmatched { side.left_out() } else { side.unmatched };
        if side.goes_on == GoesOn::Unmatched {
            let text =
                format!("of {} rows of “{}” have a match in “{}”: left out", grouped(side.rows()), side.of, other.of);
            found.push((LeftOutKind::Unmatched, count, text));
        } else if let Some(told) = side.told(&other.of) {
            // The count stands before the text.
            let text = told.split_once(' ').map_or(told.clone(), |(_, rest)| rest.to_owned());
            // What is looked up is there for the rows that ask: of its own rows most are not asked for.
            let is_looked_up = std::ptr::eq(side, right) && side.goes_on == GoesOn::Matched;
            found.push((if is_looked_up { LeftOutKind::Unused } else { LeftOutKind::Unmatched }, count, text));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::DataType;
    use crate::expr::parse;
    use crate::ir::{Node, Origin, PlanStep};

    fn plan() -> Plan {
        let schema = Schema::of([("status", DataType::Int), ("sid", DataType::String)]);
        let rows = Op::Rows(crate::ir::Rows { schema: schema.clone(), rows: Vec::new() });
        let filter = Op::Filter { predicate: parse("status >= ${from}").unwrap() };
        let count = |text: &str, name: &str| Column::new(name, parse(text).unwrap());
        let users = Op::Aggregate(Aggregate {
            keys: vec![count("status", "status")],
            measures: vec![
                count("count_distinct(sid)", "users"),
                count("max(sid)", "last"),
                count("count(*)", "all"),
                count("count_if(sid = 'x')", "x"),
            ],
        });
        let limit = Op::Limit(crate::ir::Limit { keys: Vec::new(), count: 3, offset: 0 });
        let mut plan = Plan::default();
        for (index, (step, op)) in
            [("in", rows), ("bad", filter), ("users", users), ("first", limit), ("other", Op::Union)]
                .into_iter()
                .enumerate()
        {
            let inputs = (index > 0).then(|| NodeId(index as u32 - 1)).into_iter().collect();
            let origin = Origin { step: step.into(), title: step.to_uppercase() };
            plan.nodes.push(Node { op, inputs, schema: schema.clone(), origin, hash: 0 }.into());
            let kind = if step == "bad" { "filter" } else { step }.to_owned();
            plan.steps.insert(step.into(), PlanStep { kind, ..PlanStep::default() });
        }
        plan
    }

    #[test]
    fn what_somebodys_column_is_compared_with_stands_in_no_line() {
        let mut plan = plan();
        let input = std::sync::Arc::make_mut(&mut plan.nodes[0]);
        input.schema.fields[1].labels.classification = Some(Classification::Personal);
        let node = std::sync::Arc::make_mut(&mut plan.nodes[1]);
        node.op = Op::Filter { predicate: parse("sid = 'ann@x.example' and status > 3").unwrap() };
        let fate = |_: NodeId| Some(Fate { rows_in: 5, rows_out: 1, ..Fate::default() });
        let list = left_out(&plan, NodeId(1), &BTreeMap::new(), &fate);
        assert_eq!(list[0].text, "of 5 rows are not among “BAD”: `sid` is … and `status` above 3");
    }

    #[test]
    fn the_key_of_a_hash_stands_in_no_line() {
        let mut plan = plan();
        let node = std::sync::Arc::make_mut(&mut plan.nodes[1]);
        node.op = Op::Filter { predicate: parse("hmac(sid, 'the key') = 'x' and status > 3.0").unwrap() };
        let fate = |_: NodeId| Some(Fate { rows_in: 5, rows_out: 1, ..Fate::default() });
        let list = left_out(&plan, NodeId(1), &BTreeMap::new(), &fate);
        assert_eq!(list[0].text, "of 5 rows are not among “BAD”: hmac(sid, ${secret}) is 'x' and `status` above 3");
    }

    #[test]
    fn what_is_not_in_a_number_is_listed_from_the_source_on() {
        let plan = plan();
        let Op::Aggregate(aggregate) = &plan.nodes[2].op else { unreachable!() };
        let looked_at: Vec<String> = aggregate.looked_at().iter().map(|one| print(one.expr)).collect();
        assert_eq!(looked_at, ["status", "sid"]);
        let fate = |id: NodeId| {
            Some(match id.0 {
                1 => Fate { rows_in: 12_000, rows_out: 262, ..Fate::default() },
                2 => Fate { rows_in: 262, rows_out: 9, nulls: vec![0, 48], ..Fate::default() },
                3 => Fate { rows_in: 9, rows_out: 3, ..Fate::default() },
                4 => unreachable!("it comes after"),
                _ => Fate::default(),
            })
        };
        let parameters = BTreeMap::from([("from".to_owned(), Value::Int(500))]);
        let list = left_out(&plan, NodeId(3), &parameters, &fate);
        let told: Vec<String> = list.iter().map(|one| format!("{} {}", one.count, one.text)).collect();
        assert_eq!(
            told,
            [
                "11738 of 12,000 rows are not among “BAD”: `status` at least 500",
                "48 of 262 rows have no `sid`: not in `users`, `last` (“USERS”)",
                "6 of 9 rows are cut off by “FIRST”",
            ]
        );
    }

    #[test]
    fn values_that_could_not_be_read_are_told_once_and_of_whom() {
        let project = |columns: &[(&str, &str)]| {
            let columns = columns.iter().map(|(name, text)| Column::new(*name, parse(text).unwrap())).collect();
            Op::Project(crate::ir::Project::new(columns))
        };
        let mut changes = Changes::default();
        changes.note(Change::Unfit, "sid", 1);
        let told = |before: Op| {
            let mut plan = plan();
            let node = std::sync::Arc::make_mut(&mut plan.nodes[1]);
            node.op = before;
            let measures = vec![Column::new("sid", parse("count_distinct(sid)").unwrap())];
            let keys = vec![Column::new("status", parse("status").unwrap())];
            std::sync::Arc::make_mut(&mut plan.nodes[2]).op = Op::Aggregate(Aggregate { keys, measures });
            let fate = |id: NodeId| match id.0 {
                0 => Some(Fate { changes: changes.clone(), ..Fate::default() }),
                _ => Some(Fate::default()),
            };
            let list = left_out(&plan, NodeId(3), &BTreeMap::new(), &fate);
            list.into_iter().map(|one| one.text).collect::<Vec<_>>()
        };
        // Groups count the rows without one, and only those that come to them.
        assert!(told(Op::Filter { predicate: parse("status >= 500").unwrap() }).is_empty());
        // A condition takes them away before.
        let lost = told(Op::Filter { predicate: parse("sid <> 'x'").unwrap() });
        assert_eq!(lost, ["value of “IN” could not be read: `sid`"]);
        // Of which rows they are is not known where only some are asked about.
        let of_some = told(project(&[("status", "status"), ("sid", "case when status > 3 then sid end")]));
        assert_eq!(of_some, ["value of “IN” could not be read, also in rows that are not asked about: `sid`"]);
    }

    #[test]
    fn changes_of_columns_that_nothing_is_made_of_are_not_told() {
        let mut plan = plan();
        let node = std::sync::Arc::make_mut(&mut plan.nodes[0]);
        for name in ["bytes", "owner"] {
            node.schema.fields.push(crate::data::Field::new(name, DataType::Int));
        }
        let mut changes = Changes::default();
        for column in ["status", "bytes", "owner.team", "elsewhere"] {
            changes.note(Change::Unfit, column, 1);
        }
        let fate = |id: NodeId| match id.0 {
            0 => Some(Fate { changes: changes.clone(), ..Fate::default() }),
            _ => Some(Fate::default()),
        };
        let list = left_out(&plan, NodeId(3), &BTreeMap::new(), &fate);
        assert_eq!(list.len(), 1);
        assert!(list[0].count == 2 && list[0].text.ends_with("1 of `elsewhere`, 1 of `status`"), "{}", list[0].text);
    }
}
