//! Rows of a plan by the reference meaning of expressions: small, slow and independent of every engine. For tests.

use crate::data::{DataType, Value};
use crate::expr::{Expr, Row, SortKey, eval, eval_measure, eval_window};
use crate::ir::{JoinKind, Keep, Node, OnFail, Op, Plan};

/// Named values, row by row.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    pub names: Vec<String>,
    pub rows: Vec<Vec<Value>>,
}

impl Rows {
    fn value(&self, row: &[Value], name: &str) -> Value {
        self.names.iter().position(|one| one == name).map_or(Value::Null, |at| row[at].clone())
    }

    fn eval(&self, expr: &Expr, row: &[Value]) -> Value {
        eval(expr, &|name| self.value(row, name))
    }

    /// Uses rows as functions from names to values.
    fn with<T>(&self, rows: &[Vec<Value>], action: impl FnOnce(&[Row]) -> T) -> T {
        let lookups: Vec<_> = rows.iter().map(|row| move |name: &str| self.value(row, name)).collect();
        let rows: Vec<Row> = lookups.iter().map(|lookup| lookup as Row).collect();
        action(&rows)
    }

    fn sorted(&self, keys: &[SortKey]) -> Vec<Vec<Value>> {
        let mut rows = self.rows.clone();
        rows.sort_by_cached_key(|row| {
            keys.iter().map(|key| self.eval(&key.expr, row).to_json().to_string()).collect::<Vec<_>>()
        });
        rows
    }
}

/// The rows of every node. `read` gives those of a source by its path.
pub fn rows_of(plan: &Plan, read: &dyn Fn(&str) -> Rows) -> Vec<Rows> {
    let mut all: Vec<Rows> = Vec::with_capacity(plan.nodes.len());
    for node in &plan.nodes {
        let inputs: Vec<&Rows> = node.inputs.iter().map(|input| &all[input.0 as usize]).collect();
        let rows = rows_of_node(node, &inputs, read);
        let names: Vec<&str> = node.schema.names().collect();
        assert_eq!(rows.names, names, "{}", node.op.name());
        all.push(rows);
    }
    all
}

