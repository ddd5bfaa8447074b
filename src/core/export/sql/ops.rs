//! Operations → SELECTs over the views of their inputs.

use std::collections::BTreeMap;

use super::dialect::{Dialect, Exploded, NearestSide, PartnerSide, Sql, cast, column_list, typed_literal};
use super::expr::Printer;
use crate::data::{DataType, Field, Schema, Value};
use crate::diagnostic::Diagnostic;
use crate::expr::ExprKind;
use crate::ir::{
    Aggregate, AsofDirection, AsofJoin, Check, Distinct, Explode, Join, JoinKind, Keep, Limit, NodeId, OnFail, Op,
    Plan, Rows, Unpivot, Window,
};

/// One input as a SELECT sees it.
struct Input<'a> {
    dialect: &'a dyn Dialect,
    view: String,
    schema: &'a Schema,
    parameters: &'a BTreeMap<String, DataType>,
}

impl Input<'_> {
    fn printer<'a>(&'a self, table: &'a str) -> Printer<'a> {
        Printer { dialect: self.dialect, schema: self.schema, parameters: self.parameters, table }
    }

    fn name(&self, name: &str) -> String {
        self.dialect.identifier(name)
    }
}

/// Prints the nodes of a plan.
pub struct Selects<'a> {
    dialect: &'a dyn Dialect,
    plan: &'a Plan,
    parameters: BTreeMap<String, DataType>,
    /// Of each node, as it stands in SQL.
    pub views: Vec<String>,
}

impl<'a> Selects<'a> {
    pub fn new(dialect: &'a dyn Dialect, plan: &'a Plan) -> Self {
        Self { dialect, plan, parameters: plan.parameter_types(), views: dialect.views(plan) }
    }

    pub fn view(&self, id: NodeId) -> &str {
        self.views.get(id.0 as usize).map(String::as_str).unwrap_or_default()
    }

