//! A data file looked at as a whole, where a sample is not enough: for what is declared of every row.

use std::collections::BTreeMap;
use std::path::Path;

use pipewright_core::data::figures::counted;
use pipewright_core::data::{DataType, Schema, Value};
use pipewright_core::diagnostic::{Diagnostic, Severity};
use pipewright_core::expr::{Expr, Place, Scope, check, print, print_name, type_of};
use pipewright_core::formats::Tally;
use pipewright_core::import::{Declared, Demand};
use pipewright_core::ir::MAX_QUARANTINED;
use pipewright_core::model::Source;
use pipewright_core::planner::{SourceEvidence, declared_schema};
use pipewright_core::project::{Edit, Place as EditPlace, Project};
use pipewright_core::quote::visible;
use pipewright_engine::{Cancel, internal};
use serde_json::{Value as Json, json};

use crate::step_rows::counted_steps;

/// Counts the rows of a file, the nulls of its declared columns and the values of its keys, which `found` states
/// afterwards, and gives what cannot be read as it is declared. `real` is the file, with the columns that a sample shows.
pub fn count_all(
    declared: &Source,
    real: &Source,
    found: &mut SourceEvidence,
    base: &Path,
) -> Result<Vec<Diagnostic>, Diagnostic> {
    hold_against(declared, &Declared::default(), real, found, base)
}

/// The same, and how many rows are not what a contract demands of them.
pub fn hold_against(
    declared: &Source,
    contract: &Declared,
    real: &Source,
    found: &mut SourceEvidence,
    base: &Path,
) -> Result<Vec<Diagnostic>, Diagnostic> {
    let Some((wanted, columns)) = declared_schema(declared).zip(real.schema.as_ref()) else { return Ok(Vec::new()) };
    let names: Vec<&str> = wanted.names().filter(|name| columns.has(name)).collect();
    let keys = declared.declaration.iter().flat_map(|one| &one.keys);
    let keys: Vec<&str> = keys.filter(|key| key.len() == 1).map(|key| key[0].as_str()).collect();
    let columns = typed(columns, wanted);
    let (looked_at, not_looked_at) = demands(contract, &columns);
    let conditions: Vec<&Expr> = looked_at.iter().map(|(.., condition)| *condition).collect();
    let source = Source { schema: Some(columns), ..real.clone() };
    let (row, tally) = counts(&source, &names, &keys, &conditions, base)?;
    let count = |name: &str| row.get(name).copied().unwrap_or_default();
    found.rows = count("rows");
    found.bytes_read = found.bytes;
    for (number, name) in names.iter().enumerate() {
        let Some(column) = found.columns.iter_mut().find(|column| column.name == *name) else { continue };
        column.nulls = found.rows - count(&format!("n{number}")).min(found.rows);
        if keys.contains(name) {
            column.distinct = count(&format!("d{number}"));
        }
    }
    let mut told = unread(&tally, wanted);
    for (number, (column, demand, _)) in looked_at.iter().enumerate() {
        told.extend(broken(*column, demand, count(&format!("b{number}"))));
    }
    told.extend(not_looked_at);
    Ok(told)
}

/// A demand that rows are asked for: the column that it is about, and its condition.
type Asked<'a> = (Option<&'a str>, &'a Demand, &'a Expr);

/// What a contract demands and these columns can be asked for, and warnings of the rest.
fn demands<'a>(contract: &'a Declared, columns: &Schema) -> (Vec<Asked<'a>>, Vec<Diagnostic>) {
    let (mut looked_at, mut rest) = (Vec::new(), Vec::new());
    let parameters = BTreeMap::new();
    for (column, demand) in contract.all_demands() {
        // That a column is not there, or of another type, is told for itself.
        if column.is_some_and(|column| !columns.has(column)) {
            continue;
        }
        let scope = Scope { schema: columns, parameters: &parameters, place: Place::Row };
        match &demand.condition {
            Some(condition) if check(condition, &scope).is_ok() && type_of(condition, &scope) == DataType::Boolean => {
                looked_at.push((column, demand, condition));
            }
            _ => {
                let of = column.map(|column| format!(" of `{column}`")).unwrap_or_default();
                let message = format!("`{}`{of} is not looked at", visible(&demand.said));
                let warning = Diagnostic::warning("PW0734", message)
                    .help("see to it in another way, or demand it in words that are: bounds, lengths, patterns, lists of values");
                rest.push(about(warning, column));
            }
        }
    }
    (looked_at, rest)
}

