//! What differs: which values are more frequent among the rows that fulfil a condition than among the others.

use serde::Deserialize;

use super::expression_text::{name, over};
use super::kind::about;
use super::settings::{defaults, text_of};
use super::{Example, FieldKind, FormField, Lowering, Settings, StepKind, Table};
use crate::data::{DataType, Value};
use crate::diagnostic::Diagnostic;
use crate::expr::{Expr, Place, parse, print};
use crate::ir::{self, Aggregate, Column, NodeId, Op, Project};

pub(super) struct WhatDiffers;
pub(super) static KIND: WhatDiffers = WhatDiffers;

#[derive(Deserialize)]
struct DiffersSettings {
    #[serde(default)]
    condition: String,
    #[serde(default)]
    columns: Vec<String>,
    #[serde(default = "ten")]
    support: u64,
}

fn ten() -> u64 {
    10
}

/// A column as it is compared: its values, or the ranges that its numbers fall into.
struct Compared {
    /// Index among the schema's fields.
    column: usize,
    is_range: bool,
    values: Expr,
}

impl StepKind for WhatDiffers {
    about!(
        "what_differs",
        "What differs",
        Analyse,
        ["root cause", "compare", "over-represented", "correlate", "explain", "anomaly"],
        "Compares the rows that fulfil a condition with all others: each value that is more frequent inside than outside \
         is one row, the greatest difference first. Numbers are compared in ranges too (from, up to but not including). \
         It tells what goes with the condition, not what causes it; columns that the condition names are left out."
    );

    fn form(&self) -> &'static [FormField] {
        const FORM: &[FormField] = &[
            FormField::new(
                "condition",
                "Rows where",
                FieldKind::Expression { input: "in", place: Place::Row, result: Some(DataType::Boolean) },
                "The rows to compare with all others, such as status >= 500.",
            )
            .required(),
            FormField::new(
                "columns",
                "Columns",
                FieldKind::Columns { input: "in" },
                "The columns to compare; all where empty, but for times, lists and records.",
            ),
            FormField::new(
                "support",
                "At least",
                FieldKind::Integer { min: 1, max: i64::MAX },
                "Values that fewer rows inside have are left out.",
            ),
        ];
        FORM
    }

    fn defaults(&self) -> Settings {
        defaults(serde_json::json!({"support": 10}))
    }

    fn summary(&self, settings: &Settings) -> (String, bool) {
        (text_of(settings, "condition").to_owned(), true)
    }

    fn lower(&self, lowering: &mut Lowering) {
        let Some(settings) = lowering.settings::<DiffersSettings>() else { return };
        let Some(input) = lowering.input("in") else { return };
        let boolean = Some(&DataType::Boolean);
        let condition = lowering.expression("condition", &settings.condition, input, Place::Row, boolean);
        let known = lowering.columns("columns", &settings.columns, input);
        let (Some((condition, _)), Some(())) = (condition, known) else { return };
        let Some(compared) = compared(&settings, &condition, lowering, input) else { return };
        if let Some(node) = push_comparison(&settings, condition, &compared, lowering, input) {
            lowering.output("out", node);
        }
    }

    fn examples(&self) -> &'static [Example] {
        const INPUT: &[(&str, Table)] = &[(
            "in",
            Table::new(
                "release String, region String, seconds Float, failed Boolean",
                r#"["4.2", "eu", 7.0, true]
                ["4.2", "us", 6.5, true]
                ["4.2", "eu", 0.3, true]
                ["4.1", "eu", 5.0, true]
                ["4.1", "us", 0.2, false]
                ["4.1", null, 0.3, false]
                ["4.1", "us", 0.4, false]
                ["4.2", "us", null, null]"#,
            ),
        )];
        const TYPES: &str = "column String, value String, inside Int, outside Int, share_inside Float, \
                             share_outside Float, ratio Float";
        const EXAMPLES: &[Example] = &[
            Example::new(
                "what goes with failures",
                r#"{"condition": "failed", "support": 2}"#,
                INPUT,
                &[(
                    "out",
                    Table::new(
                        TYPES,
                        r#"["region", "eu", 3, 0, 0.75, 0.0, null]
                        ["seconds", "5 to 10", 3, 0, 0.75, 0.0, null]
                        ["release", "4.2", 3, 1, 0.75, 0.25, 3.0]"#,
                    ),
                )],
            )
            .ordered(),
            Example::new(
                "only some columns",
                r#"{"condition": "seconds > 1", "columns": ["release"], "support": 1}"#,
                INPUT,
                &[(
                    "out",
                    Table::new(TYPES, "[\"release\", \"4.2\", 2, 2, 0.6666666666666666, 0.4, 1.6666666666666665]"),
                )],
            )
            .ordered(),
        ];
        EXAMPLES
    }
}