    /// Prints expressions over a node's rows.
    pub fn printer(&self, id: NodeId) -> Printer<'_> {
        Printer { dialect: self.dialect, schema: &self.plan.node(id).schema, parameters: &self.parameters, table: "" }
    }

    fn input(&self, id: NodeId) -> Input<'_> {
        Input {
            dialect: self.dialect,
            view: self.view(id).to_owned(),
            schema: &self.plan.node(id).schema,
            parameters: &self.parameters,
        }
    }

    /// The SELECT that gives a node's rows.
    pub fn select(&self, id: NodeId) -> Sql {
        let (dialect, node) = (self.dialect, self.plan.node(id));
        dialect.check_schema(&node.schema)?;
        let inputs: Vec<Input> = node.inputs.iter().map(|input| self.input(*input)).collect();
        let refused = |what: String| dialect.refuse(&what);
        let first = || inputs.first().ok_or_else(|| refused(format!("a {} without input", node.op.name())));
        let second = || inputs.get(1).ok_or_else(|| refused(format!("a {} without second input", node.op.name())));
        match &node.op {
            Op::Read(_) => {
                let columns = column_list(dialect, node.schema.fields.iter(), "");
                Ok(format!("SELECT {columns} FROM {}", dialect.staged(id)))
            }
            Op::Rows(rows) => Ok(inline_rows(dialect, rows)),
            Op::Parse(parse) => Err(refused(format!("the parsing of a column by the format `{}`", parse.format.name))),
            Op::Filter { predicate } => {
                let input = first()?;
                Ok(format!("SELECT * FROM {} WHERE {}", input.view, input.printer("").print(predicate)?))
            }
            Op::Project(project) => {
                let input = first()?;
                let columns = project.columns.iter().zip(&node.schema.fields).map(|(column, field)| {
                    let sql = input.printer("").print(&column.expr)?;
                    // A null literal has no type of its own.
                    let is_null = sql == "NULL";
                    let sql = match &column.expr.kind {
                        _ if is_null => typed_literal(dialect, &Value::Null, &field.data_type),
                        ExprKind::Column(_) => sql,
                        _ => dialect.made(&sql, &field.data_type),
                    };
                    Ok(format!("{sql} AS {}", input.name(&column.name)))
                });
                let columns = columns.collect::<Result<Vec<_>, Diagnostic>>()?;
                if columns.is_empty() {
                    return Err(refused("rows without columns".to_owned()));
                }
                let is_computed = project.columns.iter().any(|column| !matches!(column.expr.kind, ExprKind::Column(_)));
                let end = if is_computed { dialect.computed_once() } else { "" };
                Ok(format!("SELECT {}\nFROM {}{end}", columns.join(",\n  "), input.view))
            }
            Op::Check(check) => checked(first()?, check),
            Op::Aggregate(aggregate) => aggregated(first()?, aggregate, &node.schema),
            Op::Window(window) => windowed(first()?, window),
            Op::Join(join) => joined(first()?, second()?, join, &node.schema),
            Op::AsofJoin(join) => nearest(first()?, second()?, join),
            Op::Union => Ok(union(&inputs, &node.schema)),
            Op::Sort(sort) => {
                let input = first()?;
                Ok(dialect.sorted(&input.view, input.schema, &input.printer("").total_order(&sort.keys)?))
            }
            Op::Limit(limit) => limited(first()?, limit),
            Op::Distinct(distinct) => distinct_rows(first()?, distinct),
            Op::Explode(explode) => exploded(first()?, explode, &node.schema),
            Op::Unpivot(unpivot) => unpivoted(first()?, unpivot),
            Op::Write(write) if write.destination.connection().is_some() => {
                let place = write.destination.shown_place().unwrap_or_default();
                Err(refused(format!("the load into {place}")))
            }
            Op::Write(_) => Ok(format!("SELECT * FROM {}", first()?.view)),
        }
    }

    /// The SELECT that counts how rows of a join's sides find partners: of each side those that do, all, and those with
    /// a null key. `None`: the node joins nothing.
    pub fn counted_matches(&self, id: NodeId) -> Result<Option<String>, Diagnostic> {
        let node = self.plan.node(id);
        let [left_id, right_id] = node.inputs[..] else { return Ok(None) };
        let (left, right) = (self.input(left_id), self.input(right_id));
        let subquery = self.dialect.subquery_name();
        let is_null = |exprs: Vec<String>| match exprs.is_empty() {
            true => "FALSE".to_owned(),
            false => exprs.into_iter().map(|expr| format!("({expr}) IS NULL")).collect::<Vec<_>>().join(" OR "),
        };
        let (found, left_null, right_null) = match &node.op {
            Op::Join(join) => {
                let on = partners(&left, &right, join)?;
                let (left_sql, right_sql) = (left.printer("pw_l."), right.printer("pw_r."));
                let left_keys = join.on.iter().map(|(key, _)| left_sql.print(key)).collect::<Result<_, _>>()?;
                let right_keys = join.on.iter().map(|(_, key)| right_sql.print(key)).collect::<Result<_, _>>()?;
                let (a, b) = (left.view.as_str(), right.view.as_str());
                let counted = |view, table, other_view, other_table| {
                    let side = PartnerSide { view, table, other_view, other_table, on: &on };
                    self.dialect.partnered("count(*)", &side, true)
                };
                let found = format!(
                    "(SELECT ({}) AS left_found,\n    ({}) AS right_found)",
                    counted(a, "pw_l", b, "pw_r")?,
                    counted(b, "pw_r", a, "pw_l")?
                );
                (found, is_null(left_keys), is_null(right_keys))
            }
            Op::AsofJoin(join) => {
                let (from, picked) = candidates(&left, &right, join);
                let names = [&join.right_time].into_iter().chain(join.by.iter().map(|(_, name)| name));
                let columns = names.enumerate().map(|(index, name)| format!("{} AS c{index}", picked(name)));
                let columns: Vec<String> = columns.collect();
                let row: Vec<String> = (0..columns.len()).map(|index| format!("c{index}")).collect();
                let row = self.dialect.row(&row);
                // Each candidate is one by its key and time.
                let found = format!(
                    "(SELECT count(c0) AS left_found,\n    count(DISTINCT {row}) FILTER (WHERE c0 IS NOT NULL) AS right_found\n    \
                     FROM (SELECT {}\n    FROM {from}){subquery})",
                    columns.join(", ")
                );
                let of = |table: &str, time: &str, keys: Vec<&String>| {
                    let names = [time].into_iter().chain(keys.into_iter().map(String::as_str));
                    is_null(names.map(|name| format!("{table}.{}", left.name(name))).collect())
                };
                let left_null = of("pw_l", &join.left_time, join.by.iter().map(|(key, _)| key).collect());
                (found, left_null, of("pw_r", &join.right_time, join.by.iter().map(|(_, key)| key).collect()))
            }
            _ => return Ok(None),
        };
        let side = |input: &Input, table: &str, null: &str, name: &str| {
            format!(
                "(SELECT count(*) AS {name}_rows, count(*) FILTER (WHERE {null}) AS {name}_null FROM {} AS {table}){}",
                input.view,
                subquery.replace("rows", name)
            )
        };
        Ok(Some(format!(
            "SELECT left_found, left_rows, left_null, right_found, right_rows, right_null\nFROM {found}{},\n  {},\n  {}",
            subquery.replace("rows", "found"),
            side(&left, "pw_l", &left_null, "left"),
            side(&right, "pw_r", &right_null, "right")
        )))
    }
}

