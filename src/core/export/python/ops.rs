//! Operations → frames of Polars: one statement a node, which gives a variable of the step's name its rows.

use std::collections::{BTreeMap, BTreeSet};

use super::calls::{self, Hidden, by_and_descending, take_calls, ties, total_keys};
use super::literals::{Python, bare, column_text, dtype, literal, plain, refuse};
use super::printer::Printer;
use crate::data::{DataType, Field, Schema, Value};
use crate::diagnostic::Diagnostic;
use crate::export::handover::staged_file;
use crate::export::sql::dialect::holds_nul;
use crate::export::staging::is_taken_often;
use crate::expr::{Expr, ExprKind};
use crate::ir::{
    Aggregate, AsofDirection, AsofJoin, Check, Column, Distinct, Explode, Join, JoinKind, Keep, Limit, NodeId, OnFail,
    Op, Plan, Project, Rows, Sort, Unpivot, Window,
};
use crate::quote::{python_text, visible};

/// Words that no variable may be: those of Python, names of its own functions, and names that the script has.
const TAKEN: &str = "abs aiter all and anext any as ascii assert async await bin bisect bool break breakpoint bytearray bytes \
    calendar callable case chr class classmethod compile complex continue copyright counts credits datetime decimal def del \
    delattr dict dir divmod elif else enumerate eval except exec exit filter finally float for format from frozenset \
    functools getattr global globals hasattr hash hashlib ipaddress help hex id if import in input int is isinstance \
    issubclass iter itertools json lambda len license list locals map match math max memoryview min next nonlocal \
    not object oct open or ord os parameter pass pl pow print property quit raise range re repr results return \
    reversed round set setattr slice sorted staticmethod str struct sum super sys try tuple type urllib vars while \
    with yield zip zoneinfo";

/// Prints the nodes of a plan.
pub struct Frames<'a> {
    plan: &'a Plan,
    parameters: BTreeMap<String, DataType>,
    names: Vec<String>,
    /// Begins the names of columns that are there for a while: no column of the plan begins so.
    mark: String,
}

/// A variable's name for a title: small letters of ASCII, digits and `_`.
fn variable(title: &str) -> String {
    let mut name = String::new();
    for c in title.chars() {
        match c.to_ascii_lowercase() {
            c if c.is_ascii_alphanumeric() => name.push(c),
            _ if !name.is_empty() && !name.ends_with('_') => name.push('_'),
            _ => {}
        }
    }
    let name: String = name.trim_end_matches('_').chars().take(40).collect();
    let name = name.trim_end_matches('_');
    match name.chars().next() {
        None => "step".to_owned(),
        Some('0'..='9') => format!("step_{name}"),
        Some(_) if name.starts_with("pw") || TAKEN.split(' ').any(|word| word == name) => {
            format!("{name}_rows").replacen("pw", "step_pw", 1)
        }
        Some(_) => name.to_owned(),
    }
}

impl<'a> Frames<'a> {
    pub fn new(plan: &'a Plan) -> Self {
        let mut known = BTreeSet::new();
        let names = plan.iter().map(|(_, node)| {
            let stem = variable(&node.origin.title);
            let more = (2..).map(|number| format!("{stem}_{number}"));
            let name = std::iter::once(stem.clone()).chain(more).find(|name| !known.contains(name)).unwrap_or_default();
            known.insert(name.clone());
            name
        });
        let mut mark = "#".to_owned();
        let columns: BTreeSet<&str> = plan.nodes.iter().flat_map(|node| node.schema.names()).collect();
        while columns.iter().any(|name| name.starts_with(&mark)) {
            mark.push('#');
        }
        Self { plan, parameters: plan.parameter_types(), names: names.collect(), mark }
    }

    /// The variable that holds a node's rows.
    pub fn name(&self, id: NodeId) -> &str {
        self.names.get(id.0 as usize).map(String::as_str).unwrap_or_default()
    }

    fn schema(&self, id: NodeId) -> &Schema {
        &self.plan.node(id).schema
    }

