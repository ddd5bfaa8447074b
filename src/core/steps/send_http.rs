//! Send over HTTP: posts rows in batches to what a connection leads to.

use serde::Deserialize;

use super::destinations::{AUDIENCE, PLACE, STACK, SiteSettings};
use super::kind::about;
use super::load_file::sink;
use super::settings::{defaults, text_of};
use super::{Example, FieldKind, FormField, Lowering, Ports, Settings, StepKind, Table};
use crate::data::DataType;
use crate::diagnostic::Diagnostic;
use crate::ir::{ConnectionKind, Destination, EndpointPlace, NodeId, Op, PostForm, Write};

pub(super) struct SendHttp;
pub(super) static KIND: SendHttp = SendHttp;

#[derive(Deserialize)]
struct SendSettings {
    #[serde(default)]
    connection: String,
    #[serde(default)]
    form: PostForm,
    #[serde(default)]
    path: String,
    #[serde(default)]
    index: String,
    #[serde(default)]
    key: String,
    #[serde(default)]
    time: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    labels: Vec<String>,
    #[serde(default)]
    batch_rows: Option<u64>,
    #[serde(default)]
    batch_bytes: Option<u64>,
    #[serde(flatten)]
    site: SiteSettings,
}

const FORMS: &[(&str, &str)] = &[
    ("webhook", "JSON, a list of rows"),
    ("elasticsearch", "Elasticsearch or OpenSearch, bulk"),
    ("loki", "Loki, push"),
    ("otlp", "OpenTelemetry logs (OTLP, JSON)"),
];

const FORM: &[FormField] = &[
    FormField::new(
        "connection",
        "Connection",
        FieldKind::Connection { kinds: &[ConnectionKind::Http] },
        "Choose what the rows are sent to.",
    )
    .required(),
    FormField::new("form", "Form", FieldKind::Choice(FORMS), "What a request looks like."),
    FormField::new(
        "path",
        "Path",
        FieldKind::Text { placeholder: "/hooks/orders" },
        "Goes behind the connection's address; where empty, `/_bulk`, `/loki/api/v1/push`, `/v1/logs`, or nothing.",
    ),
    FormField::new(
        "index",
        "Index",
        FieldKind::Text { placeholder: "orders" },
        "Of Elasticsearch: the index or the data stream.",
    ),
    FormField::new(
        "key",
        "Key",
        FieldKind::Column { input: "in", types: &[] },
        "Of Elasticsearch: the column whose value is the document's id; rows that are sent twice stay one where it is set.",
    ),
    FormField::new(
        "time",
        "Time",
        FieldKind::Column { input: "in", types: &[DataType::Timestamp] },
        "Of Loki and OpenTelemetry: the column with the time of a line.",
    ),
    FormField::new(
        "message",
        "Text",
        FieldKind::Column { input: "in", types: &[] },
        "Of Loki and OpenTelemetry: the column with the line; the whole row as JSON where empty.",
    ),
    FormField::new(
        "labels",
        "Labels",
        FieldKind::Columns { input: "in" },
        "Of Loki the labels of a stream, of OpenTelemetry what the resource is: columns with few values.",
    ),
    FormField::new(
        "batch_rows",
        "Rows a request",
        FieldKind::Integer { min: 1, max: 100_000 },
        "A request has at most so many rows; 1000 where empty.",
    ),
    FormField::new(
        "batch_bytes",
        "Bytes a request",
        FieldKind::Integer { min: 1_000, max: 100_000_000 },
        "A request has at most about so many bytes; 4000000 where empty.",
    ),
    STACK,
    PLACE,
    AUDIENCE,
];

impl StepKind for SendHttp {
    about!(
        "send_http",
        "Send over HTTP",
        Load,
        ["post", "push", "webhook", "elasticsearch", "opensearch", "loki", "otlp", "opentelemetry", "api", "sink"],
        "Posts the rows in batches: to a webhook, Elasticsearch or OpenSearch, Loki, or whatever takes OpenTelemetry logs. \
         A busy server is waited for; rows that it refuses go to quarantine with its reason; rows that it does not take \
         now are kept, and sent by the next run: each row arrives at least once."
    );