fn inline_rows(dialect: &dyn Dialect, rows: &Rows) -> String {
    let name = |field: &Field| dialect.identifier(&field.name);
    let cast_as =
        |sql: &str, field: &Field| format!("CAST({sql} AS {}) AS {}", dialect.type_name(&field.data_type), name(field));
    let row = |row: &Vec<Value>| {
        let cells = row.iter().zip(&rows.schema.fields);
        let cells = cells.map(|(value, field)| typed_literal(dialect, value, &field.data_type));
        format!("({})", cells.collect::<Vec<_>>().join(", "))
    };
    let fields = rows.schema.fields.iter();
    if rows.rows.is_empty() {
        let columns: Vec<String> = fields.map(|field| cast_as("NULL", field)).collect();
        return format!("SELECT {} WHERE FALSE", columns.join(", "));
    }
    let lines: Vec<String> = rows.rows.iter().map(row).collect();
    let names: Vec<String> = fields.clone().map(name).collect();
    // A cast a column: all rows of VALUES must agree in type.
    let casts: Vec<String> = fields.map(|field| cast_as(&name(field), field)).collect();
    format!("SELECT {}\nFROM (VALUES\n  {}\n) AS rows({})", casts.join(", "), lines.join(",\n  "), names.join(", "))
}

fn checked(input: &Input, check: &Check) -> Sql {
    let predicate = input.printer("").print(&check.predicate)?;
    Ok(match &check.on_fail {
        OnFail::Flag(column) => {
            let failed = input.dialect.made(&format!("(({predicate}) IS NOT TRUE)"), &DataType::Boolean);
            if input.schema.has(column) {
                let star = input.dialect.star(input.schema, &[(column, failed)], None);
                format!("SELECT {star} FROM {}", input.view)
            } else {
                format!("SELECT *, {failed} AS {} FROM {}", input.name(column), input.view)
            }
        }
        OnFail::Reject => format!("SELECT * FROM {} WHERE {predicate}", input.view),
        OnFail::Stop => {
            // Only rows that come this far are looked at.
            let from = match input.dialect.computed_once() {
                "" => input.view.clone(),
                end => format!("(SELECT * FROM {}{end}){}", input.view, input.dialect.subquery_name()),
            };
            let stop = input.dialect.helper("stop", &[&input.dialect.text(&check.reason)]);
            format!("SELECT * FROM {from} WHERE CASE WHEN {predicate} THEN TRUE ELSE {stop} END")
        }
    })
}

