//! Column lineage: for every operation, which input columns each output column is made from, and which decide
//! over the rows without being in them. Imports data and expr; no step kind.

use std::collections::BTreeSet;

use super::{Op, Parse, Plan};
use crate::data::Schema;
use crate::expr::{Expr, ExprKind, SortKey};

/// A column of one of the inputs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InputColumn {
    /// Index of the input.
    pub input: usize,
    pub column: String,
}

/// How an output column comes from its input columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Made {
    /// The values as they are (perhaps under another name).
    Same,
    Computed,
}

/// Where one output column comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnLineage {
    pub column: String,
    pub made: Made,
    pub from: Vec<InputColumn>,
}

/// Lineage of one operation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lineage {
    /// One entry an output column, in schema order.
    pub columns: Vec<ColumnLineage>,
    /// Columns that decide which rows there are, how they pair or in which order, beyond what columns are made from.
    pub decided_by: BTreeSet<InputColumn>,
}

/// The lineage rule of an operation. `inputs` and `output` are the schemas around it.
pub fn lineage(op: &Op, inputs: &[&Schema], output: &Schema) -> Lineage {
    let mut found = Finder { inputs, lineage: Lineage::default() };
    match op {
        Op::Read(_) | Op::Rows(_) => {
            for name in output.names() {
                found.add(name, Made::Same, Vec::new());
            }
        }
        Op::Parse(parse) => found.parse(parse, output),
        Op::Filter { predicate } => {
            found.same_of(output);
            found.decide(0, predicate);
        }
        Op::Project(project) => project.columns.iter().for_each(|column| found.computed(&column.name, &column.expr)),
        Op::Check(check) => {
            found.same_of(output);
            if let super::OnFail::Flag(name) = &check.on_fail {
                found.lineage.columns.retain(|column| column.column != *name);
                found.computed(name, &check.predicate);
            } else {
                found.decide(0, &check.predicate);
            }
        }
        Op::Aggregate(aggregate) => {
            for column in aggregate.keys.iter().chain(&aggregate.measures) {
                found.computed(&column.name, &column.expr);
            }
            aggregate.keys.iter().for_each(|key| found.decide(0, &key.expr));
            if aggregate.measures.iter().any(|measure| depends_on_order(&measure.expr)) {
                found.decide_by_all(0);
            }
        }
        Op::Window(window) => {
            found.same_of(output);
            for column in &window.columns {
                found.lineage.columns.retain(|known| known.column != column.name);
                found.computed(&column.name, &column.expr);
            }
            found.decide_by_all(0);
        }
        Op::Join(join) => {
            found.widened(output, &join.right);
            for (left, right) in &join.on {
                found.decide(0, left);
                found.decide(1, right);
            }
        }
        Op::AsofJoin(join) => {
            found.widened(output, &join.right);
            found.decide_by(0, &join.left_time);
            for (left, right) in &join.by {
                found.decide_by(0, left);
                found.decide_by(1, right);
            }
            // Ties in time are broken by all columns.
            found.decide_by_all(1);
        }
        Op::Union => found.union(output),
        Op::Sort(_) | Op::Distinct(_) => {
            found.same_of(output);
            found.decide_by_all(0);
        }
        Op::Limit(limit) => {
            found.same_of(output);
            if !limit.keys.is_empty() {
                found.decide_by_all(0);
            }
        }
        Op::Explode(explode) => {
            found.same_of(output);
            for column in &mut found.lineage.columns {
                let is_position = explode.position.as_ref() == Some(&column.column);
                if is_position || column.column == explode.column {
                    column.made = Made::Computed;
                    column.from = vec![InputColumn { input: 0, column: explode.column.clone() }];
                }
            }
            found.decide_by(0, &explode.column);
        }
        Op::Unpivot(unpivot) => {
            for name in &unpivot.keep {
                found.same(0, name, name);
            }
            let values = || unpivot.columns.iter().map(|name| InputColumn { input: 0, column: name.clone() }).collect();
            found.add(&unpivot.name, Made::Computed, Vec::new());
            found.add(&unpivot.value, Made::Computed, values());
        }
        Op::Write(write) => {
            found.same_of(output);
            found.decide_by_all(0);
            write.order.iter().for_each(|key: &SortKey| found.decide(0, &key.expr));
        }
    }
    found.lineage
}

/// A measure that takes rows in an order, where ties are broken by all columns: where none is given, every row is one.
fn depends_on_order(expr: &Expr) -> bool {
    let ordered = match &expr.kind {
        ExprKind::Call(call) => {
            let takes_order = matches!(call.function.as_str(), "first" | "last" | "collect" | "string_agg");
            takes_order || !call.order.is_empty()
        }
        _ => false,
    };
    ordered || expr.children().into_iter().any(depends_on_order)
}

struct Finder<'a> {
    inputs: &'a [&'a Schema],
    lineage: Lineage,
}

