//! Operations → SELECTs over the views of their inputs, and COPYs for sinks.

use std::collections::BTreeMap;

use super::expr::{Printer, column_list, type_name, typed_literal, unsupported};
use super::{functions, staged_file, view};
use crate::data::{DataType, Field, Schema};
use crate::diagnostic::Diagnostic;
use crate::ir::{
    Aggregate, AsofDirection, AsofJoin, Check, Destination, Distinct, Explode, FileKind, Join, JoinKind, Keep, Limit,
    NodeId, OnFail, Op, Plan, Rows, Unpivot, Window, Write,
};
use crate::quote::{partition_text, sql_identifier, sql_text};

type Sql = Result<String, Diagnostic>;

/// One input as a SELECT sees it.
struct Input<'a> {
    view: String,
    schema: &'a Schema,
    parameters: &'a BTreeMap<String, DataType>,
}

impl Input<'_> {
    fn printer<'a>(&'a self, table: &'a str) -> Printer<'a> {
        Printer { schema: self.schema, parameters: self.parameters, table }
    }
}

/// The SELECT that gives a node's rows.
/// Two names that DuckDB takes for one.
fn alike<'a>(names: impl Iterator<Item = &'a str>) -> Option<(String, String)> {
    let mut known: BTreeMap<String, &str> = BTreeMap::new();
    names.into_iter().find_map(|name| {
        let other = known.insert(name.to_lowercase(), name)?;
        Some((other.to_owned(), name.to_owned()))
    })
}

fn alike_inside(data_type: &DataType) -> Option<(String, String)> {
    match data_type {
        DataType::List(items) => alike_inside(items),
        DataType::Record(fields) => alike(fields.iter().map(|(name, _)| name.as_str()))
            .or_else(|| fields.iter().find_map(|(_, data_type)| alike_inside(data_type))),
        _ => None,
    }
}

pub fn select(plan: &Plan, id: NodeId) -> Sql {
    let node = plan.node(id);
    if serde_json::to_string(&node.schema).is_ok_and(|names| names.contains("\\u0000")) {
        return Err(unsupported("a column whose name holds a NUL"));
    }
    let columns = node.schema.fields.iter();
    if let Some((one, other)) = alike(columns.clone().map(|field| field.name.as_str())) {
        return Err(unsupported(format!("columns whose names differ in capital letters alone: `{one}` and `{other}`")));
    }
    if let Some((one, other)) = columns.clone().find_map(|field| alike_inside(&field.data_type)) {
        return Err(unsupported(format!("fields whose names differ in capital letters alone: `{one}` and `{other}`")));
    }
    let parameters = plan.parameter_types();
    let inputs: Vec<Input> = node
        .inputs
        .iter()
        .map(|input| Input { view: view(*input), schema: &plan.node(*input).schema, parameters: &parameters })
        .collect();
    let first = || inputs.first().ok_or_else(|| unsupported(format!("a {} without input", node.op.name())));
    let second = || inputs.get(1).ok_or_else(|| unsupported(format!("a {} without second input", node.op.name())));
    match &node.op {
        Op::Read(_) => {
            let columns = column_list(node.schema.fields.iter(), "");
            Ok(format!("SELECT {columns} FROM read_parquet({})", sql_text(&format!("stage/{}", staged_file(id)))))
        }
        Op::Rows(rows) => Ok(inline_rows(rows)),
        Op::Parse(parse) => Err(unsupported(format!("the parsing of a column by the format `{}`", parse.format.name))),
        Op::Filter { predicate } => {
            let input = first()?;
            Ok(format!("SELECT * FROM {} WHERE {}", input.view, input.printer("").print(predicate)?))
        }
        Op::Project(project) => {
            let input = first()?;
            let columns = project.columns.iter().zip(&node.schema.fields).map(|(column, field)| {
                let sql = input.printer("").print(&column.expr)?;
                // A null literal has no type of its own.
                let sql = if sql == "NULL" { format!("CAST(NULL AS {})", type_name(&field.data_type)) } else { sql };
                Ok(format!("{sql} AS {}", sql_identifier(&column.name)))
            });
            let columns = columns.collect::<Result<Vec<_>, Diagnostic>>()?;
            if columns.is_empty() {
                return Err(unsupported("rows without columns"));
            }
            Ok(format!("SELECT {}\nFROM {}", columns.join(",\n  "), input.view))
        }
        Op::Check(check) => checked(first()?, check),
        Op::Aggregate(aggregate) => aggregated(first()?, aggregate),
        Op::Window(window) => windowed(first()?, window),
        Op::Join(join) => joined(first()?, second()?, join, &node.schema),
        Op::AsofJoin(join) => nearest(first()?, second()?, join),
        Op::Union => Ok(union(&inputs, &node.schema)),
        Op::Sort(sort) => {
            let input = first()?;
            Ok(format!("SELECT * FROM {} ORDER BY {}", input.view, input.printer("").total_order(&sort.keys)?))
        }
        Op::Limit(limit) => limited(first()?, limit),
        Op::Distinct(distinct) => distinct_rows(first()?, distinct),
        Op::Explode(explode) => exploded(first()?, explode, &node.schema),
        Op::Unpivot(unpivot) => unpivoted(first()?, unpivot),
        Op::Write(_) => Ok(format!("SELECT * FROM {}", first()?.view)),
    }
}

