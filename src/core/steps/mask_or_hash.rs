//! Mask or hash: makes values unreadable that must not travel.

use serde::Deserialize;

use super::kind::about;
use super::settings::{defaults, names_of, text_of};
use super::{Example, FieldKind, FormField, Lowering, Settings, StepKind, Table};
use crate::data::{Classification, DataType};
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::expr::{Expr, ExprKind, Place, print};
use crate::ir::{Column, LoweredBy, LoweredColumn, NodeId, Op, Project};

pub(super) struct MaskOrHash;
pub(super) static KIND: MaskOrHash = MaskOrHash;

#[derive(Deserialize, Default)]
#[serde(default)]
struct MaskSettings {
    columns: Vec<String>,
    method: Method,
    key: String,
    reason: String,
}

#[derive(Deserialize, Default, Clone, Copy, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Method {
    #[default]
    Hash,
    Mask,
    Hmac,
    Drop,
}

impl StepKind for MaskOrHash {
    about!(
        "mask_or_hash",
        "Mask or hash",
        Clean,
        ["privacy", "anonymise", "pseudonym", "personal", "secret", "hmac", "sha256"],
        "Makes values unreadable: a hash (equal values stay equal), a keyed hash that cannot be guessed without its \
         secret, a mask that leaves only the shape, or no column at all. With a reason, a keyed hash or a mask makes a \
         personal column internal; a plain hash does not, since addresses and numbers can be tried one after another."
    );

    fn form(&self) -> &'static [FormField] {
        const FORM: &[FormField] = &[
            FormField::new("columns", "Columns", FieldKind::Columns { input: "in" }, "The columns to make unreadable."),
            FormField::new(
                "method",
                "Method",
                FieldKind::Choice(&[
                    ("hash", "Hash (equal stays equal)"),
                    ("hmac", "Keyed hash (needs a secret)"),
                    ("mask", "Mask (only the shape is left)"),
                    ("drop", "Drop the columns"),
                ]),
                "What becomes of the values.",
            ),
            FormField::new(
                "key",
                "Secret parameter",
                FieldKind::Text { placeholder: "hash_key" },
                "Name of the text parameter that holds the key of a keyed hash.",
            ),
            FormField::new(
                "reason",
                "Reason",
                FieldKind::Text { placeholder: "visits are counted; who they are is not needed" },
                "Why the columns count as internal from here on; without a reason they stay personal.",
            ),
        ];
        FORM
    }

    fn defaults(&self) -> Settings {
        defaults(serde_json::json!({"method": "hash", "columns": []}))
    }

    fn summary(&self, settings: &Settings) -> (String, bool) {
        (format!("{} {}", text_of(settings, "method"), names_of(settings, "columns")).trim().to_owned(), false)
    }

    fn lower(&self, lowering: &mut Lowering) {
        let Some(settings) = lowering.settings::<MaskSettings>() else { return };
        let Some(input) = lowering.input("in") else { return };
        if settings.columns.is_empty() {
            lowering.pass_through(input, "no column is chosen, so all pass as they are", "choose columns", "columns");
            return;
        }
        if lowering.columns("columns", &settings.columns, input).is_none() {
            return;
        }
        let key = match settings.method {
            Method::Hmac => match key_parameter(&settings.key, lowering) {
                Some(key) => Some(key),
                None => return,
            },
            Method::Hash | Method::Mask | Method::Drop => None,
        };
        let Some(columns) = changed(&settings, key.as_ref(), lowering, input) else { return };
        let lowered = lowered_by(&settings, lowering, input);
        if let Some(node) =
            lowering.push_from("columns", Op::Project(Project { lowered, ..Project::new(columns) }), vec![input])
        {
            lowering.output("out", node);
        }
    }

    fn examples(&self) -> &'static [Example] {
        const INPUT: &[(&str, Table)] =
            &[("in", Table::new("user String, id Int, status Int", "[\"ann\", 7, 200]\n[null, null, 404]"))];
        const EXAMPLES: &[Example] = &[
            Example::new(
                "names and numbers hashed; a null stays null",
                r#"{"columns": ["user", "id"], "method": "hash"}"#,
                INPUT,
                &[(
                    "out",
                    Table::new(
                        "user String, id String, status Int",
                        r#"["49915e0d7d4b402e3017d010bc1c0e83cac6c797d6c16e66340fe3268693a6a1", "7902699be42c8a8e46fbbb4501726517e86b22c56a189f7625a6da49081b2451", 200]
                        [null, null, 404]"#,
                    ),
                )],
            ),
            Example::new(
                "personal columns left out",
                r#"{"columns": ["user", "id"], "method": "drop"}"#,
                INPUT,
                &[("out", Table::new("status Int", "[200]\n[404]"))],
            ),
        ];
        EXAMPLES
    }
}

