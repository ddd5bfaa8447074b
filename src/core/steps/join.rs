//! Join: rows of two inputs whose keys are equal.

use std::collections::HashSet;

use serde::Deserialize;

use super::items::{KeyPair, item_field};
use super::kind::about;
use super::settings::{defaults, items_of, text_of};
use super::{Example, FieldKind, FormField, Lowering, Port, Ports, Settings, StepKind, Table};
use crate::data::Schema;
use crate::diagnostic::Diagnostic;
use crate::expr::{Expr, ExprKind, Place, print};
use crate::ir::{self, Column, JoinKind, NodeId, Op};

/// Suffixes that a name gets at most; then it is told apart by a number.
const SUFFIXES: usize = 9;

pub(super) struct Join;
pub(super) static KIND: Join = Join;

#[derive(Deserialize)]
pub(super) struct JoinSettings {
    #[serde(default = "left")]
    kind: JoinKind,
    #[serde(default)]
    on: Vec<KeyPair>,
    #[serde(default)]
    columns: Vec<String>,
    #[serde(default = "right_suffix")]
    suffix: String,
}

impl JoinSettings {
    /// All left rows, with these columns of their partners.
    pub fn left(columns: Vec<String>, suffix: String) -> Self {
        Self { kind: JoinKind::Left, on: Vec::new(), columns, suffix }
    }
}

fn left() -> JoinKind {
    JoinKind::Left
}

fn right_suffix() -> String {
    "_right".to_owned()
}

/// Form of the pairs of keys.
pub(super) const KEY_PAIRS: &[FormField] = &[
    FormField::new("left", "Left", FieldKind::Key { input: "left" }, "Column or expression of the left input.")
        .required(),
    FormField::new("right", "Right", FieldKind::Key { input: "right" }, "What it must equal in the right input.")
        .required(),
];

/// Two inputs, `left` and `right`.
pub(super) fn two_inputs() -> Ports {
    Ports {
        inputs: vec![Port::new("left", "left"), Port::new("right", "right")],
        outputs: vec![Port::new("out", "rows")],
    }
}

impl StepKind for Join {
    about!(
        "join",
        "Join",
        Enrich,
        ["merge", "combine", "enrich", "match", "inner", "left", "outer"],
        "Puts rows of two inputs together where their keys are equal; null matches nothing. The kind says what becomes \
         of rows without a partner. Columns of the right that have a name of the left get a suffix."
    );

    fn form(&self) -> &'static [FormField] {
        const FORM: &[FormField] = &[
            FormField::new(
                "kind",
                "Keep",
                FieldKind::Choice(&[
                    ("left", "all left rows, with partners"),
                    ("inner", "only pairs"),
                    ("right", "all right rows, with partners"),
                    ("full", "all rows of both"),
                    ("semi", "left rows that have a partner"),
                    ("anti", "left rows that have none"),
                    ("cross", "every pair of rows"),
                ]),
                "What becomes of rows without a partner.",
            ),
            FormField::new("on", "Where", FieldKind::Items(KEY_PAIRS), "What must be equal on both sides."),
            FormField::new(
                "columns",
                "Right columns",
                FieldKind::Columns { input: "right" },
                "The columns of the right that come along; all where empty.",
            ),
            FormField::new(
                "suffix",
                "Suffix",
                FieldKind::Text { placeholder: "_right" },
                "Ends the name of a right column whose name the left has too.",
            ),
        ];
        FORM
    }

    fn ports(&self, _: &Settings) -> Ports {
        two_inputs()
    }

    fn defaults(&self) -> Settings {
        defaults(serde_json::json!({"kind": "left", "on": []}))
    }

    fn summary(&self, settings: &Settings) -> (String, bool) {
        (format!("{} on {}", text_of(settings, "kind"), items_of(settings, "on", &["left"])), false)
    }

    fn lower(&self, lowering: &mut Lowering) {
        let Some(settings) = lowering.settings::<JoinSettings>() else { return };
        let (left, right) = (lowering.input("left"), lowering.input("right"));
        let (Some(left), Some(right)) = (left, right) else { return };
        if settings.on.is_empty() && settings.kind != JoinKind::Cross {
            lowering.report(
                Diagnostic::error("PW0339", "nothing says which rows belong together")
                    .help("add a pair of columns that must be equal")
                    .field("on"),
            );
            return;
        }
        let Some(on) = pairs(&settings.on, lowering, left, right) else { return };
        if lowering.columns("columns", &settings.columns, right).is_none() {
            return;
        }
        if let Some(node) = push_join(&settings, on, lowering, left, right) {
            lowering.output("out", node);
        }
    }

    fn examples(&self) -> &'static [Example] {
        const INPUTS: &[(&str, Table)] = &[
            ("left", Table::new("user String, amount Int", "[\"ann\", 5]\n[\"bo\", 7]\n[null, 9]")),
            (
                "right",
                Table::new("user String, plan String, amount Int", "[\"ann\", \"team\", 1]\n[\"cy\", \"free\", 2]"),
            ),
        ];
        const ON: &str = r#"{"kind": "left", "on": [{"id": "k1", "left": "user", "right": "user"}]}"#;
        const EXAMPLES: &[Example] = &[
            Example::new(
                "the plan of each user; those without one stay",
                ON,
                INPUTS,
                &[(
                    "out",
                    Table::new(
                        "user String, amount Int, plan String, amount_right Int",
                        "[\"ann\", 5, \"team\", 1]\n[\"bo\", 7, null, null]\n[null, 9, null, null]",
                    ),
                )],
            ),
            Example::new(
                "all rows of both sides; the key is that of either",
                r#"{"kind": "full", "on": [{"id": "k1", "left": "user", "right": "user"}], "columns": ["plan"]}"#,
                INPUTS,
                &[(
                    "out",
                    Table::new(
                        "user String, amount Int, plan String",
                        "[\"ann\", 5, \"team\"]\n[\"bo\", 7, null]\n[null, 9, null]\n[\"cy\", null, \"free\"]",
                    ),
                )],
            ),
            Example::new(
                "users without a plan",
                r#"{"kind": "anti", "on": [{"id": "k1", "left": "user", "right": "user"}]}"#,
                INPUTS,
                &[("out", Table::new("user String, amount Int", "[\"bo\", 7]\n[null, 9]"))],
            ),
        ];
        EXAMPLES
    }
}

