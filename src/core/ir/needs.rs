//! What an operation needs of an input before it can give rows: whether chunks may come one by one, or how rows may be
//! divided between memory, disk or machines without changing the result. Imports data, diagnostic, expr; no step kind.

use super::{AsofJoin, Distinct, Join, JoinKind, Node, NodeId, Op, Plan, Window};
use crate::data::Schema;
use crate::diagnostic::Diagnostic;
use crate::expr::{Expr, ExprKind, Over, SortKey};

/// What an operation needs of one of its inputs.
#[derive(Debug, Clone, PartialEq)]
pub enum Needs {
    /// Any rows: each is worked on by itself.
    AnyRows,
    /// All rows with equal keys together; null is a key like others.
    EqualKeys(Vec<Expr>),
    /// All rows in an order, ties broken by all columns. Ranges of it may be worked on one after the other.
    Order(Vec<SortKey>),
    /// All rows at once.
    AllRows,
}

impl Needs {
    /// For people: what is waited for.
    pub fn text(&self) -> &'static str {
        match self {
            Needs::AnyRows => "any rows",
            Needs::EqualKeys(_) => "all rows with equal keys",
            Needs::Order(_) => "all rows in order",
            Needs::AllRows => "all rows",
        }
    }
}

fn keys(keys: Vec<Expr>) -> Needs {
    if keys.is_empty() { Needs::AllRows } else { Needs::EqualKeys(keys) }
}

impl Op {
    /// What the operation needs of its input number `input`, which has that schema.
    pub fn needs(&self, input: usize, schema: &Schema) -> Needs {
        match self {
            Op::Read(_)
            | Op::Rows(_)
            | Op::Parse(_)
            | Op::Filter { .. }
            | Op::Project(_)
            | Op::Check(_)
            | Op::Union
            | Op::Explode(_)
            | Op::Unpivot(_) => Needs::AnyRows,
            Op::Aggregate(aggregate) => keys(aggregate.keys.iter().map(|key| key.expr.clone()).collect()),
            Op::Window(window) => of_window(window),
            Op::Join(join) => of_join(join, input),
            Op::AsofJoin(join) => of_asof(join, input),
            Op::Sort(sort) => Needs::Order(sort.keys.clone()),
            Op::Limit(limit) if limit.keys.is_empty() => Needs::AnyRows,
            Op::Limit(limit) => Needs::Order(limit.keys.clone()),
            Op::Distinct(Distinct { keys: names, .. }) => {
                let all = || schema.names().map(Expr::column).collect();
                keys(if names.is_empty() { all() } else { names.iter().map(Expr::column).collect() })
            }
            Op::Write(write) if write.order.is_empty() => Needs::AnyRows,
            Op::Write(write) => Needs::Order(write.order.clone()),
        }
    }
}

/// The left side may come row by row while the right side is held, but for joins that keep right rows.
fn of_join(join: &Join, input: usize) -> Needs {
    let side = |(left, right): &(Expr, Expr)| if input == 0 { left.clone() } else { right.clone() };
    match (join.kind, input) {
        (JoinKind::Inner | JoinKind::Left | JoinKind::Semi | JoinKind::Anti | JoinKind::Cross, 0) => Needs::AnyRows,
        (JoinKind::Inner | JoinKind::Left | JoinKind::Semi | JoinKind::Anti | JoinKind::Cross, _)
        | (JoinKind::Right | JoinKind::Full, _) => keys(join.on.iter().map(side).collect()),
    }
}

fn of_asof(join: &AsofJoin, input: usize) -> Needs {
    match input {
        0 => Needs::AnyRows,
        _ => keys(join.by.iter().map(|(_, right)| Expr::column(right.as_str())).collect()),
    }
}

/// Keys by which all calculations are partitioned, so that none sees rows of two parts.
fn of_window(window: &Window) -> Needs {
    fn calls<'a>(expr: &'a Expr, found: &mut Vec<&'a Over>) {
        if let ExprKind::Call(call) = &expr.kind
            && let Some(over) = &call.over
        {
            found.push(over);
        }
        expr.children().into_iter().for_each(|child| calls(child, found));
    }
    let mut found = Vec::new();
    window.columns.iter().for_each(|column| calls(&column.expr, &mut found));
    let mut found = found.into_iter();
    let mut common: Vec<Expr> = found.next().map(|over| over.partition.clone()).unwrap_or_default();
    for over in found {
        common.retain(|key| over.partition.contains(key));
    }
    keys(common)
}

