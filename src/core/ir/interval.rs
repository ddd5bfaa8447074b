//! Runs for an interval of time: only its rows are put in place, and the others of the outputs stay. All rows are
//! computed, so that this holds for every flow: also a bucket of time is made of all that fell into it. Imports data,
//! diagnostic, expr; opens nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Destination, FileKind, LoadMode, Node, NodeId, Op, Origin, Plan, PlanStep, Read, Write, node_hash};
use crate::data::{DataType, Schema, Value, format_timestamp};
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::expr::{BinaryOp, Expr};
use crate::formats::FormatSpec;

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// The rows that a run is for: from one moment on, and before another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interval {
    /// Microseconds since 1970.
    pub from: i64,
    pub to: i64,
    /// The column of the outputs whose times count; `None`: the only one.
    pub column: Option<String>,
}

/// The times of an output that are replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replaced {
    pub column: String,
    from: i64,
    to: i64,
    /// It holds days, and no times.
    pub is_date: bool,
}

impl Replaced {
    fn bounds(&self) -> [Value; 2] {
        [self.from, self.to].map(|moment| match self.is_date {
            true => Value::Date((moment.div_euclid(DAY)) as i32),
            false => Value::Timestamp(moment),
        })
    }

    /// True for rows of the interval.
    pub fn holds(&self) -> Expr {
        let [from, to] = self.bounds().map(Expr::literal);
        let column = || Expr::column(self.column.as_str());
        let begins = Expr::binary(BinaryOp::GreaterOrEqual, column(), from);
        Expr::binary(BinaryOp::And, begins, Expr::binary(BinaryOp::Less, column(), to))
    }

    /// True for the others, and for those without a time.
    fn leaves(&self) -> Expr {
        let [from, to] = self.bounds().map(Expr::literal);
        let column = || Expr::column(self.column.as_str());
        let outside = [
            Expr::binary(BinaryOp::Less, column(), from),
            Expr::binary(BinaryOp::GreaterOrEqual, column(), to),
            Expr::is_null(column(), false),
        ];
        let mut outside = outside.into_iter();
        let first = outside.next().unwrap_or_else(|| Expr::literal(Value::Boolean(false)));
        outside.fold(first, |one, other| Expr::binary(BinaryOp::Or, one, other))
    }

    /// The bounds as ISO 8601. Without a sign for UTC, `with_zone` false, a text sorts before all that begin with it.
    pub fn texts(&self, with_zone: bool) -> [String; 2] {
        [self.from, self.to].map(|moment| {
            let text = format_timestamp(moment);
            match (self.is_date, with_zone) {
                (true, _) => text.get(..10).unwrap_or_default().to_owned(),
                (false, true) => text,
                (false, false) => text.trim_end_matches('Z').to_owned(),
            }
        })
    }
}

fn at(node: &Node, fault: Diagnostic) -> Diagnostic {
    fault.step(&*node.origin.step, &*node.origin.title)
}

impl Interval {
    /// The times of an output, or why it has none that count.
    fn of(&self, schema: &Schema) -> Result<Replaced, Diagnostic> {
        let is_time = |name: &&str| {
            matches!(schema.get(name).map(|field| &field.data_type), Some(DataType::Timestamp | DataType::Date))
        };
        let times: Vec<&str> = schema.names().filter(is_time).collect();
        let column = match (&self.column, &times[..]) {
            (Some(column), times) if times.contains(&column.as_str()) => column.clone(),
            (None, [one]) => (*one).to_owned(),
            (wanted, _) => {
                let message = match wanted {
                    Some(column) => {
                        format!("the rows have no time `{column}`{}", did_you_mean(column, times.iter().copied()))
                    }
                    None if times.is_empty() => "the rows have no time by which they belong to an interval".to_owned(),
                    None => format!("the rows have several times: {}", times.join(", ")),
                };
                return Err(Diagnostic::error("PW0989", message)
                    .help("name the column with `--time COLUMN`; it must be a Timestamp or a Date"));
            }
        };
        let is_date = schema.get(&column).is_some_and(|field| field.data_type == DataType::Date);
        if is_date && (self.from % DAY != 0 || self.to % DAY != 0) {
            let message = format!("`{column}` is a Date, and the interval does not begin and end at midnight (UTC)");
            return Err(Diagnostic::error("PW0991", message).help("give days: `--from 2026-03-02 --to 2026-03-03`"));
        }
        Ok(Replaced { column, from: self.from, to: self.to, is_date })
    }