fn inline_rows(rows: &Rows) -> String {
    let names: Vec<String> = rows.schema.names().map(sql_identifier).collect();
    let row = |row: &Vec<crate::data::Value>| {
        let cells = row.iter().zip(&rows.schema.fields).map(|(value, field)| typed_literal(value, &field.data_type));
        format!("({})", cells.collect::<Vec<_>>().join(", "))
    };
    if rows.rows.is_empty() {
        let columns: Vec<String> = rows
            .schema
            .fields
            .iter()
            .map(|field| format!("CAST(NULL AS {}) AS {}", type_name(&field.data_type), sql_identifier(&field.name)))
            .collect();
        return format!("SELECT {} WHERE FALSE", columns.join(", "));
    }
    let lines: Vec<String> = rows.rows.iter().map(row).collect();
    // A cast a column: all rows of VALUES must agree in type.
    let casts: Vec<String> = rows
        .schema
        .fields
        .iter()
        .map(|field| {
            format!(
                "CAST({} AS {}) AS {}",
                sql_identifier(&field.name),
                type_name(&field.data_type),
                sql_identifier(&field.name)
            )
        })
        .collect();
    format!("SELECT {}\nFROM (VALUES\n  {}\n) AS rows({})", casts.join(", "), lines.join(",\n  "), names.join(", "))
}

fn checked(input: &Input, check: &Check) -> Sql {
    let predicate = input.printer("").print(&check.predicate)?;
    Ok(match &check.on_fail {
        OnFail::Flag(column) => {
            let failed = format!("(({predicate}) IS NOT TRUE)");
            if input.schema.has(column) {
                format!("SELECT * REPLACE ({failed} AS {}) FROM {}", sql_identifier(column), input.view)
            } else {
                format!("SELECT *, {failed} AS {} FROM {}", sql_identifier(column), input.view)
            }
        }
        OnFail::Reject => format!("SELECT * FROM {} WHERE {predicate}", input.view),
        OnFail::Stop => format!(
            "SELECT * FROM {} WHERE CASE WHEN {predicate} THEN TRUE ELSE error({}) END",
            input.view,
            sql_text(&check.reason)
        ),
    })
}

