//! Aggregates in two phases: folded per chunk, folded again over the chunks' folds, then finished. All by ordinary
//! operations, so the meaning is that of `ops`. Counts, sums, averages, extremes, shares and distinct counts can;
//! medians, spreads and collections cannot. Knows no Polars.

use std::collections::BTreeMap;

use pipewright_core::data::{DataType, Schema, Value};
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::expr::{self, BinaryOp, Call, Expr, ExprKind};
use pipewright_core::ir::{Aggregate, Column, Loss, LossKind, Op, Project, output_schema};

/// An operation with the schemas around it.
pub(super) struct Stage {
    pub op: Op,
    pub input: Schema,
    pub output: Schema,
}

/// An aggregate taken apart.
pub(super) struct Decomposed {
    /// Rows of a chunk → folds.
    pub fold: Stage,
    /// Folds of all chunks → folds; of the fold's schema.
    pub merge: Stage,
    pub distinct: Vec<Distinct>,
    /// Folds with the distinct counts → the aggregate's columns.
    pub finish: Stage,
    /// Names of the key columns in all stages.
    pub keys: Vec<String>,
}

/// A count of distinct values.
pub(super) struct Distinct {
    /// Rows → keys and values, each once.
    pub pairs: Stage,
    /// The same again over those.
    pub again: Stage,
    /// Keys and values → counts by keys.
    pub count: Stage,
    /// Counts of parts of the values → counts.
    pub sum: Stage,
}

struct Parts {
    fold: Vec<Column>,
    merge: Vec<Column>,
    finish: Vec<Column>,
    /// (name, value, filter) of distinct counts.
    distinct: Vec<(String, Expr, Option<Expr>)>,
    /// Sums and means that may have no result.
    losses: Vec<Loss>,
}

/// Takes an aggregate apart; an error where it cannot be (it is run whole then).
pub(super) fn decompose(aggregate: &Aggregate, input: &Schema) -> Result<Decomposed, Diagnostic> {
    let keys: Vec<String> = (0..aggregate.keys.len()).map(|index| format!("key {index}")).collect();
    let mut parts =
        Parts { fold: Vec::new(), merge: Vec::new(), finish: Vec::new(), distinct: Vec::new(), losses: Vec::new() };
    for (key, name) in aggregate.keys.iter().zip(&keys) {
        parts.finish.push(Column::new(key.name.clone(), Expr::column(name.clone())));
    }
    for (index, measure) in aggregate.measures.iter().enumerate() {
        let ExprKind::Call(call) = &measure.expr.kind else { return Err(whole()) };
        let finished = parts.measure(index, call, input)?;
        if matches!(call.function.as_str(), "sum" | "avg") {
            let given = Expr::binary(BinaryOp::Greater, count_of(index), Expr::literal(Value::Int(0)));
            parts.losses.push(Loss { column: measure.name.clone(), kind: LossKind::Beyond, given });
        }
        parts.finish.push(Column::new(measure.name.clone(), finished));
    }
    // A fold without measures still needs one, so that it has rows where there are no keys.
    parts.fold.push(Column::new("rows", Expr::call("count", vec![])));
    parts.merge.push(Column::new("rows", Expr::call("sum", vec![Expr::column("rows")])));
    let renamed: Vec<Column> =
        aggregate.keys.iter().zip(&keys).map(|(key, name)| Column::new(name.clone(), key.expr.clone())).collect();
    let same: Vec<Column> = keys.iter().map(|name| Column::same(name)).collect();
    let fold = stage(Op::Aggregate(Aggregate { keys: renamed.clone(), measures: parts.fold }), input)?;
    let merge = stage(Op::Aggregate(Aggregate { keys: same.clone(), measures: parts.merge }), &fold.output)?;
    let mut finish_input = merge.output.clone();
    let mut distinct = Vec::new();
    for (name, value, filter) in parts.distinct {
        let value = match filter {
            Some(filter) => {
                Expr::made(ExprKind::Case { operand: None, branches: vec![(filter, value)], otherwise: None })
            }
            None => value,
        };
        let mut pair = renamed.clone();
        pair.push(Column::new("value", value));
        let pairs = stage(Op::Aggregate(Aggregate { keys: pair, measures: vec![] }), input)?;
        let again: Vec<Column> = pairs.output.names().map(Column::same).collect();
        let merged = stage(Op::Aggregate(Aggregate { keys: again, measures: vec![] }), &pairs.output)?;
        let count = Column::new(name.clone(), Expr::call("count", vec![Expr::column("value")]));
        let count = stage(Op::Aggregate(Aggregate { keys: same.clone(), measures: vec![count] }), &pairs.output)?;
        let sum = Column::new(name.clone(), Expr::call("sum", vec![Expr::column(name)]));
        let sum = stage(Op::Aggregate(Aggregate { keys: same.clone(), measures: vec![sum] }), &count.output)?;
        finish_input.fields.extend(sum.output.fields.iter().skip(keys.len()).cloned());
        distinct.push(Distinct { pairs, again: merged, count, sum });
    }
    let finish = Project { losses: parts.losses, ..Project::new(parts.finish) };
    let finish = stage(Op::Project(finish), &finish_input)?;
    Ok(Decomposed { fold, merge, distinct, finish, keys })
}

