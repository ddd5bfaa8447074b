//! Load to table: writes rows to a table of a database that a connection leads to.

use serde::Deserialize;

use super::destinations::{AUDIENCE, PLACE, STACK, SiteSettings};
use super::kind::about;
use super::load_file::sink;
use super::settings::{defaults, text_of};
use super::{Example, FieldKind, FormField, Lowering, Ports, Settings, StepKind, Table};
use crate::diagnostic::Diagnostic;
use crate::ir::{ConnectionKind, Destination, LoadMode, Op, TablePlace, Write, check_table_name};

pub(super) struct LoadTable;
pub(super) static KIND: LoadTable = LoadTable;

#[derive(Deserialize)]
struct LoadSettings {
    #[serde(default)]
    connection: String,
    #[serde(default)]
    table: String,
    #[serde(default)]
    mode: LoadMode,
    #[serde(default)]
    keys: Vec<String>,
    #[serde(flatten)]
    site: SiteSettings,
}

const MODES: &[(&str, &str)] =
    &[("replace", "replace its rows"), ("append", "add to its rows"), ("upsert", "replace rows with the same keys")];

impl StepKind for LoadTable {
    about!(
        "load_table",
        "Load to table",
        Load,
        ["write", "save", "database", "postgresql", "sqlite", "sql", "insert", "upsert", "merge", "sink"],
        "Writes the rows to a table of PostgreSQL or SQLite, which is made where it does not exist: in the place of its \
         rows, beside them, or in the place of those with the same keys. All rows come in one transaction, or none; \
         columns that do not fit the table are told before anything is written."
    );

    fn form(&self) -> &'static [FormField] {
        const FORM: &[FormField] = &[
            FormField::new(
                "connection",
                "Connection",
                FieldKind::Connection { kinds: &ConnectionKind::DATABASES },
                "Choose the database.",
            )
            .required(),
            FormField::new(
                "table",
                "Table",
                FieldKind::Text { placeholder: "public.orders" },
                "Name the table, with its schema or without.",
            )
            .required(),
            FormField::new(
                "mode",
                "Rows that are there",
                FieldKind::Choice(MODES),
                "What becomes of the table's rows.",
            ),
            FormField::new(
                "keys",
                "Keys",
                FieldKind::Columns { input: "in" },
                "The columns by which a row is the same row; needed to replace rows with the same keys.",
            ),
            STACK,
            PLACE,
            AUDIENCE,
        ];
        FORM
    }

    fn ports(&self, _: &Settings) -> Ports {
        sink()
    }

    fn defaults(&self) -> Settings {
        defaults(serde_json::json!({"table": "rows", "mode": "replace"}))
    }

    fn summary(&self, settings: &Settings) -> (String, bool) {
        (text_of(settings, "table").to_owned(), false)
    }

    fn lower(&self, lowering: &mut Lowering) {
        let Some(settings) = lowering.settings::<LoadSettings>() else { return };
        let Some(input) = lowering.input("in") else { return };
        if check_keys(&settings, lowering).is_none() || lowering.columns("keys", &settings.keys, input).is_none() {
            return;
        }
        if let Some(fault) = check_table_name(&settings.table) {
            lowering.report(fault.field("table"));
            return;
        }
        let what = ("database", "PostgreSQL or SQLite");
        let Some(connection) = lowering.connection_of(&settings.connection, &ConnectionKind::DATABASES, what) else {
            return;
        };
        let site = lowering.site_of_place(&settings.site, &connection);
        let place = TablePlace {
            connection,
            table: settings.table.trim().to_owned(),
            mode: settings.mode,
            keys: if settings.mode == LoadMode::Upsert { settings.keys } else { Vec::new() },
        };
        let write = Write { destination: Destination::Table(Box::new(place)), order: Vec::new(), site, watch: None };
        if let Some(node) = lowering.push_from("table", Op::Write(write), vec![input]) {
            lowering.output("out", node);
        }
    }

    fn examples(&self) -> &'static [Example] {
        const TABLE: Table = Table::new("page String, views Int", "[\"/\", 9]\n[\"/a\", 7]\n[\"/b\", null]");
        const EXAMPLES: &[Example] = &[
            Example::new(
                "all rows of a table anew",
                r#"{"connection": "con-example", "table": "pages", "mode": "replace"}"#,
                &[("in", TABLE)],
                &[("out", TABLE)],
            ),
            Example::new(
                "the views of each page brought up to date",
                r#"{"connection": "con-example", "table": "pages", "mode": "upsert", "keys": ["page"]}"#,
                &[("in", TABLE)],
                &[("out", TABLE)],
            ),
        ];
        EXAMPLES
    }
}

/// Rows are told apart by keys where they replace each other, and only there.
fn check_keys(settings: &LoadSettings, lowering: &mut Lowering) -> Option<()> {
    if settings.mode == LoadMode::Upsert && settings.keys.is_empty() {
        lowering.report(
            Diagnostic::error("PW0678", "rows with the same keys are to be replaced, and no key is named")
                .help("name the columns by which a row is the same row")
                .field("keys"),
        );
        return None;
    }
    Some(())
}
