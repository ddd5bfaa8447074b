//! Schema rules of operations that group, order or reshape rows.

use super::combine::{computed_of, ordered};
use super::{Rule, column, columns_help, labels_of_rows};
use crate::data::{DataType, Field, Labels, Schema};
use crate::diagnostic::Diagnostic;
use crate::expr::{Expr, ExprKind, FunctionKind, Place, function};
use crate::ir::{Aggregate, Distinct, Explode, Unpivot, Window};

pub(super) fn aggregate(rule: &Rule, aggregate: &Aggregate) -> Result<Schema, Diagnostic> {
    if aggregate.keys.is_empty() && aggregate.measures.is_empty() {
        return Err(Diagnostic::error("PW0407", "there is neither a key nor a measure")
            .help("add a measure, such as `count(*)`"));
    }
    let all = aggregate.keys.iter().chain(&aggregate.measures);
    let compared = computed_of(all.map(|column| &column.expr), rule.input(0)?);
    let mut schema = Schema::default();
    for key in &aggregate.keys {
        schema.fields.push(rule.computed(&compared, key, Place::Row)?);
    }
    for measure in &aggregate.measures {
        let mut field = rule.computed(&compared, measure, Place::Aggregate)?;
        counted(&mut field, &measure.expr, &compared);
        schema.fields.push(field);
    }
    Ok(schema)
}

pub(super) fn window(rule: &Rule, window: &Window) -> Result<Schema, Diagnostic> {
    let compared = computed_of(window.columns.iter().map(|column| &column.expr), rule.input(0)?);
    let mut schema = compared.clone();
    for column in &window.columns {
        let mut field = rule.computed(&compared, column, Place::Window)?;
        counted(&mut field, &column.expr, &compared);
        schema.fields.push(field);
    }
    Ok(schema)
}

/// A number of rows tells of whole rows, whichever column or condition it is taken by.
fn counted(field: &mut Field, expr: &Expr, rows: &Schema) {
    if expr.columns().is_empty() {
        field.labels = labels_of_rows(rows);
    } else if counts_rows(expr) {
        field.labels = field.labels.merge(&labels_of_rows(rows));
    }
}

/// Whether a part of it depends on how many rows there are more than on what stands in them.
fn counts_rows(expr: &Expr) -> bool {
    let counts = match &expr.kind {
        ExprKind::Call(call) => {
            let is_scalar = function(&call.function).is_none_or(|known| known.kind == FunctionKind::Scalar);
            let is_count = matches!(call.function.as_str(), "count" | "count_if" | "share_if");
            (!is_scalar || call.over.is_some()) && (is_count || call.args.iter().all(|one| one.columns().is_empty()))
        }
        _ => false,
    };
    counts || expr.children().into_iter().any(counts_rows)
}

pub(super) fn distinct(rule: &Rule, distinct: &Distinct) -> Result<Schema, Diagnostic> {
    let input = rule.input(0)?;
    for key in &distinct.keys {
        column(input, key)?;
    }
    rule.order(&distinct.order)?;
    Ok(ordered(distinct.order.iter().map(|key| &key.expr), input))
}

pub(super) fn explode(rule: &Rule, explode: &Explode) -> Result<Schema, Diagnostic> {
    let mut schema = rule.input(0)?.clone();
    let found = column(&schema, &explode.column)?.into_owned();
    let item = match found.data_type {
        DataType::List(item) => *item,
        DataType::Unknown => DataType::Unknown,
        other @ (DataType::Boolean
        | DataType::Int
        | DataType::Float
        | DataType::String
        | DataType::Timestamp
        | DataType::Date
        | DataType::Duration
        | DataType::Record(_)) => {
            return Err(Diagnostic::error(
                "PW0405",
                format!("`{}` is {other}, but only a list can be exploded", found.name),
            )
            .help("choose a List column; `split(text, ',')` in a Compute step makes one of a text"));
        }
    };
    super::put(&mut schema, Field { labels: found.labels, ..Field::new(found.name, item) });
    if let Some(position) = &explode.position {
        let labels = schema.get(&explode.column).map(|field| Labels::merged([&field.labels])).unwrap_or_default();
        schema.fields.push(Field { labels, ..Field::new(position, DataType::Int) });
    }
    Ok(schema)
}

pub(super) fn unpivot(rule: &Rule, unpivot: &Unpivot) -> Result<Schema, Diagnostic> {
    let input = rule.input(0)?;
    if unpivot.columns.is_empty() {
        return Err(Diagnostic::error("PW0407", "no column to turn into rows is chosen").help(columns_help(input)));
    }
    let mut schema = Schema::default();
    for name in &unpivot.keep {
        schema.fields.push(column(input, name)?.into_owned());
    }
    let mut labels: Option<Labels> = None;
    for name in &unpivot.columns {
        let field = column(input, name)?;
        if !field.data_type.fits(&unpivot.data_type) && unpivot.data_type != DataType::String {
            return Err(Diagnostic::error(
                "PW0408",
                format!("`{name}` is {}, which is no {}", field.data_type, unpivot.data_type),
            )
            .help("leave the column out, or let the values be String"));
        }
        labels = Some(labels.map_or(field.labels.clone(), |sum| sum.merge(&field.labels)));
    }
    schema.fields.push(Field { labels: input.rows.clone(), ..Field::new(&unpivot.name, DataType::String) });
    let labels = labels.unwrap_or_default();
    schema.fields.push(Field { labels, ..Field::new(&unpivot.value, unpivot.data_type.clone()) });
    Ok(schema)
}