fn aggregated(input: &Input, aggregate: &Aggregate, output: &Schema) -> Sql {
    let printer = input.printer("");
    let mut columns = Vec::new();
    for (column, field) in aggregate.keys.iter().chain(&aggregate.measures).zip(&output.fields) {
        let sql = input.dialect.made(&printer.print(&column.expr)?, &field.data_type);
        columns.push(format!("{sql} AS {}", input.name(&column.name)));
    }
    let group = if aggregate.keys.is_empty() {
        String::new()
    } else {
        let numbers: Vec<String> = (1..=aggregate.keys.len()).map(|number| number.to_string()).collect();
        format!("\nGROUP BY {}", numbers.join(", "))
    };
    if aggregate.measures.is_empty() {
        return Ok(format!("SELECT DISTINCT {} FROM {}", columns.join(", "), input.view));
    }
    Ok(format!("SELECT {}\nFROM {}{group}", columns.join(",\n  "), input.view))
}

fn windowed(input: &Input, window: &Window) -> Sql {
    // Rows that stand twice are told apart by a number, so that all calculations put them in the same order.
    let mut schema = input.schema.clone();
    let (mut from, mut number) = (input.view.clone(), None);
    if window.columns.len() > 1 {
        let free = (0..).map(|number| format!("pw_copy{number}")).find(|name| !schema.has(name)).unwrap_or_default();
        let columns = column_list(input.dialect, schema.fields.iter(), "");
        from = format!(
            "(SELECT *, row_number() OVER (PARTITION BY {columns}{}) AS {} FROM {}){}",
            input.dialect.any_order(),
            input.name(&free),
            input.view,
            input.dialect.subquery_name()
        );
        schema.fields.push(Field::new(free.clone(), DataType::Int));
        number = Some(free);
    }
    let input = Input { view: from, schema: &schema, ..*input };
    let printer = input.printer("");
    let (mut added, mut replaced) = (String::new(), Vec::new());
    for column in &window.columns {
        let sql = input.dialect.made(&printer.print(&column.expr)?, &printer.type_of(&column.expr));
        match input.schema.has(&column.name) {
            true => replaced.push((column.name.as_str(), sql)),
            false => added.push_str(&format!(",\n  {sql} AS {}", input.name(&column.name))),
        }
    }
    let star = input.dialect.star(input.schema, &replaced, number.as_deref());
    Ok(format!("SELECT {star}{added}\nFROM {}", input.view))
}

/// The condition under which rows `l` and `r` are partners.
fn partners(left: &Input, right: &Input, join: &Join) -> Sql {
    let (left_sql, right_sql) = (left.printer("pw_l."), right.printer("pw_r."));
    let mut conditions = Vec::new();
    for (a, b) in &join.on {
        let (left_type, right_type) = (left_sql.type_of(a), right_sql.type_of(b));
        let (a, b) = (left_sql.print(a)?, right_sql.print(b)?);
        left.dialect.check_key(&a).and(left.dialect.check_key(&b))?;
        conditions.push(key_pair(left.dialect, (&a, &left_type), (&b, &right_type)));
    }
    Ok(if conditions.is_empty() { "TRUE".to_owned() } else { conditions.join(" AND ") })
}

fn joined(left: &Input, right: &Input, join: &Join, output: &Schema) -> Sql {
    let on = partners(left, right, join)?;
    let left_columns = column_list(left.dialect, left.schema.fields.iter(), "pw_l.");
    let right_columns: String = join
        .right
        .iter()
        .map(|(name, output)| format!(", pw_r.{} AS {}", right.name(name), right.name(output)))
        .collect();
    let (a, b) = (&left.view, &right.view);
    let kind = match join.kind {
        JoinKind::Inner => "JOIN",
        JoinKind::Left => "LEFT JOIN",
        JoinKind::Right => "RIGHT JOIN",
        JoinKind::Full => "FULL JOIN",
        JoinKind::Semi | JoinKind::Anti => {
            let side = PartnerSide { view: a, table: "pw_l", other_view: b, other_table: "pw_r", on: &on };
            return left.dialect.partnered(&left_columns, &side, join.kind == JoinKind::Semi);
        }
        JoinKind::Cross => {
            return Ok(format!("SELECT {left_columns}{right_columns} FROM {a} AS pw_l CROSS JOIN {b} AS pw_r"));
        }
    };
    debug_assert_eq!(output.len(), left.schema.len() + join.right.len());
    Ok(format!("SELECT {left_columns}{right_columns}\nFROM {a} AS pw_l {kind} {b} AS pw_r ON {on}"))
}