impl Finder<'_> {
    fn add(&mut self, name: &str, made: Made, from: Vec<InputColumn>) {
        self.lineage.columns.push(ColumnLineage { column: name.to_owned(), made, from });
    }

    fn same(&mut self, input: usize, from: &str, to: &str) {
        self.add(to, Made::Same, vec![InputColumn { input, column: from.to_owned() }]);
    }

    /// Every output column is the input column of that name.
    fn same_of(&mut self, output: &Schema) {
        for name in output.names() {
            self.same(0, name, name);
        }
    }

    fn computed(&mut self, name: &str, expr: &Expr) {
        let made = if matches!(expr.kind, ExprKind::Column(_)) { Made::Same } else { Made::Computed };
        let from = expr.columns().into_iter().map(|column| InputColumn { input: 0, column: column.to_owned() });
        self.add(name, made, from.collect());
    }

    fn decide(&mut self, input: usize, expr: &Expr) {
        for column in expr.columns() {
            self.decide_by(input, column);
        }
    }

    fn decide_by(&mut self, input: usize, column: &str) {
        self.lineage.decided_by.insert(InputColumn { input, column: column.to_owned() });
    }

    fn decide_by_all(&mut self, input: usize) {
        let Some(schema) = self.inputs.get(input) else { return };
        for name in schema.names() {
            self.lineage.decided_by.insert(InputColumn { input, column: name.to_owned() });
        }
    }

    fn parse(&mut self, parse: &Parse, output: &Schema) {
        for name in output.names() {
            if parse.schema.has(name) {
                self.add(name, Made::Computed, vec![InputColumn { input: 0, column: parse.column.clone() }]);
            } else {
                self.same(0, name, name);
            }
        }
        self.decide_by(0, &parse.column);
    }

    /// Left columns under their names, right columns as `right` renames them.
    fn widened(&mut self, output: &Schema, right: &[(String, String)]) {
        for name in output.names() {
            match right.iter().find(|(_, to)| to == name) {
                Some((from, to)) => self.same(1, from, to),
                None => self.same(0, name, name),
            }
        }
    }

    fn union(&mut self, output: &Schema) {
        for name in output.names() {
            let holders = self.inputs.iter().enumerate().filter(|(_, schema)| schema.has(name));
            let from = holders.map(|(input, _)| InputColumn { input, column: name.to_owned() }).collect();
            self.add(name, Made::Same, from);
        }
    }
}

/// Where a column comes from and where it goes, node by node, itself included.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ColumnFlow {
    /// Columns that it is made from, and columns that are made from it.
    pub columns: BTreeSet<(super::NodeId, String)>,
    /// Nodes whose rows it decides over, at the end of the way or on it.
    pub decides: BTreeSet<super::NodeId>,
}

impl Plan {
    /// Where a node's column comes from and where it goes, through the whole plan.
    pub fn column_flow(&self, node: super::NodeId, column: &str) -> ColumnFlow {
        let mut found = ColumnFlow::default();
        let mut pending = vec![(node, column.to_owned())];
        while let Some((id, name)) = pending.pop() {
            if !found.columns.insert((id, name.clone())) {
                continue;
            }
            let rule = self.lineage_of(id);
            let from = rule.columns.into_iter().filter(|entry| entry.column == name).flat_map(|entry| entry.from);
            let inputs = &self.node(id).inputs;
            pending.extend(from.filter_map(|from| Some((*inputs.get(from.input)?, from.column))));
        }
        // Inputs stand before the nodes that they feed: one walk finds all that is made from it.
        let mut made: BTreeSet<(super::NodeId, String)> = [(node, column.to_owned())].into();
        for (id, after) in self.iter().filter(|(id, _)| *id > node) {
            let is_made = |from: &InputColumn| {
                after.inputs.get(from.input).is_some_and(|input| made.contains(&(*input, from.column.clone())))
            };
            if !after.inputs.iter().any(|input| made.iter().any(|(known, _)| known == input)) {
                continue;
            }
            let rule = self.lineage_of(id);
            if rule.decided_by.iter().any(is_made) {
                found.decides.insert(id);
            }
            let new = rule.columns.iter().filter(|entry| entry.from.iter().any(is_made));
            let new: Vec<_> = new.map(|entry| (id, entry.column.clone())).collect();
            made.extend(new);
        }
        found.columns.extend(made);
        found
    }

    fn lineage_of(&self, id: super::NodeId) -> Lineage {
        let node = self.node(id);
        let inputs: Vec<&Schema> = node.inputs.iter().map(|input| &self.node(*input).schema).collect();
        lineage(&node.op, &inputs, &node.schema)
    }

    /// The columns of sources (`Read`, `Rows`) that a node's column is made from, through the whole plan, as
    /// (node index of the source, column), sorted.
    pub fn column_sources(&self, node: super::NodeId, column: &str) -> Vec<(super::NodeId, String)> {
        let mut found = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut pending = vec![(node, column.to_owned())];
        while let Some((id, name)) = pending.pop() {
            if !seen.insert((id, name.clone())) {
                continue;
            }
            let node = self.node(id);
            if node.inputs.is_empty() {
                found.insert((id, name));
                continue;
            }
            let from = self
                .lineage_of(id)
                .columns
                .into_iter()
                .filter(|entry| entry.column == name)
                .flat_map(|entry| entry.from);
            pending.extend(from.filter_map(|from| Some((*node.inputs.get(from.input)?, from.column))));
        }
        found.into_iter().collect()
    }
}