    /// What of a plan's outputs cannot be replaced in part.
    pub fn check(&self, plan: &Plan) -> Vec<Diagnostic> {
        let mut faults = Vec::new();
        for (_, node) in plan.iter() {
            let Op::Write(write) = &node.op else { continue };
            if matches!(write.destination, Destination::Answer { .. }) {
                continue;
            }
            faults.extend(self.of(&node.schema).err().map(|fault| at(node, fault)));
            let (what, help) = match &write.destination {
                Destination::File { partition, .. } if !partition.is_empty() => {
                    ("folders of partitions are replaced as a whole", "write one file, or load a table")
                }
                Destination::File { kind: FileKind::Csv, .. } => (
                    "a CSV file does not tell empty texts from no values",
                    "write JSON lines or Parquet, or load a table",
                ),
                Destination::Table(table) if table.mode == LoadMode::Replace => {
                    ("the load replaces all rows of its table", "load by `append`, or by `upsert`")
                }
                Destination::Objects(_) => ("objects are written as a whole", "write a file, or load a table"),
                Destination::Endpoint(_) => ("what was sent cannot be taken back", "write a file, or load a table"),
                Destination::File { .. }
                | Destination::Table(_)
                | Destination::Answer { .. }
                | Destination::StandardOutput { .. } => continue,
            };
            let message = format!("of this output no interval can be replaced: {what}");
            faults.push(at(node, Diagnostic::error("PW0990", message).help(help)));
        }
        faults
    }

    /// The plan that gives each output its rows of the interval, with those outside of it that it had: `earlier` gives
    /// the path of what an earlier run has written to a file, where there is some. With what of tables is replaced, and
    /// the nodes that read what stays.
    pub fn applied(&self, plan: &Plan, earlier: &dyn Fn(&str) -> Option<String>) -> Result<Applied, Diagnostic> {
        let mut made = Applied { plan: Plan { nodes: Vec::new(), ..plan.clone() }, ..Applied::default() };
        let mut moved: BTreeMap<NodeId, NodeId> = BTreeMap::new();
        for (id, node) in plan.iter() {
            let mut inputs: Vec<NodeId> = node.inputs.iter().filter_map(|input| moved.get(input).copied()).collect();
            let write = match &node.op {
                Op::Write(write) if !matches!(write.destination, Destination::Answer { .. }) => Some(write),
                _ => None,
            };
            let mut replaced = None;
            if let Some(write) = write {
                let times = self.of(&node.schema).map_err(|fault| at(node, fault))?;
                inputs = vec![made.push(node, Op::Filter { predicate: times.holds() }, inputs)];
                if let Some((kind, path)) = earlier_file(write, earlier) {
                    let read = made.push(node, read_of(path, kind, &node.schema), Vec::new());
                    made.kept.push(read);
                    let stays = made.push(node, Op::Filter { predicate: times.leaves() }, vec![read]);
                    inputs = vec![made.push(node, Op::Union, vec![stays, inputs[0]])];
                }
                replaced = Some(times);
            }
            let new = made.push(node, node.op.clone(), inputs);
            made.replaced.extend(replaced.map(|times| (new, times)));
            moved.insert(id, new);
        }
        let of = |id: &NodeId| moved.get(id).copied().unwrap_or(*id);
        made.plan.steps = plan.steps.iter().map(|(id, step)| (id.clone(), moved_step(step, &of))).collect();
        Ok(made)
    }
}

