//! Row fate in a preview: which input rows an output row comes from, and what became of an input row. One question
//! answers both, by the operation's trace rule: does this input row stand behind that output row? Rows that keep their
//! hidden id are told by it, the others by keys and values. Costs a pass over the sample; not for the UI thread.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use pipewright_core::data::Value;
use pipewright_core::expr::{Expr, bind, eval, print};
use pipewright_core::ir::{Node, Op, Trace, trace};

use crate::ops::bound;
use crate::table::ResultTable;

/// Rows that an answer lists at most.
pub const TRACED_ROWS: usize = 1000;

/// What became of an input row.
#[derive(Debug, Clone, PartialEq)]
pub struct Fate {
    /// Output rows that it stands behind, by index; at most `TRACED_ROWS`.
    pub rows: Vec<usize>,
    /// Why there are none, in words.
    pub reason: Option<String>,
}

/// For each input the rows, by index, that output rows come from; at most `TRACED_ROWS` of each.
pub fn rows_behind(
    node: &Node,
    inputs: &[Arc<ResultTable>],
    output: &ResultTable,
    rows: &[usize],
    parameters: &BTreeMap<String, Value>,
) -> Vec<Vec<usize>> {
    let tracer = Tracer::new(node, inputs, output, parameters);
    let of_input = |input: usize| -> Vec<usize> {
        let table = &inputs[input];
        if let Some(ids) = tracer.ids(input, rows) {
            let is_behind = |candidate: &usize| table.row_id(*candidate).is_some_and(|id| ids.contains(&id));
            return (0..table.rows()).filter(is_behind).take(TRACED_ROWS).collect();
        }
        let is_behind = |candidate: &usize| rows.iter().any(|row| tracer.stands_behind(input, *candidate, *row));
        (0..table.rows()).filter(is_behind).take(TRACED_ROWS).collect()
    };
    (0..inputs.len()).map(of_input).collect()
}

/// The output rows that a row of an input stands behind, or why there are none.
pub fn fate_of(
    node: &Node,
    inputs: &[Arc<ResultTable>],
    output: &ResultTable,
    input: usize,
    row: usize,
    parameters: &BTreeMap<String, Value>,
) -> Fate {
    let tracer = Tracer::new(node, inputs, output, parameters);
    let rows = (0..output.rows()).filter(|candidate| tracer.stands_behind(input, row, *candidate));
    let rows: Vec<usize> = rows.take(TRACED_ROWS).collect();
    let reason = rows.is_empty().then(|| tracer.reason(input, row));
    Fate { rows, reason }
}

struct Tracer<'a> {
    /// As it was designed, with parameters by name: what is told of it holds no values of theirs.
    designed: &'a Op,
    op: Op,
    rule: Trace,
    inputs: &'a [Arc<ResultTable>],
    output: &'a ResultTable,
    parameters: &'a BTreeMap<String, Value>,
}

/// A table's cell by column name; null where there is no such column.
pub(crate) fn cell(table: &ResultTable, row: usize, name: &str) -> Value {
    table.schema().index(name).map_or(Value::Null, |column| table.value(row, column))
}

/// Equal, or both null; an Int equals the Float that a wider column made of it.
fn alike(a: &Value, b: &Value) -> bool {
    a == b || a.compare(b).is_some_and(|order| order.is_eq())
}