fn rows_of_node(node: &Node, inputs: &[&Rows], read: &dyn Fn(&str) -> Rows) -> Rows {
    let names: Vec<String> = node.schema.names().map(str::to_owned).collect();
    let rows = match &node.op {
        Op::Read(source) => read(&source.path).rows,
        Op::Rows(given) => given.rows.clone(),
        Op::Filter { predicate } => kept(inputs[0], predicate),
        Op::Check(check) => match &check.on_fail {
            OnFail::Flag(_) => {
                let failed = |row: &Vec<Value>| inputs[0].eval(&check.predicate, row) != Value::Boolean(true);
                inputs[0].rows.iter().map(|row| [row.clone(), vec![Value::Boolean(failed(row))]].concat()).collect()
            }
            OnFail::Reject | OnFail::Stop => kept(inputs[0], &check.predicate),
        },
        Op::Project(project) => {
            let row = |row: &Vec<Value>| project.columns.iter().map(|one| inputs[0].eval(&one.expr, row)).collect();
            inputs[0].rows.iter().map(row).collect()
        }
        Op::Aggregate(aggregate) => {
            let mut groups: Vec<(Vec<Value>, Vec<Vec<Value>>)> = Vec::new();
            if aggregate.keys.is_empty() {
                groups.push((Vec::new(), Vec::new()));
            }
            for row in &inputs[0].rows {
                let key: Vec<Value> = aggregate.keys.iter().map(|key| inputs[0].eval(&key.expr, row)).collect();
                match groups.iter_mut().find(|(known, _)| *known == key) {
                    Some((_, members)) => members.push(row.clone()),
                    None => groups.push((key, vec![row.clone()])),
                }
            }
            let measured = |(key, members): (Vec<Value>, Vec<Vec<Value>>)| {
                let measures = inputs[0].with(&members, |rows| {
                    aggregate.measures.iter().map(|one| eval_measure(&one.expr, rows)).collect::<Vec<_>>()
                });
                [key, measures].concat()
            };
            groups.into_iter().map(measured).collect()
        }
        Op::Window(window) => {
            let columns: Vec<Vec<Value>> = inputs[0]
                .with(&inputs[0].rows, |rows| window.columns.iter().map(|one| eval_window(&one.expr, rows)).collect());
            let row = |(at, row): (usize, &Vec<Value>)| {
                let more = columns.iter().map(|column| column[at].clone());
                row.iter().cloned().chain(more).collect()
            };
            inputs[0].rows.iter().enumerate().map(row).collect()
        }
        Op::Join(join) => joined(inputs[0], inputs[1], join),
        Op::Union => {
            let row = |input: &Rows, row: &Vec<Value>| names.iter().map(|name| input.value(row, name)).collect();
            inputs.iter().flat_map(|input| input.rows.iter().map(move |one| row(input, one))).collect()
        }
        Op::Sort(sort) => inputs[0].sorted(&sort.keys),
        Op::Limit(limit) => {
            let sorted = inputs[0].sorted(&limit.keys);
            sorted.into_iter().skip(limit.offset as usize).take(limit.count as usize).collect()
        }
        Op::Distinct(distinct) => {
            let keys = if distinct.keys.is_empty() { &inputs[0].names } else { &distinct.keys };
            let mut sorted = inputs[0].sorted(&distinct.order);
            if distinct.keep == Keep::Last {
                sorted.reverse();
            }
            let mut seen: Vec<Vec<Value>> = Vec::new();
            sorted.retain(|row| {
                let key: Vec<Value> = keys.iter().map(|name| inputs[0].value(row, name)).collect();
                let is_new = !seen.contains(&key);
                seen.push(key);
                is_new
            });
            sorted
        }
        Op::Explode(explode) => {
            assert_eq!(explode.position, None);
            let at = names.iter().position(|name| *name == explode.column).unwrap();
            let each = |row: &Vec<Value>| match &row[at] {
                Value::List(items) => {
                    let one = |item: &Value| {
                        let mut row = row.clone();
                        row[at] = item.clone();
                        row
                    };
                    items.iter().map(one).collect::<Vec<_>>()
                }
                _ => Vec::new(),
            };
            inputs[0].rows.iter().flat_map(each).collect()
        }
        Op::Unpivot(unpivot) => {
            let one = |row: &Vec<Value>, column: &String| {
                let keep = unpivot.keep.iter().map(|name| inputs[0].value(row, name));
                let value = match (inputs[0].value(row, column), &unpivot.data_type) {
                    (Value::Int(number), DataType::String) => Value::text(number.to_string()),
                    (Value::Float(number), DataType::String) => Value::text(number.to_string()),
                    (value, _) => value,
                };
                keep.chain([Value::text(column.clone()), value]).collect::<Vec<_>>()
            };
            inputs[0].rows.iter().flat_map(|row| unpivot.columns.iter().map(move |column| one(row, column))).collect()
        }
        Op::Write(_) => inputs[0].rows.clone(),
        Op::Parse(_) | Op::AsofJoin(_) => panic!("no test has a {}", node.op.name()),
    };
    Rows { names, rows }
}

fn kept(input: &Rows, predicate: &Expr) -> Vec<Vec<Value>> {
    input.rows.iter().filter(|row| input.eval(predicate, row) == Value::Boolean(true)).cloned().collect()
}

fn joined(left: &Rows, right: &Rows, join: &crate::ir::Join) -> Vec<Vec<Value>> {
    let pairs = |one: &Vec<Value>, other: &Vec<Value>| {
        join.on.iter().all(|(left_key, right_key)| {
            let key = left.eval(left_key, one);
            !key.is_null() && key == right.eval(right_key, other)
        })
    };
    let more = |other: Option<&Vec<Value>>| {
        let value = |name: &String| other.map_or(Value::Null, |row| right.value(row, name));
        join.right.iter().map(|(from, _)| value(from)).collect::<Vec<_>>()
    };
    let mut found = Vec::new();
    let mut partnered = vec![false; right.rows.len()];
    for row in &left.rows {
        let partners: Vec<usize> = (0..right.rows.len()).filter(|at| pairs(row, &right.rows[*at])).collect();
        match join.kind {
            JoinKind::Semi if partners.is_empty() => {}
            JoinKind::Anti if !partners.is_empty() => {}
            JoinKind::Semi | JoinKind::Anti => found.push(row.clone()),
            _ => {
                if partners.is_empty() && matches!(join.kind, JoinKind::Left | JoinKind::Full) {
                    found.push([row.clone(), more(None)].concat());
                }
                for at in partners {
                    partnered[at] = true;
                    found.push([row.clone(), more(Some(&right.rows[at]))].concat());
                }
            }
        }
    }
    if matches!(join.kind, JoinKind::Right | JoinKind::Full) {
        for (_, row) in right.rows.iter().enumerate().filter(|(at, _)| !partnered[*at]) {
            found.push([vec![Value::Null; left.names.len()], more(Some(row))].concat());
        }
    }
    found
}
