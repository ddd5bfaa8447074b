//! Split column: pieces of a text become columns.

use serde::Deserialize;

use super::expression_text::int;
use super::items::{item_field, text};
use super::kind::about;
use super::settings::{items_of, text_of};
use super::{Example, FieldKind, FormField, Lowering, Settings, StepKind, Table};
use crate::data::{DataType, Value};
use crate::diagnostic::Diagnostic;
use crate::expr::{BinaryOp, Expr, ExprKind};
use crate::ir::{Column, Loss, LossKind, NodeId};

pub(super) struct SplitColumn;
pub(super) static KIND: SplitColumn = SplitColumn;

#[derive(Deserialize, Default)]
#[serde(default)]
struct SplitSettings {
    column: String,
    by: By,
    separator: String,
    pattern: String,
    into: Vec<Item>,
    drop_input: bool,
}

#[derive(Deserialize, Default, Clone, Copy, PartialEq)]
#[serde(rename_all = "snake_case")]
enum By {
    #[default]
    Separator,
    Pattern,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Item {
    id: String,
    name: String,
    #[serde(rename = "type")]
    data_type: Option<DataType>,
}

impl StepKind for SplitColumn {
    about!(
        "split_column",
        "Split column",
        Shape,
        ["separator", "regex", "extract", "capture", "pieces"],
        "Cuts a text at a separator, or takes the groups of a regular expression, into named columns. A piece that is \
         not there, or does not fit its type, is null."
    );

    fn form(&self) -> &'static [FormField] {
        const ITEMS: &[FormField] = &[
            FormField::new("name", "Name", FieldKind::Text { placeholder: "host" }, "Name of the new column.")
                .required(),
            FormField::new("type", "Type", FieldKind::DataType, "Type of the new column; String where empty."),
        ];
        const FORM: &[FormField] = &[
            FormField::new(
                "column",
                "Column",
                FieldKind::Column { input: "in", types: &[DataType::String] },
                "Choose a text column.",
            )
            .required(),
            FormField::new(
                "by",
                "Cut",
                FieldKind::Choice(&[("separator", "at a separator"), ("pattern", "by a regular expression")]),
                "How the pieces are found.",
            ),
            FormField::new(
                "separator",
                "Separator",
                FieldKind::Text { placeholder: ":" },
                "The text between two pieces.",
            ),
            FormField::new(
                "pattern",
                "Regular expression",
                FieldKind::Text { placeholder: r"(\w+)=(\d+)" },
                "Its groups, in order, give the columns.",
            ),
            FormField::new("into", "Into columns", FieldKind::Items(ITEMS), "Name the columns, one a piece, in order.")
                .required(),
            FormField::new("drop_input", "Drop the column", FieldKind::Boolean, "Whether the column that is cut goes."),
        ];
        FORM
    }

    fn summary(&self, settings: &Settings) -> (String, bool) {
        (format!("{} → {}", text_of(settings, "column"), items_of(settings, "into", &["name"])), false)
    }

    fn lower(&self, lowering: &mut Lowering) {
        let Some(settings) = lowering.settings::<SplitSettings>() else { return };
        let Some(input) = lowering.input("in") else { return };
        let Some(found) = lowering.column("column", &settings.column, input) else { return };
        if !found.fits(&DataType::String) {
            lowering.report(
                Diagnostic::error("PW0331", format!("`{}` is {found}, but only text can be cut", settings.column))
                    .help("choose a String column")
                    .field("column"),
            );
            return;
        }
        let Some((new, mut losses)) = pieces(&settings, lowering, input) else { return };
        let names: Vec<String> = new.iter().map(|column| column.name.clone()).collect();
        lowering.warn_of_replaced("into", names.iter().map(String::as_str), &settings.column, input);
        losses.extend(lowering.cast_losses(&new, input));
        let mut columns = lowering.put_columns(input, new);
        if settings.drop_input && settings.into.iter().all(|item| item.name != settings.column) {
            columns.retain(|column| column.name != settings.column);
        }
        if let Some(node) = lowering.push_losing(columns, losses, input) {
            lowering.output("out", node);
        }
    }