fn aggregated(input: &Input, aggregate: &Aggregate) -> Sql {
    let printer = input.printer("");
    let mut columns = Vec::new();
    for column in aggregate.keys.iter().chain(&aggregate.measures) {
        columns.push(format!("{} AS {}", printer.print(&column.expr)?, sql_identifier(&column.name)));
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
    let (mut from, mut all) = (input.view.clone(), "*".to_owned());
    if window.columns.len() > 1 {
        let free = (0..).map(|number| format!("pw_copy{number}")).find(|name| !schema.has(name));
        let number = free.unwrap_or_default();
        let (columns, name) = (column_list(schema.fields.iter(), ""), sql_identifier(&number));
        from = format!("(SELECT *, row_number() OVER (PARTITION BY {columns}) AS {name} FROM {})", input.view);
        all = format!("* EXCLUDE ({name})");
        schema.fields.push(Field::new(number, DataType::Int));
    }
    let input = Input { view: from, schema: &schema, parameters: input.parameters };
    let printer = input.printer("");
    let (mut added, mut replaced) = (Vec::new(), Vec::new());
    for column in &window.columns {
        let sql = format!("{} AS {}", printer.print(&column.expr)?, sql_identifier(&column.name));
        if input.schema.has(&column.name) { replaced.push(sql) } else { added.push(sql) }
    }
    let star = if replaced.is_empty() { all } else { format!("{all} REPLACE ({})", replaced.join(", ")) };
    let rest: String = added.iter().map(|sql| format!(",\n  {sql}")).collect();
    Ok(format!("SELECT {star}{rest}\nFROM {}", input.view))
}

/// The condition under which rows `l` and `r` are partners.
fn partners(left: &Input, right: &Input, join: &Join) -> Sql {
    let (left_sql, right_sql) = (left.printer("pw_l."), right.printer("pw_r."));
    let mut conditions = Vec::new();
    for (a, b) in &join.on {
        let (left_type, right_type) = (left_sql.type_of(a), right_sql.type_of(b));
        conditions.push(key_pair((&left_sql.print(a)?, &left_type), (&right_sql.print(b)?, &right_type)));
    }
    Ok(if conditions.is_empty() { "TRUE".to_owned() } else { conditions.join(" AND ") })
}

fn joined(left: &Input, right: &Input, join: &Join, output: &Schema) -> Sql {
    let on = partners(left, right, join)?;
    let left_columns = column_list(left.schema.fields.iter(), "pw_l.");
    let right_columns: String = join
        .right
        .iter()
        .map(|(name, output)| format!(", pw_r.{} AS {}", sql_identifier(name), sql_identifier(output)))
        .collect();
    let (a, b) = (&left.view, &right.view);
    let kind = match join.kind {
        JoinKind::Inner => "JOIN",
        JoinKind::Left => "LEFT JOIN",
        JoinKind::Right => "RIGHT JOIN",
        JoinKind::Full => "FULL JOIN",
        JoinKind::Semi | JoinKind::Anti => {
            let word = if join.kind == JoinKind::Semi { "" } else { "NOT " };
            return Ok(format!(
                "SELECT {left_columns} FROM {a} AS pw_l WHERE {word}EXISTS (SELECT 1 FROM {b} AS pw_r WHERE {on})"
            ));
        }
        JoinKind::Cross => {
            return Ok(format!("SELECT {left_columns}{right_columns} FROM {a} AS pw_l CROSS JOIN {b} AS pw_r"));
        }
    };
    debug_assert_eq!(output.len(), left.schema.len() + join.right.len());
    Ok(format!("SELECT {left_columns}{right_columns}\nFROM {a} AS pw_l {kind} {b} AS pw_r ON {on}"))
}

/// A condition that keys are equal. An Int that is no Float equals none.
fn key_pair((a, left): (&str, &DataType), (b, right): (&str, &DataType)) -> String {
    match (left, right) {
        (DataType::Int, DataType::Float) => format!("pw_exact_float({a}) = {b}"),
        (DataType::Float, DataType::Int) => format!("{a} = pw_exact_float({b})"),
        _ => format!("{a} = {b}"),
    }
}

/// An ASOF join over right rows made unique by key and time: of several the later one by all columns.
fn nearest(left: &Input, right: &Input, join: &AsofJoin) -> Sql {
    let (from, picked) = candidates(left, right, join);
    let left_columns = column_list(left.schema.fields.iter(), "pw_l.");
    let right_columns: String =
        join.right.iter().map(|(name, output)| format!(", {} AS {}", picked(name), sql_identifier(output))).collect();
    Ok(format!("SELECT {left_columns}{right_columns}\nFROM {from}"))
}

/// How a column of the row that a join picks is had.
type Picked<'a> = Box<dyn Fn(&str) -> String + 'a>;

/// What the nearest rows are taken from, and how a column of the nearest one is had; null where none is near enough.
fn candidates<'a>(left: &Input, right: &Input, join: &'a AsofJoin) -> (String, Picked<'a>) {
    let one_side = |direction: AsofDirection, table: &str| -> String {
        let sign = if direction == AsofDirection::Forward { "<=" } else { ">=" };
        let keys: Vec<String> =
            join.by.iter().map(|(_, name)| name).chain([&join.right_time]).map(|name| sql_identifier(name)).collect();
        let order: Vec<String> =
            right.schema.names().map(|name| format!("{} DESC NULLS FIRST", sql_identifier(name))).collect();
        let unique = format!(
            "(SELECT * FROM {} WHERE {} IS NOT NULL QUALIFY row_number() OVER (PARTITION BY {} ORDER BY {}) = 1)",
            right.view,
            sql_identifier(&join.right_time),
            keys.join(", "),
            order.join(", ")
        );
        let by = join.by.iter().map(|(a, b)| {
            let (left_key, right_key) =
                (format!("pw_l.{}", sql_identifier(a)), format!("{table}.{}", sql_identifier(b)));
            let type_of = |schema: &Schema, name: &str| {
                schema.get(name).map_or(DataType::Unknown, |field| field.data_type.clone())
            };
            key_pair((&left_key, &type_of(left.schema, a)), (&right_key, &type_of(right.schema, b)))
        });
        let mut on: Vec<String> = by.collect();
        on.push(format!(
            "pw_l.{} {sign} {table}.{}",
            sql_identifier(&join.left_time),
            sql_identifier(&join.right_time)
        ));
        format!("ASOF LEFT JOIN {unique} AS {table} ON {}", on.join(" AND "))
    };
    let distance = |table: &str| {
        let micros = |column: String| format!("epoch_us(CAST({column} AS TIMESTAMP))");
        format!(
            "abs({} - {})",
            micros(format!("pw_l.{}", sql_identifier(&join.left_time))),
            micros(format!("{table}.{}", sql_identifier(&join.right_time)))
        )
    };
    let within = move |table: &str| match join.tolerance {
        Some(micros) => format!("{} <= {micros}", distance(table)),
        None => "TRUE".to_owned(),
    };
    if join.direction != AsofDirection::Nearest {
        let picked = move |name: &str| format!("CASE WHEN {} THEN pw_r.{} END", within("pw_r"), sql_identifier(name));
        return (format!("{} AS pw_l {}", left.view, one_side(join.direction, "pw_r")), Box::new(picked));
    }
    let backward = one_side(AsofDirection::Backward, "pw_b");
    let forward = one_side(AsofDirection::Forward, "pw_f");
    let takes_backward = format!(
        "coalesce({} <= {}, pw_b.{} IS NOT NULL)",
        distance("pw_b"),
        distance("pw_f"),
        sql_identifier(&join.right_time)
    );
    let picked = move |name: &str| {
        let name = sql_identifier(name);
        let (b, f) = (within("pw_b"), within("pw_f"));
        format!(
            "CASE WHEN {takes_backward} THEN CASE WHEN {b} THEN pw_b.{name} END ELSE CASE WHEN {f} THEN pw_f.{name} END END"
        )
    };
    (format!("{} AS pw_l {backward} {forward}", left.view), Box::new(picked))
}

