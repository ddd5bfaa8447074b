//! `pipeline.sql` for `psql`: staged lines come in, a view a node, the loads' rows go out; all in one transaction, in a
//! schema that goes with it. A line that begins with a backslash is a command of psql: nothing of the design stands there.

use std::collections::BTreeSet;

use super::dialect::{declared, nearest_index, own_types, view_name};
use super::{POSTGRESQL, prelude};
use crate::data::{DataType, Field, Schema, Value};
use crate::diagnostic::Diagnostic;
use crate::export::handover::{nested_span, parameters_schema};
use crate::export::sql::Selects;
use crate::export::sql::dialect::cast;
use crate::export::staging;
use crate::expr::{Expr, ExprKind};
use crate::ir::{
    Check, Destination, MAX_QUARANTINED, Matches, Node, NodeId, OnFail, Op, Otherwise, Parameter, Plan, SideMatches,
    TextPart, WhenExists, Write, text_parts,
};
use crate::quote::{comment, sql_identifier, sql_text, visible};

/// How lines are copied as they are: JSON has neither of these characters.
const LINES: &str = r"WITH (FORMAT csv, DELIMITER E'\x02', QUOTE E'\x01')";

const HEAD: &str = r#"-- Made by Pipewright, for PostgreSQL 15 or later: run.sh runs it with psql.
\set ON_ERROR_STOP on
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT 'pipewright_' || pg_backend_pid() AS pw_schema \gset
CREATE SCHEMA :"pw_schema";
SET LOCAL search_path TO :"pw_schema";
DO $$ BEGIN
  IF current_setting('server_encoding') <> 'UTF8' THEN
    RAISE EXCEPTION 'this database keeps texts as %, and Pipewright needs one that keeps them as UTF8', current_setting('server_encoding');
  END IF;
END $$;
"#;

