//! Contract: the columns and types that must arrive here.

use serde::Deserialize;

use super::kind::about;
use super::settings::defaults;
use super::{Example, FieldKind, FormField, Lowering, Settings, StepKind, Table};
use crate::data::Field;
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::ir::{Column, NodeId, Op, Project};

pub(super) struct Contract;
pub(super) static KIND: Contract = Contract;

#[derive(Deserialize, Default)]
#[serde(default)]
struct ContractSettings {
    columns: Vec<Field>,
    extra: Extra,
}

#[derive(Deserialize, Default, Clone, Copy, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Extra {
    #[default]
    Keep,
    Drop,
    Refuse,
}

impl StepKind for Contract {
    about!(
        "contract",
        "Contract",
        Check,
        ["schema", "interface", "agreement", "types", "columns"],
        "Says which columns, of which types, must arrive here. A column that is missing or of another type is an error \
         while designing, before anything runs; further columns are kept, dropped or refused."
    );

    fn form(&self) -> &'static [FormField] {
        const FORM: &[FormField] = &[
            FormField::new(
                "columns",
                "Columns",
                FieldKind::Schema,
                "The columns that must be there, with their types.",
            ),
            FormField::new(
                "extra",
                "Other columns",
                FieldKind::Choice(&[("keep", "are kept"), ("drop", "are dropped"), ("refuse", "are an error")]),
                "What becomes of columns that the contract does not name.",
            ),
        ];
        FORM
    }

    fn defaults(&self) -> Settings {
        defaults(serde_json::json!({"columns": [], "extra": "keep"}))
    }

    fn summary(&self, settings: &Settings) -> (String, bool) {
        (super::settings::items_of(settings, "columns", &["name"]), false)
    }

    fn lower(&self, lowering: &mut Lowering) {
        let Some(settings) = lowering.settings::<ContractSettings>() else { return };
        let Some(input) = lowering.input("in") else { return };
        if settings.columns.is_empty() {
            lowering.pass_through(
                input,
                "the contract names no column yet",
                "list the columns that must be there",
                "columns",
            );
            return;
        }
        let broken = violations(&settings, lowering, input);
        if !broken.is_empty() {
            broken.into_iter().for_each(|diagnostic| lowering.report(diagnostic));
            return;
        }
        if settings.extra != Extra::Drop {
            lowering.output("out", input);
            return;
        }
        let columns = settings.columns.iter().map(|field| Column::same(&field.name)).collect();
        if let Some(node) = lowering.push_from("columns", Op::Project(Project::new(columns)), vec![input]) {
            lowering.output("out", node);
        }
    }

    fn examples(&self) -> &'static [Example] {
        const INPUT: &[(&str, Table)] =
            &[("in", Table::new("hour Timestamp, users Int, note String", "[\"2026-03-02T10:00:00Z\", 3, \"x\"]"))];
        const EXAMPLES: &[Example] = &[
            Example::new(
                "what is promised is there; more is allowed",
                r#"{"columns": [{"name": "hour", "type": "Timestamp"}, {"name": "users", "type": "Int"}]}"#,
                INPUT,
                &[(
                    "out",
                    Table::new("hour Timestamp, users Int, note String", "[\"2026-03-02T10:00:00Z\", 3, \"x\"]"),
                )],
            ),
            Example::new(
                "exactly what is promised, in that order",
                r#"{"columns": [{"name": "users", "type": "Int"}, {"name": "hour", "type": "Timestamp"}], "extra": "drop"}"#,
                INPUT,
                &[("out", Table::new("users Int, hour Timestamp", "[3, \"2026-03-02T10:00:00Z\"]"))],
            ),
        ];
        EXAMPLES
    }
}

fn violations(settings: &ContractSettings, lowering: &Lowering, input: NodeId) -> Vec<Diagnostic> {
    let schema = lowering.schema(input);
    let mut found = Vec::new();
    for wanted in &settings.columns {
        match schema.get(&wanted.name) {
            None if schema.open => {}
            None => {
                let near = did_you_mean(
                    &wanted.name,
                    schema.names().filter(|name| settings.columns.iter().all(|field| field.name != *name)),
                );
                let message =
                    format!("the contract is broken: `{}` ({}) is missing{near}", wanted.name, wanted.data_type);
                let help = "compute, rename or keep the column in a step before, or change the contract";
                found.push(Diagnostic::error("PW0347", message).help(help).field("columns"));
            }
            Some(field)
                if !(field.data_type.is_unknown()
                    || wanted.data_type.is_unknown()
                    || field.data_type == wanted.data_type) =>
            {
                let message = format!(
                    "the contract is broken: `{}` is {}, not {}",
                    wanted.name, field.data_type, wanted.data_type
                );
                let help = "change its type in a step before, or change the contract";
                found.push(Diagnostic::error("PW0348", message).help(help).field("columns"));
            }
            Some(_) => {}
        }
    }
    if settings.extra == Extra::Refuse {
        let extra = schema.names().filter(|name| settings.columns.iter().all(|field| field.name != *name));
        for name in extra {
            let message = format!("the contract is broken: `{name}` is not part of it");
            found.push(
                Diagnostic::error("PW0349", message)
                    .help("drop the column, or add it to the contract")
                    .field("columns"),
            );
        }
    }
    found
}