impl Window {
    /// The same calculations in parts, one after the other, each of which has a key that its rows may be divided by.
    /// `None` where a calculation has none.
    pub fn parts(&self) -> Option<Vec<Window>> {
        let has_key = |window: &Window| matches!(of_window(window), Needs::EqualKeys(_));
        let mut parts: Vec<Window> = Vec::new();
        for column in &self.columns {
            if let Some(last) = parts.last_mut() {
                let mut both = last.clone();
                both.columns.push(column.clone());
                if has_key(&both) {
                    *last = both;
                    continue;
                }
            }
            let alone = Window { columns: vec![column.clone()] };
            if !has_key(&alone) {
                return None;
            }
            parts.push(alone);
        }
        Some(parts)
    }
}

impl Plan {
    /// Nodes that give no row before they have what they need of all rows, with that need.
    pub fn blocking(&self) -> Vec<(&Node, Needs)> {
        let blocks = |node: &'_ _| -> Option<Needs> {
            let node: &Node = node;
            let needs =
                node.inputs.iter().enumerate().map(|(index, input)| node.op.needs(index, &self.node(*input).schema));
            needs.into_iter().find(|needs| *needs != Needs::AnyRows)
        };
        self.nodes.iter().filter_map(|node| Some((&**node, blocks(node)?))).collect()
    }

    /// Nodes that hold all rows of an input in memory, however many there are: nothing divides them. Those whose rows are
    /// few by what the design says (groups, first rows, rows of its own) are not among them.
    pub fn undivided(&self) -> Vec<Diagnostic> {
        let told = |node: &Node| {
            let (input, what, help) = match &node.op {
                Op::Window(window) if window.parts().is_none() => {
                    (0, "all rows are held in memory at once", "partition every window by a key")
                }
                Op::Join(join) if join.on.is_empty() => {
                    (1, "all rows of the right input are held in memory", "join on keys")
                }
                Op::AsofJoin(join) if join.by.is_empty() => {
                    (1, "all rows of the right input are held in memory", "match rows of equal keys only")
                }
                _ => return None,
            };
            let id = *node.inputs.get(input)?;
            if node.op.needs(input, &self.node(id).schema) != Needs::AllRows || !self.may_be_many(id) {
                return None;
            }
            let message = format!("{what}: they cannot be divided, and a run stops where they outgrow its memory");
            let help = format!("{help}, or keep fewer rows and columns before the step");
            Some(Diagnostic::hint("PW0392", message).help(help).step(&*node.origin.step, &*node.origin.title))
        };
        self.nodes.iter().filter_map(|node| told(node)).collect()
    }

    /// Whether a node may have as many rows as a source.
    fn may_be_many(&self, id: NodeId) -> bool {
        let (mut open, mut seen) = (vec![id], vec![false; self.nodes.len()]);
        while let Some(id) = open.pop() {
            if std::mem::replace(&mut seen[id.0 as usize], true) {
                continue;
            }
            let node = self.node(id);
            match &node.op {
                Op::Read(_) => return true,
                Op::Rows(_) | Op::Limit(_) | Op::Aggregate(_) => {}
                Op::Parse(_)
                | Op::Filter { .. }
                | Op::Project(_)
                | Op::Check(_)
                | Op::Window(_)
                | Op::Join(_)
                | Op::AsofJoin(_)
                | Op::Union
                | Op::Sort(_)
                | Op::Distinct(_)
                | Op::Explode(_)
                | Op::Unpivot(_)
                | Op::Write(_) => open.extend(&node.inputs),
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::DataType;
    use crate::diagnostic::Severity;
    use crate::expr::parse;
    use crate::ir::{Aggregate, Column, Keep, Limit};

    #[test]
    fn each_kind_of_operation_says_what_it_needs() {
        let schema = Schema::of([("a", DataType::Int), ("b", DataType::Int)]);
        let column = |name: &str| Expr::column(name);
        let window = |texts: &[&str]| {
            let columns = texts.iter().map(|text| Column::new("w", parse(text).unwrap())).collect();
            Op::Window(Window { columns }).needs(0, &schema)
        };
        let part = |text: &str| window(&[text]);
        assert_eq!(part("sum(a) over (partition by a, b)"), Needs::EqualKeys(vec![column("a"), column("b")]));
        assert_eq!(
            window(&["sum(a) over (partition by a, b)", "lag(b) over (partition by b order by a)"]),
            Needs::EqualKeys(vec![column("b")])
        );
        assert_eq!(window(&["sum(a) over (partition by a)", "sum(a) over (partition by b)"]), Needs::AllRows);
        assert_eq!(part("row_number() over (order by a)"), Needs::AllRows);
        let parts = |texts: &[&str]| -> Option<Vec<usize>> {
            let columns = texts.iter().map(|text| Column::new("w", parse(text).unwrap())).collect();
            Some(Window { columns }.parts()?.iter().map(|part| part.columns.len()).collect())
        };
        let (by_a, by_b) = ("sum(a) over (partition by a)", "sum(a) over (partition by b)");
        assert_eq!(parts(&[by_a, "min(a) over (partition by b, a)", by_b, by_a]), Some(vec![2, 1, 1]));
        assert_eq!(parts(&[by_a, "row_number() over (order by a)"]), None);
        assert_eq!(parts(&["sum(a) over (partition by a) - sum(a) over (partition by b)"]), None);
        let distinct = |keys: &[&str]| {
            let keys = keys.iter().map(|key| (*key).to_owned()).collect();
            Op::Distinct(Distinct { keys, order: vec![], keep: Keep::First }).needs(0, &schema)
        };
        assert_eq!(distinct(&["b"]), Needs::EqualKeys(vec![column("b")]));
        assert_eq!(distinct(&[]), Needs::EqualKeys(vec![column("a"), column("b")]));
        let all = Op::Aggregate(Aggregate { keys: vec![], measures: vec![] });
        assert_eq!(all.needs(0, &schema), Needs::AllRows);
        let key = SortKey { expr: column("a"), descending: true };
        let limit = |keys: Vec<SortKey>| Op::Limit(Limit { keys, count: 3, offset: 0 }).needs(0, &schema);
        assert_eq!((limit(vec![]), limit(vec![key.clone()])), (Needs::AnyRows, Needs::Order(vec![key])));
        let join = |kind| Op::Join(Join { kind, on: vec![(column("a"), column("b"))], right: vec![] });
        let (left, right) = (Needs::EqualKeys(vec![column("a")]), Needs::EqualKeys(vec![column("b")]));
        assert_eq!(join(JoinKind::Left).needs(0, &schema), Needs::AnyRows);
        assert_eq!(join(JoinKind::Left).needs(1, &schema), right);
        assert_eq!((join(JoinKind::Full).needs(0, &schema), join(JoinKind::Full).needs(1, &schema)), (left, right));
    }

    #[test]
    fn what_holds_all_rows_of_a_source_is_told_and_what_holds_few_is_not() {
        let schema = Schema::of([("a", DataType::Int), ("b", DataType::Int)]);
        let read = Op::Read(crate::ir::Read {
            path: "a.csv".into(),
            format: crate::formats::FormatSpec::new("csv"),
            schema: schema.clone(),
            columns: None,
            position: false,
            planned: None,
            location: None,
        });
        let window = |text: &str| Op::Window(Window { columns: vec![Column::new("w", parse(text).unwrap())] });
        let cross = |on| Op::Join(Join { kind: JoinKind::Cross, on, right: vec![] });
        let sum = Op::Aggregate(Aggregate { keys: vec![Column::new("a", column("a"))], measures: vec![] });
        let mut plan = Plan::default();
        let keyed = ["sum(a) over (partition by a)", "sum(a) over (partition by b)"];
        let keyed = keyed.map(|text| Column::new("w", parse(text).unwrap()));
        let two_keys = Op::Window(Window { columns: keyed.to_vec() });
        let ops = [
            (read, vec![]),
            (sum, vec![0]),
            (window("row_number() over (order by a)"), vec![0]),
            (window("row_number() over (order by a)"), vec![1]),
            (window("row_number() over (partition by b order by a)"), vec![0]),
            (two_keys, vec![0]),
            (cross(vec![]), vec![1, 0]),
            (cross(vec![]), vec![0, 1]),
            (cross(vec![(column("a"), column("a"))]), vec![0, 0]),
        ];
        for (index, (op, inputs)) in ops.into_iter().enumerate() {
            let inputs = inputs.into_iter().map(NodeId).collect();
            let origin = crate::ir::Origin { step: format!("s{index}"), title: String::new() };
            plan.nodes.push(Node { op, inputs, schema: schema.clone(), origin, hash: 0 }.into());
        }
        let told = plan.undivided();
        let steps: Vec<&str> = told.iter().filter_map(|hint| hint.location.id.as_deref()).collect();
        assert_eq!(steps, ["s2", "s6"]);
        assert!(told.iter().all(|hint| hint.code == "PW0392" && hint.severity == Severity::Hint));
    }

    fn column(name: &str) -> Expr {
        Expr::column(name)
    }
}
