//! File: reads a source of files.

use serde::Deserialize;

use super::kind::about;
use super::settings::text_of;
use super::{Example, FieldKind, FormField, Lowering, Ports, Settings, StepKind, Table};

pub(super) struct File;
pub(super) static KIND: File = File;

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct FileSettings {
    source: String,
    position: bool,
}

impl StepKind for File {
    about!(
        "file",
        "File",
        Extract,
        [
            "read",
            "log",
            "csv",
            "json",
            "source",
            "open",
            "api",
            "http",
            "database",
            "postgresql",
            "sqlite",
            "sql",
            "query"
        ],
        "Reads the files of a source, or what its connection leads to. Lines that do not fit the format are kept \
         aside with file, line and reason; a field that cannot be read is null and its row stays."
    );

    fn form(&self) -> &'static [FormField] {
        const FORM: &[FormField] = &[
            FormField::new("source", "Source", FieldKind::Source, "Choose the source whose files are read.").required(),
            FormField::new(
                "position",
                "Position columns",
                FieldKind::Boolean,
                "Adds `_file`, `_line` and `_offset`, which say where each row came from.",
            ),
        ];
        FORM
    }

    fn ports(&self, _: &Settings) -> Ports {
        Ports::source()
    }

    fn summary(&self, settings: &Settings) -> (String, bool) {
        (text_of(settings, "source").to_owned(), false)
    }

    fn lower(&self, lowering: &mut Lowering) {
        let Some(settings) = lowering.settings::<FileSettings>() else { return };
        let Some(source) = lowering.source("source", &settings.source) else { return };
        let node = if source.planned.is_some() && source.path.is_empty() {
            lowering.push_planned(&source)
        } else {
            lowering.push_read(&source, settings.position)
        };
        if let Some(node) = node {
            lowering.output("out", node);
        }
    }

    fn examples(&self) -> &'static [Example] {
        const SOURCES: &str = r#"[{"id": "src-services", "title": "Services",
            "path": "projects/shop/samples/services.json",
            "format": {"name": "json_document", "options": {"records": "[*].items"}},
            "schema": {"fields": [{"name": "name", "type": "String"}, {"name": "replicas", "type": "Int"}]}},
            {"id": "src-releases", "title": "Releases", "path": "projects/shop/samples/releases.csv",
            "format": {"name": "csv"},
            "schema": {"fields": [{"name": "service", "type": "String"}, {"name": "version", "type": "String"},
                {"name": "released_at", "type": "Timestamp"}]}}]"#;
        const EXAMPLES: &[Example] = &[
            Example::new(
                "a comma-separated file",
                r#"{"source": "src-releases"}"#,
                &[],
                &[(
                    "out",
                    Table::new(
                        "service String, version String, released_at Timestamp",
                        r#"["web", "5.1.0", "2026-02-11T08:15:00Z"]
                        ["web", "5.2.0", "2026-03-02T08:30:00Z"]
                        ["web", "5.2.1, hotfix", "2026-03-03T12:30:00Z"]
                        ["search", "3.9.4", "2026-01-20T13:00:00Z"]
                        ["search", "4.0.0 \"reviews\"", "2026-03-03T06:30:00Z"]
                        ["payments", "2.8.1", "2026-03-05T09:40:00Z"]
                        ["payments", "2.8.0", "2026-03-03T17:05:00Z"]
                        ["payments", "2.7.3", "2026-02-18T10:30:00Z"]
                        ["payments", "2.7.4", "2026-03-02T10:45:00Z"]
                        ["orders", "1.14.0", "2025-12-03T09:00:00Z"]
                        ["orders", "1.15.0", "2026-03-04T10:30:00Z"]
                        ["wallet", "0.9.0, rc 2", "2026-03-02T13:05:00Z"]
                        ["wallet", "0.9.1", "2026-03-04T13:30:00Z"]
                        ["auth", "7.0.2", "2026-01-08T16:45:30Z"]
                        ["images", "2.2.0", "2026-02-27T07:00:00Z"]
                        ["recommendations", "12.0.0", "2026-02-02T10:20:00Z"]
                        ["recommendations", "12.1.0", "2026-03-03T09:00:00Z"]"#,
                    ),
                )],
            )
            .sources(SOURCES),
            Example::new(
                "records of a JSON document",
                r#"{"source": "src-services", "position": false}"#,
                &[],
                &[(
                    "out",
                    Table::new(
                        "name String, replicas Int",
                        r#"["auth", 2]
                        ["fulfilment", 2]
                        ["giftcards", 1]
                        ["images", 2]
                        ["orders", 1]
                        ["payments", 2]
                        ["recommendations", 1]
                        ["search", 2]
                        ["wallet", 1]
                        ["web", 3]"#,
                    ),
                )],
            )
            .sources(SOURCES),
        ];
        EXAMPLES
    }
}