fn stage(op: Op, input: &Schema) -> Result<Stage, Diagnostic> {
    let output = output_schema(&op, &[input], &BTreeMap::new())?;
    Ok(Stage { op, input: input.clone(), output })
}

/// How many values a sum or mean is made of, in its folds.
fn count_of(measure: usize) -> Expr {
    Expr::column(format!("fold {measure} count"))
}

fn whole() -> Diagnostic {
    Diagnostic::hint("PW0950", "this aggregate is computed over all rows at once")
}

impl Parts {
    /// A fold column and its merge; gives the name.
    fn add(&mut self, name: String, fold: Call, merge: &str) -> Expr {
        self.fold.push(Column::new(name.clone(), Expr::made(ExprKind::Call(fold))));
        self.merge.push(Column::new(name.clone(), Expr::call(merge, vec![Expr::column(name.clone())])));
        Expr::column(name)
    }

    /// What one measure needs; gives its finished form.
    fn measure(&mut self, index: usize, call: &Call, input: &Schema) -> Result<Expr, Diagnostic> {
        if call.over.is_some() || call.distinct || !call.order.is_empty() {
            return Err(whole());
        }
        let name = |part: &str| format!("fold {index}{part}");
        let with = |function: &str| Call { function: function.to_owned(), ..call.clone() };
        let present = Call { function: "count".to_owned(), ..call.clone() };
        Ok(match call.function.as_str() {
            "count" | "count_if" => {
                let count = self.add(name(""), call.clone(), "sum");
                Expr::call("coalesce", vec![count, Expr::literal(Value::Int(0))])
            }
            "min" | "max" | "every" | "some" => self.add(name(""), call.clone(), &call.function),
            "sum" | "avg" => {
                let [argument] = &call.args[..] else { return Err(whole()) };
                let data_type = type_of(argument, input)?;
                if data_type == DataType::Int {
                    return Ok(self.exact(index, call));
                }
                if data_type != DataType::Float {
                    return Err(whole());
                }
                let sum = self.add(name(" sum"), with("sum"), "sum");
                let count = self.add(name(" count"), present, "sum");
                // A chunk whose values cannot be summed leaves the whole without a sum.
                let lost = self.lost(index);
                let result = match call.function.as_str() {
                    "avg" => Expr::binary(BinaryOp::Divide, sum, count),
                    _ => sum,
                };
                let is_whole = Expr::binary(BinaryOp::Equal, lost, Expr::literal(Value::Int(0)));
                Expr::made(ExprKind::Case { operand: None, branches: vec![(is_whole, result)], otherwise: None })
            }
            "share_if" => {
                let found = self.add(name(" found"), with("count_if"), "sum");
                let all = Call { function: "count".to_owned(), args: vec![], ..call.clone() };
                let all = self.add(name(" all"), all, "sum");
                Expr::binary(BinaryOp::Divide, found, all)
            }
            "count_distinct" => {
                let [argument] = &call.args[..] else { return Err(whole()) };
                if matches!(type_of(argument, input)?, DataType::List(_) | DataType::Record(_)) {
                    return Err(whole());
                }
                let filter = call.filter.as_deref().cloned();
                self.distinct.push((name(""), argument.clone(), filter));
                Expr::call("coalesce", vec![Expr::column(name("")), Expr::literal(Value::Int(0))])
            }
            _ => return Err(whole()),
        })
    }

