//! Where two answers to one question differ: in what they read, what they count, which rows they leave out. Whoever sees
//! both asks at once. Imports the plan and the shapes of answers.

use std::collections::BTreeSet;

use super::{About, AnswerShape};
use crate::data::{Classification, Field};
use crate::expr::{Expr, ExprKind, phrase};
use crate::ir::{NodeId, Op, Plan};

/// What is compared of an answer.
#[derive(Default)]
struct Traits {
    sources: BTreeSet<String>,
    counts: String,
    conditions: BTreeSet<String>,
}

/// Where one answer differs from another, in words, as whoever looks at the first one reads it.
pub fn where_differ(plan: &Plan, here: (NodeId, &AnswerShape), there: (NodeId, &AnswerShape)) -> String {
    let (here, there) = (traits(plan, here.0, here.1), traits(plan, there.0, there.1));
    let mut told = Vec::new();
    let quoted = |names: &BTreeSet<String>| names.iter().map(|name| format!("“{name}”")).collect::<Vec<_>>().join(", ");
    if here.sources != there.sources {
        told.push(format!("this one reads {}, the other {}", quoted(&here.sources), quoted(&there.sources)));
    }
    if here.counts != there.counts {
        told.push(format!("this one counts {}, the other {}", here.counts, there.counts));
    }
    let only = |these: &BTreeSet<String>, those: &BTreeSet<String>| -> Vec<String> {
        these.difference(those).map(|condition| format!("“{}”", condition.replace('`', ""))).collect()
    };
    for (conditions, which) in [
        (only(&here.conditions, &there.conditions), "this one"),
        (only(&there.conditions, &here.conditions), "the other"),
    ] {
        if !conditions.is_empty() {
            told.push(format!("only {which} keeps to {}", conditions.join(" and ")));
        }
    }
    if told.is_empty() { "their steps differ".to_owned() } else { told.join("; ") }
}

/// The same as a sentence, with what the other answer says.
pub fn told_of_other(title: &str, sentence: &str, where_they_differ: &str) -> String {
    format!("Another answer to this question, “{title}”: {sentence}. It differs: {where_they_differ}.")
}

fn traits(plan: &Plan, end: NodeId, shape: &AnswerShape) -> Traits {
    let mut found = Traits::default();
    let (mut open, mut seen) = (vec![end], BTreeSet::new());
    let mut counted: Option<Expr> = None;
    let mut computed: Vec<(String, Expr)> = Vec::new();
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        let node = plan.node(id);
        match &node.op {
            Op::Read(_) | Op::Rows(_) => {
                found.sources.insert(node.origin.title.clone());
            }
            Op::Filter { predicate } => {
                // What somebody's column is compared with is somebody's.
                let schema = node.inputs.first().map(|input| &plan.node(*input).schema);
                let is_hidden = |name: &str| schema.and_then(|schema| schema.get(name)).is_some_and(is_personal);
                for part in conjuncts(predicate) {
                    found.conditions.insert(phrase(part, &is_hidden));
                }
            }
            Op::Aggregate(aggregate) => {
                let name = if let About::Measure(measure) = &shape.about { measure.column.as_str() } else { "" };
                let own = aggregate.measures.iter().find(|column| column.name == name);
                counted = counted.or_else(|| own.map(|column| column.expr.clone()));
            }
            Op::Project(project) => {
                let made = project.columns.iter().filter(|column| !matches!(column.expr.kind, ExprKind::Column(_)));
                computed.extend(made.map(|column| (column.name.clone(), column.expr.clone())));
            }
            _ => {}
        }
        open.extend(node.inputs.iter().copied());
    }
    found.counts = counted.map_or("rows".to_owned(), |expr| counts(&expr, &computed));
    found
}

fn is_personal(field: &Field) -> bool {
    matches!(field.labels.classification, Some(Classification::Personal | Classification::Secret))
}

fn conjuncts(expr: &Expr) -> Vec<&Expr> {
    match &expr.kind {
        ExprKind::Binary { op: crate::expr::BinaryOp::And, left, right } => {
            [conjuncts(left), conjuncts(right)].concat()
        }
        _ => vec![expr],
    }
}

/// What an aggregate counts: `different cookie_sid`, `different client with user_agent`.
fn counts(expr: &Expr, computed: &[(String, Expr)]) -> String {
    let other = |function: &str| format!("{function} of {}", expr.columns().join(" and "));
    let ExprKind::Call(call) = &expr.kind else { return other("something") };
    match (call.function.as_str(), call.args.first()) {
        ("count_distinct", Some(argument)) => {
            let names = argument.columns().into_iter().flat_map(|name| {
                let made = computed.iter().find(|(known, _)| known == name).map(|(_, expr)| expr.columns());
                made.filter(|made| !made.is_empty()).unwrap_or_else(|| vec![name])
            });
            let names: Vec<&str> = names.collect();
            format!("different {}", names.join(" with "))
        }
        ("count", None) => "rows".to_owned(),
        (function, _) => other(function),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{DataType, Schema};
    use crate::expr::parse;
    use crate::ir::{Aggregate, Column, Node, Origin};
    use crate::planner::Vocabulary;

    /// Users of two logs, told by one column or another.
    fn users(plan: &mut Plan, source: &str, condition: &str, by: &str) -> (NodeId, AnswerShape) {
        let schema = Schema::of([("sid", DataType::String), ("client", DataType::String), ("users", DataType::Int)]);
        let users = vec![Column::new("users", parse(by).unwrap())];
        let first = plan.nodes.len() as u32;
        let ops = [
            Op::Rows(crate::ir::Rows { schema: schema.clone(), rows: Vec::new() }),
            Op::Filter { predicate: parse(condition).unwrap() },
            Op::Aggregate(Aggregate { keys: Vec::new(), measures: users }),
        ];
        for (number, op) in ops.into_iter().enumerate() {
            let inputs = (number > 0).then(|| NodeId(first + number as u32 - 1)).into_iter().collect();
            let origin = Origin { step: source.to_owned(), title: source.to_owned() };
            plan.nodes.push(Node { op, inputs, schema: schema.clone(), origin, hash: 0 }.into());
        }
        let end = NodeId(first + 2);
        (end, AnswerShape::of(None, plan, end, &Vocabulary::shipped(), "Users"))
    }

    #[test]
    fn two_answers_to_one_question_say_where_they_differ() {
        let mut plan = Plan::default();
        let one = users(&mut plan, "Access log", "status >= 500", "count_distinct(sid)");
        let other = users(&mut plan, "Access log", "status >= 500 and is_bot", "count_distinct(client)");
        let third = users(&mut plan, "Application log", "status >= 500", "count_distinct(sid)");
        let told = |one: &(NodeId, AnswerShape), other: &(NodeId, AnswerShape)| {
            where_differ(&plan, (one.0, &one.1), (other.0, &other.1))
        };
        assert_eq!(
            told(&one, &other),
            "this one counts different sid, the other different client; only the other keeps to “bots”"
        );
        assert_eq!(told(&one, &third), "this one reads “Access log”, the other “Application log”");
        assert_eq!(told(&one, &one), "their steps differ");
    }
}