/// The columns to compare, each with its expressions. A chosen column that cannot be compared is reported.
fn compared(
    settings: &DiffersSettings,
    condition: &Expr,
    lowering: &mut Lowering,
    input: NodeId,
) -> Option<Vec<Compared>> {
    let schema = lowering.schema(input).clone();
    let named = condition.columns();
    let mut found = Vec::new();
    for (column, field) in schema.fields.iter().enumerate() {
        let is_chosen = settings.columns.contains(&field.name);
        if !is_chosen && (!settings.columns.is_empty() || named.contains(&field.name.as_str())) {
            continue;
        }
        let values = Expr::column(&field.name);
        let mut add = |is_range: bool, values: Expr| found.push(Compared { column, is_range, values });
        match &field.data_type {
            DataType::String | DataType::Unknown => add(false, Expr::try_cast(values, DataType::String)),
            DataType::Boolean | DataType::Date => add(false, Expr::try_cast(values, DataType::String)),
            DataType::Int => {
                add(false, Expr::try_cast(values.clone(), DataType::String));
                add(true, ranges(&Expr::try_cast(values, DataType::Float))?);
            }
            DataType::Float => add(true, ranges(&values)?),
            DataType::Duration => add(true, ranges(&Expr::call("seconds", vec![values]))?),
            DataType::Timestamp | DataType::List(_) | DataType::Record(_) if is_chosen => {
                lowering.report(
                    Diagnostic::error(
                        "PW0374",
                        format!("`{}` is {}, whose values hardly ever repeat", field.name, field.data_type),
                    )
                    .help("leave it out, or compute what of it may matter first, such as `extract(hour from time)`")
                    .field("columns"),
                );
                return None;
            }
            DataType::Timestamp | DataType::List(_) | DataType::Record(_) => {}
        }
    }
    if found.is_empty() {
        lowering.report(
            Diagnostic::error("PW0375", "no column is left to compare")
                .help("the condition names every column that could be compared; compute others first")
                .field("columns"),
        );
        return None;
    }
    Some(found)
}

/// The range that a number falls into, as text: `2 to 5` is from 2 up to but not including 5. Bounds are 1, 2 and 5
/// times powers of ten, so that they need no look at the data.
fn ranges(number: &Expr) -> Option<Expr> {
    let number = print(number);
    let mut bounds: Vec<String> = vec!["0".to_owned()];
    for exponent in -3..=12_i32 {
        for digit in ["1", "2", "5"] {
            bounds.push(match exponent {
                ..=-1 => format!("0.{}{digit}", "0".repeat((-exponent - 1) as usize)),
                0.. => format!("{digit}{}", "0".repeat(exponent as usize)),
            });
        }
    }
    let mut branches = vec![format!("when {number} < 0 then 'below 0'")];
    for pair in bounds.windows(2) {
        branches.push(format!("when {number} < {} then '{} to {}'", pair[1], pair[0], pair[1]));
    }
    let last = bounds.last()?;
    branches.push(format!("when {number} >= {last} then '{last} and more'"));
    parse(&format!("case {} end", branches.join(" "))).ok()
}

fn push_comparison(
    settings: &DiffersSettings,
    condition: Expr,
    compared: &[Compared],
    lowering: &mut Lowering,
    input: NodeId,
) -> Option<NodeId> {
    let names: Vec<String> = lowering.schema(input).names().map(str::to_owned).collect();
    let placed = |index: usize| format!("_{index}");
    let is_inside = Expr::call("coalesce", vec![condition, Expr::literal(Value::Boolean(false))]);
    let mut columns = vec![Column::new("_inside", is_inside)];
    columns.extend(compared.iter().enumerate().map(|(index, one)| Column::new(placed(index), one.values.clone())));
    let mut node = lowering.push_losing(columns, Vec::new(), input)?;
    let unpivot = ir::Unpivot {
        keep: vec!["_inside".to_owned()],
        columns: (0..compared.len()).map(placed).collect(),
        name: "_place".to_owned(),
        value: "value".to_owned(),
        data_type: DataType::String,
    };
    node = lowering.push_from("columns", Op::Unpivot(unpivot), vec![node])?;
    let measure = |name: &str, text: &str| Some(Column::new(name, parse(text).ok()?));
    let counts = Aggregate {
        keys: vec![Column::same("_place"), Column::same("value")],
        measures: vec![measure("inside", "count_if(_inside)")?, measure("outside", "count_if(not _inside)")?],
    };
    node = lowering.push_from("columns", Op::Aggregate(counts), vec![node])?;
    let of_column = over(&["_place".to_owned()], "");
    for side in ["inside", "outside"] {
        node = lowering.add_window("columns", &format!("_all_{side}"), &format!("sum({side}) {of_column}"), node)?;
        node = lowering.add_column("columns", &format!("share_{side}"), &format!("{side} / _all_{side}"), node)?;
    }
    // A number that is missing is told once, with the exact values.
    let exact: Vec<String> = compared
        .iter()
        .enumerate()
        .filter(|(_, one)| !one.is_range || !compared.iter().any(|other| other.column == one.column && !other.is_range))
        .map(|(index, _)| format!("'{}'", placed(index)))
        .collect();
    let is_told = match exact.is_empty() {
        true => "value is not null".to_owned(),
        false => format!("(value is not null or _place in ({}))", exact.join(", ")),
    };
    let kept = format!("inside >= {} and share_inside > share_outside and {is_told}", settings.support);
    node = lowering.keep_rows("support", &kept, node)?;
    node = lowering.add_column("support", "ratio", "share_inside / share_outside", node)?;
    let branches: Vec<String> = compared
        .iter()
        .enumerate()
        .map(|(index, one)| format!("when '{}' then {}", placed(index), print(&super::items::text(&names[one.column]))))
        .collect();
    node = lowering.add_column("columns", "column", &format!("case _place {} end", branches.join(" ")), node)?;
    node = lowering.add_column("support", "_more", "share_inside - share_outside", node)?;
    let order = ["_more desc", &format!("{} asc", name("column")), "value"].map(str::to_owned);
    let keys = lowering.order("columns", &order, node)?;
    node = lowering.push_from("columns", Op::Sort(ir::Sort { keys }), vec![node])?;
    let columns = ["column", "value", "inside", "outside", "share_inside", "share_outside", "ratio"];
    lowering.push_from("columns", Op::Project(Project::new(columns.map(Column::same).to_vec())), vec![node])
}
