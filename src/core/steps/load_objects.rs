//! Load to object store: writes rows to objects of a store that a connection leads to.

use serde::Deserialize;

use super::destinations::{AUDIENCE, PLACE, STACK, SiteSettings};
use super::kind::about;
use super::load_file::{FILE_KINDS, WHEN_EXISTS, report_ending, report_nested, sink};
use super::settings::{defaults, text_of};
use super::{Example, FieldKind, FormField, Lowering, Ports, Settings, StepKind, Table};
use crate::ir::{ConnectionKind, Destination, FileKind, ObjectPlace, Op, WhenExists, Write, check_key};

pub(super) struct LoadObjects;
pub(super) static KIND: LoadObjects = LoadObjects;

#[derive(Deserialize)]
struct LoadSettings {
    #[serde(default)]
    connection: String,
    #[serde(default)]
    path: String,
    #[serde(default = "parquet")]
    kind: FileKind,
    #[serde(default)]
    partition: Vec<String>,
    #[serde(default)]
    order: Vec<String>,
    #[serde(default)]
    when_exists: WhenExists,
    #[serde(flatten)]
    site: SiteSettings,
}

fn parquet() -> FileKind {
    FileKind::Parquet
}

impl StepKind for LoadObjects {
    about!(
        "load_objects",
        "Load to object store",
        Load,
        ["write", "save", "s3", "gcs", "azure", "blob", "bucket", "lake", "cloud", "parquet", "object", "sink"],
        "Writes the rows to an object of a store (S3, Google Cloud Storage, Azure Blob Storage), or to one for each value \
         of the partition columns. They are uploaded aside and appear when everything else of the run is in place; what no run wrote is \
         not replaced."
    );

    fn form(&self) -> &'static [FormField] {
        const FORM: &[FormField] = &[
            FormField::new(
                "connection",
                "Connection",
                FieldKind::Connection { kinds: &ConnectionKind::STORES },
                "Choose the object store.",
            )
            .required(),
            FormField::new(
                "path",
                "Key",
                FieldKind::Text { placeholder: "lake/pages.parquet" },
                "Name the object, or what the keys of all begin with, where there are partition columns.",
            )
            .required(),
            FormField::new("kind", "Kind", FieldKind::Choice(FILE_KINDS), "How the rows are written."),
            FormField::new(
                "partition",
                "Folders by",
                FieldKind::Columns { input: "in" },
                "The columns whose values become folders, such as day=2026-03-02; one object where empty.",
            ),
            FormField::new(
                "order",
                "In order of",
                FieldKind::Order { input: "in" },
                "The order of rows in the object.",
            ),
            FormField::new(
                "when_exists",
                "Where it exists",
                FieldKind::Choice(WHEN_EXISTS),
                "What happens where an earlier run has loaded there already.",
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
        defaults(serde_json::json!({"path": "rows.parquet", "kind": "parquet"}))
    }

    fn summary(&self, settings: &Settings) -> (String, bool) {
        (text_of(settings, "path").to_owned(), false)
    }

    fn lower(&self, lowering: &mut Lowering) {
        let Some(settings) = lowering.settings::<LoadSettings>() else { return };
        let Some(input) = lowering.input("in") else { return };
        let path = settings.path.trim().trim_matches('/');
        // What parameters make of it is looked at when it is known.
        if let Some(fault) = check_key(path).filter(|_| !path.is_empty()) {
            lowering.report(fault.field("path"));
            return;
        }
        if settings.partition.is_empty() {
            report_ending(lowering, path, settings.kind);
        }
        if lowering.columns("partition", &settings.partition, input).is_none() {
            return;
        }
        if settings.kind == FileKind::Csv {
            report_nested(lowering, input);
        }
        let Some(order) = lowering.order("order", &settings.order, input) else { return };
        let kinds = &ConnectionKind::STORES;
        let what = ("object store", "an object store");
        let Some(connection) = lowering.connection_of(&settings.connection, kinds, what) else { return };
        let site = lowering.site_of_place(&settings.site, &connection);
        let place = ObjectPlace {
            connection,
            path: path.to_owned(),
            kind: settings.kind,
            partition: settings.partition,
            when_exists: settings.when_exists,
        };
        let write = Write { destination: Destination::Objects(Box::new(place)), order, site, watch: None };
        if let Some(node) = lowering.push_from("partition", Op::Write(write), vec![input]) {
            lowering.output("out", node);
        }
    }

    fn examples(&self) -> &'static [Example] {
        const TABLE: Table = Table::new("page String, views Int", "[\"/\", 9]\n[\"/a\", 7]\n[\"/b\", null]");
        const EXAMPLES: &[Example] = &[
            Example::new(
                "one Parquet object",
                r#"{"connection": "con-store", "path": "lake/pages.parquet", "kind": "parquet"}"#,
                &[("in", TABLE)],
                &[("out", TABLE)],
            ),
            Example::new(
                "an object for each page, once",
                r#"{"connection": "con-store", "path": "lake/pages", "kind": "jsonl", "partition": ["page"], "when_exists": "fail"}"#,
                &[("in", TABLE)],
                &[("out", TABLE)],
            ),
        ];
        EXAMPLES
    }
}