/// A condition that keys are equal. An Int that is no Float equals none.
fn key_pair(dialect: &dyn Dialect, (a, left): (&str, &DataType), (b, right): (&str, &DataType)) -> String {
    match (left, right) {
        (DataType::Int, DataType::Float) => format!("{} = {b}", dialect.helper("exact_float", &[a])),
        (DataType::Float, DataType::Int) => format!("{a} = {}", dialect.helper("exact_float", &[b])),
        _ => format!("{a} = {b}"),
    }
}

/// Joins to the nearest rows; of several right rows of one key and time the later one by all columns.
fn nearest(left: &Input, right: &Input, join: &AsofJoin) -> Sql {
    let (from, picked) = candidates(left, right, join);
    let left_columns = column_list(left.dialect, left.schema.fields.iter(), "pw_l.");
    let right_columns: String =
        join.right.iter().map(|(name, output)| format!(", {} AS {}", picked(name), left.name(output))).collect();
    Ok(format!("SELECT {left_columns}{right_columns}\nFROM {from}"))
}

/// How a column of the row that a join picks is had.
type Picked<'a> = Box<dyn Fn(&str) -> String + 'a>;

/// The join of one side's nearest rows.
fn one_side(left: &Input, right: &Input, join: &AsofJoin, direction: AsofDirection, table: &str) -> String {
    let is_forward = direction == AsofDirection::Forward;
    let (sign, backwards) = if is_forward { ("<=", "") } else { (">=", " DESC") };
    let time = right.name(&join.right_time);
    let names = join.by.iter().map(|(_, name)| name).chain([&join.right_time]);
    let ordered = |field: &Field| right.dialect.ordered(&right.name(&field.name), &field.data_type);
    let ties: Vec<String> =
        right.schema.fields.iter().map(|field| format!("{} DESC NULLS FIRST", ordered(field))).collect();
    let type_of =
        |schema: &Schema, name: &str| schema.get(name).map_or(DataType::Unknown, |field| field.data_type.clone());
    let (mut by, mut conditions) = (Vec::new(), Vec::new());
    for (a, b) in &join.by {
        let (left_key, right_key) = (format!("pw_l.{}", left.name(a)), format!("{table}.{}", right.name(b)));
        let (left_type, right_type) = (type_of(left.schema, a), type_of(right.schema, b));
        conditions.push(key_pair(left.dialect, (&left_key, &left_type), (&right_key, &right_type)));
        by.push((left_key, right_key, right_type));
    }
    let left_time = format!("pw_l.{}", left.name(&join.left_time));
    conditions.push(format!("{left_time} {sign} {table}.{time}"));
    let ties = ties.join(", ");
    left.dialect.nearest(&NearestSide {
        view: &right.view,
        schema: right.schema,
        table,
        keys: names.map(|name| right.name(name)).collect(),
        left_time,
        is_backward: !is_forward,
        by,
        conditions,
        order: format!("{time}{backwards}, {ties}"),
        time,
        ties,
    })
}

