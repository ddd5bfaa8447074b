//! Sample: a share of the rows, chosen by a seeded hash of keys.

use serde::Deserialize;

use super::expression_text::int;
use super::items::text;
use super::kind::about;
use super::settings::{defaults, names_of};
use super::{Example, FieldKind, FormField, Lowering, Settings, StepKind, Table};
use crate::data::DataType;
use crate::diagnostic::Diagnostic;
use crate::expr::{BinaryOp, Expr, Place, print};
use crate::ir::NodeId;

pub(super) struct Sample;
pub(super) static KIND: Sample = Sample;

#[derive(Deserialize)]
struct SampleSettings {
    #[serde(default = "tenth")]
    share: f64,
    #[serde(default)]
    keys: Vec<String>,
    #[serde(default = "one")]
    seed: i64,
}

fn tenth() -> f64 {
    0.1
}

fn one() -> i64 {
    1
}

impl StepKind for Sample {
    about!(
        "sample",
        "Sample",
        Clean,
        ["random", "share", "percent", "subset", "one in"],
        "Keeps a share of the rows, chosen by a hash of their keys: rows with the same keys stay or go together, and a \
         repeated run keeps the same ones. Another seed gives another sample."
    );

    fn form(&self) -> &'static [FormField] {
        const FORM: &[FormField] = &[
            FormField::new(
                "share",
                "Share",
                FieldKind::Number { min: 0.0, max: 1.0 },
                "From 0 to 1; 0.1 keeps about one row in ten.",
            ),
            FormField::new(
                "keys",
                "Keep together",
                FieldKind::Columns { input: "in" },
                "Rows with the same values here stay or go together; all columns where empty.",
            ),
            FormField::new(
                "seed",
                "Seed",
                FieldKind::Integer { min: 0, max: i64::MAX },
                "Another number gives another sample.",
            ),
        ];
        FORM
    }

    fn defaults(&self) -> Settings {
        defaults(serde_json::json!({"share": 0.1, "seed": 1}))
    }

    fn summary(&self, settings: &Settings) -> (String, bool) {
        let share = settings.get("share").and_then(serde_json::Value::as_f64).unwrap_or_else(tenth);
        let percent = (share * 1000.0).round() / 10.0;
        let keys = names_of(settings, "keys");
        (if keys.is_empty() { format!("{percent} %") } else { format!("{percent} % by {keys}") }, false)
    }

    fn lower(&self, lowering: &mut Lowering) {
        let Some(settings) = lowering.settings::<SampleSettings>() else { return };
        let Some(input) = lowering.input("in") else { return };
        if lowering.columns("keys", &settings.keys, input).is_none() {
            return;
        }
        let share = settings.share.clamp(0.0, 1.0);
        if share >= 1.0 {
            lowering.pass_through(input, "a share of 1 keeps all rows", "choose a smaller share, such as 0.1", "share");
            return;
        }
        let Some(key) = hashed_keys(&settings, lowering, input) else { return };
        // The first 32 bits of the hash, as hexadecimal text, order like the number.
        let threshold = format!("{:08x}", (share * 4_294_967_296.0) as u64);
        let head = Expr::call("left", vec![Expr::call("hash", vec![key]), int(8)]);
        let predicate = Expr::binary(BinaryOp::Less, head, text(threshold));
        if lowering.expression("keys", &print(&predicate), input, Place::Row, Some(&DataType::Boolean)).is_none() {
            return;
        }
        if let Some(node) = lowering.push_filtering(predicate, input) {
            lowering.output("out", node);
        }
    }

    fn examples(&self) -> &'static [Example] {
        const EXAMPLES: &[Example] = &[
            Example::new(
                "half of the sessions, each with all its rows",
                r#"{"share": 0.5, "keys": ["session"], "seed": 1}"#,
                &[(
                    "in",
                    Table::new(
                        "session String, n Int",
                        "[\"a\", 1]\n[\"b\", 2]\n[\"c\", 3]\n[\"d\", 4]\n[\"e\", 5]\n[\"f\", 6]\n[\"a\", 7]",
                    ),
                )],
                &[("out", Table::new("session String, n Int", "[\"b\", 2]"))],
            ),
            Example::new(
                "about three rows in ten",
                r#"{"share": 0.3, "seed": 7}"#,
                &[("in", Table::new("n Int", "[1]\n[2]\n[3]\n[4]\n[5]\n[6]\n[7]\n[8]\n[9]\n[10]"))],
                &[("out", Table::new("n Int", "[5]\n[7]\n[9]"))],
            ),
        ];
        EXAMPLES
    }
}

/// Seed and keys as one text. Lists and records have none and are left out where all columns are meant.
fn hashed_keys(settings: &SampleSettings, lowering: &mut Lowering, input: NodeId) -> Option<Expr> {
    let is_plain = |data_type: &DataType| !matches!(data_type, DataType::List(_) | DataType::Record(_));
    let fields = &lowering.schema(input).fields;
    let keys: Vec<_> = if settings.keys.is_empty() {
        fields.iter().filter(|field| is_plain(&field.data_type)).cloned().collect()
    } else {
        settings.keys.iter().filter_map(|name| fields.iter().find(|field| field.name == *name)).cloned().collect()
    };
    if let Some(field) = keys.iter().find(|field| !is_plain(&field.data_type)) {
        let message = format!("`{}` is {}, which cannot be hashed", field.name, field.data_type);
        lowering.report(Diagnostic::error("PW0337", message).help("choose plain columns").field("keys"));
        return None;
    }
    if keys.is_empty() {
        let message = "there is no plain column by which to choose rows";
        lowering.report(Diagnostic::error("PW0337", message).help("compute one first").field("keys"));
        return None;
    }
    let mut parts = vec![text(settings.seed.to_string())];
    for field in keys {
        parts.push(text("|"));
        parts.push(Lowering::as_text(Expr::column(&field.name), &field.data_type));
    }
    Some(Expr::call("concat", parts))
}