/// The statement that counts how rows of a join's sides find partners: of each side those that do, all, and those with
/// a null key. `None`: the node joins nothing.
pub fn counted_matches(plan: &Plan, id: NodeId) -> Result<Option<String>, Diagnostic> {
    let node = plan.node(id);
    let [left_id, right_id] = node.inputs[..] else { return Ok(None) };
    let parameters = plan.parameter_types();
    let input = |id: NodeId| Input { view: view(id), schema: &plan.node(id).schema, parameters: &parameters };
    let (left, right) = (input(left_id), input(right_id));
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
            let (a, b) = (&left.view, &right.view);
            let found = format!(
                "(SELECT (SELECT count(*) FROM {a} AS pw_l WHERE EXISTS (SELECT 1 FROM {b} AS pw_r WHERE {on})) AS left_found,\n    \
                 (SELECT count(*) FROM {b} AS pw_r WHERE EXISTS (SELECT 1 FROM {a} AS pw_l WHERE {on})) AS right_found)"
            );
            (found, is_null(left_keys), is_null(right_keys))
        }
        Op::AsofJoin(join) => {
            let (from, picked) = candidates(&left, &right, join);
            let names = [&join.right_time].into_iter().chain(join.by.iter().map(|(_, name)| name));
            let columns = names.enumerate().map(|(index, name)| format!("{} AS c{index}", picked(name)));
            let columns: Vec<String> = columns.collect();
            let row: Vec<String> = (0..columns.len()).map(|index| format!("c{index}")).collect();
            // Each candidate is one by its key and time.
            let found = format!(
                "(SELECT count(c0) AS left_found,\n    count(DISTINCT row({})) FILTER (WHERE c0 IS NOT NULL) AS right_found\n    \
                 FROM (SELECT {}\n    FROM {from}))",
                row.join(", "),
                columns.join(", ")
            );
            let of = |table: &str, time: &str, keys: Vec<&String>| {
                let names = [time].into_iter().chain(keys.into_iter().map(String::as_str));
                is_null(names.map(|name| format!("{table}.{}", sql_identifier(name))).collect())
            };
            let left_null = of("pw_l", &join.left_time, join.by.iter().map(|(key, _)| key).collect());
            (found, left_null, of("pw_r", &join.right_time, join.by.iter().map(|(_, key)| key).collect()))
        }
        _ => return Ok(None),
    };
    let side = |input: &Input, table: &str, null: &str, name: &str| {
        format!(
            "(SELECT count(*) AS {name}_rows, count(*) FILTER (WHERE {null}) AS {name}_null FROM {} AS {table})",
            input.view
        )
    };
    Ok(Some(format!(
        "CREATE TEMP TABLE {} AS\nSELECT left_found, left_rows, left_null, right_found, right_rows, right_null\nFROM {found},\n  {},\n  {};\n",
        matches_table(id),
        side(&left, "pw_l", &left_null, "left"),
        side(&right, "pw_r", &right_null, "right")
    )))
}

