//! What an operation makes of rows at once, told before it makes it, so that it may be given fewer of them. Texts that
//! functions make longer are not foreseen: they are counted while they are made (`Allowance`).

use std::collections::BTreeMap;

use pipewright_core::data::{DataType, Schema};
use pipewright_core::expr::{BinaryOp, Expr, ExprKind, FunctionKind, function};
use pipewright_core::ir::{Explode, Op};
use polars::prelude::{Column, DataFrame, ListNameSpaceImpl, Series};

use super::Context;
use crate::exprs;
use crate::frames::column_weight;

/// Bytes of a cell beside the texts and items that it may hold.
const CELL: usize = 16;

/// Whether `grown` is what comes of the rows; otherwise it is the most that may come of them, if nothing that is counted
/// while it is made is more.
pub(crate) fn is_foreseen(op: &Op) -> bool {
    matches!(op, Op::Explode(_) | Op::Unpivot(_)) || op.expressions().into_iter().any(puts_together)
}

/// How many bytes of text or list a call makes of each byte that it is given, where it makes one value of all that it is
/// given and does not count it.
fn times(expr: &Expr) -> Option<usize> {
    match &expr.kind {
        ExprKind::Binary { op: BinaryOp::Concat, .. } => Some(1),
        ExprKind::Call(call) => match call.function.as_str() {
            "concat" | "list_of" => Some(1),
            // A quote or a backslash gets one before it.
            "to_json" => Some(2),
            _ => None,
        },
        _ => None,
    }
}

fn puts_together(expr: &Expr) -> bool {
    times(expr).is_some() || expr.children().into_iter().any(puts_together)
}

/// Bytes, about, of what an operation makes of its first input's rows.
pub(crate) fn grown(op: &Op, rows: &DataFrame, context: &Context) -> usize {
    match op {
        Op::Explode(explode) => exploded(explode, rows, context.output),
        Op::Unpivot(unpivot) => {
            let kept = unpivot.keep.iter().filter_map(|name| rows.column(name).ok()).filter(|column| is_nested(column));
            let row = (context.output.len() * CELL).saturating_mul(rows.height());
            kept.map(column_weight).fold(row, usize::saturating_add).saturating_mul(unpivot.columns.len())
        }
        Op::Filter { .. }
        | Op::Project(_)
        | Op::Check(_)
        | Op::Aggregate(_)
        | Op::Window(_)
        | Op::Sort(_)
        | Op::Limit(_)
        | Op::Distinct(_)
        | Op::Write(_) => {
            let made = context.inputs.first().map(|schema| Made::of(&op.expressions(), rows, schema));
            made.map_or(0, |made| made.texts.saturating_add(made.passing).saturating_add(made.cells))
        }
        // Joins are made in pieces; the others make no more than they are given.
        Op::Join(_) | Op::AsofJoin(_) | Op::Read(_) | Op::Rows(_) | Op::Parse(_) | Op::Union => 0,
    }
}

/// The texts, lists and records alone that an operation computes of rows of which it needs all.
pub(crate) fn grown_texts(op: &Op, rows: &DataFrame, context: &Context) -> usize {
    context.inputs.first().map_or(0, |schema| Made::of(&op.expressions(), rows, schema).texts)
}

fn is_nested(column: &Column) -> bool {
    column.dtype().is_nested()
}

/// What is made of each row: its cells once for each item, other lists and records copied with them.
fn exploded(explode: &Explode, rows: &DataFrame, output: &Schema) -> usize {
    let lists = rows.column(&explode.column).ok().map(|column| column.as_materialized_series().clone());
    let Some(items) = lists.as_ref().and_then(|lists| lists.list().ok()).map(|lists| lists.lst_lengths()) else {
        return 0;
    };
    let mut cells = vec![output.len() * CELL; rows.height()];
    for column in rows.columns().iter().filter(|column| is_nested(column) && column.name() != explode.column.as_str()) {
        add_weights(column.as_materialized_series(), &mut cells);
    }
    let made = items.iter().zip(cells).map(|(items, bytes)| bytes.saturating_mul(items.unwrap_or(0).max(1) as usize));
    made.fold(0, usize::saturating_add)
}