    fn form(&self) -> &'static [FormField] {
        FORM
    }

    fn ports(&self, _: &Settings) -> Ports {
        sink()
    }

    fn defaults(&self) -> Settings {
        defaults(serde_json::json!({"form": "webhook"}))
    }

    fn summary(&self, settings: &Settings) -> (String, bool) {
        let form = text_of(settings, "form");
        (FORMS.iter().find(|(name, _)| *name == form).map_or(form, |(_, title)| title).to_owned(), false)
    }

    fn lower(&self, lowering: &mut Lowering) {
        let Some(settings) = lowering.settings::<SendSettings>() else { return };
        let Some(input) = lowering.input("in") else { return };
        let what = ("HTTP API", "an HTTP API");
        let Some(connection) = lowering.connection_of(&settings.connection, &[ConnectionKind::Http], what) else {
            return;
        };
        if check(&settings, lowering, input).is_none() {
            return;
        }
        let site = lowering.site_of_place(&settings.site, &connection);
        let place = EndpointPlace {
            connection,
            form: settings.form,
            path: settings.path.trim().to_owned(),
            index: settings.index.trim().to_owned(),
            key: settings.key,
            time: settings.time,
            message: settings.message,
            labels: settings.labels,
            batch_rows: settings.batch_rows.unwrap_or(EndpointPlace::ROWS),
            batch_bytes: settings.batch_bytes.unwrap_or(EndpointPlace::BYTES),
        };
        let write = Write { destination: Destination::Endpoint(Box::new(place)), order: Vec::new(), site, watch: None };
        if let Some(node) = lowering.push_from("connection", Op::Write(write), vec![input]) {
            lowering.output("out", node);
        }
    }

    fn examples(&self) -> &'static [Example] {
        const TABLE: Table = Table::new("page String, views Int", "[\"/\", 9]\n[\"/a\", 7]\n[\"/b\", null]");
        const LINES: Table = Table::new(
            "time Timestamp, app String, line String",
            "[\"2026-03-02T14:00:00Z\", \"web\", \"up\"]\n[\"2026-03-02T14:00:01Z\", \"web\", \"down\"]",
        );
        const EXAMPLES: &[Example] = &[
            Example::new(
                "pages to an index, each once",
                r#"{"connection": "con-api", "form": "elasticsearch", "index": "pages", "key": "page"}"#,
                &[("in", TABLE)],
                &[("out", TABLE)],
            ),
            Example::new(
                "lines to Loki",
                r#"{"connection": "con-api", "form": "loki", "time": "time", "message": "line", "labels": ["app"]}"#,
                &[("in", LINES)],
                &[("out", LINES)],
            ),
        ];
        EXAMPLES
    }
}

/// What a form needs.
fn check(settings: &SendSettings, lowering: &mut Lowering, input: NodeId) -> Option<()> {
    let lacks = match settings.form {
        PostForm::Elasticsearch if settings.index.trim().is_empty() => Some(("index", "no index is named")),
        PostForm::Loki if settings.time.is_empty() => Some(("time", "Loki wants a time of every line")),
        _ => None,
    };
    if let Some((field, message)) = lacks {
        let help = if field == "index" { "name the index or the data stream" } else { "choose the column of the time" };
        lowering.report(Diagnostic::error("PW0772", message).help(help).field(field));
        return None;
    }
    for (field, name) in [("key", &settings.key), ("time", &settings.time), ("message", &settings.message)] {
        if !name.is_empty() {
            lowering.columns(field, std::slice::from_ref(name), input)?;
        }
    }
    lowering.columns("labels", &settings.labels, input)?;
    let found = lowering.schema(input).get(&settings.time).map(|field| field.data_type.clone());
    if let Some(other) = found.filter(|data_type| !matches!(data_type, DataType::Timestamp | DataType::Unknown)) {
        let message = format!("`{}` is {other}, and a time is wanted", settings.time);
        lowering.report(
            Diagnostic::error("PW0772", message)
                .help("make it a Timestamp before, with Change types or `parse_timestamp`")
                .field("time"),
        );
        return None;
    }
    Some(())
}