/// The table that holds what `counted_matches` counts.
pub fn matches_table(id: NodeId) -> String {
    format!("matches_{}", id.0)
}

fn union(inputs: &[Input], output: &Schema) -> String {
    let one = |input: &Input| {
        let columns: Vec<String> = output
            .fields
            .iter()
            .map(|field| {
                let column =
                    if input.schema.has(&field.name) { sql_identifier(&field.name) } else { "NULL".to_owned() };
                format!("CAST({column} AS {}) AS {}", type_name(&field.data_type), sql_identifier(&field.name))
            })
            .collect();
        format!("SELECT {} FROM {}", columns.join(", "), input.view)
    };
    inputs.iter().map(one).collect::<Vec<_>>().join("\nUNION ALL\n")
}

fn limited(input: &Input, limit: &Limit) -> Sql {
    let order = if limit.keys.is_empty() {
        String::new()
    } else {
        format!(" ORDER BY {}", input.printer("").total_order(&limit.keys)?)
    };
    // DuckDB counts rows in 63 bits.
    let counted = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let offset = if limit.offset > 0 { format!(" OFFSET {}", counted(limit.offset)) } else { String::new() };
    Ok(format!("SELECT * FROM {}{order} LIMIT {}{offset}", input.view, counted(limit.count)))
}

fn distinct_rows(input: &Input, distinct: &Distinct) -> Sql {
    let keys: Vec<String> = if distinct.keys.is_empty() {
        input.schema.names().map(sql_identifier).collect()
    } else {
        distinct.keys.iter().map(|key| sql_identifier(key)).collect()
    };
    let printer = input.printer("");
    let order = match distinct.keep {
        Keep::Last => printer.reversed_order(&distinct.order)?,
        Keep::First => printer.total_order(&distinct.order)?,
    };
    Ok(format!(
        "SELECT * FROM {} QUALIFY row_number() OVER (PARTITION BY {} ORDER BY {order}) = 1",
        input.view,
        keys.join(", ")
    ))
}