/// Adds the bytes of each row's text, list or record.
pub(super) fn add_weights(series: &Series, cells: &mut [usize]) {
    if let Ok(lists) = series.list() {
        let inner = lists.get_inner();
        let item = column_weight(&Column::from(inner.clone())) / inner.len().max(1) + 1;
        for (cell, items) in cells.iter_mut().zip(lists.lst_lengths().iter()) {
            *cell = cell.saturating_add(item.saturating_mul(items.unwrap_or(0) as usize));
        }
    } else if let Ok(records) = series.struct_() {
        records.fields_as_series().iter().for_each(|field| add_weights(field, cells));
    } else if let Ok(texts) = series.str() {
        for (cell, text) in cells.iter_mut().zip(texts.iter()) {
            *cell = cell.saturating_add(CELL + text.map_or(0, str::len));
        }
    } else {
        cells.iter_mut().for_each(|cell| *cell += CELL);
    }
}

/// Bytes of what is computed of rows.
#[derive(Default)]
struct Made {
    /// Texts, lists and records: as large as what they are computed from, since those that are larger are counted.
    texts: usize,
    /// What numbers, times and truths are computed from: one is there at a time.
    passing: usize,
    cells: usize,
}

impl Made {
    fn of(exprs: &[&Expr], rows: &DataFrame, schema: &Schema) -> Made {
        let mut sizes = Sizes { rows, known: BTreeMap::new() };
        let mut made = Made::default();
        for expr in exprs {
            each_computed(expr, &mut |computed, is_gathered| {
                let bytes = sizes.made(computed);
                let is_plain = matches!(computed.kind, ExprKind::Column(_) | ExprKind::Literal(_));
                if !is_gathered && (is_plain || bytes == 0) {
                    return;
                }
                let is_text = || {
                    let data_type = exprs::type_of(computed, schema);
                    matches!(data_type, DataType::String | DataType::List(_) | DataType::Record(_) | DataType::Unknown)
                };
                match is_gathered || is_text() {
                    true => made.texts = made.texts.saturating_add(bytes),
                    false => made.passing = made.passing.max(bytes),
                }
                made.cells = made.cells.saturating_add(CELL * rows.height());
            });
            // Each call over many rows has a column for what it takes and one for what it gives.
            made.cells = made.cells.saturating_add(folds_of(expr).saturating_mul(CELL * rows.height()));
        }
        made
    }
}

fn folds_of(expr: &Expr) -> usize {
    if is_fold(expr) { 1 } else { expr.children().into_iter().map(folds_of).sum() }
}

/// Finds what is computed row by row: an expression, or what a call over many rows takes. True: the call puts the values
/// of all its rows into one.
fn each_computed<'a>(expr: &'a Expr, found: &mut dyn FnMut(&'a Expr, bool)) {
    let call = match &expr.kind {
        ExprKind::Call(call) => call,
        _ if expr.children().iter().any(|child| has_fold(child)) => {
            expr.children().into_iter().for_each(|child| each_computed(child, found));
            return;
        }
        _ => return found(expr, false),
    };
    if !is_fold(expr) {
        if call.args.iter().any(has_fold) {
            call.args.iter().for_each(|child| each_computed(child, found));
            return;
        }
        return found(expr, false);
    }
    let is_gathering = matches!(call.function.as_str(), "collect" | "string_agg");
    call.args.iter().for_each(|argument| found(argument, is_gathering));
    expr.children().into_iter().skip(call.args.len()).for_each(|child| found(child, false));
}

fn is_fold(expr: &Expr) -> bool {
    let ExprKind::Call(call) = &expr.kind else { return false };
    call.over.is_some() || function(&call.function).is_some_and(|known| known.kind != FunctionKind::Scalar)
}

fn has_fold(expr: &Expr) -> bool {
    is_fold(expr) || expr.children().into_iter().any(has_fold)
}

/// Bytes of columns, each looked at once.
struct Sizes<'a> {
    rows: &'a DataFrame,
    known: BTreeMap<String, usize>,
}