fn about(diagnostic: Diagnostic, column: Option<&str>) -> Diagnostic {
    match column {
        Some(column) => diagnostic.field(format!("schema.{column}")),
        None => diagnostic,
    }
}

/// Rows that are not what is demanded.
fn broken(column: Option<&str>, demand: &Demand, count: u64) -> Option<Diagnostic> {
    let of = column.map(|column| format!(" of `{column}`")).unwrap_or_default();
    let message = format!("`{}`{of} does not hold in {}", visible(&demand.said), counted(count, "row"));
    let fault = Diagnostic::error("PW0733", message).help("change the contract, or have what writes the file mended");
    (count > 0).then(|| about(fault, column))
}

/// The columns of a file, of the declared type where what a sample shows is part of it.
fn typed(columns: &Schema, declared: &Schema) -> Schema {
    let mut columns = columns.clone();
    for field in &mut columns.fields {
        if let Some(wanted) = declared.get(&field.name).filter(|wanted| field.data_type.fits(&wanted.data_type)) {
            field.data_type.clone_from(&wanted.data_type);
        }
    }
    columns
}

/// By name: `rows`, `n` of each column (values), `d` of each key (different values), `b` of each condition (rows for which
/// it is false).
fn counts(
    source: &Source,
    names: &[&str],
    keys: &[&str],
    conditions: &[&Expr],
    base: &Path,
) -> Result<(BTreeMap<String, u64>, Tally), Diagnostic> {
    let mut measures = vec![json!({"id": "rows", "name": "rows", "expression": "count(*)"})];
    let mut measure = |name: String, expression: String| {
        measures.push(json!({"id": name, "name": name, "expression": expression}));
    };
    for (number, name) in names.iter().enumerate() {
        measure(format!("n{number}"), format!("count_if({} is not null)", print_name(name)));
        if keys.contains(name) {
            measure(format!("d{number}"), format!("count_distinct({})", print_name(name)));
        }
    }
    for (number, condition) in conditions.iter().enumerate() {
        measure(format!("b{number}"), format!("count_if(({}) is false)", print(condition)));
    }
    let mut project = Project::new("whole");
    let insert = |into: &str, item: Json| Edit::Insert { into: into.into(), item, place: EditPlace::Last };
    project.apply(&[
        insert("sources", json!(source)),
        insert(
            "steps",
            json!({"id": "read", "kind": "file", "title": source.title, "settings": {"source": source.id}}),
        ),
        insert(
            "steps",
            json!({"id": "all", "kind": "aggregate", "title": "All", "settings": {"keys": [], "measures": measures}}),
        ),
        insert("wires", json!({"id": "w", "from": "read", "output": "out", "to": "all", "input": "in"})),
    ])?;
    let (found, report) = counted_steps(&project, &["all"], base, &BTreeMap::new(), &Cancel::new())?;
    let (Some(found), Some(read)) = (found.first(), report.sources.into_iter().next()) else {
        return Err(internal("the counts of a file", &"no rows"));
    };
    let row = found.rows.first().into_iter().flatten();
    let count =
        |value: &Value| if let Value::Int(count) = value { u64::try_from(*count).unwrap_or_default() } else { 0 };
    let counts = found.schema.names().map(str::to_owned).zip(row.map(count));
    Ok((counts.collect(), read.tally))
}

/// What is no value of a declared column's type, and what is no row at all.
fn unread(tally: &Tally, wanted: &Schema) -> Vec<Diagnostic> {
    let mut told = Vec::new();
    let help = "change the declaration, or have what writes the file mended";
    if tally.quarantined > 0 {
        let message = format!("{} of the file cannot be read as rows", counted(tally.quarantined, "line"));
        let fault = Diagnostic::warning("PW0730", message).help("`pipewright read FILE --quarantine LINES` keeps them");
        // A file of which a run would not have enough rows is none of the contract's.
        let is_other = tally.quarantined_share() > MAX_QUARANTINED;
        told.push(if is_other { Diagnostic { severity: Severity::Error, ..fault } } else { fault });
    }
    let changes = &tally.changes;
    let lost = [&changes.unfit, &changes.fractions, &changes.clocks, &changes.rounded];
    for field in wanted.fields.iter().filter(|field| lost.iter().any(|lost| lost.contains_key(&field.name))) {
        let count: u64 = lost.iter().filter_map(|lost| lost.get(&field.name)).sum();
        let is = if count == 1 { "is" } else { "are" };
        let message = format!("{} of `{}` {is} no {}", counted(count, "value"), field.name, field.data_type);
        told.push(Diagnostic::error("PW0809", message).help(help).field(format!("schema.{}", field.name)));
    }
    told
}
