//! Top N: the first rows of an order, over all or in each group.

use serde::Deserialize;

use super::expression_text::int;
use super::kind::about;
use super::settings::{defaults, names_of};
use super::{Example, FieldKind, FormField, Lowering, Settings, StepKind, Table};
use crate::diagnostic::Diagnostic;
use crate::expr::{BinaryOp, Call, Expr, ExprKind, Over, SortKey};
use crate::ir::{Column, Limit, NodeId, Op, Project, Window};

pub(super) struct TopN;
pub(super) static KIND: TopN = TopN;

#[derive(Deserialize)]
struct TopSettings {
    #[serde(default = "ten")]
    n: u64,
    #[serde(default)]
    order: Vec<String>,
    #[serde(default)]
    per: Vec<String>,
    #[serde(default)]
    rank: String,
}

fn ten() -> u64 {
    10
}

impl StepKind for TopN {
    about!(
        "top_n",
        "Top N",
        Analyse,
        ["best", "most", "largest", "first", "rank", "per group"],
        "Keeps the first rows of an order: of all rows, or in each group. Rows that are equal in the order go by all \
         their columns, so that the same ones are kept everywhere."
    );

    fn form(&self) -> &'static [FormField] {
        const FORM: &[FormField] = &[
            FormField::new(
                "n",
                "Rows",
                FieldKind::Integer { min: 1, max: i64::MAX },
                "How many rows to keep, in each group where there are groups.",
            ),
            FormField::new(
                "order",
                "In order of",
                FieldKind::Order { input: "in" },
                "Name what comes first, such as visitors desc.",
            )
            .required(),
            FormField::new(
                "per",
                "For each",
                FieldKind::Columns { input: "in" },
                "The columns that make groups; all rows are one where empty.",
            ),
            FormField::new(
                "rank",
                "Rank column",
                FieldKind::Text { placeholder: "rank" },
                "Name of a column with the place from 1; none where empty.",
            ),
        ];
        FORM
    }

    fn defaults(&self) -> Settings {
        defaults(serde_json::json!({"n": 10, "order": []}))
    }

    fn summary(&self, settings: &Settings) -> (String, bool) {
        let n = settings.get("n").and_then(serde_json::Value::as_u64).unwrap_or_else(ten);
        (format!("{n} by {}", names_of(settings, "order")), false)
    }

    fn lower(&self, lowering: &mut Lowering) {
        let Some(settings) = lowering.settings::<TopSettings>() else { return };
        let Some(input) = lowering.input("in") else { return };
        if settings.order.is_empty() {
            return;
        }
        let Some(order) = lowering.order("order", &settings.order, input) else { return };
        if lowering.columns("per", &settings.per, input).is_none() {
            return;
        }
        let node = if settings.per.is_empty() && settings.rank.trim().is_empty() {
            let op = Op::Limit(Limit { keys: order, count: settings.n, offset: 0 });
            lowering.push_from("order", op, vec![input])
        } else {
            push_ranked(&settings, order, lowering, input)
        };
        if let Some(node) = node {
            lowering.output("out", node);
        }
    }

    fn examples(&self) -> &'static [Example] {
        const INPUT: &[(&str, Table)] = &[(
            "in",
            Table::new(
                "host String, page String, views Int",
                "[\"a\", \"/\", 9]\n[\"a\", \"/x\", 5]\n[\"a\", \"/y\", 7]\n[\"b\", \"/\", 1]\n[\"b\", \"/z\", null]",
            ),
        )];
        const EXAMPLES: &[Example] = &[
            Example::new(
                "the two most viewed",
                r#"{"n": 2, "order": ["views desc"]}"#,
                INPUT,
                &[("out", Table::new("host String, page String, views Int", "[\"a\", \"/\", 9]\n[\"a\", \"/y\", 7]"))],
            ),
            Example::new(
                "the most viewed of each host, with its place",
                r#"{"n": 1, "order": ["views desc"], "per": ["host"], "rank": "place"}"#,
                INPUT,
                &[(
                    "out",
                    Table::new(
                        "host String, page String, views Int, place Int",
                        "[\"a\", \"/\", 9, 1]\n[\"b\", \"/\", 1, 1]",
                    ),
                )],
            ),
        ];
        EXAMPLES
    }
}

/// Numbers the rows of each group and keeps the first.
fn push_ranked(settings: &TopSettings, order: Vec<SortKey>, lowering: &mut Lowering, input: NodeId) -> Option<NodeId> {
    let kept = settings.rank.trim();
    if lowering.schema(input).has(kept) {
        lowering.report(
            Diagnostic::error("PW0345", format!("there is a column `{kept}` already"))
                .help("choose another name")
                .field("rank"),
        );
        return None;
    }
    let name = if kept.is_empty() { lowering.schema(input).free_name("_rank") } else { kept.to_owned() };
    let over = Over { partition: settings.per.iter().map(Expr::column).collect(), order, frame: None };
    let number = Expr::made(ExprKind::Call(Call {
        function: "row_number".to_owned(),
        args: Vec::new(),
        distinct: false,
        order: Vec::new(),
        filter: None,
        over: Some(Box::new(over)),
    }));
    let columns = lowering.all_columns(input);
    let node =
        lowering.push_from("order", Op::Window(Window { columns: vec![Column::new(&name, number)] }), vec![input])?;
    let count = i64::try_from(settings.n).unwrap_or(i64::MAX);
    let predicate = Expr::binary(BinaryOp::LessOrEqual, Expr::column(&name), int(count));
    let node = lowering.push_from("n", Op::Filter { predicate }, vec![node])?;
    if !kept.is_empty() {
        return Some(node);
    }
    lowering.push_from("n", Op::Project(Project::new(columns)), vec![node])
}
