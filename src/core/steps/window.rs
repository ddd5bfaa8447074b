//! Window calculation: a value for each row from the rows around it.

use std::collections::HashSet;

use serde::Deserialize;

use super::calls::{has_call, split_calls};
use super::items::{NamedExpression, item_field};
use super::kind::about;
use super::settings::items_of;
use super::{Example, FieldKind, FormField, Lowering, Settings, StepKind, Table};
use crate::diagnostic::Diagnostic;
use crate::expr::{self, Expr, Place};
use crate::ir::{self, Column, NodeId, Op, Project};

pub(super) struct Window;
pub(super) static KIND: Window = Window;

#[derive(Deserialize, Default)]
#[serde(default)]
struct WindowSettings {
    columns: Vec<NamedExpression>,
}

impl StepKind for Window {
    about!(
        "window",
        "Window calculation",
        Analyse,
        ["running total", "moving average", "lag", "lead", "row number", "previous", "rank", "over"],
        "Adds columns computed from the rows around each row: its number in a group, the previous value, a running \
         total, a moving average over rows or over time. Each says its rows with `over (partition by … order by …)`. \
         Rows that tie in an order are put in the order of all columns, the same for all calculations of the step."
    );

    fn form(&self) -> &'static [FormField] {
        const ITEMS: &[FormField] = &[
            FormField::new("name", "Name", FieldKind::Text { placeholder: "previous" }, "Name of the new column.")
                .required(),
            FormField::new(
                "expression",
                "Calculation",
                FieldKind::Expression { input: "in", place: Place::Window, result: None },
                "Write a call with over, such as lag(time) over (partition by user order by time).",
            )
            .required(),
        ];
        const FORM: &[FormField] =
            &[FormField::new("columns", "Columns", FieldKind::Items(ITEMS), "The columns to compute, in order.")];
        FORM
    }

    fn summary(&self, settings: &Settings) -> (String, bool) {
        (items_of(settings, "columns", &["name"]), false)
    }

    fn lower(&self, lowering: &mut Lowering) {
        let Some(settings) = lowering.settings::<WindowSettings>() else { return };
        let Some(input) = lowering.input("in") else { return };
        if settings.columns.is_empty() {
            lowering.pass_through(input, "nothing is computed yet", "add a column with a calculation", "columns");
            return;
        }
        let mut node = input;
        // Columns that look at the rows of the same input are computed together, so that rows that tie have one order
        // for all of them. One that looks at a column before it comes after that.
        let mut together: Vec<Column> = Vec::new();
        for (index, item) in settings.columns.iter().enumerate() {
            if follows(item, &together) {
                match push_together(std::mem::take(&mut together), lowering, node) {
                    Some(next) => node = next,
                    None => return,
                }
            }
            match read_item(item, index, lowering, node) {
                Some(column) => together.push(column),
                None => return,
            }
        }
        let Some(node) = push_together(together, lowering, node) else { return };
        lowering.output("out", node);
    }

    fn examples(&self) -> &'static [Example] {
        const INPUT: &[(&str, Table)] = &[(
            "in",
            Table::new(
                "user String, n Int, amount Int",
                "[\"a\", 1, 10]\n[\"a\", 2, 5]\n[\"b\", 1, 7]\n[\"a\", 3, null]",
            ),
        )];
        const EXAMPLES: &[Example] = &[
            Example::new(
                "the previous amount and a running total of each user",
                r#"{"columns": [
                    {"id": "w1", "name": "previous", "expression": "lag(amount) over (partition by user order by n)"},
                    {"id": "w2", "name": "total", "expression": "sum(amount) over (partition by user order by n rows between unbounded preceding and current row)"}]}"#,
                INPUT,
                &[(
                    "out",
                    Table::new(
                        "user String, n Int, amount Int, previous Int, total Int",
                        "[\"a\", 1, 10, null, 10]\n[\"a\", 2, 5, 10, 15]\n[\"b\", 1, 7, null, 7]\n[\"a\", 3, null, 5, 15]",
                    ),
                )],
            ),
            Example::new(
                "rows that tie have one order for all calculations",
                r#"{"columns": [
                    {"id": "w1", "name": "after", "expression": "lead(w, 2) over (order by t)"},
                    {"id": "w2", "name": "number", "expression": "row_number() over (order by t)"}]}"#,
                &[("in", Table::new("t Int, w Int", "[1, 5]\n[1, 5]\n[2, null]\n[3, -1]"))],
                &[(
                    "out",
                    Table::new(
                        "t Int, w Int, after Int, number Int",
                        "[1, 5, null, 1]\n[1, 5, -1, 2]\n[2, null, null, 3]\n[3, -1, null, 4]",
                    ),
                )],
            ),
            Example::new(
                "how much more than the first",
                r#"{"columns": [{"id": "w1", "name": "more",
                    "expression": "amount - first_value(amount) over (partition by user order by n rows between unbounded preceding and unbounded following)"}]}"#,
                INPUT,
                &[(
                    "out",
                    Table::new(
                        "user String, n Int, amount Int, more Int",
                        "[\"a\", 1, 10, 0]\n[\"a\", 2, 5, -5]\n[\"b\", 1, 7, 0]\n[\"a\", 3, null, null]",
                    ),
                )],
            ),
        ];
        EXAMPLES
    }
}