    pub fn printer(&self, id: NodeId) -> Printer<'_> {
        Printer { schema: self.schema(id), parameters: &self.parameters }
    }

    /// A name for a while, as Python's text.
    fn hidden(&self, part: &str) -> String {
        python_text(&format!("{}{part}", self.mark))
    }

    /// The statement that gives a node's variable its rows.
    pub fn statement(&self, id: NodeId) -> Python {
        let frame = self.frame(id)?;
        // What several steps read is computed once; a file is read again, of which each takes the part that it needs.
        let is_kept = is_taken_often(self.plan, id) && !matches!(self.plan.node(id).op, Op::Read(_));
        let end = if is_kept { ".cache()" } else { "" };
        if let Op::AsofJoin(join) = &self.plan.node(id).op {
            let (near, rights) = near_names(id);
            let columns = self.near_columns(id, join);
            return Ok(format!("{near}, {rights} = {frame}\n{} = {columns}{end}\n", self.name(id)));
        }
        Ok(format!("{} = {frame}{end}\n", self.name(id)))
    }

    fn frame(&self, id: NodeId) -> Python {
        let node = self.plan.node(id);
        if holds_nul(&node.schema) {
            return Err(refuse("a column whose name holds a NUL"));
        }
        if node.schema.is_empty() {
            return Err(refuse("rows without columns"));
        }
        let first =
            || node.inputs.first().copied().ok_or_else(|| refuse(format_args!("a {} without input", node.op.name())));
        let input = || first().map(|input| self.name(input));
        match &node.op {
            Op::Read(_) => Ok(self.staged(id)),
            Op::Rows(rows) => inline_rows(rows),
            Op::Parse(parse) => {
                Err(refuse(format_args!("the parsing of a column by the format `{}`", parse.format.name)))
            }
            Op::Filter { predicate } => {
                let predicate = self.printer(first()?).print_as(predicate, &DataType::Boolean)?;
                Ok(format!("{}.filter({})", input()?, bare(&predicate)))
            }
            Op::Project(project) => self.project(first()?, project, &node.schema),
            Op::Check(check) => self.check(first()?, check, &node.origin.title),
            Op::Aggregate(aggregate) => self.aggregate(first()?, aggregate, &node.schema),
            Op::Window(window) => self.window(first()?, window, &node.schema),
            Op::Join(join) => self.join(id, join),
            Op::AsofJoin(join) => self.near(id, join),
            Op::Union => self.union(id),
            Op::Sort(Sort { keys }) => {
                let keys = total_keys(&self.printer(first()?), keys)?;
                Ok(format!("{}{}", input()?, sorted(&keys)))
            }
            Op::Limit(limit) => self.limit(first()?, limit),
            Op::Distinct(distinct) => self.distinct(first()?, distinct),
            Op::Explode(explode) => self.explode(first()?, explode, &node.schema),
            Op::Unpivot(unpivot) => self.unpivot(first()?, unpivot),
            Op::Write(write) if write.destination.connection().is_some() => {
                let place = write.destination.shown_place().unwrap_or_default();
                Err(refuse(format_args!("the load into {place}")))
            }
            Op::Write(_) => Ok(input()?.to_owned()),
        }
    }

    fn staged(&self, id: NodeId) -> String {
        let schema = self.schema(id);
        let path = python_text(&format!("stage/{}", staged_file(id)));
        let spans = schema.fields.iter().filter(|field| field.data_type == DataType::Duration);
        let spans: Vec<String> =
            spans.map(|field| format!("{}: {}", python_text(&field.name), dtype(&field.data_type))).collect();
        let spans = if spans.is_empty() { String::new() } else { format!(".cast({{{}}})", spans.join(", ")) };
        format!("pl.scan_parquet({path}, glob=False){spans}")
    }

    /// Expressions with the names of their columns, a line each.
    fn named(&self, printer: &Printer, columns: &[Column], fields: &[Field]) -> Result<Vec<String>, Diagnostic> {
        let one = |(column, field): (&Column, &Field)| {
            let python = printer.print_as(&column.expr, &field.data_type)?;
            Ok(match &column.expr.kind {
                ExprKind::Column(name)
                    if *name == column.name && python.starts_with("pl.col(") && python.ends_with("\")") =>
                {
                    python
                }
                _ => format!("{python}.alias({})", python_text(&column.name)),
            })
        };
        columns.iter().zip(fields).map(one).collect()
    }

    fn project(&self, input: NodeId, project: &Project, output: &Schema) -> Python {
        let columns = self.named(&self.printer(input), &project.columns, &output.fields)?;
        let is_constant = project.columns.iter().all(|column| column.expr.columns().is_empty());
        Ok(match is_constant {
            // As many rows as there were.
            true => format!("{}.with_columns({}).select({})", self.name(input), lines(&columns), names(output)),
            false => format!("{}.select({})", self.name(input), lines(&columns)),
        })
    }

    fn check(&self, input: NodeId, check: &Check, title: &str) -> Python {
        let (name, printer) = (self.name(input), self.printer(input));
        Ok(match &check.on_fail {
            OnFail::Flag(column) => {
                let failed = format!("(~{})", printer.holds(&check.predicate)?);
                format!("{name}.with_columns({failed}.alias({}))", python_text(column))
            }
            OnFail::Reject => {
                let passes = printer.print_as(&check.predicate, &DataType::Boolean)?;
                format!("{name}.filter({})", bare(&passes))
            }
            OnFail::Stop => {
                let passes = printer.print_as(&check.predicate, &DataType::Boolean)?;
                let fault = format!("step “{title}”: a check that stops the run failed: {}", check.reason);
                format!("pw_checked({name}, {}, {})", bare(&passes), python_text(&visible(&fault)))
            }
        })
    }

    /// The rows that a check rejects.
    pub fn rejected(&self, input: NodeId, check: &Check) -> Python {
        let failed = format!("~{}", self.printer(input).holds(&check.predicate)?);
        Ok(format!("{}.filter({failed})", self.name(input)))
    }

    fn aggregate(&self, input: NodeId, aggregate: &Aggregate, output: &Schema) -> Python {
        let printer = self.printer(input);
        let mut hidden = Hidden::new(&self.mark);
        let keys = self.named(&printer, &aggregate.keys, &output.fields)?;
        let fields = &output.fields[aggregate.keys.len().min(output.fields.len())..];
        let (mut folded, mut around) = (Vec::new(), Vec::new());
        let mut results = Schema::default();
        for (measure, field) in aggregate.measures.iter().zip(fields) {
            let is_call = matches!(&measure.expr.kind, ExprKind::Call(call) if calls::is_aggregate(call));
            let expr = take_calls(measure.expr.clone(), false, &mut |call| {
                let python = calls::aggregate(&printer, call, &mut hidden)?;
                let name = if is_call { field.name.clone() } else { format!("{}result{}", self.mark, results.len()) };
                folded.push(format!("{python}.alias({})", python_text(&name)));
                let data_type = printer.type_of(&Expr::made(ExprKind::Call(call.clone())));
                results.fields.push(Field::new(&name, data_type));
                Ok(Expr::column(name))
            })?;
            around.push(Column::new(field.name.clone(), expr));
        }
        let name = self.name(input);
        let from = match hidden.columns.is_empty() {
            true => name.to_owned(),
            false => format!("{name}.with_columns({})", lines(&hidden.columns)),
        };
        let groups = match (keys.is_empty(), folded.is_empty()) {
            (true, _) => format!("{from}.select({})", lines(&folded)),
            (false, true) => return Ok(format!("{from}.select({}).unique()", lines(&keys))),
            (false, false) => format!("{from}.group_by({}).agg({})", keys.join(", "), lines(&folded)),
        };
        // What stands around the aggregates is computed of their results.
        if around.iter().all(|column| matches!(&column.expr.kind, ExprKind::Column(name) if *name == column.name)) {
            return Ok(groups);
        }
        let over = Printer { schema: &results, parameters: &self.parameters };
        let mut columns: Vec<String> =
            output.names().take(keys.len()).map(|name| format!("pl.col({})", column_text(name))).collect();
        columns.extend(self.named(&over, &around, fields)?);
        Ok(format!("{groups}.select({})", lines(&columns)))
    }

    fn window(&self, input: NodeId, window: &Window, output: &Schema) -> Python {
        let printer = self.printer(input);
        let mut known = printer.schema.clone();
        let (mut made, mut around) = (Vec::new(), Vec::new());
        for column in &window.columns {
            let field =
                output.get(&column.name).cloned().unwrap_or_else(|| Field::new(&column.name, DataType::Unknown));
            // A column that is replaced may be needed by the next one.
            let is_call = matches!(column.expr.kind, ExprKind::Call(_)) && !printer.schema.has(&column.name);
            let expr = take_calls(column.expr.clone(), true, &mut |call| {
                let name = if is_call { column.name.clone() } else { format!("{}result{}", self.mark, made.len()) };
                let data_type = printer.type_of(&Expr::made(ExprKind::Call(call.clone())));
                made.push(calls::window(&printer, call, &python_text(&name), &data_type)?);
                known.fields.push(Field::new(&name, data_type));
                Ok(Expr::column(name))
            })?;
            if !matches!(&expr.kind, ExprKind::Column(name) if *name == column.name) {
                around.push((Column::new(column.name.clone(), expr), field));
            }
        }
        let ties: Vec<String> = ties(&printer)?.iter().map(|tie| bare(tie).to_owned()).collect();
        let mut python = format!("pw_windows({}, [{}], [{}])", self.name(input), ties.join(", "), lines(&made));
        if !around.is_empty() {
            let over = Printer { schema: &known, parameters: &self.parameters };
            let (columns, fields): (Vec<Column>, Vec<Field>) = around.into_iter().unzip();
            let columns = self.named(&over, &columns, &fields)?;
            python = format!("{python}.with_columns({}).select({})", lines(&columns), names(output));
        }
        Ok(python)
    }

    /// The keys of both sides of a join, in one type.
    fn join_keys(&self, left: NodeId, right: NodeId, join: &Join) -> Result<Vec<(String, String)>, Diagnostic> {
        let (a, b) = (self.printer(left), self.printer(right));
        join.on.iter().map(|(own, other)| key_pair((&a, own), (&b, other))).collect()
    }

    fn inputs(&self, id: NodeId) -> Result<(NodeId, NodeId), Diagnostic> {
        match self.plan.node(id).inputs[..] {
            [left, right] => Ok((left, right)),
            _ => Err(refuse("a join without two inputs")),
        }
    }

    fn join(&self, id: NodeId, join: &Join) -> Python {
        let (left, right) = self.inputs(id)?;
        let mut keys = self.join_keys(left, right, join)?;
        let how = match join.kind {
            JoinKind::Inner => "inner",
            JoinKind::Left => "left",
            JoinKind::Right => "right",
            JoinKind::Full => "full",
            JoinKind::Semi => "semi",
            JoinKind::Anti => "anti",
            JoinKind::Cross => "cross",
        };
        let renamed = |(name, output): &(String, String)| match name == output {
            true => format!("pl.col({})", column_text(name)),
            false => format!("pl.col({}).alias({})", column_text(name), python_text(output)),
        };
        let mut columns: Vec<String> = join.right.iter().map(renamed).collect();
        let (left, right) = (self.name(left), self.name(right));
        if join.kind == JoinKind::Cross {
            columns.push(format!("pl.lit(True).alias({})", self.hidden("pair")));
            let columns = lines(&columns);
            return Ok(format!(
                "{left}.join({right}.with_columns({columns}).select({}), how=\"cross\").select({})",
                names_of(join.right.iter().map(|(_, output)| output.as_str()).chain([&*format!("{}pair", self.mark)])),
                names(&self.plan.node(id).schema)
            ));
        }
        if keys.is_empty() {
            keys.push(("pl.lit(True)".to_owned(), "pl.lit(True)".to_owned()));
        }
        let (mut lefts, mut left_on, mut right_on) = (Vec::new(), Vec::new(), Vec::new());
        for (number, (a, b)) in keys.iter().enumerate() {
            let (own, other) = (self.hidden(&format!("left{number}")), self.hidden(&format!("right{number}")));
            lefts.push(format!("{a}.alias({own})"));
            columns.push(format!("{b}.alias({other})"));
            left_on.push(own);
            right_on.push(other);
        }
        let more = if matches!(join.kind, JoinKind::Semi | JoinKind::Anti) { "" } else { ", coalesce=False" };
        // Nothing in it is a line end of the design's own.
        let columns = lines(&columns).replace('\n', "\n    ");
        Ok(format!(
            "{left}.with_columns({}).join(\n    {right}.select({columns}),\n    left_on=[{}], right_on=[{}], how=\"{how}\"{more},\n).select({})",
            lines(&lefts),
            left_on.join(", "),
            right_on.join(", "),
            names(&self.plan.node(id).schema)
        ))
    }

    /// The keys of a join to the nearest rows, and the times.
    fn near_keys(&self, id: NodeId, join: &AsofJoin) -> Result<Vec<(String, String)>, Diagnostic> {
        let (left, right) = self.inputs(id)?;
        let (a, b) = (self.printer(left), self.printer(right));
        let columns = join.by.iter().map(|(own, other)| key_pair((&a, &Expr::column(own)), (&b, &Expr::column(other))));
        let times = key_pair((&a, &Expr::column(&join.left_time)), (&b, &Expr::column(&join.right_time)));
        std::iter::once(times).chain(columns).collect()
    }

    fn near(&self, id: NodeId, join: &AsofJoin) -> Python {
        let (left, right) = self.inputs(id)?;
        let mut keys = self.near_keys(id, join)?.into_iter().map(|(a, b)| format!("({}, {})", bare(&a), bare(&b)));
        let times = keys.next().unwrap_or_default();
        let direction = match join.direction {
            AsofDirection::Backward => "backward",
            AsofDirection::Forward => "forward",
            AsofDirection::Nearest => "nearest",
        };
        let tolerance = join.tolerance.map_or("None".to_owned(), |micros| micros.to_string());
        let ties: Vec<String> = ties(&self.printer(right))?.iter().map(|tie| bare(tie).to_owned()).collect();
        Ok(format!(
            "pw_nearest(\n    {}, {}, {times}, [{}],\n    \"{direction}\", {tolerance}, [{}],\n)",
            self.name(left),
            self.name(right),
            keys.collect::<Vec<_>>().join(", "),
            ties.join(", ")
        ))
    }

    /// The columns of a join to the nearest rows.
    fn near_columns(&self, id: NodeId, join: &AsofJoin) -> String {
        let (near, rights) = near_names(id);
        let taken =
            join.right.iter().map(|(name, output)| (name, python_text(&format!("{}right {output}", self.mark))));
        let columns: Vec<String> =
            taken.map(|(name, hidden)| format!("pl.col({}).alias({hidden})", column_text(name))).collect();
        let shown = join.right.iter().map(|(_, output)| {
            format!("pl.col({}).alias({})", python_text(&format!("{}right {output}", self.mark)), python_text(output))
        });
        let left = self.plan.node(id).inputs.first().map(|left| self.schema(*left));
        let mut output: Vec<String> =
            left.into_iter().flat_map(Schema::names).map(|name| format!("pl.col({})", column_text(name))).collect();
        output.extend(shown);
        let mut from_right = vec!["pl.col(\"\\0right\")".to_owned()];
        from_right.extend(columns);
        format!(
            "{near}.join({rights}.select({}), on=\"\\0right\", how=\"left\").select({})",
            lines(&from_right),
            lines(&output)
        )
    }

    /// What counts how rows of a join's sides find partners; `None`: the node joins nothing.
    pub fn counted_matches(&self, id: NodeId) -> Result<Option<String>, Diagnostic> {
        let keyed = |side: NodeId, keys: Vec<&String>| {
            let columns = keys.iter().enumerate().map(|(number, key)| format!("{key}.alias(\"key{number}\")"));
            format!("{}.select({})", self.name(side), columns.collect::<Vec<_>>().join(", "))
        };
        Ok(match &self.plan.node(id).op {
            Op::Join(join) => {
                let (left, right) = self.inputs(id)?;
                let mut keys = self.join_keys(left, right, join)?;
                if keys.is_empty() {
                    let (a, b) = (self.schema(left).names().next(), self.schema(right).names().next());
                    let held = |name: Option<&str>| {
                        format!("pl.col({}).is_null().is_not_null()", column_text(name.unwrap_or_default()))
                    };
                    keys.push((held(a), held(b)));
                }
                let names: Vec<String> = (0..keys.len()).map(|number| format!("\"key{number}\"")).collect();
                let (a, b) = (keys.iter().map(|key| &key.0).collect(), keys.iter().map(|key| &key.1).collect());
                Some(format!("pw_matches({}, {}, [{}])", keyed(left, a), keyed(right, b), names.join(", ")))
            }
            Op::AsofJoin(join) => {
                let (left, right) = self.inputs(id)?;
                let (near, _) = near_names(id);
                let keys = self.near_keys(id, join)?;
                let list = |keys: Vec<&String>| keys.iter().map(|key| bare(key)).collect::<Vec<_>>().join(", ");
                Some(format!(
                    "pw_near_matches({near}, {}, {}, [{}], [{}])",
                    self.name(left),
                    self.name(right),
                    list(keys.iter().map(|key| &key.0).collect()),
                    list(keys.iter().map(|key| &key.1).collect())
                ))
            }
            _ => None,
        })
    }

    fn union(&self, id: NodeId) -> Python {
        let node = self.plan.node(id);
        let one = |input: &NodeId| {
            let schema = self.schema(*input);
            let column = |field: &Field| {
                let name = column_text(&field.name);
                Ok(match schema.get(&field.name) {
                    Some(known) if known.data_type == field.data_type => format!("pl.col({name})"),
                    Some(known) if !known.data_type.is_unknown() => {
                        format!("pl.col({name}).cast({})", dtype(&field.data_type))
                    }
                    _ => format!("{}.alias({})", literal(&Value::Null, &field.data_type)?, python_text(&field.name)),
                })
            };
            let columns = node.schema.fields.iter().map(column).collect::<Result<Vec<_>, Diagnostic>>()?;
            // As many rows as there were, also where no column is known.
            Ok(format!("{}.with_columns({}).select({})", self.name(*input), lines(&columns), names(&node.schema)))
        };
        let inputs = node.inputs.iter().map(one).collect::<Result<Vec<_>, Diagnostic>>()?;
        Ok(format!("pl.concat([{}])", lines(&inputs)))
    }

    fn limit(&self, input: NodeId, limit: &Limit) -> Python {
        let order = match limit.keys.is_empty() {
            true => String::new(),
            false => sorted(&total_keys(&self.printer(input), &limit.keys)?),
        };
        // Polars counts rows in 32 bits.
        let counted = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        Ok(format!("{}{order}.slice({}, {})", self.name(input), counted(limit.offset), counted(limit.count)))
    }

    fn distinct(&self, input: NodeId, distinct: &Distinct) -> Python {
        let schema = self.schema(input);
        let keys: Vec<&str> = match distinct.keys.is_empty() {
            true => schema.names().collect(),
            false => distinct.keys.iter().map(String::as_str).collect(),
        };
        let keep = match distinct.keep {
            Keep::First => "first",
            Keep::Last => "last",
        };
        let order = sorted(&total_keys(&self.printer(input), &distinct.order)?);
        let keys = names_of(keys.into_iter());
        Ok(format!("{}{order}.unique([{keys}], keep=\"{keep}\", maintain_order=True)", self.name(input)))
    }

    fn explode(&self, input: NodeId, explode: &Explode, output: &Schema) -> Python {
        let (name, list) = (self.name(input), format!("pl.col({})", column_text(&explode.column)));
        let is_list =
            self.schema(input).get(&explode.column).is_some_and(|field| matches!(field.data_type, DataType::List(_)));
        if !is_list {
            return Err(refuse(format_args!("taking apart `{}`, which is no list", explode.column)));
        }
        let mut python = name.to_owned();
        if !explode.keep_empty {
            python.push_str(&format!(".filter({list}.list.len() > 0)"));
        }
        let mut taken = vec![explode.column.as_str()];
        if let Some(position) = &explode.position {
            python.push_str(&format!(
                ".with_columns(pl.when({list}.is_not_null()).then(pl.int_ranges(1, {list}.list.len() + 1, dtype=pl.Int64)).alias({}))",
                python_text(position)
            ));
            taken.push(position);
        }
        let taken = names_of(taken.into_iter());
        Ok(format!("{python}.explode([{taken}], empty_as_null=True, keep_nulls=True).select({})", names(output)))
    }

    fn unpivot(&self, input: NodeId, unpivot: &Unpivot) -> Python {
        let printer = self.printer(input);
        let one = |name: &String| {
            let value = Expr::try_cast(Expr::column(name), unpivot.data_type.clone());
            let value = printer.print_as(&value, &unpivot.data_type)?;
            let mut columns: Vec<String> =
                unpivot.keep.iter().map(|name| format!("pl.col({})", column_text(name))).collect();
            columns.push(format!("pl.lit({}).alias({})", python_text(name), python_text(&unpivot.name)));
            columns.push(format!("{value}.alias({})", python_text(&unpivot.value)));
            Ok(format!("{}.select({})", self.name(input), columns.join(", ")))
        };
        let parts = unpivot.columns.iter().map(one).collect::<Result<Vec<_>, Diagnostic>>()?;
        Ok(format!("pl.concat([{}])", lines(&parts)))
    }
}

