//! Change types: columns of another type, read from text where needed.

use serde::Deserialize;

use super::casts::fits;
use super::items::{item_field, text};
use super::kind::about;
use super::settings::items_of;
use super::{Example, FieldKind, FormField, Lowering, Settings, StepKind, Table};
use crate::data::DataType;
use crate::diagnostic::Diagnostic;
use crate::expr::{BinaryOp, Expr, ExprKind};
use crate::ir::{Check, Column, Loss, LossKind, NodeId, OnFail, Op};

pub(super) struct ChangeTypes;
pub(super) static KIND: ChangeTypes = ChangeTypes;

#[derive(Deserialize)]
struct ChangeTypesSettings {
    #[serde(default)]
    columns: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    #[serde(default)]
    id: String,
    #[serde(default)]
    column: String,
    #[serde(rename = "type")]
    data_type: DataType,
    #[serde(default)]
    format: String,
    #[serde(default)]
    on_fail: OnCastFail,
}

#[derive(Deserialize, Default, Clone, Copy, PartialEq)]
#[serde(rename_all = "snake_case")]
enum OnCastFail {
    #[default]
    Null,
    Reject,
}

impl StepKind for ChangeTypes {
    about!(
        "change_types",
        "Change types",
        Shape,
        ["cast", "convert", "type", "number", "timestamp", "parse"],
        "Gives columns another type. A value that cannot be read as that type becomes null, or sends its row to \
         quarantine with the reason. Times in text take a format such as `%d/%b/%Y:%H:%M:%S %z`."
    );

    fn form(&self) -> &'static [FormField] {
        const ITEMS: &[FormField] = &[
            FormField::new("column", "Column", FieldKind::Column { input: "in", types: &[] }, "Choose a column.")
                .required(),
            FormField::new("type", "Type", FieldKind::DataType, "Choose the type that it shall have.").required(),
            FormField::new(
                "format",
                "Format of times",
                FieldKind::Text { placeholder: "%Y-%m-%d %H:%M:%S" },
                "How the text writes times; empty for ISO 8601.",
            ),
            FormField::new(
                "on_fail",
                "What does not fit",
                FieldKind::Choice(&[("null", "becomes null"), ("reject", "goes to quarantine")]),
                "What becomes of a value that is not of the type.",
            ),
        ];
        const FORM: &[FormField] =
            &[FormField::new("columns", "Columns", FieldKind::Items(ITEMS), "The columns to change.")];
        FORM
    }

    fn summary(&self, settings: &Settings) -> (String, bool) {
        (items_of(settings, "columns", &["column"]), false)
    }

    fn lower(&self, lowering: &mut Lowering) {
        let Some(settings) = lowering.settings::<ChangeTypesSettings>() else { return };
        let Some(input) = lowering.input("in") else { return };
        if settings.columns.is_empty() {
            lowering.pass_through(input, "no type is changed yet", "add a column and its new type", "columns");
            return;
        }
        let names = settings.columns.iter().map(|item| item.column.as_str());
        if lowering.report_repeated_names("columns", names).is_none() {
            return;
        }
        let mut node = input;
        let (mut changed, mut losses) = (Vec::new(), Vec::new());
        for (index, item) in settings.columns.iter().enumerate() {
            let Some(column) = lower_item(item, index, lowering, input, &mut node) else { return };
            if item.on_fail == OnCastFail::Null && !matches!(column.expr.kind, ExprKind::Column(_)) {
                losses.push(loss(item));
            }
            changed.push(column);
        }
        losses.extend(lowering.cast_losses(&changed, node));
        let columns = lowering.put_columns(node, changed);
        if let Some(node) = lowering.push_losing(columns, losses, node) {
            lowering.output("out", node);
        }
    }

    fn examples(&self) -> &'static [Example] {
        const EXAMPLES: &[Example] = &[
            Example::new(
                "numbers from text; what is none becomes null",
                r#"{"columns": [{"id": "c1", "column": "bytes", "type": "Int"}]}"#,
                &[("in", Table::new("bytes String, path String", "[\"512\", \"/\"]\n[\"-\", \"/x\"]"))],
                &[("out", Table::new("bytes Int, path String", "[512, \"/\"]\n[null, \"/x\"]"))],
            ),
            Example::new(
                "times in a format of their own",
                r#"{"columns": [{"id": "c1", "column": "time", "type": "Timestamp", "format": "%d/%m/%Y %H:%M"}]}"#,
                &[("in", Table::new("time String", "[\"02/03/2026 14:30\"]\n[\"yesterday\"]"))],
                &[("out", Table::new("time Timestamp", "[\"2026-03-02T14:30:00Z\"]\n[null]"))],
            ),
            Example::new(
                "a value that is no number sends its row to quarantine",
                r#"{"columns": [{"id": "c1", "column": "amount", "type": "Float", "on_fail": "reject"}]}"#,
                &[("in", Table::new("amount String", "[\"1.5\"]\n[\"free\"]\n[null]"))],
                &[("out", Table::new("amount Float", "[1.5]\n[null]"))],
            ),
        ];
        EXAMPLES
    }
}

/// What becomes null where it does not fit.
fn loss(item: &Item) -> Loss {
    let column = Expr::column(&item.column);
    let (kind, given) = match item.data_type {
        DataType::List(_) | DataType::Record(_) => {
            (LossKind::Part, Expr::call("cast_loses", vec![column, text(item.data_type.to_string())]))
        }
        _ => (LossKind::Null, Expr::is_null(column, true)),
    };
    Loss { column: item.column.clone(), kind, given }
}

/// The column with its new type; a check that rejects rows goes before, and `node` moves on.
fn lower_item(item: &Item, index: usize, lowering: &mut Lowering, input: NodeId, node: &mut NodeId) -> Option<Column> {
    let field = item_field("columns", &item.id, index, "column");
    let found = lowering.column(&field, &item.column, input)?;
    let column = Expr::column(&item.column);
    let is_time = matches!(item.data_type, DataType::Timestamp | DataType::Date);
    let has_format = !item.format.trim().is_empty() && found.fits(&DataType::String);
    if !(item.format.trim().is_empty() || is_time && has_format) {
        lowering.report(
            Diagnostic::warning("PW0330", format!("the format has no effect on `{}`", item.column))
                .help("a format is for text that becomes a Timestamp or Date")
                .field(item_field("columns", &item.id, index, "format")),
        );
    }
    let expr = if is_time && has_format {
        let time = Expr::call("to_timestamp", vec![column.clone(), text(item.format.trim())]);
        if item.data_type == DataType::Date { Expr::try_cast(time, DataType::Date) } else { time }
    } else if found == item.data_type {
        column.clone()
    } else {
        Expr::try_cast(column.clone(), item.data_type.clone())
    };
    let setting = if is_time && has_format { "format" } else { "type" };
    lowering.made_expression(&item_field("columns", &item.id, index, setting), &expr, input)?;
    if item.on_fail == OnCastFail::Reject && !matches!(expr.kind, ExprKind::Column(_)) {
        let article = if item.data_type == DataType::Int { "an" } else { "a" };
        let fitting = match &expr.kind {
            ExprKind::Cast { .. } => fits(&column, &item.data_type),
            _ => Expr::is_null(expr.clone(), true),
        };
        let check = Check {
            predicate: Expr::binary(BinaryOp::Or, Expr::is_null(column.clone(), false), fitting),
            reason: format!("`{}` is not {article} {}", item.column, item.data_type),
            on_fail: OnFail::Reject,
        };
        *node = lowering.push(Op::Check(check), vec![*node])?;
    }
    Some(Column::new(&item.column, expr))
}