fn exploded(input: &Input, explode: &Explode, output: &Schema) -> Sql {
    let column = sql_identifier(&explode.column);
    let list = if explode.keep_empty {
        format!("CASE WHEN len({column}) > 0 THEN {column} ELSE [NULL] END")
    } else {
        column.clone()
    };
    let mut parts = Vec::new();
    for field in &output.fields {
        let name = sql_identifier(&field.name);
        if field.name == explode.column {
            parts.push(format!("unnest({list}) AS {name}"));
        } else if explode.position.as_ref() == Some(&field.name) {
            parts.push(if explode.keep_empty {
                format!(
                    "unnest(CASE WHEN len({column}) > 0 THEN range(1, len({column}) + 1) ELSE [NULL] END) AS {name}"
                )
            } else {
                format!("unnest(range(1, len({column}) + 1)) AS {name}")
            });
        } else {
            parts.push(name);
        }
    }
    Ok(format!("SELECT {}\nFROM {}", parts.join(", "), input.view))
}

fn unpivoted(input: &Input, unpivot: &Unpivot) -> Sql {
    let keep: String = unpivot.keep.iter().map(|name| format!("{}, ", sql_identifier(name))).collect();
    let mut parts = Vec::new();
    for name in &unpivot.columns {
        let from = input.schema.get(name).map_or(DataType::Unknown, |field| field.data_type.clone());
        let value = super::expr::cast(&sql_identifier(name), &from, &unpivot.data_type)?;
        parts.push(format!(
            "SELECT {keep}{} AS {}, {value} AS {} FROM {}",
            sql_text(name),
            sql_identifier(&unpivot.name),
            sql_identifier(&unpivot.value),
            input.view
        ));
    }
    Ok(parts.join("\nUNION ALL\n"))
}

/// Where the rows of a load to a file are put first: a name of our own, in which nothing of the design stands.
/// `run.py` moves them to the load's path.
pub fn copied_file(id: NodeId, kind: FileKind, partition: &[String]) -> String {
    let ending = if partition.is_empty() { ending(kind) } else { "" };
    format!("rows/load_{}{ending}", id.0)
}

/// The end of the name of a file of a kind.
pub fn ending(kind: FileKind) -> &'static str {
    match kind {
        FileKind::Csv => ".csv",
        FileKind::Jsonl => ".jsonl",
        FileKind::Parquet => ".parquet",
    }
}

/// What COPY is told to write.
pub fn copy_format(kind: FileKind) -> &'static str {
    match kind {
        FileKind::Csv => "FORMAT csv, HEADER",
        FileKind::Jsonl => "FORMAT json",
        FileKind::Parquet => "FORMAT parquet, COMPRESSION zstd",
    }
}

/// The table that holds the rows of a load into partitions.
pub fn load_table(id: NodeId) -> String {
    format!("load_{}", id.0)
}

/// The column of that table with the folder of each row: a name that no column of the rows has.
pub fn folder_column(schema: &Schema) -> String {
    let mut name = "#folder".to_owned();
    while schema.names().any(|known| known.eq_ignore_ascii_case(&name)) {
        name.push('#');
    }
    name
}

/// The file of the rows that a check rejects; `None`: the node rejects none.
pub fn rejected_file(plan: &Plan, id: NodeId) -> Option<String> {
    let is_rejecting = matches!(&plan.node(id).op, Op::Check(Check { on_fail: OnFail::Reject, .. }));
    is_rejecting.then(|| format!("rows/rejected_{}.jsonl", id.0))
}