    fn examples(&self) -> &'static [Example] {
        const EXAMPLES: &[Example] = &[
            Example::new(
                "host and port",
                r#"{"column": "upstream", "separator": ":", "drop_input": true,
                    "into": [{"id": "p1", "name": "host"}, {"id": "p2", "name": "port", "type": "Int"}]}"#,
                &[("in", Table::new("upstream String", "[\"10.0.0.7:8080\"]\n[\"localhost\"]\n[null]"))],
                &[(
                    "out",
                    Table::new("host String, port Int", "[\"10.0.0.7\", 8080]\n[\"localhost\", null]\n[null, null]"),
                )],
            ),
            Example::new(
                "groups of a regular expression",
                r#"{"column": "message", "by": "pattern", "pattern": "user=(\\w+) took (\\d+) ms",
                    "into": [{"id": "p1", "name": "user"}, {"id": "p2", "name": "ms", "type": "Int"}]}"#,
                &[("in", Table::new("message String", "[\"user=ann took 35 ms\"]\n[\"started\"]"))],
                &[(
                    "out",
                    Table::new(
                        "message String, user String, ms Int",
                        "[\"user=ann took 35 ms\", \"ann\", 35]\n[\"started\", null, null]",
                    ),
                )],
            ),
        ];
        EXAMPLES
    }
}

/// The new columns, and what they lose of the text.
fn pieces(settings: &SplitSettings, lowering: &mut Lowering, input: NodeId) -> Option<(Vec<Column>, Vec<Loss>)> {
    let (field, given) = match settings.by {
        By::Separator => ("separator", &settings.separator),
        By::Pattern => ("pattern", &settings.pattern),
    };
    if given.is_empty() {
        lowering
            .report(Diagnostic::error("PW0332", format!("the {field} is empty")).help("say where to cut").field(field));
        return None;
    }
    let (mut columns, mut losses) = (Vec::new(), Vec::new());
    for (index, item) in settings.into.iter().enumerate() {
        let name = lowering.new_name(&item_field("into", &item.id, index, "name"), &item.name)?;
        let number = int(index as i64 + 1);
        let column = Expr::column(&settings.column);
        let piece = match settings.by {
            By::Separator => Expr::call("split_part", vec![column, text(given), number]),
            By::Pattern => Expr::call("regexp_extract", vec![column, text(given), number]),
        };
        let piece = Expr::call("nullif", vec![piece, Expr::literal(Value::text(""))]);
        let expr = match &item.data_type {
            None | Some(DataType::String) => piece,
            Some(data_type) => {
                let given = Expr::is_null(piece.clone(), true);
                losses.push(Loss { column: name.clone(), kind: LossKind::Null, given });
                Expr::try_cast(piece, data_type.clone())
            }
        };
        lowering.made_expression(field, &expr, input)?;
        columns.push(Column { name, expr });
    }
    lowering.report_repeated_names("into", columns.iter().map(|column| column.name.as_str()))?;
    if let (By::Separator, Some(last)) = (settings.by, columns.last()) {
        let all = Expr::call("split", vec![Expr::column(&settings.column), text(given)]);
        let count = Expr::call("list_length", vec![all]);
        let given = Expr::binary(BinaryOp::Greater, count, int(columns.len() as i64));
        losses.push(Loss { column: last.name.clone(), kind: LossKind::Surplus, given });
    }
    // A text that the pattern does not match is lost as a whole where it does not stay.
    if let (By::Pattern, true, Some(first)) = (settings.by, settings.drop_input, columns.first()) {
        let matches = Expr::call("regexp_matches", vec![Expr::column(&settings.column), text(given)]);
        let misses = Expr::made(ExprKind::Not(Box::new(matches)));
        losses.push(Loss { column: first.name.clone(), kind: LossKind::Null, given: misses });
    }
    Some((columns, losses))
}