/// The variables of a join to the nearest rows: its rows with places of right rows, and the right rows that count.
fn near_names(id: NodeId) -> (String, String) {
    (format!("pw_near_{}", id.0), format!("pw_rights_{}", id.0))
}

/// Two keys in one type. An Int that is no Float equals none.
fn key_pair((a, own): (&Printer, &Expr), (b, other): (&Printer, &Expr)) -> Result<(String, String), Diagnostic> {
    let (left, right) = (a.print(own)?, b.print(other)?);
    let types = (a.type_of(own), b.type_of(other));
    let exact = |python: &str| format!("pw_exact_float({})", bare(python));
    Ok(match types {
        (DataType::Int, DataType::Float) => (exact(&left), right),
        (DataType::Float, DataType::Int) => (left, exact(&right)),
        (DataType::List(_) | DataType::Record(_), _) => (format!("pw_key({left})"), format!("pw_key({right})")),
        (a, b) if a == b => (left, right),
        (DataType::Date | DataType::Timestamp, DataType::Date | DataType::Timestamp) => {
            let time = dtype(&DataType::Timestamp);
            (format!("{left}.cast({time})"), format!("{right}.cast({time})"))
        }
        (DataType::Unknown, other) => (literal(&Value::Null, &other)?, right),
        (other, DataType::Unknown) => (left, literal(&Value::Null, &other)?),
        (a, b) => return Err(refuse(format_args!("a join of {a} to {b}"))),
    })
}

