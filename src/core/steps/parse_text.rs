//! Parse text: a text column → typed columns by a format.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::kind::about;
use super::settings::{defaults, text_of};
use super::{Example, FieldKind, FormField, Lowering, Settings, StepKind, Table};
use crate::data::{DataType, Field, Schema};
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::formats::{self, FormatSpec, Framing, Sample};
use crate::ir::{OnFail, Op, Parse};

pub(super) struct ParseText;
pub(super) static KIND: ParseText = ParseText;

#[derive(Deserialize, Default)]
#[serde(default)]
struct ParseSettings {
    column: String,
    format: FormatSpec,
    columns: Vec<Field>,
    drop_input: bool,
    on_fail: Fail,
}

#[derive(Deserialize, Default, Clone, Copy, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Fail {
    #[default]
    Reject,
    Null,
    Stop,
}

impl StepKind for ParseText {
    about!(
        "parse_text",
        "Parse text",
        Shape,
        ["extract", "grok", "regex", "json", "logfmt", "pattern", "message"],
        "Reads a text column by a format, such as JSON, logfmt or a pattern, into typed columns. A text that does not \
         fit sends its row to quarantine with the reason, gives nulls, or stops the run. A date without a year is the \
         latest one before the run began."
    );

    fn form(&self) -> &'static [FormField] {
        const FORM: &[FormField] = &[
            FormField::new(
                "column",
                "Column",
                FieldKind::Column { input: "in", types: &[DataType::String] },
                "Choose the text column to read.",
            )
            .required(),
            FormField::new("format", "Format", FieldKind::Format, "Choose how the text is written.").required(),
            FormField::new(
                "columns",
                "Columns",
                FieldKind::Schema,
                "The columns that come out, for formats that do not say themselves, such as JSON.",
            ),
            FormField::new("drop_input", "Drop the text", FieldKind::Boolean, "Whether the text column goes."),
            FormField::new(
                "on_fail",
                "What does not fit",
                FieldKind::Choice(&[
                    ("reject", "goes to quarantine"),
                    ("null", "gives nulls"),
                    ("stop", "stops the run"),
                ]),
                "What becomes of a text that is not of the format.",
            ),
        ];
        FORM
    }

    fn defaults(&self) -> Settings {
        defaults(serde_json::json!({"format": {"name": "logfmt"}, "on_fail": "reject"}))
    }

    fn summary(&self, settings: &Settings) -> (String, bool) {
        let format = settings.get("format").and_then(|format| format.get("name")).and_then(|name| name.as_str());
        (format!("{} as {}", text_of(settings, "column"), format.unwrap_or("?")), false)
    }

    fn lower(&self, lowering: &mut Lowering) {
        let Some(settings) = lowering.settings::<ParseSettings>() else { return };
        let Some(input) = lowering.input("in") else { return };
        let Some(found) = lowering.column("column", &settings.column, input) else { return };
        if !found.fits(&DataType::String) {
            lowering.report(
                Diagnostic::error("PW0355", format!("`{}` is {found}, but only text can be parsed", settings.column))
                    .help("choose a String column")
                    .field("column"),
            );
            return;
        }
        let Some(mut schema) = parsed_columns(&settings, lowering) else { return };
        lowering.classify_unlabelled(&mut schema, &BTreeMap::new());
        let names = schema.names().map(str::to_owned).collect::<Vec<_>>();
        lowering.warn_of_replaced("columns", names.iter().map(String::as_str), &settings.column, input);
        let on_fail = match settings.on_fail {
            Fail::Reject => OnFail::Reject,
            Fail::Null => OnFail::Flag(String::new()),
            Fail::Stop => OnFail::Stop,
        };
        let ParseSettings { column, format, drop_input, .. } = settings;
        let op = Op::Parse(Parse { column, format, schema, keep_input: !drop_input, on_fail, started: 0 });
        if let Some(node) = lowering.push_from("format", op, vec![input]) {
            lowering.output("out", node);
        }
    }

    fn examples(&self) -> &'static [Example] {
        const EXAMPLES: &[Example] = &[
            Example::new(
                "JSON in a message",
                r#"{"column": "message", "format": {"name": "json_lines"}, "drop_input": true,
                    "columns": [{"name": "user", "type": "String"}, {"name": "ms", "type": "Int"}]}"#,
                &[(
                    "in",
                    Table::new(
                        "host String, message String",
                        r#"["a", "{\"user\": \"ann\", \"ms\": 35}"]
                        ["b", "{\"user\": null}"]
                        ["c", "started"]"#,
                    ),
                )],
                &[("out", Table::new("host String, user String, ms Int", "[\"a\", \"ann\", 35]\n[\"b\", null, null]"))],
            ),
            Example::new(
                "what does not fit gives nulls",
                r#"{"column": "message", "format": {"name": "json_lines"}, "on_fail": "null",
                    "columns": [{"name": "ms", "type": "Int"}]}"#,
                &[(
                    "in",
                    Table::new(
                        "message String",
                        r#"["{\"ms\": 35}"]
                    ["started"]"#,
                    ),
                )],
                &[(
                    "out",
                    Table::new(
                        "message String, ms Int",
                        r#"["{\"ms\": 35}", 35]
                    ["started", null]"#,
                    ),
                )],
            ),
        ];
        EXAMPLES
    }
}

/// The columns that come out: as declared, or as the format itself says.
fn parsed_columns(settings: &ParseSettings, lowering: &mut Lowering) -> Option<Schema> {
    let name = &settings.format.name;
    let Some(format) = formats::format(name) else {
        let names: Vec<&str> = formats::formats().iter().map(|format| format.name()).collect();
        let near = did_you_mean(name, names.iter().copied());
        lowering.report(
            Diagnostic::error("PW0356", format!("unknown format `{name}`{near}"))
                .help(format!("the formats are {}", names.join(", ")))
                .field("format"),
        );
        return None;
    };
    let declared = Some(Schema::new(settings.columns.clone())).filter(|schema| !schema.is_empty());
    match formats::prepare(format, &settings.format, declared.as_ref(), &Sample::default()) {
        Ok(parser) if parser.framing() == Framing::Native => {
            lowering.report(
                Diagnostic::error("PW0358", format!("{} is a format of whole files, not of a text", format.title()))
                    .help("choose another format; a File step reads such files")
                    .field("format"),
            );
            None
        }
        Ok(parser) if declared.is_none() && parser.schema().is_empty() => {
            lowering.report(
                Diagnostic::error("PW0357", format!("the format {} does not say its columns", format.title()))
                    .help("list the columns that the text holds, with their types")
                    .field("columns"),
            );
            None
        }
        Ok(parser) => Some(declared.unwrap_or_else(|| parser.schema().clone())),
        Err(diagnostic) => {
            lowering.report(diagnostic.field("format"));
            None
        }
    }
}