/// Whether a column must come after others: it refers to one of them, or takes its place.
fn follows(item: &NamedExpression, others: &[Column]) -> bool {
    let refers = |name: &str| others.iter().any(|other| other.name == name);
    refers(item.name.trim())
        || expr::parse(&item.expression).is_ok_and(|parsed| parsed.columns().into_iter().any(refers))
}

/// A window column as it is written.
fn read_item(item: &NamedExpression, index: usize, lowering: &mut Lowering, input: NodeId) -> Option<Column> {
    let field = item_field("columns", &item.id, index, "expression");
    let name_field = item_field("columns", &item.id, index, "name");
    let name = lowering.new_name(&name_field, &item.name)?;
    let (expr, _) = lowering.expression(&field, &item.expression, input, Place::Window, None)?;
    if lowering.refuses_strict_cast(&field, &expr) {
        return None;
    }
    if !has_call(&expr, true) {
        lowering.report(
            Diagnostic::error("PW0346", "the calculation does not say over which rows")
                .help("add `over (partition by … order by …)` to the call, or use a Compute columns step")
                .at(expr.span)
                .field(field),
        );
        return None;
    }
    // What is computed of a column may take its place.
    if !expr.columns().contains(&name.as_str()) {
        lowering.warn_of_replaced(&name_field, std::iter::once(name.as_str()), "", input);
    }
    Some(Column::new(name, expr))
}

/// Window columns over the same rows: single calls as they are; anything around calls is projected afterwards.
fn push_together(columns: Vec<Column>, lowering: &mut Lowering, input: NodeId) -> Option<NodeId> {
    let taken: HashSet<String> = lowering.schema(input).names().map(str::to_owned).collect();
    let mut all = lowering.all_columns(input);
    let mut split = split_calls(columns, true, &taken);
    for call in split.calls.iter_mut().filter(|call| taken.contains(&call.name)) {
        // The call takes a hidden name first, then the place of the column that it replaces.
        let mut hidden = format!("_{}", call.name);
        while taken.contains(&hidden) || split.results.iter().any(|result| result.name == hidden) {
            hidden.push('_');
        }
        for result in split.results.iter_mut().filter(|result| result.name == call.name) {
            result.expr = Expr::column(&hidden);
        }
        call.name = hidden;
    }
    let is_direct = split.is_direct();
    let node = lowering.push_from("columns", Op::Window(ir::Window { columns: split.calls }), vec![input])?;
    if is_direct {
        return Some(node);
    }
    for result in split.results {
        match all.iter_mut().find(|column| column.name == result.name) {
            Some(column) => *column = result,
            None => all.push(result),
        }
    }
    let losses = lowering.written_cast_losses(&all, node);
    lowering.push_from("columns", Op::Project(Project { losses, ..Project::new(all) }), vec![node])
}
