//! Load to file: writes rows to a file or a folder of partitions.

use serde::Deserialize;

use super::destinations::{AUDIENCE, PLACE, STACK, SiteSettings};
use super::kind::about;
use super::settings::{defaults, text_of};
use super::{Example, FieldKind, FormField, Lowering, Ports, Settings, StepKind, Table};
use crate::data::DataType;
use crate::diagnostic::Diagnostic;
use crate::files::check_file_name;
use crate::ir::{Destination, FileKind, NodeId, Op, WhenExists, Write};

pub(super) struct LoadFile;
pub(super) static KIND: LoadFile = LoadFile;

#[derive(Deserialize)]
struct LoadSettings {
    #[serde(default)]
    path: String,
    #[serde(default = "csv")]
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

fn csv() -> FileKind {
    FileKind::Csv
}

/// Kinds of files with their labels.
pub(super) const FILE_KINDS: &[(&str, &str)] = &[("csv", "CSV"), ("jsonl", "JSON lines"), ("parquet", "Parquet")];

/// What becomes of what is there.
pub(super) const WHEN_EXISTS: &[(&str, &str)] = &[("replace", "replace it"), ("fail", "stop")];

/// A sink: one input, and nothing comes out.
pub(super) fn sink() -> Ports {
    Ports { outputs: Vec::new(), ..Ports::one_to_one() }
}

impl StepKind for LoadFile {
    about!(
        "load_file",
        "Load to file",
        Load,
        ["write", "save", "export", "csv", "parquet", "json", "output", "sink"],
        "Writes the rows to a file in the output folder: CSV, JSON lines or Parquet; or to a folder with one folder for \
         each value of the partition columns. A run writes aside and publishes whole results only."
    );