/// `.sort(…)`
fn sorted(keys: &calls::Keys) -> String {
    let (by, descending) = by_and_descending(keys);
    let descending = if descending == "False" { String::new() } else { format!(", descending={descending}") };
    format!(".sort({by}{descending}, nulls_last=True)")
}

/// Arguments, each on a line of its own where there are several.
fn lines(parts: &[String]) -> String {
    match parts {
        [one] => bare(one).to_owned(),
        [] => String::new(),
        parts => format!("\n{}", parts.iter().map(|part| format!("    {},\n", bare(part))).collect::<String>()),
    }
}

fn names(schema: &Schema) -> String {
    names_of(schema.names())
}

fn names_of<'n>(names: impl Iterator<Item = &'n str>) -> String {
    names.map(column_text).collect::<Vec<_>>().join(", ")
}

/// A value as a table holds it: a Float beside an Int is one too.
fn cell(value: &Value, data_type: &DataType) -> Python {
    match (value, data_type) {
        (Value::Int(int), DataType::Float) => plain(&Value::Float(*int as f64)),
        (value, _) => plain(value),
    }
}

fn inline_rows(rows: &Rows) -> Python {
    let (mut columns, mut types) = (Vec::new(), Vec::new());
    for (index, field) in rows.schema.fields.iter().enumerate() {
        let cells = rows.rows.iter().map(|row| cell(row.get(index).unwrap_or(&Value::Null), &field.data_type));
        let cells = cells.collect::<Result<Vec<_>, _>>()?;
        columns.push(format!("{}: [{}]", python_text(&field.name), cells.join(", ")));
        types.push(format!("{}: {}", python_text(&field.name), dtype(&field.data_type)));
    }
    Ok(format!("pl.LazyFrame(\n    {{{}}},\n    schema={{{}}},\n)", columns.join(", "), types.join(", ")))
}