/// The columns that are internal from here on. Says what keeps personal ones from it.
fn lowered_by(settings: &MaskSettings, lowering: &mut Lowering, input: NodeId) -> Vec<LoweredColumn> {
    let by = match settings.method {
        Method::Hmac => LoweredBy::KeyedHash,
        Method::Mask => LoweredBy::Mask,
        Method::Hash | Method::Drop => return Vec::new(),
    };
    let key = key_name(&settings.key);
    let is_written = settings.method == Method::Hmac && lowering.context.rules.written.contains(key);
    let is_personal = |name: &String| {
        let field = lowering.schema(input).get(name);
        field.is_some_and(|field| field.labels.classification == Some(Classification::Personal))
    };
    if is_written && settings.columns.iter().any(is_personal) {
        let message = format!(
            "the columns stay personal: `{key}` is a parameter like others, whose value anybody may see, so it is no secret"
        );
        lowering.report(
            Diagnostic::hint("PW1010", message)
                .help("let its default be a variable of the environment, such as `${env:HASH_KEY}`")
                .field("key"),
        );
        return Vec::new();
    }
    let reason = settings.reason.trim();
    if is_written || reason.is_empty() {
        return Vec::new();
    }
    let lowered = |column: &String| LoweredColumn { column: column.clone(), by, reason: reason.to_owned() };
    settings.columns.iter().map(lowered).collect()
}

fn key_name(key: &str) -> &str {
    key.trim().trim_start_matches("${").trim_end_matches('}')
}

/// The parameter that holds the key.
fn key_parameter(name: &str, lowering: &mut Lowering) -> Option<Expr> {
    let name = key_name(name);
    let found = lowering.context.parameters.get(name);
    let message = match found {
        _ if name.is_empty() => "a keyed hash needs a secret".to_owned(),
        None => {
            let near = did_you_mean(name, lowering.context.parameters.keys().map(String::as_str));
            format!("there is no parameter `{name}`{near}")
        }
        Some(found) if !found.fits(&DataType::String) => format!("the parameter `{name}` is {found}, not a text"),
        Some(_) => return Some(Expr::made(ExprKind::Parameter(name.to_owned()))),
    };
    lowering.report(
        Diagnostic::error("PW0336", message)
            .help("name a String parameter whose value comes from the environment, such as `${env:HASH_KEY}`")
            .field("key"),
    );
    None
}

fn changed(settings: &MaskSettings, key: Option<&Expr>, lowering: &mut Lowering, input: NodeId) -> Option<Vec<Column>> {
    let mut columns = Vec::new();
    for column in lowering.all_columns(input) {
        if !settings.columns.contains(&column.name) {
            columns.push(column);
            continue;
        }
        let data_type =
            lowering.schema(input).get(&column.name).map_or(DataType::Unknown, |field| field.data_type.clone());
        let value = Lowering::as_text(column.expr, &data_type);
        let expr = match (settings.method, key) {
            (Method::Drop, _) => continue,
            (Method::Mask, _) => Expr::call("mask", vec![value]),
            (Method::Hmac, Some(key)) => Expr::call("hmac", vec![value, key.clone()]),
            (Method::Hmac, None) | (Method::Hash, _) => Expr::call("hash", vec![value]),
        };
        lowering.expression("columns", &print(&expr), input, Place::Row, None)?;
        columns.push(Column::new(column.name, expr));
    }
    Some(columns)
}