    fn form(&self) -> &'static [FormField] {
        const FORM: &[FormField] = &[
            FormField::new("path", "Path", FieldKind::Path, "Name the file, relative to the output folder.").required(),
            FormField::new("kind", "Kind", FieldKind::Choice(FILE_KINDS), "How the rows are written."),
            FormField::new(
                "partition",
                "Folders by",
                FieldKind::Columns { input: "in" },
                "The columns whose values become folders, such as day=2026-03-02; one file where empty.",
            ),
            FormField::new("order", "In order of", FieldKind::Order { input: "in" }, "The order of rows in the file."),
            FormField::new(
                "when_exists",
                "Where it exists",
                FieldKind::Choice(WHEN_EXISTS),
                "What happens where the file is there already.",
            ),
            FormField::new(
                "retention",
                "Kept for days",
                FieldKind::Integer { min: 1, max: i64::MAX },
                "For how many days the files are kept: `plan --volume` tells what that comes to; not limited where empty.",
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
        defaults(serde_json::json!({"path": "rows.csv", "kind": "csv"}))
    }

    fn summary(&self, settings: &Settings) -> (String, bool) {
        (text_of(settings, "path").to_owned(), false)
    }

    fn lower(&self, lowering: &mut Lowering) {
        let Some(settings) = lowering.settings::<LoadSettings>() else { return };
        let Some(input) = lowering.input("in") else { return };
        if check_path(&settings, lowering).is_none()
            || lowering.columns("partition", &settings.partition, input).is_none()
        {
            return;
        }
        if settings.kind == FileKind::Csv {
            report_nested(lowering, input);
        }
        let Some(order) = lowering.order("order", &settings.order, input) else { return };
        let site = lowering.site(&settings.site, "");
        let LoadSettings { path, kind, partition, when_exists, .. } = settings;
        let destination = Destination::File { path: path.trim().to_owned(), kind, partition, when_exists };
        if let Some(node) =
            lowering.push_from("partition", Op::Write(Write { destination, order, site, watch: None }), vec![input])
        {
            lowering.output("out", node);
        }
    }

    fn examples(&self) -> &'static [Example] {
        const TABLE: Table = Table::new("page String, views Int", "[\"/\", 9]\n[\"/a\", 7]\n[\"/b\", null]");
        const EXAMPLES: &[Example] = &[
            Example::new(
                "a CSV file, most views first",
                r#"{"path": "pages.csv", "kind": "csv", "order": ["views desc"]}"#,
                &[("in", TABLE)],
                &[("out", TABLE)],
            ),
            Example::new(
                "Parquet files in a folder for each page",
                r#"{"path": "pages", "kind": "parquet", "partition": ["page"], "when_exists": "fail"}"#,
                &[("in", TABLE)],
                &[("out", TABLE)],
            ),
        ];
        EXAMPLES
    }
}

/// The path stays inside the output folder; an ending of another kind is pointed out.
fn check_path(settings: &LoadSettings, lowering: &mut Lowering) -> Option<()> {
    let path = settings.path.trim();
    let is_absolute = path.starts_with('/') || path.get(1..3).is_some_and(|part| part == ":\\" || part == ":/");
    if is_absolute || path.split(['/', '\\']).any(|part| part == "..") {
        lowering.report(
            Diagnostic::error("PW0350", format!("`{path}` leads out of the output folder"))
                .help("write a relative path, such as `pages.csv`; a run says where the folder is")
                .field("path"),
        );
        return None;
    }
    if path.ends_with(['/', '\\']) && settings.partition.is_empty() {
        lowering.report(
            Diagnostic::error("PW0359", format!("`{path}` is a folder, and names no file in it"))
                .help(format!("end it in a file's name, such as `{path}pages.csv`, or partition by a column"))
                .field("path"),
        );
        return None;
    }
    // What parameters make of the path is looked at when it is known. No path at all is told as a missing setting.
    if !path.is_empty()
        && let Err(fault) = check_file_name(path)
    {
        lowering.report(fault);
        return None;
    }
    report_ending(lowering, path, settings.kind);
    Some(())
}

/// Tells of an ending that is another kind's.
pub(super) fn report_ending(lowering: &mut Lowering, path: &str, kind: FileKind) {
    let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending).to_lowercase();
    let expected: &[&str] = match kind {
        FileKind::Csv => &["csv"],
        FileKind::Jsonl => &["jsonl", "ndjson", "json"],
        FileKind::Parquet => &["parquet", "pq"],
    };
    if ["gz", "zst", "zip", "bz2", "xz"].contains(&ending.as_str()) {
        lowering.report(
            Diagnostic::warning("PW0351", format!("the file ends in `.{ending}`, but is not compressed"))
                .help(format!("end it in `.{}`", expected[0]))
                .field("path"),
        );
    }
    let known = ["csv", "tsv", "jsonl", "ndjson", "json", "parquet", "pq"];
    if known.contains(&ending.as_str()) && !expected.contains(&ending.as_str()) {
        lowering.report(
            Diagnostic::warning("PW0351", format!("the file ends in `.{ending}`, but will hold {}", label(kind)))
                .help(format!("end it in `.{}`, or change the kind", expected[0]))
                .field("path"),
        );
    }
}

fn label(kind: FileKind) -> &'static str {
    match kind {
        FileKind::Csv => "CSV",
        FileKind::Jsonl => "JSON lines",
        FileKind::Parquet => "Parquet",
    }
}

/// Lists and records have no form of their own in CSV.
pub(super) fn report_nested(lowering: &mut Lowering, input: NodeId) {
    let is_nested = |data_type: &DataType| matches!(data_type, DataType::List(_) | DataType::Record(_));
    let nested = lowering.schema(input).fields.iter().filter(|field| is_nested(&field.data_type));
    let names: Vec<String> = nested.map(|field| format!("`{}`", field.name)).collect();
    if !names.is_empty() {
        lowering.report(
            Diagnostic::hint(
                "PW0352",
                format!("{} will be written as JSON text, since CSV has no lists or records", names.join(", ")),
            )
            .help("flatten or explode first, or write JSON lines or Parquet")
            .field("kind"),
        );
    }
}