impl Sizes<'_> {
    /// Of an expression's values: of those that are put together each part as often as it stands there, of others what
    /// they are computed from.
    fn made(&mut self, expr: &Expr) -> usize {
        let parts: Vec<usize> = expr.children().into_iter().map(|part| self.made(part)).collect();
        match times(expr) {
            Some(times) => parts.into_iter().fold(0, usize::saturating_add).saturating_mul(times),
            None => parts.into_iter().fold(self.of(expr), usize::max),
        }
    }

    /// Of all columns that an expression reads.
    fn of(&mut self, expr: &Expr) -> usize {
        let rows = self.rows;
        let mut size = |name: &str| match self.known.get(name) {
            Some(size) => *size,
            None => {
                let size = rows.column(name).map_or(0, column_weight);
                self.known.insert(name.to_owned(), size);
                size
            }
        };
        expr.columns().into_iter().map(&mut size).fold(0, usize::saturating_add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pipewright_core::expr::parse;
    use pipewright_core::ir;
    use polars::prelude::{NamedFrom, df};

    /// Two texts of 1,000 bytes beside numbers.
    fn grown_by(op: &Op) -> usize {
        let text = "x".repeat(1000);
        let rows = df!("t" => [text.as_str(), text.as_str()], "n" => [1i64, 2]).unwrap();
        let schema = Schema::of([("t", DataType::String), ("n", DataType::Int)]);
        grown(op, &rows, &Context { name: "", inputs: vec![&schema], output: &schema, ids: false })
    }

    #[test]
    fn what_is_computed_of_texts_counts_as_they_do() {
        let project = |texts: &[&str]| {
            let columns = texts.iter().map(|text| ir::Column::new(*text, parse(text).unwrap()));
            Op::Project(ir::Project::new(columns.collect()))
        };
        assert_eq!(grown_by(&project(&["t", "n", "1", "'text'"])), 0);
        let three = grown_by(&project(&["upper(t)", "case when n > 1 then t end", "coalesce(t, 'a')"]));
        assert!((6000..7000).contains(&three), "{three}");
        let long = grown_by(&project(&["concat(t, t, upper(concat(t, t)))", "t || '-' || t"]));
        assert!((12_000..13_000).contains(&long), "{long}");
        // Of a single row too, since nobody counts what is put together.
        assert!(is_foreseen(&project(&["upper(t || t)"])) && !is_foreseen(&project(&["repeat(t, 3)"])));
        // Of many lengths one upper text is there at a time.
        let lengths = grown_by(&project(&["length(upper(t))"; 50]));
        assert!((2000..5000).contains(&lengths), "{lengths}");
    }

    #[test]
    fn what_puts_all_rows_into_one_value_counts_and_what_picks_one_does_not() {
        let fold = |texts: &[&str]| {
            let measures = texts.iter().map(|text| ir::Column::new(*text, parse(text).unwrap()));
            Op::Aggregate(ir::Aggregate { keys: vec![], measures: measures.collect() })
        };
        let gathered = grown_by(&fold(&["string_agg(t, ',')", "collect(t order by n)", "length(string_agg(t, ''))"]));
        assert!((6000..7000).contains(&gathered), "{gathered}");
        assert!(grown_by(&fold(&["max(t)", "sum(n)", "first(t order by n)", "count(*)"])) < 200);
        assert!(grown_by(&fold(&["max(upper(t))", "sum(n)"])) > 2000);
    }

    #[test]
    fn lists_beside_a_list_are_copied_for_each_of_its_items() {
        let list = |count: i64| Series::new("".into(), (0..count).collect::<Vec<i64>>());
        let rows = df!("a" => [list(1), list(1), list(1000)], "b" => [list(1), list(1), list(1000)]).unwrap();
        let items = DataType::List(Box::new(DataType::Int));
        let schema = Schema::of([("a", items.clone()), ("b", items)]);
        let context = Context { name: "", inputs: vec![&schema], output: &schema, ids: false };
        let explode = Explode { column: "a".into(), position: None, keep_empty: false };
        let all = grown(&Op::Explode(explode.clone()), &rows, &context);
        assert!((8_000_000..10_000_000).contains(&all), "{all}");
        assert!(grown(&Op::Explode(explode), &rows.head(Some(2)), &context) < 500);
    }
}