/// The pairs of keys, typed on their sides.
pub(super) fn pairs(
    items: &[KeyPair],
    lowering: &mut Lowering,
    left: NodeId,
    right: NodeId,
) -> Option<Vec<(Expr, Expr)>> {
    let mut on = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let (left_field, right_field) =
            (item_field("on", &item.id, index, "left"), item_field("on", &item.id, index, "right"));
        let left_key = lowering.expression(&left_field, &item.left, left, Place::Row, None);
        let right_key = lowering.expression(&right_field, &item.right, right, Place::Row, None);
        let ((left_key, left_type), (right_key, right_type)) = (left_key?, right_key?);
        if lowering.refuses_strict_cast(&left_field, &left_key)
            || lowering.refuses_strict_cast(&right_field, &right_key)
        {
            return None;
        }
        if left_type.common(&right_type).is_none() {
            let (left, right) = (print(&left_key), print(&right_key));
            lowering.report(
                Diagnostic::error(
                    "PW0340",
                    format!("`{left}` is {left_type} and `{right}` is {right_type}: they never compare"),
                )
                .help(format!("write `try_cast({right} as {left_type})` on the right"))
                .field(right_field),
            );
            return None;
        }
        on.push((left_key, right_key));
    }
    Some(on)
}

/// Names of the right columns that come along: a key that both sides name alike comes only where asked.
pub(super) fn right_columns(
    chosen: &[String],
    same_keys: &[String],
    suffix: &str,
    left: &Schema,
    right: &Schema,
) -> Vec<(String, String)> {
    let mut taken: HashSet<String> = left.names().map(str::to_owned).collect();
    let mut columns = Vec::new();
    for name in right.names() {
        let wanted = if chosen.is_empty() {
            !same_keys.iter().any(|key| key == name)
        } else {
            chosen.iter().any(|key| key == name)
        };
        if !wanted {
            continue;
        }
        let mut output = name.to_owned();
        let mut tried = 1;
        while taken.contains(&output) {
            tried += 1;
            match tried > SUFFIXES {
                true => output = format!("{name}_{tried}"),
                false => output.push_str(if suffix.is_empty() { "_right" } else { suffix }),
            }
        }
        taken.insert(output.clone());
        columns.push((name.to_owned(), output));
    }
    columns
}

/// The join; where right rows stay without partner, a key of the same name on both sides is that of either side.
pub(super) fn push_join(
    settings: &JoinSettings,
    on: Vec<(Expr, Expr)>,
    lowering: &mut Lowering,
    left: NodeId,
    right: NodeId,
) -> Option<NodeId> {
    let same_keys: Vec<String> = on
        .iter()
        .filter_map(|(left, right)| match (&left.kind, &right.kind) {
            (ExprKind::Column(left), ExprKind::Column(right)) if left == right => Some(left.clone()),
            _ => None,
        })
        .collect();
    let (left_schema, right_schema) = (lowering.schema(left).clone(), lowering.schema(right).clone());
    let mut columns = match settings.kind {
        JoinKind::Semi | JoinKind::Anti => Vec::new(),
        JoinKind::Inner | JoinKind::Left | JoinKind::Right | JoinKind::Full | JoinKind::Cross => {
            right_columns(&settings.columns, &same_keys, &settings.suffix, &left_schema, &right_schema)
        }
    };
    let op = |right| Op::Join(ir::Join { kind: settings.kind, on, right });
    if !matches!(settings.kind, JoinKind::Right | JoinKind::Full) || same_keys.is_empty() {
        return lowering.push_from("on", op(columns), vec![left, right]);
    }
    let visible: Vec<String> =
        left_schema.names().map(str::to_owned).chain(columns.iter().map(|(_, to)| to.clone())).collect();
    let mut hidden = Vec::new();
    for key in &same_keys {
        let mut name = format!("_{key}");
        while visible.contains(&name) {
            name.push('_');
        }
        columns.push((key.clone(), name.clone()));
        hidden.push(name);
    }
    let node = lowering.push_from("on", op(columns), vec![left, right])?;
    let merged = |name: String| match same_keys.iter().position(|key| *key == name) {
        Some(index) => {
            let either = vec![Expr::column(&name), Expr::column(&hidden[index])];
            Column::new(name, Expr::call("coalesce", either))
        }
        None => Column::same(&name),
    };
    lowering.push_projecting(visible.into_iter().map(merged).collect(), node)
}