/// The statement that writes a sink's rows, or those that a check rejects; `None`: the node does neither.
pub fn copy(plan: &Plan, id: NodeId) -> Result<Option<String>, Diagnostic> {
    let node = plan.node(id);
    if let (Some(file), Op::Check(check)) = (rejected_file(plan, id), &node.op) {
        return rejected(plan, id, check, &file).map(Some);
    }
    let Op::Write(Write { destination, order, .. }) = &node.op else { return Ok(None) };
    let (target, kind, partition) = match destination {
        Destination::File { kind, partition, .. } => (copied_file(id, *kind, partition), *kind, partition.as_slice()),
        Destination::StandardOutput { kind } => (String::from("/dev/stdout"), *kind, &[][..]),
        Destination::Answer { .. } => return Ok(None),
    };
    if kind == FileKind::Parquet
        && let Some(span) = node.schema.fields.iter().find(|field| holds_span(&field.data_type))
    {
        return Err(Diagnostic::error(
            "PW0838",
            format!("DuckDB writes no Duration into Parquet, and `{}` is one or holds one", span.name),
        )
        .help(
            "export to the target `pipeline`, write another format, or make it a number before, as in `seconds(took)`",
        ));
    }
    let parameters = plan.parameter_types();
    let printer = Printer { schema: &node.schema, parameters: &parameters, table: "" };
    let order = if order.is_empty() { String::new() } else { format!(" ORDER BY {}", printer.total_order(order)?) };
    let inner = node.schema.fields.iter().filter(|field| !partition.contains(&field.name));
    let mut columns: Vec<String> = inner.map(|field| shown_column(field, kind)).collect();
    if partition.is_empty() {
        return Ok(Some(format!(
            "COPY (SELECT {} FROM {}{order})\n  TO {} ({});\n",
            columns.join(", "),
            view(id),
            sql_text(&target),
            copy_format(kind)
        )));
    }
    let mut folder = Vec::new();
    for name in partition {
        let from = node.schema.get(name).map_or(DataType::Unknown, |field| field.data_type.clone());
        let text = super::expr::cast(&sql_identifier(name), &from, &DataType::String)?;
        folder.push(format!("{} || pw_folder({text})", sql_text(&format!("{}=", partition_text(name)))));
    }
    columns.push(format!("{} AS {}", folder.join(" || '/' || "), sql_identifier(&folder_column(&node.schema))));
    // run.py writes a file a folder.
    Ok(Some(format!(
        "CREATE TEMP TABLE {} AS SELECT {} FROM {}{order};\n",
        load_table(id),
        columns.join(", "),
        view(id)
    )))
}

/// Whether a type is a span of time, or holds one.
fn holds_span(data_type: &DataType) -> bool {
    match data_type {
        DataType::Duration => true,
        DataType::List(item) => holds_span(item),
        DataType::Record(fields) => fields.iter().any(|(_, item)| holds_span(item)),
        _ => false,
    }
}

fn shown_column(field: &Field, kind: FileKind) -> String {
    match kind {
        FileKind::Parquet => sql_identifier(&field.name),
        FileKind::Csv | FileKind::Jsonl => functions::shown(&sql_identifier(&field.name), &field.data_type, kind),
    }
}

/// The rejected rows as the native engine writes them: where they come from, why, and the row as JSON.
fn rejected(plan: &Plan, id: NodeId, check: &Check, file: &str) -> Sql {
    let node = plan.node(id);
    let parameters = plan.parameter_types();
    let Some(input) = node.inputs.first() else { return Err(unsupported("a check without input")) };
    let schema = &plan.node(*input).schema;
    let printer = Printer { schema, parameters: &parameters, table: "" };
    let predicate = printer.print(&check.predicate)?;
    let known = |name: &str| if schema.has(name) { sql_identifier(name) } else { "NULL".to_owned() };
    let fields: Vec<String> = schema
        .fields
        .iter()
        .map(|field| {
            format!(
                "{}: {}",
                sql_text(&field.name),
                functions::shown_value(&sql_identifier(&field.name), &field.data_type)
            )
        })
        .collect();
    Ok(format!(
        "COPY (SELECT {} AS step, {} AS file, {} AS line, {} AS \"offset\", {} AS reason,\n  CAST(to_json({{{}}}) AS VARCHAR) AS raw FROM {} WHERE ({predicate}) IS NOT TRUE)\n  TO {} (FORMAT json);\n",
        sql_text(&node.origin.title),
        known("_file"),
        known("_line"),
        known("_offset"),
        sql_text(&check.reason),
        fields.join(", "),
        view(*input),
        sql_text(file)
    ))
}