impl<'a> Tracer<'a> {
    fn new(
        node: &'a Node,
        inputs: &'a [Arc<ResultTable>],
        output: &'a ResultTable,
        parameters: &'a BTreeMap<String, Value>,
    ) -> Tracer<'a> {
        let op = bound(&node.op, parameters);
        Tracer { rule: trace(&op), designed: &node.op, op, inputs, output, parameters }
    }

    fn value(&self, expr: &Expr, table: &ResultTable, row: usize) -> Value {
        eval(&bind(expr, self.parameters), &|name| cell(table, row, name))
    }

    /// The hidden ids of output rows, where the rows of an input keep theirs.
    fn ids(&self, input: usize, output_rows: &[usize]) -> Option<HashSet<u64>> {
        let has_ids = self.inputs.get(input)?.row_id(0).is_some();
        let keeps = input == 0 && has_ids && crate::ops::keeps_rows(&self.op);
        if keeps { output_rows.iter().map(|row| self.output.row_id(*row)).collect() } else { None }
    }

    fn stands_behind(&self, input: usize, row: usize, output_row: usize) -> bool {
        let Some(table) = self.inputs.get(input) else { return false };
        if let Some(ids) = self.ids(input, &[output_row]) {
            return table.row_id(row).is_some_and(|id| ids.contains(&id));
        }
        let in_output = |name: &str| cell(self.output, output_row, name);
        let same = |name: &str| alike(&cell(table, row, name), &in_output(name));
        let all_same = |but: &str| {
            let names = table.schema().names().filter(|name| *name != but && self.output.schema().has(name));
            names.into_iter().all(same)
        };
        match &self.rule {
            Trace::Source => false,
            Trace::SameRow { .. } | Trace::WindowFrames { .. } | Trace::FirstRows { .. } | Trace::OneInput => {
                all_same("")
            }
            Trace::GroupKeys { keys } => {
                keys.iter().all(|(name, key)| alike(&self.value(key, table, row), &in_output(name)))
            }
            Trace::JoinKeys { keys, right_stays, .. } => match input {
                0 => all_same(""),
                _ => {
                    let alone = *right_stays && self.is_right_alone(output_row);
                    self.came_along(table, row, output_row) && (alone || self.keys_match(keys, table, row, output_row))
                }
            },
            Trace::PartnerExists { keys, .. } => match input {
                0 => all_same(""),
                _ => self.keys_match(keys, table, row, output_row),
            },
            Trace::Nearest(join) => match input {
                0 => all_same(""),
                _ => {
                    let keys = join.by.iter();
                    let mut keys = keys.map(|(left, right)| (in_output(left), cell(table, row, right)));
                    self.came_along(table, row, output_row)
                        && keys.all(|(left, right)| left.compare(&right).is_some_and(Ordering::is_eq))
                }
            },
            Trace::OneOfKeys { keys, .. } => match keys.is_empty() {
                true => all_same(""),
                false => keys.iter().all(|key| same(key)),
            },
            Trace::ItemOf { column, position } => {
                let place = position.as_ref().map(|name| in_output(name));
                all_same(column) && is_item(&cell(table, row, column), place.as_ref(), &in_output(column))
            }
            Trace::ValueOf { name } => self.is_value_of(table, row, name, &in_output),
        }
    }

    fn is_value_of(&self, table: &ResultTable, row: usize, name: &str, in_output: &dyn Fn(&str) -> Value) -> bool {
        let Op::Unpivot(unpivot) = &self.op else { return false };
        let Value::String(column) = in_output(name) else { return false };
        let value = eval(&Expr::try_cast(Expr::literal(cell(table, row, &column)), unpivot.data_type.clone()), &|_| {
            Value::Null
        });
        unpivot.keep.iter().all(|kept| alike(&cell(table, row, kept), &in_output(kept)))
            && alike(&value, &in_output(&unpivot.value))
    }

    /// Columns of the right side that come along, as (input name, output name).
    fn carried(&self) -> &[(String, String)] {
        match &self.op {
            Op::Join(join) => &join.right,
            Op::AsofJoin(join) => &join.right,
            Op::Read(_)
            | Op::Rows(_)
            | Op::Parse(_)
            | Op::Filter { .. }
            | Op::Project(_)
            | Op::Check(_)
            | Op::Aggregate(_)
            | Op::Window(_)
            | Op::Union
            | Op::Sort(_)
            | Op::Limit(_)
            | Op::Distinct(_)
            | Op::Explode(_)
            | Op::Unpivot(_)
            | Op::Write(_) => &[],
        }
    }

    fn came_along(&self, right: &ResultTable, row: usize, output_row: usize) -> bool {
        let carried = self.carried().iter();
        carried.into_iter().all(|(from, to)| alike(&cell(right, row, from), &cell(self.output, output_row, to)))
    }

    /// The left columns are all in the output, so the left keys can be computed there.
    fn keys_match(&self, keys: &[(Expr, Expr)], right: &ResultTable, row: usize, output_row: usize) -> bool {
        keys.iter().all(|(left_key, right_key)| {
            let left = self.value(left_key, self.output, output_row);
            left.compare(&self.value(right_key, right, row)).is_some_and(|order| order.is_eq())
        })
    }

    /// Whether an output row has no left row behind it.
    fn is_right_alone(&self, output_row: usize) -> bool {
        let left = self.inputs.first().map(|table| table.schema());
        left.is_some_and(|schema| schema.names().all(|name| cell(self.output, output_row, name).is_null()))
    }

    /// Why a row stands behind no output row.
    fn reason(&self, input: usize, row: usize) -> String {
        let Some(table) = self.inputs.get(input) else { return String::new() };
        match self.designed {
            Op::Filter { predicate } => match self.value(predicate, table, row) {
                Value::Boolean(false) => format!("the condition `{}` is false for it", print(predicate)),
                _ => format!("the condition `{}` is null for it", print(predicate)),
            },
            Op::Check(check) => format!("it was rejected: {}", check.reason),
            Op::Parse(parse) => format!("its `{}` does not have the format {}", parse.column, parse.format.name),
            Op::Join(_) => match input {
                0 => "no row on the right has equal keys".to_owned(),
                _ => "no row on the left has equal keys".to_owned(),
            },
            Op::AsofJoin(_) => "no row on the left takes it as the nearest in time".to_owned(),
            Op::Limit(limit) => format!("it is not among the {} rows that are kept", limit.count),
            Op::Distinct(_) => "another row with the same keys was kept".to_owned(),
            Op::Explode(explode) => format!("its list `{}` has no items", explode.column),
            Op::Read(_)
            | Op::Rows(_)
            | Op::Project(_)
            | Op::Aggregate(_)
            | Op::Window(_)
            | Op::Union
            | Op::Sort(_)
            | Op::Unpivot(_)
            | Op::Write(_) => "no output row comes from it".to_owned(),
        }
    }
}