const KEEP: &str = r"
-- Results that stay: in a schema of the project's own, which nobody else's is taken for, and no table of anybody's goes.
CREATE FUNCTION pw_keep(name text, project text, tables text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  known oid := (SELECT oid FROM pg_namespace WHERE nspname = name);
  mine text := 'Made by Pipewright for the project ' || project;
  kept record;
BEGIN
  IF known IS NOT NULL THEN
    IF obj_description(known, 'pg_namespace') IS DISTINCT FROM mine THEN
      RAISE EXCEPTION 'the schema % is not of this project''s making: rename it, or the project', quote_ident(name);
    END IF;
    FOR kept IN SELECT relname, obj_description(oid, 'pg_class') AS made FROM pg_class WHERE relnamespace = known AND relkind = 'r' LOOP
      IF kept.made IS DISTINCT FROM mine THEN
        RAISE EXCEPTION 'the table %.% is not of this project''s making: move it to another schema', quote_ident(name), quote_ident(kept.relname);
      END IF;
      IF kept.relname <> ALL (tables) THEN
        RAISE WARNING 'the table %.% of an earlier run is dropped: the design makes it no more', quote_ident(name), quote_ident(kept.relname);
      END IF;
      EXECUTE format('DROP TABLE %I.%I', name, kept.relname);
    END LOOP;
    EXECUTE format('DROP SCHEMA %I', name);
  END IF;
  EXECUTE format('CREATE SCHEMA %I', name);
  EXECUTE format('COMMENT ON SCHEMA %I IS %L', name, mine);
END $$;
CREATE FUNCTION pw_kept(name text, project text, made text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('COMMENT ON TABLE %I.%I IS %L', name, made, 'Made by Pipewright for the project ' || project);
END $$;
";

/// Sums up what was turned away and how joins matched, as a run of Pipewright's own reports it.
const REPORT: &str = r#"
-- The report.
CREATE TABLE pw_turned (node integer, source text, ways integer[], step text, title text, rows_in bigint, quarantined bigint);
CREATE TABLE pw_steps (n integer GENERATED ALWAYS AS IDENTITY, step jsonb);
CREATE TABLE pw_told (n integer GENERATED ALWAYS AS IDENTITY, line text);
CREATE FUNCTION pw_number(n bigint) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT to_char(n, 'FM999,999,999,999,999,999') $$;
CREATE FUNCTION pw_numbered(words text, VARIADIC numbers bigint[]) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$
DECLARE number bigint;
BEGIN
  FOREACH number IN ARRAY numbers LOOP
    words := CASE WHEN strpos(words, '{}') > 0 THEN overlay(words PLACING pw_number(number) FROM strpos(words, '{}') FOR 2) ELSE words END;
  END LOOP;
  RETURN words;
END $$;
CREATE FUNCTION pw_side(of_rows text, goes_on text, matched bigint, all_rows bigint, null_keys bigint) RETURNS jsonb IMMUTABLE LANGUAGE sql AS $$
  SELECT jsonb_build_object('of', of_rows, 'goes_on', goes_on, 'matched', matched, 'unmatched', all_rows - matched, 'null_keys', null_keys) $$;
CREATE FUNCTION pw_tell(title text, told text, keys text, matched bigint, all_rows bigint, null_keys bigint) RETURNS void LANGUAGE sql AS $$
  INSERT INTO pw_told (line) SELECT title || ': ' || pw_numbered(told, all_rows - matched, all_rows) || CASE WHEN null_keys > 0 THEN pw_numbered(keys, null_keys) ELSE '' END
  WHERE told <> '' AND all_rows > matched $$;
"#;

const REPORT_END: &str = r#"
\set pw_staged `cat staged.json 2>/dev/null`
\set pw_most @MOST@
\getenv pw_most PIPEWRIGHT_MAX_QUARANTINED
CREATE TABLE pw_sources AS SELECT coalesce(CAST(nullif(:'pw_staged', '') AS jsonb) -> 'sources', '[]') AS sources;
INSERT INTO pw_told (line) SELECT title || ': ' || pw_number(quarantined) || ' of ' || pw_number(rows_in) || ' rows in quarantine' FROM pw_turned WHERE quarantined > 0;
CREATE TABLE pw_report AS
WITH staged AS (
  SELECT source ->> 'step' AS step, CAST(source -> 'tally' ->> 'read' AS bigint) AS read, CAST(source -> 'tally' ->> 'quarantined' AS bigint) AS quarantined
  FROM pw_sources, jsonb_array_elements(sources) AS source
), ways AS (
  -- Of the ways from a source the one that turns away the most: a line that several turn away is one line.
  SELECT step AS source, quarantined AS turned FROM staged
  UNION ALL
  SELECT source, coalesce((SELECT quarantined FROM staged WHERE step = source), 0) + (SELECT sum(other.quarantined) FROM pw_turned AS other WHERE other.node = ANY (pw_turned.ways))
  FROM pw_turned
), total AS (
  SELECT coalesce((SELECT sum(quarantined) FROM staged), 0) + coalesce((SELECT sum(quarantined) FROM pw_turned), 0) AS quarantined,
    CAST(:'pw_most' AS double precision) AS allowed, least(1, coalesce((SELECT sum(most) FROM (SELECT max(turned) AS most FROM ways GROUP BY source) AS each_source), 0) / greatest(coalesce((SELECT sum(read) FROM staged), 0), 1)) AS share
)
SELECT jsonb_build_object('sources', sources, 'steps', coalesce((SELECT jsonb_agg(step ORDER BY n) FROM pw_steps), '[]'), 'quarantined', quarantined,
  'quarantined_share', CAST(share AS double precision), 'max_quarantined', allowed, 'over_threshold', share > allowed) AS report FROM pw_sources, total;
INSERT INTO pw_told (line) SELECT 'warning[PW0723] ' || pw_number(CAST(report ->> 'quarantined' AS bigint)) || ' units of all sources and steps in quarantine, more than the share ' || (report ->> 'max_quarantined')
  FROM pw_report WHERE CAST(report ->> 'over_threshold' AS boolean)
UNION ALL SELECT '  help: see why in quarantine/rejected.jsonl' FROM pw_report WHERE CAST(report ->> 'over_threshold' AS boolean);
\copy (SELECT report FROM pw_report) TO 'report.json' @LINES@
\copy (SELECT line FROM pw_told ORDER BY n) TO 'told' @LINES@
"#;

const END: &str = r#"
-- What the run made for itself goes; what is kept is there at once.
\if :{?pw_keep}
DROP SCHEMA :"pw_schema" CASCADE;
COMMIT;
\else
ROLLBACK;
\endif
"#;

/// The whole script, or everything that PostgreSQL cannot carry.
pub(super) fn script(plan: &Plan, name: &str, keeps_rejected: bool) -> Result<String, Vec<Diagnostic>> {
    let selects = Selects::new(POSTGRESQL, plan);
    let (mut body, mut faults) = (String::new(), Vec::new());
    for (id, node) in plan.iter() {
        match statements(plan, &selects, id, staging::is_taken_often(plan, id), keeps_rejected) {
            Ok(text) => body.push_str(&text),
            Err(diagnostic) => faults.push(diagnostic.step(&node.origin.step, &node.origin.title)),
        }
    }
    let parameters = parameters_table(plan).unwrap_or_else(|fault| {
        faults.push(fault);
        String::new()
    });
    if !faults.is_empty() {
        return Err(faults);
    }
    let fill = |text: &str| text.replace("@MOST@", &MAX_QUARANTINED.to_string()).replace("@LINES@", LINES);
    Ok(format!(
        "{HEAD}\n{}{REPORT}{KEEP}\n-- Types of records and lists.\n{}\n-- What is staged.\nCREATE TABLE pw_lines (line text);\n{parameters}\n-- The design.\n{body}{}{}{}{END}",
        prelude::PRELUDE,
        own_types(plan).into_iter().map(|(_, sql)| sql).collect::<String>(),
        new_paths(plan),
        fill(REPORT_END),
        kept(plan, &selects, name)
    ))
}

/// Everything that a node makes.
pub(super) fn statements(
    plan: &Plan,
    selects: &Selects,
    id: NodeId,
    is_table: bool,
    keeps_rejected: bool,
) -> Result<String, Diagnostic> {
    let node = plan.node(id);
    if op_holds_nul(&node.op) {
        return Err(POSTGRESQL.refuse(&"a text with a NUL"));
    }
    let select = selects.select(id)?;
    let mut text = format!("\n-- {} ({})\n", comment(&node.origin.title), node.op.name());
    if let Op::Read(_) = &node.op {
        let told = told_of_nul(&node.origin.title);
        text.push_str(&staged_table(&format!("pw_source_{}", id.0), &staged_file(id), &node.schema, &told)?);
    }
    // A source is one already, but for an index.
    let is_found =
        plan.nodes.iter().any(|other| matches!(other.op, Op::AsofJoin(_)) && other.inputs.get(1) == Some(&id));
    // What stops the run is looked at whole, whatever goes on from there.
    let may_stop = matches!(&node.op, Op::Check(check) if check.on_fail == OnFail::Stop);
    let kind = if may_stop || is_table && (is_found || !matches!(node.op, Op::Read(_))) { "TABLE" } else { "VIEW" };
    text.push_str(&format!("CREATE {kind} {} AS\n{select};\n", selects.view(id)));
    if kind == "TABLE" {
        text.push_str(&indexes(plan, id, selects.view(id)));
    }
    if let Some(counted) = selects.counted_matches(id)? {
        text.push_str(&format!("CREATE TABLE pw_matches_{} AS\n{counted};\n{}", id.0, matched(plan, id)));
    }
    match &node.op {
        Op::Check(check) if check.on_fail == OnFail::Reject => {
            text.push_str(&rejected(plan, selects, id, check, keeps_rejected)?);
        }
        Op::Write(write) if is_written(write) => {
            let order = match write.order.is_empty() {
                true => String::new(),
                false => selects.printer(id).total_order(&write.order)?,
            };
            text.push_str(&lines_out(&format!("load_{}", id.0), selects.view(id), &node.schema, &order)?);
        }
        _ => {}
    }
    Ok(text)
}

/// What the planner knows a table by, and by what joins find the nearest of its rows.
fn indexes(plan: &Plan, id: NodeId, table: &str) -> String {
    let index = |node: &std::sync::Arc<Node>| match &node.op {
        Op::AsofJoin(join) if node.inputs.get(1) == Some(&id) => {
            Some(nearest_index(table, &plan.node(id).schema, join))
        }
        _ => None,
    };
    let mut found: Vec<String> = plan.nodes.iter().filter_map(index).collect();
    found.dedup();
    found.push(format!("ANALYZE {table};\n"));
    found.concat()
}

/// Whether a text of the design holds what no text of PostgreSQL can.
pub(in crate::export) fn op_holds_nul(op: &Op) -> bool {
    fn in_value(value: &Value) -> bool {
        match value {
            Value::String(text) => text.contains('\0'),
            Value::List(items) => items.iter().any(in_value),
            Value::Record(fields) => fields.iter().any(|(_, value)| in_value(value)),
            _ => false,
        }
    }
    fn in_expr(expr: &Expr) -> bool {
        matches!(&expr.kind, ExprKind::Literal(value) if in_value(value)) || expr.children().into_iter().any(in_expr)
    }
    let in_rows = matches!(op, Op::Rows(rows) if rows.rows.iter().flatten().any(in_value));
    let in_reason = matches!(op, Op::Check(check) if check.reason.contains('\0'));
    in_rows || in_reason || op.expressions().into_iter().any(in_expr)
}

/// Whether rows of a load leave PostgreSQL.
pub(in crate::export) fn is_written(write: &Write) -> bool {
    !matches!(write.destination, Destination::Answer { .. })
}

/// The file that a Read is staged in.
pub(in crate::export) fn staged_file(id: NodeId) -> String {
    format!("source_{}.jsonl", id.0)
}

/// A table of staged lines: JSON with the columns `c0`, `c1`, …: names of columns stand in no file. `told`: what is told of
/// the lines.
fn staged_table(table: &str, file: &str, schema: &Schema, told: &str) -> Result<String, Diagnostic> {
    let rows = staged_rows("pw_lines", schema)?;
    Ok(format!(
        "\\copy pw_lines FROM 'stage/{file}' {LINES}\nCREATE TABLE {table} AS {rows};\nANALYZE {table};\n{told}TRUNCATE pw_lines;\n"
    ))
}

/// Tells of a source's rows that do not hold their texts as they are.
fn told_of_nul(title: &str) -> String {
    format!(
        "INSERT INTO pw_told (line) SELECT {} || ': texts of ' || pw_number(rows) || ' rows hold a NUL, which PostgreSQL keeps nowhere: U+FFFD stands for it'\n  \
         FROM (SELECT count(*) AS rows FROM pw_lines WHERE line <> pw_without_nul(line)) AS pw_changed WHERE rows > 0;\n",
        sql_text(&visible(title))
    )
}

/// The SELECT that makes rows of such lines, which are the column `line` of a table.
pub(in crate::export) fn staged_rows(lines: &str, schema: &Schema) -> Result<String, Diagnostic> {
    check_spans(schema)?;
    let column = |(index, field): (usize, &Field)| {
        let name = POSTGRESQL.identifier(&field.name);
        match field.data_type {
            DataType::Duration => format!("pw_span(c{index}) AS {name}"),
            _ => format!("c{index} AS {name}"),
        }
    };
    let definition = |(index, field): (usize, &Field)| match &field.data_type {
        DataType::Duration => format!("c{index} text"),
        other => format!("c{index} {}", declared(other)),
    };
    let columns: Vec<String> = schema.fields.iter().enumerate().map(column).collect();
    let definitions: Vec<String> = schema.fields.iter().enumerate().map(definition).collect();
    Ok(match columns.is_empty() {
        true => format!("SELECT FROM {lines}"),
        false => format!(
            "SELECT {} FROM {lines}, json_to_record(CAST(pw_without_nul(CAST(line AS text)) AS json)) AS pw_row({})",
            columns.join(", "),
            definitions.join(", ")
        ),
    })
}

/// The one row of the parameters' values, which come as a source does.
fn parameters_table(plan: &Plan) -> Result<String, Diagnostic> {
    let known = parameters_schema(plan);
    if known.is_empty() {
        return Ok(String::new());
    }
    POSTGRESQL.check_schema(&known)?;
    let default = |parameter: &Parameter| parameter.default.as_ref().and_then(|json| json.as_str().map(str::to_owned));
    if staging::script_parameters(plan).iter().filter_map(default).any(|text| text.contains('\0')) {
        return Err(POSTGRESQL.refuse(&"a parameter with a NUL"));
    }
    staged_table("pw_parameters", "parameters.jsonl", &known, "")
}

/// Lines of such JSON of what a SELECT gives.
fn lines_out(name: &str, from: &str, schema: &Schema, order: &str) -> Result<String, Diagnostic> {
    let lines = lines_of(from, schema, order)?;
    Ok(format!(
        "CREATE TABLE pw_{name} AS\n{lines};\n\\copy (SELECT line FROM pw_{name} ORDER BY pw_place) TO 'rows/{name}.jsonl' {LINES}\n"
    ))
}

/// The SELECT of such lines, each with its place in the order.
pub(in crate::export) fn lines_of(from: &str, schema: &Schema, order: &str) -> Result<String, Diagnostic> {
    check_spans(schema)?;
    let column = |(index, field): (usize, &Field)| {
        let name = POSTGRESQL.identifier(&field.name);
        let value = match field.data_type {
            DataType::Timestamp => format!("pw_timestamp_text({name})"),
            DataType::Duration => format!("pw_duration_text({name})"),
            _ => name,
        };
        format!("{value} AS c{index}")
    };
    let columns: Vec<String> = schema.fields.iter().enumerate().map(column).collect();
    let over = if order.is_empty() { String::new() } else { format!("ORDER BY {order}") };
    Ok(format!(
        "SELECT pw_place, row_to_json(pw_row) AS line FROM (SELECT row_number() OVER ({over}) AS pw_place, * FROM {from}) AS pw_rows,\n  \
         LATERAL (SELECT {}) AS pw_row",
        columns.join(", ")
    ))
}

/// Spans inside of lists and records have no form that both sides read.
fn check_spans(schema: &Schema) -> Result<(), Diagnostic> {
    match nested_span(schema) {
        Some(field) => {
            Err(POSTGRESQL.refuse(&format_args!("a list or record with spans of time in or out: `{}`", field.name)))
        }
        None => Ok(()),
    }
}

/// What the report says of a join.
fn matched(plan: &Plan, id: NodeId) -> String {
    let (Some(found), origin) = (Matches::of(plan, id), &plan.node(id).origin) else { return String::new() };
    let side = |name: &str, side: &SideMatches| {
        format!(
            "{}, pw_side({}, {}, {name}_found, {name}_rows, {name}_null)",
            sql_text(name),
            sql_text(&side.of),
            sql_text(side.goes_on.word())
        )
    };
    let tell = |name: &str, side: &SideMatches, other: &SideMatches| {
        // Told only where a partner is expected.
        let is_told = SideMatches { unmatched: 1, ..side.clone() }.is_told();
        let [told, keys] = if is_told { side.template(&other.of) } else { Default::default() };
        let texts = [&visible(&origin.title), told.as_str(), keys.as_str()].map(sql_text);
        format!(
            "SELECT pw_tell({}, {name}_found, {name}_rows, {name}_null) FROM pw_matches_{} \\g /dev/null\n",
            texts.join(", "),
            id.0
        )
    };
    format!(
        "INSERT INTO pw_steps (step) SELECT jsonb_build_object('step', {}, 'title', {}, 'op', {}, 'matches', jsonb_build_object({}, {})) FROM pw_matches_{};\n{}{}",
        sql_text(&origin.step),
        sql_text(&origin.title),
        sql_text(plan.node(id).op.name()),
        side("left", &found.left),
        side("right", &found.right),
        id.0,
        tell("left", &found.left, &found.right),
        tell("right", &found.right, &found.left)
    )
}

/// The rows that a check rejects, and how many.
fn rejected(plan: &Plan, selects: &Selects, id: NodeId, check: &Check, is_kept: bool) -> Result<String, Diagnostic> {
    let node = plan.node(id);
    let Some(input) = node.inputs.first().copied() else { return Err(POSTGRESQL.refuse(&"a check without input")) };
    let is_rejecting = |id: &NodeId| matches!(&plan.node(*id).op, Op::Check(Check { on_fail: OnFail::Reject, .. }));
    let (mut ways, mut root) = (vec![id], id);
    while let Some(before) = plan.node(root).inputs.first() {
        root = *before;
        ways.extend(Some(root).filter(is_rejecting));
    }
    let ways: Vec<String> = ways.iter().map(|id| id.0.to_string()).collect();
    let (predicate, view) = (selects.printer(input).print(&check.predicate)?, selects.view(input));
    let (step, title) = (sql_text(&node.origin.step), sql_text(&visible(&node.origin.title)));
    let schema = &plan.node(input).schema;
    let mut text =
        format!("CREATE TABLE pw_rejected_{0} AS SELECT * FROM {view} WHERE ({predicate}) IS NOT TRUE;\n", id.0);
    if is_kept {
        text.push_str(&lines_out(&format!("rejected_rows_{}", id.0), &format!("pw_rejected_{}", id.0), schema, "")?);
    }
    text.push_str(&format!(
        "INSERT INTO pw_turned SELECT {id}, {}, ARRAY[{}], {step}, {title}, (SELECT count(*) FROM {view}), (SELECT count(*) FROM pw_rejected_{id});\n\
         INSERT INTO pw_steps (step) SELECT jsonb_build_object('step', step, 'title', {}, 'op', {}, 'rows_in', jsonb_build_array(rows_in), 'quarantined', quarantined) FROM pw_turned WHERE node = {id};\n",
        sql_text(&plan.node(root).origin.step),
        ways.join(", "),
        sql_text(&node.origin.title),
        sql_text(node.op.name()),
        id = id.0
    ));
    Ok(text)
}

/// The paths of loads that replace nothing, for `publish`.
fn new_paths(plan: &Plan) -> String {
    let types = plan.parameter_types();
    let part = |part: TextPart| match part {
        TextPart::Text(text) => sql_text(text),
        TextPart::Parameter { name, otherwise } => {
            let data_type = types.get(name).unwrap_or(&DataType::String);
            let value = POSTGRESQL.parameter(name, data_type);
            let text = cast(POSTGRESQL, &value, data_type, &DataType::String).unwrap_or(value);
            let default = if let Otherwise::Default(default) = otherwise { default } else { "" };
            format!("coalesce(nullif({text}, ''), {})", sql_text(default))
        }
    };
    let one = |node: &std::sync::Arc<Node>| {
        let Op::Write(Write { destination: Destination::File { path, when_exists, .. }, .. }) = &node.op else {
            return None;
        };
        let parts: Vec<String> = text_parts(path).unwrap_or_default().into_iter().map(part).collect();
        (*when_exists == WhenExists::Fail).then(|| format!("SELECT {} AS path", parts.join(" || ")))
    };
    let paths: Vec<String> = plan.nodes.iter().filter_map(one).collect();
    if paths.is_empty() {
        return String::new();
    }
    format!(
        "\n-- Loads that replace nothing.\nCREATE TABLE pw_new AS {};\n\\copy (SELECT path FROM pw_new) TO 'new' {LINES}\n",
        paths.join("\nUNION ALL ")
    )
}

/// Results as tables, where they are to stay. Types of the run's own go with it: they become JSON.
fn kept(plan: &Plan, selects: &Selects, name: &str) -> String {
    let schema = view_name(name, &mut BTreeSet::new());
    let (mut names, mut tables, mut made) = (BTreeSet::new(), Vec::new(), String::new());
    let (in_schema, of_project) = (sql_text(&schema), sql_text(name));
    for (id, node) in plan.iter() {
        let Op::Write(Write { destination: Destination::File { .. }, .. }) = &node.op else { continue };
        let column = |field: &Field| {
            let name = POSTGRESQL.identifier(&field.name);
            match &field.data_type {
                DataType::Record(_) => format!("to_jsonb({name}) AS {name}"),
                DataType::List(item) if matches!(**item, DataType::Record(_)) => format!("to_jsonb({name}) AS {name}"),
                _ => name,
            }
        };
        let columns: Vec<String> = node.schema.fields.iter().map(column).collect();
        let table = view_name(&node.origin.title, &mut names);
        made.push_str(&format!(
            "CREATE TABLE {}.{} AS SELECT {} FROM {};\nSELECT pw_kept({in_schema}, {of_project}, {}) \\g /dev/null\n",
            sql_identifier(&schema),
            sql_identifier(&table),
            columns.join(", "),
            selects.view(id),
            sql_text(&table)
        ));
        tables.push(sql_text(&table));
    }
    format!(
        "\n\\if :{{?pw_keep}}\nSELECT pw_keep({in_schema}, {of_project}, ARRAY[{}]::text[]) \\g /dev/null\n{made}\\endif\n",
        tables.join(", ")
    )
}