/// What the nearest rows are taken from, and how a column of the nearest one is had; null where none is near enough.
fn candidates<'a>(left: &'a Input, right: &'a Input, join: &'a AsofJoin) -> (String, Picked<'a>) {
    let distance = |table: &str| {
        let micros = |column: String| left.dialect.helper("micros", &[&column]);
        format!(
            "abs({} - {})",
            micros(format!("pw_l.{}", left.name(&join.left_time))),
            micros(format!("{table}.{}", right.name(&join.right_time)))
        )
    };
    let within = move |table: &str| match join.tolerance {
        Some(micros) => format!("{} <= {micros}", distance(table)),
        None => "TRUE".to_owned(),
    };
    if join.direction != AsofDirection::Nearest {
        let picked = move |name: &str| format!("CASE WHEN {} THEN pw_r.{} END", within("pw_r"), right.name(name));
        let side = one_side(left, right, join, join.direction, "pw_r");
        return (format!("{} AS pw_l {side}", left.view), Box::new(picked));
    }
    let backward = one_side(left, right, join, AsofDirection::Backward, "pw_b");
    let forward = one_side(left, right, join, AsofDirection::Forward, "pw_f");
    let takes_backward = format!(
        "coalesce({} <= {}, pw_b.{} IS NOT NULL)",
        distance("pw_b"),
        distance("pw_f"),
        right.name(&join.right_time)
    );
    let picked = move |name: &str| {
        let name = right.name(name);
        let (b, f) = (within("pw_b"), within("pw_f"));
        format!(
            "CASE WHEN {takes_backward} THEN CASE WHEN {b} THEN pw_b.{name} END ELSE CASE WHEN {f} THEN pw_f.{name} END END"
        )
    };
    (format!("{} AS pw_l {backward} {forward}", left.view), Box::new(picked))
}

fn union(inputs: &[Input], output: &Schema) -> String {
    let one = |input: &Input| {
        let column = |field: &Field| {
            let name = input.name(&field.name);
            let column = if input.schema.has(&field.name) { &name } else { "NULL" };
            format!("CAST({column} AS {}) AS {name}", input.dialect.type_name(&field.data_type))
        };
        let columns: Vec<String> = output.fields.iter().map(column).collect();
        format!("SELECT {} FROM {}", columns.join(", "), input.view)
    };
    inputs.iter().map(one).collect::<Vec<_>>().join("\nUNION ALL\n")
}

fn limited(input: &Input, limit: &Limit) -> Sql {
    let rows = if limit.keys.is_empty() {
        format!("SELECT * FROM {}", input.view)
    } else {
        input.dialect.sorted(&input.view, input.schema, &input.printer("").total_order(&limit.keys)?)
    };
    Ok(rows + &input.dialect.limit(limit.count, limit.offset)?)
}

fn distinct_rows(input: &Input, distinct: &Distinct) -> Sql {
    let keys: Vec<String> = if distinct.keys.is_empty() {
        input.schema.names().map(|name| input.name(name)).collect()
    } else {
        distinct.keys.iter().map(|key| input.name(key)).collect()
    };
    let printer = input.printer("");
    let order = match distinct.keep {
        Keep::Last => printer.reversed_order(&distinct.order)?,
        Keep::First => printer.total_order(&distinct.order)?,
    };
    Ok(input.dialect.first_of_each(&input.view, input.schema, &keys, &order))
}

fn exploded(input: &Input, explode: &Explode, output: &Schema) -> Sql {
    let held = |name: &String| match () {
        _ if *name == explode.column => Exploded::Item,
        _ if explode.position.as_ref() == Some(name) => Exploded::Position,
        _ => Exploded::Other,
    };
    let columns: Vec<(String, Exploded)> =
        output.fields.iter().map(|field| (input.name(&field.name), held(&field.name))).collect();
    Ok(input.dialect.exploded(&input.view, &input.name(&explode.column), explode.keep_empty, &columns))
}

fn unpivoted(input: &Input, unpivot: &Unpivot) -> Sql {
    let keep: String = unpivot.keep.iter().map(|name| format!("{}, ", input.name(name))).collect();
    let mut parts = Vec::new();
    for name in &unpivot.columns {
        let from = input.schema.get(name).map_or(DataType::Unknown, |field| field.data_type.clone());
        let value = cast(input.dialect, &input.name(name), &from, &unpivot.data_type)?;
        parts.push(format!(
            "SELECT {keep}{} AS {}, {value} AS {} FROM {}",
            input.dialect.text(name),
            input.name(&unpivot.name),
            input.name(&unpivot.value),
            input.view
        ));
    }
    Ok(parts.join("\nUNION ALL\n"))
}