/// Whether a list has the item, at the place (from 1) where that is known.
fn is_item(list: &Value, place: Option<&Value>, item: &Value) -> bool {
    let Value::List(items) = list else { return item.is_null() };
    match place {
        Some(Value::Int(place)) => {
            let found = usize::try_from(*place - 1).ok().and_then(|index| items.get(index));
            found.is_some_and(|found| alike(found, item))
        }
        _ if items.is_empty() => item.is_null(),
        _ => items.iter().any(|found| alike(found, item)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pipewright_core::expr::parse;
    use pipewright_core::ir::{Aggregate, Column, Explode, Join, JoinKind, Origin, output_schema};
    use serde_json::json;

    use crate::ops::tests::table;
    use crate::preview::tests::plan;
    use crate::{Sampling, preview_now};

    /// The node of `op` over the inputs, with its rows.
    fn made(op: Op, inputs: &[ResultTable]) -> (Node, Vec<Arc<ResultTable>>, ResultTable) {
        let rows = |table: &ResultTable| pipewright_core::ir::Rows {
            schema: table.schema().clone(),
            rows: (0..table.rows()).map(|row| table.row(row)).collect(),
        };
        let mut ops: Vec<(Op, Vec<u32>)> = inputs.iter().map(|table| (Op::Rows(rows(table)), vec![])).collect();
        let schemas: Vec<_> = inputs.iter().map(|table| table.schema()).collect();
        let schema = output_schema(&op, &schemas, &BTreeMap::new()).unwrap();
        ops.push((op.clone(), (0..inputs.len() as u32).collect()));
        let plan = plan(ops);
        let watch = |index: usize| {
            let node = pipewright_core::ir::NodeId(index as u32);
            preview_now(&plan, node, &Sampling::Whole, std::path::Path::new("."), &BTreeMap::new()).unwrap().table
        };
        let tables = (0..inputs.len()).map(watch).collect();
        let node = Node { op, inputs: Vec::new(), schema, origin: Origin::default(), hash: 0 };
        (node, tables, (*watch(inputs.len())).clone())
    }

    #[test]
    fn filtered_rows_are_told_with_the_reason() {
        let input = table("n:Int", json!([[1], [5], [null]]));
        let (node, inputs, output) = made(Op::Filter { predicate: parse("n > 2").unwrap() }, &[input]);
        assert_eq!(rows_behind(&node, &inputs, &output, &[0], &BTreeMap::new()), [vec![1]]);
        let fate = |row| fate_of(&node, &inputs, &output, 0, row, &BTreeMap::new());
        assert_eq!(fate(1), Fate { rows: vec![0], reason: None });
        assert_eq!(fate(0).reason.unwrap(), "the condition `n > 2` is false for it");
        assert_eq!(fate(2).reason.unwrap(), "the condition `n > 2` is null for it");
    }

    #[test]
    fn a_reason_names_parameters_and_holds_no_value_of_theirs() {
        let secret = BTreeMap::from([("key".to_owned(), Value::text("tr0ub4dor"))]);
        let input = table("t:String", json!([["a"]]));
        let (mut node, inputs, output) = made(Op::Filter { predicate: parse("false").unwrap() }, &[input]);
        node.op = Op::Filter { predicate: parse("hmac(t, ${key}) = 'b'").unwrap() };
        let reason = fate_of(&node, &inputs, &output, 0, 0, &secret).reason.unwrap();
        assert_eq!(reason, "the condition `hmac(t, ${key}) = 'b'` is false for it");
    }

    #[test]
    fn groups_joins_and_lists_are_traced_by_their_keys() {
        let input = table("k:String n:Int", json!([["a", 1], ["b", 2], ["a", 3], [null, 4]]));
        let aggregate = Op::Aggregate(Aggregate {
            keys: vec![Column::same("k")],
            measures: vec![Column::new("rows", parse("count(*)").unwrap())],
        });
        let (node, inputs, output) = made(aggregate, std::slice::from_ref(&input));
        assert_eq!(rows_behind(&node, &inputs, &output, &[0], &BTreeMap::new()), [vec![0, 2]]);
        assert_eq!(fate_of(&node, &inputs, &output, 0, 3, &BTreeMap::new()).rows, [2]);

        let right = table("key:String v:Int", json!([["a", 10], ["c", 30]]));
        let on = vec![(parse("k").unwrap(), parse("key").unwrap())];
        let join = Op::Join(Join { kind: JoinKind::Inner, on, right: vec![("v".into(), "v".into())] });
        let (node, inputs, output) = made(join, &[input, right]);
        assert_eq!(rows_behind(&node, &inputs, &output, &[1], &BTreeMap::new()), [vec![2], vec![0]]);
        assert_eq!(fate_of(&node, &inputs, &output, 1, 0, &BTreeMap::new()).rows, [0, 1]);
        let lost = fate_of(&node, &inputs, &output, 0, 1, &BTreeMap::new());
        assert_eq!(lost.reason.unwrap(), "no row on the right has equal keys");

        let lists = table("k:Int l:List<Int>", json!([[1, [7, 8]], [2, []]]));
        let explode = Op::Explode(Explode { column: "l".into(), keep_empty: false, position: None });
        let (node, inputs, output) = made(explode, &[lists]);
        assert_eq!(rows_behind(&node, &inputs, &output, &[1], &BTreeMap::new()), [vec![0]]);
        assert_eq!(
            fate_of(&node, &inputs, &output, 0, 1, &BTreeMap::new()).reason.unwrap(),
            "its list `l` has no items"
        );
    }
}