    /// A sum or mean of integers, in two parts that hold all bits; the merges carry from the low part to the high one.
    fn exact(&mut self, index: usize, call: &Call) -> Expr {
        let with = |function: &str| Expr::made(ExprKind::Call(Call { function: function.to_owned(), ..call.clone() }));
        let size = || Expr::literal(Value::Int(expr::SUM_PART));
        let column = |part: &str| Expr::column(format!("fold {index} {part}"));
        let merged = |part: &str| Expr::call("sum", vec![column(part)]);
        let carried = Expr::binary(BinaryOp::IntegerDivide, merged("low"), size());
        let high = Expr::binary(BinaryOp::Add, merged("high"), carried);
        let low = Expr::binary(BinaryOp::Modulo, merged("low"), size());
        for (part, fold, merge) in
            [("high", with("sum high"), high), ("low", with("sum low"), low), ("count", with("count"), merged("count"))]
        {
            let name = format!("fold {index} {part}");
            self.fold.push(Column::new(name.clone(), fold));
            self.merge.push(Column::new(name, merge));
        }
        let has_values = Expr::binary(BinaryOp::Greater, count_of(index), Expr::literal(Value::Int(0)));
        let result = match call.function.as_str() {
            "sum" => {
                let high = Expr::binary(BinaryOp::Multiply, column("high"), size());
                Expr::binary(BinaryOp::Add, high, column("low"))
            }
            _ => {
                // Both parts are exact as floats; their sum is rounded once.
                let float = |part: &str| Expr::try_cast(column(part), DataType::Float);
                let size = Expr::literal(Value::Float(expr::SUM_PART as f64));
                let sum =
                    Expr::binary(BinaryOp::Add, Expr::binary(BinaryOp::Multiply, float("high"), size), float("low"));
                Expr::binary(BinaryOp::Divide, sum, count_of(index))
            }
        };
        Expr::made(ExprKind::Case { operand: None, branches: vec![(has_values, result)], otherwise: None })
    }

    /// Counts folds whose sum is null though there were values: they overflowed.
    fn lost(&mut self, index: usize) -> Expr {
        let sum = || Expr::column(format!("fold {index} sum"));
        let has_values = Expr::binary(BinaryOp::Greater, count_of(index), Expr::literal(Value::Int(0)));
        let is_lost = Expr::binary(BinaryOp::And, Expr::is_null(sum(), false), has_values);
        let name = format!("fold {index} lost");
        // Per chunk nothing is known to be lost yet; the merges count, and keep what was counted before.
        let none = Expr::literal(Value::Boolean(false));
        self.fold.push(Column::new(name.clone(), Expr::call("count_if", vec![none])));
        let before = Expr::column(name.clone());
        let one = Expr::made(ExprKind::Case {
            operand: None,
            branches: vec![(is_lost, Expr::literal(Value::Int(1)))],
            otherwise: Some(Box::new(before)),
        });
        self.merge.push(Column::new(name.clone(), Expr::call("sum", vec![one])));
        Expr::column(name)
    }
}

fn type_of(expr: &Expr, input: &Schema) -> Result<DataType, Diagnostic> {
    let project = Op::Project(Project::new(vec![Column::new("value", expr.clone())]));
    let schema = output_schema(&project, &[input], &BTreeMap::new())?;
    schema.fields.into_iter().next().map(|field| field.data_type).ok_or_else(whole)
}