/// A plan for an interval.
#[derive(Debug, Clone, Default)]
pub struct Applied {
    pub plan: Plan,
    /// By output, the times that are replaced.
    pub replaced: BTreeMap<NodeId, Replaced>,
    /// Nodes that read what stays of outputs.
    pub kept: Vec<NodeId>,
}

impl Applied {
    fn push(&mut self, like: &Node, op: Op, inputs: Vec<NodeId>) -> NodeId {
        let hash = node_hash(&op, inputs.iter().map(|input| self.plan.node(*input).hash));
        let Origin { step, title } = like.origin.clone();
        let node = Node { op, inputs, schema: like.schema.clone(), origin: Origin { step, title }, hash };
        self.plan.nodes.push(Arc::new(node));
        NodeId(self.plan.nodes.len() as u32 - 1)
    }
}

fn earlier_file(write: &Write, earlier: &dyn Fn(&str) -> Option<String>) -> Option<(FileKind, String)> {
    match &write.destination {
        Destination::File { path, kind, .. } => Some((*kind, earlier(path)?)),
        Destination::Table(_)
        | Destination::Objects(_)
        | Destination::Endpoint(_)
        | Destination::StandardOutput { .. }
        | Destination::Answer { .. } => None,
    }
}

fn read_of(path: String, kind: FileKind, schema: &Schema) -> Op {
    let format = match kind {
        FileKind::Csv => "csv",
        FileKind::Jsonl => "json_lines",
        FileKind::Parquet => "parquet",
    };
    Op::Read(Read { path, format: FormatSpec::new(format), schema: schema.clone(), ..Read::default() })
}

fn moved_step(step: &PlanStep, of: &dyn Fn(&NodeId) -> NodeId) -> PlanStep {
    let outputs = step.outputs.iter().map(|(port, node)| (port.clone(), of(node))).collect();
    PlanStep { outputs, nodes: step.nodes.iter().map(of).collect(), ..step.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> Schema {
        Schema::of([("time", DataType::Timestamp), ("day", DataType::Date), ("n", DataType::Int)])
    }

    #[test]
    fn the_column_is_the_only_time_or_the_named_one() {
        let interval = |column: Option<&str>| Interval { from: 0, to: DAY, column: column.map(str::to_owned) };
        let found = interval(Some("day")).of(&schema()).unwrap();
        assert_eq!(
            (found.column.as_str(), found.texts(false)),
            ("day", ["1970-01-01", "1970-01-02"].map(str::to_owned))
        );
        assert_eq!(interval(Some("time")).of(&schema()).unwrap().texts(false)[1], "1970-01-02T00:00:00");
        assert_eq!(interval(None).of(&schema()).unwrap_err().code, "PW0989");
        assert_eq!(interval(Some("n")).of(&schema()).unwrap_err().code, "PW0989");
        let alone = Schema::of([("time", DataType::Timestamp)]);
        assert_eq!(interval(None).of(&alone).unwrap().column, "time");
        let half = Interval { from: DAY / 2, ..interval(Some("day")) };
        assert_eq!(half.of(&schema()).unwrap_err().code, "PW0991");
    }

    #[test]
    fn a_row_is_of_the_interval_or_stays() {
        let times =
            Interval { from: 10, to: 20, column: None }.of(&Schema::of([("time", DataType::Timestamp)])).unwrap();
        let is = |expr: &Expr, value: Value| crate::expr::eval(expr, &|_| value.clone()) == Value::Boolean(true);
        for (value, is_held) in [
            (Value::Timestamp(9), false),
            (Value::Timestamp(10), true),
            (Value::Timestamp(19), true),
            (Value::Timestamp(20), false),
            (Value::Null, false),
        ] {
            assert_eq!((is(&times.holds(), value.clone()), is(&times.leaves(), value)), (is_held, !is_held));
        }
    }
}
